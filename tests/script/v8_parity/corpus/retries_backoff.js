const waits = [];
const sleep = ms => new Promise(r => { waits.push(ms); setTimeout(r, 1); });
let k = 0;
async function go(f, max = 4, base = 100) { for (let i = 0; i < max; i++) { try { return await f(); } catch (e) { if (i === max - 1) throw e; await sleep(base * 2 ** i); } } }
const r = await go(async () => { if (k++ < 3) throw Error('x'); return 'ok'; });
return [r, waits];
