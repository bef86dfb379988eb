from __future__ import annotations

from datetime import UTC, datetime
from math import isnan
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bpmax_sim.js_values import UNDEFINED, BigInt, JsMap, JsSet, OpaqueValue
from tests.examples import drawn
from tests.script.bench import NAME, START, Bench, run, value_of

BENCH = Bench()
TEXT = st.text(st.characters(), max_size=12)
NAMES = st.sampled_from(["$", "__proto__", "constructor", "10"])
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False)
    | TEXT
    | st.just(UNDEFINED)
    | st.builds(BigInt, st.integers())
    | st.binary(max_size=8)
    | st.integers(-(10**11), 10**11).map(lambda s: datetime.fromtimestamp(s / 10, UTC))
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(TEXT | NAMES, inner, max_size=4)
        | st.lists(st.tuples(inner, inner), max_size=3).map(lambda pairs: JsMap(tuple(pairs)))
    ),
    max_leaves=12,
)  # fmt: skip


def normal(value: Any) -> Any:
    """Return *value* with what JavaScript holds to be equal made equal."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    if isinstance(value, datetime):
        return value.replace(microsecond=value.microsecond // 1000 * 1000)
    if isinstance(value, list):
        return [normal(item) for item in value]
    if isinstance(value, dict):
        return sorted((name, normal(item)) for name, item in value.items()) or {}
    if isinstance(value, JsMap):
        # Equal keys of a Map fall together, so only its size is bounded.
        return len(value.pairs) > 0
    return value


@given(VALUES)
@settings(max_examples=drawn(80), deadline=None)
@pytest.mark.of_quickjs
def test_a_value_that_goes_in_comes_out_the_same(value: Any) -> None:
    got = BENCH.run("return value", values={"value": value}).unwrap()

    assert repr(normal(got)) == repr(normal(value))


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("undefined", UNDEFINED),
        ("null", None),
        ("Infinity", float("inf")),
        ("-Infinity", float("-inf")),
        ("1e21", 1e21),
        ("new Date(1772413200000)", datetime.fromtimestamp(START, UTC)),
        ("new Map([['a', 1], [{b: 2}, undefined]])", JsMap((("a", 1), ({"b": 2}, UNDEFINED)))),
        ("new Set([1, '二'])", JsSet((1, "二"))),
        ("{f() {}, s: Symbol()}", {"f": OpaqueValue("function"), "s": OpaqueValue("symbol")}),
        ("'\\ud800张\\0'", "\ud800张\0"),
        ("new Error('坏')", {"name": "Error", "message": "坏"}),
    ],
)
def test_a_returned_value_keeps_its_kind(expression: str, value: object) -> None:
    assert value_of(f"return {expression}") == value


def test_minus_zero_and_nan_survive() -> None:
    zero, nan = value_of("return [-0, NaN]")

    assert str(zero) == "-0.0"
    assert isnan(nan)


def test_an_object_inside_itself_is_told_as_a_cycle() -> None:
    assert value_of("const o = {a: 1}; o.o = o; return o") == {"a": 1, "o": OpaqueValue("cycle")}


def test_the_same_object_twice_is_no_cycle() -> None:
    assert value_of("const o = {a: 1}; return [o, o]") == [{"a": 1}, {"a": 1}]


@pytest.mark.of_quickjs
def test_a_value_that_throws_when_it_is_read_is_an_error_of_the_script() -> None:
    error = run("return {get a() { throw new RangeError('坏') }}").error

    assert str(error) == f"{NAME}:1:29: RangeError: 坏"
