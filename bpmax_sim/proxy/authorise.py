"""A plan and what a login yielded, made into the request that is sent.

Auth goes in last: `take_out` has removed its names from the call, so what is added here stands
alone. In record mode the same is done once more with stand-ins, and that twin is written down.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from msgspec.structs import replace

from bpmax_sim.errors import ConfigError
from bpmax_sim.messages import Call, Pairs, Proof, Request, Signed
from bpmax_sim.platform.model import Apply, Idempotency
from bpmax_sim.platform.template import names_in, render
from bpmax_sim.proxy.draft import Draft
from bpmax_sim.proxy.effects import Grant
from bpmax_sim.proxy.encode import BadValueError, header_value, inert, query_text
from bpmax_sim.proxy.environment import Environment, Secrets, Tenant
from bpmax_sim.proxy.hidden import Hidden
from bpmax_sim.proxy.names import (
    CHANGING,
    Side,
    is_steady,
    names_of,
    real_side,
    standin_at,
    standin_side,
)
from bpmax_sim.proxy.plan import Content, Plan
from bpmax_sim.proxy.recipe import Recipe
from bpmax_sim.proxy.signing import sign

_DIRECT: Final = frozenset({"header", "query"})

Values = tuple[tuple[Apply, str], ...]


class Put(Hidden, frozen=True):
    """What auth puts into a request, and where; *values* holds all of it.

    It is made once for requests with the same credentials, where nothing in it changes.
    """

    base: str
    values: Values = ()
    headers: Pairs = ()
    query: str = ""
    injected: tuple[str, ...] = ()


class Made(Hidden, frozen=True):
    """A request, and the values that were put into it."""

    request: Request
    values: Values


def unauthorised(plan: Plan) -> Request:
    """Return the request of *plan* as it is before auth: no credential is in it."""
    base = plan.tenant.declared.rstrip("/")
    return _request(plan, plan.call, plan.written, Put(base))


def authorised(
    plan: Plan, grant: Grant | None, env: Environment, *, attempt: int = 0, offset: float = 0.0
) -> Request:
    """Return the request of one attempt, with its stand-in twin where the mode records.

    Args:
        plan: the call.
        grant: what a login yielded, where one was due.
        env: the session.
        attempt: 0 for the first sending of the call.
        offset: seconds by which the auth clock has to be corrected.

    Raises:
        ConfigError: if a template, a key or an address does not fit.
    """
    real = real_side(plan.tenant, grant, env, plan.luck, offset=offset)
    if not (env.separate or plan.recipe.taken.path):
        return _make(plan, plan.call, real, plan.real, attempt).request
    standin = standin_side(plan.tenant, grant, env, plan.standin_luck)
    call = _call_at(plan, standin, attempt)
    made = _make(plan, call, real, plan.real, attempt)
    if not env.separate:
        return made.request
    twin = _make(plan, call, standin, plan.written, attempt, env.hide)
    _pair(made.values, twin.values, env.vault)
    return replace(made.request, standin=twin.request, proof=_proof(plan, real))


def standin_made(
    plan: Plan, grant: Grant | None, env: Environment, stamp: Signed, *, attempt: int
) -> Request:
    """Return the request that would be written down at the instant and nonce of *stamp*.

    Raises:
        ConfigError: if a template, a key or an address does not fit.
    """
    side = standin_at(plan.tenant, grant, stamp)
    return _make(plan, _call_at(plan, side, attempt), side, plan.written, attempt, env.hide).request


def signed_at(
    request: Request, recipe: Recipe, tenant: Tenant, grant: Grant | None, stamp: Signed
) -> Request:
    """Return a recorded request signed again, at the instant and nonce of *stamp*.

    Raises:
        ConfigError: if a template or a key does not fit.
    """
    assert recipe.auth.sign is not None
    names = names_of(recipe, standin_at(tenant, grant, stamp), request.attempt)
    return sign(request, recipe.auth.sign, names)


def put_places(recipe: Recipe) -> frozenset[str]:
    """Return where auth puts something in before a request is signed."""
    declared = recipe.api.idempotency
    own = (declared,) if isinstance(declared, Idempotency) else ()
    return frozenset(_place(item) for item in (*recipe.apply, *own))


def _proof(plan: Plan, real: Side) -> Proof | None:
    rule = plan.recipe.auth.verify_response
    return None if rule is None else Proof(rule, names_of(plan.recipe, real))


def _call_at(plan: Plan, standin: Side, attempt: int) -> Call:
    """Return the call with what auth puts into its path, as stand-ins."""
    path = plan.call.path
    if not plan.recipe.taken.path:
        return plan.call
    names = names_of(plan.recipe, standin, attempt)
    for item in plan.recipe.apply:
        if item.place == "path":
            value = render(item.value, names)
            path = path.replace(f"{{{item.name}}}", inert(value, f"path.{item.name}"))
    return replace(plan.call, path=path)


def _make(
    plan: Plan,
    call: Call,
    side: Side,
    content: Content,
    attempt: int,
    hide: Callable[[Request], Request] | None = None,
) -> Made:
    recipe = plan.recipe
    put = _put(plan, side, attempt)
    request = _put_others(_request(plan, call, content, put, attempt), put.values)
    if recipe.auth.sign:
        names = names_of(recipe, side, attempt)
        request = sign(hide(request) if hide else request, recipe.auth.sign, names)
        nonce, call_id = str(names["nonce"]), str(names["call_id"])
        request = replace(request, signed=Signed(now=side.now, nonce=nonce, call_id=call_id))
    return Made(request, put.values)


def _put(plan: Plan, side: Side, attempt: int) -> Put:
    """Return what is put into one form of a request.

    Raises:
        ConfigError: if a template does not fit, or yields what cannot be sent.
    """
    recipe = plan.recipe
    extra = _idempotency(plan)
    if not (recipe.apply or extra or recipe.auth.sign or "{" in side.base):
        return Put(side.base.rstrip("/"))
    place, made_of = f"put into {side.kept}", (side.credentials, side.granted, side.base)
    kept = None if extra else recipe.keys.get(place)
    if kept is not None and kept[0] == made_of:
        put: Put = kept[1]
        return put
    put = _rendered(recipe, names_of(recipe, side, attempt), extra)
    if not extra and is_steady(recipe, side, [item.value for item in recipe.apply]):
        recipe.keys[place] = (made_of, put)
    return put


def _rendered(recipe: Recipe, names: Mapping[str, object], extra: tuple[Apply, ...]) -> Put:
    values = tuple([(item, render(item.value, names)) for item in (*extra, *recipe.apply)])
    try:
        headers = [(name, header_value(name, text)) for name, text in _pairs(values, "header")]
        return Put(
            str(names["base_url"]),
            values,
            tuple(headers),
            query_text(_pairs(values, "query")),
            tuple([_place(item) for item, _ in values if item.place in _DIRECT]),
        )
    except BadValueError as error:
        raise ConfigError(f"{recipe.name}: what auth puts in cannot be sent: {error}") from None


def _request(plan: Plan, call: Call, content: Content, put: Put, attempt: int = 0) -> Request:
    recipe = plan.recipe
    query = "&".join(filter(None, (content.query, put.query)))
    address = put.base + plan.call.path
    return Request(
        method=call.method,
        url=f"{address}?{query}" if query else address,
        headers=content.headers + put.headers,
        body=content.body,
        timeout=recipe.timeout,
        call=call,
        base=put.base,
        injected=put.injected,
        confined=content is not plan.written,
        attempt=attempt,
        sensitive=recipe.sensitive,
        personal=recipe.personal,
    )


def _idempotency(plan: Plan) -> tuple[Apply, ...]:
    """Return where the call's own key goes, unless the script has set one itself."""
    declared = plan.recipe.api.idempotency
    if not isinstance(declared, Idempotency):
        return ()
    name = declared.name.lower()
    own = {"header": plan.call.headers, "query": plan.call.query}.get(declared.place, ())
    if any(known.lower() == name for known, _ in own):
        return ()
    return (Apply(place=declared.place, name=declared.name, value=declared.value),)


def _pairs(values: Values, place: str) -> Pairs:
    return tuple([(item.name, value) for item, value in values if item.place == place])


def _place(item: Apply | Idempotency) -> str:
    return f"{item.place}.{item.name.lower() if item.place == 'header' else item.name}"


def _put_others(request: Request, values: Values) -> Request:
    others = [(item, value) for item, value in values if item.place not in _DIRECT]
    if not others:
        return request
    draft = Draft(request)
    for item, value in others:
        draft.put(item.place, item.name, value)
    return draft.request()


def _pair(real: Values, standin: Values, vault: Secrets) -> None:
    """Register derived forms, such as a whole Basic header, that stay the same between calls."""
    for (item, value), (_, twin) in zip(real, standin, strict=True):
        if value != twin and CHANGING.isdisjoint(names_in(item.value)):
            vault.pair(value, twin, name=f"{item.place}.{item.name}")
