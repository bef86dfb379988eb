"""How a recording proxy writes addresses, headers and cookies anew, for upstream and client."""

from __future__ import annotations

import socket
from typing import Any

import pytest

import bpmax_sim as bs
from bpmax_sim.live.upstream import (
    UpstreamUrl,
    adapt_response_headers,
    replace_host_and_add_via,
    restore_cookie_names,
    rewrite_cookie,
    rewrite_location,
)

CRM = UpstreamUrl(origin="https://crm.example.test", path="/api")
BARE = UpstreamUrl(origin="http://crm.example.test:8080")
PROXY = "http://127.0.0.1:9000/t0ken"


@pytest.mark.parametrize(
    ("url", "origin", "path", "port"),
    [
        ("https://crm.example.test", "https://crm.example.test", "", 443),
        ("http://crm.example.test/", "http://crm.example.test", "", 80),
        ("http://crm.example.test:8080/api/v1//", "http://crm.example.test:8080", "/api/v1", 8080),
        ("HTTPS://CRM.example.test/A", "https://CRM.example.test", "/A", 443),
        ("http://[::1]:81/a", "http://[::1]:81", "/a", 81),
    ],
)
def test_an_upstream_is_an_origin_and_a_path(url: str, origin: str, path: str, port: int) -> None:
    upstream = UpstreamUrl.parse(url)

    assert (upstream.origin, upstream.path, upstream.port) == (origin, path, port)
    assert upstream.url == origin + path
    assert upstream.host == origin.partition("://")[2]
    assert upstream.host_name == upstream.host.rpartition(f":{port}")[0].strip("[]").lower() or (
        upstream.host_name == upstream.host.lower()
    )


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("crm.example.test", "expected http"), ("ftp://crm.example.test", "expected http"),
        ("https://", "expected http"), ("", "expected http"), ("https:///a", "expected http"),
        ("https://客户.test", "expected http"), ("https://crm.example.test:x", "expected http"),
        ("https://crm.example.test:99999", "expected http"), ("https://[::1", "expected http"),
        ("https://crm.example.test:80x/?token=secret", "https://crm.example.test:80x: expected"),
        ("crm.example.test/api#token=secret", "crm.example.test/api: expected"),
        ("https://客户.test？token=secret", "https://客户.test: expected"),
        ("https://客户.test：84？token=secret", "https://客户.test：84: expected"),
        ("https://crm.example.test＃secret", "https://crm.example.test: expected"),
        ("https://zs:secret＠crm.example.test", "holds a user name"),
        ("https://crm.example.test?a=1", "has a query or a fragment"),
        ("https://crm.example.test/a#b", "has a query or a fragment"),
        ("https://zs:secret@crm.example.test", "holds a user name"),
        ("https://zs@crm.example.test", "holds a user name"),
        ("https://crm.example.test/a@b", "holds a user name"),
    ],
)  # fmt: skip
def test_what_is_no_upstream_is_refused_without_a_password(url: str, told: str) -> None:
    with pytest.raises(bs.ConfigError, match=told) as caught:
        UpstreamUrl.parse(url)
    assert "secret" not in str(caught.value)
    assert "?a=1" not in str(caught.value)


def test_an_upstream_is_served_here_where_its_port_and_one_of_its_addresses_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found: list[Any] = []
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_more: found)
    family = socket.AF_INET
    for addresses, is_here in (
        ([], False), (["192.0.2.1"], False), (["127.0.0.1"], True),
        (["192.0.2.1", "192.0.2.2", "127.0.0.1"], True),
    ):  # fmt: skip
        found[:] = [(family, 1, 6, "", (address, 0)) for address in addresses]
        assert BARE.is_served_here(8080) == is_here
        assert not BARE.is_served_here(8081)
    assert CRM.is_served_here(443)
    assert not CRM.is_served_here(80)


