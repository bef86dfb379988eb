"""What is wrong with a script is said without running it, each rule at its place."""

from __future__ import annotations

# ruff: noqa: E501 - a row of the tables is a script and what is said of it
from collections.abc import Callable
from pathlib import Path

import pytest

from bpmax_sim.index.facts import FileFacts
from bpmax_sim.platform.load import load_platforms
from bpmax_sim.platform.response_shapes import ResponseShapes, infer_shape
from bpmax_sim.scenario.script_check import RULES, check_scripts
from bpmax_sim.scenario.script_context import ScriptContext
from bpmax_sim.script.failure import Script

PLATFORM = """
platform_key: crm
base_url: https://crm.example.test
apis:
  get_customer: {method: GET, path: "/customers/{id}", parameters: [{name: id, in: path, required: true}, {name: fields, in: query}]}
  get_order: {method: GET, path: "/orders/{id}", parameters: [{name: id, in: path, required: true}], answer: {type: object}}
  create_order:
    method: POST
    path: /orders
    aliases: [下单]
    parameters: [{name: amount, in: body, to: data.amount, required: true}]
    answer: {type: object, properties: {orderId: {type: string}, state: {type: string, enum: [open, paid]}}, additionalProperties: false}
  wrapped: {path: /w, result: envelope, answer: {type: object, properties: {name: {type: string}}}}
  judged:
    path: /j
    response: {ok: {all: [{path: $.error, absent: true}]}, code: [$.head.code], message: [$.head.text]}
    answer: {type: object, properties: {name: {type: string}}, additionalProperties: false}
  head_order: {method: HEAD, path: /orders, answer: {type: object}}
  post_order: {method: POST, path: /orders, answer: {type: object}}
  get_contract:
    path: /contracts
    answer: {type: object, properties: {编号: {type: string}, 备注: {type: string}}, additionalProperties: false}
  ask_order:
    path: /ask
    parameters:
      - {name: PageNo, in: query, required: true}
      - {name: X-Trace, in: header, required: true}
      - {name: amt, in: body, to: data.order.Amount, required: true}
      - {name: opt, in: query}
      - {name: size, in: query, required: true, default: 20}
"""
REPORT = """
platform_key: mes
base_url: https://mes.example.test
apis:
  report:
    path: /r
    answer:
      type: object
      properties:
        grade: {type: string}
        rate: {type: number}
        rest: {type: [number, "null"]}
        some: {type: [number, string]}
"""
Check = Callable[..., list[tuple[str, str]]]
CONTRACT = infer_shape({"编号": "HT-7", "状态": "生效"})
RECORDED = infer_shape({"code": 200, "data": {"name": "张三", "phones": [{"number": "1"}]}})


@pytest.fixture(name="check", scope="module")
def check_of(tmp_path_factory: pytest.TempPathFactory) -> Check:
    folder = tmp_path_factory.mktemp("platforms")
    (folder / "platforms").mkdir()
    (folder / "platforms/crm.yaml").write_text(PLATFORM, "utf-8")
    instance = "- {platform: crm, instance_key: branch, default: true}\n"
    (folder / "instances.yaml").write_text(instance, "utf-8")
    platforms = load_platforms(folder / "platforms")
    facts = FileFacts("cassette", (), {"crm.get_customer": RECORDED, "crm.get_contract": CONTRACT})
    shapes = ResponseShapes([facts.shapes])

    def check(source: str, library: str = "", *hooks: str) -> list[tuple[str, str]]:
        libraries = (Script(library, "lib.js"),) if library else ()
        context = ScriptContext(
            script=Script(source, "a.js"),
            platforms=platforms,
            fields=frozenset({"客户编号", "客户", "明细"}),
            nodes=frozenset({"部门", "财务"}),
            libraries=libraries,
            hooks=frozenset(hooks),
        )
        findings = check_scripts([context], shapes)
        return [(finding.rule, str(finding.problem)) for finding in findings]

    return check


