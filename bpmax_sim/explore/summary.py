"""Summarise explorations: findings by cause, and the matrix of calls and failures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import msgspec

from bpmax_sim.errors import Place
from bpmax_sim.explore.failures import CODES, MEMBERS
from bpmax_sim.explore.judge import VERDICTS, VerdictKind
from bpmax_sim.explore.orders import FULLY
from bpmax_sim.explore.search import (
    AT_ONCE,
    MEANWHILE,
    ORDERS,
    Exploration,
    JudgedVariant,
)
from bpmax_sim.i18n import (
    join_list,
    join_messages,
    measure_display_width,
    msg,
    plural,
    translate,
)

MARKS: Final[Mapping[VerdictKind, str]] = {
    "handled": "√",
    "unrecorded": "?",
    "crash": "C",
    "silent": "S",
    "partial": "P",
    "duplicate": "D",
    "differs": "O",
    "stale": "O",
    "endless": "E",
    "invariant": "I",
}
"""What stands for a verdict in the matrix."""
# The order of `MARKS` is that of severity: of several verdicts for one cell the last is shown.
_GRAVITY: Final = tuple(MARKS)
_MOST_REASONS: Final = 5
_MOST_KINDS: Final = 10


class CauseFinding(msgspec.Struct, frozen=True, kw_only=True):
    """One cause: a verdict at a script line, with all variants that show it.

    Attributes:
        place: script line as ``file:line``, or the scenario's place if there is none.
        fails_scenario: whether it fails the scenario.
        items: scenarios that show it.
        variants: variants that show it, in the order in which they were tried.
    """

    verdict: VerdictKind
    place: str
    call: str
    fails_scenario: bool
    variants: tuple[JudgedVariant, ...]
    items: tuple[str, ...]

    @property
    def why(self) -> str:
        """Return what was observed in the variant that was tried first."""
        return self.variants[0].judgement.why

    @property
    def kinds(self) -> tuple[str, ...]:
        """Return the kinds of failure that show it (a time-out, a code …), each once.

        Orders of responses count as a kind. A variant may combine a failure with an action of a
        person; if that action alone shows the cause, too, only the action is named.
        """
        alone = {one.kind for one in self.variants}
        kinds = (
            one.interruption.what
            if one.interruption and one.interruption.what in alone
            else one.kind
            for one in self.variants
        )
        return tuple(dict.fromkeys(kinds))

    @property
    def main_kinds(self) -> str:
        """Return the first few of `kinds`, and how many others there are, on one line."""
        first, others = self.kinds[:_MOST_KINDS], self.kinds[_MOST_KINDS:]
        more = plural(len(others), " and {number} more", " and {number} more") if others else ""
        return msg("{kinds}{more}", kinds=join_list(first), more=more)


def find_causes(explorations: Iterable[Exploration]) -> tuple[CauseFinding, ...]:
    """Return the variants grouped by cause: verdict, script line and API; failing ones first."""
    groups: dict[tuple[VerdictKind, str, str, bool], list[tuple[str, JudgedVariant]]] = {}
    for exploration in explorations:
        for variant in exploration.variants:
            judgement = variant.judgement
            if variant.severity == "allow":
                continue
            place = judgement.place or exploration.place
            where, call = f"{place.file}:{place.line}", variant.call.name
            key = (judgement.verdict, where, call, variant.fails_scenario)
            groups.setdefault(key, []).append((exploration.node_id, variant))
    findings = [
        CauseFinding(
            verdict=verdict,
            place=place,
            call=call,
            fails_scenario=is_red,
            variants=tuple(variant for _, variant in group),
            items=tuple(dict.fromkeys(item for item, _ in group)),
        )
        for (verdict, place, call, is_red), group in groups.items()
    ]
    return tuple(sorted(findings, key=lambda finding: not finding.fails_scenario))


def describe_finding(finding: CauseFinding) -> Iterator[str]:
    """Yield the lines that tell a person about *finding*: what, why, and in which items."""
    mark = "×" if finding.fails_scenario else "!"
    yield msg(
        "{mark} {verdict}  {place}  {call}: {kinds}",
        mark=mark,
        verdict=VERDICTS[finding.verdict],
        place=finding.place,
        call=finding.call,
        kinds=finding.main_kinds,
    )
    yield msg("    {why}", why=finding.why)
    first, *others = finding.items
    more = plural(len(others), " and {number} more", " and {number} more") if others else ""
    yield msg("    {item}{more}", item=first, more=more)


class MatrixCell(msgspec.Struct, frozen=True):
    """One verdict in the matrix of calls and failures.

    Attributes:
        call, where: row of the cell: API, and ``file:line`` of the call.
        column: kind of failure.
        fails_scenario: whether it fails the scenario.
    """

    call: str
    where: str
    column: str
    verdict: VerdictKind
    fails_scenario: bool = False


class ExploreTotals(msgspec.Struct, kw_only=True):
    """How many variants of the passing runs were possible and tried, and their verdicts.

    A variant is a run with a third party's failure, other data, or another order of responses.

    Attributes:
        verdicts: kind of verdict -> number of variants.
        unrecorded: what has no recording, in words, so that variants were not judged.
        most_in_flight: largest number of calls that were in flight together.
    """

    tried: int = 0
    possible: int = 0
    verdicts: dict[str, int] = {}
    cells: list[MatrixCell] = []
    unrecorded: list[str] = []
    most_in_flight: int = 0

    def add(self, other: ExploreTotals) -> None:
        """Add *other*, the totals of other scenarios.

        Counts are summed; a matrix cell or reason that both have is kept once.
        """
        self.most_in_flight = max(self.most_in_flight, other.most_in_flight)
        self.tried += other.tried
        self.possible += other.possible
        self.verdicts = dict(Counter(self.verdicts) + Counter(other.verdicts))
        self.cells = list(dict.fromkeys((*self.cells, *other.cells)))
        self.unrecorded = list(dict.fromkeys((*self.unrecorded, *other.unrecorded)))


def encode_totals(totals: ExploreTotals) -> bytes:
    """Return *totals* as bytes for another process; messages in the present language."""
    return msgspec.json.encode(totals, enc_hook=translate)


def decode_totals(encoded_totals: Iterable[bytes]) -> ExploreTotals:
    """Return the sum of the totals that `encode_totals` encoded as *encoded_totals*."""
    totals = ExploreTotals()
    for part in encoded_totals:
        totals.add(msgspec.json.decode(part, type=ExploreTotals))
    return totals


def sum_totals(explorations: Iterable[Exploration]) -> ExploreTotals:
    """Return counts, matrix cells and unrecorded calls of all *explorations* together."""
    totals = ExploreTotals()
    for one in explorations:
        judgements = [variant.judgement for variant in one.variants]
        verdicts = Counter[str](each.verdict for each in judgements)
        totals.add(
            ExploreTotals(
                tried=one.tried,
                possible=one.possible,
                most_in_flight=one.most_in_flight,
                verdicts=dict(verdicts),
                cells=[_make_cell(each) for each in one.variants if _belongs_into_matrix(each)],
                unrecorded=[each.why for each in judgements if each.verdict == "unrecorded"],
            )
        )
    return totals


def _belongs_into_matrix(variant: JudgedVariant) -> bool:
    """Return whether *variant* counts in its cell: if it is proven possible, or was not judged.

    Without those that were not judged, a cell would say that all of its variants are handled.
    """
    return variant.is_shown or variant.judgement.verdict == "unrecorded"


def _make_cell(variant: JudgedVariant) -> MatrixCell:
    place = variant.call.place
    where = f"{place.file}:{place.line}" if place else ""
    verdict = variant.judgement.verdict
    return MatrixCell(variant.call.name, where, variant.column, verdict, variant.fails_scenario)


class Matrix(msgspec.Struct, frozen=True):
    """The most severe verdict for each call and kind of failure.

    Attributes:
        columns: kinds of failure.
        rows: (call, ``file:line``) -> column -> cell; a column that a row lacks was not tried.
    """

    columns: tuple[str, ...]
    rows: Mapping[tuple[str, str], Mapping[str, MatrixCell]]

    @property
    def legend(self) -> str:
        """Return an explanation of the marks in the cells: one for each kind of verdict here."""
        seen = {cell.verdict for row in self.rows.values() for cell in row.values()}
        return join_messages(
            "  ",
            (
                msg("{mark} {verdict}", mark=mark, verdict=VERDICTS[verdict])
                for verdict, mark in MARKS.items()
                if verdict in seen
            ),
        )


def make_matrix(cells: Iterable[MatrixCell]) -> Matrix:
    """Return *cells* as a table of calls (rows) and kinds of failure (columns).

    Of several verdicts on one call and kind of failure, the most severe is kept; a variant that
    could not be judged counts as more severe than one that is handled, and as less than a finding.
    """
    columns: dict[str, None] = {}
    rows: dict[tuple[str, str], dict[str, MatrixCell]] = {}
    for cell in cells:
        columns.setdefault(cell.column)
        row = rows.setdefault((cell.call, cell.where), {})
        row[cell.column] = max(row.get(cell.column, cell), cell, key=_rank_severity)
    in_order = {row: rows[row] for row in sorted(rows, key=_make_row_sort_key)}
    return Matrix(tuple(sorted(columns, key=_rank_column)), in_order)


def _rank_severity(cell: MatrixCell) -> tuple[bool, int]:
    return cell.fails_scenario, _GRAVITY.index(cell.verdict)


def _make_row_sort_key(row: tuple[str, str]) -> tuple[Place, str]:
    """Return the sort key of a row: script order, independent of which worker was first."""
    call, where = row
    return Place.parse(where), call


def _rank_column(name: str) -> int:
    """Return the sort key of a column: single failures first, then combinations."""
    last = [translate(one) for one in (CODES, MEMBERS, AT_ONCE, ORDERS, MEANWHILE)]
    return last.index(translate(name)) + 1 if translate(name) in last else 0


def format_matrix(matrix: Matrix) -> Iterator[str]:
    """Yield the terminal lines of *matrix*; column names are vertical to save width."""
    if not matrix.rows:
        return
    names = [f"{call}  {where}".rstrip() for call, where in matrix.rows]
    width = max(map(measure_display_width, names))
    for number, column in enumerate(matrix.columns):
        yield f"{' ' * (width + 1)}{'│ ' * number}┌ {translate(column)}"
    for name, row in zip(names, matrix.rows.values(), strict=True):
        marks = (MARKS[row[column].verdict] if column in row else "·" for column in matrix.columns)
        yield f"{name}{' ' * (width - measure_display_width(name) + 1)}{' '.join(marks)}"
    yield matrix.legend


def describe_totals(totals: ExploreTotals) -> str:
    """Return one line with the numbers of variants by verdict."""
    counts = [
        msg("{verdict} {number}", verdict=VERDICTS[verdict], number=totals.verdicts[verdict])
        for verdict in VERDICTS
        if totals.verdicts.get(verdict)
    ]
    if not counts:
        return msg("tried {tried} of {possible}", tried=totals.tried, possible=totals.possible)
    return msg(
        "tried {tried} of {possible}: {counts}",
        tried=totals.tried,
        possible=totals.possible,
        counts=join_list(counts),
    )


def explain_unjudged_variants(totals: ExploreTotals) -> Iterator[str]:
    """Yield messages on orders that are not tried, and on variants without verdict.

    These made calls that are not recorded, and some of the calls are named. To record the scenario
    once more does not help: without the failure, its scripts do not make these calls.
    """
    if totals.most_in_flight > FULLY:
        yield msg(
            "{number} calls are in flight together; of more than {most}, only the orders that at "
            "most two swaps make are tried",
            number=totals.most_in_flight,
            most=FULLY,
        )
    number = totals.verdicts.get("unrecorded", 0)
    if number:
        yield plural(
            number,
            "{number} variant is not judged: {reasons}; to see what follows, record a scenario in "
            "which this happens",
            "{number} variants are not judged: {reasons}; to see what follows, record scenarios in "
            "which this happens",
            reasons=join_list(totals.unrecorded[:_MOST_REASONS]),
        )


def explain_unexplored_parts(exploration: Exploration) -> Iterator[str]:
    """Yield why an item was not explored.

    Or, if it was explored, that it could not be watched for the response members that its scripts
    read.
    """
    if exploration.refused:
        yield msg("not explored: {why}", why=exploration.refused)
    elif exploration.possible and not exploration.tried:
        yield msg("not explored: {why}", why=msg("the time was over"))
    elif not exploration.knows_member_reads:
        yield msg(
            "its scripts do other things when it is watched what they read of responses; "
            "recorded members that their texts name are tried instead"
        )


def describe_unproven_missing_members(explorations: Iterable[Exploration]) -> Iterator[str]:
    """Yield a line for each file with the response members whose absence it does not handle.

    These are only members of which no schema and no recording says that they may be missing, so
    that a scenario does not fail by them.
    """
    names: dict[str, dict[str, None]] = {}
    for exploration in explorations:
        for variant in exploration.variants:
            place = variant.judgement.place or exploration.place
            if not variant.is_shown and variant.judgement.verdict != "handled":
                names.setdefault(place.file, {})[variant.kind] = None
    for file, kinds in names.items():
        yield msg("{file}: no schema and no recording says that these can be: {kinds}",
                  file=file, kinds=join_list(kinds))  # fmt: skip
