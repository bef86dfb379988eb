"""Runs users' scripts: each in a context of its own, all on one scheduler and one thread."""

from __future__ import annotations

import hashlib
import math
import struct
import threading
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Final

from bpmax_sim.errors import ConfigError
from bpmax_sim.script.context import Begin, Context, Engine, LiveObject, MakeEngine, Setting
from bpmax_sim.script.failure import Script
from bpmax_sim.script.limits import EngineError, Limits, stack_limit, with_stack
from bpmax_sim.script.outbox import Outcome
from bpmax_sim.script.scheduler import Scheduler

SHANGHAI = 8 * 3600.0


def quickjs(limits: Limits, sources: Sequence[str] = ()) -> Engine:
    """Return a context of the default engine within *limits*, which is to run *sources*."""
    from bpmax_sim.script.engine import QuickJSNG  # noqa: PLC0415 - not before a script runs

    return QuickJSNG(limits, sources)


def expression_problem(text: str) -> str | None:
    """Return what is wrong with *text* as an expression of JavaScript; nothing of it runs."""
    wrong = _syntax_error(text)
    return "unexpected end of the condition" if wrong and not _syntax_error(f"{text} 0") else wrong


def _syntax_error(text: str) -> str:
    engine = quickjs(Limits())
    try:
        engine.load(f"throw 0;(() => (\n{text}\n));")
    except EngineError as error:
        return error.message if error.name == "SyntaxError" else ""
    finally:
        engine.close()
    return ""


def _both(limits: Limits, sources: Sequence[str] = ()) -> Engine:
    from bpmax_sim.script.both import BothEngines  # noqa: PLC0415 - imports this package's engines
    from bpmax_sim.script.v8 import V8  # noqa: PLC0415 - an extra

    return BothEngines(("quickjs", quickjs(limits, sources)), ("v8", V8(limits, sources)))


def engine_of(name: str) -> MakeEngine:
    """Return what makes contexts of the engine *name*, ``quickjs``, ``v8`` or both with a comma.

    Raises:
        ConfigError: its extra is not installed.
    """
    if name == "quickjs":
        return quickjs
    try:
        from bpmax_sim.script.v8 import V8  # noqa: PLC0415 - an extra
    except ImportError:
        told = "the engine v8 needs mini-racer: pip install 'bpmax-sim[engine-v8]'"
        raise ConfigError(told) from None
    return V8 if name == "v8" else _both


ENGINES: Final = ("quickjs", "v8", "quickjs,v8")
"""Who runs JavaScript; the first is the default, V8 an extra; both stop where they differ."""


class Runtime:
    """Starts scripts and lets them run; belongs to the thread that made it.

    Args:
        scheduler: runs calls and timers, in the session's virtual time.
        begin: starts a ``$proxy`` call.
        limits: of each script.
        seed: of chance; each script of a session gets a sequence of its own.
        zone: local time of scripts, in seconds east of Greenwich.
        engine: makes a context.
    """

    def __init__(
        self,
        scheduler: Scheduler,
        begin: Begin,
        *,
        limits: Limits | None = None,
        seed: int = 0,
        zone: float = SHANGHAI,
        engine: MakeEngine = quickjs,
    ) -> None:
        self._scheduler = scheduler
        self._begin = begin
        self._limits = limits or Limits()
        self._seed = seed
        self._zone = zone
        self._engine = engine
        self._started = 0
        self._running: dict[int, Context] = {}
        self._later: list[Outcome] = []
        self._thread = threading.get_ident()

    def run(
        self,
        script: Script,
        *,
        libraries: Sequence[Script] = (),
        bindings: Mapping[str, LiveObject] | None = None,
        values: Mapping[str, Any] | None = None,
    ) -> Outcome:
        """Run *script* and all that it starts until nothing is left to happen.

        Args:
            script: the body of an async function, as BPMAX stores it.
            libraries: global scripts, run before, whose declarations the body sees.
            bindings: live objects by their global name, such as ``form``.
            values: further globals.

        Raises:
            ConfigError: on another thread than the one that opened the session.
        """
        outcomes: list[Outcome] = []
        self.start(script, outcomes.append, libraries=libraries, bindings=bindings, values=values)
        self.settle()
        return outcomes[0]

    def start(
        self,
        script: Script,
        done: Callable[[Outcome], None],
        *,
        libraries: Sequence[Script] = (),
        bindings: Mapping[str, LiveObject] | None = None,
        values: Mapping[str, Any] | None = None,
    ) -> None:
        """Plan *script* beside those that are running; *done* gets its outcome.

        Raises:
            ConfigError: on another thread than the one that opened the session.
        """
        if threading.get_ident() != self._thread:
            raise ConfigError(
                f"{script.name}: scripts run on the thread that opened the session; "
                "open a session of its own on this thread"
            )
        self._started += 1
        setting = Setting(
            script=script,
            libraries=libraries,
            bindings=bindings or {},
            values=values or {},
            limits=self._limits,
            zone=self._zone,
            state=_words(f"{self._seed}/{self._started}"),
        )
        self._scheduler.soon(partial(self._launch, self._started, setting, done))

    def settle(self, until: float = -math.inf) -> None:
        """Let happen what is due by now or by *until*, and what scripts wait for.

        A script that then still waits is stuck; intervals stay for whoever lets time pass.
        """
        if self._limits.stack and self._limits.stack > stack_limit():
            with_stack(self._limits.stack, partial(self._settle_here, until))
        else:
            self._settle_here(until)

    def drain(self) -> list[Outcome]:
        """Return what came of intervals since the last time, after their scripts had ended."""
        found, self._later = self._later, []
        return found

    def close(self) -> None:
        """End what still runs."""
        for context in self._running.values():
            context.close()
        self._running.clear()

    def _settle_here(self, until: float) -> None:
        home, self._thread = self._thread, threading.get_ident()
        try:
            self._settle(until)
        finally:
            self._thread = home

    def _settle(self, until: float) -> None:
        self._scheduler.run(self._is_busy, until)
        while waiting := [one for one in self._running.values() if not one.is_resting]:
            waiting[0].stuck()
            self._scheduler.run(self._is_busy, until)

    def _is_busy(self) -> bool:
        return any(not one.is_resting for one in self._running.values())

    def _ended(
        self, number: int, first: list[Callable[[Outcome], None]], outcome: Outcome, over: bool
    ) -> None:
        """Hand the first outcome of a script to who started it; further ones wait to be drained."""
        if over:
            del self._running[number]
        if first:
            first.pop()(outcome)
        else:
            self._later.append(outcome)

    def _launch(self, number: int, setting: Setting, done: Callable[[Outcome], None]) -> None:
        scripts = (*setting.libraries, setting.script)
        context = Context(
            setting,
            engine=self._engine(setting.limits, [script.source for script in scripts]),
            scheduler=self._scheduler,
            begin=self._begin,
            done=partial(self._ended, number, [done]),
        )
        self._running[number] = context
        context.start()


def _words(seed: str) -> tuple[int, ...]:
    return struct.unpack("<4I", hashlib.sha256(seed.encode()).digest()[:16])
