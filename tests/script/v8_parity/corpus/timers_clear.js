const out = [];
const t = setTimeout(() => out.push('不该'), 1);
clearTimeout(t); clearTimeout(undefined); clearTimeout(999999);
await new Promise(r => setTimeout(r, 4));
return out;
