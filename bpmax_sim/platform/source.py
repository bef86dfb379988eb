"""Read a platform file together with the files that it builds on: its parent and own presets.

``extends: key`` lays a file over another platform: maps are merged, lists and values replaced, APIs
by their names; an ``auth`` that names a preset replaces the parent's as a whole. ``preset:
./presets/corp.yaml`` is a file of the shape of a shipped preset; its path is relative to the file
that names it. Both are read where files are, before anything is expanded.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import msgspec
from msgspec import structs

from bpmax_sim.errors import ConfigError, Place, Problem
from bpmax_sim.i18n import msg
from bpmax_sim.project import SUFFIXES
from bpmax_sim.yamlfile import Node, read_yaml, to_display_path

EXTENDS = "extends"
_KEY = re.compile(r"^platform_key:\s*[\"']?([^\s\"'#]+)", re.MULTILINE)
_PRESET = "preset"


class PlatformSource(msgspec.Struct, frozen=True):
    """One YAML file of a platforms folder, parsed but not checked.

    Attributes:
        root: its content; None if it cannot be read.
        problems: why it cannot be read.
        presets: roots of the project's preset files that it names, by the text that names them.
        used: other files that were read for it.
    """

    path: Path
    root: Node | None
    problems: tuple[Problem, ...] = ()
    presets: Mapping[str, Node] = {}
    used: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """Return the key of its platform; empty if it has none."""
        node = self.root.find_child("platform_key") if self.root else None
        return str(node.value) if node is not None else ""

    @property
    def key_or_file_name(self) -> str:
        """Return its key; the file's name if it cannot be read or contains no key."""
        if self.key:
            return self.key
        try:
            text = self.path.read_text(encoding="utf-8-sig")
        except (OSError, ValueError):
            text = ""
        return find_platform_key(text) or self.path.stem

    @property
    def place(self) -> Place:
        """Return the place of the platform's key in the file.

        Without key, that of its beginning.
        """
        if self.root is None:
            return Place(to_display_path(self.path))
        return (self.root.find_child("platform_key") or self.root).place

    @property
    def is_preset(self) -> bool:
        """Return whether the file declares a preset of the project and no platform.

        Such a file has ``preset`` at the top and no platform key.
        """
        return self.root is not None and _PRESET in self.root.items and not self.key


def read_source(path: Path, file: str = "") -> PlatformSource:
    """Return the parsed file at *path*; messages call it *file*."""
    try:
        root = read_yaml(path, file=file)
    except ConfigError as error:
        return PlatformSource(path, None, error.problems)
    presets: dict[str, Node] = {}
    problems: list[Problem] = []
    named: dict[str, Node] = {}
    for node in find_preset_file_nodes(root):
        named.setdefault(str(node.value), node)
    for name, node in named.items():
        try:
            presets[name] = read_yaml(path.parent / name)
        except ConfigError as error:
            problems += [Problem(one.message, one.place or node.place) for one in error.problems]
    # Also those that could not be read: what is mended or added later has to be read again.
    used = tuple(str(path.parent / name) for name in named)
    return PlatformSource(path, root, tuple(problems), presets, used)


def find_platform_key(text: str) -> str:
    """Return the key in the text of a platform file, even if it is invalid YAML; else empty."""
    match = _KEY.search(text)
    return match[1] if match else ""


def is_preset_file_name(name: object) -> bool:
    """Return whether *name* is that of a preset file in the project: it ends like a YAML file."""
    return isinstance(name, str) and name.endswith(SUFFIXES)


def find_preset_file_nodes(root: Node) -> Iterator[Node]:
    """Yield each value of a platform file that names a preset file of the project."""
    apis = (root.find_child("apis") or Node({})).items.values()
    for auth in (root.find_child("auth"), *(api.find_child("auth") for api in apis)):
        node = auth.find_child(_PRESET) if auth is not None else None
        if node is not None and is_preset_file_name(node.value):
            yield node


Find = Callable[[str, PlatformSource], PlatformSource | None]
"""Returns the platform of a key that a file means, where its own key is one of a file below it."""


def list_source_and_ancestors(
    source: PlatformSource, find: Find, problems: list[Problem]
) -> list[PlatformSource]:
    """Return *source*, the platform file that its ``extends`` names, that one's parent, and so on.

    A parent that does not exist and a circle become *problems*, and end the chain. The problem of a
    circle is the same for each file in it and for those that lead into it.
    """
    chain = [source]
    while (root := chain[-1].root) is not None and (node := root.find_child(EXTENDS)) is not None:
        if isinstance(node.value, dict | tuple):  # refused when it is decoded
            break
        key = str(node.value)
        parent = find(key, chain[-1])
        if parent in chain:
            problems.append(_make_circle_problem(chain[chain.index(parent) :]))
            break
        if parent is None or parent.root is None:
            message = msg("there is no platform {key!r} to extend", key=key)
            problems.append(Problem(message, node.place, EXTENDS))
            break
        chain.append(parent)
    return chain


def _make_circle_problem(circle: list[PlatformSource]) -> Problem:
    """Return one problem for files that extend one another in a circle."""
    places = [one.root.items[EXTENDS].place for one in circle if one.root is not None]
    first = min(range(len(circle)), key=lambda at: (places[at].file, places[at].line))
    steps = [f"{one.key} ({place})" for one, place in zip(circle, places, strict=True)]
    way = " → ".join([*steps[first:], *steps[:first], circle[first].key])
    message = msg("extends itself: {way}; remove one extends", way=way)
    return Problem(message, places[first], EXTENDS)


def merge_chain(chain: list[PlatformSource]) -> tuple[Node, dict[str, Node]]:
    """Return the root of a chain of files merged, and the presets that any of them names.

    *chain* begins with the file itself, whose keys win over those of its parents.
    """
    root, presets = Node({}), dict[str, Node]()
    below = ""
    for source in reversed(chain):
        assert source.root is not None
        if below and below != source.key:  # what another platform was called, this one was not
            root = structs.replace(root, value={k: v for k, v in root.items.items() if k != "was"})
        root = source.root if not root.items else _merge_nodes(root, source.root)
        below = source.key
        presets |= source.presets
    return root, presets


def _merge_nodes(below: Node, above: Node) -> Node:
    if not (below.items and above.items) or _PRESET in above.items:
        return above
    merged = dict(below.items)
    for key, node in above.items.items():
        merged[key] = _merge_nodes(merged[key], node) if key in merged else node
    return structs.replace(above, value=merged)
