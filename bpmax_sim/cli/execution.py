"""Items -> verdicts, in one of the three modes; what recording wrote is told beside it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bpmax_sim.cassette.merge import new_file
from bpmax_sim.errors import BpmaxError
from bpmax_sim.guard import NetworkGuard
from bpmax_sim.report.exits import ExitCode
from bpmax_sim.report.traces import keep_trace
from bpmax_sim.report.verdict import Verdict, broken, judged, skipped, target
from bpmax_sim.scenario.events import Event
from bpmax_sim.scenario.item import ScenarioItem
from bpmax_sim.scenario.opening import open_session
from bpmax_sim.scenario.runner import run
from bpmax_sim.session.unplayed import told_unrecognised
from bpmax_sim.yamlfile import shown


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """How items are run; what is not given is the scenario's own.

    Attributes:
        cassettes: the folder of all cassettes; by default that of each scenario's project.
        faults: whether faults strike.
        trace: whose events are kept: ``on``, ``off`` or ``on-failure``.
        options: further options of `Session.open`.
    """

    mode: str = ""
    cassettes: Path | None = None
    faults: bool = True
    trace: str = "off"
    environ: Mapping[str, str] = field(repr=False)
    options: Mapping[str, Any] = field(default_factory=dict)


def execute(items: Iterable[ScenarioItem], choices: Choices) -> Iterator[Verdict]:
    """Run *items* one after the other, each in a session of its own."""
    return (verdict for verdict, _ in observe(items, choices))


def observe(
    items: Iterable[ScenarioItem], choices: Choices
) -> Iterator[tuple[Verdict, tuple[Event, ...]]]:
    """Run *items* as `execute` does, and yield with each verdict everything that happened."""
    for item in items:
        yield (skipped(item), ()) if item.skip else _run(item, choices)


def _run(item: ScenarioItem, choices: Choices) -> tuple[Verdict, tuple[Event, ...]]:
    options = dict(choices.options)
    guard = NetworkGuard(f"scenario {item.node_id}", allow="--allow-hosts={}", closed=False)
    if choices.mode:
        options["mode"] = choices.mode
    try:
        session = open_session(
            item,
            cassettes=_folder(item, choices),
            environ=choices.environ,
            command=f"bpmax-sim record {target(item)}",
            guard=guard,
            **options,
        )
    except BpmaxError as error:
        return broken(item, error), ()
    try:
        ran = tuple(run(item, session, environ=choices.environ, faults=choices.faults))
    finally:
        guard.leave()  # also where somebody pressed Ctrl-C
    events = session.shown(ran)  # a secret may have become known after what told it
    verdict = judged(item, events, live=not session.is_closed, mode=session.settings.mode)
    keep_trace(item, events, choices.trace, failed=bool(verdict.failures))
    lenient = session.settings.unused == "warn" or session.mode == "record"
    if lenient and session.unplayed and not verdict.failures:
        verdict = verdict.noting(session.told_unplayed())
    if session.unrecognised:
        verdict = verdict.noting(told_unrecognised(session.unrecognised))
    for told in session.undeclared:
        verdict = verdict.noting(told)
    return verdict, events


def cassette_of(item: ScenarioItem, choices: Choices) -> Path:
    """Return the file that *item* plays or records."""
    return _folder(item, choices) / f"{item.cassette}.yaml"


def _folder(item: ScenarioItem, choices: Choices) -> Path:
    return choices.cassettes or Path(shown(item.root / "cassettes"))


def pending(items: Iterable[ScenarioItem], choices: Choices) -> list[Path]:
    """Return the recordings of *items* that wait for review."""
    files = dict.fromkeys(new_file(cassette_of(item, choices)) for item in items)
    return [path for path in files if path.exists()]


def codes(verdicts: Iterable[Verdict], waiting: Iterable[Path]) -> list[ExitCode]:
    """Return every exit code that a run asks for."""
    return [*(verdict.code for verdict in verdicts), *(ExitCode.REVIEW for _ in waiting)]
