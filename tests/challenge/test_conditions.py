# ruff: noqa: E501 - a script, one a line
"""What of a script is a condition, what runs last, and which of its code never ran."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bpmax_sim.challenge.condition_uses import (
    always_gives_boolean,
    find_logical_operands,
    find_returned_values,
    is_case_of_true,
    is_order_comparison,
    is_predicate_of_list_method,
    is_used_as_condition,
    is_value_stored_or_returned,
)
from bpmax_sim.challenge.equivalents import is_last_executed_statement
from bpmax_sim.challenge.script_reach import ScriptReach
from bpmax_sim.script.failure import Script
from bpmax_sim.script.hits import add_counters_to_script
from bpmax_sim.script_source.syntax import SyntaxTree

if TYPE_CHECKING:
    from tree_sitter import Node


def find_node(tree: SyntaxTree, text: str) -> Node:
    """Return the outermost expression or statement of *tree* that reads *text*."""
    nodes = (node for node in tree.walk() if tree.get_source(node) == text)
    return next(node for node in nodes if node.type not in {"program", "expression_statement"})


@pytest.mark.parametrize(
    ("source", "is_condition"),
    [
        # of `甲 && 乙` in each place
        ("if (甲 && 乙) f();", True), ("while (甲 && 乙) f();", True), ("do f(); while (甲 && 乙);", True),
        ("for (; 甲 && 乙;) f();", True), ("for (甲 && 乙;;) f();", False), ("for (;; 甲 && 乙) f();", False),
        ("x = 甲 && 乙 ? 1 : 2;", True), ("x = 丙 ? 甲 && 乙 : 2;", False), ("x = 丙 ? 1 : 甲 && 乙;", False),
        ("if ((甲 && 乙)) f();", True), ("if (!(甲 && 乙)) f();", True), ("x = !(甲 && 乙);", True),
        ("x = -(甲 && 乙);", False), ("if (甲 && 乙 || 丙) f();", True), ("if (丙 || 甲 && 乙) f();", True),
        ("x = 甲 && 乙 || 丙;", False), ("甲 && 乙 || f();", True), ("(甲 && 乙) && f();", True),
        ("f() || 甲 && 乙;", False), ("甲 && 乙;", False), ("f(甲 && 乙);", False), ("return 甲 && 乙;", False),
        ("if (f(甲 && 乙)) g();", False), ("if (丙) { 甲 && 乙; }", False),
        ("switch (true) { case 甲 && 乙: f(); }", True), ("switch (true) { case 丙: f(甲 && 乙); }", False),
        ("switch (丙) { case 甲 && 乙: f(); }", False), ("switch ((true)) { case 甲 && 乙: f(); }", True),
        *((f"行.{name}(x => 甲 && 乙);", True) for name in ("filter", "find", "findIndex", "findLast", "some", "every")),
        ("行.map(x => 甲 && 乙);", False), ("行.forEach(x => 甲 && 乙);", False), ("filter(x => 甲 && 乙);", False),
        ("行.filter(f, x => 甲 && 乙);", False), ("行.filter(x => { return 甲 && 乙; });", True),
        ("行.filter(x => { if (x) { return 甲 && 乙; } });", True), ("行.filter(x => { f(甲 && 乙); });", False),
        ("行.filter(x => { return 行.map(y => { return 甲 && 乙; }); });", False),
        ("行.filter(function (x) { return (甲 && 乙); });", True), ("行.filter(x => [甲 && 乙]);", False),
        ("const f = x => 甲 && 乙;", False), ("f(!(甲 && 乙));", True),
    ],
)  # fmt: skip
def test_only_whether_it_is_true_counts(source: str, *, is_condition: bool) -> None:
    tree = SyntaxTree(source)

    assert is_used_as_condition(tree, find_node(tree, "甲 && 乙")) is is_condition


@pytest.mark.parametrize(
    ("source", "is_condition"),
    [
        ("x = 甲 > 1 && 乙;", False), ("x = 甲 > 1 && !乙;", True), ("x = 甲 > 1 || 乙 === 2 && 丙 < 3;", True),
        ("x = !甲;", True), ("x = 甲 + 1;", False), ("x = 甲 ?? true;", False), ("x = 甲 == 1;", True),
        ("x = 甲 !== 1;", True), ("x = 甲 <= 1;", True), ("x = 甲 in 乙;", False), ("x = -甲;", False),
    ],
)  # fmt: skip
def test_what_is_stored_is_a_condition_where_it_is_true_or_false(
    source: str, *, is_condition: bool
) -> None:
    tree = SyntaxTree(source)
    node = find_node(tree, source.removeprefix("x = ").removesuffix(";"))

    assert always_gives_boolean(node) is is_condition
    if node.type == "binary_expression" and " && " in source:
        assert is_used_as_condition(tree, node) is is_condition
        given = SyntaxTree(source.replace("x = ", "f(").replace(";", ");"))
        assert not is_used_as_condition(given, find_node(given, tree.get_source(node)))


@pytest.mark.parametrize(
    ("source", "is_kept"),
    [
        ("x = 甲 > 1;", True), ("甲 > 1;", False), ("const x = 甲 > 1;", True), ("const {x = 甲 > 1} = y;", False),
        ("x += 甲 > 1;", False), ("return 甲 > 1;", True), ("return (甲 > 1);", True), ("f(甲 > 1);", False),
        ("f({x: 甲 > 1});", True), ("f({[甲 > 1]: x});", False), ("f(x => 甲 > 1);", True), ("f((x = 甲 > 1) => x);", False),
        ("x[甲 > 1] = y;", False), ("if (甲 > 1) f();", False), ("x = [甲 > 1];", False), ("x = ((甲 > 1));", True),
    ],
)  # fmt: skip
def test_a_value_is_kept_where_it_is_assigned_returned_or_put_into_an_object(
    source: str, *, is_kept: bool
) -> None:
    node = find_node(SyntaxTree(source), "甲 > 1")

    assert is_value_stored_or_returned(node) is is_kept


@pytest.mark.parametrize(
    ("source", "parts"),
    [
        ("甲", ["甲"]), ("甲 && 乙", ["甲", "乙"]), ("甲 && 乙 || 丙", ["甲", "乙", "丙"]),
        ("甲 && (乙 || (丙 && 丁))", ["甲", "乙", "丙", "丁"]), ("甲 ?? 乙", ["甲 ?? 乙"]),
        ("!(甲 && 乙)", ["!(甲 && 乙)"]), ("甲 > 1 || f(乙 && 丙)", ["甲 > 1", "f(乙 && 丙)"]),
    ],
)  # fmt: skip
def test_a_condition_has_the_operands_that_and_and_or_join(source: str, parts: list[str]) -> None:
    tree = SyntaxTree(f"x = {source};")

    found = find_logical_operands(find_node(tree, source))

    assert [tree.get_source(node) for node in found] == parts


@pytest.mark.parametrize(
    ("source", "values"),
    [
        ("x => 甲", ["甲"]), ("x => ({a: 甲})", ["({a: 甲})"]), ("x => {}", []), ("x => { 甲; }", []),
        ("x => { return 甲; }", ["甲"]), ("x => { return; }", []), ("x => { return /* 无 */ 甲; }", ["甲"]),
        ("x => { if (x) return 甲; return 乙; }", ["甲", "乙"]),
        ("x => { if (x) { return 甲; } else if (y) { return 乙; } return 丙; }", ["甲", "乙", "丙"]),
        ("x => { f(y => { return 丁; }); return 甲; }", ["甲"]),
        ("function (x) { for (const y of x) { return 甲; } }", ["甲"]),
        ("x => { return y => 甲; }", []),
    ],
)  # fmt: skip
def test_a_function_returns_its_own_values_in_order(source: str, values: list[str]) -> None:
    tree = SyntaxTree(f"g({source});")

    found = find_returned_values(find_node(tree, source))

    assert [tree.get_source(node) for node in found] == values


@pytest.mark.parametrize(
    ("condition", "is_order"),
    [
        ("i < n", True), ("i >= n", True), ("i !== n", False), ("i", False), ("!(i < n)", False),
        ("a && i < n", True), ("i <= n || a", True), ("(a && (b || i > n))", True), ("a && b", False),
        ("a ?? i < n", False),
    ],
)  # fmt: skip
def test_a_counting_loop_compares_by_order(condition: str, *, is_order: bool) -> None:
    tree = SyntaxTree(f"x = {condition};")

    assert is_order_comparison(find_node(tree, condition)) is is_order


def test_a_case_is_a_condition_of_switch_true_alone() -> None:
    for source, expected in (
        ("switch (true) { case 甲: f(); default: g(); }", [True, False]),
        ("switch (甲) { case true: f(); }", [False]),
        ("switch (!0) { case 甲: f(); }", [False]),
    ):
        tree = SyntaxTree(source)
        cases = [node for node in tree.walk() if node.type in {"switch_case", "switch_default"}]
        assert [is_case_of_true(tree, node) for node in cases] == expected
    tree = SyntaxTree(
        "行.filter(f); 行.filter(x => x); 行.filter(f, y => y); 行.some(/* 有 */ z => z); "
        "行.map(u => u); some(v => v);"
    )
    names = ("f", "x => x", "y => y", "z => z", "u => u", "v => v")
    functions = [find_node(tree, text) for text in names]
    assert [is_predicate_of_list_method(tree, node) for node in functions] == [
        False, True, False, True, False, False,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("source", "is_last"),
    [
        # of `return;`
        ("if (a) { f(); return; /* 完 */ }", True), ("return; // 完", True),
        ("f(); return;", True), ("return; f();", False), ("if (a) return;", True), ("if (a) return; f();", False),
        ("if (a) { f(); return; }", True), ("if (a) { return; f(); }", False),
        ("if (a) { return; } else { f(); }", True), ("if (a) { f(); } else { return; }", True),
        ("if (a) { if (b) return; }", True), ("if (a) { if (b) return; f(); }", False),
        ("for (const a of b) { return; }", False), ("while (a) return;", False), ("try { return; } catch {}", False),
        ("const g = () => { return; }; f();", True), ("function g() { if (a) { return; } } f();", True),
        ("switch (a) { case 1: return; }", False),
    ],
)  # fmt: skip
def test_a_statement_is_the_last_that_its_function_runs(source: str, *, is_last: bool) -> None:
    tree = SyntaxTree(source)

    assert is_last_executed_statement(find_node(tree, "return;")) is is_last


# ---------------------------------------------------------------------- code that never ran


def find_unrun(source: str, *never: str) -> list[tuple[str, str]]:
    """Return kind or arm, and the text to report, of each counter that never ran.

    *never* names those that did not: an arm with the text of its code, such as ``then f()``, or
    ``function`` with its name.
    """
    counted = add_counters_to_script(Script(source, "x.js"))
    assert counted is not None
    tree = SyntaxTree(source, "x.js")
    reach = ScriptReach(tree, counted.counters)
    lines = source.encode().splitlines(keepends=True)

    def name(number: int) -> str:
        counter = counted.counters[number]
        if counter.kind == "function":
            return f"function {counter.name}"
        rest = lines[counter.line - 1].decode()[counter.column - 1 :]
        return f"{counter.arm or counter.kind} {rest}".strip()

    known = [name(number) for number in range(len(counted.counters))]
    counts = [0 if any(one.startswith(part) for part in never) else 1 for one in known]
    assert all(any(one.startswith(part) for one in known) for part in never), known
    return [
        (
            counted.counters[n].arm or counted.counters[n].kind,
            tree.get_source(reach.find_node_to_report(n)),
        )
        for n in reach.find_outermost_unrun_counters(counts)
    ]


@pytest.mark.parametrize(
    ("source", "never", "found"),
    [
        ("if (a) f(); else g();", (), []),
        ("if (a) f(); else g();", ("then f()",), [("then", "a")]),
        ("if ((a > 1)) f(); else g();", ("else g()",), [("else", "a > 1")]),
        ("if (a) f(); else g();", ("then f()", "else g()"), []),
        ("if (a) { if (b) f(); else g(); }", ("then { if (b)", "then f()", "else g()", "statement if (b)"), [("then", "a")]),
        ("if (a) f(); h();", ("else if (a)",), []),
        ("if (a) return; h();", ("else if (a)",), [("else", "a")]),
        ("if (a) { f(); return; } h();", ("else if (a)",), [("else", "a")]),
        ("if (a) { f(); throw b; } h();", ("else if (a)",), [("else", "a")]),
        ("if (a) return;", ("else if (a)",), []),
        ("if (a) { f(); return; /* 完 */ } h();", ("else if (a)",), [("else", "a")]),
        ("if ((/* 大单 */ a > 1)) f(); else g();", ("else g()",), [("else", "a > 1")]),
        ("if (a) {} h();", ("else if (a)",), []),
        ("x = a ? 1 : 2;", ("? 1",), [("?", "a")]),
        ("x = a && f() ? 1 : 2;", ("? 1", ": 2"), []),
        ("x = a ? 1 : 2;", (": 2",), [(":", "a")]),
        ("a && f();", ("&& f()",), [("&&", "f()")]),
        ("a || f();", ("|| f()",), []),
        ("x = a && f();", ("&& f()",), []),
        ("x = a ?? 1;", ("?? 1",), []),
        ("try { f(); } catch (e) { g(); }", ("catch {", "statement g()"), [("catch", "{ g(); }")]),
        ("switch (a) { case 1: f(); break; case 2: g(); }", ("case case 2", "statement g()"), [("case", "case 2: g();")]),
        ("switch (a) { case 1: f(); default: g(); }", ("default default", "statement g()"), [("default", "default: g();")]),
        ("function h() { f(); } k();", ("function h", "statement f()"), [("function", "function h() { f(); }")]),
        ("const h = () => f(); k();", ("function h",), [("function", "() => f()")]),
        ("const h = () => () => f(); k();", ("function", "statement () =>", "statement f()"), [("function", "() => () => f()")]),
    ],
)  # fmt: skip
def test_the_outermost_code_that_never_ran_is_reported(
    source: str, never: tuple[str, ...], found: list[tuple[str, str]]
) -> None:
    assert find_unrun(source, *never) == found


def test_code_ran_where_the_innermost_around_it_did() -> None:
    source = "if (a) { f(x); }\nfunction h() { g(y); }\nk(z);\n"
    counted = add_counters_to_script(Script(source, "x.js"))
    assert counted is not None
    tree = SyntaxTree(source, "x.js")
    reach = ScriptReach(tree, counted.counters)
    nodes = [find_node(tree, text) for text in "xyz"]
    around = [
        [
            (counted.counters[n].kind, counted.counters[n].arm)
            for n in dict.fromkeys(reach.find_enclosing_counters(node))
        ]
        for node in nodes
    ]

    assert around == [
        [("statement", ""), ("branch", "then"), ("statement", "")],
        [("statement", ""), ("function", "")],
        [("statement", "")],
    ]
    every = [1] * len(counted.counters)
    for node in nodes:
        innermost = next(reach.find_enclosing_counters(node))
        assert reach.is_evaluated(node, every)
        assert not reach.is_evaluated(node, [int(n != innermost) for n in range(len(every))])
        assert reach.is_evaluated(node, [int(n == innermost) for n in range(len(every))])
    assert reach.is_evaluated(tree.root, [0] * len(every))


@pytest.mark.parametrize(
    ("source", "is_implied"),
    [
        ("if (甲) f();", True), ("if ((甲)) f();", True), ("if (甲) f(); else g();", False),
        ("while (甲) f();", False), ("x = 甲 ? 1 : 2;", False), ("if (甲 && 乙) f();", False),
    ],
)  # fmt: skip
def test_an_if_without_else_has_a_counter_of_runs_past_it(source: str, *, is_implied: bool) -> None:
    counted = add_counters_to_script(Script(source, "x.js"))
    assert counted is not None
    tree = SyntaxTree(source, "x.js")
    reach = ScriptReach(tree, counted.counters)

    number = reach.find_implied_else_counter(find_node(tree, "甲"))

    assert (number is not None) is is_implied
    if number is not None:
        assert (counted.counters[number].arm, counted.counters[number].column) == ("else", 1)
