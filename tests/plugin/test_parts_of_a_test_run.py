"""Parts of a run of tests, each on its own: comparisons, routes, sessions, marks, updates."""

from __future__ import annotations

import functools
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bpmax_sim.i18n import to_plain_english
from bpmax_sim.pytest_plugin import items, options, python_tests
from bpmax_sim.pytest_plugin.stash import SESSIONS
from bpmax_sim.pytest_plugin.summary import GithubAnnotation, format_summary
from bpmax_sim.pytest_plugin.update import ExpectUpdater
from bpmax_sim.scenario.load import load_items
from bpmax_sim.transport import respx_router
from tests.files import write_files

SCENARIO = "version: 1\nscenario: '{}'\nform: {{fields: {{a: 1}}}}\nsteps: [{{set: {{a: 2}}}}]\n"


def test_values_with_secrets_are_compared_without_them_each_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[tuple[Any, Any]] = []
    explained: list[list[str] | None] = []

    def compare(**values: Any) -> list[list[str] | None]:
        asked.append((values["left"], values["right"]))
        assert python_tests.pytest_assertrepr_compare(**values) is None  # which asks all of them
        if values["left"] == "坏":
            raise ZeroDivisionError
        return explained

    config: Any = SimpleNamespace(hook=SimpleNamespace(pytest_assertrepr_compare=compare))
    monkeypatch.setattr(python_tests, "_active", [1])
    monkeypatch.setattr(python_tests, "redact_for_running_tests",
                        lambda text: text.replace("口令", "***"))  # fmt: skip

    def tell(left: Any, right: Any) -> list[str] | None:
        return python_tests.pytest_assertrepr_compare(config, "==", left, right)

    explained[:] = [None, [], ["甲 == 乙", "- 口令 -"], ["later"]]
    assert [tell("口令一", ["a"]), tell({"口令": 1}, {})] == [["甲 == 乙", "- *** -"]] * 2
    explained[:] = [None, []]
    assert tell("口令一", 7) == ["'***一' == 7"]
    with pytest.raises(ZeroDivisionError):
        tell("坏", "口令")
    assert tell("口令一", 7) == ["'***一' == 7"]
    assert asked == [("***一", ["a"]), ({"***": 1}, {}), ("***一", 7), ("坏", "***"), ("***一", 7)]
    cyclic: list[Any] = ["口令"]
    cyclic.append(cyclic)
    assert [tell("甲", ["a"]), tell(cyclic, 1)] == [None, None]
    monkeypatch.setattr(python_tests, "_active", [])
    assert tell("口令一", 7) is None
    assert len(asked) == 5


def test_a_router_knows_the_code_of_its_test(monkeypatch: pytest.MonkeyPatch) -> None:
    def test_order() -> None:
        pass

    @functools.wraps(test_order)
    def wrapped() -> None:
        test_order()

    known: list[Any] = []
    make = respx_router.make_router

    def note(code: Any) -> Any:
        known.append(code)
        return make(code)

    monkeypatch.setattr(respx_router, "make_router", note)
    for node in (
        SimpleNamespace(stash={}, function=test_order), SimpleNamespace(stash={}, function=wrapped),
        SimpleNamespace(stash={}, function=print), SimpleNamespace(stash={}, function=None),
        SimpleNamespace(stash={}),
    ):  # fmt: skip
        given: Any = node
        with python_tests.open_router(given, None):
            pass

    assert known == [test_order.__code__, test_order.__code__, None, None, None]


def test_a_test_has_one_list_of_sessions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(python_tests, "get_tally", lambda config: config)
    one: Any = SimpleNamespace(stash={}, config="一")
    other: Any = SimpleNamespace(stash={}, config="二")

    first = python_tests._get_or_create_sessions(one)

    assert python_tests._get_or_create_sessions(one) is first is one.stash[SESSIONS]
    assert python_tests._get_or_create_sessions(other) is not first


@pytest.mark.parametrize("faults", [(), ("一", "二")])
@pytest.mark.parametrize("repeated", [(), ("--bpmax-seed=7",)])
@pytest.mark.parametrize("seed", [None, 7, 0])
def test_a_scenario_has_the_seed_the_faults_and_the_options_of_its_run(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    faults: tuple[str, ...],
    repeated: tuple[str, ...],
    seed: int | None,
) -> None:
    write_files(tmp_path, {"a.scenario.yaml": SCENARIO.format("报价")})
    [item] = load_items(tmp_path / "a.scenario.yaml", environ={}, root=tmp_path)
    for name, instead in {
        "read_marker_options": lambda _test: {},
        "choose_option": lambda _config, _mark, name, **_: seed if name == "seed" else None,
        "read_fault_markers": lambda _test: list(faults),
    }.items():
        monkeypatch.setattr(items, name, instead)
    monkeypatch.setattr(options, "read_repeated_options", lambda _config: repeated)
    test: Any = SimpleNamespace(scenario=item, config=None, has_option_in_file=None)

    made: Any = items._apply_options_and_marks(test)

    assert (made.faults, made.cli_options) == ((*item.faults, *faults), repeated)
    assert made.scenario.seed == (item.scenario.seed if seed is None else seed)
    assert (made is item) == (seed is None and not faults and not repeated)


def test_an_update_finds_the_scenario_by_its_whole_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ("回填::二", "回填", "二")
    files = {f"{number}.scenario.yaml": SCENARIO.format(name) for number, name in enumerate(names)}
    write_files(tmp_path, files)
    monkeypatch.setattr("bpmax_sim.pytest_plugin.update.options.read_variables", lambda _: {})
    updater = ExpectUpdater(SimpleNamespace(rootpath=tmp_path))  # type: ignore[arg-type]
    for number, name in enumerate(names):
        [item] = load_items(tmp_path / f"{number}.scenario.yaml", environ={}, root=tmp_path)
        nodeid = f"{number}.scenario.yaml::{item.header.one_line_name}"
        for when, failed, node in (
            ("call", name != "二", nodeid), ("setup", True, nodeid), ("call", True, "test_a.py::x"),
        ):  # fmt: skip
            report: Any = SimpleNamespace(when=when, failed=failed, nodeid=node)
            updater.pytest_runtest_logreport(report)

    assert [item.name for item in updater._load_failed()] == ["回填::二", "回填"]


def test_a_summary_is_of_scenarios_or_of_notes() -> None:
    note = GithubAnnotation("s/a.yaml", 3, "报|价", "期望 3\n实际 2")

    assert [
        to_plain_english(format_summary(outcomes, notes, ["3 *calls*"]))
        for outcomes, notes in (({}, []), ({}, [note]), ({"passed": 2}, []))
    ] == [
        "",
        (
            "### bpmax-sim: not collected\n\n| scenario | where | what |\n| --- | --- | --- |\n"
            "| 报\\|价 | s/a.yaml:3 | 期望 3 实际 2 |\n\n* 3 \\*calls\\*\n\n"
        ),
        "### bpmax-sim: 2 passed\n\n* 3 \\*calls\\*\n\n",
    ]
