"""What sessions leave in the counts of a run, and how failures and unused parts are reported."""

from __future__ import annotations

import warnings
from collections import Counter
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bpmax_sim.errors import CassetteError, ExpectationError, Place
from bpmax_sim.pytest_plugin import summary
from bpmax_sim.pytest_plugin.items import FailureText
from bpmax_sim.pytest_plugin.python_tests import RunFaults, Sessions, make_fault
from bpmax_sim.pytest_plugin.run_stats import TALLY, InterruptListener, Tally
from bpmax_sim.pytest_plugin.summary import GithubAnnotation
from bpmax_sim.scenario.file_verdict import FileRuns
from bpmax_sim.scenario.source import RunWarning


def make_session(cassette: Path | None, **more: Any) -> Any:
    """Return what a tally reads of a closed session."""
    unused, unplayed = more.pop("unused", "fail"), more.pop("unplayed", 0)
    exchanges = [SimpleNamespace(order=number) for number in range(unplayed)]
    settings = SimpleNamespace(cassette=cassette, unused=unused, owner="付款")
    plain: dict[str, Any] = {"calls": [], "possible_secrets": [], "standin_notes": []}
    return SimpleNamespace(
        **plain
        | {"mode": "replay", "recorded_owner": "付款", "unplayed_exchanges": exchanges}
        | {"settings": settings}
        | more
    )


def call(source: str | None, *, is_login: bool = False) -> Any:
    return SimpleNamespace(source=source, is_login=is_login)


@pytest.mark.parametrize("has_cassette", [True, False])
def test_calls_count_for_every_session_and_notes_for_one_with_a_cassette(
    *, has_cassette: bool
) -> None:
    tally, path = Tally(), Path("cassettes/crm/付款.yaml")
    calls = [call("recorded", is_login=True), call("recorded"), call(None), call("live")]
    session = make_session(
        path if has_cassette else None,
        calls=calls,
        possible_secrets=["crm.get: body.key"],
        standin_notes=["crm: token"],
    )
    for _ in range(2):
        tally.add_closed_session(session)

    assert tally.calls == Counter(recorded=4, unanswered=2, live=2)
    assert tally.logins == 2
    noted = (tally.cassettes, tally.unrecognised, tally.undeclared)
    assert noted == (
        ({str(path)}, {"crm.get: body.key"}, {"crm: token"})
        if has_cassette
        else (set(), set(), set())
    )


@pytest.mark.parametrize(
    ("session", "failed", "unplayed", "waits"),
    [
        ({"unplayed": 2}, False, 2, False),
        ({"unplayed": 2, "unused": "warn"}, False, 2, False),
        ({"unplayed": 2, "unused": "ignore"}, False, 0, False),
        ({"unplayed": 2}, True, 0, False),
        ({}, False, 0, False),
        ({"mode": "record"}, False, 0, True),
        ({"mode": "record"}, True, 0, True),
        ({"mode": "live"}, False, 0, False),
        ({"mode": "record", "is_alone": True}, False, 0, False),
    ],
)
def test_what_a_passed_test_left_unplayed_counts_and_what_was_set_aside_waits(
    tmp_path: Path, session: dict[str, Any], *, failed: bool, unplayed: int, waits: bool
) -> None:
    path = tmp_path / "付款.yaml"
    more = dict(session)
    if not more.pop("is_alone", False):
        path.with_name("付款.yaml.new").touch()
    tally = Tally()
    for _ in range(2):  # of two owners of one cassette
        tally.add_recording_use(make_session(path, **more), failed=failed, doubtful=False)

    assert tally.unplayed == (Counter({str(path): 2 * unplayed}) if unplayed else Counter())
    assert tally.waiting == ({f"{path}.new"} if waits else set())


def test_without_a_cassette_no_use_of_a_recording_is_known() -> None:
    tally = Tally()
    tally.add_recording_use(make_session(None, unplayed=1), failed=False, doubtful=False)

    assert vars(tally) == vars(Tally())


@pytest.mark.parametrize(
    ("failed", "errors", "raised", "doubtful", "unplayed"),
    [
        (False, (None, None), None, False, 4),
        (False, (ExpectationError("没有放完"), None), ExpectationError, False, 0),
        (False, (None, ExpectationError("没有放完")), ExpectationError, False, 0),
        (False, (None, CassetteError("写不了")), CassetteError, True, 0),
        (True, (ExpectationError("不问"), None), None, True, 0),
    ],
)
def test_what_sessions_of_a_test_left_unplayed_is_known_unless_it_failed_otherwise(
    tmp_path: Path,
    errors: tuple[Exception | None, ...],
    raised: type[Exception] | None,
    unplayed: int,
    *,
    failed: bool,
    doubtful: bool,
) -> None:
    def judge(error: Exception | None) -> None:
        if error is not None:
            raise error

    path, tally = tmp_path / "付款.yaml", Tally()
    sessions = Sessions(tally)
    for number, error in enumerate(errors):
        sessions._last[path, str(number)] = make_session(
            path, unplayed=2, judge_unplayed=partial(judge, error)
        )
    if raised is None:
        sessions.finish(failed=failed)
    else:
        with pytest.raises(raised):
            sessions.finish(failed=failed)

    assert tally.doubtful == ({str(path)} if doubtful else set())
    assert tally.left == ({} if doubtful else {(str(path), "付款"): {0, 1}})
    assert tally.unplayed.total() == unplayed
    sessions.finish(failed=False)  # nothing is left to be judged again
    assert tally.unplayed.total() == unplayed


