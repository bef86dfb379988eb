"""The one door to the default JavaScript engine, QuickJS-NG.

JSON text goes in and comes out. No Python function is registered: a raise inside one, or a time
limit, would corrupt the context. A context belongs to the thread that made it.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping, Sequence
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

import _quickjs

from bpmax_sim.script import bytecode
from bpmax_sim.script.limits import EngineError, LimitReachedError, Limits, too_slow
from bpmax_sim.script.stack import stack_limit
from bpmax_sim.script.tracker import track_rejections
from bpmax_sim.script.watchdog import Watch

BINDINGS: Mapping[str, str] = {
    "primordials": r"",
    "errors": r"\b(?:catch|throw|stack|reject|fetch)|Error|XMLHttpRequest",
    "values": r"Date|Map|Set|Array|BigInt|toJSON|class\b",
    "timers": r"Timeout|Interval|race\b|any\b",
    "console": r"console",
    "date": r"Date",
    "random": r"random|crypto",
    "text": r"Text(?:En|De)coder",
    "clone": r"structuredClone",
    "proxy": r"\$proxy",
    "guards": r"",
    "walk": r"flat|concat|Proxy|prototype|\.call\b|\braw\b",
    "search": r"(?!)",
    "dom": r"DOMException|atob|btoa",
    "url": r"URL",
    "intl": r"Intl|toLocale|localeCompare",
    "collation": r"localeCompare|Collator",
    "places": r"(?!)",
}
"""Name of a binding -> what a script that uses it is likely to contain.

Only that is read from bytecode beforehand; the others are compiled where a script uses them all the
same, which is as right and takes longer.
"""
_PUMPED_BETWEEN_LOOKS = 64


class QuickJSNG:
    """A QuickJS-NG context with the prelude in it."""

    def __init__(self, limits: Limits, sources: Sequence[str] = ()) -> None:
        """Make a context within *limits*, which is to run *sources*."""
        self._limits = limits
        self._left = limits.cpu
        self._left_wall = limits.wall
        self._is_wall = False
        self._entered = 0.0
        self._context: Any = _quickjs.Context()
        self._watch = Watch(self._context, limits.memory)
        self._context.set_max_stack_size(limits.stack or stack_limit())
        self._entry: Any = _entry(self._context, sources)
        self._tracking = track_rejections(self._context)
        self._context.set_memory_limit(limits.memory)

    def load(self, source: str) -> None:
        """Run *source* as a global script."""
        self._within(self._context.eval, source)

    def call(self, operation: str, argument: str) -> str:
        """Run one operation of the prelude and every microtask, and return its outbox."""
        text: str = self._within(self._turn, operation, argument)
        return text

    def close(self) -> None:
        """Free the context."""
        self._entry = self._context = None

    def _turn(self, operation: str, argument: str) -> Any:
        self._entry(operation, argument)
        self._pump()
        self._limit_to(min(self._left, self._left_wall) - self._used())
        return self._entry()

    def _limit_to(self, seconds: float) -> None:
        # The engine's own limit is afresh for each entry, so the sum is kept here.
        self._context.set_time_limit(max(seconds, 0.001))

    def _used(self) -> float:
        """Return the processor time since the engine was entered, in seconds."""
        return time.thread_time() - self._entered

    def _within(self, work: Callable[..., Any], *arguments: str) -> Any:
        if self._watch.fired or self._left <= 0 or self._left_wall <= 0:
            raise self._too_slow("")
        self._entered, started = time.thread_time(), time.monotonic()
        self._watch.enter(self._left, self._left_wall)
        try:
            self._limit_to(min(self._left, self._left_wall))
            result = work(*arguments)
            self._pump()
        except _quickjs.JSException as error:
            raise self._translated(str(error)) from None
        finally:
            self._watch.leave()
            self._left -= self._used()
            self._left_wall -= time.monotonic() - started
        if self._watch.fired:
            raise self._too_slow("")
        return result

    def _pump(self) -> None:
        # An endless `await null` never trips the engine's limit: each job is an entry of its own.
        advance, count = self._context.execute_pending_job, 0
        while advance():
            count += 1
            if self._watch.fired:
                raise self._too_slow("")
            if count % _PUMPED_BETWEEN_LOOKS == 0 and self._used() > self._left:
                raise self._too_slow("")

    def _translated(self, text: str) -> EngineError:
        # The text is `Name: message`, then the stack, which repeats that line in a script's view.
        lines = text.split("\n")
        raw = "\n".join(line for line in lines if line.startswith("    at "))
        name, colon, message = lines[0].partition(": ")
        if not colon:
            name, message = "Uncaught", lines[0]
        if message == "interrupted" or self._watch.fired:
            return self._too_slow(raw)
        return EngineError(name, message, raw)

    def _too_slow(self, raw: str) -> LimitReachedError:
        fired = self._watch.fired
        if self._left > 0 or self._left_wall > 0:
            self._is_wall = fired == "wall" if fired else self._left_wall < self._left
        self._left = self._left_wall = 0.0
        return too_slow(self._limits, is_wall=self._is_wall, raw=raw)


def _entry(context: Any, scripts: Sequence[str]) -> Any:
    """Return the prelude's entry, made ready for *scripts*."""
    texts = sources()
    main = bytecode.compiled(texts[0])
    if main is None:
        return context.eval(texts[0])(None, *texts[1:])
    wanted = _wanted("").union(*map(_wanted, scripts))
    parts = [
        bytecode.compiled(text) if name in wanted else None
        for name, text in zip(BINDINGS, texts[1:], strict=True)
    ]
    return bytecode.entered(context, main, parts, _texts())


@lru_cache(maxsize=256)
def _wanted(script: str) -> frozenset[str]:
    """Return the bindings that *script* is likely to use."""
    return frozenset(name for name, sign in BINDINGS.items() if re.search(sign, script))


@cache
def _texts() -> bytecode.Texts:
    return bytecode.Texts(sources()[1:])


@cache
def sources() -> tuple[str, ...]:
    """Return the prelude and the bindings, in the order of its parameters."""
    folder = files("bpmax_sim.script")
    paths = ("prelude.js", *(f"bindings/{name}.js" for name in BINDINGS))
    return tuple((folder / path).read_text("utf-8") for path in paths)
