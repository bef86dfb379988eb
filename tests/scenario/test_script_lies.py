# ruff: noqa: E501 - scenarios and scripts, one a line
"""Scripts that do nothing of what they seem to: each has to be red, or at least a warning."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.scenario.test_lies import Case, run, what_is_wrong

STRICT = """\
platform_key: stock
base_url: https://stock.example.test
strict: true
apis:
  get_item:
    path: /items/{sku}
    parameters:
      - {name: sku, in: path, required: true}
      - {name: lang, in: query, enum: [zh, en]}
  create_order: {method: POST, path: /orders, parameters: [{name: sku, in: body, required: true}]}
"""
STOCK = {"platforms/stock.yaml": STRICT}
ITEM = "{on: stock.get_item, body: {}}"
ORDER = "{on: stock.create_order, body: {}}"


def call(script: str, stub: str = ITEM, says: str = "") -> Case:
    return Case(steps="open: {}", script=script, stubs=stub, says=says, files=STOCK)


def caught(script: str, says: str = "the script caught that") -> Case:
    return Case(steps="open: {}", script=f"try {{ {script} }} catch {{}}", stubs="", says=says)


LIES: dict[str, Case] = {
    # A wrong call is red also when it is caught.
    "a missing parameter, caught": caught("await $proxy('crm').get_customer()"),
    "a missing parameter of a chain, caught": caught(
        "await $proxy('crm').$api('get_customer').$call()"
    ),
    "an object in a path, caught": caught("await $proxy('crm').get_customer({id: '1'})"),
    "a misspelt setter, caught": caught(
        "await $proxy('crm').$api('list_orders').$querry({page: 1}).$call()", "did you mean $query"
    ),
    "a setter that takes no text, caught": caught(
        "await $proxy('crm').$api('get_customer').$path('1').$call()"
    ),
    "a misspelt option, caught": caught(
        "await $proxy('crm', {instanceKey: 'a'}).get_customer('1')", "did you mean 'instance_key'"
    ),
    "a platform that is undefined, caught": caught("await $proxy({}.key).get_customer('1')"),
    "a promise that is sent, caught": caught(
        "const id = (async () => '1')(); await $proxy('crm').get_customer(id)",
        "a promise cannot be sent",
    ),
    "a wrong call beside others in Promise.allSettled": Case(
        steps="open: {}",
        script="await Promise.allSettled([$proxy('crm').get_customer('1'), $proxy('crm').get_customer()])",
        says="parameter 'id' is missing",
    ),
    # A platform that is strict.
    "an undeclared query parameter of a chain": call(
        "await $proxy('stock').$api('get_item').$path({sku: 'A'}).$query({lnag: 'zh'}).$call()",
        says="no query parameter 'lnag' is declared; did you mean 'lang'?",
    ),
    "an undeclared member of a body": call(
        "await $proxy('stock').$api('create_order').$body({sku: 'A', qyt: 1}).$call()",
        ORDER,
        says="no body parameter 'qyt' is declared",
    ),
    "a body of an API that has none": call(
        "await $proxy('stock').$api('get_item').$path({sku: 'A'}).$body({x: 1}).$call()",
        says="no body parameter 'x' is declared",
    ),
    "a text in a body of an API that has none": call(
        "await $proxy('stock').$api('get_item').$path({sku: 'A'}).$body('x').$call()",
        says="no body is declared",
    ),
    "an argument that is none of the choices": call(
        "await $proxy('stock').get_item('A', 'hz')", says="lang is one of zh, en, got 'hz'"
    ),
    "a parameter of a chain that is none of the choices": call(
        "await $proxy('stock').$api('get_item').$path({sku: 'A'}).$query({lang: 'hz'}).$call()",
        says="lang is one of zh, en, got 'hz'",
    ),
}


@pytest.mark.parametrize("case", LIES.values(), ids=LIES)
def test_a_script_that_lies_is_red(tmp_path: Path, case: Case) -> None:
    assert case.says in what_is_wrong(run(tmp_path, case))


TRUTHS: dict[str, Case] = {
    "a missing parameter that has to fail": Case(
        steps="{open: {}, expect: {proxy: [{call: crm.get_customer, error: MISSING_PARAMETER}]}}",
        script="try { await $proxy('crm').get_customer() } catch {}",
        stubs="",
    ),
    "a misspelt setter that has to fail": Case(
        steps="{open: {}, expect: {proxy: [{call: crm.get_customer, error: BAD_ARGUMENT}]}}",
        script="try { await $proxy('crm').$api('get_customer').$paht({id: 1}).$call() } catch {}",
        stubs="",
    ),
    "a missing parameter that nothing catches": Case(
        steps="{open: {}, expect_error: {code: MISSING_PARAMETER}}",
        script="await $proxy('crm').get_customer()",
        stubs="",
    ),
    "a missing parameter of a proxy step": Case(
        steps="{proxy: {call: crm.get_customer}, expect_error: {code: MISSING_PARAMETER}}", stubs=""
    ),
    "all that a strict platform declares": call(
        "await $proxy('stock').$api('get_item').$path({sku: 'A'}).$query({lang: 'zh', x: undefined}).$header({'X-Any': '1'}).$call()"
    ),
    "a body that a strict platform declares": call(
        "await $proxy('stock').$api('create_order').$body({sku: 'A'}).$call()", ORDER
    ),
}


@pytest.mark.parametrize("case", TRUTHS.values(), ids=TRUTHS)
def test_a_script_that_only_looks_so_is_green(tmp_path: Path, case: Case) -> None:
    assert what_is_wrong(run(tmp_path, case)) == ""
