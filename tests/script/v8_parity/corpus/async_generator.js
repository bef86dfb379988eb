async function* pages(n) { for (let i = 1; i <= n; i++) { await null; yield {页: i, 行: [i * 10, i * 10 + 1]}; } }
const all = [];
for await (const p of pages(3)) all.push(...p.行);
console.log(await pages(1).next());
return all;
