"""Compare the runs of several machines: which scenarios are slow or flaky."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from bpmax_sim.errors import ConfigError
from bpmax_sim.i18n import msg, plural
from bpmax_sim.report.sections import ReportSection, SectionCell, SectionTable
from bpmax_sim.report.trace_files import find_traces, read_trace

_SLOWEST = 20
_OUTCOMES = {
    "passed": msg("passed"),
    "failed": msg("failed"),
    "xfailed": msg("failed as expected"),
    "skipped": msg("skipped"),
    "did not end": msg("did not end"),
}


def compare_runs(
    places: Sequence[Path], item_seconds: Mapping[str, float]
) -> Iterator[ReportSection]:
    """Yield the page section about the runs in *places*, if there is anything to report.

    A scenario is flaky if its outcome or digest differs between runs.

    Args:
        places: trace folders, one of each machine.
        item_seconds: real seconds of each item, by its name on the command line.
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
        ends = [_read_outcome_and_digest(path, name) if path else None for path in paths]
        known = {end for end in ends if end is not None}
        if len(known) > 1:
            digests = [digest for _, digest in known]
            yield (
                SectionCell(_read_scenario_name(paths, name)),
                *(_make_outcome_cell(end, digests) for end in ends),
            )


def _read_outcome_and_digest(path: Path, name: str) -> tuple[str, str] | None:
    """Return outcome and digest of the trace at *path*; None if it cannot be read.

    Runs with the same effects have equal digests. *name* is the trace's name in messages.
    """
    with suppress(ConfigError, OSError, ValueError):
        last = read_trace(path, name).events[-1]
        is_over = last["event"] == "ScenarioFinished"
        return (str(last["outcome"]), str(last["digest"])) if is_over else ("did not end", "")
    return None


def _read_scenario_name(paths: Sequence[Path | None], name: str) -> str:
    path = next(path for path in paths if path)
    first = read_trace(path, name).events[0]
    row = first.get("row")
    return f"{first['name']}[{row}]" if row else str(first["name"])


def _make_outcome_cell(end: tuple[str, str] | None, digests: Sequence[str]) -> SectionCell:
    if end is None:
        return SectionCell("–", "quiet")
    outcome, digest = end
    number = digests.index(digest) + 1 if digest in digests else 0
    told = _OUTCOMES.get(outcome, outcome)
    text = msg("{outcome}, result {number}", outcome=told, number=number)
    return SectionCell(text, "passed" if outcome == "passed" else "failed")
