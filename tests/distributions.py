"""The source distribution and the wheel of this tree, as the build backend makes them."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from typing import Final, Literal

ROOT: Final = Path(__file__).parents[1]
_BUILD: Final = """
import sys
from hatchling import build
print(getattr(build, sys.argv[1])(sys.argv[2]))
"""


def built(kind: Literal["sdist", "wheel"], folder: Path) -> Path:
    """Build a distribution of this tree into *folder*, with what is installed here."""
    return build_tree(ROOT, kind, folder)


def build_tree(tree: Path, kind: Literal["sdist", "wheel"], folder: Path) -> Path:
    """Build a distribution of the source tree at *tree*, which names hatchling, into *folder*."""
    done = subprocess.run(
        [sys.executable, "-c", _BUILD, f"build_{kind}", folder],
        cwd=tree,  # the backend looks nowhere else
        stdout=subprocess.PIPE,
        check=True,
        encoding="utf-8",
    )
    return folder / done.stdout.split()[-1]


def members(archive: Path) -> set[str]:
    """Return the files in *archive*, as they are called in the tree."""
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as wheel:
            return set(wheel.namelist())
    with tarfile.open(archive) as sdist:
        return {one.name.partition("/")[2] for one in sdist if one.isfile()}


def sources() -> set[str]:
    """Return the files that git tracks, or would: all that is not ignored.

    Raises:
        NoCloneError: this tree is no clone.
    """
    # not the clone around an unpacked archive
    if not (ROOT / ".git").exists():
        raise NoCloneError
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        check=True,
        encoding="utf-8",
    )
    return {name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()}


class NoCloneError(Exception):
    """What git tracks is known in a clone alone."""
