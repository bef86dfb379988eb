"""The way into a context and out of it: live objects that both sides read and write, and turns.

A turn enters the engine once; operations go in with the time and changed fields, an outbox comes
out. Changes inside a value of a live object are passed on before the next call or write, and at
the end of the turn.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from operator import is_
from typing import Any, Protocol

from bpmax_sim.errors import Place
from bpmax_sim.js_values import decode_json, decode_tagged, dumps, encode_tagged
from bpmax_sim.script.limits import Limits
from bpmax_sim.script.turn_result import TurnResult, parse_turn


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


class LiveObjectsMirror:
    """The live objects of one context: those that are globals, and their members that are live.

    A live object may have ``links``, its members that are live objects of their own, ``is_frozen``,
    which says that none of its values ever changes inside, and ``watched``, its members of whose
    rows or own members absent ones are told when they are read.

    Attributes:
        names: how a message calls each object.
        roots: ``[global name, index]``.
        links: ``[index, member, index of the member]``.
        watched: of each object the names that it has watched.
    """

    def __init__(self, objects: Mapping[str, LiveObject]) -> None:
        """Take the globals by name."""
        self.names: list[str] = []
        self.links: list[tuple[int, str, int]] = []
        self.watched: list[list[str]] = []
        self._objects: list[LiveObject] = []
        self.roots = [(name, self._add(name, live)) for name, live in objects.items()]
        self._known: list[dict[str, str]] = [{} for _ in self._objects]
        self._seen: list[dict[str, Any]] = [{} for _ in self._objects]
        self._settled: set[int] = set()  # of the objects, all of whose values were seen

    def _add(self, name: str, live: LiveObject) -> int:
        for index, known in enumerate(self._objects):
            if known is live:
                return index
        index = len(self._objects)
        self.names.append(name)
        self._objects.append(live)
        self.watched.append([*getattr(live, "watched", ())])
        links: Mapping[str, LiveObject] = getattr(live, "links", {})
        for member, linked in links.items():
            self.links.append((index, member, self._add(f"{name}.{member}", linked)))
        return index

    def patch(self) -> list[list[Any]]:
        """Return ``[index, changed fields, names that are gone]`` for what the context lacks."""
        changes = []
        for index, live in enumerate(self._objects):
            now, known, seen = live.snapshot(), self._known[index], self._seen[index]
            same = index in self._settled and [*seen] == [*now]
            if same and all(map(is_, seen.values(), now.values())):
                continue  # none of these values can have changed inside
            fresh = {
                name: known[name] if seen.get(name, seen) is item else dumps(encode_tagged(item))
                for name, item in now.items()
            }
            frozen = getattr(live, "is_frozen", False)
            self._seen[index] = {n: v for n, v in now.items() if frozen or type(v) in _FIXED}
            if len(self._seen[index]) == len(now):
                self._settled.add(index)
            else:
                self._settled.discard(index)
            if fresh != known:
                changed = {
                    n: decode_json(text) for n, text in fresh.items() if known.get(n) != text
                }
                changes.append([index, changed, [name for name in known if name not in fresh]])
                self._known[index] = fresh
        return changes

    def write(
        self, to: Mapping[str, LiveObject], index: int, name: str, tagged: Any, place: Place | None
    ) -> None:
        """Pass on what a script wrote, to the objects that it sees, of the same shape as these."""
        self._settled.discard(index)
        self._known[index][name] = dumps(tagged)
        self._seen[index].pop(name, None)
        _find_live_object(to, self.names[index]).write(name, decode_tagged(tagged), place)


def _find_live_object(objects: Mapping[str, LiveObject], name: str) -> LiveObject:
    """Return the live object that a message calls *name*, such as ``ctx.form``."""
    root, *members = name.split(".")
    value = objects[root]
    for member in members:
        links: Mapping[str, LiveObject] = getattr(value, "links", {})
        value = links[member]
    return value


_FIXED = frozenset({str, int, float, bool, type(None)})


class Engine(Protocol):
    """One isolated context of a JavaScript engine, with the prelude in it."""

    def load(self, source: str) -> None:
        """Run *source* as a global script, whose declarations later code sees.

        Raises:
            EngineError: it is not valid, or it threw.
            LimitReachedError: it used more than it may.
        """
        ...

    def call(self, operation: str, argument: str) -> str:
        """Run one operation of the prelude and every microtask, and return its outbox.

        Raises:
            LimitReachedError: the script used more than it may.
        """
        ...

    def renew(self) -> None:
        """Let the next script use as much time as one may, whatever earlier ones used."""
        ...

    def close(self) -> None:
        """Free the context."""
        ...


MakeEngine = Callable[[Limits, Sequence[str]], Engine]
"""Makes a context within limits for the sources that are to run in it."""


class Channel:
    """The way into an engine and out of it."""

    def __init__(self, engine: Engine, mirror: LiveObjectsMirror, now: Callable[[], float]) -> None:
        self._engine: Engine | None = engine
        self._mirror = mirror
        self._now = now

    @property
    def is_open(self) -> bool:
        """Whether the context is still there."""
        return self._engine is not None

    def open(self, **setting: Any) -> None:
        """Set the context up."""
        mirror = self._mirror
        self._call(
            "open",
            fields=mirror.patch(),
            bindings=mirror.roots,
            watched=mirror.watched,
            links=mirror.links,
            **setting,
        )

    def load(self, source: str) -> None:
        """Run *source* as a global script."""
        if self._engine:
            self._engine.load(source)

    def renew(self) -> None:
        """Let the next script use as much time as one may."""
        if self._engine:
            self._engine.renew()

    def turn(self, operation: str, **argument: Any) -> TurnResult:
        """Run one operation and every microtask.

        Raises:
            EngineError: the context is lost.
            MalformedError: the script damaged its own context.
        """
        patch = self._mirror.patch()
        return self._call(operation, **argument, **({"patch": patch} if patch else {}))

    def close(self) -> None:
        """Free the context."""
        if self._engine:
            self._engine.close()
        self._engine = None

    def _call(self, operation: str, **argument: Any) -> TurnResult:
        if self._engine is None:
            return TurnResult([])
        argument["now"] = round(self._now() * 1000)
        return parse_turn(self._engine.call(operation, dumps(argument)))
