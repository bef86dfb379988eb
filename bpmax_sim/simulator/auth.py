"""The auth of a simulated third party: logins, tokens, OAuth 2.0 (RFC 6749) and signatures.

Everything follows the platform file: requests are compared with what its templates make of an
instance's credentials, and signatures are computed again by the declared signer. Time and nonce are
read from the request. The time window is checked first, then the nonce, then the signature.
"""

from __future__ import annotations

import hmac
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final, NamedTuple
from urllib.parse import unquote_plus

from msgspec import UNSET
from msgspec.structs import replace

from bpmax_sim.errors import ConfigError
from bpmax_sim.field_path import get_nested, split_body_path
from bpmax_sim.messages import Response
from bpmax_sim.platform.digest import read_digest_authorization
from bpmax_sim.platform.html_selector import compile_selector
from bpmax_sim.platform.matcher import EXPRESSION, ApiMatch, expand_templates, iterate_login_steps
from bpmax_sim.platform.model import Api, Apply, Auth, LoginStep, OkRule, Platform, Sign
from bpmax_sim.platform.target import NumberedLoginStep
from bpmax_sim.platform.template import find_names, render
from bpmax_sim.proxy.auth import CHANGING
from bpmax_sim.proxy.login import TTL
from bpmax_sim.proxy.response import to_comparable_text
from bpmax_sim.proxy.signing import sign
from bpmax_sim.secret.http_auth import read_basic
from bpmax_sim.secret.standin import make_standin
from bpmax_sim.simulator import model, state
from bpmax_sim.simulator.state import Refusal, RequestContext, TenantCredentials

HTTP_OK = 200
CHALLENGE: Final = "challenge"
_REMEMBERED = 512
"""Tokens that are still known, so that an old one is told from one that never was."""

RENEWALS: Final[Mapping[str, Mapping[str, Any]]] = {
    "same": {"reuse": 0.0, "extend": False},
    "new": {"reuse": UNSET, "extend": False},
    "extend": {"reuse": 0.0, "extend": True},
}
"""What each way to renew a token makes of the rule for tokens."""


def issue_or_reuse_token(
    ctx: RequestContext,
    tenant: TenantCredentials,
    value_names: Iterable[str],
    given: Mapping[str, str] = {},
    sent: frozenset[str] = frozenset(),
) -> state.IssuedGrant:
    """Return a token for the instance *tenant*, with all values that its login returns.

    It is the current token if the rule table lets a login reuse tokens, else a new one, which the
    simulator remembers. *value_names* are the values that the login returns; they are generated,
    except those in *given* (name -> value), which are returned with them. *sent* are credentials in
    the request that the login can replace, such as a refresh token: those that it does replace are
    spent, which a credential that is returned again is not.
    """
    issued = _find_or_issue_token(ctx, tenant, value_names, given)
    replaced = sent.difference(map(str, issued.values.values()))
    ctx.update_state(spent=ctx.state.spent | replaced)
    return issued


def _find_or_issue_token(
    ctx: RequestContext,
    tenant: TenantCredentials,
    value_names: Iterable[str],
    given: Mapping[str, str],
) -> state.IssuedGrant:
    rule = _override_tokens(ctx.table.tokens, ctx.state.knobs)
    grants = ctx.state.grants
    reusable = [
        grant
        for grant in grants
        if rule.reuse is not UNSET
        and grant.instance == tenant.instance
        and grant.is_live(ctx.now)
        and grant.expires - ctx.now > rule.reuse
        and grant.values.keys() >= {*value_names, *given}
        and ctx.state.spent.isdisjoint(str(grant.values[name]) for name in value_names)
    ]
    # 企业微信 and 钉钉 return the current token until it expires, 飞书 until half an hour before.
    # Then two tokens are valid, and the last one issued is the current one.
    if reusable:
        latest = reusable[-1]
        renewed = replace(latest, expires=ctx.now + rule.life) if rule.extend else latest
        ctx.update_state(grants=tuple(renewed if other is latest else other for other in grants))
        return renewed
    values = {
        name: ctx.generate_id(rule.prefix, rule.length) for name in value_names if name not in given
    }
    grant = state.IssuedGrant(
        instance=tenant.instance,
        values={**given, **values},
        issued=ctx.now,
        expires=ctx.now + rule.life,
    )
    older = list(grants[-_REMEMBERED:])
    if rule.overlap is not UNSET:
        end = ctx.now + rule.overlap
        for number, other in enumerate(older):
            if other.instance == tenant.instance:
                older[number] = replace(other, expires=min(other.expires, end))
    ctx.update_state(grants=(*older, grant))
    return grant


