"""Recoveries in pairs and threes, alone and by several callers, held against a model.

The model says what auth.md says under "recover: sending again", and shares nothing with the code:
what is sent when, with which token and which clock, what is waited for, and how the call ends.
Pairs are tried whole; threes are drawn, by night from other seeds.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from copy import copy
from dataclasses import dataclass, field
from email.utils import formatdate
from functools import partial
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bpmax_sim.errors import CallError, TransportError
from bpmax_sim.messages import Request, Response
from bpmax_sim.platform.model import Api, Auth, ErrorClass, Recover, ResponseRules
from bpmax_sim.proxy.builder import CallSpec
from bpmax_sim.proxy.client import run_call
from bpmax_sim.script.scheduler import Scheduler
from tests.proxy.world import START, TOKEN, World, answer, crm, headers_of, ok

AHEAD = 3600
LOGIN_WAIT = 2.0
TRIES = {"rate": 3, "transient": 3, "skew": 1}
APIS = {
    "GET": Api(key="GET", path="/a"),
    "POST": Api(key="POST", method="POST", path="/a"),
    "PUT": Api(key="PUT", method="PUT", path="/a", idempotent=True),
}
TROUBLE = ("token", "busy", "busy, no word", "busy for long", "down", "cut", "late", "skew", "bad")
"""What may come of a call, the last of them for good by itself."""
LOGIN_TROUBLE = ("refused", "busy", "moved", "down")


@dataclass
class Server:
    """Answers logins and calls by what is to come of them; after that all is well."""

    world: World
    calls: dict[str, Iterator[str]]
    logins: Iterator[str]
    sent: list[tuple[Any, ...]] = field(default_factory=list)
    issued: int = 0
    under_way: float = 0.0

    def __call__(self, request: Request) -> Response:
        now = self.world.clock.now() - START
        if request.is_login:
            return self._login(request, now)
        shown = headers_of(request)
        token, clock = shown["Authorization"], int(shown["X-Time"]) - int(START + now)
        caller = request.url.partition("caller=")[2]
        self.sent.append((caller, now, int(token.removeprefix("Bearer tok-")), clock))
        return _answer(next(self.calls[caller], "well"))

    def sent_by(self, caller: str) -> list[tuple[Any, ...]]:
        return [one for one in self.sent if one[0] == caller]

    def _login(self, request: Request, now: float) -> Response:
        assert now >= self.under_way, "two logins at a time"
        what = next(self.logins, "well")
        is_hop = request.url.endswith("/moved")
        assert request.method == ("GET" if is_hop else "POST")
        self.sent.append(("login", now, what))
        self.under_way = now + 1
        if what == "well":
            self.issued += 1
            body = {"access_token": f"tok-{self.issued:04d}", "expires_in": 7200}
            return ok(body, elapsed=1.0)
        if what == "moved":
            return answer(302, {}, {"Location": "/oauth/moved"}, elapsed=1.0)
        if what == "down":
            raise TransportError("refused", code="CONNECT", sent=False)
        if what == "busy":
            return answer(429, {}, {"Retry-After": f"{LOGIN_WAIT:g}"}, elapsed=1.0)
        return answer(401, {"error": "invalid_client"}, elapsed=1.0)


def _answer(what: str) -> Response:
    made = ANSWERS[what]
    if isinstance(made, Exception):
        raise copy(made)
    return made


ANSWERS: dict[str, Response | TransportError] = {
    "well": ok(),
    "token": answer(401, {}),
    "busy": answer(429, {}, {"Retry-After": "7"}),
    "busy, no word": answer(429, {}),
    "busy for long": answer(429, {}, {"Retry-After": "601"}),
    "down": TransportError("refused", code="CONNECT", sent=False),
    "cut": answer(503, {}),
    "late": TransportError("late", code="TIMEOUT", sent=True),
    "skew": answer(403, {"code": "skew"}, {"Date": "@"}),
    "bad": answer(500, {}),
}
ENDS = {"token": "AUTH_FAILED", "down": "CONNECT", "late": "TIMEOUT"}


@dataclass
class Model:
    """What has to come of a call: the requests, and the code that it ends with."""

    method: str
    calls: Iterator[str]
    logins: Iterator[str]
    now: float = 0.0
    issued: int = 0
    sent: list[tuple[Any, ...]] = field(default_factory=list)
    followed: list[tuple[str, float]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def run(self) -> str:
        code, renewed, ahead, count = self.log_in(), False, 0, 0
        while not code:
            count += 1
            self.sent.append(("1", self.now, self.issued, ahead))
            what = next(self.calls, "well")
            if what == "well":
                break
            if what == "token" and not renewed:
                renewed = True
                self.followed.append(("renewed", 0))
                self.notes.append("token refused; logged in anew")
                code = self.log_in()
            elif what == "skew" and not ahead:
                ahead = AHEAD
                self.followed.append(("clock", 0))
                self.notes.append("clock corrected by +3600 s")
            elif (wait := self.wait(what, count)) is None:
                code = ENDS.get(what, "HTTP_STATUS")
            else:
                self.now += wait
                self.followed.append(("retried", wait))
                self.notes.append(f"{self.kind(what)}: sent again after {wait:g} s")
        return code

    def wait(self, what: str, count: int) -> float | None:
        """Return how long to wait before the next sending, None if there is none."""
        kind = self.kind(what)
        if what in {"token", "bad"} or count >= TRIES[kind]:
            return None
        if what in {"cut", "late"} and self.method == "POST":
            why = "as POST may have been executed; if that does no harm, declare idempotent: true"
        elif what == "busy for long":
            why = "as a wait of 601 s is longer than 600 s"
        else:
            return 7.0 if what == "busy" else 1.0 * 2 ** (count - 1)
        self.notes.append(f"{kind}: not sent again, {why}")
        return None

    @staticmethod
    def kind(what: str) -> str:
        return "rate" if what.startswith("busy") else "skew" if what == "skew" else "transient"

    def log_in(self) -> str:
        tried, is_moved = 1, False
        while True:
            what = next(self.logins, "well")
            self.sent.append(("login", self.now, what))
            self.now += 0.0 if what == "down" else 1.0
            if what == "well":
                self.issued += 1
                return ""
            if what == "down":
                return "CONNECT"
            if what == "refused" or (what == "moved" and is_moved):  # sent in a circle
                return "AUTH_FAILED"
            is_moved = what == "moved"
            if what == "busy":
                if tried >= TRIES["rate"]:
                    return "HTTP_STATUS"
                tried += 1
                self.now += LOGIN_WAIT


def _platform() -> Any:
    assert TOKEN.acquire
    step = msgspec.structs.replace(TOKEN.acquire.steps[0], follow=True)
    acquire = msgspec.structs.replace(TOKEN.acquire, steps=(step,))
    auth = msgspec.convert(
        {
            "apply": [
                {"in": "header", "name": "Authorization", "value": "Bearer {{ token }}"},
                {"in": "header", "name": "X-Time", "value": "{{ now | unix }}"},
            ]
        },
        Auth,
    )
    recover = {
        "token": Recover(refresh=1),
        "rate": Recover(tries=TRIES["rate"], wait=("header:retry-after",), backoff=1.0),
        "transient": Recover(tries=TRIES["transient"], backoff=1.0),
        "skew": Recover(clock=True),
    }
    rules = ResponseRules(code=("$.code",), classes={"skew": ErrorClass(code=("skew",))})
    auth = msgspec.structs.replace(auth, acquire=acquire, recover=recover)
    return crm(*APIS.values(), auth=auth, response=rules)


PLATFORM = _platform()


def _serve(callers: dict[str, Sequence[str]], logins: Sequence[str]) -> tuple[World, Server]:
    world = World(PLATFORM)
    server = Server(world, {key: iter(whats) for key, whats in callers.items()}, iter(logins))

    def dated(request: Request) -> Response:
        made = server(request)
        if ("Date", "@") not in made.headers:
            return made
        date = world.clock.now() + AHEAD
        return msgspec.structs.replace(made, headers=(*made.headers[1:], ("Date", _http(date))))

    world.handler = dated
    return world, server


def _http(seconds: float) -> str:
    return formatdate(seconds, usegmt=True)


def _spec(method: str, caller: str) -> CallSpec:
    return CallSpec(platform="crm_system", api=method, steps=(("query", {"caller": caller}),))


def _check(method: str, calls: Sequence[str], logins: Sequence[str]) -> None:
    world, server = _serve({"1": calls}, logins)
    model = Model(method, iter(calls), iter(logins))
    code = model.run()
    try:
        world.run(_spec(method, "1"))
        ended = ""
    except CallError as error:
        ended = error.code
    case = (method, calls, logins)
    assert (case, server.sent, ended) == (case, model.sent, code)
    assert world.clock.now() - START == model.now, case
    record = world.log[-1]
    assert record.attempts == sum(one[0] == "1" for one in model.sent), case
    assert list(record.notes) == model.notes, case
    assert [(one.follows, one.wait) for one in record.earlier] == model.followed, case


@pytest.mark.parametrize("method", APIS)
def test_two_troubles_of_a_call_are_recovered_one_after_the_other(method: str) -> None:
    for calls in itertools.product(TROUBLE, repeat=2):
        _check(method, calls, ())


def test_three_recoveries_of_a_call_each_count_for_themselves() -> None:
    for calls in itertools.product(("token", "busy", "skew", "down"), repeat=3):
        _check("GET", calls, ())


@pytest.mark.parametrize("second", LOGIN_TROUBLE)
def test_a_trouble_of_a_call_meets_one_of_a_login(second: str) -> None:
    """The first login, or that which a refused token asked for."""
    for what, first in itertools.product(TROUBLE, LOGIN_TROUBLE):
        _check("GET", ("token", what), ("well", second, first))
        _check("POST", (what, "token"), (first, second))


@given(
    method=st.sampled_from([*APIS]),
    calls=st.lists(st.sampled_from(TROUBLE[:-1]), min_size=3, max_size=5),
    logins=st.lists(st.sampled_from((*LOGIN_TROUBLE, "well", "well")), max_size=5),
)
def test_three_troubles_and_more(method: str, calls: list[str], logins: list[str]) -> None:
    _check(method, calls, logins)


WHATS = st.sampled_from(("token", "busy", "cut", "skew", "down"))


@example(
    callers=[["token", "busy"], ["token", "token"], ["busy", "token", "cut"]],
    logins=["well", "busy", "moved", "refused"],
)
@example(callers=[["token", "skew"], [], ["down"]], logins=["moved", "busy", "well", "down"])
@given(
    callers=st.lists(st.lists(WHATS, max_size=3), min_size=2, max_size=4),
    logins=st.lists(st.sampled_from(("well", *LOGIN_TROUBLE)), max_size=4),
)
def test_callers_that_come_at_once_share_logins_and_nothing_else(
    callers: list[list[str]], logins: list[str]
) -> None:
    """Each is sent what the model sends for it alone; a login that fails fails for who waits."""
    keys = {str(number): whats for number, whats in enumerate(callers)}
    server, ended = _run_together(keys, logins)

    failed = sum(_fails_for_a_login(server, key, whats, ended[key]) for key, whats in keys.items())
    bad = [one for one in server.sent if one[0] == "login" and one[2] in {"refused", "down"}]
    assert len(bad) <= failed, "a refused login was sent again"
    refused = {
        one[2]
        for caller, whats in keys.items()
        for one, what in zip(server.sent_by(caller), whats, strict=False)
        if what == "token"
    }
    assert server.issued <= 1 + len(refused)


def _run_together(
    callers: dict[str, list[str]], logins: Sequence[str]
) -> tuple[Server, dict[str, str]]:
    world, server = _serve(dict(callers), logins)
    scheduler = Scheduler(world.clock, world.handle, world.tokens)
    ended: dict[str, str] = {}

    def end(caller: str, _answer: object, error: Exception | None) -> None:
        assert error is None or isinstance(error, CallError), error
        ended[caller] = error.code if error else ""

    for caller in callers:
        scheduler.start_call(run_call(_spec("GET", caller), world.env), partial(end, caller))
    scheduler.run()
    return server, ended


def _fails_for_a_login(server: Server, caller: str, whats: Sequence[str], ended: str) -> bool:
    """Return whether a call failed as a login did; hold what was sent against the model.

    It logs in where its token was refused, or between two sendings that of another call.
    """
    model = Model("GET", iter(whats), iter(()))
    code = model.run()
    clocks = [one[3] for one in model.sent if one[0] == "1"]
    own = server.sent_by(caller)
    assert [one[3] for one in own] == clocks[: len(own)]
    for one, other, what in zip(own, own[1:], whats, strict=False):
        assert other[2] > one[2] if what == "token" else other[2] >= one[2]
    if len(own) == len(clocks):
        assert ended == code
        return False
    assert ended in {"AUTH_FAILED", "CONNECT", "HTTP_STATUS"}
    return True
