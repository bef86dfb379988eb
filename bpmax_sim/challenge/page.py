"""The findings of a challenge as a section of the report page."""

from __future__ import annotations

from collections.abc import Iterator

from bpmax_sim.challenge.findings import SHOWN, ChallengeResult, Weakness, describe_counts
from bpmax_sim.i18n import label_message, msg, plural
from bpmax_sim.report.sections import ReportSection, SectionFinding


def make_section(result: ChallengeResult) -> ReportSection:
    """Return the report section of *result*; each finding has the line of ``expect`` to copy."""
    return ReportSection(
        name="challenge",
        title=msg("Mistakes that nobody notices"),
        summary=msg(
            "{count}; {score:g} % of the mistakes are noticed; {counts}",
            count=plural(
                len(result.findings_not_solved_by_earlier), "{number} finding", "{number} findings"
            ),
            score=round(result.score_percent, 1),
            counts=describe_counts(result),
        ),
        parts=tuple(map(_to_section_finding, result.findings_not_solved_by_earlier[:SHOWN])),
    )


def _to_section_finding(finding: Weakness) -> SectionFinding:
    return SectionFinding(
        headline=finding.message,
        tone="failed" if finding.verdict == "differs" else "again",
        place=str(finding.place),
        lines=tuple(_format_finding(finding)),
        paste=finding.expect_yaml,
    )


def _format_finding(finding: Weakness) -> Iterator[str]:
    yield msg("{old}  →  {new}", old=finding.old, new=finding.new) if finding.new else finding.old
    if finding.where:
        change = msg("{before} → {after}", before=finding.before, after=finding.after)
        yield label_message(msg("{scenario}, step {step}: {where}", scenario=finding.scenario,
                                step=finding.step, where=finding.where), change)  # fmt: skip
    if finding.line is not None:
        yield msg("add at {place}", place=finding.scenario_place)
        for column, cells in finding.columns_yaml.items():
            values = ", ".join(f"{row}: {value}" for row, value in cells.items())
            yield msg("with a column {column}: {values}", column=column, values=values)
