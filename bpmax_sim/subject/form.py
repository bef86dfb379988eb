"""A form: its fields and states, the actions of a person, and scripts that run on changes.

A flow shows messages and states of fields too. ``form.$message``, ``$visible``, ``$required``,
``$readonly`` and ``$options`` are extensions of this simulator. Scripts assign to them, and to
members of the last four: ``form.$visible.b``. States and options restrict a person; scripts may
write anything. A column of a table has states of its own: ``明细.数量``.

Cells of tables and members of objects have paths: ``明细[0].数量``, ``客户.电话``. Values are
replaced, never changed inside, so setting a cell creates a new table.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import zip_longest
from typing import Any

import msgspec
from msgspec import UNSET

from bpmax_sim.errors import Place, ScriptError, SubjectError, shorten_list, suggest_or_list
from bpmax_sim.field_path import parse_plain_steps
from bpmax_sim.i18n import DataValue, msg, plural
from bpmax_sim.js_values import (
    UNDEFINED,
    UndefinedType,
    format_js_number,
    stringify_json,
    to_scenario_value,
)
from bpmax_sim.script.channel import LiveObject
from bpmax_sim.script.failure import Script
from bpmax_sim.script.runtime import Page
from bpmax_sim.script.turn_result import Outcome
from bpmax_sim.subject import hooks
from bpmax_sim.subject.hooks import Result

_PATH = re.compile(r"[^.\[\]]+(?:\[\d+\]|\.[^.\[\]]+)+")
Steps = tuple[str | int, ...]


def parse_form_path(text: str) -> Steps:
    """Return the steps of a path: a name, then members and row numbers; none if it is invalid."""
    return parse_plain_steps(text) if _PATH.fullmatch(text) else ()


def find_value_at_steps(value: Any, steps: Steps) -> Any:
    """Return the value at *steps* inside *value*, or `UNSET`."""
    for step in steps:
        if isinstance(step, int):
            rows = value if isinstance(value, list | tuple) else ()
            value = rows[step] if step < len(rows) else UNSET
        else:
            value = value.get(step, UNSET) if isinstance(value, Mapping) else UNSET
    return value


def replace_at(value: Any, steps: Steps, new: Any, path: str) -> Any:
    """Return a copy of *value*, a table or object, with *new* at *steps* (row 2, column ``sku``).

    *path* is the place as messages show it.

    Raises:
        SubjectError: if there is no such row, or no table or object on the way.
    """
    if not steps:
        return new
    step, *rest = steps
    if isinstance(step, int):
        rows = to_table_rows(value, path)
        check_row(rows, step, path)
        return [
            *rows[:step],
            replace_at(rows[step], tuple(rest), new, path),
            *rows[step + 1 :],
        ]
    if value is not None and not isinstance(value, Mapping):
        raise SubjectError(
            "{path}: {value!r} has no member {step!r}",
            code="NO_MEMBER",
            path=path,
            step=step,
            value=DataValue(value),
        )
    members = dict(value or {})
    return {**members, step: replace_at(members.get(step), tuple(rest), new, path)}


def to_table_rows(value: Any, path: str) -> list[Any]:
    """Return the rows of a table; an empty field is a table without rows.

    Raises:
        SubjectError: if *value* is not a table.
    """
    if value is None or value == "":
        return []
    if not isinstance(value, list | tuple):
        raise SubjectError(
            "{path}: expected a table, that is a list of rows, got {value!r}",
            code="NOT_A_TABLE",
            path=path,
            value=DataValue(value),
        )
    return list(value)


def check_row(rows: list[Any], number: int, path: str, *, extra_rows: int = 0) -> None:
    """Check that row *number* exists; with *extra_rows* = 1 also one behind the last, for adding.

    Raises:
        SubjectError: if it does not exist; the message gives the existing rows.
    """
    last = len(rows) - 1 + extra_rows
    if number > last:
        there = (
            msg("there are rows 0 to {last}", last=len(rows) - 1)
            if len(rows) > 1
            else msg("there is row 0 alone")
            if rows
            else msg("there are no rows")
        )
        raise SubjectError(
            "{path}: no row {number}; {there}, add_row adds one",
            code="NO_ROW",
            path=path,
            number=number,
            there=there,
        )


def find_changed_columns(old: Any, new: Any) -> Iterator[str]:
    """Yield the columns of which some cell differs between two tables, in the new one's order."""
    before = old if isinstance(old, list | tuple) else ()
    after = new if isinstance(new, list | tuple) else ()
    rows = [row for row in (*after, *before) if isinstance(row, Mapping)]
    for name in dict.fromkeys(name for row in rows for name in row):
        was, now = ([find_value_at_steps(row, (name,)) for row in side] for side in (before, after))
        if not hooks.is_same_value(was, now):
            yield name


