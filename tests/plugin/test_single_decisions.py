"""What the plug-in reads of arguments, reports and sessions, one by one, without a run."""

from __future__ import annotations

import warnings
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bpmax_sim.clock import VirtualClock
from bpmax_sim.errors import NeverRanWarning, Place, UnusedRuleWarning
from bpmax_sim.pytest_plugin import (
    forked,
    options,
    python_tests,
    run_stats,
    session_options,
    sharding,
    summary,
)
from bpmax_sim.pytest_plugin.items import FailureText, check_variables_read
from bpmax_sim.pytest_plugin.options import OPTIONS
from bpmax_sim.pytest_plugin.run_stats import TALLY, InterruptListener, Tally
from bpmax_sim.pytest_plugin.session_options import choose_option
from bpmax_sim.pytest_plugin.stash import ROUTER
from bpmax_sim.report.trace_failures import encode_failure_cause
from bpmax_sim.scenario.shards import Shard, fingerprint_durations
from bpmax_sim.scenario.shards import store_durations as store_file
from bpmax_sim.scenario.source import Failure, RunWarning
from tests.plugin.test_decisions_of_options import make_config

# ---------------------------------------------------------------------------- options


@pytest.mark.parametrize(
    ("arguments", "root"),
    [
        (["一/scenarios/a.scenario.yaml"], "一"),
        (["一/scenarios/a.scenario.yaml::付款", "一/scenarios", "一"], "一"),
        (["一/scenarios", "二/scenarios"], ""),
        (["一/scenarios::付款[甲::乙]"], "一"),
        (["三"], ""),
        ([], ""),
    ],
)
def test_a_run_belongs_to_the_one_project_of_its_arguments(
    tmp_path: Path, arguments: list[str], root: str
) -> None:
    for name in ("一", "二"):
        (tmp_path / name / "scenarios").mkdir(parents=True)
    (tmp_path / "三").mkdir()
    config = make_config(tmp_path)
    config.args = arguments

    assert options.find_run_root(config) == tmp_path / root
    config.args = ["二"]
    assert options.find_run_root(config) == tmp_path / root


@pytest.mark.parametrize(
    ("argument", "root"),
    [("项目/scenarios", "根/起点/项目"), ("tests", "根"), (".", "根"), ("../..", "根")],
)
def test_a_run_in_a_folder_without_a_project_belongs_to_the_root_of_pytest(
    tmp_path: Path, argument: str, root: str
) -> None:
    start = tmp_path / "根/起点"
    (start / "项目/scenarios").mkdir(parents=True)
    config = make_config(start, tmp_path / "根")
    config.args = [argument]

    assert options.find_run_root(config) == tmp_path / root


@pytest.mark.parametrize(
    ("argument", "lang", "asked"),
    [
        ("一/scenarios", None, (None, "zh")), ("一/scenarios", "en", ("en", "zh")),
        ("二/scenarios", None, (None, "en")), (".", None, (None, None)),
    ],
)  # fmt: skip
def test_messages_are_in_the_language_of_the_project_that_is_run(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    argument: str,
    lang: str | None,
    asked: tuple[str | None, str | None],
) -> None:
    found = []
    monkeypatch.setattr(
        options, "choose_language", lambda name, *, configured: found.append((name, configured))
    )
    for name, language in (("一", "zh"), ("二", "en")):
        (tmp_path / name / "scenarios").mkdir(parents=True)
        (tmp_path / name / "pyproject.toml").write_text(
            f'[tool.bpmax_sim]\nlanguage = "{language}"\n', encoding="utf-8"
        )
    config = make_config(tmp_path, lang=lang)
    config.args = [argument]
    options.check_values_and_ci_recording(config)

    assert found == [asked]


@pytest.mark.parametrize(
    ("given", "hosts"),
    [
        ((None, None), ()), (["a.test", "b.test"], ("a.test", "b.test")),
        (["a.test, b.test", "c.test,"], ("a.test", "b.test", "c.test")), ((None, ["*"]), ("*",)),
    ],
)  # fmt: skip
def test_hosts_are_allowed_one_by_one_or_with_commas(
    tmp_path: Path, given: Any, hosts: tuple[str, ...]
) -> None:
    assert options.read_allowed_hosts(make_config(tmp_path, allow_hosts=given)) == hosts


