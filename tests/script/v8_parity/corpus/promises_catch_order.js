const log = [];
const p = Promise.reject(new Error('x'));
p.then(() => log.push('no'), () => log.push('a'));
p.catch(() => log.push('b'));
await null; await null; await null;
return log;
