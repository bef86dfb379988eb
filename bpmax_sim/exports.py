"""The names of a module that gives out those of others, each imported on its first use.

The stub beside such a module is the one list of its names: type checkers read it, and so does
`lazy`, so that importing the package costs next to nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from bpmax_sim.i18n import msg

_EXPORT: Final = re.compile(r"^from (\S+) import (\w+) as (\w+)$", re.MULTILINE)


def lazy(module: dict[str, Any]) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Return ``__getattr__`` and ``__dir__`` (PEP 562) of a module, by its namespace."""
    stub = Path(module["__file__"]).with_suffix(".pyi")

    @cache
    def homes() -> dict[str, tuple[str, str]]:
        names = _EXPORT.findall(stub.read_text(encoding="utf-8"))
        return {name: (home, there) for home, there, name in names}

    def get(name: str) -> Any:
        if name == "__all__":
            return sorted(homes())
        own = module["__name__"]
        if name not in homes():
            raise AttributeError(
                msg("module {name!r} has no attribute {name_2!r}", name=own, name_2=name)
            )
        home, there = homes()[name]
        if home == own:
            value: Any = import_module(f"{home}.{there}")
        else:
            value = getattr(import_module(home), there)
        module[name] = value
        return value

    return get, lambda: sorted({*module, *homes()})
