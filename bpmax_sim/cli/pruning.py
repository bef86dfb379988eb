"""The evidence of a complete run -> which exchanges and cassettes nobody uses any more."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec

from bpmax_sim.cassette.file import Cassette
from bpmax_sim.errors import ConfigError
from bpmax_sim.report.evidence import PLACE, Evidence, digest_of
from bpmax_sim.yamlfile import shown

_AUTH = "auth"
"""The folder of logins, which any call may need."""


class Leftover(msgspec.Struct, frozen=True):
    """Exchanges of a cassette that nobody plays, counted from 0; of an orphan, all of them."""

    path: Path
    numbers: frozenset[int]
    total: int
    calls: tuple[str, ...]

    @property
    def is_orphan(self) -> bool:
        """Return whether the file goes as a whole."""
        return len(self.numbers) == self.total


def leftovers(evidence: Evidence, root: Path) -> Iterator[Leftover]:
    """Yield what may go, file by file.

    Raises:
        ConfigError: something changed since the run, so it proves nothing.
        CassetteError: a cassette that is to be cut is not sound.
    """
    _check(evidence, root)
    for folder in map(Path, evidence.folders):
        for path in sorted(folder.rglob("*.yaml")):
            if path.relative_to(folder).parts[0] != _AUTH and str(path) not in evidence.kept:
                yield from _of(path, evidence)


def _of(path: Path, evidence: Evidence) -> Iterator[Leftover]:
    cassette = Cassette.load(shown(path))
    lines = [cassette.line(number) for number in range(len(cassette))]
    left, owners = evidence.left.get(str(path), {}), evidence.owners.get(str(path), ())
    numbers = frozenset(
        number
        for number, line in enumerate(lines)
        if line.owner not in owners or line.n in left.get(line.owner, ())
    )
    if numbers or not lines:
        calls = tuple(dict.fromkeys(lines[number].call for number in sorted(numbers)))
        yield Leftover(path, numbers, len(lines), calls)


def _check(evidence: Evidence, root: Path) -> None:
    """Refuse evidence that is older than what it was gathered from."""
    gathered = (root / PLACE).stat().st_mtime_ns
    scenarios = (path for path in (root / "scenarios").rglob("*") if path.is_file())
    for path in (*scenarios, *map(Path, evidence.tests)):
        if not path.exists() or path.stat().st_mtime_ns > gathered:
            raise _stale(path)
    for name, digest in evidence.digests.items():
        if not Path(name).is_file() or digest_of(name) != digest:
            raise _stale(Path(name))


def _stale(path: Path) -> ConfigError:
    return ConfigError(
        f"{shown(path)}: changed since the last complete run, which proves nothing now; "
        "run all tests again: pytest"
    )
