from __future__ import annotations

import base64
import gzip
import json
import sys
import zlib
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from bpmax_sim.errors import CassetteError, ConfigError
from bpmax_sim.messages import Exchange, FailedExchange, Response
from bpmax_sim.traffic.formats import detect_format, read_foreign
from bpmax_sim.traffic.imported import ForeignExchanges, ReadOptions
from tests.examples import drawn

DATA = Path(__file__).parents[2] / "data/foreign"
NAME = '{"name":"张三"}'.encode()
CUSTOMER = "https://crm.example.test/api/customers/12345?fields=name"
SAMPLES = [path.read_bytes() for path in sorted(DATA.iterdir())]
PIECES = [
    b"null",
    b"[]",
    b"{}",
    b"-1",
    b"1e999",
    b'"x"',
    b"- ",
    b": ",
    b"\n",
    b"*id001",
    b"!!binary x",
]
BESIDE = {"0a1b2c.json": NAME, "3d4e5f.json": '{"姓名":"李四"}'.encode()}
UNDECODED = "its response cannot be decoded"


def imported(name: str, **source: Any) -> ForeignExchanges:
    return read_foreign((DATA / name).read_bytes(), options=ReadOptions(**source))


def answer(exchange: Exchange) -> Response:
    assert isinstance(exchange.outcome, Response)
    return exchange.outcome


def shown(found: ForeignExchanges) -> list[tuple[object, ...]]:
    return [
        (
            exchange.order,
            exchange.request.method,
            exchange.request.url.removeprefix("https://").removeprefix("crm.example.test"),
            exchange.request.body,
            *(
                (exchange.outcome.code, exchange.outcome.sent)
                if isinstance(exchange.outcome, FailedExchange)
                else (exchange.outcome.status, exchange.outcome.body)
            ),
        )
        for exchange in found.exchanges
    ]


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("betamax.json", "betamax"),
        ("cassetter.toml", "cassetter"),
        ("cassetter.yaml", "cassetter"),
        ("chromium.har", "har"),
        ("firefox.har", "har"),
        ("hoverfly.json", "hoverfly"),
        ("mitmproxy.har", "har"),
        ("playwright.har", "har"),
        ("vcrpy.json", "vcrpy"),
        ("vcrpy.yaml", "vcrpy"),
        ("wiremock.json", "wiremock"),
    ],
)
def test_a_format_is_known_by_what_it_holds(name: str, kind: str) -> None:
    data = (DATA / name).read_bytes()

    assert detect_format(data) == kind
    assert read_foreign(data, kind=kind) == read_foreign(data)
    marked = b"\xef\xbb\xbf" + data  # as editors and shells of Windows save it
    assert read_foreign(marked) == read_foreign(marked, kind=kind) == read_foreign(data)


@pytest.mark.parametrize("name", ["chromium.har", "firefox.har", "mitmproxy.har", "vcrpy.json"])
def test_the_same_exchange_comes_out_of_each(name: str) -> None:
    first = imported(name).exchanges[0]

    assert (first.request.method, first.request.url, answer(first).body) == ("GET", CUSTOMER, NAME)


def test_vcrpy_keeps_aliases_files_and_compressed_answers() -> None:
    found = imported("vcrpy.yaml")
    said = '{"姓名":"张三","on":"2026-03-02"}'.encode()

    assert found.notes == ()
    assert shown(found) == [
        (1, "GET", "/api/customers/12345?fields=name", None, 200, NAME),
        (2, "POST", "/o", said, 201, b'{"name": "\\u5F20\\u4E09"}'),
        (3, "PUT", "/raw", b"\0\xff", 204, b""),
    ]  # fmt: skip
    assert found.exchanges[1].request.headers == found.exchanges[0].request.headers
    assert answer(found.exchanges[0]).headers[2:] == (
        ("Set-Cookie", "sid=sample-session-0001; Path=/"),
        ("Set-Cookie", "lang=zh"),
        ("X-Count", "007"),
    )


