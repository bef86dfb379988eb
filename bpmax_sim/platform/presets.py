"""Expand ``auth: basic`` and ``auth: {preset: basic, …}``, and write the files' JSON Schemas.

A preset is a shipped file: ``parameters`` with defaults, ``credentials`` that the platform then
has, and ``auth`` in full. Anything else its templates name has to be given as a parameter. In
``auth``, ``{$parameter: name}`` is replaced by a parameter, and ``{$case: name, a: …, b: …}`` by
the entry that the parameter names, or by ``$else``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import msgspec
from msgspec import structs

from bpmax_sim.errors import ConfigError, Problem, suggest_nearest, suggest_or_list
from bpmax_sim.extensions import ExtensionPoint
from bpmax_sim.i18n import DataValue, join_list, msg
from bpmax_sim.platform.model import Instance, Platform
from bpmax_sim.platform.source import is_preset_file_name
from bpmax_sim.platform.template import find_names, find_uses
from bpmax_sim.yamlfile import (
    Node,
    Steps,
    attach_description,
    format_steps,
    make_json_schema,
    read_hover_texts,
    read_yaml,
)

FOLDER = Path(__file__).parent / "presets"
MECHANISMS = ("acquire", "apply", "sign", "verify_response", "recover")

_PARAMETER = "$parameter"
_CASE = "$case"
_ELSE = "$else"
_EMPTY = Node({})


PRESETS: Final[ExtensionPoint[Any]] = ExtensionPoint(
    "bpmax_sim.auth", Mapping, {path.stem: path for path in sorted(FOLDER.glob("*.yaml"))}
)
"""The files of the shipped presets, and mappings of their shape that others register."""


def list_preset_names() -> tuple[str, ...]:
    """Return the names of all presets, those of other distributions last."""
    return PRESETS.list_names()


@cache
def load_preset(name: str) -> Node:
    """Return the root of a preset that is shipped or registered.

    Raises:
        ConfigError: if it cannot be used.
    """
    part = PRESETS.require(name, "auth")
    if isinstance(part, Path):
        return read_yaml(part, file=f"presets/{name}.yaml")
    place = PRESETS.get_module_and_attribute(name)
    try:
        text = json.dumps(part, ensure_ascii=False, indent=1)
    except (TypeError, ValueError) as error:
        raise ConfigError("{place} is no auth preset: {error}", place=place, error=error) from None
    return read_yaml(text, file=place)


def expand_presets(
    root: Node, problems: list[Problem], own_presets: Mapping[str, Node] = MappingProxyType({})
) -> Node:
    """Return the root of a platform file with each ``preset: name`` replaced by its content.

    *own_presets* are the roots of preset files of the project, by the text that names them in
    *root*. A preset may add credentials and response rules; those of the file win.
    """
    declared = frozenset((root.find_child("credentials") or _EMPTY).items)
    return _PresetExpansion(problems, own_presets, declared=declared).expand_platform(root)


class _PresetExpansion(msgspec.Struct):
    """The state of replacing the names of presets in one platform file by what they stand for.

    Attributes:
        problems: what is wrong in it.
        private: roots of preset files of the project, by the text that names them.
        credentials: credentials that its presets declare.
        declared: names of the credentials that the file declares itself.
    """

    problems: list[Problem]
    private: Mapping[str, Node]
    credentials: dict[str, Node] = msgspec.field(default_factory=dict)
    declared: frozenset[str] = frozenset()

    def find_preset(self, name: object) -> Node | None:
        """Return the root of a preset's file, or None where there is no such preset."""
        known = str(name)
        return self.private.get(known) or (load_preset(known) if known in PRESETS else None)

    def expand_platform(self, root: Node) -> Node:
        entries = dict(root.items)
        if not entries:
            return root
        if (auth := entries.get("auth")) is not None:
            self._add_response_rules(entries, auth)
            entries["auth"] = self.expand_auth(auth, ("auth",))
        if (apis := entries.get("apis")) is not None and apis.items:
            result = dict(apis.items)
            for name, api in apis.items.items():
                if (own := api.find_child("auth")) is not None:
                    expanded = {**api.items, "auth": self.expand_auth(own, ("apis", name, "auth"))}
                    result[name] = structs.replace(api, value=expanded)
            entries["apis"] = structs.replace(apis, value=result)
        declared = entries.get("credentials", _EMPTY)
        if self.credentials and isinstance(declared.value, dict):
            merged = {**self.credentials, **declared.items}
            entries["credentials"] = structs.replace(declared, value=merged)
        return structs.replace(root, value=entries)

    def _add_response_rules(self, entries: dict[str, Node], auth: Node) -> None:
        named = _find_preset_name_node(auth)
        source = self.find_preset(named.value) if named is not None else None
        if named is None or source is None:
            return
        brought = source.find_child("response")
        if brought is not None:
            parameters = {
                **(source.find_child("parameters") or _EMPTY).items,
                **_read_preset_arguments(auth),
            }
            filler = _PresetFiller(str(named.value), parameters, auth, ("auth",), self.problems)
            filled = filler.fill(brought)
            entries["response"] = _add_missing_members(entries.get("response"), filled)

    def expand_auth(self, node: Node, steps: Steps) -> Node:
        named = _find_preset_name_node(node)
        if named is None:
            return node
        if self.find_preset(named.value) is None:
            if is_preset_file_name(named.value):
                return _EMPTY  # told where it could not be read
            hint = suggest_or_list(str(named.value), list_preset_names())
            message = msg("unknown preset {named!r}{hint}", named=named.value, hint=hint)
            self._report(message, named, steps)
            return _EMPTY
        return self._expand_preset(node, str(named.value), steps)

    def _expand_preset(self, node: Node, name: str, steps: Steps) -> Node:
        source, arguments = self.find_preset(name), _read_preset_arguments(node)
        assert source is not None
        brought = (source.find_child("credentials") or _EMPTY).items
        # Parameters are rendered in order, and defaults name credentials.
        first = {key: arguments[key] for key in brought if key in arguments}
        parameters = {**first, **(source.find_child("parameters") or _EMPTY).items, **arguments}
        self._report_literal_secrets(brought, arguments, steps)
        filled = _PresetFiller(name, parameters, node, steps, self.problems).fill(
            source.find_child("auth") or _EMPTY
        )
        filled = self._share_passed_credentials(filled, arguments)
        own = {key: child for key, child in node.items.items() if key in MECHANISMS}
        # What only shapes the preset (`$case`, `$parameter`) is used up by that, and no name of
        # templates.
        shaping = _find_parameter_references(source, "auth")
        plain = {key: child for key, child in parameters.items() if key not in shaping}
        self._check_parameters(name, arguments, steps)
        # Own mechanisms may define the names, by what their login yields; the check of the file
        # tells then.
        free = _find_undefined_names(filled) - {*parameters, *brought} if not own else ()
        for key in sorted(free):
            self.problems.append(_make_missing_parameter_problem(name, key, node, steps))
            plain[key] = node  # told once, not again for each template that names it
        # What the file passes as a parameter is a template of its own credentials, and no
        # credential itself.
        self.credentials |= {key: spec for key, spec in brought.items() if key not in arguments}
        whole = {"parameters": Node(plain, node.file), **filled.items, **own}
        return structs.replace(node, value=whole)

    def _share_passed_credentials(self, auth: Node, arguments: Mapping[str, Node]) -> Node:
        """Return *auth* of a preset, with the file's own credentials in ``acquire.share``.

        They stand there for the preset's credentials that *arguments* fill with them.
        """
        acquire = auth.find_child("acquire") or _EMPTY
        share = acquire.find_child("share")
        if share is None or arguments.keys().isdisjoint(node.value for node in share.elements):
            return auth
        shared: list[Node] = []
        for node in share.elements:
            argument = arguments.get(str(node.value))
            names = {str(node.value)} if argument is None else self.declared & _list_names(argument)
            shared += [structs.replace(argument or node, value=name) for name in sorted(names)]
        entries = {**acquire.items, "share": structs.replace(share, value=tuple(shared))}
        renamed = structs.replace(acquire, value=entries)
        return structs.replace(auth, value={**auth.items, "acquire": renamed})

    def _check_parameters(self, name: str, parameters: Mapping[str, Node], steps: Steps) -> None:
        source = self.find_preset(name)
        known = _list_accepted_parameters(source or _EMPTY)
        for key in sorted(parameters.keys() - known):
            hint = suggest_nearest(key, known) or msg(
                "; it takes {names}", names=(join_list(sorted(known)) or msg("none"))
            )
            message = msg(
                "the preset {name!r} has no parameter {key!r}{hint}", name=name, key=key, hint=hint
            )
            self._report(message, parameters[key], (*steps, key))

    def _report_literal_secrets(
        self, brought: Mapping[str, Node], parameters: Mapping[str, Node], steps: Steps
    ) -> None:
        """Report secrets that the platform file gives to a preset literally.

        Nothing would redact them. *brought* are the credentials that the preset declares,
        *parameters* the values given to it.
        """
        for name, spec in brought.items():
            secret, node = spec.find_child("secret"), parameters.get(name)
            if secret is None or secret.value is not True or node is None:
                continue
            if not (isinstance(node.value, str) and _uses_names(node.value)):
                message = msg(
                    "{name} is secret; declare a credential and write '{{{{ its_name }}}}'",
                    name=name,
                )
                self._report(message, node, (*steps, name))

    def _report(self, message: str, node: Node, steps: Steps) -> None:
        self.problems.append(Problem(message, node.place, format_steps(steps)))


