"""Bodies read back by other readers than the package's: JSON, forms, multipart, XML and text."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from math import isfinite
from typing import Any
from urllib.parse import parse_qsl, unquote_plus

from bpmax_sim.js_values import UNDEFINED, BigInt
from bpmax_sim.messages import Request

TYPES = {
    "json": "application/json",
    "form": "application/x-www-form-urlencoded",
    "multipart": "multipart/form-data",
    "text": "text/plain; charset=utf-8",
    "xml": "application/xml; charset=utf-8",
}
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e[+-]\d+)?")
_ELEMENT = re.compile(r"[^\W\d][\w.\-]*(?::[^\W\d][\w.\-]*)?")


def media(content_type: Any) -> str:
    """Return the media type that a header's value begins with, in lower case."""
    return str(content_type).partition(";")[0].strip().lower()


def is_form(request: Request) -> bool:
    return any(name.lower() == "content-type" and media(value) == TYPES["form"]
               for name, value in request.headers)  # fmt: skip


def fields(request: Request) -> list[tuple[str, str]]:
    """Return names and texts of the form that *request* sends."""
    return parse_qsl((request.body or b"").decode(), keep_blank_values=True)


def without(body: bytes, names: Iterable[str], request: Request) -> bytes:
    """Return the *body* of *request* less the members or fields of these names."""
    if is_form(request):
        pairs = [pair for pair in body.split(b"&") if pair.partition(b"=")[0].decode() not in names]
        return b"&".join(pairs)
    left = {name: value for name, value in json.loads(body).items() if name not in names}
    return json.dumps(left, separators=(",", ":")).encode()


def is_plain_text(value: Any) -> bool:
    """Return whether *value* is a text that is no JSON, which is sent as what it is."""
    if not isinstance(value, str):
        return False
    try:
        json.loads(value, parse_constant=float.fromhex)
    except ValueError:
        return True
    return False


def iso(value: datetime) -> str:
    return f"{value:%Y-%m-%dT%H:%M:%S}.{value.microsecond // 1000:03d}Z"


def is_number(value: float, text: str) -> bool:
    """Return whether *text* is *value* in as few characters as JavaScript prints it with."""
    if not isfinite(value):
        return text == ("NaN" if value != value else "Infinity" if value > 0 else "-Infinity")  # noqa: PLR0124
    if not _NUMBER.fullmatch(text):
        return False
    is_plain = not text.endswith(".0") and "e-0" not in text and "e+0" not in text
    if value == 0 or 1e-6 <= abs(value) < 1e21:
        is_plain = is_plain and "e" not in text
    return is_plain and text != "-0" and float(text) == value


def _is_whole(text: str) -> bool:
    try:
        text.encode("utf-16", "surrogatepass").decode("utf-16")
    except UnicodeDecodeError:
        return False
    return True


def _is_scalar(value: Any) -> bool:
    return isinstance(value, str | int | float | bool | BigInt | datetime)


def _is_text(value: Any) -> bool:
    return value is None or (_is_scalar(value) and (not isinstance(value, str) or _is_whole(value)))


def can_hold(value: Any, encoding: str) -> bool:
    """Return whether *value* can be sent in *encoding*."""
    if isinstance(value, str):
        return _is_whole(value)
    return isinstance(value, bytes) or _CAN_HOLD[encoding](value)


def _has_json(value: Any) -> bool:
    if isinstance(value, dict):
        return all(map(_has_json, value.values()))
    if isinstance(value, list | tuple):
        return all(map(_has_json, value))
    return not isinstance(value, BigInt)


def _has_fields(value: Any) -> bool:
    return isinstance(value, dict) and all(
        _is_whole(name) and _is_text(one) for name, one in _fields(value)
    )


def _has_parts(value: Any) -> bool:
    return isinstance(value, dict) and all(
        _is_whole(name) and (_is_text(one) or _is_part(one)) for name, one in _fields(value)
    )


