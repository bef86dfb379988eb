// Writes bindings/formatjs.js: Intl.PluralRules, RelativeTimeFormat and ListFormat of FormatJS with the data of zh and en.
// In a folder of its own: npm install esbuild@0.28.2 @formatjs/intl-pluralrules@6.3.16 @formatjs/intl-relativetimeformat@13.0.1
// @formatjs/intl-listformat@8.3.15; then there: node PATH/TO/tests/script/v8_parity/data/formatjs.mjs
import {createRequire} from 'node:module';
import {readFileSync, writeFileSync} from 'node:fs';

const require = createRequire(`${process.cwd()}/`);
const names = {PluralRules: 'pluralrules', RelativeTimeFormat: 'relativetimeformat', ListFormat: 'listformat'};
const data = Object.values(names).flatMap(name => ['zh', 'en'].map(locale => `require('@formatjs/intl-${name}/locale-data/${locale}.js');`));
const exposed = Object.entries(names).map(([name, file]) => `{ const made = require('@formatjs/intl-${file}'); Intl.${name} = made.default ?? made.${name}; }`);
const {outputFiles: [{text}]} = require('esbuild').buildSync({
  stdin: {contents: [...exposed, ...data].join('\n'), resolveDir: process.cwd()}, bundle: true, minify: true, format: 'iife', charset: 'utf8',
  define: {Intl: 'OwnIntl'}, legalComments: 'none', write: false,
});
const licence = readFileSync('node_modules/@formatjs/intl-listformat/LICENSE.md', 'utf-8').trim().replace(/^/gm, '// ').replace(/ +$/gm, '');
writeFileSync(new URL('../../../../bpmax_sim/script/v8_parity/formatjs.js', import.meta.url), `// Intl.PluralRules, RelativeTimeFormat and ListFormat of FormatJS, by tests/script/v8_parity/data/formatjs.mjs.
${licence}
'use strict';
({intl}) => {
const {Intl, localeOf, adopt} = intl();
const FULL = {zh: ['zh', 'Hans', 'CN'], en: ['en', 'Latn', 'US']};
class Locale { // of the two languages whose data is here
  constructor(tag) { [this.language, this.script, this.region] = FULL[\`\${tag}\`.slice(0, 2)]; }
  maximize() { return this; }
  minimize() { return this; }
  toString() { return this.language; }
}
const KIND = {',': 'group', '.': 'decimal', '-': 'minusSign', '+': 'plusSign', '∞': 'infinity', NaN: 'nan'};
class NumberFormat { // what the polyfills use of it: decimals
  constructor(locale, {numberingSystem, ...options} = {}) { this.plain = new Intl.NumberFormat(locale, options); }
  format(value) { return this.plain.format(value); }
  resolvedOptions() { return {numberingSystem: 'latn', ...this.plain.resolvedOptions()}; }
  formatToParts(value) {
    let isFraction = false;
    return (this.format(value).match(/\\d+|NaN|./g) ?? []).map(text => {
      const type = KIND[text] ?? (isFraction ? 'fraction' : 'integer');
      isFraction ||= text === '.';
      return {type, value: text};
    });
  }
}
const OwnIntl = {NumberFormat, getCanonicalLocales: tags => (tags === undefined ? [] : [tags].flat().map(tag => \`\${tag}\`)), Locale};
${text}
for (const name of ['PluralRules', 'RelativeTimeFormat', 'ListFormat']) adopt(name, OwnIntl[name]);
}
`);
