"""Pieces, alignment and shared logins at their limits: none, the first, the third, one too few."""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from bpmax_sim.cassette.alignment import RecordingComparison, align
from bpmax_sim.cassette.charsets import restore_charset, store_as_utf8
from bpmax_sim.cassette.file import Cassette
from bpmax_sim.cassette.format import render_exchange
from bpmax_sim.cassette.journal import (
    FORMAT_OF_PIECES,
    PendingExchange,
    encode_record,
    join_pieces,
    read_journal,
    scan_nothing,
)
from bpmax_sim.cassette.logins import (
    fill_in_omitted_accounts,
    group_logins_by_request,
    merge_logins,
    update_logins,
)
from bpmax_sim.cassette.merge import recover
from bpmax_sim.cassette.model import Entry
from bpmax_sim.cassette.reader import read_exchange
from bpmax_sim.cassette.recorder import Recorder
from bpmax_sim.field_path import FieldPath
from bpmax_sim.messages import Exchange, FailedExchange, Response
from tests.cassette.exchanges import OWNER, RULES, START, ZONE, answer, detail, numbered

RESET = FailedExchange(code="RESET", message="connection reset")


def piece(issue: int, data: bytes | None, *, has_text: bool = True, **more: Any) -> PendingExchange:
    """Return a record of the exchange *issue*: the whole one if *data* is None."""
    outcome = answer() if data is None else replace(RESET, received=data)
    entry = render_exchange(detail(issue, outcome=outcome))
    text = entry.text if has_text else ""
    version: dict[str, Any] = {} if data is None else {"piece": data, "format": FORMAT_OF_PIECES}
    return PendingExchange(line=entry.line, text=text, issue=(issue, 0), **version, **more)


def later(issue: int, data: bytes) -> PendingExchange:
    return piece(issue, data, has_text=False)


@pytest.mark.parametrize(
    ("records", "joined"),
    [
        ([], []),
        ([piece(1, b"a")], [(1, b"a")]),
        ([piece(1, b"")], [(1, b"")]),
        ([piece(1, b"a"), later(1, b"b")], [(1, b"ab")]),
        ([piece(1, b"a"), later(1, b"b"), later(1, b""), later(1, b"c")], [(1, b"abc")]),
        ([piece(1, b""), later(1, b"b"), piece(1, None)], [(1, None)]),
        ([piece(1, None), piece(2, b"x"), piece(3, None)], [(1, None), (3, None), (2, b"x")]),
        (
            [piece(1, b"a"), piece(2, b"x"), later(1, b"b"), later(2, b"y"), later(1, b"c")],
            [(1, b"abc"), (2, b"xy")],
        ),
        ([piece(1, b"a"), piece(2, b"x"), later(1, b"b"), piece(1, None)], [(1, None), (2, b"x")]),
        ([later(1, b"b"), later(1, b"c")], []),
        ([piece(1, b"", has_text=False, leaks=("token",)), later(1, b"b")], [(1, "leak")]),
    ],
)
def test_what_arrived_of_a_body_is_joined_in_its_order(
    tmp_path: Path, records: Sequence[PendingExchange], joined: Sequence[tuple[int, Any]]
) -> None:
    path = tmp_path / "crm.yaml.1-1.journal"
    path.write_bytes(b"".join(map(encode_record, records)))

    read = read_journal(path)

    def received(one: PendingExchange) -> Any:
        outcome = None if one.leaks else read_exchange(one).outcome
        ended = outcome.received if isinstance(outcome, FailedExchange) else None
        return "leak" if one.leaks else ended

    assert [(one.issue[0], received(one)) for one in read] == joined
    assert read == tuple(join_pieces(records))
    assert [one.piece for one in read] == [None] * len(joined)


def recorded(
    number: int = 1,
    body: Any = None,
    headers: Sequence[tuple[str, str]] = (),
    **more: Any,
) -> Entry:
    """Return a recorded look-up with a JSON *body* and *headers* of its response."""
    text = json.dumps({"code": 200} if body is None else body, ensure_ascii=False)
    response = replace(answer(text), headers=(*answer().headers, *headers))
    entry = render_exchange(detail(number, outcome=more.pop("outcome", response)))
    return entry.with_line(n=more.pop("n", number), **more)


