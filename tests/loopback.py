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
        with suppress(OSError), connection:
            while request := read_request(connection):
                self.received.append(request)
                answer = self.answer(request)
                for piece in [answer] if isinstance(answer, bytes) else answer:
                    connection.sendall(piece)
                if b"connection: close" in request.lower() or not isinstance(answer, bytes):
                    return


def read_request(connection: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        piece = connection.recv(65536)
        if not piece:
            return b""
        data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    found = _LENGTH.search(head)
    while found and len(body) < int(found[1]):
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


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
