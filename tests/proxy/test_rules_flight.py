"""proxy.md, section Calls in flight: one login, one renewal, and retries only where they may be."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec
import pytest

from bpmax_sim.errors import AuthError, TransportError
from bpmax_sim.messages import LOGIN, Request, Response
from bpmax_sim.platform.model import Api, Auth, ErrorClass, Recover, ResponseRules, Wait
from bpmax_sim.proxy.call_effects import Flow, Grant, TokenRequest
from bpmax_sim.proxy.client import TokenStore
from bpmax_sim.proxy.recovery import (
    ReceivedResponse,
    RetryDecision,
    decide_wait,
    read_seconds_until,
)
from bpmax_sim.proxy.response import read_body
from tests.proxy.world import (
    CREATE,
    DETAIL,
    SEARCH,
    SECRET,
    START,
    TOKEN,
    World,
    answer,
    crm,
    headers_of,
    ok,
    rejected,
)

WECOM = ResponseRules(
    code=("$.errcode",),
    classes={
        "token": ErrorClass(code=(40014, 42001)),
        "rate": ErrorClass(code=(45009,)),
        "transient": ErrorClass(code=(-1,)),
    },
)


class Server:
    """Issues tokens, and answers business calls from a script of answers."""

    def __init__(self, *answers: Any, same_token: bool = False) -> None:
        self.answers: Iterator[Any] = iter(answers)
        self.logins = 0
        self.business: list[Request] = []
        self.same_token = same_token

    def __call__(self, request: Request) -> Response:
        if request.call and request.call.api == LOGIN:
            self.logins += 1
            number = 1 if self.same_token else self.logins
            return ok({"access_token": f"tok-{number:04d}", "expires_in": 7200}, elapsed=0.1)
        self.business.append(request)
        given = next(self.answers, None)
        if isinstance(given, Exception):
            raise given
        return ok() if given is None else given

    @property
    def tokens(self) -> list[str]:
        return [headers_of(request)["Authorization"] for request in self.business]


def _world(server: Server, *apis: Api, auth: Auth = TOKEN, **fields: Any) -> World:
    return World(crm(*apis, auth=auth, **fields), server)


def test_concurrent_callers_share_one_login() -> None:
    """O: concurrent callers share one token acquisition (single flight per instance)."""
    started = threading.Barrier(20)
    server = Server()
    entered = threading.Semaphore(0)

    def slow(request: Request) -> Response:
        if request.call and request.call.api == LOGIN:
            entered.acquire(timeout=0.05)  # gives the other nineteen time to arrive
        return server(request)

    world = World(crm(auth=TOKEN), slow)

    def one(_number: int) -> Any:
        started.wait()
        return world.proxy().get_customer_detail("1")

    with ThreadPoolExecutor(20) as pool:
        results = list(pool.map(one, range(20)))

    assert results == [{"code": 200, "message": "ok"}] * 20
    assert server.logins == 1
    assert set(server.tokens) == {"Bearer tok-0001"}


def test_everyone_who_waits_for_a_refused_login_is_told_and_it_is_sent_once() -> None:
    """O: a refused *login* is never retried (WeCom bans the IP)."""
    arrived = threading.Semaphore(0)
    logins: list[Request] = []

    class Counting(TokenStore):
        def obtain(self, wanted: TokenRequest, run: Callable[[Flow], Grant]) -> Grant:
            arrived.release()
            return super().obtain(wanted, run)

    def refuse(request: Request) -> Response:
        logins.append(request)
        for _ in range(8):
            arrived.acquire(timeout=10)
        threading.Event().wait(0.2)  # from having arrived to waiting
        return answer(401, {"error": "invalid_client"})

    world = World(crm(auth=TOKEN), refuse)
    world.tokens = Counting()

    def one(_number: int) -> Any:
        return rejected(lambda: world.proxy().get_customer_detail("1"))

    with ThreadPoolExecutor(8) as pool:
        errors = list(pool.map(one, range(8)))

    assert len(logins) == 1
    assert {type(error) for error in errors} == {AuthError}
    assert len({id(error) for error in errors}) == 8


def test_two_instances_never_share_a_token() -> None:
    """O: single flight per instance."""
    server = Server()
    world = _world(server)

    world.proxy(instance_key="test").api("search").call()
    world.proxy(instance_key="prod").api("search").call()
    world.proxy(instance_key="test").api("search").call()

    assert server.tokens == ["Bearer tok-0001", "Bearer tok-0002", "Bearer tok-0001"]


def test_apis_with_a_login_of_their_own_never_share_a_token() -> None:
    """platforms.md: `auth` of an API replaces the platform's."""
    step = msgspec.structs.replace(TOKEN.acquire.steps[0]) if TOKEN.acquire else None
    assert step
    other_step = msgspec.structs.replace(
        step, request=msgspec.structs.replace(step.request, path="/other/token")
    )
    assert TOKEN.acquire
    other = msgspec.structs.replace(
        TOKEN, acquire=msgspec.structs.replace(TOKEN.acquire, steps=(other_step,))
    )
    server = Server()
    world = _world(server, SEARCH, msgspec.structs.replace(CREATE, auth=other))

    world.proxy().search()
    world.proxy().create_contract()

    assert server.logins == 2


