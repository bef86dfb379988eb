"""Names and values as they stand in an address and in headers (RFC 3986, RFC 9110).

Every function takes a script's value and returns text that can go on the wire, or raises
`BadValueError`; nothing a script passes can add a segment, a parameter, a header or a line.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any, Final
from urllib.parse import quote

from bpmax_sim.proxy.kinds import BigInt, FarDate, Undefined, kind_of
from bpmax_sim.proxy.printing import far_date, iso_date, join_surrogates, js_number

_UNRESERVED = re.compile(r"[A-Za-z0-9\-._~]*")
_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_VISIBLE = re.compile(r"(?:[\x21-\x7e](?:[\t\x20-\x7e]*[\x21-\x7e])?)?")
_SHORT = 64
_PATH_SAFE = "/:@!$&'()*+,;=~%"
OF_THE_TRANSPORT: Final = frozenset({
    "connection", "content-length", "expect", "host", "keep-alive", "proxy-connection", "te",
    "trailer", "transfer-encoding", "upgrade",
})  # fmt: skip
"""Headers that decide where a request goes and where it ends; a script may not set them."""


DOTS: Final = frozenset({".", ".."})
"""Path segments that mean another place (RFC 3986 3.3)."""


class BadValueError(ValueError):
    """A value that cannot stand where the script put it; the message says where and why."""


def scalar_text(value: Any) -> str | None:
    """Return *value* as ``String(value)`` prints it; a Date as ISO. None for what is no scalar."""
    if type(value) is str:
        return value
    printer = _SCALARS.get(type(value))
    if printer is not None:
        return printer(value)
    found = (printer(value) for base, printer in _SCALARS.items() if isinstance(value, base))
    return next(found, None)


_SCALARS: dict[type, Callable[[Any], str | None]] = {
    str: lambda value: value,
    bool: lambda value: "true" if value else "false",
    int: js_number,
    float: js_number,
    BigInt: lambda value: str(value.value),
    datetime: iso_date,
    FarDate: far_date,
}


def percent(text: str, where: str) -> str:
    """Return *text* percent-encoded as UTF-8, only unreserved characters kept (RFC 3986 2.3).

    Raises:
        BadValueError: if it holds a lone surrogate, which UTF-8 cannot express.
    """
    if _UNRESERVED.fullmatch(text):
        return text
    try:
        return _quoted(text) if len(text) <= _SHORT else quote(join_surrogates(text), safe="")
    except UnicodeEncodeError:
        raise BadValueError(f"{where} holds half a character (a lone surrogate)") from None


@lru_cache(maxsize=2048)
def _quoted(text: str) -> str:
    return quote(join_surrogates(text), safe="")


def segment(name: str, value: Any) -> str:
    """Return *value* as one path segment, or as a part of one.

    Raises:
        BadValueError: if it is null, empty, a dot segment, or no scalar.
    """
    text = scalar_text(value)
    if text is None:
        raise BadValueError(
            f"path.{name} is {kind_of(value)}; expected a text, a number or a boolean"
        )
    if not text:
        raise BadValueError(f"path.{name} is empty, which would call another address")
    return inert(text, f"path.{name}")


def inert(text: str, where: str) -> str:
    """Return *text* percent-encoded, unless it alone would lead to another address.

    Raises:
        BadValueError: if it is ``.`` or ``..``, which servers may resolve in whatever encoding.
    """
    if text in DOTS:
        raise BadValueError(
            f"{where} is {text!r}, which servers read as another address even when it is encoded;"
            " send another value"
        )
    return percent(text, where)


def literal_path(text: str) -> str:
    """Return the fixed part of a declared path, with what an address cannot hold encoded."""
    return quote(text, safe=_PATH_SAFE)


def query_values(name: str, value: Any) -> Iterable[str]:
    """Return the texts that *name* is sent with: one, none, or one for each item of an array.

    Raises:
        BadValueError: if *value* is an object, or an array within an array.
    """
    if value is None or isinstance(value, Undefined):
        return ()
    text = scalar_text(value)
    if text is not None:
        return (text,)
    if isinstance(value, list | tuple):
        return [text for item in value for text in query_values_of_item(name, item)]
    raise BadValueError(
        f"query.{name} is {kind_of(value)}; a query holds texts, numbers, booleans and arrays of"
        " them; send JSON.stringify(value) if the server expects JSON"
    )


def query_values_of_item(name: str, item: Any) -> Iterable[str]:
    """Return the texts of one item of an array."""
    if isinstance(item, list | tuple):
        raise BadValueError(f"query.{name} is an array within an array; send JSON.stringify(value)")
    return query_values(name, item)


def query_pairs(values: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Return decoded names and values in sending order; null and undefined are left out."""
    pairs = []
    for name, value in values.items():
        if type(value) is str:
            pairs.append((name, value))
        else:
            pairs.extend([(name, text) for text in query_values(name, value)])
    return tuple(pairs)


def query_text(pairs: Iterable[tuple[str, str]]) -> str:
    """Return *pairs* as a query string; a space is ``%20``, a plus ``%2B``."""
    return "&".join([
        f"{percent(name, f'query name {name!r}')}={percent(value, f'query.{name}')}"
        for name, value in pairs
    ])  # fmt: skip


def header_name(name: str) -> str:
    """Return *name*, if a script may set it.

    Raises:
        BadValueError: if it is no header name, or one that the transport sets.
    """
    if not _TOKEN.fullmatch(name):
        raise BadValueError(f"header {name!r} is not a header name (RFC 9110)")
    if name.lower() in OF_THE_TRANSPORT:
        raise BadValueError(f"header {name!r} is set by the transport and cannot be chosen")
    return name


def header_value(name: str, value: Any) -> str:
    """Return *value* as a header value.

    Raises:
        BadValueError: if it is no scalar, or holds anything but visible ASCII, with what to do.
    """
    text = scalar_text(value)
    if text is None:
        raise BadValueError(f"header.{name} is {kind_of(value)}; expected a text or a number")
    if not _VISIBLE.fullmatch(text):
        raise BadValueError(
            f"header.{name} holds {_first_odd(text)}, outside visible ASCII; encode it first,"
            " for example with encodeURIComponent(value)"
        )
    return text


def _first_odd(text: str) -> str:
    odd = re.search(r"[^\x20-\x7e\t]", text)
    return f"U+{ord(odd[0]):04X} at character {odd.start() + 1}" if odd else "a space at its end"
