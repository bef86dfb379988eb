from __future__ import annotations

from pathlib import Path

from tests.structure.map import PICTURE, ROOT, drawn, layers


def test_the_map_shows_every_package_and_is_the_one_of_today() -> None:
    shown = {name for names in layers() for name in names} - {"|"}
    package = ROOT / "bpmax_sim"
    there = {path.parent.name for path in package.glob("*/__init__.py")}
    there |= {path.stem for path in package.glob("*.py")} - {"__init__", "__main__"}

    assert shown == there
    assert PICTURE.read_text(encoding="utf-8") == drawn(), "run: python -m tests.structure.map"
    assert "docs/images/code-map.svg" in Path(ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