READ_MODE = "--bpmax-mode: there is no "


@pytest.mark.parametrize(
    ("name", "passed", "written", "value", "told"),
    [
        ("mode", "live", "", ("live", None), ""),
        ("mode", None, "live", (None, "live"), ""),
        ("mode", "Live", "", None, f"{READ_MODE}'Live'; did you mean 'live'?"),
        ("mode", None, "Live", None, "bpmax_mode: there is no 'Live'; did you mean 'live'?"),
        ("mode", "x", "live", None,
         f"{READ_MODE}'x'; choose one of replay, record, live, simulate"),
        ("seed", "0", "7", (0, 7), ""),
        ("seed", "", "", None, "--bpmax-seed: invalid literal for int() with base 10: ''"),
        ("shard", "2/1", "", None, "--bpmax-shard: "),
        ("report", ".bpmax/report.html", "", (".bpmax/report.html", None), ""),
        ("allow_hosts", ["a"], [], (["a"], None), ""),
        ("allow_hosts", [], ["b"], ([], ["b"]), ""),
        ("cov", True, False, (True, None), ""),
    ],
)  # fmt: skip
def test_an_option_is_read_from_both_places_and_names_the_wrong_one(
    tmp_path: Path, name: str, passed: Any, written: Any, value: Any, told: str
) -> None:
    config = make_config(tmp_path)
    config.stash = {}
    config.getoption, config.getini = lambda *_: passed, lambda _: written
    if told:
        with pytest.raises(pytest.UsageError) as refused:
            options.read_cli_and_ini(config, name)
        assert str(refused.value).startswith(told)
        return
    assert options.read_cli_and_ini(config, name) == value
    config.getoption = None  # what was read once is not read again
    assert options.read_cli_and_ini(config, name) == value


@pytest.mark.parametrize(
    ("given", "ci", "told"),
    [
        ({}, "1", ""), ({"mode": "record"}, None, ""), ({"mode": "record"}, "", ""),
        ({"mode": "record"}, "true", "recording is disabled because CI is set"),
        ({"mode": (None, "record")}, "true", "recording is disabled because CI is set"),
        ({"mode": "record", "allow_ci_record": True}, "true", ""),
        ({"mode": "record", "allow_ci_record": (None, True)}, "true", ""),
        ({"mode": "live"}, "true", ""),
        ({"record": "new"}, None, "--bpmax-record=new needs --bpmax-mode=record"),
        ({"record": "new", "mode": "live"}, None, "--bpmax-record=new needs --bpmax-mode=record"),
        ({"record": "new", "mode": "record"}, None, ""), ({"record": (None, "new")}, None, ""),
        ({"var": ["客户"]}, None, "--bpmax-var: expected NAME=VALUE, got "),
        ({"var": (None, ["=x"])}, None, "--bpmax-var: expected NAME=VALUE, got "),
        ({"report": "报告.htm"}, None, "--bpmax-report: expected a file that ends in .html"),
        ({"report": "报告.html.bak"}, None, "--bpmax-report: expected a file that ends in .html"),
        ({"report": "报告.html"}, None, ""),
        ({"explore_max": 1}, None, "--bpmax-explore-max needs --bpmax-explore"),
    ],
)  # fmt: skip
def test_wrong_options_end_a_run_before_it_begins(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    given: dict[str, Any],
    ci: str | None,
    told: str,
) -> None:
    monkeypatch.setattr(options, "choose_language", lambda *_args, **_more: None)
    monkeypatch.delenv("CI", raising=False)
    if ci is not None:
        monkeypatch.setenv("CI", ci)
    config = make_config(tmp_path, **given)
    if not told:
        options.check_values_and_ci_recording(config)
        return
    with pytest.raises(pytest.UsageError) as refused:
        options.check_values_and_ci_recording(config)
    assert str(refused.value).startswith(told)


