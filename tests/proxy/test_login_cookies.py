"""A login as browsers do it: cookies over steps and redirects, and what is refused."""

from __future__ import annotations

from email.utils import formatdate
from typing import Any

import msgspec
import pytest

from bpmax_sim.clock import VirtualClock
from bpmax_sim.errors import AuthError
from bpmax_sim.messages import LOGIN, Request, Response
from bpmax_sim.platform.model import Auth
from bpmax_sim.proxy.cookies import CookieJar, format_cookies
from bpmax_sim.secret.vault import Credential, Credentials
from tests.proxy.world import START, World, crm, headers_of, ok, rejected

HOST = "https://crm.example.test"
PAGE = b'<form><input name="csrf" value="csrf-value-1"></form>'


def page(*set_cookies: str, body: bytes = PAGE) -> Response:
    cookies = tuple(("Set-Cookie", line) for line in set_cookies)
    return Response(status=200, headers=(("Content-Type", "text/html"), *cookies), body=body)


def redirect(location: str, *set_cookies: str, status: int = 302) -> Response:
    cookies = tuple(("Set-Cookie", line) for line in set_cookies)
    return Response(status=status, headers=(("Location", location), *cookies))


def form_login(*, follow: bool = False, **step: Any) -> Auth:
    form = {"u": "{{ client_id }}", "p": "{{ secret }}", "csrf": "{{ csrf }}"}
    post = {"request": {"path": "/login", "form": form}, "follow": follow}
    post["extract"] = {"jar": {"path": "cookies", "secret": True}}
    steps = [
        {
            "request": {"method": "GET", "path": "/login"},
            "extract": {"csrf": {"path": "css:input[name=csrf]", "secret": True}},
        },
        {**post, **({} if follow else {"ok": {"status": [302]}}), **step},
    ]
    apply = [{"in": "header", "name": "Cookie", "value": "{{ jar }}"}]
    return msgspec.convert({"acquire": {"steps": steps}, "apply": apply}, Auth)


def world_of(auth: Auth, *answers: Response, **environment: Any) -> World:
    queue = iter(answers)

    def handle(request: Request) -> Response:
        is_login = request.call is not None and request.call.api == LOGIN
        return next(queue) if is_login else ok()

    return World(crm(auth=auth), handle, **environment)


def test_cookies_go_over_steps_and_into_calls() -> None:
    world = world_of(
        form_login(),
        page("pre=one; Path=/login", "lang=zh"),
        redirect("/home", "sid=sid-value; HttpOnly; Path=/", "lang=; Max-Age=0"),
    )
    world.proxy().search()

    assert [headers_of(request).get("Cookie") for request in world.sent] == [
        None,
        "pre=one; lang=zh",
        "pre=one; sid=sid-value",
    ]
    assert world.sent[1].body == b"u=test&p=s3cret-%E5%90%88%E5%90%8C-value&csrf=csrf-value-1"
    assert all(not request.follow for request in world.sent[:2])
    login = world.sent[1].call
    assert login is not None
    assert login.headers == (("Content-Type", "application/x-www-form-urlencoded"),)


def test_a_followed_redirect_is_a_request_of_its_own_with_its_cookies() -> None:
    world = world_of(
        form_login(follow=True),
        page(),
        redirect("/sso?ticket=ST-1", "a=1; Path=/"),
        redirect("https://crm.example.test/home#top", "sid=sid-value; Path=/", status=303),
        page(body=b"welcome"),
        separate=True,
        auth_clock=VirtualClock(START),
    )
    world.proxy().search()

    hops = world.sent[1:4]
    assert [(hop.method, hop.url) for hop in hops] == [
        ("POST", f"{HOST}/login"),
        ("GET", f"{HOST}/sso?ticket=ST-1"),
        ("GET", f"{HOST}/home"),
    ]
    assert [hop.body is None for hop in hops] == [False, True, True]
    assert headers_of(hops[2])["Cookie"] == "a=1; sid=sid-value"
    assert "Content-Type" not in headers_of(hops[1])
    shown = headers_of(hops[2].recorded_form)["Cookie"]
    names = ("a", "sid")
    assert shown == "; ".join(f"{n}=redacted.crm_system.test.cookie-{n}.1" for n in names)
    assert headers_of(world.sent[4])["Cookie"] == "a=1; sid=sid-value"
    serials = [hop.call.serial for hop in hops if hop.call]
    assert sorted({*serials}) == serials


