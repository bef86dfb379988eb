"""Headers, cookies, origins and dates of messages, in each spelling that occurs."""

from __future__ import annotations

from typing import Any

from bpmax_sim.messages import (
    Call,
    Cookie,
    Headers,
    Request,
    Response,
    describe_unsettable_header,
    encode_form_component,
    is_below,
    normalize_origin,
    parse_charset,
    parse_cookies,
    parse_media_type,
    parse_origin,
    parse_set_cookie,
    read_http_date,
    split_below,
    strip_credentials_and_query,
)


def test_headers_are_found_by_name_in_any_case() -> None:
    headers = Headers(
        (
            ("Content-Type", 'Text/HTML; Charset="GBK"'),
            ("X-A", "1"),
            ("Cookie", "a=1; b=2 ;; c"),
            ("x-a", "2"),
            ("cookie", "d=4"),
            ("Set-Cookie", "s=1; Path=/"),
            ("set-cookie", "s=2"),
            ("set-cookie", " t = 3 ; x"),
        )
    )
    assert (headers.get_first("x-A"), headers.get_first("x-b"), headers.get_all("X-a")) == (
        "1",
        None,
        ["1", "2"],
    )
    assert ("COOKIE" in headers, "x" in headers) == (True, False)
    assert headers.get_first_values() == {
        "content-type": 'Text/HTML; Charset="GBK"',
        "x-a": "1",
        "cookie": "a=1; b=2 ;; c",
        "set-cookie": "s=1; Path=/",
    }
    assert [name for name, _ in headers.without({"x-a", "set-cookie"})] == [
        "Content-Type",
        "Cookie",
        "cookie",
    ]
    assert (headers.media_type, Headers(()).media_type, Headers(()).content_type) == (
        "text/html",
        "",
        "",
    )
    assert [(one.name, one.value, one.text) for one in headers.request_cookies] == [
        ("a", "1", "a=1"),
        ("b", "2", "b=2"),
        ("c", "", "c"),
        ("d", "4", "d=4"),
    ]
    assert headers.response_cookies == {"s": "2", "t": "3"}
    assert [
        pair for pair in headers.without_cookies({"a", "d"}) if pair[0].lower() == "cookie"
    ] == [("Cookie", "b=2; c")]
    assert len(headers.without_cookies(())) == 8
    assert repr(headers).count("X-A") == 1


def test_cookies_have_a_name_a_value_and_attributes() -> None:
    set_ = parse_set_cookie('sid="a=b" ; Path = /x ; HttpOnly; =y; ;Max-Age=0')

    assert (set_.name, set_.value, set_.attributes) == (
        "sid",
        '"a=b"',
        "; Path = /x ; HttpOnly; =y; ;Max-Age=0",
    )
    assert set_.attributes_by_name == {"path": "/x", "httponly": "", "max-age": "0"}
    assert parse_set_cookie("x") == Cookie("x", "", "x")
    assert parse_cookies(" ; a = b=c ;") == [Cookie("a", "b=c", "a = b=c")]
    assert repr(set_) == "<Cookie sid>"


def test_content_types_tell_media_type_and_charset() -> None:
    texts = {
        "application/json": "utf-8",
        "text/html;charset=GBK": "GBK",
        "text/html; Charset = 'gb2312' ": "gb2312",
        'text/html; boundary=x; charset=""': "utf-8",
        "text/html; charset": "utf-8",
        "charset=gbk": "utf-8",
        "text/html; xcharset=gbk": "utf-8",
        "text/html; charset=a; charset=b": "a",
    }
    assert {text: parse_charset(text) for text in texts} == texts
    assert [parse_media_type(text) for text in (" Text/HTML ;x", "")] == ["text/html", ""]
    assert [
        describe_unsettable_header(name) for name in ("X-A", "Content-Length", "a b", "客")
    ] == [
        "",
        "header 'Content-Length' is managed by the transport and cannot be set",
        "header 'a b' is not a header name (RFC 9110)",
        "header '客' is not a header name (RFC 9110)",
    ]
    assert describe_unsettable_header("Content-Length", ()) == ""
    assert [
        describe_unsettable_header(name) != "" for name in ("transfer-encoding", "host", "")
    ] == [
        True,
        False,
        True,
    ]


