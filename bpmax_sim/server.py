"""A local HTTP/1.1 server (starlette, uvicorn) for cassettes or a simulator.

It listens on loopback by default, without TLS. Sizes, times and connections are limited. The path
of a request does not identify its third party, so it is matched with every recorded base address;
``/<platform key>/…`` selects one platform. A login gets the recorded response, or stand-ins.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
import socket
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import cached_property, partial
from operator import itemgetter
from pathlib import Path
from threading import Event, Thread
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec
from msgspec.structs import replace

from bpmax_sim.cassette.file import Cassette
from bpmax_sim.clock import SystemClock
from bpmax_sim.errors import CallError, ConfigError, NoMatchError, TransportError
from bpmax_sim.i18n import join_list, msg
from bpmax_sim.messages import Pairs, Request, Response, parse_origin
from bpmax_sim.platform.instances import resolve_credentials
from bpmax_sim.platform.load import Platforms
from bpmax_sim.platform.matcher import EXPRESSION, list_foreign_login_origins
from bpmax_sim.platform.model import Instance
from bpmax_sim.proxy.client import Handle
from bpmax_sim.session.session import Session
from bpmax_sim.simulator.simulator import Simulator, find_rule_table, format_credentials
from bpmax_sim.simulator.state import TenantCredentials

try:
    import h11
    import uvicorn
    from anyio import CapacityLimiter, from_thread, to_thread
    from starlette.requests import ClientDisconnect
    from starlette.requests import Request as Incoming
    from starlette.responses import Response as Outgoing
    from uvicorn.protocols.http.h11_impl import H11Protocol
except ImportError as error:
    raise ConfigError(
        "serving over HTTP needs the extra 'server'; install it: pip install \"bpmax-sim[server]\""
    ) from error


class ClientLimits(msgspec.Struct, frozen=True, kw_only=True):
    """Limits of one client, so that others are served, too.

    Attributes:
        head, body: maximum bytes; the head is the request line with the headers.
        head_time, body_time: maximum seconds until each has arrived.
        connections: maximum of open connections; beyond it, the one that has been waiting longest
            for its client is closed.
    """

    head: int = 64 * 1024
    body: int = 32 * 1024 * 1024
    head_time: float = 10.0
    body_time: float = 30.0
    connections: int = 256


MISS: Final = 501
"""The status of a request that nothing is recorded for: nobody takes it for a third party's."""
BAD_GATEWAY: Final = 502
TIMED_OUT: Final = 504

_DEFAULT: Final = ClientLimits()
_LOG: Final = logging.getLogger(__name__)
_FINAL: Final = range(200, 600)
_LATE: Final = (
    b"HTTP/1.1 408 Request Timeout\r\nx-bpmax-sim: TIMEOUT\r\n"
    b"content-length: 0\r\nconnection: close\r\n\r\n"
)
# RFC 9110, 15.3.5, 15.3.6 and 15.4.5; a body would be read as the next response.
_NO_BODY: Final = frozenset({204, 205, 304})
# Headers of the connection (RFC 9110, 7.6.1) and of the body's form: they are those of this
# server, not of the recorded one, and recorded bodies are stored decoded.
_OURS: Final = frozenset({
    "connection", "content-encoding", "content-length", "keep-alive", "proxy-connection", "te",
    "trailer", "transfer-encoding", "upgrade",
})  # fmt: skip


class RefusedRequest(Exception):  # noqa: N818 - it is what the client gets
    """Raised for a request that the server answers with an error.

    Attributes:
        status: HTTP status of that response.
        code: stable word for programs, such as ``NO_TOKEN``.
    """

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code = status, code