def _override_tokens(rule: model.TokenRule, knobs: state.SimulatorOverrides) -> model.TokenRule:
    """Return the table's *rule* with the settings that a scenario changed, such as the life."""
    bends = {"life": knobs.life, "overlap": knobs.overlap}
    changes: dict[str, Any] = {name: n for name, n in bends.items() if n is not None}
    return replace(rule, **changes, **RENEWALS.get(knobs.renewal or "", {}))


def authenticate_by_token(ctx: RequestContext, _rule: bool) -> None:
    """Let the instance to which the request's token was issued be that of the request.

    Raises:
        Refusal: if the token is missing, invalid or expired, with the table's error.
    """
    instance = _find_live_grant(ctx).instance
    for tenant in ctx.tenants:
        if tenant.instance == instance:
            ctx.set_tenant(tenant)


def _find_live_grant(ctx: RequestContext) -> state.IssuedGrant:
    """Return the grant whose token the request has, at the place that the rule table declares.

    Raises:
        Refusal: if the token is missing, invalid or expired, with the table's error.
    """
    rule = ctx.table.tokens
    value = ctx.get_value_at(rule.at)
    if rule.scheme and isinstance(value, str):
        scheme, _, rest = value.partition(" ")
        value = rest.strip() if scheme.lower() == rule.scheme.lower() else ""
    if not isinstance(value, str) or not value:
        raise Refusal(rule.missing)
    match = next((grant for grant in ctx.state.grants if grant.values.get("token") == value), None)
    # Vendors distinguish an invalid token from an expired one (企业微信: 40014, 42001), and a
    # client may log in again after one of the two only.
    if match is None or match.revoked:
        raise Refusal(rule.invalid)
    if not match.is_live(ctx.now):
        raise Refusal(rule.expired)
    return match


def issue_login_values_into_scope(
    ctx: RequestContext,
    tenant: TenantCredentials,
    *names: str,
    sent: frozenset[str] = frozenset(),
) -> None:
    """Issue the values *names* that a login returns, and add them to the scope of *ctx*.

    Templates of the response find them there by name, and as ``life`` the number of seconds for
    which they are valid. *sent* are credentials in the request that the login can replace.
    """
    issued = issue_or_reuse_token(ctx, tenant, names, sent=sent)
    ctx.scope |= {name: issued.values.get(name) for name in names}
    ctx.scope["life"] = max(int(issued.expires - ctx.now), 0)


