"""The network: one `httpx.Client`, our own URL and body bytes, bounded answers.

Redirects are followed within one origin only when there are credentials; the hops are one
exchange. No cookie is kept from one request to the next. Compressed bodies come back decoded.

One instant by which all of an exchange is over, however slowly a server drips.

httpx bounds each read and each write, not their sum, and has no door for a network of one's own
but httpcore's: https://www.encode.io/httpcore/network-backends/
"""

from __future__ import annotations

import functools
import os
import ssl
import time
from collections.abc import Iterable
from contextvars import ContextVar
from dataclasses import dataclass, field
from http.cookiejar import CookieJar, DefaultCookiePolicy
from importlib.util import find_spec
from types import TracebackType
from typing import Any, Self

import httpcore
import httpx
from msgspec.structs import replace

from bpmax_sim.errors import BadResponseError, CallError, TransportError
from bpmax_sim.messages import Chunk, Pairs, Request, Response
from bpmax_sim.secret.http_auth import SECRET_HEADERS
from bpmax_sim.transport.protocol import OWN

DEADLINE: ContextVar[float | None] = ContextVar("DEADLINE", default=None)
"""When the exchange of this thread has to be over, by `time.monotonic`."""
_LEAST = 0.001  # seconds; none at all would mean not to wait, which is another error


def keep_deadlines(client: httpx.Client) -> None:
    """Let every connection of *client*, through proxies too, be over by `DEADLINE`."""
    for transport in (client._transport, *client._mounts.values()):  # noqa: SLF001 - no other way
        pool: Any = getattr(transport, "_pool", None)
        if pool is not None:
            pool._network_backend = _Backend(pool._network_backend)  # noqa: SLF001


def _left(timeout: float | None) -> float | None:
    """Return how long to wait at most, in seconds.

    Raises:
        httpcore.ReadTimeout: not at all.
    """
    until = DEADLINE.get()
    if until is None:
        return timeout
    left = until - time.monotonic()
    if left <= 0:
        raise httpcore.ReadTimeout("the time for the whole exchange is over")
    return max(_LEAST, left if timeout is None else min(timeout, left))


class _Backend(httpcore.NetworkBackend):
    """Another network, whose connections keep the deadline."""

    def __init__(self, inner: httpcore.NetworkBackend) -> None:
        self._inner = inner

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        made = self._inner.connect_tcp(host, port, _left(timeout), local_address, socket_options)
        return _Stream(made)

    def sleep(self, seconds: float) -> None:
        self._inner.sleep(seconds)


class _Stream(httpcore.NetworkStream):
    """A connection that keeps the deadline."""

    def __init__(self, inner: httpcore.NetworkStream) -> None:
        self._inner = inner

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, _left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, _left(timeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, _left(timeout)))

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


_DEFAULT_HEADERS = {
    "accept": "*/*",
    "accept-encoding": "gzip, deflate",
    "connection": "keep-alive",
    "user-agent": "bpmax-sim",
}
_CODINGS = {"", "deflate", "gzip", "identity"}
_REDIRECTS = {301, 302, 303, 307, 308}
_SCHEMES = {"http", "https"}
_KEEPS_METHOD = {307, 308}
_MAX_HOPS = 5
_STREAMED = ("text/event-stream", "application/x-ndjson")

# The first class that fits decides; `sent` says whether the server may have seen the request.
_FAILURES: tuple[tuple[type[Exception], str, bool, str], ...] = (
    (httpx.ConnectTimeout, "TIMEOUT", False, "no connection within {timeout:g} s"),
    (httpx.PoolTimeout, "TIMEOUT", False, "no free connection within {timeout:g} s"),
    (httpx.TimeoutException, "TIMEOUT", True, "no answer within {timeout:g} s"),
    (httpx.ConnectError, "CONNECT", False, "cannot connect: {error}"),
    (httpx.ProxyError, "CONNECT", False, "the proxy refused: {error}"),
    (httpx.UnsupportedProtocol, "CONNECT", False, "cannot connect: {error}"),
    (httpx.NetworkError, "RESET", True, "the connection broke: {error}"),
    (httpx.ProtocolError, "RESET", True, "the answer is not HTTP: {error}"),
)


