"""A text that is denied, or one of a choice, could have been made by something of the run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bpmax_sim.errors import suggest_meant_value
from bpmax_sim.scenario.calls import CallMade
from bpmax_sim.scenario.denied_texts import find_unproducible_texts
from tests.scenario.test_doubts_of_a_run import load

NOWHERE = "neither a script nor a response has '额度冻结' in it"
NEAR = "nothing could ever make '额度冻结', so denying it says nothing; did you mean '额度冻洁'?"
CHOICE = "nothing could ever make '额度冻结', so choosing it says nothing; did you mean '额度冻洁'?"


def tell(folder: Path, expected: str, known: Any = (), more: str = "", **parts: Any) -> list[str]:
    """Return what is told of a step that expects *expected*."""
    item = load(folder, f"{more}steps: [{{open: {{}}, expect: {{{expected}}}}}]")
    step = item.steps[0]
    made = CallMade(number=1, call="crm.查客户", **parts)

    found = find_unproducible_texts(
        item, [(step.step.expect, step.spot, ("expect",))], [made], known
    )
    return [one.message for one in found]


@pytest.mark.parametrize(
    ("expected", "count"),
    [
        ("form: {客户: {$ne: 额度冻结}}", 1),
        ("form: {客户: {$not: 额度冻结}}", 1),
        ("form: {客户: {$not: {$not: 额度冻结}}}", 0),
        ("form: {客户: 额度冻结}", 0),
        ("form: {客户: {$not: {$contains: 额度冻结}}}", 1),
        ("form: {客户: {$not: {$matches: 额度冻结}}}", 1),
        ("form: {客户: {$not: {$matches: 额度.冻结}}}", 0),
        ("form: {客户: {$not: {$not: {$matches: 额度冻结}}}}", 0),
        ("form: {客户: {$not: {$not: {$not: {$matches: 额度冻结}}}}}", 1),
        ("messages: {$not: {$contains: {$matches: 额度冻结}}}", 1),
        ("messages: {$each: {$not: {$matches: 额度冻结}}}", 1),
        ("messages: {$unordered: [甲, 乙, {$not: {$matches: 额度冻结}}]}", 1),
        ("messages: {$contains: {text: {$not: {$matches: 额度冻结}}}}", 1),
        ("messages: {$contains: {$matches: 额度冻结}}", 0),
        ("form: {客户: {$matches: 额度冻结}}", 0),
        ("form: {客户: {$not: {$in: [额度冻结, 额度冻结, 额度冻结]}}}", 0),
        ("fields: {客户: {options: {$not: {$contains: 额度冻结}}}}", 1),
        ("messages: {$not: {$contains: 额度冻结}}", 1),
        ("messages: [{text: {$ne: 额度冻结}}]", 1),
        ("messages: {$not: {$contains: {text: 额度冻结}}}", 1),
        ("messages: [甲, {$not: {$matches: 额度冻结}}]", 1),
        ("form: {明细: [{备注: {$ne: 甲}}, {备注: {$ne: 额度冻结}}]}", 1),
        ("messages: [{code: {$ne: 额度冻结}}]", 0),
        ("console: [{level: log, text: {$ne: 额度冻结}}]", 1),
        ("result: {客户: {名称: {$ne: 额度冻结}}}", 1),
        ("result: [甲, 乙, {$ne: 额度冻结}]", 1),
        ("proxy: [{call: crm.查客户, body: {状态: {$ne: 额度冻结}}}]", 1),
        ("proxy: [{call: crm.查客户, response: {状态: {$ne: 额度冻结}}}]", 1),
        ("proxy: [{call: crm.查客户, caller: {$ne: 额度冻结}}]", 0),
    ],
)
def test_a_denied_text_that_nothing_makes_is_told(
    tmp_path: Path, expected: str, count: int
) -> None:
    (tmp_path / "platforms").mkdir()
    found = tell(tmp_path, expected, more="proxy: {platforms: platforms}\n")

    assert [one.partition(",")[0] for one in found] == [NOWHERE] * count


@pytest.mark.parametrize(
    ("parts", "known", "more"),
    [
        ({"response": {"状态": "额度冻结"}}, (), ""),
        ({"response": "客户的额度冻结了"}, (), ""),
        ({"body": {"状态": ["额度冻结"]}}, (), ""),
        ({"query": {"状态": "额度冻结"}}, (), ""),
        ({"header": {"x": "额度冻结"}}, (), ""),
        ({"path": {"id": "额度冻结"}}, (), ""),
        ({}, ["额度冻结"], ""),
        ({}, ["客户的额度"], ""),
        ({}, ["其他", {"状态": "额度冻结"}], ""),
        ({}, (), "vars: {状态: 额度冻结}\n"),
    ],
)
def test_what_may_have_made_it_is_searched(
    tmp_path: Path, parts: dict[str, Any], known: Any, more: str
) -> None:
    assert tell(tmp_path, "form: {客户: {$ne: 额度冻结}}", known, more, **parts) == []


@pytest.mark.parametrize(
    "text", ["冻", "x", "''", "undefined", "必填", "提交失败", "'${form.金额}'"]
)
def test_of_what_may_always_come_nothing_is_told(tmp_path: Path, text: str) -> None:
    assert tell(tmp_path, f"form: {{客户: {{$ne: {text}}}}}") == []


@pytest.mark.parametrize(
    ("word", "other", "is_meant"),
    [
        ("已完咸", "已完成", True),
        ("未完成", "已完成", False),
        ("不通过", "通过", False),
        ("通过", "不通过", False),
        ("unpaid", "paid", False),
        ("not-paid", "Paid", False),
        ("paied", "paid", True),
        ("未完成结按", "已完成结案", True),
        ("PO-2", "PO-1", False),
        ("第二级", "第三级", False),
        ("方案A", "方案B", False),
        ("方案Ab", "方案Aa", True),
        ("第二季渡的预算", "第三季度的预算", True),
        ("1002", "1001", False),
        ("已", "未", False),
        ("", "通过", False),
    ],
)
def test_another_value_is_not_a_misspelt_one(word: str, other: str, *, is_meant: bool) -> None:
    assert bool(suggest_meant_value(word, ["其他", other])) == is_meant


def test_a_near_text_is_suggested(tmp_path: Path) -> None:
    assert tell(tmp_path, "form: {客户: {$ne: 额度冻结}}", ["额度冻洁", "别的"]) == [NEAR]
    (told,) = tell(tmp_path, "form: {客户: {$ne: '1001'}}", ["1002"])
    assert told.startswith("neither a script nor a response has '1001' in it")


@pytest.mark.parametrize(
    ("expected", "known", "more", "told"),
    [
        ("form: {客户: {$in: [甲乙, 额度冻结]}}", ["额度冻洁"], "", [CHOICE]),
        ("form: {客户: {$in: [额度冻洁, 额度冻结]}}", ["额度冻洁"], "", [CHOICE]),
        ("form: {客户: {$in: [甲乙, 额度冻结]}}", ["别的"], "", []),
        ("form: {客户: {$in: [甲乙, 额度冻结]}}", ["额度冻洁", "额度冻结"], "", []),
        ("form: {客户: {$in: [甲乙, 额度冻结]}}", ["额度冻洁"], "vars: {状态: 额度冻结}\n", []),
        ("form: {客户: {$in: [冻, 额度冻结甲]}}", ["动"], "", []),
        ("result: {$in: [甲乙, 额度冻结]}", ["额度冻洁"], "", [CHOICE]),
        ("result: {$in: [甲乙, {$matches: 额度冻结}]}", ["额度冻洁"], "", [CHOICE]),
        ("form: {客户: {$not: {$in: [甲乙丙丁, 额度冻结]}}}", ["额度冻洁", "甲乙丙丁"], "", [NEAR]),
    ],
)  # fmt: skip
def test_a_choice_that_is_near_to_what_comes_is_a_misprint(
    tmp_path: Path, expected: str, known: list[str], more: str, told: list[str]
) -> None:
    assert tell(tmp_path, expected, known, more) == told


@pytest.mark.parametrize(
    ("expected", "told"),
    [
        ("额度冻结", True),
        ("{$ne: 额度冻结}", False),
        ("{$matches: 额度冻结}", True),
        ("{$gt: 额度冻结}", False),
    ],
)
def test_below_never_a_plain_text_is_the_denied_one(
    tmp_path: Path, expected: str, *, told: bool
) -> None:
    item = load(tmp_path, f"never: {{form: {{客户: {expected}}}}}\nsteps: [{{open: {{}}}}]")
    (path, never) = next(iter(item.scenario.invariants))

    found = [*find_unproducible_texts(item, [(never, item.spot, tuple(path))], (), ())]

    assert [(one.kind, one.fails) for one in found] == [("empty", False)] * told
    assert [str(one.place).rpartition("yaml:")[2] for one in found] == (
        [f"4:{16 if expected == '额度冻结' else 21}"] if told else []
    )
