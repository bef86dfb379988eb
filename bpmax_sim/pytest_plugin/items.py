"""Scenario files as pytest modules, and scenarios or rows as functions in them.

They are real `pytest.Module` and `pytest.Function` nodes, because module-scoped fixtures, IDE test
trees and reporting plugins support nothing else. A failure is a text with a place to annotate.
``--bpmax-tb`` adds Python tracebacks, without local variables, which contain credentials.
"""

from __future__ import annotations

import dataclasses
import math
import os
import re
import time
import traceback
import warnings
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import msgspec
import pytest
from msgspec.structs import replace

from bpmax_sim.errors import BpmaxError, ConfigError, Place, ScriptError
from bpmax_sim.file_names import to_relative_name
from bpmax_sim.file_system import shell_quote
from bpmax_sim.i18n import change_english_text, join_messages, label_message, msg, translate
from bpmax_sim.index.items import ItemFinder, ProjectItem
from bpmax_sim.platform.load import load_platforms
from bpmax_sim.project import SUFFIX
from bpmax_sim.pytest_plugin import options
from bpmax_sim.pytest_plugin import session_options as of_test
from bpmax_sim.pytest_plugin.python_tests import add_router_to_session, read_fault_markers
from bpmax_sim.pytest_plugin.run_stats import get_tally
from bpmax_sim.pytest_plugin.session_options import COMMANDS, choose_option, read_marker_options
from bpmax_sim.pytest_plugin.stash import FINDER, GUARD
from bpmax_sim.report.console import format_console_section
from bpmax_sim.report.exit_codes import ExitCode
from bpmax_sim.report.junit import list_properties
from bpmax_sim.report.perform import PerformOptions, fail_unstarted_item, perform, skip_item
from bpmax_sim.report.terminal import Verdict, format_call_line
from bpmax_sim.report.trace_failures import encode_failure_cause
from bpmax_sim.report.usage import may_merge_on_other_machine
from bpmax_sim.scenario.calls import CallMade
from bpmax_sim.scenario.events import Event
from bpmax_sim.scenario.load import ScenarioItem, find_unread_variables
from bpmax_sim.scenario.names import find_unknown_instance_problem
from bpmax_sim.scenario.outcome import read_flag_reason
from bpmax_sim.scenario.source import (
    LONGEST,
    Failure,
    RunWarning,
    choose_failure_line_style,
    render_failure,
)
from bpmax_sim.secret.vault import Redact
from bpmax_sim.session.options import list_options_for
from bpmax_sim.session.session import Session


class ScenarioFailedError(AssertionError):
    """Raised if a scenario failed; the message is the headline of its first failure.

    Attributes:
        failures: all failures, at least one.
        redact: function that hides the secrets of the run in a text.
    """

    def __init__(self, failures: Sequence[Failure], redact: Redact = str) -> None:
        """Store *failures*, at least one, and the redaction of the run's secrets."""
        self.failures = tuple(failures)
        self.redact = redact
        super().__init__(failures[0].headline)

    def __str__(self) -> str:
        """Return the message in the reader's language, as Allure reads it from the exception."""
        return translate(self.failures[0].headline)


class FailureLocation(msgspec.Struct, frozen=True):
    """Place and one-line message of a failure, as JUnit and the short summary read it."""

    path: str
    lineno: int
    message: str


