from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bpmax_sim.scenario.references import (
    Reference,
    Scope,
    UndefinedValueError,
    UnfitValueError,
    check_condition,
    condition_holds,
    find_keys_with_references,
    find_referenced_column,
    follow_path,
    parse_reference,
    parse_whole_reference,
    resolve,
    split_references,
    to_text_or_empty,
)
from bpmax_sim.yamlfile import parse_yaml, read_yaml
from tests.examples import drawn

NAMES: dict[str, Any] = {
    "vars": {"客户": "张三", "金额": 128000.5, "空": None, "标签": ["VIP", "重点"]},
    "case": {"合同号": "HT-0007", "合同.编号": "HT-0008", "下单次数": 2, "成功": True},
    "steps": {"pick": {"result": {"data": [{"name": "李四"}]}}},
    "now": "2026-03-02T09:00:00.000+08:00",
}


def lookup(ref: Reference) -> Any:
    return follow_path(NAMES[ref.root], ref)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("${vars.金额}", 128000.5),
        ("${vars.空}", None),
        ("${vars.标签}", ["VIP", "重点"]),
        ("${vars.标签[1]}", "重点"),
        ("${steps.pick.result.data[0].name}", "李四"),
        ("${case.合同.编号}", "HT-0008"),
        ("合同 ${case.合同号} 金额 ${vars.金额}", "合同 HT-0007 金额 128000.5"),
        ("${case.成功}!", "true!"),
        ("$${vars.客户}", "${vars.客户}"),
        ("${ vars.客户 }", "张三"),
        ("${now}", "2026-03-02T09:00:00.000+08:00"),
        ("没有变量 $1 {}", "没有变量 $1 {}"),
    ],
)
def test_a_value_that_is_one_whole_reference_keeps_its_type(text: str, expected: Any) -> None:
    assert resolve(text, lookup) == expected
    assert type(resolve(text, lookup)) is type(expected)


def test_references_are_resolved_deep_inside_maps_and_lists() -> None:
    value = {"客户": ["${vars.客户}", {"金额": "${vars.金额}"}], "n": 1}

    assert resolve(value, lookup) == {"客户": ["张三", {"金额": 128000.5}], "n": 1}
    texts = parse_yaml(json.dumps(value), "x.yaml").walk_texts()
    assert [path for path, text in texts if "${" in text] == [("客户", 0), ("客户", 1, "金额")]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("${var.x}", "${var.x} is not defined; did you mean 'vars'?"),
        (
            "${客户}",
            "${客户} is not defined; a value starts with one of vars, case, env, steps, form,",
        ),
        ("${vars}", "${vars} is not defined; vars needs a name, such as ${vars.x}"),
        ("${now.x}", "${now.x} is not defined; now takes no path"),
        ("${}", "${} is not defined; a value starts with one of"),
        ("a ${vars.客户", "'${' is not closed; write '$${' for the characters themselves"),
        ("${case.合同好}", "${case.合同好} is not defined; did you mean '合同号'?"),
        (
            "${case.q}",
            "${case.q} is not defined; there are 合同号, 合同.编号, 下单次数, 成功",
        ),
        ("${vars.标签[7]}", '${vars.标签[7]} is not defined: no 7 in ["VIP", "重点"]'),
        ("${vars.标签[2]}", '${vars.标签[2]} is not defined: no 2 in ["VIP", "重点"]'),
        ("${vars.标签.²}", '${vars.标签.²} is not defined: no \'²\' in ["VIP", "重点"]'),
    ],
)
def test_an_undefined_value_is_named_with_its_near_name(text: str, message: str) -> None:
    with pytest.raises(UndefinedValueError) as caught:
        resolve(text, lookup)

    assert str(caught.value).startswith(message)


