"""One fact, one place: a second reader of the same fact is an error."""

from __future__ import annotations

import ast
from functools import cache
from typing import NamedTuple

from tests import sources


class Module(NamedTuple):
    """What a module says: its texts, and the functions that it calls by their plain names."""

    texts: frozenset[str]
    calls: frozenset[str]


@cache
def modules() -> dict[str, Module]:
    """Return every module of the package, by its path."""
    return {name: _module(all_nodes) for name, all_nodes in sources.nodes().items()}


def _module(all_nodes: tuple[ast.AST, ...]) -> Module:
    texts, calls = set(), set()
    for node in all_nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            texts.add(node.value)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            calls.add(node.func.id)
    return Module(frozenset(texts), frozenset(calls))


def modules_with(*parts: str) -> set[str]:
    """Return the modules that have a text with one of *parts* in it."""
    return {
        name
        for name, module in modules().items()
        if any(part in text for text in module.texts for part in parts)
    }


def calls_of(*names: str) -> set[str]:
    """Return the modules that call one of the functions *names*."""
    return {name for name, module in modules().items() if not module.calls.isdisjoint(names)}


def test_one_module_knows_what_a_placeholder_of_a_path_is() -> None:
    """`${name}` of scenarios and `{{ name }}` of templates are other languages."""
    found = modules_with(r"\{([^{}]+)\}", r"\{[^{}]+\}", r"\{([^}]+)\}", r"\{(\w+)\}")

    assert found == {"path_template.py"}


def test_one_module_knows_which_api_or_login_a_request_is_for() -> None:
    """Whoever makes a pattern of a base URL, or of an expression in one, is a second matcher."""
    assert modules_with("[^/?#]+") == {"platform/matcher.py"}
    assert modules_with(r"\{\{\s*+(.*?)\s*\}\}", r"\{\{.*?\}\}") == {"platform/matcher.py"}
    assert calls_of("iterate_login_steps", "compile_path_template") == {
        "cassette/matching.py",  # the path by its parameters, which `ignore` may name
        "check/drift.py",  # the path of a recorded call
        "fuzz/target.py",  # the path of a call that a program made
        "platform/matcher.py",
        "proxy/compiled_api.py",
        "scenario/calls.py",  # the path of a call of the run
        "simulator/auth.py",  # the login of another tenant at the same address
        "simulator/engine.py",  # the routes of a rule table
        "transport/redaction.py",  # personal data in the path of a call
    }


def test_one_module_reads_the_steps_of_a_path_inside_values() -> None:
    """Keys of YAML, places in messages, references and cells have their readers in one module."""
    assert modules_with(r"\[(\d+)\]", r"\[(?:(?P<all>") == {"field_path.py"}
