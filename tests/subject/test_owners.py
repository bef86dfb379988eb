"""Who decides at a node, and when it is decided: each rule against every outcome that is left."""

from __future__ import annotations

import itertools
import math
from typing import Any

import pytest

from bpmax_sim.errors import SubjectError
from bpmax_sim.i18n import translate
from bpmax_sim.js_values import UNDEFINED
from bpmax_sim.subject.owners import (
    PASSED,
    REFUSED,
    UNTREATED,
    Items,
    NodeDecision,
    ParallelBranches,
    Visit,
    apply_transfers,
    decide_by_rule,
    fill_in_untreated_status,
    find_rule_problem,
    leave_node,
    list_owner_ids,
    parse_returned_owners,
    read_owner_id,
)


@pytest.mark.parametrize(
    ("rule", "owners", "problem"),
    [
        *[(rule, 0, None) for rule in ("any", "all", "in_order", 1, 7, "1%", "60%", "99%", "100%")],
        *[(rule, 3, None) for rule in (1, 3, "all", "100%")],
        (4, 3, "4 of 3 owners can never be reached"),
        (0, 0, "expected at least one owner, got 0"),
        (-1, 3, "expected at least one owner, got -1"),
        *[
            (rule, 0, "expected any, all, in_order, a number of owners or a share such as 60%, got")
            for rule in ("0%", "101%", "060%", "60 %", "60", "", None, True, False, 1.5, ["any"])
        ],
        (
            "al",
            0,
            "expected any, all, in_order, a number of owners or a share such as 60%, got 'al'",
        ),
    ],
)
def test_a_rule_is_a_word_a_number_or_a_share(rule: Any, owners: int, problem: str | None) -> None:
    found = find_rule_problem(rule, owners)

    assert (found is None) == (problem is None)
    if problem is not None:
        assert translate(found or "").startswith(problem)


def needed(rule: str | int, count: int) -> int:
    """Return how many of *count* have to pass."""
    if isinstance(rule, int):
        return min(rule, count)
    return math.ceil(count * int(rule[:-1]) / 100) if rule.endswith("%") else count


@pytest.mark.parametrize("rule", ["all", "in_order", 1, 2, 3, 9, "1%", "50%", "60%", "67%", "100%"])
def test_a_node_passes_when_enough_did_and_is_refused_when_no_more_can(rule: str | int) -> None:
    for count in range(6):
        for statuses in itertools.product((UNTREATED, PASSED, REFUSED), repeat=count):
            enough = needed(rule, count)
            most = statuses.count(PASSED) + statuses.count(UNTREATED)
            expected = REFUSED if most < enough else UNTREATED
            if count and statuses.count(PASSED) >= enough:
                expected = PASSED
            assert decide_by_rule(rule, statuses) == expected, statuses


@pytest.mark.parametrize(
    ("statuses", "decided"),
    [
        ((), UNTREATED),
        ((UNTREATED, UNTREATED), UNTREATED),
        ((UNTREATED, UNTREATED, PASSED), PASSED),
        ((UNTREATED, REFUSED, PASSED), REFUSED),
    ],
)
def test_where_any_decides_the_first_who_did_has(statuses: tuple[int, ...], decided: int) -> None:
    assert decide_by_rule("any", statuses) == decided


def seats(*names: str, rule: str | int = "all") -> NodeDecision:
    return NodeDecision.from_items(
        fill_in_untreated_status({"owner_id": name} for name in names), rule
    )


def decide(table: NodeDecision, **statuses: int) -> None:
    for name, status in statuses.items():
        table.require_item_to_act_now(name)["status"] = status


def pending(table: NodeDecision) -> list[str]:
    return [read_owner_id(item) for item in table.find_items_to_act_now()]


def test_in_order_one_acts_after_the_other() -> None:
    table = seats("甲", "乙", "丙", rule="in_order")

    for name in ("甲", "乙", "丙"):
        assert pending(table) == [name]
        decide(table, **{name: PASSED})
    assert (pending(table), table.status) == ([], PASSED)
    assert table.owner_ids == ["甲", "乙", "丙"]


