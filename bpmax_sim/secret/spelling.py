"""All spellings of a value: how encoders of URLs, forms, JSON and XML, and quoting, may write it.

Encoders differ in the characters they escape (`encodeURIComponent` keeps ``!``, Gson escapes even
``=``), so one pattern accepts every mixture, instead of one text per encoder. Python's `repr` and
the inspection of JavaScript values put a backslash before a quote if a text has both kinds.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable, Iterator, Mapping
from itertools import takewhile
from urllib.parse import quote

from bpmax_sim.messages import encode_form_component

_LITERAL = re.compile(r"[A-Za-z0-9._-]+")  # no encoder in use escapes these
_TRACES = 4  # characters that are looked for before a pattern is
_NESTED = 8  # backslashes that three levels of JSON make of one
_LETTERS = dict(zip("\0\a\b\f\n\r\t\v\"'`/", "0abfnrtv\"'`/", strict=True))
_ENTITIES = {"&": "amp", "<": "lt", ">": "gt", '"': "quot", "'": "apos"}

FORMS: Mapping[str, Callable[[str], str]] = {
    "raw": str,
    "percent": lambda text: quote(as_bytes(text), safe="-._~"),
    "form": lambda text: encode_form_component(as_bytes(text)),
    "json": lambda text: json.dumps(text, ensure_ascii=False)[1:-1],
    "json-slash": lambda text: json.dumps(text, ensure_ascii=False)[1:-1].replace("/", "\\/"),
    "json-ascii": lambda text: json.dumps(text)[1:-1],
    "json-json": lambda text: _escape_as_json(json.dumps(text, ensure_ascii=False)[1:-1]),
    "json-ascii-json": lambda text: _escape_as_json(json.dumps(text)[1:-1]),
    "xml": lambda text: html.escape(text, quote=True),
}
"""How a stand-in is written where the secret was written so."""

_SIGNS = (("%", "percent"), ("\\u", "json-ascii"), ("\\", "json"), (";", "xml"))


def as_bytes(text: str) -> bytes:
    """Return *text* in UTF-8; surrogates that stand for undecodable bytes become these (PEP 383).

    If there are other surrogates, each is encoded by itself.
    """
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")


def make_spelling_pattern(text: str, *, escapes_all: bool = False) -> str:
    """Return a regular expression that matches *text* with its characters escaped in any way.

    The escapes are those of URLs, forms, JSON (also nested) and XML, in any mixture. The pattern
    has no groups. Letters, digits and ``._-`` may be escaped, and other characters be octets of
    GB 18030, only if *escapes_all*: that is rare, and such a pattern takes longer.
    """
    runs = re.findall(r"\\+|[^\\]", text, re.DOTALL)
    return "".join([_make_backslashes_or_char_pattern(run, escapes_all) for run in runs])


UNUSUAL_ESCAPE = re.compile(
    r"&(?:amp;){0,3}#(?:0*(?:4[5-9]|5[0-7]|6[5-9]|[78][0-9]|9[057-9]|1[01][0-9]|12[0-2])"
    r"|[xX]0*(?:2[dDeE]|3[0-9]|[46][1-9a-fA-F]|[57][0-9aA]|5[fF]));"
    r"|(?:\\u(?:00|\{0*)|\\x|%(?:25){0,3})(?:2[dDeE]|3[0-9]|[46][1-9a-fA-F]|[57][0-9aA]|5[fF])"
    r"|%(?:25){0,3}[89a-fA-F][0-9a-fA-F]"
)
"""An escape of a letter, digit or one of ``._-``, or of an octet that may be of GB 18030."""


def find_longest_unescaped_part(text: str) -> str:
    """Return the longest part of *text* that no encoder escapes: letters, digits and ``._-``."""
    return max(_LITERAL.findall(text), key=len, default="")


def select_escapable_with_spellings(text: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return up to four characters of *text* that encoders escape, each with all its spellings.

    The spellings are in lower case.
    A text that contains neither such a character nor any of its escapes does not contain *text*.
    """
    letters = [
        letter
        for letter in dict.fromkeys(text)
        if letter != "\\" and not _LITERAL.fullmatch(letter)
    ]
    return tuple(
        (letter, tuple(_list_spellings_of_character(letter))) for letter in letters[:_TRACES]
    )


def _list_spellings_of_character(character: str) -> Iterator[str]:
    unit = character.encode("utf-16-be", "surrogatepass").hex()[:4]
    octet = as_bytes(character)[0]
    yield from (f"u{unit}", f"{ord(character)};", f"{ord(character):x};")
    yield from (f"%{octet:02x}", f"25{octet:02x}", f"x{octet:02x}")
    yield from (f"x{ord(character):02x}", f"{ord(character):x}}}", f"u{ord(character):08x}")
    if character in _ENTITIES:
        yield f"{_ENTITIES[character]};"
    if character in _LETTERS:
        yield f"\\{_LETTERS[character]}"
    if character == " ":
        yield "+"


