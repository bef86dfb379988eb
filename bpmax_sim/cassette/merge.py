"""One owner's recording into a file that others share, whatever order they come in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import msgspec

from bpmax_sim.cassette import files
from bpmax_sim.cassette.file import Cassette
from bpmax_sim.cassette.format import dump_entries, gathered
from bpmax_sim.cassette.journal import SUFFIX, Draft, left_behind, read_journal
from bpmax_sim.cassette.leaks import Scan, checked, finds_nothing
from bpmax_sim.cassette.meaning import IsSigned, Volatile, any_signature, same_meaning
from bpmax_sim.cassette.model import Entry
from bpmax_sim.errors import CassetteError, DamagedCassette, NewerFormat


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
    found: list[tuple[Path, list[Draft]]] = []
    unread: list[NewerFormat] = []
    for journal in left_behind(path):
        try:
            drafts = read_journal(journal)
        except NewerFormat as error:
            unread.append(error)
            continue
        if not (drafts and drafts[0].is_awaited):
            found.append((journal, [checked(draft, scan) for draft in drafts]))
    written: dict[Path, None] = {}
    for target, recording in _recordings(path, _in_order(drafts for _, drafts in found)):
        if merge(path, target, recording, nothing_volatile):
            written[target] = None
    for journal, _ in found:
        journal.unlink()
    if unread:
        raise unread[0]
    return tuple(written)


def _in_order(journals: Iterable[Sequence[Draft]]) -> list[Draft]:
    """Return what several journals hold, one after the other, in the order of their first call."""
    begun = sorted((one for one in journals if one), key=lambda drafts: drafts[0].line.at)
    drafts = (draft for one in begun for draft in sorted(one, key=lambda draft: draft.issue))
    return [msgspec.structs.replace(draft, issue=(n, 0)) for n, draft in enumerate(drafts, 1)]


def _recordings(path: Path, drafts: Sequence[Draft]) -> Iterator[tuple[Path, Recording]]:
    """Yield where each owner's recordings go; a file has what was yielded before it.

    What several recorders left of one owner comes together, so that none replaces another.
    """
    for owner in sorted({draft.line.owner for draft in drafts}):
        own = [draft for draft in drafts if draft.line.owner == owner]
        target = new_file(path) if any(draft.leaks for draft in own) else path
        for is_branch, adding in ((False, False), (False, True), (True, True)):
            chosen = tuple(
                draft
                for draft in own
                if (bool(draft.branch), draft.adding) == (is_branch, adding) and not draft.leaks
            )
            if not chosen:
                continue
            if not adding and _has(path, owner):
                target = new_file(path)
            more = adding or (target != path and _has(target, owner))
            yield target, Recording(owner, chosen, adding=more)


def _has(path: Path, owner: str) -> bool:
    old = open_old(path, strict=not path.name.endswith(".new"))
    return old is not None and owner in old.owners


def branches(path: Path, recorder: str) -> tuple[list[Path], list[Draft]]:
    """Return the journals that forked children of *recorder* left, and what they hold in order.

    The folder's lock has to be held.
    """
    found: dict[Path, tuple[Draft, ...]] = {}
    for journal in left_behind(path):
        with suppress(NewerFormat):  # `recover` tells it
            drafts = read_journal(journal)
            if drafts and drafts[0].branch == recorder:
                found[journal] = drafts
    return list(found), _in_order(found.values())


def distinct(drafts: Sequence[Draft], volatile: Volatile, is_signed: IsSigned) -> tuple[Draft, ...]:
    """Return *drafts* without the sessions that say what an earlier one does: they share that."""
    sessions: dict[int, list[Draft]] = {}
    for draft in sorted(drafts, key=lambda draft: draft.issue):
        sessions.setdefault(draft.line.session, []).append(draft)
    if len(sessions) < 2:  # noqa: PLR2004 - nothing to share
        return tuple(drafts)
    kept: list[Draft] = []
    alike: dict[tuple[str, ...], list[list[Entry]]] = {}
    for session in sessions.values():
        entries = [_without_session(draft.entry) for draft in session]
        others = alike.setdefault(tuple(entry.line.key for entry in entries), [])
        if not any(same_meaning(other, entries, volatile, is_signed) for other in others):
            others.append(entries)
            kept += session
    return tuple(kept)


def _without_session(entry: Entry) -> Entry:
    return Entry(msgspec.structs.replace(entry.line, session=1), entry.text)


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
