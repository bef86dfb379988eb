"""Responses that break the rules of HTTP: what is said, and that none is cut in silence."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from typing import Any

import pytest

from bpmax_sim.errors import BadResponseError, TransportError
from bpmax_sim.messages import Request, Response
from bpmax_sim.transport.broken_framing import describe_broken_framing
from bpmax_sim.transport.live import LiveTransport
from tests.loopback import loopback

OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
ORDER = '{"订单号":"SO-20260302-001"}'.encode()


def ask(answer: bytes) -> Response:
    """Return what a client gets of *answer*, after which the server closes the connection."""
    with loopback(lambda _: iter([answer])) as server, LiveTransport() as live:
        return live.handle(Request(method="GET", url=f"{server.url}/orders/1", timeout=5))


@pytest.mark.parametrize(
    ("answer", "what"),
    [
        (
            OK + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}x",
            "it has two different Content-Length headers",
        ),
        (OK + b"Content-Length: 2, 3\r\n\r\n{}x", "it has two different Content-Length headers"),
        (OK + b"Content-Length: two\r\n\r\n{}", "its Content-Length is no number"),
        (OK + b"Content-Length: -1\r\n\r\n{}", "its Content-Length is no number"),
        (OK + b"Content-Length:\r\n\r\n{}", "its Content-Length is no number"),
        (
            OK + b"Content-Length: 99\r\n\r\n" + ORDER,
            "the connection was closed after 31 of 99 bytes of its body",
        ),
        (CHUNKED + b"xyz\r\n{}\r\n", "the length of a chunk of its body cannot be read"),
        (
            CHUNKED + b"1\r\n{}\r\n0\r\n\r\n",
            "a chunk of its body is longer than the length before it says",
        ),
        (
            CHUNKED + b"1f\r\n" + ORDER + b"\r\n",
            "the connection was closed before the last chunk of its body",
        ),
        (
            OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
            "its Transfer-Encoding is not chunked, which is all that was asked for",
        ),
        (b"", "the connection was closed before its first lines were complete"),
        (OK + b"Content-Le", "the connection was closed before its first lines were complete"),
        (
            b"\x15\x03\x01\0\x02\x02F",
            "its first line is not a status line, such as HTTP/1.1 200 OK",
        ),
        (
            b"HTTP/1.1 OK 200\r\n\r\n",
            "its first line is not a status line, such as HTTP/1.1 200 OK",
        ),
        (b"HTTP/1.1 099 No\r\n\r\n", "its status is not between 100 and 999"),
        (
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n",
            "it changes to another protocol, which was not asked for",
        ),
        (OK + b"Content-Length 2\r\n\r\n{}", "the header 'Content-Length' cannot be read"),
        (OK + "X-客户: 张三\r\n\r\n".encode(), "the header 'X-客户' cannot be read"),
        (OK + b"Set-Cookie : sid=Kx81mZpq\r\n\r\n", "the header 'Set-Cookie' cannot be read"),
        (OK + b"Kx81mZpq\r\n\r\n", "a line of its headers cannot be read"),
        (OK + b"X: " + b"a" * 200_000 + b"\r\n\r\n", "its first lines are too long"),
    ],
)
def test_what_is_wrong_and_where_is_said_in_words(answer: bytes, what: str) -> None:
    with pytest.raises(TransportError) as caught:
        ask(answer)

    assert (caught.value.code, caught.value.sent) == ("RESET", True)
    assert str(caught.value) == (
        f"the response cannot be read: {what}; the server, or a proxy or gateway before it, has "
        "to be corrected (curl -v shows what it sends)"
    )


def test_what_nobody_foresaw_is_told_as_it_is() -> None:
    assert describe_broken_framing(ValueError("an end without a beginning")) == (
        "an end without a beginning; the server, or a proxy or gateway before it, has to be "
        "corrected (curl -v shows what it sends)"
    )


def deflate_bare(data: bytes) -> bytes:
    engine = zlib.compressobj(wbits=-15)
    return engine.compress(data) + engine.flush()


def brotli(data: bytes) -> bytes:
    return pytest.importorskip("brotli", reason="it is an extra").compress(data)  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("coding", "pack"),
    [
        ("gzip", gzip.compress),
        ("deflate", zlib.compress),
        ("deflate", deflate_bare),
        ("br", brotli),
        ("gzip, deflate", lambda data: zlib.compress(gzip.compress(data))),
        ("deflate, gzip", lambda data: gzip.compress(zlib.compress(data)[:-6])),
    ],
)
def test_a_compressed_body_without_its_end_is_no_whole_body(coding: str, pack: Any) -> None:
    packed = pack(ORDER)
    is_cut_inside = coding == "deflate, gzip"
    head = OK + f"Content-Encoding: {coding}\r\nContent-Length: ".encode()

    for body in (packed if is_cut_inside else packed[:-3], packed[:12]):
        with pytest.raises(BadResponseError) as caught:
            ask(head + str(len(body)).encode() + b"\r\n\r\n" + body)
        assert (
            str(caught.value) == "the body cannot be decoded: it is compressed, and was cut short"
        )
    if not is_cut_inside:
        assert ask(head + f"{len(packed)}\r\n\r\n".encode() + packed).body == ORDER


@pytest.mark.parametrize("status", ["200 OK", "204 No Content"])
def test_a_compressed_body_of_nothing_is_whole(status: str) -> None:
    head = f"HTTP/1.1 {status}\r\nContent-Encoding: gzip\r\nContent-Length: 0\r\n\r\n"

    assert ask(head.encode()).body == b""


def test_a_server_that_repeats_itself_is_read() -> None:
    def answer(_: bytes) -> Iterator[bytes]:
        yield OK + b"Content-Length: 31\r\nContent-Length: 31\r\n\r\n"
        yield ORDER

    with loopback(answer) as server, LiveTransport() as live:
        assert live.handle(Request(method="GET", url=f"{server.url}/")).body == ORDER