@pytest.mark.parametrize(
    ("given", "mark", "in_scenario", "value"),
    [
        ((1, 4), {"seed": 2}, True, 1), ((0, 4), {"seed": 2}, True, 0),
        ((None, 4), {"seed": 2}, True, 2), ((None, 4), {"seed": 0}, False, 0),
        ((None, 4), {}, True, None), ((None, 4), {}, False, 4), ((None, 0), {}, False, 0),
        ((None, 4), {"seed": None}, False, 4), ((None, None), {}, False, None),
    ],
)  # fmt: skip
def test_nought_is_a_value_in_each_place(
    tmp_path: Path, given: Any, mark: dict[str, Any], in_scenario: bool, value: Any
) -> None:
    config = make_config(tmp_path, seed=given)

    found = choose_option(config, mark, "seed", is_set_in_scenario=lambda _name: in_scenario)
    assert found == value


@pytest.mark.parametrize(
    ("given", "mark", "in_scenario", "folders"),
    [
        ((["甲", "../外"], ["丙"]), {"platforms": "乙"}, True, ("起点/甲", "起点/../外")),
        (([], ["丙"]), {"platforms": "乙"}, False, ()),
        ((None, ["丙"]), {"platforms": "乙"}, True, ("项目/乙",)),
        ((None, ["丙"]), {"platforms": None}, False, ()),
        ((None, ["丙", "丁"]), {}, False, ("根/丙", "根/丁")),
        ((None, ["丙"]), {}, True, ()), ((None, None), {}, False, ()),
    ],
)  # fmt: skip
def test_platforms_lie_where_they_are_named_from(
    tmp_path: Path,
    given: Any,
    mark: dict[str, Any],
    in_scenario: bool,
    folders: tuple[str, ...],
) -> None:
    (tmp_path / "项目/scenarios").mkdir(parents=True)
    config = make_config(tmp_path / "起点", tmp_path / "根", platforms=given)
    node: Any = SimpleNamespace(config=config, path=tmp_path / "项目/tests/test_a.py")

    found = session_options._resolve_platform_folders(node, mark, lambda _name: in_scenario)
    assert found == tuple(tmp_path / folder for folder in folders)


@pytest.mark.parametrize(
    ("given", "folder"),
    [
        ((None, None), "项目/cassettes"), (("录制", "别处"), "起点/录制"),
        ((None, "别处"), "根/别处"), (("", None), "起点"),
    ],
)  # fmt: skip
def test_a_test_finds_the_cassettes_of_its_project_unless_the_run_names_others(
    tmp_path: Path, given: Any, folder: str
) -> None:
    (tmp_path / "项目/scenarios").mkdir(parents=True)
    config = make_config(tmp_path / "起点", tmp_path / "根", cassettes=given)
    node: Any = SimpleNamespace(config=config, path=tmp_path / "项目/tests/下级/test_a.py")

    assert session_options.find_cassettes_folder(node) == tmp_path / folder
    assert session_options.resolve_cassette_path(node, "共用/甲.yaml") == (
        tmp_path / folder / "共用/甲.yaml"
    )
    assert session_options.find_project_root(node) == tmp_path / "项目"


def test_every_option_may_be_left_out(tmp_path: Path) -> None:
    config = make_config(tmp_path)

    assert {options.read_option_value(config, name, "无") for name in OPTIONS} == {"无"}