def test_the_shared_credentials_are_part_of_the_key() -> None:
    """platforms.md: `share: [corpid, corpsecret]` is the cache key."""
    assert TOKEN.acquire
    shared = msgspec.structs.replace(
        TOKEN, acquire=msgspec.structs.replace(TOKEN.acquire, share=("client_id", "secret"))
    )
    server = Server()
    world = _world(server, auth=shared)

    world.proxy().search()
    world.close_network()
    world.proxy().search()

    assert server.logins == 2


@pytest.mark.parametrize(
    ("parameters", "logins"),
    [
        ({"token_path": "/erp"}, 2),
        ({"token_path": "/{{ system }}"}, 1),
        ({"system": "erp", "token_path": "/{{ system }}"}, 2),
        ({"prefix": "Token"}, 1),
    ],
)
def test_apis_with_other_parameters_of_a_login_never_share_a_token(
    parameters: dict[str, Any], logins: int
) -> None:
    assert TOKEN.acquire
    steps = tuple(
        msgspec.structs.replace(
            step, request=msgspec.structs.replace(step.request, path="{{ token_path }}")
        )
        for step in TOKEN.acquire.steps
    )
    acquire = msgspec.structs.replace(TOKEN.acquire, steps=steps)
    usual = {"system": "crm", "token_path": "/{{ system }}", "prefix": "Bearer"}
    one, two = (
        msgspec.structs.replace(TOKEN, acquire=acquire, parameters=usual | more)
        for more in ({}, parameters)
    )
    server = Server()
    world = _world(server, SEARCH, msgspec.structs.replace(CREATE, auth=two), auth=one)

    world.proxy().search()
    world.proxy().create_contract()

    assert server.logins == logins


@pytest.mark.parametrize("same_token", [False, True])
def test_on_a_token_error_the_token_is_dropped_and_the_call_sent_once_more(
    same_token: bool,
) -> None:
    """O: on a token error: drop the token, acquire once, retry once."""
    server = Server(ok({"errcode": 40014}), same_token=same_token)
    world = _world(server, CREATE, response=WECOM)

    assert world.proxy().create_contract() == {"code": 200, "message": "ok"}

    assert (server.logins, len(server.business)) == (2, 2)
    assert world.log[-1].notes == ("token refused; logged in anew",)
    assert world.log[-1].attempts == 2


def test_an_endlessly_refusing_server_gets_exactly_two_business_calls() -> None:
    """O: retry once, then fail. AUTH_FAILED: token refused again after one refresh."""
    server = Server(*[ok({"errcode": "42001", "errmsg": f"expired {SECRET}"})] * 9)
    world = _world(server, response=WECOM)

    error = rejected(lambda: world.proxy().search())

    assert (server.logins, len(server.business)) == (2, 2)
    assert (error.code, error.message) == (
        "AUTH_FAILED",
        "crm_system.search: the new token was refused too: HTTP 200, code 42001",
    )
    assert SECRET not in repr(error.response)


def test_a_401_is_a_token_error_where_nothing_else_is_declared() -> None:
    """O: on a token error: drop the token, acquire once, retry once, then fail."""
    server = Server(answer(401, {}), answer(401, {}), answer(401, {}))

    error = rejected(lambda: _world(server).proxy().search())

    assert (error.code, error.status, len(server.business)) == ("AUTH_FAILED", 401, 2)


