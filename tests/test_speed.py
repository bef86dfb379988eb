"""Only gross losses of speed fail here; `python -m benchmarks` has the figures.

Everything is processor time, the best of several rounds, beside a plain httpx call measured in the
same run, and allowed about twice what the benchmarks measure.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

import httpx
import pytest

import benchmarks.__main__
from benchmarks import platforms, scripts
from benchmarks.calls import multiplied, opened, playing, recorded
from benchmarks.goals import GOALS, judge_outcome
from bpmax_sim.platform.load import load_platforms
from bpmax_sim.script.failure import Script

WAITING = """
for (let wait = 1000, spent = 0; spent < 600000; spent += wait, wait *= 2)
  await new Promise((resolve) => setTimeout(resolve, wait));
"""


def best(work: Callable[[], object], *, rounds: int = 15, times: int = 20) -> float:
    """Return the seconds of processor time of one *work*, in the best of *rounds*."""
    taken = []
    for _ in range(rounds):
        begun = time.process_time()
        for _ in range(times):
            work()
        taken.append((time.process_time() - begun) / times)
    return min(taken)


@pytest.fixture(scope="module")
def floor() -> float:
    """Return the cost of an httpx call that only looks up its answer."""
    url, body = "https://crm.example.test/customers/1", b'{"name":"' + b"x" * 1000 + b'"}'
    transport = httpx.MockTransport(
        lambda request: {url: httpx.Response(200, content=body)}[str(request.url)]
    )
    with httpx.Client(transport=transport) as client:
        return best(lambda: client.get(url).json())


@pytest.fixture(scope="module")
def cassette(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a recording of one call."""
    return recorded(tmp_path_factory.mktemp("快慢"), 1)


def test_a_call_played_the_first_time_costs_less_than_two_plain_ones(
    cassette: Path, floor: float
) -> None:
    many = multiplied(cassette, 300)
    assert min(playing(many, range(300)) for _ in range(5)) / 1e6 < 2 * floor


def test_a_call_played_again_costs_less_than_a_plain_one(cassette: Path, floor: float) -> None:
    with opened(cassette, repeat=True) as session:
        crm = session.proxy("crm_system")
        assert best(lambda: crm.getCustomerDetail("0")) < floor


def test_a_session_with_a_login_and_one_call_costs_less_than_seven_plain_ones(
    cassette: Path, floor: float
) -> None:
    def short() -> None:
        with opened(cassette) as session:
            session.proxy("crm_system").getCustomerDetail("0")

    assert best(short) < 7 * floor


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
    small = min(taken for _ in range(20) for taken in stretches(few, 100))
    assert min(stretches(many, 3000)) < 1.6 * small


def test_ten_minutes_of_waiting_in_a_script_take_no_time(cassette: Path) -> None:
    with opened(cassette) as session:
        script = Script(WAITING, "耐心.js")
        assert best(lambda: session.run_script(script), rounds=5, times=2) < 0.1
        assert session.clock.now() > 1772413200 + 5 * 600


def test_recording_a_call_searched_for_secrets_costs_less_than_fifteen_plain_ones(
    tmp_path: Path, floor: float
) -> None:
    def seconds(number: int) -> float:
        begun = time.process_time()
        recorded(tmp_path / str(number), 40)
        return (time.process_time() - begun) / 40

    assert min(map(seconds, range(4))) < 15 * floor  # 50 of them when all was searched three times


def test_a_scenario_with_three_calls_costs_less_than_a_hundred_plain_ones(
    tmp_path: Path, floor: float
) -> None:
    path = scripts.written(tmp_path)
    item = scripts.read(path)
    scripts.play(item, mode="record")

    assert best(lambda: scripts.play(item), rounds=5, times=4) < 100 * floor
    assert best(lambda: scripts.read(path), rounds=5, times=4) < 20 * floor


def test_platform_files_load_fast_and_faster_again(tmp_path: Path, floor: float) -> None:
    fresh = [platforms.folder(tmp_path / str(number)) for number in range(4)]

    assert min(map(platforms.seconds, fresh)) / 20 < 12 * floor
    files = [str(path) for path in fresh[0].iterdir()]  # whether one changed is asked of the disk
    assert best(lambda: load_platforms(fresh[0])) < 2.5 * best(lambda: [*map(os.stat, files)])


def test_every_goal_is_of_a_benchmark_that_runs_and_is_told() -> None:
    assert set(GOALS) == set(benchmarks.__main__.NAMES)
    rows = list(judge_outcome("signing", {"ours": 90.0, "a SigV4 signature, times botocore": 1.6}))

    assert [(what, goal and goal.is_met(value)) for what, value, goal in rows] == [
        ("ours", None),
        ("a SigV4 signature, times botocore", False),
    ]
    with pytest.raises(KeyError, match="goals without a figure: a SigV4"):
        list(judge_outcome("signing", {"ours": 90.0}))
