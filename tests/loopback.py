"""A raw HTTP server on a free loopback port: it keeps every byte it receives."""

from __future__ import annotations

import re
import socket
import socketserver
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)

Answer = Callable[[bytes], "bytes | Iterator[bytes]"]


def answer_json(text: str, *, status: str = "200 OK", headers: str = "") -> bytes:
    """Return a whole HTTP answer that carries *text* as JSON."""
    body = text.encode()
    head = f"HTTP/1.1 {status}\r\ncontent-type: application/json\r\n{headers}"
    return f"{head}content-length: {len(body)}\r\n\r\n".encode() + body


@dataclass(slots=True)
class Loopback:
    """A running server.

    Attributes:
        answer: turns the raw request into the raw answer, or into pieces of it.
        received: every raw request, in order of arrival.
        context: with which it speaks TLS; None for plain text.
    """

    answer: Answer
    listener: socket.socket
    received: list[bytes] = field(default_factory=list)
    context: ssl.SSLContext | None = None
    open: list[socket.socket] = field(default_factory=list)

    @property
    def url(self) -> str:
        host, port = self.listener.getsockname()
        return f"{'https' if self.context else 'http'}://{host}:{port}"

    def accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self.listener.accept()
                self.open.append(connection)
                threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection: socket.socket) -> None:
        if self.context is not None:
            try:
                connection = self.context.wrap_socket(connection, server_side=True)
            except OSError:
                connection.close()
                return
            self.open.append(connection)
        with connection:
            while (request := read_request(connection)) and self.respond(connection, request):
                pass

    def respond(self, connection: socket.socket, request: bytes) -> bool:
        """Answer *request*; return whether the connection may carry another one.

        An answer in pieces whose last is not the last chunk of HTTP ends with the connection. After
        a whole one it stays open: a client takes it for idle, and what it sends at the moment of
        the close is answered by a reset (RFC 9112, 9.5).
        """
        self.received.append(request)
        answer, piece = self.answer(request), b""
        for piece in [answer] if isinstance(answer, bytes) else answer:
            try:
                connection.sendall(piece)
            except OSError:
                return False
        ended = isinstance(answer, bytes) or piece == b"0\r\n\r\n"
        return ended and b"connection: close" not in request.lower()


def read_request(connection: socket.socket) -> bytes:
    """Return the next request whole; nothing where the client ends before."""
    data = b""
    while _missing(data) > 0:
        try:
            piece = connection.recv(65536)
        except OSError:
            return b""
        if not piece:
            return b""
        data += piece
    return data


def _missing(data: bytes) -> int:
    """Return how many bytes of a request are not in *data*, 1 where its head is not whole."""
    head, separator, body = data.partition(b"\r\n\r\n")
    if not separator:
        return 1
    found = _LENGTH.search(head)
    return int(found[1]) - len(body) if found else 0


@contextmanager
def loopback(answer: Answer, context: ssl.SSLContext | None = None) -> Iterator[Loopback]:
    """Serve *answer* on a free port until the block ends, over TLS with *context*."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = Loopback(answer, listener, context=context)
        thread = threading.Thread(target=server.accept, daemon=True)
        thread.start()
        yield server
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
    for connection in server.open:
        connection.close()
    thread.join(5)


@contextmanager
def serving(server: socketserver.TCPServer) -> Iterator[str]:
    """Run *server*, which is bound to a port already, until the block ends; yield its address.

    Its ``accept`` may not wait for ever: a client that resets its connection in the moment between
    the selector's word and ``accept`` leaves nothing to accept, and `shutdown` would wait with it.
    """
    server.socket.settimeout(1)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
