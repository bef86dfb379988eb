from __future__ import annotations

import time
from collections.abc import Callable, Generator
from functools import partial
from threading import Barrier
from typing import Any

import pytest

from bpmax_sim.clock import VirtualClock
from bpmax_sim.errors import AuthError, TransportError
from bpmax_sim.messages import Request, Response
from bpmax_sim.proxy.call_effects import Effect, Flow, Grant, Send, Sleep, TokenRequest
from bpmax_sim.proxy.client import TokenStore
from bpmax_sim.script.scheduler import Scheduler

Done = list[tuple[str, Any, float]]


def request(name: str, timeout: float = 30.0) -> Request:
    return Request(method="GET", url=f"http://crm.test/{name}", timeout=timeout)


def after(seconds: dict[str, float]) -> Callable[[Request], Response]:
    def handle(asked: Request) -> Response:
        name = asked.url.rsplit("/", maxsplit=1)[-1]
        return Response(status=200, body=name.encode(), elapsed=seconds[name])

    return handle


class Loop:
    """A scheduler that notes what ends, and when."""

    def __init__(self, handle: Callable[[Request], Response], *, live: bool = False) -> None:
        self.clock = VirtualClock(100.0)
        self.scheduler = Scheduler(self.clock, handle, TokenStore(), live=live)
        self.ended: Done = []

    def spawn(self, name: str, call: Generator[Effect, Any, Any]) -> None:
        self.scheduler.start_call(call, partial(self.note, name))

    def note(self, name: str, value: Any, error: Exception | None) -> None:
        self.ended.append((name, error or value, round(self.clock.now() - 100, 3)))

    def run(self) -> Done:
        self.scheduler.run()
        self.scheduler.close()
        return self.ended


def send(name: str, timeout: float = 30.0) -> Generator[Effect, Any, str]:
    response = yield Send(request(name, timeout))
    return str(response.body.decode())


def test_overlapping_exchanges_end_in_the_order_of_their_latency() -> None:
    loop = Loop(after({"a": 3, "b": 1, "c": 2}))
    for name in "abc":
        loop.spawn(name, send(name))

    assert loop.run() == [("b", "b", 1), ("c", "c", 2), ("a", "a", 3)]


def test_what_ends_at_one_instant_ends_in_the_order_it_began() -> None:
    loop = Loop(after({"a": 1, "b": 1}))
    loop.spawn("a", send("a"))
    loop.scheduler.call_at(101, partial(loop.note, "timer", None, None))
    loop.spawn("b", send("b"))

    assert [name for name, _, _ in loop.run()] == ["a", "timer", "b"]


def test_a_call_never_ends_before_spawn_returns() -> None:
    def at_once() -> Generator[Effect, Any, int]:
        return 1
        yield

    loop = Loop(after({}))
    loop.spawn("a", at_once())

    assert loop.ended == []
    assert loop.run() == [("a", 1, 0)]


def test_a_wait_is_an_event_like_any_other() -> None:
    def patient() -> Generator[Effect, Any, str]:
        yield Sleep(600)
        return "醒"

    loop = Loop(after({"a": 1}))
    loop.spawn("patient", patient())
    loop.spawn("a", send("a"))

    assert loop.run() == [("a", "a", 1), ("patient", "醒", 600)]


def test_an_answer_later_than_the_timeout_is_a_timeout_at_that_instant() -> None:
    loop = Loop(after({"a": 31}))
    loop.spawn("a", send("a", timeout=30))
    [(_, error, at)] = loop.run()

    assert isinstance(error, TransportError)
    assert (error.code, at) == ("TIMEOUT", 30)


def test_an_exchange_that_fails_takes_as_long_as_it_says() -> None:
    def refuse(_request: Request) -> Response:
        raise TransportError("connection refused", elapsed=2)

    loop = Loop(refuse)
    loop.spawn("a", send("a"))

    assert [at for _, _, at in loop.run()] == [2]


def test_a_cancelled_event_neither_happens_nor_moves_the_clock() -> None:
    loop = Loop(after({}))
    loop.scheduler.call_at(200, partial(loop.note, "never", None, None)).cancel()

    assert loop.run() == []
    assert loop.clock.now() == 100


def test_an_event_in_the_past_happens_now() -> None:
    loop = Loop(after({}))
    loop.scheduler.call_at(5, partial(loop.note, "late", None, None))

    assert loop.run() == [("late", None, 0)]


def logged_in(logins: list[str], *, fail: bool = False) -> Callable[[], Flow]:
    def flow() -> Flow:
        logins.append("login")
        yield Send(request("token"))
        if fail:
            raise AuthError("login refused")
        return Grant(values={"token": "t"}, standins={}, expires=1000)

    return flow


def authorised(flow: Callable[[], Flow], key: str = "crm") -> Generator[Effect, Any, Any]:
    grant = yield TokenRequest(key=key, now=100, flow=flow)
    return grant.values["token"]


def test_callers_at_once_share_one_login() -> None:
    logins: list[str] = []
    loop = Loop(after({"token": 0.5}))
    for name in "abc":
        loop.spawn(name, authorised(logged_in(logins)))
    loop.spawn("other", authorised(logged_in(logins), key="erp"))

    assert loop.run() == [("a", "t", 0.5), ("b", "t", 0.5), ("c", "t", 0.5), ("other", "t", 0.5)]
    assert len(logins) == 2


