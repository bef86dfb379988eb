"""Intercept requests of other HTTP clients in this process by means of vcrpy.

vcrpy only gets between client and network. Recording, matching and redaction are done elsewhere.
Requests that are not replayed are sent by the client itself, with its own TLS settings and errors.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any, Protocol

from msgspec.structs import replace
from vcr.cassette import Cassette, CassetteContextDecorator

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

    def record_response(self, request: Request, response: Response, /) -> None:
        """Record *response*, which the client received; it is on disk when this returns."""
        ...


def intercept_clients(listener: ClientListener, name: str) -> AbstractContextManager[object]:
    """Return a context in which *listener* answers the requests of all HTTP clients in Python.

    vcrpy patches the clients; *name* is for its log.
    """
    keep_patches_for_other_threads()
    recorder: AbstractContextManager[object] = CassetteContextDecorator(
        _VcrCassetteAdapter, lambda: {"path": name, "custom_patches": (), "listener": listener}
    )
    return recorder


class _VcrCassetteAdapter(Cassette):  # type: ignore[misc]
    """A cassette object for vcrpy, which passes each intercepted request to the listener.

    It holds no recordings itself.
    """

    def __init__(self, path: str, *, listener: ClientListener, **options: Any) -> None:
        super().__init__(path, **options)
        self._listener = listener
        self._ready: dict[int, Response] = {}
        self._begun: dict[int, float] = {}

    def _load(self) -> None:
        """Load nothing: the session has the recordings."""

    def _save(self, force: bool = False) -> None:
        """Save nothing: each exchange has been recorded already."""

    @property
    def write_protected(self) -> bool:
        return False

    def can_play_response_for(self, request: Any) -> bool:
        if self._listener.is_sent_without_listener():
            return False
        # vcrpy asks twice for some requests, at connect and for the response; the listener uses up
        # a recorded exchange each time, so it must be asked once.
        if id(request) not in self._ready:
            response = self._listener.try_to_respond(_convert_request(request))
            if response is None:
                self._begun[id(request)] = time.perf_counter()
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
            took = time.perf_counter() - self._begun.pop(id(request), time.perf_counter())
            self._listener.record_response(
                _convert_request(request), _convert_response(response, took)
            )


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
    status, body = original["status"], original["body"]["string"] or b""
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
