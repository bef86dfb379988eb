# ruff: noqa: E501 - a fact, one a line
"""Headers, addresses, signatures and echoes on the way through a proxy, by many at once."""

from __future__ import annotations

import json

import pytest

from bpmax_sim.errors import TransportError
from bpmax_sim.live.capture import BEGIN, END, remove_capture_lines
from bpmax_sim.live.console import decode_console
from bpmax_sim.live.echo import LONGEST_DELAY, make_echo_response
from bpmax_sim.live.signed_address import find_address_signature
from bpmax_sim.live.upstream import (
    UpstreamUrl,
    adapt_response_headers,
    replace_host_and_add_via,
    restore_cookie_names,
    rewrite_cookie,
    rewrite_location,
)
from bpmax_sim.messages import FORM, Pairs, Request

CRM = UpstreamUrl(origin="https://crm.example.test:8443", path="/api")
PROXY = "http://127.0.0.1:9000/t0ken"


def test_headers_of_a_request_keep_their_order_but_for_the_connection() -> None:
    sent = (
        ("HOST", "127.0.0.1:9000"), ("X-A", "1"), ("Connection", "close, X-Hop"), ("x-hop", "2"), ("connection", " X-Other "),
        ("X-OTHER", "3"), ("Keep-Alive", "1"), ("Proxy-Authorization", "p"), ("Proxy-Authenticate", "p"), ("Proxy-Connection", "p"), ("TE", "t"),
        ("Trailer", "t"), ("Transfer-Encoding", "chunked"), ("Upgrade", "h2c"), ("Via", "1.1 a"), ("X-A", "4"), ("Cookie", "a=1"),
    )  # fmt: skip

    assert replace_host_and_add_via(sent, CRM, "1.1 b") == (
        ("HOST", "crm.example.test:8443"), ("X-A", "1"), ("Via", "1.1 a"), ("X-A", "4"), ("Cookie", "a=1"), ("Via", "1.1 b"),
    )  # fmt: skip


def test_headers_of_a_response_lead_back_to_the_proxy() -> None:
    got = (
        ("Date", "d"), ("ALT-SVC", "h3"), ("Location", "/api/a"), ("content-location", "https://crm.example.test:8443/api"),
        ("Set-Cookie", "a=1; Secure"), ("set-cookie", " __Secure-b=2; Path=/api/x"), ("Set-Cookie", "__HTTP-c=3"), ("Upgrade", "h2c"),
        ("Set-Cookie", "__Hosts-d=4"), ("X-Location", "/api/a"),
    )  # fmt: skip

    assert adapt_response_headers(got, CRM, PROXY) == (
        ("Date", "d"), ("Location", f"{PROXY}/a"), ("content-location", PROXY),
        ("Set-Cookie", "a=1"), ("set-cookie", " __Secure-b=2; Path=/t0ken/x"), ("set-cookie", "proxied-__Secure-b=2; Path=/t0ken/x"),
        ("Set-Cookie", "__HTTP-c=3"), ("Set-Cookie", "proxied-__HTTP-c=3"), ("Set-Cookie", "__Hosts-d=4"), ("X-Location", "/api/a"),
    )  # fmt: skip


def test_cookies_have_their_names_again() -> None:
    line = (
        "a=1; proxied-__Secure-b=2; proxied-c=3; __Host-d=4; proxied-__Host-d=5; proxied-__HTTP-e=6"
    )
    assert restore_cookie_names((("COOKIE", line), ("X", line))) == (
        ("COOKIE", "a=1; __Secure-b=2; proxied-c=3; __Host-d=4; __HTTP-e=6"), ("X", line),
    )  # fmt: skip


def test_a_location_below_the_upstream_is_below_the_proxy() -> None:
    top = "https://crm.example.test:8443"
    assert {one: rewrite_location(one, CRM, PROXY) for one in (
        "/api", "/api/a?x=/b", "/api?x", "/api#f", "/apis", "/", "//crm.example.test:8443/api/b", "//crm.example.test/api", f"{top}/api/c#d",
        f"{top}?a=/api", f"{top}/API/c", "HTTPS://CRM.example.test:8443/api/e", "http://crm.example.test:8443/api", "a/b", "?x", "", "//other.test/api",
    )} == {
        "/api": PROXY, "/api/a?x=/b": f"{PROXY}/a?x=/b", "/api?x": f"{PROXY}?x", "/api#f": f"{PROXY}#f", "/apis": f"{top}/apis", "/": f"{top}/",
        "//crm.example.test:8443/api/b": f"{PROXY}/b", "//crm.example.test/api": "https://crm.example.test/api",
        f"{top}/api/c#d": f"{PROXY}/c#d", f"{top}?a=/api": f"{top}?a=/api", f"{top}/API/c": f"{top}/API/c",
        "HTTPS://CRM.example.test:8443/api/e": f"{PROXY}/e", "http://crm.example.test:8443/api": "http://crm.example.test:8443/api",
        "a/b": "a/b", "?x": "?x", "": "", "//other.test/api": "https://other.test/api",
    }  # fmt: skip
    bare = UpstreamUrl(origin="https://crm.example.test")
    assert [rewrite_location(one, bare, PROXY) for one in ("/", "https://crm.example.test?a=/b", "https://crm.example.test:443/x")] == [
        f"{PROXY}/", f"{PROXY}?a=/b", f"{PROXY}/x",
    ]  # fmt: skip