def collect_template_values(
    ctx: RequestContext,
    tenant: TenantCredentials,
    auth: Auth,
    login_values: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return all names that templates of *auth* may use, with their values for *tenant*.

    The names are those of credentials and of ``now``, ``nonce`` and the like, and *login_values*,
    which earlier logins returned. Parameters that *auth* declares are included if all that they
    refer to has a value.
    """
    names: dict[str, Any] = {
        **tenant.credentials,
        **(login_values or {}),
        "base_url": ctx.base,
        "now": ctx.now,
        "nonce": "",
        "nonce_count": 1,
        "call_id": "",
    }
    for name, value in auth.parameters.items():
        result = try_render(value, names) if isinstance(value, str) else value
        if result is not None:
            names[name] = result
    return names


def try_render(template: str, names: Mapping[str, Any]) -> str | None:
    """Return *template* filled with the values in *names*, or None if one has no value."""
    try:
        return render(template, names) if find_names(template) <= names.keys() else None
    except ConfigError:
        return None


def differs_each_request(template: str, auth: Auth) -> bool:
    """Return whether *template* gives another text at every request, as with a nonce or the time.

    Names in it may be parameters of *auth* that do. Such a value cannot be compared with an
    expected one.
    """
    names = find_names(template)
    through = [auth.parameters.get(name) for name in names]
    inner = [find_names(text) for text in through if isinstance(text, str)]
    return not CHANGING.isdisjoint(names.union(*inner))


Names = Mapping[str, Any]
_COOKIE: Final = "session"


def find_login_step(ctx: RequestContext) -> LoginStep | None:
    """Return the declared login step that the request performs, or None if it is no login.

    The step is declared in the platform file.
    """
    match = ctx.match
    if match.target.login is None:
        return None
    for auth, step in _find_all_logins_at_address(ctx, match.target.login.step):
        if any(
            _has_expected_path_parameters(match, names)
            for _, names in _find_login_candidates(ctx, auth)
        ):
            return step
    return None


def _find_all_logins_at_address(
    ctx: RequestContext, step: LoginStep
) -> Iterator[tuple[Auth, LoginStep]]:
    """Yield auth and step of every declared login at the address of *step*.

    There are several if APIs declare an auth of their own, instead of the platform's, whose login
    is at the same address.
    """
    request = step.request
    for login in iterate_login_steps(ctx.platform):
        other = login.step.request
        if (other.method, other.url, other.path) == (request.method, request.url, request.path):
            yield login.auth, login.step


def log_in(ctx: RequestContext, step: LoginStep) -> Response:
    """Check the credentials of a login request and return its response.

    The response has the values for every auth that logs in by the same request.

    Raises:
        Refusal: if a credential is wrong.
    """
    match, logins = ctx.match, [*_find_all_logins_at_address(ctx, step)]
    for own, its in logins:
        for tenant, names in _find_login_candidates(ctx, own):
            spent = {names.get(name) for name in its.extract} & ctx.state.spent
            if (
                not spent
                and _has_expected_path_parameters(match, names)
                and _matches_request(ctx, own, its, names)
            ):
                ctx.set_tenant(tenant)
                # A login of one API's own auth is answered by that auth's rules, such as the life
                # of its token.
                ctx.use_own_rules_unless_shipped(Api(auth=own))
                alike = [login for login in logins if login[1].request == its.request]
                return _issue_and_make_login_response(ctx, alike, names)
    raise Refusal("401")


def collect_login_value_names(auth: Auth) -> frozenset[str]:
    """Return the names of all values that the login steps of *auth* take from responses."""
    steps = auth.acquire.steps if auth.acquire else ()
    return frozenset(name for step in steps for name in step.extract)


def _find_login_candidates(
    ctx: RequestContext, auth: Auth
) -> Iterator[tuple[TenantCredentials, Names]]:
    """Yield each instance that may be logging in, with the template values it may have sent.

    Values that earlier steps or logins returned are among them: an instance is yielded once without
    these, and once for each of its tokens that was not revoked. Of an expired one only the
    credentials are left that its login replaced: a refresh token outlives the token.
    """
    for tenant in ctx.tenants:
        yield tenant, collect_template_values(ctx, tenant, auth)
        for grant in reversed(ctx.state.grants):
            if grant.instance != tenant.instance or grant.revoked:
                continue
            is_live, own = grant.is_live(ctx.now), tenant.credentials
            if values := {name: v for name, v in grant.values.items() if is_live or name in own}:
                yield tenant, collect_template_values(ctx, tenant, auth, values)


def _has_expected_path_parameters(match: ApiMatch, names: Names) -> bool:
    """Return whether the parameters in the request's path are the values that *names* has for them.

    They are the expressions in the path of a declared login.
    """
    return all(
        try_render(f"{{{{ {expression} }}}}", names) == value
        for expression, value in match.parameters.items()
    )


def _matches_request(ctx: RequestContext, auth: Auth, step: LoginStep, names: Names) -> bool:
    return all(
        not state.is_missing(value)
        if differs_each_request(template, auth)
        else renders_to(template, names, value)
        for template, value in _pair_templates_with_received(ctx, step)
    )


def renders_to(template: str, names: Names, value: Any) -> bool:
    """Return whether *template*, filled with *names*, equals the received *value*."""
    expected = try_render(template, names)
    return expected is not None and value is not UNSET and to_comparable_text(value) == expected


def _pair_templates_with_received(
    ctx: RequestContext, step: LoginStep
) -> Iterator[tuple[str, Any]]:
    """Yield, for each text that the login declares, its template and the value in the request."""
    declared, parsed = step.request, ctx.parsed
    for name, value in declared.headers.items():
        if find_names(value):  # whatever else a client puts into its headers is its own matter
            yield value, parsed.headers.get(name.lower(), UNSET)
    for place in ("query", "form", "body"):
        yield from _pair_declared_and_received(getattr(declared, place), getattr(parsed, place))


def _pair_declared_and_received(declared: Any, received: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(declared, Mapping):
        has = received if isinstance(received, Mapping) else {}
        for name, value in declared.items():
            yield from _pair_declared_and_received(value, has.get(name, UNSET))
    elif isinstance(declared, list | tuple):
        has_items = received if isinstance(received, list) else []
        for number, value in enumerate(declared):
            yield from _pair_declared_and_received(
                value, has_items[number] if number < len(has_items) else UNSET
            )
    elif declared is not None and declared is not UNSET:
        yield declared if isinstance(declared, str) else to_comparable_text(declared), received


def _issue_and_make_login_response(
    ctx: RequestContext, logins: list[tuple[Auth, LoginStep]], names: Names
) -> Response:
    """Return the response of a login, with the values that each of *logins* extracts from it.

    *logins* are all auths that log in by the same request, each with its step. A credential that
    the login replaces, such as a rotating refresh token, is spent: a client that sends the old one
    again has lost the new one, and is refused as by the third party.

    A value with which an address begins (``{{ instance_url }}/…``) is an address itself: the
    simulator's own, so that the requests which follow come here, too.
    """
    assert ctx.tenant is not None
    rules = {name: rule for _, step in logins for name, rule in step.extract.items()}
    known = (
        frozenset().union(*(collect_login_value_names(auth) for auth, _ in logins))
        & names.keys() - rules.keys()
    )
    earlier = {name: str(names[name]) for name in known}
    texts = [ctx.platform.base_url, *(s.request.url for auth, _ in logins for s in auth.steps)]
    starts = [text.replace(" ", "").partition("}}")[0] for text in texts]
    # What later requests go to.
    addresses = {name: ctx.base for name in rules if f"{{{{{name}" in starts}
    needed = [name for name in rules if name != TTL]
    from_cookies = [name for name in needed if rules[name].path == "cookies"]
    cookies = {name: f"{_COOKIE}={ctx.generate_id()}" for name in from_cookies}
    key, instance = ctx.platform.platform_key, ctx.tenant.instance
    challenges = {
        name: make_standin(kind=CHALLENGE, platform=key, instance=instance, name=name)
        for name in needed
        if rules[name].kind == CHALLENGE
    }
    sent = frozenset(str(names[name]) for name in needed if name in ctx.tenant.credentials)
    issued = issue_or_reuse_token(
        ctx, ctx.tenant, needed, {**earlier, **addresses, **cookies, **challenges}, sent
    )
    places = [
        (
            rule.path,
            _compute_expiry_in_declared_unit(ctx, auth, issued)
            if name == TTL
            else issued.values[name],
        )
        for auth, step in logins
        for name, rule in step.extract.items()
    ]
    body, headers, page = _build_response_parts(places, "; Path=/; HttpOnly")
    status = _choose_success_status(logins[0][1])
    if page:
        headers.append(("content-type", "text/html; charset=utf-8"))
        return Response(
            status=status,
            headers=tuple(headers),
            body=page.encode(),
            elapsed=ctx.table.latency,
            source="simulated",
        )
    template = model.ResponseTemplate(status=status, headers=dict(headers), body=ctx.table.ok.body)
    return state.build_response(ctx, model.ResponseTemplate(), template, data=body)


def _choose_success_status(step: LoginStep) -> int:
    """Return an HTTP status by which *step*, a step of a login, recognises success."""
    statuses = step.ok.status if isinstance(step.ok, OkRule) else ()
    return HTTP_OK if not statuses or HTTP_OK in statuses else statuses[0]


class ResponseParts(NamedTuple):
    """What the response of a login consists of.

    Attributes:
        body: members of the JSON body.
        headers: headers, without the content type.
        html_page: the page that is sent instead of JSON; "" if no value is taken from one.
    """

    body: dict[str, Any]
    headers: list[tuple[str, str]]
    html_page: str


def _build_response_parts(
    values: Iterable[tuple[str, Any]], cookie_attributes: str
) -> ResponseParts:
    """Return the parts of a response that has each of *values* at its path.

    *cookie_attributes* is appended to each cookie. A path is as a login's ``extract`` has it; the
    value at the path ``cookies`` (all cookies) is ``name=value`` already.

    Raises:
        ConfigError: if a path is a regular expression, which does not tell the text around a value.
    """
    body: dict[str, Any] = {}
    page = ""
    headers = [("cache-control", "no-store")]
    for path, value in values:
        kind, _, name = path.partition(":")
        if kind.startswith("$"):
            model.set_at_path(body, path, value)
        elif kind == "header":
            headers.append((name.strip(), str(value)))
        elif kind == "css":
            page += compile_selector(name).make_element(str(value))
        elif kind == "regex":
            raise ConfigError(
                "{path}: a login that takes a value by a regular expression cannot be simulated; "
                "record it, or take the value by css:",
                path=path,
            )
        else:
            pair = f"{name.strip()}={value}" if name else value
            headers.append(("set-cookie", f"{pair}{cookie_attributes}"))
    return ResponseParts(body, headers, f"<!doctype html><body>{page}</body>" if page else "")


def _compute_expiry_in_declared_unit(
    ctx: RequestContext, auth: Auth, issued: state.IssuedGrant
) -> int:
    assert auth.acquire is not None
    unit, life = auth.acquire.ttl.unit, issued.expires - ctx.now
    instant = issued.expires if unit.startswith("absolute") else life
    return int(instant * 1000 if unit in {"ms", "absolute_ms"} else instant)


def grant_token(ctx: RequestContext, rule: model.OAuthGrants) -> None:
    """Issue the token that the request's form asks for (OAuth), for use in its response.

    *rule* names the credentials that a client has to send.

    Raises:
        Refusal: with an error of RFC 6749, section 5.2.
    """
    form = ctx.parsed.form
    kind = form.get("grant_type", "")
    if not kind:
        raise Refusal("invalid_request")
    tenant = _authenticate_client(ctx, rule)
    ctx.set_tenant(tenant)
    if rule.get_credential_names(kind) is None:
        raise Refusal("unsupported_grant_type")
    if kind == "refresh_token":
        token = form.get("refresh_token", "")
        mine = [other for other in ctx.state.grants if other.instance == tenant.instance]
        known: set[Any] = {other.values.get("refresh_token") for other in mine if not other.revoked}
        known.add(tenant.credentials.get("refresh_token"))
        if not token or token not in known - ctx.state.spent:
            raise Refusal("invalid_grant")
        sent = frozenset({token})
        issue_login_values_into_scope(ctx, tenant, "token", "refresh_token", sent=sent)
    else:
        issue_login_values_into_scope(ctx, tenant, "token")
    if form.get("scope"):
        ctx.scope["scope"] = form["scope"]


def _authenticate_client(ctx: RequestContext, rule: model.OAuthGrants) -> TenantCredentials:
    """Return the instance whose client credentials the request has, in a header or in its form.

    *rule* names these two credentials.

    Raises:
        Refusal: if they are in both, or wrong.
    """
    header, form = ctx.parsed.headers.get("authorization", ""), ctx.parsed.form
    # RFC 6749, 2.3: a client must not authenticate in more than one way in a request.
    if header and "client_secret" in form:
        raise Refusal("invalid_request")
    in_form = form.get("client_id", ""), form.get("client_secret", "")
    pair = read_basic(header) if header else in_form
    for tenant in ctx.tenants:
        own = tuple(
            to_comparable_text(tenant.credentials.get(name)) for name in (rule.client, rule.secret)
        )
        # RFC 6749, 2.3.1 has both form-encoded before they are joined for Basic. Many clients do
        # not do that, and servers accept either.
        if pair is not None and own in (pair, tuple(map(unquote_plus, pair))):
            return tenant
    raise Refusal("invalid_client_basic" if header else "invalid_client")


_UNITS: Final = {"unix": 1, "unix_ms": 1000}
_TIME = re.compile(r"now\s*\|\s*(unix_ms|unix|iso|http_date|time\('([^']*)'\))")


def check_signature_as_declared(ctx: RequestContext, rule: model.SignatureCheck) -> None:
    """Check the signature of the request if the platform file declares one for its API.

    *rule* has the greatest age of a signature and the keys of the errors.

    Raises:
        Refusal: if the time is too old, the nonce was used before, or the signature is wrong.
    """
    api = ctx.api
    if api is not None and isinstance(api.auth, Auth):
        check_signature(ctx, api.auth, rule)


def check_signature(ctx: RequestContext, auth: Auth, check_rule: model.SignatureCheck) -> None:
    """Check the signature that *auth* declares, if any; its instance becomes that of the request.

    *check_rule* has the greatest age and the keys of the errors.

    Raises:
        Refusal: if the time is too old, the nonce was used before, or the signature is wrong.
    """
    rule = auth.sign
    if rule is None:
        return
    values = _read_signed_values(ctx, auth, rule)
    stamp, nonce = values.get("now"), values.get("nonce")
    if isinstance(stamp, float) and abs(stamp - ctx.now) > check_rule.window:
        raise Refusal(check_rule.expired or check_rule.error)
    key = f"nonce/{nonce}"
    if nonce and ctx.find_seen_key(key):
        raise Refusal(check_rule.used or check_rule.error)
    tenants = (ctx.tenant,) if ctx.tenant else ctx.tenants
    for tenant in tenants:
        if any(
            _is_signed_by(ctx, names, auth, rule, values)
            for owner, names in _find_login_candidates(ctx, auth)
            if owner is tenant
        ):
            ctx.set_tenant(tenant)
            break
    else:
        raise Refusal(check_rule.error)
    # Remembered only if the signature is right, or anybody could use up a nonce in advance. A
    # request may be stamped a window ahead and accepted until a window after that.
    if nonce:
        ctx.remember(key, ctx.now + 2 * check_rule.window)


def _is_signed_by(
    ctx: RequestContext, known: Names, auth: Auth, rule: Sign, values: Mapping[str, Any]
) -> bool:
    request, names = ctx.parsed.request, {**known}
    if "signed_headers" in values:  # its client says which of them it signed
        listed = values["signed_headers"].lower().split(";")
        headers = tuple(pair for pair in request.headers if pair[0].lower() in listed)
        request = replace(request, headers=headers)
    names |= {name: values[name] for name in CHANGING if name in values}
    names |= {
        name: try_render(value, names) or "" if isinstance(value, str) else value
        for name, value in auth.parameters.items()
    }
    try:
        again = state.parse_request(sign(request, rule, names), ctx.base)
        spots = [(spot.place, render(spot.name, names)) for spot in rule.emit]
        needed = [
            (place, render(name, names))
            for place, set_names in (("header", rule.set_headers), ("query", rule.set_query))
            for name in set_names
        ]
    except ConfigError:
        return False
    scope = {
        "header": again.headers, "query": again.query, "cookie": again.cookies, "body": again.body,
    }  # fmt: skip
    # What is signed beside the signature, such as the time, has to be sent as well: what is not
    # there would be taken for what it is now.
    is_whole = all(
        get_auth_value(ctx.scope, place, name) is not UNSET
        or get_auth_value(scope, place, name) is UNSET
        for place, name in needed
    )
    return is_whole and all(
        _is_equal_in_constant_time(
            get_auth_value(ctx.scope, place, name), get_auth_value(scope, place, name)
        )
        for place, name in spots
    )


def get_auth_value(scope: Mapping[str, Any], place: str, name: str) -> Any:
    """Return the value called *name* at a place of auth; `UNSET` if there is none.

    *place* is a part of the request, such as ``header``, and *scope* holds these parts by name. In
    a ``body`` the name is a path.
    """
    if place != "body":
        return scope.get(place, {}).get(name.lower() if place == "header" else name, UNSET)
    return get_nested(scope.get("body"), split_body_path(name))


def _is_equal_in_constant_time(value: Any, expected: Any) -> bool:
    if not isinstance(value, str) or not isinstance(expected, str):
        return value is expected
    return hmac.compare_digest(
        value.encode("utf-8", "replace"), expected.encode("utf-8", "replace")
    )


def _read_signed_values(ctx: RequestContext, auth: Auth, rule: Sign) -> dict[str, Any]:
    """Return what a signature covers besides the request: time, nonce, call id and signed headers.

    They are read from the request, where *auth* puts them by *rule*, its signature.
    """
    known = {**auth.parameters}
    for group in (*rule.define, *rule.canonical):
        known |= group
    values: dict[str, Any] = {}
    spots = [Apply(place="header", name=n, value=v) for n, v in rule.set_headers.items()]
    spots += [Apply(place="query", name=n, value=v) for n, v in rule.set_query.items()]
    for spot in (*spots, *rule.emit):
        value = get_auth_value(
            ctx.scope, spot.place, try_render(spot.name, auth.parameters) or spot.name
        )
        if isinstance(value, str) and (digest := read_digest_authorization(value)):
            values["nonce"] = digest.get("cnonce", "")
            values["nonce_count"] = digest.get("nc", "1").lstrip("0") or "0"
        elif isinstance(value, str) and not state.is_missing(value):
            _extract_time_nonce_and_headers(
                expand_templates(spot.value, known, kept_names=frozenset({"signature"})),
                value,
                values,
            )
    return values


def _extract_time_nonce_and_headers(template: str, text: str, values: dict[str, Any]) -> None:
    expressions = EXPRESSION.findall(template)
    # The template read backwards: its literal texts are known, what stands between them is what the
    # expressions have given.
    literals = map(re.escape, EXPRESSION.split(template)[::2])
    match = re.fullmatch("(.*?)".join(literals), text, re.DOTALL)
    if match is None:
        return
    for expression, value in zip(expressions, match.groups(), strict=True):
        if expression in ("nonce", "call_id"):
            values[expression] = value
        elif "header_names" in expression:
            values["signed_headers"] = value
        elif time := _TIME.fullmatch(expression):
            instant = _parse_instant(time[1], time[2], value)
            if instant is not None:
                values["now"] = instant


def _parse_instant(form: str, pattern: str | None, value: str) -> float | None:
    if pattern is not None and "%S" not in pattern:
        return None  # a date alone
    try:
        if form in _UNITS:
            return int(value) / _UNITS[form]
        if form == "http_date":
            return parsedate_to_datetime(value).timestamp()
        pattern = pattern or "%Y-%m-%dT%H:%M:%SZ"
        return datetime.strptime(value, pattern).replace(tzinfo=UTC).timestamp()
    except (ValueError, OverflowError, TypeError):
        return None


def make_standin_login_response(
    platform: Platform, instance: str, login: NumberedLoginStep
) -> Response:
    """Return the response that a login of *instance* would have, with stand-ins for issued values.

    Nothing is checked. A replay without recorded login uses it.
    """
    values = []
    for name, rule in login.step.extract.items():
        if name == TTL:
            assert login.auth.acquire is not None
            value: str | int = int(login.auth.acquire.ttl.default)
        else:
            key = platform.platform_key
            value = make_standin(kind=rule.kind, platform=key, instance=instance, name=name)
        values.append((rule.path, f"{_COOKIE}={value}" if rule.path == "cookies" else value))
    body, headers, page = _build_response_parts(values, "; Path=/")
    if page:
        html = (("content-type", "text/html; charset=utf-8"), *headers)
        status = _choose_success_status(login.step)
        return Response(status=status, headers=html, body=page.encode(), source="recorded")
    envelope = model.derive_rules(platform).ok.body
    whole = state.merge_members(body, envelope if isinstance(envelope, dict) else {})
    return Response(
        status=_choose_success_status(login.step),
        headers=(("content-type", "application/json; charset=utf-8"), *headers),
        body=json.dumps(whole, ensure_ascii=False).encode(),
        source="recorded",
    )