@pytest.mark.parametrize(
    ("passed", "is_worker", "told"),
    [
        (["客户=1"], False, ""), (None, False, ""), ([], False, ""),
        (["客户=1", "客互=2", "别的=3"], False, "--bpmax-var: "),
        (["客互=2"], True, "--bpmax-var: "),
    ],
)  # fmt: skip
def test_a_variable_that_no_selected_scenario_reads_is_refused(
    tmp_path: Path, passed: Any, is_worker: bool, told: str
) -> None:
    config = make_config(tmp_path, var=passed)
    if is_worker:
        config.workerinput = {}
    session: Any = SimpleNamespace(config=config, items=[object()], shouldstop=False)
    check_variables_read(session)  # without a scenario nothing is misspelt

    path = tmp_path / "scenarios/a.scenario.yaml"
    path.parent.mkdir()
    path.write_text(
        "version: 1\nscenario: 付款\nvars: {客户: 甲}\nform: {fields: {客户: ''}}\n"
        "steps: [{set: {客户: '${vars.客户}'}}]\n", encoding="utf-8",
    )  # fmt: skip
    session.items = [object(), *make_scenario_tests(path, tmp_path)]
    if not told or is_worker:
        check_variables_read(session)
        assert str(session.shouldstop or "").startswith(told)
        return
    with pytest.raises(pytest.UsageError) as refused:
        check_variables_read(session)
    assert str(refused.value).startswith(told)
    assert "客互" in str(refused.value)


def make_scenario_tests(path: Path, root: Path) -> list[Any]:
    from bpmax_sim.pytest_plugin.items import ScenarioTest  # noqa: PLC0415 - made without pytest
    from bpmax_sim.scenario.load import load_items  # noqa: PLC0415

    made = []
    for item in load_items(path):
        test = object.__new__(ScenarioTest)
        test.path, test.found = path, SimpleNamespace(load=lambda item=item: item)  # type: ignore[assignment]
        made.append(test)
    assert root in path.parents
    return made


# ---------------------------------------------------------------------------- shards


def make_shard_config(folder: Path, *, durations: dict[str, float] | None = None) -> Any:
    config = make_config(folder)
    config.stash |= {options._RUN_ROOT: folder, TALLY: Tally()}
    if durations is not None:
        store_file(folder, durations, shard=None, complete=True)
    return config


@pytest.mark.parametrize(
    ("durations", "told"),
    [
        (None, "shard 2/3, split by number, no durations known"),
        ({}, "shard 2/3, split by number, no durations known"),
        ({"a::甲": 1.0, "a::乙": 2.0}, "shard 2/3, split by 2 durations ("),
    ],
)
def test_a_shard_says_by_what_the_tests_were_split(
    tmp_path: Path, durations: Any, told: str
) -> None:
    config = make_shard_config(tmp_path, durations=durations)
    line = sharding.format_shard_header(config, Shard(2, 3))

    assert line.startswith(told)
    if durations:
        assert line == f"{told}{fingerprint_durations(durations)})"


def test_damaged_durations_end_a_sharded_run(tmp_path: Path) -> None:
    config = make_shard_config(tmp_path, durations={"a::甲": 1.0})
    (tmp_path / ".bpmax/durations.json").write_text("[]", encoding="utf-8")

    with pytest.raises(pytest.UsageError, match=r"^--bpmax-shard: .*durations\.json"):
        sharding.read_durations(config)


@pytest.mark.parametrize(
    ("files", "shard", "is_stored"),
    [
        (["tests/test_a.py"], None, False),
        ([], None, False),
        (["tests/test_a.py", "scenarios/付款.scenario.yaml", "tests/test_b.py"], None,
         True),
        (["tests/test_a.py"], Shard(2, 3), True),
    ],
)  # fmt: skip
def test_durations_are_kept_where_a_scenario_or_a_shard_ran(
    tmp_path: Path, files: list[str], shard: Shard | None, *, is_stored: bool
) -> None:
    config = make_shard_config(tmp_path)
    config.stash[options._READ_OPTIONS]["shard"] = (shard, None)
    tally = config.stash[TALLY]
    tally.seconds = {"别的::甲": 4.0}
    reports: list[Any] = [
        SimpleNamespace(nodeid=f"{file}::甲", duration=seconds)
        for file in files for seconds in (0.5, 1.0)
    ]  # fmt: skip
    sharding.store_durations(config, reports, complete=True)

    assert bool([*(tmp_path / ".bpmax").glob("dur*")]) is is_stored
    took = dict.fromkeys((f"{file}::甲" for file in files), 1.5) if is_stored else {}
    assert tally.seconds == {"别的::甲": 4.0, **took}


