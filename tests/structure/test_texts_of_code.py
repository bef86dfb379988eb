"""Code that stands in a text, for another process, imports what is there: mypy does not read it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
_IMPORT = re.compile(r"from (bpmax_sim[\w.]*) import (\([^()]*\)|[^\n;\"'`\\]+)")
_NAME = re.compile(r"(?:^|,)\s*(\w+)")


def imports_in(text: str) -> Iterator[tuple[str, str]]:
    """Yield module and name of all that *text* imports of the package, in strings, too."""
    for module, names in _IMPORT.findall(text):
        for name in _NAME.findall(re.sub(r"#[^\n]*", "", names).strip("() \n")):
            yield module, name


def is_there(module: str, name: str) -> bool:
    try:
        return hasattr(import_module(module), name) or find_spec(f"{module}.{name}") is not None
    except ModuleNotFoundError:
        return False


@pytest.mark.parametrize(
    ("module", "name", "expected"),
    [
        ("bpmax_sim.errors", "ConfigError", True),
        ("bpmax_sim", "errors", True),
        ("bpmax_sim.errors", "ConfigurationError", False),
        ("bpmax_sim.mistakes", "ConfigError", False),
    ],
)
def test_a_name_that_is_gone_is_found(module: str, name: str, expected: bool) -> None:
    (found,) = imports_in(f"python -c 'from {module} import {name} as x; x()'")

    assert found == (module, name)
    assert is_there(*found) is expected


def test_all_that_is_imported_in_texts_is_there() -> None:
    places = [*ROOT.glob("tests/**/*.py"), *ROOT.glob("benchmarks/*.py"), *ROOT.glob(".ci/*")]
    found = {
        one: path.relative_to(ROOT).as_posix()
        for path in places
        for one in imports_in(path.read_text(encoding="utf-8"))
    }
    assert len(found) > 100
    assert [f"{found[one]}: {'.'.join(one)}" for one in found if not is_there(*one)] == []
