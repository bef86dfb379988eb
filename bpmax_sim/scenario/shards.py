"""Divide items into shards of equal duration, by the durations of their last runs.

``.bpmax/durations.json`` holds real seconds: ``{"version": 1, "seconds":
{"scenarios/x.scenario.yaml::名称[行]": 0.0123}}``. The run of a shard writes a file of its own,
``durations.3-of-8.json``, so that the division does not change until all shards have run; the next
run without shards, or `merge_shard_durations`, combines the files.

The same items and durations give the same division. The longest item comes first, each goes to the
shard with the least load (Graham's LPT rule), so that no shard takes longer than the least loaded
one plus one item.
"""

from __future__ import annotations

import hashlib
import heapq
import json
import os
import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from math import fsum  # the same on every Python, as all shards have to divide alike
from pathlib import Path
from types import MappingProxyType
from typing import Any, Self

import msgspec

from bpmax_sim.errors import ConfigError, Place, Problem
from bpmax_sim.file_names import to_relative_name
from bpmax_sim.file_system import move_file
from bpmax_sim.i18n import msg
from bpmax_sim.project import make_parent_folder
from bpmax_sim.scenario.expect import is_number
from bpmax_sim.yamlfile import to_display_path

_WRITTEN = re.compile(r"([0-9]{1,6})/([0-9]{1,6})")
_UNKNOWN = 1.0
"""Seconds of every item, where nothing is known of any."""
_MOST = 1e9
"""Nothing takes thirty years; a larger number would swallow all others."""


