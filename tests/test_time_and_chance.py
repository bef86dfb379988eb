"""Instants, durations and seeds: what is read, how it is told, and which seed a draw comes from."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from bpmax_sim import clock
from bpmax_sim.clock import (
    FreshSeedSource,
    Instant,
    MultiSeedRandomSource,
    RandomSequenceSeeds,
    SeededRandomSource,
    VirtualClock,
    describe_duration,
    format_parsable_duration,
    make_uuid,
    parse_duration,
)
from bpmax_sim.i18n import translate


def refusal(read: Any, *values: Any) -> str:
    """Return what *read* says when it refuses *values*; "" if it does not."""
    try:
        read(*values)
    except ValueError as error:
        return str(error)
    return ""


def test_a_virtual_clock_moves_forward_only_and_numbers_events() -> None:
    time = VirtualClock(100.0)
    time.advance(2.5)
    time.move_to(50.0)
    after = time.now()
    time.advance(-1.0)
    time.move_to(110.0)

    assert (after, time.now(), VirtualClock().now()) == (102.5, 110.0, 0.0)
    assert [time.next_seq() for _ in range(3)] == [1, 2, 3]
    assert VirtualClock(110.0) == time


def test_an_instant_keeps_its_zone_and_its_milliseconds() -> None:
    texts = {
        text: (instant := Instant.parse(text)).offset // timedelta(minutes=1) or str(instant)
        for text in (
            "2026-03-02T09:00:00+08:00",
            "2026-03-02T09:00:00-0330",
            "2026-03-02T09:00:00Z",
            "2026-03-02T09:00:00z",
        )
    }
    eight = Instant.parse("2026-03-02T09:00:00.25+08:00")

    assert texts == {
        "2026-03-02T09:00:00+08:00": 480,
        "2026-03-02T09:00:00-0330": -210,
        "2026-03-02T09:00:00Z": "2026-03-02T09:00:00.000+00:00",
        "2026-03-02T09:00:00z": "2026-03-02T09:00:00.000+00:00",
    }
    assert str(eight) == "2026-03-02T09:00:00.250+08:00"
    assert str(eight.at(eight.seconds + 0.0076)) == "2026-03-02T09:00:00.258+08:00"
    assert str(Instant(1.9996)) == "1970-01-01T00:00:02.000+00:00"
    assert str(Instant(-0.5)) == "1969-12-31T23:59:59.500+00:00"
    wrong = "2026-03-02T09:00:00"
    assert refusal(Instant.parse, wrong) == (
        f"'{wrong}' is not an ISO 8601 time with a zone, such as 2026-03-02T09:00:00+08:00"
    )
    assert refusal(Instant.parse, f"{wrong}+08:00 ").endswith("such as 2026-03-02T09:00:00+08:00")
    assert refusal(Instant.parse, "9 o'clock Z") != ""


def test_durations_are_read_in_each_unit_and_up_to_a_thousand_years() -> None:
    longest = 1000 * 366 * 86_400
    read = ("250ms", "1s", "1.5m", "2h", "1d", "1m30s", "1d1h1m1s1ms", 7, 0.25, "0s", -3)
    refused = ("", "30", "s", "30 s", "1x", "-1s", "1.s", "5M")

    assert [parse_duration(text) for text in read] == [
        0.25,
        1.0,
        90.0,
        7200.0,
        86_400.0,
        90.0,
        90_061.001,
        7.0,
        0.25,
        0.0,
        -3.0,
    ]
    assert type(parse_duration(7)) is float
    assert [refusal(parse_duration, text) for text in refused] == [
        f"{text!r} is not a duration such as 30s, 1m30s or 250ms" for text in refused
    ]
    assert parse_duration(longest) == parse_duration(f"{longest}s") == longest
    assert parse_duration(-longest) == -longest
    assert [
        refusal(parse_duration, text)
        for text in (longest + 1, f"{longest}s1s", -longest - 1, float("nan"), float("inf"))
    ] == [
        f"{longest + 1} is not a duration of at most 1000 years",
        f"'{longest}s1s' is not a duration of at most 1000 years",
        f"{-longest - 1} is not a duration of at most 1000 years",
        "nan is not a duration of at most 1000 years",
        "inf is not a duration of at most 1000 years",
    ]


def test_durations_are_written_to_be_read_again_and_told_in_two_units() -> None:
    seconds = (0, 0.0004, 0.3, 59.9996, 61.5, 5400, 90_061.001, 86_400)
    told = (
        0,
        0.0131,
        0.9994,
        0.9996,
        31.003,
        59.9994,
        59.9996,
        61,
        3600,
        3661,
        86_400,
        90_061,
        2 * 86_400 + 60,
        7325,
    )

    assert [format_parsable_duration(one) for one in seconds] == [
        "0s",
        "0s",
        "300ms",
        "1m",
        "1m1s500ms",
        "1h30m",
        "1d1h1m1s1ms",
        "1d",
    ]
    assert [describe_duration(one) for one in told] == [
        "0 ms",
        "13 ms",
        "999 ms",
        "1 s",
        "31.003 s",
        "59.999 s",
        "1 minute",
        "1 minute 1 second",
        "1 hour",
        "1 hour 1 minute",
        "1 day",
        "1 day 1 hour",
        "2 days",
        "2 hours 2 minutes",
    ]
    assert translate(describe_duration(7325), "zh") == "2 小时 2 分钟"


def test_a_fresh_seed_is_another_for_each_run_owner_and_call() -> None:
    one, same, other = FreshSeedSource("甲"), FreshSeedSource("甲"), FreshSeedSource("乙")
    drawn = [one.next_seed("付款"), one.next_seed("付款"), one.next_seed("退款\ud800")]

    assert drawn == [same.next_seed("付款"), same.next_seed("付款"), same.next_seed("退款\ud800")]
    assert len({*drawn, other.next_seed("付款"), FreshSeedSource().next_seed("付款")}) == 5
    assert all(0 < seed <= 2**48 for seed in drawn)
    assert clock.make_fresh_seed("付款") != clock.make_fresh_seed("付款")


def test_equal_seeds_yield_equal_bytes_and_a_uuid_of_version_four() -> None:
    source = SeededRandomSource(7)
    first, second = source.bytes(4), source.bytes(4)

    assert (first, second) != (second, first)
    assert SeededRandomSource(7).bytes(8) == first + second
    assert [len(clock.SystemRandomSource().bytes(n)) for n in (0, 5)] == [0, 5]
    uuid = make_uuid(SeededRandomSource(1))
    assert (uuid[14], uuid[19] in "89ab", make_uuid(SeededRandomSource(1))) == ("4", True, uuid)


def test_each_seed_of_a_recording_counts_up_to_its_number_of_draws() -> None:
    seeds = RandomSequenceSeeds((11, 22, 33), {"甲": (2,), "乙": (1, 1, 4), "丙": (1, 3)})

    assert {name: seeds.get_seeds_with_draw_ends(name) for name in "甲乙丙丁"} == {
        "甲": ((11, 2), (22, 2), (33, None)),
        "乙": ((11, 1), (22, 1), (33, None)),
        "丙": ((11, 1), (22, 3), (33, None)),
        "丁": ((11, 0), (22, 0), (33, None)),
    }
    heard: list[int] = []
    source = MultiSeedRandomSource(lambda: seeds.get_seeds_with_draw_ends("丙"), heard.append)
    parts = {seed: SeededRandomSource(seed) for seed in seeds.seeds}
    assert [source.bytes(3) for _ in range(5)] == [
        parts[seed].bytes(3) for seed in (11, 22, 22, 33, 33)
    ]
    assert heard == [1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    ("before", "drawn", "after"),
    [
        pytest.param({}, 0, {"甲": (0,)}, id="nothing drawn"),
        pytest.param({}, 5, {"甲": (5,)}, id="first"),
        pytest.param({"甲": (3,)}, 2, {"甲": (3,)}, id="fewer"),
        pytest.param({"乙": (3,)}, 2, {"甲": (2,), "乙": (3,)}, id="of another sequence"),
    ],
)
def test_draws_are_noted_for_the_last_seed(
    before: dict[str, tuple[int, ...]], drawn: int, after: dict[str, tuple[int, ...]]
) -> None:
    seeds = RandomSequenceSeeds((1,), before)
    assert seeds.with_draw_count("甲", drawn) == RandomSequenceSeeds((1,), after)


def test_draws_of_a_further_seed_stand_behind_those_of_the_first() -> None:
    seeds = RandomSequenceSeeds((1, 2), {"甲": (3,)})

    assert seeds.with_draw_count("甲", 3) is seeds
    assert seeds.with_draw_count("甲", 4).ends == {"甲": (3, 4)}
    assert seeds.with_draw_count("甲", 4).with_draw_count("甲", 2).ends == {"甲": (3, 4)}
    assert seeds.with_draw_count("乙", 4).ends == {"甲": (3,), "乙": (0, 4)}
    assert seeds.with_draw_count("乙", 0) is seeds


def test_seeds_are_merged_only_with_an_extension_and_lose_an_unused_one() -> None:
    ours = RandomSequenceSeeds((1,), {"甲": (3,), "乙": (1,)})
    longer = RandomSequenceSeeds((1, 2), {"甲": (2, 4), "丙": (0, 1)})
    united = RandomSequenceSeeds((1, 2), {"甲": (3,), "乙": (1,), "丙": (0, 1)})

    assert ours.merge_if_extension(longer) == united
    assert ours.merge_if_extension(RandomSequenceSeeds((9, 2), {"甲": (8,)})) is ours
    assert longer.merge_if_extension(ours) is longer
    assert ours.merge_if_extension(RandomSequenceSeeds((1,), {"甲": (4,)})).ends["甲"] == (4,)
    assert longer.without_unused_seed() is longer
    assert RandomSequenceSeeds((1, 2), {"甲": (3,)}).without_unused_seed().seeds == (1,)
    assert RandomSequenceSeeds((1,)).without_unused_seed().seeds == (1,)
