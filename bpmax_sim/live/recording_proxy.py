"""A recording proxy: it receives requests for one third party, forwards and records them.

    client -> `server` -> `RecordingProxy` -> the recorder -> `LiveTransport.stream` -> upstream
                                 ^                |
                                 +--- each piece is on the disk before it is forwarded

The session records as it does for any other client (`session.client_relay`): which API a request is
for, what is secret, how it is stored. Rewriting of addresses and headers is in `live.upstream`.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from typing import Final
from urllib.parse import unquote, urlsplit

import msgspec
from msgspec.structs import replace

from bpmax_sim.errors import BadResponseError, BpmaxError, TransportError
from bpmax_sim.i18n import msg
from bpmax_sim.live.signed_address import find_address_signature
from bpmax_sim.live.upstream import (
    UpstreamUrl,
    adapt_response_headers,
    replace_host_and_add_via,
    restore_cookie_names,
)
from bpmax_sim.messages import (
    STREAMED,
    Chunk,
    ConnectionRoute,
    Headers,
    Pairs,
    Request,
    Response,
)
from bpmax_sim.secret.source import looks_random
from bpmax_sim.server import RefusedRequest, ServedClient
from bpmax_sim.session.arriving_exchange import NotePiece
from bpmax_sim.session.record import refuse_standin
from bpmax_sim.session.session import Session
from bpmax_sim.traffic.imported import (
    NotConvertibleError,
    decode_header_text,
    make_decompressed_response,
    make_foreign_request,
)
from bpmax_sim.transport.live import ArrivingResponse, LiveTransport

LOOP: Final = "LOOP"
"""The code of a request that came back to its proxy."""

_PATIENCE: Final = 60.0
_MOST: Final = 64 * 1024 * 1024
# 1xx responses are no result of a request (RFC 9110, 15.2).
_FINAL: Final = range(200, 600)


class ProxiedCallSummary(msgspec.Struct, frozen=True, kw_only=True):
    """One call that went through the recording proxy, as a line that users see; without secrets.

    Attributes:
        at: arrival, in POSIX seconds.
        target: path without the query.
        name: API as ``platform.api``; "" if none is known.
        outcome: status, or code of the error.
        seconds: duration.
        is_replayed: whether it was answered from the recording.
        note: message of the error, if the call was refused or failed.
    """

    at: float
    method: str
    target: str
    name: str
    outcome: str
    seconds: float
    is_replayed: bool = False
    note: str = ""


class RecordingProxy:
    """Forwards requests of clients to one third party (upstream), and records them.

    It may be used from several threads.
    """

    def __init__(  # noqa: PLR0913 - what it stands before, and for whom
        self,
        session: Session,
        upstream: UpstreamUrl,
        *,
        declared: str = "",
        token: str = "",
        fallback: bool = False,
        patience: float = _PATIENCE,
        hear: Callable[[ProxiedCallSummary], None] = lambda _call: None,
    ) -> None:
        """Record into *session*, which is in record mode.

        Args:
            session: session opened with ``record="new"``.
            upstream: third party to which requests are forwarded.
            declared: origin of the upstream in a platform file, if it is another one.
            token: text that has to come first in each path; "" for none.
            fallback: whether recorded exchanges are answered from the recording.
            patience: seconds that a read from the upstream may take.
            hear: called with each call at its end.
        """
        self._session, self._upstream = session, upstream
        self._declared = declared or upstream.origin
        self._prefix = f"/{token}" if token else ""
        self._fallback, self._patience, self._hear = fallback, patience, hear
        self._live = LiveTransport()
        self._stopping = threading.Event()
        self._pseudonym = f"bpmax-sim-{secrets.token_hex(4)}"

    def cancel_exchanges(self) -> None:
        """End the exchanges in progress; each is recorded as far as it got."""
        self._stopping.set()

    def close_upstream_connections(self) -> None:
        """Close the connections to the upstream."""
        self._live.close()

    def forward_or_replay(self, request: Request, client: ServedClient) -> Response | None:
        """Forward *request* and record the exchange; *client* gets the response while it arrives.

        Return a recorded response that the caller has to send, if one answers the request instead;
        None if *client* was sent a response.

        Raises:
            RefusedRequest: if the request cannot be forwarded; the code tells why.
            TransportError: if the exchange did not complete, and the client got nothing yet.
        """
        exchange = _ProxiedExchange(request, client, time.time())
        try:
            return self._forward_or_replay(exchange)
        except RefusedRequest as refusal:
            exchange.outcome, exchange.note = refusal.code, str(refusal)
            raise
        except TransportError as error:
            exchange.outcome, exchange.note = error.code, error.message
            raise
        except BpmaxError as error:
            exchange.outcome, exchange.note = getattr(error, "code", "ERROR"), str(error)
            raise
        finally:
            # A proxy may run for weeks; what a session keeps for the end of a test would fill the
            # memory.
            self._session.calls.clear()
            self._session.misses.clear()
            self._hear(exchange.to_proxied_call(self._session.redact))

    def _forward_or_replay(self, exchange: _ProxiedExchange) -> Response | None:
        path = self._strip_token(exchange.client.target)
        exchange.target = path.partition("?")[0]
        sent = self._make_upstream_request(exchange, path)
        self._refuse_unforwardable_request(exchange.client.headers, sent)
        # Requests arrive at the same time, in several threads; a clock does not go back.
        self._session.clock.move_to(max(self._session.clock.now(), exchange.at))
        known = self._make_recorded_request(exchange, sent)
        base = f"{exchange.request.base}{self._prefix}"
        if self._fallback:
            exchange.copy_call_name_and_target(self._session.relay.clients.as_api_call(known))
            recorded = self._session.relay.try_to_replay_without_standin(known)
            if recorded is not None:
                exchange.outcome, exchange.is_replayed = str(recorded.status), True
                headers = adapt_response_headers(recorded.headers, self._upstream, base)
                return replace(recorded, headers=headers)
            refuse_standin(known)
        opened = partial(self._live.stream, sent, stop=self._stopping)
        streamed = _StreamedResponse(exchange, opened, self._upstream, base)
        try:
            self._session.relay.record(known, streamed.forward_all_but_last_piece)
        except (BadResponseError, TransportError) as error:
            # Once the client has a status line, no other response can be sent: it gets what there
            # is, or a connection that ends early, as from the third party itself.
            if not (streamed.is_complete or exchange.client.is_begun):
                raise
            exchange.note = error.message
            exchange.outcome = f"{exchange.outcome} {error.code}"
            if not streamed.is_complete:
                return None
        streamed.forward_last_piece()  # also of what the client can read and we cannot
        return None

    def _strip_token(self, target: str) -> str:
        """Return *target* without the token that its path begins with.

        The token in the address keeps other programs on the machine from using the proxy.

        Raises:
            RefusedRequest: if the token is missing.
        """
        if not target.startswith("/"):
            raise RefusedRequest(
                400,
                "NO_FORWARD_PROXY",
                msg(
                    "this proxies one third party and is not a client's proxy; use its address "
                    "in place of {upstream}",
                    upstream=self._upstream.url,
                ),
            )
        first, prefix = target[: len(self._prefix)], self._prefix
        rest = target[len(prefix) :]
        # In constant time, so that the token cannot be guessed letter by letter.
        if not secrets.compare_digest(first.encode(), prefix.encode()) or (
            prefix and rest and rest[0] not in "/?"
        ):
            raise RefusedRequest(404, "NO_TOKEN", msg("the path does not begin with the token"))
        return rest if rest.startswith("/") else f"/{rest}"

    def _make_upstream_request(self, exchange: _ProxiedExchange, path: str) -> Request:
        return Request(
            method=exchange.request.method,
            url=f"{self._upstream.url}{path}",
            headers=replace_host_and_add_via(
                exchange.headers, self._upstream, f"1.1 {self._pseudonym}"
            ),
            body=exchange.request.body,
            timeout=self._patience,
        )

    def _make_recorded_request(self, exchange: _ProxiedExchange, sent: Request) -> Request:
        rest = sent.url[len(self._upstream.origin) :]
        try:
            return make_foreign_request(
                sent.method,
                f"{self._declared}{rest}",
                decode_header_bytes(exchange.headers),
                sent.body,
            )
        except NotConvertibleError as reason:
            raise RefusedRequest(400, "BAD_REQUEST", str(reason)) from None

    def _refuse_unforwardable_request(self, written: Pairs, sent: Request) -> None:
        head = Headers(written)
        # RFC 9110, 7.6.3: a proxy finds its own name in Via if the request came through it before.
        if any(self._pseudonym in line for line in head.get_all("via")):
            raise _make_loop_refusal(self._upstream)
        if (head.get_first("upgrade") or "").lower() == "websocket":
            raise RefusedRequest(
                501,
                "WEBSOCKET",
                msg("WebSocket connections are not recorded"),
            )
        query = sent.url.partition("?")[2]
        signed = find_address_signature(written, query, sent.body)
        if signed is None or self._upstream_sees_signed_address(
            head, is_host_only=signed.is_host_only
        ):
            return
        way = msg("; let the client send to it with `Host: {host}`", host=self._upstream.host)
        raise RefusedRequest(
            501,
            "SIGNED_ADDRESS",
            msg(
                "the request is signed for the address that it was sent to ({scheme}), and "
                "{upstream} would refuse it; record it inside the client's process, or import "
                "its traffic as HAR{way}",
                scheme=signed.scheme,
                upstream=self._upstream.url,
                way=way if signed.is_host_only else "",
            ),
        )

    def _upstream_sees_signed_address(self, head: Headers, *, is_host_only: bool) -> bool:
        """Return whether the upstream will see the address that the client signed.

        It will only if the signature covers the host alone (*is_host_only*), the client wrote the
        upstream's host into ``Host``, and neither proxy nor upstream has a path of its own.
        """
        is_same_path = not self._prefix and not self._upstream.path
        return is_host_only and is_same_path and head.get_first("host") == self._upstream.host


class _ProxiedExchange:
    """A client's request to the proxy, with what its line (`ProxiedCallSummary`) will say."""

    def __init__(self, request: Request, client: ServedClient, at: float) -> None:
        self.request, self.client, self.at = request, client, at
        self.headers = restore_cookie_names(client.headers)
        self.target = "…"  # until it is known to be for us: it may hold anything
        self.name = self.outcome = self.note = ""
        self.is_replayed = False

    def copy_call_name_and_target(self, known: Request) -> None:
        """Take name and target of the call from *known*, the request as it will be recorded."""
        call = known.call
        self.name = call.name if call is not None and call.platform else ""
        self.target = urlsplit(known.recorded_form.url).path

    def to_proxied_call(self, redact: Callable[[str], str]) -> ProxiedCallSummary:
        """Return the line about this call for users, without secrets.

        *redact* replaces known secrets; texts that look like secrets are removed as well.
        """
        segments = unquote(redact(self.target)).split("/")
        shown = "/".join("…" if looks_random(segment) else segment for segment in segments)
        return ProxiedCallSummary(
            at=self.at,
            method=self.request.method,
            target="".join(sign if sign.isprintable() else "?" for sign in shown),
            name=self.name,
            outcome=self.outcome,
            seconds=time.time() - self.at,
            is_replayed=self.is_replayed,
            note=redact(self.note),
        )