def test_a_cookie_fits_the_proxy() -> None:
    lines = {
        "a=1; SECURE; Partitioned; HttpOnly; SameSite=NONE": "a=1; HttpOnly",
        "a=1; SameSite=Lax; Domain=.Example.test; Max-Age=1": "a=1; SameSite=Lax; Max-Age=1",
        "a=1; Domain=ample.test": "a=1; Domain=ample.test",
        "a=1; Domain=a.crm.example.test": "a=1; Domain=a.crm.example.test",
        "a=1; domain=crm.example.test": "a=1",
        "a=1; Path=/api": "a=1; Path=/t0ken",
        "a=1; path = /api/b ": "a=1; path =/t0ken/b",
        "a=1; Path=/apis": "a=1; Path=/apis",
        "a=1; Path=api": "a=1; Path=api",
        "a=1; Path=/": "a=1; Path=/",
        "a=1; Path": "a=1; Path",
    }
    assert {line: rewrite_cookie(line, CRM, PROXY) for line in lines} == lines
    root = UpstreamUrl(origin="https://crm.example.test", path="/api")
    assert rewrite_cookie("a=1; Path=/api", root, "http://127.0.0.1:9000/") == "a=1; Path=/"


def test_the_strictest_signature_counts_wherever_it_stands() -> None:
    def find(headers: Pairs, query: str = "", body: bytes | None = None) -> tuple[str, bool] | None:
        found = find_address_signature(headers, query, body)
        return (found.scheme, found.is_host_only) if found else None

    aws = ("Authorization", "AWS4-HMAC-SHA256 Credential=a, SignedHeaders=date;host, Signature=b")
    form = ("Content-Type", f"{FORM}; charset=utf-8")
    signed = b"OAuth_Signature=x&oauth_signature_method=HMAC-SHA1"
    rfc = "HTTP Message Signatures (RFC 9421)"

    assert [
        find((aws, ("Authorization", "Hawk id=1"))),
        find((("authorization", "negotiate YII="), aws)),
        find((aws, form), body=signed), find((form,), body=signed), find((), body=signed), find((form,), body=b""),
        find((form,), body=b"oauth_signature=x&oauth_signature_method=PLAINTEXT"), find((), "oauth_signature=&oauth_signature_method=HMAC-SHA1"),
        find((), "oauth_signature=x"), find((), "X-Amz-SignedHeaders=Host%3Bdate"), find((), "X-Goog-SignedHeaders=hosts"), find((), "x-signedheaders=a,host"),
        find((("Signature-Input", 's=("@method" "@AUTHORITY")'),)), find((("Signature-Input", 's=("host")'),)), find((("Signature-Input", 's=("@target-uri" "host")'),)),
        find((("Signature-Input", 's=("@path" "hosts")'),)), find((("Signature", 'keyId="a",headers="date HOST"'),)), find((("Signature", "s=:abc:"),)),
        find((("Authorization", 'Signature headers="host"'),)), find((("Authorization", "Bearer SignedHeaders=host"),)), find((("DPoP", "x"),)),
    ] == [
        ("Hawk", False), ("Negotiate", False), ("AWS Signature Version 4", True), ("OAuth 1.0", False), None, None, None, None, ("OAuth 1.0", False),
        ("AWS Signature Version 4", True), None, ("HMAC-SHA256", True), (rfc, True), (rfc, True), (rfc, False), None,
        ("HTTP Signatures (draft-cavage)", True), None, ("HTTP Signatures (draft-cavage)", True), None, None,
    ]  # fmt: skip


def test_an_echo_has_the_status_and_the_delay_of_its_path() -> None:
    def ask(path: str, timeout: float = 1000.0) -> tuple[int, float, int]:
        got = make_echo_response(
            Request(method="GET", url=f"https://e.test{path}", timeout=timeout)
        )
        return got.status, got.elapsed, len(got.headers)

    paths = ("/a", "/status/404", "/x/status/599/", "/status/600", "/status/199", "/status/204", "/status/205", "/status/304", "/status/404/a", "/delay/2.5", "/delay/301", "/delay/5?a=1", "/status/503.9")  # fmt: skip
    assert [ask(path) for path in paths] == [
        (200, 0, 1), (404, 0, 1), (599, 0, 1), (200, 0, 1), (200, 0, 1), (204, 0, 0), (205, 0, 0), (304, 0, 0), (200, 0, 1), (200, 2.5, 1),
        (200, LONGEST_DELAY, 1), (200, 5, 1), (503, 0, 1),
    ]  # fmt: skip
    assert ask("/delay/2", 2.0) == (200, 2.0, 1)
    with pytest.raises(TransportError) as late:
        ask("/delay/2.1", 2.0)
    assert (late.value.code, late.value.elapsed, late.value.sent) == ("TIMEOUT", 2.0, True)
    request = Request(method="PUT", url="https://e.test/a%20b?q=%31#f", headers=(("X-A", "1"), ("x-a", "2")), body=b'\xff{"a":"\xe5\xbc\xa0"}')  # fmt: skip
    assert json.loads(make_echo_response(request).body) == {
        "method": "PUT", "url": "/a%20b?q=%31", "headers": {"x-a": "2"}, "body": '\\xff{"a":"张"}',
    }  # fmt: skip


def test_a_saved_console_is_read_in_its_own_encoding() -> None:
    text = "客户：张三\r\n~bpmax"
    codes = ("utf-8", "utf-8-sig", "utf-16", "gb18030")
    assert [decode_console(text.encode(code)) for code in codes] == [text] * 4
    assert decode_console(b"\xfe\xff" + text.encode("utf-16-be")) == text
    assert decode_console(b"") == ""


def test_capture_lines_are_taken_away_once() -> None:
    lines = f"{BEGIN}\nx\n{END}\n"
    assert remove_capture_lines(f"a\n{lines}b\n{lines}") == f"a\nb\n{lines}"
    assert remove_capture_lines(lines.replace("\n", "\r\n") + "\r\nc") == "\r\nc"
    assert remove_capture_lines(f"{BEGIN}\nx\n") == f"{BEGIN}\nx\n"
