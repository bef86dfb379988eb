"""The content of a platform file as frozen values; nothing here reads files or renders templates.

It contains calls and credentials, how responses are judged and calls authorised, the two spellings
of an API's name (``getCustomerDetail`` and ``get_customer_detail``), and the places of secrets and
of auth in messages. The JSON Schema of the files is generated from these types. Durations are
seconds. Texts that may contain ``{{ … }}`` are templates (`bpmax_sim.platform.template`).
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from functools import lru_cache
from itertools import count
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType, field

from bpmax_sim.field_path import split_body_path
from bpmax_sim.i18n import msg
from bpmax_sim.messages import Sensitive
from bpmax_sim.platform.encodings import FilterError, decode_base64, decode_hex
from bpmax_sim.platform.template import render
from bpmax_sim.yamlfile import INTERNAL, Seconds

Kind = Literal["text", "integer", "base64", "hex", "rsa", "ec", "jwt"]
YieldKind = Literal["text", "integer", "base64", "hex", "rsa", "ec", "jwt", "challenge"]
"""What a login may yield: a credential, or the challenge of a server that is answered with one."""

Spot = Literal["path", "query", "header", "cookie", "body"]


# Unknown keys are refused: a misspelt one would silently leave a setting as it is.
class Model(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Base of what is read from YAML files; attributes are the keys of a mapping there."""


class Condition(Model, frozen=True, kw_only=True):
    """A condition on a response: the value at *path*, as text, is one of *any_of* (key ``in``).

    With *absent*, that there is no such value.
    """

    path: str
    any_of: tuple[Any, ...] = field(default=(), name="in")
    absent: bool = False


class OkRule(Model, frozen=True, kw_only=True):
    """When a response is successful: if it has one of these statuses and *all* conditions hold."""

    status: tuple[int, ...] = ()
    all: tuple[Condition, ...] = ()


class ErrorClass(Model, frozen=True, kw_only=True):
    """Which responses belong to a class of failure; any of these is enough.

    Attributes:
        status: HTTP statuses.
        code: business codes, compared as text.
        location: paths of redirects, such as that of a login page.
    """

    code: tuple[Any, ...] = ()
    status: tuple[int, ...] = ()
    location: tuple[str, ...] = ()


class ResponseRules(Model, frozen=True, kw_only=True):
    """Which responses are successful, and where they contain code, message and data.

    If there are several paths, the first that exists is used; ``header:Name`` reads a header.
    """

    ok: OkRule = OkRule()
    code: tuple[str, ...] = ()
    message: tuple[str, ...] = ()
    data: tuple[str, ...] = ()
    classes: Mapping[str, ErrorClass] = {}


class Extract(Model, frozen=True, kw_only=True):
    """A value taken from a login response.

    Attributes:
        path: a JSON path, ``header:Name``, ``cookie:Name``, ``cookies`` for a whole Cookie header,
            ``css:selector`` into a page, or ``regex:pattern`` with one group into any text.
            Cookies are those of all steps and redirects so far.
        secret: without it, the value is hidden only if its name or shape is that of a secret;
            false keeps it readable, but for cookies, which are always hidden.
    """

    path: str
    secret: bool | UnsetType = UNSET
    kind: YieldKind = "text"
    optional: bool = False


class LoginRequest(Model, frozen=True, kw_only=True):
    """One request of a login; every text is a template.

    Attributes:
        host: the name of the platform's host that *path* is below; the platform's own without it.
    """

    method: str = "POST"
    path: str = ""
    url: str = ""
    host: str = ""
    query: Mapping[str, Any] = {}
    headers: Mapping[str, str] = {}
    form: Mapping[str, Any] | UnsetType = UNSET
    body: Any = UNSET

    @property
    def content_by_place(self) -> tuple[tuple[str, Any], ...]:
        """Return pairs of place and content: ``query``, ``header`` and ``body``.

        Names of headers are in lower case; the body is `UNSET` if there is none.
        """
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = self.form if is_set(self.form) else self.body
        return ("query", self.query), ("header", headers), ("body", body)


class LoginStep(Model, frozen=True, kw_only=True):
    """A request, what counts as success, and the values its response yields.

    Attributes:
        follow: whether redirects are followed, each as a request of the login with its cookies;
            else a 3xx is the response.
    """

    request: LoginRequest
    follow: bool = False
    ok: OkRule | UnsetType = UNSET
    extract: Mapping[str, Extract] = {}

    @property
    def response_secret_places(self) -> tuple[Sensitive, ...]:
        """Return the places of the response that hold secrets."""
        rules = [(name, rule) for name, rule in self.extract.items() if rule.secret]
        return tuple([Sensitive(rule.path, name, rule.kind) for name, rule in rules])


