"""What the code is made of, judged by its syntax trees."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from functools import cache

import pytest

from tests.sources import files, trees

MODULES = {
    f"bpmax_sim.{path.removesuffix('.py').replace('/', '.')}".removesuffix(".__init__"): path
    for path in files()
}
LAZY = {"bpmax_sim", "bpmax_sim.testing"}
"""They import their public names when somebody asks for one; nothing below asks them."""


def imported(tree: ast.AST) -> Iterator[str]:
    """Yield the modules of the package that are imported: at the top, in functions, for types."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (one.name for one in node.names if one.name in MODULES)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [f"{node.module}.{one.name}" for one in node.names]
            inside = [one for one in names if one in MODULES]
            yield from inside
            if node.module in MODULES and len(inside) < len(names):
                yield node.module


@cache
def imports() -> Mapping[str, frozenset[str]]:
    return {name: frozenset(imported(trees()[path])) for name, path in MODULES.items()}


def graph() -> dict[str, set[str]]:
    return {
        name: set() if name in LAZY else {one for one in found if one not in {name, "bpmax_sim"}}
        for name, found in imports().items()
    }


def reached(modules: Mapping[str, set[str]], start: str) -> set[str]:
    """Return all that *start* imports, and what that imports."""
    found: set[str] = set()
    ahead = [start]
    while ahead:
        fresh = modules.get(ahead.pop(), set()) - found
        found |= fresh
        ahead += fresh
    return found


def circles(modules: Mapping[str, set[str]]) -> list[set[str]]:
    """Return each set of modules that import each other."""
    below = {name: reached(modules, name) for name in modules}
    found: list[set[str]] = []
    for name in sorted(modules):
        circle = {one for one in below[name] if name in below.get(one, ())}
        shown = {one.removeprefix("bpmax_sim.") for one in circle}
        if shown and shown not in found:
            found.append(shown)
    return found


def test_no_modules_import_each_other_not_even_in_functions_or_for_types() -> None:
    assert circles(graph()) == []


@pytest.mark.parametrize(
    "source",
    [
        "from bpmax_sim.clock import Clock",
        "def f():\n    from bpmax_sim import clock",
        "if TYPE_CHECKING:\n    from bpmax_sim.clock import Clock",
    ],
)
def test_a_circle_at_the_top_in_a_function_or_for_types_is_found(source: str) -> None:
    modules = {"bpmax_sim.errors": set(imported(ast.parse(source))), "bpmax_sim.i18n": set[str]()}
    modules["bpmax_sim.clock"] = {"bpmax_sim.errors", "bpmax_sim.i18n"}

    assert circles(modules) == [{"clock", "errors"}]
