"""Select the tests of this shard, and store durations for the shards of the next run.

All tests of a run are split, not only scenarios: each is in exactly one shard.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from bpmax_sim.errors import ConfigError
from bpmax_sim.i18n import msg
from bpmax_sim.project import SUFFIX
from bpmax_sim.pytest_plugin import options
from bpmax_sim.pytest_plugin import session_options as of_test
from bpmax_sim.pytest_plugin.items import ScenarioTest
from bpmax_sim.pytest_plugin.options import make_usage_error
from bpmax_sim.pytest_plugin.run_stats import get_tally
from bpmax_sim.scenario import shards
from bpmax_sim.scenario.shards import Shard


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep the tests of this shard (``--bpmax-shard 2/3``) and deselect the others.

    The order stays.
    """
    keys = dict(
        zip(items, _make_duration_keys(config, (item.nodeid for item in items)), strict=True)
    )
    cassettes = {
        key: item.found.header.cassette
        for item, key in keys.items()
        if isinstance(item, ScenarioTest)
    }
    chosen = options.read_option_value(config, "shard").select_keys(
        keys.values(), read_durations(config), cassettes
    )
    left_out = [item for item in items if keys[item] not in chosen]
    if left_out:
        get_tally(config).note_other_shards(
            cassette for cassette in map(_find_owned_cassette, left_out) if cassette
        )
        items[:] = [item for item in items if keys[item] in chosen]
        tally = get_tally(config)
        is_partial = tally.partial
        # Our own hook takes deselected tests for an incomplete run, so the flag is put back.
        config.hook.pytest_deselected(items=left_out)
        tally.partial = is_partial  # all shards together are everything


def _find_owned_cassette(item: pytest.Item) -> str | None:
    """Return the path of the cassette that *item* owns; None if it opens no session."""
    if isinstance(item, ScenarioTest):
        return f"{item.cassettes}{os.sep}{item.found.header.cassette}.yaml".replace("/", os.sep)
    if "bpmax_session" not in getattr(item, "fixturenames", ()):
        return None
    try:
        return str(of_test.choose_cassette_path(item))
    except ConfigError:  # a wrong marker is told where the test runs
        return None


def format_shard_header(config: pytest.Config, shard: Shard) -> str:
    """Return the header line of a shard: its number, and by which durations the tests were split.

    All shards of one run have to show the same durations, else some test runs twice or never.
    """
    known = msg("number, no durations known")
    if durations := read_durations(config):
        known = msg(
            "{durations_count} durations ({fingerprint})",
            durations_count=len(durations),
            fingerprint=shards.fingerprint_durations(durations),
        )
    return msg("shard {shard}, split by {known}", shard=shard, known=known)


def read_durations(config: pytest.Config) -> dict[str, Any]:
    """Return the seconds of each test in its last run.

    Raises:
        pytest.UsageError: if the file cannot be read.
    """
    try:
        return shards.read_durations(options.find_run_root(config))
    except ConfigError as error:
        raise make_usage_error("--bpmax-shard: {error}", error=error) from None


def _make_duration_keys(config: pytest.Config, nodeids: Iterable[str]) -> Iterator[str]:
    """Yield for each test id the key under which its duration is stored.

    It is the test's file relative to the project's root, and its name.
    """
    root, known = options.find_run_root(config), dict[str, str]()
    for nodeid in nodeids:
        file, _, name = nodeid.partition("::")
        if file not in known:
            known[file] = shards.make_duration_key(config.rootpath / file, root, "")
        yield f"{known[file]}{name}"


def store_durations(
    config: pytest.Config, reports: Iterable[pytest.TestReport], *, complete: bool
) -> None:
    """Store the seconds of the tests in *reports*, and add them to the tally.

    *complete* is whether all tests ran: then the durations of others are deleted. Without shards,
    nothing is done unless a scenario ran.
    """
    took: Counter[str] = Counter()
    for report in reports:
        took[report.nodeid] += report.duration  # type: ignore[assignment] # seconds
    shard = options.read_option_value(config, "shard")
    if shard is None and not any(f"{SUFFIX}::" in nodeid for nodeid in took):
        return
    root: Path = options.find_run_root(config)
    durations = dict(zip(_make_duration_keys(config, took), map(float, took.values()), strict=True))
    get_tally(config).seconds |= durations
    shards.store_durations(root, durations, shard=shard, complete=complete)
