// TextEncoder and TextDecoder (WHATWG Encoding) for UTF-8 and UTF-16LE, and of GBK as Node reads it; other labels are refused.
'use strict';
({brief, define, gbk}) => {
const bytesOf = input => input === undefined ? new Uint8Array()
  : ArrayBuffer.isView(input) ? new Uint8Array(input.buffer, input.byteOffset, input.byteLength) : new Uint8Array(input);
function encode(text) {
  const bytes = [];
  for (const c of text.toWellFormed()) {
    const code = c.codePointAt(0);
    if (code < 0x80) bytes.push(code);
    else if (code < 0x800) bytes.push(0xc0 | code >> 6, 0x80 | code & 63);
    else if (code < 0x10000) bytes.push(0xe0 | code >> 12, 0x80 | code >> 6 & 63, 0x80 | code & 63);
    else bytes.push(0xf0 | code >> 18, 0x80 | code >> 12 & 63, 0x80 | code >> 6 & 63, 0x80 | code & 63);
  }
  return Uint8Array.from(bytes);
}
class TextEncoder {
  get encoding() { return 'utf-8'; }
  encode(text = '') { return encode(`${text}`); }
  encodeInto(text, target) {
    let read = 0, written = 0;
    for (const c of `${text}`) {
      const bytes = encode(c);
      if (written + bytes.length > target.length) break;
      target.set(bytes, written);
      written += bytes.length;
      read += c.length;
    }
    return {read, written};
  }
}
const SEQUENCES = [[0xc2, 0xdf, 1, 0x1f], [0xe0, 0xef, 2, 0x0f], [0xf0, 0xf4, 3, 0x07]];
const FIRST = {0xe0: [0xa0, 0xbf], 0xed: [0x80, 0x9f], 0xf0: [0x90, 0xbf], 0xf4: [0x80, 0x8f]}; // bounds of the second byte
function utf8(bytes, bad) {
  let text = '';
  for (let i = 0; i < bytes.length;) {
    const lead = bytes[i++];
    if (lead < 0x80) { text += String.fromCharCode(lead); continue; }
    const [, , more = 0, mask = 0] = SEQUENCES.find(([low, high]) => lead >= low && lead <= high) ?? [];
    let code = lead & mask, taken = 0, [low, high] = FIRST[lead] ?? [0x80, 0xbf];
    while (taken < more && bytes[i] >= low && bytes[i] <= high) {
      code = code << 6 | bytes[i++] & 63;
      taken++;
      [low, high] = [0x80, 0xbf];
    }
    text += more && taken === more ? String.fromCodePoint(code) : bad();
  }
  return text;
}
function utf16(bytes, bad) {
  let text = '';
  for (let i = 0; i + 1 < bytes.length; i += 2) text += String.fromCharCode(bytes[i] | bytes[i + 1] << 8);
  if (bytes.length % 2) text += bad();
  return text.isWellFormed() ? text : (bad(), text.toWellFormed());
}
const isTrail = byte => byte >= 0x40 && byte <= 0xfe && byte !== 0x7f;
function decodeGbk(bytes, bad) {
  const {table} = gbk();
  let text = '';
  for (let i = 0; i < bytes.length;) {
    const lead = bytes[i++];
    if (lead <= 0x80 || lead === 0xff) { text += lead < 0x80 ? String.fromCharCode(lead) : lead === 0x80 ? '€' : '\uf8f5'; continue; }
    if (!isTrail(bytes[i])) { text += bad(); continue; }
    const trail = bytes[i++], found = table[(lead - 0x81) * 190 + trail - (trail > 0x7f ? 0x41 : 0x40)];
    text += found === '\ufffd' ? bad() : found;
  }
  return text;
}
const LABELS = {gbk: 'gbk', gb2312: 'gbk', gb_2312: 'gbk', 'gb_2312-80': 'gbk', 'x-gbk': 'gbk', chinese: 'gbk', 'utf-8': 'utf-8', utf8: 'utf-8', 'utf-16': 'utf-16le', 'utf-16le': 'utf-16le'};
const DECODERS = {gbk: decodeGbk, 'utf-8': utf8, 'utf-16le': utf16};
class TextDecoder {
  constructor(label = 'utf-8', {fatal = false, ignoreBOM = false} = {}) {
    const encoding = LABELS[`${label}`.trim().toLowerCase()];
    if (!encoding) throw new RangeError(`the encoding ${brief(`${label}`)} is not simulated: use utf-8, utf-16le or gbk`);
    for (const [name, value] of Object.entries({encoding, fatal: !!fatal, ignoreBOM: !!ignoreBOM})) {
      Object.defineProperty(this, name, {value, enumerable: true});
    }
  }
  decode(input, {stream = false} = {}) {
    if (stream) throw new RangeError('TextDecoder: the option stream is not simulated: decode the whole input at once');
    const bad = () => { if (this.fatal) throw new TypeError('The encoded data was not valid.'); return '\ufffd'; };
    const text = DECODERS[this.encoding](bytesOf(input), bad);
    return !this.ignoreBOM && text[0] === '\ufeff' ? text.slice(1) : text;
  }
}
return {TextEncoder, TextDecoder};
}
