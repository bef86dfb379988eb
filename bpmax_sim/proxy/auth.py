"""Put auth into a planned call: the request that is sent, and its twin with stand-ins.

Auth is put in last, at the places that `drop_names_set_by_auth` has cleared. A recording holds the
signature that the stand-in of the key gave, and the instant and nonce that it was made with. Replay
signs the call again with the same instant and nonce; a signature that then differs is a fault of
the signing and not of the call. Where the calls themselves differ (in ignored places, or only in
spelling), the recorded request is signed again instead, and not the one at hand.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final
from urllib.parse import parse_qsl

from msgspec import UNSET
from msgspec.structs import replace

from bpmax_sim.cassette import matching
from bpmax_sim.cassette.former_names import rename_standins
from bpmax_sim.cassette.model import decode_json
from bpmax_sim.errors import ConfigError
from bpmax_sim.field_path import get_nested, split_body_path
from bpmax_sim.i18n import msg
from bpmax_sim.messages import FORM, Call, Headers, Pairs, Proof, Request, SignatureInput
from bpmax_sim.platform.model import Apply, Idempotency, join_place, make_host_template_name
from bpmax_sim.platform.template import find_names, render
from bpmax_sim.proxy.call_effects import Grant, NoRepr
from bpmax_sim.proxy.call_plan import CallRandomness, Plan
from bpmax_sim.proxy.compiled_api import CompiledApi
from bpmax_sim.proxy.encode import (
    BadValueError,
    encode_header_value,
    encode_query,
    encode_refusing_dot_segments,
    encode_segment,
    percent_encode,
)
from bpmax_sim.proxy.environment import Environment
from bpmax_sim.proxy.signing import RequestEditor, has_body_member, sign
from bpmax_sim.secret.vault import Credentials

NONCE_COUNT: Final = "nonce_count"
CHANGING: Final = frozenset({"now", "nonce", NONCE_COUNT, "call_id"})
"""Names whose value is another at every call or attempt."""

_SENT, _WRITTEN = msg("names of what is sent"), msg("names of what is written down")
_NOTHING: Final[Mapping[str, Any]] = {}


class AuthContext(NoRepr, frozen=True):
    """The values from which auth makes one form of a request.

    Each request has two forms: the real one that is sent, and where the mode records, one with
    stand-ins instead of secrets that is recorded.

    Attributes:
        credentials: credentials by name; stand-ins for the recorded form.
        granted: values that the login yielded, by name.
        base: address of the platform, perhaps a template.
        randomness: random values drawn for the call.
        now: instant in POSIX seconds.
        cache_key: text that differs between the two forms, so that neither gets cached values of
            the other.
        attempt: 0 for the first sending of the call.
        count: number of requests that the login has authorised, this one included. In the recorded
            form always 1, so that it does not depend on the order of calls.
    """

    credentials: Mapping[str, Any]
    granted: Mapping[str, Any]
    base: str
    randomness: CallRandomness
    now: float
    cache_key: str
    attempt: int = 0
    count: int = 1


def make_real_context(
    tenant: Credentials,
    grant: Grant | None,
    drawn: CallRandomness,
    now: float,
    attempt: int = 0,
    grant_request_count: int = 1,
) -> AuthContext:
    """Return the values for the real form of a request, with secrets, as it is sent.

    *tenant* are the credentials of the instance, *grant* the result of its login, and *drawn* the
    random values of the call. *now* is the instant by which it is signed: that of the auth clock,
    plus the seconds by which the third party's clock is known to be ahead. *attempt* is 0 for the
    first sending of the call, and *grant_request_count* the number of requests that *grant* has
    authorised, this one included.
    """
    granted = grant.values if grant else _NOTHING
    return AuthContext(
        tenant.real, granted, tenant.live, drawn, now, _SENT, attempt, grant_request_count
    )


def make_standin_context(
    tenant: Credentials, grant: Grant | None, drawn: CallRandomness, now: float, attempt: int = 0
) -> AuthContext:
    """Return the values for the recorded form of a request, with stand-ins for secrets.

    *tenant* are the credentials of the instance, *grant* the result of its login, and *drawn* the
    random values of the call. *now* is an instant of the virtual clock, and *attempt* 0 for the
    first sending of the call.
    """
    granted = grant.standins if grant else _NOTHING
    return AuthContext(tenant.standins, granted, tenant.declared, drawn, now, _WRITTEN, attempt)


def make_standin_context_at(
    tenant: Credentials, grant: Grant | None, stamp: SignatureInput, attempt: int
) -> AuthContext:
    """Return the values from which a recorded request was signed, with stand-ins for secrets.

    *tenant* are the credentials of the instance, *grant* the result of its login, *stamp* the
    recorded instant and nonce, and *attempt* 0 for the first sending of the call.
    """
    drawn = CallRandomness(b"", stamp.call_id, stamp.nonce)
    return make_standin_context(tenant, grant, drawn, stamp.now, attempt)


def collect_template_values(
    recipe: CompiledApi, context: AuthContext, *, in_login: bool = False
) -> dict[str, Any]:
    """Return all names that the templates of auth may use, with their values.

    They include the parameters declared under ``auth``, whose own templates are rendered first.
    During a login (*in_login*), an address that needs a value the login has not yielded yet stays a
    template.

    Raises:
        ConfigError: if a parameter or the address uses an undefined name.
    """
    drawn, nonce = context.randomness, ""
    if "nonce" in recipe.uses:  # of one attempt: the same calls have the same ones, in any order
        seed = drawn.seed + context.attempt.to_bytes(4, "big")
        nonce = drawn.nonce or hashlib.sha256(seed).hexdigest()[:32]
    changing = {
        "now": context.now,
        "nonce": nonce,
        NONCE_COUNT: context.count,
        "call_id": drawn.call_id,
    }
    sources = (context.credentials, context.granted, context.base)
    cached = None if in_login else recipe.memo.get(context.cache_key)
    if cached is not None and cached[0] == sources:
        return {**cached[1], **changing}
    names = {**context.credentials, **context.granted, **changing}
    is_known = not in_login or find_names(context.base) <= names.keys()
    names["base_url"] = render(context.base, names).rstrip("/") if is_known else context.base
    for name, value in recipe.auth.parameters.items():
        names[name] = render(value, names) if isinstance(value, str) else value
    if not in_login and is_same_in_every_call(recipe, context):
        recipe.memo[context.cache_key] = (sources, names)
    return {**names}


def is_same_in_every_call(
    recipe: CompiledApi, context: AuthContext, templates: Iterable[str] = ()
) -> bool:
    """Return whether address, parameters and *templates* give the same texts in every call.

    That is so if none of them uses the time, a nonce, a count or the id of the call. The parameters
    are those of the API's ``auth`` (*recipe*).
    """
    parameters = recipe.auth.parameters
    texts = [
        context.base,
        *(value for value in parameters.values() if isinstance(value, str)),
        *templates,
    ]
    return CHANGING.isdisjoint(parameters) and all(map(CHANGING.isdisjoint, map(find_names, texts)))


_DIRECT: Final = frozenset({"header", "query"})

AuthValues = tuple[tuple[Apply, str], ...]
"""What auth puts into a request: each declared place, and the value that goes there."""


def build_request_before_auth(plan: Plan) -> Request:
    """Return the request of *plan* before auth adds anything; it holds no credential."""
    host = make_host_template_name(plan.recipe.api.host)
    base = str(plan.tenant.standins.get(host, plan.tenant.declared))
    return _build_request(plan, plan.call, base.rstrip("/"), ())


def authorise(
    plan: Plan, grant: Grant | None, env: Environment, *, attempt: int = 0, offset: float = 0.0
) -> Request:
    """Return the request of one attempt with credentials and signature, ready to be sent.

    Where the mode records, its ``standin`` is the form with stand-ins that is recorded.

    Args:
        plan: the call.
        grant: result of the login, where the call needs one.
        env: what the call needs of the session.
        attempt: 0 for the first sending of the call.
        offset: seconds to add to the auth clock.

    Raises:
        ConfigError: if a template, a key or an address cannot be used.
    """
    now = env.auth_clock.now() + offset
    # Digest: a server refuses a count that it has seen with the same nonce (RFC 7616, 3.4).
    count = next(grant.uses) if grant and NONCE_COUNT in plan.recipe.uses else 1
    real = make_real_context(plan.tenant, grant, plan.randomness, now, attempt, count)
    values = _make_auth_values(plan, real)
    unsigned = _build_request(
        plan, plan.real, _resolve_base_address(plan.recipe, real), values, attempt
    )
    # A call is found by its path in recordings. Where auth fills a part of the path (the key of a
    # webhook), the call needs the stand-in there in every mode, also where no twin is made.
    if not (env.separate or plan.recipe.reserved.path):
        return _sign_request(plan, unsigned, real)
    # The recorded form is dated by the clock that scripts see, and drawn from the seeded source:
    # nothing in it comes from the system, so replay can make it again.
    drawn, now = plan.standin_randomness, env.clock.now()
    standin = make_standin_context(plan.tenant, grant, drawn, now, attempt)
    call = _put_standins_into_path(plan, standin)
    request = _sign_request(plan, replace(unsigned, call=call), real)
    if not env.separate:
        return request
    twin, twins = _make_standin_request(plan, call, standin, env)
    for (item, value), (_, shown) in zip(values, twins, strict=True):
        # Derived forms, such as a whole Basic header, that stay the same between calls.
        if value != shown and CHANGING.isdisjoint(find_names(item.value)):
            env.vault.register_derived(value, shown, name=f"{item.place}.{item.name}")
    rule = plan.recipe.auth.verify_response
    proof = None if rule is None else Proof(rule, collect_template_values(plan.recipe, real))
    return replace(request, standin=twin, proof=proof)


def sign_at_recorded_instant(
    request: Request,
    recipe: CompiledApi,
    tenant: Credentials,
    grant: Grant | None,
    stamp: SignatureInput,
) -> Request:
    """Return a recorded request with a new signature, made at the instant and nonce of *stamp*.

    *recipe* is the compiled API, *tenant* the credentials of its instance, and *grant* the result
    of the login.

    Raises:
        ConfigError: if a template or a key cannot be used.
    """
    assert recipe.auth.sign is not None
    names = collect_template_values(
        recipe, make_standin_context_at(tenant, grant, stamp, request.attempt)
    )
    return sign(request, recipe.auth.sign, names)


def _put_standins_into_path(plan: Plan, standin: AuthContext) -> Call:
    """Return the call with stand-ins in its path where auth fills placeholders of the path.

    *standin* are the values for the recorded form, as `make_standin_context` returns them.
    """
    path = plan.call.path
    if not plan.recipe.reserved.path:
        return plan.call
    names = collect_template_values(plan.recipe, standin)
    for item in plan.recipe.apply:
        if item.place == "path":
            value = render(item.value, names)
            path = path.replace(
                f"{{{item.name}}}", encode_refusing_dot_segments(value, f"path.{item.name}")
            )
    return replace(plan.call, path=path)


def _make_standin_request(
    plan: Plan, call: Call, context: AuthContext, env: Environment
) -> tuple[Request, AuthValues]:
    """Return the request as it is recorded, and the auth values in it, such as a token.

    *context* has stand-ins (texts that replace secrets), and *call* is the call of *plan* with
    stand-ins in its path. Other secrets are hidden before the request is signed: replay has to
    compute the same signature without them.
    """
    values = _make_auth_values(plan, context)
    base = _resolve_base_address(plan.recipe, context)
    request = replace(_build_request(plan, plan.call, base, values, context.attempt), call=call)
    if plan.recipe.auth.sign:
        request = _sign_request(plan, env.hide_secrets_as_recorded(request), context)
    return request, values


def _sign_request(plan: Plan, request: Request, context: AuthContext) -> Request:
    recipe = plan.recipe
    if not recipe.auth.sign:
        return request
    names = collect_template_values(recipe, context)
    nonce, call_id = str(names["nonce"]), str(names["call_id"])
    signed = sign(request, recipe.auth.sign, names)
    return replace(signed, signed=SignatureInput(now=context.now, nonce=nonce, call_id=call_id))


def _resolve_base_address(recipe: CompiledApi, context: AuthContext) -> str:
    if recipe.api.host:
        return str(context.credentials[make_host_template_name(recipe.api.host)]).rstrip("/")
    base = context.base
    return (
        str(collect_template_values(recipe, context)["base_url"])
        if "{" in base
        else base.rstrip("/")
    )


def _make_auth_values(plan: Plan, context: AuthContext) -> AuthValues:
    """Return what auth puts into a request, such as a token: place, name, value.

    The values are real, or stand-ins for the form that is recorded, as *context* says. They are
    cached while they do not change from call to call.

    Raises:
        ConfigError: if a template cannot be used, or gives a value that cannot be sent.
    """
    recipe = plan.recipe
    extra = _find_idempotency_place(plan)
    if not (recipe.apply or extra):
        return ()
    place = f"{context.cache_key} auth"
    sources = (context.credentials, context.granted, context.base)
    cached = None if extra else recipe.memo.get(place)
    if cached is not None and cached[0] == sources:
        known: AuthValues = cached[1]
        return known
    names = collect_template_values(recipe, context)
    values = tuple([(item, _render_value(recipe, item, names)) for item in (*extra, *recipe.apply)])
    if not extra and is_same_in_every_call(recipe, context, [item.value for item in recipe.apply]):
        recipe.memo[place] = (sources, values)
    return values


def _render_value(recipe: CompiledApi, item: Apply, names: Mapping[str, object]) -> str:
    value = render(item.value, names)
    try:
        if item.place == "header":
            return encode_header_value(item.name, value)
        if item.place == "query":
            percent_encode(value, f"query.{item.name}")
        if item.place == "path":
            encode_segment(item.name, value)
    except BadValueError as error:
        raise ConfigError(
            "{recipe_name}: what auth puts in cannot be sent: {error}",
            recipe_name=recipe.name,
            error=error,
        ) from None
    return value


def _build_request(
    plan: Plan, call: Call, base: str, values: AuthValues, attempt: int = 0
) -> Request:
    """Return *call* as a request to the address *base*, with the auth *values* put in.

    *call* is that of *plan*, or its form with real credentials; *attempt* is 0 for its first
    sending.
    """
    recipe = plan.recipe
    query = encode_query((*call.query, *_select_auth_pairs(values, "query")))
    address = base + call.path
    request = Request(
        method=call.method,
        url=f"{address}?{query}" if query else address,
        headers=call.headers + _select_auth_pairs(values, "header"),
        body=call.body,
        timeout=recipe.timeout,
        call=plan.call,
        base=base,
        injected=tuple(
            [join_place(item.place, item.name) for item, _ in values if item.place in _DIRECT]
        ),
        follow=recipe.redirects == "follow",
        # `Plan.real` is another object only if there are credentials in the call itself.
        confined=call is not plan.call,
        attempt=attempt,
        sensitive=recipe.sensitive,
        personal=recipe.personal,
        charset=recipe.charset,
        path_template=recipe.api.path,
    )
    others = [(item, value) for item, value in values if item.place not in _DIRECT]
    if not others:
        return request
    editor = RequestEditor(request)
    for item, value in others:
        editor.set(item.place, item.name, value)
    return editor.to_request()


def _find_idempotency_place(plan: Plan) -> tuple[Apply, ...]:
    """Return the place of the call's idempotency key; empty if the platform declares none.

    By this key, which is the same in all sendings of a call, a server knows a repeated request.
    Empty as well if the script has set that header, query parameter or member of the body itself.
    """
    declared, call = plan.recipe.api.idempotency, plan.call
    if not isinstance(declared, Idempotency):
        return ()
    if declared.place == "body":
        is_own = has_body_member(call.headers, call.body, declared.name)
    else:
        own = call.headers if declared.place == "header" else call.query
        is_own = declared.name.lower() in Headers(own)
    if is_own:
        return ()
    return (Apply(place=declared.place, name=declared.name, value=declared.value),)


def _select_auth_pairs(values: AuthValues, place: str) -> Pairs:
    return tuple([(item.name, value) for item, value in values if item.place == place])


def compare_signatures(
    planned: Plan, grant: Grant | None, env: Environment, sent: Request, recorded: Request
) -> tuple[matching.Difference, ...]:
    """Return where *sent* differs from *recorded* if both are signed at the same instant and nonce.

    Only places that signing fills are compared; the result is empty if they are the same.

    Args:
        planned: the call.
        grant: result of the login, where the call needs one.
        env: what the call needs of the session.
        sent: the request of this attempt.
        recorded: the recorded request whose response was replayed.
    """
    stamp = recorded.signed
    if stamp is None:
        return ()
    places = _list_signature_only_places(planned.recipe, sent, recorded)
    differences = _find_differences(places, recorded, sent)
    if not differences:
        return ()
    planned, grant = _use_recorded_standins(planned, grant, env, recorded)
    again = sign_recorded_form(planned, grant, env, stamp, sent.attempt)
    differences = _find_differences(places, recorded, again)
    # If the calls differ in more than the signature (ignored places, spelling), their signatures
    # must differ too; only signing the recorded request itself can then show a fault of the
    # signing.
    if (
        not differences
        or planned.recipe.auth.sign is None
        or _is_equal_without_auth(recorded, again)
    ):
        return differences
    again = sign_at_recorded_instant(recorded, planned.recipe, planned.tenant, grant, stamp)
    return _find_differences(places, recorded, again)


def sign_recorded_form(
    planned: Plan, grant: Grant | None, env: Environment, stamp: SignatureInput, attempt: int
) -> Request:
    """Return the recorded form of *planned*: the request with stand-ins instead of secrets.

    *stamp* are the instant and nonce of a recorded request, with which it is signed; *grant* is the
    login's result, and *attempt* 0 for the first sending of the call.
    """
    context = make_standin_context_at(planned.tenant, grant, stamp, attempt)
    return _make_standin_request(planned, _put_standins_into_path(planned, context), context, env)[
        0
    ]


def _use_recorded_standins(
    planned: Plan, grant: Grant | None, env: Environment, recorded: Request
) -> tuple[Plan, Grant | None]:
    """Return plan and grant with the stand-ins that the platform had when it was recorded.

    A stand-in contains the platform's name, so a renamed platform would give another signature. The
    grant is None if *grant* is.
    """
    today, was = planned.call.platform, recorded.call.platform if recorded.call else ""
    if not was or was == today:
        return planned, grant
    recipe = planned.recipe
    tenant = env.tenant(replace(recipe.platform, platform_key=was), recipe.instance)
    if grant is not None:
        standins = rename_standins(grant.standins, old=today, new=was)
        grant = Grant(values=grant.values, standins=standins, expires=grant.expires)
    return replace(planned, tenant=tenant), grant


def has_valid_signature(
    recorded: Request, recipe: CompiledApi, tenant: Credentials, grant: Grant | None
) -> bool:
    """Return whether a recorded request has the signature that the platform file now asks for.

    *recipe* is the compiled API, *tenant* the credentials of its instance, and *grant* the result
    of the login.
    """
    stamp: SignatureInput | None = recorded.signed
    if stamp is None or recipe.auth.sign is None:
        return (stamp is None) == (recipe.auth.sign is None)
    again = sign_at_recorded_instant(recorded, recipe, tenant, grant, stamp)
    return not _find_differences(
        _list_signature_only_places(recipe, again, recorded), recorded, again
    )


def _list_signature_only_places(recipe: CompiledApi, *requests: Request) -> tuple[str, ...]:
    """Return the places of *requests* that only the signature fills.

    Places of tokens and idempotency keys are left out: these may have been renewed since recording.
    """
    declared = recipe.api.idempotency
    own = (declared,) if isinstance(declared, Idempotency) else ()
    others = {join_place(item.place, item.name) for item in (*recipe.apply, *own)}
    places = dict.fromkeys(place for request in requests for place in request.injected)
    return tuple(place for place in places if place not in others)


def _find_differences(
    places: tuple[str, ...], recorded: Request, computed: Request
) -> tuple[matching.Difference, ...]:
    pairs = (
        (place, _find_values_at(place, recorded), _find_values_at(place, computed))
        for place in places
    )
    return tuple(matching.Difference(place, was, now) for place, was, now in pairs if was != now)


def _find_values_at(place: str, request: Request) -> Any:
    """Return the value at *place*, such as ``header.authorization``; `UNSET` if there is none.

    A list if the name is repeated.
    """
    root, _, name = place.partition(".")
    headers, body = Headers(request.headers), request.body or b""
    pairs: Sequence[tuple[str, str]] = ()
    if root == "body" and headers.media_type != FORM:
        try:
            return get_nested(decode_json(body), split_body_path(name))
        except ValueError:
            return UNSET
    if root == "header":
        pairs = [(name, value) for value in headers.get_all(name)]
    elif root == "query":
        pairs = matching.split_query(request.url)[1]
    elif root == "cookie":
        pairs = [(cookie.name, cookie.value) for cookie in headers.request_cookies]
    elif root == "body":
        pairs = parse_qsl(body.decode(errors="replace"), keep_blank_values=True)
    values = [value for key, value in pairs if key == name]
    return UNSET if not values else values[0] if len(values) == 1 else values


def _is_equal_without_auth(recorded: Request, computed: Request) -> bool:
    """Return whether two requests are equal if what auth put into them is left out.

    Bodies have to be equal to the byte.
    """
    was, now = (matching.rebuild_call_without_injected(request) for request in (recorded, computed))
    parts = matching.call_to_parts(was), matching.call_to_parts(now)
    return was.body == now.body and not matching.find_differences(*parts, matching.MatchingRules())