@pytest.mark.parametrize("name", ["cassetter.yaml", "cassetter.toml"])
def test_cassetter_s_exchanges_are_put_in_the_order_in_which_they_were_sent(name: str) -> None:
    found = imported(name)

    assert found.notes == ()
    assert shown(found) == [
        (1, "GET", "/api/customers/12345?fields=name", None, 200, NAME),
        (2, "POST", "/o", '{"姓名":"张三","line":"a\\nb"}'.encode(), 200, NAME),
        (3, "GET", "/bin", None, 200, b"\0\xff\xfe"),
        (4, "POST", "/f", b"a=1&b=%E4%B8%AD", 200, NAME),
        (5, "POST", "/raw", b"\0\xff", 200, NAME),
    ]


def test_cassetter_s_values_keep_their_types_and_other_protocols_are_told_of() -> None:
    text = """
version: 1
interactions:
- request: {method: GET, uri: "https://a.test/", body: {type: none}}
  response:
    status: 200
    body:
      type: json
      content: {n: 1, f: 1.50, t: true, none: null, s: "1", date: 2026-03-02, list: [1e3]}
ws_interactions: [{}]
grpc_interactions: [{}, {}, {}]
"""
    found = read_foreign(text.encode(), kind="cassetter")

    assert json.loads(answer(found.exchanges[0]).body) == {
        "n": 1, "f": 1.5, "t": True, "none": None, "s": "1", "date": "2026-03-02", "list": [1000.0],
    }  # fmt: skip
    assert found.notes == (
        "1 WebSocket exchanges: they are not supported",
        "3 gRPC exchanges: they are not supported",
    )


def test_betamax_keeps_exact_bytes_only_where_it_was_told_to() -> None:
    whole = json.loads((DATA / "betamax.json").read_bytes())
    body = whole["http_interactions"][2]["response"]["body"]
    assert answer(imported("betamax.json").exchanges[2]).body == b"\0\xff\xfe"

    body.clear()
    body.update({"encoding": None, "string": "\0\ufffd\ufffd"})
    found = read_foreign(json.dumps(whole).encode())

    assert len(found.exchanges) == 2
    assert found.notes[0] == (
        "exchange 3: a body of it was no text, and betamax kept it damaged; record it with "
        "preserve_exact_body_bytes"
    )


def test_what_a_browser_left_out_is_told_of() -> None:
    found = imported("chromium.har")

    assert shown(found) == [
        (1, "GET", "/api/customers/12345?fields=name", None, 200, NAME),
        (2, "POST", "/f", b"a=1&b=%E4%B8%AD", 200, b"\0\xff\xfe"),
        (3, "GET", "down.example.test/", None, "CONNECT", False),
    ]
    assert [name for name, _ in found.exchanges[0].request.headers] == ["accept", "authorization"]
    assert found.exchanges[0].outcome.elapsed == 0.013
    assert found.notes == (
        "exchange 4: it was blocked or had no response, and the archive does not say why",
        "exchange 5: the archive leaves out the body of its response",
        "exchange 6: it is a WebSocket, which is not supported",
        "exchange 7: the archive has the parts of its body (multipart/form-data), and not the body",
        "exchange 8: 'blob:https://crm.example.test/1' is not an HTTP address",
    )


def test_a_proxy_tells_of_failures_and_decoded_bodies() -> None:
    found = imported("mitmproxy.har")

    assert shown(found)[1] == (2, "GET", "slow.example.test/", None, "TIMEOUT", True)
    assert found.exchanges[1].outcome.elapsed == 30.0
    assert answer(found.exchanges[0]).body == NAME


def test_playwright_s_bodies_stand_beside_the_archive() -> None:
    found = imported("playwright.har", attachment=BESIDE.get)

    assert shown(found) == [
        (1, "GET", "/api/customers/12345?fields=name", None, 200, NAME),
        (2, "POST", "/o", BESIDE["3d4e5f.json"], 200, NAME),
        (3, "GET", "gone.example.test/", None, "CONNECT", False),
    ]
    assert imported("playwright.har").notes[0] == (
        "exchange 1: its body is in the file '0a1b2c.json', which is missing next to the archive"
    )


