"""Encode a script's values for the wire: path, query, headers (RFC 3986, RFC 9110) and body.

Every function returns a text or bytes that can be sent, or raises `BadValueError`. No value of a
script can add a path segment, a parameter, a header or a line.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from functools import lru_cache
from html import escape
from typing import Any, ClassVar, Final
from urllib.parse import quote

from bpmax_sim import js_values as js
from bpmax_sim.i18n import MessageError, msg
from bpmax_sim.messages import (
    FORM,
    FRAMING,
    describe_unsettable_header,
    encode_form_component,
    parse_media_type,
)
from bpmax_sim.platform.model import Encoding
from bpmax_sim.proxy.call_effects import NoRepr

# RFC 3986, 2.3; the value of a header without obs-text (RFC 9110, 5.5).
_UNRESERVED = re.compile(r"[A-Za-z0-9\-._~]*")
_VISIBLE = re.compile(r"(?:[\x21-\x7e](?:[\t\x20-\x7e]*[\x21-\x7e])?)?")
# Characters: names and ids come again in every call and are cached; long texts would only fill it.
_SHORT = 64
OF_THE_TRANSPORT: Final = FRAMING | {
    "connection", "expect", "host", "keep-alive", "proxy-connection", "te", "trailer", "upgrade",
}  # fmt: skip
"""Headers that decide where a request goes and where it ends; a script may not set them."""


DOTS: Final = frozenset({".", ".."})
"""Path segments that mean another place (RFC 3986 3.3)."""


class BadValueError(MessageError, ValueError):
    """Raised if a value cannot be sent where the script put it; the message says where and why."""

    code: ClassVar[str] = "BAD_ARGUMENT"


class MissingParameterError(BadValueError):
    """Raised if a required parameter of an API is missing."""

    code = "MISSING_PARAMETER"


class UnknownParameterError(BadValueError):
    """Raised if an API has no parameter of this name."""

    code = "UNKNOWN_PARAMETER"


def to_scalar_text(value: Any) -> str | None:
    """Return *value* as JavaScript's ``String(value)`` prints it, but a Date in ISO 8601.

    None if it is an object or a list.
    """
    if type(value) is str:
        return value
    printer = _SCALARS.get(type(value))
    if printer is not None:
        return printer(value)
    texts = (printer(value) for base, printer in _SCALARS.items() if isinstance(value, base))
    return next(texts, None)


_SCALARS: dict[type, Callable[[Any], str | None]] = {
    str: lambda value: value,
    bool: lambda value: "true" if value else "false",
    int: js.format_js_number,
    float: js.format_js_number,
    js.BigInt: lambda value: str(value.value),
    datetime: js.format_iso_date,
    js.FarDate: js.format_far_date,
}


def percent_encode(text: str, where: str) -> str:
    """Return *text* percent-encoded as UTF-8; only unreserved characters stay (RFC 3986, 2.3).

    *where* names the value in the message.

    Raises:
        BadValueError: if it holds a lone surrogate, which UTF-8 cannot encode.
    """
    if _UNRESERVED.fullmatch(text):
        return text
    try:
        return (
            _percent_quote(text)
            if len(text) <= _SHORT
            else quote(js.join_surrogates(text), safe="")
        )
    except UnicodeEncodeError:
        raise BadValueError(
            "{where} holds half a character (a lone surrogate)", where=where
        ) from None


@lru_cache(maxsize=2048)
def _percent_quote(text: str) -> str:
    return quote(js.join_surrogates(text), safe="")


def encode_segment(name: str, value: Any) -> str:
    """Return *value* percent-encoded as one path segment, or as a part of one.

    *name* is the placeholder that it fills, for the message.

    Raises:
        BadValueError: if it is null, empty, a dot segment, or no scalar.
    """
    text = to_scalar_text(value)
    if text is None:
        raise BadValueError(
            "path.{name} is {kind_of}; expected a text, a number or a boolean",
            name=name,
            kind_of=js.describe_kind(value),
        )
    if not text:
        raise BadValueError("path.{name} is empty, which would call another address", name=name)
    return encode_refusing_dot_segments(text, f"path.{name}")


def encode_refusing_dot_segments(text: str, where: str) -> str:
    """Return *text* percent-encoded; refuse it if it would change the path that it stands in.

    *where* names the value in the message.

    Raises:
        BadValueError: if it is ``.`` or ``..``, which servers may resolve even if percent-encoded.
    """
    if text in DOTS:
        raise BadValueError(
            "{where} is {text!r}, which servers read as another address even when it is "
            "encoded; send another value",
            where=where,
            text=text,
        )
    return percent_encode(text, where)


def to_query_texts(name: str, value: Any) -> Iterable[str]:
    """Return the values of *name* in the query: one, none, or one for each item of an array.

    Raises:
        BadValueError: if *value* is an object, or an array within an array.
    """
    if value is None or isinstance(value, js.UndefinedType):
        return ()
    text = to_scalar_text(value)
    if text is not None:
        return (text,)
    if isinstance(value, list | tuple):
        if any(isinstance(item, list | tuple) for item in value):
            raise BadValueError(
                "query.{name} is an array within an array; send JSON.stringify(value)", name=name
            )
        return [text for item in value for text in to_query_texts(name, item)]
    raise BadValueError(
        "query.{name} is {kind_of}; a query holds texts, numbers, booleans and arrays "
        "of them; send JSON.stringify(value) if the server expects JSON",
        name=name,
        kind_of=js.describe_kind(value),
    )


def to_query_pairs(values: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Return the query as pairs of name and text in sending order, not percent-encoded.

    A list gives several pairs; null and undefined are left out.
    """
    pairs = []
    for name, value in values.items():
        if type(value) is str:
            pairs.append((name, value))
        else:
            pairs.extend([(name, text) for text in to_query_texts(name, value)])
    return tuple(pairs)


