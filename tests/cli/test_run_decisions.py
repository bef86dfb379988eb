"""What `run` and `record` decide by their options, by what ran, and by what was recorded."""

from __future__ import annotations

import json
from collections.abc import Sequence
from inspect import signature
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import msgspec
import pytest

from bpmax_sim.cli import run as command
from bpmax_sim.cli import scenario_edits
from bpmax_sim.cli.item_runs import (
    describe_nothing_recorded,
    find_response_sources,
    report_written_cassettes,
)
from bpmax_sim.cli.item_selection import explain_empty_selection, find_items, find_targets
from bpmax_sim.errors import ConfigError, Place, Problem
from bpmax_sim.report.exit_codes import ExitCode
from bpmax_sim.report.failure_causes import find_grouping_cause
from bpmax_sim.report.terminal import Verdict
from bpmax_sim.report.usage import FOLDER, Evidence
from bpmax_sim.scenario.calls import CallMade
from bpmax_sim.scenario.events import Outcome
from bpmax_sim.scenario.load import ScenarioItem, load_items
from bpmax_sim.scenario.source import Failure, RunWarning
from tests.cassette.exchanges import detail
from tests.cli.project import Command
from tests.cli.test_cassette_commands import write
from tests.files import write_files
from tests.typed import Typed

SCENARIO = "version: 1\nscenario: 付款\nsteps: [{js: return 1}]\n"


@pytest.fixture(name="item", autouse=True)
def loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ScenarioItem:
    path = tmp_path / "scenarios/采购/付款.scenario.yaml"
    path.parent.mkdir(parents=True)
    path.write_text(SCENARIO, encoding="utf-8")
    (tmp_path / "platforms").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CI", raising=False)
    (item,) = load_items(path)
    return item


def read(**given: Any) -> command._RunArguments:
    """Return the arguments of `run`, each as it is by default but for those *given*."""
    parameters = signature(command.run).parameters.values()
    return command._read_arguments({**{one.name: one.default for one in parameters}, **given})


@pytest.mark.parametrize(
    ("given", "alone", "in_a_job"),
    [
        ({}, "scenarios", "scenarios"),
        ({"mode": "replay"}, "scenarios", "scenarios"),
        ({"mode": "live"}, None, None),
        ({"mode": "record"}, None, None),
        ({"mode": "live", "keyword": "付款"}, None, None),
        ({"cassettes": "录制"}, "scenarios", "scenarios"),
        ({"cassettes": "file:///tmp/录制"}, None, None),
        ({"paths": ["scenarios"]}, "scenarios", "scenarios"),
        ({"paths": ["."]}, "scenarios", "scenarios"),
        ({"paths": ["scenarios/采购", "scenarios/../scenarios"]}, "scenarios", "scenarios"),
        ({"paths": ["scenarios/采购"]}, None, "part"),
        ({"paths": ["scenarios/采购/付款.scenario.yaml"]}, None, "part"),
        ({"paths": ["scenario"]}, None, "part"),
        ({"keyword": "付款"}, None, "part"),
        ({"uses": "付款"}, None, "part"),
        ({"changed": "main"}, None, "part"),
        ({"last_failed": True}, None, "part"),
        ({"var": ["a=1"]}, None, "part"),
        ({"platforms": [Path("platforms")]}, None, "part"),
        ({"instance": "测试"}, None, "part"),
        ({"shard": "1/2", "quiet": True, "unused": "warn"}, "scenarios", "scenarios"),
    ],
)
def test_a_run_stands_for_all_scenarios_a_part_or_nothing(
    given: dict[str, Any], alone: str | None, in_a_job: str | None
) -> None:
    assert command._choose_usage_scope(read(**given)) == alone
    assert command._choose_usage_scope(read(**given, job="构建")) == in_a_job


@pytest.mark.parametrize("folder", [".", "scenarios", "scenarios/采购"])
def test_all_scenarios_are_those_of_the_project_wherever_one_stands(
    folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path / folder)

    assert command._includes_all_scenarios([])
    assert command._includes_all_scenarios([str(tmp_path), "没有"])
    assert command._includes_all_scenarios([str(tmp_path.parent)])
    assert command._includes_all_scenarios(["."]) is (folder != "scenarios/采购")
    assert not command._includes_all_scenarios([str(tmp_path / "platforms")])


