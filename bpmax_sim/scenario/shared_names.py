"""Find variables and fault sets of a ``defaults.yaml`` that no scenario below its folder uses."""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import lru_cache
from pathlib import Path
from typing import Final

from bpmax_sim.i18n import msg
from bpmax_sim.project import DEFAULTS, find_root
from bpmax_sim.scenario.table_rows import ScenarioDraft

_WORD: Final = re.compile(r"[\w$-]+")
_FILES: Final = ("*.yaml", "*.yml", "*.csv", "*.py")


def check_shared_names(draft: ScenarioDraft, used: Collection[str]) -> None:
    """Report names that a ``defaults.yaml`` declares and that no file below its folder mentions.

    *used* are the names that the scenario itself reads, which need no search in files.
    """
    for fragment, spot in draft.fragments[: len(draft.fragments) - draft.used]:
        file = Path(spot.source.path)
        for key, names in (("vars", fragment.vars), ("fault_sets", fragment.fault_sets)):
            left = [name for name in names if name not in used] if file.name == DEFAULTS else ()
            for name in left:
                if not {*_WORD.findall(name)} <= _collect_words_below_folder(file):
                    message = msg(
                        "no scenario below this folder uses {name!r}; take it away, or name it",
                        name=name,
                    )
                    draft.tell(spot.at(key, name), message, kind="rule", fails=False)


@lru_cache(maxsize=64)
def _collect_words_below_folder(defaults: Path) -> frozenset[str]:
    """Return every word in the files below the folder of *defaults*.

    A shared name that is none of these words is used by no scenario. Files are read only once.
    """
    words: set[str] = set()
    for pattern in _FILES:
        for path in defaults.parent.rglob(pattern):
            if path != defaults:
                words.update(_WORD.findall(path.read_text(encoding="utf-8", errors="replace")))
    return frozenset(words)


_VARIABLE: Final = re.compile(r"env['\"]?\s*[:.\[]\s*['\"]?(\w+)")


def find_env_names_of_shared_files(path: Path, texts: tuple[str, ...]) -> set[str]:
    """Return the environment variables that *texts* or the project's shared files mention.

    Shared are all YAML files below its ``scenarios`` folder that are no scenarios: fragments,
    defaults, platforms, instances. *path* is any file of the project.
    """
    names = {name for text in texts for name in re.findall(r"\$\{\s*env\.(\w+)", text)}
    root = find_root(path)
    for file in (root / "scenarios").rglob("*.yaml"):
        if not file.name.endswith(".scenario.yaml"):
            names.update(_VARIABLE.findall(file.read_text(encoding="utf-8", errors="replace")))
    return names
