"""One script in its context: what the prelude queued is done, and what came of it handed back.

A turn enters the engine once; afterwards its outbox is drained in order. Changes inside a value
of a live object are told before the next call or write, and at the end of the turn.
"""

from __future__ import annotations

import base64
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from functools import partial
from typing import Any

import msgspec

from bpmax_sim.errors import BpmaxError, CallError, NoMatchError, Place, ScriptError
from bpmax_sim.proxy.answer import Answer, rejection
from bpmax_sim.proxy.effects import Effect
from bpmax_sim.proxy.program import Program
from bpmax_sim.proxy.values import UNDEFINED, decode_tagged, encode_tagged
from bpmax_sim.script.channel import Channel, Engine
from bpmax_sim.script.failure import Failures
from bpmax_sim.script.limits import EngineError, Limits, too_slow
from bpmax_sim.script.mirror import LiveObject, Mirror
from bpmax_sim.script.outcome import ConsoleLine, Outcome, TimerFired, Unawaited
from bpmax_sim.script.scheduler import Event, Scheduler
from bpmax_sim.script.source import Script, Sources

Begin = Callable[[Program], Generator[Effect, Any, Answer]]


class Setting(msgspec.Struct, frozen=True, kw_only=True):
    """What a script runs with.

    Attributes:
        zone: seconds east of Greenwich.
        state: four 32-bit words, not all zero, that seed chance.
    """

    script: Script
    libraries: Sequence[Script] = ()
    bindings: Mapping[str, LiveObject] = msgspec.field(default_factory=dict)
    values: Mapping[str, Any] = msgspec.field(default_factory=dict)
    limits: Limits = msgspec.field(default_factory=Limits)
    zone: float = 0.0
    state: Sequence[int] = (1, 2, 3, 4)


