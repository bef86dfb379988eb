"""What a recording changed in the cassettes, told a line each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from bpmax_sim.cassette.file import Cassette
from bpmax_sim.cli.execution import Choices, cassette_of
from bpmax_sim.cli.output import tell
from bpmax_sim.report.terminal import counted
from bpmax_sim.scenario.item import ScenarioItem
from bpmax_sim.yamlfile import shown


def contents(items: Sequence[ScenarioItem], choices: Choices) -> dict[Path, bytes]:
    """Return the bytes of each cassette that *items* will record; empty in other modes."""
    if choices.mode != "record":
        return {}
    files = dict.fromkeys(cassette_of(item, choices) for item in items)
    return {path: path.read_bytes() if path.exists() else b"" for path in files}


def tell_recorded(before: Mapping[Path, bytes]) -> None:
    """Tell of each cassette how many exchanges it has, or that it is as it was *before*."""
    for path, old in before.items():
        if not path.exists():
            continue
        same = path.read_bytes() == old
        told = "unchanged" if same else counted(len(Cassette.load(path)), "exchange")
        tell(f"{shown(path)}: {told}")
