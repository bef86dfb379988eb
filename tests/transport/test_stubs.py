from __future__ import annotations

import httpx
import pytest

from bpmax_sim.errors import TransportError
from bpmax_sim.messages import Request, Response
from bpmax_sim.transport.protocol import Handler, StubTransport
from bpmax_sim.transport.respx_router import make_router, make_router_stub

REQUEST = Request(method="GET", url="https://crm.example.test/api/customers/7", timeout=5.0)


def stubs() -> StubTransport:
    return StubTransport(
        Handler(lambda _request: Response(status=599)), learn=lambda _request, _response: None
    )


def test_what_no_stub_answers_goes_on() -> None:
    found = stubs()
    found.add(lambda _request: None)

    assert found.handle(REQUEST).status == 599


def test_the_stub_added_last_is_asked_first_and_takes_no_time() -> None:
    found = stubs()
    for status in (200, 201):
        found.add(lambda _request, status=status: Response(status=status, elapsed=3.0))  # type: ignore[misc]

    answer = found.handle(REQUEST)
    assert (answer.status, answer.elapsed, answer.source) == (201, 0.0, "stub")


def test_what_a_stub_mints_is_learnt() -> None:
    learnt: list[tuple[Request, int]] = []

    def learn(request: Request, response: Response) -> None:
        learnt.append((request, response.status))

    found = StubTransport(Handler(lambda _request: Response(status=599)), learn=learn)
    found.add(lambda _request: Response(status=200))

    assert (found.handle(REQUEST).status, learnt) == (200, [(REQUEST, 200)])


def test_a_router_answers_only_what_it_has_routes_for() -> None:
    router = make_router()
    router.get("https://crm.example.test/api/customers/7").respond(json={"name": "张三"})
    router.get(path="/through").pass_through()
    answer = make_router_stub(router)

    found = answer(REQUEST)
    assert found is not None
    assert found.body == httpx.Response(200, json={"name": "张三"}).content
    elsewhere = Request(method="GET", url="https://crm.example.test/through")
    assert answer(elsewhere) is None
    assert answer(Request(method="POST", url=REQUEST.url)) is None


@pytest.mark.parametrize(
    ("error", "code", "elapsed"),
    [(httpx.ReadTimeout, "TIMEOUT", 5.0), (httpx.ConnectError, "CONNECT", 0.0)],
)
def test_what_breaks_in_a_router_takes_virtual_time(
    error: type[httpx.TransportError], code: str, elapsed: float
) -> None:
    router = make_router()
    router.get().mock(side_effect=error)

    with pytest.raises(TransportError) as told:
        make_router_stub(router)(REQUEST)

    assert (told.value.code, told.value.elapsed) == (code, elapsed)
