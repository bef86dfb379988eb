"""Who decides at a node after others were added to him."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import pytest

from bpmax_sim.subject.owners import OwnersTable, items_to_decide

Added = tuple[str, str, Literal["before", "after", "beside"]]


@pytest.mark.parametrize(
    ("added", "order"),
    [
        ([("乙", "丙", "before")], "甲 丙 乙"),
        ([("乙", "丙", "before"), ("丙", "丁", "before")], "甲 丁 丙 乙"),
        ([("乙", "丙", "beside")], "甲 乙 丙"),
        ([("甲", "丙", "after")], "甲 丙 乙"),
        ([("乙", "丙", "after"), ("丙", "丁", "before")], "甲 乙 丁 丙"),
        ([("乙", "丙", "after"), ("丙", "丁", "before"), ("丁", "戊", "after")], "甲 乙 丁 戊 丙"),
    ],
)
def test_who_is_added_stands_directly_by_who_added_him(added: Sequence[Added], order: str) -> None:
    table = OwnersTable.of(list(items_to_decide([{"owner_id": "甲"}, {"owner_id": "乙"}])), "all")
    for by, other, where in added:
        table.add(by, list(items_to_decide([{"owner_id": other}])), where, "all")

    assert table.ids == order.split()
