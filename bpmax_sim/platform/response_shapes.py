"""The shape of responses: which members they have, as declared and as recorded.

A shape holds kinds and names of members, never a value. Shapes of several responses are merged:
a member that one of them lacks is optional.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final, Literal

import msgspec
from msgspec.structs import replace

from bpmax_sim.platform.model import Api, Instance, Platform
from bpmax_sim.platform.schema_keywords import list_schemas, list_texts, to_list_or_empty

Kind = Literal["null", "boolean", "number", "text", "object", "list"]
Presence = Literal["present", "absent", "unknown"]
_KINDS: Final[tuple[tuple[type | tuple[type, ...], Kind], ...]] = (
    (bool, "boolean"),
    ((int, float, Decimal), "number"),
    (str, "text"),
    (Mapping, "object"),
    ((list, tuple), "list"),
)
_SCHEMA_KINDS: Final[Mapping[str, Kind]] = {
    "null": "null", "boolean": "boolean", "integer": "number", "number": "number",
    "string": "text", "object": "object", "array": "list",
}  # fmt: skip
_DOTTED: Final = re.compile(r"\$(?:\.\w+)+")
_DEEPEST: Final = 16
_MOST_MEMBERS: Final = 200
"""An object with more members is a map by ids, of which no name says anything."""


class ResponseShape(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is known of a JSON value in responses: its kinds and members.

    Attributes:
        kinds: possible kinds, such as ``text`` and ``null``; empty if nothing is known.
        members: shapes of an object's members.
        optional: names of members that are not always there.
        item: shape of a list's elements.
        is_closed: whether a schema says that there are no other members.
        texts: all values of a text, if a schema lists them.
    """

    kinds: frozenset[Kind] = frozenset()
    members: Mapping[str, ResponseShape] = {}
    optional: frozenset[str] = frozenset()
    item: ResponseShape | None = None
    is_closed: bool = False
    texts: tuple[str, ...] = ()

    def find(self, path: Sequence[str]) -> ResponseShape | None:
        """Return the shape at *path*, with ``*`` for a list's elements.

        None if nothing is known.
        """
        shape: ResponseShape | None = self
        for step in path:
            if shape is None:
                return None
            is_element = "list" in shape.kinds and (step == "*" or step.isdigit())
            shape = shape.item if is_element else shape.members.get(step)
        return shape

    def check_presence(self, path: Sequence[str]) -> Presence:
        """Return whether values of this shape have the member at *path*; ``*`` is an element.

        The result is ``present``, ``absent`` or ``unknown``; an optional member is present.
        """
        shape: ResponseShape | None = self
        for step in path:
            if shape is None or not shape.kinds & {"object", "list"}:
                return "unknown"
            if "list" in shape.kinds and (step == "*" or step.isdigit()):
                shape = shape.item
            elif "object" not in shape.kinds or step == "*":
                return "unknown"
            elif step not in shape.members:
                return "absent"
            else:
                shape = shape.members[step]
        return "present"

    def list_names_at(self, path: Sequence[str]) -> tuple[str, ...]:
        """Return the names of the members of the object at *path*, to suggest near ones.

        Empty if nothing is known of it.
        """
        shape = self.find(path)
        return tuple(shape.members) if shape is not None else ()

    def is_closed_at(self, path: Sequence[str]) -> bool:
        """Return whether a schema forbids other members at *path*."""
        shape = self.find(path)
        return shape is not None and shape.is_closed


def find_kind(value: Any) -> Kind | None:
    """Return the kind of a plain value; None if JSON has no such kind."""
    if value is None:
        return "null"
    return next((kind for types, kind in _KINDS if isinstance(value, types)), None)


def infer_shape(value: Any, depth: int = 0) -> ResponseShape:
    """Return the shape of one JSON value.

    Nothing is known of what is nested too deep or has too many members. *depth* counts the levels
    above *value*.
    """
    kind = find_kind(value)
    if kind is None or depth > _DEEPEST:
        return ResponseShape()
    if kind == "object":
        if len(value) > _MOST_MEMBERS:
            return ResponseShape()
        members = {str(name): infer_shape(item, depth + 1) for name, item in value.items()}
        return ResponseShape(frozenset({kind}), members)
    if kind == "list":
        item = merge_shapes(infer_shape(item, depth + 1) for item in value)
        return ResponseShape(frozenset({kind}), item=item)
    return ResponseShape(frozenset({kind}))


