const log = [];
async function f() { try { log.push('try'); throw new Error('e'); } catch (e) { log.push('catch'); return '返回'; } finally { log.push('finally'); } }
return [await f(), log];
