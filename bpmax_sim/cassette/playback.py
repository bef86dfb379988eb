"""Which recorded exchange answers a call, where several sessions of an owner play one recording.

What one session recorded is a part. A session plays the part of its own number, then one that no
other session plays, and then shares one: equal examples are recorded once. A part that turns out
not to go on as the session does is left for one that does. What no part has is played from
whatever is left, so that a recording of one session serves a test that opens two.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence

Numbers = Sequence[int]
Find = Callable[[str], Numbers]
PartOf = Callable[[int], int]
SameOutcome = Callable[[int, int], bool]


class Playback:
    """What was played of one owner's recording, by all its sessions.

    Attributes:
        lock: of everything here; two threads never get the same turn.
        played: the exchanges that were.
        players: how many sessions play each part.
        sessions: how many there were.
    """

    def __init__(self) -> None:
        """Start with nothing played."""
        self.lock = threading.Lock()
        self.played: set[int] = set()
        self.players: Counter[int] = Counter()
        self.sessions = 0

    def joined(self) -> int:
        """Return which session this one is, from 1."""
        with self.lock:
            self.sessions += 1
            return self.sessions


class Turns:
    """The turns of one session."""

    def __init__(
        self, playback: Playback, session: int, find: Find, part_of: PartOf, same: SameOutcome
    ) -> None:
        """Play as session number *session*.

        *find* returns the exchanges of a key, *part_of* the session that recorded one, and *same*
        whether two exchanges came to the same.
        """
        self._playback = playback
        self._session = session
        self._find = find
        self._part_of = part_of
        self._same = same
        self._part = 0
        self._asked: Counter[str] = Counter()  # of what its part has
        self._found: dict[str, dict[int, list[int]]] = {}

    def next(self, key: str) -> int | None:
        """Return the exchange that answers the next call *key*; None if none is left."""
        with self._playback.lock:
            number = self._of_part(key)
            if number is None:
                left = (n for n in self._find(key) if n not in self._playback.played)
                number = next(left, None)
            if number is not None:
                self._playback.played.add(number)
            return number

    def _of_part(self, key: str) -> int | None:
        self._asked[key] += 1
        part = next(self._fitting(key), None)
        if part is None:
            self._asked[key] -= 1
            return None
        if part != self._part:
            self._move_to(part)
        return self._numbers(key)[part][self._asked[key] - 1]

    def _fitting(self, key: str) -> Iterator[int]:
        """Yield the parts that have all that was asked for, the best one first."""
        if len(self._numbers(key).get(self._part, ())) >= self._asked[key]:
            yield self._part  # it has the rest, or it would not be played
            return
        fitting = [
            part
            for part in self._numbers(key)
            if all(len(self._numbers(k).get(part, ())) >= n for k, n in self._asked.items())
        ]
        yield from sorted(fitting, key=self._preference)

    def _preference(self, part: int) -> tuple[bool, bool, bool, int]:
        shared = self._playback.players[part] > 0
        return self._differs(part), shared, part != self._session, part

    def _differs(self, part: int) -> bool:
        """Return whether *part* would have answered otherwise so far."""
        return any(
            not self._same(was, now)
            for key, numbers in self._found.items()
            for was, now in zip(
                numbers.get(self._part, ())[: self._asked[key]], numbers.get(part, ()), strict=False
            )
        )

    def _move_to(self, part: int) -> None:
        """Play *part* from now on, as if it had been played all the time."""
        playback = self._playback
        playback.players[part] += 1
        if self._part:
            playback.players[self._part] -= 1
            so_far = [(k, n) for k, n in self._asked.items() if self._part in self._numbers(k)]
            if not playback.players[self._part]:
                for key, _ in so_far:
                    playback.played.difference_update(self._numbers(key)[self._part])
            for key, asked in so_far:
                playback.played.update(self._numbers(key).get(part, [])[:asked])
        self._part = part

    def _numbers(self, key: str) -> dict[int, list[int]]:
        """Return the exchanges of *key*, by part."""
        found = self._found.get(key)
        if found is None:
            found = self._found[key] = {}
            for number in self._find(key):
                found.setdefault(self._part_of(number), []).append(number)
        return found
