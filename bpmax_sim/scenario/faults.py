"""Fault rules and stubs of a file -> rules of the transport overlay."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from msgspec import UNSET
from msgspec.structs import replace

from bpmax_sim.errors import Place
from bpmax_sim.i18n import join_messages, msg
from bpmax_sim.messages import Pairs
from bpmax_sim.scenario.model import Drip, FaultAction, FaultRule, Stub
from bpmax_sim.transport.faults import Action, BadToken, Break, Fault, Reply, Slow
from bpmax_sim.transport.protocol import SOURCE

_SPAN = re.compile(r"([1-9]\d*)(?:-([1-9]\d*))?")
_TARGET = re.compile(r"\*|[^.\s]+\.[^.\s]+")
_KINDS = ("token", "error", "status", "body")
_JSON: Pairs = (("content-type", "application/json; charset=utf-8"),)
_TEXT: Pairs = (("content-type", "text/plain; charset=utf-8"),)


def fault_problem(rule: FaultRule) -> str | None:
    """Return what is wrong with *rule*, or None."""
    if "${" not in rule.on and not _TARGET.fullmatch(rule.on):
        return msg(
            "on: expected platform.api, platform.get_*, platform.* or *, got {on!r}", on=rule.on
        )
    if rule.call is not UNSET and _span(rule.call) is None:
        return msg(
            "call: expected a number from 1 or a range such as 1-2, got {call!r}", call=rule.call
        )
    kinds = [name for name in _KINDS[:-1] if getattr(rule.do, name) is not UNSET]
    if len(kinds) > 1:
        return msg("do: {names} exclude each other", names=join_messages(msg(" and "), kinds))
    if not kinds and all(getattr(rule.do, name) is UNSET for name in ("body", "delay", "drip")):
        return msg("do: expected one of status, body, error, token, delay, drip")
    return None


def fault_of(rule: FaultRule, place: Place | None = None) -> Fault:
    """Return the transport's form of *rule*; without ``call`` it strikes every time."""
    first, last = (1, None) if rule.call is UNSET else _span(rule.call) or (1, None)
    return Fault(on=rule.on, action=_action(rule.do), first=first, last=last, place=place)


def stub_of(stub: Stub, place: Place | None = None) -> Fault:
    """Return *stub* as a rule that answers every time."""
    reply = _reply(stub.status, stub.headers, stub.body, stub.delay)
    return Fault(on=stub.on, action=replace(reply, source=SOURCE), place=place)


def describe_fault(fault: Fault) -> str:
    """Return what *fault* does, in a few words."""
    match fault.action:
        case Reply() as reply:
            return msg("status {status}", status=reply.status)
        case Break() as broken:
            return broken.error
        case BadToken() as token:
            return msg("token {state}", state=token.state)
        case Slow() as slow:
            return msg("delay {delay:g} s", delay=slow.delay)


def _span(call: int | str | Any) -> tuple[int, int] | None:
    match = _SPAN.fullmatch(str(call))
    if match is None:
        return None
    first = int(match[1])
    last = int(match[2] or first)
    return (first, last) if last >= first else None


def _action(do: FaultAction) -> Action:
    delay = 0.0 if do.delay is UNSET else float(do.delay)
    if do.token is not UNSET:
        return BadToken(state=do.token)
    if do.error is not UNSET:
        return Break(error=do.error, after=do.after, delay=delay)
    if do.status is not UNSET or do.body is not UNSET:
        return _reply(200 if do.status is UNSET else do.status, do.headers, do.body, delay)
    if isinstance(do.drip, Drip):
        return Slow(delay=delay + float(do.drip.over), chunks=do.drip.chunks)
    return Slow(delay=delay)


def _reply(status: int, headers: Mapping[str, str], body: Any, delay: float) -> Reply:
    default: Pairs = () if body is UNSET else _TEXT if isinstance(body, str) else _JSON
    pairs = tuple((name.lower(), value) for name, value in headers.items())
    defaults = default if "content-type" not in dict(pairs) else ()
    return Reply(status=status, headers=(*defaults, *pairs), body=_bytes(body), delay=delay)


def _bytes(body: Any) -> bytes:
    if body is UNSET or isinstance(body, str):
        return (body or "").encode()
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
