"""What a run used, for the lines at its end; each process of pytest-xdist has its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from bpmax_sim.i18n import translate

if TYPE_CHECKING:
    from bpmax_sim.scenario.file_verdict import FileRuns
    from bpmax_sim.session.session import Session


class Tally:
    """Calls by source, the cassettes that were used, and those that collected tests own.

    No dataclass: every run of pytest makes one, and making that class takes longer than all else.

    Attributes:
        calls: source -> how many, logins among them, as `bpmax-sim run` and the report count.
        cassettes: those that sessions opened, there or not.
        used: those that were played or recorded, and are there.
        owned: those that collected tests say are theirs.
        folders: where cassettes lie.
        unplayed: cassette -> exchanges left over in tests that passed.
        waiting: recordings set aside for review.
        unrecognised: where values were recorded that look like secrets.
        undeclared: which responses were recorded with a stand-in that need not be one.
        owners: cassette -> the tests that were collected for it, or opened it.
        left: cassette and owner -> exchanges that none of its sessions played.
        doubtful: cassettes of which nothing can be said: not replayed, or by a test that failed.
        tests: the files of the tests that have cassettes.
        traces: what scenarios told, as files.
        codes: what `bpmax-sim run` would end with for each scenario.
        partial: whether something was left out of the collection.
        sharded: whether there are tests in other shards.
        elsewhere: the cassettes of those that are.
        broken: how many scenario files could not be read.
        stopped: whether something ended the run before its end, such as the option -x.
        files: scenario file -> its rows and what none of them used, as `FileRuns` has them.
    """

    def __init__(self) -> None:
        """Start with nothing used."""
        self.calls: Counter[str] = Counter()
        self.logins = 0
        self.cassettes: set[str] = set()
        self.used: set[str] = set()
        self.owned: set[str] = set()
        self.folders: set[str] = set()
        self.unplayed: Counter[str] = Counter()
        self.waiting: set[str] = set()
        self.unrecognised: set[str] = set()
        self.undeclared: set[str] = set()
        self.traces: set[str] = set()
        self.codes: set[int] = set()
        self.partial = False
        self.owners: dict[str, set[str]] = {}
        self.left: dict[tuple[str, str], set[int]] = {}
        self.doubtful: set[str] = set()
        self.tests: set[str] = set()
        self.sharded = False
        self.elsewhere: set[str] = set()
        self.stopped = False
        self.broken = 0
        self.files: dict[str, Any] = {}

    @property
    def is_touched(self) -> bool:
        """Return whether any test had a session, or was collected for a cassette."""
        return bool(self.calls or self.traces or any(getattr(self, name) for name in _SETS))

    def leave(self, cassettes: Iterable[str]) -> None:
        """Note the *cassettes* of tests that another shard runs."""
        self.sharded = True
        self.elsewhere.update(cassettes)

    def own(self, cassette: str, folder: str, *, owner: str, test: Path) -> None:
        """Note that *owner*, a test collected from the file *test*, has *cassette*."""
        self.owned.add(cassette)
        self.folders.add(folder)
        self.owners.setdefault(cassette, set()).add(owner)
        self.tests.add(str(test))

    def add_calls(self, session: Session) -> None:
        """Take what a closed session called, and met that looks like a secret."""
        self.calls.update(call.source or "unanswered" for call in session.calls)
        self.logins += sum(call.is_login for call in session.calls)
        cassette = session.settings.cassette
        if cassette is not None:
            self.cassettes.add(str(cassette))
            self.unrecognised.update(session.possible_secrets)
            self.undeclared.update(session.standin_notes)

    def add_recording(self, session: Session, *, failed: bool, doubtful: bool) -> None:
        """Take what became of the recording of a session, the last one of its owner in a test.

        Args:
            session: closed.
            failed: whether its test did.
            doubtful: whether it failed for another reason than what it left unplayed.
        """
        cassette = session.settings.cassette
        if cassette is None:
            return
        if session.mode in _WITH_CASSETTES and cassette.is_file():
            self.used.add(str(cassette))
        if doubtful or session.mode != "replay":
            self.doubtful.add(str(cassette))
        else:
            owner = session.recorded_owner
            self.owners.setdefault(str(cassette), set()).add(owner)
            self._narrow(
                (str(cassette), owner), {exchange.order for exchange in session.unplayed_exchanges}
            )
        if session.settings.unused != "ignore" and not failed and session.unplayed_exchanges:
            self.unplayed[str(cassette)] += len(session.unplayed_exchanges)
        aside = cassette.with_name(f"{cassette.name}.new")
        if session.mode == "record" and aside.exists():
            self.waiting.add(str(aside))

    def _narrow(self, recording: tuple[str, str], orders: set[int]) -> None:
        """Leave of what was left over of a recording what *orders* leave over, too."""
        self.left[recording] = self.left.get(recording, orders) & orders

    def file_runs(self) -> FileRuns:
        """Return what adds up the rows of scenario files."""
        from bpmax_sim.scenario.file_verdict import FileRuns  # noqa: PLC0415 - not at the start

        runs = FileRuns()
        runs.files = self.files
        return runs

    def as_data(self) -> dict[str, Any]:
        """Return it as plain values, to be sent to the controller: counts, texts, sets of them."""
        texts = {name: set(map(translate, getattr(self, name))) for name in _SETS}
        counts = {name: dict(getattr(self, name)) for name in _COUNTS}
        return {**vars(self), **texts, **counts}

    def merge(self, data: Mapping[str, Any]) -> None:
        """Add what a worker sent."""
        self.logins += data["logins"]
        self.codes |= data["codes"]
        self.partial |= data["partial"]
        self.sharded |= data["sharded"]
        self.file_runs().merge(data["files"])
        for cassette, names in data["owners"].items():
            self.owners.setdefault(cassette, set()).update(names)
        for recording, orders in data["left"].items():
            self._narrow(recording, orders)
        for name in (*_COUNTS, *_SETS):
            getattr(self, name).update(data[name])


_COUNTS = ("calls", "unplayed")
_WITH_CASSETTES = ("replay", "record")
_SETS = (
    *("cassettes", "used", "owned", "folders", "waiting", "unrecognised", "undeclared", "traces"),
    *("doubtful", "tests", "elsewhere"),
)
TALLY = pytest.StashKey[Tally]()


def tally_of(config: pytest.Config) -> Tally:
    """Return what this process keeps."""
    if TALLY not in config.stash:
        config.stash[TALLY] = Tally()
    return config.stash[TALLY]
