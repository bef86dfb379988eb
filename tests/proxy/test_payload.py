"""Body encodings other than JSON, to the byte."""

from __future__ import annotations

from email.parser import BytesParser
from typing import Any
from urllib.parse import parse_qsl
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bpmax_sim.js_values import UNDEFINED, JsMap, JsSet, OpaqueValue, SearchParams
from bpmax_sim.proxy.encode import BadValueError, Payload, choose_encoding, encode_payload
from tests.examples import drawn

FORM = "application/x-www-form-urlencoded"


@pytest.mark.parametrize(
    ("value", "sent"),
    [
        ({"a": 1, "b": True, "c": 1.0}, b"a=1&b=true&c=1"),
        (
            {"名": "张 三", "s": "a+b&c=d~*-._"},
            b"%E5%90%8D=%E5%BC%A0+%E4%B8%89&s=a%2Bb%26c%3Dd%7E*-._",
        ),
        ({"a": [1, "x"], "n": None, "u": UNDEFINED}, b"a=1&a=x&n="),
        ({"~": "~", "a~b": "a~b"}, b"%7E=%7E&a%7Eb=a%7Eb"),
        (
            {"q": list("*-._ !'()/:@$")},
            b"q=*&q=-&q=.&q=_&q=+&q=%21&q=%27&q=%28&q=%29&q=%2F&q=%3A&q=%40&q=%24",
        ),
        ({}, b""),
    ],
)
def test_a_form_is_encoded_as_the_url_standard_says(value: Any, sent: bytes) -> None:
    assert encode_payload(value, "form") == Payload(sent, FORM)


@settings(max_examples=drawn(60), deadline=None)
@given(st.dictionaries(st.text(), st.text()))
def test_a_form_reads_back_as_its_pairs(value: dict[str, str]) -> None:
    data = encode_payload(value, "form").data.decode()

    assert dict(parse_qsl(data, keep_blank_values=True, strict_parsing=bool(data))) == value


def _parts(payload: Payload) -> list[tuple[str, str | None, str, Any]]:
    head = f"Content-Type: {payload.content_type}\r\n\r\n".encode()
    message = BytesParser().parsebytes(head + payload.data)
    return [
        (
            str(part.get_param("name", header="content-disposition")),
            part.get_filename(),
            part.get_content_type(),
            part.get_payload(decode=True),
        )
        for part in message.walk()
        if not part.is_multipart()
    ]


def test_multipart_carries_texts_files_and_json() -> None:
    payload = encode_payload(
        {
            "name": "合同",
            "n": [1, 2],
            "raw": b"\x00\r\n",
            "file": {
                "content": b"%PDF",
                "filename": 'a"b\r\n.pdf',
                "content_type": "application/pdf",
            },
            "meta": {"k": 1},
            "text": {"content": "正文"},
        },
        "multipart",
    )

    assert _parts(payload) == [
        ("name", None, "text/plain", "合同".encode()),
        ("n", None, "text/plain", b"1"),
        ("n", None, "text/plain", b"2"),
        ("raw", "raw", "application/octet-stream", b"\x00\r\n"),
        ("file", "a%22b%0D%0A.pdf", "application/pdf", b"%PDF"),
        ("meta", None, "application/json", b'{"k":1}'),
        ("text", "text", "application/octet-stream", "正文".encode()),
    ]


@pytest.mark.parametrize(
    ("value", "filename", "media"),
    [
        ({"content": "x"}, "a", "application/octet-stream"),
        ({"content": b""}, "a", "application/octet-stream"),
        ({"content": "x", "filename": "", "content_type": ""}, "a", "application/octet-stream"),
        ({"content": "x", "filename": "b.txt"}, "b.txt", "application/octet-stream"),
        ({"content": "x", "content_type": "text/csv"}, "a", "text/csv"),
        ({"content": "x", "author": "Li"}, None, "application/json"),
        ({"content": 5, "author": "Li"}, None, "application/json"),
        ({"filename": "a.txt", "content_type": "text/plain"}, None, "application/json"),
        ({}, None, "application/json"),
        (0, None, "text/plain"),
        ("", None, "text/plain"),
        (b"", "a", "application/octet-stream"),
    ],
)
def test_a_part_is_a_file_where_it_has_content_and_nothing_else(
    value: Any, filename: str | None, media: str
) -> None:
    [part] = _parts(encode_payload({"a": value}, "multipart"))

    assert part[1:3] == (filename, media)


def test_the_boundary_is_the_same_for_the_same_content_and_not_within_it() -> None:
    first = encode_payload({"a": "x"}, "multipart")
    boundary = first.content_type.partition("boundary=")[2]
    assert boundary == "bpmax-c7cf31a41b21347eff173a18d3c45e7c"
    hostile = encode_payload({"a": f"\r\n--{boundary}--\r\n"}, "multipart")

    assert encode_payload({"a": "x"}, "multipart") == first
    lines = first.data.decode().split("\r\n")
    head = 'Content-Disposition: form-data; name="a"'
    assert lines == [f"--{boundary}", head, "", "x", f"--{boundary}--", ""]
    assert hostile.content_type.partition("boundary=")[2].encode() not in hostile.data[40:-40]


