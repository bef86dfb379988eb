"""A scenario as a test of pytest: its options and faults, its report and what it counts."""

from __future__ import annotations

import warnings
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bpmax_sim.errors import ConfigError, NeverRanWarning, Place, ScriptError
from bpmax_sim.pytest_plugin import items, options
from bpmax_sim.pytest_plugin.items import (
    VERDICT,
    FailureText,
    ReportPlace,
    ScenarioFailedError,
    ScenarioTest,
    find_report_place,
    format_calls_section,
)
from bpmax_sim.pytest_plugin.run_stats import TALLY, Tally, get_tally
from bpmax_sim.pytest_plugin.stash import GUARD
from bpmax_sim.report.console import ConsoleOutput
from bpmax_sim.report.exit_codes import ExitCode
from bpmax_sim.report.terminal import Verdict
from bpmax_sim.scenario.calls import CallMade
from bpmax_sim.scenario.load import load_items
from bpmax_sim.scenario.source import LONGEST, Failure
from tests.plugin.test_decisions_of_options import make_config

SCENARIO = """\
version: 1
scenario: 付款
clock: "2026-03-02T09:00:00+08:00"
form: {fields: {金额: 1}}
proxy: {unused: warn}
faults: [{on: crm.get, do: {status: 503}}]
steps: [{set: {金额: 2}}]
"""


def make_call(number: int, **more: Any) -> CallMade:
    return CallMade(
        number=number, call="crm.get", method="GET", url=f"https://crm.test/{number}", status=200,
        source="recorded", duration=0.02, **more,
    )  # fmt: skip


def make_test(
    folder: Path, *marks: Any, struck: Any = (), text: str = SCENARIO, **given: Any
) -> Any:
    """Return a scenario's test, without pytest, with markers ``bpmax`` and ``bpmax_fault``."""
    path = folder / "scenarios/付款.scenario.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    [item] = load_items(path, root=folder)
    test = object.__new__(ScenarioTest)
    by_name = {
        "bpmax": [SimpleNamespace(args=(), kwargs=one) for one in marks],
        "bpmax_fault": [SimpleNamespace(args=one[:1], kwargs=one[1]) for one in struck],
    }
    config = make_config(folder, **given)
    config.stash[TALLY] = Tally()
    passed = {name: one[0] if isinstance(one, tuple) else one for name, one in given.items()}
    config.getoption = lambda name, default=None: passed.get(name.removeprefix("bpmax_"), default)
    values: dict[str, Any] = {
        "config": config, "path": path,
        "found": SimpleNamespace(load=lambda: item, header=item.header),
        "stash": {}, "name": "付款", "user_properties": [], "cassettes": folder / "cassettes",
        "iter_markers": lambda name: iter(by_name[name]),
        "get_closest_marker": lambda _name: None,
    }  # fmt: skip
    for name, value in values.items():
        setattr(test, name, value)
    return test


def test_calls_of_a_section_are_the_latest_and_those_before_are_counted() -> None:
    calls = [make_call(number) for number in range(1, 5)]
    lines = [
        f"#{n} crm.get  GET https://crm.test/{n}  200 recorded 20 ms virtual" for n in range(1, 5)
    ]
    found = {
        most: format_calls_section(calls, most).splitlines() for most in (-1, 0, 1, 2, 3, 4, 5)
    }

    assert found == {
        -1: [], 0: [], 1: ["… 4 earlier calls"], 2: ["… 3 earlier calls", lines[3]],
        3: ["… 2 earlier calls", *lines[2:]], 4: lines, 5: lines,
    }  # fmt: skip
    assert format_calls_section([], 3) == ""


def failure(essence: str, **more: Any) -> Failure:
    return Failure(kind="config", essence=essence, scenario="付款", **more)


