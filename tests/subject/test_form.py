from __future__ import annotations

import math
from typing import Any

import pytest

from bpmax_sim.errors import Place, ScriptError, SubjectError
from bpmax_sim.js_values import UNDEFINED
from bpmax_sim.script.failure import Script
from bpmax_sim.subject.form import (
    FormSubject,
    ScriptForm,
    check_complete,
    find_changed_columns,
    find_value_at_steps,
    make_object_for_each_state,
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
        *(({"类": {"visible": off}}, "类", "甲", "HIDDEN") for off in (0, None, "")),
        *(({"类": {"readonly": off, "visible": 1}}, "类", "甲", None) for off in (0, None, "")),
        ({"类": {"readonly": 1}}, "类", "甲", "READ_ONLY"),
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
        *(({"类": {**REQUIRED, "visible": off}}, {}, []) for off in (0, None, "")),
        *(({"类": {"required": off}}, {}, []) for off in (0, None, "")),
        ({"类": {"required": 1, "visible": 1}}, {}, ["类"]),
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
        ({"客户__电话": REQUIRED}, {"客户": {"姓名": "张三"}}, ["客户.电话"]),
        ({"客户__电话": REQUIRED}, {"客户": {"电话": "13800138000"}}, []),
        ({"客户__电话": REQUIRED}, {"客户": {"电话": 0}}, []),
        ({"客户__电话": REQUIRED}, {"客户": {}}, ["客户.电话"]),
        *(({"客户__电话": REQUIRED}, {"客户": none}, []) for none in (None, "", "张三", 7)),
        ({"客户__电话": REQUIRED, "客户": {"visible": False}}, {"客户": {}}, []),
        ({"客户__地址__市": REQUIRED}, {"客户": {"地址": {"市": ""}}}, ["客户.地址.市"]),
        ({"客户__地址__市": REQUIRED}, {"客户": {"地址": {"市": "上海"}}}, []),
        ({"客户__地址__市": REQUIRED, "客户__地址": {"visible": False}}, {"客户": {"地址": {}}},
         []),
        ({"明细__货__号": REQUIRED}, {"明细": [{"货": {"号": 1}}, {"货": {}}]}, ["明细[1].货.号"]),
        ({"明细__批": REQUIRED, "明细__批__量": REQUIRED},
         {"明细": [{"批": [{"量": 1}, {}]}, {"批": []}]}, ["明细[1].批", "明细[0].批[1].量"]),
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
        ([{"a": 1}, {"a": 1}, {"a": 1}], [{"a": 1}, {"a": 1}, {"a": True}], ["a"]),
        ([{"a": 1, "b": 0}], [{"a": 1.0, "b": False}], ["b"]),
        ([{"a": math.nan}], [{"a": float("nan")}], []),
        ([{"a": [1]}], [{"a": [True]}], ["a"]),
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


@pytest.mark.parametrize(
    ("written", "text", "level"),
    [
        ("额度不足", "额度不足", "info"),
        ("", "", "info"),
        (0, "0", "info"),
        (False, "false", "info"),
        (None, "null", "info"),
        (1.5, "1.5", "info"),
        (2.0, "2", "info"),
        (-0.0, "0", "info"),
        (1e21, "1e+21", "info"),
        (1e-7, "1e-7", "info"),
        (math.nan, "NaN", "info"),
        ([math.inf, -math.inf], "Infinity,-Infinity", "info"),
        ({"text": math.nan, "type": math.nan}, "NaN", "NaN"),
        ([1, None, "甲", [2, UNDEFINED]], "1,,甲,2,", "info"),
        ({}, "", "info"),
        ({"type": "error"}, "", "error"),
        ({"text": None, "type": None}, "null", "info"),
        ({"text": UNDEFINED, "type": UNDEFINED}, "undefined", "info"),
        ({"text": {"金额": 1}, "type": ""}, "[object Object]", ""),
        ({"text": 0, "type": 0}, "0", "0"),
        ({"text": True, "type": "Error"}, "true", "Error"),
    ],
)
def test_a_message_is_shown_as_javascript_makes_a_text_of_it(
    written: Any, text: str, level: str
) -> None:
    form, _ = form_with(open=writes("$message", written))

    form.open({})

    assert form.messages == [MessageShown(text=text, level=level)]


@pytest.mark.parametrize("name", ["", "盖章"])
def test_what_a_script_writes_is_noted_by_its_name_outside_of_sub_flows(name: str) -> None:
    def play(form: Any, _ctx: Any) -> None:
        form["$message"] = {"text": "好", "type": "info", "level": "error", "标题": 1}
        form["$visible"] = {"折扣": True, "合计": False}

    form, stage = form_with(open=play, change__discount=writes("customerName", "张三"))
    form.name = name
    result = form.begin_action()
    form.open({})
    form.set({"discount": 2})

    owners = [(one.owner, one.member) for one in result.named_writes]
    assert owners == ([] if name else [
        *(("form.$message", one) for one in ("text", "type", "level", "标题")),
        ("form.$message.type", "info"), ("form.$message.text", "好"),
        ("form.$visible", "折扣"), ("form.$visible", "合计"),
    ])  # fmt: skip
    if name:  # each of them tells where it comes from
        started = [one.event for one in stage.told if isinstance(one, HookStarted)]
        changed = [one.field for one in stage.told if isinstance(one, FieldChanged)]
        assert started == ["盖章/open", "盖章/change.discount"]
        assert changed == ["盖章/discount", "盖章/customerName"]


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("", 0),
        ("\n\nx", 0),
        ("return 0", 1),
        ("if (a)\n  return 0;", 2),
        ("\n\nreturn 0\n", 3),
        ("return 1\nreturn 0", 0),
        ("return 1\n\nreturn 0\nreturn 2", 0),
        ("returned\nreturn 0\n$returns", 2),
    ],
)
def test_a_wrong_return_is_told_at_the_only_return(source: str, line: int) -> None:
    stage = PlainStage({source or "提交.js": lambda _form, _ctx: 0})
    scripts = {"submit": (Script(source, "提交.js"),)}
    form = FormSubject(runner=stage, tell=stage.told.append, scripts=scripts)

    with pytest.raises(SubjectError, match="submit returned 0, which neither") as caught:
        form.submit()
    assert caught.value.place == Place("提交.js", line)


