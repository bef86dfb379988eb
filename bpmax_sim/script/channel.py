"""The protocol between Python and a script's context: turns, and live objects that both sides use.

A turn enters the engine once. In go an operation of the prelude, the current time and the changed
fields of live objects; out comes an outbox of entries in the order of their happening. Changes
*inside* a value of a live object are passed on before the next call or write, and at the end of the
turn.

Both sides keep copies of the live objects, and only differences cross. Python compares the text of
each value with the text that it sent last (`SentLiveObjects`), because a value can change inside
without any call. The engine does the same for the objects that a script read.

Values cross as *tagged JSON* (`js_values`): JSON in which an object with the member ``$`` stands
for what JSON cannot hold, such as ``undefined``, a Date or a NaN.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from operator import is_
from typing import Any, Protocol

from msgspec import Raw

from bpmax_sim.errors import Place
from bpmax_sim.js_values import decode_tagged, dump_tagged, dumps_compact
from bpmax_sim.script.limits import Limits
from bpmax_sim.script.turn_result import TurnResult, parse_turn


class LiveObject(Protocol):
    """An object that scripts and Python both read and write, such as a form."""

    def snapshot(self) -> Mapping[str, Any]:
        """Return the current value of each field, by name.

        Members that are live objects themselves are left out; they are in the attribute ``links``.
        """
        ...

    def write(self, field: str, value: Any, place: Place | None, /) -> None:
        """Set a field; the value `UNDEFINED` deletes it.

        *place* is the script's line, or None for a change inside a value, whose line is not known.

        Raises:
            Exception: if the object refuses the write; this ends the script at the line that wrote.
        """
        ...


ObjectChange = list[Any]
"""``[index of a live object, changed fields as JSON by name, names of removed fields]``."""


class SentLiveObjects:
    """What was sent to the engine of the live objects, so that only changes need to be sent.

    The engine has copies of the live objects (such as the form), which Python and scripts change in
    turn. A live object may have three optional attributes: ``links``, its members that are live
    objects themselves; ``is_frozen``, True if its values never change inside; and
    ``watched_members``, names of members: if a script reads an absent member of their rows or
    values, the script's outcome names it.

    Attributes:
        names: dotted path of each object, as messages show it, such as ``ctx.form``.
        roots: (name, number) of each object that is a global; the number is the index in *names*.
        links: (number of an object, name of a member, number of the object that this member is).
        watched: ``watched_members`` of each object, in the order of *names*.
    """

    def __init__(self, objects: Mapping[str, LiveObject]) -> None:
        """Start with nothing sent; *objects* are the globals by name."""
        self.names: list[str] = []
        self.links: list[tuple[int, str, int]] = []
        self.watched: list[list[str]] = []
        self._objects: list[LiveObject] = []
        self.roots = [(name, self._add_object(name, live)) for name, live in objects.items()]
        self._known: list[dict[str, str]] = [{} for _ in self._objects]
        self._seen: list[dict[str, Any]] = [{} for _ in self._objects]
        self._settled: set[int] = set()  # of the objects, all of whose values were seen

    def _add_object(self, name: str, live: LiveObject) -> int:
        for index, known in enumerate(self._objects):
            if known is live:
                return index
        index = len(self._objects)
        self.names.append(name)
        self._objects.append(live)
        self.watched.append([*getattr(live, "watched_members", ())])
        links: Mapping[str, LiveObject] = getattr(live, "links", {})
        for member, linked in links.items():
            self.links.append((index, member, self._add_object(f"{name}.{member}", linked)))
        return index

    def take_python_changes(self) -> list[ObjectChange]:
        """Return what Python changed in the live objects since the last call of this method.

        For each changed object: its number, field -> new value, and the names of deleted fields.
        Changes by scripts are left out, as the engine has them already. The result counts as sent.
        """
        changes = []
        for index, live in enumerate(self._objects):
            now, known, seen = live.snapshot(), self._known[index], self._seen[index]
            # Comparing identities is what makes a turn cheap: a form of a thousand fields is not
            # encoded again because one of them changed.
            same = index in self._settled and [*seen] == [*now]
            if same and all(map(is_, seen.values(), now.values())):
                continue  # none of these values can have changed inside
            fresh: dict[str, str] = {}
            fixed: dict[str, Any] = {}
            is_frozen = getattr(live, "is_frozen", False)
            for name, item in now.items():
                # The same object as last time, which cannot change inside, is not encoded again.
                fresh[name] = known[name] if seen.get(name, seen) is item else dump_tagged(item)
                if is_frozen or type(item) in _FIXED:
                    fixed[name] = item
            self._seen[index] = fixed
            if len(fixed) == len(now):
                self._settled.add(index)
            else:
                self._settled.discard(index)
            if fresh != known:
                changed = {n: Raw(text) for n, text in fresh.items() if known.get(n) != text}
                changes.append([index, changed, [name for name in known if name not in fresh]])
                self._known[index] = fresh
        return changes

    def write(
        self,
        live_objects: Mapping[str, LiveObject],
        index: int,
        name: str,
        tagged: Any,
        place: Place | None,
    ) -> None:
        """Apply a script's write to field *name* of a live object, such as the form.

        *tagged* is the new value as parsed JSON, in which what JSON cannot express, such as a date,
        is ``{"$": "<tag>", "v": …}``. *live_objects* are those of the script's run, *index* is the
        number of the object, and *place* the line that wrote.
        """
        # The context has this value already, so the next patch must not send it back. But the
        # object may store another value than the script wrote, so the two are compared again then.
        self._settled.discard(index)
        self._known[index][name] = dumps_compact(tagged)
        self._seen[index].pop(name, None)
        _find_live_object(live_objects, self.names[index]).write(name, decode_tagged(tagged), place)


def _find_live_object(objects: Mapping[str, LiveObject], dotted_path: str) -> LiveObject:
    """Return the live object with the dotted path *dotted_path*, such as ``ctx.form``."""
    root, *members = dotted_path.split(".")
    value = objects[root]
    for member in members:
        links: Mapping[str, LiveObject] = getattr(value, "links", {})
        value = links[member]
    return value


_FIXED = frozenset({str, int, float, bool, type(None)})
"""Types whose values cannot change inside; exactly these, as a subclass may hold more."""


class Engine(Protocol):
    """One isolated context of a JavaScript engine, with the prelude loaded.

    The prelude is our JavaScript code in each context, which gives scripts ``$proxy``, timers and
    ``console``. Each operation of it returns an *outbox*: the list of what scripts did meanwhile.
    """

    def load(self, source: str) -> None:
        """Run *source* as a global script, whose declarations later code sees.

        Raises:
            EngineError: if the script is not valid, or throws.
            LimitReachedError: if the script exceeds a limit.
        """
        ...

    def call(self, operation: str, argument: str) -> str:
        """Run one operation of the prelude and every microtask; return the outbox as JSON text.

        The prelude is our JavaScript code, microtasks are the parts of scripts behind an ``await``
        that can go on, and the outbox is the list of what scripts did meanwhile. *operation* is a
        name such as ``run``, and *argument* its JSON object.

        Raises:
            LimitReachedError: if the script exceeds a limit.
        """
        ...

    def reset_time_limits(self) -> None:
        """Give the next script the full time limits, whatever earlier scripts used."""
        ...

    def close(self) -> None:
        """Free the context."""
        ...


MakeEngine = Callable[[Limits, Sequence[str]], Engine]
"""Makes a context within limits for the sources that are to run in it."""


class Channel:
    """Connects one engine with the live objects that were sent to it.

    Live objects, such as the form, are those that scripts and Python both read and write.

    Once it is closed, its methods do nothing.
    """

    def __init__(self, engine: Engine, mirror: SentLiveObjects, now: Callable[[], float]) -> None:
        self._engine: Engine | None = engine
        self._mirror = mirror
        self._now = now

    @property
    def is_open(self) -> bool:
        """Whether the engine is not closed yet."""
        return self._engine is not None

    def send_settings_and_objects(self, **setting: Any) -> None:
        """Send settings and live objects to the new context; this has to be the first operation.

        The operation is ``open`` of the prelude (our JavaScript code in the context); each
        *setting* becomes a member of its JSON argument.
        """
        mirror = self._mirror
        self._call_engine(
            "open",
            fields=mirror.take_python_changes(),
            bindings=mirror.roots,
            watched=mirror.watched,
            links=mirror.links,
            **setting,
        )

    def load(self, source: str) -> None:
        """Run *source* as a global script."""
        if self._engine:
            self._engine.load(source)

    def reset_time_limits(self) -> None:
        """Give the next script the full time limits."""
        if self._engine:
            self._engine.reset_time_limits()

    def run_turn(self, operation: str, **argument: Any) -> TurnResult:
        """Run one operation of the prelude (our JavaScript code), and every microtask.

        *operation* is its name, such as ``run``, and *argument* the members of its JSON argument.
        Live objects that Python changed are sent with it. Returned is what the scripts did and
        which of them ended.

        Raises:
            EngineError: if the script exceeded a limit or broke the engine; the context is
                unusable.
            MalformedError: if the script damaged its own context.
        """
        patch = self._mirror.take_python_changes()
        return self._call_engine(operation, **argument, **({"patch": patch} if patch else {}))

    def close(self) -> None:
        """Free the context."""
        if self._engine:
            self._engine.close()
        self._engine = None

    def _call_engine(self, operation: str, **argument: Any) -> TurnResult:
        if self._engine is None:
            return TurnResult([])
        argument["now"] = round(self._now() * 1000)
        return parse_turn(self._engine.call(operation, dumps_compact(argument)))
