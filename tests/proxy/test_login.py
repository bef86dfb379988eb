"""Logins: what is sent, what is taken from the answer, and what is told when it fails."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

import msgspec
import pytest

from bpmax_sim.clock import VirtualClock
from bpmax_sim.errors import AuthError, ConfigError, TransportError
from bpmax_sim.messages import LOGIN, Request, Response, Sensitive
from bpmax_sim.platform.model import Auth, Condition, OkRule, Recover, ResponseRules, Ttl
from bpmax_sim.proxy.environment import RenewableCredentialStore
from bpmax_sim.proxy.login import compute_renewal_instant
from tests.proxy.world import (
    SECRET,
    STANDIN,
    START,
    TOKEN,
    World,
    answer,
    body_of,
    crm,
    headers_of,
    ok,
    rejected,
)


def auth(*steps: dict[str, Any], apply: Any = (), **acquire: Any) -> Auth:
    """Return auth as a file would declare it."""
    return msgspec.convert({"acquire": {"steps": steps, **acquire}, "apply": apply}, Auth)


BEARER = [{"in": "header", "name": "Authorization", "value": "Bearer {{ token }}"}]
TAKE = {"token": {"path": "$.access_token", "secret": True}}


def _world(given: Auth, *answers: Response, **environment: Any) -> World:
    queue = iter(answers)

    def handle(request: Request) -> Response:
        is_login = request.call is not None and request.call.api == LOGIN
        return next(queue) if is_login else ok()

    return World(crm(auth=given), handle, **environment)


def test_a_login_is_a_call_named_token_made_of_standins() -> None:
    world = _world(TOKEN, ok({"access_token": "tok-1234", "expires_in": "7200"}))

    world.proxy().search()

    login = world.sent[0]
    assert login.method == "POST"
    assert login.url == "https://crm.example.test/oauth/token"
    assert login.body == (
        b"grant_type=client_credentials&client_id=test"
        b"&client_secret=s3cret-%E5%90%88%E5%90%8C-value"
    )
    assert headers_of(login) == {"Content-Type": "application/x-www-form-urlencoded"}
    assert login.call
    assert (login.call.api, login.call.path) == ("$token", "/oauth/token")
    assert login.call.body == (
        f"grant_type=client_credentials&client_id=test&client_secret={STANDIN}".encode()
    )
    assert login.standin is None
    assert login.confined
    assert login.sensitive == (Sensitive("$.access_token", "token"),)


def test_recording_writes_the_twin_of_a_login() -> None:
    basic = auth(
        {
            "request": {
                "url": "https://sso.example.test/t?tenant=a",
                "headers": {"Authorization": "Basic {{ (client_id ~ ':' ~ secret) | b64 }}"},
                "body": {"who": "{{ client_id }}", "at": "{{ now | unix }}", "n": 1},
            },
            "extract": TAKE,
        },
        apply=BEARER,
    )
    world = _world(
        basic,
        ok({"access_token": "tok-1234"}),
        separate=True,
        auth_clock=VirtualClock(START + 60),
    )

    world.proxy().search()

    login, twin = world.sent[0], world.sent[0].recorded_form
    assert (login.url, login.base) == (
        "https://sso.example.test/t?tenant=a",
        "https://sso.example.test",
    )
    assert body_of(login) == {"who": "test", "at": str(int(START) + 60), "n": 1}
    assert body_of(twin) == {"who": "test", "at": str(int(START)), "n": 1}
    assert twin.call
    assert twin.call.query == (("tenant", "a"),)
    assert SECRET not in repr(twin)
    header = headers_of(login)["Authorization"]
    assert world.vault.redact_text(header) == headers_of(twin)["Authorization"] != header
    assert headers_of(world.sent[1])["Authorization"] == "Bearer tok-1234"
    assert headers_of(world.sent[1].recorded_form) == {
        "Authorization": "Bearer redacted.crm_system.test.token.1"
    }


def test_values_come_from_json_header_and_cookie_and_steps_chain() -> None:
    chained = auth(
        {
            "request": {"method": "GET", "path": "/csrf", "headers": {"X-CSRF-Token": "Fetch"}},
            "extract": {
                "csrf": {"path": "header:x-csrf-token", "secret": True},
                "sid": {"path": "cookie:SID", "secret": True},
                "jar": {"path": "cookies", "secret": True},
            },
        },
        {
            "request": {"path": "/hello", "query": {"sid": "{{ sid }}"}, "body": "{{ csrf }}"},
            "extract": {
                "host": {"path": "$.data.hosts[1]"},
                "note": {"path": "$.x", "optional": True},
            },
        },
        apply=[
            {"in": "header", "name": "X-CSRF-Token", "value": "{{ csrf }}"},
            {"in": "header", "name": "Cookie", "value": "{{ jar }}"},
            {"in": "header", "name": "X-Host", "value": "{{ host }}"},
        ],
    )
    first = Response(
        status=200,
        headers=(
            ("X-CSRF-Token", "csrf-value"),
            ("Set-Cookie", "SID=sid-value; Path=/; HttpOnly"),
            ("Set-Cookie", "lang=zh"),
        ),
    )
    world = _world(chained, first, ok({"data": {"hosts": ["a", "b.example.test"]}}))

    world.proxy().search()

    assert world.sent[1].url.endswith("/hello?sid=sid-value")
    assert world.sent[1].body == b"csrf-value"
    assert world.sent[1].call
    assert world.sent[1].call.body == b"redacted.crm_system.test.csrf.1"
    assert headers_of(world.request) == {
        "X-CSRF-Token": "csrf-value",
        "Cookie": "SID=sid-value; lang=zh",
        "X-Host": "b.example.test",
    }


def test_the_address_may_come_from_the_login() -> None:
    """third_parties.md: base URL may come from the login response."""
    login = auth(
        {
            "request": {"url": "https://login.example.test/t"},
            "extract": {**TAKE, "instance_url": {"path": "$.instance_url"}},
        },
        apply=BEARER,
    )
    world = _world(
        login, ok({"access_token": "tok-1234", "instance_url": "https://eu.example.test/"})
    )
    world.platform = crm(auth=login, base_url="{{ instance_url }}")
    world.book.platforms = {"crm_system": world.platform}
    tenant = world.tenants["test"]
    tenant.live = tenant.declared = "{{ instance_url }}"

    world.proxy().search()

    assert world.request.url == "https://eu.example.test/api/search"
    assert world.request.base == "https://eu.example.test"


@pytest.mark.parametrize(
    ("path", "url"),
    [
        ("/oauth/token", "https://crm.example.test/oauth/token"),
        ("oauth/token", "https://crm.example.test/oauth/token"),
        ("登录", "https://crm.example.test/%E7%99%BB%E5%BD%95"),
        ("/", "https://crm.example.test/"),
        ("", "https://crm.example.test"),
    ],
)
def test_the_path_of_a_login_is_below_the_address_with_one_slash_between(
    path: str, url: str
) -> None:
    login = auth({"request": {"path": path}, "extract": TAKE}, apply=BEARER)
    world = _world(login, ok({"access_token": "tok-1234"}))

    world.proxy().search()

    assert world.sent[0].url == url


def test_only_the_named_methods_need_the_login() -> None:
    """platforms.md: `methods`; SAP's CSRF token is for writes only."""
    login = auth(
        {"request": {"path": "/csrf"}, "extract": TAKE},
        methods=["POST"],
        apply=[*BEARER, {"in": "header", "name": "X-Client", "value": "{{ client_id }}"}],
    )
    world = _world(login, ok({"access_token": "tok-1234"}))

    world.proxy().search()
    world.proxy().create_contract()

    assert [request.call.api for request in world.sent if request.call] == [
        "search",
        LOGIN,
        "create_contract",
    ]
    assert headers_of(world.sent[0]) == {"X-Client": "test"}
    assert headers_of(world.sent[2]) == {"Authorization": "Bearer tok-1234", "X-Client": "test"}


