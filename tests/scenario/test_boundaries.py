"""Doubts of a run at their limits: one letter more, one call fewer, one value beside."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pytest

from bpmax_sim.scenario.calls import CallMade
from bpmax_sim.scenario.fault_checks import find_useless_faults
from bpmax_sim.scenario.load import load_items
from bpmax_sim.scenario.names import ScenarioNames
from bpmax_sim.scenario.probes import find_other_values, is_impossible
from bpmax_sim.script_source.conditions import LiteralSet, Range
from bpmax_sim.session.sending_log import RecordingMatch
from bpmax_sim.session.session import Session
from tests.scenario.bench import PlainBench
from tests.scenario.test_idle_expectations import FILES, JUDGED
from tests.scenario.test_lies import Case, run

WRITES = "form.金额 = 5; form.客户名称 = '已下单'"
CALL = "await $proxy('shop').createOrder(1);\n"
ORDERS = "{on: shop.create_order, body: {code: 0}}"


def doubts(folder: Path, case: Case) -> str:
    """Return the warnings of a run."""
    [verdict] = run(folder, case)
    assert verdict.outcome == "passed", verdict
    return "\n".join(str(warning.message) for warning in verdict.warnings)


def denied(folder: Path, text: str, more: str = "") -> str:
    """Return what is said of a scenario that denies *text*, with *more* in its file."""
    expect = f"{{form: {{金额: 5, 客户名称: {{$ne: {text}}}}}}}"
    case = Case(steps=f"{{open: {{}}, expect: {expect}}}", script=WRITES, stubs="", top=more)
    return doubts(folder, case)


@pytest.mark.parametrize("text", ["冻结", "额度冻结", "frozen", "2099"])
def test_a_denied_text_of_two_letters_or_more_has_to_be_possible(tmp_path: Path, text: str) -> None:
    assert f"neither a script nor a response has '{text}' in it" in denied(tmp_path, f"'{text}'")


@pytest.mark.parametrize("text", ["冻", "x", "", "a-b", "失败", "null"])
def test_of_less_and_of_what_could_come_nothing_is_said(tmp_path: Path, text: str) -> None:
    assert denied(tmp_path, f"'{text}'") == ""


def test_what_the_file_has_twice_comes_from_there(tmp_path: Path) -> None:
    assert denied(tmp_path, "额度冻结", "tags: [额度冻结]") == ""


@pytest.mark.parametrize(
    ("calls", "called", "told"),
    [
        ("1-2", 1, True),
        ("1-2", 2, False),
        ("1-2", 3, False),
        ("2-3", 2, True),
        ("2-3", 3, False),
        ("1-3", 2, True),
        ("1-3", 3, False),
        ("1", 1, False),
        ("1-1", 1, False),
    ],
)
def test_a_fault_for_several_calls_has_to_strike_each(
    tmp_path: Path, calls: str, called: int, *, told: bool
) -> None:
    case = Case(
        steps="{open: {}, expect: {form: {金额: 5}}}",
        script=CALL * called + "form.金额 = 5",
        stubs=ORDERS,
        files=FILES,
        top=f"faults: [{{on: shop.create_order, call: {calls}, do: {{delay: 1s}}}}]",
    )

    assert ("fewer calls came" in doubts(tmp_path, case)) == told


@pytest.mark.parametrize(
    ("value", "others"),
    [
        (5, [6, 4, 50, -5, 0]),
        (0, [1, -1, 0]),
        (-1, [0, -2, -10, 1]),
        (1.5, [2.5, 0.5, 15.0, -1.5, 0]),
        (True, [False]),
        ("", ["没有这样的文字", "1"]),
        ("甲", ["没有这样的文字", "", "甲1"]),
        ([1, 2], [[], [1, 2, 1, 2, None]]),
        ([], [[], [None]]),
        (None, ["没有这样的文字", 0]),
        ({}, [{}, {"没有这样的文字": None}]),
        ({"省": "京"}, [{}, {"省": "京", "没有这样的文字": None}]),
    ],
)
def test_other_values_lie_directly_beside_and_far_away(value: Any, others: list[Any]) -> None:
    found = find_other_values(value)

    assert [one for one in others if one not in found] == []
    assert [one for one in found if one not in [*others, value, 0, ""]] == []


@pytest.mark.parametrize(
    ("expected", "impossible"),
    [
        ({"$gt": 5, "$lt": 5}, True),
        ({"$gte": 5, "$lte": 5}, False),
        ({"$gt": 5, "$lte": 5}, True),
        ({"$gt": 5, "$lt": 6}, False),
        ({"$gt": 6, "$lt": 5}, True),
        ({"$in": []}, True),
        ({"$in": [1, 2, 3], "$gt": 3}, True),
        ({"$in": [1, 2, 3], "$gte": 3}, False),
        ({"$in": ["甲", "乙"], "$ne": "甲"}, False),
        ({"$in": ["甲"], "$ne": "甲"}, True),
        ({"$exists": False, "$eq": 1}, True),
        ({"$exists": False}, False),
        ({"$eq": None}, False),
        ({"$near": {"value": 5, "within": 1}, "$gt": 6}, True),
        ({"$near": {"value": 5, "within": 1}, "$gt": 5}, False),
        ({"$near": {"value": 5, "within": 1}, "$gte": 6}, False),
        ({"$near": {"value": 5, "within": 1}, "$lte": 4}, False),
        ({"$near": {"value": 5, "within": 1}, "$lt": 4}, True),
        ({"$near": {"value": 5, "within": 0.5}, "$lt": 4.6}, False),
        ({"$near": {"value": 5, "within": 0.5}, "$gt": 5.4}, False),
        ({"$near": {"value": 5, "within": 3}, "$gt": 7.5}, False),
        ({"$near": 5, "$ne": 5, "$gt": 5.1}, True),
        (
            {
                "$near": {"value": "2026-03-02T09:00:00Z", "within": "1s"},
                "$ne": "2026-03-02T09:00:00Z",
            },
            False,
        ),
        ({"$near": "2026-03-02T09:00:00Z", "$ne": "2026-03-02T09:00:00Z"}, False),
        ({"$not": {"$near": "2026-03-02T09:00:00Z"}, "$eq": "2026-03-02T09:00:00Z"}, False),
        ({"$eq": "${vars.x}", "$ne": "${vars.x}"}, False),
        ({"$in": ["${vars.x}", 3], "$gt": 5}, False),
        ({"$in": [[["${vars.x}"]]], "$gt": 5}, False),
        ({"$in": [{"a": "共 ${vars.x}"}], "$ne": 5, "$gt": 5}, False),
        ({"$in": ["vars.x", 3], "$gt": 5}, True),
        ({"$gt": 5, "$ne": 9, "$lt": 5.5}, False),
        ({"$gt": 5, "$lt": 5.5, "$ne": 5.25}, False),
        ({"$near": {"value": "${vars.x}", "within": 1}, "$gt": 5}, False),
        ({"$in": [3, 9, 5], "$gt": 5, "$lt": 9}, True),
        ({"$gt": 9, "$not": {"$gt": 9.5}}, False),
        ({"a": 1}, False),
        (5, False),
        ({}, False),
    ],
)
def test_no_value_at_all_is_as_expected(expected: Any, *, impossible: bool) -> None:
    assert is_impossible(expected) == impossible


def between(low: float, high: float, *, ends: str) -> Range:
    return Range(low, high, includes_low=ends[0] == "[", includes_high=ends[1] == "]")


@pytest.mark.parametrize(
    ("one", "two", "met"),
    [
        (between(1, 3, ends="[]"), between(3, 5, ends="[]"), between(3, 3, ends="[]")),
        (between(1, 3, ends="[)"), between(3, 5, ends="[]"), None),
        (between(1, 3, ends="[]"), between(3, 5, ends="(]"), None),
        (between(1, 3, ends="[]"), between(2, 2, ends="[]"), between(2, 2, ends="[]")),
        (between(1, 3, ends="[]"), between(1, 3, ends="()"), between(1, 3, ends="()")),
        (between(1, 3, ends="(]"), between(1, 4, ends="[]"), between(1, 3, ends="(]")),
        (between(1, 2, ends="[]"), between(3, 4, ends="[]"), None),
        (Range(), between(0, 0, ends="[]"), between(0, 0, ends="[]")),
    ],
)
def test_two_ranges_meet_in_what_both_have(one: Range, two: Range, met: Range | None) -> None:
    assert (one.intersect(two), two.intersect(one)) == (met, met)


@pytest.mark.parametrize(
    ("one", "two", "met"),
    [
        (LiteralSet(frozenset("abc")), LiteralSet(frozenset("cd")), LiteralSet(frozenset("c"))),
        (LiteralSet(frozenset("ab")), LiteralSet(frozenset("cd")), None),
        (
            LiteralSet(frozenset("ab")),
            LiteralSet(frozenset("a"), is_denied=True),
            LiteralSet(frozenset("b")),
        ),
        (LiteralSet(frozenset("a")), LiteralSet(frozenset("a"), is_denied=True), None),
        (
            LiteralSet(frozenset("a"), is_denied=True),
            LiteralSet(frozenset("b"), is_denied=True),
            LiteralSet(frozenset("ab"), is_denied=True),
        ),
    ],
)
def test_two_sets_of_literals_meet(
    one: LiteralSet, two: LiteralSet, met: LiteralSet | None
) -> None:
    assert (one.intersect(two), two.intersect(one)) == (met, met)


@pytest.mark.parametrize(
    ("condition", "never"),
    [
        ("form.金额 > 5 && form.金额 < 5", True),
        ("form.金额 >= 5 && form.金额 <= 5", False),
        ("form.金额 > 5 && form.金额 <= 5", True),
        ("5 < form.金额 && 6 > form.金额", False),
        ("form.金额 === 5 && form.金额 !== 5", True),
        ("!(form.金额 > 5) && form.金额 >= 5", False),
        ("!(form.金额 >= 5) && form.金额 >= 5", True),
        ("form.类 === '甲' && form.类 === '乙'", True),
        ("form.类 === '甲' || form.类 === '乙'", False),
        ("form.类 !== '甲' && form.类 === '乙'", False),
    ],
)
def test_a_condition_that_never_holds_is_said(condition: str, *, never: bool) -> None:
    from bpmax_sim.script_source.reading import find_slips  # noqa: PLC0415

    slips = find_slips(f"if ({condition}) {{ form.a = 1; }}")

    assert bool(slips) == never, [slip.message for slip in slips]


@pytest.mark.parametrize(
    ("declared", "initial", "name", "wrong"),
    [
        (("客户名称",), (), "客户名称", False),
        (("客户名称",), (), "客户名", True),
        (("客户名称",), (), "别的", True),
        ((), ("客户名称",), "客户名", True),
        ((), ("客户名称",), "别的", False),
        ((), (), "客户名", False),
        (("a",), (), "$options", False),
        (("a",), (), "$option", True),
        ((), ("a",), "$option", True),
    ],
)
def test_a_read_of_an_absent_field_is_doubtful(
    declared: tuple[str, ...], initial: tuple[str, ...], name: str, *, wrong: bool
) -> None:
    names = ScenarioNames(fields=declared, fields_named_by_flow=initial)

    assert bool(names.find_script_read_problem("form", name)) == wrong


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("明细", False),
        ("明细[0]", False),
        ("明细[0].数量", False),
        ("明细.数量", False),
        ("明细[0].数目", True),
        ("明细.数目", True),
        ("明细[2].数量.x", False),
        ("明系[0].数量", True),
        ("明细.客户", True),
        ("明细[0].明细", True),
        ("客户.数目", False),
        ("", True),
    ],
)
def test_a_cell_has_a_field_and_a_column(name: str, *, wrong: bool) -> None:
    names = ScenarioNames(fields=("明细", "客户"), initial_table_columns={"明细": ("数量", "单价")})

    assert bool(names.find_field_problem(name)) == wrong


@pytest.mark.parametrize(
    ("field", "value", "paths"),
    [
        ("明细", [{"数量": 1}, {"数目": 2}], [(1, "数目")]),
        ("明细", ({"数目": 2},), [(0, "数目")]),
        ("明细", [None, "数目", {}], []),
        ("明细", [], []),
        ("明细", None, []),
        ("明细", 5, []),
        ("客户", [{"数目": 2}], []),
    ],
)
def test_columns_are_looked_for_in_the_rows_of_a_table(
    field: str, value: Any, paths: list[tuple[int, str]]
) -> None:
    names = ScenarioNames(initial_table_columns={"明细": ("数量", "单价")})

    assert [path for path, _ in names.find_unknown_columns(field, value)] == paths


@pytest.mark.parametrize(
    ("top", "doubt"),
    [
        ("user: {id: lisi, nmae: 李四}", "'nmae' is no member"),
        ("people: {lisi: {}, wangwu: {}, ceo: {nmae: 王}}", "'nmae' is no member"),
        ("user: {id: lisi, name: 李四, 工号: 7}", ""),
        ("user: {id: lisi}", ""),
    ],
)
def test_a_member_near_to_one_that_scripts_see_is_doubtful(
    tmp_path: Path, top: str, doubt: str
) -> None:
    case = Case(
        steps="{open: {}, expect: {form: {金额: 5}}}", script="form.金额 = 5", stubs="", top=top
    )

    found = doubts(tmp_path, case)

    assert doubt in found
    assert doubt or "is no member" not in found


@pytest.mark.parametrize(
    ("timeout", "delay", "told"),
    [
        (10, 99.9, False),
        (10, 100, True),
        (10, 300, True),
        (100, 100, False),
        (100, 100.1, True),
        (120, 119, False),
        (120, 120, False),
        (120, 120.1, True),
        (500, 300, False),
    ],
)
def test_a_delay_beyond_a_timeout_of_minutes_is_meant_in_milliseconds(
    tmp_path: Path, timeout: float, delay: float, *, told: bool
) -> None:
    shop = FILES["platforms/shop.yaml"].replace("timeout: 10s", f"timeout: {timeout}s")
    case = Case(
        steps="{open: {}, expect: {form: {金额: 5}}}",
        script=f"try {{ {CALL.strip()} }} catch {{ }} form.金额 = 5",
        stubs=f"{{on: shop.create_order, delay: {delay}, body: {{code: 0}}}}",
        files={"platforms/shop.yaml": shop},
    )

    assert ("in seconds and beyond the timeout" in doubts(tmp_path, case)) == told


@pytest.mark.parametrize(
    ("total", "pages", "read"),
    [
        (0, [0], None),
        (2, [2], None),
        (3, [2], 2),
        (6, [2, 2], 4),
        (6, [2, 2, 2], None),
        (7, [3, 2, 1], 6),
        (5, [3, 3], None),
        (6, [2, 0], 2),
    ],
)
def test_the_rows_of_all_pages_count(
    tmp_path: Path, total: int, pages: list[int], read: int | None
) -> None:
    lists = ["[" + ", ".join(["{no: 1}"] * rows) + "]" for rows in pages]
    bodies = [f"{{body: {{code: 200, data: {{total: {total}, rows: {rows}}}}}}}" for rows in lists]
    case = Case(
        steps="{open: {}, expect: {form: {金额: 5}}}",
        script="await $proxy('crm').list_orders();\n" * len(pages) + "form.金额 = 5",
        stubs=f"{{on: crm.list_orders, answers: [{', '.join(bodies)}]}}",
    )

    told = [line for line in doubts(tmp_path, case).splitlines() if "the response says" in line]
    said = f"the response says total: {total}, and the script has read {read} of them"
    assert [said in line for line in told] == ([] if read is None else [True])


DELAYED = "  - {on: shop.create_order, do: {%s}}"


@pytest.mark.parametrize(
    ("do", "script", "rows", "told"),
    [
        ("delay: 1s", "", 0, True),
        ("delay: 9.9s", "", 0, True),
        ("delay: 10s", "", 0, False),
        ("delay: 9s, drip: {over: 0.9}", "", 0, False),
        ("drip: {chunks: 2, over: 1}", "", 0, False),
        ("delay: 1s", "setTimeout(() => {}, 5);", 0, False),
        ("delay: 1s", "const 日 = new Date();", 0, False),
        ("delay: 1s", "", 1, True),
        ("delay: 1s", "", 2, False),
        ("delay: 1s", "", 3, False),
    ],
)
def test_a_delay_below_the_timeout_changes_nothing(
    tmp_path: Path, do: str, script: str, rows: int, *, told: bool
) -> None:
    cases = "cases:\n" + "".join(f"  - {{id: 行{number}}}\n" for number in range(rows))
    case = Case(
        steps="{open: {}, expect: {form: {金额: 5}}}",
        script=f"{script}{CALL}form.金额 = 5",
        stubs=ORDERS,
        files=FILES,
        top=f"faults:\n{DELAYED % do}\n{cases if rows else ''}",
    )

    verdicts = [one for one in run(tmp_path, case) if hasattr(one, "warnings")]
    found = [str(warning.message) for one in verdicts for warning in one.warnings]
    assert len(verdicts) == max(rows, 1)
    assert any("is below the timeout of 10 s" in line for line in found) == told


@pytest.mark.parametrize(
    ("data", "told"),
    [
        ("{level: VIP}", True),
        ("{count: 0}", True),
        ("{paid: false}", True),
        ("{level: ''}", False),
        ("{level: null}", False),
        ("{}", False),
        ("[]", False),
        ("[{level: VIP}, {level: VIP}, {level: ''}]", False),
        ("[{level: VIP}, {level: VIP}, {level: VIP}]", True),
        ("[[]]", False),
        ("null", False),
    ],
)
def test_a_fault_with_something_empty_in_it_may_test_that(
    tmp_path: Path, data: str, *, told: bool
) -> None:
    case = Case(
        steps="{open: {}, expect: {form: {金额: 5}}}",
        script=f"{CALL}form.金额 = 5",
        stubs="",
        files=JUDGED,
        top=f"faults: [{{on: shop.create_order, do: {{body: {{code: 0, data: {data}}}}}}}]",
    )

    assert ("answers as shop does where all is well" in doubts(tmp_path, case)) == told


def test_where_nothing_says_what_is_well_a_fault_is_not_judged(tmp_path: Path) -> None:
    case = Case(
        steps="{open: {}, expect: {form: {金额: 5}}}",
        script=f"{CALL}form.金额 = 5",
        stubs="",
        files=FILES,
        top="faults: [{on: shop.create_order, do: {body: {code: 0, data: {level: VIP}}}}]",
    )

    assert "where all is well" not in doubts(tmp_path, case)


@pytest.mark.parametrize(
    ("made", "told"),
    [
        (["POST 1 0", "POST 1 0"], 1),
        (["POST 1 0", "POST 1 1"], 0),
        (["POST 1 0", "GET 1 1", "POST 1 0", "POST 1 0"], 2),
        (["PUT 1 0", "PUT 1 0"], 1),
        (["DELETE 1 0", "DELETE 1 0"], 1),
        (["GET 1 0", "GET 1 0"], 0),
        (["HEAD 1 0", "HEAD 1 0"], 0),
        (["POST 0 0", "POST 0 0"], 0),
        (["POST", "POST"], 0),
        (["POST 1 0"], 0),
    ],
)
@pytest.mark.parametrize("repeat", ["true", "false"])
def test_a_write_that_was_recorded_once_is_sent_once(
    tmp_path: Path, made: list[str], told: int, repeat: str
) -> None:
    calls = []
    for text in made:
        method, *match = text.split()
        recording = None
        if match:
            is_played, exchange = match[0] == "1", int(match[1])
            recording = RecordingMatch(file="甲", exchange=exchange, line=1, played=is_played)
        calls.append(CallMade(number=1, call="crm.x", method=method, recording=recording))
    path = tmp_path / "下单.scenario.yaml"
    text = f"scenario: 下单\nproxy: {{repeat: {repeat}}}\nsteps: [{{expect: {{proxy: []}}}}]\n"
    path.write_text(text, encoding="utf-8")
    (item,) = load_items(path, environ={})

    found = list(find_useless_faults(item, calls, cast("Session", PlainBench())))
    assert len(found) == (told if repeat == "true" else 0)
