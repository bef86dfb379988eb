"""The results of turns and of scripts, as types for untrusted JSON.

The prelude writes this JSON, but in an engine that runs users' code. So every entry has a type
here, and JSON that does not fit is an error of the script.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from bpmax_sim.errors import BpmaxError, Place, ScriptError
from bpmax_sim.i18n import MessageError, label_message, msg
from bpmax_sim.js_values import UNDEFINED
from bpmax_sim.proxy.builder import Setter

Level = Literal["log", "info", "debug", "warn", "error", "trace"]


class ConsoleLine(msgspec.Struct, frozen=True):
    """One ``console`` call: its text as Node prints it, its values, and its time.

    Attributes:
        at: virtual instant in seconds.
        order: position among all events of the session.
        place: script line that made the call.
    """

    level: Level
    text: str
    values: tuple[Any, ...]
    at: float
    order: int = 0
    place: Place | None = None


class TimerFired(msgspec.Struct, frozen=True):
    """A timer that fired: its delay in seconds, the line that set it, and the time.

    Attributes:
        at: virtual instant in seconds.
        order: position among all events of the session.
    """

    delay: float
    place: Place | None
    at: float
    order: int = 0


class PendingTimer(msgspec.Struct, frozen=True):
    """A timer that fires only when a scenario step lets time pass.

    Attributes:
        delay: delay in seconds.
        repeat: whether it is an interval.
        place: script line that set it.
        due: virtual instant at which it fires.
    """

    delay: float
    repeat: bool
    place: Place | None
    due: float

    @property
    def label(self) -> str:
        """Return a description such as ``a timer of 0.3 s``."""
        kind = msg("an interval") if self.repeat else msg("a timer")
        return msg("{kind} of {delay:g} s", kind=kind, delay=self.delay)

    def __str__(self) -> str:
        """Return ``file:line:column: a timer of 0.3 s``."""
        return label_message(self.place, self.label) if self.place else self.label


class UnawaitedCall(msgspec.Struct, frozen=True):
    """A call whose result a script did not wait for, or a chain that was never called.

    A chain is ``$proxy('crm').$api('find').$query({…})``, which only its ``$call()`` sends.

    Attributes:
        call: ``platform.api``, or the name of a function.
        place: script line that made it.
        built: whether it is a chain without its ``$call()``, which sent nothing.
        is_helper: whether it is an async function of a script, in which a call was in flight when
            the script that called it ended.
        number: number of the call if its script shares a page with others: one of them may use its
            promise later, which `Session.is_forgotten` tells. 0 without a page.
    """

    call: str
    place: Place | None
    built: bool = False
    is_helper: bool = False
    number: int = 0

    @property
    def is_doubtful(self) -> bool:
        """Return whether it may be intended; then it is only a warning by default.

        That is so for a chain that was never called, and for a helper function of the script. A
        call that was sent and not awaited is a mistake.
        """
        return self.built or self.is_helper

    @property
    def problem(self) -> str:
        """Return problem and remedy, such as ``crm.get was not awaited; await it``."""
        cure = (
            msg("end the chain with .$call()")
            if self.built
            else msg("await it, or write void before it if nothing is to wait for it")
        )
        return msg("{fault}; {cure}", fault=self.problem_without_remedy, cure=cure)

    @property
    def problem_without_remedy(self) -> str:
        """Return the problem alone, such as ``crm.get was not awaited``."""
        return msg(
            "{call} was {built}",
            call=self.call,
            built=msg("built and never called") if self.built else msg("not awaited"),
        )

    def __str__(self) -> str:
        """Return ``file:line:column: platform.api was not awaited``."""
        head = f"{self.place}: " if self.place else ""
        return head + self.problem_without_remedy


class AbsentRead(msgspec.Struct, frozen=True):
    """A read of a member that does not exist, of the form, ``ctx`` or the like.

    Attributes:
        owner: what lacks the member: the object, such as ``form``, or a table whose rows lack it,
            ``form.明细``.
        member: name of the member.
        place: script line that read it; None if it is not known.
    """

    owner: str
    member: str
    place: Place | None


class UnrankedCharacter(msgspec.Struct, frozen=True):
    """A script sorted *text*, one Chinese character, by code point instead of pinyin."""

    text: str
    place: Place | None

    @property
    def problem(self) -> str:
        """Return the text of the warning about this character."""
        return msg(
            "{text!r} (U+{code}) is sorted by its code point: the order of pinyin is known here "
            "for the Han characters of URO and Extension A; run the others with --engine v8",
            text=self.text,
            code=f"{ord(self.text):04X}",
        )


class PromiseMemberRead(msgspec.Struct, frozen=True):
    """A member that a script read of the promise of a call, as it did not await the call.

    Attributes:
        call: the call, as messages name it.
        member: name of the member.
        place: where it was read; None if that is not known.
    """

    call: str
    member: str
    place: Place | None


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """The results of a script that ended.

    Attributes:
        value: value that the body returned; `UNDEFINED` if none.
        error: error that the script did not catch, limit that it exceeded, or promise that it waits
            for in vain.
        console, timers: console lines and fired timers, in order.
        unawaited: calls whose promise was not used, and chains without ``$call()``.
        unhandled: rejections and errors of timers that were not handled.
        absent_reads: reads of members that ``form``, ``ctx`` and the like do not have, each member
            once.
        unranked: first character that was sorted by code point instead of pinyin.
    """

    value: Any = UNDEFINED
    error: BpmaxError | None = None
    console: tuple[ConsoleLine, ...] = ()
    timers: tuple[TimerFired, ...] = ()
    unawaited: tuple[UnawaitedCall, ...] = ()
    unhandled: tuple[ScriptError, ...] = ()
    absent_reads: tuple[AbsentRead, ...] = ()
    unranked: tuple[UnrankedCharacter, ...] = ()

    def unwrap(self) -> Any:
        """Return the value.

        Raises:
            BpmaxError: if there is an error, or else an unhandled rejection (the first one).
        """
        for error in (self.error, *self.unhandled):
            if error is not None:
                raise error
        return self.value


class ReadTrackingFailedOutcome(Outcome, frozen=True, kw_only=True, dict=True, weakref=True):
    """The outcome of a script that failed, which notes whether anybody looks at its error.

    Reading its ``error`` or ``unhandled`` sets ``is_read`` in its ``__dict__``, which is empty
    before; so does reading its ``value`` if it has no ``error``. Thus an error that a test never
    saw can be reported.
    """

    def __getattribute__(self, name: str) -> Any:
        get = super().__getattribute__
        if name in {"error", "unhandled"} or (name == "value" and get("error") is None):
            get("__dict__")["is_read"] = True
        return get(name)


Count = Annotated[int, Meta(ge=0, le=2**31)]
"""A row, a column or an index."""
Number = Annotated[int, Meta(ge=1, le=2**53)]
"""Of a call or a timer."""


class OutboxEntry(msgspec.Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """One action of a script, as the prelude (our JavaScript code) reports it in its outbox.

    ``row`` and ``column`` say where the script did it, as the engine counts: all scripts of a
    context lie one below the other in a single file.
    """


class CallEntry(OutboxEntry, frozen=True, tag="call"):
    """A ``$proxy`` call of a script.

    It is direct, with arguments (``crm.find(1)``), or a chain of setters that ends in ``$call()``.

    Attributes:
        number: number of the call; its promise is later settled by this number.
        options: second argument of ``$proxy``.
        steps: setters of a chain with their values, in order; None for a direct call.
        args: arguments of a direct call; None for a chain.
    """

    number: Number
    platform: str
    options: Any
    api: str
    steps: list[tuple[Setter, Any]] | None
    args: list[Any] | None
    row: Count
    column: Count


class RefusedCall(OutboxEntry, frozen=True, tag="refused"):
    """A call that was rejected while the script built it, before anything could be sent.

    *message* is that of the error thrown.
    """

    platform: str
    api: str
    message: str
    row: Count
    column: Count


class FieldWrite(OutboxEntry, frozen=True, tag="write"):
    """A script's write of *value* to the member *name* of ``form`` or the like.

    *index* is the number of that object among those that Python gave the script's context.
    """

    index: Count
    name: str
    value: Any
    row: Count
    column: Count


class ConsoleEntry(OutboxEntry, frozen=True, tag="log"):
    """A call of ``console``, with its text and values."""

    level: Level
    row: Count
    column: Count
    text: Any
    values: list[Any]


class TimerEntry(OutboxEntry, frozen=True, tag="timer"):
    """A timer that was set, with *delay* in milliseconds."""

    number: Number
    delay: Count
    repeat: bool
    row: Count
    column: Count


class TimerCancel(OutboxEntry, frozen=True, tag="clear"):
    """A timer that a script cleared (``clearTimeout``); *number* is that of its `TimerEntry`."""

    number: Number


class ThrownValue(msgspec.Struct, frozen=True):
    """A thrown JavaScript value.

    Attributes:
        raw: stack frames as the engine writes them.
        call: number of the ``$proxy`` call that was rejected with it; None for any other error.
        fields: own properties of the error, as tagged values.
    """

    name: str
    message: str
    raw: str
    call: Number | None
    cause: ThrownValue | None
    fields: dict[str, Any]


class TimerError(OutboxEntry, frozen=True, tag="uncaught"):
    """An error thrown by a timer's callback."""

    error: ThrownValue


