const has = async x => x > 1;
const out = [];
for (const x of [1, 2, 3]) if (await has(x)) out.push(x);
return [out, [1, 2].filter(async x => x > 1).length];
