"""Find files of a ``scenarios`` folder that are meant for a run and that no run reads.

Scenarios, shared defaults and instances are known by the names of their files, so one with a name
that is only nearly such is in no run, and a run without it is green.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from bpmax_sim.errors import Place, Problem
from bpmax_sim.i18n import msg
from bpmax_sim.project import (
    DEFAULTS,
    INSTANCES,
    LOCAL,
    NEARLY_SUFFIXES,
    SUFFIX,
    SUFFIXES,
    find_files_below,
    read_searched_text,
)
from bpmax_sim.yamlfile import to_display_path

_NEARLY_SUFFIX: Final = re.compile(
    r"(?P<stem>.*?)[._ -]?(?:scenarios?|secnario|senario|scenaro|scenairo|sceanrio)"
    r"\.(?:ya?ml|json)(?:\.txt)?",
    re.IGNORECASE,
)
_SCENARIO: Final = re.compile(r"^\ufeff?[\"']?scenario[\"']?[ \t]*:", re.MULTILINE)
_SCENARIO_AS_JSON: Final = re.compile(r"[{,]\s*\"?scenario\"?\s*:")
_BODY: Final = re.compile(r"^(?:steps|script|form|flow|cases)[ \t]*:", re.MULTILINE)
_NEARLY_DEFAULTS: Final = re.compile(r"defaults?\.ya?ml(?:\.txt)?", re.IGNORECASE)
_TOP_KEY: Final = re.compile(r"^([a-zA-Z_]\w*)[ \t]*:", re.MULTILINE)
_NEARLY_INSTANCES: Final = re.compile(
    r"instances?(?P<local>[._-]local)?\.ya?ml(?:\.txt)?", re.IGNORECASE
)
_OF_INSTANCES: Final = re.compile(r"^\s*-\s*\{?\s*platform\s*:", re.MULTILINE)
_COPIED_BY_HAND: Final = re.compile(r"^_|template|sample|模板|样例", re.IGNORECASE)
"""Names of files that lie there to be copied, and are meant to be in no run."""

_USERS: Final = (*SUFFIXES, ".py", ".toml")


def find_unread_files(root: Path) -> Iterator[Problem]:
    """Yield a problem for each file below ``scenarios`` of *root* that is meant, and never read.

    Files that another file of the project mentions are left out.
    """
    for path in find_files_below(root / "scenarios", NEARLY_SUFFIXES):
        if problem := explain_unread_file(path, root):
            yield problem


def explain_unread_file(path: Path, root: Path) -> Problem | None:
    """Return why no run of the project at *root* reads the file at *path*; None if one may."""
    if path.name in {DEFAULTS, INSTANCES, LOCAL} or path.name.endswith(SUFFIX):
        return None
    message = _explain_name(path)
    if not message or _is_mentioned(path, root):
        return None
    return Problem(message, Place(to_display_path(path), 1, 1))


def _explain_name(path: Path) -> str:
    """Return what the file at *path* has to be called to be read; "" if it is not meant to be."""
    name = path.name
    if _NEARLY_DEFAULTS.fullmatch(name):
        from bpmax_sim.scenario.model import Fragment  # noqa: PLC0415 - seldom, and slow to load

        keys = set(_TOP_KEY.findall(read_searched_text(path)))
        if name == "defaults.yml" or (keys and keys.issubset(Fragment.__struct_fields__)):
            return msg("only {name} is read as defaults; rename the file", name=DEFAULTS)
        return ""
    if near := _NEARLY_INSTANCES.fullmatch(name):
        if not _OF_INSTANCES.search(read_searched_text(path)):
            return ""
        right = LOCAL if near["local"] else INSTANCES
        return msg("only {name} is read as instances; rename the file", name=right)
    return _explain_scenario_name(path)


def _explain_scenario_name(path: Path) -> str:
    near = _NEARLY_SUFFIX.fullmatch(path.name)
    if _COPIED_BY_HAND.search(path.name) or not (near or path.name.endswith(SUFFIXES)):
        return ""
    text = read_searched_text(path)
    is_scenario = bool(_SCENARIO.search(text)) and bool(near or _BODY.search(text))
    if not is_scenario and not (near and _SCENARIO_AS_JSON.search(text)):
        return ""
    stem = near["stem"] if near else path.stem
    return msg(
        "the names of scenarios end with {suffix}, so this one is in no run; rename it to {name}",
        suffix=SUFFIX, name=f"{stem or path.parent.name}{SUFFIX}",
    )  # fmt: skip


def _is_mentioned(path: Path, root: Path) -> bool:
    """Return whether a file of the project at *root* names *path*, or runs files that end so.

    Such are a scenario with ``use: [default.yaml]`` and a test in Python that runs scenarios of its
    own, ``run_scenario(f"data/{name}.yaml")``.
    """
    name = re.compile(rf"(?<![\w.-]){re.escape(path.name)}")
    ending = re.compile(rf"(?<!\.scenario){re.escape(''.join(path.suffixes))}")
    return any(
        name.search(text) or ("run_scenario" in text and ending.search(text))
        for text in _read_others(path, root)
    )


def _read_others(path: Path, root: Path) -> Iterator[str]:
    """Yield the texts of the files of the project at *root* that may name the one at *path*."""
    cassettes = root / "cassettes"
    for other in find_files_below(root, _USERS):
        if other != path and cassettes not in other.parents:
            yield read_searched_text(other)
