"""A quick look whether bytes may hold a secret: it may say yes wrongly, and no only rightly.

It undoes what `layers` undoes, for all pieces of a text at once, so that a few calls that run in C
do what `search` does piece by piece. Where it says yes, `search` tells what there is and where.
A plus sign counts as the space that it is in a form, in the bytes and in what is looked for.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, repeat

from bpmax_sim.secret.layers import (
    DEPTH,
    STREAM,
    has_escape,
    has_stream,
    inflated,
    may_be_undone,
    unentitied,
    unescaped,
    unquoted,
)
from bpmax_sim.secret.runs import (
    decoded,
    folded,
    has_run,
    hex_runs_of,
    may_fold_at_plus,
    runs_of,
)
from bpmax_sim.secret.standin import without_standins

_GAP = b"\xff"  # between pieces; no encoding that is undone uses it
_ALONE = 16 * 1024  # pieces that are longer are looked at by themselves
_TOGETHER = 60_000  # bytes of pieces that are looked at at once, fewer than `layers` calls large
_MOST_STREAMS = 64
_MOST_HARMLESS = 4096
_LONGEST_HARMLESS = 1024
_FEW = 200


Piece = tuple[bytes, bool]  # decoded bytes, and whether escapes were undone to get them


class Glance:
    """What is looked for, by how it can be excluded; safe to use from several threads."""

    def __init__(self, wanted: Iterable[bytes]) -> None:
        """Sort the bytes of *wanted*, none of which is empty."""
        plain = {one.replace(b"+", b" ").removeprefix(b"\0").removesuffix(b"\0") for one in wanted}
        needles = _shortest(plain) if len(plain) <= _FEW else sorted(plain)
        self._hex = [one for one in needles if hex_runs_of(one) == [one]]
        self._wide = [one for one in needles if b"\0" in one]
        self._others = sorted({*needles} - {*self._hex, *self._wide})
        self.harmless: set[bytes] = set()

    def may_hold(self, data: bytes, budget: int) -> bool:
        """Return whether *data* may hold any, or more than *budget* bytes come of decoding it."""
        look = _Look(self, budget)
        if look.sees(data, 0):
            return True
        if len(self.harmless) > _MOST_HARMLESS:
            self.harmless = set()
        self.harmless.update([run for run in look.outermost if len(run) <= _LONGEST_HARMLESS])
        return False

    def finds(self, data: bytes, hex_runs: bytes) -> bool:
        """Return whether *data* holds any outside of stand-ins; *hex_runs* are those in it."""
        return self._in(data, hex_runs) and self._in(
            without_standins(data), without_standins(hex_runs)
        )

    def _in(self, data: bytes, hex_runs: bytes) -> bool:
        return (
            any_in(data, self._others)
            or (b"\0" in data and any_in(data, self._wide))
            or (hex_runs != b"" and any_in(hex_runs, self._hex))
        )


class _Look:
    """One look: what was decoded so far, and how much more may be."""

    def __init__(self, glance: Glance, budget: int) -> None:
        self._glance = glance
        self._left = budget
        self._runs: dict[bytes, int] = {}
        self._folds: dict[bytes, int] = {}  # of which digits are not decoded, as they are of runs
        self._texts: dict[bytes, int] = {}
        self.outermost: list[bytes] = []

    def sees(self, data: bytes, depth: int, *, escaped: bool = False) -> bool:
        """Return whether *data*, within *depth* encodings, may hold a secret.

        With *escaped* the innermost of them was escapes.
        """
        self._left -= len(data)
        if self._left < 0:
            return True
        spaced = data.replace(b"+", b" ") if b"+" in data else data
        if depth and not (has_run(data) or has_escape(data) or has_stream(data)):
            return self._glance.finds(spaced, b"")
        runs = self._fresh(runs_of(data, self._glance.harmless), depth, self._runs)
        hex_runs = hex_runs_of(b" ".join(runs)) if runs else []
        if self._glance.finds(spaced, b" ".join(hex_runs)):
            return True
        if depth == DEPTH:
            return False
        if depth == 0:
            self.outermost = runs
        folds = [*folded(data), *(folded(spaced) if may_fold_at_plus(data) else ())]
        folds = self._fresh(folds, depth, self._folds)
        pieces = chain(
            zip(decoded([*runs, *folds], hex_runs), repeat(False)),
            self._unpacked(data, spaced, depth, escaped=escaped),
        )
        for piece, undone in _together(pieces):
            if self.sees(piece, depth + 1, escaped=undone):
                return True
        return False

    def _fresh(self, runs: list[bytes], depth: int, known: dict[bytes, int]) -> list[bytes]:
        """Return the *runs* that were not decoded yet from as far out."""
        if not runs:
            return runs
        fresh = dict.fromkeys([run for run in runs if known.get(run, DEPTH + 1) > depth], depth)
        known.update(fresh)
        return list(fresh)

    def _is_new(self, text: bytes, depth: int) -> bool:
        """Return whether *text* was not looked at yet from as far out."""
        if self._texts.get(text, DEPTH + 1) <= depth:
            return False
        self._texts[text] = depth
        return True

    def _unpacked(
        self, data: bytes, spaced: bytes, depth: int, *, escaped: bool
    ) -> Iterator[Piece]:
        """Yield what is not decoded by runs: compressed streams, and escapes."""
        streams = has_stream(data)
        if depth == 0 and (bare := inflated(data, self._left, -zlib.MAX_WBITS)):
            yield bare, False
        if streams:
            yield from zip(self._inflated(data), repeat(False))
        if has_escape(data) or (streams and spaced is not data):
            yield from zip(self._undone(data, spaced, depth, escaped=escaped), repeat(True))

    def _inflated(self, data: bytes) -> Iterator[bytes]:
        for number, found in enumerate(STREAM.finditer(data)):
            if number == _MOST_STREAMS:
                self._left = -1  # so many are none, or a trap
                yield b"unsure"
                return
            yield inflated(memoryview(data)[found.start() :], self._left, zlib.MAX_WBITS | 32)

    def _undone(self, data: bytes, spaced: bytes, depth: int, *, escaped: bool) -> Iterator[bytes]:
        if not may_be_undone(data, twice=escaped):
            return
        plain = unquoted(data)
        texts = [plain, unescaped(data), unentitied(data)]
        if spaced is not data and (b"%25" in data or has_stream(plain)):
            texts.append(unquoted(spaced))  # bytes of a stream are not to be taken for spaces
        for text in texts:
            if text is not data and text != data and self._is_new(text, depth):
                yield text


def any_in(data: bytes, needles: Sequence[bytes]) -> bool:
    """Return whether any of *needles* is in *data*."""
    for needle in needles:  # noqa: SIM110 - any() takes three times as long
        if needle in data:
            return True
    return False


def _shortest(needles: Iterable[bytes]) -> list[bytes]:
    """Return those of *needles* that hold no other: where the others are not, they are not."""
    kept: list[bytes] = []
    for needle in sorted(needles, key=lambda one: (len(one), one)):
        if not any(one in needle for one in kept):
            kept.append(needle)
    return kept


def _together(pieces: Iterable[Piece]) -> Iterator[Piece]:
    """Yield short pieces as one, and long ones as they are."""
    short: list[bytes] = []
    size = 0
    for piece, undone in pieces:
        if len(piece) > _ALONE:
            yield piece, undone
            continue
        if short and size + len(piece) > _TOGETHER:
            yield _GAP.join(short), False
            short, size = [], 0
        short.append(piece)
        size += len(piece) + 1
    if short:
        yield _GAP.join(short), False
