"""Time and randomness. Both are passed in everywhere: no other module reads the system's.

Instants are POSIX seconds (float, UTC); durations are seconds.
"""

from __future__ import annotations

import hashlib
import os
import random
import re
import secrets
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from itertools import count
from typing import Protocol

import msgspec
from msgspec.structs import replace

from bpmax_sim.i18n import join_messages, msg, plural

LONGEST = 1000 * 366 * 86_400
"""Seconds of the longest duration; no date that can be written is further away for a test."""

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_SECONDS = len("2026-03-02T09:00:00")
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
_HAS_ZONE = re.compile(r"(?:Z|[+-]\d{2}:?\d{2})$", re.IGNORECASE)


class Clock(Protocol):
    """A source of the current time; code never reads the system's clock itself."""

    def now(self) -> float:
        """Return the current instant in POSIX seconds."""
        ...


@dataclass(frozen=True, slots=True)
class SystemClock:
    """The real time of the machine, for live traffic; replay and simulation use `VirtualClock`."""

    def now(self) -> float:
        """Return the current instant in POSIX seconds."""
        return time.time()


@dataclass(slots=True)
class VirtualClock:
    """A clock that only moves when it is set, and never backwards.

    It also numbers the events that happen at the same instant.
    """

    instant: float = 0.0
    _ticks: Iterator[int] = field(default_factory=lambda: count(1), repr=False, compare=False)

    def now(self) -> float:
        """Return the current virtual instant in POSIX seconds."""
        return self.instant

    def advance(self, seconds: float) -> None:
        """Move forward by *seconds*."""
        self.move_to(self.instant + seconds)

    def move_to(self, instant: float) -> None:
        """Move forward to *instant*. An earlier instant is ignored."""
        self.instant = max(self.instant, instant)

    def next_seq(self) -> int:
        """Return the next sequence number, from 1.

        Events at the same instant are ordered by it.
        """
        return next(self._ticks)


