"""An operand that ``${…}`` fills in is known only when the expectation is held against the run."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from bpmax_sim.scenario.assertions import compare_expected
from bpmax_sim.scenario.expect import OPERATORS, Checks, find_expectation_problems
from bpmax_sim.scenario.model import Expect, ExpectedCall
from bpmax_sim.scenario.references import UnfitValueError
from tests.scenario.test_failure import FAILURE

TOLD = {
    "(": "$matches needs a regular expression (missing ), unterminated subpattern at position 0)"
    ', got "("',
    "a{99999999999}": "$matches needs a regular expression (the repetition number is too large)"
    ', got "a{99999999999}"',
}


def filled_in(value: Any) -> Any:
    """Fill the operand in, as a scenario's variables do."""
    return {key: filled_in(item) for key, item in value.items()} if isinstance(value, dict) else (
        [filled_in(item) for item in value] if isinstance(value, list) else VALUES.get(value, value)
    )  # fmt: skip


VALUES: dict[Any, Any] = {}


@pytest.mark.parametrize("pattern", TOLD)
@pytest.mark.parametrize("section", ["result", "console", "form"])
def test_a_pattern_that_is_none_is_told(
    monkeypatch: pytest.MonkeyPatch, section: str, pattern: str
) -> None:
    monkeypatch.setitem(VALUES, "${vars.wanted}", pattern)
    operators = {"$matches": "${vars.wanted}"}
    spelled: dict[str, Any] = {"console": [operators], "form": {"name": operators}}
    wanted = {section: spelled.get(section, operators)}
    state = {"result": lambda: "张三", "form": lambda: {"name": "张三"}}

    with pytest.raises(UnfitValueError) as told:
        compare_expected(
            Expect(**wanted),
            {**state, "console": lambda: [{"text": "张三", "level": "log"}]},
            filled_in,
        )

    assert str(told.value) == TOLD[pattern]


def test_a_kind_that_is_none_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(VALUES, "${case.kind}", "txt")

    with pytest.raises(UnfitValueError, match=r"^\$type needs one of text, number, .*\"txt\"$"):
        compare_expected(Expect(result={"$type": "${case.kind}"}), {"result": lambda: 1}, filled_in)


@pytest.mark.parametrize("wanted", ["明天", {"value": 1, "within": "bald"}])
def test_a_nearness_that_is_none_is_told(monkeypatch: pytest.MonkeyPatch, wanted: Any) -> None:
    monkeypatch.setitem(VALUES, "${vars.due}", wanted)
    state = {"result": lambda: 1 if isinstance(wanted, dict) else "2026-03-02T09:00:00+08:00"}

    with pytest.raises(UnfitValueError, match=r"^\$near needs a number or \{value: …, within"):
        compare_expected(Expect(result={"$near": "${vars.due}"}), state, filled_in)


def test_one_of_a_call_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(VALUES, "${vars.names}", 5)
    made = replace(FAILURE.calls[0], path={"id": "12345"})
    call = ExpectedCall(call=made.call, path={"id": {"$in": "${vars.names}"}})
    expected = Expect(proxy=(call,))

    with pytest.raises(UnfitValueError, match=r"^\$in needs a list, got 5$"):
        compare_expected(expected, {"proxy": lambda: [made]}, filled_in)


TEXTS = st.sampled_from(["(", "[a&&b]", "3s", "明天", "text"])
KEYS = st.sampled_from(["a", "value", "within", "$in", "$nope"])
ANY = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=6,
)


@given(st.sampled_from(sorted(OPERATORS)), ANY, ANY)
def test_whatever_is_filled_in_is_compared_or_refused(name: str, operand: Any, got: Any) -> None:
    wanted = {name: operand}
    refused = ""
    checks: Checks = ()
    try:
        checks = compare_expected(
            Expect(result={name: "${vars.wanted}"}), {"result": lambda: got}, lambda _: wanted
        )
    except UnfitValueError as error:
        refused = str(error)

    assert checks or refused in {told for _, told in find_expectation_problems(wanted)}