def test_without_a_login_a_401_is_an_ordinary_rejection() -> None:
    """O: AUTH_FAILED is for logins and renewed tokens."""
    server = Server(answer(401, {}))

    error = rejected(lambda: _world(server, auth=Auth()).proxy().search())

    assert (error.code, len(server.business)) == ("HTTP_STATUS", 1)


def test_a_token_refused_to_two_callers_is_renewed_once() -> None:
    """O: acquire once: whoever comes second takes the new token."""
    server = Server()
    world = _world(server, response=WECOM)
    world.proxy().search()
    server.answers = iter([ok({"errcode": 40014})] * 2)
    both = threading.Barrier(2)

    def refusing(request: Request) -> Response:
        made = server(request)
        if b"40014" in made.body:
            both.wait()
        return made

    world.handler = refusing
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda _number: world.proxy().search(), range(2)))

    assert server.logins == 2
    assert server.tokens[-2:] == ["Bearer tok-0002"] * 2


def test_a_token_is_renewed_before_it_expires() -> None:
    """platforms.md: renewed `margin` before expiry on the session's clock."""
    server = Server()
    world = _world(server)

    for instant in (0, 7139, 7141):
        world.clock.move_to(START + 0.1 + instant)
        world.proxy().search()

    assert server.tokens == ["Bearer tok-0001", "Bearer tok-0001", "Bearer tok-0002"]


RETRYING = msgspec.structs.replace(
    TOKEN,
    recover={
        "token": Recover(refresh=1),
        "rate": Recover(tries=2, wait=("header:retry-after", "header:x-ogw-ratelimit-reset")),
        "transient": Recover(tries=3, backoff=0.5),
    },
)
PAY = Api(key="pay", method="POST", idempotent=True)


@pytest.mark.parametrize(
    ("api", "failure", "sent"),
    [
        (SEARCH, answer(503, {}), 3),
        (SEARCH, ok({"errcode": -1}), 3),
        (PAY, answer(502, {}), 3),
        (CREATE, answer(503, {}), 1),
        (CREATE, ok({"errcode": -1}), 1),
        (CREATE, answer(429, {}), 2),  # not executed, so it may be sent again for any method
        (SEARCH, answer(429, {}), 2),
        (SEARCH, answer(500, {}), 1),
        (SEARCH, TransportError("refused", code="CONNECT", sent=False), 3),
        (CREATE, TransportError("refused", code="CONNECT", sent=False), 3),
        (SEARCH, TransportError("late", code="TIMEOUT"), 3),
        (CREATE, TransportError("late", code="TIMEOUT"), 1),
        (CREATE, TransportError("cut", code="RESET"), 1),
        (SEARCH, TransportError("certificate", code="TLS", sent=False), 1),
    ],
)
def test_business_calls_are_retried_only_where_it_is_safe(
    api: Api, failure: Any, sent: int
) -> None:
    """O: only where `recover` says so, and only if `idempotent` or nothing was sent."""
    server = Server(*[failure] * 9)
    rules = msgspec.structs.replace(
        WECOM, classes={"transient": ErrorClass(code=(-1,), status=(502, 503))}
    )
    world = _world(server, api, auth=RETRYING, response=rules)

    if isinstance(failure, Response) and failure.status == 200:
        world.proxy().direct(api.key)
    else:
        rejected(lambda: world.proxy().direct(api.key))

    assert len(server.business) == sent
    assert world.log[-1].attempts == sent
    assert server.logins == 1


def test_nothing_is_retried_where_recover_does_not_say_so() -> None:
    """O: business calls are retried only where `recover` says so."""
    server = Server(answer(503, {}), TransportError("refused", sent=False))
    world = _world(server)

    rejected(lambda: world.proxy().search())
    rejected(lambda: world.proxy().search())

    assert len(server.business) == 2


