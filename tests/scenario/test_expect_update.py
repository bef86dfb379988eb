"""What of an expectation is written anew: what does not hold, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from msgspec import UNSET
from msgspec.structs import replace

from bpmax_sim.js_values import UNDEFINED
from bpmax_sim.scenario.calls import CallMade
from bpmax_sim.scenario.expect import find_expectation_problems, fulfils
from bpmax_sim.scenario.expect_update import make_update_if_possible, update_expected
from bpmax_sim.scenario.expect_values import (
    ValueGeneraliser,
    looks_like_script_mistake,
    make_digit_pattern,
    to_expectation,
)
from bpmax_sim.scenario.model import Expect, ExpectedCall
from bpmax_sim.scenario.references import resolve
from bpmax_sim.scenario.source import Spot
from bpmax_sim.scenario.tautology import find_tautologies
from tests.scenario.door import Door
from tests.scenario.test_doubts_of_a_run import load


@pytest.mark.parametrize(
    ("expected", "got", "updated"),
    [
        (1, 1, 1),
        (1, 2, 2),
        (1, UNSET, UNSET),
        (1, None, None),
        (None, UNSET, UNSET),
        ({"$gt": 0}, 1, {"$gt": 0}),
        ({"$gt": 1}, 1, 1),
        ({"a": 1, "b": 2, "c": 3}, {"a": 1, "b": 2, "c": 4, "d": 5}, {"a": 1, "b": 2, "c": 4}),
        ({"a": {"$gt": 0}, "b": 2}, {"a": 1, "b": 3}, {"a": {"$gt": 0}, "b": 3}),
        ({"a": 1, "b": 2}, {"a": 2}, {"a": 2}),
        ({"a": 1}, {}, UNSET),
        ({"a": {"b": 1}, "c": 2}, {"a": {"d": 1}, "c": 3}, {"c": 3}),
        ([{"a": 1}, 2], [{"b": 1}, 3], [{"b": 1}, 3]),
        ({"a": 1}, 7, 7),
        ({"明细[0].金额": 5}, {"明细": [{"金额": 200}]}, {"明细[0].金额": 200}),
        ({"明细[2].金额": 5}, {"明细": [{"金额": 200}]}, UNSET),
        ({"客户.名称": "张三"}, {"客户": {"名称": "李四"}}, {"客户.名称": "李四"}),
        ({"客户.名称": 1}, {"客户.名称": 2, "客户": {"名称": 3}}, {"客户.名称": 2}),
        ([1, 2, 3], [1, 2, 4], [1, 2, 4]),
        ([{"$gt": 0}, 2, 3], [1, 2, 4], [{"$gt": 0}, 2, 4]),
        ([1, 2, 3], [1, 2], [1, 2]),
        ([1], [], []),
        ("${vars.x}", "甲", "${vars.x}"),
        ("${vars.x}", "乙", "乙"),
        ({"a": "${vars.x}", "b": 1}, {"a": "甲", "b": 2}, {"a": "${vars.x}", "b": 2}),
    ],
)
def test_only_what_does_not_hold_is_replaced(expected: Any, got: Any, updated: Any) -> None:
    def resolve(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: resolve(item) for key, item in value.items()}
        return "甲" if value == "${vars.x}" else value

    assert update_expected(expected, got, resolve) == updated


@pytest.mark.parametrize(
    ("value", "suspicious"),
    [
        ("", True),
        (" ", False),
        ("undefined", True),
        ("价格 undefined 元", True),
        ("undefinedValue", False),
        ("NaN%", True),
        ("BaNaNa", False),
        ("[object Object]", True),
        ("[object Array", False),
        (float("nan"), True),
        (float("inf"), False),
        (float("-inf"), False),
        (0.5, False),
        (0, False),
        (None, False),
        (False, False),
        (UNSET, True),
        (UNDEFINED, True),
        ([], False),
        ({}, False),
        (["a", "b", ""], True),
        ({"a": {"b": ["x", UNDEFINED]}}, True),
        (("a", "b"), False),
    ],
)
def test_what_looks_like_the_mistake_of_a_script(value: Any, *, suspicious: bool) -> None:
    assert looks_like_script_mistake(value) == suspicious


@pytest.mark.parametrize(
    ("text", "pattern"),
    [
        ("", "^$"),
        ("12", "^12$"),
        ("123", r"^\d{3}$"),
        ("a1b2", "^a1b2$"),
        ("SO-2026-0001", r"^SO-\d{4}-\d{4}$"),
        ("(1.5)*", r"^\(1\.5\)\*$"),
        ("规格{12}", r"^规格\{12\}$"),
        ("^[a]|b?$\\", r"^\^\[a\]\|b\?\$\\$"),
        ("¥1,200.50+", r"^¥\d{1},\d{3}\.\d{2}\+$"),
        ("0b1c2d3e-0000-1111-2222-333344445555", "^[0-9a-f-]{36}$"),
        ("0B1c2d3e-0000-1111-2222-333344445555", None),
        ("x0b1c2d3e-0000-1111-2222-333344445555", None),
    ],
)
def test_a_pattern_takes_other_digits_from_three_on(text: str, pattern: str | None) -> None:
    made = make_digit_pattern(text)

    assert made == pattern if pattern else made != "^[0-9a-f-]{36}$"
    assert re.search(made, text)
    assert not re.search(made, f"{text}0")


SCENARIO = "客户: 张三\n单号: SO-0001"


@pytest.mark.parametrize(
    ("value", "has_clock", "expected"),
    [
        ("张三", False, "张三"),
        ("李四", False, "李四"),
        ("王五", False, "王五"),
        ("SO-0001", False, "SO-0001"),
        ("SO-0002", False, {"$matches": r"^SO-\d{4}$"}),
        ("2026-03-02", False, {"$matches": r"^\d{4}-\d{2}-\d{2}$"}),
        ("2026-03-02", True, "2026-03-02"),
        ("2026年3月2日", False, {"$matches": r"^\d{4}年\d{1}月\d{1}日$"}),
        ("9:30", False, {"$matches": r"^\d{1}:\d{2}$"}),
        ("9:3", False, "9:3"),
        ("1772413200", False, {"$matches": r"^\d{10}$"}),
        ("1772413200123", False, {"$matches": r"^\d{13}$"}),
        ("17724132001", False, "17724132001"),
        ("2772413200", False, "2772413200"),
        ("a ${b} ${c}", False, "a $${b} $${c}"),
        (5, False, 5),
        (None, False, None),
        ({"a": ["SO-0002", ("SO-0002", 1)]}, False,
         {"a": [{"$matches": r"^SO-\d{4}$"}, [{"$matches": r"^SO-\d{4}$"}, 1]]}),
    ],
)  # fmt: skip
def test_what_was_recorded_or_is_an_instant_becomes_a_pattern(
    value: Any, expected: Any, *, has_clock: bool
) -> None:
    patterns = ValueGeneraliser(SCENARIO, frozenset({"王五", "SO-0001", "SO-0002"}), has_clock)

    assert patterns.generalise(value) == expected


@pytest.mark.parametrize(
    ("calls", "texts"),
    [
        ([], set()),
        ([("crm.查客户", "recorded", {"客户": [{"名": "甲方"}, "乙方", ("丙方", 5)], "额": 7})],
         {"甲方", "乙方", "丙方"}),
        ([("crm.查客户", "recorded", "甲"), ("crm.下单", "recorded", ["乙"])], {"甲", "乙"}),
        ([("crm.查客户", "recorded", None), ("crm.查客户", "recorded", 5)], set()),
        ([("crm.$token", "recorded", {"token": "令牌", "scope": "甲方"})], set()),
        ([("crm.查客户", source, "甲方") for source in ("stub", "live", "fault", "simulated", "")],
         set()),
    ],
)  # fmt: skip
@pytest.mark.parametrize("clock", ["", "2026-03-02T09:00:00+08:00"])
def test_texts_that_another_recording_may_have_are_those_of_recorded_responses(
    tmp_path: Path, calls: list[tuple[str, str, Any]], texts: set[str], clock: str
) -> None:
    item = load(tmp_path, f"clock: '{clock}'\nsteps: [{{open: {{}}}}]")
    made = [
        CallMade(number=number, call=name, source=source, response=response)
        for number, (name, source, response) in enumerate(calls, 1)
    ]

    patterns = ValueGeneraliser.from_run(item, made)

    assert patterns == ValueGeneraliser(item.spot.source.text, frozenset(texts), bool(clock))


CREATED = CallMade(number=1, call="crm.create", body={"n": 2})
LOGIN = CallMade(number=2, call="crm.$token")


@pytest.mark.parametrize(
    ("expected", "made", "updated"),
    [
        ([], [], "kept"),
        ([], [LOGIN], "kept"),
        ([ExpectedCall(call="crm.create", times=1)], [CREATED], "kept"),
        ([ExpectedCall(call="crm.*", body={"n": {"$gt": 1}})], [CREATED], "kept"),
        ([], [CREATED], [{"call": "crm.create"}]),
        ([ExpectedCall(call="crm.create")], [], []),
        ([ExpectedCall(call="crm.x", body={"n": 1})], [LOGIN, CREATED],
         [{"call": "crm.create", "body": {"n": 2}}]),
        ([ExpectedCall(call="crm.create", times=2)], [CREATED], None),
        ([ExpectedCall(call="crm.create", times=0)], [CREATED], None),
        ([ExpectedCall(call="crm.x"), ExpectedCall(call="crm.create", times=1)], [CREATED], None),
        ([ExpectedCall(call="crm.create", times=1), ExpectedCall(call="crm.x")], [CREATED], None),
        ([ExpectedCall(call="crm.x")], [CREATED] * 3, [{"call": "crm.create"}] * 3),
        ([ExpectedCall(call="crm.*", body={"n": 1})], [CREATED, CREATED],
         [{"call": "crm.*", "body": {"n": 2}}, {"call": "crm.create"}]),
        ([ExpectedCall(call="erp.*", body={"n": {"$gt": 1}})], [CREATED],
         [{"call": "crm.create", "body": {"n": {"$gt": 1}}}]),
    ],
)  # fmt: skip
def test_calls_are_written_anew_unless_a_number_was_meant(
    expected: Sequence[ExpectedCall], made: Sequence[Any], updated: Any
) -> None:
    source: Any = SimpleNamespace(path=Path("x.scenario.yaml"))
    expect = Expect(proxy=tuple(expected))

    update = make_update_if_possible(
        expect, {"proxy": lambda: made}, lambda value: value, Spot(source)
    )

    assert (update and update.edit.keys["expect"].get("proxy", "kept")) == updated


SENT = CallMade(
    number=1, call="crm.get", url="https://crm.test/客户/7?a=1", path={"id": "7"},
    query={"页": "2", "名": "张三"}, header={"x-token": "b", "accept": "*/*"}, status=200,
    body={"行": [{"数": 1}, {"数": 2}]}, source="stub", response={"码": 0},
)  # fmt: skip


@pytest.mark.parametrize(
    ("part", "expected", "updated"),
    [
        ("path", {"id": 8}, {"id": "7"}),
        ("path", {"id": 7}, {"id": 7}),
        ("path", "/7", "/7"),
        ("path", "/8", "/客户/7"),
        ("query", {"页": 2, "名": "李四"}, {"页": "2", "名": "张三"}),
        ("query", {"页": {"$matches": "2"}, "名": "李四"},
         {"页": {"$matches": "2"}, "名": "张三"}),
        ("query", {"没有": 1}, UNSET),
        ("header", {"X-Token": "a", "Accept": {"$exists": True}},
         {"X-Token": "b", "Accept": {"$exists": True}}),
        ("header", {"X-Token": "b"}, {"X-Token": "b"}),
        ("header", {"X-Other": "b"}, UNSET),
        ("body", {"行": [{"数": 1}, {"数": 3}]}, {"行": [{"数": 1}, {"数": 2}]}),
        ("body", {"行": {"$length": 3}}, {"行": [{"数": 1}, {"数": 2}]}),
        ("status", 500, 200),
        ("status", {"$gt": 100}, {"$gt": 100}),
        ("source", "live", "stub"),
        ("response", {"码": 1}, {"码": 0}),
    ],
)  # fmt: skip
def test_a_part_of_a_call_is_updated_as_it_is_compared(
    part: str, expected: Any, updated: Any
) -> None:
    source: Any = SimpleNamespace(path=Path("x.scenario.yaml"))
    item = ExpectedCall(call="crm.get", **{part: expected})
    wrong = {"error": "TIMEOUT", part: expected}
    expect = Expect(proxy=(replace(item, **wrong),))

    update = make_update_if_possible(
        expect, {"proxy": lambda: [SENT]}, lambda value: value, Spot(source)
    )

    assert update is not None
    new = {} if updated is UNSET else {part: updated}
    assert update.edit.keys["expect"]["proxy"] == [{"call": "crm.get", **new, "error": ""}]


LINES = (
    {"text": "已提交", "type": "success"},
    {"text": "请补附件", "type": "warning", "code": "NO"},
)


@pytest.mark.parametrize(
    ("expected", "updated"),
    [
        ("草稿", ["已提交", "请补附件"]),
        (["已提交"], ["已提交", "请补附件"]),
        (["草稿", {"$contains": "附件"}, "退回"], ["已提交", {"$contains": "附件"}]),
        ({"text": "草稿", "type": "info"}, [{"text": "已提交", "type": "success"}, "请补附件"]),
        ([{}, {}, {}], [{}, {}]),
        (["草稿", {"type": "error", "code": "YES"}],
         ["已提交", {"type": "warning", "code": "NO"}]),
        ([], ["已提交", "请补附件"]),
    ],
)  # fmt: skip
@pytest.mark.parametrize("section", ["messages", "console"])
def test_lines_keep_the_form_in_which_they_are_expected(
    expected: Any, updated: Any, section: str
) -> None:
    source: Any = SimpleNamespace(path=Path("x.scenario.yaml"))

    update = make_update_if_possible(
        Expect(**{section: expected}),
        {section: lambda: LINES, "refusals": list},
        lambda value: value,
        Spot(source),
    )

    assert update is not None
    assert update.edit.keys == {"expect": {section: updated}}
    assert getattr(update.expect, section) == updated


STATE = {
    "form": lambda: {"金额": 2, "明细": [{"数量": 1}]},
    "flow": lambda: {
        "at": "复核",
        "passed": ["审批", "审批"],
        "projects": {"用印": {"passed": []}},
    },
    "messages": lambda: LINES[:1],
    "refusals": lambda: [{"text": "缺金额", "type": "error", "code": "REQUIRED"}],
    "result": lambda: 5,
}


@pytest.mark.parametrize(
    ("expected", "updated"),
    [
        ({"form": {"金额": 2}, "result": 4}, {"result": 5}),
        ({"form": {"金额": {"$gt": 1}, "明细[0].数量": 1}, "messages": "x"},
         {"messages": ["已提交"]}),
        ({"flow": {"at": "审批", "passed": {"审批": 2}}},
         {"flow": {"at": "复核", "passed": {"审批": 2}}}),
        ({"flow": {"passed": {"审批": 1, "总经理": 0}}},
         {"flow": {"passed": {"审批": 2, "总经理": 0}}}),
        ({"flow": {"passed": ["审批"]}}, {"flow": {"passed": ["审批", "审批"]}}),
        ({"flow": {"at": "审批", "projects": {"用印": {"passed": {"盖章": 0}}}}},
         {"flow": {"at": "复核", "projects": {"用印": {"passed": {"盖章": 0}}}}}),
        ({"messages": ["草稿", {"code": "REQUIRED"}]},
         {"messages": ["已提交", {"code": "REQUIRED"}]}),
        ({"messages": ["已提交", {"code": "REQUIRED"}], "result": 4}, {"result": 5}),
    ],
)  # fmt: skip
def test_what_holds_is_left_as_it_is(expected: dict[str, Any], updated: dict[str, Any]) -> None:
    source: Any = SimpleNamespace(path=Path("x.scenario.yaml"))
    before = Expect(**expected)

    update = make_update_if_possible(before, STATE, lambda value: value, Spot(source))

    assert update is not None
    assert update.edit.keys == {"expect": updated}
    assert update.expect == replace(before, **updated)


def test_a_section_without_a_value_is_not_updated() -> None:
    source: Any = SimpleNamespace(path=Path("x.scenario.yaml"))
    state = {"form": lambda: {"金额": 2}, "result": lambda: UNSET, "vars": lambda: {"单号": 7}}
    expected = Expect(form={"金额": 1}, vars={"单号": 1})

    update = make_update_if_possible(expected, state, lambda value: value, Spot(source))
    assert update is not None
    assert update.edit.keys == {"expect": {"form": {"金额": 2}, "vars": {"单号": 7}}}

    both = Expect(form={"金额": 1}, result=1)
    assert make_update_if_possible(both, state, lambda value: value, Spot(source)) is None


FLOW = """\
flow: 报销
start: 主管
nodes:
  主管: {owners: [李主管], approve: 财务, reject: 结束}
  财务: {owners: [赵会计], approve: 结束, reject: 结束}
  结束: {end: true}
