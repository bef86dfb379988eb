"""Whether a script may go on, answered where the engine asks: after some thousand of its steps.

The engine's own limits are no help for memory. What it does without any is not sound: it looks for
garbage while it makes the error, also where an object that has just grown is not among those that
it knows, and the process dies. So it never looks by itself. It is made to here, where nothing is
half done, and a script that holds more than it may ends here, too. A limit of its own, far above,
is for what one built-in function takes.

How much a script holds is counted by ``JS_ComputeMemoryUsage``, which walks the heap. So that is
done rarely enough to take a small part of the time, and often enough that the heap cannot grow by
more than `ROOM` meanwhile.

The engine asks in loops and calls of JavaScript and within regular expressions. For loops of which
one step takes long, the watchdog (`LimitWatch`) takes the stack away, so that each further call
fails. What neither calls nor allocates is left, such as ``for (;;) +text`` with megabytes of text:
it ends after the ten thousand steps between two questions, as nothing public makes the engine ask
earlier.
"""

from __future__ import annotations

import time
from collections.abc import Generator

from bpmax_sim.script.limits import MEGABYTE, LimitWatch
from bpmax_sim.script.quickjs_api import Interrupt, NativeContext, load_library

ROOM: int = 192 * MEGABYTE
"""What the heap may be larger than the limit, until the engine asks the next time."""
_NEVER = 2**64 - 1
_LEAST_GARBAGE = 4  # part of the limit, before which nothing is looked for
_LEAST_PAUSE = 0.005  # seconds between two counts
_PAUSES = 6  # times as long as a count took


class Interrupts:
    """Answers for one context; must live as long as it."""

    def __init__(self, context: NativeContext, watch: LimitWatch) -> None:
        """Let the engine ask here, and collect no garbage by itself."""
        functions = load_library()
        assert functions is not None, "there are contexts only where it is there"
        self._answers = _answers(watch, context)
        next(self._answers)
        self._handler = Interrupt(self._answers.send)
        functions.JS_SetGCThreshold(context.runtime, _NEVER)
        functions.JS_SetInterruptHandler(context.runtime, self._handler, None)


def _answers(watch: LimitWatch, context: NativeContext) -> Generator[int, object, None]:
    """Yield 1 where the script has to end, for each time that the engine asks, and else 0.

    A generator, since a signal handler that raises does so where it goes on: that is caught here,
    and would be lost in a function that C calls.
    """
    limit, answer = watch.memory, 0
    garbage_from, count_at = limit // _LEAST_GARBAGE, time.perf_counter() + _LEAST_PAUSE
    while True:
        try:
            while True:
                yield answer
                size, started = 0, time.perf_counter()
                if started >= count_at:
                    size = context.read_usage()[0]
                    if size > garbage_from:
                        context.collect_garbage()
                        garbage_from = min(limit, max(garbage_from, size * 3 // 2))
                        size = context.read_usage()[0]
                    took = time.perf_counter() - started
                    count_at = started + took + max(_LEAST_PAUSE, took * _PAUSES)
                answer = int(watch.has_to_stop(size))
        except GeneratorExit:
            return
        except BaseException as error:  # noqa: BLE001 - raised again once the engine has ended
            watch.stop(error)
            answer = 1