@pytest.mark.parametrize(
    ("headers", "waited"),
    [
        ({"Retry-After": "7"}, 7.0),
        ({"X-Ogw-RateLimit-Reset": "3"}, 3.0),
        ({"Retry-After": "Mon, 02 Mar 2026 01:00:09 GMT"}, 9.0),
        (
            {
                "Date": "Tue, 03 Mar 2026 00:00:00 GMT",
                "Retry-After": "Tue, 03 Mar 2026 00:00:04 GMT",
            },
            4.0,
        ),
        ({"Retry-After": "2026-03-02T09:00:05+08:00"}, 5.0),
        ({"Retry-After": "Mon, 02 Mar 2026 00:59:59 GMT"}, 0.0),  # over, so at once
        ({"Retry-After": "0"}, 0.0),
        ({"Retry-After": "600"}, 600.0),
        ({"Retry-After": "-5"}, 1.0),
        ({"Retry-After": "soon"}, 1.0),
        ({}, 1.0),
    ],
)
def test_a_rate_limit_waits_as_the_answer_asks(headers: dict[str, str], waited: float) -> None:
    """platforms.md: `rate: {wait: ["header:retry-after"], tries: 2}`."""
    server = Server(answer(429, {}, headers))
    no_login = msgspec.structs.replace(RETRYING, acquire=None, apply=())
    world = _world(server, auth=no_login)

    world.proxy().search()

    assert world.slept == ([waited] if waited else [])
    assert world.log[0].notes == (f"rate: sent again after {waited:g} s",)
    assert world.log[0].duration == waited


@pytest.mark.parametrize(
    ("body", "waited"),
    [
        ({"retry_after_ms": 1500}, 1.5),
        ({"retry_after_ms": "250"}, 0.25),
        ({"retry_after_ms": 0}, 0.0),
        ({"retry_after_ms": " 250\n"}, 0.25),
        ({"retry_after_ms": -1}, 0.0),
        ({"retry_after_ms": "马上"}, 1.0),
        ({"retry_after_ms": "inf"}, 1.0),
        ({"retry_after_ms": None}, 7.0),  # null is as if not there
        ({}, 7.0),
    ],
)
def test_a_wait_may_be_in_milliseconds(body: dict[str, Any], waited: float) -> None:
    """platforms.md: `{path: $.retry_after_ms, unit: ms}`."""
    wait = (Wait(path="$.retry_after_ms", unit="ms"), "header:retry-after")
    auth = msgspec.structs.replace(RETRYING, recover={"rate": Recover(tries=2, wait=wait)})
    server = Server(answer(429, body, {"Retry-After": "7"}))
    world = _world(server, CREATE, auth=auth)

    world.proxy().create_contract()

    assert world.log[-1].notes == (f"rate: sent again after {waited:g} s",)
    assert sum(world.slept) == waited


@pytest.mark.parametrize(
    ("api", "auth", "failure", "note"),
    [
        (
            CREATE,
            RETRYING,
            answer(503, {}),
            (
                "transient: not sent again, as POST may have been executed; if that does no harm, "
                "declare idempotent: true"
            ),
        ),
        (
            SEARCH,
            Auth(recover={"token": Recover(refresh=1)}),
            answer(401, {}),
            "token: recover: refresh does nothing, as this call needs no login",
        ),
        (
            SEARCH,
            Auth(recover={"rate": Recover(clock=True)}),
            answer(429, {}),
            "rate: recover: clock does nothing, because the response has no valid Date header",
        ),
        (
            SEARCH,
            RETRYING,
            answer(429, {}, {"Retry-After": "86400"}),
            "rate: not sent again, as a wait of 86400 s is longer than 600 s",
        ),
    ],
)
def test_a_declared_recovery_that_cannot_apply_is_a_note(
    api: Api, auth: Auth, failure: Response, note: str
) -> None:
    """O: a declared `recover` that cannot apply is a note in the call record."""
    server = Server(failure)
    world = _world(server, api, auth=auth)

    rejected(lambda: world.proxy().direct(api.key))

    assert len(server.business) == 1
    assert world.log[-1].notes == (note,)


@pytest.mark.parametrize("asked", ["86400", "600.5"])
def test_a_wait_beyond_ten_minutes_is_not_waited_for(asked: str) -> None:
    """A hostile server cannot stop a script for a day."""
    server = Server(answer(429, {}, {"Retry-After": asked}))
    world = _world(server, auth=RETRYING)

    error = rejected(lambda: world.proxy().search())

    assert (error.status, world.slept) == (429, [])