def test_wiremock_s_rules_that_name_one_request_are_carried_over() -> None:
    found = imported("wiremock.json", address="https://crm.example.test/")
    name = '{"姓名":"张三"}'.encode()

    assert shown(found) == [
        (1, "GET", "/api/customers/12345?fields=name", None, 200, NAME),
        (2, "POST", "/o", name, 201, b"\0\xff\xfe"),
        (3, "POST", "/o", name, 503, b"busy"),
        (4, "GET", "/reset", None, "RESET", True),
    ]
    assert answer(found.exchanges[0]).elapsed == 0.25
    assert found.exchanges[0].request.headers == (("X-Tenant", "测试"),)
    assert found.notes == (
        "exchange 5: its address is a pattern",
        "exchange 6: it matches any method",
        "exchange 7: its body is in the file 'z.json'; put it into `body`",
        "exchange 8: its response is a template",
        "exchange 9: its body is a pattern",
        "exchange 10: it hands requests on to another server",
    )


def test_hoverfly_s_sequences_are_played_in_their_order() -> None:
    found = imported("hoverfly.json")
    name = '{"姓名":"张三"}'.encode()

    assert shown(found) == [
        (1, "GET", "/api/customers/12345?fields=name", None, 200, NAME),
        (2, "POST", "/f", b"a=1&b=%E4%B8%AD", 200, b""),
        (3, "POST", "/o", name, 503, b"busy"),
        (4, "POST", "/o", name, 201, b"\0\xff\xfe"),
    ]
    assert answer(found.exchanges[2]).elapsed == 1.5
    assert found.notes == (
        "exchange 5: its query 'q' is a pattern",
        "exchange 6: it depends on the state 'cart'",
        "exchange 7: its response is a template",
        "global delays: write them as faults of a scenario",
    )


def came(body: bytes, coding: str) -> ForeignExchanges:
    packed = {"base64_string": base64.b64encode(body).decode()}
    headers = {"content-encoding": [coding]}
    item = {
        "request": {"method": "GET", "uri": "https://a.test/客户#x", "headers": {}},
        "response": {"status": {"code": 200}, "headers": headers, "body": packed},
    }
    return read_foreign(json.dumps({"http_interactions": [item]}).encode())


@pytest.mark.parametrize(
    ("body", "coding"),
    [
        (gzip.compress(NAME, mtime=0), "gzip"),
        (gzip.compress(NAME[:3], mtime=0) + gzip.compress(NAME[3:], mtime=0), "gzip"),
        (zlib.compress(NAME), "deflate"),
        (zlib.compress(NAME, wbits=-15), "deflate"),
        (zlib.compress(gzip.compress(NAME, mtime=0)), "gzip, deflate"),
        (NAME, "br"),
        (NAME, "gzip"),
    ],
)
def test_a_compressed_answer_is_unpacked_once(body: bytes, coding: str) -> None:
    (exchange,) = came(body, coding).exchanges

    assert answer(exchange).body == NAME
    assert exchange.request.url == "https://a.test/%E5%AE%A2%E6%88%B7"


@pytest.mark.parametrize(
    ("body", "coding", "note"),
    [
        (
            b"\xff\xfe\x00",
            "zstd",
            f"{UNDECODED}: it is compressed with zstd, which is not supported",
        ),
        (b"\x1f\x8b\x08broken", "gzip", f"{UNDECODED}: Error -3"),
        (
            gzip.compress(NAME, mtime=0)[:-9],
            "gzip",
            f"{UNDECODED}: it is compressed, and was cut short",
        ),
        (
            gzip.compress(NAME, mtime=0) + gzip.compress(NAME, mtime=0)[:12],
            "gzip",
            f"{UNDECODED}: it is compressed, and was cut short",
        ),
        (zlib.compress(NAME)[:-1], "deflate", f"{UNDECODED}: it is compressed, and was cut short"),
        (b"\xff\xfe\x00", "deflate", f"{UNDECODED}: Error -3"),
    ],
)
def test_one_that_cannot_be_unpacked_is_left_out(body: bytes, coding: str, note: str) -> None:
    found = came(body, coding)

    assert found.exchanges == ()
    assert found.notes[0].startswith(f"exchange 1: {note}")


