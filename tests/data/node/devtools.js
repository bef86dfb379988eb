// The HAR that a browser's DevTools save: events of the Chrome DevTools Protocol -> chrome-har.
'use strict';
const {readFileSync, writeFileSync} = require('node:fs');
const {harFromMessages} = require('chrome-har');
const [source, target] = process.argv.slice(2);
const har = harFromMessages(JSON.parse(readFileSync(source, 'utf8')), {includeTextFromResponseBody: true});
writeFileSync(target, JSON.stringify(har));
