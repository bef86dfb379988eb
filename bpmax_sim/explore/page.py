"""Findings and matrix of explorations as a section of the report page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from bpmax_sim.explore.judge import VERDICTS, VerdictKind
from bpmax_sim.explore.summary import (
    MARKS,
    CauseFinding,
    ExploreTotals,
    Matrix,
    MatrixCell,
    describe_finding,
    describe_totals,
    make_matrix,
)
from bpmax_sim.i18n import msg
from bpmax_sim.report.sections import (
    ReportSection,
    SectionCell,
    SectionFinding,
    SectionTable,
    Tone,
)


def make_section(
    totals: ExploreTotals,
    findings: Sequence[CauseFinding] = (),
    scenarios: Sequence[str] = (),
) -> ReportSection:
    """Return the section of the report page that shows what ``explore`` found.

    It has the matrix of calls and failures, then each finding with the scenario that reproduces it.
    *scenarios* are the texts of these, in the order of *findings*; without them, findings are shown
    without a scenario.
    """
    matrix = make_matrix(totals.cells)
    columns, rows = (msg("call"), *matrix.columns), tuple(_make_matrix_rows(matrix))
    table = SectionTable(columns=columns, rows=rows, caption=matrix.legend)
    parts = tuple(map(_make_finding, findings, scenarios or [""] * len(findings)))
    return ReportSection(
        name="explore",
        title=msg("What happens when a third party fails"),
        summary=describe_totals(totals),
        parts=(table, *parts) if matrix.rows else parts,
    )


def _make_matrix_rows(matrix: Matrix) -> Iterator[tuple[SectionCell, ...]]:
    for (call, where), row in matrix.rows.items():
        cells = (_show_cell(row[name]) if name in row else SectionCell() for name in matrix.columns)
        yield SectionCell(f"{call}\n{where}"), *cells


def _show_cell(cell: MatrixCell) -> SectionCell:
    tone: Tone = "failed" if cell.fails_scenario else _TONES.get(cell.verdict, "again")
    return SectionCell(MARKS[cell.verdict], tone, VERDICTS[cell.verdict])


_TONES: Final[Mapping[VerdictKind, Tone]] = {"handled": "passed", "unrecorded": "quiet"}


def _make_finding(finding: CauseFinding, scenario: str) -> SectionFinding:
    headline, *lines = describe_finding(finding)
    return SectionFinding(
        headline=headline,
        tone="failed" if finding.fails_scenario else "again",
        place=finding.place,
        lines=tuple(lines),
        paste=scenario,
    )