class PendingPromiseTraces(OutboxEntry, frozen=True, tag="probed"):
    """Where a script waits for promises when the waiting is given up.

    Attributes:
        promise_traces: for each, two stack traces as the engine writes them: that of the code that
            waits for it ("" if none does), and that of the code that created it.
    """

    promise_traces: list[tuple[str, str]]


class AbsentMember(OutboxEntry, frozen=True, tag="absent"):
    """A script's read of a member that does not exist, of ``form`` or the like.

    Attributes:
        index: number of the object among those that Python gave the script's context.
        path: path from the object to the value whose member is read; "" for the object itself.
        name: name of the member.
    """

    index: Count
    path: str
    name: str
    row: Count
    column: Count


class PromiseWrite(OutboxEntry, frozen=True, tag="unresolved"):
    """A script's write of a promise, not of its value, to member *name* of ``form`` or the like.

    *index* is the number of that object among those that Python gave the script's context.
    """

    index: Count
    name: str
    row: Count
    column: Count


class UnrankedCharacterEntry(OutboxEntry, frozen=True, tag="unranked"):
    """A character that was sorted by code point, because the table of pinyin lacks it."""

    text: str
    row: Count
    column: Count


class RandomDrawCount(OutboxEntry, frozen=True, tag="drew"):
    """How many random values a script has drawn so far.

    It is reported as 0 before the first one is drawn, and then at each ``$proxy`` call.
    """

    drawn: Count


