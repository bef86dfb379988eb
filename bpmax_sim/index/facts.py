"""Read what one file of a project declares and uses, as a list of facts with places.

A fact depends on its file alone, so it is valid as long as the content is unchanged. Names are kept
as the file spells them; `bpmax_sim.index.uses` knows which spellings mean the same thing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import PurePosixPath
from typing import Final, Literal

import msgspec
from msgspec.structs import replace

from bpmax_sim.errors import ConfigError
from bpmax_sim.index.files import LARGEST
from bpmax_sim.platform.response_shapes import ResponseShape
from bpmax_sim.platform.source import EXTENDS, find_preset_file_nodes
from bpmax_sim.project import DEFAULTS, SUFFIX
from bpmax_sim.scenario.actions import ACTIONS
from bpmax_sim.scenario.flow_actions import FlowAction
from bpmax_sim.script_source.reading import ScriptReading, read_script
from bpmax_sim.yamlfile.node import Node, parse_yaml_bytes

FactKind = Literal[
    "platform", "instance", "api", "parameter", "member", "field", "node", "person", "file"
]
Role = Literal[
    "declares", "calls", "sends", "reads", "writes", "sets", "expects", "stubs", "faults", "runs",
    "loads", "plays", "records", "acts", "names",
]  # fmt: skip
FileKind = Literal[
    "scenario",
    "form",
    "people",
    "script",
    "platform",
    "instances",
    "flow",
    "cassette",
    "yaml",
    "other",
]
Steps = tuple[str, ...]


class Fact(msgspec.Struct, frozen=True, array_like=True):
    """One name that a file of the project declares or uses, such as "this script calls crm.get".

    Attributes:
        kind: kind of the named thing, such as ``api``, ``field`` or ``file``.
        role: relation of the file to the named thing, such as ``declares`` or ``calls``.
        name: ``platform.api`` for an API, ``platform.api.name`` for a parameter or member; for a
            file, its path from the root, or as spelled if it is outside.
        detail: additional information: such as the event of a script, the scenario or row that
            recorded a call, or its style: ``direct 2`` for ``crm.get(1, 2)``.
        is_learned: whether it comes from the trace of a run and not from the file's text.
    """

    kind: FactKind
    role: Role
    name: str
    line: int = 0
    column: int = 0
    detail: str = ""
    is_learned: bool = False


class FileFacts(msgspec.Struct, frozen=True, omit_defaults=True):
    """All names that one file declares or uses.

    Attributes:
        kind: type of the file.
        facts: in the order of the file.
        shapes: of a cassette: ``platform.api`` -> member names and types of its successful
            responses.
        title: of a scenario or a flow.
    """

    kind: FileKind
    facts: tuple[Fact, ...] = ()
    shapes: Mapping[str, ResponseShape] = {}
    title: str = ""


def read_facts(path: str, data: bytes) -> FileFacts:
    """Return the names that a file declares or uses.

    *data* is the content of the file at *path* (from the project's root).
    """
    if path.endswith(".js"):
        return _read_script_facts(path, data)
    if not path.endswith((".yaml", ".yml")) or len(data) > LARGEST:
        return FileFacts("other")
    # Cassettes are the largest files of a project; their heads and index lines tell what is needed,
    # without parsing bodies as YAML.
    if data[:256].startswith(b"version: 1\nbpmax: {"):
        return FileFacts("cassette")  # `index.recordings` reads these
    try:
        root = parse_yaml_bytes(data, path)
    except ConfigError:
        return FileFacts("yaml")
    kind = _detect_file_kind(path, root)
    rules = _RULES[kind]
    walked = list(_walk_nodes(root))
    facts = tuple(chain.from_iterable(_apply_fact_rules(rules, path, *found) for found in walked))
    if kind == "platform":
        facts = tuple(_find_platform_facts(path, root))
    if kind == "instances":
        facts = tuple(_qualify_instances(facts))
    if kind == "scenario":
        inline = _find_inline_script_facts(path, walked)
        facts = (*facts, *inline, *_find_defaults_file_references(path))
    title = root.get("scenario") or root.get("flow") or root.get("title")
    name = str(title.value) if title is not None and isinstance(title.value, str) else ""
    return FileFacts(kind, facts, title=name)


def _detect_file_kind(path: str, root: Node) -> FileKind:
    keys = root.items
    kinds: tuple[tuple[FileKind, bool], ...] = (
        ("scenario", path.endswith(SUFFIX)),
        ("platform", "platform_key" in keys),
        ("flow", "nodes" in keys and "flow" in keys),
        ("instances", _is_instances_file(root)),
        ("people", bool(keys) and all(map(_is_person, keys.items()))),
        ("form", "fields" in keys),
        ("scenario", is_defaults(path) or not _OF_SCENARIOS.isdisjoint(keys)),
    )
    return next((kind for kind, is_one in kinds if is_one), "yaml")


def _is_instances_file(root: Node) -> bool:
    return bool(root.elements) and all("platform" in one.items for one in root.elements)


_OF_SCENARIOS: Final = frozenset({"steps", "fault_sets", "vars", "proxy", "form", "flow", "people"})
_OF_PERSON: Final = frozenset({"id", "name"})


def _is_person(entry: tuple[str, Node]) -> bool:
    """Return whether an entry of a map describes a person, such as ``lisi: {name: 李四}``."""
    name, value = entry
    return name not in _OF_SCENARIOS and not _OF_PERSON.isdisjoint(value.items)


def is_defaults(path: str) -> bool:
    """Return whether *path* is a file from which scenarios below its folder inherit defaults."""
    return path.rpartition("/")[2] == DEFAULTS


def _find_defaults_file_references(path: str) -> Iterator[Fact]:
    """Yield each ``defaults.yaml`` that the scenario at *path* may inherit from, nearest first.

    They need not exist.
    """
    parts = PurePosixPath(path).parent.parts
    for depth in range(len(parts), -1, -1) if path.endswith(SUFFIX) else ():
        yield Fact("file", "loads", "/".join((*parts[:depth], DEFAULTS)), 1, 1, "defaults")


def _find_inline_script_facts(
    path: str, nodes: Iterable[tuple[Steps, Node, _Place]]
) -> Iterator[Fact]:
    """Yield the calls of scripts that are written in a scenario, at the place of the script."""
    for steps, node, _ in nodes:
        if steps[-1:] == ("js",) and isinstance(node.value, str) and "proxy" in node.value:
            for fact in _find_call_facts(read_script(node.value, path)):
                yield replace(fact, line=node.line, column=node.column)


def _find_platform_facts(path: str, root: Node) -> Iterator[Fact]:
    """Yield the declarations of a platform file: APIs, aliases, parameters and their places.

    Before them comes what it is made of: the platform that it extends, and files of presets.
    """
    key = root.items["platform_key"]
    yield Fact("platform", "declares", str(key.value), key.line, key.column)
    parent = root.find_child(EXTENDS)
    if parent is not None and isinstance(parent.value, str):
        yield Fact("platform", "names", parent.value, parent.line, parent.column, EXTENDS)
    for preset in find_preset_file_nodes(root):
        name = resolve_from_root(path, str(preset.value))
        yield Fact("file", "loads", name, preset.line, preset.column, "preset")
    apis = root.find_child("apis") or root
    for name, api in apis.items.items() if apis is not root else ():
        place = apis.keys[name]
        yield Fact("api", "declares", f"{key.value}.{name}", *place, name)
        for alias in (api.find_child("aliases") or api).elements:
            yield Fact(
                "api", "declares", f"{key.value}.{alias.value}", alias.line, alias.column, name
            )
        for parameter in (api.find_child("parameters") or api).elements:
            word = parameter.find_child("name")
            if word is not None:
                target = parameter.find_child("to") or word
                part = parameter.find_child("in")
                where = f"{part.value if part is not None else ''}.{target.value}"
                full = f"{key.value}.{name}.{word.value}"
                yield Fact("parameter", "declares", full, word.line, word.column, where)


def _qualify_instances(facts: Iterable[Fact]) -> Iterator[Fact]:
    """Yield *facts* of a file of instances, with each instance name prefixed by its platform."""
    platform = ""
    for fact in facts:
        platform = fact.name if fact.kind == "platform" else platform
        is_instance = fact.kind == "instance"
        yield replace(fact, name=f"{platform}.{fact.name}") if is_instance else fact


# ---------------------------------------------------------------------------- YAML

_Place = tuple[int, int]


def _walk_nodes(root: Node) -> Iterator[tuple[Steps, Node, _Place]]:
    """Yield path, node and position of every key and element in a YAML file.

    An index of a list is ``*`` in the path, because rules do not distinguish elements.
    """
    pending: list[tuple[Steps, Node, _Place]] = [((), root, (1, 1))]
    while pending:
        steps, node, place = pending.pop()
        yield steps, node, place
        below = [
            ((*steps, key), child, node.keys.get(key, (child.line, child.column)))
            for key, child in node.items.items()
        ]
        below += [((*steps, "*"), child, (child.line, child.column)) for child in node.elements]
        pending += reversed(below)


class _NameRule(msgspec.Struct, frozen=True):
    """A rule that says which value or key of a YAML file is the name of a thing of *kind*.

    Attributes:
        path: end of the path of such a value, or all of it; ``?`` is any key, ``*`` a list element.
        is_whole: whether *path* is the whole path.
        is_key: whether the last key of the path is the name; otherwise the value is.
        kind, role: those of the facts that it yields.
    """

    path: Steps
    is_whole: bool
    is_key: bool
    kind: FactKind
    role: Role

    def applies_at(self, steps: Steps) -> bool:
        """Return whether the value at the path *steps* of a file is a name by this rule."""
        size = len(self.path)
        if len(steps) < size or (self.is_whole and len(steps) != size):
            return False
        ends = zip(steps[len(steps) - size :], self.path, strict=True)
        return all(step == word or (word == "?" and step != "*") for step, word in ends)


def _name_rules(kind: FactKind, role: Role, *paths: str) -> Iterator[_NameRule]:
    """Yield one rule for each of *paths*, such as ``^people.{}`` or ``*.api``.

    ``^`` means the whole path; a final ``{}`` means that the key is the name. *kind* and *role* are
    those of the facts that the rules yield.
    """
    for path in paths:
        steps = tuple(path.removeprefix("^").replace("{}", "?").split("."))
        yield _NameRule(steps, path.startswith("^"), path.endswith("{}"), kind, role)


def _apply_fact_rules(
    rules: Sequence[_NameRule], path: str, steps: Steps, node: Node, place: _Place
) -> Iterator[Fact]:
    for rule in rules:
        if not rule.applies_at(steps):
            continue
        if rule.is_key:
            yield from _make_fact_of_name(rule, path, steps, steps[-1], place)
        elif isinstance(node.value, str | int) and not isinstance(node.value, bool):
            yield from _make_fact_of_name(
                rule, path, steps, str(node.value), (node.line, node.column)
            )


def _make_fact_of_name(
    rule: _NameRule, path: str, steps: Steps, name: str, place: _Place
) -> Iterator[Fact]:
    if "${" in name or name.startswith("$") or name == "*":
        return  # filled in when it runs, an operator, or any node of a policy
    if rule.kind == "api" and "." not in name:
        return  # an error of a script or a whole platform
    words = [step for step in steps if step != "*"]
    detail = words[-1] if not rule.is_key else ".".join(words[-3:-1])
    if "python" in rule.path:
        name = f"{name.partition(':')[0].replace('.', '/')}.py"
    elif rule.kind == "file" and rule.role != "plays":
        name = resolve_from_root(path, name)
    elif rule.kind == "field":
        name = name.partition("[")[0].partition(".")[0]
    yield Fact(rule.kind, rule.role, name, *place, detail)


def resolve_from_root(path: str, name: str) -> str:
    """Return the path from the project's root of the file that the file *path* calls *name*.

    *name* is relative to the folder of *path*. The result begins with ``..`` for a file outside of
    the project.
    """
    parts: list[str] = []
    for part in (*PurePosixPath(path).parent.parts, *PurePosixPath(name.replace("\\", "/")).parts):
        if part == ".." and parts and parts[-1] != "..":
            parts.pop()
        elif part not in {".", ""}:
            parts.append(part)
    return "/".join(parts)


_STEPS: Final = ("steps.*", "steps.?.*", "finally.*")
"""Where steps stand: in scenarios, in `during` and in fragments, and what always comes last."""
_EXPECTED: Final = ("expect", "until", "always", "never", "never.*")
_BY_PEOPLE: Final = tuple(name for name, one in ACTIONS.items() if issubclass(one, FlowAction))
_ROW_ACTIONS: Final = ("add", "copy", "remove", "move")
_TO_PEOPLE: Final = tuple(name for name in _BY_PEOPLE if name != "return")  # which is to a node
_ROUTES: Final = ("^nodes.?.approve", "^nodes.?.reject")
_DEADLINES: Final = ("^nodes.?.deadline", "^nodes.?.deadline.*")
_SUBFLOW_MAPS: Final = ("^nodes.?.subflow.form", "^nodes.?.subflow.back")


def _below(above: Iterable[str], *keys: str) -> tuple[str, ...]:
    """Return each of *above* with each of *keys* below it, as paths for `_name_rules`."""
    return tuple(f"{place}.{key}" for place in above for key in keys)


_RULES: Final[Mapping[FileKind, tuple[_NameRule, ...]]] = {
    "scenario": (
        *_name_rules("file", "runs", "scripts.?", "scripts.?.*", "js.file"),
        *_name_rules("file", "runs", "^script", "^script.file", "*.python", "*.python.call"),
        *_name_rules("file", "loads", "libraries.*", "definition", "^use.*", "^cases.from"),
        *_name_rules("file", "loads", "^form", "^flow", "^people", "^flow.subflows.?"),
        *_name_rules("file", "loads", "^proxy.platforms", "^proxy.platforms.*"),
        *_name_rules("file", "loads", "^proxy.instances"),
        *_name_rules("file", "plays", "^proxy.cassette"),
        *_name_rules("field", "declares", "^form.fields.{}", "^flow.form.{}"),
        *_name_rules("field", "sets", *_below(_STEPS, "open.{}"), "set.{}"),
        *_name_rules("field", "sets", *_below(ACTIONS, "form.{}")),
        *_name_rules("field", "sets", *(f"{name}_row.table" for name in _ROW_ACTIONS)),
        *_name_rules("field", "expects", *_below(_EXPECTED, "form.{}", "fields.{}")),
        *_name_rules("field", "expects", *_below(_EXPECTED, "flow.form.{}")),
        *_name_rules("api", "calls", *_below(_STEPS, "proxy.call")),
        *_name_rules("api", "expects", "proxy.*.call", "expect_error.from"),
        *_name_rules("api", "stubs", "stubs.*.on"),
        *_name_rules("api", "faults", "faults.*.on", "fault_sets.?.*.on"),
        *_name_rules("api", "names", "during.call"),
        *_name_rules("node", "names", "flow.at", *_below(_BY_PEOPLE, "at"), *_below(_STEPS, "at")),
        *_name_rules("node", "names", "^policies.*.at", "play.until", "return.to"),
        *_name_rules("node", "expects", "flow.passed.*", "flow.passed.{}"),
        *_name_rules("node", "expects", "preview.nodes.*", "preview.owners.{}"),
        *_name_rules("person", "expects", "preview.owners.?.*"),
        *_name_rules("person", "acts", "^policies.*.by", *_below(ACTIONS, "by")),
        *_name_rules("person", "acts", *_below(_STEPS, "by", "user", "user.id")),
        *_name_rules("person", "names", *_below(_TO_PEOPLE, "to", "to.*")),
        *_name_rules("person", "expects", "pending.*", "history.*.by"),
        *_name_rules("person", "expects", "$contains.by", "$contains.to.*"),
        *_name_rules("person", "declares", "^user.id", "^people.{}"),
    ),
    "flow": (
        *_name_rules("node", "declares", "^nodes.{}"),
        *_name_rules("node", "names", "^start", "^nodes.?.join", "^nodes.?.parallel.*"),
        *_name_rules("node", "names", *_ROUTES, *_below(_ROUTES, "to", "*.to")),
        *_name_rules("node", "names", *_below(_DEADLINES, "to")),
        *_name_rules("person", "names", "^nodes.?.owners.*", "^admins.*"),
        *_name_rules("person", "names", *_below(_DEADLINES, "notify.*")),
        *_name_rules("field", "names", "^nodes.?.form.fields.{}"),
        *_name_rules("field", "names", *_below(_SUBFLOW_MAPS, "{}", "?")),
        *_name_rules("file", "runs", "scripts.?", "scripts.?.*"),
        *_name_rules("file", "loads", "libraries.*"),
    ),
    "form": (
        *_name_rules("field", "declares", "^fields.{}"),
        *_name_rules("file", "runs", "scripts.?", "scripts.?.*"),
        *_name_rules("file", "loads", "libraries.*"),
    ),
    "people": tuple(_name_rules("person", "declares", "^{}")),
    "instances": (
        *_name_rules("platform", "names", "^*.platform"),
        *_name_rules("instance", "declares", "^*.instance_key"),
    ),
    "platform": (), "script": (), "cassette": (), "yaml": (), "other": (),
}  # fmt: skip


# ---------------------------------------------------------------------------- JavaScript


def _read_script_facts(path: str, data: bytes) -> FileFacts:
    reading = read_script(data.decode("utf-8-sig", "replace"), path)
    facts = [*_find_call_facts(reading), *_find_member_and_field_facts(reading)]
    facts.sort(key=lambda fact: (fact.line, fact.column))
    return FileFacts("script", tuple(facts))


def _find_call_facts(reading: ScriptReading) -> Iterator[Fact]:
    """Yield each API call of a script, and the parameters that it sets.

    A parameter is yielded only where a chain sets it, such as ``$query({page: 1})``: of the
    arguments of ``crm.get(1)`` the script has no names.
    """
    for call in reading.calls:
        place = call.api_place
        if call.platform is None:
            continue
        name = f"{call.platform}.{call.api or '?'}"
        count = "" if call.arguments is None else str(call.arguments)
        yield Fact("api", "calls", name, place.line, place.column, f"{call.style} {count}".strip())
        if call.instance:
            spot = call.platform_place
            instance = f"{call.platform}.{call.instance}"
            yield Fact("instance", "names", instance, spot.line, spot.column)
        for setter in call.setters:
            for member in setter.names or ():
                spot = setter.place
                detail = f"{setter.part}.{member}"
                yield Fact("parameter", "sends", f"{name}.{member}", spot.line, spot.column, detail)


def _find_member_and_field_facts(reading: ScriptReading) -> Iterator[Fact]:
    for use in reading.members:
        role: Role = "writes" if use.access == "write" else "reads"
        line, column = use.place.line, use.place.column
        if use.call is not None:
            call = reading.calls[use.call]
            if call.platform is not None and call.api is not None:
                member = ".".join(use.path)
                yield Fact("member", role, f"{call.platform}.{call.api}.{member}", line, column)
        elif use.root == "form":
            name = use.path[0]
            if name.startswith("$") and len(use.path) > 1:
                yield Fact("field", "writes", use.path[1], line, column, name)
            elif not name.startswith("$"):
                yield Fact("field", role, name, line, column, ".".join(use.path[1:]))
