const out = [];
[3, 1, 2].forEach(async n => { await null; out.push(n); });
out.push('先');
await null; await null;
return out;
