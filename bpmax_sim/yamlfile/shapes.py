"""Convert nodes to values of msgspec types; all problems are reported at once.

A *shape* stands for a type: it reads a node and describes itself as JSON Schema; `build_shape`
builds shapes from type annotations. A value that could not be read is `UNSET`, after its problem
was reported.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import cache
from itertools import chain
from typing import Annotated, Any, Final, TypeVar, cast

import msgspec
import msgspec.inspect as types
from msgspec import UNSET, Meta, UnsetType

from bpmax_sim.clock import parse_duration
from bpmax_sim.errors import Place, Problem, suggest_nearest
from bpmax_sim.i18n import DataValue, join_list, join_messages, msg
from bpmax_sim.yamlfile.node import Node, Step, Steps, format_steps

INTERNAL: Final = Meta(extra={"internal": True})
"""Marks a field of a model that no file may set."""
Seconds = Annotated[float, Meta(extra={"duration": True})]
"""A duration in seconds; files may say ``30s``, ``1m30s`` or ``250ms`` as well."""
FILLABLE: Final = Meta(extra={"fillable": True})
"""Marks a union with ``str``: the text may be one ``${…}``, which is replaced later."""
DURATION: Final = r"^(\d+(\.\d+)?(ms|s|m|h|d))+$"

Definitions = dict[str, Any]


class ReadingState(msgspec.Struct):
    """The state of reading one file.

    Attributes:
        problems: what is wrong so far.
        steps: path of the node that is being read.
    """

    problems: list[Problem]
    steps: list[Step] = msgspec.field(default_factory=list)

    def report_problem(self, message: str, place: Place, *more: Step) -> UnsetType:
        """Report a problem at *place*; return `UNSET`, so that a reader can return the result.

        Its path is the current one with *more* steps.
        """
        self.problems.append(Problem(message, place, format_steps((*self.steps, *more))))
        return UNSET

    def read_child(self, step: Step, shape: Shape, node: Node) -> Any:
        """Return what *shape* reads from *node*, a child of the current node.

        *step*, its key or index, is part of the current path meanwhile.
        """
        self.steps.append(step)
        value = shape.read(node, self)
        self.steps.pop()
        return value

    def report_wrong_type(self, node: Node, expected: str) -> UnsetType:
        """Report that *node* is not of the *expected* type; return `UNSET`.

        The message does not show the value, which may be a secret at the wrong place.
        """
        hint = ""
        if node.value is None:
            hint = msg("; give a value or remove the key")
        elif expected == "text" and isinstance(node.value, bool | int | float):
            hint = msg("; quote it")
        return self.report_problem(
            msg(
                "expected {expected}, got {node_kind}{hint}",
                expected=expected,
                node_kind=node.kind_in_messages,
                hint=hint,
            ),
            node.place,
        )

    def report_wrong_value(self, node: Node, expected: str, hint: str = "") -> UnsetType:
        """Report that the value of *node* has the right type but is not allowed; return `UNSET`.

        *expected* says in words what is allowed; *hint* is appended to the message.
        """
        message = msg(
            "expected {expected}, got {node_value!r}{hint}",
            expected=expected,
            node_value=DataValue(node.value),
            hint=hint,
        )
        return self.report_problem(message, node.place)


class FileChecks(msgspec.Struct, frozen=True):
    """Base of checks that compare several parts of a file with each other.

    Attributes:
        root: node that is checked; it need not be the root of the file.
        above: path from the root of the file to *root*, put in front of the paths of problems.
        problems: list that receives the problems.
    """

    root: Node
    above: Steps
    problems: list[Problem]

    def report_problem(self, message: str, *steps: Step, key: bool = False) -> None:
        """Report a problem with the value at *steps* below *root*.

        With *key*, the problem is the last key itself, such as a wrong name.
        """
        node = self.root.find_nearest(steps[:-1] if key else steps)
        place = node.find_key_place(str(steps[-1])) if key else node.place
        self.problems.append(Problem(message, place, format_steps((*self.above, *steps))))

    def report_problem_or_warning(self, kind: str, message: str, *steps: Step) -> None:
        """Report a problem with the value at *steps* that is only a warning in a lenient folder.

        Folders are lenient by ``lenient`` in ``[tool.bpmax_sim]``. *kind* is the name of the
        warning.
        """
        place = self.root.find_nearest(steps).place
        self.problems.append(Problem(message, place, format_steps((*self.above, *steps)), kind))


class Shape:
    """What values are allowed at a place of a file, and how they are read.

    Attributes:
        expected: what messages say is expected, such as "a mapping".
        kinds: Python types that a node's value may have, such as ``dict``; whether the nodes below
            are allowed is checked when they are read.
    """

    expected = msg("a mapping")
    kinds: Collection[type] = frozenset({dict})

    def read(self, node: Node, reading: ReadingState) -> Any:
        """Return the value of *node*; `UNSET` after reporting why it is not allowed."""
        if type(node.value) in self.kinds:
            return self._read_value(node, reading)
        return reading.report_wrong_type(node, self.expected)

    def _read_value(self, node: Node, reading: ReadingState) -> Any:
        """Return the value of *node*, of one of `kinds`; `UNSET` after reporting a problem."""
        raise NotImplementedError

    def to_json_schema(self, definitions: Definitions) -> dict[str, Any]:
        """Return the JSON Schema of the values that are allowed.

        Schemas of structures, to which it refers by name, are added to *definitions*.
        """
        raise NotImplementedError


_SCALARS: Final[Mapping[type, tuple[str, str]]] = {
    str: (msg("text"), "string"),
    int: (msg("a whole number"), "integer"),
    float: (msg("a number"), "number"),
    bool: (msg("true or false"), "boolean"),
    type(None): (msg("nothing"), "null"),
}


class AnyShape(Shape):
    """Any value, read as plain data."""

    expected = msg("a value")
    kinds = frozenset({dict, tuple, *_SCALARS})

    def _read_value(self, node: Node, reading: ReadingState) -> Any:  # noqa: ARG002 - nothing can be wrong
        return node.to_plain()

    def to_json_schema(self, definitions: Definitions) -> dict[str, Any]:  # noqa: ARG002 - no structure
        """Return a JSON Schema that allows anything."""
        return {}


def join_alternatives(names: Iterable[str]) -> str:
    """Return ``a, b or c``."""
    *most, last = dict.fromkeys(names)
    return msg("{names} or {last}", names=join_list(most), last=last) if most else last


_LIMITS: Final[Mapping[str, tuple[Callable[[Any, Any], bool], str, str]]] = {
    "ge": (operator.ge, msg("at least"), "minimum"),
    "gt": (operator.gt, msg("more than"), "exclusiveMinimum"),
    "le": (operator.le, msg("at most"), "maximum"),
    "lt": (operator.lt, msg("less than"), "exclusiveMaximum"),
}


class ScalarShape(Shape):
    """Scalars of certain *types*, numbers within *limits*; an integer is accepted as a number."""

    def __init__(self, types: Iterable[type], limits: Mapping[str, float]) -> None:
        self.types = frozenset(types)
        self.limits = limits
        self.kinds = self.types | {int} if float in self.types else self.types
        kinds = self.types - {int} if float in self.types else self.types
        self.expected = join_alternatives(
            name for kind, (name, _) in _SCALARS.items() if kind in kinds
        )
        if limits:
            texts = [
                msg("{limits} {limit:g}", limits=_LIMITS[key][1], limit=limit)
                for key, limit in limits.items()
            ]
            self.expected = msg(
                "{names} of {limits}", names=self.expected, limits=join_messages(" and ", texts)
            )

    def read(self, node: Node, reading: ReadingState) -> Any:
        """Return the value of *node*; `UNSET` after reporting why it is not allowed."""
        value, limits = node.value, self.limits
        if type(value) not in self.kinds:
            return reading.report_wrong_type(node, self.expected)
        if not limits or all(_LIMITS[key][0](value, limit) for key, limit in limits.items()):
            return value
        return reading.report_wrong_value(node, self.expected)

    def to_json_schema(self, definitions: Definitions) -> dict[str, Any]:  # noqa: ARG002 - no structure
        """Return a JSON Schema with the types of the scalars and the limits of numbers."""
        names = [name for kind, (_, name) in _SCALARS.items() if kind in self.types]
        limits = {_LIMITS[key][2]: limit for key, limit in self.limits.items()}
        return {"type": names[0] if len(names) == 1 else names, **limits}


class DurationShape(Shape):
    """A duration: a number of seconds, or a text such as ``30s``."""

    expected = msg("a duration such as 30s")
    kinds = frozenset({int, float, str})

    def _read_value(self, node: Node, reading: ReadingState) -> Any:
        with suppress(ValueError):
            seconds = parse_duration(node.value)  # type: ignore[arg-type]
            if 0 <= seconds < float("inf"):
                return seconds
        return reading.report_wrong_value(node, self.expected)

    def to_json_schema(self, definitions: Definitions) -> dict[str, Any]:  # noqa: ARG002 - no structure
        """Return a JSON Schema that allows a number, or a text such as ``30s``."""
        return {
            "anyOf": [{"type": "number", "minimum": 0}, {"type": "string", "pattern": DURATION}]
        }


class LiteralShape(Shape):
    """One of certain *values*, texts or integers."""

    def __init__(self, values: tuple[str | int, ...]) -> None:
        self.values = values
        self.kinds = {type(value) for value in values}
        names = join_list(map(repr, values))
        self.expected = msg("one of {names}", names=names) if values[1:] else names

    def _read_value(self, node: Node, reading: ReadingState) -> Any:
        if node.value in self.values:
            return node.value
        return reading.report_wrong_value(
            node, self.expected, suggest_nearest(str(node.value), map(str, self.values))
        )

    def to_json_schema(self, definitions: Definitions) -> dict[str, Any]:  # noqa: ARG002 - no structure
        """Return a JSON Schema that lists the values."""
        return {"enum": list(self.values)}


class ShapeOrWord(Shape):
    """Another *shape*, or a *word* that stands for one *value* of it, such as ``expect: new``."""

    def __init__(self, shape: Shape, word: str, value: Any) -> None:
        self.shape, self.word, self.value = shape, word, value
        self.expected, self.kinds = shape.expected, {*shape.kinds, str}

    def read(self, node: Node, reading: ReadingState) -> Any:
        """Return the value that the word stands for, else the result of the other shape."""
        return self.value if node.value == self.word else self.shape.read(node, reading)

    def to_json_schema(self, definitions: Definitions) -> dict[str, Any]:
        """Return a JSON Schema that allows *word* or what *shape* allows."""
        return {"anyOf": [{"enum": [self.word]}, self.shape.to_json_schema(definitions)]}


class ShapeOrReference(Shape):
    """Another *shape*, or a text that is one ``${…}``, such as ``${row.page}``.

    The text is kept as it is, and filled in when the scenario runs.
    """

    _PATTERN = r"^\$[{].+[}]$"

    def __init__(self, shape: Shape) -> None:
        self.shape = shape
        self.expected, self.kinds = shape.expected, {*shape.kinds, str}

    def read(self, node: Node, reading: ReadingState) -> Any:
        """Return the text of a reference, else the result of the other shape."""
        is_reference = type(node.value) is str and re.search(self._PATTERN, node.value)
        return node.value if is_reference else self.shape.read(node, reading)

    def to_json_schema(self, definitions: Definitions) -> dict[str, Any]:
        """Return the schema that allows a reference or the other shape."""
        reference = {"type": "string", "pattern": self._PATTERN}
        return {"anyOf": [self.shape.to_json_schema(definitions), reference]}


class ListShape(Shape):
    """A list of one shape with at least *least* elements; a single value counts as such a list."""

    expected = msg("a list")
    kinds = frozenset({tuple})

    def __init__(self, item: Shape, least: int) -> None:
        self.item = item
        self.least = least

    def read(self, node: Node, reading: ReadingState) -> Any:
        """Return the elements as a tuple; invalid ones are reported and left out."""
        if type(node.value) in self.kinds or node.value is None:
            return super().read(node, reading)
        if type(node.value) not in self.item.kinds:
            return reading.report_wrong_type(
                node, join_alternatives([self.expected, self.item.expected])
            )
        # Without a step of an index: the path of a problem in the single value is the one in the
        # file.
        value = self.item.read(node, reading)
        return UNSET if value is UNSET else (value,)

    def _read_value(self, node: Node, reading: ReadingState) -> Any:
        if len(node.elements) < self.least:
            return reading.report_problem(msg("expected an element; the list is empty"), node.place)
        items = [
            reading.read_child(index, self.item, child) for index, child in enumerate(node.elements)
        ]
        return tuple([value for value in items if value is not UNSET])

    def to_json_schema(self, definitions: Definitions) -> dict[str, Any]:
        """Return the schema of a list or a single value; null is not allowed."""
        item = self.item.to_json_schema(definitions)
        least = {"minItems": self.least} if self.least else {}
        return {"anyOf": [{"type": "array", **least, "items": item}, item]} if item else _SOMETHING


_SOMETHING: dict[str, Any] = {"not": {"type": "null"}}


class MapShape(Shape):
    """A mapping with arbitrary keys and values of one shape."""

    def __init__(self, item: Shape) -> None:
        self.item = item

    def _read_value(self, node: Node, reading: ReadingState) -> Any:
        members = {
            key: reading.read_child(key, self.item, child) for key, child in node.items.items()
        }
        return {key: value for key, value in members.items() if value is not UNSET}

    def to_json_schema(self, definitions: Definitions) -> dict[str, Any]:
        """Return the JSON Schema of an object with any names and one schema for all values."""
        value = self.item.to_json_schema(definitions)
        return {"type": "object", **({"additionalProperties": value} if value else {})}


class Field(msgspec.Struct, frozen=True):
    """A field of a structure: its attribute in Python, its shape, and whether it is required."""

    name: str
    shape: Shape
    required: bool


_FEW: Final = 12


class StructShape(Shape):
    """A mapping with fixed keys, read as an object of class *type*.

    *required* are the keys that it must have. *fields*, key -> field, are set after construction,
    since a field may have the type of the structure itself.
    """

    def __init__(self, type_: Callable[..., Any]) -> None:
        self.type = type_
        self.fields: Mapping[str, Field] = {}
        self.required: tuple[str, ...] = ()

    def _read_value(self, node: Node, reading: ReadingState) -> Any:
        values: dict[str, Any] = {}
        complete, items, fields, steps = True, node.items, self.fields, reading.steps
        for key, child in items.items():
            if key not in fields:
                self._report_unknown(key, node, reading)
                continue
            known = fields[key]
            steps.append(key)  # as `read_child` does, in one call less for each value of a file
            value = known.shape.read(child, reading)
            steps.pop()
            if value is not UNSET:
                values[known.name] = value
            complete = complete and (value is not UNSET or not known.required)
        for key in self.required:
            if key not in items:
                # An operator in place of the structure is reported already; a missing key beside it
                # would mislead.
                if not any(name.startswith("$") for name in items):
                    reading.report_problem(
                        msg("the key {key!r} is missing; add it", key=key), node.place
                    )
                complete = False
        return self.type(**values) if complete else UNSET

    def _report_unknown(self, key: str, node: Node, reading: ReadingState) -> None:
        hint = suggest_nearest(key, self.fields)
        if key.startswith("$"):
            hint = msg("; an operator stands at a value inside, such as {name}: {{{key}: …}}",
                       name=next(iter(self.fields), ""), key=key)  # fmt: skip
        if not hint and len(self.fields) <= _FEW:
            hint = msg("; known are {names}", names=join_list(self.fields))
        reading.report_problem(
            msg("unknown key {key!r}{hint}", key=key, hint=hint), node.find_key_place(key), key
        )

    def to_json_schema(self, definitions: Definitions) -> dict[str, Any]:
        """Return a reference to the structure's schema, which is added to *definitions*."""
        title = self.type.__name__
        if title not in definitions:
            definitions[title] = {}  # it may hold itself
            required = list(self.required)
            document = (self.type.__doc__ or "").strip().split("\n\n")[0]
            definitions[title] = {
                "title": title,
                "description": join_messages(" ", document.split()),
                "type": "object",
                "properties": {
                    key: known.shape.to_json_schema(definitions)
                    for key, known in self.fields.items()
                },
                "additionalProperties": False,
                **({"required": required} if required else {}),
            }
        return {"$ref": f"#/definitions/{title}"}