def test_of_a_login_without_secrets_the_cookies_are_hidden_in_the_recorded_form() -> None:
    """Even where the form to send and the one to record are made of the same values."""
    steps = [
        {"request": {"method": "GET", "path": "/login"}},
        {
            "request": {"path": "/login", "form": {"u": "{{ client_id }}"}},
            "extract": {"jar": {"path": "cookies", "secret": True}},
        },
    ]
    auth = msgspec.convert({"acquire": {"steps": steps}}, Auth)
    world = world_of(auth, page("sid=sid-value"), page("sid=sid-value-2"), separate=True)
    user = Credential(name="client_id", real="zhang.san", standin="zhang.san")
    world.tenants["test"] = Credentials(user, live=HOST, declared=HOST)
    world.proxy().search()

    sent = world.sent[1]
    assert (sent.body, headers_of(sent)["Cookie"]) == (b"u=zhang.san", "sid=sid-value")
    shown = headers_of(sent.recorded_form)["Cookie"]
    assert shown == "sid=redacted.crm_system.test.cookie-sid.1"


def test_nothing_of_a_login_goes_to_another_origin() -> None:
    world = world_of(
        form_login(follow=True),
        page("sid=sid-value; Path=/"),
        redirect("https://evil.example.com/steal"),
        page(body=b""),
    )
    world.proxy().search()
    hop = world.sent[2]
    assert hop.url == "https://evil.example.com/steal"
    assert (hop.method, hop.body, hop.headers) == ("GET", None, ())


@pytest.mark.parametrize(
    ("answers", "message"),
    [
        (
            [page(), *[redirect("/login?again", status=302), redirect("/login")] * 6],
            (
                "is redirected in a circle (step 2, GET /login): HTTP 302, an empty body; it came "
                f"by {HOST}/login; check its credentials and its form"
            ),
        ),
        (
            [page(), *[redirect(f"/{number}") for number in range(20)]],
            (
                "is redirected in a circle (step 2, GET /8): HTTP 302, an empty body; it came by "
                f"{HOST}/login → {HOST}/0 → {HOST}/1; check its credentials and its form"
            ),
        ),
        (
            [page(), redirect("javascript:alert(1)")],
            (
                "redirects to an address that is not HTTP "
                "(step 2, POST /login): HTTP 302, an empty "
                "body; see the address of the step"
            ),
        ),
        (
            [page(), redirect("https://evil.example.com/", status=307)],
            (
                "redirects what it was sent to another address, https://evil.example.com (step "
                "2, POST /login): HTTP 307, an empty body; see the address of the step"
            ),
        ),
        (
            [page(body=b"<p>no form</p>")],
            (
                "yields no csrf (step 1, GET /login): HTTP 200, text/html, 14 bytes; expected it "
                "at css:input[name=csrf]"
            ),
        ),
        (
            [page(body='<input name="csrf" value="令牌-1">'.encode("gbk"))],
            (
                "yields a csrf that is not text in the charset of its page (step 1, GET /login): "
                "HTTP 200, text/html, 34 bytes; see css:input[name=csrf]"
            ),
        ),
        (
            [page(), page("sid=other-secret; Domain=bank.example.com; Path=/", body=b"hi")],
            (
                "yields no jar (step 2, POST /login): HTTP 200, text/html, 2 bytes; expected it at "
                "cookies; cookies that were set for another domain than the server's own are not "
                "taken: sid (bank.example.com)"
            ),
        ),
    ],
)
def test_a_bad_login_is_told_clearly_and_leaks_nothing(
    answers: list[Response], message: str
) -> None:
    world = world_of(form_login(follow=True), *answers)
    error = rejected(lambda: world.proxy().search())
    assert isinstance(error, AuthError)
    assert error.message == f"crm_system: the login of instance 'test' {message}"
    assert "secret" not in error.message


