"""Rounds of owners that were added more than once, and items that keep their kind of id."""

from __future__ import annotations

from typing import Any

import pytest

from bpmax_sim.errors import SubjectError
from bpmax_sim.subject.owners import (
    PASSED,
    REFUSED,
    UNTREATED,
    NodeDecision,
    apply_transfers,
    fill_in_untreated_status,
)


def _decision(*names: Any, rule: str | int = "all") -> NodeDecision:
    return NodeDecision.from_items(
        fill_in_untreated_status({"owner_id": name} for name in names), rule
    )


def _add(decision: NodeDecision, by: str, where: Any, *names: Any, rule: str | int = "all") -> None:
    decision.add_owners(
        by, fill_in_untreated_status({"owner_id": name} for name in names), where, rule
    )


def test_who_asks_others_before_him_twice_has_both_rounds_before_him_in_order() -> None:
    decision = _decision("甲", "乙")
    _add(decision, "甲", "before", "丙", "丁")
    for name in ("丙", "丁"):
        decision.require_item_to_act_now(name)["status"] = PASSED

    _add(decision, "甲", "before", 7)

    assert decision.owner_ids == ["丙", "丁", "7", "甲", "乙"]
    acting = [item["owner_id"] for item in decision.find_items_to_act_now()]
    assert acting == [7, "乙"]
    _add(decision, "7", "after", "戊")
    assert decision.owner_ids == ["丙", "丁", "7", "戊", "甲", "乙"]
    assert [item["status"] for item in decision.owner_items] == [1, 1, 1, 0, 0, 0]


@pytest.mark.parametrize("status", [PASSED, REFUSED])
def test_who_has_decided_either_way_is_told_so(status: int) -> None:
    decision = _decision("甲", "乙", "丙", rule=2)
    decision.require_item_to_act_now("甲")["status"] = status

    with pytest.raises(SubjectError) as caught:
        decision.require_item_to_act_now("甲")

    assert caught.value.code == "ALREADY_DECIDED"
    assert str(caught.value) == "甲 has decided already; who may act now: 乙, 丙"


@pytest.mark.parametrize(
    ("items", "transfers", "expected"),
    [
        ([7, "乙"], {"丙": "丁"}, [7, "乙"]),
        ([7, "乙"], {"7": "丁"}, ["丁", "乙"]),
        ([7, "乙"], {"乙": "7"}, [7]),
        (["乙", 7], {"乙": "7"}, ["7"]),
        (["甲", "乙", "丙"], {"甲": "丙", "丙": "丁"}, ["丁", "乙"]),
        (["甲", "乙", "丙"], {}, ["甲", "乙", "丙"]),
    ],
)
def test_who_keeps_his_task_keeps_the_kind_of_his_id(
    items: list[Any], transfers: dict[str, str], expected: list[Any]
) -> None:
    given = [{"owner_id": owner, "status": UNTREATED, "name": "x"} for owner in items]

    seated = apply_transfers(given, transfers)

    assert [item["owner_id"] for item in seated] == expected
    assert all(item["name"] == "x" for item in seated)
    assert [item["owner_id"] for item in given] == items
