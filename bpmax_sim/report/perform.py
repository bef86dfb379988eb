"""Perform one item: open its session, run it, judge it, and store its trace and failures.

Both `bpmax-sim run` and pytest use it, so that outcome, exit code, warnings, trace and stored
failures of an item are equal in both. Messages in a trace name commands of `bpmax-sim`; pytest
replaces them by its own where it shows a failure.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import lru_cache, partial
from pathlib import Path

from msgspec.structs import replace

from bpmax_sim.errors import BpmaxError, ConfigError, PowerWarning, Problem, ScriptSyntaxError
from bpmax_sim.guard import NetworkGuard
from bpmax_sim.i18n import msg
from bpmax_sim.report.failing_line import RunAgain, find_values_at_failure
from bpmax_sim.report.live_hints import make_live_hints
from bpmax_sim.report.recording_use import uses_recording
from bpmax_sim.report.stored_failures import store_or_delete_failure
from bpmax_sim.report.terminal import Verdict, judge_events, make_error_verdict, make_skip_verdict
from bpmax_sim.report.trace_files import store_trace
from bpmax_sim.scenario.events import Event
from bpmax_sim.scenario.load import ScenarioItem
from bpmax_sim.scenario.outcome import make_unrun_events
from bpmax_sim.scenario.runner import make_replay_check, open_session, run_item
from bpmax_sim.script.failure import Script
from bpmax_sim.script.hits import ScriptHits
from bpmax_sim.script_source.reading import find_full_width
from bpmax_sim.session.session import Session, describe_possible_secrets
from bpmax_sim.session.settings import SessionOptions

Performance = tuple[Verdict, tuple[Event, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class PerformOptions:
    """Options of the command line for running scenarios or rows of their tables.

    What is not given is decided by the scenario itself.

    Attributes:
        cassettes: folder of all cassettes; by default that of each scenario's project.
        faults: whether fault injection is active.
        trace: which traces are kept: ``on``, ``off`` or ``on-failure``.
        check: whether a new recording is replayed at once.
        options: further options of `Session.open`.
    """

    cassettes: Path | None = None
    faults: bool = True
    trace: str = "off"
    check: bool = False
    options: SessionOptions = field(default_factory=SessionOptions)

    @property
    def mode(self) -> str:
        """Return the mode; "" if each scenario's own mode applies."""
        return self.options.get("mode", "")


def perform(
    item: ScenarioItem,
    options: PerformOptions,
    *,
    guard: NetworkGuard | None = None,
    prepare: Callable[[Session], None] = lambda _session: None,
) -> Performance:
    """Run *item* to its end, and return its verdict and all its events.

    Args:
        item: scenario or row.
        options: options of the command line.
        guard: network guard, closed while recordings or simulators answer; without one, *prepare*
            has to close the network.
        prepare: function called with the session before anything runs.
    """
    if (hits := options.options.get("hits")) is not None:
        for script in list_scripts(item):
            hits.include_script(script)
    if item.skip:
        return skip_item(item, options)
    chosen: SessionOptions = {**options.options, "environ": os.environ}
    if guard is not None:
        chosen["guard"] = guard
    folder = options.cassettes or item.root / "cassettes"
    if options.check and chosen.get("mode") == "record":
        chosen["replays"] = make_replay_check(item, folder, {**chosen})
    try:
        check_scripts(item)
        session = open_session(item, cassettes=folder, **chosen)
    except BpmaxError as error:
        return fail_unstarted_item(item, error, options)
    with _close_session_on_error(session, guard):
        prepare(session)
        ran = tuple(run_item(item, session, environ=os.environ, faults=options.faults))
    run_again = partial(_rerun_counting_hits, item, folder, chosen, options, guard)
    return _judge_and_store(item, session, ran, options, run_again)


def _rerun_counting_hits(
    item: ScenarioItem,
    folder: Path,
    chosen: SessionOptions,
    options: PerformOptions,
    guard: NetworkGuard | None,
    hits: ScriptHits,
) -> tuple[Event, ...]:
    """Run *item* again in a new session that counts executed code in *hits*; return its events.

    Everything else is as in the first run: *folder* of its cassettes, the session's options
    *chosen*, and *guard*, which refuses network connections.
    """
    watched: SessionOptions = {**chosen, "hits": hits}
    session = open_session(item, cassettes=folder, **watched)
    with _close_session_on_error(session, guard):
        return tuple(run_item(item, session, environ=os.environ, faults=options.faults))


@contextmanager
def _close_session_on_error(session: Session, guard: NetworkGuard | None) -> Iterator[None]:
    """In this block, close *session* as failed if Ctrl-C or an exception ends the run early.

    At the end of the block, *guard* lets the network be reached again.
    """
    try:
        yield
    except BaseException:
        with suppress(BpmaxError):
            session.close(failed=True)
        raise
    finally:
        if guard is not None:
            guard.leave()


