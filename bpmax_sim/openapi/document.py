"""Read a file as an OpenAPI 3 document whose references can be followed, and collect notes.

Swagger 2.0 is converted to OpenAPI 3 as far as an import needs it. ``definitions``, ``parameters``
and ``responses`` stay at their paths, so that references stay valid.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path, PurePath
from typing import Any, Final

import msgspec
from msgspec.structs import force_setattr, replace

from bpmax_sim.errors import ConfigError, Place, Problem
from bpmax_sim.i18n import TranslatableText, fill_if_values, msg, to_plain_english
from bpmax_sim.openapi.references import (
    LARGEST,
    DanglingReferenceError,
    ReferencedFiles,
    follow_pointer,
    parse_data,
)
from bpmax_sim.platform.schema_keywords import to_list_or_empty, to_mapping_or_empty
from bpmax_sim.yamlfile import Steps, format_steps, read_bytes, to_display_path

_MOST_HOPS: Final = 100
"""The most references that one leads through."""


class Document(msgspec.Struct, frozen=True):
    """An OpenAPI document while it is converted.

    Attributes:
        name: its name in messages.
        root: its content.
        notes: what could not be converted so far, each once, in the order in which it was found.
        folder: folder of the files that it refers to.
    """

    name: str
    root: Mapping[str, Any]
    notes: dict[Problem, None] = msgspec.field(default_factory=dict)
    folder: Path = Path()
    _files: Any = None

    def __post_init__(self) -> None:
        if self._files is None:
            force_setattr(self, "_files", ReferencedFiles(self.folder, PurePath(self.name).name))

    def note_loss(self, steps: Iterable[str | int], message: str, /, **values: object) -> None:
        """Note that something at *steps* is lost in the conversion.

        *values* fill the ``{names}`` in *message*.
        """
        self.notes[Problem(fill_if_values(message, values), None, format_steps(steps))] = None

    def find_mapping(self, *names: str) -> Mapping[str, Any]:
        """Return the mapping at the path *names* from the root; references on the way are followed.

        Empty if there is none.
        """
        value: Any = self.root
        for index, name in enumerate(names):
            value = to_mapping_or_empty(self.resolve_reference(value.get(name), names[: index + 1]))
        return to_mapping_or_empty(value)

    def resolve_reference(self, value: Any, steps: Iterable[str | int]) -> Any:
        """Return *value*, or the target of its ``$ref`` together with members beside the ``$ref``.

        A reference without target, in a circle or out of the folder is noted at *steps*, and only
        the members beside it are returned.
        """
        try:
            return self._resolve_refs(value, set())
        except DanglingReferenceError as error:
            self.note_loss(steps, str(error))
            return {name: part for name, part in value.items() if name != "$ref"}

    def _resolve_refs(self, value: Any, seen: set[str]) -> Any:
        siblings: dict[str, Any] = {}
        while isinstance(value, dict) and isinstance(value.get("$ref"), str):
            # What stands beside the outer reference wins over what its target has (OpenAPI 3.1,
            # Reference Object: summary and description).
            siblings = {**value, **siblings}
            value = self._follow_reference(value["$ref"], seen)
        siblings.pop("$ref", None)
        return {**value, **siblings} if siblings and isinstance(value, dict) else value

    def _follow_reference(self, reference: str, seen: set[str]) -> Any:
        """Return the target of *reference*, and add the reference to *seen*.

        *seen* holds those followed before, so that circles are found.

        Raises:
            DanglingReferenceError: if it has no target, or is in *seen*.
        """
        file, pointer = self._files.normalise(reference)
        if (hop := f"{file}#{pointer}") in seen or len(seen) >= _MOST_HOPS:
            raise DanglingReferenceError(
                "the reference {reference!r} leads in a circle; it is left out", reference=reference
            )
        seen.add(hop)
        root = self._files.load_file_content(file, reference) if file else self.root
        try:
            return follow_pointer(root, pointer, lambda value: self._resolve_refs(value, seen))
        except LookupError:
            raise DanglingReferenceError(
                "the reference {reference!r} leads nowhere; it is left out", reference=reference
            ) from None


class NoteGroup(msgspec.Struct, frozen=True):
    """Notes with the same message about several places of a document.

    Attributes:
        first: the first of them.
        paths: their paths in the document, in order.
    """

    first: Problem
    paths: tuple[str, ...]

    def __str__(self) -> str:
        """Return the first note, and the number of further ones."""
        return self.first.message + self.more_notes_suffix

    @property
    def more_notes_suffix(self) -> str:
        """Return the number of notes after the first as the end of a message.

        "" for a single note.
        """
        more = len(self.paths) - 1
        return msg(" (and {more} more of this kind)", more=more) if more else ""


def group_notes(notes: Iterable[Problem]) -> tuple[NoteGroup, ...]:
    """Return *notes* grouped by message, in the order of finding.

    Messages that differ only in the names they contain are in one group.
    """
    grouped: dict[tuple[str, ...], list[Problem]] = {}
    for note in notes:
        grouped.setdefault(_make_group_key(note.message), []).append(note)
    return tuple(
        NoteGroup(alike[0], tuple(note.path for note in alike)) for alike in grouped.values()
    )


def _make_group_key(message: str) -> tuple[str, ...]:
    """Return the message's template, without the names in it: equal for notes of one kind."""
    if not isinstance(message, TranslatableText):
        return (message,)
    reasons = (
        to_plain_english(part)
        for part in message.values.values()
        if isinstance(part, TranslatableText)
    )
    return (message.template, *reasons)


