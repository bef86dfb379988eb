const calls = [];
const debounce = (f, ms) => { let t; return (...a) => { clearTimeout(t); t = setTimeout(() => f(...a), ms); }; };
const d = debounce(v => calls.push(v), 3);
d(1); d(2); d(3);
await new Promise(r => setTimeout(r, 15));
return calls;
