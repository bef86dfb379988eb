"""A plan and what a login yielded, made into the request that is sent.

Auth goes in last: `take_out` has removed its names from the call, so what is added here stands
alone. In record mode the same is done once more with stand-ins, and that twin is written down.

The names that auth's templates see, with real values or with those that are written down.

Whether a call is signed as it was when it was recorded.

A recording holds the signature that the stand-in key gave, and the instant and nonce it was made
at. Replay signs the call again with them; what then differs is a fault of the signing. Only where
the calls themselves differ, in places that are ignored or in spelling, the recorded request is
signed again instead of the one at hand.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final
from urllib.parse import parse_qsl

from msgspec.structs import replace

from bpmax_sim.cassette.matching import (
    ABSENT,
    Difference,
    Rules,
    call_behind,
    differences,
    parts_of,
    split_query,
)
from bpmax_sim.cassette.model import decode_json
from bpmax_sim.errors import ConfigError
from bpmax_sim.messages import FORM, Call, Headers, Pairs, Proof, Request, Signed
from bpmax_sim.platform.model import Apply, Idempotency
from bpmax_sim.platform.template import names_in, render
from bpmax_sim.proxy.call_plan import Content, Luck, Plan
from bpmax_sim.proxy.compiled_api import Recipe
from bpmax_sim.proxy.effects import Grant, Hidden
from bpmax_sim.proxy.encode import BadValueError, header_value, inert, query_text
from bpmax_sim.proxy.environment import Environment, Secrets, Tenant
from bpmax_sim.proxy.signing import Draft, sign

CHANGING: Final = frozenset({"now", "nonce", "call_id"})
"""Names whose value is another at every call or attempt."""

_SENT, _WRITTEN = "names of what is sent", "names of what is written down"
_NOTHING: Final[Mapping[str, Any]] = {}


class Side(Hidden, frozen=True):
    """What one form of a request is made with; *kept* is where a recipe keeps its names."""

    credentials: Mapping[str, Any]
    granted: Mapping[str, Any]
    base: str
    luck: Luck
    now: float
    kept: str

    def is_like(self, other: Side) -> bool:
        """Return whether both make the same of a request."""
        return replace(self, kept=other.kept) == other


def real_side(
    tenant: Tenant, grant: Grant | None, env: Environment, luck: Luck, *, offset: float = 0.0
) -> Side:
    """Return what is sent; *offset* corrects the auth clock."""
    granted = grant.values if grant else _NOTHING
    return Side(tenant.real, granted, tenant.live, luck, env.auth_clock.now() + offset, _SENT)


def standin_side(tenant: Tenant, grant: Grant | None, env: Environment, luck: Luck) -> Side:
    """Return what is written down."""
    granted = grant.standins if grant else _NOTHING
    return Side(tenant.standins, granted, tenant.declared, luck, env.clock.now(), _WRITTEN)


def standin_at(tenant: Tenant, grant: Grant | None, stamp: Signed) -> Side:
    """Return what was written down at the instant and nonce of *stamp*."""
    granted = grant.standins if grant else _NOTHING
    luck = Luck(b"", stamp.call_id, stamp.nonce)
    return Side(tenant.standins, granted, tenant.declared, luck, stamp.now, _WRITTEN)


def names_of(
    recipe: Recipe, side: Side, attempt: int = 0, *, in_login: bool = False
) -> dict[str, Any]:
    """Return every name that the templates of auth may use, parameters rendered.

    An address that the login has yet to yield stays a template while it is under way.

    Raises:
        ConfigError: if a parameter or the address names something undefined.
    """
    changing = {
        "now": side.now,
        "nonce": _nonce(side.luck, attempt) if "nonce" in recipe.uses else "",
        "call_id": side.luck.call_id,
    }
    made_of = (side.credentials, side.granted, side.base)
    kept = None if in_login else recipe.keys.get(side.kept)
    if kept is not None and kept[0] == made_of:
        return {**kept[1], **changing}
    names = _rendered_names(recipe, side, changing, in_login=in_login)
    if not in_login and is_steady(recipe, side):
        recipe.keys[side.kept] = (made_of, names)
    return {**names}


def is_steady(recipe: Recipe, side: Side, templates: Iterable[str] = ()) -> bool:
    """Return whether address, parameters and *templates* say the same in every call of *side*."""
    parameters = recipe.auth.parameters
    texts = [
        side.base,
        *(value for value in parameters.values() if isinstance(value, str)),
        *templates,
    ]
    return CHANGING.isdisjoint(parameters) and all(map(CHANGING.isdisjoint, map(names_in, texts)))


def _rendered_names(
    recipe: Recipe, side: Side, changing: Mapping[str, Any], *, in_login: bool
) -> dict[str, Any]:
    names = {**side.credentials, **side.granted, **changing}
    is_known = not in_login or names_in(side.base) <= names.keys()
    names["base_url"] = render(side.base, names).rstrip("/") if is_known else side.base
    for name, value in recipe.auth.parameters.items():
        names[name] = render(value, names) if isinstance(value, str) else value
    return names


def _nonce(luck: Luck, attempt: int) -> str:
    """Return the nonce of one attempt: the same calls have the same ones, in any order."""
    return luck.nonce or hashlib.sha256(luck.seed + attempt.to_bytes(4, "big")).hexdigest()[:32]


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
    if name in Headers(own):
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


_EVERYTHING = Rules()


def signed_otherwise(
    planned: Plan, grant: Grant | None, env: Environment, sent: Request, asked: Request
) -> tuple[Difference, ...]:
    """Return where *sent*, signed when *asked* was, differs from it; nothing if it is the same.

    Args:
        planned: the call.
        grant: what a login yielded, where one was due.
        env: the session.
        sent: the request of this attempt.
        asked: the recorded request that answered it.
    """
    stamp = asked.signed
    if stamp is None:
        return ()
    places = _places(planned.recipe, sent, asked)
    found = _differences(places, asked, sent)
    if not found:
        return ()
    again = standin_made(planned, grant, env, stamp, attempt=sent.attempt)
    found = _differences(places, asked, again)
    if not found or planned.recipe.auth.sign is None or _says_the_same(asked, again):
        return found
    return _differences(
        places, asked, signed_at(asked, planned.recipe, planned.tenant, grant, stamp)
    )


def is_signed(asked: Request, recipe: Recipe, tenant: Tenant, grant: Grant | None) -> bool:
    """Return whether a recorded request is signed as its platform would sign it today."""
    stamp: Signed | None = asked.signed
    if stamp is None or recipe.auth.sign is None:
        return (stamp is None) == (recipe.auth.sign is None)
    again = signed_at(asked, recipe, tenant, grant, stamp)
    return not _differences(_places(recipe, again, asked), asked, again)


def _places(recipe: Recipe, *requests: Request) -> tuple[str, ...]:
    """Return where signing put something in; what else auth puts in may have been renewed."""
    others = put_places(recipe)
    found = dict.fromkeys(place for request in requests for place in request.injected)
    return tuple(place for place in found if place not in others)


def _differences(places: tuple[str, ...], asked: Request, made: Request) -> tuple[Difference, ...]:
    pairs = ((place, _at(place, asked), _at(place, made)) for place in places)
    return tuple(Difference(place, was, now) for place, was, now in pairs if was != now)


def _at(place: str, request: Request) -> Any:
    """Return what stands at *place*, such as ``header.authorization``."""
    root, _, name = place.partition(".")
    found = list(_values(root, name, request))
    return ABSENT if not found else found[0] if len(found) == 1 else found


def _values(root: str, name: str, request: Request) -> Iterator[Any]:
    if root == "header":
        yield from Headers(request.headers).every(name)
    elif root == "query":
        yield from (value for key, value in split_query(request.url)[1] if key == name)
    elif root == "cookie":
        yield from (one.value for one in Headers(request.headers).cookies if one.name == name)
    elif root == "body":
        yield from _members(name, request)


def _members(name: str, request: Request) -> Iterator[Any]:
    body = request.body or b""
    if Headers(request.headers).media_type == FORM:
        pairs = parse_qsl(body.decode(errors="replace"), keep_blank_values=True)
        yield from (value for key, value in pairs if key == name)
        return
    try:
        found = decode_json(body)
    except ValueError:
        return
    for member in name.split("."):
        if not isinstance(found, dict) or member not in found:
            return
        found = found[member]
    yield found


def _says_the_same(asked: Request, made: Request) -> bool:
    """Return whether two requests are the same, to the byte of their bodies, less what was put."""
    nobody = Call(platform="", instance="", api="", method="", path="")
    was, now = (call_behind(request, nobody) for request in (asked, made))
    return was.body == now.body and not differences(parts_of(was), parts_of(now), _EVERYTHING)
