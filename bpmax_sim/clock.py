"""Time and chance, injected everywhere: nothing else in the package reads the system's.

Instants are POSIX seconds (float, UTC); durations are seconds.
"""

from __future__ import annotations

import random
import re
import secrets
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from itertools import count
from typing import Protocol

from bpmax_sim.i18n import msg

LONGEST = 1000 * 366 * 86_400
"""Seconds of the longest duration; no date that can be written is further away for a test."""

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_SECONDS = len("2026-03-02T09:00:00")
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
_HAS_ZONE = re.compile(r"(?:Z|[+-]\d{2}:?\d{2})$", re.IGNORECASE)


class Clock(Protocol):
    """Where an instant comes from."""

    def now(self) -> float:
        """Return the current instant in POSIX seconds."""
        ...


class Timeline(Clock, Protocol):
    """A clock that also knows in which order things happen at one and the same instant."""

    def tick(self) -> int:
        """Return the next number of that order, from 1."""
        ...


@dataclass(frozen=True, slots=True)
class SystemClock:
    """The machine's clock."""

    def now(self) -> float:
        """Return the current instant in POSIX seconds."""
        return time.time()


@dataclass(slots=True)
class VirtualClock:
    """A clock that moves only when told to; it never goes back."""

    instant: float = 0.0
    _ticks: Iterator[int] = field(default_factory=lambda: count(1), repr=False, compare=False)

    def now(self) -> float:
        """Return the current virtual instant in POSIX seconds."""
        return self.instant

    def advance(self, seconds: float) -> None:
        """Move forward by *seconds*."""
        self.move_to(self.instant + seconds)

    def move_to(self, instant: float) -> None:
        """Move forward to *instant*; an earlier one is ignored, time does not go back."""
        self.instant = max(self.instant, instant)

    def tick(self) -> int:
        """Return the next number of the order in which things happen, from 1."""
        return next(self._ticks)


@dataclass(frozen=True, slots=True)
class Instant:
    """An instant with the zone it was written in, so that it prints as it was read."""

    seconds: float
    offset: timedelta = timedelta(0)

    @classmethod
    def parse(cls, text: str) -> Instant:
        """Read ISO 8601 with a zone, such as ``2026-03-02T09:00:00+08:00``.

        Raises:
            ValueError: if *text* is not an ISO 8601 date and time with a zone.
        """
        return cls(*_parsed(text))

    def at(self, seconds: float) -> Instant:
        """Return another instant in the same zone."""
        return Instant(seconds, self.offset)

    def __str__(self) -> str:
        """Return ISO 8601 with milliseconds and the zone."""
        millis = round(self.seconds * 1000)
        text = _to_the_second(millis // 1000, self.offset)
        return f"{text[:_SECONDS]}.{millis % 1000:03}{text[_SECONDS:]}"


@lru_cache(maxsize=64)  # the scenarios of a project start at the same few
def _parsed(text: str) -> tuple[float, timedelta]:
    if not _HAS_ZONE.search(text):
        message = msg(
            "{text!r} is not an ISO 8601 time with a zone, such as 2026-03-02T09:00:00+08:00",
            text=text,
        )
        raise ValueError(message)
    moment = datetime.fromisoformat(text)
    return moment.timestamp(), moment.utcoffset() or timedelta(0)


@lru_cache(maxsize=64)  # many things happen within one second
def _to_the_second(seconds: int, offset: timedelta) -> str:
    return datetime.fromtimestamp(seconds, timezone(offset)).isoformat()


def parse_duration(text: str | float) -> float:
    """Return the seconds of ``30s``, ``1m30s``, ``250ms``, ``2h`` or a plain number of seconds.

    Raises:
        ValueError: if *text* is none of these, or longer than `LONGEST`.
    """
    if isinstance(text, int | float):
        return _bounded(text, text)
    if _DURATION.sub("", text) or not text:
        message = msg("{text!r} is not a duration such as 30s, 1m30s or 250ms", text=text)
        raise ValueError(message)
    return _bounded(sum(float(n) * _UNITS[unit] for n, unit in _DURATION.findall(text)), text)


def format_duration(seconds: float) -> str:
    """Return *seconds* as `parse_duration` reads them: ``1h30m``, ``300ms``."""
    left, text = round(seconds * 1000), ""
    for unit, size in (("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)):
        count, left = divmod(left, size)
        text += f"{count}{unit}" if count else ""
    return text or "0s"


def _bounded(seconds: float, text: str | float) -> float:
    if not abs(seconds) <= LONGEST:
        message = msg("{text!r} is not a duration of at most 1000 years", text=text)
        raise ValueError(message)
    return float(seconds)


class Chance(Protocol):
    """Where random bytes come from."""

    def bytes(self, count: int) -> bytes:
        """Return *count* random bytes."""
        ...


@dataclass(frozen=True, slots=True)
class SystemChance:
    """The operating system's source; for live traffic, where a repeated nonce is refused."""

    def bytes(self, count: int) -> bytes:
        """Return *count* random bytes."""
        return secrets.token_bytes(count)


def drawn_seed() -> int:
    """Return a seed that nobody has used, for what a live system is to tell apart."""
    return secrets.randbits(48) + 1


class SeededChance:
    """The same bytes for the same seed, on every machine and Python version."""

    def __init__(self, seed: int) -> None:
        """Start the sequence of *seed*."""
        self._seed = seed
        self._random: random.Random | None = None

    def bytes(self, count: int) -> bytes:
        """Return the next *count* bytes of the sequence."""
        if self._random is None:  # not before it is needed: most sessions draw nothing
            self._random = random.Random(self._seed)  # noqa: S311 - repeatable on purpose
        return self._random.randbytes(count)


class LazyChance:
    """A sequence whose seed is asked for once it is needed."""

    def __init__(self, seed: Callable[[], int]) -> None:
        """Ask *seed* at the first draw."""
        self._seed = seed
        self._chance: SeededChance | None = None

    def bytes(self, count: int) -> bytes:
        """Return the next *count* bytes of the sequence."""
        if self._chance is None:
            self._chance = SeededChance(self._seed())
        return self._chance.bytes(count)


def nonce(chance: Chance, *, length: int = 32) -> str:
    """Return *length* lower-case hexadecimal digits."""
    return chance.bytes((length + 1) // 2).hex()[:length]


def new_uuid(chance: Chance) -> str:
    """Return a version 4 UUID (RFC 9562)."""
    return str(uuid.UUID(bytes=chance.bytes(16), version=4))
