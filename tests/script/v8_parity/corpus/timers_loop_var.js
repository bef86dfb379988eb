const out = [];
for (var i = 0; i < 3; i++) setTimeout(function () { out.push(i); }, 1);
await new Promise(r => setTimeout(r, 5));
return out;
