"""An immutable table of secrets, prepared for replacing them in text and finding them in bytes.

Most texts contain no secret, so a few substring tests come first: for the part of each secret that
no encoder changes (its *anchor*), and for its hexadecimal digits. Parts that are secret on their
own, of a JWT or of a PEM key, are registered together with the whole.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from itertools import cycle

from ahocorasick_rs import BytesAhoCorasick

from bpmax_sim.secret.decode import HarmlessParts
from bpmax_sim.secret.encoded_runs import (
    contains_any,
    decode_runs_to_text,
    find_encoded_runs,
    keep_escaped_runs,
    rewrite_runs,
)
from bpmax_sim.secret.escapes import undo_backslashes, undo_percent, undo_xml_references
from bpmax_sim.secret.scan import Search
from bpmax_sim.secret.spelling import (
    UNUSUAL_ESCAPE,
    as_bytes,
    find_longest_unescaped_part,
    make_spelling_pattern,
    select_escapable_with_spellings,
    spell_like,
)
from bpmax_sim.secret.standin import STANDIN, get_jwt_issuer_or_standin

_LINE = 32  # shorter lines of a PEM text are its end, not its key


def pair_pem_and_jwt_parts(real: str, standin: str) -> Iterator[tuple[str, str]]:
    """Yield parts of the secret *real* that are secret on their own, each with its stand-in.

    They are a PEM key with other line ends and without its first and last line, and its lines; of a
    JWT, claims and signature. Nothing for other secrets.
    """
    if real.startswith("-----BEGIN "):
        yield from _pair_pem_key_parts(real.strip(), standin.strip())
    elif real.startswith("eyJ") and real.count(".") == 2:  # noqa: PLR2004 - RFC 7519
        yield from _pair_jwt_parts(real, standin)


def pem_to_der(real: str) -> bytes:
    """Return the DER bytes (decoded base64) of a PEM text, or empty bytes for any other text."""
    try:
        return (
            binascii.a2b_base64("".join(_split_pem_lines(real)))
            if real.startswith("-----BEGIN ")
            else b""
        )
    except binascii.Error:
        return b""


def _pair_pem_key_parts(real: str, standin: str) -> Iterator[tuple[str, str]]:
    yield real, standin
    yield "\r\n".join(real.splitlines()), standin
    yield "".join(_split_pem_lines(real)), "".join(_split_pem_lines(standin)) or standin
    long = [line for line in _split_pem_lines(real) if len(line) >= _LINE]
    yield from zip(long, cycle(_split_pem_lines(standin) or [standin]), strict=False)


def _split_pem_lines(pem: str) -> list[str]:
    return [line.strip() for line in pem.splitlines() if line and "-----" not in line]


def _pair_jwt_parts(real: str, standin: str) -> Iterator[tuple[str, str]]:
    label = get_jwt_issuer_or_standin(standin)
    claims, signature = real.split(".")[1:]
    yield claims, standin.split(".")[1] if label != standin else standin
    yield signature, label


_SHORTEST_ANCHOR = 4
_CODECS = ("utf-16-le", "utf-16-be", "gb18030")


@dataclass(frozen=True)
class Secret:
    """A secret value and its stand-in, the text that replaces it in files.

    Attributes:
        real: the value.
        standin: the stand-in.
        name: its name in findings; "" for a base URL, which is replaced but is no secret to report.
    """

    real: str = field(repr=False)
    standin: str = field(repr=False)
    name: str

    @cached_property
    def anchor(self) -> str:
        """Return the part of the value that no encoder changes, or "" if it is too short.

        Looking for it is a quick test: a text without the anchor does not contain the secret.
        """
        anchor = find_longest_unescaped_part(self.real)
        return anchor if len(anchor) >= _SHORTEST_ANCHOR else ""

    @cached_property
    def hex(self) -> str:
        """Return the value as hexadecimal digits."""
        return as_bytes(self.real).hex()

    @cached_property
    def _char_spellings(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        return select_escapable_with_spellings(self.real)

    def occurs_in_any_spelling(self, text: str, lower: str) -> bool:
        """Return whether *text* contains the value, with its characters escaped in any way.

        It is used for values without an anchor; *lower* is *text* in lower case.
        """
        return all(
            trace in text or any(sign in lower for sign in signs)
            for trace, signs in self._char_spellings
        ) and bool(self.replacement_pattern.search(text))

    @cached_property
    def replacement_pattern(self) -> re.Pattern[str]:
        """Return a pattern that matches a stand-in, the value or its hexadecimal digits.

        The value is group 1, the digits are group 2. A stand-in matches without group, so that
        nothing inside it is replaced.
        """
        patterns = [STANDIN.pattern]
        if self.real in self.standin:
            patterns.append(make_spelling_pattern(self.standin))
        spelling, digits = self._value_pattern.pattern, self.hex
        return re.compile(f"{'|'.join(patterns)}|({spelling})|((?i:{digits}))")

    @cached_property
    def _value_pattern(self) -> re.Pattern[str]:
        # an address ends where the name of its host or folder does
        return re.compile(
            make_spelling_pattern(self.real) + ("" if self.name else "(?![A-Za-z0-9-])")
        )

    @cached_property
    def _standin_pattern(self) -> re.Pattern[str]:
        return re.compile(make_spelling_pattern(self.standin))

    def certainly_leaves_unchanged(self, text: str) -> bool:
        """Return whether replacing the value in *text* certainly changes nothing.

        That is so if it does not occur, or only as the beginning of its own stand-in, as a base URL
        may be: stand-ins stay. Call it only for a *text* without the value as hexadecimal digits.
        """
        return all(
            self.real in self.standin and self._standin_pattern.match(text, match.start())
            for match in self._value_pattern.finditer(text)
        )

    def replace(self, text: str) -> str:
        """Return *text* with the value replaced by the stand-in, escaped in the same way."""
        return self.replacement_pattern.sub(self.get_standin_like, text)

    def replace_fully_escaped(self, text: str) -> str:
        """Return *text* with the stand-in for the value, of which even letters may be escaped."""
        return self._escaped_pattern.sub(self.get_standin_like, text)

    @cached_property
    def _escaped_pattern(self) -> re.Pattern[str]:
        return re.compile(
            f"{STANDIN.pattern}|({make_spelling_pattern(self.real, escapes_all=True)})"
        )

    def pair_in_other_codecs(self) -> Iterator[tuple[bytes, bytes]]:
        """Yield value and stand-in in each other encoding in which the value has other bytes."""
        for codec in _CODECS:
            with suppress(UnicodeEncodeError):  # half a character, which GB 18030 has not
                encoded = self.real.encode(codec, "surrogatepass")
                if encoded != as_bytes(self.real):
                    yield encoded, self.standin.encode(codec)

    @cached_property
    def needles_in_text_codecs(self) -> tuple[bytes, ...]:
        """Return the value in UTF-8 and in each other encoding in which it has other bytes."""
        return as_bytes(self.real), *[encoded for encoded, _ in self.pair_in_other_codecs()]

    def get_standin_like(self, match: re.Match[str]) -> str:
        """Return the stand-in, spelled as *match* of `replacement_pattern` spells the value."""
        if match.lastindex is None:
            return match[0]  # a stand-in is its own
        if match.lastindex == 1:
            return spell_like(match[0], self.real, self.standin)
        digits = as_bytes(self.standin).hex()
        return digits if match[0] == match[0].lower() else digits.upper()

    def yield_needles(self) -> Iterator[tuple[bytes, str]]:
        """Yield the byte strings to search for, each labelled with the secret's name and the form.

        They are the value as it is, in hexadecimal, in UTF-16 and the like. Other encodings, such
        as base64, are undone before the search.
        """
        plain = as_bytes(self.real)
        encoded = {plain: "raw", self.hex.encode(): "hex", self.hex.upper().encode(): "hex"}
        for codec in _CODECS:
            with suppress(UnicodeEncodeError):  # half a character, which GB 18030 has not
                encoded.setdefault(self.real.encode(codec, "surrogatepass"), codec)
        if pem_to_der(self.real):
            encoded[pem_to_der(self.real)] = "der"
        for needle, label in encoded.items():
            yield needle, f"{self.name} ({label})"


def _replace_overlapping_tails(text: str, secrets: Sequence[Secret]) -> str:
    """Return *text* with stand-ins for the ends of secrets whose beginning is the end of another.

    Only one of two secrets that overlap could be replaced whole, and most of the other would stay.
    """
    named = [secret for secret in secrets if secret.name]
    if not any(_can_overlap(one.real, two.real) for one in named for two in named):
        return text
    found = sorted(
        (
            (match, secret)
            for secret in named
            for match in secret.replacement_pattern.finditer(text)
            if match.lastindex is not None
        ),
        key=lambda pair: (pair[0].start(), -pair[0].end()),
    )
    parts, end = list[str](), 0
    before = 0  # the end of the secrets so far
    for match, secret in found:
        if match.start() < before < match.end():
            parts += (text[end:before], secret.get_standin_like(match))
            end = match.end()
        before = max(before, match.end())
    return "".join([*parts, text[end:]])


def _can_overlap(one: str, two: str) -> bool:
    """Return whether *two* may begin within *one* and end behind it."""
    if one == two or two[0] not in one:
        return False
    return any(two.startswith(one[at:]) for at in range(1, len(one)))


_DEPTH = 3  # base64 in base64 in base64
_ESCAPED = re.compile(rb"\\(?:/|u002)")  # how JSON escapes signs of base64
_BETWEEN = b".\n"  # parts, so that no run goes over two
_MOST_HARMLESS, _LONGEST_HARMLESS = 4096, 1024
_LARGE = 1 << 12  # bytes in which all anchors are looked for at once
_NESTED_ESCAPES = 4  # one, escaped three times: as the patterns of spellings accept
_UNDO = (undo_percent, undo_backslashes, undo_xml_references)


def _undo_escapes(data: bytes) -> Iterator[bytes]:
    """Yield *data* with the escapes of each kind undone, once and as often as they are nested."""
    for undo in _UNDO:
        inner = data
        for _ in range(_NESTED_ESCAPES):
            before, inner = inner, undo(inner)
            if inner == before:
                break
            yield inner


class SecretTable:
    """A fixed set of secrets, prepared for fast replacement and search.

    It caches texts known not to contain any.

    Attributes:
        harmless: byte strings in which the search found nothing.
    """

    def __init__(self, secrets: Iterable[Secret]) -> None:
        """Sort *secrets* by length, longest first, because one may be the beginning of another."""
        self._secrets = sorted(secrets, key=lambda secret: len(secret.real), reverse=True)
        self._harmless: set[str] = set()
        self._unchanged = HarmlessParts()
        self.harmless = HarmlessParts()
        self._tests = [(secret.anchor, secret.hex, secret) for secret in self._secrets]
        self._anchors = [
            (secret.anchor.encode(), secret) for secret in self._secrets if secret.anchor
        ]
        self._unanchored = [secret for secret in self._secrets if not secret.anchor]
        self._addresses = [secret.hex.encode() for secret in self._secrets if not secret.name]

    @cached_property
    def _anchor_automaton(self) -> BytesAhoCorasick:
        return BytesAhoCorasick([anchor for anchor, _ in self._anchors])

    @cached_property
    def search(self) -> Search:
        """Return the search for all secrets; its findings carry their names."""
        return Search(
            dict(
                needle
                for secret in self._secrets
                if secret.name
                for needle in secret.yield_needles()
            )
        )

    def replace_secrets(self, text: str, depth: int = _DEPTH) -> str:
        """Return *text* with all secrets replaced by their stand-ins.

        Base64 and hexadecimal runs are decoded, up to *depth* times, and encoded again.
        """
        if not text or not self._secrets:
            return text
        possible = self._find_possible_secrets(text)
        text = _replace_overlapping_tails(text, possible)
        for secret in possible:
            text = secret.replace(text)
        text = self._replace_fully_escaped(self._replace_in_other_codecs(text))
        if depth and self._may_hide_in_encoded_run(text, depth):
            return rewrite_runs(text, lambda inner: self.replace_secrets(inner, depth - 1))
        return text

    def _replace_in_other_codecs(self, text: str) -> str:
        """Return *text*, in which surrogates stand for bytes, with stand-ins for secrets in these.

        That is text in GBK or UTF-16, of which nothing says so.
        """
        if not self._holds_other_codec(text):
            return text
        data = text.encode("utf-8", "surrogateescape")
        for encoded, standin in self._encoded_pairs:
            data = data.replace(encoded, standin)
        return data.decode("utf-8", "surrogateescape")

    def _holds_other_codec(self, text: str) -> bool:
        """Return whether *text*, in which surrogates stand for bytes, has a secret in GBK, say."""
        if text.isascii() and "\0" not in text:
            return False
        try:
            data = text.encode("utf-8", "surrogateescape")
        except UnicodeEncodeError:  # half a character
            return False
        return bool(self._codec_automaton.find_matches_as_indexes(data))

    @cached_property
    def _encoded_pairs(self) -> list[tuple[bytes, bytes]]:
        """The secrets in other encodings than UTF-8, longest first, with their stand-ins."""
        return [
            pair
            for secret in self._secrets
            if secret.name
            for pair in secret.pair_in_other_codecs()
        ]

    @cached_property
    def _codec_automaton(self) -> BytesAhoCorasick:
        return BytesAhoCorasick([encoded for encoded, _ in self._encoded_pairs])

    def _replace_fully_escaped(self, text: str) -> str:
        """Return *text* with stand-ins for secrets of which letters are escaped: ``&#98;``."""
        if not UNUSUAL_ESCAPE.search(text):
            return text
        automaton = self._plain_automaton
        for inner in _undo_escapes(as_bytes(text)):
            if automaton.find_matches_as_indexes(inner):
                for secret in self._secrets:
                    if secret.name and contains_any(inner, secret.needles_in_text_codecs):
                        text = secret.replace_fully_escaped(text)
        return text

    @cached_property
    def _plain_automaton(self) -> BytesAhoCorasick:
        """The secrets as text in UTF-8 and in other encodings."""
        return BytesAhoCorasick(
            [
                needle
                for secret in self._secrets
                if secret.name
                for needle in secret.needles_in_text_codecs
            ]
        )

    def certainly_leaves_unchanged(self, *parts: bytes) -> bool:
        """Return whether redaction changes nothing in *parts*, and no secret is found in them.

        Results are cached. False may also mean that a quick test could not tell.
        """
        others = self._unchanged.find_unknown_parts(parts) if self._secrets else ()
        if others:
            if not self.search.is_clean_and_passes_in_layers(
                _BETWEEN.join(others), self._is_surely_clean
            ):
                return False
            self._unchanged.add(others)
            self.harmless.add(others)
        return True

    def _is_surely_clean(self, data: bytes) -> bool:
        if not self._has_no_unencoded_secret(data):
            return False
        if (b"%" in data and b"%2" in data) or (b"\\" in data and _ESCAPED.search(data)):
            return not self._may_hold_secret(
                keep_escaped_runs(data).decode("utf-8", "surrogateescape"), _DEPTH
            )
        return True

    def _has_no_unencoded_secret(self, data: bytes) -> bool:
        """Return whether *data* contains no secret, however its characters are escaped.

        It must not contain a base URL as hexadecimal digits either.
        """
        if self._addresses and contains_any(data.lower(), self._addresses):
            return False
        touched = self._find_secrets_by_anchor(data)
        if not touched and not self._unanchored:
            return True
        text = data.decode("utf-8", "surrogateescape")
        small = text.lower() if self._unanchored else ""
        return all(secret.certainly_leaves_unchanged(text) for secret in touched) and not any(
            secret.occurs_in_any_spelling(text, small) for secret in self._unanchored
        )

    def _find_secrets_by_anchor(self, data: bytes) -> list[Secret]:
        if len(data) > _LARGE and not self._anchor_automaton.find_matches_as_indexes(data):
            return []
        return [secret for anchor, secret in self._anchors if anchor in data]

    def _may_hold_secret(self, text: str, depth: int) -> bool:
        """Return whether *text* may contain a secret; False is certain."""
        if not text:
            return False
        return (
            self._find_possible_secrets(text) != []
            or self._holds_other_codec(text)
            or (depth > 0 and self._may_hide_in_encoded_run(text, depth))
        )

    def _may_hide_in_encoded_run(self, text: str, depth: int) -> bool:
        """Return whether a base64 or hexadecimal run of *text* may contain a secret.

        False is certain.
        """
        runs = [run for run in find_encoded_runs(text) if run not in self._harmless]
        if not runs:
            return False
        if self._may_hold_secret(decode_runs_to_text(runs), depth - 1):
            return True
        if depth == _DEPTH:  # as deep as ever, so that it holds for every text
            if len(self._harmless) > _MOST_HARMLESS:
                self._harmless = set()
            self._harmless.update([run for run in runs if len(run) <= _LONGEST_HARMLESS])
        return False

    def _find_possible_secrets(self, text: str) -> list[Secret]:
        """Return the secrets that *text* may contain; the others are certainly absent."""
        lower = text.lower()
        return [
            secret
            for anchor, digits, secret in self._tests
            if (anchor in text if anchor else secret.occurs_in_any_spelling(text, lower))
            or digits in lower
        ]