HTML = {"Content-Type": "text/html"}
LOGIN_LINE = "crm_system: the login of instance 'test'"
STEP = "(step 1, POST /oauth/token)"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            answer(401, {"error": "invalid_client", "error_description": f"bad {SECRET}"}),
            (
                f"was refused {STEP}: HTTP 401, code invalid_client, bad {STANDIN};"
                " check its credentials"
            ),
        ),
        (
            answer(200, b"<html>tok-in-html</html>", HTML),
            f"yields no token {STEP}: HTTP 200, text/html, 24 bytes; expected it at $.access_token",
        ),
        (
            answer(200, ["tok-in-array"]),
            f"yields no token {STEP}: HTTP 200, a JSON array; expected it at $.access_token",
        ),
        (
            answer(200, b""),
            f"yields no token {STEP}: HTTP 200, an empty body; expected it at $.access_token",
        ),
        (
            answer(200, b'{"access_token":"tok'),
            (
                f"yields no token {STEP}: HTTP 200, broken JSON (Unterminated string starting at"
                " at character 17); expected it at $.access_token"
            ),
        ),
        (
            answer(200, {"errcode": 40001, "errmsg": "invalid credential"}),
            (
                f"yields no token {STEP}: HTTP 200, code 40001, invalid credential;"
                " expected it at $.access_token"
            ),
        ),
        *[
            (
                answer(200, {"access_token": nothing, "expires_in": 7200}),
                f"yields no token {STEP}: HTTP 200; expected it at $.access_token",
            )
            for nothing in ("", None)
        ],
        (
            answer(200, {"access_token": {"secret": "tok-in-object"}}),
            f"yields a token that is no text {STEP}: HTTP 200; see $.access_token",
        ),
        (
            answer(200, {"access_token": True}),
            f"yields a token that is no text {STEP}: HTTP 200; see $.access_token",
        ),
        (
            answer(200, {"access_token": "tok-1234", "expires_in": "soon"}),
            f"yields a ttl that is not a number {STEP}: HTTP 200; see $.expires_in",
        ),
        (
            answer(302, b"", {"Location": "/login"}),
            (
                f"was refused {STEP}: HTTP 302, an empty body; check its credentials; it redirects "
                "to https://crm.example.test/login: where that is its success, say follow: true "
                "for this step, or ok: {status: [302]}"
            ),
        ),
    ],
)
def test_a_bad_login_answer_is_told_clearly_and_without_its_body(
    given: Response, message: str
) -> None:
    world = _world(TOKEN, given)

    error = rejected(lambda: world.proxy().search())

    assert isinstance(error, AuthError)
    assert error.message == f"{LOGIN_LINE} {message}"
    assert "tok-" not in repr((error, error.response))
    assert error.response
    assert (error.status, error.response["body"]) == (given.status, None)
    assert len(world.sent) == 1


