"""What a test's session is opened with: command line > marker > scenario > ini > default.

Which tests are in this shard, and how long each took, for the shards of the next run.

All tests of a run are split, not scenarios alone: each is in exactly one shard.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from bpmax_sim.cassette.remote import Remote, is_url, mirror
from bpmax_sim.errors import ConfigError, near
from bpmax_sim.project import SUFFIX, cassette_name, file_name, find_root
from bpmax_sim.pytest_plugin import options
from bpmax_sim.pytest_plugin.run_stats import tally_of
from bpmax_sim.scenario import shards
from bpmax_sim.scenario.shards import Shard

SESSION_NAMES: Mapping[str, str] = {
    "mode": "mode",
    "record": "record",
    "against": "against",
    "record_extra": "extra",
    "allow_ci_record": "allow_ci",
    "instance": "default_instance",
    "unused": "unused",
    "seed": "seed",
    "clock": "clock",
    "engine": "engine",
    "js_stack": "stack",
    "js_limits": "limits",
}
"""Option of the plugin -> option of `Session.open`."""

MARKED = (
    *("cassette", "clock", "engine", "ignore", "instance", "instances", "js_limits"),
    *("mode", "platforms", "record", "redact", "repeat", "seed", "unawaited", "unused"),
)
"""What the marker ``bpmax`` takes."""

Says = Callable[[str], bool]
_REMOTE = pytest.StashKey[Remote | None]()
_ROOTS = pytest.StashKey[dict[str, Path]]()


def marked(node: pytest.Item) -> dict[str, Any]:
    """Return what the markers ``bpmax`` of a test say, the nearest winning.

    Raises:
        ConfigError: if a key is unknown.
    """
    found: dict[str, Any] = {}
    for mark in reversed(list(node.iter_markers("bpmax"))):
        if mark.args:
            raise ConfigError("the marker bpmax takes names only, such as bpmax(cassette='x')")
        for key in mark.kwargs:
            if key not in MARKED:
                hint = near(key, MARKED) or f"; known are {', '.join(MARKED)}"
                raise ConfigError(f"the marker bpmax has no {key!r}{hint}")
        found |= mark.kwargs
    if node.get_closest_marker("bpmax_live"):
        found["mode"] = "live"
    return found


def choose(
    config: pytest.Config,
    mark: Mapping[str, Any],
    name: str,
    *,
    says: Says = lambda _name: False,
) -> Any:
    """Return the value of an option for a test, or None to leave it as it is.

    Args:
        config: that of the test.
        mark: what its markers say.
        name: of the option.
        says: whether the scenario itself says something about it, which beats the ini file.
    """
    said, written = options.said(config, name)
    if said is None:
        said = mark.get(name)
    return written if said is None and written is not None and not says(name) else said


def session_options(node: pytest.Item, *, says: Says = lambda _name: False) -> dict[str, Any]:
    """Return the options of `Session.open` that the caller, markers and ini file set.

    Raises:
        ConfigError: if a marker is wrong.
    """
    mark = marked(node)
    chosen = {
        target: choose(node.config, mark, name, says=says) for name, target in SESSION_NAMES.items()
    }
    found = {target: said for target, said in chosen.items() if said is not None}
    found |= {key: mark[key] for key in ("ignore", "redact", "repeat", "unawaited") if key in mark}
    root, files = root_of(node), dict(_files(node, mark, says))
    if "instances" in mark:
        files["instances"] = root / mark["instances"]
    if "cassette" in mark:
        name = cassette_name(root, node.path, str(mark["cassette"]), "")
        files["cassette"] = cassettes_folder(node) / f"{name}.yaml"
    return found | files | {"remote": remote_of(node.config)}


def _files(node: pytest.Item, mark: Mapping[str, Any], says: Says) -> Iterator[tuple[str, Path]]:
    """Yield the platforms, each way of naming them relative to what its writer looks at."""
    config, given = node.config, options.on_command_line(node.config, "platforms")
    if given is not None:
        yield "platforms", config.invocation_params.dir / given
    elif "platforms" in mark:
        yield "platforms", root_of(node) / mark["platforms"]
    elif not says("platforms") and (ini := options.in_ini(config, "platforms")) is not None:
        yield "platforms", config.rootpath / ini


def root_of(node: pytest.Item | pytest.Collector) -> Path:
    """Return the root of a test's project, looked for once in a run for each folder."""
    known = node.config.stash.get(_ROOTS, None)
    if known is None:
        known = node.config.stash[_ROOTS] = {}
    folder = os.path.dirname(node.path)  # noqa: PTH120 - a path would have to be made
    if folder not in known:
        known[folder] = find_root(node.path)
    return known[folder]


