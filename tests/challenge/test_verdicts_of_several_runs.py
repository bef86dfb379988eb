"""Which verdict a mistake gets where the scenarios that run it say different things."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from bpmax_sim.challenge import judge, proposals
from bpmax_sim.challenge.judge import MutantVerdict, ScriptChallenge
from bpmax_sim.variant.run import Variant

_RUNS = {
    "same": SimpleNamespace(exceeded="", is_passed=True, failures=(), told=[]),
    "other": SimpleNamespace(exceeded="", is_passed=True, failures=(), told=["form.价"]),
    "red": SimpleNamespace(
        exceeded="", is_passed=False, failures=(SimpleNamespace(kind="expect"),), told=[]
    ),
    "broken": SimpleNamespace(exceeded="", is_passed=False, failures=(), told=[]),
    "endless": SimpleNamespace(exceeded="jobs", is_passed=False, failures=(), told=[]),
    "slow": SimpleNamespace(exceeded="time", is_passed=False, failures=(), told=[]),
}


@pytest.mark.parametrize(
    ("runs", "found"),
    [
        ((), ("unreached", "", "")),
        (("same",), ("unchanged", "", "")),
        (("same", "other"), ("differs", "", "")),
        (("other", "red"), ("killed", "expect", "行1")),
        (("same", "same", "broken"), ("killed", "error", "行2")),
        (("endless",), ("limit", "jobs", "")),
        (("slow", "endless", "same"), ("limit", "time", "")),
        (("endless", "other"), ("limit", "jobs", "")),
        (("other", "endless"), ("limit", "jobs", "")),
        (("endless", "red"), ("killed", "expect", "行1")),
    ],
)
def test_the_run_that_says_most_decides(
    runs: tuple[str, ...], found: tuple[str, str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    challenge: Any = object.__new__(ScriptChallenge)
    target = SimpleNamespace(find_evaluating_baselines=lambda _: range(len(runs)))
    challenge.numbered, challenge._memory = [(target, SimpleNamespace(probe=""))], None
    challenge.baselines = [
        SimpleNamespace(item=SimpleNamespace(node_id=f"行{n}"), run=_RUNS[name])
        for n, name in enumerate(runs)
    ]
    monkeypatch.setattr(judge, "run_variant", lambda baseline, _: baseline.run)
    monkeypatch.setattr(judge, "_find_new_warnings", lambda *_: ())
    monkeypatch.setattr(judge, "find_divergences", lambda _number, _baseline, run: run.told)
    monkeypatch.setattr(ScriptChallenge, "_make_mutant_variant", lambda *_: None)
    monkeypatch.setattr(
        ScriptChallenge, "_judge_difference", lambda *_: MutantVerdict(verdict="differs")
    )

    verdict = challenge.judge_one(0)

    assert (verdict.verdict, verdict.cause, verdict.killer) == found


@pytest.mark.parametrize(
    ("sound", "changed", "places", "is_killing"),
    [
        ("..", "xx", {0: "a", 1: "a"}, True),
        ("..", "x.", {0: "a", 1: "a"}, False),
        ("..", "x.", {0: "a", 1: "b"}, True),  # row 1 differs elsewhere
        (".x", "xx", {0: "a", 1: "a"}, False),
        ("..", "xx", {0: "b", 1: "b"}, False),  # no row differs where the line looks
        ("..", "xx", {}, False),
        (".-", "xx", {0: "a"}, False),  # the line fits no step of row 1
    ],
)
def test_a_line_kills_what_fails_in_each_row_that_differs_there(
    sound: str, changed: str, places: dict[int, str], is_killing: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    search: Any = object.__new__(proposals.ExpectLineSearch)
    search._files = {"价.scenario.yaml": [0, 1]}
    search.baselines = [SimpleNamespace(item=n) for n in (0, 1)]
    monkeypatch.setattr(
        proposals, "insert_line", lambda n, _: SimpleNamespace(n=n) if sound[n] != "-" else None
    )
    monkeypatch.setattr(
        proposals,
        "run_variant",
        lambda _, variant: SimpleNamespace(
            is_passed=(changed if variant.scripts else sound)[variant.item.n] == "."
        ),
    )
    line: Any = SimpleNamespace(file="价.scenario.yaml", places=("a",))
    divergences: Any = [SimpleNamespace(baseline_number=n, place=p) for n, p in places.items()]

    found = search.is_killing_line(line, divergences, lambda _: Variant(scripts={"价.js": ""}))

    assert found is is_killing


@pytest.mark.parametrize(
    ("probe", "met", "cause"), [("", (), ""), ("x", (), "unmet"), ("x", (1,), ""), ("x", (0,), "")]
)
def test_input_for_a_mistake_is_looked_for_in_every_run(
    probe: str, met: tuple[int, ...], cause: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    challenge: Any = object.__new__(ScriptChallenge)
    target = SimpleNamespace(find_evaluating_baselines=lambda _: range(2))
    challenge.numbered, challenge._memory = [(target, SimpleNamespace(probe=probe))], None
    challenge.baselines = [SimpleNamespace(item=SimpleNamespace(node_id="行")) for _ in range(2)]
    monkeypatch.setattr(judge, "run_variant", lambda *_: _RUNS["same"])
    monkeypatch.setattr(judge, "_find_new_warnings", lambda *_: ())
    monkeypatch.setattr(judge, "find_divergences", lambda *_: [])
    monkeypatch.setattr(ScriptChallenge, "_make_mutant_variant", lambda *_: None)
    monkeypatch.setattr(
        ScriptChallenge, "_matters_in_any_run", lambda *said: not {*met}.isdisjoint(said[-1])
    )

    verdict = challenge.judge_one(0)

    assert (verdict.verdict, verdict.cause) == ("unchanged", cause)