@pytest.mark.parametrize(
    ("location", "address"),
    [
        ("/home?sid=abcdef", f"{HOST}/home"),
        ("?sid=abcdef#token", f"{HOST}/login"),
        ("https://张三:pw@sso.example.test:8443/a?code=1", "https://sso.example.test:8443/a"),
        ("http://[", ""),
        ("//[::1/home", ""),
        ("https://sso.example.test:x/", "https://sso.example.test:x/"),
    ],
)
def test_a_redirect_that_is_not_followed_says_how_to(location: str, address: str) -> None:
    world = world_of(form_login(ok={"status": [200]}), page(), redirect(location))
    error = rejected(lambda: world.proxy().search())
    how = "where that is its success, say follow: true for this step, or ok: {status: [302]}"

    assert isinstance(error, AuthError)
    assert error.message == (
        "crm_system: the login of instance 'test' was refused (step 2, POST /login): HTTP 302, an "
        "empty body; check its credentials"
        + (f"; it redirects to {address}: {how}" if address else "")
    )


@pytest.mark.parametrize(
    ("line", "url", "expected"),
    [
        ("a=1", "https://crm.example.test/app/x", "a=1"),
        ("a=1", "https://crm.example.test/x", ""),
        ("a=1", "https://sub.crm.example.test/app/x", ""),
        ("a=1; Domain=.example.test", "https://other.example.test/", ""),  # its path is /app
        ("a=1; Domain=.example.test; Path=/", "https://other.example.test/", "a=1"),
        ("a=1; Domain=test", "https://crm.example.test/app/x", ""),  # a public suffix
        ("a=1; Domain=evil.example.com; Path=/", "https://evil.example.com/", ""),
        ("a=1; Path=/app", "https://crm.example.test/app/x", "a=1"),
        ("a=1; Path=/app", "https://crm.example.test/application", ""),
        ("a=1; Secure; Path=/", "http://crm.example.test/", ""),
        ("a=1; Max-Age=0", "https://crm.example.test/app/", ""),
        ("a=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT", "https://crm.example.test/app/", ""),
        ("a=1; Expires=Thu, 01-Jan-2037 00:00:00 GMT", "https://crm.example.test/app/", "a=1"),
        ("a=1; Expires=soon; path=x", "https://crm.example.test/app/x", "a=1"),
        ("=1", "https://crm.example.test/app/", ""),
        ("a=", "https://crm.example.test/app/", "a="),
        ("a==1=", "https://crm.example.test/app/", "a==1="),
        ("a", "https://crm.example.test/app/", ""),
        ("a; Path=/", "https://crm.example.test/", ""),
        ("", "https://crm.example.test/app/", ""),
        ("a=1; Domain=example.test; Path=/", "https://badexample.test/", ""),
        ("a=1; Domain=example.test; Path=/", "https://example.test/", "a=1"),
        ("a=1; Domain=.CRM.Example.TEST; Path=/", "https://x.crm.example.test/", "a=1"),
        ("a=1; Domain=rm.example.test; Path=/", "https://rm.example.test/", ""),
        ("a=1; Domain=x.crm.example.test; Path=/", "https://x.crm.example.test/", ""),
        ("a=1; Domain=; Path=/", "https://crm.example.test/", "a=1"),
        ("a=1; Domain=; Path=/", "https://x.crm.example.test/", ""),
        ("a=1; Path=/", "https://CRM.example.test:8443", "a=1"),
        ("a=1; Path=/app/", "https://crm.example.test/app", ""),
        ("a=1; Path=/app/", "https://crm.example.test/app/", "a=1"),
        ("a=1; Path=/app", "https://crm.example.test/app", "a=1"),
        ("a=1; Path=app", "https://crm.example.test/app/x", "a=1"),
        ("a=1; Max-Age=-1; Path=/", "https://crm.example.test/", ""),
        ("a=1; Max-Age=1; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
         "https://crm.example.test/", "a=1"),
        ("a=1; Max-Age=x; Path=/", "https://crm.example.test/", "a=1"),
        (f"a=1; Max-Age={'9' * 400}; Path=/", "https://crm.example.test/", "a=1"),
        (f"a=1; Max-Age={'9' * 5000}; Path=/", "https://crm.example.test/", "a=1"),
        (f"a=1; Max-Age=-{'9' * 5000}; Path=/", "https://crm.example.test/", ""),
        ("a=1; Max-Age=-1; Path=/; Expires=Thu, 01 Jan 2099 00:00:00 GMT",
         "https://crm.example.test/", ""),
        ("a=1; Max-Age=--1; Path=/", "https://crm.example.test/", "a=1"),
    ],
)  # fmt: skip
def test_a_cookie_goes_where_rfc_6265_says(line: str, url: str, expected: str) -> None:
    jar = CookieJar()
    jar.store((("Set-Cookie", line),), f"{HOST}/app/login", START)
    assert format_cookies(jar.find_cookies_for_url(url)) == expected


