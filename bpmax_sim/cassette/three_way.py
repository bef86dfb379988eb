"""Merge two versions of a cassette with their common ancestor, owner by owner.

The exchanges of an owner share a session, a clock and a seed, so they are taken together or not at
all. If only one side recorded an owner, its recording is taken. If both did, ours stays and theirs
waits for review. If one side removed it and the other recorded it again, it is kept. Logins are
shared and can be repeated at any time: of each, the later one is taken. Without conflicts the
result is the same whichever side is called ours.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from bpmax_sim.cassette.file import Cassette
from bpmax_sim.cassette.format import dump_entries
from bpmax_sim.cassette.logins import merge_logins
from bpmax_sim.cassette.model import Entry
from bpmax_sim.messages import LOGIN

Owners = dict[str, list[Entry]]


class MergedCassettes(msgspec.Struct, frozen=True):
    """The result of merging two versions of a cassette that have a common ancestor.

    Attributes:
        data: the merged file; empty if no exchange is left.
        theirs: the file with their recordings of *conflicts*; empty without conflicts.
        conflicts: scenarios, rows or tests that both sides recorded differently; *data* has our
            recordings of them.
    """

    data: bytes
    theirs: bytes = b""
    conflicts: tuple[str, ...] = ()


def merge_versions(
    base: bytes | None, ours: bytes | None, theirs: bytes | None, name: str
) -> MergedCassettes:
    """Merge *ours* and *theirs*, two versions of the cassette *name* that come from *base*.

    None stands for a version without the file.

    Raises:
        CassetteError: if a version is damaged, for example by conflict markers.
    """
    versions = [_read_entries_by_owner(data, name) for data in (base, ours, theirs)]
    merged: Owners = {}
    conflicting: Owners = {}
    for owner in sorted({owner for version in versions for owner in version}):
        was, own, other = (version.get(owner, []) for version in versions)
        if _is_same_recording(own, other) or _is_same_recording(other, was):
            merged[owner] = own
        elif _is_same_recording(own, was):
            merged[owner] = other
        # Logins belong to nobody's scenario, so they are merged one by one. A recording is taken as
        # a whole: half of each side would be a run that never happened.
        elif _are_logins(own) and _are_logins(other):
            merged[owner] = merge_logins(was, own, other)
        elif not (own and other):
            merged[owner] = own or other
        else:
            merged[owner], conflicting[owner] = own, other
    if not conflicting:
        return MergedCassettes(_dump_entries_by_owner(merged))
    return MergedCassettes(
        _dump_entries_by_owner(merged),
        _dump_entries_by_owner(merged | conflicting),
        tuple(conflicting),
    )


def _read_entries_by_owner(data: bytes | None, name: str) -> Owners:
    if data is None:
        return {}
    cassette = Cassette.of_bytes(data, name)
    return {
        owner: [
            cassette.get_entry_with_head_defaults(number)
            for number in cassette.index.list_exchange_numbers(owner)
        ]
        for owner in cassette.owners
    }


def _is_same_recording(side: Sequence[Entry], other: Sequence[Entry]) -> bool:
    """Return whether two versions of one recording hold the same exchanges in the same order.

    They are the entries of one owner (the scenario or test that was recorded) in two versions of a
    cassette. Matching keys, by which calls are found, may differ: each version may have computed
    them by other rules.
    """
    return len(side) == len(other) and all(map(_is_same_exchange, side, other))


def _is_same_exchange(entry: Entry, other: Entry) -> bool:
    if entry.line.sha == other.line.sha:
        return True
    blank = {"key": "", "rules": "", "sha": "", "net": None}
    return entry.text == other.text and entry.with_line(**blank) == other.with_line(**blank)


def _are_logins(entries: Sequence[Entry]) -> bool:
    return all(entry.line.call.endswith(f".{LOGIN}") for entry in entries)


def _dump_entries_by_owner(owners: Owners) -> bytes:
    entries = [entry for each in owners.values() for entry in each]
    return dump_entries(entries) if entries else b""
