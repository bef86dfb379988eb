"""Whole cassettes of vcrpy, go-vcr, betamax and cassetter, and what all readers share."""

from __future__ import annotations

import base64
import gzip
import json
import zlib
from typing import Any

import pytest
import yaml

from bpmax_sim.errors import CassetteError
from bpmax_sim.messages import Call, Chunk, Exchange, FailedExchange, Request, Response
from bpmax_sim.traffic.curl import format_curl_command, format_event_as_curl, write_curl
from bpmax_sim.traffic.formats import read_foreign, write_foreign
from bpmax_sim.traffic.imported import (
    ForeignExchanges,
    NotConvertibleError,
    decode_header_text,
    encode_text,
    load_yaml,
    make_foreign_request,
    parse_instant,
    parse_json,
    to_failure_code,
    undo_content_codings,
)
from bpmax_sim.traffic.known_keys import find_unknown_keys
from bpmax_sim.traffic.traced_values import describe_unreadable_member

CRM = "https://crm.example.test"
KUNDE = "客户"
GBK = KUNDE.encode("gbk")
GBK_64 = base64.b64encode(GBK).decode()


def show(found: ForeignExchanges) -> list[Any]:
    """Return each exchange as request and response, and the notes at the end."""
    rows: list[Any] = []
    for one in found.exchanges:
        sent, got = one.request, one.outcome
        assert isinstance(got, Response)
        assert got.source == "recorded"
        rows.append((
            f"{one.order} {sent.method} {sent.url}", sent.headers, sent.body,
            f"{got.status} {got.reason}", got.headers, got.body,
        ))  # fmt: skip
    return [*rows, *found.notes]


def item(request: Any = None, response: Any = None, **more: Any) -> dict[str, Any]:
    return {
        "request": {"method": "GET", "uri": CRM} | (request or {}),
        "response": {"status": {"code": 200, "message": "OK"}} | (response or {}),
        **more,
    }


def read(kind: str, tree: Any, name: str = "interactions") -> ForeignExchanges:
    return read_foreign(json.dumps({name: tree}).encode(), kind=kind)


def test_a_cassette_becomes_its_exchanges_however_its_bodies_are_kept() -> None:
    items = [
        item({"body": "甲", "headers": {"A": ["1", "2"], "B": "3", "Host": ["x"]}}),
        item({"body": {"string": "乙"}, "url": "https://other.example.test"}),
        item({"body": {"base64_string": GBK_64, "string": "x"}, "method": "post"}),
        item({"body": ["甲", {"string": "乙"}, "丙", None]}),
        item({"body": {}}), item({"body": {"string": None}}), item({"body": ""}),
        item({"body": {"kept": 1, "other": 2}}),
        item({"body": None, "parsed_body": {"名": [1, None]}}),
        item({"body": "x", "parsed_body": {"a": 1}}),
        item({"parsed_body": None}),
        item({"body": 7}),
        item(None, {"content": "甲", "body": {"string": "乙"}}),
        item(None, {"status": {"code": "404", "message": None}, "headers": None}),
        item(None, {"status": "201 Created und mehr", "code": 201, "body": "x"}),
        item(None, {"status": 202}), item(None, {"status": None, "status_code": 203}),
        item(None, {"status": {}, "status_code": 204}),
        item(None, {"status": {"code": 200, "message": "OK"}, "code": 500}),
        {"request": {"method": "GET", "url": f"{CRM}/nur"}, "response": {"status": 200}},
        {"request": {"method": "GET"}, "response": {"status": 200}},
        {"request": {"uri": CRM}, "response": {"status": 200}},
    ]  # fmt: skip
    ok, json_body = ("200 OK", (), b""), '{"名":[1,null]}'.encode()
    sent = f" GET {CRM}"
    rows: list[Any] = [
        (sent, (("A", "1"), ("A", "2"), ("B", "3")), "甲".encode(), *ok),
        (sent, (), "乙".encode(), *ok), (f" POST {CRM}", (), GBK, *ok),
        (sent, (), "甲乙丙".encode(), *ok), (sent, (), None, *ok), (sent, (), None, *ok),
        (sent, (), None, *ok), (sent, (), json_body, *ok), (sent, (), b"x", *ok),
        (sent, (), b"null", *ok), (sent, (), None, "200 OK", (), "甲".encode()),
        (sent, (), None, "404 ", (), b""), (sent, (), None, "201 Created und mehr", (), b"x"),
        (sent, (), None, "202 ", (), b""), (sent, (), None, "203 ", (), b""),
        (sent, (), None, "204 ", (), b""), (sent, (), None, "200 OK", (), b""),
        (f" GET {CRM}/nur", (), None, "200 ", (), b""),
    ]  # fmt: skip

    assert show(read("vcrpy", items)) == [
        *((f"{number}{first}", *rest) for number, (first, *rest) in enumerate(rows, 1)),
        "exchange 8: its body has the keys kept, other, none of which is known",
        "exchange 12: not an exchange (request.body is a number, which cannot be read there)",
        "exchange 21: not an exchange (key 'uri' is missing)",
        "exchange 22: not an exchange (key 'method' is missing)",
    ]


