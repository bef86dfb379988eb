const out = [];
setTimeout(() => out.push('a'), 2); setTimeout(() => out.push('b'), 2); setTimeout(() => out.push('c'), 1);
await new Promise(r => setTimeout(r, 30));
return out.filter(x => x !== 'c').join('');
