// URL and URLSearchParams (WHATWG URL) with http, https, ws, wss, ftp, file and opaque schemes.
'use strict';
({shared, define}) => {
const PORTS = {'http:': '80', 'https:': '443', 'ws:': '80', 'wss:': '443', 'ftp:': '21', 'file:': ''};
const special = protocol => Object.hasOwn(PORTS, protocol);
const percent = (text, keep) => Array.from(text.toWellFormed(), c =>
  keep(c) ? c : encodeURIComponent(c).replace(/^[!'()*~]$/, one => `%${one.charCodeAt(0).toString(16).toUpperCase()}`)).join('');
const printable = c => c > ' ' && c < '\x7f';
const except = letters => c => printable(c) && !letters.includes(c);
const FRAGMENT = except('"<>`'), QUERY = except('"#<>'), SPECIAL_QUERY = except('"#<>\''), PATH = except('"#<>?`{}'); // '^' as Node 20 has it
const USER = except('"#<>?^`{}/:;=@[\\]|'), FORM = c => /[A-Za-z0-9*\-._]/.test(c);

function decoded(text) { // form decoding; invalid UTF-8 becomes U+FFFD
  const bytes = [];
  const source = new TextEncoder().encode(text.replaceAll('+', ' '));
  for (let i = 0; i < source.length; i++) {
    const pair = source[i] === 37 ? String.fromCharCode(source[i + 1] ?? 0, source[i + 2] ?? 0) : '';
    if (/^[0-9a-f]{2}$/i.test(pair)) { bytes.push(parseInt(pair, 16)); i += 2; } else bytes.push(source[i]);
  }
  return new TextDecoder('utf-8', {ignoreBOM: true}).decode(Uint8Array.from(bytes));
}
const formEncode = text => percent(text, c => FORM(c) || c === ' ').replaceAll(' ', '+');
const parseForm = text => text.split('&').filter(Boolean).map(pair => {
  const at = pair.indexOf('=');
  return at < 0 ? [decoded(pair), ''] : [decoded(pair.slice(0, at)), decoded(pair.slice(at + 1))];
});

let pairsOf, partsOf; // what a console shows of them
class URLSearchParams {
  #pairs = [];
  #changed = () => {};
  constructor(init = '') {
    if (typeof init === 'object' && init !== null) {
      const pairs = typeof init[Symbol.iterator] === 'function' ? [...init].map(pair => [...pair]) : Object.entries(init);
      if (pairs.some(pair => pair.length !== 2)) throw new TypeError('Each query pair must be an iterable [name, value] tuple');
      this.#pairs = pairs.map(([name, value]) => [`${name}`.toWellFormed(), `${value}`.toWellFormed()]);
    } else this.#pairs = parseForm(`${init}`.replace(/^\?/, ''));
  }
  static bound(text, changed) {
    const made = new URLSearchParams(text);
    made.#changed = changed;
    return made;
  }
  static reset(params, text) { params.#pairs = parseForm(text.replace(/^\?/, '')); }
  static { pairsOf = value => #pairs in value ? value.#pairs : undefined; }
  get size() { return this.#pairs.length; }
  append(name, value) { this.#pairs.push([`${name}`, `${value}`]); this.#changed(); }
  delete(name, ...value) {
    this.#pairs = this.#pairs.filter(([n, v]) => n !== `${name}` || (value.length && value[0] !== undefined && v !== `${value[0]}`));
    this.#changed();
  }
  get(name) { return this.#pairs.find(([n]) => n === `${name}`)?.[1] ?? null; }
  getAll(name) { return this.#pairs.filter(([n]) => n === `${name}`).map(([, v]) => v); }
  has(name, value) { return this.#pairs.some(([n, v]) => n === `${name}` && (value === undefined || v === `${value}`)); }
  set(name, value) {
    const at = this.#pairs.findIndex(([n]) => n === `${name}`);
    if (at < 0) this.#pairs.push([`${name}`, `${value}`]);
    else {
      this.#pairs[at] = [`${name}`, `${value}`];
      this.#pairs = this.#pairs.filter(([n], i) => i <= at || n !== `${name}`);
    }
    this.#changed();
  }
  sort() { this.#pairs.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)); this.#changed(); }
  forEach(work, self) { for (const [name, value] of this) work.call(self, value, name, this); }
  * entries() { for (const [name, value] of this.#pairs) yield [name, value]; }
  * keys() { for (const [name] of this.#pairs) yield name; }
  * values() { for (const [, value] of this.#pairs) yield value; }
  [Symbol.iterator]() { return this.entries(); }
  toString() { return this.#pairs.map(pair => pair.map(formEncode).join('=')).join('&'); }
  get [Symbol.toStringTag]() { return 'URLSearchParams'; }
}

const invalid = input => Object.assign(new TypeError('Invalid URL'), {code: 'ERR_INVALID_URL', input});
function punycode(label) { // RFC 3492
  if (/^[\x00-\x7f]*$/.test(label)) return label;
  const points = Array.from(label, c => c.codePointAt(0));
  let text = points.filter(n => n < 128).map(n => String.fromCharCode(n)).join('');
  let n = 128, delta = 0, bias = 72, handled = text.length;
  const basic = handled, digit = d => String.fromCharCode(d < 26 ? d + 97 : d + 22);
  if (basic) text += '-';
  while (handled < points.length) {
    const next = Math.min(...points.filter(point => point >= n));
    delta += (next - n) * (handled + 1);
    n = next;
    for (const point of points) {
      if (point < n) delta++;
      if (point !== n) continue;
      let q = delta;
      for (let k = 36; ; k += 36) {
        const t = k <= bias ? 1 : k >= bias + 26 ? 26 : k - bias;
        if (q < t) break;
        text += digit(t + (q - t) % (36 - t));
        q = Math.floor((q - t) / (36 - t));
      }
      text += digit(q);
      let d = handled === basic ? Math.floor(delta / 700) : delta >> 1, k = 0;
      d += Math.floor(d / (handled + 1));
      while (d > 455) { d = Math.floor(d / 35); k += 36; }
      bias = k + Math.floor(36 * d / (d + 38));
      delta = 0;
      handled++;
    }
    delta++;
    n++;
  }
  return `xn--${text}`;
}
const BAD_HOST = /[\x00-\x20#%/:<>?@[\\\]^`{|}\x7f]/;
function ipv4(host, input) {
  const parts = host.replace(/\.$/, '').split('.');
  if (!/^(?:0x[0-9a-f]*|\d+)$/i.test(parts.at(-1))) return host;
  const numbers = parts.map(part => /^0x[0-9a-f]*$/i.test(part) ? parseInt(part.slice(2) || '0', 16)
    : /^0[0-7]+$/.test(part) ? parseInt(part, 8) : /^\d+$/.test(part) ? Number(part) : NaN);
  const last = numbers.pop();
  if (numbers.length > 3 || [...numbers, last].some(Number.isNaN) || numbers.some(n => n > 255) || last >= 256 ** (4 - numbers.length)) {
    throw invalid(input);
  }
  const value = numbers.reduce((sum, n, i) => sum + n * 256 ** (3 - i), last);
  return [24, 16, 8, 0].map(shift => Math.floor(value / 2 ** shift) % 256).join('.');
}
function hostOf(host, protocol, input) {
  if (host.startsWith('[')) {
    if (!/^\[[0-9a-f:.]+\]$/i.test(host)) throw invalid(input);
    return host.toLowerCase();
  }
  if (!special(protocol)) return percent(host, printable);
  const plain = decoded(host.replaceAll('+', '%2B')).normalize('NFKC').toLowerCase().replace(/[。．｡]/g, '.');
  const ascii = plain.split('.').map(punycode).join('.');
  if (!ascii && protocol !== 'file:' || BAD_HOST.test(ascii)) throw invalid(input);
  return ipv4(ascii, input);
}
function pathOf(path, protocol, base = []) {
  const pieces = (special(protocol) ? path.replaceAll('\\', '/') : path).split('/'), kept = [...base];
  pieces.forEach((piece, i) => {
    const last = i === pieces.length - 1, plain = piece.replace(/%2e/gi, '.');
    if (plain === '..') { kept.pop(); if (last) kept.push(''); } else if (plain === '.') { if (last) kept.push(''); } else kept.push(percent(piece, PATH));
  });
  return kept;
}
const AUTHORITY = /^(?:(.*)@)?(\[[^\]]*\]|[^:]*)(?::(\d*))?$/s;
function authority(parts, text, input) {
  const [, user, host, port] = AUTHORITY.exec(text) ?? [];
  if (host === undefined) throw invalid(input);
  if (port && Number(port) > 65535) throw invalid(input);
  if (user !== undefined && (!host || parts.protocol === 'file:')) throw invalid(input);
  const [name, ...secret] = (user ?? '').split(':');
  parts.username = percent(name, USER);
  parts.password = percent(secret.join(':'), USER);
  parts.host = hostOf(host, parts.protocol, input);
  parts.port = port && `${Number(port)}` !== PORTS[parts.protocol] ? `${Number(port)}` : '';
  if (parts.protocol === 'file:' && parts.host === 'localhost') parts.host = '';
}
function parse(input, base) {
  const text = `${input}`.replace(/^[\x00-\x20]+|[\x00-\x20]+$/g, '').replace(/[\t\n\r]/g, '');
  const [, scheme] = /^([a-z][a-z0-9+.-]*):/i.exec(text) ?? [];
  const [, beforeHash, hash] = /^([^#]*)(#.*)?$/s.exec(text), [, main, query] = /^([^?]*)(\?.*)?$/s.exec(beforeHash);
  const parts = {protocol: '', username: '', password: '', host: null, port: '', path: [], opaque: null, query: null, hash: null};
  parts.hash = hash === undefined ? null : percent(hash.slice(1), FRAGMENT);
  parts.protocol = scheme ? `${scheme.toLowerCase()}:` : base?.protocol ?? '';
  if (!parts.protocol || (!scheme && base.opaque !== null && (text[0] !== '#'))) throw invalid(input);
  parts.query = query === undefined ? null : percent(query.slice(1), special(parts.protocol) ? SPECIAL_QUERY : QUERY);
  let rest = scheme ? main.slice(scheme.length + 1) : main;
  const isSpecial = special(parts.protocol);
  if (isSpecial) rest = rest.replaceAll('\\', '/');
  const relative = !scheme || (isSpecial && base?.protocol === parts.protocol && !rest.startsWith('/'));
  if (rest.startsWith('//') || (isSpecial && !relative && parts.protocol !== 'file:')) {
    const [, slashes, host, path] = /^(\/*)([^/]*)(.*)$/s.exec(isSpecial && parts.protocol !== 'file:' ? rest : `//${rest.slice(2)}`.replace(/^\/\/\/+/, m => m));
    if (parts.protocol === 'file:' || !isSpecial) {
      const [, near, far] = /^([^/]*)(.*)$/s.exec(rest.slice(2));
      authority(parts, near, input);
      parts.path = far ? pathOf(far.slice(1), parts.protocol) : isSpecial ? [''] : [];
    } else {
      authority(parts, host, input);
      parts.path = pathOf(path.slice(1), parts.protocol);
    }
    return parts;
  }
  if (relative && base) return resolved(parts, rest, base);
  if (parts.protocol === 'file:') return {...parts, host: '', path: pathOf(rest.replace(/^\//, ''), 'file:')};
  if (rest.startsWith('/')) return {...parts, path: pathOf(rest.slice(1), parts.protocol)};
  return {...parts, opaque: percent(rest, c => c >= ' ' && c < '\x7f')};
}
function resolved(parts, rest, base) {
  for (const name of ['username', 'password', 'host', 'port', 'opaque']) parts[name] = base[name];
  if (rest.startsWith('/')) parts.path = pathOf(rest.slice(1), parts.protocol);
  else if (rest) parts.path = pathOf(rest, parts.protocol, base.path.slice(0, -1));
  else {
    parts.path = [...base.path];
    parts.query ??= base.query;
  }
  return parts;
}

class URL {
  #parts;
  #params;
  constructor(input, base) {
    this.#parts = parse(input, base === undefined ? undefined : parse(base));
    this.#params = URLSearchParams.bound(this.#parts.query ?? '', () => { this.#parts.query = this.#params.toString() || null; });
  }
  static {
    const shown = ['href', 'origin', 'protocol', 'username', 'password', 'host', 'hostname', 'port', 'pathname', 'search', 'searchParams', 'hash'];
    const read = shown.map(name => [name, Object.getOwnPropertyDescriptor(URL.prototype, name).get]);
    partsOf = value => #parts in value ? Object.fromEntries(read.map(([name, get]) => [name, Reflect.apply(get, value, [])])) : undefined;
  }
  static canParse(input, base) { try { return Boolean(new URL(input, base)); } catch { return false; } }
  static parse(input, base) { try { return new URL(input, base); } catch { return null; } }
  #set(change) { // a setter with a value that is not valid changes nothing
    const copy = {...this.#parts};
    try { change(copy); this.#parts = copy; } catch { /* as the standard has it */ }
  }
  get protocol() { return this.#parts.protocol; }
  set protocol(value) {
    const wanted = `${value}`.replace(/:.*/s, '').toLowerCase() + ':';
    if (/^[a-z][a-z0-9+.-]*:$/.test(wanted) && special(wanted) === special(this.protocol)) {
      this.#set(p => { p.protocol = wanted; if (p.port === PORTS[wanted]) p.port = ''; });
    }
  }
  get username() { return this.#parts.username; }
  set username(value) { if (this.#parts.host) this.#set(p => { p.username = percent(`${value}`, USER); }); }
  get password() { return this.#parts.password; }
  set password(value) { if (this.#parts.host) this.#set(p => { p.password = percent(`${value}`, USER); }); }
  get hostname() { return this.#parts.host ?? ''; }
  set hostname(value) {
    if (this.#parts.opaque === null && !/[:/?#@]/.test(value)) this.#set(p => { p.host = hostOf(`${value}`, p.protocol, value); });
  }
  get port() { return this.#parts.port; }
  set port(value) {
    const [digits] = /^\d*/.exec(`${value}`);
    if (this.#parts.host && (digits || value === '') && Number(digits) < 65536) {
      this.#set(p => { p.port = digits && `${Number(digits)}` !== PORTS[p.protocol] ? `${Number(digits)}` : ''; });
    }
  }
  get host() { return this.hostname + (this.port && `:${this.port}`); }
  set host(value) {
    const [, host, port] = /^([^:/?#]*)(?::(\d+))?/.exec(`${value}`);
    this.hostname = host;
    if (port) this.port = port;
  }
  get origin() {
    if (this.protocol === 'blob:') return /^https?:/.test(this.pathname) && URL.canParse(this.pathname) ? new URL(this.pathname).origin : 'null';
    return special(this.protocol) && this.protocol !== 'file:' ? `${this.protocol}//${this.host}` : 'null';
  }
  get pathname() { return this.#parts.opaque ?? this.#parts.path.map(piece => `/${piece}`).join(''); }
  set pathname(value) {
    if (this.#parts.opaque === null) this.#set(p => { p.path = pathOf(`${value}`.replace(/^[/\\]/, '').replace(/[?#]/g, encodeURIComponent), p.protocol); });
  }
  get search() { return this.#parts.query ? `?${this.#parts.query}` : ''; }
  set search(value) {
    const text = `${value}`.replace(/^\?/, '');
    this.#set(p => { p.query = text ? percent(text, special(p.protocol) ? SPECIAL_QUERY : QUERY) : null; });
    URLSearchParams.reset(this.#params, text);
  }
  get searchParams() { return this.#params; }
  get hash() { return this.#parts.hash ? `#${this.#parts.hash}` : ''; }
  set hash(value) {
    const text = `${value}`.replace(/^#/, '');
    this.#set(p => { p.hash = text ? percent(text, FRAGMENT) : null; });
  }
  get href() {
    const {protocol, username, password, host, query, hash} = this.#parts;
    const user = username || password ? `${username}${password && `:${password}`}@` : '';
    const start = host === null ? '' : `//${user}${this.host}`;
    return `${protocol}${start}${this.pathname}${query === null ? '' : `?${query}`}${hash === null ? '' : `#${hash}`}`;
  }
  set href(value) {
    this.#parts = parse(value);
    URLSearchParams.reset(this.#params, this.#parts.query ?? '');
  }
  toString() { return this.href; }
  toJSON() { return this.href; }
  get [Symbol.toStringTag]() { return 'URL'; }
}
for (const name of ['bound', 'reset']) Object.defineProperty(URLSearchParams, name, {enumerable: false, writable: false});
shared.pairsOf = value => typeof value === 'object' && value !== null ? pairsOf(value) : undefined;
shared.shownAs = value => pairsOf(value) ?? partsOf(value);
return {URL, URLSearchParams};
}
