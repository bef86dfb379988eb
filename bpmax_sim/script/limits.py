"""Limits of a script's time, memory, stack and calls, and the watchdog that enforces them.

The engine checks the time only in loops and calls of JavaScript. Loops of its C code (a Set filled
by an endless iterator, ``JSON.parse`` of megabytes 10,000 times) continue. They do use stack and
memory, though: so the stack limit of a context over its limits is set to 1 byte, which makes its
next call fail. If that does not end it, most looks of the watchdog also leave it no memory. (Not
all of them: without any memory the engine can loop for ever over errors that it cannot allocate.)
The context cannot be used afterwards.
"""

from __future__ import annotations

import contextvars
import math
import os
import platform
import re
import threading
import time
from collections.abc import Callable
from time import monotonic, thread_time  # by name: tests of users replace attributes of `time`
from typing import Any, Literal

import msgspec

from bpmax_sim.errors import ConfigError
from bpmax_sim.i18n import label_message, msg
from bpmax_sim.script.budget import SessionWorkBudget

MEGABYTE = 1 << 20


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """The limits of one script in one run.

    Attributes:
        cpu: seconds of processor time, over all its turns.
        wall: seconds of real time while its turns run, including the work of Python for them, but
            without virtual time and without waiting for a live system.
        wait: seconds of real time that it may wait with no call in flight, in live and record mode.
        memory: bytes of the engine's heap.
        stack: bytes of stack; None is half of the thread's stack, at most 4 MB. With a larger value
            scripts run on a thread of their own.
        calls: number of ``$proxy`` calls.

    Raises:
        ConfigError: if one of them limits nothing: it is not above 0 (calls: below 0), or is a
            stack in which no script can run.
    """

    cpu: float = 2.0
    wall: float = 30.0
    wait: float = 600.0
    memory: int = 64 * MEGABYTE
    stack: int | None = None
    calls: int = 10_000

    def __post_init__(self) -> None:
        """Refuse what is no limit."""
        for name in self.__struct_fields__:
            if wrong := _explain_wrong_limit(name, getattr(self, name)):
                raise ConfigError(wrong)


class LimitsWithBudget(Limits, frozen=True, kw_only=True):
    """Limits that also count the work of all scripts of a session, in a `SessionWorkBudget`."""

    budget: SessionWorkBudget


def find_budget(limits: Limits) -> SessionWorkBudget | None:
    """Return the budget in which the work of scripts within *limits* is counted, or None."""
    return limits.budget if isinstance(limits, LimitsWithBudget) else None


def _explain_wrong_limit(name: str, value: Any) -> str:
    """Return what is wrong with *value* as the limit *name*; "" if nothing is."""
    if name not in _ALLOWED or (name == "stack" and value is None):
        return ""
    least, most, allowed = _ALLOWED[name]
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if is_number and least <= value <= most:
        return ""
    return msg("{name}: expected {allowed}, got {value!r}", name=name, allowed=allowed, value=value)


_SIZE = re.compile(r"(\d+)\s*(kB|KB|MB|)")
_UNITS = {"": 1, "kB": 1 << 10, "KB": 1 << 10, "MB": MEGABYTE}
_LEAST_STACK, _MOST_STACK = 256 << 10, 1024 * MEGABYTE
_ABOVE_ZERO = math.ulp(0.0)
_SECONDS = (_ABOVE_ZERO, math.inf, msg("a number of seconds above 0"))
_ALLOWED: dict[str, tuple[float, float, str]] = {
    "cpu": _SECONDS,
    "wall": _SECONDS,
    "wait": _SECONDS,
    "memory": (1, math.inf, msg("a number of bytes above 0")),
    "stack": (_LEAST_STACK, _MOST_STACK, msg("256kB at least and 1024MB at most")),
    "calls": (0, math.inf, msg("a number of calls, 0 or more")),
}
"""Least and largest value of each limit, and both in words."""


def parse_stack(text: str) -> int:
    """Return the bytes of a size such as ``24MB``, ``512kB`` or a plain number.

    Raises:
        ValueError: if *text* is not a size, or too small to run a script.
    """
    size = _parse_size(text)
    if not _LEAST_STACK <= size <= _MOST_STACK:
        raise ValueError(msg("{text!r}: a stack has 256kB at least and 1024MB at most", text=text))
    return size


def _parse_size(text: str) -> int:
    match = _SIZE.fullmatch(text.strip())
    if match is None:
        raise ValueError(msg("{text!r} is not a size such as 24MB or 512kB", text=text))
    return int(match[1]) * _UNITS[match[2]]


def _parse_number(text: str) -> float:
    return float(text) if "." in text else int(text)  # a message shows it as it was written


_LIMIT = re.compile(r"(cpu|wall|wait)=(\d+(?:\.\d+)?)s?|(memory)=(\w+)|(calls)=(\d+)")
_READERS: dict[str, Callable[[str], Any]] = {
    "cpu": _parse_number,
    "wall": _parse_number,
    "wait": _parse_number,
    "memory": _parse_size,
    "calls": int,
}