@functools.cache
def _tls_context() -> ssl.SSLContext:
    return httpx.create_ssl_context()


@dataclass(slots=True)
class Live:
    """Send requests over the network.

    Attributes:
        inner: an httpx transport to send through (WSGI, ASGI, a respx router); None for sockets.
        max_body: bytes of a decoded body before the answer is refused.
    """

    inner: httpx.BaseTransport | None = None
    max_body: int = 64 * 1024 * 1024
    _client: httpx.Client | None = field(default=None, init=False)
    _process: int = field(default_factory=os.getpid, init=False)
    _inherited: list[httpx.Client | None] = field(default_factory=list, init=False)

    def handle(self, request: Request) -> Response:
        """Return the answer, with the seconds it took.

        Raises:
            TransportError: connect, TLS, time-out or a broken connection.
            BadResponseError: the body is larger than *max_body* or cannot be decoded.
        """
        start = time.perf_counter()
        own, until = OWN.set(True), DEADLINE.set(time.monotonic() + request.timeout)
        try:
            response = self._follow(request, start)
        finally:
            DEADLINE.reset(until)
            OWN.reset(own)
        return replace(response, elapsed=time.perf_counter() - start)

    def close(self) -> None:
        """Close the connections; the next request opens new ones."""
        self._leave_to_parent()
        if self._client is not None:
            self._client.close()
            self._client = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _leave_to_parent(self) -> None:
        """In a forked child, let the parent's connections be: on one both would be answered.

        They are not even closed, since that ends the parent's TLS.
        """
        if self._process != os.getpid():
            self._inherited.append(self._client)
            self._process, self._client = os.getpid(), None

    def _open(self) -> httpx.Client:
        self._leave_to_parent()
        if self._client is None:
            options = {"transport": self.inner} if self.inner else {"verify": _tls_context()}
            # one instance's session must not reach the calls of another
            cookies = CookieJar(DefaultCookiePolicy(allowed_domains=()))
            hooks = {"response": [_keep_headers]}
            self._client = httpx.Client(cookies=cookies, event_hooks=hooks, **options)
            keep_deadlines(self._client)
        return self._client

    def _follow(self, request: Request, start: float) -> Response:
        for hop in range(_MAX_HOPS):
            try:
                response = self._send(request, start)
            except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
                elapsed = time.perf_counter() - start
                raise _translate(error, request, elapsed, redirected=hop > 0) from error
            target = _redirect(request, response)
            if target is None:
                return response
            request = target
        return response

    def _send(self, request: Request, start: float) -> Response:
        message = _wire(request)
        chunks: list[Chunk] = []
        with self._open().stream(
            message.method,
            message.url,
            headers=message.headers,
            content=request.body,
            timeout=request.timeout,
            extensions=message.extensions,
            follow_redirects=False,
        ) as answer:
            _check_codings(answer)
            body = bytearray()
            try:
                for piece in answer.iter_bytes():
                    elapsed = time.perf_counter() - start
                    body += piece
                    chunks.append(Chunk(round(elapsed, 3), len(piece)))
                    self._bound(request, len(body), elapsed)
            except httpx.ReadTimeout:
                raise _incomplete(request, time.perf_counter() - start) from None
            return _response(answer, bytes(body), tuple(chunks))

    def _bound(self, request: Request, size: int, elapsed: float) -> None:
        if size > self.max_body:
            raise BadResponseError(f"the answer is larger than {self.max_body} bytes")
        if elapsed > request.timeout:
            raise _incomplete(request, elapsed)


def _incomplete(request: Request, elapsed: float) -> TransportError:
    told = f"the answer was not complete within {request.timeout:g} s"
    return TransportError(told, code="TIMEOUT", elapsed=elapsed)


