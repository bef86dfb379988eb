"""A form: fields whose changes fire scripts."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgspec

from bpmax_sim.errors import Place, ScriptError
from bpmax_sim.i18n import msg
from bpmax_sim.script.channel import LiveObject
from bpmax_sim.script.failure import Script
from bpmax_sim.script.outbox import Outcome
from bpmax_sim.script.runtime import Page
from bpmax_sim.subject.cells import cell, changed_columns, steps_of, table_of, with_cell
from bpmax_sim.subject.hooks import CycleCut, FieldChanged, HookStarted, Result, replace_value
from bpmax_sim.subject.person import check_complete, check_entry
from bpmax_sim.subject.screen import Screen, state_links

DEEPEST = 16


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
    is_frozen: bool = True

    @property
    def links(self) -> Mapping[str, LiveObject]:
        """Return the members that are live objects of their own."""
        return state_links(self.form, self.form.fields)

    def snapshot(self) -> Mapping[str, Any]:
        """Return the present values of all fields."""
        return dict(self.form.fields)

    def later(self) -> FormView:
        """Return the view of what a script does later, which no change has led to."""
        return FormView(self.form, self.event)

    def write(self, field: str, value: Any, place: Place | None, /) -> None:
        """Set a field, and fire what hangs on its change.

        Raises:
            SubjectError: for a ``$`` name that is no extension, or a value it does not take.
        """
        self.form.written(field, value, self, place)


class FormSubject(Screen, kw_only=True):
    """A form that is driven by a user's actions.

    Attributes:
        fields: the present values; a value is replaced, never changed inside.
    """

    fields: dict[str, Any] = msgspec.field(default_factory=dict)
    _page: Page | None = None

    def views(self) -> tuple[FormView, None]:
        """Return the ``form`` and the ``ctx`` of a script that belongs to no event."""
        return FormView(self, "js"), None

    def open(self, values: Mapping[str, Any]) -> Result:
        """Show the form with *values* prefilled and fire ``open``; prefilling fires no change."""
        self.fields.update(values)
        return self.fire("open")

    def set(self, values: Mapping[str, Any]) -> Result:
        """Set fields one after another, as a user does; each change fires its handler."""
        for name, value in values.items():
            steps = () if name in self.fields else steps_of(name)
            path = steps or (name,)
            check_entry(self, path, value, cell(self.fields, path))
            if steps:
                field = str(steps[0])
                self._enter(field, with_cell(self.fields.get(field), steps[1:], value, name))
            else:
                self._enter(name, value)
        return self._result

    def set_rows(self, table: str, change: Callable[[list[Any]], list[Any]]) -> Result:
        """Let a table have the rows that *change* makes of its present ones."""
        check_entry(self, (table,))
        before = table_of(self.fields.get(table), table)
        after = change(list(before))
        new = [row for row in after if not any(row is old for old in before)]
        check_entry(self, (table,), new)
        self._enter(table, after)
        return self._result

    def _enter(self, name: str, value: Any) -> None:
        """Take what a user entered, and fire what hangs on it: first columns, then the field."""
        old = self.fields.get(name)
        if self._store(name, value, "user"):
            link = Link(name, _text(value))
            for event in self._events(name, old, value):
                self.fire(event, (link,))

    def _events(self, name: str, old: Any, new: Any) -> Iterator[str]:
        """Yield the events of a change that have a script."""
        prefix = f"change.{name}."
        if any(event.startswith(prefix) for event in self.scripts):
            columns = (prefix + column for column in changed_columns(old, new))
            yield from (event for event in columns if event in self.scripts)
        if f"change.{name}" in self.scripts:
            yield f"change.{name}"

    def click(self, button: str) -> Result:
        """Fire ``click.<button>``."""
        check_entry(self, (button,))
        return self.fire(f"click.{button}")

    def submit(self) -> Result:
        """Fire ``submit``, which refuses by returning false or by throwing.

        Raises:
            SubjectError: a required field is empty, as the screen says before any script runs.
        """
        check_complete(self)
        result = self.fire("submit")
        result.refused = result.value is False or bool(result.errors)
        return result

    def fire(self, event: str, chain: Chain = ()) -> Result:
        """Run the scripts of *event*, which a *chain* of changes led to."""
        view = FormView(self, event, chain)
        self.run_bodies(
            event,
            lambda script: self.stage.run_script(
                script, form=view, libraries=self.libraries, page=self.page
            ),
        )
        return self._result

    @property
    def page(self) -> Page:
        """Return what the handlers share: their globals, and what they plan for later."""
        if self._page is None:
            self._page = Page([body for event in self.scripts for body in self.bodies(event)])
        return self._page

    def written(self, name: str, value: Any, view: FormView, place: Place | None) -> None:
        """Take what a script wrote; a change fires its handler beside the running script."""
        if name.startswith("$"):
            self.extend(name, value)
            return
        old = self.fields.get(name)
        if not self._store(name, value, view.event or "script", place):
            return
        events = list(self._events(name, old, value))
        if events:
            self._chain(name, value, events, view, place)

    def _chain(
        self, name: str, value: Any, events: list[str], view: FormView, place: Place | None
    ) -> None:
        """Start the handlers of what a script changed, unless they came about by themselves."""
        link = Link(name, _text(value))
        if link in view.chain or len(view.chain) >= DEEPEST:
            chain = tuple(map(str, (*view.chain, link)))
            self.tell(CycleCut(field=name, chain=chain))
            if link not in view.chain:
                self._result.errors.append(_endless(chain, place))
            return
        for event in events:
            self._start(event, self.bodies(event), FormView(self, event, (*view.chain, link)))

    def _start(self, event: str, bodies: tuple[Script, ...], view: FormView) -> None:
        """Start the first of some handlers beside what runs; the next follows when it has ended."""
        handler, *rest = bodies
        self.tell(HookStarted(event=self.labelled(event), script=handler.name))

        def done(ended: Outcome) -> None:
            self._result.take(ended)  # of the action of then
            if rest and ended.error is None:
                self._start(event, tuple(rest), view)

        self.stage.start_script(handler, done, form=view, libraries=self.libraries, page=self.page)

    def _store(self, name: str, value: Any, by: str, place: Place | None = None) -> bool:
        old = self.fields.get(name)
        if not replace_value(self.fields, name, value):
            return False
        label = self.labelled(name)
        self.tell(FieldChanged(field=label, old=old, new=value, by=by, place=place))
        return True

    def facts(self) -> Mapping[str, Mapping[str, Any]]:
        """Return what is known of every field beside its value."""
        return {name: self.state(name) for name in (*self.fields, *self.states)}


def _endless(chain: tuple[str, ...], place: Place | None) -> ScriptError:
    """Return the error of handlers that always write something new; one that settles is none."""
    steps = " -> ".join((*chain[:3], "…", chain[-1]))
    message = msg(
        "change handlers set each other off without end, cut after {deepest}: {steps}",
        deepest=DEEPEST,
        steps=steps,
    )
    return ScriptError(message, name="ChangeCycle", place=place)


_text = json.JSONEncoder(ensure_ascii=False, default=repr).encode
