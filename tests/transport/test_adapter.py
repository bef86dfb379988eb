from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import respx

from bpmax_sim.errors import NoMatchError, TransportError
from bpmax_sim.messages import Chunk, Request, Response
from bpmax_sim.session.session import Session
from bpmax_sim.starter.demo import Crm, serve_crm
from bpmax_sim.transport.adapters import httpx_transport
from bpmax_sim.transport.protocol import Handler, Transport
from bpmax_sim.transport.respx_router import stub
from tests.leaks import folder, leaks
from tests.loopback import answer_json, loopback

FILES = Path(__file__).parents[2] / "bpmax_sim/starter/demo_files/scenarios"
START = "2026-03-02T09:00:00+08:00"


@pytest.fixture(name="crm")
def running() -> Iterator[Crm]:
    with serve_crm() as crm:
        yield crm


def opened(root: Path, crm: Crm | None = None, **options: Any) -> Session:
    return Session.open(
        FILES / "platforms",
        cassette=root / "cassettes/sdk.yaml",
        **{
            "clock": START,
            "owner": "SDK",
            "mode": "record" if crm else "replay",
            "environ": crm.environment if crm else {},
        }
        | options,
    )


def use_sdk(session: Session, address: str, secret: str) -> list[Any]:
    """Log in and ask for a customer, as a vendor's own client does."""
    with httpx.Client(base_url=address, transport=httpx_transport(session)) as client:
        form = {"grant_type": "client_credentials", "client_id": "x", "client_secret": secret}
        token = client.post("/oauth/token", data=form).json()["access_token"]
        client.headers["Authorization"] = f"Bearer {token}"
        found = client.get("/api/customers/12345", params={"fields": "name", "_": "1"})
        missing = client.get("/nothing")
    return [found.status_code, found.json(), missing.status_code, missing.json()]


def test_a_client_of_ones_own_is_recorded_and_replayed(tmp_path: Path, crm: Crm) -> None:
    with opened(tmp_path, crm) as session:
        # The session knows the instance's credentials once it is asked for them.
        session.proxy("crm_system").api("get_customer_detail").path(id=1).call()
        recorded = use_sdk(session, crm.url, crm.client_secret)
    found = leaks(folder(tmp_path), {"secret": crm.client_secret} | dict(enumerate_(crm.tokens)))
    with opened(tmp_path) as session:
        session.proxy("crm_system").api("get_customer_detail").path(id=1).call()
        standin = "redacted.crm_system.default.client_secret.1"
        replayed = use_sdk(session, "https://crm.example.test", standin)

    assert found == []
    assert replayed == recorded
    assert recorded[1]["data"]["name"] == "张三"
    assert [call.name for call in session.calls if not call.is_login] == [
        "crm_system.get_customer_detail",
        "crm_system.get_customer_detail",
        "crm.example.test.GET",
    ]


def enumerate_(values: list[str]) -> list[tuple[str, str]]:
    return [(f"token {number}", value) for number, value in enumerate(values)]


def test_a_builder_and_a_client_of_ones_own_share_recordings(tmp_path: Path, crm: Crm) -> None:
    with opened(tmp_path, crm) as session:
        built = session.proxy("crm_system").getCustomerDetail("12346")
    with (
        opened(tmp_path) as session,
        httpx.Client(transport=httpx_transport(session)) as client,
    ):
        answer = client.get("https://crm.example.test/api/customers/12346")

    assert answer.json() == built


def test_a_client_whose_token_nobody_knows_leaks_none(tmp_path: Path) -> None:
    secret = "自己的-own-secret-token".encode().hex()
    answers = Handler(lambda _: Response(status=200, body=f"you are {secret}".encode()))
    with (
        opened(tmp_path, mode="record", transport=answers, environ={}) as session,
        httpx.Client(transport=httpx_transport(session)) as client,
    ):
        for address in ("https://crm.example.test/api/customers/1", "https://other.test/x"):
            client.get(address, headers={"Authorization": f"Bearer {secret}"})

    assert leaks(folder(tmp_path), {"secret": secret}) == []
    assert b"you are redacted." in (tmp_path / "cassettes/sdk.yaml").read_bytes()


def test_an_asynchronous_client_is_answered_too(tmp_path: Path, crm: Crm) -> None:
    async def ask(session: Session, address: str) -> Any:
        async with httpx.AsyncClient(transport=httpx_transport(session)) as client:
            return (await client.get(f"{address}/nothing", headers={"x": "1"})).json()

    with opened(tmp_path, crm) as session:
        recorded = asyncio.run(ask(session, crm.url))
    with opened(tmp_path) as session:
        replayed = asyncio.run(ask(session, "https://crm.example.test"))

    assert replayed == recorded == {"code": 401, "message": "令牌无效"}