def test_back_off_doubles() -> None:
    """platforms.md: wait and retry."""
    server = Server(*[answer(503, {})] * 3)
    world = _world(server, auth=RETRYING)

    rejected(lambda: world.proxy().search())

    assert world.slept == [0.5, 1.0]


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (30, 30.0),
        ("1.5", 1.5),
        (START + 5, 5.0),
        ((START + 5) * 1000, 5.0),
        (0, 0.0),
        (999_999_999, 999_999_999.0),  # the largest that is no date
        (1_000_000_000, 1_000_000_000 - START),
        (999_999_999_999, 999_999_999_999 - START),
        (1_000_000_000_000, 1_000_000_000 - START),
        (-1, None),
        (9_999_999_999_999, 9_999_999_999.999 - START),  # in the year 2286
        (10_000_000_000_000, None),
        ("", None),
        (" 30 ", 30.0),
        ("2026-03-02T01:00:07Z", 7.0),
        ("2026-03-02T00:59:58+00:00", -2.0),
        ("Mon, 02 Mar 2026 01:00:09 GMT", 9.0),
        ("2026-03-02", None),
        ("nan", None),
        ("1e400", None),
        (True, None),
        ({}, None),
    ],
)
def test_a_wait_may_be_written_in_many_ways(value: Any, seconds: float | None) -> None:
    """third_parties.md: Retry-After, x-ogw-ratelimit-reset, block period."""
    assert read_seconds_until(value, START) == seconds


@pytest.mark.parametrize(
    ("source", "date", "ahead"),
    [
        ("live", "Mon, 02 Mar 2026 02:00:00 GMT", [0, 3600]),
        ("live", "Mon, 02 Mar 2026 00:59:55 GMT", [0, -5]),
        ("live", "Mon, 02 Mar 2026 01:00:00 GMT", [0, 0]),
        ("live", "yesterday", [0]),
        ("simulated", "Mon, 02 Mar 2026 02:00:00 GMT", [0, 3600]),
        # recorded requests are signed by the virtual clock
        ("recorded", "Mon, 02 Mar 2026 02:00:00 GMT", [0, 0]),
        ("recorded", "yesterday", [0]),
    ],
)
def test_the_clock_is_corrected_once_from_the_date_header(
    source: str, date: str, ahead: list[int]
) -> None:
    """platforms.md: recover — correct the clock once."""
    skewed = answer(403, {"code": "skew"}, {"Date": date}, source=source)
    server = Server(*[skewed] * 5)
    auth = msgspec.convert(
        {
            "apply": [{"in": "header", "name": "Authorization", "value": "{{ now | unix }}"}],
            "recover": {"skew": {"clock": True}},
        },
        Auth,
    )
    rules = ResponseRules(code=("$.code",), classes={"skew": ErrorClass(code=("skew",))})
    world = _world(server, auth=auth, response=rules)

    rejected(lambda: world.proxy().search())

    assert server.tokens == [str(int(START) + seconds) for seconds in ahead]


def test_every_call_leaves_one_log_record() -> None:
    """O: time, platform, instance, api, caller, status, duration, source, request, response."""
    server = Server(ok({"code": 200}, elapsed=0.25))
    world = _world(server)

    world.proxy(caller="unit").get_customer_detail("1")

    login, record = world.log
    assert (login.name, login.is_login, login.status) == ("crm_system.$token", True, 200)
    assert (login.at, login.attempts) == (START, 1)
    assert login.duration == pytest.approx(0.1)
    assert record.began < login.began < login.ended < record.ended
    assert (record.name, record.instance, record.caller) == (
        "crm_system.get_customer_detail",
        "test",
        "unit",
    )
    assert (record.status, record.source, record.attempts) == (200, "live", 1)
    assert record.at == START
    assert record.duration == pytest.approx(0.35)
    assert record.response
    assert record.response.body == {"code": 200}
    assert "tok-0001" not in repr((login.response, login.request, record.request))


def test_a_call_rejected_before_any_http_leaves_a_record_too() -> None:
    """O: every call leaves one log record."""
    world = World(crm(DETAIL))

    rejected(lambda: world.proxy().get_customer_detail())

    record = world.log[0]
    assert (record.api, record.attempts, record.status) == ("get_customer_detail", 0, None)
    assert (record.request, record.response, record.source) == (None, None, "")


def test_the_order_of_issue_is_counted_per_call_and_login() -> None:
    """`Call.serial` is the order of issue within the session."""
    world = _world(Server())

    world.proxy().search()
    world.proxy().search()

    assert [request.call.serial for request in world.sent if request.call] == [2, 1, 3]


