"""Import the package's modules as everybody does, without pytest's rewriting of assertions.

pytest rewrites the assertions of all modules of a distribution that has a plugin. Ours assert
nothing to a user, and where no bytecode may be written (PYTHONDONTWRITEBYTECODE=1, as in many
images) it would parse and compile each of them again at every start.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType

_PACKAGE = "bpmax_sim."


class PlainImport(MetaPathFinder):
    """Finds modules of this package before pytest's finder is asked."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return where a module of ours lies, and None for any other."""
        return (
            PathFinder.find_spec(fullname, path, target) if fullname.startswith(_PACKAGE) else None
        )


sys.meta_path.insert(0, PlainImport())
