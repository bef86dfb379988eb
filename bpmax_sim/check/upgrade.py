"""Scenarios of an earlier version, rewritten where they mean something else by now.

Two readings changed: a timer that a step leaves behind waits for ``advance``, and a person cannot
enter what a form hides or locks. A scenario is replayed, and changed at the step where it fails; a
change stays only where the scenario comes further with it, so nothing is guessed.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec

from bpmax_sim.clock import format_duration
from bpmax_sim.errors import BpmaxError
from bpmax_sim.i18n import msg
from bpmax_sim.scenario.events import ScenarioFinished, StepFinished
from bpmax_sim.scenario.load import ScenarioItem, items
from bpmax_sim.scenario.runner import open_session, run_item
from bpmax_sim.subject.form import path_steps
from bpmax_sim.yamlfile.node import Node, parse_yaml, read_text

_MOST = 50
_HELD = ("save", "expect", "expect_error")
"""The keys of a step that follow what it does."""
_NAME = re.compile(r"[^\W\d][\w$]*")
_PLAIN = re.compile(r"[^\s,{}\[\]'\"#:]+")


class FailurePoint(msgspec.Struct, frozen=True):
    """Where an item fails.

    Attributes:
        left: how many steps are not done; fewer than none where all are.
        step: the number of the step, from 0.
        wait: the seconds after which the last timer has fired that waits there.
    """

    left: int
    step: int = -1
    wait: float = 0.0


class Rewrite(msgspec.Struct, frozen=True):
    """A step that was rewritten: its line, and what is new there."""

    line: int
    what: str


def upgrade(path: Path) -> list[Rewrite]:
    """Rewrite the scenario at *path* where it fails for what an earlier version allowed.

    Raises:
        ConfigError: the file, or what it names, cannot be read.
        OSError: it cannot be written.
    """
    changes: list[Rewrite] = []
    stops = _stops(path)
    while len(changes) < _MOST and (better := _better(path, stops)):
        change, stops = better
        changes.append(change)
    return changes


def _better(path: Path, stops: list[FailurePoint]) -> tuple[Rewrite, list[FailurePoint]] | None:
    """Make the first change with which no item fails earlier, and one later."""
    before = read_text(path)
    left = [stop.left for stop in stops]
    is_better = False
    try:
        for stop in {stop.step: stop for stop in stops if stop.step >= 0}.values():
            for change, text in _changes(before, stop):
                path.write_text(text, encoding="utf-8", newline="")
                with suppress(BpmaxError):
                    after = _stops(path)
                    now = [stop.left for stop in after]
                    is_better = now != left and all(a <= b for a, b in zip(now, left, strict=True))
                if is_better:
                    return change, after
    finally:
        if not is_better and read_text(path) != before:
            path.write_text(before, encoding="utf-8", newline="")
    return None


def _stops(path: Path) -> list[FailurePoint]:
    """Replay the items of a file."""
    return [_stop(item) for item in items(path) if not item.skip]


def _stop(item: ScenarioItem) -> FailurePoint:
    total = len(item.steps)
    try:
        session = open_session(item, mode="replay")
    except BpmaxError:
        return FailurePoint(total + 1)  # nothing can be said of it here
    stop = FailurePoint(0)
    try:
        for event in run_item(item, session, environ=os.environ):
            if isinstance(event, StepFinished) and event.outcome == "failed" and stop.step < 0:
                waits = [
                    timer.due - event.at for timer in session.pending_timers() if not timer.repeat
                ]
                left, longest = total - event.number + 1, max(waits, default=0.0)
                stop = FailurePoint(left, event.number - 1, longest)
            elif isinstance(event, ScenarioFinished) and event.outcome == "passed":
                stop = FailurePoint(-1)
    finally:
        with suppress(BpmaxError):
            session.close(failed=True)
    return stop


def _changes(text: str, stop: FailurePoint) -> Iterator[tuple[Rewrite, str]]:
    """Yield what may help at a step, with the whole text then."""
    listed = parse_yaml(text, "").child("steps")
    step = listed.child(stop.step) if listed else None
    if step is None or not step.items:
        return
    lines = _Lines(text)
    if changed := _by_script(step, lines):
        yield Rewrite(step.line, msg("a script writes what a person cannot")), changed
    begin = lines.at(step.line)
    dash = re.fullmatch(r"(\s*)- +", text[begin : lines.at(step.line, step.column)])
    if stop.wait <= 0 or dash is None:
        return
    wait = format_duration(stop.wait)
    change = Rewrite(step.line, msg("advance: {wait} lets a timer fire", wait=wait))
    if changed := _split(step, lines, dash[0], wait):
        yield change, changed
    yield change, f"{text[:begin]}{dash[0]}advance: {wait}\n{text[begin:]}"


class _Lines:
    """A text by lines and columns, counted from 1."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._begins = [0, *(line.end() for line in re.finditer("\n", text))]

    def at(self, line: int, column: int = 1) -> int:
        """Return where a place is."""
        return self._begins[line - 1] + column - 1

    def key(self, step: Node, key: str) -> int:
        """Return where *key* of a step begins."""
        return self.at(*step.keys[key])

    def end(self, step: Node, key: str) -> int:
        """Return where the value of *key* ends; a map or a list in one line or in several."""
        node = step.items[key]
        begin = self.at(node.line, node.column)
        if self.text[begin] in "{[":
            return _find_closing_bracket(self.text, begin)
        indent = step.keys[key][1]
        rest = re.compile(rf"\n(?!\s*\n)(?! {{{indent}}})").search(self.text, begin)
        return rest.start() if rest else len(self.text.rstrip("\n"))


