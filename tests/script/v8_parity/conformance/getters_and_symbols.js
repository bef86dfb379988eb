const 钥 = Symbol('钥');
const o = {[钥]: 1, a: 2, get b() { return 3; }};
class T { static [Symbol.hasInstance](x) { return x === 1; } get [Symbol.toStringTag]() { return 'T型'; } static get [Symbol.species]() { return Array; } }
const 展 = {length: 2, 0: 'x', 1: 'y', [Symbol.isConcatSpreadable]: true};
return [Object.keys(o), JSON.stringify(o), Object.getOwnPropertySymbols(o).length, {...o}[钥], 1 instanceof T, String(new T()), [].concat(展), 钥.toString(), Object(钥) == 钥, `${String(Symbol.iterator)}`, Symbol.keyFor(Symbol.for('甲')), Object.assign({}, o)[钥], Object.getOwnPropertyNames(Object.defineProperty({}, 'h', {value: 1})), [..."ab"].map((c, i, {length}) => c + i + length)];
