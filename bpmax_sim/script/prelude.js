// The JavaScript half of a context. Calls, console lines, timers, writes queue in an outbox as JSON; Python
// drains it after each turn and settles calls by id. Other things are made on first use of bindings/*.js.
// Each is a function, its text, or where its text starts in `texts`.
(function (texts, errorsCode, valuesCode, timersCode, consoleCode, dateCode, randomCode, textCode, cloneCode,
  proxyCode, arraysCode, domCode, urlCode, intlCode, collationCode, placesCode) {
'use strict';
const FIRST_USER_LINE = 500; // the frames above are ours
const {parse, stringify} = JSON, {apply, construct} = Reflect, {isArray} = Array, {join} = Array.prototype;
const {defineProperty, getOwnPropertyDescriptor, getPrototypeOf, hasOwn, keys, freeze, assign} = Object;
const {fromCharCode} = String, {decodeURIComponent, escape} = globalThis, Bytes = Uint8Array;
const NativeError = Error, NativePromise = Promise, NativeDate = Date, NativeProxy = Proxy, indirectEval = eval;
const {then} = NativePromise.prototype, nativeResolve = NativePromise.resolve;
const {get: rawStack} = getOwnPropertyDescriptor(NativeError.prototype, 'stack');
NativeError.stackTraceLimit = 50;
const define = (target, name, value) => defineProperty(target, name, {value, writable: true, configurable: true});
const global = (name, value) => define(globalThis, name, value);
const attempt = (work, otherwise) => { try { return work(); } catch { return otherwise; } };

const shared = {define, global, attempt, NativeError, NativeDate, files: [], timeOf: NativeDate.prototype.getTime,
  offset: 0, now: 0, seed: new Uint32Array(4)};
const modules = new Map();
function textAt(start) {
  const bytes = new Bytes(texts);
  let found = '';
  while (bytes[start]) found += fromCharCode(bytes[start++]);
  return decodeURIComponent(escape(found)); // of UTF-8
}
function module(code) {
  if (!modules.has(code)) {
    const made = typeof code === 'function' ? code : indirectEval(typeof code === 'number' ? textAt(code) : code);
    modules.set(code, made(shared));
  }
  return modules.get(code);
}
const errors = () => module(errorsCode);
const accessors = {__proto__: null, configurable: true, get: null, set: null}; // one for all: a context waits for this
function lazily(name, source) {
  accessors.get = () => { const value = module(source)[name]; global(name, value); return value; };
  accessors.set = value => { global(name, value); };
  defineProperty(globalThis, name, accessors);
}
function borrowed(source, proto, prefix, ...names) {
  for (const name of names) {
    const own = {[name](...args) { return module(source)[prefix + name](this, ...args); }};
    proto[name] = own[name]; // keeps the property's attributes
  }
}

// Positions: "line,column" of the innermost frame in a user's file, as the engine counts.
const rawOf = error => attempt(() => { // not a text where a script has its own prepareStackTrace
  const raw = apply(rawStack, error, []);
  return typeof raw === 'string' ? raw : undefined;
});
const FRAME = /<input>:(\d+):(\d+)\)?$/;
function here() {
  for (const text of (rawOf(new NativeError()) ?? '').split('\n')) {
    const found = FRAME.exec(text);
    if (found && +found[1] >= FIRST_USER_LINE) return `${found[1]},${found[2]}`;
  }
  return '0,0';
}
const failed = new WeakMap(), callPlace = new Map(); // rejected error -> call id -> its line as a stack
const placed = new WeakMap(); // an error without a stack of its own -> one
const stackOf = error => rawOf(error) ?? placed.get(error) ?? callPlace.get(failed.get(error));
defineProperty(NativeError.prototype, 'stack', {
  configurable: true,
  get() {
    const raw = stackOf(this);
    return raw?.includes('<input>') ? errors().stack(this, raw) : raw ?? attempt(() => apply(rawStack, this, []));
  },
  set(value) { define(this, 'stack', value); },
});
// Values: tagged JSON, as proxy/tagged.py reads it. `sent`: {platform, api} of a call.
const tag = (name, value) => `{"$":"${name}"${value === undefined ? '' : `,"v":${value}`}}`;
const refuse = (rule, got, known) => errors().refuse(rule, got, known);
const noOpaque = (kind, sent, within) => errors().noOpaque(kind, sent, within);
const encoders = {
  boolean: String,
  undefined: () => tag('undefined'),
  bigint: v => tag('bigint', `"${v}"`),
  number: v => v !== v ? tag('nan') : v === Infinity ? tag('inf') : v === -Infinity ? tag('-inf')
    : v === 0 && 1 / v < 0 ? tag('-0') : `${v}`,
  string: v => v.isWellFormed() ? stringify(v) : tag('str', list(v.split(''), unit => unit.charCodeAt(0))),
};
function list(values, one) {
  let text = '';
  for (let i = 0; i < values.length; i++) text += (i ? ',' : '') + one(values[i]);
  return `[${text}]`;
}
function encode(value, sent, path = []) {
  const plain = encoders[typeof value];
  if (plain) return plain(value);
  if (value === null) return 'null';
  const opaque = path.includes(value) ? 'cycle' : typeof value;
  if (opaque !== 'object') return sent && noOpaque(opaque, sent, path[0]), tag(opaque);
  path.push(value);
  const text = encodeObject(value, v => encode(v, sent, path), sent);
  path.pop();
  return text;
}
function encodeObject(value, one, sent) {
  if (isArray(value)) return list(value, one);
  const proto = getPrototypeOf(value);
  if ((proto && getPrototypeOf(proto)) || typeof value.toJSON === 'function') {
    const text = module(valuesCode).encode(value, one, sent);
    if (text) return text;
  }
  const names = keys(value);
  if (names.includes('$') || !names.every(k => k.isWellFormed())) {
    return tag('object', list(names, k => `[${encoders.string(k)},${one(value[k])}]`));
  }
  let text = '';
  for (const k of names) text += `${text && ','}${stringify(k)}:${one(value[k])}`;
  return `{${text}}`;
}
const put = (o, k, value) => k === '__proto__'
  ? defineProperty(o, k, {value, writable: true, enumerable: true, configurable: true}) : o[k] = value;
function decode(t) {
  if (t === null || typeof t !== 'object') return t;
  if (isArray(t)) { for (let i = 0; i < t.length; i++) t[i] = decode(t[i]); return t; }
  if (hasOwn(t, '$')) return module(valuesCode).decode(t.$, t.v);
  for (const k of keys(t)) { const v = t[k]; if (v !== null && typeof v === 'object') put(t, k, decode(v)); }
  return t;
}

let out = '', done = 'null', quiet = false;
const emit = text => { if (!quiet) out += `${out && ','}[${text}]`; };
shared.emit = emit;
function drained() {
  flush();
  const reply = apply(join, ['{"out":[', out, '],"done":', done, '}'], ['']); // flat: the wheel cannot take a rope
  out = '';
  return reply;
}

const waiting = new Map(), unseen = new Set(); // call id -> its promise; calls that nobody awaits
// Live objects: form, ctx.
const live = [];
function bind(index) {
  const target = {}, held = new Map(); // a field whose object was handed out -> its text
  const write = (name, value, place = here()) => {
    const text = encode(value);
    put(target, name, value);
    if (held.has(name)) held.set(name, text);
    emit(`"write",${index},${stringify(name)},${text},${place}`);
    return true;
  };
  const proxy = new NativeProxy(target, {
    get(_, name) {
      if (!hasOwn(target, name)) return Object.prototype[name];
      const value = target[name];
      if (typeof value === 'object' && value !== null && !held.has(name)) held.set(name, encode(value));
      return value;
    },
    set: (_, name, value) => typeof name === 'string' && (flush(), write(name, value)),
    defineProperty: (_, name, it) => typeof name === 'string' && 'value' in it && (flush(), write(name, it.value)),
    preventExtensions: () => false,
    deleteProperty(_, name) {
      flush();
      if (hasOwn(target, name)) write(name, undefined);
      held.delete(name);
      return delete target[name];
    },
  });
  return {target, held, write, proxy};
}
function patch(changes) { // what others wrote since
  for (const [index, fields, gone] of changes) {
    const {target, held} = live[index];
    for (const name of gone) { delete target[name]; held.delete(name); }
    for (const name of keys(fields)) { put(target, name, decode(fields[name])); held.delete(name); }
  }
}
function flush() {
  for (const {held, target, write} of live) {
    for (const [name, before] of held) if (encode(target[name]) !== before) write(name, target[name], '0,0');
  }
}

// Promises of the script are kept while pending, so that a line that waits in vain can be told.
const pending = new Map();
let pendingId = 0;
const tracked = executor => typeof executor !== 'function' ? executor : (resolve, reject) => {
  const id = ++pendingId;
  pending.set(id, {reject, place: rawOf(new NativeError()) ?? ''});
  const settle = finish => value => { pending.delete(id); finish(value); };
  return executor(settle(resolve), settle(reject));
};
const ScriptPromise = new NativeProxy(NativePromise, {
  construct: (_, [executor], target) =>
    construct(NativePromise, [tracked(executor)], target === ScriptPromise ? NativePromise : target),
  get: (_, name, self) => name === 'resolve' ? resolve
    : name === 'race' || name === 'any' ? module(timersCode)[name] : Reflect.get(NativePromise, name, self),
});
function resolve(value) { return apply(nativeResolve, this === ScriptPromise ? NativePromise : this, [value]); }
global('Promise', ScriptPromise);
define(AggregateError.prototype, 'message', 'All promises were rejected');

// Rejections that nobody handles, told by the engine.
const unhandled = new Map();
global('__track', (promise, reason, handled) => { // taken away by tracker.py
  if (handled) unhandled.delete(promise); else if (!quiet) unhandled.set(promise, reason);
});

shared.native = {DOMException, atob, btoa};
const globals = {
  fetch: errorsCode, XMLHttpRequest: errorsCode, $proxy: proxyCode, console: consoleCode, crypto: randomCode,
  setTimeout: timersCode, setInterval: timersCode, clearTimeout: timersCode, clearInterval: timersCode,
  TextEncoder: textCode, TextDecoder: textCode, structuredClone: cloneCode, DOMException: domCode, atob: domCode,
  btoa: domCode, URL: urlCode, URLSearchParams: urlCode, Intl: intlCode, Date: dateCode,
};
for (const name in globals) lazily(name, globals[name]);
module(arraysCode);
for (const name of ['performance', 'SharedArrayBuffer', 'Atomics']) delete globalThis[name];
assign(shared, {
  shared, capture: NativeError.captureStackTrace, rawOf, encode, noOpaque, encoders, decode, put, list, tag, here, refuse,
  stackOf, failed, placed, waiting, unseen, callPlace, flush,
  describe: error => errors().describe(error), inspect: value => module(consoleCode).inspect(value),
  collation: () => module(collationCode), places: () => module(placesCode),
  date: () => module(dateCode), borrowed: (proto, prefix, ...names) => borrowed(intlCode, proto, prefix, ...names),
});
borrowed(errorsCode, NativeError, '', 'captureStackTrace');
borrowed(randomCode, Math, '', 'random');
borrowed(intlCode, Number.prototype, 'number.', 'toLocaleString');
borrowed(intlCode, BigInt.prototype, 'number.', 'toLocaleString');
borrowed(intlCode, String.prototype, 'string.', 'localeCompare');

const answers = {json: parse, text: v => v, null: () => null, bytes: v => decode({$: 'bytes', v})};
const fail = error => `[false,${attempt(() => shared.describe(error), 'null')}]`;
function compile(start, source) { // the body's line n is the engine's line start + n
  const lines = '\n'.repeat(start - 1), body = text => `${lines}(async function () {\n${text})`;
  const parse = text => { try { indirectEval(`throw 0;${text}`); } catch (error) { if (error !== 0) throw error; } };
  try { // Nothing runs here; what closes its function early needs a ':' here, which `body` refuses.
    parse(`${lines}(function () { return 0 ? async () => {\n${source}\n} : 0; })`);
    return indirectEval(body(`${source}\n}`));
  } catch { done = `[null,${errors().syntax(start, source, text => parse(body(text)))}]`; }
}
const operations = {
  open({zone, state, bindings, values, files, fields}) {
    shared.offset = zone;
    shared.seed.set(state);
    shared.files.push(...files);
    bindings.forEach((name, index) => { live[index] = bind(index); global(name, live[index].proxy); });
    patch(fields);
    for (const name of keys(values)) global(name, decode(values[name]));
  },
  run({start, source}) {
    const body = compile(start, source);
    if (body) apply(then, body(), [
      value => { try { done = `[true,${encode(value)}]`; } catch (error) { done = fail(error); } },
      error => { done = '[false,null]'; done = fail(error); }, // the first needs no memory
    ]);
  },
  settle({calls}) {
    for (const [id, ok, kind, value] of calls) {
      const {resolve, reject} = waiting.get(id);
      waiting.delete(id);
      if (ok) { callPlace.delete(id); resolve(answers[kind](value)); } else reject(errors().rejection(id, decode(value)));
    }
  },
  fire: ({id}) => module(timersCode).fire(id),
  probe() { quiet = true; errors().probe(pending); },
  probed() { quiet = false; emit(`"probed",${errors().probed()}`); },
  end() { emit(`"end",${list([...unseen], String)},${list([...unhandled.values()], shared.describe)}`); },
};
function entry(operation, text) {
  if (operation === undefined) return drained();
  const argument = parse(text);
  shared.now = argument.now;
  patch(argument.patch ?? []);
  operations[operation](argument);
}
entry.track = globalThis.__track;
return entry;
})