def test_options_that_are_given_are_those_of_the_session(tmp_path: Path) -> None:
    plain = read()
    assert (plain.choices.cassettes, plain.choices.faults, plain.choices.check) == (
        None,
        True,
        False,
    )
    assert (plain.choices.trace, plain.choices.mode) == ("on-failure", "")
    told = read(
        faults="off",
        trace="off",
        mode="replay",
        instance="测试",
        cassettes="录制",
        unused="warn",
        allow_hosts=["a.test", "b.test"],
        engine="v8",
    )
    assert (told.choices.cassettes, told.choices.faults) == (Path("录制"), False)
    assert (told.choices.trace, told.choices.mode) == ("off", "replay")
    given = {name: value for name, value in told.choices.options.items() if value is not None}
    left = {name: value for name, value in plain.choices.options.items() if value is not None}
    assert {name: value for name, value in given.items() if left.get(name) != value} == {
        "mode": "replay",
        "default_instance": "测试",
        "unused": "warn",
        "allow_hosts": ["a.test", "b.test"],
        "engine": "v8",
    }
    with pytest.raises(ConfigError) as refused:
        read(platforms=[Path("甲"), Path("platforms"), Path("乙")])
    assert [str(one.place) for one in refused.value.problems] == ["甲", "乙"]


@pytest.mark.parametrize(
    ("ci", "given", "refused"),
    [
        ("1", {"mode": "record"}, True),
        ("false", {"mode": "record"}, True),
        ("", {"mode": "record"}, False),
        ("1", {"mode": "record", "allow_ci_record": True}, False),
        ("1", {"mode": "live"}, False),
        ("1", {}, False),
    ],
)
def test_where_ci_is_set_nothing_is_recorded_unasked(
    ci: str, given: dict[str, Any], refused: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI", ci)
    arguments = read(**given)
    if refused:
        with pytest.raises(ConfigError, match="CI is set"):
            command._check_run_arguments(arguments)
    else:
        command._check_run_arguments(arguments)


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ({}, ""),
        ({"json": True}, "--json"),
        ({"junitxml": Path("a/x.xml")}, "--junitxml"),
        ({"shard": "1/2"}, "--shard"),
        ({"mode": "record"}, "--mode record"),
        ({"mode": "live"}, "--mode live"),
        ({"mode": "replay", "quiet": True}, ""),
        ({"update": True}, "--update"),
        ({"update": True, "shard": "1/2"}, "--shard"),
    ],
)
def test_a_watch_goes_with_few_options(given: dict[str, Any], name: str) -> None:
    command._check_run_arguments(read(**given))
    if not name:
        command._check_run_arguments(read(**given, watch=True))
        return
    with pytest.raises(ConfigError) as refused:
        command._check_run_arguments(read(**given, watch=True))
    assert str(refused.value) == f"--watch and {name}: choose one"


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({}, "scenarios/: no *.scenario.yaml here; write one, or see one with `bpmax-sim demo`"),
        (
            {"paths": ["甲", "乙"]},
            "甲, 乙: no *.scenario.yaml here; write one, or see one with `bpmax-sim demo`",
        ),
        (
            {"keyword": "付款"},
            "scenarios/: no scenario has '付款' in it; see `bpmax-sim list`",
        ),
        ({"changed": "main"}, "scenarios/: no scenario is reached by what changed"),
        (
            {"changed": "main", "keyword": "a"},
            "scenarios/: no scenario that is reached by what changed has 'a' in it",
        ),
        (
            {"uses": "crm", "keyword": "a", "changed": "main"},
            "scenarios/: no scenario that uses 'crm' has 'a' in it",
        ),
        ({"uses": "crm", "paths": ["甲"]}, "甲: no scenario uses 'crm'"),
        ({"uses": "crm", "changed": "main"}, "scenarios/: no scenario uses 'crm'"),
    ],
)
def test_why_nothing_runs_is_told_by_what_was_asked_for(given: dict[str, Any], told: str) -> None:
    args = read(**given)
    found = explain_empty_selection(args.paths, args.keyword, used=args.uses, since=args.changed)
    assert found == told


