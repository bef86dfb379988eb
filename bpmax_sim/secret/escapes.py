"""Undo escapes that stand for one character: percent, JSON, XML, quoted-printable.

They are undone for all occurrences at once, by calls that run in C and whose cost is proportional
to the size of the data.
"""

from __future__ import annotations

import binascii
import html
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from string import ascii_lowercase, hexdigits
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

from ahocorasick_rs import BytesAhoCorasick, Implementation

from bpmax_sim.secret.encoded_runs import FastByteSearch, contains_any

_TEXT = rb"[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]"
_AS_CONTROL = bytes(c if (c >= 32 and c != 127) or c in b"\t\n\r" else 0 for c in range(256))  # noqa: PLR2004
_NEARBY = 64  # bytes
_OF_STRETCH = re.compile(rb"%s*" % _TEXT)
_SAVED = b"\xff\xfe\xfd"  # for a sign that was escaped itself


class _EscapeKind(NamedTuple):
    sign: bytes
    any: re.Pattern[bytes]
    in_binary: re.Pattern[bytes]  # where chance makes some: text has to follow
    undo: Mapping[str, Callable[[bytes], bytes]]  # by label


def _make_escape_kind(
    sign: bytes, pattern: bytes, undo: Mapping[str, Callable[[bytes], bytes]]
) -> _EscapeKind:
    strict = re.compile(rb"(?:%s)(?:%s{6}|%s{0,5}\Z)" % (pattern, _TEXT, _TEXT))
    return _EscapeKind(sign, re.compile(pattern), strict, undo)


class PartWithEscapes(NamedTuple):
    """A part of some data that contains escapes of one kind, unescaped.

    Attributes:
        label: kind of escape, such as ``percent`` or ``json``.
        start, end: range in the data.
        inner: the range, unescaped.
    """

    label: str
    start: int
    end: int
    inner: bytes


def find_escaped_parts(data: bytes, reach: int) -> Iterator[PartWithEscapes]:
    r"""Yield the parts of *data* that contain escapes such as ``%41`` or ``\u0041``, unescaped.

    Each kind of escape is undone separately. *reach* is the number of bytes around an escape that
    belong to the same part: as many as the longest secret needs.
    """
    marks = _find_escape_offsets(data) if b"\0" in data else None
    if marks is None and not contains_any(data, _SIGNS):
        return
    for escape in _ESCAPES:
        if marks is None:
            windows = _find_windows(data, escape, reach) if escape.sign in data else []
            if sum(end - start for start, end in windows) * 2 > len(data):
                windows = [(0, len(data))]
        else:
            places = marks.get(escape.sign[0], ())
            windows = [*_find_windows_in_binary(data, escape, reach, places)] if places else []
        for start, end in windows:
            part = data[start:end] if end - start < len(data) else data
            for label, undo in escape.undo.items():
                inner = undo(part)
                if inner != part:
                    yield PartWithEscapes(label, start, end, inner)


def _find_windows(data: bytes, escape: _EscapeKind, reach: int) -> list[tuple[int, int]]:
    """Return the ranges of *data* with escapes of one kind, and *reach* bytes before and after."""
    windows = list[tuple[int, int]]()
    start, end, at = 0, -1, 0
    while match := escape.any.search(data, at):
        begin, at = max(0, match.start() - reach), match.start() + reach
        if begin > end >= 0:
            windows.append((start, end))
        if begin > end:
            start = begin
        end = min(at + reach, len(data))
    return [*windows, (start, end)] if end >= 0 else []


def _find_windows_in_binary(
    data: bytes, escape: _EscapeKind, reach: int, offsets: Sequence[int]
) -> Iterator[tuple[int, int]]:
    """Yield the ranges of binary *data* around escapes of one kind that are not there by chance.

    In binary data a single escape is there by chance, unless the bytes around it are text. *reach*
    is the number of bytes around an escape that belong to its range; *offsets* are those where an
    escape may begin.
    """
    start = end = -1
    at = 0
    for place in offsets:
        if place < at or not escape.in_binary.match(data, place):
            continue
        # With another one nearby, a whole secret may be escaped; one alone belongs to the text
        # around it.
        if _has_second_escape_nearby(data, escape, place):
            begin, at, until = max(0, place - reach), place + reach, place + 2 * reach
        else:
            begin, at = _find_text_bounds(data, place, reach)
            until = at
        if begin > end >= 0:
            yield start, end
            start = -1
        start = begin if start < 0 else start
        end = max(end, until)
    if start >= 0:
        yield start, min(end, len(data))


def _find_escape_offsets(data: bytes) -> Mapping[int, Sequence[int]]:
    """Return the offsets where escapes may begin, by their first byte (``%``, a backslash, …)."""
    marks: dict[int, list[int]] = {}
    for some in _MARKS:
        for _, start, _ in some.find_matches_as_indexes(data):
            marks.setdefault(data[start], []).append(start)
    return marks


