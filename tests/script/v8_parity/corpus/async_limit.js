async function pool(tasks, n) { const out = []; let i = 0; await Promise.all(Array.from({length: n}, async () => { while (i < tasks.length) { const k = i++; out[k] = await tasks[k](); } })); return out; }
let live = 0, most = 0;
const r = await pool([5, 1, 3, 2].map(ms => async () => { most = Math.max(most, ++live); await new Promise(f => setTimeout(f, ms)); live--; return ms; }), 2);
return [r, most];
