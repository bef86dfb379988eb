"""The one door to starlette and uvicorn: a function of a request, served over HTTP/1.1.

It is for a developer's own machine: loopback unless asked otherwise, no TLS, bounded in the size
of heads and bodies, in the time that a body may take and in the number of connections.
"""

from __future__ import annotations

import asyncio
import json
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Thread
from typing import Any, Final

from bpmax_sim.errors import CallError, ConfigError, NoMatchError, TransportError
from bpmax_sim.messages import Request, Response

try:
    import uvicorn
    from starlette.concurrency import run_in_threadpool
    from starlette.requests import ClientDisconnect
    from starlette.requests import Request as Incoming
    from starlette.responses import Response as Outgoing
except ImportError as error:
    raise ConfigError(
        "serving over HTTP needs the extra 'server'; install it: pip install 'bpmax-sim[server]'"
    ) from error

Answer = Callable[[Request], Response]

LARGEST_HEAD: Final = 64 * 1024
"""Bytes of request line and headers."""
LARGEST_BODY: Final = 32 * 1024 * 1024
SLOWEST: Final = 30.0
"""Seconds that a request's body may take to arrive."""
MISS: Final = 501
"""The status of a request that nothing is recorded for: nobody takes it for a third party's."""

_MOST: Final = 256
_FAILED: Final = {"TIMEOUT": 504}
_FINAL: Final = range(200, 600)
_NO_BODY: Final = frozenset({204, 205, 304})
_OURS: Final = frozenset({
    "connection", "content-encoding", "content-length", "keep-alive", "proxy-connection", "te",
    "trailer", "transfer-encoding", "upgrade",
})  # fmt: skip


@contextmanager
def served(answer: Answer, *, host: str = "127.0.0.1", port: int = 0) -> Iterator[str]:
    """Serve *answer* in a thread of its own while the block runs, and yield the address.

    Raises:
        ConfigError: *host* and *port* cannot be had.
    """
    listening = _bound(host, port)
    server = _server(answer)
    thread = Thread(target=server.run, args=([listening],), daemon=True)
    thread.start()
    try:
        yield _address(listening, host)
    finally:
        server.should_exit = True
        thread.join(10)
        listening.close()


def serve(answer: Answer, *, host: str, port: int, ready: Callable[[str], None]) -> None:
    """Serve *answer* until the process gets SIGINT or SIGTERM; tell *ready* the address first.

    Raises:
        ConfigError: *host* and *port* cannot be had.
    """
    listening = _bound(host, port)
    server = _server(answer)
    # The server hands on to these what it caught, once everything under way is answered.
    before = {one: signal.signal(one, _stopping) for one in (signal.SIGINT, signal.SIGTERM)}
    try:
        ready(_address(listening, host))
        server.run([listening])
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        listening.close()


def _stopping(_number: int, _frame: object) -> None:
    """Let the process end by itself."""


def _bound(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen(_MOST)  # from now on nobody is refused, however long the start takes
    except (OSError, OverflowError) as error:
        listening.close()
        why = getattr(error, "strerror", None) or error
        told = f"{host}:{port} cannot be listened to: {why}; name another --port or --host"
        raise ConfigError(told) from None
    return listening


def _address(listening: socket.socket, host: str) -> str:
    return f"http://{f'[{host}]' if ':' in host else host}:{listening.getsockname()[1]}"


def _server(answer: Answer) -> uvicorn.Server:
    config = uvicorn.Config(
        _application(answer),
        http="h11",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
        proxy_headers=False,
        h11_max_incomplete_event_size=LARGEST_HEAD,
        limit_concurrency=_MOST,
        timeout_graceful_shutdown=3,
    )
    return uvicorn.Server(config)


def _application(answer: Answer) -> Callable[[Any, Any, Any], Any]:
    async def application(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        with suppress(ClientDisconnect):
            outgoing = await _outgoing(answer, Incoming(scope, receive))
            await outgoing(scope, receive, send)

    return application


async def _outgoing(answer: Answer, incoming: Incoming) -> Outgoing:
    try:
        async with asyncio.timeout(SLOWEST):
            body = await _body(incoming)
    except TimeoutError:
        return _told(408, "TIMEOUT", f"the body did not arrive in {SLOWEST:g} s")
    if body is None:
        return _told(413, "TOO_LARGE", f"the body has more than {LARGEST_BODY} bytes")
    try:
        return _answer(await run_in_threadpool(answer, _request(incoming, body)))
    except NoMatchError as error:
        return _told(MISS, "NO_MATCH", str(error), case=error.case)
    except TransportError as error:
        return _told(_FAILED.get(error.code, 502), error.code, error.message)
    except (CallError, ConfigError) as error:
        return _told(500, getattr(error, "code", "CONFIG"), str(error))


async def _body(incoming: Incoming) -> bytes | None:
    """Return the body, or None if it is larger than is read."""
    parts: list[bytes] = []
    size = 0
    async for part in incoming.stream():
        size += len(part)
        if size > LARGEST_BODY:
            return None
        parts.append(part)
    return b"".join(parts)


def _request(incoming: Incoming, body: bytes) -> Request:
    """Return what came, its address as it was written: the path stays encoded."""
    scope = incoming.scope
    raw = scope.get("raw_path") or scope["path"].encode()
    path = raw.partition(b"?")[0].decode("latin-1")
    query = scope["query_string"].decode("latin-1")
    headers = [
        (name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]
    ]
    host = next((value for name, value in headers if name == "host"), "127.0.0.1")
    return Request(
        method=scope["method"],
        url=f"http://{host}{path}{'?' if query else ''}{query}",
        headers=tuple(headers),
        body=body or None,
        base=f"http://{host}",
    )


def _answer(response: Response) -> Outgoing:
    if response.status not in _FINAL:
        return _told(502, "STATUS", f"the answer has the status {response.status}")
    body = b"" if response.status in _NO_BODY else response.body
    outgoing = Outgoing(body, response.status)
    given = [
        (name.lower().encode("latin-1", "replace"), value.encode("latin-1", "replace"))
        for name, value in response.headers
        if name.lower() not in _OURS
    ]
    own = [pair for pair in outgoing.raw_headers if pair[0] == b"content-length"]
    outgoing.raw_headers = [*given, *([] if response.status in _NO_BODY else own)]
    return outgoing


def _told(status: int, code: str, message: str, **more: str) -> Outgoing:
    """Return a refusal of ours, which its header tells from a third party's."""
    told = {"error": code, **more, "message": message}
    return Outgoing(
        json.dumps(told, ensure_ascii=False).encode("utf-8", "replace"),
        status,
        {"x-bpmax-sim": code},
        "application/json; charset=utf-8",
    )
