"""What is wrong with a flow as a whole, where keys and deadlines come in several."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from bpmax_sim.subject.definition import Definition

PEOPLE = {"owners": ["甲"], "approve": "止"}
END = {"end": True}


def _find(**nodes: Any) -> dict[tuple[str | int, ...], str]:
    """Return the mistakes of a flow: path -> message."""
    written = {"flow": "采购", "start": "审", "nodes": {"止": END, **nodes}}
    return dict(msgspec.convert(written, Definition).find_mistakes())


def test_a_gateway_offers_no_action_and_the_first_is_named() -> None:
    branches = {
        "法务": {**PEOPLE, "approve": "合"},
        "财务": {**PEOPLE, "approve": "合"},
        "合": PEOPLE,
    }
    for actions in ({"approve": "合", "reject": "止"}, {"reject": "止"}):
        split = {"parallel": ["法务", "财务"], "join": "合", **actions}
        path = ("nodes", "审", next(iter(actions)))
        assert _find(审=split, **branches) == {path: "a node with parallel goes on at its join"}
    for actions in ({"approve": "审", "reject": "审"}, {"reject": "审"}):
        path = ("nodes", "止", next(iter(actions)))
        assert _find(审=PEOPLE, 止={**END, **actions}) == {path: "an end node offers no action"}


@pytest.mark.parametrize(
    ("deadline", "found"),
    [
        ([{"after": 60}, {"after": 120, "to": "升级"}], {}),
        ([{"after": 60}, {"after": 90}, {"after": 120, "to": "升级"}], {}),
        ({"after": 60, "to": "升级"}, {}),
        ([{"after": 60}, {"after": 120}], {("nodes", "升级"): "cannot be reached"}),
        (60, {("nodes", "升级"): "cannot be reached"}),
        (
            [{"after": 60, "to": "升级"}, {"after": 120}],
            {
                ("nodes", "审", "deadline", 0): "the project leaves the node here",
                ("nodes", "升级"): "cannot be reached",
            },
        ),
        (
            [{"after": 60}, {"after": 90, "then": "approve"}, {"after": 120, "to": "升级"}],
            {("nodes", "审", "deadline", 1): "the project leaves the node here"},
        ),
        (
            [{"after": 60}, {"after": 60, "to": "升级"}],
            {("nodes", "审", "deadline", 1, "after"): "later"},
        ),
        (
            [{"after": 60}, {"after": 120}, {"after": 90, "to": "升级"}],
            {("nodes", "审", "deadline", 2, "after"): "later"},
        ),
        (
            [{"after": 0}, {"after": 1, "to": "升级"}],
            {("nodes", "审", "deadline", 0): "over when the project arrives"},
        ),
        (
            {"after": 60, "to": "升级", "then": "approve"},
            {("nodes", "审", "deadline", "to"): "not both"},
        ),
        (
            {"after": 60, "to": "升级", "notify": ["乙"]},
            {("nodes", "审", "deadline", "notify"): "notify goes with"},
        ),
        (
            [{"after": 60, "then": "reject"}],
            {
                ("nodes", "审", "deadline", 0, "then"): "does not offer reject; it offers approve",
                ("nodes", "升级"): "cannot be reached",
            },
        ),
    ],
)
def test_a_project_leaves_a_node_by_the_last_of_its_deadlines(
    deadline: Any, found: dict[tuple[str | int, ...], str]
) -> None:
    mistakes = _find(审={**PEOPLE, "deadline": deadline}, 升级=PEOPLE)

    # what is wrong with a node alone is told before the ways between them are looked at
    expected = {p: t for p, t in found.items() if len(p) > 2} or found
    assert mistakes.keys() == expected.keys()
    assert all(text in mistakes[path] for path, text in expected.items())


@pytest.mark.parametrize(
    ("routes", "found"),
    [
        (
            [{"when": "ctx.form.a", "to": "止"}, {"when": "ctx.form.b", "to": "止"}, {"to": "止"}],
            [],
        ),
        ([{"when": "ctx.form.a", "to": "止"}, {"to": "止"}, {"to": "止"}], [1]),
        ([{"to": "止"}, {"to": "止"}, {"when": "ctx.form.a", "to": "止"}], [0, 1]),
        ([{"to": "止"}], []),
    ],
)
def test_a_route_without_condition_is_the_last(routes: Any, found: list[int]) -> None:
    mistakes = _find(审={"owners": ["甲"], "approve": routes})

    assert [*mistakes] == [("nodes", "审", "approve", number) for number in found]


@pytest.mark.parametrize(
    ("parallel", "is_wrong"),
    [(["法务", "财务"], False), (["法务", "法务"], True), (["法务"], True)],
)
def test_a_gateway_has_two_branches_or_more(parallel: list[str], *, is_wrong: bool) -> None:
    branches = {name: {**PEOPLE, "approve": "合"} for name in ("法务", "财务")}
    mistakes = _find(审={"parallel": parallel, "join": "合"}, 合=PEOPLE, **branches)

    assert (("nodes", "审", "parallel") in mistakes) is is_wrong


@pytest.mark.parametrize(
    ("node", "path", "message"),
    [
        ({"approve": "止", "reject": "止", "subflow": "比价"}, None, ""),
        ({"reject": "止", "subflow": "比价"}, "subflow", "needs approve"),
        ({"approve": "止", "subflow": "比价", "owners": ["甲"]}, "owners", "where people decide"),
        ({"approve": "止", "subflow": "比价", "empty": "approve"}, "empty", "where people decide"),
        ({"approve": "止", "subflow": "比价", "deadline": 60}, "deadline", "where people decide"),
        (
            {"approve": "止", "subflow": "比价", "complete": "all"},
            "complete",
            "where people decide",
        ),
        ({"owners": ["甲"]}, "", "needs approve, reject, or end: true"),
        ({"owners": ["甲", "乙", "甲"], "approve": "止"}, "owners", "'甲' is there twice"),
        ({"owners": ["甲", "乙"], "complete": 3, "approve": "止"}, "complete", "never be reached"),
    ],
)
def test_a_key_belongs_to_a_kind_of_node(node: Any, path: str | None, message: str) -> None:
    mistakes = _find(审=node)

    expected = () if path is None else (("nodes", "审", path) if path else ("nodes", "审"),)
    assert (*mistakes,) == expected
    assert all(message in text for text in mistakes.values())


def test_of_the_ends_in_a_branch_the_first_by_name_is_told() -> None:
    nodes = {
        "审": {"parallel": ["法务", "财务"], "join": "合"},
        "法务": {
            "owners": ["甲"],
            "approve": [{"when": "ctx.form.a", "to": "丁止"}, {"to": "丙止"}],
        },
        "财务": {"owners": ["乙"], "approve": "合"},
        "合": PEOPLE,
        "丙止": END,
        "丁止": END,
    }

    assert _find(**nodes)["nodes", "审", "parallel", 0] == (
        "the join '合' can never complete: the branch '法务' leads to '丁止', which ends the flow"
    )
