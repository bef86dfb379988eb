# ruff: noqa: E501 - cases, one a line
"""Hooks of the plugin, each asked on both sides of its conditions, without a run of pytest."""

from __future__ import annotations

import warnings
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

import bpmax_sim.pytest_plugin as plugin
from bpmax_sim.challenge.findings import ChallengeResult
from bpmax_sim.errors import ConfigError, Place, Problem
from bpmax_sim.pytest_plugin import challenge, idle_markers, options, update
from bpmax_sim.pytest_plugin.run_stats import TALLY, Tally
from bpmax_sim.pytest_plugin.stash import SESSIONS
from tests.files import write_files
from tests.plugin.test_decisions_of_options import make_config


def choose(config: Any, **values: Any) -> Any:
    """Return *config* with the values of options on its command line."""
    for name, value in values.items():
        config.stash[options._READ_OPTIONS][name] = (value, None)
    return config


def result(killed: int, missed: int) -> ChallengeResult:
    return ChallengeResult(counts={"killed": killed, "differs": missed})


def test_a_script_misses_what_the_options_ask_for(tmp_path: Path) -> None:
    def miss(killed: int, missed: int, findings: int = 0, **chosen: Any) -> str:
        config = choose(make_config(tmp_path), challenge_fail_under=None, challenge_strict=None)
        test = cast("Any", SimpleNamespace(config=choose(config, **chosen)))
        weak: Any = SimpleNamespace(
            score_percent=result(killed, missed).score_percent,
            findings_not_solved_by_earlier=[None] * findings,
        )
        return challenge.ChallengeTest._find_shortcoming(test, weak)

    below = "% of the mistakes are noticed, and"
    assert [
        miss(1, 2, 3),
        miss(1, 1, challenge_fail_under=50.0),
        miss(1, 1, challenge_fail_under=50.5),
        miss(2, 1, challenge_fail_under=66.7),
        miss(0, 1, challenge_fail_under=0.0),
        miss(1, 1, 1, challenge_strict=True),
        miss(1, 1, 2, challenge_strict=True),
        miss(1, 1, 0, challenge_strict=True),
        miss(1, 1, 2, challenge_strict=True, challenge_fail_under=90.0),
    ] == [
        "",
        "",
        f"50 {below} 50.5 % have to be",
        f"66.6 {below} 66.7 % have to be",
        "",
        "1 finding",
        "2 findings",
        "",
        f"50 {below} 90 % have to be",
    ]


def test_a_script_that_cannot_be_tried_is_skipped_unless_the_options_ask_for_more(
    tmp_path: Path,
) -> None:
    found = {}
    for chosen in ({}, {"challenge_fail_under": 5.0}, {"challenge_strict": True}):
        config = choose(make_config(tmp_path), challenge_fail_under=None, challenge_strict=None)
        test = cast("Any", SimpleNamespace(config=choose(config, **chosen)))
        try:
            challenge.ChallengeTest._skip_or_fail_untried(test, "甲\n乙")
        except BaseException as ended:  # noqa: BLE001 - which pytest raises for its outcomes
            found[" ".join(chosen)] = f"{type(ended).__name__}: {ended}"
    told = "left out: 甲\n乙"
    assert found == {
        "": f"Skipped: {told}",
        "challenge_fail_under": f"Failed: {told}",
        "challenge_strict": f"Failed: {told}",
    }


def test_what_a_challenge_does_not_cover_is_told_at_its_place() -> None:
    at = [Place("改.js", line, 2) for line in (3, 4, 5)]
    tried: Any = SimpleNamespace(
        left_out=[Problem("甲", at[0]), Problem("乙", None)], numbered=[1, 2], possible=5,
        targets=[SimpleNamespace(name="改.js"), SimpleNamespace(name="别.js")],
    )  # fmt: skip
    judged: Any = SimpleNamespace(unused=(Problem("丙", at[1]), Problem("丁", at[2])))
    found = list(challenge._describe_limits(tried, judged))
    assert [(text, str(place)) for text, place in found] == [
        ("left out: 改.js:3:2: 甲", "改.js:3:2"), ("left out: 乙", "None"), ("丙", "改.js:4:2"), ("丁", "改.js:5:2"),
        ("tried 2 of 5", "改.js:1"),
    ]  # fmt: skip
    tried.possible, judged.unused = 2, ()
    assert [text for text, _ in challenge._describe_limits(tried, judged)] == [
        "left out: 改.js:3:2: 甲", "left out: 乙",
    ]  # fmt: skip
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        challenge._warn_of_challenge("戊", at[2])
        challenge._warn_of_challenge("己", None)
    assert [(str(one.message), one.filename, one.lineno) for one in warned] == [
        ("戊", "改.js", 5), ("己", "", 0),
    ]  # fmt: skip


def test_the_results_of_all_scripts_are_merged_in_the_order_of_their_names() -> None:
    whole = challenge._merge_results({"乙": result(1, 2), "甲": result(3, 4), "丙": result(5, 6)})
    assert (whole.counts["killed"], whole.counts["differs"]) == (9, 12)