class Collected:
    """A Python test as pytest has collected it."""

    originalname = None

    def __init__(self, config: Any, nodeid: str, *marks: Any) -> None:
        self.config, self.nodeid, self.name = config, nodeid, nodeid.rpartition("::")[2]
        self.path = config.rootpath / nodeid.partition("::")[0]
        self.fixturenames = ["bpmax_session"] if "会话" in nodeid else []
        self._marks = marks

    def iter_markers(self, name: str) -> list[Any]:
        return [mark for mark in self._marks if mark.name == name]

    def get_closest_marker(self, _name: str) -> None:
        return None

    def getparent(self, _kind: object) -> None:
        return None


@pytest.mark.parametrize(("number", "total"), [(1, 1), (1, 2), (2, 2), (3, 3)])
@pytest.mark.parametrize("is_partial", [False, True])
def test_a_shard_keeps_the_order_of_its_tests_and_notes_the_cassettes_of_the_others(
    tmp_path: Path, number: int, total: int, *, is_partial: bool
) -> None:
    (tmp_path / "scenarios").mkdir()
    config = make_shard_config(tmp_path)
    config.stash[options._READ_OPTIONS]["shard"] = (Shard(number, total), None)
    tally, deselected = config.stash[TALLY], list[Any]()
    tally.partial = is_partial

    def deselect(items: list[Any]) -> None:
        deselected.extend(items)
        tally.partial = True

    config.hook = SimpleNamespace(pytest_deselected=deselect)
    wrong = pytest.mark.bpmax(casette="x").mark
    names = ["丙", "甲_会话", "丁", "乙_会话", "戊_会话_错", "己"]
    all_items: list[Any] = [
        Collected(config, f"tests/test_a.py::{name}", *([wrong] if "错" in name else []))
        for name in names
    ]
    items = [*all_items]
    sharding.pytest_collection_modifyitems(config, items)

    assert items == [item for item in all_items if item in items]
    assert deselected == [item for item in all_items if item not in items]
    assert len(items) == len(names) // total
    assert tally.partial is is_partial
    assert tally.elsewhere == {
        str(tmp_path / f"cassettes/test_a/{item.name}.yaml")
        for item in deselected if "会话" in item.name and "错" not in item.name
    }  # fmt: skip


# ---------------------------------------------------------------------------- reports


def make_report(name: str, longrepr: Any, line: int | None = 6, outcome: Any = "failed") -> Any:
    file = "scenarios/付款.scenario.yaml"
    return pytest.TestReport(f"{file}::{name}", (file, line, name), {}, outcome, longrepr, "call")


def test_failures_for_github_stand_at_their_lines_and_unread_files_come_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_WORKSPACE", str(tmp_path))
    unread = pytest.CollectReport("scenarios/采购/坏.scenario.yaml", "failed", "坏", [])
    unread.bpmax_problems = [(f"下级/坏{n}.yaml", n, n + 1, f"第{n}") for n in range(3)]  # type: ignore[attr-defined]
    crashed = SimpleNamespace(reprcrash=SimpleNamespace(message="崩溃\n第二行"))
    stats: Any = {
        "failed": [
            make_report("甲", "不行\n细节"), make_report("乙", "", None),
            make_report("丙", crashed, 0), SimpleNamespace(nodeid="test_a.py::test_a"),
        ],
        "error": [unread, make_report("丁", "准备失败", 3)],
        "passed": [make_report("戊", None)],
    }  # fmt: skip
    config = make_config(tmp_path / "起点", tmp_path / "根")

    notes = [*summary._find_failures(stats, config)]
    assert [(one.location, one.column, one.title, one.text) for one in notes] == [
        *((f"起点/下级/坏{n}.yaml{f':{n}' * bool(n)}", n + 1, "坏.scenario.yaml", f"第{n}")
          for n in range(3)),
        ("根/scenarios/付款.scenario.yaml:4", 0, "丁", "准备失败"),
        ("根/scenarios/付款.scenario.yaml:7", 0, "甲", "不行"),
        ("根/scenarios/付款.scenario.yaml:1", 0, "乙", "failed"),
        ("根/scenarios/付款.scenario.yaml:1", 0, "丙", "崩溃"),
    ]  # fmt: skip
    assert summary._count_scenario_outcomes(stats) == {"failed": 3, "error": 2, "passed": 1}


