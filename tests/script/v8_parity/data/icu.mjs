// Writes v8_parity/icu.js: time zones, units and names as the pinned Node has them. `node tests/script/v8_parity/data/icu.mjs`
import {writeFileSync} from 'node:fs';

const YEARS = [1990, 2038], HOUR = 3600000, first = Date.UTC(YEARS[0], 0) / HOUR, last = Date.UTC(YEARS[1], 0) / HOUR;
const ZONES = `America/New_York America/Toronto America/Detroit America/Chicago America/Denver America/Phoenix America/Los_Angeles America/Vancouver
America/Anchorage Pacific/Honolulu America/Halifax America/Mexico_City America/Sao_Paulo America/Bogota America/Lima America/Argentina/Buenos_Aires America/Santiago
Europe/London Europe/Dublin Europe/Lisbon Europe/Paris Europe/Berlin Europe/Madrid Europe/Rome Europe/Amsterdam Europe/Brussels Europe/Zurich Europe/Vienna
Europe/Stockholm Europe/Oslo Europe/Copenhagen Europe/Helsinki Europe/Warsaw Europe/Prague Europe/Budapest Europe/Athens Europe/Kiev Europe/Moscow Europe/Istanbul
Asia/Dubai Asia/Riyadh Asia/Kolkata Asia/Calcutta Asia/Karachi Asia/Dhaka Asia/Bangkok Asia/Jakarta Asia/Ho_Chi_Minh Asia/Manila Asia/Kuala_Lumpur Asia/Macau
Asia/Urumqi Asia/Chongqing Asia/Harbin Asia/Jerusalem Africa/Johannesburg Africa/Cairo Africa/Lagos Africa/Nairobi
Australia/Sydney Australia/Melbourne Australia/Brisbane Australia/Perth Pacific/Auckland`.split(/\s+/);
function clock(zone) {
  const format = new Intl.DateTimeFormat('en-US', {timeZone: zone, hourCycle: 'h23', year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric'});
  return hour => { // minutes east of Greenwich
    const at = Object.fromEntries(format.formatToParts(hour * HOUR).map(({type, value}) => [type, +value]));
    return (Date.UTC(at.year, at.month - 1, at.day, at.hour, at.minute) - hour * HOUR) / 60000;
  };
}
const lists = [];
function zoneData(zone) { // [offset at first, number of its list of changes, offset after each change …], the latter two in turn where they repeat
  const offset = clock(zone), changes = [];
  for (let hour = first, now = offset(first); hour < last; hour += 24) {
    if (offset(hour + 24) === now) continue;
    let low = hour, high = hour + 24;
    while (high - low > 1) { const middle = low + high >> 1; if (offset(middle) === now) low = middle; else high = middle; }
    changes.push([high, now = offset(high)]);
    hour = high - 24;
  }
  const instants = changes.map(([hour], i) => (hour - (changes[i - 1]?.[0] ?? first)).toString(36)).join(' '), offsets = changes.map(([, minutes]) => minutes);
  if (!offsets.length) return [offset(first)];
  if (!lists.includes(instants)) lists.push(instants);
  const period = offsets.every((minutes, i) => minutes === offsets[i % 2]) ? offsets.slice(0, 2) : offsets;
  return [offset(first), lists.indexOf(instants), ...period];
}
const zones = Object.fromEntries(ZONES.map(zone => [zone, zoneData(zone)]));

const UNITS = `acre bit byte celsius centimeter day degree fahrenheit fluid-ounce foot gallon gigabit gigabyte gram hectare hour inch kilobit kilobyte kilogram
kilometer liter megabit megabyte meter mile milliliter millimeter millisecond minute month ounce percent petabyte pound second stone terabit terabyte week yard
year kilometer-per-hour meter-per-second mile-per-hour liter-per-kilometer`.split(/\s+/);
const LOCALES = ['zh-CN', 'en-US', 'zh-TW', 'zh-HK'];
const pattern = (locale, unit, unitDisplay, n) => new Intl.NumberFormat(locale, {style: 'unit', unit, unitDisplay}).format(n).replace(`${n}`, '#');
const units = Object.fromEntries(UNITS.map(unit => [unit, LOCALES.map(locale => ['short', 'long', 'narrow'].map(display =>
  [...new Set([pattern(locale, unit, display, 2), pattern(locale, unit, display, 1)])].join('|')))]));

const letters = [...'abcdefghijklmnopqrstuvwxyz'], pairs = letters.flatMap(a => letters.map(b => a + b));
const CODES = {
  region: [...pairs.map(pair => pair.toUpperCase()), '001', '419', '150'],
  language: [...pairs, 'zh-Hans', 'zh-Hant', 'zh-CN', 'zh-TW', 'zh-HK', 'en-US', 'en-GB', 'yue', 'fil'],
  currency: pairs.flatMap(pair => letters.map(c => (pair + c).toUpperCase())),
  script: ['Hans', 'Hant', 'Hani', 'Latn', 'Cyrl', 'Arab', 'Jpan', 'Kore', 'Hira', 'Kana', 'Hang', 'Grek', 'Hebr', 'Thai', 'Deva', 'Tibt', 'Mong'],
};
const names = Object.fromEntries(Object.entries(CODES).map(([type, codes]) => [type, LOCALES.map(locale => {
  const of = new Intl.DisplayNames(locale, {type, fallback: 'none'});
  return codes.map(code => { try { return [code, of.of(code)]; } catch { return [code]; } }).filter(([code, name]) => name !== undefined && name !== code)
    .map(([code, name]) => `${code}:${name}`).join('|');
})]));
const text = value => JSON.stringify(value);
writeFileSync(new URL('../../../../bpmax_sim/script/v8_parity/icu.js', import.meta.url), `// Time zones from ${YEARS[0]} to ${YEARS[1] - 1}, units and names in ${LOCALES.join(', ')}, as ICU ${process.versions.icu} of Node has them, by tests/script/v8_parity/data/icu.mjs.
// Data of CLDR ${process.versions.cldr}, © Unicode, Inc., LICENSE.unicode; of tz ${process.versions.tz}, in the public domain.
'use strict';
() => ({
first: ${first}, last: ${last}, locales: ${text(LOCALES)},
changes: ${text(lists)},
zones: ${text(zones)},
units: ${text(units)},
names: ${text(names)},
})
`);