def read_document(path: Path) -> Document:
    """Return the OpenAPI document at *path*, in JSON or YAML.

    Raises:
        ConfigError: if it cannot be read, or is not OpenAPI 3.0, 3.1 or Swagger 2.0.
    """
    name = to_display_path(path)
    root = parse_data(read_bytes(path, name, largest=LARGEST, must_be_regular=False), name)
    if problem := _explain_unknown_document(root):
        raise ConfigError(Problem(problem, Place(name)))
    return Document(name, to_mapping_or_empty(root), folder=path.parent)


def _explain_unknown_document(root: Any) -> str:
    """Return why *root* is no document of a known version; empty if it is one."""
    if not isinstance(root, dict):
        return msg("not an OpenAPI document")
    version, swagger = root.get("openapi"), root.get("swagger")
    # In YAML ``swagger: 2.0`` and ``openapi: 3.1`` are numbers.
    is_known = isinstance(version, str | float) and re.match(r"3\.\d", str(version))
    if is_known or str(swagger) in ("2.0", "2"):
        return ""
    if "swagger" in root:
        return msg("swagger: {swagger!r} is not known; 2.0 and OpenAPI 3 are read", swagger=swagger)
    if version is None:
        return msg("not an OpenAPI document: key 'openapi' is missing")
    return msg(
        "openapi: {version!r} is not known; 3.0 and 3.1 are read, and Swagger 2.0", version=version
    )


def cut_to_first_line(value: Any, longest: int = 120) -> str:
    """Return the first line of a text, printable and at most *longest* long.

    Empty if not a text.
    """
    if not isinstance(value, str):
        return ""
    first = next((text for text in value.splitlines() if text.strip()), "")
    plain = "".join(sign if sign.isprintable() else " " for sign in first[: 4 * longest])
    return " ".join(plain.split())[:longest].rstrip()


_SHARED: Final = ("name", "in", "description", "required")
_OUTSIDE: Final = frozenset({*_SHARED, "collectionFormat", "allowEmptyValue"})
_FLOWS: Final = {
    "application": "clientCredentials",
    "accessCode": "authorizationCode",
    "password": "password",
    "implicit": "implicit",
}
_STYLES: Final[Mapping[str, Mapping[str, Any]]] = {
    "multi": {},
    "csv": {"style": "form", "explode": False},
    "ssv": {"style": "spaceDelimited"},
    "tsv": {"style": "tabDelimited"},  # which OpenAPI 3 does not have any more
    "pipes": {"style": "pipeDelimited"},
}
_FORM: Final = "application/x-www-form-urlencoded"
_MULTIPART: Final = "multipart/form-data"
_JSON: Final = "application/json"
_IN_BODY: Final = ("body", "formData")


def convert_swagger2(document: Document, methods: tuple[str, ...]) -> Document:
    """Return *document*, in Swagger 2.0, as OpenAPI 3; notes are added to the same list.

    Args:
        document: the document as read.
        methods: keys of a path that are operations, such as ``get``; others describe the path.
    """
    root = document.root
    paths: dict[str, dict[str, Any]] = {}
    for path, raw in document.find_mapping("paths").items():
        item = to_mapping_or_empty(document.resolve_reference(raw, ("paths", path)))
        shared = to_list_or_empty(item.get("parameters"))
        paths[path] = {
            method: _convert_operation(document, item[method], shared, ("paths", path, method))
            for method in methods
            if isinstance(item.get(method), dict)
        }
    declared = document.find_mapping("securityDefinitions")
    schemes = {
        name: _convert_scheme(to_mapping_or_empty(scheme)) for name, scheme in declared.items()
    }
    host, start = root.get("host"), root.get("basePath", "")
    url = start if isinstance(start, str) else ""
    if isinstance(host, str) and host:
        known = [
            scheme
            for scheme in to_list_or_empty(root.get("schemes"))
            if scheme in ("https", "http")
        ]
        # https, where both are there.
        joint = "" if not url or url.startswith("/") else "/"
        url = f"{max(known, default='https')}://{host}{joint}{url}"
    openapi = {**root, "openapi": "3.0.0", "paths": paths, "servers": [{"url": url}] if url else []}
    openapi["components"] = {"securitySchemes": schemes}
    return replace(document, root=openapi)


