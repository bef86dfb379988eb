"""Plain scalars by the YAML 1.2 core schema (https://yaml.org/spec/1.2.2/#103-core-schema).

``on``, ``yes``, ``1_000``, ``12:30`` and dates are text. Numbers with leading zeros are refused:
a customer 007 must not become 7. Messages do not show the value, it may be a password.
"""

from __future__ import annotations

import re

from bpmax_sim.numeric import within

Resolved = str | int | float | bool | None

_CONSTANTS: dict[str, Resolved] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), float("inf")),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), float("-inf")),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan")),
}
_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]*)")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|(?:0|[1-9][0-9]*)(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_BASED = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_LEADING_ZERO = re.compile(r"[-+]?0[0-9]+(?:\.[0-9]*)?(?:[eE][-+]?[0-9]+)?")
_NUMBER_STARTS = frozenset("0123456789+-.")
_DIGITS = 1000


class ScalarError(ValueError):
    """A plain scalar whose meaning nobody can be sure of."""


def resolve(text: str) -> Resolved:
    """Return what the plain scalar *text* means.

    Raises:
        ScalarError: if it is a number with leading zeros, or far too long a number.
    """
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if text[0] not in _NUMBER_STARTS:
        return text
    return _number(text)


def _number(text: str) -> Resolved:
    if _LEADING_ZERO.fullmatch(text):
        raise ScalarError("a number has leading zeros; quote it to keep it as text")
    is_based = _BASED.fullmatch(text) is not None
    if not is_based and not _FLOAT.fullmatch(text):
        return text
    if len(text) > _DIGITS:
        raise ScalarError(f"a number has more than {_DIGITS} digits; quote it to keep it as text")
    try:
        return _whole(text, is_based=is_based)
    except ValueError as error:
        raise ScalarError(f"{error}; quote it to keep it as text") from None


def _whole(text: str, *, is_based: bool) -> int | float:
    if is_based or _INTEGER.fullmatch(text):
        return within(int(text, 0 if is_based else 10))
    return float(text)
