"""The store of grants, and the blocking driver around it."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import pytest

from bpmax_sim.clock import VirtualClock
from bpmax_sim.errors import AuthError, NoMatchError, TransportError
from bpmax_sim.messages import Call, Request, Response
from bpmax_sim.proxy.call_effects import Effect, Flow, Grant, Send, Sleep, TokenRequest
from bpmax_sim.proxy.client import Handle, TokenStore, exchange_within_timeout, run_blocking


def _grant(expires: float = 100) -> Grant:
    return Grant(values={"token": "tok-1234"}, standins={"token": "redacted"}, expires=expires)


def _wanted(now: float = 0) -> TokenRequest:
    return TokenRequest(key="crm/test", now=now, flow=_never)


def answered(request: Request, handle: Handle) -> Response:
    response, error, _ = exchange_within_timeout(request, handle)
    if error is not None:
        raise error
    assert response is not None
    return response


def _never() -> Flow:
    raise AssertionError("no login is due")
    yield  # makes it a generator


def test_a_grant_is_handed_out_until_it_expires() -> None:
    store, grant = TokenStore(), _grant()
    store.store("crm/test", grant)

    assert store.find_valid_grant(_wanted(now=99)) is grant
    assert store.find_valid_grant(_wanted(now=100)) is None
    assert store.find_valid_grant(_wanted(now=99)) is None


def test_a_refused_grant_is_evicted_but_a_newer_one_is_handed_out() -> None:
    store, old, new = TokenStore(), _grant(), _grant()
    store.store("crm/test", new)
    old.is_refused = True

    assert store.find_valid_grant(_wanted()) is new
    new.is_refused = True
    assert store.find_valid_grant(_wanted()) is None


def test_clear_forgets_everything() -> None:
    store = TokenStore()
    store.store("crm/test", _grant())

    store.clear()

    assert store.find_valid_grant(_wanted()) is None


def test_two_grants_of_the_same_token_differ_and_show_nothing() -> None:
    one, two = _grant(), _grant()

    assert one != two
    assert len({one, two}) == 2
    assert "tok-1234" not in repr(one)


def test_the_driver_moves_the_clock_by_what_each_effect_took() -> None:
    clock, slept = VirtualClock(1000), [0.0]

    def steps() -> Generator[Effect, Any, str]:
        response = yield Send(Request(method="GET", url="https://a.test/"))
        yield Sleep(2)
        return f"{response.status} at {clock.now():g}"

    result = run_blocking(
        steps(),
        handle=lambda _request: Response(status=200, elapsed=0.5),
        tokens=TokenStore(),
        clock=clock,
        sleep=slept.append,
    )

    assert result == "200 at 1002.5"
    assert slept == [0.0, 2]


def test_an_error_of_the_transport_is_thrown_into_the_call_and_takes_its_time() -> None:
    clock = VirtualClock(0)

    def steps() -> Generator[Effect, Any, str]:
        try:
            yield Send(Request(method="GET", url="https://a.test/"))
        except TransportError as error:
            return error.code
        return ""

    def fail(_request: Request) -> Response:
        raise TransportError("cut", code="RESET", elapsed=3)

    assert run_blocking(steps(), handle=fail, tokens=TokenStore(), clock=clock) == "RESET"
    assert clock.now() == 3


def test_a_miss_passes_through() -> None:
    def steps() -> Generator[Effect, Any, None]:
        yield Send(Request(method="GET", url="https://a.test/"))

    def miss(_request: Request) -> Response:
        raise NoMatchError("nothing recorded")

    with pytest.raises(NoMatchError, match="nothing recorded"):
        run_blocking(steps(), handle=miss, tokens=TokenStore(), clock=VirtualClock(0))


def test_an_answer_on_time_is_judged_good_and_a_late_one_is_named() -> None:
    call = Call(platform="crm", instance="test", api="get", method="GET", path="/")
    request = Request(method="GET", url="https://a.test/", timeout=2, call=call)

    assert answered(request, lambda _: Response(status=200, elapsed=2)).status == 200
    with pytest.raises(TransportError, match=r"crm.get: no answer within 2 s") as caught:
        answered(request, lambda _: Response(status=200, elapsed=2.1))

    assert (caught.value.code, caught.value.elapsed) == ("TIMEOUT", 2)
    plain = Request(method="GET", url="https://a.test/")
    with pytest.raises(TransportError, match=r"^no answer within 30 s"):
        answered(plain, lambda _: Response(status=200, elapsed=31))


@pytest.mark.parametrize(
    ("platform", "message", "names"),
    [
        ("", "crm.get: cannot connect", ("crm", "test", "get")),
        ("oms", "cannot connect", ("oms", "", "")),
    ],
)
def test_what_a_transport_raises_names_the_call_unless_it_does_already(
    platform: str, message: str, names: tuple[str, ...]
) -> None:
    call = Call(platform="crm", instance="test", api="get", method="GET", path="/")
    request = Request(method="GET", url="https://a.test/", call=call)

    def refused(_request: Request) -> Response:
        raise TransportError("cannot connect", platform=platform)

    with pytest.raises(TransportError) as caught:
        answered(request, refused)
    error = caught.value
    assert (str(error), error.message) == (message, message)
    assert (error.platform, error.instance, error.api) == names


@pytest.mark.parametrize(
    ("error", "took"),
    [
        (NoMatchError("nothing was recorded"), 0.0),
        (AuthError("refused"), 0.0),
        (TransportError("reset"), 0.0),
        (TransportError("reset", elapsed=0.25), 0.25),
        (ValueError("of the handle itself"), 0.0),
    ],
)
def test_an_error_took_what_it_says_or_no_time(error: Exception, took: float) -> None:
    def handle(_request: Request) -> Response:
        raise error

    request = Request(method="GET", url="https://a.test/")

    assert exchange_within_timeout(request, handle) == (None, error, took)


def test_a_grant_shows_when_it_ends_and_nothing_of_its_values() -> None:
    one, other = (Grant(values={"t": "tok-1"}, standins={"t": "x"}, expires=5.0) for _ in range(2))

    assert repr(one) == "Grant(expires=5.0, is_refused=False)"
    assert len({one, other}) == 2
    assert [next(one.uses) for _ in range(3)] == [1, 2, 3]