def encode_query(pairs: Iterable[tuple[str, str]]) -> str:
    """Return *pairs* as a query string; a space becomes ``%20``, a plus sign ``%2B``."""
    return "&".join([
        f"{percent_encode(name, f'query name {name!r}')}={percent_encode(value, f'query.{name}')}"
        for name, value in pairs
    ])  # fmt: skip


def check_settable_header(name: str) -> str:
    """Return *name* unchanged if a script may set this header.

    Raises:
        BadValueError: if it is not a valid header name, or one that the transport sets itself.
    """
    if wrong := describe_unsettable_header(name, OF_THE_TRANSPORT):
        raise BadValueError("{wrong}", wrong=wrong)
    return name


def encode_header_value(name: str, value: Any) -> str:
    """Return *value* as the text of a header.

    Raises:
        BadValueError: if it is no scalar, or holds anything but visible ASCII; the message says
            what to do.
    """
    text = to_scalar_text(value)
    if text is None:
        raise BadValueError(
            "header.{name} is {kind_of}; expected a text or a number",
            name=name,
            kind_of=js.describe_kind(value),
        )
    if not _VISIBLE.fullmatch(text):
        first = msg("a space at its end")
        if odd := re.search(r"[^\x20-\x7e\t]", text):
            first = msg("U+{ord:04X} at character {start}", ord=ord(odd[0]), start=odd.start() + 1)
        raise BadValueError(
            "header.{name} holds {first_odd}, outside visible ASCII; encode it first, for "
            "example with encodeURIComponent(value)",
            name=name,
            first_odd=first,
        )
    return text


TYPES: Final[Mapping[str, str]] = {
    "json": "application/json",
    "form": FORM,
    "multipart": "multipart/form-data",
    "text": "text/plain; charset=utf-8",
    "xml": "application/xml; charset=utf-8",
}
_BYTES = "application/octet-stream"
# What application/x-www-form-urlencoded leaves as it is (URL standard, 1.3).
_FORM_SAFE = re.compile(r"[A-Za-z0-9*\-._]*")
_XML_NAME = re.compile(r"[^\W\d][\w.\-]*(?::[^\W\d][\w.\-]*)?")
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_FILE_KEYS = frozenset({"content", "filename", "content_type"})


class Payload(NoRepr, frozen=True):
    """An encoded body and its content type."""

    data: bytes
    content_type: str


def encode_payload(value: Any, encoding: Encoding) -> Payload:
    """Return *value* encoded as *encoding*; texts and bytes are not changed.

    Raises:
        BadValueError: if *value* cannot be expressed in *encoding*.
    """
    if isinstance(value, str):
        # Most texts are JSON.stringify(…) already. Any other one is labelled as `fetch` would label
        # it.
        is_plain = encoding == "json" and not _is_json_text(value)
        return Payload(_encode_utf8(value, "body"), TYPES["text" if is_plain else encoding])
    if isinstance(value, js.SearchParams) and encoding == "text":
        return Payload(_encode_form(value).data, TYPES["text"])
    if isinstance(value, bytes | bytearray):
        return Payload(bytes(value), _BYTES if encoding == "json" else TYPES[encoding])
    return _ENCODERS[encoding](value)


