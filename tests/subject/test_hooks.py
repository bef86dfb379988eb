from __future__ import annotations

import pytest

from bpmax_sim.errors import SubjectError
from bpmax_sim.js_values import UNDEFINED
from bpmax_sim.subject.hooks import (
    HOOKS,
    SubjectKind,
    check_target,
    is_same_value,
    list_hooks,
    parse_event,
    parse_event_of,
    read_refusal,
    set_or_delete_member,
)


def test_the_table_names_every_hook_of_the_format() -> None:
    assert [hook.event_spelling for hook in list_hooks("form")] == [
        "open",
        "change.<field>",
        "click.<button>",
        "submit",
    ]
    assert [hook.event_spelling for hook in list_hooks("flow")] == [
        "create",
        "approve.<node>",
        "reject.<node>",
        "before_next.<node>",
        "owners.<node>",
        "jump",
        "project_name",
        "task_title",
        "computed",
        "visibility",
    ]


def test_a_documented_hook_carries_the_name_of_the_product() -> None:
    assert all(bool(hook.label) is (hook.origin == "documented") for hook in HOOKS)
    assert parse_event("jump", "flow").hook.label == "自定义跳转逻辑"


def test_an_event_is_read_and_printed_the_same() -> None:
    event = parse_event("approve.部门审批", "flow")

    assert (event.hook.name, event.target, str(event)) == (
        "approve",
        "部门审批",
        "approve.部门审批",
    )
    assert str(parse_event("submit", "form")) == "submit"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("chang.x", "a form has no event 'chang.x'; did you mean 'change'?"),
        (
            "approve.x",
            "a form has no event 'approve.x'; there is open, change.<field>, click.<button>,",
        ),
        ("change", "write change.<field>, not 'change'"),
        ("change.", "write change.<field>, not 'change.'"),
        ("open.x", "write open, not 'open.x'"),
    ],
)
def test_an_unknown_event_is_named(text: str, message: str) -> None:
    with pytest.raises(ValueError) as caught:
        parse_event(text, "form")

    assert str(caught.value).startswith(message)


def test_the_target_of_an_event_must_exist() -> None:
    event = parse_event("change.customerld", "form")

    assert check_target(event, ["customerId", "phone"]) == (
        "change.customerld: no field 'customerld'; did you mean 'customerId'?"
    )
    assert check_target(event, []) is None
    assert check_target(parse_event("change.x", "form"), ["客户"]) == (
        "change.x: no field 'x'; there is 客户"
    )


@pytest.mark.parametrize(
    ("text", "names", "known"),
    [
        ("change.明细.数量", ["明细"], True),
        ("change.明细.数量", ["明细.数量"], True),
        ("change.明细.数量", ["数量"], False),
        ("click.明细.数量", ["明细"], False),
        ("change.明细", ["明细.数量"], False),
        ("open", ["明细"], True),
        ("change.c", ["a", "b", "c"], True),
    ],
)
def test_a_change_may_be_that_of_a_column(text: str, names: list[str], *, known: bool) -> None:
    assert (check_target(parse_event(text, "form"), names) is None) == known


@pytest.mark.parametrize(
    ("text", "subjects", "hook"),
    [
        ("submit", ["form"], "submit"),
        ("submit", ["flow", "form"], "submit"),
        ("jump", ["form", "flow"], "jump"),
        ("jump", ["form"], None),
        ("jump", [], None),
    ],
)
def test_an_event_belongs_to_one_of_several_subjects(
    text: str, subjects: list[SubjectKind], hook: str | None
) -> None:
    if hook:
        assert parse_event_of(text, subjects).hook.name == hook
    else:
        with pytest.raises(ValueError, match=r"has no event 'jump'|no event 'jump': nothing is"):
            parse_event_of(text, subjects)


@pytest.mark.parametrize(
    ("value", "refusal"),
    [
        (False, "submit refused"),
        ("余额不足", "余额不足"),
        (" ", " "),
        (True, None),
        (None, None),
        (UNDEFINED, None),
    ],
)
def test_a_script_refuses_by_false_or_a_text(value: object, refusal: str | None) -> None:
    assert read_refusal("submit", value) == refusal


@pytest.mark.parametrize("value", ["", 0, 1, [], {}, 0.0])
def test_what_neither_refuses_nor_agrees_is_an_error(value: object) -> None:
    with pytest.raises(SubjectError, match="neither refuses nor agrees") as caught:
        read_refusal("submit", value)

    assert caught.value.code == "BAD_RETURN"


NAN = float("nan")


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [
        (1, True, False),
        (0, False, False),
        (True, True, True),
        (1, 1.0, True),
        (0.0, -0.0, True),
        (NAN, NAN, True),
        (NAN, 1.0, False),
        (NAN, 1, False),
        (NAN, "1", False),
        (NAN, None, False),
        (NAN, [NAN], False),
        (1.5, "1.5", False),
        (None, False, False),
        ("", None, False),
        ("1", 1, False),
        ([], (), True),
        ([1, 2, 3], (1, 2, 3), True),
        ([1, 2, 3], [1, 2], False),
        ([1, 2], [1, 2, 3], False),
        ([1, 2, True], [1, 2, 1], False),
        ([], {}, False),
        ({"a": 1, "b": NAN}, {"b": NAN, "a": 1}, True),
        ({"a": None}, {}, False),
        ({}, {"a": None}, False),
        ({"a": [{"b": 1}]}, {"a": [{"b": True}]}, False),
    ],
)
def test_two_values_are_the_same_as_in_javascript(
    left: object, right: object, *, same: bool
) -> None:
    assert is_same_value(left, right) == is_same_value(right, left) == same


@pytest.mark.parametrize(
    ("value", "changed", "left"),
    [
        (1, False, {"a": 1, "n": None}),
        (1.0, False, {"a": 1, "n": None}),
        (True, True, {"a": True, "n": None}),
        (None, True, {"a": None, "n": None}),
        (UNDEFINED, True, {"n": None}),
    ],
)
def test_a_member_is_replaced_where_it_differs(
    value: object, left: dict[str, object], *, changed: bool
) -> None:
    values: dict[str, object] = {"a": 1, "n": None}

    assert set_or_delete_member(values, "a", value) == changed
    assert repr(values) == repr(left) or not changed
    assert set_or_delete_member(values, "n", None) is False
    assert set_or_delete_member(values, "x", UNDEFINED) is False
    assert set_or_delete_member(values, "x", None) is True