def remote_of(config: pytest.Config) -> Remote | None:
    """Return where the cassettes come from, if that is a URL; one for the whole run."""
    if _REMOTE not in config.stash:
        said = options.value(config, "cassettes")
        config.stash[_REMOTE] = mirror(said, config.rootpath) if is_url(said) else None
    return config.stash[_REMOTE]


def cassettes_folder(node: pytest.Item | pytest.Collector) -> Path:
    """Return the folder of all cassettes that a test's are in; of a URL, its mirror."""
    config = node.config
    remote = remote_of(config)
    if remote is not None:
        return remote.folder
    given = options.on_command_line(config, "cassettes")
    if given is not None:
        return Path(config.invocation_params.dir, given)
    ini = options.in_ini(config, "cassettes")
    return Path(config.rootpath, ini) if ini is not None else root_of(node) / "cassettes"


def cassette_of(node: pytest.Item) -> Path:
    """Return the cassette of a Python test: ``<module>/<test>.yaml``, shared by its parameters.

    The module's name is its path below the project's root, without a leading ``tests``: neither
    depends on the import mode, nor on how pytest spells parameters.
    """
    mark = marked(node)
    folder, root = cassettes_folder(node), root_of(node)
    if "cassette" in mark:
        return folder / f"{cassette_name(root, node.path, str(mark['cassette']), '')}.yaml"
    module = node.path.with_suffix("")
    parts = module.relative_to(root).parts if module.is_relative_to(root) else (module.name,)
    parts = parts[1:] if parts[0] in {"tests", "test"} and len(parts) > 1 else parts
    name = _qualified(node, getattr(node, "originalname", None) or node.name)
    return folder.joinpath(*map(file_name, parts), f"{file_name(name)}.yaml")


def owner_of(node: pytest.Item) -> str:
    """Return whose exchanges a Python test's are: its name with class and parameters."""
    return _qualified(node, node.name)


def _qualified(node: pytest.Item, name: str) -> str:
    outer = node.getparent(pytest.Class)
    return f"{outer.name}.{name}" if outer else name


def deselect(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave in *items* those of this run's shard, in their order."""
    shard = options.value(config, "shard")
    if shard is None:
        return
    names = _keys(config, (item.nodeid for item in items))
    keys = dict(zip(items, names, strict=True))
    chosen = shard.among(keys.values(), seconds(config))
    left_out = [item for item in items if keys[item] not in chosen]
    if left_out:
        tally_of(config).sharded = True
        items[:] = [item for item in items if keys[item] in chosen]
        config.hook.pytest_deselected(items=left_out)


def header(config: pytest.Config, shard: Shard) -> str:
    """Return what must be the same for every shard of one run."""
    found = seconds(config)
    known = f"{len(found)} durations ({shards.fingerprint(found)})"
    return f"shard {shard}, split by {known if found else 'number, no durations known'}"


def seconds(config: pytest.Config) -> dict[str, Any]:
    """Return what each test took when it last ran.

    Raises:
        pytest.UsageError: the file cannot be read.
    """
    try:
        return shards.read(find_root(config.rootpath))
    except ConfigError as error:
        raise pytest.UsageError(f"--bpmax-shard: {error}") from None


def _keys(config: pytest.Config, nodeids: Iterable[str]) -> Iterator[str]:
    """Yield how durations call each test."""
    root, known = find_root(config.rootpath), dict[str, str]()
    for nodeid in nodeids:
        file, _, name = nodeid.partition("::")
        if file not in known:
            known[file] = shards.key_of(config.rootpath / file, root, "")
        yield f"{known[file]}{name}"


def keep_durations(
    config: pytest.Config, reports: Iterable[pytest.TestReport], *, complete: bool
) -> None:
    """Keep what the tests of *reports* took, in a project whose scenarios are among them."""
    took: Counter[str] = Counter()
    for report in reports:
        took[report.nodeid] += report.duration  # type: ignore[assignment] # seconds
    shard = options.value(config, "shard")
    if shard is None and not any(f"{SUFFIX}::" in nodeid for nodeid in took):
        return
    root: Path = find_root(config.rootpath)
    found = dict(zip(_keys(config, took), map(float, took.values()), strict=True))
    shards.keep(root, found, shard=shard, complete=complete)
