"""Runs a script in two engines with the same responses, and stops at the step where they differ."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from bpmax_sim.i18n import Translatable, encoded, joined, labelled, msg
from bpmax_sim.js_values import dumps
from bpmax_sim.script.channel import Engine
from bpmax_sim.script.limits import EngineError
from bpmax_sim.script.outbox import (
    CallEntry,
    Clear,
    ConsoleEntry,
    Fulfilled,
    Raced,
    Rejected,
    ThrownValue,
    Timer,
    TurnResult,
    Uncaught,
    Write,
    read,
)

_UNEQUAL = frozenset({"probe", "probed", "end"})
"""Operations whose outbox is what an engine knows of its promises, in one more than in another."""
_WORDED = frozenset({"TypeError", "SyntaxError", "ReferenceError", "RangeError", "InternalError"})
"""Errors that an engine raises itself, each in its own words."""
_LONGEST = 200


class BothEngines:
    """Two contexts that do the same; the first one's outbox counts."""

    def __init__(self, *engines: tuple[str, Engine]) -> None:
        """Take two engines with their names."""
        (self._name, self._first), (self._other, self._second) = engines

    def load(self, source: str) -> None:
        """Run *source* as a global script in both."""
        self._both(lambda engine: engine.load(source))

    def call(self, operation: str, argument: str) -> str:
        """Run one operation in both, and return the first one's outbox.

        Raises:
            EngineError: what the script did differs.
        """
        mine, theirs = self._both(lambda engine: engine.call(operation, argument))
        if operation not in _UNEQUAL and mine != theirs:
            self._compare(read(mine), read(theirs))
        text: str = mine
        return text

    def renew(self) -> None:
        """Let the next script use as much as one may, in both."""
        self._first.renew()
        self._second.renew()

    def close(self) -> None:
        """Free both contexts."""
        self._first.close()
        self._second.close()

    def _both(self, work: Callable[[Engine], Any]) -> tuple[Any, Any]:
        mine, theirs = _done(work, self._first), _done(work, self._second)
        if isinstance(mine, EngineError):
            if not isinstance(theirs, EngineError):
                raise self._differ(f"{mine.name}: {mine.message}", msg("no error"), mine.raw)
            raise mine
        if isinstance(theirs, EngineError):
            raise self._differ(msg("no error"), f"{theirs.name}: {theirs.message}", theirs.raw)
        return mine, theirs

    def _compare(self, mine: TurnResult, theirs: TurnResult) -> None:
        for index in range(max(len(mine.entries), len(theirs.entries))):
            entries = [
                side.entries[index] if index < len(side.entries) else None
                for side in (mine, theirs)
            ]
            if _facts(entries[0]) != _facts(entries[1]):
                raw = next((_raw(entry) for entry in entries if entry is not None), "")
                raise self._differ(_shown(entries[0]), _shown(entries[1]), raw)
        for run in {**mine.endings, **theirs.endings}:
            ends = mine.endings.get(run), theirs.endings.get(run)
            if _end(ends[0]) != _end(ends[1]):
                failed = next(
                    (end for end in ends if isinstance(end, Rejected) and end.error), None
                )
                raw = failed.error.raw if failed and failed.error else ""
                raise self._differ(str(_end(ends[0])), str(_end(ends[1])), raw)

    def _differ(self, mine: str, theirs: str, raw: str) -> EngineError:
        sides = joined(
            msg("; "),
            [
                labelled(self._name, mine if isinstance(mine, Translatable) else mine[:_LONGEST]),
                labelled(
                    self._other, theirs if isinstance(theirs, Translatable) else theirs[:_LONGEST]
                ),
            ],
        )
        return EngineError("EngineDifference", msg("the engines differ: {sides}", sides=sides), raw)


def _done(work: Callable[[Engine], Any], engine: Engine) -> Any:
    try:
        return work(engine)
    except EngineError as error:
        return error


def _facts(entry: Any) -> Any:
    """Return the content of an entry, without its place: columns and frames are an engine's own."""
    if entry is None or not isinstance(
        entry, ConsoleEntry | Uncaught | CallEntry | Write | Timer | Clear | Raced
    ):
        return entry
    if isinstance(entry, Uncaught):
        return "uncaught", _error(entry.error)
    names = [name for name in entry.__struct_fields__ if name not in {"row", "column"}]
    return type(entry).__name__, [
        dumps(msgspec.to_builtins(getattr(entry, n), enc_hook=encoded)) for n in names
    ]


def _error(error: ThrownValue | None) -> Any:
    if error is None:
        return None
    message = "" if error.name in _WORDED else error.message
    return error.name, message, error.call, _error(error.cause), dumps(error.fields)


def _end(ending: Fulfilled | Rejected | None) -> Any:
    if isinstance(ending, Fulfilled):
        return msg("returned {ending_value}", ending_value=dumps(ending.value))
    if isinstance(ending, Rejected):
        return "threw", "SyntaxError" if ending.is_syntax else _error(ending.error)
    return msg("goes on")


def _raw(entry: Any) -> str:
    if isinstance(entry, CallEntry | ConsoleEntry | Write | Timer):
        return f"    at <input>:{entry.row}:{entry.column}"
    return entry.error.raw if isinstance(entry, Uncaught) else ""


_SHOWN: Mapping[type, Callable[[Any], str]] = {
    ConsoleEntry: lambda entry: msg(
        "console.{level} {entry_text!r}", level=entry.level, entry_text=entry.text
    ),
    CallEntry: lambda entry: msg(
        "call {platform}.{api} {steps}",
        platform=entry.platform,
        api=entry.api,
        steps=_json(entry.steps or entry.args),
    ),
    Write: lambda entry: f"{entry.name} = {dumps(entry.value)}",
    Timer: lambda entry: msg("a timer of {delay} ms", delay=entry.delay),
    Uncaught: lambda entry: msg(
        "uncaught {error_name}: {error_message}",
        error_name=entry.error.name,
        error_message=entry.error.message,
    ),
    Clear: lambda entry: msg("timer {number} cleared", number=entry.number),
    Raced: lambda entry: msg("call {number} in a race", number=entry.number),
    type(None): lambda _: "nothing",
}


def _shown(entry: Any) -> str:
    return _SHOWN[type(entry)](entry)


def _json(value: Any) -> str:
    return dumps(msgspec.to_builtins(value, enc_hook=encoded))
