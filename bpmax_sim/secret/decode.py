"""What bytes hold once an encoding is undone: base64, hexadecimal, escapes, compression, UTF-16.

Each encoding is undone for all places at once, by calls that run in C and cost time in proportion
to the bytes; what comes of it is joined to one piece. Any bytes hold by chance what a compressed
stream begins with, and such streams end after a few bytes: to try one has to cost next to nothing.
"""

from __future__ import annotations

import binascii
import html
import re
import sys
import zlib
from bisect import bisect_right
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import lru_cache
from hashlib import blake2b
from itertools import accumulate, repeat
from string import ascii_letters, ascii_lowercase, ascii_uppercase, digits, hexdigits
from typing import Any, NamedTuple
from urllib.parse import unquote_to_bytes

import msgspec
from ahocorasick_rs import BytesAhoCorasick, Implementation

from bpmax_sim.i18n import msg
from bpmax_sim.secret.encoded_runs import (
    BETWEEN,
    BETWEEN_HEX,
    SHORTEST_RUN,
    hex_runs_of,
    in_base64,
    in_hex,
    long_runs,
    runs_and_lines,
    whole_and_others,
    whole_base64,
)

_BARE = -zlib.MAX_WBITS
_PROBE = 64  # bytes that a stream by chance hardly ever gets over
_PROBE_64 = 88  # characters of base64 of these
_STEP = 4096
_TRIED, _SKIPPED = 4096, 1024  # what it costs to try a stream, or not to, as bytes looked at
_STORED = 5  # bytes before what a stored block holds
_ZIP_HEAD = 30  # bytes of a member's local header before its name (APPNOTE 4.3.7)
_KINDS = bytes(code for code in range(256) if code >> 1 & 3 in {1, 2}) + b"\0\1"
"""Bytes that a compressor writes first; a stored block fills its first one up with zeros."""

_ZLIB = tuple(bytes((ord("x"), level, kind)) for level in b"\x01\x5e\x9c\xda" for kind in _KINDS)
_BEGINS = BytesAhoCorasick(
    (*_ZLIB, b"\x1f\x8b\x08", b"PK\x03\x04"), implementation=Implementation.DFA
)
_FLAGS = 0x1F  # of gzip, the rest is reserved (RFC 1952, 2.3.1)


class TooMuchError(Exception):
    """More came of some bytes than is due to be looked at.

    Attributes:
        at: the byte where what is too much begins.
        labels: what would have been undone there.
    """

    at = 0
    labels: tuple[str, ...] = ()


class Work:
    """What may still be looked at, in bytes."""

    def __init__(self, left: int) -> None:
        """Allow for *left* bytes."""
        self._left = left

    def spend(self, size: int) -> None:
        """Count *size* bytes.

        Raises:
            TooMuchError: if they are too many.
        """
        self._left -= size
        if self._left < 0:
            raise TooMuchError


class Stream(NamedTuple):
    """What a stream holds, and where it is."""

    label: str
    start: int
    inner: bytes


def streams(data: bytes, work: Work) -> Iterator[Stream]:
    """Yield what every stream in *data* holds; inside a whole one no other is looked for."""
    if data.isascii() and not _may_have_stream(data):
        return
    view, end = memoryview(data), 0
    for _, start, _ in _BEGINS.find_matches_as_indexes(data):
        if not _is_sound(data, start):
            continue
        if start < end:
            continue
        label, first, window = _kind(data, start)
        if label == "deflate" and not _may_begin(data[start + 2 : start + 2 + _STORED]):
            work.spend(_SKIPPED)
            continue
        try:
            inner, size = inflate(view[first:], window, work)
        except TooMuchError as error:
            error.at, error.labels = start, (label,)
            raise
        end = first + size if size else end
        if inner:
            yield Stream(label, start, inner)


def _may_have_stream(text: bytes) -> bool:
    """Return whether a stream may begin in *text*; single signs are found in no time."""
    return (b"^" in text and b"x^" in text) or b"\x01" in text or b"\x03" in text