WRONG = [
    ("await $proxy('crn').getCustomer(1);", "unknown-platform", "a.js:1:14: there is no platform 'crn'; did you mean 'crm'?"),
    ("await $proxy('crm', {instance_key: '华东'}).getCustomer(1);", "unknown-instance", "'crm' has no instance '华东'"),
    ("await $proxy('crm').getCustomr(1);", "unknown-api", "a.js:1:21: 'crm' has no API 'getCustomr'; did you mean"),
    ("await $proxy('crm').$api('get_custmer').$path({id: 1}).$call();", "unknown-api", "a.js:1:26: 'crm' has no API 'get_custmer'"),
    ("await $proxy('crm').getCustomer();", "missing-parameter", "crm.get_customer needs 'id', which is not passed"),
    ("await $proxy('crm').$api('get_customer').$call();", "missing-parameter", "crm.get_customer needs 'id'"),
    ("await $proxy('crm').$api('create_order').$body({data: {remark: ''}}).$call();", "missing-parameter", "crm.create_order needs 'amount'"),
    ("await $proxy('crm').$api('get_customer').$path({ids: 1, id: 2}).$call();", "unknown-parameter", "crm.get_customer has no path parameter 'ids'"),
    ("await $proxy('crm', {instanceKey: 'x'}).getCustomer(1);", "unknown-parameter", "$proxy has no option 'instanceKey'; did you mean 'instance_key'?"),
    ("await $proxy('crm').$api('get_customer').$path({id: 1});", "uncalled-chain", "a.js:1:7: this chain ends without $call(), so nothing is sent"),
    ("form.客户号 = 1;", "undeclared-write", "a.js:1:6: no form that runs this script has a field '客户号'; did you mean '客户编号'?"),
    ("if ('备注' in form) return; form.备注 = 1;", "undeclared-write", "has a field '备注'"),
    ("if (form.客户) form.备注 = 1;", "undeclared-write", "has a field '备注'"),
    ("form.$visible.备注 = true;", "undeclared-write", "has a field '备注'"),
    ("console.log(form.客户名);", "undeclared-read", "has a field '客户名'"),
    ("const a = 1，b = 2;", "full-width", "a.js:1:12: '，' is full-width punctuation and no JavaScript; write ','"),
    ("const o = await $proxy('crm').create_order(5); form.客户 = o.id;", "closed-member", "no response of crm.create_order that is declared or recorded has id; there are orderId, state"),
    ("const c = await $proxy('crm').getCustomer(5); form.客户 = c.data.nama;", "unknown-member", "has data.nama; did you mean 'name'?"),
    ("const c = await $proxy('crm').getCustomer(5); console.log(c.data.phones.map(p => p.no));", "unknown-member", "has data.phones.*.no"),
    ("await $proxy('crm').getCustomer(1, 'a', 2);", "extra-argument", "crm.get_customer has 2 parameters and is called with 3; the rest is dropped"),
    ("$proxy('crm').getCustomer(1);", "missing-await", "nothing waits for crm.get_customer; put await before it"),
    ("const c = $proxy('crm').getCustomer(1); form.客户 = c.data;", "missing-await", ".data is read of a promise and is undefined"),
    ("const sleep = () => new Promise(r => setTimeout(r, 5)); await sleep;", "missing-await", "a.js:1:57: this awaits the function sleep and does not call it"),
    ("Promise.all([1].map(id => $proxy('crm').getCustomer(id)));", "missing-await", "a.js:1:1: nothing waits for Promise.all"),
    ("async function isRight() { return form.客户 > 0; } if (!isRight()) return false;", "missing-await", "a.js:1:55: a promise stands here in place of its value"),
    ("const load = async () => 1; const n = load(); form.客户 = `${n}`;", "missing-await", "a promise stands here"),
    ("const load = async () => ({}); form.客户 = load().name || '';", "missing-await", ".name is read of a promise"),
    ("if (form.客户 = '招待') { return false; }", "assigning-condition", "a.js:1:5: a condition compares with ==="),
    ("await $proxy('crm').$api('get_customer').$path({id: 1}).$query({feilds: 'a'}).$call();", "undeclared-parameter", "crm.get_customer declares no query parameter 'feilds'; did you mean 'fields'?"),
    ("const c = await $proxy('crm').getCustomer(5); form.客户 = c.data.nmae || '';", "unknown-member", "has data.nmae; did you mean 'name'?"),
    ("if (form.客户编码) return;", "undeclared-read", "did you mean '客户编号'?"),
    ("if (ctx.action === 'aprove') form.客户 = 1;", "unknown-value", "a.js:1:20: ctx.action is never 'aprove'; did you mean 'approve'?"),
    ("switch (ctx.action) { case 'rejected': form.客户 = 1; }", "unknown-value", "did you mean 'reject'?"),
    ("try { form.客户 = 1; } catch (e) { if (e.code === 'TIME_OUT') form.客户 = 2; }", "unknown-value", "code is never 'TIME_OUT'; did you mean 'TIMEOUT'?"),
    ("try { await $proxy('crm').getCustomer(1); } catch (e) { form.客户 = e.platform; }", "unknown-member", "a.js:1:69: an error of $proxy has no 'platform'; did you mean 'platform_key'?"),
    ("$proxy('crm').getCustomer(1).catch(e => { form.客户 = e.msg; });", "unknown-member", "has no 'msg'; did you mean 'message'?"),
    ("try { await $proxy('crm').getCustomer(1); } catch (e) { if (e.platform_key === 'crn') form.客户 = 2; }", "unknown-value", "platform_key is never 'crn'; did you mean 'crm'?"),
    ("try { await $proxy('crm').getCustomer(1); } catch (e) { if (e.instance_key === 'brunch') form.客户 = 2; }", "unknown-value", "instance_key is never 'brunch'; did you mean 'branch'?"),
    ("form.客户 = window.name;", "undefined-name", "a.js:1:11: window is a name of web pages, which a script cannot count on; there are $proxy, form, ctx and the libraries"),
    ("form.客户 = require('fs');", "undefined-name", "a.js:1:11: require is a name of Node.js, which a script cannot count on; there are $proxy, form, ctx and the libraries"),
    ("form.客户 = fromatName('a');", "undefined-name", "a.js:1:11: fromatName is declared nowhere; did you mean 'formatName'?"),
    ("form.客户 = form.明细 ** 0.5;", "power", "Math.pow"),
    ("const n = Number('12a'); if (n === NaN) form.客户 = 1;", "never-equal", "a.js:1:36: nothing equals NaN, not even itself; write Number.isNaN(n)"),
    ("switch (form.客户) { case NaN: form.客户 = 1; }", "never-equal", "Number.isNaN(form.客户)"),
    ("if (typeof form.客户 === 'array') form.客户 = 1;", "never-equal", "a.js:1:24: typeof never gives 'array'"),
    ("if (typeof form.客户 === undefined) form.客户 = 1;", "never-equal", "typeof never gives undefined; it gives a text: 'undefined'"),
    ("if (form.明细 === []) form.客户 = 1;", "never-equal", "what is made here anew equals nothing else"),
    ("if (form.客户.length === '2') form.客户 = 1;", "never-equal", "form.客户.length is a number and never equals '2', which is a text"),
    ("if (!form.客户 === 'A') form.客户 = 1;", "never-equal", "!form.客户 is true or false and never equals 'A'"),
    ("switch (form.客户) { case form.客户 > 5: form.客户 = 1; }", "never-equal", "form.客户 is compared with true or false here; write switch (true), or if"),
    ("if (form.明细.includes({a: 1})) form.客户 = 1;", "never-equal", "what is made here anew"),
    ("try { form.客户 = 1; } catch (e) { if (e.status === '404') form.客户 = 2; }", "never-equal", "a.js:1:51: status is a number and never equals '404', which is a text"),
    ("form.客户 = form.客户 === 'A' || 'B' ? 1 : 2;", "constant-condition", "a.js:1:30: 'B' stands here by itself and is always true; compare it, too: form.客户 === 'B'"),
    ("if (form.客户 !== 'A' || form.客户 !== 'B') form.客户 = 1;", "constant-condition", "always differs from one of the two"),
    ("if (form.客户 === 'A' && form.客户 === 'B') form.客户 = 1;", "constant-condition", "form.客户 is never both, so this is always false; write ||"),
    ("if (form.客户 > 10 && form.客户 < 5) form.客户 = 1;", "constant-condition", "form.客户 is never both"),
    ("if (form.客户 < 10 || form.客户 > 5) form.客户 = 1;", "constant-condition", "whatever number form.客户 is, it is one of the two"),
    ("if (form.客户 > 5 && form.客户 === 3) form.客户 = 1;", "constant-condition", "form.客户 is never both"),
    ("if (form.客户 > 9) form.明细 = 1; else if (form.客户 > 99) form.明细 = 2;", "constant-condition", "all of it goes to form.客户 > 9 before"),
    ("if (form.客户 > 9) return 1; if (99 < form.客户) form.明细 = 2;", "constant-condition", "all of it goes to form.客户 > 9 before"),
    ("form.明细 = form.客户 > 9 ? 1 : form.客户 > 99 ? 2 : 3;", "constant-condition", "all of it goes to form.客户 > 9 before"),
    ("if (form.客户 < 0) { if (form.客户 > 9) form.明细 = 2; }", "constant-condition", "never true here, where form.客户 < 0"),
    ("if (form.客户 === 'A' || form.客户 === 'B') form.明细 = 1; else if (form.客户 === 'A') form.明细 = 2;", "constant-condition", "never true here"),
    ("if (!form.客户) return; if (!form.客户) form.明细 = 1;", "duplicate-key", "an if before it asks the same"),
    ("form.客户 = new Date() > new Date('2026/13/01');", "wrong-value", "'2026/13/01' is no date: there is no month 13"),
    ("form.客户 = Date.parse('2026-02-30');", "wrong-value", "there is no day 30 in it"),
    ("form.客户 = Date.parse('2026-01-31T25:00');", "wrong-value", "there is no time 25:00"),
    ("form.客户 = Date.parse('2026-01-31T24:01');", "wrong-value", "there is no time 24:01"),
    ("form.客户 = Date.parse('2026/1/31 24:30:00');", "wrong-value", "there is no time 24:30"),
    ("form.客户 = Date.parse('2026/0/31');", "wrong-value", "there is no month 0"),
    ("form.客户 = Date.parse('2026-03-00');", "wrong-value", "there is no day 0 in it"),
    ("form.客户 = Date.parse('2026年3月1日');", "wrong-value", "write it as 2026-01-31"),
    ("class 报价 { 计算(a) { return a; } 计算(a) { return 2 * a; } } form.客户 = new 报价().计算(1);", "duplicate-key", "计算 stands twice"),
    ("if (form.客户 !== undefined) form.明细 = form.别的.单价;", "undeclared-read", "has a field '别的'"),
    ("form.客户 = new Date(2026, 12, 1).getTime();", "wrong-value", "months count from 0 here"),
    ("form.客户 = Number('1,200');", "wrong-value", "gives NaN"),
    ("form.客户 = parseInt(form.明细, 1);", "wrong-value", "gives NaN"),
    ("setTimeout(() => { form.客户 = 1; }, 30 * 86400 * 1000);", "wrong-value", "fires at once beyond that"),
    ("try { form.客户 = 1; } catch (e) { form.客户 = e.response?.data; }", "unknown-member", "the response of an error has no data"),
    ("form.客户 = form.明细.toLocaleString('zh-CN', {minimumFractionDigit: 2});", "unknown-member", "did you mean 'minimumFractionDigits'?"),
    ("form.客户 = 1; form.客户 = 2;", "no-effect", "form.客户 is overwritten by line 1"),
    ("if (form.明细) form.客户 = 1; form.客户 = 2;", "no-effect", "form.客户 is overwritten by line 1"),
    ("if (form.客户) { form.明细 = 1; } else { form.明细 = 1; }", "same-sides", "both branches do the same"),
    ("form.明细 = form.客户 === form.明细 === form.数量;", "constant-condition", "this compares true or false with form.数量"),
    ("if (form.客户 & form.明细) form.客户 = 1;", "constant-condition", "& works on the bits of numbers; write &&"),
    ("form.客户 = form.明细.every(r => r.a) || true;", "constant-condition", "|| true decides it"),
    ("if (0.1 + 0.2 === 0.3) form.客户 = 1;", "never-equal", "0.1 + 0.2 is not exact"),
    ("if (form.客户.indexOf('VIP') > 0) form.明细 = 1;", "index-condition", "which > 0 leaves out"),
    ("form.客户 = (form.明细, form.客户编号);", "no-effect", "only the last one counts"),
    ("const s = new Set([1]); form.客户 = s.length;", "wrong-value", "a Set has no length; write size"),
    ("form.客户 = form.明细.name.trim + 1;", "no-effect", "trim is a method that is not called"),
    ("form.客户 = form.明细.lenght;", "unknown-member", "there is no 'lenght'; did you mean 'length'?"),
    ("const c = {limit: 5}; if (form.客户 > c.limt) form.明细 = 1;", "unknown-member", "there is no 'limt'; did you mean 'limit'?"),
    ("form.客户 = Math.round(form.明细, 2);", "wrong-value", "round takes one number and drops the rest"),
    ("form.客户 = form.客户.replace('-', '');", "wrong-value", "replace changes the first '-' alone"),
    ("form.客户 = new Array(3).map((_, i) => i);", "wrong-value", "Array(n) has no elements yet"),
    ("form.客户 = new Array(3).fill([]);", "wrong-value", "fill puts the same object into each place"),
    ("const re = /a/g; for (const r of form.明细) { if (re.test(r.a)) form.客户 = 1; }", "wrong-pattern", "where its last test ended"),
    ("form.明细.forEach((r, i) => { if (!r.a) form.明细.splice(i, 1); });", "wrong-value", "while it is gone through"),
    ("form.客户 = parseFloat('1,200.50');", "wrong-value", "parseFloat reads 1 of '1,200.50' and stops"),
    ("setTimeout(() => { form.客户 = 1; }, '1s');", "wrong-value", "'1s' is no number of milliseconds"),
    ("for (var i = 0; i < 3; i++) { setTimeout(() => { form.客户 = i; }, 10); }", "for-in", "all callbacks share this i"),
    ("for (let i = 0; i <= form.明细.length; i++) { form.客户 += form.明细[i].a; }", "wrong-value", "form.明细[i] is not there in the last round"),
    ("form.客户 = form.明细.find(r => r.a = 'A');", "constant-condition", "this assigns to each element"),
    ("let n = 1; n = n++; form.客户 = n;", "no-effect", "n = n++ changes nothing"),
    ("const one = a => a; form.客户 = one(1, 2);", "wrong-value", "one takes 1, so that this is dropped"),
    ("if (1 < form.客户 < 3) form.客户 = 1;", "constant-condition", "write 1 < form.客户 && form.客户 < 3"),
    ("if (form.明细.length >= 0) form.客户 = 1;", "constant-condition", "a length is never below 0"),
    ("const isBig = () => form.客户 > 3; if (isBig) form.客户 = 1;", "constant-condition", "isBig is a function, which is always true; call it: isBig()"),
    ("if (form.明细.filter(r => r.a)) form.客户 = 1;", "constant-condition", "a list is always true, also an empty one; ask for its length"),
    ("form.客户 = '客户' + form.客户 ? 1 : 2;", "constant-condition", "is always true here"),
    ("switch (form.客户) { case 'A' || 'B': form.客户 = 1; }", "constant-condition", "'A' decides || by itself"),
    ("if ('A' in ['A', 'B']) form.客户 = 1;", "never-equal", "in asks a list for an index; write ['A', 'B'].includes('A')"),
    ("if (!'客户' in form) form.客户 = 1;", "never-equal", "! stands for the left side alone here; write !('客户' in form)"),
    ("if (x => 5) form.客户 = 1;", "constant-condition", "=> makes a function, which is always true; >= compares"),
    ("if (form.客户.indexOf('A')) form.客户 = 1;", "index-condition", "indexOf gives 0 for the first place and -1 for none"),
    ("form.客户 = form.明细.forEach(r => { r.a = 1; });", "wrong-value", "forEach gives nothing back; map gives a list"),
    ("let list = []; list = list.push(1); form.客户 = list;", "wrong-value", "push gives the new length back, not the list"),
    ("form.客户 = Math.max(form.明细.map(r => r.a));", "wrong-value", "gives NaN for a list; write ...form.明细.map(r => r.a)"),
    ("if (/[A-z]/.test(form.客户)) form.客户 = 1;", "wrong-pattern", "write A-Za-z"),
    ("if (/[^.A-z]/.test(form.客户)) form.客户 = 1;", "wrong-pattern", "write A-Za-z"),
    ("if (/a[]b/.test(form.客户)) form.客户 = 1;", "wrong-pattern", "[] fits no character at all"),
    (r"if (/\\[]/.test(form.客户)) form.客户 = 1;", "wrong-pattern", "[] fits no character at all"),
    ("function top(id) { return top(id); } form.客户 = top(1);", "endless-recursion", "a.js:1:27: top calls itself whatever it is given"),
    ("const top = id => (form.客户 ? 1 : 2) + top(id); form.客户 = top(1);", "endless-recursion", "top calls itself"),
    ("await $proxy('crm').getOrder(1); form.客户 = 1;", "unused-result", "a.js:1:21: nothing uses what crm.get_order answers; use it, or take the call away"),
    ("const o = await $proxy('crm').getOrder(1); form.客户 = 1;", "unused-result", "nothing uses what crm.get_order answers"),
    ("if (form.客户); form.客户 = 1;", "no-effect", "the ; ends this here, so that what follows always runs"),
    ("if (form.客户) {} form.客户 = 1;", "no-effect", "does nothing here"),
    ("function check() { return form.客户 > 1; } form.客户 = 1;", "unused-variable", "a.js:1:10: nothing calls check; call it, or take it away"),
    ("if (form.客户 === form.客户) form.客户 = 1;", "same-sides", "a.js:1:5: both sides are form.客户"),
    ("form.客户 = form.客户;", "same-sides", "both sides are form.客户"),
    ("form.客户 = {a: 1, b: 2, 'a': 3};", "duplicate-key", "a.js:1:24: a stands twice in this object, and the last one counts"),
    ("switch (form.客户) { case 'A': return 1; case 'A': return 2; }", "duplicate-key", "the case 'A' stands twice"),
    ("if (form.客户 > 1) form.客户 = 1; else if (form.客户 > 1) form.客户 = 2;", "duplicate-key", "an if before it asks the same"),
    ("function f() { return 1; } function f() { return 2; } form.客户 = f();", "duplicate-key", "the function f is declared twice"),
    ("form.客户 = form.明细.find(r => { r.check(); });", "missing-return", "this callback of find has braces and returns nothing"),
    ("form.客户 = form.明细.map(r => { id: r.a });", "missing-return", "this callback of map"),
    ("form.明细.sort((a, b) => a.数量 > b.数量);", "wrong-callback", "sort wants a number below, at or above 0"),
    ("form.客户 = ['1', '2'].map(parseInt);", "wrong-callback", "parseInt the index"),
    ("form.客户 = [10, 9].sort();", "wrong-callback", "sorts numbers as texts"),
    ("const tell = () => { form.客户 = 1; }; setTimeout(tell(), 100);", "wrong-callback", "tell() is called here and now"),
    ("form.客户.replace('a', 'b');", "no-effect", "a.js:1:1: .replace() changes nothing and gives its result back"),
    ("form.客户 == 1;", "no-effect", "this compares and changes nothing; a single = assigns"),
    ("const go = () => { form.客户 = 1; }; go;", "no-effect", "this function is not called; put () behind it"),
    ("form.客户 + 1;", "no-effect", "form.客户 + 1 does nothing here"),
    ("return 1; form.客户 = 2;", "unreachable", "a.js:1:11: nothing comes by here"),
    ("for (const r of form.明细) { if (r.a) return 1; else return 2; }", "unreachable", "this ends the loop in its first round"),
    ("try { form.客户 = 1; } finally { return 1; }", "unreachable", "a return in finally drops what was thrown"),
    ("switch (form.客户) { case 'A': form.客户 = 1; case 'B': form.客户 = 2; }", "fallthrough", "the case before it runs on into this one"),
    ("const total = form.客户 * 2; form.客户 = 1;", "unused-variable", "a.js:1:7: nothing reads total; use it, or take it away"),
    ("let total = 0; if (form.客户) { let total = 5; form.客户 = total; } form.客户 = total;", "shadowed-variable", "that of line 1 never changes"),
    ("const total = 0; total = 1; form.客户 = total;", "const-assign", "total is a const and cannot be assigned to; use let"),
    ("const rate = 0.06; for (rate of form.明细) form.客户 = rate;", "const-assign", "a.js:1:25: rate is a const"),
    ("const rate = 0.06; for (rate in form.明细[0]) form.客户 = rate;", "const-assign", "a.js:1:25: rate is a const"),
    ("const total = 1; [form.客户, ...total] = form.明细; form.客户 = total;", "const-assign", "total is a const"),
    ("const total = 1; ({a: total = 2} = form.明细[0]); form.客户 = total;", "const-assign", "total is a const"),
    ("form = {客户: 1};", "const-assign", "in the place of form"),
    ("for (const r in form.明细) form.客户 = r.数量;", "for-in", "which are texts and have no 数量; write for (const r of …)"),
    ("const name = form.客户; form.客户 = '客户 ${name}' + name;", "plain-template", "${name} stands in quotes and is not filled in"),
    ("let n = 1; n =+ 2; form.客户 = n;", "turned-operator", "=+ assigns + 2; += is what changes by it"),
    ("form.客户 = 12345678901234567891;", "lost-digits", "this becomes 12345678901234567168; write it as a text"),
    ("form.明细.forEach(async r => { await r.save(); });", "missing-await", "forEach waits for no async function"),
    ("form.客户 = form.明细.filter(async r => r.a);", "missing-await", "filter takes the promise of an async function for its result"),
    ("const all = form.明细.map(async r => r.a); form.客户 = all.filter(Boolean).length;", "missing-await", "these are promises, of which .filter says nothing"),
    ("await Promise.all($proxy('crm').getCustomer(1), $proxy('crm').getCustomer(2));", "missing-await", "Promise.all takes one list; write Promise.all([…])"),
    ("await new Promise(async go => { go(1); });", "missing-await", "in new Promise is lost"),
    ("form.客户 = $proxy('crm').getCustomer(1);", "missing-await", "a promise is handed on here in place of its value"),
    ("const {orderld = ''} = await $proxy('crm').create_order(5); form.客户 = orderld;", "closed-member", "has orderld; did you mean 'orderId'?"),
    ("const o = await $proxy('crm').create_order(5); form.客户 = o.state === 'Open' ? 1 : 2;", "unknown-value", "state is never 'Open'; did you mean 'open'?"),
    ("const o = await $proxy('crm').create_order(5); form.客户 = {Open: 1, 'Paid': 2}[o.state];", "unknown-value", "state is never 'Paid'"),
    ("const o = await $proxy('crm').create_order(5); if (['open', 'gone'].includes(o.state)) form.客户 = 2;", "unknown-value", "state is never 'gone'"),
    ("const o = await $proxy('crm').create_order(5); if (o.orderId === 5) form.客户 = 2;", "never-equal", "orderId is a text and never equals 5, which is a number"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("if (form.金额 > '高') form.金额 = 1;", "1:15: '高'"),
        ("if ('高' <= ctx.form.金额) form.金额 = 1;", "1:5: '高'"),
        ("try { 1 } catch (e) { if (e.status >= 'ERROR') form.金额 = 1; }", "1:39: 'ERROR'"),
        ("const {grade} = await $proxy('mes').report(); if (grade >= 'A') form.金额 = 1;", ""),
        (
            "const {rate} = await $proxy('mes').report(); if (rate < '九成') form.金额 = 1;",
            "1:57: '九成'",
        ),
        (
            "const {rest} = await $proxy('mes').report(); if (rest < '九成') form.金额 = 1;",
            "1:57: '九成'",
        ),
        ("const {some} = await $proxy('mes').report(); if (some < '九成') form.金额 = 1;", ""),
        ("if (form.金额 > '5') form.金额 = 1;", ""),
        ("if (form.客户 > '高') form.金额 = 1;", ""),
        ("if (form.单号 > '高') form.金额 = 1;", ""),
    ],
)
def test_a_number_is_not_ordered_among_texts(tmp_path: Path, source: str, told: str) -> None:
    (tmp_path / "mes.yaml").write_text(REPORT, "utf-8")
    context = ScriptContext(
        script=Script(source, "a.js"),
        platforms=load_platforms(tmp_path),
        fields=frozenset({"金额", "客户", "单号"}),
        field_kinds=frozenset({("金额", "number"), ("单号", "list")}),
    )
    found = check_scripts([context], ResponseShapes())

    assert [str(one.problem) for one in found if one.rule == "never-equal"] == [
        f"a.js:{told} is no number, so that no number is above or below it; compare with a number"
    ] * bool(told)


