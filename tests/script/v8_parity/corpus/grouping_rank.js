const s = [{n: '甲', v: 90}, {n: '乙', v: 95}, {n: '丙', v: 90}, {n: '丁', v: 60}].sort((a, b) => b.v - a.v);
let rank = 0, last;
return s.map((x, i) => { if (x.v !== last) { rank = i + 1; last = x.v; } return `${rank}.${x.n}`; });