@pytest.mark.parametrize(
    ("by", "code", "message"),
    [
        ("甲", "ALREADY_DECIDED", "甲 has decided already; who may act now: 乙"),
        ("丙", "NOT_YOUR_TURN", "丙 is not to act yet; who may act now: 乙"),
        ("丁", "NOT_YOUR_TURN", "丁 is not to act yet; who may act now: 乙"),
    ],
)
def test_who_is_not_to_act_is_told_who_is(by: str, code: str, message: str) -> None:
    table = seats("甲", "乙", "丙", rule="in_order")
    decide(table, 甲=PASSED)

    with pytest.raises(SubjectError) as refused:
        table.require_item_to_act_now(by)

    assert (refused.value.code, str(refused.value)) == (code, message)
    with pytest.raises(SubjectError, match=r"who may act now: nobody$"):
        seats().require_item_to_act_now(by)


def test_what_would_be_decided_changes_nothing() -> None:
    table = seats("甲", "乙", "丙", rule=2)

    assert [table.compute_status_after("甲", status) for status in (PASSED, REFUSED)] == [
        UNTREATED,
        UNTREATED,
    ]
    decide(table, 甲=PASSED)
    assert [table.compute_status_after("丙", status) for status in (PASSED, REFUSED)] == [
        PASSED,
        UNTREATED,
    ]
    decide(table, 乙=REFUSED)
    assert [table.compute_status_after("丙", status) for status in (PASSED, REFUSED)] == [
        PASSED,
        REFUSED,
    ]
    assert (pending(table), table.status) == (["丙"], UNTREATED)


@pytest.mark.parametrize(
    ("where", "rule", "turns", "mine"),
    [
        ("before", "all", [["丁", "戊", "丙"], ["戊", "丙"], ["乙", "丙"], ["丙"]], UNTREATED),
        ("before", "any", [["丁", "戊", "丙"], ["乙", "丙"], ["丙"]], UNTREATED),
        ("after", "all", [["丁", "戊", "丙"], ["戊", "丙"], ["丙"]], PASSED),
        ("after", "in_order", [["丁", "丙"], ["戊", "丙"], ["丙"]], PASSED),
        ("beside", "any", [["乙", "丁", "戊", "丙"], ["丁", "戊", "丙"], ["戊", "丙"], ["丙"]], 0),
    ],
)
def test_owners_are_added_before_after_and_beside_one(
    where: Any, rule: str, turns: list[list[str]], mine: int
) -> None:
    """Whoever is second of three; each time the first who may act passes."""
    table = seats("甲", "乙", "丙")
    decide(table, 甲=PASSED)

    table.add_owners(
        "乙", fill_in_untreated_status([{"owner_id": "丁"}, {"owner_id": "戊"}]), where, rule
    )

    assert [item["status"] for item in table.owner_items if read_owner_id(item) == "乙"] == [mine]
    for turn in turns:
        assert pending(table) == turn
        assert table.status == UNTREATED
        decide(table, **{turn[0]: PASSED})
    assert (table.status, pending(table)) == (PASSED, [])


def test_who_was_added_may_refuse_for_the_seat() -> None:
    for where in ("before", "after", "beside"):
        table = seats("甲", "乙", rule="all")
        table.add_owners("甲", fill_in_untreated_status([{"owner_id": "丁"}]), where, "all")
        decide(table, 丁=REFUSED)
        assert table.status == REFUSED
        assert pending(table) == ["乙"]


