"""What is recovered of a broken recording, where secrets of one are looked for, and which rules
its keys follow."""

from __future__ import annotations

import gzip
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from bpmax_sim.cassette.file import Cassette
from bpmax_sim.cassette.format import dump_entries, render_exchange
from bpmax_sim.cassette.former_names import FormerNames
from bpmax_sim.cassette.journal import (
    LeakCheck,
    PendingExchange,
    collect_scannable_parts,
    encode_record,
    read_journal,
    stub_if_leaking,
)
from bpmax_sim.cassette.matching import (
    MatchingRules,
    call_fields_to_json,
    compute_matching_key,
    find_differences,
    rebuild_call_without_injected,
    request_to_parts,
    restore_call_fields,
    to_unnamed_call,
)
from bpmax_sim.cassette.merge import recover, remove_exchanges, to_review_path
from bpmax_sim.cassette.model import Entry
from bpmax_sim.errors import ConfigError, DamagedCassette
from bpmax_sim.field_path import format_path
from bpmax_sim.file_version import read_version
from bpmax_sim.messages import Call, FailedExchange, Request, Response
from tests.cassette.exchanges import START, ZONE, answer, detail, order

SECRET = "密钥-k3y9f2"


def entry_of(number: int = 1, text: str = "甲", *, owner: str = "甲", **line: Any) -> Entry:
    exchange = detail(number, outcome=answer(f'"{text}"'), owner=owner, order=number)
    entry = render_exchange(replace(exchange, at=START.seconds + number), zone=ZONE)
    return entry.with_line(**line)


def pending(entry: Entry, issue: int = 1, **more: Any) -> PendingExchange:
    return PendingExchange(line=entry.line, text=entry.text, issue=(issue, 0), **more)


def write_journal(path: Path, *drafts: PendingExchange, process: int = 999_999) -> Path:
    file = path.with_name(f"{path.name}.{process}-1.journal")
    file.write_bytes(b"".join(map(encode_record, drafts)))
    return file


def answers(path: Path) -> list[str] | None:
    if not path.exists():
        return None
    outcomes = [one.outcome for one in Cassette.load(path).exchanges()]
    return [one.body.decode().strip('"') for one in outcomes if isinstance(one, Response)]


A, B = entry_of(1, "甲"), entry_of(2, "乙")


@pytest.mark.parametrize(
    ("known", "drafts", "after", "review"),
    [
        ([], [pending(B, 2), pending(A, 1)], ["甲", "乙"], None),
        ([], [pending(A), pending(B, 2, leaks=("x",))], None, ["甲"]),
        ([], [pending(A, leaks=("x",)), pending(B, 2)], None, ["乙"]),
        # what was sealed already adds nothing, whatever sealing has moved
        ([A], [pending(A, adding=True)], ["甲"], None),
        *[
            ([A], [pending(A.with_line(**change), adding=True)], ["甲"], None)
            for change in (
                {"n": 7}, {"sha": "x"}, {"seed": 7}, {"values": {"crm": {"a": "b"}}}, {"net": 5},
                {"net": None}, {"rules": "r"},
            )
        ],
        ([A], [pending(A.with_line(ms=99), adding=True)], ["甲", "甲"], None),
        ([A], [pending(A.with_line(session=2), adding=True)], ["甲", "甲"], None),
        ([A], [pending(B, branch="a1", adding=True)], ["甲", "乙"], None),
        ([A], [pending(A, branch="a1", adding=True)], ["甲"], None),
        ([A], [pending(B)], ["甲"], ["乙"]),
        ([A, B], [pending(A)], ["甲", "乙"], None),
    ],
)  # fmt: skip
def test_what_broke_off_goes_into_the_file_or_waits(
    tmp_path: Path, known: list[Entry], drafts: Any, after: Any, review: Any
) -> None:
    path = tmp_path / "a.yaml"
    if known:
        path.write_bytes(dump_entries(known))
    file = write_journal(path, *drafts)
    recover(path)

    assert (answers(path), answers(to_review_path(path))) == (after, review)
    assert not file.exists()