MISSING_TTL = f"yields no ttl {STEP}: HTTP 200"


@pytest.mark.parametrize(
    ("given", "optional", "message"),
    [
        (answer(200, {"expires_in": 200}), False, ""),
        (answer(200, {}), False, ""),
        (answer(200, {"expires_in": None}), False, ""),
        (answer(200, {"expires_in": ""}), False, ""),
        (answer(200, b"{}", {"Content-Type": "text/html"}), False, ""),
        (answer(200, b"<html></html>", HTML), False, f"{MISSING_TTL}, text/html, 13 bytes"),
        (answer(200, b"<html></html>", HTML), True, ""),
        (answer(200, b""), False, f"{MISSING_TTL}, an empty body"),
        (answer(200, b""), True, ""),
    ],
    ids=["told", "absent", "null", "empty", "JSON as HTML", "page", "page, optional", "no body",
         "no body, optional"],
)  # fmt: skip
def test_a_life_that_is_not_told_has_its_default_only_where_the_answer_is_json(
    given: Response, *, optional: bool, message: str
) -> None:
    life = {"ttl": {"path": "$.expires_in", "optional": optional}}
    world = _world(auth({"request": {"path": "/oauth/token"}, "extract": life}), given)

    if message:
        error = rejected(lambda: world.proxy().search())
        assert isinstance(error, AuthError)
        assert error.message == f"{LOGIN_LINE} {message}; expected it at $.expires_in"
        return
    world.proxy().search()
    [grant] = world.env.renewed.values()
    assert grant.expires - START == pytest.approx(140 if b"200" in given.body else 3540)


