"""One script in its context: operations go in with the time and changed fields, outboxes come out.

A turn enters the engine once; afterwards its outbox is drained in order. Changes inside a value
of a live object are passed on before the next call or write, and at the end of the turn.
"""

from __future__ import annotations

import base64
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from functools import partial
from typing import Any, Protocol

import msgspec

from bpmax_sim.errors import BpmaxError, CallError, NoMatchError, Place, ScriptError
from bpmax_sim.js_values import UNDEFINED, decode_json, decode_tagged, dumps, encode_tagged
from bpmax_sim.proxy.builder import CallSpec
from bpmax_sim.proxy.effects import Effect
from bpmax_sim.proxy.result import Answer, rejection
from bpmax_sim.script.failure import Failures, Script, Sources
from bpmax_sim.script.limits import EngineError, Limits, too_slow
from bpmax_sim.script.outbox import (
    Call,
    Chain,
    Clear,
    ConsoleLine,
    End,
    Failed,
    Fulfilled,
    Log,
    MalformedError,
    Outcome,
    Probed,
    Raced,
    Reply,
    Timer,
    TimerFired,
    Unawaited,
    Uncaught,
    Write,
    read,
)
from bpmax_sim.script.scheduler import Event, Scheduler


class LiveObject(Protocol):
    """An object of the script that others read and write too, such as a form."""

    def snapshot(self) -> Mapping[str, Any]:
        """Return the present values."""
        ...

    def write(self, field: str, value: Any, place: Place | None, /) -> None:
        """Set a field; `UNDEFINED` for one that was deleted.

        *place* is the script's line, None for a change inside a value, which nobody sees happen.

        Raises:
            Exception: what is raised ends the script, at the line that wrote.
        """
        ...


class Mirror:
    """The live objects of one context: those that are globals, and their members that are live.

    A live object may have ``links``, its members that are live objects of their own, and
    ``is_frozen``, which says that none of its values ever changes inside.

    Attributes:
        names: how a message calls each object.
        roots: ``[global name, index]``.
        links: ``[index, member, index of the member]``.
    """

    def __init__(self, objects: Mapping[str, LiveObject]) -> None:
        self.names: list[str] = []
        self.links: list[tuple[int, str, int]] = []
        self._objects: list[LiveObject] = []
        self.roots = [(name, self._add(name, one)) for name, one in objects.items()]
        self._known: list[dict[str, str]] = [{} for _ in self._objects]
        self._seen: list[dict[str, Any] | None] = [None for _ in self._objects]

    def _add(self, name: str, one: LiveObject) -> int:
        for index, known in enumerate(self._objects):
            if known is one:
                return index
        index = len(self._objects)
        self.names.append(name)
        self._objects.append(one)
        links: Mapping[str, LiveObject] = getattr(one, "links", {})
        for member, linked in links.items():
            self.links.append((index, member, self._add(f"{name}.{member}", linked)))
        return index

    def patch(self) -> list[list[Any]]:
        """Return ``[index, changed fields, names that are gone]`` for what the context lacks."""
        found = []
        for index, one in enumerate(self._objects):
            now = one.snapshot()
            if self._is_as_before(index, now):
                continue
            known, seen = self._known[index], self._seen[index] or {}
            fresh = {
                name: known[name] if seen.get(name, seen) is item else dumps(encode_tagged(item))
                for name, item in now.items()
            }
            self._remember(index, now)
            if fresh != known:
                changed = {
                    n: decode_json(text) for n, text in fresh.items() if known.get(n) != text
                }
                found.append([index, changed, [name for name in known if name not in fresh]])
                self._known[index] = fresh
        return found

    def _is_as_before(self, index: int, now: Mapping[str, Any]) -> bool:
        """Return whether these are the values of the last time, none of which can change inside."""
        seen = self._seen[index]
        if seen is None or len(seen) != len(now) or len(self._known[index]) != len(now):
            return False
        return all(seen.get(name, seen) is value for name, value in now.items())

    def _remember(self, index: int, now: Mapping[str, Any]) -> None:
        frozen = getattr(self._objects[index], "is_frozen", False)
        self._seen[index] = {n: v for n, v in now.items() if frozen or type(v) in _FIXED}

    def write(self, index: int, name: str, tagged: Any, place: Place | None) -> None:
        """Pass on what the script wrote."""
        self._known[index][name] = dumps(tagged)
        seen = self._seen[index]
        if seen is not None:
            seen.pop(name, None)
        self._objects[index].write(name, decode_tagged(tagged), place)


