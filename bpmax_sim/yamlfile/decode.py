"""Nodes -> values of msgspec types, with every problem told at once."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from functools import cache
from typing import Any, TypeVar, cast

import msgspec.inspect as types

from bpmax_sim.errors import Problem
from bpmax_sim.yamlfile.branches import Field, ListShape, MapShape, StructShape, UnionShape
from bpmax_sim.yamlfile.leaves import ChoiceShape, DurationShape, ScalarShape
from bpmax_sim.yamlfile.node import Node, Step
from bpmax_sim.yamlfile.shapes import INVALID, AnyShape, Reading, Shape

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
    return None if value is INVALID else cast("T", value)


@cache
def shape_of(type_: Any) -> Shape:
    """Return the shape of an annotation, from a cache."""
    return _shape(types.type_info(type_), {})


_Structs = dict[type, StructShape]


def _shape(info: types.Type, structs: _Structs) -> Shape:
    build = _BUILDERS.get(type(info))
    if build is None:
        raise TypeError(f"a file cannot hold {info}")
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


def _mapping(info: Any, structs: _Structs) -> Shape:
    return MapShape(_shape(info.value_type, structs))


def _list(info: Any, structs: _Structs) -> Shape:
    return ListShape(_shape(info.item_type, structs))


def _union(info: Any, structs: _Structs) -> Shape:
    options = [_shape(option, structs) for option in info.types]
    scalars = [s for s in options if isinstance(s, ScalarShape) and not s.limits]
    others = [s for s in options if s not in scalars]
    merged = ScalarShape(frozenset().union(*(s.types for s in scalars)))
    found = [merged, *others] if scalars else others
    return found[0] if len(found) == 1 else UnionShape(tuple(found))


def _struct(info: Any, structs: _Structs) -> Shape:
    if info.cls not in structs:
        # A structure may hold itself, so it is known before its fields are.
        structs[info.cls] = shape = StructShape(info.cls, info.cls.__name__)
        shape.fields = {
            one.encode_name: Field(one.name, _shape(one.type, structs), one.required)
            for one in info.fields
            if not _is_internal(one.type)
        }
    return structs[info.cls]


def _is_internal(info: types.Type) -> bool:
    return isinstance(info, types.Metadata) and bool((info.extra or {}).get("internal"))


_BUILDERS: Mapping[type, Callable[[Any, _Structs], Shape]] = {
    types.AnyType: lambda _info, _structs: AnyShape(),
    types.BoolType: _scalar(bool),
    types.DictType: _mapping,
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