class FailureText(str):  # noqa: SLOT000 - it carries reprcrash
    """The text of a failure. It is a ``str``, because reporting plugins understand only that.

    Attributes:
        reprcrash: place and one-line message, under the name by which pytest reads them.
        repeats: id of an earlier test whose failure has the same cause and is shown in full.
    """

    reprcrash: FailureLocation
    repeats = ""

    @classmethod
    def from_failures(cls, failures: Sequence[Failure], more: str = "") -> FailureText:
        """Return the full text of the first failure, the headlines of the others, and *more*.

        *more* is put at the end, such as the Python tracebacks; "" for nothing.
        """
        first = failures[0]
        others = [msg("also: {headline}", headline=failure.headline) for failure in failures[1:]]
        lines = _append_other_failures(render_failure(first).splitlines(), others)
        shown = [translate(line) for line in [*lines, *(["", more] if more else [])]]
        text = cls("\n".join(shown))
        place = first.location or first.place or Place("")
        text.reprcrash = FailureLocation(place.file, place.line, translate(first.headline))
        return text

    @classmethod
    def from_worker(cls, text: str, path: str, line: int) -> FailureText:
        """Return the object for the plain string *text* that a pytest-xdist worker sent.

        *path* and *line* are the place of the failure; its message is the first line of *text*.
        """
        copy = cls(text)
        copy.reprcrash = FailureLocation(path, line, text.partition("\n")[0])
        return copy

    def toterminal(self, tw: Any) -> None:
        """Write the text to pytest's terminal, in colour if the terminal has colours."""
        lines = self.splitlines()
        if self.repeats:
            label = translate(msg("rerun: {rerun}", rerun=""))
            same = msg("the same cause as of {test}, above", test=self.repeats)
            lines = [lines[0], translate(same), *(one for one in lines if one.startswith(label))]
        for number, line in enumerate(lines):
            tw.line(line, **dict.fromkeys(choose_failure_line_style(line, number).split(), True))


def _append_other_failures(lines: list[str], others: list[str]) -> list[str]:
    """Return *lines* followed by *others*, one line for each further failure.

    Both are cut, so that the text has at most `LONGEST` lines. If further failures are left out,
    the last line says how many.
    """
    if not others:
        return lines
    room = max(LONGEST - len(lines), 1)
    if (left := len(others) - room) > 0:
        more = msg("also: {others_count} more failures", others_count=left + 1)
        others = [*others[: room - 1], more]
    return [*lines[: LONGEST - len(others)], *others]


def format_calls_section(calls: Sequence[CallMade], max_calls: int) -> str:
    """Return calls as text with one line each; of more than *max_calls* calls only the latest.

    "" if there are none, or *max_calls* is 0.
    """
    if not calls or max_calls < 1:
        return ""
    if (left := len(calls) - max_calls) <= 0:
        return join_messages("\n", map(format_call_line, calls))
    head = msg("… {left} earlier calls", left=left + 1)
    return join_messages("\n", [head, *map(format_call_line, calls[left + 1 :])])


class ReportPlace(NamedTuple):
    """Where a report of pytest says that a failure is.

    Attributes:
        file: path relative to pytest's root.
        line_from_0: line, counted from 0 as in pytest's reports.
    """

    file: str
    line_from_0: int


def find_report_place(failure: Failure, root: Path) -> ReportPlace | None:
    """Return where CI and JUnit show *failure*: at the failed step; None if no line is known.

    The file is relative to *root*.
    """
    place = failure.location or failure.place
    if place is None or not place.line:
        return None
    return ReportPlace(to_relative_name(Path.cwd() / place.file, root), place.line - 1)


_NOTHING = msg("no exception is behind this: the run went on and was compared")


def format_tracebacks(failures: Sequence[Failure], redact: Redact) -> str:
    """Return the Python tracebacks of *failures*, each with the script's stack."""
    parts = [part for failure in failures if failure.cause for part in _format_traceback(failure)]
    return redact(join_messages("\n", parts)) if parts else _NOTHING


def _format_traceback(failure: Failure) -> Iterator[str]:
    yield msg("behind: {headline}", headline=failure.headline)
    error = failure.cause
    while error is not None:
        if isinstance(error, ScriptError) and error.stack:
            yield msg("Script stack (innermost call first):")
            yield from (f"  {frame}" for frame in error.stack)
        error = error.__cause__
    yield join_messages("", traceback.format_exception(failure.cause)).rstrip()


VERDICT = pytest.StashKey[Verdict]()
_TAGS = pytest.StashKey[set[str]]()