class Ttl(Model, frozen=True, kw_only=True):
    """How long the values of a login may be used.

    Attributes:
        unit: of the lifetime in the response: seconds or milliseconds, from now or (``absolute``)
            since 1970.
        default: seconds, if ``extract`` of the login has no value named ``ttl``.
        margin: seconds before the end at which they are renewed.
    """

    unit: Literal["s", "ms", "absolute", "absolute_ms"] = "s"
    # RFC 6749, 5.1 only recommends that a server tells it. The margin is that of wechatpy and
    # WxJava.
    default: Seconds = 3600
    margin: Seconds = 60


class Acquire(Model, frozen=True, kw_only=True):
    """A login that is needed before a call.

    Attributes:
        share: names of credentials; calls share a login if they have the same values of these, and
            the same platform and instance.
        methods: HTTP methods that need the login (empty: all); SAP's CSRF token is only for
            writing.
    """

    steps: Annotated[tuple[LoginStep, ...], Meta(min_length=1)]
    share: tuple[str, ...] = ()
    ttl: Ttl = Ttl()
    methods: tuple[str, ...] = ()


class Apply(Model, frozen=True, kw_only=True):
    """A value, written as a template, that auth puts into the request.

    Attributes:
        place: key ``in``: the part of the request, such as ``header``.
        name: name there; in a body a dotted path.
    """

    place: Spot = field(name="in")
    name: str
    value: str


