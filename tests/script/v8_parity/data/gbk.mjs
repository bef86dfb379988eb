// Writes v8_parity/gbk.js, the characters of GBK's two-byte codes in order: `node tests/script/v8_parity/data/gbk.mjs`.
import {writeFileSync} from 'node:fs';

const decoder = new TextDecoder('gbk');
let table = '';
for (let lead = 0x81; lead <= 0xfe; lead++) {
  for (let trail = 0x40; trail <= 0xfe; trail++) {
    if (trail === 0x7f) continue;
    const text = decoder.decode(Uint8Array.of(lead, trail));
    table += [...text].length === 1 && text !== '\ufffd' ? text : '\u0000';
  }
}
const runs = table.replace(/\u0000+/g, run => `\u0001${String.fromCharCode(0x4e00 + run.length)}`);
const source = `// The characters of GBK's two-byte codes from 8140 on; \\u0001 stands before so many codes of none. Printed by tests/script/v8_parity/data/gbk.mjs.
'use strict';
() => ({table: ${JSON.stringify(runs)}.replace(/\\u0001(.)/g, (_, n) => '\\ufffd'.repeat(n.charCodeAt(0) - 0x4e00))});
`;
writeFileSync(new URL('../../../../bpmax_sim/script/v8_parity/gbk.js', import.meta.url), source);
