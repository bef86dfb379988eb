"""What is published holds all of what it needs, and nothing else."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from bpmax_sim.i18n import LANGUAGES
from tests.distributions import ROOT, NoCloneError, built, members, sources

PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]


def tracked() -> set[str]:
    try:
        return sources()
    except NoCloneError as error:
        pytest.skip(str(error.__doc__))


def test_the_source_distribution_is_what_git_tracks(tmp_path: Path) -> None:
    assert members(built("sdist", tmp_path)) == tracked() | {"PKG-INFO"}


def test_no_file_or_folder_is_added_to_the_root_unnoticed() -> None:
    folders, files = set[str](), set[str]()
    for name in tracked():
        first, slash, _ = name.partition("/")
        (folders if slash else files).add(first)

    assert folders == {
        ".ci", ".github", "benchmarks", "bpmax_sim", "cassettes", "docs", "scenarios", "tests",
    }  # fmt: skip
    assert files == {
        ".gitattributes", ".gitignore", ".pre-commit-hooks.yaml", ".prettierignore",
        "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "README.md", "README.zh-CN.md",
        "conftest.py", "mkdocs.en.yml", "mkdocs.yml", "pyproject.toml",
    }  # fmt: skip


def test_the_wheel_holds_the_package_with_catalogues_assets_and_starter_files(
    tmp_path: Path,
) -> None:
    wheel = built("wheel", tmp_path)
    held = {name for name in members(wheel) if ".dist-info/" not in name}
    folder = ROOT / "bpmax_sim"
    there = {
        path.relative_to(ROOT).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }

    assert held == there
    assert wheel.name == f"bpmax_sim-{PROJECT['version']}-py3-none-any.whl"
    for language in set(LANGUAGES) - {"en"}:
        assert f"bpmax_sim/locale/{language}/LC_MESSAGES/bpmax_sim.mo" in held
    for place in (
        "py.typed",
        "report/assets/",
        "starter/files/",
        "starter/demo_files/",
        "platform/presets/",
        "script/bindings/proxy.js",
    ):
        assert any(name.startswith(f"bpmax_sim/{place}") for name in held), place


def test_its_metadata_names_only_what_is_true() -> None:
    at_least = re.search(r"\d+\.(\d+)", PROJECT["requires-python"])
    minors = [
        int(one.rpartition(".")[2])
        for one in PROJECT["classifiers"]
        if re.fullmatch(r"Programming Language :: Python :: 3\.\d+", one)
    ]

    assert at_least
    assert min(minors) == int(at_least[1])
    assert [one for one in PROJECT["classifiers"] if one.startswith("License ::")] == []
    assert "Private :: Do Not Upload" not in PROJECT["classifiers"]
    assert all(any(ROOT.glob(name)) for name in PROJECT["license-files"])