@pytest.mark.parametrize(
    ("ids", "transfers", "seated"),
    [
        (["甲", "乙"], {}, ["甲", "乙"]),
        (["甲", "乙"], {"丙": "丁"}, ["甲", "乙"]),
        (["甲", "乙", "丙"], {"乙": "丁"}, ["甲", "丁", "丙"]),
        (["甲", "乙"], {"甲": "丙", "丙": "丁"}, ["丁", "乙"]),
        (["甲", "乙", "丙"], {"甲": "乙"}, ["乙", "丙"]),
        (["甲", "乙", "丙"], {"丙": "甲"}, ["甲", "乙"]),
    ],
)
def test_who_handed_his_task_over_has_done_so(
    ids: list[str], transfers: dict[str, str], seated: list[str]
) -> None:
    items: Items = [{"owner_id": one, "from": one} for one in ids]

    made = apply_transfers(items, transfers)

    assert [read_owner_id(item) for item in made] == seated
    assert [item["owner_id"] for item in items] == ids
    assert {item["from"] for item in made} <= {*ids}


def test_items_say_more_where_they_do() -> None:
    assert fill_in_untreated_status([{"owner_id": 7}, {"owner_id": 8, "status": PASSED}]) == [
        {"status": UNTREATED, "owner_id": 7},
        {"status": PASSED, "owner_id": 8},
    ]


@pytest.mark.parametrize(
    ("value", "returned"),
    [
        (None, {}),
        (UNDEFINED, {}),
        ({}, {}),
        ([], {"审批": []}),
        ([{"owner_id": 7}, {"owner_id": "a", "status": 2}], {"审批": 2}),
        (
            {"审批": [{"owner_id": 0}], "0": [], "会签": ({"owner_id": "x"},)},
            {"审批": 1, "0": 0, "会签": 1},
        ),
    ],
)
def test_a_hook_returns_owners_of_its_node_or_of_several(
    value: Any, returned: dict[str, Any]
) -> None:
    made = parse_returned_owners(value, "审批", ("审批", "会签"))

    assert {step: len(items) for step, items in made.items()} == {
        step: count if isinstance(count, int) else len(count) for step, count in returned.items()
    }


NO_OWNERS: tuple[Any, ...] = (
    *({}, None, "a", 7, [], {"owner_id": ""}, {"owner_id": None}, {"owner_id": True}),
    *({"owner_id": 1.5}, {"owner_id": [7]}, {"owner_id": 7}, {"owner_id": "8"}),
    *({"owner_id": 9, "status": one} for one in (-1, 3, True, False, None, "1")),
)


@pytest.mark.parametrize(
    ("value", "code"),
    [
        *[([{"owner_id": 7}, {"owner_id": 8}, one], "BAD_RETURN") for one in NO_OWNERS],
        ("甲", "BAD_RETURN"),
        (7, "BAD_RETURN"),
        ({"审批": {"owner_id": 7}}, "BAD_RETURN"),
        ({"审批": [], "财务": []}, "UNKNOWN_NODE"),
        ({"1": []}, "UNKNOWN_NODE"),
    ],
)
def test_what_is_none_of_owners_is_an_error(value: Any, code: str) -> None:
    with pytest.raises(SubjectError) as refused:
        parse_returned_owners(value, "审批", ("审批", "会签"))
    assert refused.value.code == code


def test_the_owner_who_was_returned_twice_is_named() -> None:
    items = [{"owner_id": one} for one in ("乙", "甲", "甲", "丙", "甲", "乙")]
    with pytest.raises(SubjectError, match=r"^owners.审批 returned '乙' twice$"):
        parse_returned_owners(items, "审批")


def test_who_is_added_after_one_comes_before_who_was_added_earlier() -> None:
    table = seats("甲", "乙")
    table.add_owners("甲", fill_in_untreated_status([{"owner_id": "丁"}]), "before", "all")
    table.add_owners("丁", fill_in_untreated_status([{"owner_id": "戊"}]), "after", "all")

    for turn in ("戊", "甲"):
        assert pending(table) == [turn, "乙"]
        decide(table, **{turn: PASSED})
    assert (pending(table), table.owner_ids) == (["乙"], ["丁", "戊", "甲", "乙"])


