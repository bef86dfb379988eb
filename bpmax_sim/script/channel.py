"""Turns of one context: an operation goes in with the time and the news, its outbox comes out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from bpmax_sim.script.border import dumps
from bpmax_sim.script.limits import Limits
from bpmax_sim.script.mirror import Mirror
from bpmax_sim.script.outbox import Reply, read


class Engine(Protocol):
    """One isolated context of a JavaScript engine, with the prelude in it."""

    def load(self, source: str) -> None:
        """Run *source* as a global script, whose declarations later code sees.

        Raises:
            EngineError: it is not valid, or it threw.
            LimitReachedError: it used more than it may.
        """
        ...

    def call(self, operation: str, argument: str) -> str:
        """Run one operation of the prelude and every microtask, and return its outbox.

        Raises:
            LimitReachedError: the script used more than it may.
        """
        ...

    def close(self) -> None:
        """Free the context."""
        ...


MakeEngine = Callable[[Limits, Sequence[str]], Engine]
"""Makes a context within limits for the sources that are to run in it."""


class Channel:
    """The way into an engine and out of it."""

    def __init__(self, engine: Engine, mirror: Mirror, now: Callable[[], float]) -> None:
        self._engine: Engine | None = engine
        self._mirror = mirror
        self._now = now

    @property
    def is_open(self) -> bool:
        """Whether the context is still there."""
        return self._engine is not None

    def open(self, **setting: Any) -> None:
        """Set the context up."""
        self._call("open", fields=self._mirror.patch(), bindings=self._mirror.names, **setting)

    def load(self, source: str) -> None:
        """Run *source* as a global script."""
        if self._engine:
            self._engine.load(source)

    def turn(self, operation: str, **argument: Any) -> Reply:
        """Run one operation and every microtask.

        Raises:
            EngineError: the context is lost.
            MalformedError: the script damaged its own context.
        """
        patch = self._mirror.patch()
        return self._call(operation, **argument, **({"patch": patch} if patch else {}))

    def close(self) -> None:
        """Free the context."""
        if self._engine:
            self._engine.close()
        self._engine = None

    def _call(self, operation: str, **argument: Any) -> Reply:
        if self._engine is None:
            return Reply([], None)
        argument["now"] = round(self._now() * 1000)
        return read(self._engine.call(operation, dumps(argument)))
