"""Swagger 2.0 -> the same in the words of OpenAPI 3, as far as an import needs them.

``definitions``, ``parameters`` and ``responses`` stay where they are, so references stay right.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from bpmax_sim.platform.openapi.document import Document, Steps, listed, mapping

_OUTSIDE: Final = frozenset({
    "name", "in", "description", "required", "collectionFormat", "allowEmptyValue",
})  # fmt: skip
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


def upgraded(document: Document, methods: tuple[str, ...]) -> Document:
    """Return *document*, which is Swagger 2.0, as OpenAPI 3; what is noted goes to the same notes.

    Args:
        document: as it was read.
        methods: the members of a path that are operations.
    """
    root = document.root
    paths = {
        path: _item(document, mapping(document.followed(item, ("paths", path))), path, methods)
        for path, item in mapping(root.get("paths")).items()
    }
    schemes = {
        name: _scheme(mapping(one))
        for name, one in mapping(root.get("securityDefinitions")).items()
    }
    made = {**root, "openapi": "3.0.0", "paths": paths, "servers": _servers(root)}
    made["components"] = {"securitySchemes": schemes}
    return Document(document.name, made, document.notes)


def _servers(root: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    host, path = root.get("host"), root.get("basePath", "")
    schemes = [one for one in listed(root.get("schemes")) if one in ("https", "http")]
    path = path if isinstance(path, str) else ""
    if not isinstance(host, str) or not host:
        return [{"url": path}] if path else []
    return [{"url": f"{max(schemes, default='https')}://{host}{path}"}]


def _scheme(one: Mapping[str, Any]) -> Mapping[str, Any]:
    if one.get("type") == "basic":
        return {"type": "http", "scheme": "basic"}
    if one.get("type") != "oauth2":
        return one
    urls = {name: one[name] for name in ("tokenUrl", "authorizationUrl") if name in one}
    return {"type": "oauth2", "flows": {_FLOWS.get(str(one.get("flow")), "implicit"): urls}}


def _item(
    document: Document, item: Mapping[str, Any], path: str, methods: tuple[str, ...]
) -> dict[str, Any]:
    shared = listed(item.get("parameters"))
    found: dict[str, Any] = {}
    for method in methods:
        operation = item.get(method)
        if isinstance(operation, dict):
            found[method] = _operation(document, operation, shared, ("paths", path, method))
    return found


def _operation(
    document: Document, operation: Mapping[str, Any], shared: list[Any], steps: Steps
) -> dict[str, Any]:
    given = {
        (str(one.get("in")), str(one.get("name"))): one
        for index, raw in enumerate([*shared, *listed(operation.get("parameters"))])
        for one in [mapping(document.followed(raw, (*steps, "parameters", index)))]
    }
    plain = [_parameter(one) for one in given.values() if one.get("in") not in ("body", "formData")]
    made = {
        **operation,
        "parameters": plain,
        "responses": dict(_responses(document, operation, steps)),
    }
    body = _body(document, operation, list(given.values()))
    return {**made, "requestBody": body} if body else made


def _parameter(one: Mapping[str, Any]) -> dict[str, Any]:
    kept = {name: one[name] for name in ("name", "in", "description", "required") if name in one}
    style: Mapping[str, Any] = {}
    if one.get("type") == "array" and one.get("in") == "query":
        style = _STYLES.get(str(one.get("collectionFormat", "csv")), {})
    return {**kept, **style, "schema": _schema(one)}


def _schema(one: Mapping[str, Any]) -> dict[str, Any]:
    words = {name: value for name, value in one.items() if name not in _OUTSIDE}
    return {**words, "type": "string", "format": "binary"} if words.get("type") == "file" else words


def _body(
    document: Document, operation: Mapping[str, Any], given: list[Mapping[str, Any]]
) -> dict[str, Any]:
    consumes = _media(document, operation, "consumes")
    whole = next((one for one in given if one.get("in") == "body"), None)
    if whole is not None:
        media = next((one for one in consumes if one not in (_FORM, _MULTIPART)), _JSON)
        return {
            "required": whole.get("required"),
            "content": {media: {"schema": whole.get("schema")}},
        }
    fields = [one for one in given if one.get("in") == "formData"]
    if not fields:
        return {}
    has_file = any(one.get("type") == "file" for one in fields)
    media = _MULTIPART if has_file or _MULTIPART in consumes else _FORM
    schema = {
        "type": "object",
        "properties": {str(one.get("name")): _schema(one) for one in fields},
        "required": [str(one.get("name")) for one in fields if one.get("required") is True],
    }
    return {"required": bool(schema["required"]), "content": {media: {"schema": schema}}}


def _responses(
    document: Document, operation: Mapping[str, Any], steps: Steps
) -> Iterator[tuple[str, Any]]:
    media = next(iter(_media(document, operation, "produces")), _JSON)
    media = _JSON if media == "*/*" else media  # Springfox says so of everything
    for name, raw in mapping(operation.get("responses")).items():
        one = mapping(document.followed(raw, (*steps, "responses", name)))
        examples = mapping(one.get("examples"))
        shown = {"example": examples[media]} if media in examples else {}
        yield name, {"content": {media: {"schema": one.get("schema"), **shown}}} if one else one


def _media(document: Document, operation: Mapping[str, Any], word: str) -> list[str]:
    said = listed(operation.get(word)) or listed(document.root.get(word))
    return [one for one in said if isinstance(one, str)]
