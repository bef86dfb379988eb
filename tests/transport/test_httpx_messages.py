"""What a client over httpx sends to a session, and what it gets back, header by header."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from bpmax_sim.messages import Chunk, Pairs, Request, Response
from bpmax_sim.transport.adapters import httpx_transport

URL = "https://crm.example.test/a"


class Answering:
    """Answers every request with one response, and keeps the requests."""

    def __init__(self, response: Response) -> None:
        self.response = response
        self.requests: list[Request] = []

    def handle(self, request: Request, /) -> Response:
        self.requests.append(request)
        return self.response


def ask(response: Response, method: str = "GET", url: str = URL, **more: Any) -> httpx.Response:
    with httpx.Client(transport=httpx_transport(Answering(response))) as client:
        return client.request(method, url, **more)


@pytest.mark.parametrize(
    ("method", "headers", "body", "length"),
    [
        ("GET", (("Content-Length", "99"),), b"abc", "3"),
        ("GET", (), b"", "0"),
        ("HEAD", (("content-length", "1048576"),), b"", "1048576"),
        ("HEAD", (("Content-Length", "0"),), b"", "0"),
        ("HEAD", (), b"", "0"),
        ("POST", (("content-length", "7"), ("Content-Encoding", "gzip")), "张".encode(), "3"),
        ("GET", (("Transfer-Encoding", "chunked"),), b"ab", "2"),
    ],
)
def test_a_length_is_that_of_the_body_or_what_head_is_told(
    method: str, headers: Pairs, body: bytes, length: str
) -> None:
    found = ask(Response(status=200, headers=(*headers, ("X-A", "1")), body=body), method)

    assert found.headers.multi_items() == [("x-a", "1"), ("content-length", length)]
    assert found.content == body


@pytest.mark.parametrize(
    ("chunks", "pieces"),
    [
        ((), [b"abcdef"]),
        ((Chunk(0.1, 2), Chunk(0.2, 4)), [b"ab", b"cdef"]),
        ((Chunk(0.1, 2),), [b"ab", b"cdef"]),
    ],
)
def test_a_body_comes_in_its_pieces(chunks: tuple[Chunk, ...], pieces: list[bytes]) -> None:
    response = Response(status=200, body=b"abcdef", chunks=chunks)
    transport = httpx_transport(Answering(response))
    with httpx.Client(transport=transport) as client, client.stream("GET", URL) as found:
        assert [piece for piece in found.iter_raw() if piece] == pieces


@pytest.mark.parametrize(("reason", "told"), [("OK", "OK"), ("", ""), ("成功", "??")])
def test_a_reason_is_ascii(reason: str, told: str) -> None:
    assert ask(Response(status=299, reason=reason)).reason_phrase == told


@pytest.mark.parametrize(
    ("url", "more", "sent"),
    [
        (URL, {}, {}),
        (f"{URL}?b=%2F&c=%E5%BC%A0", {}, {"url": f"{URL}?b=%2F&c=%E5%BC%A0"}),
        ("https://u:p@crm.example.test:8443/", {}, {"url": "https://u:p@crm.example.test:8443/"}),
        ("https://crm.example.test:443/a#b", {}, {}),
        (URL, {"timeout": 2.5}, {"timeout": 2.5}),
        (URL, {"timeout": None}, {"timeout": 30.0}),
        (URL, {"timeout": 0.0}, {"timeout": 0.0}),
        (URL, {"timeout": httpx.Timeout(9.0, read=3.0)}, {"timeout": 3.0}),
        (URL, {"content": b""}, {}),
        (URL, {"content": b"\xff"}, {"body": b"\xff"}),
        (
            URL,
            {"headers": [("X-A", "1"), ("x-a", "2"), ("Accept", "a/b"), ("TE", "x")]},
            {"headers": (("Accept", "a/b"), ("X-A", "1"), ("x-a", "2"))},
        ),
    ],
)
def test_a_request_is_that_of_the_client(url: str, more: Any, sent: dict[str, Any]) -> None:
    session = Answering(Response(status=200))
    with httpx.Client(transport=httpx_transport(session), timeout=7.0) as client:
        client.request("PUT", url, **more)
    [found] = session.requests

    expected = {"url": URL, "timeout": 7.0, "body": None, "headers": (), **sent}
    shown = tuple(
        pair for pair in found.headers if pair[0].lower() not in {"user-agent", "authorization"}
    )
    assert (found.method, found.url, found.timeout, found.body) == (
        "PUT",
        expected["url"],
        expected["timeout"],
        expected["body"],
    )
    assert sorted(shown) == sorted(expected["headers"])
    assert found.follow is False
