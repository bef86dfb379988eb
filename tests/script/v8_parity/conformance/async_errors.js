const 记 = [];
const 失败 = async () => { throw new TypeError('异步坏'); };
await 失败().catch(e => 记.push(e.message));
try { await Promise.all([失败(), new Promise(r => setTimeout(r, 5))]) } catch (e) { 记.push(e.name) } finally { 记.push('终') }
const 重试 = async (f, n) => { for (let i = 1; ; i++) try { return await f(i) } catch (e) { if (i >= n) throw e; await new Promise(r => setTimeout(r, 10 * 2 ** i)) } };
记.push(await 重试(async i => { if (i < 3) throw new Error('再'); return `第${i}次`; }, 5));
const 超时 = (p, ms) => Promise.race([p, new Promise((_, j) => setTimeout(() => j(new Error('超时')), ms))]);
try { await 超时(new Promise(r => setTimeout(r, 100)), 10) } catch (e) { 记.push(e.message) }
const g = async function* () { try { yield 1; yield 2; } finally { await null; 记.push('清'); } };
for await (const x of g()) { if (x === 1) break; }
记.push(await (async () => { try { return await Promise.reject(1) } catch (e) { return e + 1 } finally { 记.push('f') } })());
const 限 = async (列, n, f) => { const 果 = []; let i = 0; await Promise.all(Array.from({length: n}, async () => { while (i < 列.length) { const k = i++; 果[k] = await f(列[k]); } })); return 果; };
记.push(await 限([3, 1, 2, 4], 2, async x => { await new Promise(r => setTimeout(r, x)); return x * x; }));
return 记;
