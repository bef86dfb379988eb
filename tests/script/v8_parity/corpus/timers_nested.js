const out = [];
setTimeout(() => { out.push(1); setTimeout(() => { out.push(2); Promise.resolve().then(() => out.push('微')); }, 1); }, 1);
await new Promise(r => setTimeout(r, 30));
return out;
