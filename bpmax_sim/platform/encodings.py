"""Values as text and bytes, and their encodings.

Text that came from bytes which are not UTF-8 keeps them as surrogates, so a digest of the text is
the digest of the very bytes. No error tells a value.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import quote

from bpmax_sim.i18n import MessageError, msg
from bpmax_sim.messages import encode_form_text

LIMIT: Final = 16 * 1024 * 1024
"""Characters that a template or a filter which makes its value longer may yield."""


class FilterError(MessageError, ValueError):
    """A value that a filter cannot use; the message never holds the value."""


def to_octets(value: object) -> bytes:
    """Return the bytes that *value* stands for: bytes themselves, or its text as UTF-8."""
    return value if isinstance(value, bytes) else to_text(value).encode("utf-8", "surrogateescape")


def lossless_utf8_text(data: bytes) -> str:
    """Return *data* as text, from which `to_octets` gets the same bytes back."""
    return data.decode("utf-8", "surrogateescape")


def to_text(value: object) -> str:
    """Return *value* as it is sent: ``true`` for a boolean, ``7`` for 7.0, nothing for None."""
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
    bytes: lossless_utf8_text,
    dict: to_json,
    list: to_json,
    tuple: to_json,
}


def b64(value: object) -> str:
    """Return base64 with padding (RFC 4648 section 4)."""
    return base64.b64encode(require_short_octets(value)).decode("ascii")


def b64url(value: object) -> str:
    """Return base64url without padding (RFC 7515 section 2)."""
    return base64.urlsafe_b64encode(require_short_octets(value)).decode("ascii").rstrip("=")


def decode_base64(value: object, what: str = msg("the value")) -> bytes:
    """Return the bytes of base64 or base64url, padded or not.

    Raises:
        FilterError: if it is neither.
    """
    plain = "".join(to_text(value).split()).replace("-", "+").replace("_", "/").rstrip("=")
    try:
        return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise FilterError("{what} is not base64", what=what) from None


def decode_hex(value: object, what: str = msg("the value")) -> bytes:
    """Return the bytes of hexadecimal digits.

    Raises:
        FilterError: if there is anything else.
    """
    try:
        return bytes.fromhex(to_text(value))
    except ValueError:
        raise FilterError("{what} is not hexadecimal", what=what) from None


def percent(value: object) -> str:
    """Return percent-encoding with only the unreserved characters of RFC 3986 left bare."""
    return quote(require_short_octets(value), safe="-_.~")


def percent_path(value: object) -> str:
    """Return percent-encoding that leaves ``/`` bare as well; an encoded path is encoded again."""
    return quote(require_short_octets(value), safe="/-_.~")


def form(value: object) -> str:
    """Return ``application/x-www-form-urlencoded``, where a space is ``+``."""
    return encode_form_text(require_short_octets(value))


def require_short_octets(value: object) -> bytes:
    """Return the bytes of *value*, for an encoding that makes them longer.

    Raises:
        FilterError: if there are more than `LIMIT`.
    """
    data = to_octets(value)
    if len(data) > LIMIT:
        raise FilterError("an encoding filter takes {limit} bytes at most", limit=LIMIT)
    return data
