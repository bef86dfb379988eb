"""V8 (mini-racer), the optional engine: full ICU, and fast for computations.

Only text goes in and out, as tasks that can be cancelled; microtasks run between the two tasks of a
turn. A script can end the whole process (``new Array(2 ** 32 - 1).fill(0)``), so V8 is never the
default.
"""

from __future__ import annotations

import asyncio
import json
import re
import threading
import time
import warnings
from collections.abc import Sequence
from contextlib import ExitStack
from functools import cache
from importlib.resources import files
from typing import Any, Final

from bpmax_sim.script import engine
from bpmax_sim.script.failure import escape_unencodable
from bpmax_sim.script.limits import (
    MEGABYTE,
    EngineError,
    LimitReachedError,
    Limits,
    make_time_error,
)

with warnings.catch_warnings():
    # CPython 3.14 deprecates how its structures are laid out.
    warnings.simplefilter("ignore", DeprecationWarning)
    from py_mini_racer import JSEvalException, JSOOMException, JSParseException
    from py_mini_racer._mini_racer import _make_context

# `MiniRacer` itself installs timers of real time that cannot be taken away again.


_PATIENCE: Final = 20
"""Seconds of real time for each of processor time: who computes gets it sooner or later, also on a
machine that others use, and only a script that does not compute ends by this."""

_TICK: Final = 0.001  # seconds between looks at the clock when the time is nearly over
_HEAD = re.compile(r"^(?:<anonymous>|undefined):(\d+): (.*)$", re.DOTALL)


_OPEN: Final[set[ExitStack]] = set()
"""What is not closed yet: freed by the garbage collector, on V8's own thread, it would crash."""


class V8:
    """A context of the engine V8 (an isolate), with the prelude (our JavaScript code) loaded."""

    def __init__(self, limits: Limits, _sources: Sequence[str] = ()) -> None:
        """Create an isolate within *limits*.

        The stack is V8's own, `Limits.stack` has no effect. Time is processor time of the whole
        process, with a real-time limit of `_PATIENCE` times as long.
        """
        self._limits = limits
        self._left = limits.cpu
        self._resources = ExitStack()
        _OPEN.add(self._resources)
        self._context: Any = self._resources.enter_context(_make_context(_start_loop()))
        self._eval(_read_setup_code())
        self._context.set_hard_memory_limit(limits.memory)

    def load(self, source: str) -> None:
        """Run *source* as a global script."""
        # `0` is the result: the value of the script's last statement is not converted for Python.
        self._eval(f"{source}\n;0")

    def call(self, operation: str, argument: str) -> str:
        """Run one operation of the prelude and every microtask, and return its outbox.

        The prelude is our JavaScript code, and the outbox the list of what scripts did meanwhile.
        """
        # Two tasks: V8 runs the microtasks at the end of the first, the second takes the outbox.
        self._eval(f"__bpm({json.dumps(operation)},{json.dumps(argument)});0")
        text: str = self._eval("__bpm()")
        return self._add_syntax_position(text, argument) if operation == "run" else text

    def reset_time_limits(self) -> None:
        """Give the next script the full processor time."""
        self._left = self._limits.cpu

    def close(self) -> None:
        """Free the isolate and end what runs in it."""
        self._context = None
        self._resources.close()
        _OPEN.discard(self._resources)

    def _eval(self, code: str) -> Any:
        if self._left <= 0:
            raise make_time_error(self._limits, is_wall=False)
        started = time.process_time()  # of all threads: V8 has its own
        running = self._eval_until(code, started + self._left, _PATIENCE * self._left)
        try:
            return asyncio.run_coroutine_threadsafe(running, _start_loop()).result()
        except TimeoutError:
            self._left = 0.0
            raise make_time_error(self._limits, is_wall=False) from None
        except JSOOMException:
            size = f"{self._limits.memory / MEGABYTE:g} MB"
            message = f"the script used more than {size} of memory"
            raise LimitReachedError("ScriptLimitError", message) from None
        except JSEvalException as error:
            raise _translate_error(error) from None
        finally:
            self._left -= time.process_time() - started

    async def _eval_until(self, code: str, end: float, patience: float) -> Any:
        """Return the result of *code*, which is stopped at *end*, an instant of processor time.

        *patience* is its limit in seconds of real time.

        Raises:
            TimeoutError: a limit is reached.
        """
        latest = time.monotonic() + patience
        task = asyncio.ensure_future(self._context.eval_cancelable(code))
        try:
            while not task.done():
                left = end - time.process_time()
                if left <= 0 or time.monotonic() >= latest:
                    raise TimeoutError
                # Half of it, as V8 has threads beside that of the script.
                await asyncio.wait({task}, timeout=max(left / 2, _TICK))
            return task.result()
        finally:
            if not task.done():
                task.cancel()
                await asyncio.wait({task})

    def _add_syntax_position(self, outbox: str, run_argument: str) -> str:
        """Return *outbox* with the position of a syntax error, found by parsing the script again.

        Both arguments are JSON. *outbox* is the list of what scripts did in an operation ``run`` of
        the prelude (our JavaScript code), *run_argument* is the argument of that operation.
        """
        reply, arguments = json.loads(outbox), json.loads(run_argument)
        thrown = [end[2] for end in reply["done"] if end[0] == arguments["run"] and end[1] is None]
        if not thrown or thrown[0]["raw"]:
            return outbox
        above, body = "\n" * (arguments["start"] - 1), escape_unencodable(arguments["source"])
        try:
            self._eval(f"throw 0;{above}(async function () {{\n{body}\n}})")  # nothing of it runs
        except EngineError as error:
            thrown[0]["raw"] = error.raw
        return json.dumps(reply)


def _translate_error(error: JSEvalException) -> EngineError:
    """Return the error whose name, message and stack are in the text of mini-racer's exception."""
    # The text is `<anonymous>:line: Name: message`, the source line, a caret, then the stack.
    lines = str(error).split("\n")
    match = _HEAD.match(lines[0])
    assert match, "mini-racer's own format"
    name, colon, message = match[2].partition(": ")
    if not colon:
        name, message = "Uncaught", match[2]
    raw = "\n".join(line for line in lines if line.startswith("    at "))
    if isinstance(error, JSParseException):
        raw = f"    at <input>:{match[1]}:{_find_byte_column(lines)}"
    return EngineError(name, message, raw)


def _find_byte_column(error_lines: list[str]) -> int:
    """Return the column of the caret in V8's message, in UTF-8 bytes from 1.

    V8 places the caret by UTF-16 units.
    """
    caret = next((line for line in error_lines[2:3] if line.strip("^ ") == ""), "")
    units = (len(caret) - len(caret.lstrip())) * 2
    before = error_lines[1].encode("utf-16-le", "surrogatepass")[:units]
    return len(before.decode("utf-16-le", "replace").encode("utf-8", "replace")) + 1


@cache
def _start_loop() -> asyncio.AbstractEventLoop:
    """Return the event loop in which V8 delivers results.

    Its thread lives as long as the process.
    """
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="bpmax-v8", daemon=True).start()
    return loop


@cache
def _read_setup_code() -> str:
    prelude, *bindings = engine.read_sources()
    adapter = (files("bpmax_sim.script") / "bindings/v8.js").read_text("utf-8")
    intl = list(engine.BINDINGS).index("intl")
    return f"({adapter})({json.dumps(prelude)},{json.dumps(bindings)},{intl});0"
