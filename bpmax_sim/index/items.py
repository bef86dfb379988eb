"""The items of a project's scenario files, without loading the files that did not change.

For each file without problems, ``.bpmax/items`` has the headers of its items and the digests of all
files they are made of: fragments, flows, scripts, tables. A file with problems is always loaded,
and so is one whose items depend on more than files, such as variables of a command line or the
environment.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec

from bpmax_sim.errors import ConfigError, Place, Problem
from bpmax_sim.i18n import msg
from bpmax_sim.index.files import (
    FileScan,
    ScannedFile,
    make_code_edition,
    read_cache,
    stamp_file,
    write_cache,
)
from bpmax_sim.project import NAME, PROJECT, find_platform_folders, find_root, find_strictness
from bpmax_sim.scenario.header import ItemHeader
from bpmax_sim.yamlfile import to_display_path
from bpmax_sim.yamlfile.file_reads import record_reads

if TYPE_CHECKING:
    from bpmax_sim.scenario.load import ScenarioItem

_WHOLE: Final = 2
"""A look at one in so many of the known files is one at the project, so the others may be old."""


class ProjectItem:
    """A scenario, or one row of its table: its header, and the item itself, loaded on demand.

    The header (title, tags, place …) is enough to list and select items.
    """

    __slots__ = ("_loaded", "_source", "header")

    def __init__(self, header: ItemHeader, source: _ScenarioFile) -> None:
        """Store *header*; *source* loads the item."""
        self.header = header
        self._source = source

    def load(self) -> ScenarioItem:
        """Return the scenario or row, ready to run.

        Raises:
            ConfigError: if the file has changed and is wrong now, or no longer has this item.
        """
        item = self._source.load().get((self.header.title, self.header.row_id))
        if item is None:
            message = msg("this changed while it was read; run it again")
            raise ConfigError(Problem(message, self.header.place))
        return item

    @property
    def files(self) -> frozenset[str]:
        """Return the absolute paths of all files on which the item depends."""
        return self._source.files

    @property
    def digests_if_sound(self) -> Mapping[str, bytes]:
        """Return path -> digest for each of `files`, by which a check knows that nothing changed.

        Empty if the item depends on more than files, such as the environment, or has warnings.
        """
        return self._source.digests_if_sound

    def is_current(self) -> bool:
        """Return whether all of `files` are unchanged."""
        return self._source.is_current()


class _ScenarioFile:
    """A scenario file and, once loaded, its items (one for each row of its table).

    Attributes:
        names: names in the index (paths from the root) of the files that its items are made of.
        is_sound: whether the items have neither problems nor warnings.
    """

    def __init__(
        self, path: Path, root: Path, disk: FileScan, names: Iterable[str], *, is_sound: bool
    ) -> None:
        self.path = path
        self.root = root
        self.names = names
        self.is_sound = is_sound
        self._items: Mapping[tuple[str, str], ScenarioItem] | None = None
        self._disk = disk

    @cached_property
    def files(self) -> frozenset[str]:
        return frozenset(map(self._disk.to_absolute_path, self.names))

    @cached_property
    def scanned_files_if_sound(self) -> Mapping[str, ScannedFile]:
        """Return path -> scanned state of each file that the items are made of.

        Empty if the items of the scenario file have problems or warnings.
        """
        known = ((name, self._disk.get_file(name)) for name in self.names if self.is_sound)
        return {self._disk.to_absolute_path(name): file for name, file in known if file is not None}

    def load(self) -> Mapping[tuple[str, str], ScenarioItem]:
        """Return the items by title and id of their row."""
        if self._items is None:
            is_sound = self.is_current()
            loaded = _load_items(self.path, root=self.root, is_checked=is_sound)
            # The checks were left out for content that may have been replaced while it was read.
            if is_sound and not self.is_current():  # it changed meanwhile
                loaded = _load_items(self.path, root=self.root)
            return self.set_items(loaded)
        return self._items

    def set_items(self, loaded: Iterable[ScenarioItem]) -> Mapping[tuple[str, str], ScenarioItem]:
        """Keep what was *loaded*, and return it by title and id of its row."""
        self._items = {(item.scenario.scenario, item.row_id): item for item in loaded}
        return self._items

    @property
    def digests_if_sound(self) -> Mapping[str, bytes]:
        return {name: file.digest for name, file in self.scanned_files_if_sound.items()}

    def is_current(self) -> bool:
        stamps = (
            (stamp_file(name), file.stamp) for name, file in self.scanned_files_if_sound.items()
        )
        return bool(self.scanned_files_if_sound) and all(now == then for now, then in stamps)


class _StoredItem(msgspec.Struct, frozen=True, array_like=True):
    """The header of an item as it is cached; `_ScenarioFile` has what all items of a file share.

    Attributes:
        table: CSV file of the row, relative to the scenario's folder; empty if there is none.
    """

    title: str
    was: tuple[str, ...]
    row_id: str
    table: str
    line: int
    column: int
    tags: tuple[str, ...]
    skip: bool | str
    xfail: bool | str
    cassette: str
    platforms: tuple[str, ...]
    instances: str
    steps: int


class _StoredFile(msgspec.Struct, frozen=True, array_like=True):
    """The items of one scenario file as they are cached, with the state of the files they need.

    Attributes:
        depends: path from the root -> digest; ``b""`` for a file that does not exist but would
            count, such as a ``defaults.yaml``.
        is_quiet: whether the file has no warnings; a file with problems is not stored.
    """

    depends: dict[str, bytes]
    items: tuple[_StoredItem, ...]
    is_quiet: bool


class StoredItems(msgspec.Struct):
    """The content of the cache file ``.bpmax/items``.

    Attributes:
        edition: digest of the code and settings that wrote it.
        files: scanned files, by path from the root.
        scenarios: items, by the digest of the scenario file.
    """

    edition: str
    files: dict[str, ScannedFile]
    scenarios: dict[bytes, _StoredFile]


_DECODER: Final = msgspec.msgpack.Decoder(StoredItems)


class ItemIndex:
    """The items of all scenario files of one project, taken from a cache where nothing changed.

    An item is a scenario, or one row of its table.

    Attributes:
        root: project folder.
        loaded: number of files that had to be loaded.
    """

    def __init__(self, root: Path, *, uses_cache: bool = True) -> None:
        """Read the cache of the project at *root*; unless *uses_cache*, everything is loaded."""
        self.root = root
        self.loaded = 0
        self._place = root / NAME / "items"
        self._edition = _make_items_edition(root) if uses_cache else ""
        kept = read_cache(self._place, _DECODER, self._edition) if self._edition else None
        self._kept = kept
        self._disk = FileScan(root, kept.files if kept else {})
        self._scenarios: dict[bytes, _StoredFile] = {}

    def list_items(
        self, path: Path, variables: Mapping[str, Any] | None = None
    ) -> list[ProjectItem]:
        """Return the items of the scenario file *path*: one for each row, or a single one.

        With *variables*, values given from outside, the cache is not used.

        Raises:
            ConfigError: if anything is wrong with the file or the files it names; all at once.
        """
        name = self._disk.to_index_name(path)
        # Variables of the command line may select files and rows; no digest of a file says so.
        digest = self._disk.get_digest(name) if self._edition and not variables else b""
        stored = self._kept.scenarios.get(digest) if self._kept and digest else None
        if stored is not None and self._is_current(stored):
            self._scenarios[digest] = stored
            return self._restore_items(path, name, stored)
        return self._load_and_store_items(path, name, digest, variables)

    def save(self) -> None:
        """Write the cache for the next time, if anything in it is new."""
        if not self._scenarios:
            return
        before: Mapping[bytes, _StoredFile] = self._kept.scenarios if self._kept else {}
        known: Mapping[str, ScannedFile] = self._kept.files if self._kept else {}
        files = self._disk.find_files_with_reliable_stamp()
        if self._edition != _make_items_edition(self.root):  # the settings changed meanwhile
            return
        if self._scenarios.keys() <= before.keys() and files.items() <= known.items():
            return
        digests = {file.digest for file in known.values()}
        # A run on a few files keeps what is known of all others. One on at least half of the files
        # is one on the project: names that it did not come across are of another branch, or gone.
        if sum(digest in digests for digest in before) <= _WHOLE * len(self._scenarios):
            known = {}
        known = {**known, **files}
        current = self._scenarios.keys() | {file.digest for file in known.values()}
        older = {key: file for key, file in before.items() if key not in self._scenarios}
        kept = {**older, **self._scenarios}
        # Of former texts and other branches as many again, those that were seen last.
        others = [digest for digest in kept if digest not in current]
        surplus = frozenset(others[: max(0, 2 * len(others) - len(kept))])
        kept = {digest: file for digest, file in kept.items() if digest not in surplus}
        write_cache(self._place, StoredItems(self._edition, known, kept))

    def _is_current(self, stored: _StoredFile) -> bool:
        digest = self._disk.get_digest
        return all(digest(name) == before for name, before in stored.depends.items())

    def _restore_items(self, path: Path, name: str, stored: _StoredFile) -> list[ProjectItem]:
        shown = to_display_path(path)
        names = (name, *(other for other, digest in stored.depends.items() if digest))
        source = _ScenarioFile(path, self.root, self._disk, names, is_sound=stored.is_quiet)
        return [ProjectItem(self._make_header(path, shown, item), source) for item in stored.items]

    def _make_header(self, path: Path, displayed_path: str, stored: _StoredItem) -> ItemHeader:
        file = to_display_path(path.parent / stored.table) if stored.table else displayed_path
        return ItemHeader(
            root=self.root,
            path=path,
            file=displayed_path,
            title=stored.title,
            was=stored.was,
            row_id=stored.row_id,
            place=Place(file, stored.line, stored.column),
            tags=stored.tags,
            skip=stored.skip,
            xfail=stored.xfail,
            cassette=stored.cassette,
            platforms=tuple(map(Path, stored.platforms)),
            instances=Path(stored.instances) if stored.instances else None,
            steps=stored.steps,
        )

    def _load_and_store_items(
        self, path: Path, name: str, digest: bytes, variables: Mapping[str, Any] | None
    ) -> list[ProjectItem]:
        environ = _TrackedEnviron(os.environ)
        with record_reads() as paths:
            loaded = _load_items(path, variables=variables, environ=environ, root=self.root)
        self.loaded += 1
        names = frozenset(map(self._disk.to_index_name, paths))
        is_quiet = False
        # The digests of files identify the items only if no environment was read, and no file is
        # so new that it may change again without a change of its stamp.
        if digest and not environ.is_read and all(map(self._disk.is_stamp_reliable, names)):
            # A file that was looked for and is absent is in here too, with an empty digest: a
            # `defaults.yaml` that is created later makes the stored items invalid.
            depends = {other: self._disk.get_digest(other) for other in names if other != name}
            stored = tuple(self._to_stored_item(item) for item in loaded)
            is_quiet = not any(item.warnings for item in loaded)
            self._scenarios[digest] = _StoredFile(depends, stored, is_quiet)
        there = [other for other in names if self._disk.get_digest(other)]
        source = _ScenarioFile(path, self.root, self._disk, there, is_sound=is_quiet)
        source.set_items(loaded)
        return [ProjectItem(item.header, source) for item in loaded]

    def _to_stored_item(self, item: ScenarioItem) -> _StoredItem:
        return _StoredItem(
            title=item.scenario.scenario,
            was=item.scenario.was,
            row_id=item.row_id,
            table=_find_csv_path(item),
            line=item.place.line,
            column=item.place.column,
            tags=item.tags,
            skip=item.skip,
            xfail=item.xfail,
            cassette=item.cassette,
            platforms=tuple(map(str, item.platforms)),
            instances=str(item.instances or ""),
            steps=len(item.steps),
        )


def _load_items(path: Path, **options: Any) -> list[ScenarioItem]:
    """Return the items of the scenario file *path*.

    The loader is imported only here: it is slow to import, and not needed if the cache is current.
    """
    from bpmax_sim.scenario.load import load_items  # noqa: PLC0415

    return load_items(path, **options)


def _make_items_edition(root: Path) -> str:
    """Return a text that changes with the settings and the code on which all items depend.

    Environment variables are no part of it. "" if the settings are invalid: then nothing is cached.
    """
    bare = FileScan(root, {})
    try:
        find_strictness(root / PROJECT, root)
        folders = find_platform_folders(root)
    except ValueError:
        return ""
    digest = bare.get_digest(PROJECT).hex()
    return f"{make_code_edition()} {digest} {bare.to_absolute_path('')} {folders}"


def _find_csv_path(item: ScenarioItem) -> str:
    """Return the CSV file of an item relative to the scenario's folder; "" if it has none."""
    if item.place.file == item.spot.source.file:
        return ""
    return item.place.file.removeprefix(to_display_path(item.path.parent / "_")[:-1])


