"""The immutable messages passed between builder, transport and cassette.

Bodies are bytes, header and query lists keep their order, times are POSIX seconds. ``repr`` shows
nothing that may be secret, since tracebacks show it. They are msgspec structs, not dataclasses,
because every call creates them and structs take a tenth of the time. The garbage collector ignores
them: they are in no reference cycles, and a session keeps those of all its calls.
"""

from __future__ import annotations

import email.utils
import re
from collections.abc import Container, Mapping
from datetime import UTC
from functools import lru_cache
from typing import Any, Final
from urllib.parse import quote_plus

import msgspec

from bpmax_sim.errors import Place
from bpmax_sim.i18n import msg

Pairs = tuple[tuple[str, str], ...]
LOGIN = "$token"
"""The API name of login requests."""

VERIFIED = "verified"
"""What `Response.trust` says of a response whose signature held."""

REDIRECTS = frozenset({301, 302, 303, 307, 308})
"""Statuses whose ``Location`` a client may go to by itself (RFC 9110, 15.4)."""

STREAMED = frozenset({"text/event-stream", "application/x-ndjson"})
"""Media types of bodies that are read line by line while they arrive."""

FORM = "application/x-www-form-urlencoded"
"""The media type of HTML forms."""

FRAMING = frozenset({"content-length", "transfer-encoding"})
"""Headers that say where a message ends, which only who writes it knows."""

_HEADER_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")


# ``gc=False``: these values hold no cycles, and very many of them live at once, so the garbage
# collector does not have to look at them.
class Cookie(msgspec.Struct, frozen=True, gc=False):
    """Name and value of a cookie in a ``Cookie`` or ``Set-Cookie`` header.

    Attributes:
        text: its original text in the header: name, value and attributes.
        attributes: text of a ``Set-Cookie`` from the first semicolon on, including it.
    """

    name: str
    value: str
    text: str
    attributes: str = ""

    def __repr__(self) -> str:
        return f"<Cookie {self.name}>"

    @property
    def attribute_texts(self) -> list[str]:
        """Return the original text of each attribute."""
        return self.attributes.split(";")[1:]

    @property
    def attributes_by_name(self) -> dict[str, str]:
        """Return the attributes of a ``Set-Cookie`` by lower-case name (RFC 6265, 5.2)."""
        parts = (part.partition("=") for part in self.attribute_texts)
        return {name.strip().lower(): value.strip() for name, _, value in parts if name.strip()}


class Headers(msgspec.Struct, frozen=True, gc=False):
    """Headers in the order in which they are sent.

    Names are looked up without regard to letter case (RFC 9110, 5.1).
    """

    pairs: Pairs

    def __repr__(self) -> str:
        return f"<Headers {', '.join(name for name, _ in self.pairs)}>"

    def __contains__(self, name: str) -> bool:
        return self.get_first(name) is not None

    def get_first(self, name: str) -> str | None:
        """Return the first value of *name*, or None."""
        lower = name.lower()
        for key, value in self.pairs:
            if key.lower() == lower:
                return value
        return None

    def get_all(self, name: str) -> list[str]:
        """Return all values of *name*."""
        lower = name.lower()
        return [value for key, value in self.pairs if key.lower() == lower]

    def get_first_values(self) -> dict[str, str]:
        """Return lower-case name -> first value, for every header."""
        # Of equal keys the last one stays, hence the reverse order.
        return {name.lower(): value for name, value in reversed(self.pairs)}

    def without(self, names: Container[str]) -> Pairs:
        """Return the headers except *names*, which are in lower case."""
        return tuple([pair for pair in self.pairs if pair[0].lower() not in names])

    @property
    def content_type(self) -> str:
        """Return the value of ``Content-Type``, or ""."""
        return self.get_first("content-type") or ""

    @property
    def media_type(self) -> str:
        """Return the media type in lower case, without parameters, or ""."""
        return parse_media_type(self.content_type)

    @property
    def request_cookies(self) -> list[Cookie]:
        """Return the cookies of a request; HTTP/2 may send several lines (RFC 9113, 8.2.3)."""
        return [cookie for line in self.get_all("cookie") for cookie in parse_cookies(line)]

    @property
    def response_cookies(self) -> dict[str, str]:
        """Return the cookies of a response by name; of equal names the last."""
        cookies = map(parse_set_cookie, self.get_all("set-cookie"))
        return {cookie.name: cookie.value for cookie in cookies}

    def without_cookies(self, names: Container[str]) -> Pairs:
        """Return the headers without the cookies *names*; an empty ``Cookie`` is left out."""
        pairs = []
        for name, value in self.pairs:
            if name.lower() != "cookie":
                pairs.append((name, value))
            elif left := [
                cookie.text for cookie in parse_cookies(value) if cookie.name not in names
            ]:
                pairs.append((name, "; ".join(left)))
        return tuple(pairs)


