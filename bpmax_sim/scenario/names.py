"""Where a project's files are and what they are called, without asking the user."""

from __future__ import annotations

import hashlib
import os
import re
from functools import lru_cache
from pathlib import Path

SUFFIX = ".scenario.yaml"
LONGEST = 80
LONGEST_PART = 120
_UNPRINTED = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")
_COLONS = re.compile(r":{2,}")
_FORBIDDEN = re.compile(r'[<>:"/\\|?*\x00-\x1f]')


def find_root(path: Path) -> Path:
    """Return the nearest folder above *path* with ``[tool.bpmax_sim]`` or a scenarios folder.

    Without one, it is the folder of *path* itself.
    """
    # Asked several times for every scenario, and pathlib would take five times as long.
    start = os.path.join(os.getcwd(), path)  # noqa: PTH109, PTH118
    nearest = start if os.path.isdir(start) else os.path.dirname(start)  # noqa: PTH112, PTH120
    folder, above = nearest, os.path.dirname(nearest)  # noqa: PTH120
    while not _is_root(folder):
        if above == folder:
            return Path(nearest)
        folder, above = above, os.path.dirname(above)  # noqa: PTH120
    return Path(folder)


def _is_root(folder: str) -> bool:
    if os.path.isdir(os.path.join(folder, "scenarios")):  # noqa: PTH112, PTH118
        return True
    try:
        with open(os.path.join(folder, "pyproject.toml"), encoding="utf-8") as file:  # noqa: PTH118, PTH123
            text = file.read()
    except (OSError, ValueError):
        return False
    return "bpmax_sim" in text and _has_table(text)


def _has_table(project: str) -> bool:
    import tomllib  # noqa: PLC0415 - pytest starts without it in a project that is not ours

    try:
        return "bpmax_sim" in tomllib.loads(project).get("tool", {})
    except ValueError:
        return False


def file_name(text: str) -> str:
    """Return *text* as the name of one file on every system, 80 bytes at most.

    What is cut or replaced is told apart by 8 hexadecimal digits.
    """
    safe = _FORBIDDEN.sub("_", text).strip(" ") or "_"
    safe = re.sub(r"\.+$", "_", safe)
    data = safe.encode()
    if len(data) <= LONGEST and safe == text:
        return safe
    cut = data[: LONGEST - 9].decode("utf-8", "ignore")
    return f"{cut}-{_digest(text)}"


def node_part(text: str) -> str:
    """Return *text* as a part of a test's id: one line, without ``::``, 120 characters at most.

    pytest splits ids at ``::``, and a shell's line ends where a name's does. What is cut or
    replaced is told apart by 8 hexadecimal digits.
    """
    safe = _UNPRINTED.sub(" ", text)
    safe = _COLONS.sub(":", safe).strip()[:LONGEST_PART]
    return safe if safe == text and safe else f"{safe[: LONGEST_PART - 9]}-{_digest(text)}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]


def cassette_name(root: Path, path: Path, given: str, row: str) -> str:
    """Return a cassette's name below the cassettes folder, without suffix.

    Args:
        root: of the project.
        path: the scenario's file; its place below ``scenarios`` is the default name.
        given: ``proxy.cassette``, rows already filled in.
        row: the row's id, which gets a file of its own; empty for none.
    """
    parts = given.removesuffix(".yaml").split("/") if given else list(_default(root, path))
    names = [file_name(part) for part in [*parts, *([row] if row else [])] if part]
    return "/".join(names)


def _default(root: Path, path: Path) -> tuple[str, ...]:
    folder, name = os.path.split(os.path.join(os.getcwd(), path))  # noqa: PTH109, PTH118
    above = os.path.join(root, "scenarios", "")  # noqa: PTH118
    below = f"{folder}{os.sep}".removeprefix(above)
    outside = os.path.isabs(below)  # noqa: PTH117
    parts = [] if outside else below.split(os.sep)  # noqa: PTH206
    return (*parts, name.removesuffix(SUFFIX))


def named_file(file: Path, name: str) -> Path:
    """Return what *file* calls *name*, which is relative to where it lies."""
    return _joined(os.path.dirname(file), name)  # noqa: PTH120 - a path would have to be made


@lru_cache(maxsize=1024)
def _joined(folder: str, name: str) -> Path:
    return Path(os.path.normpath(os.path.join(folder, name)))  # noqa: PTH118 - twice as fast
