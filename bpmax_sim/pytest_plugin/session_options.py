"""Options of a test's session. Precedence: command line, marker, scenario, ini file, default."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, cast

import pytest

from bpmax_sim.cassette.format import HEAD
from bpmax_sim.cassette.remote import RemoteStorage, is_url, open_mirror
from bpmax_sim.errors import ConfigError, FormerFolderWarning, suggest_nearest
from bpmax_sim.file_names import build_cassette_name, to_file_name
from bpmax_sim.file_system import shell_quote
from bpmax_sim.i18n import join_list, msg
from bpmax_sim.project import find_root
from bpmax_sim.pytest_plugin import options
from bpmax_sim.session.options import list_options_for
from bpmax_sim.session.settings import SessionOptions
from bpmax_sim.session.shared_logins import SharedLogins
from bpmax_sim.yamlfile import to_display_path

COMMANDS: SessionOptions = {
    "command_rewrite": "--bpmax-record=rewrite",
    "command_new": "--bpmax-record=new",
    "command_extra": "--bpmax-record=new --bpmax-record-extra",
}
"""The options of a recording, for messages."""

MARKED = list_options_for("marker")
"""What the marker ``bpmax`` takes."""

_FILES = frozenset({"cassette", "platforms", "instances"})
"""Paths, which each place names relative to what its writer looks at."""

_OF_THE_GUARD = frozenset({"allow_hosts", "faults"})
"""A test's own guard takes the hosts; rules of faults come from fixtures and other markers."""

Sets = Callable[[str], bool]
_REMOTE = pytest.StashKey[RemoteStorage | None]()
_LOGINS = pytest.StashKey[SharedLogins]()
_ROOTS = pytest.StashKey[dict[str, Path]]()


def read_marker_options(node: pytest.Item) -> dict[str, Any]:
    """Return what the ``@pytest.mark.bpmax(…)`` markers of a test set; the nearest marker wins.

    Raises:
        ConfigError: if a key is unknown, or the text of ``js_limits`` is wrong.
    """
    options: dict[str, Any] = {}
    for mark in reversed(list(node.iter_markers("bpmax"))):
        if mark.args:
            raise ConfigError("the marker bpmax takes names only, such as bpmax(cassette='x')")
        for key in mark.kwargs:
            if key not in MARKED:
                hint = suggest_nearest(key, MARKED) or msg(
                    "; known are {names}", names=join_list(sorted(MARKED))
                )
                raise ConfigError("the marker bpmax has no {key!r}{hint}", key=key, hint=hint)
        options |= mark.kwargs
    if isinstance(limits := options.get("js_limits"), str):  # written as on the command line
        try:
            options["js_limits"] = MARKED["js_limits"].read(limits)
        except ValueError as error:
            raise ConfigError("the marker bpmax: {error}", error=error) from None
    if node.get_closest_marker("bpmax_live"):
        options["mode"] = "live"
    return options


def choose_option(
    config: pytest.Config,
    mark: Mapping[str, Any],
    name: str,
    *,
    is_set_in_scenario: Sets = lambda _name: False,
) -> Any:
    """Return the value of an option for one test; None to keep the default.

    Command line first, then markers, then what the scenario sets itself, then the ini file.

    Args:
        config: pytest configuration of the test.
        mark: options set by its markers.
        name: option name.
        is_set_in_scenario: function that returns whether the scenario itself sets the option of
            that name, which overrides the ini file.
    """
    chosen, in_ini = options.read_cli_and_ini(config, name)
    if chosen is None:
        chosen = mark.get(name)
    return (
        in_ini if chosen is None and in_ini is not None and not is_set_in_scenario(name) else chosen
    )


def read_session_options(
    node: pytest.Item, *, is_set_in_scenario: Sets = lambda _name: False
) -> SessionOptions:
    """Return the options of `Session.open` set by command line, markers and ini file.

    *is_set_in_scenario* returns whether the scenario itself sets the option of that name, so that
    the ini file does not.

    Raises:
        ConfigError: if a marker is wrong.
    """
    mark = read_marker_options(node)
    chosen: dict[str, Any] = {}
    for name, option in list_options_for("session").items():
        if name in _FILES or name in _OF_THE_GUARD:
            continue
        is_option = name in options.OPTIONS
        value = (
            choose_option(node.config, mark, name, is_set_in_scenario=is_set_in_scenario)
            if is_option
            else mark.get(name)
        )
        if value is not None:
            chosen[option.session_keyword] = value
    if platforms := _resolve_platform_folders(node, mark, is_set_in_scenario):
        chosen["platforms"] = platforms
    if "instances" in mark:
        chosen["instances"] = _resolve_below_root(node, mark["instances"])
    if "cassette" in mark:
        chosen["cassette"] = resolve_cassette_path(node, mark["cassette"])
    if options.read_option_value(node.config, "cov"):
        from bpmax_sim.pytest_plugin.script_hits import get_script_hits  # noqa: PLC0415 - where asked for

        chosen["hits"] = get_script_hits(node.config)
    chosen["remote"] = get_remote_storage(node.config)
    chosen["shared_logins"] = node.config.stash.setdefault(_LOGINS, SharedLogins())
    return cast("SessionOptions", chosen)