"""
EVERYTHING = (
    '{at: 财务, status: processing, form: {金额: 3, 说明: "单价 $${元}"}, '
    'project: {"$exactly": {}}, owners: [赵会计], pending: [赵会计], '
    "tasks: {主管: {李主管: passed}, 财务: {赵会计: untreated}}, "
    "history: [{node: 主管, action: approve, by: 李主管}], passed: [主管], notified: [], "
    'delay_level: 0, projects: {"$exactly": {}}}'
)


@pytest.mark.parametrize(
    ("expected", "written"),
    [
        ("{flow: {$not: {at: 财务}}}", "{flow: {at: 财务}}"),
        ('{flow: {$not: {at: "${vars.去向}"}}}', '{flow: {at: "${vars.去向}"}}'),
        ("{flow: {$not: {at: {$in: [财务]}}}}", '{flow: {at: {"$in": [财务]}}}'),
        ("{flow: {$not: {$not: {at: 主管}}}}", f"{{flow: {EVERYTHING}}}"),
        ("{flow: {$in: [{at: 主管}]}}", f"{{flow: {EVERYTHING}}}"),
        ("{form: {$not: {金额: 3}}}", "{form: {金额: 3}}"),
        ("{form: {说明: 单价}}", '{form: {说明: "单价 $${元}"}}'),
        ("{fields: {$not: {金额: {visible: true}}}}", "{fields: {金额: {visible: true}}}"),
    ],
)
def test_a_denied_whole_becomes_a_file_that_can_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, expected: str, written: str
) -> None:
    monkeypatch.chdir(tmp_path)
    variables = "vars: {去向: 财务}\n" if "vars" in expected else ""
    text = (
        f"scenario: 报销\n{variables}"
        'flow: {definition: 流程.yaml, at: 主管, form: {金额: 3, 说明: "单价 $${元}"}}\n'
        f"steps:\n  - approve: {{by: 李主管}}\n    expect: {expected}\n"
    )
    door, files = Door(tmp_path), {"流程.yaml": FLOW}

    first = door.run(text, files, "--update", "--yes")
    after = (tmp_path / "场景.scenario.yaml").read_text(encoding="utf-8")
    again = door.run(after, files)

    assert first.text.endswith("场景.scenario.yaml: written\n"), first.text
    assert after == text.replace(f"expect: {expected}", f"expect: {written}")
    assert (first.code, again.code) == (1, 0), again.text


@pytest.mark.parametrize(
    "value",
    [
        {},
        {"折扣": {}},
        [{}, {"客户": {}}],
        {"$in": 3},
        {"$gt": {}, "金额": "${vars.x}"},
        [{"$each": []}, "$${"],
        "单价 ${元}",
        {"a.b": [None, True, 1.5, ""]},
        None,
    ],
)
def test_what_is_written_holds_for_the_value_and_means_something(value: Any) -> None:
    written = to_expectation(value)
    filled = resolve(written, lambda reference: reference.root)

    assert fulfils(filled, value)
    assert list(find_expectation_problems(written)) == []
    assert list(find_tautologies(written, "any")) == []
    assert not any(fulfils(filled, other) for other in ({"另": 1}, [{"另": 1}, {"另": 1}], 0))
