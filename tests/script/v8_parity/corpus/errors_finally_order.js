const log = [];
const f = () => { try { log.push(1); return 'try'; } finally { log.push(2); } };
const g = () => { try { throw 1; } catch { return 'c'; } finally { return 'f'; } };
return [f(), g(), log];
