"""The functions under forms and flows, each with a table of what goes in and what comes out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import pytest
from msgspec import UNSET

from bpmax_sim.errors import CallError, ScriptError, SubjectError
from bpmax_sim.js_values import UNDEFINED
from bpmax_sim.script.failure import Script
from bpmax_sim.subject.definition import (
    Definition,
    FlowNode,
    FlowParts,
    LoadedNodeForm,
    check_hook_result,
    choose_first_node,
    explain_never_fired_event,
    find_reachable,
)
from bpmax_sim.subject.form import (
    FormSubject,
    check_row,
    find_changed_columns,
    find_option_problems,
    find_value_at_steps,
    is_field_value_empty,
    list_option_values,
    parse_form_path,
    replace_at,
)
from bpmax_sim.subject.hooks import (
    add_refusal_code,
    check_target,
    is_agreement,
    is_same_value,
    parse_event,
    read_refusal,
    read_thrown_refusal,
    set_or_delete_member,
)
from bpmax_sim.subject.owners import (
    NodeDecision,
    OwnersRound,
    ParallelBranches,
    Visit,
    apply_transfers,
    decide_by_rule,
    fill_in_untreated_status,
    find_rule_problem,
    leave_node,
    list_owner_ids,
    parse_returned_owners,
)
from tests.subject.stage import PlainStage


def _message(act: Callable[[], object]) -> str:
    """Return code and message with which *act* is refused."""
    with pytest.raises(SubjectError) as caught:
        act()
    return f"{caught.value.code}: {caught.value}"


def test_a_rule_is_a_word_a_number_or_a_share() -> None:
    known = "expected any, all, in_order, a number of owners or a share such as 60%, got "
    problems: dict[tuple[Any, int], str | None] = {
        ("any", 0): None, ("all", 2): None, ("in_order", 2): None, ("1%", 0): None,
        ("60%", 2): None, ("99%", 0): None, ("100%", 0): None, (1, 0): None, (2, 2): None,
        (3, 0): None,
        (0, 0): "expected at least one owner, got 0",
        (-1, 2): "expected at least one owner, got -1",
        (3, 2): "3 of 2 owners can never be reached",
        ("0%", 0): f"{known}'0%'", ("05%", 0): f"{known}'05%'", ("101%", 0): f"{known}'101%'",
        ("1000%", 0): f"{known}'1000%'", ("60", 0): f"{known}'60'",
        ("in_oder", 0): f"{known}'in_oder'; did you mean 'in_order'?",
        (1.5, 0): f"{known}1.5",
    }  # fmt: skip
    assert {key: find_rule_problem(*key) for key in problems} == problems
    assert find_rule_problem(True) == f"{known}true"


def test_owners_decide_by_their_rule() -> None:
    no, yes, open_ = 2, 1, 0
    decided: dict[tuple[Any, tuple[int, ...]], int] = {
        ("any", ()): open_, ("any", (0, 0)): open_, ("any", (0, 2, 1)): no, ("any", (0, 1, 2)): yes,
        ("all", ()): open_, ("all", (1,)): yes, ("all", (1, 0)): open_, ("all", (0, 2)): no,
        ("in_order", (1, 1)): yes, ("in_order", (1, 2)): no, ("in_order", (1, 0)): open_,
        (2, (1, 0, 0)): open_, (2, (1, 0, 1)): yes, (2, (2, 0, 0)): open_, (2, (2, 0, 2)): no,
        (2, (1, 2, 0)): open_, (3, (1, 1)): yes, (3, (2, 1)): no, (1, (2, 0)): open_,
        ("60%", (1, 1, 0)): yes, ("60%", (1, 0, 0)): open_, ("60%", (2, 2, 0)): no,
        ("34%", (1, 0, 0)): open_, ("33%", (1, 0, 0)): yes, ("67%", (1, 1, 0)): open_,
        ("50%", (1, 2, 0, 0)): open_, ("50%", (2, 2, 2, 0)): no, ("1%", (2, 2, 1)): yes,
        ("100%", (1, 1, 0)): open_, ("100%", (1, 1)): yes, ("100%", (0, 2)): no,
    }  # fmt: skip
    assert {key: decide_by_rule(*key) for key in decided} == decided


def items(*pairs: tuple[Any, int]) -> list[dict[str, Any]]:
    return [{"owner_id": owner, "status": status} for owner, status in pairs]


def now(decision: NodeDecision) -> list[str]:
    return [str(item["owner_id"]) for item in decision.find_items_to_act_now()]


def test_who_is_to_act_now_and_what_follows_from_it() -> None:
    three = (("甲", 0), ("乙", 0), ("丙", 0))
    decision = NodeDecision.from_items(items(*three), "in_order")
    assert (now(decision), decision.owner_ids) == (["甲"], ["甲", "乙", "丙"])
    assert decision.compute_status_after("甲", 2) == 2
    assert decision.compute_status_after("甲", 1) == 0
    assert [item["status"] for item in decision.owner_items] == [0, 0, 0]
    assert _message(lambda: decision.require_item_to_act_now("乙")) == (
        "NOT_YOUR_TURN: 乙 is not to act yet; who may act now: 甲"
    )
    decision.require_item_to_act_now("甲")["status"] = 2
    assert _message(lambda: decision.require_item_to_act_now("甲")) == (
        "ALREADY_DECIDED: 甲 has decided already; who may act now: 乙"
    )
    decision = NodeDecision.from_items(items(("甲", 1), ("乙", 1)), "all")
    assert _message(lambda: decision.require_item_to_act_now("丙")) == (
        "NOT_YOUR_TURN: 丙 is not to act yet; who may act now: nobody"
    )


def test_people_who_are_added_decide_before_after_or_beside() -> None:
    three = (("甲", 0), ("乙", 0), ("丙", 0))
    decision = NodeDecision.from_items(items(*three), "all")
    decision.add_owners("乙", items(("丁", 0), ("戊", 0)), "before", "in_order")
    assert (now(decision), decision.owner_ids) == (
        ["甲", "丁", "丙"],
        ["甲", "丁", "戊", "乙", "丙"],
    )
    decision.require_item_to_act_now("丁")["status"] = 1
    decision.add_owners("戊", items(("己", 0)), "after", "all")
    assert (now(decision), decision.owner_ids) == (
        ["甲", "己", "丙"], ["甲", "丁", "戊", "己", "乙", "丙"],
    )  # fmt: skip
    decision.add_owners("甲", items(("庚", 0)), "beside", "any")
    assert now(decision) == ["甲", "庚", "己", "丙"]
    decision.require_item_to_act_now("甲")["status"] = 1
    assert now(decision) == ["庚", "己", "丙"]
    decision.add_owners("己", items(("辛", 0), ("壬", 0)), "before", "any")
    decision.require_item_to_act_now("壬")["status"] = 1
    assert now(decision) == ["庚", "己", "丙"]
    decision.require_item_to_act_now("己")["status"] = 2
    assert (now(decision), decision.status) == (["庚", "丙"], 2)

    any_of = OwnersRound(items(("甲", 0), ("乙", 0)), "any")
    assert [item["owner_id"] for item in any_of.find_items_to_act_now()] == ["甲", "乙"]
    beside = NodeDecision([[any_of]], "all")
    beside.add_owners("甲", items(("丙", 0)), "beside", "any")
    assert (any_of.rule, len(any_of.items)) == ("all", 3)


def test_owners_are_read_from_what_scripts_give() -> None:
    assert [
        list_owner_ids(value)
        for value in ("甲", 7, ["甲", 0, "", None, True, {"owner_id": 8}, {"x": 1}, 1.5], None, {},
                      {"owner_id": "乙"}, ("甲",))
    ] == [["甲"], ["7"], ["甲", "0", "8"], [], [], ["乙"], ["甲"]]  # fmt: skip
    assert fill_in_untreated_status([{"owner_id": 1}, {"owner_id": 2, "status": 1}]) == [
        {"status": 0, "owner_id": 1}, {"status": 1, "owner_id": 2},
    ]  # fmt: skip
    seats = items(("甲", 0), (7, 1), ("丙", 0))
    moved = apply_transfers(seats, {"甲": "乙", "乙": "丁", "7": "丙"})
    assert moved == items(("丁", 0), ("丙", 1))
    assert apply_transfers(seats, {"戊": "己"}) == seats
    assert apply_transfers(items(("甲", 0), ("甲", 1)), {"x": "y"}) == items(("甲", 0))

    nodes = ("初审", "复审")
    assert parse_returned_owners([{"owner_id": 7, "n": 1}], "初审") == {
        "初审": [{"owner_id": 7, "n": 1}]
    }
    assert parse_returned_owners(({"owner_id": "a", "status": 2},), "x", nodes) == {
        "x": [{"owner_id": "a", "status": 2}]
    }
    assert parse_returned_owners({"初审": [], "0": [{"owner_id": 0}]}, "复审", nodes) == {
        "初审": [], "0": [{"owner_id": 0}],
    }  # fmt: skip
    assert parse_returned_owners({"x": []}, "复审") == {"x": []}
    assert (parse_returned_owners(None, "x"), parse_returned_owners(UNDEFINED, "x")) == ({}, {})
    must = "BAD_RETURN: owners.复审 must return owners such as [{{owner_id: 7}}], got "
    wrong: dict[str, tuple[Any, str]] = {
        "text": ("甲", "'甲'"),
        "number": (7, "7"),
        "one": (["甲"], "['甲']"),
        "no id": ([{}], "[{}]"),
        "empty id": ([{"owner_id": ""}], "[{'owner_id': ''}]"),
        "true": ([{"owner_id": True}], "[{'owner_id': true}]"),
        "status": ([{"owner_id": 1, "status": 3}], "[{'owner_id': 1, 'status': 3}]"),
        "true status": ([{"owner_id": 1, "status": True}], "[{'owner_id': 1, 'status': true}]"),
        "second": ([{"owner_id": 1}, {}], "[{'owner_id': 1}, {}]"),
        "of a node": ({"初审": 7}, "7"),
    }
    must = must.replace("{{", "{").replace("}}", "}")
    for value, got in wrong.values():
        assert _message(partial(parse_returned_owners, value, "复审", nodes)) == must + got
    twice = [{"owner_id": owner} for owner in (5, 7, "7", 6, "6")]
    assert _message(lambda: parse_returned_owners(twice, "复审")) == (
        "BAD_RETURN: owners.复审 returned '7' twice"
    )
    assert _message(lambda: parse_returned_owners({"初审": [], "复核": []}, "复审", nodes)) == (
        "UNKNOWN_NODE: owners.复审 returned owners of '复核', which is not a node; "
        "did you mean '复审'?"
    )


def test_a_branch_ends_at_its_join_or_with_all_others_when_one_leaves() -> None:
    def world() -> tuple[dict[str, Visit], ParallelBranches, ParallelBranches]:
        outer = ParallelBranches(
            "汇", {"一": {"一", "一二"}, "二": {"二", "内", "小汇"}}, {"一", "二"}
        )
        inner = ParallelBranches("小汇", {"甲": {"甲"}, "乙": {"乙"}}, {"甲", "乙"}, outer, "二")
        visits = [
            Visit("一", split=outer, branch="一"),
            Visit("甲", split=inner, branch="甲"),
            Visit("乙", split=inner, branch="乙"),
            Visit("外"),
        ]
        return {visit.node: visit for visit in visits}, outer, inner

    told: dict[tuple[str, str], Any] = {}
    for node, target in (("一", "一二"), ("一", "汇"), ("一", "二"), ("一", "止"), ("甲", "小汇"),
                         ("甲", "内"), ("甲", "汇"), ("甲", "一二"), ("甲", "止"),
                         ("外", "止")):  # fmt: skip
        visits, outer, inner = world()
        split, branch, waits = leave_node(visits, visits[node], target)
        name = "外" if split is outer else "内" if split is inner else ""
        told[node, target] = (name, branch, waits, [*visits], sorted(outer.waiting))
    both = ["一", "二"]
    assert told == {
        ("一", "一二"): ("外", "一", False, ["甲", "乙", "外"], both),
        ("一", "汇"): ("外", "一", True, ["甲", "乙", "外"], ["二"]),
        ("一", "二"): ("", "", False, ["外"], both),
        ("一", "止"): ("", "", False, ["外"], both),
        ("甲", "小汇"): ("内", "甲", True, ["一", "乙", "外"], both),
        ("甲", "内"): ("外", "二", False, ["一", "外"], both),
        ("甲", "汇"): ("外", "二", True, ["一", "外"], ["一"]),
        ("甲", "一二"): ("", "", False, ["外"], both),
        ("甲", "止"): ("", "", False, ["外"], both),
        ("外", "止"): ("", "", False, ["一", "甲", "乙"], both),
    }
    visits, outer, inner = world()
    leave_node(visits, visits["甲"], "小汇")
    assert leave_node(visits, visits["乙"], "小汇") == (outer, "二", False)


def test_values_are_found_and_replaced_by_their_path() -> None:
    assert [*map(parse_form_path, ("明细[0].数量", "客户.电话", "a[1][2]", "a.b.c", "a", "a.", ".a",
                                   "a[x]", "a[-1].b", "", "a[0]b", "a..b"))] == [
        ("明细", 0, "数量"), ("客户", "电话"), ("a", 1, 2), ("a", "b", "c"),
        (), (), (), (), (), (), (), (),
    ]  # fmt: skip
    value = {"行": ({"数": 1}, [7, 8]), "客": {"名": None}}
    found: dict[tuple[str | int, ...], Any] = {
        ("行", 0, "数"): 1, ("行", 1, 1): 8, ("行", 1, 2): UNSET, ("行", 2): UNSET,
        ("客", "名"): None, ("客", "x"): UNSET, ("客", 0): UNSET, ("行", "数"): UNSET, (): value,
    }  # fmt: skip
    assert {steps: find_value_at_steps(value, steps) for steps in found} == found
    assert replace_at(value, ("行", 1, 0), 9, "p") == {
        "行": [{"数": 1}, [9, 8]],
        "客": {"名": None},
    }
    assert replace_at(value, ("行", 0, "数"), 9, "p")["行"] == [{"数": 9}, [7, 8]]
    assert replace_at(None, ("a", "b"), 1, "p") == {"a": {"b": 1}}
    assert replace_at({"a": None, "b": 2}, ("a", "x"), 1, "p") == {"a": {"x": 1}, "b": 2}
    assert replace_at([1, 2, 3], (1,), 9, "p") == [1, 9, 3]
    assert value == {"行": ({"数": 1}, [7, 8]), "客": {"名": None}}
    refused: list[tuple[Any, tuple[str | int, ...], str]] = [
        ([1, 2], (2,), "NO_ROW: p: no row 2; there are rows 0 to 1, add_row adds one"),
        ([], (0,), "NO_ROW: p: no row 0; there are no rows, add_row adds one"),
        (None, (0,), "NO_ROW: p: no row 0; there are no rows, add_row adds one"),
        ("", (0,), "NO_ROW: p: no row 0; there are no rows, add_row adds one"),
        (0, (0,), "NOT_A_TABLE: p: expected a table, that is a list of rows, got 0"),
        ({}, (0,), "NOT_A_TABLE: p: expected a table, that is a list of rows, got {}"),
        (0, ("x",), "NO_MEMBER: p: 0 has no member 'x'"),
        ("", ("x",), "NO_MEMBER: p: '' has no member 'x'"),
        ([], ("x",), "NO_MEMBER: p: [] has no member 'x'"),
        ({"a": False}, ("a", "x"), "NO_MEMBER: p: false has no member 'x'"),
    ]
    for base, steps, message in refused:
        assert _message(partial(replace_at, base, steps, 1, "p")) == message
    check_row([1], 1, "p", extra_rows=1)
    assert _message(lambda: check_row([1], 2, "p", extra_rows=1)).startswith("NO_ROW: p: no row 2")


def test_columns_that_changed_are_in_the_order_of_the_new_table() -> None:
    old = [{"甲": 1, "乙": 1, "丙": 1}, {"丁": 1}]
    assert [
        [*find_changed_columns(*pair)]
        for pair in (
            (old, [{"丙": 2, "乙": 1, "甲": 2}, {"丁": 1}]),
            (old, [{"乙": 1, "丙": 1}]),
            (old, []),
            (None, [{"乙": 1, "甲": 1}]),
            ("", [{"乙": None}]),
            ([{"甲": 1}], [{"甲": True}]),
            ([{"甲": 1}], ({"甲": 1},)),
            ([{"甲": 1}, 7], [{"甲": 1}, {"乙": 2}]),
            (old, "无"),
            ([{"甲": 1}], [{"甲": 1}, {"甲": 1}]),
        )
    ] == [
        ["丙", "甲"], ["乙", "丙", "甲", "丁"], ["甲", "乙", "丙", "丁"], ["乙", "甲"], ["乙"],
        ["甲"], [], ["乙"], ["甲", "乙", "丙", "丁"], ["甲"],
    ]  # fmt: skip


def test_values_are_equal_as_in_javascript() -> None:
    nan = float("nan")
    equal = [
        ("a", "a"), (1, 1.0), (True, True), (nan, nan), (None, None), ([1, 2], (1, 2)), ({}, {}),
        ({"a": 1, "b": [nan]}, {"b": [nan], "a": 1}), (0.0, -0.0),
    ]  # fmt: skip
    different = [
        ("a", "A"), (1, True), (False, 0), ("1", 1), (nan, 1.0), (1.0, nan), (None, 0),
        (None, ""), ([1], [1, 2]),
        ([1, 2], [1, 3]), ({"a": 1}, {"a": 1, "b": None}), ({"a": 1}, {"b": 1}), ([True], [1]),
        ({"a": {"b": 0}}, {"a": {"b": False}}), ([], {}), ([], None), (None, False),
        (UNDEFINED, None),
    ]  # fmt: skip
    assert [is_same_value(*pair) for pair in equal] == [True] * len(equal)
    assert [is_same_value(*pair) for pair in different] == [False] * len(different)
    values: dict[str, Any] = {"a": 1, "n": None}
    steps = [("a", 1), ("a", True), ("n", UNDEFINED), ("n", UNDEFINED), ("n", None), ("n", None),
             ("x", UNDEFINED)]  # fmt: skip
    assert [set_or_delete_member(values, *step) for step in steps] == [
        False, True, True, False, True, False, False,
    ]  # fmt: skip
    assert (values, values["a"]) == ({"a": True, "n": None}, True)
    empty: Any = (None, "", [], (), {})
    full = (0, False, 0.0, " ", [None], UNDEFINED)
    assert [*map(is_field_value_empty, empty)] == [True] * 5
    assert [*map(is_field_value_empty, full)] == [False] * 6


_NO_ANSWERS: tuple[Any, ...] = ("", 0, 1, {}, [])


def test_a_script_refuses_by_what_it_returns_or_throws() -> None:
    assert [*map(is_agreement, (None, True, UNDEFINED, False, "", "x", 0, 1, {}, []))] == [
        *[True] * 3, *[False] * 7,
    ]  # fmt: skip
    assert [read_refusal("submit", v) for v in (None, True, UNDEFINED, False, "金额")] == [
        None, None, None, "submit refused", "金额",
    ]  # fmt: skip
    for value in _NO_ANSWERS:
        message = _message(partial(read_refusal, "submit", value))
        assert message.startswith(f"BAD_RETURN: submit returned {value!r}, which neither refuses")

    def script_error(text: str, name: str, cause: Exception | None = None, **fields: Any) -> Any:
        error = ScriptError(text, name=name)
        error.fields.update(fields)
        error.__cause__ = cause
        return error

    call = CallError("拒", code="CALL_FAILED")
    thrown: list[tuple[Any, str | None]] = [
        (script_error("金额", "Error"), "金额"), (script_error("'金额'", "Uncaught"), "金额"),
        (script_error('"金额"', "Uncaught"), "金额"), (script_error("`x`", "Uncaught"), "x"),
        (script_error("'金额'", "Error"), "'金额'"), (script_error("'x\"", "Uncaught"), "'x\""),
        (script_error("'", "Uncaught"), "'"), (script_error("xax", "Uncaught"), "xax"),
        (script_error("''", "Uncaught"), ""), (script_error("x", "BizError", code="E1"), "x"),
        (script_error("x", "Error", platform_key="crm"), "x"),
        (script_error("x", "Error", platform_key="crm", code="E1"), None),
        (script_error("x", "Error", code=CallError.default_code), None),
        (script_error("x", "Error", call, code="E1"), None),
        (script_error("x", "Error", call), "x"),
        (script_error("x", "Error", script_error("y", "Error"), code="E1"), "x"),
        (call, None), (ValueError("x"), None),
        *[(script_error("x", name), None) for name in ("EvalError", "InternalError", "RangeError",
          "ReferenceError", "SyntaxError", "TypeError", "URIError")],
    ]  # fmt: skip
    assert [read_thrown_refusal(error) for error, _ in thrown] == [text for _, text in thrown]
    plain, own = script_error("'无'", "Uncaught"), script_error("无", "Error", code="E1")
    bug = script_error("无", "TypeError")
    for error in (plain, own, bug):
        add_refusal_code(error)
    assert [(e.message, e.fields.get("code")) for e in (plain, own, bug)] == [
        ("无", "REFUSED"), ("无", "E1"), ("无", None),
    ]  # fmt: skip


def test_the_target_of_an_event_is_a_field_a_column_or_a_node() -> None:
    change, click = parse_event("change.明细.数量", "form"), parse_event("click.明细.数量", "form")
    approve, submit = parse_event("approve.初审", "flow"), parse_event("submit", "form")
    assert [
        check_target(change, ["明细"]), check_target(change, []), check_target(submit, ["x"]),
        check_target(approve, ["初审", "x"]), check_target(click, ["明细"]),
        check_target(change, ["明"]), check_target(approve, ["复审"]),
    ] == [
        None, None, None, None, "click.明细.数量: no button '明细.数量'; there is 明细",
        "change.明细.数量: no field '明细.数量'; there is 明",
        "approve.初审: no node '初审'; did you mean '复审'?",
    ]  # fmt: skip


def form(states: Mapping[str, Mapping[str, Any]], **fields: Any) -> FormSubject:
    stage = PlainStage()
    subject = FormSubject(runner=stage, tell=stage.told.append, fields=dict(fields))
    for field, own in states.items():
        for key, value in own.items():
            subject.set_state(field, key, value)
    return subject


_NO_LISTS: tuple[Any, ...] = (("a",), "ab", None, {})


def test_options_have_labels_and_a_hint_says_what_was_meant() -> None:
    options = ["a", {"value": 1, "label": "一"}, {"label": "无"}, None, {"value": "2"}]
    assert list_option_values(options) == ["a", 1, None, None, "2"]
    assert [list_option_values(value) for value in _NO_LISTS] == [["a"], [], [], []]
    subject = form({"类": {"options": options}, "行.数": {"options": [1, 2]},
                    "客.级": {"options": []}, "客.域": {"options": "ab"}})  # fmt: skip
    assert [[*find_option_problems(subject, *pair)] for pair in (
        ("类", "a"), ("类", 1), ("类", ["a", 1]), ("类", ""), ("类", []), ("类", None), ("无", 9),
        ("类", "1"), ("类", 2), ("类", ["a", "b", "c"]), ("类", True),
        ("行", [{"数": 1}, {"数": 3}, {"数": 4, "x": 1}]), ("客", {"级": "甲", "域": "c"}),
    )] == [
        [], [], [], [], [], [], [],
        ["类: '1' is none of its options; write 1, without quotes"],
        ["类: 2 is none of its options; write '2', with quotes"],
        ["类: 'b' is none of its options; there are a, 1, null, null, 2"],
        ["类: true is none of its options; there are a, 1, null, null, 2"],
        ["行.数: 3 is none of its options; there are 1, 2",
         "行.数: 4 is none of its options; there are 1, 2"],
        ["客.级: '甲' is none of its options"],
    ]  # fmt: skip


def test_what_hooks_return_is_checked_by_their_names() -> None:
    nodes = {"初审": FlowNode(approve="止"), "止": FlowNode(end=True), "空": FlowNode()}
    good: list[tuple[str, Any]] = [
        ("jump", "x"), ("jump", None), ("jump", UNDEFINED), ("project_name", ""), ("create", 7),
        ("computed", {}), ("visibility", {"初审": True, "止": False}), ("task_title", "题"),
        ("owners.初审", 7),
    ]  # fmt: skip
    for hook, value in good:
        check_hook_result(hook, value, nodes)
    check_hook_result("visibility", {"x": True}, ())
    must = "BAD_RETURN: {} must return {}, got {}"
    shown = "BAD_RETURN: visibility returned '{}': {}; it takes nodes, and true or false{}"
    bad: list[tuple[str, Any, str]] = [
        ("jump", 7, must.format("jump", "the name of a node", "7")),
        ("project_name", 7, must.format("project_name", "a text", "7")),
        ("task_title", False, must.format("task_title", "a text", "false")),
        ("computed", [], must.format("computed", "an object of fields and values", "[]")),
        ("visibility", "x",
         must.format("visibility", "an object of nodes, each true or false", "'x'")),
        ("visibility", {"初审": True, "止": 1}, shown.format("止", "1", "")),
        ("visibility", {"初": True}, shown.format("初", "true", "; did you mean '初审'?")),
    ]  # fmt: skip
    for hook, value, message in bad:
        assert _message(partial(check_hook_result, hook, value, nodes)) == message

    flow = Definition(flow="x", start="初审", nodes=nodes)
    assert [choose_first_node(flow, value) for value in (None, UNDEFINED, "空")] == [
        "初审", "初审", "空",
    ]  # fmt: skip
    assert [choose_first_node(None, value) for value in (None, "x", 7)] == ["", "x", ""]
    assert _message(lambda: choose_first_node(flow, "初")) == (
        "UNKNOWN_NODE: jump returned '初', which is not a node; did you mean '初审'?"
    )
    assert _message(lambda: choose_first_node(flow, "")).startswith(
        "UNKNOWN_NODE: jump returned ''"
    )
    never = "node '{}' has no {}, so this never runs; it has {}"
    told = {
        ("approve", "初审"): "", ("reject", "初审"): never.format("初审", "reject", "approve"),
        ("approve", "止"): never.format("止", "approve", "end"), ("approve", "空"): "",
        ("approve", "x"): "", ("owners", "止"): "",
    }  # fmt: skip
    assert {key: explain_never_fired_event(*key, nodes) for key in told} == told
    assert explain_never_fired_event("reject", "初审", [*nodes]) == ""
    graph = {"a": "bc", "b": "d", "c": "a", "d": "", "e": "a"}
    assert find_reachable("a", graph.__getitem__) == {*"abcd"}
    assert find_reachable("", graph.__getitem__) == set()


def test_a_flow_has_the_scripts_of_its_events_and_of_its_nodes() -> None:
    one, two, three, four = (Script("", name) for name in "1234")
    screens = {"初审": LoadedNodeForm(scripts={"open": (three,)}, libraries=(four,))}
    parts = FlowParts(scripts={"create": (one, two)}, libraries=(one,), screens=screens)
    assert ([s.name for s in parts.handlers], [s.name for s in parts.all_libraries]) == (
        ["1", "2", "3"], ["1", "4"],
    )  # fmt: skip
