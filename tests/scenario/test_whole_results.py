# ruff: noqa: E501 - scripts, one a line
"""What a step leaves behind beside its expectations: calls, results, options and who did it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bpmax_sim.errors import Place
from bpmax_sim.scenario.load import load_items
from bpmax_sim.scenario.result_checks import (
    OfferedOptionLog,
    find_compiled_api,
    find_doubts_of_subject,
    find_failures_in_empty_catches,
    find_members_read_from_text,
    find_misspelt_members,
    find_partial_lists,
    find_result_use,
    has_unsuccessful_call,
)
from bpmax_sim.script.failure import Script
from bpmax_sim.subject.definition import Definition, FlowNode
from bpmax_sim.subject.flow import FlowSubject
from bpmax_sim.subject.form import FormSubject
from tests.files import write_files
from tests.scenario.test_result_checks import made, outcome, platforms
from tests.subject.stage import PlainStage


def test_a_call_is_unsuccessful_if_it_failed_or_found_nothing() -> None:
    good = {"code": 0, "data": {"no": 1}}
    answers: dict[str, Any] = {
        "good": good,
        "null": None,
        "empty list": [],
        "empty object": {},
        "empty text": "",
        "zero": 0,
        "null member": {**good, "hint": None},
        "empty list beside": {**good, "rows": []},
        "empty object beside": {**good, "more": {}},
        "empty text beside": {**good, "hint": ""},
        "deep": {**good, "data": {"rows": [], "no": None}},
        "list": [[], None],
        "refused": {"code": 5, "data": 1},
        "without a code": {"data": 1},
        "code is null": {"code": None},
    }
    found = {
        name: has_unsuccessful_call([made(response=one)], platforms())
        for name, one in answers.items()
    }
    assert found == {
        "good": False,
        "null": True,
        "empty list": True,
        "empty object": True,
        "empty text": False,
        "zero": False,
        "null member": True,
        "empty list beside": True,
        "empty object beside": True,
        "empty text beside": False,
        "deep": False,
        "list": False,
        "refused": True,
        "without a code": False,
        "code is null": True,
    }
    assert [
        has_unsuccessful_call(calls, platforms())
        for calls in (
            [],
            [made(response=good, status=404)],
            [made(response=good, error="TIMEOUT")],
            [made(response=good, status=None)],
            [made("shop.$token", None)],
            [made("shop.$token", None, error="TIMEOUT")],
            [made("nobody.knows", {"code": 5})],
            [made(response=good), made(response=good), made(response=None)],
        )
    ] == [False, True, True, False, False, False, False, True]


SOURCE = """\
const 库 = await $proxy('shop').create_order(await $proxy('shop').get_stock(1), 2);
const 全 = await Promise.all([$proxy('shop').list_all(), $proxy('shop').get_stock(3)]);
form.a = (await $proxy('shop').get_stock((await $proxy('shop').list_all()).no)).no + 库.no;
await $proxy('shop')
  .create_order(4);
