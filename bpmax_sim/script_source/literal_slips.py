"""Literals that a function of JavaScript cannot use: invalid dates, numbers, options."""

from __future__ import annotations

import re
import unicodedata
from calendar import monthrange
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Final

from bpmax_sim.errors import CALL_ERROR_MEMBERS, suggest_nearest, suggest_or_list
from bpmax_sim.i18n import msg
from bpmax_sim.script_source.comparisons import is_caught_error
from bpmax_sim.script_source.kinds import (
    RELATIONS,
    list_arguments,
    read_operator,
    split_sides,
    strip_parentheses,
)
from bpmax_sim.script_source.slips import Found, SlipReader

if TYPE_CHECKING:
    from tree_sitter import Node

# `[0-9]` and not `\d`: JavaScript reads no full-width digits, which an input method may type.
_DAY: Final = re.compile(
    r"\s*([0-9]{4})[-/.]([0-9]{1,2})(?:[-/.]([0-9]{1,2}))?(?:[T ]([0-9]{1,2}):([0-9]{2}).*)?\s*"
)
_AMERICAN: Final = re.compile(r"\s*([0-9]{1,2})/([0-9]{1,2})/([0-9]{4}).*")
_NEVER_DATE: Final = re.compile(
    r"[^0-9]*|\s*[0-9]{7,}\s*|.*[０-９].*|.*[0-9]\s*[\u4e00-\u9fff，：（].*"
)
_NUMBER: Final = re.compile(
    r"[\s\ufeff]*(?:[+-]?(?:Infinity|(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)|"
    r"0(?:[xX][0-9a-fA-F]+|[oO][0-7]+|[bB][01]+)|)[\s\ufeff]*"
)
_GROUPED: Final = re.compile(
    r"(?:[¥￥$]\s*)?[0-9０-９]{1,3}(?:[,，][0-9０-９]{3})+(?:\.[0-9]+)?\s*元?"
    r"|[¥￥$]\s*[0-9０-９]+(?:\.[0-9]+)?|[0-9０-９]+(?:\.[0-9]+)?\s*元?"
)
"""A number as people write it, with commas, a currency or full-width digits."""
_MONTHS: Final = 12
_HOURS: Final = 24
_MINUTES: Final = 60
_BASES: Final = range(2, 37)
BASE_TEN: Final = frozenset({"", "0", "10"})
"""What leaves the base to the text or makes it ten; in a larger one letters are digits, too."""


def _find_invalid_date(reader: SlipReader, node: Node) -> Found:
    """Yield ``new Date('2026/13/01')``, an invalid date, and ``new Date(2026, 12, 1)``."""
    made = node.child_by_field_name("constructor") or node.child_by_field_name("function")
    name = reader.tree.get_source(made) if made is not None else ""
    arguments = list_arguments(node)
    if name not in {"Date", "Date.parse", "Date.UTC"} or not arguments:
        return
    text = reader.tree.read_literal_text(arguments[0])
    if text is not None and (wrong := _explain_invalid_date(text)):
        yield "wrong-value", arguments[0], msg(
            "{text} is no date: {wrong}",
            text=reader.shorten_source(arguments[0]), wrong=wrong,
        )  # fmt: skip
    month = reader.tree.get_source(arguments[1]) if len(arguments) > 1 else ""
    if month.isdecimal() and int(month) >= _MONTHS:
        yield "wrong-value", arguments[1], msg(
            "months count from 0 here, so that {month} is one of the next year; write {less}",
            month=month, less=int(month) - 1,
        )  # fmt: skip


def _explain_invalid_date(text: str) -> str:
    """Return why *text* is not a date; "" if it is one, or if that is unclear."""
    if american := _AMERICAN.fullmatch(text):
        year, month, day = int(american[3]), int(american[1]), int(american[2])
        hour = minute = 0
    elif match := _DAY.fullmatch(text):
        year, month, day = int(match[1]), int(match[2]), int(match[3] or 1)
        hour, minute = int(match[4] or 0), int(match[5] or 0)
    else:
        return msg("write it as 2026-01-31") if _NEVER_DATE.fullmatch(text) else ""
    if not 1 <= month <= _MONTHS:
        return msg("there is no month {month}", month=month)
    if not 1 <= day <= monthrange(max(year, 1), month)[1]:
        return msg("there is no day {day} in it", day=day)
    # 24:00 is the midnight at the end of the day.
    is_wrong = (hour, minute) > (_HOURS, 0) or minute >= _MINUTES
    return msg("there is no time {time}", time=f"{hour}:{minute:02}") if is_wrong else ""


