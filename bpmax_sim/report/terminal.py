"""Convert the events of an item to a verdict with exit code, and verdicts to terminal lines.

Lines use only characters of GBK. The module also writes workflow commands of GitHub Actions, as
documented there: ``::error file=…,line=…::message``, with ``%``, line ends and, in properties,
``:`` and ``,`` percent-encoded.
"""

from __future__ import annotations

import dataclasses
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import msgspec
from msgspec.structs import replace

from bpmax_sim.clock import describe_duration
from bpmax_sim.errors import BpmaxError, CassetteError
from bpmax_sim.file_names import to_relative_name
from bpmax_sim.i18n import (
    join_list,
    join_messages,
    label_message,
    msg,
    plural,
    template,
    translate,
)
from bpmax_sim.report.console import ConsoleOutput, format_console_lines
from bpmax_sim.report.exit_codes import ExitCode
from bpmax_sim.report.failure_causes import describe_cause, group_by_cause
from bpmax_sim.report.live_hints import LiveHint
from bpmax_sim.scenario.calls import CallMade, describe_response_source
from bpmax_sim.scenario.events import (
    ConsoleWritten,
    Event,
    Outcome,
    ScenarioFinished,
    ScenarioStarted,
    StepStarted,
)
from bpmax_sim.scenario.expect import shorten_line
from bpmax_sim.scenario.load import ScenarioItem
from bpmax_sim.scenario.outcome import (
    Cause,
    collect_config_errors,
    find_failure_cause,
    read_flag_reason,
)
from bpmax_sim.scenario.source import Failure, RunWarning, render_failure

_CODES: Mapping[Cause, ExitCode] = {
    "own": ExitCode.FAILED,
    "config": ExitCode.USAGE,
    "unreachable": ExitCode.UNREACHABLE,
    "cassette": ExitCode.CASSETTE,
}


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """The result of an item (scenario or row).

    Attributes:
        outcome: ``passed``, ``failed``, ``xfailed`` (failed as expected) or ``skipped``.
        calls: all calls, including logins.
        console: console output of its scripts.
        step_console: console output of the last step that began.
        timeline: calls and console output in order.
        duration: virtual seconds.
        engine: package and version of the script engine.
        reason: reason of a skip or an expected failure.
        problems: problems that kept it from running properly, each with its position.
        cassette: file that was played or recorded; "" for none.
        trace: file of the trace; "" for none.
        unused_parts: declared parts (such as stubs) that this run did not use, of which a warning
            or failure is made if no row of the file uses them.
        used_keys_of_other_files: place, as text, of each part of another file that it used, such as
            an inherited stub.
        live_hints: what helps with third parties that could not be reached or refused credentials;
            shown beside the failures, and not stored.
        is_of_file: whether the verdict is about a whole file, for parts that none of its rows used.
    """

    item: ScenarioItem
    outcome: Outcome
    code: ExitCode = ExitCode.PASSED
    calls: tuple[CallMade, ...] = ()
    console: tuple[ConsoleOutput, ...] = ()
    timeline: tuple[CallMade | ConsoleOutput, ...] = ()
    step_console: tuple[ConsoleOutput, ...] = ()
    duration: float = 0.0
    digest: str = ""
    engine: str = ""
    failures: tuple[Failure, ...] = ()
    warnings: tuple[RunWarning, ...] = ()
    reason: str = ""
    problems: tuple[str, ...] = ()
    cassette: str = ""
    trace: str = ""
    unused_parts: tuple[RunWarning, ...] = ()
    used_keys_of_other_files: tuple[str, ...] = ()
    live_hints: tuple[LiveHint, ...] = ()
    is_of_file: bool = False

    def copy_with_warning(self, kind: str, message: str) -> Verdict:
        """Return a copy with one more warning, of *kind* and with *message*."""
        return replace(self, warnings=(*self.warnings, RunWarning(kind, message)))


def make_skip_verdict(item: ScenarioItem) -> Verdict:
    """Return the verdict of an item that was not run, with the reason that its file gives."""
    return Verdict(item=item, outcome="skipped", reason=read_flag_reason(item.skip))


def make_error_verdict(
    item: ScenarioItem, error: BpmaxError, failures: tuple[Failure, ...] = ()
) -> Verdict:
    """Return the verdict of an item that could not start; *failures* describe *error* in full."""
    code = ExitCode.CASSETTE if isinstance(error, CassetteError) else ExitCode.USAGE
    problems = tuple(str(error).splitlines())
    return Verdict(item=item, outcome="failed", code=code, problems=problems, failures=failures)


