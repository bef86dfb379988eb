"""Personal data by consistent pseudonyms: same value, same pseudonym, same format.

A pseudonym is recognisable, so it maps to itself, and a recording redacted twice stays as it is.
Digits stay digits, letters letters, Chinese characters Chinese; check digits stay valid.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from hashlib import blake2b

_KEY = b"bpmax-sim pseudonym"  # public: it spreads values, it does not protect them
_HAN = "某甲乙丙丁戊己庚辛壬癸"
_LATIN = "xyz"
_MOBILE = re.compile(r"(1[3-9])\d{9}")
_RESIDENT = re.compile(r"\d{17}[\dXx]")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)  # GB 11643-1999
_CHECK = "10X98765432"


def pseudonym(value: str) -> str:
    """Return what stands for *value*; a pseudonym stands for itself."""
    for pattern, make in _FORMATS:
        if pattern.fullmatch(value):
            return make(value)
    return "".join(map(_character, value, _spread(value, len(value))))


def _spread(value: str, count: int) -> list[int]:
    """Return *count* numbers that depend on *value*."""
    found: list[int] = []
    while len(found) < count:
        block = f"{len(found)}/{value}".encode("utf-8", "surrogatepass")
        found += blake2b(block, key=_KEY).digest()
    return found[:count]


def _digits(value: str, count: int) -> str:
    return "".join(str(number % 10) for number in _spread(value, count))


def _mobile(value: str) -> str:
    """Keep the operator's two digits; 0000 marks a pseudonym."""
    if value[2:7] == "00000":
        return value
    return f"{value[:2]}00000{_digits(value, 4)}"


def _resident(value: str) -> str:
    """Use region 000000, which nobody has, and a valid check character."""
    if value.startswith("0" * 14) and value[17] == check_character(value[:17]):
        return value
    body = "0" * 14 + _digits(value, 3)
    return body + check_character(body)


def check_character(body: str) -> str:
    """Return the last character of a resident identity number (GB 11643-1999)."""
    total = sum(int(digit) * weight for digit, weight in zip(body, _WEIGHTS, strict=True))
    return _CHECK[total % 11]


def _email(value: str) -> str:
    if re.fullmatch(r"u\d{6}@example\.test", value):
        return value
    return f"u{_digits(value, 6)}@example.test"


def _character(character: str, number: int) -> str:
    """Return a character of the same kind; what only pseudonyms hold stays."""
    if character.isdigit() and character.isascii():
        return "0"
    if "\u4e00" <= character <= "\u9fff":
        return character if character in _HAN else _HAN[number % len(_HAN)]
    if character.isascii() and character.isalpha():
        letter = _LATIN[number % len(_LATIN)]
        kept = character.lower() in _LATIN
        return character if kept else letter.upper() if character.isupper() else letter
    return character


_FORMATS: tuple[tuple[re.Pattern[str], Callable[[str], str]], ...] = (
    (_MOBILE, _mobile),
    (_RESIDENT, _resident),
    (_EMAIL, _email),
)
