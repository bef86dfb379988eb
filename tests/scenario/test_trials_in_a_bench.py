# ruff: noqa: E501 - scenarios, one a line
"""A trial: nothing is expected, a failed step ends nothing, and time passes until no timer is left."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pytest

from bpmax_sim.errors import NoMatchError, Place
from bpmax_sim.i18n import to_plain_english
from bpmax_sim.messages import Call, Request
from bpmax_sim.scenario.events import StepFinished
from bpmax_sim.scenario.load import ScenarioItem
from bpmax_sim.scenario.trial_run import MOST_WAITS, TrialRun, make_call_key, run_trial
from bpmax_sim.script.turn_result import PendingTimer
from bpmax_sim.session.session import Session
from bpmax_sim.transport.faults import Break, Fault
from tests.scenario.bench import PlainBench
from tests.scenario.loading import load_text
from tests.subject.stage import Thrown

FORM = (
    "scenario: 报价\nform: {scripts: {open: 开.js, click.查: 查.js}, fields: {客户: '', 数: 0}}\n"
)
FILES = {"开.js": "//", "查.js": "//"}
ORDER = "crm_system.create_order"


@dataclass
class Bench(PlainBench):
    """A bench with timers that are due so many seconds after the start, or again and again."""

    due: tuple[float, ...] = ()
    is_endless: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        self.begin = self.clock.now()

    def pending_timers(self) -> list[PendingTimer]:
        now = self.clock.now()
        left = [self.begin + one for one in self.due if self.begin + one > now]
        return [
            PendingTimer(1.0, False, None, one) for one in ([now + 5] if self.is_endless else left)
        ]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def load(folder: Path, text: str) -> ScenarioItem:
    [item] = load_text(folder, FORM + text, FILES)
    return item


def make_bench(**parts: Any) -> Bench:
    bench = Bench(**parts)

    def query(form: Any, _ctx: Any) -> None:
        for _ in range(2):
            bench.call(ORDER, path="/orders", body={"数": form["数"]})
        form["数"] = form["数"] + 1

    def refuse(_form: Any, _ctx: Any) -> None:
        raise Thrown("坏")

    bench.plays |= {"查": query, "开": refuse}
    return bench


def run(item: ScenarioItem, bench: Bench, **options: Any) -> TrialRun:
    return run_trial(item, cast("Session", bench), environ={}, **options)


def summarise(trial: TrialRun) -> list[tuple[Any, ...]]:
    ended = [one for one in trial.events if isinstance(one, StepFinished)]
    return [
        (one.number, to_plain_english(one.title), one.outcome, one.duration, len(one.checks))
        for one in ended
    ]


def test_a_trial_goes_on_where_a_run_would_end(folder: Path) -> None:
    text = (
        "steps:\n  - {open: {}, expect: {form: {数: 5}}}\n  - {click: 查, save: {甲: '${form.数}', 乙: '${form.数.x}'}, expect: {form: {数: 9}}}\n"
        "  - {expect: {vars: {甲: 2}}}\n  - {if: '${vars.甲} == 2', click: 查}\n  - {set: {数: '${vars.甲}'}}\nexpect: {form: {数: 7}}\nfinally: [{set: {数: 99}}]\n"
    )
    item, bench = load(folder, text), make_bench(due=(2.0, 30.0))
    trial = run(item, bench)

    assert summarise(trial) == [
        (1, "open", "passed", 0.0, 0), (2, "click", "passed", 0.024, 0), (3, "check", "passed", 0.0, 0),
        (4, "click", "skipped", 0.0, 0), (5, "set", "passed", 0.0, 0), (6, "time passes", "passed", 29.976, 0),
    ]  # fmt: skip
    assert (trial.failures, trial.misses, trial.fired, trial.exceeded, bench.closed) == (
        (),
        (),
        (),
        "",
        [True],
    )
    [key] = trial.requests[1]
    assert (key[:3], key[4]) == ((ORDER, "GET", "/orders"), b'{"\\u6570": 0}')
    assert [sum(one.values()) for one in trial.requests] == [0, 2, 0, 0, 0, 0]


def test_time_passes_until_no_timer_is_left_or_for_so_long(folder: Path) -> None:
    item = load(folder, "steps: [{set: {数: 1}, expect: {form: {数: 1}}}]\n")
    ends = {
        name: summarise(run(item, make_bench(**parts)))
        for name, parts in (
            ("none", {}),
            ("two", {"due": (5.0, 3.0)}),
            ("endless", {"is_endless": True}),
        )
    }
    assert {name: len(steps) for name, steps in ends.items()} == {
        "none": 1,
        "two": 2,
        "endless": 1 + MOST_WAITS,
    }
    assert (ends["two"][1], ends["endless"][-1][0]) == ((2, "time passes", "passed", 5.0, 0), 21)


def test_a_trial_ends_where_a_value_is_not_there(folder: Path) -> None:
    text = "steps:\n  - {id: 查, click: 查}\n  - {set: {数: '${steps.查.result.x}'}}\n  - {click: 查, expect: {form: {数: 2}}}\n"
    bench = make_bench(due=(9.0,))
    trial = run(load(folder, text), bench)
    assert [one[1:3] for one in summarise(trial)] == [("查", "passed"), ("set", "failed")]
    assert ([one.kind for one in trial.failures], len(trial.requests), bench.closed) == (
        ["value"],
        2,
        [True],
    )
    never = run(
        load(
            folder,
            "vars: {甲: '${env.没}'}\nsteps: [{click: 查, expect: {form: {数: '${vars.甲}'}}}]\n".replace(
                "${env.没}", "x"
            ),
        ),
        make_bench(),
    )
    assert [one[1] for one in summarise(never)] == ["click"]
    broken = run(
        load(
            folder,
            "steps: [{click: 查}, {click: 查, expect: {form: {数: 2}}}]\nalways: {form: {数: 0}}\n",
        ),
        make_bench(),
    )
    assert [(one.kind, one.step) for one in broken.failures] == [("always", 1), ("always", 2)]


def test_own_faults_come_before_those_that_are_injected_and_these_before_stubs(
    folder: Path,
) -> None:
    steps = "steps: [{click: 查, expect: {form: {数: 1}}}]\n"
    injected = Fault(on=ORDER, action=Break(error="dns"))
    other = Fault(on="crm_system.x", action=Break(error="dns"))
    own = f"faults: [{{on: {ORDER}, do: {{error: reset}}}}]\n"
    stub = f"proxy: {{stubs: [{{on: {ORDER}, status: 500}}]}}\n"
    fired = [
        run(load(folder, text + steps), make_bench(), injected=(other, injected)).fired
        for text in ("", own, stub, own + stub)
    ]
    assert fired == [(injected,), (), (injected,), ()]
    bench = make_bench()
    bench.misses.append(NoMatchError("没有录制"))
    assert run(load(folder, steps), bench).misses == tuple(bench.misses)


def test_usual_calls_are_counted_step_by_step(folder: Path) -> None:
    text = f"faults: [{{on: {ORDER}, call: 2, do: {{error: reset}}}}, {{on: {ORDER}, do: {{error: dns}}}}]\nsteps: [{{click: 查, faults: [{{on: {ORDER}, call: 1, do: {{error: tls}}}}]}}, {{click: 查, expect: {{form: {{数: 2}}}}}}]\n"
    item, bench = load(folder, text), make_bench()
    usual = run(item, make_bench()).requests
    armed: list[Fault] = []
    bench.arm = armed.extend  # type: ignore[method-assign]
    trial = run(item, bench, usual_requests=usual)
    first, every, of_step = armed[:3]
    assert [rule.matches is not None for rule in (first, every, of_step)] == [
        True,
        item.faults[1].matches is not None,
        True,
    ]
    assert [sum(one.values()) for one in trial.requests] == [2, 2]
    keys = [
        make_call_key(call)
        for call in (
            make_call("/a", b"1"),
            make_call("/a", b"2"),
            make_call("/b", b"1"),
            make_call("/a", b"1"),
        )
    ]
    assert (Counter(keys).most_common(1)[0][1], len({*keys})) == (2, 3)
    assert Place("a") != Place("b")
    login = Request(method="GET", url="https://x.test/", headers=(), body=None)
    assert first.matches is not None
    assert first.matches(login)


def make_call(path: str, body: bytes) -> Call:
    return Call(
        platform="crm_system",
        instance="test",
        api="create_order",
        method="POST",
        path=path,
        query=(),
        headers=(),
        body=body,
    )
