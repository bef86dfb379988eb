"""The picture of a flow: where everything stands, what was walked, and the page in a browser."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from itertools import combinations
from pathlib import Path

import pytest

from bpmax_sim.cli.flows import draw_flow
from bpmax_sim.errors import ConfigError
from bpmax_sim.i18n import translate
from bpmax_sim.report import trace_files
from bpmax_sim.report.flow_layout import GAP, HEIGHT, lay_out
from bpmax_sim.report.flow_picture import draw_page, draw_svg, draw_tree
from bpmax_sim.report.flow_walks import FlowEdge, FlowWalks, count_walks
from bpmax_sim.scenario.load import load_items
from bpmax_sim.scenario.runner import open_session, run_item
from bpmax_sim.scenario.source import ScenarioSource
from bpmax_sim.subject.definition import Definition
from bpmax_sim.yamlfile import decode
from tests.files import write_files
from tests.report.viewer import browser, needs_chromium

FLOW = """\
flow: 重大合同审批
start: 部门审批
nodes:
  部门审批:
    owners: [李经理]
    approve: [{when: ctx.form.金额 > 100000, to: 分管领导}, {to: 会审}]
    reject: 结束
  分管领导:
    title: 分管领导审批 <公司>
    owners: [王总]
    approve: 会审
    reject: 部门审批
    deadline: {after: 2d, to: 总经理}
  总经理: {owners: [赵总], approve: 会审}
  会审: {parallel: [法务审查, 财务审查, 技术评估], join: 汇总}
  法务审查: {owners: [陈律师, 林律师], approve: 汇总, reject: 结束}
  财务审查: {owners: [赵会计], approve: 预算复核}
  预算复核: {owners: [钱会计], approve: 汇总, reject: 财务审查}
  技术评估: {owners: [吴工], approve: 汇总}
  汇总: {owners: [周秘书], approve: 用印, reject: 部门审批}
  用印: {subflow: 用印, approve: 归档, reject: 结束}
  归档: {owners: [孙档案], approve: 结束}
  结束: {end: true}
"""
CHILD = """\
flow: 用印
start: 盖章
nodes:
  盖章: {owners: [印章员], approve: 完成, reject: 作废}
  完成: {end: true}
  作废: {end: true}
"""
SCENARIO = """\
version: 1
scenario: 合同
flow: {definition: 合同.yaml, subflows: {用印: {definition: 用印.yaml}}, form: {金额: 10}}
user: 张三
cases: [{id: 小额, 金额: 10}, {id: 大额, 金额: 200000}, {id: 退回, 金额: 10}]
policies:
  - {at: 预算复核, if: "${case.id} == 大额", times: 1, reject: {}}
  - {at: 汇总, if: "${case.id} == 退回", times: 1, return: {to: 部门审批}}
  - {at: "*", approve: {}}
