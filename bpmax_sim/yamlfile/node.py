"""A YAML value with its position, and paths inside a file.

A path reads ``apis.sendTextMessage.parameters[1]``; a key that is not made of letters, digits,
``_``, ``$`` and ``-`` is quoted: ``form.scripts["change.customerId"]``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct

from bpmax_sim.errors import Place

Scalar = str | int | float | bool | None
Step = str | int
Mark = tuple[int, int]

_NAME = r"[\w$-]+"
_STEP = re.compile(rf'\.?({_NAME})|\[(\d+)\]|\[("(?:[^"\\]|\\.)*")\]')
_PLAIN = re.compile(_NAME)


class Node(Struct, frozen=True):
    """A mapping, a list or a scalar of a YAML file.

    Attributes:
        value: ``dict`` of nodes, ``tuple`` of nodes, or the scalar itself.
        line, column: where it starts, counted from 1, in characters.
        keys: where each key of a mapping starts, as line and column.
        size: how many nodes it holds, itself included, each alias counted in full.
        depth: how many levels lie below it.
    """

    value: dict[str, Node] | tuple[Node, ...] | Scalar
    file: str = ""
    line: int = 1
    column: int = 1
    keys: Mapping[str, Mark] = {}
    size: int = 1
    depth: int = 0

    @property
    def place(self) -> Place:
        """Return where the value starts."""
        return Place(self.file, self.line, self.column)

    def key_place(self, key: str) -> Place:
        """Return where *key* itself starts, or the mapping when it has no such key."""
        line, column = self.keys.get(key, (self.line, self.column))
        return Place(self.file, line, column)

    @property
    def items(self) -> Mapping[str, Node]:
        """Return the entries of a mapping; of anything else, none."""
        return self.value if isinstance(self.value, dict) else {}

    @property
    def elements(self) -> tuple[Node, ...]:
        """Return the elements of a list; of anything else, none."""
        return self.value if isinstance(self.value, tuple) else ()

    @property
    def kind(self) -> str:
        """Return what the value is, as a message calls it: ``text``, ``a list``, ``nothing``."""
        return _KINDS[type(self.value)]

    def get(self, path: str) -> Node | None:
        """Return the node at *path*, such as ``steps[1].expect``, or None."""
        return self.at(split(path))

    def at(self, steps: Iterable[Step]) -> Node | None:
        """Return the node that *steps* of keys and list positions lead to, or None."""
        node: Node | None = self
        for step in steps:
            node = node.child(step) if node is not None else None
        return node

    def child(self, step: Step) -> Node | None:
        """Return the value of a key, or the element of a position, or None."""
        if isinstance(step, str):
            return self.items.get(step)
        return self.elements[step] if step < len(self.elements) else None

    def nearest(self, steps: Iterable[Step]) -> Node:
        """Return the node at *steps*, or the last one on the way there."""
        node = self
        for step in steps:
            found = node.child(step)
            if found is None:
                return node
            node = found
        return node

    def plain(self) -> object:
        """Return the value as new ``dict``, ``list`` and scalars, without positions."""
        value = self.value
        if isinstance(value, dict):
            return {key: child.plain() for key, child in value.items()}
        if isinstance(value, tuple):
            return [child.plain() for child in value]
        return value

    def texts(self, steps: tuple[Step, ...] = ()) -> Iterator[tuple[tuple[Step, ...], str]]:
        """Yield the path and the value of every text below, keys aside."""
        if isinstance(self.value, str):
            yield steps, self.value
        for key, child in self.items.items():
            yield from child.texts((*steps, key))
        for index, child in enumerate(self.elements):
            yield from child.texts((*steps, index))


_KINDS = {
    dict: "a mapping",
    tuple: "a list",
    str: "text",
    bool: "true or false",
    int: "a number",
    float: "a number",
    type(None): "nothing",
}


def join(steps: Iterable[Step]) -> str:
    """Return *steps* as a path."""
    return "".join(map(_shown, steps)).removeprefix(".")


def split(path: str) -> tuple[Step, ...]:
    """Return the steps of *path*; the inverse of `join`.

    Raises:
        ValueError: if *path* is not a path.
    """
    steps: list[Step] = []
    end = 0
    while end < len(path):
        found = _STEP.match(path, end)
        if found is None:
            raise ValueError(f"{path!r} is not a path such as steps[1].expect")
        name, index, quoted = found.groups()
        steps.append(name or (int(index) if index else json.loads(quoted)))
        end = found.end()
    return tuple(steps)


def _shown(step: Step) -> str:
    if isinstance(step, int):
        return f"[{step}]"
    if _PLAIN.fullmatch(step):
        return f".{step}"
    return f"[{json.dumps(step, ensure_ascii=False)}]"
