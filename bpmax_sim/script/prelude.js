// The JavaScript half of a context: what it does queues in an outbox, as JSON that Python drains.
// Other files are read on first use: a function, its text, or, linked, its number.
(function (linked, $primordials, $errors, $values, $timers, $console, $table, $date, $date_parser, $random, $text, $clone,
  $proxy, $guards, $walk, $search, $dom, $url, $intl, $collation, $places, $inspect, $sort, $install, $math, $pow, $stack, $radix, $legacy, $web, $gbk, $formatjs, $icu, $live, $messages) {
'use strict';
const codes = arguments;
const FIRST_USER_LINE = 500; // the frames above are ours
const indirectEval = eval;
const {taken: basics, whole} = (typeof $primordials === 'function' ? $primordials : indirectEval($primordials))();
const {parse, stringify, apply, construct, isArray, join, defineProperty, getOwnPropertyDescriptor, getPrototypeOf, hasOwn, keys,
  Error: NativeError, Promise: NativePromise, Date: NativeDate, reject: nativeReject,
  Proxy: NativeProxy, then, resolve: nativeResolve, reflectGet, isWellFormed, charCodeAt, slice,
  includes, indexOf, lastIndexOf, repeat, newMap, newSet, newWeakMap, newList} = basics;
const {get: rawStack} = getOwnPropertyDescriptor(NativeError.prototype, 'stack');
const prepare = getOwnPropertyDescriptor(NativeError, 'prepareStackTrace');
NativeError.stackTraceLimit = 50;
const define = (target, name, value) => defineProperty(target, name, {__proto__: null, value, writable: true, configurable: true});
const put = (target, name, value) =>
  defineProperty(target, name, {__proto__: null, value, writable: true, enumerable: true, configurable: true});
const global = (name, value) => define(globalThis, name, value);
const attempt = (work, otherwise) => { try { return work(); } catch { return otherwise; } };

const modules = newMap(), WANTED = {};
let wanted = 0, part;
function read(number) { // by a rejection
  wanted = number;
  apply(nativeReject, NativePromise, [WANTED]);
  return handed() ?? read(number); // or there is no stack
}
function handed() {
  const made = part;
  part = undefined;
  return made;
}
function module(code) {
  if (!modules.has(code)) {
    const made = typeof code === 'function' ? code : typeof code === 'number' ? read(code) : indirectEval(code);
    modules.set(code, made(shared));
  }
  return modules.get(code);
}
const errors = () => module($errors);
const accessors = {__proto__: null, configurable: true, get: null, set: null};
function lazily(name, source) {
  accessors.get = () => { const value = shared.own(module(source)[name]); global(name, value); return value; };
  accessors.set = value => { global(name, value); };
  defineProperty(globalThis, name, accessors);
}
function borrowed(source, proto, prefix, ...names) {
  for (const name of names) {
    const own = {[name](first, second, third) { return module(source)[prefix + name](this, first, second, third); }};
    proto[name] = shared.own(own[name]);
  }
}

// "line,column" of the innermost frame in a user's file.
const rawOf = error => attempt(() => { // not a text where a script has its own prepareStackTrace
  const raw = apply(rawStack, error, []);
  return typeof raw === 'string' ? shared.original?.(raw) ?? raw : undefined;
});
function plainError(message, prepared) { // with the engine's own stack
  const before = prepare?.set ? apply(prepare.get, NativeError, []) : prepared;
  if (before === prepared) return new NativeError(message);
  apply(prepare.set, NativeError, [prepared]);
  const error = new NativeError(message);
  apply(prepare.set, NativeError, [before]);
  return error;
}
function here() { // a function can be named like a frame
  const raw = rawOf(plainError('')) ?? '';
  for (let at = 0, end; (at = indexOf(raw, '<input>:', at)) >= 0; at = end) {
    if ((end = indexOf(raw, '\n', at)) < 0) end = raw.length;
    const from = lastIndexOf(raw, '<input>:', end) + 8, colon = indexOf(raw, ':', from), row = slice(raw, from, colon);
    const column = slice(raw, colon + 1, end - (raw[end - 1] === ')'));
    if (+row >= FIRST_USER_LINE && +column > 0) return row + ',' + +column;
  }
  return '0,0';
}
const failed = newWeakMap(), callPlace = newMap(); // rejected error -> call id -> its line as a stack
const placed = newWeakMap(); // an error without a stack of its own -> one
const stackOf = error => rawOf(error) ?? placed.get(error) ?? callPlace.get(failed.get(error));
defineProperty(NativeError.prototype, 'stack', {
  configurable: true,
  get() {
    const raw = stackOf(this);
    return raw && includes(raw, '<input>') ? errors().stack(this, raw) : raw ?? attempt(() => apply(rawStack, this, []) ?? '' + this); // none of a full stack
  },
  set(value) { define(this, 'stack', value); },
});
// Values: tagged JSON, as js_values.py reads it. `sent`: {platform, api} of a call.
const tag = (name, value) => ('{"$":"' + name + '"' + (value === undefined ? '' : ',"v":' + value) + '}');
const refuse = (rule, got, known) => errors().refuse(rule, got, known);
const noOpaque = (kind, sent, within) => errors().noOpaque(kind, sent, within);
const encoders = {
  __proto__: null,
  boolean: v => v ? 'true' : 'false',
  undefined: () => tag('undefined'),
  bigint: v => tag('bigint', '"' + v + '"'),
  number: v => v !== v ? tag('nan') : v === Infinity ? tag('inf') : v === -Infinity ? tag('-inf')
    : v === 0 && 1 / v < 0 ? tag('-0') : '' + v,
  string: v => isWellFormed(v) ? stringify(v) : tag('str', list(v, unit => charCodeAt(unit, 0))),
};
function list(values, one) {
  let text = '';
  for (let i = 0; i < values.length; i++) text += (i ? ',' : '') + one(values[i]);
  return '[' + text + ']';
}
function isWithin(value, path) {
  for (; path; path = path.up) if (path.value === value) return true;
  return false;
}
function encode(value, sent, path = null) { // the path: {value, up}
  const plain = encoders[typeof value];
  if (plain) return plain(value);
  if (value === null) return 'null';
  const opaque = isWithin(value, path) ? 'cycle' : typeof value;
  if (opaque !== 'object') return sent && noOpaque(opaque, sent, path), tag(opaque);
  const inner = {__proto__: null, value, up: path};
  return encodeObject(value, v => encode(v, sent, inner), sent);
}
function encodeObject(value, one, sent) {
  if (isArray(value)) return list(value, one);
  const proto = getPrototypeOf(value);
  if ((proto && getPrototypeOf(proto)) || typeof value.toJSON === 'function') {
    const text = module($values).encode(value, one, sent);
    if (text) return text;
  }
  const names = keys(value);
  let isOdd = false, text = '';
  for (let i = 0; i < names.length; i++) isOdd ||= names[i] === '$' || !isWellFormed(names[i]);
  if (isOdd) {
    return tag('object', list(names, k => '[' + encoders.string(k) + ',' + one(value[k]) + ']'));
  }
  for (let i = 0; i < names.length; i++) text += (i ? ',' : '') + stringify(names[i]) + ':' + one(value[names[i]]);
  return '{' + text + '}';
}
function decode(t) {
  if (t === null || typeof t !== 'object') return t;
  if (isArray(t)) { for (let i = 0; i < t.length; i++) t[i] = decode(t[i]); return t; }
  if (hasOwn(t, '$')) return module($values).decode(t.$, hasOwn(t, 'v') ? t.v : undefined);
  const names = keys(t);
  for (let i = 0; i < names.length; i++) {
    const v = t[names[i]];
    if (v !== null && typeof v === 'object') put(t, names[i], decode(v));
  }
  return t;
}

let out = '', quiet = false;
const bodies = newMap(); // run -> how its body ended, until that is told: `[run,ok,value]`
const emit = text => { if (!quiet) out += (out && ',') + '[' + text + ']'; };
function drained() {
  flush();
  let ends = '';
  bodies.forEach((end, run) => { if (end.done) { ends += (ends && ',') + '[' + run + ',' + end.done + ']'; bodies.delete(run); } });
  const reply = join(['{"out":[', out, '],"done":[', ends, ']}'], ''); // flat: the wheel takes no rope
  out = '';
  return reply;
}

const waiting = newMap(), unseen = newSet(); // call id -> its promise; calls that nobody awaits
// Live objects, form and ctx: bindings/live.js has them where there are any.
const live = [];
function flush() { if (live.length) module($live).flush(); }
function patch(changes) { if (changes.length) module($live).patch(changes); }

// Pending promises of the script.
const pending = newMap();
const ScriptPromise = new NativeProxy(NativePromise, {
  __proto__: null,
  construct: (_, args, target) =>
    construct(NativePromise, [module($timers).tracked(args[0])], target === ScriptPromise ? NativePromise : target),
  get: (_, name, self) => name === 'resolve' ? resolve : reflectGet(NativePromise, name, self),
});
function resolve(value) { return apply(nativeResolve, this === ScriptPromise ? NativePromise : this, [value]); }
global('Promise', ScriptPromise);
define(AggregateError.prototype, 'message', 'All promises were rejected');

// Unhandled rejections.
const unhandled = newMap();
const track = (promise, reason, handled) => { // engine.py
  if (handled === undefined) part = promise;
  else if (reason === WANTED) return wanted;
  else if (handled) unhandled.delete(promise); else if (!quiet) unhandled.set(promise, reason);
};

const globals = {
  __proto__: null,
  fetch: $errors, XMLHttpRequest: $errors, Blob: $errors, File: $errors, FormData: $errors, $proxy: $proxy, console: $console, crypto: $random,
  setTimeout: $timers, setInterval: $timers, clearTimeout: $timers, clearInterval: $timers,
  TextEncoder: $text, TextDecoder: $text, structuredClone: $clone, DOMException: $dom, atob: $dom,
  btoa: $dom, URL: $url, URLSearchParams: $url, Intl: $intl, Date: $date, AbortController: $web, AbortSignal: $web, Event: $web,
  EventTarget: $web, performance: $web,
};
delete globalThis.SharedArrayBuffer;
delete globalThis.Atomics;
const shared = {
  __proto__: null, basics, get primordials() { return whole(); }, define, put, global, attempt, NativeError, NativeDate, files: [],
  timeOf: NativeDate.prototype.getTime, offset: 0, now: 0, run: 0, own: value => value, seed: new Uint32Array(4), parts: null, part: 0,
  left: 0, drawn: 0, noted: 0, promises: 0, live, looked: 0, capture: NativeError.captureStackTrace, rawOf, plainError, pending, emit, encode, noOpaque,
  encoders, decode, list, tag, here, refuse, misnamed: () => errors().misnamed, stackOf, failed, placed, waiting, unseen, callPlace, flush,
  describe: error => errors().describe(error), inspect: value => module($inspect).inspect(value),
  brief: text => text.length > 60 ? slice(text, 0, 60) + '…' : text || "''",
  borrowed: (proto, prefix, ...names) => borrowed($intl, proto, prefix, ...names), native: {DOMException, atob, btoa},
};
const onDemand = {
  __proto__: null, walk: $walk, search: $search, sort: $sort, gbk: $gbk, intl: $intl, inspector: $inspect, table: $table, icu: $icu, collation: $collation,
  places: $places, math: $math, pow: $pow, radix: $radix, ownNames: $stack, date: $date, dateParser: $date_parser, messages: $messages,
};
for (const name in onDemand) shared[name] = () => module(onDemand[name]);
shared.shared = shared;
for (const name in globals) lazily(name, globals[name]);
shared.guards = module($guards);
global('Proxy', shared.guards.Proxy);
borrowed($errors, NativeError, '', 'captureStackTrace');
borrowed($random, Math, '', 'random');
borrowed($intl, Number.prototype, 'number.', 'toLocaleString');
borrowed($intl, BigInt.prototype, 'number.', 'toLocaleString');
borrowed($intl, String.prototype, 'string.', 'localeCompare', 'toLocaleLowerCase', 'toLocaleUpperCase');
module($install);

const answers = {__proto__: null, json: parse, text: v => v, null: () => null, bytes: v => module($values).decode('bytes', v)};
const fail = error => 'false,' + attempt(() => shared.describe(error), 'null');
function compile(start, source, end) { // the body's line n is the engine's line start + n
  const lines = repeat('\n', start - 1), body = text => (lines + '(async function () {\n' + text + ')');
  const parse = text => { try { indirectEval('throw 0;' + text); } catch (error) { if (error !== 0) throw error; } };
  try { // Nothing runs here; what closes its function early needs a ':' here, which `body` refuses.
    parse(lines + '(function () { return 0 ? async () => {\n' + source + '\n} : 0; })');
    return indirectEval(body(source + '\n}'));
  } catch { end.done = 'null,' + errors().syntax(start, source, text => parse(body(text))); }
}
const draw = parts => { shared.parts = parts; shared.part = shared.left = shared.drawn = shared.noted = 0; };
const operations = {
  __proto__: null,
  install({parts}) { for (const n of parts) module(codes[n]); },
  open({zone, parts, bindings, watched, links, values, files, fields}) {
    shared.offset = zone;
    shared.start = shared.now;
    draw(parts);
    shared.files.push(...files);
    for (let n = 0; n < watched.length; n++) live[n] = module($live).bind(n, watched[n]);
    for (const [name, index] of bindings) global(name, live[index].proxy);
    patch(fields);
    for (const [parent, name, index] of links) {
      live[parent].links[name] = live[index];
      if (name[0] !== '$') put(live[parent].target, name, live[index].proxy);
    }
    for (const name of keys(values)) global(name, decode(values[name]));
  },
  run({run, start, source, files, parts}) {
    const end = {__proto__: null, done: ''};
    bodies.set(run, end);
    shared.files.push(...files);
    if (parts) draw(parts);
    const body = handed() ?? compile(start, source, end);
    if (!body) return;
    const ended = body();
    define(ended, 'constructor', undefined); // `then` asks for it
    apply(then, ended, [
      value => { try { end.done = 'true,' + encode(value); } catch (error) { end.done = fail(error); } },
      error => { end.done = 'false,null'; end.done = fail(error); }, // the first needs no memory
    ]);
  },
  settle({calls}) {
    for (let i = 0; i < calls.length; i++) {
      const one = calls[i], id = one[0], ok = one[1], kind = one[2], value = one[3], {resolve, reject} = waiting.get(id);
      waiting.delete(id);
      if (ok) { callPlace.delete(id); resolve(answers[kind](value)); } else reject(errors().rejection(id, decode(value)));
    }
  },
  fire: ({id}) => module($timers).fire(id),
  probe({run}) { quiet = true; errors().probe(pending, run); },
  probed() { quiet = false; emit('"probed",' + errors().probed()); },
  end({run, calls: made}) {
    const calls = newList(), reasons = newList();
    for (let i = 0; i < made.length; i++) if (unseen.has(made[i])) calls[calls.length] = made[i];
    unhandled.forEach((reason, promise) => { reasons[reasons.length] = reason; unhandled.delete(promise); });
    emit('"end",' + (list(calls, id => '' + id)) + ',' + list(reasons, shared.describe) + ',' + (shared.chains?.(run) ?? '[]'));
  },
};
const EMPTY = '{"out":[],"done":[]}';
function entry(operation, text) {
  if (operation === undefined) return drained();
  const argument = parse(text);
  shared.now = argument.now;
  if (hasOwn(argument, 'run')) shared.run = argument.run;
  shared.looked = 0;
  if (hasOwn(argument, 'patch')) patch(argument.patch);
  if (hasOwn(argument, 'counted')) errors().uncount();
  operations[operation](argument);
  return operation === 'open' ? EMPTY : undefined; // nothing of a script runs in it
}
entry.track = track;
if (!linked) return entry;
track.entry = entry;
return track;
})