class Armed:
    """A session that keeps the rules of faults; one that was asked for *struck* fires."""

    def __init__(self, *names: str, struck: str = "") -> None:
        self.calls = [SimpleNamespace(name=name) for name in names]
        self.rules: list[Any] = []
        self._struck = struck

    def arm(self, rules: Any) -> None:
        self.rules = [*rules, *self.rules]

    def disarm(self, rules: Any) -> list[Any]:
        return [rule for rule in rules if not str(rule).startswith(self._struck or "-")]


@pytest.mark.parametrize(
    ("names", "struck", "told"),
    [
        ((), "", [("erp.*", "none"), ("crm.get", "none")]),
        (
            ("crm.get", "oa.send", "crm.get"),
            "",
            [("erp.*", "crm.get, oa.send"), ("crm.get", "crm.get, oa.send")],
        ),
        (("crm.get",), "erp", [("crm.get", "crm.get")]),
    ],
)
def test_a_fault_that_never_fired_is_told_with_the_calls_that_were_made(
    names: tuple[str, ...], struck: str, told: list[tuple[str, str]]
) -> None:
    session: Any = Armed(*names, struck=struck)
    faults = RunFaults(session, armed=True)
    faults.arm(make_fault("erp.*", status=503))
    faults.add("crm.get", call=2, error="timeout")

    assert [str(rule).split()[0] for rule in session.rules] == ["crm.get", "erp.*"]
    lines = faults.disarm().splitlines()
    assert [(line.split()[3], line.partition("calls made: ")[2]) for line in lines] == [
        (on, f"{calls})") for on, calls in told
    ]
    assert faults.disarm() == ""


def test_faults_that_are_off_are_neither_armed_nor_missed() -> None:
    session: Any = Armed()
    faults = RunFaults(session, armed=False)
    faults.add("crm.get", status=503)

    assert (session.rules, faults.disarm()) == ([], "")


@pytest.mark.parametrize(
    ("error", "is_interrupted"),
    [(KeyboardInterrupt(), True), (pytest.exit.Exception("够了"), False)],
)
def test_only_the_user_interrupts_a_run(error: BaseException, *, is_interrupted: bool) -> None:
    config: Any = SimpleNamespace(stash=pytest.Stash())
    with pytest.raises(type(error)) as raised:
        raise error
    InterruptListener(config).pytest_keyboard_interrupt(raised)

    assert config.stash[TALLY].interrupted is is_interrupted


FILE = "scenarios/付款.scenario.yaml"
PARTS = [
    RunWarning("rule", "stubs[0] 没有用到", Place(FILE, 7, 5)),
    RunWarning("rule", "stubs[1] 没有用到", Place(FILE, 9, 5)),
    RunWarning("rule", "cases 没有用到"),
]


