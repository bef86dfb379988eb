"""Compare the runs of several machines: which scenarios are slow or flaky."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import msgspec

from bpmax_sim.errors import ConfigError
from bpmax_sim.i18n import msg, plural
from bpmax_sim.report.sections import ReportSection, SectionCell, SectionTable, Tone
from bpmax_sim.report.trace_files import find_traces, read_trace

_SLOWEST = 20
_OUTCOMES = {
    "passed": msg("passed"),
    "failed": msg("failed"),
    "xfailed": msg("failed as expected"),
    "skipped": msg("skipped"),
    "did not end": msg("did not end"),
}

# As the page colours them elsewhere: what failed as expected, or was skipped, is no failure.
_TONES: Mapping[str, Tone] = {"passed": "passed", "xfailed": "quiet", "skipped": "quiet"}


def compare_runs(
    places: Sequence[Path], item_seconds: Mapping[str, float]
) -> Iterator[ReportSection]:
    """Yield the page section about slow and flaky scenarios, if there is anything to report.

    A scenario is flaky if its outcome, or the digest (hash) of its effects, differs between the
    runs in *places*.

    Args:
        places: trace folders, one of each machine.
        item_seconds: real seconds of each scenario or row, by its name on the command line.
    """
    flaky = list(_make_flaky_rows(places))
    slowest = sorted(item_seconds.items(), key=lambda one: -one[1])[:_SLOWEST]
    if not flaky and not slowest:
        return
    tables = []
    if flaky:
        columns = (
            msg("scenario"),
            *(msg("run {number}", number=n + 1) for n in range(len(places))),
        )
        tables.append(SectionTable(columns, tuple(flaky), msg("not the same in each run")))
    if slowest:
        rows = tuple((SectionCell(name), SectionCell(f"{took:.3f} s")) for name, took in slowest)
        tables.append(SectionTable((msg("scenario"), msg("real time")), rows, msg("slowest")))
    yield ReportSection(
        name="runs",
        title=msg("Slow and flaky"),
        summary=plural(len(flaky), "{number} scenario is flaky", "{number} scenarios are flaky"),
        parts=tuple(tables),
    )


def _make_flaky_rows(places: Sequence[Path]) -> Iterator[tuple[SectionCell, ...]]:
    """Yield a table row for each scenario whose result differs between trace folders *places*."""
    found = [find_traces([place]) for place in places] if len(places) > 1 else []
    for name in sorted({name for traces in found for name in traces}):
        paths = [traces.get(name) for traces in found]
        ends = [_read_end(path, name) if path else None for path in paths]
        known = [end for end in ends if end is not None]
        results = list(dict.fromkeys((end.outcome, end.digest) for end in known))
        if len(results) > 1:
            yield SectionCell(known[0].name), *(_make_outcome_cell(end, results) for end in ends)


class _ScenarioEnd(msgspec.Struct, frozen=True):
    """How a scenario or row called *name* ended in one run.

    Runs with the same effects have equal digests; *digest* is empty if it did not end.
    """

    name: str
    outcome: str
    digest: str


def _read_end(path: Path, name: str) -> _ScenarioEnd | None:
    """Return how the scenario of the trace at *path* ended; None if it cannot be read.

    *name* is the trace's name in messages.
    """
    with suppress(ConfigError, OSError, ValueError, LookupError):
        events = read_trace(path, name).events
        first, last = events[0], events[-1]
        row = first.get("row")
        label = f"{first['name']}[{row}]" if row else str(first["name"])
        if last["event"] != "ScenarioFinished":
            return _ScenarioEnd(label, "did not end", "")
        return _ScenarioEnd(label, str(last["outcome"]), str(last["digest"]))
    return None


def _make_outcome_cell(end: _ScenarioEnd | None, results: Sequence[tuple[str, str]]) -> SectionCell:
    """Return the cell of one run of a flaky scenario: its outcome, and the number of its result.

    *results* are the different pairs of outcome and digest in all runs, numbered from 1. A run
    without this scenario (*end* is None) gets a dash.
    """
    if end is None:
        return SectionCell("–", "quiet")
    number = results.index((end.outcome, end.digest)) + 1
    told = _OUTCOMES.get(end.outcome, end.outcome)
    text = msg("{outcome}, result {number}", outcome=told, number=number)
    return SectionCell(text, _TONES.get(end.outcome, "failed"))
