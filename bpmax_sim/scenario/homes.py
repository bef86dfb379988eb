"""File names as a trace has them: below the scenario's folder, wherever the checkout lies."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache


@dataclass(frozen=True, slots=True)
class Homes:
    """Shown file names -> their names from the scenario's folder.

    Attributes:
        names: of the files that may stand in a text, such as the stack of an error.
    """

    folder: str
    names: Iterable[str] = ()
    _moved: tuple[tuple[str, str], ...] = field(init=False)

    def __post_init__(self) -> None:
        """Prepare what is replaced in texts, long names first."""
        pairs = {name: self.of(name) for name in self.names}
        moved = sorted(
            (pair for pair in pairs.items() if pair[0] != pair[1]),
            key=lambda pair: (-len(pair[0]), pair[0]),
        )
        object.__setattr__(self, "_moved", tuple(moved))

    def of(self, file: str) -> str:
        """Return the name of *file* from the folder; on another drive it stays as it is."""
        if not self.folder or not file:
            return file
        return _relative(file, self.folder, os.getcwd())  # noqa: PTH109 - pathlib is slower

    def within(self, text: str) -> str:
        """Return *text* with every known file under its own name."""
        for name, home in self._moved:
            text = text.replace(name, home)
        return text


@lru_cache(maxsize=1024)
def _relative(file: str, folder: str, _working: str) -> str:
    try:
        path = os.path.relpath(file, folder)
    except ValueError:
        return file
    return path.replace(os.sep, "/")


NOWHERE = Homes("")
