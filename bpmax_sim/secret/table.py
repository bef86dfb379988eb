"""All secrets of a vault, ready for replacing and for searching; a value that never changes.

Most texts hold no secret, so a few substring tests come first: for the part of each secret that
every encoder leaves alone, and for its hexadecimal digits.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cached_property
from typing import TypeVar

from bpmax_sim.secret.known import Secret
from bpmax_sim.secret.packed import contents, rewrite, runs_of
from bpmax_sim.secret.runs import SHORTEST_RUN, decoded, has_run, hex_runs_of
from bpmax_sim.secret.runs import runs_of as byte_runs_of
from bpmax_sim.secret.search import Search

T = TypeVar("T", str, bytes)
_DEPTH = 3  # base64 in base64 in base64
_ESCAPED = re.compile(rb"\\(?:/|u002)")  # how JSON escapes signs of base64
_LARGE = 1 << 16
_MOST_HARMLESS, _LONGEST_HARMLESS = 4096, 1024


class Table:
    """What `Vault` knows at one moment, and runs of base64 that were found to hold none of it."""

    def __init__(self, secrets: Iterable[Secret]) -> None:
        """Order *secrets*, the longest first, so that one may begin another."""
        self._secrets = sorted(secrets, key=lambda one: len(one.real), reverse=True)
        self._harmless: set[str] = set()
        self._seen: set[bytes] = set()
        self._tests = [(one.anchor, one.digits, one) for one in self._secrets]
        self._anchors = [(one.anchor.encode(), one) for one in self._secrets if one.anchor]
        self._unanchored = [one for one in self._secrets if not one.anchor]
        self._digits = [one.digits.encode() for one in self._secrets]
        self._has_short = any(len(digits) < SHORTEST_RUN for digits in self._digits)

    @cached_property
    def search(self) -> Search:
        """Return the search for the bytes of every secret, which names them."""
        return Search(dict(needle for one in self._secrets if one.name for needle in one.needles()))

    @cached_property
    def _every(self) -> Search:
        """Return the search for addresses too."""
        return Search(dict(needle for one in self._secrets for needle in one.needles()))

    def clean(self, text: str, depth: int = _DEPTH) -> str:
        """Return *text* with the secrets replaced, inside base64 and hexadecimal too."""
        if not text or not self._secrets:
            return text
        for secret in self._touched(text):
            text = secret.replace(text)
        if depth and self._hides(text, depth):
            return rewrite(text, lambda inner: self.clean(inner, depth - 1))
        return text

    def keeps(self, data: bytes, depth: int = _DEPTH) -> bool:
        """Return whether *data* surely is the same when clean; of most it tells in little time."""
        if not self._secrets:
            return True
        if depth == _DEPTH and len(data) > _LARGE and b"\0" in data:
            return not self._every.find(data)  # of what is no text, all in a fifth of the time
        return self._keeps_words(data) and self._keeps_runs(data, depth)

    def _keeps_words(self, data: bytes) -> bool:
        """Return whether no secret is spelled out in *data*."""
        touched = [one for anchor, one in self._anchors if anchor in data]
        if not touched and not self._unanchored:
            return True
        text = data.decode("utf-8", "surrogateescape")
        lower = text.lower() if self._unanchored else ""
        return all(one.leaves(text) for one in touched) and not any(
            one.spelled_in(text, lower) for one in self._unanchored
        )

    def _keeps_runs(self, data: bytes, depth: int) -> bool:
        """Return whether no base64 or hexadecimal in *data* holds a secret."""
        escaped = (b"%" in data and b"%2" in data) or (b"\\" in data and _ESCAPED.search(data))
        if escaped or self._has_short:
            return not self._holds(data.decode("utf-8", "surrogateescape"), depth)
        if depth < _DEPTH and not has_run(data):
            return True  # of what was decoded; a whole exchange always has some
        runs = byte_runs_of(data, self._seen)
        if not runs:
            return True
        told = b" ".join(runs)
        if any_in(told.lower(), self._digits):  # all digits are in runs
            return False
        if depth and not self.keeps(b"\n".join(decoded(runs, hex_runs_of(told))), depth - 1):
            return False
        if depth == _DEPTH:
            self._seen = _remembered(self._seen, runs)
        return True

    def _holds(self, text: str, depth: int) -> bool:
        """Return whether *text* may hold a secret; what may not, surely does not."""
        if not text:
            return False
        return bool(self._touched(text)) or (depth > 0 and self._hides(text, depth))

    def _hides(self, text: str, depth: int) -> bool:
        """Return whether base64 in *text* may hold a secret."""
        runs = [run for run in runs_of(text) if run not in self._harmless]
        if not runs:
            return False
        if self._holds(contents(runs), depth - 1):
            return True
        if depth == _DEPTH:  # as deep as ever, so that it holds for every text
            self._harmless = _remembered(self._harmless, runs)
        return False

    def _touched(self, text: str) -> list[Secret]:
        """Return the secrets that *text* may hold."""
        lower = text.lower()
        return [
            one
            for anchor, digits, one in self._tests
            if (anchor in text if anchor else one.spelled_in(text, lower)) or digits in lower
        ]


def any_in(data: bytes, needles: Iterable[bytes]) -> bool:
    """Return whether any of *needles* is in *data*."""
    for needle in needles:  # noqa: SIM110 - any() takes three times as long
        if needle in data:
            return True
    return False


def _remembered(known: set[T], runs: Iterable[T]) -> set[T]:
    """Return *known* with *runs* that were found harmless, or these alone once it is large."""
    if len(known) > _MOST_HARMLESS:
        known = set()
    known.update([run for run in runs if len(run) <= _LONGEST_HARMLESS])
    return known
