"""What files are called: recordings, parts of a test's id, and files as a trace names them.

A trace has them below the scenario's folder, wherever the checkout lies.
"""

# ruff: noqa: PTH109, PTH117, PTH118 - of every scenario, and pathlib takes ten times as long

from __future__ import annotations

import hashlib
import os
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from bpmax_sim.file_system import to_slashes
from bpmax_sim.project import SUFFIX

LONGEST = 80
LONGEST_PART = 120
_UNPRINTED = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")
_COLONS = re.compile(r":{2,}")
_DEVICE = re.compile(
    r"(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9¹²³])(?:\.|$)", re.IGNORECASE
)
"""What Windows takes for a device in every folder, whatever its suffix:
https://learn.microsoft.com/windows/win32/fileio/naming-a-file"""
_FORBIDDEN = re.compile(r'[<>:"/\\|?*\x00-\x1f]')


def file_name(text: str) -> str:
    """Return *text* as the name of one file on every system, 80 bytes at most.

    What is cut or replaced is told apart by 8 hexadecimal digits.
    """
    safe = _FORBIDDEN.sub("_", text).strip(" ") or "_"
    safe = re.sub(r"\.+$", "_", safe)
    is_device = _DEVICE.match(safe) is not None
    data = (safe.replace(".", "_", 1) if is_device else safe).encode()
    if len(data) <= LONGEST and safe == text and not is_device:
        return safe
    cut = data[: LONGEST - 9].decode("utf-8", "ignore")
    return f"{cut}-{_digest_of_name(text)}"


def namesake(path: Path) -> Path | None:
    """Return another file or folder that *path* is where case and normal form do not count.

    So it is on Windows and macOS, whose projects are the same. It is searched for up to the folder
    ``cassettes``; above, names are not ours.
    """
    for part in (path, *path.parents):
        if part.name == "cassettes":
            break
        try:
            names = os.listdir(part.parent)  # noqa: PTH208 - names alone are wanted
        except OSError:
            continue
        if part.name in names:
            continue
        for name in names:
            if _fold_case(name) == _fold_case(part.name):
                return part.parent / name
    return None


def namesakes(paths: Iterable[Path]) -> Iterator[tuple[Path, Path]]:
    """Yield the pairs among *paths* that are one where case and normal form do not count."""
    first: dict[str, Path] = {}
    for path in paths:
        other = first.setdefault(_fold_case(path.as_posix()), path)
        if other != path:
            yield other, path


def _fold_case(name: str) -> str:
    import unicodedata  # noqa: PLC0415 - only where something is recorded or linted

    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def node_id_part(text: str) -> str:
    """Return *text* as a part of a test's id: one line, without ``::``, 120 characters at most.

    pytest splits ids at ``::``, and a shell's line ends where a name's does. What is cut or
    replaced is told apart by 8 hexadecimal digits.
    """
    safe = _UNPRINTED.sub(" ", text)
    safe = _COLONS.sub(":", safe).strip()[:LONGEST_PART]
    return safe if safe == text and safe else f"{safe[: LONGEST_PART - 9]}-{_digest_of_name(text)}"


def _digest_of_name(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]


def cassette_name(root: Path, path: Path, declared: str, row: str) -> str:
    """Return a cassette's name below the cassettes folder, without suffix.

    Args:
        root: of the project.
        path: the scenario's file; its place below ``scenarios`` is the default name.
        declared: ``proxy.cassette``, rows already filled in.
        row: the row's id, which gets a file of its own; empty for none.
    """
    if declared:
        parts = declared.removesuffix(".yaml").split("/")
    else:
        folder, name = os.path.split(os.path.join(os.getcwd(), path))
        below = f"{folder}{os.sep}".removeprefix(os.path.join(root, "scenarios", ""))
        parts = [] if os.path.isabs(below) else below.split(os.sep)  # noqa: PTH206
        parts.append(name.removesuffix(SUFFIX))
    return "/".join([file_name(part) for part in (*parts, row) if part])


@dataclass(frozen=True, slots=True)
class Homes:
    """Shown file names -> their names from the scenario's folder.

    Attributes:
        names: of the files that may stand in a text, such as the stack of an error.
    """

    folder: str
    names: Iterable[str] = ()
    _moved: tuple[tuple[str, str], ...] = field(init=False)
    _shortest: int = field(init=False)

    def __post_init__(self) -> None:
        """Prepare what is replaced in texts, long names first."""
        pairs = {name: self.of(name) for name in self.names}
        moved = sorted(
            (pair for pair in pairs.items() if pair[0] != pair[1]),
            key=lambda pair: (-len(pair[0]), pair[0]),
        )
        object.__setattr__(self, "_moved", tuple(moved))
        object.__setattr__(self, "_shortest", len(moved[-1][0]) if moved else sys.maxsize)

    def of(self, file: str) -> str:
        """Return the name of *file* from the folder; on another drive it stays as it is."""
        if not self.folder or not file:
            return file
        return _relative_name(file, self.folder, os.getcwd())

    def within(self, text: str) -> str:
        """Return *text* with every known file under its own name."""
        if len(text) >= self._shortest:
            for name, home in self._moved:
                text = text.replace(name, home)
        return text


@lru_cache(maxsize=1024)
def _relative_name(file: str, folder: str, _working: str) -> str:
    return relative_name(file, folder)


def relative_name(file: Path | str, folder: Path | str = "") -> str:
    """Return *file* from *folder*, else the working directory, with slashes.

    On Windows a file on another drive has no such name; then it stays as it is.
    """
    try:
        path = os.path.relpath(file, folder or os.curdir)
    except ValueError:
        path = os.fspath(file)
    return to_slashes(path)


NOWHERE = Homes("")