@pytest.mark.parametrize(
    ("places", "number"),
    [
        ([], 0),
        ([("a.yaml", 1, 1), ("a.yaml", 2, 5), ("b.yaml", 1, 1)], 2),
        ([("a.yaml", 7, 0), ("b.yaml", 0, 0), None], 0),
        ([("a.yaml", 7, 0), ("a.yaml", 7, 3), None], 1),
    ],
)
def test_files_are_counted_that_have_a_problem_in_them(
    places: list[tuple[str, int, int] | None], number: int
) -> None:
    problems = [Problem("不行", Place(*one) if one else None) for one in places]
    assert command._count_unreadable_files(problems) == number


@pytest.mark.parametrize(
    ("outcomes", "ran"),
    [
        (["passed", "xfailed", "skipped", "failed", "passed", "failed"], 4),
        (["failed", "failed"], 1),
        (["passed", "xfailed", "skipped"], 3),
        ([], 0),
    ],
)
def test_with_x_nothing_runs_behind_the_first_that_fails(
    item: ScenarioItem, outcomes: list[Outcome], ran: int
) -> None:
    verdicts = (Verdict(item=item, outcome=outcome) for outcome in outcomes)
    done = list(command._stop_after_failure(verdicts))

    assert [one.outcome for one in done] == outcomes[:ran]
    assert len(list(verdicts)) == len(outcomes) - ran


def judge(item: ScenarioItem, outcome: Outcome, *sources: str) -> Verdict:
    calls = tuple(
        CallMade(number=number, call="crm.get", source=source)
        for number, source in enumerate(sources, 1)
    )
    return Verdict(item=item, outcome=outcome, calls=calls)


NO_CALL = "nothing was recorded, as no call asked a third party"
ALL_THERE = (
    "nothing was recorded, as everything is recorded already: add missing calls with "
    "--record new, or record afresh with --record rewrite"
)
NONE_MISSING = (
    "nothing was recorded, as no call is missing, which is all that --record new adds: "
    "record afresh with --record rewrite"
)


@pytest.mark.parametrize(
    ("runs", "record", "why"),
    [
        ([], "once", ""),
        ([("passed",)], "once", NO_CALL),
        ([("passed",)], "new", NO_CALL),
        ([("passed",)], "rewrite", ""),
        ([("passed", "stub")], "once", NO_CALL),
        ([("passed", "recorded")], "once", ALL_THERE),
        ([("passed", "recorded")], "new", NONE_MISSING),
        ([("passed", "recorded")], "rewrite", ""),
        ([("passed", "stub"), ("passed", "stub", "recorded")], "once", ALL_THERE),
        ([("passed", "recorded"), ("failed", "recorded")], "once", ""),
        ([("passed", "recorded"), ("skipped",)], "once", ""),
        *(
            ([("passed", "recorded"), ("passed", "stub", asked)], "once", "")
            for asked in ("live", "simulated", "", "unanswered")
        ),
    ],
)
def test_why_nothing_was_recorded_is_told(
    item: ScenarioItem, runs: list[tuple[Outcome, *tuple[str, ...]]], record: str, why: str
) -> None:
    verdicts = [judge(item, *run) for run in runs]

    assert describe_nothing_recorded(verdicts, record) == why
    assert find_response_sources(verdicts) == {source for _, *sources in runs for source in sources}