def _judge_and_store(
    item: ScenarioItem,
    session: Session,
    unredacted_events: tuple[Event, ...],
    options: PerformOptions,
    run_again: RunAgain,
) -> Performance:
    """Judge *unredacted_events* of an item in the closed *session*; store failure and trace.

    After a failed replay with a trace, *run_again* runs the item again, to store the values of
    variables at the failed script line.
    """
    events = session.redact_value(
        unredacted_events
    )  # a secret may have become known after what told it
    settings = session.settings
    verdict = judge_events(
        item, events, live=not session.is_closed, mode=settings.mode, record=settings.record
    )
    failed = verdict.outcome == "failed"
    store_or_delete_failure(item, verdict.failures if failed else (), console=verdict.console)
    names = None
    if failed and options.trace != "off" and session.mode == "replay" and session.is_closed:
        names = find_values_at_failure(item, verdict, run_again, session.redact)
    trace = store_trace(
        item, events, options.trace, failed=failed, redact=session.redact, names=names
    )
    for kind, message in _list_recording_warnings(item, session, verdict):
        verdict = verdict.copy_with_warning(kind, message)
    hints = make_live_hints(session, verdict.calls) if failed else ()
    file = session.settings.cassette
    cassette = str(file) if file is not None and uses_recording(session) else ""
    return replace(verdict, trace=trace, cassette=cassette, live_hints=hints), events


def _list_recording_warnings(
    item: ScenarioItem, session: Session, verdict: Verdict
) -> Iterator[tuple[str, str]]:
    """Yield kind and message of each warning about the recording of a closed session.

    They are about a cassette that does not exist, exchanges that were not played, values that look
    like secrets, and secrets that platform files should declare. Of *verdict*, the outcome decides
    which of the first two are yielded.
    """
    named = "" if item.row else item.scenario.proxy.cassette  # a row may need none
    file = session.settings.cassette
    is_local = session.mode == "replay" and session.settings.remote is None
    if named and file and is_local and verdict.outcome == "passed" and not Path(file).exists():
        yield "rule", _describe_absent_cassette(named)
    lenient = session.settings.unused == "warn" or session.mode == "record"
    if lenient and session.unplayed_exchanges and not verdict.failures:
        yield "unplayed", session.describe_unplayed()
    if secrets := session.possible_secrets:
        yield "secret", describe_possible_secrets(secrets)
    for message in session.standin_notes:
        yield "secret", message


def _describe_absent_cassette(name: str) -> str:
    return msg(
        "no call needed the recording {name}, which is not there; take cassette away, or record",
        name=name,
    )


def fail_unstarted_item(
    item: ScenarioItem, error: BpmaxError, options: PerformOptions
) -> Performance:
    """Return the failed performance of an item that could not start because of *error*.

    The failure is stored for `bpmax-sim show`, and its trace as *options* say.
    """
    events = make_unrun_events(item, error=error)
    verdict = make_error_verdict(item, error, events[-1].failures)
    store_or_delete_failure(item, (), verdict.problems)
    trace = store_trace(item, events, options.trace, failed=True)
    return replace(verdict, trace=trace), events


def skip_item(
    item: ScenarioItem, options: PerformOptions, reason: str | None = None
) -> Performance:
    """Return the performance of a skipped item; *reason* replaces the scenario's own reason.

    Its trace, which only says that it was skipped, is stored if *options* ask for traces. A failure
    of an earlier run is forgotten, as pytest forgets that of a skipped test: `bpmax-sim show` and
    ``--lf`` would name it for ever.
    """
    verdict = make_skip_verdict(item)
    if reason is not None:
        verdict = replace(verdict, reason=reason)
    events = make_unrun_events(item, reason=verdict.reason)
    store_or_delete_failure(item, ())
    trace = store_trace(item, events, options.trace, failed=False)
    return replace(verdict, trace=trace), events


def check_scripts(item: ScenarioItem) -> None:
    """Parse all scripts of *item*, including those that no step runs.

    Raises:
        ConfigError: if some are not valid JavaScript; all of them are listed.
    """
    wrong = [problem for script in list_scripts(item) if (problem := check_syntax(script))]
    if wrong:
        raise ConfigError(*dict.fromkeys(wrong))


def list_scripts(item: ScenarioItem) -> Iterator[Script]:
    """Yield the scripts of events, the script files of ``js`` steps, and the libraries."""
    yield from item.subjects.handlers
    yield from item.subjects.inline.values()
    yield from item.subjects.all_libraries


_NEVER = "return; "


@lru_cache(maxsize=1024)
def check_syntax(script: Script) -> Problem | None:
    """Return the syntax error of *script*, None if there is none; cached by text in the process.

    The script is evaluated after a ``return`` statement: the engine parses all of it and runs none.
    """
    # Behind a `return` nothing runs, but the engine has to parse all of it.
    with Session.open() as session, warnings.catch_warnings():
        warnings.simplefilter("ignore", PowerWarning)  # its column would be that behind the return
        error = session.run_script(Script(f"{_NEVER}{script.source}", script.name)).error
    if not isinstance(error, ScriptSyntaxError):
        return None
    if full_width := next(find_full_width(script.source, script.name), None):
        return full_width
    place = error.place
    if place is not None and place.line == 1:
        place = replace(place, column=max(1, place.column - len(_NEVER)))
    message = msg("SyntaxError: {error_message}; correct the script", error_message=error.message)
    return Problem(message, place)