@pytest.mark.parametrize("filler", range(180, 210, 3))
def test_a_message_is_cut_after_it_was_redacted(filler: int) -> None:
    world = _world(TOKEN, answer(400, {"error_description": f"{'x' * filler}{SECRET}"}))

    error = rejected(lambda: world.proxy().search())

    assert "x" * 180 in error.message
    assert SECRET[:4] not in error.message


def test_the_platforms_conditions_judge_a_login_that_has_no_rule_of_its_own() -> None:
    rules = ResponseRules(
        ok=OkRule(status=(200,), all=(Condition(path="$.errcode", any_of=(0,)),)),
        code=("$.errcode",),
    )
    world = _world(TOKEN, ok({"errcode": 40013, "access_token": "tok-1234"}))
    world.book.platforms = {"crm_system": crm(auth=TOKEN, response=rules)}

    error = rejected(lambda: world.proxy().search())

    assert error.message.startswith(f"{LOGIN_LINE} was refused {STEP}: HTTP 200, code 40013")


@pytest.mark.parametrize(
    ("value", "accepted"), [({"ok": True, "access_token": "tok-1"}, True), ({"ok": False}, False)]
)
def test_a_step_may_have_a_rule_of_its_own(value: Any, accepted: bool) -> None:
    step = {
        "request": {"path": "/t"},
        "ok": {"all": [{"path": "$.ok", "in": ["true"]}]},
        "extract": {"token": {"path": "$.access_token", "optional": True}},
    }
    world = _world(auth(step), ok(value))

    if accepted:
        world.proxy().search()
    else:
        assert rejected(lambda: world.proxy().search()).code == "AUTH_FAILED"


def test_a_login_that_did_not_complete_keeps_its_code() -> None:
    def fail(_request: Request) -> Response:
        raise TransportError("no route", code="CONNECT", sent=False, elapsed=2.0)

    world = World(crm(auth=TOKEN), fail)

    error = rejected(lambda: world.proxy().search())

    assert isinstance(error, TransportError)
    assert (error.code, error.api, error.sent) == ("CONNECT", "search", False)
    assert [record.name for record in world.log] == ["crm_system.$token", "crm_system.search"]
    assert world.log[0].duration == 2.0


def test_a_refused_login_may_be_tried_again_by_the_next_call_only() -> None:
    world = _world(TOKEN, answer(401, {}), ok({"access_token": "tok-1234"}))

    rejected(lambda: world.proxy().search())
    world.proxy().search()

    assert len(world.sent) == 3


def test_a_login_can_be_made_up_of_standins() -> None:
    """cassettes.md: where the auth track is absent, logins are synthesised."""
    world = _world(TOKEN, synthesise_login=True)
    world.close_network()

    world.proxy().search()

    assert len(world.sent) == 1
    assert headers_of(world.request) == {"Authorization": "Bearer redacted.crm_system.test.token.1"}


def test_a_login_that_yields_an_address_cannot_be_made_up() -> None:
    """cassettes.md: if `acquire` yields more than a token, it has to be recorded."""
    login = auth({"request": {"path": "/t"}, "extract": {**TAKE, "gateway": {"path": "$.url"}}})
    world = _world(login, synthesise_login=True)

    with pytest.raises(ConfigError) as caught:
        world.proxy().search()

    assert str(caught.value) == (
        "the login of 'crm_system', instance 'test', yields 'gateway', which cannot be synthesised;"
        " record cassettes/auth/crm_system.test.yaml"
    )


@pytest.mark.parametrize("url", ["ftp", "/t", "//host/t"])
def test_a_login_address_that_is_not_absolute_is_named(url: str) -> None:
    world = _world(auth({"request": {"url": url}}))

    with pytest.raises(ConfigError, match="the login address of 'crm_system' is not absolute"):
        world.proxy().search()