def _has_second_escape_nearby(data: bytes, escape: _EscapeKind, offset: int) -> bool:
    near = data[max(0, offset - _NEARBY) : offset + _NEARBY]
    return near.count(escape.sign) > 1 and len(escape.any.findall(near)) > 1


def _find_text_bounds(data: bytes, offset: int, reach: int) -> tuple[int, int]:
    """Return start and end of the printable text around *offset*, limited by *reach*."""
    before = data[max(0, offset - reach) : offset]
    before = before[before.translate(_AS_CONTROL).rfind(b"\0") + 1 :]
    text = _OF_STRETCH.match(data, offset, offset + 2 * reach)
    assert text is not None  # it may be empty
    return offset - len(before), max(text.end(), offset + 1)


def undo_percent(data: bytes) -> bytes:
    """Return *data* with percent-encoding undone (RFC 3986, 2.1)."""
    if _SAVED in data:
        return unquote_to_bytes(data)
    for sign in (b"%%", b"%%", b"%\r", b"%\n"):  # of which quoted-printable makes something else
        if sign in data:
            data = data.replace(sign, b"%25" + sign[1:])
    data = data + b"25" if data.endswith(b"%") else data
    data = data.replace(b"=", _SAVED).replace(b"%3D", _SAVED).replace(b"%3d", _SAVED)
    # Quoted-printable is percent-encoding with another sign, and its decoder runs in C: all percent
    # signs become equals signs, after those that are there are put aside as `_SAVED`.
    data = binascii.a2b_qp(data.replace(b"%", b"="))
    return data.replace(b"=", b"%").replace(_SAVED, b"=")


def _undo_form_encoding(data: bytes) -> bytes:
    """Return *data* with form encoding undone, where ``+`` is a space.

    Data without ``+`` is returned unchanged, because `undo_percent` gives the same for it.
    """
    return undo_percent(data.replace(b"+", b" ")) if b"+" in data else data


def _undo_quoted_printable(data: bytes) -> bytes:
    data = data.replace(b"=\r\n", b"=\n").replace(b"=\r", b"=\n")
    return binascii.a2b_qp(data.replace(b"==", b"=3D=").replace(b"==", b"=3D="))


