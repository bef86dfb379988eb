"""How a search goes on: rounds, time, what is judged, kept and shrunk; its laws cost nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

import pytest
from hypothesis import strategies as st

from bpmax_sim.errors import ConfigError
from bpmax_sim.fuzz import search as searching
from bpmax_sim.fuzz.laws import LAWS, Law
from bpmax_sim.fuzz.search import (
    LawOutcome,
    SearchPlan,
    SearchTask,
    check_law_by_calls,
    search_tasks,
)
from bpmax_sim.fuzz.target import make_target
from bpmax_sim.fuzz.violation import LawBroken
from bpmax_sim.platform.load import load_platforms
from bpmax_sim.proxy.builder import CallSpec

ORDERS = """\
platform_key: orders
base_url: https://orders.example.test
apis: {查询: {path: /orders}, 下单: {path: /new}, 退货: {path: /returns}}
"""
Check = Callable[[int], Any]


@pytest.fixture(name="path")
def written(tmp_path: Path) -> Path:
    path = tmp_path / "orders.yaml"
    path.write_text(ORDERS, encoding="utf-8")
    return path


def number_of(calls: tuple[CallSpec, ...]) -> int:
    return int(calls[0].args[0]) if calls[0].args else 0


def draw_numbers(api: str, drawn: st.SearchStrategy[int]) -> st.SearchStrategy[Any]:
    return st.tuples(drawn.map(lambda number: CallSpec(platform="orders", api=api, args=(number,))))


def let_hold(
    monkeypatch: pytest.MonkeyPatch,
    check: Check,
    drawn: st.SearchStrategy[int] | None = None,
    name: str = "accepted",
) -> list[int]:
    """Let the law *name* be *check* of a drawn number; return the numbers that it is asked for."""
    seen: list[int] = []
    numbers = st.integers(0, 10**9) if drawn is None else drawn

    def look(_target: Any, calls: tuple[CallSpec, ...]) -> bool:
        seen.append(number_of(calls))
        return bool(check(number_of(calls)))

    law = Law(about="一", check=look, draw=lambda _target, api: draw_numbers(api.key, numbers))
    monkeypatch.setitem(LAWS, name, law)
    return seen


def run(
    path: Path, *apis: str, rounds: int = 1, seconds: float = 60, law: str = "accepted", **more: Any
) -> list[LawOutcome]:
    plan = SearchPlan(path=path, examples=str(path.parent / "kept"), rounds=rounds)
    tasks = [SearchTask(law, api=api) for api in apis or ("查询",)]
    return search_tasks(plan, tasks, seconds, **more)


@pytest.mark.parametrize(("rounds", "examples"), [(1, 5), (2, 15), (3, 35), (4, 75)])
def test_each_round_has_twice_the_examples_of_the_one_before(
    rounds: int, examples: int, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    let_hold(monkeypatch, lambda _number: True)
    moves = list[int]()

    (found,) = run(path, rounds=rounds, notify=lambda: moves.append(1))

    assert (found.call, found.law, found.finding, found.why) == (
        "orders.查询",
        "accepted",
        None,
        "",
    )
    assert found.examples == len(moves) == examples


@pytest.mark.parametrize("seconds", [0, -1, 1e-9])
def test_the_first_round_takes_place_however_short_the_time_is(
    seconds: float, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    let_hold(monkeypatch, lambda _number: True)

    found = run(path, "查询", "下单", "退货", rounds=0, seconds=seconds)

    assert [(one.call, one.examples) for one in found] == [
        ("orders.查询", 5),
        ("orders.下单", 5),
        ("orders.退货", 5),
    ]


def test_what_was_not_judged_does_not_count_and_has_a_second_chance(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = let_hold(monkeypatch, lambda _number: False)
    (never,) = run(path)
    assert (never.examples, len(seen)) == (0, 55)
    seen.clear()
    (later,) = run(path, rounds=2)
    assert (later.examples, len(seen)) == (0, 65)

    asked = let_hold(monkeypatch, lambda _number: len(asked) > 5)
    (second,) = run(path)
    assert (second.examples, len(asked)) == (50, 55)
    some = let_hold(monkeypatch, lambda _number: len(some) == 5)
    (once,) = run(path)
    assert (once.examples, len(some)) == (1, 5)


def break_from(least: int) -> Check:
    def check(number: int) -> bool:
        if number >= least:
            raise LawBroken("{number} 太大", number=number)
        return True

    return check


def test_the_least_that_breaks_the_law_is_found_kept_and_tried_first(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    let_hold(monkeypatch, break_from(1000))
    (found,) = run(path, rounds=6)

    assert found.finding is not None
    assert found.finding.message == "orders.查询 breaks the law 'accepted': 1000 太大"
    assert found.finding.calls == ({"call": "orders.查询", "args": [1000]},)
    assert found.finding.javascript == ('$proxy("orders")["\\u67e5\\u8be2"](1000)',)
    assert (found.finding.platform, found.finding.law) == ("orders", "accepted")
    assert (found.finding.script, found.finding.situation) == ("", {})

    seen = let_hold(monkeypatch, break_from(1000))
    (again,) = run(path)
    assert (again.finding, seen[0]) == (found.finding, 1000)
    of_another = let_hold(monkeypatch, break_from(1000))
    run(path, "下单")
    assert of_another[0] != 1000


def test_a_law_that_is_broken_is_left_alone_and_the_others_go_on(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = list[str]()

    def look(_target: Any, calls: tuple[CallSpec, ...]) -> bool:
        seen.append(calls[0].api)
        if calls[0].api == "下单":
            raise LawBroken("坏")
        return True

    numbers = st.integers(0, 10**9)
    law = Law(about="一", check=look, draw=lambda _target, api: draw_numbers(api.key, numbers))
    monkeypatch.setitem(LAWS, "accepted", law)
    found = run(path, "查询", "下单", "退货", rounds=3)

    assert [(one.examples > 30, one.finding is None) for one in found] == [
        (True, True),
        (False, False),
        (True, True),
    ]
    first_round = seen[: seen.index("退货")]
    assert first_round[:6] == [*["查询"] * 5, "下单"]
    assert "下单" not in seen[len(first_round) :]

    seen.clear()
    run(path, "下单", rounds=0, seconds=1e9)  # ends as nothing is left to try
    assert set(seen) == {"下单"}


def test_when_time_is_over_only_what_is_known_to_break_the_law_is_repeated(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [0.0]
    monkeypatch.setattr("bpmax_sim.fuzz.search.time.monotonic", lambda: now[0])

    def check(number: int) -> bool:
        now[0] += 1
        return True

    seen = let_hold(monkeypatch, check)
    (found,) = run(path, rounds=0, seconds=9)

    # five of the first round, and in the second until the clock is past nine
    assert (found.examples, len(seen)) == (10, 10)


def test_nothing_that_fits_is_told_with_the_call(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    let_hold(monkeypatch, lambda _number: True, st.integers().filter(lambda _number: False))

    with pytest.raises(ConfigError) as told:
        run(path, "退货")
    assert str(told.value) == (
        "orders.退货: no value fits what is declared of its parameters; see their enum, format and "
        "schema"
    )


@pytest.mark.parametrize("workers", [1, 2, 3, 7])
def test_outcomes_come_in_the_order_of_the_tasks_whoever_works_on_them(
    workers: int, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Pool:
        """Works on each share at once, in this process."""

        def __init__(self, count: int, **_more: Any) -> None:
            self.count, self.shares = count, list[int]()

        def __enter__(self) -> Self:
            return self

        def __exit__(self, *_error: object) -> None:
            assert len(self.shares) == self.count

        def submit(self, work: Any, plan: SearchPlan, tasks: list[SearchTask], left: float) -> Any:
            from concurrent.futures import Future  # noqa: PLC0415

            job: Future[Any] = Future()
            self.shares.append(len(tasks))
            assert 0 < left <= 60
            job.set_result([LawOutcome(task.api, task.law, 1) for task in tasks])
            return job

    monkeypatch.setattr(searching, "ProcessPoolExecutor", Pool)
    plan = SearchPlan(
        path=path,
        examples=str(path.parent / "kept"),
        rounds=1,
        workers=workers,
        laws=("accepted", "languages"),
    )
    for law in plan.laws:
        let_hold(monkeypatch, lambda _number: True, name=law)
    found = searching.search(plan)

    assert [(one.call.removeprefix("orders."), one.law) for one in found] == [
        (api, law) for api in ("查询", "下单", "退货") for law in ("accepted", "languages")
    ]


def test_an_error_of_a_law_names_the_first_call(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    let_hold(monkeypatch, break_from(0))
    target = make_target(load_platforms(path), "orders")
    calls = tuple(CallSpec(platform="orders", api=api, args=(1,)) for api in ("下单", "查询"))

    with pytest.raises(LawBroken) as told:
        check_law_by_calls(target, "accepted", calls)
    assert str(told.value) == "orders.下单 breaks the law 'accepted': 1 太大"
    assert told.value.why == "1 太大"
