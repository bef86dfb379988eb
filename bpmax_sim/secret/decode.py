"""Undo one layer of encoding.

Base64, base32, hexadecimal, escapes, compression, UTF-16, byte lists.

Each encoding is undone for all of its occurrences at once, by calls that run in C and whose cost is
proportional to the size of the data; the results are joined into one piece.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from hashlib import blake2b
from itertools import accumulate, product, repeat
from string import ascii_letters, ascii_lowercase, ascii_uppercase, digits, hexdigits
from typing import NamedTuple

import msgspec
from ahocorasick_rs import BytesAhoCorasick, Implementation

from bpmax_sim.i18n import msg
from bpmax_sim.secret.compressed_streams import (
    MAY_BE_WHOLE,
    PROBE,
    STEP,
    WorkBudget,
    find_streams,
    inflate_raw,
    may_begin_raw_deflate,
)
from bpmax_sim.secret.encoded_runs import (
    BETWEEN,
    BETWEEN_HEX,
    SHORTEST_RUN,
    FastByteSearch,
    decode_aligned_base64_runs,
    decode_base64,
    decode_base64_at_all_offsets,
    decode_hex_runs,
    find_hex_runs,
    find_long_runs,
    find_runs_and_folded_runs,
)
from bpmax_sim.secret.escapes import BACKSLASHES, PartWithEscapes, find_escaped_parts

DEPTH = 4
"""How many encodings within one another are undone."""

GAP = b"\xff\xff"
"""What comes between pieces that are joined; no encoding that is undone uses it."""

Trace = Callable[[int], tuple[int, tuple[str, ...]]]
"""Tells of a byte the outer place that it came from, and through which encodings, outermost first.
"""


class Piece(NamedTuple):
    """Bytes that were decoded from a part of other data.

    Attributes:
        data: decoded bytes.
        trace: function that returns, for an offset in *data*, the offset in the other data that it
            came from, and the encodings that were undone.
    """

    data: bytes
    trace: Trace


class HarmlessParts:
    """A bounded cache of byte strings that were searched and contain no secret.

    Texts repeat very often in recordings. It may be used from several threads.
    """

    def __init__(self) -> None:
        self._known: set[bytes] = set()
        self._sizes: set[int] = set()  # of the long ones; another size needs no digest

    def find_unknown_parts(self, parts: Collection[bytes]) -> list[bytes]:
        """Return those of *parts* that are not in the cache."""
        known, sizes = self._known, self._sizes
        if not known:
            return list(parts)
        return [
            part
            for part in parts
            if part not in known and (len(part) not in sizes or _hash_part(part) not in known)
        ]

    def add(self, parts: Collection[bytes]) -> None:
        """Add *parts*; a full cache is emptied first."""
        if len(self._known) > _MOST_HARMLESS:
            self._known, self._sizes = set(), set()
        if max(map(len, parts), default=0) > _LONGEST_HARMLESS:
            long = [part for part in parts if len(part) > _LONGEST_HARMLESS]
            self._sizes.update(map(len, long))
            self._known.update(map(_hash_part, long))
            parts = [part for part in parts if len(part) <= _LONGEST_HARMLESS]
        self._known.update(parts)


def _hash_part(part: bytes) -> bytes:
    return blake2b(part).digest()


_MOST_HARMLESS, _LONGEST_HARMLESS = 4096, 256


class SearchHistory:
    """What one search has decoded so far, so that equal parts are decoded only once.

    Attributes:
        outermost: encoded runs found in the searched data itself, not inside another encoding.
    """

    outermost: Collection[bytes] = ()

    def __init__(self, harmless: HarmlessParts) -> None:
        """Start with *harmless*, the encoded runs known to contain nothing."""
        self._harmless = harmless
        self._runs: set[bytes] = set()
        self._lines: set[bytes] = set()
        self._digits: set[bytes] = set()
        self._flat: dict[int, bytes] = {}
        self._undone: dict[int, tuple[bytes, tuple[PartWithEscapes, ...]]] = {}

    def take_new_runs(self, runs: Sequence[bytes]) -> list[bytes]:
        """Return those of *runs* that are new to this search and not known to be harmless.

        A run is a sequence of base64 characters. They count as seen from now on.
        """
        return _add_new_runs(self._harmless.find_unknown_parts(runs), self._runs)

    def take_new_folded_runs(self, lines: Sequence[bytes]) -> list[bytes]:
        """Return those of *lines*, runs over several lines, that are new to this search.

        They count as seen from now on.
        """
        return _add_new_runs(lines, self._lines)

    def take_new_digits(self, runs: Sequence[bytes]) -> list[bytes]:
        """Return those of *runs*, of hexadecimal digits, that are new to this search.

        They count as seen from now on.
        """
        return _add_new_runs(runs, self._digits)

    def get_escaped_parts(self, data: bytes, reach: int) -> tuple[PartWithEscapes, ...]:
        """Return the parts of *data* that contain escapes such as ``%41``, unescaped.

        A part extends over *reach* bytes on both sides of an escape. The result is cached for this
        very object, not for equal bytes.
        """
        if id(data) not in self._undone:  # a hash of all of it would take longer
            self._undone[id(data)] = data, tuple(find_escaped_parts(data, reach))
        return self._undone[id(data)][1]

    def note_searched_together(self, unescaped_levels: Iterable[bytes]) -> None:
        """Note that *unescaped_levels* need no decoding of their own.

        A level is the searched data with its escapes undone once, twice and so on. The encoded runs
        of all levels were decoded together with those of the data itself.
        """
        self._flat.update((id(level), level) for level in unescaped_levels)

    def was_searched_together(self, data: bytes) -> bool:
        """Return whether `note_searched_together` was called for *data*, this very object.

        Its encoded runs were then decoded with those of the data that it is an unescaped copy of.
        """
        return id(data) in self._flat

    def mark_runs_as_outermost(self) -> None:
        """Set `outermost` to all runs noted so far; runs noted later are inside another encoding.

        If the data has runs over several lines, `outermost` stays empty.
        """
        # Beside lines, `_decode_runs` decodes longer runs only as parts of these lines. So none of
        # them was searched by itself, and must not be remembered as harmless.
        self.outermost = () if self._lines else self._runs.copy()


def _add_new_runs(runs: Iterable[bytes], known: set[bytes]) -> list[bytes]:
    fresh: Collection[bytes] = dict.fromkeys(runs)
    if not known.isdisjoint(fresh):
        fresh = [run for run in fresh if run not in known]
    known.update(fresh)
    return [*fresh]


class ScanInput(NamedTuple):
    """The input of one decoding step.

    Attributes:
        data: bytes to decode.
        work: budget that decoding is charged to.
        history: what the search has decoded so far.
        reach: number of bytes before and after an escape, such as ``%41``, that are unescaped with
            it; it depends on the length of the longest secret.
        levels: *data* with its escapes undone once, twice, and so on.
    """

    data: bytes
    work: WorkBudget
    history: SearchHistory
    reach: int
    levels: tuple[bytes, ...] = ()


def decode_next_layer(scan: ScanInput) -> Iterator[Piece]:
    """Yield everything that is encoded in ``scan.data``, decoded once by each kind of encoding."""
    data = scan.data
    compressed = [*find_streams(data, scan.work)]  # of too much nothing else has to be undone
    printed = data.translate(_PRINTED) if b"\0" in data else b""
    undone = scan.history.get_escaped_parts(data, scan.reach)
    text = _extract_printable_if_binary(data, printed)
    if text and not scan.history.was_searched_together(data):
        yield from _decode_text_layer(
            *_join_runs_of_escape_levels(scan, text)
            if text is data and not printed
            else (scan, text)
        )
    if b"\n" in text:
        yield from _join_string_literals(text)
    if printed:
        yield from _decode_utf16(data, printed)
    for stream in compressed:
        yield Piece(stream.inner, _make_constant_trace(stream.start, stream.label))
    for label, start, _, inner in undone:
        yield Piece(inner, _make_constant_trace(start, label))


def _decode_text_layer(scan: ScanInput, text: bytes) -> Iterator[Piece]:
    yield from _decode_runs(scan, text)
    yield from _decode_separated_hex(scan, text)
    if b"," in text:
        yield from _decode_number_lists(text)


# Behind a backslash there may be a run that an escape takes the first letter of.
_CONSUMED = re.compile(
    rb"\\(?!u[0-9a-fA-F]{4}\\)((?:[bfnrtvux][A-Za-z0-9+/_-]{7,}+|[bfux][0-9a-fA-F]{0,8}+[\s:,-])[A-Za-z0-9+/_\s:,=-]*)"
)


def _join_runs_of_escape_levels(scan: ScanInput, text: bytes) -> tuple[ScanInput, bytes]:
    """Return *scan* with its *levels*, and one text with the runs of all these levels.

    A run is a sequence of base64 or hexadecimal characters, so it contains no backslash and
    survives when escapes around it are undone. Thus text that is escaped several times is searched
    for runs only once.
    """
    levels, consumed = [text], list[bytes]()
    while len(levels) <= DEPTH:
        outer = levels[-1]
        undone = [
            part
            for part in scan.history.get_escaped_parts(outer, scan.reach)
            if part.label == "json"
        ]
        if not undone:
            break
        consumed += _CONSUMED.findall(_blank_escaped_backslashes(outer))
        levels.append(_replace_by_unescaped(outer, undone))
    scan.history.note_searched_together(levels[1:])
    flat = b"\\".join([levels[-1], *consumed]) if consumed else levels[-1]
    return scan._replace(levels=tuple(levels[1:])), flat


def _blank_escaped_backslashes(data: bytes) -> bytes:
    """Return *data* with each pair of backslashes (an escaped backslash) replaced by a space."""
    return data.replace(b"\\\\", b" ") if BACKSLASHES.occurs_in(data) else data


def _replace_by_unescaped(data: bytes, undone: Sequence[PartWithEscapes]) -> bytes:
    if undone[0].end - undone[0].start == len(data):
        return undone[0].inner
    parts, end = list[bytes](), 0
    for part in undone:
        parts += (data[end : part.start], part.inner)
        end = part.end
    return b"".join([*parts, data[end:]])


_OF_TEXT = frozenset(b"\t\n\v\f\r" + bytes(range(32, 127)))
_PRINTED = bytes(46 if code == 0 else 65 if code in _OF_TEXT else 32 for code in range(256))
"""A for what is printed, a dot for a zero, which UTF-16 has between."""
_SAMPLES = 4096
_STRETCH = re.compile(b"A+")
_LONG = BytesAhoCorasick([b"A" * SHORTEST_RUN], implementation=Implementation.DFA)
"""In half the time that `bytes.find` takes, as long as there are few."""


def _extract_printable_if_binary(data: bytes, printable_marks: bytes) -> bytes:
    """Return *data* if it is mostly text, otherwise its sequences of printable characters.

    *printable_marks* marks these characters, or is empty. Random bytes form only about 4 kB of such
    sequences in a megabyte, so this saves nearly all work.
    """
    if data.isascii():
        return data
    sample = data[:: len(data) // _SAMPLES | 1].translate(_PRINTED)
    if sample.count(b"A") * 2 > len(sample):
        return data
    printable_marks, end = printable_marks or data.translate(_PRINTED), 0
    stretches = list[bytes]()
    for _, start, _ in _LONG.find_matches_as_indexes(printable_marks):
        if start >= end:
            end = _STRETCH.search(printable_marks, start).end()  # type: ignore[union-attr]
            stretches.append(data[start:end])
    return b"\xff".join(stretches)


# Base64, hexadecimal and base32: runs of an alphabet (RFC 4648).

_SHORTEST_32 = 10
_IN_32 = bytes(65 if chr(c) in ascii_uppercase + "234567" else 32 for c in range(256))
_TO_DIGITS = bytes.maketrans(
    (ascii_uppercase + "234567").encode(), (digits + ascii_letters[:22]).encode()
)
_PROBED = -(-PROBE // 3) * 4
_SHORTEST_BARE = 40
"""Characters of base64 that are tried as deflate without a header."""


_FOLDED = 16
"""Characters of the longest run that is no line of a longer one."""

_SIGNS = tuple(
    zip(ascii_uppercase + ascii_lowercase + digits + "+/-_", (*range(64), 62, 63), strict=True)
)
_BEGIN_DEFLATE = frozenset(
    (sign + behind).encode()
    for sign, value in _SIGNS
    for behind, low in _SIGNS
    if (value << 2 | low >> 4) in MAY_BE_WHOLE
)


def _decode_runs(scan: ScanInput, text: bytes) -> Iterator[Piece]:
    """Yield what the runs of *text* contain as base64, hexadecimal or base32, if they are new.

    Runs that are folded over several lines are decoded as one.
    """
    runs, lines = find_runs_and_folded_runs(text)
    if not runs:
        return
    runs, lines = scan.history.take_new_runs(runs), scan.history.take_new_folded_runs(lines)
    # Each run is a part of a line, where there are lines, and what it holds is a part of theirs.
    whole = [*lines, *[run for run in runs if len(run) <= _FOLDED]] if lines else runs
    yield from _decode_base64(whole, scan)
    yield from _decode_base64_deflate([*lines, *runs], scan)
    if runs or lines:
        yield from _decode_hex(find_hex_runs(b" ".join(whole)), scan)
        yield from _decode_base32([*lines, *runs], scan)


def _decode_base64(runs: Sequence[bytes], scan: ScanInput) -> Iterator[Piece]:
    whole, runs = decode_aligned_base64_runs(runs)
    if whole:
        written, texts = zip(*whole, strict=True)
        ends = list(accumulate(len(text) + len(GAP) for text in texts))
        yield Piece(GAP.join(texts), _make_trace_by_ends(scan, written, ends, "base64"))
    if runs:
        trace = _make_run_trace(scan, runs, len(BETWEEN), "base64")
        for start, inner in enumerate(decode_base64_at_all_offsets(runs)):
            yield Piece(inner, _make_scaled_trace(trace, start, 4, 3))


def _decode_base64_deflate(runs: Sequence[bytes], scan: ScanInput) -> Iterator[Piece]:
    """Yield what runs contain that are base64 of header-less deflate, as in SAML redirects."""
    begun = [run for run in runs if run[:2] in _BEGIN_DEFLATE or len(run) > STEP]
    likely = [run for run in begun if len(run) >= _SHORTEST_BARE]
    heads = [run[: min(len(run), _PROBED) // 4 * 4] for run in likely]
    probes, at = decode_base64(b"".join(heads)), 0  # all at once, as lines of a body are many
    for run, head in zip(likely, heads, strict=True):
        probe = probes[at : (at := at + len(head) // 4 * 3)]
        if may_begin_raw_deflate(probe, len(run), scan.work):
            inner = inflate_raw(decode_base64(run), scan.work)
            if inner:
                yield Piece(inner, _make_run_trace(scan, [run], 0, "base64", "deflate"))


def _decode_hex(runs: Sequence[bytes], scan: ScanInput) -> Iterator[Piece]:
    if runs:
        trace = _make_run_trace(scan, runs, len(BETWEEN_HEX), "hex")
        for start, inner in enumerate(decode_hex_runs(runs)):
            yield Piece(inner, _make_scaled_trace(trace, start, 2, 1))


def _decode_base32(runs: Sequence[bytes], scan: ScanInput) -> Iterator[Piece]:
    text = b" ".join(runs)
    result = find_long_runs(text, text.translate(_IN_32), _SHORTEST_32)
    if result:
        padded = [run + b"A" * (-len(run) % 8) for run in result]
        core = b"".join(padded)
        inner = int(core.translate(_TO_DIGITS), 32).to_bytes(len(core) // 8 * 5, "big")
        ends = list(accumulate(map(len, padded)))
        yield Piece(
            inner, _make_scaled_trace(_make_trace_by_ends(scan, result, ends, "base32"), 0, 8, 5)
        )


def _make_run_trace(scan: ScanInput, runs: Sequence[bytes], gap_size: int, *labels: str) -> Trace:
    """Return a function that tells where a byte of *runs* is from: offset in the data, encodings.

    Its argument is the offset in the text of *runs*, joined with *gap_size* bytes between them.
    *labels* are the encodings that were undone, to which escapes around the run are added.
    """

    def trace(at: int) -> tuple[int, tuple[str, ...]]:
        ends = list(accumulate(len(run) + gap_size for run in runs))
        return _make_trace_by_ends(scan, runs, ends, *labels)(at)

    return trace


def _make_trace_by_ends(
    scan: ScanInput, runs: Sequence[bytes], ends: Sequence[int], *labels: str
) -> Trace:
    def trace(at: int) -> tuple[int, tuple[str, ...]]:
        start, level = _locate_run_and_level(runs[min(bisect_right(ends, at), len(runs) - 1)], scan)
        return start, ("json",) * level + labels

    return trace


def _locate_run_and_level(run: bytes, scan: ScanInput) -> tuple[int, int]:
    """Return the offset in ``scan.data`` where *run* comes from, and how often it was unescaped.

    Of a run that is folded over several lines, the beginning is searched for.
    """
    for part in (run, run[:SHORTEST_RUN]):
        for level, text in enumerate((scan.data, *scan.levels)):
            start = text.find(part)
            if start >= 0:
                return min(start, len(scan.data) - 1), level
    return 0, 0


def _make_scaled_trace(trace: Trace, start: int, encoded_size: int, decoded_size: int) -> Trace:
    """Return *trace*, which takes offsets in encoded text, changed to take those of decoded bytes.

    *encoded_size* characters give *decoded_size* bytes, as 4 give 3 in base64. Decoding began at
    character *start*.
    """
    return lambda at: trace(start + at * encoded_size // decoded_size)


def _make_constant_trace(start: int, *labels: str) -> Trace:
    return lambda _at: (start, labels)


# Hexadecimal with something between the bytes, and lists of numbers.

_BLANKS = b" \t\r\n\f\v"
_APART = bytes(72 if chr(c) in hexdigits else 32 if c in b" \t\r\n:,-" else 46 for c in range(256))
# A blank comes first, as it is found in no time; what is no digit may be the x of 0x.
_PAIRS = re.compile(rb" (?:H\.)?HH(?:  ?(?:H\.)?HH){4}")
_PREFIX = FastByteSearch(b"0x")
_THREE_PAIRS = tuple(
    FastByteSearch(b" HH%sHH%sHH" % between) for between in product((b" ", b"  "), repeat=2)
)
"""What all pairs have that have no prefix, in a tenth of the time."""
_DIGITS = bytes(68 if c in digits.encode() else c if c == 44 else 46 for c in range(256))  # noqa: PLR2004
_LONG_NUMBERS = (FastByteSearch(b",DD,"), FastByteSearch(b",DDD,"))
_TO_LIST = bytes(c if c in b"-0123456789" else 44 for c in range(256))
_LIST = re.compile(b"," + b"D{1,3}," * 4)
_INTEGERS = msgspec.json.Decoder(list[int])
_OCTETS = {str(n).encode(): bytes([n & 255]) for n in range(-128, 256)}  # Java's bytes have a sign


def _decode_separated_hex(scan: ScanInput, data: bytes) -> Iterator[Piece]:
    folded = data.translate(_APART)
    likely = _PREFIX.occurs_in(data) or any(some.occurs_in(folded) for some in _THREE_PAIRS)
    if likely and _PAIRS.search(folded):
        digits_alone = data.replace(b"0x", b"").translate(None, b" \t\r\n:,-")
        runs = scan.history.take_new_digits(find_hex_runs(digits_alone))
        for piece in _decode_hex(runs, scan):
            yield piece._replace(trace=_make_constant_trace(0, "hex"))


def _decode_number_lists(data: bytes) -> Iterator[Piece]:
    if not _may_have_number_list(data):
        return
    numbers = data.translate(_TO_LIST, _BLANKS)
    inner = _parse_octets(numbers)
    if inner:
        yield Piece(inner, _make_constant_trace(0, msg("list of bytes")))


def _may_have_number_list(data: bytes) -> bool:
    """Return whether *data* may contain a list of five or more bytes: ``[104, 105, …]``."""
    folded = data.translate(_DIGITS, _BLANKS + b"-")
    return any(some.occurs_in(folded) for some in _LONG_NUMBERS) and bool(_LIST.search(folded))


def _parse_octets(numbers: bytes) -> bytes:
    """Return the bytes that the comma-separated *numbers* spell."""
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


def _join_string_literals(data: bytes) -> Iterator[Piece]:
    parts, end = list[bytes](), 0
    for match in _NEXT_LITERAL.finditer(data):
        before = max(end, match.start() - _LONGEST_END)
        quote = _END_OF_LITERAL.search(data[before : match.start()])
        if quote and quote[1] == match[1]:
            parts.append(data[end : before + quote.start()])
            end = match.end()
    if parts:
        yield Piece(
            b"".join([*parts, data[end:]]), _make_constant_trace(0, msg("several literals"))
        )


# Texts in UTF-16 that are encoded further; a secret itself is looked for in UTF-16.

_WIDE = FastByteSearch(b"A.A.A.A.A.A.A.A.")


def _decode_utf16(data: bytes, printed: bytes) -> Iterator[Piece]:
    at = _WIDE.find(printed)
    if at >= 0:
        starts = {"utf-16-le": at % 2, "utf-16-be": (at + 1) % 2}
        texts = {codec: data[start:].decode(codec, "ignore") for codec, start in starts.items()}
        highs = {
            "utf-16-le": data[starts["utf-16-le"] + 1 :: 2],
            "utf-16-be": data[starts["utf-16-be"] :: 2],
        }
        for codec in _find_plausible_byte_orders(texts, highs):
            yield Piece(
                texts[codec].encode("utf-8", "surrogatepass"), _make_constant_trace(at, codec)
            )


def _find_plausible_byte_orders(
    texts: Mapping[str, str], highs: Mapping[str, bytes]
) -> Sequence[str]:
    """Return the byte orders (UTF-16 codecs) in which data is plausible as text: one or both.

    *texts* are the data decoded in each. ASCII text is the same in both. For other text the wrong
    order yields rare characters. *highs* are the high bytes of the characters: if all are common,
    the dearer search for rare ones is not needed.
    """
    shorter, longer = sorted(texts, key=lambda codec: len(texts[codec]))
    if texts[shorter] in texts[longer]:
        return [longer]
    sound = [
        codec
        for codec, text in texts.items()
        if not highs[codec].translate(None, _COMMON) or not _RARE.search(text)
    ]
    return sound if len(sound) == 1 else [*texts]


_RARE = re.compile(
    "[^\0-\u024f\u2000-\u206f\u3000-\u30ff\u4e00-\u9fff\uff00-\uffef\U0001f300-\U0001faff]"
)
"""Signs that are neither Latin, Chinese, Japanese, punctuation nor a picture."""
_COMMON = bytes((0x00, 0x01, 0x30, *range(0x4E, 0xA0)))  # higher bytes of which none is rare


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
    "base64 folded into short lines": msg("lines of few signs, as a narrow column has"),
    "long decimal references": msg("&#0000000104; with more than seven digits"),
    "doubled quotes": msg("a quote of the secret as CSV and SQL write it, twice"),
    "another case": msg("the secret in capitals, or in small letters"),
    "other alphabets": msg("base58, base85, uuencode, octal escapes, UTF-7, UTF-32, EBCDIC"),
    "letters that PDF moves one by one": msg("[(se) -20 (cret)] TJ; a whole text is found"),
    "what Python prints without being captured": msg(
        "under pytest -s, or by a child process; steps of a scenario are captured"
    ),
    "names of tests": msg("the id of a parameter; a warning tells of it"),
    "bytes as an object": msg('{"0":104,"1":101}, or text that was read as Latin-1'),
    "escapes far apart": msg("more than 1 kB apart inside of one encoded piece"),
}
"""What is not, so that nobody relies on it."""
