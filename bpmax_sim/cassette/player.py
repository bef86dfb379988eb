"""Replay one owner's exchanges: equal calls in recorded order, each exchange at most once.

Several sessions of one owner may replay one recording. The exchanges of one recorded session form a
part. A session plays the part with its own number if possible, else a part that no other session
plays, else it shares one, since equal sessions are recorded only once. A session leaves its part
when that does not continue as the session does. Calls that no part has are answered from whatever
exchanges with the same key are left.
"""

from __future__ import annotations

import re
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from bpmax_sim.cassette import miss
from bpmax_sim.cassette.file import Cassette
from bpmax_sim.cassette.matching import (
    MatchingRules,
    RequestParts,
    compute_matching_key,
    exchange_to_parts,
)
from bpmax_sim.cassette.miss import UnmatchedCallContext
from bpmax_sim.errors import CassetteError, NoMatchError
from bpmax_sim.i18n import join_messages, label_message, msg
from bpmax_sim.messages import LOGIN, Exchange, Outcome, Pairs

FindExchangeNumbers = Callable[[str], Sequence[int]]


class OwnerPlayback:
    """What all sessions of a scenario, row or test have replayed so far; they share one recording.

    Attributes:
        lock: guards all attributes; two threads never get the same exchange.
        played: numbers of the exchanges already replayed.
        players: recorded session -> number of sessions that replay it now.
        sessions: number of sessions opened so far.
    """

    def __init__(self) -> None:
        """Start with nothing played."""
        self.lock = threading.Lock()
        self.played: set[int] = set()
        self.players: dict[int, int] = defaultdict(int)
        self.sessions = 0

    def take_next_session_number(self) -> int:
        """Return the number of the owner's next session, from 1, and count it as opened.

        The owner is a scenario, row or test.
        """
        with self.lock:
            self.sessions += 1
            return self.sessions