def test_of_equal_failures_all_but_the_first_are_short() -> None:
    reports = []
    for name, essence in (("甲", "没有"), ("乙", "另"), ("丙", "没有"), ("丁", "没有"), ("戊", "")):
        report = make_report(name, FailureText.from_worker(f"{name}\n细节", "a.yaml", 3))
        if essence:
            report.bpmax_failure = encode_failure_cause(Failure(kind="expect", essence=essence))
        reports.append(report)
    reports[3].longrepr = "由插件改写"
    reporter: Any = SimpleNamespace(stats={"failed": reports})
    summary.shorten_repeated_failures(reporter)

    repeats = [getattr(report.longrepr, "repeats", None) for report in reports]
    assert repeats == ["", "", reports[0].nodeid, None, ""]
    groups = summary._group_repeated_failures(reporter.stats)
    assert [[report for report, _ in alike] for alike in groups] == [
        [reports[0], reports[2], reports[3]]
    ]


@pytest.mark.parametrize(
    ("status", "ended"), [(0, 1), (1, 1), (2, 2), (5, 5)], ids=["ok", "failed", "stopped", "none"]
)
def test_a_part_that_no_row_used_is_a_failed_test_of_its_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, status: int, ended: int
) -> None:
    monkeypatch.chdir(tmp_path)
    parts = [
        ("scenarios/甲.scenario.yaml", RunWarning("rule", "桩未用", Place("a.yaml", 3))),
        ("scenarios/甲.scenario.yaml", RunWarning("never_ran", "步骤未用", Place("a.yaml", 9))),
        ("scenarios/乙.scenario.yaml", RunWarning("rule", "另一个", None)),
    ]
    told = RunWarning("rule", "可疑", Place("scenarios/甲.scenario.yaml", 7))
    tally = Tally()
    runs: Any = SimpleNamespace(
        find_failing_unused_parts=lambda: iter(parts), find_tolerated_unused_parts=lambda: [told]
    )
    monkeypatch.setattr(tally, "get_part_use_by_file", lambda: runs, raising=False)
    reports: list[Any] = []

    def reports_by_name(report: Any) -> None:
        reports.append(report)

    hook = SimpleNamespace(pytest_runtest_logreport=reports_by_name)
    config = SimpleNamespace(rootpath=tmp_path, hook=hook)
    session: Any = SimpleNamespace(config=config, exitstatus=status, testscollected=4)
    with pytest.warns(UnusedRuleWarning, match="可疑") as warned:
        summary.judge_unused_parts(session, tally)

    assert [(one.filename, one.lineno) for one in warned] == [("scenarios/甲.scenario.yaml", 7)]
    assert (session.exitstatus, session.testscollected, tally.codes) == (ended, 6, {1})
    assert [(one.nodeid, one.location[1], one.when, one.outcome) for one in reports] == [
        ("scenarios/甲.scenario.yaml", 2, "call", "failed"),
        ("scenarios/甲.scenario.yaml", 2, "teardown", "passed"),
        ("scenarios/乙.scenario.yaml", 0, "call", "failed"),
        ("scenarios/乙.scenario.yaml", 0, "teardown", "passed"),
    ]
    assert reports[0].longrepr.splitlines() == [str(part) for _, part in parts[:2]]


def test_where_warnings_are_errors_a_doubtful_part_fails_the_run(tmp_path: Path) -> None:
    told = RunWarning("never_ran", "可疑", None)
    tally = Tally()
    tally.get_part_use_by_file = lambda: SimpleNamespace(  # type: ignore[method-assign, assignment, return-value]
        find_failing_unused_parts=lambda: iter(()), find_tolerated_unused_parts=lambda: [told, told]
    )
    session: Any = SimpleNamespace(config=make_config(tmp_path), exitstatus=0)
    with warnings.catch_warnings():
        warnings.simplefilter("error", NeverRanWarning)
        summary.judge_unused_parts(session, tally)

    assert (session.exitstatus, tally.codes) == (1, {1})