def read_base(reader: SlipReader, name: str, arguments: Sequence[Node]) -> str:
    """Return the source of the base that ``parseInt`` gets; "" for none, or another function."""
    is_given = name == "parseInt" and len(arguments) > 1
    return reader.tree.get_source(arguments[1]) if is_given else ""


def is_number_text(text: str) -> bool:
    """Return whether ``Number(text)`` is a number and not NaN."""
    return _NUMBER.fullmatch(text) is not None


def _find_invalid_number(reader: SlipReader, node: Node) -> Found:
    """Yield ``Number('1,200')`` and ``parseInt('abc')``, which give NaN, and ``parseInt(x, 1)``."""
    callee = node.child_by_field_name("function")
    name = reader.tree.get_source(callee).removeprefix("Number.") if callee is not None else ""
    arguments = list_arguments(node)
    fits = is_number_text if name == "Number" else NUMBER_READ.get(name)
    if fits is None or not arguments:
        return
    text = reader.tree.read_literal_text(arguments[0])
    base = read_base(reader, name, arguments)
    is_wrong_base = base.isdecimal() and int(base) not in {0, *_BASES}
    is_wrong_text = base in BASE_TEN and text is not None and not fits(text)
    if is_wrong_base or is_wrong_text:
        yield "wrong-value", node, msg(
            "{text} gives NaN, and nothing compares with that", text=reader.shorten_source(node)
        )  # fmt: skip


_LONGEST: Final = 2**31 - 1


def _find_long_timer(reader: SlipReader, node: Node) -> Found:
    """Yield timers beyond 2³¹ - 1 ms (some 24.8 days), which every engine fires at once."""
    callee, arguments = node.child_by_field_name("function"), list_arguments(node)
    name = reader.tree.get_source(callee) if callee is not None else ""
    if name not in {"setTimeout", "setInterval"} or len(arguments) < 2:  # noqa: PLR2004
        return
    milliseconds = _evaluate_number(reader, arguments[1])
    if milliseconds is not None and milliseconds > _LONGEST:
        yield "wrong-value", arguments[1], msg(
            "a timer takes 24.8 days at most (2147483647 ms), and fires at once beyond that; wait "
            "in pieces, or let a deadline of the flow do it"
        )  # fmt: skip


def _evaluate_number(reader: SlipReader, node: Node | None, depth: int = 0) -> float | None:
    """Return the number that *node* computes from literals, such as ``30 * 86400 * 1000``.

    None if anything else is in it, except names that are assigned only once.
    """
    node = strip_parentheses(node)
    if node is None or depth > 9:  # noqa: PLR2004 - of names and operators
        return None
    if node.type == "number":
        text = reader.tree.get_source(node).replace("_", "")
        return float(text) if re.fullmatch(r"\d+\.?\d*(?:e\d+)?", text, re.IGNORECASE) else None
    if node.type == "identifier":
        binding = reader.scopes.find_binding(node)
        known = binding is not None and not binding.is_reassigned and not binding.path
        return _evaluate_number(reader, binding.value, depth + 1) if binding and known else None
    left, right = (_evaluate_number(reader, side, depth + 1) for side in split_sides(node))
    if left is None or right is None:
        return None
    operation = {"*": left * right, "+": left + right, "-": left - right}
    return operation.get(read_operator(node))


NUMBER_READ: Final[Mapping[str, Callable[[str], re.Match[str] | None]]] = {
    "parseInt": re.compile(r"[\s\ufeff]*([+-]?(?:0[xX][0-9a-fA-F]+|(?!0[xX])[0-9]+))").match,
    "parseFloat": re.compile(
        r"[\s\ufeff]*([+-]?(?:Infinity|(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?))"
    ).match,
}
"""Function -> what it reads of a text, as group 1."""

