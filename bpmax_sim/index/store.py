"""The index of a project: the facts of its files, cached in ``.bpmax/index``.

Facts are cached by content, so that going back to another Git branch needs no reading; the cache is
checked against the files each time and is never out of date.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

import msgspec

from bpmax_sim.file_system import to_slashes
from bpmax_sim.index.facts import FileFacts, read_facts
from bpmax_sim.index.files import FileScan, ScannedFile, make_code_edition, read_cache, write_cache
from bpmax_sim.index.recordings import read_cassette_facts
from bpmax_sim.platform.response_shapes import ResponseShape
from bpmax_sim.project import NAME

_FOLDERS: Final = ("scenarios", "cassettes")
_SUFFIXES: Final = (".yaml", ".yml", ".js", ".csv")
_MOST_KEPT: Final = 4
"""How many times as many contents are kept as there are files, for branches that come back."""


class StoredIndex(msgspec.Struct):
    """The content of the cache file: scanned files, and what each declares or uses (its facts).

    Facts are stored by the digest of a file's path and content.
    """

    edition: str
    files: dict[str, ScannedFile]
    facts: dict[bytes, FileFacts]


class ProjectIndex(msgspec.Struct, frozen=True):
    """The facts (declared and used names) of every file of a project, by path from the root.

    Attributes:
        root: project folder.
        read: number of files that had to be read; the others were cached.
        digests: digest of each file, by path from the root.
    """

    root: Path
    files: Mapping[str, FileFacts]
    read: int = 0
    digests: Mapping[str, bytes] = {}

    @property
    def recorded_shapes(self) -> list[Mapping[str, ResponseShape]]:
        """Return for each cassette: ``platform.api`` -> member names and types of its responses."""
        return [facts.shapes for facts in self.files.values() if facts.shapes]


def load_index(root: Path, *, uses_cache: bool = True) -> ProjectIndex:
    """Return the up-to-date index of the project at *root*.

    Args:
        root: project folder.
        uses_cache: whether to use and write the cache in ``.bpmax``; otherwise everything is read.
    """
    place = root / NAME / "index"
    kept = read_cache(place, _DECODER, make_code_edition()) if uses_cache else None
    look = _FactScan(root, kept)
    look.scan_with_references(_find_project_files(root))
    if uses_cache and look.has_changed:
        write_cache(place, look.to_stored())
    facts = {path: look.facts[file.digest] for path, file in sorted(look.files.items())}
    digests = {path: file.digest for path, file in look.files.items()}
    return ProjectIndex(root, facts, look.read, digests)


class _FactScan:
    """One scan that collects the facts of a project's files, from the cache if they did not change.

    The facts of a file are the names that it declares or uses.

    Attributes:
        files: scanned files.
        facts: facts by digest of the content.
        read: number of files that had to be read.
    """

    def __init__(self, root: Path, kept: StoredIndex | None) -> None:
        self._kept = kept
        self._disk = FileScan(root, kept.files if kept else {})
        self.files: dict[str, ScannedFile] = {}
        self.facts: dict[bytes, FileFacts] = dict(kept.facts) if kept else {}
        self.read = 0

    @property
    def has_changed(self) -> bool:
        return (
            self._kept is None
            or self.read > 0
            or self._disk.find_files_with_reliable_stamp() != self._kept.files
        )

    def scan_with_references(self, paths: Iterable[str]) -> None:
        """Scan *paths*, and the files that they refer to."""
        pending = list(paths)
        while pending:
            path = pending.pop()
            file = None if path in self.files else self._index_file(path)
            if file is not None:
                self.files[path] = file
                pending += find_referenced_files(self.facts[file.digest])

    def to_stored(self) -> StoredIndex:
        """Return what the cache file will contain.

        Facts of content that no file has now are kept up to a limit, as the content may come back
        with another Git branch.
        """
        current = {file.digest: self.facts[file.digest] for file in self.files.values()}
        others = [digest for digest in self.facts if digest not in current]
        # In the order of their last use: facts of this scan come last, so that the longest unused
        # ones are in front and fall out.
        first = max(0, len(others) - len(current) * (_MOST_KEPT - 1))
        facts = {**{digest: self.facts[digest] for digest in others[first:]}, **current}
        return StoredIndex(make_code_edition(), self._disk.find_files_with_reliable_stamp(), facts)

    def _index_file(self, path: str) -> ScannedFile | None:
        file = self._disk.get_file(path)
        if file is None or file.digest in self.facts:
            return file
        file, data = self._disk.read(path)
        if file is not None:
            # `read` may find newer content than `get_file` did; the facts belong to the digest of
            # what was read.
            self.facts[file.digest] = _extract_facts(self._disk.root, path, data)
            self.read += 1
        return file


def find_referenced_files(facts: FileFacts) -> Iterator[str]:
    """Yield the files that the file with *facts* runs or loads, as paths from the root.

    The caller scans them, too, since they may be outside of the usual folders.
    """
    for fact in facts.facts:
        if fact.kind == "file" and fact.role in {"runs", "loads"} and fact.name.endswith(_SUFFIXES):
            yield fact.name


def _find_project_files(root: Path) -> Iterator[str]:
    for folder in _FOLDERS:
        pending = [os.fspath(root / folder)]
        while pending:
            try:
                entries = sorted(os.scandir(pending.pop()), key=lambda entry: entry.name)
            except OSError:
                continue
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    pending.append(entry.path)
                elif entry.name.endswith(_SUFFIXES):
                    yield to_slashes(os.path.relpath(entry.path, root))


def _extract_facts(root: Path, path: str, data: bytes) -> FileFacts:
    facts = read_facts(path, data)
    return read_cassette_facts(root / path) if facts.kind == "cassette" else facts


_DECODER: Final = msgspec.msgpack.Decoder(StoredIndex)
