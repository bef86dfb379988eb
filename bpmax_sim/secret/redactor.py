"""All secrets of a vault, ready for replacing and for searching; a value that never changes.

Most texts hold no secret, so a few substring tests come first: for the part of each secret that
every encoder leaves alone, and for its hexadecimal digits. Parts that are secret by themselves, a
JWT's and the lines of a private key, are registered with the whole.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from itertools import cycle

from ahocorasick_rs import BytesAhoCorasick

from bpmax_sim.secret.decode import Harmless
from bpmax_sim.secret.encoded_runs import any_in, contents, find_escaped_runs, rewrite, text_runs
from bpmax_sim.secret.scan import Search
from bpmax_sim.secret.spelling import anchor_of, as_bytes, pattern_of, spell_like, traces_of
from bpmax_sim.secret.standin import STANDIN, label_of

_LINE = 32  # shorter lines of a PEM text are its end, not its key


def parts_of(real: str, standin: str) -> Iterator[tuple[str, str]]:
    """Yield parts of *real* that may travel alone, each with what stands for it."""
    if real.startswith("-----BEGIN "):
        yield from _key_parts(real.strip(), standin.strip())
    elif real.startswith("eyJ") and real.count(".") == 2:  # noqa: PLR2004 - RFC 7519
        yield from _token_parts(real, standin)


def der_of(real: str) -> bytes:
    """Return the DER bytes of a PEM text, or nothing."""
    try:
        return (
            binascii.a2b_base64("".join(_pem_lines(real)))
            if real.startswith("-----BEGIN ")
            else b""
        )
    except binascii.Error:
        return b""


def _key_parts(real: str, standin: str) -> Iterator[tuple[str, str]]:
    yield real, standin
    yield "\r\n".join(real.splitlines()), standin
    yield "".join(_pem_lines(real)), "".join(_pem_lines(standin)) or standin
    long = [line for line in _pem_lines(real) if len(line) >= _LINE]
    yield from zip(long, cycle(_pem_lines(standin) or [standin]), strict=False)


def _pem_lines(pem: str) -> list[str]:
    return [line.strip() for line in pem.splitlines() if line and "-----" not in line]


def _token_parts(real: str, standin: str) -> Iterator[tuple[str, str]]:
    label = label_of(standin)
    claims, signature = real.split(".")[1:]
    yield claims, standin.split(".")[1] if label != standin else standin
    yield signature, label


_SHORTEST_ANCHOR = 4
_CODECS = ("utf-16-le", "utf-16-be", "gb18030")


@dataclass(frozen=True)
class Secret:
    """A value and what stands for it; without a name it is an address, which is not looked for."""

    real: str = field(repr=False)
    standin: str = field(repr=False)
    name: str

    @cached_property
    def anchor(self) -> str:
        """Return a part that is the same in every spelling, or nothing if it would be too short."""
        anchor = anchor_of(self.real)
        return anchor if len(anchor) >= _SHORTEST_ANCHOR else ""

    @cached_property
    def digits(self) -> str:
        """Return the value in hexadecimal."""
        return as_bytes(self.real).hex()

    @cached_property
    def _traces(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        return traces_of(self.real)

    def is_spelled_in(self, text: str, lower: str) -> bool:
        """Return whether *text* spells the value, which has no anchor; *lower* is lower case."""
        return all(
            trace in text or any(sign in lower for sign in signs) for trace, signs in self._traces
        ) and bool(self.pattern.search(text))

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Return what matches a stand-in, or as group 1 any spelling, or as group 2 the digits."""
        patterns = [STANDIN.pattern]
        if self.real in self.standin:
            patterns.append(pattern_of(self.standin))
        spelling, digits = self._spelling.pattern, self.digits
        return re.compile(f"{'|'.join(patterns)}|({spelling})|((?i:{digits}))")

    @cached_property
    def _spelling(self) -> re.Pattern[str]:
        # an address ends where the name of its host or folder does
        return re.compile(pattern_of(self.real) + ("" if self.name else "(?![A-Za-z0-9-])"))

    @cached_property
    def _own(self) -> re.Pattern[str]:
        return re.compile(pattern_of(self.standin))

    def leaves(self, text: str) -> bool:
        """Return whether *text*, which has not its digits, surely is the same once it is replaced.

        A value may begin what stands for it, as addresses do, and is not replaced there.
        """
        return all(
            self.real in self.standin and self._own.match(text, match.start())
            for match in self._spelling.finditer(text)
        )

    def replace(self, text: str) -> str:
        """Return *text* with every spelling of the value replaced by that of the stand-in."""
        return self.pattern.sub(self._twin_of_match, text)

    def _twin_of_match(self, match: re.Match[str]) -> str:
        if match.lastindex is None:
            return match[0]  # a stand-in is its own
        if match.lastindex == 1:
            return spell_like(match[0], self.real, self.standin)
        digits = as_bytes(self.standin).hex()
        return digits if match[0] == match[0].lower() else digits.upper()

    def needles(self) -> Iterator[tuple[bytes, str]]:
        """Yield the bytes to look for and their name; a search undoes other encodings."""
        plain = as_bytes(self.real)
        encoded = {plain: "raw", self.digits.encode(): "hex", self.digits.upper().encode(): "hex"}
        for codec in _CODECS:
            with suppress(UnicodeEncodeError):  # half a character, which GB 18030 has not
                encoded.setdefault(self.real.encode(codec, "surrogatepass"), codec)
        if der_of(self.real):
            encoded[der_of(self.real)] = "der"
        for needle, label in encoded.items():
            yield needle, f"{self.name} ({label})"


