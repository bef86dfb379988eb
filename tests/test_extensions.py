"""What another distribution registers is found, and what is wrong with it is said."""

from __future__ import annotations

import shutil
import sys
import tomllib
from collections.abc import Callable
from importlib.metadata import distribution
from pathlib import Path

import pytest

from bpmax_sim import extensions
from bpmax_sim.errors import ConfigError, ExtensionWarning
from bpmax_sim.extensions import ExtensionPoint

ROOT = Path(__file__).parents[1]
GROUP = "bpmax_sim.test_numbers"
OURS = "is the name of a part of bpmax-sim, which stays; rename it"
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


def test_one_value_of_two_distributions_is_registered_twice(install: Install) -> None:
    install("corp_numbers", "SEVEN = 7", seven="corp_numbers:SEVEN")
    install("other_numbers", "", seven="corp_numbers:SEVEN")

    with pytest.raises(ConfigError, match="registered by corp_numbers, other_numbers; uninstall"):
        ExtensionPoint(GROUP, int).get("seven")


def test_a_distribution_that_is_found_twice_is_one(
    install: Install, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install("corp_numbers", "SEVEN = 7", seven="corp_numbers:SEVEN")
    again = tmp_path / "again"
    shutil.copytree(tmp_path / "corp_numbers-1.0.dist-info", again / "corp_numbers-1.0.dist-info")
    monkeypatch.syspath_prepend(again)

    assert ExtensionPoint(GROUP, int).get("seven") == 7


def test_each_part_of_another_distribution_has_its_problem_or_none(install: Install) -> None:
    points = {name: f"corp_numbers:{name.upper()}" for name in ("seven", "text", "one")}
    install("corp_numbers", "SEVEN = ONE = 7\nTEXT = ''", **points)
    install("other_numbers", "EIGHT = 8", eight="other_numbers:EIGHT", seven="other_numbers:EIGHT")
    install("bpmax_sim", "", nine="corp_numbers:SEVEN", eight="corp_numbers:SEVEN")
    numbers = ExtensionPoint(GROUP, (int, float), {"one": 1})

    assert sorted(numbers.find_foreign_part_problems()) == [
        (
            "eight",
            "other_numbers",
            f"{GROUP}: 'eight' of other_numbers (other_numbers:EIGHT) {OURS}",
        ),
        (
            "one",
            "corp_numbers",
            f"{GROUP}: 'one' of corp_numbers (corp_numbers:ONE) {OURS}",
        ),
        (
            "seven",
            "corp_numbers, other_numbers",
            f"{GROUP}: 'seven' is registered by corp_numbers, other_numbers; uninstall all but one",
        ),
        (
            "text",
            "corp_numbers",
            f"{GROUP}: 'text' of corp_numbers (corp_numbers:TEXT): expected int, float, got str",
        ),
    ]
    assert numbers.list_names() == ("one", "eight", "nine", "seven", "text")
    assert (numbers.get("eight"), numbers.get("nine")) == (7, 7)
    assert numbers.get_module_and_attribute("eight") == "corp_numbers:SEVEN"
    with pytest.warns(ExtensionWarning) as warned:
        assert dict(numbers.load_usable_parts()) == {"one": 1, "eight": 7, "nine": 7}
    assert [str(one.message).partition(": ")[2].partition(" ")[0] for one in warned] == [
        "'seven'", "'text'",
    ]  # fmt: skip


SOURCE = """\
class Tax:
    def rate(self, price, share):
        return price * share
    def fail(self):
        raise KeyError("geheim")

def double(value):
    return 2 * value

def fail(value):
    return {}[value]

tax = Tax()
"""


def test_what_a_part_raises_is_told_by_its_kind_and_place(install: Install) -> None:
    points = {name: f"corp_taxes:{name}" for name in ("double", "fail", "tax")}
    install("corp_taxes", SOURCE, **points)
    taxes: ExtensionPoint[object] = ExtensionPoint(GROUP, object, {"own": abs})

    assert (taxes.call("double", 4), taxes.call("own", -3)) == (8, 3)
    assert taxes.call("tax", 100, 0.13, member="rate") == 13
    for name, values, member, line in (("fail", ("x",), "", 11), ("tax", (), "fail", 5)):
        with pytest.raises(ConfigError) as refused:
            taxes.call(name, *values, member=member)
        assert str(refused.value) == (
            f"{GROUP}: {name!r} of corp_taxes raised KeyError at corp_taxes:{line}"
        )
    with pytest.raises(ConfigError, match="'own' of bpmax-sim raised TypeError at bpmax_sim"):
        taxes.call("own", "x")
    with pytest.raises(ConfigError) as none:
        ExtensionPoint("bpmax_sim.test_none", int).require("gone", "tax")
    assert str(none.value) == (
        "tax: there is no 'gone'; no entry points of bpmax_sim.test_none are installed, so install "
        "this package again"
    )


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
