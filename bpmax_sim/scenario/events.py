"""Events of a running scenario, used by terminal, report and pytest, and the trace made of them.

``at`` is virtual time in POSIX seconds. Values are redacted before they become events.

A trace has one line of canonical JSON for each event; its bytes are the same on every machine. File
names in it are relative to the scenario's folder, so the place of the checkout does not matter.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from functools import cache
from json.encoder import encode_basestring
from operator import attrgetter, getitem, itemgetter
from typing import Any, Literal

import msgspec

from bpmax_sim.errors import CODES, Place
from bpmax_sim.file_names import NOWHERE, RelativeFileNameRewriter
from bpmax_sim.i18n import TranslatableText, label_message, to_plain_english
from bpmax_sim.js_values import STRUCT_VALUES, UNDEFINED, to_scenario_value
from bpmax_sim.scenario.calls import CallAttempted, CallEnd, CallMade
from bpmax_sim.scenario.expect import Comparison
from bpmax_sim.scenario.source import Failure, RunWarning
from bpmax_sim.script.turn_result import TimerFired
from bpmax_sim.secret.vault import list_field_names_of_type
from bpmax_sim.subject.hooks import HookStarted, SubjectEvent

Outcome = Literal["passed", "failed", "skipped", "xfailed"]
"""Of a scenario, or of a step, which is never ``xfailed``: that is a failure that was expected."""
VERSION = 4
"""Format of traces: the events, what they tell by which names, and what is observed of a run."""


class LogPosition(msgspec.Struct, frozen=True):
    """How far the log of a run was at an instant: its numbers of calls, lines, messages and events.

    A step takes it when it begins; "since this position" then means "during the step".
    """

    calls: int
    console: int
    messages: int
    events: int


START = LogPosition(0, 0, 0, 0)


class ScenarioStarted(msgspec.Struct, frozen=True, kw_only=True):
    """The start of a scenario, or of one row of its table.

    Attributes:
        engine: package and version of the JavaScript engine; empty if the scenario does not run.
        variables: `name=value` given on the command line, without secret ones.
        options: `name=value` of further options of the command line that change what happens.
    """

    name: str
    row: str
    place: Place
    steps: int
    tags: tuple[str, ...] = ()
    version: int = VERSION
    engine: str = ""
    variables: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    at: float


class StepStarted(msgspec.Struct, frozen=True, kw_only=True):
    """The start of a step; whether it ran or was skipped is in its `StepFinished`.

    Attributes:
        number: counted from 1; 0 for steps inside ``run`` and ``finally``.
        form: values before the step; None without a form.
    """

    number: int
    total: int
    id: str
    title: str
    action: str
    place: Place
    form: Mapping[str, Any] | None = None
    at: float


class StepFinished(msgspec.Struct, frozen=True, kw_only=True):
    """The end of a step.

    Attributes:
        duration: virtual seconds.
        reason: why it was skipped.
        tries: number of times it ran.
        checks: all comparisons of its expectations, of the last try.
        form: values after the step; None without a form.
        fields: field -> its states, such as hidden, that differ from those of a new field.
        flow: facts about the flow's project, such as its node and present owners; None without a
            flow.
        result: return value of its action.
    """

    number: int
    title: str
    outcome: Outcome
    duration: float
    reason: str = ""
    tries: int = 1
    checks: tuple[Comparison, ...] = ()
    form: Mapping[str, Any] | None = None
    fields: Mapping[str, Any] = {}
    flow: Mapping[str, Any] | None = None
    result: Any = None
    at: float


class ConsoleWritten(msgspec.Struct, frozen=True, kw_only=True):
    """A line that a script wrote to its console, and the place in the script."""

    text: str
    level: str
    place: Place | None = None
    at: float


class ErrorThrown(msgspec.Struct, frozen=True, kw_only=True):
    """An error that ended a step, expected or not, or that a script left unhandled.

    Attributes:
        type: class of the error in its language, such as ``TypeError``.
        code: code of a failed call or of a refusal, such as ``TIMEOUT``; None without one.
        source: ``script``, ``subject`` (form or flow refused), ``python``, or the ``platform.api``
            whose call was rejected.
        status: HTTP status of a rejected call, if it had one.
        stack: frames in the user's files, innermost first.
        unhandled: whether it is a promise rejection without handler.
    """

    type: str
    code: Any = None
    message: str
    source: str
    status: Any = None
    place: Place | None = None
    stack: tuple[str, ...] = ()
    unhandled: bool = False
    at: float

    def __str__(self) -> str:
        """Return ``TypeError: message``: class and message of the error.

        Of a refusal by form or flow the code stands first instead, ``REQUIRED: …``; also where a
        script passed such an error on.
        """
        is_code = self.source == "subject" or (self.source == "script" and self.has_code_of(CODES))
        return label_message(self.code if is_code else self.type, self.message)

    def has_code_of(self, codes: Container[str]) -> bool:
        """Return whether the code, which a script may set to any value, is one of *codes*."""
        return isinstance(self.code, str) and self.code in codes


class FaultStruck(msgspec.Struct, frozen=True, kw_only=True):
    """A fault that was injected into a sending of call *number*; 0 if that call has not ended.

    Attributes:
        attempt: number of the sending, from 1.
        rule: calls that the rule is for, such as ``crm.get call 1``.
        action: what it injects, such as ``status 503``.
        place: place of the rule in a file.
    """

    number: int
    call: str
    attempt: int
    rule: str
    action: str
    place: Place | None = None
    at: float


class ScenarioFinished(msgspec.Struct, frozen=True, kw_only=True):
    """The end of a scenario, with its verdict.

    Attributes:
        failures: in the order of detection; the first one is the headline.
        warnings: doubtful findings that are no failures, such as a change cycle that was cut.
        digest: hash of the effects of all steps; equal for every replay of the same scenario.
        checks: all comparisons of the scenario's own expectations.
        reason: reason of a skip or of an expected failure.
        rows: number of rows in the file; 0 without a table.
        unused_parts: a warning for each part (stub, policy, ``if`` or the like) of the file, or
            inherited by it, that this run did not use. At least one row of the file has to use
            each; an inherited one, at least one row of one file.
        used_keys_of_other_files: place, as text, of each part of another file that it used, such as
            an inherited stub.
        strictness: setting of the file's folder: which findings are failures.
    """

    outcome: Outcome
    failures: tuple[Failure, ...]
    warnings: tuple[RunWarning, ...]
    digest: str
    calls: int
    duration: float
    checks: tuple[Comparison, ...] = ()
    reason: str = ""
    rows: int = 0
    unused_parts: tuple[RunWarning, ...] = ()
    used_keys_of_other_files: tuple[str, ...] = ()
    strictness: str = "normal"
    at: float


class CallAnswered(CallEnd, frozen=True, kw_only=True):
    """The end of call *number* in a trace; its request is in the `CallMade` of that number."""


class SourceAttached(msgspec.Struct, frozen=True, kw_only=True):
    """A file of the scenario, as it was when it ran; not part of the digest."""

    file: Place
    text: str
    at: float


class FlowAttached(msgspec.Struct, frozen=True, kw_only=True):
    """The nodes of a flow, by name, and the routes from each; not part of the digest.

    Attributes:
        name: name of the sub-flow in the scenario; empty for the main flow.
    """

    name: str = ""
    flow: str
    start: str
    nodes: Mapping[str, Mapping[str, Any]]
    at: float


class ScenarioPart(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a scenario that a run may leave unused, as counted by coverage.

    Attributes:
        kind: ``handler``, ``stub`` or ``branch`` (a step with ``if:``).
        name: event of the handler, ``platform.api`` of the stub, or the condition.
        place: place in the file; of a handler, that of its script.
        used: whether the run reached it.
    """

    kind: Literal["handler", "stub", "branch"]
    name: str
    place: Place
    used: bool = False


