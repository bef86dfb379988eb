"""What another distribution registers is found, and what is wrong with it is said."""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Callable
from importlib.metadata import distribution
from pathlib import Path

import pytest

from bpmax_sim import extensions
from bpmax_sim.errors import ConfigError
from bpmax_sim.extensions import ExtensionPoint

ROOT = Path(__file__).parents[1]
GROUP = "bpmax_sim.test_numbers"
Install = Callable[..., None]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Return what lays out a distribution as an installer does: a module and its metadata."""
    monkeypatch.syspath_prepend(tmp_path)
    extensions._read_group.cache_clear()

    def lay(name: str, source: str, **points: str) -> None:
        monkeypatch.delitem(sys.modules, name, raising=False)
        (tmp_path / f"{name}.py").write_text(source, encoding="utf-8")
        folder = tmp_path / f"{name}-1.0.dist-info"
        folder.mkdir()
        (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        lines = [f"{point} = {value}" for point, value in points.items()]
        (folder / "entry_points.txt").write_text("\n".join([f"[{GROUP}]", *lines]))

    return lay


def test_a_part_is_imported_when_it_is_used(install: Install) -> None:
    install("corp_numbers", "SEVEN = 7", seven="corp_numbers:SEVEN", bad="corp_numbers:NONE")
    numbers = ExtensionPoint(GROUP, int, {"one": 1})

    assert numbers.list_names() == ("one", "bad", "seven")
    assert "seven" in numbers
    assert (numbers.get("one"), numbers.get("seven"), numbers.get("two")) == (1, 7, None)


def test_what_is_there_already_cannot_be_replaced(install: Install) -> None:
    install("corp_numbers", "SEVEN = 7", one="corp_numbers:SEVEN")
    numbers = ExtensionPoint(GROUP, int, {"one": 1})

    assert dict(numbers.load_usable_parts()) == {"one": 1}


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("sevn", "number: there is no 'sevn'; did you mean 'seven'?"),
        (
            "text",
            f"{GROUP}: 'text' of corp_numbers (corp_numbers:TEXT): expected int, got str",
        ),
        (
            "gone",
            (
                f"{GROUP}: 'gone' of corp_numbers cannot be imported (corp_numbers:GONE): "
                "AttributeError: module 'corp_numbers' has no attribute 'GONE'"
            ),
        ),
        (
            "twice",
            (
                f"{GROUP}: 'twice' is registered by corp_numbers, other_numbers; "
                "uninstall all but one"
            ),
        ),
    ],
)
def test_what_cannot_be_used_says_whose_it_is(name: str, message: str, install: Install) -> None:
    points = {key: f"corp_numbers:{key.upper()}" for key in ("seven", "text", "gone", "twice")}
    install("corp_numbers", "SEVEN = TWICE = 7\nTEXT = ''", **points)
    install("other_numbers", "TWICE = 2", twice="other_numbers:TWICE")

    with pytest.raises(ConfigError) as caught:
        ExtensionPoint(GROUP, int).require(name, "number")

    assert str(caught.value) == message


def test_the_entry_points_of_this_tree_are_installed() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    declared = {
        (group, name, value)
        for group, entries in project["entry-points"].items()
        for name, value in entries.items()
    }
    ours = distribution("bpmax-sim").entry_points
    installed = {(one.group, one.name, one.value) for one in ours if one.group != "console_scripts"}

    assert declared == installed, "install the tree again: pip install --no-deps -e ."
