"""``prune``: delete the exchanges and cassettes that a complete run did not use.

Only the usage of a complete run counts, from one machine or from shards and jobs on several, and
only as long as the test and scenario files are unchanged.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from bpmax_sim.cassette.file import Cassette
from bpmax_sim.cassette.merge import remove_exchanges
from bpmax_sim.cli.options import EvidenceFolders, Json, Yes
from bpmax_sim.cli.terminal import can_ask, confirm, notify, say, say_document
from bpmax_sim.errors import CassetteError, ConfigError
from bpmax_sim.file_names import to_relative_name
from bpmax_sim.file_version import FileVersion, read_version
from bpmax_sim.i18n import join_list, label_message, msg, plural
from bpmax_sim.project import find_root
from bpmax_sim.report.exit_codes import ExitCode
from bpmax_sim.report.usage import Evidence, read_evidence
from bpmax_sim.session.settings import is_login_recording
from bpmax_sim.yamlfile import to_display_path


class UnusedExchanges(msgspec.Struct, frozen=True):
    """The exchanges of a cassette that no test used; all of them if no test uses the file.

    Attributes:
        version: the file, as it was before it was read.
        numbers: numbers in the cassette, from 0.
        total: number of all its exchanges.
        calls: names of the unused calls, ``platform.api``.
    """

    version: FileVersion
    numbers: frozenset[int]
    total: int
    calls: tuple[str, ...]

    @property
    def path(self) -> Path:
        """Return the cassette's file."""
        return self.version.path


def find_unused_exchanges(evidence: Evidence, root: Path) -> Iterator[UnusedExchanges]:
    """Yield, for each cassette, the exchanges that no run used and that may therefore be deleted.

    *evidence* says what complete runs of all tests used. Recorded logins are never listed, as any
    call may need one.

    Raises:
        CassetteError: if a cassette to be shortened is damaged.
    """
    for folder in (root / name for name in evidence.folders):
        for path in sorted(folder.rglob("*.yaml")):
            name = to_relative_name(path, root)
            # Any call may need a login.
            if not is_login_recording(path, folder) and name not in evidence.unplayed_files:
                yield from _find_unused_in_cassette(path, name, evidence)


def _find_unused_in_cassette(
    path: Path, name: str, evidence: Evidence
) -> Iterator[UnusedExchanges]:
    version, cassette = read_version(path), Cassette.load(to_display_path(path))
    lines = [cassette.line(number) for number in range(len(cassette))]
    left, owners = evidence.left.get(name, {}), evidence.owners.get(name, ())
    numbers = frozenset(
        number
        for number, line in enumerate(lines)
        if line.owner not in owners or line.n in left.get(line.owner, ())
    )
    if numbers or not lines:
        calls = tuple(dict.fromkeys(lines[number].call for number in sorted(numbers)))
        yield UnusedExchanges(version, numbers, len(lines), calls)


def prune(
    *,
    evidence_folders: EvidenceFolders = None,
    yes: Yes = False,
    json: Json = False,
) -> int:
    """Delete cassettes and exchanges that no test used."""
    root = find_root(Path.cwd())
    evidence = read_evidence(root, evidence_folders or ())
    if evidence is None:
        raise ConfigError("no usage data yet; run the full test suite first: pytest")
    unused = list(find_unused_exchanges(evidence, root))
    if not json:
        for leftover in unused:
            say(_format_unused_exchanges(leftover))
    if not unused:
        notify(msg("everything that is recorded is used"))
    deleted = bool(unused) and _confirm_deletion(unused, yes=yes)
    if deleted:
        _delete_exchanges(unused)
    if json:
        files = [
            {
                "file": to_display_path(leftover.path),
                "exchanges": len(leftover.numbers),
                "total": leftover.total,
                "calls": list(leftover.calls),
            }
            for leftover in unused
        ]
        say_document(deleted=deleted, files=files)
    return ExitCode.PASSED


def _format_unused_exchanges(unused: UnusedExchanges) -> str:
    path, left = to_display_path(unused.path), len(unused.numbers)
    counted = plural(unused.total, "{number} exchange", "{number} exchanges")
    if left == unused.total:
        return msg("{path}: the whole file, {counted}", path=path, counted=counted)
    message = msg("{numbers_count} of {counted}", numbers_count=left, counted=counted)
    return label_message(label_message(path, message), join_list(unused.calls))


def _confirm_deletion(unused: Sequence[UnusedExchanges], *, yes: bool) -> bool:
    """Return whether to delete *unused*: True with *yes*, else only if the user says so.

    Without a terminal to ask, a message names the option, and the result is False.

    Raises:
        typer.Abort: if the user says no.
    """
    if yes:
        return True
    if not can_ask():
        notify(msg("nothing was deleted; delete it with --yes"))
        return False
    number = sum(len(leftover.numbers) for leftover in unused)
    counted = plural(number, "{number} exchange", "{number} exchanges")
    confirm("Delete {counted} as shown?", counted=counted)
    return True


def _delete_exchanges(unused: Sequence[UnusedExchanges]) -> None:
    for leftover in unused:
        try:
            remove_exchanges(leftover.version, leftover.numbers)
        except OSError as error:
            raise CassetteError(
                "{path}: not changed ({strerror}); make the folder writable",
                path=to_display_path(leftover.path),
                strerror=error.strerror,
            ) from error
    counted = plural(len(unused), "{number} cassette", "{number} cassettes")
    notify("{counted}: deleted as shown", counted=counted)
