"""Combine a scenario with everything it inherits into one tree whose keys know their files.

Weakest first: ``[tool.bpmax_sim.defaults]``, the ``defaults.yaml`` of each folder from the
project's root down, the fragments of ``use``, the scenario itself; the stronger source wins key by
key. A file that ``form``, ``flow`` or ``people`` names is weaker than the file that names it. Trees
are combined before they are decoded, so that a problem is reported at the line of its key.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from bpmax_sim.errors import ConfigError, Place, Problem, suggest_nearest
from bpmax_sim.i18n import msg
from bpmax_sim.project import (
    DEFAULTS,
    PROJECT,
    Stamp,
    compute_file_stamp,
    join_to_file,
    to_absolute_path,
)
from bpmax_sim.scenario import model
from bpmax_sim.scenario.source import ScenarioSource, Spot
from bpmax_sim.scenario.toml_defaults import has_toml_defaults, read_toml_defaults
from bpmax_sim.subject.definition import Definition
from bpmax_sim.yamlfile import Node, decode, to_display_path
from bpmax_sim.yamlfile.file_reads import note_read

_INHERITED: Final = (
    "form", "flow", "proxy", "user", "people", "clock", "seed", "secrets", "policies", "vars",
    "fault_sets",
)  # fmt: skip
_SUBJECTS: Final[Mapping[str, tuple[str, ...]]] = {
    "form": ("fields", "scripts", "libraries"),
    "flow": ("scripts", "libraries"),
}
"""What the file that ``definition`` of each names says in its stead."""

KeyTree = Mapping[str, "KeyTree"]
BY_KEY: Final[KeyTree] = {
    "form": {"scripts": {}, "fields": {}},
    "flow": {"scripts": {}, "project": {}, "form": {}, "subflows": {}},
    "proxy": {},
    "people": {},
    "vars": {},
    "fault_sets": {},
}
"""The maps that are joined key by key; of any other value the nearest holds as a whole."""
_ADDED: Final = (("secrets", BY_KEY), ("policies", BY_KEY), ("redact", BY_KEY["proxy"]))
"""Lists whose far elements stay, behind: what is hidden stays so, and the first policy wins.

