let n = 0;
await new Promise(r => { const t = setInterval(() => { if (++n === 4) { clearInterval(t); r(); } }, 1); });
return n;
