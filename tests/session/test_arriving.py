"""What is on disk of a response that still arrives, and what is learnt of it before."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from bpmax_sim.messages import Call, Exchange, FailedExchange, Request, Response
from bpmax_sim.secret.vault import Vault
from bpmax_sim.session.arriving_exchange import StreamedExchangeRecorder

LINES = (("content-type", "application/x-ndjson"),)
JSON = (("content-type", "application/json"),)
REQUEST = Request(
    method="GET", url="https://crm.example.test/客户?k=s3cret-value",
    call=Call(platform="crm", instance="test", api="list", method="GET", path="/客户"),
    personal=("body.电话",),
)  # fmt: skip


@dataclass
class Bench:
    """What was appended and learnt, in the order in which that was."""

    vault: Vault = field(default_factory=Vault)
    events: list[Any] = field(default_factory=list)

    def learn(self, request: Request, response: Response) -> None:
        assert request is REQUEST
        self.events.append(response.body)
        if b"t0ken-of-today" in response.body:
            self.vault.add("t0ken-of-today", "redacted.crm.test.token.1", name="crm.test.token")

    def append(self, exchange: Exchange) -> None:
        self.events.append(exchange)

    def recorder(self, *, appends: bool = True) -> StreamedExchangeRecorder:
        self.vault.add("s3cret-value", "redacted.crm.test.key.1", name="crm.test.key")
        append = self.append if appends else None
        return StreamedExchangeRecorder(REQUEST, 1_772_413_200.5, self.vault, self.learn, append)

    def outcomes(self) -> list[FailedExchange]:
        found = [one.outcome for one in self.events if isinstance(one, Exchange)]
        return [one for one in found if isinstance(one, FailedExchange)]


def test_each_piece_is_an_exchange_that_broke_there() -> None:
    bench = Bench()
    recorder = bench.recorder()
    pieces = [b"1\ns3cret-", b"value\n2", b"\n", b"", b"3\n"]
    for number, piece in enumerate(pieces):
        head = Response(status=200 + number, headers=LINES, elapsed=number + 0.12345)
        recorder.record_piece(head, piece)

    shown = [b"1\n", b"redacted.crm.test.key.1\n", b"2\n", b"", b"3\n"]
    assert [one.received for one in bench.outcomes()] == shown
    assert [(one.code, one.elapsed) for one in bench.outcomes()] == [
        ("RESET", number + 0.123) for number in range(5)
    ]
    assert ["HTTP 204" in one.message for one in bench.outcomes()] == [False] * 4 + [True]
    assert recorder.received == b"".join(shown)
    exchanges = [one for one in bench.events if isinstance(one, Exchange)]
    assert {one.at for one in exchanges} == {1_772_413_200.5}
    assert {one.request.url for one in exchanges} == {
        "https://crm.example.test/客户?k=redacted.crm.test.key.1"
    }


def test_the_head_is_learnt_once_and_each_part_before_it_is_written() -> None:
    bench = Bench()
    recorder = bench.recorder()
    head = Response(status=200, headers=LINES)
    for piece in (b"t0ken-of", b"-today\n", b"a t0ken-of-today\n"):
        recorder.record_piece(head, piece)

    assert [one if isinstance(one, bytes) else "" for one in bench.events] == [
        b"", "", b"t0ken-of-today\n", "", b"a t0ken-of-today\n", "",
    ]  # fmt: skip
    assert recorder.received == b"redacted.crm.test.token.1\na redacted.crm.test.token.1\n"


def test_a_login_is_not_written_and_not_learnt_in_pieces() -> None:
    bench = Bench()
    recorder = bench.recorder(appends=False)
    recorder.record_piece(Response(status=200, headers=LINES), b"1\n")

    assert (bench.events, recorder.received) == ([], b"")


@pytest.mark.parametrize(
    ("headers", "piece", "shown"),
    [
        (JSON, '{"电话":"13800138000","n":1,'.encode(), True),
        (JSON, b'{"n":', False),
        ((("Content-Type", "text/html"),), b"<p>1</p>\n", False),
        ((), b"1\n", False),
    ],
)  # fmt: skip
def test_personal_data_is_replaced_in_a_part_of_json(
    headers: Any, piece: bytes, *, shown: bool
) -> None:
    bench = Bench()
    recorder = bench.recorder()
    recorder.record_piece(Response(status=200, headers=headers), piece)

    [outcome] = bench.outcomes()
    assert b"13800138000" not in outcome.received
    assert (b'"n":1' in outcome.received) == shown
    assert recorder.received == outcome.received
