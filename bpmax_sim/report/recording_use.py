"""What a run used of recordings, told by the sessions of its tests; of both doors."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bpmax_sim.session.session import Session


class RecordingUse:
    """Which cassettes tests own and sessions played, and what of them nobody played.

    No dataclass: every run of pytest makes one, and making that class takes longer than all else.

    Attributes:
        cassettes: those that sessions opened, there or not.
        used: those that were played or recorded, and are there.
        owned: those that collected tests say are theirs.
        folders: where cassettes lie.
        owners: cassette -> the tests that were collected for it, or opened it.
        left: cassette and owner -> exchanges that none of its sessions played.
        doubtful: cassettes of which nothing can be said: not replayed, or by a test that failed.
        tests: the files of the tests that have cassettes.
        elsewhere: the cassettes of tests in other shards.
        touched: the declared parts that scenarios reached, each with its kind before a tab.
        seconds: what each test took, by the key of durations.
    """

    def __init__(self) -> None:
        """Start with nothing used."""
        self.cassettes: set[str] = set()
        self.used: set[str] = set()
        self.owned: set[str] = set()
        self.folders: set[str] = set()
        self.owners: dict[str, set[str]] = {}
        self.left: dict[tuple[str, str], set[int]] = {}
        self.doubtful: set[str] = set()
        self.tests: set[str] = set()
        self.elsewhere: set[str] = set()
        self.touched: set[str] = set()
        self.seconds: dict[str, float] = {}

    def note_owner(self, cassette: str, folder: str, *, owner: str, test: Path) -> None:
        """Note that *owner*, a test collected from the file *test*, has *cassette*."""
        self.owned.add(cassette)
        self.folders.add(folder)
        self.owners.setdefault(cassette, set()).add(owner)
        self.tests.add(str(test))

    def add_played(self, session: Session, *, doubtful: bool) -> None:
        """Take what a session played, the last one of its owner in a test.

        Args:
            session: closed.
            doubtful: whether its test failed for another reason than what it left unplayed.
        """
        cassette = session.settings.cassette
        if cassette is None:
            return
        self.cassettes.add(str(cassette))
        if session.mode in _WITH_CASSETTES and cassette.is_file():
            self.used.add(str(cassette))
        if doubtful or session.mode != "replay":
            self.doubtful.add(str(cassette))
        else:
            owner = session.recorded_owner
            self.owners.setdefault(str(cassette), set()).add(owner)
            self._intersect_left(
                (str(cassette), owner), {exchange.order for exchange in session.unplayed_exchanges}
            )

    def _intersect_left(self, recording: tuple[str, str], orders: set[int]) -> None:
        """Leave of what was left over of a recording what *orders* leave over, too."""
        self.left[recording] = self.left.get(recording, orders) & orders

    def merge(self, data: Mapping[str, Any]) -> None:
        """Add what another process found, its attributes by name."""
        for cassette, names in data["owners"].items():
            self.owners.setdefault(cassette, set()).update(names)
        for recording, orders in data["left"].items():
            self._intersect_left(recording, orders)
        for name in USE_SETS:
            getattr(self, name).update(data[name])


_WITH_CASSETTES = ("replay", "record")
USE_SETS = (
    *("cassettes", "used", "owned", "folders", "doubtful", "tests", "elsewhere", "touched"),
)