class PartsAttached(msgspec.Struct, frozen=True, kw_only=True):
    """The handlers, stubs and conditional steps of the scenario, and which of them were used.

    Not part of the digest.
    """

    parts: tuple[ScenarioPart, ...]
    at: float


class NamesAttached(msgspec.Struct, frozen=True, kw_only=True):
    """The values of variables at the script line of the first failure.

    They are no part of the run's digest, by which two runs are compared.

    Attributes:
        place: script line.
        names: variable name -> value as text.
        stack: calling functions, innermost first.
    """

    place: Place
    names: Mapping[str, str]
    stack: tuple[str, ...] = ()
    at: float


Event = (
    ScenarioStarted
    | StepStarted
    | StepFinished
    | CallMade
    | CallAttempted
    | CallAnswered
    | FaultStruck
    | TimerFired
    | ConsoleWritten
    | ErrorThrown
    | ScenarioFinished
    | SourceAttached
    | FlowAttached
    | PartsAttached
    | NamesAttached
    | SubjectEvent
)


def round_to_hundredth_ms(at: float) -> float:
    """Return *at* rounded to 1/100 ms, which removes the floating-point error of summed seconds."""
    return round(at, 5) if at % 1 else at  # to round is slow


def to_call_answered(call: CallMade) -> CallAnswered:
    """Return the end of *call* as an event, with times rounded by `round_to_hundredth_ms`."""
    return CallAnswered(
        **dict(zip(_SAME, _get_same(call), strict=True)),
        sent_at=round_to_hundredth_ms(call.sent_at),
        duration=round_to_hundredth_ms(call.duration),
        at=round_to_hundredth_ms(call.at + call.duration),
    )


