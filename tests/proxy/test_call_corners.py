"""Calls and logins at their corners: what counts again, which clock holds, what a record shows."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any
from urllib.parse import unquote

import msgspec
import pytest

from bpmax_sim.clock import VirtualClock
from bpmax_sim.errors import (
    AuthError,
    BadResponseError,
    CallError,
    ConfigError,
    LostCharactersWarning,
    TransportError,
)
from bpmax_sim.messages import VERIFIED, Call, Request, Response
from bpmax_sim.platform.model import Api, Auth, ErrorClass, Idempotency, Recover, ResponseRules
from bpmax_sim.proxy.client import TokenStore, exchange_within_timeout, run_blocking, run_call
from tests.proxy.test_login import BEARER, TAKE, auth
from tests.proxy.world import (
    CREATE,
    SEARCH,
    SECRET,
    STANDIN,
    START,
    TOKEN,
    World,
    answer,
    crm,
    headers_of,
    ok,
    rejected,
)

Given = Response | TransportError
CUT = TransportError("the connection was cut", code="RESET", sent=True)


def _recover(given: Auth = TOKEN, **classes: Any) -> Auth:
    recover = msgspec.convert(classes, dict[str, Recover])
    return msgspec.structs.replace(given, recover={**given.recover, **recover})


class Server:
    """Answers logins and calls by a list each, and after that well."""

    def __init__(self, calls: Sequence[Given] = (), logins: Sequence[Given] = ()) -> None:
        self.calls, self.logins = iter(calls), iter(logins)

    def __call__(self, request: Request) -> Response:
        given: Iterator[Given] = self.logins if request.is_login else self.calls
        made = next(given, ok({"access_token": "tok-1234"} if request.is_login else None))
        if isinstance(made, Exception):
            raise made
        return made


@pytest.mark.parametrize(("refused", "code"), [(0, ""), (1, ""), (2, "AUTH_FAILED")])
def test_each_sending_of_a_call_has_its_number(refused: int, code: str) -> None:
    """By which a recording knows it."""
    given = _recover(transient={"tries": 4, "backoff": 0})
    server = Server([answer(503, {}), *[answer(401, {})] * refused])
    world = World(crm(SEARCH, auth=given), server)

    if code:
        assert rejected(world.proxy().search).code == code
    else:
        world.proxy().search()

    calls = [request.attempt for request in world.sent if not request.is_login]
    assert calls == [0, 1, 2][: 2 + min(refused, 1)]
    assert sum(request.is_login for request in world.sent) == 1 + min(refused, 1)


RATES = ResponseRules(
    code=("$.errcode",),
    classes={
        "rate": ErrorClass(code=(45009,), status=(429,)),
        "transient": ErrorClass(code=(-1,), status=(503,)),
        "token": ErrorClass(code=(40014,)),
    },
)


@pytest.mark.parametrize(
    ("api", "given", "sent"),
    [
        (CREATE, answer(429, {}), 3),
        (CREATE, answer(429, {"errcode": -1}), 3),
        (CREATE, answer(200, {"errcode": 45009}), 1),  # it may have been executed
        (SEARCH, answer(200, {"errcode": 45009}), 3),
        (CREATE, answer(503, {"errcode": 45009}), 1),
        (CREATE, CUT, 1),
        (SEARCH, CUT, 3),
    ],
)
def test_only_http_429_says_that_a_call_was_not_executed(api: Api, given: Given, sent: int) -> None:
    again = {"tries": 3, "backoff": 0}
    server = Server([given] * 2)
    world = World(
        crm(api, auth=_recover(Auth(), rate=again, transient=again), response=RATES), server
    )

    with suppress(CallError):
        world.proxy().direct(api.key)

    assert len(world.sent) == sent


def test_the_record_of_a_call_that_failed_at_last_has_no_response_of_a_sending_before() -> None:
    server = Server([answer(503, {}, elapsed=2.0), CUT])
    world = World(crm(SEARCH, auth=_recover(Auth(), transient={"tries": 2, "backoff": 5})), server)

    assert rejected(world.proxy().search).code == "RESET"

    [record] = world.log
    assert (record.status, record.source, record.response, record.attempts) == (None, "", None, 2)
    [earlier] = record.earlier
    assert earlier.response is not None
    assert (earlier.response.status, earlier.error) == (503, None)
    assert (earlier.at, earlier.duration, earlier.wait) == (START, 2.0, 5.0)
    assert (record.sent_at, record.duration) == (START + 7, 7.0)


def test_each_sending_is_timed_for_itself() -> None:
    server = Server([answer(503, {}, elapsed=2.0), answer(503, {}, elapsed=3.0)])
    world = World(crm(SEARCH, auth=_recover(Auth(), transient={"tries": 3, "backoff": 1})), server)

    world.proxy().search()

    [record] = world.log
    assert [(one.at - START, one.duration, one.wait) for one in record.earlier] == [
        (0.0, 2.0, 1.0), (3.0, 3.0, 2.0),
    ]  # fmt: skip
    assert record.sent_at == START + 8


@pytest.mark.parametrize(
    ("retry_after", "waited"),
    [("30", 30.0), ("Mon, 02 Mar 2026 01:02:00 GMT", 20.0), ("2026-03-02T09:01:39+08:00", 0.0)],
)
def test_an_instant_to_wait_for_is_held_against_the_clock_of_auth(
    retry_after: str, waited: float
) -> None:
    """Which is the real one where the virtual one began elsewhere."""
    given = _recover(Auth(), rate={"tries": 2, "wait": ["header:retry-after"]})
    server = Server([answer(429, {}, {"Retry-After": retry_after})])
    world = World(crm(SEARCH, auth=given), server, auth_clock=VirtualClock(START + 100))

    world.proxy().search()

    assert sum(world.slept) == waited


def test_a_clock_is_corrected_by_the_clock_of_auth() -> None:
    given = msgspec.convert(
        {
            "apply": [{"in": "header", "name": "X-Time", "value": "{{ now | unix }}"}],
            "recover": {"skew": {"clock": True}},
        },
        Auth,
    )
    rules = ResponseRules(code=("$.code",), classes={"skew": ErrorClass(code=("skew",))})
    server = Server([answer(403, {"code": "skew"}, {"Date": "Mon, 02 Mar 2026 02:00:00 GMT"})])
    world = World(
        crm(SEARCH, auth=given, response=rules), server, auth_clock=VirtualClock(START + 100)
    )

    world.proxy().search()

    times = [int(headers_of(request)["X-Time"]) - START for request in world.sent]
    assert (times, world.log[0].notes) == ([100, 3600], ("clock corrected by +3500 s",))


@pytest.mark.parametrize(
    ("own", "declared"), [("", "gb18030"), ("gb18030", "utf-8"), ("gb18030", "")]
)
def test_a_response_that_knows_its_charset_keeps_it(own: str, declared: str) -> None:
    body = "张三".encode("gb18030")
    api = msgspec.structs.replace(SEARCH, charset=declared) if declared else SEARCH
    given = answer(200, body, {"Content-Type": "text/plain"}, charset=own)
    world = World(crm(api), Server([given]))

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LostCharactersWarning)
        value = world.proxy().search()

    assert world.log[0].received is not None
    assert world.log[0].received.charset == (own or declared)
    assert (value == "张三") is (declared != "utf-8")


@pytest.mark.parametrize(
    ("media", "body", "result", "warns"),
    [
        ("text/plain", b"\xd5\xc5", "auto", True),
        ("text/plain", b"\xd5\xc5", "bytes", False),
        ("text/plain", "张".encode(), "auto", False),
        ("application/json", b'{"a": "\xd5\xc5"}', "auto", False),  # it is an error
        ("application/json", b'{"a": "\xd5\xc5"}', "bytes", False),
        ("application/pdf", b"\xd5\xc5", "auto", False),
    ],
)
def test_lost_characters_are_told_of_texts_alone(
    media: str, body: bytes, result: str, *, warns: bool
) -> None:
    fields = {} if result == "auto" else {"result": result}
    api = msgspec.convert({"key": "search", "path": "/s", **fields}, Api)
    world = World(crm(api), Server([answer(200, body, {"Content-Type": media})]))

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with suppress(BadResponseError):
            world.proxy().search()

    assert [one.category for one in caught] == [LostCharactersWarning] * warns
    assert len(world.log[0].notes) == warns


@pytest.mark.parametrize(
    ("source", "trust", "code"),
    [
        ("live", "", "AUTH_FAILED"),
        ("live", VERIFIED, ""),
        ("live", "it was signed too late", "AUTH_FAILED"),
        ("recorded", "", ""),
        ("recorded", VERIFIED, ""),
        ("recorded", "it was signed too late", "AUTH_FAILED"),
        ("simulated", "", ""),
    ],
)
def test_a_signature_of_a_response_is_verified_where_it_came_from_the_third_party(
    source: str, trust: str, code: str
) -> None:
    """While recording it was verified before, and replay goes by what was found."""
    rule = {"message": "{{ response_body }}", "signature": "{{ response_headers['x-sign'] }}",
            "key": "{{ secret }}", "algorithm": "hmac-sha256", "encode": "hex"}  # fmt: skip
    given = msgspec.convert({"verify_response": rule}, Auth)
    response = ok({"a": 1}, source=source, trust=trust)
    world = World(crm(SEARCH, auth=given), Server([response]))

    if code:
        error = rejected(world.proxy().search)
        assert (error.code, error.platform, error.instance, error.api) == (
            code, "crm_system", "test", "search",
        )  # fmt: skip
        assert not trust or error.message == trust
    else:
        assert world.proxy().search() == {"a": 1}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, ("crm_system", "test", "search")),
        ({"platform": "erp", "instance": "prod", "api": "x"}, ("erp", "test", "search")),
        ({"platform": f"p-{SECRET}"}, (f"p-{STANDIN}", "test", "search")),
    ],
)
def test_an_error_names_its_call_and_no_secret(
    fields: dict[str, str], expected: tuple[str, str, str]
) -> None:
    given = TransportError(f"cannot reach {SECRET}", code="CONNECT", **fields)  # type: ignore[arg-type]
    world = World(crm(SEARCH), Server([given]))

    error = rejected(world.proxy().search)

    assert (error.platform, error.instance, error.api) == expected
    assert SECRET not in f"{error} {error.message} {error.args}"


def test_a_record_shows_no_secret_that_a_script_named() -> None:
    world = World(crm(SEARCH))

    world.proxy(caller=f"任务 {SECRET}").search()
    rejected(lambda: world.proxy(caller=SECRET).direct(f"x-{SECRET}"))

    assert [record.caller for record in world.log] == [f"任务 {STANDIN}", STANDIN]
    assert world.log[1].api == f"x-{STANDIN}"


@pytest.mark.parametrize(
    ("platform", "message", "names"),
    [("crm", "crm.get: cut", ("crm", "test", "get")), ("", "cut", ("", "", ""))],
)
def test_a_request_without_platform_names_no_call(
    platform: str, message: str, names: tuple[str, ...]
) -> None:
    call = Call(platform=platform, instance="test", api="get", method="GET", path="/")
    request = Request(method="GET", url="https://a.test/", call=call)

    def cut(_request: Request) -> Response:
        raise TransportError("cut", code="RESET")

    error = exchange_within_timeout(request, cut).error
    assert isinstance(error, TransportError)
    assert (error.message, (error.platform, error.instance, error.api)) == (message, names)


@pytest.mark.parametrize(("passed", "now"), [(0.0, 3.0), (2.0, 3.0), (5.0, 5.0)])
def test_an_exchange_moves_the_clock_to_its_end_and_not_by_its_time(
    passed: float, now: float
) -> None:
    """Calls of other threads may have moved it meanwhile."""
    clock = VirtualClock(0)

    def respond(_request: Request) -> Response:
        clock.advance(passed)
        return ok(elapsed=3.0)

    world = World(crm(SEARCH), respond)
    spec = world.proxy().api("search").spec
    world.env.clock = clock
    run_blocking(run_call(spec, world.env), handle=respond, tokens=TokenStore(), clock=clock)

    assert clock.now() == now


def test_a_call_with_an_idempotency_key_has_it_before_its_token() -> None:
    idempotent = Idempotency(place="header", name="X-Request-Id")
    api = msgspec.structs.replace(CREATE, idempotency=idempotent)
    world = World(crm(api, auth=TOKEN), Server())

    world.proxy().api("create_contract").header({"X-App": "1"}).call()

    assert [*headers_of(world.request)] == ["X-App", "X-Request-Id", "Authorization"]


@pytest.mark.parametrize(("has_credential", "confined"), [(False, False), (True, True)])
def test_a_call_with_a_credential_in_it_stays_with_its_origin(
    *, has_credential: bool, confined: bool
) -> None:
    query = {"key": {"$credential": "secret"}} if has_credential else {"key": "1"}
    world = World(crm(msgspec.structs.replace(SEARCH, query=query)))

    world.proxy().search()

    assert world.request.confined is confined
    assert unquote(world.request.url).endswith(SECRET) is has_credential


def test_a_login_that_is_sent_again_waits_longer_each_time_and_has_a_nonce_of_its_own() -> None:
    nonce = auth(
        {"request": {"path": "/t", "query": {"n": "{{ nonce }}"}}, "extract": TAKE}, apply=BEARER
    )
    given = _recover(nonce, rate={"tries": 4, "backoff": 1})
    world = World(crm(SEARCH, auth=given), Server(logins=[answer(429, {})] * 3), separate=True)

    world.proxy().search()

    logins = [request for request in world.sent if request.is_login]
    assert world.slept == [1.0, 2.0, 4.0]
    assert len({request.url for request in logins}) == 4
    assert len({request.recorded_form.url for request in logins}) == 4


@pytest.mark.parametrize(
    ("given", "kind", "status"),
    [
        (answer(429, {}), "HTTP_STATUS", 429),
        (answer(200, {"errcode": 45009}), "AUTH_FAILED", 200),
        (answer(503, {"errcode": 45009}), "HTTP_STATUS", 503),
        (answer(400, {"errcode": 45009}), "HTTP_STATUS", 400),
    ],
)
def test_the_error_of_a_rate_limited_login_goes_by_its_status(
    given: Response, kind: str, status: int
) -> None:
    rules = msgspec.structs.replace(
        RATES, ok=msgspec.convert({"all": [{"path": "$.errcode", "in": [0]}]}, type(RATES.ok))
    )
    world = World(crm(SEARCH, auth=TOKEN, response=rules), Server(logins=[given] * 2))

    error = rejected(world.proxy().search)

    assert (error.code, error.status) == (kind, status)
    assert isinstance(error, AuthError) is (kind == "AUTH_FAILED")
    assert "met a rate limit" in error.message
    assert "sent once" in error.message


@pytest.mark.parametrize(
    ("location", "accepted"), [("/login?error=1", False), ("/home", True), ("login", False)]
)
def test_a_login_that_leads_back_to_its_form_was_refused_whatever_its_status(
    location: str, *, accepted: bool
) -> None:
    rules = ResponseRules(classes={"token": ErrorClass(location=("/login",))})
    step = {
        "request": {"path": "/login", "form": {"u": "{{ client_id }}", "p": "{{ secret }}"}},
        "ok": {"status": [302]},
        "extract": {"sid": {"path": "cookie:SID", "secret": True}},
    }
    given = answer(302, b"", {"Location": location, "Set-Cookie": "SID=sid-1234"})
    world = World(crm(SEARCH, auth=auth(step), response=rules), Server(logins=[given]))

    if accepted:
        world.proxy().search()
    else:
        error = rejected(world.proxy().search)
        assert error.code == "AUTH_FAILED"
        assert "it leads back to the form; check its credentials" in error.message


def test_the_life_of_a_token_begins_with_the_first_request_of_a_redirected_login() -> None:
    step = {
        "request": {"method": "GET", "path": "/t"},
        "follow": True,
        "extract": {**TAKE, "ttl": {"path": "$.ttl"}},
    }
    logins = [
        answer(302, b"", {"Location": "/t2"}, elapsed=10.0),
        answer(302, b"", {"Location": "/t3"}, elapsed=10.0),
        ok({"access_token": "tok-1234", "ttl": 600}, elapsed=10.0),
    ]
    world = World(crm(SEARCH, auth=auth(step)), Server(logins=logins))

    world.proxy().search()

    [grant] = world.env.renewed.values()
    assert (grant.expires - START, world.env.ended) == (540.0, [540.0])


@pytest.mark.parametrize(("ahead", "kept"), [(0, True), (29, True), (30, False), (60, False)])
def test_a_cookie_of_a_login_expires_by_the_clock_of_auth(ahead: int, *, kept: bool) -> None:
    steps = (
        {"request": {"method": "GET", "path": "/form"}},
        {"request": {"path": "/login"}, "extract": TAKE},
    )
    cookie = "SID=sid-1234; Expires=Mon, 02 Mar 2026 01:00:30 GMT"
    world = World(
        crm(SEARCH, auth=auth(*steps)),
        Server(logins=[answer(200, b"", {"Set-Cookie": cookie})]),
        auth_clock=VirtualClock(START + ahead),
    )

    world.proxy().search()

    sent = {k.lower(): v for k, v in world.sent[1].headers}
    assert sent.get("cookie") == ("SID=sid-1234" if kept else None)


@pytest.mark.parametrize(
    ("rule", "error"),
    [
        ({"path": "$.url"}, True),
        ({"path": "$.url", "optional": True}, False),
        ({"path": "$.url", "secret": True}, False),
    ],
)
def test_a_login_is_synthesised_without_what_is_optional(
    rule: dict[str, Any], *, error: bool
) -> None:
    given = auth({"request": {"path": "/t"}, "extract": {**TAKE, "gateway": rule}}, apply=BEARER)
    world = World(crm(SEARCH, auth=given), synthesise_login=True)
    world.close_network()

    if error:
        with pytest.raises(ConfigError, match="yields 'gateway', which cannot be synthesised"):
            world.proxy().search()
    else:
        world.proxy().search()
        assert headers_of(world.request)["Authorization"].endswith(".token.1")


def test_a_form_of_a_login_leaves_out_null_alone() -> None:
    form = {"scope": "", "none": None, "n": 0, "off": False, "id": "{{ client_id }}"}
    given = auth({"request": {"path": "/t", "form": form}, "extract": TAKE}, apply=BEARER)
    world = World(crm(SEARCH, auth=given), Server())

    world.proxy().search()

    assert world.sent[0].body == b"scope=&n=0&off=false&id=test"


def test_an_address_that_a_login_yields_wins_over_a_credential_of_that_name() -> None:
    """Of two values of one name the newest holds: that of the login."""
    given = auth(
        {"request": {"path": "/t"}, "extract": {"secret": {"path": "$.next", "secret": True}}},
        apply=[{"in": "header", "name": "X-Key", "value": "{{ secret }}"}],
    )
    world = World(crm(SEARCH, auth=given), Server(logins=[ok({"next": "key-0002"})]))

    world.proxy().search()

    assert headers_of(world.request)["X-Key"] == "key-0002"


@pytest.mark.parametrize("before", [0, 1])
@pytest.mark.parametrize(
    "failure", [answer(500, {}), ok({"no": "token"}), TransportError("cut", code="RESET")]
)
def test_a_credential_that_a_login_replaced_is_the_newest_though_the_login_failed(
    before: int, failure: Given
) -> None:
    """A refresh token is good for once: the next login of the session sends the one after it."""
    given = auth(
        {
            "request": {"path": "/refresh", "form": {"refresh": "{{ secret }}"}},
            "extract": {"secret": {"path": "$.next", "secret": True}},
        },
        {"request": {"path": "/token"}, "extract": TAKE},
        apply=BEARER,
    )
    well = [ok({"next": "refresh-0001"}), ok({"access_token": "tok-0001"})] * before
    logins = [*well, ok({"next": "refresh-0002"}), failure, ok({"next": "refresh-0003"})]
    world = World(crm(SEARCH, auth=given), Server(logins=logins))
    for _ in range(before):
        world.proxy().search()
        world.clock.advance(7200)

    rejected(world.proxy().search)
    [known] = world.env.renewed.values()
    earlier = {"token": "tok-0001"} if before else {}
    assert known.values == {"secret": "refresh-0002"} | earlier
    world.proxy().search()

    forms = [(one.body or b"").decode() for one in world.sent if one.url.endswith("/refresh")]
    assert forms[-1] == "refresh=refresh-0002"
    assert headers_of(world.request)["Authorization"] == "Bearer tok-1234"
    [grant] = world.env.renewed.values()
    assert grant.values == {"secret": "refresh-0003", "token": "tok-1234"}
