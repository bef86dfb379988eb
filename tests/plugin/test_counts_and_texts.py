"""What the plug-in counts, prints, hides and decides, at its corners, without a run of its own."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from _pytest.junitxml import xml_key

from bpmax_sim.errors import ConfigError, Place
from bpmax_sim.i18n import choose_language, get_current_language, msg
from bpmax_sim.pytest_plugin import python_tests, summary
from bpmax_sim.pytest_plugin.items import FailureText, find_report_place
from bpmax_sim.pytest_plugin.run_stats import Tally
from bpmax_sim.pytest_plugin.summary import GithubAnnotation, format_summary
from bpmax_sim.scenario.faults import describe_fault
from bpmax_sim.scenario.source import Failure

# ---------------------------------------------------------------------------- exit codes


@pytest.mark.parametrize(
    ("status", "failed", "changes", "code"),
    [
        (0, 0, {}, 0),
        (0, 0, {"codes": {0}}, 0),
        (1, 1, {"codes": {0, 1}}, 1),
        (1, 1, {}, 1),  # of a Python test
        (1, 1, {"codes": {0, 3}}, 3),
        (1, 1, {"codes": {4, 3}}, 4),
        (0, 0, {"waiting": {"a.yaml.new"}}, 6),
        (1, 1, {"waiting": {"a.yaml.new"}}, 1),
        (0, 0, {"broken": {"a.scenario.yaml"}}, 2),
        (2, 1, {"broken": {"a.scenario.yaml"}, "codes": {3}}, 2),
        (3, 0, {"broken": {"a.scenario.yaml"}}, 2),
        (2, 1, {}, 2),
        (5, 0, {}, 5),
        (4, 0, {"codes": {1}}, 4),
        (3, 0, {}, 3),
        (0, 0, {"interrupted": True}, 130),
        (2, 1, {"interrupted": True, "broken": {"a"}}, 130),
    ],
)
def test_a_run_ends_as_that_of_the_command_line_would(
    status: int, failed: int, changes: dict[str, Any], code: int
) -> None:
    tally = Tally()
    for name, value in changes.items():
        setattr(tally, name, value)
    session: Any = SimpleNamespace(exitstatus=status, testsfailed=failed)

    assert summary.choose_session_exit_code(session, tally) == code


# ---------------------------------------------------------------------------- the summary


FIVE = "0.yaml.new, 1.yaml.new, 2.yaml.new, 3.yaml.new, 4.yaml.new"


@pytest.mark.parametrize(
    ("changes", "lines"),
    [
        ({}, []),
        ({"calls": Counter(recorded=1)}, ["1 call (1 recorded)"]),
        (
            {"calls": Counter(recorded=3, live=1), "logins": 1},
            ["4 calls (3 recorded, 1 live), 1 of them a login"],
        ),
        (
            {"calls": Counter(recorded=2), "logins": 2, "used": {"a", "b"}},
            ["2 calls (2 recorded), 2 of them logins; 2 cassettes"],
        ),
        ({"used": {"a.yaml"}}, ["0 calls; 1 cassette"]),
        (
            {"unplayed": Counter({"b.yaml": 2, "a.yaml": 1})},
            ["not played: 3 exchanges in a.yaml, b.yaml"],
        ),
        ({"unplayed": Counter({"a.yaml": 1})}, ["not played: 1 exchange in a.yaml"]),
        (
            {"waiting": {f"{n}.yaml.new" for n in range(6)}},
            [f"wait for review: {FIVE}, 5.yaml.new; bpmax-sim review"],
        ),
        (
            {"waiting": {f"{n}.yaml.new" for n in range(7)}},
            [f"wait for review: {FIVE} and 2 more; bpmax-sim review"],
        ),
        ({"undeclared": {"乙", "甲"}}, ["乙", "甲"]),
    ],
)
def test_each_topic_that_occurred_is_a_line(changes: dict[str, Any], lines: list[str]) -> None:
    tally = Tally()
    for name, value in changes.items():
        setattr(tally, name, value)

    assert [*summary._format_summary_lines(tally)] == lines


def test_orphans_are_files_that_nobody_owns_or_opened(tmp_path: Path) -> None:
    names = ["一/付款.yaml", "一/采购/旧.yaml", "一/auth/crm.yaml", "一/采购/auth.yaml"]
    for name in (*names, "一/auth/深/erp.yaml", "二/x.yaml", "二/说明.md", "三/y.yaml"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("", encoding="utf-8")
    tally = Tally()
    tally.folders |= {str(tmp_path / "二"), str(tmp_path / "一")}
    tally.owned.add(str(tmp_path / "一/付款.yaml"))
    tally.cassettes.add(str(tmp_path / "二/x.yaml"))

    (line,) = summary._list_unowned_cassettes(tally)
    assert [Path(one).name for one in line.split(": ")[1].split("; ")[0].split(", ")] == [
        "auth.yaml", "旧.yaml"
    ]  # fmt: skip
    tally.owned |= {str(path) for path in (tmp_path / "一").rglob("*.yaml")}
    assert [*summary._list_unowned_cassettes(tally)] == []


def note(number: int) -> GithubAnnotation:
    return GithubAnnotation("a.yaml", number, f"行{number}", "不行")


@pytest.mark.parametrize(
    ("count", "more"), [(1, ""), (50, ""), (51, "and 1 more"), (53, "and 3 more")]
)
def test_fifty_failures_are_in_the_summary_of_a_step(count: int, more: str) -> None:
    text = format_summary({"failed": count}, [note(n) for n in range(count)], ["一次调用"])

    head, *rows, tail = text.strip("\n").split("\n")
    assert (head, tail) == (f"### bpmax-sim: {count} failed", "* 一次调用")
    table = [row for row in rows if row.startswith("| 行")]
    assert table[0] == "| 行0 | a.yaml | 不行 |"
    assert table[1:] == [f"| 行{n} | a.yaml:{n} | 不行 |" for n in range(1, min(count, 50))]
    assert [row for row in rows if row.startswith("and ")] == ([more] if more else [])


def test_without_notes_the_summary_has_no_table() -> None:
    assert format_summary({"passed": 2}, [], ["甲", "乙*"]) == (
        "### bpmax-sim: 2 passed\n\n* 甲\n* 乙\\*\n\n"
    )
    assert format_summary({}, [note(3)], []).startswith("### bpmax-sim: not collected\n\n| ")


# ---------------------------------------------------------------------------- the tally


@pytest.mark.parametrize(
    ("name", "value", "has_any"),
    [
        ("calls", Counter(live=1), True),
        ("traces", {"a"}, True),
        ("waiting", {"a"}, True),
        ("unrecognised", {"a"}, True),
        ("undeclared", {"a"}, True),
        ("owned", {"a"}, True),
        ("cassettes", {"a"}, True),
        ("codes", {0}, False),
        ("partial", True, False),
        ("logins", 3, False),
        ("broken", {"a"}, False),
    ],
)
def test_a_run_without_sessions_and_cassettes_is_nobody_s_business(
    name: str, value: Any, has_any: bool
) -> None:
    tally = Tally()
    assert not tally.has_sessions_or_cassettes
    setattr(tally, name, value)

    assert tally.has_sessions_or_cassettes is has_any


def make_tally(number: int) -> Tally:
    tally = Tally()
    tally.calls.update(recorded=number + 1, live=number)
    tally.logins = number
    tally.unplayed["a.yaml"] += number
    tally.waiting = {f"{number}.new"}
    tally.undeclared = {msg("{name} is secret", name=number)}
    tally.codes = {number}
    tally.partial = number == 1
    tally.stopped = number == 2
    tally.explored = [str(number).encode()]
    tally.note_broken("坏.scenario.yaml")
    tally.note_other_shards([f"{number}.yaml", "同.yaml"])
    return tally


def test_what_workers_send_is_added_up() -> None:
    """Counts are summed, sets joined, and what is true for one is true for all."""
    first, *others = map(make_tally, range(3))
    for other in others:
        sent = other.to_data()
        assert {type(sent[name]) for name in ("calls", "unplayed")} == {dict}
        assert {type(one) for one in sent["undeclared"]} == {str}
        first.merge(sent)

    assert (first.calls, first.logins) == (Counter(recorded=6, live=3), 3)
    assert first.unplayed == {"a.yaml": 3}
    assert first.waiting == {"0.new", "1.new", "2.new"}
    assert first.undeclared == {"0 is secret", "1 is secret", "2 is secret"}
    assert first.codes == {0, 1, 2}
    assert (first.partial, first.stopped, first.sharded, first.interrupted) == (
        True,
        True,
        True,
        False,
    )
    assert (first.broken, first.broken_reports) == ({"坏.scenario.yaml"}, 3)
    assert first.elsewhere == {"0.yaml", "1.yaml", "2.yaml", "同.yaml"}
    assert first.explored == [b"0", b"1", b"2"]


# ---------------------------------------------------------------------------- places, colours


@pytest.mark.parametrize(
    ("place", "location", "found"),
    [
        (None, None, None),
        (Place("a.yaml"), None, None),
        (Place("a.yaml", 1), None, ("项目/a.yaml", 0)),
        (Place("a.yaml", 7), Place("下级/b.yaml", 3), ("项目/下级/b.yaml", 2)),
        (Place("a.yaml", 7), Place("b.yaml"), None),
        (Place("../外/c.yaml", 2), None, ("外/c.yaml", 1)),
    ],
)
def test_a_report_stands_at_the_step_or_at_the_row(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    place: Place | None,
    location: Place | None,
    found: tuple[str, int] | None,
) -> None:
    (tmp_path / "项目").mkdir()
    monkeypatch.chdir(tmp_path / "项目")
    failure = Failure(kind="expect", essence="不行", place=place, location=location)

    assert find_report_place(failure, tmp_path) == found


class Screen:
    """What is written to pytest's terminal, each line with its colours."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def line(self, text: str, **colours: bool) -> None:
        assert all(colours.values())
        self.lines.append(text)


