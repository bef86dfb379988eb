# ruff: noqa: E501 - messages, one a line
"""Smaller questions about a script's text: tests of presence, certain promises, full width."""

from __future__ import annotations

import pytest

from bpmax_sim.errors import Place
from bpmax_sim.script.failure import Script
from bpmax_sim.script_source.counters import insert_counters
from bpmax_sim.script_source.promises import PromiseMisuse, select_certain_misuses
from bpmax_sim.script_source.reach import describe_untaken
from bpmax_sim.script_source.reading import (
    find_full_width,
    find_inexact_powers,
    is_compared_with_undefined,
    read_results,
)
from tests.script_source.tables import retell


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


# One script a line: what is counted in it comes first.
COUNTED = """
statement@1 | throw 1
statement@1 | debugger
statement@1 statement@8 statement@15 | var a; let b; const c = 1
statement@1 | class A {}
statement@1 statement@4 | do a(); while (0)
statement@1 statement@6 | do { a() } while (0)
statement@1 statement@11 | while (0) a()
statement@1 statement@10 | for (;;) a()
statement@1 statement@21 | for (const x of []) a()
statement@1 statement@21 | for (const x in {}) a()
statement@1 statement@13 | a: for (;;) break a
statement@1 statement@10 | for (;;) continue
statement@1 statement@7 branch@19[catch<1] statement@21 statement@37 | try { a() } catch { b() } finally { c() }
statement@1 branch@14[default<1] statement@23 | switch (a) { default: b() }
statement@1 | with (a) { b() }
statement@1 | with (a) b()
statement@1 branch@7[&&<1] statement@10 branch@16[||<10] statement@19 branch@25[??<19] statement@28 | a &&= 1; a ||= 2; a ??= 3; a += 4
statement@1 branch@11[||<6] | a + (b || c)
function@1(f) statement@16 | function f() { a() }
statement@1 function@11(f) statement@25 | const f = function () { a() }
statement@1 function@11(g) statement@26 | const f = function g() { a() }
statement@1 function@11(f) statement@17 | const f = () => a
statement@1 statement@8 function@12 statement@18 | let f; f = () => a
statement@1 function@11(f) statement@25 | const f = async () => { await a }
function@1(g) statement@17 | function* g() { yield 1 }
statement@1 function@11(g) statement@26 | const g = function* () { yield 1 }
statement@1 function@12(甲) statement@18 function@25(乙) statement@35 function@50 statement@56 | const o = {甲() { a() }, get 乙() { return 1 }, 丙: () => 1}
statement@1 function@11(丁) statement@17 statement@32 | class A { 丁() { a() } static { b() } }
statement@15 | 'use strict'; a()
statement@26 | 'use strict'; 'use asm'; a()
statement@15 | #!/bin/node⏎'use strict'; a()
statement@23 | /* 注 */ 'use strict'; a()
statement@1 statement@6 | a(); 'use strict'
function@1(f) statement@35 | function f() { 'use strict'; 'x'; a() }
statement@1 branch@8[then<1] branch@15[else<1] | if (a) ; else ;
statement@1 branch@8[then<1] statement@8 branch@18[else<18] branch@18[else<1] statement@18 branch@25[then<18] statement@25 | if (a) b(); else if (c) d()
statement@1 branch@8[else<8] branch@15[then<8] statement@15 | label: if (a) b()
- | ;
- | import x from 'y'
function@1(f) | function f() {}
"""


def list_counters(script: str) -> list[str]:
    """Return each counter: kind, column, name of a function, arm of a branch and its decision."""
    counted = insert_counters(script)
    return [
        f"{one.kind}@{one.column}{f'({one.name})' if one.name else ''}"
        f"{f'[{one.arm}<{one.decision.column}]' if one.arm else ''}"
        for one in (counted.counters if counted else ())
    ]


def test_statements_functions_and_branches_of_every_kind_are_counted() -> None:
    assert retell(COUNTED, list_counters) == COUNTED.strip()


@pytest.mark.parametrize("text", ["a()\0", "a('\ud800')", "// 注", "", "a("])
def test_a_script_that_the_tree_does_not_show_is_not_counted(text: str) -> None:
    assert insert_counters(text) is None
