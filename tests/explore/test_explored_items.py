"""How one item is explored: what answers its calls, what is tried in which order, how far."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from msgspec.structs import replace

from bpmax_sim.errors import ConfigError, Problem
from bpmax_sim.explore import search
from bpmax_sim.explore.members import RecordedResponses
from bpmax_sim.explore.orders import Order
from bpmax_sim.explore.search import JudgedVariant, _ItemTrials
from bpmax_sim.platform.load import Platforms
from bpmax_sim.scenario.calls import CallMade
from bpmax_sim.scenario.events import Event
from bpmax_sim.scenario.load import load_items
from bpmax_sim.scenario.model import ProxySpec, Scenario
from bpmax_sim.scenario.source import Failure
from bpmax_sim.variant.run import BaselineError
from tests.explore.test_further_variants import CRM, HANDLED, READ, Trials
from tests.explore.views import LINE, failing, made, seen, step

PLATFORMS = Platforms({"crm": CRM, "oa": replace(CRM, platform_key="oa")})


def test_attempts_are_failures_then_orders_then_actions_meanwhile(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    base = seen(step(), calls=[made(begin=1, end=9), made("crm.查档案", 2, 8)])
    late = Order(calls=base.calls, rules=(), faults=(), inversions=1)
    failures, late_orders, interruptions = [failing(READ)] * 4, [late] * 3, [("再点", "项")] * 2
    for name, found in (
        ("find_possible_failures", failures), ("_find_script_words", "词"),
        ("find_orders_late_for_next_call", late_orders),
        ("find_interruptions_during_calls", interruptions),
    ):  # fmt: skip
        monkeypatch.setattr(search, name, lambda *_, found=found: iter(found))
    trials = Trials(base, _item=None, _watch_reads=lambda: None)

    trials.collect_variants(RecordedResponses(Path(), PLATFORMS))
    attempts: list[Any] = [*trials.make_attempts()]

    assert (trials.possible, trials.most_in_flight) == (10, 2)
    assert not trials.knows_member_reads
    kinds = [getattr(one.func, "__name__", "") for one in attempts]
    assert kinds == [
        *["_make_failure_attempts"] * 4, *["iter"] * 4, *["_make_interruption_attempts"] * 2,
    ]  # fmt: skip
    orders = [next(iter(attempt())) for attempt in attempts[4:8]]
    assert [one.func.__name__ for one in orders] == ["_try_order", *["_try_late_order"] * 3]
    assert Trials(seen())._watch_reads() == {}


def test_a_changed_item_has_no_usual_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[Any, ...]] = []
    monkeypatch.setattr(search, "make_run_view", lambda trial, _platforms: trial)
    monkeypatch.setattr(
        search, "run_variant_without_expectations",
        lambda base, variant: asked.append((base, variant.item, variant.usual, variant.faults)),
    )  # fmt: skip
    trials = Trials(seen(), _baseline="基准", _usual=(1,))
    item: Any = "改"

    _ItemTrials.run(trials)
    _ItemTrials.run(trials, [], item)

    assert asked == [("基准", None, (1,), ()), ("基准", "改", None, ())]


class FiveAttempts:
    """Variants of an item, one of which leads to two others; every third comes to nothing."""

    def __init__(self, _baseline: object) -> None:
        self.possible, self.most_in_flight = 3, 2
        self.is_simulated, self.knows_member_reads, self.platforms = True, False, Platforms({})

    def collect_variants(self, _recorded: object) -> None:
        self.possible = 4

    def make_attempts(self) -> Iterator[Callable[[], Iterator[Callable[[], Any]]]]:
        for kinds in (("一", "二", ""), ("四",), ("五",)):
            yield partial(map, partial(partial, make_variant), kinds)


def make_variant(kind: str) -> JudgedVariant | None:
    usual: dict[str, Any] = {"call": READ, "column": kind, "rules": (), "severity": "allow"}
    return JudgedVariant(kind=kind, judgement=HANDLED, **usual) if kind else None


@pytest.mark.parametrize(
    ("options", "kinds", "tried", "counts"),
    [
        ({}, ["一", "二", "四", "五"], 5, [(1, 4), (2, 4), (3, 4), (4, 4), (5, 4)]),
        ({"most": 2}, ["一", "二"], 2, [(1, 2), (2, 2)]),
        ({"most": 9}, ["一", "二", "四", "五"], 5, [(1, 4), (2, 4), (3, 4), (4, 4), (5, 4)]),
        ({"seed": 5}, ["一", "二", "四", "五"], 5, [(1, 4), (2, 4), (3, 4), (4, 4), (5, 4)]),
        ({"seed": 5, "most": 2}, ["四", "五"], 2, [(1, 2), (2, 2)]),
        ({"over": 3}, ["一", "二"], 3, [(1, 4), (2, 4), (3, 4)]),
    ],
)
def test_an_item_is_explored_as_far_as_it_may_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: dict[str, Any], kinds: list[str],
    tried: int, counts: list[tuple[int, int]],
) -> None:  # fmt: skip
    monkeypatch.setattr(search, "_simulate_or_replay_baseline", lambda *_: None)
    monkeypatch.setattr(search, "_ItemTrials", FiveAttempts)
    item: Any = SimpleNamespace(
        node_id="a.yaml::甲", name="甲", place=LINE, selection_arguments="a.yaml", root=tmp_path,
        platforms=(),
    )  # fmt: skip
    told: list[tuple[int, int]] = []
    over = options.pop("over", None)

    explorer = search.Explorer()
    found = explorer.explore(
        item, **options, is_over=lambda: len(told) == over,
        on_tried=lambda *numbers: told.append(numbers),
    )  # fmt: skip

    assert [one.kind for one in found.variants] == kinds
    assert all(one.is_simulated for one in found.variants)
    assert (found.tried, found.possible, found.most_in_flight) == (tried, 4, 2)
    assert told == counts
    assert (found.node_id, found.refused, found.knows_member_reads) == ("a.yaml::甲", "", False)
    folder = explorer._load_recorded_responses(item, Platforms({}))
    assert folder is explorer._load_recorded_responses(item, Platforms({}))
    assert folder._folder == tmp_path / "cassettes"
    [again] = explorer.explore_all([item], **options, on_tried=lambda *_: None)
    assert (again.target, again.refused) == ("a.yaml", "")


def test_simulators_replace_recordings_that_may_then_stay_unplayed(tmp_path: Path) -> None:
    path = tmp_path / "下单.scenario.yaml"
    path.write_text(
        "version: 1\nscenario: 下单\nform: {fields: {编号: ''}}\nsteps: [{set: {编号: '1'}}]\n",
        encoding="utf-8",
    )
    (item,) = load_items(path, environ={})

    changed = search._switch_to_simulators(item)

    assert changed == replace(item, scenario=changed.scenario)
    assert (changed.scenario.proxy.mode, changed.scenario.proxy.unused) == ("simulate", "ignore")


def test_who_sets_a_mode_is_told_what_is_not_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def measure(one: object, **_: object) -> Any:
        asked.append(one)
        error = BaselineError("没有录制")
        error.failures = (Failure(kind="miss", essence="没有"),)
        raise error

    monkeypatch.setattr(search, "measure_baseline", measure)
    proxy = ProxySpec(mode="replay")
    item: Any = SimpleNamespace(scenario=Scenario(scenario="下单", proxy=proxy))

    with pytest.raises(BaselineError, match="没有录制"):
        search._simulate_or_replay_baseline(item, None)
    assert asked == [item]


@pytest.mark.parametrize(
    ("mode", "called", "simulators_pass", "found"),
    [
        ("", ["crm.查客户"], True, "simulate"),
        ("", ["crm.查客户", "crm.查档案"], True, "simulate"),
        ("", ["crm.查客户", "oa.通知"], True, "recorded"),
        ("", ["crm.查客户", "erp.下单"], True, "recorded"),
        ("", ["crm.查客户"], False, "recorded"),
        ("", [], True, "recorded"),
        ("replay", ["crm.查客户"], True, "recorded"),
    ],
)
def test_simulators_with_rules_of_their_own_answer_in_place_of_recordings(
    monkeypatch: pytest.MonkeyPatch, mode: str, called: list[str], simulators_pass: bool, found: str
) -> None:
    proxy: Any = ProxySpec(mode=mode) if mode else ProxySpec()  # type: ignore[arg-type]
    item: Any = SimpleNamespace(
        scenario=Scenario(scenario="下单", proxy=proxy), platforms=(), instances=()
    )
    changed = SimpleNamespace()

    def measure(one: object, **_: object) -> Any:
        if one is changed and not simulators_pass:
            raise ConfigError(Problem("不通过"))
        events: list[Event] = [
            CallMade(number=number, call=call, method="GET", source="recorded", place=LINE)
            for number, call in enumerate(called)
        ]
        return SimpleNamespace(
            run=SimpleNamespace(calls=events), name="simulate" if one is changed else "recorded"
        )

    monkeypatch.setattr(search, "measure_baseline", measure)
    monkeypatch.setattr(search, "_switch_to_simulators", lambda _item: changed)
    monkeypatch.setattr(search, "load_usable_platforms", lambda *_, **__: PLATFORMS)
    monkeypatch.setattr(search, "has_shipped_rule_table", lambda one: one.platform_key == "crm")

    baseline: Any = search._simulate_or_replay_baseline(item, None)
    assert baseline.name == found