def test_a_damaged_file_for_review_is_kept_beside_the_new_one(tmp_path: Path) -> None:
    path, fresh = tmp_path / "a.yaml", tmp_path / "a.yaml.new"
    path.write_bytes(dump_entries([A]))
    fresh.write_bytes(b"version: 1\nbpmax: {")
    write_journal(path, pending(B))

    assert recover(path) == (fresh,)
    assert answers(fresh) == ["乙"]
    assert (tmp_path / "a.yaml.new.damaged").read_bytes() == b"version: 1\nbpmax: {"


@pytest.mark.parametrize("adding", [True, False])
def test_into_a_damaged_file_nothing_is_recovered(tmp_path: Path, *, adding: bool) -> None:
    path = tmp_path / "a.yaml"
    path.write_bytes(dump_entries([A])[:-9])
    before = path.read_bytes()
    file = write_journal(path, pending(B, adding=adding))

    with pytest.raises(DamagedCassette):
        recover(path)
    assert (path.read_bytes(), [*tmp_path.iterdir()].count(file)) == (before, 1)


def test_a_file_that_was_written_meanwhile_loses_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_bytes(dump_entries([A, B]))
    version = read_version(path)
    path.write_bytes(dump_entries([B]))

    with pytest.raises(ConfigError):
        remove_exchanges(version, [0])
    assert answers(path) == ["乙"]


@pytest.mark.parametrize(
    "torn",
    [
        lambda whole: whole[:-1],
        lambda whole: whole[:30],
        lambda whole: whole[:10],
        lambda whole: whole[:18],
        lambda whole: whole.replace(b"k3y", b"k4y", 1),
        lambda whole: whole + bytes(100),
        lambda _whole: b"x" * 30 + b"\n",
        lambda _whole: b"\n\n",
        lambda _whole: b"",
        lambda _whole: b"0000000g 00000000 {}\n",
    ],
)
def test_a_torn_record_loses_none_behind_it(tmp_path: Path, torn: Any) -> None:
    first, middle, last = (
        pending(entry_of(n, f"k3y{n}"), n, adding=True) for n in (1, 2, 3)
    )  # fmt: skip
    data = torn(encode_record(middle))
    path = tmp_path / "a.yaml.1-1.journal"
    path.write_bytes(encode_record(first) + data.rstrip(b"\n") + b"\n" + encode_record(last))

    found = read_journal(path)
    is_whole = data.startswith(encode_record(middle)[:-1])
    assert [one.issue[0] for one in found] == ([1, 2, 3] if is_whole else [1, 3])


def scan(data: bytes) -> Sequence[object]:
    return [f"secret {n}" for n in range(data.count(SECRET.encode()))]


@pytest.mark.parametrize(
    "line",
    [
        {"base": f"https://{SECRET}.test"}, {"injected": (f"header.{SECRET}",)},
        {"encoding": {"content-type": SECRET}}, {"extra": {"path": SECRET}},
        {"values": {"crm.test": {"a": SECRET}}}, {},
    ],
)  # fmt: skip
def test_a_stub_holds_nothing_of_what_leaks(line: Any) -> None:
    entry = entry_of(1, "甲" if line else SECRET, **line)
    draft = pending(entry, 3)

    stub = stub_if_leaking(draft, scan)

    assert (stub.text, stub.leaks, stub.issue) == ("", ("secret 0",), (3, 0))
    assert SECRET.encode() not in encode_record(stub)
    assert (stub.line.call, stub.line.owner, stub.line.n) == (
        draft.line.call, draft.line.owner, 1,
    )  # fmt: skip
    assert stub_if_leaking(stub, lambda _data: ["again"]) is stub
    clean = pending(entry_of())
    assert stub_if_leaking(clean, scan) is clean


