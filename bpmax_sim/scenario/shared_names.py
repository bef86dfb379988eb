"""Find variables and fault sets of a ``defaults.yaml`` that no scenario below its folder uses."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import Final

from bpmax_sim.i18n import msg
from bpmax_sim.project import (
    DEFAULTS,
    SUFFIX,
    SUFFIXES,
    compute_file_stamp,
    find_files_below,
    find_instances_file_above,
    find_platform_folders,
    find_root,
    join_to_file,
    read_searched_text,
    to_absolute_path,
    to_local_override,
    to_path,
)
from bpmax_sim.scenario.table_rows import ScenarioDraft

_WORD: Final = re.compile(r"[\w$-]+")
_ENDINGS: Final = (*SUFFIXES, ".csv", ".py")


def check_shared_names(draft: ScenarioDraft, used: Collection[str]) -> None:
    """Report names that a ``defaults.yaml`` declares and that no file below its folder mentions.

    *used* are the names that the scenario itself reads, which need no search in files.
    """
    for fragment, spot in draft.fragments[: len(draft.fragments) - draft.used]:
        file = Path(spot.source.path)
        for key, names in (("vars", fragment.vars), ("fault_sets", fragment.fault_sets)):
            left = [name for name in names if name not in used] if file.name == DEFAULTS else ()
            for name in left:
                known = _collect_words_below_folder(to_absolute_path(file))
                if not known.issuperset(_WORD.findall(name)):
                    message = msg(
                        "no scenario below this folder uses {name!r}; take it away, or name it",
                        name=name,
                    )
                    draft.tell(spot.at(key, name), message, kind="rule", fails=False)


@lru_cache(maxsize=64)  # asked by every scenario below the folder, for each name it does not use
def _collect_words_below_folder(defaults: str) -> frozenset[str]:
    """Return every word in the files below the folder of *defaults*, an absolute path.

    `forget_searched_folders` ends the life of a result.
    """
    files = map(str, find_files_below(join_to_file(defaults, ""), _ENDINGS))
    return _find_in_files(_WORD, (path for path in files if path != defaults))


def _find_in_files(pattern: re.Pattern[str], files: Iterable[str]) -> frozenset[str]:
    """Return what *pattern*, with a group or without, finds in *files*, which are absolute."""
    stamps = chain.from_iterable(map(compute_file_stamp, files))
    return frozenset(chain.from_iterable(_find_in_file(pattern, *stamp) for stamp in stamps))


@lru_cache(maxsize=8192)
def _find_in_file(pattern: re.Pattern[str], path: str, _size: int, _mtime: int) -> frozenset[str]:
    """Do as `_find_in_files` for one; by its stamp only a file that has changed is read again."""
    return frozenset(pattern.findall(read_searched_text(path)))


def forget_searched_folders() -> None:
    """Have folders searched again for names that files mention, after some were saved.

    ``run --watch`` calls it before each of its runs; other runs see all files as of one moment.
    """
    _collect_words_below_folder.cache_clear()
    _find_env_names_at_or_below.cache_clear()


_VARIABLE: Final = re.compile(r"env['\"]?\s*[:.\[]\s*['\"]?(\w+)")


def find_env_names_of_shared_files(draft: ScenarioDraft) -> set[str]:
    """Return the environment variables that the scenario or the files shared with it mention.

    Shared are its platforms and instances, wherever they lie, and all YAML files below its
    ``scenarios`` folder that are no scenarios, such as fragments and defaults.
    """
    own = draft.spot.source.lines_of_all_files
    names = {name for text in own for name in re.findall(r"\$\{\s*env\.(\w+)", text)}
    return names.union(*map(_find_env_names_at_or_below, _find_shared_places(draft)))


@lru_cache(maxsize=64)  # asked by every scenario that hides a variable which is not set
def _find_env_names_at_or_below(place: str) -> frozenset[str]:
    """Return the environment variables that the shared YAML files at or below *place* mention.

    *place* is an absolute path. `forget_searched_folders` ends the life of a result.
    """
    is_folder = os.path.isdir(place)  # noqa: PTH112 - a text, as a key of the cache
    files = map(str, find_files_below(place, SUFFIXES)) if is_folder else (place,)
    return _find_in_files(_VARIABLE, (file for file in files if not file.endswith(SUFFIX)))


def _find_shared_places(draft: ScenarioDraft) -> Iterator[str]:
    """Yield ``scenarios``, and the files and folders of platforms and instances, absolute."""
    root = find_root(Path(draft.spot.source.path))
    yield to_absolute_path(root / "scenarios")
    platforms: tuple[Path, ...] = ()
    with suppress(ValueError):  # reported by the loader
        platforms = find_platforms_of_scenario(draft, root)
    yield from map(to_absolute_path, platforms)
    instances = find_named_instances(draft)
    beside = find_instances_file_above(to_absolute_path(platforms[-1])) if platforms else ""
    if file := str(instances or beside):
        yield from map(to_absolute_path, (file, to_local_override(file)))


def find_named_instances(draft: ScenarioDraft) -> Path | None:
    """Return the file of instances that the scenario names; None if it names none."""
    name = draft.scenario.proxy.instances
    spot = draft.spot.at("proxy", "instances")
    return to_path(to_absolute_path(spot.resolve_file_name(name))) if name else None


def find_platforms_of_scenario(draft: ScenarioDraft, root: Path) -> tuple[Path, ...]:
    """Return the platform folders that the scenario names, else those of the project at *root*.

    Raises:
        ValueError: if pyproject.toml names a folder that does not exist.
    """
    if named := draft.scenario.proxy.platform_paths:
        spots = draft.spot.at("proxy", "platforms").locate_elements(named)
        return tuple(
            to_path(to_absolute_path(spot.resolve_file_name(name))) for name, spot in spots
        )
    return find_platform_folders(root)
