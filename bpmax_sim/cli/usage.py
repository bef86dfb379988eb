"""Usage of recordings that `bpmax-sim run` stores in ``.bpmax/usage``, as pytest does."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from bpmax_sim.cli.item_runs import find_cassette_path
from bpmax_sim.cli.item_selection import load_item_platforms
from bpmax_sim.cli.terminal import notify
from bpmax_sim.i18n import plural
from bpmax_sim.index.items import ProjectItem
from bpmax_sim.project import find_root
from bpmax_sim.report.perform import PerformOptions
from bpmax_sim.report.recording_use import RecordingUse
from bpmax_sim.report.terminal import Verdict
from bpmax_sim.report.trace_files import TRACE_FOLDER
from bpmax_sim.report.usage import (
    Covers,
    gather_evidence,
    may_merge_on_other_machine,
    read_jobs,
    store_evidence,
)
from bpmax_sim.scenario import shards
from bpmax_sim.scenario.events import Event
from bpmax_sim.scenario.shards import Shard
from bpmax_sim.session.session import Session
from bpmax_sim.yamlfile import to_display_path


class UsageOfRun:
    """Collects which recordings a run used, and stores it when all scenarios and rows have run.

    `bpmax-sim cassette prune` deletes what no stored usage names; `coverage` reads there which
    declared parts were used.
    """

    def __init__(self, options: PerformOptions, job: str, shard: Shard | None) -> None:
        """Start empty, for the *shard* of *job*; "" if the job has no name."""
        self._options, self._job, self._shard = options, job, shard
        self._use = RecordingUse()
        self._is_shared = may_merge_on_other_machine(job, shard)

    @property
    def seconds(self) -> dict[str, float]:
        """Return duration key -> real seconds of a scenario or row; the key is file and name."""
        return self._use.seconds

    def add_owned_cassettes(self, items: Iterable[ProjectItem]) -> None:
        """Note the cassette of each of *items* (scenarios or rows), even of a skipped one.

        `bpmax-sim cassette prune` takes a file for unused if no item owns it.
        """
        for item in items:
            path = find_cassette_path(item.header, self._options)
            folder = self._options.cassettes or item.header.root / "cassettes"
            self._use.note_owner(
                str(path), str(folder), owner=item.header.name, test=item.header.path.absolute()
            )

    def add(self, verdict: Verdict, events: Sequence[Event], sessions: Sequence[Session]) -> None:
        """Add which recordings, and which parts of scripts and forms, the run of one item used.

        A recording that a failed run did not play is not evidence that nothing needs it.
        """
        doubtful = any(failure.kind != "unplayed" for failure in verdict.failures)
        for session in sessions:
            self._use.add_session_use(session, doubtful=doubtful)
        if self._is_shared and verdict.outcome == "passed":
            from bpmax_sim.check.coverage import PassedRun, find_parts_used_in_run  # noqa: PLC0415 - seldom

            run = PassedRun(verdict.item, load_item_platforms(verdict.item), events)
            self._use.touched |= find_parts_used_in_run(run)

    def store(self, covers: Covers | None, items_of_other_shards: Iterable[ProjectItem]) -> None:
        """Store the usage for `bpmax-sim cassette prune` and `coverage`, unless *covers* is None.

        *covers* says which tests the run stands for; None if it ran only some, which proves nothing
        about the rest. Cassettes of *items_of_other_shards* count as used there.
        """
        if covers is None:
            return
        self._use.elsewhere.update(
            str(find_cassette_path(i.header, self._options)) for i in items_of_other_shards
        )
        root = find_root(Path.cwd())
        evidence = gather_evidence(self._use, root, covers, is_shared=self._is_shared)
        store_evidence(evidence, root, self._job or ("" if self._shard else "run"), self._shard)


def merge_durations_and_find_traces(root: Path, folders: Sequence[Path]) -> list[Path]:
    """Merge the durations that all CI jobs stored in *folders*; return the jobs' trace folders.

    The merged durations are stored in the project at *root*: by them the next run divides the
    scenarios among its shards.

    Raises:
        ConfigError: if a job or a shard is missing.
    """
    files = read_jobs(root, folders)
    seconds = {key: took for file in files for key, took in file.evidence.seconds.items()}
    if seconds:
        shards.store_durations(root, seconds, shard=None, complete=True)
        number = plural(len(seconds), "{number} test", "{number} tests")
        notify(
            "{path}: what {number} took", path=to_display_path(root / shards.FILE), number=number
        )
    traces = (file.path.parents[1] / TRACE_FOLDER.name for file in files)
    return [path for path in dict.fromkeys(traces) if path.is_dir()]