class UnionShape(Shape):
    """One of several shapes: the first that accepts the type of the node's value."""

    def __init__(self, options: Sequence[Shape]) -> None:
        self.options = options
        self.expected = join_alternatives(option.expected for option in options)
        self.kinds = frozenset().union(*(option.kinds for option in options))

    def read(self, node: Node, reading: ReadingState) -> Any:
        """Return what the first option that accepts the type of *node* reads.

        If none does, that is reported.
        """
        for option in self.options:
            if type(node.value) in option.kinds:
                return option.read(node, reading)
        return reading.report_wrong_type(node, self.expected)

    def to_json_schema(self, definitions: Definitions) -> dict[str, Any]:
        """Return a JSON Schema that allows what any of the options allows."""
        return {"anyOf": [option.to_json_schema(definitions) for option in self.options]}


T = TypeVar("T")


def decode(
    node: Node, type_: type[T], problems: list[Problem], *, steps: tuple[Step, ...] = ()
) -> T | None:
    """Return *node* as a value of *type_*; None if its problems, added to *problems*, prevent that.

    Args:
        node: what was read.
        type_: a msgspec ``Struct``, or any annotation made of structs, mappings, tuples,
            scalars and ``Literal``; a single value stands for a tuple of one.
        problems: gets everything that is wrong; a wrong optional field has its default then.
        steps: where *node* lies in its file, for the paths of the problems.
    """
    shape = build_shape(cast("Hashable", type_))
    value = shape.read(node, ReadingState(problems, list(steps)))
    return None if value is UNSET else cast("T", value)