@pytest.mark.parametrize(("source", "rule", "message"), WRONG)
def test_what_is_wrong_is_said_at_its_place(
    check: Check, source: str, rule: str, message: str
) -> None:
    library = "function formatName(x) { return x; }" if rule == "undefined-name" else ""

    findings = check(source, library)

    assert (rule, True) in [(found, message in text) for found, text in findings], findings


@pytest.mark.parametrize(
    ("members", "wrong"),
    [
        ("error", ""),
        ("head", ""),
        ("head.code", ""),
        ("head.text", ""),
        ("name", ""),
        ("code", "code"),
        ("text", "text"),
    ],
)
def test_what_responses_are_judged_by_is_a_member_of_some(
    check: Check, members: str, wrong: str
) -> None:
    found = check(f"const r = await $proxy('crm').judged(); form.客户 = r.{members};")

    assert [text.partition("has ")[2][:4] for rule, text in found if rule == "closed-member"] == [
        wrong
    ] * bool(wrong)


@pytest.mark.parametrize(
    ("member", "wrong"),
    [
        pytest.param("编号", [], id="declared and recorded"),
        pytest.param("备注", [], id="only declared"),
        pytest.param("状态", [], id="only recorded"),
        pytest.param(
            "金额",
            ["no response of crm.get_contract that is declared or recorded has 金额"],
            id="neither",
        ),
    ],
)
def test_a_member_is_there_if_it_is_declared_or_recorded(
    check: Check, member: str, wrong: list[str]
) -> None:
    found = check(f"const r = await $proxy('crm').get_contract(); form.客户 = r.{member};")

    assert [text.partition(": ")[2].partition(";")[0] for _, text in found] == wrong


