"""Remember in ``.bpmax/sound`` the groups of scenarios in which a check found nothing wrong.

Scenarios that share a file are checked together as a group, because what one of them declares
applies to the scripts of all. A group is identified by the digests of everything that its check
reads. A group with any finding is not stored, so that its messages are made again each time.
"""

from __future__ import annotations

import hashlib
import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, Final

import msgspec

from bpmax_sim.errors import Problem
from bpmax_sim.index.files import make_code_edition, read_cache, write_cache
from bpmax_sim.index.items import ProjectItem
from bpmax_sim.index.store import ProjectIndex
from bpmax_sim.platform.load import Platforms
from bpmax_sim.project import NAME, to_absolute_path

_MOST_KEPT: Final = 4
"""How many times as many groups are kept as there are, for branches that come back."""


class StoredGroups(msgspec.Struct):
    """The content of the cache file: digests of the groups in which a check found no problem."""

    edition: str
    sound: list[bytes]


_DECODER: Final = msgspec.msgpack.Decoder(StoredGroups)


class SoundScenarioGroups:
    """Which groups of scenarios a check need not repeat, because it found nothing wrong before.

    *items*, all of one project, are grouped by the files that they share. A group
    is *sound* if its check found no problem, and none of its files has changed since.
    """

    def __init__(
        self, items: Sequence[ProjectItem], index: ProjectIndex, platforms: Mapping[Any, Platforms]
    ) -> None:
        """Read the results of earlier checks.

        Args:
            items: items to check.
            index: index of their project.
            platforms: platforms of each item, without those whose platforms could not be loaded, by
                its `ItemHeader.platforms_key`.
        """
        self._items = items
        self._place = index.root / NAME / "sound"
        kept = read_cache(self._place, _DECODER, make_code_edition())
        self._kept = list(kept.sound) if kept else []
        about = _digest_surroundings(index, platforms)
        self._groups: dict[bytes, list[ProjectItem]] = {}
        for group in _group_items_sharing_files(items):
            if all(
                item.digests_if_sound and item.header.platforms_key in platforms for item in group
            ):
                self._groups[_digest_group(group, about)] = group

    def find_unchecked_items(self) -> list[ProjectItem]:
        """Return the items to check: those in no group that an earlier check found sound."""
        known = set(self._kept)
        sound = chain.from_iterable(self._groups[key] for key in self._groups.keys() & known)
        left_out = set(sound)
        return [item for item in self._items if item not in left_out]

    def save(self, problems: Iterable[Problem]) -> None:
        """Store the groups without *problems* as sound; if a problem has no place, store none."""
        places = [problem.place for problem in problems]
        wrong = {to_absolute_path(place.file) for place in places if place is not None}
        known = set(self._kept)
        # A file may be edited while it is checked; the digest is that of the text before, so its
        # group is stored only if the file is still the same.
        found = [
            digest
            for digest, group in self._groups.items()
            if digest not in known
            and all(wrong.isdisjoint(item.files) and item.is_current() for item in group)
        ]
        if found and None not in places:
            most = _MOST_KEPT * len(self._groups)
            write_cache(
                self._place, StoredGroups(make_code_edition(), [*self._kept, *found][-most:])
            )


def _group_items_sharing_files(items: Sequence[ProjectItem]) -> Iterator[list[ProjectItem]]:
    """Yield groups of items that share files, directly or through other items; each item once."""
    # Union-find: a file leads to another one of its group, the leader of a group to itself. `lead`
    # shortens the way that it goes.
    leaders: dict[str, str] = {}

    def lead(path: str) -> str:
        while (above := leaders.setdefault(path, path)) != path:
            leaders[path] = path = leaders[above]
        return path

    for item in items:
        first = lead(to_absolute_path(item.header.path))
        for path in item.files:
            leaders[lead(path)] = first
            first = lead(first)
    groups: defaultdict[str, list[ProjectItem]] = defaultdict(list)
    for item in items:
        groups[lead(to_absolute_path(item.header.path))].append(item)
    yield from groups.values()


def _digest_group(group: Sequence[ProjectItem], surroundings: bytes) -> bytes:
    files: dict[str, bytes] = {}
    for item in group:
        files |= item.digests_if_sound
    return _digest(
        surroundings, sorted(files.items()), sorted(item.header.one_line_name for item in group)
    )


def _digest_surroundings(index: ProjectIndex, platforms: Mapping[Any, Platforms]) -> bytes:
    """Return a digest of what a check of scripts reads besides the files of their scenarios.

    That is the *platforms* with their instances, and all recordings in the project of *index*. If
    the digest changes, no group of scenarios counts as sound any more.
    """
    told = [
        (key, sorted(one.own.items()), sorted(one.entries.items()), sorted(one.broken), one.folder)
        for key, one in platforms.items()
    ]
    # All recordings, not those of the group: members that scripts read are compared with every
    # recorded response of an API.
    recorded = [(name, index.digests[name]) for name, facts in index.files.items() if facts.shapes]
    return _digest(os.fspath(index.root), sorted(map(repr, told)), recorded)


def _digest(*parts: object) -> bytes:
    return hashlib.blake2b(repr(parts).encode("utf-8", "surrogatepass"), digest_size=16).digest()
