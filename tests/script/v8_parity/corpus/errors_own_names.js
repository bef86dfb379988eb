// JSON.stringify(error) is '{}': the copied way around it names the own properties.
const 记录 = error => JSON.stringify(error, Object.getOwnPropertyNames(error)).replace(/"stack":"(?:[^"\\]|\\.)*"/, '"stack":"…"');
class 业务错误 extends Error {
  constructor(message, code) { super(message); this.code = code; }
}
console.log(记录(new Error('客户不存在')));
console.log(记录(new 业务错误('余额不足', 'E1002')));
console.log(Object.getOwnPropertyNames(new TypeError('x', {cause: 1})), Reflect.ownKeys(new Error('y')));
console.log(Object.getOwnPropertyNames({b: 1, a: 2}), Object.keys(new Error('z')));
