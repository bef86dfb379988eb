from __future__ import annotations

import json
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bpmax_sim.errors import ConfigError
from bpmax_sim.messages import Pairs, Request
from bpmax_sim.platform.model import Spot
from bpmax_sim.proxy.signing import RequestEditor
from tests.examples import drawn
from tests.proxy.signing_inputs import words


def put(request: Request, place: Spot, name: str, value: str) -> Request:
    draft = RequestEditor(request)
    draft.set(place, name, value)
    return draft.to_request()


def request(
    url: str = "https://crm.example.com/api", *, headers: Pairs = (), body: bytes | None = None
) -> Request:
    return Request(method="POST", url=url, headers=headers, body=body)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://CRM.example.com", ("crm.example.com", "/", "", "/")),
        ("https://crm.example.com:443/a?b=1", ("crm.example.com", "/a", "b=1", "/a?b=1")),
        ("http://u:p@127.0.0.1:8080/?x", ("127.0.0.1:8080", "/", "x", "/?x")),
        ("http://[::1]:80/%E5%AE%A2", ("[::1]", "/%E5%AE%A2", "", "/%E5%AE%A2")),
        ("https://crm.example.com?x=1#top", ("crm.example.com", "/", "x=1", "/?x=1")),
    ],
)
def test_templates_see_the_parts_of_the_address(url: str, expected: tuple[str, ...]) -> None:
    names = RequestEditor(request(url)).to_template_values()

    assert tuple(names[key] for key in ("host", "path", "query_string", "target")) == expected


def test_templates_see_headers_by_lower_case_name_and_the_host_that_is_sent() -> None:
    headers = (("X-A", " 1 "), ("x-a", "2"), ("Content-Type", "text/plain"))

    names = RequestEditor(request(headers=headers, body=b"\xff")).to_template_values()

    assert names["headers"] == {
        "x-a": "1,2",
        "content-type": "text/plain",
        "host": "crm.example.com",
    }
    assert str(names["body"]).encode("utf-8", "surrogateescape") == b"\xff"
    assert (names["method"], names["url"]) == ("POST", "https://crm.example.com/api")


def test_a_host_header_of_its_own_is_the_one_that_templates_see() -> None:
    names = RequestEditor(request(headers=(("Host", "合同.example.test"),))).to_template_values()

    assert names["headers"] == {"host": "合同.example.test"}
    assert names["host"] == "crm.example.com"


def test_a_request_that_nothing_was_put_into_is_the_same() -> None:
    given_ = request("https://CRM.example.com?a=1", headers=(("A", "b"),), body=b"x")

    assert RequestEditor(given_).to_request() == given_


def test_a_relative_address_is_an_error() -> None:
    with pytest.raises(ConfigError) as caught:
        RequestEditor(request("/api"))

    assert str(caught.value) == "'/api' is not an absolute URL, such as https://host/path"


def test_a_header_takes_the_place_of_every_spelling_of_it() -> None:
    headers = (("authorization", "x"), ("X-A", "1"), ("AUTHORIZATION", "y"))

    done = put(request(headers=headers), "header", "Authorization", "Bearer t")

    assert done.headers == (("X-A", "1"), ("Authorization", "Bearer t"))
    assert done.injected == ("header.authorization",)


@pytest.mark.parametrize("value", ["a\r\nX-Evil: 1", "合同", "a\0", "a\x7f"])
def test_a_header_cannot_be_split_and_its_value_is_not_told(value: str) -> None:
    with pytest.raises(ConfigError) as caught:
        put(request(), "header", "X-Sign", value)

    assert str(caught.value) == (
        "the value of header 'X-Sign' holds a line break or a character outside visible ASCII;"
        " encode it in the platform file, such as with | b64"
    )


@given(name=words.filter(bool), value=words, query=st.lists(st.tuples(words, words), max_size=4))
@settings(max_examples=drawn(80))
def test_a_query_parameter_is_encoded_once_and_stands_alone(
    name: str, value: str, query: list[tuple[str, str]]
) -> None:
    first = request()
    for pair in [pair for pair in query if pair[0]]:
        first = put(first, "query", *pair)

    done = put(first, "query", name, value)

    pairs = parse_qsl(urlsplit(done.url).query, keep_blank_values=True)
    assert pairs[-1] == (name, value)
    assert [pair for pair in pairs if pair[0] == name] == [(name, value)]
    assert f"query.{name}" in done.injected


def test_the_other_parts_of_a_query_stay_as_they_are_written() -> None:
    done = put(request("https://h/?a=%7e+b&sign=x&s%69gn=y&flag"), "query", "sign", "1+/=")

    assert done.url == "https://h/?a=%7e+b&flag&sign=1%2B%2F%3D"


