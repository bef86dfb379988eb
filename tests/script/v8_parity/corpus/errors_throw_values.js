const out = [];
for (const v of [1, 'text', null, {code: 5}, undefined]) { try { throw v; } catch (e) { out.push(e); } }
console.log(out);
return out.length;
