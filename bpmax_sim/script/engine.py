"""The one door to the default JavaScript engine, QuickJS-NG.

JSON text goes in and comes out. No Python function is registered: a raise inside one, or a time
limit, would corrupt the context. A context belongs to the thread that made it.
"""

from __future__ import annotations

import time
from functools import cache
from importlib.resources import files
from typing import Any

import _quickjs

from bpmax_sim.script import bytecode
from bpmax_sim.script.limits import EngineError, LimitReachedError, Limits
from bpmax_sim.script.stack import stack_limit
from bpmax_sim.script.tracker import track_rejections

_LARGE = (
    "url",
    "intl",
    "collation",
    "places",
)  # compiled on first use: even to read them takes long
BINDINGS = (
    "errors",
    "values",
    "timers",
    "console",
    "date",
    "random",
    "text",
    "clone",
    "proxy",
    "arrays",
    "dom",
    *_LARGE,
)
_PUMPED_BETWEEN_LOOKS = 64


class QuickJSNG:
    """A QuickJS-NG context with the prelude in it."""

    def __init__(self, limits: Limits) -> None:
        """Make a context within *limits*."""
        self._limits = limits
        self._left = limits.cpu
        self._context: Any = _quickjs.Context()
        self._context.set_max_stack_size(limits.stack or stack_limit())
        self._entry: Any = _entry(self._context)
        self._tracking = track_rejections(self._context)
        self._context.set_memory_limit(limits.memory)

    def load(self, source: str) -> None:
        """Run *source* as a global script."""
        self._within(lambda: self._context.eval(source))

    def call(self, operation: str, argument: str) -> str:
        """Run one operation of the prelude and every microtask, and return its outbox."""
        text: str = self._within(lambda: self._turn(operation, argument))
        return text

    def close(self) -> None:
        """Free the context."""
        self._entry = self._context = None

    def _turn(self, operation: str, argument: str) -> Any:
        started = time.thread_time()
        self._entry(operation, argument)
        self._pump(started)
        self._limit_to(self._left - (time.thread_time() - started))
        return self._entry()

    def _limit_to(self, seconds: float) -> None:
        # The engine's own limit is afresh for each entry, so the sum is kept here.
        self._context.set_time_limit(max(seconds, 0.001))

    def _within(self, work: Any) -> Any:
        started = time.thread_time()
        if self._left <= 0:
            raise self._too_slow("")
        try:
            self._limit_to(self._left)
            result = work()
            self._pump(started)
        except _quickjs.JSException as error:
            raise self._translated(str(error)) from None
        else:
            return result
        finally:
            self._left -= time.thread_time() - started

    def _pump(self, started: float) -> None:
        # An endless `await null` never trips the engine's limit: each job is an entry of its own.
        count = 0
        while self._context.execute_pending_job():
            count += 1
            if count % _PUMPED_BETWEEN_LOOKS == 0:
                used = time.thread_time() - started
                if used > self._left:
                    raise self._too_slow("")

    def _translated(self, text: str) -> EngineError:
        # The text is `Name: message`, then the stack, which repeats that line in a script's view.
        lines = text.split("\n")
        raw = "\n".join(line for line in lines if line.startswith("    at "))
        name, colon, message = lines[0].partition(": ")
        if not colon:
            name, message = "Uncaught", lines[0]
        if message == "interrupted":
            return self._too_slow(raw)
        return EngineError(name, message, raw)

    def _too_slow(self, raw: str) -> LimitReachedError:
        self._left = 0.0
        message = f"the script used more than {self._limits.cpu:g} s of processor time"
        return LimitReachedError("ScriptLimitError", message, raw)


def _entry(context: Any) -> Any:
    """Return the prelude's entry."""
    program = _program()
    if program is not None:
        return bytecode.entered(context, program)
    prelude, *bindings = sources()
    return context.eval(prelude)(*bindings)


@cache
def _program() -> tuple[bytes | str, ...] | None:
    texts = sources()
    code = bytecode.compiled(texts[: -len(_LARGE)])
    return code and (*code, *texts[-len(_LARGE) :])


def sources() -> tuple[str, ...]:
    """Return the prelude and the bindings, in the order of its parameters."""
    folder = files("bpmax_sim.script")
    paths = ("prelude.js", *(f"bindings/{name}.js" for name in BINDINGS))
    return tuple((folder / path).read_text("utf-8") for path in paths)
