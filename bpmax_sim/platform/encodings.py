"""Convert values to text and bytes, and encode them.

Text made from bytes that are not UTF-8 keeps these bytes as surrogates, so the digest of the text
is the digest of the original bytes. No error message contains a value.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import quote

from bpmax_sim.i18n import MessageError, msg
from bpmax_sim.messages import encode_form_component

LIMIT: Final = 16 * 1024 * 1024
"""Characters that a template or a filter which makes its value longer may yield."""


class FilterError(MessageError, ValueError):
    """Raised if a filter cannot use a value; the message never contains the value."""


def to_octets(value: object) -> bytes:
    """Return *value* as bytes: bytes unchanged, anything else as its text in UTF-8.

    Raises:
        FilterError: if the text holds half a character, which is neither a byte nor UTF-8.
    """
    if isinstance(value, bytes):
        return value
    try:
        return to_text(value).encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        raise FilterError(
            "{where} holds half a character (a lone surrogate)", where=msg("the value")
        ) from None


def decode_losslessly(data: bytes) -> str:
    """Return *data* as text from which `to_octets` makes the same bytes, even if it is no UTF-8."""
    return data.decode("utf-8", "surrogateescape")


def to_text(value: object) -> str:
    """Return *value* as it is sent.

    ``true`` for a boolean, ``7`` for 7.0, an empty text for None.
    """
    convert = _TEXTS.get(type(value))
    return convert(value) if convert else str(value)


def to_json(value: object) -> str:
    """Return *value* as compact JSON, not ASCII-escaped."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


_TEXTS: Final[dict[type, Callable[[Any], str]]] = {
    str: str,
    int: str,
    bool: lambda value: "true" if value else "false",
    type(None): lambda _value: "",
    float: lambda value: str(int(value)) if value.is_integer() else repr(value),
    bytes: decode_losslessly,
    dict: to_json,
    list: to_json,
    tuple: to_json,
}


def encode_base64(value: object) -> str:
    """Return base64 with padding (RFC 4648 section 4)."""
    return base64.b64encode(require_short_octets(value)).decode("ascii")


def encode_base64url(value: object) -> str:
    """Return base64url without padding (RFC 7515 section 2)."""
    return base64.urlsafe_b64encode(require_short_octets(value)).decode("ascii").rstrip("=")


def decode_base64(value: object, what: str = msg("the value")) -> bytes:
    """Return the bytes of base64 or base64url text, with or without padding.

    *what* names the value in the message.

    Raises:
        FilterError: if it is neither.
    """
    plain = "".join(to_text(value).split()).replace("-", "+").replace("_", "/").rstrip("=")
    try:
        return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise FilterError("{what} is not base64", what=what) from None


def decode_hex(value: object, what: str = msg("the value")) -> bytes:
    """Return the bytes of hexadecimal text; *what* names the value in the message.

    Raises:
        FilterError: if it has other characters.
    """
    try:
        return bytes.fromhex(to_text(value))
    except ValueError:
        raise FilterError("{what} is not hexadecimal", what=what) from None


def percent_encode(value: object) -> str:
    """Return *value* percent-encoded; only unreserved characters stay (RFC 3986, 2.3)."""
    return quote(require_short_octets(value), safe="-_.~")


def percent_encode_path(value: object) -> str:
    """Return *value* percent-encoded except ``/``.

    A path that is encoded already is encoded again.
    """
    return quote(require_short_octets(value), safe="/-_.~")


def encode_form(value: object) -> str:
    """Return *value* encoded as ``application/x-www-form-urlencoded``; a space becomes ``+``."""
    return encode_form_component(require_short_octets(value))


def require_short_octets(value: object) -> bytes:
    """Return *value* as bytes, for a filter whose result is longer than its input.

    Such filters can be nested, so that a small text would become a huge one.

    Raises:
        FilterError: if there are more than `LIMIT` bytes.
    """
    data = to_octets(value)
    if len(data) > LIMIT:
        raise FilterError("an encoding filter takes {limit} bytes at most", limit=LIMIT)
    return data
