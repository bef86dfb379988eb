"""Cassettes on the disk: those of the project, or those that the user names."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from bpmax_sim.cassette.file import Cassette
from bpmax_sim.cassette.remote import Remote, is_url, mirror
from bpmax_sim.cli.selection import missing
from bpmax_sim.errors import ConfigError
from bpmax_sim.scenario.names import find_root

_JOURNAL = re.compile(r"\.\d+-\d+\.journal$")


def opened(path: Path) -> Cassette:
    """Return the cassette at *path*.

    Raises:
        ConfigError: there is no such file.
        CassetteError: it is not sound.
    """
    if not path.exists() or path.is_dir():
        raise ConfigError(missing(str(path), Path.cwd(), ".yaml"))
    return Cassette.load(path)


def below(paths: Sequence[Path], suffix: str) -> list[Path]:
    """Return the files that end with *suffix* among and below *paths*, or the project's.

    Raises:
        ConfigError: if one of *paths* is not there.
    """
    given = paths or [find_root(Path.cwd()) / "cassettes"]
    lacking = [missing(str(path), Path.cwd(), suffix) for path in paths if not path.exists()]
    if lacking:
        raise ConfigError(*lacking)
    return list(dict.fromkeys(found for path in given for found in _below(path, suffix)))


def cassettes_at(said: str | None) -> tuple[Path | None, Remote | None]:
    """Return the folder that *said* names, and where its files come from if that is a URL."""
    if not said:
        return None, None
    if not is_url(said):
        return Path(said), None
    remote = mirror(said, find_root(Path.cwd()))
    return remote.folder, remote


def _below(path: Path, suffix: str) -> Iterator[Path]:
    if path.is_dir():
        yield from sorted(path.rglob(f"*{suffix}"))
    elif path.name.endswith(suffix):
        yield path


def with_journals(paths: Sequence[Path]) -> list[Path]:
    """Return the cassettes that a recording left journals of.

    Raises:
        ConfigError: if there is neither a cassette nor a journal where *paths* say.
    """
    folders = [path for path in paths if path.is_dir()]
    named = [path for path in paths if not path.is_dir()]
    journals = below(folders, ".journal") if folders or not named else []
    for path in named:
        if not path.exists() and not list(path.parent.glob(f"{path.name}.*.journal")):
            raise ConfigError(missing(str(path), Path.cwd(), ".yaml"))
    cassettes = [path.with_name(_JOURNAL.sub("", path.name)) for path in journals]
    return list(dict.fromkeys([*named, *cassettes]))