def test_a_text_of_failures_has_room_for_the_last_of_others() -> None:
    found = {}
    for count in (LONGEST - 2, LONGEST - 1, LONGEST, LONGEST + 1):
        failures = [failure("甲"), *(failure(f"另 {n}") for n in range(count))]
        lines = FailureText.from_failures(failures).splitlines()
        found[count] = len(lines), lines[0], lines[-2], lines[-1]

    assert found == {
        23: (24, "付款: 甲", "also: 付款: 另 21", "also: 付款: 另 22"),
        24: (25, "付款: 甲", "also: 付款: 另 22", "also: 付款: 另 23"),
        25: (25, "付款: 甲", "also: 付款: 另 22", "also: 2 more failures"),
        26: (25, "付款: 甲", "also: 付款: 另 22", "also: 3 more failures"),
    }  # fmt: skip
    shared = {
        (size, count): items._append_other_failures(
            ["行"] * size, [f"另 {n}" for n in range(count)]
        )
        for size in (24, 25, 30)
        for count in (0, 1, 2)
    }
    assert {key: (len(lines), lines[-1]) for key, lines in shared.items()} == {
        (24, 0): (24, "行"), (24, 1): (25, "另 0"), (24, 2): (25, "also: 2 more failures"),
        (25, 0): (25, "行"), (25, 1): (25, "另 0"), (25, 2): (25, "also: 2 more failures"),
        (30, 0): (30, "行"), (30, 1): (25, "另 0"), (30, 2): (25, "also: 2 more failures"),
    }  # fmt: skip
    text = FailureText.from_worker("第一行\n第二行", "a.yaml", 7)
    crash = text.reprcrash
    assert (str(text), crash.path, crash.lineno, crash.message) == (
        "第一行\n第二行", "a.yaml", 7, "第一行",
    )  # fmt: skip
    assert str(ScenarioFailedError([failure("一"), failure("二")])) == "付款: 一"


