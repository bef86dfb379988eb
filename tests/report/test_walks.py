"""How often nodes and routes were walked, by the events of traces; and members of events."""

from __future__ import annotations

from typing import Any

import pytest

from bpmax_sim.report.flow_walks import FlowEdge, count_walks, find_edges
from bpmax_sim.report.page_data import LONGEST_BODY, build_entry
from bpmax_sim.report.trace_files import Trace
from bpmax_sim.subject.definition import Deadline, Definition, FlowNode, Transition
from tests.report.test_html import event, finished, made, started

NODES = {
    "起": FlowNode(
        owners=("甲",),
        approve=(Transition(to="分", when="ctx.a"), Transition(to="止")),
        reject="止",
        deadline=(Deadline(after=1), Deadline(after=2, to="合")),
    ),
    "分": FlowNode(parallel=("一", "二"), join="合"),
    "一": FlowNode(owners=("甲",), approve="合"),
    "二": FlowNode(owners=("甲",), approve="合"),
    "合": FlowNode(owners=("甲",), approve="止", reject="起"),
    "止": FlowNode(end=True),
}
FLOW = Definition(flow="合同", start="起", nodes=NODES)
FILE = "scenarios/流程.yaml"


def move(source: str, target: str, action: str = "approve") -> dict[str, Any]:
    return event("NodeEntered", node=target, previous=source, action=action, by="甲")


def arrived(source: str, join: str) -> dict[str, Any]:
    return event("BranchArrived", node=source, join=join, branch=source, waiting=[])


def trace(*moves: Any, name: str = "", flow: str = "合同", file: str = "流程.yaml") -> Trace:
    flows = {name: {"flow": flow}, **({"": {"flow": "外"}} if name else {})}
    return Trace("scenarios", (started(), *moves, finished()), {file: "x"}, flows)


def walked(*traces: Trace) -> tuple[dict[str, int], dict[str, int], int]:
    found = count_walks(FLOW, FILE, traces)
    ways = {f"{way.source} {way.action} {way.target}": n for way, n in found.counts.items()}
    return ways, {name: n for name, n in found.visits.items() if n}, found.runs


def test_the_ways_of_a_flow_are_those_of_its_nodes_in_order() -> None:
    assert list(find_edges(FLOW)) == [
        FlowEdge("起", "approve", "分", "ctx.a"),
        FlowEdge("起", "approve", "止"),
        FlowEdge("起", "reject", "止"),
        FlowEdge("起", "deadline", "合"),
        FlowEdge("分", "parallel", "一"),
        FlowEdge("分", "parallel", "二"),
        FlowEdge("一", "approve", "合"),
        FlowEdge("二", "approve", "合"),
        FlowEdge("合", "approve", "止"),
        FlowEdge("合", "reject", "起"),
    ]


@pytest.mark.parametrize(
    ("moves", "ways", "visits"),
    [
        ([move("", "起", "create")], {}, {"起": 1}),
        (
            [move("", "起", "create"), move("起", "止", "reject")],
            {"起 reject 止": 1},
            {"起": 1, "止": 1},
        ),
        (
            [
                move("", "起"), move("起", "分"), move("分", "一"), move("分", "二"),
                arrived("一", "合"), move("二", "合"),
            ],
            {
                "起 approve 分": 1, "分 parallel 一": 1, "分 parallel 二": 1, "一 approve 合": 1,
                "二 approve 合": 1,
            },
            {"起": 1, "分": 1, "一": 1, "二": 1, "合": 1},
        ),
        (
            [move("", "起"), move("起", "止", "reject"), move("止", "起", "undo")],
            {},
            {"起": 1},
        ),
        (
            [
                move("", "起"), move("起", "分"), move("分", "一"), move("分", "二"),
                move("二", "起", "undo"),
            ],
            {},
            {"起": 1},
        ),
        ([move("合", "起", "return")], {"合 return 起": 1}, {"起": 1, "合": 1}),
        ([move("合", "", "withdraw")], {}, {}),
        ([move("起", "合", "deadline")], {"起 deadline 合": 1}, {"起": 1, "合": 1}),
        ([move("起", "无此")], {"起 approve 无此": 1}, {"起": 1}),
        ([move("合", "止"), move("合", "止")], {"合 approve 止": 2}, {"合": 2, "止": 2}),
    ],
)  # fmt: skip
def test_moves_are_counted_without_those_that_were_undone(
    moves: list[Any], ways: dict[str, int], visits: dict[str, int]
) -> None:
    assert walked(trace(*moves)) == (ways, visits, 1)


