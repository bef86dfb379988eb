"""The index of a project: the facts of its files, kept in ``.bpmax/index`` and never stale.

What was read is kept by content, so that a branch that comes back costs no reading.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

import msgspec

from bpmax_sim.file_system import to_slashes
from bpmax_sim.index.facts import FileFacts, read_facts
from bpmax_sim.index.files import FileLook, IndexedFile, code_edition, read_kept, write_kept
from bpmax_sim.index.recordings import read_recordings
from bpmax_sim.platform.response_shapes import ResponseShape
from bpmax_sim.project import NAME

_FOLDERS: Final = ("scenarios", "cassettes")
_SUFFIXES: Final = (".yaml", ".yml", ".js", ".csv")
_MOST_KEPT: Final = 4
"""How many times as many contents are kept as there are files, for branches that come back."""


class StoredIndex(msgspec.Struct):
    """What lies on the disk."""

    edition: str
    files: dict[str, IndexedFile]
    facts: dict[bytes, FileFacts]


class ProjectIndex(msgspec.Struct, frozen=True):
    """The facts of every file of a project, by its path from the root.

    Attributes:
        root: of the project.
        read: how many files were read for it; the rest was known.
        digests: of the content of each file, by its path from the root.
    """

    root: Path
    files: Mapping[str, FileFacts]
    read: int = 0
    digests: Mapping[str, bytes] = {}

    @property
    def recorded_shapes(self) -> list[Mapping[str, ResponseShape]]:
        """Return what each cassette shows of responses, by ``platform.api``."""
        return [facts.shapes for facts in self.files.values() if facts.shapes]


def load_index(root: Path, *, is_kept: bool = True) -> ProjectIndex:
    """Return the index of the project at *root*, brought up to date.

    Args:
        root: the project's folder.
        is_kept: use what lies in ``.bpmax``, and keep the result there; else read everything.
    """
    place = root / NAME / "index"
    kept = read_kept(place, _DECODER, code_edition()) if is_kept else None
    look = _Look(root, kept)
    look.visit(_project_files(root))
    if is_kept and look.is_news:
        write_kept(place, look.to_keep())
    facts = {path: look.facts[file.digest] for path, file in sorted(look.files.items())}
    digests = {path: file.digest for path, file in look.files.items()}
    return ProjectIndex(root, facts, look.read, digests)


class _Look:
    """One look at the facts of a project's files.

    Attributes:
        files: what was looked at.
        facts: what is known of contents, by their digest.
        read: how many files had to be read.
    """

    def __init__(self, root: Path, kept: StoredIndex | None) -> None:
        self._kept = kept
        self._disk = FileLook(root, kept.files if kept else {})
        self.files: dict[str, IndexedFile] = {}
        self.facts: dict[bytes, FileFacts] = dict(kept.facts) if kept else {}
        self.read = 0

    @property
    def is_news(self) -> bool:
        return self._kept is None or self.read > 0 or self._disk.lasting_files() != self._kept.files

    def visit(self, paths: Iterable[str]) -> None:
        """Look at *paths*, and at the files that they lead to."""
        pending = list(paths)
        while pending:
            path = pending.pop()
            file = None if path in self.files else self._index_file(path)
            if file is not None:
                self.files[path] = file
                pending += referenced_files(self.facts[file.digest])

    def to_keep(self) -> StoredIndex:
        """Return what the next look can use: of other branches as much as is worth it."""
        current = {file.digest: self.facts[file.digest] for file in self.files.values()}
        others = [digest for digest in self.facts if digest not in current]
        room = len(current) * (_MOST_KEPT - 1)
        facts = {**{digest: self.facts[digest] for digest in others[-room:]}, **current}
        return StoredIndex(code_edition(), self._disk.lasting_files(), facts)

    def _index_file(self, path: str) -> IndexedFile | None:
        file = self._disk.file(path)
        if file is None or file.digest in self.facts:
            return file
        file, data = self._disk.read(path)
        if file is not None:
            self.facts[file.digest] = _facts_of(self._disk.root, path, data)
            self.read += 1
        return file


def referenced_files(facts: FileFacts) -> Iterator[str]:
    """Yield the files that others lead to: they may lie outside of the usual folders."""
    for fact in facts.facts:
        if fact.kind == "file" and fact.role in {"runs", "loads"} and fact.name.endswith(_SUFFIXES):
            yield fact.name


def _project_files(root: Path) -> Iterator[str]:
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


def _facts_of(root: Path, path: str, data: bytes) -> FileFacts:
    facts = read_facts(path, data)
    return read_recordings(root / path) if facts.kind == "cassette" else facts


_DECODER: Final = msgspec.msgpack.Decoder(StoredIndex)
