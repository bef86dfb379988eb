"""A module is one idea, and a function is read without scrolling."""

from __future__ import annotations

import ast

from tests import sources

LARGEST_MODULE = 710  # lines besides docstrings
LONGEST_FUNCTION = 48  # lines below its signature and its docstring


def test_a_module_is_one_idea() -> None:
    sizes = {name: path.read_text("utf-8").count("\n") for name, path in sources.files().items()}
    for name, node in sources.of(ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef):
        if ast.get_docstring(node, clean=False) is not None:
            sizes[name] -= (node.body[0].end_lineno or 0) - node.body[0].lineno + 1

    assert [name for name, lines in sizes.items() if lines > LARGEST_MODULE] == []


def test_a_function_is_short() -> None:
    long = []
    for name, node in sources.of(ast.FunctionDef, ast.AsyncFunctionDef):
        first = node.body[1 if ast.get_docstring(node, clean=False) and node.body[1:] else 0]
        if (node.end_lineno or 0) - first.lineno >= LONGEST_FUNCTION:
            long.append(f"{name}:{node.lineno} {node.name}")

    assert long == []
