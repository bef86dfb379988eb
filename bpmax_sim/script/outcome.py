"""What comes of running a script."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from bpmax_sim.errors import BpmaxError, Place, ScriptError
from bpmax_sim.proxy.values import UNDEFINED

Level = Literal["log", "info", "debug", "warn", "error", "trace"]


class ConsoleLine(msgspec.Struct, frozen=True):
    """One ``console`` call: its text as Node prints it, its values, and when it was.

    Attributes:
        at: the virtual instant.
        order: its place among all that happens in the session.
    """

    level: Level
    text: str
    values: tuple[Any, ...]
    at: float
    order: int = 0


class TimerFired(msgspec.Struct, frozen=True):
    """A timer was due: the seconds that it waited, the line that set it, and when it was.

    Attributes:
        at: the virtual instant.
        order: its place among all that happens in the session.
    """

    delay: float
    place: Place | None
    at: float
    order: int = 0


class Unawaited(msgspec.Struct, frozen=True):
    """A call that nobody awaited, or that was under way when the body ended."""

    call: str
    place: Place | None

    def __str__(self) -> str:
        """Return ``file:line:column: platform.api was not awaited``."""
        head = f"{self.place}: " if self.place else ""
        return f"{head}{self.call} was not awaited"


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """The end of a script.

    Attributes:
        value: what the body returned; `UNDEFINED` if nothing.
        error: what it did not catch, a limit it passed, or a promise it waits for in vain.
        console, timers: in order.
        unawaited: calls that completed without anyone waiting for them.
        unhandled: rejections and timer errors that nobody handled.
    """

    value: Any = UNDEFINED
    error: BpmaxError | None = None
    console: tuple[ConsoleLine, ...] = ()
    timers: tuple[TimerFired, ...] = ()
    unawaited: tuple[Unawaited, ...] = ()
    unhandled: tuple[ScriptError, ...] = ()

    def unwrap(self) -> Any:
        """Return the value.

        Raises:
            BpmaxError: the error, if there is one, else the first rejection that nobody handled.
        """
        for error in (self.error, *self.unhandled):
            if error is not None:
                raise error
        return self.value
