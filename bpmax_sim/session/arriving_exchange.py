"""Record the response to another HTTP client while it arrives: each piece is on disk at once.

When the response ends, the complete exchange is recorded and replaces the pieces. If it never ends,
the pieces are a failed exchange.
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from bpmax_sim.i18n import msg
from bpmax_sim.messages import Exchange, FailedExchange, Headers, Request, Response
from bpmax_sim.secret.vault import Vault
from bpmax_sim.transport.partial_body import StreamedBodyRedactor
from bpmax_sim.transport.redaction import redact_body, redact_request

NotePiece = Callable[[Response, bytes], None]
"""Takes the head of a response and the next piece of its body as they came over the wire."""


class StreamedExchangeRecorder:
    """Records one response piece by piece while it still arrives, such as a stream of events.

    So nothing is lost if the recording process is killed before the response ends.

    Attributes:
        received: beginning of the body, redacted, up to the last complete line or member, so that
            no secret is cut.
    """

    def __init__(
        self,
        request: Request,
        at: float,
        vault: Vault,
        learn: Callable[[Request, Response], None],
        append: Callable[[Exchange], None] | None,
    ) -> None:
        """Record the response to *request*, sent at virtual instant *at*.

        *learn* registers the secrets of a response with *vault*; *append* writes one piece. Without
        *append* nothing is written, as for a login, whose whole response may be secret.
        """
        self._request, self._at, self._vault = request, at, vault
        self._learn, self._append = learn, append
        self._body: StreamedBodyRedactor | None = None
        self._head = Response(status=0)
        self.received = b""

    def record_piece(self, head: Response, piece: bytes) -> None:
        """Record *piece*, the next bytes of the response's body; it is on disk when this returns.

        *head* is the response as known so far: status and headers.

        Raises:
            CassetteError: if it cannot be written.
        """
        if self._append is None:
            return
        if self._body is None:
            self._head, self._body = head, StreamedBodyRedactor(head.headers, self._redact_document)
            self._learn(self._request, head)
        added = self._body.take_piece(piece)
        self.received += added
        message = msg(
            "the recording ended while the response was arriving (HTTP {status})",
            status=head.status,
        )
        # Each piece is recorded as a failure at that point, so that a journal is right wherever the
        # process dies; the whole exchange replaces the pieces when it has arrived.
        failed = FailedExchange(
            code="RESET", message=message, elapsed=round(head.elapsed, 3), received=added
        )
        shown = redact_request(self._request, self._vault)
        self._append(Exchange(request=shown, outcome=failed, at=self._at))

    def _redact_document(self, document: bytes) -> bytes:
        """Return *document*, complete lines of a stream or a complete JSON value, redacted.

        Secrets that it issues itself, such as a token, become known first.
        """
        self._learn(self._request, replace(self._head, body=document))
        request, content_type = self._request, Headers(self._head.headers).content_type
        return redact_body(document, content_type, request, self._vault)