def test_a_cassette_in_yaml_keeps_texts_and_types_only_bodies_kept_as_values() -> None:
    text = """\ufeffversion: 1
interactions:
- request:
    method: !!binary UE9TVA==
    uri: !!python/unicode 'https://crm.example.test/on'
    headers: {X-On: [on], X-Zahl: 7, X-Null: ['~']}
    body: !!binary |
      v827
      pw==
  response:
    status: {code: 200, message: !!binary /w==}
    headers: {}
    body: {string: yes}
  recorded_at: 2026-03-02T08:00:00
- request: {method: GET, uri: 'https://crm.example.test', body: null, parsed_body: {n: 1, t: on,
    b: true, x: '1', d: 1.50, e: 1e2, z: 01, nix: ~}, headers: }
  response:
    status: 200
    body: !!python/object/new:_io.BytesIO
      state: !!python/tuple [!!binary aGFsbG8=, 0, null]
  at: '2026-03-02T08:00:00Z'
- request:
    method: GET
    uri: https://crm.example.test
    body: !!python/object/apply:builtins.iter
      args: [[!!binary YQ==, b]]
  response: {status: 200, body: !!python/object/new:_io.BytesIO {state: []}}
  recorded_at: 2026-03-02T08:00:00+08:00
"""
    found = read_foreign(text.encode(), kind="vcrpy")

    assert show(found) == [
        ("1 GET https://crm.example.test", (), b"ab", "200 ", (), b""),
        ("2 POST https://crm.example.test/on",
         (("X-On", "on"), ("X-Zahl", "7"), ("X-Null", "~")), GBK, "200 ÿ", (), b"yes"),
        ("3 GET https://crm.example.test", (),
         b'{"n":1,"t":"on","b":true,"x":"1","d":1.5,"e":100.0,"z":"01","nix":null}',
         "200 ", (), b"hallo"),
    ]  # fmt: skip
    assert [one.at for one in found.exchanges] == [
        1_772_409_600.0, 1_772_438_400.0, 1_772_438_400.0,
    ]  # fmt: skip


def refusal(kind: str, data: bytes) -> str:
    with pytest.raises(CassetteError) as raised:
        read_foreign(data, kind=kind)
    return str(raised.value)


