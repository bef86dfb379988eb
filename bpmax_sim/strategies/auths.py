"""How calls are authorised: credentials put in, logins of one step and of two, signatures, presets.

Every auth drawn here uses the credentials ``user`` and ``secret``; a preset is given them in place
of its own. ``key`` is a private key, declared where a preset needs one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Final

from hypothesis import strategies as st
from msgspec.structs import replace

from bpmax_sim.platform.load import read_root
from bpmax_sim.platform.model import (
    Acquire,
    Apply,
    Auth,
    CredentialSpec,
    Extract,
    LoginRequest,
    LoginStep,
    Platform,
    ResponseRules,
    Sign,
    Spot,
    is_set,
)
from bpmax_sim.platform.template import names_in
from bpmax_sim.strategies.values import evenly, weighted
from bpmax_sim.yamlfile import read_yaml

KINDS: Final = ("none", "static", "login", "signed", "double", "steps", "preset")
"""Kinds of auth: nothing; a credential put in; one that a login yields; a signature; two put in;
one that a login of two requests yields; a shipped preset."""

LOGIN_PATH: Final = "/login"
SECOND_PATH: Final = "/token"
"""Paths of a login, and of the second request of one in two steps."""

_FIRST: Final = LoginRequest(path=LOGIN_PATH, form={"user": "{{ user }}", "secret": "{{ secret }}"})
_YIELDED: Final = {
    "token": Extract(path="$.token", secret=True),
    "ttl": Extract(path="$.ttl", optional=True),
}
_SHARED: Final = ("user", "secret")
_LOGIN: Final = Acquire(share=_SHARED, steps=(LoginStep(request=_FIRST, extract=_YIELDED),))
_TWO_STEPS: Final = Acquire(
    share=_SHARED,
    steps=(
        LoginStep(request=_FIRST, extract={"ticket": Extract(path="$.ticket", secret=True)}),
        LoginStep(
            request=LoginRequest(path=SECOND_PATH, body={"ticket": "{{ ticket }}"}),
            extract=_YIELDED,
        ),
    ),
)
_SIGN: Final = Sign(
    set_headers={"X-Key": "{{ user | hex }}"},
    message="{{ method }}\n{{ target }}\n{{ body }}",
    key="{{ secret }}",
    emit=(Apply(place="header", name="X-Signature", value="{{ signature }}"),),
)


def _spot(place: Spot, name: str, value: str) -> Apply:
    return Apply(place=place, name=name, value=value)


_BASIC: Final = _spot("header", "Authorization", "Basic {{ (user ~ ':' ~ secret) | b64 }}")
_KEY: Final = _spot("header", "X-Api-Key", "{{ secret }}")
_QUERY: Final = _spot("query", "access_token", "{{ secret }}")
_COOKIE: Final = _spot("cookie", "sid", "{{ secret | hex }}")
_BODY: Final = _spot("body", "auth.key", "{{ secret }}")
_USER: Final = _spot("header", "X-Api-Key", "{{ user }}")
_BEARER: Final = _spot("header", "Authorization", "Bearer {{ secret }}")
_TENANT: Final = _spot("path", "tenant", "{{ user }}")
_TOKEN: Final = _spot("header", "Authorization", "Bearer {{ token }}")
_ACQUIRED: Final = (_TOKEN, _spot("query", "access_token", "{{ token }}"))

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
    """Draw how calls are authorised; see `KINDS`. The credentials are ``user`` and ``secret``.

    A login is ``POST /login`` with both as a form, answered by ``{"token": …, "ttl": seconds}``;
    in two steps by ``{"ticket": …}``, which ``POST /token`` takes as JSON for the same response. A
    signature is HMAC-SHA256 in hexadecimal over method, target and body, one on each line.
    """
    return _auths(tuple(kinds))


@cache  # checking a strategy anew costs more than drawing from it
def _auths(kinds: tuple[str, ...]) -> st.SearchStrategy[Auth]:
    presets = evenly(sorted(PRESETS)).flatmap(lambda name: st.sampled_from(preset_auths(name)))
    drawn = {kind: st.sampled_from(auths) for kind, auths in _AUTHS.items()} | {"preset": presets}
    # There are many presets and static auths.
    return weighted(*((_WEIGHTS.get(kind, 2), drawn[kind]) for kind in kinds))


_WEIGHTS: Final = {"none": 3, "static": 4, "double": 4, "preset": 20}
_AUTHS: Final[Mapping[str, list[Auth]]] = {
    "none": [Auth()],
    "static": [
        Auth(apply=(spot,)) for spot in (_BASIC, _BEARER, _KEY, _QUERY, _COOKIE, _BODY, _TENANT)
    ],
    "login": [Auth(acquire=_LOGIN, apply=(spot,)) for spot in _ACQUIRED],
    "signed": [Auth(sign=_SIGN)],
    "double": [
        Auth(apply=(_BASIC, _QUERY)),
        Auth(apply=(_KEY, _COOKIE)),
        Auth(apply=(_BODY, _USER)),
        Auth(acquire=_LOGIN, apply=(_TOKEN, _USER)),
    ],
    "steps": [Auth(acquire=_TWO_STEPS, apply=(spot,)) for spot in _ACQUIRED],
}


@cache
def preset_auths(name: str) -> list[Auth]:
    """Return the auths that the preset *name* becomes with each of its `PRESETS`."""
    return [preset_platform(name, number).auth for number in range(len(PRESETS[name]))]


@cache
def preset_platform(name: str, number: int = 0) -> Platform:
    """Return a platform that has the preset *name* alone, with what it says of responses."""
    arguments = PRESETS[name][number]
    text = (
        "{platform_key: drawn, base_url: 'https://drawn.example.test', credentials: {user: {}, "
        "secret: {secret: true}, key: {kind: rsa, secret: true}}, "
        f"auth: {{preset: {name}{f', {arguments}' if arguments else ''}}}}}"
    )
    file = read_root(read_yaml(text, file=f"preset {name}"))
    assert file.platform is not None, file.problems
    auth = file.platform.auth
    if auth.acquire is not None:
        auth = replace(auth, acquire=replace(auth.acquire, share=_SHARED))
    if "platform_public_key" in auth.parameters:
        parameters = {**auth.parameters, "platform_public_key": public_key()}
        auth = replace(auth, parameters=parameters)
    return replace(file.platform, auth=auth)


def _origin(auth: Auth) -> Platform | None:
    """Return the platform of the preset that *auth* was drawn from."""
    names = ((name, number) for name, every in PRESETS.items() for number in range(len(every)))
    platforms = (preset_platform(*name) for name in names)
    return next((platform for platform in platforms if platform.auth is auth), None)


def rules_of(auth: Auth) -> ResponseRules:
    """Return what the preset that *auth* was drawn from says of responses."""
    origin = _origin(auth)
    return origin.response if origin else ResponseRules()


def credentials_of(*auths: Auth) -> dict[str, CredentialSpec]:
    """Return what a platform declares for *auths*: ``user``, ``secret``, and what presets add."""
    known = {"user": CredentialSpec(), "secret": CredentialSpec(secret=True)}
    for auth in auths:
        origin = _origin(auth)
        known |= {
            name: spec
            for name, spec in (origin.credentials.items() if origin else ())
            if is_set(spec.default)
        }
    texts = [text for auth in auths for text in auth.parameters.values() if isinstance(text, str)]
    if any("key" in names_in(text) for text in texts):
        known["key"] = CredentialSpec(kind="rsa", secret=True, default=private_key())
    return known


def private_key() -> str:
    """Return an RSA key that was made for this process."""
    return _keys()[0]


def public_key() -> str:
    """Return the public half of `private_key`: with it, wechatpay_v3 verifies responses."""
    return _keys()[1]


@cache
def _keys() -> tuple[str, str]:
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415 - heavy
    from cryptography.hazmat.primitives.asymmetric import rsa  # noqa: PLC0415

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = serialization.Encoding.PEM
    private = key.private_bytes(
        pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(pem, serialization.PublicFormat.SubjectPublicKeyInfo)
    return private.decode(), public.decode()