class _StreamedResponse:
    """The upstream's response while it is forwarded to the client.

    Attributes:
        is_complete: whether all of it arrived.
    """

    def __init__(
        self,
        exchange: _ProxiedExchange,
        opened: Callable[[ConnectionRoute], AbstractContextManager[ArrivingResponse]],
        upstream: UpstreamUrl,
        base: str,
    ) -> None:
        self._exchange, self._client = exchange, exchange.client
        self._opened, self._upstream, self._base = opened, upstream, base
        self._head = Response(status=0)
        self._last = b""
        self.is_complete = False

    def forward_all_but_last_piece(
        self, known: Request, route: ConnectionRoute, note: NotePiece
    ) -> Response:
        """Send all but the last piece of the upstream's response to the client; return it whole.

        The last piece is held back: a client that has a whole response may rely on its being
        recorded.

        Args:
            known: request as it will be recorded.
            route: proxy and certificates of the connection.
            note: called with the response's head and each piece before the piece is forwarded.

        Raises:
            RefusedRequest: if the upstream is this proxy.
            TransportError: if the response did not complete.
            BadResponseError: if the response cannot be recorded.
        """
        self._exchange.copy_call_name_and_target(known)
        start = time.perf_counter()
        with self._opened(route) as arriving:
            self._read_response_head(arriving, time.perf_counter() - start)
            body, chunks = bytearray(), list[Chunk]()
            length = 0
            for piece in filter(None, arriving.iterate_pieces()):
                length += len(piece)
                body += piece if length <= _MOST else b""
                chunks.append(Chunk(round(time.perf_counter() - start, 3), len(piece)))
                # Without Content-Length no piece is known to be the last. Then all are forwarded,
                # and only the end mark of the chunks waits (`forward_last_piece`).
                if str(length) == self._head.header("content-length"):
                    self._last = piece  # which goes on once the whole is on the disk
                else:
                    note(self._head, piece)
                    self._send_head_to_client()
                    self._client.write(piece)
                # Other responses are read to their end, although nobody waits: the exchange is
                # whole then.
                self._stop_endless_if_client_left(length)
        self.is_complete = True
        if length > _MOST:
            raise BadResponseError(
                msg("the response is larger than {max_body} bytes", max_body=_MOST)
            )
        return self._build_whole_response(
            arriving, bytes(body), chunks, time.perf_counter() - start
        )

    def forward_last_piece(self) -> None:
        """Forward the last piece, which is held back until the exchange is recorded."""
        self._send_head_to_client()
        if self._last:
            self._client.write(self._last)
        self._client.end()

    def _read_response_head(self, arriving: ArrivingResponse, elapsed: float) -> None:
        self._exchange.outcome = str(arriving.status)
        self._head = Response(
            status=arriving.status, headers=arriving.headers, elapsed=elapsed, source="live"
        )
        # Two proxies that lead to each other: the refusal of the inner request, by `Via`, comes
        # back as if it were the upstream's response.
        if self._head.header("x-bpmax-sim") == LOOP:
            raise _make_loop_refusal(self._upstream)
        if arriving.status not in _FINAL:
            raise BadResponseError(msg("the response has status {status}", status=arriving.status))

    def _send_head_to_client(self) -> None:
        if not self._client.is_begun:
            headers = adapt_response_headers(self._head.headers, self._upstream, self._base)
            self._client.begin(self._head.status, headers)

    def _stop_endless_if_client_left(self, length: int) -> None:
        """Stop reading a response that may never end, if the client has left.

        That is a stream, such as server-sent events, or a response larger than can be recorded;
        others are recorded to their end. *length* is the size so far.

        Raises:
            TransportError: if the response is stopped.
        """
        is_stream = Headers(self._head.headers).media_type in STREAMED
        if self._client.is_gone and (is_stream or length > _MOST):
            raise TransportError(msg("the client closed the connection"), code="RESET")

    def _build_whole_response(
        self, arriving: ArrivingResponse, body: bytes, chunks: list[Chunk], elapsed: float
    ) -> Response:
        try:
            response = make_decompressed_response(
                arriving.status, arriving.reason, decode_header_bytes(arriving.headers), body
            )
        except NotConvertibleError as reason:
            raise BadResponseError(str(reason)) from None
        head = Headers(arriving.headers)
        is_stream = head.media_type in STREAMED and "content-encoding" not in head
        return replace(
            response, elapsed=elapsed, source="live", chunks=tuple(chunks) if is_stream else ()
        )


def decode_header_bytes(headers: Pairs) -> Pairs:
    """Return *headers*, in whose values each character is one byte as read, decoded as text."""
    return tuple([(name, decode_header_text(value.encode("latin-1"))) for name, value in headers])


def _make_loop_refusal(upstream: UpstreamUrl) -> RefusedRequest:
    message = msg(
        "{upstream} leads back to this proxy, so it would ask itself for ever; name the third "
        "party's own address",
        upstream=upstream.url,
    )
    # 508 Loop Detected: RFC 5842, 7.2.
    return RefusedRequest(508, LOOP, message)