@pytest.mark.parametrize(
    ("headers", "sent"),
    [
        ([("Host", "127.0.0.1:9000"), ("X-A", "1")], [("Host", "crm.example.test"), ("X-A", "1")]),
        (
            [("hOST", "x"), ("host", "y")],
            [("hOST", "crm.example.test"), ("host", "crm.example.test")],
        ),
        (
            [("X-A", "1"), ("Connection", "close , X-B ,x-c"), ("X-B", "2"), ("X-C", "3")],
            [("X-A", "1")],
        ),
        (
            [
                ("Connection", "X-B"),
                ("connection", "X-C"),
                ("x-b", "1"),
                ("x-c", "2"),
                ("x-d", "3"),
            ],
            [("x-d", "3")],
        ),
        (
            [
                ("Connection", ""),
                ("Keep-Alive", "1"),
                ("TE", "x"),
                ("Trailer", "x"),
                ("Upgrade", "x"),
                ("Transfer-Encoding", "chunked"),
                ("Proxy-Authorization", "x"),
                ("Proxy-Connection", "x"),
                ("Authorization", "y"),
            ],
            [("Authorization", "y")],
        ),
        ([("Via", "1.0 other"), ("Alt-Svc", "h2")], [("Via", "1.0 other"), ("Alt-Svc", "h2")]),
        ([], []),
    ],
)
def test_a_request_goes_on_with_the_upstreams_host_and_without_its_connection(
    headers: list[tuple[str, str]], sent: list[tuple[str, str]]
) -> None:
    found = replace_host_and_add_via(tuple(headers), CRM, "1.1 bpmax")
    assert found == (*sent, ("Via", "1.1 bpmax"))
    to_port = replace_host_and_add_via((("Host", "x"),), BARE, "1.1 bpmax")
    assert to_port == (("Host", "crm.example.test:8080"), ("Via", "1.1 bpmax"))


@pytest.mark.parametrize(
    ("upstream", "location", "rewritten"),
    [
        (CRM, "https://crm.example.test/api/a?b=1#c", f"{PROXY}/a?b=1#c"),
        (CRM, "https://crm.example.test/api", PROXY),
        (CRM, "https://crm.example.test/api/", f"{PROXY}/"),
        (CRM, "https://crm.example.test/apis/a", "https://crm.example.test/apis/a"),
        (CRM, "https://crm.example.test/", "https://crm.example.test/"),
        (CRM, "https://crm.example.test:443/api/a", f"{PROXY}/a"),
        (CRM, "https://CRM.example.test/api/a", f"{PROXY}/a"),
        (CRM, "https://crm.example.test:8443/api/a", "https://crm.example.test:8443/api/a"),
        (CRM, "http://crm.example.test/api/a", "http://crm.example.test/api/a"),
        (CRM, "https://other.test/api/a", "https://other.test/api/a"),
        (CRM, "/api/a", f"{PROXY}/a"), (CRM, "/login", "https://crm.example.test/login"),
        (CRM, "/", "https://crm.example.test/"), (CRM, "//crm.example.test/api/a", f"{PROXY}/a"),
        (CRM, "//other.test/a", "https://other.test/a"), (CRM, "a/b?c", "a/b?c"), (CRM, "", ""),
        (CRM, "?a=1", "?a=1"), (CRM, "https://[bad/api", "https://[bad/api"),
        (BARE, "/a", f"{PROXY}/a"), (BARE, "/", f"{PROXY}/"),
        (BARE, "http://crm.example.test:8080", PROXY),
        (BARE, "http://crm.example.test/a", "http://crm.example.test/a"),
        (BARE, "//crm.example.test:8080/a", f"{PROXY}/a"),
        (BARE, "https://crm.example.test:8080/a", "https://crm.example.test:8080/a"),
        (CRM, "/api?a=1", f"{PROXY}?a=1"), (CRM, "/apis?a=/api/", "https://crm.example.test/apis?a=/api/"),
        (BARE, "http://crm.example.test:8080?a=/b", f"{PROXY}?a=/b"),
        (BARE, "http://crm.example.test:8080#/b?c", f"{PROXY}#/b?c"),
        (CRM, "https://crm.example.test?a=/api/b", "https://crm.example.test?a=/api/b"),
    ],
)  # fmt: skip
def test_an_address_of_the_upstream_becomes_one_of_the_proxy(
    upstream: UpstreamUrl, location: str, rewritten: str
) -> None:
    assert rewrite_location(location, upstream, PROXY) == rewritten