def test_nodes_that_nobody_knows_may_have_any_name() -> None:
    assert parse_returned_owners({"财务": [{"owner_id": 7}]}, "审批") == {"财务": [{"owner_id": 7}]}


def _branches() -> tuple[dict[str, Visit], ParallelBranches, ParallelBranches]:
    """Return a project in three branches, the third of which lies in two more."""
    outer = ParallelBranches(
        "合", {"一": {"一", "二"}, "甲": {"甲"}, "丙": {"丙", "汇", "子", "丑"}}, {"一", "甲", "丙"}
    )
    inner = ParallelBranches("汇", {"子": {"子", "寅"}, "丑": {"丑"}}, {"子", "丑"}, outer, "丙")
    nodes = [("一", outer, "一"), ("甲", outer, "甲"), ("子", inner, "子"), ("丑", inner, "丑")]
    return {node: Visit(node, split=split, branch=at) for node, split, at in nodes}, outer, inner


@pytest.mark.parametrize(
    ("node", "target", "left", "at", "waits"),
    [
        ("一", "二", ["甲", "子", "丑"], "一", False),
        ("一", "合", ["甲", "子", "丑"], "一", True),
        ("子", "寅", ["一", "甲", "丑"], "子", False),
        ("子", "汇", ["一", "甲", "丑"], "子", True),
        ("子", "丙", ["一", "甲"], "丙", False),
        ("子", "合", ["一", "甲"], "丙", True),
        ("子", "结束", [], "", False),
        ("甲", "结束", [], "", False),
        ("甲", "二", [], "", False),
    ],
)
def test_who_leaves_a_branch_waits_at_its_join_or_ends_the_others(
    node: str, target: str, left: list[str], at: str, waits: bool
) -> None:
    visits, _, _ = _branches()

    left_to = leave_node(visits, visits[node], target)

    assert [*visits] == left
    assert (left_to.branch, left_to.must_wait, left_to.split is None) == (at, waits, not at)


def test_the_last_who_arrives_goes_on() -> None:
    visits, outer, inner = _branches()

    assert leave_node(visits, visits["子"], "汇")[1:] == ("子", True)
    assert leave_node(visits, visits["丑"], "汇") == (outer, "丙", False)
    assert not inner.waiting
    assert leave_node(visits, visits["甲"], "合")[1:] == ("甲", True)
    assert leave_node(visits, visits["一"], "合")[1:] == ("一", True)
    assert (outer.waiting, [*visits]) == ({"丙"}, [])
    last = Visit("汇", split=outer, branch="丙")
    assert leave_node(visits, last, "合") == (None, "", False)


def test_who_is_added_beside_one_of_several_decides_with_all_of_them() -> None:
    table = seats("甲")
    table.add_owners(
        "甲", fill_in_untreated_status([{"owner_id": "丁"}, {"owner_id": "戊"}]), "before", "any"
    )
    table.add_owners("丁", fill_in_untreated_status([{"owner_id": "己"}]), "beside", "any")

    for turn in (["丁", "戊", "己"], ["戊", "己"], ["己"], ["甲"]):
        assert pending(table) == turn
        decide(table, **{turn[0]: PASSED})
    assert table.status == PASSED


@pytest.mark.parametrize(
    ("value", "ids"),
    [
        ([{"owner_id": 7, "status": 1}, {"owner_id": "李四"}, {"owner_id": 0}], ["7", "李四", "0"]),
        (({"owner_id": 7}, "李四", 9), ["7", "李四", "9"]),
        ({"owner_id": "李四"}, ["李四"]),
        ("李四", ["李四"]),
        (0, ["0"]),
        ([], []),
        (None, []),
        (UNDEFINED, []),
        ("", []),
        ({}, []),
        ([{"id": 3}, None, True, 1.5, "", [7]], []),
    ],
)
def test_the_owners_of_a_project_are_read_however_they_are_written(
    value: Any, ids: list[str]
) -> None:
    assert list_owner_ids(value) == ids
