const timeout = (p, ms) => Promise.race([p, new Promise((_, no) => setTimeout(() => no(new Error('timeout')), ms))]);
const slow = new Promise(r => setTimeout(r, 40, '慢'));
const a = await timeout(slow, 5).catch(e => e.message), b = await timeout(Promise.resolve('快'), 5);
return [a, b];
