"""Which of several recorded sessions answers each call of a session that is replayed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from bpmax_sim.cassette.file import Cassette
from bpmax_sim.cassette.format import dump_entries, render_exchange
from bpmax_sim.cassette.matching import MatchingRules, RequestParts, exchange_to_parts
from bpmax_sim.cassette.merge import to_review_path
from bpmax_sim.cassette.miss import UnmatchedCallContext
from bpmax_sim.cassette.model import Entry
from bpmax_sim.cassette.player import OwnerPlayback, Player
from bpmax_sim.errors import NoMatchError
from tests.cassette.exchanges import OWNER, RULES, answer, detail, keyed

NOWHERE = UnmatchedCallContext()


def entries_of(words: str) -> list[Entry]:
    """Return a recording: in each word a session, a call, and what tells its answer from others."""
    entries = []
    for number, word in enumerate(words.split(), 1):
        session, call, told = word[0], word[1], word[2:]
        exchange = detail(ord(call), outcome=answer(f'"{told}"'))
        entry = render_exchange(replace(exchange, order=number), rules=RULES)
        entries.append(entry.with_line(session=int(session)))
    return entries


def parts_of(call: str) -> RequestParts:
    return exchange_to_parts(detail(ord(call)))


@pytest.mark.parametrize(
    ("recorded", "played", "numbers", "left"),
    [
        # one session plays its own part, though another has the same
        ("1a 1b 2a 2b", "1a 1b", [1, 2], [3, 4]),
        ("1a 1b 2a 2b", "2a 2b", [3, 4], [1, 2]),
        ("1a 1b 2a 2b", "1a 2a 1b 2b", [1, 3, 2, 4], []),
        ("1a 1b 2a 2b", "2a 1a 2b 1b", [3, 1, 4, 2], []),
        ("2a 2b 1a 1b", "1a 1b", [3, 4], [1, 2]),
        # a further session shares the first, as equal ones are recorded once
        ("1a 1b 2a 2b", "1a 2a 3a 3b 1b", [1, 3, 1, 2, 2], [4]),
        ("1a 1b", "1a 2a 2b 1b", [1, 1, 2, 2], []),
        ("1a 1b", "2a 2b", [1, 2], []),
        # where its part does not go on, a session moves to one that has all it asked for
        ("1a 1b 2a 2c", "1a 1c", [1, 4], [1, 2]),
        ("1a 1b 2a 2c", "1a 1c 2a 2b", [1, 4, 1, 2], []),
        ("1a 1b 2a 2a 2c", "1a 1c", [1, 5], [1, 2, 4]),
        ("1a 1b 2a 2a 2c", "1a 1c 1a", [1, 5, 4], [1, 2]),
        ("1a 1b 2a 2c", "1a 2a 3a 3c", [1, 3, 1, 4], [2]),
        ("1a 1b 2a 2c", "1a 3a 3c", [1, 3, 4], [2]),
        ("1a 2c 3a 3c", "1a 1c", [1, 4], [1, 2]),
        # of several, one that answered as it was answered
        ("1ax 2ay 2cy 3ax 3cx", "1a 1c", [1, 5], [1, 2, 3]),
        ("1ax 2ax 2cx 3ax 3cx", "1a 1c", [1, 3], [1, 4, 5]),
        ("1ax 1ax 2ax 2ay 2c 3ax 3ax 3c", "1a 1a 1c", [1, 2, 8], [1, 2, 3, 4, 5]),
        # then one that nobody plays
        ("1ax 2ax 2cx 3ax 3cx", "2a 1a 1c", [2, 1, 5], [1, 3]),
        ("1ax 2ay 2cy 3ax 3cx", "3a 1a 1c", [4, 1, 5], [1, 2, 3]),
        # what no part has in whole is answered by what is left, each once
        ("1a 2b 2b", "1a 1b 1b 1b", [1, 2, 3, None], []),
        ("1a 1b 2b", "2b 2a 2b 2b", [3, 1, 3, None], []),  # as if part 1 had been played
        ("1a 2a 3a", "1a 1a 1a 1a", [1, 2, 3, None], []),
    ],
)
def test_a_session_is_answered_from_one_part(
    recorded: str, played: str, numbers: list[int | None], left: list[int]
) -> None:
    """Numbers are those of the words of the recording."""
    cassette = Cassette.of_bytes(dump_entries(entries_of(recorded)), "a.yaml")
    playback = OwnerPlayback()
    players = {
        session: Player(cassette, RULES, OWNER, playback=playback, session=session)
        for session in (1, 2, 3)
    }

    found: list[int | None] = []
    for word in played.split():
        try:
            found.append(players[int(word[0])].take_next(parts_of(word[1]), NOWHERE)[1] + 1)
        except NoMatchError as error:
            found.append(None if error.case == "already played" else -1)

    assert (found, [one.order for one in players[1].list_unplayed_exchanges()]) == (numbers, left)


@pytest.mark.parametrize(
    ("recorded", "played", "numbers", "left"),
    [
        ("1a甲 1a乙 1a乙", "1a乙 1a甲 1a乙", [2, 1, 3], []),
        ("1a甲 1a乙 1a乙", "1a丙 1a甲 1a丁", [1, 2, 3], []),  # nobody, or played already
        ("1a甲 1a乙", "1a乙 1a乙 1a乙", [2, 1, None], []),
        # within the part of the session, and of what is left where no part goes on
        ("1a甲 1a乙 2a甲 2a乙", "2a乙 1a乙 2a甲 1a甲", [4, 2, 3, 1], []),
        ("1a甲 1a乙 2a乙 2c甲", "1a乙 1c甲 1a乙", [2, 4, 2], [1]),
        ("1a甲 1a乙 2a甲 2a乙 2c甲", "1a乙 1c甲 1a乙", [2, 5, 4], [1, 2]),
        ("1a甲 2a乙 2b甲", "1b甲 1a乙 1a甲", [3, 2, 1], []),
        # of several headers, most; some of them may be of another call
        ("1a甲东北 1a乙西南", "1a甲西南 1a甲西南", [2, 1], []),
        # a session that moves has played the first of each call, whoever asked
        ("1a甲 1a乙 2a甲 2a乙 2a乙 2c甲", "1a乙 1c甲 1a甲", [2, 6, 4], [1, 2, 5]),
        ("1a甲 2a甲 2a乙 2a丙", "1a甲 1a丙 1a丙", [1, 3, 4], [1]),
    ],
)
def test_of_equal_calls_the_one_with_the_same_header_is_played(
    recorded: str, played: str, numbers: list[int | None], left: list[int]
) -> None:
    """In each word, the session, the call and the values of headers of its request."""
    entries = []
    for number, word in enumerate(recorded.split(), 1):
        exchange = detail(ord(word[1]), order=number)
        own = [*zip(("x-user", "x-where", "x-when"), word[2:], strict=False)]
        heads = (*own, ("x-request-id", f"{number}"), ("accept", "*/*"))
        sent = replace(exchange, request=replace(exchange.request, headers=heads))
        entries.append(render_exchange(sent, rules=RULES).with_line(session=int(word[0])))
    cassette = Cassette.of_bytes(dump_entries(entries), "a.yaml")
    playback = OwnerPlayback()
    players = {n: Player(cassette, RULES, OWNER, playback=playback, session=n) for n in (1, 2)}

    found: list[int | None] = []
    for word in played.split():
        own = [*zip(("X-User", "X-Where", "X-When"), word[2:], strict=False)]
        headers = (*own, ("X-Request-Id", "7f3a"), ("Accept", "*/*"))
        try:
            number = players[int(word[0])].take_next(parts_of(word[1]), NOWHERE, headers)[1]
        except NoMatchError:
            found.append(None)
        else:
            found.append(number + 1)

    assert (found, [one.order for one in players[1].list_unplayed_exchanges()]) == (numbers, left)


def test_sessions_are_counted_from_one() -> None:
    playback = OwnerPlayback()

    assert [playback.take_next_session_number() for _ in range(3)] == [1, 2, 3]


def player_of(*entries: Entry, **options: Any) -> Player:
    cassette = Cassette.of_bytes(dump_entries(entries), options.pop("name", "a.yaml"))
    return Player(cassette, options.pop("rules", RULES), OWNER, **options)


@pytest.mark.parametrize(("recorded", "number"), [("1ax 2ay", 0), ("2ax 1ay", 1)])
def test_who_is_told_no_session_plays_the_first(recorded: str, number: int) -> None:
    assert player_of(*entries_of(recorded)).take_next(parts_of("a"), NOWHERE)[1] == number


def test_a_miss_names_the_nearest_exchange() -> None:
    player = player_of(*entries_of("1a 1b"))
    with pytest.raises(NoMatchError) as caught:
        player.take_next(parts_of("c"), NOWHERE)
    assert caught.value.nearest is not None
    assert (caught.value.nearest[0].path.name, caught.value.nearest[1]) == ("a.yaml", 0)
    assert (caught.value.platform, caught.value.api) == ("crm_system", "get_customer_detail")

    other = player_of(entries_of("1a")[0].with_line(owner="别人"))
    with pytest.raises(NoMatchError) as caught:
        other.take_next(parts_of("c"), NOWHERE)
    assert caught.value.nearest is None


@pytest.mark.parametrize("data", [b"", b"bpmax: {", b'version: 1\nbpmax: {"format":99}\n'])
def test_a_file_for_review_that_cannot_be_read_is_not_told_of(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "a.yaml"
    to_review_path(path).write_bytes(data)
    with pytest.raises(NoMatchError) as caught:
        Player(None, RULES, OWNER, path=path).take_next(parts_of("a"), NOWHERE)

    assert caught.value.case == "no cassette"
    assert "waiting" not in str(caught.value)


IGNORING = MatchingRules(ignore=("query.fields",))


@pytest.mark.parametrize("rules", [RULES, IGNORING])
@pytest.mark.parametrize("foreign", [0, 1, 2])
def test_a_key_of_other_rules_is_computed_again_though_the_others_hold(
    rules: MatchingRules, foreign: int
) -> None:
    digest = rules.compute_digest("crm_system")
    entries = []
    for number in range(3):
        exchange = keyed(detail(number), rules, order=number + 1)
        entry = render_exchange(exchange, rules=rules)
        assert entry.line.rules == digest
        other = {"key": "0" * 32, "rules": "f" * 16} if number == foreign else {}
        entries.append(entry.with_line(**other))
    player = player_of(*entries, rules=rules)

    taken = [player.take_next(exchange_to_parts(detail(n)), NOWHERE)[1] for n in range(3)]
    assert taken == [0, 1, 2]
    assert player.is_recorded(exchange_to_parts(detail(2)))
    assert not player.is_recorded(exchange_to_parts(detail(3)))


@pytest.mark.parametrize("repeat", [True, False])
def test_an_outcome_is_read_once_where_it_is_given_again(*, repeat: bool) -> None:
    player = player_of(*entries_of("1ax 1ay"), repeat=repeat)
    taken = [player.take_next(parts_of("a"), NOWHERE) for _ in range(4 if repeat else 2)]
    outcomes = [player.load_outcome(*one) for one in taken]

    assert [number for _, number in taken] == ([0, 1, 1, 1] if repeat else [0, 1])
    assert [one.body for one in outcomes][:2] == [b'"x"', b'"y"']  # type: ignore[union-attr]
    assert (outcomes[-1] is player.load_outcome(*taken[-1])) == repeat
    assert player.list_unplayed_exchanges() == ()
