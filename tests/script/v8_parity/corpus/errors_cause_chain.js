function 底() { throw new TypeError('字段缺失'); }
function 中() { try { 底(); } catch (e) { throw new Error('解析失败', {cause: e}); } }
try { 中(); } catch (e) { let c = e, out = []; while (c) { out.push(`${c.name}: ${c.message}`); c = c.cause; } return out; }