@pytest.mark.parametrize(
    ("url", "base", "path"),
    [
        ("https://crm.example.test", "https://crm.example.test", ""),
        ("https://crm.example.test/t?a=1", "https://crm.example.test", "/t"),
        ("https://crm.example.test.cn/t", "https://crm.example.test.cn", "/t"),
        ("https://crm.example.test:8443/t", "https://crm.example.test:8443", "/t"),
        ("https://sso.example.test/t#a", "https://sso.example.test", "/t"),
    ],
)
def test_a_login_is_below_the_platform_or_has_a_base_of_its_own(
    url: str, base: str, path: str
) -> None:
    elsewhere = auth({"request": {"url": url}, "extract": TAKE}, apply=BEARER)
    world = _world(elsewhere, ok({"access_token": "tok-1234"}))

    world.proxy().search()

    login = world.sent[0]
    assert login.call
    assert (login.base, login.call.path) == (base, path)
    assert login.url == url.partition("#")[0]


def test_a_login_value_that_cannot_be_sent_is_named() -> None:
    world = _world(auth({"request": {"path": "/t", "headers": {"X-K": "{{ secret }}"}}}))

    with pytest.raises(ConfigError) as caught:
        world.proxy().search()

    assert SECRET not in str(caught.value)
    assert "the login of 'crm_system' cannot be sent: header.X-K holds U+5408" in str(caught.value)


@pytest.mark.parametrize(
    ("ttl", "value", "expected"),
    [
        (Ttl(), None, 3540),
        (Ttl(default=100, margin=10), None, 90),
        (Ttl(), 7200, 7140),
        (Ttl(), 30, 15),
        (Ttl(), 0, 0),
        (Ttl(unit="ms"), 7_200_000, 7140),
        (Ttl(unit="absolute"), START + 7200, 7140),
        (Ttl(unit="absolute_ms"), (START + 7200) * 1000, 7140),
        (Ttl(unit="absolute"), START - 5, -5),
    ],
)
def test_a_grant_is_renewed_a_margin_before_its_end(
    ttl: Ttl, value: float | None, expected: float
) -> None:
    assert compute_renewal_instant(ttl, value, START) - START == pytest.approx(expected)


def test_a_life_begins_when_the_login_is_sent_as_its_end_may_be_long_after() -> None:
    def handle(request: Request) -> Response:
        if request.call is None or request.call.api != LOGIN:
            return ok()
        world.clock.advance(100)
        return ok({"access_token": "tok-0001", "expires_in": 200})

    world = World(crm(auth=TOKEN), handle)
    world.proxy().search()
    world.clock.advance(50)  # 150 s of 200, of which 60 are the margin
    world.proxy().search()

    assert [one.call.api for one in world.sent if one.call] == [LOGIN, "search"] * 2


@pytest.mark.parametrize(
    ("telling", "expires"),
    [((), 3540), ((1,), 140), ((2,), 240), ((3,), 340), ((1, 3), 340), ((1, 2, 3), 340)],
)
def test_of_several_steps_a_life_begins_with_the_one_that_tells_it_last(
    telling: tuple[int, ...], expires: float
) -> None:
    """Each step takes 100 s, and tells of 200 s, of which 60 are the margin."""
    steps = [
        {
            "request": {"path": f"/{number}"},
            "extract": {
                f"key{number}": {"path": "$.key", "secret": True},
                **({"ttl": {"path": "$.ttl"}} if number in telling else {}),
            },
        }
        for number in (1, 2, 3)
    ]

    def handle(request: Request) -> Response:
        if not request.is_login:
            return ok()
        world.clock.advance(100)
        return ok({"key": "key-8f14e45f", "ttl": 200})

    world = World(crm(auth=auth(*steps)), handle)
    world.proxy().search()

    [grant] = world.env.renewed.values()
    assert grant.expires - START == pytest.approx(expires)


def test_a_rotated_refresh_token_replaces_the_first_one() -> None:
    """RFC 6749, section 6: a new refresh token replaces the old one."""
    rotating = auth(
        {
            "request": {"path": "/t", "form": {"refresh_token": "{{ secret }}", "scope": None}},
            "extract": {**TAKE, "secret": {"path": "$.next", "secret": True, "optional": True}},
        },
        apply=BEARER,
    )
    world = _world(
        rotating,
        ok({"access_token": "tok-0001", "next": "refresh-0002"}),
        ok({"access_token": "tok-0002"}),
        ok({"access_token": "tok-0003"}),
    )

    for _ in range(3):
        world.proxy().search()
        world.clock.advance(4000)

    forms = [request.body for request in world.sent[::2]]
    assert forms == [
        b"refresh_token=s3cret-%E5%90%88%E5%90%8C-value",
        b"refresh_token=refresh-0002",
        b"refresh_token=refresh-0002",
    ]
    assert "refresh-0002" not in repr([request.call for request in world.sent])


