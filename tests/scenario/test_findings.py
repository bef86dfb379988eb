"""What a run finds besides failed expectations: calls, delays, writes and columns."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from bpmax_sim.errors import Place
from bpmax_sim.platform.load import load_platforms
from bpmax_sim.scenario.calls import CallMade
from bpmax_sim.scenario.findings import (
    check_names_against_platforms,
    find_expected_columns,
    find_fields_meant_to_change_type,
    find_invalid_calls,
    find_named_columns,
    find_undeclared_names_in_write,
)
from bpmax_sim.scenario.model import Expect, ExpectedCall
from bpmax_sim.subject.hooks import UNDO
from tests.scenario.test_doubts_of_a_run import load, write

HERE, THERE = Place("查.js", 1, 1), Place("查.js", 2, 1)


def call(name: str, error: str = "UNKNOWN_API", place: Place | None = HERE) -> CallMade:
    return CallMade(number=1, call=name, error=error, place=place)


@pytest.mark.parametrize(
    ("calls", "expected", "left"),
    [
        ([call("crm.查")], [], ["crm.查"]),
        ([call("crm.查", ""), call("crm.查", "TIMEOUT")], [], []),
        ([call("crm.查"), call("crm.查"), call("crm.下"), call("crm.查", place=THERE)], [],
         ["crm.查", "crm.下", "crm.查"]),
        ([call("crm.查", place=None), call("crm.查", place=None)], [], ["crm.查"]),
        ([call("crm.查"), call("crm.下")], [Expect(proxy=(ExpectedCall(call="crm.下", error=""),))],
         ["crm.查"]),
        ([call("crm.查"), call("crm.下")],
         [Expect(), Expect(proxy=(ExpectedCall(call="crm.*", error="UNKNOWN_API"),))], []),
        ([call("crm.查")], [Expect(proxy=(ExpectedCall(call="crm.查", times=1),))], ["crm.查"]),
        ([call("crm.查"), call("crm.下")],
         [Expect(proxy=()), Expect(proxy=(ExpectedCall(call="crm.查"),
                                          ExpectedCall(call="crm.下", error="X")))], ["crm.查"]),
    ],
)  # fmt: skip
def test_a_call_that_can_never_work_is_told_once_a_line(
    calls: list[CallMade], expected: list[Expect], left: list[str]
) -> None:
    assert [one.call for one in find_invalid_calls(calls, *expected)] == left


@pytest.mark.parametrize(
    ("delay", "timeout", "told"),
    [
        ("99.9", 30, ""),
        ("100", 30, "write 0.1 where"),
        ("100", 99, "write 0.1 where"),
        ("100", 100, ""),
        ("100.5", 100, "write 0.1005 where"),
        ("3000", 600, "delay: 3000 is in seconds and beyond the timeout of 600; write 3 where"),
        ("3000", 3000, ""),
        ("3000", 3001, ""),
        ("1", 0.5, ""),
    ],
)
@pytest.mark.parametrize(
    "where",
    [
        "faults: [{on: crm.查客户, do: {status: 500, delay: DELAY}}]",
        "faults: [{on: crm.查客户, do: {delay: DELAY}}]",
        "proxy: {stubs: [{on: crm.查客户, body: {}, delay: DELAY}]}",
        "proxy: {stubs: [{on: crm.查客户, answers: [{status: 500}, {status: 500, delay: DELAY}]}]}",
    ],
)
def test_a_delay_that_nobody_waits_for_is_meant_in_milliseconds(
    tmp_path: Path, where: str, delay: str, timeout: float, told: str
) -> None:
    item = load(tmp_path, f"{where.replace('DELAY', delay)}\nsteps: [{{open: {{}}}}]")
    platform = tmp_path / "platforms/crm.yaml"
    text = platform.read_text(encoding="utf-8").replace("apis:", f"timeout: {timeout}\napis:")
    platform.write_text(text, encoding="utf-8")

    found = check_names_against_platforms(item, load_platforms(tmp_path / "platforms"))

    assert [told in one.message for one in found] == [True] * bool(told), found
    assert not any(one.fails for one in found)


@pytest.mark.parametrize(
    ("stub", "told"),
    [
        ("body: {data: {name: 张三}}", []),
        ("body: {data: 没有}", ["crm.查客户: object is declared, got '没有'"]),
        ("status: 404, body: {data: 没有}", []),
        ("status: 200, body: {data: [1]}", ["crm.查客户: object is declared, got [1]"]),
        ("body: [1]", ["crm.查客户: object is declared, got [1]"]),
        ("body: null", []),
        ("body: '${vars.体}'", []),
        ("body: {data: '${vars.体}', date: 1}",
         ["crm.查客户 is declared to answer without 'date'; did you mean 'data'?"]),
        ("body: {data: {name: 1}, 别的: 2}", ["crm.查客户: string is declared, got 1"]),
        ("body: {data: {客户: {phone: 1, nick: 张}}}", ["crm.查客户: string is declared, got 1"]),
        ("body: {data: {客户: {phnoe: '1'}}}",
         ["crm.查客户 is declared to answer without 'phnoe'; did you mean 'phone'?"]),
        ("body: {data: {客户: {公司: {adress: 上海}}}}",
         ["crm.查客户 is declared to answer without 'adress'; did you mean 'address'?"]),
        ("body: {data: {客户: {公司: {phnoe: '1'}}}}", []),
        ("answers: [{body: '${vars.体}'}, {status: 500, body: {data: 1}}, {body: {data: 2}}]",
         ["crm.查客户: object is declared, got 2"]),
        ("answers: [{status: 200, body: {data: 3}}, {error: reset}]",
         ["crm.查客户: object is declared, got 3"]),
    ],
)  # fmt: skip
def test_a_stub_answers_what_is_declared_where_all_is_well(
    tmp_path: Path, stub: str, told: list[str]
) -> None:
    text = f"vars: {{体: 1}}\nproxy: {{stubs: [{{on: crm.查客户, {stub}}}]}}\n"
    item = load(tmp_path, f"{text}steps: [{{open: {{}}}}]")
    platform = tmp_path / "platforms/crm.yaml"
    company = "{type: object, properties: {address: {type: string}}}"
    customer = f"{{type: object, properties: {{phone: {{type: string}}, 公司: {company}}}}}"
    data = f"{{type: object, properties: {{name: {{type: string}}, 客户: {customer}}}}}"
    declared = f"查客户: {{answer: {{type: object, properties: {{data: {data}}}}}, "
    written = platform.read_text(encoding="utf-8").replace("查客户: {", declared)
    platform.write_text(written, encoding="utf-8")

    found = check_names_against_platforms(item, load_platforms(tmp_path / "platforms"))

    assert [one.message for one in found] == told
    assert not any(one.fails for one in found)


FORM = "steps: [{open: {}}]"


@pytest.mark.parametrize(
    ("field", "new", "by", "expected", "names"),
    [
        ("金额", 1, "script", {}, []),
        ("金而", 1, "script", {}, ["form.金而"]),
        ("金而", 1, UNDO, {}, []),
        ("合同/金而", 1, "script", {}, []),
        ("project.金而", 1, "script", {}, []),
        ("明细", [{"数量": 1}, {"数两": 2, "单价": 3}], "script", {}, ["form.明细[1].数两"]),
        ("明细", [{"数两": 1}, {"数两": 2}], "script", {},
         ["form.明细[0].数两", "form.明细[1].数两"]),
        ("明细", [{"数两": 1}], "script", {"明细": frozenset({"数两"})}, []),
        ("明细", [{"数两": 1}], "script", {"清单": frozenset({"数两"})}, ["form.明细[0].数两"]),
        ("明细", [{"数两": 1}], "script", {"明细": frozenset({"单位"})}, ["form.明细[0].数两"]),
        ("明细", [], "script", {}, []),
        ("明细", None, "script", {}, []),
    ],
)  # fmt: skip
def test_a_write_names_fields_and_columns_that_there_are(
    tmp_path: Path, field: str, new: Any, by: str, expected: Any, names: list[str]
) -> None:
    item = load(tmp_path, FORM)
    columns = {"明细": ("数量", "单价")}
    known = replace(item.names, initial_table_columns=columns)

    found = [*find_undeclared_names_in_write(known, write(field, new, by), expected)]

    assert [name for name, _ in found] == names


@pytest.mark.parametrize(
    ("value", "columns"),
    [
        ({"明细": [{"数量": 1, "单价": 2}, {"备注": ""}]},
         [("明细", "数量"), ("明细", "单价"), ("明细", "备注")]),
        ({"明细[0].数量": 1, "明细[2].单价": 2}, [("明细", "数量"), ("明细", "单价")]),
        ({"明细": {"$contains": {"数量": 1}}}, [("明细", "数量")]),
        ({"明细": {"$each": {"$not": {"数量": 1}}}}, [("明细", "数量")]),
        ({"明细": {"$in": [[{"数量": 1}], [{"单价": 1}]]}}, [("明细", "数量"), ("明细", "单价")]),
        ({"金额": 1, "客户": "甲"}, []),
        ({"明细": []}, []),
        ({}, []),
        (None, []),
        ("${case.表单}", []),
    ],
)  # fmt: skip
def test_columns_that_an_expected_form_names(value: Any, columns: list[tuple[str, str]]) -> None:
    assert [*find_named_columns(value)] == columns


def test_columns_are_of_the_tables_of_the_form(tmp_path: Path) -> None:
    text = """\
