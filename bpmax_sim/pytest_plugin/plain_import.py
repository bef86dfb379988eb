"""Import the package's modules without pytest's assertion rewriting.

pytest rewrites the assertions of all modules of a distribution that has a plugin. Ours have no
assertions for users, and where no bytecode may be written (PYTHONDONTWRITEBYTECODE=1, common in
container images) pytest would parse and compile each module again at every start.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType

_PACKAGE = "bpmax_sim."


class UnrewrittenImportFinder(MetaPathFinder):
    """A finder for the modules of this package, asked before pytest's own finder.

    So pytest does not rewrite their assertions, for which it may have to compile each module.
    """

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return the spec of a module of this package, None for any other."""
        return (
            PathFinder.find_spec(fullname, path, target) if fullname.startswith(_PACKAGE) else None
        )


sys.meta_path.insert(0, UnrewrittenImportFinder())
