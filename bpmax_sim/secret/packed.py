"""Base64 and hexadecimal inside text: what they hold, and writing them anew (RFC 4648)."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterator, Sequence

_QUICK = re.compile(r"[A-Za-z0-9+/_-]{8,}")
_ESCAPED_SLASH = re.compile(r"\\{1,8}/|%(?:25){0,3}2[Ff]")
_ESCAPED_PLUS = re.compile(r"%(?:25){0,3}2[Bb]|\\{1,8}u002[Bb]")
_ESCAPED_EQUALS = re.compile(r"%(?:25){0,3}3[Dd]|\\{1,8}u003[Dd]")
_SLASH, _PLUS, _EQUALS = (p.pattern for p in (_ESCAPED_SLASH, _ESCAPED_PLUS, _ESCAPED_EQUALS))
_END = f"(?:=|{_EQUALS}){{0,2}}"
_STANDARD = re.compile(f"((?:[A-Za-z0-9+/]|{_SLASH}|{_PLUS}){{8,}}){_END}")
_URL_SAFE = re.compile(f"([A-Za-z0-9_-]{{8,}}){_END}")
_ANY = re.compile(f"((?:[A-Za-z0-9+/_-]|{_SLASH}|{_PLUS}){{8,}}){_END}")
_PASSES = ((_STANDARD, 1), (_URL_SAFE, 1), (_ANY, 4))
_HEX = re.compile(r"[0-9A-Fa-f]{12,}")
_TO_STANDARD = str.maketrans("-_", "+/")
_TO_URL_SAFE = str.maketrans("+/", "-_")


def runs_of(text: str) -> list[str]:
    """Return every run of *text* that may be base64 or hexadecimal, with its escapes undone."""
    return _QUICK.findall(_flat(text))


def contents(runs: Sequence[str]) -> str:
    """Return what each of *runs* may hold, at each alignment."""
    pieces: list[bytes] = []
    for run in runs:
        core = run.translate(_TO_STANDARD)
        pieces += [_decoded(core[start:]) for start in range(min(4, len(core) - 7))]
    for digits in _HEX.findall("\n".join(runs)):
        pieces += octets(digits)
    return b"\n".join(pieces).decode("utf-8", "surrogateescape")


def rewrite(text: str, clean: Callable[[str], str]) -> str:
    """Return *text* with what *clean* changes inside both, packed again as it was."""

    def run(found: re.Match[str]) -> str:
        for start in range(alignments):
            changed = _cleaned(found, start, clean)
            if changed is not None:
                return changed
        return found[0]

    text = _HEX.sub(lambda found: _digits(found[0], clean), text)
    for pattern, alignments in _PASSES:  # noqa: B007 - read by run()
        text = pattern.sub(run, text)
    return text


def _cleaned(found: re.Match[str], start: int, clean: Callable[[str], str]) -> str | None:
    """Return the run with its decoded text cleaned, or None when there is nothing to clean."""
    core = _flat(found[1])
    plain = _decoded(core[start:].translate(_TO_STANDARD))
    before = plain.decode("utf-8", "surrogateescape")
    after = clean(before)
    if after == before:
        return None
    new = after.encode("utf-8", "surrogateescape")
    same = next(
        (i for i, pair in enumerate(zip(plain, new, strict=False)) if pair[0] != pair[1]), 0
    )
    kept = start + same // 3 * 4
    packed = base64.b64encode(new[same // 3 * 3 :]).decode().rstrip("=")
    if "-" in core[kept:] or "_" in core[kept:]:
        packed = packed.translate(_TO_URL_SAFE)
    padding = "=" * (-(len(packed) % 4) % 4) if len(found[0]) > len(found[1]) else ""
    return _escaped_like(found[0], core[:kept] + packed + padding)


def _digits(run: str, clean: Callable[[str], str]) -> str:
    """Return the hexadecimal *run* with its decoded text cleaned, in the same case."""
    for start, plain in enumerate(octets(run)):
        before = plain.decode("utf-8", "surrogateescape")
        after = clean(before)
        if after != before:
            packed = after.encode("utf-8", "surrogateescape").hex()
            end = run[len(run) - (len(run) - start) % 2 :]
            return run[:start] + (packed if run == run.lower() else packed.upper()) + end
    return run


def octets(digits: str | bytes) -> tuple[bytes, bytes]:
    """Return the bytes of hexadecimal *digits*, from the first of them and from the second."""
    even = len(digits) // 2 * 2
    odd = (len(digits) - 1) // 2 * 2
    return binascii.unhexlify(digits[:even]), binascii.unhexlify(digits[1 : 1 + odd])


def _escaped_like(sample: str, packed: str) -> str:
    """Return *packed* with the signs escaped that *sample* escapes."""
    escapes = ((_ESCAPED_SLASH, "/"), (_ESCAPED_PLUS, "+"), (_ESCAPED_EQUALS, "="))
    for pattern, sign in escapes:
        found = pattern.search(sample)
        if found:
            packed = packed.replace(sign, found[0])
    return packed


def _flat(text: str) -> str:
    if "\\" in text or "%" in text:
        return _ESCAPED_PLUS.sub("+", _ESCAPED_SLASH.sub("/", text))
    return text


def _decoded(core: str) -> bytes:
    """Return the bytes that *core* surely holds; a single last character holds none."""
    usable = core[:-1] if len(core) % 4 == 1 else core
    return binascii.a2b_base64(usable + "=" * (-len(usable) % 4))


def aligned(run: bytes) -> Iterator[bytes]:
    """Yield what a run of base64 characters may hold, at each alignment."""
    core = run.translate(bytes.maketrans(b"-_", b"+/")).decode()
    for start in range(min(4, max(1, len(core) - 7))):
        yield _decoded(core[start:])
