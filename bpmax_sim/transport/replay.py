"""Replaying: the cassette answers, the network is closed."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from msgspec.structs import replace

from bpmax_sim.errors import BadResponseError, TransportError
from bpmax_sim.messages import Failed, Outcome, Request, Response
from bpmax_sim.secret.vault import Vault
from bpmax_sim.transport.redaction import redact_request


class Replay(msgspec.Struct, frozen=True):
    """Answer from recordings.

    Attributes:
        answer: returns what came of a redacted request, or raises NoMatchError.
        vault: what is secret; a script's own credentials and personal data are hidden before
            a request is compared.
    """

    answer: Callable[[Request], Outcome]
    vault: Vault

    def handle(self, request: Request) -> Response:
        """Return the recorded answer, with its recorded latency.

        Raises:
            NoMatchError: there is none.
            TransportError: the recorded exchange did not complete.
            BadResponseError: its answer could not be read.
        """
        outcome = self.answer(redact_request(request, self.vault))
        if isinstance(outcome, Failed) and outcome.code == BadResponseError.default_code:
            raise BadResponseError(outcome.message)
        if isinstance(outcome, Failed):
            raise TransportError(
                outcome.message, code=outcome.code, elapsed=outcome.elapsed, sent=outcome.sent
            )
        return outcome if outcome.source == "recorded" else replace(outcome, source="recorded")