"""


def test_the_use_of_a_result_is_that_of_the_innermost_call_at_its_place() -> None:
    script = Script(SOURCE, "脚本.js")
    found = {}
    for line, text in enumerate(SOURCE.splitlines(), 1):
        for name in ("create_order", "get_stock", "list_all"):
            column = text.find(f".{name}")
            if column >= 0:
                use = find_result_use(script, Place("脚本.js", line, column + 2))
                found[f"{line} {name}"] = use and (
                    use.start.line,
                    use.start.column,
                    use.is_by_members,
                )
    assert found == {
        "1 create_order": (1, 17, True),
        "1 get_stock": (1, 51, False),
        "2 get_stock": (2, 57, False),
        "2 list_all": (2, 30, False),
        "3 get_stock": (3, 17, True),
        "3 list_all": (3, 49, True),
        "5 create_order": (4, 7, True),
    }
    assert find_result_use(script, None) is None
    assert find_result_use(script, Place("脚本.js", 9, 1)) is None


def test_of_handlers_within_each_other_the_innermost_drops_the_error() -> None:
    call = "$proxy('shop').create_order(1)"
    sources = {
        "one line": f"try {{ const r = await {call}.catch(() => {{}}); form.x = r.no }} catch {{}}",
        "lines": f"try {{\n  try {{ const r = await {call}; form.x = r.no }}\n  catch {{}}\n}} catch {{\n}}",
        "value": f"try {{ const r = await {call}.catch(() => ({{no: 1}})); form.x = r.no }} catch {{}}",
    }
    found = {}
    for name, source in sources.items():
        line = source[: source.index("$proxy")].count("\n") + 1
        column = source.splitlines()[line - 1].index("create_order") + 1
        failed = made(error="TIMEOUT", status=None, place=Place("脚本.js", line, column))
        told = find_failures_in_empty_catches(
            outcome(failed), [Script("1", "别.js"), Script(source, "脚本.js")]
        )
        found[name] = [one.message.partition(";")[0] for one in told]
    assert found == {
        "one line": [
            "shop.create_order failed (TIMEOUT), and the empty handler in line 1 tells nobody"
        ],
        "lines": [
            "shop.create_order failed (TIMEOUT), and the empty handler in line 3 tells nobody"
        ],
        "value": [
            (
                "shop.create_order failed (TIMEOUT), and the handler in line 1 goes on with a "
                "fixed object as if it had not"
            )
        ],
    }


def test_what_a_script_reads_in_a_response_is_looked_for_in_its_own() -> None:
    ask = "const r = await $proxy('shop').create_order(1); "

    def read(text: str, response: Any, *more: Any) -> list[str]:
        script = Script(f"{ask}{text}", "脚本.js")
        calls = [made(response=response), *more]
        both = (find_members_read_from_text, find_misspelt_members)
        return [
            one.message.partition(";")[0]
            for find in both
            for one in find(calls, [script, script], platforms())
        ]

    other = Place("别.js", 1, 1)
    assert {
        "default": read("form.a = r.fail ?? 1", "<r/>"),
        "default misspelt": read("form.a = r.numbr ?? 1", {"number": 1}),
        "guarded": read("form.a = r?.fail", "<r/>"),
        "asked": read("if (r.fail) form.a = 1", "<r/>"),
        "in": read("if ('fail' in r) form.a = 1", "<r/>"),
        "number": read("form.a = r[0] + r['1']", "<r/>"),
        "of texts": read("form.a = r.matchAll(/a/) + r.trimEnd() + r.length + r.trim()", "<r/>"),
        "misspelt": read("form.a = r.numbr", {"number": 1}),
        "guarded misspelt": read("form.a = r?.numbr", {"number": 1}),
        "asked misspelt": read("if (r.numbr) 1", {"number": 1}),
        "written": read("r.numbr = 1", {"number": 1}),
        "once there": read("form.a = r.numbr", {"number": 1}, made(response={"numbr": 1})),
        "of the second": read("form.a = r.numbr", {"no": 1}, made(response={"number": 1})),
        "of two on one line": read(
            "form.a = r.numbr", {"number": 1}, made("shop.get_stock", {"no": 1})
        ),
        "of another script": read(
            "form.a = r.numbr", {"no": 1}, made(response={"number": 1}, place=other)
        ),
        "of a login": read("form.a = r.numbr", {"no": 1}, made("shop.$token", {"number": 1})),
        "of another name": read("form.a = form.numbr", {"number": 1}),
        "a list": read("form.a = r.numbr", {"number": 1}, made(response=[1])),
        "judged": read("form.a = r.hin + r.hint + r.cod", {"hintt": 1, "code": 1}),
    } == {
        "default": ["the response is a text, which has no 'fail'"],
        "default misspelt": ["no response of shop.create_order had 'numbr'"],
        "guarded": ["the response is a text, which has no 'fail'"],
        "asked": ["the response is a text, which has no 'fail'"],
        "in": [],
        "number": [],
        "of texts": [],
        "misspelt": ["no response of shop.create_order had 'numbr'"],
        "guarded misspelt": ["no response of shop.create_order had 'numbr'"],
        "asked misspelt": ["no response of shop.create_order had 'numbr'"],
        "written": [],
        "once there": [],
        "of the second": ["no response of shop.create_order had 'numbr'"],
        "of two on one line": ["no response of shop.create_order had 'numbr'"],
        "of another script": [],
        "of a login": [],
        "of another name": [],
        "a list": [],
        "judged": [
            "no response of shop.create_order had 'hin'",
            "no response of shop.create_order had 'cod'",
        ],
    }
    answer = "const s = await $proxy('shop').get_stock(1); form.a = s.wareHuose"
    call = made("shop.get_stock", {"wareHouse": 1})
    assert list(find_misspelt_members([call], [Script(answer, "脚本.js")], platforms())) == []


def test_the_total_of_a_list_is_a_number_beside_one_list() -> None:
    reads = "const r = await $proxy('shop').list_orders(); form.a = r."

    def total(response: Any, member: str = "rows", *more: Any) -> list[str]:
        calls = [made("shop.list_orders", response), *more]
        scripts = [Script(f"{reads}{member}", "脚本.js")]
        return [
            one.message.partition(";")[0] for one in find_partial_lists(calls, scripts, platforms())
        ]

    rows = [1, 2]
    assert {
        "plain": total({"total": 9, "rows": rows}),
        "deep": total({"data": {"total_size": 9, "rows": rows}}),
        "true": total({"total": True, "rows": []}),
        "text": total({"total": "9", "rows": rows}),
        "all": total({"total": 2, "rows": rows}),
        "two lists": total({"total": 9, "rows": rows, "more": [1]}),
        "no rows": total({"total": 9, "rows": []}),
        "read": total({"total": 9, "rows": rows}, "total"),
        "deep read": total({"data": {"total": 9, "rows": rows}}, "data.total"),
        "next": total({"total": 9, "rows": rows}, "next"),
        "has more": total({"total": 9, "rows": rows}, "data.has_more"),
        "second page": total(
            {"total": 9, "rows": rows}, "rows", made("shop.list_orders", {"total": 4, "rows": rows})
        ),
        "third": total(
            {"total": 3, "rows": rows}, "rows", made("shop.list_orders", {"total": 7, "rows": rows})
        ),
        "undeclared": total(
            {"rows": rows}, "rows", made("nobody.knows", {"total": 9, "rows": rows})
        ),
        "order of names": total({"total_count": 8, "total": 9, "rows": rows}),
    } == {
        "plain": [
            ("shop.list_orders: the response says total: 9, and the script has read 2 of them")
        ],
        "deep": [
            ("shop.list_orders: the response says total_size: 9, and the script has read 2 of them")
        ],
        "true": [],
        "text": [],
        "all": [],
        "two lists": [],
        "no rows": [],
        "read": [],
        "deep read": [],
        "next": [],
        "has more": [],
        "second page": [],
        "third": [
            ("shop.list_orders: the response says total: 7, and the script has read 4 of them")
        ],
        "undeclared": [],
        "order of names": [
            ("shop.list_orders: the response says total: 9, and the script has read 2 of them")
        ],
    }


def test_an_api_is_compiled_once_for_each_instance() -> None:
    first = find_compiled_api(made(response={}), platforms())
    assert first is not None
    assert find_compiled_api(made(response={}), platforms()) is first
    assert find_compiled_api(made(response={}, instance="没有"), platforms()) is None
    calls: list[dict[str, Any]] = [{"status": None}, {"status": 404}, {"error": "TIMEOUT"}]
    assert [find_compiled_api(made(response={}, **one), platforms()) for one in calls] == [None] * 3
    names = ("shop.$token", "shop.没有", "没有.x")
    assert [find_compiled_api(made(name, {}), platforms()) for name in names] == [None] * 3


FLOW = Definition(
    flow="合同",
    start="部门",
    nodes={
        "部门": FlowNode(owners=("李经理", "王总监"), approve="结束", reject="结束"),
        "结束": FlowNode(end=True),
    },
)
FILE = """\
version: 1
scenario: 合同
flow: {definition: 流程.yaml, at: 部门, form: {金额: 1}}
steps:
  - {set: {金额: 4}, by: 李经理}
  - {set: {金额: 2}}
  - {set: {金额: 3}, by: 王总监}
  - {advance: 1s}
  - {set: {金额: 甲类}, expect_error: {code: NOT_AN_OPTION}}
  - {set: {金额: 甲类}, expect_error: {code: READ_ONLY}}
  - {set: {金额: 甲类}}
  - {set: {金额: ''}, expect_error: {code: NOT_AN_OPTION}}
  - {set: {别的: 甲类, 金额: 乙类}, expect_error: {code: NOT_AN_OPTION}}
  - {set: '${vars.填}', expect_error: {code: NOT_AN_OPTION}}
