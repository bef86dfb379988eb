"""The text of a cassette to the byte, and the message for a call that it does not have."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml
from msgspec.structs import replace

from bpmax_sim.cassette.file import Cassette
from bpmax_sim.cassette.format import (
    adapt_headers_to_decoded_body,
    dump_entries,
    dump_exchanges,
    group_headers,
    move_facts_to_first_of_owner,
    parse_head,
    quote_scalar_if_needed,
    render_exchange,
    reseal,
    to_yaml_safe_json_line,
    write_body_scalar,
)
from bpmax_sim.cassette.former_names import FormerNames
from bpmax_sim.cassette.matching import (
    Difference,
    MatchingRules,
    compute_matching_key,
    request_to_parts,
)
from bpmax_sim.cassette.miss import (
    NearestSearch,
    UnmatchedCallContext,
    explain_already_played,
    explain_no_cassette,
    explain_no_such_call,
    explain_recording_under_review,
    find_nearest,
    format_both_values,
    make_signature_mismatch_error,
)
from bpmax_sim.cassette.model import Entry
from bpmax_sim.cassette.reader import YamlTextError, read_exchange
from bpmax_sim.clock import RandomSequenceSeeds
from bpmax_sim.errors import CassetteError, Place
from bpmax_sim.i18n import translate
from bpmax_sim.messages import LOGIN, Call, Chunk, Exchange, FailedExchange, Request, Response
from bpmax_sim.secret.standin import STANDIN_PREFIX
from tests.cassette.exchanges import RULES, answer, detail, keyed, numbered, order


def test_a_body_is_written_as_yaml_that_gives_the_same_text() -> None:
    bodies: dict[str, tuple[bytes, str]] = {
        "empty": (b"", '""'), "one line": ("甲乙".encode(), "|-\n  甲乙"), "end": (b"a\n",
        "|+\n  a"),
        "lines": (b"a\n\n  b\n\n", "|+\n  a\n\n    b\n"), "space first": (b" a", '" a"'),
        "tab first": (b"\ta", '"\\ta"'),
        "line first": (b"\na", '"\\na"'), "tab inside": (b"a\tb", "|-\n  a\tb"),
        "return": (b"a\rb", '"a\\rb"'),
        "control": (b"a\x7fb", '"a\\u007fb"'), "nel": ("a\x85b".encode(), '"a\\u0085b"'),
        "latin": ("a\xe9b".encode(), "|-\n  aéb"),
        "line separator": ("a\u2028b".encode(), '"a\\u2028b"'),
        "direction": ("a\u2066b".encode(), '"a\\u2066b"'),
        "arabic mark": ("a\u061cb".encode(), '"a\\u061cb"'), "arabic": ("a\u0620b".encode(),
        "|-\n  aؠb"),
        "bom": ("a\ufeffb".encode(), '"a\\ufeffb"'),
        "no character": ("a\uffffb".encode(), '"a\\uffffb"'), "dash": ("a—b".encode(), "|-\n  a—b"),
        "wide": ("a，b".encode(), "|-\n  a，b"),
        "bytes": (b"\xff" * 60, "!!binary |-\n  " + "/" * 76 + "\n  ////"),
        "json": (json.dumps({"a": "x" * 60, "b": [1]}).encode(),
        '"{\\\n    \\"a\\": \\"' + "x" * 60 + '\\", \\\n    \\"b\\": [1]}"'),
        "short json": (b'{"a":1}', '|-\n  {"a":1}'),
        "private": (json.dumps({"a": "\ue000" * 60}, ensure_ascii=False).encode(),
        '"{\\\n    \\"a\\": \\"' + "\ue000" * 60 + '\\"}"'),
    }  # fmt: skip

    assert {name: write_body_scalar(body, "  ") for name, (body, _) in bodies.items()} == {
        name: text.replace('"{\\\n    ', '"{\\\n    ') for name, (_, text) in bodies.items()
    }
    for name, (body, text) in bodies.items():
        read = yaml.safe_load(f"a: {text}\n" if text else "")["a"]
        assert read in {body, body.decode(errors="replace")}, name
    assert write_body_scalar(bodies["json"][0], "  ", breaks=False).startswith("|-\n  {")


def test_words_are_quoted_where_yaml_would_read_something_else() -> None:
    words: dict[str, list[tuple[str, str]]] = {
        "method": [("GET", "GET"), ("Get", '"Get"'), ("Y", '"Y"'), ("NO", '"NO"'), ("N", '"N"'),
        ("M-SEARCH", '"M-SEARCH"')],
        "name": [("x-a_1", "x-a_1"), ("On", '"On"'), ("1a", '"1a"'), ("a" * 201, "a" * 201),
        ("a" * 202, f'"{"a" * 202}"'), ("a b", '"a b"')],
        "reason": [("OK", "OK"), ("I'm a teapot", "I'm a teapot"), ("", '""'), ("null", '"null"'),
        ("a: b", '"a: b"'), ("A ", '"A "'), ("好", '"好"')],
        "uri": [("https://a.b/c?d=e", "https://a.b/c?d=e"), ("https://a.b/c#", '"https://a.b/c#"'),
        ("/a", '"/a"'), ("http://a/客", '"http://a/客"'), ("http://a/:", '"http://a/:"')],
    }  # fmt: skip

    for kind, pairs in words.items():
        assert [quote_scalar_if_needed(text, kind) for text, _ in pairs] == [
            quoted for _, quoted in pairs
        ], kind
    assert (
        to_yaml_safe_json_line({"a": "\x7f甲\u2028", "b": [1, None]})
        == '{"a":"\\u007f甲\\u2028","b":[1,null]}'
    )
    assert to_yaml_safe_json_line("a\x7f") == '"a\\u007f"'
    assert group_headers([("A", "1"), ("b", "2"), ("a", "3")]) == [("A", ["1", "3"]), ("b", ["2"])]


def entry(exchange: Exchange, **line: Any) -> Entry:
    return render_exchange(exchange).with_line(**line)


def test_an_exchange_is_written_with_all_its_facts() -> None:
    request = Request(
        method="HEAD", url="https://crm.test/a?b=1", headers=(("A", "1"), ("x" * 210, "2"), ("a",
        "3")), body=None,
        call=Call(platform="", instance="东", api="get", method="HEAD", path="/a"),
    )  # fmt: skip
    response = Response(
        status=200, reason="好", headers=(("Content-Length", "9"), ("Content-Encoding", "br"),
        ("Transfer-Encoding", "chunked")),
        elapsed=0.0126, chunks=(Chunk(at=0.0017, length=3),), source="recorded", body=b"",
    )  # fmt: skip
    made = render_exchange(
        Exchange(request=request, outcome=response, owner="甲", at=0.0, order=3),
        zone=timedelta(hours=8),
        name_rules=4,
    )

    assert made.text == (
        f"  request:\n    method: HEAD\n    uri: https://crm.test/a?b=1\n    headers:\n"
        f'      A: ["1","3"]\n'
        f'      ? "{"x" * 210}"\n      : ["2"]\n    body: null\n'
        '  response:\n    status: {code: 200, message: "好"}\n'
        '    headers:\n      Content-Length: ["9"]\n'
        '    body:\n      string: ""\n'
    )
    line = made.line
    assert (line.call, line.instance, line.ms, line.chunks, line.source, line.net, line.n) == (
        *("", "东", 13, ((2, 3),), "", 4, 3),
    )
    assert (line.at, line.encoding) == (
        "1970-01-01T08:00:00.000+08:00", {"content-encoding": "br", "transfer-encoding": "chunked"},
    )  # fmt: skip


def test_failures_encodings_and_hidden_parts_are_written() -> None:
    failed = render_exchange(
        replace(
            detail(1),
            outcome=FailedExchange(
                code="RESET", message="断\u2028", received=b"", sent=True, elapsed=1.0
            ),
        )
    )
    assert failed.text.endswith(
        '  failure:\n    message: "断\\u2028"\n    sent: true\n    received: ""\n'
    )
    assert (failed.line.failed, failed.line.ms) == ("reset", 1000)
    assert (
        "sent: false"
        in render_exchange(
            replace(detail(1), outcome=FailedExchange(code="A", message="", sent=False))
        ).text
    )
    assert 'body: ""' in render_exchange(order(b"")).text
    sources = {
        name: render_exchange(detail(1, outcome=replace(answer(), source=name))).line.source
        for name in ("live", "simulated", "recorded")
    }
    assert sources == {"live": "", "simulated": "simulated", "recorded": ""}
    gbk = replace(
        answer(),
        body="客户".encode("gbk"),
        headers=(("content-type", "text/plain; charset=gbk"), ("content-encoding", "gzip")),
    )
    assert render_exchange(detail(1, outcome=gbk)).line.encoding == {
        "content-encoding": "gzip", "charset": "gb18030", "content-type": "text/plain; charset=gbk",
    }  # fmt: skip
    sent = replace(
        order(b""),
        request=replace(
            order(b"").request,
            body="客户".encode("gbk"),
            headers=(("content-type", "text/plain; charset=gbk"),),
        ),
    )
    assert render_exchange(sent).line.sent_in == "gb18030"
    assert render_exchange(detail(1)).line.extra == {}
    call = detail(1).request.call
    assert call is not None
    hidden = replace(
        detail(1),
        request=replace(detail(1).request, call=replace(call, headers=(("Authorization", "own"),))),
    )
    assert render_exchange(hidden).line.extra["headers"] == (("Authorization", "own"),)
    spelled = replace(
        detail(1),
        request=replace(detail(1).request, call=replace(call, headers=(("Host", "own"),))),
    )
    assert render_exchange(spelled).line.extra == {}
    with pytest.raises(CassetteError, match="half a character"):
        render_exchange(detail(1, owner="\ud83d", outcome=replace(answer(), reason="\ud83d")))


def test_lengths_are_those_of_the_decoded_body() -> None:
    response = Response(
        status=200,
        headers=(("Content-Length", "99"), ("CONTENT-ENCODING", "gzip"), ("X", "1")),
        body=b"abc",
    )

    assert [adapt_headers_to_decoded_body(replace(response, status=status),
    method)[0][1] for status, method in (
        (200, "GET"), (304, "GET"), (200, "HEAD"), (204, "GET"))] == ["3", "99", "99",
        "3"]  # fmt: skip
    assert [name for name, _ in adapt_headers_to_decoded_body(response, "GET")] == [
        "Content-Length",
        "X",
    ]


def head_of(data: bytes) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(data.decode().split("\n")[1].removeprefix("bpmax: "))
    return found


def test_the_head_has_what_most_exchanges_share() -> None:
    def head(*lines: dict[str, Any]) -> dict[str, Any]:
        return head_of(
            dump_entries(
                [
                    entry(
                        detail(n),
                        n=n,
                        **{"rules": "r", "net": 0, "at": "2026-03-02T09:00:00+08:00", **line},
                    )
                    for n, line in enumerate(lines, 1)
                ]
            )
        )

    start = "2026-03-02T09:00:00+08:00"
    assert head({}) == {"format": 2, "rules": {"crm_system": "r"}, "start": start}
    assert head({"net": 3}, {"net": 3}) == {
        "format": 2,
        "rules": {"crm_system": "r"},
        "start": start,
        "net": 3,
    }
    assert head({}, {"net": 3}, {"net": None})["mixed"] is True
    assert head({}, {"rules": "s"})["mixed"] is True
    assert head({"rules": "s"}, {}, {"call": "a.b", "rules": "t"})["rules"] == {
        "a": "t",
        "crm_system": "s",
    }
    assert "mixed" not in head({}, {"call": "a.b", "rules": "t"})
    assert head({}, {"source": "simulated"})["simulated"] is True
    assert head({"session": 2})["several"] is True
    assert (
        head({"at": "2026-03-02T09:00:00+08:00"}, {"at": "2026-03-02T00:30:00+00:00"})["start"]
        == "2026-03-02T00:30:00+00:00"
    )
    assert head_of(dump_entries([])) == {"format": 2, "rules": {}, "start": ""}
    assert dump_entries([]).endswith(
        b"interactions: []\nfailures: []\nsealed: " + dump_entries([]).partition(b"sealed: ")[2]
    )
    mixed = dump_entries(
        [
            entry(detail(1), n=1, rules="r", net=2),
            entry(detail(2), n=2, rules="s", net=0),
            entry(detail(3), n=3, rules="r", net=2),
        ]
    )
    lines = [
        json.loads(line[9:]) for line in mixed.decode().split("\n") if line.startswith("- bpmax: ")
    ]
    assert [(line.get("rules"), line.get("net")) for line in lines] == [
        (None, None),
        ("s", 0),
        (None, None),
    ]
    cassette = Cassette.of_bytes(mixed, "a.yaml")
    assert [(cassette.get_entry_with_head_defaults(n).line.rules,
    cassette.get_entry_with_head_defaults(n).line.net) for n in range(3)] == [
        ("r", 2), ("s", 0), ("r", 2)]  # fmt: skip
    failed = replace(detail(1), outcome=FailedExchange(code="RESET", message="断"))
    ordered = Cassette.of_bytes(
        dump_entries(
            [
                entry(detail(2), n=2, owner="乙"),
                entry(failed, n=1, owner="乙"),
                entry(detail(1), n=1, owner="甲"),
            ]
        ),
        "a",
    )
    assert [f"{ordered.line(n).owner}{ordered.line(n).n}" for n in range(3)] == [
        "乙2",
        "甲1",
        "乙1",
    ]


def test_facts_of_an_owner_are_on_its_first_exchange() -> None:
    def lines(*facts: dict[str, Any]) -> list[tuple[Any, Any]]:
        made = [entry(detail(n), n=n, **line) for n, line in enumerate(facts, 1)]
        return [(one.line.values, one.line.seed) for one in move_facts_to_first_of_owner(made)]

    a, b = {"crm.东": {"u": "1", "t": "2"}}, {"crm.东": {"u": "9", "s": "3"}, "a.b": {"k": "v"}}
    joined = {"a.b": {"k": "v"}, "crm.东": {"s": "3", "t": "2", "u": "1"}}
    assert lines({}, {"values": a, "seed": 5}, {"values": b, "seed": 6}) == [
        (joined, 5),
        ({}, 0),
        ({}, 0),
    ]
    owned = lines(
        {"owner": "甲", "seed": 1},
        {"owner": "乙", "seed": 2, "values": a},
        {"owner": "甲", "values": b, "seed": 9},
    )
    assert [seed for _, seed in owned] == [1, 2, 0]
    assert [bool(values) for values, _ in owned] == [True, True, False]
    login = {"owner": "crm_system.test", "call": f"crm_system.{LOGIN}"}
    same = lines(
        {**login, "values": a},
        {**login, "values": a},
        {**login, "values": b},
        login,
        {**login, "values": b},
        {**login, "values": a},
    )
    assert [values and len(values) for values, _ in same] == [1, {}, 2, {}, {}, 1]


def unbreak(stored: Entry, body: str, indent: int) -> Entry:
    """Return *stored* with its *body* on one line, as older versions wrote it."""
    block = f"|-\n{' ' * indent}{body}\n"
    return replace(stored, text=re.sub(r'"\{\\\n.*?\}"\n', block, stored.text, flags=re.DOTALL))


def test_a_file_edited_by_hand_is_sealed_again() -> None:
    long = json.dumps({"a": "x" * 60, "b": 1})
    exchanges = numbered(
        detail(1, outcome=answer(long)), order(long.encode()), replace(detail(3),
        outcome=FailedExchange(code="RESET", message="断")),
    )  # fmt: skip
    data = dump_exchanges(exchanges, rules=RULES)
    text = data.decode()

    assert reseal(text) == data
    edited = reseal(
        text.replace("张三", "李四").replace("200,", "201,")
        if "张三" in text
        else text.replace('"b\\": 1', '"b\\": 2')
    )
    cassette = Cassette.of_bytes(edited, "a.yaml")
    rules = [
        cassette.get_entry_with_head_defaults(number).line.rules for number in range(len(cassette))
    ]
    assert rules.count("unknown") == 2
    assert len(edited) > len(data)
    for wrong, right in (
        ('"n":1,', '"n":-1,'),
        ('"n":1,', '"n":1000000000,'),
        ('"ms":12', '"ms":-1'),
        ('"key":"', '"key":"xyz'),
        ("bpmax: {", "other: {"),
        ("- bpmax", "- other"),
    ):
        with pytest.raises(YamlTextError):
            reseal(text.replace(wrong, right, 1))
    for number in (0, 999_999_999):
        assert f'"n":{number},' in reseal(text.replace('"n":1,', f'"n":{number},', 1)).decode()
    flat = [
        unbreak(render_exchange(one, rules=RULES), long, indent)
        for one, indent in zip(exchanges[:2], (8, 6), strict=True)
    ]
    old = dump_entries(flat)
    assert b'{"a": "xxx' in old
    assert reseal(old.decode()) == old


def test_texts_in_other_encodings_are_sealed_again() -> None:
    gbk = replace(
        answer(),
        body=("客户" * 5).encode("gbk"),
        headers=(("content-type", "text/plain; charset=gbk"),),
    )
    sent = replace(
        order(b""),
        request=replace(
            order(b"").request,
            body="客户".encode("gbk"),
            headers=(("content-type", "text/plain; charset=gbk"),),
        ),
        outcome=gbk,
    )
    coded = dump_exchanges(numbered(sent), rules=RULES)
    assert reseal(coded.decode()) == coded
    stored = Cassette.of_bytes(coded, "a").get_entry_with_head_defaults(0)
    found = read_exchange(stored).outcome
    assert isinstance(found, Response)
    assert (found.body, found.headers) == (gbk.body, gbk.headers)


def test_a_head_of_an_older_version_is_read() -> None:
    assert parse_head({"format": 1, "rules": "abc", "start": "s"}).rules == {"*": "abc"}
    assert parse_head({"format": "1", "rules": "abc"}, is_typed=False).rules == {"*": "abc"}
    assert parse_head({"format": "2", "net": "3", "mixed": "true"}, is_typed=False).net == 3
    assert parse_head({"format": 1}).rules == {"*": ""}
    for wrong in ({"format": 0}, {"format": -1}):
        with pytest.raises(LookupError, match="was never written by any bpmax-sim"):
            parse_head(wrong)
    wrong_heads: list[Any] = [None, [], {"format": "1"}, {"rules": 5}]
    for data in wrong_heads:
        with pytest.raises((ValueError, msgspec.ValidationError)):
            parse_head(data)


NOWHERE = UnmatchedCallContext()
SCRIPT = UnmatchedCallContext(position=Place("a.js", 3))


def get(query: str = "a=1", *, path: str = "/客户", body: Any = None, **more: Any) -> Request:
    pairs = tuple((n, v) for n, _, v in (one.partition("=") for one in query.split("&") if one))
    data = None if body is None else json.dumps(body, ensure_ascii=False).encode()
    fields = {
        "platform": "crm",
        "instance": "test",
        "api": "get",
        "method": "GET",
        "path": path,
        "body": data,
    }
    call = Call(**{**fields, "query": pairs, **more})
    return Request(
        method=call.method,
        url=f"https://crm.test{path}?{query}",
        call=call,
        base="https://crm.test",
        body=data,
    )


def cassette_of(owners: Mapping[str, Sequence[Request]], rules: MatchingRules = RULES) -> Cassette:
    entries = [
        render_exchange(
            keyed(
                Exchange(
                    request=request,
                    outcome=Response(status=200),
                    order=number,
                    owner=owner,
                    at=1_772_413_200.0,
                )
            ),
            rules=rules,
        )
        for owner, requests in owners.items()
        for number, request in enumerate(requests, 1)
    ]
    return Cassette.of_bytes(dump_entries(entries), "a.yaml")


def explain(
    recorded: Sequence[Request], sent: Request, context: UnmatchedCallContext = NOWHERE, *,
    played: Sequence[int] = (),
    others: Mapping[str, Sequence[Request]] | None = None, rules: MatchingRules = RULES,
) -> list[str]:  # fmt: skip
    cassette = cassette_of({"甲": recorded, **(others or {})}, rules)
    search = NearestSearch(cassette, "甲", rules, frozenset(played))
    parts = request_to_parts(sent)
    near = find_nearest(search, parts)
    lines = explain_no_such_call(search, compute_matching_key(parts, rules), parts, context, near)
    return [translate(line) for line in lines]


def test_a_miss_names_the_nearest_recording_and_the_ways_out() -> None:
    marks = "            √ platform  √ instance  √ api  √ method  √ path  × query  √ header  √ body"
    call = "  call      GET /客户?a=2 (instance test)"
    ends = ["  ignore    ignore: [query.a]", "  compare   bpmax-sim cassette inspect a.yaml:4"]
    record = [
        "  record    bpmax-sim record --record=rewrite",
        "  or add    bpmax-sim record --record=new",
    ]
    near = [
        "  nearest   exchange 1 at a.yaml:4",
        marks,
        '            × query.a: recorded "1", sent "2"',
    ]

    assert explain([get()], get("a=2")) == [
        'crm.get is not recorded like this: query.a sent "2", recorded "1"', call, *near, *record,
        *ends,
    ]  # fmt: skip
    assert explain([get()], get("a=2"), SCRIPT, played=[0]) == [
        'crm.get is not recorded like this: query.a sent "2", recorded "1"', "  script    a.js:3",
        call,
        "  nearest   exchange 1 at a.yaml:4, already played", *near[1:],
        "  mend      the script, if it should send what was recorded",
        "  record    bpmax-sim record --record=new", *ends,
    ]  # fmt: skip
    many = explain([get("a=1&b=2&c=3&d=4&e=5&f=6")], get("a=2", headers=(("X-A", "1"),)), SCRIPT)
    assert many[0] == "crm.get is not recorded like this for '甲' in a.yaml"
    assert many[2:] == [
        call, near[0], marks.replace("√ header",
        "× header"), near[2], '            × query.b: recorded "2", sent nothing',
        '            × query.c: recorded "3", sent nothing',
        '            × query.d: recorded "4", sent nothing',
        '            × query.e: recorded "5", sent nothing', "            … and 2 more", *record,
        ends[1],
    ]  # fmt: skip
    three = explain([get("a=1&b=2&c=3")], get("a=2"), SCRIPT)
    assert three[0] == many[0]
    assert "  ignore    ignore: [query.a, query.b, query.c]" in three
    assert not any("mend" in line for line in three)
    secret = explain([get(f"a={STANDIN_PREFIX}crm.t.k.1")], get("a=2"), SCRIPT)
    told = [line.strip() for line in secret if "was recorded with a secret" in line]
    assert [line[:54] for line in told] == [
        "query.a was recorded with a secret that a response or "
    ]
    both = explain(
        [get(f"a={STANDIN_PREFIX}crm.t.k.1")], get(f"a={STANDIN_PREFIX}crm.t.k.2"), SCRIPT
    )
    assert not any("was recorded with a secret" in line for line in both)
    other = explain([get()], get("a=2"), others={"乙": [get("a=2")], "丙": [get("a=2")]})
    assert other[-6:-4] == [
        "            it is recorded for '丙', '乙'",
        "            a test in Python plays that with owner='丙'",
    ]
    assert not any(
        "it is recorded" in line
        for line in explain([get()], get("a=2"), others={"乙": [get("a=3")]})
    )


def test_a_miss_without_any_recording_of_the_call_says_what_there_is() -> None:
    erp = get(platform="erp")
    listed = explain([get(api=name) for name in "aabcdef"], erp)
    assert listed == [
        "erp.get is not recorded like this for '甲' in a.yaml",
        "  call      GET /客户?a=1 (instance test)",
        "  nearest   none, recorded are crm.a (2), crm.b (1), crm.c (1), crm.d (1), crm.e (1), …",
        "  record    bpmax-sim record --record=new",
    ]  # fmt: skip
    assert explain([get(api=name) for name in "abcde"], erp)[2] == (
        "  nearest   none, recorded are crm.a (1), crm.b (1), crm.c (1), crm.d (1), crm.e (1)"
    )
    assert explain([], erp, others={"乙": [erp]})[2:4] == [
        "  nearest   none, nothing is recorded for '甲'", "            the file holds '乙'",
    ]  # fmt: skip
    assert explain([], erp)[3] == "            the file holds no exchange"
    unnamed = Request(method="PUT", url="https://x.test/a?b=1&b=2")
    assert explain([], unnamed)[:2] == [
        "PUT https://x.test/a is not recorded like this for '甲' in a.yaml",
        "  call      PUT https://x.test/a?b=1&b=2",
    ]
    placed = UnmatchedCallContext(
        step="2/3 选择", place=Place("a b.yaml", 7), address=lambda: [("sent to", "x")]
    )
    assert explain([], unnamed, placed)[1:4] == [
        "  step      2/3 选择 (a b.yaml:7)",
        "  call      PUT https://x.test/a?b=1&b=2",
        "  sent to   x",
    ]
    assert (
        explain([], unnamed, UnmatchedCallContext(place=Place("a.yaml", 7)))[1]
        == "  step      (a.yaml:7)"
    )
    assert placed.format_record_command("--x") == 'bpmax-sim record "a b.yaml:7" --x'
    assert UnmatchedCallContext(record="pytest").format_record_command() == "pytest"


def test_the_nearest_is_the_one_that_differs_least() -> None:
    rules = MatchingRules(former=FormerNames({"crm": ("old",)}, {"crm.get": ("load",)}))
    recorded = [
        get("a=1&b=1", api="x"), get("a=1&b=2&c=3"), get("a=1", headers=(("X",
        "1"),)), get("a=3"), get("a=4"), get("a=9", platform="old", api="load"),
    ]  # fmt: skip

    def nearest(
        sent: Request, *played: int, of: Sequence[Request] = recorded, **more: Any
    ) -> int | None:
        search = NearestSearch(cassette_of({"甲": of}, rules), "甲", rules, frozenset(played))
        found = find_nearest(search, request_to_parts(sent), **more)
        return found.number if found else None

    assert nearest(get("a=5")) == 3
    assert nearest(get("a=5"), 3) == 4
    assert nearest(get("a=5"), 3, 4, 5) == 3
    assert nearest(get("a=5"), 3, 4, 5, only_unplayed=True) == 1
    assert nearest(get("a=5"), *range(6), only_unplayed=True) is None
    assert nearest(get("a=1&b=2&c=4")) == 1
    assert nearest(get("a=9", api="none")) == 5
    assert nearest(get("a=9"), of=[recorded[0], recorded[5]]) == 1
    assert (
        nearest(get("a=9"), of=[get("a=9", api="x"), get("a=8&b=1", platform="old", api="load")])
        == 1
    )
    assert nearest(get("a=9", platform="erp")) is None
    wide = get("a=1&b=2&c=3&d=4")
    narrow = get("z=1", headers=(("X", "1"),))
    assert nearest(get("z=1&y=2", headers=()), of=[wide, narrow]) == 0
    assert nearest(get("a=9"), of=[get("a=1", platform="old", api="other")]) == 0


def test_only_values_that_may_change_are_offered_to_be_ignored() -> None:
    def offered(recorded: Any, sent: Any) -> str:
        lines = explain([get(body=recorded)], get(body=sent))
        return next((line.partition(": ")[2] for line in lines if line.startswith("  ignore")), "")

    assert {
        "value": offered({"a": {"b": 1}}, {"a": {"b": 2}}),
        "odd name": offered({"a-b": 1, "c d": 1}, {"a-b": 2, "c d": 2}),
        "all rows": offered({"r": [{"q": 1}, {"q": 2}]}, {"r": [{"q": 3}, {"q": 4}]}),
        "one of one": offered({"r": [{"q": 1}]}, {"r": [{"q": 2}]}),
        "two of three": offered(
            {"r": [{"q": 1}, {"q": 2}, {"q": 3}]}, {"r": [{"q": 4}, {"q": 5}, {"q": 3}]}
        ),
        "one of two": offered({"r": [{"q": 1}, {"q": 2}]}, {"r": [{"q": 3}, {"q": 2}]}),
        "list": offered({"a": [1]}, {"a": 1}),
        "map sent": offered({"a": 1}, {"a": {"b": 1}}),
        "sentence": offered({"a": "x"}, {"a": "a b"}), "query": offered({"a": "x=1"}, {"a": "y"}),
        "time": offered({"a": "2026-03-02 09:00"}, {"a": "2026/3/2T9"}),
        "60": offered({"a": "x" * 60}, {"a": "y"}), "61": offered({"a": "x"}, {"a": "y" * 61}),
        "whole": offered({"a": 1}, [1]),
        "five": offered(dict.fromkeys("abcde", 1), dict.fromkeys("abcde", 2)),
        "six": offered(dict.fromkeys("abcdef", 1), dict.fromkeys("abcdef", 2)),
    } == {
        "value": "[body.a.b]",
        "odd name": '[body.a-b, "body[\\"c d\\"]"]', "all rows": '["body.r[*].q"]',
        "one of one": '["body.r[0].q"]',
        "two of three": '["body.r[0].q", "body.r[1].q"]', "one of two": '["body.r[0].q"]',
        "list": "", "map sent": "", "sentence": "", "query": "",
        "time": "[body.a]", "60": "[body.a]", "61": "",
        "whole": "", "five": "[body.a, body.b, body.c, body.d, body.e]", "six": "",
    }  # fmt: skip
    assert not any(
        line.startswith("  ignore") for line in explain([get(path="/a")], get(path="/b"))
    )


def test_long_values_are_cut_around_their_difference() -> None:
    def cut(recorded: Any, sent: Any) -> tuple[str, ...]:
        return tuple(map(translate, format_both_values(Difference("a", recorded, sent))))

    assert cut("甲", msgspec.UNSET) == ('"甲"', "nothing")
    long = "x" * 118
    assert (
        cut(long, long + "y")
        == (f'"{long}"', f"…{'x' * 59}x" + 'y"')[:1] + cut(long, long + "y")[1:]
    )
    assert cut("a" * 200, "a" * 100) == ("…" + "a" * 120 + "…", '"' + "a" * 100 + '"')
    assert cut(["a" * 100, "b" * 100], ["a" * 100])[0] == "…" + "a" * 59 + '","' + "b" * 58 + "…"
    assert cut("a" * 200, "b" + "a" * 199)[0] == '"' + "a" * 60 + "…"
    assert cut("a" * 200, "a" * 100 + "b" + "a" * 99) == (
        "…" + "a" * 120 + "…",
        "…" + "a" * 60 + "b" + "a" * 59 + "…",
    )
    assert cut("a" * 200, "a" * 199 + "b")[1] == "…" + "a" * 60 + 'b"'
    assert cut({"b": 1, "a": 2}, [1]) == ('{"a":2,"b":1}', "[1]")


def test_other_misses_are_explained(tmp_path: Path) -> None:
    parts = request_to_parts(get())
    lines = [*map(translate, explain_already_played(parts, ["a.yaml:4"], 2, "甲", NOWHERE))]
    assert lines == [
        "crm.get was recorded once for '甲', and this is call 2",
        "  call      GET /客户?a=1 (instance test)", "  recorded  a.yaml:4",
        "  record    bpmax-sim record --record-extra", "  or        repeat: true",
    ]  # fmt: skip
    more = explain_already_played(parts, [f"a.yaml:{n}" for n in range(6)], 7, "甲", NOWHERE)
    assert [translate(more[0]), translate(more[2])] == [
        "crm.get was recorded 6 times for '甲', and this is call 7",
        "  recorded  a.yaml:0, a.yaml:1, a.yaml:2, a.yaml:3, a.yaml:4, …",
    ]  # fmt: skip
    assert "2 times" in translate(explain_already_played(parts, ["a", "b"], 3, "甲", NOWHERE)[0])
    assert [translate(line) for line in explain_recording_under_review("b.yaml:9",
    "a b.yaml.new")] == [
        "  waiting   b.yaml:9 holds this call and is not accepted",
        '  look      bpmax-sim review "a b.yaml.new"',
        '  accept    bpmax-sim review "a b.yaml.new" --accept',
    ]  # fmt: skip
    path = tmp_path / "a.yaml"
    call = "  call      GET /客户?a=1 (instance test)"
    assert [translate(line) for line in explain_no_cassette(parts, "", NOWHERE)] == [
        "crm.get cannot be answered, its cassette does not exist", call,
        "  record    bpmax-sim record",
    ]  # fmt: skip
    assert len(explain_no_cassette(parts, str(path), NOWHERE)) == 3
    sent = get().call
    assert sent is not None
    error = make_signature_mismatch_error(sent, (Difference("message", "a", "b"),), SCRIPT)
    assert translate(str(error)).split("\n") == [
        "signed otherwise: crm.get, with the key, instant and nonce of its recording",
        "  script    a.js:3", call,
        '            × message: recorded "a", sent "b"',
        "  check     `sign:` in the platform file; if it is right now, record afresh",
        "  record    bpmax-sim record --record=rewrite",
    ]  # fmt: skip


def test_one_fact_alone_decides_a_line_of_a_miss() -> None:
    unnamed = Request(method="PUT", url="https://x.test/a")
    assert explain([], unnamed, UnmatchedCallContext(step="1/1 选择"))[1] == "  step      1/1 选择"
    for sent in (get("a=2", path="/b"), get("a=2", method="PUT"), get(body={"a": [1]})):
        lines = explain([get(path="/a")], sent)
        assert not any(line.startswith("  ignore") for line in lines)
    two = explain([get("a=1&b=1")], get("a=2&b=2"), SCRIPT)
    assert two[0] == (
        'crm.get is not recorded like this: query.a sent "2", recorded "1"; query.b sent "2", '
        'recorded "1"'
    )


def test_one_fact_alone_decides_a_line_of_a_file() -> None:
    east, west = "2026-03-02T09:00:00+08:00", "2026-03-02T02:00:00+00:00"
    data = dump_entries([entry(detail(1), n=1, at=east), entry(detail(2), n=2, at=west)])
    assert head_of(data)["start"] == east
    unordered = [entry(detail(1), n=2, at=east), entry(detail(2), n=1, at=west)]
    found = Cassette.of_bytes(dump_entries(unordered), "a.yaml")
    assert [found.line(number).n for number in range(2)] == [1, 2]
    for length, mark in ((198, ":"), (199, "?")):
        name = "1" + "a" * (length - 1)
        made = replace(detail(1).request, headers=((name, "v"),))
        written = render_exchange(replace(detail(1), request=made)).text
        assert ("      ? " in written) == (mark == "?")
    login = {"owner": "crm_system.test", "call": f"crm_system.{LOGIN}"}
    a, b = {"x.y": {"u": "1"}}, {"x.y": {"u": "2", "t": "3"}}
    moved = move_facts_to_first_of_owner(
        [entry(detail(1), n=1, **login, values=a), entry(detail(2), n=2, **login, values=b)]
    )
    assert [one.line.values for one in moved] == [a, b]
    first, more, other = (RandomSequenceSeeds(seeds) for seeds in ((1,), (1, 2), (3, 4)))
    seeds = [
        [one.line.seed for one in move_facts_to_first_of_owner(
            [entry(detail(n), n=n, seed=seed) for n, seed in enumerate(listed, 1)])]
        for listed in ((first, more), (first, other), (more, first))
    ]  # fmt: skip
    assert seeds == [[more, 0], [first, 0], [more, 0]]
    net = dump_entries([entry(detail(1), n=1, net=None), entry(detail(2), n=2, net=0)])
    assert b'"net"' not in net
    assert parse_head({"format": "2"}, is_typed=False).format == 2
    assert parse_head({"start": "s"}).start == "s"


def test_each_body_of_an_exchange_may_be_on_one_line() -> None:
    long = json.dumps({"a": "x" * 60, "b": 1})
    made = render_exchange(
        numbered(replace(order(long.encode()), outcome=answer(long)))[0], rules=RULES
    )
    request, mark, rest = made.text.partition("\n  response:\n")
    flat_request = unbreak(replace(made, text=request + "\n"), long, 6).text.removesuffix("\n")
    flat_rest = unbreak(replace(made, text=rest), long, 8).text

    for sent, received in ((request, flat_rest), (flat_request, rest), (flat_request, flat_rest)):
        data = dump_entries([replace(made, text=f"{sent}{mark}{received}")])
        assert reseal(data.decode()) == data