def _wire(request: Request) -> httpx.Request:
    """Return the message with exactly our target, which httpx would normalise."""
    url = httpx.URL(request.url)
    origin_end = request.url.find("/", request.url.find("//") + 2)
    target = request.url[origin_end:] if origin_end > 0 else "/"
    present = {name.lower() for name, _ in request.headers}
    defaults = [(name, value) for name, value in _DEFAULT_HEADERS.items() if name not in present]
    return httpx.Request(
        request.method,
        url,
        headers=[*defaults, *request.headers],
        content=request.body,
        extensions={"target": target.encode("ascii")},
    )


def _keep_headers(answer: httpx.Response) -> None:
    """Put the headers aside and take out the Location: httpx fails over one that is no address."""
    answer.extensions["headers"] = answer.headers.raw
    answer.headers.pop("location", None)


def _response(answer: httpx.Response, body: bytes, chunks: tuple[Chunk, ...]) -> Response:
    headers = tuple(
        (name.decode("latin-1").lower(), value.decode("latin-1"))
        for name, value in answer.extensions["headers"]
    )
    streamed = answer.headers.get("content-type", "").startswith(_STREAMED)
    return Response(
        status=answer.status_code,
        headers=headers,
        body=body,
        reason=answer.reason_phrase,
        chunks=chunks if streamed else (),
    )


def _check_codings(answer: httpx.Response) -> None:
    """Refuse a body that nobody can read: what is secret in it could not be found either.

    Raises:
        BadResponseError: it is compressed in a way that was not asked for.
    """
    named = answer.headers.get_list("content-encoding", split_commas=True)
    for coding in (one.strip().lower() for one in named):
        if coding not in _CODINGS and not (coding == "br" and find_spec("brotli")):
            hint = "; pip install 'bpmax-sim[br]'" if coding == "br" else ""
            raise BadResponseError(
                f"the answer is compressed with {coding}, which was not asked for{hint}"
            )


def _redirect(request: Request, response: Response) -> Request | None:
    """Return the next hop, or None where the answer is the last."""
    location = response.header("location")
    if response.status not in _REDIRECTS or not location or not request.follow:
        return None
    here = httpx.URL(request.url)
    try:
        there = here.join(_readable(location)).copy_with(fragment=None)
    except httpx.InvalidURL:
        return None
    same = (here.scheme, here.host, here.port) == (there.scheme, there.host, there.port)
    if there.scheme not in _SCHEMES or not (same or _is_free(request)):
        return None
    if response.status in _KEEPS_METHOD or request.method in {"GET", "HEAD"}:
        return replace(request, url=str(there))
    return replace(request, url=str(there), method="GET", body=None, headers=_bodiless(request))


def _readable(location: str) -> str:
    """Return the text of a header that was read byte by byte; servers write UTF-8 into it."""
    try:
        return location.encode("latin-1").decode()
    except UnicodeError:
        return location


def _is_free(request: Request) -> bool:
    """Return whether *request* holds no credential, so that it may go to another origin."""
    names = {name.lower() for name, _ in request.headers}
    return not (request.injected or request.confined) and names.isdisjoint(SECRET_HEADERS)


def _bodiless(request: Request) -> Pairs:
    return tuple(pair for pair in request.headers if not pair[0].lower().startswith("content-"))


def _translate(
    error: Exception, request: Request, elapsed: float, *, redirected: bool
) -> CallError:
    """Return *error* as the rejection of a call; what was *redirected* has reached a server."""
    if isinstance(error, httpx.DecodingError):
        return BadResponseError(f"the body cannot be decoded: {error}")
    code, sent, text = next(
        ((code, sent, text) for kind, code, sent, text in _FAILURES if isinstance(error, kind)),
        ("CONNECT", False, "the request cannot be sent: {error}"),
    )
    if _has_tls_cause(error):
        code, sent, text = "TLS", False, "no trusted TLS connection: {error}"
    message = text.format(timeout=request.timeout, error=error)
    if redirected:
        message = f"after a redirect: {message}"
    return TransportError(message, code=code, elapsed=elapsed, sent=sent or redirected)


def _has_tls_cause(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLError):
            return True
        error = error.__cause__ or error.__context__
    return False