def test_an_async_function_of_a_library_is_awaited(check: Check) -> None:
    library = "async function getC(id) { return (await $proxy('crm').getCustomer(id)).data; }"

    wrong = check("const c = getC(1); form.客户 = c.name || ''; if (getC(2)) return;", library)

    assert [rule for rule, _ in wrong] == ["missing-await"] * 2
    assert (
        check("const c = await getC(1); form.客户 = c.name; getC(2).then(d => d.name);", library)
        == []
    )


def test_a_node_that_there_is_not_is_named(check: Check) -> None:
    assert check("if ('财物' !== ctx.step.name && ctx.step.name !== '部门') form.客户 = 1;") == [
        ("unknown-value", "a.js:1:5: ctx.step.name is never '财物'; did you mean '财务'?")
    ]


def test_every_rule_is_tried() -> None:
    assert {rule for _, rule, _ in WRONG} | {"unused-library"} == set(RULES)


def test_a_library_that_nobody_uses_is_named(check: Check) -> None:
    assert check("form.客户 = 1;", "const money = x => x;") == [
        (
            "unused-library",
            "lib.js:1:1: no script uses anything of this library; take it out of libraries",
        )
    ]


@pytest.mark.parametrize(
    "source",
    [
        "await $proxy('crm').getCustomer(form.客户编号, 'name');",
        "void $proxy('crm').getCustomer(1);",
        "const key = 'cr' + 'n'; await $proxy(key).anything(1);",
        "await $proxy('crm')[form.客户](1);",
        "await $proxy('crm').getCustomer(...form.明细);",
        "await $proxy('crm').$api('get_customer').$path(form.客户).$call();",
        "await $proxy('crm').下单(5);",
        "if ('备注' in form) console.log(form.备注 || '');",
        "if ('备注' in form) form.备注 = '';",
        "if ('备注' in form && form.客户) { form.明细.forEach(() => { form.备注 = ''; }); }",
        "if (form.备注 !== undefined) form.备注 = 1;",
        "if (typeof form.备注 === 'undefined') return; form.备注 = 1; form.$visible.客户 = true;",
        "if (!('备注' in form)) { console.log('没有'); } else form.备注 = 1;",
        "form.hasOwnProperty('备注') && (form.备注 = 1);",
        "form.客户 = Object.hasOwn(form, '备注') ? form.备注 : '';",
        "const c = await $proxy('crm').getCustomer(1); if ('nama' in c.data) form.客户 = c.data.nama;",
        "let m; if ((m = /a/.exec('a'))) return m[0]; while (m = /b/.exec('')) console.log(m[0]);",
        "void Promise.all([1]); await Promise.all([2]); Promise.all([3]).catch(console.error);",
        "const load = async () => 1; if (await load()) form.客户 = (await load()) + 1; load().then(n => n + 1);",
        "const f = () => 1; if (f()) form.客户 = f() + 1; if (form.别的 || !form.其它) form.客户 = 2;",
        "await $proxy('crm').$api('get_customer').$path({id: 1}).$query({fields: 'a', field: 'b', page: 1}).$call();",
        "await $proxy('crm').$api('get_customer').$path({id: 1, 'a.b': 2, 'id.x': 3}).$call();",
        "ctx.草稿 = 1; form.客户 = ctx.草稿;",
        "if (ctx.action === 'approve' || ctx.action === '' || ctx.action === 'archive') form.客户 = 1;",
        "try { form.客户 = 1; } catch (e) { if (e.code === 'TIMEOUT' || e.code === 'E100') form.客户 = e.name; }",
        "try { await $proxy('crm').getCustomer(1); } catch (e) { if (e.instance_key === 'branch' || e.instance_key === '') form.客户 = e.detail; }",
        "try { await $proxy('crm').getCustomer(1); throw Object.assign(new Error('x'), {msg: '停用'}); } catch (e) { form.客户 = e.msg || e.message; }",
        "try { JSON.parse(form.客户); } catch (e) { form.客户 = e.msg; }",
        "const {...rest} = form; JSON.stringify(form); Object.keys(form);",
        "const c = await $proxy('crm').getCustomer(1); form.客户 = c.data?.nick ?? c.data.alias ?? '';",
        "const c = await $proxy('crm').getCustomer(1); form.明细 = c.data.phones.filter(p => p.number).length;",
        "return Promise.all([1, 2].map(id => $proxy('crm').getCustomer(id)));",
        "$proxy('crm').getCustomer(1).then(c => { form.客户 = c.data.name; }).catch(() => {});",
        "if (typeof later === 'function') later = 1;",
        "form.客户 = 2 ** 10;",
        r"if (/SKU A-z/.test(form.客户) || /[\[]A-z/.test(form.客户)) form.客户 = 1;",
        r"if (/[A\-z]/.test(form.客户) || /[+-A-z]/.test(form.客户)) form.客户 = 1;",
        r"if (/[\u004A-z]/.test(form.客户) || /[x\]A-]z/.test(form.客户)) form.客户 = 1;",
        "if (/[a[]/.test(form.客户) || /[[]]/.test(form.客户)) form.客户 = 1;",
        "// bpmax-ignore: undeclared-write\nform.别的 = 1;",
        "form.别的 = 1; // bpmax-ignore: undeclared-write",
        "console.log('，；（）', /（.*）/u, `：`); // 全角（标点）没有错",
        "for (const row of form.明细) row.金额 = Number(row.数量);",
        "const name = form.客户 || '无'; if (!form.客户) return '请填写'; form.客户 = `${name}`;",
        "while (true) { if (form.客户) break; await new Promise(go => setTimeout(go, 10)); }",
        "if (form.客户 !== 'A' && form.客户 !== 'B') form.客户 = 1; if (form.客户 > 5 && form.客户 < 10) form.客户 = 2;",
        "if (typeof form.客户 === 'undefined' || form.客户 === null || form.客户 === undefined) form.客户 = 1;",
        "switch (form.客户) { case 'A': case 'B': form.客户 = 1; break; case 'C': form.客户 = 2; // 继续\n default: form.客户 = 3; }",
        "const all = form.明细.map(async r => r.a); form.客户 = (await Promise.all(all)).length;",
        "await Promise.all(form.明细.map(async r => { await r.save(); }));",
        "form.明细.forEach(r => { r.a = 1; }); form.明细.sort((a, b) => a.数量 - b.数量 || a.a - b.a);",
        "form.明细.map(r => { r.a = 1; });",
        "const found = form.明细.find(r => { if (r.a) return true; }); form.客户 = found ? 1 : 2;",
        "for (const key in form.明细[0]) form.客户 = key.length + form.明细[0][key];",
        "for (const r of form.明细) { if (r.a) continue; return r; }",
        "for (let n = 0; n < 3; n++) { try { return await $proxy('crm').getCustomer(n); } catch (e) { if (n === 2) throw e; } }",
        "'use strict'; form.客户 = '${name}';",
        "const {a, ...rest} = form.明细[0]; form.客户 = rest; const _x = 1;",
        "let best = null; for (const r of form.明细) { if (!best || r.a > best.a) best = r; } form.客户 = best;",
        "function fail(text) { throw new Error(text); } form.客户 = form.明细.map(() => fail('x'));",
        "const o = await $proxy('crm').create_order(5); if (o.state === 'open' || o.state === '') form.客户 = o.order_id ?? o.orderId;",
        "try { form.客户 = 1; } catch (e) { if (e.status === 404 || e.status == '404') form.客户 = 2; }",
        "const list = form.明细 || []; form.客户 = list.length && list[0].a; if (list.length > 0) form.客户 = 2;",
        "form.客户 = 2; // bpmax-ignore: never-equal\nif (form.明细 === []) form.客户 = 1;".replace("// bpmax-ignore: never-equal\n", "\n// bpmax-ignore: never-equal\n"),
        "function twice(x) { return 2 * x; } const calls = [1, 2].map(twice); form.客户 = calls;",
        "const o = {get a() { return 1; }, set a(v) {}}; form.客户 = o.a;",
        "function top(id) { if (!id) return 0; return top(id - 1); } form.客户 = top(3);",
        "const walk = n => n ? walk(n - 1) : 0; form.客户 = walk(2) || walk(3);",
        "try { await $proxy('crm').getOrder(1); } catch { return '没有此单'; } void $proxy('crm').getOrder(2);",
        "const o = await $proxy('crm').getOrder(1); if (o) form.客户 = form.客户.indexOf('A') >= 0;",
        "const last = form.明细.push({a: 1}); form.客户 = Math.max(...form.明细.map(r => r.a), last);",
        "if (form.客户) { /* 以后再说 */ } if ('客户' in form) form.客户 = /[]]/.test('');".replace("/[]]/", "/[\\]]/"),
        "form['明细[0].数量'] = 1; form.$visible['明细.数量'] = true; console.log(form['明细.单价']);",
        "const timer = setTimeout(() => { form.客户 = 1; }, 10); clearTimeout(timer); form.客户 = 9007199254740991;",
        "form.客户 = [new Date('2026-01-31T24:00'), new Date('2026-12-31'), new Date('2028/2/29 0:00')];",
        "class 报价 { static 计算(a) { return a; } 计算(a) { return a; } get 税() { return 1; } set 税(a) { form.客户 = a; } } form.客户 = [报价.计算(1), new 报价().计算(2)];",
        "let rate = 0; for (rate of form.明细) { if (rate > 1) form.客户 = rate; }",
        "let rate = 0.06; for (rate of form.明细) console.log(rate); if (form.客户) { let rate = 0.13; form.客户 = rate; } form.客户 = rate;",
        "let key = ''; for (key in form.明细[0]) { if (key === '单价') form.客户 = key; }",
        "if (form.别的 !== undefined) form.客户 = form.别的.单价;",
        "if (form.别的 != null) form.客户 = form.别的.行.单价;",
    ],
)  # fmt: skip
def test_what_is_right_is_left_alone(check: Check, source: str) -> None:
    assert check(source) == []