class Context:
    """A running script; *done* gets its outcome when nothing of it is left to happen."""

    def __init__(
        self,
        setting: Setting,
        *,
        engine: Engine,
        scheduler: Scheduler,
        begin: Begin,
        done: Callable[[Outcome], None],
    ) -> None:
        self._setting = setting
        self._scheduler = scheduler
        self._begin = begin
        self._done = done
        self._sources = Sources((*setting.libraries, setting.script))
        self._failures = Failures(self._sources, setting.script.name, setting.limits)
        self._mirror = Mirror(setting.bindings)
        self._channel = Channel(engine, self._mirror, scheduler.clock.now)
        self._calls: dict[int, Unawaited] = {}
        self._flights: set[int] = set()
        self._late: set[int] = set()
        self._raced: set[int] = set()
        self._timers: dict[int, Event] = {}
        self._intervals: dict[int, Event] = {}
        self._fired: list[TimerFired] = []
        self._probes: list[tuple[str, str]] = []
        self._console: list[ConsoleLine] = []
        self._unhandled: list[ScriptError] = []
        self._value: Any = UNDEFINED
        self._error: BpmaxError | None = None
        self._settled = False
        self._over = False
        self._took = 0.0

    def start(self) -> None:
        """Run the libraries, and the body up to its first wait."""
        *libraries, body = self._sources.placed
        files = [
            {"name": one.script.name, "start": one.start, "source": one.script.source}
            for one in self._sources.placed
        ]
        setting = self._setting
        try:
            self._channel.open(
                zone=round(setting.zone * 1000),
                state=list(setting.state),
                values=encode_tagged(dict(setting.values)),
                files=files,
            )
            for library in libraries:
                self._failures.name = library.script.name
                self._channel.load(library.text)
        except EngineError as error:
            self._halt(self._failures.escaped(error))
        self._failures.name = setting.script.name
        self._turn("run", start=body.start, source=body.script.source)

    def stuck(self) -> None:
        """Nothing is planned any more: end, and name the line that waits in vain."""
        if not self._settled:
            self._settled = True
            self._turn("probe")
            self._turn("probed")
            self._error = self._error or self._failures.pending(self._probes)
        self._finish()

    def _turn(self, operation: str, **argument: Any) -> None:
        if not self._channel.is_open:
            self._finish_if_idle()
            return
        started = time.monotonic()
        try:
            reply = self._channel.turn(operation, **argument)
            for kind, *parts in reply.entries:
                if self._channel.is_open:
                    _ENTRIES[kind](self, *parts)
            self._settle(reply.done)
        except EngineError as error:
            self._halt(self._failures.escaped(error))
        except ValueError as error:
            self._halt(self._failures.unreadable(error))
        self._took += time.monotonic() - started
        if self._took > self._setting.limits.wall and not self._over:
            self._halt(self._failures.escaped(too_slow(self._setting.limits, is_wall=True)))
        if operation not in {"probe", "probed"}:
            self._finish_if_idle()

    def _settle(self, done: list[Any] | None) -> None:
        if done is None or self._settled:
            return
        self._settled = True
        self._late = set(self._flights)
        fulfilled, told = done
        if fulfilled:
            self._value = decode_tagged(told)
            return
        self._error = (
            self._failures.syntax(told) if fulfilled is None else self._failures.thrown(told)
        )
        self._stop_timers()

    def _halt(self, error: ScriptError) -> None:
        self._late = self._late if self._settled else set(self._flights)
        self._settled = True
        self._error = error
        self._stop_timers()
        self._channel.close()

    def _finish_if_idle(self) -> None:
        if self._settled and not self._flights and not self._timers:
            self._finish()

    def _finish(self) -> None:
        if self._over:
            return
        self._over = True
        self._stop_timers()
        self._turn("end")
        self._channel.close()
        self._done(
            Outcome(
                value=self._value,
                error=self._error,
                console=tuple(self._console),
                timers=tuple(self._fired),
                unawaited=tuple(self._calls[number] for number in sorted(self._late)),
                unhandled=tuple(self._unhandled),
            )
        )

    def _stop_timers(self) -> None:
        for event in (*self._timers.values(), *self._intervals.values()):
            event.cancel()
        self._timers.clear()
        self._intervals.clear()

    # What the prelude queues.

    def _call(self, number: int, platform: str, options: Any, api: str, *rest: Any) -> None:
        steps, args, row, column = rest
        place = self._sources.place(row, column)
        if len(self._calls) >= self._setting.limits.calls:
            self._halt(self._failures.too_many_calls(place))
            return
        program = Program(
            platform=platform,
            options=decode_tagged(options),
            api=api,
            steps=tuple((setter, decode_tagged(value)) for setter, value in steps or ()),
            args=None if args is None else tuple(decode_tagged(args)),
            position=place,
        )
        self._calls[number] = Unawaited(f"{platform}.{api}", place)
        self._flights.add(number)
        self._scheduler.spawn(self._begin(program), partial(self._answered, number))

    def _answered(self, number: int, answer: Answer | None, error: Exception | None) -> None:
        self._flights.discard(number)
        if answer is not None:
            settled: list[Any] = [True, *_crossing(answer)]
        elif isinstance(error, BpmaxError):
            self._failures.rejected[number] = error
            settled = [False, "", encode_tagged(_fields(error))]
        else:
            raise error or AssertionError(f"call {number} ended without an answer")
        self._turn("settle", calls=[[number, *settled]])

    def _write(self, index: int, name: str, value: Any, row: int, column: int) -> None:
        place = self._sources.place(row, column)
        try:
            self._mirror.write(index, name, value, place)
        except Exception as error:  # noqa: BLE001 - a live object may raise anything
            path = f"{self._mirror.names[index]}.{name}"
            self._halt(self._failures.refused(error, path, place))

    def _log(self, level: Any, text: Any, values: list[Any]) -> None:
        self._console.append(
            ConsoleLine(
                level,
                decode_tagged(text),
                tuple(decode_tagged(values)),
                at=self._scheduler.clock.now(),
                order=self._scheduler.clock.tick(),
            )
        )

    def _timer(self, number: int, delay: int, repeat: bool, row: int, column: int) -> None:
        self._plan(number, delay, repeat, self._sources.place(row, column))

    def _plan(self, number: int, delay: int, repeat: bool, place: Place | None) -> None:
        kept = self._intervals if repeat else self._timers
        due = self._scheduler.clock.now() + delay / 1000
        kept[number] = self._scheduler.at(due, partial(self._fire, number, delay, repeat, place))

    def _fire(self, number: int, delay: int, repeat: bool, place: Place | None) -> None:
        if repeat:
            self._plan(number, delay, repeat, place)
        else:
            del self._timers[number]
        clock = self._scheduler.clock
        self._fired.append(TimerFired(delay / 1000, place, clock.now(), clock.tick()))
        self._turn("fire", id=number)

    def _clear(self, number: int) -> None:
        event = self._timers.pop(number, None) or self._intervals.pop(number, None)
        if event:
            event.cancel()

    def _uncaught(self, told: Mapping[str, Any]) -> None:
        self._unhandled.append(self._failures.thrown(told))

    def _probed(self, probes: list[tuple[str, str]]) -> None:
        self._probes = probes

    def _end(self, unseen: list[int], reasons: list[Mapping[str, Any]]) -> None:
        self._late = self._late - self._raced | set(unseen)
        self._unhandled.extend(map(self._failures.thrown, reasons))
        told = [error.__cause__ for error in self._unhandled]
        for number in unseen:
            # Where the engine has no tracker, a rejected call that nobody awaited is known anyway.
            cause = self._failures.rejected.get(number)
            if cause is not None and cause not in told:
                place = self._calls[number].place
                self._unhandled.append(self._failures.unhandled(cause, place))


_ENTRIES: Mapping[str, Callable[..., None]] = {
    "call": Context._call,  # noqa: SLF001 - the table of its own class
    "write": Context._write,  # noqa: SLF001
    "log": Context._log,  # noqa: SLF001
    "timer": Context._timer,  # noqa: SLF001
    "clear": Context._clear,  # noqa: SLF001
    "uncaught": Context._uncaught,  # noqa: SLF001
    "probed": Context._probed,  # noqa: SLF001
    "raced": lambda context, number: context._raced.add(number),  # noqa: SLF001
    "end": Context._end,  # noqa: SLF001
}


def _crossing(answer: Answer) -> tuple[str, str | None]:
    if answer.kind == "bytes":
        return answer.kind, base64.b64encode(answer.value).decode()
    return answer.kind, answer.text


def _fields(error: BpmaxError) -> dict[str, Any]:
    if isinstance(error, CallError):
        return rejection(error)
    if isinstance(error, NoMatchError):
        known = {"platform_key": error.platform, "api": error.api}
        # The rest explains the recording; the session tells it, whatever the script does.
        return {"message": str(error).partition("\n")[0], "code": "NO_MATCH", **known}
    return {"message": str(error), "code": "CONFIG"}
