"""What explorations came to: findings by their cause, and the matrix of calls and failures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final
from unicodedata import east_asian_width

import msgspec

from bpmax_sim.explore.failures import CODES, MEMBERS
from bpmax_sim.explore.judge import VERDICTS, VerdictKind
from bpmax_sim.explore.search import (
    MEANWHILE,
    ORDERS,
    Exploration,
    JudgedVariant,
)
from bpmax_sim.i18n import join_messages, msg, plural, series, translate

MARKS: Final[Mapping[VerdictKind, str]] = {
    "handled": "√",
    "crash": "C",
    "silent": "S",
    "partial": "P",
    "duplicate": "D",
    "differs": "O",
    "stale": "O",
    "unrecorded": "?",
    "endless": "E",
    "invariant": "I",
}
"""What stands for a verdict in the matrix."""
_GRAVITY: Final = tuple(MARKS)


class VariantFinding(msgspec.Struct, frozen=True, kw_only=True):
    """One cause: a verdict at a line of a script, with all the failures that show it.

    Attributes:
        place: the line as ``file:line``, or the scenario's where there is none.
        items: the scenarios that show it.
        variants: every failure that does, in the order in which they were tried.
    """

    verdict: VerdictKind
    place: str
    call: str
    is_red: bool
    variants: tuple[JudgedVariant, ...]
    items: tuple[str, ...]

    @property
    def why(self) -> str:
        """Return what was seen, of the first failure."""
        return self.variants[0].judgement.why

    @property
    def kinds(self) -> tuple[str, ...]:
        """Return the failures that show it, each once."""
        return tuple(dict.fromkeys(variant.kind for variant in self.variants))


def find_causes(explorations: Iterable[Exploration]) -> tuple[VariantFinding, ...]:
    """Return what is not handled, by cause; what fails comes first."""
    groups: dict[tuple[VerdictKind, str, str, bool], list[tuple[str, JudgedVariant]]] = {}
    for exploration in explorations:
        for variant in exploration.variants:
            judgement = variant.judgement
            if variant.severity == "allow":
                continue
            place = judgement.place or exploration.item.place
            where, call = f"{place.file}:{place.line}", variant.call.name
            key = (judgement.verdict, where, call, variant.is_red)
            groups.setdefault(key, []).append((exploration.item.node_id, variant))
    findings = [
        VariantFinding(
            verdict=verdict,
            place=place,
            call=call,
            is_red=is_red,
            variants=tuple(variant for _, variant in group),
            items=tuple(dict.fromkeys(item for item, _ in group)),
        )
        for (verdict, place, call, is_red), group in groups.items()
    ]
    return tuple(sorted(findings, key=lambda finding: not finding.is_red))


def describe_finding(finding: VariantFinding) -> Iterator[str]:
    """Yield the lines that a terminal shows of *finding*."""
    mark = "×" if finding.is_red else "!"
    yield msg(
        "{mark} {verdict}  {place}  {call}: {kinds}",
        mark=mark,
        verdict=VERDICTS[finding.verdict],
        place=finding.place,
        call=finding.call,
        kinds=series(finding.kinds),
    )
    yield f"    {finding.why}"
    first, *others = finding.items
    more = plural(len(others), " and {number} more", " and {number} more") if others else ""
    yield msg("    {item}{more}", item=first, more=more)


class Matrix(msgspec.Struct, frozen=True):
    """The worst verdict on each call for each kind of failure.

    Attributes:
        rows: call and line -> column -> verdict; a column that a row lacks was not tried.
    """

    columns: tuple[str, ...]
    rows: Mapping[tuple[str, str], Mapping[str, VerdictKind]]


def make_matrix(explorations: Iterable[Exploration]) -> Matrix:
    """Return the matrix of *explorations*."""
    columns: dict[str, None] = {}
    rows: dict[tuple[str, str], dict[str, VerdictKind]] = {}
    for exploration in explorations:
        for variant in exploration.variants:
            call, column = variant.call, variant.column
            if not variant.is_shown:
                continue
            columns.setdefault(column)
            where = f"{call.place.file}:{call.place.line}" if call.place else ""
            row = rows.setdefault((call.name, where), {})
            row[column] = max(
                row.get(column, "handled"), variant.judgement.verdict, key=_GRAVITY.index
            )
    last = [name for name in (CODES, MEMBERS, ORDERS, MEANWHILE) if name in columns]
    ordered = (*(name for name in columns if name not in last), *last)
    return Matrix(tuple(ordered), rows)


def matrix_lines(matrix: Matrix) -> Iterator[str]:
    """Yield the lines that a terminal shows of *matrix*: names turned, as they are wider."""
    if not matrix.rows:
        return
    names = [f"{call}  {where}".rstrip() for call, where in matrix.rows]
    width = max(map(_width, names))
    for number, column in enumerate(matrix.columns):
        yield f"{' ' * (width + 1)}{'│ ' * number}┌ {translate(column)}"
    for name, row in zip(names, matrix.rows.values(), strict=True):
        marks = (MARKS[row[column]] if column in row else "·" for column in matrix.columns)
        yield f"{name}{' ' * (width - _width(name) + 1)}{' '.join(marks)}"
    seen = {verdict for row in matrix.rows.values() for verdict in row.values()}
    yield join_messages(
        "  ",
        (
            msg("{mark} {verdict}", mark=mark, verdict=VERDICTS[verdict])
            for verdict, mark in MARKS.items()
            if verdict in seen
        ),
    )


def _width(text: str) -> int:
    return sum(2 if east_asian_width(letter) in "WF" else 1 for letter in text)


def describe_totals(explorations: Sequence[Exploration]) -> str:
    """Return how much was tried of how much, and what came of it, on one line."""
    tried = sum(one.tried for one in explorations)
    possible = sum(one.possible for one in explorations)
    verdicts = Counter(v.judgement.verdict for one in explorations for v in one.variants)
    counts = (
        msg("{verdict} {number}", verdict=VERDICTS[verdict], number=verdicts[verdict])
        for verdict in VERDICTS
        if verdicts[verdict]
    )
    return msg(
        "tried {tried} of {possible}: {counts}",
        tried=tried,
        possible=possible,
        counts=series(counts),
    )


def unguarded_members(explorations: Iterable[Exploration]) -> Iterator[str]:
    """Yield one line a script: the members that crash it as null, though nobody shows them so."""
    names: dict[str, dict[str, None]] = {}
    for exploration in explorations:
        for variant in exploration.variants:
            place = variant.judgement.place or exploration.item.place
            if not variant.is_shown and variant.judgement.verdict != "handled":
                names.setdefault(place.file, {})[variant.kind] = None
    for file, kinds in names.items():
        yield msg("{file}: no schema and no recording says that these can be: {kinds}",
                  file=file, kinds=series(kinds))  # fmt: skip
