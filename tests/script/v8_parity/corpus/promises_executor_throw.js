const a = await new Promise(() => { throw new Error('执行器'); }).catch(e => e.message);
const b = await new Promise((ok, no) => { ok(1); no(2); ok(3); });
return [a, b];
