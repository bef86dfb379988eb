"""The cookies of a login and where its redirects lead: each rule of RFC 6265 and RFC 9110 alone."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from bpmax_sim.messages import Call, Request, Response
from bpmax_sim.proxy.cookies import CookieJar, format_cookies
from bpmax_sim.proxy.login_redirects import (
    RefusedRedirectError,
    describe_address,
    follow_redirect,
    is_redirect,
)
from tests.proxy.world import World

NOW = 1_772_413_200.0  # 2026-03-02T01:00:00Z
URL = "https://crm.example.test/sso/login?x=1"


def jar(*lines: str, url: str = URL, date: str = "", now: float = NOW) -> CookieJar:
    made = CookieJar()
    dated = (("Date", date),) if date else ()
    made.store((*dated, *(("Set-Cookie", line) for line in lines)), url, now)
    return made


def names(made: CookieJar, url: str) -> str:
    return " ".join(name for name, _ in made.find_cookies_for_url(url))


def test_a_cookie_goes_where_its_host_path_and_scheme_allow() -> None:
    made = jar(
        "folder=1",
        "root=2; Path=/",
        "sub=3; Domain=.Example.TEST; Path=/sso/",
        "deep=4; Path=/sso/login",
        "safe=5; Secure; Path=/",
        "odd=6; Path=sso/x",
    )

    sent = {
        "https://crm.example.test/sso/login": "deep sub folder odd root safe",
        "https://crm.example.test/sso/login/2": "deep sub folder odd root safe",
        "https://crm.example.test/sso/login2": "sub folder odd root safe",
        "https://crm.example.test/sso": "folder odd root safe",
        "https://crm.example.test/sso2": "root safe",
        "https://CRM.example.test": "root safe",
        "http://crm.example.test/": "root",
        "https://example.test/sso/": "sub",
        "https://hr.example.test/sso/a": "sub",
        "https://a.crm.example.test/sso/a": "sub",
        "https://badexample.test/sso/a": "",
    }
    assert {url: names(made, url) for url in sent} == sent
    assert made.hosts == ("crm.example.test", "example.test")
    assert made.refused == {}


def test_a_path_is_the_folder_of_the_request_unless_it_is_declared() -> None:
    folders = {
        "https://a.test": "/",
        "https://a.test/": "/",
        "https://a.test/x": "/",
        "https://a.test/x/": "/x",
        "https://a.test/x/y/z?q=/w/": "/x/y",
    }
    found = {}
    for url in folders:
        made = jar("k=1", url=url)
        paths = ("/x/y/z", "/x/z", "/z")
        fits = [path for path in paths if made.find_cookies_for_url(f"https://a.test{path}")]
        found[url] = {3: "/", 2: "/x", 1: "/x/y"}[len(fits)]
    assert found == folders


def test_longer_paths_go_first_and_then_the_earlier_cookie() -> None:
    made = jar("b=1; Path=/", "a=2; Path=/", "c=3; Path=/a/b", "d=4; Path=/a")
    assert made.find_cookies_for_url("https://crm.example.test/a/b") == (
        ("c", "3"), ("d", "4"), ("b", "1"), ("a", "2"),
    )  # fmt: skip
    made.store((("set-cookie", "b=9; path=/"), ("Set-Cookie", "b=8; Path=/a")), URL, NOW)
    assert made.find_cookies_for_url("https://crm.example.test/a") == (
        ("d", "4"), ("b", "8"), ("a", "2"), ("b", "9"),
    )  # fmt: skip
    assert made.find_cookies_for_host("https://CRM.example.test:8443/none") == (
        ("a", "2"), ("c", "3"), ("d", "4"), ("b", "8"),
    )  # fmt: skip
    assert made.find_cookies_for_host("https://other.test/") == ()
    assert made.find_value("b") == "8"
    assert made.find_value("B") is None
    assert format_cookies(made.find_cookies_for_url("https://crm.example.test/a")) == (
        "d=4; b=8; a=2; b=9"
    )


def test_a_foreign_domain_is_refused_and_remembered() -> None:
    hosts = {
        ("crm.example.test", "crm.example.test"): True,
        ("crm.example.test", "example.test"): True,
        ("crm.example.test", ".EXAMPLE.test"): True,
        ("crm.example.test", "test"): False,
        ("crm.example.test", "rm.example.test"): False,
        ("crm.example.test", "a.crm.example.test"): False,
        ("crm.example.test", "other.test"): False,
        ("localhost", "localhost"): True,
        ("127.0.0.1", "127.0.0.1"): True,
        ("127.0.0.1", "0.0.1"): False,
    }
    found = {}
    for host, domain in hosts:
        made = jar(f"k=1; Domain={domain}", url=f"https://{host}/")
        found[host, domain] = made.find_value("k") is not None
        told = {} if found[host, domain] else {"k": domain.lower().removeprefix(".")}
        assert made.refused == told
    assert found == hosts
    own = jar("k=1; Domain=crm.example.test")
    assert names(own, "https://a.crm.example.test/sso/") == "k"
    number = jar("k=1; Domain=127.0.0.1", url="https://127.0.0.1/")
    assert names(number, "https://127.0.0.1/") == "k"
    assert names(number, "https://9.127.0.0.1/") == ""
    tail = jar("k=1; Domain=0.0.1; Path=/", url="https://a.0.0.1/")
    assert (names(tail, "https://b.0.0.1/"), names(tail, "https://127.0.0.1/")) == ("k", "")


def test_loopback_counts_as_safe() -> None:
    for host, is_sent in (
        ("localhost", True), ("127.0.0.1", True), ("[::1]", True), ("127.0.0.2", False),
    ):  # fmt: skip
        made = jar("k=1; Secure; Path=/", url=f"http://{host}:8080/")
        assert bool(names(made, f"http://{host}:9090/")) is is_sent


def test_a_cookie_lives_as_long_as_it_says() -> None:
    date = "Mon, 02 Mar 2026 03:00:00 GMT"  # two hours ahead of the clock
    lives = {
        "k=1": True,
        "k=1; Max-Age=0": False,
        "k=1; Max-Age=-5": False,
        "k=1; Max-Age=1": True,
        "k=1; Max-Age=x": True,
        "k=1; Max-Age=": True,
        "k=1; Max-Age=0; Expires=Mon, 02 Mar 2026 05:00:00 GMT": False,
        "k=1; Max-Age=9; Expires=Mon, 02 Mar 2026 00:00:00 GMT": True,
        "k=1; Expires=Mon, 02 Mar 2026 03:00:00 GMT": False,
        "k=1; Expires=Mon, 02 Mar 2026 03:00:01 GMT": True,
        "k=1; Expires=Mon, 02 Mar 2026 02:00:00 GMT": False,
        "k=1; Expires=never": True,
        f"k=1; Max-Age={'9' * 400}": True,
    }
    assert {line: jar(line, date=date).find_value("k") == "1" for line in lives} == lives
    undated = {"k=1; Expires=Mon, 02 Mar 2026 02:00:00 GMT": True,
               "k=1; Expires=Mon, 02 Mar 2026 01:00:00 GMT": False}  # fmt: skip
    assert {line: jar(line).find_value("k") == "1" for line in undated} == undated
    made = jar("k=1", "j=2")
    made.store((("Set-Cookie", "k=; Max-Age=0"),), URL, NOW)
    assert (made.find_value("k"), made.find_value("j")) == (None, "2")


def test_a_line_is_a_cookie_if_it_has_a_name_and_an_equals_sign() -> None:
    made = jar("=1", "k", "k; Path=/", "", "a=b=c", "e=", " s = 1 ", 'q="x"')
    assert made.find_cookies_for_url(URL) == (
        ("a", "b=c"), ("e", ""), ("s", "1"), ("q", '"x"'),
    )  # fmt: skip


def test_a_jar_takes_two_hundred_cookies() -> None:
    made = jar(*(f"k{number}=1" for number in range(201)))
    assert len(made.find_cookies_for_url(URL)) == 200
    assert made.find_value("k199") == "1"
    assert made.find_value("k200") is None
    made.store((("Set-Cookie", "k0=2"),), URL, NOW)
    assert made.find_value("k0") == "2"


def call(**fields: Any) -> Call:
    known = {"platform": "crm", "instance": "test", "api": "login", "method": "POST", "path": "/l"}
    return Call(**{**known, **fields})


HEADERS = (
    ("Content-Type", "application/json"), ("content-LENGTH", "3"), ("X-Key", "k"),
    ("Cookie", "sid=1"), ("Referer", "https://a"), ("ACCEPT", "*/*"), ("Accept-Language", "zh"),
    ("Accept-Charset", "gbk"), ("Accept-Encoding", "br"), ("Authorization", "Bearer 合"),
)  # fmt: skip


def sent(**fields: Any) -> Request:
    made = {
        "method": "POST", "url": "https://crm.example.test/base/login?a=1", "headers": HEADERS,
        "body": b"{}", "base": "https://crm.example.test/base", "confined": True,
        "injected": ("header.x",), "call": call(headers=HEADERS, body=b"{}", query=(("a", "1"),)),
        **fields,
    }  # fmt: skip
    return Request(**made)


def moved(status: int, location: str, request: Request | None = None, **world: Any) -> Request:
    response = Response(status=status, headers=(("Location", location),))
    return follow_redirect(request or sent(), response, World(**world).env)


def test_a_redirect_has_its_status_and_a_location() -> None:
    statuses = {301: True, 302: True, 303: True, 307: True, 308: True, 300: False, 304: False,
                305: False, 306: False, 200: False, 201: False}  # fmt: skip
    assert {
        status: is_redirect(Response(status=status, headers=(("LOCATION", "/a"),)))
        for status in statuses
    } == statuses
    assert not is_redirect(Response(status=302))
    assert not is_redirect(Response(status=302, headers=(("Location", ""),)))


def test_within_an_origin_all_but_cookies_goes_on() -> None:
    kept = tuple(pair for pair in HEADERS if pair[0] not in {"Cookie", "Referer"})
    bare = tuple(pair for pair in kept if not pair[0].lower().startswith("content-"))
    for status, method in (307, "POST"), (308, "POST"), (301, "GET"), (302, "GET"), (303, "GET"):
        after = moved(status, "next?b=2&c=#frag")
        assert (after.method, after.url) == (method, "https://crm.example.test/base/next?b=2&c=")
        keeps = method == "POST"
        assert after.headers == (kept if keeps else bare)
        assert after.body == (b"{}" if keeps else None)
        assert (after.base, after.injected, after.standin) == (
            "https://crm.example.test/base", (), None,
        )  # fmt: skip
        made = after.call
        assert made is not None
        assert (made.method, made.path, made.query) == (method, "/next", (("b", "2"), ("c", "")))
        assert made.headers == after.headers
        assert made.body == after.body
        assert made.serial == 1
    for method in "GET", "HEAD", "PUT":
        asked = sent(method=method, call=call(method=method))
        assert moved(302, "/base/n", asked).method == ("GET" if method == "PUT" else method)
    assert moved(302, "https://CRM.example.test:443/base/n").headers == bare
    assert moved(302, "/n", sent(call=None)).call is None


def test_another_origin_gets_the_address_and_what_is_free() -> None:
    free = (("ACCEPT", "*/*"), ("Accept-Language", "zh"), ("Accept-Charset", "gbk"))
    there = {
        "https://sso.example.test": ("https://sso.example.test", "/"),
        "https://crm.example.test:8443/x": ("https://crm.example.test:8443", "/x"),
        "http://crm.example.test/x?y=1": ("http://crm.example.test", "/x"),
        "//sso.example.test/x": ("https://sso.example.test", "/x"),
    }
    for location, (base, path) in there.items():
        after = moved(302, location)
        assert after.headers == free
        assert after.base == base
        assert after.call is not None
        assert (after.call.path, after.call.headers, after.call.body) == (path, free, None)
        assert (after.method, after.body) == ("GET", None)
    outside = moved(302, "/other")
    assert (outside.base, outside.call and outside.call.path) == (
        "https://crm.example.test", "/other",
    )  # fmt: skip
    assert moved(307, "https://sso.example.test/x", sent(body=b"")).method == "POST"
    for location, told in (
        ("https://sso.example.test/x?t=1", "https://sso.example.test"),
        ("http://crm.example.test", "http://crm.example.test"),
    ):
        with pytest.raises(RefusedRedirectError) as caught:
            moved(307, location)
        assert str(caught.value) == f"redirects what it was sent to another address, {told}"


def test_a_location_is_an_address_of_http() -> None:
    for location in (
        "ftp://a.test/x", "javascript:void(0)", "http://", "http://[bad",
        "http://a.test:0/", "http://a.test:99999/", "mailto:a@b.test", "http://:80/x",
    ):  # fmt: skip
        with pytest.raises(RefusedRedirectError) as caught:
            moved(302, location)
        assert str(caught.value) == "redirects to an address that is not HTTP"
    urls = {
        "  /a b ": "https://crm.example.test/a%20b",
        "/订单".encode().decode("latin-1"): "https://crm.example.test/订单",
        "/订单": "https://crm.example.test/订单",
        "?b=2": "https://crm.example.test/base/login?b=2",
        "../up": "https://crm.example.test/up",
        "HTTP://crm.example.test/x#": "http://crm.example.test/x",
    }
    assert {location: moved(303, location).url for location in urls} == urls
    accent = "/\xe9"
    assert moved(303, accent).url == f"https://crm.example.test{accent}"


def test_a_recorded_form_goes_its_own_way() -> None:
    twin = sent(
        headers=(("X-Key", "redacted"), ("Accept", "*/*")), body=b"[]", call=call(path="/t")
    )
    asked = sent(standin=twin)
    separate = moved(307, "/base/n?code=1", asked, separate=True)
    assert separate.standin is not None
    assert separate.standin.headers == twin.headers
    assert separate.standin.body == b"[]"
    assert separate.body == b"{}"
    assert separate.call == separate.standin.call
    assert separate.call is not None
    assert separate.call.path == "/n"
    plain = moved(307, "/base/n", asked)
    assert plain.standin is None
    assert plain.call is not None
    assert plain.call.headers == ()


def test_an_address_is_told_without_secrets() -> None:
    addresses = {
        "https://u:p@a.test:8443/x/y?code=1#f": "https://a.test:8443/x/y",
        "http://a.test": "http://a.test",
        "https://u@v@a.test/": "https://a.test/",
    }
    assert {url: describe_address(url) for url in addresses} == addresses
    assert replace(sent(), url="x").url == "x"
