"""What makes two recordings of one owner equal, and what of the old one a new one keeps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from msgspec.structs import replace

from bpmax_sim.cassette.alignment import RecordingComparison, align
from bpmax_sim.cassette.format import render_exchange
from bpmax_sim.cassette.former_names import FormerNames
from bpmax_sim.cassette.matching import MatchingRules, compute_matching_key, exchange_to_parts
from bpmax_sim.cassette.model import Entry
from bpmax_sim.cassette.reader import read_exchange
from bpmax_sim.field_path import FieldPath
from bpmax_sim.messages import Exchange, FailedExchange, Outcome, Response, SignatureInput
from tests.cassette.exchanges import RULES, answer, detail, order

OLD, NEW = "2026-03-02T09:00:00+08:00", "2026-03-03T09:00:00+08:00"
RESET = FailedExchange(code="RESET", message="连接被重置", received=b"half")
SIGNED = SignatureInput(now=1772413200.0)


def entry_of(number: int = 1, outcome: Outcome | None = None, **line: Any) -> Entry:
    entry = render_exchange(detail(number, outcome=outcome or answer()))
    return entry.with_line(**{"n": number, "at": OLD, **line})


def saying(text: str = '{"姓名":"张三"}', *headers: tuple[str, str], **more: Any) -> Response:
    said = answer(text)
    return replace(said, headers=(*said.headers, *headers), **more)


@pytest.mark.parametrize(
    ("old", "new", "is_same"),
    [
        (RESET, replace(RESET, message="connection reset"), True),
        (RESET, replace(RESET, elapsed=3.0), True),
        (RESET, replace(RESET, code="TIMEOUT"), False),
        (RESET, replace(RESET, sent=False), False),
        (RESET, replace(RESET, received=b""), False),
        (RESET, answer(), False),
        (answer(), RESET, False),
        (saying(), saying('{ "姓名": "张三" }'), True),
        (saying(), saying(reason="Fine"), False),
        (saying(), saying(status=201), False),
        (saying(), saying('{"姓名":"李四"}'), False),
        (saying(), saying("{}", ("x-cache", "HIT")), False),
        (saying(), saying('{"姓名":"张三"}', ("X-Cache", "HIT")), True),
        (saying('{"姓名":"张三"}', ("X-Cache", "HIT")), saying(), True),
        (saying('{"姓名":"张三"}', ("Set-Cookie", "a=1")), saying(), False),
        (saying(), saying('{"姓名":"张三"}', ("Set-Cookie", "a=1")), False),
        (saying(), saying('{"姓名":"张三"}', ("X-Read", "1")), False),
        (saying(), saying('{"姓名":"张三"}', ("Wechatpay-Signature", "1")), False),
        (saying(), saying('{"姓名":"张三"}', ("Wechatpay-Signature-Type", "1")), True),
        (saying("1"), replace(saying("1"), headers=(("content-type", "text/plain"),)), False),
        # a text in JSON is not the same text without its quotes
        (saying('"甲"'), saying("甲"), False),
        (saying("甲"), saying('"甲"'), False),
        (saying("null"), saying(""), False),
        (saying("甲"), saying("甲"), True),
    ],
)
def test_responses_are_equal_but_for_what_says_nothing(
    old: Outcome, new: Outcome, *, is_same: bool
) -> None:
    same = RecordingComparison(headers_read=lambda _call: ("header.x-read",), is_checked=True)

    assert same.has_same_outcome("crm_system.get_customer_detail", old, new) == is_same


@pytest.mark.parametrize(
    ("value", "request_text", "is_noise"),
    [
        ("", "", True), ("abc", "abc", True), ("abcd", "abcd", False), ("abcd", "abc", True),
        ('"v2-abcd"', r'If-None-Match: ["\"v2-abcd\""]', False),
        ('W/"v2-abcd"', r'If-None-Match: ["W/\"v2-abcd\""]', False),
        ('"v2-abcd"', r'If-None-Match: ["\"v1-abcd\""]', True),
        ('"v2-abcd"', "uri: https://a.test/x?version=v2-abcd", False),
        ("游标/3==", "uri: https://a.test/x?next=%E6%B8%B8%E6%A0%87%2F3%3D%3D", False),
        ("游标 3+4", "next=%E6%B8%B8%E6%A0%87+3%2B4", False),
        ("甲/3 4", "next=%E7%94%B2%2F3%204", False), ("甲/3 4", "next=%E7%94%B2%2F3+4", False),
        ("甲/3 4", "next=%E7%94%B2%2F3%205", True),
        ('甲"乙"丙', r'{"next":"甲\"乙\"丙"}', False), ("2026", "20260302", False),
    ],
)  # fmt: skip
def test_a_new_value_that_a_request_sends_back_is_no_noise_however_it_is_spelled(
    value: str, request_text: str, *, is_noise: bool
) -> None:
    old, new = saying("{}", ("ETag", "old")), saying("{}", ("ETag", value))

    found = RecordingComparison().find_places_that_may_differ("crm.get", old, new, request_text)
    assert (FieldPath(("header", "etag")) in found) == is_noise


@pytest.mark.parametrize(
    ("was", "now", "is_valid", "is_same"),
    [
        (None, None, False, True),
        (SIGNED, SIGNED, True, True),
        (SIGNED, SIGNED, False, False),
        (SIGNED, SignatureInput(now=1.0), True, True),
        (SIGNED, None, True, False),
        (None, SIGNED, True, False),
    ],
)
@pytest.mark.parametrize("date", ["one", "two"])
def test_a_signature_has_to_hold_on_both_sides_or_on_none(
    was: Any, now: Any, date: str, *, is_valid: bool, is_same: bool
) -> None:
    asked: list[Exchange] = []

    def is_valid_today(exchange: Exchange) -> bool:
        asked.append(exchange)
        return is_valid

    old = entry_of(outcome=saying("{}", ("date", "one")), signed=was)
    new = entry_of(outcome=saying("{}", ("date", date)), signed=now)

    same = RecordingComparison(has_valid_signature=is_valid_today).is_same(old, new, "")

    # equal to the byte, there is nothing that an old signature could be wrong for
    assert same == (is_same or (date == "one" and bool(was) and bool(now)))
    assert asked in ([], [read_exchange(old)])


def key_of(entry: Entry, rules: MatchingRules) -> str:
    return compute_matching_key(
        rules.with_current_names(exchange_to_parts(read_exchange(entry))), rules
    )


IGNORING = MatchingRules(ignore=("query.fields",))
RENAMED = MatchingRules(former=FormerNames(apis={"crm_system.find": ("get_customer_detail",)}))
MOVED = MatchingRules(former=FormerNames(platforms={"crm": ("crm_system",)}))


@pytest.mark.parametrize(
    ("rules", "digest", "call", "is_kept"),
    [
        (None, "any", "crm_system.get_customer_detail", True),
        (RULES, RULES.compute_digest("crm_system"), "crm_system.get_customer_detail", True),
        (RULES, "any", "crm_system.get_customer_detail", False),
        (IGNORING, RULES.compute_digest("crm_system"), "crm_system.get_customer_detail", False),
        (RENAMED, RENAMED.compute_digest("crm_system"), "crm_system.find", False),
        (MOVED, MOVED.compute_digest("crm_system"), "crm.get_customer_detail", False),
    ],
)
def test_an_old_exchange_is_looked_for_under_the_key_and_name_of_today(
    rules: Any, digest: str, call: str, *, is_kept: bool
) -> None:
    old = entry_of(key="0" * 32, rules=digest, extra={})

    today = RecordingComparison(rules=rules).with_current_key(old)

    if is_kept:
        assert today is old
        return
    platform = call.partition(".")[0]
    told = (today.line.call, today.line.key, today.line.rules)
    assert told == (call, key_of(old, rules), rules.compute_digest(platform))
    assert today == old.with_line(call=call, key=told[1], rules=told[2])


OTHER: dict[str, Any] = {"outcome": saying('{"姓名":"李四"}')}


def lines(entries: Sequence[Entry]) -> list[tuple[Any, ...]]:
    return [(one.line.n, one.line.at, one.line.ms, one.line.seed) for one in entries]


@pytest.mark.parametrize(
    ("old", "new", "kept"),
    [
        # each of `kept`: the number, instant, duration and seed of a line
        ([{}], [{}], [(1, OLD, 1, 3)]),
        ([{}, {"number": 2}], [{}, {"number": 2}], [(1, OLD, 1, 3), (2, OLD, 1, 3)]),
        ([{"moved": ("renamed",)}], [{}], [(1, OLD, 1, 3)]),
        ([{"n": 2}, {"number": 2, "n": 1}], [{}, {"number": 2}], [(1, OLD, 1, 3), (2, OLD, 1, 3)]),
        ([{"session": 2}], [{}], [(1, NEW, 2, 4)]),
        ([{"instance": "prod"}], [{}], [(1, NEW, 2, 4)]),
        ([{"call": "crm_system.other"}], [{}], [(1, NEW, 2, 4)]),
        ([{"key": "k"}], [{}], [(1, NEW, 2, 4)]),
        ([{"signed": SIGNED}], [{}], [(1, NEW, 2, 4)]),
        ([{}], [{"signed": SIGNED}], [(1, NEW, 2, 4)]),
        ([{}, {"number": 2}], [{}], [(1, NEW, 2, 4)]),
        ([{}], [{}, {"number": 2}], [(1, NEW, 2, 4), (2, NEW, 2, 4)]),
        # the key is the same, and yet something was sent that it does not count
        ([{"key": "k"}], [{"number": 2, "n": 1, "key": "k"}], [(1, OLD, 1, 3)]),
        ([{"key": "k"}], [{**OTHER, "number": 2, "n": 1, "key": "k"}], [(1, NEW, 2, 4)]),
        ([{"key": "k"}], [{**OTHER, "key": "k"}], [(1, OLD, 1, 3)]),
        ([{**OTHER, "signed": SIGNED}], [{"signed": SIGNED}], [(1, NEW, 2, 4)]),
        ([{}, {"n": 2}], [OTHER, {"number": 2, "n": 2}], [(1, NEW, 2, 4), (2, NEW, 2, 4)]),
        ([], [{}], [(1, NEW, 2, 4)]),
        ([{}], [], []),
    ],
)
def test_a_line_keeps_its_instant_where_all_was_sent_as_before(
    old: Sequence[Any], new: Sequence[Any], kept: Any
) -> None:
    before = [entry_of(**{"ms": 1, "seed": 3, **facts}) for facts in old]
    after = [entry_of(**{"at": NEW, "ms": 2, "seed": 4, **facts}) for facts in new]

    aligned = align(before, after, RecordingComparison())

    assert lines(aligned) == kept
    assert [one.line.moved for one in aligned] == [()] * len(kept)


@pytest.mark.parametrize(
    ("changes", "is_whole"),
    [
        ({}, True),
        ({"moved": ("renamed",)}, False),
        ({"owner": "选择客户"}, True),
    ],
)
def test_what_came_the_same_is_the_old_file_to_the_byte(changes: Any, *, is_whole: bool) -> None:
    """But for what a migration noted, which would stay for ever."""
    old = [entry_of(1, chunks=((1, 2),), encoding={"content-encoding": "br"}, **changes)]
    new = [entry_of(1, saying(), at=NEW)]
    new = [replace(new[0], text=old[0].text)]

    [aligned] = align(old, new, RecordingComparison())

    assert (aligned == old[0]) == is_whole
    assert (aligned.line.chunks, aligned.line.encoding, aligned.text) == (
        ((1, 2),), {"content-encoding": "br"}, old[0].text,
    )  # fmt: skip


@pytest.mark.parametrize("call", ["crm_system.get_customer_detail", "crm_system.find"])
def test_a_recording_of_a_renamed_api_is_written_under_its_name(call: str) -> None:
    old = entry_of()
    new = entry_of(at=NEW, call="crm_system.find")
    old, new = (one.with_line(key=key_of(one, RENAMED)) for one in (old, new))

    [aligned] = align([old.with_line(call=call)], [new], RecordingComparison(rules=RENAMED))

    assert aligned.line.call == "crm_system.find"
    assert aligned.line.at == OLD


@pytest.mark.parametrize(
    ("was", "now", "kept"),
    [
        ('{"id":1,"名":"甲"}', '{"id":2,"名":"乙"}', '{"id":1,"名":"乙"}'),
        ('{"id":1,"名":"甲"}', '{"id":2, "名":"甲"}', '{"id":1,"名":"甲"}'),
        ('{"id":1,"名":"甲"}', '{"名":"乙"}', '{"名":"乙"}'),
        ('{"名":"甲"}', '{"id":2,"名":"乙"}', '{"id":2,"名":"乙"}'),
        ('{"id":{"a":[1]}}', '{"id":{"a":[2]},"名":"乙"}', '{"id":{"a":[1]},"名":"乙"}'),
        ('{"id":1}', '"id"', '"id"'),
        ('"id"', '{"id":2}', '{"id":2}'),
        ('[{"id":1}]', '[{"id":2}]', '[{"id":2}]'),
    ],
)
def test_a_body_keeps_the_volatile_members_that_both_have(was: str, now: str, kept: str) -> None:
    same = RecordingComparison(volatile=lambda _call: ("body.id",))
    old, new = (
        render_exchange(order(b"{}", outcome=saying(text, status=status)))
        for text, status in ((was, 200), (now, 201))
    )

    [aligned] = align([old], [new], same)

    outcome = read_exchange(aligned).outcome
    assert isinstance(outcome, Response)
    assert (outcome.status, outcome.body.decode()) == (201, kept)


@pytest.mark.parametrize(
    ("was", "now", "kept"),
    [
        # the order of the old file, by the first of each name; new names come last
        ("a=1 b=1 a=2", "b=2 a=1 a=2", "a=1 a=2 b=2"),
        ("a=1 b=1 a=2", "a=1 b=1 a=2", "a=1 a=2 b=1"),
        ("a=1 b=1", "c=3 b=2 a=2", "a=2 b=2 c=3"),
        ("a=1 b=1 c=1", "c=2 A=2", "A=2 c=2"),
        ("", "b=1 a=1", "b=1 a=1"),
        ("a=1 b=1", "", ""),
        # one that says nothing by itself keeps its old values, also where the new has none
        ("date=1 a=1", "a=2 date=2", "date=1 a=2"),
        ("a=1 Date=1 date=2", "a=2 date=3", "a=2 Date=1 Date=2"),
        ("a=1 date=1", "a=2", "a=2 date=1"),
        ("a=1", "date=2 a=2", "a=2"),
    ],
)
def test_headers_keep_their_old_order(was: str, now: str, kept: str) -> None:
    def respond(text: str, status: int) -> Entry:
        headers = tuple((n, v) for n, _, v in (pair.partition("=") for pair in text.split()))
        return render_exchange(
            order(b"{}", outcome=replace(answer(), status=status, headers=headers))
        )

    [aligned] = align([respond(was, 200)], [respond(now, 201)], RecordingComparison())

    outcome = read_exchange(aligned).outcome
    assert isinstance(outcome, Response)
    assert " ".join(f"{name}={value}" for name, value in outcome.headers) == kept


def test_the_second_of_equal_calls_is_compared_with_the_second() -> None:
    def said(date: str) -> list[Entry]:
        return [
            entry_of(1, saying(f'"{text}"', ("Date", date)), n=n)
            for n, text in enumerate("一二三", 1)
        ]

    old, new = said("old"), said("new")
    assert align([*reversed(old)], new, RecordingComparison()) == [*reversed(old)]
    changed = [*new[:2], entry_of(1, saying('"四"', ("Date", "new")), n=3)]
    kept = align(old, changed, RecordingComparison())
    assert ["old" in entry.text for entry in kept] == [True, True, True]
    assert ["四" in entry.text for entry in kept] == [False, False, True]
