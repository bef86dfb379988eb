const q = []; let busy = false; const log = [];
const run = async () => { if (busy) return; busy = true; while (q.length) { const j = q.shift(); log.push('始' + j); await null; log.push('终' + j); } busy = false; };
q.push(1); const p = run(); q.push(2); run(); await p;
return log;
