"""The failures of the last runs, one file for each item below ``.bpmax/failed``.

A file each, because several processes run items at once; the file of an item that passes goes
away. What they say is what a terminal showed, so it is redacted.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from bpmax_sim.scenario.failure import Failure, render
from bpmax_sim.scenario.item import ScenarioItem
from bpmax_sim.scenario.kept import make_folder
from bpmax_sim.scenario.names import SUFFIX, file_name

FOLDER = Path(".bpmax", "failed")


class Remembered(msgspec.Struct, frozen=True, kw_only=True):
    """What an item failed with.

    Attributes:
        file: the scenario's, below the project's root.
        texts: of each failure, the headline first.
        rerun: the command that runs the item alone.
    """

    name: str
    file: str
    line: int
    headline: str
    texts: tuple[str, ...]
    rerun: str = ""
    version: int = 1


_read = msgspec.json.Decoder(Remembered).decode


def remember(item: ScenarioItem, failures: Sequence[Failure], problems: Sequence[str] = ()) -> None:
    """Keep what *item* failed with, or forget it if there is nothing.

    A folder that cannot be written keeps nothing: a run is judged, not its memory.

    Args:
        item: the scenario or row.
        failures: of its steps.
        problems: what kept it from running.
    """
    texts = [*map(render, failures), *problems]
    if not texts and not os.path.isdir(os.path.join(item.root, FOLDER)):  # noqa: PTH112, PTH118
        return  # as after most items
    path = _path(item)
    try:
        if not texts:
            path.unlink(missing_ok=True)
            return
        make_folder(path)
        path.write_bytes(msgspec.json.encode(_told(item, failures, texts)))
    except OSError:
        return


def _told(item: ScenarioItem, failures: Sequence[Failure], texts: Sequence[str]) -> Remembered:
    first = failures[0] if failures else None
    place = (first.location or first.place if first else None) or item.place
    return Remembered(
        name=item.name,
        file=_below(item.path, item.root),
        line=place.line,
        headline=first.headline if first else texts[0],
        texts=tuple(texts),
        rerun=first.rerun if first else "",
    )


def _path(item: ScenarioItem) -> Path:
    root, path = item.root, item.path.absolute()
    folder = path.relative_to(root).parent if path.is_relative_to(root) else Path()
    stem = file_name(path.name.removesuffix(SUFFIX))
    return root / FOLDER / folder / stem / f"{file_name(item.name)}.json"


def _below(path: Path, root: Path) -> str:
    return Path(os.path.relpath(path.absolute(), root)).as_posix()


def remembered(root: Path) -> Iterator[Remembered]:
    """Yield what failed when it last ran below *root*, the latest first.

    What is told of a scenario that is there no more is left out, and so is what cannot be read.
    """
    found = [(path.stat().st_mtime_ns, path) for path in (root / FOLDER).rglob("*.json")]
    for _, path in sorted(found, reverse=True):
        try:
            told = _read(path.read_bytes())
        except (OSError, msgspec.MsgspecError):
            continue
        if (root / told.file).is_file():
            yield told
