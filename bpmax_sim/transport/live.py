"""Send requests over the network by httpx, with unchanged target and body and limited responses.

Redirects are followed; a request to another origin carries only the address from the server and
headers such as ``Accept``. All hops are one exchange. No cookie is kept from one request to the
next. Compressed bodies are returned decoded.
"""

from __future__ import annotations

import logging
import math
import os
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import NamedTuple

import httpx
from msgspec.structs import replace

from bpmax_sim.content_coding import (
    BodyTooLargeError,
    ContentCodingError,
    ContentDecoder,
    list_codings,
)
from bpmax_sim.errors import BadResponseError, CallError, TransportError
from bpmax_sim.i18n import msg, template
from bpmax_sim.messages import (
    REDIRECTS,
    STREAMED,
    Chunk,
    ConnectionRoute,
    Headers,
    Pairs,
    Request,
    Response,
    parse_media_type,
)
from bpmax_sim.secret.http_auth import move_user_to_header
from bpmax_sim.transport.broken_framing import describe_broken_framing
from bpmax_sim.transport.connection import PROGRESS, Address, ConnectionProgress, open_transports
from bpmax_sim.transport.protocol import OWN, Handler, Transport

# Written out, since httpx's own Accept-Encoding names br and zstd wherever packages for them are
# installed: the same call would be recorded with other headers on another machine.
_DEFAULT_HEADERS = {
    "accept": "*/*",
    "accept-encoding": "gzip, deflate",
    "connection": "keep-alive",
    "user-agent": "bpmax-sim",
}
_SCHEMES = {"http", "https"}
_KEEPS_METHOD = {307, 308}
_MAX_HOPS = 5

# The first class that fits decides; `sent` says whether the server may have seen the request.


class SendFailure(NamedTuple):
    """How the failure of a request is reported.

    Attributes:
        code: code of the error, such as ``CONNECT``.
        is_sent: whether the server may have seen the request.
        message: template of the message, with ``timeout``, ``error``, ``peer`` and ``hint``.
        hint: what to do; "" if nothing is known.
    """

    code: str
    is_sent: bool
    message: str
    hint: str = ""


_CANNOT_CONNECT = SendFailure("CONNECT", False, template("cannot connect: {error}"))
_FAILURES: Mapping[type[Exception], SendFailure] = {
    httpx.ConnectTimeout: SendFailure(
        "TIMEOUT", False, template("no connection within {timeout:g} s")
    ),
    httpx.PoolTimeout: SendFailure(
        "TIMEOUT", False, template("no free connection within {timeout:g} s")
    ),
    httpx.TimeoutException: SendFailure(
        "TIMEOUT", True, template("no answer within {timeout:g} s")
    ),
    httpx.ConnectError: _CANNOT_CONNECT,
    httpx.ProxyError: SendFailure("CONNECT", False, template("the proxy refused: {error}")),
    httpx.UnsupportedProtocol: _CANNOT_CONNECT,
    httpx.NetworkError: SendFailure("RESET", True, template("the connection broke: {error}")),
    httpx.RemoteProtocolError: SendFailure(
        "RESET", True, template("the response cannot be read: {error}")
    ),
    httpx.LocalProtocolError: SendFailure(
        "RESET", True, template("the request cannot be sent: {error}")
    ),
    Exception: SendFailure("CONNECT", False, template("the request cannot be sent: {error}")),
}
"""Kind of error -> how it is reported; the first that fits is taken."""

_OWN_CA = msg(
    "; if a CA of your own issued its certificate, name the CA's file in "
    "SSL_CERT_FILE or in tls: {ca: ...} of the instance"
)
_OWN_CERTIFICATE = msg(
    "; it asks for a certificate of the client: name it in tls: {cert: ..., key: "
    "...} of the instance"
)
# Parts of OpenSSL's names for the alerts by which a server refuses the client's certificate (RFC
# 8446, 6.2). Before and behind them stand the version of TLS and more words.
_ALERTS = ("ALERT_CERTIFICATE", "ALERT_BAD_CERTIFICATE", "ALERT_UNKNOWN_CA", "ALERT_ACCESS_DENIED")
_ENVIRONMENT = ConnectionRoute()


_WIRE_LOGGERS = (
    "httpcore.connection",
    "httpcore.http11",
    "httpcore.proxy",
    "httpcore.socks",
    "httpx",
)
"""They write addresses and raw headers, which hold credentials; a filter holds for one logger."""


def _is_not_from_session(_record: logging.LogRecord) -> bool:
    """Return False for a log record of httpx about a session's request, to drop it.

    It would show the address, and nothing redacts the records of other packages.
    """
    return not OWN.get()


