"""Counts and notes of a run for its summary; each process of pytest-xdist has its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import pytest

from bpmax_sim.i18n import translate
from bpmax_sim.report.recording_use import USE_SETS, RecordingUse

if TYPE_CHECKING:
    from bpmax_sim.scenario.file_verdict import FileRuns
    from bpmax_sim.session.session import Session


def _merge_files(own: dict[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    """Return *own*, results of scenario files, with those of another process added."""
    from bpmax_sim.scenario.file_verdict import FileRuns  # noqa: PLC0415 - not at the start

    runs = FileRuns()
    runs.files = own
    runs.merge(more)
    return own


class Tally(RecordingUse):
    """Calls, recordings and notes of a run, for the summary.

    Attributes:
        calls: source of responses -> number of calls, logins included.
        logins: number of those calls that are logins.
        unplayed: cassette -> number of unplayed exchanges in passed tests.
        waiting: new recordings that were set aside beside the cassette (``.new``) to be reviewed.
        unrecognised: places where recorded values look like secrets.
        undeclared: messages about secrets that platform files should declare
            (`Session.standin_notes`), such as a value that was hidden though it may be no secret.
        traces: trace files of scenarios.
        codes: exit codes that `bpmax-sim run` would return for the scenarios.
        partial: whether tests were deselected, or a worker crashed.
        sharded: whether other shards have tests.
        broken: unreadable scenario files.
        broken_reports: how many reports of pytest say so; a file that is named twice has two.
        interrupted: whether the user pressed Ctrl-C.
        stopped: whether the run ended early, for example by ``-x``.
        files: scenario file -> rows that passed, and the stubs, policies, ``if`` and the like that
            none of them used (`FileResult`).
        explored: for each explored scenario, as JSON, how many variants were tried, by verdict.
    """

    merges_by_name: ClassVar = {**RecordingUse.merges_by_name, "files": _merge_files}

    def __init__(self) -> None:
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
        self.broken: set[str] = set()
        self.broken_reports = 0
        self.files: dict[str, Any] = {}
        self.explored: list[bytes] = []

    @property
    def has_sessions_or_cassettes(self) -> bool:
        """Return whether any test had a session or owns a cassette."""
        return bool(self.calls or self.traces or any(getattr(self, name) for name in _SETS))

    def note_broken(self, node_id: str) -> None:
        """Note that the scenario file *node_id* cannot be read."""
        self.broken.add(node_id)
        self.broken_reports += 1

    def note_other_shards(self, cassettes: Iterable[str]) -> None:
        """Note the *cassettes* of tests that other shards (machines) run.

        They are not reported as cassettes that no test uses.
        """
        self.sharded = True
        self.elsewhere.update(cassettes)

    def add_closed_session(self, session: Session) -> None:
        """Add what a session leaves: the number of its calls, by source of the response.

        If it has a cassette, also its notes on recorded values that look like secrets, and on
        secrets that platform files should declare (`Session.standin_notes`).
        """
        self.calls.update(call.source or "unanswered" for call in session.calls)
        self.logins += sum(call.is_login for call in session.calls)
        cassette = session.settings.cassette
        if cassette is not None:
            self.cassettes.add(str(cassette))
            self.unrecognised.update(session.possible_secrets)
            self.undeclared.update(session.standin_notes)

    def add_recording_use(self, session: Session, *, failed: bool, doubtful: bool) -> None:
        """Add how a test used a cassette; *session* is its last one with the same recording.

        That is the same cassette, and the same owner: the name, mostly that of the test, under
        which exchanges are recorded there.

        Args:
            session: closed session; nothing is added if it has no cassette.
            failed: whether its test failed.
            doubtful: whether the test failed for another reason than unplayed exchanges: then what
                it left unplayed proves nothing.
        """
        cassette = session.settings.cassette
        if cassette is None:
            return
        self.add_session_use(session, doubtful=doubtful)
        # A test that failed early did not come to its last calls: no news about its recording.
        if session.settings.unused != "ignore" and not failed and session.unplayed_exchanges:
            self.unplayed[str(cassette)] += len(session.unplayed_exchanges)
        aside = cassette.with_name(f"{cassette.name}.new")
        if session.mode == "record" and aside.exists():
            self.waiting.add(str(aside))

    def get_part_use_by_file(self) -> FileRuns:
        """Return the use of declared parts (stubs, handlers …) by scenario file.

        It is a view of `files`: what is added to it is stored in this tally.
        """
        from bpmax_sim.scenario.file_verdict import FileRuns  # noqa: PLC0415 - not at the start

        runs = FileRuns()
        runs.files = self.files
        return runs

    def to_data(self) -> dict[str, Any]:
        """Return the tally as plain values for the controller: counts, texts and sets of texts."""
        files = self.get_part_use_by_file().to_plain_data() if self.files else {}
        return {name: _to_plain(value) for name, value in {**vars(self), "files": files}.items()}


def _to_plain(value: Any) -> Any:
    """Return *value* in a form that execnet, which connects pytest-xdist's processes, can send.

    It sends plain types only: a text that carries its translation is a subclass of `str`, and a
    Counter one of `dict`.
    """
    if isinstance(value, set):
        return {translate(one) if isinstance(one, str) else one for one in value}
    return dict(value) if isinstance(value, Counter) else value


_SETS = (*USE_SETS, "waiting", "unrecognised", "undeclared", "traces")
TALLY = pytest.StashKey[Tally]()


def get_tally(config: pytest.Config) -> Tally:
    """Return the tally of this process, created at the first call."""
    if TALLY not in config.stash:
        config.stash[TALLY] = Tally()
    return config.stash[TALLY]


class InterruptListener:
    """Notes whether the user pressed Ctrl-C, for the exit code.

    Pytest's own status "interrupted" also means other things, such as errors of collection.
    """

    def __init__(self, config: pytest.Config) -> None:
        self._config = config

    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        """Note Ctrl-C, but not `pytest.exit`, which has its own exit code."""
        get_tally(self._config).interrupted = isinstance(excinfo.value, KeyboardInterrupt)
