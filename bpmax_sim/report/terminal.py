"""Verdicts -> the lines of a terminal; our own words stay inside GBK."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from unicodedata import east_asian_width

from bpmax_sim.report.verdict import Outcome, Verdict
from bpmax_sim.scenario.failure import render

MARKS: dict[Outcome, str] = {"passed": "√", "failed": "×", "skipped": "-", "xfailed": "-"}
_WORDS: tuple[Outcome, ...] = ("passed", "failed", "xfailed", "skipped")


def line(verdict: Verdict) -> str:
    """Return ``√ 选择客户后回填联系人   2 calls   31 ms``."""
    head = f"{MARKS[verdict.outcome]} {verdict.item.name}"
    if verdict.outcome == "skipped":
        return f"{head}   skipped{_because(verdict)}"
    if not verdict.digest:
        return f"{head}   did not run"
    took = f"{counted(len(verdict.calls), 'call')}   {verdict.duration * 1000:.0f} ms"
    told = f"   failed as expected{_because(verdict)}" if verdict.outcome == "xfailed" else ""
    return f"{head}   {took}{told}"


def _because(verdict: Verdict) -> str:
    return f": {verdict.reason}" if verdict.reason else ""


def explained(verdict: Verdict) -> Iterator[str]:
    """Yield the text of each failure of *verdict* that is the scenario's own."""
    if verdict.outcome == "failed" and not verdict.problems:
        yield from map(render, verdict.failures)


def summary(verdicts: Sequence[Verdict], seconds: float) -> str:
    """Return ``2 passed, 1 failed   9 calls: 9 recorded   0.31 s``; *seconds* are real ones."""
    outcomes = Counter(verdict.outcome for verdict in verdicts)
    told = ", ".join(f"{outcomes[word]} {word}" for word in _WORDS if outcomes[word])
    return f"{told or 'nothing ran'}   {_calls(verdicts)}   {seconds:.2f} s"


def _calls(verdicts: Iterable[Verdict]) -> str:
    calls = [call for verdict in verdicts for call in verdict.calls]
    sources = Counter(call.source or "unanswered" for call in calls)
    told = ", ".join(f"{count} {source}" for source, count in sorted(sources.items()))
    return f"{counted(len(calls), 'call')}{f': {told}' if told else ''}"


def counted(number: int, word: str) -> str:
    """Return ``1 call`` or ``2 calls``."""
    return f"{number} {word}{'' if number == 1 else 's'}"


def table(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield *rows* with their columns aligned, as wide as a terminal shows them."""
    widths = [max(map(width, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell + " " * (w - width(cell)) for cell, w in zip(row, widths, strict=True))
        yield "  ".join(cells).rstrip()


def width(text: str) -> int:
    """Return how many columns *text* takes: two for each Chinese character."""
    return sum(2 if east_asian_width(letter) in "WF" else 1 for letter in text)