steps:
  - {submit: {form: {金额: "${case.金额}"}}}
  - {play: {}, expect: {flow: {status: finished}}}
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a project whose rows have left their traces."""
    root = tmp_path_factory.mktemp("项目")
    folder = root / "scenarios"
    folder.mkdir()
    (root / "pyproject.toml").write_text("[tool.bpmax_sim]\n", encoding="utf-8")
    for name, text in {"合同": FLOW, "用印": CHILD, "合同.scenario": SCENARIO}.items():
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    for item in load_items(folder / "合同.scenario.yaml", environ={}):
        events = list(run_item(item, open_session(item), environ={}))
        trace_files.store_trace(item, events, "on", failed=False, redact=lambda text: text)
    return root


def walks_of(project: Path, name: str) -> FlowWalks:
    path = project / f"scenarios/{name}.yaml"
    definition = decode(ScenarioSource.read(path).root, Definition, [])
    assert definition is not None
    traces = trace_files.read_traces([project / trace_files.TRACE_FOLDER])
    return count_walks(definition, f"scenarios/{name}.yaml", traces)


def test_walks_are_counted_by_nodes_and_ways(project: Path) -> None:
    walks = walks_of(project, "合同")

    assert walks.runs == 3
    assert walks.nodes_never_walked == ["总经理"]
    assert walks.visits["会审"] == walks.visits["汇总"] == 4
    assert walks.visits["财务审查"] == 5
    assert walks.counts[FlowEdge("汇总", "return", "部门审批")] == 1
    assert walks.counts[FlowEdge("部门审批", "approve", "分管领导", "ctx.form.金额 > 100000")] == 1
    assert FlowEdge("分管领导", "deadline", "总经理") in walks.edges_never_walked
    assert walks.counts[FlowEdge("法务审查", "approve", "汇总")] == 4


def test_a_sub_flow_is_counted_where_others_start_it(project: Path) -> None:
    walks = walks_of(project, "用印")

    assert {**walks.visits} == {"盖章": 3, "完成": 3, "作废": 0}


def test_nothing_stands_on_something_else_and_the_same_graph_is_placed_alike(project: Path) -> None:
    walks = walks_of(project, "合同")
    widths = {name: 100.0 + 10 * len(name) for name in walks.definition.nodes}
    ways = [(way.source, way.target) for way in walks.edges]
    layout = lay_out(widths, ways)

    assert layout == lay_out(widths, ways)
    for one, other in combinations(widths, 2):
        (left, top), (right, bottom) = layout.boxes[one], layout.boxes[other]
        apart = (widths[one] + widths[other]) / 2 + GAP - 0.1
        assert abs(top - bottom) >= HEIGHT or abs(left - right) >= apart, (one, other)
    assert layout.back_edges == {
        ("分管领导", "部门审批"),
        ("预算复核", "财务审查"),
        ("汇总", "部门审批"),
    }
    every = [
        *layout.boxes.values(),
        *(point for line in layout.edge_points.values() for point in line),
    ]
    assert all(0 <= x <= layout.width and 0 <= y <= layout.height for x, y in every)
    for (source, target), line in layout.edge_points.items():
        if (source, target) not in layout.back_edges:
            assert [y for _, y in line] == sorted(y for _, y in line)


@pytest.mark.parametrize("ways", [[], [("a", "a")], [("a", "b"), ("b", "a"), ("b", "c")]])
def test_small_and_odd_graphs_are_placed_too(ways: list[tuple[str, str]]) -> None:
    layout = lay_out(dict.fromkeys("abc", 100.0), ways)

    assert {*layout.boxes} == {*"abc"}
    assert {*layout.edge_points} == {*ways}


def test_the_tree_has_each_node_once_and_says_what_was_not_walked(project: Path) -> None:
    lines = list(draw_tree(walks_of(project, "用印")))

    assert [translate(line, "zh") for line in lines] == [
        "盖章  ×3",
        "├─ approve → 完成  ×3",
        "└─ reject → 作废  未走过",
    ]


def test_the_picture_is_well_formed_and_says_all_without_colours(project: Path) -> None:
    svg = draw_svg(walks_of(project, "合同"))
    root = ET.fromstring(svg.partition("\n")[2])

    assert svg == draw_svg(walks_of(project, "合同"))
    groups = [group.get("class") for group in root.iter("{http://www.w3.org/2000/svg}g")]
    assert groups.count("never") > 1
    assert "分管领导审批 &lt;公司&gt;" in svg


def test_the_command_writes_page_and_picture(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(project)
    page = project / "out/合同.html"
    flow = project / "scenarios/合同.yaml"

    assert draw_flow(flow, [project / trace_files.TRACE_FOLDER], page, json=False) == 0
    printed = capsys.readouterr().out
    assert "11 of 12 nodes and 15 of 22 ways were walked, in 3 runs" in printed
    assert page.read_text(encoding="utf-8").count("<svg") == 1
    assert page.with_suffix(".svg").read_text(encoding="utf-8").startswith("<?xml")
    assert draw_flow(flow, [project / "nothing"], page, json=False) == 0
    assert "no trace knows this flow" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("files", "places", "told"),
    [
        ({}, [], ""),
        ({}, ["没有"], ""),
        ({"空/a.txt": ""}, ["空"], ""),
        ({"空/a.txt": ""}, ["没有", "空"], ""),
        ({"trace/x/a.ndjson": "{"}, ["trace"], "trace/x/a.ndjson:1: not a line of a trace"),
        ({"a.ndjson": "{"}, ["a.ndjson"], "a.ndjson:1: not a line of a trace"),
        ({"a.ndjson": ""}, ["a.ndjson"], "a.ndjson: this trace has no beginning"),
        # what was not there yet hides nothing
        ({"trace/x/a.ndjson": "{"}, ["没有", "trace"], "没有: trace not found"),
        ({"空/a.txt": "", "a.ndjson": "{"}, ["空", "a.ndjson"], "空: contains no trace"),
    ],
)  # fmt: skip
def test_where_nothing_ran_nothing_is_walked_and_a_damaged_trace_is_told(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    files: dict[str, str],
    places: list[str],
    told: str,
) -> None:
    write_files(tmp_path, {"流程.yaml": FLOW, **files})
    monkeypatch.chdir(tmp_path)

    def draw() -> int:
        return draw_flow(Path("流程.yaml"), [*map(Path, places)], Path("流程.html"), json=False)

    if told:
        with pytest.raises(ConfigError) as refused:
            draw()
        assert str(refused.value).startswith(told)
    else:
        assert draw() == 0
        assert "never walked" in Path("流程.html").read_text("utf-8").lower()
    assert Path("流程.html").exists() is not bool(told)


def test_a_broken_flow_is_told_with_its_place(tmp_path: Path) -> None:
    (tmp_path / "流程.yaml").write_text(FLOW.replace("to: 会审", "to: 会神"), encoding="utf-8")

    with pytest.raises(ConfigError, match="no node '会神'; did you mean '会审'"):
        draw_flow(tmp_path / "流程.yaml", [], tmp_path / "流程.html", json=False)


@needs_chromium
def test_the_page_fits_a_telephone_and_a_screen_light_and_dark(
    project: Path, tmp_path: Path
) -> None:
    page = tmp_path / "合同.html"
    page.write_text(draw_page(walks_of(project, "合同"), "scenarios/合同.yaml"), encoding="utf-8")

    wrong: list[str] = []
    with browser() as running:
        for width in (400, 1280):
            size = {"width": width, "height": 800}
            shown = running.new_context(viewport=size, color_scheme="dark").new_page()
            shown.on("console", lambda told: wrong.append(told.text))
            shown.goto(page.as_uri())
            assert shown.evaluate("document.documentElement.scrollWidth") <= width
            paper = "getComputedStyle(document.querySelector('.paper')).fill"
            assert shown.evaluate(paper) == "rgb(22, 24, 27)"
    assert wrong == []
