"""What a subject needs of whoever runs its scripts, and what it tells while it is driven."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import msgspec

from bpmax_sim.errors import BpmaxError, Place
from bpmax_sim.script.mirror import LiveObject
from bpmax_sim.script.outcome import ConsoleLine, Outcome, TimerFired, Unawaited
from bpmax_sim.script.source import Script


class Stage(Protocol):
    """Runs scripts, several at once, in one virtual time."""

    def run_script(
        self,
        script: Script,
        *,
        form: LiveObject | None = None,
        ctx: LiveObject | None = None,
        libraries: Sequence[Script] = (),
    ) -> Outcome:
        """Run *script* and everything that it starts until nothing is left to do."""
        ...

    def start_script(
        self,
        script: Script,
        done: Callable[[Outcome], None],
        *,
        form: LiveObject | None = None,
        ctx: LiveObject | None = None,
        libraries: Sequence[Script] = (),
    ) -> None:
        """Start *script* beside the one that is running; *done* gets its end."""
        ...


class FieldChanged(msgspec.Struct, frozen=True, kw_only=True):
    """A field got another value.

    Attributes:
        by: ``user``, or the event whose script wrote it.
        place: the script's line, where one wrote the field itself.
    """

    field: str
    old: Any
    new: Any
    by: str
    place: Place | None = None
    at: float = 0.0


class CycleCut(msgspec.Struct, frozen=True, kw_only=True):
    """A change handler was not fired again: *chain* shows how the change came about."""

    field: str
    chain: tuple[str, ...]
    at: float = 0.0


class HookStarted(msgspec.Struct, frozen=True, kw_only=True):
    """The script of an event starts."""

    event: str
    script: str
    at: float = 0.0


class MessageShown(msgspec.Struct, frozen=True, kw_only=True):
    """A message that a user would see."""

    text: str
    level: str = "info"
    at: float = 0.0


class NodeEntered(msgspec.Struct, frozen=True, kw_only=True):
    """The flow stands at another node."""

    node: str
    previous: str
    action: str
    by: str
    at: float = 0.0


Happening = FieldChanged | CycleCut | HookStarted | MessageShown | NodeEntered
Tell = Callable[[Happening], None]


class Result(msgspec.Struct):
    """What came of one action: the hook's value, errors in order, and what was left behind.

    Attributes:
        ran: whether there was a script to run.
        refused: whether the action was stopped by its script; *errors* may then still be empty.
    """

    value: Any = None
    errors: list[Exception] = msgspec.field(default_factory=list)
    console: list[ConsoleLine] = msgspec.field(default_factory=list)
    timers: list[TimerFired] = msgspec.field(default_factory=list)
    unhandled: list[BpmaxError] = msgspec.field(default_factory=list)
    unawaited: list[Unawaited] = msgspec.field(default_factory=list)
    ran: bool = False
    refused: bool = False

    def take(self, ended: Outcome) -> None:
        """Add what a script that ended told, and its error."""
        self.console.extend(ended.console)
        self.timers.extend(ended.timers)
        self.unhandled.extend(ended.unhandled)
        self.unawaited.extend(ended.unawaited)
        if ended.error is not None:
            self.errors.append(ended.error)


def same(left: Any, right: Any) -> bool:
    """Return whether two field values are the same to JavaScript: true is not 1, NaN is NaN."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, float) and isinstance(right, float):
        return left == right or (math.isnan(left) and math.isnan(right))
    if isinstance(left, Mapping) and isinstance(right, Mapping):
        return left.keys() == right.keys() and all(same(left[name], right[name]) for name in left)
    if isinstance(left, list | tuple) and isinstance(right, list | tuple):
        return len(left) == len(right) and all(map(same, left, right))
    return bool(left == right)
