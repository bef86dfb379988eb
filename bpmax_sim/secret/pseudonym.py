"""Replace personal data by consistent pseudonyms: equal values, equal pseudonyms, same format.

A pseudonym is recognisable and maps to itself, so redacting a recording twice changes nothing.
Digits stay digits, numerals (①, Ⅳ, 〇) numerals, letters letters, Chinese characters Chinese; those
that mean numbers (一, 壹) are Chinese characters like others. Check digits of Chinese identity
numbers, company codes and bank cards stay valid.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from hashlib import blake2b

_RESIDENT_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_RESIDENT = "10X98765432"
_ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
_CREDIT_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"  # no I, O, S, V, Z


def compute_resident_id_check_char(body: str) -> str:
    """Return the last character of a resident identity number that begins with *body*.

    It is the check character (GB 11643-1999).
    """
    total = sum(int(digit) * weight for digit, weight in zip(body, _RESIDENT_WEIGHTS, strict=True))
    return _RESIDENT[total % 11]


def compute_org_code_check_char(body: str) -> str:
    """Return the last character of an organisation code that begins with *body*.

    It is the check character (GB 11714-1997).
    """
    weighed = zip(body, _ORGANISATION_WEIGHTS, strict=True)
    return "0123456789X0"[11 - sum(int(sign, 36) * weight for sign, weight in weighed) % 11]


def compute_credit_code_check_char(body: str) -> str:
    """Return the last character of a unified social credit code that begins with *body*.

    It is the check character (GB 32100-2015).
    """
    total = sum(_CREDIT_ALPHABET.index(sign) * pow(3, place, 31) for place, sign in enumerate(body))
    return _CREDIT_ALPHABET[-total % 31]


def compute_luhn_digit(body: str) -> str:
    """Return the check digit (ISO/IEC 7812-1) of a card number that begins with *body*."""
    doubled = (int(digit) * (2 - place % 2) for place, digit in enumerate(reversed(body)))
    return str(-sum(number // 10 + number % 10 for number in doubled) % 10)


_KEY = b"bpmax-sim pseudonym"  # public: it spreads values, it does not protect them
_HAN = "某甲乙丙戊己壬癸寅卯"  # hardly a name begins with one of these
_LATIN = "xyz"
_CHINESE = ("CJK ", "IDEOGRAPHIC ITERATION", "IDEOGRAPHIC CLOSING")  # 々 and 〆 stand in names
_UNUSED = "000000"  # no region and no card issuer has this number
_MOBILE = re.compile(r"1[3-9][0-9]{9}")
_EIGHTEEN = re.compile(r"[0-9]{17}[0-9Xx]")
_BORN = re.compile("(?:18|19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])")
_CREDIT = re.compile(r"[0-9A-HJ-NPQRTUWXY]{2}[0-9]{6}[0-9A-HJ-NPQRTUWXY]{10}")
_CREDIT_UNUSED = "91" + _UNUSED
_CARD = re.compile(r"[0-9]{13,19}")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")


def make_pseudonym(value: str) -> str:
    """Return a text that replaces the personal data *value*: of the same format, always the same.

    The pseudonym of a pseudonym is the pseudonym itself.
    """
    if all(map(_is_unchanged, value)):
        return value
    for fits, own, make in _FORMATS:
        if fits(value):
            return value if own(value) else make(value)
    return "".join(map(_fake_character, value, _derive_numbers(value, len(value))))


def _derive_numbers(value: str, count: int) -> list[int]:
    """Return *count* numbers derived from a digest of *value*."""
    digits: list[int] = []
    while len(digits) < count:
        block = f"{len(digits)}/{value}".encode("utf-8", "surrogatepass")
        digits += blake2b(block, key=_KEY).digest()
    return digits[:count]


def _derive_digits(value: str, count: int) -> str:
    return "".join(str(number % 10) for number in _derive_numbers(value, count))


def _fake_mobile(value: str) -> str:
    """Return a pseudonymous mobile number; it begins with 160, a prefix that no operator uses."""
    return f"160{_derive_digits(value, 8)}"


def _has_resident_id_form(value: str) -> bool:
    """Return whether *value* is taken for an identity number, even with a wrong check digit.

    Eighteen digits without a date of birth are a bank card if only its check digit is right.
    """
    if not _EIGHTEEN.fullmatch(value) or _is_credit_code(value):
        return False
    may_be_card = value.startswith(_UNUSED) or not _BORN.match(value, 6)
    is_valid = value[17].upper() == compute_resident_id_check_char(value[:17])
    return is_valid or not (may_be_card and _is_bank_card(value))


def _fake_resident_id(value: str) -> str:
    """Return a pseudonymous identity number: an unassigned region, a valid check digit."""
    year, month, day, *_ = _derive_numbers(value, 3)
    born = f"{1950 + year % 60}{1 + month % 12:02d}{1 + day % 28:02d}"
    body = _UNUSED + born + _derive_digits(f"{value}/", 3)
    return body + compute_resident_id_check_char(body)


def _is_resident_pseudonym(value: str) -> bool:
    return value.startswith(_UNUSED) and value[17] == compute_resident_id_check_char(value[:17])


def _is_credit_code(value: str) -> bool:
    """Return whether *value* is a unified social credit code (of a company).

    Eighteen digits that may also be an identity number count only if their check character is that
    of a credit code and not that of an identity number.
    """
    if not _CREDIT.fullmatch(value) or value.startswith(_UNUSED):
        return False
    if not _EIGHTEEN.fullmatch(value) or value.startswith(_CREDIT_UNUSED):
        return True
    is_valid = value[17] == compute_credit_code_check_char(value[:17])
    return is_valid and value[17] != compute_resident_id_check_char(value[:17])


def _fake_credit_code(value: str) -> str:
    number = _derive_digits(value, 8)
    body = _CREDIT_UNUSED + number + compute_org_code_check_char(number)
    return body + compute_credit_code_check_char(body)


def _is_bank_card(value: str) -> bool:
    return bool(_CARD.fullmatch(value)) and value[-1] == compute_luhn_digit(value[:-1])


def _fake_card(value: str) -> str:
    body = _UNUSED + _derive_digits(value, len(value) - len(_UNUSED) - 1)
    return body + compute_luhn_digit(body)


def _fake_email(value: str) -> str:
    return f"u{_derive_digits(value, 9)}@example.test"


def _fake_character(character: str, number: int) -> str:
    """Return a pseudonymous character of the same kind: zero for a digit, a letter or Chinese.

    A numeral such as ⑦ becomes the one of its kind. *number* decides which letter or Chinese
    character it is.
    """
    if _is_unchanged(character):
        return character
    if character.isdecimal():
        return chr(ord(character) - unicodedata.decimal(character))
    if unicodedata.name(character, "").startswith(_CHINESE):
        return _HAN[number % len(_HAN)]
    if character.isnumeric():
        return _to_one_of_its_kind(character)
    letter = _LATIN[number % len(_LATIN)]
    return letter.upper() if character.isupper() else letter


def _to_one_of_its_kind(numeral: str) -> str:
    """Return ① for ⑦, Ⅰ for Ⅳ; a *numeral* without such a neighbour, such as 〇 or ², is kept."""
    value = unicodedata.numeric(numeral)
    first = chr(max(ord(numeral) - int(value) + 1, 0))
    is_one = unicodedata.numeric(first, 0) == 1 and not first.isdecimal()
    return first if is_one and not unicodedata.name(first, "").startswith(_CHINESE) else numeral


def _is_unchanged(character: str) -> bool:
    """Return whether pseudonyms keep *character*.

    They keep punctuation, zeros, and the letters and Chinese characters of which they consist.
    """
    if character.isdecimal():
        return unicodedata.decimal(character) == 0
    if character in _HAN or character.lower() in _LATIN:
        return True
    return not character.isalnum()


_FORMATS: tuple[tuple[Callable[[str], object], Callable[[str], object], Callable[[str], str]], ...]
_FORMATS = (
    (_MOBILE.fullmatch, lambda value: value.startswith("160"), _fake_mobile),
    (_is_credit_code, lambda value: value.startswith(_CREDIT_UNUSED), _fake_credit_code),
    (_has_resident_id_form, _is_resident_pseudonym, _fake_resident_id),
    (_is_bank_card, lambda value: value.startswith(_UNUSED), _fake_card),
    (_EMAIL.fullmatch, re.compile(r"u[0-9]{9}@example\.test").fullmatch, _fake_email),
)