class Sign(Model, frozen=True, kw_only=True):
    """How requests are signed: a string made of the request is signed and put into it.

    Names of headers and query parameters may be templates as well. A value that renders to an empty
    text is not set.

    Attributes:
        define: named templates, rendered in order, each seeing the ones before it.
        default_headers: headers set before signing where the request has none.
        set_headers: headers set before signing, instead of a script's own.
        set_query: query parameters set before signing, instead of a script's own.
        canonical: more named templates, which see the request with these headers and query.
        message: the string to sign.
        key: a template, or several for a chain in which each digest is the next key.
        key_encoding: how the key (the first of a chain) is written.
        algorithm, encode: how *message* is signed, and how the signature is written.
        emit: places for ``{{ signature }}`` and the defined values; a script's values there are
            removed.
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


class ResponseSignature(Model, frozen=True, kw_only=True):
    """How the signature of a 2xx response is checked (WeChat Pay v3).

    Templates see ``response_status``, ``response_headers`` (lower-case names) and
    ``response_body``.

    Attributes:
        message: text that was signed; *signature* is where the response has its signature.
        key: the secret, public key or certificate; renders to an empty text if the response names
            an unknown key.
        timestamp: instant of signing, in POSIX seconds; empty for no check.
        window: seconds by which *timestamp* may differ from now.
    """

    message: str
    signature: str
    key: str
    algorithm: Literal["rsa-sha256", "hmac-sha256"] = "rsa-sha256"
    encode: Literal["hex", "base64"] = "base64"
    timestamp: str = ""
    # The five minutes that WeChat Pay asks for.
    window: float = 300


class Wait(Model, frozen=True, kw_only=True):
    """Where a response says how long to wait before sending again, and in which unit."""

    path: str
    unit: Literal["s", "ms"] = "s"


class Recover(Model, frozen=True, kw_only=True):
    """What happens after a failure of one class, such as ``token`` or ``transient``.

    Attributes:
        refresh: number of new logins after which the call is sent again.
        tries: number of sendings in all.
        wait: paths in the response that may hold the seconds to wait (or another unit); the first
            that exists is used, else *backoff*.
        backoff: seconds before the second try, doubled for each further one.
        clock: whether the signing clock is corrected once from the ``Date`` header.
    """

    # At most 1: a token that is refused straight after a login is refused again, and 企业微信 bans
    # addresses that log in again and again.
    refresh: Annotated[int, Meta(ge=0, le=1)] = 0
    tries: Annotated[int, Meta(ge=1, le=10)] = 1
    wait: tuple[str | Wait, ...] = ()
    backoff: Seconds = 1.0
    clock: bool = False


class Auth(Model, frozen=True, kw_only=True):
    """How calls are authorised.

    Attributes:
        parameters: further names for templates, with their values, which may be templates.
        acquire: login before a call.
        apply: values put into each request.
        sign: signature of each request.
        verify_response: check of the signature of each response.
        recover: class of failure -> what happens after it.
    """

    parameters: Mapping[str, Any] = {}
    acquire: Acquire | None = None
    apply: tuple[Apply, ...] = ()
    sign: Sign | None = None
    verify_response: ResponseSignature | None = None
    recover: Mapping[str, Recover] = {}

    @property
    def steps(self) -> tuple[LoginStep, ...]:
        """Return the steps of the login; empty if there is none."""
        return self.acquire.steps if self.acquire else ()

    @property
    def yielded_names(self) -> frozenset[str]:
        """Return the names that login steps extract from responses, usable in later templates."""
        return frozenset(name for step in self.steps for name in step.extract)

    def needs_login(self, method: str) -> bool:
        """Return whether a call with this HTTP method needs the login."""
        if self.acquire is None:
            return False
        return method.upper() in {name.upper() for name in self.acquire.methods or (method,)}


Encoding = Literal["json", "form", "multipart", "text", "xml"]
Result = Literal["body", "envelope", "bytes"]
Redirects = Literal["follow", "result", "error"]
Scalar = str | int | float | bool


class CredentialSpec(Model, frozen=True, kw_only=True):
    """A credential's kind, which decides its stand-in, and whether it is secret.

    Attributes:
        secret: if absent, a value from outside the file is secret and one written in it is not;
            false records the value as it is, wherever it comes from.
        standin: one text that replaces it in all recordings, whatever the instance.
    """

    kind: Kind = "text"
    secret: bool | UnsetType = UNSET
    standin: str = field(default="", name="as")
    default: Scalar | UnsetType = UNSET


class Source(Model, frozen=True, kw_only=True):
    """Where a value comes from that is not in the file; exactly one key is given.

    Attributes:
        env: name of an environment variable.
        file: path of a file that contains it.
        keyring: entry of the system's keyring.
        source: name of a source that another distribution registers -> name of the value there.
    """

    env: str | UnsetType = UNSET
    file: str | UnsetType = UNSET
    keyring: str | UnsetType = UNSET
    source: Mapping[str, str] | UnsetType = UNSET


class Parameter(Model, frozen=True, kw_only=True):
    """An input of an API; ``crm.get(1, 2)`` passes the first two parameters of ``get``.

    Attributes:
        place: key ``in``: ``path``, ``query``, ``header`` or ``body``.
        to: name at its place, or a dotted body path; *name* when absent.
        schema: JSON Schema (or OpenAPI schema) of its values, beyond type and enum.
    """

    name: str
    place: Literal["path", "query", "header", "body"] = field(name="in")
    to: str = ""
    required: bool = False
    default: Any = UNSET
    title: str = ""
    type: str = ""
    enum: tuple[Any, ...] = ()
    format: str = ""
    schema: Mapping[str, Any] = {}

    @property
    def wire_name(self) -> str:
        """Return the name at its place, or the dotted body path."""
        return self.to or self.name

    @property
    def steps(self) -> tuple[str, ...]:
        """Return the path to it below its place; empty if it is the whole body."""
        return split_body_path(self.wire_name) if self.place == "body" else (self.wire_name,)


class Idempotency(Model, frozen=True, kw_only=True):
    """Where requests carry an idempotency key: made once for each call, the same in its retries."""

    place: Literal["header", "query", "body"] = field(name="in")
    name: str
    value: str = "{{ call_id }}"


class VerifyValues(Model, frozen=True, kw_only=True):
    """The value ``{values: [place, …]}`` of ``verify``: places in responses to compare by value.

    It is for `bpmax-sim verify`, which sends recorded requests again, and compares only the shape
    elsewhere.
    """

    values: tuple[str, ...]


class Api(Model, frozen=True, kw_only=True):
    """One operation of a platform; UNSET means that the platform's own setting holds.

    Attributes:
        was: earlier names, under which older recordings call it.
        answer: JSON Schema (or OpenAPI schema) of the body of a successful response.
        host: name of the platform's host that *path* is below; the platform's own without it.
    """

    key: Annotated[str, INTERNAL] = ""
    title: str = ""
    aliases: tuple[str, ...] = ()
    was: tuple[str, ...] = ()
    method: str = "GET"
    path: str = "/"
    host: str = ""
    parameters: tuple[Parameter, ...] = ()
    headers: Mapping[str, Scalar] = {}
    query: Mapping[str, Any] = {}
    body: Any = UNSET
    answer: Mapping[str, Any] = {}
    encoding: Encoding | UnsetType = UNSET
    charset: str | UnsetType = UNSET
    result: Result | UnsetType = UNSET
    timeout: Seconds | UnsetType = UNSET
    redirects: Redirects | UnsetType = UNSET
    auth: Auth | UnsetType = UNSET
    response: ResponseRules | UnsetType = UNSET
    idempotent: bool | UnsetType = UNSET
    idempotency: Idempotency | UnsetType = UNSET
    secret: tuple[str, ...] = ()
    not_secret: tuple[str, ...] = ()
    volatile: tuple[str, ...] = ()
    redact: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    verify: Literal["shape", "status", "never"] | VerifyValues = "shape"

    @property
    def is_idempotent(self) -> bool:
        """Return whether the same request may be sent again, as it has no second effect.

        Declared by ``idempotent``; else true for GET, HEAD and APIs with an idempotency key.
        """
        if self.idempotent is UNSET:
            return self.method in {"GET", "HEAD"} or self.idempotency is not UNSET
        return bool(self.idempotent)


class Platform(Model, frozen=True, kw_only=True):
    """A third-party system: its address, credentials, auth, responses and APIs.

    Attributes:
        share: who has one login of an instance: each process, or all processes of a machine, one
            of which logs in while the others wait.
        spellings: the key of each API by every snake_case spelling, aliases included.
        was: earlier keys, under which older recordings call it.
        extends: the key of a platform that this one is laid over.
        hosts: further addresses by name, such as ``sso``; templates see them as ``sso_url``.
    """

    platform_key: str
    was: tuple[str, ...] = ()
    extends: str = ""
    title: str = ""
    base_url: str
    hosts: Mapping[str, str] = {}
    timeout: Seconds = 30.0
    headers: Mapping[str, Scalar] = {}
    query: Mapping[str, Any] = {}
    credentials: Mapping[str, CredentialSpec] = {}
    response: ResponseRules = ResponseRules()
    auth: Auth = Auth()
    share: Literal["process", "process_lock"] = "process"
    result: Result = "body"
    reject: tuple[Literal["business"], ...] = ()
    redirects: Redirects = "follow"
    strict: bool = False
    encoding: Encoding = "json"
    charset: str = ""
    secret: tuple[str, ...] = ()
    not_secret: tuple[str, ...] = ()
    volatile: tuple[str, ...] = ()
    redact: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    apis: Mapping[str, Api] = {}
    spellings: Annotated[Mapping[str, str], INTERNAL] = {}

    def auth_of(self, api: Api) -> Auth:
        """Return the auth of *api*: its own, else the platform's."""
        return api.auth if isinstance(api.auth, Auth) else self.auth

    def response_of(self, api: Api | None) -> ResponseRules:
        """Return the response rules of *api*: its own, else the platform's."""
        own = api.response if api is not None else UNSET
        return own if isinstance(own, ResponseRules) else self.response

    def result_of(self, api: Api, instance: Instance) -> Result:
        """Return what scripts get of a response of *api*: ``body``, ``envelope`` or ``bytes``.

        The API decides, else the *instance*, else the platform.
        """
        own = instance.result if api.result is UNSET else api.result
        return self.result if own is UNSET else own

    def list_possible_results(self, api: Api, instances: Iterable[Instance]) -> tuple[Result, ...]:
        """Return what scripts may get of a response of *api*, each once, by any of *instances*.

        Each is ``body``, ``envelope`` or ``bytes``. Without instances it is what the API says, else
        the platform.
        """
        every = [*instances] or [Instance(platform=self.platform_key, instance_key="")]
        return tuple(dict.fromkeys(self.result_of(api, instance) for instance in every))