def _kind(data: bytes, start: int) -> tuple[str, int, int]:
    """Return what begins at *start*, where its compressed data does, and how zlib reads it."""
    if data[start] == 0x1F:  # noqa: PLR2004 - RFC 1952
        return "gzip", start, zlib.MAX_WBITS | 16
    if data[start] == ord("x"):
        return "deflate", start, zlib.MAX_WBITS
    name, extra = (int.from_bytes(data[n : n + 2], "little") for n in (start + 26, start + 28))
    return "zip", start + _ZIP_HEAD + name + extra, _BARE


def _is_sound(data: bytes, start: int) -> bool:
    """Return whether the head at *start* says what can be undone."""
    if data[start] == ord("P"):
        return data[start + 8 : start + 10] == b"\x08\0"  # deflated
    return data[start] == ord("x") or (start + 3 < len(data) and data[start + 3] <= _FLAGS)


def bare(data: bytes, work: Work) -> bytes:
    """Return what *data* holds if it is deflate without a header from its first byte."""
    return inflate(data, _BARE, work)[0] if _may_begin(data) else b""


def _is_begun(data: bytes, size: int, work: Work) -> bool:
    """Return whether *data* may begin *size* bytes of such a stream, which hardly any do.

    What is short has to be one block, as compressors make it, and to have no damage near its
    beginning.
    """
    if not _may_begin(data) or (size < _STEP and not data[0] & 1):
        return False
    work.spend(_TRIED // 16)
    try:
        zlib.decompress(data[:_PROBE], _BARE)
    except zlib.error as error:
        return "incomplete" in str(error)  # which a beginning is
    return True


def _may_begin(data: bytes | memoryview) -> bool:
    """Return whether deflate may begin so: its first block tells (RFC 1951, 3.2).

    The third kind of block does not exist, and a stored one has its length twice.
    """
    kind = data[0] >> 1 & 3 if data else 3
    if kind:
        return kind != 3  # noqa: PLR2004
    return len(data) >= _STORED and (data[1] ^ data[3]) == (data[2] ^ data[4]) == 0xFF  # noqa: PLR2004


def inflate(data: bytes | memoryview, window: int, work: Work) -> tuple[bytes, int]:
    """Return what *data* begins with, up to the damage if any, and the size of a whole stream.

    Raises:
        TooMuchError: if there is more than may still be looked at.
    """
    work.spend(_TRIED)
    decoder = zlib.decompressobj(window)
    pieces: list[bytes] = []
    at, step = 0, _PROBE
    while at < len(data) and not decoder.eof:
        part, before = bytes(data[at : at + step]), decoder.copy()
        try:
            pieces.append(decoder.decompress(part))  # at most 1032 times as many (zlib's FAQ)
        except zlib.error:
            pieces += _bytewise(before, part)  # an error takes with it what its call has decoded
            return b"".join(pieces), 0
        work.spend(len(part) + len(pieces[-1]))
        at, step = at + len(part), _STEP
    return b"".join(pieces), at - len(decoder.unused_data) if decoder.eof else 0


def _bytewise(decoder: Any, data: bytes) -> Iterator[bytes]:
    with suppress(zlib.error):
        for at in range(len(data)):
            yield decoder.decompress(data[at : at + 1])


def any_in(data: bytes, needles: Iterable[bytes]) -> bool:
    """Return whether any of *needles* is in *data*."""
    for needle in needles:  # noqa: SIM110 - any() takes three times as long
        if needle in data:
            return True
    return False


DEPTH = 4
"""How many encodings within one another are undone."""

GAP = b"\xff\xff"
"""What comes between pieces that are joined; no encoding that is undone uses it."""

Locate = Callable[[int], int]


class Piece(NamedTuple):
    """Bytes that came of undoing *labels*, outermost first, and where each byte came from."""

    labels: tuple[str, ...]
    data: bytes
    locate: Locate


class Harmless:
    """Bytes that were found to hold nothing, the latest; on any thread."""

    def __init__(self) -> None:
        """Know of none."""
        self._known: set[bytes] = set()

    def others(self, parts: Iterable[bytes]) -> list[bytes]:
        """Return those of *parts* that are not known."""
        known = self._known
        return [
            part
            for part in parts
            if (part if len(part) <= _LONGEST_HARMLESS else _digest(part)) not in known
        ]

    def add(self, parts: Iterable[bytes]) -> None:
        """Know *parts* from now on; once they are many, these alone."""
        if len(self._known) > _MOST_HARMLESS:
            self._known = set()
        self._known.update(
            [part if len(part) <= _LONGEST_HARMLESS else _digest(part) for part in parts]
        )


def _digest(part: bytes) -> bytes:
    return blake2b(part).digest()


_MOST_HARMLESS, _LONGEST_HARMLESS = 4096, 256


class Fresh:
    """What was undone so far in one search, so that nothing is undone twice.

    Attributes:
        outermost: runs of what is searched itself, each undone as it is and as no part of a line.
    """

    outermost: Collection[bytes] = ()

    def __init__(self, harmless: Harmless) -> None:
        """Start with *harmless*: runs that are known to hold nothing."""
        self._harmless = harmless
        self._runs: set[bytes] = set()
        self._lines: set[bytes] = set()
        self._digits: set[bytes] = set()

    def of(self, runs: Sequence[bytes]) -> list[bytes]:
        """Return those of *runs* that did not come before."""
        return _fresh(self._harmless.others(runs), self._runs)

    def of_lines(self, lines: Sequence[bytes]) -> list[bytes]:
        """Return those of *lines*, of which each is several runs, that did not come before."""
        return _fresh(lines, self._lines)

    def of_digits(self, runs: Sequence[bytes]) -> list[bytes]:
        """Return those of *runs*, undone as hexadecimal only, that did not come before."""
        return _fresh(runs, self._digits)

    def go_inside(self) -> None:
        """Note that all further runs come from within an encoding."""
        self.outermost = () if self._lines else tuple(self._runs)


def _fresh(runs: Sequence[bytes], known: set[bytes]) -> list[bytes]:
    fresh = [run for run in dict.fromkeys(runs) if run not in known]
    known.update(fresh)
    return fresh


class Look(NamedTuple):
    """Some bytes that are looked into.

    Attributes:
        reach: how far before and behind an escape its text is undone.
    """

    data: bytes
    work: Work
    fresh: Fresh
    reach: int


def layers(look: Look) -> Iterator[Piece]:
    """Yield what *look* holds behind every encoding."""
    data = look.data
    printed = b"" if data.isascii() and b"\0" not in data else data.translate(_PRINTED)
    text = _text_of(data, printed)
    if text:
        yield from _runs(look, text)
        yield from _apart(look, text)
        if b"," in text:
            yield from _numbers(text)
        if b"\n" in text:
            yield from _literals(text)
    if b"." in printed:  # a single sign is found in no time
        yield from _wide(data, printed)
    for stream in streams(data, look.work):
        yield Piece((stream.label,), stream.inner, _at(stream.start))
    if b"\0" in data:
        yield from _escapes(look, _marks(data))
    elif any_in(data, _SIGNS):
        yield from _escapes(look, None)


_OF_TEXT = frozenset(b"\t\n\v\f\r" + bytes(range(32, 127)))
_PRINTED = bytes(46 if code == 0 else 65 if code in _OF_TEXT else 32 for code in range(256))
"""A for what is printed, a dot for a zero, which UTF-16 has between."""
_SAMPLES = 4096


def _text_of(data: bytes, printed: bytes) -> bytes:
    """Return *data* where most of it is text, else what of it is, in stretches of a run or more.

    Other bytes make by chance 4 kB of text in a megabyte, so nearly all is looked at once.
    """
    if data.isascii():
        return data
    text = printed.replace(b".", b" ")
    sample = text[:: len(text) // _SAMPLES | 1]
    if sample.count(b"A") * 2 > len(sample):
        return data
    return b"\xff".join(long_runs(data, text, SHORTEST_RUN))


# Base64, hexadecimal and base32: runs of an alphabet (RFC 4648).

_SHORTEST_32 = 10
_IN_32 = bytes(65 if chr(c) in ascii_uppercase + "234567" else 32 for c in range(256))
_TO_DIGITS = bytes.maketrans(
    (ascii_uppercase + "234567").encode(), (digits + ascii_letters[:22]).encode()
)
_SHORTEST_BARE = 40
"""Characters of base64 that are tried as deflate without a header."""


_FOLDED = 16
"""Characters of the longest run that is no line of a longer one."""

_BEGIN_DEFLATE = frozenset(
    bytes((first, second))
    for first in (ascii_letters + digits + "+/-_").encode()
    for second in (ascii_letters + digits + "+/-_").encode()
    if (whole_base64(bytes((first, second)))[0] & 7) in {3, 5}  # the only block, compressed
)


def _runs(look: Look, text: bytes) -> Iterator[Piece]:
    runs, lines = runs_and_lines(text)
    if not runs:
        return
    runs, lines = look.fresh.of(runs), look.fresh.of_lines(lines)
    # Each run is a part of a line, where there are lines, and what it holds is a part of theirs.
    whole = [*lines, *(run for run in runs if len(run) <= _FOLDED)] if lines else runs
    yield from _base64(whole, look)
    yield from _bare_base64([*lines, *runs], look)
    if runs or lines:
        yield from _hex(hex_runs_of(b" ".join(whole)), look)
        yield from _base32([*lines, *runs], look)


def _base64(runs: Sequence[bytes], look: Look) -> Iterator[Piece]:
    whole, runs = whole_and_others(runs)
    if whole:
        written, texts = zip(*whole, strict=True)
        ends = list(accumulate(len(text) + len(GAP) for text in texts))
        yield Piece(("base64",), GAP.join(texts), _by_text(written, ends, look.data))
    if runs:
        locate = _by_run(runs, look.data, len(BETWEEN))
        for start, inner in enumerate(in_base64(runs)):
            yield Piece(("base64",), inner, _scaled(locate, start, 4, 3))


def _bare_base64(runs: Sequence[bytes], look: Look) -> Iterator[Piece]:
    """Yield what is deflate without a header in base64, as in the redirects of SAML."""
    for run in runs:
        if len(run) < _SHORTEST_BARE or (run[:2] not in _BEGIN_DEFLATE and len(run) <= _STEP):
            continue
        if _is_begun(whole_base64(run[:_PROBE_64]), len(run), look.work):
            inner = inflate(whole_base64(run), _BARE, look.work)[0]
            if inner:
                yield Piece(("base64", "deflate"), inner, _by_run([run], look.data, 0))


def _hex(runs: Sequence[bytes], look: Look) -> Iterator[Piece]:
    if runs:
        locate = _by_run(runs, look.data, len(BETWEEN_HEX))
        for start, inner in enumerate(in_hex(runs)):
            yield Piece(("hex",), inner, _scaled(locate, start, 2, 1))


def _base32(runs: Sequence[bytes], look: Look) -> Iterator[Piece]:
    text = b" ".join(runs)
    result = long_runs(text, text.translate(_IN_32), _SHORTEST_32)
    if result:
        padded = [run + b"A" * (-len(run) % 8) for run in result]
        core = b"".join(padded)
        inner = int(core.translate(_TO_DIGITS), 32).to_bytes(len(core) // 8 * 5, "big")
        locate = _by_run(padded, look.data, 0, result)
        yield Piece(("base32",), inner, _scaled(locate, 0, 8, 5))


def _by_run(
    joined: Sequence[bytes], data: bytes, between: int, written: Sequence[bytes] = ()
) -> Locate:
    def locate(at: int) -> int:
        ends = list(accumulate(len(run) + between for run in joined))
        number = min(bisect_right(ends, at), len(joined) - 1)
        return _position_of(data, (written or joined)[number])

    return locate


def _by_text(written: Sequence[bytes], ends: Sequence[int], data: bytes) -> Locate:
    def locate(at: int) -> int:
        return _position_of(data, written[min(bisect_right(ends, at), len(written) - 1)])

    return locate


def _position_of(data: bytes, run: bytes) -> int:
    start = data.find(run)
    return start if start >= 0 else max(0, data.find(run[:8]))  # folded or apart


def _scaled(locate: Locate, start: int, signs: int, octets: int) -> Locate:
    return lambda at: locate(start + at * signs // octets)


def _at(start: int) -> Locate:
    return lambda _at: start


# Hexadecimal with something between the bytes, and lists of numbers.

_BLANKS = b" \t\r\n\f\v"
_APART = bytes(72 if chr(c) in hexdigits else 32 if c in b" \t\r\n:,-" else 46 for c in range(256))
_PAIRS = tuple((b" " * gap).join([b"HH"] * 6) for gap in (1, 2))
_DIGITS = bytes(68 if c in digits.encode() else c if c == 44 else 46 for c in range(256))  # noqa: PLR2004
_TO_LIST = bytes(c if c in b"-0123456789" else 44 for c in range(256))
_INTEGERS = msgspec.json.Decoder(list[int])
_OCTETS = {str(n).encode(): bytes([n & 255]) for n in range(-128, 256)}  # Java's bytes have a sign


def _apart(look: Look, data: bytes) -> Iterator[Piece]:
    if b"0x" in data:
        data = data.replace(b"0x", b"")
    text = data.translate(_APART)
    if b" " in text and any_in(text, _PAIRS):
        runs = look.fresh.of_digits(hex_runs_of(data.translate(None, b" \t\r\n:,-")))
        for piece in _hex(runs, look):
            yield piece._replace(locate=_at(0))


def _numbers(data: bytes) -> Iterator[Piece]:
    if not _has_list(data):
        return
    numbers = data.translate(_TO_LIST, _BLANKS)
    inner = _octets_of(numbers)
    if inner:
        yield Piece((msg("list of bytes"),), inner, _at(0))


def _has_list(data: bytes) -> bool:
    """Return whether *data* may hold a list of five bytes or more, of which one has two digits."""
    folded = data.translate(_DIGITS, _BLANKS + b"-")
    if b"D,D" not in folded or (b",DD," not in folded and b",DDD," not in folded):
        return False
    return b",D,D,D,D," in folded.replace(b"DDD", b"D").replace(b"DD", b"D")


def _octets_of(numbers: bytes) -> bytes:
    """Return the bytes of *numbers*, between which there are commas and nothing else."""
    while b",," in numbers:
        numbers = numbers.replace(b",,,,", b",").replace(b",,", b",")
    try:  # in a tenth of the time, if all are written as JSON has them
        return bytes(_INTEGERS.decode(b"[%s]" % numbers.strip(b",")))
    except (ValueError, msgspec.MsgspecError):
        return b"".join(map(_OCTETS.get, numbers.split(b","), repeat(b"")))


# A text that is printed as several literals, a line each: by Node's console.log with a plus between
# them, by Python's pprint and pytest without.

_IN_RUN = rb"[A-Za-z0-9+/=_-]"
# Within a run alone: chance and prose have quotes at line ends, too, and all would be searched
# again. It begins with the end of the line, which is found in no time, and looks back from there.
_NEXT_LITERAL = re.compile(
    rb"""\n(?:(?<=['"`]\n)|(?<=['"`] \+\n))[ \t]*(['"`])(?=%s{4})""" % _IN_RUN
)
_END_OF_LITERAL = re.compile(rb"""(?<=%s{8})(?:\\n)?(['"`])(?: \+)?\Z""" % _IN_RUN)
_LONGEST_END = 14  # bytes of the run, an escaped end of line, a quote and a plus


def _literals(data: bytes) -> Iterator[Piece]:
    parts, end = list[bytes](), 0
    for match in _NEXT_LITERAL.finditer(data):
        before = max(end, match.start() - _LONGEST_END)
        quote = _END_OF_LITERAL.search(data[before : match.start()])
        if quote and quote[1] == match[1]:
            parts.append(data[end : before + quote.start()])
            end = match.end()
    if parts:
        yield Piece((msg("several literals"),), b"".join([*parts, data[end:]]), _at(0))


# Texts in UTF-16 that are encoded further; a secret itself is looked for in UTF-16.

_WIDE = b"A.A.A.A.A.A.A.A."


def _wide(data: bytes, printed: bytes) -> Iterator[Piece]:
    at = printed.find(_WIDE)
    if at >= 0:
        for codec, start in (("utf-16-le", at % 2), ("utf-16-be", (at + 1) % 2)):
            text = data[start:].decode(codec, "ignore")
            yield Piece((codec,), text.encode("utf-8", "surrogatepass"), _at(at))


# Escapes: signs that stand for one character each.

_TEXT = rb"[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]"
_AS_CONTROL = bytes(c if (c >= 32 and c != 127) or c in b"\t\n\r" else 0 for c in range(256))  # noqa: PLR2004
_NEARBY = 64  # bytes
_OF_STRETCH = re.compile(rb"%s*" % _TEXT)
_SAVED = b"\xff\xfe\xfd"  # for a sign that was escaped itself


class _Escape(NamedTuple):
    sign: bytes
    any: re.Pattern[bytes]
    in_binary: re.Pattern[bytes]  # where chance makes some: text has to follow
    undo: Mapping[str, Callable[[bytes], bytes]]  # by label


def _escape(sign: bytes, pattern: bytes, undo: Mapping[str, Callable[[bytes], bytes]]) -> _Escape:
    strict = re.compile(rb"(?:%s)(?:%s{6}|%s{0,5}\Z)" % (pattern, _TEXT, _TEXT))
    return _Escape(sign, re.compile(pattern), strict, undo)


def _escapes(look: Look, by_chance: Mapping[int, Sequence[int]] | None) -> Iterator[Piece]:
    """Yield what comes of undoing them; *by_chance* is where they may begin in what is no text."""
    data = look.data
    for escape in _ESCAPES:
        if by_chance is None:
            windows = _windows(data, escape, look.reach) if escape.sign in data else ()
        else:
            places = by_chance.get(escape.sign[0], ())
            windows = _texts(data, escape, look.reach, places) if places else ()
        for start, end in windows:
            part = data[start:end] if end - start < len(data) else data
            for label, undo in escape.undo.items():
                inner = undo(part)
                if inner != part:
                    yield Piece((label,), inner, _at(start))


def _windows(data: bytes, escape: _Escape, reach: int) -> Iterator[tuple[int, int]]:
    """Yield from where to where there are escapes, and what is within *reach* of them."""
    start = end = -1
    at = 0
    while match := escape.any.search(data, at):
        begin, at = max(0, match.start() - reach), match.start() + reach
        if begin > end >= 0:
            yield start, end
            start = -1
        start = begin if start < 0 else start
        end = at + reach
    if start >= 0:
        yield start, min(end, len(data))


def _texts(
    data: bytes, escape: _Escape, reach: int, places: Sequence[int]
) -> Iterator[tuple[int, int]]:
    """Yield the same of what is no text.

    There an escape that is alone has come by chance or belongs to the text around it.
    """
    start = end = -1
    at = 0
    for place in places:
        if place < at or not escape.in_binary.match(data, place):
            continue
        if _has_another(data, escape, place):
            begin, at, until = max(0, place - reach), place + reach, place + 2 * reach
        else:
            begin, at = _stretch(data, place, reach)
            until = at
        if begin > end >= 0:
            yield start, end
            start = -1
        start = begin if start < 0 else start
        end = max(end, until)
    if start >= 0:
        yield start, min(end, len(data))


def _marks(data: bytes) -> Mapping[int, Sequence[int]]:
    """Return where escapes may begin, by the sign that each begins with."""
    marks: dict[int, list[int]] = {}
    for some in _MARKS:
        for _, start, _ in some.find_matches_as_indexes(data):
            marks.setdefault(data[start], []).append(start)
    return marks


def _has_another(data: bytes, escape: _Escape, place: int) -> bool:
    near = data[max(0, place - _NEARBY) : place + _NEARBY]
    return near.count(escape.sign) > 1 and len(escape.any.findall(near)) > 1


def _stretch(data: bytes, place: int, reach: int) -> tuple[int, int]:
    """Return where the text around *place* begins and ends."""
    before = data[max(0, place - reach) : place]
    before = before[before.translate(_AS_CONTROL).rfind(b"\0") + 1 :]
    text = _OF_STRETCH.match(data, place, place + 2 * reach)
    assert text is not None  # it may be empty
    return place - len(before), max(text.end(), place + 1)


def unquoted(data: bytes) -> bytes:
    """Return *data* with percent-encoding undone (RFC 3986)."""
    if _SAVED in data:
        return unquote_to_bytes(data)
    for sign in (b"%%", b"%%", b"%\r", b"%\n"):  # of which quoted-printable makes something else
        if sign in data:
            data = data.replace(sign, b"%25" + sign[1:])
    data = data + b"25" if data.endswith(b"%") else data
    data = data.replace(b"=", _SAVED).replace(b"%3D", _SAVED).replace(b"%3d", _SAVED)
    data = binascii.a2b_qp(data.replace(b"%", b"="))
    return data.replace(b"=", b"%").replace(_SAVED, b"=")


def _form(data: bytes) -> bytes:
    """Return *data* with the encoding of forms undone, where that differs from `unquoted`."""
    return unquoted(data.replace(b"+", b" ")) if b"+" in data else data


def _quoted_printable(data: bytes) -> bytes:
    data = data.replace(b"=\r\n", b"=\n").replace(b"=\r", b"=\n")
    return binascii.a2b_qp(data.replace(b"==", b"=3D=").replace(b"==", b"=3D="))


_UNITS = re.compile(
    rb"\\(?:u([0-9a-fA-F]{4}(?:\\u[0-9a-fA-F]{4})*)|u\{([0-9a-fA-F]{1,6})\}"
    rb"|x([0-9a-fA-F]{2}(?:\\x[0-9a-fA-F]{2})*))"
)
_ESCAPED = {b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t", b"v": b"\v"}
_WORD = 46  # bytes of eight escaped characters after the first backslash


def unescaped(data: bytes) -> bytes:
    """Return *data* with the escapes of JSON undone (RFC 8259), of JavaScript and Python too."""
    if b"\\u" in data and data.isascii():
        data = _units_undone(data)
    saves = b"\\\\" in data
    if saves:
        data = data.replace(b"\\\\", _SAVED)
    for letter in _letters_of(data):
        data = data.replace(b"\\" + letter, _ESCAPED.get(letter, letter))
    if b"\\u" in data or b"\\x" in data:
        data = _UNITS.sub(_character, data)
    return data.replace(_SAVED, b"\\") if saves else data


def _letters_of(data: bytes) -> Iterator[bytes]:
    """Yield what stands behind backslashes in *data* and is undone."""
    few = data.count(b"\\") * _SELDOM < len(data)
    behind = set(_BEHIND.findall(data)) if few else None
    for letter in (b'"', b"/", b"n", b"'", b"t", b"r", b"b", b"f", b"v", b"0"):
        if letter in behind if behind is not None else b"\\" + letter in data:
            yield letter


_BEHIND = re.compile(rb"\\(.)", re.DOTALL)
_SELDOM = 20  # bytes for each backslash, below which it is faster to look for each letter
_ESCAPED_UNIT = re.compile(rb"\\(?:U|u(?:005[cC]|(?![0-9a-fA-F]{4})))")
_UNIT_SIZE = 6


def _units_undone(data: bytes) -> bytes:
    """Return *data* with units of UTF-16 undone, by a codec that runs in C.

    It is as it was where one stays that the codec refuses or takes for more than JSON does, or a
    backslash comes of one, which other escapes would take for their own; at the end one may be cut.
    """
    match = _ESCAPED_UNIT.search(data)
    end = match.start() if match else len(data)
    return _units_of(data[:end]) + data[end:] if end > len(data) - _UNIT_SIZE else data


def _units_of(data: bytes) -> bytes:
    text = data.decode("raw_unicode_escape")
    try:
        return text.encode()
    except UnicodeEncodeError:  # two units may make one character
        units = text.encode("utf-16-le", "surrogatepass")
        return units.decode("utf-16-le", "surrogatepass").encode("utf-8", "surrogatepass")


def _character(match: re.Match[bytes]) -> bytes:
    escapes, point, octet = match.groups()
    if octet:
        return bytes.fromhex(octet.replace(b"\\x", b"").decode())
    if point:
        code = int(point, 16)
        return chr(code).encode("utf-8", "surrogatepass") if code <= sys.maxunicode else match[0]
    return _of_word(escapes) if len(escapes) <= _WORD else _of_units(escapes)


def _of_units(escapes: bytes) -> bytes:
    """Return what UTF-16 units are; two may make one character."""
    units = bytes.fromhex(escapes.replace(b"\\u", b"").decode())
    return units.decode("utf-16-be", "surrogatepass").encode("utf-8", "surrogatepass")


_of_word = lru_cache(maxsize=1024)(_of_units)  # as the names of members come over and over

_ENTITY = re.compile(rb"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-z]{2,6});")
_ENTITIES = re.compile(rb"(%s)" % _ENTITY.pattern)


def unentitied(data: bytes) -> bytes:
    """Return *data* with references to XML's characters undone."""
    if b"&" not in data:
        return data
    parts = _ENTITIES.split(data)
    parts[1::2] = map(_entity, parts[1::2])  # in half the time that a substitution takes
    return b"".join(parts)


@lru_cache(maxsize=4096)
def _entity(reference: bytes) -> bytes:
    name = reference[1:-1].decode()
    if not name.startswith("#"):
        return html.unescape(reference.decode()).encode()
    # not html.unescape, which drops the control characters that XML encoders write
    code = int(f"0{name[1:]}", 16) if name[1] in "xX" else int(name[1:])
    return chr(code).encode("utf-8", "surrogatepass") if code <= sys.maxunicode else reference


_PERCENT = rb"%[0-9a-fA-F]{2}"
_ESCAPES = (
    _escape(b"%", _PERCENT, {"percent": unquoted, "form": _form}),
    _escape(
        b"\\",
        rb"""\\(?:["'\\/bfnrtv0]|u[0-9a-fA-F]{4}|u\{[0-9a-fA-F]{1,6}\}|x[0-9a-fA-F]{2})""",
        {"json": unescaped},
    ),
    _escape(b"&", _ENTITY.pattern, {"xml": unentitied}),
    _escape(b"=", rb"=(?:[0-9a-fA-F]{2}|\r?\n)", {"quoted-printable": _quoted_printable}),
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

SEARCHED: Mapping[str, str] = {
    "as it is": msg("in UTF-8, UTF-16 in either order of bytes, and GB 18030 (GBK)"),
    "base64": msg("both alphabets, padded or not, on several lines, with escaped signs"),
    "base32": msg("in capitals, from 10 characters on"),
    "hexadecimal": msg(
        "capitals or not; on several lines; with colons, blanks, dashes, commas or 0x between bytes"
    ),
    "lists of bytes": msg("numbers with commas: Node's Buffer, JSON arrays, Java's signed bytes"),
    "escapes of URLs and forms": msg("every byte or some; a plus as a space"),
    "escapes of JSON and JavaScript": msg("\\uXXXX, \\u{X}, \\xXX, \\n and the like, both quotes"),
    "references of XML and HTML": msg("&#dd;, &#xhh; and names of up to six letters"),
    "several literals": msg("a line each, as console.log and pprint print a text of several"),
    "quoted-printable": msg("with soft line breaks"),
    "gzip and zlib": msg("wherever one begins, also cut or damaged"),
    "deflate without a header": msg(
        "a whole body that is no text; base64 of 40 characters on (SAML)"
    ),
    "ZIP": msg("members that are stored or deflated: xlsx, docx, jar"),
    "UTF-16 that is encoded further": msg("where eight characters of ASCII stand in a row"),
    "one within another": msg("four deep"),
}
"""What is undone before a secret is looked for; the table of the documentation is made of it."""

NOT_SEARCHED: Mapping[str, str] = {
    "what is reversed, cut, hashed or encrypted": msg("nothing of the secret is left to be found"),
    "five encodings within one another": msg("four are undone"),
    "br, zstd, bzip2, xz, 7z, RAR": msg("inside of a body"),
    "pixels, sounds, PNG data in many chunks": msg("only the stream of the first chunk is undone"),
    "other alphabets": msg("base58, base85, uuencode, octal escapes, UTF-7, UTF-32, EBCDIC"),
    "letters that PDF moves one by one": msg("[(se) -20 (cret)] TJ; a whole text is found"),
    "what Python prints without being captured": msg(
        "under pytest -s, or by a child process; steps of a scenario are captured"
    ),
    "names of tests, properties of a suite": msg(
        "the id of a parameter, and what record_testsuite_property gets"
    ),
    "bytes as an object": msg('{"0":104,"1":101}, or text that was read as Latin-1'),
    "escapes far apart": msg("more than 1 kB apart inside of one encoded piece"),
}
"""What is not, so that nobody relies on it."""
