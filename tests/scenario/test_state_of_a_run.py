# ruff: noqa: E501 - scenarios, one a line
"""What a run keeps between its steps: values filled in, people who act, stubs, doubts and their places."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import pytest

from bpmax_sim.errors import Place, ScriptError
from bpmax_sim.i18n import to_plain_english
from bpmax_sim.scenario.events import Event, StepFinished
from bpmax_sim.scenario.load import load_items
from bpmax_sim.scenario.runner import run_item
from bpmax_sim.script.turn_result import AbsentRead, ConsoleLine
from bpmax_sim.script.turn_result import Outcome as Ended
from bpmax_sim.session.session import Session
from tests.scenario.bench import PlainBench, verdict, write

FLOW = "flow: 采购\nstart: 部门\nnodes:\n  部门: {owners: [李四, 王五], approve: 财务, reject: 完}\n  财务: {owners: [赵六], approve: 完}\n  完: {end: true}\n"
FORM = "scenario: 报价\nform: {scripts: {click.查: 查.js}, fields: {客户: '', 数: 0}}\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name, text in {"查.js": "//", "批.js": "//", "流程.yaml": FLOW}.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def run(
    folder: Path,
    text: str,
    bench: PlainBench | None = None,
    row: str = "",
    environ: Mapping[str, str] | None = None,
) -> list[Event]:
    """Run an item that was loaded where every variable of the environment is set."""
    items = load_items(write(folder, text), environ={"甲": "1", "乙": "2"}, root=folder)
    item = next(one for one in items if one.row_id == row)
    session = cast("Session", bench or PlainBench({"查": lambda _form, _ctx: None}))
    return [*run_item(item, session, environ=environ or {})]


def tell(events: list[Event], *, failures: bool = True) -> list[str]:
    last = verdict(events)
    if failures:
        return [
            to_plain_english(
                f"{one.kind} {str(one.place).removeprefix('场景.scenario.yaml:')} {one.headline}"
            )
            for one in last.failures
        ]
    return [
        to_plain_english(f"{one.kind} {str(one).removeprefix('场景.scenario.yaml:')}")
        for one in last.warnings
    ]


def test_a_value_that_is_not_there_fails_before_the_first_step(folder: Path) -> None:
    unset = "报价: ${{env.{0}}} is not defined; set the environment variable {0}"
    steps = "steps: [{click: 查, expect: {form: {数: 0}}}]\n"
    found = {
        "vars": tell(
            run(
                folder,
                FORM
                + "vars: {丙: 1, 丁: '${env.甲}'}\n"
                + steps.replace("数: 0", "数: '${vars.丁}${vars.丙}'"),
            )
        ),
        "form": tell(run(folder, FORM.replace("数: 0", "数: '${env.甲}'") + steps)),
        "flow": tell(
            run(
                folder,
                "scenario: 报价\nflow: {definition: 流程.yaml, at: 部门, form: {数: '${env.甲}'}}\nsteps: [{approve: {by: 李四}, expect: {flow: {at: 财务}}}]\n",
            )
        ),
        "stubs": tell(
            run(
                folder,
                FORM
                + "proxy:\n  stubs:\n    - {on: crm_system.create_order, body: '${env.甲}'}\n    - {on: crm_system.*, body: '${env.乙}'}\n"
                + steps,
            )
        ),
    }
    assert found == {
        "vars": [f"value 3:14 {unset.format('甲')}"],
        "form": [f"value 2:1 {unset.format('甲')}"],
        "flow": [f"value 2:1 {unset.format('甲')}"],
        "stubs": [f"value 5:7 {unset.format('甲')}", f"value 6:7 {unset.format('乙')}"],
    }


def test_a_flow_has_its_values_filled_in_and_its_people_act(folder: Path) -> None:
    seen: list[Any] = []

    def note(_form: Any, ctx: Any) -> None:
        seen.append(
            (
                ctx["userInfo"]["id"],
                ctx["userInfo"].get("工号"),
                ctx["project"]["编号"],
                ctx["step"]["id"],
            )
        )

    text = (
        "scenario: 采购\nflow:\n  definition: 流程.yaml\n  at: 部门\n  project: {编号: 'CG-${vars.号}'}\n  form: {金额: '${vars.额}', 说明: 流}\n"
        "  scripts: {approve.部门: 批.js, approve.财务: 批.js}\nform: {scripts: {open: 批.js}, fields: {金额: 0, 说明: 表, 客户: 无}}\n"
        "vars: {号: 7, 额: 5}\npeople: {李四: {工号: 'A${vars.号}'}, 王五: {}, 赵六: {工号: Z}}\ncases: [{id: 甲, 谁: 李四}, {id: 乙, 谁: 李斯}]\nuser: '${case.谁}'\n"
        "steps:\n"
        "  - {expect: {flow: {at: 部门, project: {编号: CG-7}}, form: {金额: 5, 说明: 流, 客户: 无}}}\n"
        "  - {set: {说明: a}, by: 王五, expect: {form: {说明: a}}}\n"
        "  - {set: {说明: b}, user: 李四, expect: {form: {说明: b}}}\n"
        "  - {open: {}, user: 赵六, by: 李四}\n"
        "  - {approve: {by: 李四}, expect: {flow: {at: 财务}}}\n"
        "  - {approve: {by: 赵六}, user: 赵六, expect: {flow: {status: finished}}}\n"
    )
    bench = PlainBench({"批": note})
    events = run(folder, text, bench, "甲")
    assert tell(events) == []
    assert seen == [("李四", "A7", "CG-7", "部门"), ("赵六", "Z", "CG-7", "财务")]
    assert [one.outcome for one in events if isinstance(one, StepFinished)] == ["passed"] * 6
    wrong = run(folder, text, PlainBench({"批": note}), "乙")
    assert tell(wrong) == [
        "name 12:1 采购[乙]: people has no '李斯'; did you mean '李四'? (filled in by the row '乙', 场景.scenario.yaml:11:25)"
    ]
    assert [one for one in wrong if isinstance(one, StepFinished)] == []
    (folder / "pyproject.toml").write_text("[tool.bpmax_sim]\nlenient = true\n", encoding="utf-8")
    assert tell(run(folder, text, PlainBench({"批": note}), "乙"))[:1] != tell(wrong)


class Scripts(PlainBench):
    """A bench whose scripts end one after another as it is said."""

    ends: list[Ended]

    def run_script(self, *_args: Any, **_options: Any) -> Ended:
        return self.ends.pop(0) if self.ends else Ended(value=None)


def end(*ends: Ended) -> Scripts:
    bench = Scripts()
    bench.ends = [*ends]
    return bench


def say(level: Any, text: str = "x", order: int = 1) -> ConsoleLine:
    return ConsoleLine(level=level, text=text, values=(), at=0.0, order=order)


def test_fields_that_nothing_wrote_are_told_unless_something_went_wrong(folder: Path) -> None:
    text = "scenario: 报价\nform: {scripts: {click.查: 查.js, submit: 查.js}, fields: {客户: '', 数: 0}}\nsteps:\n  - {%s}\n  - {click: 查, expect: {form: {数: 0}}}\n"
    plain = "click: 查"

    def is_told(step: str, *ends: Ended, bench: Scripts | None = None) -> bool:
        events = run(folder, text % step, bench or end(*ends))
        assert tell(events) == []
        return any("all that is expected was there" in one for one in tell(events, failures=False))

    failed = end()
    failed.call("crm_system.create_order", status=500)
    empty = end()
    empty.call("crm_system.create_order", answer={"data": []})
    full = end()
    full.call("crm_system.create_order", answer={"data": [1]})
    refused = "submit: {}, expect_error: {code: REFUSED}"
    assert [
        is_told(plain),
        is_told(plain, Ended(console=(say("log"),))),
        is_told(plain, bench=full),
    ] == [True, True, True]
    assert [
        is_told(plain, Ended(console=(say("warn"),))), is_told(plain, Ended(console=(say("error"),))), is_told(refused, Ended(value="请填写")),
        is_told("click: 查, expect_error: {message: 坏}", Ended(error=ScriptError("坏"))), is_told(plain, bench=failed), is_told(plain, bench=empty),
        is_told(refused, Ended(value=False)), is_told("submit: {}", Ended(value=None)),
    ] == [False] * 7 + [True]  # fmt: skip


def test_what_a_step_reads_is_that_of_the_step(folder: Path) -> None:
    lines = (
        Ended(console=(say("log", "一", 1),)),
        Ended(console=(say("log", "二", 2),)),
        Ended(value={"a": 1}, console=(say("log", "三", 3),)),
    )
    text = (
        FORM
        + "vars: {甲: 1}\nsteps:\n  - {click: 查, expect: {console: [一]}}\n  - {click: 查, expect: {console: [二]}}\n"
        "  - {id: 三, click: 查, save: {甲: '${steps.三.result.a}x', 乙: '${form.数}'}, expect: {vars: {$exactly: {甲: 1x, 乙: 0}}, result: {a: 1}, console: [三]}}\n"
        "  - {id: 错, click: 查, expect_error: {message: 坏}}\n"
        "  - {if: '${steps.错.error.message} == 坏', set: {数: 5}, expect: {form: {数: 5}}}\n"
        "expect: {console: [一, 二, 三]}\n"
    )
    events = run(folder, text, end(*lines, Ended(error=ScriptError("坏"))))
    assert tell(events) == []
    assert [one.outcome for one in events if isinstance(one, StepFinished)] == ["passed"] * 5
    escaped = FORM + "vars: {甲: 1}\nsteps: [{js: a, expect: {result: '$${vars.甲} ${vars.甲}'}}]\n"
    assert tell(run(folder, escaped, end(Ended(value="${vars.甲} 1")))) == []
    whole = FORM + "steps: [{set: {数: 1}, expect: {form: {数: 1}}}]\nexpect: {form: {数: 2}}\n"
    [failure] = verdict(run(folder, whole)).failures
    assert failure.headline.startswith("报价: form.数 expected 2")
    [own] = verdict(
        run(folder, FORM + "steps: [{set: {数: 1}, expect: {form: {数: 2}}}]\n")
    ).failures
    assert (own.update is None, own.step) == (False, 1)


def test_a_read_of_what_is_not_there_is_a_doubt_of_its_line(folder: Path) -> None:
    place = Place("查.js", 1, 1)
    reads = (
        AbsentRead("form", "客護", place),
        AbsentRead("ctx", "aktion", Place("场景.scenario.yaml:4 js", 1, 1)),
        AbsentRead("form.明细", "数目", place),
    )
    text = (
        FORM.replace("数: 0", "数: 0, 明细: [{数量: 1}]")
        + "steps:\n  - {click: 查}\n  - {js: 'if (ctx.aktion === undefined) 1', expect: {form: {数: 0}}}\n"
    )
    events = run(folder, text, end(Ended(absent_reads=reads), Ended(absent_reads=reads[1:2])))
    assert [one for one in tell(events, failures=False) if one.startswith("name")] == [
        "name 查.js:1:1: the script reads form.客護: no field '客護'; did you mean '客户'?",
        "name 4 js:1:1: the script reads ctx.aktion; did you mean 'action'?",
        "name 查.js:1:1: the script reads form.明细.数目: 明细 has no column '数目'; did you mean '数量'?",
    ]
    (folder / "pyproject.toml").write_text("[tool.bpmax_sim]\nstrict = true\n", encoding="utf-8")
    assert [
        one.partition(" ")[0] for one in tell(run(folder, text, end(Ended(absent_reads=reads))))
    ][:3] == ["name", "name", "name"]


def show(text: Any) -> Any:
    def play(form: Any, _ctx: Any) -> None:
        form["$message"] = text

    return play


def test_messages_are_those_of_the_step_and_announce_what_went_wrong(folder: Path) -> None:
    shown = iter(["一", {"text": "二", "type": "warning"}])

    def show_next(form: Any, _ctx: Any) -> None:
        form["$message"] = next(shown)

    bench = PlainBench({"查": show_next})
    text = (
        FORM
        + "steps:\n  - {click: 查, expect: {messages: [{text: 一}]}}\n  - {click: 查, expect: {messages: [{text: 二, type: warning}]}}\nexpect: {messages: [{text: 一}, {text: 二}]}\n"
    )
    assert tell(run(folder, text, bench)) == []
    plain = FORM + "steps: [{click: 查, expect: {form: {数: 0}}}]\n"
    idle = [
        any(
            "all that is expected was there" in one
            for one in tell(run(folder, plain, PlainBench({"查": show(message)})), failures=False)
        )
        for message in (
            {"text": "x", "type": "warning"},
            {"text": "x", "type": "error"},
            {"text": "x", "type": "info"},
        )
    ]
    assert idle == [False, False, True]
    refused = (
        FORM.replace("click.查: 查.js", "click.查: 查.js, submit: 批.js")
        + "steps:\n  - {submit: {}, expect: {result: false}}\n  - {click: 查, expect: {form: {数: 0}}}\n"
    )
    told = tell(
        run(
            folder,
            refused,
            PlainBench({"查": lambda _form, _ctx: None, "批": lambda _form, _ctx: False}),
        ),
        failures=False,
    )
    assert [one for one in told if "all that is expected was there" in one] == []


def test_empty_cells_and_late_lists_are_no_doubts(folder: Path) -> None:
    rows = (
        FORM
        + "cases: [{id: 甲, 填: '-'}, {id: 乙, 填: ''}]\nsteps:\n  - {if: \"${case.id} == 无\", set: '${case.填}'}\n  - {click: 查, expect: {form: {数: 0}}}\n"
    )
    assert [
        [one for one in tell(run(folder, rows, row=row), failures=False) if one.startswith("name")]
        for row in ("甲", "乙")
    ] == [[], []]
    lists = (
        FORM.replace("数: 0", "数: 0, 明细: []")
        + "always: {form: {明细: {$each: {额: {$gt: 0}}}}}\nsteps:\n  - {click: 查, expect: {form: {数: 0}}}\n%s"
    )
    add = "  - {set: {明细: [{额: 5}]}, expect: {form: {明细: [{额: 5}]}}}\n"
    late = [
        [
            one
            for one in tell(run(folder, lists % more), failures=False)
            if "nothing was compared" in one
        ]
        for more in ("", add)
    ]
    assert [[one.rpartition(", so that")[2] for one in told] for told in late] == [
        [" nothing was compared"],
        [],
    ]
    empty = (
        lists.replace("always: {form: {明细: {$each: {额: {$gt: 0}}}}}\n", "").replace(
            "{form: {数: 0}}", "{form: {明细: {$each: {额: 5}}}}"
        )
        % "  - {set: {数: 1}, expect: {form: {数: 2}}}\n"
    )
    events = run(folder, empty)
    assert [one.partition(" ")[0] for one in tell(events)] == ["expect"]
    assert [one.partition(":")[0] for one in tell(events, failures=False) if "明细" in one] == [
        "empty 4"
    ]


def test_a_lenient_folder_warns_at_the_line_of_the_script(folder: Path) -> None:
    (folder / "pyproject.toml").write_text("[tool.bpmax_sim]\nlenient = true\n", encoding="utf-8")

    def misspell(form: Any, _ctx: Any) -> None:
        form.live.write("客護", 1, Place("查.js", 1, 1))

    text = FORM + "steps: [{click: 查, expect: {form: {数: %s}}}]\n"
    good, bad = (run(folder, text % number, PlainBench({"查": misspell})) for number in (0, 1))
    wrong = "name 查.js:1:1: the script wrote form.客護: no field '客護'; did you mean '客户'? (if it is a field, declare it in form.fields)"
    assert [one for one in tell(good, failures=False) if "客護" in one] == [wrong]
    assert len(tell(bad)) == 1
    assert tell(bad)[0].startswith("expect 3:")
    until = FORM + "steps: [{click: 查, retry: {tries: 2, until: {form: {数: 5}}}}]\n"
    [failure] = verdict(run(folder, until)).failures
    assert (failure.kind, failure.update) == ("expect", None)


def test_a_project_begins_with_the_values_of_its_form_and_flow(folder: Path) -> None:
    seen: list[str] = []

    def note(_form: Any, ctx: Any) -> None:
        seen.append(ctx["userInfo"]["id"])

    text = (
        "scenario: 采购\nflow: {definition: 流程.yaml, form: {金额: 5}, scripts: {approve.部门: 批.js, approve.财务: 批.js}}\nform: {fields: {金额: 0, 说明: 表, 客户: 无}}\nuser: 张三\n"
        "steps:\n  - {set: {说明: a}}\n  - {set: {客户: b, 说明: c}, user: 李四, expect: {form: {金额: 5, 客户: b}}}\n  - {set: {说明: d}}\n"
        "  - {submit: {}, expect: {form: {金额: 5, 说明: d}, flow: {at: 部门}}}\n"
        "  - {approve: {by: 李四}, user: 王五}\n  - {approve: {by: 赵六}, expect: {flow: {status: finished}}}\n"
    )
    assert tell(run(folder, text, PlainBench({"批": note}))) == []
    assert seen == ["李四", "赵六"]
    free = "scenario: 采购\nvars: {点: 部门}\nflow: {at: '${vars.点}', form: {金额: 5}}\nsteps: [{js: a, expect: {form: {金额: 5}}}]\n"
    [ended] = [one for one in run(folder, free, end()) if isinstance(one, StepFinished)]
    assert ended.flow is not None
    assert ended.flow["at"] == "部门"
    for node, wrong in {"财务": [], "": [], "财物": ["no node '财物'; did you mean '财务'?"],
                        "完": ["the flow has ended at '完'; nothing is left to do"]}.items():  # fmt: skip
        known = free.replace("at: '", "definition: 流程.yaml, at: '").replace(
            "点: 部门", f"点: '{node}'"
        )
        events = run(folder, known, end())
        assert [one.split(": ", 1)[1] for one in tell(events)] == wrong
        begun = [one.flow["at"] for one in events if isinstance(one, StepFinished) and one.flow]
        assert begun == ([] if wrong else [node])
