"""A call that was made, redacted, the way a scenario spells it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from bpmax_sim.errors import Place


class CallMade(msgspec.Struct, frozen=True, kw_only=True):
    """One call, redacted, the way a scenario spells it.

    Attributes:
        number: counts from 1 within the scenario.
        call: ``platform.api``; ``platform.$token`` is a login.
        path: values of the path's placeholders.
        error: the code of the rejection, empty for an answer.
        place: the script line that made the call.
    """

    number: int
    call: str
    instance: str = ""
    caller: str | None = None
    method: str = ""
    url: str = ""
    path: Mapping[str, str] = msgspec.field(default_factory=dict)
    query: Mapping[str, Any] = msgspec.field(default_factory=dict)
    header: Mapping[str, str] = msgspec.field(default_factory=dict)
    body: Any = None
    status: int | None = None
    response: Any = None
    source: str = ""
    error: str = ""
    message: str = ""
    duration: float = 0.0
    place: Place | None = None
    at: float = 0.0

    @property
    def is_login(self) -> bool:
        """Return whether this is the login request of a platform."""
        return self.call.endswith(".$token")