@pytest.mark.parametrize(
    ("name", "is_checked", "is_noise"),
    [
        *[(name, False, True) for name in ("date", "etag", "x-tt-logid", "content-length", "age")],
        *[(name, False, False) for name in ("server", "x-cache", "content-type", "location")],
        *[(name, True, True) for name in ("server", "x-cache", "date")],
        *[
            (name, True, False)
            for name in ("content-type", "location", "retry-after", "set-cookie", "link", "digest",
                         "signature", "x-pay-signature", "x-read")
        ],
        ("signature-x", True, True),
    ],
)  # fmt: skip
@pytest.mark.parametrize("case", [str.lower, str.title])
def test_a_header_that_differs_is_noise(
    name: str, case: Any, *, is_checked: bool, is_noise: bool
) -> None:
    same = RecordingComparison(headers_read=lambda _call: ("header.x-read",), is_checked=is_checked)
    value = "text/plain" if name == "content-type" else "one 1"
    old, new = (recorded(headers=[(case(name), text)]) for text in (value, f"{value}2"))
    if name == "content-type":
        old, new = (
            recorded(outcome=Response(status=200, headers=((case(name), text),), body=b"x"))
            for text in ("text/plain", "text/html")
        )

    assert same.is_same(old, new, "") == is_noise


@pytest.mark.parametrize(
    ("name", "is_checked", "is_noise"),
    [
        ("Date", False, True), ("x-request-id", False, True), ("X-Cache", False, False),
        ("X-Cache", True, True), ("Location", True, False), ("x-read", True, False),
    ],
)  # fmt: skip
@pytest.mark.parametrize("is_old", [True, False])
def test_a_header_that_only_one_of_them_has_is_noise_as_one_that_differs(
    name: str, *, is_checked: bool, is_noise: bool, is_old: bool
) -> None:
    same = RecordingComparison(headers_read=lambda _call: ("header.x-read",), is_checked=is_checked)
    pair = [recorded(headers=[(name, "甲 1")]), recorded()]
    old, new = pair if is_old else reversed(pair)

    assert same.is_same(old, new, "") == is_noise


@pytest.mark.parametrize(
    ("was", "now", "later", "is_noise"),
    [
        ("a123", "b123", "", True),
        ("a123", "b123", "GET /x?id=b123", False),
        ("a123", "b123", "GET /x?id=a123", True),
        ("a12", "b12", "GET /x?id=b12", True),
        ("a1234", "b1234", "GET /x?id=b123", True),
        (1234, 5678, "GET /x?id=5678", False),
        (123, 567, "GET /x?id=567", True),
        (True, False, "GET /x?id=False", True),
        (1.25, 2.125, "GET /x?id=2.125", True),
        (None, "b123", "GET /x?id=b123", False),
        (["a123", "c123"], ["a123", "c123", "d123"], "GET /x?id=d123", False),
        (["a123"], ["a123"], "GET /x?id=a123", True),
    ],
)
def test_a_value_is_no_noise_where_it_is_sent_again(
    was: Any, now: Any, later: str, *, is_noise: bool
) -> None:
    place = "body.id[*]" if isinstance(was, list) else "body.id"
    same = RecordingComparison(volatile=lambda _call: ("body.t", place))
    old, new = recorded(body={"id": was, "t": 1}), recorded(body={"id": now, "t": 2})

    assert (was == now or same.is_same(old, new, later)) == is_noise
    found = same.find_places_that_may_differ(
        new.line.call, read_exchange(old).outcome, read_exchange(new).outcome, later
    )
    assert (FieldPath.parse(place, "") in found) == (is_noise or was == now)


@pytest.mark.parametrize(
    ("changes", "is_same"),
    [
        ({}, True),
        *[
            ({name: value}, True)
            for name, value in {
                "n": 7, "owner": "乙", "at": "2026-03-03T09:00:00+08:00", "ms": 99, "sha": "x",
                "seed": 3, "chunks": ((1, 2),), "encoding": {"content-encoding": "gzip"},
                "extra": {"a": 1}, "rules": "r", "net": 2, "moved": ("x",),
            }.items()
        ],
        *[
            ({name: value}, False)
            for name, value in {
                "key": "k", "call": "crm.other", "instance": "prod", "base": "https://x.test",
                "host": "h", "injected": (), "failed": "reset", "source": "stub", "trust": "no",
                "hops": (("301", "/x"),), "session": 2, "values": {"a": {"b": "c"}},
                "sent_in": "gbk",
            }.items()
        ],
    ],
)  # fmt: skip
def test_what_an_index_line_may_say_otherwise(changes: Mapping[str, Any], *, is_same: bool) -> None:
    old, new = recorded(), recorded().with_line(**changes)

    assert RecordingComparison().is_same(old, new, "") == is_same