@pytest.mark.parametrize(
    ("source", "places"),
    [
        ("const f = () => 计价(1);\nform.客户 = f() + 计价(2);", {"计价": "1:17"}),
        ("form.客户 = 计价(2);\nconst f = () => 计价(1); f();", {"计价": "1:11"}),
        ("form.客户 = 折扣(\n计价(2)) + 计价(3);", {"折扣": "1:11", "计价": "2:1"}),
        (
            "function f() {\n return 计价(1) }\nform.客户 = f() + 计价(2) + 计价(3);",
            {"计价": "2:9"},
        ),
    ],
)
def test_a_name_that_is_nowhere_is_told_where_it_stands_first(
    check: Check, source: str, places: dict[str, str]
) -> None:
    assert check(source) == [
        ("undefined-name", f"a.js:{place}: {name} is declared nowhere")
        for name, place in places.items()
    ]


def test_a_function_that_is_called_where_it_stands_may_have_a_name(check: Check) -> None:
    assert check("(function fill(row) { form.客户 = row; })(form.明细[0]);") == []


@pytest.mark.parametrize(
    ("read", "told"),
    [
        ("c.daat", ["daat"]),
        ("c.daat.name", ["daat"]),
        ("c.daat.name.first", ["daat"]),
        ("c.data.name", []),
        ("c.data.nama", ["data.nama"]),
        ("c.data.name.first", []),
        ("c.data.phones[0].no", ["data.phones.*.no"]),
        ("c.data.phones[0].no.x", ["data.phones.*.no"]),
    ],
)
def test_what_is_below_an_absent_member_is_not_told_again(
    check: Check, read: str, told: list[str]
) -> None:
    found = check(f"const c = await $proxy('crm').getCustomer(5); form.客户 = {read};")

    assert [rule for rule, _ in found] == ["unknown-member"] * len(told)
    for (_, problem), path in zip(found, told, strict=True):
        assert f"has {path}" in problem


