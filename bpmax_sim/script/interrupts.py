"""Whether a script may go on, answered where the engine asks: after some thousand of its steps.

The engine's own limits are no help for memory. What it does without any is not sound: it looks for
garbage while it makes the error, also where an object that has just grown is not among those that
it knows, and the process dies. So it never looks by itself. It is made to here, where nothing is
half done, and a script that holds more than it may ends here, too. A limit of its own, far above,
is for what one built-in function takes.

The engine asks in loops and calls of JavaScript and within regular expressions. The count of steps
is set to its end by the watchdog (`Watch`), for loops of which one step takes long.
"""

from __future__ import annotations

from collections.abc import Generator
from ctypes import CFUNCTYPE, c_int, c_int32, c_size_t, c_uint64, c_void_p
from typing import Any

import msgspec

from bpmax_sim.script.limits import MEGABYTE, Watch

ROOM: int = 192 * MEGABYTE
"""What the heap may be larger than the limit, until the engine asks the next time."""
Answer = CFUNCTYPE(c_int, c_void_p)
_NEVER = c_size_t(-1).value
_LEAST_GARBAGE = 4  # part of the limit, before which nothing is looked for
_MARK = 123_456_789  # a limit of memory that is found again
_WORDS, _NUMBERS = 32, 256  # of the engine's objects, in which is searched
_ROUNDS = 500
_LOOP = f"for (let i = 0; i < {_ROUNDS}; i++);"


class Layout(msgspec.Struct, frozen=True):
    """Where the engine counts, in bytes from the beginning of its objects.

    Attributes:
        size: what it has taken of memory, in the runtime.
        steps: how many steps are left until it asks, in the context.
    """

    size: int
    steps: int


_layouts: list[Layout | None] = []


def find_layout(context: Any, runtime: int, inner: int) -> Layout | None:
    """Return where the engine counts, or None where it is not seen to count there.

    *runtime* and *inner* are the pointers of the new *context*.
    """
    if not _layouts:
        _layouts.append(_measure_layout(context, runtime, inner))
    return _layouts[0]


def _measure_layout(context: Any, runtime: int, inner: int) -> Layout | None:
    context.set_memory_limit(_MARK)
    words = list((c_uint64 * _WORDS).from_address(runtime))
    if words.count(_MARK) != 1:
        return None
    size = words.index(_MARK) - 1
    if words[size] != context.memory()["malloc_size"]:
        return None
    numbers = (c_int32 * _NUMBERS).from_address(inner)
    context.eval(_LOOP)
    seen = [list(numbers)]
    for _ in range(3):
        context.eval(_LOOP)
        seen.append(list(numbers))
    falls = [i for i, counts in enumerate(zip(*seen, strict=True)) if _falls(*counts)]
    return Layout(8 * size, 4 * falls[0]) if len(falls) == 1 else None


def _falls(a: int, b: int, c: int, d: int) -> bool:
    return a - b == b - c == c - d >= _ROUNDS


class Interrupts:
    """Answers for one context; must live as long as it."""

    def __init__(
        self, functions: Any, pointers: tuple[int, int], where: Layout, watch: Watch
    ) -> None:
        """Let the engine of *pointers* ask here, and collect no garbage by itself."""
        runtime, inner = pointers
        self._answers = _answers(
            watch, functions, runtime, c_uint64.from_address(runtime + where.size)
        )
        next(self._answers)
        self._handler = Answer(self._answers.send)
        watch.steps = c_int32.from_address(inner + where.steps)
        functions.JS_SetGCThreshold(runtime, _NEVER)
        functions.JS_SetInterruptHandler(runtime, self._handler, None)


def _answers(
    watch: Watch, functions: Any, runtime: int, size: c_uint64
) -> Generator[int, object, None]:
    """Yield 1 where the script has to end, for each time that the engine asks, and else 0.

    A generator, since a signal handler that raises does so where it goes on: that is caught here,
    and would be lost in a function that C calls.
    """
    limit, answer = watch.memory, 0
    garbage_from = limit // _LEAST_GARBAGE
    while True:
        try:
            while True:
                yield answer
                if size.value > garbage_from:
                    functions.JS_RunGC(runtime)
                    garbage_from = min(limit, max(garbage_from, size.value * 3 // 2))
                answer = int(watch.check(size.value))
        except GeneratorExit:
            return
        except BaseException as error:  # noqa: BLE001 - raised again once the engine has ended
            watch.stop(error)
            answer = 1