def test_of_a_repeated_failure_headline_and_command_are_shown() -> None:
    text = FailureText.from_worker("没有变量\n  at a.yaml:3\nrerun: pytest a\n细节", "a.yaml", 3)
    whole, short = Screen(), Screen()
    text.toterminal(whole)
    text.repeats = "a.yaml::付款"
    text.toterminal(short)

    assert (text.reprcrash.path, text.reprcrash.lineno) == ("a.yaml", 3)
    assert text.reprcrash.message == "没有变量"
    assert whole.lines == text.splitlines()
    assert short.lines == [
        "没有变量", "the same cause as of a.yaml::付款, above", "rerun: pytest a"
    ]  # fmt: skip


# ---------------------------------------------------------------------------- faults of markers


@pytest.mark.parametrize(
    ("on", "options", "told"),
    [
        ("crm.create_order", {"status": 503}, "crm.create_order -> status 503"),
        ("crm.*", {"call": 2, "token": "expired"}, None),
        ("*", {"call": "1-3", "delay": "2s"}, None),
        ("crm.create_order", {}, ""),
        ("crm.create_order", {"status": 1}, ""),
        ("crm", {"status": 503}, ""),
        ("crm.create_order", {"stauts": 503}, ""),
        ("crm.create_order", {"call": "3-1", "status": 503}, ""),
        ("crm.create_order", {"call": 0, "status": 503}, ""),
        ("crm.create_order", {"status": 503, "body": b"x"}, ""),
        ("crm.create_order", {"status": 503, "body": {"额": float("nan")}}, ""),
        ("crm.create_order", {"status": 503, "body": {1, 2}}, ""),
    ],
)
def test_a_fault_of_a_marker_is_as_in_a_scenario(
    on: str, options: dict[str, Any], told: str | None
) -> None:
    if told == "":
        with pytest.raises(ConfigError):
            python_tests.make_fault(on, **options)
        return
    rule = python_tests.make_fault(on, **options)
    assert str(rule).startswith(on)
    if told:
        assert f"{rule} -> {describe_fault(rule)}" == told


