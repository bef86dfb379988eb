"""Find the earlier name of a scenario, under which its recordings still stand in a cassette."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import suppress
from itertools import chain
from pathlib import Path

from bpmax_sim.errors import ConfigError
from bpmax_sim.project import SUFFIX, find_files_below
from bpmax_sim.scenario.load import ScenarioItem
from bpmax_sim.scenario.source import ScenarioSource


def find_former_name(item: ScenarioItem, owners: Sequence[str]) -> str:
    """Return the one of *owners* that is *item* under an earlier name; or "".

    Owners are the names of scenarios and rows for which a cassette has recordings. An earlier name
    is one listed in ``was``. It is also the only owner if the cassette is that of the file's path
    and no scenario has this title any more: then the title was changed.
    """
    earlier = [f"{title}[{item.row_id}]" if item.row else title for title in item.scenario.was]
    for name in earlier:
        if name in owners:
            return name
    if len(owners) != 1 or item.scenario.proxy.cassette:
        return ""
    sole = owners[0]
    titles = {sole, sole.rpartition("[")[0]} - {""}
    return "" if _has_scenario_titled(item.root, titles) else sole


def _has_scenario_titled(root: Path, titles: Collection[str]) -> bool:
    """Return whether any scenario of the project has one of *titles*."""
    # The folder of scenarios may be a link, which the search from the root does not follow.
    found = chain(find_files_below(root / "scenarios", SUFFIX), find_files_below(root, SUFFIX))
    for path in dict.fromkeys(found):
        with suppress(ConfigError):
            source = ScenarioSource.read(path)
            title = source.root.find_child("scenario")
            if title is not None and title.value in titles:
                return True
    return False
