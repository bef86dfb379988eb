"""What a form shows beside its values: states of fields and messages; a form has one, a flow too.

``form.$message``, ``$visible``, ``$required``, ``$readonly`` and ``$options`` are extensions of
this simulator. Scripts assign to them, and to the members of the last four: ``form.$visible.b``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import msgspec

from bpmax_sim.errors import Place, SubjectError, suggestion
from bpmax_sim.i18n import msg
from bpmax_sim.js_values import Undefined
from bpmax_sim.script.channel import LiveObject
from bpmax_sim.script.failure import Script
from bpmax_sim.script.outbox import Outcome
from bpmax_sim.subject.hooks import HookStarted, MessageShown, Result, Stage, Tell

STATES = {"$visible": "visible", "$required": "required", "$readonly": "readonly"}
EXTENSIONS = ("$message", "$options", *STATES)
_NEW_FIELD = {"visible": True, "required": False, "readonly": False}
_MEMBERS = {**STATES, "$options": "options"}


class Screen(msgspec.Struct, kw_only=True):
    """What every subject has: scripts and who runs them, a result to fill, states and messages.

    Attributes:
        scripts: event -> its script, or several in their order.
        states: field -> ``visible``, ``required``, ``readonly``, ``options``.
        messages: everything shown so far.
        name: of the sub-flow's project that it belongs to; empty for the main one's.
    """

    stage: Stage
    tell: Tell
    scripts: Mapping[str, Script | tuple[Script, ...]] = msgspec.field(default_factory=dict)
    libraries: Sequence[Script] = ()
    states: dict[str, dict[str, Any]] = msgspec.field(default_factory=dict)
    messages: list[MessageShown] = msgspec.field(default_factory=list)
    name: str = ""
    _result: Result = msgspec.field(default_factory=Result)

    def bodies(self, event: str) -> tuple[Script, ...]:
        """Return the scripts of *event* in their order."""
        scripts = self.scripts.get(event, ())
        return (scripts,) if isinstance(scripts, Script) else scripts

    def run_bodies(self, event: str, run: Callable[[Script], Outcome]) -> Any:
        """Let *run* run the scripts of *event* up to one that fails or says no; return a value."""
        value: Any = None
        for script in self.bodies(event):
            self.tell(HookStarted(event=self.labelled(event), script=script.name))
            ended = run(script)
            self._result.take(ended)
            self._result.returned(ended.value)
            value = ended.value
            if ended.error is not None or value is False:
                break
        return value

    def labelled(self, name: str) -> str:
        """Return *name* as it is told, behind that of the sub-flow's project."""
        return f"{self.name}/{name}" if self.name else name

    def join(self, result: Result) -> None:
        """Let what comes of an action that another part began go to its *result*."""
        self._result = result

    @contextmanager
    def meanwhile(self) -> Iterator[Result]:
        """Let an action take place while another one is under way, with a result of its own."""
        outer = self._result
        inner = self.begin()
        try:
            yield inner
        finally:
            self.join_all(outer)

    def begin(self) -> Result:
        """Start an action; what its scripts come to, and all that they start, goes to the result.

        Handlers and timers end whenever they do, so whoever performs an action starts it here, be
        it a user's or a script's.
        """
        result = Result()
        self.join_all(result)
        return result

    def join_all(self, result: Result) -> None:
        """Let what comes of an action, of this and all that belongs to it, go to *result*."""
        self.join(result)

    def show(self, text: str, level: str = "info") -> None:
        """Show a message to the user."""
        message = MessageShown(text=text, level=level)
        self.messages.append(message)
        self.tell(message)

    def extend(self, name: str, value: Any) -> None:
        """Take what a script assigned to a ``$`` name of its form.

        Raises:
            SubjectError: it is no extension, or does not take the value.
        """
        if name == "$message":
            message = value if isinstance(value, Mapping) else {"text": value}
            self.show(str(message.get("text", "")), str(message.get("type", "info")))
        elif name in _MEMBERS and isinstance(value, Mapping):
            for field, state in value.items():
                self.set_state(field, _MEMBERS[name], state)
        else:
            raise SubjectError(_misuse(name))

    def set_state(self, field: str, key: str, value: Any) -> None:
        """Set one state of a field; `UNDEFINED` resets it."""
        states = self.states.setdefault(field, dict(_NEW_FIELD))
        states[key] = value
        if isinstance(value, Undefined):
            states.pop(key)
            states.update({key: _NEW_FIELD[key]} if key in _NEW_FIELD else {})

    def state(self, field: str) -> Mapping[str, Any]:
        """Return what is known of a field beside its value."""
        return self.states.get(field, _NEW_FIELD)


class StateView(msgspec.Struct, frozen=True):
    """``form.$visible`` and its like: field -> state."""

    screen: Screen
    fields: Mapping[str, Any]
    key: str
    is_frozen: bool = True

    def snapshot(self) -> Mapping[str, Any]:
        """Return the state of each field that has one."""
        screen, key = self.screen, self.key
        if not screen.states:
            return dict.fromkeys(self.fields, _NEW_FIELD[key]) if key in _NEW_FIELD else {}
        names = (*self.fields, *screen.states)
        return {name: state[key] for name in names if key in (state := screen.state(name))}

    def write(self, field: str, value: Any, _place: Place | None, /) -> None:
        """Set the state of a field."""
        self.screen.set_state(field, self.key, value)


def state_links(screen: Screen, fields: Mapping[str, Any]) -> Mapping[str, LiveObject]:
    """Return the ``$`` members of a form with *fields* that scripts can read and write inside."""
    return {name: StateView(screen, fields, key) for name, key in _MEMBERS.items()}


def _misuse(name: str) -> str:
    if name in EXTENSIONS:
        return msg(
            "form.{name} takes an object of field names, such as form.{name} = {{phone: …}}",
            name=name,
        )
    hint = suggestion(name, EXTENSIONS)
    return msg("form.{name} is not known{hint}", name=name, hint=hint)
