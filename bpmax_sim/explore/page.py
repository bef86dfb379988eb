"""Findings and matrix as a section of the report's page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from bpmax_sim.explore.judge import RED, VERDICTS
from bpmax_sim.explore.summary import (
    MARKS,
    ExploreTotals,
    Matrix,
    VariantFinding,
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

_TONES: Final[Mapping[str, Tone]] = {
    **dict.fromkeys(VERDICTS, "again"),
    **dict.fromkeys(RED, "failed"),
    "handled": "passed",
    "unrecorded": "quiet",
}


def make_section(
    totals: ExploreTotals,
    findings: Sequence[VariantFinding] = (),
    scenarios: Sequence[str] = (),
) -> ReportSection:
    """Return the section; *scenarios* are the texts that reproduce *findings*, one for each."""
    matrix = make_matrix(totals.cells)
    table = SectionTable(columns=(msg("call"), *matrix.columns), rows=tuple(_matrix_rows(matrix)))
    parts = tuple(map(_make_finding, findings, scenarios or [""] * len(findings)))
    return ReportSection(
        name="explore",
        title=msg("What happens when a third party fails"),
        summary=describe_totals(totals),
        parts=(table, *parts) if matrix.rows else parts,
    )


def _matrix_rows(matrix: Matrix) -> Iterator[tuple[SectionCell, ...]]:
    for (call, where), row in matrix.rows.items():
        cells = (
            SectionCell(MARKS[row[column]], _TONES[row[column]], VERDICTS[row[column]])
            if column in row
            else SectionCell()
            for column in matrix.columns
        )
        yield SectionCell(f"{call}\n{where}"), *cells


def _make_finding(finding: VariantFinding, scenario: str) -> SectionFinding:
    headline, *lines = describe_finding(finding)
    return SectionFinding(
        headline=headline,
        tone="failed" if finding.is_red else "again",
        place=finding.place,
        lines=tuple(lines),
        paste=scenario,
    )
