const p = (ms, v) => new Promise(r => setTimeout(r, ms, v));
return [await Promise.race([p(9, '慢'), p(1, '快')]), await Promise.race([p(5), '立即'])];