class SessionPlayOrder:
    """Which recorded exchange answers each call of one session, if several sessions share a file.

    A *part* is what one recorded session left in the file. Calls are answered from one part as long
    as it has what is asked for, so that responses of two sessions are not mixed. Which part it is
    cannot be known at the first call, as sessions may start in another order than recorded: it
    starts with the session of the same number, and moves to another part when that alone has all
    calls made so far (`_switch_to_recorded_session`). If no part fits any more, whatever is left of
    the same key is used, and nothing is refused for the order alone.

    Of equal calls whose headers differ, which are no part of the key, the one that was recorded
    with the headers of the call answers it (`_prefer_same_headers`).

    Attributes kept: `_counts` is how often each key was asked for, `_located` the exchanges of a
    key by part, in recorded order, `_telling` those with headers that not all of a key have, by
    header, and `_taken` which of the part were played, where that is not the recorded order.
    """

    def __init__(
        self, playback: OwnerPlayback, session: int, find: FindExchangeNumbers, cassette: Cassette
    ) -> None:
        """Play as session number *session* of the owner.

        Args:
            playback: what all sessions of the owner have played so far.
            session: number of this session, from 1.
            find: returns the numbers of the owner's exchanges with a matching key.
            cassette: file with these exchanges.
        """
        self._playback = playback
        self._session = session
        self._find = find
        self._cassette = cassette
        # 0 is no recorded session, they count from 1: the first call chooses one.
        self._part = 0
        self._counts: dict[str, int] = defaultdict(int)  # of what its part has
        self._located: dict[str, dict[int, list[int]]] = {}
        self._telling: dict[str, dict[tuple[str, str], set[int]]] = {}
        self._taken: dict[str, set[int]] = {}

    def take_next_number(self, key: str, headers: Pairs = ()) -> int | None:
        """Return the number of the exchange that answers the next call with *key*.

        None if none is left. *headers* are those of the call that are no part of the key.
        """
        with self._playback.lock:
            # Counted before the choice, since a part fits only if it has this call as well.
            self._counts[key] += 1
            part = self._choose_recorded_session(key)
            if part is None:
                self._counts[key] -= 1
                left = [n for n in self._find(key) if n not in self._playback.played]
                number = self._prefer_same_headers(key, left, headers) if left else None
            else:
                is_first = self._part in {0, part}
                if part != self._part:
                    self._switch_to_recorded_session(part)
                number = self._take_number_of_part(key, headers if is_first else ())
            if number is not None:
                self._playback.played.add(number)
            return number

    def _take_number_of_part(self, key: str, headers: Pairs) -> int:
        """Return the exchange of the current part that answers the call counted last.

        Without *headers*, it is the one whose turn it is in recorded order.
        """
        numbers, turn = self._group_numbers_by_session(key)[self._part], self._counts[key] - 1
        # What was taken out of turn is not taken once more, also by a call without headers.
        is_in_turn = key not in self._taken and not (headers and self._find_telling_headers(key))
        if is_in_turn:
            return numbers[turn]
        taken = self._taken.setdefault(key, {*numbers[:turn]})
        number = self._prefer_same_headers(key, [n for n in numbers if n not in taken], headers)
        taken.add(number)
        return number

    def _prefer_same_headers(self, key: str, left: Sequence[int], headers: Pairs) -> int:
        """Return which exchange of *left*, all with *key*, has most of *headers*; else the first.

        So one user does not get the response to another, in whatever order they call.
        """
        telling = self._find_telling_headers(key) if headers and len(left) > 1 else {}
        sent = dict.fromkeys((name.lower(), value) for name, value in headers) if telling else {}
        having = [telling[pair] for pair in sent if pair in telling]
        if not having:
            return left[0]
        # mostly one of the first has all of them
        whole = next((n for n in left if all(n in numbers for numbers in having)), None)
        if whole is not None:
            return whole
        return max(left, key=lambda number: sum(number in numbers for numbers in having))

    def _find_telling_headers(self, key: str) -> dict[tuple[str, str], set[int]]:
        """Return the request headers that some exchanges with *key* have, but not all.

        They are by name and value, with the numbers of the exchanges.
        """
        telling = self._telling.get(key)
        if telling is None:
            numbers, having = self._find(key), dict[tuple[str, str], set[int]]()
            for number in numbers:
                for name, value in self._cassette.exchange(number).request.headers:
                    having.setdefault((name.lower(), value), set()).add(number)
            telling = {pair: some for pair, some in having.items() if len(some) < len(numbers)}
            self._telling[key] = telling
        return telling

    def _choose_recorded_session(self, key: str) -> int | None:
        """Return the number of the recorded session to answer from; None if none fits any more.

        It has to have all exchanges that were asked for so far, including the one with *key*.
        """
        if len(self._group_numbers_by_session(key).get(self._part, ())) >= self._counts[key]:
            return self._part  # it has the rest, or it would not be played
        fitting = [
            part
            for part in self._group_numbers_by_session(key)
            if all(
                len(self._group_numbers_by_session(k).get(part, ())) >= n
                for k, n in self._counts.items()
            )
        ]
        return (
            min(fitting, key=self._rank_recorded_session)
            if len(fitting) > 1
            else next(iter(fitting), None)
        )

    def _rank_recorded_session(self, recorded_session: int) -> tuple[bool, bool, bool, int]:
        """Return the sort key of *recorded_session*; the session with the smallest key is played.

        Preferred are recorded sessions that would have answered all calls so far as they were
        answered; of these, those that no other session replays now; of these, the one with the
        number of this session; of the rest, the lowest number.
        """
        differs = any(
            self._read_outcome_text(was) != self._read_outcome_text(now)
            for key, numbers in self._located.items()
            for was, now in zip(
                numbers.get(self._part, ())[: self._counts[key]],
                numbers.get(recorded_session, ()),
                strict=False,
            )
        )
        return (
            differs,
            self._playback.players[recorded_session] > 0,
            recorded_session != self._session,
            recorded_session,
        )

    def _read_outcome_text(self, number: int) -> str:
        """Return the recorded text of the response or failure of exchange *number*."""
        return _OUTCOME.split(self._cassette.entry(number).text, maxsplit=1)[-1]

    def _switch_to_recorded_session(self, recorded_session: int) -> None:
        """Play *recorded_session* from now on, as if it had been played from the beginning.

        Exchanges played from the recorded session before become available again, unless another
        session plays that one too. Of each key, as many exchanges of the new one count as played as
        have been asked for.
        """
        playback = self._playback
        self._taken.clear()
        playback.players[recorded_session] += 1
        if self._part:
            playback.players[self._part] -= 1
            so_far = [
                (k, n)
                for k, n in self._counts.items()
                if self._part in self._group_numbers_by_session(k)
            ]
            # Another session that plays the old part still needs what was played of it to stay so.
            if not playback.players[self._part]:
                for key, _ in so_far:
                    playback.played.difference_update(
                        self._group_numbers_by_session(key)[self._part]
                    )
            for key, count in so_far:
                playback.played.update(
                    self._group_numbers_by_session(key).get(recorded_session, [])[:count]
                )
        self._part = recorded_session

    def _group_numbers_by_session(self, key: str) -> dict[int, list[int]]:
        """Return the numbers of the exchanges with *key*, by number of the recorded session."""
        numbers = self._located.get(key)
        if numbers is None:
            numbers = self._located[key] = {}
            several = self._cassette.head.several is True
            for number in self._find(key):
                # Only files of several sessions tell parts apart; others are part 1 as a whole.
                part = self._cassette.line(number).session if several else 1
                numbers.setdefault(part, []).append(number)
        return numbers


