"""One owner's recording into a file that others share, whatever order they come in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from bpmax_sim.cassette import files
from bpmax_sim.cassette.file import Cassette
from bpmax_sim.cassette.format import dump_entries
from bpmax_sim.cassette.journal import SUFFIX, Draft, left_behind, read_journal
from bpmax_sim.cassette.leaks import Scan, checked, finds_nothing
from bpmax_sim.cassette.meaning import IsSigned, Volatile, any_signature, same_meaning
from bpmax_sim.cassette.model import Entry
from bpmax_sim.errors import CassetteError, DamagedCassette


def nothing_volatile(_call: str) -> tuple[str, ...]:
    """Name no passing field of any API."""
    return ()


def new_file(path: Path) -> Path:
    """Return where a recording waits for review."""
    return path.with_name(f"{path.name}.new")


def recover(path: Path | str, *, scan: Scan = finds_nothing) -> tuple[Path, ...]:
    """Seal what processes that died left in journals, and return the files that were written.

    An owner without a recording gets it; one that has one already keeps it, since the run that
    would have replaced it did not end, and the new one goes to ``<file>.new`` for review.

    Raises:
        DamagedCassette: if the cassette is not sound; the journals stay.
        CassetteError: if writing fails; the journals stay.
    """
    target = Path(path)
    if not files.siblings(target, SUFFIX):
        return ()
    try:
        with files.locked(target.parent):
            return _recover(target, scan)
    except OSError as error:
        raise CassetteError(
            f"{target}: not recovered ({error.strerror}); the journals stay; make room and retry"
        ) from error


@dataclass(frozen=True, slots=True)
class Recording:
    """What one owner recorded; with *adding*, after what it had recorded before.

    With *repeating*, exchanges are played again and again, so one that begins like what is there
    already has nothing to add.
    """

    owner: str
    drafts: tuple[Draft, ...]
    adding: bool
    repeating: bool = False


def _recover(path: Path, scan: Scan) -> tuple[Path, ...]:
    written: dict[Path, None] = {}
    for journal in left_behind(path):
        drafts = [checked(draft, scan) for draft in read_journal(journal)]
        whole = not any(draft.leaks for draft in drafts)
        for recording in _recordings(drafts):
            old = open_old(path, strict=True)
            known = old is not None and recording.owner in old.owners and not recording.adding
            target = path if whole and not known else new_file(path)
            if merge(path, target, recording, nothing_volatile):
                written[target] = None
        journal.unlink()
    return tuple(written)


def _recordings(drafts: Sequence[Draft]) -> Iterator[Recording]:
    for owner in sorted({draft.line.owner for draft in drafts}):
        own = tuple(draft for draft in drafts if draft.line.owner == owner and not draft.leaks)
        if own:
            yield Recording(owner, own, adding=own[0].adding)


def merge(
    path: Path,
    target: Path,
    recording: Recording,
    volatile: Volatile,
    is_signed: IsSigned = any_signature,
) -> bool:
    """Write *target*, which is *path* with one recording in it; return whether it changed.

    The folder's lock has to be held.

    Raises:
        DamagedCassette: if exchanges that are to stay are not sound.
        OSError: if the disk is full or fails; the file is then as before.
    """
    old = open_old(target, strict=recording.adding) or open_old(path, strict=recording.adding)
    others, mine = _entries(old, recording)
    fresh = _numbered(mine if recording.adding else [], recording.drafts)
    compared = mine[: len(fresh)] if recording.repeating else mine
    kept = mine if same_meaning(compared, fresh, volatile, is_signed) else fresh
    if old is None and not kept:
        return False
    data = dump_entries([*others, *kept], rules=old.head.rules if old else "")
    if target != path and path.exists() and path.read_bytes() == data:
        return False
    if target.exists():
        before = target.read_bytes()
        if before == data:
            return False
        if before and open_old(target) is None:  # a damaged file is kept beside its successor
            files.replace_whole(target.with_name(f"{target.name}.damaged"), before)
    files.replace_whole(target, data)
    return True


def _numbered(before: list[Entry], drafts: Sequence[Draft]) -> list[Entry]:
    last = max((entry.line.n for entry in before), default=0)
    ordered = sorted(drafts, key=lambda draft: draft.issue)
    numbered = (
        Entry(msgspec.structs.replace(draft.line, n=n), draft.text)
        for n, draft in enumerate(ordered, last + 1)
    )
    return [*before, *numbered]


def _entries(old: Cassette | None, recording: Recording) -> tuple[list[Entry], list[Entry]]:
    """Return the entries of the others, and the owner's own; of these a damaged one may go."""
    if old is None:
        return [], []
    mine = old.index.numbers(recording.owner)
    others = [_explicit(old, number) for number in sorted({*range(len(old))} - {*mine})]
    try:
        return others, [_explicit(old, number) for number in mine]
    except DamagedCassette:
        if recording.adding:
            raise
        return others, []


def _explicit(cassette: Cassette, number: int) -> Entry:
    """Return an entry that names the rules of its key."""
    entry = cassette.entry(number)
    rules = entry.line.rules or cassette.head.rules
    return Entry(msgspec.structs.replace(entry.line, rules=rules), entry.text)


def open_old(path: Path, *, strict: bool = False) -> Cassette | None:
    """Return the cassette at *path*; unless *strict*, a damaged one counts as none."""
    try:
        return Cassette.load(path)
    except FileNotFoundError:
        return None
    except DamagedCassette:
        if strict:
            raise
        return None
