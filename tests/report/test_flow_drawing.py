"""Where a drawn flow has its boxes, lines and labels, and what its tree and page say."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Mapping

import pytest

from bpmax_sim.i18n import choose_language, get_current_language, translate
from bpmax_sim.report.flow_layout import lay_out
from bpmax_sim.report.flow_picture import draw_page, draw_svg, draw_tree, format_walk_summary
from bpmax_sim.report.flow_walks import FlowEdge, FlowWalks, find_edges
from bpmax_sim.subject.definition import Definition
from bpmax_sim.yamlfile import decode, parse_yaml

Point = tuple[float, float]


@pytest.mark.parametrize(
    ("widths", "ways", "size", "boxes", "lines"),
    [
        ({"甲": 100}, "", (118, 91), {"甲": (59, 32)}, {}),
        (
            {"甲": 100, "乙": 150, "丙": 92}, "甲乙 乙丙", (168, 307),
            {"甲": (84, 32), "乙": (84, 140), "丙": (84, 248)},
            {"甲乙": [(84, 55), (84, 117)], "乙丙": [(84, 163), (84, 225)]},
        ),
        (
            {"甲": 100, "乙": 100, "丙": 140, "丁": 100}, "甲乙 甲丙 乙丁 丙丁", (284, 307),
            {"甲": (132, 32), "乙": (59, 140), "丙": (205, 140), "丁": (132, 248)},
            {"甲乙": [(119, 55), (59, 117)], "甲丙": [(145, 55), (205, 117)],
             "乙丁": [(59, 163), (119, 225)], "丙丁": [(205, 163), (145, 225)]},
        ),
        (  # a long way has a point in each layer
            dict.fromkeys("甲乙丙丁", 100), "甲乙 乙丙 丙丁 甲丁", (159, 415),
            {"甲": (100, 32), "乙": (59, 140), "丙": (59, 248), "丁": (100, 356)},
            {"甲乙": [(87, 55), (59, 117)], "乙丙": [(59, 163), (59, 225)],
             "丙丁": [(59, 271), (87, 333)],
             "甲丁": [(113, 55), (141, 140), (141, 248), (113, 333)]},
        ),
        (  # ways do not cross, twice the same one is one, and one to nowhere is none
            dict.fromkeys("甲乙丙丁", 100), "甲丁 乙丙 甲丁 甲戊", (244, 199),
            {"甲": (59, 32), "乙": (185, 32), "丙": (185, 140), "丁": (59, 140)},
            {"甲丁": [(59, 55), (59, 117)], "乙丙": [(185, 55), (185, 117)]},
        ),
        (  # three ways back, one of them to where it begins
            {"甲": 100, "乙": 120, "丙": 100}, "甲乙 乙丙 丙甲 乙乙 丙乙", (210, 334),
            {"甲": (69, 59), "乙": (69, 167), "丙": (69, 275)},
            {"甲乙": [(69, 82), (69, 144)], "乙丙": [(69, 190), (69, 252)],
             "丙甲": [(94, 298), (94, 306), (147, 306), (147, 28), (94, 28), (94, 36)],
             "乙乙": [(99, 190), (99, 203), (165, 203), (165, 131), (99, 131), (99, 144)],
             "丙乙": [(94, 298), (94, 316), (183, 316), (183, 126), (99, 126), (99, 144)]},
        ),
        (  # boxes that push two others aside
            dict.fromkeys("甲乙丙丁戊", 100), "甲乙 丙戊 丁戊", (370, 199),
            {"甲": (59, 32), "乙": (59, 140), "丙": (185, 32), "丁": (311, 32), "戊": (248, 140)},
            {"甲乙": [(59, 55), (59, 117)], "丙戊": [(185, 55), (235, 117)],
             "丁戊": [(311, 55), (261, 117)]},
        ),
        (
            dict.fromkeys("甲乙丙丁戊", 100), "甲乙 甲丙 甲丁 甲戊 乙戊", (408, 307),
            {"甲": (237, 32), "乙": (59, 140), "丙": (185, 140), "丁": (311, 140),
             "戊": (226.8, 248)},
            {"甲乙": [(210.8, 55), (59, 117)], "甲丙": [(228.2, 55), (185, 117)],
             "甲丁": [(245.8, 55), (311, 117)], "甲戊": [(263.2, 55), (393, 140), (239.8, 225)],
             "乙戊": [(59, 163), (213.8, 225)]},
        ),
    ],
)  # fmt: skip
def test_a_graph_is_laid_out_in_layers(
    widths: Mapping[str, float],
    ways: str,
    size: Point,
    boxes: Mapping[str, Point],
    lines: Mapping[str, list[Point]],
) -> None:
    found = lay_out(widths, [(pair[0], pair[1]) for pair in ways.split()])

    assert (found.width, found.height) == size
    assert {name: (round(x, 1), round(y, 1)) for name, (x, y) in found.boxes.items()} == boxes
    assert {
        "".join(way): [(round(x, 1), round(y, 1)) for x, y in points]
        for way, points in found.edge_points.items()
    } == lines
    assert {"".join(way) for way in found.back_edges} == {
        way for way, points in lines.items() if len(points) == 6
    }


FLOW = """\
flow: 合同审批
start: 起草
nodes:
  用印: {subflow: 用印, approve: 归档}
  起草:
    owners: [张三, 李四, 王五, 赵六, 孙七]
    approve:
      - {when: ctx.form.金额 > 1000000 and ctx.form.客户 == '杭州云商科技', to: 总经理}
      - {when: 真, to: 会审}
      - {to: 会审}
  总经理:
    title: 总经理审批（金额超过一百万元的合同）
    owners: [赵总]
    approve: 会审
    reject: 起草
    deadline: {after: 2d, to: 用印}
  会审: {parallel: [法务, 财务], join: 用印}
  法务: {owners: [陈律师], approve: 用印, reject: 起草}
  财务: {approve: 用印}
  归档: {end: true}
