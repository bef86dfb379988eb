"""Convert the fault rules and stubs of a file into fault rules of the transport."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

from msgspec import UNSET
from msgspec.structs import asdict, replace

from bpmax_sim.errors import Place, Problem
from bpmax_sim.i18n import DataValue, join_messages, msg
from bpmax_sim.messages import Pairs, Request
from bpmax_sim.platform.model import matches_api
from bpmax_sim.scenario import expect
from bpmax_sim.scenario.calls import matches_request
from bpmax_sim.scenario.events import FaultStruck
from bpmax_sim.scenario.model import (
    Drip,
    ErrorName,
    FaultAction,
    FaultRule,
    Status,
    Stub,
    StubRequest,
    TokenState,
)
from bpmax_sim.scenario.references import Path, UnfitValueError, to_inserted_text
from bpmax_sim.session.sending_log import InjectedFault
from bpmax_sim.transport.faults import Action, BadToken, Break, Fault, Reply, Slow
from bpmax_sim.transport.protocol import SOURCE
from bpmax_sim.yamlfile import Seconds, decode, read_yaml

_SPAN = re.compile(r"([1-9]\d*)(?:-([1-9]\d*))?")
_TARGET = re.compile(r"\*|[^.\s]+\.[^.\s]+")
OK = 200
_NEVER_SENT = frozenset({"dns", "connect", "tls"})
_KINDS = ("token", "error", "status", "body")
_JSON: Pairs = (("content-type", "application/json; charset=utf-8"),)
_TEXT: Pairs = (("content-type", "text/plain; charset=utf-8"),)


def find_fault_problem(rule: FaultRule) -> str | None:
    """Return what is wrong with *rule*, or None.

    Wrong are an ``on`` that names no calls, an invalid range ``call``, and a ``do`` that does
    nothing or two things that exclude each other.
    """
    return _find_target_problem(rule) or _find_action_problem(rule.do)


def _find_target_problem(rule: FaultRule) -> str | None:
    if "${" not in rule.on and not _TARGET.fullmatch(rule.on):
        return msg(
            "on: expected platform.api, platform.get_*, platform.* or *, got {on!r}", on=rule.on
        )
    if rule.call is not UNSET and _parse_call_range(rule.call) is None:
        return msg(
            "call: expected a number from 1 or a range such as 1-2, got {call!r}",
            call=DataValue(rule.call),
        )
    return None


def _find_action_problem(do: FaultAction) -> str | None:
    kinds = [name for name in _KINDS if getattr(do, name) is not UNSET]
    if kinds[-2:] == ["status", "body"]:  # these two are one response
        kinds.pop()
    if len(kinds) > 1:
        return msg("do: {names} exclude each other", names=join_messages(msg(" and "), kinds))
    if not kinds and do.delay is UNSET and do.drip is UNSET:
        return msg("do: expected one of status, body, error, token, delay, drip")
    if not kinds and not _compute_response_delay(do):
        return msg("do: a delay of no time changes nothing; say how long, such as 2s")
    return next((wrong for is_wrong, wrong in _IDLE_SETTINGS if is_wrong(do)), None)


def _is_response_replaced(do: FaultAction) -> bool:
    """Return whether *do* replaces the response by another one or an error.

    False if it only delays it.
    """
    return any(getattr(do, name) is not UNSET for name in ("error", "status", "body"))


_IDLE_SETTINGS: tuple[tuple[Callable[[FaultAction], bool], str], ...] = (
    (lambda do: bool(do.after) and do.error != "reset",
     msg("do: after is how many bytes come before error: reset; nothing else has it")),
    (lambda do: bool(do.headers) and do.status is UNSET and do.body is UNSET,
     msg("do: headers need a status or a body that they go with")),
    (lambda do: do.drip is not UNSET and _is_response_replaced(do),
     msg("do: drip lets the response through in pieces; it goes with delay alone")),
    (lambda do: do.executed and (do.error in _NEVER_SENT or not _is_response_replaced(do)),
     msg("do: executed needs a status, a body, or an error after the request was sent")),
)  # fmt: skip
"""What says nothing beside the rest of an action, and why."""


def _compute_response_delay(do: FaultAction) -> float:
    """Return by how many seconds of virtual time *do* delays the end of the response.

    That is infinity for a ``${…}`` before it is filled.
    """
    over = do.drip.over if isinstance(do.drip, Drip) else 0
    if isinstance(do.delay, str):
        return math.inf
    return (0.0 if do.delay is UNSET else float(do.delay)) + float(over)


def fill_fault(rule: FaultRule, resolve: Callable[[Any], Any]) -> FaultRule:
    """Return *rule* with every ``${…}`` replaced by *resolve*.

    Raises:
        UndefinedValueError: if a ``${…}`` is not defined; UnfitValueError: if its value is not
            allowed there.
    """
    return replace(rule, on=to_inserted_text(resolve(rule.on)), do=_fill_reply(rule.do, resolve))


_Reply = TypeVar("_Reply", FaultAction, Stub)


def _fill_reply(reply: _Reply, resolve: Callable[[Any], Any]) -> _Reply:
    """Return *reply*, a stub or the effect of a fault, with every ``${…}`` of its members replaced.

    A header whose value becomes null is left out.
    """
    values = {
        key: _read_filled(key, kind, getattr(reply, key), resolve)
        for key, kind in _KINDS_OF_MEMBERS.items()
        if isinstance(getattr(reply, key, None), str)
    }
    filled = {name: resolve(value) for name, value in reply.headers.items()}
    headers = {name: to_inserted_text(value) for name, value in filled.items() if value is not None}
    return replace(reply, **values, headers=headers, body=resolve(reply.body))


_KINDS_OF_MEMBERS: Mapping[str, Any] = {
    "status": Status,
    "error": ErrorName,
    "token": TokenState,
    "delay": Seconds,
}


def _read_filled(key: str, kind: Any, value: Any, resolve: Callable[[Any], Any]) -> Any:
    """Return the value of key *key* of a stub or fault, where the file has a ``${…}``.

    *value* is the text with the ``${…}``, which *resolve* replaces. The result is of the type
    *kind*. A cell of a CSV file is a text, which is read as YAML would read it.

    Raises:
        UnfitValueError: if it has another type.
    """
    filled = resolve(value)
    problems: list[Problem] = []
    # Read as a file would be: a cell or variable is text, and `503` of it has to be a number here.
    text = filled if isinstance(filled, str) else json.dumps(filled)
    read = decode(read_yaml(text, file=key), kind, problems)
    if problems:
        wrong = problems[0].message
        raise UnfitValueError("{key}: {wrong} (from {text})", key=key, wrong=wrong, text=value)
    return read


def to_transport_fault(rule: FaultRule, place: Place | None = None) -> Fault:
    """Return *rule* of a scenario as the rule that the fault-injecting transport applies.

    Without ``call`` it applies to every call. *place* is that of the rule in its file, for
    messages.
    """
    first, last = (1, None) if rule.call is UNSET else _parse_call_range(rule.call) or (1, None)
    attempts = None if rule.attempts is UNSET else rule.attempts
    action = _make_action(rule.do)
    return Fault(on=rule.on, action=action, first=first, last=last, place=place, attempts=attempts)


def find_stub_problems(stub: Stub) -> Iterator[tuple[Path, str]]:
    """Yield what is wrong with *stub*, each with its path below the stub."""
    if "${" not in stub.on and not _TARGET.fullmatch(stub.on):
        wrong = msg("on: expected platform.api or platform.*, got {on!r}", on=stub.on)
        yield (), wrong
    has_own = stub.body is not UNSET or stub.headers or stub.status != OK or stub.delay != 0
    if stub.answers and has_own:
        yield (
            ("answers",),
            msg("answers is all that is answered; it excludes status, headers, body and delay"),
        )
    for number, answer in enumerate(stub.answers):
        if problem := find_fault_problem(FaultRule(on="*", do=answer)):
            yield ("answers", number), problem
    for name, value in collect_request_conditions(stub).items():
        for path, wrong in expect.find_expectation_problems(value):
            yield ("request", name, *path), wrong


def shadows_stub(earlier: Stub, stub: Stub) -> bool:
    """Return whether *earlier* matches every request of *stub*, which then never responds."""
    is_same = earlier.request == stub.request
    # Each of ``answers`` is given once; after the last, the later stub responds.
    if earlier.answers or not (is_same or earlier.request == StubRequest()):
        return False
    return earlier.on in {"*", stub.on} or matches_api(earlier.on, stub.on)


def collect_request_conditions(stub: Stub) -> Mapping[str, Any]:
    """Return the conditions of *stub* on the request: part, such as ``query`` -> expectation."""
    return {name: value for name, value in asdict(stub.request).items() if value is not UNSET}


def fill_stub(stub: Stub, resolve: Callable[[Any], Any]) -> Stub:
    """Return *stub* with every ``${…}`` replaced by *resolve*.

    Raises:
        UndefinedValueError: if a ``${…}`` is not defined; UnfitValueError: if its value is not
            allowed there.
    """
    request = {name: resolve(value) for name, value in collect_request_conditions(stub).items()}
    for _, wrong in expect.find_expectation_problems(request):
        raise UnfitValueError("{error}", error=wrong)
    answers = tuple(_fill_reply(answer, resolve) for answer in stub.answers)
    return replace(
        _fill_reply(stub, resolve),
        on=to_inserted_text(resolve(stub.on)),
        request=StubRequest(**request),
        answers=answers,
    )


def stub_to_fault(
    stub: Stub,
    place: Place | None = None,
    get_path_template: Callable[[str, str], str] = lambda *_: "",
) -> Fault:
    """Return *stub* as a transport fault whose injected response is that of the stub.

    With ``answers`` it applies once for each of them. *get_path_template* returns the path with
    placeholders of an API, given its platform and its name.
    """
    parts = collect_request_conditions(stub)

    def matches(request: Request) -> bool:
        call = request.call
        return matches_request(
            parts, request, get_path_template(call.platform, call.api) if call else ""
        )

    reply = _make_reply(stub.status, stub.headers, stub.body, stub.delay)
    return Fault(
        on=stub.on,
        action=replace(reply, source=SOURCE),
        place=place,
        matches=matches if parts else None,
        answers=tuple(map(_make_stub_response, stub.answers)),
    )


def _make_stub_response(answer: FaultAction) -> Action:
    action = _make_action(answer)
    return replace(action, source=SOURCE) if isinstance(action, Reply) else action


def describe_fault(fault: Fault) -> str:
    """Return what *fault* injects, in a few words such as ``status 503``."""
    match fault.action:
        case Reply() as reply:
            return msg("status {status}", status=reply.status)
        case Break() as broken:
            return broken.error
        case BadToken() as token:
            return msg("token {state}", state=token.state)
        case Slow() as slow:
            return msg("delay {delay:g} s", delay=slow.delay)


def _parse_call_range(call: int | str | Any) -> tuple[int, int] | None:
    """Return first and last call of ``call: 2`` or ``call: "1-3"``; None if it is no such range."""
    match = _SPAN.fullmatch(str(call))
    if match is None:
        return None
    first = int(match[1])
    last = int(match[2] or first)
    return (first, last) if last >= first else None


def _make_action(do: Any) -> Action:
    """Return the effect of *do*, a `FaultAction` in which no reference is left."""
    delay = 0.0 if do.delay is UNSET else float(do.delay)
    if do.token is not UNSET:
        return BadToken(state=do.token)
    if do.error is not UNSET:
        return Break(error=do.error, after=do.after, delay=delay, is_executed=do.executed)
    if do.status is not UNSET or do.body is not UNSET:
        status = 200 if do.status is UNSET else do.status
        reply = _make_reply(status, do.headers, do.body, delay)
        return replace(reply, is_executed=do.executed)
    if isinstance(do.drip, Drip):
        return Slow(delay=delay + float(do.drip.over), chunks=do.drip.chunks)
    return Slow(delay=delay)


def _make_reply(status: Any, headers: Mapping[str, str], body: Any, delay: Any) -> Reply:
    """Return the injected reply with these members, in which no ``${…}`` is left.

    Its ``Content-Type`` is JSON, or plain text for a text as *body*, unless *headers* has one.
    """
    default: Pairs = () if body is UNSET else _TEXT if isinstance(body, str) else _JSON
    pairs = tuple((name.lower(), value) for name, value in headers.items())
    defaults = default if "content-type" not in dict(pairs) else ()
    return Reply(status=status, headers=(*defaults, *pairs), body=_encode_body(body), delay=delay)


def _encode_body(body: Any) -> bytes:
    if body is UNSET or isinstance(body, str):
        return (body or "").encode()
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def make_fault_event(injected: InjectedFault, number: int) -> FaultStruck:
    """Return the event of a fault that was injected into the call with that *number*."""
    return FaultStruck(
        number=number,
        call=injected.call,
        attempt=injected.attempt + 1,
        rule=str(injected.fault),
        action=describe_fault(injected.fault),
        place=injected.fault.place,
        at=injected.at,
    )