def choose_encoding(content_type: str, declared: Encoding) -> Encoding:
    """Return how to encode a body: form or multipart if *content_type* says so, else *declared*."""
    media = parse_media_type(content_type)
    if media == TYPES["form"]:
        return "form"
    return "multipart" if media == TYPES["multipart"] else declared


def _encode_utf8(text: str, where: str) -> bytes:
    try:
        return js.join_surrogates(text).encode()
    except UnicodeEncodeError:
        raise BadValueError(
            "{where} holds half a character (a lone surrogate)", where=where
        ) from None


def _is_json_text(text: str) -> bool:
    try:
        js.loads_as_javascript(text)
    except (ValueError, RecursionError):
        return False
    return True


def _refuse_values_lost_in_json(value: Any, where: str) -> None:
    """Refuse values that ``JSON.stringify`` writes as ``{}``, so that they would be lost silently.

    *where* names *value* in the message.

    Raises:
        BadValueError: if a Map, a Set or a URLSearchParams is in *value*.
    """
    if isinstance(value, js.SearchParams):
        raise BadValueError(
            "{where} is a URLSearchParams, which JSON writes as an empty object; send "
            "params.toString() or Object.fromEntries(params)",
            where=where,
        )
    if isinstance(value, js.JsMap | js.JsSet):
        raise BadValueError(
            "{where} is {kind_of}, which JSON writes as an empty object; send "
            "Object.fromEntries(map) or [...set]",
            where=where,
            kind_of=js.describe_kind(value),
        )
    if isinstance(value, dict):
        for name, item in value.items():
            _refuse_values_lost_in_json(item, f"{where}.{name}")
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            _refuse_values_lost_in_json(item, f"{where}[{index}]")


def _encode_json(value: Any) -> Payload:
    try:
        data = js.stringify_json(value)
    except js.NotStringifiableError as error:
        raise BadValueError("body: {error}", error=error) from None
    # A Map, a Set and a URLSearchParams are printed as ``{}``, so without that none is in it.
    if b"{}" in data:
        _refuse_values_lost_in_json(value, "body")
    return Payload(data, TYPES["json"])


def _encode_text(value: Any) -> Payload:
    text = to_scalar_text(value)
    if text is None:
        raise BadValueError(
            "body is {kind_of}, and this API sends text; pass a text",
            kind_of=js.describe_kind(value),
        )
    return Payload(_encode_utf8(text, "body"), TYPES["text"])


def _iterate_fields(value: Any, encoding: str) -> Iterator[tuple[str, Any]]:
    """Yield names and single values of a form; the name of an array is repeated for each item.

    *encoding* names the form in the message.

    Raises:
        BadValueError: if *value* is neither an object nor URLSearchParams.
    """
    if isinstance(value, js.SearchParams):
        yield from value.pairs
        return
    if not isinstance(value, Mapping):
        raise BadValueError(
            "body is {kind}, and this API sends a {encoding}; pass an object of names and values",
            kind=js.describe_kind(value),
            encoding=encoding,
        )
    for name, item in value.items():
        for single in item if isinstance(item, list | tuple) else (item,):
            if not isinstance(single, js.UndefinedType):
                yield name, single


def _encode_form(value: Any) -> Payload:
    pairs = [f"{_form_encode(name, name)}={_form_encode(_to_field_text(name, item), name)}"
             for name, item in _iterate_fields(value, "form")]  # fmt: skip
    return Payload("&".join(pairs).encode(), TYPES["form"])


def _to_field_text(name: str, value: Any) -> str:
    text = "" if value is None else to_scalar_text(value)
    if text is None:
        raise BadValueError(
            "body.{name} is {kind_of}; a form holds texts, numbers, booleans and arrays of "
            "them; send JSON.stringify(value) if the server expects JSON",
            name=name,
            kind_of=js.describe_kind(value),
        )
    return text


def _form_encode(text: str, name: str) -> str:
    return (
        text
        if _FORM_SAFE.fullmatch(text)
        else encode_form_component(_encode_utf8(text, f"body.{name}"))
    )


