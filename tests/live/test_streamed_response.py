"""A response on its way through the recording proxy: what is noted, held back and sent on."""

from __future__ import annotations

import gzip
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import httpx
import pytest

from bpmax_sim.errors import BadResponseError, TransportError
from bpmax_sim.live import recording_proxy
from bpmax_sim.live.recording_proxy import _ProxiedExchange, _StreamedResponse
from bpmax_sim.live.upstream import UpstreamUrl
from bpmax_sim.messages import ConnectionRoute, Pairs, Request, Response
from bpmax_sim.server import RefusedRequest, ServedClient
from bpmax_sim.transport.live import ArrivingResponse

PROXY = "http://127.0.0.1:8700/t0k"
EVENTS = ("Content-Type", "Text/Event-Stream; charset=utf-8")
LINES = ("content-type", "application/x-ndjson")
JSON = ("Content-Type", "application/json")
LOOPING = (
    "https://crm.example.test/api leads back to this proxy, so it would ask itself for ever; "
    "name the third party's own address"
)
ZIPPED = gzip.compress("订单".encode(), mtime=0)


class Client(ServedClient):
    """A client that writes down what it gets, and leaves after so many pieces."""

    def __init__(self, log: list[str], leaves_after: int = -1) -> None:
        super().__init__({"state": {"raw_target": b"/t0k/a", "raw_headers": []}}, None)
        self.log, self.leaves_after = log, leaves_after
        self.is_gone = leaves_after == 0

    def begin(self, status: int, headers: Pairs) -> None:
        self.is_begun = True
        self.log.append(f"{status} {dict(headers).get('Location', '')}".strip())

    def write(self, piece: bytes) -> None:
        self.log.append(f"> {len(piece)}")
        self.leaves_after -= 1
        self.is_gone = self.is_gone or self.leaves_after == 0

    def end(self) -> None:
        self.log.append("end")


class Upstream:
    """An upstream that answers in *pieces*."""

    def __init__(
        self, pieces: Sequence[bytes], *headers: tuple[str, str], status: int = 200
    ) -> None:
        self.pieces, self.headers, self.status = pieces, headers, status

    @contextmanager
    def opened(self, _route: ConnectionRoute) -> Iterator[ArrivingResponse]:
        raw = [(name.encode(), value.encode()) for name, value in self.headers]
        response = httpx.Response(
            self.status, headers=raw, content=iter(self.pieces), extensions={"headers": raw}
        )
        yield ArrivingResponse(response)


def forward(
    upstream: Upstream, *, leaves_after: int = -1
) -> tuple[Response | Exception, list[str], _ProxiedExchange]:
    """Return what is recorded, or the error, and what happened to the client in which order."""
    log: list[str] = []
    client = Client(log, leaves_after)
    request = Request(method="GET", url=f"{PROXY}/a", base="http://127.0.0.1:8700")
    exchange = _ProxiedExchange(request, client, 0.0)
    address = UpstreamUrl.parse("https://crm.example.test/api")
    streamed = _StreamedResponse(exchange, upstream.opened, address, PROXY)
    known = Request(method="GET", url="https://crm.example.test/api/a?b=1")
    try:
        whole: Response | Exception = streamed.forward_all_but_last_piece(
            known, ConnectionRoute(), lambda _head, piece: log.append(f"note {len(piece)}")
        )
    except (BadResponseError, TransportError, RefusedRequest) as error:
        whole = error
    if streamed.is_complete:
        log.append("recorded")
        streamed.forward_last_piece()
    return whole, log, exchange


