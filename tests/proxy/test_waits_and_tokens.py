"""What becomes of a token while a call that holds it waits: it expires, or another call is refused.

A grant is not used once it has expired or was refused, however long the call has had it.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from urllib.parse import unquote

import msgspec
import pytest

from bpmax_sim.errors import CallError
from bpmax_sim.messages import Request, Response
from bpmax_sim.platform.model import Auth, Recover
from bpmax_sim.proxy.builder import CallSpec
from bpmax_sim.proxy.client import run_call
from bpmax_sim.script.scheduler import Scheduler
from tests.proxy.world import SEARCH, TOKEN, World, answer, crm, headers_of, ok, rejected

LIFE, MARGIN = 600, 60
AUTH: Auth = msgspec.structs.replace(
    TOKEN,
    recover={
        "token": Recover(refresh=1),
        "rate": Recover(tries=9, wait=("header:retry-after",)),
        "transient": Recover(tries=9, backoff=300),
    },
)


class Server:
    """Issues tokens that live for `LIFE`, and notes with which of them each call comes."""

    def __init__(self, **troubles: list[str]) -> None:
        """Answer calls by *troubles* of each caller: a wait, ``401``, ``503``; after that well."""
        self.world = World(crm(SEARCH, auth=AUTH), self.respond)
        self.troubles: dict[str, Iterator[str]] = {k: iter(v) for k, v in troubles.items()}
        self.logins: Iterator[int] = iter(())
        self.issued = 0
        self.sent: list[tuple[str, int]] = []

    def respond(self, request: Request) -> Response:
        if request.is_login:
            if (status := next(self.logins, 200)) != 200:
                return answer(status, {})
            self.issued += 1
            return ok({"access_token": f"tok-{self.issued:04d}", "expires_in": LIFE})
        caller = unquote(request.url.partition("caller=")[2])
        self.sent.append((caller, int(headers_of(request)["Authorization"][-4:])))
        what = next(self.troubles[caller], "")
        if what in {"401", "503"}:
            return answer(int(what), {})
        return answer(429, {}, {"Retry-After": what}) if what else ok()

    def run(self, *callers: str) -> list[str]:
        """Let *callers* call at once; return the code with which each of them ends."""
        world, ended = self.world, dict[str, str]()
        scheduler = Scheduler(world.clock, world.handle, world.tokens)

        def end(caller: str, _value: object, error: Exception | None) -> None:
            assert error is None or isinstance(error, CallError)
            ended[caller] = error.code if error else ""

        for caller in callers:
            spec = CallSpec(
                platform="crm_system", api="search", steps=(("query", {"caller": caller}),)
            )
            scheduler.start_call(run_call(spec, world.env), partial(end, caller))
        scheduler.run()
        return [ended[caller] for caller in callers]


@pytest.mark.parametrize(
    ("troubles", "tokens"),
    [
        (["539"], [1, 1]),
        (["540"], [1, 2]),  # `MARGIN` before its end
        (["541"], [1, 2]),
        (["300", "239"], [1, 1, 1]),
        (["300", "240"], [1, 1, 2]),
        (["300", "240", "539"], [1, 1, 2, 2]),
        (["300", "240", "540"], [1, 1, 2, 3]),
        (["503"], [1, 1]),
        (["503", "503"], [1, 1, 2]),
        # what expired was not refused: the one renewal after a refusal is still there
        (["540", "401"], [1, 2, 3]),
        (["401", "540"], [1, 2, 3]),
        (["401", "539"], [1, 2, 2]),
        (["401", "540", "540"], [1, 2, 3, 4]),
    ],
)
def test_a_token_that_expires_while_a_call_waits_is_not_sent(
    troubles: list[str], tokens: list[int]
) -> None:
    server = Server(张三=troubles)

    assert server.run("张三") == [""]
    assert [token for _, token in server.sent] == tokens


def test_a_token_that_was_renewed_after_a_refusal_may_be_refused_once_it_has_expired() -> None:
    server = Server(张三=["401", "540", "401"])

    assert server.run("张三") == ["AUTH_FAILED"]
    assert [token for _, token in server.sent] == [1, 2, 3]


def test_a_token_that_is_refused_to_another_call_is_not_sent_after_a_wait() -> None:
    server = Server(张三=["5"], 李四=["401"], 王五=["3"])

    assert server.run("张三", "李四", "王五") == ["", "", ""]
    assert server.sent == [
        ("张三", 1), ("李四", 1), ("王五", 1),
        ("李四", 2), ("王五", 2), ("张三", 2),
    ]  # fmt: skip


def test_a_login_that_is_refused_after_a_wait_ends_the_call() -> None:
    server = Server(a=["540"])
    server.logins = iter([200, 401, 200])
    world = server.world

    error = rejected(
        lambda: world.proxy().api("search").query(caller="a").call(),
    )

    assert (error.code, error.status, world.slept) == ("AUTH_FAILED", 401, [540.0])
    assert server.sent == [("a", 1)]
    assert world.log[-1].attempts == 1
    assert world.proxy().api("search").query(caller="a").call()
    assert server.sent == [("a", 1), ("a", 2)]
