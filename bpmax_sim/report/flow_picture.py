"""Draw a flow and how often it was walked: as SVG, as a page around it, and as a text tree.

Nodes and routes that were never walked are dashed as well as pale, so that the picture is readable
without colours. The SVG needs no other file and follows the reader's dark or light scheme.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Mapping, Sequence

from markupsafe import Markup

from bpmax_sim.i18n import (
    get_current_language,
    join_list,
    join_messages,
    measure_display_width,
    msg,
    plural,
    translate,
)
from bpmax_sim.report.flow_layout import HEIGHT, Layout, Point, lay_out
from bpmax_sim.report.flow_walks import FlowEdge, FlowWalks
from bpmax_sim.report.html import load_page_texts
from bpmax_sim.subject.definition import FlowNode

_COLUMN = 7.0
"""Pixels of a half-width column in a box."""
_LEAST_WIDTH, _MOST_COLUMNS, _LABEL_COLUMNS = 92, 20, 18

STYLE = """
.flow { --ink: #1c2024; --soft: #57606a; --paper: #ffffff; --box: #f5f6f8; --edge: #8c959f;
  --walked: #0b57c9; --pick: #dbe8ff; font: 13px system-ui, "Noto Sans CJK SC", "PingFang SC",
  "Microsoft YaHei", sans-serif; }