def parse_limits(text: str) -> Limits:
    """Return the limits in ``cpu=10s,wall=60s,memory=256MB,calls=50000``.

    Others keep their defaults.

    Raises:
        ValueError: if *text* does not have this form.
    """
    limits: dict[str, Any] = {}
    for part in map(str.strip, text.split(",")):
        match = _LIMIT.fullmatch(part)
        if match is None:
            raise ValueError(
                msg("{part!r} is no limit such as cpu=10s, memory=256MB, calls=50000", part=part)
            )
        name, value = filter(None, match.groups())
        limits[name] = _READERS[name](value)
    try:
        return Limits(**limits)
    except ConfigError as error:
        raise ValueError(str(error)) from error


class EngineError(Exception):
    """Raised if JavaScript code throws an error that nothing in the engine catches.

    Attributes:
        name, message: of the JavaScript error.
        raw: stack frames as the engine writes them.
    """

    def __init__(self, name: str, message: str, raw: str = "") -> None:
        """Keep name, message and stack of the JavaScript error."""
        super().__init__(label_message(name, message))
        self.name = name
        self.message = message
        self.raw = raw


class LimitReachedError(EngineError):
    """Raised if a script exceeds a limit.

    Its context cannot be used any more; other contexts of the process can.
    """


def make_budget_error(budget: SessionWorkBudget, raw: str = "") -> LimitReachedError:
    """Return the error of scripts that used more of *budget* than it allows.

    *raw* are the stack frames as the engine writes them, if known.
    """
    return LimitReachedError("ScriptLimitError", budget.describe_exceeded_maximum(), raw)


def make_time_error(limits: Limits, *, is_wall: bool, raw: str = "") -> LimitReachedError:
    """Return the error of a script that exceeded the processor time of *limits*.

    With *is_wall*, its real time. *raw* are the stack frames as the engine writes them, if known.
    """
    used = msg("{cpu:g} s of processor", cpu=limits.cpu)
    if is_wall:
        used = msg("{wall:g} s of wall-clock", wall=limits.wall)
    message = msg("the script used more than {used} time", used=used)
    return LimitReachedError("ScriptLimitError", message, raw)


MOST = 4 * MEGABYTE
_POLL = 0.05  # seconds between looks, so that Ctrl-C and signal-based time limits are seen