def _convert_scheme(scheme: Mapping[str, Any]) -> Mapping[str, Any]:
    if scheme.get("type") == "basic":
        return {"type": "http", "scheme": "basic"}
    if scheme.get("type") != "oauth2":
        return scheme
    urls = {name: scheme[name] for name in ("tokenUrl", "authorizationUrl") if name in scheme}
    return {"type": "oauth2", "flows": {_FLOWS.get(str(scheme.get("flow")), "implicit"): urls}}


def _convert_operation(
    document: Document, operation: Mapping[str, Any], shared: list[Any], steps: Steps
) -> dict[str, Any]:
    parameters = {
        (str(parameter.get("in")), str(parameter.get("name"))): parameter
        for index, raw in enumerate([*shared, *to_list_or_empty(operation.get("parameters"))])
        for parameter in [
            to_mapping_or_empty(document.resolve_reference(raw, (*steps, "parameters", index)))
        ]
    }
    every = list(parameters.values())
    body = _convert_body(_list_media_types(document, operation, "consumes"), every)
    return {
        **operation,
        "parameters": [
            _convert_parameter(item) for item in every if item.get("in") not in _IN_BODY
        ],
        "responses": dict(_convert_responses(document, operation, steps)),
        **({"requestBody": body} if body else {}),
    }


def _convert_parameter(parameter: Mapping[str, Any]) -> dict[str, Any]:
    fields = {name: parameter[name] for name in _SHARED if name in parameter}
    style: Mapping[str, Any] = {}
    if parameter.get("type") == "array" and parameter.get("in") == "query":
        # Without a word an array is written with commas (Swagger 2.0, Parameter Object).
        style = _STYLES.get(str(parameter.get("collectionFormat", "csv")), {})
    return {**fields, **style, "schema": _convert_parameter_schema(parameter)}


def _convert_parameter_schema(parameter: Mapping[str, Any]) -> dict[str, Any]:
    words = {name: value for name, value in parameter.items() if name not in _OUTSIDE}
    return {**words, "type": "string", "format": "binary"} if words.get("type") == "file" else words


def _convert_body(consumes: list[str], parameters: list[Mapping[str, Any]]) -> dict[str, Any]:
    whole = next((parameter for parameter in parameters if parameter.get("in") == "body"), None)
    if whole is not None:
        media_types = [name for name in consumes if name not in (_FORM, _MULTIPART)]
        media = next(iter(media_types), _JSON)
        if media.endswith("+json") and _JSON in media_types:
            media = _JSON  # .NET names application/json-patch+json first
        content = {media: {"schema": whole.get("schema")}}
        return {"required": whole.get("required"), "content": content}
    fields = [parameter for parameter in parameters if parameter.get("in") == "formData"]
    if not fields:
        return {}
    has_file = any(field.get("type") == "file" for field in fields)
    media = _MULTIPART if has_file or _MULTIPART in consumes else _FORM
    schema = {
        "type": "object",
        "properties": {
            str(field.get("name")): _convert_parameter_schema(field) for field in fields
        },
        "required": [str(field.get("name")) for field in fields if field.get("required") is True],
    }
    return {"required": bool(schema["required"]), "content": {media: {"schema": schema}}}


def _convert_responses(
    document: Document, operation: Mapping[str, Any], steps: Steps
) -> Iterator[tuple[str, Any]]:
    media = next(iter(_list_media_types(document, operation, "produces")), _JSON)
    media = _JSON if media == "*/*" else media  # Springfox says so of everything
    for name, raw in to_mapping_or_empty(operation.get("responses")).items():
        response = to_mapping_or_empty(document.resolve_reference(raw, (*steps, "responses", name)))
        examples = to_mapping_or_empty(response.get("examples"))
        shown = {"example": examples[media]} if media in examples else {}
        content = {media: {"schema": response.get("schema"), **shown}}
        yield name, {"content": content} if response else {}


def _list_media_types(document: Document, operation: Mapping[str, Any], word: str) -> list[str]:
    media_types = to_list_or_empty(operation.get(word)) or to_list_or_empty(document.root.get(word))
    return [media_type for media_type in media_types if isinstance(media_type, str)]


_GENERIC: Final = frozenset(
    {"openapi", "swagger", "api", "apis", "schema", "spec", "index", "doc", "docs"}
)


def derive_platform_key(name: str, root: Any) -> str:
    """Return a platform key for a document: from its file's *name*, else from its title."""
    info = root.get("info")
    title = str(info.get("title", "")) if isinstance(info, Mapping) else ""
    texts = (
        re.sub(r"\W+", "_", text).strip("_") for text in (name.split(".", maxsplit=1)[0], title)
    )
    return next((one.lower()[:64] for one in texts if one and one.lower() not in _GENERIC), "api")
