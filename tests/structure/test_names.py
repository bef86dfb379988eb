"""A function is a verb or a question, a class a noun of the field; a bare participle is neither.

What a name has to be is said in CONTRIBUTING.md and can only be judged by a reader. What a machine
can count is the share of names that are one participle (``_joined``, ``told``, ``Placed``), which
says what happened to something and not to what.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from tests import sources

MOST_PERCENT = 1.0
"""Of functions; httpx has 0.6 %, and 0.0 is what there was on 29 November 2026."""
MOST_CLASSES = 0
"""May only be lowered."""
_IRREGULAR = re.compile(
    "begun|bent|bound|broken|brought|built|caught|chosen|done|drawn|drew|driven|fallen|felt|found|"
    "forgotten|given|gone|got|grown|heard|held|hidden|kept|known|laid|left|led|lost|made|meant|met|"
    "paid|ran|recalled|rewritten|risen|said|seen|sent|shown|sold|spent|spoken|stolen|struck|sunk|"
    "taken|taught|thought|thrown|told|undone|unseen|understood|withheld|won|worn|wound|written"
)
_VERBS = re.compile("breed|embed|exceed|feed|heed|need|proceed|seed|shed|speed|succeed")


def is_participle(name: str) -> bool:
    """Return whether all of *name* is one participle."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower().strip("_").split("_")
    word = words[0]
    is_past = word.endswith("ed") or _IRREGULAR.fullmatch(word) is not None
    return len(words) == 1 and is_past and not _VERBS.fullmatch(word)


def bare_participles(*kinds: type[ast.AST]) -> Iterator[str]:
    """Yield the names of functions or classes that are one participle, with their places."""
    for file, node in sources.of(*kinds):
        if is_participle(name := getattr(node, "name", "")):
            yield f"{file}:{getattr(node, 'lineno', 0)}: {name}"


def test_hardly_a_function_is_named_by_a_participle() -> None:
    every = list(sources.of(ast.FunctionDef, ast.AsyncFunctionDef))
    bare = list(bare_participles(ast.FunctionDef, ast.AsyncFunctionDef))

    assert 100 * len(bare) / len(every) <= MOST_PERCENT, "\n".join(bare)


def test_no_class_is_named_by_a_participle() -> None:
    bare = list(bare_participles(ast.ClassDef))

    assert len(bare) <= MOST_CLASSES, "\n".join(bare)


def test_a_class_name_stands_once() -> None:
    places: dict[str, list[str]] = {}
    for file, node in sources.of(ast.ClassDef):
        places.setdefault(node.name, []).append(f"{file}:{node.lineno}")

    assert {name: where for name, where in places.items() if len(where) > 1} == {}
