const once = f => { let done, r; return (...x) => done ? r : (done = true, r = f(...x)); };
let k = 0; const f = once(() => ++k);
return [f(), f(), k];
