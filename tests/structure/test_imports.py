"""What the code is made of, judged by its syntax trees."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from functools import cache
from graphlib import CycleError, TopologicalSorter

import pytest

from tests.sources import files, trees

MODULES = {
    f"bpmax_sim.{path.removesuffix('.py').replace('/', '.')}".removesuffix(".__init__"): path
    for path in files()
}
LAZY = {"bpmax_sim", "bpmax_sim.testing"}
"""They import their public names when somebody asks for one; nothing below asks them."""

KNOWN_CIRCLES = {("bpmax_sim.platform.sandbox", "bpmax_sim.platform.template")}
"""An import that is left out of the graph."""


def nodes(tree: ast.AST) -> Iterator[ast.AST]:
    """Yield all that runs; what is imported for annotations alone does not."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            continue
        yield node
        yield from nodes(node)


def imported(tree: ast.AST) -> Iterator[str]:
    """Yield the modules of the package that are imported, at the top or in a function."""
    for node in nodes(tree):
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


def graph(known: set[tuple[str, str]]) -> Mapping[str, set[str]]:
    return {
        name: set()
        if name in LAZY
        else {one for one in found if one not in {name, "bpmax_sim"} and (name, one) not in known}
        for name, found in imports().items()
    }


def circle(modules: Mapping[str, set[str]]) -> list[str]:
    """Return the modules of one circle of imports, or nothing."""
    try:
        TopologicalSorter(modules).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def test_no_modules_import_each_other_not_even_in_functions() -> None:
    assert circle(graph(KNOWN_CIRCLES)) == []


@pytest.mark.parametrize(
    "source",
    ["from bpmax_sim.clock import Clock", "def f():\n    from bpmax_sim import clock"],
)
def test_a_circle_at_the_top_or_in_a_function_is_found(source: str) -> None:
    modules = {**graph(KNOWN_CIRCLES), "bpmax_sim.errors": set(imported(ast.parse(source)))}
    modules["bpmax_sim.clock"] = {"bpmax_sim.errors"}

    assert set(circle(modules)) == {"bpmax_sim.clock", "bpmax_sim.errors"}


def test_an_import_for_annotations_is_none() -> None:
    source = "if TYPE_CHECKING:\n    from bpmax_sim.clock import Clock"

    assert list(imported(ast.parse(source))) == []
