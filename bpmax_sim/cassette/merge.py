"""One owner's recording into a file that others share, whatever order they come in."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import msgspec

from bpmax_sim.cassette import files
from bpmax_sim.cassette.file import Cassette
from bpmax_sim.cassette.format import dump_entries, gathered
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


class Recording(msgspec.Struct, frozen=True):
    """What one owner recorded; with *adding*, after what it had recorded before.

    With *repeating*, exchanges are played again and again by whoever shares them, such as logins:
    those of other keys stay, and what begins like what is there already has nothing to add.
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
    fresh = gathered(_numbered(mine if recording.adding else [], recording.drafts))
    if recording.repeating:
        kept = _by_login(mine, fresh, lambda was, now: same_meaning(was, now, volatile, is_signed))
    else:
        kept = mine if same_meaning(mine, fresh, volatile, is_signed) else fresh
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


def _by_login(
    before: Sequence[Entry],
    fresh: Sequence[Entry],
    same: Callable[[Sequence[Entry], Sequence[Entry]], bool],
) -> list[Entry]:
    """Return what is kept of each login, in an order that does not tell who recorded first."""
    left, groups = list(before), []
    for now in _grouped(fresh):
        was = [entry for entry in left if any(_is_same_login(entry, one) for one in now)]
        left = [entry for entry in left if entry not in was]
        unchanged = same(_without_key(was[: len(now)]), _without_key(now))
        groups.append(was if unchanged else now)
    kept = sorted([*groups, *_grouped(left)], key=lambda group: _asked(group[0]))
    numbered = enumerate((entry for group in kept for entry in group), 1)
    return [Entry(msgspec.structs.replace(one.line, n=n), one.text) for n, one in numbered]


def _grouped(entries: Sequence[Entry]) -> list[list[Entry]]:
    """Return the exchanges of each login, in their order."""
    found: list[list[Entry]] = []
    for entry in entries:
        group = next((group for group in found if _is_same_login(entry, group[0])), None)
        if group is None:
            found.append([entry])
        else:
            group.append(entry)
    return found


def _is_same_login(one: Entry, other: Entry) -> bool:
    """Return whether one answer serves both; those who share logins may have their own rules."""
    keys = [(entry.line.key, entry.line.rules) for entry in (one, other)]
    return keys[0] == keys[1] or _asked(one) == _asked(other)


def _asked(entry: Entry) -> str:
    return entry.text.partition("\n  response:\n")[0].partition("\n  failure:\n")[0]


def _without_key(entries: Sequence[Entry]) -> list[Entry]:
    lines = (msgspec.structs.replace(entry.line, key="", rules="") for entry in entries)
    return [Entry(line, entry.text) for line, entry in zip(lines, entries, strict=True)]


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
