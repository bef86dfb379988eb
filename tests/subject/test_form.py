from __future__ import annotations

import math
from typing import Any

import pytest

from bpmax_sim.errors import SubjectError
from bpmax_sim.js_values import UNDEFINED
from bpmax_sim.script.failure import Script
from bpmax_sim.subject.form import (
    FormSubject,
    check_complete,
    find_changed_columns,
    find_value_at_steps,
    parse_form_path,
)
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
    assert form.read_states("discount") == {"visible": False, "required": False, "readonly": False}
    assert form.read_states("customerName")["options"] == ["张三", "李四"]
    assert form.read_states("customerId")["visible"] is True


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


ROWS = [{"品名": "甲", "数量": 1}, {"品名": "乙", "数量": 2}, {"品名": "丙", "数量": 3}]


def order(**states: dict[str, Any]) -> FormSubject:
    """Return a form with a table and an object; *states* have ``__`` for a dot in their names."""
    form, _ = form_with()
    form.fields = {"明细": [dict(row) for row in ROWS], "客户": {"电话": "1"}, "类": "", "a.b": 1}
    for name, values in states.items():
        for key, value in values.items():
            form.set_state(name.replace("__", "."), key, value)
    return form


@pytest.mark.parametrize(
    ("path", "value", "code"),
    [
        ("明细[0].数量", 9, None),
        ("明细[2].数量", 9, None),
        ("明细[3].数量", 9, "NO_ROW"),
        ("明细[0][0]", 9, "NOT_A_TABLE"),
        ("明细.数量", 9, "NO_MEMBER"),
        ("类[0]", 9, "NO_ROW"),
        ("类.a", 9, "NO_MEMBER"),
        ("客户.电话", "2", None),
        ("客户.地址.省", "沪", None),
        ("客户.电话.a", "2", "NO_MEMBER"),
        ("新.a.b", 1, None),
        ("新[0]", 1, "NO_ROW"),
        ("a.b", 2, None),
        ("新.", 2, None),
    ],
)
def test_a_cell_is_set_where_there_is_one(path: str, value: Any, code: str | None) -> None:
    form = order()
    before = repr(form.fields)
    if code:
        with pytest.raises(SubjectError) as caught:
            form.set({path: value})
        assert (caught.value.code, repr(form.fields)) == (code, before)
        return
    form.set({path: value})
    steps = (path,) if path in form.fields else parse_form_path(path)
    assert find_value_at_steps(form.fields, steps) == value
    assert len(form.fields["明细"]) == 3


