"""Whose exchanges are compared with whose, and what is added as a whole."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from bpmax_sim.cassette.alignment import find_no_places
from bpmax_sim.cassette.file import Cassette
from bpmax_sim.cassette.format import dump_exchanges
from bpmax_sim.check.diff import compare_cassettes, pair_added_exchanges
from bpmax_sim.strategies.traffic import RULES
from tests.cassette.exchanges import answer, detail


def saved(path: Path, exchanges: str) -> Cassette:
    """Write exchanges such as ``甲1 乙2=x``: owner, number of the call, and its answer."""
    found = []
    orders: dict[str, int] = {}
    for one in exchanges.split():
        call, _, told = one.partition("=")
        orders[call[0]] = orders.get(call[0], 0) + 1
        outcome = answer(f'{{"a": "{told}"}}')
        exchange = detail(int(call[1:]), outcome=outcome)
        found.append(replace(exchange, owner=call[0], order=orders[call[0]]))
    path.write_bytes(dump_exchanges(found, rules=RULES))
    return Cassette.load(path)


@pytest.mark.parametrize(
    ("old", "new", "pairs"),
    [
        ("甲1", "甲1", "甲:1 same"),
        ("甲1 甲2", "乙1 乙2", "甲:1 same 甲:2 same"),  # one owner each, under another name
        ("甲1", "乙1 丙1", "甲:1 removed 乙:1 added 丙:1 added"),
        ("甲1 乙1", "丙1", "丙:1 added 乙:1 removed 甲:1 removed"),
        ("甲1 乙1", "丙1 丁1", "丁:1 added 丙:1 added 乙:1 removed 甲:1 removed"),
        ("甲1 乙1", "乙1 甲1=x", "乙:1 same 甲:1 changed"),
        ("甲1 乙1", "乙1", "乙:1 same 甲:1 removed"),
        ("甲1", "甲1 甲2 甲3", "甲:1 same 甲:2 added 甲:3 added"),
        ("甲3 甲1", "甲2", "甲:1 changed 甲:2 removed"),
        ("", "甲1 乙1", "乙:1 added 甲:1 added"),
        ("甲1 乙1", "", "乙:1 removed 甲:1 removed"),
        ("", "", ""),
    ],
)
def test_exchanges_are_compared_with_those_of_the_same_owner(
    tmp_path: Path, old: str, new: str, pairs: str
) -> None:
    before, after = saved(tmp_path / "a.yaml", old), saved(tmp_path / "b.yaml", new)
    found = [
        f"{owner}:{pair.old_or_new_exchange.exchange.order} {pair.kind}"
        for owner, pair in compare_cassettes(before, after, RULES, find_no_places)
    ]

    assert sorted(found) == sorted(
        " ".join(two) for two in zip(*[iter(pairs.split())] * 2, strict=True)
    )


@pytest.mark.parametrize(
    ("old", "new", "owners"),
    [
        ("乙1 甲1", "丙1 甲1", "乙甲丙"),
        ("丙1", "丁1 乙1 丙1", "丙丁乙"),
        ("丙1 丁1", "乙1", "丁丙乙"),
    ],
)
def test_what_only_the_new_cassette_has_comes_last(
    tmp_path: Path, old: str, new: str, owners: str
) -> None:
    before, after = saved(tmp_path / "a.yaml", old), saved(tmp_path / "b.yaml", new)
    found = [owner for owner, _ in compare_cassettes(before, after, RULES, find_no_places)]

    assert "".join(found) == owners


def test_a_new_cassette_is_added_owner_by_owner(tmp_path: Path) -> None:
    new = saved(tmp_path / "b.yaml", "丙2 甲1 丙1 乙3")
    found = list(pair_added_exchanges(new))

    assert [(owner, pair.kind, pair.old) for owner, pair in found] == [
        (owner, "added", None) for owner in ("丙", "丙", "乙", "甲")
    ]
    assert [(pair.new.number, pair.new.exchange.order) for _, pair in found if pair.new] == [
        (0, 1), (1, 2), (2, 1), (3, 1),
    ]  # fmt: skip
    assert list(pair_added_exchanges(saved(tmp_path / "c.yaml", ""))) == []


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("甲1", "甲1=x", [("body.a", "", "x")]),
        ("甲1=x", "甲1=x", []),
        ("甲1=x", "甲1", [("body.a", "x", "")]),
    ],
)
def test_the_old_side_comes_first_in_a_difference(
    tmp_path: Path, old: str, new: str, told: list[tuple[str, str, str]]
) -> None:
    before, after = saved(tmp_path / "a.yaml", old), saved(tmp_path / "b.yaml", new)
    [(_, pair)] = compare_cassettes(before, after, RULES, find_no_places)

    assert [(str(one.path), one.recorded, one.sent) for one in pair.response] == told
    assert pair.request == ()
    assert pair.old is not None
    assert pair.old.cassette is before
    assert pair.old_or_new_exchange is pair.old
    assert pair.new is not None
    assert pair.new.cassette is after
