"""What may stand where in a file: nodes -> values of msgspec types, every problem reported at once.

Each shape reads a node, and describes itself as JSON Schema; `shape_of` makes them of annotations.
What could not be read is `UNSET`, after its problem was reported.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Hashable, Iterable, Mapping
from functools import cache
from typing import Annotated, Any, Final, Protocol, TypeVar, cast

import msgspec
import msgspec.inspect as types
from msgspec import UNSET, Meta, UnsetType

from bpmax_sim.clock import parse_duration
from bpmax_sim.errors import Place, Problem, near
from bpmax_sim.i18n import joined, msg, series
from bpmax_sim.yamlfile.node import Node, Step, Steps, join

INTERNAL: Final = Meta(extra={"internal": True})
"""Marks a field of a model that no file may set."""
Seconds = Annotated[float, Meta(extra={"duration": True})]
"""A duration in seconds; files may say ``30s``, ``1m30s`` or ``250ms`` as well."""
DURATION: Final = r"^(\d+(\.\d+)?(ms|s|m|h|d))+$"

Definitions = dict[str, Any]


class Reading(msgspec.Struct):
    """One pass over a file: the steps on the way down, and what was wrong so far."""

    problems: list[Problem]
    steps: list[Step] = msgspec.field(default_factory=list)

    def tell(self, message: str, place: Place, *more: Step) -> UnsetType:
        """Note a problem at *place*, *more* steps below the current one; there is no value then."""
        self.problems.append(Problem(message, place, join((*self.steps, *more))))
        return UNSET

    def below(self, step: Step, shape: Shape, node: Node) -> Any:
        """Read *node* by *shape*, one step further down."""
        self.steps.append(step)
        value = shape.read(node, self)
        self.steps.pop()
        return value

    def mismatch(self, node: Node, expected: str) -> UnsetType:
        """Note that *node* is of the wrong kind; its value is not shown, it may be a secret."""
        hint = ""
        if node.value is None:
            hint = msg("; give a value or remove the key")
        elif expected == "text" and isinstance(node.value, bool | int | float):
            hint = msg("; quote it")
        return self.tell(
            msg(
                "expected {expected}, got {node_kind}{hint}",
                expected=expected,
                node_kind=node.kind,
                hint=hint,
            ),
            node.place,
        )

    def refuse(self, node: Node, expected: str, hint: str = "") -> UnsetType:
        """Note that the value of *node* is none of those that are allowed."""
        message = msg(
            "expected {expected}, got {node_value!r}{hint}",
            expected=expected,
            node_value=node.value,
            hint=hint,
        )
        return self.tell(message, node.place)


class Checks(msgspec.Struct, frozen=True):
    """What must hold between the parts of a file that was read; the base of who checks it.

    Attributes:
        root: what is checked, *above* below the root of the file.
        problems: get what is wrong.
    """

    root: Node
    above: Steps
    problems: list[Problem]

    def tell(self, message: str, *steps: Step, key: bool = False) -> None:
        """Note a problem of the value at *steps*, or of the *key* that is the last of them."""
        node = self.root.nearest(steps[:-1] if key else steps)
        place = node.key_place(str(steps[-1])) if key else node.place
        self.problems.append(Problem(message, place, join((*self.above, *steps))))


class Shape(Protocol):
    """What may stand at a place."""

    @property
    def expected(self) -> str:
        """Return what a message calls it."""
        ...

    def accepts(self, node: Node) -> bool:
        """Return whether *node* is of the right kind, whatever lies below it."""
        ...

    def read(self, node: Node, reading: Reading) -> Any:
        """Return the value of *node*, or `UNSET` after telling why."""
        ...

    def schema(self, definitions: Definitions) -> dict[str, Any]:
        """Return the JSON Schema, structures in *definitions*."""
        ...


class AnyShape(msgspec.Struct, frozen=True):
    """Anything; the value is plain data."""

    expected: str = msg("a value")

    def accepts(self, node: Node) -> bool:  # noqa: ARG002 - anything is accepted
        """Return True."""
        return True

    def read(self, node: Node, reading: Reading) -> Any:  # noqa: ARG002 - nothing can be wrong
        """Return plain ``dict``, ``list`` and scalars."""
        return node.plain()

    def schema(self, definitions: Definitions) -> dict[str, Any]:  # noqa: ARG002 - no structure
        """Return the schema of anything."""
        return {}


def either(names: Iterable[str]) -> str:
    """Return ``a, b or c``."""
    *most, last = dict.fromkeys(names)
    return msg("{names} or {last}", names=series(most), last=last) if most else last


Limits = tuple[tuple[str, float], ...]

_LIMITS: Final[Mapping[str, tuple[Callable[[Any, Any], bool], str, str]]] = {
    "ge": (operator.ge, msg("at least"), "minimum"),
    "gt": (operator.gt, msg("more than"), "exclusiveMinimum"),
    "le": (operator.le, msg("at most"), "maximum"),
    "lt": (operator.lt, msg("less than"), "exclusiveMaximum"),
}
_SCALARS: Final[Mapping[type, tuple[str, str]]] = {
    str: (msg("text"), "string"),
    int: (msg("a whole number"), "integer"),
    float: (msg("a number"), "number"),
    bool: (msg("true or false"), "boolean"),
    type(None): (msg("nothing"), "null"),
}


class ScalarShape(msgspec.Struct, frozen=True):
    """Scalars of some types; whole numbers stand for numbers as well."""

    types: frozenset[type]
    limits: Limits = ()

    @property
    def expected(self) -> str:
        """Return the types by name, and the limits."""
        kinds = self.types - {int} if float in self.types else self.types
        names = either(name for kind, (name, _) in _SCALARS.items() if kind in kinds)
        limits = joined(
            " and ",
            (
                msg("{limits} {limit:g}", limits=_LIMITS[key][1], limit=limit)
                for key, limit in self.limits
            ),
        )
        return msg("{names} of {limits}", names=names, limits=limits) if limits else names

    def accepts(self, node: Node) -> bool:
        """Return whether it is a scalar of one of the types."""
        kind = type(node.value)
        return kind in self.types or (kind is int and float in self.types)

    def read(self, node: Node, reading: Reading) -> Any:
        """Return the scalar."""
        if not self.accepts(node):
            return reading.mismatch(node, self.expected)
        if all(_LIMITS[key][0](node.value, limit) for key, limit in self.limits):
            return node.value
        return reading.refuse(node, self.expected)

    def schema(self, definitions: Definitions) -> dict[str, Any]:  # noqa: ARG002 - no structure
        """Return the types and the limits."""
        names = [name for kind, (_, name) in _SCALARS.items() if kind in self.types]
        limits = {_LIMITS[key][2]: limit for key, limit in self.limits}
        return {"type": names[0] if len(names) == 1 else names, **limits}


class DurationShape(msgspec.Struct, frozen=True):
    """A number of seconds, or ``30s``."""

    expected: str = msg("a duration such as 30s")

    def accepts(self, node: Node) -> bool:
        """Return whether it is a number or a text."""
        return isinstance(node.value, int | float | str) and not isinstance(node.value, bool)

    def read(self, node: Node, reading: Reading) -> Any:
        """Return seconds."""
        if not self.accepts(node):
            return reading.mismatch(node, self.expected)
        try:
            seconds = parse_duration(node.value)  # type: ignore[arg-type]
        except ValueError:
            return reading.refuse(node, self.expected)
        return seconds if 0 <= seconds < float("inf") else reading.refuse(node, self.expected)

    def schema(self, definitions: Definitions) -> dict[str, Any]:  # noqa: ARG002 - no structure
        """Return a number or a text of the pattern."""
        return {
            "anyOf": [{"type": "number", "minimum": 0}, {"type": "string", "pattern": DURATION}]
        }


class ChoiceShape(msgspec.Struct, frozen=True):
    """One of some values."""

    values: tuple[str | int, ...]

    @property
    def expected(self) -> str:
        """Return the values."""
        return (
            msg("one of {names}", names=series(map(repr, self.values)))
            if self.values[1:]
            else repr(*self.values)
        )

    def accepts(self, node: Node) -> bool:
        """Return whether it is a text or a whole number, as the values are."""
        return type(node.value) in {type(value) for value in self.values}

    def read(self, node: Node, reading: Reading) -> Any:
        """Return the value."""
        if not self.accepts(node):
            return reading.mismatch(node, self.expected)
        if node.value in self.values:
            return node.value
        return reading.refuse(node, self.expected, near(str(node.value), map(str, self.values)))

    def schema(self, definitions: Definitions) -> dict[str, Any]:  # noqa: ARG002 - no structure
        """Return the values."""
        return {"enum": list(self.values)}


_FEW: Final = 12


class ListShape(msgspec.Struct, frozen=True):
    """A list of one shape, of so many at least; a single value stands for a list of one."""

    item: Shape
    least: int = 0
    expected: str = msg("a list")

    def accepts(self, node: Node) -> bool:
        """Return whether it is a list."""
        return isinstance(node.value, tuple)

    def read(self, node: Node, reading: Reading) -> Any:
        """Return a tuple without the elements that are wrong."""
        if not self.accepts(node):
            if node.value is None:
                return reading.mismatch(node, self.expected)
            if not self.item.accepts(node):
                return reading.mismatch(node, either([self.expected, self.item.expected]))
            value = self.item.read(node, reading)
            return UNSET if value is UNSET else (value,)
        items = [
            reading.below(index, self.item, child) for index, child in enumerate(node.elements)
        ]
        return tuple([value for value in items if value is not UNSET])

    def schema(self, definitions: Definitions) -> dict[str, Any]:
        """Return a list, or a single value; nothing is neither."""
        item = self.item.schema(definitions)
        least = {"minItems": self.least} if self.least else {}
        return {"anyOf": [{"type": "array", **least, "items": item}, item]} if item else _SOMETHING


_SOMETHING: dict[str, Any] = {"not": {"type": "null"}}


class MapShape(msgspec.Struct, frozen=True):
    """A mapping from free names to one shape."""

    value: Shape
    expected: str = msg("a mapping")

    def accepts(self, node: Node) -> bool:
        """Return whether it is a mapping."""
        return isinstance(node.value, dict)

    def read(self, node: Node, reading: Reading) -> Any:
        """Return a dict without the entries that are wrong."""
        if not self.accepts(node):
            return reading.mismatch(node, self.expected)
        members = {key: reading.below(key, self.value, child) for key, child in node.items.items()}
        return {key: value for key, value in members.items() if value is not UNSET}

    def schema(self, definitions: Definitions) -> dict[str, Any]:
        """Return an object with free names."""
        value = self.value.schema(definitions)
        return {"type": "object", **({"additionalProperties": value} if value else {})}


class Field(msgspec.Struct, frozen=True):
    """A field of a structure: its name in Python, its shape, and whether it must be there."""

    name: str
    shape: Shape
    required: bool


class StructShape(msgspec.Struct):
    """A mapping with known keys that becomes a value of *type*."""

    type: Callable[..., Any]
    title: str
    fields: Mapping[str, Field] = msgspec.field(default_factory=dict)
    expected: str = msg("a mapping")

    def accepts(self, node: Node) -> bool:
        """Return whether it is a mapping."""
        return isinstance(node.value, dict)

    def read(self, node: Node, reading: Reading) -> Any:
        """Return the structure; a wrong optional field has its default."""
        if not self.accepts(node):
            return reading.mismatch(node, self.expected)
        values: dict[str, Any] = {}
        complete = True
        for key, child in node.items.items():
            known = self.fields.get(key)
            if known is None:
                self._unknown(key, node, reading)
                continue
            value = reading.below(key, known.shape, child)
            if value is not UNSET:
                values[known.name] = value
            complete = complete and (value is not UNSET or not known.required)
        return self.type(**values) if self._has_all(node, reading) and complete else UNSET

    def _unknown(self, key: str, node: Node, reading: Reading) -> None:
        hint = near(key, self.fields)
        if not hint and len(self.fields) <= _FEW:
            hint = msg("; known are {names}", names=series(self.fields))
        reading.tell(msg("unknown key {key!r}{hint}", key=key, hint=hint), node.key_place(key), key)

    def _has_all(self, node: Node, reading: Reading) -> bool:
        missing = [
            key for key, known in self.fields.items() if known.required and key not in node.items
        ]
        for key in missing:
            reading.tell(msg("the key {key!r} is missing; add it", key=key), node.place)
        return not missing

    def schema(self, definitions: Definitions) -> dict[str, Any]:
        """Return a reference to the definition."""
        if self.title not in definitions:
            definitions[self.title] = {}
            definitions[self.title] = self._definition(definitions)
        return {"$ref": f"#/definitions/{self.title}"}

    def _definition(self, definitions: Definitions) -> dict[str, Any]:
        required = [key for key, known in self.fields.items() if known.required]
        document = (self.type.__doc__ or "").strip().split("\n\n")[0]
        return {
            "title": self.title,
            "description": joined(" ", document.split()),
            "type": "object",
            "properties": {
                key: known.shape.schema(definitions) for key, known in self.fields.items()
            },
            "additionalProperties": False,
            **({"required": required} if required else {}),
        }


class UnionShape(msgspec.Struct, frozen=True):
    """The first of several shapes that accepts the node."""

    options: tuple[Shape, ...]

    @property
    def expected(self) -> str:
        """Return the names of the options."""
        return either(option.expected for option in self.options)

    def accepts(self, node: Node) -> bool:
        """Return whether any option does."""
        return any(option.accepts(node) for option in self.options)

    def read(self, node: Node, reading: Reading) -> Any:
        """Return what the option reads."""
        for option in self.options:
            if option.accepts(node):
                return option.read(node, reading)
        return reading.mismatch(node, self.expected)

    def schema(self, definitions: Definitions) -> dict[str, Any]:
        """Return all options."""
        return {"anyOf": [option.schema(definitions) for option in self.options]}


T = TypeVar("T")


def decode(
    node: Node, type_: type[T], problems: list[Problem], *, steps: tuple[Step, ...] = ()
) -> T | None:
    """Return the value of *type_* that *node* holds, or None when it cannot be made.

    Args:
        node: what was read.
        type_: a msgspec ``Struct``, or any annotation made of structs, mappings, tuples,
            scalars and ``Literal``; a single value stands for a tuple of one.
        problems: gets everything that is wrong; a wrong optional field has its default then.
        steps: where *node* lies in its file, for the paths of the problems.
    """
    shape = shape_of(cast("Hashable", type_))
    value = shape.read(node, Reading(problems, list(steps)))
    return None if value is UNSET else cast("T", value)


@cache
def shape_of(type_: Any) -> Shape:
    """Return the shape of an annotation, from a cache."""
    return _shape(types.type_info(type_), {})


_Structs = dict[type, StructShape]


def _shape(info: types.Type, structs: _Structs) -> Shape:
    build = _BUILDERS.get(type(info))
    if build is None:
        raise TypeError(msg("a file cannot hold {info}", info=info))
    return build(info, structs)


def _metadata(info: Any, structs: _Structs) -> Shape:
    duration = (info.extra or {}).get("duration")
    return DurationShape() if duration else _shape(info.type, structs)


def _number(kind: type) -> Callable[[Any, _Structs], Shape]:
    def build(info: Any, _structs: _Structs) -> Shape:
        limits = ((key, getattr(info, key)) for key in ("ge", "gt", "le", "lt"))
        return ScalarShape(frozenset({kind}), tuple(pair for pair in limits if pair[1] is not None))

    return build


def _scalar(kind: type) -> Callable[[Any, _Structs], Shape]:
    return lambda _info, _structs: ScalarShape(frozenset({kind}))


def _list(info: Any, structs: _Structs) -> Shape:
    return ListShape(_shape(info.item_type, structs), info.min_length or 0)


def _union(info: Any, structs: _Structs) -> Shape:
    options = [_shape(option, structs) for option in info.types]
    scalars = [s for s in options if isinstance(s, ScalarShape) and not s.limits]
    others = [s for s in options if s not in scalars]
    merged = ScalarShape(frozenset().union(*(s.types for s in scalars)))
    shapes = [merged, *others] if scalars else others
    return shapes[0] if len(shapes) == 1 else UnionShape(tuple(shapes))


def _struct(info: Any, structs: _Structs) -> Shape:
    if info.cls not in structs:
        # A structure may hold itself, so it is known before its fields are.
        structs[info.cls] = shape = StructShape(info.cls, info.cls.__name__)
        shape.fields = {
            field.encode_name: Field(field.name, _shape(field.type, structs), field.required)
            for field in info.fields
            if not _is_internal(field.type)
        }
    return structs[info.cls]


def _is_internal(info: types.Type) -> bool:
    return isinstance(info, types.Metadata) and bool((info.extra or {}).get("internal"))


_BUILDERS: Mapping[type, Callable[[Any, _Structs], Shape]] = {
    types.AnyType: lambda _info, _structs: AnyShape(),
    types.BoolType: _scalar(bool),
    types.DictType: lambda info, structs: MapShape(_shape(info.value_type, structs)),
    types.FloatType: _number(float),
    types.IntType: _number(int),
    types.ListType: _list,
    types.LiteralType: lambda info, _structs: ChoiceShape(info.values),
    types.Metadata: _metadata,
    types.NoneType: _scalar(type(None)),
    types.StrType: _scalar(str),
    types.StructType: _struct,
    types.UnionType: _union,
    types.VarTupleType: _list,
}
