"""As much of a Redis as the example database needs, on a free loopback port (RESP 3)."""

from __future__ import annotations

import socketserver
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from tests.loopback import serving

Sets = dict[bytes, set[bytes]]


@contextmanager
def running_redis() -> Iterator[tuple[str, Sets]]:
    """Run one, and yield its URL and the sets that it keeps."""
    kept: Sets = {}

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            queued: list[bytes] | None = None
            while command := self._command():
                name = command[0].upper()
                if name == b"EXEC" and queued is not None:
                    answer, queued = b"*%d\r\n%s" % (len(queued), b"".join(queued)), None
                elif name == b"MULTI":
                    answer, queued = b"+OK\r\n", []
                else:
                    answer = _COMMANDS.get(name, _unknown)(kept, command[1:])
                if queued is not None and name != b"MULTI":
                    queued.append(answer)
                    answer = b"+QUEUED\r\n"
                self.wfile.write(answer)

        def _command(self) -> list[bytes]:
            head = self.rfile.readline()
            return [self._bulk() for _ in range(int(head[1:]))] if head else []

        def _bulk(self) -> bytes:
            size = int(self.rfile.readline()[1:])
            return self.rfile.read(size + 2)[:-2]

    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    with serving(server) as url:
        yield f"{url.replace('http', 'redis')}/0", kept


def _number(value: int) -> bytes:
    return b":%d\r\n" % value


def _array(values: set[bytes]) -> bytes:
    items = b"".join(b"$%d\r\n%s\r\n" % (len(one), one) for one in sorted(values))
    return b"*%d\r\n%s" % (len(values), items)


def _add(kept: Sets, given: list[bytes]) -> bytes:
    found = kept.setdefault(given[0], set())
    new = {*given[1:]} - found
    found |= new
    return _number(len(new))


def _remove(kept: Sets, given: list[bytes]) -> bytes:
    found = kept.get(given[0], set())
    gone = found & {*given[1:]}
    found -= gone
    return _number(len(gone))


def _unknown(_kept: Sets, given: list[bytes]) -> bytes:
    return b"-ERR unknown command\r\n"


_COMMANDS: Mapping[bytes, Callable[[Sets, list[bytes]], Any]] = {
    b"PING": lambda _kept, _given: b"+PONG\r\n",
    b"HELLO": lambda _kept, _given: b"%2\r\n$6\r\nserver\r\n$5\r\nredis\r\n$5\r\nproto\r\n:3\r\n",
    b"CLIENT": lambda _kept, _given: b"+OK\r\n",
    b"SELECT": lambda _kept, _given: b"+OK\r\n",
    b"EXPIRE": lambda _kept, _given: _number(1),
    b"PUBLISH": lambda _kept, _given: _number(0),
    b"SADD": _add,
    b"SREM": _remove,
    b"SMEMBERS": lambda kept, given: _array(kept.get(given[0], set())),
}
