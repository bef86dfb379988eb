"""The files of a project: its root, settings in pyproject.toml, folders, and file stamps.

Runs write into the folder ``.bpmax`` of a project, which Git ignores. Stamps (name, size and time
of each file) decide whether the cache of platforms is still valid. They are read before every
session, so this module calls `os` directly: ``pathlib`` takes ten times as long.
"""

# ruff: noqa: PTH109, PTH113, PTH116, PTH118, PTH120, PTH122
from __future__ import annotations

import json
import os
import re
import warnings
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Final, Literal

from bpmax_sim.i18n import DataValue, msg, template

SUFFIX = ".scenario.yaml"
DEFAULTS = "defaults.yaml"
"""What all scenarios in and below its folder inherit."""
PROJECT = "pyproject.toml"
SETTINGS: Final[Mapping[str, tuple[str, str]]] = {
    "platforms": (
        "scenarios/platforms",
        template("files and folders of platforms, of which a later one wins"),
    ),
    "defaults": ("", template("what every scenario inherits: the keys of a defaults.yaml")),
    "strict": ("false", template("folders in which every doubt fails a scenario; true means all")),
    "lenient": ("false", template("folders in which no doubt fails a scenario; true means all")),
    "language": ("", template("zh or en; --lang and BPMAX_SIM_LANG win, else the locale decides")),
    "editor": (
        "",
        template("vscode, idea, pycharm, or an address: what places in the page open in"),
    ),
    "not_secret": (
        "",
        template("places that only look like a secret, which no platform file can declare"),
    ),
    "jobs": ("", template("names of the CI jobs that together run all tests")),
}
"""Each key of ``[tool.bpmax_sim]``: its default, and what it is."""


def find_root(path: Path, otherwise: Path | None = None) -> Path:
    """Return the nearest folder above *path* with ``[tool.bpmax_sim]`` or a scenarios folder.

    Without one, it is *otherwise*, or the folder of *path* itself.
    """
    # Asked several times for every scenario, and pathlib would take five times as long.
    start = os.path.join(os.getcwd(), path)
    nearest = start if os.path.isdir(start) else os.path.dirname(start)  # noqa: PTH112
    for folder, scenarios in _list_possible_roots(nearest):
        if os.path.isdir(scenarios) or read_settings(folder) is not None:  # noqa: PTH112
            return to_path(folder)
    return otherwise or Path(nearest)


@lru_cache(maxsize=64)  # of a few folders, each asked for by every scenario in it
def _list_possible_roots(folder: str) -> tuple[tuple[str, str], ...]:
    """Return *folder* and each one above it, nearest first, each with its ``scenarios``."""
    found = [(folder, os.path.join(folder, "scenarios"))]
    while (above := os.path.dirname(folder)) != folder:
        found.append((above, os.path.join(above, "scenarios")))
        folder = above
    return tuple(found)


def read_settings(folder: str | Path) -> dict[str, object] | None:
    """Return ``[tool.bpmax_sim]`` of the project at *folder*; None if it has none."""
    try:
        with open(os.path.join(folder, PROJECT), encoding="utf-8") as file:  # noqa: PTH123
            text = file.read()
    except (OSError, ValueError):
        return None
    return _parse_settings_table(text) if "bpmax_sim" in text else None


def read_setting(root: str | Path, name: str) -> object:
    """Return the setting *name* of ``[tool.bpmax_sim]`` in the project at *root*; None if absent.

    *name* has to be one of `SETTINGS`.
    """
    return _get_setting(read_settings(root), name)


def _get_setting(table: Mapping[str, object] | None, name: str) -> object:
    assert name in SETTINGS, name  # or no page would tell of it
    return (table or {}).get(name)


@lru_cache(maxsize=8)  # asked for by every session, and it takes some milliseconds
def _parse_settings_table(toml_text: str) -> dict[str, object] | None:
    import tomllib  # noqa: PLC0415 - pytest starts without it in a project that is not ours

    try:
        table = tomllib.loads(toml_text).get("tool", {}).get("bpmax_sim")
    except (ValueError, AttributeError):
        return None
    return table if isinstance(table, dict) else None


def read_language(root: Path) -> str | None:
    """Return ``language`` of ``[tool.bpmax_sim]`` in the project at *root*.

    None if it is not set.
    """
    language = read_setting(root, "language")
    return language if isinstance(language, str) else None


Strictness = Literal["normal", "strict", "lenient"]


