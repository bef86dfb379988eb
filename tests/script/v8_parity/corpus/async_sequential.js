const out = [];
for (const id of ['a', 'b', 'c']) out.push(await new Promise(r => setTimeout(() => r(id + '!'), 1)));
return out;