def test_brotli_is_unpacked_with_its_extra_and_told_without(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    brotli = pytest.importorskip("brotli", reason="it is an extra, and the tests' own")
    packed = brotli.compress(NAME * 100)
    (exchange,) = came(packed, "br").exchanges
    cut, broken = came(packed[:-2], "br"), came(b"\xff\xfe\x00", "br")
    monkeypatch.setitem(sys.modules, "brotli", None)

    assert answer(exchange).body == NAME * 100
    assert cut.notes == (f"exchange 1: {UNDECODED}: it is compressed, and was cut short",)
    assert broken.notes[0].startswith(f"exchange 1: {UNDECODED}: brotli: ")
    assert came(packed, "br").notes == (
        f'exchange 1: {UNDECODED}: it is compressed with br; pip install "bpmax-sim[br]"',
    )


BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{b}: &{b} [*{a},*{a},*{a},*{a},*{a},*{a},*{a},*{a},*{a}]\n"
    for a, b in zip("abcdefgh", "bcdefghi", strict=True)
)


VCRPY = "not a cassette of vcrpy"
READABLE = "betamax, cassetter, har, hoverfly, mitmproxy, postman, vcrpy, wiremock"
SHELL = b"interactions: !!python/object/apply:os.system [id]\n"
V3 = b'{"data":{"pairs":[]},"meta":{"schemaVersion":"v3"}}'


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"hello", f"not a recording that can be imported; there are {READABLE}"),
        (b'{"log":{"entries":{}}}', "not an HTTP Archive: it has no list log.entries"),
        (
            b'{"a":',
            (
                "not a recording: its JSON ends in line 1 before it is complete, so the file was "
                "cut; save it again"
            ),
        ),
        (b"[" * 100_000, "not a recording: nested too deeply"),
        (b'{"interactions":[],"x":"\xff"}', "not a recording: not UTF-8 at byte 24"),
        (
            b"interactions:\n- request: [\n",
            f"{VCRPY}: not YAML at line 3 column 1: did not find expected node content",
        ),
        (
            SHELL,
            (
                f"{VCRPY}: line 1: the tag 'tag:yaml.org,2002:python/object/apply:os.system' "
                "asks for an object"
            ),
        ),
        (
            f"{BOMB}interactions: [*i]".encode(),
            f"{VCRPY}: line 1: nested or repeated beyond all measure",
        ),
        (
            b"interactions: &x [*x]\n",
            f"{VCRPY}: line 1: nested or repeated beyond all measure",
        ),
        (b"interactions: \xff", f"{VCRPY}: not UTF-8 at byte 14"),
        (
            b"[[interactions]]\nx =",
            "not a cassette of cassetter: not TOML: Invalid value (at end of document)",
        ),
        (V3, "not a simulation of Hoverfly of schema v5 but v3; export it again"),
    ],
)
def test_what_is_no_recording_is_refused(data: bytes, message: str) -> None:
    with pytest.raises(CassetteError) as caught:
        read_foreign(data)

    assert str(caught.value) == message


@pytest.mark.parametrize("share", [0.1, 0.37, 0.5, 0.9, 0.999])
def test_an_archive_that_was_cut_says_so(share: float) -> None:
    data = (DATA / "chromium.har").read_bytes().rstrip()
    data = data.replace(b'\n  "log"', '\n  "名": 1, "log"'.encode(), 1)

    with pytest.raises(CassetteError, match="before it is complete, so the file was cut"):
        read_foreign(data[: int(len(data) * share)])


def test_vcrpy_before_its_first_version_is_refused() -> None:
    with pytest.raises(CassetteError) as caught:
        read_foreign(b'[{"request": {}, "response": {}}]', kind="vcrpy")

    assert str(caught.value) == (
        "not a cassette of vcrpy: it is of vcrpy before 1.0; record it again"
    )


