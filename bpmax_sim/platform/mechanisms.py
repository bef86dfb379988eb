"""How answers are judged and calls authorised, as a platform file declares it.

Texts that may hold ``{{ … }}`` are templates (`bpmax_sim.platform.template`). Durations are
seconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType, field

from bpmax_sim.yamlfile import Seconds

Kind = Literal["text", "integer", "base64", "hex", "rsa", "ec", "jwt"]
Spot = Literal["path", "query", "header", "cookie", "body"]


class Model(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """The common shape of everything that is read from a file."""


class Condition(Model, frozen=True, kw_only=True):
    """A value of the answer, compared as text with any of *in*, or absent."""

    path: str
    any_of: tuple[Any, ...] = field(default=(), name="in")
    absent: bool = False


class OkRule(Model, frozen=True, kw_only=True):
    """When an answer is a success: its status, and every condition."""

    status: tuple[int, ...] = ()
    all: tuple[Condition, ...] = ()


class ErrorClass(Model, frozen=True, kw_only=True):
    """Answers that belong to a class of failure: by business code (as text) or by status."""

    code: tuple[Any, ...] = ()
    status: tuple[int, ...] = ()


class ResponseRules(Model, frozen=True, kw_only=True):
    """How an answer is read; several paths are tried in order, ``header:Name`` reads a header."""

    ok: OkRule = OkRule()
    code: tuple[str, ...] = ()
    message: tuple[str, ...] = ()
    data: tuple[str, ...] = ()
    classes: Mapping[str, ErrorClass] = {}


class Extract(Model, frozen=True, kw_only=True):
    """A value taken from a login answer: JSON path, ``header:Name`` or ``cookie:Name``."""

    path: str
    secret: bool = False
    kind: Kind = "text"
    optional: bool = False


class LoginRequest(Model, frozen=True, kw_only=True):
    """One request of a login; every text is a template."""

    method: str = "POST"
    path: str = ""
    url: str = ""
    query: Mapping[str, Any] = {}
    headers: Mapping[str, str] = {}
    form: Mapping[str, Any] | UnsetType = UNSET
    body: Any = UNSET


class LoginStep(Model, frozen=True, kw_only=True):
    """A request, what counts as success, and the values its answer yields."""

    request: LoginRequest
    ok: OkRule | UnsetType = UNSET
    extract: Mapping[str, Extract] = {}


class Ttl(Model, frozen=True, kw_only=True):
    """How long acquired values live; a value named ``ttl`` in ``extract`` overrides *default*."""

    unit: Literal["s", "ms", "absolute", "absolute_ms"] = "s"
    default: Seconds = 3600
    margin: Seconds = 60


class Acquire(Model, frozen=True, kw_only=True):
    """How state is obtained before a call.

    Attributes:
        share: credentials that make up the cache key, besides platform and instance.
        methods: HTTP methods that need it (empty: all); SAP's CSRF token is for writes only.
    """

    steps: tuple[LoginStep, ...]
    share: tuple[str, ...] = ()
    ttl: Ttl = Ttl()
    methods: tuple[str, ...] = ()


class Apply(Model, frozen=True, kw_only=True):
    """A value put into the request; for ``in: body`` *name* is a dotted path."""

    place: Spot = field(name="in")
    name: str
    value: str


class Sign(Model, frozen=True, kw_only=True):
    """Canonical string → key → algorithm → encoding → place.

    Attributes:
        define: named templates, rendered in order, each seeing the ones before it.
        default_headers: headers set before signing where the request has none.
        set_headers: headers set before signing, instead of a script's own.
        set_query: the same for the query.
        canonical: more named templates, which see the request with these headers and query.
        message: the string to sign.
        key: a template, or several for a chain in which each digest is the next key.
        key_encoding: how the key (the first of a chain) is written.
        emit: where ``{{ signature }}`` and the defined values go; what a script put there goes.

    Names of headers and query parameters may be templates as well. What renders to nothing is not
    set.
    """

    define: tuple[Mapping[str, str], ...] = ()
    default_headers: Mapping[str, str] = {}
    set_headers: Mapping[str, str] = {}
    set_query: Mapping[str, str] = {}
    canonical: tuple[Mapping[str, str], ...] = ()
    message: str = ""
    key: str | tuple[str, ...] = ""
    key_encoding: Literal["utf8", "base64", "hex"] = "utf8"
    algorithm: Literal[
        "hmac-sha1", "hmac-sha256", "hmac-sha512", "hmac-md5", "rsa-sha256", "md5", "sha1", "sha256"
    ] = "hmac-sha256"
    encode: Literal["hex", "upper_hex", "base64", "hex_base64", "base64url"] = "hex"
    emit: tuple[Apply, ...] = ()


class VerifyResponse(Model, frozen=True, kw_only=True):
    """How a signed 2xx answer is checked (WeChat Pay v3).

    Templates see ``response_status``, ``response_headers`` (lower-case names) and
    ``response_body``.

    Attributes:
        key: the secret, public key or certificate; nothing when the answer names an unknown one.
        timestamp: when the answer was signed, in POSIX seconds; empty for no check.
        window: seconds that *timestamp* may be away from now.
    """

    message: str
    signature: str
    key: str
    algorithm: Literal["rsa-sha256", "hmac-sha256"] = "rsa-sha256"
    encode: Literal["hex", "base64"] = "base64"
    timestamp: str = ""
    window: float = 300


class Recover(Model, frozen=True, kw_only=True):
    """What a class of failure triggers.

    Attributes:
        refresh: times to acquire anew and send again.
        tries: sendings in all.
        wait: where a wait in seconds may be read, first present wins; else *backoff*.
        backoff: seconds before the second try, doubled for each further one.
        clock: correct the signing clock once from the ``Date`` header.
    """

    refresh: Annotated[int, Meta(ge=0, le=1)] = 0
    tries: Annotated[int, Meta(ge=1, le=10)] = 1
    wait: tuple[str, ...] = ()
    backoff: Seconds = 1.0
    clock: bool = False


class Auth(Model, frozen=True, kw_only=True):
    """The four mechanisms; *parameters* are extra names for the templates."""

    parameters: Mapping[str, Any] = {}
    acquire: Acquire | None = None
    apply: tuple[Apply, ...] = ()
    sign: Sign | None = None
    verify_response: VerifyResponse | None = None
    recover: Mapping[str, Recover] = {}