_SAME = tuple({*list_field_names_of_type(CallAnswered)} - {"sent_at", "duration", "at"})
_get_same = attrgetter(*_SAME)
_ANSWER = frozenset({*list_field_names_of_type(CallAnswered), "earlier"}) - {"number", "call"}
_FIRST = frozenset({"at", "order"})  # told by the head of a line
_LATER = _FIRST | _ANSWER | {"key_name"}  # which the platform file has
_OUTSIDE = frozenset({"cause"})  # an exception is for whoever wants its traceback
_RENAMED: Mapping[tuple[type, str], str] = {
    (HookStarted, "event"): "hook",
    (ScenarioFinished, "unused_parts"): "unused",
    (ScenarioFinished, "used_keys_of_other_files"): "used",
}


def to_trace_line(event: Event, number: int, homes: RelativeFileNameRewriter = NOWHERE) -> str:
    """Return *event* as one line of JSON: number, kind, instant, then other fields sorted by name.

    *number* counts the events of the scenario from 1; it orders events of the same instant. *homes*
    holds the folders to which file names are written relative, so that a trace is the same on every
    machine; by default names stay as they are.
    """
    return _encode_event(event, number, _EncodedTexts(homes)).decode()


def to_trace_lines(
    events: Iterable[Event], homes: RelativeFileNameRewriter = NOWHERE
) -> Iterator[str]:
    """Yield the trace lines of *events* in their order, each with its line end.

    *homes* are the folders to which file names are relative, so that lines are equal everywhere.
    """
    for number, event in enumerate(events, 1):
        yield f"{to_trace_line(event, number, homes)}\n"


def to_canonical_json(value: Any, homes: RelativeFileNameRewriter = NOWHERE) -> bytes:
    """Return *value* as JSON that is equal on every machine and in every language.

    Names are sorted, messages are written as template and values instead of translated, and file
    names relative to *homes*.
    """
    return _WRITERS[type(value)](_EncodedTexts(homes), value)


class _EncodedTexts(dict[Any, bytes]):
    """A cache: text or place -> its JSON, made on first use; most occur many times in a trace."""

    __slots__ = ("_homes",)

    def __init__(self, homes: RelativeFileNameRewriter) -> None:
        self._homes = homes

    def __missing__(self, value: Any) -> bytes:
        if type(value) is Place:
            shown = str(Place(self._homes.to_relative_name(value.file), value.line, value.column))
        else:
            shown = self._homes.rewrite_names(value)
        try:
            written = msgspec.json.encode(shown)
        except (UnicodeEncodeError, TypeError):  # half a character, or a kind of text
            # Half a character becomes the text \ud800: not every reader takes it as an escape.
            written = encode_basestring(shown.encode("utf-8", "backslashreplace").decode()).encode()
        self[value] = written
        return written


Write = Callable[[_EncodedTexts, Any], bytes]


def _encode_event(event: Event, number: int, texts: _EncodedTexts) -> bytes:
    kind: Any = type(event)
    head = f'{{"seq":{number},"event":"{kind.__name__}","at":{round_to_hundredth_ms(event.at)!r}'
    fields = _make_line_writer(kind)(texts, event)
    return b"%b%b%b}" % (head.encode(), b"," if fields else b"", fields)


@cache
def _make_line_writer(kind: Any) -> Write:
    return _make_struct_writer(kind, _LATER if issubclass(kind, CallMade) else _FIRST)