@pytest.mark.parametrize("item", [None, 1, "x", [], {}, {"request": None, "response": {}}])
@pytest.mark.parametrize(
    "shape",
    [
        '{"log":{"entries":[%s]}}',
        '{"http_interactions":[%s]}',
        '{"interactions":[%s]}',
        '{"mappings":[%s]}',
        '{"data":{"pairs":[%s]},"meta":{"schemaVersion":"v5"}}',
    ],
)
def test_an_item_that_is_no_exchange_leaves_a_note(shape: str, item: object) -> None:
    found = read_foreign((shape % json.dumps(item)).encode())

    assert found.exchanges == ()
    assert found.notes[0].startswith("exchange 1: not an exchange (")


@pytest.mark.parametrize(
    ("body", "sent"),
    [
        ("!!python/object/apply:builtins.iter {args: [[!!binary AP8=, a]]}", b"\0\xffa"),
        ("!!python/object/new:_io.BytesIO {state: []}", None),
        ("!!python/unicode 客户", "客户".encode()),
        ("[a, b]", b"ab"),
        ("'null'", b"null"),
    ],
)
def test_bodies_that_vcrpy_wrote_as_objects_are_read_without_making_any(
    body: str, sent: bytes | None
) -> None:
    asked = f"request: {{method: PUT, uri: 'https://a.test/', headers: {{}}, body: {body}}}"
    came = "response: {status: {code: 200}, headers: {}, body: {string: ''}}"
    found = read_foreign(f"interactions:\n- {asked}\n  {came}\n".encode())

    assert found.notes == ()
    assert found.exchanges[0].request.body == sent


def _binary(text: str, encoding: str = "utf-8") -> str:
    return f"!!binary {base64.b64encode(text.encode(encoding)).decode()}"


def test_what_a_yaml_cassette_stores_as_bytes_is_read_in_its_encoding() -> None:
    names = f"X-Name: [{_binary('客户')}], X-Old: [{_binary('café', 'latin-1')}]"
    uri, reason = _binary("https://a.test/客户?q=1"), _binary("创建")
    asked = f"request: {{method: {_binary('PUT')}, uri: {uri}, headers: {{{names}}}, body: ''}}"
    came = f"response: {{status: {{code: 201, message: {reason}}}, headers: {{}}, body: ''}}"
    (exchange,) = read_foreign(f"interactions:\n- {asked}\n  {came}\n".encode()).exchanges

    assert exchange.request.headers == (("X-Name", "客户"), ("X-Old", "café"))
    assert exchange.request.method == "PUT"
    assert exchange.request.url == "https://a.test/%E5%AE%A2%E6%88%B7?q=1"
    assert isinstance(exchange.outcome, Response)
    assert exchange.outcome.reason == "创建"


@settings(max_examples=drawn(100), deadline=None)
@given(st.data())
def test_a_damaged_recording_is_read_or_refused_and_nothing_else(data: st.DataObject) -> None:
    whole = bytearray(data.draw(st.sampled_from(SAMPLES)))
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(whole)))
        end = start + data.draw(st.sampled_from([0, 1, 2, 8, 300]))
        whole[start:end] = data.draw(st.binary(max_size=4) | st.sampled_from(PIECES))
    try:
        found = read_foreign(bytes(whole))
    except CassetteError:
        return
    assert [one.order for one in found.exchanges] == [*range(1, len(found.exchanges) + 1)]


def test_a_format_that_there_is_not() -> None:
    with pytest.raises(ConfigError) as caught:
        read_foreign(b"{}", kind="hat")

    assert str(caught.value) == "format: there is no 'hat'; did you mean 'har'?"


