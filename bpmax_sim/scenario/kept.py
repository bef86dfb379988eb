"""The folder ``.bpmax`` of a project: what runs leave there is nobody's to commit."""

from __future__ import annotations

from pathlib import Path

NAME = ".bpmax"


def make_folder(path: Path) -> None:
    """Make the folder of *path*; Git sees nothing of what lies below ``.bpmax``.

    Raises:
        OSError: it cannot be made.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    for folder in path.parents:
        ignore = folder / ".gitignore"
        if folder.name == NAME and not ignore.exists():
            ignore.write_text("# Made by bpmax-sim.\n*\n", encoding="utf-8", newline="\n")