@pytest.mark.parametrize(
    ("upstream", "line", "rewritten"),
    [
        (CRM, "sid=1", "sid=1"),
        (CRM, "sid=a=b; HttpOnly", "sid=a=b; HttpOnly"),
        (CRM, "sid=1; Secure; HttpOnly; SECURE", "sid=1; HttpOnly"),
        (CRM, "sid=1; SameSite=None; Partitioned", "sid=1"),
        (CRM, "sid=1; SameSite=Lax; samesite=none", "sid=1; SameSite=Lax"),
        (CRM, "sid=1; Domain=crm.example.test", "sid=1"),
        (CRM, "sid=1; domain=.EXAMPLE.test; Max-Age=1", "sid=1; Max-Age=1"),
        (CRM, "sid=1; Domain=other.test", "sid=1; Domain=other.test"),
        (CRM, "sid=1; Domain=rm.example.test", "sid=1; Domain=rm.example.test"),
        (CRM, "sid=1; Path=/api", "sid=1; Path=/t0ken"),
        (CRM, "sid=1; path=/api/v1", "sid=1; path=/t0ken/v1"),
        (CRM, "sid=1; Path=/apis", "sid=1; Path=/apis"),
        (CRM, "sid=1; Path=/", "sid=1; Path=/"),
        (CRM, "sid=1;Path = /api ;SameSite = NONE ", "sid=1;Path =/t0ken"),
        (CRM, "sid=1; Domain = CRM.example.test ; secure=1", "sid=1"),
        (CRM, "sid=1; Path", "sid=1; Path"),
        (BARE, "sid=1; Path=/", "sid=1; Path=/t0ken/"),
        (BARE, "sid=1; Path=; Path; Path=a", "sid=1; Path=; Path; Path=a"),
        (BARE, "sid=1; Path=/a", "sid=1; Path=/t0ken/a"),
        (
            BARE,
            "a=1; Secure; Path=/x; Domain=crm.example.test; SameSite=None; Expires=Thu",
            "a=1; Path=/t0ken/x; Expires=Thu",
        ),
    ],
)
def test_a_cookie_of_the_upstream_becomes_one_of_the_proxy(
    upstream: UpstreamUrl, line: str, rewritten: str
) -> None:
    assert rewrite_cookie(line, upstream, PROXY) == rewritten


def test_a_proxy_without_a_path_has_cookies_of_its_root() -> None:
    assert rewrite_cookie("a=1; Path=/api", CRM, "http://127.0.0.1:9000") == "a=1; Path=/"
    assert rewrite_cookie("a=1; Path=/api/x", CRM, "http://127.0.0.1:9000/") == "a=1; Path=/x"


def test_a_response_names_the_proxy_and_nothing_that_leads_past_it() -> None:
    headers = (
        ("Location", "https://crm.example.test/api/a"), ("content-location", "/api/b"),
        ("Link", "https://crm.example.test/api/c"), ("Alt-Svc", "h3=':443'"), ("alt-svc", "clear"),
        ("Connection", "X-B"), ("X-B", "1"), ("Set-Cookie", "a=1; Secure"),
        ("Set-Cookie", "__Secure-b=2; Secure; Path=/api"), ("set-cookie", "__HOST-c=3; Secure"),
        ("set-cookie", " __Http-d=4"), ("Set-Cookie", "x__Secure-e=5"), ("X-A", "1"),
    )  # fmt: skip
    assert adapt_response_headers(headers, CRM, PROXY) == (
        ("Location", f"{PROXY}/a"), ("content-location", f"{PROXY}/b"),
        ("Link", "https://crm.example.test/api/c"), ("Set-Cookie", "a=1"),
        ("Set-Cookie", "__Secure-b=2; Path=/t0ken"),
        ("Set-Cookie", "proxied-__Secure-b=2; Path=/t0ken"),
        ("set-cookie", "__HOST-c=3"), ("set-cookie", "proxied-__HOST-c=3"),
        ("set-cookie", " __Http-d=4"), ("set-cookie", "proxied-__Http-d=4"),
        ("Set-Cookie", "x__Secure-e=5"), ("X-A", "1"),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("line", "restored"),
    [
        ("a=1; b=2", "a=1; b=2"), ("proxied-__Secure-a=1", "__Secure-a=1"),
        ("__Secure-a=1; proxied-__Secure-a=1", "__Secure-a=1"),
        ("proxied-__Secure-a=1; __Secure-a=1", "__Secure-a=1"),
        ("x=0; proxied-__Host-a=1; y=2", "x=0; __Host-a=1; y=2"),
        ("proxied-a=1", "proxied-a=1"), ("proxied-__other-a=1", "proxied-__other-a=1"),
        ("proxied-__http-a=b=c", "__http-a=b=c"), ("", ""),
    ],
)  # fmt: skip
def test_cookies_come_back_under_the_names_that_the_upstream_gave_them(
    line: str, restored: str
) -> None:
    headers = (("X-A", line), ("cookie", line), ("COOKIE", line))
    assert restore_cookie_names(headers) == (
        ("X-A", line), ("cookie", restored), ("COOKIE", restored),
    )  # fmt: skip
