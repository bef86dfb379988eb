const 等 = (ms, 值) => new Promise(r => setTimeout(r, ms, 值));
async function* 分页(总) { try { for (let 页 = 1; 页 <= 总; 页++) { await 等(10); yield {页, 数据: [页 * 10, 页 * 10 + 1]}; } } finally { console.log('关闭'); } }
const 全 = [];
for await (const {页, 数据: [a]} of 分页(3)) 全.push(页 + ':' + a);
for await (const {页} of 分页(9)) { if (页 === 2) break; }
for await (const v of [等(5, '慢'), '快', Promise.resolve('允诺')]) 全.push(v);
const 自定 = {async *[Symbol.asyncIterator]() { yield* 分页(1); yield* [等(1, 'x')]; }};
for await (const v of 自定) 全.push(v);
let 错;
try { for await (const _ of (async function* () { throw new Error('断了'); })()); } catch (e) { 错 = e.message; }
return [全, 错];
