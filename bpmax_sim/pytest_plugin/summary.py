"""The section at the end of a pytest run; nothing is printed where the plugin is not used.

In GitHub Actions also annotations and a step summary. GitHub shows ten errors of a step, so no more
are written. All texts were redacted when they were made.
"""

from __future__ import annotations

import os
import re
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

import bpmax_sim
from bpmax_sim.errors import BpmaxWarning, ConfigError, Place, Problem, shorten_list
from bpmax_sim.file_names import to_relative_name
from bpmax_sim.i18n import join_messages, msg, plural, translate
from bpmax_sim.project import SUFFIX
from bpmax_sim.pytest_plugin import options, sharding
from bpmax_sim.pytest_plugin.items import FailureText
from bpmax_sim.pytest_plugin.options import to_display_path
from bpmax_sim.pytest_plugin.run_stats import Tally, get_tally
from bpmax_sim.report.exit_codes import ExitCode, choose_exit_code
from bpmax_sim.report.failure_causes import group_by_cause
from bpmax_sim.report.sections import SECTIONS, store_section
from bpmax_sim.report.terminal import (
    BY_OUTCOME,
    BY_SOURCE,
    describe_cause_with_count,
    format_counts,
    format_workflow_annotation,
    relative_to_checkout,
)
from bpmax_sim.report.trace_failures import decode_failure_cause
from bpmax_sim.report.usage import (
    Covers,
    gather_evidence,
    may_merge_on_other_machine,
    store_evidence,
)
from bpmax_sim.scenario.source import Failure, RunWarning
from bpmax_sim.session.settings import is_login_recording

if TYPE_CHECKING:
    from bpmax_sim.pytest_plugin.script_hits import CoverageResult
    from bpmax_sim.report.script_coverage import CoveredScript

_MOST = 10
_ROWS = 50
_OUTCOMES = ("passed", "failed", "error", "xfailed", "xpassed", "skipped")
_MARKUP = re.compile(r"([\\`*_\[\]<>|#~])")


class GithubAnnotation(msgspec.Struct, frozen=True):
    """A message that GitHub shows at a line of the commit: a failure or a problem of a file."""

    file: str
    line: int
    title: str
    text: str
    column: int = 0

    @property
    def location(self) -> str:
        """Return ``file:line``, or only the file."""
        return f"{self.file}:{self.line}" if self.line else self.file


def write_annotations_and_summary(
    reporter: pytest.TerminalReporter, config: pytest.Config, lines: Sequence[str]
) -> None:
    """Write what GitHub shows: annotations for failures, and the step summary (a Markdown file).

    The summary has *lines* about the run. Nothing is written outside of GitHub Actions.
    """
    if os.environ.get("GITHUB_ACTIONS") != "true":
        return
    notes = list(_find_failures(reporter.stats, config))
    if notes and not config.pluginmanager.hasplugin("pytest_github_actions_annotate_failures"):
        reporter.ensure_newline()
        for note in notes[:_MOST]:
            reporter.write_line(format_workflow_command(note))
    path = os.environ.get("GITHUB_STEP_SUMMARY")
    text = format_summary(_count_scenario_outcomes(reporter.stats), notes, lines)
    if path and text:
        with suppress(OSError), Path(path).open("a", encoding="utf-8", newline="\n") as file:
            file.write(translate(text))


def format_workflow_command(note: GithubAnnotation) -> str:
    """Return *note* as a line of output that GitHub turns into an annotation.

    It looks like ``::error file=…,line=…::message``.
    """
    return format_workflow_annotation(
        note.text, file=note.file, line=note.line, column=note.column, title=note.title
    )


def format_summary(
    outcomes: Mapping[str, int], notes: Sequence[GithubAnnotation], lines: Iterable[str]
) -> str:
    """Return the Markdown of GitHub's step summary, a page about the run of a workflow.

    "" if no scenario ran and there are no *notes*.

    Args:
        outcomes: number of scenarios by outcome.
        notes: failures and problems, listed in a table.
        lines: further lines about the run.
    """
    if not outcomes and not notes:
        return ""
    counted = format_counts(outcomes, BY_OUTCOME)
    parts = [msg("### bpmax-sim: {counted}", counted=(counted or msg("not collected"))), ""]
    if notes:
        rows = [
            f"| {_escape_cell(n.title)} | {_escape_cell(n.location)} | {_escape_cell(n.text)} |"
            for n in notes
        ]
        left = len(rows) - _ROWS
        parts += [msg("| scenario | where | what |"), "| --- | --- | --- |", *rows[:_ROWS]]
        parts += ["", msg("and {left} more", left=left)] if left > 0 else []
        parts += [""]
    parts += [f"* {_escape_cell(line)}" for line in lines]
    return join_messages("\n", [*parts, "", ""])


