"""What ``doctor`` looks at in a project: its files, and what earlier runs left in it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path

from bpmax_sim.cli.schema import FILES
from bpmax_sim.errors import ConfigError
from bpmax_sim.platform.load import load_platforms
from bpmax_sim.platform.model import Instance, Source
from bpmax_sim.platform.platforms import Platforms
from bpmax_sim.report.terminal import counted
from bpmax_sim.starter.plan import GIT
from bpmax_sim.starter.wish import CIS
from bpmax_sim.yamlfile import shown

Finding = tuple[bool, str, str]
_ATTRIBUTES = ".gitattributes"


def project_findings(root: Path, environ: Mapping[str, str]) -> Iterator[Finding]:
    """Yield what is found in the project at *root*; of a folder that is none, little."""
    yield from _declared(root, environ)
    yield from _schemas(root)
    yield from _left(root)
    if any((one / ".git").exists() for one in (root, *root.parents)):
        yield _git(root)
    found = [name for name, (_, place) in CIS.items() if (root / place).is_file()]
    yield True, "CI file", ", ".join(found) or "none; `bpmax-sim init --ci github` writes one"


def _declared(root: Path, environ: Mapping[str, str]) -> Iterator[Finding]:
    folder = root / "scenarios" / "platforms"
    try:
        platforms = load_platforms(folder if folder.is_dir() else None)
    except ConfigError as error:
        told = counted(len(error.problems), "problem")
        yield False, "platforms", f"{told}; `bpmax-sim lint` tells them"
        return
    own = ", ".join(sorted(platforms.own)) or "the built-in ones"
    yield True, "platforms", own
    instances = [one.instance for entries in platforms.entries.values() for one in entries]
    if lacking := sorted({name for one in instances for name in _unset(one, environ)}):
        names = ", ".join(lacking)
        yield True, "environment", f"not set: {names}; needed to record, never to replay"
    yield from _keyring(platforms)


def _sources(instance: Instance) -> Iterator[Source]:
    values = (instance.base_url, *instance.credentials.values())
    return (one for one in values if isinstance(one, Source))


def _unset(instance: Instance, environ: Mapping[str, str]) -> Iterator[str]:
    for source in _sources(instance):
        if isinstance(source.env, str) and not environ.get(source.env):
            yield source.env


def _keyring(platforms: Platforms) -> Iterator[Finding]:
    instances = [one.instance for entries in platforms.entries.values() for one in entries]
    wanted = any(isinstance(one.keyring, str) for each in instances for one in _sources(each))
    if wanted and find_spec("keyring") is None:
        told = "instances name it; install it: pip install 'bpmax-sim[keyring]'"
        yield False, "keyring", told
    elif wanted:
        yield True, "keyring", "installed"


def _schemas(root: Path) -> Iterator[Finding]:
    folder = root / "scenarios" / "schemas"
    if not folder.is_dir():
        return
    old = [name for name, make in FILES.items() if not _is_fresh(folder, name, make())]
    told = f"{', '.join(old)}: not those of this version; `bpmax-sim schema --write`"
    yield not old, "schemas", told if old else shown(folder)


def _is_fresh(folder: Path, name: str, schema: Mapping[str, object]) -> bool:
    try:
        text = (folder / f"{name}.schema.json").read_text(encoding="utf-8")
        return bool(json.loads(text) == json.loads(json.dumps(schema)))
    except (OSError, ValueError):
        return False


def _left(root: Path) -> Iterator[Finding]:
    """Yield what recordings left that were killed, or that failed."""
    folder = root / "cassettes"
    journals, waiting = (
        list(folder.rglob(end)) if folder.is_dir() else [] for end in ("*.journal", "*.new")
    )
    if journals:
        told = f"{counted(len(journals), 'recording')} was not finished; `bpmax-sim recover`"
        yield False, "journals", told
    if waiting:
        told = f"{counted(len(waiting), 'recording')} to accept or reject; `bpmax-sim review`"
        yield False, "review", told


def _git(root: Path) -> Finding:
    try:
        lines = (root / _ATTRIBUTES).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        lines = []
    cassettes = [line.split() for line in lines if line.startswith(("cassettes", "*"))]
    if any({"-text", "eol=lf", "binary"} & set(words) for words in cassettes):
        return True, _ATTRIBUTES, "cassettes keep their line ends"
    (line,) = GIT[_ATTRIBUTES]
    return False, _ATTRIBUTES, f"Git may change line ends of cassettes; add to it: {line}"
