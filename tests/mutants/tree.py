"""A copy of this tree, to put a seeded bug into."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).parents[2]
PARTS = (
    *("bpmax_sim", "tests", "scenarios", "cassettes", "pyproject.toml", "conftest.py"),
    ".pre-commit-hooks.yaml",
)


@contextmanager
def copied() -> Iterator[Path]:
    """Make a copy of what the tests need, and remove it in the end."""
    with TemporaryDirectory(prefix="mutant-") as place:
        for part in PARTS:
            source, target = ROOT / part, Path(place) / part
            if source.is_dir():  # with what is compiled of it: only the changed file is newer
                shutil.copytree(source, target)
            else:
                shutil.copy2(source, target)
        yield Path(place)
