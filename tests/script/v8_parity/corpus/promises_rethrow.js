async function a() { throw Object.assign(new Error('底'), {code: 'E1'}); }
async function b() { try { await a(); } catch (e) { e.message = '上:' + e.message; throw e; } }
return b().catch(e => [e.message, e.code]);
