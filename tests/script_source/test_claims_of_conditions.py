"""What is said of conditions that never or always hold is true of every value in the engine."""

from __future__ import annotations

import json
from itertools import product
from random import Random

import pytest
import quickjs  # type: ignore[import-untyped]

from bpmax_sim.script_source.reading import find_slips

VALUES = (
    "NaN", "undefined", "null", "true", "false", "0", "1", "-1", "5", "0.5", "''", "'0'", "'1'",
    "' '", "'甲'", "'5'", "'05'", "'5.0'", "'true'", "Infinity", "[]", "[5]", "({})",
)  # fmt: skip
OPERATORS = ("==", "!=", "===", "!==", "<", "<=", ">", ">=")
LITERALS = ("0", "1", "5", "1.0", "''", "'甲'", "'1'", "'5'", "true", "false", "null", "undefined")
PARTS = (
    *(f"金额 {operator} {literal}" for operator, literal in product(OPERATORS, LITERALS)),
    *(f"!(金额 {operator} {literal})" for operator, literal in product(OPERATORS, ("1", "5"))),
    *(f"金额 {operator} 上限" for operator in OPERATORS),
    *(f"!(上限 {operator} 金额)" for operator in OPERATORS),
    "金额", "!金额",
)  # fmt: skip


def evaluate(condition: str) -> set[bool]:
    """Return the truths of *condition* for all pairs of values."""
    script = (
        f"JSON.stringify([{','.join(VALUES)}].flatMap((金额, _, all) => "
        f"all.map((上限) => !!({condition}))))"
    )
    found: str = quickjs.Context().eval(script)
    return {*json.loads(found)}


def list_claims(script: str) -> list[str]:
    """Return what is said of conditions that never or always hold in *script*."""
    text = f"const 金额 = form.金额, 上限 = form.上限;\n{script}\n"
    kinds = {"constant-condition", "duplicate-key"}
    return [str(slip.message) for slip in find_slips(text) if slip.rule in kinds]


def test_what_is_said_of_a_condition_is_true_of_every_value() -> None:
    random, told = Random(20261201), 0

    for left, right in [random.sample(PARTS, 2) for _ in range(250)]:
        for operator, truth in (("&&", False), ("||", True)):
            condition = f"{left} {operator} {right}"
            claims = list_claims(f"if ({condition}) form.超额 = true;")
            sure = [one for one in claims if "whatever number" not in one]
            told += bool(sure)
            assert not sure or evaluate(condition) == {truth}, condition
        chain = f"if ({left}) form.超额 = 1; else if ({right}) form.超额 = 2;"
        if [one for one in list_claims(chain) if "never" in one]:
            told += 1
            assert evaluate(f"!({left}) && {right}") == {False}, chain
    assert told > 10


NUMBERS = "whatever number 金额 is, it is one of the two, so this is true; write &&"
DIFFERS = "金额 always differs from one of the two, so this is always true; write &&"
ALWAYS = "金额 is always one of the two, so this is always true; write &&"
NEVER = "金额 is never both, so this is always false; write ||"


@pytest.mark.parametrize(
    ("condition", "claim"),
    [
        ("金额 <= 上限 || 金额 > 上限", ""),
        ("金额 === 1 || 1.0 != 金额", ""),
        ("金额 !== 5 && 金额 == 5", ""),
        ("金额 !== 5 && !(金额 < 5) && !(金额 > 5)", ""),
        ("金额 > 1 || 金额 < 5", NUMBERS),
        ("0 <= 金额 || 0 > 金额", NUMBERS),
        ("金额 !== 1 || 金额 !== 5", ALWAYS),
        ("金额 !== '甲' || 金额 !== '乙'", DIFFERS),
        ("金额 != 1 || 金额 !== 5", ALWAYS),
        ("金额 < 1 && 金额 > 5", NEVER),
        ("金额 === 1 && 金额 === 5", NEVER),
        ("金额 < 上限 && 金额 >= 上限", NEVER.replace("金额", "金额 < 上限")),
    ],
)  # fmt: skip
def test_what_is_said_of_numbers_leaves_out_what_is_none(condition: str, claim: str) -> None:
    assert list_claims(f"if ({condition}) form.超额 = true;") == ([claim] if claim else [])
