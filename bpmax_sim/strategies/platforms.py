"""Draw platforms, their APIs, auths and instances, as the loader would make them from files.

The kinds of auth are inserted credentials, logins in one step and in two, signatures, and presets.
All use the credentials ``user`` and ``secret``, also a preset, in place of its own. ``key`` is a
private key, declared where a preset needs one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache, lru_cache
from typing import Any, Final

from hypothesis import strategies as st
from msgspec import UNSET
from msgspec.structs import replace

from bpmax_sim.platform import model
from bpmax_sim.platform.check import contains_template
from bpmax_sim.platform.instances import InstanceOrigin, InstanceWithOrigin
from bpmax_sim.platform.load import Platforms, read_platform_root
from bpmax_sim.platform.model import Api, Auth, Instance, Parameter, Platform
from bpmax_sim.platform.template import find_names
from bpmax_sim.strategies.values import (
    cache_strategy,
    draw_evenly,
    draw_weighted,
    header_values,
    identifiers,
    scalars,
)
from bpmax_sim.yamlfile import read_yaml

KINDS: Final = ("none", "static", "login", "signed", "double", "steps", "preset")
"""Kinds of auth: nothing; a credential put in; one that a login yields; a signature; two put in;
one that a login of two requests yields; a shipped preset."""

LOGIN_PATH: Final = "/login"
SECOND_PATH: Final = "/token"
"""Paths of a login, and of the second request of one in two steps."""

_FIRST: Final = model.LoginRequest(
    path=LOGIN_PATH, form={"user": "{{ user }}", "secret": "{{ secret }}"}
)
_YIELDED: Final = {
    "token": model.Extract(path="$.token", secret=True),
    "ttl": model.Extract(path="$.ttl", optional=True),
}
_SHARED: Final = ("user", "secret")
_LOGIN: Final = model.Acquire(
    share=_SHARED, steps=(model.LoginStep(request=_FIRST, extract=_YIELDED),)
)
_TWO_STEPS: Final = model.Acquire(
    share=_SHARED,
    steps=(
        model.LoginStep(
            request=_FIRST, extract={"ticket": model.Extract(path="$.ticket", secret=True)}
        ),
        model.LoginStep(
            request=model.LoginRequest(path=SECOND_PATH, body={"ticket": "{{ ticket }}"}),
            extract=_YIELDED,
        ),
    ),
)
_SIGN: Final = model.Sign(
    set_headers={"X-Key": "{{ user | hex }}"},
    message="{{ method }}\n{{ target }}\n{{ body }}",
    key="{{ secret }}",
    emit=(model.Apply(place="header", name="X-Signature", value="{{ signature }}"),),
)


def _make_apply_entry(place: model.Spot, name: str, value: str) -> model.Apply:
    return model.Apply(place=place, name=name, value=value)


_BASIC: Final = _make_apply_entry(
    "header", "Authorization", "Basic {{ (user ~ ':' ~ secret) | b64 }}"
)
_KEY: Final = _make_apply_entry("header", "X-Api-Key", "{{ secret }}")
_IN_QUERY: Final = _make_apply_entry("query", "access_token", "{{ secret }}")
_COOKIE: Final = _make_apply_entry("cookie", "sid", "{{ secret | hex }}")
_BODY: Final = _make_apply_entry("body", "auth.key", "{{ secret }}")
_USER: Final = _make_apply_entry("header", "X-Api-Key", "{{ user }}")
_BEARER: Final = _make_apply_entry("header", "Authorization", "Bearer {{ secret }}")
_TENANT: Final = _make_apply_entry("path", "tenant", "{{ user }}")
_TOKEN: Final = _make_apply_entry("header", "Authorization", "Bearer {{ token }}")
_ACQUIRED: Final = (_TOKEN, _make_apply_entry("query", "access_token", "{{ token }}"))

PRESETS: Final[Mapping[str, tuple[str, ...]]] = {
    "acs3": (
        """access_key_id: '{{ user }}', access_key_secret: '{{ secret }}', action: GetUser,
        version: '2014-05-26'""",
    ),
    "api_key": (
        "key: '{{ secret }}'",
        "key: '{{ secret }}', in: query, name: access_token",
        "key: '{{ secret | hex }}', in: cookie, name: sid",
    ),
    "aws_sigv4": (
        """access_key_id: '{{ user }}', secret_access_key: '{{ secret }}', region: cn-north-1,
        service: execute-api""",
    ),
    "basic": ("username: '{{ user }}', password: '{{ secret }}'",),
    "bearer": ("token: '{{ secret }}'",),
    "csrf_session": ("username: '{{ user }}', password: '{{ secret }}', fetch_path: /csrf",),
    "dingtalk_robot": ("access_token: '{{ user }}', robot_secret: '{{ secret }}'",),
    "feishu_bot": ("bot_secret: '{{ secret }}'",),
    "hmac": ("app_key: '{{ user }}', app_secret: '{{ secret }}'",),
    "huawei_sdk": ("access_key: '{{ user }}', secret_key: '{{ secret }}'",),
    "jwt_bearer": (
        "client_id: '{{ user }}', private_key: '{{ secret | sha256_hex }}', algorithm: HS256",
    ),
    "login_token": ("username: '{{ user }}', password: '{{ secret }}'",),
    "none": ("",),
    "oauth2_client_credentials": (
        "client_id: '{{ user }}', client_secret: '{{ secret }}'",
        "client_id: '{{ user }}', client_secret: '{{ secret }}', client_auth: body, scope: crm",
    ),
    "oauth2_refresh_token": (
        "client_id: '{{ user }}', client_secret: '{{ user }}', refresh_token: '{{ secret }}'",
    ),
    "standard_webhooks": ("webhook_secret: '{{ secret | b64 }}'",),
    "tc3": ("secret_id: '{{ user }}', secret_key: '{{ secret }}', service: cvm, action: GetUser",),
    "wechatpay_v3": (
        """mchid: '{{ user }}', serial_no: SN-1, private_key: '{{ key }}', platform_key_id: PK-1,
        platform_public_key: ''""",
    ),
}
"""Parameters of each shipped preset, in ``{preset: …}``; several are drawn in turn."""


def auths(*, kinds: Iterable[str] = KINDS) -> st.SearchStrategy[Auth]:
    """Draw ways to authenticate (`Auth`) of *kinds*, by default of all.

    ``none`` is nothing, ``static`` a credential put in, ``double`` two put in, ``login`` one that a
    login yields, ``steps`` one that a login of two requests yields, ``signed`` a signature,
    ``preset`` a shipped preset.

    Their credentials are called ``user`` and ``secret``. A login is ``POST /login`` with both as a
    form, answered by ``{"token": …, "ttl": seconds}``; in two steps by ``{"ticket": …}``, which
    ``POST /token`` takes as JSON for the same response. A signature is HMAC-SHA256 in hexadecimal
    over method, target and body, one on each line.
    """
    return _draw_auths(tuple(kinds))


@cache  # checking a strategy anew costs more than drawing from it
def _draw_auths(kinds: tuple[str, ...]) -> st.SearchStrategy[Auth]:
    presets = draw_evenly(sorted(PRESETS)).flatmap(
        lambda name: st.sampled_from(make_preset_auths(name))
    )
    drawn = {kind: draw_evenly(auths) for kind, auths in _AUTHS.items()} | {"preset": presets}
    # There are many presets, and what two credentials do to each other has few tests of its own.
    return draw_weighted(*((_WEIGHTS.get(kind, 2), drawn[kind]) for kind in kinds))


_WEIGHTS: Final = {"none": 3, "static": 5, "double": 8, "preset": 20}
_AUTHS: Final[Mapping[str, list[Auth]]] = {
    "none": [Auth()],
    "static": [
        Auth(apply=(spot,)) for spot in (_BASIC, _BEARER, _KEY, _IN_QUERY, _COOKIE, _BODY, _TENANT)
    ],
    "login": [Auth(acquire=_LOGIN, apply=(spot,)) for spot in _ACQUIRED],
    "signed": [Auth(sign=_SIGN)],
    "double": [
        Auth(apply=(_BASIC, _IN_QUERY)),
        Auth(apply=(_KEY, _COOKIE)),
        Auth(apply=(_BODY, _USER)),  # twice, as no preset writes into the body
        Auth(apply=(_BODY, _KEY)),
        Auth(acquire=_LOGIN, apply=(_TOKEN, _USER)),
    ],
    "steps": [Auth(acquire=_TWO_STEPS, apply=(spot,)) for spot in _ACQUIRED],
}


@cache
def make_preset_auths(name: str) -> list[Auth]:
    """Return one `Auth` for each set of arguments that `PRESETS` has for the auth preset *name*."""
    return [make_auth_preset_platform(name, number).auth for number in range(len(PRESETS[name]))]


@cache
def make_auth_preset_platform(name: str, number: int = 0) -> Platform:
    """Return a platform with the auth preset *name*, and the response rules that belong to it.

    *number* selects one of the sets of arguments in `PRESETS`.
    """
    arguments = PRESETS[name][number]
    text = (
        "{platform_key: drawn, base_url: 'https://drawn.example.test', credentials: {user: {}, "
        "secret: {secret: true}, key: {kind: rsa, secret: true}}, "
        f"auth: {{preset: {name}{f', {arguments}' if arguments else ''}}}}}"
    )
    file = read_platform_root(read_yaml(text, file=f"preset {name}"))
    assert file.platform is not None, file.problems
    auth = file.platform.auth
    if auth.acquire is not None:
        auth = replace(auth, acquire=replace(auth.acquire, share=_SHARED))
    if "platform_public_key" in auth.parameters:
        parameters = {**auth.parameters, "platform_public_key": get_public_key()}
        auth = replace(auth, parameters=parameters)
    return replace(file.platform, auth=auth)


def _find_platform_of_preset_auth(auth: Auth) -> Platform | None:
    """Return the platform whose preset gave *auth*, the same object; None if no preset did."""
    names = ((name, number) for name, every in PRESETS.items() for number in range(len(every)))
    platforms = (make_auth_preset_platform(*name) for name in names)
    return next((platform for platform in platforms if platform.auth is auth), None)


def find_response_rules(auth: Auth) -> model.ResponseRules:
    """Return the response rules that belong to *auth*: those of its preset, else the default ones.

    A preset also declares how responses with an expired token look.
    """
    origin = _find_platform_of_preset_auth(auth)
    return origin.response if origin else model.ResponseRules()


def collect_credentials(*auths: Auth) -> dict[str, model.CredentialSpec]:
    """Return the credentials that *auths* need: ``user``, ``secret`` and those of presets."""
    known = {"user": model.CredentialSpec(), "secret": model.CredentialSpec(secret=True)}
    for auth in auths:
        origin = _find_platform_of_preset_auth(auth)
        known |= {
            name: spec
            for name, spec in (origin.credentials.items() if origin else ())
            if model.is_set(spec.default)
        }
    texts = [text for auth in auths for text in auth.parameters.values() if isinstance(text, str)]
    if any("key" in find_names(text) for text in texts):
        known["key"] = model.CredentialSpec(kind="rsa", secret=True, default=get_private_key())
    return known


def get_private_key() -> str:
    """Return an RSA private key as PEM text, generated once for this process."""
    return _generate_key_pair()[0]


def get_public_key() -> str:
    """Return the public key of `get_private_key`, with which wechatpay_v3 verifies responses."""
    return _generate_key_pair()[1]


@cache
def _generate_key_pair() -> tuple[str, str]:
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415 - heavy
    from cryptography.hazmat.primitives.asymmetric import rsa  # noqa: PLC0415

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = serialization.Encoding.PEM
    private = key.private_bytes(
        pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(pem, serialization.PublicFormat.SubjectPublicKeyInfo)
    return private.decode(), public.decode()


PLACE_NAMES: Final = ("id", "no", "状态", "page", "lang", "q", "1")
"""Names of path, query and body parameters; few, so that defaults and setters meet."""

_DEFAULTED: Final = ("page", "lang", "1")
"""Those that a default of any level may have, which is of any type."""

HEADER_NAMES: Final = ("X-Trace", "X-Tenant", "Accept-Language", "x-lower")

METHODS: Final = ("GET", "POST", "PUT", "DELETE", "PATCH")


@cache_strategy
@st.composite
def apis(draw: st.DrawFn, *, names: st.SearchStrategy[str] | None = None) -> Api:
    """Draw declared APIs.

    They have up to two path placeholders, each of which is a parameter, and defaults at every
    place. Their keys are drawn from *names*, by default identifiers.
    """
    key = draw(_NAMES if names is None else names)
    placeholders = draw(_PLACEHOLDERS)
    encoding = draw(_ENCODINGS)
    return Api(
        key=key,
        aliases=(f"old_{key}",) if draw(_EITHER) else (),
        method=draw(_METHODS),
        path=draw(_STARTS)
        + _make_placeholder_path(placeholders, draw(_JOINS))
        + draw(_QUERY_STRINGS),
        parameters=tuple(draw(_draw_parameters(placeholders, encoding))),
        query=draw(_QUERY),
        headers=draw(_SOME_HEADERS),
        body=draw(_BODIES[encoding]),
        encoding=encoding or UNSET,  # type: ignore[arg-type]
    )


def _make_placeholder_path(names: list[str], join: str) -> str:
    """Return a path such as ``/{a}/{b}``; *join* is the text between two placeholders."""
    return f"/{join.join(f'{{{name}}}' for name in names)}" if names else ""


@st.composite
def _draw_parameters(draw: st.DrawFn, placeholders: list[str], encoding: str) -> list[Parameter]:
    parameters = [
        Parameter(name=name, place="path", required=True, **draw(_TYPES["path"]))
        for name in placeholders
    ]
    for place, name in draw(_OTHERS):
        # A text has no place for a parameter, and XML only for the name of an element.
        is_held = encoding != "text" and (encoding != "xml" or name[0].isalpha())
        if name in placeholders or (place == "body" and not is_held):
            continue
        default = draw(scalars()) if place == "query" and draw(_EITHER) else UNSET
        typed = draw(_TYPES[place if place != "body" or not encoding else "query"])
        is_free = name in _DEFAULTED and place != "header"
        parameters.append(
            Parameter(
                name=name,
                place=place,  # type: ignore[arg-type]
                to=_format_parameter_target(place, name, encoding),
                required=draw(_EITHER),
                default=default,
                **(typed if default is UNSET and not is_free else {}),
            )
        )
    return draw(st.permutations(parameters))


def _format_parameter_target(place: str, name: str, encoding: str) -> str:
    if place == "header":
        return f"X-{name if name.isascii() else 'Z'}"
    return _INNER.get(encoding, "{}").format(name) if place == "body" else ""


_INNER: Final = {"": "深.{}", "xml": "单.{}"}
"""Where a parameter stands in a body; in forms under its own name."""

_NAMES = identifiers() | st.builds(
    "{}_{}".format, st.sampled_from(("get", "create", "find")), identifiers()
)
_PLACEHOLDERS = st.lists(st.sampled_from(PLACE_NAMES[:3]), unique=True, max_size=2)
_JOINS = st.sampled_from(("/", "/", "-", "."))
_STARTS = st.sampled_from(("/api", "/客户", "/v1/合同 列表", ""))
_QUERY_STRINGS = st.sampled_from(("", "", "?v=1", "?lang=zh&flag"))
_ENCODINGS = st.sampled_from(("", "", "", "", "", "form", "multipart", "xml", "text"))
_IN_FORMS = st.sampled_from((UNSET, {"来源": "表单"}, {"page": 1, "来源": ["a", 2]}))
_BODIES: Final[Mapping[str, st.SearchStrategy[Any]]] = {
    "": st.sampled_from((UNSET, {"来源": "表单"}, {"page": 1, "深": {"a": [1]}})),
    "form": _IN_FORMS,
    "multipart": _IN_FORMS,
    "xml": st.sampled_from((UNSET, {"单": {"来源": "表单", "@no": 7}})),
    "text": st.sampled_from((UNSET, "默认 { 文本 }")),
}
_METHODS = st.sampled_from(METHODS)
_EITHER = st.booleans()
_SELDOM = st.integers(0, 3).map(lambda number: number == 1)
_RARELY = st.integers(0, 7).map(lambda number: number == 1)
_OTHERS = st.lists(
    st.tuples(st.sampled_from(("query", "header", "body")), st.sampled_from(PLACE_NAMES)),
    unique_by=lambda other: other[1],
    max_size=3,
)
_ORDER: Final = {
    "type": "object",
    "properties": {"名称": {"type": "string"}, "数量": {"type": "integer"}},
    "required": ["名称"],
}
_SINGLE: Final[tuple[dict[str, Any], ...]] = (
    {}, {}, {}, {"type": "integer"}, {"enum": ("开", "关", "a b")}, {"format": "date"},
)  # fmt: skip
_TYPES: Final[Mapping[str, st.SearchStrategy[dict[str, Any]]]] = {
    "path": st.sampled_from(_SINGLE),
    "query": st.sampled_from((*_SINGLE, {"type": "boolean"})),
    "header": st.sampled_from(({}, {}, {"format": "uuid"}, {"type": "integer"})),
    "body": st.sampled_from((*_SINGLE, {"type": "object"}, {"type": "array"}, {"schema": _ORDER})),
}
"""What is declared of values at each place."""

_KEYS = st.sampled_from(("crm_system", "erp", "qywx-test"))
_ADDRESSES = st.sampled_from(("https://crm.example.test", "http://erp.test:8080/根/v2/"))
_OWN_ADDRESSES = st.sampled_from(("", "", "", "https://own.example.test/租户/"))
_NAMES_OF_HEADERS = st.sampled_from(("X-Trace", "x-lower"))
_HEADER_DEFAULTS = header_values().filter(lambda value: not contains_template(value))
_QUERY_DEFAULTS = scalars().filter(lambda value: not contains_template(value))
_QUERY = st.dictionaries(st.sampled_from(_DEFAULTED), _QUERY_DEFAULTS, max_size=2)
_SOME_HEADERS = st.dictionaries(_NAMES_OF_HEADERS, _HEADER_DEFAULTS, min_size=1)
_HEADERS = st.dictionaries(_NAMES_OF_HEADERS, _HEADER_DEFAULTS, max_size=2)


@st.composite
def platforms(
    draw: st.DrawFn,
    *,
    auth: st.SearchStrategy[Auth] | None = None,
    api: st.SearchStrategy[Api] | None = None,
    max_apis: int = 3,
) -> Platform:
    """Draw platforms with one to *max_apis* APIs.

    APIs are drawn from *api*, the way to authenticate from *auth*. A platform is as the loader
    would make it of a file; its credentials are ``user`` and ``secret``.
    """
    auth = auths() if auth is None else auth
    how = draw(auth)
    drawn = [
        _set_auth_and_drop_conflicts(api, how, draw(auth) if draw(_RARELY) else None)
        for api in draw(_draw_apis(apis() if api is None else api, max_apis))
    ]
    apis_by_key = {api.key: api for api in drawn}
    aliases = {model.to_snake_case(alias): api.key for api in drawn for alias in api.aliases}
    own = [api.auth for api in drawn if isinstance(api.auth, Auth)]
    return Platform(
        platform_key=draw(_KEYS),
        base_url=draw(_ADDRESSES),
        credentials=collect_credentials(how, *own),
        auth=how,
        response=find_response_rules(how),
        query=draw(_QUERY),
        headers=draw(_HEADERS),
        strict=draw(_SELDOM),
        apis=apis_by_key,
        spellings={**aliases, **{model.to_snake_case(key): key for key in apis_by_key}},
    )


def _set_auth_and_drop_conflicts(api: Api, platform_auth: Auth, own: Auth | None) -> Api:
    """Return *api* with the auth *own*, if given, and without parts that auth would overwrite.

    Without *own* the API is called with *platform_auth*, that of its platform. An auth that writes
    into the body needs JSON, so another encoding is removed with its parameters; a placeholder that
    auth fills is added to the path.
    """
    auth = platform_auth if own is None else own
    spots = (*auth.apply, *(auth.sign.emit if auth.sign else ()))
    if api.encoding is not UNSET and any(spot.place == "body" for spot in spots):
        parameters = tuple(parameter for parameter in api.parameters if parameter.place != "body")
        api = replace(api, encoding=UNSET, body=UNSET, parameters=parameters)
    if own is not None:
        api = replace(api, auth=own, response=find_response_rules(own))
    if any(spot.place == "path" for spot in spots):
        return replace(api, path=f"/{{tenant}}{api.path}")
    return api


@lru_cache
def _draw_apis(api: st.SearchStrategy[Api], max_apis: int) -> st.SearchStrategy[list[Api]]:
    return st.lists(
        api, min_size=1, max_size=max_apis, unique_by=lambda item: model.to_snake_case(item.key)
    )


@cache_strategy
def secrets() -> st.SearchStrategy[str]:
    """Draw credentials: visible ASCII that no other text contains by chance."""
    drawn = st.text(st.sampled_from("aZ09+/=&%\"\\'~<"), min_size=4, max_size=12)
    return drawn.map(lambda text: f"s3c{text}-Kq7")


_CREDENTIALS = st.fixed_dictionaries({"user": identifiers(), "secret": secrets()})


def instances(
    *, platform: str = "crm_system", key: st.SearchStrategy[str] | None = None
) -> st.SearchStrategy[Instance]:
    """Draw instances of *platform*, with defaults of their own and credentials that fit `auths`."""
    return st.builds(
        Instance,
        platform=st.just(platform),
        instance_key=st.sampled_from(("test", "prod", "客户甲")) if key is None else key,
        base_url=_OWN_ADDRESSES,
        query=_QUERY,
        headers=_HEADERS,
        credentials=_CREDENTIALS,
    )


def with_instances(*tenants: Instance, platform: Platform) -> Platforms:
    """Return *platform* with the instances *tenants*; calls without instance use the first."""
    flagged = [replace(tenant, default=not number) for number, tenant in enumerate(tenants)]
    entries = [InstanceWithOrigin(tenant, InstanceOrigin()) for tenant in flagged]
    return Platforms(own={platform.platform_key: platform}).copy_replacing_entries(entries)