class PromiseRead(OutboxEntry, frozen=True, tag="misread"):
    """A read of *member* of the promise of call *number*: the script forgot to await its result."""

    number: Number
    member: str
    row: Count
    column: Count


class UncalledChain(msgspec.Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """A chain ``$proxy(…).api(…)`` without ``$call()``, which begins at *row* and *column* from 1.

    *awaited* says that the script used it as if it had been called; else it was only built.
    """

    platform: str
    api: str
    awaited: bool
    row: Count
    column: Count


class BodyLeftovers(OutboxEntry, frozen=True, tag="end"):
    """What is left when a body ends.

    That is the numbers of calls whose promise was not used, rejections that were not handled, and
    chains that were never called.
    """

    unseen: list[Number]
    reasons: list[ThrownValue]
    chains: list[UncalledChain]


AnyEntry = (
    CallEntry
    | RefusedCall
    | FieldWrite
    | ConsoleEntry
    | TimerEntry
    | TimerCancel
    | TimerError
    | PendingPromiseTraces
    | AbsentMember
    | UnrankedCharacterEntry
    | PromiseWrite
    | RandomDrawCount
    | PromiseRead
    | BodyLeftovers
)


class BodyReturnValue(msgspec.Struct, frozen=True):
    """The value that the body of a script returned.

    It is tagged JSON: ``{"$": tag, "v": …}`` stands for what JSON cannot hold (see `js_values`).
    """

    value: Any


class ScriptBodyError(msgspec.Struct, frozen=True):
    """The error that ended the body of a script.

    Attributes:
        error: the error; None if there was no memory to describe it.
        is_syntax: whether the body is no valid JavaScript, and so did not run.
    """

    error: ThrownValue | None
    is_syntax: bool = False


class TurnResult(msgspec.Struct, frozen=True):
    """What scripts did in one turn: one operation of the prelude with all microtasks after it.

    The prelude is our JavaScript code in the engine, which starts scripts and settles their calls.

    Attributes:
        entries: actions of scripts, in order.
        endings: how bodies of scripts ended in the turn: number of the run (`ScriptRun.number`) ->
            its value or error.
    """

    entries: list[AnyEntry]
    endings: Mapping[int, BodyReturnValue | ScriptBodyError] = msgspec.field(default_factory=dict)


class MalformedError(MessageError):
    """Raised if an outbox is malformed: the text in which our JavaScript reports what scripts did.

    A script can cause it by changing built-in objects.
    """


class _Outbox(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    out: list[AnyEntry]
    done: list[tuple[Number, bool | None, Any]] | UnsetType = UNSET


_decode = msgspec.json.Decoder(_Outbox).decode


def parse_turn(text: str) -> TurnResult:
    """Return the content of an outbox: the JSON text in which the engine reports what scripts did.

    The prelude, our JavaScript code in the engine, writes it.

    Raises:
        MalformedError: if *text* is not an outbox.
        RecursionError: if it is nested too deeply.
    """
    try:
        outbox = _decode_outbox(text)
        if outbox.done is UNSET:
            raise MalformedError("it does not report which scripts have ended")
        endings = {run: _decode_ending(ok, thrown) for run, ok, thrown in outbox.done}
        return TurnResult(outbox.out, endings)
    except (msgspec.ValidationError, ValueError, OverflowError) as error:
        raise MalformedError(str(error)) from None


def _decode_outbox(text: str) -> _Outbox:
    try:
        return _decode(text)
    except (msgspec.MsgspecError, UnicodeEncodeError):
        # Half a character, or a number beyond all floats: what only `json` reads (border.py).
        try:
            value = json.loads(text)
        except ValueError:
            raise MalformedError("what crosses is not JSON") from None
        return msgspec.convert(value, _Outbox)


def _decode_ending(fulfilled: bool | None, thrown: Any) -> BodyReturnValue | ScriptBodyError:
    if fulfilled:
        return BodyReturnValue(thrown)
    error = msgspec.convert(thrown, ThrownValue | None)
    if error is None and fulfilled is None:
        raise MalformedError("a syntax error without its message")
    return ScriptBodyError(error, is_syntax=fulfilled is None)