PNG = b"\x89PNG\0\xff"


@pytest.mark.parametrize(
    ("sent", "said", "count"),
    [
        (b"a", answer(), 0),
        (SECRET.encode(), answer(), 1),
        (b"a", answer(SECRET), 1),
        (PNG + SECRET.encode(), answer(), 1),
        (b"a", Response(status=200, body=PNG + SECRET.encode()), 1),
        (PNG + SECRET.encode(), Response(status=200, body=PNG + SECRET.encode()), 2),
        (b"a", FailedExchange(code="RESET", message=SECRET), 1),
        (b"a", FailedExchange(code="RESET", message="", received=PNG + SECRET.encode()), 1),
        (PNG + SECRET.encode(), FailedExchange(code="RESET", message="", received=PNG), 1),
        (b'{"a":"' + b"x" * 60 + SECRET.encode() + b'"}', answer(), 1),
        (b'{"a":"' + b"x" * 60 + b'","b":"' + SECRET.encode() + b'"}', answer(), 1),
    ],
)
def test_secrets_are_looked_for_in_both_bodies_as_they_are(
    sent: bytes, said: Any, count: int
) -> None:
    parts = collect_scannable_parts(render_exchange(order(sent, outcome=said)))

    found = sum(min(len(scan(part)), 1) for part in parts)
    assert found >= count
    assert bool(found) == bool(count)


@pytest.mark.parametrize(
    ("body", "texts", "may"),
    [
        (b"plain", [SECRET], False),
        (SECRET.encode(), [SECRET], True),
        (SECRET.encode(), ["other", SECRET], True),
        (SECRET.encode(), [], False),
        (PNG + SECRET.encode("utf-16-le"), [SECRET], True),
        (PNG + SECRET.encode("utf-16-be"), [SECRET], True),
        (PNG + SECRET.encode("gb18030"), [SECRET], True),
        (PNG + gzip.compress(SECRET.encode() * 9, mtime=0), [SECRET], True),
        (PNG + gzip.compress(b"plain" * 9, mtime=0), [SECRET], False),
        (bytes(300_000), [SECRET], True),  # of more than is kept nobody knows
    ],
)
def test_a_secret_that_becomes_known_is_looked_for_in_what_is_kept(
    body: bytes, texts: list[str], *, may: bool
) -> None:
    check = LeakCheck(scan, lambda: 1)
    draft = pending(render_exchange(order(b"x", outcome=Response(status=200, body=body))))

    assert [check.may_contain(draft, texts) for _ in range(2)] == [may, may]
    check.forget_results([draft])
    assert check.may_contain(draft, texts) == may


@pytest.mark.parametrize(
    ("rules", "platform", "same"),
    [
        # each digest is that of the rules behind it
        (MatchingRules(ignore=("query.b", "query.a", "query.b")), "crm",
         MatchingRules(ignore=("query.a", "query.b"))),
        (MatchingRules(scoped=(("crm.get", ("a", "b", "a")), ("crm", ()))), "crm",
         MatchingRules(scoped=(("crm.get", ("b", "a")),))),
        (MatchingRules(scoped=(("crm2", ("a",)), ("crm2.get", ("b",)))), "crm", MatchingRules()),
        (MatchingRules(scoped=(("crm", ("a",)),)), "crm2", MatchingRules()),
        (MatchingRules(volatile=(("crm", ("body.t",)),)), "crm", MatchingRules()),
        (MatchingRules(templates={"crm.get": "/{id}"}), "crm", MatchingRules()),
    ],
)  # fmt: skip
def test_a_digest_is_that_of_what_counts(
    rules: MatchingRules, platform: str, same: MatchingRules
) -> None:
    assert rules.compute_digest(platform) == same.compute_digest(platform)
    assert rules.is_valid_digest(platform, same.compute_digest(platform))
    other = MatchingRules(ignore=("query.other",))
    assert not rules.is_valid_digest(platform, other.compute_digest(platform))


