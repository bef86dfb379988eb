"""Split items into shards of like duration: the same items and durations give the same split.

Longest first, each to the shard that has least to do (Graham's LPT rule), so that no shard takes
more than the least loaded one and one item.
"""

from __future__ import annotations

import heapq
import math
import re
from collections.abc import Iterable, Mapping
from statistics import median
from typing import Any, Self

import msgspec

_WRITTEN = re.compile(r"([0-9]{1,6})/([0-9]{1,6})")
_UNKNOWN = 1.0
"""Seconds of every item, where nothing is known of any."""


class Shard(msgspec.Struct, frozen=True):
    """Which of how many shards, from 1."""

    number: int
    total: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the shard that ``3/8`` means.

        Raises:
            ValueError: if it is not of that form, or there is no such shard.
        """
        found = _WRITTEN.fullmatch(text.strip())
        if found is None:
            raise ValueError(f"expected a shard of all, such as 3/8, got {text!r}")
        shard = cls(int(found[1]), int(found[2]))
        if not 1 <= shard.number <= shard.total:
            raise ValueError(f"expected a shard from 1/{shard.total} on, got {text!r}")
        return shard

    def __str__(self) -> str:
        """Return ``3/8``."""
        return f"{self.number}/{self.total}"

    def among(self, keys: Iterable[str], seconds: Mapping[str, Any]) -> frozenset[str]:
        """Return those of *keys* that are in this shard."""
        split = assigned(keys, seconds, self.total)
        return frozenset(key for key, number in split.items() if number == self.number)


def assigned(keys: Iterable[str], seconds: Mapping[str, Any], total: int) -> dict[str, int]:
    """Return the shard, from 1, of each of *keys*; every one is in exactly one.

    Args:
        keys: of the items; their order does not matter.
        seconds: what each took; what is no positive number counts as unknown, and what is unknown
            as the median of the known.
        total: how many shards there are.
    """
    every = sorted(set(keys))
    known = {key: float(seconds[key]) for key in every if _is_known(seconds.get(key))}
    usual = median(known.values()) if known else _UNKNOWN
    weighed = sorted((-known.get(key, usual), key) for key in every)
    loads = [(0.0, number) for number in range(1, total + 1)]
    found: dict[str, int] = {}
    for weight, key in weighed:
        load, number = loads[0]
        heapq.heapreplace(loads, (load - weight, number))
        found[key] = number
    return found


def _is_known(value: Any) -> bool:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number and math.isfinite(value) and 0 < value < _MOST


_MOST = 1e9
"""Nothing takes thirty years; a larger number would swallow all others."""
