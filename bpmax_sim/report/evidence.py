"""What a complete run of pytest played, kept for `bpmax-sim prune` below ``.bpmax``.

It holds for the cassettes and tests that it was gathered from: whoever uses it checks that they
are still the same.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

import msgspec

from bpmax_sim.scenario.kept import make_folder

PLACE = Path(".bpmax", "played.json")


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """What a run tells of cassettes, by their path.

    Attributes:
        folders: where cassettes lie.
        digests: of each cassette that was played by tests that passed, and by no other.
        owners: who has exchanges in it: tests that were collected, or that opened it.
        left: owner -> the exchanges that none of its sessions played, by their order of issue.
        kept: cassettes of which nothing can be said: a test that uses them failed or was skipped.
        tests: the files of the tests.
    """

    folders: tuple[str, ...]
    digests: Mapping[str, str]
    owners: Mapping[str, tuple[str, ...]]
    left: Mapping[str, Mapping[str, tuple[int, ...]]]
    kept: tuple[str, ...]
    tests: tuple[str, ...]
    version: int = 1


def digest_of(path: str) -> str:
    """Return the digest of a file's bytes."""
    with open(path, "rb") as file:  # noqa: PTH123 - of thousands of files
        return hashlib.sha256(file.read()).hexdigest()


def keep(evidence: Evidence, root: Path) -> None:
    """Write *evidence* below *root*; where that cannot be, there is none."""
    path = root / PLACE
    try:
        make_folder(path)
        path.write_bytes(msgspec.json.encode(evidence))
    except OSError:
        return


def kept(root: Path) -> Evidence | None:
    """Return what the last complete run below *root* told, or None if it cannot be read."""
    try:
        return msgspec.json.decode((root / PLACE).read_bytes(), type=Evidence)
    except (OSError, msgspec.MsgspecError):
        return None
