# ruff: noqa: E501 - JavaScript
"""Scripts that use ``$proxy``, ``form`` and ``ctx`` in each way that capturing could disturb.

Each returns what it saw. ``$proxy`` of `FAKE` answers in each way that an interface proxy could be
built, for a browser, where nobody's engine stands between; its ``sent`` says what reached it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

STYLES: Final[Mapping[str, str]] = {
    "direct": "return [await $proxy('crm').getCustomer('1', {a: [1, undefined]}), await $proxy('crm', {instance_key: 'b'}).getCustomer('2')];",
    "chained": "return await $proxy('crm').$api('get').$path({id: 1}).$query({a: 1}).$header({'X-A': 'b'}).$body({n: {m: null}}).$call();",
    "stored": "const p = $proxy('crm'); const q = p.$api('get').$query({a: 1}); return [await q.$query({b: 2}).$call(), await q.$call(), await p.getCustomer()];",
    "together": "const seen = []; await Promise.all([1, 2, 3].map(async n => { seen.push((await $proxy('crm').getCustomer(n), n)); })); return seen;",
    "then": "return await $proxy('crm').getCustomer(1).then(() => 'then').finally(() => {});",
    "caught": "try { await $proxy('crm').fail(); } catch (error) { return [error.name, error.message, error.code, error instanceof Error]; }",
    "race": "return await Promise.race([$proxy('crm').getCustomer(1).then(() => 'call'), new Promise(done => setTimeout(() => done('timer'), 1))].map(one => one.catch(() => 'failed')));",
    "changed": "const body = {a: 1}; const call = $proxy('crm').$api('get').$body(body); body.a = 2; return await call.$call();",
    "misused": "const said = []; for (const work of [() => $proxy(), () => $proxy('crm', 'x'), () => $proxy('crm').$api('get').$query('x'), () => $proxy('crm').$path({})]) { try { work(); said.push('fine'); } catch (error) { said.push(error.name); } } return said;",
    "awaited": "const p = await $proxy('crm'); return [typeof p, typeof p.getCustomer, 'then' in Object(p), typeof p.then];",
    "printed": "console.log('' + typeof String($proxy('crm'))); return JSON.stringify([typeof $proxy('crm').$api]);",
    "form": "form.a = 1; form.b = {c: [1]}; form.b.c.push(2); return [form.a, form.b, Object.keys(form).sort(), 'a' in form, form.b === form.b, JSON.stringify(form), {...form}, form.none];",
    "table": "const rows = form.rows; rows[0].n = 5; form.rows = rows.map(row => ({...row, m: row.n * 2})); return [Array.isArray(form.rows), form.rows.length, form.rows];",
    "regexp": "/(y+)-(m+)/.test('yyyy-mm'); const first = form.a; await 0; /(q)/.test('q'); form.a = 2; return [RegExp.$1, first];",
    "chance": "const before = Math.random(); form.a = before; return [typeof before, form.a === before];",
    "thrown": "form.a = 1; throw new TypeError('own ' + form.a);",
    "own": "const of = 1, send = 2, run = 3, bind = 4, state = 5; return of + send + run + bind + state;",
    "hoisted": "return helper(); function helper() { return form.a; }",
}  # fmt: skip

FAKE: Final = """
const sent = [];
const later = (value, failing) => new Promise((done, fail) => setTimeout(() => failing ? fail(Object.assign(new Error('refused'), {code: 'TIMEOUT'})) : done(value), 1));
const answer = (name, said) => { sent.push(JSON.stringify([name, said])); return later({code: 200, data: {name, said}}, name === 'fail'); };
class Closed { #said; constructor(said) { this.#said = said; }
  $api(name) { return new Closed([...this.#said, name]); } $path(v) { return this.more('path', v); } $query(v) { return this.more('query', v); }
  $header(v) { return this.more('header', v); } $body(v) { return this.more('body', v); }
  more(kind, v) { if (typeof v !== 'object') throw new TypeError('an object, please'); return new Closed([...this.#said, [kind, JSON.stringify(v)]]); }
  $call() { return answer('call', this.#said); } getCustomer(...args) { return answer('getCustomer', args); } fail() { return answer('fail', []); } }
class Mutable { said = []; add(...one) { this.said.push(one); return this; } $api(name) { return this.add('api', name); } $path(v) { return this.add('path', v); }
  $query(v) { return this.add('query', v); } $header(v) { return this.add('header', v); } $body(v) { return this.add('body', {...v}); }
  $call() { return answer('call', this.said); } getCustomer(...args) { return answer('getCustomer', args); } fail() { return answer('fail', []); } }
const frozen = said => new Proxy(Object.freeze({$call: () => answer('call', said)}), {get: (own, name) => own[name] ?? (typeof name !== 'string' || name === 'then' ? undefined
  : name[0] === '$' ? value => frozen([...said, [name, JSON.stringify(value)]]) : (...args) => answer(name, args))});
const KINDS = {closed: key => new Closed([key]), mutable: () => new Mutable(), frozen: key => frozen([key])};
const make = kind => { const $proxy = (key, options) => { if (!key) throw new TypeError('a key, please'); return KINDS[kind](key, options); }; return $proxy; };
class Fields { #kept = {a: 7, rows: [{n: 1}, {n: 2}]}; get a() { return this.#kept.a; } set a(v) { this.#kept.a = v; } get rows() { return this.#kept.rows; } set rows(v) { this.#kept.rows = v; } }
const forms = {plain: () => ({a: 7, rows: [{n: 1}, {n: 2}]}), closed: () => new Fields(), reactive: () => new Proxy({a: 7, rows: [{n: 1}, {n: 2}]}, {})};
"""
"""Two closures and three kinds of interface proxies and forms: private fields, one that changes itself, frozen."""