_DEPTH = 3  # base64 in base64 in base64
_ESCAPED = re.compile(rb"\\(?:/|u002)")  # how JSON escapes signs of base64
_BETWEEN = b".\n"  # parts, so that no run goes over two
_MOST_HARMLESS, _LONGEST_HARMLESS = 4096, 1024
_LARGE = 1 << 12  # bytes in which all anchors are looked for at once


class SecretTable:
    """What `Vault` knows at one moment, and what was found to hold none of it.

    Attributes:
        harmless: what holds no secret, as `search` found.
    """

    def __init__(self, secrets: Iterable[Secret]) -> None:
        """Order *secrets*, the longest first, so that one may begin another."""
        self._secrets = sorted(secrets, key=lambda secret: len(secret.real), reverse=True)
        self._harmless: set[str] = set()
        self._unchanged = Harmless()
        self.harmless = Harmless()
        self._tests = [(secret.anchor, secret.digits, secret) for secret in self._secrets]
        self._anchors = [
            (secret.anchor.encode(), secret) for secret in self._secrets if secret.anchor
        ]
        self._unanchored = [secret for secret in self._secrets if not secret.anchor]
        self._addresses = [secret.digits.encode() for secret in self._secrets if not secret.name]

    @cached_property
    def _any_anchor(self) -> BytesAhoCorasick:
        return BytesAhoCorasick([anchor for anchor, _ in self._anchors])

    @cached_property
    def search(self) -> Search:
        """Return the search for the bytes of every secret, which names them."""
        return Search(
            dict(needle for secret in self._secrets if secret.name for needle in secret.needles())
        )

    def clean(self, text: str, depth: int = _DEPTH) -> str:
        """Return *text* with the secrets replaced, inside base64 and hexadecimal too."""
        if not text or not self._secrets:
            return text
        for secret in self._secrets_in(text):
            text = secret.replace(text)
        if depth and self._hides(text, depth):
            return rewrite(text, lambda inner: self.clean(inner, depth - 1))
        return text

    def keeps(self, *parts: bytes) -> bool:
        """Return whether all of *parts* surely are the same when clean, and hold no secret.

        Each is looked at once; of most it tells in little time.
        """
        others = self._unchanged.others(parts) if self._secrets else ()
        if others:
            if not self.search.passes(_BETWEEN.join(others), self._keeps):
                return False
            self._unchanged.add(others)
            self.harmless.add(others)
        return True

    def _keeps(self, data: bytes) -> bool:
        if not self._keeps_words(data):
            return False
        if (b"%" in data and b"%2" in data) or (b"\\" in data and _ESCAPED.search(data)):
            return not self._holds(
                find_escaped_runs(data).decode("utf-8", "surrogateescape"), _DEPTH
            )
        return True

    def _keeps_words(self, data: bytes) -> bool:
        """Return whether no secret is spelled out in *data*, and no address as hexadecimal."""
        if self._addresses and any_in(data.lower(), self._addresses):
            return False
        touched = self._find_anchored(data)
        if not touched and not self._unanchored:
            return True
        text = data.decode("utf-8", "surrogateescape")
        small = text.lower() if self._unanchored else ""
        return all(secret.leaves(text) for secret in touched) and not any(
            secret.is_spelled_in(text, small) for secret in self._unanchored
        )

    def _find_anchored(self, data: bytes) -> list[Secret]:
        if len(data) > _LARGE and not self._any_anchor.find_matches_as_indexes(data):
            return []
        return [secret for anchor, secret in self._anchors if anchor in data]

    def _holds(self, text: str, depth: int) -> bool:
        """Return whether *text* may hold a secret; what may not, surely does not."""
        if not text:
            return False
        return bool(self._secrets_in(text)) or (depth > 0 and self._hides(text, depth))

    def _hides(self, text: str, depth: int) -> bool:
        """Return whether base64 in *text* may hold a secret."""
        runs = [run for run in text_runs(text) if run not in self._harmless]
        if not runs:
            return False
        if self._holds(contents(runs), depth - 1):
            return True
        if depth == _DEPTH:  # as deep as ever, so that it holds for every text
            if len(self._harmless) > _MOST_HARMLESS:
                self._harmless = set()
            self._harmless.update([run for run in runs if len(run) <= _LONGEST_HARMLESS])
        return False

    def _secrets_in(self, text: str) -> list[Secret]:
        """Return the secrets that *text* may hold."""
        lower = text.lower()
        return [
            secret
            for anchor, digits, secret in self._tests
            if (anchor in text if anchor else secret.is_spelled_in(text, lower)) or digits in lower
        ]