class ScenarioFile(pytest.Module):
    """A ``*.scenario.yaml`` file.

    Attributes:
        bpmax_problems: problems of the file as tuples of file, line, column and text, which
            pytest-xdist can serialise.
    """

    bpmax_problems: Sequence[tuple[str, int, int, str]] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Create the node with an empty Python module in place of an imported one."""
        super().__init__(*args, **kwargs)
        name = re.sub(r"\W", "_", self.path.name.removesuffix(SUFFIX))
        self.obj = ModuleType(f"{name}_scenario")
        self.obj.__file__ = str(self.path)

    def collect(self) -> Iterator[pytest.Item]:
        """Yield one test for each row of the scenario's table, or one if it has no table.

        Raises:
            CollectError: if the file has problems; one line for each.
        """
        try:
            variables = options.read_variables(self.config)
            finder = self.config.stash.setdefault(FINDER, ItemFinder())
            result = finder.list_items(self.path, variables, of_test.find_project_root(self))
        except ConfigError as error:
            get_tally(self.config).note_broken(self.nodeid)
            self.bpmax_problems = [
                (place.file, place.line, place.column, translate(str(replace(problem, place=None))))
                for problem in error.problems
                if (place := problem.place)
            ]
            raise self.CollectError(translate(str(error))) from None
        folder = of_test.find_cassettes_folder(self)
        for item in result:
            yield self._make_scenario_test(item, folder)

    def _make_scenario_test(self, found: ProjectItem, folder: Path) -> pytest.Item:
        item = found.header
        # `callobj`: pytest would look the function up by its name in the module, which is empty.
        test: ScenarioTest = ScenarioTest.from_parent(self, name=item.one_line_name, callobj=play)
        test.found = found
        test.add_marker("bpmax_scenario")
        known = self.config.stash.setdefault(_TAGS, set())
        for tag in item.tags:
            # Registered for --strict-markers, and once: pytest keeps every line that it is given.
            if tag not in known:
                known.add(tag)
                self.config.addinivalue_line("markers", msg("{tag}: tag of scenarios", tag=tag))
            test.add_marker(tag)
        if item.skip:
            test.add_marker(pytest.mark.skip(reason=read_flag_reason(item.skip)))
        test.cassettes = folder
        cassette = f"{folder}{os.sep}{item.cassette}.yaml".replace("/", os.sep)
        get_tally(self.config).note_owner(cassette, str(folder), owner=item.name, test=self.path)
        return test


class ScenarioTest(pytest.Function):
    """The pytest item of a scenario, or of one row of its table. The file is loaded when it runs.

    Attributes:
        found: scenario or row as the project's index of scenario files has it.
        cassettes: folder of its cassette.
    """

    found: ProjectItem
    cassettes: Path

    @property
    def scenario(self) -> ScenarioItem:
        """Return the scenario, loaded from its file.

        The test fails if that is not valid any more.
        """
        try:
            return self.found.load()
        except ConfigError as error:
            raise pytest.fail.Exception(translate(str(error)), pytrace=False) from None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Set the id that pytest will read back from its cache.

        Since 9.2 pytest compares ids by their parts, and fills in the parameter part only for
        functions that it made itself. Without this, ``--lf`` would not find a row again.
        """
        super().__init__(*args, **kwargs)
        parts = getattr(self, "_id", None)
        if parts is not None:
            self._id = type(parts).parse(self.nodeid)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Return file, line from 0, and name; for a table row, its place in the table."""
        place = self.found.header.place
        path = os.path.normpath(Path.cwd() / place.file) if place.file else self.path
        return Path(path), max(place.line - 1, 0), self.name

    def repr_failure(  # type: ignore[override] # as pytest's own Function has it
        self, excinfo: pytest.ExceptionInfo[BaseException]
    ) -> Any:
        """Return the text of a scenario's failure; other errors are formatted by pytest."""
        error = excinfo.value
        if not isinstance(error, ScenarioFailedError):
            return super().repr_failure(excinfo)
        with_cause = options.read_option_value(self.config, "tb")
        hints = [hint.text for hint in self.stash[VERDICT].live_hints]
        tracebacks = [format_tracebacks(error.failures, error.redact)] if with_cause else []
        more = join_messages("\n", [*hints, *tracebacks])
        return FailureText.from_failures(error.failures, more)

    def has_option_in_file(self, name: str) -> bool:
        """Return whether the scenario file itself sets the option *name*."""
        steps = (name,) if name in {"seed", "clock"} else ("proxy", name)
        return self.scenario.spot.source.root.find_at(steps) is not None