def test_a_cookie_joins_the_others_and_replaces_its_namesake() -> None:
    headers = (("Cookie", "a=1; sid=old"), ("X-A", "1"), ("cookie", "b=2"))

    done = put(request(headers=headers), "cookie", "sid", "new")

    assert done.headers == (("X-A", "1"), ("Cookie", "a=1; b=2; sid=new"))
    assert done.injected == ("cookie.sid",)


def test_a_cookie_can_be_taken_out() -> None:
    draft = RequestEditor(request(headers=(("Cookie", "sid=old"), ("X-A", "1"))))
    draft.remove("cookie", "sid")

    assert draft.to_request().headers == (("X-A", "1"),)


def test_a_path_placeholder_is_filled_as_one_segment() -> None:
    done = put(request("https://h/hook/{key}?x={key}"), "path", "key", "a/b 客")

    assert done.url == "https://h/hook/a%2Fb%20%E5%AE%A2?x={key}"
    assert done.injected == ("path.key",)


def test_a_member_joins_a_json_body_whose_other_bytes_stay() -> None:
    body = '{"n":1.0,"big":1e400,"auth":{"id":007},"s":"\\u5ba2"}'.replace("007", "7").encode()
    json_type = (("Content-Type", "application/json"),)

    done = put(request(headers=json_type, body=body), "body", "auth.token", "密")

    assert done.body == (
        '{"n":1.0,"big":1e400,"auth":{"id":7,"token":"密"},"s":"\\u5ba2"}'.encode()
    )
    assert done.injected == ("body.auth.token",)


@pytest.mark.parametrize(
    ("body", "done"),
    [
        *(
            (
                b'{"a":"\\u%s"}' % half,
                b'{"a":"\\u%s","auth":{"token":"t"}}' % half.lower(),
            )
            for half in (b"d800", b"D83D", b"DBFF", b"dC00", b"DFFF", b"Dabc")
        ),
        (
            b'{"\\udfff":1.5,"auth":{"b":["\\uD800"]}}',
            b'{"\\udfff":1.5,"auth":{"b":["\\ud800"],"token":"t"}}',
        ),
    ],
)
def test_a_member_joins_a_body_that_holds_half_a_character(body: bytes, done: bytes) -> None:
    assert put(request(body=body), "body", "auth.token", "t").body == done


def test_a_call_without_a_body_gets_one() -> None:
    done = put(request(), "body", "auth.token", "密")

    assert json.loads(done.body or b"") == {"auth": {"token": "密"}}
    assert done.headers == (("Content-Type", "application/json"),)
    assert done.injected == ("header.content-type", "body.auth.token")


def test_a_form_body_gets_a_pair() -> None:
    headers = (("content-type", "application/x-www-form-urlencoded; charset=utf-8"),)

    done = put(request(headers=headers, body=b"a=%E5%90%88+1&sign=old"), "body", "sign", "密 钥")

    assert done.body == b"a=%E5%90%88+1&sign=%E5%AF%86+%E9%92%A5"
    assert put(request(headers=headers), "body", "sign", "1").body == b"sign=1"


@pytest.mark.parametrize(
    "body", [b"[1]", b"text", b'{"auth": 1}', b"\xff", b'["\\ud800"]', b'{"a":"\\ud800"']
)
def test_a_body_that_has_no_members_is_an_error(body: bytes) -> None:
    with pytest.raises(ConfigError) as caught:
        put(request(body=body), "body", "auth.token", "密")

    assert str(caught.value).endswith("into the body, which is not a JSON object")


@pytest.mark.parametrize(
    ("query", "left"),
    [
        ("", ""), ("a=1", "a=1"), ("sign key=1", ""), ("sign%20key=1&a=1", "a=1"),
        ("a=1&sign+key=1&b=2", "a=1&b=2"), ("sign%20key&sign%20key=2&a", "a"),
        ("%73ign%20key=1", ""), ("sign%2Bkey=1", "sign%2Bkey=1"), ("Sign%20key=1", "Sign%20key=1"),
    ],
)  # fmt: skip
def test_a_parameter_of_auth_is_sent_once_however_the_query_spells_it(
    query: str, left: str
) -> None:
    editor = RequestEditor(request(f"https://crm.example.test/x{'?' * bool(query)}{query}"))
    editor.set("query", "sign key", "new")

    sent = editor.to_request().url.partition("?")[2]
    assert sent == "&".join(filter(None, [left, "sign%20key=new"]))
