"""Request bodies: a script's value to the bytes that are sent and their content type."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from html import escape
from typing import Any, Final
from urllib.parse import quote_plus

from bpmax_sim.platform.model import Encoding
from bpmax_sim.proxy.encode import BadValueError, scalar_text
from bpmax_sim.proxy.hidden import Hidden
from bpmax_sim.proxy.kinds import Undefined, kind_of
from bpmax_sim.proxy.printing import UnprintableError, join_surrogates, json_text

TYPES: Final[Mapping[str, str]] = {
    "json": "application/json",
    "form": "application/x-www-form-urlencoded",
    "multipart": "multipart/form-data",
    "text": "text/plain; charset=utf-8",
    "xml": "application/xml; charset=utf-8",
}
_BYTES = "application/octet-stream"
_FORM_SAFE = re.compile(r"[A-Za-z0-9*\-._]*")
_XML_NAME = re.compile(r"[^\W\d][\w.\-]*(?::[^\W\d][\w.\-]*)?")
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_FILE_KEYS = frozenset({"content", "filename", "content_type"})


class Payload(Hidden, frozen=True):
    """Encoded bytes, and the content type that goes with them."""

    data: bytes
    content_type: str


def encode_payload(value: Any, encoding: Encoding) -> Payload:
    """Return *value* in *encoding*; texts and bytes stay as they are.

    Raises:
        BadValueError: if *value* has no form in *encoding*.
    """
    if isinstance(value, str):
        return Payload(_utf8(value, "body"), TYPES[encoding])
    if isinstance(value, bytes | bytearray):
        return Payload(bytes(value), _BYTES if encoding == "json" else TYPES[encoding])
    return _ENCODERS[encoding](value)


def encoding_of(content_type: str, declared: Encoding) -> Encoding:
    """Return the encoding that a content type set by the script asks for, else *declared*."""
    media = content_type.partition(";")[0].strip().lower()
    if media == TYPES["form"]:
        return "form"
    return "multipart" if media == TYPES["multipart"] else declared


def _utf8(text: str, where: str) -> bytes:
    try:
        return join_surrogates(text).encode()
    except UnicodeEncodeError:
        raise BadValueError(f"{where} holds half a character (a lone surrogate)") from None


def _json(value: Any) -> Payload:
    try:
        return Payload(json_text(value), TYPES["json"])
    except UnprintableError as error:
        raise BadValueError(f"body: {error}") from None


def _text(value: Any) -> Payload:
    text = scalar_text(value)
    if text is None:
        raise BadValueError(f"body is {kind_of(value)}, and this API sends text; pass a text")
    return Payload(_utf8(text, "body"), TYPES["text"])


def _fields(value: Any, encoding: str) -> Iterator[tuple[str, Any]]:
    """Yield names and single values of a form; arrays repeat the name."""
    if not isinstance(value, Mapping):
        raise BadValueError(f"body is {kind_of(value)}, and this API sends a {encoding}; pass an"
                            " object of names and values")  # fmt: skip
    for name, item in value.items():
        for single in item if isinstance(item, list | tuple) else (item,):
            if not isinstance(single, Undefined):
                yield name, single


def _form(value: Any) -> Payload:
    pairs = [f"{_plus(name, name)}={_plus(_field(name, item), name)}"
             for name, item in _fields(value, "form")]  # fmt: skip
    return Payload("&".join(pairs).encode(), TYPES["form"])


def _field(name: str, value: Any) -> str:
    text = "" if value is None else scalar_text(value)
    if text is None:
        raise BadValueError(
            f"body.{name} is {kind_of(value)}; a form holds texts, numbers, booleans and arrays"
            " of them; send JSON.stringify(value) if the server expects JSON"
        )
    return text


def _plus(text: str, name: str) -> str:
    """Encode as the WHATWG URL standard does for forms: a space is a plus, a tilde is ``%7E``."""
    if _FORM_SAFE.fullmatch(text):
        return text
    return quote_plus(_utf8(text, f"body.{name}"), safe="*").replace("~", "%7E")


def _multipart(value: Any) -> Payload:
    """Encode by RFC 7578; the boundary comes from the content, so equal bodies are equal bytes."""
    parts = [_part(name, item) for name, item in _fields(value, "multipart form")]
    content = b"".join(parts)
    boundary = _boundary(content)
    line = f"--{boundary}".encode()
    data = b"".join(line + b"\r\n" + part + b"\r\n" for part in parts) + line + b"--\r\n"
    return Payload(data, f"{TYPES['multipart']}; boundary={boundary}")


def _boundary(content: bytes) -> str:
    digest = hashlib.sha256(content).hexdigest()
    while digest[:32].encode() in content:
        digest = hashlib.sha256(digest.encode()).hexdigest()
    return f"bpmax-{digest[:32]}"


def _part(name: str, value: Any) -> bytes:
    filename, media, content = _part_content(name, value)
    head = f'Content-Disposition: form-data; name="{_quoted(name)}"'
    if filename is not None:
        head += f'; filename="{_quoted(filename)}"'
    if media:
        head += f"\r\nContent-Type: {media}"
    return _utf8(head, f"body.{name}") + b"\r\n\r\n" + content


def _part_content(name: str, value: Any) -> tuple[str | None, str, bytes]:
    """Return file name, media type and content of one part."""
    if isinstance(value, bytes | bytearray):
        return name, _BYTES, bytes(value)
    if isinstance(value, Mapping):
        return _file_content(name, value)
    return None, "", _utf8(_field(name, value), f"body.{name}")


def _file_content(name: str, value: Mapping[str, Any]) -> tuple[str | None, str, bytes]:
    if "content" not in value or not _FILE_KEYS.issuperset(value):
        return None, TYPES["json"], _json(value).data
    content = value["content"]
    if not isinstance(content, str | bytes | bytearray):
        raise BadValueError(f"body.{name}.content is {kind_of(content)}; pass a text or bytes")
    data = _utf8(content, f"body.{name}") if isinstance(content, str) else bytes(content)
    media = str(value.get("content_type") or _BYTES)
    if not media.isprintable() or not media.isascii():
        raise BadValueError(f"body.{name}.content_type is not a media type")
    return str(value.get("filename") or name), media, data


def _quoted(name: str) -> str:
    """Escape by the HTML standard's rule for form-data names."""
    return name.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")