def test_a_state_that_is_reset_is_that_of_every_field_and_the_others_stay() -> None:
    others = {"visible": False, "required": True, "readonly": True, "options": ["甲"]}
    for key in others:
        form = order(类=others)
        form.set_state("类", key, UNDEFINED)
        changed = {name: value for name, value in others.items() if name != key}
        assert form.find_changed_states() == {"类": changed}
        assert form.read_states("类").get(key) == {"visible": True, "options": None}.get(key, False)


@pytest.mark.parametrize(
    ("states", "snapshots"),
    [
        ({}, {"$visible": {"a": True, "b": True}, "$required": {"a": False, "b": False}}),
        ({"b": {"required": 1}}, {"$required": {"a": False, "b": 1}, "$options": {}}),
        (
            {"c": {"visible": False}, "a": {"options": []}},
            {"$visible": {"a": True, "b": True, "c": False}, "$options": {"a": []}},
        ),
        ({"a": {"options": None}}, {"$options": {"a": None}, "$visible": {"a": True, "b": True}}),
    ],
)
def test_a_script_sees_the_states_of_all_fields(
    states: dict[str, dict[str, Any]], snapshots: dict[str, Any]
) -> None:
    form, _ = form_with()
    form.fields = {"a": 1, "b": 2}
    for name, values in states.items():
        for key, value in values.items():
            form.set_state(name, key, value)

    seen = make_object_for_each_state(form, form.fields)
    assert [*seen] == ["$visible", "$required", "$readonly", "$options"]
    assert {name: seen[name].snapshot() for name in snapshots} == snapshots


@pytest.mark.parametrize(
    ("options", "value", "hint"),
    [
        ([1, 2, 3], "3", "; write 3, without quotes"),
        (["1", "2", "3"], 3, "; write '3', with quotes"),
        ([{"value": 0}], "0", "; write 0, without quotes"),
        (["借款", "报销"], "报消", "; did you mean '报销'?"),
        (["甲"], "x", "; there is 甲"),
        ([True], "true", "; write true, without quotes"),
        ([True, None, [False]], "甲", "; there are true, null, [false]"),
    ],
)
def test_a_value_that_is_no_option_is_told_what_was_meant(
    options: list[Any], value: Any, hint: str
) -> None:
    form = order(类={"options": options})

    with pytest.raises(SubjectError) as caught:
        form.set({"类": value})
    assert str(caught.value) == f"类: {value!r} is none of its options{hint}"


@pytest.mark.parametrize("states", [{"visible": False}, {"readonly": True}, {"visible": 0}])
@pytest.mark.parametrize("act", ["click", "set_rows"])
def test_what_is_hidden_or_read_only_is_neither_pressed_nor_extended(
    states: dict[str, Any], act: str
) -> None:
    form, stage = form_with(click__明细=lambda _form, _ctx: None)
    form.fields["明细"] = [{}]
    for name in ("明细", "其他"):
        form.states.clear()
        for key, value in states.items():
            form.set_state(name, key, value)
        if name == "其他":
            form.click("明细") if act == "click" else form.set_rows("明细", lambda rows: rows[:0])
            continue
        with pytest.raises(SubjectError, match="so a person cannot change it"):
            form.click("明细") if act == "click" else form.set_rows("明细", lambda rows: rows[:0])
    assert (stage.ran, form.fields["明细"]) == (
        (["click.明细"], [{}]) if act == "click" else ([], [])
    )


