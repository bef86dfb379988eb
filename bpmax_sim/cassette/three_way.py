"""Two versions of a cassette and the one that both come from, made into one: owner by owner.

An exchange says nothing without the ones around it, as they share a session, a clock and a seed. So
what one side recorded of an owner is taken whole; where both recorded it, ours stays and theirs
waits for review; what one side dropped and the other recorded anew is there. Logins are shared by
everybody and made again at any time: of each, the later one is taken. The result does not depend on
which side is called ours, as long as nothing conflicts.
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
    """What became of a merge.

    Attributes:
        data: the file; empty if no exchange is left.
        theirs: the file with their recordings of *conflicts*; empty if there are none.
        conflicts: the owners that both sides recorded otherwise.
    """

    data: bytes
    theirs: bytes = b""
    conflicts: tuple[str, ...] = ()


def merge_versions(
    base: bytes | None, ours: bytes | None, theirs: bytes | None, name: str
) -> MergedCassettes:
    """Return the merge of two versions of the cassette *name*, None for one without the file.

    Raises:
        CassetteError: if one of them is not sound, such as half-merged.
    """
    versions = [_read_owners(data, name) for data in (base, ours, theirs)]
    merged: Owners = {}
    conflicting: Owners = {}
    for owner in sorted({owner for version in versions for owner in version}):
        was, own, other = (version.get(owner, []) for version in versions)
        if _is_equal(own, other) or _is_equal(other, was):
            merged[owner] = own
        elif _is_equal(own, was):
            merged[owner] = other
        elif _are_logins(own) and _are_logins(other):
            merged[owner] = merge_logins(was, own, other)
        elif not (own and other):
            merged[owner] = own or other
        else:
            merged[owner], conflicting[owner] = own, other
    if not conflicting:
        return MergedCassettes(_dump(merged))
    return MergedCassettes(_dump(merged), _dump(merged | conflicting), tuple(conflicting))


def _read_owners(data: bytes | None, name: str) -> Owners:
    if data is None:
        return {}
    cassette = Cassette.of_bytes(data, name)
    return {
        owner: [cassette.explicit(number) for number in cassette.index.numbers(owner)]
        for owner in cassette.owners
    }


def _is_equal(side: Sequence[Entry], other: Sequence[Entry]) -> bool:
    """Return whether two recordings of one owner are the same, whatever rules keys are under."""
    return len(side) == len(other) and all(map(_is_same_exchange, side, other))


def _is_same_exchange(entry: Entry, other: Entry) -> bool:
    if entry.line.sha == other.line.sha:
        return True
    blank = {"key": "", "rules": "", "sha": "", "net": None}
    return entry.text == other.text and entry.with_line(**blank) == other.with_line(**blank)


def _are_logins(entries: Sequence[Entry]) -> bool:
    return all(entry.line.call.endswith(f".{LOGIN}") for entry in entries)


def _dump(owners: Owners) -> bytes:
    entries = [entry for each in owners.values() for entry in each]
    return dump_entries(entries) if entries else b""