@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_the_nth_of_equal_calls_is_aligned_with_the_nth(count: int) -> None:
    """The old ones stand in the order of their numbers, whatever order the file has them in."""
    old = [recorded(1, {"v": n}, [("server", f"old {n}")], n=n) for n in (3, 1, 2)]
    new = [recorded(1, {"v": n}, [("server", "new")], n=n) for n in range(1, count + 1)]

    aligned = align(old, new, RecordingComparison(is_checked=True))

    aligned.sort(key=lambda one: one.line.n)
    outcomes = [read_exchange(one).outcome for one in aligned]
    told = [one.header("server") for one in outcomes if isinstance(one, Response)]
    assert told == [f"old {n}" for n in range(1, count + 1)]
    assert [one.line.n for one in aligned] == [*range(1, count + 1)]


OLD, NEW = "2026-03-02T09:00:00+08:00", "2026-03-03T09:00:00+08:00"
NEW_IN_UTC, BEFORE_NEW = "2026-03-03T01:00:00Z", "2026-03-03T08:30:00+08:00"


@pytest.mark.parametrize(
    ("change", "keeps"),
    [
        (lambda _old, _new: None, True),
        (lambda _old, new: new.append(recorded(3, n=3, at=NEW)), False),
        (lambda _old, new: new.pop(), False),
        (lambda old, _new: old.append(recorded(3, n=3, at=OLD)), False),
        (lambda old, _new: old.append(recorded(2, n=3, at=OLD)), False),
    ],
)
def test_instants_are_those_of_one_run(change: Any, *, keeps: bool) -> None:
    old = [recorded(n, {"v": n}, at=OLD, ms=1) for n in (1, 2)]
    new = [recorded(n, {"v": n + (n == 2)}, at=NEW, ms=2) for n in (1, 2)]
    change(old, new)

    aligned = align(old, new, RecordingComparison())

    assert {one.line.at for one in aligned} == {OLD if keeps else NEW}
    assert {one.line.ms for one in aligned if one.line.n < 3} == {1 if keeps else 2}


def test_headers_that_are_kept_stand_where_they_stood() -> None:
    old = recorded(
        body={"v": 1}, headers=[("Date", "d1"), ("x-one", "1"), ("ETag", "e1"), ("x-two", "2")]
    )
    new = recorded(
        body={"v": 2},
        headers=[("x-two", "2b"), ("etag", "e2"), ("date", "d2"), ("x-new", "n"), ("x-one", "1")],
    )

    [entry] = align([old], [new], RecordingComparison())

    outcome = read_exchange(entry).outcome
    assert isinstance(outcome, Response)
    assert outcome.headers == (
        *answer().headers, ("Date", "d1"), ("x-one", "1"), ("ETag", "e1"), ("x-two", "2b"),
        ("x-new", "n"),
    )  # fmt: skip
    assert json.loads(outcome.body) == {"v": 2}


FAILED = replace(RESET, received=b"half")
BINARY = Response(status=200, headers=(("content-type", "image/png"),), body=b"\x89PNG\xff")


@pytest.mark.parametrize(
    ("was", "now"),
    [
        (FAILED, answer()),
        (answer(), FAILED),
        (FAILED, replace(FAILED, received=b"whole")),
        (BINARY, replace(BINARY, body=b"\x89PNG\xfe")),
        (BINARY, answer('{"id": 1}')),
        (answer('{"id": 1}'), BINARY),
        (answer('{"id": 1}'), answer("text")),
        (answer('{"id": 1}'), replace(answer('{"id": 1}'), status=201)),
        (answer('{"id": 1}'), replace(answer('{"id": 1}'), headers=())),
        (answer('{"id": 1, "date": 1}'), answer('{"id": 2, "date": 2}')),
    ],
)
def test_what_came_otherwise_is_recorded_as_it_came(was: Any, now: Any) -> None:
    """Though an incidental header differs that is named as a member of the body."""
    same = RecordingComparison(volatile=lambda _call: ("body.id",), is_checked=True)
    old, new = (
        recorded(
            outcome=one
            if isinstance(one, FailedExchange)
            else replace(one, headers=(*one.headers, ("date", text)))
        )
        for one, text in ((was, "d1"), (now, "d2"))
    )

    [entry] = align([old], [new], same)

    outcome = read_exchange(entry).outcome
    if isinstance(now, FailedExchange):
        assert isinstance(outcome, FailedExchange)
        assert (outcome.code, outcome.received) == (now.code, now.received)
        return
    assert isinstance(outcome, Response)
    body = now.body.replace(b'"id": 2', b'"id": 1')
    assert (outcome.status, outcome.body) == (now.status, body)
    assert outcome.header("content-type") == now.header("content-type")


