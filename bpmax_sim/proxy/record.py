"""One log record for each call and each login request, redacted when read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec import Struct

from bpmax_sim.errors import BpmaxError
from bpmax_sim.messages import LOGIN, Call, Request, Response
from bpmax_sim.proxy.redacted import redacted_request, redacted_response


class CallRecord(Struct, frozen=True, kw_only=True):
    """What one call was and what came of it.

    Attributes:
        platform, instance, api, caller: as far as they were known.
        at: virtual instant of the start.
        duration: virtual seconds until the answer or the error.
        began, ended: the place of its start and of its end among all that happens.
        attempts: business requests that were sent.
        notes: what was overridden, dropped or retried.
        call: what the builder said, not redacted; None where it was rejected before.
        error: what the call was rejected with.
        position: the script line that made the call, where it is known.
    """

    platform: str
    instance: str = ""
    api: str = ""
    caller: str | None = None
    at: float = 0.0
    duration: float = 0.0
    began: int = 0
    ended: int = 0
    attempts: int = 0
    notes: tuple[str, ...] = ()
    call: Call | None = None
    error: BpmaxError | None = None
    position: Any = None
    sent: Request | None = None
    received: Response | None = None
    redact: Callable[[str], str] = str

    def __repr__(self) -> str:
        return f"<CallRecord of {self.name}>"

    @property
    def name(self) -> str:
        """Return ``platform.api``."""
        return f"{self.platform}.{self.api}"

    @property
    def is_login(self) -> bool:
        """Return whether this is a login request rather than a call of a script."""
        return self.api == LOGIN

    @property
    def status(self) -> int | None:
        """Return the HTTP status, where there was an answer."""
        return self.received.status if self.received else None

    @property
    def source(self) -> str:
        """Return ``live``, ``recorded``, ``simulated`` or ``fault``; empty without an answer."""
        return self.received.source if self.received else ""

    @property
    def request(self) -> dict[str, Any] | None:
        """Return ``{method, url, headers, body}`` of the last request, redacted."""
        return redacted_request(self.sent, self.redact) if self.sent else None

    @property
    def response(self) -> dict[str, Any] | None:
        """Return ``{status, headers, body}`` of the last answer, redacted, the body parsed."""
        return redacted_response(self.received, self.redact) if self.received else None
