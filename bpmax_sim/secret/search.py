"""Looking for secrets in bytes, also behind compression, base64, hexadecimal and escapes.

Time and memory are bounded; what could not be searched for that is a finding, not a pass.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import blake2b

from bpmax_sim.secret.layers import layers
from bpmax_sim.secret.standin import STANDIN

_DEPTH = 4
_SPARE = 64 * 1024 * 1024  # bytes that may be decoded beyond _TIMES the size of what is searched
_TIMES = 32
_STANDIN = re.compile(STANDIN.pattern.encode())


@dataclass(frozen=True, slots=True)
class Finding:
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


def find(data: bytes, wanted: Mapping[bytes, str]) -> tuple[Finding, ...]:
    """Return where *data* holds bytes of *wanted*, whose values name them."""
    if not wanted:
        return ()
    return tuple(dict.fromkeys(_Search(wanted, len(data) * _TIMES + _SPARE).run(data, ())))


class _Search:
    def __init__(self, wanted: Mapping[bytes, str], budget: int) -> None:
        self._wanted = wanted
        self._left = budget
        self._seen: dict[bytes, int] = {}

    def run(self, data: bytes, within: tuple[str, ...]) -> Iterator[Finding]:
        """Yield what *data* holds, then what its decoded pieces hold."""
        yield from self._direct(data, within)
        if len(within) == _DEPTH:
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
        if self._seen.get(digest, _DEPTH + 1) <= depth:
            return False
        self._seen[digest] = depth
        return True

    def _direct(self, data: bytes, within: tuple[str, ...]) -> Iterator[Finding]:
        if b"redacted." in data:  # a stand-in may spell a word that is somebody's secret
            data = _STANDIN.sub(lambda found: b"\0" * len(found[0]), data)
        for needle, name in self._wanted.items():
            at = data.find(needle)
            while at >= 0:
                yield Finding(name, at, within)
                at = data.find(needle, at + len(needle))
