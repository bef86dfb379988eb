"""What a run used, for the lines at its end; each process of pytest-xdist has its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import pytest

from bpmax_sim.i18n import translate
from bpmax_sim.report.recording_use import USE_SETS, RecordingUse

if TYPE_CHECKING:
    from bpmax_sim.scenario.file_verdict import FileRuns
    from bpmax_sim.session.session import Session


class Tally(RecordingUse):
    """Calls by source, what became of recordings, and what a summary has to tell.

    Attributes:
        calls: source -> how many, logins among them, as `bpmax-sim run` and the report count.
        unplayed: cassette -> exchanges left over in tests that passed.
        waiting: recordings set aside for review.
        unrecognised: where values were recorded that look like secrets.
        undeclared: which responses were recorded with a stand-in that need not be one.
        traces: what scenarios told, as files.
        codes: what `bpmax-sim run` would end with for each scenario.
        partial: whether something was left out of the collection.
        sharded: whether there are tests in other shards.
        broken: how many scenario files could not be read.
        interrupted: whether somebody pressed Ctrl-C.
        stopped: whether something ended the run before its end, such as the option -x.
        files: scenario file -> its rows and what none of them used, as `FileRuns` has them.
        explored: what was tried of each scenario that was explored, as `encode_totals` has it.
    """

    def __init__(self) -> None:
        """Start with nothing used."""
        super().__init__()
        self.calls: Counter[str] = Counter()
        self.interrupted = False
        self.logins = 0
        self.unplayed: Counter[str] = Counter()
        self.waiting: set[str] = set()
        self.unrecognised: set[str] = set()
        self.undeclared: set[str] = set()
        self.traces: set[str] = set()
        self.codes: set[int] = set()
        self.partial = False
        self.sharded = False
        self.stopped = False
        self.broken = 0
        self.files: dict[str, Any] = {}
        self.explored: list[bytes] = []

    @property
    def is_touched(self) -> bool:
        """Return whether any test had a session, or was collected for a cassette."""
        return bool(self.calls or self.traces or any(getattr(self, name) for name in _SETS))

    def note_elsewhere(self, cassettes: Iterable[str]) -> None:
        """Note the *cassettes* of tests that another shard runs."""
        self.sharded = True
        self.elsewhere.update(cassettes)

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
        self.add_played(session, doubtful=doubtful)
        if session.settings.unused != "ignore" and not failed and session.unplayed_exchanges:
            self.unplayed[str(cassette)] += len(session.unplayed_exchanges)
        aside = cassette.with_name(f"{cassette.name}.new")
        if session.mode == "record" and aside.exists():
            self.waiting.add(str(aside))

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
        self.explored += data["explored"]
        super().merge(data)
        for name in (*_COUNTS, *_OWN_SETS):
            getattr(self, name).update(data[name])


_COUNTS = ("calls", "unplayed")
_OWN_SETS = ("waiting", "unrecognised", "undeclared", "traces")
_SETS = (*USE_SETS, *_OWN_SETS)
TALLY = pytest.StashKey[Tally]()


def tally_of(config: pytest.Config) -> Tally:
    """Return what this process keeps."""
    if TALLY not in config.stash:
        config.stash[TALLY] = Tally()
    return config.stash[TALLY]


class InterruptListener:
    """Notes Ctrl-C; other things end pytest as interrupted, too."""

    def __init__(self, config: pytest.Config) -> None:
        """Note it for *config*."""
        self._config = config

    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        """Note what ends with an exit code of its own."""
        tally_of(self._config).interrupted = isinstance(excinfo.value, KeyboardInterrupt)