@pytest.mark.parametrize(
    ("states", "path", "value", "code"),
    [
        ({}, "明细", [], None),
        ({"明细": {"readonly": True}}, "明细", [], "READ_ONLY"),
        ({"明细": {"readonly": True}}, "明细[2].数量", 1, "READ_ONLY"),
        ({"明细": {"visible": False}}, "明细[2].数量", 1, "HIDDEN"),
        ({"明细__数量": {"readonly": True}}, "明细[2].数量", 1, "READ_ONLY"),
        ({"明细__数量": {"readonly": True}}, "明细[2].品名", "丁", None),
        ({"明细__数量": {"readonly": True}}, "明细", [*ROWS[:2], {"数量": 4}], "READ_ONLY"),
        ({"明细__数量": {"readonly": True}}, "明细", [*ROWS[:2], {"品名": "丁", "数量": 3}], None),
        ({"明细__数量": {"readonly": True}}, "明细", ROWS[:1], None),
        ({"明细__数量": {"readonly": True}}, "明细", [*ROWS, {"数量": None}], None),
        ({"明细__数量": {"readonly": True}}, "明细", [*ROWS, {"数量": 0}], "READ_ONLY"),
        ({"客户__电话": {"visible": False}}, "客户", {"电话": "1"}, None),
        ({"客户__电话": {"visible": False}}, "客户", {"电话": "2"}, "HIDDEN"),
        ({"客户__地址__省": {"readonly": True}}, "客户", {"地址": {"省": "沪"}}, "READ_ONLY"),
        ({"客户__地址__省": {"readonly": True}}, "客户.地址.省", "沪", "READ_ONLY"),
        ({"类": {"options": ["甲", {"value": "乙", "label": "B"}]}}, "类", "乙", None),
        ({"类": {"options": ["甲", {"value": "乙", "label": "B"}]}}, "类", "B", "NOT_AN_OPTION"),
        ({"类": {"options": ["甲"]}}, "类", "", None),
        ({"类": {"options": ["甲"]}}, "类", None, None),
        ({"类": {"options": ["甲"]}}, "类", [], None),
        ({"类": {"options": []}}, "类", "甲", "NOT_AN_OPTION"),
        ({"类": {"options": None}}, "类", "甲", None),
        ({"类": {"options": [1, 0]}}, "类", 0, None),
        ({"类": {"options": [1, 0]}}, "类", False, "NOT_AN_OPTION"),
        ({"类": {"options": [1, 0]}}, "类", "1", "NOT_AN_OPTION"),
        ({"类": {"options": ["甲", "乙"]}}, "类", ["甲", "乙"], None),
        ({"类": {"options": ["甲", "乙"]}}, "类", ["甲", "乙", "丙"], "NOT_AN_OPTION"),
        ({"明细__品名": {"options": ["甲"]}}, "明细[0].品名", "丁", "NOT_AN_OPTION"),
        ({"明细__品名": {"options": ["甲"]}}, "明细", [ROWS[0], ROWS[1]], None),
        ({"明细__品名": {"options": ["甲"]}}, "明细", [ROWS[0], {"品名": "戊"}], "NOT_AN_OPTION"),
    ],
)  # fmt: skip
def test_a_person_is_stopped_at_a_field_and_at_each_of_its_members(
    states: dict[str, Any], path: str, value: Any, code: str | None
) -> None:
    form = order(**states)
    if code is None:
        form.set({path: value})
        return
    with pytest.raises(SubjectError) as caught:
        form.set({path: value})
    assert caught.value.code == code


REQUIRED = {"required": True}


@pytest.mark.parametrize(
    ("states", "fields", "missing"),
    [
        ({"类": REQUIRED}, {}, ["类"]),
        ({"类": REQUIRED}, {"类": 0}, []),
        ({"类": REQUIRED}, {"类": False}, []),
        ({"类": REQUIRED}, {"类": None}, ["类"]),
        ({"类": REQUIRED}, {"类": []}, ["类"]),
        ({"类": REQUIRED}, {"类": {}}, ["类"]),
        ({"类": REQUIRED}, {"类": " "}, []),
        ({"类": {**REQUIRED, "visible": False}}, {}, []),
        ({"类": {**REQUIRED, "readonly": True}}, {}, ["类"]),
        ({"无": REQUIRED}, {}, ["无"]),
        ({"明细__数量": REQUIRED}, {}, []),
        ({"明细__数量": REQUIRED}, {"明细": [{}, {"数量": 0}, {"数量": ""}]},
         ["明细[0].数量", "明细[2].数量"]),
        ({"明细__数量": REQUIRED}, {"明细": [None, 5]}, ["明细[0].数量", "明细[1].数量"]),
        ({"明细__数量": REQUIRED}, {"明细": []}, []),
        ({"明细__数量": REQUIRED, "明细": {"visible": False}}, {"明细": [{}]}, []),
        ({"明细__数量": {**REQUIRED, "visible": False}}, {"明细": [{}]}, []),
        ({"a__b": REQUIRED}, {"a.b": ""}, ["a.b"]),
        ({"a__b": REQUIRED}, {"a.b": 1}, []),
    ],
)  # fmt: skip
def test_what_is_required_and_shown_has_to_be_filled_in(
    states: dict[str, Any], fields: dict[str, Any], missing: list[str]
) -> None:
    form = order(**states)
    form.fields.update(fields)
    if not missing:
        check_complete(form)
        return
    with pytest.raises(SubjectError, match="required and empty") as caught:
        check_complete(form)
    are = "is" if len(missing) == 1 else "are"
    assert str(caught.value) == f"required and empty {are} {', '.join(missing)}"


