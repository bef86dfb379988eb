"""``coverage --scripts``: the lines and branches of scripts that scenarios run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from typer import Option

import bpmax_sim
from bpmax_sim.cli.item_runs import run_items
from bpmax_sim.cli.terminal import align_columns, iterate_with_progress, notify, say_result
from bpmax_sim.errors import ConfigError
from bpmax_sim.i18n import join_list, label_message, msg, plural
from bpmax_sim.project import find_root, make_parent_folder
from bpmax_sim.report.exit_codes import ExitCode
from bpmax_sim.report.html import write_page
from bpmax_sim.report.perform import PerformOptions
from bpmax_sim.report.script_coverage import (
    CoverageCounts,
    CoveredBranch,
    CoveredScript,
    add_counts,
    cover_scripts,
    format_lcov,
    list_scripts_without_counters,
    read_hits,
    store_hits,
)
from bpmax_sim.scenario.load import ScenarioItem
from bpmax_sim.scenario.shards import Shard
from bpmax_sim.script.hits import ScriptHits
from bpmax_sim.yamlfile import to_display_path, translate_write_errors

_MOST_RANGES = 8

Scripts = Annotated[bool, Option("--scripts", help=msg("Lines and branches of scripts instead."))]
LcovFile = Annotated[
    Path | None,
    Option("--lcov", metavar="FILE", help=msg("With --scripts, write a tracefile of lcov.")),
]
ReportFile = Annotated[
    Path | None,
    Option(
        "--report",
        metavar="FILE",
        help=msg("With --scripts, write a page with the annotated sources."),
    ),
]
HitFolders = Annotated[
    list[Path] | None,
    Option(
        "--hits",
        metavar="DIR",
        help=msg(
            "With --scripts, run nothing and read the .bpmax/hits of other runs, such as "
            "shards; repeatable."
        ),
    ),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptCoverageOptions:
    """The options of ``coverage --scripts``.

    Attributes:
        allow_hosts: hosts that scenarios may reach over the network.
        fail_under: percentage below which the command fails.
        missing: whether lines and branches that never ran are listed.
        lcov, report: files to write: an lcov tracefile, an HTML page.
        hit_folders: folders with counts that earlier runs stored; if given, nothing is run.
    """

    allow_hosts: Sequence[str] = ()
    fail_under: float = 0.0
    missing: bool = True
    lcov: Path | None = None
    report: Path | None = None
    hit_folders: Sequence[Path] = ()
    json: bool = False


def show_script_coverage(items: Sequence[ScenarioItem], options: ScriptCoverageOptions) -> int:
    """Print which lines and branches of scripts ran, in *items* or (stored counts) in earlier runs.

    Return the exit code.

    Raises:
        ConfigError: if stored counts do not fit the files, or a file cannot be written.
    """
    root = find_root(items[0].path if items else Path.cwd())
    if options.hit_folders and options.report is not None:
        raise ConfigError("--report shows sources, of which a run knows what is secret; no --hits")
    if options.hit_folders:
        hits, ran = read_hits(options.hit_folders, root), 0
    else:
        hits, ran = _count_hits_and_items_run(items, options.allow_hosts)
        store_hits(hits, root, Shard(1, 1))
    covered = cover_scripts(hits, root)
    _write_files(covered, options)
    return _print_coverage(covered, list_scripts_without_counters(hits, root), ran, options)


def _write_files(covered: Sequence[CoveredScript], options: ScriptCoverageOptions) -> None:
    if options.lcov is not None:
        with translate_write_errors(options.lcov):
            make_parent_folder(options.lcov)
            options.lcov.write_text(format_lcov(covered), encoding="utf-8", newline="\n")
    if options.report is not None:
        write_page(options.report, [], version=bpmax_sim.__version__, covered=covered)
        notify("report: {path}", path=to_display_path(options.report))


def _print_coverage(
    covered: Sequence[CoveredScript],
    uncounted: Sequence[str],
    scenario_count: int,
    options: ScriptCoverageOptions,
) -> int:
    percent = add_counts(covered).percentage
    lines = _format_table(covered)
    if options.missing and (left := list(list_missing_branches(covered))):
        lines += ["", *left]
    say_result(
        lines,
        json=options.json,
        percent=percent,
        scenarios=scenario_count,
        kinds=[],
        scripts=list(map(_to_script_document, covered)),
        uncounted=list(uncounted),
    )
    for one in covered:
        if one.lost:
            notify(
                "{path}: not counted where a limit ended it: {number}",
                path=one.file,
                number=plural(one.lost, "{number} run", "{number} runs"),
            )
    for path in uncounted:
        notify("{path}: not counted: no JavaScript that can be read, or too large", path=path)
    if percent >= options.fail_under:
        return ExitCode.PASSED
    notify(
        "{percent:g} % of lines and branches ran, and {least:g} % have to",
        percent=percent,
        least=options.fail_under,
    )
    return ExitCode.FAILED


def _count_hits_and_items_run(
    items: Sequence[ScenarioItem], allow_hosts: Sequence[str]
) -> tuple[ScriptHits, int]:
    """Run *items*; return how often each line and branch of scripts ran, and how many items ran.

    Items (scenarios or rows) that record or call a live system are skipped.
    """
    closed = [item for item in items if item.scenario.proxy.mode not in {"record", "live"}]
    if len(closed) < len(items):
        number = plural(len(items) - len(closed), "{number} scenario", "{number} scenarios")
        notify("skipped, as it needs a live system: {number}", number=number)
    hits = ScriptHits()
    choices = PerformOptions(options={"allow_hosts": tuple(allow_hosts), "hits": hits})
    failed = 0
    for verdict in iterate_with_progress(run_items(closed, choices), len(closed)):
        failed += verdict.outcome == "failed"
    if failed:
        counted = plural(failed, "{number} scenario", "{number} scenarios")
        message = msg("{counted} failed; what they ran counts", counted=counted)
        notify("{message}; see `bpmax-sim run`", message=message)
    return hits, len(closed)


def _format_table(covered: Sequence[CoveredScript]) -> list[str]:
    rows = [(msg("script"), msg("lines"), msg("branches"), "%", msg("lines never run"))]
    for one in covered:
        never = [line for line, hits in one.lines.items() if not hits]
        rows.append((one.file, *_format_counts(one.counts), _join_ranges(never)))
    rows.append((msg("all"), *_format_counts(add_counts(covered)), ""))
    return list(align_columns(rows))


def _format_counts(counts: CoverageCounts) -> tuple[str, str, str]:
    ran, lines, taken, branches = counts
    return (
        msg("{number} of {total}", number=ran, total=lines),
        msg("{number} of {total}", number=taken, total=branches) if branches else "-",
        f"{counts.percentage:g}",
    )


def _join_ranges(lines: Sequence[int]) -> str:
    """Return *lines* as ``3, 5-7``; a long list is cut."""
    ranges: list[list[int]] = []
    for line in lines:
        if ranges and line == ranges[-1][1] + 1:
            ranges[-1][1] = line
        else:
            ranges.append([line, line])
    texts = [f"{first}-{last}" if last > first else f"{first}" for first, last in ranges]
    return join_list([*texts[:_MOST_RANGES], *(["…"] if len(texts) > _MOST_RANGES else [])])


def list_missing_branches(covered: Sequence[CoveredScript]) -> Iterator[str]:
    """Yield each branch that was never taken: place, kind, and what would reach it."""
    for one in covered:
        for branch in one.untaken_branches:
            line, column = branch.condition_or_own_place
            place = f"{one.file}:{line}:{column}"
            yield label_message(place, branch.describe())


def _to_script_document(script: CoveredScript) -> dict[str, Any]:
    ran, lines, taken, branches = script.counts
    return {
        "file": script.file,
        "percent": script.counts.percentage,
        "lines": {
            "covered": ran,
            "total": lines,
            "missing": [line for line, hits in script.lines.items() if not hits],
        },
        "branches": {
            "covered": taken,
            "total": branches,
            "missing": [_to_branch_document(branch) for branch in script.untaken_branches],
        },
        "lost": script.lost,
    }


def _to_branch_document(branch: CoveredBranch) -> dict[str, Any]:
    return {
        "line": branch.condition_or_own_place.line,
        "column": branch.condition_or_own_place.column,
        "arm": branch.arm,
        "message": branch.describe(with_advice=False),
        "reach": branch.reach,
    }