def play(request: pytest.FixtureRequest) -> None:
    """Perform the scenario of the test that makes *request*: the body of every scenario test.

    Raises:
        ScenarioFailedError: if the scenario failed.
    """
    test = request.node
    assert isinstance(test, ScenarioTest)
    sessions: list[Session] = []

    def prepare(session: Session) -> None:
        sessions.append(session)
        add_router_to_session(test, session)
        if session.is_closed:
            test.stash[GUARD].close(options.read_allowed_hosts(test.config))

    try:
        item, asked = _apply_options_and_marks(test), _make_perform_options(test)
    except BpmaxError as error:  # of a marker
        verdict, events = fail_unstarted_item(test.scenario, error, _make_trace_options(test))
    else:
        verdict, events = perform(item, asked, prepare=prepare)
        verdict = _try_third_party_failures(test, item, asked, verdict)
    _add_verdict_to_tally_and_report(test, verdict, sessions)
    _note_parts_for_shared_coverage(test, verdict, events)
    for warning in verdict.warnings:
        _warn_at_place(warning, test)
    if verdict.outcome == "xfailed":
        pytest.xfail(translate(verdict.reason))  # which does nothing under --runxfail
    if verdict.failures:
        failures = [
            substitute_pytest_commands(failure, verdict.item) for failure in verdict.failures
        ]
        redact = sessions[0].redact if sessions else str
        raise ScenarioFailedError(failures, redact) from failures[0].cause


play.__doc__ = None  # Allure describes a test by it


def _try_third_party_failures(
    test: ScenarioTest, item: ScenarioItem, perform_options: PerformOptions, verdict: Verdict
) -> Verdict:
    """With ``--bpmax-explore``, run a passed scenario with failures of third parties, too.

    Return *verdict* with the failures and warnings of these runs; with a failure it has failed. It
    is returned unchanged if it did not pass or exploring is off. *perform_options* has the folder
    of the cassettes.
    """
    if verdict.outcome != "passed" or not options.read_option_value(test.config, "explore"):
        return verdict
    from bpmax_sim.explore.item_result import make_failures, make_warnings  # noqa: PLC0415 - only here
    from bpmax_sim.explore.search import Explorer  # noqa: PLC0415
    from bpmax_sim.explore.summary import encode_totals, sum_totals  # noqa: PLC0415

    end = _get_exploration_deadline(test.config)
    exploration = Explorer(perform_options.cassettes).explore(
        item,
        most=options.read_option_value(test.config, "explore_max"),
        seed=options.read_option_value(test.config, "explore_seed"),
        is_over=lambda: time.monotonic() > end,
    )
    get_tally(test.config).explored.append(encode_totals(sum_totals([exploration])))
    failures = make_failures(exploration)
    warned = (*verdict.warnings, *make_warnings(exploration))
    if not failures:
        return replace(verdict, warnings=warned)
    return replace(
        verdict, outcome="failed", code=ExitCode.FAILED, failures=failures, warnings=warned
    )


_EXPLORED_UNTIL = pytest.StashKey[float]()


def _get_exploration_deadline(config: pytest.Config) -> float:
    """Return the value of `time.monotonic` at which this process stops exploring.

    The time limit (``--bpmax-explore-minutes``) begins with the first call of this function.
    """
    minutes = options.read_option_value(config, "explore_minutes", math.inf)
    end: float = config.stash.setdefault(_EXPLORED_UNTIL, time.monotonic() + 60 * minutes)
    return end


def check_variables_read(session: pytest.Session) -> None:
    """Refuse a ``--bpmax-var`` that no scenario of *session* reads, such as a misspelt one.

    Raises:
        pytest.UsageError: if there is one; a worker of pytest-xdist stops the run instead.
    """
    passed = options.read_cli_and_ini(session.config, "var")[0]
    # One test of each file, as its rows share the text.
    tests = {test.path: test for test in session.items if isinstance(test, ScenarioTest)}
    if passed and tests:
        names = [text.partition("=")[0] for text in passed]
        for text in find_unread_variables(names, (test.scenario for test in tests.values())):
            _refuse(session, "--bpmax-var", text)


