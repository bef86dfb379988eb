"""A session as an httpx transport: users' own clients and SDKs are recorded and replayed too.

Latency moves the session's virtual clock only: a replayed response comes without waiting.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from io import BytesIO
from typing import Final, Protocol

import anyio.to_thread
import httpx

from bpmax_sim.errors import TransportError
from bpmax_sim.messages import Request, Response

_OF_THE_CONNECTION: Final = frozenset({
    b"accept-encoding", b"connection", b"content-length", b"host", b"keep-alive", b"te",
    b"transfer-encoding",
})  # fmt: skip
"""Headers that whoever sends writes anew."""

_ANYTHING: Final = (b"accept", b"*/*")
"""What httpx sends of itself: the same as without it (RFC 9110, 12.5.1)."""

# The session's bodies are decoded already; with these headers httpx would decode them once more.
_DECODED: Final = frozenset({"content-encoding", "content-length", "transfer-encoding"})
_TIMEOUT: Final = 30.0
_FAILURES: Final[dict[tuple[str, bool], type[httpx.TransportError]]] = {
    ("TIMEOUT", False): httpx.ConnectTimeout,
    ("TIMEOUT", True): httpx.ReadTimeout,
    ("RESET", True): httpx.ReadError,
}


class Handles(Protocol):
    """What answers requests of other HTTP clients: an open session."""

    def handle(self, request: Request, /) -> Response:
        """Return the response to *request*."""
        ...


class RecordReplayTransport(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """Sends the requests of an `httpx.Client` or `httpx.AsyncClient` through a session."""

    def __init__(self, session: Handles) -> None:
        """Answer from *session*; users call `httpx_transport` instead."""
        self._session = session

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Return the session's response.

        Raises:
            httpx.TransportError: if the exchange fails, or failed when it was recorded.
            NoMatchError: if replay has no response; it is added to the session's misses.
        """
        request.read()
        return self._respond(request)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Return the session's response; it is computed on another thread.

        Raises:
            httpx.TransportError: if the exchange fails, or failed when it was recorded.
            NoMatchError: if replay has no response; it is added to the session's misses.
        """
        await request.aread()
        return await anyio.to_thread.run_sync(self._respond, request)

    def _respond(self, request: httpx.Request) -> httpx.Response:
        try:
            response = self._session.handle(_from_httpx(request))
        except TransportError as error:
            # As httpx has it: TLS and names that do not resolve are a ConnectError there, too.
            kind = _FAILURES.get((error.code, error.sent), httpx.ConnectError)
            raise kind(error.message, request=request) from error
        return _to_httpx(response, request.method)


def httpx_transport(session: Handles) -> RecordReplayTransport:
    """Return an httpx transport that answers from *session*, in whatever mode it is."""
    return RecordReplayTransport(session)


class _ByteStream(httpx.SyncByteStream, httpx.AsyncByteStream):
    """The body of a response, in the pieces in which it arrived."""

    def __init__(self, response: Response) -> None:
        body = BytesIO(response.body)
        self._pieces = [*(body.read(chunk.length) for chunk in response.chunks), body.read()]

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._pieces)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self._pieces:
            yield piece


def _from_httpx(request: httpx.Request) -> Request:
    url = request.url
    user = f"{url.userinfo.decode('ascii')}@" if url.userinfo else ""
    timeout = request.extensions.get("timeout", {}).get("read")
    return Request(
        method=request.method,
        url=f"{url.scheme}://{user}{(url.netloc + url.raw_path).decode('ascii')}",
        # those that say something of the call; most clients add only others
        headers=tuple(
            (name.decode("latin-1"), value.decode("latin-1"))
            for name, value in request.headers.raw
            if name.lower() not in _OF_THE_CONNECTION and (name.lower(), value) != _ANYTHING
        ),
        body=request.content or None,
        timeout=_TIMEOUT if timeout is None else timeout,
        # The client above follows redirects itself, if it is told to: each hop comes here as a
        # request.
        follow=False,
    )


def _to_httpx(response: Response, method: str) -> httpx.Response:
    headers = [(name, value) for name, value in response.headers if name.lower() not in _DECODED]
    # To HEAD it is the length that GET would get (RFC 9110, 8.6), for which clients ask.
    told = response.header("content-length") if method == "HEAD" else None
    return httpx.Response(
        response.status,
        headers=[*headers, ("content-length", told or str(len(response.body)))],
        stream=_ByteStream(response),
        extensions={"reason_phrase": response.reason.encode("ascii", "replace")},
    )
