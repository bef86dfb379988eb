// Places that the engine does not have. A declaration or parameter whose pattern has nothing to take
// apart gets the last place before it, so it is the next pattern; a write to a constant gets the next
// statement's, so it is the write before.
'use strict';
({files}) => {
const FRAME = /^( +at (?:(.*) \()?<input>:)(\d+):(\d+)(\)?)$/;
const UNTOLD = {'Cannot convert undefined or null to object': '{', "cannot read property 'Symbol.iterator' of null": '[',
  "cannot read property 'Symbol.iterator' of undefined": '['};
const NEXT = /\/\/.*|\/\*[^]*?\*\/|'(?:\\[^]|[^'\\\n])*'|"(?:\\[^]|[^"\\\n])*"|`(?:\\[^]|[^`\\])*`|\b(?:const|let|var)\s*[{[]|,\s*[{[][^;=()'"`]*=(?![=>])|(?<!\b(?:if|for|while|switch|with)\s*)\([^()]*[{[][^()]*\)\s*(?:=>|\{)/g;
const FUNCTION = /\s*(?:[:=]\s*)?(?:async\s*)?(?:function\s*\*?\s*)?$/;
// What is told where it is: an assignment, parameters, the head of a loop, and what is spread.
const TOLD_AT = /^(?:\(?\s*[{[]|(?:async\s*)?(?:function\b[^(]*)?\([^)]*[{[][^)]*\)\s*(?:=>|\{))/;
const TOLD_AFTER = /(?:\bfor\s*(?:await\s*)?\(\s*(?:const|let|var)\b[^;]*|\.\.\.[^,;\n]*|\byield\s*\*[^;\n]*)$/;
const sizeOf = code => code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
function offsetOf(lines, row, column) {
  let offset = lines.slice(0, row).reduce((sum, line) => sum + line.length + 1, 0), bytes = column - 1;
  for (const c of lines[row] ?? '') {
    if (bytes <= 0) break;
    bytes -= sizeOf(c.codePointAt(0));
    offset += c.length;
  }
  return offset;
}
function isOf(name, before) { // whether the parameters behind `before` are those of that function
  if (/\bcatch\s*$/.test(before)) return true;
  if (name === undefined) return false;
  const text = before.replace(FUNCTION, '');
  return !name || text.endsWith(name) || text.endsWith('constructor');
}
function pattern(source, offset, bracket, owner) {
  NEXT.lastIndex = offset;
  for (let found; (found = NEXT.exec(source));) {
    const at = found.index, [kind] = found[0];
    const fits = kind === '(' ? isOf(owner, source.slice(0, at)) : /[clv,]/.test(kind);
    if (fits && source.slice(at).split(/=|\bof\b/, 1)[0].includes(bracket)) {
      return kind === ',' ? at + found[0].search(/[{[]/) : at;
    }
  }
  return -1;
}
function written(source, offset, name) { // the last place before where a constant is written; the engine tells the next statement
  const word = name.replace(/\$/g, '\\$'), end = '(?![\\w$\\u0080-\\uffff])', start = '(?<![\\w$.\\u0080-\\uffff])';
  const write = new RegExp(`(?<!\\bconst\\s+)${start}${word}${end}\\s*(?:[-+*/%&|^?<>]*=(?![=>])|\\+\\+|--)|(?:\\+\\+|--)\\s*${word}${end}`, 'g');
  const found = [...source.matchAll(write)].map(({index}) => index);
  return found.includes(offset) ? offset : found.findLast(index => index < offset) ?? -1;
}
function moved(error, raw) {
  const [, constant] = /^'(.+)' is read-only$/.exec(error.message) ?? [], bracket = UNTOLD[error.message], [first, ...rest] = raw.split('\n'), [, head, name, row, column, tail] = FRAME.exec(first) ?? [];
  const file = files.findLast(({start}) => start <= row);
  if (!(bracket || constant) || !file) return raw;
  const {source, start} = file, offset = row > start ? offsetOf(source.split('\n'), row - start - 1, +column) : 0;
  const line = source.slice(source.lastIndexOf('\n', offset - 1) + 1, offset);
  if (bracket && row > start && (TOLD_AT.test(source.slice(offset)) || TOLD_AFTER.test(line))) return raw;
  const owner = name && name[0] !== '<' ? name : rest.some(text => FRAME.exec(text)?.[3] >= files[0].start) ? '' : undefined;
  const at = constant ? written(source, offset, constant) : pattern(source, offset, bracket, owner);
  if (at < 0) return raw;
  const before = source.slice(0, at).split('\n');
  const bytes = Array.from(before.at(-1), c => sizeOf(c.codePointAt(0))).reduce((a, b) => a + b, 1);
  return [`${head}${start + before.length}:${column[0] === '0' ? '0' : ''}${bytes}${tail}`, ...rest].join('\n');
}
const WORD = /^[\w$\u0080-\uffff]+(?:\??\.[\w$\u0080-\uffff]+)*/, BEFORE = /(?:[\w$\u0080-\uffff]+\??\.)*$/, KEYWORDS = ['await', 'return', 'typeof', 'new', 'void', 'yield', 'throw', 'delete', 'super', 'import'];
function closed(text) { // what stands behind the bracket that closes the one at its start
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '(') depth++;
    else if (text[i] === ')' && --depth === 0) return text.slice(i + 1);
  }
  return '';
}
const STRINGS = /'(?:\\[^]|[^'\\\n])*'|"(?:\\[^]|[^"\\\n])*"|`(?:\\[^]|[^`\\])*`/g, CONTROL = /\b(?:if|while|for|switch|await|return|typeof|catch)\s*$/;
function isArgument(before) { // of another call, which may be the one that failed: the engine tells the place of its last word
  const text = before.replace(STRINGS, "''");
  for (let i = text.length, depth = 0; i-- > 0;) {
    if (')]}'.includes(text[i])) depth++;
    else if ('([{'.includes(text[i]) && depth-- === 0) {
      depth = 0;
      if (text[i] === '(' && /[\w$\u0080-\uffff)\]]\s*$/.test(text.slice(0, i)) && !CONTROL.test(text.slice(0, i))) return true;
    } else if (text[i] === ';' && depth === 0) return false;
  }
  return false;
}
function callee(raw) { // what is called at the innermost place, as V8 would name it; '' where that is not certain
  const [,,, row, column] = FRAME.exec(raw.split('\n')[0]) ?? [], file = files.findLast(({start}) => start < row);
  if (!file) return '';
  const {source, start} = file, offset = offsetOf(source.split('\n'), row - start - 1, +column), before = source.slice(0, offset);
  const [word] = WORD.exec(source.slice(offset)) ?? [''], rest = source.slice(offset + word.length).trimStart();
  if (!word || KEYWORDS.includes(word) || rest[0] !== '(' || isArgument(before)) return '';
  return (BEFORE.exec(before)[0] + word).replace(/\?/g, '') + (closed(rest).trimStart()[0] === '(' ? '(...)' : '');
}
return {moved, callee};
}
