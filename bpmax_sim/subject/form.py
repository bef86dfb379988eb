"""A form: fields whose changes fire scripts, what they set visible or required, and messages.

Only ``form.<field>`` is known of the product. ``form.$message``, ``$visible``, ``$required``,
``$readonly`` and ``$options`` are extensions of this simulator: a script assigns to them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from msgspec import UNSET

from bpmax_sim.errors import Place, SubjectError, near
from bpmax_sim.js_values import Undefined
from bpmax_sim.script.failure import Script
from bpmax_sim.subject.hooks import (
    CycleCut,
    FieldChanged,
    HookStarted,
    MessageShown,
    Result,
    Stage,
    Tell,
    same,
)

STATES = {"$visible": "visible", "$required": "required", "$readonly": "readonly"}
EXTENSIONS = ("$message", "$options", *STATES)
DEEPEST = 16
_NEW_FIELD = {"visible": True, "required": False, "readonly": False}


class Link(msgspec.Struct, frozen=True):
    """One change in the chain of changes that led to a script."""

    field: str
    value: str

    def __str__(self) -> str:
        """Return ``customerId="12345"``."""
        return f"{self.field}={self.value}"


Chain = tuple[Link, ...]


class FormView(msgspec.Struct):
    """The ``form`` of one running script, which remembers why that script runs."""

    form: FormSubject
    event: str
    chain: Chain = ()

    def snapshot(self) -> Mapping[str, Any]:
        """Return the present values of all fields."""
        return dict(self.form.fields)

    def write(self, field: str, value: Any, place: Place | None, /) -> None:
        """Set a field, and fire what hangs on its change.

        Raises:
            SubjectError: for a ``$`` name that is no extension, or a value it does not take.
        """
        self.form.written(field, value, self, place)


class FormSubject(msgspec.Struct, kw_only=True):
    """A form that is driven by a user's actions.

    Attributes:
        scripts: event -> script body.
        fields: the present values.
        states: field -> ``visible``, ``required``, ``readonly``, ``options``.
        messages: everything shown so far.
    """

    stage: Stage
    tell: Tell
    scripts: Mapping[str, Script] = msgspec.field(default_factory=dict)
    libraries: Sequence[Script] = ()
    fields: dict[str, Any] = msgspec.field(default_factory=dict)
    states: dict[str, dict[str, Any]] = msgspec.field(default_factory=dict)
    messages: list[MessageShown] = msgspec.field(default_factory=list)
    _result: Result = msgspec.field(default_factory=Result)

    def open(self, values: Mapping[str, Any]) -> Result:
        """Show the form with *values* prefilled and fire ``open``; prefilling fires no change."""
        self._result = Result()
        self.fields.update(values)
        return self._fire("open")

    def set(self, values: Mapping[str, Any]) -> Result:
        """Set fields one after another, as a user does; each change fires its handler."""
        self._result = Result()
        for name, value in values.items():
            if self._store(name, value, "user"):
                self._fire(f"change.{name}", (Link(name, _text(value)),))
        return self._result

    def click(self, button: str) -> Result:
        """Fire ``click.<button>``."""
        self._result = Result()
        return self._fire(f"click.{button}")

    def submit(self) -> Result:
        """Fire ``submit``, which refuses by returning false or by throwing."""
        self._result = Result()
        result = self._fire("submit")
        result.refused = result.value is False or bool(result.errors)
        return result

    def fire(self, event: str) -> Result:
        """Run the script of *event* without changing anything first."""
        self._result = Result()
        return self._fire(event)

    def view(self, event: str = "", chain: Chain = ()) -> FormView:
        """Return the ``form`` of a script."""
        return FormView(self, event, chain)

    def written(self, name: str, value: Any, view: FormView, place: Place | None) -> None:
        """Take what a script wrote; a change fires its handler beside the running script."""
        if name.startswith("$"):
            self._extend(name, value)
            return
        if not self._store(name, value, view.event or "script", place):
            return
        event = f"change.{name}"
        handler = self.scripts.get(event)
        if handler is None:
            return
        link = Link(name, _text(value))
        if link in view.chain or len(view.chain) >= DEEPEST:
            self.tell(CycleCut(field=name, chain=tuple(map(str, (*view.chain, link)))))
            return
        self.tell(HookStarted(event=event, script=handler.name))
        self.stage.start_script(
            handler,
            self._result.take,
            form=self.view(event, (*view.chain, link)),
            libraries=self.libraries,
        )

    def show(self, text: str, level: str = "info") -> None:
        """Show a message to the user."""
        message = MessageShown(text=text, level=level)
        self.messages.append(message)
        self.tell(message)

    def _fire(self, event: str, chain: Chain = ()) -> Result:
        script = self.scripts.get(event)
        if script is not None:
            self.tell(HookStarted(event=event, script=script.name))
            view = self.view(event, chain)
            ended = self.stage.run_script(script, form=view, libraries=self.libraries)
            self._result.take(ended)
            self._result.value = ended.value
            self._result.ran = True
        return self._result

    def _store(self, name: str, value: Any, by: str, place: Place | None = None) -> bool:
        old = self.fields.get(name, UNSET)
        gone = isinstance(value, Undefined)
        if gone if old is UNSET else same(old, value):
            return False
        if gone:
            self.fields.pop(name, None)
        else:
            self.fields[name] = value
        before = None if old is UNSET else old
        self.tell(FieldChanged(field=name, old=before, new=value, by=by, place=place))
        return True

    def _extend(self, name: str, value: Any) -> None:
        if name == "$message":
            message = value if isinstance(value, Mapping) else {"text": value}
            self.show(str(message.get("text", "")), str(message.get("type", "info")))
        elif name in EXTENSIONS and isinstance(value, Mapping):
            key = STATES.get(name, "options")
            for target, state in value.items():
                self.states.setdefault(target, dict(_NEW_FIELD))[key] = state
        else:
            raise SubjectError(_misuse(name))

    def facts(self) -> Mapping[str, Mapping[str, Any]]:
        """Return what is known of every field beside its value."""
        return {name: self.state(name) for name in (*self.fields, *self.states)}

    def state(self, name: str) -> Mapping[str, Any]:
        """Return what is known of a field beside its value."""
        return self.states.get(name, _NEW_FIELD)


def _misuse(name: str) -> str:
    if name in EXTENSIONS:
        return f"form.{name} takes an object of field names, such as form.{name} = {{phone: …}}"
    hint = near(name, EXTENSIONS) or f"; there is {', '.join(EXTENSIONS)}"
    return f"form.{name} is not known{hint}"


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=repr)
