// Errors on their way out, and what `error.stack` shows a script: only frames of the user's files.
'use strict';
({shared, attempt, capture, define, put, emit, here, encode, list, files, rawOf, plainError, stackOf, failed, inspect, places, NativeError, NativeDate,
  primordials, primordials: {names, Promise: NativePromise, Map: NativeMap, Set: NativeSet, TypeError: NativeTypeError, SyntaxError: NativeSyntaxError,
    AggregateError: NativeAggregate, String: toText, keys, hasOwn, getPrototypeOf, getOwnPropertyDescriptor, stringify, apply, isArray, isView,
    exec, linesOf, slice, indexOf, lastIndexOf, includes, codePointAt, toWellFormed, newSet, newList, inherits, reject: rejectPromise}}) => {
const FRAME = /^ +at (?:(.*) \()?<input>:(\d+):(\d+)\)?$/;
const sizeOf = code => code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
function characters(line, column) { // the engine counts UTF-8 bytes
  let bytes = column - 1, at = 1;
  for (let i = 0; i < line.length && bytes > 0; at++) {
    const code = codePointAt(line, i);
    bytes -= sizeOf(code);
    i += code < 0x10000 ? 1 : 2;
  }
  return at;
}
function fileOf(line) {
  let n = files.length;
  while (n-- > 0) if (files[n].start < line) return files[n];
  return undefined;
}
function frame(text) {
  const found = exec(FRAME, text), file = found && fileOf(found[2]);
  if (!file) return '';
  if (!hasOwn(file, 'lines')) put(file, 'lines', linesOf(file.source));
  const name = found[1], row = found[2] - file.start, line = row - 1 < file.lines.length ? file.lines[row - 1] : '';
  const place = file.name + ':' + row + ':' + characters(line, +found[3]);
  return name && name[0] !== '<' ? ('\n    at ' + name + ' (' + place + ')') : ('\n    at ' + place);
}
function original(raw) { // with the columns of scripts as they were written, without counters: a 0 before says that it is done
  const lines = linesOf(raw);
  let text = '';
  for (let i = 0; i < lines.length; i++) {
    const found = exec(FRAME, lines[i]), file = found && fileOf(found[2]), row = file && found[2] - file.start;
    const column = file && found[3][0] !== '0' && hasOwn(file, 'shifts') && hasOwn(file.shifts, row) ? back(file.shifts[row], +found[3]) : 0;
    const line = column ? slice(lines[i], 0, lastIndexOf(lines[i], ':') + 1) + '0' + column + (found[1] === undefined ? '' : ')') : lines[i];
    text += (i ? '\n' : '') + line;
  }
  return text;
}
function back(shifts, column) { // of each text that was put in, its column and its length
  let moved = 0;
  for (let i = 0; i < shifts.length && column > shifts[i][0]; i++) {
    moved += column - shifts[i][0] < shifts[i][1] ? column - shifts[i][0] : shifts[i][1];
  }
  return column - moved;
}
function marksOf(file) { // of each text that was put in, where it begins in the code, and its length
  if (hasOwn(file, 'marks')) return file.marks;
  const marks = newList(), lines = linesOf(file.code);
  for (let row = 0, start = 0; row < lines.length; start += lines[row++].length + 1) {
    const shifts = hasOwn(file.shifts, row + 1) ? file.shifts[row + 1] : [];
    for (let n = 0, at = 0, bytes = 1; n < shifts.length; n++) {
      while (bytes < shifts[n][0]) {
        const code = codePointAt(lines[row], at);
        bytes += sizeOf(code);
        at += code < 0x10000 ? 1 : 2;
      }
      marks[marks.length] = [start + at, shifts[n][1]];
    }
  }
  put(file, 'marks', marks);
  return marks;
}
function written(text) { // what a function says of itself, without counters, whose numbers are unique
  for (let n = 0; n < files.length; n++) {
    const start = hasOwn(files[n], 'code') ? indexOf(files[n].code, text) : -1, end = start + text.length;
    if (start < 0) continue;
    const marks = marksOf(files[n]);
    let own = '', at = start;
    for (let i = 0; i < marks.length; i++) {
      if (marks[i][0] < at || marks[i][0] >= end) continue;
      own += slice(files[n].code, at, marks[i][0]);
      at = marks[i][0] + marks[i][1];
    }
    return own + slice(files[n].code, at, end);
  }
  return text;
}
function uncount() { // from now on, scripts with counters look as they were written
  const {functionText} = primordials, own = {toString() { return written(functionText(this)); }};
  define(Function.prototype, 'toString', own.toString);
  shared.original = original;
}
const isUntold = typeof InternalError === 'function'; // not V8, which knows the place of every error
const nameIn = text => { const found = exec(FRAME, text); return found ? found[1] : undefined; };
function own(error, given) { // without the constructors of its classes, as V8 has it: where it is made, not where they are
  const moved = isUntold && inherits(error, NativeTypeError.prototype) ? attempt(() => places().moved(error, given), given) : given;
  const raw = typeof moved === 'string' ? moved : given, names = newSet(), lines = linesOf(raw);
  for (let proto = getPrototypeOf(error); proto && proto !== NativeError.prototype; proto = getPrototypeOf(proto)) {
    names.add(attempt(() => proto.constructor.name));
  }
  let first = 0;
  while (first < lines.length && names.has(nameIn(lines[first]))) first++;
  return first > 0 && first < lines.length ? joined(lines, first) : raw;
}
function joined(lines, first) {
  let text = lines[first];
  for (let i = first + 1; i < lines.length; i++) text += '\n' + lines[i];
  return text;
}
const KINDS = {__proto__: null, undefined: 'undefined', function: 'a function', symbol: 'a symbol', boolean: 'a boolean',
  number: 'a number', string: 'a text', bigint: 'a BigInt'};
const UNSENT = {__proto__: null, cycle: 'an object that contains itself cannot be sent', promise: 'a promise cannot be sent: await it first'};
function kindOf(value) {
  if (value === null) return 'null';
  if (value === '') return 'an empty text';
  if (typeof value !== 'object') return KINDS[typeof value];
  if (isArray(value)) return 'an array';
  const kinds = [[NativeDate, 'a Date'], [NativeMap, 'a Map'], [NativeSet, 'a Set']];
  for (let i = 0; i < kinds.length; i++) if (attempt(() => inherits(value, kinds[i][0].prototype))) return kinds[i][1];
  return isView(value) ? 'bytes' : 'an object';
}
const isNamed = name => typeof name === 'string' && name !== '';
function reject(message, call) { // with a call that is refused, which is told although the script may catch it
  const {platform, api} = call ?? {platform: '', api: ''};
  const error = new NativeTypeError(message);
  put(error, 'code', 'BAD_ARGUMENT');
  put(error, 'platform_key', platform);
  put(error, 'instance_key', '');
  put(error, 'api', api);
  if (call) {
    const named = name => stringify(isNamed(name) ? name : '?');
    emit('"refused",' + named(platform) + ',' + named(api) + ',' + stringify(message) + ',' + here());
  }
  throw error;
}
function fieldsOf(error) {
  if (typeof error !== 'object' || error === null) return '{}';
  const names = attempt(() => keys(error), []);
  let text = '';
  const add = name => {
    const value = name === 'cause' ? undefined : attempt(() => encode(error[name]));
    if (value) text += '' + (text && ',') + stringify(name) + ':' + value;
  };
  for (let i = 0; i < names.length; i++) add(names[i]);
  if (inner(error)) add('errors');
  return '{' + text + '}';
}
const inner = error => attempt(() => inherits(error, NativeAggregate.prototype) && isArray(error.errors) && error.errors);
// What the engine leaves unnamed: what is called that is no function, and what there is instead of it.
const endsIn = (text, end) => text.length > end.length && slice(text, text.length - end.length) === end;
function worded(error, said, raw) { // as V8 says it, with what there is instead of what was called
  const message = raw && attempt(() => shared.messages().translate(error, said, raw)) || said;
  return untold(message) || endsIn(message, ' is not a function') || endsIn(message, ' is not a constructor') ? uncallable(raw, message) : message;
}
const untold = message => message === 'not a function' || message === 'not a constructor';
function uncallable(raw, said) {
  const message = endsIn(said, 'not a constructor') ? 'not a constructor' : 'not a function';
  const callee = untold(said) ? attempt(() => places().callee(raw), '') : slice(said, 0, said.length - message.length - 4);
  if (!callee) return said;
  const at = lastIndexOf(callee, '.'), holder = slice(callee, 0, at < 0 ? 0 : at), name = slice(callee, at + 1);
  const known = attempt(() => holder && typeof globalThis[holder] === 'object' ? names(globalThis[holder]) : newList(), newList());
  let near = '', least = 3, all = '';
  for (let i = 0; i < known.length; i++) {
    const far = edits(name, known[i]);
    if (far < least) { near = '; did you mean ' + holder + '.' + known[i] + '?'; least = far; }
    all += (all ? ', ' : '; ' + holder + ' has ') + known[i];
  }
  return callee + ' is ' + message + (near || (known.length < MANY ? all : ''));
}
const MANY = 20; // of so many names, none is listed
function describe(error, depth = 0) {
  const real = attempt(() => inherits(error, NativeError.prototype), false);
  const name = real ? attempt(() => toText(error.name), 'Error') : 'Uncaught';
  const raw = real && attempt(() => own(error, stackOf(error))) || '';
  const said = real ? attempt(() => toText(error.message), '') : attempt(() => toText(inspect(error)), 'a value that cannot be read');
  const message = real && isUntold ? worded(error, said, raw) : said;
  const causes = real && depth < 8 ? attempt(() => hasOwn(error, 'cause') ? [error.cause] : inner(error) || [], []) : [];
  const cause = causes.length ? attempt(() => describe(causes[0], depth + 1), 'null') : 'null';
  return ('{"name":' + stringify(name) + ',"message":' + stringify(message) + ',"raw":' + stringify(raw) + ',') +
    ('"call":' + (typeof error === 'object' && error ? failed.get(error) ?? null : null) + ',"cause":' + cause + ',"fields":' + fieldsOf(error) + '}');
}
// Without a stack: the engine fills it in where an `await` throws it.
const stackless = message => plainError(message, () => undefined);
function rejection(id, fields) {
  const names = keys(fields), error = stackless(fields.message);
  for (let i = 0; i < names.length; i++) {
    const name = names[i];
    if (name === 'name') { if (fields.name) define(error, name, fields.name); } else if (name !== 'message') put(error, name, fields[name]);
  }
  failed.set(error, id);
  return error;
}
const absent = (name, rather) => new NativeTypeError(name + ' is not available to a script: ' + rather);
const closed = name => absent(name, 'call the platform through $proxy(\'platform_key\')');
function stack(error, raw) {
  const lines = linesOf(own(error, raw));
  let text = attempt(() => toText(error), 'Error');
  for (let i = 0; i < lines.length; i++) text += frame(lines[i]);
  return text;
}
function captureStackTrace(_self, target, from) {
  apply(capture, NativeError, [target, from]);
  const own = getOwnPropertyDescriptor(target, 'stack'), raw = own && hasOwn(own, 'value') ? own.value : undefined;
  if (typeof raw === 'string' && includes(raw, '<input>')) define(target, 'stack', stack(target, shared.original?.(raw) ?? raw));
}
const BRACES = 20; // so many closing braces are tried
function closing(source, end, parse) { // the first of the last braces before `end` that closes the body's function
  let found = -1;
  for (let n = 0, at = lastIndexOf(source, '}', end); n < BRACES && at >= 0; n++) {
    if (attempt(() => { parse(slice(source, 0, at + 1)); return true; })) found = at;
    at = at ? lastIndexOf(source, '}', at - 1) : -1;
  }
  return found;
}
function endOf(source, line) { // of that line
  let at = line < 1 ? source.length : -1;
  for (let n = 0; n < line && at < source.length; n++) {
    const next = indexOf(source, '\n', at + 1);
    at = next < 0 ? source.length : next;
  }
  return at;
}
function syntax(start, source, parse) { // what is wrong with a body
  let error;
  try { parse(source + '\n}'); } catch (thrown) { error = thrown; }
  if (error && !inherits(error, NativeSyntaxError.prototype)) return describe(error);
  const raw = rawOf(error), at = raw === undefined ? null : exec(FRAME, linesOf(raw)[0]);
  const brace = closing(source, endOf(source, at ? at[2] - start : 0), parse);
  if (brace < 0 && error) return describe(error);
  const lines = linesOf(slice(source, 0, brace < 0 ? 0 : brace)), last = toWellFormed(lines[lines.length - 1]);
  let bytes = 0;
  for (let i = 0; i < last.length;) {
    const code = codePointAt(last, i);
    bytes += sizeOf(code);
    i += code < 0x10000 ? 1 : 2;
  }
  const place = '    at <input>:' + (start + lines.length) + ':' + (bytes + 1);
  return '{"name":"SyntaxError","message":"unexpected \'}\': the body is closed before its end","raw":' + stringify(place) + ',"call":null,"cause":null,"fields":{}}';
}
let probes = newList();
function probe(pending, run) { // let every wait throw, to learn its line
  probes = newList();
  pending.forEach(one => { if (one.run === run) probes[probes.length] = {error: stackless('pending'), reject: one.reject, place: one.place}; });
  for (let i = 0; i < probes.length; i++) { const {error, reject} = probes[i]; reject(error); }
}
const probed = () => list(probes, ({error, place}) => ('[' + (stringify(rawOf(error) ?? '')) + ',' + stringify(place) + ']'));
const NAMES = ['$api', '$path', '$query', '$header', '$body', '$call'];
function edits(one, other) { // how many letters to put in, take out or change (Levenshtein)
  let row = newList();
  for (let j = 0; j <= other.length; j++) row[row.length] = j;
  for (let i = 1; i <= one.length; i++) {
    const next = newList();
    next[next.length] = i;
    for (let j = 1; j <= other.length; j++) {
      const change = row[j - 1] + (one[i - 1] === other[j - 1] ? 0 : 1), least = row[j] < next[j - 1] ? row[j] : next[j - 1];
      next[next.length] = change < least + 1 ? change : least + 1;
    }
    row = next;
  }
  return row[other.length];
}
function misnamed(name, {platform, api}, isChain) { // a `$name` that a proxy, or a chain after its $api, does not have
  const head = '$proxy(\'' + platform + '\')', known = {platform, api};
  let near = '', least = 3;
  for (let i = isChain ? 1 : 0; i < NAMES.length; i++) {
    if (NAMES[i] === name && !isChain) reject(name + '() needs an API first: ' + head + '.$api(name).' + name + '(…)', known);
    const far = name.length > 20 ? least : edits(name, NAMES[i]);
    if (far < least) { near = '; did you mean ' + NAMES[i] + '?'; least = far; }
  }
  const whole = isChain ? head + '.$api(\'' + api + '\')' : head;
  reject(whole + ' has no ' + shared.brief(name) + (near || (isChain ? '; there is' : '; there is $api, and after it') + ' $path, $query, $header, $body and $call'), known);
}
return {
  misnamed, rejection, uncount, probe, probed, syntax,
  fetch() { return apply(rejectPromise, NativePromise, [closed('fetch')]); },
  XMLHttpRequest: function XMLHttpRequest() { throw closed('XMLHttpRequest'); },
  Blob: function Blob() { throw absent('Blob', 'send the bytes as a Uint8Array'); },
  File: function File() { throw absent('File', "send {content, filename, content_type} to an API with 'encoding: multipart'"); },
  FormData: function FormData() { throw absent('FormData', "pass an object to an API with 'encoding: multipart'"); },
  describe: error => describe(error),
  stack, captureStackTrace,
  refuse: (rule, got, known) => reject((rule + ', got ' + kindOf(got)), known),
  // JSON leaves functions and symbols within an object out
  noOpaque: (kind, sent, within) => (UNSENT[kind] || !within) && reject(UNSENT[kind] ?? (KINDS[kind] + ' cannot be sent'), sent),
};
}