STATES = {"$visible": "visible", "$required": "required", "$readonly": "readonly"}
EXTENSIONS = ("$message", "$options", *STATES)
INITIAL_STATES: Mapping[str, Any] = {"visible": True, "required": False, "readonly": False}
"""The states of each field that no script has changed."""
_MEMBERS = {**STATES, "$options": "options"}
_STATE_NAMES = {key: name for name, key in _MEMBERS.items()}
MESSAGE = ("text", "type")
"""The members of ``form.$message``."""
MESSAGE_TYPES = ("info", "success", "warning", "error")


class ScriptedSubject(msgspec.Struct, kw_only=True):
    """The common base of forms and flows: what is driven by users and runs scripts on events.

    Attributes:
        runner: runs the scripts.
        tell: function that receives each event of the subject.
        scripts: event -> its scripts in order.
        states: field -> ``visible``, ``required``, ``readonly``, ``options``.
        messages: all messages shown so far.
        name: name of the sub-flow's project that it belongs to; "" for the main project.
        tables: table fields whose columns are known.
    """

    runner: hooks.ScriptRunner
    tell: hooks.EventSink
    scripts: Mapping[str, tuple[Script, ...]] = msgspec.field(default_factory=dict)
    libraries: Sequence[Script] = ()
    states: dict[str, dict[str, Any]] = msgspec.field(default_factory=dict)
    messages: list[hooks.MessageShown] = msgspec.field(default_factory=list)
    name: str = ""
    tables: Sequence[str] = ()
    _result: Result = msgspec.field(default_factory=Result)
    _messages_before: int = 0
    _last_script: Script | None = None

    def run_scripts_until_refused(self, event: str, run: Callable[[Script], Outcome]) -> Any:
        """Run the scripts of *event* in order until one fails or says no.

        *run* runs one of them. Return the value of the last script that ran; None if there is none.
        """
        value: Any = None
        may_refuse = event.partition(".")[0] in hooks.REFUSING
        self._messages_before = len(self.messages)
        for script in self.scripts.get(event, ()):
            self.tell(hooks.HookStarted(event=self.qualify_name(event), script=script.name))
            self._last_script, ended = script, run(script)
            if ended.error is not None and event in hooks.REFUSING:
                hooks.add_refusal_code(ended.error)
            self._result.add_outcome(ended)
            self._result.set_value(ended.value)
            value = ended.value
            if ended.error is not None or value is False:
                break
            if may_refuse and not hooks.is_agreement(value):
                break
        return value

    def qualify_name(self, name: str) -> str:
        """Return *name* as events report it.

        For a project of a sub-flow that is ``project/name``, for the main project *name* itself.
        """
        return f"{self.name}/{name}" if self.name else name

    def redirect_outputs_to(self, result: Result) -> None:
        """From now on collect errors, messages and other outputs in *result*.

        So an action on another form or project, such as on the flow of this form, gets them.
        """
        self._result = result

    @contextmanager
    def begin_concurrent_action(self) -> Iterator[Result]:
        """In this block, collect outputs in a result of its own while another action goes on.

        Afterwards they go into the other action's result again.
        """
        outer = self._result
        inner = self.begin_action()
        try:
            yield inner
        finally:
            self.redirect_outputs_with_parts_to(outer)

    def begin_action(self) -> Result:
        """Begin an action: everything that its scripts start is collected in the new result.

        Handlers and timers end at any later time. So whoever performs an action, a user or a
        script, begins it here.
        """
        result = Result()
        self.redirect_outputs_with_parts_to(result)
        return result

    def redirect_outputs_with_parts_to(self, result: Result) -> None:
        """From now on collect the outputs of this subject and of all that belong to it in *result*.

        To a project belong its forms, and all other projects of the main project. To a form belongs
        nothing else.
        """
        self.redirect_outputs_to(result)

    def refuse_if_vetoed(self, event: str, value: Any) -> None:
        """Refuse the action, and show why, if *value*, returned by the script of *event*, is false.

        Also if it is a non-empty text, which is the reason then. True, null and no value agree.

        Raises:
            SubjectError: if *value* is anything else.
        """
        try:
            text = hooks.read_refusal(event, value)
        except SubjectError as error:
            raise self.place_at_return(error) from None
        if text is not None:
            said = self.messages[self._messages_before :] if value is False else []
            self.refuse(said[-1].text if said else text, show=not said)

    def place_at_return(self, error: SubjectError) -> SubjectError:
        """Return *error*, placed where the script that ran last returns, or else in its file."""
        if script := self._last_script:
            lines = enumerate(script.source.splitlines(), 1)
            returns = [number for number, line in lines if re.search(r"\breturn\b", line)]
            error.place = Place(script.name, returns[0] if len(returns) == 1 else 0)
        return error

    def refuse(self, text: str, *, show: bool = True) -> None:
        """Mark the action as refused, and show the reason *text* unless not *show*."""
        self._result.refused, self._result.refusal = True, text
        if show:
            self.show(text, "error", hooks.REFUSED)

    def show(self, text: str, level: str = "info", code: str = "") -> None:
        """Show a message to the user; *code* is set for messages of this package."""
        message = hooks.MessageShown(text=text, level=level, code=code)
        self.messages.append(message)
        self.tell(message)

    def note_write(self, owner: str, member: str, place: Place | None) -> None:
        """Record that a script wrote *member* of an object, so that its name can be checked later.

        *owner* names the object, such as ``form.$visible``. *place* is the script's line; None for
        a change inside a value, whose line is not known. Writes in sub-flows are not recorded.
        """
        if not self.name:
            self._result.named_writes.append(hooks.NamedWrite(owner, member, place))

    def assign_extension(self, name: str, value: Any, place: Place | None = None) -> None:
        """Apply a script's assignment to a ``$`` name of its form, such as ``form.$visible = {…}``.

        Raises:
            SubjectError: if there is no such extension, or it does not accept the value.
        """
        if name == "$message":
            message = value if isinstance(value, Mapping) else {"text": value}
            for member in message:
                self.note_write("form.$message", str(member), place)
            kind = message.get("type")
            level = "info" if kind is None or kind is UNDEFINED else _to_js_text(kind)
            self.note_write("form.$message.type", level, place)
            text = _to_js_text(message.get("text", ""))
            self.note_write(hooks.MESSAGE_TEXT, text, place)
            self.show(text, level)
        elif name in _MEMBERS and isinstance(value, Mapping):
            for field, state in value.items():
                self.set_state(field, _MEMBERS[name], state)
        else:
            raise _make_extension_error(name)

    def set_state(self, field: str, key: str, value: Any) -> None:
        """Set the state *key* (such as ``visible``) of a field; `UNDEFINED` resets it.

        Raises:
            SubjectError: if the state is true or false and *value* is text: ``'false'`` is truthy.
        """
        if key in INITIAL_STATES and isinstance(value, str) and value:
            raise SubjectError(
                "{field} takes true or false here, got the text {value!r}",
                code="BAD_WRITE",
                field=field,
                value=value,
            )
        states = self.states.setdefault(field, dict(INITIAL_STATES))
        states[key] = value
        if isinstance(value, UndefinedType):
            states.pop(key)
            states.update({key: INITIAL_STATES[key]} if key in INITIAL_STATES else {})

    def find_changed_states(self) -> dict[str, dict[str, Any]]:
        """Return the states that differ from those with which every field starts."""
        changed = {
            field: {
                key: value for key, value in states.items() if value is not INITIAL_STATES.get(key)
            }
            for field, states in self.states.items()
        }
        return {field: states for field, states in changed.items() if states}

    def read_states(self, field: str) -> Mapping[str, Any]:
        """Return ``visible``, ``required``, ``readonly`` and ``options`` (if set) of a field.

        A field that no script changed has the initial states.
        """
        return self.states.get(field, INITIAL_STATES)


