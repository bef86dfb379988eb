"""Lay out a graph in layers from top to bottom, with lines between the boxes.

The method is that of Sugiyama, Tagawa and Toda (1981): back edges are ignored, each node is placed
below all its predecessors, edges across several layers get a point in each, and the order in a
layer minimises crossings heuristically. The result is deterministic, equal on every machine.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from math import fsum  # the built-in sum of floats rounds otherwise since Python 3.12

import msgspec

GAP = 26
"""Between the boxes of a layer."""
HEIGHT = 46
LAYER = HEIGHT + 62
_SWEEPS = 12
_POINT = 12
"""The width that a passing line takes up."""
_BEND = 9

Point = tuple[float, float]
Edge = tuple[str, str]
_Vertex = str | tuple[str, str, int]
"""A node; or a way where it passes a layer."""


class Layout(msgspec.Struct, frozen=True, kw_only=True):
    """The positions of the boxes (nodes) and lines (edges) of a drawn graph, in pixels.

    Attributes:
        boxes: node -> centre of its box.
        edge_points: edge -> its points from box to box; for a back edge, its corners.
        back_edges: edges that lead upwards.
    """

    width: float
    height: float
    boxes: Mapping[str, Point]
    edge_points: Mapping[Edge, Sequence[Point]]
    back_edges: frozenset[Edge]


def lay_out(widths: Mapping[str, float], edges: Iterable[Edge]) -> Layout:
    """Place boxes of the given *widths*, by node name, the first at the top, and the *edges*."""
    every = list(dict.fromkeys(way for way in edges if {*way} <= widths.keys()))
    back = _find_back_edges(list(widths), every)
    forward = [way for way in every if way not in back]
    # Layers need a graph without cycles: back edges are drawn last, in channels on the right.
    ranks = _assign_layers(list(widths), forward)
    chains = {way: _list_edge_vertices(way, ranks) for way in forward}
    links = [pair for chain in chains.values() for pair in pairwise(chain)]
    layers = _order_layers(_group_by_layer(ranks, chains), links)
    room = {vertex: widths.get(str(vertex), _POINT) if isinstance(vertex, str) else _POINT
            for layer in layers for vertex in layer}  # fmt: skip
    middles = _place_vertices(layers, links, room)
    left = min((middles[v] - room[v] / 2 for v in middles), default=0) - _BEND
    right = max((middles[v] + room[v] / 2 for v in middles), default=0) - left
    top = _BEND * (4 if back else 1)
    points = {
        vertex: (middles[vertex] - left, number * LAYER + HEIGHT / 2 + top)
        for number, layer in enumerate(layers)
        for vertex in layer
    }
    boxes = {name: points[name] for name in widths}
    lines: dict[Edge, Sequence[Point]] = _compute_forward_edge_points(chains, points, widths)
    lines |= {
        way: _compute_back_edge_points(way, boxes, widths, right + _BEND * (2 + 2 * number), number)
        for number, way in enumerate(sorted(back, key=every.index))
    }
    return Layout(
        width=right + _BEND * (2 * len(back) + 3 if back else 1),
        height=(len(layers) - 1) * LAYER + HEIGHT + top + 4 * _BEND,
        boxes=boxes,
        edge_points=lines,
        back_edges=back,
    )


def _find_back_edges(names: Sequence[str], edges: Sequence[Edge]) -> frozenset[Edge]:
    """Return the back edges: those that lead to a node on the path to their own start."""
    following: dict[str, list[str]] = {name: [] for name in names}
    for source, target in edges:
        following[source].append(target)
    back: set[Edge] = set()
    done: set[str] = set()

    def visit(name: str, above: frozenset[str]) -> None:
        if name in done:
            return
        # A new set for each path (frozenset), so nothing has to be taken away on the way back.
        above |= {name}
        for target in following[name]:
            if target in above:
                back.add((name, target))
            else:
                visit(target, above)
        done.add(name)

    for name in names:
        visit(name, frozenset())
    return frozenset(back)


def _assign_layers(names: Sequence[str], edges: Sequence[Edge]) -> dict[str, int]:
    """Return the layer of each node, below all its predecessors."""
    ranks = dict.fromkeys(names, 0)
    # Longest paths: without cycles, one round for each node is enough.
    for _ in names:
        moved = False
        for source, target in edges:
            if ranks[target] <= ranks[source]:
                ranks[target], moved = ranks[source] + 1, True
        if not moved:
            break
    return ranks


def _list_edge_vertices(edge: Edge, ranks: Mapping[str, int]) -> list[_Vertex]:
    source, target = edge
    between = range(ranks[source] + 1, ranks[target])
    return [source, *((source, target, rank) for rank in between), target]


def _group_by_layer(
    ranks: Mapping[str, int], chains: Mapping[Edge, Sequence[_Vertex]]
) -> list[list[_Vertex]]:
    layers: list[list[_Vertex]] = [[] for _ in range(max(ranks.values(), default=-1) + 1)]
    for name, rank in ranks.items():
        layers[rank].append(name)
    for chain in chains.values():
        for vertex in chain[1:-1]:
            layers[int(vertex[2])].append(vertex)
    return layers


def _order_layers(
    layers: list[list[_Vertex]], links: Sequence[tuple[_Vertex, _Vertex]]
) -> list[list[_Vertex]]:
    """Return the layers reordered for few crossings: each vertex at the mean of its neighbours.

    A vertex is a box, or a point at which a long edge passes a layer. *links* are pairs of vertices
    in adjacent layers that an edge joins.
    """
    above, below = _group_neighbours(links)
    best, fewest = layers, _count_crossings(layers, links)
    for sweep in range(_SWEEPS):
        layers = [list(layer) for layer in layers]
        around = above if sweep % 2 == 0 else below
        for layer in layers if sweep % 2 == 0 else reversed(layers):
            at = {vertex: n for one in layers for n, vertex in enumerate(one)}
            means = {
                vertex: sum(at[one] for one in around[vertex]) / len(around[vertex])
                if around.get(vertex)
                else at[vertex]
                for vertex in layer
            }
            layer.sort(key=means.__getitem__)
        # A sweep may make it worse, so the best order is kept. `<`: the earliest of equal ones,
        # that it is the same on every machine.
        if (crossings := _count_crossings(layers, links)) < fewest:
            best, fewest = layers, crossings
    return best


def _group_neighbours(
    links: Sequence[tuple[_Vertex, _Vertex]],
) -> tuple[dict[_Vertex, list[_Vertex]], dict[_Vertex, list[_Vertex]]]:
    above: dict[_Vertex, list[_Vertex]] = {}
    below: dict[_Vertex, list[_Vertex]] = {}
    for upper, lower in links:
        above.setdefault(lower, []).append(upper)
        below.setdefault(upper, []).append(lower)
    return above, below


def _count_crossings(
    layers: Sequence[Sequence[_Vertex]], links: Sequence[tuple[_Vertex, _Vertex]]
) -> int:
    at = {vertex: (rank, n) for rank, layer in enumerate(layers) for n, vertex in enumerate(layer)}
    by_rank: dict[int, list[tuple[int, int]]] = {}
    for upper, lower in links:
        by_rank.setdefault(at[upper][0], []).append((at[upper][1], at[lower][1]))
    return sum(
        (first[0] - second[0]) * (first[1] - second[1]) < 0
        for pairs in by_rank.values()
        for number, first in enumerate(pairs)
        for second in pairs[:number]
    )


def _place_vertices(
    layers: Sequence[Sequence[_Vertex]],
    links: Sequence[tuple[_Vertex, _Vertex]],
    widths: Mapping[_Vertex, float],
) -> dict[_Vertex, float]:
    """Return the horizontal centre of each vertex, near its neighbours and apart from others.

    A vertex is a box, or a point at which a long edge passes a layer. *links* are pairs of vertices
    in adjacent layers that an edge joins. *widths* is the width of each vertex.
    """
    above, below = _group_neighbours(links)
    middles: dict[_Vertex, float] = {}
    for layer in layers:
        spread = _spread_layer(layer, [0.0] * len(layer), widths)
        middles |= dict(zip(layer, spread, strict=True))
    for sweep in range(_SWEEPS):
        order = layers if sweep % 2 == 0 else list(reversed(layers))
        for layer in order:
            wanted = []
            for vertex in layer:
                near = [*above.get(vertex, ()), *below.get(vertex, ())]
                mean = fsum(map(middles.__getitem__, near)) / len(near) if near else middles[vertex]
                wanted.append(mean)
            middles |= dict(zip(layer, _spread_layer(layer, wanted, widths), strict=True))
    return middles


def _spread_layer(
    layer: Sequence[_Vertex], wanted: Sequence[float], widths: Mapping[_Vertex, float]
) -> list[float]:
    """Return positions as near to *wanted* as possible where the boxes of a layer don't overlap.

    Their order stays; *widths* has their widths. The algorithm is "pool adjacent violators".
    """
    offsets = [0.0]
    for one, other in pairwise(layer):
        offsets.append(offsets[-1] + (widths[one] + widths[other]) / 2 + GAP)
    # Without its offset, a box may not be to the left of the one before it: the boxes are then
    # placed by isotonic regression. Boxes that would overlap form a pool, placed at its mean.
    pools: list[tuple[float, int]] = []  # mean and size
    for place, offset in zip(wanted, offsets, strict=True):
        mean, size = place - offset, 1
        while pools and pools[-1][0] > mean:
            before, count = pools.pop()
            mean, size = (before * count + mean * size) / (count + size), count + size
        pools.append((mean, size))
    means = [mean for mean, size in pools for _ in range(size)]
    return [round(mean + offset, 2) for mean, offset in zip(means, offsets, strict=True)]


def _compute_forward_edge_points(
    chains: Mapping[Edge, Sequence[_Vertex]],
    points: Mapping[_Vertex, Point],
    widths: Mapping[str, float],
) -> dict[Edge, Sequence[Point]]:
    """Return the points of each downward edge; edges of one box start and end side by side.

    *chains* has the vertices of each edge, from its first box to its last with the points between
    at which it passes a layer; *points* has the position of each vertex, *widths* the width of each
    box.
    """
    begins, ends = (
        _compute_edge_offsets(
            {way: (way[end], points[chain[1 - 3 * end]][0]) for way, chain in chains.items()},
            widths,
        )
        for end in (0, 1)
    )  # fmt: skip
    lines: dict[Edge, Sequence[Point]] = {}
    for way, chain in chains.items():
        (left, top), *between, (right, bottom) = (points[vertex] for vertex in chain)
        begin = (left + begins[way], top + HEIGHT / 2)
        lines[way] = [begin, *between, (right + ends[way], bottom - HEIGHT / 2)]
    return lines


def _compute_edge_offsets(
    edge_ends: Mapping[Edge, tuple[str, float]], widths: Mapping[str, float]
) -> dict[Edge, float]:
    """Return how far from the centre of its box each edge begins or ends, so that none overlap.

    *edge_ends* maps each edge to its box and to the horizontal position of its other end, by which
    the edges of a box are ordered; *widths* is the width of each box.
    """
    by_box: dict[str, list[Edge]] = {}
    for way, (box, _) in edge_ends.items():
        by_box.setdefault(box, []).append(way)
    shifts: dict[Edge, float] = {}
    for box, group in by_box.items():
        group.sort(key=lambda way: edge_ends[way][1])
        step = min(26.0, (widths[box] - 30) / len(group))
        for number, way in enumerate(group):
            shifts[way] = step * (number - (len(group) - 1) / 2)
    return shifts


def _compute_back_edge_points(
    edge: Edge, boxes: Mapping[str, Point], widths: Mapping[str, float], channel: float, number: int
) -> list[Point]:
    """Return the corners of a back edge: below its box, up beside all boxes, and in from above.

    *channel* is the horizontal position of the line beside the boxes, *number* shifts the edge so
    that it does not lie on another one.
    """
    (left, low), (right, high) = boxes[edge[0]], boxes[edge[1]]
    shift = 8 + 5 * (number % 4)
    begin, end = left + widths[edge[0]] / 4, right + widths[edge[1]] / 4
    under, over = low + HEIGHT / 2 + shift, high - HEIGHT / 2 - shift
    return [
        (begin, low + HEIGHT / 2),
        (begin, under),
        (channel, under),
        (channel, over),
        (end, over),
        (end, high - HEIGHT / 2),
    ]
