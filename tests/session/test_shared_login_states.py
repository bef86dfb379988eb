"""Which logins of two sessions are one, who may share or release it, and for how long."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from msgspec.structs import replace

from bpmax_sim.messages import LOGIN, Call, Request, Response
from bpmax_sim.session.shared_logins import SharedLogins, SharedLoginTransport

CALL = Call(
    platform="合同系统",
    instance="华东",
    api=LOGIN,
    method="POST",
    path="/login",
    query=(("v", "1"),),
    headers=(("X-App", "7"),),
    body=b"user=lisi",
)
SENT = Request(
    method="POST",
    url="https://contracts.example.test/login?v=1&ts=1772413200",
    headers=(("X-App", "7"), ("X-Nonce", "1")),
    body=b"user=lisi&at=1",
    base="https://contracts.example.test",
    call=CALL,
)
NEW = replace(SENT, url="https://contracts.example.test/login?v=1&ts=1772413299", body=b"at=2")
"""The same login a moment later, where it holds the time."""


class Inner:
    """Who is asked; each answer is another one."""

    def __init__(self) -> None:
        self.asked = 0

    def handle(self, _request: Request) -> Response:
        self.asked += 1
        return Response(status=200, body=f"tok-{self.asked}".encode())


class Logins:
    """Sessions that share their logins, each with credentials of its own."""

    def __init__(self) -> None:
        self.inner, self.shared = Inner(), SharedLogins()

    def open(
        self, credentials: Mapping[str, Any] | None = None, third_parties: object = None
    ) -> SharedLoginTransport:
        return self.shared.wrap_transport(
            self.inner,
            third_parties=third_parties,
            credentials_of=lambda _request: credentials or {"user": "lisi", "password": "p-1"},
        )


def _as_call(**fields: Any) -> Request:
    return replace(NEW, call=replace(CALL, **fields), injected=("query.ts",))


TIMED = replace(SENT, injected=("query.ts",))


@pytest.mark.parametrize(
    ("first", "second", "asked"),
    [
        (SENT, SENT, 1),
        (SENT, replace(SENT, timeout=5.0), 1),
        (SENT, replace(SENT, method="PUT"), 2),
        (SENT, replace(SENT, url=f"{SENT.url}0"), 2),
        (SENT, replace(SENT, headers=(("X-App", "8"), ("X-Nonce", "1"))), 2),
        (SENT, replace(SENT, body=b"user=wangwu"), 2),
        (SENT, replace(SENT, body=None), 2),
        (SENT, replace(SENT, call=replace(CALL, instance="华南")), 2),
        (SENT, replace(SENT, call=replace(CALL, platform="采购系统")), 2),
        (TIMED, replace(NEW, injected=("query.ts",)), 1),
        (TIMED, replace(NEW, injected=("body.at", "query.ts")), 1),
        (TIMED, _as_call(method="PUT"), 2),
        (TIMED, _as_call(path="/login2"), 2),
        (TIMED, _as_call(query=(("v", "2"),)), 2),
        (TIMED, _as_call(headers=()), 2),
        (TIMED, _as_call(body=b"user=wangwu"), 2),
        (TIMED, _as_call(instance="华南"), 2),
        (TIMED, _as_call(platform="采购系统"), 2),
        (TIMED, _as_call(serial=9, caller="unit"), 1),
        (TIMED, replace(_as_call(), base="https://other.example.test"), 2),
    ],
)
def test_two_logins_are_one_where_they_differ_in_time_and_nonce_alone(
    first: Request, second: Request, asked: int
) -> None:
    logins = Logins()
    one, other = logins.open(), logins.open()

    one.handle(first)
    one.finish_login_attempt("合同系统", "华东", 7200.0)
    answer = other.handle(second)

    assert (logins.inner.asked, answer.body) == (asked, f"tok-{asked}".encode())


@pytest.mark.parametrize("sent", [SENT, TIMED])
@pytest.mark.parametrize(
    ("credentials", "is_other"),
    [
        ({"user": "lisi", "password": "p-1"}, False),
        ({"password": "p-1", "user": "lisi"}, False),
        ({"user": "lisi", "password": "p-2"}, True),
    ],
)
def test_a_login_with_the_time_in_it_is_told_by_its_credentials(
    sent: Request, credentials: Mapping[str, str], *, is_other: bool
) -> None:
    """Which the time hides otherwise; of any other login the request has them."""
    logins = Logins()
    one, other = logins.open(), logins.open(credentials)

    one.handle(sent)
    one.finish_login_attempt("合同系统", "华东", 7200.0)
    other.handle(sent)

    assert logins.inner.asked == (2 if is_other and sent is TIMED else 1)


@pytest.mark.parametrize(
    ("renewing", "asked"), [((), 2), ({("合同系统", "华东")}, 1), ({("合同系统", "华南")}, 2)]
)
def test_a_login_that_replaces_a_credential_is_told_by_what_was_declared(
    renewing: Any, asked: int
) -> None:
    logins = Logins()
    one, other = logins.open(), logins.open()
    one.renewing = other.renewing = renewing

    one.handle(SENT)
    one.finish_login_attempt("合同系统", "华东", 7200.0)
    other.handle(replace(SENT, body=b"refresh=2"))

    assert logins.inner.asked == asked


HERE, THERE = object(), object()


@pytest.mark.parametrize(
    ("first", "second", "asked"),
    [(None, None, 1), (HERE, HERE, 1), (None, HERE, 2), (HERE, THERE, 2), (THERE, None, 2)],
)
def test_sessions_share_where_the_same_third_parties_answer(
    first: object, second: object, asked: int
) -> None:
    logins = Logins()
    logins.open(third_parties=THERE)
    one, other = logins.open(third_parties=first), logins.open(third_parties=second)

    one.handle(SENT)
    one.finish_login_attempt("合同系统", "华东", 7200.0)
    other.handle(SENT)

    assert logins.inner.asked == asked


@pytest.mark.parametrize(
    ("life", "instance", "asked"),
    [(7200.0, "华东", 1), (0.0, "华东", 2), (-5.0, "华东", 2), (None, "华东", 2)],
)
def test_a_login_is_shared_that_was_granted_and_lives(
    life: float | None, instance: str, asked: int
) -> None:
    logins = Logins()
    one, other = logins.open(), logins.open()

    one.handle(SENT)
    one.finish_login_attempt("合同系统", instance, life)
    other.handle(SENT)

    assert logins.inner.asked == asked


def test_each_step_of_a_login_is_shared_and_anything_else_is_asked_for() -> None:
    logins = Logins()
    one, other = logins.open(), logins.open()
    steps = [replace(SENT, url=f"https://contracts.example.test/{n}") for n in range(3)]
    business = replace(SENT, call=replace(CALL, api="查合同"))
    first = [one.handle(step).body for step in steps]
    one.finish_login_attempt("合同系统", "华东", 7200.0)

    assert [other.handle(step).body for step in steps] == first
    for request in (business, business, replace(business, call=None)):
        other.handle(request)
    assert logins.inner.asked == 6
    # what a session has used once, it asks for itself, and again for every further time
    assert [one.handle(steps[0]).body, one.handle(steps[0]).body] == [b"tok-7", b"tok-8"]


End = Callable[[SharedLoginTransport, SharedLoginTransport], None]


def _end_as_other(one: SharedLoginTransport, third: SharedLoginTransport) -> None:
    third._logins |= one._logins  # as if it had sent the same
    third.finish_login_attempt("合同系统", "华东", 7200.0)


@pytest.mark.parametrize(
    ("end", "asked"),
    [
        (lambda one, _: one.finish_login_attempt("合同系统", "华东", 7200.0), 3),
        (lambda one, _: one.finish_login_attempt("合同系统", "华东", None), 5),
        (lambda one, _: one.close(), 5),
        (lambda one, _: one.finish_login_attempt("合同系统", "华南", None), 0),
        (lambda _, third: third.close(), 0),
        (_end_as_other, 0),
    ],
)
def test_a_login_is_held_until_its_own_session_has_ended_it(end: End, asked: int) -> None:
    """Two steps, for which another session waits; 0: for ever."""
    logins = Logins()
    one, other, third = logins.open(), logins.open(), logins.open()
    steps = [SENT, replace(SENT, url="https://contracts.example.test/enter")]
    for step in steps:
        one.handle(step)
    third.handle(replace(SENT, body=b"user=wangwu"))
    waits = [threading.Thread(target=other.handle, args=(step,), daemon=True) for step in steps]
    for thread in waits:
        thread.start()

    end(one, third)
    for thread in waits:
        thread.join(30 if asked else 0.03)

    assert [thread.is_alive() for thread in waits] == [not asked] * 2
    assert logins.inner.asked == (asked or 3)
    one.close()
    for thread in waits:
        thread.join(30)
    assert logins.inner.asked == (asked or 5)  # nothing was shared by who did not hold it


def test_who_has_used_a_shared_login_asks_for_the_next_one_itself() -> None:
    """What another got since may have been refused, too."""
    logins = Logins()
    one, other = logins.open(), logins.open()
    answers = []
    for session in (one, other, one, other, other):
        answers.append(session.handle(SENT).body)
        session.finish_login_attempt("合同系统", "华东", 7200.0)

    assert answers == [b"tok-1", b"tok-1", b"tok-2", b"tok-3", b"tok-4"]
    assert logins.open().handle(SENT).body == b"tok-4"


@pytest.mark.parametrize(("passed", "asked"), [(199.0, 1), (200.0, 2), (299.0, 2)])
def test_the_life_of_a_login_counts_from_its_answer_and_not_from_its_last_step(
    monkeypatch: pytest.MonkeyPatch, passed: float, asked: int
) -> None:
    now = [1000.0]
    monkeypatch.setattr("bpmax_sim.session.shared_logins.time.monotonic", lambda: now[0])
    logins = Logins()
    one = logins.open()
    one.handle(SENT)
    now[0] += 100.0
    one.finish_login_attempt("合同系统", "华东", 400.0)

    now[0] = 1000.0 + passed
    logins.open().handle(SENT)

    assert logins.inner.asked == asked


class Busy(SharedLogins):
    """Logins of a session whose other calls log in elsewhere just while one ends."""

    def share_grant(self, key: str, holder: object, life: float) -> None:
        assert isinstance(holder, SharedLoginTransport)
        holder.handle(replace(SENT, call=replace(CALL, instance="华南"), body=b"user=wangwu"))
        super().share_grant(key, holder, life)


def test_a_login_may_end_while_the_same_session_logs_in_elsewhere() -> None:
    logins = Logins()
    logins.shared = Busy()
    first, second = logins.open(), logins.open()
    assert first.handle(SENT).body == b"tok-1"
    first.finish_login_attempt("合同系统", "华东", 7200.0)
    assert second.handle(SENT).body == b"tok-1"
    assert logins.inner.asked == 2