@pytest.mark.parametrize(
    ("run", "typed", "given", "asked", "again"),
    [
        (("passed", "recorded"), "yes\n", {}, True, True),
        (("passed", "recorded"), "y\n", {}, True, True),
        (("passed", "recorded"), "no\n", {}, True, False),
        (("passed", "recorded"), "\n", {}, True, False),
        (("passed", "recorded"), "y\n", {"json": True}, False, False),
        (("passed", "stub"), "y\n", {}, False, False),
        (("passed", "live"), "y\n", {}, False, False),
        (("failed", "recorded"), "y\n", {}, False, False),
        (("passed", "recorded"), "y\n", {"record": "rewrite"}, False, False),
        (("passed", "recorded"), "y\n", {"record": "new"}, True, True),
    ],
)
def test_who_records_what_is_there_is_asked_on_a_terminal(  # noqa: PLR0913, PLR0917
    item: ScenarioItem,
    run: tuple[Outcome, str],
    typed: str,
    given: dict[str, Any],
    asked: bool,
    again: bool,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("sys.stdin", Typed(typed))
    verdicts = [judge(item, *run)]

    assert command._ask_to_record_if_all_recorded(verdicts, read(mode="record", **given)) is again
    told = capsys.readouterr().err
    assert ("record it all afresh? [y]es, [n]o:" in told) is asked
    if not asked:
        why = describe_nothing_recorded(verdicts, given.get("record", "once"))
        assert told.splitlines() == ([why] if why else [])


def test_to_record_afresh_changes_the_record_mode_alone() -> None:
    before = read(mode="record", instance="测试", quiet=True)
    after = command._replace_record_mode(before, "rewrite")

    assert after.choices.options == {**before.choices.options, "record": "rewrite"}
    assert (after.quiet, after.choices.mode) == (True, "record")
    assert before.choices.options["record"] == "once"


def test_each_cassette_is_reported_with_what_it_holds_now(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one = write(tmp_path / "cassettes/一.yaml", [("甲", [detail(1)])])
    two = write(tmp_path / "cassettes/二.yaml", [("甲", [detail(1), detail(2)])])
    same = write(tmp_path / "cassettes/同.yaml", [("甲", [detail(1)])])
    gone = tmp_path / "cassettes/无.yaml"

    report_written_cassettes({one: b"", gone: b"", same: same.read_bytes(), two: one.read_bytes()})

    assert capsys.readouterr().err.splitlines() == [
        "cassettes/一.yaml: 1 exchange",
        "cassettes/同.yaml: unchanged",
        "cassettes/二.yaml: 2 exchanges",
    ]


@pytest.mark.parametrize(
    ("given", "outcome", "shown"),
    [
        ({}, "passed", True),
        ({"quiet": True}, "passed", False),
        ({"quiet": True}, "skipped", False),
        ({"quiet": True}, "failed", True),
        ({"json": True}, "failed", False),
        ({"json": True}, "passed", False),
    ],
)
def test_a_verdict_is_printed_unless_it_is_quiet_or_a_document(
    item: ScenarioItem,
    given: dict[str, Any],
    outcome: Outcome,
    shown: bool,
    capsys: pytest.CaptureFixture[str],
) -> None:
    verdict = Verdict(item=item, outcome=outcome, problems=("没有变量 A", "没有变量 B"))
    reported: set[object] = {"没有变量 B"}

    assert command._print_verdict(verdict, read(**given), reported) is verdict
    command._print_verdict(verdict, read(json=True), reported)

    printed = capsys.readouterr()
    assert bool(printed.out) is shown
    assert printed.err.splitlines() == ["没有变量 A"]


def test_a_warning_of_several_rows_is_printed_once(
    item: ScenarioItem, capsys: pytest.CaptureFixture[str]
) -> None:
    verdict = Verdict(item=item, outcome="passed", warnings=(RunWarning("cycle", "提示"),))
    reported: set[object] = set()

    for _ in range(2):
        command._print_verdict(verdict, read(), reported)

    assert capsys.readouterr().err.splitlines() == [str(verdict.warnings[0])]


ONE, OTHER = (
    Failure(kind="error", essence=text, scenario="付款") for text in ("连接失败", "金额不对")
)


@pytest.mark.parametrize(
    ("failures", "problems", "known", "told"),
    [
        ((ONE,), (), (), ["", "连接失败", ""]),
        ((ONE,), (), (ONE,), ["    连接失败"]),
        ((ONE, OTHER), (), (ONE,), ["", "连接失败", "", "", "金额不对", ""]),
        ((ONE, OTHER), (), (OTHER, ONE), ["    连接失败", "    金额不对"]),
        ((ONE,), ("没有变量 A",), (ONE,), []),
        ((), (), (ONE,), []),
    ],
)
def test_a_failure_is_told_whole_unless_each_of_its_causes_was(
    item: ScenarioItem,
    failures: tuple[Failure, ...],
    problems: tuple[str, ...],
    known: tuple[Failure, ...],
    told: list[str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    reported: set[object] = {find_grouping_cause(one) for one in known}
    verdict = Verdict(item=item, outcome="failed", failures=failures, problems=problems)

    command._print_failures(verdict, read(), reported)

    lines = capsys.readouterr().out.splitlines()
    assert [line.replace("付款: ", "") for line in lines] == told
    assert {find_grouping_cause(one) for one in failures} <= reported


@pytest.mark.parametrize("more", [(), ("--json",), ("-q",)])
def test_the_first_that_fails_ends_a_run_also_as_data(
    item: ScenarioItem, bs: Command, more: tuple[str, ...]
) -> None:
    text = SCENARIO.replace("return 1", "throw 1")
    names = ("甲", "乙", "丙")
    write_files(item.root, {f"scenarios/{name}.scenario.yaml": text for name in names})
    paths = [f"scenarios/{name}.scenario.yaml" for name in names]

    done = bs("run", "-x", *more, *paths)

    assert done.code == 1
    if more == ("--json",):
        assert json.loads(done.out)["summary"]["failed"] == 1
    else:
        assert "stopped at the first failure; 2 scenarios did not run" in done.err


@pytest.mark.parametrize("is_terminal", [True, False])
def test_a_terminal_gets_the_name_of_a_file_once_above_its_rows(
    item: ScenarioItem,
    is_terminal: bool,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: is_terminal)
    verdict, reported = Verdict(item=item, outcome="passed"), set[object]()

    for _ in range(3):
        command._print_file_heading(verdict, reported)

    assert capsys.readouterr().out.splitlines() == [item.spot.source.file] * is_terminal


TWO = {
    "scenarios/采购/付款.scenario.yaml": "version: 1\nscenario: 付款\nsteps: [{js: return 1}]\n",
    "scenarios/采购/退款.scenario.yaml": "version: 1\nscenario: 退款\nsteps: [{js: throw 1}]\n",
}
BROKEN = {"scenarios/采购/坏.scenario.yaml": "version: 1\nscenario: 坏\nstep: []\n"}
GREEN = {"scenarios/采购/退款.scenario.yaml": TWO["scenarios/采购/付款.scenario.yaml"]}


@pytest.mark.parametrize(
    ("files", "words", "unknown"),
    [
        ({}, (), ["付款", "退款"]),
        (BROKEN, (), None),
        ({}, ("-x",), ["付款", "退款"]),  # the last one failed, so all have run
        ({"scenarios/采购/重来.scenario.yaml": SCENARIO}, ("-x",), None),
        ({}, ("-k", "付款"), None),
        ({}, ("-k", "付款", "--job", "构建"), ["付款", "退款"]),
        ({}, ("--lf",), None),
        ({}, ("--lf", "--job", "构建"), ["付款", "退款"]),
        ({}, ("--shard", "1/2"), 1),
        ({}, ("--shard", "2/2"), 1),
    ],
)
def test_what_was_used_is_stored_by_a_run_that_read_and_ran_all_it_selected(
    bs: Command, tmp_path: Path, files: dict[str, str], words: Sequence[str], unknown: Any
) -> None:
    write_files(tmp_path, {**TWO, **files})

    bs("run", *words)

    stored = [*(tmp_path / FOLDER).glob("*")]
    assert len(stored) == (unknown is not None)
    for file in stored:
        told = msgspec.json.decode(file.read_bytes(), type=Evidence)
        assert sorted(told.owners) == [f"cassettes/采购/{name}.yaml" for name in ("付款", "退款")]
        names = [Path(name).stem for name in told.unplayed_files]
        assert (len(names) if isinstance(unknown, int) else names) == unknown


def test_a_variable_that_an_unreadable_file_may_read_is_not_refused(
    bs: Command, tmp_path: Path
) -> None:
    write_files(tmp_path, {**GREEN, **BROKEN})

    done = bs("run", "--var", "数量=1")

    assert (done.code, "nothing reads" in done.err) == (2, False)
    assert done.last.startswith("2 passed, 1 not read")


def test_a_scenario_that_changed_since_it_was_selected_is_a_problem_of_the_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_files(tmp_path, GREEN)
    items, _ = find_items(find_targets(None))
    items[1].header = msgspec.structs.replace(items[1].header, title="改名")
    arguments = read(json=True, junitxml=Path("结果.xml"))

    code, verdicts = command._run_and_report(items, (), arguments, None, has_items=True)

    printed = capsys.readouterr()
    told = "this changed while it was read; run it again"
    assert (code, len(verdicts), told in printed.err) == (2, 1, True)
    assert [one["message"] for one in json.loads(printed.out)["problems"]] == [told]
    suite = ET.parse("结果.xml").getroot()[0]
    assert (suite.get("tests"), suite.get("errors"), suite.get("failures")) == ("2", "1", "0")


PAGE = Path(".bpmax/report.html")


@pytest.mark.parametrize(
    ("trace", "has_run", "blocked", "note"),
    [
        ("on-failure", True, False, f"report: {PAGE.as_posix()}"),  # of what passed, too
        ("on", True, False, f"report: {PAGE.as_posix()}"),
        ("off", True, False, ""),
        ("on", False, False, ""),
        ("on", True, True, f"{PAGE.as_posix()}: cannot be written: "),
    ],
)
def test_a_watch_writes_the_page_of_all_that_ran(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    trace: str,
    has_run: bool,
    blocked: bool,
    note: str,
) -> None:
    plan = command._plan_watch(read(trace=trace))
    items, problems = plan.collect_items()
    if blocked:
        (tmp_path / PAGE / "x").mkdir(parents=True)
    if has_run:  # before that with traces, which stay
        command._plan_watch(read(trace="on")).run_items(items, problems)
        verdicts = plan.run_items(items, problems)
        assert [verdict.outcome for verdict in verdicts] == ["passed"]
    capsys.readouterr()

    plan.finish(items)

    told = capsys.readouterr().err
    assert told.startswith(note) if note else told == ""
    assert (tmp_path / PAGE).is_file() is (note.startswith("report"))


@pytest.mark.parametrize(
    ("paths", "folders"),
    [
        (["scenarios/采购"], {"scenarios/采购"}),
        (["scenarios/采购/付款.scenario.yaml"], {"scenarios/采购"}),
        (["scenarios"], {"scenarios", "scenarios/采购"}),
    ],
)
def test_a_watch_looks_into_the_folders_that_are_named_and_those_of_their_scenarios(
    paths: list[str], folders: set[str]
) -> None:
    plan = command._plan_watch(read(paths=paths, platforms=[Path("platforms")]))

    assert {path.resolve() for path in plan.folders} == {Path(one).resolve() for one in folders}
    assert plan.platforms == (Path("platforms"),)


def test_only_what_ran_and_failed_is_updated(
    item: ScenarioItem, monkeypatch: pytest.MonkeyPatch
) -> None:
    updated: list[int] = []
    monkeypatch.setattr(
        scenario_edits, "update_items", lambda items, **_: updated.extend(map(id, items))
    )
    ran, unstarted, passed = (msgspec.structs.replace(item) for _ in range(3))
    verdicts = [
        Verdict(item=ran, outcome="failed", digest="d"),
        Verdict(item=unstarted, outcome="failed"),
        Verdict(item=passed, outcome="passed", digest="d"),
    ]

    command._update_failed_expectations(verdicts, read())
    assert updated == []
    command._update_failed_expectations(verdicts, read(update=True))
    assert updated == [id(ran)]


FAILED = "× scenarios/采购/付款.scenario.yaml::付款 - "


@pytest.mark.parametrize(
    ("outcomes", "total", "lines", "note"),
    [
        (["failed"], 1, ["1 failed"], ""),
        (["failed"], 3, ["1 failed"], "stopped at the first failure; 2 scenarios did not run"),
        (["failed"], 2, ["1 failed"], "stopped at the first failure; 1 scenario did not run"),
        (["passed", "failed"], 2, [FAILED, "1 passed, 1 failed"], ""),
        (["passed", "passed"], 2, ["2 passed"], ""),
        (["passed", "failed"], 1, [FAILED, "1 passed, 1 failed"], ""),
    ],
)
def test_the_last_lines_name_what_failed_of_several(
    item: ScenarioItem,
    outcomes: list[Outcome],
    total: int,
    lines: list[str],
    note: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    verdicts = [
        Verdict(
            item=item, outcome=one, code=ExitCode.FAILED if one == "failed" else ExitCode.PASSED
        )
        for one in outcomes
    ]

    command._print_failed_items_and_summary(verdicts, total, 0.0, (), failed=True)

    printed = capsys.readouterr()
    assert [line.partition("   ")[0] for line in printed.out.splitlines()] == lines
    assert printed.err.rstrip("\n") == note
