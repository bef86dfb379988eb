"""Logins as a platform file declares them: what is sent is compared with what would be right."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from msgspec import UNSET

from bpmax_sim.messages import Response
from bpmax_sim.platform.model import Auth, LoginStep
from bpmax_sim.platform.template import names_in
from bpmax_sim.proxy.reading import as_text
from bpmax_sim.simulator.asked import ABSENT, below, is_empty
from bpmax_sim.simulator.derived import put
from bpmax_sim.simulator.fill import respond
from bpmax_sim.simulator.model import Reply
from bpmax_sim.simulator.naming import is_changing, names_for, rendered
from bpmax_sim.simulator.routes import matched
from bpmax_sim.simulator.state import Grant
from bpmax_sim.simulator.tokens import issue
from bpmax_sim.simulator.turn import Refused, Tenant, Turn

Given = Mapping[str, Any]
_TTL: Final = "ttl"
_COOKIE: Final = "session"


def login_at(turn: Turn) -> tuple[Auth, LoginStep] | None:
    """Return the login step that the request is for, or None."""
    for auth in auths(turn):
        for step in auth.acquire.steps if auth.acquire else ():
            if any(_is_here(turn, step, names) for _, names in _candidates(turn, auth)):
                return auth, step
    return None


def auths(turn: Turn) -> Iterator[Auth]:
    """Yield every auth of the platform."""
    platform = turn.world.platform
    yield platform.auth
    yield from (api.auth for api in platform.apis.values() if isinstance(api.auth, Auth))


def log_in(turn: Turn, auth: Auth, step: LoginStep) -> Response:
    """Return what a login yields.

    Raises:
        Refused: a credential is wrong.
    """
    for tenant, names in _candidates(turn, auth):
        if _is_here(turn, step, names) and _is_right(turn, auth, step, names):
            turn.belongs_to(tenant)
            return _yielded(turn, auth, step, names)
    raise Refused("401")


def yields(auth: Auth) -> frozenset[str]:
    """Return the names that a login yields."""
    steps = auth.acquire.steps if auth.acquire else ()
    return frozenset(name for step in steps for name in step.extract)


def _candidates(turn: Turn, auth: Auth) -> Iterator[tuple[Tenant, Given]]:
    """Yield whose login it may be, with what earlier steps or logins have yielded to it."""
    for tenant in turn.world.tenants:
        yield tenant, names_for(turn, tenant, auth)
        for grant in reversed(turn.state.grants):
            if grant.instance == tenant.instance and grant.is_live(turn.now):
                yield tenant, names_for(turn, tenant, auth, grant.values)


def _is_here(turn: Turn, step: LoginStep, names: Given) -> bool:
    said = step.request
    address = rendered(said.url or said.path, names)
    if address is None:
        return False
    path = below(address, turn.world.base).partition("?")[0]
    return matched(said.method, path, turn.asked) is not None


def _is_right(turn: Turn, auth: Auth, step: LoginStep, names: Given) -> bool:
    spent = {names.get(name) for name in step.extract} & turn.state.spent
    return not spent and all(
        _fits(auth, template, given, names) for template, given in _said(turn, step)
    )


def _fits(auth: Auth, template: str, given: Any, names: Given) -> bool:
    if is_changing(template, auth):
        return not is_empty(given)
    wanted = rendered(template, names)
    return wanted is not None and given is not ABSENT and as_text(given) == wanted


def _said(turn: Turn, step: LoginStep) -> Iterator[tuple[str, Any]]:
    """Yield each declared text of the login and what the request has in its place."""
    said, asked = step.request, turn.asked
    for name, value in said.headers.items():
        if names_in(value):  # whatever else a client puts into its headers is its own matter
            yield value, asked.headers.get(name.lower(), ABSENT)
    yield from _members(said.query, asked.query)
    if said.form is not UNSET:
        yield from _members(said.form, asked.form)
    if said.body is not UNSET:
        yield from _members(said.body, asked.body)


def _members(declared: Any, given: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(declared, Mapping):
        has = given if isinstance(given, Mapping) else {}
        for name, value in declared.items():
            yield from _members(value, has.get(name, ABSENT))
    elif isinstance(declared, list | tuple):
        has_items = given if isinstance(given, list) else []
        for number, value in enumerate(declared):
            yield from _members(value, has_items[number] if number < len(has_items) else ABSENT)
    elif declared is not None:
        yield declared if isinstance(declared, str) else as_text(declared), given


def _yielded(turn: Turn, auth: Auth, step: LoginStep, names: Given) -> Response:
    assert turn.tenant is not None
    assert auth.acquire is not None
    earlier = {name: str(names[name]) for name in yields(auth) & names.keys() - step.extract.keys()}
    addresses = {name: turn.world.base for name in step.extract if _is_address(turn, auth, name)}
    wanted = [name for name in step.extract if name != _TTL]
    cookies = {
        name: f"{_COOKIE}={turn.made()}" for name in wanted if step.extract[name].path == "cookies"
    }
    old = {str(names[name]) for name in wanted if name in turn.tenant.credentials}
    issued = issue(turn, turn.tenant, names=wanted, known={**earlier, **addresses, **cookies})
    turn.change(spent=turn.state.spent | old)
    body = _body(turn, auth, step, issued)
    return respond(turn, Reply(), _headers(turn, step, issued), data=body)


def _is_address(turn: Turn, auth: Auth, name: str) -> bool:
    """Return whether what a login yields is where later requests go."""
    steps = auth.acquire.steps if auth.acquire else ()
    texts = [turn.world.platform.base_url, *(step.request.url for step in steps)]
    return any(text.replace(" ", "").startswith(f"{{{{{name}}}}}") for text in texts)


def _body(turn: Turn, auth: Auth, step: LoginStep, issued: Grant) -> dict[str, Any]:
    body: dict[str, Any] = {}
    for name, rule in step.extract.items():
        if rule.path.startswith("$"):
            put(body, rule.path, _life(turn, auth, issued) if name == _TTL else issued.values[name])
    return body


def _headers(turn: Turn, step: LoginStep, issued: Grant) -> Reply:
    headers: dict[str, str] = {"cache-control": "no-store"}
    for name, rule in step.extract.items():
        kind, _, place = rule.path.partition(":")
        value = issued.values.get(name, "")
        if kind == "header":
            headers[place.strip()] = value
        elif kind == "cookie":
            headers["set-cookie"] = f"{place.strip()}={value}; Path=/; HttpOnly"
        elif kind == "cookies":
            headers["set-cookie"] = f"{value}; Path=/; HttpOnly"
    return Reply(status=200, headers=headers, body=turn.world.table.ok.body)


def _life(turn: Turn, auth: Auth, issued: Grant) -> int:
    assert auth.acquire is not None
    unit, life = auth.acquire.ttl.unit, issued.expires - turn.now
    instant = issued.expires if unit.startswith("absolute") else life
    return int(instant * 1000 if unit in {"ms", "absolute_ms"} else instant)
