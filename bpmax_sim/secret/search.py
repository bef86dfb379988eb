"""Looking for secrets in bytes, also behind compression, base64, hexadecimal and escapes.

Time and memory are bounded; what could not be searched for that is a finding, not a pass.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from hashlib import blake2b

import msgspec

from bpmax_sim.secret.glance import Glance
from bpmax_sim.secret.layers import DEPTH, layers
from bpmax_sim.secret.standin import without_standins

_SPARE = 64 * 1024 * 1024  # bytes that may be decoded beyond _TIMES the size of what is searched
_TIMES = 32


class Finding(msgspec.Struct, frozen=True):
    """A secret that was found.

    Attributes:
        name: the credential and the form of it; never its value.
        offset: bytes before it, or before the encoded piece that holds it.
        within: the encodings that were undone, outermost first.
    """

    name: str
    offset: int
    within: tuple[str, ...] = ()

    def __str__(self) -> str:
        inside = f" inside {' inside '.join(reversed(self.within))}" if self.within else ""
        return f"{self.name}{inside} at byte {self.offset}"


class Search:
    """Looks for the same bytes over and over; safe to use from several threads."""

    def __init__(self, wanted: Mapping[bytes, str]) -> None:
        """Look for the bytes of *wanted*, whose values name them."""
        self.wanted = wanted
        self._glance = Glance(wanted)

    def find(self, data: bytes) -> tuple[Finding, ...]:
        """Return where *data* holds any."""
        budget = len(data) * _TIMES + _SPARE
        if not self.wanted or not self._glance.may_hold(data, budget // 2):
            return ()
        return thorough(data, self.wanted, budget)


def find(data: bytes, wanted: Mapping[bytes, str]) -> tuple[Finding, ...]:
    """Return where *data* holds bytes of *wanted*, whose values name them."""
    return Search(wanted).find(data)


def thorough(data: bytes, wanted: Mapping[bytes, str], budget: int) -> tuple[Finding, ...]:
    """Return where *data* holds bytes of *wanted*, without a glance before."""
    return tuple(dict.fromkeys(_Search(wanted, budget).run(data, ())))


class _Search:
    def __init__(self, wanted: Mapping[bytes, str], budget: int) -> None:
        self._wanted = wanted
        self._left = budget
        self._seen: dict[bytes, int] = {}

    def run(self, data: bytes, within: tuple[str, ...]) -> Iterator[Finding]:
        """Yield what *data* holds, then what its decoded pieces hold."""
        yield from self._direct(data, within)
        if len(within) == DEPTH:
            return
        for label, offset, inner in layers(data, within, self._left):
            inside = (*within, label)
            if len(inner) > self._left:
                yield Finding("content too large to be searched", offset, inside)
                return
            if self._is_new(inner, len(inside)):
                self._left -= len(inner)
                for finding in self.run(inner, inside):
                    yield Finding(finding.name, offset, finding.within)

    def _is_new(self, inner: bytes, depth: int) -> bool:
        """Return whether *inner* was not searched yet from as far out."""
        digest = blake2b(inner, digest_size=16).digest()
        if self._seen.get(digest, DEPTH + 1) <= depth:
            return False
        self._seen[digest] = depth
        return True

    def _direct(self, data: bytes, within: tuple[str, ...]) -> Iterator[Finding]:
        data = without_standins(data)
        for needle, name in self._wanted.items():
            at = data.find(needle)
            while at >= 0:
                yield Finding(name, at, within)
                at = data.find(needle, at + len(needle))