def test_only_traces_with_the_file_and_the_flow_count() -> None:
    moves = [move("", "起"), move("起", "止", "reject")]

    assert walked(trace(*moves, flow="别的")) == ({}, {}, 0)
    assert walked(trace(*moves, file="别的.yaml")) == ({}, {}, 0)
    assert walked(trace(*moves), trace(*moves), trace()) == (
        {"起 reject 止": 2}, {"起": 2, "止": 2}, 3,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("prefix", "is_counted"), [("子/", True), ("子#2/", True), ("", False), ("孙/", False)]
)
def test_nodes_of_a_sub_flow_have_its_name_in_front(prefix: str, *, is_counted: bool) -> None:
    moves = [move("", f"{prefix}起"), move(f"{prefix}起", f"{prefix}止", "reject")]

    ways, visits, runs = walked(trace(*moves, name="子"))

    assert (ways, visits) == (({"起 reject 止": 1}, {"起": 1, "止": 1}) if is_counted else ({}, {}))
    assert runs == 1


def test_what_nobody_walked_and_what_nobody_declares_is_told() -> None:
    found = count_walks(FLOW, FILE, [trace(move("", "起"), move("起", "分"), move("分", "新"))])

    assert found.nodes_never_walked == ["一", "二", "合", "止"]
    assert [way.target for way in found.edges_never_walked] == [
        "止", "止", "合", "一", "二", "合", "合", "止", "起",
    ]  # fmt: skip
    assert found.unknown_nodes == ("新",)
    assert len(found.edges) == 10


@pytest.mark.parametrize(
    ("key", "value", "shown"),
    [
        ("message", "../a.js", "s/a.js"),
        ("why", ["../a.js", "b"], ["s/a.js", "b"]),
        ("place", "../a.js:3", "s/a.js:3"),
        ("place", None, ""),
        ("script", "b.js", "s/c/b.js"),
        ("text", "see ../a.js", "see s/a.js"),
        ("text", 7, 7),
        ("stack", ["../a.js:1", "f (../b.js:2)", "c"], ["s/a.js:1", "f (s/b.js:2)", "c"]),
        ("recording", {"file": "../../x.yaml", "line": 4}, {"file": "x.yaml", "line": 4}),
        ("recording", "../a", "../a"),
        (
            "checks",
            [{"expected": "1", "actual": "2", "place": "a"}, {"ok": True}],
            [{"expected": "1", "actual": "2", "place": "s/c/a"}, {"ok": True}],
        ),
        ("body", {"a": "../x"}, {"a": "../x"}),
        ("field", "../x", "../x"),
        ("number", 3, 3),
    ],
)
def test_a_member_of_an_event_is_shown_by_what_it_is(key: str, value: Any, shown: Any) -> None:
    entry = build_entry(Trace("s/c", (started(), event("Other", 0.0, **{key: value}), finished())))

    assert entry.events[1][key] == shown
    assert "curl" not in entry.events[1]


def test_the_failures_of_a_run_are_no_member_of_its_last_event() -> None:
    last = finished(outcome="failed", failures=[{"essence": "x"}])
    entry = build_entry(Trace("s", (started(), made(), last)))

    assert "failures" not in entry.events[-1]
    assert entry.events[1]["curl"].startswith("curl ")


@pytest.mark.parametrize(("more", "is_text"), [(0, False), (1, True)])
@pytest.mark.parametrize("key", ["body", "response", "form", "old", "new", "request"])
def test_a_large_body_is_one_text(key: str, more: int, *, is_text: bool) -> None:
    value = ["x" * (LONGEST_BODY // 2 - 4), "y" * (LONGEST_BODY // 2 - 4 + more)]
    entry = build_entry(Trace("s", (started(), event("Other", 0.0, **{key: value}), finished())))

    assert isinstance(entry.events[1][key], str) is is_text


def test_a_body_is_as_large_as_its_bytes() -> None:
    value = [["客" * (LONGEST_BODY // 6)] * 2, ["x" * (LONGEST_BODY // 6)] * 2]
    told = [event("Other", body=one) for one in value]
    entry = build_entry(Trace("s", (started(), *told, finished())))

    assert [type(one["body"]) for one in entry.events[1:3]] == [str, list]
