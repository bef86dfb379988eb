from __future__ import annotations

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bpmax_sim.js_values import dumps_compact, loads_as_javascript

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(VALUES.filter(lambda value: "inf" not in repr(value)))
def test_what_goes_in_comes_out(value: object) -> None:
    assert loads_as_javascript(dumps_compact(value)) == value
    assert json.loads(dumps_compact(value)) == value


@pytest.mark.parametrize("value", ["张\ud800", {"\udfff": ["客户"]}])
def test_half_a_character_passes(value: object) -> None:
    assert dumps_compact(value).isascii()
    assert loads_as_javascript(dumps_compact(value)) == value
    assert loads_as_javascript(dumps_compact([value, msgspec.Raw(b'{"a":1}')])) == [
        value,
        {"a": 1},
    ]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('"\\ud83d"', "\ud83d"),
        ('"\ud83d"', "\ud83d"),
        ("[1e999, -1e999]", [float("inf"), float("-inf")]),
        ("100000000000000000000", 10**20),
    ],
)
def test_what_an_engine_may_print_is_read(text: str, value: object) -> None:
    assert loads_as_javascript(text) == value


@pytest.mark.parametrize("text", ["", "{", "{'a': 1}", "[1,]", "undefined"])
def test_what_is_no_json_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"line 1 column"):
        loads_as_javascript(text)
