"""TypeScript declarations of a project, so that an editor knows ``$proxy``, ``form`` and ``ctx``.

Scripts stay as BPMAX stores them and are not checked by TypeScript (``checkJs`` is off): a body has
``await`` and ``return`` at its top. The declarations hold names and kinds, never a value that was
recorded: a member that recordings show is optional, and no literal becomes a type.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib.resources import files
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from bpmax_sim.i18n import msg, translate
from bpmax_sim.platform.load import Platforms
from bpmax_sim.platform.model import (
    Api,
    Instance,
    Parameter,
    Platform,
    make_unique_name,
    to_snake_case,
)
from bpmax_sim.platform.response_shapes import (
    ResponseShape,
    ResponseShapes,
    infer_shape,
    make_all_optional,
    merge_shapes,
)
from bpmax_sim.script.failure import Script
from bpmax_sim.script_source.reading import read_script
from bpmax_sim.starter.scenario_draft import RESERVED_WORDS
from bpmax_sim.subject.form import MESSAGE_TYPES

_KINDS: Final[Mapping[str, str]] = {
    "null": "null", "boolean": "boolean", "number": "number", "text": "string",
}  # fmt: skip
_PARAMETER_TYPES: Final[Mapping[str, str]] = {
    "integer": "number", "number": "number", "boolean": "boolean", "string": "string",
    "array": "any[]", "object": "Record<string, any>",
}  # fmt: skip
_PARTS: Final = ("path", "query", "header", "body")
_RESULT: Final = "any"
_MESSAGE_TYPES: Final = " | ".join(f"'{name}'" for name in MESSAGE_TYPES)
CODES: Final = (
    "UNKNOWN_PLATFORM", "UNKNOWN_INSTANCE", "UNKNOWN_API", "UNKNOWN_PARAMETER", "MISSING_PARAMETER",
    "BAD_ARGUMENT", "AUTH_FAILED", "CONNECT", "TIMEOUT", "TLS", "RESET", "HTTP_STATUS",
    "BAD_RESPONSE", "BUSINESS",
)  # fmt: skip
"""The codes of a rejected call, as the reference lists them."""
SETTINGS: Final[Mapping[str, str]] = {
    "jsconfig.json": "jsconfig.json",  # each body is a module: no two see each other's names
    ".vscode/settings.json": "settings.json",
}
"""Where settings of editors belong in a project, and the file of ours that holds them."""


def read_settings(name: str) -> dict[str, Any]:
    """Return the editor settings in the shipped file *name*, one of the values of `SETTINGS`."""
    text = files("bpmax_sim.starter").joinpath("files", "editor", name).read_text(encoding="utf-8")
    settings: dict[str, Any] = json.loads(text)
    return settings


class DeclarationSources(msgspec.Struct, frozen=True, kw_only=True):
    """The input of the TypeScript declarations.

    Attributes:
        forms: for each form, its fields with their initial values.
        libraries: scripts whose top-level names are visible in other scripts.
    """

    platforms: Sequence[Platforms]
    shapes: ResponseShapes
    forms: Sequence[Mapping[str, Any]] = ()
    libraries: Sequence[Script] = ()


def format_declarations(project: DeclarationSources, language: str) -> str:
    """Return the text of ``bpmax.d.ts``, its comments in *language*."""

    def say(text: str) -> str:
        return translate(text, language)

    platforms = {
        platform.platform_key: (platform, known)
        for known in project.platforms
        for platform in known.own.values()
    }
    for known in project.platforms:
        for platform in known:
            platforms.setdefault(platform.platform_key, (platform, known))
    taken: set[str] = set()
    interfaces = {key: _add_type_name(taken, key) for key in sorted(platforms)}
    blocks = [
        _fill_file_header(
            made=say(msg("Made by `bpmax-sim types` from platforms, recordings and forms.")),
            again=say(msg("Run it again after a change; what is edited here is lost.")),
            proxy=say(msg("The interface proxy of a platform; making one sends nothing.")),
            error=say(msg("What a rejected call throws.")),
            ctx=say(msg("What scripts of flows get.")),
            codes=" | ".join(f"'{code}'" for code in CODES),
        ),
        _format_form_interface(
            project.forms, say(msg("The fields of all forms; which are there depends on the form."))
        ),
        "interface BpmaxPlatforms {\n"
        + "".join(
            f"  {_format_member(key)}: {interface};\n" for key, interface in interfaces.items()
        )
        + "}\n",
        "interface BpmaxInstances {\n"
        + "".join(
            f"  {_format_member(key)}: {_format_instances(platforms[key][1], key)};\n"
            for key in interfaces
        )
        + "}\n",
        *(
            _format_platform_interface(*platforms[key], interface, project.shapes, taken)
            for key, interface in interfaces.items()
        ),
        *_format_library_declarations(project.libraries),
    ]
    return "\n".join(blocks)


def _fill_file_header(**texts: str) -> str:
    """Return the common part of every ``bpmax.d.ts``, with *texts* in place of ``@names@``."""
    head = files("bpmax_sim.starter").joinpath("bpmax.d.ts").read_text(encoding="utf-8")
    for name, text in texts.items():
        head = head.replace(f"@{name}@", text)
    return head


def _format_instances(platforms: Platforms, key: str) -> str:
    keys = [entry.instance.instance_key for entry in platforms.entries.get(key, ())]
    return " | ".join([*map(_quote_js_text, keys), "(string & {})"])  # completes, and takes any


def _quote_js_text(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _format_member(name: str) -> str:
    """Return *name* as a TypeScript member; Chinese names need no quotes."""
    return name if name.isidentifier() else _quote_js_text(name)


def _replace_other_characters(text: str) -> str:
    """Return *text* with ``_`` in place of each character that no TypeScript name may have.

    A name may have letters, digits and ``_``, but no ``²`` and no ``①``, which count as digits.
    """
    return "".join(sign if f"_{sign}".isidentifier() else "_" for sign in text)


def _add_type_name(taken: set[str], *words: str) -> str:
    """Return a TypeScript name made of *words*, a platform key first, and add it to *taken*."""
    name = make_unique_name("Bpmax_" + _replace_other_characters("_".join(words)), taken)
    taken.add(name)
    return name


def _format_comment(lines: Iterable[str], indent: str = "") -> str:
    # A title must not end the comment.
    text = [line.replace("*/", "* /") for line in lines if line]
    if not text:
        return ""
    if len(text) == 1:
        return f"{indent}/** {text[0]} */\n"
    body = "".join(f"{indent} * {line}\n" for line in text)
    return f"{indent}/**\n{body}{indent} */\n"


def _format_form_interface(forms: Sequence[Mapping[str, Any]], comment: str) -> str:
    """Return the TypeScript interface ``BpmaxForm``, which stands for every form.

    Its members are the fields of *forms*, the states of fields (``$visible`` …) and ``$message``.
    Fields that several forms have get a type that fits all of them. *comment* is its comment.
    """
    shapes: dict[str, list[ResponseShape]] = {}
    for fields in forms:
        for name, value in fields.items():
            shapes.setdefault(name, []).append(infer_shape(value))
    names = sorted(shapes)
    lines = [
        f"  {_format_member(name)}: {_format_field_type(merge_shapes(shapes[name]))};\n"
        for name in names
    ]
    keys = " | ".join(map(_quote_js_text, names)) or "string"
    return (
        f"type BpmaxField = {keys};\n"
        + _format_comment([comment])
        + "interface BpmaxForm {\n"
        + "".join(lines)
        + f"  $message: string | {{ text: string; type?: {_MESSAGE_TYPES} }};\n"
        + "".join(
            f"  ${word}: Partial<Record<BpmaxField, {kind}>> & Record<string, {kind}>;\n"
            for word, kind in (
                ("visible", "boolean"),
                ("required", "boolean"),
                ("readonly", "boolean"),
                ("options", "any[]"),
            )
        )
        + "  [field: string]: any;\n}\n"
    )


def _format_field_type(shape: ResponseShape | None) -> str:
    """Return the TypeScript type of a form field; ``any`` if its initial value is empty.

    *shape* is what is known of its values, None for nothing. They may always be null.
    """
    if shape is None or not shape.kinds - {"null"}:
        return "any"
    if shape.kinds == {"list"} and shape.item is None:
        return "any[]"
    known = _format_shape_type(replace(shape, kinds=shape.kinds - {"null"}))
    return f"{known} | null"


def _format_platform_interface(
    platform: Platform, known: Platforms, interface: str, shapes: ResponseShapes, taken: set[str]
) -> str:
    """Return the TypeScript interface of *platform*, and the result types of its APIs.

    *known* has its instances, which may override what scripts get of a response. *shapes* tells
    what is known of the responses of each API.

    Each API is there in every spelling that scripts may use: as a method, and as an overload of
    ``$api(name)``, which begins a chain of setters. *interface* is its name; the names of the
    result types are added to *taken*, the names of all types.
    """
    instances = known.list_enabled_instances(platform.platform_key)
    results = []
    members = []
    chains = []
    for api in platform.apis.values():
        result = _add_type_name(taken, platform.platform_key, api.key, "result")
        result_type = _format_result_type(platform, api, instances, shapes)
        results.append(f"type {result} = {result_type};\n")
        about = _format_comment([api.title, f"{api.method} {api.path}"], "  ")
        arguments = ", ".join(_format_arguments(api.parameters))
        for name in _list_api_spellings(api):
            members.append(f"{about}  {_format_member(name)}({arguments}): Promise<{result}>;\n")
            parts = ", ".join(_format_setter_argument_type(api.parameters, part) for part in _PARTS)
            chains.append(f"  $api(name: {_quote_js_text(name)}): BpmaxChain<{parts}, {result}>;\n")
    head = _format_comment([platform.title]) + f"interface {interface} {{\n"
    rest = "  $api(name: string): BpmaxChain<any, any, any, any, any>;\n}\n"
    return "".join([*results, head, *members, *chains, rest])


def _list_api_spellings(api: Api) -> Iterator[str]:
    """Yield each name by which a script may call *api*.

    Key, camelCase or snake_case twin, aliases.
    """
    words = to_snake_case(api.key).split("_")
    camel = words[0] + "".join(word[:1].upper() + word[1:] for word in words[1:])
    yield from dict.fromkeys((api.key, to_snake_case(api.key), camel, *api.aliases))


def _format_arguments(parameters: Sequence[Parameter]) -> Iterator[str]:
    """Yield each of *parameters* as an argument in TypeScript: ``id: string``, ``page?: number``.

    They are those of a direct call (``crm.getOrder(id)``, without setters), in its order. An
    argument after an optional one is optional too, as TypeScript demands, even if it is required.
    """
    is_optional = False
    seen: set[str] = set()
    for parameter in parameters:
        is_optional = is_optional or not parameter.required
        name = _replace_other_characters(parameter.name)
        name = name if name.isidentifier() else f"_{name}"
        name = make_unique_name(f"{name}_" if name in RESERVED_WORDS else name, seen)
        seen.add(name)
        yield f"{name}{'?' if is_optional else ''}: {_format_parameter_type(parameter)}"


def _format_parameter_type(parameter: Parameter) -> str:
    if parameter.enum:
        return " | ".join(
            [*(json.dumps(item, ensure_ascii=False) for item in parameter.enum), "(string & {})"]
        )
    declared = parameter.type or str(parameter.schema.get("type", ""))
    if parameter.place in {"path", "query", "header"} and declared in {
        "",
        "string",
        "integer",
        "number",
    }:
        return (
            "string | number"
            if parameter.place != "query"
            else "string | number | boolean | (string | number)[]"
        )
    return _PARAMETER_TYPES.get(declared, "any")


def _format_setter_argument_type(parameters: Iterable[Parameter], part: str) -> str:
    """Return the type of a setter's argument: declared names, and (except in a path) any others.

    *part* is what the setter sets: ``path``, ``query``, ``header`` or ``body``.
    """
    named = [parameter for parameter in parameters if parameter.place == part]
    if part == "body":
        return _format_body_type(named)
    members = "; ".join(
        f"{_format_member(p.wire_name)}?: {_format_parameter_type(p)}" for p in named
    )
    if part == "path":
        return f"{{ {members} }}" if members else "Record<string, string | number>"
    return f"{{ {members}{'; ' if members else ''}[name: string]: any }}"


class _BodyPart(msgspec.Struct):
    """The parameters declared at one path in a body, such as ``data``, and below it.

    Attributes:
        own_type: TypeScript type of the parameter with this very path; "" if there is none.
        members: name -> the parts below, such as ``customer`` for ``data.customer``.
    """

    own_type: str = ""
    members: dict[str, _BodyPart] = msgspec.field(default_factory=dict)


def _format_body_type(named: Sequence[Parameter]) -> str:
    """Return the nested type of a body: ``data.customer`` becomes a member of ``data``."""
    body = _BodyPart()
    for parameter in named:
        part = body
        for step in parameter.steps:
            part = part.members.setdefault(step, _BodyPart())
        part.own_type = _format_parameter_type(parameter)
    if body.own_type or not body.members:
        return "any"
    return f"{_format_body_part(body)} | any[] | string | Uint8Array"


def _format_body_part(part: _BodyPart) -> str:
    """Return the TypeScript type of *part*: an object with its members, else its own type.

    If it has members and its own type is no object, such as ``string``, either is allowed.
    """
    if not part.members:
        return part.own_type
    members = [
        f"{_format_member(name)}?: {_format_body_part(member)}"
        for name, member in part.members.items()
    ]
    text = "{ " + "; ".join([*members, "[name: string]: any"]) + " }"
    is_object = part.own_type in {"", "any", _PARAMETER_TYPES["object"]}
    return text if is_object else f"{part.own_type} | {text}"


def _format_result_type(
    platform: Platform, api: Api, instances: Sequence[Instance], shapes: ResponseShapes
) -> str:
    declared = shapes.find_declared_shape(platform, api, instances)
    if declared is not None and api.answer:  # of an envelope alone a recording says more
        return _format_shape_type(declared)
    recorded = shapes.find_recorded_result_shape(platform, api, instances)
    return _format_shape_type(make_all_optional(recorded)) if recorded is not None else _RESULT


def _format_shape_type(shape: ResponseShape) -> str:
    """Return the TypeScript type of a JSON value of which *shape* says what is known.

    It is ``any`` if that is nothing.
    """
    if not shape.kinds:
        return "any"
    kinds = [_KINDS[kind] for kind in sorted(shape.kinds) if kind in _KINDS]
    if "object" in shape.kinds:
        members = [
            f"{_format_member(name)}{'?' if name in shape.optional else ''}: "
            f"{_format_shape_type(member)}"
            for name, member in shape.members.items()
        ]
        kinds.append("{ " + "; ".join(members) + " }" if members else "Record<string, any>")
    if "list" in shape.kinds:
        kinds.append(f"({_format_shape_type(shape.item)})[]" if shape.item is not None else "any[]")
    return " | ".join(kinds)


def _format_library_declarations(libraries: Iterable[Script]) -> Iterator[str]:
    """Yield declarations of the names that libraries define for scripts."""
    for library in dict.fromkeys(libraries):
        reading = read_script(library.source, library.name)
        names = [name for name in reading.declared if name.isidentifier()]
        if names:
            lines = "".join(
                f"declare const {name}: any;\n" for name in names if name not in reading.signatures
            )
            functions = "".join(
                f"declare function {name}({', '.join(f'{p}?: any' for p in parameters)}): any;\n"
                for name, parameters in reading.signatures.items()
                if name in names
            )
            yield f"// {library.name.rpartition('/')[2]}\n{functions}{lines}"
