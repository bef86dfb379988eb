"""Search bytes for secrets, also inside nested encodings, which `decode` undoes layer by layer.

The cost is proportional to the size of the data: the search works from the outside in, undoes each
encoding for all occurrences at once, and stops when its budget of work is spent. Data that could
not be searched completely is reported as a finding, never passed.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import accumulate
from typing import NamedTuple

import msgspec
from ahocorasick_rs import BytesAhoCorasick, Implementation

from bpmax_sim.i18n import msg
from bpmax_sim.secret.compressed_streams import PROBE, DecodeLimitError, WorkBudget, inflate_raw
from bpmax_sim.secret.decode import (
    DEPTH,
    GAP,
    HarmlessParts,
    Piece,
    ScanInput,
    SearchHistory,
    Trace,
    decode_next_layer,
)
from bpmax_sim.secret.standin import replace_standins_by_zeros

TOO_LARGE = msg("content too large to be searched")
"""The name of a finding where the work that is due was done and something was left."""

SPARE = 64 << 20  # bytes that may be looked at beyond TIMES the size of what is searched
TIMES = 32
_ALONE = 1 << 16  # pieces that are longer are looked at by themselves
_END = 64
_REACH = 1024
_FARTHEST = 4096
_FEW, _MUCH = 400, 1 << 18  # needles and bytes for which the quickest automaton is worth making
_MOST_PLACES = 1000  # of one secret in some bytes


class Finding(msgspec.Struct, frozen=True):
    """A place where a secret was found.

    Attributes:
        name: credential and form (raw, hex …), never the value.
        offset: number of bytes before it, or before the encoded piece that contains it.
        within: encodings that were undone, outermost first.
    """

    name: str
    offset: int
    within: tuple[str, ...] = ()

    def __str__(self) -> str:
        inside = (
            msg(" inside {names}", names=" inside ".join(reversed(self.within)))
            if self.within
            else ""
        )
        return msg(
            "{name}{inside} at byte {offset}", name=self.name, inside=inside, offset=self.offset
        )


class Search:
    """A reusable search for a fixed set of byte strings, also inside encodings.

    It may be used from several threads.
    """

    def __init__(self, needles: Mapping[bytes, str]) -> None:
        """Prepare the search for the keys of *needles*; their values are the names in findings."""
        self.needles = needles
        self._needles = Needles(needles)
        self._harmless, self._accepted = HarmlessParts(), HarmlessParts()

    def find(self, data: bytes) -> tuple[Finding, ...]:
        """Return all places of the needles (the secrets) in *data*, also inside encodings."""
        if not self.needles:
            return ()
        history = SearchHistory(self._harmless)
        findings = tuple(dict.fromkeys(_find_in_all_layers(data, self._needles, history)))
        if not findings:
            self._harmless.add(history.outermost)
        return findings

    def is_clean_and_passes_in_layers(self, data: bytes, test: Callable[[bytes], bool]) -> bool:
        """Return whether no layer of *data* contains a needle (a secret), and *test* accepts each.

        The layers are *data* itself and what is encoded in it, however deep. *test* has to be the
        same function in every call: what it has accepted is cached. False also if there is too much
        to decode.
        """
        history = SearchHistory(self._accepted)
        try:
            for view in _decode_layers(data, self._needles.reach, _make_budget(data), history):
                if not test(view.data) or any(self._needles.find_outside_standins(view.data)):
                    return False
        except DecodeLimitError:
            return False
        self._accepted.add(history.outermost)
        return True


def _make_budget(data: bytes) -> WorkBudget:
    return WorkBudget(len(data) * TIMES + SPARE)


def find_needles_in_all_layers(data: bytes, needles: Mapping[bytes, str]) -> tuple[Finding, ...]:
    """Return all occurrences in *data* of the keys of *needles*, also inside encodings.

    Their values are the names in the findings.
    """
    return Search(needles).find(data)


class Needles:
    """A set of byte strings that are searched for together in one layer of data.

    A ``+`` in the data matches a space, as in form encoding.
    """

    def __init__(self, needles: Mapping[bytes, str]) -> None:
        """Build the automaton for *needles*, none of which is empty."""
        self._needles = needles
        self._spaced = any(b" " in needle for needle in needles)
        self._texts = sorted(
            {_replace_plus_by_space(needle) for needle in needles} if self._spaced else needles
        )
        self._automaton = self._build_automaton(Implementation.ContiguousNFA) if needles else None
        # base64 or hexadecimal of a secret may be escaped
        self.reach = min(max(_REACH, 2 * max(map(len, needles), default=0)), _FARTHEST)

    def _build_automaton(self, kind: Implementation) -> BytesAhoCorasick:
        return BytesAhoCorasick(self._texts, implementation=kind)

    @cached_property
    def _large_data_automaton(self) -> BytesAhoCorasick | None:
        """Return an automaton for large data, which takes half the time per byte.

        It takes ten times as long to build, so for many needles the automaton for small data is
        returned. None if there are no needles.
        """
        return (
            self._build_automaton(Implementation.DFA)
            if 0 < len(self._texts) <= _FEW
            else self._automaton
        )

    def find_outside_standins(self, data: bytes) -> Iterator[tuple[int, str]]:
        """Yield offset and name of each occurrence in *data*, except those inside stand-ins."""
        text = _replace_plus_by_space(data) if self._spaced else data
        automaton = self._large_data_automaton if len(text) > _MUCH else self._automaton
        if automaton is None or not automaton.find_matches_as_indexes(text):
            return
        data = replace_standins_by_zeros(data)
        text = _replace_plus_by_space(data) if self._spaced else data
        for needle, name in self._needles.items():
            for at in _find_first_offsets(
                text, _replace_plus_by_space(needle) if self._spaced else needle
            ):
                if _is_equal_if_plus_is_space(data[at : at + len(needle)], needle):
                    yield at, name


def _replace_plus_by_space(data: bytes) -> bytes:
    return data.replace(b"+", b" ") if b"+" in data else data


def _find_first_offsets(data: bytes, needle: bytes) -> Iterator[int]:
    at = data.find(needle)
    for _ in range(_MOST_PLACES):
        if at < 0:
            return
        yield at
        at = data.find(needle, at + len(needle))


def _is_equal_if_plus_is_space(sample: bytes, needle: bytes) -> bool:
    if sample == needle:
        return True
    pairs = zip(sample, needle, strict=True)
    return all(a == b or (a, b) == (0x2B, 0x20) for a, b in pairs)  # a plus for a space


class _JoinedPieces(NamedTuple):
    """Decoded pieces joined into one byte string, so that they are searched at once.

    Attributes:
        data: the byte string.
        starts: offset of each piece in it.
        traces: for each piece, the function that maps an offset in it to an offset in the outermost
            data (in which nothing is decoded yet), and the encodings between.
    """

    data: bytes
    starts: Sequence[int]
    traces: Sequence[Trace]

    def find_outermost_place(self, at: int) -> tuple[int, tuple[str, ...]]:
        """Return the offset in the outermost data of byte *at*, and the encodings between."""
        number = min(bisect_right(self.starts, at), len(self.traces)) - 1
        return self.traces[number](at - self.starts[number])


class _SeenPieces:
    """The decoded pieces seen so far, since several encodings may yield the same piece.

    Long ones are first compared by their ends, without hashing.
    """

    def __init__(self) -> None:
        self._all = set[bytes]()
        self._by_ends: dict[tuple[bytes, bytes], bytes] = {}

    def add_if_new(self, data: bytes) -> bool:
        """Return whether the piece *data* was not seen before, and remember it."""
        if len(data) > _ALONE:
            ends = data[:_END], data[-_END:]
            if ends not in self._by_ends:
                self._by_ends[ends] = data
                return True
            self._all.add(self._by_ends[ends])
        before = len(self._all)
        self._all.add(data)
        return len(self._all) > before


def _find_in_all_layers(data: bytes, needles: Needles, history: SearchHistory) -> Iterator[Finding]:
    """Yield the findings in *data*: first those in plain, then those inside encodings.

    *history* holds the runs (sequences of characters of an encoding such as base64) that this
    search has decoded already; these are skipped. If there is too much to decode, the last finding
    says so.
    """
    try:
        for view in _decode_layers(data, needles.reach, _make_budget(data), history):
            for at, name in needles.find_outside_standins(view.data):
                yield Finding(name, *view.find_outermost_place(at))
    except DecodeLimitError as error:
        yield Finding(TOO_LARGE, error.at, error.labels)


def decode_and_join_inner_layers(data: bytes, max_bytes: int) -> bytes | None:
    """Return everything that is encoded in *data*, decoded and joined, without *data* itself.

    None if decoding would process more than *max_bytes* bytes. Callers keep the result to search it
    for secrets that become known later.
    """
    try:
        views = list(
            _decode_layers(data, _FARTHEST, WorkBudget(max_bytes), SearchHistory(HarmlessParts()))
        )
    except DecodeLimitError:
        return None
    return GAP.join([view.data for view in views[1:]])


def _decode_layers(
    data: bytes, reach: int, work: WorkBudget, history: SearchHistory
) -> Iterator[_JoinedPieces]:
    """Yield *data*, then what is encoded in it, then what is encoded in that, and so on.

    *reach* is the number of bytes around an escape that are unescaped with it. *history* remembers
    what was decoded, so that nothing is decoded twice.

    Raises:
        DecodeLimitError: if decoding exceeds the budget *work*.
    """
    seen = _SeenPieces()
    level = [_JoinedPieces(data, [0], [lambda at: (at, ())])]
    # Breadth first, so that a finding is reported at the outermost layer in which it is visible.
    for depth in range(DEPTH + 1):
        inner: list[tuple[bytes, Trace]] = []
        for view in level:
            yield view
            inner += _decode_view(view, ScanInput(view.data, work, history, reach), seen, depth)
        if not depth:
            history.mark_runs_as_outermost()
        if not inner:
            return
        level = list(_join_pieces(inner))


def _decode_view(
    view: _JoinedPieces, scan: ScanInput, seen: _SeenPieces, depth: int
) -> list[tuple[bytes, Trace]]:
    """Return the pieces that are encoded in *view* and that are not in *seen*, each with its trace.

    A piece is what was decoded from one part of the data; its trace is a function that tells of an
    offset in it the place in the outermost data, and the encodings between. A view is several
    pieces, joined to be searched at once. *scan* is its data as input of the decoders, with the
    budget. *depth* is the number of layers around it; at the maximum nothing is decoded.
    """
    inner: list[tuple[bytes, Trace]] = []
    try:
        scan.work.spend(len(scan.data))
        for piece in _decode_pieces(scan, outermost=not depth) if depth < DEPTH else ():
            scan.work.spend(len(piece.data))
            if piece.data and seen.add_if_new(piece.data):
                inner.append((piece.data, _make_trace_to_outermost(piece, view)))
    except DecodeLimitError as error:
        error.at, within = view.find_outermost_place(error.at)
        error.labels = (*within, *error.labels)
        raise
    return inner


def _decode_pieces(scan: ScanInput, *, outermost: bool) -> Iterator[Piece]:
    if (
        outermost
        and not _begins_as_text(scan.data)
        and (inner := inflate_raw(scan.data, scan.work))
    ):
        # only a whole body; it has no signature, and by chance any bytes begin such a stream
        yield Piece(inner, lambda _at: (0, ("deflate",)))
    yield from decode_next_layer(scan)


def _begins_as_text(data: bytes) -> bool:
    """Return whether *data* begins as text, and so is not tried as deflate without header."""
    return len(data) > PROBE and data[:PROBE].isascii()


def _make_trace_to_outermost(piece: Piece, view: _JoinedPieces) -> Trace:
    def trace(at: int) -> tuple[int, tuple[str, ...]]:
        outer, labels = piece.trace(at)
        offset, within = view.find_outermost_place(outer)
        return offset, (*within, *labels)

    return trace


def _join_pieces(pieces: Sequence[tuple[bytes, Trace]]) -> Iterator[_JoinedPieces]:
    """Yield long pieces alone and short ones joined, with text and binary data apart."""
    short: dict[bool, list[tuple[bytes, Trace]]] = {}
    for data, trace in pieces:
        if len(data) > _ALONE:
            yield _JoinedPieces(data, [0], [trace])
        else:
            short.setdefault(b"\0" in data, []).append((data, trace))
    for joined in short.values():
        parts, traces = zip(*joined, strict=True)
        ends = accumulate([len(data) + len(GAP) for data in parts], initial=0)
        yield _JoinedPieces(GAP.join(parts), list(ends), traces)