def _to_js_text(value: Any) -> str:
    """Return *value* as JavaScript makes a text of it; Python would write None for null."""
    if isinstance(value, list | tuple):
        return ",".join(
            "" if one is None or one is UNDEFINED else _to_js_text(one) for one in value
        )
    if isinstance(value, float):
        return format_js_number(value)
    plain = "undefined" if value is UNDEFINED else to_scenario_value(value)
    if isinstance(plain, Mapping):
        return "[object Object]"
    return plain if isinstance(plain, str) else stringify_json(plain).decode()


class FieldStatesView(msgspec.Struct, frozen=True):
    """The live object ``form.$visible`` and its like: field -> state.

    Attributes:
        screen: form or project that has the states.
        fields: its fields by name.
        key: which state it is, such as ``visible``.
    """

    screen: ScriptedSubject
    fields: Mapping[str, Any]
    key: str
    is_frozen: bool = True

    def snapshot(self) -> Mapping[str, Any]:
        """Return the state of each field that has one."""
        screen, key = self.screen, self.key
        if not screen.states:
            return dict.fromkeys(self.fields, INITIAL_STATES[key]) if key in INITIAL_STATES else {}
        names = dict.fromkeys((*self.fields, *screen.states))
        known = screen.states.get
        return {name: state[key] for name in names if key in (state := known(name, INITIAL_STATES))}

    def write(self, field: str, value: Any, place: Place | None, /) -> None:
        """Set the state of a field, such as ``form.$visible.b``; `UNDEFINED` resets it.

        Raises:
            SubjectError: if the state is true or false and *value* is a text.
        """
        self.screen.note_write(f"form.{_STATE_NAMES[self.key]}", field, place)
        self.screen.set_state(field, self.key, value)


