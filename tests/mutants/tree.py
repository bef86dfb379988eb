"""Seeded bugs: where their patches are, and a copy of this tree to put one into."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
PARTS = ("bpmax_sim", "tests", "pyproject.toml", "conftest.py")


def patches() -> list[Path]:
    """Return the patch of each seeded bug, sorted."""
    return sorted(HERE.glob("*.patch"))


@contextmanager
def copied() -> Iterator[Path]:
    """Make a copy of what the property suite needs, and remove it in the end."""
    with TemporaryDirectory(prefix="mutant-") as place:
        for part in PARTS:
            source, target = ROOT / part, Path(place) / part
            if source.is_dir():  # with what is compiled of it: only the patched file is newer
                shutil.copytree(source, target)
            else:
                shutil.copy2(source, target)
        yield Path(place)


def applied(patch: Path, tree: Path, *, check: bool = False) -> str:
    """Apply *patch* to *tree*, or only look whether it would; return what went wrong, if it did."""
    options = ["--check"] if check else []
    done = subprocess.run(
        ["git", "apply", "--whitespace=nowarn", *options, str(patch)],
        cwd=tree,
        env={"GIT_CEILING_DIRECTORIES": str(tree.parent), "PATH": _path()},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stderr.strip()


def _path() -> str:
    return str(Path(shutil.which("git") or "git").parent)
