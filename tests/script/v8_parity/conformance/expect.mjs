// Writes expected.json: what Node makes of every script beside this file, or in the folder named.
// Usage: LANG=zh_CN.UTF-8 node tests/script/v8_parity/conformance/expect.mjs [tests/script/v8_parity/corpus]
// A script is the body of an async function; what counts is what it returns and what it logs.
import {Console} from 'node:console';
import {readdirSync, readFileSync, writeFileSync} from 'node:fs';
import {resolve} from 'node:path';
import {Writable} from 'node:stream';
import {pathToFileURL} from 'node:url';

process.env.TZ = 'Asia/Shanghai';
const folder = process.argv[2] ? pathToFileURL(`${resolve(process.argv[2])}/`) : new URL('.', import.meta.url);
const AsyncFunction = (async () => {}).constructor;

// Values that JSON lacks are told as the simulator tells them.
function told(value) {
  if (value === undefined) return {$: 'undefined'};
  if (typeof value === 'bigint') return {$: 'bigint', v: String(value)};
  if (typeof value === 'number' && !Number.isFinite(value)) return {$: 'number', v: String(value)};
  if (Object.is(value, -0)) return {$: 'number', v: '-0'};
  if (value instanceof Date) return {$: 'date', v: value.toISOString()};
  if (Array.isArray(value)) return Array.from(value, told);
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, told(item)]));
  }
  return value;
}

// Scripts add to the prototypes that all of them share here.
const prototypes = [Object, Function, Array, String, Number, Date, RegExp, Promise].map(kind => kind.prototype);
const usual = prototypes.map(proto => new Set(Reflect.ownKeys(proto)));
function restore() {
  prototypes.forEach((proto, n) => Reflect.ownKeys(proto).forEach(key => { if (!usual[n].has(key)) delete proto[key]; }));
}

async function run(source) {
  const lines = [];
  const stream = new Writable({write(chunk, _, done) { lines.push(`${chunk}`.slice(0, -1)); done(); }});
  const console = new Console({stdout: stream, stderr: stream});
  try {
    return {value: told(await new AsyncFunction('console', source)(console)), lines};
  } catch (error) {
    return {error: `${error?.name}: ${error?.message}`, lines};
  } finally { restore(); }
}

const expected = {};
for (const file of readdirSync(folder).filter(name => name.endsWith('.js')).sort()) {
  const source = readFileSync(new URL(file, folder), 'utf-8');
  const found = await run(source);
  if (JSON.stringify(await run(source)) !== JSON.stringify(found)) throw new Error(`${file}: timers fired in another order the second time: run this again`);
  expected[file] = found;
}
const text = JSON.stringify({node: process.version, icu: process.versions.icu, scripts: expected}, null, 1);
writeFileSync(new URL('expected.json', folder), `${text}\n`);
