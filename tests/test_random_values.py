"""Seeds of a recording that was extended: who draws from which, how often, and what is kept."""

from __future__ import annotations

import re
from typing import Any

import pytest

from bpmax_sim.clock import (
    MultiSeedRandomSource,
    RandomSequenceSeeds,
    SeededRandomSource,
    SeedRanges,
    SystemRandomSource,
    make_uuid,
)

Ends = dict[str, tuple[int, ...]]


@pytest.mark.parametrize(
    ("seeds", "ends", "sequence", "ranges"),
    [
        ((7,), {}, "一", ((7, None),)),
        ((7,), {"一": (3,)}, "一", ((7, None),)),
        ((7, 9), {"一": (3,)}, "一", ((7, 3), (9, None))),
        ((7, 9), {"一": (3, 5)}, "一", ((7, 3), (9, None))),
        ((7, 9), {"一": (3,)}, "二", ((7, 0), (9, None))),
        # who drew nothing under the second seed ends it where the first ends
        ((7, 9, 11), {"一": (3,)}, "一", ((7, 3), (9, 3), (11, None))),
        ((7, 9, 11), {"一": (3, 5, 8)}, "一", ((7, 3), (9, 5), (11, None))),
        ((7, 9, 11), {}, "一", ((7, 0), (9, 0), (11, None))),
    ],
)
def test_each_seed_ends_where_the_next_takes_over(
    seeds: tuple[int, ...], ends: Ends, sequence: str, ranges: SeedRanges
) -> None:
    assert RandomSequenceSeeds(seeds, ends).get_seeds_with_draw_ends(sequence) == ranges


@pytest.mark.parametrize(
    ("seeds", "ends", "drawn", "after"),
    [
        ((7,), {}, 3, {"一": (3,)}), ((7,), {"一": (3,)}, 2, {"一": (3,)}),
        ((7,), {"一": (3,)}, 4, {"一": (4,)}), ((7,), {}, 0, {"一": (0,)}),
        ((7, 9), {"一": (3,)}, 3, {"一": (3,)}), ((7, 9), {"一": (3,)}, 4, {"一": (3, 4)}),
        ((7, 9), {"一": (3, 6)}, 4, {"一": (3, 6)}), ((7, 9), {"一": (3, 6)}, 7, {"一": (3, 7)}),
        ((7, 9), {"二": (1,)}, 0, {"二": (1,)}),
        ((7, 9), {"二": (1,)}, 2, {"二": (1,), "一": (0, 2)}),
        ((7, 9, 11), {"一": (3,)}, 4, {"一": (3, 3, 4)}),
        ((7, 9, 11), {"一": (3, 5)}, 5, {"一": (3, 5)}),
    ],
)  # fmt: skip
def test_a_count_of_draws_only_grows(
    seeds: tuple[int, ...], ends: Ends, drawn: int, after: Ends
) -> None:
    found = RandomSequenceSeeds(seeds, ends).with_draw_count("一", drawn)

    assert found == RandomSequenceSeeds(seeds, after)


@pytest.mark.parametrize(
    ("seeds", "ends", "left"),
    [
        ((7,), {}, (7,)), ((7,), {"一": (3,)}, (7,)), ((7, 9), {}, (7,)),
        ((7, 9), {"一": (3,)}, (7,)), ((7, 9), {"一": (3, 4)}, (7, 9)),
        ((7, 9), {"一": (3,), "二": (0, 1)}, (7, 9)), ((7, 9, 11), {"一": (3, 4)}, (7, 9)),
    ],
)  # fmt: skip
def test_a_seed_from_which_nothing_was_drawn_is_dropped(
    seeds: tuple[int, ...], ends: Ends, left: tuple[int, ...]
) -> None:
    found = RandomSequenceSeeds(seeds, ends).without_unused_seed()

    assert found == RandomSequenceSeeds(left, ends)


@pytest.mark.parametrize(
    ("other", "merged"),
    [
        (((7, 9), {"一": (3, 6)}), ((7, 9), {"一": (3, 6), "二": (1,)})),
        (((7, 9), {"三": (0, 2)}), ((7, 9), {"一": (3,), "二": (1,), "三": (0, 2)})),
        (((7,), {"一": (2,)}), ((7,), {"一": (3,), "二": (1,)})),
        (((7,), {"一": (4,)}), ((7,), {"一": (4,), "二": (1,)})),
        (((9, 7), {"一": (8,)}), ((7,), {"一": (3,), "二": (1,)})),
        (((8,), {"一": (8,)}), ((7,), {"一": (3,), "二": (1,)})),
    ],
)
def test_seeds_are_merged_where_one_recording_goes_on_from_the_other(
    other: tuple[Any, Ends], merged: tuple[Any, Ends]
) -> None:
    mine = RandomSequenceSeeds((7,), {"一": (3,), "二": (1,)})

    assert mine.merge_if_extension(RandomSequenceSeeds(*other)) == RandomSequenceSeeds(*merged)


@pytest.mark.parametrize(
    ("ranges", "owners"),
    [
        (((7, None),), [7, 7, 7, 7]),
        (((7, 2), (9, None)), [7, 7, 9, 9]),
        (((7, 0), (9, None)), [9, 9, 9, 9]),
        (((7, 1), (8, 1), (9, 3), (11, None)), [7, 9, 9, 11]),
    ],
)
def test_values_are_drawn_from_each_seed_in_turn(ranges: SeedRanges, owners: list[int]) -> None:
    counts: list[int] = []
    asked: list[SeedRanges] = []

    def ask() -> SeedRanges:
        asked.append(ranges)
        return ranges

    source = MultiSeedRandomSource(ask, counts.append)
    assert asked == []
    singles = {seed: SeededRandomSource(seed) for seed in owners}

    assert [source.bytes(5) for _ in owners] == [singles[seed].bytes(5) for seed in owners]
    assert (counts, len(asked)) == ([1, 2, 3, 4], 1)


def test_a_uuid_is_random_and_of_version_4() -> None:
    one, same, other = (make_uuid(SeededRandomSource(seed)) for seed in (1, 1, 2))

    assert one == same != other
    for text in (one, other, make_uuid(SystemRandomSource())):
        assert re.fullmatch(
            r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", text
        )
    assert len(SystemRandomSource().bytes(7)) == 7
    assert SystemRandomSource().bytes(16) != SystemRandomSource().bytes(16)
