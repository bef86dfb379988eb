async function 外() { await null; throw new SyntaxError('异步'); }
try { await 外(); } catch (e) { return [e.name, e.message, e instanceof SyntaxError, typeof e.stack]; }