# ---------------------------------------------------------------------------- sessions


def make_session(folder: Path, *sources: str, **more: Any) -> Any:
    calls = [
        SimpleNamespace(source=source.removesuffix("!"), is_login=source.endswith("!"))
        for source in sources
    ]
    settings = SimpleNamespace(cassette=folder / "付款.yaml", unused="fail")
    session = {
        "calls": calls, "settings": settings, "mode": "replay", "recorded_owner": "付款",
        "possible_secrets": ("body.a",), "standin_notes": ("声明 a",), "unplayed_exchanges": (),
    }  # fmt: skip
    return SimpleNamespace(**(session | more))


def test_each_session_adds_its_calls_logins_and_notes(tmp_path: Path) -> None:
    tally = Tally()
    tally.add_closed_session(make_session(tmp_path, "recorded!", "recorded", "", "fault"))
    tally.add_closed_session(make_session(tmp_path, "recorded!", "live!"))

    assert tally.calls == {"recorded": 3, "unanswered": 1, "fault": 1, "live": 1}
    assert tally.logins == 3
    assert tally.cassettes == {str(tmp_path / "付款.yaml")}
    assert (tally.unrecognised, tally.undeclared) == ({"body.a"}, {"声明 a"})
    without = Tally()
    settings = SimpleNamespace(cassette=None)
    without.add_closed_session(make_session(tmp_path, "live", settings=settings))
    assert (without.calls, without.cassettes, without.undeclared) == ({"live": 1}, set(), set())


@pytest.mark.parametrize(
    ("change", "failed", "unplayed", "waits"),
    [
        ({}, False, 2, False), ({}, True, 0, False), ({"unused": "warn"}, False, 2, False),
        ({"unused": "ignore"}, False, 0, False), ({"mode": "record"}, False, 2, True),
        ({"mode": "record", "cassette": "别的.yaml"}, False, 2, False),
        ({"mode": "live"}, False, 2, False), ({"left": 0}, False, 0, False),
    ],
)  # fmt: skip
def test_what_a_passed_test_left_unplayed_is_counted(
    tmp_path: Path, change: dict[str, Any], failed: bool, unplayed: int, waits: bool
) -> None:
    (tmp_path / "付款.yaml.new").touch()
    path = tmp_path / change.get("cassette", "付款.yaml")
    session = make_session(
        tmp_path,
        settings=SimpleNamespace(cassette=path, unused=change.get("unused", "fail")),
        mode=change.get("mode", "replay"),
        unplayed_exchanges=tuple(SimpleNamespace(order=n) for n in range(change.get("left", 2))),
    )
    tally = Tally()
    for _ in range(2):
        tally.add_recording_use(session, failed=failed, doubtful=failed)

    assert tally.unplayed == ({str(path): 2 * unplayed} if unplayed else {})
    assert tally.waiting == ({f"{path}.new"} if waits else set())


@pytest.mark.parametrize(
    ("error", "interrupted"),
    [(KeyboardInterrupt(), True), (pytest.exit.Exception("够了"), False)],
)
def test_only_ctrl_c_interrupts(tmp_path: Path, error: BaseException, *, interrupted: bool) -> None:
    config = make_config(tmp_path)
    info: Any = SimpleNamespace(value=error)
    InterruptListener(config).pytest_keyboard_interrupt(info)

    assert run_stats.get_tally(config).interrupted is interrupted
    assert config.stash[TALLY] is run_stats.get_tally(config)


