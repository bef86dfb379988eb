"""Which files count, and their sizes and times: what the cache of platforms is judged by.

This runs before every session, so it asks the system directly: ``pathlib`` takes ten times as long.
"""
# ruff: noqa: PTH100, PTH113, PTH116, PTH118, PTH120, PTH122

from __future__ import annotations

import os

INSTANCES = "instances.yaml"
LOCAL = "instances.local.yaml"
SUFFIXES = (".yaml", ".yml")

Stamp = tuple[tuple[str, int, int], ...]


def absolute(path: str | os.PathLike[str]) -> str:
    """Return *path* from the root, links kept."""
    return os.path.abspath(path)


def find_instances(folder: str) -> str:
    """Return ``instances.yaml`` beside *folder*, else the nearest above, else nothing."""
    above = os.path.abspath(folder)
    while (upper := os.path.dirname(above)) != above:
        found = os.path.join(upper, INSTANCES)
        if os.path.isfile(found) or os.path.isfile(os.path.join(upper, LOCAL)):
            return found
        above = upper
    return ""


def local_of(path: str) -> str:
    """Return the file whose keys win over those of *path*."""
    stem, suffix = os.path.splitext(path)
    return f"{stem}.local{suffix}"


def stamp(folder: str, place: str) -> Stamp:
    """Return name, size and time of every file of *folder* and of the instances at *place*."""
    found: list[tuple[str, int, int]] = []
    try:
        with os.scandir(folder or os.devnull) as entries:
            for entry in entries:
                if entry.name.endswith(SUFFIXES):
                    status = entry.stat()
                    found.append((entry.name, status.st_size, status.st_mtime_ns))
    except OSError:
        found += file_stamp(folder)
    if place:
        found += (*file_stamp(place), *file_stamp(local_of(place)))
    return tuple(found)


def file_stamp(path: str) -> Stamp:
    """Return name, size and time of one file, or that it is absent."""
    try:
        status = os.stat(path)
    except OSError:
        return ((path, -1, 0),)
    return ((path, status.st_size, status.st_mtime_ns),)
