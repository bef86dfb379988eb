"""What a platform file declares of a value, and what does not fit."""

from __future__ import annotations

from decimal import Decimal
from math import inf, nan
from typing import Any

import pytest

from bpmax_sim.platform.schema_check import describe_wrong_type, find_misfits


def test_misfits_come_in_the_order_of_the_declaration() -> None:
    names = ["单号", "客户", "金额", "状态", "备注", "电话"]
    schema = {"type": "object", "properties": {name: {"type": "integer"} for name in names}}

    found = find_misfits(dict.fromkeys(reversed(names), "无"), schema)

    assert [path for path, _ in found] == [(name,) for name in names]


@pytest.mark.parametrize(
    ("value", "fits"),
    [
        (3, True),
        (3.0, True),
        (Decimal(3), True),
        (0, True),
        (-1, True),
        (3.5, False),
        (inf, False),
        (nan, False),
        (True, False),
        ("3", False),
        ([], False),
    ],
)
def test_a_whole_number_is_one(value: Any, fits: bool) -> None:
    assert (describe_wrong_type(value, "integer") == "") is fits