def _uses_names(source: str) -> bool:
    """Return whether *source* is a template with names, and so no literal value.

    True for a broken template, which is reported elsewhere.
    """
    try:
        return bool(find_names(source))
    except ConfigError:
        return True


def _list_names(argument: Node) -> frozenset[str]:
    """Return the names that *argument* uses if it is a template; none if that is broken."""
    with suppress(ConfigError):
        return find_names(argument.value) if isinstance(argument.value, str) else frozenset()
    return frozenset()


class _PresetFiller(msgspec.Struct):
    """Fills a preset with the parameters given to it.

    ``{$parameter: name}`` becomes the parameter; of ``{$case: name, a: …, b: …}`` the member that
    the parameter names is taken. A parameter that is neither given nor has a default becomes one of
    *problems*.

    Attributes:
        name: name of the preset.
        auth: node that names it, at *steps* of the platform file.
    """

    name: str
    parameters: Mapping[str, Node]
    auth: Node
    steps: Steps
    problems: list[Problem]

    def fill(self, node: Node) -> Node:
        if _PARAMETER in node.items:
            return self._find_parameter(str(node.items[_PARAMETER].value)) or Node("")
        if _CASE in node.items:
            return self._choose_case(node)
        if node.items:
            filled = {key: self.fill(child) for key, child in node.items.items()}
            # An optional part of a preset, such as a scope, is a parameter that holds nothing.
            remaining = {key: child for key, child in filled.items() if child.value is not None}
            return structs.replace(node, value=remaining)
        if node.elements:
            return structs.replace(node, value=tuple(map(self.fill, node.elements)))
        return node

    def _choose_case(self, node: Node) -> Node:
        name = str(node.items[_CASE].value)
        options = [key for key in node.items if key != _CASE]
        if (chosen := self._find_parameter(name)) is None:
            return self.fill(node.items[options[0]]) if options else Node("")
        case = node.items.get(str(chosen.value).lower(), node.items.get(_ELSE))
        if case is not None:
            return self.fill(case)
        message = msg(
            "expected one of {names}, got {chosen_value!r}",
            names=join_list(map(repr, options)) or msg("none"),
            chosen_value=DataValue(chosen.value),
        )
        self._report_once(Problem(message, chosen.place, format_steps((*self.steps, name))))
        return self.fill(node.items[options[0]]) if options else Node("")

    def _find_parameter(self, key: str) -> Node | None:
        if key not in self.parameters:
            self._report_once(
                _make_missing_parameter_problem(self.name, key, self.auth, self.steps)
            )
        return self.parameters.get(key)

    def _report_once(self, problem: Problem) -> None:
        if problem not in self.problems:
            self.problems.append(problem)