def test_an_end_is_read_by_the_clock_that_wrote_it() -> None:
    jar, later = CookieJar(), START + 10 * 365 * 86400
    headers = (
        ("Date", "Mon, 02 Mar 2026 01:00:00 GMT"),
        ("Set-Cookie", "a=1; Path=/; Expires=Mon, 02 Mar 2026 02:00:00 GMT"),
    )
    jar.store(headers, HOST, later)
    assert jar.find_cookies_for_host(HOST) == (("a", "1"),)


@pytest.mark.parametrize(
    ("setter", "line", "url", "expected"),
    [
        ("https://10.0.0.1/", "a=1; Domain=10.0.0.1", "https://10.0.0.1/", "a=1"),
        ("https://10.0.0.1/", "a=1; Domain=0.0.1", "https://10.0.0.1/", ""),
        ("https://x.10.0.0.1/", "a=1; Domain=10.0.0.1", "https://10.0.0.1/", "a=1"),
        ("https://x.0.0.1/", "a=1; Domain=0.0.1", "https://10.0.0.1/", ""),
        ("https://test/", "a=1; Domain=test", "https://test/", "a=1"),
        ("https://localhost/", "a=1; Secure", "http://localhost/", "a=1"),
        ("https://127.0.0.1/", "a=1; Secure", "http://127.0.0.1:81/", "a=1"),
        ("https://[::1]/", "a=1; Secure", "http://[::1]/", "a=1"),
        ("https://10.0.0.1/", "a=1; Secure", "http://10.0.0.1/", ""),
        ("https://a.test", "a=1", "https://a.test/x/y", "a=1"),
        ("https://a.test/x", "a=1", "https://a.test/x/y", "a=1"),
        ("https://a.test/x/", "a=1", "https://a.test/", ""),
    ],
)
def test_addresses_and_short_hosts_have_cookies_of_their_own(
    setter: str, line: str, url: str, expected: str
) -> None:
    jar = CookieJar()
    jar.store((("Set-Cookie", line),), setter, START)
    assert format_cookies(jar.find_cookies_for_url(url)) == expected


def test_of_equal_cookies_the_latest_stands_last_and_long_paths_come_first() -> None:
    jar = CookieJar()
    for line in ("a=1; Path=/", "b=2; Path=/x", "a=3; Path=/x/y", "c=4; Path=/", "a=5; Path=/"):
        jar.store((("Set-Cookie", line),), "https://a.test/", START)

    assert jar.find_cookies_for_url("https://a.test/x/y") == (
        ("a", "3"),
        ("b", "2"),
        ("c", "4"),
        ("a", "5"),
    )
    assert jar.find_cookies_for_host("https://A.test/") == (("b", "2"), ("a", "5"), ("c", "4"))
    assert (jar.find_value("a"), jar.find_value("b"), jar.find_value("A")) == ("5", "2", None)
    jar.store((("set-cookie", "a=; Path=/; Max-Age=0"),), "https://a.test/", START)
    assert (jar.find_value("a"), jar.hosts) == ("3", ("a.test",))


@pytest.mark.parametrize(("seconds", "is_kept"), [(-1, False), (0, False), (1, True)])
def test_a_cookie_ends_at_its_end(seconds: int, *, is_kept: bool) -> None:
    jar = CookieJar()
    end = formatdate(START + seconds, usegmt=True)
    jar.store((("Set-Cookie", f"a=1; Expires={end}"),), "https://a.test/", START)

    assert (jar.find_value("a") is not None) == is_kept


def test_a_login_keeps_two_hundred_cookies() -> None:
    jar = CookieJar()
    headers = tuple(("Set-Cookie", f"c{number}=1") for number in range(202))
    jar.store(headers, "https://a.test/", START)

    assert (
        len(jar.find_cookies_for_url("https://a.test/")),
        jar.find_value("c199"),
        jar.find_value("c200"),
    ) == (
        200,
        "1",
        None,
    )