def parse_cookies(line: str) -> list[Cookie]:
    """Return the cookies of a ``Cookie`` line (RFC 6265, 4.2)."""
    result = []
    for piece in line.split(";"):
        text = piece.strip()
        if text:
            name, _, value = text.partition("=")
            result.append(Cookie(name.strip(), value.strip(), text))
    return result


def parse_set_cookie(line: str) -> Cookie:
    """Return the cookie of a ``Set-Cookie`` line (RFC 6265, 4.1)."""
    pair, semicolon, attributes = line.partition(";")
    name, _, value = pair.partition("=")
    return Cookie(name.strip(), value.strip(), line, semicolon + attributes)


def read_http_date(text: str) -> float | None:
    """Return the instant of an HTTP date (RFC 9110, 5.6.7) in POSIX seconds, or None."""
    try:
        moment = email.utils.parsedate_to_datetime(text)
        # One without a zone is in UTC, such as `Sun Nov  6 08:49:37 1994`; Python has it as local.
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


@lru_cache(maxsize=256)
def encode_form_component(data: bytes) -> str:
    """Return *data* encoded for a form (WHATWG URL standard): a space becomes a plus."""
    # The standard leaves only `*-._` beside letters and digits; Python always leaves `~` as well.
    return quote_plus(data, safe="*").replace("~", "%7E")


DEFAULT_PORTS: Final[Mapping[str, int]] = {"http": 80, "https": 443}
"""Scheme -> the port that an address without one has."""

