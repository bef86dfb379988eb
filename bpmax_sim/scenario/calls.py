"""Calls of a step as a scenario sees them (redacted), and their comparison with ``expect: proxy``.

A *sending* is one HTTP request of a call, which may be sent again after a refused token or a
failure. Expected items without ``times`` are the exact sequence of all calls whose API no item with
``times`` names; logins belong to it only if it names ``platform.$token``. Items with ``times``
count the calls that match them, with ``once_per_key`` those of one idempotency key once, and check
nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl, unquote

import msgspec

from bpmax_sim.cassette.model import read_body
from bpmax_sim.errors import Place
from bpmax_sim.field_path import FieldPath, find_values_at
from bpmax_sim.i18n import join_list, msg, plural
from bpmax_sim.js_values import format_js_number, loads_as_javascript
from bpmax_sim.messages import FORM, Pairs, Request, parse_media_type
from bpmax_sim.path_template import compile_path_template
from bpmax_sim.platform.model import Api, Idempotency, matches_api
from bpmax_sim.proxy.response import CallRecord, redact_request, redact_response
from bpmax_sim.scenario.expect import (
    NESTING,
    Checks,
    Comparison,
    compare,
    is_number,
    is_operator,
    select_failing_checks,
)
from bpmax_sim.scenario.idempotency import find_keys_with_names
from bpmax_sim.scenario.references import Path, show
from bpmax_sim.session.sending_log import RecordingMatch

SOURCES: Mapping[str, str] = {
    "recorded": msg("recorded"),
    "live": msg("live"),
    "simulated": msg("simulated"),
    "fault": msg("fault"),
    "stub": msg("stub"),
}
"""Who answered a call, for a reader."""


def describe_response_source(source: str) -> str:
    """Return in words where the response of a call came from, such as that it was recorded.

    *source* is a key of `SOURCES`; any other text, such as "" if no response came, is unchanged.
    """
    return SOURCES.get(source, source)


class ActualCallResult(msgspec.Struct, frozen=True, kw_only=True):
    """The response or failure of call *number*, or of one sending of it; secrets are redacted.

    A call has several sendings if it is retried, for instance with a new token.

    Attributes:
        number: number of the call, counted from 1 within the scenario.
        call: ``platform.api``; a login is ``platform.$token``.
        source: where the response came from (a key of `SOURCES`); empty if there is none.
        error: code of the rejection, such as ``TIMEOUT``; empty for a response.
        message: text of the rejection.
        recording: recording that was replayed; if none matched, the most similar one.
    """

    number: int
    call: str
    status: int | None = None
    response: Any = None
    response_header: Mapping[str, str] = msgspec.field(default_factory=dict)
    source: str = ""
    error: str = ""
    message: str = ""
    recording: RecordingMatch | None = None


class CallAttempted(ActualCallResult, frozen=True, kw_only=True):
    """A sending of call *number* that was not the last one: the call was sent again after it.

    Attributes:
        attempt: number of the sending, from 1.
        url, header, body: of the request of this sending.
        follows: reason of the next sending: ``renewed`` (the token was refused), ``clock`` (its
            time was refused) or ``retried``; *why* is the reason in words, *wait* the seconds of
            virtual time before it.
        at, duration: virtual time of the sending, and seconds until its result.
        order: position of its end among all events of the run.
    """

    attempt: int
    url: str
    header: Mapping[str, str]
    body: Any = None
    follows: str
    why: str
    wait: float = 0.0
    at: float
    duration: float
    order: int = 0


class CallEnd(ActualCallResult, frozen=True, kw_only=True):
    """The end of a call, after all its sendings.

    Attributes:
        attempts: number of sendings; *sent_at* is the virtual time of the last one.
        notes: texts for readers: which parts were overridden or dropped, and why it was retried.
        redirects: status and address of each redirect that was followed.
    """

    attempts: int = 0
    notes: tuple[str, ...] = ()
    redirects: Pairs = ()
    sent_at: float = 0.0
    duration: float = 0.0
    at: float = 0.0


class CallMade(CallEnd, frozen=True, kw_only=True):
    """One call with its request and result; redacted, and named as scenarios name it.

    Attributes:
        path: values of the path's placeholders.
        header, body: of the last request that was sent.
        place: script line that made the call.
        earlier: sendings before the last one.
        key_name: name of the parameter that the platform file declares as idempotency key, or "".
        injected: places that auth and signing filled, such as ``header.authorization``.
    """

    instance: str = ""
    caller: str | None = None
    method: str = ""
    url: str = ""
    path: Mapping[str, str] = msgspec.field(default_factory=dict)
    query: Mapping[str, Any] = msgspec.field(default_factory=dict)
    header: Mapping[str, str] = msgspec.field(default_factory=dict)
    body: Any = None
    place: Place | None = None
    earlier: tuple[CallAttempted, ...] = ()
    key_name: str = ""
    injected: tuple[str, ...] = ()

    def has(self, path: FieldPath, *, response: bool = False) -> bool:
        """Return whether the request, or the response too if *response*, has a value at *path*."""
        sides = [{"path": self.path, "query": self.query, "header": self.header, "body": self.body}]
        if response:
            sides.append({"header": self.response_header, "body": self.response})
        return any(
            next(find_values_at(side.get(path.root), path.steps_below_root), msgspec.UNSET)
            is not msgspec.UNSET
            for side in sides
        )

    @property
    def idempotency_key(self) -> str:
        """Return the idempotency key of the request, by which a server sees that it is a repeat.

        "" if it has none, and all of them, sorted, if it has several.
        """
        return " ".join(
            sorted(
                key
                for part in (self.header, self.query, self.body)
                for key in find_keys_with_names(part, self.key_name)
            )
        )

    @property
    def is_login(self) -> bool:
        """Return whether this is the login request of a platform."""
        return self.call.endswith(".$token")


PARTS = (
    "instance",
    "caller",
    "path",
    "query",
    "header",
    "body",
    "status",
    "error",
    "source",
    "response",
)


Recall = Callable[[int, int], RecordingMatch | None]


def make_call_event(
    record: CallRecord, number: int, api: Api | None, find_recording: Recall = lambda *_: None
) -> CallMade:
    """Return *record* as a scenario sees it.

    Args:
        record: call as the session recorded it.
        number: number of the call in the scenario, from 1.
        api: the API, or None if it is not declared.
        find_recording: returns the recording that was replayed for a sending, given the serial
            number of its call and the number of the sending (from 1); None if it was not replayed.
    """
    request, response = record.request, record.response
    call, redact = record.call, record.redact
    sent = _redact_pairs(call.headers if call else (), redact)
    # What the script set and, over it, what was sent: a call that failed before it was sent has
    # only the first.
    headers = {**_pairs_to_map(sent, lower=True), **(request.headers if request else {})}
    values = (compile_path_template(api.path if api else "").match(call.path) or {}) if call else {}
    declared = api.idempotency if api else None
    error, attempts = record.error, range(1, len(record.earlier) + 1)
    return CallMade(
        number=number,
        call=record.name,
        instance=record.instance,
        caller=record.caller,
        method=request.method if request else call.method if call else "",
        url=request.url if request else redact(call.path) if call else "",
        path=dict(_redact_pairs(values.items(), redact)),
        query=_pairs_to_map(_redact_pairs(call.query if call else (), redact)),
        header=headers,
        body=_read_body(request.body if request else None, headers.get("content-type", "")),
        status=record.status,
        response=response.body if response else None,
        source=record.source,
        error=str(getattr(error, "code", type(error).__name__)) if error else "",
        message=redact(str(error or "")),
        duration=record.duration,
        place=record.position,
        at=record.at,
        response_header=response.headers if response else {},
        attempts=record.attempts,
        earlier=tuple(
            _make_attempt(record, number, attempt, find_recording) for attempt in attempts
        ),
        sent_at=record.sent_at or record.at,
        notes=tuple(record.notes),
        recording=_look_up_recording(record.sent, find_recording),
        redirects=_redact_pairs(record.received.redirects if record.received else (), redact),
        key_name=declared.name if isinstance(declared, Idempotency) else "",
        injected=record.sent.injected if record.sent else (),
    )


def matches_request(expected: Mapping[str, Any], request: Request, path_template: str) -> bool:
    """Return whether *request* has the *expected* parts, such as ``query`` or ``body``.

    They may contain operators, as in ``expect: proxy``; parts that *expected* does not have are not
    compared. *path_template* is the path of its API with placeholders.
    """
    call = request.call
    headers = {**_pairs_to_map(call.headers if call else (), lower=True)}
    headers |= {name.lower(): value for name, value in request.headers}
    body = None if request.body is None else request.body.decode("utf-8", "replace")
    made = CallMade(
        number=0,
        call=call.name if call else "",
        url=request.url,
        path=dict((compile_path_template(path_template).match(call.path) or {}) if call else {}),
        query=_pairs_to_map(call.query if call else ()),
        header=headers,
        body=_read_body(body, headers.get("content-type", "")),
    )
    return not select_failing_checks(_compare_parts(expected, made, ()))


def _look_up_recording(request: Request | None, find_recording: Recall) -> RecordingMatch | None:
    """Return the recording that *find_recording* knows for *request*; None if nothing was sent."""
    call = request.call if request else None
    return find_recording(call.serial, request.attempt) if call and request else None


def _make_attempt(
    record: CallRecord, number: int, attempt: int, find_recording: Recall
) -> CallAttempted:
    sending, redact = record.earlier[attempt - 1], record.redact
    request = redact_request(sending.request, redact)
    response = redact_response(sending.response, redact) if sending.response else None
    error = sending.error
    return CallAttempted(
        number=number,
        call=record.name,
        attempt=attempt,
        url=request.url,
        header=request.headers,
        body=_read_body(request.body, request.headers.get("content-type", "")),
        status=response.status if response else None,
        response=response.body if response else None,
        response_header=response.headers if response else {},
        source=sending.response.source if sending.response else "",
        error=str(getattr(error, "code", "")) if error else "",
        message=redact(str(error or "")),
        follows=sending.follows,
        why=redact(sending.note),
        wait=round(sending.wait, 5),
        recording=_look_up_recording(sending.request, find_recording),
        at=sending.at,
        duration=round(sending.duration, 5),
        order=sending.ended,
    )


def _redact_pairs(pairs: Iterable[tuple[str, str]], redact: Callable[[str], str]) -> Pairs:
    return tuple([(redact(name), redact(value)) for name, value in pairs]) if pairs else ()


def _pairs_to_map(pairs: Pairs, *, lower: bool = False) -> dict[str, Any]:
    """Return (name, value) *pairs* as a map; a repeated name gets the list of its values.

    With *lower*, names are in lower case.
    """
    if not pairs:
        return {}
    members: dict[str, list[str]] = {}
    for name, value in pairs:
        members.setdefault(name.lower() if lower else name, []).append(value)
    return {name: values if len(values) > 1 else values[0] for name, values in members.items()}


def _read_body(text: str | None, content_type: str) -> Any:
    if text is None:
        return None
    if parse_media_type(content_type) == FORM:
        return _pairs_to_map(tuple(parse_qsl(text, keep_blank_values=True)))
    try:
        return loads_as_javascript(text)
    except ValueError:
        return text


def compare_calls(
    expected: Sequence[Mapping[str, Any]], calls: Sequence[CallMade], path: Path = ("proxy",)
) -> Checks:
    """Return all comparisons of the expected calls with the *calls* that were made.

    Without any expected item, the step must have made no call except logins.
    """
    # An item with `times` takes all calls of its API out of the sequence, not only those that it
    # counts: otherwise a call that it does not fit would shift the rest.
    counting = [(index, item) for index, item in enumerate(expected) if "times" in item]
    ordered = [(index, item) for index, item in enumerate(expected) if "times" not in item]
    checks = [
        check for index, item in counting for check in _compare_count(item, calls, (*path, index))
    ]
    if ordered or not counting:
        rest = [
            call
            for call in calls
            if not _is_expected_api(counting, call)
            and (not call.is_login or _is_expected_api(ordered, call))
        ]
        checks += _compare_in_order(ordered, rest, path)
    return tuple(checks)


def _is_expected_api(items: Iterable[tuple[int, Mapping[str, Any]]], call: CallMade) -> bool:
    return any(matches_api(item["call"], call.call) for _, item in items)


def _compare_count(item: Mapping[str, Any], calls: Sequence[CallMade], path: Path) -> Checks:
    """Compare the number of calls that match all parts of *item* with its ``times``.

    With ``once_per_key``, calls that carry the same idempotency key count once.
    """
    same = [call for call in calls if matches_api(item["call"], call.call)]
    fitting = [call for call in same if not select_failing_checks(_compare_parts(item, call, path))]
    number = _count_by_idempotency_key(fitting) if item.get("once_per_key") else len(fitting)
    # Nothing of the parts is reported where the count is wrong: which call was meant is not known.
    mismatches = compare(item["times"], number, (*path, "times"))
    doubtful = _compare_parts(item, fitting[0], path) if fitting else ()
    if len(fitting) == len(same):
        return (*mismatches, *(check for check in doubtful if check.doubt))
    near = msg(
        "{fitting_count} ({same_count} calls of {call}, others differ)",
        fitting_count=number,
        same_count=len(same),
        call=item["call"],
    )
    return tuple(Comparison(check.path, check.ok, check.expected, near) for check in mismatches)


def _count_by_idempotency_key(calls: Iterable[CallMade]) -> int:
    """Return how many different requests *calls* are: those with one idempotency key count as one.

    A call without such a key counts as one request.
    """
    keys = [call.idempotency_key for call in calls]
    return len({*filter(None, keys)}) + keys.count("")


def _compare_in_order(
    items: Sequence[tuple[int, Mapping[str, Any]]], calls: Sequence[CallMade], path: Path
) -> list[Comparison]:
    """Compare the first call with the first item, the second with the second, and so on.

    If the numbers of items and calls differ, a last comparison fails and lists the names of both.
    *items* are pairs of the index of an expected call in ``expect: proxy``, and its keys.
    """
    checks: list[Comparison] = []
    for (index, item), call in zip(items, calls, strict=False):
        here = (*path, index)
        same = matches_api(item["call"], call.call)
        checks.append(Comparison((*here, "call"), same, item["call"], call.call))
        if same:
            checks += _compare_parts(item, call, here)
    if len(items) != len(calls) or not items:
        expected = _join_call_names([item["call"] for _, item in items])
        actual = _join_call_names([call.call for call in calls])
        checks.append(Comparison(path, len(items) == len(calls), expected, actual))
    return checks


def _join_call_names(names: Sequence[str]) -> str:
    if not names:
        return msg("no call")
    return plural(
        len(names), "{number} call ({names})", "{number} calls ({names})", names=join_list(names)
    )


def _compare_parts(item: Mapping[str, Any], call: CallMade, path: Path) -> Checks:
    return tuple(
        check
        for part in PARTS
        if part in item
        for check in compare_part(part, item[part], call, (*path, part))
    )


def compare_part(part: str, expected: Any, call: CallMade, path: Path) -> Checks:
    """Compare one part of a call, such as ``path``, ``body`` or ``response``, with *expected*.

    A text for ``path`` is the end of the decoded URL path. Header names ignore case (RFC 9110,
    5.1). In path, query and headers, numbers are compared as texts.
    """
    if part == "path" and isinstance(expected, str):
        actual = read_url_path(call)
        return (Comparison(path, actual.endswith(expected), show(expected), show(actual)),)
    # Header names ignore case (RFC 9110, 5.1); `CallMade.header` has them in lower case.
    if part == "header":
        expected = _lower_header_names(expected)
    if part == "body" and isinstance(expected, Mapping) and not any(map(is_operator, expected)):
        return compare(expected, _to_comparable_body(call), path)
    is_textual = part in {"path", "query"} or (part == "header" and isinstance(expected, Mapping))
    return compare(
        numbers_to_url_texts(expected) if is_textual else expected, getattr(call, part), path
    )


def _lower_header_names(expected: Any, operator: str = "") -> Any:
    """Return *expected* with the names of headers in lower case, also those inside operators.

    *operator* is the one whose operand it is: the text of a ``$contains`` is a name, too.
    """
    if isinstance(expected, list | tuple):
        return [_lower_header_names(item) for item in expected]
    if not isinstance(expected, Mapping):
        is_name = operator == "$contains" and isinstance(expected, str)
        return expected.lower() if is_name else expected
    return {
        name if is_operator(name) else name.lower(): (
            _lower_header_names(value, name) if is_operator(name) else value
        )
        for name, value in expected.items()
    }


def read_url_path(call: CallMade) -> str:
    """Return the decoded path of the URL of *call*, which a text for ``path`` is the end of."""
    return unquote(re.sub(r"^\w+://[^/]*|\?.*$", "", call.url))


def _to_comparable_body(call: CallMade) -> Any:
    """Return the body of *call*; of a multipart body, part name -> value."""
    content_type = call.header.get("content-type", "")
    if not isinstance(call.body, str) or parse_media_type(content_type) != "multipart/form-data":
        return call.body
    parsed = read_body(call.body.encode(), content_type)
    if parsed.kind != "multipart":
        return call.body
    return {name: _read_multipart_part(part) for name, part in parsed.value.items()}


def _read_multipart_part(part: Any) -> Any:
    """Return the content of a multipart part.

    If it has a file name or type, a map of these and ``content``. A name that occurs several times
    has a list of parts, and gets a list of such values.
    """
    if isinstance(part, list):
        return [_read_multipart_part(one) for one in part]
    if not isinstance(part, Mapping):
        return part
    about = {name: value for name, value in part.items() if name != "form-data"}
    return about["content"] if {*about} == {"content"} else about


def numbers_to_url_texts(expected: Any) -> Any:
    """Return *expected* with numbers and booleans as text, since a URL carries only text.

    Also in operators that hold values, such as ``$in``; not the bound of ``$gt`` or a ``$length``.
    """
    if isinstance(expected, bool):
        return "true" if expected else "false"
    if is_number(expected):
        return format_js_number(expected)
    if isinstance(expected, Mapping):
        return {
            key: numbers_to_url_texts(value) if _has_values(key, value) else value
            for key, value in expected.items()
        }
    if isinstance(expected, list | tuple):
        return [numbers_to_url_texts(item) for item in expected]
    return expected


def _has_values(key: str, operand: Any) -> bool:
    """Return whether *operand* of *key* has values to compare with; a wrong ``$in: 5`` has none."""
    if key in {"$in", "$unordered"}:
        return isinstance(operand, list | tuple)
    return key in NESTING or not is_operator(key)
