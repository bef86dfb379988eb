"""What is decided when a run ends: its status, what is stored, and what the page holds."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from bpmax_sim import pytest_plugin
from bpmax_sim.challenge.findings import ChallengeResult
from bpmax_sim.challenge.page import make_section
from bpmax_sim.pytest_plugin import options, script_hits, summary
from bpmax_sim.pytest_plugin.run_stats import TALLY, Tally
from bpmax_sim.report.script_coverage import cover_scripts
from bpmax_sim.report.sections import store_section
from bpmax_sim.report.usage import FOLDER, Evidence
from bpmax_sim.scenario.shards import Shard
from bpmax_sim.script.failure import Script
from bpmax_sim.script.hits import ScriptHits, add_counters_to_script
from tests.plugin.test_decisions_of_options import make_config

OK, FAILED = pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED
INTERRUPTED, NONE = pytest.ExitCode.INTERRUPTED, pytest.ExitCode.NO_TESTS_COLLECTED


def make_session(folder: Path, status: pytest.ExitCode = OK, /, **given: Any) -> Any:
    config = make_config(folder, **given)
    config.stash[TALLY] = Tally()
    config.stash[options._RUN_ROOT] = folder
    config.pluginmanager = SimpleNamespace(get_plugin=lambda _name: None)
    return SimpleNamespace(
        config=config, exitstatus=status, shouldfail=False, shouldstop=False, testsfailed=0
    )


@pytest.mark.parametrize(
    ("name", "has_scenarios", "is_ignored"),
    [
        ("cassettes", True, True),
        ("cassettes", False, None),
        ("cassettes.yaml", True, None),
        ("cassette", True, None),
    ],
)
@pytest.mark.parametrize("is_folder", [True, False])
def test_only_the_recordings_beside_scenarios_are_not_searched(
    tmp_path: Path, name: str, *, has_scenarios: bool, is_ignored: bool | None, is_folder: bool
) -> None:
    path = tmp_path / name
    path.mkdir() if is_folder else path.touch()
    if has_scenarios:
        (tmp_path / "scenarios").mkdir()

    assert pytest_plugin.pytest_ignore_collect(path) is (is_ignored if is_folder else None)


@pytest.mark.parametrize(
    ("fails", "stops", "stopped"),
    [
        (False, False, False),
        ("stopping after 1 failures", False, True),
        (False, "够了", True),
        ("", "", False),
    ],
)
def test_a_run_that_was_stopped_is_not_whole(
    tmp_path: Path, fails: Any, stops: Any, *, stopped: bool
) -> None:
    session = make_session(tmp_path)
    session.shouldfail, session.shouldstop = fails, stops
    pytest_plugin.pytest_sessionfinish(session)

    assert session.config.stash[TALLY].stopped is stopped
    session.shouldfail = session.shouldstop = False
    pytest_plugin.pytest_sessionfinish(session)
    assert session.config.stash[TALLY].stopped is stopped


@pytest.mark.parametrize(
    ("status", "sharded", "codes", "given", "ended"),
    [
        (NONE, True, set(), {}, OK),
        (NONE, False, set(), {}, NONE),
        (FAILED, True, {3}, {}, FAILED),
        (FAILED, False, {3}, {"exit_codes": True}, 3),
        (OK, False, {0}, {"exit_codes": True}, 0),
        (INTERRUPTED, False, {3}, {"exit_codes": True}, INTERRUPTED),
        (NONE, True, set(), {"exit_codes": True}, 0),
    ],
)
def test_an_empty_shard_passes_and_codes_are_those_of_the_command_where_asked(
    tmp_path: Path,
    status: pytest.ExitCode,
    codes: set[int],
    given: dict[str, Any],
    ended: int,
    *,
    sharded: bool,
) -> None:
    session = make_session(tmp_path, status, **given)
    tally = session.config.stash[TALLY]
    tally.sharded, tally.codes = sharded, codes
    pytest_plugin.pytest_sessionfinish(session)

    assert session.exitstatus == ended


def test_a_worker_sends_its_counts_and_decides_nothing(tmp_path: Path) -> None:
    session = make_session(tmp_path, FAILED, exit_codes=True)
    session.config.workeroutput = {}
    session.config.stash[TALLY].codes = {3}
    pytest_plugin.pytest_sessionfinish(session)

    assert session.exitstatus == FAILED
    assert session.config.workeroutput["bpmax_sim"]["codes"] == {3}


SOURCE = "if (form.金额 > 1000) { form.级别 = '高'; } else { form.级别 = '低'; }\n"


@pytest.mark.parametrize(
    ("more", "before", "after"),
    [
        (None, OK, OK),
        (0, OK, OK),
        (0.1, OK, FAILED),
        (0.1, FAILED, FAILED),
        (0.1, INTERRUPTED, INTERRUPTED),
        (0.1, NONE, NONE),
    ],
)
def test_too_little_coverage_fails_a_run_that_passed(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    more: float | None,
    before: pytest.ExitCode,
    after: pytest.ExitCode,
) -> None:
    monkeypatch.chdir(tmp_path)
    script = tmp_path / "级别.js"
    script.write_text(SOURCE, encoding="utf-8")
    counted = add_counters_to_script(Script(SOURCE, "级别.js"))
    assert counted is not None
    numbers = [int(n not in (2, 3)) for n in range(len(counted.counters))]
    hits = ScriptHits()
    hits.merge([("级别.js", SOURCE, numbers, 0, SOURCE)])
    percent = cover_scripts(hits, tmp_path)[0].counts.percentage
    least = None if more is None else percent + more
    session = make_session(tmp_path, before, cov=True, cov_fail_under=least)
    session.config.stash[script_hits._HITS] = hits
    script_hits.send_or_report_hits(session)

    result = script_hits.get_coverage_result(session.config)
    assert result is not None
    told = [line for line in result.lines if line.startswith("FAILED")]
    assert (session.exitstatus, bool(told)) == (after, bool(more))
    assert 0 < percent < 100
    assert result.lines[0].startswith(f"scripts: {percent:g} % ran: ")
    assert (tmp_path / ".bpmax/lcov.info").is_file()


def make_report(name: str, when: Any, seconds: float, outcome: Any = "passed") -> Any:
    node = f"scenarios/付款.scenario.yaml::{name}"
    report = pytest.TestReport(node, ("a", 0, name), {}, outcome, None, when)
    report.duration = seconds
    return report


STATS = {
    "": [make_report("甲", "setup", 1.0), make_report("甲", "teardown", 2.0)],
    "passed": [make_report("甲", "call", 4.0)],
    "failed": [make_report("乙", "call", 8.0, "failed")],
    "xfailed": [make_report("丙", "call", 16.0, "skipped")],
    "skipped": [make_report("丁", "setup", 32.0, "skipped")],
    "deselected": [SimpleNamespace(nodeid="scenarios/付款.scenario.yaml::戊")],
    "warnings": [make_report("己", "call", 64.0)],
}


@pytest.mark.parametrize(
    ("status", "change", "is_whole"),
    [
        (OK, {}, True),
        (FAILED, {}, True),
        (INTERRUPTED, {}, False),
        (OK, {"stopped": True}, False),
        (OK, {"partial": True}, False),
    ],
)
def test_a_run_keeps_how_long_tests_took_that_ran(
    tmp_path: Path, status: int, change: dict[str, Any], *, is_whole: bool
) -> None:
    session = make_session(tmp_path)
    config = session.config
    config.args_source, config.getoption = SimpleNamespace(name="TESTPATHS"), {}.get
    for name, value in change.items():
        setattr(config.stash[TALLY], name, value)
    path = tmp_path / ".bpmax/durations.json"
    key = "scenarios/付款.scenario.yaml::"

    def store(stats: Any) -> dict[str, float]:
        reporter: Any = SimpleNamespace(stats=stats)
        assert [*summary._store_durations_and_usage(reporter, status, config)] == []
        found: dict[str, float] = json.loads(path.read_text(encoding="utf-8"))["seconds"]
        return {name.removeprefix(key): seconds for name, seconds in found.items()}

    assert store(STATS) == {"甲": 7.0, "乙": 8.0, "丙": 16.0}
    # What is not known better stays, unless everything ran.
    later = store({"passed": [make_report("甲", "call", 1.0)]})
    assert later == ({"甲": 1.0} if is_whole else {"甲": 1.0, "乙": 8.0, "丙": 16.0})


@pytest.mark.parametrize(
    ("given", "has_cassette", "is_whole", "name", "covers"),
    [
        ({}, True, True, "pytest.1-of-1.json", "project"),
        ({}, True, False, "pytest.1-of-1.json", "part"),
        ({}, False, True, "", ""),  # nothing was used, as in a project without recordings
        ({"job": "构建"}, True, False, "构建.1-of-1.json", "part"),
        ({"job": "构建"}, False, True, "", ""),
        ({"shard": Shard(2, 3)}, True, True, "2-of-3.json", "project"),
        ({"shard": Shard(2, 3)}, False, True, "2-of-3.json", "project"),  # or a shard is missing
        ({"job": "构建", "shard": Shard(2, 3)}, False, True, "构建.2-of-3.json", "project"),
    ],
)
def test_a_run_stores_what_it_used_by_its_job_and_shard(  # noqa: PLR0913, PLR0917
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    given: dict[str, Any],
    has_cassette: bool,
    is_whole: bool,
    name: str,
    covers: str,
) -> None:
    monkeypatch.delenv("CI", raising=False)
    config = make_session(tmp_path).config
    config.stash[options._READ_OPTIONS] = {
        option: (given.get(option), None) for option in ("job", "shard")
    }
    if has_cassette:
        config.stash[TALLY].cassettes.add(str(tmp_path / "cassettes/付款.yaml"))

    summary._store_recording_usage(config, config.stash[TALLY], is_complete=is_whole)

    stored = [*(tmp_path / FOLDER).glob("*")]
    assert [path.name for path in stored] == [name] * bool(name)
    for path in stored:
        told = msgspec.json.decode(path.read_bytes(), type=Evidence)
        assert told.covers == covers
        assert told.unplayed_files == ("cassettes/付款.yaml",) * has_cassette


def make_unreadable() -> pytest.CollectReport:
    report = pytest.CollectReport("scenarios/坏.scenario.yaml", "failed", "坏", [])
    report.bpmax_problems = [("scenarios/坏.scenario.yaml", 3, 5, "没有步骤")]  # type: ignore[attr-defined]
    return report


@pytest.mark.parametrize(
    ("given", "explored", "has_section"),
    [
        ({}, [], False),
        ({"challenge": True}, [], True),
        ({}, [b"{}"], True),
    ],
)
def test_the_page_has_the_sections_of_searches_where_this_run_searched(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    given: dict[str, Any],
    explored: list[bytes],
    *,
    has_section: bool,
) -> None:
    monkeypatch.chdir(tmp_path)
    store_section(tmp_path, make_section(ChallengeResult(counts={"killed": 1})))  # of some run
    config = make_session(tmp_path, report="报告.html", **given).config
    tally = config.stash[TALLY]
    tally.explored = explored
    reporter: Any = SimpleNamespace(stats={"error": [make_unreadable()]})

    assert summary._write_report(reporter, config, tally, ()) == ["report: 报告.html"]
    page = (tmp_path / "报告.html").read_text(encoding="utf-8")
    assert ("Mistakes that nobody notices" in page) is has_section
    assert "没有步骤" in page
    reporter.stats = {}
    assert summary._write_report(reporter, config, tally, ()) == []
    assert not (tmp_path / "报告.html").exists()
