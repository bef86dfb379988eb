# ruff: noqa: E501 - scenarios, one a line
"""What scripts leave behind in a run, and what rows fill in, by the outcomes of a bench."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from bpmax_sim.cassette.recorder import Outage
from bpmax_sim.clock import Instant
from bpmax_sim.errors import (
    PendingPromise,
    Place,
    ScriptError,
)
from bpmax_sim.messages import FailedExchange
from bpmax_sim.script.failure import Script
from bpmax_sim.script.turn_result import Outcome, PendingTimer, UnawaitedCall, UnrankedCharacter
from bpmax_sim.subject.hooks import NodeEntered
from tests.scenario.bench import START as BEGIN
from tests.scenario.bench import play, verdict, write
from tests.scenario.test_runs_in_full import FILES, Bench, run, summarise, tell
from tests.subject.stage import Thrown


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


@pytest.fixture
def bench() -> Bench:
    bench = Bench()

    def query(form: Any, _ctx: Any) -> str:
        form["数"] = form["数"] + 1
        return f"第{form['数']}次"

    bench.plays |= {
        "开": lambda _form, _ctx: "开了",
        "查": query,
        "交": lambda form, _ctx: form["客户"],
    }
    return bench


@dataclass
class Played(Bench):
    """A bench whose scripts end as it is said, one outcome after another."""

    ends: list[Outcome] = field(default_factory=list)
    timers: tuple[PendingTimer, ...] = ()
    forgotten: bool = True

    def run_script(self, script: Script, **_options: Any) -> Outcome:
        return self.ends.pop(0) if self.ends else Outcome(value="ok")

    def pending_timers(self) -> tuple[PendingTimer, ...]:
        return self.timers

    def is_forgotten(self, _call: UnawaitedCall) -> bool:
        return self.forgotten


JS = "scenario: 报价\nsteps:\n"
START = Instant.parse(BEGIN).seconds
LINE = Place("脚本.js", 4, 2)


def end(folder: Path, steps: str, *ends: Outcome, more: str = "", **parts: Any) -> list[str]:
    """Run steps whose scripts have *ends*, and return what is told without warnings of parts."""
    bench = Played(ends=[*ends], **parts)
    return tell(
        play(
            write(folder, JS + "".join(f"  - {one}\n" for one in steps.splitlines()) + more), bench
        )
    )


def test_what_scripts_leave_behind_is_judged(folder: Path) -> None:
    thrown = ScriptError("坏", name="TypeError")
    call = UnawaitedCall("crm_system.create_order", LINE)
    helper = UnawaitedCall("存单", LINE, is_helper=True)
    built = UnawaitedCall("crm_system.x", LINE, built=True)
    later = UnawaitedCall("crm_system.create_order", LINE, number=1)
    step, fine = "{js: a, expect: {result: ok}}", Outcome(value="ok")
    unawaited = "crm_system.create_order was not awaited"
    found = {
        "rejection": end(folder, step, Outcome(value="ok", unhandled=(thrown,))),
        "unawaited": end(folder, step, Outcome(value="ok", unawaited=(call,))),
        "doubtful": end(folder, step, Outcome(value="ok", unawaited=(helper, built))),
        "allowed": end(
            folder,
            step,
            Outcome(value="ok", unawaited=(call, helper, built)),
            more="proxy: {unawaited: allow}\n",
        ),
        "warned": end(
            folder, step, Outcome(value="ok", unawaited=(call,)), more="proxy: {unawaited: warn}\n"
        ),
        "failed": end(
            folder,
            step,
            Outcome(value="ok", unawaited=(helper,)),
            more="proxy: {unawaited: fail}\n",
        ),
        "later": end(folder, f"{step}\n{step}", Outcome(value="ok", unawaited=(later,)), fine),
        "awaited later": end(
            folder, step, Outcome(value="ok", unawaited=(later,)), forgotten=False
        ),
        "never settles": end(
            folder, "{js: a, expect_error: {type: Error}}", Outcome(error=PendingPromise("等不到"))
        ),
        "unranked": end(
            folder, step, Outcome(value="ok", unranked=(UnrankedCharacter("㐀", LINE),))
        ),
        "timer": end(
            folder,
            f"{{advance: 10}}\n{step}",
            fine,
            timers=(
                PendingTimer(30.0, False, LINE, START + 40.0),
                PendingTimer(5.0, True, None, START + 5.0),
            ),
        ),
    }
    assert [one.partition("; ")[2] for one in found["timer"]] == [
        "advance: 30s lets it fire",
        "advance: 0s lets it fire",
    ]
    assert {name: [one.partition("; ")[0] for one in told] for name, told in found.items()} == {
        "rejection": ["rejection 3:6 step 1/1 js: unhandled rejection: TypeError: 坏"],
        "unawaited": [f"unawaited 3:6 step 1/1 js: {unawaited}"],
        "doubtful": [
            "unawaited: 脚本.js:4:2: 存单 was not awaited",
            "uncalled: 脚本.js:4:2: crm_system.x was built and never called",
        ],
        "allowed": [],
        "warned": [f"unawaited: 脚本.js:4:2: {unawaited}"],
        "failed": ["unawaited 3:6 step 1/1 js: 存单 was not awaited"],
        "later": [f"unawaited 3:6 step 1/2 js: {unawaited}"],
        "awaited later": [],
        "never settles": ["pending 3:6 step 1/1 js: Error: 等不到"],
        "unranked": [
            "collation: 脚本.js:4:2: '㐀' (U+3400) is sorted by its code point: the order of pinyin is known here for the Han characters of URO and Extension A"
        ],
        "timer": [
            "timer: 脚本.js:4:2: a timer of 30 s still waits at the end",
            "timer: an interval of 5 s still waits at the end",
        ],
    }


def test_tries_end_with_until_and_keep_what_failed(folder: Path) -> None:
    bad = Outcome(error=ScriptError("坏", name="Error"))

    def wait(until: int, expect: str = "") -> str:
        more = f", expect: {{result: {expect}}}" if expect else ""
        return f"{{js: a, retry: {{tries: 3, every: 1s, until: {{result: {until}}}}}{more}}}"

    value = [Outcome(value=number) for number in range(1, 5)]
    found = {
        "until": end(folder, wait(2, "2"), *value),
        "late": end(folder, wait(9, "3"), *value),
        "both": end(folder, wait(9, "7"), *value),
        "error": end(folder, wait(9), bad, bad, bad),
        "once": end(folder, "{js: a, retry: {tries: 3}, expect: {result: 1}}", *value),
        "twice": end(folder, "{js: a, retry: {tries: 3}, expect: {result: 2}}", *value),
        "undefined": end(
            folder,
            "{id: 开, js: a, retry: {tries: 3, until: {result: '${steps.开.result.x}'}}, expect: {result: 7}}",
            *value,
        ),
        "first until": end(folder, wait(1, "1"), *value),
    }
    assert {name: [one.partition("; ")[0] for one in told] for name, told in found.items()} == {
        "until": [],
        "late": ["expect 3:50 step 1/1 js: result expected 9, got 3"],
        "both": ["expect 3:72 step 1/1 js: result expected 7, got 3"],
        "error": ["error 3:6 step 1/1 js: Error: 坏"],
        "once": [
            "rule: 场景.scenario.yaml:3:13: retry: the first try was enough each time, so nothing shows that a second one helps"
        ],
        "twice": [],
        "undefined": ["value 3:38 step 1/1 开: ${steps.开.result.x} is not defined: no 'x' in 1"],
        "first until": [
            "rule: 场景.scenario.yaml:3:13: retry: the first try was enough each time, so nothing shows that a second one helps"
        ],
    }


def test_a_failed_step_has_no_doubts_and_invariants_have_its_name(
    folder: Path, bench: Bench
) -> None:
    events = run(
        folder,
        bench,
        "always: {form: {客户: ''}}\nsteps:\n  - {name: '填 ${form.数}', set: {客户: 甲}, expect: {form: {数: 0}}}\n",
    )
    assert tell(events)[0] == 'always 3:17 step 1/1 填 0: form.客户 expected "", got "甲"'
    both = run(
        folder,
        Bench({**bench.plays, "查": bench.plays["查"]}),
        "xfail: 单据\nsteps:\n  - {set: {数: 0}, expect: {form: {数: 0}}}\n  - {click: 查, expect: {form: {数: 1}}}\n",
    )
    assert tell(both)[0] == "xpass 3:1 报价: expected to fail but passed; remove xfail"
    assert (verdict(both).outcome, verdict(both).reason) == ("failed", "")
    unchanged = run(
        folder, Bench(bench.plays), "steps:\n  - {set: {数: 0}, expect: {form: {数: 1}}}\n"
    )
    assert [one for one in tell(unchanged) if "never_ran" not in one] == [
        "expect 4:35 step 1/1 set: form.数 expected 1, got 0"
    ]
    raised = Bench({**bench.plays, "查": raise_error})
    checked = run(
        folder,
        raised,
        "steps:\n  - {click: 查, expect_error: {type: TypeError, message: 坏}, expect: {form: {数: 0, 客户: ''}}}\n",
    )
    assert summarise(checked)[0][6] == 4
    outage = Outage(
        "crm_system.create_order", FailedExchange(code="TIMEOUT", message="30 s"), is_known=True
    )
    for number, told in ((0, ["outage"]), (1, ["expect"])):
        cut = Bench(bench.plays, unserved=(outage,))
        failed = verdict(
            run(folder, cut, f"steps: [{{click: 查, expect: {{form: {{数: {1 + number}}}}}}}]\n")
        )
        assert [one.kind for one in failed.failures] == told


def raise_error(_form: Any, _ctx: Any) -> None:
    raise Thrown("坏", "TypeError")


FLOW = "flow: 采购\nstart: 部门\nnodes:\n  部门: {owners: [李四, 王五], approve: 财务}\n  财务: {owners: [赵六], approve: 完}\n  完: {end: true}\n"


def test_who_acts_is_checked_when_a_row_names_him(folder: Path, bench: Bench) -> None:
    (folder / "流程.yaml").write_text(FLOW, encoding="utf-8")
    text = (
        "scenario: 采购\nflow: {definition: 流程.yaml, at: 部门, form: {金额: 1}}\nform: {fields: {金额: 1, 说明: ''}}\n"
        "people: {李四: {}, 王五: {}, 赵六: {}}\ncases: [{id: 甲, 谁: 李四}, {id: 乙, 谁: 李斯}, {id: 丙, 谁: 赵六}]\n"
        "steps:\n  - {set: {说明: a}, by: '${case.谁}', expect: {form: {说明: a}}}\n  - {approve: {by: '${case.谁}'}, expect: {flow: {at: 财务}}}\n"
    )
    found = {
        row: tell(play(write(folder, text), Bench(bench.plays), row=row))[:1]
        for row in ("甲", "乙", "丙")
    }
    assert found == {
        "甲": [],
        "乙": [
            "name 7:20 step 1/2 set: people has no '李斯'; did you mean '李四'? (filled in by the row '乙', 场景.scenario.yaml:5:25)"
        ],
        "丙": [
            "refused 7:6 step 1/2 set: NOT_OWNER: 赵六 is not an owner of '部门'; its owners: 李四, 王五"
        ],
    }


def test_a_row_of_which_no_step_runs_has_shown_nothing(folder: Path, bench: Bench) -> None:
    never = "no step of this row ran: each is left out by its if: or only:, or runs no steps"
    (folder / "零件.yaml").write_text(
        "steps: {走: [{if: false, open: {}}], 停: [{only: [], open: {}}, {run: 走}], 做: [{open: {}}]}\n".replace(
            "{only: [], open: {}}, ", ""
        ),
        encoding="utf-8",
    )
    head = "use: 零件.yaml\ncases: [{id: 甲, 走: []}, {id: 乙, 走: [{if: false, open: {}}]}, {id: 丙, 走: 做}]\n"
    found = {}
    for row, steps in (
        ("甲", "{if: false, open: {}}"), ("甲", "{only: [乙], open: {}}"), ("甲", "{run: 走}"), ("甲", "{run: 停}"), ("甲", "{run: 做}"),
        ("甲", "{run: 走, expect: {form: {数: 0}}}"), ("甲", "{run: '${case.走}'}"), ("乙", "{run: '${case.走}'}"), ("丙", "{run: '${case.走}'}"),
        ("甲", "{if: false, open: {}}, {open: {}}"),
    ):  # fmt: skip
        events = run(
            folder,
            Bench(bench.plays),
            f"{head}steps: [{steps}, {{if: \"${{case.id}} == 无\", run: '${{case.走}}'}}]\n",
            row=row,
        )
        told = [one for one in tell(events) if "this row ran" in one or one.startswith("name")]
        found[f"{row} {steps}"] = [one.removeprefix(f"never_ran 1:1 报价[{row}]: ") for one in told]
    assert [name for name, told in found.items() if told == [never]] == [
        "甲 {if: false, open: {}}", "甲 {only: [乙], open: {}}", "甲 {run: 走}", "甲 {run: 停}", "甲 {run: '${case.走}'}", "乙 {run: '${case.走}'}",
    ]  # fmt: skip
    assert [told for told in found.values() if told not in ([never], [])] == []


TABLE = 'id,填:json,谁\n甲,"{""数"": 1}",李四\n乙,"{""戌"": 1}",李斯\n丙,,\n丁,"{""客护"": ""x""}",李四\n'


def test_what_a_row_fills_in_is_checked_when_it_is_known(folder: Path, bench: Bench) -> None:
    (folder / "表.csv").write_text(TABLE, encoding="utf-8")
    field = "no field '客护'; did you mean '客户'? (filled in by the row '丁', 表.csv:5)"
    steps = "cases: {from: 表.csv}\nsteps:\n  - {%sset: '${case.填}', expect: {form: {收: 0}}}\n  - {name: '${case.谁}', open: {}, expect: {result: 开了}}\n"

    def ask(row: str, condition: str = "", settings: str = "") -> list[str]:
        (folder / "pyproject.toml").write_text(f"[tool.bpmax_sim]\n{settings}", encoding="utf-8")
        told = tell(run(folder, Bench(bench.plays), steps % condition, row=row))
        return [one for one in told if "客护" in one or one.startswith(("value", "error"))]

    skipped = 'if: "${case.id} == 无", '
    assert [ask(row) for row in ("甲", "丁")] == [[], [f"name 5:6 step 1/2 set: {field}"]]
    assert [ask(row, skipped) for row in ("甲", "丙", "丁")] == [
        [],
        [],
        [f"name: 表.csv:5: {field}".replace("表.csv:5: ", "场景.scenario.yaml:5:29: ", 1)],
    ]
    assert ask("丁", settings="lenient = true\n")[:1] == [f"name: 场景.scenario.yaml:5:6: {field}"]
    assert [one.partition(" ")[0] for one in ask("丁", skipped, "strict = true\n")] == [
        "name",
        "name:",
    ]


def test_stubs_are_filled_in_and_name_what_there_is(folder: Path, bench: Bench) -> None:
    text = (
        "vars: {客: crm_system, 空: crm_system.x}\nproxy: {stubs: [{on: '%s', status: 500}]}\nsteps: [{open: {}, expect: {result: 开了}}]\n"
        "expect: {vars: {客: crm_system}}\n"
    ).replace("expect: {vars: {客: crm_system}}\n", "")
    silent = (
        "rule 4:17 报价: the stub {} has never answered; take it away, or mend what it asks for"
    )
    found = {
        on: tell(run(folder, Bench(bench.plays), text.replace("%s", on)))[:2]
        for on in ("${vars.客}.create_order", "crm_system.nothing", "nobody.x", "crm_system.*")
    }
    assert {on: told[:1] for on, told in found.items()} == {
        "${vars.客}.create_order": [silent.format("${vars.客}.create_order")],
        "crm_system.nothing": [
            "rule 4:17 报价: this can never answer: crm_system has no API 'nothing'; there are get_customer_detail, create_order"
        ],
        "nobody.x": [
            "rule 4:17 报价: this can never answer: no platform 'nobody'; there are crm_system, dingtalk, dingtalk_v1, feishu, other, qywx"
        ],
        "crm_system.*": [silent.format("crm_system.*")],
    }
    (folder / "pyproject.toml").write_text("[tool.bpmax_sim]\nlenient = true\n", encoding="utf-8")
    lenient = tell(run(folder, Bench(bench.plays), text.replace("%s", "nobody.x")))
    assert [one.partition(": no platform")[0] for one in lenient if "nobody" in one][:1] == [
        "rule: 场景.scenario.yaml:4:17: this can never answer"
    ]
    (folder / "流程.yaml").write_text(FLOW, encoding="utf-8")
    rows = (
        "scenario: 采购\nflow: {definition: 流程.yaml, at: 部门, form: {金额: 1}}\npeople: {李四: {}, 王五: {}, 赵六: {}}\ncases: [{id: 甲, 谁: 李四}, {id: 乙, 谁: 李斯}]\n"
        "policies:\n  - {at: 部门, only: [乙], by: 王五, approve: {}}\n  - {at: 部门, by: '${case.谁}', approve: {}}\nsteps: [{advance: 1}]\nfinally: [{play: {until: 财务}}]\n"
    )
    played = {row: play(write(folder, rows), Bench(bench.plays), row=row) for row in ("甲", "乙")}
    assert [one.by for one in played["甲"] if isinstance(one, NodeEntered)] == ["李四"]
    assert tell(played["乙"])[0].startswith(
        "name: 场景.scenario.yaml:7:14: people has no '李斯'; did you mean '李四'?"
    )
