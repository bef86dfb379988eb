"""``report``: one page from the traces of one or several machines, or the picture of a flow."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from typer import Argument, Option

import bpmax_sim
from bpmax_sim.cli import options as option
from bpmax_sim.cli.flows import draw_flow
from bpmax_sim.cli.terminal import notify, say_result
from bpmax_sim.cli.usage import merge_durations_and_find_traces
from bpmax_sim.i18n import msg, plural
from bpmax_sim.project import find_root
from bpmax_sim.report import trace_files
from bpmax_sim.report.editor_links import make_editor_url_template
from bpmax_sim.report.exit_codes import ExitCode
from bpmax_sim.report.html import delete_page_on_error, write_page
from bpmax_sim.report.run_comparison import compare_runs
from bpmax_sim.report.sections import SECTIONS
from bpmax_sim.scenario import shards
from bpmax_sim.yamlfile import to_display_path


def report(
    traces: Annotated[
        list[Path] | None,
        Argument(metavar="[TRACE]...", help=msg("Files or folders; by default .bpmax/trace.")),
    ] = None,
    *,
    evidence_folders: option.EvidenceFolders = None,
    to: Annotated[
        Path | None, Option(metavar="FILE", help=msg("Where; by default .bpmax/report.html."))
    ] = None,
    flow: Annotated[
        Path | None,
        Option(
            metavar="FILE",
            help=msg(
                "Draw this flow instead, with what runs walked; by default below .bpmax/flows."
            ),
        ),
    ] = None,
    json: option.Json = False,
) -> int:
    """Write the report page (HTML) of traces and print its path.

    With ``--flow`` the picture of a flow.
    """
    root = find_root(Path.cwd())
    if flow is not None:
        page = to or root / trace_files.TRACE_FOLDER.with_name("flows") / f"{flow.stem}.html"
        return draw_flow(flow, traces or [root / trace_files.TRACE_FOLDER], page, json=json)
    path = to or root / trace_files.TRACE_FOLDER.with_name("report.html")
    counts = _write_report_page(root, list(traces or ()), evidence_folders or (), path)
    totals = {word: counts[word] for word in ("passed", "failed", "xfailed", "skipped")}
    say_result(
        [to_display_path(path)],
        json=json,
        file=to_display_path(path),
        **totals,
        ended_early=counts["did not end"],
        unreadable=counts["unreadable"],
        flow=None,
    )
    return (
        ExitCode.USAGE
        if counts["unreadable"]
        else ExitCode.FAILED
        if counts["unused"]
        else ExitCode.PASSED
    )


def _write_report_page(
    root: Path, places: list[Path], evidence_folders: Sequence[Path], path: Path
) -> Counter[str]:
    """Write the report page to *path*.

    Return the number of scenarios by outcome, such as ``passed``.

    The numbers of unreadable traces, and of declared parts of a scenario file (such as a stub or a
    CSV column) that none of its rows used, are printed to stderr, and are in the result as
    ``unreadable`` and ``unused``.
    """
    with delete_page_on_error(path):
        if evidence_folders:
            places += merge_durations_and_find_traces(root, evidence_folders)
        places = places or [root / trace_files.TRACE_FOLDER]
        counts = write_page(
            path,
            places,
            version=bpmax_sim.__version__,
            section_folders=[place.absolute().parent / SECTIONS.name for place in places],
            sections=tuple(compare_runs(places, shards.read_durations(root))),
            editor=make_editor_url_template(root),
        )
    if left_out := counts["unreadable"]:
        notify(
            plural(
                left_out, "{number} trace could not be read", "{number} traces could not be read"
            )
        )
    if unused := counts["unused"]:
        notify(
            plural(
                unused,
                "{number} part of a file that none of its rows used; the page names it",
                "{number} parts of files that none of their rows used; the page names them",
            )
        )
    return counts
