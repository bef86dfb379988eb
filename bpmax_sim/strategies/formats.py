"""The formats of JSON Schema and OpenAPI that parameters name, and a few of Chinese business."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from datetime import date, timedelta, timezone
from typing import Any, Final

from hypothesis import strategies as st

from bpmax_sim.secret.checkdigits import resident
from bpmax_sim.strategies.texts import LARGEST, texts

Maker = Callable[[], st.SearchStrategy[Any]]

_ZONES = st.integers(-12 * 4, 14 * 4).map(lambda n: timezone(timedelta(minutes=15 * n)))
_DAYS: Final = ((9, "D"), (5, "H"), (50, "M"))
_LABEL = st.from_regex(r"[a-z]([a-z0-9-]{0,8}[a-z0-9])?", fullmatch=True)


def _id_cards() -> st.SearchStrategy[str]:
    """Draw numbers of resident identity cards, the check digit right (GB 11643)."""
    days = st.dates(date(1900, 1, 1), date(2099, 12, 31)).map("{:%Y%m%d}".format)
    drawn = st.builds("{}{}{:03d}".format, st.integers(110000, 659999), days, st.integers(1, 999))
    return drawn.map(lambda digits: digits + resident(digits))


def _durations() -> st.SearchStrategy[str]:
    return st.builds("P{}DT{}H{}M".format, *(st.integers(0, most) for most, _ in _DAYS))


def _hosts() -> st.SearchStrategy[str]:
    return st.lists(_LABEL, min_size=1, max_size=2).map(lambda labels: ".".join([*labels, "test"]))


def _addresses() -> st.SearchStrategy[str]:
    ends = st.sampled_from(("", "/", "/a%20b/c?d=1&e=%25#f", "/%E5%AE%A2%E6%88%B7", "?q=a+b"))
    return st.builds("https://{}{}".format, _hosts(), ends)


FORMATS: Final[Mapping[str, Maker]] = {
    "binary": texts,
    "byte": lambda: st.binary(max_size=12).map(lambda data: base64.b64encode(data).decode()),
    "date": lambda: st.dates().map(str),
    "date-time": lambda: st.datetimes(timezones=_ZONES).map(lambda moment: moment.isoformat()),
    "duration": _durations,
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
