"""Sign requests as a platform declares it: canonical string, key, algorithm, encoding, place.

Nothing here reads a clock or a random source: ``now``, ``nonce`` and ``call_id`` are among the
names, so the same request and names always give the same bytes. `RequestEditor` changes requests.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import lru_cache
from typing import Final
from urllib.parse import unquote, unquote_plus

import msgspec
from msgspec.structs import replace

from bpmax_sim.errors import AuthError, ConfigError
from bpmax_sim.i18n import label_message, msg
from bpmax_sim.js_values import NotStringifiableError, loads_as_javascript, stringify_json
from bpmax_sim.messages import FORM, VERIFIED, Headers, Pairs, Request, Response
from bpmax_sim.platform import encodings
from bpmax_sim.platform.encodings import FilterError, decode_losslessly, to_octets
from bpmax_sim.platform.model import ResponseSignature, Sign, Spot, join_place
from bpmax_sim.platform.template import render
from bpmax_sim.proxy.response import is_success

_ADDRESS = re.compile(r"([A-Za-z][\w+.-]*)://([^/?#]*)([^?#]*)(?:\?([^#]*))?")
_PORTS: Final = {"http": ":80", "https": ":443"}
_VISIBLE = re.compile(r"[\t\x20-\x7e]*")

_HALF = re.compile(rb"\\u[dD][89a-fA-F]")
_Object = dict[str, msgspec.Raw]


class RequestEditor:
    """A request that `set` and `remove` change.

    A header, query parameter or cookie that is set replaces the script's own of that name.
    """

    def __init__(self, request: Request) -> None:
        match = _ADDRESS.match(request.url)
        if match is None:
            raise ConfigError(
                "{url!r} is not an absolute URL, such as https://host/path", url=request.url
            )
        self._request = request
        self._start = f"{match[1]}://{match[2]}"
        host = match[2].rpartition("@")[2].lower()
        # Without a default port, as clients write Host (RFC 9110, 4.2.3); no host ends with a line
        # feed.
        self._host = host.removesuffix(_PORTS.get(match[1].lower(), "\n"))
        self._path, self._query = match[3], match[4] or ""
        self._headers = request.headers
        self._body = request.body
        self._injected = dict.fromkeys(request.injected)

    def to_template_values(self) -> dict[str, object]:
        """Return the parts of the request under the names that ``sign`` templates use.

        They are ``method``, ``host``, ``path``, ``query_string``, ``target``, ``url``,
        ``headers`` and ``body``.
        """
        path = self._path or "/"
        target = f"{path}?{self._query}" if self._query else path
        headers: dict[str, str] = {}
        for name, value in self._headers:
            key, plain = name.lower(), value.strip()
            headers[key] = f"{headers[key]},{plain}" if key in headers else plain
        headers.setdefault("host", self._host)
        return {
            "method": self._request.method,
            "host": self._host,
            "path": path,
            "query_string": self._query,
            "target": target,
            "url": self._start + target,
            "headers": headers,
            "body": decode_losslessly(self._body) if self._body else "",
        }

    def has_header(self, name: str) -> bool:
        """Return whether the request has the header *name*, in upper or lower case."""
        return name in Headers(self._headers)

    def to_request(self) -> Request:
        """Return the changed request; its ``injected`` lists the places that were set."""
        query = f"?{self._query}" if self._query else ""
        return replace(
            self._request,
            url=f"{self._start}{self._path}{query}",
            headers=self._headers,
            body=self._body,
            injected=tuple(self._injected),
        )

    def set(self, place: Spot, name: str, value: str) -> None:
        """Set *value* as *name* at *place*: header, query, cookie, path or body.

        A value that is there is replaced. In the path, *name* is a placeholder; in a JSON body, the
        path of a member, such as ``auth.sign``.

        Raises:
            ConfigError: if *value* cannot be sent at *place*.
        """
        try:
            self._set_at(place, name, value)
        except FilterError as error:
            raise ConfigError(label_message(join_place(place, name), error)) from None
        self._injected[join_place(place, name)] = None

    def _set_at(self, place: Spot, name: str, value: str) -> None:
        if place == "header":
            self._set_header(name, value)
        elif place == "query":
            self.remove("query", name)
            pair = f"{encodings.percent_encode(name)}={encodings.percent_encode(value)}"
            self._query = f"{self._query}&{pair}" if self._query else pair
        elif place == "cookie":
            self._write_cookies([*_list_cookies_except(self._headers, name), f"{name}={value}"])
        elif place == "path":
            self._path = self._path.replace(f"{{{name}}}", encodings.percent_encode(value))
        else:
            self._set_body(name, value)

    def remove(self, place: Spot, name: str) -> None:
        """Remove a header, query parameter, cookie or member of the body, so that it is not signed.

        A placeholder in the path is left as it is.
        """
        if place == "header":
            self._headers = Headers(self._headers).without({name.lower()})
        elif place == "query" and self._query:
            self._query = _drop_query_parameter(self._query, name)
        elif place == "cookie":
            self._write_cookies(_list_cookies_except(self._headers, name))
        elif place == "body" and self._body:
            if Headers(self._headers).media_type == FORM:
                pairs = decode_losslessly(self._body)
                self._body = to_octets(_drop_query_parameter(pairs, name))
            else:
                self._body = _drop_member(self._body, name.split("."))

    def _set_header(self, name: str, value: str) -> None:
        if not _VISIBLE.fullmatch(value):
            raise ConfigError(
                "the value of header {name!r} holds a line break or a character outside "
                "visible ASCII; encode it in the platform file, such as with | b64",
                name=name,
            )
        self.remove("header", name)
        self._headers = (*self._headers, (name, value))

    def _write_cookies(self, cookies: list[str]) -> None:
        self.remove("header", "cookie")
        if cookies:
            self._set_header("Cookie", "; ".join(cookies))

    def _set_body(self, name: str, value: str) -> None:
        media = Headers(self._headers).media_type
        if not media:
            self.set("header", "Content-Type", "application/json")
        if media == FORM:
            remaining = _drop_query_parameter(decode_losslessly(self._body or b""), name)
            pair = f"{encodings.encode_form(name)}={encodings.encode_form(value)}"
            self._body = to_octets(f"{remaining}&{pair}" if remaining else pair)
        else:
            self._body = _set_member(self._body or b"{}", name.split("."), value)


def has_body_member(headers: Pairs, body: bytes | None, name: str) -> bool:
    """Return whether *body*, a form or a JSON object, has the member that `set` writes as *name*.

    A member that is null counts as none. *headers* have the content type.
    """
    if Headers(headers).media_type == FORM:
        pairs = decode_losslessly(body or b"")
        return _drop_query_parameter(pairs, name) != pairs
    return _has_member(body or b"null", name.split("."))


def _drop_query_parameter(pairs: str, name: str) -> str:
    spelled = ((pair, pair.partition("=")[0]) for pair in pairs.split("&"))
    return "&".join(pair for pair, n in spelled if name not in {n, unquote(n), unquote_plus(n)})


def _list_cookies_except(headers: tuple[tuple[str, str], ...], without: str) -> list[str]:
    return [cookie.text for cookie in Headers(headers).request_cookies if cookie.name != without]


def _has_member(body: bytes, path: list[str]) -> bool:
    """Return whether the JSON value *body* has a value at *path* that is not null."""
    if not path:
        return body.strip() != b"null"
    first, *rest = path
    return _has_member((_split_members(body) or {}).get(first, b"null"), rest)


def _set_member(body: bytes, path: list[str], value: str) -> bytes:
    """Return *body*, a JSON object, with *value* at *path*, the names of nested members.

    The bytes of all other values are not changed.

    Raises:
        ConfigError: if *body* is no JSON object.
    """
    members = _split_members(body)
    if members is None:
        raise ConfigError(
            "auth puts {names!r} into the body, which is not a JSON object",
            names=".".join(path),
        )
    first, *rest = path
    inner = members.get(first, b"{}")
    members[first] = _set_member(inner, rest, value) if rest else stringify_json(value)
    return _join_members(members)


def _drop_member(body: bytes, path: list[str]) -> bytes:
    """Return *body* without the member at *path*, and without objects that hold nothing else.

    The same bytes if *body* is no JSON object that has it.
    """
    members = _split_members(body) or {}
    first, *rest = path
    if first not in members:
        return body
    left = _drop_member(members[first], rest) if rest else b"{}"
    if left == members[first]:
        return body
    if left == b"{}":
        del members[first]
    else:
        members[first] = left
    return _join_members(members)


def _join_members(members: Mapping[str, bytes]) -> bytes:
    return b"{%s}" % b",".join(
        stringify_json(name) + b":" + member for name, member in members.items()
    )


def _split_members(body: bytes) -> dict[str, bytes] | None:
    """Return each member of the JSON object *body* with its original bytes; None if it is none."""
    with suppress(msgspec.DecodeError):
        raw = msgspec.json.decode(body, type=_Object)
        return {name: bytes(member) for name, member in raw.items()}
    with suppress(ValueError, RecursionError, NotStringifiableError):
        # msgspec does not read half a character; what holds one is written anew.
        if _HALF.search(body) and isinstance(value := loads_as_javascript(body), dict):
            return {name: stringify_json(member) for name, member in value.items()}
    return None


Names = Mapping[str, object]

_HMAC: Final = "hmac-"
_ENCODERS: Final[Mapping[str, Callable[[bytes], str]]] = {
    "hex": bytes.hex,
    "upper_hex": lambda data: data.hex().upper(),
    "base64": lambda data: base64.b64encode(data).decode("ascii"),
    "hex_base64": lambda data: base64.b64encode(data.hex().encode("ascii")).decode("ascii"),
    "base64url": lambda data: base64.urlsafe_b64encode(data).decode("ascii").rstrip("="),
}
_DECODERS: Final[Mapping[str, Callable[[str], bytes]]] = {
    "utf8": to_octets,
    "base64": lambda text: encodings.decode_base64(text, msg("the key")),
    "hex": lambda text: encodings.decode_hex(text, msg("the key")),
}


def sign(request: Request, rule: Sign, names: Names) -> Request:
    """Return *request* signed by *rule*.

    Values of the script at the places of the signature are removed.

    Args:
        request: complete, body included.
        rule: templates, which use *names* and parts of the request, such as ``method``.
        names: values by the name that templates use: credentials, parameters of ``auth``, values
            that the login yielded, ``now``, ``nonce``, ``call_id``.

    Raises:
        ConfigError: if a template, the key or a value cannot be used.
    """
    editor = RequestEditor(request)
    for spot in rule.emit:
        editor.remove(spot.place, render(spot.name, names))
    scope: dict[str, object] = {**names, **editor.to_template_values()}
    _render_into_scope(rule.define, scope)
    _set_before_signing(editor, rule, scope)
    # After the headers are set: canonical forms list exactly the headers that are sent.
    _render_into_scope(rule.canonical, scope)
    message = render(rule.message, scope)
    sources = (rule.key,) if isinstance(rule.key, str) else rule.key
    key = tuple([render(source, scope) for source in sources])
    try:
        digest = _compute_signature(rule, key, to_octets(message))
        scope["signature"] = _ENCODERS[rule.encode](digest)
    except FilterError as error:
        raise ConfigError("auth.sign cannot sign: {error}", error=error) from None
    for spot in rule.emit:
        _set_rendered(editor, spot.place, spot.name, spot.value, scope)
    return editor.to_request()


def verify_response(response: Response, rule: ResponseSignature, names: Names) -> None:
    """Check the signature of a 2xx response; other responses are not signed and not checked.

    *names* are the values for the templates of *rule*.

    Raises:
        AuthError: if it is absent, too old, made with an unknown key, or wrong for this response.
        ConfigError: if a template or the key cannot be used.
    """
    if not is_success(response.status):
        return
    headers = Headers(response.headers).get_first_values()
    scope = {
        **names,
        "response_status": response.status,
        "response_headers": _HeadersThatMustExist(headers),
        "response_body": decode_losslessly(response.body),
    }
    if rule.timestamp:
        stamp, now = render(rule.timestamp, scope), scope["now"]
        if not (stamp.isascii() and stamp.isdigit() and isinstance(now, int | float)):
            raise _make_untrusted_response_error(msg("its time is not a number of seconds"))
        # A valid signature does not show that the response is new: somebody may send an old one.
        if abs(float(stamp) - now) > rule.window:  # of more digits than Python takes for a number
            late = msg("it was signed more than {window:g} s away from now", window=rule.window)
            raise _make_untrusted_response_error(late)
    signature, key = render(rule.signature, scope), render(rule.key, scope)
    if not key:
        raise _make_untrusted_response_error(
            msg("it names a key that the platform does not declare")
        )
    message = render(rule.message, scope)
    if not _is_signature(rule, message, signature, key):
        raise _make_untrusted_response_error(msg("its signature is not that of its body"))


@lru_cache(maxsize=64)
def list_signature_header_places(rule: ResponseSignature) -> tuple[str, ...]:
    """Return the places of the response headers that *rule* reads: signature, time and nonce.

    They differ in each response, whatever its content, so recordings ignore them in comparisons.
    """
    headers = _HeaderNameCollector()
    names = {"response_status": 200, "response_headers": headers, "response_body": b""}
    for source in (rule.signature, rule.timestamp, rule.message):
        with suppress(ConfigError):  # it takes more than the response has; nothing more is known
            render(source, names)
    return tuple(f"header.{name}" for name in headers)


class _HeaderNameCollector(dict[str, str]):
    """A stand-in for headers: it has every name, and collects those that a template asks for."""

    def __missing__(self, name: str) -> str:
        self[name] = ""
        return ""


def describe_live_response_trust(request: Request, response: Response, now: float) -> str:
    """Return `VERIFIED`, or why a live response cannot be trusted, or "" if it is not signed.

    It is "" too if the declared key cannot be used: that is reported when the response is read.
    """
    proof = request.proof
    if proof is None or response.source != "live" or not is_success(response.status):
        return ""
    try:
        verify_response(response, proof.rule, {**proof.names, "now": now})
    except AuthError as error:
        return error.message
    except ConfigError:
        return ""
    return VERIFIED


class _HeadersThatMustExist(dict[str, str]):
    """Headers of a signed response; reading a missing one in a template raises AuthError."""

    def __missing__(self, name: str) -> str:
        raise _make_untrusted_response_error(msg("it has no header {name!r}", name=name))


def _make_untrusted_response_error(reason: str) -> AuthError:
    return AuthError(
        msg(
            "the answer cannot be trusted: {reason}; check the platform's public key", reason=reason
        )
    )


def _render_into_scope(groups: tuple[Mapping[str, str], ...], scope: dict[str, object]) -> None:
    for group in groups:
        for name, source in group.items():
            scope[name] = render(source, scope)


def _set_before_signing(editor: RequestEditor, rule: Sign, scope: dict[str, object]) -> None:
    for name, source in rule.default_headers.items():
        if not editor.has_header(render(name, scope)):
            _set_rendered(editor, "header", name, source, scope)
    for name, source in rule.set_headers.items():
        _set_rendered(editor, "header", name, source, scope)
    for name, source in rule.set_query.items():
        _set_rendered(editor, "query", name, source, scope)
    scope.update(editor.to_template_values())


def _set_rendered(editor: RequestEditor, place: Spot, name: str, source: str, scope: Names) -> None:
    if value := render(source, scope):
        editor.set(place, render(name, scope), value)


def _compute_signature(rule: Sign, key: tuple[str, ...], message: bytes) -> bytes:
    if rule.algorithm.startswith(_HMAC):
        algorithm = rule.algorithm.removeprefix(_HMAC)
        return hmac.digest(_derive_key(algorithm, rule.key_encoding, key), message, algorithm)
    if rule.algorithm == "rsa-sha256":
        from bpmax_sim.platform.keys import rsa_sign  # noqa: PLC0415 - slow to import

        return rsa_sign(message, key[0])
    return hashlib.new(rule.algorithm, message).digest()


@lru_cache(maxsize=64)
def _derive_key(algorithm: str, encoding: str, chain: tuple[str, ...]) -> bytes:
    """Return the last key of *chain*: each further text is digested (HMAC) with the key so far.

    The first text is the first key, written in *encoding*; *algorithm* is the hash. Cached, since
    AWS's derived key stays the same for a day.
    """
    key = _DECODERS[encoding](chain[0])
    for part in chain[1:]:
        key = hmac.digest(key, to_octets(part), algorithm)
    return key


def _is_signature(rule: ResponseSignature, message: str, signature: str, key: str) -> bool:
    decode = encodings.decode_hex if rule.encode == "hex" else encodings.decode_base64
    try:
        received = decode(signature, msg("its signature"))
    except FilterError:
        return False
    try:
        data = to_octets(message)
        if rule.algorithm == "hmac-sha256":
            return hmac.compare_digest(received, hmac.digest(to_octets(key), data, "sha256"))
        from bpmax_sim.platform.keys import rsa_verify  # noqa: PLC0415 - slow to import

        return rsa_verify(data, received, key)
    except FilterError as error:
        raise ConfigError("auth.verify_response cannot verify: {error}", error=error) from None
