"""What a run used, for the lines at its end; each process of pytest-xdist keeps its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from bpmax_sim.session import Session


@dataclass(slots=True)
class Tally:
    """Calls by source, the cassettes that were used, and those that collected tests own.

    Attributes:
        calls: source -> how many, logins among them.
        cassettes: those that sessions opened.
        owned: those that collected tests say are theirs.
        folders: where cassettes lie.
        unplayed: cassette -> exchanges left over in tests that passed.
        waiting: recordings set aside for review.
        partial: whether something was left out of the collection.
    """

    calls: Counter[str] = field(default_factory=Counter)
    logins: int = 0
    cassettes: set[str] = field(default_factory=set)
    owned: set[str] = field(default_factory=set)
    folders: set[str] = field(default_factory=set)
    unplayed: Counter[str] = field(default_factory=Counter)
    waiting: set[str] = field(default_factory=set)
    partial: bool = False

    def own(self, cassette: Path, folder: Path) -> None:
        """Note that a collected test has *cassette*."""
        self.owned.add(str(cassette))
        self.folders.add(str(folder))

    def add(self, session: Session, *, failed: bool) -> None:
        """Take what a closed session did."""
        self.calls.update(call.source or "failed" for call in session.calls if not call.is_login)
        self.logins += sum(call.is_login for call in session.calls)
        cassette = session.settings.cassette
        if cassette is None:
            return
        self.cassettes.add(str(cassette))
        if session.settings.unused != "ignore" and not failed and session.unplayed:
            self.unplayed[str(cassette)] += len(session.unplayed)
        aside = cassette.with_name(f"{cassette.name}.new")
        if session.mode == "record" and aside.exists():
            self.waiting.add(str(aside))

    def as_data(self) -> dict[str, Any]:
        """Return it as plain values, to be sent to the controller."""
        return {
            "calls": dict(self.calls),
            "logins": self.logins,
            "unplayed": dict(self.unplayed),
            "partial": self.partial,
        } | {name: sorted(getattr(self, name)) for name in _SETS}

    def merge(self, data: Mapping[str, Any]) -> None:
        """Add what a worker sent."""
        self.calls.update(data["calls"])
        self.logins += data["logins"]
        self.unplayed.update(data["unplayed"])
        self.partial |= data["partial"]
        for name in _SETS:
            getattr(self, name).update(data[name])


_SETS = ("cassettes", "owned", "folders", "waiting")
TALLY = pytest.StashKey[Tally]()


def tally_of(config: pytest.Config) -> Tally:
    """Return what this process keeps."""
    return config.stash.setdefault(TALLY, Tally())
