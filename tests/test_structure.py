"""One fact, one place: a second reader of the same fact is an error."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

PACKAGE = Path(__file__).parents[1] / "bpmax_sim"


def texts(path: Path) -> Iterator[str]:
    """Yield every text in a module that is no docstring, those in f-strings too."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def modules_with(*parts: str) -> set[str]:
    """Return the modules that have a text with one of *parts* in it."""
    return {
        path.relative_to(PACKAGE).as_posix()
        for path in PACKAGE.rglob("*.py")
        if any(part in text for text in texts(path) for part in parts)
    }


def test_one_module_knows_what_a_placeholder_of_a_path_is() -> None:
    """`${name}` of scenarios and `{{ name }}` of templates are other languages."""
    found = modules_with(r"\{([^{}]+)\}", r"\{[^{}]+\}", r"\{([^}]+)\}", r"\{(\w+)\}")

    assert found == {"platform/path_template.py"}


def test_one_module_knows_which_api_or_login_a_request_is_for() -> None:
    """Whoever makes a pattern of a base URL, or of an expression in one, is a second matcher."""
    assert modules_with("[^/?#]+") == {"platform/matcher.py"}
    assert modules_with(r"\{\{\s*(.*?)\s*\}\}", r"\{\{.*?\}\}") == {"platform/matcher.py"}
    assert calls_of("login_steps", "path_template") == {
        "check/drift.py",  # the path of a recorded call
        "fuzz/target.py",  # the path of a call that a program made
        "platform/matcher.py",
        "platform/path_template.py",
        "proxy/compiled_api.py",
        "scenario/calls.py",  # the path of a call of the run
        "simulator/auth.py",  # the login of another tenant at the same address
        "simulator/engine.py",  # the routes of a rule table
    }


def calls_of(*names: str) -> set[str]:
    """Return the modules that call or define one of the functions *names*."""
    found = set()
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            called = isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
            if called and node.func.id in names:
                found.add(path.relative_to(PACKAGE).as_posix())
    return found
