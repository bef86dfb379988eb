"""Only gross losses of speed fail here; `python -m benchmarks` has the figures.

Everything is processor time beside a plain httpx call that is measured in turn with it, and allowed
about twice what the benchmarks measure.
"""

from __future__ import annotations

import itertools
import os
import statistics
import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

import httpx
import pytest

import benchmarks.__main__
from benchmarks import platforms, scripts
from benchmarks.by_vcrpy import play_recording
from benchmarks.calls import multiplied, opened, playing, recorded
from benchmarks.goals import GOALS, judge_figures
from benchmarks.machine import measure_slowdown
from benchmarks.tables import OWN_NAMES
from bpmax_sim.platform.load import load_platforms
from bpmax_sim.script.failure import Script

WAITING = """
for (let wait = 1000, spent = 0; spent < 600000; spent += wait, wait *= 2)
  await new Promise((resolve) => setTimeout(resolve, wait));
"""


def seconds(work: Callable[[], object], times: int = 20) -> float:
    """Return the processor time of one *work*, the mean of *times*."""
    begun = time.process_time()
    for _ in range(times):
        work()
    return (time.process_time() - begun) / times


def compare(ours: Callable[[], float], other: Callable[[], float], *, rounds: int = 15) -> float:
    """Return how many times as long *ours* takes as *other*, both of which measure seconds.

    They are measured in turn, as a machine may become half as fast from one second to the next
    (shared processors), and the median round counts, as either may be disturbed in one of them.
    """
    return statistics.median(ours() / other() for _ in range(rounds))


@pytest.fixture(scope="module")
def plain() -> Iterator[Callable[[], float]]:
    """Return what measures an httpx call that only looks up its answer, in seconds."""
    url, body = "https://crm.example.test/customers/1", b'{"name":"' + b"x" * 1000 + b'"}'
    transport = httpx.MockTransport(
        lambda request: {url: httpx.Response(200, content=body)}[str(request.url)]
    )
    with httpx.Client(transport=transport) as client:
        client.get(url)  # what is built once
        yield lambda: seconds(lambda: client.get(url).json())


@pytest.fixture(scope="module")
def cassette(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a recording of one call."""
    return recorded(tmp_path_factory.mktemp("快慢"), 1)


def test_a_call_played_the_first_time_costs_less_than_two_plain_ones(
    cassette: Path, plain: Callable[[], float]
) -> None:
    many = multiplied(cassette, 300)
    assert compare(lambda: playing(many, range(300)) / 1e6, plain, rounds=5) < 2


def test_a_call_played_again_costs_less_than_one_and_a_half_plain_ones(
    cassette: Path, plain: Callable[[], float]
) -> None:
    with opened(cassette, repeat=True) as session:
        crm = session.proxy("crm_system")
        crm.getCustomerDetail("0")
        assert compare(lambda: seconds(lambda: crm.getCustomerDetail("0")), plain) < 1.5


def test_a_session_with_a_login_and_one_call_costs_less_than_half_of_what_vcrpy_does_for_the_call(
    cassette: Path,
) -> None:
    """The peer builds as much anew: one that only loops loses less to others in shared caches."""
    calls = [("GET", "https://crm.example.test/api/customers/0")]

    def short() -> None:
        with opened(cassette) as session:
            session.proxy("crm_system").getCustomerDetail("0")

    assert (
        compare(
            lambda: seconds(short),
            lambda: seconds(lambda: play_recording(cassette, calls)),
        )
        < 0.5
    )


def test_a_call_costs_the_same_among_many_recordings_as_among_few(cassette: Path) -> None:
    """Stretches of the same length are compared, which others disturb as much as one another."""

    def stretches(recording: Path, count: int) -> Iterator[float]:
        with opened(recording) as session:
            crm = session.proxy("crm_system")
            crm.direct("get_customer_detail", "0")  # logs in
            numbers = map(str, range(1, count))
            for _ in range(1, count, 100):
                begun = time.process_time()
                for number in islice(numbers, 99):
                    crm.direct("get_customer_detail", number)
                yield time.process_time() - begun

    few, many = multiplied(cassette, 100), multiplied(cassette, 3000)
    among_few = itertools.chain.from_iterable(stretches(few, 100) for _ in itertools.count())
    among_many = stretches(many, 3000)
    assert compare(among_many.__next__, among_few.__next__, rounds=29) < 1.6


def test_ten_minutes_of_waiting_in_a_script_take_no_time(cassette: Path) -> None:
    with opened(cassette) as session:
        script = Script(WAITING, "耐心.js")
        assert seconds(lambda: session.run_script(script), times=5) < 0.2
        assert session.clock.now() > 1772413200 + 5 * 600


def test_recording_a_call_searched_for_secrets_costs_less_than_fifteen_plain_ones(
    tmp_path: Path, plain: Callable[[], float]
) -> None:
    folders = (tmp_path / str(number) for number in itertools.count())

    def record() -> float:
        return seconds(lambda: recorded(next(folders), 40), times=1) / 40

    assert compare(record, plain, rounds=5) < 15  # 50 of them when all was searched three times


def test_a_scenario_with_three_calls_costs_less_than_a_hundred_plain_ones(
    tmp_path: Path, plain: Callable[[], float]
) -> None:
    path = scripts.written(tmp_path)
    item = scripts.read(path)
    scripts.play(item, mode="record")

    assert compare(lambda: seconds(lambda: scripts.play(item), times=4), plain, rounds=5) < 100
    assert compare(lambda: seconds(lambda: scripts.read(path), times=4), plain, rounds=5) < 20


def test_platform_files_load_fast_and_faster_again(
    tmp_path: Path, plain: Callable[[], float]
) -> None:
    fresh = [platforms.folder(tmp_path / str(number)) for number in range(5)]
    one_by_one = iter(fresh)

    assert compare(lambda: platforms.seconds(next(one_by_one)) / 20, plain, rounds=5) < 12
    files = [str(path) for path in fresh[0].iterdir()]  # whether one changed is asked of the disk
    again, asked = (lambda: load_platforms(fresh[0])), (lambda: [*map(os.stat, files)])
    assert compare(lambda: seconds(again), lambda: seconds(asked)) < 4


def test_every_goal_is_of_a_benchmark_that_runs_and_is_told() -> None:
    assert set(GOALS) == set(benchmarks.__main__.NAMES)
    figures = {"ours": 90.0, "a SigV4 signature, times botocore": 1.6}

    assert [(one.what, one.goal and one.is_met) for one in judge_figures("signing", figures)] == [
        ("ours", None),
        ("a SigV4 signature, times botocore", False),
    ]
    with pytest.raises(KeyError, match="goals without a figure: a SigV4"):
        list(judge_figures("signing", {"ours": 90.0}))


def test_goals_in_seconds_are_judged_at_the_reference_speed_and_ratios_as_they_are() -> None:
    figures = {
        "a platform file, cold, ms": 3.9,
        "20 platform files, cached, times asking the disk": 3.1,
    }
    [cold, cached] = judge_figures("platforms", figures, slowdown=2)

    assert (cold.compared, cold.is_met) == (1.95, True)
    assert (cached.compared, cached.is_met) == (3.1, False)


def test_every_goal_has_a_name_in_each_language() -> None:
    assert [what for goals in GOALS.values() for what in goals if what not in OWN_NAMES] == []
    assert 0 < measure_slowdown() < 100
