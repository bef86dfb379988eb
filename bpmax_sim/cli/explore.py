"""``explore``: every failure of a third party, tried on each scenario that passes."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

from typer import Option

from bpmax_sim.cli import options as option
from bpmax_sim.cli.select import cassettes_at, collect
from bpmax_sim.cli.terminal import say, say_document, tell, with_progress
from bpmax_sim.errors import ConfigError
from bpmax_sim.explore.page import make_page
from bpmax_sim.explore.reproduce import reproduce
from bpmax_sim.explore.reproduce import save as save_reproduction
from bpmax_sim.explore.search import Exploration, Explorer
from bpmax_sim.explore.summary import (
    VariantFinding,
    describe_finding,
    describe_totals,
    find_causes,
    make_matrix,
    matrix_lines,
    unguarded_members,
)
from bpmax_sim.i18n import label_message, msg, plural
from bpmax_sim.report.exit_codes import ExitCode
from bpmax_sim.yamlfile import display_path, write_text


def explore(  # noqa: PLR0913 - the options of the command
    paths: option.Paths = None,
    *,
    keyword: option.Keyword = "",
    most: Annotated[
        int, Option("--max", metavar="N", help=msg("At most so many variants of each scenario."))
    ] = 0,
    minutes: Annotated[
        float, Option(metavar="N", help=msg("How long at most; by default until all are tried."))
    ] = 0,
    save: Annotated[
        bool, Option("--save", help=msg("Write each finding as a scenario beside its own."))
    ] = False,
    html: Annotated[
        Path | None, Option(metavar="FILE", help=msg("Write findings and matrix as a page."))
    ] = None,
    cassettes: option.Cassettes = None,
    json: option.Json = False,
) -> int:
    """Try what a third party can do to each scenario."""
    _check(most, minutes)
    items = collect(paths, keyword)
    end = time.monotonic() + 60 * minutes if minutes else math.inf
    folder, _ = cassettes_at(cassettes)
    explorer = Explorer(folder)
    explorations = [
        explorer.explore(item, most=most or None, is_over=lambda: time.monotonic() > end)
        for item in with_progress(items, len(items))
    ]
    if save:
        _save_findings(explorations)
    if html is not None:
        write_text(html, make_page(explorations))
    return _report(explorations, json=json)


def _save_findings(explorations: Sequence[Exploration]) -> None:
    """Write a scenario for the first variant of each finding, and tell which they are."""
    items = {one.item.node_id: one.item for one in explorations}
    for finding in find_causes(explorations):
        reproduction = reproduce(items[finding.items[0]], finding.variants[0])
        name = display_path(reproduction.path)
        why = save_reproduction(reproduction)
        if why:
            tell("{name}: not written, as it would not fail for this: {why}", name=name, why=why)
        else:
            tell("written: {name}", name=name)


def _check(most: int, minutes: float) -> None:
    if most < 0:
        raise ConfigError("--max {most}: expected a number from 1", most=most)
    if not 0 <= minutes <= 24 * 60:
        raise ConfigError(
            "--minutes {minutes:g}: expected more than 0, and a day at most", minutes=minutes
        )


def _report(explorations: Sequence[Exploration], *, json: bool) -> ExitCode:
    explored = [one for one in explorations if not one.refused]
    findings = find_causes(explored)
    red = sum(finding.is_red for finding in findings)
    code = ExitCode.FAILED if red else ExitCode.PASSED if explored else ExitCode.NOTHING
    if json:
        say_document(
            tried=sum(one.tried for one in explored),
            possible=sum(one.possible for one in explored),
            exit_code=int(code),
            findings=[_finding_data(finding) for finding in findings],
            refused=[{"item": o.item.node_id, "why": o.refused} for o in explorations if o.refused],
        )
        return code
    for line in _report_lines(explored, findings):
        say(line)
    for one in explorations:
        if one.refused:
            tell(label_message(one.item.node_id, msg("not explored: {why}", why=one.refused)))
    tell(describe_totals(explored))
    tell(plural(red, "{number} finding fails", "{number} findings fail"))
    return code


def _report_lines(
    explored: Sequence[Exploration], findings: Sequence[VariantFinding]
) -> Iterator[str]:
    for finding in findings:
        yield from describe_finding(finding)
    yield from unguarded_members(explored)
    yield from matrix_lines(make_matrix(explored))


def _finding_data(finding: VariantFinding) -> dict[str, Any]:
    file, _, line = finding.place.rpartition(":")
    return {
        "verdict": finding.verdict,
        "file": file,
        "line": int(line),
        "call": finding.call,
        "red": finding.is_red,
        "why": str(finding.why),
        "failures": [str(kind) for kind in finding.kinds],
        "items": list(finding.items),
    }
