"""A file -> an OpenAPI 3 document whose references can be followed, and notes on the way.

Swagger 2.0 becomes the same in the words of OpenAPI 3, as far as an import needs them;
``definitions``, ``parameters`` and ``responses`` stay where they are, so references stay right.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec.structs import force_setattr
from referencing import Registry, Specification
from referencing.exceptions import Unresolvable

from bpmax_sim.errors import ConfigError, Place, Problem
from bpmax_sim.i18n import fill_message, msg
from bpmax_sim.yamlfile import Steps, display_path, join, parse_yaml_bytes, read_bytes

LARGEST: Final = 64 * 1024 * 1024
"""The most bytes of a document in JSON; one in YAML may have as many as any YAML file."""

_BOM: Final = b"\xef\xbb\xbf"
_BYTE = re.compile(r"\(byte (\d+)\)")


class Document(msgspec.Struct, frozen=True):
    """A document.

    Attributes:
        name: what messages call it.
        root: its value.
        notes: what could not be carried over so far, each once, in the order of finding.
    """

    name: str
    root: Mapping[str, Any]
    notes: dict[Problem, None] = msgspec.field(default_factory=dict)
    _resolver: Any = None

    def __post_init__(self) -> None:
        registry: Registry[Any] = Registry()
        resource = Specification.OPAQUE.create_resource(self.root)
        force_setattr(self, "_resolver", registry.resolver_with_root(resource))

    def tell(self, steps: Iterable[str | int], message: str, /, **values: object) -> None:
        """Note what is lost of the value at *steps*; with *values* by a template, as `msg` does."""
        self.notes[Problem(fill_message(message, values), None, join(steps))] = None

    def resolve_reference(self, value: Any, steps: Iterable[str | int]) -> Any:
        """Return *value*, or what its ``$ref`` leads to, with what stands beside the ``$ref``.

        A reference that leads nowhere, in a circle or out of the file is noted, and counts as an
        empty mapping.
        """
        siblings: dict[str, Any] = {}
        seen: set[str] = set()
        while isinstance(value, dict) and isinstance(value.get("$ref"), str):
            reference = value["$ref"]
            siblings = {**value, **siblings}
            value = self._target(reference, seen, steps)
            seen.add(reference)
        siblings.pop("$ref", None)
        return {**value, **siblings} if siblings and isinstance(value, dict) else value

    def _target(self, reference: str, seen: set[str], steps: Iterable[str | int]) -> Any:
        """Return what a JSON pointer leads to (RFC 6901, section 6), or note that it does not."""
        if reference in seen:
            problem = msg(
                "the reference {reference!r} leads in a circle; it is left out", reference=reference
            )
        elif not reference.startswith("#"):
            problem = msg(
                "{reference!r} is in another file; bundle the document into one, then import that",
                reference=reference,
            )
        else:
            try:
                return self._resolver.lookup(reference).contents
            except (Unresolvable, TypeError, ValueError):  # a step into a text or a number
                problem = msg(
                    "the reference {reference!r} leads nowhere; it is left out", reference=reference
                )
        self.tell(steps, problem)
        return {}


def read_document(path: Path) -> Document:
    """Return the OpenAPI document at *path*, in JSON or YAML.

    Raises:
        ConfigError: it cannot be read, or is none of OpenAPI 3.0, 3.1 and Swagger 2.0.
    """
    name = display_path(path)
    data = read_bytes(path, name, largest=LARGEST, is_regular=False)
    text = data.removeprefix(_BOM).lstrip()
    is_json = text[:1] == b"{"
    root = _json(data.removeprefix(_BOM), name) if is_json else parse_yaml_bytes(data, name).plain()
    if problem := _misfit(root):
        raise ConfigError(Problem(problem, Place(name)))
    return Document(name, mapping(root))


def _json(data: bytes, name: str) -> Any:
    try:
        return msgspec.json.decode(data)
    except RecursionError:
        message = msg("nested too deeply; make the document flatter")
        raise ConfigError(Problem(message, Place(name))) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        match = _BYTE.search(str(error))
        before = data[: int(match[1])] if match else data
        place = Place(name, before.count(b"\n") + 1, len(before) - before.rfind(b"\n"))
        message = str(error).partition(" (byte")[0]
        raise ConfigError(
            Problem(msg("not valid JSON: {message}", message=message), place)
        ) from None


def _misfit(root: Any) -> str:
    """Return why *root* is no document of a known version, or nothing."""
    if not isinstance(root, dict):
        return msg("this is no OpenAPI document")
    version, swagger = root.get("openapi"), root.get("swagger")
    if (isinstance(version, str) and re.match(r"3\.\d", version)) or str(swagger) in ("2.0", "2"):
        return ""
    if "swagger" in root:
        return msg("swagger: {swagger!r} is not known; 2.0 and OpenAPI 3 are read", swagger=swagger)
    if version is None:
        return msg("there is no key 'openapi', so this is no OpenAPI document")
    return msg(
        "openapi: {version!r} is not known; 3.0 and 3.1 are read, and Swagger 2.0", version=version
    )


def mapping(value: Any) -> Mapping[str, Any]:
    """Return *value* if it is a mapping, else an empty one."""
    return value if isinstance(value, dict) else {}


def as_list(value: Any) -> list[Any]:
    """Return *value* if it is a list, else an empty one."""
    return value if isinstance(value, list) else []


def line(value: Any, longest: int = 120) -> str:
    """Return the first line of a text, printable and not too long; of anything else, nothing."""
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
    "pipes": {"style": "pipeDelimited"},
}
_FORM: Final = "application/x-www-form-urlencoded"
_MULTIPART: Final = "multipart/form-data"
_JSON: Final = "application/json"
_IN_BODY: Final = ("body", "formData")


def convert_swagger2(document: Document, methods: tuple[str, ...]) -> Document:
    """Return *document*, which is Swagger 2.0, as OpenAPI 3; what is noted goes to the same notes.

    Args:
        document: as it was read.
        methods: the members of a path that are operations.
    """
    root = document.root
    paths: dict[str, dict[str, Any]] = {}
    for path, raw in mapping(root.get("paths")).items():
        item = mapping(document.resolve_reference(raw, ("paths", path)))
        shared = as_list(item.get("parameters"))
        paths[path] = {
            method: _operation(document, item[method], shared, ("paths", path, method))
            for method in methods
            if isinstance(item.get(method), dict)
        }
    declared = mapping(root.get("securityDefinitions"))
    schemes = {name: _scheme(mapping(scheme)) for name, scheme in declared.items()}
    host, start = root.get("host"), root.get("basePath", "")
    url = start if isinstance(start, str) else ""
    if isinstance(host, str) and host:
        known = [scheme for scheme in as_list(root.get("schemes")) if scheme in ("https", "http")]
        url = f"{max(known, default='https')}://{host}{url}"
    openapi = {**root, "openapi": "3.0.0", "paths": paths, "servers": [{"url": url}] if url else []}
    openapi["components"] = {"securitySchemes": schemes}
    return Document(document.name, openapi, document.notes)


def _scheme(scheme: Mapping[str, Any]) -> Mapping[str, Any]:
    if scheme.get("type") == "basic":
        return {"type": "http", "scheme": "basic"}
    if scheme.get("type") != "oauth2":
        return scheme
    urls = {name: scheme[name] for name in ("tokenUrl", "authorizationUrl") if name in scheme}
    return {"type": "oauth2", "flows": {_FLOWS.get(str(scheme.get("flow")), "implicit"): urls}}


def _operation(
    document: Document, operation: Mapping[str, Any], shared: list[Any], steps: Steps
) -> dict[str, Any]:
    parameters = {
        (str(parameter.get("in")), str(parameter.get("name"))): parameter
        for index, raw in enumerate([*shared, *as_list(operation.get("parameters"))])
        for parameter in [mapping(document.resolve_reference(raw, (*steps, "parameters", index)))]
    }
    every = list(parameters.values())
    body = _body(_media(document, operation, "consumes"), every)
    return {
        **operation,
        "parameters": [_parameter(item) for item in every if item.get("in") not in _IN_BODY],
        "responses": dict(_responses(document, operation, steps)),
        **({"requestBody": body} if body else {}),
    }


def _parameter(parameter: Mapping[str, Any]) -> dict[str, Any]:
    fields = {name: parameter[name] for name in _SHARED if name in parameter}
    style: Mapping[str, Any] = {}
    if parameter.get("type") == "array" and parameter.get("in") == "query":
        style = _STYLES.get(str(parameter.get("collectionFormat", "csv")), {})
    return {**fields, **style, "schema": _schema(parameter)}


def _schema(parameter: Mapping[str, Any]) -> dict[str, Any]:
    words = {name: value for name, value in parameter.items() if name not in _OUTSIDE}
    return {**words, "type": "string", "format": "binary"} if words.get("type") == "file" else words


def _body(consumes: list[str], parameters: list[Mapping[str, Any]]) -> dict[str, Any]:
    whole = next((parameter for parameter in parameters if parameter.get("in") == "body"), None)
    if whole is not None:
        media = next((name for name in consumes if name not in (_FORM, _MULTIPART)), _JSON)
        content = {media: {"schema": whole.get("schema")}}
        return {"required": whole.get("required"), "content": content}
    fields = [parameter for parameter in parameters if parameter.get("in") == "formData"]
    if not fields:
        return {}
    has_file = any(field.get("type") == "file" for field in fields)
    media = _MULTIPART if has_file or _MULTIPART in consumes else _FORM
    schema = {
        "type": "object",
        "properties": {str(field.get("name")): _schema(field) for field in fields},
        "required": [str(field.get("name")) for field in fields if field.get("required") is True],
    }
    return {"required": bool(schema["required"]), "content": {media: {"schema": schema}}}


def _responses(
    document: Document, operation: Mapping[str, Any], steps: Steps
) -> Iterator[tuple[str, Any]]:
    media = next(iter(_media(document, operation, "produces")), _JSON)
    media = _JSON if media == "*/*" else media  # Springfox says so of everything
    for name, raw in mapping(operation.get("responses")).items():
        response = mapping(document.resolve_reference(raw, (*steps, "responses", name)))
        examples = mapping(response.get("examples"))
        shown = {"example": examples[media]} if media in examples else {}
        content = {media: {"schema": response.get("schema"), **shown}}
        yield name, {"content": content} if response else {}


def _media(document: Document, operation: Mapping[str, Any], word: str) -> list[str]:
    media_types = as_list(operation.get(word)) or as_list(document.root.get(word))
    return [media_type for media_type in media_types if isinstance(media_type, str)]
