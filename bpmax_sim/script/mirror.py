"""Live objects and their copies in a context: what changed outside goes in, writes come out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from bpmax_sim.errors import Place
from bpmax_sim.proxy.values import decode_tagged, encode_tagged
from bpmax_sim.script.border import dumps, loads


class LiveObject(Protocol):
    """An object of the script that others read and write too, such as a form."""

    def snapshot(self) -> Mapping[str, Any]:
        """Return the present values."""
        ...

    def write(self, field: str, value: Any, place: Place | None, /) -> None:
        """Set a field; `UNDEFINED` for one that was deleted.

        *place* is the script's line, None for a change inside a value, which nobody sees happen.

        Raises:
            Exception: what is raised ends the script, at the line that wrote.
        """
        ...


class Mirror:
    """The live objects of one context, by name."""

    def __init__(self, objects: Mapping[str, LiveObject]) -> None:
        self.names = tuple(objects)
        self._objects = tuple(objects.values())
        self._known: list[dict[str, str]] = [{} for _ in objects]
        self._seen: list[dict[str, Any] | None] = [None for _ in objects]

    def patch(self) -> list[list[Any]]:
        """Return ``[index, changed fields, names that are gone]`` for what the context lacks."""
        found = []
        for index, one in enumerate(self._objects):
            now = one.snapshot()
            if self._is_as_before(index, now):
                continue
            known = self._known[index]
            fresh = {name: dumps(encode_tagged(item)) for name, item in now.items()}
            if fresh != known:
                changed = {n: loads(text) for n, text in fresh.items() if known.get(n) != text}
                found.append([index, changed, [name for name in known if name not in fresh]])
                self._known[index] = fresh
        return found

    def _is_as_before(self, index: int, now: Mapping[str, Any]) -> bool:
        """Return whether these are the values of the last time, none of which can change inside."""
        seen = self._seen[index]
        if seen and len(seen) == len(now) and all(seen.get(n, seen) is v for n, v in now.items()):
            return True
        self._seen[index] = dict(now) if all(type(v) in _FIXED for v in now.values()) else None
        return False

    def write(self, index: int, name: str, tagged: Any, place: Place | None) -> None:
        """Pass on what the script wrote."""
        self._known[index][name] = dumps(tagged)
        self._seen[index] = None
        self._objects[index].write(name, decode_tagged(tagged), place)


_FIXED = frozenset({str, int, float, bool, type(None)})
