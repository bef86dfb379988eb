"""Shapes of scalars: by type and limit, durations, and one of some values."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from bpmax_sim.clock import parse_duration
from bpmax_sim.errors import near
from bpmax_sim.yamlfile.node import Node
from bpmax_sim.yamlfile.shapes import DURATION, Definitions, Reading, either

Limits = tuple[tuple[str, float], ...]

_LIMITS: Final[Mapping[str, tuple[Callable[[Any, Any], bool], str, str]]] = {
    "ge": (operator.ge, "at least", "minimum"),
    "gt": (operator.gt, "more than", "exclusiveMinimum"),
    "le": (operator.le, "at most", "maximum"),
    "lt": (operator.lt, "less than", "exclusiveMaximum"),
}
_SCALARS: Final[Mapping[type, tuple[str, str]]] = {
    str: ("text", "string"),
    int: ("a whole number", "integer"),
    float: ("a number", "number"),
    bool: ("true or false", "boolean"),
    type(None): ("nothing", "null"),
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
        limits = " and ".join(f"{_LIMITS[key][1]} {limit:g}" for key, limit in self.limits)
        return f"{names} of {limits}" if limits else names

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
        return reading.tell(f"expected {self.expected}, got {node.value}", node.place)

    def schema(self, definitions: Definitions) -> dict[str, Any]:  # noqa: ARG002 - no structure
        """Return the types and the limits."""
        names = [name for kind, (_, name) in _SCALARS.items() if kind in self.types]
        limits = {_LIMITS[key][2]: limit for key, limit in self.limits}
        return {"type": names[0] if len(names) == 1 else names, **limits}


class DurationShape(msgspec.Struct, frozen=True):
    """A number of seconds, or ``30s``."""

    expected: str = "a duration such as 30s"

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
            return reading.tell(f"expected {self.expected}, got {node.value!r}", node.place)
        if 0 <= seconds < float("inf"):
            return seconds
        return reading.tell(f"expected {self.expected}, got {node.value}", node.place)

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
            f"one of {', '.join(map(repr, self.values))}" if self.values[1:] else repr(*self.values)
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
        hint = near(str(node.value), map(str, self.values))
        return reading.tell(f"expected {self.expected}, got {node.value!r}{hint}", node.place)

    def schema(self, definitions: Definitions) -> dict[str, Any]:  # noqa: ARG002 - no structure
        """Return the values."""
        return {"enum": list(self.values)}
