const m = new Map();
['Zhang@A.com', 'zhang@a.com', 'LI@b.cn'].forEach(e => { if (!m.has(e.toLowerCase())) m.set(e.toLowerCase(), e); });
console.log(m);
return [...m.values()];
