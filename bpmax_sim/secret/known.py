"""One secret: where it may be in a text, and the text with its stand-in instead."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property

from bpmax_sim.secret.forms import anchor_of, as_bytes, pattern_of, spelled_like, traces_of
from bpmax_sim.secret.parts import der_of
from bpmax_sim.secret.standin import STANDIN

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
        found = anchor_of(self.real)
        return found if len(found) >= _SHORTEST_ANCHOR else ""

    @cached_property
    def digits(self) -> str:
        """Return the value in hexadecimal."""
        return as_bytes(self.real).hex()

    @cached_property
    def _traces(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        return traces_of(self.real)

    def spelled_in(self, text: str, lower: str) -> bool:
        """Return whether *text* spells the value, which has no anchor; *lower* is lower case."""
        return all(
            one in text or any(sign in lower for sign in signs) for one, signs in self._traces
        ) and bool(self.pattern.search(text))

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Return what matches a stand-in, or as group 1 any spelling, or as group 2 the digits."""
        kept = [STANDIN.pattern]
        if self.real in self.standin:
            kept.append(pattern_of(self.standin))
        spelling, digits = self._spelling.pattern, self.digits
        return re.compile(f"{'|'.join(kept)}|({spelling})|((?i:{digits}))")

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
            self.real in self.standin and self._own.match(text, found.start())
            for found in self._spelling.finditer(text)
        )

    def replace(self, text: str) -> str:
        """Return *text* with every spelling of the value replaced by that of the stand-in."""
        return self.pattern.sub(self._twin, text)

    def _twin(self, found: re.Match[str]) -> str:
        if found.lastindex is None:
            return found[0]  # a stand-in is its own
        if found.lastindex == 1:
            return spelled_like(found[0], self.real, self.standin)
        digits = as_bytes(self.standin).hex()
        return digits if found[0] == found[0].lower() else digits.upper()

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