def test_a_file_that_is_no_cassette_says_what_it_lacks_and_where() -> None:
    deep, most = (b"a: " + b"[" * depth + b"]" * depth for depth in (61, 60))
    many = b"a: &a [x,x,x,x,x,x,x,x]\n" + b"".join(
        b"%c: &%c [*%c,*%c,*%c,*%c,*%c,*%c,*%c,*%c]\n" % (c, c, *([c - 1] * 8))
        for c in range(b"b"[0], b"h"[0])
    )
    none = "not a cassette of vcrpy: "
    texts = {
        b"\t[1]": f"{none}it is of vcrpy before 1.0; record it again",
        b"- 1": f"{none}it is of vcrpy before 1.0; record it again",
        b"\t{}": f"{none}it has no list interactions",
        b'{"interactions": {}}': f"{none}it has no list interactions",
        b"": f"{none}it has no list interactions",
        b"a: \xff": f"{none}not UTF-8 at byte 3",
        b'{"a": \xff}': f"{none}not UTF-8 at byte 6",
        b"a: 1\n b: [": f"{none}not YAML at line 2 column 3: mapping values are not allowed in "
        "this context",
        "a: 1\n甲: \x01".encode(): f"{none}not YAML at line 2 column 4: the character U+0001 "
        "is not allowed in a YAML file; remove it",
        b"a: !!set {x}\nb: !other x": f"{none}line 2: the tag '!other' asks for an object",
        b"\n- !!python/object:os.x {}": f"{none}line 2: the tag "
        "'tag:yaml.org,2002:python/object:os.x' asks for an object",
        b"a: !!binary x": f"{none}line 1: broken base64",
        deep: f"{none}line 1: nested or repeated beyond all measure",
        most: f"{none}it has no list interactions",
        many: f"{none}line 1: nested or repeated beyond all measure",
        b'{"a": 1,\n "b" 2}': f"{none}not JSON at line 2 column 6: Expecting ':' delimiter",
        b'{"a": 1,\n "b': f"{none}its JSON ends in line 2 before it is complete, so the file was "
        "cut; save it again",
        b'{"a": 1,\n\n': f"{none}its JSON ends in line 3 before it is complete, so the file was "
        "cut; save it again",
        b'{"a": [\n\n': f"{none}its JSON ends in line 3 before it is complete, so the file was "
        "cut; save it again",
        '{"a": "甲'.encode()[:-1]: f"{none}its JSON ends in line 1 before it is complete, so the "
        "file was cut; save it again",
        b'{"a":' * 20_000: f"{none}nested too deeply",
    }  # fmt: skip

    assert [refusal("vcrpy", data) for data in texts] == [*texts.values()]
    assert [
        refusal("betamax", b"[]"), refusal("cassetter", b"a: 1"),
        refusal("cassetter", b"[[interactions]]\nid = 1\nx"),
        refusal("cassetter", b"[[interactions]]\nid = '\xff'"),
    ] == [
        "not a cassette of betamax: it has no list http_interactions",
        "not a cassette of cassetter: it has no list interactions",
        ("not a cassette of cassetter: not TOML: Expected '=' after a key in a key/value pair (at "
        "end of document)"),
        "not a cassette of cassetter: not TOML: not UTF-8",
    ]  # fmt: skip


def test_a_body_of_betamax_is_encoded_as_it_was_decoded() -> None:
    bodies: list[Any] = [
        None, "", "甲", {"string": "甲", "encoding": "gbk"}, {"string": "甲", "encoding": None},
        {"string": "甲", "encoding": "keine"}, {"string": "a甲", "encoding": "ascii"},
        {"base64_string": GBK_64, "string": "\ufffd"}, {"string": ""}, {"base64_string": None},
        {"string": "a\ufffd"},
    ]  # fmt: skip
    found = read("betamax", [item({"body": body}) for body in bodies], "http_interactions")

    assert [one.request.body for one in found.exchanges] == [
        None, None, "甲".encode(), "甲".encode("gbk"), "甲".encode(), "甲".encode(), b"a?", GBK,
        None, None,
    ]  # fmt: skip
    assert found.notes == (
        (
            "exchange 11: a body of it was no text, and betamax kept it damaged; record it with "
            "preserve_exact_body_bytes"
        ),
    )


