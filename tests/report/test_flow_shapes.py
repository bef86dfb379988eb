# ruff: noqa: E501 - a shape, one a line
"""Where each box, line and label of a flow's picture stands, and what its text says."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from bpmax_sim.i18n import measure_display_width, to_plain_english
from bpmax_sim.report.flow_layout import lay_out
from bpmax_sim.report.flow_picture import draw_page, draw_svg, draw_tree, format_walk_summary
from bpmax_sim.report.flow_walks import FlowEdge, FlowWalks, count_walks, find_edges
from bpmax_sim.report.trace_files import Trace
from bpmax_sim.subject.definition import Definition, FlowNode, Transition
from tests.report.test_html import event, finished, started

Point = tuple[float, float]


def boxes(*names: str) -> dict[str, float]:
    return dict.fromkeys(names, 100.0)


LAID: dict[str, tuple[dict[str, float], list[tuple[str, str]], tuple[float, float], dict[str, Point], dict[tuple[str, str], list[Point]], set[tuple[str, str]]]] = {
    # widths and edges; size, centres, points of lines, back edges
    "one": (boxes("a"), [], (118, 91), {"a": (59, 32)}, {}, set()),
    "one below the other": (
        {"a": 100.0, "b": 60.0}, [("a", "b")], (118, 199), {"a": (59, 32), "b": (59, 140)},
        {("a", "b"): [(59, 55), (59, 117)]}, set(),
    ),
    "a way that is there twice, and one to nowhere": (
        boxes("a", "b"), [("a", "b"), ("a", "b"), ("a", "x"), ("x", "b")], (118, 199),
        {"a": (59, 32), "b": (59, 140)}, {("a", "b"): [(59, 55), (59, 117)]}, set(),
    ),
    "beside each other, apart by their widths": (
        {"a": 100.0, "b": 200.0, "c": 100.0}, [("a", "b"), ("a", "c")], (344, 199),
        {"a": (197, 32), "b": (109, 140), "c": (285, 140)},
        {("a", "b"): [(184, 55), (109, 117)], ("a", "c"): [(210, 55), (285, 117)]}, set(),
    ),
    "past a layer": (
        boxes("a", "b", "c"), [("a", "b"), ("a", "c"), ("b", "c")], (159, 307),
        {"a": (100, 32), "b": (59, 140), "c": (100, 248)},
        {
            ("a", "b"): [(87, 55), (59, 117)],
            ("a", "c"): [(113, 55), (141, 140), (113, 225)],
            ("b", "c"): [(59, 163), (87, 225)],
        }, set(),
    ),
    "to itself": (
        boxes("a"), [("a", "a")], (154, 118), {"a": (59, 59)},
        {("a", "a"): [(84, 82), (84, 90), (127, 90), (127, 28), (84, 28), (84, 36)]}, {("a", "a")},
    ),
    "back": (
        boxes("a", "b", "c"), [("a", "b"), ("b", "a"), ("b", "c")], (154, 334),
        {"a": (59, 59), "b": (59, 167), "c": (59, 275)},
        {
            ("a", "b"): [(59, 82), (59, 144)],
            ("b", "c"): [(59, 190), (59, 252)],
            ("b", "a"): [(84, 190), (84, 198), (127, 198), (127, 28), (84, 28), (84, 36)],
        }, {("b", "a")},
    ),
    "back twice, from two layers": (
        boxes("a", "b", "c", "d"),
        [("a", "b"), ("a", "c"), ("b", "d"), ("c", "d"), ("d", "a"), ("c", "a")], (298, 334),
        {"a": (122, 59), "b": (59, 167), "c": (185, 167), "d": (122, 275)},
        {
            ("a", "b"): [(109, 82), (59, 144)], ("a", "c"): [(135, 82), (185, 144)],
            ("b", "d"): [(59, 190), (109, 252)], ("c", "d"): [(185, 190), (135, 252)],
            ("d", "a"): [(147, 298), (147, 306), (253, 306), (253, 28), (147, 28), (147, 36)],
            ("c", "a"): [(210, 190), (210, 203), (271, 203), (271, 23), (147, 23), (147, 36)],
        }, {("d", "a"), ("c", "a")},
    ),
    "crossed": (
        boxes("a", "b", "c", "d", "e"), [("a", "c"), ("b", "d"), ("a", "d"), ("b", "c"), ("c", "e")],
        (244, 307),
        {"a": (59, 32), "b": (185, 32), "c": (59, 140), "d": (185, 140), "e": (61.03, 248)},
        {
            ("a", "c"): [(46, 55), (46, 117)], ("b", "d"): [(198, 55), (198, 117)],
            ("a", "d"): [(72, 55), (172, 117)], ("b", "c"): [(172, 55), (72, 117)],
            ("c", "e"): [(59, 163), (61.03, 225)],
        }, set(),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", LAID)
def test_a_graph_is_laid_out_in_layers(name: str) -> None:
    widths, edges, size, centres, points, back = LAID[name]

    layout = lay_out(widths, edges)

    assert (layout.width, layout.height) == size
    assert layout.boxes == centres
    assert {edge: [*line] for edge, line in layout.edge_points.items()} == points
    assert layout.back_edges == back


def test_boxes_are_ordered_so_that_ways_do_not_cross() -> None:
    """Three chains side by side whose second boxes are named the other way round."""
    edges = [("a", "f"), ("b", "e"), ("c", "d"), ("d", "i"), ("e", "h"), ("f", "g")]
    layout = lay_out(boxes(*"abcdefghi"), edges)

    columns = {name: x for name, (x, _) in layout.boxes.items()}
    assert columns["a"] == columns["f"] == columns["g"] == 59
    assert columns["b"] == columns["e"] == columns["h"] == 185
    assert columns["c"] == columns["d"] == columns["i"] == 311


def test_lines_of_a_narrow_box_stand_closer() -> None:
    many = [("a", name) for name in "bcdef"]
    layout = lay_out({"a": 92.0, **boxes(*"bcdef")}, many)

    assert [round(layout.edge_points[edge][0][0] - layout.boxes["a"][0], 2) for edge in many] == [
        -24.8, -12.4, 0.0, 12.4, 24.8,
    ]  # fmt: skip


def test_back_edges_of_one_box_are_four_apart() -> None:
    edges = [("a", "b"), ("b", "c"), ("c", "d"), ("d", "e"), ("e", "f")]
    back = [(name, "a") for name in "bcdef"]
    layout = lay_out(boxes(*"abcdef"), [*edges, *back])

    assert [layout.edge_points[edge][1][1] - layout.edge_points[edge][0][1] for edge in back] == [
        8, 13, 18, 23, 8,
    ]  # fmt: skip
    assert [layout.edge_points[edge][2][0] for edge in back] == [127, 145, 163, 181, 199]
    assert layout.width == 118 + 9 * (2 * 5 + 2)


NODES = {
    "初审": FlowNode(
        title="初审 <甲>", owners=("李经理",),
        approve=(
            Transition(to="会审", when="ctx.form.金额 > 100000 && ctx.form.类别 === '采购'"),
            Transition(to="止"),
        ),
        reject="止",
    ),
    "会审": FlowNode(parallel=("法务", "财务"), join="用印"),
    "法务": FlowNode(owners=("陈律师", "林律师"), approve="用印", reject="止"),
    "财务": FlowNode(approve="用印"),
    "用印": FlowNode(subflow="盖章流程", approve="止", reject="初审"),
    "止": FlowNode(end=True),
}  # fmt: skip
FLOW = Definition(flow="合同", start="初审", nodes=NODES)
WAYS = tuple(find_edges(FLOW))
WALKS = FlowWalks(
    definition=FLOW,
    edges=WAYS,
    counts={WAYS[0]: 2, WAYS[3]: 2, WAYS[4]: 2, WAYS[5]: 1},
    visits={"初审": 2, "会审": 2, "法务": 2},
    runs=2,
    unknown_nodes=("旧", "更旧"),
)
SHAPES = [
    '<g class="never"><title>初审 → 止 (approve) / 初审 → 止 (reject)</title><path class="line" d="M238.7 82.0C238.7 124.5 278.3 124.5 278.3 167.0C278.3 221.0 323.0 221.0 323.0 275.0C323.0 329.0 281.0 329.0 281.0 383.0C281.0 425.5 205.9 425.5 205.9 468.0"/><path class="head" d="M205.9 468.0L201.4 460.0L210.4 460.0Z"/></g>',
    '<g class="never"><title>法务 → 止 (reject)</title><path class="line" d="M53.0 298.0C53.0 340.5 82.0 340.5 82.0 383.0C82.0 425.5 164.5 425.5 164.5 468.0"/><path class="head" d="M164.5 468.0L160.0 460.0L169.0 460.0Z"/></g>',
    '<g class="never"><title>财务 → 用印 (approve)</title><path class="line" d="M220.0 298.0C220.0 329.0 194.5 329.0 194.5 360.0"/><path class="head" d="M194.5 360.0L190.0 352.0L199.0 352.0Z"/></g>',
    '<g class="never"><title>用印 → 止 (approve)</title><path class="line" d="M181.5 406.0C181.5 437.0 185.2 437.0 185.2 468.0"/><path class="head" d="M185.2 468.0L180.7 460.0L189.7 460.0Z"/></g>',
    '<g class="never"><title>用印 → 初审 (reject)</title><path class="line" d="M215.2 406.0L215.2 414.0L347.0 414.0L347.0 28.0L257.7 28.0L257.7 36.0"/><path class="head" d="M257.7 36.0L253.2 28.0L262.2 28.0Z"/></g>',
    '<g class="walked"><title>初审 → 会审 (approve [ctx.form.金额 &gt; 100000 &amp;&amp; ctx.form.类别 === &#39;采购&#39;])</title><path class="line" d="M212.7 82.0C212.7 113.0 173.2 113.0 173.2 144.0"/><path class="head" d="M173.2 144.0L168.7 136.0L177.7 136.0Z"/></g>',
    '<g class="walked"><title>会审 → 法务 (parallel)</title><path class="line" d="M160.2 190.0C160.2 221.0 66.0 221.0 66.0 252.0"/><path class="head" d="M66.0 252.0L61.5 244.0L70.5 244.0Z"/></g>',
    '<g class="walked"><title>会审 → 财务 (parallel)</title><path class="line" d="M186.2 190.0C186.2 221.0 220.0 221.0 220.0 252.0"/><path class="head" d="M220.0 252.0L215.5 244.0L224.5 244.0Z"/></g>',
    '<g class="walked"><title>法务 → 用印 (approve)</title><path class="line" d="M79.0 298.0C79.0 329.0 168.5 329.0 168.5 360.0"/><path class="head" d="M168.5 360.0L164.0 352.0L173.0 352.0Z"/></g>',
    '<g class="walked"><text class="label" text-anchor="middle" x="193.0" y="117.0">金额 &gt; 100000 &amp;&amp; … ×2</text></g>',
    '<g class="never"><text class="label" text-anchor="middle" x="247.3" y="111.5">×0 / reject ×0</text></g>',
    '<g class="walked"><text class="label" text-anchor="middle" x="113.1" y="225.0">×2</text></g>',
    '<g class="walked"><text class="label" text-anchor="middle" x="193.5" y="212.6">×2</text></g>',
    '<g class="walked"><text class="label" text-anchor="middle" x="123.7" y="333.0">×1</text></g>',
    '<g class="never"><text class="label" text-anchor="middle" x="59.3" y="327.5">reject ×0</text></g>',
    '<g class="never"><text class="label" text-anchor="middle" x="207.2" y="333.0">×0</text></g>',
    '<g class="never"><text class="label" text-anchor="middle" x="183.3" y="441.0">×0</text></g>',
    '<g class="never"><text class="label" text-anchor="start" x="220.2" y="426.0">reject ×0</text></g>',
    '<g class="walked"><title>初审 &lt;甲&gt; ×2</title><rect class="box" x="161.7" y="36.0" width="128.0" height="46" rx="6"/><text class="name" x="170.7" y="56.0">初审 &lt;甲&gt;</text><text class="small" x="170.7" y="73.0">李经理</text><text class="small" text-anchor="end" x="281.7" y="56.0">×2</text></g>',
    '<g class="walked"><title>会审 ×2</title><rect class="box" x="126.7" y="144.0" width="93.0" height="46" rx="6"/><text class="name" x="135.7" y="164.0">会审</text><text class="small" x="135.7" y="181.0">parallel</text><text class="small" text-anchor="end" x="211.7" y="164.0">×2</text></g>',
    '<g class="walked"><title>法务 ×2</title><rect class="box" x="9.0" y="252.0" width="114.0" height="46" rx="6"/><text class="name" x="18.0" y="272.0">法务</text><text class="small" x="18.0" y="289.0">陈律师, 林律师</text><text class="small" text-anchor="end" x="115.0" y="272.0">×2</text></g>',
    '<g class="never"><title>财务 never</title><rect class="box" x="149.0" y="252.0" width="142.0" height="46" rx="6"/><text class="name" x="158.0" y="272.0">财务</text><text class="small" x="158.0" y="289.0">owners by a script</text><text class="small" text-anchor="end" x="283.0" y="272.0">never</text></g>',
    '<g class="never"><title>用印 never</title><rect class="box" x="114.0" y="360.0" width="135.0" height="46" rx="6"/><text class="name" x="123.0" y="380.0">用印</text><text class="small" x="123.0" y="397.0">sub-flow 盖章流程</text><text class="small" text-anchor="end" x="241.0" y="380.0">never</text></g>',
    '<g class="never"><title>止 never</title><rect class="box" x="139.2" y="468.0" width="92.0" height="46" rx="22"/><text class="name" x="155.2" y="496.0">止</text><text class="small" x="155.2" y="505.0"></text><text class="small" text-anchor="end" x="217.2" y="496.0">never</text></g>',
]  # fmt: skip
"""Lines, those that were walked on top, then their labels, then boxes, the start first."""


def test_each_shape_of_the_picture_has_its_place_and_text() -> None:
    lines = draw_svg(WALKS).splitlines()

    assert [line for line in lines if line.startswith("<g ")] == SHAPES
    assert lines[0] == '<?xml version="1.0" encoding="UTF-8"?>'
    assert 'viewBox="0 0 374 550" width="374" height="550">' in lines[1]
    assert lines[2] == "<title>Flow 合同</title>"
    assert lines[3].startswith("<style>.flow {")
    assert lines[-1] == "</svg>"


def test_the_start_is_drawn_first_wherever_it_stands_in_the_file() -> None:
    nodes = {name: NODES[name] for name in reversed(NODES)}
    turned = replace(WALKS, definition=replace(FLOW, nodes=nodes))

    [first, *_] = [line for line in draw_svg(turned).splitlines() if 'rect class="box' in line]

    assert "初审 &lt;甲&gt; ×2" in first


def test_the_tree_has_conditions_counts_and_each_node_once() -> None:
    assert [to_plain_english(line) for line in draw_tree(WALKS)] == [
        "初审  ×2",
        "├─ approve [ctx.form.金额 > 100000 && ctx.form.类别…] → 会审  ×2",
        "│  ├─ parallel → 法务  ×2",
        "│  │  ├─ approve → 用印  ×1",
        "│  │  │  ├─ approve → 止  never walked",
        "│  │  │  └─ reject → 初审 (above)  never walked",
        "│  │  └─ reject → 止 (above)  never walked",
        "│  └─ parallel → 财务  ×2",
        "│     └─ approve → 用印 (above)  never walked",
        "├─ approve → 止 (above)  never walked",
        "└─ reject → 止 (above)  never walked",
    ]


@pytest.mark.parametrize(
    ("changes", "lines"),
    [
        (
            {},
            [
                "3 of 6 nodes and 4 of 10 ways were walked, in 2 runs",
                "traces know nodes that the file has not: 旧, 更旧; run again",
            ],
        ),
        (
            {"runs": 1, "unknown_nodes": ()},
            ["3 of 6 nodes and 4 of 10 ways were walked, in 1 run"],
        ),
        (
            {"runs": 0, "unknown_nodes": (), "counts": {}, "visits": {}},
            [
                "0 of 6 nodes and 0 of 10 ways were walked, in 0 runs",
                "no trace knows this flow; write some with `bpmax-sim run --trace=on`",
            ],
        ),
    ],
)
def test_what_was_walked_is_counted(changes: dict[str, Any], lines: list[str]) -> None:
    walks = replace(WALKS, **changes)

    assert [to_plain_english(line) for line in format_walk_summary(walks)] == lines
    page = draw_page(walks, "流程.yaml")
    assert [line for line in page.splitlines() if line.startswith("<p>")] == [
        f"<p>{line}</p>" for line in lines
    ]


def test_the_page_lists_what_was_never_walked_and_names_its_file() -> None:
    page = draw_page(WALKS, "scenarios/<合同>.yaml")

    assert '<h1>Flow 合同</h1><p class="quiet">scenarios/&lt;合同&gt;.yaml</p>' in page
    assert page.partition("<h2>")[2].splitlines() == [
        "Never walked</h2>",
        (
            "<ul><li>财务</li><li>用印</li><li>止</li><li>初审 → 止 (approve)</li><li>初审 → 止 (reject)</li>"
            "<li>法务 → 止 (reject)</li><li>财务 → 用印 (approve)</li><li>用印 → 止 (approve)</li>"
            "<li>用印 → 初审 (reject)</li></ul>"
        ),
        "</main></body></html>",
    ]
    assert "<?xml" not in page
    assert page.count("<style>") == 1
    every = replace(WALKS, counts=dict.fromkeys(WAYS, 1), visits=dict.fromkeys(NODES, 1))
    assert "<p>Nothing: every node and way was walked.</p>" in draw_page(every, "流程.yaml")


@pytest.mark.parametrize(
    ("title", "shown"),
    [
        ("", "止"), ("合同审批", "合同审批"), ("一二三四五六七八九十", "一二三四五六七八九十"),
        ("一二三四五六七八九十甲", "一二三四五六七八九…"), ("a" * 20, "a" * 20), ("a" * 21, "a" * 19 + "…"),
    ],
)  # fmt: skip
def test_a_title_is_cut_at_twenty_columns(title: str, shown: str) -> None:
    definition = Definition(flow="短", start="止", nodes={"止": FlowNode(end=True, title=title)})
    walks = FlowWalks(
        definition=definition, edges=(), counts={}, visits={}, runs=0, unknown_nodes=()
    )

    [box] = [line for line in draw_svg(walks).splitlines() if line.startswith("<g ")]

    assert f"<title>{title or '止'} never</title>" in box
    assert f'y="37.0">{shown}</text>' in box
    width = max(92.0, (measure_display_width(shown) + 7) * 7.0 + 16)
    assert f'width="{width:.1f}"' in box


def test_a_way_outside_the_file_has_its_own_word() -> None:
    back = FlowEdge("用印", "return", "会审")
    own = FlowEdge("财务", "会签", "止")
    walks = replace(WALKS, edges=(*WAYS, back, own), counts={back: 3})

    tree = [to_plain_english(line) for line in draw_tree(walks)]

    assert "│  │  │  └─ return → 会审 (above)  ×3" in tree
    assert "│     └─ 会签 → 止 (above)  never walked" in tree
    labels = [line for line in draw_svg(walks).splitlines() if 'class="label"' in line]
    assert 'text-anchor="start"' in labels[-2]
    assert labels[-2].endswith(">return ×3</text></g>")
    assert labels[-1].endswith(">会签 ×0</text></g>")


@pytest.mark.parametrize(
    ("moves", "flow", "counts"),
    [
        ([("", "初审"), ("初审", "用印")], "合同", {"初审 用印": 1}),
        ([("", "用印/盖章"), ("用印/盖章", "用印/完成")], "盖章流程", {"盖章 完成": 1}),
        ([("", "用印#2/盖章"), ("用印#2/盖章", "用印#2/完成")], "盖章流程", {"盖章 完成": 1}),
        ([("", "初审"), ("初审", "用印")], "盖章流程", {}),
        ([("", "用印/盖章"), ("用印/盖章", "用印/完成")], "合同", {}),
        ([("", "一/二"), ("一/二", "初审")], "合同", {"一/二 初审": 1}),
        ([("", "/盖章"), ("/盖章", "初审")], "合同", {"/盖章 初审": 1}),
    ],
)
def test_a_node_may_be_named_like_the_sub_flow_that_it_starts(
    moves: list[tuple[str, str]], flow: str, counts: dict[str, int]
) -> None:
    events = (
        started(),
        *(
            event("NodeEntered", node=target, previous=source, action="approve", by="甲")
            for source, target in moves
        ),
        finished(),
    )
    flows = {"": {"flow": "合同"}, "用印": {"flow": "盖章流程"}}
    end = FlowNode(end=True)

    found = count_walks(
        Definition(flow=flow, start="止", nodes={"止": end}), "s/流程.yaml",
        [Trace("s", events, {"流程.yaml": "x"}, flows)],
    )  # fmt: skip

    assert {f"{way.source} {way.target}": n for way, n in found.counts.items()} == counts
