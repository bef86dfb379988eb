"""A recorder for tests, and texts that turn out to be secrets while it records."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from bpmax_sim.cassette.journal import scan_nothing
from bpmax_sim.cassette.recorder import Recorder
from bpmax_sim.messages import Exchange, Response
from tests.cassette.exchanges import OWNER, RULES, ZONE


class Secrets:
    """Texts that turn out to be secrets one after the other."""

    def __init__(self, *known: str) -> None:
        self.known = [*known]

    def scan(self, data: bytes) -> Sequence[object]:
        return [f"secret {text}" for text in self.known if text.encode() in data]

    def count(self) -> int:
        return len(self.known)

    def redact(self, exchange: Exchange) -> Exchange:
        outcome = exchange.outcome
        if isinstance(outcome, Response):
            return replace(exchange, outcome=replace(outcome, body=self.hide(outcome.body)))
        return replace(exchange, outcome=replace(outcome, received=self.hide(outcome.received)))

    def hide(self, data: bytes) -> bytes:
        for text in self.known:
            data = data.replace(text.encode(), b"redacted")
        return data


def recorder(path: Path, secrets: Secrets | None = None, **options: Any) -> Recorder:
    scan, known = (secrets.scan, secrets.count) if secrets else (scan_nothing, None)
    given = {"rules": RULES, "owner": OWNER, "scan": scan, "known": known, "zone": ZONE}
    return Recorder(path, **{**given, **options})