def find_strictness(path: Path, root: Path) -> Strictness:
    """Return the strictness for a scenario at *path*, from ``[tool.bpmax_sim]`` of *root*.

    ``strict`` and ``lenient`` are lists of folders below the root, or true for all; the innermost
    folder applies.

    Raises:
        ValueError: if one of them is wrong, or, with ``CI`` set, if the file is not TOML; the
            message says why.
    """
    stamp = compute_file_stamp(os.path.join(root, PROJECT))
    chosen: tuple[int, Strictness] = (-1, "normal")
    for name, folders in _read_strictness(str(root), stamp):
        for folder in folders:
            inside = to_absolute_path(path).startswith(os.path.join(folder, ""))
            chosen = max(chosen, (len(folder), name)) if inside else chosen
    wrong = _warn_of_settings_without_effect(str(root), stamp)
    # Whether the folder of a file that cannot be read is strict is not known; nobody reads CI's
    # warnings.
    is_unknown = bool(os.environ.get("CI")) and read_settings(root) is None
    if wrong and (chosen[1] == "strict" or is_unknown):
        raise ValueError(wrong[0])
    return chosen[1]


@lru_cache(maxsize=64)
def _warn_of_settings_without_effect(root: str, _cache_key: object) -> tuple[str, ...]:
    """Warn, once for a project, of unknown settings and of values of a wrong type.

    Return the messages. Such settings have no effect.

    *_cache_key* changes with the file, so that results can be cached.
    """
    misnamed = _warn_of_misnamed_tables(root)
    settings = read_settings(root)
    if settings is None:
        return misnamed or _warn_of_damaged_toml(root)
    wrong = dict(_find_wrong_settings(settings))
    file = os.path.normpath(os.path.join(os.path.relpath(root), PROJECT)) if wrong else ""
    lines = Path(file).read_text("utf-8").splitlines() if wrong else []
    for name, message in wrong.items():
        line = next((n for n, text in enumerate(lines, 1) if text.split("=")[0].strip() == name), 1)
        from bpmax_sim.errors import IgnoredSettingWarning  # noqa: PLC0415 - seldom

        warnings.warn_explicit(message, IgnoredSettingWarning, file, line)
    return (*wrong.values(), *misnamed)


def _warn_of_misnamed_tables(root: str) -> tuple[str, ...]:
    """Warn of tables such as ``[tool.bpmax-sim]``, whose settings have no effect.

    Return the messages on those that are certainly meant. One with a name that is only similar is
    meant if a key of it is one of `SETTINGS`.
    """
    file = os.path.normpath(os.path.join(os.path.relpath(root), PROJECT))
    try:
        text = Path(file).read_text("utf-8")
    except (OSError, ValueError):
        return ()
    if not (headers := {match[1]: match.start() for match in _OUR_TABLE.finditer(text)}):
        return ()
    from bpmax_sim.errors import IgnoredSettingWarning, find_nearest  # noqa: PLC0415 - seldom

    certain = []
    for header, start in headers.items():
        folded = re.sub(r"^tool\.|[\W_]", "", header.lower())
        keys = _find_keys_of_table(text, header)
        if folded == "bpmaxsim" or (find_nearest(folded, ["bpmaxsim"]) and keys & SETTINGS.keys()):
            message = msg(
                "[{header}] is not read, so no setting in it has an effect; write [tool.bpmax_sim]",
                header=header,
            )
            line = text.count("\n", 0, start) + 1
            warnings.warn_explicit(message, IgnoredSettingWarning, file, line)
            certain += [message] if folded == "bpmaxsim" else []
    return tuple(certain)


_OUR_TABLE: Final = re.compile(
    r"^[ \t]*\[[ \t]*(?-i:(?!tool\.bpmax_sim\b))((?:tool\.)?[\"']?b[\w-]*m[\w-]*[\"']?)(?=[.\] ])",
    re.MULTILINE | re.IGNORECASE,
)
"""The header of a table that may be meant to be ours, or of one inside of it."""


def _find_keys_of_table(toml_text: str, header: str) -> set[str]:
    """Return the keys of the table *header*, ``tool.x`` or ``x``; empty if it is no TOML."""
    import tomllib  # noqa: PLC0415 - pytest starts without it in a project that is not ours

    try:
        table = tomllib.loads(toml_text)
    except ValueError:
        return set()
    table = table.get("tool", {}) if header.startswith("tool.") else table
    return set(table.get(header.removeprefix("tool.").strip("\"'"), ()))


