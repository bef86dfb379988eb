"""The header of an item: what is known of a scenario or a row before it is loaded to run."""

from __future__ import annotations

from pathlib import Path

import msgspec

from bpmax_sim.errors import Place
from bpmax_sim.file_names import node_id_part


class ItemHeader(msgspec.Struct, frozen=True, kw_only=True):
    """What selects, lists and shards an item.

    Attributes:
        root: of the project.
        path: the scenario's file, as it was named.
        file: the same as messages show it.
        title: the scenario's name, as the file has it.
        was: its earlier names.
        row_id: of the row; empty where there is no table.
        place: where the scenario's name or the row stands.
        skip, xfail: a reason, or whether it holds at all.
        cassette: name below the cassettes folder, without suffix.
        platforms: folders or files of the platforms.
        instances: file of the instances, where the scenario names one.
        steps: how many there are.
    """

    root: Path
    path: Path
    file: str
    title: str
    was: tuple[str, ...] = ()
    row_id: str = ""
    place: Place
    tags: tuple[str, ...] = ()
    skip: bool | str = False
    xfail: bool | str = False
    cassette: str
    platforms: tuple[Path, ...] = ()
    instances: Path | None = None
    steps: int = 0

    @property
    def platforms_key(self) -> tuple[tuple[Path, ...], Path | None]:
        """Return what its platforms are loaded from: files or folders, and a file of instances."""
        return self.platforms, self.instances

    @property
    def name(self) -> str:
        """Return ``title[row]`` as the file has it; without a table the title alone."""
        return f"{self.title}[{self.row_id}]" if self.row_id else self.title

    @property
    def node_name(self) -> str:
        """Return the name as it stands in a test's id, on one line."""
        name = node_id_part(self.title)
        return f"{name}[{node_id_part(self.row_id)}]" if self.row_id else name

    @property
    def node_id(self) -> str:
        """Return how the item is named on pytest's command line."""
        return f"{self.file}::{self.node_name}"
