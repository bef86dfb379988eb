"""What the user names on the command line -> scenario files, lines and rows."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import msgspec

from bpmax_sim.errors import ConfigError, Place, Problem, listed, near
from bpmax_sim.scenario.item import ScenarioItem
from bpmax_sim.scenario.names import SUFFIX, find_root
from bpmax_sim.yamlfile import shown

_LINE = re.compile(r"(.+):(\d+)", re.DOTALL)


class Target(msgspec.Struct, frozen=True):
    """A scenario file, and which of its items: those at a line, or the one of a name."""

    path: Path
    line: int = 0
    name: str = ""

    def among(self, items: Sequence[ScenarioItem]) -> list[ScenarioItem]:
        """Return those of *items*, all of this file, that are meant.

        Raises:
            ConfigError: if the file has no such line or item.
        """
        if self.name:
            return [self._named(items)]
        return _at(items, self.line) if self.line else list(items)

    def _named(self, items: Sequence[ScenarioItem]) -> ScenarioItem:
        found = {name: item for item in items for name in (item.name, item.node_name)}
        if self.name not in found:
            hint = near(self.name, found) or f"; there are {listed(found)}"
            raise ConfigError(
                Problem(f"there is no scenario {self.name!r}{hint}", Place(shown(self.path)))
            )
        return found[self.name]


def targets(arguments: Sequence[str], *, folder: Path) -> list[Target]:
    """Return the scenario files that *arguments* mean, each as it was first named.

    Args:
        arguments: ``PATH``, ``PATH:LINE`` or ``PATH::NAME``; none for all of the project.
        folder: where relative paths begin.

    Raises:
        ConfigError: everything that is not there, with a near name.
    """
    given = arguments or [str(find_root(folder) / "scenarios")]
    problems: list[Problem] = []
    found = [target for text in given for target in _targets(text, folder, problems, arguments)]
    if problems:
        raise ConfigError(*problems)
    return list(dict.fromkeys(found))


def _targets(
    text: str, folder: Path, problems: list[Problem], given: Sequence[str]
) -> Iterator[Target]:
    path, line, name = _parts(text, folder)
    place = folder / path
    if place.is_dir():
        yield from map(Target, sorted(place.rglob(f"*{SUFFIX}")))
    elif place.is_file() and place.name.endswith(SUFFIX):
        yield Target(place, line, name)
    elif place.is_file():
        told = f"this is no scenario, the names of scenarios end with {SUFFIX}; name one of these"
        problems.append(Problem(told, Place(path)))
    elif given:
        problems.append(missing(path, folder, SUFFIX))


def _parts(text: str, folder: Path) -> tuple[str, int, str]:
    if (folder / text).exists():
        return text, 0, ""
    path, colons, name = text.partition("::")
    if colons:
        return path, 0, name
    found = _LINE.fullmatch(text)
    return (found[1], int(found[2]), "") if found else (text, 0, "")


def missing(path: str, folder: Path, suffix: str) -> Problem:
    """Return the problem of a *path* that is not there, with the nearest file that is."""
    if (folder / path).is_dir():
        return Problem("this is a folder; name a file in it", Place(path))
    root = find_root(folder / path)
    known = [shown(one) for one in sorted(root.rglob(f"*{suffix}"))]
    hint = near(path, known) or near(f"{path}{suffix}", known) or "; see what `ls` shows"
    return Problem(f"there is no such file or folder{hint}", Place(path))


def _at(items: Sequence[ScenarioItem], line: int) -> list[ScenarioItem]:
    """Return the row that *line* lies in, or else everything of the file."""
    source = items[0].spot.source
    if line > len(source.lines):
        told = f"the file has {len(source.lines)} lines"
        raise ConfigError(Problem(told, Place(source.file, line)))
    starts = [source.root.key_place(key).line for key in source.root.keys]
    begin = max((start for start in starts if start <= line), default=0)
    if begin != source.root.key_place("cases").line:
        return list(items)
    rows = [item for item in items if item.place.file == source.file and item.place.line <= line]
    return rows[-1:] or list(items)


def chosen(items: Iterable[ScenarioItem], keyword: str) -> list[ScenarioItem]:
    """Return the items whose name, file or a tag has *keyword* in it."""
    word = keyword.casefold()
    return [item for item in items if any(word in text.casefold() for text in _texts(item))]


def _texts(item: ScenarioItem) -> tuple[str, ...]:
    return item.node_id, *item.tags