_OUTCOME = re.compile(r"\n  (?:response|failure):\n")


class Player:
    """Finds the recorded response to each call of one owner, which is a scenario, row or test.

    It is safe to use from several threads. Equal calls are answered in recorded order, so
    concurrent different calls never swap responses.
    """

    def __init__(  # noqa: PLR0913 - the ways to play
        self,
        cassette: Cassette | None,
        rules: MatchingRules,
        owner: str,
        *,
        path: Path | str = "",
        repeat: bool = False,
        playback: OwnerPlayback | None = None,
        session: int = 1,
    ) -> None:
        """Replay what *owner* recorded.

        Without a *cassette*, *path* is where it was expected. If the recorded keys were computed
        under other *rules*, they are recomputed once. With *repeat*, a call whose exchanges are all
        played gets the last response again. *playback* is shared by the owner's sessions, *session*
        is the number of this one.
        """
        self._cassette = cassette
        self._rules = rules
        self._owner = owner
        self._path = str(cassette.path if cassette else path)
        self._repeat = repeat
        self._lock = threading.Lock()
        self._counts: dict[str, int] = {}
        self._playback = playback or OwnerPlayback()
        self._find: FindExchangeNumbers = lambda _key: ()
        self._turns: SessionPlayOrder | None = None
        self._earlier_keys: dict[str, tuple[str, ...]] = {}  # under earlier names
        if cassette:
            self._find = _with_former_keys(
                _make_exchange_number_lookup(cassette, rules, owner), cassette, self._earlier_keys
            )
            # nothing in it refers back to this player, which goes away at once with its files
            self._turns = SessionPlayOrder(self._playback, session, self._find, cassette)
        self._cached: dict[int, Outcome] = {}
        self._latest: tuple[RequestParts | None, str] = (
            None,
            "",
        )  # which may be asked for again at once

    def __repr__(self) -> str:
        return (
            f"<Player of {self._path!r} for {self._owner!r}, {len(self._playback.played)} played>"
        )

    def is_recorded(self, parts: RequestParts) -> bool:
        """Return whether the call *parts* was recorded, whether played already or not."""
        return bool(self._find(self._compute_key(parts)))

    def load_outcome(self, cassette: Cassette, number: int) -> Outcome:
        """Return the response or failure of exchange *number*, which `take_next` returned.

        Raises:
            DamagedCassette: if its text differs from what was recorded.
        """
        if not self._repeat:
            return cassette.outcome(number)
        if number not in self._cached:
            self._cached[number] = cassette.outcome(number)
        return self._cached[number]

    def take_next(
        self, parts: RequestParts, context: UnmatchedCallContext, headers: Pairs = ()
    ) -> tuple[Cassette, int]:
        """Return the cassette and the number of the exchange that answers the call *parts*.

        The exchange counts as played from now on. *context* is for the message of an error. Of
        several equal calls, the first that was recorded with *headers* is preferred.

        Raises:
            NoMatchError: if there is no cassette, no such call in it, or all of them were played.
        """
        key = self._compute_key(parts)
        numbers = self._find(key)
        if not numbers or self._cassette is None or self._turns is None:
            raise self._make_unknown_call_error(key, parts, context)
        with self._lock:
            turn = self._counts[key] = self._counts.get(key, 0) + 1
        if self._repeat:
            number = numbers[min(turn, len(numbers)) - 1]
            self._playback.played.add(number)
            return self._cassette, number
        upcoming = self._turns.take_next_number(key, headers)
        if upcoming is None:
            places = [str(self._cassette.place(number)) for number in numbers]
            lines = miss.explain_already_played(parts, places, turn, self._owner, context)
            lines += self._find_in_review_file(key, turn)
            raise _make_no_match_error(parts, msg("already played"), lines)
        return self._cassette, upcoming

    def take_nearest_for_unrecorded(self, parts: RequestParts) -> tuple[Cassette, int] | None:
        """Take the unplayed exchange that is most similar to *parts*, a call that was not recorded.

        It counts as replayed from now on. None if the call was recorded, or nothing similar is
        left.
        """
        cassette = self._cassette
        if cassette is None or self.find_exchange_numbers(parts):
            return None
        with self._playback.lock:
            played = self._playback.played
            search = miss.NearestSearch(cassette, self._owner, self._rules, frozenset(played))
            near = miss.find_nearest(search, parts, only_unplayed=True)
            if near is None:
                return None
            played.add(near.number)
        return cassette, near.number

    def find_exchange_numbers(self, parts: RequestParts) -> Sequence[int]:
        """Return the numbers of all exchanges of the call *parts*."""
        return self._find(self._compute_key(parts))

    def _compute_key(self, parts: RequestParts) -> str:
        """Return the matching key of *parts*; it is kept until it is asked for other parts.

        Keys that the call has under earlier names of its API are noted, so that exchanges with
        these are found, too.
        """
        latest = self._latest
        if latest[0] is not parts:
            rules = self._rules
            latest = self._latest = (parts, compute_matching_key(parts, rules))
            forms = rules.rename_to_each_former_name(parts)
            if earlier := [compute_matching_key(form, rules) for form in forms]:
                self._earlier_keys[latest[1]] = tuple(earlier)
        return latest[1]

    def find_recorded_logins(self, platform: str, instance: str) -> Iterator[Exchange]:
        """Yield the recorded logins of an instance."""
        if self._cassette is None:
            return
        names = self._rules.former.list_full_names(platform, LOGIN)
        for number in self._cassette.index.list_exchange_numbers(self._owner):
            line = self._cassette.line(number)
            if line.call in names and line.instance == instance:
                yield self._cassette.exchange(number)

    def list_unplayed_exchanges(self) -> tuple[Exchange, ...]:
        """Return recorded exchanges that no call has asked for, in the order of issue."""
        if self._cassette is None:
            return ()
        numbers = self._cassette.index.list_exchange_numbers(self._owner)
        return tuple(self._cassette.exchange(n) for n in numbers if n not in self._playback.played)

    def _make_unknown_call_error(
        self, key: str, parts: RequestParts, context: UnmatchedCallContext
    ) -> NoMatchError:
        if self._cassette is None:
            lines = miss.explain_no_cassette(parts, self._path, context)
            lines += self._find_in_review_file(key)
            return _make_no_match_error(parts, msg("no cassette"), lines)
        search = miss.NearestSearch(
            self._cassette, self._owner, self._rules, frozenset(self._playback.played)
        )
        near = miss.find_nearest(search, parts)
        lines = miss.explain_no_such_call(search, key, parts, context, near)
        lines += self._find_in_review_file(key)
        error = _make_no_match_error(parts, msg("no such call"), lines)
        error.nearest = (self._cassette, near.number) if near else None
        return error

    def _find_in_review_file(self, key: str, turn: int = 1) -> list[str]:
        """Return message lines if the recording that waits for review has the missing call.

        It is the call with matching key *key*, made for the *turn*-th time. Empty if there is no
        such recording, or it has the call less often.
        """
        # A run that misses nothing needs none of it.
        from bpmax_sim.cassette.merge import load_if_usable, to_review_path  # noqa: PLC0415

        path = to_review_path(Path(self._path)) if self._path else None
        if path is None or not path.is_file():
            return []
        try:
            waiting = load_if_usable(path)
            find = waiting and _make_exchange_number_lookup(waiting, self._rules, self._owner)
        except CassetteError:  # of a newer version: `review` says so
            return []
        if waiting is None or not find or len(numbers := find(key)) < turn:
            return []
        return miss.explain_recording_under_review(str(waiting.place(numbers[turn - 1])), str(path))