def test_a_new_token_that_is_refused_too_is_dropped_before_the_next_call() -> None:
    server = Server(answer(401, {}), answer(401, {}), None)
    world = World(crm(SEARCH, auth=TOKEN), server)

    assert rejected(world.proxy().search).code == "AUTH_FAILED"
    world.proxy().search()

    sent = [headers_of(request)["Authorization"] for request in server.business]
    assert sent == ["Bearer tok-0001", "Bearer tok-0002", "Bearer tok-0003"]


@pytest.mark.parametrize(
    ("headers", "body", "rule", "sent", "waited"),
    [
        ({}, {}, Recover(tries=3), 1, 1.0),
        ({}, {}, Recover(tries=3, backoff=1.5), 3, 6.0),
        ({}, {}, Recover(tries=9, backoff=0), 4, 0.0),
        ({}, {}, Recover(tries=9, backoff=75), 4, 600.0),
        ({}, {}, Recover(tries=9, backoff=75.5), 4, None),
        ({"Retry-After": "5"}, {}, Recover(tries=3, backoff=2), 1, 2.0),
        ({"Retry-After": "5"}, {}, Recover(wait=("header:Retry-After",)), 1, 5.0),
        ({"Retry-After": "0"}, {}, Recover(wait=("header:Retry-After",)), 1, 0.0),
        ({"Retry-After": "600"}, {}, Recover(wait=("header:Retry-After",)), 1, 600.0),
        ({"Retry-After": "601"}, {}, Recover(wait=("header:Retry-After",)), 1, None),
        ({"Retry-After": "-3"}, {}, Recover(wait=("header:Retry-After",)), 1, 1.0),
        ({"Retry-After": "soon"}, {}, Recover(wait=("header:Retry-After",)), 1, 1.0),
        ({"Retry-After": "Mon, 02 Mar 2026 00:00:00 GMT"}, {},
         Recover(wait=("header:Retry-After",)), 1, 0.0),
        ({"Retry-After": "Fri, 02 Jan 1970 00:00:09 GMT", "Date": "Fri, 02 Jan 1970 00:00:02 GMT"},
         {}, Recover(wait=("header:Retry-After",)), 1, 7.0),
        ({}, {"a": None, "b": {"c": 7}}, Recover(wait=("$.x", "$.a", "$.b.c")), 1, 7.0),
        ({}, {"a": 0, "b": 9}, Recover(wait=("$.a", "$.b")), 1, 0.0),
        ({}, {"a": "", "b": 9}, Recover(wait=("$.a", "$.b"), backoff=3), 1, 3.0),
        ({}, {"a": 1500}, Recover(wait=(Wait(path="$.a", unit="ms"),)), 1, 1.5),
        ({}, {"a": "250"}, Recover(wait=(Wait(path="$.a", unit="ms"),)), 1, 0.25),
        ({}, {"a": -1}, Recover(wait=(Wait(path="$.a", unit="ms"),)), 1, 0.0),
        ({}, {"a": "inf"}, Recover(wait=(Wait(path="$.a", unit="ms"),), backoff=4), 1, 4.0),
        ({}, {"a": "x"}, Recover(wait=(Wait(path="$.a", unit="ms"),), backoff=4), 1, 4.0),
        ({}, {"a": 600_000}, Recover(wait=(Wait(path="$.a", unit="ms"),)), 1, 600.0),
        ({}, {"a": 600_001}, Recover(wait=(Wait(path="$.a", unit="ms"),)), 1, None),
    ],
)  # fmt: skip
def test_a_wait_is_what_the_first_place_asks_for_or_the_backoff(
    headers: dict[str, str], body: Any, rule: Recover, sent: int, waited: float | None
) -> None:
    response = answer(429, body, headers)

    decided = decide_wait(
        ReceivedResponse(response, read_body(response)), rule, "rate", sent, START
    )

    assert (decided.wait if isinstance(decided, RetryDecision) else None) == waited
    broken = TransportError("broken", code="RESET", sent=True)
    decided = decide_wait(broken, Recover(wait=rule.wait, backoff=2), "transient", sent, START)
    assert isinstance(decided, RetryDecision)
    assert decided.wait == 2**sent