_FIXED = frozenset({str, int, float, bool, type(None)})


class Engine(Protocol):
    """One isolated context of a JavaScript engine, with the prelude in it."""

    def load(self, source: str) -> None:
        """Run *source* as a global script, whose declarations later code sees.

        Raises:
            EngineError: it is not valid, or it threw.
            LimitReachedError: it used more than it may.
        """
        ...

    def call(self, operation: str, argument: str) -> str:
        """Run one operation of the prelude and every microtask, and return its outbox.

        Raises:
            LimitReachedError: the script used more than it may.
        """
        ...

    def close(self) -> None:
        """Free the context."""
        ...


MakeEngine = Callable[[Limits, Sequence[str]], Engine]
"""Makes a context within limits for the sources that are to run in it."""


class Channel:
    """The way into an engine and out of it."""

    def __init__(self, engine: Engine, mirror: Mirror, now: Callable[[], float]) -> None:
        self._engine: Engine | None = engine
        self._mirror = mirror
        self._now = now

    @property
    def is_open(self) -> bool:
        """Whether the context is still there."""
        return self._engine is not None

    def open(self, **setting: Any) -> None:
        """Set the context up."""
        mirror = self._mirror
        self._call(
            "open",
            fields=mirror.patch(),
            bindings=mirror.roots,
            live=len(mirror.names),
            links=mirror.links,
            **setting,
        )

    def load(self, source: str) -> None:
        """Run *source* as a global script."""
        if self._engine:
            self._engine.load(source)

    def turn(self, operation: str, **argument: Any) -> Reply:
        """Run one operation and every microtask.

        Raises:
            EngineError: the context is lost.
            MalformedError: the script damaged its own context.
        """
        patch = self._mirror.patch()
        return self._call(operation, **argument, **({"patch": patch} if patch else {}))

    def close(self) -> None:
        """Free the context."""
        if self._engine:
            self._engine.close()
        self._engine = None

    def _call(self, operation: str, **argument: Any) -> Reply:
        if self._engine is None:
            return Reply([], None)
        argument["now"] = round(self._now() * 1000)
        return read(self._engine.call(operation, dumps(argument)))


