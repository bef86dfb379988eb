# ruff: noqa: E501 - messages, one a line
"""Smaller questions about a script's text: tests of presence, certain promises, full width."""

from __future__ import annotations

import pytest

from bpmax_sim.errors import Place
from bpmax_sim.script.failure import Script
from bpmax_sim.script_source.promises import PromiseMisuse, select_certain_misuses
from bpmax_sim.script_source.reach import describe_untaken
from bpmax_sim.script_source.reading import (
    find_full_width,
    find_inexact_powers,
    is_compared_with_undefined,
    read_results,
)


@pytest.mark.parametrize(
    ("line", "tested"),
    [
        ("if (form.甲 !== undefined) go()", True),
        ("if (form.甲 === undefined) go()", True),
        ("if (form.甲 != null) go()", True),
        ("if (form.甲 == void 0) go()", True),
        ("if (form['甲'] == null) go()", True),
        ("if (form.甲 !== 'undefined') go()", False),
        ("if (form.甲 !== undefinedX) go()", False),
        ("if (form.甲 > 1) go()", False),
        ("go(form.乙 !== undefined, form.甲)", False),
    ],
)
def test_a_member_that_is_compared_with_undefined_is_only_tested(
    line: str, *, tested: bool
) -> None:
    scripts = [Script("go()\ngo()", "b.js"), Script(f"go()\n{line}\n", "a.js")]
    column = line.index("甲") + 1

    assert is_compared_with_undefined(Place("a.js", 2, column), scripts) == tested
    assert not is_compared_with_undefined(Place("a.js", 1, column), scripts)
    assert not is_compared_with_undefined(Place("a.js", 9, column), [])
    assert not is_compared_with_undefined(Place("a.js", 9, column), scripts)
    assert not is_compared_with_undefined(Place("c.js", 2, column), scripts)
    assert not is_compared_with_undefined(None, scripts)


def test_the_comparison_has_to_be_where_the_member_is_read() -> None:
    line = "if (form.甲 !== undefined) go(form.甲)"
    scripts = [Script(line, "a.js")]
    end = line.index(")") - 1

    for column, tested in ((4, False), (5, True), (end, True), (end + 2, False), (31, False)):
        assert is_compared_with_undefined(Place("a.js", 1, column), scripts) == tested, column


AT = Place("a.js", 3, 5)
MEMBER = PromiseMisuse("member", "data", AT, "取客户")
VALUE = PromiseMisuse("value", "", AT)
NOTHING = PromiseMisuse("nothing", "Promise.all", AT)


def test_of_outside_functions_only_those_that_are_async_give_a_promise() -> None:
    misuses = [MEMBER, VALUE, NOTHING]

    assert [*select_certain_misuses(misuses, ())] == [VALUE, NOTHING]
    assert [*select_certain_misuses(misuses, {"取合同"})] == [VALUE, NOTHING]
    assert [*select_certain_misuses(misuses, {"取合同", "取客户"})] == misuses


@pytest.mark.parametrize(
    ("misuse", "message"),
    [
        (MEMBER, ".data is read of a promise and is undefined; put await before the call"),
        (
            VALUE,
            "a promise stands here in place of its value, and is always true; put await before the call",
        ),
        (
            NOTHING,
            "nothing waits for Promise.all; put await before it, or void where that is meant",
        ),
    ],
)
def test_a_misuse_of_a_promise_says_what_to_write(misuse: PromiseMisuse, message: str) -> None:
    assert str(misuse.message) == message


def test_full_width_punctuation_is_told_with_what_it_stands_for() -> None:
    found = [*find_full_width("form.备注 = '（无）';\nform.名 = “张三”；", "a.js")]

    told = "{!r} is full-width punctuation and no JavaScript; write {!r}"
    assert [(str(one.message), one.place) for one in found] == [
        (told.format("“", '"'), Place("a.js", 2, 10)),
        (told.format("”", '"'), Place("a.js", 2, 13)),
        (told.format("；", ";"), Place("a.js", 2, 14)),
    ]


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("form.a = 1.5 ** 2", [14]),
        ("form.a = x ** 2 + y ** 3", [12, 21]),
        ("form.a = x ** 2 // bpmax-ignore: power", []),
        ("form.a = x ** 2 // bpmax-ignore: same-sides", [12]),
        ("const 甲 = '\u2028\u2028'\nform.a = x ** 2 // bpmax-ignore: power", []),
        ("const 甲 = '\u2028\u2028'\n  // bpmax-ignore: power\nform.a = x ** 2", []),
        ("form.b = 1 // bpmax-ignore: power\nform.a = x ** 2", [12]),
        ("form.a = 2 * 3 /** 说明 */", []),
        ("form.a = x **y", [12]),
    ],
)
def test_powers_that_differ_by_machine_are_found(text: str, columns: list[int]) -> None:
    assert [place.column for place in find_inexact_powers(text)] == columns


def test_why_a_branch_was_not_taken_is_said_with_what_would_take_it() -> None:
    assert str(describe_untaken("then")) == "this condition was never true"
    assert str(describe_untaken("else", "a row with 金额 > 5")) == (
        "this condition was always true; add a row with 金额 > 5"
    )
    assert str(describe_untaken("")) == "this function was never called"


def test_uses_of_results_are_read_without_a_reading_before() -> None:
    uses = read_results("const 回 = await $proxy('crm').get_order(7); form.a = 回.no").uses

    assert [(one.call, one.is_by_members) for one in uses] == [(0, True)]
