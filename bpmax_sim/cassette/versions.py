"""Files of older formats: one small step from each version to the next, ending at today's.

A version is never given up: its step stays, and so does a sample of it beside the tests.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from bpmax_sim.cassette.model import FORMAT

Step = Callable[[bytes], bytes]

STEPS: Final[Mapping[int, Step]] = MappingProxyType({})
"""What makes a whole file of one version, with LF line ends, into the same of the next version."""


def up_to_date(
    data: bytes, version: int, *, steps: Mapping[int, Step] = STEPS, newest: int = FORMAT
) -> bytes:
    """Return *data*, a file of *version*, as today's version would have written it.

    Raises:
        LookupError: if it is of a version that was never written.
    """
    for number in range(version, newest):
        if number not in steps:
            raise LookupError(f"format {number} was never written by any bpmax-sim")
        data = steps[number](data)
    return data