for _name in _WIRE_LOGGERS:
    logging.getLogger(_name).addFilter(_is_not_from_session)


@dataclass(slots=True)
class LiveTransport(AbstractContextManager["LiveTransport"]):
    """Sends requests over the network.

    Attributes:
        inner: httpx transport to send through (WSGI, ASGI, a respx router); None for sockets.
        max_body: bytes of a decoded body above which the response is refused.
    """

    inner: httpx.BaseTransport | None = None
    max_body: int = 64 * 1024 * 1024
    _clients: dict[ConnectionRoute, httpx.Client] = field(default_factory=dict, init=False)
    _opening: threading.Lock = field(default_factory=threading.Lock, init=False)
    _process: int = field(default_factory=os.getpid, init=False)
    _inherited: list[dict[ConnectionRoute, httpx.Client]] = field(default_factory=list, init=False)

    def with_routes(self, route: Callable[[Request], ConnectionRoute]) -> Transport:
        """Return a transport over the same connections; *route* returns the route of a request."""
        return Handler(lambda request: self.handle(request, route(request)))

    def handle(self, request: Request, route: ConnectionRoute = _ENVIRONMENT) -> Response:
        """Return the response; its ``elapsed`` is the seconds that the exchange took.

        Raises:
            TransportError: if connecting or TLS fails, the connection breaks, or time is over.
            BadResponseError: if the body is larger than *max_body* or cannot be decoded.
            ConfigError: if the route cannot be used, such as a CA file without certificates.
        """
        start = time.perf_counter()
        progress = ConnectionProgress(time.monotonic() + request.timeout)
        own, outer = OWN.set(True), PROGRESS.set(progress)
        try:
            response = self._follow_redirects(self._open(route), request, progress, start)
        finally:
            PROGRESS.reset(outer)
            OWN.reset(own)
        return replace(response, elapsed=time.perf_counter() - start)

    @contextmanager
    def stream(
        self, request: Request, route: ConnectionRoute, stop: threading.Event
    ) -> Iterator[ArrivingResponse]:
        """Send *request* unchanged, and yield its response while it arrives.

        No redirect is followed, and the body is not decoded. The request's timeout limits each
        read, not the whole exchange; *stop* ends it from outside.

        Raises:
            TransportError: if connecting or TLS fails or the connection breaks, also inside the
                block.
            ConfigError: if the route cannot be used, such as a CA file without certificates.
        """
        progress = ConnectionProgress(math.inf, stop=stop)
        own, outer = OWN.set(True), PROGRESS.set(progress)
        try:
            with _translate_errors(request, progress, time.perf_counter()):
                response = self._open(route).send(_to_exact_httpx_request(request), stream=True)
                try:
                    yield ArrivingResponse(response)
                finally:
                    response.close()
        finally:
            PROGRESS.reset(outer)
            OWN.reset(own)

    def close(self) -> None:
        """Close the connections; the next request opens new ones."""
        self._forget_parent_connections()
        while self._clients:
            self._clients.popitem()[1].close()

    def __exit__(self, *_error: object) -> None:
        self.close()

    def _forget_parent_connections(self) -> None:
        """Forget, in a forked child, the parent's connections: both would read the same responses.

        They are not closed, since closing would end the parent's TLS sessions.
        """
        if self._process != os.getpid():
            self._inherited.append(self._clients)
            self._process, self._clients = os.getpid(), {}
            self._opening = threading.Lock()  # another thread of the parent may have held it

    def _open(self, route: ConnectionRoute) -> httpx.Client:
        self._forget_parent_connections()
        with self._opening:
            if route not in self._clients:
                self._clients[route] = _make_client(self.inner, route)
            return self._clients[route]

    def _follow_redirects(
        self, client: httpx.Client, request: Request, progress: ConnectionProgress, start: float
    ) -> Response:
        redirects: list[tuple[str, str]] = []
        # The response to the last of them is final, also if it redirects once more: the script sees
        # it.
        for hop in range(_MAX_HOPS):
            with _translate_errors(request, progress, start, redirected=hop > 0):
                response = self._send(client, request, start)
            target = _make_redirect_hop(request, response)
            if target is None:
                break
            address, query, _ = move_user_to_header(target.url, ())[0].partition("?")
            # Without its query and user: the address of a download is often signed, and holds the
            # credential there.
            redirects.append((str(response.status), f"{address}?…" if query else address))
            request = target
        return replace(response, redirects=tuple(redirects)) if redirects else response

    def _send(self, client: httpx.Client, request: Request, start: float) -> Response:
        response = client.send(_to_httpx_with_default_headers(request), stream=True)
        try:
            body, chunks = self._read_body(response, request, start)
        except httpx.ReadTimeout:
            raise _make_response_timeout_error(request, time.perf_counter() - start) from None
        except BodyTooLargeError:
            raise BadResponseError(
                msg("the response is larger than {max_body} bytes", max_body=self.max_body)
            ) from None
        except ContentCodingError as error:
            raise BadResponseError(
                msg("the body cannot be decoded: {error}", error=error)
            ) from error
        finally:
            response.close()
        # Elsewhere the pieces are those of the network, which are different in every recording.
        is_streamed = parse_media_type(response.headers.get("content-type", "")) in STREAMED
        return Response(
            status=response.status_code,
            headers=tuple((name.lower(), value) for name, value in _decode_headers(response)),
            body=body,
            reason=response.reason_phrase,
            chunks=chunks if is_streamed else (),
        )

    def _read_body(
        self, response: httpx.Response, request: Request, start: float
    ) -> tuple[bytes, tuple[Chunk, ...]]:
        """Return the body of *response* and its pieces, decoded; *start* is when it was asked for.

        Raises:
            ContentCodingError: if it cannot be decoded, or is larger than allowed.
            TransportError: if it takes longer than the timeout of *request*.
        """
        body, chunks = bytearray(), list[Chunk]()
        # A response of a function that stands for the network is read already, and decoded.
        is_read = response.is_stream_consumed
        decoder = ContentDecoder([] if is_read else list_codings(_decode_headers(response)))
        for raw in [response.content] if is_read else response.iter_raw():
            elapsed = time.perf_counter() - start
            piece = decoder.decode(raw, self.max_body - len(body))
            if piece:
                body += piece
                chunks.append(Chunk(round(elapsed, 3), len(piece)))
            # httpx limits each read only: a server that sends a byte now and then would go on for
            # ever.
            if elapsed > request.timeout:
                raise _make_response_timeout_error(request, elapsed)
        decoder.finish()
        return bytes(body), tuple(chunks)


