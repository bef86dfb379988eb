"""What was recorded and looks like a secret that nobody declared."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from bpmax_sim.cassette.meaning import Volatile
from bpmax_sim.cassette.strangers import Stranger, strangers
from bpmax_sim.messages import Exchange
from bpmax_sim.secret.vault import Vault


@dataclass(frozen=True, slots=True)
class Unrecognised:
    """Takes exchanges, on any thread, and looks at them when it is asked: no script waits for it.

    Attributes:
        vault: what is known by now.
        passing: names the fields of an API's answers that pass, and so are no secrets.
    """

    vault: Vault
    passing: Volatile
    _fresh: deque[Exchange] = field(default_factory=deque, init=False)
    _found: dict[Stranger, None] = field(default_factory=dict, init=False)

    def add(self, exchange: Exchange) -> None:
        """Take a redacted exchange."""
        self._fresh.append(exchange)

    def places(self) -> tuple[str, ...]:
        """Return where values stand that look like secrets and are not known as such by now."""
        while self._fresh:
            exchange = self._fresh.popleft()
            call = exchange.request.call
            passing = self.passing(call.name if call else "")
            self._found.update(dict.fromkeys(strangers(exchange, passing)))
        still = (p for p, value in self._found if self.vault.redact_text(value) == value)
        return tuple(dict.fromkeys(still))
