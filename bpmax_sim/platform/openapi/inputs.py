"""The parameters and the body of an operation -> the parameters of an API, in order.

Those of the path come first, then the others as the document has them, then the members of the
body. A direct call passes them in this order.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

from bpmax_sim.platform.check import PLACEHOLDER
from bpmax_sim.platform.openapi.document import Document, Steps, line, listed, mapping
from bpmax_sim.platform.openapi.schemas import Carrying, as_object, plain_type

Entry = dict[str, Any]

_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_IGNORED: Final = frozenset({"accept", "content-type", "authorization"})
_IDEMPOTENCY: Final = frozenset({"idempotency-key", "x-idempotency-key"})
_LONGEST: Final = 200
_ENCODINGS: Final = (
    (re.compile(r"application/json|.*\+json"), "json"),
    (re.compile(r"application/x-www-form-urlencoded"), "form"),
    (re.compile(r"multipart/form-data"), "multipart"),
    (re.compile(r"text/xml|application/xml|.*\+xml"), "xml"),
    (re.compile(r"\*/\*|application/\*"), "json"),
    (re.compile(r"text/.*|application/octet-stream"), "text"),
)
"""Media types in the order of preference, and the encoding that makes them."""


class Inputs(msgspec.Struct, frozen=True):
    """What an API takes: entries of ``parameters``, and further keys of the API."""

    parameters: list[Entry]
    keys: Mapping[str, Any]


def inputs_of(
    document: Document, path: str, shared: Any, operation: Mapping[str, Any], steps: Steps
) -> Inputs:
    """Return what the operation at *steps* takes; *shared* are the parameters of its path."""
    given = {
        (str(one.get("in")), str(one.get("name"))): (one, where)
        for one, where in (
            *_declared(document, shared, (*steps[:-1], "parameters")),
            *_declared(document, operation.get("parameters"), (*steps, "parameters")),
        )
    }
    keys: dict[str, Any] = {}
    found: list[Entry] = []
    for one, where in given.values():
        if _is_idempotency(one):
            keys["idempotency"] = {"in": "header", "name": str(one["name"])}
        elif (entry := _entry(document, one, where)) is not None:
            found.append(entry)
    ordered = _with_path(document, path, found, steps)
    body = document.followed(operation.get("requestBody"), (*steps, "requestBody"))
    entries, more = _body(document, mapping(body), (*steps, "requestBody"))
    return Inputs(_renamed([*ordered, *entries]), {**keys, **more})


def _declared(
    document: Document, value: Any, steps: Steps
) -> Iterator[tuple[Mapping[str, Any], Steps]]:
    for index, one in enumerate(listed(value)):
        where = (*steps, index)
        found = document.followed(one, where)
        if isinstance(found, dict) and isinstance(found.get("name"), str) and found["name"]:
            yield found, where
        elif found != {}:
            document.tell("this is no parameter with a name; it is left out", where)


def _is_idempotency(one: Mapping[str, Any]) -> bool:
    return one.get("in") == "header" and str(one["name"]).lower() in _IDEMPOTENCY


def _entry(document: Document, one: Mapping[str, Any], steps: Steps) -> Entry | None:
    name, place = str(one["name"]), one.get("in")
    if place == "header" and name.lower() in _IGNORED:
        return None  # by the standard, these say nothing
    wrong = _wrong(name, place)
    if wrong:
        document.tell(f"parameter {name[:_LONGEST]!r}: {wrong}; it is left out", steps)
        return None
    entry: Entry = {"name": name, "in": place}
    if one.get("required") is True or place == "path":
        entry["required"] = True
    content = mapping(one.get("content"))
    if content:
        media = next(iter(content))
        document.tell(f"parameter {name!r} is {media} in a text; pass JSON.stringify(…)", steps)
    elif told := _style(one):
        document.tell(f"parameter {name!r}: {told}", steps)
    carried = Carrying(document).schema(one.get("schema"), (*steps, "schema"))
    return {**entry, **_titled(one), **_described(carried, is_required="required" in entry)}


def _wrong(name: str, place: Any) -> str:
    if place not in ("path", "query", "header"):
        return f"a parameter in {place!r} cannot be declared"
    if len(name) > _LONGEST:
        return f"its name is longer than {_LONGEST} characters"
    if place == "header" and not _TOKEN.fullmatch(name):
        return "this is no name of a header"
    return ""


def _style(one: Mapping[str, Any]) -> str:
    """Return how an array or object is to be passed where the document wants no repeated name."""
    style = one.get("style", "form" if one.get("in") == "query" else "simple")
    if style == "deepObject":
        return "an object is written as name[key]=value; pass such a name with $query"
    joint = {"spaceDelimited": "spaces", "pipeDelimited": "|"}.get(str(style), "")
    if not joint and style == "form" and one.get("explode") is False:
        joint = ","
    return f"an array is written with {joint} between its items; pass a text" if joint else ""


def _titled(one: Mapping[str, Any]) -> Entry:
    title = line(one.get("title")) or line(one.get("description"))
    return {"title": title} if title else {}


def _described(schema: Mapping[str, Any], *, is_required: bool = False) -> Entry:
    """Return what is said of a parameter's values: its simple words, and the rest as ``schema``."""
    entry: Entry = {}
    rest = {name: value for name, value in schema.items() if name != "example"}
    if kind := plain_type(schema):
        entry["type"] = kind
        del rest["type"]
        for word in ("enum", "format"):
            if word in rest:
                entry[word] = rest.pop(word)
    allowed = schema.get("enum", [schema["const"]] if "const" in schema else [])
    if is_required and len(allowed) == 1 and isinstance(allowed[0], str | int | float):
        entry["default"] = allowed[0]
    return {**entry, **({"schema": rest} if rest else {})}


