// RegExp.$1 … $9, lastMatch and their like, which a script that names them reads of its own last match: Date.prototype.Format
// as everybody copies it. Our own use of regular expressions leaves no trace there.
'use strict';
({shared, primordials: {Proxy: NativeProxy, RegExp: NativeRegExp, apply, construct, defineProperty, getOwnPropertyDescriptor, names, symbols, slice, newList}}) => {
const proto = NativeRegExp.prototype, native = proto.exec;
let inside = 0, groups = newList(), input = '', start = 0;
proto.exec = new NativeProxy(native, {__proto__: null, apply(_, self, args) {
  const found = apply(native, self, args);
  if (found !== null && inside === 0) {
    groups = newList();
    for (let i = 0; i < found.length; i++) groups[i] = found[i];
    input = found.input;
    start = found.index;
  }
  return found;
}});
const group = n => n < groups.length && groups[n] !== undefined ? groups[n] : '';
const after = () => start + group(0).length;
const READ = {
  __proto__: null, lastMatch: () => group(0), '$&': () => group(0), lastParen: () => groups.length > 1 ? group(groups.length - 1) : '',
  leftContext: () => slice(input, 0, start), rightContext: () => slice(input, after()), input: () => input,
};
READ['$+'] = READ.lastParen;
READ['$`'] = READ.leftContext;
READ["$'"] = READ.rightContext;
READ.$_ = READ.input;
for (let n = 1; n <= 9; n++) READ['$' + n] = () => group(n);
for (const name in READ) {
  const write = name === 'input' || name === '$_' ? value => { input = '' + value; } : () => undefined;
  defineProperty(NativeRegExp, name, {__proto__: null, configurable: true, get: READ[name], set: write});
}
const quietly = (work, ...args) => { inside++; try { return work(...args); } finally { inside--; } };
const quiet = method => new NativeProxy(method, {__proto__: null, apply: (_, self, args) => quietly(apply, method, self, args)});
function quieten(target, name) {
  const own = getOwnPropertyDescriptor(target, name);
  if (name === 'constructor' || !own.configurable) return;
  for (const part of ['value', 'get', 'set']) if (typeof own[part] === 'function') own[part] = part === 'value' ? shared.own(own[part]) : quiet(own[part]);
  defineProperty(target, name, own);
}
const each = target => { for (const name of [...names(target), ...symbols(target)]) quieten(target, name); };
const made = [[Number.prototype, 'toLocaleString'], [BigInt.prototype, 'toLocaleString'], [String.prototype, 'localeCompare'], [Error, 'captureStackTrace']];
shared.own = value => { // what the bindings made, on its way to the script
  if (typeof value === 'object' && value !== null) { each(value); return value; }
  if (typeof value !== 'function') return value;
  if (typeof value.prototype !== 'object' || value.prototype === null) return quiet(value);
  each(value.prototype);
  const Quiet = new NativeProxy(value, {
    __proto__: null,
    apply: (_, self, args) => quietly(apply, value, self, args),
    construct(_, args, target) {
      const made = quietly(construct, value, args, target === Quiet ? value : target);
      each(made); // a formatter has its `format` for itself
      return made;
    },
  });
  defineProperty(value.prototype, 'constructor', {__proto__: null, value: Quiet, writable: true, configurable: true});
  return Quiet;
};
for (const [target, name] of made) quieten(target, name); // these were there before
}
