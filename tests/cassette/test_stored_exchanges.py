"""How an exchange and its facts are stored, read back and sealed again after an edit."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from msgspec import UNSET
from msgspec.structs import replace

from bpmax_sim.cassette.file import Cassette
from bpmax_sim.cassette.format import (
    dump_entries,
    parse_head,
    render_exchange,
    replace_failure,
    reseal,
    to_yaml_safe_json_line,
    write_body_scalar,
)
from bpmax_sim.cassette.model import (
    CassetteHead,
    Entry,
    IndexLine,
    decode_json,
    group_by_name,
    read_body,
)
from bpmax_sim.cassette.reader import (
    YamlTextError,
    exchange_from_yaml,
    read_exchange,
    read_outcome,
    read_yaml_text,
)
from bpmax_sim.messages import (
    FORM,
    LOGIN,
    Chunk,
    Exchange,
    FailedExchange,
    Response,
    SignatureInput,
)
from tests.cassette.exchanges import OWNER, RULES, ZONE, answer, detail, order

RICH = Response(
    status=202,
    reason="Accepted",
    headers=(("Content-Type", "text/plain"), ("Content-Encoding", "gzip")),
    body="收到".encode(),
    elapsed=1.2346,
    source="simulated",
    chunks=(Chunk(0.0016, 3), Chunk(1.2004, 3)),
    trust="verified",
    redirects=(("302", "https://crm.example.test/a"), ("307", "https://crm.example.test/b")),
)
FAILED = FailedExchange(
    code="TIMEOUT", message="超时", elapsed=1.9996, sent=False, received="一半".encode()
)


def exchange_of(outcome: Any = RICH, **request: Any) -> Exchange:
    exchange = detail(7, outcome=outcome, order=3)
    return replace(exchange, request=replace(exchange.request, **request))


def test_each_fact_of_an_exchange_is_stored_and_read_back() -> None:
    signed = SignatureInput(now=1.5, nonce="n", call_id="c")
    exchange = exchange_of(host="files", signed=signed, charset="")
    entry = render_exchange(exchange, zone=ZONE, rules=RULES, name_rules=4)

    line = entry.line
    assert (line.n, line.call, line.instance, line.owner) == (
        3, "crm_system.get_customer_detail", "test", OWNER,
    )  # fmt: skip
    assert (line.ms, line.chunks, line.source, line.trust) == (
        1235, ((2, 3), (1200, 3)), "simulated", "verified",
    )  # fmt: skip
    assert (line.host, line.base, line.hops, line.signed) == (
        "files", "https://crm.example.test", RICH.redirects, signed,
    )  # fmt: skip
    assert (line.encoding, line.net, line.failed) == ({"content-encoding": "gzip"}, 4, "")
    assert line.rules == RULES.compute_digest("crm_system")
    back = read_exchange(entry)
    assert back.request == replace(exchange.request, call=back.request.call)
    assert back.request.call is not None
    assert back.request.call.serial == 3
    stored = replace(RICH, headers=RICH.headers[:1], elapsed=1.235)
    assert back.outcome == replace(stored, chunks=(Chunk(0.002, 3), Chunk(1.2, 3)))
    signed_outcome = read_outcome(entry)
    assert signed_outcome == replace(back.outcome, recorded_request=back.request)
    assert read_outcome(entry.with_line(signed=None)) == back.outcome


def test_each_fact_of_a_failure_is_stored_and_read_back() -> None:
    for signed in (None, SignatureInput(now=1.0)):
        entry = render_exchange(exchange_of(FAILED, signed=signed))

        assert (entry.line.failed, entry.line.ms, entry.line.encoding) == ("timeout", 2000, {})
        assert read_outcome(entry) == replace(FAILED, elapsed=2.0)
        other = replace_failure(entry, replace(FAILED, code="RESET", received=b"", sent=True))
        assert other.line == entry.line.__class__(**{**fields(entry.line), "failed": "reset"})
        assert read_outcome(other) == replace(
            FAILED, code="RESET", received=b"", sent=True, elapsed=2.0
        )


def fields(line: IndexLine) -> dict[str, Any]:
    return {name: getattr(line, name) for name in line.__struct_fields__}


@pytest.mark.parametrize(
    ("source", "stored"),
    [("live", ""), ("recorded", ""), ("stub", "stub"), ("fault", "fault"), ("simulated",) * 2],
)
def test_what_answered_is_told_unless_it_was_the_third_party(source: str, stored: str) -> None:
    entry = render_exchange(exchange_of(replace(RICH, source=source)))

    assert entry.line.source == stored
    assert getattr(read_outcome(entry), "source", "") == (stored or "recorded")


@pytest.mark.parametrize(
    ("platform", "api", "call"), [("", "", ""), ("crm", "get", "crm.get"), ("", "get", "")]
)
def test_a_call_is_named_where_it_has_a_platform(platform: str, api: str, call: str) -> None:
    said = exchange_of().request.call
    assert said is not None
    entry = render_exchange(exchange_of(call=replace(said, platform=platform, api=api)))

    assert (entry.line.call, entry.line.instance) == (call, "test")
    assert render_exchange(exchange_of(call=None)).line.instance == ""


@pytest.mark.parametrize(
    "body",
    [
        None, b"", b"a", b"a\n", b"a\n\n", b"\n", b" a", b"a ", b"a\r\nb", b"\ta", b"a\tb",
        "客户\u202e".encode(), "\ufeff甲".encode(), b"\x7f", b"\0", b"\xff" * 57, b"\xff" * 58,
        b"\xff" * 114, b"null", b"~", b"- a", b'{"a":"\\n"}',
        '{"甲":[1,2],"乙":"'.encode() + b"x" * 70 + b'"}',
        b'{"a":"' + b"x" * 70 + b'\\ud83d"}', '{"\ue000":"'.encode() + b"x" * 70 + b'"}',
        b"a\n\nb\n \n", "a\u2028b".encode(), "a\x85b".encode(), b"\\", b'"\\"\n',
    ],
)  # fmt: skip
def test_a_body_comes_back_to_the_byte(body: bytes | None) -> None:
    """From the layout that is written, and as any reader of YAML reads it."""
    sent = order(b"x", outcome=replace(answer(), body=body or b""))
    entry = render_exchange(replace(sent, request=replace(sent.request, body=body)))

    for canonical in (True, False):
        back = read_exchange(entry, canonical=canonical)
        assert back.request.body == body
        assert getattr(back.outcome, "body", None) == (body or b"")


@pytest.mark.parametrize(
    ("body", "lines"),
    [
        (b"\xff" * 57, ["!!binary |-", "  " + "/" * 76]),
        (b"\xff" * 60, ["!!binary |-", "  " + "/" * 76, "  " + "/" * 4]),
        (b"a", ["|-", "  a"]),
        (b"a\n\nb", ["|-", "  a", "", "  b"]),
        (b"a\n", ["|+", "  a"]),
        (b"a\n\n", ["|+", "  a", ""]),
        (b"\na", ['"\\na"']),
        (b"", ['""']),
        ("\u202e".encode(), ['"\\u202e"']),
    ],
)
def test_a_body_is_laid_out_by_what_it_holds(body: bytes, lines: list[str]) -> None:
    assert write_body_scalar(body, "  ").split("\n") == lines


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a", '"a"'), ("甲", '"甲"'), ("\x7f", '"\\u007f"'), ("甲\x7f", '"甲\\u007f"'),
        ("\u2028", '"\\u2028"'), ("\x1f", '"\\u001f"'), ("\x85", '"\\u0085"'),
        ({"甲": [1, None]}, '{"甲":[1,null]}'),
    ],
)  # fmt: skip
def test_a_line_of_json_is_one_of_yaml(value: Any, text: str) -> None:
    assert to_yaml_safe_json_line(value) == text
    assert read_yaml_text(f"a: {text}")["a"] == (
        value if isinstance(value, str) else {"甲": ["1", None]}
    )


JSON = ('{"客户":"张三","行":[' + ",".join(f'{{"号":"A{n}"}}' for n in range(6)) + "]}").encode()


@pytest.mark.parametrize("sent", [True, False])
@pytest.mark.parametrize("said", [True, False])
def test_a_file_of_another_layout_of_json_is_sealed_as_it_is(*, sent: bool, said: bool) -> None:
    """A body was not always broken into lines."""
    entry = render_exchange(order(JSON, outcome=answer(JSON.decode()), order=1), rules=RULES)
    request, mark, response = entry.text.partition("  response:\n")
    for is_broken, indent in ((sent, 6), (said, 8)):
        if not is_broken:
            broken, plain = (
                write_body_scalar(JSON, " " * indent, breaks=breaks) for breaks in (True, False)
            )
            assert broken in (request if indent == 6 else response)
            if indent == 6:
                request = request.replace(broken, plain)
            else:
                response = response.replace(broken, plain)
    data = dump_entries([Entry(entry.line, f"{request}{mark}{response}")])

    assert reseal(data.decode()) == data


@pytest.mark.parametrize("charset", ["gbk", "big5"])
def test_texts_in_other_encodings_are_sealed_as_they_are(charset: str) -> None:
    body = "合同：中文".encode(charset)
    page = Response(
        status=200, headers=(("Content-Type", f"text/html; charset={charset}"),), body=body
    )
    sent = order(body, outcome=page, order=1)
    entry = render_exchange(
        replace(sent, request=replace(sent.request, charset=charset)), rules=RULES
    )
    data = dump_entries([entry])

    assert entry.line.sent_in
    assert reseal(data.decode()) == data
    edited = Cassette.of_bytes(reseal(data.decode().replace("中文", "文中")), "a.yaml").exchange(0)
    assert edited.request.body == "合同：文中".encode(charset)
    assert getattr(edited.outcome, "body", b"") == "合同：文中".encode(charset)


ONE = dump_entries([render_exchange(detail(1, order=1), zone=ZONE, rules=RULES)]).decode()


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ('"n":1', '"n":0', ""),
        ('"n":1', '"n":999999999', ""),
        ('"n":1', '"n":-1', "n and ms: expected 0 to 999999999, got -1 and 12"),
        ('"n":1', '"n":1000000000', "n and ms: expected 0 to 999999999, got 1000000000 and 12"),
        ('"ms":12', '"ms":0', ""),
        ('"ms":12', '"ms":-1', "n and ms: expected 0 to 999999999, got 1 and -1"),
        ('"key":"', '"key":"x', "key: expected hexadecimal digits, got 'x"),
        ("failures: []\n", "", ""),
        ("failures: []\n", "failures:\n", ""),
        ("failures: []\n", "failures: ~\n", ""),
        ('"format":2', '"format":"2"', ""),
        ('"format":2', '"format":7', None),
        ("message: OK", "message: ~", ""),
        ('"application/json; charset=utf-8"', '"text/plain"', ""),
        ('["application/json; charset=utf-8"]', "text/plain", ""),
    ],
)
def test_an_edit_is_sealed_where_its_values_are_in_their_ranges(
    old: str, new: str, problem: str | None
) -> None:
    assert old in ONE
    if problem:
        with pytest.raises(YamlTextError) as raised:
            reseal(ONE.replace(old, new))
        assert str(raised.value).startswith(f"exchange 1: {problem}")
        return
    cassette = Cassette.of_bytes(reseal(ONE.replace(old, new)), "a.yaml")
    assert len(cassette) == len([*cassette.exchanges()]) == 1
    is_other = "message" in old or "json" in old
    assert (cassette.get_entry_with_head_defaults(0).line.rules == "unknown") == (
        is_other or new in {'"n":0', '"n":999999999', '"ms":0'}
    )


REQUEST = {"method": "GET", "uri": "https://crm.test/a"}
LINE = IndexLine(
    key="", n=1, call="", instance="", owner="甲", at="2026-03-02T09:00:00+08:00", ms=5, sha=""
)


@pytest.mark.parametrize(
    ("response", "outcome"),
    [
        ({"status": {"code": "200"}}, Response(status=200)),
        ({"status": {"code": "200", "message": None}, "body": None}, Response(status=200)),
        (
            {"status": {"code": "404", "message": "Not Found"}, "body": {}},
            Response(status=404, reason="Not Found"),
        ),
        (
            {"status": {"code": "200"}, "body": {"string": None}, "headers": None},
            Response(status=200),
        ),
        (
            {
                "status": {"code": "200"},
                "body": {"string": "甲"},
                "headers": {"A": ["1", "2"], "B": "34"},
            },
            Response(status=200, body="甲".encode(), headers=(("A", "1"), ("A", "2"), ("B", "34"))),
        ),
        (
            {"status": {"code": "200"}, "body": {"string": b"\xff"}},
            Response(status=200, body=b"\xff"),
        ),
    ],
)
def test_what_an_edit_left_out_of_a_response_is_empty(response: Any, outcome: Response) -> None:
    found = exchange_from_yaml(LINE, {"request": REQUEST, "response": response})

    assert found.outcome == replace(outcome, source="recorded", elapsed=0.005)
    assert (found.request.body, found.request.headers) == (None, ())


@pytest.mark.parametrize(
    ("failure", "sent", "received"),
    [
        ({"sent": "true"}, True, b""),
        ({"sent": "false", "received": "甲"}, False, "甲".encode()),
        ({"sent": "false", "received": None}, False, b""),
    ],
)
def test_a_failure_is_one_by_its_index_line(failure: Any, received: bytes, *, sent: bool) -> None:
    item = {"request": REQUEST, "failure": {"message": "x", **failure}, "response": {}}
    found = exchange_from_yaml(replace(LINE, failed="reset"), item)

    assert found.outcome == FailedExchange(
        code="RESET", message="x", elapsed=0.005, sent=sent, received=received
    )
    with pytest.raises(YamlTextError, match="not an exchange: the key 'status' is missing"):
        exchange_from_yaml(LINE, item)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: null", {"a": None}), ("a: ~", {"a": None}), ("a: ''", {"a": ""}), ("a:", {"a": None}),
        ("a: 'null'", {"a": "null"}), ('a: "~"', {"a": "~"}), ("a: |-\n  null", {"a": "null"}),
        ("a: NULL", {"a": None}), ("a: nULL", {"a": "nULL"}), ("a: 1", {"a": "1"}),
        ("a: no", {"a": "no"}),
        ("a: !!str null", {"a": "null"}), ("a: !!binary /w==", {"a": b"\xff"}),
        ("[" * 41 + "]" * 41, "deep"), ("[" * 42 + "]" * 42, "nested deeper than 40 levels"),
        ("", "no document"), ("a: &x 1", "anchors and aliases are not used in cassettes"),
        ("a: 1\na: 2", "the key 'a' comes twice"), ("[a]: 1", "a key that is not a text"),
        ("~: 1", "a key that is not a text"), ("a: !!int 1", "the tag"),
        ("a: !!binary x", "broken base64"),
    ],
)  # fmt: skip
def test_of_yaml_is_read_what_a_cassette_needs(text: str, value: Any) -> None:
    if isinstance(value, str) and value != "deep":
        with pytest.raises(YamlTextError, match=value):
            read_yaml_text(text)
        return
    read = read_yaml_text(text)
    if value != "deep":
        assert read == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", 1), ("1.0", 1), ("1e0", 1), ("10", 10), ("1.50", Decimal("1.5")), ("-0.0", 0),
        ("0e5", 0), ("1e400", 10**400), ("1e401", Decimal("1E+401")),
        ("120e400", Decimal("1.2E+402")),
        ("12e398", 12 * 10**398), ("0.1", Decimal("0.1")), ("-1.20", Decimal("-1.2")),
        ("100.0", 100), ("true", True), ("9007199254740993.0", 9007199254740993),
    ],
)  # fmt: skip
def test_a_number_is_read_by_its_exact_value(text: str, value: Any) -> None:
    read = decode_json(text)

    assert (read, type(read)) == (value, type(value))


@pytest.mark.parametrize(
    "text", ["", "{", "nul", "1e99999999999999999999", "[" * 200_000 + "]" * 200_000]
)
def test_what_cannot_be_compared_is_no_json(text: str) -> None:
    with pytest.raises(ValueError, match="not JSON"):
        decode_json(text)


MULTIPART = "multipart/form-data; boundary=xx"


def multipart(*parts: str, end: str = "--\r\n") -> bytes:
    return ("".join(f"--xx\r\n{part}\r\n" for part in parts) + f"--xx{end}").encode()


FIELD = {"form-data": ""}
"""What keys of recordings are computed with, so that it has to stay."""
PART = 'Content-Disposition: form-data; name="甲"\r\n\r\n一'


@pytest.mark.parametrize(
    ("data", "media", "kind", "value"),
    [
        (None, "application/json", "none", None),
        (b"", "application/json", "none", None),
        (b'{"a":1.0}', "application/json", "json", {"a": 1}),
        (b'{"a":1}', "Application/JSON; charset=utf-8", "json", {"a": 1}),
        (b'{"a":1}', "application/problem+json", "json", {"a": 1}),
        (b'{"a":1}', "text/json", "json", {"a": 1}),
        (b'{"a":1}', "", "json", {"a": 1}),
        (b"[1]", "", "json", [1]),
        (b"1", "", "text", "1"),
        (b'"a"', "", "text", '"a"'),
        (b'{"a":1}', "text/plain", "text", '{"a":1}'),
        (b"{a", "", "text", "{a"),
        (b"null", "application/json", "json", None),
        (b"a=1&b=2", FORM, "form", {"a": "1", "b": "2"}),
        (b"a=1&&b=&a=2&c", FORM, "form", {"a": ["1", "2"], "b": "", "c": ""}),
        (b"a+b=%E7%94%B2&&c=", FORM, "form", {"a b": "甲", "c": ""}),
        (b"a=b+c", FORM, "form", {"a": "b c"}),
        (b"a=%FF", FORM, "text", "a=%FF"),
        (b"a=\xff", FORM, "bytes", "<3 bytes, sha256 "),
        (multipart(PART), MULTIPART, "multipart", {"甲": {**FIELD, "content": "一"}}),
        (
            multipart(PART, PART.replace("一", "二")),
            MULTIPART,
            "multipart",
            {"甲": [{**FIELD, "content": "一"}, {**FIELD, "content": "二"}]},
        ),
        (
            multipart(
                'CONTENT-disposition: form-data; Name="f"; FileName="a.txt"\r\n'
                "Content-TYPE: text/plain\r\n\r\nx"
            ),
            MULTIPART,
            "multipart",
            {"f": {"content-type": "text/plain", **FIELD, "filename": "a.txt", "content": "x"}},
        ),
        (
            multipart('content-disposition: Form-Data; NAME="发票号"\r\n\r\n04403190'),
            "Multipart/Form-Data; Boundary=xx",
            "multipart",
            {"发票号": {**FIELD, "content": "04403190"}},
        ),
        (multipart("\r\nx"), MULTIPART, "multipart", {"": "x"}),
        (multipart(), MULTIPART, "text", "--xx--\r\n"),
        (multipart(PART, end="\r\n"), MULTIPART, "text", None),
        (multipart(PART), "multipart/form-data", "text", None),
        (multipart("no end of headers"), MULTIPART, "text", None),
    ],
)  # fmt: skip
def test_a_body_is_compared_by_what_its_type_says(
    data: bytes | None, media: str, kind: str, value: Any
) -> None:
    body = read_body(data, media)

    assert body.kind == kind
    if kind == "bytes":
        assert body.value.startswith(value)
    elif value is None and kind == "text":
        assert body.value == (data or b"").decode()
    else:
        assert body.value == value


@pytest.mark.parametrize(
    ("pairs", "grouped"),
    [
        ([], {}),
        ([("a", 1)], {"a": 1}),
        ([("a", 1), ("b", 2), ("a", 3), ("a", 1)], {"a": [1, 3, 1], "b": 2}),
        ([("a", [1]), ("a", [2])], {"a": [[1], [2]]}),
    ],
)
def test_values_of_one_name_stand_in_their_order(pairs: Any, grouped: Any) -> None:
    assert group_by_name(pairs) == grouped


@pytest.mark.parametrize(
    ("rules", "net", "line", "found"),
    [
        ({"crm": "r1"}, 3, {}, ("r1", 3)),
        ({"crm": "r1"}, 3, {"rules": "r2", "net": 0}, ("r2", 0)),
        ({"crm": "r1", "*": "r9"}, UNSET, {}, ("r1", 0)),
        ({"*": "r9"}, UNSET, {"net": 2}, ("r9", 2)),
        ({"oa": "r1"}, UNSET, {}, ("", 0)),
        ({"oa": "r1"}, UNSET, {"call": "oa.x"}, ("r1", 0)),
    ],
)
def test_an_index_line_leaves_to_the_head_what_it_does_not_say(
    rules: Any, net: Any, line: Any, found: Any
) -> None:
    head = CassetteHead(rules=rules, net=net)
    filled = head.fill_in_defaults(replace(LINE, **{"call": "crm.get", **line}))

    assert (filled.rules, filled.net) == found


@pytest.mark.parametrize(
    ("call", "instance", "owner", "is_login"),
    [
        (f"crm.{LOGIN}", "test", "crm.test", True),
        (f"crm.{LOGIN}", "test", "甲", False),
        ("crm.get", "test", "crm.test", False),
        (f"crm.{LOGIN}", "prod", "crm.test", False),
    ],
)
def test_a_shared_login_is_known_by_its_owner(
    call: str, instance: str, owner: str, *, is_login: bool
) -> None:
    assert replace(LINE, call=call, instance=instance, owner=owner).is_shared_login == is_login


@pytest.mark.parametrize(
    ("data", "is_typed", "found"),
    [
        ({"format": 1, "rules": "r"}, True, {"*": "r"}),
        ({"format": 1}, True, {"*": ""}),
        ({"format": 2, "rules": {"crm": "r"}}, True, {"crm": "r"}),
        ({"rules": {"crm": "r"}}, True, {"crm": "r"}),
        ({"format": "1", "rules": "r"}, False, {"*": "r"}),
        ({"format": "2", "rules": {}}, False, {}),
        ({"format": "1", "rules": "r"}, True, ValueError),
        ({"format": "x"}, False, ValueError),
        ({"format": 0}, True, LookupError),
        ({"format": -1}, True, LookupError),
        ([], True, ValueError),
        (None, False, ValueError),
    ],
)
def test_a_head_of_an_older_version_is_one_of_today(
    data: Any, found: Any, *, is_typed: bool
) -> None:
    if isinstance(found, type):
        with pytest.raises(found):
            parse_head(data, is_typed=is_typed)
        return
    assert parse_head(data, is_typed=is_typed).rules == found