def test_a_renamed_platform_has_the_digests_that_it_had() -> None:
    former = FormerNames({"crm": ("kehu",)}, {"crm.get": ("find",)})
    today = MatchingRules(scoped=(("crm.get", ("query.a",)), ("crm", ("query.b",))), former=former)
    before = MatchingRules(scoped=(("kehu.get", ("query.a",)), ("kehu", ("query.b",))))

    assert today.compute_digest("kehu") == before.compute_digest("kehu")
    assert today.compute_digest("kehu") != today.compute_digest("crm")
    for platform, api in (("crm", "get"), ("kehu", "get"), ("kehu", "find"), ("crm", "find")):
        found = {format_path(tuple(one)) for one in today.get_ignored_paths(platform, api)}
        assert found == {"query.a", "query.b"}
    assert [format_path(tuple(one)) for one in today.get_ignored_paths("crm", "list")] == [
        "query.b"
    ]
    assert today.get_ignored_paths("oa", "get") == ()


def call_of(**more: Any) -> Call:
    fields = {"platform": "crm", "instance": "test", "api": "get", "method": "GET", "path": "/a"}
    return Call(**{**fields, **more})


@pytest.mark.parametrize(
    ("one", "other", "places"),
    [
        ({}, {}, []),
        ({"method": "get"}, {"method": "GET"}, []),
        ({"headers": (("X-A", "1"),)}, {"headers": (("x-a", "1"),)}, []),
        ({"headers": (("X-A", "1"),)}, {"headers": ()}, ["header.x-a"]),
        ({"headers": (("Host", "a"), ("Content-Length", "1"))}, {}, []),
        ({"body": b"1"}, {"body": b"1", "headers": (("Content-Type", "application/json"),)},
         ["header.content-type", "body"]),
        ({"body": b"{}"}, {}, ["body"]),
        ({"body": b""}, {}, []),
        ({"query": (("a", "1"), ("a", "2"))}, {"query": (("a", "2"), ("a", "1"))},
         ["query.a[0]", "query.a[1]"]),
        ({"query": (("a", "1"), ("b", "2"))}, {"query": (("b", "2"), ("a", "1"))}, []),
        ({"body": b'{"a":1}'}, {"body": b'{"a":true}'}, ["body.a"]),
        ({"body": b'{"a":null}'}, {"body": b"{}"}, ["body.a"]),
        ({"body": b"[1,2,3]"}, {"body": b"[1,3]"}, ["body[1]", "body[2]"]),
        ({"instance": "prod"}, {}, ["instance"]),
        ({"path": "/a/"}, {}, ["path"]),
        ({"path": "/%61"}, {}, ["path"]),
    ],
)  # fmt: skip
def test_two_calls_differ_at_their_places_exactly_where_their_keys_do(
    one: Any, other: Any, places: list[str]
) -> None:
    rules = MatchingRules()
    parts = [
        request_to_parts(Request(method="GET", url="https://crm.test", call=call_of(**fields)))
        for fields in (one, other)
    ]

    assert [found.path for found in find_differences(parts[0], parts[1], rules)] == places
    keys = [compute_matching_key(part, rules) for part in parts]
    assert (keys[0] == keys[1]) == (not places)