@pytest.mark.parametrize(
    ("old", "new", "is_same"),
    [
        ([], [], True),
        ([recorded(1)], [], False),
        ([], [recorded(1)], False),
        ([recorded(1), recorded(2)], [recorded(1), recorded(2)], True),
        ([recorded(1), recorded(2)], [recorded(2), recorded(1)], False),
        ([recorded(1), recorded(2)], [recorded(1), recorded(3)], False),
        ([recorded(1), recorded(2)], [recorded(3), recorded(2)], False),
        ([recorded(1), recorded(2)], [recorded(1)], False),
    ],
)
def test_two_recordings_are_the_same_exchange_by_exchange(
    old: Sequence[Entry], new: Sequence[Entry], *, is_same: bool
) -> None:
    assert RecordingComparison()(old, new) == is_same


ZHANG, LI = ({"crm.prod": {"account": name}} for name in ("zhang", "li"))


def login(number: int, answer: str = "a", **more: Any) -> Entry:
    """Return a recorded login of which *number* is the request."""
    return recorded(number, {"token": answer}, **{"key": f"k{number}", "rules": "r1", **more})


def tell(entries: Sequence[Entry]) -> list[tuple[int, str]]:
    """Return number of the request and response of each login."""
    return [
        (int(one.text.partition("/customers/")[2].partition("?")[0]),
         one.text.partition('"token\\": \\"')[2][:1] or one.text.partition('"token": "')[2][:1])
        for one in entries
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("logins", "groups"),
    [
        ([], []),
        ([login(1)], [[1]]),
        ([login(1), login(2), login(1, n=3), login(2, n=4), login(1, n=5)], [[1, 1, 1], [2, 2]]),
        ([login(1), login(1, n=2, rules="r2")], [[1, 1]]),
        ([login(1), login(1, n=2, key="other")], [[1, 1]]),
        ([login(1), login(2, key="k1")], [[1, 2]]),
        ([login(1), login(2, key="k1", rules="r2")], [[1], [2]]),
        ([login(1, "a"), login(1, "b", n=2)], [[1, 1]]),
    ],
)
def test_logins_of_one_request_are_one(
    logins: Sequence[Entry], groups: Sequence[Sequence[int]]
) -> None:
    assert [[n for n, _ in tell(group)] for group in group_logins_by_request(logins)] == groups


@pytest.mark.parametrize(
    ("written", "filled"),
    [
        ([], []),
        ([{}], [{}]),
        ([ZHANG, {}, {}], [ZHANG, ZHANG, ZHANG]),
        ([ZHANG, {}, LI, {}, {}], [ZHANG, ZHANG, LI, LI, LI]),
        ([{}, LI, {}], [{}, LI, LI]),
    ],
)
def test_a_login_has_the_account_of_the_one_before(
    written: Sequence[Any], filled: Sequence[Any]
) -> None:
    logins = [login(n, values=values) for n, values in enumerate(written, 1)]

    assert [one.line.values for one in fill_in_omitted_accounts(logins)] == filled


@pytest.mark.parametrize(
    ("before", "fresh", "kept"),
    [
        ([], [], []),
        ([login(1)], [], [(1, "a")]),
        ([], [login(2), login(1)], [(1, "a"), (2, "a")]),
        ([login(1, "a")], [login(1, "a")], [(1, "a")]),
        ([login(1, "a")], [login(1, "b")], [(1, "b")]),
        ([login(1, "a"), login(3, "c")], [login(2, "b")], [(1, "a"), (2, "b"), (3, "c")]),
        ([login(1, "a"), login(1, "b", n=2)], [login(1, "c")], [(1, "c")]),
        ([login(1, "a"), login(1, "b", n=2)], [login(1, "a")], [(1, "a"), (1, "b")]),
        ([login(1, "a")], [login(1, "a"), login(1, "b", n=2)], [(1, "a"), (1, "b")]),
    ],
)
def test_new_logins_take_the_place_of_those_that_differ(
    before: Sequence[Entry], fresh: Sequence[Entry], kept: Sequence[tuple[int, str]]
) -> None:
    left = update_logins(before, fresh, RecordingComparison())

    assert tell(left) == kept
    assert [one.line.n for one in left] == [*range(1, len(kept) + 1)]