def _make_missing_parameter_problem(name: str, key: str, auth: Node, steps: Steps) -> Problem:
    """Return the problem of a preset *name*, named in *auth* at *steps*, that lacks *key*."""
    words = msg("the preset {name!r} needs the parameter {key!r}; write", name=name, key=key)
    message = msg("{words} {{preset: {name}, {key}: …}}", words=words, name=name, key=key)
    return Problem(message, auth.place, format_steps(steps))


def _find_preset_name_node(auth: Node) -> Node | None:
    """Return the node with the name of the preset in *auth*; None if it names none."""
    return auth if isinstance(auth.value, str) else auth.find_child("preset")


def _read_preset_arguments(auth: Node) -> dict[str, Node]:
    """Return the parameters that a file gives, beside ``preset`` or below ``parameters``."""
    known = {"preset", "parameters", *MECHANISMS}
    others = {key: child for key, child in auth.items.items() if key not in known}
    below = auth.find_child("parameters") or _EMPTY
    return {**below.items, **others}


def _find_parameter_references(source: Node, *parts: str) -> frozenset[str]:
    """Return what *parts* of a preset read by ``{$parameter: name}`` or ``{$case: name, …}``.

    Templates read others by ``{{ name }}``.
    """
    return frozenset(
        str(node.items[key].value)
        for part in parts
        for node in (source.find_child(part) or _EMPTY).walk()
        for key in (_PARAMETER, _CASE)
        if key in node.items
    )


