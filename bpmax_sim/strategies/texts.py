"""Texts and values that break encoders: business data, hostile spellings, JavaScript's values."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from typing import Any, Final

from hypothesis import strategies as st

from bpmax_sim.proxy.values import UNDEFINED

BUSINESS: Final = ("客户", "合同 HT-0001", "张三", "13800138000", "应收账款", "2026-03-02", "上海")
"""What forms hold."""

HOSTILE: Final = (
    "", " ", "..", ".", "../..", "a/b?c#d", "%", "%2F", "%25", "a+b c", "a&b=c;d", "{{ now }}",
    "${x}", "{id}", "\"\\'`", "\r\nX-Evil: 1", "\x00", "\u2028\u2029", "</script>", "😀", "é",
    "null", "undefined", "1e21", "0123", "on", "__proto__", "redacted.a.b.c.1",
)  # fmt: skip
"""Texts that some encoder, template or parser is known to stumble over."""

LARGEST: Final = 2**53 - 1
"""The largest integer that JavaScript holds exactly."""

_ODD_NUMBERS: Final = (float("nan"), float("inf"), -float("inf"), -0.0)
_KEY = st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True)
_NUMBERS = st.integers(-LARGEST, LARGEST) | st.floats(allow_nan=False, allow_infinity=False)
_DATES = st.integers(-(10**12), 4 * 10**12).map(
    lambda ms: datetime.fromtimestamp(ms // 1000, UTC).replace(microsecond=ms % 1000 * 1000)
)
_GAPS = st.sampled_from((" ", "  ", "\t"))


def texts(*, max_size: int = 12, refusable: bool = False) -> st.SearchStrategy[str]:
    """Draw texts of a form, well-formed Unicode; *refusable* adds halves of characters."""
    return _texts(max_size, refusable)


@cache  # here and below: checking a strategy anew costs more than drawing from it
def _texts(max_size: int, refusable: bool) -> st.SearchStrategy[str]:
    drawn = st.one_of(
        st.sampled_from(BUSINESS),
        st.sampled_from(HOSTILE),
        st.text(st.characters(exclude_categories=["Cs"]), max_size=max_size),
    )
    return drawn | st.sampled_from(("\ud800", "甲\udfff", "\udc00\ud83d")) if refusable else drawn


def words(*, max_size: int = 16) -> st.SearchStrategy[str]:
    """Draw header values: visible ASCII, with gaps inside only, maybe empty."""
    return _words(max_size)


@cache
def _words(max_size: int) -> st.SearchStrategy[str]:
    run = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), max_size=max_size)
    return run | st.builds("".join, st.tuples(run.filter(bool), _GAPS, run.filter(bool)))


def keys() -> st.SearchStrategy[str]:
    """Draw plain lower-case identifiers."""
    return _KEY


def numbers() -> st.SearchStrategy[int | float]:
    """Draw finite numbers that Python and JavaScript both hold exactly."""
    return _NUMBERS


def scalars(*, refusable: bool = False) -> st.SearchStrategy[Any]:
    """Draw texts, numbers and booleans."""
    return _scalars(refusable)


@cache
def _scalars(refusable: bool) -> st.SearchStrategy[Any]:
    return texts(refusable=refusable) | numbers() | st.booleans()


def json_values(*, max_leaves: int = 8) -> st.SearchStrategy[Any]:
    """Draw JSON values, nested."""
    return _json_values(max_leaves)


@cache
def _json_values(max_leaves: int) -> st.SearchStrategy[Any]:
    return _nested(st.none() | scalars(), max_leaves)


def script_values(*, max_leaves: int = 8, refusable: bool = False) -> st.SearchStrategy[Any]:
    """Draw what a script may pass as a body: JSON values, undefined, NaN, infinities and Dates."""
    return _script_values(max_leaves, refusable)


@cache
def _script_values(max_leaves: int, refusable: bool) -> st.SearchStrategy[Any]:
    odd = st.just(UNDEFINED) | st.sampled_from((UNDEFINED, *_ODD_NUMBERS))
    return _nested(st.none() | scalars(refusable=refusable) | odd | dates(), max_leaves)


def dates() -> st.SearchStrategy[datetime]:
    """Draw Dates of whole milliseconds, as UTC datetimes."""
    return _DATES


def _nested(leaves: st.SearchStrategy[Any], max_leaves: int) -> st.SearchStrategy[Any]:
    names = keys() | texts(max_size=4)
    return st.recursive(
        leaves,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
        max_leaves=max_leaves,
    )