def _escape_cell(text: str) -> str:
    return _MARKUP.sub(r"\\\1", join_messages(" ", text.split()))


def _list_scenario_reports(stats: Mapping[str, Sequence[Any]], outcome: str) -> Iterator[Any]:
    return (report for report in stats.get(outcome, ()) if SUFFIX in getattr(report, "nodeid", ""))


def _group_repeated_failures(stats: Mapping[str, Sequence[Any]]) -> list[list[tuple[Any, Failure]]]:
    """Return groups of failed scenarios with the same cause, each report with its first failure.

    Causes of only one scenario are left out.
    """
    failed = (
        (report, decode_failure_cause(packed))
        for report in _list_scenario_reports(stats, "failed")
        if (packed := getattr(report, "bpmax_failure", ""))
    )
    return [alike for alike in group_by_cause(failed).values() if len(alike) > 1]


def shorten_repeated_failures(reporter: pytest.TerminalReporter) -> None:
    """Mark failures whose cause an earlier test shows in full.

    They show only headline and command.
    """
    for (first, _), *others in _group_repeated_failures(reporter.stats):
        for report, _ in others:
            if isinstance(report.longrepr, FailureText):
                report.longrepr.repeats = first.nodeid


def _count_scenario_outcomes(stats: Mapping[str, Sequence[Any]]) -> Counter[str]:
    counted = {
        outcome: sum(1 for _ in _list_scenario_reports(stats, outcome)) for outcome in _OUTCOMES
    }
    return Counter({outcome: count for outcome, count in counted.items() if count})


def _find_failures(
    stats: Mapping[str, Sequence[Any]], config: pytest.Config
) -> Iterator[GithubAnnotation]:
    for outcome in ("error", "failed"):
        for report in _list_scenario_reports(stats, outcome):
            if isinstance(report, pytest.CollectReport):
                yield from _annotate_collection_problems(report, config)
                continue
            file, line, name = report.location
            crash = getattr(report.longrepr, "reprcrash", None)
            text = str(crash.message if crash else report.longrepr)  # text, where a worker sent it
            headline = next(iter(text.splitlines()), "failed")
            yield GithubAnnotation(
                relative_to_checkout(config.rootpath / file), (line or 0) + 1, name, headline
            )


def _annotate_collection_problems(
    report: pytest.CollectReport, config: pytest.Config
) -> Iterator[GithubAnnotation]:
    """Yield an annotation for each problem of a scenario file that could not be collected."""
    name = report.nodeid.rpartition("/")[2]
    for file, line, column, text in getattr(report, "bpmax_problems", ()):
        yield GithubAnnotation(
            relative_to_checkout(config.invocation_params.dir / file), line, name, text, column
        )


def choose_session_exit_code(session: pytest.Session, tally: Tally) -> int:
    """Return the exit code that `bpmax-sim run` would have; pytest's own code if it ended early."""
    if tally.interrupted:
        return int(ExitCode.INTERRUPTED)
    if session.exitstatus not in _FINISHED and not tally.broken:
        return int(session.exitstatus)
    codes = {ExitCode(code) for code in tally.codes}
    codes |= {ExitCode.USAGE} if tally.broken else set()
    codes |= {ExitCode.FAILED} if session.testsfailed else set()
    codes |= {ExitCode.REVIEW} if tally.waiting else set()
    return int(choose_exit_code(codes))


_NARROWING = ("lf", "stepwise", "collectonly", "ignore", "ignore_glob")
_FINISHED = (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED)


def judge_unused_parts(session: pytest.Session, tally: Tally) -> None:
    """Judge the declared parts (stubs, handlers …) that no row of their scenario file used.

    Depending on the kind of part and the strictness of the folder, each fails the run or is a
    warning, which ``-W error`` turns into a failure.
    """
    runs, failed = tally.get_part_use_by_file(), False
    for file, parts in groupby(runs.find_failing_unused_parts(), key=itemgetter(0)):
        _fail_file_for_unused_parts(session, file, [part for _, part in parts])
        failed = True
    for part in list(runs.find_tolerated_unused_parts()):
        place = part.place or Place("")
        try:
            warnings.warn_explicit(part.message, part.category, place.file, place.line)
        except BpmaxWarning:  # -W error
            failed = True
    if failed:
        tally.codes.add(1)
        if session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED


def _fail_file_for_unused_parts(
    session: pytest.Session, file: str, parts: Sequence[RunWarning]
) -> None:
    """Report, as one failed test named by its *file*, the parts that none of its rows used.

    Terminal, JUnit and other plug-ins count it then; it can only be known after all tests.
    """
    text = translate(join_messages("\n", map(str, parts)))
    name = to_relative_name(Path.cwd() / file, session.config.rootpath)
    line = parts[0].place.line - 1 if parts[0].place else 0
    # A test that was not collected would let the terminal count past 100 %.
    session.testscollected += 1
    # Reports of pytest and its JUnit file close a test with its teardown.
    reports = (("call", "failed", text), ("teardown", "passed", None))
    for when, outcome, longrepr in reports:
        where = (name, line, translate(msg("what no row used")))
        report = pytest.TestReport(name, where, {}, outcome, longrepr, when)  # type: ignore[arg-type]
        session.config.hook.pytest_runtest_logreport(report=report)


def write_summary(
    reporter: pytest.TerminalReporter, exitstatus: int, config: pytest.Config
) -> None:
    """Write the section ``bpmax-sim`` at the end of a run, and the GitHub summary.

    It has failures by cause, calls, unused recordings, coverage, exploration and the report's path.
    """
    tally = get_tally(config)
    groups = _group_repeated_failures(reporter.stats)
    causes = [describe_cause_with_count([failure for _, failure in alike]) for alike in groups]
    lines = [*causes, *_format_summary_lines(tally)]
    lines += _store_durations_and_usage(reporter, exitstatus, config)
    result = _get_coverage(config)
    lines += result.lines if result else []
    lines += _store_and_describe_exploration(config, tally)
    lines += _write_report(reporter, config, tally, result.covered if result else ())
    if lines:
        reporter.write_sep("-", "bpmax-sim")
        for line in lines:
            reporter.write_line(translate(line))
    write_annotations_and_summary(reporter, config, lines)


def _store_and_describe_exploration(config: pytest.Config, tally: Tally) -> Iterator[str]:
    """Store what ``--bpmax-explore`` found for the report page; yield lines with its totals.

    It runs variants of scenarios that pass, with failures and other responses of third parties.
    With ``-v``, the table of calls × failures comes first. Nothing is yielded if none was tried.
    """
    if not tally.explored:
        return
    from bpmax_sim.explore import page  # noqa: PLC0415 - only where asked for
    from bpmax_sim.explore import summary as explored  # noqa: PLC0415

    totals = explored.decode_totals(tally.explored)
    store_section(options.find_run_root(config), page.make_section(totals))
    if config.option.verbose > 0:
        yield from explored.format_matrix(explored.make_matrix(totals.cells))
    yield from explored.explain_unjudged_variants(totals)
    yield explored.describe_totals(totals)


def _store_durations_and_usage(
    reporter: pytest.TerminalReporter, exitstatus: int, config: pytest.Config
) -> Iterator[str]:
    """Store the durations of tests, and which recordings they used; yield a line about unused ones.

    Unused recordings are only known after a run of all tests.
    """
    tally, shard = get_tally(config), options.read_option_value(config, "shard")
    broken = reporter.stats.get("error")  # a file that was not collected owns cassettes, too
    has_ended = exitstatus in _FINISHED and not broken and not tally.stopped
    complete = has_ended and _has_collected_all_tests(config, tally)
    reports = [
        report
        for outcome, every in reporter.stats.items()
        if outcome not in {"skipped", "deselected", "warnings"}
        for report in every
        if isinstance(report, pytest.TestReport)
    ]
    sharding.store_durations(config, reports, complete=complete)
    if complete and shard is None:
        yield from _list_unowned_cassettes(tally)
    if complete or (has_ended and options.read_option_value(config, "job", "")):
        _store_recording_usage(config, tally, is_complete=complete)


def _write_report(
    reporter: pytest.TerminalReporter,
    config: pytest.Config,
    tally: Tally,
    covered: Sequence[CoveredScript],
) -> list[str]:
    """Write the report page, if enabled, and return lines with its path.

    Where no scenario ran, the page of an earlier run is removed: it would be read as this one's.
    """
    path = options.choose_report_path(config)
    if not path:
        return []
    problems = list(_describe_unreadable_files(reporter.stats, config))
    if not (tally.traces or problems):
        with suppress(OSError):
            # An old page would be taken for that of this run.
            path.unlink(missing_ok=True)
        return []
    from bpmax_sim.report.editor_links import make_editor_url_template  # noqa: PLC0415 - with a page only
    from bpmax_sim.report.html import write_page  # noqa: PLC0415 - only where it is wanted

    traces = [Path(trace) for trace in sorted(tally.traces)]
    has_found = tally.explored or options.read_option_value(config, "challenge")
    version = bpmax_sim.__version__
    try:
        write_page(
            path,
            traces,
            version=version,
            problems=problems,
            covered=covered,
            editor=make_editor_url_template(options.find_run_root(config)),
            section_folders=[options.find_run_root(config) / SECTIONS] if has_found else [],
        )
    except ConfigError as error:  # the tests passed or failed all the same
        return [str(error)]
    return [msg("report: {path}", path=to_display_path(path))]