def test_a_cassette_of_cassetter_has_typed_bodies_and_counts_what_is_no_http() -> None:
    bodies = {
        "none": {"type": "none", "content": "x"}, "no content": {"type": "text"},
        "null": {"type": "json", "content": None}, "json": {"type": "json", "content": {"名": 1}},
        "text in json": {"type": "json", "content": "甲"}, "hex": {"type": "binary",
                                                                 "content": "ff00"},
        "text": {"type": "text", "content": "甲"}, "empty": {}, "bare": {"content": "x"},
        "other": {"type": "html", "content": "x"},
    }  # fmt: skip
    tree = {
        "interactions": [item({"body": body}) for body in bodies.values()],
        "ws_interactions": [1, 2], "grpc_interactions": [1],
    }  # fmt: skip
    found = read_foreign(yaml.safe_dump(tree, allow_unicode=True).encode(), kind="cassetter")
    toml = """\ufeff[[interactions]]
recorded_at = "2026-03-02T00:00:02Z"
[interactions.request]
method = "GET"
uri = "https://crm.example.test/b"
body_type = "json"
body_content = '{"a": 1}'
[interactions.response]
status = 200
body_type = "text"
body_content = "甲"
[[interactions]]
recorded_at = "2026-03-02T00:00:01Z"
[interactions.request]
method = "GET"
uri = "https://crm.example.test/a"
[interactions.response]
status = 200
body_type = "binary"
body_content = "ff"
"""

    assert [one.request.body for one in found.exchanges] == [
        None, None, b"null", '{"名":1}'.encode(), '"甲"'.encode(), b"\xff\x00", "甲".encode(), None,
        None,
    ]  # fmt: skip
    assert found.notes == (
        "exchange 10: a body of the kind 'html' is not supported",
        "2 WebSocket exchanges: they are not supported",
        "1 gRPC exchanges: they are not supported",
    )
    assert show(read_foreign(toml.encode(), kind="cassetter")) == [
        ("1 GET https://crm.example.test/a", (), None, "200 ", (), b"\xff"),
        ("2 GET https://crm.example.test/b", (), b'{"a": 1}', "200 ", (), "甲".encode()),
    ]


def test_a_cassette_is_written_as_vcrpy_does_and_says_what_it_cannot_hold() -> None:
    call = Call(platform="crm", instance="", api="get", method="GET", path="/", headers=(
        ("X-B", "1"), ("X-A", "1"), ("x-b", "2")))  # fmt: skip
    login = Call(platform="crm", instance="", api="$token", method="GET", path="/", headers=(
        ("X-L", "1"),))  # fmt: skip
    lost = FailedExchange(code="TLS", message="x")
    data, notes = write_foreign(
        [
            Exchange(order=3, request=Request(method="POST", url=CRM, body=b"a", headers=(
                ("A", "1"), ("B", "2"), ("a", "3")), call=call), outcome=Response(
                status=201, reason="Created", headers=(("C", "1"), ("c", "2")), body=b"b",
                chunks=(Chunk(at=0, length=1),))),
            Exchange(order=4, request=Request(method="GET", url=CRM), outcome=lost),
            Exchange(order=5, request=Request(method="GET", url=CRM, call=login),
                     outcome=Response(status=200)),
        ],
        "vcrpy",
    )  # fmt: skip

    assert yaml.safe_load(data) == {
        "version": 1,
        "interactions": [
            {
                "request": {"method": "POST", "uri": CRM, "body": "a",
                            "headers": {"A": ["1"], "B": ["2"]}},
                "response": {"status": {"code": 201, "message": "Created"},
                             "headers": {"C": ["1", "2"]}, "body": {"string": "b"}},
            },
            {
                "request": {"method": "GET", "uri": CRM, "body": None, "headers": {}},
                "response": {"status": {"code": 200, "message": ""}, "headers": {},
                             "body": {"string": ""}},
            },
        ],
    }  # fmt: skip
    assert notes == (
        "exchange 3: the chunks of its response are not stored",
        "exchange 3: vcrpy keeps one value of a request header",
        (
            "exchange 3: vcrpy does not tell that the script set x-a, x-b; when this is imported, "
            "only "
            "headers that the platform file declares count"
        ),
        "exchange 4: it did not complete, which vcrpy cannot express",
    )
    with pytest.raises(CassetteError) as raised:
        write_foreign(
            [
                Exchange(order=n, request=Request(method="GET", url=CRM), outcome=lost)
                for n in (1, 2)
            ],
            "vcrpy",
        )
    assert str(raised.value) == (
        "nothing can be written for vcrpy: exchange 1: it did not complete, which vcrpy cannot "
        "express; exchange 2: it did not complete, which vcrpy cannot express"
    )
    assert yaml.safe_load(write_foreign([], "vcrpy")[0]) == {"version": 1, "interactions": []}


