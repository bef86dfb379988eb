"""Where a project's files are and what they are called, without asking the user.

The folder ``.bpmax`` of a project: what runs leave there is nobody's to commit.

File names as a trace has them: below the scenario's folder, wherever the checkout lies.

Which files count, and their sizes and times: what the cache of platforms is judged by.

This runs before every session, so it asks the system directly: ``pathlib`` takes ten times as long.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

SUFFIX = ".scenario.yaml"
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


def find_root(path: Path) -> Path:
    """Return the nearest folder above *path* with ``[tool.bpmax_sim]`` or a scenarios folder.

    Without one, it is the folder of *path* itself.
    """
    # Asked several times for every scenario, and pathlib would take five times as long.
    start = os.path.join(os.getcwd(), path)  # noqa: PTH109
    nearest = start if os.path.isdir(start) else os.path.dirname(start)  # noqa: PTH112
    folder, above = nearest, os.path.dirname(nearest)
    while not _is_root(folder):
        if above == folder:
            return Path(nearest)
        folder, above = above, os.path.dirname(above)
    return Path(folder)


def _is_root(folder: str) -> bool:
    if os.path.isdir(os.path.join(folder, "scenarios")):  # noqa: PTH112
        return True
    try:
        with open(os.path.join(folder, "pyproject.toml"), encoding="utf-8") as file:  # noqa: PTH123
            text = file.read()
    except (OSError, ValueError):
        return False
    return "bpmax_sim" in text and _has_table(text)


def _has_table(project: str) -> bool:
    return _table(project) is not None


def _table(project: str) -> dict[str, object] | None:
    import tomllib  # noqa: PLC0415 - pytest starts without it in a project that is not ours

    try:
        table = tomllib.loads(project).get("tool", {}).get("bpmax_sim")
    except (ValueError, AttributeError):
        return None
    return table if isinstance(table, dict) else None


def language_of(root: Path) -> str | None:
    """Return ``language`` of ``[tool.bpmax_sim]`` in the project at *root*, if it says one."""
    language = _settings(root).get("language")
    return language if isinstance(language, str) else None


def open_places_of(root: Path) -> tuple[str, ...]:
    """Return ``not_secret`` of ``[tool.bpmax_sim]``: places that no platform file can declare."""
    return _open_places(_settings(root))


def _open_places(table: Mapping[str, object]) -> tuple[str, ...]:
    places = table.get("not_secret")
    return tuple(map(str, places)) if isinstance(places, list) else ()


def _settings(root: Path) -> dict[str, object]:
    try:
        text = (root / "pyproject.toml").read_text(encoding="utf-8")
    except (OSError, ValueError):
        return {}
    return (_table(text) or {}) if "bpmax_sim" in text else {}


def with_open_place(text: str, place: str) -> str | None:
    """Return a pyproject.toml with *place* first in `open_places_of`; None where that cannot be."""
    before = _open_places(_table(text) or {})
    element = json.dumps(place, ensure_ascii=False)
    header = "[tool.bpmax_sim]\n"
    for old, new in (
        ("not_secret = [", f"not_secret = [{element}, "),
        (header, f"{header}not_secret = [{element}]\n"),
        ("", f"{text and chr(10)}{header}not_secret = [{element}]\n"),
    ):
        head, found, tail = text.rpartition(old) if old else (text, "", "")
        after = head + new + tail
        is_there = not old or found
        if is_there and _open_places(_table(after) or {}) == (place, *before):
            return after
    return None


def file_name(text: str) -> str:
    """Return *text* as the name of one file on every system, 80 bytes at most.

    What is cut or replaced is told apart by 8 hexadecimal digits.
    """
    safe = _FORBIDDEN.sub("_", text).strip(" ") or "_"
    safe = re.sub(r"\.+$", "_", safe)
    is_device = _DEVICE.match(safe) is not None
    safe = safe.replace(".", "_", 1) if is_device else safe
    data = safe.encode()
    if len(data) <= LONGEST and safe == text and not is_device:
        return safe
    cut = data[: LONGEST - 9].decode("utf-8", "ignore")
    return f"{cut}-{_digest(text)}"


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
        name = next(
            (candidate for candidate in names if _folded(candidate) == _folded(part.name)), None
        )
        if name is not None:
            return part.parent / name
    return None


def namesakes(paths: Iterable[Path]) -> Iterator[tuple[Path, Path]]:
    """Yield the pairs among *paths* that are one where case and normal form do not count."""
    first: dict[str, Path] = {}
    for path in paths:
        other = first.setdefault(_folded(path.as_posix()), path)
        if other != path:
            yield other, path


def _folded(name: str) -> str:
    import unicodedata  # noqa: PLC0415 - only where something is recorded or linted

    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


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


def cassette_name(root: Path, path: Path, declared: str, row: str) -> str:
    """Return a cassette's name below the cassettes folder, without suffix.

    Args:
        root: of the project.
        path: the scenario's file; its place below ``scenarios`` is the default name.
        declared: ``proxy.cassette``, rows already filled in.
        row: the row's id, which gets a file of its own; empty for none.
    """
    parts = declared.removesuffix(".yaml").split("/") if declared else list(_default(root, path))
    names = [file_name(part) for part in [*parts, *([row] if row else [])] if part]
    return "/".join(names)


def _default(root: Path, path: Path) -> tuple[str, ...]:
    folder, name = os.path.split(os.path.join(os.getcwd(), path))  # noqa: PTH109
    above = os.path.join(root, "scenarios", "")
    below = f"{folder}{os.sep}".removeprefix(above)
    outside = os.path.isabs(below)  # noqa: PTH117
    parts = [] if outside else below.split(os.sep)  # noqa: PTH206
    return (*parts, name.removesuffix(SUFFIX))


def named_file(file: Path, name: str) -> Path:
    """Return what *file* calls *name*, which is relative to where it lies."""
    return _joined(os.path.dirname(file), name)


@lru_cache(maxsize=1024)
def _joined(folder: str, name: str) -> Path:
    return Path(os.path.normpath(os.path.join(folder, name)))


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


@dataclass(frozen=True, slots=True)
class Homes:
    """Shown file names -> their names from the scenario's folder.

    Attributes:
        names: of the files that may stand in a text, such as the stack of an error.
    """

    folder: str
    names: Iterable[str] = ()
    _moved: tuple[tuple[str, str], ...] = field(init=False)

    def __post_init__(self) -> None:
        """Prepare what is replaced in texts, long names first."""
        pairs = {name: self.of(name) for name in self.names}
        moved = sorted(
            (pair for pair in pairs.items() if pair[0] != pair[1]),
            key=lambda pair: (-len(pair[0]), pair[0]),
        )
        object.__setattr__(self, "_moved", tuple(moved))

    def of(self, file: str) -> str:
        """Return the name of *file* from the folder; on another drive it stays as it is."""
        if not self.folder or not file:
            return file
        return _relative(file, self.folder, os.getcwd())  # noqa: PTH109 - pathlib is slower

    def within(self, text: str) -> str:
        """Return *text* with every known file under its own name."""
        for name, home in self._moved:
            text = text.replace(name, home)
        return text


@lru_cache(maxsize=1024)
def _relative(file: str, folder: str, _working: str) -> str:
    return relative_name(file, folder)


def relative_name(file: Path | str, folder: Path | str = "") -> str:
    """Return *file* from *folder*, else the working directory, with slashes.

    On Windows a file on another drive has no such name; then it stays as it is.
    """
    try:
        path = os.path.relpath(file, folder or os.curdir)
    except ValueError:
        path = os.fspath(file)
    return path.replace(os.sep, "/")


NOWHERE = Homes("")


# ruff: noqa: PTH100, PTH113, PTH116, PTH118, PTH120, PTH122


INSTANCES = "instances.yaml"
LOCAL = "instances.local.yaml"
SUFFIXES = (".yaml", ".yml")

Stamp = tuple[tuple[str, int, int], ...]


def absolute(path: str | os.PathLike[str]) -> str:
    """Return *path* from the root, links kept."""
    return os.path.abspath(path)


def find_instances(folder: str) -> str:
    """Return ``instances.yaml`` beside *folder*, else the nearest above, else nothing."""
    above = os.path.abspath(folder)
    while (upper := os.path.dirname(above)) != above:
        path = os.path.join(upper, INSTANCES)
        if os.path.isfile(path) or os.path.isfile(os.path.join(upper, LOCAL)):
            return path
        above = upper
    return ""


def local_of(path: str) -> str:
    """Return the file whose keys win over those of *path*."""
    stem, suffix = os.path.splitext(path)
    return f"{stem}.local{suffix}"


def stamp(folder: str, place: str) -> Stamp:
    """Return name, size and time of every file of *folder* and of the instances at *place*."""
    stamps: list[tuple[str, int, int]] = []
    try:
        with os.scandir(folder or os.devnull) as entries:
            for entry in entries:
                if entry.name.endswith(SUFFIXES):
                    status = entry.stat()
                    stamps.append((entry.name, status.st_size, status.st_mtime_ns))
    except OSError:
        stamps += file_stamp(folder)
    if place:
        stamps += (*file_stamp(place), *file_stamp(local_of(place)))
    return tuple(stamps)


def file_stamp(path: str) -> Stamp:
    """Return name, size and time of one file, or that it is absent."""
    try:
        status = os.stat(path)
    except OSError:
        return ((path, -1, 0),)
    return ((path, status.st_size, status.st_mtime_ns),)