class Tls(Model, frozen=True, kw_only=True):
    """The files of an instance's TLS connections (PEM), relative to the file that names them.

    Attributes:
        ca: certificates of trusted authorities, a file or a folder.
        cert: certificate of the client; *key* its private key, if *cert* does not contain it.
    """

    ca: str = ""
    cert: str = ""
    key: str = ""


class Instance(Model, frozen=True, kw_only=True):
    """One tenant of a platform, with its address, credentials and settings."""

    platform: str
    instance_key: str
    default: bool = False
    enabled: bool = True
    title: str = ""
    base_url: str | Source = ""
    hosts: Mapping[str, str | Source] = {}
    timeout: Seconds | UnsetType = UNSET
    headers: Mapping[str, Scalar] = {}
    query: Mapping[str, Any] = {}
    result: Result | UnsetType = UNSET
    reject: tuple[Literal["business"], ...] | UnsetType = UNSET
    strict: bool | UnsetType = UNSET
    credentials: Mapping[str, Scalar | Source] = {}
    proxy: str | Source = ""
    tls: Tls = Tls()

    def __repr__(self) -> str:
        return f"<Instance {self.instance_key} of {self.platform}>"


def make_host_template_name(host: str) -> str:
    """Return the name that templates have for the address of a host: ``sso_url`` for ``sso``.

    "" is the platform's own address, ``base_url``.
    """
    return f"{host}_url" if host else "base_url"