def test_a_text_of_another_tool_becomes_the_bytes_that_it_was() -> None:
    e, f = "é".encode(), "Grüße €"
    texts: dict[str, tuple[Any, ...]] = {
        "ascii": ("abc", "text/plain; charset=utf-16", (3,)),
        "utf-8": ("é", "", ()), "no size": ("é", "", (0, -1)), "western": ("é", "", (7, 1)),
        "both fit": ("é", "", (1, 2)), "gbk by header": (KUNDE, "text/plain;charset=GBK", ()),
        "gbk by page": (f'<meta charset="gbk">{KUNDE}', "text/html", ()),
        "page in json": (f'<meta charset="gbk">{KUNDE}', "application/json", ()),
        "unfit header": (KUNDE, "text/plain; charset=iso-8859-1", ()),
        "western signs": (f, "", (7,)), "control": ("\x81é", "", (2,)), "beyond": ("Ā", "", (1,)),
        "half": ("\ud83d", "", ()), "lost": ("\ufffd", "", ()), "kept": ("\ufffd", "", (3,)),
    }  # fmt: skip
    found: dict[str, Any] = {}
    for name, arguments in texts.items():
        try:
            found[name] = encode_text(*arguments)
        except NotConvertibleError as error:
            found[name] = str(error)

    assert found == {
        "ascii": b"abc", "utf-8": e, "no size": e, "western": b"\xe9", "both fit": e,
        "gbk by header": GBK, "gbk by page": b'<meta charset="gbk">' + GBK,
        "page in json": f'<meta charset="gbk">{KUNDE}'.encode(), "unfit header": KUNDE.encode(),
        "western signs": f.encode("cp1252"), "control": b"\x81\xe9", "beyond": "Ā".encode(),
        "half": b"\xed\xa0\xbd", "kept": b"\xef\xbf\xbd",
        "lost": "characters of its body were lost when it was saved (U+FFFD); record it again "
        "with bodies as files or base64",
    }  # fmt: skip


def test_a_failure_of_another_tool_has_the_code_that_its_words_mean() -> None:
    words = {
        "TIMEOUT": ["Timed out", "read TIMEOUT", "net::ERR_TIMED_OUT", "SSL timeout",
                    "connect timeout"],
        "TLS": ["SSL: x", "tlsv1 alert", "net::ERR_CERT_DATE_INVALID", "bad certificate",
                "SSL connect error"],
        "CONNECT": ["Connection refused", "net::ERR_NAME_NOT_RESOLVED", "Network unreachable",
                    "DNS", "could not resolve host", "connect failed"],
        "RESET": ["reset by peer", "", "aborted"],
    }  # fmt: skip

    assert {code: {to_failure_code(text) for text in texts} for code, texts in words.items()} == {
        code: {code} for code in words
    }


def test_a_text_of_a_head_is_read_as_utf_8_and_else_as_latin_1() -> None:
    assert [
        decode_header_text(value)
        for value in (
            "a",
            "甲",
            b"\xe7\x94\xb2",
            b"\xff",
            "\udce7\udc94\udcb2",
            "\udcff",
            "\ud800",
            "é\udcff",
        )
    ] == ["a", "甲", "甲", "ÿ", "甲", "ÿ", "?", "Ã©ÿ"]
    for wrong, name in ((7, "int"), (None, "NoneType"), (bytearray(), "bytearray")):
        with pytest.raises(TypeError, match=f"^{name} where text is expected$"):
            decode_header_text(wrong)


