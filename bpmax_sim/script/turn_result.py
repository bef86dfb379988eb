"""What a turn of a script leaves behind, and what comes of running one: types of untrusted JSON.

The prelude writes it, but in an engine that runs users' code; so each entry has its type here, and
what does not fit is an error of the script.
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
    """One ``console`` call: its text as Node prints it, its values, and when it was.

    Attributes:
        at: the virtual instant.
        order: its place among all that happens in the session.
        place: the line of the script.
    """

    level: Level
    text: str
    values: tuple[Any, ...]
    at: float
    order: int = 0
    place: Place | None = None


class TimerFired(msgspec.Struct, frozen=True):
    """A timer was due: the seconds that it waited, the line that set it, and when it was.

    Attributes:
        at: the virtual instant.
        order: its place among all that happens in the session.
    """

    delay: float
    place: Place | None
    at: float
    order: int = 0


class PendingTimer(msgspec.Struct, frozen=True):
    """A timer that waits until somebody lets time pass.

    Attributes:
        delay: the seconds that it waits.
        repeat: whether it is an interval.
        place: the line that set it.
        due: the virtual instant.
    """

    delay: float
    repeat: bool
    place: Place | None
    due: float

    @property
    def label(self) -> str:
        """Return what it is, such as ``a timer of 0.3 s``."""
        kind = msg("an interval") if self.repeat else msg("a timer")
        return msg("{kind} of {delay:g} s", kind=kind, delay=self.delay)

    def __str__(self) -> str:
        """Return ``file:line:column: a timer of 0.3 s``."""
        return label_message(self.place, self.label) if self.place else self.label


class UnawaitedCall(msgspec.Struct, frozen=True):
    """A call whose promise nobody took, or a chain that was never called.

    Attributes:
        built: whether it is a chain without its ``$call()``, which sent nothing.
        is_helper: whether it is an async function of a script, in which a call was under way when
            the script that called it ended.
        number: of the call on a page, where another script may still take it; else 0.
    """

    call: str
    place: Place | None
    built: bool = False
    is_helper: bool = False
    number: int = 0

    @property
    def is_doubtful(self) -> bool:
        """Whether somebody may have meant it so."""
        return self.built or self.is_helper

    @property
    def problem(self) -> str:
        """Return what is wrong and what to do, such as ``crm.get was not awaited; await it``."""
        cure = (
            msg("end the chain with .$call()")
            if self.built
            else msg("await it, or write void before it if nothing is to wait for it")
        )
        return msg("{fault}; {cure}", fault=self.fault, cure=cure)

    @property
    def fault(self) -> str:
        """Return what is wrong, such as ``crm.get was not awaited``."""
        return msg(
            "{call} was {built}",
            call=self.call,
            built=msg("built and never called") if self.built else msg("not awaited"),
        )

    def __str__(self) -> str:
        """Return ``file:line:column: platform.api was not awaited``."""
        head = f"{self.place}: " if self.place else ""
        return head + self.fault


class AbsentRead(msgspec.Struct, frozen=True):
    """A script read *member* of an object, as it calls that (``form.明细``), that has none."""

    owner: str
    member: str
    place: Place | None


class UnrankedCharacter(msgspec.Struct, frozen=True):
    """A script sorted *text*, a Chinese character, by its code point and not by pinyin."""

    text: str
    place: Place | None

    @property
    def problem(self) -> str:
        """Return what is doubtful."""
        return msg(
            "{text!r} (U+{code}) is sorted by its code point: the order of pinyin is known here "
            "for the Han characters of URO and Extension A; run the others with --engine v8",
            text=self.text,
            code=f"{ord(self.text):04X}",
        )


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """The end of a script.

    Attributes:
        value: what the body returned; `UNDEFINED` if nothing.
        error: what it did not catch, a limit it passed, or a promise it waits for in vain.
        console, timers: in order.
        unawaited: calls whose promise nobody took, and chains that were built and never called.
        unhandled: rejections and timer errors that nobody handled.
        absent_reads: members of live objects that were read and are not there, each once.
        unranked: the first character that was sorted otherwise than by pinyin.
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
            BpmaxError: the error, if there is one, else the first rejection that nobody handled.
        """
        for error in (self.error, *self.unhandled):
            if error is not None:
                raise error
        return self.value


Count = Annotated[int, Meta(ge=0, le=2**31)]
"""A row, a column or an index."""
Number = Annotated[int, Meta(ge=1, le=2**53)]
"""Of a call or a timer."""


class OutboxEntry(msgspec.Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """One thing that the script did, in order; rows and columns are the engine's."""