def _encode_multipart(value: Any) -> Payload:
    """Encode by RFC 7578; equal bodies give equal bytes.

    The boundary is computed from the content and not drawn, so that a recording is found again.
    """
    parts = [
        _encode_part(name, item) for name, item in _iterate_fields(value, msg("multipart form"))
    ]
    content = b"".join(parts)
    digest = hashlib.sha256(content).hexdigest()
    while digest[:32].encode() in content:
        digest = hashlib.sha256(digest.encode()).hexdigest()
    boundary = f"bpmax-{digest[:32]}"
    line = f"--{boundary}".encode()
    data = b"".join(line + b"\r\n" + part + b"\r\n" for part in parts) + line + b"--\r\n"
    return Payload(data, f"{TYPES['multipart']}; boundary={boundary}")


def _encode_part(name: str, value: Any) -> bytes:
    filename, media, content = _encode_part_content(name, value)
    head = f'Content-Disposition: form-data; name="{_escape_part_name(name)}"'
    if filename is not None:
        head += f'; filename="{_escape_part_name(filename)}"'
    if media:
        head += f"\r\nContent-Type: {media}"
    return _encode_utf8(head, f"body.{name}") + b"\r\n\r\n" + content


def _encode_part_content(name: str, value: Any) -> tuple[str | None, str, bytes]:
    """Return file name, media type and content of one part; the file name is None for a text."""
    if isinstance(value, bytes | bytearray):
        return name, _BYTES, bytes(value)
    if not isinstance(value, Mapping):
        return None, "", _encode_utf8(_to_field_text(name, value), f"body.{name}")
    if "content" not in value or not _FILE_KEYS.issuperset(value):
        return None, TYPES["json"], _encode_json(value).data
    content = value["content"]
    if not isinstance(content, str | bytes | bytearray):
        raise BadValueError(
            "body.{name}.content is {kind_of}; pass a text or bytes",
            name=name,
            kind_of=js.describe_kind(content),
        )
    data = _encode_utf8(content, f"body.{name}") if isinstance(content, str) else bytes(content)
    media = str(value.get("content_type") or _BYTES)
    if not media.isprintable() or not media.isascii():
        raise BadValueError("body.{name}.content_type is not a media type", name=name)
    return str(value.get("filename") or name), media, data


def _escape_part_name(name: str) -> str:
    """Escape a field name of ``multipart/form-data`` as browsers do (HTML standard)."""
    return name.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")


def _encode_xml(value: Any) -> Payload:
    roots = list(_encode_xml_elements(value, "body")) if isinstance(value, Mapping) else []
    if len(roots) != 1:
        raise BadValueError("body must be an object with one key, the root element, or XML text")
    return Payload(_encode_utf8(roots[0], "body"), TYPES["xml"])


def _encode_xml_elements(value: Mapping[str, Any], where: str) -> Iterator[str]:
    for name, single in _iterate_fields(value, "xml"):
        if not _XML_NAME.fullmatch(name):
            raise BadValueError("{where}: {name!r} is not an element name", where=where, name=name)
        yield f"<{name}{_encode_xml_after_name(single, f'{where}.{name}')}</{name}>"


def _encode_xml_after_name(value: Any, where: str) -> str:
    """Return an XML element without the ``<name`` in front: attributes, ``>`` and content.

    A member ``@name`` of *value* is an attribute, ``#text`` is text. *where* names it in messages.
    """
    if not isinstance(value, Mapping):
        return f">{_escape_xml(value, where)}"
    members = {name: item for name, item in value.items() if not isinstance(item, js.UndefinedType)}
    text = _escape_xml(members.pop("#text", None), where)
    attributes = ""
    for name in [name for name in members if name.startswith("@")]:
        if not _XML_NAME.fullmatch(name[1:]):
            raise BadValueError(
                "{where}: {name!r} is not an attribute name", where=where, name=name
            )
        # In attributes they make spaces of line feeds and tabs (XML 1.0, 3.3.3).
        value = _escape_xml(members.pop(name), where).replace("\n", "&#10;").replace("\t", "&#9;")
        attributes += f' {name[1:]}="{value}"'
    return f"{attributes}>{text}{''.join(_encode_xml_elements(members, where))}"


def _escape_xml(value: Any, where: str) -> str:
    text = "" if value is None else to_scalar_text(value)
    if text is None or _NOT_XML.search(text):
        raise BadValueError(
            "{where} is {kind_of} that XML cannot hold",
            where=where,
            kind_of=js.describe_kind(value),
        )
    return escape(text).replace("\r", "&#13;")  # readers make a line feed of it (XML 1.0, 2.11)


_ENCODERS: Mapping[str, Callable[[Any], Payload]] = {
    "json": _encode_json,
    "form": _encode_form,
    "multipart": _encode_multipart,
    "text": _encode_text,
    "xml": _encode_xml,
}