"""


def read_walks(*counts: int, **more: object) -> FlowWalks:
    """Return the walks of the flow with *counts* of its first routes, in their order."""
    definition = decode(parse_yaml(FLOW, "合同.yaml"), Definition, [])
    assert definition is not None
    edges = tuple(find_edges(definition))
    fields = {
        "edges": edges,
        "counts": dict(zip(edges, counts, strict=False)),
        "visits": {"起草": 4, "会审": 3, "用印": 0, "总经理": 1},
        "runs": 1,
        "unknown_nodes": (),
    }
    return FlowWalks(definition=definition, **{**fields, **more})  # type: ignore[arg-type]


WALKS = (2, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 1)


def test_the_routes_of_a_flow_come_in_its_order() -> None:
    when = "ctx.form.金额 > 1000000 and ctx.form.客户 == '杭州云商科技'"

    assert read_walks().edges == (
        FlowEdge("用印", "approve", "归档"),
        FlowEdge("起草", "approve", "总经理", when),
        FlowEdge("起草", "approve", "会审", "真"),
        FlowEdge("起草", "approve", "会审"),
        FlowEdge("总经理", "approve", "会审"),
        FlowEdge("总经理", "reject", "起草"),
        FlowEdge("总经理", "deadline", "用印"),
        FlowEdge("会审", "parallel", "法务"),
        FlowEdge("会审", "parallel", "财务"),
        FlowEdge("法务", "approve", "用印"),
        FlowEdge("法务", "reject", "起草"),
        FlowEdge("财务", "approve", "用印"),
    )


def test_a_tree_has_each_node_below_the_first_way_to_it() -> None:
    assert list(map(translate, draw_tree(read_walks(*WALKS)))) == [
        "起草  ×4",
        "├─ approve [ctx.form.金额 > 1000000 and ctx.form.客…] → 总经理  never walked",
        "│  ├─ approve → 会审  never walked",
        "│  │  ├─ parallel → 法务  never walked",
        "│  │  │  ├─ approve → 用印  never walked",
        "│  │  │  │  └─ approve → 归档  ×2",
        "│  │  │  └─ reject → 起草 (above)  never walked",
        "│  │  └─ parallel → 财务  never walked",
        "│  │     └─ approve → 用印 (above)  ×1",
        "│  ├─ reject → 起草 (above)  never walked",
        "│  └─ deadline → 用印 (above)  never walked",
        "├─ approve [真] → 会审 (above)  ×3",
        "└─ approve → 会审 (above)  never walked",
    ]


@pytest.mark.parametrize(
    ("when", "shown"),
    [
        ("合" * 20, "合" * 20),
        ("合" * 20 + "a", f"{'合' * 19}…"),
        ("a" * 40, "a" * 40),
        ("a" * 41, f"{'a' * 39}…"),
    ],
)
def test_a_condition_is_cut_to_forty_columns(when: str, shown: str) -> None:
    route = FlowEdge("起草", "approve", "归档", when)

    _, line = map(translate, draw_tree(read_walks(edges=(route,))))
    assert line == f"└─ approve [{shown}] → 归档  never walked"


@pytest.mark.parametrize(
    ("more", "lines"),
    [
        ({}, ["3 of 7 nodes and 3 of 12 ways were walked, in 1 run"]),
        ({"runs": 2, "visits": {}, "counts": {}},
            ["0 of 7 nodes and 0 of 12 ways were walked, in 2 runs"]),
        ({"runs": 0}, ["3 of 7 nodes and 3 of 12 ways were walked, in 0 runs",
            "no trace knows this flow; write some with `bpmax-sim run --trace=on`"]),
        ({"unknown_nodes": ("旧节点", "会签")}, [
            "3 of 7 nodes and 3 of 12 ways were walked, in 1 run",
            "traces know nodes that the file has not: 旧节点, 会签; run again"]),
    ],
)  # fmt: skip
def test_a_summary_counts_what_was_walked(more: dict[str, object], lines: list[str]) -> None:
    assert [translate(line) for line in format_walk_summary(read_walks(*WALKS, **more))] == lines


def read_groups(svg: str) -> list[tuple[str, str]]:
    """Return class and content of each group of *svg*; numbers are rounded to whole ones."""
    root = ET.fromstring(svg)
    groups = []
    for group in root.iter("{http://www.w3.org/2000/svg}g"):
        words = []
        for part in group:
            for name, value in part.attrib.items():
                if name not in {"class", "d"}:
                    words.append(f"{name}={round(float(value)) if value[0].isdigit() else value}")
                elif name == "d":
                    words.append(re.sub(r"\d+\.\d", lambda one: f"{float(one[0]):.0f}", value))
            words.append(f"{part.get('class', 'title')}:{part.text or ''}")
        groups.append((group.get("class", ""), " ".join(words)))
    return groups


EDGES = [
    ("never", (
        "title:起草 → 总经理 (approve [ctx.form.金额 > 1000000 and ctx.form.客户 == "
        "'杭州云商科技']) M160 82C160 113 108 113 108 144 line: M108 144L104 136L112 "
        "136Z head:"
    )),
    ("never", (
        "title:总经理 → 会审 (approve) M121 190C121 221 186 221 186 252 line: M186 "
        "252L182 244L191 244Z head:"
    )),
    ("never", (
        "title:总经理 → 起草 (reject) M158 190L158 198L382 198L382 28L211 28L211 36 "
        "line: M211 36L206 28L215 28Z head:"
    )),
    ("never", (
        "title:总经理 → 用印 (deadline) M95 190C95 232 91 232 91 275C91 329 71 329 71 "
        "383C71 426 149 426 149 468 line: M149 468L145 460L154 460Z head:"
    )),
    ("never", (
        "title:会审 → 法务 (parallel) M186 298C186 329 149 329 149 360 line: M149 "
        "360L145 352L154 352Z head:"
    )),
    ("never", (
        "title:会审 → 财务 (parallel) M212 298C212 329 293 329 293 360 line: M293 "
        "360L288 352L297 352Z head:"
    )),
    ("never", (
        "title:法务 → 用印 (approve) M149 406C149 437 175 437 175 468 line: M175 "
        "468L170 460L179 460Z head:"
    )),
    ("never", (
        "title:法务 → 起草 (reject) M172 406L172 419L400 419L400 23L211 23L211 36 line: "
        "M211 36L206 28L215 28Z head:"
    )),
    ("walked", (
        "title:用印 → 归档 (approve) M175 514C175 545 177 545 177 576 line: M177 "
        "576L172 568L181 568Z head:"
    )),
    ("walked", (
        "title:起草 → 会审 (approve [真]) / 起草 → 会审 (approve) M186 82C186 124 239 "
        "124 239 167C239 210 212 210 212 252 line: M212 252L208 244L217 244Z head:"
    )),
    ("walked", (
        "title:财务 → 用印 (approve) M293 406C293 437 201 437 201 468 line: M201 "
        "468L196 460L205 460Z head:"
    )),
]  # fmt: skip
LABELS = [
    ("walked", "text-anchor=middle x=176 y=549 label:×2"),
    ("never", "text-anchor=middle x=134 y=117 label:金额 > 1000000 an… ×0"),
    ("walked", "text-anchor=middle x=198 y=112 label:真 ×3 / ×0"),
    ("never", "text-anchor=middle x=154 y=225 label:×0"),
    ("never", "text-anchor=start x=162 y=210 label:reject ×0"),
    ("never", "text-anchor=middle x=92 y=255 label:deadline ×0"),
    ("never", "text-anchor=middle x=168 y=333 label:×0"),
    ("never", "text-anchor=middle x=230 y=321 label:×0"),
    ("never", "text-anchor=middle x=162 y=441 label:×0"),
    ("never", "text-anchor=start x=177 y=431 label:reject ×0"),
    ("walked", "text-anchor=middle x=247 y=441 label:×1"),
]  # fmt: skip
NODES = [
    ("walked", (
        "title:起草 ×4 x=99 y=36 width=149 height=46 rx=6 box: x=108 y=56 name:起草 "
        "x=108 y=73 small:张三, 李四, 王五, … text-anchor=end x=240 y=56 small:×4"
    )),
    ("never", (
        "title:用印 never x=121 y=468 width=107 height=46 rx=6 box: x=130 y=488 "
        "name:用印 x=130 y=505 small:sub-flow 用印 text-anchor=end x=220 y=488 "
        "small:never"
    )),
    ("walked", (
        "title:总经理审批（金额超过一百万元的合同） ×1 x=9 y=144 width=198 height=46 "
        "rx=6 box: x=18 y=164 name:总经理审批（金额超… x=18 y=181 small:赵总 "
        "text-anchor=end x=199 y=164 small:×1"
    )),
    ("walked", (
        "title:会审 ×3 x=153 y=252 width=93 height=46 rx=6 box: x=162 y=272 name:会审 "
        "x=162 y=289 small:parallel text-anchor=end x=238 y=272 small:×3"
    )),
    ("never", (
        "title:法务 never x=103 y=360 width=93 height=46 rx=6 box: x=112 y=380 "
        "name:法务 x=112 y=397 small:陈律师 text-anchor=end x=188 y=380 small:never"
    )),
    ("never", (
        "title:财务 never x=222 y=360 width=142 height=46 rx=6 box: x=231 y=380 "
        "name:财务 x=231 y=397 small:owners by a script text-anchor=end x=356 y=380 "
        "small:never"
    )),
    ("never", (
        "title:归档 never x=130 y=576 width=93 height=46 rx=22 box: x=146 y=604 "
        "name:归档 x=146 y=613 small: text-anchor=end x=209 y=604 small:never"
    )),
]  # fmt: skip


def test_a_picture_has_lines_labels_and_boxes() -> None:
    svg = draw_svg(read_walks(*WALKS))
    found = read_groups(svg.partition("\n")[2])

    assert svg.startswith('<?xml version="1.0" encoding="UTF-8"?>\n<svg ')
    assert 'viewBox="0 0 427 658" width="427" height="658">\n<title>Flow 合同审批</title>' in svg
    assert found[:11] == EDGES
    assert found[11:22] == LABELS
    assert found[22:] == NODES


def test_a_page_says_what_was_never_walked() -> None:
    page = draw_page(read_walks(*WALKS, unknown_nodes=("旧",)), "flows/<合同>.yaml")
    body = re.sub(r"<svg.*?</svg>", "", page.partition("<main>\n")[2], flags=re.DOTALL)

    assert body.splitlines() == [
        '<h1>Flow 合同审批</h1><p class="quiet">flows/&lt;合同&gt;.yaml</p>',
        "<p>3 of 7 nodes and 3 of 12 ways were walked, in 1 run</p>",
        "<p>traces know nodes that the file has not: 旧; run again</p>",
        '<div class="picture" tabindex="0"></div>',
        "<h2>Never walked</h2>",
        (
            "<ul><li>用印</li><li>法务</li><li>财务</li><li>归档</li>"
            "<li>起草 → 总经理 (approve [ctx.form.金额 &gt; 1000000 and ctx.form.客户 == "
            "&#39;杭州云商科技&#39;])</li><li>起草 → 会审 (approve)</li>"
            "<li>总经理 → 会审 (approve)</li><li>总经理 → 起草 (reject)</li>"
            "<li>总经理 → 用印 (deadline)</li><li>会审 → 法务 (parallel)</li>"
            "<li>会审 → 财务 (parallel)</li><li>法务 → 用印 (approve)</li>"
            "<li>法务 → 起草 (reject)</li></ul>"
        ),
        "</main></body></html>",
    ]
    assert page.count("<style>") == page.count("<svg") == 1
    assert "<title>Flow 合同审批</title>" in page
    walked = read_walks(*[1] * 12, visits=dict.fromkeys(read_walks().definition.nodes, 1))
    assert "<h2>Never walked</h2>\n<p>Nothing: every node and way was walked.</p>" in draw_page(
        walked, "a.yaml"
    )


@pytest.fixture(name="chinese")
def speak_chinese() -> Iterator[None]:
    before = get_current_language()
    choose_language("zh")
    yield
    choose_language(before)


@pytest.mark.usefixtures("chinese")
def test_a_picture_speaks_the_reader_s_language() -> None:
    found = read_groups(draw_svg(read_walks(*WALKS)).partition("\n")[2])
    labels = [one.rpartition("label:")[2] for _, one in found if "label:" in one]

    assert labels == [
        *("×2", "金额 > 1000000 an… ×0", "真 ×3 / ×0", "×0", "驳回 ×0", "超时 ×0"),
        *("×0", "×0", "×0", "驳回 ×0", "×1"),
    ]
    assert found[3][1].startswith("title:总经理 → 用印（超时） M")
