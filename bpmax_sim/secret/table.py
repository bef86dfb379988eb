"""All secrets of a vault, ready for replacing and for searching; a value that never changes.

Most texts hold no secret, so a few substring tests come first: for the part of each secret that
every encoder leaves alone, and for its hexadecimal digits.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

from bpmax_sim.secret.known import Secret
from bpmax_sim.secret.packed import contents, rewrite, runs_of
from bpmax_sim.secret.search import Search

_DEPTH = 3  # base64 in base64 in base64
_MOST_HARMLESS, _LONGEST_HARMLESS = 4096, 1024


class Table:
    """What `Vault` knows at one moment, and runs of base64 that were found to hold none of it."""

    def __init__(self, secrets: Iterable[Secret]) -> None:
        """Order *secrets*, the longest first, so that one may begin another."""
        self._secrets = sorted(secrets, key=lambda one: len(one.real), reverse=True)
        self._harmless: set[str] = set()
        self._tests = [(one.anchor, one.digits, one) for one in self._secrets]

    @cached_property
    def search(self) -> Search:
        """Return the search for the bytes of every secret, which names them."""
        return Search(dict(needle for one in self._secrets if one.name for needle in one.needles()))

    def clean(self, text: str, depth: int = _DEPTH) -> str:
        """Return *text* with the secrets replaced, inside base64 and hexadecimal too."""
        if not self._secrets:
            return text
        for secret in self._touched(text):
            text = secret.replace(text)
        if depth and self._hides(text, depth):
            return rewrite(text, lambda inner: self.clean(inner, depth - 1))
        return text

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
            self._remember(runs)
        return False

    def _remember(self, runs: Iterable[str]) -> None:
        if len(self._harmless) > _MOST_HARMLESS:
            self._harmless = set()
        self._harmless.update(run for run in runs if len(run) <= _LONGEST_HARMLESS)

    def _touched(self, text: str) -> list[Secret]:
        """Return the secrets that *text* may hold."""
        lower = text.lower()
        return [
            one
            for anchor, digits, one in self._tests
            if (anchor in text if anchor else one.spelled_in(text, lower)) or digits in lower
        ]
