"""Each value at each place of a request: its exact bytes, or the exact reason for none."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from bpmax_sim.js_values import (
    UNDEFINED,
    BigInt,
    FarDate,
    JsMap,
    JsSet,
    OpaqueValue,
    SearchParams,
)
from bpmax_sim.platform.model import Encoding
from bpmax_sim.proxy.encode import (
    BadValueError,
    MissingParameterError,
    UnknownParameterError,
    check_settable_header,
    choose_encoding,
    encode_header_value,
    encode_payload,
    encode_query,
    encode_refusing_dot_segments,
    encode_segment,
    percent_encode,
    to_query_pairs,
    to_query_texts,
    to_scalar_text,
)

HALF = "holds half a character (a lone surrogate)"
MOMENT = datetime(2026, 3, 2, 9, 0, 0, 5000, UTC)
FORM = "application/x-www-form-urlencoded"
BYTES = "application/octet-stream"


class Word(str):
    """A text that is not exactly a `str`."""

    __slots__ = ()


class Count(int):
    """A number that is not exactly an `int`."""


def result_of(action: Callable[[], Any]) -> Any:
    """Return what *action* returns, or the message of its refusal."""
    try:
        return action()
    except BadValueError as error:
        return f"! {error}"


def test_a_scalar_is_text_as_javascript_prints_it() -> None:
    values: dict[Any, str | None] = {
        "合同": "合同",
        "": "",
        Word("甲方"): "甲方",
        True: "true",
        False: "false",
        Count(7): "7",
        -12: "-12",
        2.50: "2.5",
        3.0: "3",
        float("nan"): "NaN",
        BigInt(2**70): "1180591620717411303424",
        MOMENT: "2026-03-02T09:00:00.005Z",
        FarDate(8.64e15): "+275760-09-13T00:00:00.000Z",
        FarDate(None): None,
        None: None,
        UNDEFINED: None,
        (): None,
        OpaqueValue("symbol"): None,
        b"x": None,
    }

    assert [to_scalar_text(value) for value in values] == list(values.values())
    assert to_scalar_text([]) is None
    assert to_scalar_text({}) is None


def test_only_unreserved_characters_stay_in_an_address() -> None:
    free = "AZaz09-._~"
    texts = {
        "": "",
        free: free,
        " +*/!": "%20%2B%2A%2F%21",
        "a*": "a%2A",
        "张": "%E5%BC%A0",
        "\ud83d\ude00": "%F0%9F%98%80",
        "\ud83d\ude00" + "a" * 64: "%F0%9F%98%80" + "a" * 64,
        "/" + "a" * 63: "%2F" + "a" * 63,
        "/" * 65: "%2F" * 65,
        "\ud800": f"! 备注 {HALF}",
        "\udfff" + "a" * 70: f"! 备注 {HALF}",
    }

    assert {
        text: result_of(lambda text=text: percent_encode(text, "备注"))  # type: ignore[misc]
        for text in texts
    } == texts


def test_a_part_of_a_path_is_one_text_that_leads_nowhere_else() -> None:
    scalar = "expected a text, a number or a boolean"
    dots = ", which servers read as another address even when it is encoded; send another value"
    values: list[tuple[Any, str]] = [
        ("a/b", "a%2Fb"),
        (0, "0"),
        (False, "false"),
        ("...", "..."),
        (".", f"! path.编号 is '.'{dots}"),
        ("..", f"! path.编号 is '..'{dots}"),
        ("", "! path.编号 is empty, which would call another address"),
        (None, f"! path.编号 is null; {scalar}"),
        (UNDEFINED, f"! path.编号 is undefined; {scalar}"),
        ([1], f"! path.编号 is an array; {scalar}"),
        ({"a": 1}, f"! path.编号 is an object; {scalar}"),
        ("\ud800", f"! path.编号 {HALF}"),
    ]

    assert [
        (value, result_of(lambda value=value: encode_segment("编号", value)))  # type: ignore[misc]
        for value, _ in values
    ] == values
    assert encode_refusing_dot_segments("", "path.k") == ""
    assert result_of(lambda: encode_refusing_dot_segments("..", "path.k")) == (
        f"! path.k is '..'{dots}"
    )


def test_a_query_has_one_pair_for_each_item() -> None:
    values = {
        "页": 2,
        "空": "",
        "无": None,
        "缺": UNDEFINED,
        "标签": ["甲", None, 3, UNDEFINED, True],
        "对": (1, 2.5),
        "没有": [],
        "词": Word("w"),
    }

    assert to_query_pairs(values) == (
        ("页", "2"), ("空", ""), ("标签", "甲"), ("标签", "3"), ("标签", "true"),
        ("对", "1"), ("对", "2.5"), ("词", "w"),
    )  # fmt: skip
    assert list(to_query_texts("n", None)) == list(to_query_texts("n", UNDEFINED)) == []
    nested = "! query.n is an array within an array; send JSON.stringify(value)"
    inners: list[Any] = [[[1]], [1, [2]], [1, 2, (3,)], ([],)]
    for inner in inners:
        assert result_of(lambda inner=inner: list(to_query_texts("n", inner))) == nested  # type: ignore[misc]
    plain = (
        "; a query holds texts, numbers, booleans and arrays of them; send JSON.stringify(value) "
        "if the server expects JSON"
    )
    for value, kind in ({"a": 1}, "an object"), ([1, {"a": 1}], "an object"), (b"x", "bytes"):
        told = result_of(lambda value=value: list(to_query_texts("n", value)))  # type: ignore[misc]
        assert told == f"! query.n is {kind}{plain}"
    assert encode_query([("a b", "1+2"), ("甲", ""), ("c", "~")]) == ("a%20b=1%2B2&%E7%94%B2=&c=~")
    assert encode_query([]) == ""
    assert result_of(lambda: encode_query([("k", "\ud800")])) == f"! query.k {HALF}"
    assert result_of(lambda: encode_query([("\ud800", "v")])) == f"! query name '\\ud800' {HALF}"


def test_a_script_sets_no_header_of_the_transport() -> None:
    managed = (
        "connection", "expect", "host", "keep-alive", "proxy-connection", "te", "trailer",
        "upgrade", "content-length", "transfer-encoding",
    )  # fmt: skip
    for name in (*managed, *(name.title() for name in managed)):
        assert result_of(lambda name=name: check_settable_header(name)) == (  # type: ignore[misc]
            f"! header {name!r} is managed by the transport and cannot be set"
        )
    for name in "X-合同", "a b", "", "a:":
        assert result_of(lambda name=name: check_settable_header(name)) == (  # type: ignore[misc]
            f"! header {name!r} is not a header name (RFC 9110)"
        )
    for name in "X-Req", "Cookie", "Content-Type", "User-Agent", "Accept-Encoding", "hosts":
        assert check_settable_header(name) == name


def test_a_header_is_visible_ascii_without_spaces_at_its_ends() -> None:
    end = ", outside visible ASCII; encode it first, for example with encodeURIComponent(value)"
    values: list[tuple[Any, str]] = [
        ("", ""),
        ("a", "a"),
        ("a b\tc", "a b\tc"),
        ("!~", "!~"),
        (5, "5"),
        (True, "true"),
        (" a", f"! header.X-备 holds a space at its end{end}"),
        ("a ", f"! header.X-备 holds a space at its end{end}"),
        ("\ta", f"! header.X-备 holds a space at its end{end}"),
        (" ", f"! header.X-备 holds a space at its end{end}"),
        ("ab\n", f"! header.X-备 holds U+000A at character 3{end}"),
        ("合同", f"! header.X-备 holds U+5408 at character 1{end}"),
        ("a\x7f", f"! header.X-备 holds U+007F at character 2{end}"),
        (" é", f"! header.X-备 holds U+00E9 at character 2{end}"),
        ([1], "! header.X-备 is an array; expected a text or a number"),
        (None, "! header.X-备 is null; expected a text or a number"),
    ]

    assert [
        (value, result_of(lambda value=value: encode_header_value("X-备", value)))  # type: ignore[misc]
        for value, _ in values
    ] == values


def sent(value: Any, encoding: Encoding) -> Any:
    """Return bytes and content type of a body, or the message of its refusal."""
    made = result_of(lambda: encode_payload(value, encoding))
    return made if isinstance(made, str) else (made.data.decode("latin-1"), made.content_type)


def test_a_text_is_sent_as_it_is_with_the_type_of_its_api() -> None:
    plain, json = "text/plain; charset=utf-8", "application/json"
    assert sent('{"a": 1} ', "json") == ('{"a": 1} ', json)
    assert sent("123", "json") == ("123", json)
    assert sent("abc", "json") == ("abc", plain)
    assert sent("", "json") == ("", plain)
    assert sent("[" * 100_000, "json") == ("[" * 100_000, plain)
    assert sent("a=1", "form") == ("a=1", FORM)
    assert sent("abc", "text") == ("abc", plain)
    assert sent("<a/>", "xml") == ("<a/>", "application/xml; charset=utf-8")
    assert sent("--x", "multipart") == ("--x", "multipart/form-data")
    assert sent("\ud83d\ude00", "text") == ("ð\x9f\x98\x80", plain)
    assert sent("\ud800", "text") == f"! body {HALF}"
    for raw in b"\x00{}", bytearray(b"\x00{}"):
        assert sent(raw, "json") == ("\x00{}", BYTES)
        assert sent(raw, "form") == ("\x00{}", FORM)
        assert sent(raw, "xml") == ("\x00{}", "application/xml; charset=utf-8")
    params = SearchParams((("订", "1 2"), ("订", "")))
    assert sent(params, "text") == ("%E8%AE%A2=1+2&%E8%AE%A2=", plain)
    assert sent(params, "form") == ("%E8%AE%A2=1+2&%E8%AE%A2=", FORM)
    assert sent(5, "text") == ("5", plain)
    assert sent(True, "text") == ("true", plain)
    wrong = ", and this API sends text; pass a text"
    assert sent(None, "text") == f"! body is null{wrong}"
    assert sent([1], "text") == f"! body is an array{wrong}"
    assert sent(JsMap(()), "text") == f"! body is a Map{wrong}"


def test_the_type_that_a_script_sets_chooses_form_or_multipart_alone() -> None:
    choices: dict[str, Encoding] = {
        f"{FORM}; charset=gbk": "form",
        " Application/X-WWW-Form-URLencoded": "form",
        "Multipart/Form-Data; boundary=x": "multipart",
        "multipart/mixed": "xml",
        "application/json": "xml",
        "": "xml",
    }

    assert {text: choose_encoding(text, "xml") for text in choices} == choices


def test_json_refuses_what_it_would_lose() -> None:
    params = (
        ", which JSON writes as an empty object; send params.toString() or "
        "Object.fromEntries(params)"
    )
    other = ", which JSON writes as an empty object; send Object.fromEntries(map) or [...set]"
    json = "application/json"
    assert sent({"甲": {}, "乙": [{}]}, "json") == (
        '{"甲":{},"乙":[{}]}'.encode().decode("latin-1"),
        json,
    )
    assert sent(None, "json") == ("null", json)
    assert sent(SearchParams(()), "json") == f"! body is a URLSearchParams{params}"
    assert sent({"a": [1, {"b": SearchParams(())}]}, "json") == (
        f"! body.a[1].b is a URLSearchParams{params}"
    )
    assert sent({"a": {}, "m": JsMap(())}, "json") == f"! body.m is a Map{other}"
    assert sent([0, JsSet(())], "json") == f"! body[1] is a Set{other}"
    assert sent(({}, (JsSet(()),)), "json") == f"! body[1][0] is a Set{other}"
    assert sent({"n": BigInt(1)}, "json").startswith("! body: ")


def test_a_form_has_single_values() -> None:
    kinds = (
        "; a form holds texts, numbers, booleans and arrays of them; send JSON.stringify(value) "
        "if the server expects JSON"
    )
    assert sent({"a": (1, None, UNDEFINED, "x y"), "b": UNDEFINED, "c": None}, "form") == (
        "a=1&a=&a=x+y&c=",
        FORM,
    )
    assert sent({"a~": "~*"}, "form") == ("a%7E=%7E*", FORM)
    assert sent({"a": {"b": 1}}, "form") == f"! body.a is an object{kinds}"
    assert sent({"a": [[1]]}, "form") == f"! body.a is an array{kinds}"
    assert sent([1], "form") == (
        "! body is an array, and this API sends a form; pass an object of names and values"
    )
    assert sent(7, "multipart") == (
        "! body is a number, and this API sends a multipart form; pass an object of names and "
        "values"
    )
    assert sent({"备\ud800": 1}, "form") == f"! body.备\ud800 {HALF}"
    assert sent({"备": "\ud800"}, "form") == f"! body.备 {HALF}"


def parts_of(value: Any) -> list[str]:
    """Return the parts of a multipart body as texts; its frame is checked."""
    payload = encode_payload(value, "multipart")
    mark = payload.content_type.removeprefix("multipart/form-data; boundary=")
    assert mark.startswith("bpmax-")
    assert len(mark) == len("bpmax-") + 32
    first, *parts, last = f"\r\n{payload.data.decode()}".split(f"\r\n--{mark}")
    assert (first, last) == ("", "--\r\n")
    return [part.removeprefix("\r\n") for part in parts]


def test_a_multipart_part_says_what_it_is() -> None:
    head = "Content-Disposition: form-data; name="
    assert parts_of({
        "说明": "正文",
        "n": [1, None],
        "raw": b"\x01",
        'q"\r\n': bytearray(b"2"),
        "file": {"content": "合同", "filename": 'a"b.txt', "content_type": "text/plain"},
        "bare": {"content": bytearray(b"3")},
        "blank": {"content": b"", "filename": "", "content_type": ""},
        "json": {"content": "x", "name": "y"},
        "obj": {"filename": "f"},
        "none": {},
    }) == [
        f'{head}"说明"\r\n\r\n正文',
        f'{head}"n"\r\n\r\n1',
        f'{head}"n"\r\n\r\n',
        f'{head}"raw"; filename="raw"\r\nContent-Type: {BYTES}\r\n\r\n\x01',
        f'{head}"q%22%0D%0A"; filename="q%22%0D%0A"\r\nContent-Type: {BYTES}\r\n\r\n2',
        f'{head}"file"; filename="a%22b.txt"\r\nContent-Type: text/plain\r\n\r\n合同',
        f'{head}"bare"; filename="bare"\r\nContent-Type: {BYTES}\r\n\r\n3',
        f'{head}"blank"; filename="blank"\r\nContent-Type: {BYTES}\r\n\r\n',
        f'{head}"json"\r\nContent-Type: application/json\r\n\r\n{{"content":"x","name":"y"}}',
        f'{head}"obj"\r\nContent-Type: application/json\r\n\r\n{{"filename":"f"}}',
        f'{head}"none"\r\nContent-Type: application/json\r\n\r\n{{}}',
    ]  # fmt: skip
    for media in "text/plain\r\nX: 1", "文本/plain", "a\x7f":
        assert sent({"f": {"content": "", "content_type": media}}, "multipart") == (
            "! body.f.content_type is not a media type"
        )
    assert sent({"f": {"content": 5}}, "multipart") == (
        "! body.f.content is a number; pass a text or bytes"
    )
    assert sent({"f": {"content": "\ud800"}}, "multipart") == f"! body.f {HALF}"
    assert sent({"f": "\ud800"}, "multipart") == f"! body.f {HALF}"
    assert sent({"f": {"content": b"", "filename": "\ud800"}}, "multipart") == f"! body.f {HALF}"


def test_a_boundary_is_made_of_the_content() -> None:
    one, two = (encode_payload({"a": text}, "multipart") for text in ("1", "2"))

    assert one == encode_payload({"a": "1"}, "multipart")
    assert one.content_type != two.content_type


def test_xml_has_attributes_text_and_elements_in_order() -> None:
    order: Any = {
        "订单": {
            "@编号": 'A"1<\n\t&',
            "备注": None,
            "行": [{"@n": 1, "#text": "甲 < 乙"}, "乙\r", UNDEFINED, {"#text": UNDEFINED}],
            "x:金额": 12.5,
            "#text": "头",
            "空": {},
            "无": UNDEFINED,
            "@z": True,
            "@u": UNDEFINED,
        }
    }
    xml = "application/xml; charset=utf-8"

    made = encode_payload(order, "xml")

    assert made.content_type == xml
    assert made.data.decode() == (
        '<订单 编号="A&quot;1&lt;&#10;&#9;&amp;" z="true">头<备注></备注>'
        '<行 n="1">甲 &lt; 乙</行><行>乙&#13;</行><行></行><x:金额>12.5</x:金额><空></空></订单>'
    )
    one_root = "! body must be an object with one key, the root element, or XML text"
    for value in {}, {"a": 1, "b": 2}, {"a": [1, 2]}, [1], 5, None, {"a": UNDEFINED}:
        assert sent(value, "xml") == one_root
    assert sent({"a": {"1b": 1}}, "xml") == "! body.a: '1b' is not an element name"
    assert sent({"a": {"b": {"c d": 1}}}, "xml") == "! body.a.b: 'c d' is not an element name"
    assert sent({"a:b:c": 1}, "xml") == "! body: 'a:b:c' is not an element name"
    assert sent({"a": {"@k 1": 1}}, "xml") == "! body.a: '@k 1' is not an attribute name"
    assert sent({"a": {"b": b"x"}}, "xml") == "! body.a.b is bytes that XML cannot hold"
    assert sent({"a": {"@k": [1]}}, "xml") == "! body.a is an array that XML cannot hold"
    assert sent({"a": "甲\x0b"}, "xml") == "! body.a is a text that XML cannot hold"
    assert sent({"a": "\uffff"}, "xml") == "! body.a is a text that XML cannot hold"
    assert sent({"a": "\ud800"}, "xml") == f"! body {HALF}"
    assert sent({"a": "\x7f"}, "xml") == ("<a>\x7f</a>", xml)


def test_a_refusal_has_the_code_that_scripts_ask_for() -> None:
    assert [
        kind("x").code for kind in (BadValueError, MissingParameterError, UnknownParameterError)
    ] == ["BAD_ARGUMENT", "MISSING_PARAMETER", "UNKNOWN_PARAMETER"]
