"""What a call without a recording is told, and which exchange is nearest to it, at their limits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from msgspec import UNSET
from msgspec.structs import replace

from bpmax_sim.cassette.file import Cassette
from bpmax_sim.cassette.format import dump_entries, render_exchange
from bpmax_sim.cassette.former_names import FormerNames
from bpmax_sim.cassette.matching import (
    Difference,
    MatchingRules,
    compute_matching_key,
    request_to_parts,
)
from bpmax_sim.cassette.merge import to_review_path
from bpmax_sim.cassette.miss import (
    NearestSearch,
    UnmatchedCallContext,
    explain_already_played,
    explain_no_cassette,
    explain_recording_under_review,
    find_nearest,
    format_both_values,
)
from bpmax_sim.cassette.player import Player
from bpmax_sim.errors import NoMatchError, Place
from bpmax_sim.i18n import translate
from bpmax_sim.messages import LOGIN, Call, Exchange, Request, Response

BASE = "https://crm.example.test"
RULES = MatchingRules()
NOWHERE = UnmatchedCallContext()


def call_of(query: str = "", *, path: str = "/客户", **more: Any) -> Request:
    fields: dict[str, Any] = {"platform": "crm", "instance": "test", "api": "get", "method": "GET"}
    pairs = tuple((n, v) for n, _, v in (one.partition("=") for one in query.split("&") if one))
    call = Call(**(fields | more), path=path, query=pairs)
    return Request(
        method=call.method, url=f"{BASE}{path}?{query}".rstrip("?"), call=call, base=BASE
    )


def recorded(folder: Path, *requests: Request, owner: str = "甲", name: str = "a.yaml") -> Cassette:
    entries = [
        render_exchange(
            Exchange(
                request=request, outcome=Response(status=200, body=f"{number}".encode()),
                order=number, owner=owner, at=1_772_413_200.0 + number,
                key=compute_matching_key(request_to_parts(request), RULES),
            ),
            rules=RULES,
        )
        for number, request in enumerate(requests, 1)
    ]  # fmt: skip
    (folder / name).write_bytes(dump_entries(entries))
    return Cassette.load(folder / name)


PLACE = Place("scenarios/合同.yaml", 7)


@pytest.mark.parametrize(
    ("context", "option", "command"),
    [
        (NOWHERE, "", "bpmax-sim record"), (NOWHERE, "--x", "bpmax-sim record --x"),
        (UnmatchedCallContext(place=PLACE), "", "bpmax-sim record scenarios/合同.yaml:7"),
        (UnmatchedCallContext(place=Place("a b.yaml", 1)), "--x",
         'bpmax-sim record "a b.yaml:1" --x'),
        (UnmatchedCallContext(place=PLACE, record="pytest a.py"), "--x", "pytest a.py --x"),
        (UnmatchedCallContext(record="pytest"), "", "pytest"),
    ],
)  # fmt: skip
def test_the_command_that_records_is_the_given_one_or_that_of_the_step(
    context: UnmatchedCallContext, option: str, command: str
) -> None:
    assert translate(context.format_record_command(option)) == command


@pytest.mark.parametrize(
    ("places", "turn", "told"),
    [
        (["a.yaml:4"], 2, ["was recorded once for '甲', and this is call 2", "a.yaml:4"]),
        (["a:1", "a:2"], 3, ["was recorded 2 times for '甲', and this is call 3", "a:1, a:2"]),
        ([f"a:{n}" for n in range(30)], 31, ["recorded 30 times", ", …"]),
    ],
)  # fmt: skip
def test_a_call_that_was_played_is_told_with_its_number(
    places: list[str], turn: int, told: list[str]
) -> None:
    lines = explain_already_played(
        request_to_parts(call_of("a=1&a=2")), places, turn, "甲", NOWHERE
    )
    text = "\n".join(translate(line) for line in lines)

    assert all(one in text for one in told)
    assert "GET /客户?a=1&a=2 (instance test)" in text
    assert "bpmax-sim record --record-extra" in text
    assert "repeat: true" in text


def test_without_a_cassette_its_place_is_told_where_it_is_known() -> None:
    parts = request_to_parts(call_of())
    known = "\n".join(map(translate, explain_no_cassette(parts, "没有/a.yaml", NOWHERE)))
    assert "crm.get cannot be answered, 没有/a.yaml does not exist" in known
    assert "recover" not in known
    unknown = "\n".join(map(translate, explain_no_cassette(parts, "", NOWHERE)))
    assert "crm.get cannot be answered, its cassette does not exist" in unknown
    lines = "\n".join(
        map(translate, explain_recording_under_review("a.yaml.new:4", "my a.yaml.new"))
    )
    assert 'bpmax-sim review "my a.yaml.new" --accept' in lines


@pytest.mark.parametrize(
    ("recorded_", "sent", "shown"),
    [
        (1, 2, ("1", "2")),
        ("1", 1, ('"1"', "1")),
        (None, "", ("null", '""')),
        (UNSET, 0, ("nothing", "0")),
        ([], UNSET, ("[]", "nothing")),
        ("a" * 118, "b", (f'"{"a" * 118}"', '"b"')),
        ("a" * 119, "b", (f'"{"a" * 60}…', '"b"')),
        ("a" * 300 + "x", "a" * 300 + "y", (f'…{"a" * 60}x"', f'…{"a" * 60}y"')),
        ("a" * 70 + "x" * 60, "a" * 70 + "y", (f"…{'a' * 60}{'x' * 60}…", f'"{"a" * 70}y"')),
        ("a" * 70 + "x" * 59, "a" * 70 + "y", (f'…{"a" * 60}{"x" * 59}"', f'"{"a" * 70}y"')),
        ("x" + "a" * 300, "y" + "a" * 300, (f'"x{"a" * 59}…', f'"y{"a" * 59}…')),
        (10**130, 10**131, (f"…{'0' * 60}", f"…{'0' * 61}")),  # one begins with the other
    ],
)
def test_long_values_are_shown_around_where_they_differ(
    recorded_: Any, sent: Any, shown: tuple[str, str]
) -> None:
    found = format_both_values(Difference("body.名", recorded_, sent))
    assert tuple(map(translate, found)) == shown


@pytest.mark.parametrize(
    ("requests", "played", "found"),
    [
        ([], set(), None),
        ([call_of("a=2"), call_of("a=2&b=2"), call_of("a=1&b=2")], set(), 0),
        ([call_of("a=2&b=2"), call_of("a=1&b=2")], set(), 1),
        ([call_of("a=2&b=2&c=2"), call_of("a=2", method="POST")], set(), 0),
        ([call_of("a=2"), call_of("a=3"), call_of("a=4")], {0}, 1),
        ([call_of("a=2"), call_of("a=3")], {0, 1}, 0),
        ([call_of("a=2", api="list"), call_of("x=1&y=2", method="PUT")], set(), 1),
        ([call_of("a=1", api="list"), call_of("a=1", platform="oa")], set(), 0),
        ([call_of("a=1", platform="oa")], set(), None),
        ([call_of("a=1", api="query"), call_of("a=9", api="list")], set(), 0),
        ([call_of("a=1", platform="erp", api="x")], set(), 0),
    ],
)  # fmt: skip
def test_the_nearest_differs_in_the_fewest_parts_and_places_and_waits(
    tmp_path: Path, requests: list[Request], played: set[int], found: int | None
) -> None:
    rules = MatchingRules(former=FormerNames({"crm": ("erp",)}, {"crm.get": ("query",)}))
    cassette = (
        recorded(tmp_path, *requests) if requests else recorded(tmp_path, call_of(), owner="乙")
    )
    search = NearestSearch(cassette, "甲", rules, frozenset(played))
    near = find_nearest(search, request_to_parts(call_of("a=1")))

    assert (near.number if near else None) == found
    unplayed = find_nearest(search, request_to_parts(call_of("a=1")), only_unplayed=True)
    assert unplayed is None or unplayed.number not in played


def player_of(cassette: Cassette | None, **options: Any) -> Player:
    return Player(cassette, options.pop("rules", RULES), options.pop("owner", "甲"), **options)


def take(player: Player, query: str = "a=1", **more: Any) -> int | str:
    try:
        return player.take_next(request_to_parts(call_of(query, **more)), NOWHERE)[1]
    except NoMatchError as error:
        return error.case or "?"


@pytest.mark.parametrize(
    ("repeat", "turns"),
    [(False, [0, 2, 3, "already played", "already played"]), (True, [0, 2, 3, 3, 3])],
)
def test_equal_calls_are_played_in_turn_and_the_last_again_where_that_is_asked_for(
    tmp_path: Path, *, repeat: bool, turns: list[Any]
) -> None:
    cassette = recorded(tmp_path, *(call_of(one) for one in ("a=1", "b=1", "a=1", "a=1")))
    player = player_of(cassette, repeat=repeat)

    assert [take(player) for _ in turns] == turns
    assert [one.order for one in player.list_unplayed_exchanges()] == [2]
    assert take(player, "c=1") == "no such call"
    assert take(player_of(None)) == "no cassette"
    assert player_of(None).list_unplayed_exchanges() == ()
    assert [*player_of(None).find_recorded_logins("crm", "test")] == []


@pytest.mark.parametrize(
    ("waiting", "turns", "is_told"),
    [
        ([], 1, False), (["b=1"], 1, False), (["a=1"], 1, True), (["a=1"], 2, False),
        (["a=1", "a=1"], 2, True), (["a=1", "b=1", "a=1", "a=1"], 4, False),
    ],
)  # fmt: skip
@pytest.mark.parametrize("is_there", [True, False])
def test_what_waits_for_review_is_told_where_it_has_the_call_often_enough(
    tmp_path: Path, waiting: list[str], turns: int, *, is_told: bool, is_there: bool
) -> None:
    path = tmp_path / "a.yaml"
    if waiting:
        recorded(tmp_path, *map(call_of, waiting), name=to_review_path(path).name)
    known = (
        recorded(tmp_path, *[call_of("a=1")] * (turns - 1), call_of("z=1")) if is_there else None
    )
    if known is None and turns > 1:
        return
    player = player_of(known, path=path)
    for _ in range(turns - 1):
        assert isinstance(take(player), int)
    with pytest.raises(NoMatchError) as caught:
        player.take_next(request_to_parts(call_of("a=1")), NOWHERE)

    assert ("holds this call and is not accepted" in str(caught.value)) == is_told


@pytest.mark.parametrize(
    ("platform", "instance", "orders"),
    [("crm", "test", [1, 4]), ("crm", "prod", [2]), ("oa", "test", []), ("erp", "test", [4])],
)
def test_logins_of_an_instance_are_found_under_each_name_of_its_platform(
    tmp_path: Path, platform: str, instance: str, orders: list[int]
) -> None:
    cassette = recorded(
        tmp_path, call_of("a=1", api=LOGIN), call_of("a=2", api=LOGIN, instance="prod"),
        call_of("a=3"), call_of("a=4", api=LOGIN, platform="erp"),
    )  # fmt: skip
    player = player_of(cassette, rules=MatchingRules(former=FormerNames({"crm": ("erp",)})))

    assert [one.order for one in player.find_recorded_logins(platform, instance)] == orders
    assert [*player_of(cassette, owner="乙").find_recorded_logins(platform, instance)] == []


@pytest.mark.parametrize(("differing", "is_close"), [(1, True), (2, True), (3, False), (9, False)])
def test_few_differences_stand_in_the_headline(
    tmp_path: Path, differing: int, *, is_close: bool
) -> None:
    query = "&".join(f"q{n}=1" for n in range(differing))
    player = player_of(recorded(tmp_path, call_of(query)))
    for position in (None, Place("a.js", 3)):
        with pytest.raises(NoMatchError) as caught:
            player.take_next(
                request_to_parts(call_of(query.replace("=1", "=2"))),
                replace(NOWHERE, position=position),
            )
        head, *lines = str(caught.value).split("\n")
        assert ("is not recorded like this: query.q0 sent" in head) == is_close
        assert ("for '甲' in" in head) != is_close
        assert any("mend" in line for line in lines) == (is_close and position is not None)
        assert any(line.strip().startswith("or add") for line in lines)
        assert any(f"… and {differing - 5} more" in line for line in lines) == (differing > 5)