def make_object_for_each_state(
    subject: ScriptedSubject, fields: Mapping[str, Any]
) -> Mapping[str, LiveObject]:
    """Return ``$visible``, ``$required`` and the like of a form with *fields*, as live objects.

    Scripts read and write through them the states of fields.
    """
    return {name: FieldStatesView(subject, fields, key) for name, key in _MEMBERS.items()}


def _make_extension_error(name: str) -> SubjectError:
    if name in EXTENSIONS:
        return SubjectError(
            "form.{name} takes an object of field names, such as form.{name} = {{phone: …}}",
            code="BAD_WRITE",
            name=name,
        )
    hint = suggest_or_list(name, EXTENSIONS)
    return SubjectError("form.{name} is not known{hint}", code="UNKNOWN_NAME", name=name, hint=hint)


def check_entry(form: FormSubject, steps: Steps, value: Any = UNSET, old: Any = None) -> None:
    """Check that a person can enter *value* at *steps*, the path of a field, cell or button.

    Without *value* only that it is visible and not read-only, so that he can change or press it.

    Raises:
        SubjectError: if the field is hidden or read-only, or the value is not among its options. In
            a table or object, each member that differs from *old* is checked.
    """
    names = [str(step) for step in steps if isinstance(step, str)]
    for depth in range(len(names)):
        _check_is_editable(form, ".".join(names[: depth + 1]))
    if value is not UNSET:
        name = ".".join(names)
        _check_option(name, form.read_states(name).get("options"), value)
        for member, entered in _find_changed_members(name, value, old):
            _check_is_editable(form, member)
            _check_option(member, form.read_states(member).get("options"), entered)


def _find_changed_members(name: str, value: Any, old: Any) -> Iterator[tuple[str, Any]]:
    """Yield columns of a table, or members of an object, that change, with the new value.

    *value* replaces *old* in the field *name*; ``name.member`` is yielded as their name.
    """
    if isinstance(value, list | tuple):
        rows = old if isinstance(old, list | tuple) else ()
        for row, was in zip_longest(value, rows[: len(value)]):
            if isinstance(row, Mapping):
                yield from _find_changed_members(name, row, was)
    elif isinstance(value, Mapping):
        before = old if isinstance(old, Mapping) else {}
        for key, entered in value.items():
            was = before.get(key)
            if not hooks.is_same_value(entered, was) and not (
                is_field_value_empty(entered) and is_field_value_empty(was)
            ):
                member = f"{name}.{key}"
                yield member, entered
                yield from _find_changed_members(member, entered, was)


