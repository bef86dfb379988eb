"""What no row of a file has used: stubs, their answers, steps whose ``if`` never held.

A row is never red for what it leaves to the others: it says what it has not used, and what none of
all rows has used is wrong with the file, wherever each of them ran: in other processes, too, or in
other shards, whose results are merged.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Any

from bpmax_sim.errors import Place, shell_quote
from bpmax_sim.i18n import msg, translate
from bpmax_sim.scenario import model
from bpmax_sim.scenario.load import LocatedStep, ScenarioItem
from bpmax_sim.scenario.source import Failure, RunWarning, Spot

Part = tuple[str, str, str, Spot]
"""Of a file: its key, the kind of the failure, what is wrong if nothing has used it, and where."""


def answer_key(place: Place, number: int) -> str:
    """Return the key of answer *number*, from 0, of the stub at *place*."""
    return f"{place} answer {number}"


def unused_parts(item: ScenarioItem, ran: Collection[str]) -> tuple[RunWarning, ...]:
    """Return what a run of *item* has not used; *ran* has the keys of what it has."""
    return tuple(
        RunWarning(kind, message, spot.place)
        for key, kind, message, spot in _parts_of(item)
        if key not in ran
    )


def _parts_of(item: ScenarioItem) -> Iterator[Part]:
    """Yield what some row of the file of *item* has to use."""
    spot = item.spot.at("proxy", "stubs")
    for stub, where in spot.elements(item.scenario.proxy.stubs):
        yield from _parts_of_stub(stub, where)
    for located in (*item.steps, *item.cleanup):
        yield from _parts_of_step(located)


def _parts_of_stub(stub: model.Stub, spot: Spot) -> Iterator[Part]:
    place, on = spot.place, stub.on
    unused = msg("the stub {on} has never answered; take it away, or mend what it asks for", on=on)
    yield str(place), "rule", unused, spot
    for number in range(1, len(stub.answers)):
        left = msg("answer {number} of the stub {on} was never given", number=number + 1, on=on)
        yield answer_key(place, number), "rule", left, spot.at("answers", number)


def _parts_of_step(located: LocatedStep) -> Iterator[Part]:
    """Yield a step that has a condition; one about what is passed from outside may hold then."""
    condition = located.step.condition
    if isinstance(condition, str) and not any(root in condition for root in ("${env.", "${vars.")):
        message = msg("if: {condition} has never held, so this step never ran", condition=condition)
        yield step_key(located), "never_ran", message, located.spot.at("if")


def step_key(located: LocatedStep) -> str:
    """Return the key of a step."""
    return str(located.spot.place)


def failure_of(item: ScenarioItem, part: RunWarning) -> Failure:
    """Return the failure of the file of *item* for a part that none of its rows has used."""
    place = part.place or item.place
    source = item.spot.source
    return Failure(
        kind=part.kind,
        essence=part.message,
        scenario=item.scenario.scenario,
        place=place,
        location=place,
        excerpt=source.excerpt(place, place) if place.file == source.file else (),
        rerun=msg("bpmax-sim run {target}", target=shell_quote(source.file)),
    )


class FileRuns:
    """Adds up what rows have not used, file by file, until all rows of one have passed.

    Attributes:
        files: file -> how many rows it has, those that passed, and what none of them has used;
            plain values, so that processes can send theirs, and `merge` take them.
    """

    def __init__(self) -> None:
        """Start without any."""
        self.files: dict[str, tuple[int, set[str], set[tuple[str, str, str]]]] = {}

    def add(self, item: ScenarioItem, outcome: str, unused: Iterable[RunWarning]) -> None:
        """Take what became of a row; one that failed, or of a lenient folder, says nothing."""
        if item.rows and outcome == "passed" and item.strictness != "lenient":
            parts = {(part.kind, translate(part.message), str(part.place or "")) for part in unused}
            self._add(item.spot.source.file, item.rows, {item.row_id}, parts)

    def _add(self, file: str, rows: int, ran: set[str], parts: set[tuple[str, str, str]]) -> None:
        _, before, left = self.files.get(file, (rows, set(), parts))
        self.files[file] = (rows, before | ran, left & parts)

    def merge(self, files: Any) -> None:
        """Add what another process has in its `files`."""
        for file, (rows, ran, parts) in files.items():
            self._add(file, rows, set(ran), {tuple(part) for part in parts})

    def unused(self) -> Iterator[tuple[str, RunWarning]]:
        """Yield file and part for each that no row has used, of files whose rows all passed."""
        for file, (rows, ran, parts) in self.files.items():
            for kind, message, place in sorted(parts, key=_by_place) if len(ran) == rows else ():
                yield file, RunWarning(kind, message, _place(place))


def _by_place(part: tuple[str, str, str]) -> tuple[str, int, int]:
    place = _place(part[2])
    return place.file, place.line, place.column


def _place(text: str) -> Place:
    file, line, column = text.rsplit(":", 2)
    return Place(file, int(line), int(column))
