from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET
from msgspec.structs import replace

from bpmax_sim import strategies
from bpmax_sim.cassette.alignment import find_no_places
from bpmax_sim.cassette.file import Cassette
from bpmax_sim.cassette.format import dump_exchanges
from bpmax_sim.cassette.matching import Difference, MatchingRules
from bpmax_sim.check.diff import ExchangePair, NumberedExchange, compare_cassettes, is_random_only
from bpmax_sim.clock import RandomSequenceSeeds
from bpmax_sim.messages import FORM, Exchange, FailedExchange, Outcome, Response
from bpmax_sim.strategies.traffic import RULES, START, number_exchanges_per_owner
from tests.cassette.exchanges import OWNER, answer, detail


def saved(path: Path, *found: Exchange, owner: str = OWNER) -> Cassette:
    exchanges = number_exchanges_per_owner([replace(one, owner=owner) for one in found])
    path.write_bytes(dump_exchanges(exchanges, rules=RULES, zone=START.offset))
    return Cassette.load(path)


def compared(
    tmp_path: Path, old: list[Exchange], new: list[Exchange], rules: MatchingRules = RULES
) -> list[ExchangePair]:
    before, after = saved(tmp_path / "a.yaml", *old), saved(tmp_path / "b.yaml", *new)
    return [pair for _, pair in compare_cassettes(before, after, rules, find_no_places)]


def kinds(pairs: list[ExchangePair]) -> list[str]:
    return [f"{pair.kind} {pair.old_or_new_exchange.exchange.order}" for pair in pairs]


def test_equal_calls_are_paired_in_their_order(tmp_path: Path) -> None:
    old = [detail(1, outcome=answer("1")), detail(2), detail(1, outcome=answer("2"))]
    new = [detail(2), detail(1, outcome=answer("1")), detail(1, outcome=answer("3"))]

    pairs = compared(tmp_path, old, new)

    assert kinds(pairs) == ["same 1", "same 2", "changed 3"]
    assert pairs[2].response == (Difference("body", 2, 3),)


def test_a_changed_call_is_paired_with_the_one_that_differs_least(tmp_path: Path) -> None:
    old = [detail(1), detail(2)]
    new = [detail(2), detail(7)]

    pairs = compared(tmp_path, old, new)

    assert kinds(pairs) == ["changed 1", "same 2"]
    assert [one.path for one in pairs[0].request] == ["path"]
    assert pairs[0].new is not None
    assert pairs[0].new.exchange.order == 2


@pytest.mark.parametrize(
    ("old", "new", "partners"),
    [
        ([1, 2], [1, 2], [1, 2]),
        ([1, 2], [2, 1], [2, 1]),
        ([1, 2, 3], [3, 1, 2], [2, 3, 1]),
        ([1, 2, 3], [1, 3], [1, None, 2]),
        ([1, 2, 3], [3, 2], [None, 2, 1]),
        ([1, 2, 3], [7, 3], [1, None, 2]),
        ([2], [3, 1, 2], [3]),
        ([1, 1, 2], [2, 1, 1], [2, 3, 1]),
        # of very many, those around the same place are compared
        (
            [*range(60)],
            [*range(50), *range(59, 49, -1)],
            [*range(1, 51), *range(60, 50, -1)],
        ),
    ],
)
def test_changed_calls_find_the_like_in_any_order(
    tmp_path: Path, old: list[int], new: list[int], partners: list[int | None]
) -> None:
    def change(number: int) -> Exchange:
        whole = detail(number)
        assert whole.request.call is not None
        call = replace(whole.request.call, query=(("v", "2"),))
        return replace(whole, request=replace(whole.request, call=call))

    pairs = compared(tmp_path, [*map(detail, old)], [*map(change, new)])

    found = [pair.new.exchange.order if pair.new else None for pair in pairs if pair.old]
    assert found == partners


def test_what_is_in_one_only(tmp_path: Path) -> None:
    assert kinds(compared(tmp_path, [detail(1), detail(2)], [detail(2)])) == ["removed 1", "same 2"]
    assert kinds(compared(tmp_path, [], [detail(1)])) == ["added 1"]
    assert compared(tmp_path, [], []) == []


def test_what_passes_makes_no_difference(tmp_path: Path) -> None:
    def dated(text: str) -> Response:
        return replace(answer('{"a":1,"t":1}'), headers=(("Date", text), ("X-Request-Id", text)))

    old, new = [detail(1, outcome=dated("1"))], [detail(1, outcome=dated("2"))]
    later = [replace(new[0], at=new[0].at + 900)]

    assert kinds(compared(tmp_path, old, later)) == ["same 1"]


