"""Which request follows a redirect of a login: each status, origin, header and kind of address."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from bpmax_sim.messages import Call, Request, Response
from bpmax_sim.proxy.login_redirects import (
    RefusedRedirectError,
    describe_address,
    follow_redirect,
    is_redirect,
)
from tests.proxy.world import World

HERE = "https://sso.example.test"
HEADERS = (
    ("Accept", "text/html"),
    ("accept-language", "zh"),
    ("ACCEPT-CHARSET", "utf-8"),
    ("Authorization", "Basic eA=="),
    ("Cookie", "a=1"),
    ("REFERER", "x"),
    ("Content-Type", "text/plain"),
    ("content-MD5", "x"),
    ("X-App", "7"),
)
CALL = Call(
    platform="crm",
    instance="test",
    api="$token",
    method="POST",
    path="/v1/login",
    query=(("a", "1"),),
    headers=HEADERS,
    body=b"said",
    serial=7,
)
SENT = Request(
    method="POST",
    url=f"{HERE}/v1/login?a=1",
    headers=HEADERS,
    body=b"sent",
    base=f"{HERE}/v1",
    call=CALL,
    injected=("query.a",),
)


def _to(location: str | None, status: int = 302) -> Response:
    headers = () if location is None else (("Location", location),)
    return Response(status=status, headers=headers)


def _follow(sent: Request, response: Response) -> Request:
    return follow_redirect(sent, response, World().env)


@pytest.mark.parametrize("status", range(299, 311))
def test_five_statuses_send_elsewhere_where_an_address_is_given(status: int) -> None:
    assert is_redirect(_to("/b", status)) == (status in {301, 302, 303, 307, 308})
    assert not is_redirect(_to("", status))
    assert not is_redirect(_to(None, status))


@pytest.mark.parametrize(
    ("method", "status", "becomes"),
    [
        *[("POST", status, "GET") for status in (301, 302, 303)],
        *[(method, status, method) for method in ("POST", "PUT") for status in (307, 308)],
        *[(method, status, method) for method in ("GET", "HEAD") for status in (301, 303, 308)],
        ("PUT", 303, "GET"),
        ("DELETE", 302, "GET"),
    ],
)
def test_a_method_is_kept_with_its_body_or_becomes_a_get(
    method: str, status: int, becomes: str
) -> None:
    moved = _follow(replace(SENT, method=method), _to("/b", status))

    kept = becomes == method
    assert (moved.method, moved.body) == (becomes, b"sent" if kept else None)
    assert moved.call
    assert (moved.call.method, moved.call.body) == (becomes, b"said" if kept else None)
    names = [name for name, _ in moved.headers]
    rest = ["Content-Type", "content-MD5"] if kept else []
    assert names == [*(name for name, _ in HEADERS[:4]), *rest, "X-App"]
    assert moved.call.headers == moved.headers
    assert (moved.injected, moved.standin, moved.follow) == ((), None, SENT.follow)


@pytest.mark.parametrize(
    ("location", "url"),
    [
        ("/b", f"{HERE}/b"),
        ("b", f"{HERE}/v1/b"),
        ("?c=2", f"{HERE}/v1/login?c=2"),
        ("b?c=&d=%2F#e", f"{HERE}/v1/b?c=&d=%2F"),
        (" /b\t", f"{HERE}/b"),
        ("/a b/c d", f"{HERE}/a%20b/c%20d"),
        (f"{HERE}:443/v1/b", f"{HERE}:443/v1/b"),
        ("/登录".encode().decode("latin-1"), f"{HERE}/登录"),
        ("/登录", f"{HERE}/登录"),
        ("/caf\xe9", f"{HERE}/caf\xe9"),
        ("//sso.example.test/b", f"{HERE}/b"),
    ],
)
def test_an_address_of_the_same_origin_is_taken_as_it_is(location: str, url: str) -> None:
    moved = _follow(SENT, _to(location))

    assert moved.url == url
    assert "Authorization" in dict(moved.headers)


@pytest.mark.parametrize(
    ("sent", "location", "is_same"),
    [
        (f"{HERE}/a", f"{HERE}:443/", True),
        (f"{HERE}:443/a", f"{HERE}/", True),
        (f"{HERE}/a", f"{HERE}:8443/", False),
        (f"{HERE}/a", f"{HERE}:80/", False),
        (f"{HERE}/a", "http://sso.example.test:443/", False),
        ("http://sso.example.test/a", "http://sso.example.test:80/", True),
        ("http://sso.example.test:80/a", "http://sso.example.test/", True),
        ("http://sso.example.test/a", "http://sso.example.test:443/", False),
        ("http://sso.example.test/a", "http://sso.example.test:81/", False),
        (f"{HERE}/a", "https://SSO.example.test/", True),
        (f"{HERE}/a", "https://sso.example.test.evil.test/", False),
        (f"{HERE}/a", "https://user@sso.example.test/", True),
    ],
)
def test_nothing_but_what_is_accepted_goes_to_another_origin(
    sent: str, location: str, is_same: bool
) -> None:
    moved = _follow(replace(SENT, url=sent), _to(location))

    names = [name.lower() for name, _ in moved.headers]
    free = ["accept", "accept-language", "accept-charset"]
    assert names == [*free, *(["authorization", "x-app"] if is_same else [])]
    assert moved.call
    assert moved.call.headers == moved.headers


@pytest.mark.parametrize(
    ("location", "base", "path", "query"),
    [
        ("/v1/b?c=&d=%2F", f"{HERE}/v1", "/b", (("c", ""), ("d", "/"))),
        ("/v1", f"{HERE}/v1", "/", ()),
        ("/b", HERE, "/b", ()),
        ("/v10/b", HERE, "/v10/b", ()),
        ("/v1?c=1", f"{HERE}/v1", "/", (("c", "1"),)),
        (f"{HERE}.cn/v1/b", f"{HERE}.cn", "/v1/b", ()),
        ("https://id.example.test", "https://id.example.test", "/", ()),
        (
            "https://id.example.test:8443/x/y?z",
            "https://id.example.test:8443",
            "/x/y",
            (("z", ""),),
        ),
    ],
)
def test_the_call_says_where_it_goes(
    location: str, base: str, path: str, query: tuple[tuple[str, str], ...]
) -> None:
    moved = _follow(SENT, _to(location))

    assert moved.call
    assert (moved.base, moved.call.path, moved.call.query) == (base, path, query)
    assert moved.call.serial == 1  # of the session, after the first
    assert (moved.call.platform, moved.call.api) == ("crm", "$token")


@pytest.mark.parametrize(
    "location",
    [
        "mailto:a@example.test",
        "ftp://sso.example.test/",
        "javascript:alert(1)",
        "http://",
        "https://[::1/b",
        f"{HERE}:0/",
        f"{HERE}:99999/",
        f"{HERE}:x/",
    ],
)
def test_what_is_no_address_is_not_followed(location: str) -> None:
    with pytest.raises(RefusedRedirectError, match=r"^redirects to an address that is not HTTP$"):
        _follow(SENT, _to(location))


@pytest.mark.parametrize(
    ("status", "body", "location", "is_refused"),
    [
        (307, b"x", "https://id.example.test/b?token=1", True),
        (308, b"x", "https://id.example.test/b?token=1", True),
        (307, b"x", f"{HERE}/b", False),
        (307, b"", "https://id.example.test/b", False),
        (307, None, "https://id.example.test/b", False),
        (302, b"x", "https://id.example.test/b", False),
    ],
)
def test_what_was_sent_is_not_taken_to_another_origin(
    status: int, body: bytes | None, location: str, is_refused: bool
) -> None:
    sent = replace(SENT, body=body)
    if not is_refused:
        assert _follow(sent, _to(location, status)).url == location
        return
    with pytest.raises(RefusedRedirectError) as refused:
        _follow(sent, _to(location, status))
    assert str(refused.value) == (
        "redirects what it was sent to another address, https://id.example.test"
    )


def test_while_recording_a_hop_has_a_twin() -> None:
    world = World(separate=True)
    world.vault.add("s3cret-token", "redacted.token.1", name="t")

    moved = follow_redirect(
        replace(SENT, standin=replace(SENT, body=b"twin")), _to("/b?c=s3cret-token", 307), world.env
    )

    assert moved.url.endswith("/b?c=s3cret-token")
    assert moved.body == b"sent"
    assert moved.standin
    assert moved.standin.body == b"twin"
    assert moved.standin.call == moved.call
    assert _follow(replace(SENT, call=None), _to("/b")).call is None


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://a.test/b?c=1#d", "https://a.test/b"),
        ("https://u:p@a.test:81/b", "https://a.test:81/b"),
        ("https://u@v@a.test", "https://a.test"),
        ("/b?c", ":///b"),
    ],
)
def test_an_address_is_told_without_what_may_be_secret(url: str, shown: str) -> None:
    assert describe_address(url) == shown
