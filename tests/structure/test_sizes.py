"""A module is one idea, and a function is read without scrolling."""

from __future__ import annotations

import ast

from tests import sources

LARGEST_MODULE = 750
LONGEST_FUNCTION = 48  # lines below its signature and its docstring


def test_a_module_is_one_idea() -> None:
    texts = {name: path.read_text("utf-8") for name, path in sources.files().items()}

    assert [name for name, text in texts.items() if text.count("\n") > LARGEST_MODULE] == []


def test_a_function_is_short() -> None:
    long = []
    for name, node in sources.of(ast.FunctionDef, ast.AsyncFunctionDef):
        first = node.body[1 if ast.get_docstring(node, clean=False) and node.body[1:] else 0]
        if (node.end_lineno or 0) - first.lineno >= LONGEST_FUNCTION:
            long.append(f"{name}:{node.lineno} {node.name}")

    assert long == []