@pytest.mark.parametrize("token", ["tok\r\nX-Evil: 1", "令牌", "tok "])
def test_a_token_that_would_break_a_header_is_not_sent(token: str) -> None:
    """quality.md: header injection through any part is rejected."""
    world = _world(TOKEN, ok({"access_token": token}))

    with pytest.raises(ConfigError) as caught:
        world.proxy().search()

    assert str(caught.value).startswith(
        "crm_system.search: what auth puts in cannot be sent: header.Authorization holds "
    )
    assert token not in str(caught.value)
    assert len(world.sent) == 1


RATED = msgspec.structs.replace(
    TOKEN, recover={"rate": Recover(tries=3, wait=("header:retry-after",))}
)
MANY = answer(429, {"error": "slow_down"}, {"Retry-After": "2"})


def test_a_login_that_comes_too_often_waits_as_recover_says() -> None:
    """O: a refused login is never retried; one that was rate-limited waits."""
    world = _world(RATED, MANY, MANY, ok({"access_token": "tok-1234"}))

    world.proxy().search()

    logins = [record for record in world.log if record.is_login]
    assert [record.status for record in logins] == [429, 429, 200]
    assert world.slept == [2.0, 2.0]
    again = ("rate: sent again after 2 s",)
    assert [record.notes for record in logins] == [(), again, again]
    told = [(one.name, one.instance, one.attempts, one.caller) for one in logins]
    assert told == [("crm_system.$token", "test", 1, None)] * 3
    assert [(one.at - START, one.duration) for one in logins] == [(0, 0), (2, 0), (4, 0)]
    assert [one.began < one.ended for one in logins] == [True] * 3


@pytest.mark.parametrize(
    ("given", "sent", "told"),
    [
        (RATED, 3, "sent 3 times"),
        (
            msgspec.structs.replace(TOKEN, recover={"rate": Recover(tries=2, backoff=1.0)}),
            2,
            "sent 2 times",
        ),
        (TOKEN, 1, "sent once"),
    ],
)
def test_a_login_that_still_comes_too_often_is_no_refusal_of_its_credentials(
    given: Auth, sent: int, told: str
) -> None:
    """O: a 429 on login is told as a rate limit, never as refused credentials."""
    world = _world(given, *[MANY] * 9)

    error = rejected(lambda: world.proxy().search())

    assert not isinstance(error, AuthError)
    assert (error.code, error.status) == ("HTTP_STATUS", 429)
    assert "met a rate limit" in error.message
    assert told in error.message
    assert "credentials" not in error.message
    assert len(world.sent) == sent


def test_a_refused_login_is_never_sent_again_whatever_recover_says() -> None:
    """O: a refused *login* is never retried (WeCom bans the IP)."""
    world = _world(RATED, *[answer(401, {}, {"Retry-After": "2"})] * 3)

    error = rejected(lambda: world.proxy().search())

    assert error.code == "AUTH_FAILED"
    assert (len(world.sent), world.slept) == (1, [])


ROTATING = auth(
    {
        "request": {"path": "/t", "form": {"refresh_token": "{{ secret }}"}},
        "extract": {**TAKE, "secret": {"path": "$.next", "secret": True, "optional": True}},
    },
    apply=BEARER,
)


@dataclass(slots=True, repr=False)
class Renewal(RenewableCredentialStore):
    """One that others have open twice before; it notes what is kept, and that it is closed."""

    busy: int = 2
    kept: list[Mapping[str, str]] = field(default_factory=list)
    closed: int = 0

    def try_lock_and_read(self) -> bool:
        self.busy -= 1
        return self.busy < 0

    def store(self, values: Mapping[str, str]) -> None:
        assert not self.closed
        self.kept.append(values)

    def release_lock(self) -> None:
        self.closed += 1