def fault(*args: Any, **kwargs: Any) -> Any:
    return pytest.mark.bpmax_fault(*args, **kwargs).mark


@pytest.mark.parametrize(
    ("marks", "told"),
    [
        ([], []),
        ([fault("crm.get", status=503)], ["crm.get -> status 503"]),
        (
            # the nearest comes first in pytest, and last in the source
            [fault("c.*", status=500), fault("b.*", do={"status": 501}), fault("a.*", status=502)],
            ["a.* -> status 502", "b.* -> status 501", "c.* -> status 500"],
        ),
        ([fault("crm.get", status=503, do={"status": 504})], ["crm.get -> status 504"]),
        ([fault("crm.get", do=5)], "do: expected a mapping, got 5"),
        ([fault(status=503)], "the marker bpmax_fault takes one target, such as "),
        ([fault("a.*", "b.*", status=503)], "the marker bpmax_fault takes one target, such as "),
        ([fault(7, status=503)], "the marker bpmax_fault takes one target, such as "),
        ([fault("crm.get", status=503, body=b"x")], "fault on crm.get: Object of type bytes"),
    ],
)  # fmt: skip
def test_faults_of_markers_are_in_the_order_of_the_source(
    marks: list[Any], told: list[str] | str
) -> None:
    node: Any = SimpleNamespace(iter_markers=lambda _name: iter(marks))
    if isinstance(told, str):
        with pytest.raises(ConfigError) as refused:
            [*python_tests.read_fault_markers(node)]
        assert str(refused.value).startswith(told)
        return
    rules = python_tests.read_fault_markers(node)
    assert [f"{rule} -> {describe_fault(rule)}" for rule in rules] == told