@pytest.mark.parametrize(
    ("upstream", "log"),
    [
        # the last piece waits where it is known to be the last
        (Upstream([b"ab", b"c"], JSON, ("Content-Length", "3")),
         ["note 2", "200", "> 2", "recorded", "> 1", "end"]),
        (Upstream([b"abc"], JSON, ("content-length", "3")), ["recorded", "200", "> 3", "end"]),
        (Upstream([b"ab", b"", b"c"], JSON),
         ["note 2", "200", "> 2", "note 1", "> 1", "recorded", "end"]),
        (Upstream([b"ab"], JSON, ("content-length", "5")),
         ["note 2", "200", "> 2", "recorded", "end"]),
        (Upstream([], JSON), ["recorded", "200", "end"]),
        (Upstream([], status=204), ["recorded", "204", "end"]),
        (Upstream([], ("Location", "/api/b"), status=302), ["recorded", f"302 {PROXY}/b", "end"]),
        (Upstream([b"x"], status=599), ["note 1", "599", "> 1", "recorded", "end"]),
    ],
)  # fmt: skip
def test_all_but_the_last_piece_goes_on_before_the_whole_is_recorded(
    upstream: Upstream, log: list[str]
) -> None:
    whole, seen, exchange = forward(upstream)

    assert seen == log
    assert isinstance(whole, Response)
    assert (whole.status, whole.body, whole.source) == (
        upstream.status, b"".join(upstream.pieces), "live",
    )  # fmt: skip
    assert (exchange.outcome, exchange.name, exchange.target) == (
        str(upstream.status), "", "/api/a",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("pieces", "headers", "lengths"),
    [
        ([b"data: 1\n\n", b"data: 23\n\n"], [EVENTS], [9, 10]),
        ([b"{}\n", b"{}\n", b"[]\n"], [LINES], [3, 3, 3]),
        ([b"{}", b"\n"], [JSON], []),
        ([b"{}"], [], []),
        # the pieces of what is compressed are not those of the text
        ([ZIPPED[:9], ZIPPED[9:]], [EVENTS, ("Content-Encoding", "gzip")], []),
    ],
)
def test_a_stream_is_recorded_with_its_pieces(
    pieces: list[bytes], headers: list[tuple[str, str]], lengths: list[int]
) -> None:
    whole, _, _ = forward(Upstream(pieces, *headers))

    assert isinstance(whole, Response)
    assert [chunk.length for chunk in whole.chunks] == lengths
    assert all(0 <= chunk.at <= whole.elapsed + 0.001 for chunk in whole.chunks)
    assert whole.body == (b"".join(pieces) if ZIPPED[:9] not in pieces else "订单".encode())


@pytest.mark.parametrize(
    ("headers", "leaves_after", "pieces", "is_stopped"),
    [
        ([EVENTS], 1, 3, True), ([LINES], 2, 3, True), ([EVENTS], 3, 3, True),
        ([EVENTS], 9, 3, False),
        ([JSON], 1, 3, False), ([], 0, 3, False), ([JSON], 1, 4, True), ([JSON], 9, 4, False),
    ],
)  # fmt: skip
def test_what_may_never_end_is_stopped_where_the_client_has_left(
    headers: list[tuple[str, str]],
    leaves_after: int,
    pieces: int,
    is_stopped: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Eleven bytes can be recorded, and so three of four pieces."""
    monkeypatch.setattr(recording_proxy, "_MOST", 11)
    whole, log, _ = forward(Upstream([b"abc"] * pieces, *headers), leaves_after=leaves_after)

    assert ("recorded" in log) != is_stopped
    if is_stopped:
        assert isinstance(whole, TransportError)
        assert (whole.code, whole.message) == ("RESET", "the client closed the connection")
    else:
        assert isinstance(whole, Response) == (pieces == 3)


def test_a_response_that_is_too_large_reaches_the_client(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recording_proxy, "_MOST", 3)
    for pieces, is_recorded in (([b"abc"], True), ([b"ab", b"cd"], False)):
        whole, log, _ = forward(Upstream(pieces, ("content-length", str(len(b"".join(pieces))))))

        assert isinstance(whole, Response) == is_recorded
        assert log[-2:] == [f"> {len(pieces[-1])}", "end"]
    assert str(whole) == "the response is larger than 3 bytes"


@pytest.mark.parametrize(
    ("upstream", "error", "told"),
    [
        (Upstream([b"x"], status=199), BadResponseError, "the response has status 199"),
        (Upstream([b"x"], status=600), BadResponseError, "the response has status 600"),
        (Upstream([b"x"], ("X-Bpmax-Sim", "LOOP"), status=508), RefusedRequest, LOOPING),
    ],
)  # fmt: skip
def test_what_is_no_response_of_the_upstream_is_not_sent(
    upstream: Upstream, error: type[Exception], told: str
) -> None:
    whole, log, exchange = forward(upstream)

    assert (type(whole), str(whole), log) == (error, told, [])
    assert exchange.outcome == str(upstream.status)


def test_another_code_of_a_bench_is_a_response() -> None:
    whole, _, _ = forward(Upstream([b"{}"], ("x-bpmax-sim", "NO_MATCH"), status=501))

    assert isinstance(whole, Response)
