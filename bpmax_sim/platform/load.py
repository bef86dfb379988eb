"""A folder of platform files -> `Platforms`; each file is read once for its size and time."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path

import msgspec

from bpmax_sim.errors import ConfigError, Place, Problem
from bpmax_sim.platform.disk import SUFFIXES, Stamp, absolute, file_stamp, find_instances, stamp
from bpmax_sim.platform.file import PlatformFile, read_file
from bpmax_sim.platform.instances import read_instances
from bpmax_sim.platform.model import Platform
from bpmax_sim.platform.platforms import Platforms
from bpmax_sim.yamlfile import shown

BUILT_IN = Path(__file__).parent / "builtin"

_KEPT = 64


class _Loaded(msgspec.Struct, frozen=True):
    """What was loaded, and the state of the disk then."""

    platforms: Platforms
    stamp: Stamp


_loaded: dict[tuple[str, str], _Loaded] = {}
_files: dict[str, tuple[Stamp, PlatformFile]] = {}


def load_platforms(
    path: str | os.PathLike[str] | None, *, instances: str | os.PathLike[str] | None = None
) -> Platforms:
    """Return the platforms of a folder, over the built-in ones.

    Args:
        path: a folder of ``*.yaml`` files, or one such file; None for the built-in ones alone.
        instances: the file of instances; by default ``instances.yaml`` beside the folder, else
            the nearest above. Its ``instances.local.yaml`` wins key by key.

    Raises:
        ConfigError: everything that is wrong in any of the files, at once.
    """
    folder = "" if path is None else absolute(path)
    place = _instances(folder, instances)
    now = stamp(folder, place)
    key = (folder, place)
    kept = _loaded.get(key)
    if kept is None or kept.stamp != now:
        platforms = _load(None if path is None else Path(path), Path(place) if place else None)
        if len(_loaded) >= _KEPT:
            _loaded.clear()
        _loaded[key] = kept = _Loaded(platforms, now)
    return kept.platforms


def read_platform(path: Path, *, file: str = "") -> Platform:
    """Return the platform that one file declares.

    Args:
        path: the file.
        file: what messages call it.

    Raises:
        ConfigError: everything that is wrong in it, at once.
    """
    found = read_file(path, file)
    if found.platform is None or found.problems:
        raise ConfigError(*found.problems)
    return found.platform


@cache
def built_in(key: str) -> Platform | None:
    """Return a shipped platform by key, or None; it is read when it is first asked for."""
    if key not in built_in_keys():
        return None
    return read_platform(BUILT_IN / f"{key}.yaml", file=f"builtin/{key}.yaml")


@cache
def built_in_keys() -> tuple[str, ...]:
    """Return the keys of the shipped platforms, sorted."""
    return tuple(sorted(path.stem for path in BUILT_IN.glob("*.yaml")))


def _load(folder: Path | None, place: Path | None) -> Platforms:
    files = _platform_files(folder) if folder is not None else []
    problems = [problem for file in files for problem in file.problems]
    _check_keys(files, problems)
    platforms = Platforms(
        own={file.key: file.platform for file in reversed(files) if file.platform is not None},
        built_in=built_in,
        built_in_keys=built_in_keys(),
        folder=shown(folder) if folder is not None else "scenarios/platforms",
        instances=shown(place) if place is not None else "scenarios/instances.yaml",
    )
    if place is not None:
        broken = {file.key for file in files if file.key and file.problems}
        find = _finder(platforms, broken)
        entries = read_instances(place, find, {*platforms.keys, *broken}, problems)
        platforms = platforms.with_entries(entries)
    if problems:
        raise ConfigError(*problems)
    return platforms


def _finder(platforms: Platforms, broken: set[str]) -> Callable[[str], Platform | None]:
    """Return the look-up for instances; what a broken file declares is not held against them."""
    return lambda key: None if key in broken else platforms.find(key)


def _instances(folder: str, given: str | os.PathLike[str] | None) -> str:
    if given is not None:
        return os.fspath(given)
    return find_instances(folder) if folder else ""


def _platform_files(folder: Path) -> list[PlatformFile]:
    if not folder.exists():
        told = "there is no such folder; create it, or name another"
        raise ConfigError(Problem(told, Place(shown(folder))))
    if not folder.is_dir():
        return [_cached(folder)]
    paths = sorted(path for path in folder.iterdir() if path.name.endswith(SUFFIXES))
    return [_cached(path) for path in paths if not path.name.startswith(".")]


def _cached(path: Path) -> PlatformFile:
    name = absolute(path)
    now = file_stamp(name)
    kept = _files.get(name)
    if kept is None or kept[0] != now:
        if len(_files) >= _KEPT * 16:
            _files.clear()
        _files[name] = kept = (now, read_file(path, ""))
    return kept[1]


def _check_keys(files: Iterable[PlatformFile], problems: list[Problem]) -> None:
    seen: dict[str, Place] = {}
    for file in files:
        first = seen.setdefault(file.key, file.place)
        if file.key and first is not file.place:
            told = f"a second platform {file.key!r}, first at {first}; rename or remove one"
            problems.append(Problem(told, file.place, "platform_key"))
