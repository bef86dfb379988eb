"""Identifiers are nouns of the field: a word that only says that something happened is none."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache

import pytest

from tests import sources

# Each word stood for many things at once; the right side is what to look for instead.
HOUSE_WORDS = {
    "told": "message, text, reported",
    "said": "request, declared, call",
    "given": "value, arguments, options",
    "wanted": "expected, required",
    "asked": "request, requested",
    "came": "response, outcome, received",
    "kept": "cached, remaining",
    "made": "what it is that was made",
    "put": "set, store, insert, injected",
    "found": "match, result, what it is that was found",
    "beside": "sibling",
    "whose": "owner",
    "one": "the noun of the list, in the singular",
    "it": "the noun",
}
# Names that others chose: asyncio calls the first, the second stands in the schemas of users.
FOREIGN = {"connection_made", "Found"}


@cache
def identifiers() -> tuple[tuple[str, str], ...]:
    """Return each name that the package binds, and each value of a message, with its place."""
    return tuple(_identifiers())


def _identifiers() -> Iterator[tuple[str, str]]:
    for file, node in sources.of(ast.Name, ast.Attribute):
        if isinstance(node.ctx, ast.Store):
            name = node.id if isinstance(node, ast.Name) else node.attr
            yield name, f"{file}:{node.lineno}"
    for file, node in sources.of(ast.arg, ast.keyword):
        yield node.arg or "", f"{file}:{node.lineno}"
    for file, node in sources.of(ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef):
        yield node.name, f"{file}:{node.lineno}"


@pytest.mark.parametrize("word", HOUSE_WORDS)
def test_no_identifier_is_a_word_of_the_house(word: str) -> None:
    has_word = re.compile(rf"(?:^|_){word}(?:_|$)", re.IGNORECASE)
    places = [
        f"{place}: {name}; better: {HOUSE_WORDS[word]}"
        for name, place in identifiers()
        if name not in FOREIGN and has_word.search(name)
    ]

    assert places == []


def test_a_class_name_stands_once() -> None:
    places: dict[str, list[str]] = {}
    for file, node in sources.of(ast.ClassDef):
        places.setdefault(node.name, []).append(f"{file}:{node.lineno}")

    assert {name: where for name, where in places.items() if len(where) > 1} == {}
