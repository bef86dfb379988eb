let stop = false, n = 0;
const t = setInterval(() => { n++; if (n === 3) { clearInterval(t); stop = true; } }, 1);
while (!stop) await new Promise(r => setTimeout(r, 1));
return n;