def _check_is_editable(form: FormSubject, name: str) -> None:
    state = form.read_states(name)
    for key, stops in (("visible", False), ("readonly", True)):
        if bool(state[key]) is stops:
            is_what = msg("hidden") if key == "visible" else msg("read-only")
            raise SubjectError(
                "{name} is {is_what}, so a person cannot change it; a script may, in js",
                code="HIDDEN" if key == "visible" else "READ_ONLY",
                name=name,
                is_what=is_what,
            )


def list_option_values(options: Any) -> list[Any]:
    """Return the values in a field's ``$options``; each may be given with a label."""
    choices = options if isinstance(options, list | tuple) else ()
    return [choice.get("value") if isinstance(choice, Mapping) else choice for choice in choices]


def find_option_problems(form: ScriptedSubject, name: str, value: Any) -> Iterator[str]:
    """Yield the problems of *value*, by the options of field *name* and of its members."""
    for member, entered in ((name, value), *_find_changed_members(name, value, None)):
        try:
            _check_option(member, form.read_states(member).get("options"), entered)
        except SubjectError as error:
            yield str(error)


def _check_option(name: str, options: Any, value: Any) -> None:
    if not isinstance(options, list | tuple) or is_field_value_empty(value):
        return
    known = list_option_values(options)
    for choice in value if isinstance(value, list | tuple) else (value,):
        if not any(hooks.is_same_value(choice, option) for option in known):
            raise SubjectError(
                "{name}: {choice!r} is none of its options{hint}",
                code="NOT_AN_OPTION",
                name=name,
                choice=DataValue(choice),
                hint=_suggest_option(choice, known),
            )


def _suggest_option(choice: Any, known: list[Any]) -> str:
    """Return a hint for the end of a message about *choice*, which is no option.

    It names the option that was probably meant, or else all options.
    """
    texts, entered = [str(DataValue(option)) for option in known], str(DataValue(choice))
    if entered in texts:
        meant = DataValue(known[texts.index(entered)])
        if isinstance(choice, str):
            return msg("; write {meant}, without quotes", meant=meant)
        return msg("; write {meant!r}, with quotes", meant=meant)
    return suggest_or_list(entered, texts)


def check_complete(form: FormSubject) -> None:
    """Check that no field that a person has to fill in is empty.

    Raises:
        SubjectError: if there is one; the message names all of them.
    """
    missing = list(_find_empty_required_fields(form))
    if missing:
        raise SubjectError(
            plural(
                len(missing),
                "required and empty is {names}",
                "required and empty are {names}",
                names=shorten_list(missing),
            ),
            code="REQUIRED",
        )


def _find_empty_required_fields(form: FormSubject) -> Iterator[str]:
    for name, state in form.states.items():
        field, *members = name.split(".")
        above = (".".join((field, *members[:depth])) for depth in range(len(members)))
        shown = state["visible"] and all(form.read_states(outer)["visible"] for outer in above)
        if not state["required"] or not shown:
            continue
        if members and name not in form.fields:
            yield from _find_empty_members(field, form.fields.get(field), members)
        elif is_field_value_empty(form.fields.get(name)):
            yield name


def _find_empty_members(path: str, value: Any, steps: Sequence[str]) -> Iterator[str]:
    """Yield where the member at *steps* is empty in *value*: in each row of a table, in an object.

    *path* is the place of *value*. What is neither has no members that could be empty.
    """
    if isinstance(value, list | tuple):
        for number, row in enumerate(value):
            inner = row if isinstance(row, Mapping) else {}
            yield from _find_empty_members(f"{path}[{number}]", inner, steps)
    elif isinstance(value, Mapping):
        step, *rest = steps
        if rest:
            yield from _find_empty_members(f"{path}.{step}", value.get(step), rest)
        elif is_field_value_empty(value.get(step)):
            yield f"{path}.{step}"


def is_field_value_empty(value: Any) -> bool:
    """Return whether a field counts as not filled in; 0 and false count as filled in."""
    return value is None or (isinstance(value, str | list | tuple | dict) and not value)


DEEPEST = 16


Chain = tuple[str, ...]
"""The changes that led to a script, each as ``customerId="12345"``."""


