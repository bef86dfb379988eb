"""Check characters of the numbers that people and companies have in China, and of cards."""

from __future__ import annotations

_RESIDENT_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_RESIDENT = "10X98765432"
_ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
_CREDIT = "0123456789ABCDEFGHJKLMNPQRTUWXY"  # no I, O, S, V, Z


def resident(body: str) -> str:
    """Return the last character of a resident identity number (GB 11643-1999)."""
    total = sum(int(digit) * weight for digit, weight in zip(body, _RESIDENT_WEIGHTS, strict=True))
    return _RESIDENT[total % 11]


def organisation(body: str) -> str:
    """Return the last character of an organisation code (GB 11714-1997)."""
    weighed = zip(body, _ORGANISATION_WEIGHTS, strict=True)
    return "0123456789X0"[11 - sum(int(sign, 36) * weight for sign, weight in weighed) % 11]


def credit(body: str) -> str:
    """Return the last character of a unified social credit code (GB 32100-2015)."""
    total = sum(_CREDIT.index(sign) * pow(3, place, 31) for place, sign in enumerate(body))
    return _CREDIT[-total % 31]


def luhn(body: str) -> str:
    """Return the last digit of a card number (ISO/IEC 7812-1)."""
    doubled = (int(digit) * (2 - place % 2) for place, digit in enumerate(reversed(body)))
    return str(-sum(number // 10 + number % 10 for number in doubled) % 10)
