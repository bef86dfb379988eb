"""Seeded bugs: where their patches are, and a copy of this tree to put one into."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
PARTS = (
    *("bpmax_sim", "tests", "scenarios", "cassettes", "pyproject.toml", "conftest.py"),
    ".pre-commit-hooks.yaml",
)


@dataclass(frozen=True, slots=True)
class Patch:
    """A seeded bug as a patch; its first word is its kind."""

    path: Path
    tests: str = ""

    @property
    def name(self) -> str:
        return self.path.stem

    @property
    def kind(self) -> str:
        return self.name.partition("-")[0]

    def apply(self, tree: Path) -> str:
        """Put it into *tree*; return why it does not fit, or nothing."""
        return applied(self.path, tree)


def patches() -> list[Patch]:
    """Return the patch of each seeded bug, sorted."""
    return [Patch(path) for path in sorted(HERE.glob("*.patch"))]


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
