"""``--shard 3/8``: one part of the items, split by how long each took; each run keeps that."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from bpmax_sim.errors import ConfigError
from bpmax_sim.report.verdict import Verdict
from bpmax_sim.scenario import durations
from bpmax_sim.scenario.item import ScenarioItem
from bpmax_sim.scenario.names import find_root
from bpmax_sim.scenario.shards import Shard


def shard_of(text: str) -> Shard | None:
    """Return the shard that the option names, if it does.

    Raises:
        ConfigError: it is none.
    """
    try:
        return Shard.parse(text) if text else None
    except ValueError as error:
        raise ConfigError(f"--shard: {error}") from None


def part_of(items: Sequence[ScenarioItem], shard: Shard | None) -> list[ScenarioItem]:
    """Return those of *items* that are in *shard*, in their order; without one, all.

    Raises:
        ConfigError: the durations cannot be read.
    """
    if shard is None:
        return list(items)
    root = find_root(Path.cwd())
    keys = [_key(item, root) for item in items]
    within = shard.among(keys, durations.read(root))
    return [item for item, key in zip(items, keys, strict=True) if key in within]


def timed(verdicts: Iterable[Verdict], shard: Shard | None) -> Iterator[Verdict]:
    """Yield *verdicts* of items that are replayed, and keep what each took in real time."""
    root, took = find_root(Path.cwd()), dict[str, float]()
    begun = time.perf_counter()
    for verdict in verdicts:
        now = time.perf_counter()
        if verdict.digest:  # it ran
            took[_key(verdict.item, root)] = now - begun
        yield verdict
        begun = time.perf_counter()
    if took:
        durations.keep(root, took, shard=shard)


def _key(item: ScenarioItem, root: Path) -> str:
    return durations.key_of(item.path.absolute(), root, item.node_name)