class ArrivingResponse:
    """A response of which only the head has arrived; its body is read piece by piece.

    Attributes:
        status, reason: of the status line.
        headers: names and values as the server wrote them, ``Location`` too.
    """

    def __init__(self, response: httpx.Response) -> None:
        """Take the head of *response*; nothing of its body is read yet."""
        self._response = response
        self.status, self.reason = response.status_code, response.reason_phrase
        self.headers = _decode_headers(response)

    def iterate_pieces(self) -> Iterator[bytes]:
        """Yield pieces of the body as they arrive, not decoded."""
        return self._response.iter_raw()


@contextmanager
def _translate_errors(
    request: Request, progress: ConnectionProgress, start: float, *, redirected: bool = False
) -> Iterator[None]:
    try:
        yield
    except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
        failed = _translate_error(error, request, progress, redirected=redirected)
        if isinstance(failed, TransportError):
            failed.elapsed = time.perf_counter() - start
        raise failed from error


def _decode_headers(response: httpx.Response) -> Pairs:
    return tuple([
        (name.decode("latin-1"), value.decode("latin-1"))
        for name, value in response.extensions["headers"]
    ])  # fmt: skip


def _make_response_timeout_error(request: Request, elapsed: float) -> TransportError:
    message = msg("the response was not complete within {timeout:g} s", timeout=request.timeout)
    return TransportError(message, code="TIMEOUT", elapsed=elapsed)


def _make_client(inner: httpx.BaseTransport | None, route: ConnectionRoute) -> httpx.Client:
    transport, mounts = (inner, None) if inner else open_transports(route)
    return httpx.Client(
        # one instance's session must not reach the calls of another
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
        event_hooks={"response": [_hide_location_from_httpx]},
        transport=transport,
        mounts=mounts,
        trust_env=False,
    )


def _to_httpx_with_default_headers(request: Request) -> httpx.Request:
    """Return *request* for httpx, with an unchanged target and the default headers added."""
    present = {name.lower() for name, _ in request.headers}
    defaults = [(name, value) for name, value in _DEFAULT_HEADERS.items() if name not in present]
    message = httpx.Request(
        request.method,
        request.url,
        headers=[*defaults, *request.headers],
        content=request.body,
        extensions={"timeout": httpx.Timeout(request.timeout).as_dict()},
    )
    # Set afterwards: httpx.Request makes a plain httpx.URL of any address that it is given.
    message.url = Address(request.url)
    return message


def _to_exact_httpx_request(request: Request) -> httpx.Request:
    """Return *request* as httpx sends it: with an unchanged target, and no header added.

    A proxy forwards what its client has sent.
    """
    message = httpx.Request(
        request.method,
        request.url,
        headers=[(n.encode("latin-1"), v.encode("latin-1")) for n, v in request.headers],
        content=request.body,
        extensions={"timeout": httpx.Timeout(request.timeout).as_dict()},
    )
    message.url = Address(request.url)
    return message


