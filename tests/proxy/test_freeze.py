"""Python values copied into script values."""

from __future__ import annotations

from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

import pytest

from bpmax_sim.errors import CallError
from bpmax_sim.js_values import OpaqueValue
from bpmax_sim.proxy.builder import copy_value_marking_cycles

NOW = datetime(2026, 3, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "frozen"),
    [
        (MappingProxyType({"a": (1, [2])}), {"a": [1, [2]]}),
        ({1: "a", 2.5: "b", None: "c"}, {"1": "a", "2.5": "b", "null": "c"}),
        (bytearray(b"x"), b"x"),
        (memoryview(b"x"), b"x"),
        (NOW, NOW),
    ],
)
def test_a_value_becomes_plain(value: Any, frozen: Any) -> None:
    assert copy_value_marking_cycles(value) == frozen
    assert type(copy_value_marking_cycles(value)) is type(frozen)


def test_keys_come_in_the_order_of_javascript() -> None:
    assert list(copy_value_marking_cycles({"id": 1, "10": 2, 2: 3, "01": 4})) == [
        "2",
        "10",
        "id",
        "01",
    ]


def test_one_list_in_two_places_is_no_cycle() -> None:
    shared = [1]

    assert copy_value_marking_cycles({"a": shared, "b": shared}) == {"a": [1], "b": [1]}


def test_a_cycle_is_marked() -> None:
    loop: list[Any] = []
    loop.append(loop)

    assert copy_value_marking_cycles(loop) == [OpaqueValue("cycle")]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({(1,): 2}, "an array cannot be a name in an object; use a text"),
        ([1j], "a Python complex cannot be sent; pass texts, numbers, lists, dicts or bytes"),
        ({1, 2}, "a Set cannot be sent; pass texts, numbers, lists, dicts or bytes"),
    ],
)
def test_what_a_script_cannot_have_is_refused(value: Any, message: str) -> None:
    with pytest.raises(CallError) as caught:
        copy_value_marking_cycles(value)

    assert (caught.value.code, caught.value.message) == ("BAD_ARGUMENT", message)