@pytest.mark.parametrize(
    ("setters", "missing"),
    [
        ("$query({PageNo: 1}).$header({'X-Trace': 'a'}).$body({'data.order.Amount': 1})", ""),
        ("$query({pageNo: 1}).$header({'x-trace': 'a'}).$body({data: {order: {amount: 1}}})", ""),
        ("$query({PageNo: 1})", "X-Trace amt"),
        ("$header({'X-Trace': 'a'})", "PageNo amt"),
        ("$query(form.客户).$header(form.客户)", "amt"),
        ("$query({...form.客户}).$header({[form.客户]: 1}).$body(form.客户)", ""),
        ("$query({PageNo: 1}).$header({'X-Trace': 1}).$body({data: form.客户})", ""),
        ("$query({PageNo: 1}).$header({'X-Trace': 1}).$body({data: {...form.客户}})", ""),
        ("$query({PageNo: 1}).$header({'X-Trace': 1}).$body({data: {order: form.客户}})", ""),
        ("$query({PageNo: 1}).$header({'X-Trace': 1}).$body({data: {other: form.客户}})", "amt"),
        ("$query({PageNo: 1}).$header({'X-Trace': 1}).$body({data: {order: {no: 1}}})", "amt"),
        ("$query({PageNo: 1}).$header({'X-Trace': 1}).$body({order: form.客户})", "amt"),
        ("$query({PageNo: 1}).$header({'X-Trace': 1}).$body({dat: form.客户})", "amt"),
        ("$query({opt: 1}).$query({PageNo: 2}).$header({'X-Trace': 1}).$body(form.客户)", ""),
        ("$body({PageNo: 1, 'X-Trace': 1})", "PageNo X-Trace amt"),
    ],
)
def test_a_chain_sets_each_required_parameter_where_it_belongs(
    check: Check, setters: str, missing: str
) -> None:
    found = check(f"await $proxy('crm').$api('ask_order').{setters}.$call();")

    told = [problem for rule, problem in found if rule == "missing-parameter"]
    assert told == [
        f"a.js:1:26: crm.ask_order needs {name!r}, which is not passed" for name in missing.split()
    ]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ("1, 't', 5", []),
        ("1, 't', 5, 2, 3", []),
        ("1, 't'", ["amt"]),
        ("1", ["X-Trace", "amt"]),
        ("", ["PageNo", "X-Trace", "amt"]),
        ("...form.明细", []),
        ("1, 't', 5, 2, 3, 4", ["5 parameters and is called with 6"]),
        ("1, 't', 5, 2, 3, 4, 5", ["5 parameters and is called with 7"]),
    ],
)
def test_a_direct_call_passes_what_is_required_and_has_no_default(
    check: Check, arguments: str, told: list[str]
) -> None:
    found = check(f"await $proxy('crm').askOrder({arguments});")

    assert [rule for rule, _ in found] == [
        "missing-parameter" if one.isascii() and " " not in one else "extra-argument"
        for one in told
    ]
    for (_, problem), part in zip(found, told, strict=True):
        assert part in problem


