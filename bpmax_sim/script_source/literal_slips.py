"""Literals that a function of JavaScript makes nothing of: no date, no number, no pattern."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from bpmax_sim.i18n import msg
from bpmax_sim.script_source.slips import Found, SlipReader

if TYPE_CHECKING:
    from tree_sitter import Node

_DAY: Final = re.compile(
    r"\s*(\d{4})[-/.](\d{1,2})(?:[-/.](\d{1,2}))?(?:[T ](\d{1,2}):(\d\d).*)?\s*"
)
_AMERICAN: Final = re.compile(r"\s*(\d{1,2})/(\d{1,2})/(\d{4}).*")
_NUMBER: Final = re.compile(
    r"\s*(?:[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|0[xob][\da-fA-F]+|)\s*"
)
_DIGITS: Final = re.compile(r"\s*[+-]?\.?\d")
_MONTHS: Final = 12
_HOURS: Final = 24
_BASES: Final = range(2, 37)


def _arguments_of(node: Node) -> list[Node]:
    listed = node.child_by_field_name("arguments")
    return [one for one in listed.named_children if one.type != "comment"] if listed else []


def _find_no_date(reader: SlipReader, node: Node) -> Found:
    """Yield ``new Date('2026/13/01')``, which is no date, and ``new Date(2026, 12, 1)``."""
    made = node.child_by_field_name("constructor") or node.child_by_field_name("function")
    name = reader.tree.text_of(made) if made is not None else ""
    arguments = _arguments_of(node)
    if name not in {"Date", "Date.parse", "Date.UTC"} or not arguments:
        return
    text = reader.tree.literal_text(arguments[0])
    if text is not None and (wrong := _why_no_date(text)):
        yield "wrong-value", arguments[0], msg(
            "{text} is no date: {wrong}",
            text=reader.shorten_source(arguments[0]), wrong=wrong,
        )  # fmt: skip
    month = reader.tree.text_of(arguments[1]) if len(arguments) > 1 else ""
    if month.isdecimal() and int(month) >= _MONTHS:
        yield "wrong-value", arguments[1], msg(
            "months count from 0 here, so that {month} is one of the next year; write {less}",
            month=month, less=int(month) - 1,
        )  # fmt: skip


def _why_no_date(text: str) -> str:
    """Return why *text* is no date, or nothing where it is, or nobody knows."""
    if american := _AMERICAN.fullmatch(text):
        year, month, day, hour = int(american[3]), int(american[1]), int(american[2]), 0
    elif match := _DAY.fullmatch(text):
        year, month, day = int(match[1]), int(match[2]), int(match[3] or 1)
        hour = int(match[4] or 0)
    else:
        is_chinese = re.match(r"\s*\d+\s*年", text) is not None
        return msg("write it as 2026-01-31") if is_chinese or not re.search(r"\d", text) else ""
    if not 1 <= month <= _MONTHS:
        return msg("there is no month {month}", month=month)
    if not 1 <= day <= monthrange(max(year, 1), month)[1]:
        return msg("there is no day {day} in it", day=day)
    return msg("hour {hour} does not exist", hour=hour) if hour > _HOURS else ""


def _find_no_number(reader: SlipReader, node: Node) -> Found:
    """Yield ``Number('1,200')`` and ``parseInt('abc')``, which give NaN, and ``parseInt(x, 1)``."""
    callee = node.child_by_field_name("function")
    name = reader.tree.text_of(callee).removeprefix("Number.") if callee is not None else ""
    arguments = _arguments_of(node)
    fits = _FITS.get(name)
    if fits is None or not arguments:
        return
    text = reader.tree.literal_text(arguments[0])
    base = reader.tree.text_of(arguments[1]) if len(arguments) > 1 else ""
    is_wrong_base = name == "parseInt" and base.isdecimal() and int(base) not in {0, *_BASES}
    if is_wrong_base or (text is not None and fits(text) is None):
        yield "wrong-value", node, msg(
            "{text} gives NaN, and nothing compares with that", text=reader.shorten_source(node)
        )  # fmt: skip


_FITS: Final[Mapping[str, Callable[[str], object]]] = {
    "Number": _NUMBER.fullmatch, "parseInt": _DIGITS.match, "parseFloat": _DIGITS.match,
}  # fmt: skip

FINDERS: Final[Mapping[str, Sequence[Callable[[SlipReader, Node], Found]]]] = {
    "new_expression": (_find_no_date,),
    "call_expression": (_find_no_date, _find_no_number),
}
"""Type of node -> what may be wrong with one."""
