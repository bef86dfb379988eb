"""Who plays a cassette, and the platforms that it is understood by."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from bpmax_sim.cli.selection import missing
from bpmax_sim.errors import ConfigError
from bpmax_sim.platform.load import load_platforms
from bpmax_sim.platform.platforms import Platforms
from bpmax_sim.scenario.item import ScenarioItem
from bpmax_sim.scenario.load import items
from bpmax_sim.scenario.names import SUFFIX, find_root


def declared(folder: Path | None) -> Platforms:
    """Return the platforms of *folder*, by default those of the project, over the built-in ones.

    Raises:
        ConfigError: if *folder* is not there, or something in it is wrong.
    """
    return load_platforms(declared_folder(folder))


def declared_folder(folder: Path | None) -> Path | None:
    """Return *folder*, or that of the project, or None where the project has none.

    Raises:
        ConfigError: if *folder* is not there.
    """
    if folder is not None and not folder.exists():
        raise ConfigError(missing(str(folder), Path.cwd(), ""))
    own = find_root(Path.cwd()) / "scenarios" / "platforms"
    return folder or (own if own.is_dir() else None)


def players(cassette: Path) -> list[str]:
    """Return the scenarios and rows that play *cassette*; files with mistakes count for nothing."""
    wanted = cassette.absolute()
    found = (item for item in _every(wanted) if file_of(item).absolute() == wanted)
    return list(dict.fromkeys(item.owner for item in found))


def file_of(item: ScenarioItem) -> Path:
    """Return the cassette of *item* in its own project."""
    return item.root / "cassettes" / f"{item.cassette}.yaml"


def _every(cassette: Path) -> Iterator[ScenarioItem]:
    for path in sorted((find_root(cassette) / "scenarios").rglob(f"*{SUFFIX}")):
        with suppress(ConfigError):
            yield from items(path, variables={}, environ=os.environ)
