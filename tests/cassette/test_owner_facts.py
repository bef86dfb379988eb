"""What is said of a whole recording stands on its first exchange alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from bpmax_sim.cassette.file import Cassette
from bpmax_sim.cassette.format import dump_entries, move_facts_to_first_of_owner
from bpmax_sim.cassette.model import Entry
from bpmax_sim.clock import Instant
from tests.check.test_migration import recorded


def with_values(number: int, owner: str, **values: dict[str, str]) -> Entry:
    return recorded(number=number).with_line(n=number, owner=owner, values=values)


def test_of_a_value_that_differs_the_first_one_counts() -> None:
    entries = [
        with_values(1, "甲"),
        with_values(2, "甲", crm={"id": "1", "a": "x"}),
        with_values(1, "乙", crm={"id": "9"}),
        with_values(3, "甲", crm={"id": "2", "b": "y"}, erp={"id": "3"}),
        with_values(4, "甲", crm={"id": "4", "b": "z"}),
    ]

    moved = move_facts_to_first_of_owner(entries)

    assert [entry.line.values for entry in moved] == [
        {"crm": {"a": "x", "b": "y", "id": "1"}, "erp": {"id": "3"}},
        {},
        {"crm": {"id": "9"}},
        {},
        {},
    ]


@pytest.mark.parametrize(
    ("sessions", "several"),
    [((1,), False), ((1, 1), False), ((1, 2), True), ((2,), True), ((1, 1, 3), True)],
)
def test_a_head_says_whether_there_are_several_sessions(
    tmp_path: Path, sessions: tuple[int, ...], *, several: bool
) -> None:
    entries = [recorded(number=n).with_line(n=n, session=one) for n, one in enumerate(sessions, 1)]
    path = tmp_path / "甲.yaml"
    path.write_bytes(dump_entries(entries))

    assert (Cassette.load(path).head.several is True) == several


@pytest.mark.parametrize(("session", "minute"), [(1, 0), (2, 1), (3, 2), (4, 0)])
def test_each_session_has_a_start_of_its_own(tmp_path: Path, session: int, minute: int) -> None:
    entries = [
        recorded(number=n).with_line(n=n, session=n, at=f"2026-03-02T09:0{n - 1}:00+08:00")
        for n in (1, 2, 3)
    ]
    path = tmp_path / "甲.yaml"
    path.write_bytes(dump_entries(entries))
    cassette = Cassette.load(path)

    started = cassette.start(cassette.owners[0], session=session)

    assert started == Instant.parse(f"2026-03-02T09:0{minute}:00+08:00")
