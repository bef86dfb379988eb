console.log(1);
setTimeout(() => console.log('宏'), 0);
Promise.resolve().then(() => console.log('微'));
queueMicrotask(() => console.log('微2'));
(async () => { console.log(2); await null; console.log('后'); })();
console.log(3);
await new Promise(r => setTimeout(r, 5));
