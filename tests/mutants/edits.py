"""Seeded bugs as replacements of a text that occurs once: they fit whatever changes around it.

`python -m tests.campaigns.reach` sees that the draws reach the code that each lies in.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Edit:
    """One seeded bug.

    Attributes:
        name: what it is called; its first word is its kind.
        path: the file, seen from the tree's root.
        old: what stands there, once.
        new: what takes its place.
        corner: the corner of `tests.property.reach` behind which it lies, if it lies behind one.
        tests: what has to find it, seen from the tree's root, where no corner is named.
    """

    name: str
    path: str
    old: str
    new: str
    corner: str = ""
    tests: str = ""

    @property
    def kind(self) -> str:
        return self.name.partition("-")[0]

    def misfit(self, tree: Path) -> str:
        """Return why it does not fit *tree*, or nothing."""
        path = tree / self.path
        if not path.is_file():
            return f"{self.path}: there is no such file"
        found = path.read_text(encoding="utf-8").count(self.old)
        return "" if found == 1 else f"{self.path}: {self.old!r} is there {found} times"

    def apply(self, tree: Path) -> str:
        """Put it into *tree*; return why it does not fit, or nothing."""
        problem = self.misfit(tree)
        if not problem:
            path = tree / self.path
            text = path.read_text(encoding="utf-8").replace(self.old, self.new)
            path.write_text(text, encoding="utf-8")
        return problem