@pytest.mark.parametrize(
    ("old", "new", "columns"),
    [
        (ROWS, ROWS, []),
        (ROWS, ROWS[:2], ["品名", "数量"]),
        ([], ROWS[:1], ["品名", "数量"]),
        (None, [{"b": 1, "a": 2}], ["b", "a"]),
        ("", [], []),
        ([{"a": 1}], [{"a": 1, "b": None}], ["b"]),
        ([{"a": 1, "b": 1}], [{"a": 1}], ["b"]),
        ([{"a": 1}, {"a": 2}, {"a": 3}], [{"a": 1}, {"a": 2}, {"a": 4}], ["a"]),
        ([{"a": 1}, 5], [{"a": 1}, 6], []),
        ([1], [2], []),
    ],
)
def test_the_columns_that_differ_are_those_of_any_row(
    old: Any, new: Any, columns: list[str]
) -> None:
    assert [*find_changed_columns(old, new)] == columns


def test_a_state_that_is_reset_is_as_at_first() -> None:
    form = order(类={"visible": False, "options": ["甲"]}, 无={"required": True})

    assert form.find_changed_states() == {
        "类": {"visible": False, "options": ["甲"]},
        "无": {"required": True},
    }
    assert [*form.collect_facts()] == ["明细", "客户", "类", "a.b", "无"]
    form.set_state("类", "visible", UNDEFINED)
    form.set_state("类", "options", UNDEFINED)
    form.set_state("无", "required", "")
    assert form.find_changed_states() == {"无": {"required": ""}}
    assert form.read_states("类") == form.read_states("没有")
    for text in ("false", "0", " "):
        with pytest.raises(SubjectError, match="takes true or false"):
            form.set_state("类", "visible", text)
    form.set_state("类", "options", "甲")
    assert form.find_changed_states()["类"] == {"options": "甲"}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda rows: rows[:2], None),
        (lambda rows: [*rows, {"品名": "甲", "数量": 5}], None),
        (lambda rows: [*rows, {"品名": "戊"}], "NOT_AN_OPTION"),
        (lambda rows: [*rows, dict(rows[2])], "NOT_AN_OPTION"),
        (lambda rows: rows[::-1], None),
    ],
)
def test_only_new_rows_are_held_against_the_options(change: Any, code: str | None) -> None:
    form = order(明细__品名={"options": ["甲"]})
    if code is None:
        form.set_rows("明细", change)
        return
    with pytest.raises(SubjectError) as caught:
        form.set_rows("明细", change)
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        ("明细[0].数量", ("明细", 0, "数量")),
        ("a.b.c", ("a", "b", "c")),
        ("a[10]", ("a", 10)),
        ("a", ()),
        ("a.", ()),
        ("a[]", ()),
        ("a[-1]", ()),
        ("a[0", ()),
        (".a", ()),
        ("", ()),
    ],
)
def test_a_path_has_two_steps_or_more(text: str, steps: tuple[str | int, ...]) -> None:
    assert parse_form_path(text) == steps


@pytest.mark.parametrize(
    ("failing", "ran"),
    [("", "一二三"), ("一", "一"), ("二", "一二"), ("三", "一二三")],
)
@pytest.mark.parametrize("by_script", [True, False])
def test_the_first_of_several_handlers_that_fails_is_the_last(
    failing: str, ran: str, *, by_script: bool
) -> None:
    def play(name: str) -> Play:
        def run(_form: Any, _ctx: Any) -> None:
            if name == failing:
                raise Thrown(f"{name}失败")

        return run

    stage = PlainStage({"open": writes("a", 1), **{name: play(name) for name in "一二三"}})
    form = FormSubject(
        runner=stage,
        tell=stage.told.append,
        scripts={"open": (Script("", "open"),), "change.a": (*(Script("", n) for n in "一二三"),)},
        fields={"a": 0},
    )

    result = form.fire("open") if by_script else form.set({"a": 1})

    assert "".join(stage.ran).removeprefix("open") == ran
    assert [str(error) for error in result.errors] == ([f"Error: {failing}失败"] if failing else [])
