"""``instances.yaml`` -> the tenants of each platform, with ``instances.local.yaml`` over it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import msgspec
from msgspec import structs

from bpmax_sim.errors import ConfigError, Problem, Problems, listed, near
from bpmax_sim.platform.check import ADDRESS, check_value, is_address
from bpmax_sim.platform.credentials import Origin
from bpmax_sim.platform.disk import local_of
from bpmax_sim.platform.model import Instance, Platform, Source, is_set
from bpmax_sim.yamlfile import Node, decode, join, read_yaml

Find = Callable[[str], Platform | None]
Steps = tuple[str | int, ...]
_KEY = re.compile(r"\w[\w.-]*")


class Entry(msgspec.Struct, frozen=True):
    """An instance and where it was declared."""

    instance: Instance
    origin: Origin


def read_instances(
    path: Path, find: Find, keys: Iterable[str], problems: list[Problem]
) -> tuple[Entry, ...]:
    """Return the instances of *path* and of the local file beside it.

    Args:
        path: the file; it may be absent where the local one exists.
        find: returns the platform of a key, or None for one whose file is broken.
        keys: the known platform keys.
        problems: gets everything that is wrong.
    """
    local = Path(local_of(str(path)))
    files = [one for one in (path, local) if one.is_file()] or [path]
    own: list[Problem] = Problems()
    try:
        return _read(files, find, tuple(sorted(keys)), own)
    except ConfigError as error:
        own = [*error.problems]
        return ()
    finally:
        problems.extend(own)


def _read(
    files: list[Path], find: Find, keys: tuple[str, ...], problems: list[Problem]
) -> tuple[Entry, ...]:
    merged: list[tuple[Steps, Node]] = []
    for file in files:
        merged = _over(merged, _elements(file, problems))
    reading = _Reading(find, keys, files[0].parent, problems)
    entries = [entry for steps, node in merged for entry in reading.entry(steps, node)]
    reading.check_defaults(entries)
    return tuple(entries)


def _elements(file: Path, problems: list[Problem]) -> list[tuple[Steps, Node]]:
    try:
        root = read_yaml(file)
    except ConfigError as error:
        problems.extend(error.problems)
        return []
    if root.value is not None and not isinstance(root.value, tuple):
        told = f"expected a list of instances, got {root.kind}; start each with '- platform:'"
        problems.append(Problem(told, root.place))
    found: list[tuple[Steps, Node]] = [((i,), node) for i, node in enumerate(root.elements)]
    _check_repeated(found, problems)
    return found


def _name(node: Node) -> tuple[object, object] | None:
    """Return platform and key of an element, where it has both."""
    platform, key = node.child("platform"), node.child("instance_key")
    return (platform.value, key.value) if platform and key else None


def _check_repeated(found: list[tuple[Steps, Node]], problems: list[Problem]) -> None:
    seen: dict[object, int] = {}
    for steps, node in found:
        name = _name(node)
        if name is None:
            continue
        line = seen.setdefault(name, node.line)
        if line != node.line:
            told = f"a second instance {name[1]!r} of {name[0]!r}, first in line {line}; remove one"
            problems.append(Problem(told, node.place, join(steps)))


def _over(
    below: list[tuple[Steps, Node]], above: list[tuple[Steps, Node]]
) -> list[tuple[Steps, Node]]:
    """Lay *above* over *below*: key by key for one instance, a new one at the end."""
    if not below:
        return above
    local = {_name(node): node for _, node in above if _name(node) is not None}
    chosen = {name[0] for name, node in local.items() if name and _is_default(node)}
    merged = []
    for steps, node in below:
        name = _name(node)
        mine = local.pop(name, None)
        laid = node if mine is None else _merged(node, mine)
        if name and name[0] in chosen and not (mine and _is_default(mine)):
            laid = structs.replace(laid, value={**laid.items, "default": Node(False)})
        merged.append((steps, laid))
    left = {id(node) for node in local.values()}
    return merged + [one for one in above if id(one[1]) in left or _name(one[1]) is None]


def _is_default(node: Node) -> bool:
    flag = node.child("default")
    return flag is not None and flag.value is True


def _merged(below: Node, above: Node) -> Node:
    """Lay mapping over mapping; a ``{env: …}`` replaces as a whole."""
    if not (below.items and above.items) or set(above.items) <= set(Source.__struct_fields__):
        return above
    merged = dict(below.items)
    for key, node in above.items.items():
        merged[key] = _merged(merged[key], node) if key in merged else node
    return structs.replace(below, value=merged, keys={**below.keys, **above.keys})


class _Reading(msgspec.Struct, frozen=True):
    find: Find
    keys: tuple[str, ...]
    folder: Path
    problems: list[Problem]

    def entry(self, steps: Steps, node: Node) -> Iterator[Entry]:
        instance = decode(node, Instance, self.problems, steps=steps)
        if instance is not None:
            _Checks(node, steps, instance, self.problems).all(self.find, self.keys)
            yield Entry(instance, Origin(node, self.folder))

    def check_defaults(self, entries: list[Entry]) -> None:
        seen: dict[str, Instance] = {}
        for entry in entries:
            instance = entry.instance
            if not (instance.default and instance.enabled):
                continue
            first = seen.setdefault(instance.platform, instance)
            if first is not instance:
                told = f"{instance.platform!r} has a second default, beside {first.instance_key!r}"
                node = entry.origin.node
                place = node.key_place("default")
                self.problems.append(Problem(f"{told}; keep one", place, "default"))


class _Checks(msgspec.Struct, frozen=True):
    node: Node
    steps: Steps
    instance: Instance
    problems: list[Problem]

    def all(self, find: Find, keys: tuple[str, ...]) -> None:
        key = self.instance.instance_key
        if not _KEY.fullmatch(key):
            told = f"{key!r} is not an instance key; use letters, digits, _ - and ."
            self.tell(told, "instance_key")
        platform = find(self.instance.platform)
        if self.instance.platform not in keys:
            hint = near(self.instance.platform, keys) or f"; there are {listed(keys)}"
            self.tell(f"there is no platform {self.instance.platform!r}{hint}", "platform")
        elif platform is not None:
            self.credentials(platform)
        self.address()

    def tell(self, message: str, *steps: str, key: bool = False) -> None:
        node = self.node.nearest(steps[:-1] if key else steps)
        place = node.key_place(steps[-1]) if key else node.place
        self.problems.append(Problem(message, place, join((*self.steps, *steps))))

    def credentials(self, platform: Platform) -> None:
        for name, value in self.instance.credentials.items():
            spec = platform.credentials.get(name)
            if spec is None:
                known = platform.credentials
                hint = near(name, known) or f"; it has {listed(known) or 'none'}"
                told = f"{platform.platform_key!r} declares no credential {name!r}{hint}"
                self.tell(told, "credentials", name, key=True)
            elif isinstance(value, Source):
                self.source(value, "credentials", name)
            else:
                node = self.node.at(("credentials", name))
                if node is not None and (told := check_value(spec.kind, node)):
                    self.tell(told, "credentials", name)

    def source(self, source: Source, *steps: str) -> None:
        given = [key for key in Source.__struct_fields__ if is_set(getattr(source, key))]
        if len(given) != 1:
            got = ", ".join(given) or "none"
            self.tell(f"expected exactly one of env, file and keyring, got {got}", *steps)
            return
        key = given[0]
        value = getattr(source, key)
        if not value.strip():
            self.tell(f"expected a name after {key}, got nothing", *steps, key)
        elif key == "keyring" and not all(value.partition("/")):
            self.tell("expected service/name, such as crm/password", *steps, key)

    def address(self) -> None:
        given = self.instance.base_url
        if isinstance(given, Source):
            self.source(given, "base_url")
        elif given and not is_address(given):
            self.tell(f"expected {ADDRESS}", "base_url")