def test_a_miss_is_told_to_the_client_and_remembered(tmp_path: Path) -> None:
    session = opened(tmp_path)
    client = httpx.Client(transport=httpx_transport(session))
    with pytest.raises(NoMatchError) as caught:
        client.get("https://other.test/x?y=1")
    with pytest.raises(NoMatchError):
        session.close()

    assert str(caught.value) == (
        f"no cassette: GET https://other.test/x cannot be answered, {tmp_path}/cassettes/sdk.yaml "
        "does not exist\n"
        "  call      GET https://other.test/x?y=1\n"
        "  address   https://other.test is not an address of a platform; "
        "recordings are stored under "
        "https://crm.example.test (crm_system)\n"
        "  record    bpmax-sim record"
    )


def test_a_redirect_is_the_client_s_own_to_follow(tmp_path: Path) -> None:
    def answer(request: bytes) -> bytes:
        if request.startswith(b"GET /old"):
            return answer_json("{}", status="302 Found", headers="location: /new\r\n")
        return answer_json('"new"')

    def ask(session: Session, url: str) -> list[int]:
        with httpx.Client(base_url=url, transport=httpx_transport(session)) as client:
            found = client.get("/old", follow_redirects=True)
        return [one.status_code for one in (*found.history, found)]

    with loopback(answer) as server:
        with opened(tmp_path, mode="record", environ={}) as session:
            live = ask(session, server.url)
        with opened(tmp_path) as session:
            again = ask(session, server.url)

    assert live == again == [302, 200]


class Answering:
    """A session that answers with one thing and keeps what it was asked."""

    def __init__(self, outcome: Response | TransportError) -> None:
        self.outcome = outcome
        self.asked: list[Request] = []

    def handle(self, request: Request, /) -> Response:
        self.asked.append(request)
        if isinstance(self.outcome, TransportError):
            raise self.outcome
        return self.outcome


def test_a_request_goes_out_as_it_was_made() -> None:
    session = Answering(Response(status=204))
    with httpx.Client(transport=httpx_transport(session), timeout=3) as client:
        client.post("https://a.test:8443/客户/%2F?q=%E4%B8%AD+文", json={"姓名": "张三"})
    (asked,) = session.asked

    assert asked.method == "POST"
    assert asked.url == "https://a.test:8443/%E5%AE%A2%E6%88%B7/%2F?q=%E4%B8%AD+%E6%96%87"
    assert json.loads(asked.body or b"") == {"姓名": "张三"}
    assert asked.timeout == 3
    assert dict(asked.headers) == {
        "User-Agent": f"python-httpx/{httpx.__version__}",
        "Content-Type": "application/json",
    }


def test_an_answer_comes_in_the_pieces_that_it_was_recorded_in() -> None:
    body = "data: 甲\n\ndata: 乙\n\n".encode()
    headers = (("content-encoding", "gzip"), ("set-cookie", "a=1"), ("set-cookie", "b=2"))
    answer = Response(
        status=200, headers=headers, body=body, chunks=(Chunk(0.1, 11), Chunk(0.2, 11))
    )
    with (
        httpx.Client(transport=httpx_transport(Answering(answer))) as client,
        client.stream("GET", "https://a.test/") as came,
    ):
        pieces = list(came.iter_bytes())

    assert pieces == [body[:11], body[11:]]
    assert came.headers.get_list("set-cookie") == ["a=1", "b=2"]
    assert came.headers["content-length"] == "22"


@pytest.mark.parametrize(
    ("code", "sent", "kind"),
    [
        ("TIMEOUT", True, httpx.ReadTimeout),
        ("TIMEOUT", False, httpx.ConnectTimeout),
        ("RESET", True, httpx.ReadError),
        ("CONNECT", False, httpx.ConnectError),
        ("TLS", False, httpx.ConnectError),
    ],
)
def test_what_did_not_complete_is_httpx_s_own_error(
    code: str, sent: bool, kind: type[httpx.TransportError]
) -> None:
    broken = TransportError("no answer within 3 s", code=code, sent=sent)
    client = httpx.Client(transport=httpx_transport(Answering(broken)))
    with pytest.raises(kind, match="no answer within 3 s"):
        client.get("https://a.test/")


def routed() -> respx.Router:
    router = respx.Router()
    router.get("https://crm.example.test/api/customers/7").respond(json={"name": "王五"})
    return router


def plain(request: httpx.Request) -> httpx.Response:
    return httpx.Response(200, json={"name": "王五"})


@pytest.mark.parametrize(
    "transport",
    [stub(routed()), stub(plain), stub(httpx.MockTransport(plain))],
)
def test_a_stub_answers_in_the_place_of_the_network(transport: Transport) -> None:
    request = Request(method="GET", url="https://crm.example.test/api/customers/7")

    answer = transport.handle(request)

    assert json.loads(answer.body) == {"name": "王五"}