@cache
def build_shape(type_: Any) -> Shape:
    """Return the `Shape` that checks and reads values of the annotation *type_*; cached."""
    return _make_shape(types.type_info(type_), {})


_StructShapes = dict[type, StructShape]


def _make_shape(info: types.Type, structs: _StructShapes) -> Shape:
    build = _BUILDERS.get(type(info))
    if build is None:
        raise TypeError(msg("a file cannot hold {info}", info=info))
    return build(info, structs)


def _make_scalar_shape(info: Any, structs: _StructShapes) -> Shape:  # noqa: ARG001 - no structure
    limits = ((key, getattr(info, key, None)) for key in _LIMITS)
    return ScalarShape([_TYPES[type(info)]], {key: n for key, n in limits if n is not None})


def _make_list_shape(info: Any, structs: _StructShapes) -> Shape:
    return ListShape(_make_shape(info.item_type, structs), info.min_length or 0)


def _make_union_shape(info: Any, structs: _StructShapes) -> Shape:
    options = [_make_shape(option, structs) for option in info.types]
    scalars = [s for s in options if isinstance(s, ScalarShape) and not s.limits]
    shapes = [s for s in options if s not in scalars]
    # Scalars without limits are one shape, so that a message says "text or a number" once, and no
    # order of the options decides how a number is read: by the type that the YAML had.
    if scalars:
        shapes.insert(0, ScalarShape(chain.from_iterable(s.types for s in scalars), {}))
    return shapes[0] if len(shapes) == 1 else UnionShape(shapes)