class _TrackedEnviron(Mapping[str, str]):
    """The environment variables; `is_read` tells afterwards whether any of them was read.

    An item that depends on the environment must not be cached.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self.is_read = False

    def __getitem__(self, name: str) -> str:
        self.is_read = True
        return self._environ[name]

    def __iter__(self) -> Iterator[str]:
        self.is_read = True
        return iter(self._environ)

    def __len__(self) -> int:
        self.is_read = True
        return len(self._environ)


class ItemFinder:
    """Finds the items (scenarios and rows) of scenario files in any number of projects.

    Each project is scanned once.
    """

    def __init__(self) -> None:
        """Start without any project."""
        self._indexes: dict[Path, ItemIndex] = {}
        self._of_folders: dict[str, ItemIndex] = {}

    def list_items(
        self, path: Path, variables: Mapping[str, Any] | None = None, root: Path | None = None
    ) -> list[ProjectItem]:
        """Return the items (scenario or rows) of the file *path*.

        *variables* are values given from outside, such as on the command line. *root* is the folder
        of the project, if it is known already.

        Raises:
            ConfigError: if anything is wrong with the file or the files it names; all at once.
        """
        if root is not None:
            return self._get_item_index(root).list_items(path, variables)
        folder = os.path.dirname(path)  # noqa: PTH120 - of thousands of files
        if folder not in self._of_folders:
            self._of_folders[folder] = self._get_item_index(find_root(path))
        return self._of_folders[folder].list_items(path, variables)

    def save(self) -> None:
        """Write the caches of all projects."""
        for index in self._indexes.values():
            index.save()

    def _get_item_index(self, root: Path) -> ItemIndex:
        if root not in self._indexes:
            self._indexes[root] = ItemIndex(root)
        return self._indexes[root]


def load_each(found: Iterable[ProjectItem], problems: list[Problem]) -> Iterator[ScenarioItem]:
    """Yield the loaded items of *found*.

    The problems of items that do not load are appended to *problems*.
    """
    for item in found:
        try:
            yield item.load()
        except ConfigError as error:
            problems += error.problems