@pytest.mark.parametrize(
    ("given", "source", "kept", "code"),
    [
        ({"access_token": "tok-0001", "next": "refresh-0002"}, "live", ["refresh-0002"], ""),
        ({"access_token": "tok-0001", "next": "refresh-0002"}, "recorded", [], ""),
        ({"access_token": "tok-0001"}, "live", [None], ""),
        ({"next": "refresh-0002"}, "live", [], "AUTH_FAILED"),
    ],
)
@pytest.mark.parametrize("earlier", ["", "refresh-0001"])
def test_what_a_login_replaces_is_kept_before_others_may_log_in(
    given: dict[str, str], source: str, kept: list[str | None], code: str, earlier: str
) -> None:
    renewal = Renewal()
    renewal.values = {"secret": earlier} if earlier else {}
    world = _world(ROTATING, ok(given, source=source))
    world.env.renewal = renewal

    if code:
        assert rejected(world.proxy().search).code == code
    else:
        world.proxy().search()

    assert list(world.env.renewed_names) == ["secret"]
    assert [each.get("secret") for each in renewal.kept] == [one or earlier or None for one in kept]
    assert (renewal.closed, renewal.busy, world.slept) == (1, -1, [0.05, 0.05])
    sent = dict(parse_qsl((world.sent[0].body or b"").decode()))
    assert sent == {"refresh_token": earlier or SECRET}
    if earlier:
        assert world.vault.redact_text(f"<{earlier}>") == f"<{STANDIN}>"
    assert world.env.ended == ([None] if code else [3540.0])


@pytest.mark.parametrize(
    ("given", "life"),
    [
        (ok({"access_token": "tok-0001", "expires_in": 7200}, elapsed=3.0), 7140.0),
        (ok({"access_token": "tok-0001", "expires_in": 0}), 0.0),
        (ok({"access_token": "tok-0001"}), 3540.0),
        (ok({"expires_in": 7200}), None),
        (answer(401, {}), None),
        (TransportError("refused", code="CONNECT", sent=False), None),
    ],
)
def test_the_session_is_told_how_long_lives_what_a_login_yielded(
    given: Response | TransportError, life: float | None
) -> None:
    def handle(request: Request) -> Response:
        if request.is_login and isinstance(given, TransportError):
            raise given
        assert isinstance(given, Response)
        return given if request.is_login else ok()

    world = World(crm(auth=TOKEN), handle)
    if life is None:
        rejected(lambda: world.proxy().search())
    else:
        world.proxy().search()

    assert world.env.ended == [life]
    login = world.log[0]
    assert login.is_login
    assert (login.error is None) == isinstance(given, Response)
    assert login.status == (given.status if isinstance(given, Response) else None)


def test_what_the_time_makes_is_no_part_of_a_login_wherever_it_stands() -> None:
    """Directly, by a parameter, by a parameter of a parameter; a list is one place."""
    declared = msgspec.convert(
        {
            "parameters": {
                "plain": "{{ client_id }}",
                "inner": "{{ now | unix }}",
                "outer": "v{{ inner }}",
            },
            "acquire": {
                "steps": [
                    {
                        "request": {
                            "method": "POST",
                            "path": "/t",
                            "query": {"ts": "{{ now | unix }}", "v": "1", "p": "{{ plain }}"},
                            "headers": {"X-Once": "{{ nonce }}", "X-V": "{{ outer }}", "X-P": "1"},
                            "body": {
                                "a": {"b": "{{ outer }}", "c": "{{ client_id }}"},
                                "list": ["1", "{{ now | unix }}"],
                                "fixed": ["1", "{{ plain }}"],
                                "odd": {"x y": "{{ nonce }}", "z": "1"},
                            },
                        },
                        "extract": TAKE,
                    }
                ]
            },
        },
        Auth,
    )
    world = _world(declared, ok({"access_token": "tok-1234"}))

    world.proxy().search()

    login = world.sent[0]
    assert set(login.injected) == {
        "query.ts",
        "header.x-once",
        "header.x-v",
        "body.a.b",
        "body.list",
        "body.odd",
    }
    assert login.call
    assert login.call.query == (("v", "1"), ("p", "test"))
    assert [name for name, _ in login.call.headers] == ["X-P", "Content-Type"]
    assert json.loads(login.call.body or b"") == {"a": {"c": "test"}, "fixed": ["1", "test"]}
