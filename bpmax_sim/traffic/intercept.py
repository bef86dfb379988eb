"""Intercept requests of other HTTP clients in this process by means of vcrpy.

vcrpy only gets between client and network. Recording, matching and redaction are done elsewhere.
Requests that are not replayed are sent by the client itself, with its own TLS settings and errors.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, NamedTuple, Protocol

from msgspec.structs import replace
from vcr.cassette import Cassette, CassetteContextDecorator
from vcr.stubs import compat

from bpmax_sim.cassette.format import group_headers
from bpmax_sim.errors import CassetteError
from bpmax_sim.messages import Request, Response
from bpmax_sim.traffic.imported import (
    NotConvertibleError,
    flatten_header_groups,
    make_decompressed_response,
    make_foreign_request,
)
from bpmax_sim.traffic.vcr_connections import keep_patches_for_other_threads


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


@contextmanager
def intercept_clients(listener: ClientListener, name: str) -> Iterator[None]:
    """Let *listener* answer the requests of all HTTP clients in Python, until the context ends.

    vcrpy patches the clients; *name* is for its log.
    """
    keep_patches_for_other_threads()
    patches = ((compat, "get_headers", _list_headers_in_order),)
    options = {"path": name, "custom_patches": patches, "listener": listener}
    with CassetteContextDecorator(_VcrCassetteAdapter, lambda: options) as adapter:
        yield
    adapter.warn_of_unanswered()  # without the patches, as a warning may be an error


class _SentRequest(NamedTuple):
    """A request that its client sends, and whose response has not arrived.

    Attributes:
        request: as vcrpy has it; while it is here, no other one has its id.
        at: when it was sent, in seconds of `time.perf_counter`.
        serial: its call number.
    """

    request: Any
    at: float
    serial: int


_LATEST: ContextVar[int] = ContextVar("_LATEST", default=0)
"""Id of the latest request that this thread or task sent.

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
            self._answered.add(_get_identity(request))
            took, serial = (time.perf_counter() - sent.at, sent.serial) if sent else (0.0, 0)
            self._listener.record_response(
                _convert_request(request), _convert_response(response, took), serial
            )


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
