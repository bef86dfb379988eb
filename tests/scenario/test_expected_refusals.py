"""Whether what a step expects says that its action is refused, or that something is there."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec import UNSET

from bpmax_sim.errors import ScriptError, SubjectError
from bpmax_sim.scenario.expected_literals import (
    denies_value,
    find_fields_expected_present,
    find_maps,
)
from bpmax_sim.scenario.expected_refusals import (
    find_expected_message_codes,
    is_expected_refusal,
    is_refusal_covered_by_expect,
    names_member,
)
from bpmax_sim.scenario.model import Expect, ExpectedError, NewExpect, Step
from bpmax_sim.scenario.references import UndefinedValueError


@pytest.mark.parametrize(
    ("expected", "covered"),
    [
        ({}, False),
        ({"form": {"金额": 1}, "vars": {}, "console": [], "proxy": ()}, False),
        ({"messages": []}, True),
        ({"result": None}, True),
        ({"flow": {}}, False),
        ({"flow": {"at": "审批"}}, True),
        ({"flow": {"owners": ["甲"]}}, True),
        ({"flow": {"pending": {}}}, True),
        ({"flow": {"tasks": {}}}, True),
        ({"flow": {"history": []}}, True),
        ({"flow": {"delay_level": 0}}, True),
        ({"flow": {"projects": {}}}, True),
        ({"flow": {"status": "processing"}}, False),
        ({"flow": {"status": "finished"}}, True),
        ({"flow": {"status": {"$ne": "processing"}}}, True),
        ({"flow": {"form": {"金额": 1}, "passed": [], "project": {}, "notified": []}}, False),
        ({"flow": {"form": {}, "project": {}, "at": "审批"}}, True),
        ({"flow": {"$not": {"form": {"金额": 1}}}}, True),
        ({"flow": {"$exactly": {}}}, True),
        ({"flow": "${case.流程}"}, False),
    ],
)
def test_a_refusal_breaks_what_a_step_expects(expected: dict[str, Any], *, covered: bool) -> None:
    assert is_refusal_covered_by_expect(Step(expect=Expect(**expected))) == covered
    error = Step(expect=Expect(**expected), expect_error=ExpectedError())
    assert is_refusal_covered_by_expect(error)


def test_where_nothing_is_expected_yet_a_refusal_is_no_failure_of_its_own() -> None:
    assert is_refusal_covered_by_expect(Step(expect=NewExpect()))


REQUIRED = SubjectError("缺金额", code="REQUIRED")


FILLED = {"${vars.码}": "REQUIRED", "${case.提示}": [{"code": "REQUIRED", "text": "缺金额"}]}


def fill(value: Any) -> Any:
    if "${vars.无}" in str(value):
        raise UndefinedValueError("no variable 无")
    if isinstance(value, dict):
        return {key: fill(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [*map(fill, value)]
    return FILLED.get(value, value)


@pytest.mark.parametrize(
    ("messages", "codes", "fits"),
    [
        (UNSET, [], False),
        ([], [], False),
        ("缺金额", [], False),
        ({"code": "REQUIRED"}, ["REQUIRED"], True),
        ({"code": "READONLY"}, ["READONLY"], False),
        ({"text": "缺金额", "code": None}, [None], False),
        ([{"text": "甲"}, "乙", {"code": "A"}, {"code": "REQUIRED"}], ["A", "REQUIRED"], True),
        (({"code": "A"}, {"code": "B"}), ["A", "B"], False),
        ({"$contains": {"code": "REQUIRED"}}, ["REQUIRED"], True),
        ({"$contains": {"code": {"$in": ["A", "REQUIRED"]}}}, [{"$in": ["A", "REQUIRED"]}], True),
        ({"$not": {"code": "REQUIRED"}}, [], False),
        ({"$not": {"$contains": {"code": "REQUIRED"}}}, [], False),
        ([{"$not": {"code": "REQUIRED"}}], [], False),
        ({"code": "${vars.码}"}, ["${vars.码}"], True),
        ([{"code": "REQUIRED"}, {"code": "${vars.无}"}], ["REQUIRED", "${vars.无}"], False),
        ("${case.提示}", [], True),
        ({"$contains": "${case.提示}"}, [], True),
        ({"$unordered": [{"code": "A"}, "乙", {"code": "REQUIRED"}]}, ["A", "REQUIRED"], True),
        ({"$exactly": [{"code": "REQUIRED"}]}, ["REQUIRED"], True),
        ({"$each": {"code": "REQUIRED"}}, ["REQUIRED"], True),
        ({"$length": 2, "$contains": {"code": "REQUIRED"}}, ["REQUIRED"], True),
        ([{"$in": [{"code": "A"}, {"code": "REQUIRED"}]}], ["A", "REQUIRED"], True),
        ({"$not": {"$not": {"$contains": {"code": "REQUIRED"}}}}, ["REQUIRED"], True),
        ({"$ne": [{"code": "REQUIRED"}]}, [], False),
        ({"$unordered": [{"$not": {"code": "REQUIRED"}}]}, [], False),
    ],
)
def test_a_refusal_is_the_one_whose_code_is_expected(
    messages: Any, codes: list[Any], *, fits: bool
) -> None:
    assert find_expected_message_codes(messages) == codes
    expected = Expect(messages=messages)
    assert is_expected_refusal(REQUIRED, expected, fill) == fits
    assert not is_expected_refusal(ScriptError("缺金额"), expected, fill)


@pytest.mark.parametrize(
    ("expected", "any_member", "code"),
    [
        ("甲", False, False),
        ([], False, False),
        ({}, True, False),
        ({"text": "甲"}, True, False),
        ({"code": "A"}, True, True),
        (["甲", {"text": "乙"}, {"code": UNSET}], True, True),
        ({"$contains": {"code": "A"}}, True, True),
        ({"$not": {"$each": [{"text": "甲"}]}}, True, False),
        ({"$length": 2}, False, False),
        ({"$length": 2, "$contains": {"code": 1}}, True, True),
        (None, False, False),
    ],
)
def test_a_member_is_named_at_any_depth(expected: Any, *, any_member: bool, code: bool) -> None:
    assert names_member(expected) == any_member
    assert names_member(expected, "code") == code


@pytest.mark.parametrize(
    ("expected", "denies"),
    [
        (1, False),
        (None, False),
        ([], False),
        ({}, False),
        ({"$ne": 1}, True),
        ({"$gt": 1}, False),
        ({"$gt": 1, "$lt": 3, "$ne": 2}, True),
        ({"$exists": True}, False),
        ({"$exists": False}, True),
        ({"$not": 1}, True),
        ({"$not": {"$exists": True}}, True),
        ({"$not": {"$exists": False}}, False),
        ({"$not": {"$ne": 1}}, False),
        ({"$not": {"$not": {"$ne": 1}}}, True),
        ({"金额": {"$ne": 1}}, False),
    ],
)
def test_what_says_what_a_value_is_not(expected: Any, *, denies: bool) -> None:
    assert denies_value(expected) == denies


def test_fields_that_have_to_be_there() -> None:
    form = {"金额": 1, "客户": {"$ne": 2}, "明细[0].数量": 3, "日期": {"$exists": True}, "备": None}
    flow = {"at": "审批", "form": {"单号": 1, "事由": {"$exists": False}, "抄送.人": {"$gt": ""}}}
    denied = {"$not": {"附件": 1}}
    given = [Expect(form=form, flow=flow), Expect(form=denied), Expect(flow="x", form="y")]

    found = [*find_fields_expected_present([*given, Expect()])]
    assert found == ["金额", "明细", "日期", "备", "单号", "抄送"]


def test_maps_are_found_in_the_order_of_the_file() -> None:
    every = ("$exactly", "$not", "$eq", "$each", "$contains", "$ne", "$in", "$unordered")
    expected = {key: {"序": number} for number, key in enumerate(every)}

    found = [*find_maps({**expected, "$matches": {"序": 9}})]

    assert found == [((key,), {"序": n}, key in {"$not", "$ne"}) for n, key in enumerate(every)]
