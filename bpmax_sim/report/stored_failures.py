"""Failures stored below ``.bpmax/failed``: why each item failed in its last run.

There is one file for each item, because several processes run items at once. Texts are stored as
untranslated messages, so that a colleague or another machine reads them in their own language.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec.structs import asdict, replace

from bpmax_sim.errors import ConfigError
from bpmax_sim.file_names import to_relative_name
from bpmax_sim.i18n import message_from_json
from bpmax_sim.project import make_parent_folder
from bpmax_sim.report.console import ConsoleOutput
from bpmax_sim.report.trace_files import make_item_path
from bpmax_sim.scenario import outcome
from bpmax_sim.scenario.events import to_canonical_json
from bpmax_sim.scenario.header import ItemHeader
from bpmax_sim.scenario.load import ScenarioItem
from bpmax_sim.scenario.source import Failure, render_failure

FAILED_FOLDER: Final = Path(".bpmax", "failed")
_VERSION: Final = 2
_COMMITS: Final = ("GITHUB_SHA", "CI_COMMIT_SHA", "GIT_COMMIT")


class StoredConsoleOutput(ConsoleOutput, frozen=True, kw_only=True):
    """A console line as it is stored: its text, and the name of an inline script, may be messages.

    They are stored as template and values, like the texts of the failure.
    """

    text: Any
    file: Any = ""

    def restore_messages(self) -> StoredConsoleOutput:
        """Return a copy whose text and file are messages again."""
        return replace(self, text=message_from_json(self.text), file=message_from_json(self.file))


class StoredFailure(msgspec.Struct, frozen=True, kw_only=True):
    """The failure of a scenario or row, as `bpmax-sim show` reads it from a file.

    Attributes:
        name, file, line: the scenario, and its place relative to the project's root.
        headline: message of the first failure on one line.
        texts: whole text of each failure.
        whole: the same with unabridged values; empty in files of older versions.
        console: console output of scripts.
        rerun: message with the command that runs only this item.
        run: id of the run, equal in all workers of one run.
        kept: time of storing, in nanoseconds.
        commit: revision that CI ran, if it says so.
    """

    name: str
    file: str
    line: int
    headline: Any
    texts: tuple[Any, ...]
    whole: tuple[Any, ...] = ()
    console: tuple[StoredConsoleOutput, ...] = ()
    rerun: Any = ""
    run: str = ""
    kept: int = 0
    commit: str = ""
    version: int = 1

    def restore_messages(self) -> StoredFailure:
        """Return a copy whose texts are messages again, which can be shown in any language.

        In the file they are stored as template and values.
        """
        return replace(
            self,
            headline=message_from_json(self.headline),
            texts=tuple(map(message_from_json, self.texts)),
            whole=tuple(map(message_from_json, self.whole)),
            console=tuple(line.restore_messages() for line in self.console),
            rerun=message_from_json(self.rerun),
        )


class _CurrentRun:
    """Id of the current run. A process has one run, or several with ``--watch``."""

    # The workers of pytest-xdist are processes of their own, and of one run.
    id = os.environ.get("PYTEST_XDIST_TESTRUNUID") or f"{os.getpid()}-{time.time_ns()}"


def set_new_run_id() -> None:
    """Give this process a new run id, by which failures stored from now on belong together."""
    _CurrentRun.id = f"{os.getpid()}-{time.time_ns()}"


def store_or_delete_failure(
    item: ScenarioItem,
    failures: Sequence[Failure],
    problems: Sequence[str] = (),
    console: Sequence[ConsoleOutput] = (),
) -> None:
    """Store why *item* failed, or delete the stored failure if it passed.

    Write errors are ignored: they must not change the result of a run.

    Args:
        item: scenario or row.
        failures: failures of its steps.
        problems: problems that kept it from running.
        console: console output of its scripts.
    """
    is_fine = not failures and not problems
    if is_fine and not os.path.isdir(os.path.join(item.root, FAILED_FOLDER)):  # noqa: PTH112, PTH118
        return  # as after most items
    path = make_item_path(item.header, FAILED_FOLDER, ".json")
    if is_fine:
        with suppress(OSError):
            path.unlink(missing_ok=True)
        return
    failed = StoredFailure(
        name=item.name,
        file=to_relative_name(item.path.absolute(), item.root),
        line=outcome.find_failing_place(item, failures).line,
        headline=failures[0].headline if failures else problems[0],
        texts=(*map(render_failure, failures), *problems),
        whole=(*(render_failure(failure, whole=True) for failure in failures), *problems),
        console=tuple(StoredConsoleOutput(**asdict(line)) for line in console),
        rerun=failures[0].rerun if failures else item.rerun_command,
        run=_CurrentRun.id,
        kept=time.time_ns(),
        commit=next(filter(None, map(os.environ.get, _COMMITS)), ""),
        version=_VERSION,
    )
    with suppress(OSError):
        make_parent_folder(path)
        path.write_bytes(to_canonical_json(asdict(failed)))


def did_fail(item: ItemHeader) -> bool:
    """Return whether *item* failed in its last run."""
    return make_item_path(item, FAILED_FOLDER, ".json").is_file()


_decode = msgspec.json.Decoder(StoredFailure).decode


def parse_failure(data: bytes, display_name: str) -> StoredFailure:
    """Return the failure in *data*; *display_name* is the file name for messages.

    Raises:
        ConfigError: if it is not a failure, or one of a newer version.
    """
    try:
        failed = _decode(data)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        failed = None
    if failed is None or failed.version > _VERSION:
        raise ConfigError(
            "{path}: cannot be read, or is of another version of bpmax-sim; run it again here",
            path=display_name,
        )
    return failed.restore_messages()


def read_failures(root: Path) -> Iterator[StoredFailure]:
    """Yield the stored failures below *root*: those of the last run first, then older ones.

    Failures of scenarios that no longer exist and unreadable files are left out.
    """
    found: list[StoredFailure] = []
    for path in (root / FAILED_FOLDER).rglob("*.json"):
        with suppress(OSError, ConfigError):
            failed = parse_failure(path.read_bytes(), "")
            # The failure of a scenario that was deleted or renamed would never pass again.
            if (root / failed.file).is_file():
                found.append(failed)
    yield from sort_by_run(found)


def sort_by_run(found: Iterable[StoredFailure]) -> Iterator[StoredFailure]:
    """Yield the failures of the last run in the order of storing, then older ones, newest first.

    The last run is that of the failure stored last.
    """
    ordered = sorted(found, key=lambda failed: (failed.kept, failed.file, failed.line))
    last = ordered[-1].run if ordered else ""
    yield from (failed for failed in ordered if failed.run == last)
    yield from (failed for failed in reversed(ordered) if failed.run != last)