@pytest.mark.parametrize(
    ("path", "other", "ignore", "places"),
    [
        ("/o/1", "/o/2", (), ["path.id"]),
        ("/o/1", "/o/2", ("path.id",), []),
        ("/o/1", "/o/1/", ("path.id",), ["path"]),
        ("/o/%31", "/o/1", (), []),
        ("/o/a%2Fb", "/o/a/b", (), ["path"]),
        ("/o/1", "/p/1", (), ["path"]),
        ("/o/1", "/o/2", ("query.id",), ["path.id"]),
        ("/o/1", "/o/2", ("path",), []),
    ],
)
def test_a_path_with_a_parameter_is_compared_by_it(
    path: str, other: str, ignore: tuple[str, ...], places: list[str]
) -> None:
    rules = MatchingRules(ignore=ignore, templates={"crm.get": "/o/{id}"})
    parts = [
        request_to_parts(Request(method="GET", url="https://crm.test", call=call_of(path=text)))
        for text in (path, other)
    ]

    found = [one.path for one in find_differences(parts[0], parts[1], rules)]
    assert [one.partition(".")[0] if "path" in places else one for one in found] == places
    keys = [compute_matching_key(part, rules) for part in parts]
    assert (keys[0] == keys[1]) == (not places)


def test_a_request_of_another_client_is_known_by_its_type_and_address() -> None:
    headers = (("CONTENT-Type", "text/xml"), ("X-A", "1"), ("content-type", "a/b"))
    request = Request(
        method="POST", url="https://crm.test/a?b=%E7%94%B2+1&c&b=#x?y=1", headers=headers, body=b"1"
    )
    call = to_unnamed_call(request)

    assert call == Call(
        platform="", instance="", api="", method="POST", path="https://crm.test/a",
        query=(("b", "甲 1"), ("c", ""), ("b", "")), headers=(headers[0], headers[2]), body=b"1",
    )  # fmt: skip


CRM = "https://crm.test"


@pytest.mark.parametrize(
    ("base", "injected", "body", "changes"),
    [
        (CRM, (), b"{}", {"body": b"{}"}),
        ("https://oa.test", (), None, {"path": "https://crm.test/a"}),
        (
            CRM,
            ("query.t", "header.x-sign"),
            None,
            {"query": (("q", "2"),), "names": ("Cookie", "Content-Type")},
        ),
        (CRM, ("query.T", "header.q"), None, {}),
        (CRM, ("cookie.sid",), None, {}),
        (CRM, ("body.sign",), b'{"b":1,"sign":2}', {"body": b'{"b":1}'}),
        (CRM, ("body.a.sign",), b'{"a":{"sign":2}}', {}),
        (CRM, ("body.a.sign",), b'{"a":{"sign":2,"b":1}}', {"body": b'{"a":{"b":1}}'}),
        (CRM, ("body",), b'{"b":1}', {}),
        (CRM, ("body.sign", "body"), b'{"b":1}', {}),
        (CRM, ("body.sign",), b"no json", {"body": b"no json"}),
    ],
)
def test_a_call_is_the_request_without_what_auth_put_in(
    base: str, injected: tuple[str, ...], body: bytes | None, changes: dict[str, Any]
) -> None:
    request = Request(
        method="POST", url="https://crm.test/a?t=1&q=2", base=base, injected=injected, body=body,
        headers=(("X-Sign", "s"), ("Cookie", "sid=1; b=2"), ("Content-Type", "application/json")),
    )  # fmt: skip
    call = rebuild_call_without_injected(request, call_of())

    found = {
        "path": call.path, "query": call.query, "body": call.body,
        "names": tuple(name for name, _ in call.headers),
    }  # fmt: skip
    usual = {
        "path": "/a", "query": (("t", "1"), ("q", "2")), "body": None,
        "names": ("X-Sign", "Cookie", "Content-Type"),
    }  # fmt: skip
    assert found == {**usual, **changes}
    cookies = dict(call.headers).get("Cookie")
    assert cookies == ("b=2" if "cookie.sid" in injected else "sid=1; b=2")
    assert (call.platform, call.api, call.method) == ("crm", "get", "POST")


@pytest.mark.parametrize("body", [None, b"", "甲".encode(), b"\xff\0"])
def test_what_the_script_set_comes_back_from_an_index_line(body: bytes | None) -> None:
    call = call_of(query=(("a", "1"),), headers=(("X", "1"),), body=body)

    assert restore_call_fields(call_of(path=""), call_fields_to_json(call)) == call