def _get_coverage(config: pytest.Config) -> CoverageResult | None:
    """Return the coverage of scripts; None if it is not enabled, or before the run has ended."""
    if not options.read_option_value(config, "cov"):
        return None
    from bpmax_sim.pytest_plugin.script_hits import get_coverage_result  # noqa: PLC0415 - where asked for

    return get_coverage_result(config)


def _format_summary_lines(tally: Tally) -> Iterator[str]:
    """Yield lines about the calls and recordings of a run, one for each topic that occurred.

    The topics are calls by source, unplayed exchanges, recordings that wait for review, values that
    look like secrets, and secrets that platform files should declare (`Session.standin_notes`).
    """
    if tally.used or tally.calls:
        by_source = format_counts(tally.calls, BY_SOURCE)
        logins = plural(tally.logins, ", {number} of them a login", ", {number} of them logins")
        used = plural(len(tally.used), "{number} cassette", "{number} cassettes")
        yield msg(
            "{calls}{message}{logins}{cassettes}",
            calls=plural(sum(tally.calls.values()), "{number} call", "{number} calls"),
            message=msg(" ({by_source})", by_source=by_source) if by_source else "",
            logins=logins if tally.logins else "",
            cassettes=msg("; {cassettes}", cassettes=used) if tally.used else "",
        )
    if tally.unplayed:
        total = plural(sum(tally.unplayed.values()), "{number} exchange", "{number} exchanges")
        yield msg(
            "not played: {total} in {list}", total=total, list=_format_files(sorted(tally.unplayed))
        )
    if tally.waiting:
        yield msg(
            "wait for review: {list}; bpmax-sim review", list=_format_files(sorted(tally.waiting))
        )
    if tally.unrecognised:
        from bpmax_sim.session.session import describe_possible_secrets  # noqa: PLC0415 - seldom needed

        yield describe_possible_secrets(sorted(tally.unrecognised))
    yield from sorted(tally.undeclared)


def _describe_unreadable_files(
    stats: Mapping[str, Sequence[Any]], config: pytest.Config
) -> Iterator[str]:
    """Yield the problems of scenario files that could not be collected, each with its place."""
    for report in _list_scenario_reports(stats, "error"):
        if isinstance(report, pytest.CollectReport):
            for note in _annotate_collection_problems(report, config):
                yield str(Problem(note.text, Place(note.file, note.line, note.column)))


def _list_unowned_cassettes(tally: Tally) -> Iterator[str]:
    """Yield a message with the cassettes that no collected test owns.

    They are never deleted here.
    """
    used = tally.owned | tally.cassettes
    orphans = [
        str(path)
        for folder in map(Path, sorted(tally.folders))
        for path in sorted(folder.rglob("*.yaml"))
        if str(path) not in used and not is_login_recording(path, folder)
    ]
    if orphans:
        yield msg(
            "orphans, no test uses them: {list}; bpmax-sim cassette prune",
            list=_format_files(orphans),
        )


def _store_recording_usage(config: pytest.Config, tally: Tally, *, is_complete: bool) -> None:
    """Store the usage of recordings for `bpmax-sim cassette prune`.

    *is_complete* is whether the run included all tests; otherwise what it did not use may
    still be needed.
    """
    job, shard = (
        options.read_option_value(config, "job", ""),
        options.read_option_value(config, "shard"),
    )
    if tally.cassettes or shard is not None:
        root = options.find_run_root(config)
        covers: Covers = "project" if is_complete else "part"
        is_shared = may_merge_on_other_machine(job, shard)
        evidence = gather_evidence(tally, root, covers, is_shared=is_shared)
        store_evidence(evidence, root, job or ("" if shard else "pytest"), shard)


def _has_collected_all_tests(config: pytest.Config, tally: Tally) -> bool:
    """Return whether all tests were collected, as by ``pytest`` without arguments in the root."""
    return (
        not tally.partial
        and not any(config.getoption(name, False) for name in _NARROWING)
        and config.args_source.name in {"TESTPATHS", "INVOCATION_DIR"}
        and config.invocation_params.dir in {config.rootpath, options.find_run_root(config)}
    )


def _format_files(paths: Iterable[str]) -> str:
    return shorten_list((to_display_path(Path(path)) for path in paths), 5)
