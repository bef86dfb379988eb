"""Intercept requests of other HTTP clients in this process by means of vcrpy.

vcrpy only gets between client and network. Recording, matching and redaction are done elsewhere.
Requests that are not replayed are sent by the client itself, with its own TLS settings and errors.

While vcrpy makes, opens or uses a real connection of http.client (which requests, urllib3 and
urllib.request use), it takes its patches off in the whole process. So what other threads begin
meanwhile with these clients or with httpx is not intercepted. Nothing can be done about it here,
so such requests are reported.
"""

from __future__ import annotations

import http.client
import json
import re
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from socket import AF_INET, AF_INET6
from typing import Any, Final, NamedTuple, Protocol

from msgspec.structs import replace
from vcr.cassette import Cassette, CassetteContextDecorator
from vcr.stubs import compat

from bpmax_sim.cassette.format import group_headers
from bpmax_sim.errors import CassetteError
from bpmax_sim.guard import NetworkTarget, observe_connections
from bpmax_sim.messages import Request, Response
from bpmax_sim.traffic.imported import (
    NotConvertibleError,
    flatten_header_groups,
    make_decompressed_response,
    make_foreign_request,
)

_REQUEST_LINE: Final = re.compile(rb"(?!CONNECT )\S+ \S+ HTTP/1\.[01]\r\n")
"""The start of a request; that for a tunnel through a proxy is none of the client's."""


class UnseenConnection(NamedTuple):
    """A request or connection that passed vcrpy.

    Attributes:
        host: name or address of the other end.
        port: its port.
        thread: name of the thread that made it.
    """

    host: str
    port: int
    thread: str


class ClientListener(Protocol):
    """What a session does with the requests of other HTTP clients that were intercepted."""

    def is_sent_without_listener(self) -> bool:
        """Return whether the current request must reach the network: live, or the session's own."""
        ...

    def try_to_respond(self, request: Request, /) -> Response | None:
        """Return the recorded response; None if the client has to send the request."""
        ...

    def note_sending(self, request: Request, /) -> int:
        """Note that the client sends *request* now; return its call number."""
        ...

    def record_response(self, request: Request, response: Response, serial: int, /) -> None:
        """Record *response*, which the client received; it is on disk when this returns.

        *serial* is the call number that `note_sending` returned; 0 if it was not asked.
        """
        ...

    def warn_of_unanswered(self, requests: Sequence[Request], /) -> None:
        """Warn that *requests*, which clients sent, got no response, so none is recorded."""
        ...

    def warn_of_unseen(self, connections: Sequence[UnseenConnection], /) -> None:
        """Warn that *connections* may have been requests that were not intercepted."""
        ...


@contextmanager
def intercept_clients(listener: ClientListener, name: str) -> Iterator[None]:
    """Let *listener* answer the requests of all HTTP clients in Python, until the context ends.

    vcrpy patches the clients; *name* is for its log.
    """
    patches = ((compat, "get_headers", _list_headers_in_order),)
    options = {"path": name, "custom_patches": patches, "listener": listener}
    with CassetteContextDecorator(_VcrCassetteAdapter, lambda: options) as adapter:
        adapter.patched_class = http.client.HTTPConnection
        with observe_connections(adapter):
            yield
    # Without the patches, as a warning may be an error.
    adapter.warn_of_unseen()
    adapter.warn_of_unanswered()


@dataclass(slots=True)
class _SentRequest:
    """A request that its client sends, and whose response has not arrived.

    Attributes:
        request: as vcrpy has it; while it is here, no other one has its id.
        at: when it was sent, in seconds of `time.perf_counter`.
        serial: its call number.
        thread: identifier of the thread in which http.client sent it; 0 if another client sends it,
            or it is not sent yet.
    """

    request: Any
    at: float
    serial: int
    thread: int = 0


class _ConnectionOfThread(NamedTuple):
    """A connection that passed vcrpy, and what tells whether a request is sent on it."""

    connection: UnseenConnection
    thread: int
    fileno: int


_LATEST: ContextVar[int] = ContextVar("_LATEST", default=0)
"""Id of the latest request that this thread or task sent; 0 once it is answered.

Of aiohttp's requests that are redirected, vcrpy makes new objects when the last response is here.
"""


def _list_headers_in_order(message: Any) -> Iterator[tuple[str, list[str]]]:
    """Yield name and values of each header of *message*, of http.client, as they arrived.

    vcrpy's own function for http.client, urllib3 and requests has the order of a set of texts,
    which is another one in each process; so recordings and numbers of stand-ins would be, too.
    """
    names: dict[str, str] = {}
    for name in message:
        names.setdefault(name.lower(), name)
    for name in names.values():
        yield name, message.get_all(name)