# ---------------------------------------------------------------------------- secrets


class Vault:
    """A session that hides one word."""

    def redact(self, text: str) -> str:
        return text.replace("口令", "***")


@pytest.fixture(name="hidden")
def hiding(request: pytest.FixtureRequest) -> Iterator[Vault]:
    vault = Vault()
    python_tests.register_output_redaction(request.node, vault.redact)
    yield vault
    python_tests.release_ended_redactions(request.config)


@pytest.mark.usefixtures("hidden")
def test_each_text_of_a_value_is_hidden() -> None:
    value = ["口令", ("甲", "口令2"), {"口令": 1}, 7, None, msg("{a} 口令", a="口令")]

    assert python_tests.redact_pytest_value(value) == [
        "***", ("甲", "***2"), {"口令": 1}, 7, None, "*** ***"
    ]  # fmt: skip
    assert python_tests._redact_property({"口令": ["口令"]}) == {"***": ["***"]}
    assert python_tests._redact_property(7) == 7
    assert python_tests._redact_property(SimpleNamespace(a="口令")) == "namespace(a='***')"


@pytest.mark.usefixtures("hidden")
def test_an_error_and_all_that_is_behind_it_is_hidden_for_a_time() -> None:
    inner, beside = KeyError("口令", 3), ValueError("没有")
    group = ExceptionGroup("几个 口令", [inner, beside])
    outer = RuntimeError("外 口令")
    outer.__cause__ = group
    outer.__context__ = outer  # a circle
    inner.add_note("口令")

    with python_tests.redact_error_temporarily(outer):
        assert (outer.args, inner.args, inner.__notes__) == (("外 ***",), ("***", 3), ["***"])
        assert beside.args == ("没有",)
    assert (outer.args, inner.args, inner.__notes__) == (("外 口令",), ("口令", 3), ["口令"])
    with python_tests.redact_error_temporarily(None):
        pass


def test_when_a_test_has_ended_nothing_of_it_is_hidden(request: pytest.FixtureRequest) -> None:
    vault = Vault()
    python_tests.register_output_redaction(request.node, vault.redact)
    assert python_tests.redact_for_running_tests("口令") == "***"

    python_tests.release_ended_redactions(request.config)
    assert python_tests.redact_for_running_tests("口令") == "口令"
    python_tests.keep_redacting_for_open_sessions(request.node)
    assert python_tests.redact_for_running_tests("口令") == "***"
    python_tests.release_ended_redactions(request.config)
    del vault
    python_tests.keep_redacting_for_open_sessions(request.node)
    assert python_tests.redact_for_running_tests("口令") == "口令"


@pytest.mark.usefixtures("hidden")
def test_each_text_of_a_report_is_hidden() -> None:
    report = pytest.TestReport(
        "test_付款.py::test_大额",
        ("test_付款.py", 3, "test_大额"),
        {},
        "skipped",
        "口令 不对",
        "call",
        sections=[("Captured stdout call", "口令 1"), ("calls", "无")],
        user_properties=[("口令", "口令"), ("次数", 7), ("值", ("甲", "口令"))],
        wasxfail="因为 口令",
    )
    python_tests.redact_report(report)

    assert (report.longrepr, report.wasxfail) == ("*** 不对", "因为 ***")
    assert report.sections == [("Captured stdout call", "*** 1"), ("calls", "无")]
    assert report.user_properties == [("***", "***"), ("次数", 7), ("值", ("甲", "***"))]
    assert not hasattr(report, "context")
    plain = pytest.TestReport("a.py::a", ("a.py", 0, "a"), {}, "passed", None, "call")
    python_tests.redact_report(plain)
    assert (plain.longrepr, hasattr(plain, "wasxfail")) == (None, False)


class NumberedWarning(UserWarning):
    """A warning that writes its text itself."""

    def __str__(self) -> str:
        return "口令 7 号"


