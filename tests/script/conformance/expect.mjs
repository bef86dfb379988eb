// Writes expected.json: what Node makes of every script beside this file.
// Usage: LANG=zh_CN.UTF-8 node tests/script/conformance/expect.mjs
// A script is the body of an async function; what counts is what it returns and what it logs.
import {readdirSync, readFileSync, writeFileSync} from 'node:fs';
import {format} from 'node:util';

process.env.TZ = 'Asia/Shanghai';
const folder = new URL('.', import.meta.url);
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

async function run(source) {
  const lines = [];
  const log = (...values) => { lines.push(format(...values)); };
  const console = {log, info: log, warn: log, error: log, debug: log};
  try {
    return {value: told(await new AsyncFunction('console', source)(console)), lines};
  } catch (error) {
    return {error: `${error?.name}: ${error?.message}`, lines};
  }
}

const expected = {};
for (const file of readdirSync(folder).filter(name => name.endsWith('.js')).sort()) {
  const source = readFileSync(new URL(file, folder), 'utf-8');
  const found = await run(source);
  if (JSON.stringify(await run(source)) !== JSON.stringify(found)) throw new Error(`${file}: timers fired in another order the second time: run this again`);
  expected[file] = found;
}
const text = JSON.stringify({node: process.version, scripts: expected}, null, 1);
writeFileSync(new URL('expected.json', folder), `${text}\n`);