@pytest.mark.parametrize("is_of_node", [True, False])
@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"客户.电话": "1", "类": "", "明细": ROWS}, ""),
        ({"类": "乙", "客户.电话": "2"}, "READ_ONLY"),
        ({"类": "丙"}, "NOT_AN_OPTION"),
        ({"明细[2].数量": 3, "类": "乙"}, ""),
        ({"明细[2].数量": 4, "类": "乙"}, "HIDDEN"),
    ],
)
def test_only_the_form_of_a_node_holds_prefilled_values_against_its_states(
    values: dict[str, Any], code: str, *, is_of_node: bool
) -> None:
    form = order(
        客户__电话={"readonly": True}, 类={"options": ["甲", "乙"]}, 明细__数量={"visible": False}
    )
    form.is_of_node = is_of_node
    before = repr(form.fields)
    if not (is_of_node and code):
        form.open(values)
        for name, value in values.items():
            assert find_value_at_steps(form.fields, parse_form_path(name) or (name,)) == value
        return
    with pytest.raises(SubjectError) as caught:
        form.open(values)
    assert (caught.value.code, repr(form.fields)) == (code, before)


@pytest.mark.parametrize(
    ("columns", "ran"),
    [
        ("品名 数量", ["品名", "数量", ""]),
        ("数量 品名", ["品名", "数量", ""]),
        ("数量", ["数量", ""]),
        ("单价", [""]),
    ],
)
def test_handlers_of_changed_columns_run_before_that_of_the_table(
    columns: str, ran: list[str]
) -> None:
    names = [*(f"change__明细__{one}" for one in columns.split()), "change__明细"]
    form, stage = form_with(**{name: lambda _form, _ctx: None for name in names})
    form.fields["明细"] = []

    form.set({"明细": ROWS})

    assert stage.ran == [f"change.明细.{one}".rstrip(".") for one in ran]


def test_an_endless_change_is_an_error_that_shows_how_it_began_and_ended() -> None:
    def count(form: Any, _ctx: Any) -> None:
        form["discount"] = form["discount"] + 1

    form, _ = form_with(change__discount=count)

    [error] = form.set({"discount": 2}).errors
    assert str(error) == (
        "ChangeCycle: change handlers set each other off without end, cut after 16: "
        "discount=2 -> discount=3 -> discount=4 -> … -> discount=18"
    )
    form, _ = form_with(change__discount=lambda form, _ctx: form.__setitem__(
        "discount", 1 if form["discount"] == 2 else 2))  # fmt: skip
    assert form.set({"discount": 2}).errors == []


def test_handlers_beside_a_script_run_on_whatever_the_first_returns() -> None:
    def refuse(_form: Any, _ctx: Any) -> bool:
        return False

    stage = PlainStage({"open": writes("a", 1), **dict.fromkeys("一二三", refuse)})
    form = FormSubject(
        runner=stage,
        tell=stage.told.append,
        scripts={"open": (Script("", "open"),), "change.a": (*(Script("", n) for n in "一二三"),)},
        fields={"a": 0},
    )

    form.fire("open")

    assert stage.ran == ["open", "一", "二", "三"]


@pytest.mark.parametrize(
    ("event", "is_refused"), [("submit", True), ("open", False), ("click.查询", False)]
)
@pytest.mark.parametrize("name", ["Error", "Uncaught"])
def test_an_own_error_refuses_where_a_script_may_refuse(
    event: str, name: str, *, is_refused: bool
) -> None:
    def fail(form: Any, _ctx: Any) -> None:
        form["discount"] = 2
        raise Thrown("额度不足", name)

    def fail_too(_form: Any, _ctx: Any) -> None:
        raise Thrown("x is not defined", "ReferenceError")

    form, _ = form_with(**{event.replace(".", "__"): fail, "change__discount": fail_too})
    result = form.submit() if event == "submit" else form.fire(event)

    errors = [error for error in result.errors if isinstance(error, ScriptError)]
    assert [(error.fields.get("code"), error.message) for error in errors] == [
        (None, "x is not defined"), ("REFUSED" if is_refused else None, "额度不足"),
    ]  # fmt: skip
    assert result.refused == is_refused


def test_what_a_timer_writes_begins_a_chain_of_its_own_and_a_snapshot_stays() -> None:
    form, _ = form_with()
    view = ScriptForm(form, "change.a", ("a=1", "b=2"))
    before = view.snapshot()
    form.set({"discount": 7})

    assert before == {"customerId": None, "customerName": "", "discount": 1}
    assert (view.later().event, view.later().chain) == ("change.a", ())
