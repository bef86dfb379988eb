"""A whole cassette written anew: with keys under the rules in force, or without some exchanges."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from pathlib import Path

import msgspec

from bpmax_sim.cassette import files
from bpmax_sim.cassette.file import Cassette
from bpmax_sim.cassette.format import dump_entries
from bpmax_sim.cassette.matching import Rules, identity, parts_of_exchange
from bpmax_sim.cassette.model import Entry

RulesOf = Callable[[str], Rules | None]
"""Returns the rules in force for an owner, or None where nobody knows."""


def rekeyed(cassette: Cassette, rules_of: RulesOf) -> bytes:
    """Return the file with every key under the rules in force, in its canonical layout.

    An owner whose rules are not known keeps its keys, and the rules that they are under.

    Raises:
        DamagedCassette: if an exchange is not what was recorded.
    """
    entries = [_rekeyed(cassette, number, rules_of) for number in range(len(cassette))]
    return dump_entries(entries, rules=cassette.head.rules)


def _rekeyed(cassette: Cassette, number: int, rules_of: RulesOf) -> Entry:
    entry = cassette.entry(number)
    rules = rules_of(entry.line.owner)
    if rules is None:
        return _explicit(cassette, entry)
    key = identity(parts_of_exchange(cassette.exchange(number)), rules)
    return Entry(msgspec.structs.replace(entry.line, key=key, rules=rules.digest), entry.text)


def _explicit(cassette: Cassette, entry: Entry) -> Entry:
    """Return an entry that names the rules of its key."""
    rules = entry.line.rules or cassette.head.rules
    return Entry(msgspec.structs.replace(entry.line, rules=rules), entry.text)


def remove(path: Path, numbers: Collection[int]) -> None:
    """Take exchanges, counted from 0, out of the cassette at *path*; with all of them, the file.

    Raises:
        DamagedCassette: if an exchange that stays is not what was recorded.
        OSError: if the folder cannot be written; the file is then as before.
    """
    with files.locked(path.parent):
        cassette = Cassette.load(path)
        kept = list(_kept(cassette, numbers))
        if kept:
            files.replace_whole(path, dump_entries(kept, rules=cassette.head.rules))
        else:
            path.unlink()


def _kept(cassette: Cassette, numbers: Collection[int]) -> Iterator[Entry]:
    values = {owner: cassette.values(owner) for owner in cassette.owners}
    for number in range(len(cassette)):
        if number not in numbers:
            entry = _explicit(cassette, cassette.entry(number))
            line = msgspec.structs.replace(entry.line, values=values[entry.line.owner])
            yield Entry(line, entry.text)  # the first one, which holds them, may be taken out
