"""Find the fixtures in ``conftest.py`` that pytest would apply and `bpmax-sim run` cannot.

The files are parsed, never imported.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path

import msgspec

from bpmax_sim.errors import ConfigError, Place, Problem
from bpmax_sim.i18n import msg
from bpmax_sim.project import Stamp, compute_file_stamp
from bpmax_sim.yamlfile import to_display_path

_OURS = "bpmax_"


class ConftestUsingOurFixtures(msgspec.Struct, frozen=True):
    """A ``conftest.py`` whose fixtures take fixtures of this package as parameters or by name.

    `bpmax-sim run` does not apply conftest fixtures, and warns of these.

    Attributes:
        names: fixtures of this package that are needed.
    """

    path: Path
    names: tuple[str, ...]


def find_conftest_uses(file: Path, root: Path) -> Iterator[ConftestUsingOurFixtures]:
    """Yield each ``conftest.py`` above *file*, up to *root*, that uses fixtures of this package.

    Raises:
        ConfigError: if a file cannot be parsed; pytest would stop there, too.
    """
    for folder in file.absolute().parents:
        if names := _find_our_fixtures_in(folder / "conftest.py"):
            yield ConftestUsingOurFixtures(folder / "conftest.py", names)
        if folder == root:
            return


def map_conftests_to_fixtures(files: Iterable[tuple[Path, Path]]) -> dict[Path, tuple[str, ...]]:
    """Return each ``conftest.py`` that applies to *files*, with the names of our fixtures it uses.

    Args:
        files: pairs of scenario file and root of its project.

    Raises:
        ConfigError: if a ``conftest.py`` cannot be parsed.
    """
    first = {(file.parent, root): file for file, root in files}  # of each folder
    found = (
        conftest for (_, root), file in first.items() for conftest in find_conftest_uses(file, root)
    )
    return {conftest.path: conftest.names for conftest in found}


def _find_our_fixtures_in(path: Path) -> tuple[str, ...]:
    return _read_our_fixtures(path, compute_file_stamp(str(path)))


@lru_cache(maxsize=1024)  # asked for by every scenario in the folder
def _read_our_fixtures(path: Path, _stamp: Stamp) -> tuple[str, ...]:
    try:
        tree = ast.parse(path.read_bytes(), str(path))
    except OSError:
        return ()
    except (SyntaxError, ValueError) as error:
        line = getattr(error, "lineno", 0) or 0
        message = msg("pytest cannot read this: {error}; correct it", error=error.args[0])
        raise ConfigError(Problem(message, Place(to_display_path(path), line))) from None
    used = {
        name for node in ast.walk(tree) if _is_fixture(node) for name in _find_our_fixtures_of(node)
    }
    return tuple(sorted(used))


def _is_fixture(node: ast.AST) -> bool:
    """Return whether *node* is a function decorated with ``@pytest.fixture`` or an equivalent."""
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return False
    called = (one.func if isinstance(one, ast.Call) else one for one in node.decorator_list)
    # Other libraries have their own, such as `pytest_asyncio.fixture`; `usefixtures` makes none.
    return any(ast.unparse(decorator).endswith("fixture") for decorator in called)


def _find_our_fixtures_of(fixture: ast.AST) -> Iterator[str]:
    """Yield the fixtures of this package that the function *fixture* needs.

    It has them as parameters, or names them in a text, as for ``getfixturevalue("bpmax_session")``.
    """
    for node in ast.walk(fixture):
        if isinstance(node, ast.arg) and node.arg.startswith(_OURS):
            yield node.arg
        if isinstance(node, ast.Constant) and str(node.value).startswith(_OURS):
            yield str(node.value)