def judge_events(
    item: ScenarioItem,
    events: Iterable[Event],
    *,
    live: bool = False,
    mode: str = "replay",
    record: str = "once",
) -> Verdict:
    """Return the verdict of an item from *events*, what it reported while it ran in *mode*.

    *live* is whether third parties were called. *record* is ``once``, ``new`` or ``rewrite``: what
    was recorded in record mode; it is repeated in the command that runs a failed item again.
    """
    first, *_, last = every = tuple(events)
    assert isinstance(first, ScenarioStarted)
    assert isinstance(last, ScenarioFinished)
    timeline = tuple(
        event if isinstance(event, CallMade) else ConsoleOutput.from_line(event, first.at)
        for event in every
        if isinstance(event, CallMade | ConsoleWritten)
    )
    calls = tuple(event for event in timeline if isinstance(event, CallMade))
    steps = (number for number, event in enumerate(every) if isinstance(event, StepStarted))
    last_step = every[max(steps, default=0) :]
    failed = last.outcome == "failed"
    return Verdict(
        item=item,
        outcome=last.outcome,
        code=_CODES[find_failure_cause(last.failures, calls, live=live)]
        if failed
        else ExitCode.PASSED,
        calls=calls,
        console=tuple(event for event in timeline if isinstance(event, ConsoleOutput)),
        timeline=timeline,
        step_console=tuple(
            ConsoleOutput.from_line(event, first.at)
            for event in last_step
            if isinstance(event, ConsoleWritten)
        ),
        duration=last.duration,
        digest=last.digest,
        engine=first.engine,
        failures=tuple(
            dataclasses.replace(f, rerun=format_rerun_command(item, mode, record))
            for f in last.failures
        ),
        warnings=last.warnings,
        unused_parts=last.unused_parts,
        used_keys_of_other_files=last.used_keys_of_other_files,
        reason=last.reason,
        problems=collect_config_errors(calls) if failed else (),
    )


def format_rerun_command(item: ScenarioItem, mode: str = "replay", record: str = "once") -> str:
    """Return the command that runs only *item*, in the same mode, and records the same calls.

    *record* is what record mode records: ``once`` (what has no recording), ``new`` or ``rewrite``.
    """
    known = {"record": "record", "replay": "run"}
    how = known.get(mode) or msg("run --mode {mode}", mode=mode)
    command = msg("bpmax-sim {how} {target}", how=how, target=item.selection_arguments)
    if mode == "record" and record != "once":
        return msg("{command} --record={record}", command=command, record=record)
    return command


MARKS: dict[Outcome, str] = {"passed": "√", "failed": "×", "skipped": "-", "xfailed": "-"}
BY_OUTCOME: Mapping[str, str] = {
    "passed": template("{number} passed"),
    "failed": template("{number} failed"),
    "error": template("{number} error"),
    "xfailed": template("{number} xfailed"),
    "xpassed": template("{number} xpassed"),
    "skipped": template("{number} skipped"),
}
"""How many tests ended so, in the order in which it is reported."""
BY_SOURCE: Mapping[str, str] = {
    "recorded": template("{number} recorded"),
    "live": template("{number} live"),
    "simulated": template("{number} simulated"),
    "fault": template("{number} fault"),
    "stub": template("{number} stub"),
    "unanswered": template("{number} unanswered"),
}
"""How many calls were answered by whom."""


def format_counts(counts: Mapping[Any, int], templates: Mapping[str, str]) -> str:
    """Return ``2 passed, 1 failed``: the text of *templates* for each number that is not zero.

    Both are by key, such as the outcome; the order is that of *templates*.
    """
    texts = [msg(text, number=counts[key]) for key, text in templates.items() if counts.get(key)]
    return join_list(texts)


def format_verdict_line(verdict: Verdict) -> str:
    """Return ``√ 选择客户后回填联系人   2 calls   31 ms virtual``."""
    mark = MARKS[verdict.outcome]
    if verdict.is_of_file:
        return msg(
            "{mark} {file}   what no row used", mark=mark, file=verdict.item.spot.source.file
        )
    head = f"{mark} {verdict.item.name}"
    because = msg(": {reason}", reason=verdict.reason) if verdict.reason else ""
    if verdict.outcome == "skipped":
        return msg("{head}   skipped{because}", head=head, because=because)
    if not verdict.digest:
        return msg("{head}   did not run", head=head)
    took = msg(
        "{counted}   {duration} virtual",
        counted=plural(len(verdict.calls), "{number} call", "{number} calls"),
        duration=describe_duration(verdict.duration),
    )
    is_expected = verdict.outcome == "xfailed"
    message = msg("   failed as expected{because}", because=because) if is_expected else ""
    return msg("{head}   {took}{message}", head=head, took=took, message=message)


_MOST_CONSOLE = 10
_WIDEST_CONSOLE = 160


def format_failure_texts(verdict: Verdict, *, with_console: bool) -> Iterator[str]:
    """Yield the text of each failure of *verdict*; none if it could not run (`Verdict.problems`).

    With *with_console*, the last text is followed by the console output of the failed step.
    """
    if verdict.outcome != "failed" or verdict.problems:
        return
    texts = [render_failure(failure) for failure in verdict.failures]
    lines = list(format_console_lines(verdict.step_console))[-_MOST_CONSOLE:]
    if texts and lines and with_console:
        indented = (shorten_line(f"  {translate(line)}", _WIDEST_CONSOLE) for line in lines)
        texts[-1] = join_messages("\n", (texts[-1], "\n" + msg("console of this step:"), *indented))
    yield from texts


