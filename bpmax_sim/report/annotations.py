"""Workflow commands of GitHub Actions: one line that annotates a place of the repository.

As GitHub's documentation has it, "Workflow commands": ``::error file=…,line=…::message`` with
``%``, line ends and, in properties, ``:`` and ``,`` percent-encoded.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Any


def annotation(
    told: str, *, file: str = "", line: int = 0, column: int = 0, title: str = ""
) -> str:
    """Return the command that tells *told* at a place, as far as the place is known."""
    given: dict[str, Any] = {"file": file, "line": line, "col": column, "title": title}
    where = ",".join(f"{name}={_property(value)}" for name, value in given.items() if value)
    return f"::error {where}::{_data(told)}" if where else f"::error::{_data(told)}"


def in_workspace(path: Path) -> str:
    """Return *path* as GitHub knows it: from the checkout's root."""
    root = os.environ.get("GITHUB_WORKSPACE") or Path.cwd()
    with suppress(ValueError):
        path = Path(os.path.relpath(path, root))
    return path.as_posix()


def _data(value: object) -> str:
    return str(value).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(value: object) -> str:
    return _data(value).replace(":", "%3A").replace(",", "%2C")