def test_a_failed_scenario_is_updated_once(tmp_path: Path) -> None:
    updater = update.ExpectUpdater(make_config(tmp_path))
    names = ("a.scenario.yaml::乙", "a.scenario.yaml::甲", "test_a.py::甲", "a.scenario.yaml::乙")
    for nodeid in names:
        for when, failed in (("setup", True), ("call", False), ("teardown", True)):
            report: Any = SimpleNamespace(nodeid=f"{nodeid}{when}", when=when, failed=failed)
            updater.pytest_runtest_logreport(report)
        report = SimpleNamespace(nodeid=nodeid, when="call", failed=True)
        updater.pytest_runtest_logreport(report)
    assert list(updater._failed) == ["a.scenario.yaml::乙", "a.scenario.yaml::甲"]


def test_rows_that_failed_are_loaded_again_with_the_variables_of_the_run(tmp_path: Path) -> None:
    rows = "cases: [{id: 甲, a: 1}, {id: 乙, a: 2}, {id: 丙, a: 3}]"
    head = 'version: 1\nscenario: 单\nform: {fields: {金额: "${case.a}", 名: "${vars.名}"}}\nvars: {名: 无}'
    step = "steps: [{set: {金额: 5}, expect: {form: {金额: 5}}}]"
    for name in ("一", "二"):
        write_files(tmp_path, {f"{name}.scenario.yaml": f"{head}\n{rows}\n{step}\n"})
    config = choose(make_config(tmp_path), var=["名=甲"])
    updater = update.ExpectUpdater(config)
    for nodeid in (
        "一.scenario.yaml::单[丙]",
        "二.scenario.yaml::单[乙]",
        "一.scenario.yaml::单[甲]",
    ):
        updater._failed[nodeid] = None
    loaded = list(updater._load_failed())
    assert {item.cli_variable_assignments for item in loaded} == {("名=甲",)}
    assert [(item.path.name, item.row_id) for item in loaded] == [
        ("一.scenario.yaml", "甲"), ("一.scenario.yaml", "丙"), ("二.scenario.yaml", "乙"),
    ]  # fmt: skip


def test_what_was_got_is_written_and_what_is_left_is_told(tmp_path: Path) -> None:
    head = "version: 1\nscenario: 单\nform: {fields: {金额: 0}}\n"
    wrong = "steps:\n  - {set: {金额: 5}, expect: {form: {金额: 6}}}\n"
    write_files(
        tmp_path,
        {"一.scenario.yaml": f"{head}{wrong}", "二.scenario.yaml": f"{head}xfail: 待办\n{wrong}"},
    )  # fmt: skip
    updater = update.ExpectUpdater(make_config(tmp_path))
    updater._failed = dict.fromkeys(("二.scenario.yaml::单", "一.scenario.yaml::单"))
    written: list[str] = []
    reporter: Any = SimpleNamespace(section=written.append, write_line=written.append)
    updater.pytest_terminal_summary(reporter)
    assert [line.replace(f"{tmp_path}/", "") for line in written] == [
        "bpmax-sim: expectations",
        "二.scenario.yaml::单: left as it is: is expected to fail (xfail)",
        "--- 一.scenario.yaml",
        "+++ 一.scenario.yaml",
        "@@ -4,2 +4,2 @@",
        " steps:",
        "-  - {set: {金额: 5}, expect: {form: {金额: 6}}}",
        "+  - {set: {金额: 5}, expect: {form: {金额: 5}}}",
        "一.scenario.yaml: written",
    ]
    assert (tmp_path / "一.scenario.yaml").read_text("utf-8") == f"{head}{wrong.replace('6', '5')}"
    again: Any = SimpleNamespace(section=None, write_line=None)
    update.ExpectUpdater(make_config(tmp_path)).pytest_terminal_summary(again)


def test_what_cannot_be_written_is_told_in_place_of_that_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []
    edit = SimpleNamespace(edits="改", skip_notes=["跳过"])
    file = SimpleNamespace(make_diff_lines=lambda: ["+甲"], path=tmp_path / "内/一.scenario.yaml")
    config = choose(make_config(tmp_path), var=["名=甲"], cassettes="录制")
    updater = update.ExpectUpdater(config)
    monkeypatch.setattr(updater, "_load_failed", lambda: iter(["项"]))
    monkeypatch.setattr(
        update, "prepare_rewrites", lambda _edits: ([file], [Problem("拒绝", None)])
    )

    def collect(*told: Any) -> Any:
        asked.append(told)
        return edit

    monkeypatch.setattr(update, "collect_item_updates", collect)
    for error in (None, ConfigError("写不了")):

        def write(*told: Any, error: Exception | None = error) -> None:
            asked.append(told)
            if error:
                raise error

        monkeypatch.setattr(update, "write_if_scenarios_pass", write)
        last = str(error or "内/一.scenario.yaml: written")
        lines = [
            line.replace(f"{tmp_path.as_posix()}/", "") for line in updater._update_expectations()
        ]
        assert lines == ["跳过", "拒绝", "+甲", last]
    updater._failed = {"一.scenario.yaml::单": None}
    shown: list[str] = []
    reporter: Any = SimpleNamespace(section=shown.append, write_line=shown.append)
    updater.pytest_terminal_summary(reporter)
    assert shown == ["bpmax-sim: expectations", "跳过", "拒绝", "+甲", "写不了"]
    folder = tmp_path / "录制"
    assert asked == [(["项"], folder), ([file], {"名": "甲"}, folder)] * 3