_RESPONSES: Final = ("status", "headers", "body")
_OF_ERRORS: Final = ("message", *CALL_ERROR_MEMBERS, "name", "stack", "cause", "errors")


def _find_unknown_error_member(reader: SlipReader, node: Node) -> Found:
    """Yield ``error.platform`` for ``platform_key``: misspelt members of a caught error.

    A name is left out if the script has it anywhere else than as a member of this variable: an
    error that the script itself makes may have such a member.
    """
    owner, name = node.child_by_field_name("object"), node.child_by_field_name("property")
    binding = reader.scopes.find_binding(owner) if owner and owner.type == "identifier" else None
    if owner is None or name is None or binding is None or "$proxy" not in reader.tree.text:
        return
    text, written = reader.tree.get_source(name), reader.tree.get_source(owner)
    hint = suggest_nearest(text, _OF_ERRORS) if text not in _OF_ERRORS else ""
    if not hint or binding.is_reassigned or not is_caught_error(reader.values, binding):
        return
    mentions = re.findall(rf"(?<![\w$]){re.escape(text)}(?![\w$])", reader.tree.text)
    uses = re.findall(
        rf"(?<![\w$]){re.escape(written)}\??\.{re.escape(text)}(?![\w$])", reader.tree.text
    )
    if len(mentions) == len(uses):  # or an error of the script's own may have it
        yield "unknown-member", name, msg(
            "an error of $proxy has no {name!r}{hint}", name=text, hint=hint
        )  # fmt: skip


def _find_unknown_error_response_member(reader: SlipReader, node: Node) -> Found:
    """Yield ``error.response.data``: members that an error's response does not have."""
    owner, name = node.child_by_field_name("object"), node.child_by_field_name("property")
    inner = owner.child_by_field_name("object") if owner is not None else None
    if owner is None or name is None or owner.type != "member_expression" or inner is None:
        return
    text = reader.tree.get_source(name)
    binding = reader.scopes.find_binding(inner) if inner.type == "identifier" else None
    is_response = reader.values.read_member_name(owner) == "response"
    if binding is None or not is_response or not is_caught_error(reader.values, binding):
        return
    if text not in _RESPONSES:
        yield "unknown-member", name, msg(
            "the response of an error has no {name}; it has status, headers and body", name=text
        )  # fmt: skip


_OPTIONS: Final = (
    "minimumFractionDigits", "maximumFractionDigits", "minimumIntegerDigits", "useGrouping",
    "minimumSignificantDigits", "maximumSignificantDigits", "style", "currency", "currencyDisplay",
    "unit", "unitDisplay", "notation", "signDisplay", "compactDisplay", "currencySign",
    "roundingMode", "roundingIncrement", "roundingPriority", "trailingZeroDisplay",
    "localeMatcher", "numberingSystem", "calendar", "timeZone", "hour12", "hourCycle", "weekday",
    "era", "year", "month", "day", "dayPeriod", "hour", "minute", "second", "timeZoneName",
    "fractionalSecondDigits", "dateStyle", "timeStyle", "formatMatcher", "numeric", "usage",
    "sensitivity", "ignorePunctuation", "caseFirst", "collation", "type", "granularity",
)  # fmt: skip


def _find_unknown_intl_option(reader: SlipReader, node: Node) -> Found:
    """Yield misspelt options of ``Intl`` and ``toLocaleString``, which these ignore silently."""
    made = node.child_by_field_name("constructor") or node.child_by_field_name("function")
    name = reader.tree.get_source(made) if made is not None else ""
    arguments = list_arguments(node)
    if not (name.startswith("Intl.") or ".toLocale" in name) or len(arguments) < 2:  # noqa: PLR2004
        return
    for pair in arguments[1].named_children if arguments[1].type == "object" else ():
        key = pair.child_by_field_name("key")
        text = reader.scopes.read_key_name(key) if key is not None else None
        if key is not None and text is not None and text not in _OPTIONS:
            yield "unknown-member", key, msg(
                "there is no option {name!r}{hint}", name=text, hint=suggest_or_list(text, _OPTIONS)
            )  # fmt: skip