def test_http_dates_without_a_zone_are_in_utc() -> None:
    dates: dict[str, Any] = {
        "Sun, 06 Nov 1994 08:49:37 GMT": 784111777.0,
        "Sun Nov  6 08:49:37 1994": 784111777.0,
        "Sun, 06 Nov 1994 08:49:37 +0800": 784082977.0,
        "Sun, 06 Nov 1994 08:49:37 -0000": 784111777.0,
        "": None,
        "120": None,
        "Sun, 06 Nov 99999 08:49:37 GMT": None,
        "Sun, 36 Nov 1994 08:49:37 GMT": None,
    }
    assert {text: read_http_date(text) for text in dates} == dates
    assert [encode_form_component(one) for one in (b"a b*-._~", "客+".encode())] == [
        "a+b*-._%7E",
        "%E5%AE%A2%2B",
    ]


def test_origins_in_all_spellings_are_one() -> None:
    origins = {
        "HTTPS://User:p@ss@CRM.example.test:443/A?b#c": "https://crm.example.test",
        "http://a.test:0080": "http://a.test",
        "http://a.test:": "http://a.test",
        "http://a.test:443/x": "http://a.test:443",
        "https://a.test:80": "https://a.test:80",
        "http://[::1]:8080/": "http://[::1]:8080",
        "ws://a.test:80": "ws://a.test:80",
        "a.test/x": "",
        "//a.test": "",
        "http:/a": "",
        "1http://a": "",
        "http://a?b": "http://a",
        "": "",
    }
    assert {url: parse_origin(url) for url in origins} == origins
    assert normalize_origin("HTTP://u@A.test:80/X?Y") == "http://a.test/X?Y"
    assert normalize_origin("A.test/X") == "A.test/X"
    base = "https://a.test/v1"
    below: dict[str, Any] = {
        "https://a.test/v1": "",
        "https://a.test/v1/x": "/x",
        "https://a.test/v1?x": "?x",
        "https://a.test/v1#x": "#x",
        "https://a.test/v10": None,
        "HTTPS://A.test:443/v1/X": "/X",
        "https://a.test/V1": None,
        "https://a.test:8443/v1": None,
        "https://a.test.cn/v1": None,
        "https://a.test": None,
    }
    assert {url: split_below(url, base) for url in below} == below
    assert [is_below(url, "https://a.test") for url in ("https://a.test", "https://a.test.cn")] == [
        True,
        False,
    ]


def test_an_address_is_shown_without_what_may_be_secret() -> None:
    urls = {
        "https://user:pass@a.test/x/?token=1#f": "https://a.test/x",
        "https://a.test": "https://a.test",
        "https://a.test//": "https://a.test",
        "user:pass@a.test/x@y": "a.test/x@y",
        "https://user＠a.test？token=1": "https://a.test",
        "https://a.test＃x": "https://a.test",
        "a.test/x＃y": "a.test/x＃y",
        "": "",
        "?x": "",
        "//a@b@c/d": "//c/d",
    }
    assert {url: strip_credentials_and_query(url) for url in urls} == urls


def test_messages_are_named_without_their_contents() -> None:
    call = Call(platform="crm", instance="", api="get", method="GET", path="/x")
    login = Call(platform="crm", instance="", api="$token", method="POST", path="/t")
    unknown = Call(platform="crm", instance="", api="", method="GET", path="/x")
    nobody = Call(platform="", instance="", api="", method="GET", path="/x")
    request = Request(method="GET", url="https://a.test/x?s=1", call=call, base="https://a.test")
    standin = Request(method="GET", url="https://a.test/x?s=***")

    assert [one.name for one in (call, login, unknown, nobody)] == [
        "crm.get",
        "crm.$token",
        "crm",
        ".",
    ]
    assert [one.is_login for one in (call, login, unknown)] == [False, True, False]
    assert [repr(one) for one in (call, request, standin, Response(status=200, body=b"ab"))] == [
        "<Call crm.get GET>",
        "<Request GET crm.get>",
        "<Request GET >".replace(" >", " >"),
        "<Response 200, 2 bytes>",
    ]
    assert (request.is_login, standin.is_login) == (False, False)
    assert Request(method="POST", url="", call=login).is_login
    assert request.recorded_form is request
    assert Request(method="GET", url="", standin=standin).recorded_form is standin
    assert (request.timeout, request.follow, Response(status=200).source) == (30.0, True, "live")
    assert Response(status=200, headers=(("A", "1"), ("a", "2"))).header("a") == "1"