MAP, SET, PARAMS = JsMap((("a", 1),)), JsSet((1,)), SearchParams((("a", "1"),))


@pytest.mark.parametrize(
    ("value", "where"),
    [
        (MAP, "body is a Map"),
        (SET, "body is a Set"),
        ([MAP], "body[0] is a Map"),
        ([{}, {}, MAP], "body[2] is a Map"),
        ([[], [{}, SET]], "body[1][1] is a Set"),
        ({"a": {}, "b": [], "c": {"d": SET}}, "body.c.d is a Set"),
        ({"a": [1, 2, PARAMS]}, "body.a[2] is a URLSearchParams"),
    ],
)
def test_what_json_writes_as_an_empty_object_is_refused_wherever_it_stands(
    value: Any, where: str
) -> None:
    with pytest.raises(BadValueError) as caught:
        encode_payload(value, "json")

    assert str(caught.value).startswith(f"{where}, which JSON writes as an empty object")


@pytest.mark.parametrize("value", [{}, [{}], {"a": {}}, "{}", {"a": "{}"}])
def test_an_empty_object_of_its_own_is_sent(value: Any) -> None:
    assert b"{}" in encode_payload(value, "json").data


def test_text_is_sent_as_text() -> None:
    assert encode_payload("正文", "text") == Payload("正文".encode(), "text/plain; charset=utf-8")
    assert encode_payload(1.0, "text").data == b"1"
    assert encode_payload(b"\xff", "text") == Payload(b"\xff", "text/plain; charset=utf-8")


def test_xml_has_one_root_attributes_and_repeated_elements() -> None:
    value = {"xml": {"@v": '1"<', "appid": "wx", "项": ["a", "<b>"], "空": None, "n": {"#text": 1}}}

    payload = encode_payload(value, "xml")

    assert payload.content_type == "application/xml; charset=utf-8"
    assert payload.data.decode() == (
        '<xml v="1&quot;&lt;"><appid>wx</appid><项>a</项><项>&lt;b&gt;</项><空></空><n>1</n></xml>'
    )
    assert ET.fromstring(payload.data).attrib == {"v": '1"<'}


def test_undefined_is_no_part_of_xml() -> None:
    inner = {"@号": UNDEFINED, "#text": UNDEFINED, "客户": ["张三", UNDEFINED], "备注": UNDEFINED}

    payload = encode_payload({"合同": inner, "附件": UNDEFINED}, "xml")

    assert payload.data.decode() == "<合同><客户>张三</客户></合同>"


@pytest.mark.parametrize(
    ("value", "encoding", "message"),
    [
        ([1], "form", "body is an array, and this API sends a form; pass an object of names and"),
        ({"a": {"b": 1}}, "form", "body.a is an object; a form holds texts, numbers, booleans and"),
        ({"a": "\ud800"}, "form", "body.a holds half a character (a lone surrogate)"),
        (5, "multipart", "body is a number, and this API sends a multipart form; pass an object"),
        ({"a": OpaqueValue("function")}, "multipart", "body.a is a function; a form holds texts"),
        ({"a": {"content": 5}}, "multipart", "body.a.content is a number; pass a text or bytes"),
        (
            {"a": {"content": "x", "content_type": "a\r\nb"}},
            "multipart",
            "body.a.content_type is not a media type",
        ),
        ({"a": 1}, "text", "body is an object, and this API sends text; pass a text"),
        ("\udc00", "text", "body holds half a character (a lone surrogate)"),
        ({"a": 1, "b": 2}, "xml", "body must be an object with one key, the root element, or XML"),
        ({"a b": 1}, "xml", "body: 'a b' is not an element name"),
        ({"a": {"@b c": 1}}, "xml", "body.a: '@b c' is not an attribute name"),
        ({"a": "\x00"}, "xml", "body.a is a text that XML cannot hold"),
        ({"a": {"b": b""}}, "xml", "body.a.b is bytes that XML cannot hold"),
        ({"a": {"@b": [1]}}, "xml", "body.a is an array that XML cannot hold"),
        ({"a": {"#文本": 1}}, "xml", "body.a: '#文本' is not an element name"),
        ({"@v": 1, "a": 2}, "xml", "body: '@v' is not an element name"),
    ],
)
def test_a_value_without_a_form_in_an_encoding_is_refused(
    value: Any, encoding: Any, message: str
) -> None:
    with pytest.raises(BadValueError) as caught:
        encode_payload(value, encoding)

    assert str(caught.value).startswith(message)


@pytest.mark.parametrize(
    ("content_type", "encoding"),
    [
        (FORM, "form"),
        (f"{FORM.upper()}; charset=utf-8", "form"),
        ("multipart/form-data; boundary=x", "multipart"),
        ("application/xml", "json"),
        ("", "json"),
    ],
)
def test_a_content_type_of_the_script_may_ask_for_a_form(content_type: str, encoding: str) -> None:
    assert choose_encoding(content_type, "json") == encoding
