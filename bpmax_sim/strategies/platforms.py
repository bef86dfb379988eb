"""Platforms, their APIs and their instances, as the loader would make them of files."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache, lru_cache
from typing import Final

from hypothesis import strategies as st
from msgspec import UNSET
from msgspec.structs import replace

from bpmax_sim.platform.instances import Entry, Origin
from bpmax_sim.platform.load import Platforms
from bpmax_sim.platform.model import (
    Acquire,
    Api,
    Apply,
    Auth,
    CredentialSpec,
    Extract,
    Instance,
    LoginRequest,
    LoginStep,
    Parameter,
    Platform,
    Sign,
    Spot,
    snake,
)
from bpmax_sim.strategies.values import keys, scalars, words

PLACE_NAMES: Final = ("id", "no", "状态", "page", "lang", "q", "1")
"""Names of path, query and body parameters; few, so that defaults and setters meet."""

HEADER_NAMES: Final = ("X-Trace", "X-Tenant", "Accept-Language", "x-lower")

METHODS: Final = ("GET", "POST", "PUT", "DELETE", "PATCH")

_LOGIN = Acquire(
    share=("user", "secret"),
    steps=(
        LoginStep(
            request=LoginRequest(
                path="/login", form={"user": "{{ user }}", "secret": "{{ secret }}"}
            ),
            extract={
                "token": Extract(path="$.token", secret=True),
                "ttl": Extract(path="$.ttl", optional=True),
            },
        ),
    ),
)
_SIGN = Sign(
    set_headers={"X-Key": "{{ user | hex }}"},
    message="{{ method }}\n{{ target }}\n{{ body }}",
    key="{{ secret }}",
    emit=(Apply(place="header", name="X-Signature", value="{{ signature }}"),),
)
_STATIC: tuple[tuple[Spot, str, str], ...] = (
    ("header", "Authorization", "Basic {{ (user ~ ':' ~ secret) | b64 }}"),
    ("header", "Authorization", "Bearer {{ secret }}"),
    ("header", "X-Api-Key", "{{ secret }}"),
    ("query", "access_token", "{{ secret }}"),
    ("cookie", "sid", "{{ secret | hex }}"),
    ("body", "auth.key", "{{ secret }}"),
    ("path", "tenant", "{{ user }}"),
)
_ACQUIRED: tuple[tuple[Spot, str, str], ...] = (
    ("header", "Authorization", "Bearer {{ token }}"),
    ("query", "access_token", "{{ token }}"),
)
KINDS: Final = ("none", "static", "login", "signed")
"""Kinds of auth: nothing; a credential put in; one that a login yields; a signature."""


def auths(*, kinds: Iterable[str] = KINDS) -> st.SearchStrategy[Auth]:
    """Draw how calls are authorised; see `KINDS`. The credentials are ``user`` and ``secret``.

    A login is ``POST /login`` with both as a form, answered by ``{"token": …, "ttl": seconds}``.
    A signature is HMAC-SHA256 in hexadecimal over method, target and body, one on each line.
    """
    return _auths(tuple(kinds))


@cache  # here and below: checking a strategy anew costs more than drawing from it
def _auths(kinds: tuple[str, ...]) -> st.SearchStrategy[Auth]:
    known: dict[str, list[Auth]] = {
        "none": [Auth()],
        "static": [Auth(apply=(_apply(spot),)) for spot in _STATIC],
        "login": [Auth(acquire=_LOGIN, apply=(_apply(spot),)) for spot in _ACQUIRED],
        "signed": [Auth(sign=_SIGN)],
    }
    return st.sampled_from([auth for kind in kinds for auth in known[kind]])


def _apply(spot: tuple[Spot, str, str]) -> Apply:
    place, name, value = spot
    return Apply(place=place, name=name, value=value)


def apis(*, names: st.SearchStrategy[str] | None = None) -> st.SearchStrategy[Api]:
    """Draw APIs: a path with up to two placeholders, each a parameter; defaults at every place.

    Without *names* their keys are identifiers.
    """
    return _usual_apis() if names is None else _apis(names)


@cache
def _usual_apis() -> st.SearchStrategy[Api]:
    return _apis(keys())


@st.composite
def _apis(draw: st.DrawFn, names: st.SearchStrategy[str]) -> Api:
    placeholders = draw(_PLACEHOLDERS)
    start = draw(_STARTS)
    query = draw(_QUERY_STRINGS)
    body = draw(_DEFAULT_BODIES)
    return Api(
        key=draw(names),
        method=draw(_METHODS),
        path=start + "".join(f"/{{{name}}}" for name in placeholders) + query,
        parameters=tuple(draw(_parameters(placeholders))),
        query=draw(_QUERY),
        headers=draw(_HEADERS),
        body=body,
    )


@st.composite
def _parameters(draw: st.DrawFn, placeholders: list[str]) -> list[Parameter]:
    found = [Parameter(name=name, place="path", required=True) for name in placeholders]
    for place, name in draw(_OTHERS):
        if name in placeholders:
            continue
        target = {"header": f"X-{name if name.isascii() else 'Z'}", "body": f"深.{name}"}
        default = draw(scalars()) if place == "query" and draw(_EITHER) else UNSET
        found.append(
            Parameter(
                name=name,
                place=place,  # type: ignore[arg-type]
                to=target.get(place, ""),
                required=draw(_EITHER),
                default=default,
            )
        )
    return draw(st.permutations(found))


_PLACEHOLDERS = st.lists(st.sampled_from(PLACE_NAMES[:3]), unique=True, max_size=2)
_STARTS = st.sampled_from(("/api", "/客户", "/v1/合同 列表", ""))
_QUERY_STRINGS = st.sampled_from(("", "", "?v=1", "?lang=zh&flag"))
_DEFAULT_BODIES = st.sampled_from((UNSET, {"来源": "表单"}, {"page": 1, "深": {"a": [1]}}))
_METHODS = st.sampled_from(METHODS)
_EITHER = st.booleans()
_OTHERS = st.lists(
    st.tuples(st.sampled_from(("query", "header", "body")), st.sampled_from(PLACE_NAMES)),
    unique_by=lambda other: other[1],
    max_size=3,
)
_KEYS = st.sampled_from(("crm_system", "erp", "qywx-test"))
_ADDRESSES = st.sampled_from(("https://crm.example.test", "http://erp.test:8080/根/v2/"))
_QUERY = st.dictionaries(st.sampled_from(("page", "lang", "1")), scalars(), max_size=2)
_HEADERS = st.dictionaries(st.sampled_from(("X-Trace", "x-lower")), words(), max_size=2)


def platforms(
    *,
    auth: st.SearchStrategy[Auth] | None = None,
    api: st.SearchStrategy[Api] | None = None,
    max_apis: int = 3,
) -> st.SearchStrategy[Platform]:
    """Draw platforms of one to *max_apis* APIs, drawn from *api*, with an auth drawn from *auth*.

    Each is as the loader would make it of a file; `credentials` are ``user`` and ``secret``.
    """
    return _platforms(auths() if auth is None else auth, apis() if api is None else api, max_apis)


@st.composite
def _platforms(
    draw: st.DrawFn, auth: st.SearchStrategy[Auth], api: st.SearchStrategy[Api], max_apis: int
) -> Platform:
    how = draw(auth)
    drawn = draw(_some(api, max_apis))
    apis_by_key = {one.key: _with_tenant(one, how) for one in drawn}
    return Platform(
        platform_key=draw(_KEYS),
        base_url=draw(_ADDRESSES),
        credentials={"user": CredentialSpec(), "secret": CredentialSpec(secret=True)},
        auth=how,
        query=draw(_QUERY),
        headers=draw(_HEADERS),
        apis=apis_by_key,
        spellings={snake(key): key for key in apis_by_key},
    )


@lru_cache
def _some(api: st.SearchStrategy[Api], most: int) -> st.SearchStrategy[list[Api]]:
    return st.lists(api, min_size=1, max_size=most, unique_by=lambda one: snake(one.key))


def _with_tenant(api: Api, auth: Auth) -> Api:
    """Give auth the placeholder that it fills."""
    if not any(one.place == "path" for one in auth.apply):
        return api
    return replace(api, path=f"/{{tenant}}{api.path}")


def secrets() -> st.SearchStrategy[str]:
    """Draw credentials that no other text holds by chance: visible ASCII, signs included."""
    return _SECRETS


_SECRETS = st.text(st.sampled_from("aZ09+/=&%\"\\'~<"), min_size=4, max_size=12).map(
    lambda text: f"s3c{text}-Kq7"
)
_CREDENTIALS = st.fixed_dictionaries({"user": keys(), "secret": _SECRETS})


def instances(
    *, platform: str = "crm_system", key: st.SearchStrategy[str] | None = None
) -> st.SearchStrategy[Instance]:
    """Draw instances of *platform* with defaults of their own and the credentials of `auths`."""
    return st.builds(
        Instance,
        platform=st.just(platform),
        instance_key=st.sampled_from(("test", "prod", "客户甲")) if key is None else key,
        query=_QUERY,
        headers=_HEADERS,
        credentials=_CREDENTIALS,
    )


def declared(*tenants: Instance, platform: Platform) -> Platforms:
    """Return what a session takes: *platform* with *tenants*, the first of them its default."""
    flagged = [replace(one, default=not number) for number, one in enumerate(tenants)]
    entries = [Entry(one, Origin()) for one in flagged]
    return Platforms(own={platform.platform_key: platform}).with_entries(entries)