def test_a_login_that_came_the_same_keeps_its_line_whatever_key_it_has_today() -> None:
    old = login(1, at=OLD, key="before", rules="r0", net=1)
    new = login(1, at=NEW, key="today", rules="r1", net=2)

    assert [one.line.at for one in update_logins([old], [new], RecordingComparison())] == [OLD]


@pytest.mark.parametrize(
    ("base", "ours", "theirs", "merged"),
    [
        ([], [], [], []),
        ([login(1)], [login(1)], [login(1)], [(1, "a")]),
        ([login(1)], [], [login(1)], []),
        ([login(1)], [login(1)], [], []),
        ([login(1)], [], [], []),
        ([], [login(1)], [login(2)], [(1, "a"), (2, "a")]),
        ([], [login(2)], [login(1), login(3)], [(1, "a"), (2, "a"), (3, "a")]),
        ([], [login(1, "a", at=OLD)], [login(1, "b", at=NEW)], [(1, "b")]),
        ([], [login(1, "b", at=NEW)], [login(1, "a", at=OLD)], [(1, "b")]),
        ([], [login(1, "a", at=NEW)], [login(1, "b", at=NEW)], [(1, "a"), (1, "b")]),
        ([], [login(1, "a", at=NEW)], [login(1, "b", at=NEW_IN_UTC)], [(1, "a"), (1, "b")]),
        ([], [login(1, "b", at=NEW_IN_UTC)], [login(1, "a", at=BEFORE_NEW)], [(1, "b")]),
        ([login(1, "x", at=OLD)], [login(1, "a", at=NEW)], [login(1, "x", at=OLD)], [(1, "a")]),
    ],
)
def test_of_a_login_that_both_recorded_the_later_stays(
    base: Sequence[Entry],
    ours: Sequence[Entry],
    theirs: Sequence[Entry],
    merged: Sequence[tuple[int, str]],
) -> None:
    left = merge_logins(base, ours, theirs)

    assert tell(left) == merged
    assert [one.line.n for one in left] == [*range(1, len(merged) + 1)]
    assert merge_logins(base, theirs, ours) == left


def record(path: Path, *exchanges: Exchange) -> Recorder:
    recorder = Recorder(path, rules=RULES, owner=OWNER, scan=scan_nothing, zone=ZONE)
    for exchange in numbered(*exchanges):
        recorder.append(exchange)
    return recorder


def test_an_exchange_has_its_line_in_whatever_order_one_asks(tmp_path: Path) -> None:
    path = tmp_path / "crm.yaml"
    record(path, *map(detail, range(4))).seal()
    text = path.read_text(encoding="utf-8").splitlines()
    lines = [n for n, line in enumerate(text, 1) if line.startswith("- ")]

    for order in itertools.permutations(range(4)):
        cassette = Cassette.load(path)
        assert [cassette.place(n).line for n in order] == [lines[n] for n in order]


@pytest.mark.parametrize("before", ["", "200", "503", "500"])
@pytest.mark.parametrize(
    "now", ["200", "503", "503 200", "200 503", "503 503 200", "200 503 200", "500 503", "503 500"]
)
def test_of_equal_calls_the_last_one_tells_whether_it_fails_newly(
    tmp_path: Path, before: str, now: str
) -> None:
    path, worst = tmp_path / "crm.yaml", {"": 0, "200": 0, "500": 1, "503": 2}

    def sent(status: str) -> Exchange:
        return detail(1, outcome=replace(answer(), status=int(status)))

    def rate(exchange: Exchange) -> int:
        assert isinstance(exchange.outcome, Response)
        return worst[str(exchange.outcome.status)]

    if before:
        record(path, sent(before)).seal()
    recorder = record(path, *map(sent, now.split()))
    found = recorder.find_newly_failing_calls(rate)
    recorder.close()

    last = now.rsplit(maxsplit=1)[-1]
    is_worse = worst[last] > worst[before]
    statuses = [one.outcome.status for one in found if isinstance(one.outcome, Response)]
    assert statuses == [int(last)] * is_worse
    assert [one.is_known for one in found] == [bool(before)] * is_worse


