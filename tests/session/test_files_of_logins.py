"""How processes share a login by a file, and who waits for whom how long."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from bpmax_sim.messages import Response
from bpmax_sim.session import shared_logins
from bpmax_sim.session.shared_logins import (
    SharedLogins,
    SharedLoginTransport,
    _KnownLogin,
    _SharedLoginFile,
)
from tests.session.test_shared_login_states import CALL, SENT, Inner


class Clock:
    """The clocks of one process, which sleeping moves on."""

    def __init__(self, monotonic: float, now: float) -> None:
        self.passed, self._monotonic, self._now = 0.0, monotonic, now
        self.slept: list[float] = []

    def monotonic(self) -> float:
        return self._monotonic + self.passed

    def time(self) -> float:
        return self._now + self.passed

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.passed += 10


@pytest.fixture(autouse=True)
def cheap_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let files lie in a folder of the test, and be encrypted at once."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(shared_logins, "_COST", {"n": 2, "r": 1, "p": 1})


def use(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> Clock:
    monkeypatch.setattr(shared_logins, "time", clock)
    return clock


def login(body: bytes = b"tok-1", **more: float) -> _KnownLogin:
    return _KnownLogin(Response(status=200, body=body), **{"at": 100.0, "until": 160.0, **more})


def read(secret: str = "li/p-1") -> _KnownLogin | None:
    file = _SharedLoginFile(secret)
    known = file.lock_and_read()
    file.release()
    return known


def test_a_login_has_the_same_instants_by_the_clock_of_each_process(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    use(monkeypatch, Clock(1_000.0, 5_000.0))
    file = _SharedLoginFile("li/p-1")
    assert file.lock_and_read() is None
    assert file.is_held
    file.store(login(b"a much longer token of yesterday", stamp=4_000.125))
    file.store(login(stamp=4_100.125))
    file.release()
    assert not file.is_held
    file.release()
    use(monkeypatch, Clock(50.0, 5_010.0))
    known = read()

    assert known is not None
    assert (known.response.body, known.at, known.until, known.stamp) == (
        b"tok-1", -860.0, -800.0, 4_100.125,
    )  # fmt: skip
    assert read("li/p-2") is None
    (folder,) = tmp_path.iterdir()
    assert len([*folder.iterdir()]) == 2
    assert all(b"tok-1" not in path.read_bytes() for path in folder.iterdir())


def test_a_shorter_login_leaves_nothing_of_a_longer_one() -> None:
    for size in range(4):
        file = _SharedLoginFile("li/p-1")
        file.lock_and_read()
        file.store(login(b"x" * 99))
        file.store(login(b"y" * size))
        file.release()
        known = read()
        assert known is not None
        assert known.response.body == b"y" * size


def test_a_file_that_holds_something_else_holds_no_login(tmp_path: Path) -> None:
    for content in (b"", b"x", b"{}", b"[]", b'{"response": 7}'):
        file = _SharedLoginFile("li/p-1")
        file.lock_and_read()
        (path,) = (one for one in tmp_path.rglob("*") if one.is_file())
        path.write_bytes(content if content in {b"", b"x"} else file._cipher.encrypt(content))
        file.release()
        assert read() is None, content


def test_a_process_waits_a_minute_for_another_one_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    found = []
    for refusals in (0, 1, 5, 6, 9):
        clock = use(monkeypatch, Clock(1.0, 2.0))
        left = [False] * refusals

        def try_lock(_descriptor: int, left: list[bool] = left) -> bool:
            return left.pop() if left else True

        monkeypatch.setattr(shared_logins, "try_lock", try_lock)
        file = _SharedLoginFile("li/p-1")
        file.lock_and_read()
        found.append((file.is_held, len(clock.slept)))
        file.release()

    assert found == [(True, 0), (True, 1), (True, 5), (True, 6), (False, 6)]


class Asked:
    """A third party that numbers its logins."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self) -> Response:
        self.count += 1
        return Response(status=200, body=f"tok-{self.count}".encode())


def obtain(
    shared: SharedLogins, ask: Callable[[], Response], *, after: float = -1.0, secret: str = ""
) -> str:
    holder = object()
    known = shared.obtain("k", ask, holder=holder, after=after, file_secret=secret)
    shared.share_grant("k", holder, 100.0)
    return known.response.body.decode()