def _hide_location_from_httpx(response: httpx.Response) -> None:
    """Move the Location header out of the sight of httpx, which raises an error if it is no URL."""
    response.extensions["headers"] = response.headers.raw
    response.headers.pop("location", None)


def _make_redirect_hop(request: Request, response: Response) -> Request | None:
    """Return the request that follows a redirect; None if *response* is the last one."""
    location = response.header("location")
    if response.status not in REDIRECTS or not location or not request.follow:
        return None
    here = httpx.URL(request.url)
    try:
        there = here.join(_decode_location_as_utf8(location)).copy_with(fragment=None)
    except httpx.InvalidURL:
        return None
    if there.scheme not in _SCHEMES:
        return None
    # 307 and 308 keep method and body; after the others, clients go on with GET (RFC 9110, 15.4).
    keeps_body = response.status in _KEEPS_METHOD or request.method in {"GET", "HEAD"}
    next_request = replace(request, url=str(there))
    if not keeps_body:
        names = {name.lower() for name, _ in request.headers}
        headers = Headers(request.headers).without({n for n in names if n.startswith("content-")})
        next_request = replace(next_request, method="GET", body=None, headers=headers)
    # An origin is scheme, host and port (RFC 6454, 4); another port may be another's server.
    if (here.scheme, here.host, here.port) == (there.scheme, there.host, there.port):
        return next_request
    return _strip_for_other_origin(next_request)


def _strip_for_other_origin(request: Request) -> Request | None:
    """Return *request* without what another origin must not get.

    None if its body must not go there.

    A download is often redirected to a storage host, by an address that is signed itself. What auth
    put in, cookies and other headers are dropped. A body is sent only if it contains no credential.
    """
    in_body = any(place.startswith("body") for place in request.injected)
    if request.body is not None and (in_body or request.confined):
        return None
    kept = ("accept", "content-") if request.body is not None else ("accept",)
    headers = tuple([pair for pair in request.headers if pair[0].lower().startswith(kept)])
    return replace(request, headers=headers, injected=())


def _decode_location_as_utf8(location: str) -> str:
    """Return a header value, decoded as UTF-8 if possible: servers write UTF-8 into Location."""
    try:
        return location.encode("latin-1").decode()
    except UnicodeError:
        return location


def _translate_error(
    error: Exception, request: Request, progress: ConnectionProgress, *, redirected: bool
) -> CallError:
    """Return the `CallError` with which a call is rejected after *error* of httpx.

    *progress* tells whether a TLS handshake was running, and which proxy is in use. After a
    redirect (*redirected*) the request counts as sent.
    """
    failure = _translate_tls_error(error, progress) or next(
        failure for kind, failure in _FAILURES.items() if isinstance(error, kind)
    )
    url = httpx.URL(request.url)
    origin = f"{url.scheme}://{url.netloc.decode()}"
    # the first handshake is that with the proxy, before any tunnel
    is_at_proxy = progress.proxy.startswith("https:") and progress.handshakes == 1
    peer = progress.proxy if is_at_proxy else origin
    is_malformed = isinstance(error, httpx.RemoteProtocolError)
    what = describe_broken_framing(error) if is_malformed else error
    message = msg(
        failure.message, timeout=request.timeout, error=what, peer=peer, hint=failure.hint
    )
    if progress.proxy:
        message = msg(
            "{message} (through the proxy {proxy})", message=message, proxy=progress.proxy
        )
    if redirected:
        message = msg("after a redirect: {message}", message=message)
    return TransportError(message, code=failure.code, sent=failure.is_sent or redirected)


def _translate_tls_error(error: Exception, progress: ConnectionProgress) -> SendFailure | None:
    """Return how a failed TLS handshake is reported; None for any other error.

    A TLS error on an established connection is a reset: the server may have seen the request. But
    in TLS 1.3 a server checks the client's certificate after the client has finished its own part
    of the handshake (RFC 8446, 4.4.2.4), so its refusal appears at the first read.
    """
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, ssl.SSLError):
        cause = cause.__cause__ or cause.__context__
    if cause is None:
        return None
    refused = any(word in str(cause.reason) for word in _ALERTS)
    if not (progress.is_shaking or refused):
        return None
    hint = _OWN_CERTIFICATE if refused else ""
    if isinstance(cause, ssl.SSLCertVerificationError):
        hint = _OWN_CA
    message = template("no trusted TLS connection to {peer}: {error}{hint}")
    return SendFailure("TLS", False, message, hint)
