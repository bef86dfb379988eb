"""A scenario's failures as pytest shows them: text, colours, sections and the place to annotate."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from bpmax_sim.errors import Place
from bpmax_sim.scenario.failure import LONGEST, Failure, render
from bpmax_sim.scenario.made import CallMade
from bpmax_sim.secret.values import Redact
from bpmax_sim.yamlfile import shown

_COLOURS: Mapping[str, Mapping[str, bool]] = {
    "> ": {"red": True},
    "  × ": {"red": True},
    "  √ ": {"green": True},
}


class ScenarioFailedError(AssertionError):
    """A scenario did what it should not; its message is the first failure's headline."""

    def __init__(self, failures: Sequence[Failure], redact: Redact = str) -> None:
        """Keep *failures*, of which there is at least one, and what hides the run's secrets."""
        self.failures = tuple(failures)
        self.redact = redact
        super().__init__(failures[0].headline)


class Crash(msgspec.Struct, frozen=True):
    """Where and what, in one line: what JUnit and the short summary take from a failure."""

    path: str
    lineno: int
    message: str


class FailureText(str):  # noqa: SLOT000 - it carries reprcrash
    """The text of a failure. A real ``str``, because that is what reporting plugins understand."""

    reprcrash: Crash

    @classmethod
    def of(cls, failures: Sequence[Failure], more: str = "") -> FailureText:
        """Return the text of the first failure, the headlines of the others, and *more*."""
        first = failures[0]
        others = [f"also: {failure.headline}" for failure in failures[1:]]
        lines = _within(render(first).splitlines(), others)
        text = cls("\n".join([*lines, *(["", more] if more else [])]))
        place = first.location or first.place or Place("")
        text.reprcrash = Crash(place.file, place.line, first.headline)
        return text

    @classmethod
    def again(cls, text: str, path: str, line: int) -> FailureText:
        """Return the text that a worker of pytest-xdist sent as a mere string."""
        found = cls(text)
        found.reprcrash = Crash(path, line, text.partition("\n")[0])
        return found

    def toterminal(self, tw: Any) -> None:
        """Write it to pytest's terminal, in colour where there is any."""
        for number, line in enumerate(self.splitlines()):
            start = next((start for start in _COLOURS if line.startswith(start)), "")
            markup = {"red": True, "bold": True} if not number else _COLOURS.get(start, {})
            tw.line(line, **markup)


def _within(lines: list[str], others: list[str]) -> list[str]:
    """Return *lines* with as many *others* as there is room for, but one line for them at least."""
    if not others:
        return lines
    room = max(LONGEST - len(lines), 1)
    told = (
        others[:room]
        if len(others) <= room
        else [*others[: room - 1], f"also: {len(others) - room + 1} more failures"]
    )
    return [*lines[: LONGEST - len(told)], *told]


def calls_section(calls: Sequence[CallMade], room: int) -> str:
    """Return one line for each call, the latest *room* of them, or nothing."""
    if not calls or room < 1:
        return ""
    left = len(calls) - room
    shown = calls if left <= 0 else calls[left + 1 :]
    head = [] if left <= 0 else [f"… {left + 1} earlier calls"]
    return "\n".join([*head, *map(_call, shown)])


def _call(call: CallMade) -> str:
    outcome = call.error or call.status
    took = f"{call.duration * 1000:.0f} ms"
    return f"#{call.number} {call.call}  {call.method} {call.url}  {outcome} {call.source} {took}"


def annotation(failure: Failure, root: Path) -> tuple[str, int] | None:
    """Return file, relative to *root*, and line from 0 of the failing step."""
    place = failure.location or failure.place
    if place is None or not place.line:
        return None
    path = os.path.relpath(Path.cwd() / place.file, root)
    return path, place.line - 1


def config_failure(name: str, error: Exception, place: Place, rerun: str) -> Failure:
    """Return the failure of a scenario that could not even start."""
    first, *detail = str(error).splitlines() or [type(error).__name__]
    return Failure(
        kind="config",
        essence=first,
        scenario=name,
        place=place,
        location=place,
        detail=tuple(detail),
        rerun=rerun,
        cause=error,
    )


def properties(
    calls: Sequence[CallMade], digest: str, cassette: Path | None
) -> Iterator[tuple[str, str]]:
    """Yield what JUnit keeps of a scenario."""
    yield "bpmax_calls", str(sum(not call.is_login for call in calls))
    if cassette is not None:
        yield "bpmax_cassette", relative(cassette)
    if digest:
        yield "bpmax_trace_digest", digest


def relative(path: Path) -> str:
    """Return how *path* is typed from the working directory, with slashes."""
    if not os.path.isabs(name := shown(path)):  # noqa: PTH117
        return name
    return os.path.relpath(path).replace(os.sep, "/")