def is_set(value: object) -> bool:
    """Return whether *value* is not `UNSET`, which stands for a key that the file does not have."""
    return value is not msgspec.UNSET


_INTEGER = re.compile(r"\s*-?[0-9]{1,18}\s*")
_CODED = {"base64": decode_base64, "hex": decode_hex}


def explain_invalid_credential(kind: Kind, text: str) -> str:
    """Return what is wrong with *text* as value of a credential of this *kind*, or "".

    The message never contains the text. Keys and tokens are checked when something is signed with
    them.
    """
    if kind == "integer":
        return "" if _INTEGER.fullmatch(text) else msg("expected a whole number, got text")
    read = _CODED.get(kind)
    try:
        if read:
            read(text)
    except FilterError:
        return msg("expected {kind}, got other text", kind=kind)
    return ""


_WORD_START = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


@lru_cache(maxsize=4096)
def to_snake_case(name: str) -> str:
    """Return *name* in snake_case; names with the same result count as one, as keys of APIs do.

    ``getHTTPUser`` gives ``get_http_user``; a name already in snake_case stays.
    """
    return _WORD_START.sub("_", name).lower()


def make_unique_name(stem: str, taken: Container[str]) -> str:
    """Return *stem*, or ``stem_2`` and so on: the first of them that is not in *taken*."""
    names = (stem if number == 1 else f"{stem}_{number}" for number in count(1))
    return next(name for name in names if name not in taken)


def matches_api(pattern: str, name: str) -> bool:
    """Return whether *pattern* matches ``platform.api`` *name*, in camelCase or snake_case.

    ``sys.getItem`` matches ``sys.get_item``; ``*`` matches any characters, but a login is matched
    by ``platform.$token`` only.
    """
    if pattern == name:
        return True
    platform, _, api = pattern.partition(".")
    of_platform, _, of_api = name.partition(".")
    # ``crm.*`` means the calls of scripts, and not the login before them.
    if api == of_api or not of_api.startswith("$"):
        return fnmatchcase(of_platform, platform) and fnmatchcase(
            to_snake_case(of_api), to_snake_case(api)
        )
    return False


def parse_sensitive_places(paths: Iterable[str]) -> tuple[Sensitive, ...]:
    """Return the declared ``secret:`` *paths* (``body.a.b``, ``header.Name``) as places."""
    result = []
    for path in paths:
        kind, _, name = path.partition(".")
        spelled = f"header:{name}" if kind == "header" else path
        result.append(Sensitive(spelled, re.sub(r"\W+", "_", name or path).strip("_")))
    return tuple(result)


def find_auth_places(auth: Auth, apply: Iterable[Apply]) -> Iterator[tuple[str, str]]:
    """Yield (place, name) of everything that auth puts into a request.

    That is what *apply* and the signature of *auth* do, except headers that a signature sets only
    if the script did not.
    """
    for item in (*apply, *list_signature_places(auth)):
        yield item.place, render_applied_name(item, auth)
    if auth.sign:
        for name in auth.sign.set_headers:
            yield "header", render(name, auth.parameters)
        for name in auth.sign.set_query:
            yield "query", render(name, auth.parameters)


def join_place(place: str, name: str) -> str:
    """Return a place and a name in it as one text, such as ``header.x-sign``.

    Names of headers are in lower case.
    """
    return f"{place}.{name.lower() if place == 'header' else name}"


def list_signature_places(auth: Auth) -> tuple[Apply, ...]:
    """Return where the signature, and values made with it, are put into a request."""
    return auth.sign.emit if auth.sign else ()


def render_applied_name(item: Apply, auth: Auth) -> str:
    """Return the name of a header or field, rendered: it may be a template of the parameters."""
    return render(item.name, auth.parameters)
