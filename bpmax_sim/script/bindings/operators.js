// `{...text}`, `a ** b` and `a **= b`: script/operators.py has calls of these around the operands. Places and the texts
// of functions are what they are without. What `eval` and `Function` get is not rewritten, so they refuse such operators.
'use strict';
({shared, files, primordials: {Object: toObject, Function: {prototype: functions}, Proxy: NativeProxy, RangeError: NativeRangeError,
  defineProperty, getPrototypeOf, apply, construct, exec, linesOf, includes, slice, indexOf}}) => {
const SPREAD = '__bpmSpread', POWER = '__bpmPower', RAISE = '__bpmRaise', TEXT = '__bpmText', NAMES = '__bpm', MARK = '/*__bpm*/';
const hidden = (name, value) => defineProperty(globalThis, name, {__proto__: null, value});
let pow;
const power = (a, b) => (pow ??= shared.power().power)(a, b);
const refuse = (what, hint) => { throw new NativeRangeError(what + ' is not simulated: ' + hint); };
hidden(SPREAD, value => typeof value === 'string' ? toObject(value) : value);
hidden(POWER, power);
hidden(RAISE, function (a, b) {
  return arguments.length > 1 ? power(a, b) : refuse('**= to a place that may not be the same when it is read twice', 'write it as x = x ** y');
});
const OPERATOR = /[{,]\s*\.\.\.|\*\*(?![*\/])/;
const checked = code => typeof code === 'string' && exec(OPERATOR, code) !== null
  ? refuse('{...} or ** in a text for eval or new Function', 'write it in the script itself') : code;
const nativeEval = eval, guardedEval = new NativeProxy(nativeEval, {__proto__: null, apply(_, self, args) {
  checked(args[0]);
  return apply(nativeEval, undefined, args);
}});
hidden(TEXT, value => value === nativeEval ? guardedEval : checked(value)); // of eval(text), or of eval where it is no call

// Every kind of function has a constructor that makes code of text.
const kinds = [function () {}, async function () {}, function* () {}, async function* () {}];
for (let n = 0; n < kinds.length; n++) {
  const proto = getPrototypeOf(kinds[n]), native = proto.constructor;
  const check = args => { for (let i = 0; i < args.length; i++) checked(args[i]); return args; };
  const guarded = new NativeProxy(native, {__proto__: null,
    apply: (_, self, args) => apply(native, self, check(args)),
    construct: (_, args, target) => construct(native, check(args), target === guarded ? native : target)});
  defineProperty(proto, 'constructor', {__proto__: null, value: guarded});
  if (n === 0) defineProperty(globalThis, 'Function', {__proto__: null, value: guarded});
}

// A function's text as it is written in the script.
const PUT = [{start: '=' + RAISE + '(', end: MARK + ',/**=*/', kept: '**='}, {start: MARK + ',/**/', kept: '**'}, {start: MARK + ')'},
  {start: SPREAD + '('}, {start: POWER + '('}, {start: RAISE + '('}, {start: TEXT + '('}];
function without(text, put) {
  for (let at; (at = indexOf(text, put.start)) >= 0;) {
    const last = put.end === undefined ? at + put.start.length : indexOf(text, put.end, at) + put.end.length;
    text = slice(text, 0, at) + (put.kept ?? '') + slice(text, last);
  }
  return text;
}
functions.toString = new NativeProxy(functions.toString, {__proto__: null, apply(native, self, args) {
  let text = apply(native, self, args);
  for (let n = 0; n < PUT.length && includes(text, NAMES); n++) text = without(text, PUT[n]);
  return text;
}});

// Places by the script's own columns.
const FRAME = /^( +at (?:.* \()?<input>:)(\d+):(\d+)(\)?)$/;
function unmoved(row, column) {
  let n = files.length - 1;
  while (n >= 0 && files[n].start >= row) n--;
  const moves = n < 0 ? undefined : files[n].moves;
  if (moves === undefined) return column;
  let shift = 0;
  for (let i = 0; i < moves.length; i++) {
    if (moves[i][0] !== row - files[n].start) continue;
    const start = moves[i][1] + shift;
    if (column < start) break;
    if (column < start + moves[i][2]) return moves[i][1];
    shift += moves[i][2];
  }
  return column - shift;
}
shared.unmoved = raw => {
  const lines = linesOf(raw);
  let text = '';
  for (let i = 0; i < lines.length; i++) {
    const found = exec(FRAME, lines[i]);
    text += (i ? '\n' : '') + (found === null ? lines[i] : found[1] + found[2] + ':' + unmoved(+found[2], +found[3]) + found[4]);
  }
  return text;
};
}
