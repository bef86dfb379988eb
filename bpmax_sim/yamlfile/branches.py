"""Shapes of what holds other shapes: lists, mappings, structures, and choices among them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from bpmax_sim.errors import near
from bpmax_sim.yamlfile.node import Node
from bpmax_sim.yamlfile.shapes import INVALID, Definitions, Reading, Shape, either

_FEW: Final = 12


class ListShape(msgspec.Struct, frozen=True):
    """A list of one shape; a single value stands for a list of one."""

    item: Shape
    expected: str = "a list"

    def accepts(self, node: Node) -> bool:
        """Return whether it is a list."""
        return isinstance(node.value, tuple)

    def read(self, node: Node, reading: Reading) -> Any:
        """Return a tuple without the elements that are wrong."""
        if not self.accepts(node):
            return self._single(node, reading)
        found = [
            reading.below(index, self.item, child) for index, child in enumerate(node.elements)
        ]
        return tuple([value for value in found if value is not INVALID])

    def _single(self, node: Node, reading: Reading) -> Any:
        if node.value is None:
            return reading.mismatch(node, self.expected)
        if not self.item.accepts(node):
            return reading.mismatch(node, either([self.expected, self.item.expected]))
        value = self.item.read(node, reading)
        return INVALID if value is INVALID else (value,)

    def schema(self, definitions: Definitions) -> dict[str, Any]:
        """Return a list, or a single value; nothing is neither."""
        item = self.item.schema(definitions)
        return {"anyOf": [{"type": "array", "items": item}, item]} if item else _SOMETHING


_SOMETHING: dict[str, Any] = {"not": {"type": "null"}}


class MapShape(msgspec.Struct, frozen=True):
    """A mapping from free names to one shape."""

    value: Shape
    expected: str = "a mapping"

    def accepts(self, node: Node) -> bool:
        """Return whether it is a mapping."""
        return isinstance(node.value, dict)

    def read(self, node: Node, reading: Reading) -> Any:
        """Return a dict without the entries that are wrong."""
        if not self.accepts(node):
            return reading.mismatch(node, self.expected)
        found = {key: reading.below(key, self.value, child) for key, child in node.items.items()}
        return {key: value for key, value in found.items() if value is not INVALID}

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
    expected: str = "a mapping"

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
            if value is not INVALID:
                values[known.name] = value
            complete = complete and (value is not INVALID or not known.required)
        return self.type(**values) if self._has_all(node, reading) and complete else INVALID

    def _unknown(self, key: str, node: Node, reading: Reading) -> None:
        hint = near(key, self.fields)
        if not hint and len(self.fields) <= _FEW:
            hint = f"; known are {', '.join(self.fields)}"
        reading.tell(f"unknown key {key!r}{hint}", node.key_place(key), key)

    def _has_all(self, node: Node, reading: Reading) -> bool:
        missing = [
            key for key, known in self.fields.items() if known.required and key not in node.items
        ]
        for key in missing:
            reading.tell(f"the key {key!r} is missing; add it", node.place)
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
            "description": " ".join(document.split()),
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