def changes(tmp_path: Path, old: Outcome, new: Outcome) -> list[Difference]:
    (pair,) = compared(tmp_path, [detail(1, outcome=old)], [detail(1, outcome=new)])
    return list(pair.response)


def test_every_part_of_an_answer_is_compared(tmp_path: Path) -> None:
    old = replace(answer('{"a":[1,{"b":"x"}]}'), reason="OK")
    new = replace(answer('{"a":[1,{"b":"y"},3]}'), status=201, reason="Created")
    text = replace(old, headers=(("content-type", "text/plain"), ("X-A", "1")), body=b"text")
    failed = FailedExchange(code="TIMEOUT", message="x")

    assert [str(one.path) for one in changes(tmp_path, old, new)] == [
        "status",
        "reason",
        "body.a[1].b",
        "body.a[2]",
    ]
    assert [one.path for one in changes(tmp_path, old, text)] == [
        "type",
        "header.content-type",
        "header.x-a",
        "body",
    ]
    assert changes(tmp_path, failed, replace(failed, code="RESET")) == [
        Difference("failed", "TIMEOUT", "RESET")
    ]
    assert "failed" in [one.path for one in changes(tmp_path, old, failed)]


@pytest.mark.parametrize(
    ("old", "new", "bodies"),
    [
        ((b"", ""), (b"", ""), []),
        ((b"", ""), (b'{"a":1}', "application/json"), [(UNSET, "json {'a': 1}")]),
        ((b'{"a":1}', "application/json"), (b"", ""), [("json {'a': 1}", UNSET)]),
        (
            (b"", ""),
            (b"\xff", "image/png"),
            [(UNSET, f"bytes <1 bytes, sha256 {sha256(bytes([255])).hexdigest()}>")],
        ),
        ((b"a", "text/plain"), (b'"a"', "application/json"), [("text a", "json a")]),
        ((b"a=1", "text/plain"), (b"a=1", FORM), [("text a=1", "form {'a': '1'}")]),
    ],
)
def test_bodies_of_two_kinds_differ_as_a_whole(
    tmp_path: Path, old: tuple[bytes, str], new: tuple[bytes, str], bodies: list[object]
) -> None:
    sides = [
        Response(status=200, headers=(("content-type", kind),) if kind else (), body=body)
        for body, kind in (old, new)
    ]

    assert [
        (one.recorded, one.sent) for one in changes(tmp_path, *sides) if one.path == "body"
    ] == bodies


def test_owners_are_compared_one_by_one(tmp_path: Path) -> None:
    one, two = detail(1), detail(2)
    before = tmp_path / "a.yaml"
    whole = [replace(one, owner="甲", order=1), replace(two, owner="乙", order=1)]
    before.write_bytes(dump_exchanges(whole, rules=RULES))
    after = saved(tmp_path / "b.yaml", two, owner="乙")
    alone = saved(tmp_path / "c.yaml", two, owner="丙")

    found = list(compare_cassettes(Cassette.load(before), after, RULES, find_no_places))
    renamed = list(compare_cassettes(after, alone, RULES, find_no_places))

    assert [(owner, pair.kind) for owner, pair in found] == [("乙", "same"), ("甲", "removed")]
    assert [(owner, pair.kind) for owner, pair in renamed] == [("乙", "same")]


@given(st.lists(strategies.exchanges(), max_size=5), st.lists(strategies.exchanges(), max_size=5))
def test_every_exchange_is_told_of_once_and_a_cassette_equals_itself(
    old: list[Exchange], new: list[Exchange]
) -> None:
    with TemporaryDirectory() as place:
        before, after = (
            saved(Path(place) / f"{name}.yaml", *some) for name, some in (("a", old), ("b", new))
        )
        itself = [pair.kind for _, pair in compare_cassettes(before, before, RULES, find_no_places)]
        pairs = [pair for _, pair in compare_cassettes(before, after, RULES, find_no_places)]

    assert itself == ["same"] * len(old)
    assert sorted(one.old.number for one in pairs if one.old) == list(range(len(old)))
    assert sorted(one.new.number for one in pairs if one.new) == list(range(len(new)))


