const fail = async () => { throw new TypeError('网络'); };
try { for (let i = 0; i < 2; i++) { try { await fail(); } catch (e) { if (i) throw new Error('重试用尽', {cause: e}); } } } catch (e) { return [e.message, e.cause.name, e.cause.message]; }