Each is a key and the maps in which it means that: a field or variable may have such a name, too.
"""

Fragments = tuple[tuple[model.Fragment, Spot], ...]


class ScenarioWithInheritance(msgspec.Struct, frozen=True):
    """A scenario file combined with everything it inherits.

    Attributes:
        source: combined tree, with every file that contributed to it.
        fragments: defaults and fragments that it inherits from, weakest first.
        used_fragment_count: number of *fragments* named by the scenario's own ``use``; they are the
            last ones.
    """

    source: ScenarioSource
    fragments: Fragments = ()
    used_fragment_count: int = 0


def read_declarations(path: Path, root: Path, problems: list[Problem]) -> ScenarioWithInheritance:
    """Return the scenario at *path* merged with all that it inherits.

    From weakest to strongest: defaults in ``pyproject.toml``, each ``defaults.yaml`` from the
    folder *root* down to that of the scenario, the fragments in its ``use``, its form and flow
    files, the scenario itself. What is wrong with any of these files is appended to *problems*.

    Raises:
        ConfigError: if the scenario itself cannot be read, or is not YAML.
    """
    own = ScenarioSource.read(path)
    reader = DeclarationReader(problems)
    if has_toml_defaults(root):
        reader.add_file(root / PROJECT, None, ())
    for file in _list_possible_defaults_files(
        to_absolute_path(path.parent), to_absolute_path(root)
    ):
        note_read(file)  # also where there is none yet
        if os.path.exists(file):  # noqa: PTH110 - faster
            reader.add_file(Path(file), None, ())
    of_defaults = len(reader.fragments)
    reader.add_used_fragments(own, ())
    tree = reader.insert_people_file(own)
    inherited: set[str] = set()
    # Strongest first: what has been merged wins over every further layer.
    for layer in reversed(reader.layers):
        inherited |= layer.items.keys()
        tree = merge_nodes(tree, layer)
    # ``form: null`` takes an inherited key away instead of giving it a value.
    taken = {key for key in inherited if tree.items[key].value is None}
    if taken:
        tree = _drop_keys(tree, taken)
    tree = _wrap_script_as_step(reader.merge_definition_files(tree))
    source = replace(own, root=tree, others=reader.sources)
    fragments = tuple(reader.fragments)
    return ScenarioWithInheritance(source, fragments, len(fragments) - of_defaults)


def _wrap_script_as_step(tree: Node) -> Node:
    """Return *tree* with its key ``script`` turned into the only step, which is a ``js`` step.

    Unchanged without that key, or if there are ``steps``.
    """
    script = tree.find_child("script")
    if script is None or "steps" in tree.items:
        return tree
    mark = tree.keys["script"]
    value = script
    if isinstance(script.value, str):
        value = replace(script, value={"file": script}, keys={"file": (script.line, script.column)})
    step = replace(script, value={"js": value}, keys={"js": mark})
    steps = replace(script, value=(step,), keys={})
    return replace(tree, value={**tree.items, "steps": steps}, keys={**tree.keys, "steps": mark})


@lru_cache(maxsize=1024)
def _list_possible_defaults_files(folder: str, root: str) -> tuple[str, ...]:
    """Return the path of ``defaults.yaml`` in each folder from *root* down to *folder*.

    The files need not exist. The outermost one comes first, as it is the weakest.
    """
    files = []
    while True:
        files.append(os.path.join(folder, DEFAULTS))  # noqa: PTH118
        above = os.path.dirname(folder)  # noqa: PTH120
        if folder in {root, above}:
            break
        folder = above
    return tuple(reversed(files))


def merge_nodes(near: Node, far: Node, by_key: KeyTree = BY_KEY) -> Node:
    """Return the map *near* (closer to the scenario) with the keys that only *far* has.

    If both have a key, *near* wins: its value replaces that of *far* as a whole. There are three
    exceptions. Maps at the keys of *by_key* (a tree: key -> keys inside) are merged key by key, but
    a form or flow from another file is not. To the ``stubs`` of *near* those of *far* for other
    APIs are added, and to ``secrets``, ``redact`` and ``policies`` the elements of *far*.
    """
    values: dict[str, Node] = {}
    keys, files = dict(near.keys), dict(near.files)
    for key, inherited in far.items.items():
        own = near.items.get(key)
        if own is None:
            values[key], keys[key] = inherited, far.keys[key]
            files[key] = far.files.get(key, far.file)
        elif key in by_key and own.items and inherited.items:
            # A form or flow from another file is another one: nothing of the inherited one fits it.
            anew = by_key is BY_KEY and key in _SUBJECTS and "definition" in own.items
            values[key] = own if anew else merge_nodes(own, inherited, by_key[key])
        elif by_key is BY_KEY["proxy"] and key == "stubs":
            values[key] = _join_stubs(own, inherited)
        elif own.value is not None and any(key == name and by_key is tree for name, tree in _ADDED):
            values[key] = _add_elements(own, _to_elements(inherited))
        else:
            values[key] = own
    rest = {key: node for key, node in near.items.items() if key not in values}
    return replace(near, value={**values, **rest}, keys=keys, files=files)


def _join_stubs(near: Node, far: Node) -> Node:
    """Return the stubs of *near*, then those of *far* for APIs that *near* does not stub.

    *near* is closer to the scenario than *far*.
    """
    known = {_get_stubbed_api(stub) for stub in _to_elements(near)}
    return _add_elements(near, [s for s in _to_elements(far) if _get_stubbed_api(s) not in known])


def _get_stubbed_api(stub: Node) -> object:
    """Return ``platform.api`` that *stub* is for (its ``on``), or None if it has none."""
    on = stub.find_child("on")
    return None if on is None else on.value


def _to_elements(node: Node) -> tuple[Node, ...]:
    """Return the elements of a list; any other value counts as a list of one."""
    return node.elements if isinstance(node.value, tuple) else (node,)


def _add_elements(node: Node, more: Iterable[Node]) -> Node:
    return replace(node, value=(*_to_elements(node), *more))


def _drop_keys(tree: Node, keys: Iterable[str]) -> Node:
    left = {key: node for key, node in tree.items.items() if key not in set(keys)}
    return replace(tree, value=left)


def _wrap_definition_file_name(node: Node) -> Node:
    """Return ``{definition: FILE}`` for a text, which is a file name; anything else unchanged."""
    if not isinstance(node.value, str):
        return node
    mark = (node.line, node.column)
    return replace(node, value={"definition": node}, keys={"definition": mark})


class SharedFile(msgspec.Struct, frozen=True):
    """A file that several scenarios share, such as a fragment; read once.

    Attributes:
        source: its content with the places of all values.
        value: decoded content; None if it could not be decoded.
        problems: what is wrong with the file.
    """

    source: ScenarioSource
    value: Any
    problems: tuple[Problem, ...] = ()


def read_shared(path: Path, kind: Any) -> SharedFile:
    """Return the file at *path* decoded as *kind*, a type such as that of fragments.

    It is cached as long as the file does not change.

    Raises:
        ConfigError: if it cannot be read, or is not YAML.
    """
    note_read(path)
    text = str(path)
    return _read_shared(text, to_display_path(path), compute_file_stamp(text), kind)


@lru_cache(maxsize=512)
def _read_shared(path: str, name: str, _stamp: Stamp, kind: Any) -> SharedFile:
    """Return the file at *path* decoded as *kind*; messages call it *name*.

    *_stamp* is the file's state on disk. It is an argument only as part of the cache's key, so that
    a changed file is read again.
    """
    problems: list[Problem] = []
    source = _read_source(path, name)
    root = source.root
    if kind is model.Fragment:
        none = [key for key in _INHERITED if key in root.items and root.items[key].value is None]
        root = _wrap_subject_file_names(_drop_keys(root, none)) if root.items else root
        if isinstance(people := root.find_child("people"), Node) and isinstance(people.value, str):
            root = _drop_keys(root, ["people"])
        foreign = list(_find_misplaced_keys(root, problems))
        root = _drop_keys(root, foreign) if foreign else root
    value = decode(root, kind, problems)
    return SharedFile(source, value, tuple(problems))


def _find_misplaced_keys(root: Node, problems: list[Problem]) -> Iterator[str]:
    """Yield the keys of a shared file (*root*) that only a scenario or its ``proxy`` may have.

    A problem that says where each belongs is appended to *problems*.
    """
    of_scenario = {*model.list_file_keys(model.Scenario)} - {*model.list_file_keys(model.Fragment)}
    for key in root.items:
        if key in of_scenario or (key == "steps" and root.items[key].elements):
            message = msg("{key!r} belongs to a scenario; this file is shared by several", key=key)
        elif key in model.list_file_keys(model.ProxySpec):
            message = msg("{key!r} belongs to proxy; write proxy: {{{key}: …}}", key=key)
        else:
            continue
        problems.append(Problem(message, root.find_key_place(key), key))
        yield key


def _read_source(path: str, name: str) -> ScenarioSource:
    if os.path.basename(path) == PROJECT:  # noqa: PTH119
        return read_toml_defaults(Path(path), name)
    return ScenarioSource.read(Path(path))


def _wrap_subject_file_names(tree: Node) -> Node:
    """Return *tree* with ``form``, ``flow`` and sub-flows as maps where they are file names.

    A file name becomes ``{definition: FILE}``.
    """
    values = {
        key: _wrap_definition_file_name(node) if key in _SUBJECTS else node
        for key, node in tree.items.items()
    }
    flow = values.get("flow")
    subflows = flow.find_child("subflows") if flow is not None else None
    if flow is not None and subflows is not None and subflows.items:
        wrapped = {name: _wrap_definition_file_name(node) for name, node in subflows.items.items()}
        values["flow"] = replace(
            flow, value={**flow.items, "subflows": replace(subflows, value=wrapped)}
        )
    return replace(tree, value=values)


class DeclarationReader:
    """Reads everything that a scenario inherits, and collects every file that it reads.

    Attributes:
        problems: gets what is wrong in these files.
        fragments: defaults and fragments so far, weakest first.
        sources: files read so far, by their names in messages.
        layers: inheritable part of each file, weakest first.
    """

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        self.sources: dict[str, ScenarioSource] = {}
        self.fragments: list[tuple[model.Fragment, Spot]] = []
        self.layers: list[Node] = []

    def add_file(self, path: Path, place: Place | None, parents: tuple[str, ...]) -> None:
        """Read a fragment or a defaults file, after the fragments that it uses itself.

        Args:
            path: file to read.
            place: where the file is named; None for defaults.
            parents: chain of files that led to it, by their names in messages; used to find cycles.
        """
        shared = self._read_shared_file(path, model.Fragment, place)
        if shared is None:
            return
        self.add_used_fragments(shared.source, parents)
        if shared.value is not None:
            self.fragments.append((shared.value, Spot(shared.source)))
        tree = self.insert_people_file(shared.source)
        kept = {key: node for key, node in tree.items.items() if key in _INHERITED}
        self.layers.append(replace(tree, value=kept))

    def add_used_fragments(self, source: ScenarioSource, parents: tuple[str, ...]) -> None:
        """Read the fragments in the ``use`` of *source*, each only once.

        *parents* are the files on the way to *source*; a fragment among them is reported as a
        cycle.
        """
        node = source.root.find_child("use")
        for name in _to_elements(node) if node is not None else ():
            if not isinstance(name.value, str):
                continue  # told when it is decoded
            path = join_to_file(source.path, name.value)
            shown, chain = to_display_path(path), (*parents, source.file)
            if shown in chain:
                circle = " -> ".join((*chain[chain.index(shown) :], shown))
                message = msg("these files use each other without end: {circle}", circle=circle)
                self.problems.append(Problem(message, name.place, "use"))
            # A fragment that several others use counts once, where it is met first: twice, it would
            # win over what lies between.
            elif shown not in self.sources:
                self.add_file(path, name.place, chain)

    def insert_people_file(self, source: ScenarioSource) -> Node:
        """Return the tree of *source* with a ``people`` file's content in place of its name."""
        tree = _wrap_subject_file_names(source.root) if source.root.items else source.root
        people = tree.find_child("people")
        if people is None or not isinstance(people.value, str):
            return tree
        path = join_to_file(source.path, people.value)
        file = self._read_shared_file(path, dict[str, Any], people.place)
        is_sound = file is not None and not file.problems
        root = file.source.root if file and is_sound else replace(people, value={}, keys={})
        return replace(tree, value={**tree.items, "people": root})

    def merge_definition_files(self, tree: Node) -> Node:
        """Return *tree* combined with the files that define form, flow and sub-flows.

        A key of *tree* wins over that of a file.
        """
        values = dict(tree.items)
        for key, parts in _SUBJECTS.items():
            subject = values.get(key)
            if subject is None or not subject.items:
                continue
            subject = self._merge_definition_file(subject, key, parts)
            subflows = subject.find_child("subflows") if key == "flow" else None
            if subflows is not None and subflows.items:
                laid = {
                    name: self._merge_definition_file(node, key, parts)
                    for name, node in subflows.items.items()
                }
                below = replace(subflows, value=laid)
                subject = replace(subject, value={**subject.items, "subflows": below})
            values[key] = subject
        return replace(tree, value=values)

    def _merge_definition_file(
        self, subject: Node, key: str, allowed_keys: tuple[str, ...]
    ) -> Node:
        """Return *subject* merged with the file that its ``definition`` names.

        *subject* is a form, flow or sub-flow. Of the file, only *allowed_keys* are taken; *key*
        (``form`` or ``flow``) says which maps in them are merged key by key. Without a readable
        file, *subject* is returned as it is.
        """
        name = subject.find_child("definition")
        if name is None or not isinstance(name.value, str) or not name.value:
            return subject
        path = join_to_file(Path(name.file), name.value)
        if key == "flow":
            with suppress(ConfigError):  # told where flows are loaded
                file = read_shared(path, Definition)
                self.sources[file.source.file] = file.source
                return self._add_file_keys(subject, file, key, allowed_keys)
            return subject
        form = self._read_shared_file(path, model.FormFile, name.place)
        if form is None or form.problems:
            return subject
        return self._add_file_keys(subject, form, key, allowed_keys)

    def _add_file_keys(
        self, subject: Node, file: SharedFile, key: str, allowed_keys: tuple[str, ...]
    ) -> Node:
        """Return *subject* with those *allowed_keys* of *file* that it does not have itself.

        Maps that both have are merged key by key where *key* (``form`` or ``flow``) says so.
        """
        root = file.source.root
        said = {part: root.items[part] for part in allowed_keys if part in root.items}
        return merge_nodes(subject, replace(root, value=said), BY_KEY[key])

    def _read_shared_file(self, path: Path, kind: Any, place: Place | None) -> SharedFile | None:
        """Return the file at *path*; if it cannot be read, report that and return None.

        Only the problem "no such file" is reported at *place*.
        """
        try:
            shared = read_shared(path, kind)
        except ConfigError as error:
            self.problems += [
                _place_file_problem(path, problem, place) for problem in error.problems
            ]
            return None
        self.sources[shared.source.file] = shared.source
        self.problems += shared.problems
        return shared


def _place_file_problem(path: Path, problem: Problem, place: Place | None) -> Problem:
    """Return *problem* of the file *path*; if there is no such file, a problem of its user instead.

    The latter is at *place*, the line that names the file, and suggests a similar name.
    """
    if place is None or path.is_file():
        return problem
    near = suggest_nearest(path.name, (file.name for file in path.parent.glob("*.yaml")))
    message = msg("there is no file {path}{hint}", path=to_display_path(path), hint=near)
    return Problem(message, place)
