"""Only gross losses of speed fail here; `python -m benchmarks` has the figures.

Everything is processor time, the best of several rounds, beside a plain httpx call measured in the
same run, and allowed at least three times what the benchmarks ask for.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from benchmarks.calls import multiplied, opened, playing, recorded
from bpmax_sim.script.source import Script

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


def test_a_call_played_the_first_time_costs_less_than_four_plain_ones(
    cassette: Path, floor: float
) -> None:
    many = multiplied(cassette, 300)
    assert min(playing(many, range(300)) for _ in range(5)) / 1e6 < 4 * floor


def test_a_call_played_again_costs_less_than_two_plain_ones(cassette: Path, floor: float) -> None:
    with opened(cassette, repeat=True) as session:
        crm = session.proxy("crm_system")
        assert best(lambda: crm.getCustomerDetail("0")) < 2 * floor


def test_a_session_with_a_login_and_one_call_costs_less_than_twenty_plain_ones(
    cassette: Path, floor: float
) -> None:
    def short() -> None:
        with opened(cassette) as session:
            session.proxy("crm_system").getCustomerDetail("0")

    assert best(short) < 20 * floor


def test_a_call_costs_the_same_among_many_recordings_as_among_few(cassette: Path) -> None:
    few, many = multiplied(cassette, 100), multiplied(cassette, 3000)
    small = min(playing(few, range(100)) for _ in range(20))
    assert min(playing(many, range(3000)) for _ in range(3)) < 1.6 * small


def test_ten_minutes_of_waiting_in_a_script_take_no_time(cassette: Path) -> None:
    with opened(cassette) as session:
        script = Script("耐心.js", WAITING)
        assert best(lambda: session.run_script(script), rounds=5, times=2) < 0.1
        assert session.clock.now() > 1772413200 + 5 * 600
