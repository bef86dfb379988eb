"""Signatures checked with the signer that the platform file declares: signed anew and compared.

Time and nonce are read back out of the request, by the templates that put them in. The window is
judged first, then the nonce, then the signature.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import partial
from typing import Any, Final

from msgspec.structs import replace

from bpmax_sim.errors import ConfigError
from bpmax_sim.messages import Request
from bpmax_sim.platform.model import Apply, Auth, Sign
from bpmax_sim.platform.template import render
from bpmax_sim.proxy.signing import sign
from bpmax_sim.simulator.asked import ABSENT, is_empty, read
from bpmax_sim.simulator.model import Signed
from bpmax_sim.simulator.naming import EXPRESSION, flat, names_for
from bpmax_sim.simulator.routes import matched
from bpmax_sim.simulator.state import Seen
from bpmax_sim.simulator.turn import Refused, Tenant, Turn

_TIME = re.compile(r"now\s*\|\s*(unix_ms|unix|iso|http_date|time\('([^']*)'\))")


def check_declared(turn: Turn, rule: Signed) -> None:
    """Check the signature of an API that the platform file signs; others are not signed.

    Raises:
        Refused: too old, used before, or not the signature of this request.
    """
    for api in turn.world.platform.apis.values():
        fits = matched(api.method, api.path, turn.asked) is not None
        if fits and isinstance(api.auth, Auth) and api.auth.sign:
            check(turn, api.auth, api.auth.sign, rule)
            return


def check(turn: Turn, auth: Auth, rule: Sign, errors: Signed) -> None:
    """Check the signature that *rule* makes.

    Raises:
        Refused: too old, used before, or not the signature of this request.
    """
    said = _said(turn, auth, rule)
    stamp, nonce = said.get("now"), said.get("nonce")
    if isinstance(stamp, float) and abs(stamp - turn.now) > errors.window:
        raise Refused(errors.expired or errors.error)
    key = f"nonce/{nonce}"
    seen = turn.state.seen.get(key)
    if nonce and seen is not None and turn.now < seen.until:
        raise Refused(errors.used or errors.error)
    tenants = (turn.tenant,) if turn.tenant else turn.world.tenants
    for tenant in tenants:
        if _is_signed_by(turn, tenant, auth, rule, said):
            turn.belongs_to(tenant)
            break
    else:
        raise Refused(errors.error)
    if nonce:
        until = turn.now + 2 * errors.window
        live = {name: one for name, one in turn.state.seen.items() if turn.now < one.until}
        turn.change(seen={**live, key: Seen(until=until)})


def _is_signed_by(
    turn: Turn, tenant: Tenant, auth: Auth, rule: Sign, said: Mapping[str, Any]
) -> bool:
    request, names = _signed_part(turn.asked.request, said), names_for(turn, tenant, auth)
    names |= {name: said[name] for name in ("now", "nonce", "call_id") if name in said}
    names |= {name: _parameter(value, names) for name, value in auth.parameters.items()}
    try:
        again = read(sign(request, rule, names), turn.world.base)
        spots = [(spot.place, render(spot.name, names)) for spot in rule.emit]
    except ConfigError:
        return False
    scope = {"header": again.headers, "query": again.query, "cookie": again.cookies}
    return all(
        _same(at(turn.scope, place, name), at({**scope, "body": again.body}, place, name))
        for place, name in spots
    )


def _parameter(value: Any, names: Mapping[str, Any]) -> Any:
    try:
        return render(value, names) if isinstance(value, str) else value
    except ConfigError:
        return ""


def at(scope: Mapping[str, Any], place: str, name: str) -> Any:
    """Return what stands at a place of auth, such as ``header`` and ``Authorization``."""
    if place != "body":
        return scope.get(place, {}).get(name.lower() if place == "header" else name, ABSENT)
    value: Any = scope.get("body")
    for step in name.split("."):
        value = value.get(step, ABSENT) if isinstance(value, Mapping) else ABSENT
    return value


def _same(given: Any, wanted: Any) -> bool:
    if not isinstance(given, str) or not isinstance(wanted, str):
        return given is wanted
    return hmac.compare_digest(given.encode("utf-8", "replace"), wanted.encode("utf-8", "replace"))


def _signed_part(request: Request, said: Mapping[str, Any]) -> Request:
    """Return *request* with the headers only that its client says it signed."""
    listed = said.get("signed_headers")
    if not isinstance(listed, str):
        return request
    names = set(listed.lower().split(";"))
    return replace(request, headers=tuple(p for p in request.headers if p[0].lower() in names))


def _said(turn: Turn, auth: Auth, rule: Sign) -> dict[str, Any]:
    """Return time, nonce, call id and signed headers as the request's own places tell them."""
    known = {**auth.parameters}
    for group in (*rule.define, *rule.canonical):
        known |= group
    said: dict[str, Any] = {}
    for spot in _spots(rule):
        given = at(turn.scope, spot.place, _plain(spot.name, auth))
        if isinstance(given, str) and not is_empty(given):
            _read_back(flat(spot.value, known), given, said)
    return said


def _plain(name: str, auth: Auth) -> str:
    try:
        return render(name, auth.parameters)
    except ConfigError:
        return name


def _spots(rule: Sign) -> list[Apply]:
    put = [Apply(place="header", name=n, value=v) for n, v in rule.set_headers.items()]
    put += [Apply(place="query", name=n, value=v) for n, v in rule.set_query.items()]
    return [*put, *rule.emit]


def _read_back(source: str, given: str, said: dict[str, Any]) -> None:
    expressions = EXPRESSION.findall(source)
    literals = map(re.escape, EXPRESSION.split(source)[::2])
    found = re.fullmatch("(.*?)".join(literals), given, re.DOTALL)
    if found is None:
        return
    for expression, value in zip(expressions, found.groups(), strict=True):
        if expression in ("nonce", "call_id"):
            said[expression] = value
        elif "header_names" in expression:
            said["signed_headers"] = value
        elif time := _TIME.fullmatch(expression):
            instant = _instant(time[1], time[2], value)
            if instant is not None:
                said["now"] = instant


def _instant(form: str, pattern: str | None, value: str) -> float | None:
    if pattern is not None and "%S" not in pattern:
        return None  # a date alone
    reader = _READERS.get(form) or partial(_by_pattern, pattern=pattern or "")
    try:
        instant: float = reader(value)
    except (ValueError, OverflowError, TypeError):
        return None
    return instant


def _by_pattern(text: str, pattern: str) -> float:
    return datetime.strptime(text, pattern).replace(tzinfo=UTC).timestamp()


_READERS: Final[Mapping[str, Callable[[str], float]]] = {
    "unix": lambda text: float(int(text)),
    "unix_ms": lambda text: int(text) / 1000,
    "iso": lambda text: _by_pattern(text, "%Y-%m-%dT%H:%M:%SZ"),
    "http_date": lambda text: parsedate_to_datetime(text).timestamp(),
}
