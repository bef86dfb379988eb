"""The lines above a run, silent where the plugin is not used; imported by every run of pytest."""

from __future__ import annotations

from pathlib import Path

import pytest

from bpmax_sim.pytest_plugin import options
from bpmax_sim.scenario.names import find_root


def header(config: pytest.Config) -> list[str]:
    """Return ``bpmax-sim: replay, cassettes`` in a project that has scenarios, and the shard."""
    return [*_who_answers(config), *_sharded(config)]


def _who_answers(config: pytest.Config) -> list[str]:
    root = find_root(config.rootpath)
    if not (root / "scenarios").is_dir() and options.on_command_line(config, "mode") is None:
        return []
    mode = options.value(config, "mode", "replay")
    if mode == "record":
        mode += f" {options.value(config, 'record', 'once')}"
    folder = options.value(config, "cassettes")
    where = _place(folder) if folder else shown(root / "cassettes")
    closed = ", network closed" if mode in {"replay", "simulate"} else ""
    return [f"bpmax-sim: {mode}, cassettes in {where}{closed}"]


def _place(folder: str) -> str:
    from bpmax_sim.cassette.remote import is_url, shown_url  # noqa: PLC0415 - only where given

    return shown_url(folder) if is_url(folder) else folder


def _sharded(config: pytest.Config) -> list[str]:
    shard = options.value(config, "shard")
    if shard is None:
        return []
    from bpmax_sim.pytest_plugin import sharding  # noqa: PLC0415 - only where it is given

    return [f"bpmax-sim: {sharding.header(config, shard)}"]


def shown(path: Path) -> str:
    """Return *path* as seen from the working folder, where it lies below it."""
    try:
        return path.relative_to(Path.cwd()).as_posix()
    except ValueError:
        return path.as_posix()