def spell_like(sample: str, secret: str, standin: str) -> str:
    """Return *standin* escaped in the way in which *sample* writes *secret*.

    If no single encoder writes *secret* so, the text with which both *secret* and *standin* begin
    or end is returned as *sample* has it; for the rest its first sign of an escape decides.
    """
    if _LITERAL.fullmatch(standin):
        return standin
    if forms := _find_forms(sample, secret):
        return FORMS[forms[0]](standin)
    label = next((label for sign, label in _SIGNS if sign in sample), "raw")
    begin = _count_equal(secret, standin)
    end = _count_equal(secret[begin:][::-1], standin[begin:][::-1])  # nothing belongs to both
    parts = secret[:begin], secret[begin : len(secret) - end], secret[len(secret) - end :]
    kept = re.fullmatch("".join(f"({make_spelling_pattern(part)})" for part in parts), sample)
    if kept is None:
        return FORMS[label](standin)
    forms = _find_forms(kept[2], parts[1])
    form = label if label in forms else next(iter(forms), label)
    return f"{kept[1]}{FORMS[form](standin[begin : len(standin) - end])}{kept[3]}"


def _find_forms(sample: str, secret: str) -> list[str]:
    """Return the forms in which *sample* may be *secret*; capital letters do not count."""
    return [form for form, make in FORMS.items() if make(secret).lower() == sample.lower()]


def _count_equal(one: str, two: str) -> int:
    """Return how many characters *one* and *two* have in common at their beginning."""
    return sum(1 for _ in takewhile(lambda both: both[0] == both[1], zip(one, two, strict=False)))


def _escape_as_json(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)[1:-1]


def _make_backslashes_or_char_pattern(backslashes_or_char: str, escapes_all: bool) -> str:
    if backslashes_or_char[0] == "\\":
        count = len(backslashes_or_char)
        units = (
            r"(?:%(?:25){0,3}5[cC]|&(?:amp;){0,3}#(?:0{0,6}92|[xX]0*5[cC]);"
            rf"|\\{{1,{_NESTED}}}(?:u005|x5|u\{{0{{0,6}}5)[cC]\}}?){{{count}}}"
        )
        return rf"(?:\\{{{count},{count * _NESTED}}}|{units})"
    if not escapes_all and _LITERAL.fullmatch(backslashes_or_char):
        return re.escape(backslashes_or_char)
    patterns = [*_make_spelling_patterns(backslashes_or_char)]
    if escapes_all and (encoded := _encode_as_gb18030(backslashes_or_char)):
        patterns.append("".join(map(_make_octet_pattern, encoded)))  # the last may be a letter
    return f"(?:{'|'.join(patterns)})"


def _encode_as_gb18030(character: str) -> bytes:
    """Return the bytes of *character* in GB 18030 if they differ from those in UTF-8."""
    if character.isascii():
        return b""
    try:
        return character.encode("gb18030")
    except UnicodeEncodeError:  # half a character
        return b""


def _make_spelling_patterns(character: str) -> Iterator[str]:
    names = [
        f"#0{{0,6}}{ord(character)}",
        f"#[xX]0*{_make_any_case_pattern(f'{ord(character):x}')}",
    ]
    names += [_ENTITIES[character]] if character in _ENTITIES else []
    yield f"&(?:amp;){{0,3}}(?:{'|'.join(names)});"
    units = character.encode("utf-16-be", "surrogatepass").hex()
    yield "".join(
        rf"\\{{1,{_NESTED}}}u{_make_any_case_pattern(units[at : at + 4])}"
        for at in range(0, len(units), 4)
    )
    octets = [_make_any_case_pattern(f"{byte:02x}") for byte in as_bytes(character)]
    yield "".join(f"%(?:25){{0,3}}{octet}" for octet in octets)
    yield "".join(rf"\\{{1,{_NESTED}}}x{octet}" for octet in octets)
    yield from (
        rf"\\{{1,{_NESTED}}}{escape}" for escape in _make_non_json_escape_patterns(ord(character))
    )
    if character in _LETTERS:
        yield rf"\\{{1,{_NESTED}}}{_LETTERS[character]}"
    yield re.escape(character)
    if character == " ":
        yield r"\+"


def _make_octet_pattern(octet: int) -> str:
    escaped = f"%(?:25){{0,3}}{_make_any_case_pattern(f'{octet:02x}')}"
    return f"(?:{escaped}|{re.escape(chr(octet))})" if octet < 0x80 else escaped  # noqa: PLR2004


def _make_non_json_escape_patterns(code: int) -> Iterator[str]:
    """Yield how Python and JavaScript, but not JSON, write character *code* after a backslash."""
    yield rf"u\{{0{{0,6}}{_make_any_case_pattern(f'{code:x}')}\}}"
    yield f"U{_make_any_case_pattern(f'{code:08x}')}"
    if code <= 0xFF:  # noqa: PLR2004 - two digits
        yield f"x{_make_any_case_pattern(f'{code:02x}')}"


def _make_any_case_pattern(digits: str) -> str:
    return "".join(f"[{d}{d.upper()}]" if d.isalpha() else d for d in digits)
