"""By day no test may take more than five seconds, its processes included, without a reason.

Seconds of processors are counted, as those of a clock would blame a test for what else runs. The
five are those of a quiet machine: processors that share a core take up to twice as many.
"""

from __future__ import annotations

import resource
from collections.abc import Generator

import pytest

from tests.pace import slowness

SECONDS = 5.0
SHARED = 2.0
"""How many times longer a test takes while others run on the same cores."""


def spent() -> float:
    """Return the seconds of processors that this process took, and those of its children."""
    both = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in both)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Let a test fail that passed but took too long."""
    before = spent()
    result = yield
    took = spent() - before
    allowed = SECONDS * SHARED
    if took > allowed and took > allowed * slowness() and not any(item.iter_markers("long")):
        pytest.fail(
            f"took {took:.1f} s of processors, {SECONDS:g} allowed by day: make it cheaper, leave "
            "it to the night (`night`), or give the reason (`long`)",
            pytrace=False,
        )
    return result
