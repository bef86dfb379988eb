# ruff: noqa: E501 - scenarios and what is told of them, one a line
"""What ``${…}`` stands for, and when a condition holds: each rule beside its limits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from bpmax_sim.i18n import to_plain_english
from bpmax_sim.scenario import references
from bpmax_sim.scenario.references import (
    Reference,
    Scope,
    UndefinedValueError,
    UnfitValueError,
    check_condition,
    condition_holds,
    find_compared_texts,
    find_keys_with_references,
    find_referenced_column,
    follow_path,
    has_reference,
    parse_reference,
    parse_whole_reference,
    resolve,
    split_references,
    to_inserted_text,
    to_text_or_empty,
)
from bpmax_sim.yamlfile import parse_yaml


def ask(call: Callable[..., Any], *values: Any) -> Any:
    """Return what *call* returns, or the message of its error."""
    try:
        return call(*values)
    except UnfitValueError as error:
        return f"unfit: {to_plain_english(str(error))}"
    except UndefinedValueError as error:
        return f"undefined: {to_plain_english(str(error))}"


def test_a_text_is_split_at_its_references() -> None:
    name, row = (
        Reference("vars.名", "vars", ("名",)),
        Reference("case.明细[1].额", "case", ("明细", 1, "额")),
    )
    now = Reference("now", "now")
    roots = "; a value starts with one of vars, case, env, steps, form, flow, now, uuid"
    open_ = "undefined: '${' is not closed; write '$${' for the characters themselves"
    table = {
        "": (),
        "甲": ("甲",),
        "${vars.名}": (name,),
        "${ vars.名 }": (name,),
        "甲${vars.名}${case.明细[1].额}乙": ("甲", name, row, "乙"),
        "$${vars.名}${now}": ("${", "vars.名}", now),
        "$$${now}": ("$", "${", "now}"),
        "${vars.名": open_,
        "甲$${ ${": open_,
        "${a{b}": open_,
        "${}": f"undefined: ${{}} is not defined{roots}",
        "${form}": "undefined: ${form} is not defined; form needs a name, such as ${form.x}",
        "${now.x}": "undefined: ${now.x} is not defined; now takes no path",
        "${uuid[0]}": "undefined: ${uuid[0]} is not defined; uuid takes no path",
        "${var.x}": "undefined: ${var.x} is not defined; did you mean 'vars'?",
        "${甲.x}": f"undefined: ${{甲.x}} is not defined{roots}",
    }

    assert {text: ask(split_references, text) for text in table} == table
    assert [has_reference(text) for text in ("${x}", "${", "a $${x} b", "$${ ${x}", "$x {}")] == [
        True, True, False, True, False,
    ]  # fmt: skip
    assert parse_reference("steps.选.result[0]") == Reference(
        "steps.选.result[0]", "steps", ("选", "result", 0)
    )


def test_only_a_single_reference_is_a_whole_one() -> None:
    texts = (
        "${case.额}",
        "${ case.a.b }",
        "${vars.额}",
        " ${case.额}",
        "${case.额} ",
        "${case.额",
        "x",
        5,
        None,
    )
    wholes = [parse_whole_reference(text) for text in texts]
    assert [ref.text if ref else None for ref in wholes] == [
        "case.额", "case.a.b", "vars.额", None, None, None, None, None, None,
    ]  # fmt: skip
    assert parse_whole_reference("$${case.额}") is None
    assert [find_referenced_column(text) for text in texts[:4]] == ["额", "a.b", "", ""]
    node = parse_yaml(
        "甲: ['x', {y: '${vars.a}'}]\n乙: 1\n丙: '$${'\n丁: {x: {y: [z]}}\n戊: null\n己: {'${vars.a}': 1}\n",
        "f",
    )
    assert (sorted(find_keys_with_references(node)), find_keys_with_references(None)) == (
        ["丙", "甲"],
        frozenset(),
    )


def test_a_value_keeps_its_type_where_it_stands_alone() -> None:
    values = {"a": [1, {"b": None}], "n": 5, "t": "甲", "z": None, "f": False}

    def look_up(ref: Reference) -> Any:
        return values[str(ref.path[0])]

    given = {
        "list": ("${vars.a}", ["${vars.n}", "x${vars.n}"]),
        "text": "<${vars.a}|${vars.n}|${vars.t}|${vars.z}|${vars.f}>",
        "deep": {"k": {"${vars.n}": ["${vars.z}"]}},
        "escaped": "$${vars.n}",
        "plain": (1, True, None, 1.5, "甲"),
        "empty": ["", {}, []],
    }
    assert resolve(given, look_up) == {
        "list": [[1, {"b": None}], [5, "x5"]],
        "text": '<[1, {"b": null}]|5|甲|null|false>',
        "deep": {"k": {"${vars.n}": [None]}},
        "escaped": "${vars.n}",
        "plain": [1, True, None, 1.5, "甲"],
        "empty": ["", {}, []],
    }
    assert [to_inserted_text(one) for one in ("甲", 5, None, {"键": [True]})] == [
        "甲", "5", "null", '{"键": [true]}',
    ]  # fmt: skip
    empties: tuple[Any, ...] = (None, "", 0, False, [], "甲")
    assert [to_text_or_empty(one) for one in empties] == [
        "", "", "0", "false", "[]", "甲",
    ]  # fmt: skip


def test_a_path_goes_through_maps_and_lists_and_names_with_dots() -> None:
    tree = {"a": [{"b": 1}, "x"], "c.d": {"e.f": 2}, "1": "一", "g": {"h.i": [3]}, "t": "文"}
    found = {}
    for path in (
        "a[0].b", "a[1]", "a.1", "c.d", "c.d.e.f", "1", "[1]", "g.h.i", "a[2]", "a[-1]", "a.²", "a.b",
        "t.x", "ab", "a[0].c", "g.h.j", "t[0]",
    ):  # fmt: skip
        ref = parse_reference(f"vars.{path}" if path[0] != "[" else f"vars{path}")
        found[path] = ask(follow_path, tree, ref)
    inside = '[{"b": 1}, "x"]'
    error = "undefined: ${{vars.{}}} is not defined{}"
    assert found == {
        "a[0].b": 1, "a[1]": "x", "a.1": "x", "c.d": {"e.f": 2},
        "c.d.e.f": error.format("c.d.e.f", "; there are a, c.d, 1, g, t"),
        "1": "一", "[1]": "一", "g.h.i": [3],
        "a[2]": error.format("a[2]", f": no 2 in {inside}"),
        "a[-1]": error.format("a[-1]", f": no '-1' in {inside}"),
        "a.²": error.format("a.²", f": no '²' in {inside}"),
        "a.b": error.format("a.b", f": no 'b' in {inside}"),
        "t.x": error.format("t.x", ": no 'x' in \"文\""),
        "ab": error.format("ab", "; did you mean 'a'?"),
        "a[0].c": error.format("a[0].c", "; there is b"),
        "g.h.j": error.format("g.h.j", "; there is h.i"),
        "t[0]": error.format("t[0]", ': no 0 in "文"'),
    }  # fmt: skip
    ref = parse_reference("vars.a")
    assert follow_path(tree, ref, ("g",)) == {"h.i": [3]}
    assert ask(follow_path, tree, ref, ("x",)).startswith("undefined: ${vars.a} is not defined")


def test_a_scope_looks_into_the_part_that_is_named() -> None:
    scope = Scope(
        vars={"a": "${case.x}", "n": 1},
        case={
            "x": "行${vars.n}",
            "甲": "${case.乙}",
            "乙": "${case.丙}",
            "丙": "${case.甲}",
            "列": ["${case.x}", 2],
        },
        environ={"A.B": "点", "A": "环", "空": ""},
        steps={"选": {"result": {"id": 7}}},
        form=lambda: {"金额": 5},
        flow=lambda: {"at": "部门"},
        now=lambda: "2026-03-02",
        uuid=iter(["u1", "u2"]).__next__,
    )
    found = {}
    for text in (
        "${vars.a}", "${case.x}", "${case.列}", "${case.列[0]}", "${case.甲}", "${env.A.B}", "${env.A}", "${env.C}", "${env.空}",
        "${steps.选.result.id}", "${steps.先.result}", "${steps.洗.result}", "${form.金额}", "${form.额}", "${flow.at}",
        "${now}", "${uuid}${uuid}",
    ):  # fmt: skip
        found[text] = ask(scope.resolve, text)
    assert found == {
        "${vars.a}": "${case.x}", "${case.x}": "行1", "${case.列}": ["行1", 2], "${case.列[0]}": "行1",
        "${case.甲}": "undefined: ${case.甲} refers to itself",
        "${env.A.B}": "点", "${env.A}": "环", "${env.空}": "",
        "${env.C}": "undefined: ${env.C} is not defined; set the environment variable C",
        "${steps.选.result.id}": 7,
        "${steps.先.result}": "undefined: ${steps.先.result} is not defined; no step with this id has run",
        "${steps.洗.result}": "undefined: ${steps.洗.result} is not defined; no step with this id has run",
        "${form.金额}": 5,
        "${form.额}": "undefined: ${form.额} is not defined; did you mean '金额'?",
        "${flow.at}": "部门", "${now}": "2026-03-02", "${uuid}${uuid}": "u1u2",
    }  # fmt: skip
    assert scope.resolve("${case.x} ${case.x}") == "行1 行1"
    scope.steps["选择客户"] = {}
    assert "did you mean '选择客户'" in ask(scope.resolve, "${steps.选择客戶.result}")


VALUES = {
    "五": 5, "文五": "5", "零": 0, "空": "", "假": "FALSE", "无": "null", "零文": "0", "真": True, "否": False,
    "列": [], "表": [0], "甲": "甲 and 乙", "缺": None, "小": 5.0, "引": "it's", "括": "f(a)", "右": "1)", "乙": "乙",
}  # fmt: skip


def test_a_condition_compares_and_joins() -> None:
    def look_up(ref: Reference) -> Any:
        return VALUES[str(ref.path[0])]

    true = (
        "${vars.五} == 5", "${vars.五} == 5.0", "${vars.小} == 5", "${vars.文五} == 5", "5 == ${vars.文五}",
        "${vars.五} != '5'", '${vars.五} != "5"', "${vars.文五} == '5'", "${vars.五} != ${vars.文五}", "${vars.五} == ${vars.小}",
        "${vars.五} > 4", "${vars.五} >= 5", "4 < ${vars.五}", "${vars.五} <= 5", "${vars.小} < 5.5", "${vars.文五} < '6'",
        "${vars.五}", "${vars.真}", "${vars.表}", "${vars.甲}", "true", "not false", "not ${vars.空}", "!${vars.零文}",
        "not ${vars.假}", "not ${vars.无}", "not ${vars.零}", "not ${vars.列}", "not ${vars.缺}", "not not ${vars.五}",
        "${vars.甲} == '甲 and 乙'", '${vars.引} == "it\'s"', "${vars.括} == f(a)",
        "(${vars.括} == f(a))", "${vars.乙} == 乙", "${vars.空} == ''", "${vars.缺} == null", "${vars.真} == true",
        "${vars.否} or ${vars.否} or ${vars.五}", "${vars.五} || false", "${vars.五} && true && ${vars.真}",
        "${vars.五} or ${vars.否} and ${vars.否}", "not (${vars.否} or false)", "not(${vars.否})",
        "((${vars.否}) or (${vars.五} == 5 and (${vars.真})))", "${vars.五} == 5 and(${vars.真})", "not ${vars.否} and ${vars.五}",
        "(${vars.五}) and ${vars.括} == f(a)", "(${vars.五} == 5) and ${vars.右} == 1)",
        "!(${vars.五} == 6)", "${vars.乙} != ' 乙 '", "'乙' == ${vars.乙}",
    )  # fmt: skip
    false = (
        "${vars.五} == '5'", "${vars.五} != 5", "${vars.五} > 5", "${vars.五} >= 5.1", "${vars.五} < 5", "${vars.五} <= 4",
        "false", "not true", "not ${vars.五}", "${vars.空}", "${vars.假}", "${vars.无}", "${vars.零文}", "${vars.缺}",
        "(${vars.五} or ${vars.否}) and ${vars.否}", "${vars.五} and ${vars.真} and ${vars.否}", "${vars.否} || false",
        "not ${vars.五} or ${vars.否}", "not (${vars.否} or ${vars.五})", "${vars.真} == 1", "${vars.否} == 0", "${vars.空} == null",
        "${vars.乙} == 甲", "not not false", "! ! ${vars.否}",
    )  # fmt: skip
    assert [text for text in true if not condition_holds(text, look_up)] == []
    assert [text for text in false if condition_holds(text, look_up)] == []
    assert [condition_holds(one, look_up) for one in (True, False, 1, 0, None)] == [
        True, False, True, False, False,
    ]  # fmt: skip
    order = "unfit: {} compares neither two numbers nor two texts"
    for text, told in {
        "${vars.五} > '4'": '5 > "4"',
        "${vars.真} < 2": "true < 2",
        "1 <= ${vars.否}": "1 <= false",
        "${vars.缺} >= 1": "null >= 1",
        "${vars.文五} < 6": '"5" < 6',
    }.items():
        assert ask(condition_holds, text, look_up) == order.format(told)
    # The second operand is not asked for where the first decides.
    assert condition_holds("${vars.五} or ${vars.没有}", look_up)
    assert not condition_holds("${vars.否} and ${vars.没有}", look_up)


SUCH = "; a condition is such as ${case.状态} == 成功 and not ${vars.跳过}"


def test_what_is_wrong_with_a_condition_is_told() -> None:
    shape = "expected a condition such as ${case.状态} == 成功"
    signs = f"the signs are == != < <= > >=, and there is no other{SUCH}"
    missing = f"a value is missing{SUCH}"
    fixed = (
        "{} compares two texts that never change; write ${{vars.x}} for the value of a variable{}"
    )
    table: dict[Any, str | None] = {
        True: None, False: None, "true": None, "${vars.x}": None, "not (${vars.x})": None, "${vars.x} == a b": None,
        5: shape, None: shape, "": shape, "  ": shape, (): shape,
        "${vars.x} === 1": signs, "${vars.x} = = 1": f"'${{vars.x}} = = 1' is compared with nothing{SUCH}", "${vars.x} =< 1": signs, "1 == = ${vars.x}": signs,
        "a == b": fixed.format("a == b", SUCH), "1 < 2": fixed.format("1 < 2", SUCH),
        "${vars.x} and": missing, "and ${vars.x}": f"'and ${{vars.x}}' is compared with nothing{SUCH}", "${vars.x} ==": missing, "== ${vars.x}": missing,
        "${vars.x} or or ${vars.x}": missing, "()": missing, "not": f"'not' is compared with nothing{SUCH}",
        "(${vars.x}": f"a bracket is not closed{SUCH}", "((${vars.x}) or ${vars.x}": f"a bracket is not closed{SUCH}",
        "${vars.x}) and a": f"'${{vars.x}})' is compared with nothing{SUCH}",
        "(${vars.x}) )": f"nothing is open that ')' could close{SUCH}",
        "(${vars.x}) y": f"nothing is open that 'y' could close{SUCH}",
        "x": f"'x' is compared with nothing{SUCH}", "${vars.x} y": f"'${{vars.x}} y' is compared with nothing{SUCH}",
        "True": f"'True' is compared with nothing{SUCH}",
    }  # fmt: skip
    found = {one: check_condition(one) for one in table}
    assert {one: told and to_plain_english(told) for one, told in found.items()} == table


@pytest.mark.parametrize(
    ("condition", "texts"),
    [
        ("${case.a} == 甲", [("case.a", "甲", False)]),
        ("乙 != ${case.a}", [("case.a", "乙", True)]),
        ("not (${case.a} == '甲' or ${vars.b.c} != \"5\") and ${case.a}", [("case.a", "甲", False), ("vars.b.c", "5", True)]),
        ("${case.a} == 5 or ${case.a} == '' or ${case.a} < 甲 or x${case.a} == 甲 or ${case.a} == ${case.b}", []),
        ("乙 == ${case.b} and ${case.a} == 甲 and ${case.c} == 丙", [("case.a", "甲", False), ("case.c", "丙", False), ("case.b", "乙", False)]),
        ("${case.a} ==", []), ("${case.a} == true", []), (True, []), (None, []),
    ],
)  # fmt: skip
def test_texts_are_found_that_conditions_compare(condition: Any, texts: list[Any]) -> None:
    found = find_compared_texts(condition)
    assert [(one.reference.text, one.text, one.is_denied) for one in found] == texts
    assert references.ROOTS[:3] == ("vars", "case", "env")