def _warn_of_damaged_toml(root: str) -> tuple[str, ...]:
    """Warn of a ``pyproject.toml`` with settings of ours that is not TOML; return the message.

    None of its settings has an effect then. Nothing is returned if the file is sound or not there.
    """
    file = os.path.normpath(os.path.join(os.path.relpath(root), PROJECT))
    try:
        content = Path(file).read_bytes()
    except OSError:
        return ()
    if b"bpmax_sim" not in content:
        return ()
    import tomllib  # noqa: PLC0415 - pytest starts without it in a project that is not ours

    try:
        tomllib.loads(content.decode())
    except ValueError as error:  # also where it is not UTF-8
        message = msg(
            "{file} is not TOML, so no setting in it has an effect: {error}; a key of Chinese "
            'characters has to stand in quotes: "税率" = 0.13',
            file=PROJECT,
            error=str(error),
        )
        from bpmax_sim.errors import IgnoredSettingWarning  # noqa: PLC0415 - seldom

        line = re.search(r"at line (\d+)", str(error))
        warnings.warn_explicit(message, IgnoredSettingWarning, file, int(line[1]) if line else 1)
        return (message,)
    return ()


def _find_wrong_settings(table: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    for name, value in table.items():
        if name not in SETTINGS:
            from bpmax_sim.errors import suggest_or_list  # noqa: PLC0415 - seldom

            hint = suggest_or_list(name, SETTINGS)
            yield name, msg("[tool.bpmax_sim] has no key {name!r}{hint}", name=name, hint=hint)
        elif not isinstance(value, expected := _TYPES.get(name, object)):
            yield (
                name,
                msg(
                    "[tool.bpmax_sim] {name}: expected {expected}, got {value!r}, which is ignored",
                    name=name,
                    expected=msg("a text") if expected is str else msg("a list of texts"),
                    value=DataValue(value),
                ),
            )


_TYPES: Final = {"language": str, "editor": str, "not_secret": list, "jobs": list}
"""The types of settings that are ignored if they have another one."""


@lru_cache(maxsize=64)
def _read_strictness(
    root: str, _cache_key: object
) -> tuple[tuple[Strictness, tuple[str, ...]], ...]:
    table = read_settings(root) or {}
    names: tuple[Strictness, ...] = ("strict", "lenient")
    return tuple(
        (name, tuple(_resolve_setting_folders(root, name, _get_setting(table, name))))
        for name in names
    )


def _resolve_setting_folders(root: str, name: str, folders: object) -> Iterator[str]:
    if folders is None or folders is False:
        return
    for folder in ["."] if folders is True else folders if isinstance(folders, list) else [None]:
        whole = os.path.normpath(os.path.join(to_absolute_path(root), str(folder)))
        wrong = ""
        if not isinstance(folder, str):
            wrong = msg(
                "[tool.bpmax_sim] {name}: expected true or a list of folders, got {folder!r}",
                name=name,
                folder=folders if folder is None else folder,
            )
        elif not os.path.isdir(whole):  # noqa: PTH112
            from bpmax_sim.errors import suggest_nearest  # noqa: PLC0415 - seldom

            wrong = msg(
                "[tool.bpmax_sim] {name}: there is no folder {folder!r} beside {file}{hint}",
                name=name,
                folder=folder,
                file=PROJECT,
                hint=suggest_nearest(folder.strip("/"), _list_folders_for_hints(Path(root))),
            )
        if wrong:
            raise ValueError(wrong)
        yield whole


_MOST_FOLDERS: Final = 500


def _list_folders_for_hints(root: Path) -> list[str]:
    """Return the relative names of folders below *root*, to suggest one for a misspelled name.

    Those that begin with a dot or an underscore are left out, with all below them. The search ends
    at `_MOST_FOLDERS`.
    """
    found: list[str] = []
    for folder, below, _ in os.walk(root):
        below[:] = sorted(name for name in below if name[:1] not in "._")
        found += (Path(folder, name).relative_to(root).as_posix() for name in below)
        if len(found) >= _MOST_FOLDERS:
            break
    return found[:_MOST_FOLDERS]


def find_platform_folders(root: Path) -> tuple[Path, ...]:
    """Return the platform folders of the project at *root*; later ones override earlier ones.

    They are ``platforms`` of ``[tool.bpmax_sim]``, a path or a list of paths below the root; by
    default ``scenarios/platforms``, if it exists.

    Raises:
        ValueError: if a named folder does not exist.
    """
    named = _read_platform_folders(str(root), compute_file_stamp(os.path.join(root, PROJECT)))
    default = os.path.join(root, "scenarios", "platforms")
    return named or ((Path(default),) if os.path.exists(default) else ())  # noqa: PTH110


@lru_cache(maxsize=64)
def _read_platform_folders(root: str, _cache_key: object) -> tuple[Path, ...]:
    named = read_setting(root, "platforms")
    folders: list[Path] = []
    for folder in named if isinstance(named, list) else () if named is None else [named]:
        path = os.path.normpath(os.path.join(root, str(folder)))
        if not isinstance(folder, str) or not folder or not os.path.exists(path):  # noqa: PTH110
            wrong = msg(
                "[tool.bpmax_sim] platforms: expected folders of platform files, got {folder!r}",
                folder=folder,
            )
            raise ValueError(wrong)
        folders.append(Path(path))
    return tuple(folders)


def read_ci_jobs(root: Path) -> tuple[str, ...]:
    """Return ``jobs`` of ``[tool.bpmax_sim]``: the CI jobs that together run all tests."""
    jobs = read_setting(root, "jobs")
    return tuple(map(str, jobs)) if isinstance(jobs, list) else ()


def read_not_secret_places(root: Path) -> tuple[str, ...]:
    """Return ``not_secret`` of ``[tool.bpmax_sim]``: places whose values are declared not secret.

    They are for values that look like secrets in traffic without platform file, such as
    ``body.requestKey``; a platform file declares its own.
    """
    return _get_not_secret_places(read_settings(root))


def _get_not_secret_places(table: Mapping[str, object] | None) -> tuple[str, ...]:
    places = _get_setting(table, "not_secret")
    return tuple(map(str, places)) if isinstance(places, list) else ()


def with_not_secret_place(text: str, place: str) -> str | None:
    """Return *text*, a pyproject.toml, with *place* as the first element of ``not_secret``.

    None is returned if the text cannot be changed automatically.
    """
    before = _get_not_secret_places(_parse_settings_table(text))
    element = json.dumps(place, ensure_ascii=False)
    header = "[tool.bpmax_sim]\n"
    for old, new in (
        ("not_secret = [", f"not_secret = [{element}, "),
        (header, f"{header}not_secret = [{element}]\n"),
        ("", f"{text and chr(10)}{header}not_secret = [{element}]\n"),
    ):
        head, _, tail = text.rpartition(old) if old else (text, "", "")
        after = head + new + tail
        if old in text and _get_not_secret_places(_parse_settings_table(after)) == (place, *before):
            return after
    return None


def with_setting_in_defaults(text: str, name: str, value: str) -> str | None:
    """Return *text*, a pyproject.toml, with *name* = *value* in ``[tool.bpmax_sim.defaults]``.

    Only that line is changed or added. None is returned if no such change of the text leaves all
    other settings as they are, or it is not TOML.
    """
    import tomllib  # noqa: PLC0415 - pytest starts without it

    try:
        expected = tomllib.loads(text)
        table = expected.setdefault("tool", {}).setdefault("bpmax_sim", {})
        table.setdefault("defaults", {})[name] = value
    except (ValueError, AttributeError, TypeError):  # such as `tool = 5`
        return None
    line = f"{name} = {json.dumps(value, ensure_ascii=False)}"
    header = "[tool.bpmax_sim.defaults]\n"
    known = rf"(?m)^{re.escape(name)}[ \t]*=[ \t]*([\"'])[^\"'\n]*\1"
    for after in (
        re.sub(known, lambda _: line, text, count=1),  # as text, whose backslashes mean themselves
        text.replace(header, f"{header}{line}\n", 1),
        f"{text}{text and chr(10)}{header}{line}\n",
    ):
        try:
            if tomllib.loads(after) == expected:
                return after
        except ValueError:
            continue
    return None


def find_files_below(folder: str | Path, endings: str | tuple[str, ...]) -> Iterator[Path]:
    """Yield the regular files below *folder* whose names end so, folder by folder, sorted by name.

    Folders of other programs are left out: virtual environments, ``node_modules``, and those whose
    names begin with a dot.
    """
    for place, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not _is_foreign_folder(place, name))
        for name in sorted(files):
            if name.endswith(endings) and os.path.isfile(whole := os.path.join(place, name)):
                yield Path(whole)


