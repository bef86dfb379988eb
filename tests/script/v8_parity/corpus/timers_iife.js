const out = [];
for (var i = 0; i < 3; i++) (function (k) { setTimeout(() => out.push(k), 3 - k); })(i);
await new Promise(r => setTimeout(r, 20));
return out.sort();