@dataclass(frozen=True, slots=True)
class Instant:
    """A point in time in POSIX seconds, with the UTC offset in which it was written.

    The offset is kept so that the instant is printed in the time zone in which it was read.
    """

    seconds: float
    offset: timedelta = timedelta(0)

    @classmethod
    def parse(cls, text: str) -> Instant:
        """Read ISO 8601 with a zone, such as ``2026-03-02T09:00:00+08:00``.

        Raises:
            ValueError: if *text* is not an ISO 8601 date and time with a zone.
        """
        return cls(*_parse_seconds_and_offset(text))

    def at(self, seconds: float) -> Instant:
        """Return the instant *seconds* (POSIX time) in the time zone of this one."""
        return Instant(seconds, self.offset)

    def __str__(self) -> str:
        """Return ISO 8601 with milliseconds and the zone."""
        millis = round(self.seconds * 1000)
        text = _format_second(millis // 1000, self.offset)
        return f"{text[:_SECONDS]}.{millis % 1000:03}{text[_SECONDS:]}"


@lru_cache(maxsize=64)  # the scenarios of a project start at the same few
def _parse_seconds_and_offset(text: str) -> tuple[float, timedelta]:
    if not _HAS_ZONE.search(text):
        message = msg(
            "{text!r} is not an ISO 8601 time with a zone, such as 2026-03-02T09:00:00+08:00",
            text=text,
        )
        raise ValueError(message)
    moment = datetime.fromisoformat(text.upper())  # which knows no small z
    return moment.timestamp(), moment.utcoffset() or timedelta(0)


@lru_cache(maxsize=64)  # many things happen within one second
def _format_second(seconds: int, offset: timedelta) -> str:
    return datetime.fromtimestamp(seconds, timezone(offset)).isoformat()


def parse_duration(text: str | float) -> float:
    """Return the seconds of ``30s``, ``1m30s``, ``250ms``, ``2h`` or a plain number of seconds.

    Raises:
        ValueError: if *text* is none of these, or longer than `LONGEST`.
    """
    if isinstance(text, int | float):
        return _refuse_too_long(text, text)
    if _DURATION.sub("", text) or not text:
        message = msg("{text!r} is not a duration such as 30s, 1m30s or 250ms", text=text)
        raise ValueError(message)
    return _refuse_too_long(
        sum(float(n) * _UNITS[unit] for n, unit in _DURATION.findall(text)), text
    )


def format_parsable_duration(seconds: float) -> str:
    """Return *seconds* as `parse_duration` reads them: ``1h30m``, ``300ms``."""
    left, text = round(seconds * 1000), ""
    for unit, size in (("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)):
        count, left = divmod(left, size)
        text += f"{count}{unit}" if count else ""
    return text or "0s"


def describe_duration(seconds: float) -> str:
    """Return *seconds* for a reader, in at most two units: ``13 ms``, ``31.003 s``, ``2 days``."""
    millis = round(seconds * 1000)  # first, or 0.9996 would be 1000 ms
    if millis < 1000:  # noqa: PLR2004 - a second
        return msg("{ms:.0f} ms", ms=millis)
    if millis < 60_000:  # noqa: PLR2004 - a minute
        return msg("{seconds:g} s", seconds=millis / 1000)
    minutes, rest = divmod(millis // 1000, 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    units = (
        (days, plural(days, "{number} day", "{number} days")),
        (hours, plural(hours, "{number} hour", "{number} hours")),
        (minutes, plural(minutes, "{number} minute", "{number} minutes")),
        (rest, plural(rest, "{number} second", "{number} seconds")),
    )
    first = next(n for n, (count, _) in enumerate(units) if count)
    return join_messages(" ", [text for count, text in units[first : first + 2] if count])


def _refuse_too_long(seconds: float, text: str | float) -> float:
    if not abs(seconds) <= LONGEST:
        message = msg("{text!r} is not a duration of at most 1000 years", text=text)
        raise ValueError(message)
    return float(seconds)


class RandomSource(Protocol):
    """A source of random bytes, so that values such as nonces can be repeated in replay."""

    def bytes(self, count: int) -> bytes:
        """Return *count* random bytes."""
        ...


@dataclass(frozen=True, slots=True)
class SystemRandomSource:
    """The operating system's random source, for live traffic.

    Seeded values would repeat in each run, and third parties reject a nonce that they have seen.
    """

    def bytes(self, count: int) -> bytes:
        """Return *count* random bytes."""
        return secrets.token_bytes(count)


class FreshSeedSource:
    """Seeds for random values that must differ from those of every earlier run.

    They are used when live systems are called, because a third party rejects a nonce or an
    idempotency key that it has seen. One seed is drawn for the whole run. The seed of an owner
    (scenario, row or test) is a digest of it, so that, with workers of pytest-xdist, an owner's
    seed does not depend on which worker runs it: they share the id of the run.
    """

    def __init__(self, run: str = "") -> None:
        """Use the id *run* as seed of the run; without one, draw it."""
        self._run = run or secrets.token_hex(16)
        self._times: dict[str, Iterator[int]] = {}

    def next_seed(self, owner: str) -> int:
        """Return a new seed for *owner*, a scenario, row or test.

        Each call returns another one, the same ones in each worker.
        """
        time = next(self._times.setdefault(owner, count(1)))
        digest = hashlib.sha256(f"{self._run}/{time}/{owner}".encode("utf-8", "surrogatepass"))
        # 48 bits, which readers of JSON that keep numbers as doubles read exactly. Plus one: 0 is
        # the seed of runs that only simulators answer.
        return int.from_bytes(digest.digest()[:6]) + 1


_seeds = [FreshSeedSource(os.environ.get("PYTEST_XDIST_TESTRUNUID", ""))]


def make_fresh_seed(owner: str) -> int:
    """Return a seed for *owner* (scenario, row or test) that no earlier run or call has used."""
    return _seeds[-1].next_seed(owner)


def _reseed_forked_child() -> None:
    _seeds.append(FreshSeedSource())  # its siblings go on from the same state


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_reseed_forked_child)


class SeededRandomSource:
    """A pseudorandom source: equal seeds yield equal bytes on every machine and Python version."""

    def __init__(self, seed: int) -> None:
        """Start the sequence of *seed*."""
        self._seed = seed
        self._random: random.Random | None = None

    def bytes(self, count: int) -> bytes:
        """Return the next *count* bytes of the sequence."""
        if self._random is None:  # not before it is needed: most sessions draw nothing
            self._random = random.Random(self._seed)  # noqa: S311 - repeatable on purpose
        return self._random.randbytes(count)


SeedRanges = tuple[tuple[int, int | None], ...]
"""Seeds of one sequence, each with how much of the sequence is drawn before the next one counts."""


class RandomSequenceSeeds(msgspec.Struct, frozen=True):
    """The seeds from which one owner's random values are drawn, as stored in a cassette.

    An owner (scenario, row or test) has several sequences of random values, such as one for each
    script. Each time that a recording is extended by a further run, a seed is added, so that new
    values differ from the recorded ones. Replay has to draw from the first seed as often as it was
    drawn from while recording, and then from the next one.

    Attributes:
        seeds: first seed, and one for each extension of the recording.
        ends: name of a sequence -> for each seed, how many values had been drawn from the sequence
            when the next seed took over. It lacks sequences from which nothing was drawn.
    """

    seeds: tuple[int, ...]
    ends: Mapping[str, tuple[int, ...]] = {}

    def get_seeds_with_draw_ends(self, sequence: str) -> SeedRanges:
        """Return pairs: a seed of *sequence*, and the number of draws at which the next takes over.

        The number counts all draws from the sequence since the beginning; in the last pair it is
        None. A sequence has several seeds if several runs recorded.
        """
        return tuple(zip(self.seeds, (*self._find_draws_at_seed_ends(sequence), None), strict=True))

    def with_draw_count(self, sequence: str, drawn: int) -> RandomSequenceSeeds:
        """Return a copy in which *sequence* was drawn from *drawn* times.

        A lower number changes nothing.
        """
        before = self._find_draws_at_seed_ends(sequence)
        if before and drawn <= before[-1]:
            return self
        last = max(drawn, *self.ends.get(sequence, ()), 0)
        return replace(self, ends={**self.ends, sequence: (*before, last)})

    def merge_if_extension(self, other: RandomSequenceSeeds) -> RandomSequenceSeeds:
        """Return the union if *other* extends these seeds with further ones, else this object.

        So seeds of a recording that was started anew, from another first seed, are never mixed in.
        """
        if other == self or other.seeds[: len(self.seeds)] != self.seeds:
            return self
        known = {n: max(self.ends.get(n, ()), ends) for n, ends in other.ends.items()}
        return RandomSequenceSeeds(other.seeds, {**self.ends, **known})

    def without_unused_seed(self) -> RandomSequenceSeeds:
        """Return a copy without the last seed if no sequence was drawn from while it was in force.

        A run that extends a recording adds a seed before it is known whether any script draws a
        value.
        """
        is_used = any(len(ends) == len(self.seeds) for ends in self.ends.values())
        return self if is_used or len(self.seeds) == 1 else replace(self, seeds=self.seeds[:-1])

    def _find_draws_at_seed_ends(self, sequence: str) -> tuple[int, ...]:
        """Return the number of draws at which each seed of *sequence* except the last ends.

        A seed without a recorded end yielded no values, so it ends where the seed before it ends.
        """
        ends = self.ends.get(sequence, ())[: len(self.seeds) - 1]
        return (*ends, *(ends[-1:] or (0,)) * (len(self.seeds) - 1 - len(ends)))


class MultiSeedRandomSource:
    """The random bytes of one sequence, drawn from each of its seeds in turn.

    It reports the number of draws after each draw, because recordings store after how many draws
    the next seed takes over (`RandomSequenceSeeds`).
    """

    def __init__(self, seeds: Callable[[], SeedRanges], on_draw: Callable[[int], None]) -> None:
        """Call *seeds* at the first draw for seeds with ends, and *on_draw* with each count."""
        self._seeds, self._on_draw = seeds, on_draw
        self._left: list[tuple[int, int | None]] = []
        self._end: int | None = 0
        self._chance = SeededRandomSource(0)
        self._drawn = 0

    def bytes(self, count: int) -> bytes:
        """Return the next *count* bytes of the sequence."""
        if not self._drawn:
            self._left = [*self._seeds()]
        while self._end is not None and self._end <= self._drawn:
            seed, self._end = self._left.pop(0)
            self._chance = SeededRandomSource(seed)
        self._drawn += 1
        self._on_draw(self._drawn)
        return self._chance.bytes(count)


def make_uuid(random_source: RandomSource) -> str:
    """Return a version 4 UUID (RFC 9562)."""
    return str(uuid.UUID(bytes=random_source.bytes(16), version=4))
