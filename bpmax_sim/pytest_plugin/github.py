"""Annotations and a step summary for GitHub Actions, where its variables are set.

GitHub shows ten errors of a step, so no more are written. What is told was redacted when it was
found.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
import pytest

from bpmax_sim.report.annotations import annotation, in_workspace
from bpmax_sim.scenario.names import SUFFIX

_MOST = 10
_ROWS = 50
_OUTCOMES = ("passed", "failed", "error", "xfailed", "xpassed", "skipped")
_OTHER_ANNOTATOR = "pytest_github_actions_annotate_failures"
_PROBLEM = re.compile(r"(?P<file>[^\n]+?\.\w+):(?P<line>\d+)(?::(?P<column>\d+))?: (?P<told>.+)")
_MARKUP = re.compile(r"([\\`*_\[\]<>|#~])")


class Note(msgspec.Struct, frozen=True):
    """One thing that went wrong: where, in which test, and what."""

    file: str
    line: int
    title: str
    told: str
    column: int = 0


def tell(reporter: pytest.TerminalReporter, config: pytest.Config, lines: Sequence[str]) -> None:
    """Annotate what failed, and write the step's summary with *lines* of the run's own."""
    if os.environ.get("GITHUB_ACTIONS") != "true":
        return
    notes = list(_notes(reporter.stats, config))
    if notes and not config.pluginmanager.hasplugin(_OTHER_ANNOTATOR):
        reporter.ensure_newline()
        for note in notes[:_MOST]:
            reporter.write_line(command(note))
    path = os.environ.get("GITHUB_STEP_SUMMARY")
    text = summary(_outcomes(reporter.stats), notes, lines)
    if path and text:
        with suppress(OSError), Path(path).open("a", encoding="utf-8", newline="\n") as file:
            file.write(text)


def command(note: Note) -> str:
    """Return the workflow command that annotates *note*."""
    return annotation(
        note.told, file=note.file, line=note.line, column=note.column, title=note.title
    )


def summary(outcomes: Mapping[str, int], notes: Sequence[Note], lines: Iterable[str]) -> str:
    """Return the Markdown of the step's summary, or nothing where no scenario ran."""
    if not outcomes and not notes:
        return ""
    counted = ", ".join(f"{outcomes[one]} {one}" for one in _OUTCOMES if outcomes.get(one))
    parts = [f"### bpmax-sim: {counted or 'not collected'}", ""]
    if notes:
        rows = [f"| {_cell(n.title)} | {_cell(_where(n))} | {_cell(n.told)} |" for n in notes]
        left = len(rows) - _ROWS
        parts += ["| scenario | where | what |", "| --- | --- | --- |", *rows[:_ROWS]]
        parts += ["", f"and {left} more"] if left > 0 else []
        parts += [""]
    parts += [f"* {_cell(line)}" for line in lines]
    return "\n".join([*parts, "", ""])


def _where(note: Note) -> str:
    return f"{note.file}:{note.line}" if note.line else note.file


def _cell(text: str) -> str:
    return _MARKUP.sub(r"\\\1", " ".join(text.split()))


def _ours(stats: Mapping[str, Sequence[Any]], outcome: str) -> Iterator[Any]:
    return (one for one in stats.get(outcome, ()) if SUFFIX in getattr(one, "nodeid", ""))


def _outcomes(stats: Mapping[str, Sequence[Any]]) -> Counter[str]:
    counted = {one: sum(1 for _ in _ours(stats, one)) for one in _OUTCOMES}
    return Counter({one: count for one, count in counted.items() if count})


def _notes(stats: Mapping[str, Sequence[Any]], config: pytest.Config) -> Iterator[Note]:
    for outcome in ("error", "failed"):
        for report in _ours(stats, outcome):
            if isinstance(report, pytest.CollectReport):
                yield from _problems(report, config)
            else:
                yield _failure(report, config)


def _failure(report: pytest.TestReport, config: pytest.Config) -> Note:
    file, line, name = report.location
    crash = getattr(report.longrepr, "reprcrash", None)
    text = str(crash.message if crash else report.longrepr)  # a text, where a worker sent it
    told = next(iter(text.splitlines()), "failed")
    return Note(in_workspace(config.rootpath / file), (line or 0) + 1, name, told)


def _problems(report: pytest.CollectReport, config: pytest.Config) -> Iterator[Note]:
    """Yield the lines ``file:line:column: message`` of a file that was not collected."""
    name = report.nodeid.rpartition("/")[2]
    for line in report.longreprtext.splitlines():
        if found := _PROBLEM.fullmatch(line):
            place = in_workspace(config.invocation_params.dir / found["file"])
            column = int(found["column"] or 0)
            yield Note(place, int(found["line"]), name, found["told"], column)
