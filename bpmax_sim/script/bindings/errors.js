// Errors on their way out, and what `error.stack` shows a script: only frames of the user's files.
'use strict';
({attempt, capture, define, encode, list, files, rawOf, stackOf, failed, inspect, places, NativeError, NativeDate}) => {
const {keys, hasOwn, getPrototypeOf} = Object, {stringify} = JSON, NativePromise = (async () => {})().constructor;
const NativeTypeError = TypeError, NativeSyntaxError = SyntaxError, NativeAggregate = AggregateError;
const FRAME = /^ +at (?:(.*) \()?<input>:(\d+):(\d+)\)?$/;
function characters(line, column) { // the engine counts UTF-8 bytes
  let bytes = column - 1, at = 1;
  for (const c of line) {
    if (bytes <= 0) break;
    const code = c.codePointAt(0);
    bytes -= code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    at++;
  }
  return at;
}
function frame(text) {
  const [, name, line, column] = FRAME.exec(text) ?? [];
  const file = files.findLast(({start}) => start < line);
  if (!file) return [];
  file.lines ??= file.source.split('\n');
  const row = line - file.start;
  const place = `${file.name}:${row}:${characters(file.lines[row - 1] ?? '', +column)}`;
  return [name && name[0] !== '<' ? `    at ${name} (${place})` : `    at ${place}`];
}
const isUntold = typeof InternalError === 'function'; // not V8, which knows the place of every error
function own(error, given) { // without the constructors of its classes, as V8 has it: where it is made, not where they are
  const raw = isUntold && error instanceof NativeTypeError ? places().moved(error, given) : given;
  const names = new Set(), lines = raw.split('\n');
  for (let proto = getPrototypeOf(error); proto && proto !== NativeError.prototype; proto = getPrototypeOf(proto)) {
    names.add(attempt(() => proto.constructor.name));
  }
  const first = lines.findIndex(text => !names.has(FRAME.exec(text)?.[1]));
  return first > 0 ? lines.slice(first).join('\n') : raw;
}
const KINDS = {undefined: 'undefined', function: 'a function', symbol: 'a symbol', boolean: 'a boolean',
  number: 'a number', string: 'a text', bigint: 'a BigInt'};
const UNSENT = {cycle: 'an object that contains itself cannot be sent', promise: 'a promise cannot be sent: await it first'};
function kindOf(value) {
  if (value === null) return 'null';
  if (value === '') return 'an empty text';
  if (Array.isArray(value)) return 'an array';
  const classes = [[NativeDate, 'a Date'], [Map, 'a Map'], [Set, 'a Set']];
  return KINDS[typeof value] ?? classes.find(([type]) => attempt(() => value instanceof type))?.[1]
    ?? (ArrayBuffer.isView(value) ? 'bytes' : 'an object');
}
function reject(message, {platform = '', api = ''} = {}) {
  throw Object.assign(new NativeTypeError(message), {code: 'BAD_ARGUMENT', platform_key: platform, instance_key: '', api});
}
function fieldsOf(error) {
  if (typeof error !== 'object' || error === null) return '{}';
  let text = '';
  for (const name of [...attempt(() => keys(error), []), ...(inner(error) ? ['errors'] : [])]) {
    const value = name === 'cause' ? undefined : attempt(() => encode(error[name]));
    if (value) text += `${text && ','}${stringify(name)}:${value}`;
  }
  return `{${text}}`;
}
const inner = error => attempt(() => error instanceof NativeAggregate && Array.isArray(error.errors) && error.errors);
function describe(error, depth = 0) {
  const real = attempt(() => error instanceof NativeError, false);
  const name = real ? attempt(() => String(error.name), 'Error') : 'Uncaught';
  const message = real ? attempt(() => String(error.message), '') : attempt(() => inspect(error), 'a value that cannot be read');
  const causes = real && depth < 8 ? attempt(() => hasOwn(error, 'cause') ? [error.cause] : inner(error) || [], []) : [];
  const cause = causes.length ? attempt(() => describe(causes[0], depth + 1), 'null') : 'null';
  const raw = real && attempt(() => own(error, stackOf(error))) || '';
  return `{"name":${stringify(name)},"message":${stringify(message)},"raw":${stringify(raw)},` +
    `"call":${typeof error === 'object' && error ? failed.get(error) ?? null : null},"cause":${cause},"fields":${fieldsOf(error)}}`;
}
function stackless(message) { // the engine fills its stack in where an `await` throws it
  const before = NativeError.prepareStackTrace;
  NativeError.prepareStackTrace = () => undefined;
  const error = new NativeError(message);
  NativeError.prepareStackTrace = before;
  return error;
}
function rejection(id, {name, message, ...fields}) {
  const error = Object.assign(stackless(message), fields);
  if (name) define(error, 'name', name);
  failed.set(error, id);
  return error;
}
const closed = name => new NativeTypeError(
  `${name} is not available to a script: call the platform through $proxy('platform_key')`);
const stack = (error, raw) => [attempt(() => `${error}`, 'Error'), ...own(error, raw).split('\n').flatMap(frame)].join('\n');
function captureStackTrace(_self, target, from) {
  Reflect.apply(capture, NativeError, [target, from]);
  const raw = Object.getOwnPropertyDescriptor(target, 'stack')?.value;
  if (typeof raw === 'string' && raw.includes('<input>')) define(target, 'stack', stack(target, raw));
}
const BRACES = 20; // so many closing braces are tried
function closing(source, end, parse) { // the first of the last braces before `end` that closes the body's function
  let found = -1;
  for (let n = 0, at = source.lastIndexOf('}', end); n < BRACES && at >= 0; n++) {
    if (attempt(() => { parse(source.slice(0, at + 1)); return true; })) found = at;
    at = at ? source.lastIndexOf('}', at - 1) : -1;
  }
  return found;
}
function endOf(source, line) {
  return line < 1 ? source.length : source.split('\n', line).join('\n').length;
}
function syntax(start, source, parse) { // what is wrong with a body
  let error;
  try { parse(`${source}\n}`); } catch (thrown) { error = thrown; }
  if (error && !(error instanceof NativeSyntaxError)) return describe(error);
  const [, , line] = FRAME.exec(rawOf(error)?.split('\n')[0]) ?? [];
  const brace = closing(source, endOf(source, line - start || 0), parse);
  if (brace < 0 && error) return describe(error);
  const lines = source.slice(0, Math.max(brace, 0)).split('\n');
  const bytes = encodeURIComponent(lines.at(-1).toWellFormed()).replace(/%../g, 'x').length;
  const raw = `    at <input>:${start + lines.length}:${bytes + 1}`;
  return `{"name":"SyntaxError","message":"unexpected '}': the body is closed before its end","raw":${stringify(raw)},"call":null,"cause":null,"fields":{}}`;
}
let probes = [];
function probe(pending) { // let every wait throw, to learn its line
  probes = [...pending.values()].map(({reject, place}) => ({error: stackless('pending'), reject, place}));
  for (const {error, reject} of probes) reject(error);
}
const probed = () => list(probes, ({error, place}) => `[${stringify(rawOf(error) ?? '')},${stringify(place)}]`);
return {
  rejection, probe, probed, syntax,
  fetch() { return NativePromise.reject(closed('fetch')); },
  XMLHttpRequest: function XMLHttpRequest() { throw closed('XMLHttpRequest'); },
  describe: error => describe(error),
  stack, captureStackTrace,
  refuse: (rule, got, known) => reject(`${rule}, got ${kindOf(got)}`, known),
  // JSON leaves functions and symbols within an object out
  noOpaque: (kind, sent, within) => (UNSENT[kind] || !within) && reject(UNSENT[kind] ?? `${KINDS[kind]} cannot be sent`, sent),
};
}
