"""Concurrent calls get their own answers, in whatever order; a late replay gets the same ones."""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from bpmax_sim.messages import Request, Response
from bpmax_sim.script.failure import Script
from bpmax_sim.session.session import Session
from bpmax_sim.starter.demo import Crm, serve_crm
from bpmax_sim.transport.protocol import Handler
from tests.session.test_session import opened

CUSTOMERS = ("12345", "12346", "12347", "12348")
JSON = (("content-type", "application/json"),)
LOGIN = Response(
    status=200, headers=JSON, body=b'{"access_token":"t-0123456789","expires_in":7200}'
)
ENVIRON = {"CRM_URL": "https://crm.test", "CRM_CLIENT_ID": "i", "CRM_CLIENT_SECRET": "s3cret-1"}


def asks(order: tuple[str, ...]) -> Script:
    """Return a script that asks for all customers at once, each of them twice."""
    calls = ", ".join(f"ask('{number}')" for number in order * 2)
    return Script(
        f"""const ask = async (n) => [n, (await $proxy('crm_system').getCustomerDetail(n)).data];
        return Promise.all([{calls}])""",
        "并发.js",
    )


def slowly(order: tuple[str, ...]) -> Handler:
    """Return a third party whose answers complete in *order*, the second of a customer first."""

    def answer(request: Request) -> Response:
        call = request.call
        if call is None or call.is_login:
            return LOGIN
        number, turn = (
            call.path.rpartition("/")[2],
            1 + (call.serial > 1 + len(CUSTOMERS)),
        )  # the login counts, too
        took = 0.004 * (order.index(number) + 1) * (3 - turn)
        time.sleep(took)
        body = f'{{"code":200,"data":"{number} {turn}"}}'.encode()
        return Response(status=200, headers=JSON, body=body, elapsed=took)

    return Handler(answer)


def pairs(session: Session, order: tuple[str, ...]) -> list[Any]:
    with session:
        outcome = session.run_script(asks(order))
    found: list[Any] = outcome.unwrap()
    return found


@pytest.mark.parametrize("completed", list(permutations(CUSTOMERS)), ids="-".join)
def test_no_answers_are_swapped_over_all_orders_of_completion_and_issue(
    tmp_path: Path, completed: tuple[str, ...]
) -> None:
    first = opened(
        tmp_path, mode="record", transport=slowly(completed), environ=ENVIRON, record="rewrite"
    )
    recorded = pairs(first, CUSTOMERS)
    expected = [[number, f"{number} {turn}"] for turn in (1, 2) for number in CUSTOMERS]

    assert recorded == expected
    for issued in permutations(CUSTOMERS):
        replayed = pairs(opened(tmp_path), issued)
        assert replayed == [[number, f"{number} {turn}"] for turn in (1, 2) for number in issued]


@pytest.fixture(name="crm")
def running() -> Iterator[Crm]:
    with serve_crm() as crm:
        yield crm


def test_a_replay_ten_years_later_with_no_credentials_is_the_same(
    tmp_path: Path, crm: Crm, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(session: Session) -> tuple[Any, ...]:
        with session:
            crm_system = session.proxy("crm_system")
            answers = [crm_system.getCustomerDetail(n) for n in ("12345", "12346")]
            ended = session.clock.now()
        return answers, [(c.name, c.status, c.at, c.duration) for c in session.calls], ended

    recorded = run(opened(tmp_path, crm))
    now = run(opened(tmp_path))
    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() + 10 * 366 * 86400)
    for name in crm.environment:
        monkeypatch.delenv(name, raising=False)
    later = run(opened(tmp_path, clock=None))

    assert later == now == recorded