def test_a_request_keeps_its_address_and_the_headers_that_somebody_chose() -> None:
    addresses = {
        "HTTP://CRM.example.test/a b?c=%20甲#x": "HTTP://CRM.example.test/a%20b?c=%20%E7%94%B2",
        "http://客户.example.test/客": "http://客户.example.test/%E5%AE%A2",
        "http://客户.example.test": "http://客户.example.test",
        "http://x.test?a=/&b={}|[]": "http://x.test?a=/&b={}|[]",
        "http://a b/c": "http://a%20b/c",
        "https://王@x.test/": "https://x.test/",
    }
    headers = tuple(
        (name, "1") for name in (
            ":path", "Accept", "ACCEPT-encoding", "Connection", "content-Length", "Host",
            "Keep-Alive", "Proxy-Connection", "TE", "Transfer-Encoding", "X-A", "Trailer",
            "Upgrade", "Proxy-Authorization",
        )
    )  # fmt: skip
    request = make_foreign_request("patch", CRM, headers, b"", ["header.x"])

    assert {one: make_foreign_request("GET", one, (), None).url for one in addresses} == addresses
    assert (request.method, request.body, request.injected) == ("PATCH", None, ("header.x",))
    assert [name for name, _ in request.headers] == [
        "Accept", "X-A", "Trailer", "Upgrade", "Proxy-Authorization",
    ]  # fmt: skip
    for url in ("ftp://x.test", "//x.test", "x", f"ws://{'x' * 90}"):
        with pytest.raises(NotConvertibleError) as raised:
            make_foreign_request("GET", url, (), None)
        assert str(raised.value) == f"{url[:60]!r} is not an HTTP address"


def test_a_body_is_decompressed_if_it_still_is_compressed() -> None:
    text, packed = b"abc" * 9, gzip.compress(b"abc" * 9)
    bare = zlib.compressobj(wbits=-15)
    deflated = bare.compress(GBK * 9) + bare.flush()
    bodies = {
        "plain": (text, "gzip", text), "gzip": (packed, "GZIP", text),
        "x-gzip": (packed, " x-gzip ", text), "zlib": (zlib.compress(text), "deflate", text),
        "bare": (deflated, "deflate", GBK * 9), "none": (packed, "identity", packed),
        "twice": (gzip.compress(zlib.compress(text)), "deflate, gzip", text),
        "half": (zlib.compress(text), "deflate, gzip", text), "unknown text": (text, "zstd", text),
        "text that looks like zlib": (b"x\x01abc", "br", b"x\x01abc"),
        "no x-gzip": (GBK, "x-gzip", GBK),
        "zlib in ascii": (b"x^3\x05\x00\x006\x006", "deflate", b"5"),
    }  # fmt: skip

    assert {
        name: undo_content_codings(body, (("X", "gzip"), ("Content-Encoding", coding)))
        for name, (body, coding, _) in bodies.items()
    } == {name: plain for name, (_, _, plain) in bodies.items()}
    for body, coding, words in (
        (packed[:-1], "gzip", "it is compressed, and was cut short"),
        (b"\xff", "zstd", ("it is compressed with zstd, which is not supported; gzip, deflate and "
         "br are")),
    ):  # fmt: skip
        with pytest.raises(NotConvertibleError) as raised:
            undo_content_codings(body, (("content-encoding", coding),))
        assert str(raised.value) == f"its response cannot be decoded: {words}"


def test_values_of_yaml_have_types_only_where_they_are_asked_for() -> None:
    text = (
        "a: [1, -0, 01, 1.5, .5, 1e3, 1E3, +1, true, True, null, ~, Null, '', '1', 'null', \"~\"]"
    )
    plain = [
        "1", "-0", "01", "1.5", ".5", "1e3", "1E3", "+1", "true", "True", None, None, None, "", "1",
        "null", "~",
    ]  # fmt: skip
    typed = [
        1, 0, "01", 1.5, ".5", 1000, 1000, "+1", True, "True", None, None, None, "", "1", "null",
        "~",
    ]  # fmt: skip

    assert load_yaml(text.encode(), "x") == {"a": plain}
    assert load_yaml(text.encode(), "x", typed=True) == {"a": typed}
    assert load_yaml(b"b: {c: 1, a: {d: [1]}}\nc: 1\n1: 2", "x", typed_below="a") == {
        "b": {"c": "1", "a": {"d": [1]}}, "c": "1", "1": "2",
    }  # fmt: skip
    assert load_yaml(b"a:\nb: \n", "x") == {"a": None, "b": None}


