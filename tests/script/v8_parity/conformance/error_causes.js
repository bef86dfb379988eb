class 业务错误 extends Error {
  constructor(message, {code, ...rest} = {}) { super(message, rest); this.code = code; }
  get name() { return '业务错误'; }
}
const 层 = [];
try {
  try { JSON.parse('{坏'); } catch (cause) { throw new 业务错误('解析失败', {cause, code: 'E1'}); }
} catch (e) { 层.push(String(e), e.code, e.cause.name, e instanceof 业务错误, e instanceof Error, Object.keys(e), 'cause' in e, Object.prototype.toString.call(e)); }
const f = () => { try { return '试'; } finally { 层.push('终'); } };
const g = () => { for (;;) { try { throw 1; } catch { break; } finally { 层.push('断'); } } return '出'; };
const agg = new AggregateError([new Error('a'), new TypeError('b')], '多');
try { null.x } catch (e) { 层.push(e.name, e.constructor === TypeError) }
try { 未定义的 } catch (e) { 层.push(e.name) }
try { throw {code: 7} } catch ({code}) { 层.push(code) }
try { BigInt(1.5) } catch (e) { 层.push(e.name) }
try { 'x'.repeat(-1) } catch (e) { 层.push(e.name) }
try { decodeURIComponent('%') } catch (e) { 层.push(e.name) }
return [层, f(), g(), agg.errors.map(String), agg.message, new Error('无', {cause: 0}).cause, typeof new Error().stack];
