const o = {d: new Date(0), m: new Map([[1, {x: 1}]]), a: [1, , 3]};
const c = structuredClone(o);
c.m.get(1).x = 9;
try { structuredClone(() => 1); } catch (e) { console.log(e.name); }
return [o.m.get(1).x, c.d.getTime(), c.a.length, 1 in c.a];
