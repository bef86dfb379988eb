# ruff: noqa: E501 - steps, one a line
"""Steps that set what is there, values that scripts assign, and results that nothing looks at."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bpmax_sim.scenario.calls import CallMade
from bpmax_sim.scenario.expectation_doubts import (
    FieldHistory,
    find_expectations_that_never_fail,
    find_only_unwritten_fields,
    find_parts_checking_nothing,
    find_set_without_change,
)
from bpmax_sim.scenario.load import ScenarioItem, load_items
from tests.files import write_files
from tests.scenario.test_doubts_of_a_run import FILES, write

HEAD = """\
scenario: 单
form: {scripts: {open: 开.js, change.客户: 开.js, change.明细.数量: 开.js}, fields: {金额: 0, 客户: '', 客户号: '', 明细: []}}
cases: [{id: 一, 编号: '', 名: '-', 值: x}]
steps:
"""
FLOW = """\
scenario: 流
flow: {definition: 流程.yaml, at: 部门审批, form: {金额: 1}, scripts: {approve.部门审批: 开.js}}
people: {wangwu: {}, ceo: {}}
steps:
"""


def read(folder: Path, *steps: str, head: str = HEAD, more: str = "") -> ScenarioItem:
    lines = "".join(f"  - {{{one}}}\n" for one in steps)
    write_files(folder, {**FILES, "单.scenario.yaml": f"{head}{lines}{more}"})
    return load_items(folder / "单.scenario.yaml", environ={}, root=folder, is_checked=True)[0]


def test_a_step_that_sets_what_is_there_is_told_where_a_script_would_have_to_run(
    tmp_path: Path,
) -> None:
    says = ", expect: {form: {金额: 1}}"
    item = read(
        tmp_path,
        f"set: {{客户: ''}}{says}", "set: {客户: ''}", f"set: {{客户号: ''}}{says}", f"set: {{'明细[0].数量': 1, 金额: 0}}{says}",
        f"set: {{客户: '${{case.编号}}', 金额: '${{case.名}}'}}{says}", f"set: {{客户: '${{case.值}}', 金额: '${{case.编号}}'}}{says}",
        "set: {金额: 1}, during: {call: crm.查客户, steps: [{set: {金额: 0}}]}", f"set: {{}}{says}", f"set: '${{vars.x}}'{says}", f"set: {{客: ''}}{says}",
    )  # fmt: skip
    has = (
        "{} has this value already, so that nothing changes and no script runs; set another value{}"
    )

    have = has.replace("has this value", "have these values").replace(
        "another value", "other values"
    )

    def tell(*events: Any) -> list[str]:
        steps = [*item.steps, *item.steps[6].during]
        found = [one for step in steps for one in find_set_without_change(item, step, events)]
        return [
            f"{one.place and one.place.line}:{one.place and one.place.column} {one.kind} {one.message}"
            for one in found
        ]

    told = [
        f"5:6 empty {has.format('客户', '')}", f"8:6 empty {have.format('明细[0].数量, 金额', '')}",
        f"9:6 empty {have.format('客户, 金额', ', or leave the step out in such a row: if: ${case.编号}')}", f"11:53 empty {has.format('金额', '')}",
    ]  # fmt: skip
    assert tell() == tell(write("金额", 1)) == told
    assert tell(write("金额", 1), write("客户", 1, by="user")) == []


def test_what_scripts_assign_to_a_field_of_the_form() -> None:
    scripts = [
        "subform.客户 = '甲'; other.form.客户 = '乙'; ctx.form.客户 = '丙'; ctx . form.客户='丁'", "form.客户 =\n'戊'; form.客户 == '己'; form.客户号 = '庚'; $form.客户 = '辛'",
        "form.客户 = a ? '壬' : \"癸\"\nform.客户 = f('子')\nform.客户 = '丙'",
    ]  # fmt: skip
    history = FieldHistory(
        {"客户": "", "客": 1},
        [write("客户", 1), write("客户号", 2), write("客户", None)],
        {},
        scripts,
    )

    assert history.find_assigned_literals("客户") == ["丙", "丁", "壬", "癸"]
    assert (
        history.get_values("客户"),
        history.get_values("没有"),
        history.get_values("客户号"),
    ) == (["", 1, None], [], [2])


APPROVE = "approve: {by: wangwu}"


@pytest.mark.parametrize("action", ["approve", "reject"])
def test_a_no_of_a_decision_is_one_of_these(tmp_path: Path, action: str) -> None:
    item = read(tmp_path, f"{action}: {{by: wangwu}}", head=FLOW)

    def tell(result: Any) -> bool:
        return bool([*find_parts_checking_nothing(item, item.steps[0], (), result)])

    members = ("ok", "success", "pass", "passed", "allow", "allowed", "valid", "agree")
    assert [tell({"x": 1, name: False}) for name in members] == [True] * 8
    assert [
        tell(one)
        for one in (False, "不行", "", None, 0, True, {}, {"ok": 0}, {"done": False}, [False])
    ] == [True, True] + [False] * 8


def test_a_no_is_looked_at_by_the_steps_until_the_next_action(tmp_path: Path) -> None:
    def tell(*steps: str, at: int = 0, more: str = "", result: Any = False) -> bool:
        item = read(tmp_path, *steps, head=FLOW, more=more)
        return bool([*find_parts_checking_nothing(item, item.steps[at], (), result)])

    looks, flows = "expect: {result: false}", "expect: {flow: {at: 总经理}}"
    assert [
        tell(APPROVE), tell(APPROVE, flows), tell(APPROVE, looks), tell(APPROVE, flows, looks), tell(APPROVE, f"{APPROVE}, {looks}"), tell(looks, APPROVE, at=1),
        tell(f"{APPROVE}, {looks}"), tell(APPROVE, more="expect: {result: 1}"), tell(f"{APPROVE}, save: {{a: 1}}"), tell(f"id: 甲, {APPROVE}"),
        tell(f"id: 甲, {APPROVE}", "set: {金额: '${steps.甲.result}'}"), tell(f"{APPROVE}, retry: {{tries: 2}}"), tell(f"{APPROVE}, retry: {{until: {{flow: {{at: x}}}}}}"),
        tell("submit: {}"), tell("python: 'm:f'"), tell("python: 'm:f'", result=0), tell(APPROVE, APPROVE, looks),
    ] == [True, True, False, False, True, True, False, False, False, True, False, True, False, False, True, False, True]  # fmt: skip


def made(name: str = "crm.查客户", error: str = "", **more: Any) -> CallMade:
    return CallMade(number=1, call=name, error=error, **more)


def test_counts_of_calls_that_any_number_fits(tmp_path: Path) -> None:
    def tell(expect: str, *calls: CallMade, more: str = "") -> list[str]:
        item = read(tmp_path, f"set: {{金额: 1}}, expect: {{{expect}}}", more=more)
        found = find_parts_checking_nothing(item, item.steps[0], calls, None)
        return [f"{one.kind} {one.message.partition(';')[0]}" for one in found]

    failed, fine = made(error="RESET"), made()
    each = ["unseen each call of crm.* failed (RESET), and nothing else is expected"]
    assert [
        tell("proxy: [{call: crm.*}]", failed), tell("proxy: [{call: crm.*}]", failed, fine), tell("proxy: [{call: crm.*, error: RESET}]", failed),
        tell("proxy: [{call: crm.*}], form: {金额: 1}", failed), tell("proxy: [{call: crm.*}]", failed, more="expect: {form: {金额: 1}}\n"), tell("proxy: [{call: crm.*, times: 0}]", failed),
        tell("proxy: [{call: crm.*, times: 1}]", failed), tell("proxy: [{call: crm.*}]"),
    ] == [each, [], [], [], [], [], each, []]  # fmt: skip
    none, many = (
        "empty this allows no call at all, too",
        "empty this allows any number of calls, too",
    )
    times = "proxy: [{{call: crm.查客户, times: {}}}]"
    assert [
        tell(times.format(one), fine)
        for one in ("{$gte: 0}", "{$lte: 2}", "{$gte: 1}", "{$gt: 0, $lt: 5}", "1", "{$in: [1, 2]}")
    ] == [[none], [none], [many], [], [], []]
    assert [tell(times.format(one)) for one in ("{$gte: 0}", "{$gte: 1}", "0")] == [
        ["empty crm.查客户 was not called at all, which this allows, too"],
        [],
        [],
    ]
    login = "proxy: [{call: crm.$token, times: 0}]"
    assert [tell(login), tell(login, fine), tell(login, made("oa.x")), tell(login, made("crm.$token")), tell("proxy: [{call: crm.token, times: 0}]")] == [
        ["empty nothing called crm in this step, so there was no reason for a login"], [], ["empty nothing called crm in this step, so there was no reason for a login"], [], [],
    ]  # fmt: skip


def test_an_item_without_expectations_has_another_judge_or_is_told(tmp_path: Path) -> None:
    history = FieldHistory({}, (), {}, ["form.金额 = 1"])

    def tell(*steps: str, more: str = "", past: FieldHistory = history) -> bool:
        item = read(tmp_path, *steps, more=more)
        return any(
            "nothing is expected here" in one.message
            for one in find_expectations_that_never_fail(item, past, ())
        )

    plain = "set: {金额: 1}"
    assert [
        tell(plain), tell(plain, past=FieldHistory({}, (), {})), tell(plain, more="xfail: 以后\n"), tell(f"{plain}, expect_error: {{code: X}}"), tell("python: 'm:f'"),
        tell(f"{plain}, during: {{call: crm.x, steps: [{{advance: 1s}}]}}"), tell(f"{plain}, retry: {{tries: 2}}"), tell(f"{plain}, retry: {{until: {{form: {{金额: 1}}}}}}"), tell(f"{plain}, expect: {{form: {{金额: 1}}}}"),
    ] == [True, False, False, False, False, False, True, False, False]  # fmt: skip


def test_expectations_of_what_no_script_wrote_are_told_once(tmp_path: Path) -> None:
    facts = {
        "at": "部门审批",
        "status": "processing",
        "owners": ["wangwu"],
        "pending": ["wangwu"],
        "passed": [],
    }

    def tell(expect: str, *changes: Any, more: str = "", step: str = "") -> list[str]:
        item = read(tmp_path, f"js: '1', expect: {{{expect}}}{step}", head=FLOW, more=more)
        past = FieldHistory({"金额": 1, "明细": []}, changes, {}, (), facts)
        return [one.message for one in find_only_unwritten_fields(item, past)]

    there = "all that is expected was there before anything ran, and nothing wrote it: {}; expect what the scripts do, too"
    entered = "all that is expected was there before anything ran, or a step entered it, and no script wrote it: {}; expect what the scripts do, too"
    user = write("备注", 1, by="user")
    assert [
        tell("form: {金额: 1, '明细[0].数量': 2}"), tell("form: {金额: 1}", write("金额", 1)), tell("form: {明细: []}", write("明细[0].数量", 1)), tell("form: {备注: 1}"),
        tell("form: {备注: 1}", user), tell("flow: {at: 部门审批, pending: [wangwu], form: {金额: 1}}"), tell("flow: {at: 总经理}"), tell("flow: {status: processing}"),
        tell("flow: {at: 部门审批, passed: []}"), tell("form: {金额: 1}, result: 1"), tell("form: {金额: 1}", step=", expect_error: {code: X}"),
        tell("form: {金额: 1}", step=", during: {call: crm.x, steps: [{advance: 1s}]}"), tell("form: {金额: 1}", more="always: {form: {金额: 1, 明细: []}}\n"), tell("form: {金额: 1}", write("合同/金额", 1)),
    ] == [
        [there.format("金额, 明细[0].数量")], [], [], [], [entered.format("备注")], [there.format("金额, flow.at, flow.pending")], [], [], [], [], [], [],
        [there.format("金额, 明细")], [there.format("金额")],
    ]  # fmt: skip


def test_an_expected_value_is_held_against_what_the_run_had(tmp_path: Path) -> None:
    past = FieldHistory(
        {"金额": 0, "空": "", "状态": 3, "零": 0, "客户": "", "明细": [{"数量额": 1}]}, [write("金额", 5), write("状态", 0), write("客户", "额度冻结")], {"客户": ["差旅报销", "办公用品", "额度冻结"]}, ["f('办公用昂'); form.客户 = a ? '额度冻结' : b ? '甲乙' : '丙'"],
    )  # fmt: skip
    call = made(
        "crm.下单",
        query={"pageNo": 1},
        header={"x-trace": "1"},
        body={"orders": [{"itemName": 1}]},
        response={"codes": 1, "list": [{"phoneNo": 1}]},
    )

    def tell(expect: str, *, key: str = "", step: str = "js: '1'") -> list[str]:
        item = read(
            tmp_path,
            f"{step}, expect: {{{expect}}}" if not key else step,
            more=f"{key}: {{{expect}}}\n" if key else "",
        )
        found = find_expectations_that_never_fail(item, past, [call])
        return [
            one.message.partition(";")[0]
            for one in found
            if "produce" not in one.message
            and "could ever make" not in one.message
            and "neither a script" not in one.message
        ]

    fits = '{"$type": "number"} fits what form.金额 was before anything ran, 0, and whatever else it could be'
    also = '{"$length": {"$gte": 1}} fits also "甲乙", "丙", which a script writes into form.客户 in other cases'
    was = "form.客户 was never '{}', so denying it says nothing"
    no = "no call of crm.下单 had '{}' in {}, so denying it says nothing"
    column = "no row of 明细 ever had a column '数量颖'"
    cases: dict[str, list[str]] = {
        "form: {金额: {$type: number}}": [fits], "form: {金额: {$gte: '${vars.x}'}}": [], "form: {没有: {$type: number}}": [], "form: {金额: {$gte: 3}}": [],
        "form: {客户: {$not: {$in: [5, '${vars.x}', 差旅报消]}}}": [was.format("差旅报消")], "form: {客户: {$ne: 办公用晶}}": [was.format("办公用晶")], "form: {客户: {$ne: 办公用昂}}": [], "form: {客户: {$length: {$gte: 2}}}": [], "form: {客户: {$length: {$gte: 1}}}": [also],
        "form: {客户: {$in: [差旅报销, 办公用品, 额度冻结]}}": ["$in has all options that form.客户 offers, so this holds whatever happens"], "form: {客户: {$in: [额度冻结]}}": [], "form: {客户: {$in: [额度冻结, 差旅报销, 办公用品], $ne: x}}": [], "form: {空: {$in: ['', 1]}}": [], "form: {状态: {$gte: 0}}": ["form.状态 is 0, as little as this allows"], "form: {零: {$gte: 0}}": [],
        "form: {金额: {$in: [0, 5, 7]}}": ["$in has each value that form.金额 had, also before anything ran: 0, 5"], "form: {明细: [{数量颖: 1}]}": [column], "form: {'明细[0].数量颖': {$ne: 1}}": [column],
        "form: {'明细[0].数量额': {$ne: 2}}": [], "proxy: [{call: crm.下单, header: {X-Trase: {$ne: 1}, X-Trace: {$ne: 2}}}]": [no.format("X-Trase", "header")],
        "proxy: [{call: crm.下单, response: {list: [{phoneNoo: {$ne: 1}}], code: {$ne: 1}}}]": [], "proxy: [{call: crm.下单, response: {phoneNoo: {$ne: 1}}}]": [no.format("phoneNoo", "response")],
        "proxy: [{call: crm.下单, body: {order: {$ne: 1}}, query: {pageNoo: 2}}]": [], "proxy: [{call: oa.x, query: {pageNoq: {$ne: 1}}}]": [],
    }  # fmt: skip
    assert {one: tell(one) for one in cases} == cases
    plain, never = (
        "set: {金额: 1}, expect: {result: 1}",
        "proxy: [{call: crm.下单, query: {pageNoo: 2}}, {call: crm.下单, query: {pageNoq: {$ne: 1}}}]",
    )
    assert [tell("form: {金额: {$type: number}}", key="always", step=plain), tell(never, key="never", step=plain), tell("form: {客户: 差旅报消}", key="never", step=plain)] == [
        [], [no.format("pageNoo", "query")], [was.format("差旅报消")],
    ]  # fmt: skip
    stale = "this preview is of an earlier step, and something was done since"
    steps = [
        "preview: {}",
        "set: {金额: 1}, expect: {preview: {}}",
        "preview: {}, expect: {preview: {}}",
        "advance: 1s, expect: {preview: {end: x}}",
        "js: '1'",
        "expect: {preview: {end: x}}",
    ]
    item = read(tmp_path, *steps, head=FLOW)
    found = [*find_expectations_that_never_fail(item, past, ())]
    assert [(one.place and one.place.line, one.message.partition(";")[0]) for one in found] == [
        (6, stale),
        (10, stale),
    ]