class CallEntry(OutboxEntry, frozen=True, tag="call"):
    """A ``$proxy`` call; either *steps* or *args* is None."""

    number: Number
    platform: str
    options: Any
    api: str
    steps: list[tuple[Setter, Any]] | None
    args: list[Any] | None
    row: Count
    column: Count


class RefusedCall(OutboxEntry, frozen=True, tag="refused"):
    """A call that was refused while it was put together; *message* is that of the error thrown."""

    platform: str
    api: str
    message: str
    row: Count
    column: Count


class FieldWrite(OutboxEntry, frozen=True, tag="write"):
    """A field of a live object was set."""

    index: Count
    name: str
    value: Any
    row: Count
    column: Count


class ConsoleEntry(OutboxEntry, frozen=True, tag="log"):
    """A line of the console."""

    level: Level
    row: Count
    column: Count
    text: Any
    values: list[Any]


class TimerEntry(OutboxEntry, frozen=True, tag="timer"):
    """A timer was set, *delay* in milliseconds."""

    number: Number
    delay: Count
    repeat: bool
    row: Count
    column: Count


class TimerCancel(OutboxEntry, frozen=True, tag="clear"):
    """A timer was taken back."""

    number: Number


class ThrownValue(msgspec.Struct, frozen=True):
    """An error of JavaScript.

    Attributes:
        raw: its frames, as the engine writes them.
        call: the call whose rejection it is.
        fields: its own properties, tagged.
    """

    name: str
    message: str
    raw: str
    call: Number | None
    cause: ThrownValue | None
    fields: dict[str, Any]


class TimerError(OutboxEntry, frozen=True, tag="uncaught"):
    """A timer threw."""

    error: ThrownValue


class PendingProbes(OutboxEntry, frozen=True, tag="probed"):
    """For each promise that is pending: the frames that wait for it, and those that made it."""

    probes: list[tuple[str, str]]


class AbsentMember(OutboxEntry, frozen=True, tag="absent"):
    """A member was read that is not there, of a live object or of what it has at *path*."""

    index: Count
    path: str
    name: str
    row: Count
    column: Count


class UnresolvedWrite(OutboxEntry, frozen=True, tag="unresolved"):
    """A promise, not its value, was written into a live object."""

    index: Count
    name: str
    row: Count
    column: Count


class UnrankedText(OutboxEntry, frozen=True, tag="unranked"):
    """A character was sorted by its code point, as the table of pinyin lacks it."""

    text: str
    row: Count
    column: Count


class RandomDraw(OutboxEntry, frozen=True, tag="drew"):
    """The script has drawn its first random number, or so much by its next call."""

    drawn: Count


class PromiseRead(OutboxEntry, frozen=True, tag="misread"):
    """A member was read of the promise of a call, as if it were its result."""

    number: Number
    member: str
    row: Count
    column: Count


class UncalledChain(msgspec.Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """A chain that was never called, *awaited* or only built; it begins at *row* and *column*."""

    platform: str
    api: str
    awaited: bool
    row: Count
    column: Count


class BodyEnd(OutboxEntry, frozen=True, tag="end"):
    """Calls that nobody awaited, rejections that nobody handled, and chains without a call."""

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
    | PendingProbes
    | AbsentMember
    | UnrankedText
    | UnresolvedWrite
    | RandomDraw
    | PromiseRead
    | BodyEnd
)


class BodyResult(msgspec.Struct, frozen=True):
    """The body returned a value, tagged."""

    value: Any


class ScriptBodyError(msgspec.Struct, frozen=True):
    """The body threw; None is an error that could not be told for want of memory."""

    error: ThrownValue | None
    is_syntax: bool = False


class TurnResult(msgspec.Struct, frozen=True):
    """What a turn left behind: entries in order, and how bodies ended in it, by their run."""

    entries: list[AnyEntry]
    endings: Mapping[int, BodyResult | ScriptBodyError] = msgspec.field(default_factory=dict)


class MalformedError(MessageError):
    """The outbox is not what the prelude writes."""


class _Outbox(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    out: list[AnyEntry]
    done: list[tuple[Number, bool | None, Any]] | UnsetType = UNSET


_decode = msgspec.json.Decoder(_Outbox).decode


def parse_turn(text: str) -> TurnResult:
    """Return the outbox in *text*.

    Raises:
        MalformedError: it is none.
        RecursionError: it is nested too deeply.
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


def _decode_ending(fulfilled: bool | None, thrown: Any) -> BodyResult | ScriptBodyError:
    if fulfilled:
        return BodyResult(thrown)
    error = msgspec.convert(thrown, ThrownValue | None)
    if error is None and fulfilled is None:
        raise MalformedError("a syntax error without its message")
    return ScriptBodyError(error, is_syntax=fulfilled is None)
