return 'a1b22'.replace(/([a-z])(\d+)/g, (m, l, d, i, s) => `[${l}${d * 2}@${i}/${s.length}]`);
