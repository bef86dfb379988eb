"""Find out which value in a JSON tree a reader failed at, so that a message can name its place.

The tree is read a second time, as maps and lists that note each member on its way out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, Final

import msgspec
from msgspec import UNSET

from bpmax_sim.i18n import msg
from bpmax_sim.yamlfile.node import Steps, format_steps


class _Trail(msgspec.Struct):
    """The member that was read last.

    Attributes:
        steps: keys and indices that lead to it.
        value: the member itself; `UNSET` if there is none.
    """

    steps: Steps = ()
    value: Any = UNSET

    def trace(self, value: Any, steps: Steps) -> Any:
        """Note the member *value* at *steps*, and return it so that it notes its own members."""
        self.steps, self.value = steps, value
        if isinstance(value, dict):
            return _TracedMap(value, steps, self)
        return _TracedList(value, steps, self) if isinstance(value, list) else value


class _TracedMap(dict[str, Any]):
    def __init__(self, values: dict[str, Any], steps: Steps, trail: _Trail) -> None:
        super().__init__(values)
        self._steps, self._trail = steps, trail

    def __getitem__(self, key: str) -> Any:
        return self._trail.trace(super().__getitem__(key), (*self._steps, key))

    def get(self, key: str, default: Any = None, /) -> Any:
        found = super().get(key, UNSET)
        traced = self._trail.trace(found, (*self._steps, key))
        return default if found is UNSET else traced

    def values(self) -> Any:
        return (self[key] for key in self)

    def items(self) -> Any:
        return ((key, self[key]) for key in self)


class _TracedList(list[Any]):
    def __init__(self, values: list[Any], steps: Steps, trail: _Trail) -> None:
        super().__init__(values)
        self._steps, self._trail = steps, trail

    def __getitem__(self, index: Any) -> Any:
        found = super().__getitem__(index)
        if isinstance(index, slice):
            return found
        return self._trail.trace(found, (*self._steps, index))

    def __iter__(self) -> Iterator[Any]:
        return (self[index] for index in range(len(self)))


_KINDS: Final = (
    (bool, msg("true or false")),
    (dict, msg("a map")),
    (list, msg("a list")),
    (str, msg("a text")),
    (int | float, msg("a number")),
    (bytes, msg("bytes")),
    (type(None), msg("null")),
)


def describe_unreadable_member(read: Callable[[Any], object], tree: Any) -> str:
    """Return which member of *tree*, a JSON value, *read* fails at, and what stands there.

    The value itself is not shown, as it may be a secret.
    """
    trail = _Trail()
    with suppress(Exception):
        read(trail.trace(tree, ()))
    kind = next((name for type_, name in _KINDS if isinstance(trail.value, type_)), "")
    if not kind:
        return msg("{place} is missing", place=format_steps(trail.steps))
    if not trail.steps:
        return msg("it is {kind}", kind=kind)
    return msg(
        "{place} is {kind}, which cannot be read there", place=format_steps(trail.steps), kind=kind
    )
