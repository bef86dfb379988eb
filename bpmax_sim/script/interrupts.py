"""The interrupt handler of QuickJS-NG: whether a script may continue, asked every 10,000 steps.

Memory cannot be left to the engine. When it runs out of memory it collects garbage while it creates
the error, at a moment when an object that has just grown is not in its list of objects yet, and the
process crashes. So automatic garbage collection is switched off. It is done here, where no
operation is half finished, and here a script over its memory limit ends. The engine's own limit is
set far higher and only stops a single built-in function that allocates a lot.

The memory in use is measured by ``JS_ComputeMemoryUsage``, which walks the whole heap. So it is
measured rarely enough to cost a small part of the time, and often enough that the heap cannot grow
by more than `ROOM` in between.

The engine calls the handler in loops and calls of JavaScript and within regular expressions. For
loops in which one step takes long, the watchdog (`LimitWatch`) sets the stack limit to 1 byte, so
that each further call fails. Code that neither calls nor allocates, such as ``for (;;) +text`` with
megabytes of text, ends only after the 10,000 steps between two interrupts, because no public
function makes the engine ask earlier.
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
_PAUSES = 6  # times as long as a count took: so counting takes a seventh of the time at most


class InterruptHandler:
    """Ends scripts that exceed a limit: the engine asks it every few thousand steps.

    It belongs to one context and must live as long as that.
    """

    def __init__(self, context: NativeContext, watch: LimitWatch) -> None:
        """Make the engine of *context* ask *watch* during scripts whether a limit is exceeded.

        The engine's own garbage collection is switched off.
        """
        functions = load_library()
        assert functions is not None, "there are contexts only where it is there"
        self._answers = _answer_interrupts(watch, context)
        next(self._answers)
        self._handler = Interrupt(self._answers.send)
        functions.JS_SetGCThreshold(context.runtime, _NEVER)
        functions.JS_SetInterruptHandler(context.runtime, self._handler, None)


def _answer_interrupts(watch: LimitWatch, context: NativeContext) -> Generator[int, object, None]:
    """Yield 1 if the script has to end, else 0, each time the engine asks.

    *watch* knows the limits, and *context* how much memory the script holds. This is a generator
    because a signal handler (Ctrl-C, alarm) raises in the Python code that runs: here the exception
    is caught and kept, while in a function called by C it would be lost.
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
                    # Collect from a quarter of the limit on, then when the heap is half as large
                    # again: a heap that is really in use is not to be searched at every count.
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
            watch.stop_script(error)
            answer = 1
