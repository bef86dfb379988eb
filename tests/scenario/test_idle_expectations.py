# ruff: noqa: E501 - scenarios and scripts, one a line
"""What holds whatever the scripts do is told, as the run shows it; what it only looks like is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.scenario.test_lies import FLOW, Case, run, what_is_wrong

SHOP = """\
platform_key: shop
base_url: https://shop.example.test
timeout: 10s
ignore: [header.X-Reqest-ID]
volatile: [body.data.nmae]
apis:
  list_orders: {path: /orders, parameters: [{name: status, in: query, enum: [open, paid]}]}
  create_order:
    method: POST
    path: /orders
    parameters: [{name: amount, in: body, type: number}]
    answer: {type: object, properties: {data: {type: object, properties: {level: {type: string, enum: [VIP]}, count: {type: integer}}}}}
"""
FILES = {"platforms/shop.yaml": SHOP}
LIST = "{on: shop.list_orders, body: {data: {name: 甲}}}"
LISTED = "await $proxy('shop').listOrders('open')"


def opened(expect: str, script: str = "", stubs: str = "", **parts: str) -> Case:
    return Case(
        steps=f"{{open: {{}}, expect: {{{expect}}}}}",
        script=script,
        stubs=stubs,
        files=FILES,
        **parts,
    )


def stubbed(stub: str, expect: str = "form: {客户名称: 好}") -> Case:
    script = "form.客户名称 = '好'; await $proxy('shop').createOrder(1)"
    return opened(expect, script, f"{{on: shop.create_order, {stub}}}")


DOUBTFUL: dict[str, tuple[Case, str]] = {
    "all options of a field": (
        opened(
            "form: {客户名称: {$in: [甲, 乙]}}",
            "form.$options.客户名称 = ['甲', '乙']; form.客户名称 = '甲'",
        ),
        "$in has all options that form.客户名称 offers",
    ),
    "what a field was before, too": (
        opened("form: {金额: {$in: [0, 5]}}", "form.金额 = 5"),
        "$in has each value that form.金额 had",
    ),
    "a denied text that is no option": (
        opened(
            "form: {客户名称: {$ne: 已做废}}",
            "form.$options.客户名称 = ['有效', '已作废']; form.客户名称 = '有效'",
        ),
        "form.客户名称 was never '已做废', so denying it says nothing; did you mean '已作废'?",
    ),
    "what never is, and never could be": (
        opened(
            "form: {客户名称: 有效}",
            "form.$options.客户名称 = ['有效', '已作废']; form.客户名称 = '有效'",
            top="never: {form: {客户名称: 已做废}}",
        ),
        "did you mean '已作废'?",
    ),
    "a column that no row ever had": (
        opened(
            "form: {金额: 1, 客户名称: {$each: {数目: {$not: {$lt: 0}}}}}",
            "form.金额 = 1; form.客户名称 = [{数量: 1, 价: 2}]",
        ),
        "no row of 客户名称 ever had a column '数目'; did you mean '数量'?",
    ),
    "what was there before": (
        opened("form: {金额: 0}", "form.客户名称 = '甲'"),
        "all that is expected was there before anything ran, and nothing wrote it: 金额",
    ),
    "calls that may be none": (
        opened(
            "form: {客户名称: 甲}, proxy: [{call: shop.list_orders, times: {$lte: 3}}]",
            "form.客户名称 = '甲'",
        ),
        "shop.list_orders was not called at all, which this allows, too",
    ),
    "no login where nothing is called": (
        opened(
            "form: {客户名称: 甲}, proxy: [{call: crm.$token, times: 0}]", "form.客户名称 = '甲'"
        ),
        "nothing called crm in this step",
    ),
    "a preview of an earlier step": (
        Case(
            steps="steps:\n  - preview: {}\n  - {approve: {by: wangwu}, expect: {preview: {end: {$ne: 总经理}}}}",
            form=None,
            stubs="",
            top="flow: {definition: 流程.yaml, at: 部门审批}",
            files={"流程.yaml": FLOW},
        ),
        "this preview is of an earlier step",
    ),
    "a stub that the answer does not allow": (
        stubbed("body: {data: {level: Gold}}"),
        "shop.create_order: VIP are declared, got 'Gold'",
    ),
    "a stub of another type": (
        stubbed("answers: [{body: {data: {count: '3'}}}]"),
        "integer is declared, got '3'",
    ),
    "milliseconds for seconds": (
        opened(
            "form: {客户名称: 好}",
            "form.客户名称 = '好'; try { await $proxy('shop').createOrder(1) } catch {}",
            "{on: shop.create_order, delay: 500, body: {}}",
        ),
        "delay: 500 is in seconds and beyond the timeout of 10; write 0.5",
    ),
    "a token where there is no login": (
        opened(
            "form: {客户名称: 好}",
            "try { await $proxy('shop').createOrder(1) } catch { form.客户名称 = '好' }",
            top="faults: [{on: shop.create_order, do: {token: expired}}]",
        ),
        "shop has no login, so no token of it ends",
    ),
    "a value that a parameter does not take": (
        opened(
            "form: {客户名称: 好}",
            "form.客户名称 = '好'; await $proxy('shop').listOrders('opened')",
            LIST,
        ),
        "parameter 'status': open, paid are declared, got 'opened'; did you mean 'open'?",
    ),
    "a text for a number in a body": (
        opened(
            "form: {客户名称: 好}",
            "form.客户名称 = '好'; await $proxy('shop').createOrder('5')",
            "{on: shop.create_order, body: {}}",
        ),
        "parameter 'amount': number is declared, got '5'",
    ),
    "undefined in a message": (
        opened(
            "messages: [{text: {$contains: 客户}}]",
            "const {x} = {}; form.$message = `客户 ${x} 已选`",
        ),
        'the script wrote "客户 undefined 已选" into form.$message',
    ),
    "a place to ignore that is misspelt": (
        opened(
            "form: {客户名称: 好}",
            "form.客户名称 = '好'; await $proxy('shop').$api('list_orders').$header({'X-Request-ID': 'a'}).$call()",
            LIST,
        ),
        "shop declares header.x-reqest-id, and no message has that; did you mean 'x-request-id'?",
    ),
    "a volatile place that is misspelt": (
        opened("form: {客户名称: 好}", f"form.客户名称 = '好'; {LISTED}", LIST),
        "shop declares body.data.nmae, and no message has that; did you mean 'name'?",
    ),
}


@pytest.mark.parametrize(("case", "says"), DOUBTFUL.values(), ids=DOUBTFUL)
def test_what_says_nothing_is_warned_of(tmp_path: Path, case: Case, says: str) -> None:
    verdicts = run(tmp_path, case)

    assert what_is_wrong(verdicts) == ""
    assert says in "\n".join(warning.message for one in verdicts for warning in one.warnings)


TRUE: dict[str, Case] = {
    "some of the options": opened(
        "form: {客户名称: {$in: [甲, 乙]}}",
        "form.$options.客户名称 = ['甲', '乙', '丙']; form.客户名称 = '甲'",
    ),
    "what a field may become": opened("form: {金额: {$in: [4, 5]}}", "form.金额 = 5"),
    "a denied text that the field was": Case(
        steps="steps:\n  - open: {}\n  - {set: {客户名称: 乙方}, expect: {form: {客户名称: {$ne: 甲方}}}}",
        script="form.客户名称 = '甲方'",
        stubs="",
    ),
    "what stays, beside what changes": opened(
        "form: {金额: 0, 客户名称: 甲}", "form.客户名称 = '甲'"
    ),
    "a text where it is expected": opened("form: {金额: '15'}", "form.金额 = '15'"),
    "an empty number": opened("form: {金额: ''}", "form.金额 = ''"),
    "what V8 says of undefined": opened(
        "messages: [{text: {$contains: undefined}}]",
        "try { (void 0).x } catch (e) { form.$message = e.message }",
    ),
    "a slow answer": stubbed("delay: 5, body: {data: {level: VIP, count: 3, more: 1}}"),
    "a value of its list": opened(
        "form: {客户名称: 好}",
        f"form.客户名称 = '好'; {LISTED.replace('open', 'paid')}",
        "{on: shop.list_orders, body: {}}",
    ),
}


@pytest.mark.parametrize("case", TRUE.values(), ids=TRUE)
def test_what_says_something_is_left_alone(tmp_path: Path, case: Case) -> None:
    verdicts = run(tmp_path, case)

    assert what_is_wrong(verdicts) == ""
    assert [str(warning) for one in verdicts for warning in one.warnings] == []


RED: dict[str, tuple[Case, str]] = {
    "a range that is none, denied": (
        opened("form: {金额: {$not: {$gt: 10, $lt: 5}}}", "form.金额 = 5"),
        "holds whatever happens",
    ),
    "a number in place of true or false, denied": (
        opened("fields: {金额: {required: {$ne: 1}}}"),
        "holds whatever happens",
    ),
    "a script of what a node does not offer": (
        Case(
            steps="approve: {by: wangwu}",
            form=None,
            stubs="",
            top="flow: {definition: 流程.yaml, at: 部门审批, scripts: {reject.部门审批: 批.js}}",
            files={
                "批.js": "return",
                "流程.yaml": "flow: 报销\nstart: 部门审批\nnodes:\n  部门审批: {owners: [wangwu], approve: 结束}\n  结束: {end: true}\n",
            },
        ),
        "node '部门审批' has no reject, so this never runs; it has approve",
    ),
}


@pytest.mark.parametrize(("case", "says"), RED.values(), ids=RED)
def test_what_can_never_fail_or_run_is_red(tmp_path: Path, case: Case, says: str) -> None:
    assert says in what_is_wrong(run(tmp_path, case))