def format_failed_items(verdicts: Iterable[Verdict]) -> Iterator[str]:
    """Yield ``× scenarios/x.scenario.yaml::名称[行] - headline`` for each failed item.

    Items that failed for one cause are grouped below a line with their number.
    """
    failed = [verdict for verdict in verdicts if verdict.outcome == "failed"]
    firsts = ((one, one.failures[0]) for one in failed if one.failures)
    for alike in group_by_cause(firsts).values():
        if len(alike) > 1:
            yield describe_cause_with_count([failure for _, failure in alike])
        yield from (_format_failed_item(verdict) for verdict, _ in alike)
    yield from (_format_failed_item(verdict) for verdict in failed if not verdict.failures)


def describe_cause_with_count(failures: Sequence[Failure]) -> str:
    """Return how many scenarios failed for the common cause of *failures*, and its message."""
    return msg(
        "{number} scenarios failed for one cause: {cause}",
        number=len(failures),
        cause=describe_cause(failures),
    )


def _format_failed_item(verdict: Verdict) -> str:
    above = msg("is not set up, see above") if verdict.problems else ""
    headlines = [above, *(failure.headline for failure in verdict.failures)]
    return msg(
        "{mark} {node_id} - {headline}",
        mark=MARKS["failed"],
        node_id=verdict.item.node_id,
        headline=next(filter(None, headlines), ""),
    )


def format_call_line(call: CallMade) -> str:
    """Return ``#1 crm.get_customer  GET https://…  200 recorded 20 ms virtual``."""
    took = msg("{duration} virtual", duration=describe_duration(call.duration))
    return msg(
        "#{number} {call}  {method} {url}  {outcome} {source} {took}",
        number=call.number,
        call=call.call,
        method=call.method,
        url=call.url,
        outcome=call.error or call.status,
        source=describe_response_source(call.source),
        took=took,
    )


def format_timeline(verdict: Verdict) -> Iterator[str]:
    """Yield calls and console output as lines, in order."""
    for text in verdict.timeline:
        yield from (
            [format_call_line(text)] if isinstance(text, CallMade) else format_console_lines([text])
        )


def format_summary_line(verdicts: Sequence[Verdict], seconds: float, unread: int = 0) -> str:
    """Return the last line of a run: ``2 passed, 1 failed   9 calls: 9 recorded   0.31 s``.

    A warning that several rows have in common counts once, as it is printed once.

    Args:
        verdicts: verdicts of the run.
        seconds: real seconds.
        unread: number of unreadable files, of which nothing ran.
    """
    calls = [call for verdict in verdicts for call in verdict.calls]
    number = plural(len(calls), "{number} call", "{number} calls")
    sources = Counter(call.source or "unanswered" for call in calls)
    by_source = format_counts(sources, dict(sorted(BY_SOURCE.items())))
    outcomes = format_counts(Counter(verdict.outcome for verdict in verdicts), BY_OUTCOME)
    doubts = len({str(warning) for verdict in verdicts for warning in verdict.warnings})
    warned = plural(doubts, "{number} warning", "{number} warnings") if doubts else ""
    left_out = msg("{number} not read", number=unread) if unread else ""
    message = join_list(filter(None, (outcomes, left_out, warned)))
    return msg(
        "{message}   {calls}   {seconds:.2f} s",
        message=message or msg("nothing ran"),
        calls=label_message(number, by_source) if by_source else number,
        seconds=seconds,
    )


Level = Literal["error", "warning"]


def format_workflow_annotation(
    message: str,
    *,
    file: str = "",
    line: int = 0,
    column: int = 0,
    title: str = "",
    level: Level = "error",
) -> str:
    """Return the line of output by which GitHub shows *message* at a place, as far as it is known.

    It is in the reader's language.

    *level*, such as ``error``, is how it is marked; *title* is its headline, "" for none.
    """
    properties: dict[str, Any] = {"file": file, "line": line, "col": column, "title": title}
    where = ",".join(
        f"{name}={str(value).translate(_PROPERTY)}" for name, value in properties.items() if value
    )
    data = translate(message).translate(_DATA)
    return join_messages("", (f"::{level} {where}".rstrip(), "::", data))


def relative_to_checkout(path: Path) -> str:
    """Return *path* relative to the checkout's root, as GitHub needs it."""
    root = os.environ.get("GITHUB_WORKSPACE") or Path.cwd()
    return to_relative_name(path, root)


_DATA = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A"})
_PROPERTY = _DATA | str.maketrans({":": "%3A", ",": "%2C"})