class ScriptForm(msgspec.Struct):
    """The object ``form`` that a script of *event* sees.

    Attributes:
        form: the form.
        event: event whose script it is, such as ``change.a``; "" if it belongs to none.
        chain: changes of fields that led to this script, such as ``a=1``, to notice cycles.
    """

    form: FormSubject
    event: str
    chain: Chain = ()
    is_frozen: bool = True

    @property
    def links(self) -> Mapping[str, LiveObject]:
        """Return the members of ``form`` that are objects by themselves, as ``form.$visible``."""
        return make_object_for_each_state(self.form, self.form.fields)

    @property
    def watched_members(self) -> Sequence[str]:
        """Return the tables whose columns are known.

        If a script reads another column of a row, its outcome names it, and the scenario warns.
        """
        return self.form.tables

    def snapshot(self) -> Mapping[str, Any]:
        """Return a copy of the form's fields, name -> current value, as the script sees them."""
        return dict(self.form.fields)

    def later(self) -> ScriptForm:
        """Return this view without its chain of changes, for what a timer of the script runs.

        Such a write counts as new, so it never belongs to an endless cycle of changes.
        """
        return ScriptForm(self.form, self.event)

    def write(self, field: str, value: Any, place: Place | None, /) -> None:
        """Set a field, and fire the handlers of its change.

        Raises:
            SubjectError: if *field* is a ``$`` name but no extension, or does not accept the value.
        """
        self.form.apply_script_write(field, value, self, place)


