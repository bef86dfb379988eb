const out = [];
for (let i = 0; i < 3; i++) setTimeout(() => out.push(i), 1);
await new Promise(r => setTimeout(r, 5));
return out;