Begin = Callable[[CallSpec], Generator[Effect, Any, Answer]]


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
    """A running script; *done* gets its outcome when nothing of it is left to happen but intervals.

    An interval that is not cleared goes on for as long as somebody lets time pass; each time,
    *done* gets what came of it. With every outcome it gets whether the script is over.
    """

    def __init__(
        self,
        setting: Setting,
        *,
        engine: Engine,
        scheduler: Scheduler,
        begin: Begin,
        done: Callable[[Outcome, bool], None],
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
        self._built: list[Unawaited] = []
        self._value: Any = UNDEFINED
        self._error: BpmaxError | None = None
        self._settled = False
        self._over = False
        self._took = 0.0
        self._place: Place | None = None  # where the script was last seen

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

    @property
    def is_resting(self) -> bool:
        """Whether only intervals are left."""
        return self._settled and not self._flights and not self._timers

    def close(self) -> None:
        """Let nothing happen any more."""
        self._over = True
        self._stop_timers()
        self._channel.close()

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
        self._take_turn(operation, argument)
        self._took += time.monotonic() - started
        if self._took > self._setting.limits.wall and not self._over:
            self._halt(self._failures.escaped(too_slow(self._setting.limits, is_wall=True)))
        if operation not in {"probe", "probed", "end"}:
            self._finish_if_idle()

    def _take_turn(self, operation: str, argument: Mapping[str, Any]) -> None:
        try:
            reply = self._channel.turn(operation, **argument)
            for entry in reply.entries:
                if self._channel.is_open:
                    _ENTRIES[type(entry)](self, entry)
            self._settle(reply.ending)
        except EngineError as error:
            self._halt(self._failures.escaped(error))
        except MalformedError as error:
            self._halt(self._failures.malformed(error, self._place))
        except RecursionError:
            self._halt(self._failures.too_deep(self._place))
        except ValueError as error:
            self._halt(self._failures.unreadable(error, self._place))

    def _settle(self, ending: Fulfilled | Failed | None) -> None:
        if ending is None or self._settled:
            return
        value = decode_tagged(ending.value) if isinstance(ending, Fulfilled) else UNDEFINED
        self._settled = True
        self._late = set(self._flights)
        if isinstance(ending, Fulfilled):
            self._value = value
            return
        if ending.is_syntax and ending.error:
            self._error = self._failures.syntax(ending.error)
        else:
            self._error = self._failures.thrown(ending.error)
        self._stop_timers()

    def _halt(self, error: ScriptError) -> None:
        self._late = self._late if self._settled else set(self._flights)
        self._settled = True
        self._error = error
        self._stop_timers()
        self._channel.close()

    def _finish_if_idle(self) -> None:
        if self.is_resting and not self._over:
            if self._intervals:
                self._done(self._outcome(), False)
            else:
                self._finish()

    def _finish(self) -> None:
        if self._over:
            return
        self._over = True
        self._stop_timers()
        outcome = self._outcome()
        self._channel.close()
        self._done(outcome, True)

    def _outcome(self) -> Outcome:
        """Return what came of the script since the last time."""
        self._turn("end")
        outcome = Outcome(
            value=self._value,
            error=self._error,
            console=tuple(self._console),
            timers=tuple(self._fired),
            unawaited=(*(self._calls[number] for number in sorted(self._late)), *self._built),
            unhandled=tuple(self._unhandled),
        )
        for told in (self._console, self._fired, self._late, self._built, self._unhandled):
            told.clear()
        self._error = None
        return outcome

    def _stop_timers(self) -> None:
        for event in (*self._timers.values(), *self._intervals.values()):
            event.cancel()
        self._timers.clear()
        self._intervals.clear()

    # What the prelude queues.

    def _placed(self, entry: Call | Write | Log | Timer) -> Place | None:
        place = self._sources.place(entry.row, entry.column)
        self._place = place or self._place
        return place

    def _call(self, entry: Call) -> None:
        number, place = entry.number, self._placed(entry)
        if len(self._calls) >= self._setting.limits.calls:
            self._halt(self._failures.too_many_calls(place))
            return
        if number in self._calls:
            raise MalformedError(f"call {number} is made twice")
        options = decode_tagged(entry.options)
        if not isinstance(options, dict):
            raise MalformedError("the options of a call are not an object")
        if (entry.steps is None) is (entry.args is None):
            raise MalformedError("a call is neither direct nor chained")
        program = CallSpec(
            platform=entry.platform,
            options=options,
            api=entry.api,
            steps=tuple((setter, decode_tagged(value)) for setter, value in entry.steps or ()),
            args=None if entry.args is None else tuple(decode_tagged(entry.args)),
            position=place,
        )
        self._calls[number] = Unawaited(f"{program.platform}.{program.api}", place)
        self._flights.add(number)
        self._scheduler.spawn(self._begin(program), partial(self._answered, number))

    def _answered(self, number: int, answer: Answer | None, error: Exception | None) -> None:
        self._flights.discard(number)
        if answer is not None:
            settled: list[Any] = [True, *_crossing(answer)]
        elif isinstance(error, BpmaxError):
            self._failures.rejected[number] = error
            settled = [False, "", encode_tagged(_fields(error))]
        elif isinstance(error, RecursionError):
            self._halt(self._failures.too_deep(self._calls[number].place))
            self._finish_if_idle()
            return
        else:
            raise error or AssertionError(f"call {number} ended without an answer")
        self._turn("settle", calls=[[number, *settled]])

    def _write(self, entry: Write) -> None:
        place = self._placed(entry)
        if entry.index >= len(self._mirror.names):
            raise MalformedError("a field is set of an object that is not there")
        try:
            self._mirror.write(entry.index, entry.name, entry.value, place)
        except RecursionError:
            raise
        except Exception as error:  # noqa: BLE001 - a live object may raise anything
            path = f"{self._mirror.names[entry.index]}.{entry.name}"
            self._halt(self._failures.refused(error, path, place))

    def _log(self, entry: Log) -> None:
        text = decode_tagged(entry.text)
        if not isinstance(text, str):
            raise MalformedError("a line of the console is not a text")
        self._console.append(
            ConsoleLine(
                entry.level,
                text,
                tuple(decode_tagged(entry.values)),
                at=self._scheduler.clock.now(),
                order=self._scheduler.clock.tick(),
                place=self._placed(entry),
            )
        )

    def _timer(self, entry: Timer) -> None:
        place = self._placed(entry)
        if entry.number in self._timers or entry.number in self._intervals:
            raise MalformedError(f"timer {entry.number} is set twice")
        self._plan(entry.number, entry.delay, entry.repeat, place)

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

    def _clear(self, entry: Clear) -> None:
        number = entry.number
        event = self._timers.pop(number, None) or self._intervals.pop(number, None)
        if event:
            event.cancel()

    def _uncaught(self, entry: Uncaught) -> None:
        self._unhandled.append(self._failures.thrown(entry.error))

    def _probed(self, entry: Probed) -> None:
        self._probes = entry.probes

    def _race(self, entry: Raced) -> None:
        self._raced.add(self._known(entry.number))

    def _known(self, number: int) -> int:
        if number not in self._calls:
            raise MalformedError(f"call {number} was never made")
        return number

    def _end(self, entry: End) -> None:
        unseen = list(map(self._known, entry.unseen))
        self._late = self._late - self._raced | set(unseen)
        self._unhandled.extend(map(self._failures.thrown, entry.reasons))
        told = [error.__cause__ for error in self._unhandled]
        for number in unseen:
            # Where the engine has no tracker, a rejected call that nobody awaited is known anyway.
            cause = self._failures.rejected.get(number)
            if cause is not None and cause not in told:
                place = self._calls[number].place
                self._unhandled.append(self._failures.unhandled(cause, place))
        for chain in entry.chains:
            self._leave(chain)

    def _leave(self, chain: Chain) -> None:
        """Take a chain without a call: an error if the script waited for what it yields."""
        name, place = f"{chain.platform}.{chain.api}", self._sources.place(chain.row, chain.column)
        if not chain.awaited:
            if self._error is None:  # a script that broke off did not forget it
                self._built.append(Unawaited(name, place, built=True))
            return
        error = self._failures.uncalled(name, place)
        if self._error is None or getattr(self._error, "name", "") == "TypeError":
            # `result.data.name` of a chain is a TypeError, so that one is the consequence.
            error.__cause__ = self._error
            self._error = error
        else:
            self._unhandled.append(error)


_ENTRIES: Mapping[type, Callable[[Context, Any], None]] = {
    Call: Context._call,  # noqa: SLF001 - the table of its own class
    Write: Context._write,  # noqa: SLF001
    Log: Context._log,  # noqa: SLF001
    Timer: Context._timer,  # noqa: SLF001
    Clear: Context._clear,  # noqa: SLF001
    Uncaught: Context._uncaught,  # noqa: SLF001
    Probed: Context._probed,  # noqa: SLF001
    Raced: Context._race,  # noqa: SLF001
    End: Context._end,  # noqa: SLF001
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