@media (prefers-color-scheme: dark) { .flow { --ink: #e8eaed; --soft: #a9b1ba; --paper: #16181b;
  --box: #1d2024; --edge: #6e7781; --walked: #8ab6ff; --pick: #22385c; } }
.flow .paper { fill: var(--paper); }
.flow .box { fill: var(--box); stroke: var(--edge); stroke-width: 1.3; stroke-dasharray: 5 3; }
.flow .walked .box { fill: var(--pick); stroke: var(--walked); stroke-width: 1.8;
  stroke-dasharray: none; }
.flow text { fill: var(--soft); } .flow .walked .name { fill: var(--ink); font-weight: 600; }
.flow .small { font-size: 11px; }
.flow .line { fill: none; stroke: var(--edge); stroke-width: 1.2; stroke-dasharray: 5 3; }
.flow .head { fill: var(--edge); } .flow .walked .head { fill: var(--walked); }
.flow .walked .line { stroke: var(--walked); stroke-width: 2; stroke-dasharray: none; }
.flow .label { font-size: 11px; paint-order: stroke; stroke: var(--paper); stroke-width: 4px; }
.flow .walked .label { fill: var(--ink); }
""".strip()
_PAGE_STYLE = """
:root { color-scheme: light dark; } body { margin: 0 auto; padding: 16px; max-width: 1100px;
  color: light-dark(#1c2024, #e8eaed); background: light-dark(#ffffff, #16181b);
  font: 14px/1.6 system-ui, "Noto Sans CJK SC", "PingFang SC", "Microsoft YaHei", sans-serif; }
h1 { font-size: 18px; margin: 0; } h2 { font-size: 15px; margin: 20px 0 4px; } p { margin: 4px 0; }
.picture { overflow-x: auto; margin: 12px 0; } .picture svg { display: block; margin: 0 auto; }
ul { margin: 4px 0; padding-inline-start: 20px; } li { overflow-wrap: anywhere; }
.quiet { color: light-dark(#57606a, #a9b1ba); }
""".strip()


def draw_svg(walks: FlowWalks) -> str:
    """Return the flow as a complete SVG file, with counts of walks."""
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{_render_svg(walks, style=True)}\n'


def draw_page(walks: FlowWalks, file: str) -> str:
    """Return an HTML page with the picture of a flow, and what was never walked.

    *file* is the name of the flow's file, shown as subtitle.
    """
    styles = f"{_PAGE_STYLE}\n{STYLE}"
    digest = base64.b64encode(hashlib.sha256(styles.encode()).digest()).decode()
    flow = walks.definition.flow
    title = translate(msg("Flow {flow}", flow=flow))
    lines = [translate(line) for line in format_walk_summary(walks)]
    never = [translate(line) for line in _list_unwalked_parts(walks)]
    parts = [
        f'<!doctype html>\n<html lang="{get_current_language()}"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        (
            '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
            f"style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'\">"
        ),
        Markup("<title>{}</title>").format(title),
        f"<style>{styles}</style></head><body><main>",
        Markup('<h1>{}</h1><p class="quiet">{}</p>').format(title, file),
        *(Markup("<p>{}</p>").format(line) for line in lines),
        f'<div class="picture" tabindex="0">{_render_svg(walks)}</div>',
        Markup("<h2>{}</h2>").format(translate(msg("Never walked"))),
        Markup("<ul>{}</ul>").format(
            Markup("").join(Markup("<li>{}</li>").format(line) for line in never)
        )
        if never
        else Markup("<p>{}</p>").format(translate(msg("Nothing: every node and way was walked."))),
        "</main></body></html>\n",
    ]
    return "\n".join(map(str, parts))


def format_walk_summary(walks: FlowWalks) -> Iterator[str]:
    """Yield how many nodes and routes were walked, and nodes in traces that the flow does not have.

    Such a node was renamed or removed since the trace was written.
    """
    nodes, ways = len(walks.definition.nodes), len(walks.edges)
    yield msg(
        "{seen} of {nodes} nodes and {gone} of {ways} ways were walked, in {runs}",
        seen=nodes - len(walks.nodes_never_walked),
        nodes=nodes,
        gone=ways - len(walks.edges_never_walked),
        ways=ways,
        runs=plural(walks.runs, "{number} run", "{number} runs"),
    )
    if not walks.runs:
        yield msg("no trace knows this flow; write some with `bpmax-sim run --trace=on`")
    if walks.unknown_nodes:
        names = join_list(walks.unknown_nodes)
        yield msg("traces know nodes that the file has not: {names}; run again", names=names)


def _list_unwalked_parts(walks: FlowWalks) -> Iterator[str]:
    yield from walks.nodes_never_walked
    yield from (_describe_edge(way) for way in walks.edges_never_walked)


def _translate_action(action: str) -> str:
    """Return *action*, such as ``approve``, in the reader's language."""
    words = load_page_texts().get(f"flow {action}", {})
    return words.get(get_current_language(), action)


def _describe_edge(edge: FlowEdge) -> str:
    action = _translate_action(edge.action)
    when = msg(" [{when}]", when=edge.when) if edge.when else ""
    return msg(
        "{source} → {target} ({action}{when})",
        source=edge.source,
        target=edge.target,
        action=action,
        when=when,
    )


# ---------------------------------------------------------------------------- text


def draw_tree(walks: FlowWalks) -> Iterator[str]:
    """Yield the flow as lines of a tree, with counts of walks.

    A node that several routes reach is drawn once, below the first of them.
    """
    seen: set[str] = set()
    start = walks.definition.start
    yield join_messages("", [start, _format_walk_count(walks.visits.get(start, 0))])
    yield from _draw_branches(walks, start, "", seen)


def _draw_branches(walks: FlowWalks, name: str, indent: str, seen: set[str]) -> Iterator[str]:
    seen.add(name)
    ways = [way for way in walks.edges if way.source == name]
    for number, way in enumerate(ways):
        is_last = number == len(ways) - 1
        again = way.target in seen
        yield join_messages(
            "",
            [
                indent + ("└─ " if is_last else "├─ "),
                _translate_action(way.action),
                f" [{_cut_to_columns(way.when, 40)}]" if way.when else "",
                f" → {way.target}",
                msg(" (above)") if again else "",
                _format_walk_count(walks.counts.get(way, 0)),
            ],
        )
        if not again:
            yield from _draw_branches(
                walks, way.target, indent + ("   " if is_last else "│  "), seen
            )


def _format_walk_count(count: int) -> str:
    return f"  ×{count}" if count else msg("  never walked")


def _cut_to_columns(text: str, columns: int) -> str:
    """Return *text* cut to at most *columns*."""
    if measure_display_width(text) <= columns:
        return text
    kept = ""
    for letter in text:
        if measure_display_width(kept + letter) >= columns:
            break
        kept += letter
    return f"{kept}…"


# ---------------------------------------------------------------------------- SVG


def _render_svg(walks: FlowWalks, *, style: bool = False) -> str:
    nodes = walks.definition.nodes
    start = walks.definition.start
    names = [start, *(name for name in nodes if name != start)]
    widths = {name: _compute_box_width(name, nodes[name]) for name in names}
    layout = lay_out(widths, ((way.source, way.target) for way in walks.edges))
    title = translate(msg("Flow {flow}", flow=walks.definition.flow))
    size = f"{layout.width:.0f} {layout.height:.0f}"
    parts = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" class="flow" role="img" viewBox="0 0 {size}" '
            f'width="{layout.width:.0f}" height="{layout.height:.0f}">'
        ),
        Markup("<title>{}</title>").format(title),
        f"<style>{STYLE}</style>" if style else "",
        '<rect class="paper" width="100%" height="100%"/>',
        *_draw_edges(walks, layout),
        *(_draw_node(walks, name, widths[name], layout.boxes[name]) for name in names),
        "</svg>",
    ]
    return "\n".join(str(part) for part in parts if part)


def _compute_box_width(name: str, node: FlowNode) -> float:
    text = max(
        measure_display_width(_cut_to_columns(node.title or name, _MOST_COLUMNS)) + 7,
        measure_display_width(_format_node_subtitle(node)),
    )
    return max(_LEAST_WIDTH, text * _COLUMN + 16)


def _format_node_subtitle(node: FlowNode) -> str:
    """Return the second line of a node's box: its owners (who handle it), sub-flow or kind.

    "" for an end.
    """
    if node.end:
        return ""
    if node.parallel:
        text = msg("parallel")
    elif node.child_flow:
        text = msg("sub-flow {name}", name=node.child_flow.flow)
    elif node.owners:
        text = join_messages(msg(", "), map(str, node.owners))
    else:
        text = msg("owners by a script")
    return _cut_to_columns(translate(text), _MOST_COLUMNS)


def _draw_node(walks: FlowWalks, name: str, width: float, middle: Point) -> Markup:
    node, count = walks.definition.nodes[name], walks.visits.get(name, 0)
    left, top = middle[0] - width / 2, middle[1] - HEIGHT / 2
    mark = f"×{count}" if count else translate(msg("never"))
    return Markup(
        '<g class="{kind}"><title>{whole}</title><rect class="box" x="{left:.1f}" y="{top:.1f}" '
        'width="{wide:.1f}" height="{high}" rx="{round}"/>'
        '<text class="name" x="{x:.1f}" y="{first:.1f}">{name}</text>'
        '<text class="small" x="{x:.1f}" y="{second:.1f}">{more}</text>'
        '<text class="small" text-anchor="end" x="{right:.1f}" y="{first:.1f}">{mark}</text></g>'
    ).format(
        kind="walked" if count else "never",
        whole=f"{node.title or name} {mark}",
        left=left,
        top=top,
        wide=width,
        high=HEIGHT,
        round=22 if node.end else 6,
        x=left + (16 if node.end else 9),
        right=left + width - (14 if node.end else 8),
        first=top + (28 if node.end else 20),
        second=top + 37,
        name=_cut_to_columns(node.title or name, _MOST_COLUMNS),
        more=_format_node_subtitle(node),
        mark=mark,
    )


def _draw_edges(walks: FlowWalks, layout: Layout) -> Iterator[Markup]:
    """Yield the lines and their labels; walked ones last, so that they lie on top."""
    groups: dict[tuple[str, str], list[FlowEdge]] = {}
    for way in walks.edges:
        groups.setdefault((way.source, way.target), []).append(way)
    by_use = sorted(groups.items(), key=lambda one: any(walks.counts.get(w) for w in one[1]))
    for pair, ways in by_use:
        points, is_back = layout.edge_points[pair], pair in layout.back_edges
        yield Markup(
            '<g class="{kind}"><title>{whole}</title><path class="line" d="{path}"/>'
            '<path class="head" d="{head}"/></g>'
        ).format(
            kind="walked" if any(walks.counts.get(way) for way in ways) else "never",
            whole=translate(join_messages(" / ", map(_describe_edge, ways))),
            path="M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
            if is_back
            else _make_curve_path(points),
            head=_make_arrow_path(points[-1]),
        )
    numbers: dict[str, int] = {}
    for pair, ways in groups.items():
        number = numbers[pair[0]] = numbers.get(pair[0], -1) + 1
        (x, y), anchor = _compute_label_place(
            layout.edge_points[pair], number, is_back=pair in layout.back_edges
        )
        yield Markup(
            '<g class="{kind}"><text class="label" text-anchor="{anchor}" x="{x:.1f}" '
            'y="{y:.1f}">{label}</text></g>'
        ).format(
            kind="walked" if any(walks.counts.get(way) for way in ways) else "never",
            anchor=anchor,
            x=x,
            y=y,
            label=translate(
                join_messages(" / ", (_format_edge_label(way, walks.counts) for way in ways))
            ),
        )


def _format_edge_label(edge: FlowEdge, counts: Mapping[FlowEdge, int]) -> str:
    """Return the label of a route: its action or condition, and how often it was taken (``×2``).

    A plain approval and the start of a branch are not named.
    """
    is_plain = edge.action in ("approve", "parallel")
    word = "" if is_plain else _translate_action(edge.action)
    when = _cut_to_columns(edge.when.replace("ctx.form.", ""), _LABEL_COLUMNS) if edge.when else ""
    count = counts.get(edge, 0)
    times = f"×{count}" if count else "×0"
    return join_messages(" ", filter(None, (word, when, times)))


def _compute_label_place(
    points: Sequence[Point], number: int, *, is_back: bool
) -> tuple[Point, str]:
    """Return position and text anchor of a route's label, the *number*th of its box, from 0.

    *points* are those of its line. Labels of one box stand at different heights, so that they do
    not cover each other; that of a back edge (*is_back*: a line that leads upwards) is at its first
    corner.
    """
    if is_back:
        return (points[1][0] + 5, points[1][1] + 12), "start"
    (left, top), (right, bottom) = points[0], points[1]
    share = (0.5, 0.3, 0.72)[number % 3]
    eased = share * share * (3 - 2 * share)  # as the curve bends
    return (left + (right - left) * eased, top + (bottom - top) * share + 4), "middle"


def _make_curve_path(points: Sequence[Point]) -> str:
    """Return an SVG path that leaves and enters every point vertically."""
    (left, top), *rest = points
    path = f"M{left:.1f} {top:.1f}"
    for right, bottom in rest:
        bend = (bottom - top) / 2
        path += f"C{left:.1f} {top + bend:.1f} {right:.1f} {bottom - bend:.1f}"
        path += f" {right:.1f} {bottom:.1f}"
        left, top = right, bottom
    return path


def _make_arrow_path(tip: Point) -> str:
    x, y = tip
    return f"M{x:.1f} {y:.1f}L{x - 4.5:.1f} {y - 8:.1f}L{x + 4.5:.1f} {y - 8:.1f}Z"