class _VcrCassetteAdapter(Cassette):  # type: ignore[misc]
    """A cassette object for vcrpy, which passes each intercepted request to the listener.

    It holds no recordings itself.
    """

    def __init__(self, path: str, *, listener: ClientListener, **options: Any) -> None:
        super().__init__(path, **options)
        self._listener = listener
        self._ready: dict[int, Response] = {}
        self._sent: dict[int, _SentRequest] = {}
        self._answered: set[tuple[str, str]] = set()
        self._unseen_requests: list[UnseenConnection] = []
        self._unseen_connections: list[_ConnectionOfThread] = []
        self.patched_class: type | None = None

    def _load(self) -> None:
        """Load nothing: the session has the recordings."""

    def _save(self, force: bool = False) -> None:
        """Save nothing: each exchange has been recorded already."""

    def warn_of_unanswered(self) -> None:
        """Let the listener warn of requests that got no response.

        What its client sent once more with success is left out: in replay, that answers at once.
        """
        lost = [sent.request for sent in self._sent.values()]
        lost = [one for one in lost if _get_identity(one) not in self._answered]
        if lost:
            self._listener.warn_of_unanswered([_convert_request(one) for one in lost])

    def warn_of_unseen(self) -> None:
        """Let the listener warn of connections that may have been requests not intercepted."""
        unseen = [*self._unseen_requests, *(one.connection for one in self._unseen_connections)]
        if unseen:
            self._listener.warn_of_unseen(unseen)

    def note_sending(self, connection: Any, data: Any, /) -> None:
        """Note a request that http.client sends, unless vcrpy has asked for it before.

        A request that vcrpy has seen is sent once, in the thread or task that asked for it.
        """
        if not (isinstance(data, bytes) and _REQUEST_LINE.match(data)):
            return  # a body, or a tunnel
        if getattr(connection.sock, "family", AF_INET) not in {AF_INET, AF_INET6}:
            return  # of a client, such as Docker's, that vcrpy never sees
        sent, me = self._sent.get(_LATEST.get()), threading.get_ident()
        if sent and not sent.thread:
            sent.thread = me
        elif not self._listener.is_sent_without_listener():
            # With its connection it is one.
            fileno = getattr(connection.sock, "fileno", lambda: -1)()
            for one in self._unseen_connections[::-1]:
                if (one.thread, one.fileno) == (me, fileno):
                    self._unseen_connections.remove(one)
                    break
            self._unseen_requests.append(_describe(connection.host, connection.port))

    def note_connection(self, sock: Any, target: NetworkTarget, /) -> None:
        """Note a connection made beside vcrpy while vcrpy's patches are off or may have been.

        A client other than http.client, such as httpx, is known by nothing else.
        """
        me, sent = threading.get_ident(), self._sent
        if _LATEST.get() in sent or self._listener.is_sent_without_listener():
            return
        is_patched = http.client.HTTPConnection is self.patched_class
        if not is_patched or any(one.thread not in {0, me} for one in tuple(sent.values())):
            connection = _describe(target.host, target.port)
            self._unseen_connections.append(_ConnectionOfThread(connection, me, sock.fileno()))

    @property
    def write_protected(self) -> bool:
        return False

    def can_play_response_for(self, request: Any) -> bool:
        if self._listener.is_sent_without_listener():
            return False
        # vcrpy asks twice for some requests, at connect and for the response; the listener uses up
        # a recorded exchange each time, so it must be asked once.
        if id(request) not in self._ready:
            if id(request) in self._sent:
                return False
            converted = _convert_request(request)
            response = self._listener.try_to_respond(converted)
            if response is None:
                serial = self._listener.note_sending(converted)
                self._sent[id(request)] = _SentRequest(request, time.perf_counter(), serial)
                _LATEST.set(id(request))
                return False
            self._ready[id(request)] = response
        return True

    def play_response(self, request: Any) -> dict[str, Any]:
        response = self._ready.pop(id(request), None) or self._listener.try_to_respond(
            _convert_request(request)
        )
        assert response is not None
        return {
            "status": {"code": response.status, "message": response.reason},
            "headers": {name: list(values) for name, values in group_headers(response.headers)},
            "body": {"string": response.body},
        }

    def append(self, request: Any, response: Mapping[str, Any]) -> None:
        if not self._listener.is_sent_without_listener():
            sent = self._sent.pop(id(request), None) or self._sent.pop(_LATEST.get(), None)
            _LATEST.set(0)  # another request may get the id
            self._answered.add(_get_identity(request))
            took, serial = (time.perf_counter() - sent.at, sent.serial) if sent else (0.0, 0)
            self._listener.record_response(
                _convert_request(request), _convert_response(response, took), serial
            )


def _describe(host: Any, port: Any) -> UnseenConnection:
    text = host.decode("ascii", "replace") if isinstance(host, bytes) else str(host)
    return UnseenConnection(text, port, threading.current_thread().name)


def _get_identity(request: Any) -> tuple[str, str]:
    return request.method, request.uri


def _convert_request(original: Any) -> Request:
    headers, body = flatten_header_groups(original.headers), original.body
    if isinstance(body, dict | list):  # of aiohttp, before it is encoded
        headers, body = (*headers, ("Content-Type", "application/json")), json.dumps(body)
    else:
        body = original.body_bytes  # of a file or an iterator all of it
    try:
        converted = make_foreign_request(
            original.method, original.uri, headers, None if body is None else _to_bytes(body)
        )
    except NotConvertibleError as reason:
        raise CassetteError(
            "cannot record a request made outside $proxy: {reason}", reason=reason
        ) from None
    return replace(converted, follow=False)


def _to_bytes(body: object) -> bytes:
    if isinstance(body, str):
        return body.encode()
    if isinstance(body, bytes | bytearray | memoryview):
        return bytes(body)
    raise NotConvertibleError("its body is a {name}", name=type(body).__name__)


def _convert_response(original: Mapping[str, Any], took: float) -> Response:
    # aiohttp drops the body of a redirect that it follows
    status, body = original["status"], original["body"].get("string") or b""
    try:
        body = _to_bytes(body)
        converted = make_decompressed_response(
            status["code"],
            status["message"] or "",
            flatten_header_groups(original["headers"]),
            body,
        )
    except NotConvertibleError as reason:
        raise CassetteError(
            "cannot record a response made outside $proxy: {reason}", reason=reason
        ) from None
    return replace(converted, elapsed=took, source="live")
