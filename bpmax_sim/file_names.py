"""Names of files: recordings, parts of test ids, and file names in traces.

In a trace, names are relative to the scenario's folder, so that they do not depend on the place of
the checkout.
"""

# ruff: noqa: PTH109, PTH117, PTH118 - of every scenario, and pathlib takes ten times as long

from __future__ import annotations

import hashlib
import os
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
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


def to_file_name(text: str) -> str:
    """Return *text* as a file name valid on every system, at most 80 bytes.

    If anything was cut or replaced, 8 hexadecimal digits are added, so that names stay distinct.
    """
    safe = _FORBIDDEN.sub("_", text).strip(" ") or "_"
    safe = re.sub(r"\.+$", "_", safe)
    is_device = _DEVICE.match(safe) is not None
    data = (safe.replace(".", "_", 1) if is_device else safe).encode()
    if len(data) <= LONGEST and safe == text and not is_device:
        return safe
    cut = data[: LONGEST - 9].decode("utf-8", "ignore")
    return f"{cut}-{_digest_name(text)}"


def find_case_variant(path: Path) -> Path | None:
    """Return another existing file or folder with the same name up to case and normal form.

    None if there is none. On Windows and macOS these would be one file, and projects are shared
    with such machines. Names are compared up to the folder ``cassettes``; folders above it are not
    created by this package.
    """
    for part in (path, *path.parents):
        if part.name == "cassettes":
            break
        try:
            names = sorted(os.listdir(part.parent))  # noqa: PTH208 - names alone are wanted
        except OSError:
            continue
        if part.name in names:
            continue
        for name in names:
            if _fold_case(name) == _fold_case(part.name):
                return part.parent / name
    return None


def find_case_conflicts(paths: Iterable[Path]) -> Iterator[tuple[Path, Path]]:
    """Yield the pairs among *paths* that differ only in case or Unicode normal form."""
    first: dict[str, Path] = {}
    for path in paths:
        other = first.setdefault(_fold_case(path.as_posix()), path)
        if other != path:
            yield other, path


def _fold_case(name: str) -> str:
    import unicodedata  # noqa: PLC0415 - only where something is recorded or linted

    # Normalised again, as folding may take a normal form apart (Unicode 3.13, caseless matching).
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def to_node_id_part(text: str) -> str:
    """Return *text* as part of a test id: one line, without ``::``, at most 120 characters.

    pytest splits ids at ``::``, and a line break would end a shell command. If anything was cut or
    replaced, 8 hexadecimal digits are added, so that ids stay distinct.
    """
    safe = _UNPRINTED.sub(" ", text)
    safe = _COLONS.sub(":", safe).strip()[:LONGEST_PART]
    return safe if safe == text and safe else f"{safe[: LONGEST_PART - 9]}-{_digest_name(text)}"


def _digest_name(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]


def build_cassette_name(root: Path, scenario_file: Path, declared_name: str, row_id: str) -> str:
    """Return a cassette's name, relative to the cassettes folder and without suffix.

    Args:
        root: root of the project.
        scenario_file: its place below ``scenarios`` is the default name.
        declared_name: value of ``proxy.cassette`` with row values filled in.
        row_id: id of the row, which gets its own file; "" for none.
    """
    if declared_name:
        parts = declared_name.removesuffix(".yaml").split("/")
    else:
        folder, name = os.path.split(os.path.join(os.getcwd(), scenario_file))
        below = f"{folder}{os.sep}".removeprefix(os.path.join(root, "scenarios", ""))
        parts = [] if os.path.isabs(below) else below.split(os.sep)  # noqa: PTH206
        parts.append(name.removesuffix(SUFFIX))
    return "/".join([to_file_name(part) for part in (*parts, row_id) if part])


@dataclass(frozen=True, slots=True)
class RelativeFileNameRewriter:
    """Rewrites file names in texts so that they are relative to the scenario's folder.

    Results must not depend on the folder in which the command was started.

    Attributes:
        folder: the scenario's folder; if it is empty, names stay as they are.
        names: file names that may occur in texts, such as the stack of an error.
    """

    folder: str
    names: Iterable[str] = ()
    _moved: Mapping[str, str] = field(init=False, hash=False)
    _shortest: int = field(init=False)

    def __post_init__(self) -> None:
        """Prepare the replacement in texts; longer names are replaced first."""
        pairs = [(name, self.to_relative_name(name)) for name in dict.fromkeys(self.names)]
        moved = [pair for pair in pairs if pair[0] != pair[1]]
        if len(moved) > 1:
            moved.sort(key=lambda pair: (-len(pair[0]), pair[0]))
        object.__setattr__(self, "_moved", dict(moved))
        object.__setattr__(self, "_shortest", len(moved[-1][0]) if moved else sys.maxsize)

    def to_relative_name(self, file: str) -> str:
        """Return *file* relative to the folder; unchanged if it is on another drive."""
        if not self.folder or not file:
            return file
        return _to_relative_name_cached(file, self.folder, os.getcwd())

    def rewrite_names(self, text: str) -> str:
        """Return *text* with every known file name converted."""
        if len(text) < self._shortest:
            return text
        found = [name for name in self._moved if name in text]
        if len(found) <= 1:
            return text.replace(found[0], self._moved[found[0]]) if found else text
        # In one pass: what a name was replaced by may have another name in it.
        pattern = "|".join(map(re.escape, found))
        return re.sub(pattern, lambda match: self._moved[match[0]], text)


@lru_cache(maxsize=1024)
def _to_relative_name_cached(file: str, folder: str, _working: str) -> str:
    return to_relative_name(file, folder)


def to_relative_name(file: Path | str, folder: Path | str = "") -> str:
    """Return *file* relative to *folder* (default: working directory), with ``/`` as separator.

    On Windows, a file on another drive has no relative name and is returned unchanged.
    """
    try:
        path = os.path.relpath(file, folder or os.curdir)
    except ValueError:
        path = os.fspath(file)
    return to_slashes(path)


NOWHERE = RelativeFileNameRewriter("")
