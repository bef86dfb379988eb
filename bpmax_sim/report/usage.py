"""What runs tell of cassettes, from one machine or from many: ``.bpmax/usage``.

A complete run keeps ``1-of-1.json``, the third shard of eight ``3-of-8.json``. Paths are relative
to the project, so that what other machines gathered counts here; nothing counts unless all shards
are there.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec

from bpmax_sim.errors import ConfigError
from bpmax_sim.file_names import relative_name
from bpmax_sim.i18n import encode_message
from bpmax_sim.project import make_folder
from bpmax_sim.scenario.shards import Shard
from bpmax_sim.yamlfile import display_path

FOLDER: Final = Path(".bpmax", "usage")
_FILE: Final = re.compile(r"(\d+)-of-(\d+)\.json")
_WHOLE: Final = Shard(1, 1)


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """What a run tells of cassettes; paths are relative to the project's root.

    Attributes:
        folders: where cassettes lie.
        digests: of each cassette that was played by tests that passed, and by no other.
        owners: who has exchanges in it: tests that were collected, or that opened it.
        left: owner -> the exchanges that none of its sessions played, by their order of issue.
        unplayed_files: cassettes of which nothing is known: a test of theirs failed or was skipped.
        tests: the files of the tests.
        sources: digest of each file of tests and scenarios, where another machine may read this.
    """

    folders: tuple[str, ...]
    digests: Mapping[str, str]
    owners: Mapping[str, tuple[str, ...]]
    left: Mapping[str, Mapping[str, tuple[int, ...]]]
    unplayed_files: tuple[str, ...] = msgspec.field(name="kept")
    tests: tuple[str, ...]
    sources: Mapping[str, str] = {}
    version: int = 2


def digest_of(path: str | Path) -> str:
    """Return the SHA-256 of a file's bytes, in hexadecimal.

    Raises:
        OSError: it cannot be read.
    """
    with open(path, "rb") as file:  # noqa: PTH123 - of thousands of files
        return hashlib.sha256(file.read()).hexdigest()


def digest_sources(root: Path, tests: Iterable[str]) -> dict[str, str]:
    """Return the digest of each file of *tests*, relative to *root*, and of its scenarios."""
    scenarios = (path for path in (root / "scenarios").rglob("*") if path.is_file())
    names = sorted({*tests, *(relative_name(path, root) for path in scenarios)})
    return {name: digest_of(root / name) for name in names if (root / name).is_file()}


def store_evidence(evidence: Evidence, root: Path, shard: Shard = _WHOLE) -> None:
    """Write *evidence* below *root*; where that cannot be, there is none.

    What was kept of another number of shards goes.
    """
    name = f"{shard.number}-of-{shard.total}.json"
    with suppress(OSError):
        folder = root / FOLDER
        make_folder(folder / name)
        for path in folder.glob("*-of-*.json"):
            if not path.name.endswith(f"-of-{shard.total}.json"):
                path.unlink()
        (folder / name).write_bytes(msgspec.json.encode(evidence, enc_hook=encode_message))


def find_evidence(places: Sequence[Path]) -> list[Path]:
    """Return every file of evidence below *places*.

    Raises:
        ConfigError: a place has none, or the file of a shard is missing.
    """
    found: list[Path] = []
    for place in places:
        own = [path for path in sorted(place.rglob("*.json")) if _FILE.fullmatch(path.name)]
        if not own:
            raise ConfigError(
                "{place}: there is nothing of a complete run here; keep .bpmax/usage of each job",
                place=display_path(place),
            )
        found += own
    shards = defaultdict[int, set[int]](set)
    for match in filter(None, (_FILE.fullmatch(path.name) for path in found)):
        shards[int(match[2])].add(int(match[1]))
    for total, numbers in shards.items():
        for number in range(1, total + 1):
            if number not in numbers:
                raise ConfigError(
                    "what shard {number} of {total} used is missing; keep its .bpmax/usage, too",
                    number=number,
                    total=total,
                )
    return found


def read_evidence(root: Path, places: Sequence[Path] = ()) -> Evidence | None:
    """Return what all runs in *places* told, by default the last ones below *root*.

    None is for a project without any.

    Raises:
        ConfigError: a shard is missing, or was run with other files than those of *root*.
    """
    own = root / FOLDER
    if not places and not any(own.glob("*-of-*.json")):
        return None
    every = []
    for path in find_evidence(places or [own]):
        try:
            every.append(msgspec.json.decode(path.read_bytes(), type=Evidence))
        except (OSError, msgspec.MsgspecError):
            if not places:
                return None
            raise ConfigError(
                "{path}: cannot be read, or is of another version of bpmax-sim; run all "
                "tests again",
                path=display_path(path),
            ) from None
    return merge_evidence(every)


def merge_evidence(every: Sequence[Evidence]) -> Evidence:
    """Return what several runs tell together: what any of them used is used."""
    owners, left = defaultdict[str, set[str]](set), defaultdict[str, dict[str, set[int]]](dict)
    digests: dict[str, str] = {}
    sources: dict[str, str] = {}
    unknown = {name for one in every for name in one.unplayed_files}
    for one in every:
        for known, new in ((digests, one.digests), (sources, one.sources)):
            for name, digest in new.items():
                if known.setdefault(name, digest) != digest:
                    raise ConfigError(
                        "{name}: not the same in all runs, so nothing is known of what is used",
                        name=name,
                    )
        for name, names in one.owners.items():
            owners[name].update(names)
        for name, by_owner in one.left.items():
            for owner, orders in by_owner.items():
                before = left[name].get(owner)
                left[name][owner] = {*orders} if before is None else before & {*orders}
    return Evidence(
        folders=tuple(sorted({folder for one in every for folder in one.folders})),
        digests={name: digests[name] for name in sorted({*digests} - unknown)},
        owners={name: tuple(sorted(names)) for name, names in owners.items()},
        left={
            name: {owner: tuple(sorted(orders)) for owner, orders in by_owner.items()}
            for name, by_owner in left.items()
        },
        unplayed_files=tuple(sorted(unknown)),
        tests=tuple(sorted({test for one in every for test in one.tests})),
        sources=sources,
    )


def gathered_at(root: Path) -> int:
    """Return when the oldest evidence below *root* was kept, in nanoseconds."""
    return min(path.stat().st_mtime_ns for path in (root / FOLDER).glob("*-of-*.json"))


def from_another_machine() -> bool:
    """Return whether this is a job whose evidence is read elsewhere."""
    return bool(os.environ.get("CI"))