def _make_struct_shape(info: Any, structs: _StructShapes) -> Shape:
    if info.cls not in structs:
        # A structure may hold itself, so it is known before its fields are.
        structs[info.cls] = shape = StructShape(info.cls)
        shape.fields = {
            field.encode_name: Field(field.name, _make_shape(field.type, structs), field.required)
            for field in info.fields
            if not _has_extra(field.type, "internal")
        }
        shape.required = tuple(key for key, field in shape.fields.items() if field.required)
    return structs[info.cls]


def _has_extra(info: types.Type, mark: str) -> bool:
    return isinstance(info, types.Metadata) and mark in (info.extra or {})


def _make_annotated_shape(info: types.Metadata, structs: _StructShapes) -> Shape:
    if _has_extra(info, "fillable"):
        options = cast("types.UnionType", info.type).types
        option = next(one for one in options if not isinstance(one, types.StrType))
        return ShapeOrReference(_make_shape(option, structs))
    if _has_extra(info, "duration"):
        return DurationShape()
    shape = _make_shape(info.type, structs)
    return ShapeOrWord(shape, *info.extra["word"]) if _has_extra(info, "word") else shape  # type: ignore[index]


_TYPES: Final[Mapping[type, type]] = {
    types.BoolType: bool,
    types.FloatType: float,
    types.IntType: int,
    types.NoneType: type(None),
    types.StrType: str,
}
_BUILDERS: Mapping[type, Callable[[Any, _StructShapes], Shape]] = {
    **dict.fromkeys(_TYPES, _make_scalar_shape),
    types.AnyType: lambda _info, _structs: AnyShape(),
    types.DictType: lambda info, structs: MapShape(_make_shape(info.value_type, structs)),
    types.ListType: _make_list_shape,
    types.LiteralType: lambda info, _structs: LiteralShape(info.values),
    types.Metadata: _make_annotated_shape,
    types.StructType: _make_struct_shape,
    types.UnionType: _make_union_shape,
    types.VarTupleType: _make_list_shape,
}
