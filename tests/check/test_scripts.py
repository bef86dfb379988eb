"""What is wrong with a script is said without running it, each rule at its place."""

from __future__ import annotations

# ruff: noqa: E501 - a row of the tables is a script and what is said of it
from collections.abc import Callable
from pathlib import Path

import pytest

from bpmax_sim.check.scripts import RULES, ScriptContext, check_scripts
from bpmax_sim.index.facts import FileFacts
from bpmax_sim.index.response_shapes import ResponseShapes, shape_of
from bpmax_sim.platform.load import load_platforms
from bpmax_sim.script.failure import Script

PLATFORM = """
platform_key: crm
base_url: https://crm.example.test
apis:
  get_customer: {method: GET, path: "/customers/{id}", parameters: [{name: id, in: path, required: true}, {name: fields, in: query}]}
  create_order:
    method: POST
    path: /orders
    aliases: [下单]
    parameters: [{name: amount, in: body, to: data.amount, required: true}]
    answer: {type: object, properties: {orderId: {type: string}}, additionalProperties: false}
"""
Check = Callable[..., list[tuple[str, str]]]
RECORDED = shape_of({"code": 200, "data": {"name": "张三", "phones": [{"number": "1"}]}})


@pytest.fixture(name="check")
def check_of(tmp_path: Path) -> Check:
    folder = tmp_path / "platforms"
    folder.mkdir()
    (folder / "crm.yaml").write_text(PLATFORM, "utf-8")
    platforms = load_platforms(folder)
    facts = FileFacts("cassette", (), {"crm.get_customer": RECORDED})
    shapes = ResponseShapes([facts.shapes])

    def check(source: str, library: str = "") -> list[tuple[str, str]]:
        libraries = (Script(library, "lib.js"),) if library else ()
        context = ScriptContext(
            script=Script(source, "a.js"),
            platforms=platforms,
            fields=frozenset({"客户编号", "客户", "明细"}),
            nodes=frozenset({"部门", "财务"}),
            libraries=libraries,
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
    ("const o = await $proxy('crm').create_order(5); form.客户 = o.id;", "closed-member", "no response of crm.create_order that is declared or recorded has id; there is orderId"),
    ("const c = await $proxy('crm').getCustomer(5); form.客户 = c.data.nama;", "unknown-member", "has data.nama; did you mean 'name'?"),
    ("const c = await $proxy('crm').getCustomer(5); c.data.phones.map(p => p.no);", "unknown-member", "has data.phones.*.no"),
    ("await $proxy('crm').getCustomer(1, 'a', 2);", "extra-argument", "crm.get_customer has 2 parameters and is called with 3; the rest is dropped"),
    ("$proxy('crm').getCustomer(1);", "missing-await", "nothing waits for crm.get_customer; put await before it"),
    ("const c = $proxy('crm').getCustomer(1); form.客户 = c.data;", "missing-await", ".data is read of a promise and is undefined"),
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
    ("form.客户 = window.name;", "undefined-name", "a.js:1:11: window is a name of web pages, which a script cannot count on; there are $proxy, form, ctx and the libraries"),
    ("form.客户 = require('fs');", "undefined-name", "a.js:1:11: require is a name of Node.js, which a script cannot count on; there are $proxy, form, ctx and the libraries"),
    ("form.客户 = fromatName('a');", "undefined-name", "a.js:1:11: fromatName is declared nowhere; did you mean 'formatName'?"),
    ("form.客户 = form.明细 ** 0.5;", "power", "Math.pow"),
]  # fmt: skip


@pytest.mark.parametrize(("source", "rule", "message"), WRONG)
def test_what_is_wrong_is_said_at_its_place(
    check: Check, source: str, rule: str, message: str
) -> None:
    library = "function formatName(x) { return x; }" if rule == "undefined-name" else ""

    findings = check(source, library)

    assert (rule, True) in [(found, message in text) for found, text in findings], findings


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
        "let m; if ((m = /a/.exec('a'))) m[0]; while (m = /b/.exec('')) m[0];",
        "void Promise.all([1]); await Promise.all([2]); Promise.all([3]).catch(console.error);",
        "const load = async () => 1; if (await load()) form.客户 = (await load()) + 1; load().then(n => n + 1);",
        "const f = () => 1; if (f()) form.客户 = f() + 1; if (form.别的 || !form.其它) form.客户 = 2;",
        "await $proxy('crm').$api('get_customer').$path({id: 1}).$query({fields: 'a', field: 'b', page: 1}).$call();",
        "if (ctx.action === 'approve' || ctx.action === '' || ctx.action === 'archive') form.客户 = 1;",
        "try { form.客户 = 1; } catch (e) { if (e.code === 'TIMEOUT' || e.code === 'E100') form.客户 = e.name; }",
        "const {...rest} = form; JSON.stringify(form); Object.keys(form);",
        "const c = await $proxy('crm').getCustomer(1); form.客户 = c.data?.nick ?? c.data.alias ?? '';",
        "const c = await $proxy('crm').getCustomer(1); form.明细 = c.data.phones.filter(p => p.number).length;",
        "return Promise.all([1, 2].map(id => $proxy('crm').getCustomer(id)));",
        "$proxy('crm').getCustomer(1).then(c => { form.客户 = c.data.name; }).catch(() => {});",
        "if (typeof later === 'function') later = 1;",
        "form.客户 = 2 ** 10;",
        "// bpmax-ignore: undeclared-write\nform.别的 = 1;",
        "form.别的 = 1; // bpmax-ignore: undeclared-write",
        "console.log('，；（）', /（.*）/u, `：`); // 全角（标点）没有错",
        "for (const row of form.明细) row.金额 = Number(row.数量);",
    ],
)  # fmt: skip
def test_what_is_right_is_left_alone(check: Check, source: str) -> None:
    assert check(source) == []