def merge_shapes(shapes: Iterable[ResponseShape]) -> ResponseShape | None:
    """Return the shape that covers all of *shapes*; None if there are none."""
    merged: ResponseShape | None = None
    for shape in shapes:
        merged = shape if merged is None else _merge_two_shapes(merged, shape)
    return merged


def _merge_two_shapes(first: ResponseShape, second: ResponseShape) -> ResponseShape:
    """Return the shape that covers both; a member that only one object has becomes optional."""
    # Nothing known of one means nothing known of both: any value may come.
    if not first.kinds or not second.kinds:
        return ResponseShape()
    both_objects = "object" in first.kinds and "object" in second.kinds
    names = dict.fromkeys([*first.members, *second.members])
    members, optional = {}, set(first.optional | second.optional)
    for name in names:
        known = [shape.members[name] for shape in (first, second) if name in shape.members]
        members[name] = known[0] if len(known) == 1 else _merge_two_shapes(*known)
        if both_objects and len(known) == 1:
            optional.add(name)
    item = merge_shapes(shape.item for shape in (first, second) if shape.item is not None)
    is_closed = first.is_closed and second.is_closed
    texts = tuple(dict.fromkeys((*first.texts, *second.texts)))
    texts = texts if first.texts and second.texts else ()
    kinds = first.kinds | second.kinds
    return ResponseShape(kinds, members, frozenset(optional), item, is_closed, texts)


def derive_schema_shape(schema: Mapping[str, Any], depth: int = 0) -> ResponseShape:
    """Return the shape that a JSON Schema, or OpenAPI's variant of one, declares.

    What only a validator can decide (``$ref`` that is left, ``not``, conditions) is unknown.
    *depth* counts the levels above *schema*; too many give an empty shape.
    """
    parts = [schema, *list_schemas(schema.get("allOf"))]
    if depth > _DEEPEST or any("$ref" in part for part in parts):
        return ResponseShape()
    for word in ("anyOf", "oneOf"):
        if choices := list_schemas(schema.get(word)):
            return (
                merge_shapes(derive_schema_shape(one, depth + 1) for one in choices)
                or ResponseShape()
            )
    if example := _find_memberless_schema_example(parts):
        return make_all_optional(infer_shape(example))
    properties: dict[str, Any] = {}
    required: set[str] = set()
    for part in parts:
        if isinstance(declared := part.get("properties"), Mapping):
            properties |= declared
        required.update(list_texts(part.get("required")))
    items = next((part["items"] for part in parts if isinstance(part.get("items"), Mapping)), None)
    members = {
        name: derive_schema_shape(value if isinstance(value, Mapping) else {}, depth + 1)
        for name, value in properties.items()
    }
    kinds = _find_schema_kinds(schema, properties, items)
    return ResponseShape(
        kinds,
        members,
        frozenset(set(members) - required),
        derive_schema_shape(items, depth + 1) if items is not None else None,
        any(part.get("additionalProperties") is False for part in parts),
        _list_enumerated_texts(schema),
    )


def _find_memberless_schema_example(parts: Iterable[Mapping[str, Any]]) -> Any:
    """Return the ``example`` of a schema that declares no members itself, or None.

    *parts* are the schema and those in its ``allOf``. Members of responses are then read from the
    example. Only a map or a list is returned.
    """
    words = {word for part in parts for word in part}
    is_bare = words.isdisjoint({"properties", "items", "additionalProperties", "enum", "const"})
    found = [part["example"] for part in parts if is_bare and part.get("example")]
    return found[0] if found and isinstance(found[0], Mapping | list) else None


def _list_enumerated_texts(schema: Mapping[str, Any]) -> tuple[str, ...]:
    listed = to_list_or_empty(schema.get("enum")) or (
        [schema["const"]] if "const" in schema else ()
    )
    texts = [one for one in listed if isinstance(one, str)]
    return tuple(texts) if len(texts) == len([one for one in listed if one is not None]) else ()