class FormSubject(ScriptedSubject, kw_only=True):
    """A form that a user drives.

    Attributes:
        fields: current values; a value is replaced, never changed inside.
        is_of_node: whether a node shows it, so that its states also restrict prefilled values.
    """

    fields: dict[str, Any] = msgspec.field(default_factory=dict)
    is_of_node: bool = False
    _page: Page | None = None

    def make_script_views(self) -> tuple[ScriptForm, None]:
        """Return the globals ``form`` and ``ctx`` (None) of a script that belongs to no event."""
        return ScriptForm(self, "js"), None

    def open(self, values: Mapping[str, Any]) -> Result:
        """Show the form with *values* prefilled and fire ``open``; prefilling fires no change.

        Raises:
            SubjectError: if the form is that of a node, and a person could not enter a value there.
        """
        # All are checked before the first is set: a form that is refused stays as it was.
        entries = {
            name: (self._parse_field_name_or_path(name), value) for name, value in values.items()
        }
        for path, value in entries.values() if self.is_of_node else ():
            old = find_value_at_steps(self.fields, path)
            if not hooks.is_same_value(value, old):
                check_entry(self, path, value, old)
        for name, (path, value) in entries.items():
            field = str(path[0])
            self.fields[field] = replace_at(self.fields.get(field), path[1:], value, name)
        return self.fire("open")

    def set(self, values: Mapping[str, Any]) -> Result:
        """Set fields one after another, as a user does; each change fires its handler."""
        for name, value in values.items():
            path = self._parse_field_name_or_path(name)
            check_entry(self, path, value, find_value_at_steps(self.fields, path))
            field = str(path[0])
            self._enter_value(field, replace_at(self.fields.get(field), path[1:], value, name))
        return self._result

    def _parse_field_name_or_path(self, name: str) -> Steps:
        """Return the steps of a field, or of a cell or member that is named by its path."""
        return (name,) if name in self.fields else parse_form_path(name) or (name,)

    def set_rows(self, table: str, change: Callable[[list[Any]], list[Any]]) -> Result:
        """Replace the rows of a table by *change* of its current rows."""
        # Only rows that *change* made or replaced are a person's entry. The others may hold values
        # that a script wrote, and that a person could not enter.
        check_entry(self, (table,))
        before = to_table_rows(self.fields.get(table), table)
        after = change(list(before))
        new = [row for row in after if not any(row is old for old in before)]
        check_entry(self, (table,), new)
        self._enter_value(table, after)
        return self._result

    def _enter_value(self, name: str, value: Any) -> None:
        """Apply a user's entry, and fire its handlers: first those of columns, then the field's."""
        for event in self._set_field(name, value, "user"):
            self.fire(event, (f"{name}={_text(value)}",))

    def _set_field(self, name: str, value: Any, by: str, place: Place | None = None) -> list[str]:
        """Set a field, and report it by a `FieldChanged` or `FieldReassigned` event.

        *by* is ``user``, or the event whose script sets it at the line *place*. Return the events
        (``change.…``) to fire next: those for which there is a script, none if the value is the
        same.
        """
        old, label = self.fields.get(name), self.qualify_name(name)
        if not hooks.set_or_delete_member(self.fields, name, value):
            self.tell(hooks.FieldReassigned(field=label, by=by, place=place))
            return []
        self.tell(hooks.FieldChanged(field=label, old=old, new=value, by=by, place=place))
        prefix = f"change.{name}."
        has_columns = any(event.startswith(prefix) for event in self.scripts)
        columns = find_changed_columns(old, value) if has_columns else ()
        events = [*(prefix + column for column in columns), f"change.{name}"]
        return [event for event in events if event in self.scripts]

    def click(self, button: str) -> Result:
        """Fire ``click.<button>``."""
        check_entry(self, (button,))
        return self.fire(f"click.{button}")

    def submit(self) -> Result:
        """Fire ``submit``, which refuses by returning false or by throwing.

        Raises:
            SubjectError: if a required field is empty, which is checked before any script runs.
        """
        check_complete(self)
        result = self.fire("submit")
        result.refused = bool(result.errors)
        if not result.errors:
            self.refuse_if_vetoed("submit", result.value)
        return result

    def fire(self, event: str, chain: Chain = ()) -> Result:
        """Run the scripts of *event*; *chain* are the changes that caused it."""
        view = ScriptForm(self, event, chain)
        self.run_scripts_until_refused(
            event,
            lambda script: self.runner.run_script(
                script, form=view, libraries=self.libraries, page=self.shared_script_context
            ),
        )
        return self._result

    @property
    def shared_script_context(self) -> Page:
        """Return the JavaScript context of all handlers, so that they share globals and timers."""
        if self._page is None:
            self._page = Page([body for bodies in self.scripts.values() for body in bodies])
        return self._page

    def apply_script_write(
        self, name: str, value: Any, view: ScriptForm, place: Place | None
    ) -> None:
        """Apply a script's write to a field; the handler of a change runs beside that script.

        *view* is the ``form`` of that script, which knows the changes that led to it. A change that
        these contain fires no handler, as it would go on without end.
        """
        if name.startswith("$"):
            self.assign_extension(name, value, place)
            return
        events = self._set_field(name, value, view.event, place)
        if not events:
            return
        link = f"{name}={_text(value)}"
        chain = (*view.chain, link)
        # A change that repeats in its own chain would do so without end: cut, with a warning. A
        # chain of ever new values, such as of a counter, is cut by its length and is an error.
        if link in view.chain or len(view.chain) >= DEEPEST:
            self.tell(hooks.CycleCut(field=name, chain=chain))
            if link not in view.chain:
                self._result.errors.append(_make_endless_change_error(chain, place))
            return
        for event in events:
            self._start_handlers_in_turn(event, self.scripts[event], ScriptForm(self, event, chain))

    def _start_handlers_in_turn(
        self, event: str, bodies: tuple[Script, ...], view: ScriptForm
    ) -> None:
        """Start the first of several handlers beside what runs; each next one when it has ended.

        After an error the rest is not started. *bodies* are the handlers of *event*, and *view* is
        their ``form``.
        """
        handler, *rest = bodies
        self.tell(hooks.HookStarted(event=self.qualify_name(event), script=handler.name))

        def done(ended: Outcome) -> None:
            # `_result` is read when it ends, not when it starts: the action that began it may be
            # over, and what the handler does then belongs to the action that is in progress.
            self._result.add_outcome(ended)
            if rest and ended.error is None:
                self._start_handlers_in_turn(event, tuple(rest), view)

        self.runner.start_script(
            handler, done, form=view, libraries=self.libraries, page=self.shared_script_context
        )

    def collect_facts(self) -> Mapping[str, Mapping[str, Any]]:
        """Return the states of every field, which scenarios can assert."""
        return {name: self.read_states(name) for name in (*self.fields, *self.states)}


def _make_endless_change_error(chain: Chain, place: Place | None) -> ScriptError:
    """Return the error of change handlers that set each other off without end.

    *chain* are the changes that led to it, such as ``a=1``; *place* is the last one's line.
    """
    steps = " -> ".join((*chain[:3], "…", chain[-1]))
    message = msg(
        "change handlers set each other off without end, cut after {deepest}: {steps}",
        deepest=DEEPEST,
        steps=steps,
    )
    return ScriptError(message, name="ChangeCycle", place=place)


_text = json.JSONEncoder(ensure_ascii=False, default=repr).encode