@pytest.mark.parametrize(
    ("value", "whole", "column"),
    [
        ("${case.客户}", "case.客户", "客户"),
        ("${ case.客户 }", "case.客户", "客户"),
        ("${case.合同.编号}", "case.合同.编号", "合同.编号"),
        ("${case.明细[0].数量}", "case.明细[0].数量", "明细[0].数量"),
        ("${vars.客户}", "vars.客户", ""),
        ("${now}", "now", ""),
        ("${case.客户}${case.级别}", None, ""),
        ("客户${case.客户}", None, ""),
        ("${case.客户} ", None, ""),
        ("$${case.客户}", None, ""),
        ("${case}", None, ""),
        ("${案.客户}", None, ""),
        ("${case.客户", None, ""),
        ("", None, ""),
        (None, None, ""),
        (5, None, ""),
        (["${case.客户}"], None, ""),
    ],
)
def test_a_value_is_a_column_if_it_is_one_reference_alone(
    value: Any, whole: str | None, column: str
) -> None:
    found = parse_whole_reference(value)

    assert (found and found.text, find_referenced_column(value)) == (whole, column)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        ("", ""),
        ("甲", "甲"),
        (0, "0"),
        (0.0, "0.0"),
        (False, "false"),
        ([], "[]"),
        ({}, "{}"),
        ({"名": ["甲", None]}, '{"名": ["甲", null]}'),
    ],
)
def test_only_a_null_is_no_text(value: Any, text: str) -> None:
    assert to_text_or_empty(value) == text


def test_a_reference_keeps_its_indexes_as_numbers() -> None:
    assert parse_reference("steps.a.result[0][12].b").path == ("a", "result", 0, 12, "b")


@given(st.text("客户${}$ab."))
@settings(max_examples=drawn(60))
def test_an_escaped_text_resolves_to_itself(text: str) -> None:
    escaped = text.replace("${", "$${")

    assert resolve(escaped, lookup) == text
    assert all(isinstance(piece, str) for piece in split_references(escaped))


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists))
@settings(max_examples=drawn(60))
def test_a_whole_reference_gives_the_value_unchanged(value: Any) -> None:
    assert resolve("${vars.x}", lambda _: value) is value


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("${case.合同号} == HT-0007", True),
        ("${case.合同号} != HT-0007", False),
        ("${case.下单次数} == 2", True),
        ("${case.下单次数} == '2'", False),
        ("${vars.客户} == ${steps.pick.result.data[0].name}", False),
        ("${vars.客户} == '张三'", True),
        ("${vars.空}", False),
        ("not ${vars.空}", True),
        ("${case.成功}", True),
        ("not ${case.成功} == true", False),
        ("false", False),
        (True, True),
        ("${case.下单次数} == 2 and ${case.合同号} == HT-0007", True),
        ("${case.下单次数} == 3 or ${case.成功} && not ${vars.空}", True),
        ("not (${case.下单次数} > 1 and ${case.下单次数} <= 2)", False),
        ("not ${vars.空} and ${vars.空}", False),
        ("not ${vars.空} or ${case.成功}", True),
        ("not ${case.成功} or ${case.成功}", True),
        ("not not ${vars.空} and ${vars.空}", False),
        ("(${vars.空} or ${case.成功}) and ${case.下单次数} < 10", True),
        ("!${vars.空} || ${vars.空}", True),
        ("${vars.客户} == '张三 and 李四'", False),
        ("${vars.客户} == 张三(北京)", False),
        ("(${vars.客户} != 张三(北京))", True),
        ("${vars.客户} >= 'a'", True),
    ],
)
def test_a_condition_compares_negates_or_asks_for_truth(condition: Any, expected: bool) -> None:
    assert check_condition(condition) is None
    assert condition_holds(condition, lookup) is expected


@pytest.mark.parametrize(
    ("value", "holding"),
    [
        (5, ["== 5", "== ${vars.n}", "== 5.0"]),
        (5.0, ["== 5", "== ${vars.n}", "== 5.0"]),
        ("5", ["== 5", "== '5'"]),
        (-0.0, ["== 0"]),
        (1, []),
        (True, ["== true"]),
        ("true", ["== true"]),
        (None, ["== null"]),
        ([5], ["== ${vars.l}"]),
        ((5,), ["== ${vars.l}"]),
        ([5.0], ["== ${vars.l}"]),
        ("成功", ["== 成功", "== '成功'", '== "成功"']),
        ("'成功'", []),
        ("'5\"", ["== '5\""]),
        ("'", ["== '"]),
        ("", ["== ''"]),
    ],
)
def test_sides_are_equal_as_values_or_an_unquoted_word_as_text(
    value: Any, holding: list[str]
) -> None:
    known = {"case": {"x": value}, "vars": {"n": 5, "l": [5]}}
    asked = ["== 5", "== 5.0", "== '5'", "== ${vars.n}", "== ${vars.l}", "== 0", "== true",
             "== null", "== 成功", "== '成功'", '== "成功"', "== '5\"", "== '",
             "== ''"]  # fmt: skip

    def look(ref: Reference) -> Any:
        return follow_path(known[ref.root], ref)

    found = [one for one in asked if condition_holds(f"${{case.x}} {one}", look)]
    denied = [one for one in asked if condition_holds(f"${{case.x}} !{one[1:]}", look)]

    assert {*found} == {*holding}
    assert {*denied} == {*asked} - {*found}