def _resolve_platform_folders(
    node: pytest.Item, mark: Mapping[str, Any], is_set_in_scenario: Sets
) -> tuple[Path, ...]:
    """Return the platform folders, as absolute paths.

    *is_set_in_scenario* tells whether the scenario sets an option, so that the ini file does not.
    A relative path on the command line is resolved against the working directory, in a marker
    against the project's root, and in the ini file against the folder of that file.
    """
    config = node.config
    passed, ini = options.read_cli_and_ini(config, "platforms")
    if passed is not None:
        return tuple(Path(config.invocation_params.dir, one) for one in passed)
    if "platforms" in mark:
        named = mark["platforms"]
        several = named if isinstance(named, list | tuple) else () if named is None else (named,)
        return tuple(_resolve_below_root(node, one) for one in several)
    return (
        ()
        if ini is None or is_set_in_scenario("platforms")
        else tuple(Path(config.rootpath, p) for p in ini)
    )


def _resolve_below_root(node: pytest.Item, path: Any) -> Any:
    """Return *path* of a marker, seen from the project's root.

    What is no path stays as it is, for the session to refuse.
    """
    return find_project_root(node) / path if isinstance(path, str | os.PathLike) else path


def list_usual_platform_folders(node: pytest.Item) -> tuple[Path, ...]:
    """Return the folder of platforms of a Python test that names none; () if there is none."""
    folder = find_project_root(node) / "scenarios" / "platforms"
    return (folder,) if folder.is_dir() else ()


def find_project_root(node: pytest.Item | pytest.Collector) -> Path:
    """Return the root of a test's project, cached by folder; without a project, pytest's root.

    It is never the folder of the test: there, pytest-recording keeps cassettes of the same names.
    """
    known = node.config.stash.setdefault(_ROOTS, {})
    folder = os.path.dirname(node.path)  # noqa: PTH120 - a path would have to be made
    if folder not in known:
        root = node.config.rootpath
        known[folder] = find_root(node.path, root if node.path.is_relative_to(root) else None)
    return known[folder]


def get_remote_storage(config: pytest.Config) -> RemoteStorage | None:
    """Return the remote storage if the cassettes are given by URL; one for the whole run."""
    if _REMOTE not in config.stash:
        place = options.read_option_value(config, "cassettes")
        config.stash[_REMOTE] = open_mirror(place, config.rootpath) if is_url(place) else None
    return config.stash[_REMOTE]


def find_cassettes_folder(node: pytest.Item | pytest.Collector) -> Path:
    """Return the folder of a test's cassettes; for a URL, the local copy of the remote storage."""
    named = find_named_cassettes_folder(node.config)
    return find_project_root(node) / "cassettes" if named is None else named


def find_named_cassettes_folder(config: pytest.Config) -> Path | None:
    """Return the cassettes folder that the run names; for a URL, its local copy.

    None for that of each project.
    """
    remote = get_remote_storage(config)
    return options.choose_named_cassettes_folder(config) if remote is None else remote.folder


def resolve_cassette_path(node: pytest.Item, name: object) -> Path:
    """Return the path of the cassette *name*, given in a marker or a call.

    *name* is a path below the cassettes folder, with or without ``.yaml``.
    """
    below = build_cassette_name(find_project_root(node), node.path, str(name), "")
    return find_cassettes_folder(node) / f"{below}.yaml"


def choose_cassette_path(node: pytest.Item) -> Path:
    """Return the path of a Python test's cassette: that of its marker, else the default.

    The default is ``<module>/<test>.yaml``, without parameters. The module name is its path below
    the project's root, without a leading ``tests``, so that it depends neither on the import mode
    nor on pytest's spelling of parameters.
    """
    mark = read_marker_options(node)
    if "cassette" in mark:
        return resolve_cassette_path(node, mark["cassette"])
    folder, root = find_cassettes_folder(node), find_project_root(node)
    module = node.path.with_suffix("")
    parts = module.relative_to(root).parts if module.is_relative_to(root) else (module.name,)
    parts = parts[1:] if parts[0] in {"tests", "test"} and len(parts) > 1 else parts
    name = _prefix_with_class_name(node, getattr(node, "originalname", None) or node.name)
    return folder.joinpath(*map(to_file_name, parts), f"{to_file_name(name)}.yaml")


def warn_of_former_folder(node: pytest.Item) -> None:
    """Warn if a cassette is missing but recordings lie beside the test, as in older versions."""
    path, folder = choose_cassette_path(node), node.path.parent / "cassettes"
    former = folder / path.parent.name / path.name
    is_default = find_cassettes_folder(node) == find_project_root(node) / "cassettes"
    if not is_default or "cassette" in read_marker_options(node) or path.exists():
        return
    if not former.is_file() or not former.read_bytes().startswith(HEAD.encode()):
        return  # pytest-recording has its own there
    moves = [(former.parent, path.parent), (folder / "auth", find_cassettes_folder(node) / "auth")]
    if path.parent.exists():
        moves[0] = former, path
    commands = [f"mkdir -p {shell_quote(to_display_path(moves[0][1].parent))}"]
    for old, new in moves:
        if old.exists() and not new.exists():
            commands.append(
                f"git mv {' '.join(shell_quote(to_display_path(p)) for p in (old, new))}"
            )
    warnings.warn(
        msg(
            "{former}: recorded where nothing is read any more, and {path} does not exist; move "
            "it: {command}",
            former=to_display_path(former),
            path=to_display_path(path),
            command=" && ".join(commands),
        ),
        FormerFolderWarning,
        stacklevel=2,
    )


def choose_owner_name(node: pytest.Item) -> str:
    """Return the name under which the exchanges of a Python test are recorded in its cassette.

    It is ``owner`` of its marker, else its own name with class and parameters.
    """
    return str(read_marker_options(node).get("owner") or _prefix_with_class_name(node, node.name))


def _prefix_with_class_name(node: pytest.Item, name: str) -> str:
    outer = node.getparent(pytest.Class)
    return f"{outer.name}.{name}" if outer else name