def _list_accepted_parameters(source: Node) -> frozenset[str]:
    """Return the parameters that a preset accepts: declared ones, credentials, and undefined names.

    Undefined are names in templates, ``$parameter`` and ``$case`` for which the preset has no
    value. A part that only some values of ``$case`` select counts, too.
    """
    variants = _list_case_variants(source.find_child("auth") or _EMPTY)
    named = frozenset[str]().union(*map(_find_undefined_names, variants))
    named |= _find_parameter_references(source, "auth", "response")
    declared = (source.find_child(key) or _EMPTY for key in ("parameters", "credentials"))
    return named.union(*(node.items for node in declared))


def _list_case_variants(node: Node) -> list[Node]:
    """Return variants of *node* without ``$case``; each option of each is in one of them."""
    if _CASE in node.items:
        options = [child for key, child in node.items.items() if key != _CASE]
        return [variant for option in options for variant in _list_case_variants(option)]
    if not (node.items or node.elements):
        return [node]
    children = [_list_case_variants(child) for child in (*node.items.values(), *node.elements)]
    whole: list[Node] = []
    for number in range(max(map(len, children))):
        chosen = tuple(some[min(number, len(some) - 1)] if some else Node("") for some in children)
        value = dict(zip(node.items, chosen, strict=True)) if node.items else chosen
        whole.append(structs.replace(node, value=value))
    return whole or [_EMPTY]


def _find_undefined_names(auth: Node) -> frozenset[str]:
    """Return the template names that a preset leaves undefined, for its user to give."""
    free: set[str] = set()
    for use in find_uses(auth):
        try:
            free |= find_names(use.text) - use.names
        except ConfigError:
            continue  # told with its place by the check of the whole file
    return frozenset(free)


def _add_missing_members(own: Node | None, brought: Node) -> Node:
    """Return *own* (of the file) with the members added that only *brought* (of a preset) has.

    Lists are joined, *own* first.
    """
    if own is None:
        return brought
    if own.items and brought.items:
        merged = {**brought.items, **own.items}
        for key in own.items.keys() & brought.items.keys():
            merged[key] = _add_missing_members(own.items[key], brought.items[key])
        return structs.replace(own, value=merged)
    if brought.elements:
        first = own.elements or (own,)
        return structs.replace(own, value=(*first, *brought.elements))
    return own


Schema = dict[str, Any]
HOVER = Path(__file__).with_name("hover.yaml")


def make_platform_schema() -> Schema:
    """Return the schema of a platform file."""
    schema = make_json_schema(Platform, title="bpmax-sim platform", hover=read_hover_texts(HOVER))
    # The ways to declare auth: a preset's name, a preset with parameters, or all of it.
    names = {"enum": list(list_preset_names())}
    with_parameters = {"type": "object", "properties": {"preset": names}, "required": ["preset"]}
    ways = {"anyOf": [names, with_parameters, {"$ref": "#/definitions/Auth"}]}
    for definition in (schema, schema["definitions"]["Api"]):
        properties = definition["properties"]
        properties["auth"] = attach_description(ways, properties["auth"]["description"])
    return schema


def make_instances_schema() -> Schema:
    """Return the schema of ``instances.yaml``."""
    schema = make_json_schema(Instance, title="bpmax-sim instances", hover=read_hover_texts(HOVER))
    schema["definitions"]["Source"] |= {"minProperties": 1, "maxProperties": 1}
    around = {key: schema.pop(key) for key in ("$schema", "title", "definitions")}
    return {**around, "type": ["array", "null"], "items": schema}
