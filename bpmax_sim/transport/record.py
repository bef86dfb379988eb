"""`RecordingTransport` has every exchange redacted and on disk before it hands its response on.

`ReplayTransport` answers from what was kept, and sends nothing.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from msgspec.structs import replace

from bpmax_sim.clock import Clock
from bpmax_sim.errors import BadResponseError, TransportError
from bpmax_sim.messages import Exchange, FailedExchange, Outcome, Request, Response
from bpmax_sim.secret.vault import Vault
from bpmax_sim.transport.protocol import Transport
from bpmax_sim.transport.redaction import redact_exchanged, redact_request


class RecordingTransport(msgspec.Struct, frozen=True):
    """Answer from another transport, and keep the exchange.

    Attributes:
        inner: who answers; secrets that a response mints are in *vault* when it returns.
        keep: takes each redacted exchange and returns when it is on disk; called on any thread.
        vault: what is secret.
        clock: virtual time, the instants of the recording.
        trust: says what `Response.trust` of a live response is, before it is redacted.
    """

    inner: Transport
    keep: Callable[[Exchange], None]
    vault: Vault
    clock: Clock
    trust: Callable[[Request, Response], str] = lambda _request, _response: ""

    def handle(self, request: Request) -> Response:
        """Return the response, its latency rounded to the milliseconds that are kept.

        Raises:
            TransportError, BadResponseError: what the inner transport raised; it is kept too.
        """
        at = self.clock.now()
        try:
            response = self.inner.handle(request)
        except (BadResponseError, TransportError) as error:
            failed = FailedExchange(code=error.code, message=self.vault.redact_text(error.message))
            if isinstance(error, TransportError):
                error.elapsed = round(error.elapsed, 3)
                failed = replace(failed, elapsed=error.elapsed, sent=error.sent)
            self._keep(redact_request(request, self.vault), failed, at)
            raise
        trust = self.vault.redact_text(self.trust(request, response))
        response = replace(response, elapsed=round(response.elapsed, 3), trust=trust)
        self._keep(*redact_exchanged(request, response, self.vault), at)
        return _drop_login_latency(request, response)

    def _keep(self, shown: Request, outcome: Response | FailedExchange, at: float) -> None:
        self.keep(Exchange(request=shown, outcome=outcome, at=at))


class ReplayTransport(msgspec.Struct, frozen=True):
    """Answer from recordings.

    Attributes:
        answer: returns what came of a redacted request, or raises NoMatchError.
        vault: what is secret; a script's own credentials and personal data are hidden before
            a request is compared.
    """

    answer: Callable[[Request], Outcome]
    vault: Vault

    def handle(self, request: Request) -> Response:
        """Return the recorded response, with its recorded latency.

        Raises:
            NoMatchError: there is none.
            TransportError: the recorded exchange did not complete.
            BadResponseError: its response could not be read.
        """
        outcome = self.answer(redact_request(request, self.vault))
        if isinstance(outcome, FailedExchange) and outcome.code == BadResponseError.default_code:
            raise BadResponseError(outcome.message)
        if isinstance(outcome, FailedExchange):
            raise TransportError(
                outcome.message, code=outcome.code, elapsed=outcome.elapsed, sent=outcome.sent
            )
        if outcome.source != "recorded":
            outcome = replace(outcome, source="recorded")
        return _drop_login_latency(request, outcome)


def _drop_login_latency(request: Request, response: Response) -> Response:
    """Return *response* as its call sees it.

    A login takes no virtual time, recorded or replayed: when a token was renewed must not move
    what scripts see of the clock. The file keeps how long it took.
    """
    return replace(response, elapsed=0.0) if request.is_login and response.elapsed else response