flow: {}
steps:
  - {set: {金额: 1}, expect: {form: {明细: [{数量: 1}], 客户: [{名: 甲}]}}}
  - {set: {金额: 2}, expect: {form: {"明细[0].单价": 1}}}
  - {set: {金额: 3}, expect: {flow: {form: {明细: [{税率: 6}]}}}}
  - {set: {金额: 4}, retry: {until: {form: {"明细[1].折扣": 9}}}}
expect: {form: {明细: {$contains: {备注: 急}}}}
always: {form: {明细: {$each: {品名: 螺丝}}}}
never: {form: {明细: {$contains: {作废: true}}}}
"""
    item = load(tmp_path, text)
    assert find_expected_columns(item) == {}

    tables = {"明细": ("数量",), "附件": ("名",)}
    known = replace(item, names=replace(item.names, initial_table_columns=tables))
    named = {"数量", "单价", "备注", "税率", "折扣", "品名"}
    assert find_expected_columns(known) == {"明细": named, "附件": set()}


@pytest.mark.parametrize(
    ("expected", "fields"),
    [
        ("金额: 1", []),
        ("金额: 一百", ["金额"]),
        ("金额: null", []),
        ("金额: {$gt: 1}", []),
        ("金额: {元: 1}", ["金额"]),
        ("金额: [1]", ["金额"]),
        ("客户: 甲", []),
        ("客户: 5", []),
        ('"客户.名": 甲', ["客户"]),
        ("明细: 无", ["明细"]),
        ("金额: 一, 客户: {名: 甲}, 明细: []", ["客户", "明细", "金额"]),
    ],
)
@pytest.mark.parametrize(
    "text",
    [
        "steps: [{open: {}, expect: {form: {%s}}}]",
        "flow: {}\nsteps: [{open: {}, expect: {flow: {form: {%s}}}}]",
        "steps: [{open: {}, retry: {until: {form: {%s}}}}]",
        "steps: [{open: {}}]\nexpect: {form: {%s}}",
        "steps: [{open: {}}]\nalways: {form: {%s}}",
    ],
)
def test_a_field_that_is_expected_with_another_type_is_meant_to_change(
    tmp_path: Path, expected: str, fields: list[str], text: str
) -> None:
    item = load(tmp_path, text % expected)

    assert sorted(find_fields_meant_to_change_type(item)) == fields


INSIDE = "{set: {金额: 1}, expect: {proxy: [{call: crm.查客护}]}}"
NO_API = "crm has no API '查客护'"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("faults: [{on: crm.查客护, do: {status: 503}}]\nsteps: [{open: {}}]", [True]),
        ("steps: [{open: {}, faults: [{on: crm.查客护, do: {status: 503}}]}]", [True]),
        ("steps: [{open: {}, faults: [{on: crm.查客户, do: {status: 503}}]}]", []),
        ("steps: [{open: {}}]\nfinally: [{open: {}, faults: [{on: crm.查客护, do: {delay: 9}}]}]",
         [True]),
        ("steps: [{open: {}, expect: {proxy: [{call: crm.查客护}]}}]", [True]),
        ("steps: [{open: {}, expect: {proxy: [{call: crm.查客户}, {call: crm.查客护}]}}]", [True]),
        ("steps: [{open: {}, retry: {until: {proxy: [{call: crm.查客护}]}}}]", [True]),
        ("steps: [{open: {}, retry: {until: {proxy: [{call: crm.查客户}]}}}]", []),
        ("steps: [{open: {}}]\nexpect: {proxy: [{call: crm.查客护}]}", [True]),
        ("steps: [{open: {}}]\nnever: [{proxy: [{call: crm.下单}]}, {proxy: [{call: crm.查客护}]}]",
         [True]),
        ("steps: [{open: {}, during: {call: crm.查客护, steps: [{set: {金额: 1}}]}}]", [True]),
        (f"steps: [{{open: {{}}, during: {{call: crm.查客户, steps: [{INSIDE}]}}}}]", [True]),
        ("steps: [{open: {}, expect_error: {from: crm.查客护}}]", [True]),
        ("proxy: {stubs: [{on: crm.查客护}]}\nsteps: [{open: {}}]", []),
    ],
)  # fmt: skip
def test_an_api_that_a_scenario_names_is_declared(
    tmp_path: Path, text: str, told: list[bool]
) -> None:
    found = check_names_against_platforms(
        load(tmp_path, text), load_platforms(tmp_path / "platforms")
    )

    assert [NO_API in one.message for one in found] == told, found
