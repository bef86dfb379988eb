const log = [];
Promise.resolve().then(() => log.push(1)).then(() => log.push(2)).then(() => log.push(3));
(async () => { await (async () => {})(); log.push('a'); })();
(async () => { await new Promise(r => r()); log.push('b'); })();
await new Promise(r => setTimeout(r, 1));
return log;