def _is_foreign_folder(place: str, name: str) -> bool:
    is_named_so = name.startswith(".") or name == "node_modules"
    return is_named_so or os.path.isfile(os.path.join(place, name, "pyvenv.cfg"))


def read_searched_text(path: str | Path) -> str:
    """Return the text of a file in which words are searched; "" if it cannot be read.

    What is wrong with it, who reads it for its own sake reports.
    """
    try:
        with open(path, encoding="utf-8", errors="replace") as file:  # noqa: PTH123
            return file.read()
    except OSError:
        return ""


def join_to_file(file: str | os.PathLike[str], name: str) -> Path:
    """Return *name* resolved against the folder of *file*."""
    return _join_path(os.path.dirname(file), name)


@lru_cache(maxsize=1024)
def _join_path(folder: str, name: str) -> Path:
    return Path(os.path.normpath(os.path.join(folder, name)))


@lru_cache(maxsize=4096)
def to_path(text: str) -> Path:
    """Return *text* as a path, cached, because creating a path for every scenario is slow."""
    return Path(text)


NAME = ".bpmax"
TRACES = f"{NAME}/trace"


def make_parent_folder(path: Path) -> None:
    """Create the folder for the file *path*.

    Below ``.bpmax``, also a file that makes Git ignore it.

    Raises:
        OSError: if it cannot be created.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    for folder in path.parents:
        ignore = folder / ".gitignore"
        if folder.name == NAME and not ignore.exists():
            ignore.write_text("# Made by bpmax-sim.\n*\n", encoding="utf-8", newline="\n")


INSTANCES = "instances.yaml"
LOCAL = "instances.local.yaml"
SUFFIXES = (".yaml", ".yml")
NEARLY_SUFFIXES: Final = (*SUFFIXES, ".YAML", ".YML", ".json", ".txt")
"""How the names end of which a run may have been meant; Windows hides a ``.txt`` behind others."""

Stamp = tuple[tuple[str, int, int], ...]


def to_absolute_path(path: str | os.PathLike[str]) -> str:
    """Return *path* as absolute path; symbolic links are kept."""
    return _make_absolute(os.getcwd(), os.fspath(path))


@lru_cache(maxsize=4096)  # asked several times for every scenario
def _make_absolute(folder: str, path: str) -> str:
    return os.path.normpath(os.path.join(folder, path))


def find_instances_file_above(folder: str) -> str:
    """Return the nearest ``instances.yaml`` above *folder*, an absolute path; "" if there is none.

    The folder itself is not searched.

    A file ``instances.local.yaml`` alone is enough; the result is still the name without ``local``.
    """
    for path, local in _list_instances_file_pairs(folder):
        if _is_file(path) or _is_file(local):
            return path
    return ""


@lru_cache(maxsize=64)  # of a few folders, each asked for by every session
def _list_instances_file_pairs(folder: str) -> tuple[tuple[str, str], ...]:
    """Return, for each parent of *folder*, its instances.yaml and its local file, nearest first."""
    above, candidates = folder, []
    while (upper := os.path.dirname(above)) != above:
        candidates.append((os.path.join(upper, INSTANCES), os.path.join(upper, LOCAL)))
        above = upper
    return tuple(candidates)


def _is_file(path: str) -> bool:
    return os.access(path, os.F_OK) and os.path.isfile(path)  # mostly there is none, told quickly


def to_local_override(path: str) -> str:
    """Return the name of the local file whose keys override those of *path*: ``x.local.yaml``."""
    stem, suffix = os.path.splitext(path)
    return f"{stem}.local{suffix}"


def compute_folder_stamp(folder: str, instances_file: str, *, levels: int = 8) -> Stamp:
    """Return path, size and time of each platform file below *folder*, and of *instances_file*.

    The result is compared to find out whether cached platforms are still valid. Subfolders are
    visited to a depth of *levels*, as links may form a circle.
    """
    stamps: list[tuple[str, int, int]] = []
    try:
        with os.scandir(folder or os.devnull) as entries:
            for entry in entries:
                try:
                    if entry.name.endswith(SUFFIXES):
                        status = entry.stat()
                        stamps.append((entry.path, status.st_size, status.st_mtime_ns))
                    elif levels and not entry.name.startswith(".") and entry.is_dir():
                        stamps += compute_folder_stamp(entry.path, "", levels=levels - 1)
                except OSError:  # a link to nothing, or to itself; the others count nevertheless
                    stamps.append((entry.path, -1, 0))
    except OSError:
        stamps += compute_file_stamp(folder)
    if instances_file:
        stamps += (
            *compute_file_stamp(instances_file),
            *compute_file_stamp(to_local_override(instances_file)),
        )
    return tuple(stamps)


def compute_file_stamp(path: str) -> Stamp:
    """Return name, size and time of change of one file, or that it is absent, to be compared later.

    An absent file has size -1 and time 0; the time is in nanoseconds.
    """
    try:
        status = os.stat(path)
    except OSError:
        return ((path, -1, 0),)
    return ((path, status.st_size, status.st_mtime_ns),)
