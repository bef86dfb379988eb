# ruff: noqa: E501 - scenarios, one a line
"""Whole runs in a bench: how each step ended, what the run was told, and with what it was opened."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from bpmax_sim.errors import (
    CassetteError,
    NoMatchError,
    SubjectError,
)
from bpmax_sim.i18n import to_plain_english
from bpmax_sim.scenario.events import Event, StepFinished, StepStarted
from bpmax_sim.transport.faults import Break, Fault
from tests.scenario.bench import PlainBench, play, verdict, write
from tests.subject.stage import Thrown

FORM = "scenario: 报价\nform: {scripts: {open: 开.js, click.查: 查.js, submit: 交.js}, fields: {客户: '', 数: 0, 收: 0}}\n"
FILES = {"开.js": "//", "查.js": "//", "交.js": "//"}


@dataclass
class Bench(PlainBench):
    """A bench whose calls let the steps of ``during`` happen."""

    watched: list[tuple[str, Callable[[], None]]] = field(default_factory=list)

    def watch(self, call: str, act: Callable[[], None], /) -> None:
        self.watched = [(call, act)] if call else []

    def call(self, name: str, **parts: Any) -> Any:
        answered = super().call(name, **parts)
        for watched, act in self.watched:
            if watched == name:
                act()
        return answered


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


def run(folder: Path, bench: Bench, text: str, **options: Any) -> list[Event]:
    return play(write(folder, FORM + text), bench, **options)


def tell(events: list[Event]) -> list[str]:
    """Return each failure with its kind and place, and each warning."""
    last = verdict(events)
    failures = [
        f"{one.kind} {str(one.place).removeprefix('场景.scenario.yaml:')} {one.headline}"
        for one in last.failures
    ]
    return [
        to_plain_english(one)
        for one in (*failures, *(f"{one.kind}: {one}" for one in last.warnings))
    ]


def summarise(events: list[Event]) -> list[tuple[Any, ...]]:
    ended = [one for one in events if isinstance(one, StepFinished)]
    return [
        (
            one.number,
            one.title,
            one.outcome,
            to_plain_english(one.reason),
            one.tries,
            one.duration,
            len(one.checks),
            one.result,
        )
        for one in ended
    ]


def test_each_step_ends_with_its_tries_its_time_and_its_own_result(
    folder: Path, bench: Bench
) -> None:
    events = run(
        folder,
        bench,
        "vars: {名: 首张}\ncases: [{id: 甲}, {id: 2}]\nsteps:\n"
        "  - {id: 开, open: {}, expect: {result: 开了}}\n"
        "  - {if: '${steps.开.result} == 别的', click: 查}\n"
        "  - {only: [甲, 2], name: '核对 ${vars.名} ${vars.没}', expect: {form: {数: 0}}}\n"
        "  - {only: [2], open: {}}\n"
        "  - {name: '查 ${case.id}', click: 查, retry: {tries: 5, every: 2.5s}, expect: {form: {数: 3}}}\n"
        "  - {click: 查, retry: {tries: 3, every: 1s, until: {form: {数: 5}}}, expect: {form: {数: {$gte: 4}}}}\n"
        "  - {advance: 0.1234567, expect: {form: {数: 5}}}\n"
        "  - {set: {数: 9}, expect: {form: {数: 8, 客户: ''}}}\n"
        "  - {open: {}}\n"
        "  - {id: 末, open: {}}\n"
        "finally:\n  - {name: 收, click: 查, save: {名: '${form.数}'}}\n  - {expect: {vars: {名: 10}}}\n"
        "expect: {form: {数: 99}}\n".replace("${vars.没}", ""),
        row="甲",
    )

    assert summarise(events) == [
        (1, "开", "passed", "", 1, 0.0, 1, "开了"),
        (2, "click", "skipped", "if: ${steps.开.result} == 别的 does not hold", 0, 0.0, 0, None),
        (3, "核对 首张 ", "passed", "", 1, 0.0, 1, None),
        (4, "open", "skipped", "only: 2", 0, 0.0, 0, None),
        (5, "查 甲", "passed", "", 3, 5.0, 1, "第3次"),
        (6, "click", "passed", "", 2, 1.0, 2, "第5次"),
        (7, "advance", "passed", "", 1, 0.123457, 1, None),
        (8, "set", "failed", "", 1, 0.0, 2, None),
        (9, "open", "skipped", "step 8 failed", 0, 0.0, 0, None),
        (10, "末", "skipped", "step 8 failed", 0, 0.0, 0, None),
        (0, "finally: 收", "passed", "", 1, 0.0, 0, "第10次"),
        (0, "finally: check", "passed", "", 1, 0.0, 1, None),
    ]
    assert [one for one in tell(events) if one.startswith("expect")] == [
        "expect 13:35 step 8/10 set: form.数 expected 8, got 9"
    ]
    started = [one for one in events if isinstance(one, StepStarted)]
    assert [(one.number, one.total, one.id, one.action) for one in (*started[:2], *started[-2:])] == [
        (1, 10, "开", "open"), (2, 10, "", "click"), (0, 0, "", "click"), (0, 0, "", ""),
    ]  # fmt: skip


def test_the_last_event_sums_up_the_run(folder: Path, bench: Bench) -> None:
    stub = "proxy: {stubs: [{on: crm_system.*, status: 500}]}\n"
    passed = verdict(
        run(
            folder,
            bench,
            "steps: [{open: {}}, {advance: 2s, expect: {form: {数: 0}}}]\nexpect: {form: {数: 0, 客户: ''}}\nskip: 以后\n",
        )
    )
    assert (
        passed.outcome,
        passed.duration,
        passed.calls,
        passed.rows,
        passed.reason,
        len(passed.checks),
    ) == ("passed", 2.0, 0, 0, "", 2)
    assert passed.digest.startswith("v")
    xfail = (
        "xfail: 单据 7\nsteps: [{open: {}, expect: {form: {数: 1}}}]\ncases: [{id: 甲}, {id: 乙}]\n"
    )
    events = run(folder, Bench(bench.plays), xfail, row="乙", has_digest=False)
    last = verdict(events)
    assert (last.outcome, last.reason, last.rows, last.digest, last.checks) == (
        "xfailed",
        "单据 7",
        2,
        "",
        (),
    )
    assert (last.unused_parts, last.used_keys_of_other_files) == ((), ())
    failed = verdict(run(folder, Bench(bench.plays), f"{stub}steps: [{{open: {{}}}}]\n"))
    assert (failed.outcome, failed.reason, failed.unused_parts) == ("failed", "", ())
    (folder / "共用.yaml").write_text("steps: {填: [{if: true, set: {数: 3}}]}", encoding="utf-8")
    for number, ended in ((3, ("passed", ("共用.yaml:1:13",))), (4, ("failed", ()))):
        using = f"use: 共用.yaml\nsteps: [{{run: 填, expect: {{form: {{数: {number}}}}}}}]\n"
        shared = verdict(run(folder, Bench(bench.plays), using))
        assert (shared.outcome, shared.used_keys_of_other_files) == ended
    table = verdict(
        run(
            folder,
            Bench(bench.plays),
            f"{stub}cases: [{{id: 甲}}]\nsteps: [{{open: {{}}, expect: {{form: {{数: 0}}}}}}, {{if: false, open: {{}}}}]\n",
            row="甲",
        )
    )
    assert (table.outcome, [one.kind for one in table.unused_parts]) == (
        "passed",
        ["rule", "empty"],
    )


def test_values_that_are_not_there_fail_at_their_key(folder: Path, bench: Bench) -> None:
    none = "step 2/2 {}: ${{steps.开.result.x}} is not defined: no 'x' in \"开了\""
    steps = {
        "{if: '${steps.开.result.x} == 1', open: {}}": ("6", "open"),
        "{set: {数: '${steps.开.result.x}'}}": ("6", "set"),
        "{click: 查, expect_error: {code: '${steps.开.result.x}'}}": ("16", "click"),
        "{click: 查, during: {call: '${steps.开.result.x}', steps: [{set: {数: 5}}]}}": (
            "25",
            "click",
        ),
        "{click: 查, expect: {form: {数: '${steps.开.result.x}'}}}": ("16", "click"),
        "{click: 查, save: {乙: 1, 甲: '${steps.开.result.x}'}}": ("29", "click"),
        "{click: 查, retry: {tries: 9, until: {form: {数: '${steps.开.result.x}'}}}}": (
            "34",
            "click",
        ),
    }
    found = {}
    for step in steps:
        events = run(
            folder, Bench(bench.plays), f"steps:\n  - {{id: 开, open: {{}}}}\n  - {step}\n"
        )
        found[step] = [one for one in tell(events) if one.startswith("value")]
        assert summarise(events)[-1][2:4] == ("failed", "")
        assert summarise(events)[-1][4] < 2
    assert found == {
        step: [f"value 5:{column} {none.format(title)}"] for step, (column, title) in steps.items()
    }


def test_steps_happen_while_a_call_is_in_flight(folder: Path, bench: Bench) -> None:
    def order(form: Any, _ctx: Any) -> str:
        for number in ("1", "2"):
            bench.call("crm_system.create_order", path=f"/orders/{number}")
        return str(form["客户"])

    bench.plays["查"] = order
    head = "cases: [{id: 甲}, {id: 乙}]\nsteps:\n"
    step = (
        "  - {name: '查 ${case.id}', click: 查, during: {call: crm_system.create_order, steps: [\n"
        "      {set: {客户: 张三}, expect: {form: {客户: 张三}}}, {only: [乙], set: {数: 7}}, {if: false, set: {数: 8}},\n"
        "      {name: 再点, if: '${case.id} == 甲', set: {收: '${form.数}'}, expect: {form: {收: %s}}}]},\n"
        "     expect: {result: 张三, form: {数: 0}, proxy: {call: crm_system.create_order, times: 2}}}\n"
    )
    events = run(folder, bench, head + step % 0, row="甲")
    assert [(one[0], *one[1:3], one[6], one[7]) for one in summarise(events)] == [
        (1, "查 甲 > set", "passed", 1, None),
        (1, "查 甲 > 再点", "passed", 1, None),
        (1, "查 甲", "passed", 3, "张三"),
    ]
    assert [one for one in tell(events) if not one.startswith("rule")] == []
    again = Bench({**bench.plays})
    bench = again
    failed = run(folder, again, head + step % 5, row="甲")
    assert tell(failed)[0] == "expect 7:80 step 1/1 查 甲 > 再点: form.收 expected 5, got 0"
    assert [one[2] for one in summarise(failed)] == ["passed", "failed", "failed"]
    third = Bench({**again.plays, "查": lambda _form, _ctx: None})
    missing = run(
        folder,
        third,
        "steps: [{click: 查, during: {call: crm_system.create_order, steps: [{set: {数: 1}}]}, retry: {tries: 2}}]\n",
    )
    assert tell(missing) == [
        "value 3:29 step 1/1 click: no call of crm_system.create_order was made meanwhile"
    ]
    assert (third.watched, [one[1:5] for one in summarise(missing)]) == (
        [],
        [("click", "failed", "", 2)],
    )


def test_named_steps_have_variables_and_a_result_of_their_own(folder: Path, bench: Bench) -> None:
    (folder / "零件.yaml").write_text(
        "steps:\n  查两次: [{name: '${vars.新}', click: 查}, {id: 内, click: 查, expect: {form: {数: '${vars.应}'}}}]\n  无: [{expect: {form: {数: 4}}}]\n",
        encoding="utf-8",
    )
    text = (
        "use: 零件.yaml\nvars: {应: 99}\nsteps:\n"
        "  - {id: 跑, run: {steps: 查两次, with: {应: 2}}, expect: {result: 第2次}}\n"
        "  - {expect: {form: {数: 2}}, if: '${steps.跑.result} == 第2次'}\n"
        "  - {id: 再, run: {steps: 查两次, with: {应: 4, 新: 1}}, save: {得: '${steps.再.result}'}}\n"
        "  - {run: 无, expect: {vars: {$exactly: {应: 99, 得: 第4次}}}}\n"
        "  - {run: 查两次, retry: {tries: 2}}\n"
    )
    events = run(folder, bench, text)
    assert [(one[0], one[1], one[2], one[4], one[7]) for one in summarise(events)] == [
        (1, "跑 > ${vars.新}", "passed", 1, "第1次"), (1, "跑 > 内", "passed", 1, "第2次"), (1, "跑", "passed", 1, "第2次"),
        (2, "check", "passed", 1, None),
        (3, "再 > 1", "passed", 1, "第3次"), (3, "再 > 内", "passed", 1, "第4次"), (3, "再", "passed", 1, "第4次"),
        (4, "run > check", "passed", 1, None), (4, "run", "passed", 1, "第4次"),
        (5, "run > ${vars.新}", "passed", 1, "第5次"), (5, "run > 内", "failed", 1, "第6次"), (5, "run", "failed", 1, "第6次"),
    ]  # fmt: skip
    assert [one for one in tell(events) if one.startswith("expect")] == [
        "expect 零件.yaml:2:74 step 5/5 run > 内: form.数 expected 99, got 6"
    ]


def test_errors_are_judged_before_what_is_expected(folder: Path, bench: Bench) -> None:
    def throw(_form: Any, _ctx: Any) -> None:
        raise Thrown("余额不足", "TypeError")

    def miss(_form: Any, _ctx: Any) -> None:
        raise NoMatchError("没有录制")

    def pair(_form: Any, _ctx: Any) -> None:
        raise SubjectError("先交", code="E1")

    found = {}
    for name, script, step in (
        ("thrown", throw, "{click: 查, expect: {form: {数: 5}}}"),
        (
            "as expected",
            throw,
            "{click: 查, expect_error: {type: TypeError, message: {$contains: 余额}}}",
        ),
        (
            "other",
            throw,
            "{click: 查, expect_error: {type: RangeError, message: 余额不足}, expect: {form: {数: 5}}}",
        ),
        (
            "none",
            lambda _form, _ctx: None,
            "{click: 查, expect_error: {message: 余额不足}, expect: {form: {数: 5}}}",
        ),
        ("miss", miss, "{click: 查, expect_error: {message: 没有录制}, expect: {form: {数: 5}}}"),
        ("subject", pair, "{click: 查, expect_error: {code: E1}, expect: {form: {数: 5}}}"),
        ("tries", throw, "{click: 查, retry: {tries: 3, every: 1s}}"),
    ):
        events = run(folder, Bench({**bench.plays, "查": script}), f"steps:\n  - {step}\n")
        found[name] = [*tell(events)[:1], *[one[2:6] for one in summarise(events)]]
    assert found == {
        "thrown": ["error 4:6 step 1/1 click: TypeError: 余额不足", ("failed", "", 1, 0.0)],
        "as expected": [("passed", "", 1, 0.0)],
        "other": [
            'other_error 4:31 step 1/1 click: error type expected "RangeError", got "TypeError"',
            ("failed", "", 1, 0.0),
        ],
        "none": [
            'no_error 4:16 step 1/1 click: expected an error (message "余额不足"), but the step succeeded',
            ("failed", "", 1, 0.0),
        ],
        "miss": ["miss 4:6 step 1/1 click: 没有录制", ("failed", "", 1, 0.0)],
        "subject": [
            "expect 4:58 step 1/1 click: form.数 expected 5, got 0",
            ("failed", "", 1, 0.0),
        ],
        "tries": ["error 4:6 step 1/1 click: TypeError: 余额不足", ("failed", "", 3, 2.0)],
    }
    refused = Bench({**bench.plays, "交": lambda _form, _ctx: "请填写客户"})
    plain = run(folder, refused, "steps: [{submit: {}, expect: {form: {数: 0}}}]\n")
    assert tell(plain)[:1] == [
        "refused 3:10 step 1/1 submit: REFUSED: 请填写客户 (submit was refused, and nothing of the kind is expected; expect what comes of it: messages, flow, result or expect_error)"
    ]
    for step in (
        "{submit: {}, expect_error: {code: REFUSED, message: 请填写客户}}",
        "{submit: {}, expect: {messages: [{text: 请填写客户}]}}",
    ):
        assert verdict(run(folder, Bench(refused.plays), f"steps: [{step}]\n")).outcome == "passed"


def test_rules_without_effect_fail_unless_they_may(folder: Path, bench: Bench) -> None:
    rule = "{on: crm_system.create_order, do: {error: reset}}"
    text = f"faults: [{rule}]\nsteps: [{{open: {{}}, faults: [{rule}], expect: {{form: {{数: 0}}}}}}]\n"
    more = (Fault(on="crm_system.x", action=Break(error="dns")),)
    silent = "fault never fired: crm_system.create_order -> reset (calls made: none)"
    found = [
        [one for one in tell(run(folder, Bench(bench.plays), case, **options)) if not one.startswith(("never_ran", "empty"))]
        for case, options in (
            (text, {}), (text, {"faults": False}), (text, {"silent_faults": True}), (text, {"silent_faults": True, "more_faults": more}),
            (text.replace(f" faults: [{rule}],", ""), {}), ("steps: [{open: {}, expect: {form: {数: 0}}}]\n", {"more_faults": more}),
            (text.replace("数: 0", "数: 1"), {}),
        )
    ]  # fmt: skip
    inside, outside = f"fault 4:29 step 1/1 open: {silent}", f"fault 3:10 报价: {silent}"
    assert found == [
        [inside],
        [],
        [],
        [],
        [outside],
        [],
        ["expect 4:97 step 1/1 open: form.数 expected 1, got 0"],
    ]


def test_a_session_that_cannot_be_closed_fails_only_what_has_not_failed(
    folder: Path, bench: Bench
) -> None:
    found = {}
    for name, error, number in (
        ("miss", NoMatchError("没有录制"), 0),
        ("unplayed", CassetteError("多了一条"), 0),
        ("after", CassetteError("多了一条"), 1),
    ):
        one = Bench(bench.plays, closing=error)
        found[name] = (
            tell(
                run(folder, one, f"steps: [{{open: {{}}, expect: {{form: {{数: {number}}}}}}}]\n")
            )[:1],
            one.closed,
        )
    assert found == {
        "miss": (["miss 1:1 报价: 没有录制"], [False]),
        "unplayed": (["unplayed 1:1 报价: 多了一条"], [False]),
        "after": (["expect 3:36 step 1/1 open: form.数 expected 1, got 0"], [True]),
    }
