"""What `bpmax-sim run` cannot do: the fixtures of a ``conftest.py``, which pytest alone imports.

The files are read and never run.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import msgspec

from bpmax_sim.errors import ConfigError, Place, Problem
from bpmax_sim.i18n import msg
from bpmax_sim.yamlfile import display_path

_OURS = "bpmax_"


class ConftestFixtures(msgspec.Struct, frozen=True):
    """A ``conftest.py`` and the fixtures of this package that its own ones use."""

    path: Path
    names: tuple[str, ...]


def find_conftests(file: Path, root: Path) -> Iterator[ConftestFixtures]:
    """Yield the files beside *file* and above it, up to *root*, whose fixtures use ours.

    Raises:
        ConfigError: one cannot be parsed, at which pytest would stop, too.
    """
    for folder in file.absolute().parents:
        if names := _fixtures_in(folder / "conftest.py"):
            yield ConftestFixtures(folder / "conftest.py", names)
        if folder == root:
            return


def find_all_conftests(files: Iterable[tuple[Path, Path]]) -> dict[Path, tuple[str, ...]]:
    """Return each such file of *files*, pairs of a scenario and its project's root, by its path.

    Raises:
        ConfigError: one cannot be parsed.
    """
    first = {(file.parent, root): file for file, root in files}  # of each folder
    found = (
        conftest for (_, root), file in first.items() for conftest in find_conftests(file, root)
    )
    return {conftest.path: conftest.names for conftest in found}


@cache
def _fixtures_in(path: Path) -> tuple[str, ...]:
    try:
        tree = ast.parse(path.read_bytes(), str(path))
    except OSError:
        return ()
    except (SyntaxError, ValueError) as error:
        line = getattr(error, "lineno", 0) or 0
        message = msg("pytest cannot read this: {error}; correct it", error=error.args[0])
        raise ConfigError(Problem(message, Place(display_path(path), line))) from None
    used = {name for node in ast.walk(tree) if _is_fixture(node) for name in _names_in(node)}
    return tuple(sorted(used))


def _is_fixture(node: ast.AST) -> bool:
    """Return whether *node* is a function under ``@pytest.fixture`` or its like."""
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return False
    return any("fixture" in ast.unparse(decorator) for decorator in node.decorator_list)


def _names_in(fixture: ast.AST) -> Iterator[str]:
    """Yield our fixtures that one takes as a parameter, or asks for by name."""
    for node in ast.walk(fixture):
        if isinstance(node, ast.arg) and node.arg.startswith(_OURS):
            yield node.arg
        if isinstance(node, ast.Constant) and str(node.value).startswith(_OURS):
            yield str(node.value)
