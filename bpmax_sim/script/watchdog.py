"""Stops a context from another thread where the engine itself does not look at the time.

The engine asks for the time in loops and calls of JavaScript only. Loops of its own C code (a Set
filled by an iterator that never ends, ``JSON.parse`` of megabytes 10,000 times) go on. They do ask
for stack and memory, so a context that is over its limits is left with no stack, and what it calls
next fails; where that does not end it, it is left with no memory at every other look. (For ever
without memory, the engine can be busy with errors that it has no room for.) Then it is lost.
"""

from __future__ import annotations

import os
import threading
import time
from typing import Any, Literal

_PERIOD = 0.05  # seconds between two looks
_GRACE = 0.1  # seconds for the engine's own limit, which can tell the line
_NAME = "bpmax-watchdog"
_PATIENT_LOOKS = 4  # so many are enough where stack is asked for
_IDLE_LOOKS = 20  # after so many without anything to watch, the thread ends


class Watch:
    """One context under watch while a turn of it runs; belongs to the thread that made it."""

    __slots__ = (
        "_context",
        "_cpu_end",
        "_cpu_of_thread",
        "_looks",
        "_memory",
        "_wall_end",
        "fired",
    )

    def __init__(self, context: Any, memory: int) -> None:
        """Watch *context*, which runs on this thread and may use *memory* bytes."""
        self._context = context
        self._memory = memory
        self._looks = 0
        self._cpu_of_thread = _thread_clock()
        self._cpu_end = self._wall_end = 0.0
        self.fired: Literal["", "cpu", "wall"] = ""

    def enter(self, cpu: float, wall: float) -> None:
        """Begin a turn that may take *cpu* seconds of processor time and *wall* seconds."""
        self._cpu_end = time.thread_time() + cpu + _GRACE
        self._wall_end = time.monotonic() + wall + _GRACE
        _state.running.add(self)
        if _state.thread is None:
            _state.start()

    def leave(self) -> None:
        """End the turn."""
        with _state.lock:
            _state.running.discard(self)

    def judge(self) -> None:
        """Stop the context if it is over its limits."""
        if self.fired:
            self._looks += 1
            if self._looks >= _PATIENT_LOOKS:
                self._context.set_memory_limit(1 if self._looks % 2 else self._memory)
        elif self._has_used_up():
            self.fired = "cpu"
        elif time.monotonic() >= self._wall_end:
            self.fired = "wall"
        if self.fired and not self._looks:
            self._context.set_max_stack_size(1)

    def _has_used_up(self) -> bool:
        clock = self._cpu_of_thread
        # Without a clock for another thread (macOS, Windows) it is the time that passes.
        return clock is not None and time.clock_gettime(clock) >= self._cpu_end


def _thread_clock() -> int | None:
    found = getattr(time, "pthread_getcpuclockid", None)
    return None if found is None else int(found(threading.get_ident()))


class _State:
    """What the process watches, and the thread that does; a forked child begins anew."""

    def __init__(self) -> None:
        self.running: set[Watch] = set()
        self.lock = threading.Lock()
        self.thread: threading.Thread | None = None

    def start(self) -> None:
        """Let the thread look again, or for the first time."""
        with self.lock:
            if self.thread is None and self.running:
                self.thread = threading.Thread(target=self._watch, name=_NAME, daemon=True)
                self.thread.start()

    def _watch(self) -> None:
        idle = 0
        while True:
            time.sleep(_PERIOD)
            with self.lock:
                for watch in tuple(self.running):
                    watch.judge()
                idle = 0 if self.running else idle + 1
                if idle > _IDLE_LOOKS:
                    self.thread = None
                    return


_state = _State()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_state.__init__)  # type: ignore[misc]
