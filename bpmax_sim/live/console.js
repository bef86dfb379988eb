// What capture.js and calibrate.js share: what a value is as plain data, without its secrets, and how a record
// becomes lines. It stands inside their block, after `write`, `stringify`, `state` and `secrets`.
const @names@;
const isObject = value => (typeof value === 'object' && value !== null) || typeof value === 'function';
const isLetter = c => (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'), isUpper = c => c >= 'A' && c <= 'Z', isDigit = c => c >= '0' && c <= '9';

/* Names that hold a secret, by the words that they end in. */
const wordsOf = name => {
  const words = [''];
  for (let i = 0; i < name.length; i++) {
    const c = name[i], before = name[i - 1] ?? '', after = name[i + 1] ?? '';
    const isWord = isLetter(c) || isDigit(c) || (c >= '\u4e00' && c <= '\u9fff');
    const isHump = isUpper(c) && ((before && !isUpper(before) && (isLetter(before) || isDigit(before))) || (isUpper(before) && isLetter(after) && !isUpper(after)));
    if (!isWord || isHump) words.push('');
    if (isWord) words[words.length - 1] += c.toLowerCase();
  }
  return words.filter(word => word);
};
const trimDigits = word => { let end = word.length; while (end > 1 && isDigit(word[end - 1])) end--; return isDigit(word[0]) ? word : word.slice(0, end); };
const isSecretName = name => {
  if (name.length > 80) return false;
  if (chinese.some(end => name.endsWith(end))) return true;
  const words = wordsOf(name);
  while (words.length > 1 && (again.includes(words.at(-1)) || isDigit(words.at(-1)[0]))) words.pop();
  if (!words.length) return false;
  words.push(trimDigits(words.pop()));
  if (words.at(-1) === 'token' && pages.includes(words.at(-2))) return false;
  if (joined.some(end => words.at(-1).endsWith(end))) return true;
  return whole.includes(words.join('')) || [1, 2, 3].some(count => ends.includes(words.slice(-count).join('')));
};
/* The longest first, as `hide` replaces them in this order: one may begin like another. */
const keepSecret = (value, place) => {
  if (value.length >= 6 && !secrets.some(one => one.value === value)) {
    const at = secrets.findIndex(one => one.value.length < value.length);
    secrets.splice(at < 0 ? secrets.length : at, 0, {value, place});
  }
  return {$secret: place};
};
const schemes = ['Bearer ', 'Basic ', 'bearer ', 'basic '], separators = '&;# \n"\'';
/* A text without the secrets that were seen, and without those of a query: `?token=…`. */
const hide = (text, place) => {
  for (const scheme of schemes) {
    if (text.startsWith(scheme) && text.length > scheme.length + 5) { keepSecret(text.slice(scheme.length), place); }
  }
  for (let at = text.indexOf('='); at >= 0; at = text.indexOf('=', at + 1)) {
    let from = at, to = at + 1;
    while (from > 0 && text[from - 1] !== '?' && !separators.includes(text[from - 1])) from--;
    while (to < text.length && !separators.includes(text[to])) to++;
    if (to - at > 6 && isSecretName(text.slice(from, at))) keepSecret(text.slice(at + 1, to), place + '.' + text.slice(from, at));
  }
  for (const one of secrets) text = text.split(one.value).join('<secret ' + one.place + '>');
  return text;
};
/* The beginning of a long text; without what may be half a secret, by which the whole one would not be hidden later. */
const beginningOf = text => {
  const start = text.slice(0, @longest@), scheme = schemes.find(one => start.startsWith(one));
  const end = 1 + Math.max(...[...separators].map(one => start.lastIndexOf(one)));
  return scheme ?? (start.includes('=', end) ? start.slice(0, end) : start);
};
const tagged = (name, value) => ({$: name, value});
const plain = (value, place, above = []) => {
  if (typeof value === 'string') return value.length > @longest@ ? tagged('cut', hide(beginningOf(value), place).slice(0, 1000)) : hide(value, place);
  if (value === undefined) return tagged('undefined');
  if (typeof value === 'bigint') return tagged('bigint', '' + value);
  if (typeof value === 'number' && (value !== value || value - value !== 0)) return tagged('number', '' + value);
  if (typeof value === 'function' || typeof value === 'symbol') return tagged(typeof value);
  if (!isObject(value)) return value;
  if (above.includes(value) || above.length > 30) return tagged('cycle');
  if (value instanceof Date) return tagged('date', value.getTime() === value.getTime() ? value.toISOString() : 'Invalid Date');
  if (Array.isArray(value)) return value.map((one, index) => plain(one, place + '[' + index + ']', [...above, value]));
  if (value instanceof Map || value instanceof Set) return tagged(value instanceof Map ? 'map' : 'set', plain([...value], place, [...above, value]));
  if (ArrayBuffer.isView(value)) return tagged('bytes', Array.from(new Uint8Array(value.buffer, value.byteOffset, Math.min(value.byteLength, 4096))));
  const copy = {};
  for (const name of Object.keys(value)) {
    let one; const inner = place + '.' + name;
    try { one = value[name]; } catch { one = undefined; }
    const isHidden = isSecretName(name) && (typeof one === 'string' || typeof one === 'number') && ('' + one).length >= 6;
    Object.defineProperty(copy, name === '$' ? '$$' : name, {value: isHidden ? keepSecret('' + one, inner) : plain(one, inner, [...above, value]), enumerable: true});
  }
  return copy;
};
const quietly = work => { try { return work(); } catch { return undefined; } };

/* One record as numbered pieces; no blank and no mark is inside one, and a sum tells damage. */
const send = record => quietly(() => {
  if (state.isBusy) return;
  const json = stringify(record), count = ++state.run.records;
  let text = '', sum = 0;
  for (let i = 0; i < json.length; i++) {
    const code = json.charCodeAt(i);
    text += code <= 32 || code === 126 || code === 127 || (code >= 0xd800 && code <= 0xdfff) || code === 0xfeff ? '\\u' + code.toString(16).padStart(4, '0') : json[i];
  }
  for (let i = 0; i < text.length; i++) sum = (sum * 31 + text.charCodeAt(i)) >>> 0;
  const pieces = Math.ceil(text.length / @piece@);
  for (let i = 0; i < pieces; i++) write('~bpmax:' + [state.run.name, count, i + 1, pieces, sum.toString(36)].join('.') + ':' + text.slice(i * @piece@, (i + 1) * @piece@) + '~');
});
