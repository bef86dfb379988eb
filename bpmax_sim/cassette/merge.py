"""Merge a recording into a cassette that others share, and recover interrupted recordings.

The result does not depend on the order in which recordings are merged. A recording that is equal to
the existing one changes nothing. `recompute_keys` and `remove_exchanges` rewrite existing files.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec

from bpmax_sim.cassette import journal
from bpmax_sim.cassette.alignment import PlacesOf, RecordingComparison, align, find_no_places
from bpmax_sim.cassette.file import Cassette
from bpmax_sim.cassette.format import (
    dump_entries,
    move_facts_to_first_of_owner,
    to_yaml_safe_json_line,
)
from bpmax_sim.cassette.journal import PendingExchange, Scan
from bpmax_sim.cassette.logins import fill_in_omitted_accounts, update_logins
from bpmax_sim.cassette.matching import MatchingRules, compute_matching_key, exchange_to_parts
from bpmax_sim.cassette.model import Entry
from bpmax_sim.errors import CassetteError, DamagedCassette, NewerFormat
from bpmax_sim.file_system import lock_folder
from bpmax_sim.file_version import FileVersion


def to_review_path(path: Path) -> Path:
    """Return the file ``<path>.new``, in which a new recording waits until a person accepts it."""
    return path.with_name(f"{path.name}.new")


def delete_review_only_of_owner(path: Path, owner: str) -> None:
    """Delete the file for review of *path* if only recordings of *owner* differ in it.

    *owner* (scenario, row or test) has a newer recording that was accepted. If the file has other
    recordings that wait for review, it stays. The caller holds the folder lock.
    """
    fresh = to_review_path(path)
    waiting, known = load_if_usable(fresh), load_if_usable(path)
    if waiting is None:
        return
    others = {*waiting.owners, *(known.owners if known else ())} - {owner}
    if all(
        list_owner_entries(waiting, other) == list_owner_entries(known, other) for other in others
    ):
        fresh.unlink()


def list_owner_entries(cassette: Cassette | None, owner: str) -> list[Entry]:
    """Return the exchanges that *owner* (scenario, row or test) recorded, in the order of issue.

    An empty list if *cassette* is None.
    """
    numbers = cassette.index.list_exchange_numbers(owner) if cassette else ()
    return [cassette.get_entry_with_head_defaults(number) for number in numbers] if cassette else []


def _ignore_draft(_draft: PendingExchange) -> None:
    """Do nothing: the default of `recover`, where nobody is told of exchanges that are left out."""


def recover(
    path: Path | str,
    *,
    scan: Scan = journal.scan_nothing,
    volatile: PlacesOf = find_no_places,
    note_left_out: Callable[[PendingExchange], None] = _ignore_draft,
) -> tuple[Path, ...]:
    """Write into cassettes what interrupted processes left in journals; return the written ones.

    *path* is the cassette whose journals are read.

    An owner (scenario, row or test) without a recording gets it. An owner that has one keeps it,
    because the run that would have replaced it did not finish; the interrupted recording goes to
    ``<file>.new`` for review, unless it is equal to the beginning of the existing one. *scan*
    returns the secrets in some bytes, which must not be written. *volatile* returns, for an API,
    the fields of its responses that do not count for equality. *note_left_out* gets each exchange
    that is not written because a secret was found in it.

    Raises:
        DamagedCassette: if the cassette is damaged; the journals are kept.
        CassetteError: if writing fails; the journals are kept.
    """
    target = Path(path)
    if not journal.list_files_named_after(target, journal.SUFFIX):
        return ()
    try:
        with lock_folder(target.parent):
            comparison = RecordingComparison(volatile)
            written, left_out = _write_journals_to_cassettes(target, scan, comparison)
    except OSError as error:
        raise CassetteError(
            "{target}: not recovered ({strerror}); the journals stay; make room and retry",
            target=target,
            strerror=error.strerror,
        ) from error
    for draft in left_out:
        note_left_out(draft)
    return written


class OwnerRecording(msgspec.Struct, frozen=True):
    """A new recording of a scenario, row or test (owner), and how it is merged into the cassette.

    Attributes:
        drafts: exchanges of the recording.
        adding: whether it is appended to what the owner recorded before.
        repeating: whether exchanges may be replayed any number of times, as shared logins are.
            Old exchanges whose requests are not among the new ones are then kept, and a recording
            equal to the existing beginning adds nothing.
        is_afresh: whether all old exchanges of the owner are dropped. That is so if the new
            recording did not replay with the bytes reused from the old one.
        former: earlier name of the owner, if its exchanges are replaced too; else "".
    """

    owner: str
    drafts: tuple[PendingExchange, ...]
    adding: bool
    repeating: bool = False
    is_afresh: bool = False
    former: str = ""


def _write_journals_to_cassettes(
    path: Path, scan: Scan, comparison: RecordingComparison
) -> tuple[tuple[Path, ...], list[PendingExchange]]:
    """Return the written files, and the exchanges left out because *scan* found a secret there.

    The caller holds the lock of the folder of *path*.
    """
    pending: list[tuple[Path, list[PendingExchange]]] = []
    unread: list[NewerFormat] = []
    for file in journal.lock_abandoned_journals(path):
        try:
            drafts = journal.read_journal(file)
        except NewerFormat as error:
            unread.append(error)
            continue
        if not (drafts and drafts[0].has_live_parent_process):
            pending.append((file, [journal.stub_if_leaking(draft, scan) for draft in drafts]))
    written: dict[Path, None] = {}
    every = _join_journals(drafts for _, drafts in pending)
    for target, recording in _assign_recordings(path, every, comparison):
        if merge_into_file(path, target, recording, comparison):
            written[target] = None
    # Only after every target is written: killed before this, the next `recover` finds exchanges
    # that the file has already, and leaves them out (`_assign_recordings`).
    for file, _ in pending:
        file.unlink()
    if unread:
        raise unread[0]
    return tuple(written), [draft for draft in every if draft.leaks]


def _join_journals(journals: Iterable[Sequence[PendingExchange]]) -> list[PendingExchange]:
    """Return the exchanges of several journals, those of the journal that began first come first.

    Their call numbers are replaced by their positions, since each journal counts from 1.
    """
    begun = sorted(
        (drafts for drafts in journals if drafts), key=lambda drafts: drafts[0].line.instant
    )
    drafts = (draft for drafts in begun for draft in sorted(drafts, key=lambda draft: draft.issue))
    return [msgspec.structs.replace(draft, issue=(n, 0)) for n, draft in enumerate(drafts, 1)]


def _assign_recordings(
    path: Path, drafts: Sequence[PendingExchange], comparison: RecordingComparison
) -> Iterator[tuple[Path, OwnerRecording]]:
    """Yield, for each owner in *drafts*, the file to merge its recording into and the recording.

    The caller merges each into its file before it asks for the next one. Journals of several
    recorders of one owner (scenario, row or test) are combined, so that none replaces another.
    *path* is the cassette of the journals; the file to merge into is that, or its file for review.
    """
    for owner in sorted({draft.line.owner for draft in drafts}):
        own = [draft for draft in drafts if draft.line.owner == owner]
        target = to_review_path(path) if any(draft.leaks for draft in own) else path
        # A process that was killed between sealing and deleting its journal left exchanges in both.
        # Looked up once, as the recordings below are merged into the same file one after another.
        _, in_file = _split_others_and_owner(load_if_usable(path), owner)
        sealed = Counter(map(_to_text_and_facts, in_file))
        # what replaces, what adds, and what forked children add; what leaks is left out
        # In this order, since each result is in the file before the next one is asked for:
        for branched, adding in ((False, False), (False, True), (True, True)):
            chosen = tuple(
                draft
                for draft in own
                if (bool(draft.branch), draft.adding) == (branched, adding) and not draft.leaks
            )
            unsealed = _drop_sealed_each_once(chosen, sealed)
            if adding:
                chosen = unsealed
            if not chosen:
                continue
            if not adding and _has_owner(path, owner):
                target = to_review_path(path)
            more = adding or (target != path and _has_owner(target, owner))
            if target != path:
                _, mine = _split_others_and_owner(load_if_usable(path), owner, refuse_damaged=more)
                fresh = move_facts_to_first_of_owner(_append_and_number([], chosen))
                if not more and comparison(mine[: len(fresh)], fresh):
                    continue  # broken off, it says what the file does, as far as it got
            yield target, OwnerRecording(owner, chosen, adding=more)


# Set or moved when an exchange is sealed, so a draft and its exchange in the file differ in these.
_SET_AT_SEALING: dict[str, Any] = {
    "n": 0, "sha": "", "values": {}, "seed": 0, "rules": "", "net": None,
}  # fmt: skip


def _drop_sealed_each_once(
    drafts: tuple[PendingExchange, ...], sealed: Counter[tuple[str, str]]
) -> tuple[PendingExchange, ...]:
    """Return *drafts*, exchanges of a journal, without those that are in the cassette already.

    *sealed* counts the exchanges there, by text and index line, and is decreased by each draft
    that is left out. An equal exchange recorded later has another instant, so it is not left out.
    """
    fresh = []
    for draft in drafts:
        facts = _to_text_and_facts(draft)
        if sealed[facts]:
            sealed[facts] -= 1
        else:
            fresh.append(draft)
    return tuple(fresh)


def _to_text_and_facts(entry: Entry) -> tuple[str, str]:
    return entry.text, to_yaml_safe_json_line(entry.with_line(**_SET_AT_SEALING).line)


def _has_owner(path: Path, owner: str) -> bool:
    old = load_if_usable(path, refuse_damaged=not path.name.endswith(".new"))
    return old is not None and owner in old.owners


def find_ended_child_journals(
    path: Path, recorder_id: str
) -> tuple[list[Path], list[PendingExchange]]:
    """Return the journals that forked children of *recorder_id* left, and their exchanges in order.

    Only journals whose process has ended are returned. The caller holds the folder lock.
    """
    by_path: dict[Path, tuple[PendingExchange, ...]] = {}
    for file in journal.lock_abandoned_journals(path):
        with suppress(NewerFormat):  # `recover` reports it
            drafts = journal.read_journal(file)
            if drafts and drafts[0].branch == recorder_id:
                by_path[file] = drafts
    return list(by_path), _join_journals(by_path.values())


def drop_repeated_sessions(
    drafts: Sequence[PendingExchange], comparison: RecordingComparison
) -> tuple[PendingExchange, ...]:
    """Return *drafts* without sessions that are equal to an earlier session.

    All are of one owner (scenario, row or test). Equal sessions share one recording when they are
    replayed. *comparison* compares them.
    """
    sessions: dict[int, list[PendingExchange]] = {}
    for draft in sorted(drafts, key=lambda draft: draft.issue):
        sessions.setdefault(draft.line.session, []).append(draft)
    if len(sessions) < 2:  # noqa: PLR2004 - nothing to share
        return tuple(drafts)
    unique: list[PendingExchange] = []
    alike: dict[tuple[str, ...], list[list[Entry]]] = {}
    for session in sessions.values():
        entries = [draft.with_line(session=1) for draft in session]
        others = alike.setdefault(tuple(entry.line.key for entry in entries), [])
        if not any(comparison(other, entries) for other in others):
            others.append(entries)
            unique += session
    return tuple(unique)


def render_merged_unless_empty(
    cassette_path: Path, target: Path, recording: OwnerRecording, comparison: RecordingComparison
) -> bytes | None:
    """Return the content of the file *target* after *recording* was merged in.

    *target* is *cassette_path* itself, or the file for review beside it; if that does not exist, it
    starts as a copy of the cassette. None is returned if there is neither a file nor an exchange to
    write. The caller holds the folder lock.

    Raises:
        DamagedCassette: if exchanges that have to be kept are damaged.
    """
    old = load_if_usable(target, refuse_damaged=recording.adding) or load_if_usable(
        cassette_path, refuse_damaged=recording.adding
    )
    others, mine = _split_others_and_owner(old, recording.owner, refuse_damaged=recording.adding)
    if recording.former and not mine:
        mine = [entry for entry in others if entry.line.owner == recording.former]
        others = [entry for entry in others if entry.line.owner != recording.former]
    numbered = _append_and_number(mine if recording.adding else [], recording.drafts)
    if recording.repeating:
        mine = fill_in_omitted_accounts(mine)
        merged = update_logins(mine, numbered, comparison)
    else:
        fresh = move_facts_to_first_of_owner(numbered)
        merged = fresh if recording.is_afresh else align(mine, fresh, comparison)
        merged = [entry.with_line(owner=recording.owner) for entry in merged]
    if old is None and not merged:
        return None
    if old is not None and merged == mine and old.path == target:
        return target.read_bytes()  # also where it is of an older format
    return dump_entries([*others, *merged])


def merge_into_file(
    cassette_path: Path, target: Path, recording: OwnerRecording, comparison: RecordingComparison
) -> bool:
    """Write *recording* and what stays of the cassette to *target*; return whether it changed.

    *target* is the cassette itself or a file beside it for review, which is not written if it would
    equal the cassette. Exchanges that *comparison* finds equal to new ones of the same owner
    (scenario, row or test) keep their text, and those of other owners stay as they are. A damaged
    *target* is kept beside the new file as ``<target>.damaged``. The caller holds the folder lock.

    Raises:
        DamagedCassette: if exchanges that have to be kept are damaged.
        OSError: if the disk is full or fails; the file is unchanged.
    """
    data = render_merged_unless_empty(cassette_path, target, recording, comparison)
    if data is None:
        return False
    if target != cassette_path and cassette_path.exists() and cassette_path.read_bytes() == data:
        return False
    if target.exists():
        before = target.read_bytes()
        if before == data:
            return False
        if before and load_if_usable(target) is None:  # a damaged file is kept beside its successor
            journal.replace_file(target.with_name(f"{target.name}.damaged"), before)
    journal.replace_file(target, data)
    return True


def _append_and_number(before: list[Entry], drafts: Sequence[PendingExchange]) -> list[Entry]:
    """Return the entries *before*, and after them the *drafts* in order of issue.

    The drafts are numbered (`IndexLine.n`) from the highest number of *before* on.
    """
    last = max((entry.line.n for entry in before), default=0)
    ordered = enumerate(sorted(drafts, key=lambda draft: draft.issue), last + 1)
    return [*before, *(draft.with_line(n=n) for n, draft in ordered)]


def _split_others_and_owner(
    old: Cassette | None, owner: str, *, refuse_damaged: bool = False
) -> tuple[list[Entry], list[Entry]]:
    """Return the entries of other owners in *old*, and those of *owner* (scenario, row or test).

    If one of *owner*'s is damaged, the second list is empty, or with *refuse_damaged* the error is
    raised.
    """
    if old is None:
        return [], []
    numbers = sorted({*range(len(old))} - {*old.index.list_exchange_numbers(owner)})
    others = [old.get_entry_with_head_defaults(number) for number in numbers]
    try:
        return others, list_owner_entries(old, owner)
    except DamagedCassette:
        if refuse_damaged:
            raise
        return others, []


def load_if_usable(path: Path, *, refuse_damaged: bool = False) -> Cassette | None:
    """Return the cassette at *path*, or None if there is none.

    None is also returned for a damaged file, unless *refuse_damaged* asks for the error.
    """
    try:
        return Cassette.load(path)
    except FileNotFoundError:
        return None
    except DamagedCassette:
        if refuse_damaged:
            raise
        return None


def recompute_keys(cassette: Cassette, rules_of: Callable[[str], MatchingRules | None]) -> bytes:
    """Return the content of *cassette* with all matching keys computed under the current rules.

    *rules_of* returns the matching rules of an owner (scenario, row or test), or None if they are
    unknown; then its keys are kept.

    Raises:
        DamagedCassette: if an exchange differs from what was recorded.
    """
    entries = []
    for number in range(len(cassette)):
        entry = cassette.get_entry_with_head_defaults(number)
        if (rules := rules_of(entry.line.owner)) is not None:
            key = compute_matching_key(exchange_to_parts(cassette.exchange(number)), rules)
            entry = entry.with_line(key=key, rules=rules.compute_digest(entry.line.platform_key))
        entries.append(entry)
    return dump_entries(entries)


def remove_exchanges(version: FileVersion, numbers: Collection[int]) -> None:
    """Remove exchanges (numbered from 0) from a cassette; an empty file is deleted.

    Args:
        version: the file, as it was when the *numbers* were chosen.
        numbers: places of exchanges in it.

    Raises:
        ConfigError: if the file was written since, so that the numbers may mean others.
        DamagedCassette: if a remaining exchange differs from what was recorded.
        OSError: if the folder is not writable; the file is unchanged.
    """
    path = version.path
    with lock_folder(path.parent):
        version.require_unchanged()
        cassette = Cassette.load(path)
        # The first exchange of an owner, which holds these, may be taken out.
        values = {owner: cassette.get_non_secret_credentials(owner) for owner in cassette.owners}
        drawn = {owner: cassette.drawn_sequences(owner) or 0 for owner in cassette.owners}
        explicit = (
            cassette.get_entry_with_head_defaults(n)
            for n in range(len(cassette))
            if n not in numbers
        )
        remaining = [
            entry.with_line(values=values[entry.line.owner], seed=drawn[entry.line.owner])
            for entry in explicit
        ]
        if remaining:
            journal.replace_file(path, dump_entries(remaining))
        else:
            path.unlink()
