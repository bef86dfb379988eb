"""The header of an item: what is known of a scenario or row without loading it to run."""

from __future__ import annotations

from pathlib import Path

import msgspec

from bpmax_sim.errors import Place
from bpmax_sim.file_names import to_node_id_part


class ItemHeader(msgspec.Struct, frozen=True, kw_only=True):
    """The data by which items (scenarios, rows of their tables) are selected, listed and sharded.

    Attributes:
        root: project folder.
        path: scenario file, as given by the caller.
        file: the same file as messages show it.
        title: name of the scenario as in the file.
        was: earlier names of the scenario.
        row_id: id of the row; empty without a table.
        place: place of the scenario's name, or of the row.
        skip, xfail: reason, or a bool without one.
        cassette: name below the cassettes folder, without suffix.
        platforms: folders or files of the platforms.
        instances: file of the instances, if the scenario names one.
        steps: number of steps.
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
        """Return the files of its platforms and instances, a key for caches of loaded platforms."""
        return self.platforms, self.instances

    @property
    def name(self) -> str:
        """Return ``title[row]``, or the title without a table, spelled as in the file."""
        return f"{self.title}[{self.row_id}]" if self.row_id else self.title

    @property
    def one_line_name(self) -> str:
        """Return the name in one line, as pytest's node id needs it."""
        name = to_node_id_part(self.title)
        return f"{name}[{to_node_id_part(self.row_id)}]" if self.row_id else name

    @property
    def node_id(self) -> str:
        """Return the pytest node id, which selects the item on the command line."""
        return f"{self.file}::{self.one_line_name}"
