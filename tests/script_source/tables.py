"""Tables of scripts: each line is what is found in a script, and the script.

What is found comes first, ``-`` where nothing is; ``⏎`` in a script is a line break.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from bpmax_sim.script_source.reading import find_slips


def retell(table: str, find: Callable[[str], Iterable[str]]) -> str:
    """Return *table* with what *find* finds now in front of each script."""
    scripts = [line.partition(" | ")[2] for line in table.strip().splitlines()]
    found = [" ".join(find(script.replace("⏎", "\n"))) or "-" for script in scripts]
    return "\n".join(f"{what} | {script}" for what, script in zip(found, scripts, strict=True))


def list_slips(script: str) -> list[str]:
    """Return the slips in *script*, each as ``rule@column``."""
    return [f"{slip.rule}@{slip.place.column}" for slip in find_slips(script)]