def _xml(value: Any) -> Payload:
    if not isinstance(value, Mapping) or len(value) != 1:
        raise BadValueError("body must be an object with one key, the root element, or XML text")
    return Payload(_utf8("".join(_elements(value, "body")), "body"), TYPES["xml"])


def _elements(value: Mapping[str, Any], where: str) -> Iterator[str]:
    for name, item in value.items():
        if name.startswith(("@", "#")) or isinstance(item, Undefined):
            continue
        if not _XML_NAME.fullmatch(name):
            raise BadValueError(f"{where}: {name!r} is not an element name")
        for single in item if isinstance(item, list | tuple) else (item,):
            yield f"<{name}{_content(single, f'{where}.{name}')}</{name}>"


def _content(value: Any, where: str) -> str:
    """Return the rest of a start tag and the content; ``@name`` is an attribute, ``#text`` text."""
    if not isinstance(value, Mapping):
        return f">{_xml_text(value, where)}"
    attributes = "".join(
        f' {_attribute(name, where)}="{_xml_text(item, where)}"'
        for name, item in value.items()
        if name.startswith("@")
    )
    text = _xml_text(value.get("#text"), where)
    return f"{attributes}>{text}{''.join(_elements(value, where))}"


def _attribute(name: str, where: str) -> str:
    if not _XML_NAME.fullmatch(name[1:]):
        raise BadValueError(f"{where}: {name!r} is not an attribute name")
    return name[1:]


def _xml_text(value: Any, where: str) -> str:
    text = "" if value is None else scalar_text(value)
    if text is None or _NOT_XML.search(text):
        raise BadValueError(f"{where} is {kind_of(value)} that XML cannot hold")
    return escape(text)


_ENCODERS: Mapping[str, Callable[[Any], Payload]] = {
    "json": _json,
    "form": _form,
    "multipart": _multipart,
    "text": _text,
    "xml": _xml,
}
