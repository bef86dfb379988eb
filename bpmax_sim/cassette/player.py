"""Replaying one owner's exchanges: each identity in its recorded order, each exchange once."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from bpmax_sim.cassette import miss
from bpmax_sim.cassette.file import Cassette
from bpmax_sim.cassette.matching import Parts, Rules, identity, parts_of_exchange
from bpmax_sim.cassette.miss import MissContext
from bpmax_sim.cassette.playback import Playback, Turns
from bpmax_sim.errors import NoMatchError
from bpmax_sim.messages import Exchange, Outcome

_CAME = re.compile(r"\n  (?:response|failure):\n")


class Player:
    """Answers calls from a cassette; safe to use from several threads.

    Equal calls are answered in recorded order, so concurrent different calls never swap answers.
    """

    def __init__(  # noqa: PLR0913 - the ways to play
        self,
        cassette: Cassette | None,
        rules: Rules,
        owner: str,
        *,
        path: Path | str = "",
        repeat: bool = False,
        playback: Playback | None = None,
        session: int = 1,
    ) -> None:
        """Play what *owner* recorded.

        Without a *cassette*, *path* is where it would be. Keys that are under other *rules* are
        computed afresh, once. With *repeat*, a call that is used up gets its last answer again.
        *playback* is what the owner's sessions share, *session* the number of this one.
        """
        self._cassette = cassette
        self._rules = rules
        self._owner = owner
        self._path = str(cassette.path if cassette else path)
        self._repeat = repeat
        self._find = _finder(cassette, rules, owner) if cassette else _nowhere
        self._lock = threading.Lock()
        self._asked: dict[str, int] = {}
        self._playback = playback or Playback()
        # nothing in it refers back to this player, which goes away at once with its files
        self._turns = Turns(
            self._playback, session, self._find, partial(_part, cassette), partial(_same, cassette)
        )
        self._kept: dict[int, Outcome] = {}

    def __repr__(self) -> str:
        return (
            f"<Player of {self._path!r} for {self._owner!r}, {len(self._playback.played)} played>"
        )

    def knows(self, parts: Parts) -> bool:
        """Return whether this call was recorded at all, played or not."""
        return bool(self._find(identity(parts, self._rules)))

    def take(self, parts: Parts, context: MissContext = MissContext()) -> Exchange:  # noqa: B008
        """Return the next recorded exchange of the call *parts*.

        Raises:
            NoMatchError: if there is no cassette, no such call in it, or all were played.
            DamagedCassette: if the exchange is not what was recorded.
        """
        cassette, number = self._next(parts, context)
        return cassette.exchange(number)

    def answer(self, parts: Parts, context: MissContext = MissContext()) -> Outcome:  # noqa: B008
        """Return what came of the next recorded exchange of the call *parts*.

        Raises:
            NoMatchError: if there is no cassette, no such call in it, or all were played.
            DamagedCassette: if the exchange is not what was recorded.
        """
        cassette, number = self._next(parts, context)
        if not self._repeat:
            return cassette.outcome(number)
        kept = self._kept.get(number)
        if kept is None:
            kept = self._kept[number] = cassette.outcome(number)
        return kept

    def _next(self, parts: Parts, context: MissContext) -> tuple[Cassette, int]:
        key = identity(parts, self._rules)
        numbers = self._find(key)
        if not numbers or self._cassette is None:
            raise self._unknown(key, parts, context)
        with self._lock:
            turn = self._asked[key] = self._asked.get(key, 0) + 1
        if self._repeat:
            number = numbers[min(turn, len(numbers)) - 1]
            self._playback.played.add(number)
            return self._cassette, number
        found = self._turns.next(key)
        if found is None:
            places = [self._cassette.place(number) for number in numbers]
            lines = miss.played(parts, places, turn, self._owner, context)
            raise _error(parts, "already played", lines)
        return self._cassette, found

    def unplayed(self) -> tuple[Exchange, ...]:
        """Return what was recorded and not asked for, in the order of issue."""
        if self._cassette is None:
            return ()
        numbers = self._cassette.index.numbers(self._owner)
        return tuple(self._cassette.exchange(n) for n in numbers if n not in self._playback.played)

    def _unknown(self, key: str, parts: Parts, context: MissContext) -> NoMatchError:
        if self._cassette is None:
            return _error(parts, "no cassette", miss.no_cassette(parts, self._path, context))
        search = miss.Search(
            self._cassette, self._owner, self._rules, frozenset(self._playback.played)
        )
        return _error(parts, "no such call", miss.no_such_call(search, key, parts, context))


def _part(cassette: Cassette | None, number: int) -> int:
    """Return which of its owner's sessions recorded an exchange."""
    several = cassette is not None and cassette.head.several is True
    return cassette.line(number).session if cassette and several else 1


def _same(cassette: Cassette | None, one: int, other: int) -> bool:
    """Return whether two exchanges came to the same, word for word."""
    assert cassette is not None
    came = (_CAME.split(cassette.entry(number).text, maxsplit=1)[-1] for number in (one, other))
    return len(set(came)) == 1


def _error(parts: Parts, case: str, lines: list[str]) -> NoMatchError:
    text = "\n".join([f"{case}: {lines[0]}", *lines[1:]])
    return NoMatchError(text, platform=parts.platform, api=parts.api, case=case)


def _nowhere(_key: str) -> Sequence[int]:
    return ()


def _finder(cassette: Cassette, rules: Rules, owner: str) -> Callable[[str], Sequence[int]]:
    """Return what gives the exchanges of *owner* that have a key under *rules*."""
    head, index = cassette.head, cassette.index
    if head.rules == rules.digest and head.mixed is not True:
        return lambda key: index.find(owner, key)
    found: dict[str, list[int]] = {}
    for number in index.numbers(owner):
        line = cassette.line(number)
        key = line.key
        if (line.rules or head.rules) != rules.digest:
            key = identity(parts_of_exchange(cassette.exchange(number)), rules)
        found.setdefault(key, []).append(number)
    return lambda key: found.get(key, ())