@pytest.mark.usefixtures("hidden")
@pytest.mark.parametrize(
    ("warning", "text", "category"),
    [
        (DeprecationWarning("旧口令"), "旧***", DeprecationWarning),
        (DeprecationWarning("旧名"), "旧名", DeprecationWarning),
        (NumberedWarning(), "*** 7 号", UserWarning),
    ],
)
def test_a_warning_keeps_its_category_where_its_text_is_taken(
    warning: Warning, text: str, category: type[Warning]
) -> None:
    recorded = warnings.WarningMessage(warning, type(warning), "scripts/口令.py", 3)
    python_tests.pytest_warning_recorded(recorded)

    assert (str(recorded.message), recorded.filename) == (text, "scripts/***.py")
    assert type(recorded.message) is category


class PartReport(pytest.TestReport):
    """A report of a part of a test, such as a subtest."""


def test_the_report_of_a_part_of_a_test_is_hidden_where_others_are_already(hidden: Vault) -> None:
    texts = {}
    for kind in (PartReport, pytest.TestReport):
        report: Any = kind("a.py::a", ("a.py", 0, "a"), {}, "failed", "口令", "call")
        report.context = SimpleNamespace(msg="口令 1", kwargs={"键": "口令", "次数": 3})
        python_tests.pytest_runtest_logreport(report)
        texts[kind] = report.longrepr, report.context

    assert texts[PartReport] == (
        "***", SimpleNamespace(msg="*** 1", kwargs={"键": "***", "次数": 3})
    )  # fmt: skip
    assert texts[pytest.TestReport][0] == "口令"  # its hook has hidden it before
    assert hidden.redact("口令") == "***"


@pytest.mark.usefixtures("hidden")
def test_what_pytest_has_collected_for_junit_is_hidden() -> None:
    nodes = [SimpleNamespace(attrs={"name": f"test[口令{n}]", "line": "3"}) for n in range(3)]
    properties = [("口令", "甲口令"), ("次数", "3")]
    xml = SimpleNamespace(global_properties=properties, node_reporters=dict(enumerate(nodes)))
    config: Any = SimpleNamespace(stash={xml_key: xml})
    python_tests.redact_junit(config)

    assert xml.global_properties is properties
    assert properties == [("***", "甲***"), ("次数", "3")]
    assert [one.attrs for one in nodes] == [
        {"name": f"test[***{n}]", "line": "3"} for n in range(3)
    ]
    nothing: Any = SimpleNamespace(stash={})
    python_tests.redact_junit(nothing)


# ---------------------------------------------------------------------------- in the user's words


NO_ADMINS = "the flow has no admins; declare them"
CHINESE = "流程没有管理员，请声明 admins"


@pytest.mark.parametrize(
    ("errors", "language", "text"),
    [
        ([ConfigError(NO_ADMINS)], "zh", CHINESE),
        ([ConfigError(NO_ADMINS)], "en", None),
        ([ConfigError("完全没有")], "zh", None),
        ([ConfigError("完全没有"), ConfigError(NO_ADMINS)], "zh", f"完全没有\n\n{CHINESE}"),
        ([ValueError("x"), ConfigError(NO_ADMINS)], "zh", CHINESE),
        ([ConfigError(NO_ADMINS), ConfigError(NO_ADMINS)], "zh", CHINESE),
        ([], "zh", None),
    ],
)
def test_errors_of_ours_are_told_again_where_the_user_reads_another_language(
    errors: list[Exception], language: str, text: str | None
) -> None:
    for error, cause in pairwise(errors):
        error.__cause__ = cause
    report = pytest.TestReport("a.py::a", ("a.py", 0, "a"), {}, "failed", "x", "call")
    before = get_current_language()
    choose_language(language)
    try:
        python_tests.add_translated_errors(report, next(iter(errors), None))
    finally:
        choose_language(before)

    assert report.sections == ([] if text is None else [("bpmax-sim", text)])


@pytest.mark.parametrize("earlier", [True, False])
def test_a_name_is_held_against_the_secrets_of_its_own_sessions(
    request: pytest.FixtureRequest, recwarn: pytest.WarningsRecorder, earlier: bool
) -> None:
    """How long those of an earlier test live depends on when garbage is collected."""

    class Named(Vault):
        def redact(self, text: str) -> str:
            return text.replace("test_a_name", "***")

    vault = Named()
    python_tests.register_output_redaction(request.node, vault.redact)
    if earlier:
        python_tests.release_ended_redactions(request.config)
        python_tests.keep_redacting_for_open_sessions(request.node)
    python_tests.warn_of_secret_name(request.node)
    python_tests.release_ended_redactions(request.config)
    assert len(recwarn) == int(not earlier)