@pytest.mark.parametrize("order", [*itertools.permutations(range(3))])
def test_journals_are_recovered_in_the_order_in_which_they_began(
    tmp_path: Path, order: Sequence[int]
) -> None:
    """Whatever they are called: 10 stands before 9."""
    path = tmp_path / "crm.yaml"
    for began, process in zip(order, (9, 10, 8), strict=True):
        at = START.seconds + began
        drafts = [
            render_exchange(detail(1, outcome=answer(f'"{began} {n}"'), at=at + n), zone=ZONE)
            for n in (0, 10)
        ]
        path.with_name(f"crm.yaml.{process}-1.journal").write_bytes(
            b"".join(
                encode_record(
                    PendingExchange(line=one.line, text=one.text, issue=(n, 0), adding=True)
                )
                for n, one in enumerate(drafts)
            )
        )

    recover(path)

    outcomes = [one.outcome for one in Cassette.load(path).exchanges()]
    bodies = [json.loads(one.body) for one in outcomes if isinstance(one, Response)]
    assert bodies == [f"{began} {n}" for began in range(3) for n in (0, 10)]


@pytest.mark.parametrize("order", [*itertools.permutations(range(3))])
def test_what_replaces_is_recovered_before_what_adds_and_what_forks_added(
    tmp_path: Path, order: Sequence[int]
) -> None:
    """Of one owner, whichever journal began first: none of it has to wait for review."""
    path = tmp_path / "crm.yaml"
    kinds: list[dict[str, Any]] = [{}, {"adding": True}, {"adding": True, "branch": "a1b2"}]
    for (number, kind), began in zip(enumerate(kinds), order, strict=True):
        one = render_exchange(detail(number, at=START.seconds + began), zone=ZONE)
        draft = PendingExchange(line=one.line, text=one.text, issue=(1, 0), **kind)
        journal = path.with_name(f"crm.yaml.{9 - began}-1.journal")
        journal.write_bytes(encode_record(draft))

    assert recover(path) == (path,)

    urls = [one.request.url for one in Cassette.load(path).exchanges()]
    assert [url.partition("?")[0][-1] for url in urls] == ["0", "1", "2"]
    assert [*tmp_path.iterdir()] == [path]


@pytest.mark.parametrize("length", ["4", "6", "0", None])
@pytest.mark.parametrize("body", ["中文", "ab"])
def test_a_length_that_was_right_is_so_again_in_its_own_charset(
    length: str | None, body: str
) -> None:
    headers = [("Content-Type", "text/html; charset=gbk")]
    headers += [("Content-Length", length)] if length is not None else []
    sent = Response(status=200, headers=tuple(headers), body=body.encode("gbk"))

    back = read_exchange(render_exchange(detail(1, outcome=sent))).outcome

    assert isinstance(back, Response)
    assert back.body == sent.body
    assert back.header("content-type") == "text/html; charset=gbk"
    assert back.header("content-length") == (None if length is None else str(len(sent.body)))


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        ("text/html; charset=GBK", "text/html; charset=utf-8"),
        ("text/html; Charset=GBK", "text/html; Charset=utf-8"),
        ("TEXT/HTML;CHARSET=gb2312", "TEXT/HTML;CHARSET=utf-8"),
        ('text/html; charset="gbk"; level=1', "text/html; charset=utf-8; level=1"),
        ("text/html; charset=gbk;level=1", "text/html; charset=utf-8;level=1"),
        ("text/html; level=1", "text/html; level=1; charset=utf-8"),
        ("", ""),
    ],
)
def test_what_is_stored_as_utf8_says_so_once(sent: str, stored: str) -> None:
    """A second parameter would be ignored by readers of the file, or the first would."""
    headers = (("Content-Type", sent),)
    page = Response(status=200, headers=headers, body="发票抬头：华宁".encode("gbk"))

    kept, facts = store_as_utf8(page, "gbk")

    assert kept.body.decode() == "发票抬头：华宁"
    assert kept.header("content-type") == stored
    back = restore_charset(kept, facts)
    assert (back.header("content-type"), back.body) == (sent, page.body)