@pytest.mark.parametrize(
    ("use", "told"),
    [
        ("if (w.data.name) form.客户 = 1;", []),
        ("if (w.data.nick) form.客户 = 1;", []),
        ("if (w.data.nama) form.客户 = 1;", ["data.nama"]),
        ("form.客户 = w.data.nick;", ["data.nick"]),
        ("if (w.name) form.客户 = 1;", ["name"]),
        ("form.客户 = w.name;", ["name"]),
        ("if (w.code === 0) form.客户 = w.message;", []),
    ],
)
def test_what_an_envelope_never_has_is_told_and_a_test_inside_of_it_is_not(
    check: Check, use: str, told: list[str]
) -> None:
    found = check(f"const w = await $proxy('crm').wrapped(); {use}")

    for (_, problem), path in zip(found, told, strict=True):
        assert f"has {path}" in problem


@pytest.mark.parametrize(
    ("member", "text", "hint"),
    [
        ("instance_key", "branch", ""),
        ("instance_key", "default", ""),
        ("instance_key", "", ""),
        ("instance_key", "brunch", "branch"),
        ("platform_key", "crm", ""),
        ("platform_key", "crn", "crm"),
        ("api", "get_order", ""),
        ("api", "getOrder", "get_order"),
    ],
)
def test_an_error_names_what_the_platform_files_declare(
    check: Check, member: str, text: str, hint: str
) -> None:
    found = check(
        "try { await $proxy('crm').getCustomer(1); } "
        f"catch (e) {{ if (e.{member} === '{text}') form.客户 = 2; }}"
    )

    assert [rule for rule, _ in found] == ["unknown-value"] * bool(hint)
    told = f"{member} is never {text!r}; did you mean {hint!r}?"
    assert [problem.partition(": ")[2] for _, problem in found] == [told] * bool(hint)