def test_what_was_added_comes_in_the_order_in_which_it_was_recorded(tmp_path: Path) -> None:
    def other(number: int) -> Exchange:
        whole = detail(number)
        assert whole.request.call is not None
        call = replace(whole.request.call, api="别的")
        return replace(whole, request=replace(whole.request, call=call))

    new = [detail(1), other(2), detail(3), other(4), detail(5)]

    assert kinds(compared(tmp_path, [], new)) == [f"added {number}" for number in range(1, 6)]


def test_an_exchange_of_another_client_is_named_by_its_address(tmp_path: Path) -> None:
    whole = detail(1)
    raw = replace(whole, request=replace(whole.request, call=None))
    cassette = saved(tmp_path / "a.yaml", raw)

    address = raw.request.url.partition("?")[0]
    asking = replace(raw, request=replace(raw.request, url=f"{address}?a=1&b=?"))
    assert NumberedExchange(cassette, 0, asking).name == f"{raw.request.method} {address}"
    assert whole.request.call is not None
    direct = replace(whole.request.call, platform="", api="")
    nameless = replace(whole, request=replace(whole.request, call=direct))
    assert NumberedExchange(cassette, 0, nameless).name == f"{raw.request.method} {address}"


def drawing(**seeds: int) -> Cassette:
    """Return what says of each owner in *seeds* that its random values were drawn from one seed."""

    class Drawn:
        def drawn_sequences(self, owner: str) -> RandomSequenceSeeds | None:
            return RandomSequenceSeeds((seeds[owner],)) if owner in seeds else None

    return cast("Cassette", Drawn())


@pytest.mark.parametrize(
    ("before", "after", "is_random"),
    [
        (["1234"], ["5678"], True),
        (["12"], ["34"], False),
        (["123"], ["456"], False),
        (["a12"], ["b34"], False),
        (["ab12"], ["cd34"], True),
        (["AB12"], ["cd34"], True),
        (["SO-1234"], ["SO-5678"], True),
        (["SO-1234"], ["PO-5678"], False),
        (["1234"], ["12345"], False),
        ([12345], [67890], True),
        ([1.25], [3.875], False),
        ([1.2345], [3.5], False),
        ([0.12345], [0.9876], True),
        ([True], [False], False),
        ([None], ["1234"], False),
        ([[1234]], [[5678]], False),
        ([{"a": 1234}], [{"a": 5678}], False),
        (["1234", "1234"], ["5678", "5678"], True),
        (["1234", "1234"], ["5678", "5679"], False),
        (["1234", "4321", "1111"], ["5678", "8765", "same"], False),
        ([], [], False),
    ],
)
def test_only_values_of_one_form_may_be_drawn(
    tmp_path: Path, before: list[object], after: list[object], *, is_random: bool
) -> None:
    pairs = tuple(Difference("body", one, two) for one, two in zip(before, after, strict=True))
    numbered = NumberedExchange(saved(tmp_path / "a.yaml", detail(1)), 0, detail(1))
    pair = ExchangePair(old=numbered, new=numbered, response=pairs)
    old, new = drawing(甲=1), drawing(甲=2)

    assert is_random_only(old, new, [("甲", pair)]) == is_random
    sent = replace(pair, request=pairs, response=())
    assert is_random_only(old, new, [("甲", sent)]) == is_random
    assert not is_random_only(old, old, [("甲", pair)])
    assert not is_random_only(old, new, [("甲", pair), ("甲", ExchangePair(new=numbered))])


@pytest.mark.parametrize(
    ("old", "new", "is_random"),
    [
        ({"甲": 1, "乙": 1}, {"甲": 2, "乙": 2}, True),
        ({"甲": 1, "乙": 1}, {"甲": 2, "乙": 1}, False),
        ({"甲": 1}, {"甲": 2, "乙": 2}, False),
        ({"甲": 1, "乙": 1}, {"甲": 2}, False),
        ({"甲": 1}, {"甲": 2}, False),
        ({}, {}, False),
    ],
    ids=["both", "one seed stays", "one drew none before", "one draws none now", "one never draws",
         "neither draws"],
)  # fmt: skip
def test_each_owner_that_differs_has_drawn_from_another_seed(
    tmp_path: Path, old: dict[str, int], new: dict[str, int], *, is_random: bool
) -> None:
    numbered = NumberedExchange(saved(tmp_path / "a.yaml", detail(1)), 0, detail(1))
    same = ExchangePair(old=numbered, new=numbered)
    pair = replace(same, response=(Difference("body.单号", "SO-1234", "SO-5678"),))
    pairs = [("甲", pair), ("乙", pair), ("丙", same)]

    assert is_random_only(drawing(**old), drawing(**new), pairs) == is_random