def _make_no_match_error(parts: RequestParts, case: str, lines: list[str]) -> NoMatchError:
    text = join_messages("\n", [label_message(case, lines[0]), *lines[1:]])
    return NoMatchError(text, platform=parts.platform, api=parts.api, case=case)


def _with_former_keys(
    find: FindExchangeNumbers, cassette: Cassette, former_keys: Mapping[str, Sequence[str]]
) -> FindExchangeNumbers:
    """Return *find*, extended by the exchanges that were recorded under earlier names of the API.

    *former_keys* maps a current key to the keys that the same call had under those names.
    """

    def find_all(key: str) -> Sequence[int]:
        others = [number for other in former_keys.get(key, ()) for number in find(other)]
        numbers = find(key)
        return (
            sorted([*numbers, *others], key=cassette.index.orders.__getitem__)
            if others
            else numbers
        )

    return find_all


def _make_exchange_number_lookup(
    cassette: Cassette, rules: MatchingRules, owner: str
) -> FindExchangeNumbers:
    """Return a function that maps a matching key to the numbers of *owner*'s exchanges.

    *owner* is a scenario, row or test. If the recorded keys were computed under other *rules*, they
    are computed again.
    """
    head, index = cassette.head, cassette.index
    are_ours = all(
        rules.is_valid_digest(platform, digest) for platform, digest in head.rules.items()
    )
    if are_ours and head.mixed is not True:
        return lambda key: index.find_numbers(owner, key)
    numbers: dict[str, list[int]] = {}
    for number in index.list_exchange_numbers(owner):
        line = head.fill_in_defaults(cassette.line(number))
        key = line.key
        if not rules.is_valid_digest(line.platform_key, line.rules):
            key = compute_matching_key(exchange_to_parts(cassette.exchange(number)), rules)
        numbers.setdefault(key, []).append(number)
    return lambda key: numbers.get(key, ())