@pytest.mark.parametrize(
    ("calls", "armed", "silent", "told"),
    [
        ([], True, [0], "(calls made: none)"),
        (["crm.get", "crm.add", "crm.get"], True, [1, 0], "(calls made: crm.get, crm.add)"),
        (["crm.get"], True, [], ""), (["crm.get"], False, [], ""),
    ],
)  # fmt: skip
def test_each_fault_that_never_fired_is_told_once(
    calls: list[str], armed: bool, silent: list[int], told: str
) -> None:
    active: list[Any] = []
    session: Any = SimpleNamespace(
        calls=[SimpleNamespace(name=name) for name in calls],
        arm=active.extend,
        disarm=lambda rules: [rules[number] for number in silent] if rules else [],
    )
    faults = python_tests.RunFaults(session, armed=armed)
    faults.add("crm.get", status=503)
    faults.add("crm.*", call=2, token="expired")

    assert [str(rule).partition(" ")[0] for rule in active] == ["crm.get", "crm.*"] * armed
    lines = faults.disarm().splitlines()
    assert [line.split(": ")[1].split()[0] for line in lines] == [
        ("crm.get", "crm.*")[number] for number in silent
    ]
    assert all(line.endswith(told) for line in lines)
    assert faults.disarm() == ""


@pytest.mark.parametrize(
    ("duration", "seconds"), [("1m30s", 90), (0.5, 0.5), (0, 0), ("250ms", 0.25), ("1.5", None)]
)
def test_the_clock_of_a_test_takes_durations_as_a_scenario_does(
    duration: Any, seconds: float | None
) -> None:
    advanced: list[float] = []
    session: Any = SimpleNamespace(advance=advanced.append, clock=VirtualClock(7.5))
    clock = python_tests.RunClock(session)
    assert clock.now() == 7.5
    if seconds is None:
        with pytest.raises(ValueError, match="is not a duration"):
            clock.advance(duration)
        return
    clock.advance(duration)
    assert advanced == [seconds]


@pytest.mark.parametrize(
    ("serialize", "is_refused"),
    [
        (None, False),
        (lambda report: {"nodeid": report.nodeid, "n": 1}, False),
        (lambda _report: {"nodeid": object()}, True),
    ],
)
def test_an_old_pytest_forked_is_refused_before_it_fails_every_test(
    serialize: Any, *, is_refused: bool
) -> None:
    plugin = None if serialize is None else SimpleNamespace(serialize_report=serialize)
    config: Any = SimpleNamespace(pluginmanager=SimpleNamespace(getplugin=lambda _name: plugin))
    if not is_refused:
        forked.refuse_pytest_forked(config)
        return
    with pytest.raises(pytest.UsageError, match=f"cannot hand on.* pytest {pytest.__version__},"):
        forked.refuse_pytest_forked(config)


@pytest.mark.parametrize(
    ("requests", "told"),
    [
        ([], "none"),
        (["GET https://crm.test/a"], "GET https://crm.test/a"),
        ([f"GET https://crm.test/{n}" for n in "abcd"],
         "GET https://crm.test/d, GET https://crm.test/a, GET https://crm.test/b"),
        (["POST https://erp.test/x", "PUT https://oa.test/y", "GET https://hr.test/z",
          "GET https://crm.test/客户/2"],
         "GET https://crm.test/客户/2, POST https://erp.test/x, PUT https://oa.test/y"),
        (["GET https://hr.test/z"] * 2, "GET https://hr.test/z"),
    ],
)  # fmt: skip
def test_an_unused_route_is_told_with_the_nearest_request_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, requests: list[str], told: str
) -> None:
    monkeypatch.chdir(tmp_path)
    routes = [
        SimpleNamespace(name="GET https://crm.test/客户/1", file=str(tmp_path / "t.py"), line=n)
        for n in (3, 4)
    ]
    router = SimpleNamespace(find_unused_routes=lambda: routes, requests=requests)
    node: Any = SimpleNamespace(stash={ROUTER: router})
    with pytest.warns(UnusedRuleWarning) as warned:
        python_tests.warn_of_unused_routes(node)

    assert [(one.filename, one.lineno) for one in warned] == [("t.py", 3), ("t.py", 4)]
    assert str(warned[0].message) == (
        "the route GET https://crm.test/客户/1 answered no request; correct it, or take it away "
        f"(requests: {told})"
    )
