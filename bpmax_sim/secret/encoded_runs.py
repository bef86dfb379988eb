"""Find, decode and re-encode runs of base64 and hexadecimal digits (RFC 4648).

Every search for secrets finds its runs here. Bytes are processed all at once by a few calls that
run in C; texts run by run, because a secret inside a run may be replaced there.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from string import ascii_letters, digits, hexdigits

from ahocorasick_rs import BytesAhoCorasick

_URL_SAFE_REST = re.compile(r"[-_][A-Za-z0-9_-]*")
_QUICK = re.compile(r"[A-Za-z0-9+/_-]{8,}")
_ESCAPED_SLASH = re.compile(r"\\{1,8}/|%(?:25){0,3}2[Ff]")
_ESCAPED_PLUS = re.compile(r"%(?:25){0,3}2[Bb]|\\{1,8}u002[Bb]")
_ESCAPED_EQUALS = re.compile(r"%(?:25){0,3}3[Dd]|\\{1,8}u003[Dd]")
_SLASH, _PLUS, _EQUALS = (p.pattern for p in (_ESCAPED_SLASH, _ESCAPED_PLUS, _ESCAPED_EQUALS))
_ESCAPED_SIGN = re.compile(rb"\\{1,8}(?:/|u002[bB])|%(?:25){0,3}2[bBfF]")
_IN_RUN = re.compile(rb"[A-Za-z0-9+/_-]*")
_END = f"(?:=|{_EQUALS}){{0,2}}"
_STANDARD = re.compile(f"((?:[A-Za-z0-9+/]|{_SLASH}|{_PLUS}){{8,}}){_END}")
_URL_SAFE = re.compile(f"([A-Za-z0-9_-]{{8,}}){_END}")
_ANY = re.compile(f"((?:[A-Za-z0-9+/_-]|{_SLASH}|{_PLUS}){{8,}}){_END}")
_PASSES = ((_STANDARD, 1), (_URL_SAFE, 1), (_ANY, 4))
_HEX_TEXT = re.compile(r"[0-9A-Fa-f]{12,}")
_TEXT_TO_STANDARD = str.maketrans("-_", "+/")
_TO_URL_SAFE = str.maketrans("+/", "-_")


def find_encoded_runs(text: str) -> list[str]:
    """Return every run (sequence) of characters in *text* that may be base64 or hexadecimal.

    Escapes of ``/``, ``+`` and ``=`` are undone.
    """
    return _QUICK.findall(_unescape_base64_signs(text))


def keep_escaped_runs(data: bytes) -> bytes:
    """Return *data* reduced to its encoded runs that contain escapes, such as base64 with ``%2F``.

    A run is a sequence of characters of one encoding, such as base64. The escapes stay as they are.
    Other runs are left out: the caller has searched them already.
    """
    parts, end = list[bytes](), 0
    for match in _ESCAPED_SIGN.finditer(data):
        parts += (_keep_first_and_last_run(data[end : match.start()]), match[0])
        end = match.end()
    return b"".join([*parts, _keep_first_and_last_run(data[end:])])


def _keep_first_and_last_run(between: bytes) -> bytes:
    """Return only the first and the last run of *between*, the bytes between two escapes.

    A run is a row of base64 characters. These two continue beyond an escape.
    """
    head = _IN_RUN.match(between)[0]  # type: ignore[index] # it may be empty
    if len(head) == len(between):
        return head
    tail = _IN_RUN.match(between[::-1])[0]  # type: ignore[index]
    return head + b" " + tail[::-1]


def decode_runs_to_text(runs: Sequence[str]) -> str:
    """Return the decoded *runs* (base64 or hexadecimal characters), joined by line feeds.

    Base64 is decoded from each of the first four characters on, as a secret may begin at any of
    them.
    """
    pieces: list[bytes] = []
    for run in runs:
        core = run.translate(_TEXT_TO_STANDARD)
        pieces += [_decode_run(core[start:]) for start in range(min(4, len(core) - 7))]
    for run_of_digits in _HEX_TEXT.findall("\n".join(runs)):
        pieces += decode_hex_at_both_offsets(run_of_digits)
    return b"\n".join(pieces).decode("utf-8", "surrogateescape")


def rewrite_runs(text: str, clean: Callable[[str], str]) -> str:
    """Return *text* with *clean* applied to the decoded content of each base64 or hexadecimal run.

    The result is encoded again in the same way.
    """

    def run(match: re.Match[str]) -> str:
        for start in range(alignments):
            changed = _rewrite_base64_run(match, start, clean)
            if changed is not None:
                return match[0] if pattern is _STANDARD and _is_cut_text(match) else changed
        return match[0]

    text = _HEX_TEXT.sub(lambda match: _rewrite_hex_digits(match[0], clean), text)
    for pattern, alignments in _PASSES:  # noqa: B007 - read by run()
        text = pattern.sub(run, text)
    return text


def _is_cut_text(match: re.Match[str]) -> bool:
    """Return whether a run of the standard alphabet is only a piece of URL-safe base64 of a text.

    With another length of the piece, all that follows would be decoded to something else.
    """
    before = _URL_SAFE_REST.match(match.string[: match.start()][::-1])
    behind = _URL_SAFE_REST.match(match.string, match.end(1))
    rests = [rest[0] if rest else "" for rest in (before, behind)]
    if not any(rests):
        return False
    run = rests[0][::-1] + _unescape_base64_signs(match[1]) + rests[1]
    core = run.translate(_TEXT_TO_STANDARD)
    # a word may stand before it: v1-eyJ…
    return any(_is_text(_decode_run(core[start:])) for start in range(4))


def _rewrite_base64_run(
    match: re.Match[str], start: int, clean: Callable[[str], str]
) -> str | None:
    """Return the base64 run with *clean* applied to what it decodes to from character *start* on.

    None if *clean* changes nothing.
    """
    core = _unescape_base64_signs(match[1])
    plain = _decode_run(core[start:].translate(_TEXT_TO_STANDARD))
    before = plain.decode("utf-8", "surrogateescape")
    after = clean(before)
    if after == before:
        return None
    new = after.encode("utf-8", "surrogateescape")
    same = next(
        (i for i, pair in enumerate(zip(plain, new, strict=False)) if pair[0] != pair[1]), 0
    )
    end = start + same // 3 * 4
    packed = base64.b64encode(new[same // 3 * 3 :]).decode().rstrip("=")
    if "-" in core[end:] or "_" in core[end:]:
        packed = packed.translate(_TO_URL_SAFE)
    padding = "=" * (-(len(packed) % 4) % 4) if len(match[0]) > len(match[1]) else ""
    return _escape_like(match[0], core[:end] + packed + padding)


def _rewrite_hex_digits(run: str, clean: Callable[[str], str]) -> str:
    """Return *run*, hexadecimal digits, with *clean* applied to the text that they encode.

    The letter case of the digits is kept.
    """
    for start, plain in enumerate(decode_hex_at_both_offsets(run)):
        before = plain.decode("utf-8", "surrogateescape")
        after = clean(before)
        if after != before:
            packed = after.encode("utf-8", "surrogateescape").hex()
            end = run[len(run) - (len(run) - start) % 2 :]
            return run[:start] + (packed if run == run.lower() else packed.upper()) + end
    return run


def decode_hex_at_both_offsets(digits: str | bytes) -> tuple[bytes, bytes]:
    """Return what hexadecimal *digits* decode to from the first digit on, and from the second.

    A secret may begin at either.
    """
    even = len(digits) // 2 * 2
    odd = (len(digits) - 1) // 2 * 2
    return binascii.unhexlify(digits[:even]), binascii.unhexlify(digits[1 : 1 + odd])


def _escape_like(sample: str, encoded: str) -> str:
    """Return base64 *encoded* with ``/``, ``+`` and ``=`` escaped as they are in *sample*."""
    escapes = ((_ESCAPED_SLASH, "/"), (_ESCAPED_PLUS, "+"), (_ESCAPED_EQUALS, "="))
    for pattern, sign in escapes:
        match = pattern.search(sample)
        if match:
            encoded = encoded.replace(sign, match[0])
    return encoded


def _unescape_base64_signs(text: str) -> str:
    if "\\" in text or "%" in text:
        return _ESCAPED_PLUS.sub("+", _ESCAPED_SLASH.sub("/", text))
    return text


def _decode_run(core: str) -> bytes:
    """Return the bytes of base64 *core*; a single surplus character at the end is dropped."""
    usable = core[:-1] if len(core) % 4 == 1 else core
    return binascii.a2b_base64(usable + "=" * (-len(usable) % 4))


def contains_any(data: bytes, needles: Iterable[bytes]) -> bool:
    """Return whether *data* contains at least one of *needles*."""
    for needle in needles:  # noqa: SIM110 - any() takes three times as long
        if needle in data:
            return True
    return False


class FastByteSearch:
    """A byte string that occurs rarely, prepared for a search ten times as fast as `in`."""

    def __init__(self, text: bytes) -> None:
        self._text = text
        self._automaton = BytesAhoCorasick([text])

    def find(self, data: bytes) -> int:
        """Return the first offset of the byte string in *data*, or -1."""
        at = data.find(self._text, 0, _BEGINNING)
        if at >= 0 or len(data) <= _BEGINNING:
            return at
        for begin in range(_BEGINNING - len(self._text), len(data), _PART):  # of which all are made
            part = data[begin : begin + _PART + len(self._text) - 1]
            matches = self._automaton.find_matches_as_indexes(part)
            if matches:
                return begin + matches[0][1]
        return -1

    def occurs_in(self, data: bytes) -> bool:
        """Return whether *data* contains the byte string."""
        return self.find(data) >= 0


_BEGINNING, _PART = 1 << 12, 1 << 16
SHORTEST_RUN = 8
"""Characters of the shortest run that is decoded; of hexadecimal some more."""

_HEX_RUN = 12
_LINE = 16  # characters of the shortest line that goes on in the next
_LINE_BEFORE_BLANK = FastByteSearch(b"A" * _LINE + b" ")
_FOLD = b"A" * _LINE + b" A"
_TWO_BLANKS = FastByteSearch(b"  ")
_FEW_BLANKS = 32  # bytes for each one
_HALVINGS = 6  # so the next line may begin with 64 blanks
_BLANKS = b" \t\n\r\f\v"
_SAMPLE = 4096
_SPLIT_PAYS = 8  # words for each long one, below which to take all of them is faster


def _blank_all_but(alphabet: str) -> bytes:
    """Return a translation table that maps every byte outside *alphabet* to a space."""
    return bytes(code if chr(code) in alphabet else ord(" ") for code in range(256))


_IN_BASE64 = _blank_all_but(ascii_letters + digits + "+/-_")
_IN_HEX = _blank_all_but(hexdigits)
_FOLDS = bytes(
    ord("A")
    if chr(code) in ascii_letters + digits + "+/-_"
    else ord(" ")
    if code in _BLANKS
    else 46
    for code in range(256)
)
_ANY_RUN = b"A" * SHORTEST_RUN
_AS_RUNS = bytes(ord(" ") if code == ord(" ") else ord("A") for code in _IN_BASE64)
_AS_HEX = bytes(ord(" ") if code == ord(" ") else ord("A") for code in _IN_HEX)
_TO_STANDARD = bytes.maketrans(b"-_", b"+/")
_SURE = 64
"""Characters of a run that holds text by chance as good as never."""

_HEX_DIGITS = hexdigits.encode()
_CONTROL = bytes(code for code in range(32) if code not in b"\t\n\r") + b"\x7f"
_FILLINGS = (b"", b"AAA", b"AA", b"A")
"""What makes base64 complete, by what it has over a multiple of four."""

BETWEEN, BETWEEN_HEX = b"AAAA", b"000"
"""What comes between runs: zeros, of which some complete what is left of the run before."""


def find_base64_runs(data: bytes) -> list[bytes]:
    """Return the runs (sequences) of *data* that may be base64, standard or URL-safe."""
    return _find_runs(data, data.translate(_AS_RUNS))


def _find_runs(data: bytes, alphabet_marks: bytes) -> list[bytes]:
    """Return the runs of *data* of at least `SHORTEST_RUN` bytes: rows of an alphabet's characters.

    *alphabet_marks* has ``A`` in place of each byte of the alphabet, and a space for others.
    """
    sample = alphabet_marks[:_SAMPLE].replace(b".", b" ")
    if sample.count(b" " + _ANY_RUN) * _SPLIT_PAYS > sample.count(b" A") > 0:
        words = data.translate(_IN_BASE64).split()
        return [word for word in words if len(word) >= SHORTEST_RUN]
    return find_long_runs(data, alphabet_marks.replace(b".", b" "), SHORTEST_RUN)


def find_hex_runs(data: bytes) -> list[bytes]:
    """Return the runs (sequences) of hexadecimal digits in *data*."""
    return find_long_runs(data, data.translate(_AS_HEX), _HEX_RUN)


def find_long_runs(data: bytes, alphabet_marks: bytes, size: int) -> list[bytes]:
    """Return the parts of *data* with *size* or more bytes of an alphabet in a row.

    *alphabet_marks* has ``A`` in place of each byte of the alphabet, and a space for others.
    """
    result: list[bytes] = []
    shortest = b"A" * size
    start = alphabet_marks.find(shortest)
    while start >= 0:
        end = alphabet_marks.find(b" ", start + size)
        if end < 0:
            result.append(data[start:])
            break
        result.append(data[start:end])
        start = alphabet_marks.find(shortest, end)
    return result


def find_runs_and_folded_runs(data: bytes) -> tuple[list[bytes], list[bytes]]:
    """Return the base64 runs of *data*, and, joined, those that are broken into several lines."""
    folded = data.translate(_FOLDS)
    if _ANY_RUN not in folded:
        return [], []
    runs = _find_runs(data, folded)
    if b" " not in folded or not _has_folded_run(folded):
        return runs, []
    data, folded = _remove_white_space(data, folded)
    return runs, [run for run in _find_runs(data, folded) if len(run) > _LINE]


def _remove_white_space(data: bytes, alphabet_marks: bytes) -> tuple[bytes, bytes]:
    """Return *data* and its *alphabet_marks* (``A`` or a space for each byte) without white space.

    The way depends on how much of it there is: removing little takes a quarter of the time.
    """
    if alphabet_marks.count(b" ") * _FEW_BLANKS > len(alphabet_marks):
        return data.translate(None, _BLANKS), alphabet_marks.translate(None, b" ")
    for blank in _BLANKS:
        data = data.replace(bytes([blank]), b"")
    return data, alphabet_marks.replace(b" ", b"")


def _has_folded_run(alphabet_marks: bytes) -> bool:
    """Return whether a run continues after white space, as base64 broken into lines does.

    *alphabet_marks* has ``A`` for each byte of the alphabet, and a space for others.
    """
    if not _LINE_BEFORE_BLANK.occurs_in(alphabet_marks):
        return False
    for _ in range(_HALVINGS):  # an indented line begins with many
        if not _TWO_BLANKS.occurs_in(alphabet_marks):
            break
        alphabet_marks = alphabet_marks.replace(b"  ", b" ")
    return _FOLD in alphabet_marks


def decode_base64_at_all_offsets(runs: Sequence[bytes]) -> Iterator[bytes]:
    """Yield the decoded bytes of all *runs*, joined, once for each of the four alignments.

    The decoding starts at character 0, 1, 2 and 3, so a secret is found wherever it begins in a
    run.
    """
    folded = memoryview(_to_standard_alphabet(BETWEEN.join([*runs, b""])))
    for start in range(4):  # what is left out at the end is of the last that comes between
        yield binascii.a2b_base64(folded[start : len(folded) - (len(folded) - start) % 4])


def _to_standard_alphabet(run: bytes) -> bytes:
    return run.translate(_TO_STANDARD) if b"-" in run or b"_" in run else run


def decode_hex_runs(runs: Sequence[bytes]) -> tuple[bytes, bytes]:
    """Return the bytes of all *runs*, joined, decoded from the first and the second digit."""
    return decode_hex_at_both_offsets(BETWEEN_HEX.join(runs))


def decode_aligned_base64_runs(
    runs: Sequence[bytes],
) -> tuple[list[tuple[bytes, bytes]], list[bytes]]:
    """Split base64 *runs* into those that certainly begin at their first character, and others.

    The former are returned as pairs with their decoded bytes. A long run that decodes to nothing
    but text is certain: other alignments would not give text. Long runs of hexadecimal digits alone
    are left out of both lists.
    """
    whole, others = list[tuple[bytes, bytes]](), list[bytes]()
    for run in runs:
        if len(run) < _SURE:
            others.append(run)
        elif run[:_SURE].translate(None, _HEX_DIGITS) or run.translate(None, _HEX_DIGITS):
            inner = decode_base64(run) if _is_text(decode_base64(run[:_SURE])) else b""
            if inner and _is_text(inner):
                whole.append((run, inner))
            else:
                others.append(run)
    return whole, others


def _is_text(data: bytes) -> bool:
    """Return whether *data*, perhaps cut within a character, is UTF-8 without control codes."""
    try:
        data.decode()
    except UnicodeDecodeError as error:
        if error.reason != "unexpected end of data":
            return False
    return len(data.translate(None, _CONTROL)) == len(data)


def decode_base64(run: bytes) -> bytes:
    """Return the bytes of *run*, decoded from its first character on."""
    core = _to_standard_alphabet(run)
    if len(core) % 4 == 1:
        core = core[:-1]
    return binascii.a2b_base64(core + _FILLINGS[len(core) % 4])