_BRACKETS = re.compile(r"""'(?:''|[^'])*'|"(?:\\.|[^"\\])*"|([\[{])|([\]}])""", re.DOTALL)


def _find_closing_bracket(text: str, begin: int) -> int:
    """Return where the bracket that opens at *begin* is closed."""
    depth = 0
    for bracket in _BRACKETS.finditer(text, begin):
        depth += bool(bracket[1]) - bool(bracket[2])
        if not depth:
            return bracket.end()
    return len(text)


def _split(step: Node, lines: _Lines, dash: str, wait: str) -> str | None:
    """Let what is expected of a step be expected once its timers have fired."""
    held = sorted(lines.key(step, key) for key in step.keys if key in _HELD)
    others = [lines.key(step, key) for key in step.keys if key not in _HELD]
    if not held or not others or held[0] < max(others):
        return None
    head, tail = lines.text[: held[0]], lines.text[held[0] :]
    if lines.text[lines.at(step.line, step.column)] == "{":
        return f"{head.rstrip().removesuffix(',')}}}\n{dash}{{advance: {wait}, {tail}"
    return f"{head.rstrip(' ')}{dash}advance: {wait}\n{' ' * len(dash)}{tail}"


def _by_script(step: Node, lines: _Lines) -> str | None:
    """Let a script write what a person enters, or run the script of a button."""
    if "click" in step.items:
        button = step.items["click"].value
        begin = lines.key(step, "click")
        if isinstance(button, str) and _PLAIN.fullmatch(button):
            after = lines.text[begin:].replace("click", "fire", 1)
            return lines.text[:begin] + after.replace(button, f"click.{button}", 1)
    values = step.items["set"].plain() if "set" in step.items else None
    if not isinstance(values, Mapping) or "${" in json.dumps(values):
        return None
    written = "; ".join(f"{_member(name)} = {_literal(value)}" for name, value in values.items())
    quoted = "'" + written.replace("'", "''") + "'"
    begin, end = lines.key(step, "set"), lines.end(step, "set")
    return f"{lines.text[:begin]}js: {quoted}{lines.text[end:]}"


def _member(name: str) -> str:
    """Return how a script spells a field, a cell or a member."""
    spelled = "form"
    for part in path_steps(name) or (name,):
        plain = isinstance(part, str) and _NAME.fullmatch(part)
        spelled += f".{part}" if plain else f"[{_literal(part)}]"
    return spelled


def _literal(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
