"""What the code is made of: facts that have one place stay there."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from benchmarks.ways import measure
from tests.sources import trees

JAVASCRIPTS_OWN = "js_values.py"  # `undefined` is a value that scripts have


def is_empty(node: ast.ClassDef) -> bool:
    """Return whether a class has no fields and nothing but special methods: a sentinel's."""
    members = [one for one in node.body if not isinstance(one, ast.Expr | ast.Pass)]
    return all(
        (isinstance(one, ast.FunctionDef) and one.name.startswith("__") and one.name != "__init__")
        or (isinstance(one, ast.Assign) and ast.unparse(one.targets[0]) == "__slots__")
        for one in members
    )


def sentinels(tree: ast.Module) -> Iterator[str]:
    """Yield each constant of a module that is an object without a value."""
    own = {one.name for one in tree.body if isinstance(one, ast.ClassDef) and is_empty(one)}
    empty = {"object", *own}
    for node in tree.body:
        value = node.value if isinstance(node, ast.Assign | ast.AnnAssign) else None
        if isinstance(value, ast.Call) and not value.args and ast.unparse(value.func) in empty:
            yield ast.unparse(node)


def test_an_absent_value_has_one_sentinel() -> None:
    """`msgspec.UNSET`, which the models use for what a file does not say."""
    found = {name: list(sentinels(tree)) for name, tree in trees().items()}

    assert {name: each for name, each in found.items() if each} == {
        JAVASCRIPTS_OWN: ["UNDEFINED: Final = UndefinedType()"]
    }


def test_a_second_sentinel_is_found() -> None:
    source = "class Absent:\n    def __repr__(self): return '-'\nA = object()\nB: X = Absent()\n"

    assert list(sentinels(ast.parse(source))) == ["A = object()", "B: X = Absent()"]


def test_the_way_of_a_value_stays_short() -> None:
    """States of a value on its way, and frames between a public call and the transport."""
    found = measure()

    assert found["frames above the transport, replay"] <= 8
    assert found["frames above the transport, record"] <= 10
    assert found["states of a $query value, replay"] <= 16