class Terminal:
    """Notes what is written, and how."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, list[str]]] = []

    def line(self, text: str, **style: bool) -> None:
        self.lines.append((text, sorted(style)))


def test_a_failure_is_coloured_by_its_lines_and_short_where_it_is_repeated() -> None:
    text = FailureText("付款: 甲\n> 3 | x\n  √ 对\n  × 错\nrerun: pytest a\nrerun: pytest b")
    whole, short = Terminal(), Terminal()
    text.toterminal(whole)
    text.repeats = "a.scenario.yaml::付款"
    text.toterminal(short)

    assert whole.lines == [
        ("付款: 甲", ["bold", "red"]), ("> 3 | x", ["red"]), ("  √ 对", ["green"]),
        ("  × 错", ["red"]), ("rerun: pytest a", []), ("rerun: pytest b", []),
    ]  # fmt: skip
    assert short.lines == [
        ("付款: 甲", ["bold", "red"]), ("the same cause as of a.scenario.yaml::付款, above", []),
        ("rerun: pytest a", []), ("rerun: pytest b", []),
    ]  # fmt: skip


def test_a_report_stands_at_the_failed_step_seen_from_the_root(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "内").mkdir()
    monkeypatch.chdir(tmp_path / "内")
    step, key = Place("a.scenario.yaml", 9, 3), Place("defaults.yaml", 2, 1)
    found = [
        find_report_place(failure("甲", **more), tmp_path)
        for more in (
            {"place": key, "location": step}, {"place": key}, {}, {"place": Place("a.yaml")},
            {"location": Place("../b.yaml", 1)},
        )
    ]  # fmt: skip
    assert found == [
        ReportPlace("内/a.scenario.yaml", 8), ReportPlace("内/defaults.yaml", 1), None, None,
        ReportPlace("b.yaml", 0),
    ]  # fmt: skip
    test = make_test(tmp_path)
    header = test.found.header
    for place, line in ((Place("x.csv", 3, 1), 2), (Place("x.csv", 0), 0), (Place("", 4), 3)):
        test.found = SimpleNamespace(header=SimpleNamespace(place=place))
        path = tmp_path / "内/x.csv" if place.file else test.path
        assert test.reportinfo() == (path, line, "付款")
    assert header.place.line == 2


def test_what_the_run_and_its_markers_set_wins_over_the_scenario(tmp_path: Path) -> None:
    plain = make_test(tmp_path)
    assert items._apply_options_and_marks(plain) is plain.scenario
    assert [
        plain.has_option_in_file(name) for name in ("clock", "seed", "unused", "mode", "faults")
    ] == [True, False, True, False, False]
    marks = [{"seed": 0}, {"clock": "2027-01-01T00:00:00Z", "seed": 7}]
    test = make_test(
        tmp_path, *marks, struck=[("crm.list", {"status": 500}), ("crm.*", {"status": 429})],
        js_stack="24MB", clock=(None, "2028-01-01T00:00:00Z"), seed=(None, 9),
    )  # fmt: skip
    item = items._apply_options_and_marks(test)

    assert (item.scenario.seed, str(item.scenario.clock)) == (0, "2027-01-01T00:00:00Z")
    assert [fault.on for fault in item.faults] == ["crm.get", "crm.*", "crm.list"]
    assert item.cli_options == (("js_stack", "24MB"),)
    repeated = make_test(tmp_path, js_stack="24MB")
    assert items._apply_options_and_marks(repeated).cli_options == (("js_stack", "24MB"),)
    in_ini = make_test(tmp_path, clock=(None, "2028-01-01T00:00:00Z"), seed=(None, 0))
    item = items._apply_options_and_marks(in_ini)
    assert str(item.scenario.clock) == "2026-03-02T09:00:00+08:00"  # its file says so itself
    assert item.scenario.seed == 0


def test_a_run_asks_for_traces_faults_and_options_of_its_session(tmp_path: Path) -> None:
    each: dict[str, dict[str, Any]] = {
        "none": {}, "off": {"faults": "off", "trace": "off"}, "on": {"trace": (None, "on")},
        "report": {"trace": "off", "report": "a.html"}, "ini": {"unused": (None, "fail")},
    }  # fmt: skip
    asked = {
        name: items._make_perform_options(make_test(tmp_path, **given))
        for name, given in each.items()
    }
    assert {name: (one.faults, one.trace, one.check) for name, one in asked.items()} == {
        "none": (True, "on-failure", True), "off": (False, "off", True), "on": (True, "on", True),
        "report": (True, "on", True), "ini": (True, "on-failure", True),
    }  # fmt: skip
    assert {one.cassettes for one in asked.values()} == {tmp_path / "cassettes"}
    assert "unused" not in asked["ini"].options  # the scenario sets it itself


def make_report(when: str, **more: Any) -> Any:
    usual = {"skipped": False, "longrepr": "", "sections": [], "location": ("a", 1, "付款")}
    return SimpleNamespace(when=when, **{**usual, **more})


def complete(test: Any, error: Any, longrepr: str = "一\n二", when: str = "call") -> Any:
    report = make_report(when, longrepr=longrepr)
    items.complete_report(test, report, error)
    return report


def test_a_report_gets_cause_place_calls_and_console_of_its_scenario(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    test = make_test(tmp_path)
    calls = tuple(make_call(number) for number in range(1, 4))
    line = ConsoleOutput(level="log", text="到了")
    wrong = failure("甲", place=Place("scenarios/付款.scenario.yaml", 6, 9), calls=calls[:2])

    def report_of(error: Any) -> Any:
        return complete(test, error)

    assert report_of(None).sections == []  # it never ran
    test.stash[VERDICT] = Verdict(
        item=test.scenario, outcome="failed", calls=calls, console=(line,)
    )
    passed = report_of(None)
    names = [name for name, _ in passed.sections]
    assert names[0] == "calls"
    assert len(names) == 2
    assert passed.sections[0][1].splitlines() == format_calls_section(calls, 3).splitlines()
    assert passed.location == ("a", 1, "付款")
    failed = report_of(ScenarioFailedError([wrong, failure("乙")]))
    assert failed.location == ("scenarios/付款.scenario.yaml", 5, "付款")
    assert failed.sections[0][1].count("crm.get") == 3
    assert '"config"' in failed.bpmax_failure
    assert "甲" in failed.bpmax_failure
    assert not hasattr(passed, "bpmax_failure")


def test_a_report_has_the_calls_for_which_its_failure_leaves_room(tmp_path: Path) -> None:
    test = make_test(tmp_path)
    calls = tuple(make_call(number) for number in range(1, 4))
    line = ConsoleOutput(level="log", text="到了")
    test.stash[VERDICT] = Verdict(
        item=test.scenario, outcome="failed", calls=calls, console=(line,)
    )
    some, every = failure("甲", calls=calls[:2]), failure("甲", calls=calls)

    def sections(rows: int, shown: Failure = some, when: str = "call") -> list[str]:
        error = ScenarioFailedError([shown])
        report = complete(test, error, "\n".join(["行"] * rows), when)
        return [text if name == "calls" else "console" for name, text in report.sections]

    assert sections(LONGEST - 2) == ["… 3 earlier calls", "console"]
    assert sections(LONGEST - 1) == sections(LONGEST) == ["console"]
    assert sections(2, every) == ["console"]
    assert len(sections(2)) == 2
    assert sections(2, when="teardown") == []
    other: Any = make_report("call")
    items.complete_report(SimpleNamespace(stash={}), other, None)  # type: ignore[arg-type]
    assert other.sections == []


def test_a_skipped_scenario_is_counted_with_its_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reasons: list[str] = []

    def skip(item: Any, _asked: Any, reason: str) -> Any:
        reasons.append(reason)
        return Verdict(item=item, outcome="skipped", reason=reason, trace="a.ndjson"), ()

    monkeypatch.setattr(items, "skip_item", skip)
    test = make_test(tmp_path)
    for report in (
        make_report("setup"),
        make_report("setup", skipped=True, longrepr=("a", 1, "Skipped: 未上线")),
        make_report("setup", skipped=True, longrepr="x"), make_report("teardown", skipped=True),
    ):  # fmt: skip
        items.complete_report(test, report, None)

    tally = get_tally(test.config)
    assert reasons == ["未上线", "", ""]
    assert (tally.traces, tally.codes) == ({"a.ndjson"}, {0})


def test_a_verdict_is_counted_with_the_use_of_its_recordings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    used: list[tuple[bool, bool]] = []
    monkeypatch.setattr(Tally, "add_closed_session", lambda _self, _session: None)
    monkeypatch.setattr(
        Tally, "add_recording_use",
        lambda _self, _session, *, failed, doubtful: used.append((failed, doubtful)),
    )  # fmt: skip
    unplayed = Failure(kind="unplayed", essence="丙", scenario="付款")
    ends: list[tuple[Any, tuple[Failure, ...]]] = [
        ("passed", ()), ("failed", (unplayed,)), ("failed", (unplayed, failure("甲"))),
        ("xfailed", (failure("甲"),)),
    ]  # fmt: skip
    for outcome, failures in ends:
        test = make_test(tmp_path)
        verdict: Any = Verdict(
            item=test.scenario, outcome=outcome, failures=failures, code=ExitCode.FAILED,
        )  # fmt: skip
        items._add_verdict_to_tally_and_report(test, verdict, [SimpleNamespace()])  # type: ignore[list-item]
        assert get_tally(test.config).traces == set()

    assert used == [(False, False), (True, False), (True, True), (False, True)]


def test_the_minutes_of_exploring_begin_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config, now = make_config(tmp_path, explore_minutes=2.0), iter([1000.0, 1090.0, 7.0])
    monkeypatch.setattr(items, "time", SimpleNamespace(monotonic=lambda: next(now)))
    assert [items._get_exploration_deadline(config) for _ in range(2)] == [1120.0, 1120.0]
    assert items._get_exploration_deadline(make_config(tmp_path)) == float("inf")


def test_a_path_of_an_option_is_seen_from_where_it_is_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    start, root = tmp_path / "起点", tmp_path / "根"
    config = make_config(start, root, report="页/a.html")
    assert options.choose_report_path(config) == start / "页/a.html"
    assert options.to_display_path(tmp_path / "页/a.html") == "页/a.html"
    assert options.to_display_path(tmp_path.parent / "页/a.html") == f"{tmp_path.parent}/页/a.html"
    wrong = make_config(start, root)
    wrong.stash = {}
    wrong.getini = lambda _name: ""
    for name in ("seed", "shard", "explore_minutes", "cov_fail_under", "trace"):
        wrong.stash = {}
        wrong.getoption = lambda ini, _default, name=name: "x" if ini == f"bpmax_{name}" else None
        with pytest.raises(pytest.UsageError, match=f"--bpmax-{name.replace('_', '-')}: "):
            options.check_values_and_ci_recording(wrong)


def test_an_error_of_a_scenario_that_changed_fails_its_test(tmp_path: Path) -> None:
    test = make_test(tmp_path)

    def refuse() -> Any:
        raise ConfigError("付款.scenario.yaml:1:1: 变了")

    test.found = SimpleNamespace(load=refuse)
    with pytest.raises(pytest.fail.Exception, match=r"付款\.scenario\.yaml:1:1: 变了"):
        _ = test.scenario
    error = ScriptError("内", stack=())
    assert "Script stack" not in items.format_tracebacks([failure("一", cause=error)], str)


def test_only_what_passed_is_explored_and_a_warning_stands_at_its_own_place(tmp_path: Path) -> None:
    test = make_test(tmp_path, explore=True)
    asked: Any = SimpleNamespace(cassettes=tmp_path)
    kinds: list[Any] = ["failed", "xfailed", "skipped"]
    for outcome in kinds:
        verdict = Verdict(item=test.scenario, outcome=outcome)
        assert items._try_third_party_failures(test, test.scenario, asked, verdict) is verdict
    passed = Verdict(item=test.scenario, outcome="passed")
    plain = make_test(tmp_path)
    assert items._try_third_party_failures(plain, plain.scenario, asked, passed) is passed

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for place in (Place("x.js", 7, 2), None):
            told: Any = SimpleNamespace(message="可疑", category=NeverRanWarning, place=place)
            items._warn_at_place(told, test)
    own = test.found.header.place
    assert [(one.filename, one.lineno, one.category) for one in caught] == [
        ("x.js", 7, NeverRanWarning), (own.file, own.line, NeverRanWarning),
    ]  # fmt: skip


CAUSE = ScriptError("口令错", stack=("f (a.js:1:1)",))
HINT: Any = SimpleNamespace(text="提示")


def play_and_fail(test: Any, monkeypatch: pytest.MonkeyPatch, *, is_closed: bool) -> Any:
    """Play *test* with three failures; return the error that it raises, and its session."""
    session = SimpleNamespace(is_closed=is_closed, redact=lambda text: text.replace("口令", "*"))
    verdict = Verdict(
        item=test.scenario, outcome="failed", live_hints=(HINT,),
        failures=(failure("一", cause=CAUSE), failure("二"), failure("三")),
    )  # fmt: skip

    def perform(_item: Any, _asked: Any, *, prepare: Any) -> Any:
        prepare(session)
        return verdict, ()

    monkeypatch.setattr(items, "perform", perform)
    monkeypatch.setattr(Tally, "add_closed_session", lambda _self, _session: None)
    monkeypatch.setattr(Tally, "add_recording_use", lambda _self, _session, **_more: None)
    with pytest.raises(ScenarioFailedError) as raised:
        items.play(SimpleNamespace(node=test))  # type: ignore[arg-type]
    return raised, session


@pytest.mark.parametrize("is_closed", [True, False])
def test_a_failed_scenario_raises_all_of_it_and_closes_the_network_where_its_session_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, is_closed: bool
) -> None:
    test = make_test(tmp_path, allow_hosts=["a.test, b.test"])
    closed: list[Any] = []
    test.stash[GUARD] = SimpleNamespace(close=closed.append)
    raised, session = play_and_fail(test, monkeypatch, is_closed=is_closed)

    assert closed == ([("a.test", "b.test")] if is_closed else [])
    assert [one.essence for one in raised.value.failures] == ["一", "二", "三"]
    assert raised.value.redact is session.redact
    assert raised.value.__cause__ is CAUSE


def test_the_text_of_a_failure_has_hints_before_tracebacks_without_secrets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    test = make_test(tmp_path, tb=True)
    raised, _ = play_and_fail(test, monkeypatch, is_closed=False)
    text = str(test.repr_failure(raised)).splitlines()
    start = text.index("提示")

    assert text[start - 1 : start + 2] == ["", "提示", "behind: 付款: 一"]
    assert "*错" in text[-1]
    assert all("口令" not in line for line in text[start:])
    plain = make_test(tmp_path)
    plain.stash[VERDICT] = test.stash[VERDICT]
    assert str(plain.repr_failure(raised)).splitlines()[-1] == "提示"
