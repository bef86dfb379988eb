"""``explore``: try every failure of a third party on each scenario that passes."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Annotated, Any

from typer import Option

import bpmax_sim
from bpmax_sim.cli import options as option
from bpmax_sim.cli.item_selection import (
    collect_items,
    explain_empty_selection,
    resolve_cassette_folder,
)
from bpmax_sim.cli.terminal import notify, say, say_document, show_progress
from bpmax_sim.errors import ConfigError, Place
from bpmax_sim.explore.page import make_section
from bpmax_sim.explore.reproduce import (
    ReproducingScenario,
    format_rules,
    reproduce,
    save_and_check_reproduction,
)
from bpmax_sim.explore.search import Exploration, Explorer
from bpmax_sim.explore.summary import (
    CauseFinding,
    describe_finding,
    describe_totals,
    describe_unproven_missing_members,
    explain_unexplored_parts,
    explain_unjudged_variants,
    find_causes,
    format_matrix,
    make_matrix,
    sum_totals,
)
from bpmax_sim.i18n import label_message, msg, plural
from bpmax_sim.project import find_root
from bpmax_sim.report.exit_codes import ExitCode
from bpmax_sim.report.html import write_page
from bpmax_sim.report.sections import store_section
from bpmax_sim.scenario.load import ScenarioItem
from bpmax_sim.yamlfile import to_display_path


def explore(  # noqa: PLR0913 - the options of the command
    paths: option.Paths = None,
    *,
    keyword: option.Keyword = "",
    most: Annotated[
        int | None,
        Option("--max", metavar="N", help=msg("At most so many variants of each scenario.")),
    ] = None,
    minutes: Annotated[
        float | None,
        Option(metavar="N", help=msg("How long at most; by default until all are tried.")),
    ] = None,
    workers: option.Workers = 1,
    seed: Annotated[
        int | None,
        Option(metavar="N", help=msg("Which variants come first, where not all are tried.")),
    ] = None,
    save: Annotated[
        bool, Option("--save", help=msg("Write each finding as a scenario beside its own."))
    ] = False,
    html: Annotated[
        Path | None, Option(metavar="FILE", help=msg("Write findings and matrix as a page."))
    ] = None,
    cassettes: option.Cassettes = None,
    json: option.Json = False,
) -> int:
    """Try every failure of a third party on each scenario that passes.

    Raises:
        KeyboardInterrupt: if the user pressed Ctrl-C; the explored scenarios are reported.
    """
    _check_options(most, minutes, workers)
    items = list(collect_items(paths, keyword))
    if not items:
        notify(explain_empty_selection(paths, keyword))
    end = time.monotonic() + 60 * minutes if minutes is not None else math.inf
    folder, _ = resolve_cassette_folder(cassettes)
    explorations: list[Exploration] = []
    by_id = {item.node_id: item for item in items}
    try:
        with show_progress() as move:
            done = Explorer(folder).explore_all(
                items,
                workers=workers or os.cpu_count() or 1,
                most=most,
                seed=seed,
                is_over=lambda: time.monotonic() > end,
                on_tried=move,
            )
            with closing(done):
                explorations.extend(done)
    except KeyboardInterrupt:
        _print_findings(
            explorations,
            _reproduce_findings(explorations, by_id),
            ExitCode.INTERRUPTED,
            json=json,
        )
        notify("{done} of {all} scenarios were explored", done=len(explorations), all=len(items))
        raise
    found = _reproduce_findings(explorations, by_id)
    if save:
        _save_findings([scenario for _, scenario in found])
    _store_report_section(explorations, found, html)
    code = _choose_exit_code(explorations, found)
    _print_findings(explorations, found, code, json=json)
    return code


Found = Sequence[tuple[CauseFinding, ReproducingScenario]]


def _reproduce_findings(
    explorations: Sequence[Exploration], items: Mapping[str, ScenarioItem]
) -> Found:
    """Group the failures found by *explorations* by cause.

    Return each with a scenario to reproduce it.

    The scenario is made from the first variant that showed the failure. *items* has the explored
    items by id.
    """
    causes = find_causes(explorations)
    return [(one, reproduce(items[one.items[0]], one.variants[0])) for one in causes]


def _choose_exit_code(explorations: Sequence[Exploration], found: Found) -> ExitCode:
    if any(finding.fails_scenario for finding, _ in found):
        return ExitCode.FAILED
    is_explored = any(one.tried for one in explorations)
    return ExitCode.PASSED if is_explored else ExitCode.NOTHING


def _save_findings(scenarios: Sequence[ReproducingScenario]) -> None:
    """Write *scenarios* to files, and print their paths."""
    for scenario in scenarios:
        name = to_display_path(scenario.path)
        if scenario.path.exists():
            notify("{name}: is there already, and stays as it is", name=name)
        elif why := save_and_check_reproduction(scenario):
            notify("{name}: not written, as it would not fail for this: {why}", name=name, why=why)
        else:
            notify("written: {name}", name=name)


def _store_report_section(
    explorations: Sequence[Exploration], found: Found, html: Path | None
) -> None:
    """Store findings and the table of calls × failures as a section of the report page.

    Then also write it as a page of its own, if *html* names a file. A section that cannot be stored
    is told of, as it must not take the findings of a long search with it.

    Raises:
        ConfigError: if the page cannot be written.
    """
    explored = [one for one in explorations if not one.refused]
    if not explored:
        return
    findings = [finding for finding, _ in found]
    section = make_section(sum_totals(explored), findings, [one.text for _, one in found])
    folders: list[Path] = []
    try:
        folders.append(store_section(find_root(Path.cwd()), section).parent)
    except ConfigError as error:  # such as a disk that nobody may write to
        notify(str(error))
    if html is not None:
        own = () if folders else (section,)
        write_page(html, [], version=bpmax_sim.__version__, section_folders=folders, sections=own)


def _check_options(most: int | None, minutes: float | None, workers: int) -> None:
    """Refuse impossible option values; None is an option that was not given.

    Raises:
        ConfigError: with the values that are allowed.
    """
    option.check_workers(workers)
    if most is not None and most < 1:
        raise ConfigError("--max {most}: expected a number from 1", most=most)
    if minutes is not None and not 0 < minutes <= 24 * 60:
        raise ConfigError(
            "--minutes {minutes:g}: expected more than 0, and a day at most", minutes=minutes
        )


def _print_findings(
    explorations: Sequence[Exploration], found: Found, code: ExitCode, *, json: bool
) -> None:
    """Print the findings; with *json*, as one JSON object that includes the exit code."""
    explored = [one for one in explorations if not one.refused]
    totals = sum_totals(explored)
    red = sum(finding.fails_scenario for finding, _ in found)
    if json:
        say_document(
            tried=totals.tried,
            possible=totals.possible,
            exit_code=int(code),
            findings=[_make_finding_data(*one) for one in found],
            refused=[{"item": o.node_id, "why": o.refused} for o in explorations if o.refused],
        )
        return
    for line in _format_report(explored, found):
        say(line)
    for one in explorations:
        for limit in explain_unexplored_parts(one):
            notify(label_message(one.node_id, limit))
    for line in explain_unjudged_variants(totals):
        notify(line)
    notify(describe_totals(totals))
    if totals.tried:
        notify(plural(red, "{number} finding fails", "{number} findings fail"))
    else:
        notify(msg("nothing was tried, so nothing is proved"))


def _format_report(explored: Sequence[Exploration], found: Found) -> Iterator[str]:
    """Yield the findings, then the matrix: what each call did under each kind of failure.

    Below a finding that fails stands the scenario that reproduces it, below others the fault rules
    that cause it.
    """
    for finding, scenario in found:
        yield from describe_finding(finding)
        first = finding.variants[0]
        is_whole = finding.fails_scenario or first.interruption is not None
        text = scenario.text if is_whole else format_rules(first.rules)
        yield from (f"    | {line}" for line in text.splitlines())
    yield from describe_unproven_missing_members(explored)
    yield from format_matrix(make_matrix(sum_totals(explored).cells))


def _make_finding_data(finding: CauseFinding, scenario: ReproducingScenario) -> dict[str, Any]:
    place = Place.parse(finding.place)
    return {
        "verdict": finding.verdict,
        "file": place.file,
        "line": place.line,
        "call": finding.call,
        "red": finding.fails_scenario,
        "why": str(finding.why),
        "failures": [str(kind) for kind in finding.kinds],
        "items": list(finding.items),
        "scenario": scenario.text,
    }
