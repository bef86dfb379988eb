"""What may stand where in a file: each shape reads a node and describes itself as JSON Schema."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, Final, Protocol

import msgspec
from msgspec import Meta

from bpmax_sim.errors import Place, Problem
from bpmax_sim.yamlfile.node import Node, Step, join

INTERNAL: Final = Meta(extra={"internal": True})
"""Marks a field of a model that no file may set."""
Seconds = Annotated[float, Meta(extra={"duration": True})]
"""A duration in seconds; files may say ``30s``, ``1m30s`` or ``250ms`` as well."""
DURATION: Final = r"^(\d+(\.\d+)?(ms|s|m|h|d))+$"

Definitions = dict[str, Any]


class _Invalid:
    """The type of `INVALID`."""


INVALID: Final = _Invalid()
"""Stands for a value that could not be read; its problem has been told."""


class Reading(msgspec.Struct):
    """One pass over a file: the steps on the way down, and what was wrong so far."""

    problems: list[Problem]
    steps: list[Step] = msgspec.field(default_factory=list)

    def tell(self, message: str, place: Place, *more: Step) -> _Invalid:
        """Note a problem at *place*, *more* steps below the current one."""
        self.problems.append(Problem(message, place, join((*self.steps, *more))))
        return INVALID

    def below(self, step: Step, shape: Shape, node: Node) -> Any:
        """Read *node* by *shape*, one step further down."""
        self.steps.append(step)
        value = shape.read(node, self)
        self.steps.pop()
        return value

    def mismatch(self, node: Node, expected: str) -> _Invalid:
        """Note that *node* is of the wrong kind; its value is not shown, it may be a secret."""
        hint = ""
        if node.value is None:
            hint = "; give a value or remove the key"
        elif expected == "text" and isinstance(node.value, bool | int | float):
            hint = "; quote it"
        return self.tell(f"expected {expected}, got {node.kind}{hint}", node.place)


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
        """Return the value of *node*, or `INVALID` after telling why."""
        ...

    def schema(self, definitions: Definitions) -> dict[str, Any]:
        """Return the JSON Schema, structures in *definitions*."""
        ...


class AnyShape(msgspec.Struct, frozen=True):
    """Anything; the value is plain data."""

    expected: str = "a value"

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
    return f"{', '.join(most)} or {last}" if most else last