def check_instance_exists(session: pytest.Session, key: str) -> None:
    """Refuse ``--bpmax-instance`` *key* if no platform of the tests of *session* has it.

    Raises:
        pytest.UsageError: if there is none; a worker of pytest-xdist stops the run instead.
    """
    files = set[tuple[tuple[Path, ...], Path | None]]()
    for test in session.items:
        chosen: dict[str, Any]
        names = getattr(test, "fixturenames", ())
        with suppress(ConfigError):  # a wrong marker is told where the test runs
            if isinstance(test, ScenarioTest):
                is_set = test.has_option_in_file
                chosen = {**of_test.read_session_options(test, is_set_in_scenario=is_set)}
                folders, instances = test.found.header.platforms_key
            elif "bpmax_session_factory" in names:
                return  # the test's code may name other files
            elif "bpmax_session" in names:
                chosen = {**of_test.read_session_options(test)}
                folders, instances = of_test.list_usual_platform_folders(test), None
            else:
                continue
            files.add(
                (tuple(chosen.get("platforms") or folders), chosen.get("instances") or instances)
            )
    if wrong := find_unknown_instance_problem(key, files):
        _refuse(session, "--bpmax-instance", wrong)


def _refuse(session: pytest.Session, flag: str, wrong: str) -> None:
    error = options.make_usage_error(label_message(flag, wrong))
    if not hasattr(session.config, "workerinput"):
        raise error
    session.shouldstop = str(error)  # what a worker of xdist says to the process of the run


def _warn_at_place(warning: RunWarning, test: ScenarioTest) -> None:
    """Issue *warning* at its place; pytest shows it, and ``-W error`` makes it fail the test.

    No warning registry is passed, so that every item issues its own; the summary merges equal ones.
    """
    place = warning.place or test.found.header.place
    warnings.warn_explicit(warning.message, warning.category, place.file, place.line)


def substitute_pytest_commands(failure: Failure, item: ScenarioItem) -> Failure:
    """Return *failure* with `bpmax-sim` commands replaced by the pytest commands for *item*."""
    arguments = (item.node_id, *item.make_option_arguments("pytest"))
    command = " ".join(("pytest", *map(shell_quote, arguments)))
    record = f"bpmax-sim record {item.selection_arguments}"
    in_mode_record = f"{command} --bpmax-mode=record"
    # The plain `record` command is the beginning of the three with options, so it comes after them.
    words = (
        (f"{record} {_EXTRA}", f"{in_mode_record} {COMMANDS['command_extra']}"),
        (f"{record} {_NEW}", f"{in_mode_record} {COMMANDS['command_new']}"),
        (f"{record} {_REWRITE}", f"{in_mode_record} {COMMANDS['command_rewrite']}"),
        (record, in_mode_record),
        (f"bpmax-sim run {item.selection_arguments}", command),
        (f"bpmax-sim run --mode live {item.selection_arguments}", f"{command} --bpmax-mode=live"),
        (
            f"bpmax-sim run --mode simulate {item.selection_arguments}",
            f"{command} --bpmax-mode=simulate",
        ),
    )

    def replace_commands(text: str) -> str:
        for ours, theirs in words:
            text = text.replace(ours, theirs)
        return text

    rerun = change_english_text(failure.rerun, replace_commands)
    detail = tuple(change_english_text(line, replace_commands) for line in failure.detail)
    return dataclasses.replace(failure, rerun=rerun, detail=detail)


_NEW, _EXTRA, _REWRITE = (
    list_options_for("session")[f"command_{name}"].default for name in ("new", "extra", "rewrite")
)
"""The options that `bpmax-sim record` has in messages."""


def _apply_options_and_marks(test: ScenarioTest) -> ScenarioItem:
    """Return the scenario or row of *test* with what the run sets for it.

    Seed and clock come from options and markers, and the faults, beside its own, from markers. The
    options that a command to run it again repeats come from the command line.

    Raises:
        ConfigError: if a marker is wrong.
    """
    item = test.scenario
    mark = read_marker_options(test)
    chosen = {
        name: choose_option(test.config, mark, name, is_set_in_scenario=test.has_option_in_file)
        for name in ("seed", "clock")
    }
    passed = {name: value for name, value in chosen.items() if value is not None}
    faults = tuple(read_fault_markers(test))
    repeated = options.read_repeated_options(test.config)
    if not (passed or faults or repeated):
        return item
    scenario = replace(item.scenario, **passed)
    faults = (*item.faults, *faults)
    return replace(item, scenario=scenario, faults=faults, cli_options=repeated)


