# ruff: noqa: E501 - scenarios and what is told of them, one a line
"""Expectations that every value fulfils or none, and those that compare a value with itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bpmax_sim.scenario.probes import find_other_values, is_impossible
from bpmax_sim.scenario.tautology import (
    KINDS,
    Shape,
    find_self_comparisons,
    find_tautologies,
    is_always,
    is_never,
    is_positive_expectation,
)
from tests.scenario.loading import list_problems

NONE: list[str] = []
ALL = [*KINDS]
KNOWN = [kind for kind in KINDS if kind]


def test_every_value_of_a_kind_fulfils_some_operators() -> None:
    table: list[tuple[Any, list[str]]] = [
        ({"$exists": True}, KNOWN), ({"$exists": False}, NONE), ({"$exists": 1}, NONE),
        ({"$type": "text"}, ["text"]), ({"$type": "list"}, ["list"]), ({"$type": "map"}, ["map"]),
        ({"$type": "boolean"}, ["boolean"]), ({"$type": "number"}, ["count"]), ({"$type": "integer"}, ["count"]), ({"$type": "null"}, NONE),
        ({"$gte": 0}, ["count"]), ({"$gte": -0.5}, ["count"]), ({"$gte": 1}, NONE), ({"$gte": "0"}, NONE), ({"$gte": False}, NONE),
        ({"$gt": -1}, ["count"]), ({"$gt": 0}, NONE), ({"$lte": 0}, NONE), ({"$lt": 0}, NONE),
        ({"$length": {"$gte": 0}}, ALL), ({"$length": {"$gt": 0}}, NONE), ({"$length": 0}, NONE),
        ({"$contains": ""}, [kind for kind in KINDS if kind != "list"]), ({"$contains": "a"}, NONE),
        ({"$matches": ".*"}, ALL), ({"$matches": "(?s)^.*$"}, ALL), ({"$matches": "^.*$"}, ALL), ({"$matches": "."}, NONE), ({"$matches": "["}, NONE),
        ({"$matches": 5}, NONE), ({"$matches": "a*"}, ALL), ({"$matches": r"\S|^$|\n"}, ALL), ({"$matches": r"\w|^\Z"}, NONE),
        ({"$each": {}}, ALL), ({"$each": {"$exists": True}}, ALL), ({"$each": {"a": 1}}, NONE), ({"$each": {"$type": "text"}}, NONE),
        ({"$not": 5}, ["text", "list", "map", "boolean"]), ({"$not": "甲"}, ["map", "boolean", "count"]), ({"$not": -1}, ["text", "list", "map", "boolean", "count"]),
        ({"$not": True}, ["text", "list", "map", "count"]), ({"$not": [1]}, ["text", "map", "boolean", "count"]), ({"$not": {"a": 1}}, ["text", "boolean", "count"]),
        ({"$not": "${vars.x}"}, NONE), ({"$ne": 5}, ["text", "list", "map", "boolean"]), ({"$ne": None}, ["text", "list", "map", "boolean", "count"]),
        ({"$ne": "${vars.x}"}, NONE), ({"$not": {"$exists": False}}, KNOWN), ({"$not": {"$in": [1, 2]}}, ["text", "list", "map", "boolean"]),
        ({"$not": {"$in": [1, "a"]}}, ["map", "boolean"]), ({"$not": {"$eq": 5}}, ["text", "list", "map", "boolean"]), ({"$not": {"$gt": 5, "$lt": 3}}, ALL),
        ({"$not": {"$not": {"$exists": True}}}, KNOWN), ({"$in": [1, {"$exists": True}]}, KNOWN), ({"$in": [1, 2]}, NONE), ({"$in": "ab"}, NONE),
        ({"$exists": True, "$type": "text"}, ["text"]), ({"$exists": True, "$gt": 0}, NONE), ({"$matches": ".*", "$eq": "a"}, NONE),
        ({}, ["map"]), ({"a": {}}, NONE), ("a", NONE), (None, NONE), ([], NONE),
    ]  # fmt: skip
    assert [(one, [kind for kind in KINDS if is_always(one, kind)]) for one, _ in table] == table


def test_no_value_of_a_kind_fulfils_others() -> None:
    table: list[tuple[Any, list[str]]] = [
        (5, ["text", "list", "map", "boolean"]), (-5, ["text", "list", "map", "boolean", "count"]), (True, ["text", "list", "map", "count"]),
        ("甲", ["map", "boolean", "count"]), ("${vars.a}", NONE), ("x${vars.a}", NONE), ({"a": 1}, ["text", "boolean", "count"]),
        ([1], ["text", "map", "boolean", "count"]), (None, ["text", "list", "map", "boolean", "count"]), (0, ["text", "list", "map", "boolean"]),
        ({"$eq": 5}, ["text", "list", "map", "boolean"]), ({"$exists": False}, KNOWN), ({"$exists": True}, NONE),
        ({"$gt": 5, "$lt": 3}, ALL), ({"$in": []}, ALL), ({"$in": ["a", True]}, ["map", "count"]), ({"$gte": 5}, NONE),
        ({"$not": {"$gte": 0}}, ["count"]), ({"$gt": 1, "$exists": False}, ALL), ({"$matches": "a"}, NONE), ({"$exists": False, "$matches": "a"}, KNOWN),
    ]  # fmt: skip
    assert [(one, [kind for kind in KINDS if is_never(one, kind)]) for one, _ in table] == table


def test_what_contradicts_itself_is_impossible() -> None:
    impossible: list[Any] = [
        {"$gt": 5, "$lt": 3}, {"$gt": 5, "$lt": 5}, {"$gte": 5, "$lt": 5}, {"$eq": 1, "$ne": 1}, {"$in": [1, 2], "$gt": 2}, {"$in": []},
        {"$eq": "a", "$ne": "a"}, {"$exists": False, "$eq": 1}, {"$near": 10, "$gt": 20}, {"$near": {"value": 10, "within": 1}, "$gt": 11},
        {"$not": {"$not": {"$gt": 5, "$lt": 3}}}, {"$in": [{"$gt": 3, "$lt": 2}]}, {"$not": {"$exists": True}, "$exists": True},
    ]  # fmt: skip
    possible: list[Any] = [
        {"$gt": 3, "$lt": 5}, {"$gte": 5, "$lte": 5}, {"$gt": 5, "$lt": 5.5}, {"$gt": 5}, {"$lt": -5}, {"$ne": "a"}, {"$ne": None}, {"$exists": False},
        {"$in": [1, 2], "$gt": 1}, {"$near": 10, "$gt": 9}, {"$near": {"value": 10, "within": 5}, "$gt": 14}, {"$near": "2026-03-02", "$gt": 5, "$lt": 3},
        {"$near": {"value": "2026-03-02", "within": 1}, "$eq": 1}, {"$eq": "${vars.x}", "$ne": 1, "$gt": 5, "$lt": 3}, {"$in": ["${vars.x}"], "$eq": 1}, {"$in": ["${vars.x}", 2], "$eq": 1},
        {"$matches": "a", "$gt": 5, "$lt": 3}, {"$eq": {"a": "${vars.x}"}, "$ne": {"a": 1}, "$gt": 1}, {"$not": {"$in": ["", 0, 1, -1]}},
        {"a": {"$gt": 5, "$lt": 3}}, 5, "a", {}, [], {"$gt": "a"}, {"$eq": {"a": 1}}, {"$eq": [1, 2]}, {"$gt": "没有这样的文字"}, {"$ne": "a", "$gt": "a"},
    ]  # fmt: skip
    assert [one for one in impossible if not is_impossible(one)] == []
    assert [one for one in possible if is_impossible(one)] == []


def test_a_value_might_have_been_another_of_its_type() -> None:
    values: list[Any] = [True, False, 5, 0, -2.5, "甲", "", [1], [], {"a": 1}, {}, None]
    assert [find_other_values(value) for value in values] == [
        [False], [True], [6, 4, 50, -5, 0], [1, -1, 0, 0, 0], [-1.5, -3.5, -25.0, 2.5, 0], ["没有这样的文字", "", "甲1"], ["没有这样的文字", "", "1"],
        [[], [1, 1, None]], [[], [None]], [{}, {"a": 1, "没有这样的文字": None}], [{}, {"没有这样的文字": None}], ["没有这样的文字", 0],
    ]  # fmt: skip


SHAPE: Shape = {
    "在": "present", "文": "text", "数": "count", "表": {"[]": {"名": "text", "*": ""}}, "点": ("甲", "乙"),
    "真": (True, False), "态": ("processing", "finished", "rejected", "cancelled", "terminated", "returned"), "内": {"深": "list"}, "*": "",
}  # fmt: skip


def test_each_part_that_always_holds_is_found() -> None:
    always = {"$exists": True}
    expected = {
        "在": always,
        "文": {"$matches": ".*"},
        "数": {"$gte": 0},
        "无": always,
        "表": [{"名": {"$type": "text"}, "额": always}, {"名": "甲"}, {}],
        "点": {"$in": ["乙", "甲", "丙"]},
        "真": {"$in": [True, False]},
        "内": {"深": {"$type": "list"}, "旁": always},
    }
    assert [*find_tautologies(expected, SHAPE)] == [
        ("在",), ("文",), ("数",), ("表", 0, "名"), ("表", 2), ("点",), ("真",), ("内", "深"),
    ]  # fmt: skip
    lists = {
        "$each": {"名": always},
        "$contains": {"名": always},
        "$unordered": [{"名": always}],
        "$exactly": [{"名": always}],
        "$not": {"名": always},
    }
    assert [*find_tautologies({"表": lists}, SHAPE)] == [
        ("表", "$each", "名"),
        ("表", "$contains", "名"),
    ]
    assert [*find_tautologies({"$exactly": {"在": always}}, SHAPE)] == []
    found = {}
    for key, one in (
        ("点", {"$in": ["甲"]}), ("点", {"$in": "甲乙"}), ("点", {"$in": ["甲", "乙"], "$ne": "丙"}), ("点", always), ("点", {"$ne": "丙"}),
        ("真", {"$ne": 5}), ("真", {"$ne": True}), ("真", True), ("真", {"$type": "boolean"}), ("态", {"$ne": "new"}), ("态", {"$ne": "finished"}),
        ("表", {"$type": "list"}), ("内", {"$type": "map"}), ("内", {}), ("表", {}), ("无", {}),
    ):  # fmt: skip
        found[f"{key} {one}"] = bool([*find_tautologies({key: one}, SHAPE)])
    assert [key for key, is_found in found.items() if is_found] == [
        "点 {'$exists': True}", "真 {'$ne': 5}", "真 {'$type': 'boolean'}", "态 {'$ne': 'new'}", "表 {'$type': 'list'}", "内 {'$type': 'map'}", "内 {}",
    ]  # fmt: skip
    assert [*find_tautologies({"$in": []}, ())] == []


def test_a_value_is_compared_with_itself_by_its_own_path() -> None:
    expected = {
        "a": "${vars.a}", "b": "${ vars.b }", "c": "${vars.a}", "d": {"$eq": "${vars.d}", "$ne": 1}, "e": {"f": "${vars.e.f}"}, "g": "x${vars.g}",
        "h": ["${vars.h}"], "i": {"$not": {"j": "${vars.i.j}"}}, "k": 5,
    }  # fmt: skip
    assert [*find_self_comparisons(expected, ("vars",))] == [
        ("a",),
        ("b",),
        ("d", "$eq"),
        ("e", "f"),
        ("i", "$not", "j"),
    ]
    assert [*find_self_comparisons("${steps.a.result}", ("steps", "a", "result"))] == [()]
    assert [*find_self_comparisons("${}", ("",))] == [()]
    said: list[Any] = [
        5, {}, {"a": {"$ne": 1}}, {"$ne": 1}, {"$not": 1, "$exists": True}, {"$type": "text"}, {"$ne": 1, "$gt": 0}, {"$exists": False}, {"$contains": "a"}, [],
    ]  # fmt: skip
    assert [is_positive_expectation(one) for one in said] == [
        True,
        True,
        True,
        False,
        False,
        False,
        True,
        False,
        True,
        True,
    ]


FORM = "scenario: 报销单\nform: {scripts: {open: 开.js}, fields: {金额: 0, 用途: ''}}\nvars: {甲: 1, 乙: 2, 丁: 3, 丙: '${env.HOME}'}\nsteps:\n"
OPEN = "  - {id: 开, open: {}, save: {甲: '${form.金额}'}, expect: {form: {用途: a%s}%s}}\n"
FILES = {
    "开.js": "form.用途 = 'a'; form.金额 = 5; form.$message = '好'; console.log('x'); return {a: 1}"
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_an_expectation_that_says_nothing_is_told_with_its_place(folder: Path) -> None:
    holds = "holds whatever happens; say what has to be there, or take it away"
    itself = "this is compared with itself, so it holds whatever happens; write the value"
    always = '{"$exists": true}'
    expected: dict[str, list[str]] = {
        "{}": [": expect says nothing; leave it out"],
        "{form: {}}": [".form: form: {} says nothing; name what has to hold, or write form: {$exactly: {}} where nothing may be there"],
        "{vars: {}}": [".vars: vars: {} says nothing; name what has to hold, or write vars: {$exactly: {}} where nothing may be there"],
        "{form: {金额: {$exists: true}, 用途: a}}": [f".form.金额: {always} {holds}"],
        "{form: {金额: {$type: number}}}": [],
        "{fields: {用途: {visible: {$in: [true, false]}, required: {$exists: true}, options: {$exists: true}}}}": [
            f'.fields.用途.visible: {{"$in": [true, false]}} {holds}', f".fields.用途.required: {always} {holds}",
        ],
        "{messages: [{text: {$matches: '.*'}, type: info}]}": [f'.messages[0].text: {{"$matches": ".*"}} {holds}'],
        "{console: {$contains: {level: {$exists: true}}}}": [f".console.$contains.level: {always} {holds}"],
        "{result: {$exists: true}}": [f".result: {always} {holds}"],
        "{vars: {乙: {$exists: true}}}": [
            f".vars.乙: {always} {holds}",
            ".vars.乙: no step changes the variable '乙', so this holds whatever happens; expect what is made of it, such as form",
        ],
        "{vars: {乙: 2}}": [".vars.乙: no step changes the variable '乙', so this holds whatever happens; expect what is made of it, such as form"],
        "{vars: {丙: 家}}": [],
        "{vars: {甲: 5}}": [],
        "{form: {用途: '${form.用途}'}}": [f".form.用途: {itself}"],
        "{result: '${steps.开ID.result}'}": [f".result: {itself}"],
        "{result: '${steps.开0.result}'}": [],
        "{form: {金额: {$exists: true}}, vars: {乙: 2, 丁: 3}, proxy: [{call: crm.x, query: {}}]}": [
            f".form.金额: {always} {holds}",
            *(f".vars.{name}: no step changes the variable {name!r}, so this holds whatever happens; expect what is made of it, such as form" for name in "丁乙"),
            ".proxy[0].query: query: {} says nothing; name what has to hold, or write query: {$exactly: {}} where nothing may be there",
        ],
        "{vars: {甲: '${vars.甲}'}}": [f".vars.甲: {itself}"],
        "{trace: {$type: text}}": [f'.trace: {{"$type": "text"}} {holds}'],
        "{proxy: [{call: crm.x, query: {}, times: {$gte: 0}, error: {$exists: true}, status: {$exists: true}, body: {$exists: true}}]}": [
            ".proxy[0].query: query: {} says nothing; name what has to hold, or write query: {$exactly: {}} where nothing may be there",
            f'.proxy[0].times: {{"$gte": 0}} {holds}',
            f".proxy[0].error: {always} {holds}",
        ],
        "{proxy: [{call: crm.x, path: {id: {$matches: '.*'}}, source: {$type: text}, header: {a: {$exists: true}}}]}": [
            f'.proxy[0].path.id: {{"$matches": ".*"}} {holds}', f'.proxy[0].source: {{"$type": "text"}} {holds}',
        ],
    }  # fmt: skip
    steps = "".join(
        f"  - {{id: 开{n}, open: {{}}, save: {{甲: '${{form.金额}}'}}, expect: {one.replace('ID', str(n))}}}\n"
        for n, one in enumerate(expected)
    )
    more = "  - {name: '${vars.甲} ${vars.乙} ${vars.丁} ${vars.丙}', js: 'return 1', expect: {result: 1}}\n"
    found = list_problems(folder, FORM + steps + more, FILES, environ={"HOME": "家"})
    told = [
        f"steps[{n}].expect{one}"
        for n, messages in enumerate(expected.values())
        for one in messages
    ]
    assert sorted(one.partition(": ")[2] for one in found) == sorted(told)
    assert [int(one.partition(":")[0]) for one in found] == sorted(
        int(one[6:].partition("]")[0]) + 5 for one in told
    )


def test_a_saved_value_is_not_compared_with_its_own_place(folder: Path) -> None:
    wrong = "the variable {!r} was saved from {} and nothing was done since, so this is compared with itself; write the value that is meant"
    steps = (
        "  - {id: 开, open: {}, save: {甲: '${form.金额}', 乙: '${form.用途}x', 丁: '${steps.开.result.a}'}, expect: {form: {金额: '${vars.甲}', 用途: '${vars.乙}'}, vars: {甲: '${form.金额}'}}}\n"
        "  - {expect: {form: {金额: {$in: [1, '${vars.甲}']}, 用途: {$gt: '${vars.甲}'}}, result: {a: {$eq: '${vars.丁}'}}}}\n"
        "  - {save: {丙: '${form.金额}'}, expect: {form: {金额: {$near: '${vars.丙}'}}}}\n"
        "  - {id: 再, js: 'form.金额 = 6', expect: {form: {金额: '${vars.甲}'}, result: {a: '${vars.丁}'}}}\n"
        "  - {id: 三, js: 'form.用途 = 1', save: {甲: '${form.用途}'}, expect: {form: {用途: '${vars.甲}'}}}\n"
        "expect: {form: {金额: '${vars.丙}'}}\n"
    )
    found = list_problems(folder, FORM + steps, FILES)
    assert [one for one in found if "was saved" in one] == [
        "5:108: steps[0].expect.form.金额: " + wrong.format("甲", "form.金额"),
        "5:150: steps[0].expect.vars.甲: " + wrong.format("甲", "form.金额"),
        "6:36: steps[1].expect.form.金额.$in[1]: " + wrong.format("甲", "form.金额"),
        "6:89: steps[1].expect.result.a.$eq: " + wrong.format("丁", "steps.开.result.a"),
        "7:52: steps[2].expect.form.金额.$near: " + wrong.format("丙", "form.金额"),
        "9:73: steps[4].expect.form.用途: " + wrong.format("甲", "form.用途"),
    ]


def test_an_error_is_described_by_what_it_is(folder: Path) -> None:
    holds = "holds whatever happens; say what has to be there, or take it away"
    only = "this says only what the error is not, so that any mistake meets it; say what it is, such as code: READ_ONLY"
    begin = ""
    errors: dict[str, list[str]] = {
        "{}": [
            f"{begin}: expect_error says nothing; write what the error says, such as message: {{$contains: …}}"
        ],
        "{message: {$contains: a}}": [],
        "{code: {$ne: A}}": [f"{begin}: {only}"],
        "{code: {$ne: A}, message: {$not: b}}": [f"{begin}: {only}"],
        "{code: {$ne: A}, message: b}": [],
        "{message: {$matches: '.*'}}": [f'{begin}.message: {{"$matches": ".*"}} {holds}'],
        "{type: {$exists: true}, code: X}": [f'{begin}.type: {{"$exists": true}} {holds}'],
        "{from: {$type: text}, code: X}": [f'{begin}.from: {{"$type": "text"}} {holds}'],
        "{code: {$exists: true}}": [f"{begin}: {only}"],
        "{status: {$gte: 0}}": [],
    }
    steps = "".join(f"  - {{js: 'throw 1', expect_error: {error}}}\n" for error in errors)
    more = "  - {name: '${vars.甲} ${vars.乙} ${vars.丁} ${vars.丙}', open: {}, expect: {form: {用途: a}}}\n"
    found = list_problems(folder, FORM + steps + more, FILES, environ={"HOME": "家"})
    assert [one.partition(": ")[2] for one in found] == [
        f"steps[{n}].expect_error{told}" for n, one in enumerate(errors.values()) for told in one
    ]


def test_a_never_can_be_broken(folder: Path) -> None:
    text = FORM + (
        "  - {name: '${vars.甲} ${vars.乙} ${vars.丁} ${vars.丙}', open: {}, expect: {form: {用途: a}}}\n"
        "never:\n"
        "  - {form: {金额: {$gt: 5, $lt: 3}, 用途: b}}\n"
        "  - {messages: [{text: 坏}], console: [], form: {用途: c}}\n"
        "  - {console: [{text: 坏}]}\n"
        "  - {proxy: [{call: crm.x, times: {$gte: 1}}, {call: crm.y}, {call: crm.z}]}\n"
        "  - {proxy: [{call: crm.x, times: 0}, {call: crm.y, times: 2}]}\n"
        "  - {form: {用途: {$in: []}}}\n"
        "  - {messages: {$contains: {text: 坏}}}\n"
    )
    items = "a list is compared item by item, so that only exactly these {0} break this never; write {0}: {{$contains: …}} for one of them among others"
    impossible = "nothing can ever be like this, so that this never cannot be broken; deny each part in a line of its own, or write always:"
    calls = (
        "a list of calls is compared with all calls of a step, so that one call more does not break this never; write times: {$gte: 1} at each "
        "call that may not be made"
    )
    assert list_problems(folder, text, FILES, environ={"HOME": "家"}) == [
        f"7:13: never[0].form.金额: {impossible}", f"12:13: never[5].form.用途: {impossible}",
    ]  # fmt: skip
    text = text.replace("金额: {$gt: 5, $lt: 3}", "金额: 9").replace("{$in: []}", "d")
    assert list_problems(folder, text, FILES, environ={"HOME": "家"}) == [
        "empty?: 8:6: " + items.format("messages"),
        "empty?: 9:6: " + items.format("console"),
        f"empty?: 10:47: {calls}",
        "empty?: 11:39: only exactly 2 of these calls in a step break this never, and another number does not; write times: {$gte: 2}",
    ]


def test_a_never_of_a_flow_denies_one_entry_of_a_list_that_grows(folder: Path) -> None:
    text = (
        "scenario: 采购\nflow: {definition: 流程.yaml, at: 部门, form: {金额: 1}}\nsteps:\n"
        "  - {approve: {by: 李四}, expect: {flow: {at: 完, form: {}}}}\n"
        "  - {expect: {}}\n"
        "never:\n"
        "  - {flow: {history: [{action: reject}], at: 部门}}\n"
        "  - {flow: {passed: [完, 部门], notified: [王五], pending: [张三], owners: [张三]}}\n"
    )
    flow = "flow: 采购\nstart: 部门\nnodes: {部门: {owners: [李四], approve: 完, reject: 完}, 完: {end: true}}\n"
    items = "a list is compared item by item, so that only exactly these {0} break this never; write {0}: {{$contains: …}} for one of them among others"
    assert list_problems(folder, text, {"流程.yaml": flow}) == [
        "4:48: steps[0].expect.flow.form: {} holds whatever happens; say what has to be there, or take it away",
        "5:6: steps[1].expect: expect says nothing; leave it out",
    ]
    sound = text.replace(", form: {}}", "}").replace("  - {expect: {}}\n", "")
    assert list_problems(folder, sound, {"流程.yaml": flow}) == [
        "empty?: 6:13: " + items.format("history"),
        "empty?: 7:30: " + items.format("notified"),
        "empty?: 7:13: " + items.format("passed"),
    ]