PARSED = """\
version: 1
interactions:
- request:
    headers: {content-type: [application/json]}
    method: POST
    parsed_body: {姓名: 张三, n: 1, price: 2.50, on: true, none: null, code: '007'}
    uri: https://crm.example.test/orders
  response:
    headers: {content-type: [application/json]}
    parsed_body:
      items: [{id: '1', ok: false}]
    status: {code: 201, message: Created}
- request: {method: GET, uri: "https://crm.example.test/x", body: null, headers: {}}
  response: {body: {string: '007'}, headers: {}, status: {code: 200, message: OK}}
"""
GO_VCR = """\
version: 2
interactions:
- id: 0
  request:
    proto: HTTP/1.1
    content_length: 21
    host: crm.example.test
    body: '{"姓名":"张三"}'
    form: {}
    headers: {Content-Type: [application/json]}
    url: https://crm.example.test/orders
    method: POST
  response:
    proto: HTTP/2.0
    content_length: -1
    body: '{"id":1}'
    headers: {X-Count: ["007"]}
    status: 201 Created
    code: 201
    duration: 81.4ms
"""


def test_json_that_a_serializer_keeps_as_values_is_the_body_again() -> None:
    first, second = read_foreign(PARSED.encode()).exchanges

    assert json.loads(first.request.body or b"") == {
        "姓名": "张三", "n": 1, "price": 2.5, "on": True, "none": None, "code": "007",
    }  # fmt: skip
    assert json.loads(answer(first).body) == {"items": [{"id": "1", "ok": False}]}
    assert (answer(first).status, answer(second).body) == (201, b"007")
    assert read_foreign(PARSED.encode()).notes == ()


def test_a_cassette_of_go_vcr_is_read() -> None:
    found = read_foreign(GO_VCR.encode())

    assert found.notes == ()
    assert shown(found) == [(1, "POST", "/orders", '{"姓名":"张三"}'.encode(), 201, b'{"id":1}')]
    assert (answer(found.exchanges[0]).reason, answer(found.exchanges[0]).headers) == (
        "Created",
        (("X-Count", "007"),),
    )


def test_an_old_cassette_of_betamax_is_read() -> None:
    old = {
        "http_interactions": [
            {
                "request": {
                    "body": "",
                    "headers": {},
                    "method": "GET",
                    "uri": "https://a.test/客户",
                },
                "response": {
                    "body": {"encoding": "utf-8", "string": "李四"},
                    "headers": {},
                    "status_code": 203,
                    "url": "https://a.test/",
                },
                "recorded_at": "2014-01-01T00:00:00",
            }
        ],
        "recorded_with": "betamax/0.1.6",
    }
    found = read_foreign(json.dumps(old).encode())

    assert found.notes == ()
    assert [(answer(one).status, answer(one).body) for one in found.exchanges] == [
        (203, "李四".encode())
    ]


@pytest.mark.parametrize(
    "name",
    [path.name for path in sorted(DATA.iterdir()) if path.suffix in {".json", ".har"}],
)
def test_a_key_that_nobody_knows_is_a_note_in_every_format(name: str) -> None:
    def extended(value: Any) -> Any:
        if isinstance(value, list):
            return [extended(one) for one in value]
        if not isinstance(value, dict):
            return value
        inner = {key: extended(one) for key, one in value.items()}
        if {"request", "response"} <= inner.keys():
            inner["response"] = {**inner["response"], "geheimer_body": "李四"}
        return inner

    whole = json.loads((DATA / name).read_bytes().removeprefix(b"\xef\xbb\xbf"))
    found = read_foreign(json.dumps(extended(whole)).encode())

    assert any("the key 'response.geheimer_body' is not known" in note for note in found.notes)


def test_a_body_under_a_key_that_nobody_knows_is_never_empty() -> None:
    text = PARSED.replace("body: {string: '007'}", "body: {json_value: '007'}")
    found = read_foreign(text.encode())

    assert len(found.exchanges) == 1
    assert found.notes == ("exchange 2: its body has the keys json_value, none of which is known",)


def test_what_an_exchange_lacks_is_named() -> None:
    found = read_foreign(b"interactions:\n- request: {method: GET}\n  response: {}\n")

    assert found.notes == ("exchange 1: not an exchange (key 'uri' is missing)",)