def _find_schema_kinds(
    schema: Mapping[str, Any], properties: object, items: object
) -> frozenset[Kind]:
    declared = schema.get("type") or ()
    words = list_texts([declared] if isinstance(declared, str) else declared)
    words += ["object"] if properties and not words else []
    words += ["array"] if items is not None and not words else []
    words += ["null"] if schema.get("nullable") else []
    return frozenset(_SCHEMA_KINDS[word] for word in words if word in _SCHEMA_KINDS)


def wrap_in_envelope(shape: ResponseShape, data_paths: Sequence[str]) -> ResponseShape:
    """Return the shape of ``{code, message, data}``, in which ``result: envelope`` wraps a body.

    *data_paths* are JSON paths in the body, whose shape is *shape*: the first that exists is
    ``data``, else the whole body.
    """
    members = {
        "code": ResponseShape(),
        "message": ResponseShape(),
        "data": _find_shape_at_first_path(shape, data_paths),
    }
    return ResponseShape(frozenset({"object"}), members, is_closed=True)


def _find_shape_at_first_path(shape: ResponseShape, paths: Sequence[str]) -> ResponseShape:
    """Return the shape at the first of *paths* that *shape* has, else *shape* itself.

    Only paths of member names, such as ``$.data.items``, can be followed. If another one comes
    before the first that exists, nothing is known: an empty shape.
    """
    for path in paths:
        inner: ResponseShape | None = shape
        if not _DOTTED.fullmatch(path):
            return ResponseShape()
        for step in path.split(".")[1:]:
            inner = inner.members.get(step) if inner is not None else None
        if inner is not None:
            return inner
    return shape


def make_all_optional(shape: ResponseShape) -> ResponseShape:
    """Return *shape* with all members optional at any depth.

    A member that all recorded responses have may still be missing in the next one.
    """
    members = {name: make_all_optional(member) for name, member in shape.members.items()}
    item = make_all_optional(shape.item) if shape.item is not None else None
    return replace(shape, members=members, optional=frozenset(members), item=item)


class ResponseShapes:
    """What is known of the responses of APIs: by their declaration, and by recordings."""

    def __init__(self, recorded: Iterable[Mapping[str, ResponseShape]] = ()) -> None:
        """Take the shapes of each cassette, by ``platform.api``; they are merged when asked for."""
        self._recordings = list(recorded)
        self._recorded: dict[str, ResponseShape | None] = {}

    def find_recorded_result_shape(
        self, platform: Platform, api: Api, instances: Iterable[Instance]
    ) -> ResponseShape | None:
        """Return the shape of all recorded responses of *api*, as scripts get them.

        *instances* are those of the platform that a script may call. None if no response is
        recorded, or if scripts get bytes.
        """
        name = f"{platform.platform_key}.{api.key}"
        if name not in self._recorded:
            seen = [shapes[name] for shapes in self._recordings if name in shapes]
            self._recorded[name] = merge_shapes(seen)
        shape = self._recorded[name]
        return _derive_result_shape(platform, api, instances, shape) if shape is not None else None

    def find_declared_shape(
        self, platform: Platform, api: Api, instances: Iterable[Instance]
    ) -> ResponseShape | None:
        """Return the shape that *api* declares for its responses, as scripts get them.

        *instances* are those of the platform that a script may call. None if the declaration says
        nothing of what they get.
        """
        shape = derive_schema_shape(api.answer) if api.answer else None
        return _derive_result_shape(platform, api, instances, shape)


def _derive_result_shape(
    platform: Platform, api: Api, instances: Iterable[Instance], body: ResponseShape | None
) -> ResponseShape | None:
    """Return the shape of what scripts get if the response body has the shape *body*.

    With ``result: envelope`` it differs from that of the body, with ``result: bytes`` there is
    none. If the *instances* differ in that, it is a shape that covers all; None if one is unknown.
    """
    shapes = []
    for result in platform.list_possible_results(api, instances):
        shape = body if result != "bytes" else None
        if result == "envelope":
            data_paths = platform.response_of(api).data
            shape = wrap_in_envelope(body or ResponseShape(), data_paths)
        if shape is None:
            return None
        shapes.append(shape)
    return merge_shapes(shapes)
