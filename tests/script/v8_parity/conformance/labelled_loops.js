const 找 = [];
外: for (let i = 0; i < 4; i++) {
  for (let j = 0; j < 4; j++) { if (j === 2) continue 外; if (i === 3) break 外; 找.push(i * 10 + j); }
}
块: { 找.push('块'); if (找.length) break 块; 找.push('不到'); }
let k = 0;
do { k += 2; if (k === 4) continue; } while (k < 7);
for (const x in [7, 8]) 找.push(typeof x + x);
const 选 = v => { switch (true) { case v > 10: return '大'; case v > 5: 找.push('落'); case v > 3: return '中'; default: return '小'; } };
for (let a = 0, b = 10; a < b; a += 3, b -= 3) 找.push([a, b]);
return [找, k, 选(11), 选(6), 选(4), 选(1)];
