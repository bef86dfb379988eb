// console.* as Node has it; what is logged crosses as text and as values.
'use strict';
({emit, encode, encoders, here, list, attempt, shared, inspector, table: more, basics: {String: toText, slice, includes, indexOf, newMap, newList}}) => {
function replaced(text, from, to) {
  let made = '', at = 0;
  for (let next; (next = indexOf(text, from, at)) >= 0; at = next + from.length) made += slice(text, at, next) + to;
  return made + slice(text, at);
}
const UNREAD = '[cannot be read]', read = (value, options) => attempt(() => inspect(value, options), UNREAD), inspect = (value, options) => inspector().inspect(value, options);
const show = value => typeof value === 'string' ? value : read(value);
function format(values) {
  const isFormat = values.length > 1 && typeof values[0] === 'string' && includes(values[0], '%');
  let {text, taken} = isFormat ? more().formatted(values[0], values) : {text: show(values[0]), taken: 1};
  for (; taken < values.length; taken++) text += ' ' + show(values[taken]);
  return text;
}
let indent = '';
function write(level, text, values) {
  emit(('"log","' + level + '",' + here() + ',' + (encoders.string(indent + replaced(text, '\n', ('\n' + indent)))) + ',') +
    list(values, v => attempt(() => encode(v), '{"$":"undefined"}')));
}
const log = (level, values) => write(level, values.length ? format(values) : '', values);
shared.console = {read, write, log};
const console = {
  log: (...v) => log('log', v), info: (...v) => log('info', v), debug: (...v) => log('debug', v),
  warn: (...v) => log('warn', v), error: (...v) => log('error', v),
  trace: (...v) => log('trace', v), dir: (v, options) => write('log', read(v, more().shownBy(options)), [v]), dirxml: (...v) => log('log', v), table: (data, chosen) => more().table(data, chosen),
  assert(ok, ...v) {
    if (ok) return;
    if (v.length) v[0] = 'Assertion failed: ' + toText(v[0]);
    log('error', v.length ? v : ['Assertion failed']);
  },
  group(...v) { if (v.length) log('log', v); indent += '  '; },
  groupEnd() { indent = slice(indent, 2); },
  count: (label = 'default') => more().count(label), countReset: (label = 'default') => more().countReset(label),
  time: (label = 'default') => more().time(label), timeLog: (label = 'default', ...v) => more().timeLog(label, v), timeEnd: (label = 'default') => more().timeEnd(label),
};
console.groupCollapsed = console.group;
return {console, inspect};
}
