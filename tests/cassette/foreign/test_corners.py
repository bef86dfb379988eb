"""Files of other tools: what is absent, empty, twice, third or in another case there."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from bpmax_sim.errors import CassetteError
from bpmax_sim.messages import Call, Chunk, Exchange, FailedExchange, Request, Response
from bpmax_sim.traffic import imported as module
from bpmax_sim.traffic.formats import detect_format, read_foreign, write_foreign
from bpmax_sim.traffic.imported import (
    ForeignExchanges,
    NotConvertibleError,
    ReadOptions,
    encode_text,
    has_member,
    load_yaml,
    parse_instant,
    to_failure_code,
)

ADDRESS = "https://crm.example.test"


def read(kind: str, tree: Any) -> ForeignExchanges:
    data = tree if isinstance(tree, bytes) else json.dumps(tree).encode()
    return read_foreign(data, kind=kind, options=ReadOptions(address=ADDRESS))


def only(found: ForeignExchanges) -> Exchange | str:
    """Return the one exchange, or the reason why there is none."""
    if found.exchanges:
        return found.exchanges[0]
    return found.notes[0].partition(": ")[2]


def body_of(exchange: Exchange | str) -> bytes | str:
    if isinstance(exchange, str):
        return exchange
    assert isinstance(exchange.outcome, Response)
    return exchange.outcome.body


def har(*entries: dict[str, Any]) -> ForeignExchanges:
    """Return what becomes of entries of an archive, each with parts of its own."""
    filled = [
        {
            **{name: value for name, value in one.items() if name not in ("request", "response")},
            "request": {"method": "GET", "url": ADDRESS, **one.get("request", {})},
            "response": {"status": 200, **one.get("response", {})},
        }
        for one in entries
    ]
    return read("har", {"log": {"entries": filled}})


@pytest.mark.parametrize(
    ("posted", "size", "body"),
    [
        (None, None, None), (None, 0, None), (None, -1, None), ({}, 0, None),
        (None, 1, "the archive leaves out the body of its request"),
        ({}, 5, "the archive leaves out the body of its request"),
        ({"text": "a=1"}, 0, b"a=1"), ({"text": "甲"}, 3, "甲".encode()),
        ({"text": "é"}, 1, "é".encode("cp1252")), ({"text": "é"}, 2, "é".encode()),
        ({"text": "55Sy", "encoding": "base64"}, 0, "甲".encode()),
        ({"text": "55Sy", "_encoding": "base64"}, 0, "甲".encode()),
        ({"text": "ff00", "encoding": "hex"}, 0, b"\xff\x00"),
        ({"text": '["55Sy", "5LmZ"]', "encoding": "base64"}, 0, "甲乙".encode()),
        ({"text": "", "params": [{"name": "a", "value": "1 2"}, {"name": "b"},
                                 {"name": "a", "value": "3"}], "mimeType":
          "application/x-www-form-urlencoded; charset=utf-8"}, 0, b"a=1+2&b=&a=3"),
        ({"params": [{"name": "a"}], "mimeType": "multipart/form-data"}, 0,
         "the archive has the parts of its body (multipart/form-data), and not the body"),
        ({"params": [{"name": "a"}]}, 0,
         "the archive has the parts of its body (), and not the body"),
        ({"params": []}, 0, None), ({"mimeType": "text/plain"}, 0, None),
        ({"_file": "a.bin"}, 0,
         "its body is in the file 'a.bin', which is missing next to the archive"),
    ],
)  # fmt: skip
def test_a_body_of_an_archive_is_there_or_a_note_says_why_not(
    posted: Any, size: Any, body: Any
) -> None:
    request = {} if posted is None else {"postData": posted}
    found = only(har({"request": {**request, **({} if size is None else {"bodySize": size})}}))

    assert (found if isinstance(found, str) else found.request.body) == body


@pytest.mark.parametrize(
    ("content", "headers", "body"),
    [
        ({}, {}, b""), ({"size": 0}, {}, b""), ({"size": -1}, {}, b""),
        ({"size": 5}, {}, "the archive leaves out the body of its response"),
        ({"size": -1}, {"content-length": "3"}, "the archive leaves out the body of its response"),
        ({"size": -1}, {"content-length": "0"}, b""), ({"size": -1}, {"content-length": "x"}, b""),
        ({"size": -1}, {"content-length": "3", "content-encoding": "gzip"}, b""),
        ({"text": ""}, {}, b""), ({"text": None, "size": 0}, {}, b""),
        ({"text": "é", "size": 9}, {"content-length": "1"}, "é".encode("cp1252")),
        ({"text": "é", "size": 1}, {"Content-Length": "2"}, "é".encode()),
        ({"text": "ff", "_isBinary": True}, {}, b"\xff"),
        ({"text": "/w==", "_isBinary": True, "encoding": "base64"}, {}, b"\xff"),
        ({"text": "/w==", "encoding": "BASE64"}, {}, b"/w=="),
    ],
)  # fmt: skip
def test_a_response_of_an_archive_has_its_body_or_none(
    content: Any, headers: dict[str, str], body: Any
) -> None:
    pairs = [{"name": name, "value": value} for name, value in headers.items()]

    assert body_of(only(har({"response": {"headers": pairs, "content": content}}))) == body


@pytest.mark.parametrize(
    ("entry", "code", "is_sent"),
    [
        ({"response": {"status": 0, "_error": "net::ERR_CONNECTION_REFUSED"}}, "CONNECT", False),
        ({"response": {"status": -1, "_failureText": "timed out"}}, "TIMEOUT", True),
        ({"response": {"status": 0}, "_error": "SSL handshake"}, "TLS", True),
        ({"response": {"status": None}, "_failureText": "weg"}, "RESET", True),
        ({"response": {"status": 200, "_error": "weg"}}, "RESET", True),
        ({"response": {"status": 0, "_error": "weg",
                       "_failed": {"code": "DNS", "sent": False}}}, "DNS", False),
        ({"response": {"status": 0, "_error": "weg", "_failed": {"code": "TLS"}}}, "TLS", True),
        ({"response": {"status": -1, "_error": "timed out", "content": {"size": 0}}},
         "TIMEOUT", True),
        ({"response": {"status": 0}}, None, False), ({"response": {"status": -1}}, None, False),
        ({"response": {"status": 0, "_error": ""}, "_error": None}, None, False),
    ],
)  # fmt: skip
def test_an_exchange_of_an_archive_that_failed_says_how(
    entry: Any, code: str | None, is_sent: bool
) -> None:
    found = only(har({**entry, "time": 1500}))

    if code is None:
        assert found == "it was blocked or had no response, and the archive does not say why"
    else:
        assert isinstance(found, Exchange)
        assert isinstance(found.outcome, FailedExchange)
        outcome = found.outcome
        assert (outcome.code, outcome.sent, outcome.elapsed) == (code, is_sent, 1.5)


def test_a_response_of_an_archive_that_broke_off_keeps_what_came() -> None:
    found = only(har({"response": {"_error": "weg", "content": {"text": "a"}}}))

    assert body_of(found) == b"a"


@pytest.mark.parametrize(
    ("pairs", "kept"),
    [
        ("", ""), ("a=1", "a=1"), ("a=1 a=1", "a=1"), ("a=1 A=1 a=1", "a=1"), ("A=1 a=1", "A=1"),
        ("a=1 a=2 a=3", "a=1 a=2 a=3"), ("a=1 a=2 a=1", "a=1 a=2"), ("a= b=1 a=", "a= b=1"),
        (":path=/x a=1", "a=1"), ("Host=x a=1 Content-Length=3 TE=x", "a=1"),
        ("connection=x Keep-Alive=1 transfer-encoding=x Accept-Encoding=x", ""),
        ("proxy-connection=x Proxy-Authorization=x", "Proxy-Authorization=x"),
    ],
)  # fmt: skip
def test_headers_of_a_request_are_those_of_the_caller_each_once(pairs: str, kept: str) -> None:
    headers = [dict(zip(("name", "value"), one.split("="), strict=True)) for one in pairs.split()]
    [found] = har({"request": {"headers": headers}}).exchanges

    assert " ".join(f"{name}={value}" for name, value in found.request.headers) == kept


@pytest.mark.parametrize(
    ("times", "order"),
    [
        (["02", "01", "03"], "102"), (["01", "01", "01"], "012"), (["03", "02", "01"], "210"),
        (["02", None, "01"], "012"), ([None, None, None], "012"), (["02", "x", "01"], "012"),
    ],
)  # fmt: skip
def test_exchanges_are_sorted_by_time_where_all_have_one(times: list[Any], order: str) -> None:
    entries = [
        {"request": {"url": f"{ADDRESS}/{number}"},
         "startedDateTime": one and f"2026-03-02T09:00:{one}+08:00"}
        for number, one in enumerate(times)
    ]  # fmt: skip
    found = har(*entries).exchanges

    assert "".join(one.request.url[-1] for one in found) == order
    assert [one.order for one in found] == [1, 2, 3]
    assert all(one.at > 1_700_000_000 for one in found)


def test_what_cannot_be_read_is_noted_by_its_number_in_the_file() -> None:
    entries: list[Any] = [{"x": 1}, {"request": {"url": "ftp://a"}}, {"x": 2, "y": 1, "_z": 1}]
    last: list[Any] = [{"x": 3, "w": 1}, {"request": {"url": 5}}, {"w": 2}]
    found = har(*entries, {"_webSocketMessages": [1]}, *last)

    assert [one.order for one in found.exchanges] == [1, 2, 3, 4]
    assert list(found.notes) == [
        "exchange 2: 'ftp://a' is not an HTTP address",
        "exchange 4: it is a WebSocket, which is not supported",
        "exchange 6: not an exchange (request.url is a number, which cannot be read there)",
        "exchange 1 and 2 more: the key 'x' is not known and is left out",
        "exchange 3: the key 'y' is not known and is left out",
        "exchange 5 and 1 more: the key 'w' is not known and is left out",
    ]
    assert read("har", {"log": {"entries": [{}, None]}}).notes == (
        "exchange 1: not an exchange (key 'request' is missing)",
        "exchange 2: not an exchange (it is null)",
    )


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "RESET"), ("connection reset", "CONNECT"), ("read ECONNRESET", "RESET"),
        ("Timed Out", "TIMEOUT"), ("ERR_TIMED_OUT", "TIMEOUT"), ("connect timeout", "TIMEOUT"),
        ("SSL: bad", "TLS"), ("net::ERR_CERT_DATE_INVALID", "TLS"), ("Certificate", "TLS"),
        ("ERR_NAME_NOT_RESOLVED", "CONNECT"), ("host unreachable", "CONNECT"),
        ("DNS failure", "CONNECT"), ("could not resolve", "CONNECT"), ("refused", "CONNECT"),
    ],
)  # fmt: skip
def test_a_failure_is_told_by_its_words(text: str, code: str) -> None:
    assert to_failure_code(text) == code


@pytest.mark.parametrize(
    ("text", "media", "sizes", "data"),
    [
        ("", "", (), b""), ("abc", "text/x; charset=utf-16", (3,), b"abc"),
        ("甲", "", (), "甲".encode()), ("甲", "text/x; charset=gbk", (), "甲".encode("gbk")),
        ("甲", "text/x; charset=gbk", (3,), "甲".encode("gbk")),
        ("é", "", (), "é".encode()), ("é", "", (2,), "é".encode()), ("é", "", (1,), b"\xe9"),
        ("é", "", (0, -1), "é".encode()), ("é", "", (5, 1), b"\xe9"), ("é", "", (1, 2),
        "é".encode()),
        ("\x81", "", (1,), b"\x81"), ("ÿ€", "", (2,), b"\xff\x80"), ("Ā", "", (1,), "Ā".encode()),
        ("éĀ", "", (2,), "éĀ".encode()), ("\ud800", "", (), b"\xed\xa0\x80"),
        ("\ud800", "text/x; charset=gbk", (), b"\xed\xa0\x80"),
        ("a\ufffd", "", (4,), "a\ufffd".encode()), ("a\ufffd", "", (2,), None),
        ("a\ufffd", "", (), None), ("é\ufffd", "", (5,), "é\ufffd".encode()),
    ],
)  # fmt: skip
def test_a_text_becomes_bytes_of_the_size_that_was_noted(
    text: str, media: str, sizes: tuple[int, ...], data: bytes | None
) -> None:
    if data is None:
        with pytest.raises(NotConvertibleError, match="characters of its body were lost"):
            encode_text(text, media, sizes)
    else:
        assert encode_text(text, media, sizes) == data


@pytest.mark.parametrize("coding", ["gzip", "deflate", "raw"])
def test_a_body_is_unpacked_whose_parts_are_far_from_each_other(coding: str) -> None:
    import gzip  # noqa: PLC0415
    import random  # noqa: PLC0415
    import zlib  # noqa: PLC0415

    part = random.Random(39).randbytes(32_000)
    body = part + part
    plain = zlib.compress(body)
    packed = {"gzip": gzip.compress(body), "deflate": plain, "raw": plain[2:-4]}[coding]
    headers = (("Content-Encoding", coding.replace("raw", "deflate")),)

    assert len(packed) < len(body) * 0.6
    assert module.undo_content_codings(packed, headers) == body


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("2026-03-02T09:00:00+08:00", 1772413200.0), ("2026-03-02T01:00:00Z", 1772413200.0),
        ("2026-03-02T01:00:00", 1772413200.0), ("2026-03-02T01:00:00.500", 1772413200.5),
        ("1970-01-01T00:00:00Z", 0.0), ("", 0.0), (None, 0.0), (5, 0.0), ("gestern", 0.0),
    ],
)  # fmt: skip
def test_an_instant_without_a_zone_is_in_utc(value: Any, seconds: float) -> None:
    assert parse_instant(value) == seconds


@pytest.mark.parametrize(
    ("tree", "path", "is_there"),
    [
        ({"a": {"b": None}}, ("a", "b"), True), ({"a": {"b": 0}}, ("a", "b"), True),
        ({"a": {}}, ("a", "b"), False), ({"a": None}, ("a", "b"), False), (None, ("a",), False),
        ([], ("a",), False), ({}, (), True),
    ],
)  # fmt: skip
def test_a_member_is_there_though_it_be_null(tree: Any, path: Any, is_there: bool) -> None:
    assert has_member(tree, *path) == is_there


@pytest.mark.parametrize(
    ("text", "plain", "typed"),
    [
        ("1", "1", 1), ("-0.5e3", "-0.5e3", -500.0), ("01", "01", "01"), ("true", "true", True),
        ("True", "True", "True"), ("on", "on", "on"), ("null", None, None), ("~", None, None),
        ("NULL", None, None), ("nULL", "nULL", "nULL"), ('"1"', "1", "1"),
        ("'null'", "null", "null"),
        ("", None, None), ("2026-03-02", "2026-03-02", "2026-03-02"),
        ("!!binary 55Sy", "甲".encode(), "甲".encode()), ("[1, a, null]", ["1", "a", None],
         [1, "a", None]), ("{1: 2, null: 3}", {"1": "2", "None": "3"}, {"1": 2, "None": 3}),
        ("!!python/tuple [1]", ["1"], [1]), ("!!python/unicode a", "a", "a"),
        ("!!str 1", "1", 1),
    ],
)  # fmt: skip
def test_a_scalar_of_yaml_is_a_text_unless_it_is_asked_for(
    text: str, plain: Any, typed: Any
) -> None:
    assert load_yaml(text.encode(), "x") == plain
    assert load_yaml(text.encode(), "x", typed=True) == typed
    below = load_yaml(f"a:\n  b: {text}\nb: {text}\n".encode(), "x", typed_below="a")
    assert below == {"a": {"b": typed}, "b": plain}


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"\xff", "not x: not UTF-8 at byte 0"), (b"a: [", "not x: not YAML at line "),
        (b"- !!python/name:os.system x", "asks for an object"), (b"!x a", "asks for an object"),
        (b"!!python/object/new:os.x []", "asks for an object"),
        (b"[" * 62 + b"]" * 62, "nested or repeated beyond all measure"),
        (b"!!binary a", "broken base64"), (b"*a", "not x: not YAML"),
    ],
)  # fmt: skip
def test_yaml_that_cannot_be_read_is_told_with_its_place(data: bytes, told: str) -> None:
    with pytest.raises(CassetteError) as caught:
        load_yaml(data, "x")

    assert told in str(caught.value)


def test_yaml_may_be_nested_sixty_levels_deep() -> None:
    assert str(load_yaml(b"[" * 61 + b"]" * 61, "x")).count("[") == 61


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("{string: abc}", b"abc"), ("{string: ''}", b""), ("{string: null}", b""), ("null", b""),
        ("abc", b"abc"), ("{}", b""), ("[a, null, !!binary 55Sy]", "a甲".encode()),
        ("{base64_string: 55Sy}", "甲".encode()), ("{base64_string: 55Sy, string: b}",
         "甲".encode()), ("{base64_string: null, string: b}", b"b"),
        ("{other: 1}", "its body has the keys other, none of which is known"),
        ("{string: {string: a}}", b"a"), ("{string: [a, b, c]}", b"abc"),
    ],
)  # fmt: skip
def test_a_body_of_vcrpy_is_a_text_bytes_or_pieces(body: str, found: Any) -> None:
    text = (
        f"interactions:\n- request: {{method: GET, uri: '{ADDRESS}'}}\n"
        f"  response: {{status: {{code: 200}}, body: {body}}}\n"
    )

    assert body_of(only(read("vcrpy", text.encode()))) == found


@pytest.mark.parametrize(
    ("response", "status", "reason"),
    [
        ({"status": {"code": 201, "message": "Created"}}, 201, "Created"),
        ({"status": {"code": "404", "message": None}}, 404, ""),
        ({"code": 201, "status": "201 Created now"}, 201, "Created now"),
        ({"code": 204, "status": None}, 204, ""), ({"code": 204}, 204, ""),
        ({"status": 202}, 202, ""), ({"status_code": 203}, 203, ""),
        ({"status": None, "status_code": 203}, 203, ""),
        ({"status": {}, "status_code": 203}, 203, ""), ({"status": 0, "status_code": 1}, 0, ""),
    ],
)  # fmt: skip
def test_the_status_of_vcrpy_and_go_vcr_is_read(response: Any, status: int, reason: str) -> None:
    tree = {"interactions": [{"request": {"method": "get", "url": ADDRESS}, "response": response}]}
    found = only(read("vcrpy", tree))

    assert isinstance(found, Exchange)
    assert isinstance(found.outcome, Response)
    assert (found.outcome.status, found.outcome.reason) == (status, reason)
    assert found.request.method == "GET"


DAMAGED = (
    "a body of it was no text, and betamax kept it damaged; record it with "
    "preserve_exact_body_bytes"
)


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (None, b""), ("", b""), ("甲", "甲".encode()), ({}, b""), ({"string": ""}, b""),
        ({"string": "é", "encoding": "latin-1"}, b"\xe9"), ({"string": "é"}, "é".encode()),
        ({"string": "é", "encoding": None}, "é".encode()),
        ({"string": "é", "encoding": "none"}, "é".encode()),
        ({"string": "甲", "encoding": "ascii"}, b"?"),
        ({"base64_string": "55Sy", "string": "b"}, "甲".encode()),
        ({"string": "a\ufffd"}, DAMAGED),
    ],
)  # fmt: skip
def test_a_body_of_betamax_is_encoded_again(body: Any, found: Any) -> None:
    item = {
        "request": {"method": "GET", "uri": ADDRESS},
        "response": {"status": {"code": 200}, "body": body},
    }

    assert body_of(only(read("betamax", {"http_interactions": [item]}))) == found


def hoverfly(**request: Any) -> Exchange | str:
    """Return what becomes of a pair; of the matchers the ones that matter here are given."""
    matchers = {
        "method": [{"value": "GET"}], "destination": [{"value": "crm.example.test"}], **request,
    }  # fmt: skip
    pair = {"request": matchers, "response": {"status": 200}}
    return only(read("hoverfly", {"data": {"pairs": [pair]}, "meta": {"schemaVersion": "v5"}}))


@pytest.mark.parametrize(
    ("request_", "url"),
    [
        ({}, "http://crm.example.test/"),
        ({"scheme": [{"value": "https"}], "path": [{"value": "/a"}]}, "https://crm.example.test/a"),
        ({"path": []}, "http://crm.example.test/"),
        ({"path": [{"matcher": "exact", "value": "/a"}]}, "http://crm.example.test/a"),
        ({"path": [{"matcher": "glob", "value": "/a*"}]}, "its path is a pattern"),
        ({"path": [{"value": "/a"}, {"value": "/b"}]}, "its path is a pattern"),
        ({"method": []}, "it accepts any method"), ({"destination": None},
         "it accepts any destination"),
        ({"query": {"a": [{"value": "1 2"}],
                    "b": [{"matcher": "array", "value": ["1", "2", "3"]}]}},
         "http://crm.example.test/?a=1%202&b=1&b=2&b=3"),
        ({"query": {"a": []}}, "it accepts any query 'a'"),
        ({"query": {}}, "http://crm.example.test/"),
        ({"deprecatedQuery": [{"value": "z=1"}], "query": {"a": [{"value": "1"}]}},
         "http://crm.example.test/?z=1"),
        ({"requiresState": {"cart": "full"}}, "it depends on the state 'cart'"),
        ({"requiresState": {"sequence:1": "2"}}, "http://crm.example.test/"),
        ({"headers": {"X-A": [{"value": "1"}], "X-B": [{"matcher": "glob", "value": "*"}]}},
         "http://crm.example.test/"),
    ],
)  # fmt: skip
def test_a_pair_of_hoverfly_is_one_request_or_a_pattern(request_: Any, url: str) -> None:
    found = hoverfly(**request_)

    assert (found if isinstance(found, str) else found.request.url) == url
    if not isinstance(found, str) and "headers" in request_:
        assert found.request.headers == (("X-A", "1"),)


@pytest.mark.parametrize(
    ("body", "sent"),
    [
        (None, None), ([{"value": ""}], None), ([{"value": "甲"}], "甲".encode()),
        ([{"matcher": "json", "value": "{}"}], b"{}"), ([{"matcher": "xml", "value": "<a/>"}],
         b"<a/>"),
        ([{"matcher": "form", "value": {"a": [{"value": "1 2"}], "b": []}}], b"a=1%202&b="),
        ([{"matcher": "form", "value": {"a": [{"matcher": "glob", "value": "*"}]}}],
         "its body 'a' is a pattern"),
        ([{"matcher": "regex", "value": "."}], "its body is a pattern"),
    ],
)  # fmt: skip
def test_a_body_of_hoverfly_is_exact_or_a_pattern(body: Any, sent: Any) -> None:
    found = hoverfly(body=body)

    assert (found if isinstance(found, str) else found.request.body) == sent


@pytest.mark.parametrize(
    ("version", "told"), [("v5.2", ""), ("v5", ""), ("v4", "but v4"), ("", "of none"),
                          (None, "but of none")],
)  # fmt: skip
def test_a_simulation_of_hoverfly_is_of_schema_five(version: Any, told: str) -> None:
    tree = {"data": {"pairs": []}, "meta": {"schemaVersion": version}}

    if told:
        with pytest.raises(CassetteError, match=told):
            read("hoverfly", tree)
    else:
        assert read("hoverfly", tree).exchanges == ()


@pytest.mark.parametrize(
    ("actions", "is_noted"),
    [(None, False), ({}, False), ({"delays": []}, False), ({"delays": [{"delay": 1}]}, True),
     ({"delaysLogNormal": [{"mean": 1}]}, True)],
)  # fmt: skip
def test_global_delays_of_hoverfly_are_noted(actions: Any, is_noted: bool) -> None:
    data = {"pairs": [], **({} if actions is None else {"globalActions": actions})}

    found = read("hoverfly", {"data": data, "meta": {"schemaVersion": "v5"}})

    assert [one.startswith("global delays") for one in found.notes] == [True] * is_noted


def wiremock(**request: Any) -> Exchange | str:
    matcher = {"method": "POST", "url": "/a", **request}
    shown = {name: value for name, value in matcher.items() if value is not ...}
    return only(read("wiremock", {"request": shown, "response": {}}))


@pytest.mark.parametrize(
    ("request_", "url"),
    [
        ({}, f"{ADDRESS}/a"), ({"url": "/a?b=1"}, f"{ADDRESS}/a?b=1"),
        ({"url": "/a", "urlPath": "/b"}, f"{ADDRESS}/a"),
        ({"url": ..., "urlPath": "/b"}, f"{ADDRESS}/b"),
        ({"url": ..., "urlPath": "/b", "queryParameters": {"a": {"equalTo": "1 2"},
          "c": {"hasExactly": [{"equalTo": "3"}, {"equalTo": "4"}, {"equalTo": "5"}]}}},
         f"{ADDRESS}/b?a=1%202&c=3&c=4&c=5"),
        ({"url": ..., "urlPath": "/b", "queryParameters": {"a": {"matches": "."}}},
         "the query parameter 'a' is a pattern"),
        ({"url": ..., "urlPath": "/b", "queryParameters": {"a": {"hasExactly": [{}]}}},
         "the query parameter 'a' is a pattern"),
        ({"url": ..., "urlPattern": "/."}, "its address is a pattern"),
        ({"method": "ANY"}, "it matches any method"), ({"method": ...}, "it matches any method"),
    ],
)  # fmt: skip
def test_a_mapping_of_wiremock_is_one_request_or_a_pattern(request_: Any, url: str) -> None:
    found = wiremock(**request_)

    assert (found if isinstance(found, str) else found.request.url) == url


@pytest.mark.parametrize(
    ("patterns", "sent", "media"),
    [
        (None, None, None), ([], None, None), ([{"equalTo": "甲"}], "甲".encode(), None),
        ([{"equalToJson": '{"a": 1}'}], b'{"a": 1}', "application/json"),
        ([{"equalToJson": {"a": 1}}], b'{"a":1}', "application/json"),
        ([{"equalToJson": 0}], b"0", "application/json"),
        ([{"equalToXml": "<a/>"}], b"<a/>", "application/xml"),
        ([{"binaryEqualTo": "/w=="}], b"\xff", None),
        ([{"matches": "."}], "its body is a pattern", None),
        ([{"equalTo": 5}], "its body is a pattern", None),
        ([{"equalTo": "a"}, {"equalTo": "a"}], "its body has to fit several patterns", None),
        ([{"equalTo": ""}], None, None),
    ],
)  # fmt: skip
def test_a_body_of_wiremock_has_the_media_type_of_its_rule(
    patterns: Any, sent: Any, media: str | None
) -> None:
    found = wiremock(bodyPatterns=patterns)

    if isinstance(found, str):
        assert found == sent
    else:
        assert (found.request.body, dict(found.request.headers).get("content-type")) == (
            sent, media,
        )  # fmt: skip


@pytest.mark.parametrize(
    ("reply", "found"),
    [
        ({"fault": "EMPTY_RESPONSE"}, "the server answered nothing"),
        ({"fault": "MALFORMED_RESPONSE_CHUNK"}, "the response ended in a malformed chunk"),
        ({"fault": "RANDOM_DATA_THEN_CLOSE"}, "the response is not HTTP"),
        ({"fault": "OTHER"}, "OTHER"), ({"fault": "", "body": "a"}, b"a"),
        ({"proxyBaseUrl": "http://a"}, "it hands requests on to another server"),
        ({"transformers": ["a", "b", "response-template"]}, "its response is a template"),
        ({"transformers": ["a"]}, b""), ({"transformers": None}, b""),
        ({"bodyFileName": "a.json"}, "its body is in the file 'a.json'; put it into `body`"),
    ],
)  # fmt: skip
def test_a_response_of_wiremock_is_made_or_told(reply: Any, found: Any) -> None:
    exchange = only(
        read("wiremock", [{"request": {"method": "GET", "url": "/"}, "response": reply}])
    )

    if isinstance(exchange, Exchange) and isinstance(exchange.outcome, FailedExchange):
        assert (exchange.outcome.code, exchange.outcome.message) == ("RESET", found)
    else:
        assert body_of(exchange) == found


def postman(*items: Any, **more: Any) -> ForeignExchanges:
    return read("postman", {"info": {"schema": "v2.1.0"}, "item": list(items), **more})


def saved(request: Any, response: Any = None) -> dict[str, Any]:
    return {"name": "a", "request": request, "response": [response or {"code": 200}]}


PARTS = (
    b'--bpmax-sim-form-data\r\nContent-Disposition: form-data; name="k"\r\n\r\n1\r\n'
    b"--bpmax-sim-form-data--\r\n"
)


@pytest.mark.parametrize(
    ("body", "sent", "media"),
    [
        ({"mode": "raw"}, None, "text/plain"),
        ({"mode": "raw", "raw": "{{a}}"}, b"1", "text/plain"),
        ({"mode": "raw", "raw": "x", "options": {"raw": {"language": "json"}}}, b"x",
         "application/json"),
        ({"mode": "raw", "raw": "x", "options": {"raw": {"language": "xml"}}}, b"x",
         "application/xml"),
        ({"mode": "raw", "raw": "x", "options": {"raw": {"language": "html"}}}, b"x", "text/html"),
        ({"mode": "raw", "raw": "x", "options": {"raw": {"language": "javascript"}}}, b"x",
         "text/plain"),
        ({"mode": "raw", "raw": "x", "options": {"raw": None}}, b"x", "text/plain"),
        ({"mode": "urlencoded", "urlencoded": [{"key": "a", "value": "{{a}} 2"}, {"key": "b"},
          {"key": "c", "value": "3", "disabled": True}, {"key": "d", "value": None}]},
         b"a=1+2&b=&d=", "application/x-www-form-urlencoded"),
        ({"mode": "graphql", "graphql": {"query": "q", "variables": '{"n": {{a}}}'}},
         b'{"query": "q", "variables": {"n": 1}}', "application/json"),
        ({"mode": "graphql", "graphql": {"query": "q", "variables": ""}},
         b'{"query": "q", "variables": {}}', "application/json"),
        ({"mode": "formdata", "formdata": [{"key": "k", "value": "{{a}}"},
          {"key": "off", "value": "1", "disabled": True}]},
         PARTS, "multipart/form-data; boundary=bpmax-sim-form-data"),
        ({"mode": "formdata", "formdata": [{"key": "k", "type": "file"}]},
         "its body has a file, which the collection does not hold", None),
        ({"mode": "file"}, "its body is a file, which the collection does not hold", None),
    ],
)  # fmt: skip
def test_a_body_of_postman_has_the_media_type_of_its_mode(
    body: Any, sent: Any, media: str | None
) -> None:
    request = {"method": "POST", "url": ADDRESS, "body": body}
    variables = [{"key": "a", "value": "1"}]
    found = only(postman(saved(request), variable=variables))
    own = {**request, "header": [{"key": "content-TYPE", "value": "x/y"}]}
    typed = only(postman(saved(own), variable=variables))

    if isinstance(found, str):
        assert found == sent
    else:
        assert (found.request.body, dict(found.request.headers)["Content-Type"]) == (sent, media)
        assert isinstance(typed, Exchange)
        assert typed.request.headers == (("content-TYPE", "x/y"),)


def test_the_variable_of_an_inner_folder_of_postman_hides_an_outer_one() -> None:
    item = saved({"method": "GET", "url": "{{base}}/{{version}}/客户"})
    inner = {"item": [item], "variable": [{"key": "base", "value": "https://b.test"}]}
    outer = [{"key": "base", "value": "https://a.test"}, {"key": "version", "value": "v1"}]
    found = postman(item, inner, item, variable=outer)

    urls = [one.request.url.partition("/v1")[0] for one in found.exchanges]
    assert urls == ["https://a.test", "https://b.test", "https://a.test"]


@pytest.mark.parametrize(
    ("reply", "media", "seconds"),
    [
        ({}, "", 0.0), ({"_postman_previewlanguage": "json"}, "application/json", 0.0),
        ({"_postman_previewlanguage": "json", "header": [{"key": "content-type", "value": "a/b"}]},
         "a/b", 0.0),
        ({"_postman_previewlanguage": "Text"}, "", 0.0), ({"responseTime": 1500}, "", 1.5),
        ({"responseTime": None, "header": "Content-Type: a/b\n\nX-A:1"}, "a/b", 0.0),
        ({"header": [{"key": "Content-Type", "value": "a/b", "disabled": True}]}, "", 0.0),
    ],
)  # fmt: skip
def test_a_saved_response_of_postman_has_its_media_type_and_time(
    reply: Any, media: str, seconds: float
) -> None:
    found = only(postman(saved({"method": "GET", "url": ADDRESS}, {"code": 200, **reply})))

    assert isinstance(found, Exchange)
    assert isinstance(found.outcome, Response)
    assert (found.outcome.header("content-type") or "", found.outcome.elapsed) == (media, seconds)


@pytest.mark.parametrize(("levels", "is_read"), [(0, True), (40, True), (41, False)])
def test_a_variable_of_postman_leads_through_forty_others(levels: int, is_read: bool) -> None:
    variables = [{"key": f"v{n}", "value": f"{{{{v{n + 1}}}}}"} for n in range(levels)]
    variables.append({"key": f"v{levels}", "value": ADDRESS})
    found = only(postman(saved("{{ v0 }}"), variable=variables))

    assert isinstance(found, Exchange) == is_read
    assert is_read or "it uses the variable 'v41'" in str(found)


@pytest.mark.parametrize(
    ("left", "note"),
    [(0, None), (1, "1 request has no saved response: it is left out"),
     (3, "3 requests have no saved response: they are left out")],
)  # fmt: skip
def test_requests_of_postman_without_a_response_are_counted(left: int, note: str | None) -> None:
    bare = {"request": {"method": "GET", "url": ADDRESS}, "response": []}
    found = postman(saved(ADDRESS), *[bare] * left, {"name": "empty folder", "item": []}, "x")

    assert len(found.exchanges) == 1
    assert list(found.notes) == ([note] if note else [])


def netstring(value: Any) -> bytes:
    """Return *value* as mitmproxy writes it."""
    kinds: dict[type, tuple[bytes, Any]] = {
        bytes: (b",", lambda it: it), str: (b";", str.encode),
        bool: (b"!", lambda it: str(it).lower().encode()), int: (b"#", lambda it: b"%d" % it),
        float: (b"^", lambda it: repr(it).encode()), type(None): (b"~", lambda _it: b""),
        list: (b"]", lambda it: b"".join(map(netstring, it))),
        tuple: (b"]", lambda it: b"".join(map(netstring, it))),
        dict: (b"}", lambda it: b"".join(netstring(k) + netstring(v) for k, v in it.items())),
    }  # fmt: skip
    mark, write = kinds[type(value)]
    data = write(value)
    return b"%d:%s%s" % (len(data), data, mark)


def flow(**parts: Any) -> Exchange | str:
    request = {
        "method": b"get", "scheme": b"https", "host": "crm.example.test", "port": 443,
        "path": b"/a", "headers": [], "content": b"", "authority": b"", "timestamp_start": 100.0,
        **parts.pop("request", {}),
    }  # fmt: skip
    response = {"status_code": 200, "reason": b"OK", "headers": [], "content": b"",
                "timestamp_end": 101.5, **(parts.pop("response", {}) or {})}  # fmt: skip
    whole = {"type": "http", "request": request, "response": response, **parts}
    return only(read("mitmproxy", netstring(whole)))


@pytest.mark.parametrize(
    ("request_", "url"),
    [
        ({}, "https://crm.example.test/a"), ({"port": 8443}, "https://crm.example.test:8443/a"),
        ({"port": 0}, "https://crm.example.test/a"), ({"port": None}, "https://crm.example.test/a"),
        ({"scheme": b"http"}, "http://crm.example.test:443/a"),
        ({"scheme": b"http", "port": 80}, "http://crm.example.test/a"),
        ({"authority": b"b.test"}, "https://b.test/a"),
        ({"authority": b"b.test:1", "port": 2}, "https://b.test:1/a"),
        ({"headers": [(b"HOST", b"c.test")]}, "https://c.test/a"),
        ({"headers": [(b"Host", b"c.test")], "authority": b"b.test"}, "https://b.test/a"),
        ({"authority": b"[::1]", "port": 8443}, "https://[::1]:8443/a"),
        ({"path": b"http://d.test/x"}, "http://d.test/x"), ({"path": b""},
         "https://crm.example.test"),
    ],
)  # fmt: skip
def test_a_flow_has_the_address_that_was_asked(request_: Any, url: str) -> None:
    found = flow(request=request_)

    assert isinstance(found, Exchange)
    assert (found.request.url, found.request.method) == (url, "GET")


@pytest.mark.parametrize(
    ("parts", "found"),
    [
        ({}, ("", 1.5)), ({"response": {"timestamp_end": None}}, ("", 0.0)),
        ({"response": {"timestamp_end": 99.0}}, ("", 0.0)),
        ({"response": {"timestamp_end": 100.0004}}, ("", 0.0)),
        ({"response": {"timestamp_end": 100.0006}}, ("", 0.001)),
        ({"type": "tcp"}, "it is tcp, which is not supported"),
        ({"websocket": {"a": 1}}, "it is a WebSocket, which is not supported"),
        ({"request": {"content": None}}, "mitmproxy did not keep the body of its request"),
        ({"response": {"content": None}}, "mitmproxy did not keep the body of its response"),
    ],
)  # fmt: skip
def test_a_flow_has_its_time_or_a_note(parts: Any, found: Any) -> None:
    exchange = flow(**parts)

    if isinstance(exchange, str):
        assert exchange == found
    else:
        assert isinstance(exchange.outcome, Response)
        assert (exchange.outcome.body.decode(), exchange.outcome.elapsed) == found


@pytest.mark.parametrize(
    ("error", "found"),
    [
        ({"msg": "Connection refused", "timestamp": 102.0}, ("CONNECT", False, 2.0)),
        ({"msg": "weg", "timestamp": 99.0}, ("RESET", True, 0.0)),
        ({"msg": "timed out", "timestamp": None}, ("TIMEOUT", True, 0.0)),
        ({"msg": None, "timestamp": 100.25}, ("RESET", True, 0.25)),
        (None, "it had no response, and the file does not say why"),
    ],
)  # fmt: skip
def test_a_flow_without_a_response_says_how_it_failed(error: Any, found: Any) -> None:
    request = {"method": b"GET", "scheme": b"https", "host": "a.test", "path": b"/", "headers": [],
               "content": b"", "timestamp_start": 100.0}  # fmt: skip
    whole = {"type": "http", "request": request, "response": None, "error": error}
    exchange = only(read("mitmproxy", netstring(whole)))

    if isinstance(exchange, str):
        assert exchange == found
    else:
        outcome = exchange.outcome
        assert isinstance(outcome, FailedExchange)
        assert (outcome.code, outcome.sent, outcome.elapsed) == found


@pytest.mark.parametrize(
    ("size", "body", "is_read"), [(5, b"a" * 4, True), (5, b"a" * 5, True), (5, b"a" * 6, False)]
)
@pytest.mark.parametrize("coding", ["gzip", "x-gzip", "GZIP", "deflate"])
def test_a_body_may_become_so_large(
    coding: str, size: int, body: bytes, is_read: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    import gzip  # noqa: PLC0415
    import zlib  # noqa: PLC0415

    monkeypatch.setattr(module, "_MOST", size)
    packed = zlib.compress(body) if coding == "deflate" else gzip.compress(body)
    content = {"text": base64.b64encode(packed).decode(), "encoding": "base64"}
    headers = [{"name": "Content-Encoding", "value": coding}]

    found = body_of(only(har({"response": {"headers": headers, "content": content}})))

    assert found == (
        body if is_read else "its response cannot be decoded: it becomes larger than 5 bytes"
    )


@pytest.mark.parametrize(
    ("outcome", "fault", "note"),
    [
        (FailedExchange(code="RESET", message="weg"), True, None),
        (FailedExchange(code="TIMEOUT", message="weg", elapsed=1.5), True,
         "exchange 7: TIMEOUT became a reset connection"),
        (Response(status=200, chunks=(Chunk(0.1, 1),), body=b"a"), False,
         "exchange 7: the chunks of its response are not stored"),
        (Response(status=200, reason="OK", headers=(("a", "1"), ("a", "2")), elapsed=0.0004),
         False, None),
    ],
)  # fmt: skip
def test_what_wiremock_cannot_express_is_noted(outcome: Any, fault: bool, note: str | None) -> None:
    request = Request(method="GET", url=ADDRESS, headers=(("User-Agent", "x"), ("X-A", "1")))
    data, notes = write_foreign([Exchange(request=request, outcome=outcome, order=7)], "wiremock")
    [mapping] = json.loads(data)["mappings"]

    assert list(notes) == ([note] if note else [])
    assert ("fault" in mapping["response"]) == fault
    assert mapping["request"]["url"] == "/"
    assert mapping["request"]["headers"] == {"X-A": {"equalTo": "1"}}
    assert ("fixedDelayMilliseconds" in mapping["response"]) == bool(outcome.elapsed)


@pytest.mark.parametrize(
    ("injected", "headers", "call", "listed"),
    [
        ((), (), None, None), (("header.x-a",), (("X-A", "1"),), None, ["header.x-a"]),
        ((), (("X-A", "1"),), None, None),
        ((), (("X-A", "1"), ("x-a", "2"), ("X-B", "1")), (("X-B", "1"),),
         ["header.host", "header.x-a"]),
        ((), (("Host", "a"),), (("host", "a"),), None),
    ],
)  # fmt: skip
def test_an_archive_says_which_headers_the_script_did_not_set(
    injected: Any, headers: Any, call: Any, listed: Any
) -> None:
    made = None if call is None else Call(
        platform="crm", instance="default", api="get", method="GET", path="/", headers=call
    )  # fmt: skip
    request = Request(method="GET", url=ADDRESS, headers=headers, injected=injected, call=made)
    exchange = Exchange(request=request, outcome=Response(status=200), at=1.0)

    [entry] = json.loads(write_foreign([exchange], "har")[0])["log"]["entries"]

    assert entry["request"].get("_injected") == listed
    assert entry["request"]["bodySize"] == 0
    assert "postData" not in entry["request"]


@pytest.mark.parametrize(
    ("headers", "body", "content", "redirect"),
    [
        ((), b"", {"size": 0, "mimeType": "", "text": ""}, ""),
        ((("Location", "/b"), ("Content-Type", "text/x")), "甲".encode(),
         {"size": 3, "mimeType": "text/x", "text": "甲"}, "/b"),
        ((), b"\xff", {"size": 1, "mimeType": "", "text": "/w==", "encoding": "base64"}, ""),
    ],
)  # fmt: skip
def test_an_archive_has_bodies_as_text_where_they_are_text(
    headers: Any, body: bytes, content: Any, redirect: str
) -> None:
    outcome = Response(status=200, headers=headers, body=body, elapsed=0.0126)
    request = Request(method="POST", url=f"{ADDRESS}/a?b=1&b=2", headers=headers, body=body)

    data, _ = write_foreign([Exchange(request=request, outcome=outcome, at=1.5)], "har")

    [entry] = json.loads(data)["log"]["entries"]
    assert (entry["response"]["content"], entry["response"]["redirectURL"]) == (content, redirect)
    assert entry["request"]["postData"] == {k: v for k, v in content.items() if k != "size"}
    assert (entry["response"]["bodySize"], entry["request"]["bodySize"]) == (len(body),) * 2
    assert (entry["time"], entry["timings"]["wait"]) == (13, 13)
    assert entry["startedDateTime"] == "1970-01-01T00:00:01.500000+00:00"
    assert [one["value"] for one in entry["request"]["queryString"]] == ["1", "2"]
    assert (entry["request"]["headersSize"], entry["response"]["headersSize"]) == (-1, -1)


@pytest.mark.parametrize(
    ("data", "byte"),
    [
        (b"x", 1), (b"3:abc", 1), (b"3:ab,", 1), (b"3:abc?", 1), (b"1:x#", 1), (b"0:~0:~x", 7),
        (b"0:~3:x", 4), (b"9:1:a,3:b,]", 1), (b"8:1:a,3:b,]", 7), (b"1:\xff;", 1),
    ],
)  # fmt: skip
def test_a_flow_file_that_is_damaged_says_at_which_byte(data: bytes, byte: int) -> None:
    with pytest.raises(CassetteError) as caught:
        read("mitmproxy", data)

    assert str(caught.value).endswith(f"damaged or cut at byte {byte}")


@pytest.mark.parametrize(
    ("more", "note"),
    [
        ({"websocket": False}, None), ({"websocket": None}, None), ({"websocket": {}}, None),
        ({"websocket": True}, "it is a WebSocket, which is not supported"),
        ({"type": None}, "it is None, which is not supported"),
    ],
)  # fmt: skip
def test_a_flow_of_http_is_read(more: Any, note: str | None) -> None:
    found = flow(**more)

    assert (found if isinstance(found, str) else None) == note


def test_a_flow_with_a_key_and_no_value_leaves_a_note() -> None:
    assert read("mitmproxy", b"7:4:type,}").notes == (
        "exchange 1: it is None, which is not supported",
    )


ITEMS: dict[str, Any] = {
    "har": lambda items: {"log": {"entries": items}},
    "vcrpy": lambda items: {"interactions": items},
    "betamax": lambda items: {"http_interactions": items},
    "cassetter": lambda items: {"interactions": items},
    "wiremock": lambda items: {"mappings": items},
    "hoverfly": lambda items: {"data": {"pairs": items}, "meta": {"schemaVersion": "v5"}},
}


@pytest.mark.parametrize("kind", ITEMS)
@pytest.mark.parametrize("count", [0, 1, 3])
def test_items_are_counted_from_one(kind: str, count: int) -> None:
    found = read(kind, ITEMS[kind]([{}] * count))

    assert [one.partition(":")[0] for one in found.notes] == [
        f"exchange {number}" for number in range(1, count + 1)
    ]


def test_a_failed_exchange_has_an_empty_body_in_an_archive() -> None:
    exchange = Exchange(
        request=Request(method="GET", url=ADDRESS),
        outcome=FailedExchange(code="TLS", message=""),
        at=1.0,
    )
    [entry] = json.loads(write_foreign([exchange], "har")[0])["log"]["entries"]

    assert entry["response"]["content"] == {"size": 0, "mimeType": ""}
    assert (entry["response"]["status"], entry["response"]["_error"]) == (0, "TLS")


@pytest.mark.parametrize(
    ("tree", "kind"),
    [
        ({"mappings": []}, "wiremock"), ({"request": {"method": "GET"}}, "wiremock"),
        ({"request": {}, "response": {}}, "wiremock"), ([{"request": {}}], "wiremock"),
        ({"request": {}}, ""), ({"response": {}}, ""), ([], ""), ([{}, {"request": {}}], ""),
        ({"log": {"entries": []}}, "har"), ({"log": {}}, ""), ({"interactions": []}, "vcrpy"),
        ({"http_interactions": []}, "betamax"), ({"data": {"pairs": []}}, "hoverfly"),
        ({"info": {"schema": ""}, "item": []}, "postman"), ({"info": {}, "item": []}, ""),
        ({"collection": {"item": []}}, "postman"), ({"item": []}, ""),
    ],
)  # fmt: skip
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf", b" \n"])
def test_a_format_is_known_by_its_keys(tree: Any, kind: str, mark: bytes) -> None:
    data = mark + json.dumps(tree).encode()

    if kind:
        assert detect_format(data) == kind
    else:
        with pytest.raises(CassetteError, match="not a recording that can be imported"):
            detect_format(data)


@pytest.mark.parametrize(
    ("states", "order"),
    [
        ([{"sequence:1": "2", "sequence:2": "x"}, {"sequence:1": "1"}], "10"),
        ([{"sequence:1": "x", "sequence:2": "2"}, {"sequence:1": "1"}], "01"),
    ],
)
def test_of_two_sequences_the_first_counts(states: list[Any], order: str) -> None:
    pairs = [
        {"request": {"method": [{"value": "GET"}], "destination": [{"value": "a.test"}],
                     "path": [{"value": f"/{number}"}], "requiresState": state},
         "response": {"status": 200}}
        for number, state in enumerate(states)
    ]  # fmt: skip
    found = read("hoverfly", {"data": {"pairs": pairs}, "meta": {"schemaVersion": "v5"}})

    assert "".join(one.request.url[-1] for one in found.exchanges) == order


def test_vcrpy_keeps_the_first_of_several_headers() -> None:
    headers = (("X-A", "1"), ("x-a", "2"), ("X-A", "3"))
    request = Request(method="GET", url=ADDRESS, headers=headers)
    data, _ = write_foreign([Exchange(request=request, outcome=Response(status=200))], "vcrpy")

    assert read("vcrpy", data).exchanges[0].request.headers == (("X-A", "1"),)


def test_a_body_of_cassetter_that_is_none_has_no_content() -> None:
    item = {
        "request": {"method": "GET", "uri": ADDRESS, "body": {"type": "none", "content": "a"}},
        "response": {"status": 200, "body": {"type": "none", "content": "a"}},
    }
    found = only(read("cassetter", {"interactions": [item]}))

    assert isinstance(found, Exchange)
    assert (found.request.body, body_of(found)) == (None, b"")


def put(tree: Any, path: tuple[str | int, ...], value: Any) -> Any:
    """Return a copy of *tree* with *value* at *path*."""
    if not path:
        return value
    copy: Any = [*tree] if isinstance(tree, list) else {**tree}
    copy[path[0]] = put(copy[path[0]], path[1:], value)
    return copy


OF_POSTMAN: dict[str, Any] = {
    "info": {"name": "客户系统"},
    "variable": [{"key": "地址", "value": "https://crm.example.com"}],
    "item": [{"name": "查询", "request": "{{地址}}/customers/1", "response": [
        {"code": 200, "header": [{"key": "X", "value": "1"}], "body": "{}", "responseTime": 3},
    ]}],
}  # fmt: skip
OF_WIREMOCK: dict[str, Any] = {"mappings": [{
    "scenarioName": "催办", "requiredScenarioState": "Started",
    "request": {"method": "GET", "urlPath": "/customers",
                "queryParameters": {"编号": {"equalTo": "1"}}, "bodyPatterns": [{"equalTo": "x"}]},
    "response": {"status": 200, "fixedDelayMilliseconds": 3, "headers": {"X": "1"}},
}]}  # fmt: skip
OF_HOVERFLY: dict[str, Any] = {"meta": {"schemaVersion": "v5"}, "data": {"pairs": [{
    "request": {"method": [{"matcher": "exact", "value": "GET"}],
                "requiresState": {"sequence:1": "1"},
                "destination": [{"matcher": "exact", "value": "crm.example.com"}]},
    "response": {"status": 200, "body": "{}", "headers": {"X": ["1"]}},
}], "globalActions": {"delays": []}}}  # fmt: skip
EXAMPLE = ("item", 0, "response", 0)
MAPPING, PAIR = ("mappings", 0), ("data", "pairs", 0)


@pytest.mark.parametrize(
    ("kind", "path", "value", "told"),
    [
        ("postman", ("variable",), 3, "POSTMAN:variable of '客户系统' is no list"),
        ("postman", ("item", 0, "response"), "x", "POSTMAN:response of '查询' is no list"),
        ("postman", ("item", 0, "response", 0), "x", "response is a text%"),
        ("postman", ("item", 0, "request"), 3, "request is a number%"),
        ("postman", (*EXAMPLE, "header"), 3, "response.header is a number%"),
        ("postman", (*EXAMPLE, "header"), [3], "response.header[0] is a number%"),
        ("postman", (*EXAMPLE, "body"), {"a": 1}, "response.body is a map%"),
        ("postman", (*EXAMPLE, "responseTime"), "很久", "response.responseTime is a text%"),
        ("wiremock", (*MAPPING, "requiredScenarioState"), [3], ""),
        ("wiremock", (*MAPPING, "request"), 3, "request is a number%"),
        ("wiremock", (*MAPPING, "request", "bodyPatterns"), [3],
         "request.bodyPatterns[0] is a number%"),
        ("wiremock", (*MAPPING, "request", "queryParameters", "编号", "equalTo"), "\ud800",
         "a text in it has half a character, which nothing can send"),
        ("wiremock", (*MAPPING, "response", "status"), "好", "response.status is a text%"),
        ("wiremock", (*MAPPING, "response", "status"), 1e400, "response.status is a number%"),
        ("wiremock", (*MAPPING, "response", "headers", "X"), None, "response.headers.X is null%"),
        ("hoverfly", ("meta",), 3, "HOVERFLY"),
        ("hoverfly", ("data", "globalActions"), 3, ""),
        ("hoverfly", (*PAIR, "request", "requiresState"), 3, "request.requiresState is a number%"),
        ("hoverfly", (*PAIR, "request", "method"), [{}], "request.method[0].value is missing"),
        ("hoverfly", (*PAIR, "request", "method"), [[]], "request.method[0] is a list%"),
        ("hoverfly", (*PAIR, "request"), {"method": None}, "it accepts any destination"),
        ("hoverfly", PAIR, True, "it is true or false"),
        ("hoverfly", (*PAIR, "response"), 1, "response is a number%"),
    ],
)  # fmt: skip
def test_what_stands_where_nothing_can_be_read_is_told_with_its_place(
    kind: str, path: tuple[str | int, ...], value: Any, told: str
) -> None:
    bases = {"postman": OF_POSTMAN, "wiremock": OF_WIREMOCK, "hoverfly": OF_HOVERFLY}
    told = (
        told.replace("%", ", which cannot be read there")
        .replace("POSTMAN:", "not a collection of Postman: ")
        .replace(
            "HOVERFLY", "not a simulation of Hoverfly of schema v5 but of none; export it again"
        )
    )
    data = json.dumps(put(bases[kind], path, value)).encode()
    plain = {told, f"exchange 1: {told}", f"exchange 1: not an exchange ({told})"} if told else {""}

    try:
        said = "; ".join(map(str, read_foreign(data, kind=kind).notes))
    except CassetteError as error:
        said = str(error)

    assert said in plain