def _is_part(value: Any) -> bool:
    if not isinstance(value, dict):
        return isinstance(value, bytes)
    if not _is_file(value):
        return _has_json(value)
    content = value["content"]
    return isinstance(content, bytes) or (isinstance(content, str) and _is_whole(content))


def _is_file(value: Mapping[str, Any]) -> bool:
    return "content" in value and {"content", "filename", "content_type"} >= {*value}


def _has_elements(value: Any) -> bool:
    return isinstance(value, dict) and len([*_fields(value)]) == 1 and _are_elements(value)


def _are_elements(value: Mapping[str, Any]) -> bool:
    return all(_ELEMENT.fullmatch(name) and _is_content(one) for name, one in _fields(value))


def _is_content(value: Any) -> bool:
    if not isinstance(value, dict):
        return _is_text(value) and not _NOT_XML.search(str(value))
    own, inner = _taken_apart(value)
    named = all(name == "#text" or _ELEMENT.fullmatch(name[1:]) for name in own)
    return (
        named
        and _are_elements(inner)
        and not any(isinstance(one, dict) or not _is_content(one) for one in own.values())
    )


def _taken_apart(value: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the attributes and the text of an element, and what is within it."""
    said = {name: one for name, one in value.items() if one is not UNDEFINED}
    own = {name: said.pop(name) for name in [*said] if name[:1] == "@" or name == "#text"}
    return own, said


_CAN_HOLD: Mapping[str, Callable[[Any], bool]] = {
    "json": _has_json,
    "form": _has_fields,
    "multipart": _has_parts,
    "xml": _has_elements,
    "text": _is_scalar,
}


def check(body: bytes, value: Any, encoding: str, request: Request) -> None:
    """Assert that *body* is *value* in *encoding*."""
    if isinstance(value, str | bytes):
        raw = (
            value.encode("utf-16", "surrogatepass").decode("utf-16")
            if isinstance(value, str)
            else ""
        )
        assert body == (value if isinstance(value, bytes) else raw.encode())
        return
    _CHECKS[encoding](body, value, request)


def _json(body: bytes, value: Any, _request: Request) -> None:
    bare = re.sub(rb'"(?:[^"\\]|\\.)*"', b'""', body)
    assert not re.search(rb"NaN|Infinity|[ \n]", bare), body
    assert equal(json.loads(body), plain(value)), body


def _form(body: bytes, value: Any, _request: Request) -> None:
    assert re.fullmatch(rb"(?:[A-Za-z0-9*._+&=-]|%[0-9A-F]{2})*", body), body
    pairs = [pair.partition("=") for pair in body.decode().split("&")] if body else []
    sent = sorted(((unquote_plus(name), unquote_plus(text)) for name, _, text in pairs), key=_name)
    wanted = sorted(((_whole(name), one) for name, one in _fields(value)), key=_name)
    assert [name for name, _ in sent] == [name for name, _ in wanted]
    assert all(printed(one, text) for (_, one), (_, text) in zip(wanted, sent, strict=True)), sent


def _fields(value: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, item in value.items():
        for one in item if isinstance(item, list | tuple) else [item]:
            if one is not UNDEFINED:
                yield name, one


def _name(field: tuple[str, Any]) -> str:
    """Return what fields are compared by: the order of different names says nothing."""
    return field[0]


def printed(value: Any, text: str) -> bool:
    """Return whether *text* is what JavaScript prints for a scalar; null is nothing."""
    if value is None:
        return text == ""
    if isinstance(value, bool):
        return text == ("true" if value else "false")
    if isinstance(value, int | float):
        return is_number(value, text)
    if isinstance(value, BigInt):
        return text == str(value.value)
    if isinstance(value, datetime):
        return text == iso(value)
    return bool(_whole(value) == text)


def _whole(text: str) -> str:
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")


def _multipart(body: bytes, value: Any, request: Request) -> None:
    (kind,) = [one for name, one in request.headers if name.lower() == "content-type"]
    line = b"--" + kind.partition("boundary=")[2].encode()
    start, *parts, end = body.split(line)
    wanted = sorted(((_whole(name), one) for name, one in _fields(value)), key=_name)
    parts.sort(key=lambda part: part.partition(b'name="')[2].partition(b'"')[0])
    assert (start, end) == (b"", b"--\r\n")
    assert len(parts) == len(wanted)
    for part, (name, one) in zip(parts, wanted, strict=True):
        assert (part[:2], part[-2:]) == (b"\r\n", b"\r\n")
        head, _, content = part[2:-2].partition(b"\r\n\r\n")
        _check_part(head.decode(), content, name, one)


def _check_part(head: str, content: bytes, name: str, value: Any) -> None:
    disposition, _, kind = head.partition("\r\n")
    said = f'Content-Disposition: form-data; name="{_escaped(_whole(name))}"'
    if isinstance(value, dict) and not _is_file(value):
        assert (disposition, kind) == (said, "Content-Type: application/json")
        assert equal(json.loads(content), plain(value))
    elif isinstance(value, dict | bytes):
        file: dict[str, Any] = value if isinstance(value, dict) else {"content": value}
        raw = file["content"]
        assert disposition == f'{said}; filename="{_escaped(file.get("filename") or name)}"'
        assert kind == f"Content-Type: {file.get('content_type') or 'application/octet-stream'}"
        assert content == (raw if isinstance(raw, bytes) else _whole(raw).encode())
    else:
        assert (disposition, kind) == (said, "")
        assert printed(value, content.decode())


def _escaped(name: str) -> str:
    return name.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")


def _xml(body: bytes, value: Any, _request: Request) -> None:
    ((name, root),) = _fields(value)
    try:
        read = ET.fromstring(body)
    except ET.ParseError:
        # Expat has the letters of XML 1.0's fourth edition, which ends its names at U+FFFF.
        assert _has_rare_name(value), body
        return
    assert read.tag == name
    _check_element(read, root)


def _has_rare_name(value: Any) -> bool:
    if not isinstance(value, dict | list):
        return False
    names = value if isinstance(value, dict) else ()
    inner = value.values() if isinstance(value, dict) else value
    return any(max(name) > "\uffff" for name in names) or any(map(_has_rare_name, inner))


def _check_element(read: ET.Element, value: Any) -> None:
    own, inner = _taken_apart(value if isinstance(value, dict) else {"#text": value})
    assert printed(own.pop("#text", None), read.text or ""), (value, read.text)
    assert read.attrib.keys() == {name[1:] for name in own}
    assert all(printed(one, read.attrib[name[1:]]) for name, one in own.items()), read.attrib
    children = [*_fields(inner)]
    assert [one.tag for one in read] == [name for name, _ in children]
    for one, (_, child) in zip(read, children, strict=True):
        _check_element(one, child)


def _text(body: bytes, value: Any, _request: Request) -> None:
    assert printed(value, body.decode())


_CHECKS: Mapping[str, Callable[[bytes, Any, Request], None]] = {
    "json": _json,
    "form": _form,
    "multipart": _multipart,
    "xml": _xml,
    "text": _text,
}


def plain(value: Any) -> Any:
    """Return what ``JSON.parse(JSON.stringify(value))`` is."""
    if isinstance(value, dict):
        return {name: plain(item) for name, item in value.items() if item is not UNDEFINED}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if value is UNDEFINED or (isinstance(value, float) and not isfinite(value)):
        return None
    if isinstance(value, datetime):
        return iso(value)
    if isinstance(value, bytes):
        return {str(index): byte for index, byte in enumerate(value)}
    return value


def equal(left: Any, right: Any) -> bool:
    """Compare JSON values; True is not 1, and 1.0 is 1."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(equal(v, right[k]) for k, v in left.items())
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(equal, left, right))
    if isinstance(left, float) or isinstance(right, float):
        return isinstance(left, int | float) and float(left) == right  # as JavaScript reads it
    return bool(left == right)
