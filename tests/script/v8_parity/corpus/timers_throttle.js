const throttle = (f, n) => { let c = 0; return () => c++ % n === 0 ? f() : undefined; };
let hit = 0; const t = throttle(() => hit++, 3);
for (let i = 0; i < 7; i++) t();
return hit;