_UNITS = re.compile(
    rb"\\(?:u([0-9a-fA-F]{4}(?:\\u[0-9a-fA-F]{4})*)|u\{([0-9a-fA-F]{1,6})\}"
    rb"|x([0-9a-fA-F]{2}(?:\\x[0-9a-fA-F]{2})*))"
)
_ESCAPED = {b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t", b"v": b"\v"}
_WORD = 46  # bytes of eight escaped characters after the first backslash


def undo_backslashes(data: bytes) -> bytes:
    """Return *data* with the escapes of JSON (RFC 8259, 7), JavaScript and Python undone."""
    if data.isascii() and _UNIT.occurs_in(data):
        data = _undo_utf16_escapes(data)
    saves = BACKSLASHES.occurs_in(data)
    if saves:
        data = data.replace(b"\\\\", _SAVED)
    signs = _find_signs_after_backslash(data)
    for letter in signs & _LETTERS:
        data = data.replace(b"\\" + letter, _ESCAPED.get(letter, letter))
    if signs & _OF_UNITS:
        data = _UNITS.sub(_unescape_character, data)
    return data.replace(_SAVED, b"\\") if saves else data


def _find_signs_after_backslash(data: bytes) -> set[bytes]:
    """Return the characters that follow a backslash in *data* as an escape, such as ``n``.

    So only escapes that occur have to be undone.
    """
    if len(data) < _LARGE or b"\\" not in data:
        return set(_BEHIND.findall(data))
    return {sign for sign, escape in _ESCAPES_OF_SIGNS.items() if escape.occurs_in(data)}


_LETTERS = frozenset((b'"', b"/", b"n", b"'", b"t", b"r", b"b", b"f", b"v", b"0"))
_OF_UNITS = frozenset((b"u", b"x"))
_BEHIND = re.compile(rb"\\(.)", re.DOTALL)
_ESCAPES_OF_SIGNS = {sign: FastByteSearch(b"\\" + sign) for sign in sorted(_LETTERS | _OF_UNITS)}
_LARGE = 1 << 16  # bytes from which on it is faster to look for each sign
_UNIT, BACKSLASHES = FastByteSearch(b"\\u"), FastByteSearch(b"\\\\")
_REFUSED = (FastByteSearch(b"\\U"), FastByteSearch(b"\\u005c"), FastByteSearch(b"\\u005C"))
_UNIT_SIZE = 6


def _undo_utf16_escapes(data: bytes) -> bytes:
    r"""Return *data* with ``\uXXXX`` undone, by a codec that runs in C.

    Only a prefix is changed if the codec would refuse the rest or read more than JSON does, or if
    the result is a backslash, which other escapes would misread. A cut escape at the end stays.
    """
    places = [refused.find(data) for refused in _REFUSED]
    end = min((at for at in places if at >= 0), default=len(data))
    while end > len(data) - _UNIT_SIZE:
        try:
            return _decode_raw_unicode_escapes(data[:end]) + data[end:]
        except UnicodeDecodeError as error:
            end = error.start
    return data


def _decode_raw_unicode_escapes(data: bytes) -> bytes:
    text = data.decode("raw_unicode_escape")
    try:
        return text.encode()
    except UnicodeEncodeError:  # two units may make one character
        units = text.encode("utf-16-le", "surrogatepass")
        return units.decode("utf-16-le", "surrogatepass").encode("utf-8", "surrogatepass")


def _unescape_character(match: re.Match[bytes]) -> bytes:
    escapes, point, octet = match.groups()
    if octet:
        return bytes.fromhex(octet.replace(b"\\x", b"").decode())
    if point:
        code = int(point, 16)
        return chr(code).encode("utf-8", "surrogatepass") if code <= sys.maxunicode else match[0]
    return _of_word(escapes) if len(escapes) <= _WORD else _decode_code_units(escapes)


def _decode_code_units(escapes: bytes) -> bytes:
    r"""Return the text of *escapes*, one or more ``\uXXXX``; two of them may form one character."""
    units = bytes.fromhex(escapes.replace(b"\\u", b"").decode())
    return units.decode("utf-16-be", "surrogatepass").encode("utf-8", "surrogatepass")


_of_word = lru_cache(maxsize=1024)(_decode_code_units)  # as the names of members come over and over

_SAMPLE, _FEW = 4096, 8
_AMPERSAND = b"\xff\xfe\xfc"  # for one that comes of a reference
_ENTITY = re.compile(rb"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-z]{2,6});")
_ENTITIES = re.compile(rb"(%s)" % _ENTITY.pattern)


def undo_xml_references(data: bytes) -> bytes:
    """Return *data* with XML references undone, such as ``&#65;`` and ``&amp;``."""
    if b"&" not in data:
        return data
    common = set(_ENTITY.findall(data[:_SAMPLE]))
    if 0 < len(common) <= _FEW and _SAVED not in data and _AMPERSAND not in data:
        for reference in common:  # in a tenth of the time; a mark keeps two from making one
            data = data.replace(
                reference, _SAVED + _decode_entity(reference).replace(b"&", _AMPERSAND)
            )
        return _decode_entities(data).replace(_SAVED, b"").replace(_AMPERSAND, b"&")
    return _decode_entities(data)


def _decode_entities(data: bytes) -> bytes:
    parts = _ENTITIES.split(data)
    parts[1::2] = map(_decode_entity, parts[1::2])  # in half the time that a substitution takes
    return b"".join(parts)


@lru_cache(maxsize=4096)
def _decode_entity(reference: bytes) -> bytes:
    name = reference[1:-1].decode()
    if not name.startswith("#"):
        return html.unescape(reference.decode()).encode()
    # not html.unescape, which drops the control characters that XML encoders write
    code = int(f"0{name[1:]}", 16) if name[1] in "xX" else int(name[1:])
    return chr(code).encode("utf-8", "surrogatepass") if code <= sys.maxunicode else reference


_PERCENT = rb"%[0-9a-fA-F]{2}"
_ESCAPES = (
    _make_escape_kind(b"%", _PERCENT, {"percent": undo_percent, "form": _undo_form_encoding}),
    _make_escape_kind(
        b"\\",
        rb"""\\(?:["'\\/bfnrtv0]|u[0-9a-fA-F]{4}|u\{[0-9a-fA-F]{1,6}\}|x[0-9a-fA-F]{2})""",
        {"json": undo_backslashes},
    ),
    _make_escape_kind(b"&", _ENTITY.pattern, {"xml": undo_xml_references}),
    _make_escape_kind(
        b"=", rb"=(?:[0-9a-fA-F]{2}|\r?\n)", {"quoted-printable": _undo_quoted_printable}
    ),
)

_SIGNS = tuple(escape.sign for escape in _ESCAPES)
_OCTETS_OF_HEX = tuple((a + b).encode() for a in hexdigits for b in hexdigits)
_MARKS = tuple(
    BytesAhoCorasick(sorted(marks), implementation=Implementation.DFA)
    for marks in (
        {
            *(sign + octet for sign in (b"%", b"=") for octet in _OCTETS_OF_HEX),
            *(b"=\n", b"=\r\n", b"&#"),
            *(b"&" + letter.encode() for letter in ascii_lowercase),
        },
        {b"\\" + bytes([sign]) for sign in b"\"'\\/bfnrtv0ux"},
    )
)
"""What begins an escape; in bytes that are no text all are looked for at once.

They are two, as one is three times as fast while no more than three signs begin what it finds.
"""