class Shard(msgspec.Struct, frozen=True):
    """One of several parts into which a run is divided, such as for machines of a CI.

    Attributes:
        number: number of the part, from 1.
        total: number of parts.
    """

    number: int
    total: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the shard of a text such as ``3/8``.

        Raises:
            ValueError: if the text has another form, or there is no such shard.
        """
        match = _WRITTEN.fullmatch(text.strip())
        if match is None:
            raise ValueError(msg("expected a shard of all, such as 3/8, got {text!r}", text=text))
        shard = cls(int(match[1]), int(match[2]))
        if not 1 <= shard.number <= shard.total:
            raise ValueError(
                msg(
                    "expected a shard from 1/{total} to {total}/{total}, got {text!r}",
                    total=shard.total,
                    text=text,
                )
            )
        return shard

    def __str__(self) -> str:
        """Return ``3/8``."""
        return f"{self.number}/{self.total}"

    def select_keys(
        self,
        keys: Iterable[str],
        seconds: Mapping[str, Any],
        cassettes: Mapping[str, str] = MappingProxyType({}),
    ) -> frozenset[str]:
        """Return those of *keys*, one for each test or scenario, that are in this shard.

        *seconds* are the durations of earlier runs by key. *cassettes* maps a key to the cassette
        that the test uses; tests with the same one are kept together.
        """
        split = assign_shards(keys, seconds, self.total, cassettes)
        return frozenset(key for key, number in split.items() if number == self.number)


def assign_shards(
    keys: Iterable[str],
    seconds: Mapping[str, Any],
    total: int,
    cassettes: Mapping[str, str] = MappingProxyType({}),
) -> dict[str, int]:
    """Return the shard (from 1) of each of *keys*.

    Args:
        keys: keys of tests or scenarios, as `make_duration_key` returns them, in any order.
        seconds: duration of each; a missing or non-positive one counts as the median of the others.
        total: number of shards.
        cassettes: key -> cassette. Tests that share one are kept in one shard, because unplayed
            exchanges and new recordings can only be judged for a whole cassette.
    """
    from statistics import median  # noqa: PLC0415 - most runs are whole

    every = sorted(set(keys))
    numbers = {key: seconds[key] for key in every if is_number(seconds.get(key))}
    known = {key: float(number) for key, number in numbers.items() if 0 < number < _MOST}
    # A new item counts as the median: as 0 s, all new items would land in one shard.
    usual = median(known.values()) if known else _UNKNOWN
    groups: dict[str, list[str]] = {}
    for key in every:
        groups.setdefault(cassettes.get(key, key), []).append(key)
    # The longest group first, each to the least loaded shard (LPT); names break ties, so that all
    # shards, which cannot talk to each other, come to the same division.
    weighed = sorted(
        (-fsum(known.get(k, usual) for k in group), group) for group in groups.values()
    )
    loads = [(0.0, number) for number in range(1, total + 1)]
    result: dict[str, int] = {}
    for weight, group in weighed:
        load, number = loads[0]
        heapq.heapreplace(loads, (load - weight, number))
        result |= dict.fromkeys(group, number)
    return result


FILE = Path(".bpmax", "durations.json")
VERSION = 1


def make_duration_key(path: Path, root: Path, name: str) -> str:
    """Return the key of a test or scenario for its duration: ``file::name``.

    The file is *path* relative to *root*, so the key does not depend on where the project is.
    """
    return f"{to_relative_name(path, root)}::{name}"


def read_durations(root: Path, file: Path = FILE) -> dict[str, Any]:
    """Return the durations of earlier runs: key of a test -> seconds; empty before the first run.

    Raises:
        ConfigError: if the file is damaged. It is not ignored, because shards that read different
            durations would leave tests out.
    """
    path = root / file
    try:
        data = json.loads(path.read_bytes())
        return dict(data["seconds"])
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        message = msg("these are no durations; delete the file, every shard's copy of it alike")
        raise ConfigError(Problem(message, Place(to_display_path(path)))) from None


def fingerprint_durations(seconds: Mapping[str, Any]) -> str:
    """Return 8 hexadecimal digits, equal for equal *seconds* (key of a test -> duration).

    Shards that have read other durations would divide the tests otherwise; by the digits, which
    each of them prints, a person can see that.
    """
    text = json.dumps(seconds, sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def store_durations(
    root: Path, seconds: Mapping[str, float], *, shard: Shard | None, complete: bool = False
) -> None:
    """Write the durations of a run: of a shard into a file of its own, else into the common one.

    If the folder cannot be written, nothing is stored.

    Args:
        root: project folder.
        seconds: durations by key.
        shard: the shard whose tests ran; None without shards.
        complete: whether everything ran, so that keys not among *seconds* no longer exist.
    """
    if shard is None:
        merge_shard_durations(root, seconds, complete=complete)
    else:
        name = f"durations.{shard.number}-of-{shard.total}.json"
        _write_if_possible((root / FILE).with_name(name), dict(seconds))


def merge_shard_durations(
    root: Path, seconds: Mapping[str, float], *, complete: bool = False
) -> None:
    """Write *seconds*, earlier durations and those in the files of shards into the one file.

    With *complete*, all tests have just run, so only *seconds* are kept. The files of shards are
    removed.
    """
    parts = sorted((root / FILE).parent.glob("durations.*-of-*.json"))
    durations: dict[str, Any] = {}
    for path in () if complete else (FILE, *parts):
        with suppress(ConfigError):
            durations |= read_durations(root, path)
    if _write_if_possible(root / FILE, durations | dict(seconds)):
        # Only once their seconds are in the common file, and on disk.
        for part in parts:
            part.unlink(missing_ok=True)


def _write_if_possible(path: Path, seconds: Mapping[str, Any]) -> bool:
    """Write *seconds*, the duration of each test by its key, to *path*; return False if impossible.

    The file is replaced as a whole, as others may read it meanwhile.
    """
    # Sorted here: msgspec's own order takes the square of the time where little is out of place, as
    # it is when one test joins those of the file.
    document = {
        key: round(value, 4) if isinstance(value, float) else value
        for key, value in sorted(seconds.items())
    }
    content = {"seconds": document, "version": VERSION}
    fresh = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        data = msgspec.json.encode(content)
        make_parent_folder(path)
        fresh.write_bytes(msgspec.json.format(data, indent=1) + b"\n")
        move_file(fresh, path)
    except (OSError, UnicodeEncodeError):
        return False
    return True