vars: {填: {金额: 甲类}}
"""
DEFINITION = "flow: 合同\nstart: 部门\nnodes:\n  部门: {owners: [李经理, 王总监], approve: 结束, reject: 结束}\n  结束: {end: true}\n"


def test_who_fills_in_a_form_and_with_what_is_looked_at(tmp_path: Path) -> None:
    write_files(tmp_path, {"流程.yaml": DEFINITION, "单.scenario.yaml": FILE})
    [item] = load_items(tmp_path / "单.scenario.yaml", environ={}, root=tmp_path)

    def flow_of(user: str, **more: Any) -> FlowSubject:
        return FlowSubject(
            runner=PlainStage(),
            tell=list[object]().append,
            definition=FLOW,
            user={"id": user},
            at="部门",
            form={"金额": 5},
            **more,
        )

    def say(subject: Any, number: int) -> list[str]:
        found = find_doubts_of_subject(item.steps[number], subject, OfferedOptionLog())
        return [
            f"{one.kind} {one.place and one.place.line} {one.message.partition(';')[0]}"
            for one in found
        ]

    users = {
        user: [say(flow_of(user), number) for number in (1, 2, 3)]
        for user in ("赵六", "王总监", "李经理", "")
    }
    assert users == {
        "赵六": [
            ["refused 6 赵六, who is the user, is not an owner of '部门', and fills in its form"],
            [],
            [],
        ],
        "王总监": [[], [], []],
        "李经理": [[], [], []],
        "": [[], [], []],
    }
    titled = flow_of(
        "李经理",
        scripts={
            "project_name": (Script("", "名.js"),),
            "task_title": (Script("", "题.js"), Script("", "题二.js")),
        },
    )
    titled.project["name"] = "合同-undefined"
    titled.titles["task_title"] = "审批 undefined 的合同"
    assert say(titled, 3) == [
        'unfit 1 the script wrote "合同-undefined" into project_name',
        'unfit 1 the script wrote "审批 undefined 的合同" into task_title',
        'unfit 1 the script wrote "审批 undefined 的合同" into task_title',
    ]
    titled.project["name"] = "合同"
    assert [one[:14] for one in say(titled, 3)] == ["unfit 1 the sc", "unfit 1 the sc"]
    form = FormSubject(
        runner=PlainStage(), tell=list[object]().append, fields={"金额": "a", "别的": ""}
    )
    form.set_state(
        "金额",
        "options",
        [
            {"value": "a", "label": "甲类"},
            {"value": "b", "label": "乙类"},
            {"value": "", "label": ""},
            "丙",
        ],
    )
    assert {number: say(form, number) for number in range(4, 10)} == {
        4: [
            (
                'unfit 9 "甲类" is the label of the option "a", which 金额 offers, so that this says '
                "nothing of the option"
            )
        ],
        5: [],
        6: [],
        7: [],
        8: [
            (
                'unfit 13 "乙类" is the label of the option "b", which 金额 offers, so that this says '
                "nothing of the option"
            )
        ],
        9: [],
    }
    assert say(None, 4) == []


def test_a_field_of_a_table_is_compared_by_its_dotted_name() -> None:
    log = OfferedOptionLog()
    form = FormSubject(runner=PlainStage(), tell=list[object]().append, fields={"级": 4})
    place = Place("脚本.js", 1, 1)
    log.note_write("级", place, is_script=True)
    form.set_state("级", "required", True)
    assert list(log.check_step(form, {"级": 4})) == []
    form.set_state("级", "options", [1, None, 2])
    form.set_state("级", "options", [2, 3])
    told = [one.message for one in log.check_step(form, {"级": 4})]
    assert told == ["the script wrote a value: 级: 4 is none of its options; there are 2, 3"]
    log.offered = {"明细.类别": ["差旅", "招待"], "类别": ["差旅", "招待"], "级": [1001, 1002]}
    sources = (
        "form.明细.类别 === '招侍'",
        "form.类别.明细 === '招侍'",
        "ctx.form.类别 === '招侍'",
        "ctx.userInfo.类别 === '招侍'",
        "form.级 === '1003'",
        "form.级 === '1002'",
    )
    found = [
        [
            one.message + "!" * one.fails
            for one in log.check_comparisons([Script(f"if ({one}) 1", "脚本.js")])
        ]
        for one in sources
    ]
    assert found == [
        [
            "form.明细.类别 is compared with '招侍', which is none of its options; did you mean '招待'?"
        ],
        [],
        ["form.类别 is compared with '招侍', which is none of its options; did you mean '招待'?"],
        [],
        ["form.级 is compared with '1003', which is none of its options; did you mean '1002'?"],
        [],
    ]
