const log = [];
await ['甲', '乙'].reduce((p, x) => p.then(() => { log.push(x); }), Promise.resolve());
return log;