@pytest.mark.parametrize(
    ("parts", "line", "lines"),
    [
        (
            PARTS,
            6,
            [
                "scenarios/付款.scenario.yaml:7:5: stubs[0] 没有用到",
                "scenarios/付款.scenario.yaml:9:5: stubs[1] 没有用到",
                "cases 没有用到",
            ],
        ),
        (PARTS[2:], 0, ["cases 没有用到"]),
    ],
)
def test_parts_that_no_row_used_are_a_failed_test_of_their_file(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    parts: list[RunWarning],
    line: int,
    lines: list[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    reports: list[pytest.TestReport] = []
    hook = SimpleNamespace(pytest_runtest_logreport=lambda **told: reports.append(told["report"]))
    session: Any = SimpleNamespace(
        config=SimpleNamespace(rootpath=tmp_path.parent, hook=hook), testscollected=3
    )
    summary._fail_file_for_unused_parts(session, FILE, parts)

    name = f"{tmp_path.name}/{FILE}"
    assert [(one.nodeid, one.location, one.when, one.outcome) for one in reports] == [
        (name, (name, line, "what no row used"), "call", "failed"),
        (name, (name, line, "what no row used"), "teardown", "passed"),
    ]
    assert (reports[0].longrepr, reports[1].longrepr) == ("\n".join(lines), None)
    assert session.testscollected == 4


@pytest.mark.parametrize(
    ("fails", "before", "after"),
    [
        ([True], pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED),
        ([False, True], pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED),
        ([True], pytest.ExitCode.INTERRUPTED, pytest.ExitCode.INTERRUPTED),
        ([False], pytest.ExitCode.OK, pytest.ExitCode.OK),
        ([], pytest.ExitCode.OK, pytest.ExitCode.OK),
    ],
)
@pytest.mark.parametrize("action", ["always", "error"])
def test_a_part_that_nothing_used_fails_the_run_or_warns(
    fails: list[bool],
    before: pytest.ExitCode,
    after: pytest.ExitCode,
    action: Any,
) -> None:
    tally, runs = Tally(), FileRuns()
    runs.add_row(
        FILE,
        1,
        "甲",
        [
            RunWarning("rule", f"stubs[{n}]", Place(FILE, n + 1, 1), one)
            for n, one in enumerate(fails)
        ],
        "normal",
    )
    tally.files = runs.files
    hook = SimpleNamespace(pytest_runtest_logreport=lambda **_told: None)
    session: Any = SimpleNamespace(
        config=SimpleNamespace(rootpath=Path.cwd(), hook=hook), testscollected=0, exitstatus=before
    )
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter(action)
        summary.judge_unused_parts(session, tally)

    is_red = any(fails) or (action == "error" and False in fails)
    assert tally.codes == ({1} if is_red else set())
    assert session.exitstatus == (
        pytest.ExitCode.TESTS_FAILED if is_red and before == pytest.ExitCode.OK else after
    )
    assert session.testscollected == int(any(fails))
    assert [(one.lineno, str(one.message)) for one in told] == [
        (n + 1, f"stubs[{n}]") for n, one in enumerate(fails) if not one and action == "always"
    ]


def make_report(outcome: str, longrepr: Any, line: int | None = 4) -> pytest.TestReport:
    where = (FILE, line, "付款[甲]")
    node = f"{FILE}::付款[甲]"
    return pytest.TestReport(node, where, {}, outcome, longrepr, "call")  # type: ignore[arg-type]


def make_broken(*problems: tuple[str, int, int, str]) -> pytest.CollectReport:
    report = pytest.CollectReport("scenarios/坏.scenario.yaml", "failed", "坏", [])
    if problems:
        report.bpmax_problems = problems  # type: ignore[attr-defined] # as its hook does
    return report


OF_PYTHON = pytest.TestReport("a.py::a", ("a.py", 1, "a"), {}, "failed", "x", "call")
CRASHED = FailureText.from_worker("应为 3\n  at 付款.yaml:5", "付款.yaml", 5)


@pytest.mark.parametrize(
    ("stats", "notes"),
    [
        ({}, []),
        ({"passed": [make_report("passed", None)]}, []),
        ({"failed": [make_report("failed", CRASHED)]}, [(5, 0, "付款[甲]", "应为 3")]),
        ({"failed": [make_report("failed", "应为 4\n第二行")]}, [(5, 0, "付款[甲]", "应为 4")]),
        ({"failed": [make_report("failed", "")]}, [(5, 0, "付款[甲]", "failed")]),
        ({"failed": [make_report("failed", "x", 0)]}, [(1, 0, "付款[甲]", "x")]),
        ({"failed": [make_report("failed", "x", None)]}, [(1, 0, "付款[甲]", "x")]),
        (
            {
                "failed": [make_report("failed", "后", 1)],
                "error": [
                    make_report("failed", "先", 2),
                    make_broken(("坏.yaml", 3, 5, "甲"), ("坏.yaml", 0, 0, "乙")),
                ],
            },
            [
                (3, 0, "付款[甲]", "先"),
                (3, 5, "坏.scenario.yaml", "甲"),
                (0, 0, "坏.scenario.yaml", "乙"),
                (2, 0, "付款[甲]", "后"),
            ],
        ),
        ({"error": [make_broken()]}, []),
        ({"failed": [OF_PYTHON]}, []),
    ],
)
def test_errors_and_failures_of_scenarios_are_annotated_in_this_order(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    stats: dict[str, Any],
    notes: list[tuple[int, int, str, str]],
) -> None:
    monkeypatch.setenv("GITHUB_WORKSPACE", str(tmp_path))
    config: Any = SimpleNamespace(
        rootpath=tmp_path / "项目", invocation_params=SimpleNamespace(dir=tmp_path / "起点")
    )
    found = [*summary._find_failures(stats, config)]

    assert [(one.line, one.column, one.title, one.text) for one in found] == notes
    assert {one.file for one in found} <= {"项目/scenarios/付款.scenario.yaml", "起点/坏.yaml"}
    assert [one.file.startswith("起点") for one in found] == [
        one.title == "坏.scenario.yaml" for one in found
    ]
    assert [*summary._describe_unreadable_files(stats, config)] == [
        str(one)
        for one in (
            ("起点/坏.yaml:3:5: 甲", "起点/坏.yaml: 乙")
            if any("坏" in title for _, _, title, _ in notes)
            else ()
        )
    ]


def test_an_annotation_without_a_line_stands_at_its_file() -> None:
    assert GithubAnnotation("a.yaml", 0, "甲", "乙").location == "a.yaml"
    assert GithubAnnotation("a.yaml", 1, "甲", "乙").location == "a.yaml:1"
