from __future__ import annotations

import math
from typing import Any

import pytest

from bpmax_sim.errors import SubjectError
from bpmax_sim.js_values import UNDEFINED
from bpmax_sim.subject.form import FormSubject
from bpmax_sim.subject.hooks import (
    CycleCut,
    FieldChanged,
    FieldReassigned,
    HookStarted,
    MessageShown,
)
from tests.subject.stage import PlainStage, Play, Thrown


def form_with(**plays: Play) -> tuple[FormSubject, PlainStage]:
    named = {name.replace("__", "."): play for name, play in plays.items()}
    stage = PlainStage(named)
    form = FormSubject(
        runner=stage,
        tell=stage.told.append,
        scripts=stage.scripts(*named),
        fields={"customerId": None, "customerName": "", "discount": 1},
    )
    return form, stage


def writes(field: str, value: Any) -> Play:
    def play(form: Any, _ctx: Any) -> None:
        form[field] = value

    return play


def test_opening_prefills_and_fires_open_only() -> None:
    form, stage = form_with(
        open=writes("discount", 0.9), change__customerId=writes("customerName", "张三")
    )

    result = form.open({"customerId": "12345"})

    assert stage.ran == ["open"]
    assert form.fields == {"customerId": "12345", "customerName": "", "discount": 0.9}
    assert result.ran


def test_a_change_by_the_user_fires_its_handler_once() -> None:
    form, stage = form_with(change__customerId=writes("customerName", "张三"))

    form.set({"customerId": "12345"})
    form.set({"customerId": "12345"})

    assert stage.ran == ["change.customerId"]
    assert stage.told == [
        FieldChanged(field="customerId", old=None, new="12345", by="user"),
        HookStarted(event="change.customerId", script="change.customerId"),
        FieldChanged(field="customerName", old="", new="张三", by="change.customerId"),
        FieldReassigned(field="customerId", by="user"),
    ]


def test_true_is_a_change_from_one() -> None:
    form, stage = form_with(change__discount=writes("customerName", "张三"))

    form.set({"discount": True})

    assert stage.ran == ["change.discount"]


@pytest.mark.parametrize(
    ("before", "after", "fires"),
    [
        (math.nan, math.nan, False),
        ([{"数量": math.nan}], [{"数量": math.nan}], False),
        ({"a": 1, "b": [2]}, {"b": [2], "a": 1.0}, False),
        ([True], [1], True),
        ({"a": 1}, {"a": 1, "b": None}, True),
        ("1", 1, True),
        (None, "", True),
        ([1, 2], [1], True),
    ],
)
def test_a_handler_fires_where_javascript_sees_another_value(
    before: Any, after: Any, fires: bool
) -> None:
    form, stage = form_with(change__discount=writes("customerName", "张三"))
    form.fields["discount"] = before

    form.set({"discount": after})

    assert stage.ran == ["change.discount"] * fires


def test_what_a_script_writes_fires_the_next_handler() -> None:
    form, stage = form_with(
        change__customerId=writes("customerName", "张三"),
        change__customerName=writes("discount", 0.9),
    )

    result = form.set({"customerId": "12345"})

    assert stage.ran == ["change.customerId", "change.customerName"]
    assert form.fields["discount"] == 0.9
    assert [line.text for line in result.console] == [
        "change.customerName ran",
        "change.customerId ran",
    ]


def test_a_handler_that_tidies_its_own_field_settles() -> None:
    form, stage = form_with(change__customerId=writes("customerId", "12345"))

    form.set({"customerId": " 12345 "})

    assert stage.ran == ["change.customerId", "change.customerId"]
    assert not [told for told in stage.told if isinstance(told, CycleCut)]


def test_two_handlers_that_feed_each_other_are_cut_and_reported() -> None:
    def toggle(form: Any, _ctx: Any) -> None:
        form["discount"] = 2 if form["discount"] == 1 else 1

    form, stage = form_with(change__discount=toggle)

    form.set({"discount": 2})

    assert stage.told[-1] == CycleCut(
        field="discount", chain=("discount=2", "discount=1", "discount=2")
    )
    assert stage.ran == ["change.discount"] * 2


def test_a_handler_that_counts_for_ever_is_cut() -> None:
    def count(form: Any, _ctx: Any) -> None:
        form["discount"] = form["discount"] + 1

    form, stage = form_with(change__discount=count)

    form.set({"discount": 2})

    assert len(stage.ran) == 16
    assert isinstance(stage.told[-1], CycleCut)


def test_an_error_of_a_nested_handler_is_an_error_of_the_action() -> None:
    def fail(_form: Any, _ctx: Any) -> None:
        raise Thrown("查询客户信息失败")

    form, _ = form_with(
        change__customerId=writes("customerName", "张三"), change__customerName=fail
    )

    result = form.set({"customerId": "12345"})

    assert [str(error) for error in result.errors] == ["Error: 查询客户信息失败"]


def test_click_and_fire_run_their_script() -> None:
    form, stage = form_with(click__查询=lambda _form, _ctx: "好")

    assert form.click("查询").value == "好"
    assert form.fire("click.查询").value == "好"
    form.begin_action()
    assert form.click("清空").ran is False
    assert stage.ran == ["click.查询"] * 2


@pytest.mark.parametrize(
    ("value", "refused"),
    [(False, True), ("请填金额", True), (None, False), (True, False)],
)
def test_submit_is_refused_by_false_and_by_a_text(value: Any, refused: bool) -> None:
    form, _ = form_with(submit=lambda _form, _ctx: value)

    assert form.submit().refused is refused


def test_submit_is_refused_by_a_throw() -> None:
    def fail(_form: Any, _ctx: Any) -> None:
        raise Thrown("金额必填")

    form, _ = form_with(submit=fail)

    assert form.submit().refused is True


def test_a_script_shows_messages_and_changes_what_is_visible() -> None:
    def play(form: Any, _ctx: Any) -> None:
        form["$message"] = "客户不存在"
        form["$message"] = {"text": "请重选", "type": "warning"}
        form["$visible"] = {"discount": False}
        form["$options"] = {"customerName": ["张三", "李四"]}

    form, _ = form_with(open=play)

    form.open({})

    assert form.messages == [
        MessageShown(text="客户不存在"),
        MessageShown(text="请重选", level="warning"),
    ]
    assert form.state("discount") == {"visible": False, "required": False, "readonly": False}
    assert form.state("customerName")["options"] == ["张三", "李四"]
    assert form.state("customerId")["visible"] is True


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("$visble", "form.$visble is not known; did you mean '$visible'?"),
        (
            "$xyz",
            "form.$xyz is not known; there are $message, $options, $visible, $required, $readonly",
        ),
        (
            "$visible",
            "form.$visible takes an object of field names, such as form.$visible = {phone: …}",
        ),
    ],
)
def test_an_unknown_extension_is_an_error(name: str, message: str) -> None:
    form, _ = form_with(open=writes(name, "x"))

    result = form.open({})

    assert [(type(error), str(error)) for error in result.errors] == [(SubjectError, message)]


def test_a_field_that_is_not_there_does_not_change_to_undefined() -> None:
    form, stage = form_with(open=writes("电话", UNDEFINED), change__电话=writes("discount", 2))

    form.open({})

    assert stage.ran == ["open"]
    assert [told for told in stage.told if isinstance(told, FieldChanged)] == []


def test_a_deleted_field_is_gone() -> None:
    form, _ = form_with(open=writes("discount", UNDEFINED))

    form.open({})

    assert "discount" not in form.fields