def test_a_later_caller_uses_the_grant_that_is_there() -> None:
    logins: list[str] = []
    loop = Loop(after({"token": 0.5}))
    loop.spawn("a", authorised(logged_in(logins)))
    loop.run()
    loop.spawn("b", authorised(logged_in(logins)))

    assert [name for name, _, _ in loop.run()] == ["a", "b"]
    assert len(logins) == 1


def test_a_refused_login_reaches_everyone_who_waits_and_is_tried_anew_by_the_next() -> None:
    logins: list[str] = []
    loop = Loop(after({"token": 0.5}))
    for name in "ab":
        loop.spawn(name, authorised(logged_in(logins, fail=True)))
    loop.run()
    loop.spawn("c", authorised(logged_in(logins)))
    ended = loop.run()

    assert [str(value) for _, value, _ in ended] == ["login refused", "login refused", "t"]
    assert len(logins) == 2


def test_a_refused_grant_is_not_handed_out_again() -> None:
    logins: list[str] = []

    def renewing() -> Generator[Effect, Any, bool]:
        first = yield TokenRequest(key="crm", now=100, flow=logged_in(logins))
        first.is_refused = True
        second = yield TokenRequest(key="crm", now=100, flow=logged_in(logins))
        return first is second

    loop = Loop(after({"token": 0.5}))
    loop.spawn("a", renewing())

    assert loop.run() == [("a", False, 1)]


def sleepy(asked: Request) -> Response:
    started = time.monotonic()
    name = asked.url.rsplit("/", maxsplit=1)[-1]
    time.sleep({"a": 0.12, "b": 0.06}[name])
    return Response(status=200, body=name.encode(), elapsed=time.monotonic() - started)


def test_live_exchanges_overlap_and_move_the_clock_by_what_they_took() -> None:
    together = Barrier(3, timeout=30)
    took: list[float] = []

    def answered(asked: Request) -> Response:
        together.wait()  # breaks where one is sent after another
        answer = sleepy(asked)
        took.append(answer.elapsed)
        return answer

    loop = Loop(answered, live=True)
    for name in "aab":
        loop.spawn(name, send(name))
    ended = loop.run()

    assert [name for name, _, _ in ended] == ["b", "a", "a"]
    assert [at for _, _, at in ended] == pytest.approx(sorted(took), abs=0.04)


def test_live_timers_wait_for_real_and_fire_between_answers() -> None:
    loop = Loop(sleepy, live=True)
    started = time.monotonic()
    loop.spawn("a", send("a"))
    loop.scheduler.call_at(100.03, partial(loop.note, "timer", None, None))
    loop.scheduler.call_at(100.3, partial(loop.note, "last", None, None))
    ended = loop.run()

    assert [name for name, _, _ in ended] == ["timer", "a", "last"]
    assert time.monotonic() - started >= 0.29
    assert (ended[0][2], ended[2][2]) == (0.03, 0.3)


def test_a_live_wait_does_not_hold_up_an_answer() -> None:
    def patient() -> Generator[Effect, Any, str]:
        yield Sleep(0.2)
        return "醒"

    loop = Loop(sleepy, live=True)
    loop.spawn("patient", patient())
    loop.spawn("b", send("b"))

    assert [name for name, _, _ in loop.run()] == ["b", "patient"]


def test_each_live_wait_has_the_whole_patience() -> None:
    clock = VirtualClock(100.0)
    scheduler = Scheduler(clock, sleepy, TokenStore(), live=True, patience=0.02)
    fired: list[float] = []
    late = scheduler.call_at(160.0, partial(fired.append, 160.0))
    waited = []
    for _ in range(2):
        scheduler.begin_wait()
        waited.append(scheduler.has_waited_too_long)
        scheduler.run(lambda: True)
        waited.append(scheduler.has_waited_too_long)
    idle = scheduler.real_seconds_without_call
    late.cancel()
    scheduler.close()

    assert waited == [False, True, False, True]
    assert idle >= 0.04
    assert fired == []


def test_a_cancelled_live_timer_is_not_waited_for() -> None:
    loop = Loop(sleepy, live=True)
    loop.spawn("b", send("b"))
    limit = loop.scheduler.call_at(130.0, partial(loop.note, "limit", None, None))
    loop.scheduler.call_at(100.01, limit.cancel)
    started = time.monotonic()

    assert [name for name, _, _ in loop.run()] == ["b"]
    assert time.monotonic() - started < 1


@pytest.mark.parametrize(
    ("instant", "order", "at"),
    [(-50, "abcx", 100), (99.9, "abcx", 100), (100, "abcx", 100), (100.5, "abcx", 100.5)],
)
def test_what_is_planned_for_the_past_comes_behind_what_is_planned_for_now(
    instant: float, order: str, at: float
) -> None:
    loop = Loop(after({}))
    ran: list[str] = []
    for name in "abc":
        loop.scheduler.call_soon(partial(ran.append, name))
    event = loop.scheduler.call_at(instant, partial(ran.append, "x"))

    loop.run()

    assert "".join(ran) == order
    assert (event.instant, loop.clock.now()) == (at, at)


def test_scripts_wait_no_longer_than_their_patience_in_all() -> None:
    clock, fired = VirtualClock(100.0), list[float]()
    scheduler = Scheduler(clock, after({}), TokenStore(), live=True, patience=0.05)
    for seconds in (0.03, 0.06):
        scheduler.call_at(100 + seconds, partial(fired.append, seconds))
    scheduler.run(lambda: True)
    scheduler.close()

    assert fired == [0.03]
    assert scheduler.has_waited_too_long