def find_default_stack_size() -> int:
    """Return the bytes of stack that scripts may use on this thread: half of it, at most 4 MB."""
    return min(MOST, _find_thread_stack_size() // 2)


def run_with_stack(size: int, work: Callable[[], None]) -> None:
    """Run *work* on a thread with *size* bytes of stack for scripts, and wait for it.

    Context variables are copied to the thread.

    Raises:
        BaseException: if *work* raises it.
    """
    raised: list[BaseException] = []
    context = contextvars.copy_context()

    def run() -> None:
        try:
            context.run(work)
        except BaseException as error:  # noqa: BLE001 - raised again on the caller's thread
            raised.append(error)

    # Scripts may use half of a thread's stack. The setting is for all threads started from now on,
    # so it is put back at once.
    before = threading.stack_size(2 * size)
    try:
        thread = threading.Thread(target=run, name="bpmax-script", daemon=True)
        thread.start()
    finally:
        threading.stack_size(before)
    while thread.is_alive():
        thread.join(_POLL)
    if raised:
        raise raised[0]


def _find_thread_stack_size() -> int:
    # RLIMIT_STACK is the stack of the main thread. Other threads have what Python was told, or
    # else, with glibc, the same limit (pthread_create(3)); elsewhere they have far less.
    if threading.current_thread() is not threading.main_thread():
        chosen = threading.stack_size()
        if chosen or platform.libc_ver()[0] != "glibc":
            return chosen or MEGABYTE // 2
    try:
        import resource  # noqa: PLC0415 - absent on Windows
    except ImportError:
        return MEGABYTE
    soft, _hard = resource.getrlimit(resource.RLIMIT_STACK)
    return 2 * MOST if soft == resource.RLIM_INFINITY else soft


_PERIOD = 0.05  # seconds between two looks
_GRACE = 0.1  # seconds for the engine's own limit, which can tell the line
_NAME = "bpmax-watchdog"
_PATIENT_LOOKS = 4  # so many are enough where stack is asked for
_RELIEF = 8  # at each such look there is memory, without which the engine may go on for ever
_IDLE_LOOKS = 20  # after so many without anything to watch, the thread ends


class LimitWatch:
    """Checks whether a script in one context exceeds a limit while it runs.

    It is asked by the engine and by a watchdog thread, as the engine does not ask during long
    built-in functions. It belongs to the thread that created it,
    which in a forked child is a copy of it.

    Attributes:
        memory: bytes that the script may hold.
        fired: limit that was exceeded first, ``signal`` for an exception of a signal handler, or
            "".
        raised: exception that a signal handler raised while the script ran.
    """

    def __init__(
        self, context: Any, memory: int, room: int, budget: SessionWorkBudget | None = None
    ) -> None:
        """Watch *context*, which runs on the current thread and may hold *memory* bytes.

        The engine's own memory limit is *room* bytes higher. Interrupts are counted in *budget*.
        """
        self._context = context
        self._budget = budget
        self.memory = memory
        self._room = room
        self._looks = 0
        self._cpu_of_thread: int | None = None
        self._cpu_end = self._wall_end = math.inf
        self.fired: Literal["", "cpu", "wall", "memory", "budget", "signal"] = ""
        self.raised: BaseException | None = None

    def begin_turn(self, cpu_end: float, wall_end: float) -> None:
        """Begin a turn that must end by *cpu_end* (`thread_time`) and *wall_end* (`monotonic`)."""
        # In a forked child the thread has another clock than when the context was made. Without one
        # for another thread (macOS, Windows) it is the time that passes.
        clock = getattr(time, "pthread_getcpuclockid", None)
        self._cpu_of_thread = clock and clock(threading.get_ident())
        self._cpu_end, self._wall_end = cpu_end, wall_end
        _state.add(self)

    def end_turn(self) -> None:
        """End the turn (one stay in the engine): no limit is checked until the next one begins."""
        with _state.lock:
            _state.running.discard(self)

    def has_to_stop(self, size: int) -> bool:
        """Return whether the script, which holds *size* bytes of memory, exceeded a limit.

        The engine calls it on the context's own thread.
        """
        if not self.fired:
            if self._budget is not None and not self._budget.spend("interrupts"):
                self.fired = "budget"
            elif size > self.memory:
                self.fired = "memory"
            elif thread_time() >= self._cpu_end:
                self.fired = "cpu"
            elif monotonic() >= self._wall_end:
                self.fired = "wall"
        if self.fired:
            # An error for which there is no memory could be caught.
            with _state.lock:
                self._context.set_memory_limit(self.memory + self._room + MEGABYTE)
                self._looks = 1
        return bool(self.fired)

    def stop_script(self, error: BaseException) -> None:
        """End the script at its next interrupt because a signal handler raised *error*.

        Called on the context's own thread.
        """
        self.fired, self.raised = "signal", error

    def check_from_watchdog(self) -> None:
        """Stop the script if it exceeded a limit of time.

        Called on the watchdog thread, which holds the lock of `_Watchdog` meanwhile, so that the
        turn cannot end (and its context not be freed) before this returns.
        """
        if self.fired:
            # Without stack the script should end at its next call. If it has not after some looks,
            # take its memory too, but not at every eighth look: without any, the engine may never
            # end.
            self._looks += 1
            if self._looks >= _PATIENT_LOOKS:
                room = self.memory + self._room
                self._context.set_memory_limit(1 if self._looks % _RELIEF else room)
        # The engine's own handler gets `_GRACE` to notice first: it ends the script at a line, the
        # watchdog only anywhere.
        elif self._read_cpu_time() >= self._cpu_end + _GRACE:
            self.fired = "cpu"
        elif monotonic() >= self._wall_end + _GRACE:
            self.fired = "wall"
        if self.fired and not self._looks:
            self._context.set_max_stack_size(1)

    def _read_cpu_time(self) -> float:
        """Return the processor time of the script's thread; 0 where it cannot be asked for.

        A thread that has ended in the midst of a turn has no clock any more (``EINVAL``).
        """
        if self._cpu_of_thread is None:
            return 0.0
        try:
            return time.clock_gettime(self._cpu_of_thread)
        except OSError:
            return 0.0


class _Watchdog:
    """The watchdog thread of the process, and the contexts in which scripts run at the moment.

    A forked child starts its own.
    """

    def __init__(self) -> None:
        self.running: set[LimitWatch] = set()
        self.lock = threading.Lock()
        self.thread: threading.Thread | None = None
        # Never set. `time.sleep` would be what a test of a user has put in its place, which does
        # not wait or raises, and a dead thread enforces nothing.
        self._never = threading.Event()

    def add(self, watch: LimitWatch) -> None:
        """Look at *watch* from now on, in the thread that runs, or else in a new one."""
        with self.lock:  # a thread that ends for want of work must not be taken for one that looks
            self.running.add(watch)
            if self.thread is None:
                self.thread = threading.Thread(target=self._watch_limits, name=_NAME, daemon=True)
                self.thread.start()

    def _watch_limits(self) -> None:
        idle = 0
        while True:
            self._never.wait(_PERIOD)
            with self.lock:
                for watch in tuple(self.running):
                    watch.check_from_watchdog()
                idle = 0 if self.running else idle + 1
                if idle > _IDLE_LOOKS:
                    self.thread = None
                    return


_state = _Watchdog()
# A child has a copy of the lock, perhaps locked, and of the thread object, but not the thread.
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_state.__init__)  # type: ignore[misc]
