"""Cache the verdicts on mutants in ``.bpmax/challenge``, so that unchanged ones are not run again.

A verdict is stored with a digest of all its inputs (script, scenario, recordings, environment). If
an input changed, the mutant is run again, first on the scenario that killed it the last time.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import msgspec

from bpmax_sim.index.files import make_code_edition, read_cache, write_cache
from bpmax_sim.project import NAME
from bpmax_sim.scenario.load import ScenarioItem
from bpmax_sim.scenario.observation import compute_digest
from bpmax_sim.variant.run import Baseline

_MOST_KEPT: Final = 50_000
_VARIABLE: Final = re.compile(r"\benv\.(\w+)")
_LOGINS: Final = "auth"


class StoredVerdict(msgspec.Struct, frozen=True, array_like=True):
    """The stored verdict on one mutant, which holds as long as *digest* stays the same.

    Attributes:
        digest: digest of all inputs of the verdict: mutant, scenarios, recordings ….
        verdict: name of the verdict, such as ``killed``.
        killer: node id of the item that noticed the mutant, or "".
        cause: kind of the failure by which it was noticed, or name of the exceeded limit.
    """

    digest: bytes
    verdict: str
    killer: str = ""
    cause: str = ""


class _StoredVerdicts(msgspec.Struct):
    edition: str
    verdicts: dict[bytes, StoredVerdict]


_DECODER: Final = msgspec.msgpack.Decoder(_StoredVerdicts)


class VerdictCache:
    """The verdicts of one project: those of earlier runs, and those of this one."""

    def __init__(self, root: Path) -> None:
        """Read the verdicts of earlier runs from the project at *root*.

        There are none if they cannot be read, or if another version of this package wrote them.
        """
        self._place = root / NAME / "challenge"
        self._kept = self._read_stored_verdicts()
        self._new: dict[bytes, StoredVerdict] = {}

    def _read_stored_verdicts(self) -> dict[bytes, StoredVerdict]:
        stored = read_cache(self._place, _DECODER, make_code_edition())
        return stored.verdicts if stored is not None else {}

    def find(self, key: bytes) -> StoredVerdict | None:
        """Return the stored verdict on the mutant with digest *key*, or None."""
        return self._kept.get(key)

    def add(self, key: bytes, verdict: StoredVerdict) -> None:
        """Store *verdict* for the mutant with digest *key*; `save` writes it."""
        self._new[key] = verdict

    def save(self) -> None:
        """Write the new verdicts into the cache file, together with those that it has by now.

        Other processes may have written it meanwhile.
        """
        if self._new:
            verdicts = [*{**self._read_stored_verdicts(), **self._new}.items()][-_MOST_KEPT:]
            write_cache(self._place, _StoredVerdicts(make_code_edition(), dict(verdicts)))


def digest_parts(*parts: object) -> bytes:
    """Return a digest that is equal for equal *parts* only."""
    return hashlib.blake2b(repr(parts).encode("utf-8", "surrogatepass"), digest_size=16).digest()


def digest_baseline(baseline: Baseline) -> bytes:
    """Return the digest of everything that runs of an item, with or without mutants, depend on.

    *baseline* is the item with the result of its unchanged run.
    """
    item = baseline.item
    named = {name: [one.step for one in steps] for name, steps in item.subjects.named.items()}
    texts = [(script.name, script.source) for script in item.subjects.script_and_flow_files]
    folder = baseline.cassettes or item.root / "cassettes"
    files = dict(
        _read_files_at_or_below(
            (*item.platforms, *_list_instances_files(item), *_list_recording_paths(item, folder))
        )
    )
    return digest_parts(
        item.scenario,
        item.row and item.row.values,
        [one.step for one in (*item.steps, *item.cleanup)],
        named,
        texts,
        (item.vars, item.cli_variables, item.strictness),
        files,
        list(
            _find_used_variables(baseline.environ, [*files.values(), repr(item.scenario).encode()])
        ),
        # Stands for what the run depends on and this list lacks.
        compute_digest(baseline.run.observations),
    )


def _list_instances_files(item: ScenarioItem) -> tuple[Path, ...]:
    return (item.instances,) if item.instances is not None else ()


def _list_recording_paths(item: ScenarioItem, folder: Path) -> Iterator[Path]:
    yield folder / f"{item.cassette}.yaml"
    yield folder / _LOGINS


def _read_files_at_or_below(places: tuple[Path, ...]) -> Iterator[tuple[str, bytes]]:
    """Yield the name and content of each file at or below *places*."""
    for place in places:
        for path in sorted(place.rglob("*")) if place.is_dir() else (place,):
            if path.is_file():
                yield str(path), path.read_bytes()


def _find_used_variables(
    environ: Mapping[str, str], texts: list[bytes]
) -> Iterator[tuple[str, str]]:
    """Yield name and value of each environment variable that any of *texts* reads as ``env.X``."""
    names = {name for text in texts for name in _VARIABLE.findall(text.decode("utf-8", "replace"))}
    yield from ((name, environ.get(name, "")) for name in sorted(names))