def _find_invalid_locale(reader: SlipReader, node: Node) -> Found:
    """Yield ``timeZone: 'Asia/Beijing'`` and ``'zh_CN'``, for which `Intl` throws a RangeError."""
    made = node.child_by_field_name("constructor") or node.child_by_field_name("function")
    name = reader.tree.get_source(made) if made is not None else ""
    if not (name.startswith("Intl.") or ".toLocale" in name):
        return
    for number, one in enumerate(list_arguments(node)):
        text = reader.tree.read_literal_text(one)
        if number == 0 and text and "_" in text:
            yield "wrong-value", one, msg(
                "{text} is no locale, and a RangeError; write {right!r}",
                text=reader.shorten_source(one), right=text.replace("_", "-"),
            )  # fmt: skip
        for pair in one.named_children if number == 1 and one.type == "object" else ():
            key, value = pair.child_by_field_name("key"), pair.child_by_field_name("value")
            zone = reader.tree.read_literal_text(value) if value is not None else None
            is_zone = key is not None and reader.scopes.read_key_name(key) == "timeZone"
            if value is not None and is_zone and zone and not _is_zone(zone):
                yield "wrong-value", value, msg(
                    "there is no time zone {zone!r}, which is a RangeError; that of China is "
                    "'Asia/Shanghai'", zone=zone,
                )  # fmt: skip


@cache
def _is_zone(name: str) -> bool:
    """Return whether *name* is a time zone or offset; True if this machine has no zone data."""
    from zoneinfo import available_timezones  # noqa: PLC0415 - hardly any script names a zone

    known = {one.lower() for one in available_timezones()}
    return not known or name.lower() in known or name[:1] in "+-"


def is_no_number(text: str) -> bool:
    """Return whether *text* is no number for JavaScript, nor for people: ``一千``, not ``5,000``.

    Of the latter `find_slips` tells whatever it is compared with.
    """
    return not (is_number_text(text) or _GROUPED.fullmatch(text))


def _find_text_ordered_as_number(reader: SlipReader, node: Node) -> Found:
    """Yield ``amount > '5,000'``, which never holds: the text is no number.

    Also any other text that is none, if it is known that a number is compared with it.
    """
    sides = split_sides(node) if read_operator(node) in RELATIONS else ()
    for one, other in (sides, sides[::-1]) if sides else ():
        text = reader.tree.read_literal_text(other) if other is not None else None
        kind = reader.kinds.find_kind(one) if one is not None else None
        if text is None or kind == "text" or other is None:
            continue
        if _GROUPED.fullmatch(text) and not is_number_text(text):
            digits = unicodedata.normalize("NFKC", re.sub(r"[,，¥￥$元\s]", "", text))
            yield "never-equal", other, msg(
                "{text} is no number, so that no number is above or below it; write {number}",
                text=reader.shorten_source(other), number=digits,
            )  # fmt: skip
        elif kind == "number" and is_no_number(text):
            yield "never-equal", other, describe_ordered_text(reader.shorten_source(other))


def describe_ordered_text(text: str) -> str:
    """Return the message that a number is compared with *text*, as the source spells it."""
    return msg(
        "{text} is no number, so that no number is above or below it; compare with a number",
        text=text,
    )


FINDERS: Final[Mapping[str, Sequence[Callable[[SlipReader, Node], Found]]]] = {
    "new_expression": (_find_invalid_date, _find_unknown_intl_option, _find_invalid_locale),
    "call_expression": (
        _find_invalid_date, _find_invalid_number, _find_long_timer, _find_unknown_intl_option,
        _find_invalid_locale,
    ),
    "binary_expression": (_find_text_ordered_as_number,),
    "member_expression": (_find_unknown_error_member, _find_unknown_error_response_member),
}  # fmt: skip
"""Type of node -> what may be wrong with one."""
