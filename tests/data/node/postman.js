// What "save response" of Postman keeps: newman runs a collection, and each item gets its response.
'use strict';
const {readFileSync, writeFileSync} = require('node:fs');
const newman = require('newman');
const {Collection, Response} = require('postman-collection');
const [source, target] = process.argv.slice(2);
const {url, requests} = JSON.parse(readFileSync(source, 'utf8'));

function item([name, kind, body]) {
  const [method, path] = name.split(' ');
  const header = kind ? [{key: 'Content-Type', value: kind}] : [];
  const form = kind.includes('form') && {mode: 'urlencoded', urlencoded: [...new URLSearchParams(body)].map(([key, value]) => ({key, value}))};
  const raw = body && {mode: 'raw', raw: body, options: {raw: {language: 'json'}}};
  return {name, request: {method, header, url: `{{base}}${path}`, ...(body ? {body: form || raw} : {})}};
}
const collection = new Collection({
  info: {name: '客户', schema: 'https://schema.getpostman.com/json/collection/v2.1.0/collection.json'},
  variable: [{key: 'base', value: url}],
  item: [{name: '全部', item: requests.map(item)}],
});
newman.run({collection: collection.toJSON(), reporters: []}, (error, summary) => {
  if (error) throw error;
  const byName = new Map();
  collection.forEachItem(one => byName.set(one.name, one));
  for (const {item: {name}, response} of summary.run.executions) {
    const {code, status, header, stream} = response.toJSON();
    byName.get(name).responses.add(new Response({name: '示例', originalRequest: byName.get(name).request.toJSON(), code, status, header, body: Buffer.from(stream.data ?? stream).toString('utf8')}));
  }
  writeFileSync(target, JSON.stringify(collection.toJSON(), null, '\t'));
});