def _make_perform_options(test: ScenarioTest) -> PerformOptions:
    return dataclasses.replace(
        _make_trace_options(test),
        faults=options.read_option_value(test.config, "faults", "on") == "on",
        check=True,
        options=of_test.read_session_options(test, is_set_in_scenario=test.has_option_in_file),
    )


def _make_trace_options(test: ScenarioTest) -> PerformOptions:
    policy = options.read_option_value(test.config, "trace", "on-failure")
    trace = "on" if options.choose_report_path(test.config) else policy
    return PerformOptions(cassettes=test.cassettes, trace=trace)


def _add_verdict_to_tally_and_report(
    test: ScenarioTest, verdict: Verdict, sessions: Sequence[Session]
) -> None:
    """Add a verdict, and the use of recordings in its *sessions*, to the counts of the run.

    Its properties for JUnit (calls, cassette, digest, trace) are added to the test's report.
    """
    test.stash[VERDICT] = verdict
    tally = get_tally(test.config)
    tally.codes.add(int(verdict.code))
    doubtful = any(failure.kind != "unplayed" for failure in verdict.failures)
    for session in sessions:
        tally.add_closed_session(session)
        tally.add_recording_use(session, failed=verdict.outcome == "failed", doubtful=doubtful)
    tally.get_part_use_by_file().add_if_passed(test.scenario, verdict)
    if verdict.trace:
        tally.traces.add(verdict.trace)
    test.user_properties += list_properties(verdict)


def _note_parts_for_shared_coverage(
    test: ScenarioTest, verdict: Verdict, events: Sequence[Event]
) -> None:
    """Note which declared parts (APIs, nodes …) a passed scenario used, for `bpmax-sim coverage`.

    Only if another machine may count the coverage, as in CI: this machine counts it by replaying
    the scenarios.
    """
    config = test.config
    is_counted = may_merge_on_other_machine(
        options.read_option_value(config, "job", ""), options.read_option_value(config, "shard")
    )
    if is_counted and verdict.outcome == "passed":
        from bpmax_sim.check.coverage import PassedRun, find_parts_used_in_run  # noqa: PLC0415 - seldom

        platforms = load_platforms(verdict.item.platforms, instances=verdict.item.instances)
        get_tally(config).touched |= find_parts_used_in_run(
            PassedRun(verdict.item, platforms, events)
        )


def complete_report(
    item: pytest.Item, report: pytest.TestReport, error: BaseException | None
) -> None:
    """Add what happened in a scenario to its pytest report: failure, calls, console.

    *error* is what the test raised, None if it passed. A scenario that pytest skipped before it ran
    gets a trace that says so, and is counted; nothing else is added to its report.
    """
    if not isinstance(item, ScenarioTest):
        return
    if report.when != "call":
        if report.skipped:
            reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else ""
            asked = _make_trace_options(item)
            with suppress(
                pytest.fail.Exception
            ):  # of a file that changed meanwhile nothing is traced
                verdict, _ = skip_item(item.scenario, asked, reason.removeprefix("Skipped: "))
                _add_verdict_to_tally_and_report(item, verdict, ())
        return
    if VERDICT not in item.stash:
        return
    verdict = item.stash[VERDICT]
    count, room = 0, len(verdict.calls)
    if isinstance(error, ScenarioFailedError):
        report.bpmax_failure = encode_failure_cause(error.failures[0])  # type: ignore[attr-defined] # sent
        count = len(error.failures[0].calls)
        room = LONGEST - len(str(report.longrepr).splitlines()) - 1
        if place := find_report_place(error.failures[0], item.config.rootpath):
            report.location = (place.file, place.line_from_0, report.location[2])
    if len(verdict.calls) > count and (text := format_calls_section(verdict.calls, room)):
        report.sections.append((translate(msg("calls")), translate(text)))
    report.sections += format_console_section(verdict.console)