def test_a_marker_without_a_session_is_told(tmp_path: Path) -> None:
    def judge(
        names: set[str], *, line: Any = 6, more: Any = (), faults: Any = "on", opened: bool = False
    ) -> list[Any]:
        marks = [
            pytest.mark.bpmax_fault("crm.get", status=500).mark,
            pytest.mark.bpmax_fault("oa.*", error="timeout").mark,
        ]
        item: Any = SimpleNamespace(
            stash={SESSIONS: 1} if opened else {}, fixturenames=more, location=("test_a.py", line, "x"),
            config=choose(make_config(tmp_path), faults=faults), name="x",
            iter_markers=lambda name: [mark for mark in marks if mark.name == name],
            iter_markers_with_node=lambda name: [(item, mark) for mark in marks if mark.name == name],
            listchain=list,
        )  # fmt: skip
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            try:
                idle_markers.judge_markers_without_session(item, names)
            except BaseException as ended:  # noqa: BLE001 - which pytest raises for its outcomes
                return [type(ended).__name__, *str(ended).splitlines()]
        return [(one.filename, one.lineno) for one in warned]

    told = judge({"bpmax_fault"})
    assert [str(one).partition(" -> ")[0] for one in told] == [
        "Failed", "fault never fired: oa.*", "fault never fired: crm.get",
    ]  # fmt: skip
    assert judge({"bpmax_fault"}, faults=None) == told
    assert judge({"bpmax_fault"}, faults="off") == []
    assert judge({"bpmax"}) == [("test_a.py", 7)]
    assert judge({"bpmax"}, line=None) == [("test_a.py", 1)]
    assert judge({"bpmax"}, more=("bpmax_session_factory",)) == []
    assert judge({"bpmax"}, opened=True) == []
    assert judge(set()) == []
    wrong = [pytest.mark.bpmax_fault("crm.get", status="x").mark]
    item: Any = SimpleNamespace(iter_markers=lambda _name: wrong)
    assert idle_markers._describe_faults(item).startswith("do.status: expected a whole")


def test_only_a_folder_of_cassettes_beside_scenarios_is_left_out(tmp_path: Path) -> None:
    write_files(
        tmp_path,
        {
            "一/cassettes/a.yaml": "", "一/scenarios/a.yaml": "", "二/cassettes/a.yaml": "",
            "三/cassettes": "", "三/scenarios/a.yaml": "", "四/cassettes/a.yaml": "", "四/scenarios": "",
        },
    )  # fmt: skip
    names = (
        "一/cassettes",
        "二/cassettes",
        "三/cassettes",
        "四/cassettes",
        "一/scenarios",
        "一/cassettes/a.yaml",
    )
    assert [plugin.pytest_ignore_collect(tmp_path / name) for name in names] == [
        True, None, None, None, None, None,
    ]  # fmt: skip


def test_the_end_of_a_run_says_whether_it_was_whole(tmp_path: Path) -> None:
    def end(tally: Tally, **session: Any) -> tuple[bool, int]:
        config = make_config(tmp_path)
        config.stash[TALLY] = tally
        config.pluginmanager = SimpleNamespace(get_plugin=lambda _name: None)
        given = {"shouldfail": False, "shouldstop": False, "exitstatus": 5, **session}
        run: Any = SimpleNamespace(config=choose(config, cov=None, exit_codes=None), **given)
        plugin.pytest_sessionfinish(run)
        return tally.stopped, int(run.exitstatus)

    sharded = Tally()
    sharded.sharded = True
    assert [
        end(Tally()), end(Tally(), shouldfail="x"), end(Tally(), shouldstop="x"), end(sharded), end(sharded, exitstatus=1),
    ] == [(False, 5), (True, 5), (True, 5), (False, 0), (False, 1)]  # fmt: skip
    tally = Tally()
    config = choose(make_config(tmp_path), cov=None)
    config.stash[TALLY] = tally
    plugin.pytest_deselected([])
    assert not tally.partial
    plugin.pytest_deselected([cast("Any", SimpleNamespace(config=config))])
    assert tally.partial
    tally.partial = False
    plugin.pytest_testnodedown(
        SimpleNamespace(config=config, workeroutput={"bpmax_sim": Tally().to_data()})
    )
    assert not tally.partial
    plugin.pytest_testnodedown(SimpleNamespace(config=config))
    assert tally.partial
