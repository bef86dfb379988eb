"""The demonstration's folder, made of the files that the package ships."""

from __future__ import annotations

from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from bpmax_sim.errors import ConfigError, Place, Problem
from bpmax_sim.yamlfile import shown

SIGN = "# bpmax-sim demo"
"""The first line of a folder's README.md that says that the folder is ours."""


def make(folder: Path, *, force: bool = False) -> tuple[Path, ...]:
    """Write the files into *folder* and return them; others in it stay.

    Raises:
        ConfigError: if the folder holds something that is not ours, unless *force*.
    """
    _check(folder, force=force)
    try:
        return tuple(_copy(files("bpmax_sim.demo") / "files", folder))
    except OSError as error:
        told = f"cannot be written: {error.strerror}; name another folder"
        raise ConfigError(Problem(told, Place(shown(folder)))) from error


def _check(folder: Path, *, force: bool) -> None:
    if not folder.exists() or force:
        return
    if not folder.is_dir():
        raise ConfigError(Problem("this is a file; name a folder", Place(shown(folder))))
    if any(folder.iterdir()) and not _is_ours(folder / "README.md"):
        told = (
            "this folder is not empty and not a demonstration; name another, or write ours beside "
            "what is there with --force"
        )
        raise ConfigError(Problem(told, Place(shown(folder))))


def _is_ours(readme: Path) -> bool:
    try:
        return readme.read_text(encoding="utf-8").startswith(f"{SIGN}\n")
    except (OSError, UnicodeDecodeError):
        return False


def _copy(source: Traversable, target: Path) -> list[Path]:
    target.mkdir(parents=True, exist_ok=True)
    written: list[Path] = []
    for entry in sorted(source.iterdir(), key=lambda one: one.name):
        place = target / entry.name
        if entry.is_dir():
            written += _copy(entry, place)
        else:
            place.write_bytes(entry.read_bytes())
            written.append(place)
    return written
