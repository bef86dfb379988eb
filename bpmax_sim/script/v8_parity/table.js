// What of the console is used less: formats, tables, counters and timers.
'use strict';
({shared, console: {read, write, log}, inspector, attempt, primordials: {String: toText, Number: toNumber, stringify,
  parseInt, parseFloat, isArray, keys, hasOwn, is, max, floor, slice, includes, indexOf, repeat, padStart, symbolText, mapForEach, setForEach, mapSize, setSize,
  getPrototypeOf, getOwnPropertyDescriptor, functionText, newMap, newList}}) => {
const {width, DEFAULTS, push, joined} = inspector();
const set = options => ({__proto__: null, depth: DEFAULTS.depth, breakLength: 80, maxItems: 100, showHidden: false, ...options});
const SHALLOW = set({depth: 0}), FULL = set({depth: 4, showHidden: true});
function speaksForItself(value) { // whether a class of the script says what its text is
  if (shared.shownAs?.(value) !== undefined) return true;
  for (let proto = value; proto !== null; proto = getPrototypeOf(proto)) {
    const own = getOwnPropertyDescriptor(proto, 'toString');
    if (own) return proto === value || !hasOwn(proto, 'constructor') || !isBuiltIn(proto.constructor);
  }
  return false;
}
const isBuiltIn = made => typeof made === 'function' && includes(functionText(made), '[native code]');
const numeric = value => is(value, -0) ? '-0' : toText(value);
const directives = {
  __proto__: null,
  s: v => typeof v === 'bigint' ? (v + 'n') : typeof v === 'number' ? numeric(v)
    : typeof v === 'object' && v !== null && !speaksForItself(v) ? read(v, SHALLOW) : typeof v === 'symbol' ? symbolText(v) : toText(v),
  d: v => typeof v === 'bigint' ? (v + 'n') : typeof v === 'symbol' ? 'NaN' : numeric(typeof v === 'object' ? toNumber(v) : toNumber(v)),
  i: v => typeof v === 'bigint' ? (v + 'n') : typeof v === 'symbol' ? 'NaN' : numeric(parseInt(v)),
  f: v => typeof v === 'symbol' ? 'NaN' : numeric(parseFloat(v)),
  j: v => toText(stringify(v)), o: v => read(v, FULL), O: v => read(v), c: () => '',
};
function formatted(first, values) { // as far as values go; returns how many were taken
  let text = '', at = 0, taken = 1;
  for (let next; (next = indexOf(first, '%', at)) >= 0;) {
    const letter = slice(first, next + 1, next + 2), directive = directives[letter];
    text += slice(first, at, next);
    at = next + 2;
    if (letter === '%') text += '%';
    else if (directive && taken < values.length) {
      const value = values[taken++];
      text += attempt(() => directive(value), ('%' + letter));
    } else { text += '%'; at = next + 1; }
  }
  return {text: text + slice(first, at), taken};
}
function before(first, rest) {
  const all = newList();
  all[0] = first;
  for (let i = 0; i < rest.length; i++) all[i + 1] = rest[i];
  return all;
}
const counts = newMap(), starts = newMap();
const two = n => padStart(('' + n), 2, '0');
function duration(ms) { // as Node writes it: 12ms, 1.500s, 2:03.500 (m:ss.mmm)
  const fraction = n => padStart(('' + n % 1000), 3, '0');
  if (ms < 1000) return ms + 'ms';
  const seconds = floor(ms / 1000);
  if (seconds < 60) return seconds + '.' + fraction(ms) + 's';
  const minutes = floor(seconds / 60);
  if (minutes < 60) return minutes + ':' + two(seconds % 60) + '.' + fraction(ms) + ' (m:ss.mmm)';
  return floor(minutes / 60) + ':' + two(minutes % 60) + ':' + two(seconds % 60) + '.' + fraction(ms) + ' (h:mm:ss.mmm)';
}
const timed = label => (label + ': ' + duration(shared.now - starts.get(label)));

// Tables.
function row(cells, widths) {
  let text = '│ ';
  for (let i = 0; i < cells.length; i++) {
    text += (i ? ' │ ' : '') + cells[i] + repeat(' ', widths[i] - width(cells[i]));
  }
  return text + ' │';
}
function drawn(head, columns) {
  const widths = newList(), rules = newList(), rows = newList();
  let count = 0;
  for (let i = 0; i < columns.length; i++) count = max(count, columns[i].length);
  for (let i = 0; i < head.length; i++) {
    let size = width(head[i]);
    for (let j = 0; j < columns[i].length; j++) size = max(size, width(columns[i][j] ?? ''));
    push(widths, size);
    push(rules, repeat('─', size + 2));
  }
  for (let j = 0; j < count; j++) {
    const cells = newList();
    for (let i = 0; i < columns.length; i++) push(cells, columns[i][j] ?? '');
    push(rows, row(cells, widths));
  }
  const body = rows.length ? joined(rows, '\n') + '\n' : '';
  return '┌' + joined(rules, '┬') + '┐\n' + row(head, widths) + '\n├' + joined(rules, '┼') + '┤\n' + body + '└' + joined(rules, '┴') + '┘';
}
const cell = value => read(value, set({maxItems: 3, breakLength: Infinity,
  depth: value !== null && typeof value === 'object' && !isArray(value) && keys(value).length > 2 ? -1 : 0}));
function table(data, chosen) {
  if (data === null || typeof data !== 'object') return log('log', [data]);
  const head = newList(), columns = newList();
  const column = name => { push(head, name); const made = newList(); push(columns, made); return made; };
  const isMap = attempt(() => (mapSize(data), true)), isSet = attempt(() => (setSize(data), true));
  if (isMap || isSet) {
    const index = column('(iteration index)'), names = isMap ? column('Key') : index, values = column('Values');
    (isMap ? mapForEach : setForEach)(data, (item, key) => {
      push(index, ('' + index.length));
      if (isMap) push(names, cell(key));
      push(values, cell(item));
    });
    return write('log', drawn(head, columns), [data]);
  }
  const index = column('(index)'), rows = keys(data), known = newMap(), plain = newList();
  let hasPlain = false;
  for (let i = 0; i < rows.length; i++) {
    const item = data[rows[i]], isPlain = item === null || (typeof item !== 'object' && typeof item !== 'function');
    push(index, rows[i]);
    if (isPlain) { hasPlain = true; plain[i] = cell(item); }
    const names = chosen ?? (isPlain ? newList() : keys(item));
    for (let n = 0; n < names.length; n++) {
      if (!known.has(names[n])) known.set(names[n], column(names[n]));
      known.get(names[n])[i] = isPlain || !hasOwn(item, names[n]) ? '' : cell(item[names[n]]);
    }
  }
  if (hasPlain) { push(head, 'Values'); push(columns, plain); }
  return write('log', drawn(head, columns), [data]);
}
function shownBy(options) { // of console.dir; null is no limit
  const {depth = DEFAULTS.depth, showHidden = false} = options ?? {};
  return set({depth: depth ?? Infinity, showHidden: Boolean(showHidden)});
}
return {
  formatted, table, shownBy,
  count(label) {
    counts.set(label, (counts.get(label) ?? 0) + 1);
    log('log', [(label + ': ' + counts.get(label))]);
  },
  countReset(label) { counts.delete(label); },
  time(label) { if (!starts.has(label)) starts.set(label, shared.now); },
  timeLog(label, v) { if (starts.has(label)) log('log', before(timed(label), v)); },
  timeEnd(label) { if (starts.has(label)) write('log', timed(label), newList()); starts.delete(label); },
};
}