_ORIGIN: Final = re.compile(
    r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?:[^/?#]*@)?(?P<host>[^/?#@]*?)(?P<port>:[0-9]*)?"
    r"(?=[/?#]|\Z)"
)


def normalize_origin(url: str) -> str:
    """Return *url* with its origin as `parse_origin` returns it; any other text is unchanged.

    User and password are left out.
    """
    found = _ORIGIN.match(url)
    return url if found is None else f"{_to_origin(found)}{url[found.end() :]}"


def parse_origin(url: str) -> str:
    """Return scheme, host and port of *url*: ``https://crm.example.cn:8443``.

    All spellings of one origin give one text (RFC 3986, 6.2.2.1 and 6.2.3): scheme and host are in
    lower case, and the default port is left out. The text is empty if *url* has no origin.
    """
    found = _ORIGIN.match(url)
    return "" if found is None else _to_origin(found)


def _to_origin(found: re.Match[str]) -> str:
    scheme, port = found["scheme"].lower(), (found["port"] or "")[1:].lstrip("0")
    is_default = not port or port == str(DEFAULT_PORTS.get(scheme))
    return f"{scheme}://{found['host'].lower()}{'' if is_default else f':{port}'}"


def split_below(address: str, base: str) -> str | None:
    """Return what follows *base*, which ends without a slash, in *address*; None if it is not so.

    ``https://a.test.cn`` is not below ``https://a.test``, nor ``/v10`` below ``/v1``; but
    ``https://A.test:443/x`` is, since its origin is the same.
    """
    for spell in (str, normalize_origin):  # mostly they are spelled alike already
        whole, start = spell(address), spell(base)
        rest = whole[len(start) :]
        if whole.startswith(start) and rest[:1] in {"", "/", "?", "#"}:
            return rest
    return None


def is_below(address: str, base: str) -> bool:
    """Return whether *address* equals *base*, or lies below it; see `split_below`."""
    return split_below(address, base) is not None


# A person who types Chinese may have typed these in their wide forms, which end a host as well.
_SHOWN_PARTS: Final = re.compile(
    r"([^/?#]*//|)(?:[^/?#]*[@\uff20])?([^/?#\uff1f\uff03]*(?:/[^?#]*)?)"
)


def strip_credentials_and_query(url: str) -> str:
    """Return *url* without user, password, query, fragment and last slash, to be shown.

    That works for a text that is no valid URL, too, which a message is to show.
    """
    found = _SHOWN_PARTS.match(url)
    assert found is not None  # as each part may be empty
    return found[1] + found[2].rstrip("/")


def is_header_name(text: str) -> bool:
    """Return whether *text* may be the name of a header (RFC 9110, 5.1)."""
    return _HEADER_NAME.fullmatch(text) is not None


def describe_unsettable_header(name: str, managed: Container[str] = FRAMING) -> str:
    """Return why nobody but the transport can send a header *name*, or "".

    *managed* are the names in lower case that the transport sets itself.
    """
    if not is_header_name(name):
        return msg("header {name!r} is not a header name (RFC 9110)", name=name)
    if name.lower() in managed:
        return msg("header {name!r} is managed by the transport and cannot be set", name=name)
    return ""


def parse_media_type(content_type: str) -> str:
    """Return the lower-case media type without its parameters (RFC 9110, 8.3.1)."""
    return content_type.partition(";")[0].strip().lower()


@lru_cache(maxsize=256)
def parse_charset(content_type: str) -> str:
    """Return the character set in a ``Content-Type``, by default UTF-8."""
    for part in content_type.split(";")[1:]:
        name, _, value = part.partition("=")
        if name.strip().lower() == "charset":
            # Double quotes are allowed (RFC 9110, 5.6.6); apostrophes are not, yet some send them.
            return value.strip().strip("\"'") or "utf-8"
    return "utf-8"


class Call(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A call as the script made it, before auth and signing; replay finds recordings by it.

    Attributes:
        path: path of the API with filled placeholders, percent-encoded, without query.
        query: decoded names and values, in sending order.
        headers: default headers and those set by the script, in sending order.
        body: exact bytes, or None for no body.
        caller: source of the call, as the script names it in the options of ``$proxy``; not sent.
        position: script line that made the call, if known.
        serial: order of issue within the session, from 1.
    """

    platform: str
    instance: str
    api: str
    method: str
    path: str
    query: Pairs = ()
    headers: Pairs = ()
    body: bytes | None = None
    caller: str | None = None
    position: Place | None = None
    serial: int = 0

    def __repr__(self) -> str:
        return f"<Call {self.name} {self.method}>"

    @property
    def name(self) -> str:
        """Return ``platform.api``, or only the platform if the API is unknown."""
        return f"{self.platform}.{self.api}" if self.api or not self.platform else self.platform

    @property
    def is_login(self) -> bool:
        """Return whether this is a login request rather than a call of a script."""
        return self.api == LOGIN


class Sensitive(msgspec.Struct, frozen=True, gc=False):
    """A place in a response whose value is secret: it is redacted as soon as the response arrives.

    Attributes:
        path: ``$.json.path``, ``body.dotted.path``, ``header:Name`` or ``cookie:Name``.
        name: name of the value in its stand-in.
        kind: kind of its stand-in, such as ``text`` or ``jwt``.
    """

    path: str
    name: str
    kind: str = "text"


class SignatureInput(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """What a recorded signature was computed from, besides the request and the signing key.

    It is recorded so that replay can compute the signature again, with a placeholder for the key.

    Attributes:
        now: instant of the signature, in POSIX seconds.
        nonce, call_id: random values drawn for it; empty if the platform uses none.
    """

    now: float
    nonce: str = ""
    call_id: str = ""


class Proof(msgspec.Struct, frozen=True, gc=False):
    """How the signature of a response is verified when it arrives.

    Attributes:
        rule: declaration of the signature in the platform file.
        names: values of the names in its templates, such as the third party's public key.
    """

    rule: Any
    names: Mapping[str, Any]

    def __repr__(self) -> str:
        return "<Proof>"


class ConnectionRoute(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """How the requests of an instance reach their server: the proxy and the certificates.

    Empty values mean that the environment decides, by variables such as ``HTTPS_PROXY``.

    Attributes:
        proxy: address of the proxy, with user and password if it requires them.
        ca: file or folder of the CAs to trust, as PEM.
        cert, key: files of the client's certificate and its private key.
    """

    proxy: str = ""
    ca: str = ""
    cert: str = ""
    key: str = ""

    def __repr__(self) -> str:
        return "<ConnectionRoute>"


class Request(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One HTTP request, ready to send.

    Attributes:
        url: absolute URL, already encoded; it is sent unchanged.
        timeout: seconds.
        call: call from which the builder made it; None for requests of other HTTP clients.
        base: beginning of *url* that is the platform's or the instance's address.
        host: name of that address among the platform's `hosts`; "" for the main address.
        injected: places filled by auth and signing, such as ``header.authorization``,
            ``query.access_token`` or ``body.sign``; replay does not compare them.
        attempt: 0 for the first request of a call, then one more for each further request.
        sensitive: places of the response with secrets that the third party issues.
        personal: places of request and response with personal data, such as ``body.phone``.
        standin: the same request with each credential replaced by its stand-in, as it is recorded;
            None if the request contains no credential.
        signed: input of its signature, if the platform signs.
        proof: how the response is verified, if recording has to.
        follow: whether a redirect is followed; other HTTP clients decide that themselves. To
            another origin only ``Accept`` and similar headers are sent.
        confined: whether it contains credentials besides the injected ones, such as those of a
            login; its body is not sent to another origin.
        charset: encoding that the platform file declares for its texts.
        path_template: declared path of the API, such as ``/orders/{id}``; "" if it is not known.
    """

    method: str
    url: str
    headers: Pairs = ()
    body: bytes | None = None
    timeout: float = 30.0
    call: Call | None = None
    base: str = ""
    host: str = ""
    injected: tuple[str, ...] = ()
    attempt: int = 0
    sensitive: tuple[Sensitive, ...] = ()
    personal: tuple[str, ...] = ()
    standin: Request | None = None
    signed: SignatureInput | None = None
    proof: Proof | None = None
    follow: bool = True
    confined: bool = False
    charset: str = ""
    path_template: str = ""

    def __repr__(self) -> str:
        return f"<Request {self.method} {self.call.name if self.call else self.base}>".rstrip()

    @property
    def is_login(self) -> bool:
        """Return whether this is a login request rather than a call of a script."""
        return self.call is not None and self.call.is_login

    @property
    def recorded_form(self) -> Request:
        """Return this request as it is recorded, with stand-ins instead of credentials.

        That is `standin`, or the request itself if it contains no credential.
        """
        return self.standin or self


class Chunk(msgspec.Struct, frozen=True, gc=False):
    """A piece of a response body that was streamed.

    Attributes:
        at: seconds from sending the request to the arrival of the piece.
        length: its size in bytes.
    """

    at: float
    length: int


class Response(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One HTTP response.

    Attributes:
        body: whole body, decoded (gzip and the like undone).
        elapsed: seconds until the last byte, for the virtual clock; nothing waits for them.
        source: ``live``, ``recorded``, ``simulated``, ``fault`` or ``stub``.
        chunks: pieces in which the body arrived, if it was streamed.
        trust: ``verified`` if its signature was verified while recording; else why it was not
            trusted then, or empty if it has no signature to verify.
        recorded_request: recorded request, if its signature has to be compared.
        redirects: status and address of each redirect that was followed. The query, which may
            contain secrets, is left out.
        charset: encoding of its text, declared in a platform file or stored in the recording.
    """

    status: int
    headers: Pairs = ()
    body: bytes = b""
    reason: str = ""
    elapsed: float = 0.0
    source: str = "live"
    chunks: tuple[Chunk, ...] = ()
    trust: str = ""
    recorded_request: Request | None = None
    redirects: Pairs = ()
    charset: str = ""

    def __repr__(self) -> str:
        return f"<Response {self.status}, {len(self.body)} bytes>"

    def header(self, name: str) -> str | None:
        """Return the first value of header *name*, whatever its letter case, or None."""
        return Headers(self.headers).get_first(name)


class FailedExchange(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An exchange that did not complete.

    Attributes:
        code: ``CONNECT``, ``TIMEOUT``, ``TLS`` or ``RESET``; ``BAD_RESPONSE`` if the response could
            not be read.
        elapsed: seconds until it failed.
        sent: False if nothing reached the server.
        received: bytes of the body that arrived before it failed.
    """

    code: str
    message: str
    elapsed: float = 0.0
    sent: bool = True
    received: bytes = b""


Outcome = Response | FailedExchange


class Exchange(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A redacted request with its response or failure.

    Attributes:
        key: matching key of the call, as hexadecimal digits.
        order: order of issue within the owner, from 1.
        owner: scenario, row or test that recorded it.
        at: virtual instant of sending.
    """

    request: Request
    outcome: Outcome
    key: str = ""
    order: int = 1
    owner: str = ""
    at: float = 0.0
