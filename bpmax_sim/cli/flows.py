"""``report --flow``: draw a flow, as picture and tree, with the routes taken in traced runs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from bpmax_sim.cli.terminal import say_result
from bpmax_sim.errors import ConfigError, LimitedProblems, Problem, get_place_sort_key
from bpmax_sim.project import find_root, make_parent_folder, to_absolute_path
from bpmax_sim.report import trace_files
from bpmax_sim.report.exit_codes import ExitCode
from bpmax_sim.report.flow_picture import draw_page, draw_svg, draw_tree, format_walk_summary
from bpmax_sim.report.flow_walks import FlowWalks, count_walks
from bpmax_sim.scenario.source import ScenarioSource, Spot
from bpmax_sim.subject.definition import Definition
from bpmax_sim.yamlfile import decode, format_steps, to_display_path, translate_write_errors


def draw_flow(file: Path, traces: Sequence[Path], page: Path, *, json: bool) -> int:
    """Draw the flow in *file* as an HTML *page* and an SVG file beside it, and print it as a tree.

    All three show how often each node and route was walked in *traces*.

    Raises:
        ConfigError: if the flow cannot be read, or a file cannot be written.
    """
    root = find_root(file)
    name = Path(to_absolute_path(file)).relative_to(root.absolute()).as_posix()
    walks = count_walks(_read_definition(file), name, _read_traces(traces))
    picture = page.with_suffix(".svg")
    texts = {page: draw_page(walks, to_display_path(file)), picture: draw_svg(walks)}
    for path, text in texts.items():
        with translate_write_errors(path):
            make_parent_folder(path)
            path.write_text(text, encoding="utf-8", newline="\n")
    lines = [*draw_tree(walks), "", *format_walk_summary(walks), *map(to_display_path, texts)]
    outcomes = ("passed", "failed", "xfailed", "skipped", "ended_early", "unreadable")
    counts = dict.fromkeys(outcomes, 0)
    say_result(
        lines, json=json, file=to_display_path(page), **counts, flow=_make_flow_data(walks, picture)
    )
    return ExitCode.PASSED


def _read_definition(file: Path) -> Definition:
    """Return the flow declared in *file*.

    Raises:
        ConfigError: if the declaration has errors; all of them are listed.
    """
    source = ScenarioSource.read(file)
    problems: list[Problem] = LimitedProblems()
    definition = decode(source.root, Definition, problems)
    if definition is not None and not problems:
        problems += [
            Problem(message, Spot(source, path).place, format_steps(path))
            for path, message in definition.find_mistakes()
        ]
    if definition is None or problems:
        raise ConfigError(*sorted(dict.fromkeys(problems), key=get_place_sort_key))
    return definition


def _read_traces(places: Sequence[Path]) -> list[trace_files.Trace]:
    """Return the traces in *places*; empty if nothing ran yet, which draws a flow without walks.

    Raises:
        ConfigError: if there are traces that cannot be read.
    """
    try:
        return list(trace_files.read_traces(places))
    except ConfigError:
        if any(place.exists() for place in places) and any(
            place.is_file() or next(place.rglob("*.ndjson"), None) for place in places
        ):
            raise
        return []


def _make_flow_data(walks: FlowWalks, picture: Path) -> dict[str, object]:
    return {
        "picture": to_display_path(picture),
        "runs": walks.runs,
        "nodes": [
            {"node": name, "walked": walks.visits.get(name, 0)} for name in walks.definition.nodes
        ],
        "ways": [
            {
                "from": way.source,
                "action": way.action,
                "when": way.when,
                "to": way.target,
                "walked": walks.counts.get(way, 0),
            }
            for way in walks.edges
        ],
    }
