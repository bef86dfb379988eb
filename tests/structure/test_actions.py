"""Each fact has one place; these checks fail when a second one appears."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

import pytest

from bpmax_sim.scenario.actions import ACTIONS
from bpmax_sim.scenario.model import HOVER, make_scenario_schema
from bpmax_sim.yamlfile import read_hover_texts
from tests import sources


def texts_of(node: ast.AST) -> Iterator[str]:
    """Yield the texts that a literal collection lists, and the fields that a class declares."""
    if isinstance(node, ast.Tuple | ast.List | ast.Set):
        parts: list[ast.expr | None] = list(node.elts)
    elif isinstance(node, ast.Dict):
        parts = list(node.keys)
    else:
        parts = []
    for part in parts:
        if isinstance(part, ast.Constant) and isinstance(part.value, str):
            yield part.value
    for one in node.body if isinstance(node, ast.ClassDef) else ():
        if isinstance(one, ast.AnnAssign) and isinstance(one.target, ast.Name):
            yield one.target.id


def lists_of_actions(nodes: Iterable[ast.AST]) -> list[int]:
    """Return the lines of what names three actions of a step or more."""
    return [
        getattr(node, "lineno", 0)
        for node in nodes
        if len(ACTIONS.keys() & set(texts_of(node))) > 2
    ]


def test_the_actions_of_a_step_are_listed_in_one_place() -> None:
    found = [
        f"{name}:{line}"
        for name, node in sources.of(ast.Tuple, ast.List, ast.Set, ast.Dict, ast.ClassDef)
        if name != "scenario/actions.py"
        for line in lists_of_actions([node])
    ]

    assert found == []
    assert not ACTIONS.keys() & read_hover_texts(HOVER)["Step"].keys()
    assert list(ACTIONS) == [
        key for key in make_scenario_schema()["definitions"]["Step"]["properties"] if key in ACTIONS
    ]


@pytest.mark.parametrize(
    "source",
    [
        "ACTIONS = ('open', 'set', 'click')",
        "RUN = {'approve': 1, 'reject': 2, 'js': 3}",
        "class Step:\n    open: str\n    js: str\n    run: str",
    ],
)
def test_a_second_list_of_actions_would_be_seen(source: str) -> None:
    assert lists_of_actions(ast.walk(ast.parse(source))) == [1]
