let v = 1; const show = () => v; v = 2;
const fs = []; for (const x of [1, 2]) fs.push(() => x);
return [show(), fs.map(f => f())];
