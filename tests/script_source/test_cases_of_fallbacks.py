"""When ``a || b`` and ``a ?? b`` give b, and when both sides of a comparison are equal."""

from __future__ import annotations

from bpmax_sim.script_source.conditions import (
    conjoin_unless_too_many,
    read_condition,
    read_equality,
    read_fallback_condition,
)
from bpmax_sim.script_source.kinds import read_operator
from bpmax_sim.script_source.scopes import Scopes
from bpmax_sim.script_source.slips import SlipReader
from bpmax_sim.script_source.syntax import SyntaxTree
from bpmax_sim.script_source.values import Values

CASES = {
    "form.a || 1; form.a": "never",
    "form.a || 1; !form.a": "may",
    "form.a || 1; form.a === 0": "may",
    "form.a ?? 1; form.a": "never",
    "form.a ?? 1; !form.a": "may",
    "form.a ?? 1; form.a === 0": "never",
    "form.a ?? 1; form.a === null": "may",
    "(form.a) ?? 1; form.a === ''": "never",
    "(form.a && form.b) ?? 1; form.a && form.b": "never",
    "(form.a && form.b) ?? 1; form.a === 0": "may",
    "(form.a || form.b) || 1; form.b": "never",
    "go() ?? 1; form.a": "unclear",
    "go() || 1; form.a": "unclear",
    "form.a === 1; form.a === 2": "never",
    "form.a !== 1; form.a === 1": "may",
    "form.a > 5; form.a < 5": "never",
    "form.a < 5; form.a === 5": "may",
    "go() === 1; form.a": "unclear",
}
"""Two conditions -> whether the second may hold where the first gives its right side, or equals."""


def judge(script: str) -> str:
    """Return whether the second condition of *script* may hold in the cases of the first."""
    tree = SyntaxTree(script)
    scopes = Scopes(tree)
    reader = SlipReader(tree, scopes, Values(tree, scopes))
    first, second = (one.named_children[0] for one in tree.root.named_children)
    left, operator = first.child_by_field_name("left"), read_operator(first)
    assert left is not None
    is_fallback = operator in {"||", "??"}
    cases = (
        read_fallback_condition(reader, left, operator)
        if is_fallback
        else read_equality(reader, first)
    )
    asked = read_condition(reader, second)
    if cases is None or asked is None:
        return "unclear"
    return "may" if conjoin_unless_too_many(cases, asked) else "never"


def test_a_condition_may_hold_where_a_fallback_is_taken_or_two_sides_are_equal() -> None:
    assert {script: judge(script) for script in CASES} == CASES