def test_the_member_that_cannot_be_read_is_named_with_its_kind() -> None:
    tree = {
        "a": [1, {"b": True}, 1.5], "甲": {"x.y": None}, "t": "geheim", "m": {}, "l": [], "z": b"",
    }  # fmt: skip

    def fail(*path: Any) -> str:
        def read(value: Any) -> None:
            for step in path:
                value = value.get(step) if step == "nein" else value[step]
            raise ValueError

        return describe_unreadable_member(read, tree)

    def over(value: Any) -> None:
        for inner in value.values():
            for item in inner:
                item.lower()

    unfit = "which cannot be read there"
    assert [fail(), fail("a"), fail("a", 1), fail("a", 1, "b"), fail("a", 2), fail("a", 0),
            fail("甲", "x.y"), fail("t"), fail("m"), fail("z"), fail("nein"),
            fail("m", "nein")] == [
        "it is a map", f"a is a list, {unfit}", f"a[1] is a map, {unfit}",
        f"a[1].b is true or false, {unfit}", f"a[2] is a number, {unfit}",
        f"a[0] is a number, {unfit}", f'甲["x.y"] is null, {unfit}', f"t is a text, {unfit}",
        f"m is a map, {unfit}", f"z is bytes, {unfit}", "nein is missing", "m.nein is missing",
    ]  # fmt: skip
    assert describe_unreadable_member(over, {"a": ["x"], "b": ["y", 7, "z"]}) == (
        f"b[1] is a number, {unfit}"
    )
    assert describe_unreadable_member(over, 7) == "it is a number"


def test_keys_that_nobody_reads_are_named_with_their_path() -> None:
    known: dict[str, Any] = {"a": None, "b": {"c": None, "d": {}}}
    item = {"a": {"x": 1}, "b": {"c": {"y": 1}, "d": {"e": {}}, "_f": 1, "g": [1]}, "_h": 1, "i": 2}

    assert [*find_unknown_keys(item, known)] == ["b.d.e", "b.g", "i"]
    assert [*find_unknown_keys({"b": [{"z": 1}]}, known)] == []
    assert [*find_unknown_keys("b", known)] == []


def test_an_instant_without_a_zone_is_in_utc_and_what_is_none_is_zero() -> None:
    assert [
        parse_instant(value)
        for value in ("1970-01-01T00:00:09", "1970-01-01T08:00:09+08:00", "x", "", None, 9.0)
    ] == [9.0, 9.0, 0.0, 0.0, 0.0, 0.0]
    assert parse_json(b"[1]", "x") == [1]


