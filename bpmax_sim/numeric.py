"""Whole numbers out of files and bodies: none is larger than a number of JavaScript can be.

Python reads and prints them with any number of digits, up to a limit at which it raises, and
compares them with fractions up to another one; a script has none of these.
"""

from __future__ import annotations

import json
import sys
from typing import Any, Final

LARGEST: Final = int(sys.float_info.max)
"""The largest whole number of JavaScript, of 309 digits."""

TOO_LARGE: Final = "a number is larger than the largest of JavaScript, 1.8e308"
_DIGITS: Final = len(str(LARGEST)) + 1


def whole(text: str) -> int:
    """Return the whole number of decimal digits in *text*.

    Raises:
        ValueError: if it is none, or too large.
    """
    if len(text) > _DIGITS and text.strip().lstrip("+-").isdecimal():
        raise ValueError(TOO_LARGE)
    return within(int(text))


def within(number: int) -> int:
    """Return *number*.

    Raises:
        ValueError: if it is too large.
    """
    if abs(number) > LARGEST:
        raise ValueError(TOO_LARGE)
    return number


def loads(text: str | bytes, **options: Any) -> Any:
    """Return the JSON value of *text*; as in JavaScript, a number that is too large is infinite.

    Raises:
        ValueError: if it is not JSON.
        RecursionError: if it is nested too deeply.
    """
    return json.loads(text, parse_int=_integer, **options)


def _integer(text: str) -> int | float:
    number = int(text) if len(text) <= _DIGITS else 0
    return number if 0 < abs(number) <= LARGEST or text in {"0", "-0"} else float(text)


def is_bounded(value: object) -> bool:
    """Return whether every number in the JSON *value* is finite."""
    left = [value]
    while left:
        one = left.pop()
        if isinstance(one, float) and one - one != 0:
            return False
        left.extend(one.values() if isinstance(one, dict) else one if isinstance(one, list) else ())
    return True