@pytest.mark.parametrize(
    ("hooks", "is_known"),
    [
        ("approve.部门", True),
        ("reject.部门", True),
        ("before_next.部门", True),
        ("approve.部门 reject.部门 before_next.部门", True),
        ("approve.部门 before_next.财务", False),
        ("approve.部门 submit", False),
        ("approve.部门 owners.部门", False),
        ("before_next", False),
        ("submit", False),
        ("", False),
    ],
)
@pytest.mark.parametrize("member", ["step_id", "step.id", "step.flow_step_id"])
def test_a_script_that_runs_at_one_node_is_never_at_another(
    check: Check, hooks: str, is_known: bool, member: str
) -> None:
    found = check(f"if (ctx.{member} === '财务') form.客户 = 1;", "", *hooks.split())

    told = [f"ctx.{member} is never '财务'; there is 部门"] if is_known else []
    assert [problem.partition(": ")[2] for _, problem in found] == told
    assert check(f"if (ctx.{member} === '部门') form.客户 = 1;", "", *hooks.split()) == []


@pytest.mark.parametrize(
    ("hooks", "is_told"),
    [("jump", True), ("jump before_next.部门", False), ("before_next.部门", False), ("", False)],
)
def test_only_what_a_jump_alone_returns_is_the_name_of_a_node(
    check: Check, hooks: str, is_told: bool
) -> None:
    told = "a.js:1:21: the flow has no node '财'; did you mean '财务'?"
    found = check("if (form.客户) return '财';", "", *hooks.split())
    assert found == [("unknown-value", told)] * is_told
    assert check("if (form.客户) return '财务';", "", *hooks.split()) == []


@pytest.mark.parametrize(
    ("call", "is_told"),
    [
        ("await $proxy('crm').getOrder(1);", True),
        ("await $proxy('crm').headOrder();", True),
        ("await $proxy('crm').postOrder();", False),
        ("await $proxy('crm').getCustomer(1);", False),
        ("form.客户 = await $proxy('crm').headOrder();", False),
    ],
)
def test_a_call_that_only_reads_is_there_for_its_answer(
    check: Check, call: str, is_told: bool
) -> None:
    assert [rule for rule, _ in check(call)] == ["unused-result"] * is_told


def test_of_one_mistake_one_thing_is_told(check: Check) -> None:
    chain = "await $proxy('crm').$api('{}').$call();"
    ask = "ask_order').$query({PageNo: 1}).$body({'data.order.Amount': 1}).$header({'%s': 1"
    rules = {
        "const c = await $proxy('crm').getOrder(1); form.客户 = 1;": ["unused-result"],
        chain.replace("{}').", "get_customer').$path({ids: 1})."): [
            "missing-parameter",
            "unknown-parameter",
        ],
        chain.replace("{}').", f"{ask % 'x-trace'}}})."): [],
        chain.replace("{}').", f"{ask % 'X-Trcae'}}})."): [
            "missing-parameter",
            "undeclared-parameter",
        ],
    }
    assert {source: [rule for rule, _ in check(source)] for source in rules} == rules


@pytest.mark.parametrize(
    ("source", "column"),
    [
        ("const r = await $proxy('crm').postOrder(); form.客户 = '甲';", 7),
        ("const r = await ($proxy('crm').getCustomer(1)); form.客户 = '甲';", 7),
        ("const a = 1, 单 = await $proxy('crm').postOrder(); form.客户 = a;", 14),
        ("try { let r = await $proxy('crm').getOrder(1); form.客户 = 1 } catch { form.客户 = 2 }", 11),
        ("const r = await $proxy('crm').$api('get_customer').$path({id: 1}).$call(); form.客户 = 1;", 7),
        ("await $proxy('crm').postOrder(); form.客户 = '甲';", 0),
        ("const r = await $proxy('crm').postOrder(); form.客户 = r.no;", 0),
        ("const r = await $proxy('crm').postOrder(); return r;", 0),
        ("const r = await $proxy('crm').postOrder(); form.客户 = {...r}.no;", 0),
        ("const _r = await $proxy('crm').postOrder(); form.客户 = '甲';", 0),
        ("const {no} = await $proxy('crm').postOrder(); form.客户 = '甲';", 0),
        ("let r = await $proxy('crm').postOrder(); r = 1; form.客户 = r;", 0),
        ("form.客户 = '甲'; const r = await $proxy('crm').postOrder();", 0),
        ("if (form.客户) { const r = await $proxy('crm').postOrder(); /* 发出 */ } form.客户 = 1;", 0),
        ("const r = (await $proxy('crm').postOrder()).no; const b = r; form.客户 = b;", 0),
    ],
)  # fmt: skip
def test_the_result_of_a_call_that_has_a_name_is_read(
    check: Check, source: str, column: int
) -> None:
    name = "单" if "单" in source else "r"
    told = f"nothing reads {name}, the result of this call; read it, or leave the name away"
    found = [message for rule, message in check(source) if rule == "unused-variable"]

    assert found == [f"a.js:1:{column}: {told}"] * (column > 0)