@pytest.mark.parametrize(
    ("steps", "hint"),
    [
        ({}, "; no step with this id has run"),
        ({"下单": {}}, "; no step with this id has run"),
        ({"下单": {}, "查客护": {}}, "; did you mean '查客护'?"),
    ],
)
def test_a_step_that_has_not_run_is_told_as_such(steps: dict[str, Any], hint: str) -> None:
    with pytest.raises(UndefinedValueError) as refused:
        Scope(steps=steps).resolve("${steps.查客户.result.名}")

    assert str(refused.value) == f"${{steps.查客户.result.名}} is not defined{hint}"
    found = Scope(steps={**steps, "查客户": {"result": {"名": "甲"}}})
    assert found.resolve("${steps.查客户.result.名}") == "甲"


@pytest.mark.parametrize("kind", [list, tuple])
@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("vars.行[0]", {"品名": "笔"}),
        ("vars.行[0].品名", "笔"),
        ("vars.行[1]", "纸"),
        ("vars.行.1", "纸"),
        ("vars.行[2]", None),
        ("vars.行[1].品名", None),
        ("vars.行.品名", None),
        ("vars.行[0][0]", None),
    ],
)
def test_an_element_is_found_by_its_number(
    kind: type[list[Any] | tuple[Any, ...]], path: str, found: Any
) -> None:
    known = {"行": kind([{"品名": "笔"}, "纸"])}

    if found is None:
        with pytest.raises(UndefinedValueError):
            follow_path(known, parse_reference(path))
    else:
        assert follow_path(known, parse_reference(path)) == found


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("a: ${vars.x}\nb: 1", ["a"]),
        ("a: 共 ${vars.x} 元\nb: [1, '${vars.y}']", ["a", "b"]),
        ("a: {b: [1, {c: '备注 ${case.x}'}]}\nd: $x", ["a"]),
        ("a: $${vars.x}", ["a"]),
        ("${vars.k}: 1", []),
        ("a: true\nb: ~\nc: 1.5\nd: []\ne: {}", []),
        ("- ${vars.x}", []),
        ("${vars.x}", []),
    ],
)
def test_a_key_has_a_reference_wherever_it_stands_in_its_value(text: str, keys: list[str]) -> None:
    assert find_keys_with_references(read_yaml(text)) == {*keys}
    assert find_keys_with_references(None) == frozenset()


@pytest.mark.parametrize("value", ["", "0", "null", "false", "FALSE", 0, 0.0, None, False, [], {}])
def test_a_value_that_means_no_does_not_hold(value: Any) -> None:
    assert not condition_holds("${case.x}", lambda _: value)
    assert condition_holds("not ${case.x}", lambda _: value)


@pytest.mark.parametrize("value", ["00", "0.0", "no", "1", " ", 1, -1, 0.5, True, [0], {"a": 0}])
def test_every_other_value_holds(value: Any) -> None:
    assert condition_holds("${case.x}", lambda _: value)


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        ("${case.a} == ", "a value is missing; a condition is such as"),
        ("${case.a} and", "a value is missing; a condition is such as"),
        ("case.a == 3", "case.a == 3 compares two texts that never change; write ${vars.x}"),
        ("case.a", "'case.a' is compared with nothing; a condition is such as"),
        ("${case.a} = 3", "'${case.a} = 3' is compared with nothing; a condition is such as"),
        ("${case.a} === 3", "the signs are == != < <= > >=, and there is no other"),
        ("${case.a} !== 3", "the signs are == != < <= > >=, and there is no other"),
        ("${case.a} => 3", "the signs are == != < <= > >=, and there is no other"),
        ("(${case.a} == 1", "a bracket is not closed; a condition is such as"),
        ("(${case.a}) == 1", "nothing is open that '== 1' could close"),
        ("", "expected a condition such as ${case.状态} == 成功"),
        (["x"], "expected a condition such as ${case.状态} == 成功"),
    ],
)
def test_an_incomplete_condition_is_refused(condition: Any, message: str) -> None:
    assert str(check_condition(condition)).startswith(message)


def test_a_text_is_neither_less_nor_more_than_a_number() -> None:
    with pytest.raises(UnfitValueError, match="compares neither two numbers nor two texts"):
        condition_holds("${vars.客户} > 1", lookup)
