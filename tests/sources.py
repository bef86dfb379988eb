"""The syntax trees of the package, parsed and walked once for all tests that judge them."""

from __future__ import annotations

import ast
import gc
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import bpmax_sim

PACKAGE = Path(bpmax_sim.__file__).parent


@cache
def files() -> Mapping[str, Path]:
    """Return the file of each module by its path in the package."""
    return {path.relative_to(PACKAGE).as_posix(): path for path in sorted(PACKAGE.rglob("*.py"))}


@cache
def trees() -> Mapping[str, ast.Module]:
    """Return the tree of each module by its path in the package."""
    gc.disable()  # nothing of half a million nodes is garbage, and it looks at all again and again
    try:
        return {name: ast.parse(path.read_text("utf-8")) for name, path in files().items()}
    finally:
        gc.freeze()
        gc.enable()


@cache
def nodes() -> Mapping[str, tuple[ast.AST, ...]]:
    """Return all nodes of each module, as ``ast.walk`` yields them."""
    return {name: tuple(ast.walk(tree)) for name, tree in trees().items()}


@cache
def _by_kind() -> Mapping[type[ast.AST], list[tuple[str, ast.AST]]]:
    found: dict[type[ast.AST], list[tuple[str, ast.AST]]] = {}
    for name, all_nodes in nodes().items():
        for node in all_nodes:
            found.setdefault(type(node), []).append((name, node))
    return found


def of(*kinds: type[ast.AST]) -> Iterator[tuple[str, Any]]:
    """Yield the path in the package and each node of these *kinds*, without a look at others."""
    for kind in kinds:
        yield from _by_kind().get(kind, ())