def test_a_login_in_memory_serves_where_the_file_was_lost(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    ask, shared = Asked(), SharedLogins()
    assert obtain(shared, ask, secret="li") == "tok-1"
    assert obtain(SharedLogins(), ask, secret="li") == "tok-1"  # of another process
    for path in tmp_path.rglob("*"):
        if path.is_file():
            path.write_bytes(b"lost")
    assert obtain(shared, ask, secret="li") == "tok-1"
    assert obtain(SharedLogins(), ask, secret="li") == "tok-2"
    stamp = shared._answers["k"].stamp
    assert obtain(shared, ask, after=stamp - 1e-6) == "tok-1"
    assert obtain(shared, ask, after=stamp) == "tok-3"
    until = shared._answers["k"].until
    use(monkeypatch, Clock(until, time.time()))
    assert obtain(shared, ask) == "tok-4"


def test_a_login_that_is_broken_off_holds_up_nobody() -> None:
    shared = SharedLogins()

    def interrupt() -> Response:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        shared.obtain("k", interrupt, holder=object(), after=-1.0, file_secret="li")
    assert shared._holders == {}
    assert not shared._files["k"].is_held
    assert obtain(shared, Asked(), secret="li") == "tok-1"


def test_who_waits_in_a_process_waits_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    shared, ask = SharedLogins(), Asked()
    first, waited = object(), list[float]()
    shared.obtain("k", ask, holder=first, after=-1.0)

    def wait_for(predicate: Callable[[], bool], timeout: float) -> bool:
        waited.append(timeout)
        return predicate()

    monkeypatch.setattr(shared._changed, "wait_for", wait_for)
    second = object()
    shared.obtain("k", ask, holder=second, after=-1.0)
    assert (waited, ask.count) == ([60.0], 2)
    shared.share_grant("k", first, 1_000.0)  # whoever was passed over shares nothing
    assert shared._holders == {"k": second}
    assert shared._answers["k"].until == 0.0
    shared.release("k", first)
    assert shared._holders == {"k": second}
    shared.release("k", second)
    assert shared._holders == {}


def test_only_logins_are_shared_and_an_account_of_the_machine_takes_the_newest() -> None:
    inner, shared = Inner(), SharedLogins()

    def open_one(*platforms: str) -> SharedLoginTransport:
        return shared.wrap_transport(
            inner, third_parties=None, credentials_of=lambda _request: {"user": "lisi"},
            machine_wide_platforms=platforms,
        )  # fmt: skip

    def log_in(session: SharedLoginTransport, life: float | None = 100.0) -> str:
        body = session.handle(SENT).body
        session.finish_login_attempt("合同系统", "华东", life)
        return body.decode()

    call = replace(SENT, call=replace(CALL, api="list"))
    first, second = open_one("合同系统"), open_one("合同系统")
    assert [first.handle(call).body for _ in range(2)] == [b"tok-1", b"tok-2"]
    assert second.handle(replace(SENT, call=None)).body == b"tok-3"
    assert [log_in(first), log_in(second), log_in(second), log_in(first), log_in(first)] == [
        "tok-4", "tok-4", "tok-5", "tok-5", "tok-6",
    ]  # fmt: skip
    assert shared._holders == {}
    own, other = open_one(), open_one()
    assert [log_in(own), log_in(other), log_in(own), log_in(other)] == [
        "tok-6", "tok-6", "tok-7", "tok-8",
    ]  # fmt: skip
    bodies = []
    for session in (own, other):
        bodies.append(session.handle(call).body)
        session.finish_login_attempt("合同系统", "华东", 100.0)
    assert bodies == [b"tok-9", b"tok-10"]  # a call is nobody else's


def test_what_a_session_holds_it_releases_itself() -> None:
    inner, shared = Inner(), SharedLogins()
    first, third = (
        shared.wrap_transport(
            inner, third_parties=None, credentials_of=lambda _request: {"user": "lisi"}
        )
        for _ in range(2)
    )
    first.handle(SENT)
    first.finish_login_attempt("合同系统", "华东", 100.0)
    third.handle(SENT)
    assert shared._holders == {}  # who was given a login holds nothing
    third.handle(SENT)
    third.finish_login_attempt("合同系统", "华南", 100.0)
    third.finish_login_attempt("采购系统", "华东", None)
    assert [*shared._holders.values()] == [third]
    third.close()
    assert shared._holders == {}