def _make_struct_writer(kind: Any, left_out: frozenset[str]) -> Write:
    """Return a function that encodes the members of struct type *kind* except those in *left_out*.

    The result is the text between the braces: members sorted by name, separated by commas.
    """
    names = sorted({*list_field_names_of_type(kind)} - left_out)
    defaults = getattr(kind, "__struct_defaults__", ())
    known = dict(zip(reversed(list_field_names_of_type(kind)), reversed(defaults), strict=False))
    keys = []
    for name in names:
        key = f'"{_RENAMED.get((kind, name), name)}":'.encode()
        usual = known.get(name, key)
        empty = next((text for value, text in _EMPTY if usual is value), b"")
        # Most members hold their default, so key and value are joined once. *key* itself stands
        # where there is no such default: it is bytes of our own, which no member is.
        keys.append((name, key, usual if empty else key, key + empty))

    def write(texts: _EncodedTexts, value: Any) -> bytes:
        return b",".join(
            [
                whole
                if (item := getattr(value, name)) is usual
                else key + _WRITERS[type(item)](texts, item)
                for name, key, usual, whole in keys
            ]
        )

    return write


_EMPTY: tuple[tuple[Any, bytes], ...] = ((None, b"null"), ("", b'""'), ((), b"[]"))
"""What many fields are by default, in most events."""


def _encode_number(_texts: _EncodedTexts, value: float) -> bytes:
    # As JavaScript prints it: 1.0 and 1 are the same number to a script, so they must be to a
    # digest.
    if value.is_integer():
        return f"{int(value)}".encode()
    return (f"{value!r}" if math.isfinite(value) else f'"{value}"').encode()


_name = itemgetter(0)


def _encode_map(texts: _EncodedTexts, value: Mapping[Any, Any]) -> bytes:
    if not value:
        return b"{}"
    parts = [
        texts[name] + b":" + _WRITERS[type(item)](texts, item)
        for name, item in sorted({str(key): item for key, item in value.items()}.items(), key=_name)
        if item is not UNDEFINED
    ]
    return b"{" + b",".join(parts) + b"}"


def _encode_list(texts: _EncodedTexts, value: Iterable[Any]) -> bytes:
    return b"[" + b",".join([_WRITERS[type(item)](texts, item) for item in value]) + b"]"


def _encode_message(texts: _EncodedTexts, value: TranslatableText) -> bytes:
    """Return a message as its template and values, so that a reader can translate it."""
    data: dict[str, Any] = {"many": value.many} if value.many else {}
    text = to_plain_english(value)
    return _encode_map(
        texts, {**data, "template": value.template, "text": text, "values": value.values}
    )


def _encode_script_value(texts: _EncodedTexts, value: Any) -> bytes:
    """Return a value made by a script, in the notation of scenario files."""
    words = to_scenario_value(value)
    known = words is not value
    return _WRITERS[type(words)](texts, words) if known else texts[f"[{type(value).__name__}]"]


def _make_writer(kind: Any) -> Write:
    """Return the function that encodes values of type *kind*: a struct, or a value of a script."""
    if issubclass(kind, STRUCT_VALUES) or not {*list_field_names_of_type(kind)} - _OUTSIDE:
        return _encode_script_value
    write = _make_struct_writer(kind, _OUTSIDE)
    return lambda texts, value: b"{" + write(texts, value) + b"}"


_KINDS: tuple[tuple[type | tuple[type, ...], Write], ...] = (
    (TranslatableText, _encode_message),
    ((str, Place), getitem),
    (bool, lambda _texts, value: b"true" if value else b"false"),
    (int, lambda _texts, value: f"{value}".encode()),
    (type(None), lambda _texts, _value: b"null"),
    (float, _encode_number),
    (CallMade, lambda _texts, value: f"{value.number}".encode()),  # it is told where it was made
    (Mapping, _encode_map),
    ((list, tuple), _encode_list),
)


class _ValueWriters(dict[type, Write]):
    """A cache: type -> the function that encodes its values as JSON, made on first use.

    Members are sorted by name, undefined ones left out.
    """

    def __missing__(self, kind: type) -> Write:
        write = next((write for known, write in _KINDS if issubclass(kind, known)), None)
        self[kind] = write or _make_writer(kind)
        return self[kind]


_WRITERS = _ValueWriters({str: getitem})
