from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest
from msgspec.structs import replace

from bpmax_sim.cassette.file import Cassette
from bpmax_sim.cassette.format import dump_exchanges
from bpmax_sim.messages import Exchange, Response
from tests.cassette.exchanges import RULES, ZONE, answer, detail, numbered, order
from tests.cassette.test_format import sample

SHIPPED = Path(__file__).parents[2] / "cassettes"


def asked(client: httpx.Client, exchange: Exchange) -> httpx.Response:
    request = exchange.request
    return client.request(
        request.method, request.url, headers=request.headers, content=request.body
    )


def stock() -> Any:
    """Return what plays what is recorded, and nothing else."""
    from vcr import VCR  # noqa: PLC0415 - it takes half a second, and every worker collects

    return VCR(record_mode="none")


@pytest.mark.parametrize("path", sorted(SHIPPED.rglob("*.yaml")), ids=lambda path: path.stem)
def test_stock_vcrpy_replays_every_shipped_cassette(path: Path) -> None:
    shipped = [(e, e.outcome) for e in Cassette.load(path).exchanges()]
    answered = [(e, came) for e, came in shipped if isinstance(came, Response)]
    player = stock()

    with player.use_cassette(str(path)) as cassette, httpx.Client() as client:
        client.headers.clear()
        told = [(asked(client, exchange), came) for exchange, came in answered]
        played, is_whole = cassette.play_count, cassette.all_played

    assert [(t.status_code, t.reason_phrase, t.content) for t, _ in told] == [
        (came.status, came.reason, came.body) for _, came in told
    ]
    assert is_whole
    assert played == len(answered)
    assert answered or path.parent.name == "客户系统故障"


def test_there_are_shipped_cassettes_to_try() -> None:
    assert len(list(SHIPPED.rglob("*.yaml"))) > 20


def test_stock_vcrpy_replays_our_file(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    binary = replace(
        answer(), body=b"\x00\xff", headers=(("set-cookie", "a=1"), ("set-cookie", "b=2"))
    )
    told = numbered(
        detail(), order('{"客户":"张三"}'.encode()), detail(7, outcome=binary), *sample()[3:]
    )
    path.write_bytes(dump_exchanges(told, rules=RULES, zone=ZONE))
    player = stock()
    auth = {"authorization": "Bearer redacted.crm_system.test.token.1"}

    with player.use_cassette(str(path)) as cassette, httpx.Client() as client:
        client.headers.clear()
        found = client.get(
            "https://crm.example.test/customers/12345?fields=name%2Cphone", headers=auth
        )
        made = client.post(
            "https://crm.example.test/orders",
            content='{"客户":"张三"}'.encode(),
            headers={"content-type": "application/json"},
        )
        raw = client.get("https://crm.example.test/customers/7?fields=name%2Cphone", headers=auth)
        played = cassette.play_count

    assert found.json()["data"]["name"] == made.json()["data"]["name"] == "张三"
    assert (found.status_code, found.reason_phrase) == (200, "OK")
    assert raw.content == b"\x00\xff"
    assert raw.headers.get_list("set-cookie") == ["a=1", "b=2"]
    assert played == 3
