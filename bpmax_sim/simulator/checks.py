"""The checks of a rule table: each looks at the request, and refuses or adds what it found.

Messages that were sent; some never arrive although the sender is told that all is well.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from typing import Any, Final

from msgspec import UNSET

from bpmax_sim.proxy.response import as_text
from bpmax_sim.simulator.auth import accept, carried, check_declared, grant, issue, left
from bpmax_sim.simulator.model import (
    Check,
    Compared,
    Delivery,
    Found,
    Limit,
    LoginCredential,
    Needed,
    Once,
    Receivers,
    SignatureCheck,
    Sized,
)
from bpmax_sim.simulator.state import Message, Refused, Repeated, Seen, Turn, is_empty


def deliver(turn: Turn, rule: Delivery) -> None:
    """Keep the message of this request, once for each of its receivers."""
    body = None if turn.parsed.body is UNSET else turn.parsed.body
    for receiver in turn.receivers or ("",):
        why = _over_quota(turn, rule, receiver) or _repeated(turn, rule, receiver, body)
        message = Message(at=turn.now, route=turn.route, to=receiver, body=body, dropped=why)
        turn.change(messages=(*turn.state.messages, message))


def _over_quota(turn: Turn, rule: Delivery, receiver: str) -> str:
    if not rule.count:
        return ""
    key = f"deliver/{turn.tenant.instance if turn.tenant else ''}/{receiver}"
    _, count = _counted(turn, key, rule.per)
    return "" if count <= rule.count else f"more than {rule.count} in {rule.per:g} s"


def _counted(turn: Turn, key: str, per: float) -> tuple[float, int]:
    """Count *key* once more in the present window; return its start and the number in it."""
    start = math.floor(turn.now / per) * per
    begun, count = turn.state.counts.get(key, (start, 0))
    count = count + 1 if begun == start else 1
    turn.change(counts={**turn.state.counts, key: (start, count)})
    return start, count


def _repeated(turn: Turn, rule: Delivery, receiver: str, body: object) -> str:
    if not rule.same:
        return ""
    text = json.dumps([turn.route, receiver, _content(body)], ensure_ascii=False, sort_keys=True)
    seen = turn.state.seen.get(text)
    if seen is not None and turn.now < seen.until:
        return f"the same message within {rule.same:g} s"
    turn.change(seen={**turn.state.seen, text: Seen(until=turn.now + rule.same)})
    return ""


def _content(body: object) -> object:
    """Return what makes two messages the same: the message, not whom else it goes to."""
    return body.get("msg", body) if isinstance(body, dict) else body


def perform(check: Check, turn: Turn) -> None:
    """Make the one check that *check* declares.

    Raises:
        Refused: what the third party answers instead.
        Repeated: the response that the same request had before.
    """
    for name, function in _CHECKS.items():
        rule = getattr(check, name)
        if rule is not UNSET:
            function(turn, rule)


def _token(turn: Turn, _rule: bool) -> None:
    accept(turn, carried(turn))


def _login(turn: Turn, rule: tuple[LoginCredential, ...]) -> None:
    for item in rule:
        if is_empty(turn.look(item.at)):
            raise Refused(item.missing)
    fitting = turn.world.tenants
    for item in rule:
        value = turn.look(item.at)
        fitting = tuple(t for t in fitting if _is(t.credentials.get(item.name), value))
        if not fitting:
            raise Refused(item.wrong)
    turn.belongs_to(fitting[0])
    issued = issue(turn, fitting[0])
    turn.scope |= {"token": issued.values["token"], "life": left(issued, turn.now)}


def _is(credential: Any, value: Any) -> bool:
    has_both = credential is not None and isinstance(value, str | int)
    return has_both and as_text(credential) == as_text(value)


def _object(turn: Turn, error: str) -> None:
    if not isinstance(turn.parsed.body, dict):
        raise Refused(error)


def _need(turn: Turn, rule: Needed) -> None:
    empty = [is_empty(turn.look(place)) for place in rule.at]
    if (all if rule.any_of else any)(empty):
        raise Refused(rule.error)


def _equal(turn: Turn, rule: Compared) -> None:
    value = turn.look(rule.at)
    if value is UNSET and rule.optional:
        return None
    if rule.to:
        expected = turn.look(rule.to)
        if expected is UNSET and rule.to.startswith("credential."):
            return _of_any_tenant(turn, rule, value)
        allowed = (expected,)
    else:
        allowed = rule.values
    if value is UNSET or isinstance(value, dict | list) or not _among(value, allowed):
        raise Refused(rule.error)
    return None


def _of_any_tenant(turn: Turn, rule: Compared, value: Any) -> None:
    """Find out whose request it is by a key of the instance's own, such as a robot's."""
    if turn.tenant is not None:
        return  # this instance has no such credential, so that nothing can be compared
    for tenant in turn.world.tenants:
        if _is(tenant.credentials.get(rule.to.partition(".")[2]), value):
            turn.belongs_to(tenant)
            return
    raise Refused(rule.error)


def _among(value: Any, allowed: tuple[Any, ...]) -> bool:
    return as_text(value) in {as_text(item) for item in allowed}


def _text(turn: Turn, rule: Sized) -> None:
    value = turn.look(rule.at)
    if value is UNSET:
        return
    if not isinstance(value, str) or len(value.encode("utf-8", "replace")) > rule.most:
        raise Refused(rule.error)
    if rule.json:
        try:
            json.loads(value)
        except (ValueError, RecursionError):
            raise Refused(rule.error) from None


def _find(turn: Turn, rule: Found) -> None:
    row = turn.row(rule.rows, rule.by, turn.look(rule.at))
    if row is None:
        raise Refused(rule.error)
    turn.scope[rule.name] = row


def _receivers(turn: Turn, rule: Receivers) -> None:
    value = turn.look(rule.at)
    names = _names(value, rule)
    if rule.everybody in names and rule.everybody:
        turn.receivers = tuple(str(row.get(rule.by[0])) for row in turn.rows(rule.rows))
        names = []
    known = [name for name in names if turn.row(rule.rows, rule.by, name)]
    unknown = [name.lower() if rule.lower else name for name in names if name not in known]
    turn.receivers += tuple(known)
    turn.scope[rule.name] = rule.split.join(unknown) if rule.split else unknown
    if not turn.receivers and rule.error:
        raise Refused(rule.error)


def _names(value: Any, rule: Receivers) -> list[str]:
    if isinstance(value, list):
        return [as_text(item) for item in value if isinstance(item, str | int)]
    text = as_text(value) if isinstance(value, str | int) else ""
    parts = text.split(rule.split) if rule.split else [text]
    return [part.strip() for part in parts if part.strip()]


def limit(turn: Turn, rule: Limit) -> None:
    """Count the request and refuse what is too much."""
    places = (as_text(turn.look(place)) for place in rule.by)
    key = "/".join((turn.route, f"{rule.count} in {rule.per:g}", *places))
    blocked = turn.state.blocked.get(key, 0.0)
    if turn.now < blocked:
        raise _too_many(turn, rule, blocked)
    start, count = _counted(turn, key, rule.per)
    if count > rule.count:
        until = turn.now + rule.block if rule.block else start + rule.per
        if rule.block:
            turn.change(blocked={**turn.state.blocked, key: until})
        raise _too_many(turn, rule, until)


def _too_many(turn: Turn, rule: Limit, until: float) -> Refused:
    turn.scope["wait"] = max(math.ceil(until - turn.now), 1)
    return Refused(rule.error)


def once(turn: Turn, rule: Once) -> None:
    """Refuse a repetition, or answer it as the first one; see `keep_answer`."""
    values = [turn.look(place) for place in rule.at]
    if any(map(is_empty, values)) or (rule.when and as_text(turn.look(rule.when)) != "1"):
        return
    owner = turn.tenant.instance if turn.tenant else ""
    key = json.dumps([owner, turn.route, *values], ensure_ascii=False, sort_keys=True)
    seen = turn.state.seen.get(key)
    if seen is not None and turn.now < seen.until:
        raise Refused(rule.error) if rule.error else Repeated(seen.answer)
    turn.key, turn.until = key, turn.now + _window(turn, rule)


def _window(turn: Turn, rule: Once) -> float:
    value = turn.look(rule.window_at) if rule.window_at else UNSET
    usual = rule.window if rule.default is UNSET else float(rule.default)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return usual
    return min(max(float(value), 0.0), rule.window)


def keep_answer(turn: Turn, answer: Any) -> None:
    """Keep *answer* for a repetition of the request; what is over is forgotten."""
    if turn.key:
        live = {key: seen for key, seen in turn.state.seen.items() if turn.now < seen.until}
        turn.change(seen={**live, turn.key: Seen(until=turn.until, answer=answer)})


def _signed(turn: Turn, rule: SignatureCheck) -> None:
    check_declared(turn, rule)


_CHECKS: Final[Mapping[str, Callable[[Turn, Any], None]]] = {
    "token": _token,
    "login": _login,
    "grants": grant,
    "object": _object,
    "need": _need,
    "equal": _equal,
    "text": _text,
    "find": _find,
    "receivers": _receivers,
    "limit": limit,
    "once": once,
    "deliver": deliver,
    "signed": _signed,
}
