"""Run a script in two engines with the same responses, and stop at the first step that differs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import zip_longest
from typing import Any

import msgspec

from bpmax_sim.i18n import TranslatableText, encode_as_english, join_messages, label_message, msg
from bpmax_sim.js_values import dumps_compact
from bpmax_sim.script import channel, turn_result
from bpmax_sim.script.limits import EngineError

_UNEQUAL = frozenset({"probe", "probed", "end"})
"""Operations whose outbox is what an engine knows of its promises, in one more than in another."""
_WORDED = frozenset({"TypeError", "SyntaxError", "ReferenceError", "RangeError", "InternalError"})
"""Errors that an engine raises itself, each in its own words."""
_OF_ONE = turn_result.UnrankedCharacterEntry
"""What only the engine without all of ICU does not know."""
_LONGEST = 200


class BothEngines:
    """An engine that runs everything in two engines; a difference between them is an EngineError.

    The results of the first one are used.
    """

    def __init__(self, *engines: tuple[str, channel.Engine]) -> None:
        """Compare two engines, each given with its name."""
        (self._name, self._first), (self._other, self._second) = engines

    def load(self, source: str) -> None:
        """Run *source* as a global script in both engines."""
        self._run_in_both(lambda engine: engine.load(source))

    def call(self, operation: str, argument: str) -> str:
        """Run one operation in both engines; return the outbox (what scripts did) of the first.

        *operation* is one of the prelude (our JavaScript code), such as ``run``, and *argument* its
        JSON object.

        Raises:
            EngineError: if the two outboxes differ.
        """
        mine, theirs = self._run_in_both(lambda engine: engine.call(operation, argument))
        if operation not in _UNEQUAL and mine != theirs:
            self._compare(turn_result.parse_turn(mine), turn_result.parse_turn(theirs))
        return str(mine)

    def reset_time_limits(self) -> None:
        """Give the next script the full time limits in both engines."""
        self._first.reset_time_limits()
        self._second.reset_time_limits()

    def close(self) -> None:
        """Free both contexts."""
        self._first.close()
        self._second.close()

    def _run_in_both(self, work: Callable[[channel.Engine], Any]) -> tuple[Any, Any]:
        mine, theirs = _run_or_catch(work, self._first), _run_or_catch(work, self._second)
        if isinstance(mine, EngineError):
            if not isinstance(theirs, EngineError):
                raise self._make_difference_error(
                    f"{mine.name}: {mine.message}", msg("no error"), mine.raw
                )
            raise mine
        if isinstance(theirs, EngineError):
            raise self._make_difference_error(
                msg("no error"), f"{theirs.name}: {theirs.message}", theirs.raw
            )
        return mine, theirs

    def _compare(self, mine: turn_result.TurnResult, theirs: turn_result.TurnResult) -> None:
        both = (
            (entry for entry in turn.entries if not isinstance(entry, _OF_ONE))
            for turn in (mine, theirs)
        )
        for ours, other in zip_longest(*both):
            entries = _to_comparable_entry(ours), _to_comparable_entry(other)
            if entries[0] != entries[1]:
                told = _describe_entry(ours), _describe_entry(other)
                # What differs may be in what the description leaves out, such as a cause.
                if told[0] == told[1]:
                    told = str(entries[0]), str(entries[1])
                raise self._make_difference_error(*told, _read_entry_frames(ours or other))
        for run in {**mine.endings, **theirs.endings}:
            ends = mine.endings.get(run), theirs.endings.get(run)
            ours, other = map(_describe_ending, ends)
            if ours != other:
                thrown = [end.error for end in ends if isinstance(end, turn_result.ScriptBodyError)]
                raw = next((error.raw for error in thrown if error), "")
                raise self._make_difference_error(str(ours), str(other), raw)

    def _make_difference_error(self, mine: str, theirs: str, raw: str) -> EngineError:
        sides = [
            label_message(name, text if isinstance(text, TranslatableText) else text[:_LONGEST])
            for name, text in ((self._name, mine), (self._other, theirs))
        ]
        message = msg("the engines differ: {sides}", sides=join_messages(msg("; "), sides))
        return EngineError("EngineDifference", message, raw)


def _run_or_catch(work: Callable[[channel.Engine], Any], engine: channel.Engine) -> Any:
    try:
        return work(engine)
    except EngineError as error:
        return error


def _to_comparable_entry(entry: Any) -> Any:
    """Return something that a script did, an entry of a turn, in a form to be compared.

    Its line and column in the script are left out, as they may differ between engines.
    """
    if entry is None:
        return None
    if isinstance(entry, turn_result.TimerError):
        return "uncaught", _to_comparable_error(entry.error)
    names = [name for name in entry.__struct_fields__ if name not in {"row", "column"}]
    return type(entry).__name__, [_encode_json(getattr(entry, name)) for name in names]


def _to_comparable_error(error: turn_result.ThrownValue | None) -> Any:
    if error is None:
        return None
    message = "" if error.name in _WORDED else error.message
    return (
        error.name,
        message,
        error.call,
        _to_comparable_error(error.cause),
        dumps_compact(error.fields),
    )


def _describe_ending(
    ending: turn_result.BodyReturnValue | turn_result.ScriptBodyError | None,
) -> Any:
    if isinstance(ending, turn_result.BodyReturnValue):
        return msg("returned {ending_value}", ending_value=dumps_compact(ending.value))
    if isinstance(ending, turn_result.ScriptBodyError):
        return "threw", "SyntaxError" if ending.is_syntax else _to_comparable_error(ending.error)
    return msg("goes on")


def _read_entry_frames(entry: Any) -> str:
    if isinstance(entry, turn_result.TimerError):
        return entry.error.raw
    has_place = "row" in entry.__struct_fields__
    return f"    at <input>:{entry.row}:{entry.column}" if has_place else ""


_DESCRIPTIONS: Mapping[type, Callable[[Any], str]] = {
    turn_result.ConsoleEntry: lambda entry: msg(
        "console.{level} {entry_text!r}", level=entry.level, entry_text=entry.text
    ),
    turn_result.CallEntry: lambda entry: msg(
        "call {platform}.{api} {steps}",
        platform=entry.platform,
        api=entry.api,
        steps=_encode_json(entry.steps or entry.args),
    ),
    turn_result.RefusedCall: lambda entry: msg(
        "call {platform}.{api} {steps}",
        platform=entry.platform,
        api=entry.api,
        steps=entry.message,
    ),
    turn_result.FieldWrite: lambda entry: f"{entry.name} = {dumps_compact(entry.value)}",
    turn_result.PromiseWrite: lambda entry: f"{entry.name} = Promise",
    turn_result.TimerEntry: lambda entry: msg("a timer of {delay} ms", delay=entry.delay),
    turn_result.TimerError: lambda entry: msg(
        "uncaught {error_name}: {error_message}",
        error_name=entry.error.name,
        error_message=entry.error.message,
    ),
    turn_result.TimerCancel: lambda entry: msg("timer {number} cleared", number=entry.number),
    turn_result.AbsentMember: lambda entry: msg("a read of {name}", name=entry.name),
    turn_result.PromiseRead: lambda entry: msg("a read of {name}", name=entry.member),
    turn_result.RandomDrawCount: lambda entry: f"Math.random × {entry.drawn}",
    type(None): lambda _: "nothing",
}


def _describe_entry(entry: Any) -> str:
    return _DESCRIPTIONS[type(entry)](entry)


def _encode_json(value: Any) -> str:
    return dumps_compact(msgspec.to_builtins(value, enc_hook=encode_as_english))
