"""Texts and values that break encoders: business data, hostile spellings, JavaScript's values.

The formats of JSON Schema and OpenAPI that parameters name, and a few of Chinese business.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta, timezone
from functools import cache
from string import ascii_lowercase, digits
from typing import Any, Final, TypeVar

from hypothesis import strategies as st

from bpmax_sim.js_values import UNDEFINED
from bpmax_sim.proxy.encode import DOTS
from bpmax_sim.secret.pseudonym import resident

BUSINESS: Final = ("客户", "合同 HT-0001", "张三", "13800138000", "应收账款", "2026-03-02", "上海")
"""What forms hold."""

HOSTILE: Final = (
    "", " ", "..", ".", "../..", "a/b?c#d", "%", "%2F", "%25", "a+b c", "a&b=c;d", "{{ now }}",
    "${x}", "{id}", "\"\\'`", "\r\nX-Evil: 1", "\x00", "\u2028\u2029", "</script>", "😀", "é",
    "null", "undefined", "1e21", "0123", "on", "__proto__", "redacted.a.b.c.1",
)  # fmt: skip
"""Texts that some encoder, template or parser is known to stumble over."""

NO_SEGMENT: Final = ("", *sorted(DOTS))
"""Texts that no path can hold as a segment."""

LARGEST: Final = 2**53 - 1
"""The largest integer that JavaScript holds exactly."""

_ODD_NUMBERS: Final = (float("nan"), float("inf"), -float("inf"), -0.0)
_GAPS = st.sampled_from((" ", "  ", "\t"))


Make = TypeVar("Make", bound=Callable[..., Any])


def cached(make: Make) -> Make:
    """Return *make* so that it returns equal strategies once.

    To check a strategy anew costs more than to draw from it.
    """
    return cache(make)  # type: ignore[return-value]


@cached
def texts(*, max_size: int = 12, refusable: bool = False) -> st.SearchStrategy[str]:
    """Draw texts of a form, well-formed Unicode; *refusable* adds halves of characters."""
    drawn = st.one_of(
        st.sampled_from(BUSINESS),
        st.sampled_from(HOSTILE),
        st.text(st.characters(exclude_categories=["Cs"]), max_size=max_size),
    )
    return drawn | st.sampled_from(("\ud800", "甲\udfff", "\udc00\ud83d")) if refusable else drawn


@cached
def words(*, max_size: int = 16) -> st.SearchStrategy[str]:
    """Draw header values: visible ASCII, with gaps inside only, maybe empty."""
    run = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), max_size=max_size)
    return run | st.builds("".join, st.tuples(run.filter(bool), _GAPS, run.filter(bool)))


@cached
def keys() -> st.SearchStrategy[str]:
    """Draw plain lower-case identifiers."""
    later = st.text(f"{ascii_lowercase}{digits}_", max_size=8)
    return st.builds("{}{}".format, st.sampled_from(ascii_lowercase), later)


@cached
def numbers() -> st.SearchStrategy[int | float]:
    """Draw finite numbers that Python and JavaScript both hold exactly."""
    return st.integers(-LARGEST, LARGEST) | st.floats(allow_nan=False, allow_infinity=False)


@cached
def scalars(*, refusable: bool = False) -> st.SearchStrategy[Any]:
    """Draw texts, numbers and booleans."""
    return texts(refusable=refusable) | numbers() | st.booleans()


@cached
def json_values(*, max_leaves: int = 8) -> st.SearchStrategy[Any]:
    """Draw JSON values, nested."""
    return _nested(st.none() | scalars(), max_leaves)


@cached
def script_values(*, max_leaves: int = 8, refusable: bool = False) -> st.SearchStrategy[Any]:
    """Draw what a script may pass as a body: JSON values, undefined, NaN, infinities and Dates."""
    odd = st.just(UNDEFINED) | st.sampled_from((UNDEFINED, *_ODD_NUMBERS))
    return _nested(st.none() | scalars(refusable=refusable) | odd | dates(), max_leaves)


@cached
def dates() -> st.SearchStrategy[datetime]:
    """Draw Dates of whole milliseconds, as UTC datetimes."""
    return st.integers(-(10**12), 4 * 10**12).map(
        lambda ms: datetime.fromtimestamp(ms // 1000, UTC).replace(microsecond=ms % 1000 * 1000)
    )


def evenly(values: Sequence[Any]) -> st.SearchStrategy[Any]:
    """Draw each of *values* about as often, the first where everything is shrunk.

    What Hypothesis draws is not spread evenly, as it tries again what was drawn before; the sum of
    several draws nearly is.
    """
    place = st.integers(0, len(values) - 1)
    return st.tuples(place, place, place).map(lambda drawn: values[sum(drawn) % len(values)])


def weighted(*drawn: tuple[int, st.SearchStrategy[Any]]) -> st.SearchStrategy[Any]:
    """Draw from each of *drawn* as often as its weight says; `one_of` takes equal ones once."""
    branches = [branch for weight, branch in drawn for _ in range(weight)]
    return evenly(branches).flatmap(lambda branch: branch)


def _nested(leaves: st.SearchStrategy[Any], max_leaves: int) -> st.SearchStrategy[Any]:
    names = keys() | texts(max_size=4)
    return st.recursive(
        leaves,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
        max_leaves=max_leaves,
    )


def is_element(value: Any) -> bool:
    """Return whether XML can hold *value*: names of elements, and no control characters."""
    if isinstance(value, dict):
        named = all(_ELEMENT.fullmatch(name) for name in value)
        return named and all(map(is_element, value.values()))
    if isinstance(value, list):
        return all(map(is_element, value)) and not any(isinstance(item, list) for item in value)
    return not (isinstance(value, str) and _NOT_XML.search(value))


_ELEMENT: Final = re.compile(r"[^\W\d][\w.\-]*")
_NOT_XML: Final = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

_ZONES = st.integers(-12 * 4, 14 * 4).map(lambda n: timezone(timedelta(minutes=15 * n)))
_LABEL = st.from_regex(r"[a-z]([a-z0-9-]{0,8}[a-z0-9])?", fullmatch=True)


def _id_cards() -> st.SearchStrategy[str]:
    """Draw numbers of resident identity cards, the check digit right (GB 11643)."""
    days = st.dates(date(1900, 1, 1), date(2099, 12, 31)).map("{:%Y%m%d}".format)
    drawn = st.builds("{}{}{:03d}".format, st.integers(110000, 659999), days, st.integers(1, 999))
    return drawn.map(lambda digits: digits + resident(digits))


def _hosts() -> st.SearchStrategy[str]:
    return st.lists(_LABEL, min_size=1, max_size=2).map(lambda labels: ".".join([*labels, "test"]))


def _addresses() -> st.SearchStrategy[str]:
    ends = st.sampled_from(("", "/", "/a%20b/c?d=1&e=%25#f", "/%E5%AE%A2%E6%88%B7", "?q=a+b"))
    return st.builds("https://{}{}".format, _hosts(), ends)


FORMATS: Final[Mapping[str, Callable[[], st.SearchStrategy[Any]]]] = {
    "binary": texts,
    "byte": lambda: st.binary(max_size=12).map(lambda data: base64.b64encode(data).decode()),
    "date": lambda: st.dates().map(str),
    "date-time": lambda: st.datetimes(timezones=_ZONES).map(lambda moment: moment.isoformat()),
    "duration": lambda: st.builds(
        "P{}DT{}H{}M".format, st.integers(0, 9), st.integers(0, 5), st.integers(0, 50)
    ),
    "email": st.emails,
    "hostname": _hosts,
    "id-card": _id_cards,
    "ipv4": lambda: st.ip_addresses(v=4).map(str),
    "ipv6": lambda: st.ip_addresses(v=6).map(str),
    "json-pointer": lambda: st.sampled_from(("", "/a/0", "/a~1b/m~0n")),
    "password": texts,
    "phone": lambda: st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True),
    "time": lambda: st.times().map(lambda moment: f"{moment.isoformat()}+08:00"),
    "uri": _addresses,
    "uri-reference": _addresses,
    "url": _addresses,
    "uuid": lambda: st.uuids().map(str),
}  # fmt: skip
"""Texts by format."""

_FLOAT32: Final = float.fromhex("0x1.fffffep+127")
RANGES: Final[Mapping[str, tuple[float, float]]] = {
    "int32": (-(2**31), 2**31 - 1),
    "int64": (-LARGEST, LARGEST),  # what JavaScript holds exactly of it
    "float": (-_FLOAT32, _FLOAT32),
    "double": (-1.7976931348623157e308, 1.7976931348623157e308),
}
"""Bounds of numbers by format."""