def _with_path(document: Document, path: str, entries: list[Entry], steps: Steps) -> list[Entry]:
    """Return *entries* with one for each placeholder of *path* first, in its order."""
    by_name = {one["name"]: one for one in entries if one["in"] == "path"}
    names = list(dict.fromkeys(PLACEHOLDER.findall(path)))
    for name in by_name.keys() - names:
        told = f"parameter {name!r}: the path has no placeholder {{{name}}}; it is left out"
        document.tell(told, steps)
    placed = [by_name.get(name, {"name": name, "in": "path", "required": True}) for name in names]
    return [*placed, *(one for one in entries if one["in"] != "path")]


def _body(
    document: Document, body: Mapping[str, Any], steps: Steps
) -> tuple[list[Entry], Mapping[str, Any]]:
    """Return the entries of a request body, and the keys that say how it is written."""
    content = mapping(body.get("content"))
    if not content:
        return [], {}
    media, encoding = _chosen(content)
    inner = (*steps, "content", media)
    if not encoding:
        document.tell(f"a body of {media} is sent as the text that a script passes", inner)
    elif len(content) > 1:
        others = ", ".join(one for one in content if one != media)
        document.tell(f"the body is sent as {media}; not carried over: {others}", steps)
    carried = Carrying(document).schema(mapping(content[media]).get("schema"), (*inner, "schema"))
    is_required = body.get("required") is True
    return _members(carried, is_required=is_required), _written(media, encoding or "text")


def _chosen(content: Mapping[str, Any]) -> tuple[str, str]:
    plain = {media: media.partition(";")[0].strip().lower() for media in content}
    for pattern, encoding in _ENCODINGS:
        for media, name in plain.items():
            if pattern.fullmatch(name):
                return media, encoding
    return next(iter(content)), ""


def _written(media: str, encoding: str) -> Mapping[str, Any]:
    keys: dict[str, Any] = {} if encoding == "json" else {"encoding": encoding}
    usual = {"json": "application/json", "text": "text/plain", "xml": "application/xml"}
    name = media.partition(";")[0].strip()
    if encoding in usual and name.lower() != usual[encoding] and "*" not in name:
        keys["headers"] = {"Content-Type": name}
    return keys if name.isascii() and name.isprintable() else {"encoding": encoding}


def _members(schema: Mapping[str, Any], *, is_required: bool) -> list[Entry]:
    """Return an entry for each member of an object, or one for the body as a whole."""
    found = as_object(schema)
    members = found["properties"] if found else {}
    if not found or any(not name.strip() or "." in name or name == "$" for name in members):
        whole: Entry = {"name": "body", "in": "body", "to": "$"}
        needed = {"required": True} if is_required else {}
        return [{**whole, **needed, **_described(schema)}]
    entries: list[Entry] = []
    for name, inner in members.items():
        needed = {"required": True} if is_required and name in found["required"] else {}
        described = _described(inner, is_required=bool(needed))
        entries.append({"name": name, "in": "body", **needed, **described})
    return entries


def _renamed(entries: list[Entry]) -> list[Entry]:
    """Return *entries* with a name for each; the same name at another place gets that before it."""
    names: set[str] = set()
    found: list[Entry] = []
    for entry in entries:
        name, number = entry["name"], 1
        while name in names:
            name = f"{entry['in']}_{entry['name']}{'' if number == 1 else f'_{number}'}"
            number += 1
        names.add(name)
        target = entry.get("to", entry["name"])
        to = {"to": target} if target != name else {}
        rest = {key: value for key, value in entry.items() if key not in ("name", "in", "to")}
        found.append({"name": name, "in": entry["in"], **to, **rest})
    return found
