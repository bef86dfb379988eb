"""What a person can do with a form: what is hidden, read-only, required or no option stops him.

Scripts may write all the same. A column of a table has states of its own: ``明细.数量``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from msgspec import UNSET

from bpmax_sim.errors import SubjectError, listed, suggestion
from bpmax_sim.i18n import msg, plural
from bpmax_sim.subject.cells import Steps
from bpmax_sim.subject.hooks import same

if TYPE_CHECKING:
    from bpmax_sim.subject.form import FormSubject


def check_entry(form: FormSubject, steps: Steps, value: Any = UNSET, old: Any = None) -> None:
    """Check that a person can enter *value* for *old* at *steps*, or change or press what is there.

    Raises:
        SubjectError: it is hidden or read-only, or the value is none of its options; of a table or
            an object, this goes for each member that changes.
    """
    names = [str(step) for step in steps if isinstance(step, str)]
    for depth in range(len(names)):
        _check_state(form, ".".join(names[: depth + 1]))
    if value is not UNSET:
        name = ".".join(names)
        _check_option(name, form.state(name).get("options"), value)
        for member, entered in _changed_members(name, value, old):
            _check_state(form, member)
            _check_option(member, form.state(member).get("options"), entered)


def _changed_members(name: str, value: Any, old: Any) -> Iterator[tuple[str, Any]]:
    """Yield the columns of a table, or the members of an object, that get another value."""
    if isinstance(value, list | tuple):
        rows = old if isinstance(old, list | tuple) else ()
        for row, was in zip_longest(value, rows[: len(value)]):
            if isinstance(row, Mapping):
                yield from _changed_members(name, row, was)
    elif isinstance(value, Mapping):
        before = old if isinstance(old, Mapping) else {}
        for key, entered in value.items():
            was = before.get(key)
            if not same(entered, was) and not (is_empty(entered) and is_empty(was)):
                member = f"{name}.{key}"
                yield member, entered
                yield from _changed_members(member, entered, was)


def _check_state(form: FormSubject, name: str) -> None:
    state = form.state(name)
    for key, stops in (("visible", False), ("readonly", True)):
        if state.get(key, not stops) is stops:
            is_what = msg("hidden") if key == "visible" else msg("read-only")
            raise SubjectError(
                "{name} is {is_what}, so a person cannot change it; a script may, in js",
                name=name,
                is_what=is_what,
            )


def _check_option(name: str, options: Any, value: Any) -> None:
    if not isinstance(options, list | tuple) or is_empty(value):
        return
    known = [option.get("value") if isinstance(option, Mapping) else option for option in options]
    for choice in value if isinstance(value, list | tuple) else (value,):
        if not any(same(choice, option) for option in known):
            raise SubjectError(
                "{name}: {choice!r} is none of its options{hint}",
                name=name,
                choice=choice,
                hint=_hint(choice, known),
            )


def _hint(choice: Any, known: list[Any]) -> str:
    """Return the option that was probably meant, or all there are."""
    texts = [str(option) for option in known]
    if str(choice) in texts:
        meant = known[texts.index(str(choice))]
        if isinstance(choice, str):
            return msg("; write {meant}, without quotes", meant=meant)
        return msg("; write {meant!r}, with quotes", meant=meant)
    return suggestion(str(choice), texts)


def check_complete(form: FormSubject) -> None:
    """Check that no field is empty that a person has to fill in.

    Raises:
        SubjectError: there is one; the message names all of them.
    """
    missing = list(_missing(form))
    if missing:
        raise SubjectError(
            plural(
                len(missing),
                "required and empty is {names}",
                "required and empty are {names}",
                names=listed(missing),
            )
        )


def _missing(form: FormSubject) -> Iterator[str]:
    for name, state in form.states.items():
        table, dot, column = name.partition(".")
        shown = state.get("visible", True) and form.state(table).get("visible", True)
        if not state.get("required") or not shown:
            continue
        if not dot or name in form.fields:
            if is_empty(form.fields.get(name)):
                yield name
            continue
        rows = form.fields.get(table)
        for number, row in enumerate(rows if isinstance(rows, list | tuple) else ()):
            if is_empty(row.get(column) if isinstance(row, Mapping) else None):
                yield f"{table}[{number}].{column}"


def is_empty(value: Any) -> bool:
    """Return whether a field counts as not filled in: 0 and false do."""
    return value is None or (isinstance(value, str | list | tuple | dict) and not value)