class ServedClient:
    """The connection to the client of one request, for responses that are sent piece by piece.

    The recording proxy needs it to pass on a body while that arrives from the third party. The
    methods are called in the thread that handles the request.

    Attributes:
        target: request target, byte by byte (RFC 9112, 3.2).
        headers: headers in original order and spelling.
        is_begun: whether the head of a response was sent.
        is_gone: whether the client has closed the connection.
    """

    def __init__(self, scope: Any, send: Any) -> None:
        written = scope["state"]
        self.target: str = written["raw_target"].decode("latin-1")
        self.headers: Pairs = _decode_pairs(written["raw_headers"])
        self._send = send
        self.is_begun = self.is_gone = False

    def begin(self, status: int, headers: Pairs) -> None:
        """Send the head of the response; *headers* determine the length of the body."""
        raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]
        self.is_begun = True
        from_thread.run(
            self._send, {"type": "http.response.start", "status": status, "headers": raw}
        )

    def write(self, piece: bytes) -> None:
        """Send a piece of the body, and wait until the connection accepts more."""
        message = {"type": "http.response.body", "body": piece, "more_body": True}
        from_thread.run(self._send, message)

    def end(self) -> None:
        """End the body; if this is never called, the connection is closed."""
        from_thread.run(self._send, {"type": "http.response.body", "body": b""})


Answer = Callable[[Request, ServedClient], Response | None]
"""Returns the whole response; None where the client got it already."""


@contextmanager
def run_server(
    handle: Handle | None = None,
    *,
    answer: Answer | None = None,
    host: str = "127.0.0.1",
    port: int = 0,
    limits: ClientLimits = _DEFAULT,
    stop: Callable[[], None] = lambda: None,
) -> Iterator[str]:
    """Run an HTTP server in a thread during the ``with`` block, and yield its address.

    *handle* returns the response to a request. *answer* may be given instead: it also gets the
    `ServedClient`, to send the response piece by piece. *stop* is called at the end, to cancel
    requests in progress.

    Raises:
        ConfigError: if *host* and *port* are not available.
    """
    listening = _bind_socket(host, port)
    started = Event()
    server = _Server(answer or _adapt_handle_to_answer(handle), limits, started.set, stop)
    thread = Thread(target=server.run, args=([listening],), daemon=True)
    thread.start()
    try:
        started.wait(10)
        yield _make_socket_url(listening, host)
    finally:
        server.should_exit = True
        thread.join(10)
        listening.close()