def test_a_request_becomes_the_command_that_sends_it_to_the_byte() -> None:
    base = "curl --silent --show-error --globoff --path-as-is"
    sent = "\\\n  --header"
    requests = {
        "get": (Request(method="GET", url=f"{CRM}/a?b=[1]&c"),
                f"{base} --request GET '{CRM}/a?b=[1]&c'"),
        "headers": (Request(method="GET", url=CRM, headers=(("A", "1 2"), ("B", ""), ("C", " "))),
                    f"{base} --request GET {CRM} {sent} 'A: 1 2' {sent} 'B;' {sent} 'C;'"),
        "head": (Request(method="HEAD", url=CRM), f"{base} --head {CRM}"),
        "head, empty": (Request(method="HEAD", url=CRM, body=b""), f"{base} --head {CRM}"),
        "head with body": (
            Request(method="HEAD", url=CRM, body=b"a"),
            (f"{base} --request HEAD --dump-header - --ignore-content-length {CRM} {sent} "
            f"'Connection: close' {sent} Content-Type: \\\n  --data-binary a")),
        "head that says so": (
            Request(method="HEAD", url=CRM, body=b"a", headers=(("CONNECTION", "x"),)),
            (f"{base} --request HEAD --dump-header - --ignore-content-length {CRM} {sent} "
            f"'CONNECTION: x' {sent} Content-Type: \\\n  --data-binary a")),
        "empty": (Request(method="POST", url=CRM, body=b""),
                  f"{base} --request POST {CRM} {sent} Content-Type: \\\n  --data-binary ''"),
        "typed": (Request(method="POST", url=CRM, body="甲'".encode(), headers=(
            ("content-TYPE", "x"),)), (f"{base} --request POST {CRM} {sent} 'content-TYPE: x' "
            "\\\n  --data-binary '甲'\"'\"''")),
        "at": (Request(method="POST", url=CRM, body=b"@a%s"),
               (f"printf '\\100\\141\\045\\163' | {base} --request POST {CRM} {sent} Content-Type: "
               "\\\n  --data-binary @-")),
        "bytes": (Request(method="POST", url=CRM, body=b"\xff\x00"),
                  (f"printf '\\377\\000' | {base} --request POST {CRM} {sent} Content-Type: "
                  "\\\n  --data-binary @-")),
        "nul": (Request(method="POST", url=CRM, body=b"\x00"),
                (f"printf '\\000' | {base} --request POST {CRM} {sent} Content-Type: "
                "\\\n  --data-binary @-")),
        "longest": (Request(method="POST", url=CRM, body=b"a" * 100_000),
                    f"{base} --request POST {CRM} {sent} Content-Type: \\\n  --data-binary "
                    + "a" * 100_000),
        "long": (Request(method="POST", url=CRM, body=b"a" * 100_001),
                 (f"printf '%s' {'a' * 100_001} | {base} --request POST {CRM} {sent} Content-Type: "
                 "\\\n  --data-binary @-")),
    }  # fmt: skip

    assert {name: format_curl_command(request) for name, (request, _) in requests.items()} == {
        name: text for name, (_, text) in requests.items()
    }


def test_exchanges_become_a_script_with_a_comment_above_each_command() -> None:
    def call(platform: str) -> Call:
        return Call(platform=platform, instance="", api="get", method="GET", path="/")

    request = Request(method="GET", url=CRM)
    named = Request(method="GET", url=CRM, call=call("crm"))
    unnamed = Request(method="GET", url=CRM, call=call(""))
    command = f"curl --silent --show-error --globoff --path-as-is --request GET {CRM}\n"
    data, notes = write_curl([
        Exchange(order=1, request=named, outcome=Response(status=200, reason="OK\nrm")),
        Exchange(order=2, request=unnamed, outcome=Response(status=404)),
        Exchange(order=3, request=request, outcome=FailedExchange(code="TLS", message="a\x7f甲")),
    ])  # fmt: skip

    assert data.decode() == "\n".join([
        "#!/bin/sh\n", f"# 1 crm.get -> HTTP 200 OK rm\n{command}", f"# 2 -> HTTP 404\n{command}",
        f"# 3 -> TLS a 甲\n{command}",
    ])  # fmt: skip
    assert notes == ()


def test_a_call_of_a_trace_becomes_the_command_that_repeats_it() -> None:
    form = {"Content-TYPE": "application/x-www-form-urlencoded; charset=utf-8"}
    bodies: dict[str, tuple[Any, Any, str | None]] = {
        "none": (None, {}, None), "text": ("甲", {}, "'甲'"), "empty": ("", {}, "''"),
        "json": ({"名": [1, None]}, {}, '\'{"名":[1,null]}\''), "list": ([], {}, "'[]'"),
        "false": (False, {}, "false"),
        "form": ({"名": ["a b", "2"], "c": "3"}, form, "'%E5%90%8D=a+b&%E5%90%8D=2&c=3'"),
        "no form": ([1], form, "'[1]'"),
    }  # fmt: skip
    texts = {
        name: format_event_as_curl({"method": "PUT", "url": CRM, "body": body, "header": header})
        for name, (body, header, _) in bodies.items()
    }

    assert {name: text.partition("--data-binary ")[2] or None for name, text in texts.items()} == {
        name: told for name, (_, _, told) in bodies.items()
    }
    assert format_event_as_curl({"header": {"X-A": 1}, "method": None, "url": CRM}) == (
        f"curl --silent --show-error --globoff --path-as-is --request GET {CRM} \\\n"
        "  --header 'x-a: 1'"
    )
