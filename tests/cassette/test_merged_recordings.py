"""Two recordings of one owner, two versions of one file, and shared logins: what is kept."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from bpmax_sim.cassette.alignment import (
    RecordingComparison,
    align,
    assume_valid_signature,
    find_no_places,
    to_comparable_outcome,
)
from bpmax_sim.cassette.file import Cassette
from bpmax_sim.cassette.format import dump_entries, render_exchange
from bpmax_sim.cassette.former_names import FormerNames
from bpmax_sim.cassette.logins import (
    drop_unused_accounts,
    fill_in_omitted_accounts,
    group_logins_by_request,
    merge_logins,
    update_logins,
)
from bpmax_sim.cassette.matching import MatchingRules
from bpmax_sim.cassette.model import Entry
from bpmax_sim.cassette.reader import read_exchange
from bpmax_sim.cassette.three_way import merge_versions
from bpmax_sim.errors import CassetteError
from bpmax_sim.messages import LOGIN, FailedExchange, Response, SignatureInput
from tests.cassette.exchanges import answer, detail, order

OLD, NEW = "2026-03-02T09:00:00+08:00", "2026-03-03T09:00:00+08:00"
INSTANCE = "crm_system.test"


def entry(
    number: int = 1,
    text: str = '{"id":"abcd","t":1}',
    *headers: tuple[str, str],
    order_: int = 0,
    **line: Any,
) -> Entry:
    said = answer(text)
    made = render_exchange(detail(number, outcome=replace(said, headers=(*said.headers, *headers))))
    return made.with_line(**{"n": order_ or number, "at": OLD, **line})


def compare(old: Entry, new: Entry, sent: str = "", **rules: Any) -> bool:
    return RecordingComparison(**rules).is_same(old, new, sent)


def volatile(_call: str) -> tuple[str, ...]:
    return ("body.id", "header.x-seq")


def test_exchanges_are_equal_but_for_noise() -> None:
    def header(name: str, value: str) -> Entry:
        return entry(1, '{"id":"abcd","t":1}', (name, value))

    passing = (
        "age",
        "Date",
        "ETag",
        "last-modified",
        "x-request-id",
        "X-TT-LogId",
        "traceparent",
        "server-timing",
    )
    free = ("server", "x-powered-by", "vary")
    telling = (
        "location",
        "Set-Cookie",
        "retry-after",
        "content-disposition",
        "x-hub-signature",
        "link",
    )

    def same(name: str, **rules: Any) -> bool:
        return compare(header(name, "1"), header(name, "2"), **rules)

    assert [same(name) for name in passing] == [True] * len(passing)
    assert [same(name) for name in (*free, *telling)] == [False] * 9
    assert [same(name, is_checked=True) for name in (*passing, *free)] == [True] * 11
    assert [same(name, is_checked=True) for name in telling] == [False] * 6
    read = {"headers_read": lambda _call: ("header.server", "header.date")}
    assert [same(name, is_checked=True, **read) for name in ("server", "Date", "vary")] == [
        False,
        False,
        True,
    ]
    assert compare(entry(), entry(1, '{"id":"abcd","t":1}', ("date", "x")))
    assert not compare(entry(), entry(1, '{"id":"wxyz","t":1}'))
    ids = entry(1, '{"id":"wxyz","t":1}', ("X-Seq", "9"))
    assert compare(entry(), ids, volatile=volatile)
    requests = ["x=wxyz", "x=wxy", "", '{"a":"wxyz"}']
    assert [compare(entry(), ids, sent, volatile=volatile) for sent in requests] == [
        False,
        True,
        True,
        False,
    ]


def test_a_volatile_value_that_is_sent_on_is_no_noise() -> None:
    def sent_on(value: str, sent: str) -> bool:
        new = entry(1, f'{{"id":{value},"t":1}}')
        return not compare(entry(), new, sent, volatile=volatile)

    assert [
        sent_on('"abc"', "abc"), sent_on('"abcd"', "abcd"), sent_on("1234",
        "id=1234"), sent_on("true", "True"),
        sent_on('"a b/c"', "a%20b%2Fc"), sent_on('"a b/c"', "a+b%2Fc"), sent_on('"a\\\\"bc"',
        'x a\\\\"bc'), sent_on('"a\\"bc"', 'a\\"bc'),
        sent_on('["wxyz"]', "wxyz"), sent_on("null", "None"), sent_on('"\\"wxyz\\""', "wxyz"),
    ] == [False, False, True, False, True, True, True, True, False, False, True]  # fmt: skip


def test_what_else_makes_exchanges_differ() -> None:
    signed, later = SignatureInput(now=1.0), SignatureInput(now=2.0)
    base = entry()
    same: dict[str, dict[str, Any]] = {
        "number": {"n": 7}, "instant": {"at": NEW}, "duration": {"ms": 99}, "seed": {"seed": 5},
        "rules": {"rules": "x"},
        "net": {"net": 3}, "moved": {"moved": ("a",)}, "pieces": {"chunks": ((1, 2),)},
        "coding": {"encoding": {"content-encoding": "br"}},
        "owner": {"owner": "乙"}, "extra": {"extra": {"path": "/x"}},
    }  # fmt: skip
    other: dict[str, dict[str, Any]] = {
        "key": {"key": "00"}, "call": {"call": "crm_system.x"}, "session": {"session": 2},
        "base": {"base": "https://b"},
        "host": {"host": "h"}, "source": {"source": "simulated"}, "trust": {"trust": "x"},
        "hops": {"hops": (("301", "/"),)},
        "values": {"values": {"a": {"b": "c"}}}, "signed": {"signed": signed},
        "sent_in": {"sent_in": "gbk"},
    }  # fmt: skip

    assert [name for name, line in same.items() if not compare(base, base.with_line(**line))] == []
    assert [name for name, line in other.items() if compare(base, base.with_line(**line))] == []
    both = (
        base.with_line(signed=signed),
        entry(1, '{"id":"abcd","t":1}', ("date", "1")).with_line(signed=later),
    )
    assert compare(*both)
    assert not compare(*both, has_valid_signature=lambda _exchange: False)
    assert compare(
        both[0], both[0].with_line(signed=later), has_valid_signature=lambda _exchange: False
    )
    assert find_no_places("x") == ()
    assert assume_valid_signature(read_exchange(base))
    comparison = RecordingComparison()
    assert comparison([entry(1), entry(2)], [entry(1), entry(2)])
    assert not comparison([entry(1)], [entry(1), entry(2)])
    assert not comparison([entry(1), entry(2)], [entry(1), entry(3)])


def test_a_response_is_compared_by_its_parts() -> None:
    failed = FailedExchange(code="RESET", message="a", received=b"x", sent=True)
    texts = Response(
        status=200,
        reason="OK",
        headers=(("Content-Type", "Text/Plain; a=b"), ("X", "1"), ("x", "2")),
        body=b"t",
    )

    assert to_comparable_outcome(failed) == {"failed": "RESET", "sent": True, "body": "b'x'"}
    assert to_comparable_outcome(texts) == {
        "status": 200, "reason": "OK", "type": "text/plain", "kind": "text", "body": "t",
        "header": {"content-type": "Text/Plain; a=b", "x": ["1", "2"]},
    }  # fmt: skip
    same = RecordingComparison().has_same_outcome
    assert [same("c", texts, replace(texts, **change)) for change in (
        {"status": 201}, {"reason": "Fine"}, {"body": b"u"}, {"elapsed": 9.0},
        {"headers": ()})] == [
        False, False, False, True, False]  # fmt: skip
    assert [same("c", failed, replace(failed, **change)) for change in (
        {"code": "EOF"}, {"sent": False}, {"received": b""}, {"message": "b"})] == [False, False,
        False, True]  # fmt: skip
    assert not same("c", failed, texts)


def brief(entries: Sequence[Entry], old: Sequence[Entry]) -> list[str]:
    """Return for each entry its number, day, and whether its text is an old one."""
    texts = [one.text for one in old]
    return [
        f"{one.line.n} {one.line.at[8:10]} {one.line.ms} {'old' if one.text in texts else 'new'}"
        for one in entries
    ]


def test_an_equal_exchange_keeps_its_bytes_and_time_only_with_all() -> None:
    old = [entry(n, f'{{"n":{n}}}', ("date", "一")).with_line(ms=5, seed=7) for n in (1, 2, 3)]
    new = [entry(n, f'{{"n":{n}}}', ("date", "二")).with_line(at=NEW, ms=9) for n in (1, 2, 3)]
    plain = RecordingComparison()

    assert align([], new, plain) == new
    assert align(old, new, plain) == old
    changed = [*new[:2], entry(3, '{"n":4}', ("date", "二")).with_line(at=NEW, ms=9)]
    kept = align(old, changed, plain)
    assert brief(kept, old) == ["1 02 5 old", "2 02 5 old", "3 02 5 new"]
    assert "date:\n" not in kept[2].text
    assert '["一"]' in kept[2].text
    assert [one.line.seed for one in kept] == [7, 7, 7]
    more = [*new, entry(4, "{}").with_line(at=NEW, ms=9)]
    assert brief(align(old, more, plain), old) == [
        "1 03 9 old",
        "2 03 9 old",
        "3 03 9 old",
        "4 03 9 new",
    ]
    assert brief(align(old, new[:2], plain), old) == ["1 03 9 old", "2 03 9 old"]
    signed = [
        one.with_line(signed=SignatureInput(now=1.0)) if one is new[0] else one for one in changed
    ]
    assert {one[:6] for one in brief(align([old[0].with_line(signed=SignatureInput(now=2.0)),
    *old[1:]], signed, plain), old)} == {
        "1 03 9", "2 03 9", "3 03 9",
    }  # fmt: skip
    swapped = [new[1].with_line(n=1), new[0].with_line(n=2), new[2]]
    assert brief(align(old, swapped, plain), old) == ["1 02 5 old", "2 02 5 old", "3 02 5 old"]
    moved = [old[0].with_line(moved=("a",)), *old[1:]]
    assert [one.line.moved for one in align(moved, new, plain)] == [(), (), ()]
    twice = [entry(1, '{"n":1}', order_=1), entry(1, '{"n":2}', order_=2)]
    again = [entry(1, '{"n":1}', order_=1, at=NEW), entry(1, '{"n":2}', order_=2, at=NEW)]
    assert align(list(reversed(twice)), again, plain) == list(reversed(twice))
    sessions = [twice[0], twice[1].with_line(session=2)]
    assert (
        align(sessions, [again[1].with_line(session=2, n=1), again[0].with_line(n=2)], plain)[
            0
        ].line.session
        == 2
    )


def test_one_fact_alone_decides_what_is_paired_and_kept() -> None:
    def pair(field: str) -> list[str]:
        old = [entry(1, f'{{"n":{n}}}', ("date", "一"), order_=n, **{field: n}) for n in (1, 2)]
        new = [entry(1, f'{{"n":{n}}}', ("date", "二"), order_=3 - n, **{field: n}) for n in (2, 1)]
        return brief(align(old, new, RecordingComparison()), old)

    assert pair("session") == pair("instance") == ["1 02 12 old", "2 02 12 old"]
    old, sealed = entry(1, "{}"), SignatureInput(now=1.0)
    both, now = [old, entry(2, "[1]")], [entry(1, "{}", at=NEW), entry(2, "[2]", at=NEW)]
    plain = RecordingComparison()
    assert [one.line.at for one in align(both, now, plain)] == [OLD, OLD]
    assert [
        one.line.at for one in align(both, [now[0].with_line(signed=sealed), now[1]], plain)
    ] == [NEW, NEW]
    assert [one.line.at for one in align([old.with_line(signed=sealed), both[1]], now, plain)] == [
        NEW,
        NEW,
    ]
    other = Entry(now[0].line, now[0].text.replace("Bearer", "Basic"))
    assert [one.line.at for one in align(both, [other, now[1]], plain)] == [NEW, NEW]
    pieces = [old.with_line(chunks=((1, 2),), encoding={"content-encoding": "br"}), both[1]]
    kept = align(pieces, now, plain)[0].line
    assert (kept.chunks, kept.encoding) == (((1, 2),), {"content-encoding": "br"})


def test_one_fact_alone_decides_what_of_a_response_is_kept() -> None:
    old, plain = entry(1, "{}"), RecordingComparison()
    named = RecordingComparison(
        rules=MatchingRules(
            former=FormerNames({"old": ()}, {"crm_system.get_customer_detail": ("load",)})
        )
    )
    renamed = entry(1, "{}", call="crm_system.load")
    assert align([renamed], [old], named)[0].line.call == "crm_system.get_customer_detail"
    assert compare(old, entry(1, "{}", ("date", "1")), has_valid_signature=lambda _exchange: False)
    rows = entry(1, '{"rows":["aaaa","bbbb"]}'), entry(1, '{"rows":["bbbb","cccc"]}')
    assert compare(*rows, sent="x=bbbb", volatile=lambda _call: ("body.rows[*]",))
    assert not compare(*rows, sent="x=cccc", volatile=lambda _call: ("body.rows[*]",))
    failed = render_exchange(detail(1, outcome=FailedExchange(code="A", message="")))
    assert align([failed], [old], plain)[0].text == old.text
    first = entry(1, '{"id":1}', ("a", "1"), ("b", "1"), ("a", "2"), ("id", "x"))
    last = entry(1, '{"id":2}', ("id", "y"), ("b", "2"), ("a", "1"), ("a", "2"))
    outcome = read_exchange(
        align([first], [last], RecordingComparison(volatile=volatile))[0]
    ).outcome
    assert isinstance(outcome, Response)
    assert [*outcome.headers[1:]] == [("a", "1"), ("a", "2"), ("b", "2"), ("id", "y")]
    assert outcome.body == b'{"id":1}'
    whole = read_exchange(
        align([first], [last], RecordingComparison(volatile=lambda _call: ("body",)))[0]
    ).outcome
    assert isinstance(whole, Response)
    assert whole.body == b'{"id":2}'
    spaced = entry(1, '{ "id":1}', ("a", "3"))  # a changed one without any place of its body
    assert align([first], [spaced], plain)[0].text == spaced.text


def test_a_changed_exchange_keeps_what_is_noise_in_its_old_place() -> None:
    old = entry(
        1, '{"id":"abcd","rows":[{"t": 1}],"x":1}', ("Date", "一"), ("X-Seq", "1"), ("X-Own", "a")
    )
    new = entry(
        1,
        '{"id":"wxyz","rows":[{"t":2}],"x":2}',
        ("X-Own", "b"),
        ("x-seq", "2"),
        ("x-new", "n"),
        ("date", "二"),
    )

    def places(_call: str) -> tuple[str, ...]:
        return ("body.id", "body.rows[0].t", "header.x-seq")

    (kept,) = align([old], [new], RecordingComparison(volatile=places))
    outcome = read_exchange(kept).outcome
    assert isinstance(outcome, Response)
    assert outcome.body == b'{"id":"abcd","rows":[{"t":1}],"x":2}'
    assert outcome.headers == (
        ("content-type", "application/json; charset=utf-8"), ("Date", "一"), ("X-Seq", "1"),
        ("X-Own", "b"), ("x-new", "n"),
    )  # fmt: skip
    broken = entry(1, '{"id":"wxyz"', ("date", "二"))
    (kept,) = align([old], [broken], RecordingComparison(volatile=places))
    assert isinstance(found := read_exchange(kept).outcome, Response)
    assert found.body == b'{"id":"wxyz"'
    spaced = entry(1, '{ "id":"wxyz","rows":[{"t":5}],"x":1}', ("x-own", "c"))
    (kept,) = align([old], [spaced], RecordingComparison(volatile=places))
    assert isinstance(found := read_exchange(kept).outcome, Response)
    assert found.body == b'{"id":"abcd","rows":[{"t": 1}],"x":1}'
    failed = render_exchange(
        detail(1, outcome=FailedExchange(code="RESET", message="a"))
    ).with_line(n=1, at=NEW)
    assert align([old], [failed], RecordingComparison())[0].text == failed.text


def test_an_old_key_is_computed_by_the_rules_of_today() -> None:
    rules = MatchingRules(
        ignore=("query.fields",),
        former=FormerNames({"crm_system": ("old",)}, {"crm_system.get_customer_detail": ("load",)}),
    )
    old = entry(1)
    comparison = RecordingComparison(rules=rules)
    now = comparison.with_current_key(old)

    assert RecordingComparison().with_current_key(old) is old
    assert (now.line.key != old.line.key, now.line.rules) == (
        True,
        rules.compute_digest("crm_system"),
    )
    assert comparison.with_current_key(now) is now
    renamed = render_exchange(detail(1), rules=rules).with_line(call="old.load")
    assert comparison.with_current_key(renamed).line.call == "crm_system.get_customer_detail"


def version(*entries: Entry) -> bytes:
    return dump_entries(entries)


def one(owner: str, number: int = 1, text: str = "{}", **line: Any) -> Entry:
    return entry(number, text, owner=owner, **{"order_": 1, **line})


def login(sent: str, token: str, at: str = OLD, **account: str) -> Entry:
    made = render_exchange(order(sent.encode(), outcome=answer(f'{{"token":"{token}"}}')))
    return made.with_line(
        n=1,
        owner=INSTANCE,
        call=f"crm_system.{LOGIN}",
        at=at,
        values={INSTANCE: account} if account else {},
    )


def owners_of(data: bytes) -> list[str]:
    """Return owner and body of each exchange in the file *data*."""
    if not data:
        return []
    cassette = Cassette.of_bytes(data, "a.yaml")
    found = [cassette.exchange(number) for number in range(len(cassette))]
    return [
        f"{each.owner} {each.outcome.body.decode()}"
        for each in found
        if isinstance(each.outcome, Response)
    ]


def test_versions_are_merged_owner_by_owner() -> None:
    was = version(one("甲"), one("乙"), one("丙"), one("丁"), one("戊"))
    ours = version(
        one("甲", text="[1]"), one("乙"), one("丁"), one("己", text="[6]"), one("戊", text="[5]")
    )
    theirs = version(
        one("甲"), one("乙", text="[2]"), one("丙", text="[3]"), one("戊", text="[7]"), one("辛")
    )

    merged = merge_versions(was, ours, theirs, "a.yaml")
    back = merge_versions(was, theirs, ours, "a.yaml")

    common = ["丙 [3]", "乙 [2]", "己 [6]"]
    assert owners_of(merged.data) == [*common[:2], "己 [6]", "戊 [5]", "甲 [1]", "辛 {}"]
    assert owners_of(merged.theirs) == [*common[:2], "己 [6]", "戊 [7]", "甲 [1]", "辛 {}"]
    assert (merged.conflicts, back.conflicts) == (("戊",), ("戊",))
    assert back.data == merged.theirs
    assert merge_versions(was, None, None, "a").data == b""
    assert merge_versions(None, ours, ours, "a") == merge_versions(None, ours, None, "a")
    assert owners_of(
        merge_versions(version(one("甲")), None, version(one("甲", text="[1]")), "a").data
    ) == ["甲 [1]"]
    keyed_ = version(one("甲", key="00" * 16, rules="x"))
    assert merge_versions(None, version(one("甲")), keyed_, "a").conflicts == ()
    assert merge_versions(None, version(one("甲")), version(one("甲", ms=3)), "a").conflicts == (
        "甲",
    )
    assert merge_versions(
        None, version(one("甲")), version(one("甲"), one("甲", 2, order_=2)), "a"
    ).conflicts == ("甲",)
    with pytest.raises(CassetteError):
        merge_versions(None, b"<<<<<<< ours\n", None, "a")
    first, other = login('{"u":"a"}', "1"), login('{"u":"b"}', "2")
    both = merge_versions(None, version(first), version(other), "a")
    assert (both.conflicts, len(owners_of(both.data))) == ((), 2)
    assert merge_versions(None, version(first), version(one(INSTANCE)), "a").conflicts == (
        INSTANCE,
    )


def tokens(entries: Sequence[Entry]) -> list[str]:
    """Return number and token of each login."""
    found = [re.search(r"token\W+(\w+)", each.text) for each in entries]
    return [
        f"{each.line.n} {match and match[1]}" for each, match in zip(entries, found, strict=True)
    ]


def test_the_later_login_of_each_request_is_kept() -> None:
    a, b, c = (login(f'{{"u":"{name}"}}', f"{name}1") for name in "abc")
    later = login('{"u":"a"}', "a2", NEW)
    failed = render_exchange(order(b'{"u":"a"}', outcome=FailedExchange(code="RESET", message="m")))

    assert [[each.text for each in group] for group in group_logins_by_request([b, a, later,
    c])] == [
        [b.text], [a.text, later.text], [c.text],
    ]  # fmt: skip
    assert len(group_logins_by_request([a, failed.with_line(key="0")])) == 1
    assert len(group_logins_by_request([a.with_line(key="k"), b.with_line(key="k")])) == 1
    assert (
        len(
            group_logins_by_request(
                [a.with_line(key="k", rules="1"), b.with_line(key="k", rules="2")]
            )
        )
        == 2
    )
    assert len(group_logins_by_request([a.with_line(key="1"), a.with_line(key="2")])) == 1
    assert tokens(merge_logins([], [a, b], [later, c])) == ["1 a2", "2 b1", "3 c1"]
    assert tokens(merge_logins([a, b, c], [a, b], [a, c])) == ["1 a1"]
    assert tokens(merge_logins([a], [a, b], [a])) == ["1 a1", "2 b1"]
    assert tokens(merge_logins([a, b], [later, b], [a, b])) == ["1 a2", "2 b1"]
    assert merge_logins([a], [], []) == []
    assert tokens(merge_logins([], [a], [login('{"u":"a"}', "a0", NEW)])) == ["1 a0"]


def test_a_repeated_login_keeps_the_old_bytes_if_it_is_equal() -> None:
    a, b = login('{"u":"a"}', "a1"), login('{"u":"b"}', "b1")
    again, new = login('{"u":"a"}', "a1", NEW), login('{"u":"a"}', "a2", NEW)
    seen: list[tuple[int, int]] = []

    def is_same(known: Sequence[Entry], fresh: Sequence[Entry]) -> bool:
        seen.append((len(known), len(fresh)))
        assert all(
            (each.line.key, each.line.rules, each.line.net) == ("", "", None)
            for each in (*known, *fresh)
        )
        return [each.text for each in known] == [each.text for each in fresh]

    assert update_logins([b, a.with_line(n=2)], [again], is_same) == [a, b.with_line(n=2)]
    assert tokens(update_logins([a, b], [new], is_same)) == ["1 a2", "2 b1"]
    twice = [a, a.with_line(n=2, at=NEW)]
    assert tokens(update_logins(twice, [again], is_same)) == ["1 a1", "2 a1"]
    assert tokens(update_logins([a], [again, new], is_same)) == ["1 a1", "2 a2"]
    assert tokens(update_logins([], [b, a], is_same)) == ["1 a1", "2 b1"]
    assert seen == [(1, 1), (1, 1), (1, 1), (1, 2), (0, 1), (0, 1)]
    marked = fill_in_omitted_accounts(
        [a.with_line(values={INSTANCE: {"u": "a"}}), b, a.with_line(values={"x": {}}), b]
    )
    assert [each.line.values for each in marked] == [{INSTANCE: {"u": "a"}}] * 2 + [{"x": {}}] * 2


def test_logins_of_an_account_that_nothing_uses_are_removed(tmp_path: Path) -> None:
    file = tmp_path / "auth" / "crm_system.test.yaml"
    file.parent.mkdir()

    def kept(current: dict[str, str], *logins: Entry, **files: bytes) -> list[str] | None:
        file.write_bytes(dump_entries([each.with_line(n=n) for n, each in enumerate(logins, 1)]))
        for path in tmp_path.glob("a.*"):
            path.unlink()
        for name, data in files.items():
            (tmp_path / name.replace("__", ".")).write_bytes(data)
        changed = drop_unused_accounts(file, INSTANCE, current, tmp_path)
        return (
            tokens(
                [
                    *map(
                        Cassette.load(file).get_entry_with_head_defaults,
                        range(len(Cassette.load(file))),
                    )
                ]
            )
            if changed
            else None
        )

    def used(**account: str) -> bytes:
        return dump_entries([render_exchange(detail(1)).with_line(values={INSTANCE: account})])

    zhang, li = login('{"u":"zhang"}', "z1", u="zhang"), login('{"u":"li"}', "l1", u="li")
    free = login('{"u":"zhangli"}', "f1", u="zhang", v="li")
    assert kept({"u": "zhang"}, zhang, li) == ["1 z1"]
    assert kept({"u": "li"}, zhang, li) == ["1 l1"]
    assert kept({"u": "wang"}, zhang, li, a__yaml=used(u="li")) == ["1 l1"]
    assert kept({"u": "zhang"}, zhang, li, a__yaml__new=used(u="li")) is None
    assert kept({"u": "zhang"}, zhang, li, a__yaml=b"broken") is None
    assert kept({"u": "zhang"}, zhang, zhang) is None
    assert kept({"u": "wang"}, free) is None
    assert kept({}, zhang, li) == []
    two = login('{"u":"zhang","v":"li"}', "t1", u="zhang", v="li")
    assert kept({"u": "zhang", "v": "x"}, two, zhang) == ["1 z1"]
    assert not drop_unused_accounts(file, "crm_system.other", {"u": "wang"}, tmp_path)
    (tmp_path / "b.yaml.1-1.journal").write_bytes(b"")
    assert kept({"u": "zhang"}, zhang, li) is None
    assert not drop_unused_accounts(
        tmp_path / "auth" / "none.yaml", INSTANCE, {}, tmp_path / "auth"
    )