def serve(  # noqa: PLR0913 - what is served, where, and who hears of it
    handle: Handle | None = None,
    *,
    answer: Answer | None = None,
    host: str,
    port: int,
    ready: Callable[[str], None],
    limits: ClientLimits = _DEFAULT,
    stop: Callable[[], None] = lambda: None,
) -> None:
    """Run an HTTP server until the process gets SIGINT or SIGTERM.

    *handle* returns the response to a request; *answer*, given instead, also gets the client, to
    send the response piece by piece. *ready* is called with the server's address when it accepts
    connections and can be stopped: a program that learns the address from it may send such a signal
    at once. *stop* is called at the end, to cancel requests in progress.

    Raises:
        ConfigError: if *host* and *port* are not available.
    """
    listening = _bind_socket(host, port)
    url = _make_socket_url(listening, host)
    server = _Server(answer or _adapt_handle_to_answer(handle), limits, lambda: ready(url), stop)
    # While it runs the server has handlers of its own. These catch what comes before, and what it
    # hands on after everything under way is answered, so that the process ends by itself.
    before = {
        number: signal.signal(number, server.stop) for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        server.run([listening])
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        listening.close()


def _adapt_handle_to_answer(handle: Handle | None) -> Answer:
    if handle is None:
        raise TypeError("handle or answer")
    return lambda request, _client: handle(request)


def _bind_socket(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # With the protocol named, asyncio turns Nagle's algorithm off for every connection; else a
    # response body waits 40 ms for the client to acknowledge its head (RFC 896 meets RFC 1122).
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if sys.platform != "win32":  # where it lets a second process take the same port
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen(256)
    except (OSError, OverflowError) as error:
        listening.close()
        why = getattr(error, "strerror", None) or error
        raise ConfigError(
            "{host}:{port} cannot be listened to: {why}; name another --port or --host",
            host=host,
            port=port,
            why=why,
        ) from None
    return listening


def _make_socket_url(listening: socket.socket, host: str) -> str:
    return f"http://{f'[{host}]' if ':' in host else host}:{listening.getsockname()[1]}"


class _Server(uvicorn.Server):
    """A uvicorn server with limits that calls *ready* when it accepts connections."""

    def __init__(
        self,
        answer: Answer,
        limits: ClientLimits,
        ready: Callable[[], None],
        stop: Callable[[], None],
    ) -> None:
        self._ready, self._stop_answers = ready, stop
        self._answer = answer
        self._limits = limits
        config = uvicorn.Config(
            self._call_application,
            interface="asgi3",
            http=partial(_Connection, limits=limits),  # type: ignore[arg-type] # it is called only
            ws="none",
            lifespan="off",
            log_config=None,
            log_level=logging.CRITICAL,  # what clients do wrong is answered; see _LOG for the rest
            access_log=False,
            server_header=False,
            date_header=False,
            proxy_headers=False,
            h11_max_incomplete_event_size=limits.head,
            # Beyond this limit uvicorn answers 503 itself. It is the last resort: `_Connection`
            # closes connections that wait as soon as there are more than `ClientLimits` allows.
            limit_concurrency=2 * limits.connections,
            timeout_graceful_shutdown=3,
        )
        super().__init__(config)

    @cached_property
    def _limiter(self) -> CapacityLimiter:
        """Return the limiter of concurrent requests; each occupies a thread while it is handled."""
        return CapacityLimiter(self._limits.connections)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._stop_answers()
        await super().shutdown(sockets)

    def stop(self, _number: int, _frame: object) -> None:
        """Handle SIGINT or SIGTERM: stop the server."""
        self.should_exit = True

    async def _call_application(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        client = ServedClient(scope, send)
        with suppress(ClientDisconnect):
            try:
                outgoing = await self._make_outgoing(Incoming(scope, receive), client)
            except asyncio.CancelledError:  # the process ends, and has waited for a while
                outgoing = _make_error(503, "STOPPED", msg("the server was stopped"))
            if outgoing is not None and not client.is_begun:
                await outgoing(scope, receive, send)

    async def _make_outgoing(self, incoming: Incoming, client: ServedClient) -> Outgoing | None:
        """Return the response to *incoming*.

        None if *client* was already sent one, at least in part.
        """
        largest, patience = self._limits.body, self._limits.body_time
        try:
            async with asyncio.timeout(patience):
                body = await _read_body(incoming, largest)
        except TimeoutError:
            late = msg("the body did not arrive in {body_time:g} s", body_time=patience)
            return _make_error(408, "TIMEOUT", late)
        if body is None:
            message = msg("the body has more than {body} bytes", body=largest)
            return _make_error(413, "TOO_LARGE", message)
        # Watched only after the body was read: both read from the same stream of events.
        watch = asyncio.create_task(_watch_client(incoming, client))
        try:
            response = await to_thread.run_sync(
                self._answer, _read_request(incoming, body), client, limiter=self._limiter
            )
            is_head = incoming.method == "HEAD"
            return None if response is None else _to_outgoing_response(response, is_head=is_head)
        except Exception as error:  # noqa: BLE001 - the client gets a response whatever happens
            return _make_error_response(error, incoming)
        finally:
            watch.cancel()


async def _watch_client(incoming: Incoming, client: ServedClient) -> None:
    """Set ``client.is_gone`` when the client disconnects; its request has been read completely."""
    while (await incoming.receive())["type"] != "http.disconnect":
        pass
    client.is_gone = True


class _RawHeadConnection(h11.Connection):
    """An h11 connection that keeps the raw head of each request, which uvicorn does not pass on."""

    def __init__(self, largest: int) -> None:
        super().__init__(h11.SERVER, largest)
        self.written: dict[str, Any] = {}

    def next_event(self) -> Any:
        event = super().next_event()
        if isinstance(event, h11.Request):
            self.written |= {"raw_target": event.target, "raw_headers": event.headers.raw_items()}
        return event


class _Connection(H11Protocol):
    """A connection with time limits for its client; uvicorn would wait for ever.

    The connection waits for its client in these states::

        head ── complete ──▶ body ── complete ──▶ (answered) ──▶ head of the next request
          └─ head_time: 408    └─ body_time: 408, which the application answers;
                                  then the rest is read away for head_time

    If there are more connections than `ClientLimits` allows, one that waits is closed (Slowloris
    attack).
    """

    def __init__(self, *args: Any, limits: ClientLimits, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.conn = _RawHeadConnection(limits.head)
        self.app_state = self.conn.written  # which each request gets a copy of
        self._limits = limits
        self._deadline: asyncio.TimerHandle | None = None
        self._since = self.loop.time()
        self._answered = False
        self._evicted = False
        self._is_half_closed = False

    @property
    def _waits_for_client_send_or_read(self) -> bool:
        """Return whether the server waits for the client to send, or to read a response's rest."""
        return self.conn.their_state in {h11.IDLE, h11.SEND_BODY} or self.transport.is_closing()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._update_deadline()
        self._evict_waiting_connection()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._update_deadline()

    def eof_received(self) -> bool:  # type: ignore[override]
        """Return whether to keep the connection after the client has finished sending.

        Such a client may still read its response (RFC 9112, 9.6).
        """
        self._is_half_closed = not self._waits_for_client_send_or_read
        return self._is_half_closed

    def on_response_complete(self) -> None:
        self._since = self.loop.time()
        self._answered = True
        super().on_response_complete()
        # no request of a pipeline is left
        if self._is_half_closed and self._waits_for_client_send_or_read:
            self.transport.close()
        self._update_deadline()
        self._abort_if_response_unread()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._cancel_deadline()

    def shutdown(self) -> None:
        """Finish requests in progress; close connections that wait for a client."""
        if self._waits_for_client_send_or_read:
            self.transport.abort()
        else:
            super().shutdown()

    def timeout_keep_alive_handler(self) -> None:
        super().timeout_keep_alive_handler()
        self._abort_if_response_unread()

    def _abort_if_response_unread(self) -> None:
        """Close the connection for good if the client does not read what is left to send.

        asyncio itself would wait without time limit.
        """
        if self.transport.is_closing():
            self.loop.call_later(self._limits.body_time, self.transport.abort)

    def _update_deadline(self) -> None:
        """Run a timer while the client sends a head, or the rest of a body after its response.

        At its end the connection is closed; in other states it is cancelled.
        """
        their, our = self.conn.their_state, self.conn.our_state
        if their is not h11.IDLE and not (their is h11.SEND_BODY and our is h11.DONE):
            self._cancel_deadline()
        elif self._deadline is None:
            self._deadline = self.loop.call_later(self._limits.head_time, self._close_slow_client)

    def _cancel_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _close_slow_client(self) -> None:
        # RFC 9110, 15.5.9: 408 answers a request that did not arrive in time. On an idle connection
        # there is none, and the client would take it for the response to its next request.
        begun = self.conn.their_state is h11.IDLE and bool(self.conn.trailing_data[0])
        if begun and not self.transport.is_closing():
            self.transport.write(_LATE)
        self.transport.close()
        self._abort_if_response_unread()

    def _evict_waiting_connection(self) -> None:
        known: set[Any] = self.connections
        there = [peer for peer in known if not peer._evicted]  # noqa: SLF001 - ours
        others = [peer for peer in there if peer is not self]
        waiting = [peer for peer in others if peer._waits_for_client_send_or_read]  # noqa: SLF001
        if len(there) > self._limits.connections and waiting:
            # Whoever was answered stays longer, then whoever came later.
            peer = min(waiting, key=lambda peer: (peer._answered, peer._since))  # noqa: SLF001
            peer._evicted = True  # noqa: SLF001 - it is lost in the next turn of the loop
            peer.transport.abort()


def _make_error_response(error: Exception, incoming: Incoming) -> Outgoing:
    if isinstance(error, RefusedRequest):
        return _make_error(error.status, error.code, str(error))
    if isinstance(error, NoMatchError):
        return _make_error(MISS, "NO_MATCH", str(error), case=error.case)
    if isinstance(error, TransportError):
        status = TIMED_OUT if error.code == "TIMEOUT" else BAD_GATEWAY
        return _make_error(status, error.code, error.message)
    if isinstance(error, CallError | ConfigError):
        return _make_error(500, getattr(error, "code", "CONFIG"), str(error))
    _LOG.error("no answer to %s %s", incoming.method, incoming.url.path, exc_info=error)
    return _make_error(500, "BUG", msg("the server failed; its standard error says how"))


async def _read_body(incoming: Incoming, max_bytes: int) -> bytes | None:
    """Return the body; None if it is larger than *max_bytes*, or declared to be."""
    declared = incoming.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > max_bytes:
        return None
    parts: list[bytes] = []
    size = 0
    async for part in incoming.stream():
        size += len(part)
        if size > max_bytes:
            return None
        parts.append(part)
    return b"".join(parts)


def _read_request(incoming: Incoming, body: bytes) -> Request:
    """Return the request with its address as written: the path stays encoded."""
    scope = incoming.scope
    raw = scope.get("raw_path") or scope["path"].encode()
    path = raw.partition(b"?")[0].decode("latin-1")
    query = scope["query_string"].decode("latin-1")
    headers = _decode_pairs(scope["headers"])
    host = next((value for name, value in headers if name == "host"), "127.0.0.1")
    return Request(
        method=scope["method"],
        url=f"http://{host}{path}{'?' if query else ''}{query}",
        headers=headers,
        body=body or None,
        base=f"http://{host}",
    )


def _decode_pairs(pairs: Iterable[tuple[bytes, bytes]]) -> Pairs:
    return tuple([(name.decode("latin-1"), value.decode("latin-1")) for name, value in pairs])


def _to_outgoing_response(response: Response, *, is_head: bool = False) -> Outgoing:
    """Return *response* as uvicorn sends it; a status that no server may send becomes a 502.

    For HEAD (*is_head*) the recorded length is kept: it is that of the body of a GET.
    """
    if response.status not in _FINAL:
        message = msg("the response has status {status}", status=response.status)
        return _make_error(BAD_GATEWAY, "STATUS", message)
    body = b"" if response.status in _NO_BODY else response.body
    outgoing = Outgoing(body, response.status)
    headers = [
        (name.lower().encode("latin-1", "replace"), _encode_header_value(value))
        for name, value in response.headers
        if name.lower() not in _OURS
    ]
    own = [pair for pair in outgoing.raw_headers if pair[0] == b"content-length"]
    recorded = response.header("content-length") or ""
    if is_head and recorded.isdecimal():  # of what a GET would yield (RFC 9110, 9.3.2)
        own = [(b"content-length", recorded.encode())]
    outgoing.raw_headers = [*headers, *([] if response.status in _NO_BODY else own)]
    return outgoing


def _encode_header_value(value: str) -> bytes:
    """Return a recorded value as the bytes that it was read from: Latin-1, where it is no UTF-8."""
    try:
        return value.encode("latin-1")
    except UnicodeEncodeError:
        return value.encode("utf-8", "replace")


def _make_error(status: int, code: str, message: str, **more: str) -> Outgoing:
    """Return an error response as JSON; *more* are further members of it.

    The header ``x-bpmax-sim``, with *code*, distinguishes it from a response of a third party.
    """
    document = {"error": code, **more, "message": message}
    return Outgoing(
        json.dumps(document, ensure_ascii=False).encode("utf-8", "replace"),
        status,
        {"x-bpmax-sim": code},
        "application/json; charset=utf-8",
    )


NOTHING = msg("no such call: nothing of this address is recorded; these are: ")


class ReplayServer:
    """Answers HTTP requests from recordings; safe to use from several threads.

    When all responses to a call are used up, the last one is repeated.
    """

    def __init__(
        self,
        cassettes: Sequence[Path],
        *,
        platforms: Path | Sequence[Path] | None = None,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        """Open *cassettes* with the platform files in *platforms*; None for the built-in ones.

        *environ* are the environment variables that these files may name; None for the process's
        own.

        Raises:
            CassetteError: if a cassette is damaged.
            ConfigError: if a platform file is wrong.
        """
        opened = [Cassette.load(path) for path in cassettes]
        owners = [(cassette, owner) for cassette in opened for owner in cassette.owners]
        self._sessions = [
            Session.open(
                platforms,
                mode="replay",
                cassette=cassette.path,
                owner=owner,
                repeat=True,
                unused="ignore",
                environ=os.environ if environ is None else environ,
            )
            for cassette, owner in owners
        ]
        self._recorded = [
            {cassette.line(number).call for number in cassette.index.list_exchange_numbers(owner)}
            for cassette, owner in owners
        ]
        self.bases = tuple(
            dict.fromkeys(
                pair for cassette in opened for pair in _list_platforms_with_addresses(cassette)
            )
        )

    def handle(self, request: Request) -> Response:
        """Return the recorded response to *request*.

        Raises:
            NoMatchError: if there is none; names the nearest exchange if the API is known.
            TransportError: if the recorded exchange did not complete.
        """
        misses: list[tuple[bool, NoMatchError]] = []
        for url in self._list_candidate_urls(request):
            original = replace(request, url=url, base="")
            for session, recorded in zip(self._sessions, self._recorded, strict=True):
                try:
                    return session.handle(original)
                except NoMatchError as error:
                    if error.platform and error.api:
                        misses.append((f"{error.platform}.{error.api}" in recorded, error))
                finally:
                    # A server may run for days, and nobody asks its sessions what was called.
                    session.calls.clear()
                    session.misses.clear()
        if misses:  # of whoever has a recording of the API, or else knows it
            raise max(misses, key=itemgetter(0))[1]
        known = join_list(f"{base} ({key})" if key else base for key, base in self.bases)
        raise NoMatchError(f"{NOTHING}{known or 'none'}", case=msg("no such call"))

    def _list_candidate_urls(self, request: Request) -> Iterable[str]:
        """Return the URLs under which *request* may have been recorded, without repetitions.

        They are its target below the base URL and below the host of each recorded platform. If the
        path starts with a platform key, as in ``/crm/orders``, only that platform's are returned,
        without the key.
        """
        target = request.url.removeprefix(request.base) or "/"
        first = target[1:].partition("?")[0].partition("/")[0]
        keys = {platform for platform, _ in self.bases}
        if first and first in keys:  # "" is that of traffic without a platform
            inner = target[1 + len(first) :]
            target = inner if inner.startswith("/") else f"/{inner}"
            bases = [pair for pair in self.bases if pair[0] == first]
        else:
            bases = [*self.bases]
        platforms = self._sessions[0].platforms if self._sessions else Platforms()
        for key in dict.fromkeys(key for key, _ in bases):
            if (declared := platforms.find(key)) is not None:
                bases += [(key, origin) for origin in list_foreign_login_origins(declared)]
        return dict.fromkeys(
            f"{start}{target}" for _, base in bases for start in (base, parse_origin(base))
        )


def _list_platforms_with_addresses(cassette: Cassette) -> Iterator[tuple[str, str]]:
    """Yield platform key and base address of each exchange of *cassette*, with repetitions.

    For traffic of other HTTP clients without platform they are "" and the origin of the URL.
    """
    for entry in cassette.entries():
        line = entry.line
        if line.base:
            yield line.call.partition(".")[0], line.base.rstrip("/")
    for number in range(len(cassette)):
        if not cassette.line(number).base:
            yield "", parse_origin(cassette.exchange(number).request.url)


class SimulatorServer:
    """Answers HTTP requests by the simulator of one platform; safe to use from several threads.

    Attributes:
        simulator: the simulator, with its settings.
        tenants: credentials of each instance, with which a client may log in.
    """

    def __init__(self, platforms: Platforms, key: str, *, seed: int = 0) -> None:
        """Simulate the platform *key*; *seed* decides which ids and tokens are generated.

        Raises:
            CallError: if *platforms* have no such platform (code UNKNOWN_PLATFORM).
        """
        platform = platforms.platform(key)
        entries = [
            entry.instance for entry in platforms.entries.get(key, ()) if entry.instance.enabled
        ]
        instances = entries or [Instance(platform=key, instance_key="default")]
        self.tenants = tuple(
            TenantCredentials(
                instance.instance_key,
                format_credentials(
                    resolve_credentials(platform, instance, environ={}, closed=True).real,
                    find_rule_table(platform),
                ),
            )
            for instance in instances
        )
        self.simulator = Simulator(platform, lambda: self.tenants, clock=SystemClock(), seed=seed)
        # A template yields a part of the host, as the subdomain of a tenant. No request repeats a
        # path with {}, where it yields a part of that.
        self._path = urlsplit(EXPRESSION.sub("{}", platform.base_url)).path.rstrip("/")

    def handle(self, request: Request) -> Response:
        """Return the simulated response.

        A client may use the server's address in place of the platform's base URL, or only in place
        of its host: if that URL has a path, the request may repeat the path or leave it out.

        Raises:
            TransportError: RESET, if a setting asks for it.
        """
        path = request.url.removeprefix(request.base)
        own = self._path
        if own and (path == own or path.startswith((f"{own}/", f"{own}?"))):
            request = replace(request, base=f"{request.base}{own}")
        return self.simulator.handle(request)
