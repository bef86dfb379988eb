"""Walk through the value of an expectation: the maps, names and literals in it, also in operators.

In this module "denied" means that an operator such as ``$ne`` or ``$not`` is above the value, and
no second one that reverses it, as in ``{$not: {$ne: 1}}``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from msgspec import UNSET

from bpmax_sim.scenario import expect, model
from bpmax_sim.scenario.references import Path
from bpmax_sim.subject.form import parse_form_path


def find_member_names(value: Any, path: Path = (), denied: bool = False) -> Iterator[_Named]:
    """Yield each member name in *value*, an expectation: path of its map, name, whether denied.

    A member is denied if its expectation is such as ``{$ne: 1}``, or if it is below ``$not`` or
    ``$ne``. Most of these hold of an absent member, so that a misspelled name would go unnoticed.
    *path* and *denied* are those of *value* itself.
    """
    for inside, members, under in find_maps(value, path, denied):
        for name, expected in members.items():
            yield inside, name, under or denies_value(expected)
            yield from find_member_names(expected, (*inside, name), under)


_Named = tuple[Path, str, bool]


def find_nested_literals(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Yield the literals that *value* compares with, also in operators, each with its path."""
    for where, literal, _ in find_literals_with_denial(value, path):
        yield where, literal


def find_literals_with_denial(
    value: Any, path: Path = (), denied: bool = False
) -> Iterator[tuple[Path, Any, bool]]:
    """Yield each literal with which *value*, an expectation, compares: path, literal, is denied.

    A literal is denied if the value must not be like it, as below ``$ne`` or ``$not``. *path* and
    *denied* are those of *value* itself.
    """
    if type(value) is str:
        yield path, value, denied
    elif isinstance(value, Mapping) and any(map(expect.is_operator, value)):
        for key, operand in value.items():
            if key in expect.NESTING:
                yield from find_literals_with_denial(
                    operand, (*path, key), denied != (key in expect.DENYING)
                )
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from find_literals_with_denial(item, (*path, index), denied)
    elif value is not UNSET:
        yield path, value, denied


def denies_value(expected: Any) -> bool:
    """Return whether *expected*, such as ``{$ne: 1}``, says what a value is not, or that it is not.

    Unlike `expect.is_denial` it is false of a denial that a ``$not`` reverses. A name with such an
    expectation alone is no sign that something of that name exists.
    """
    return isinstance(expected, Mapping) and any(
        key == "$ne"
        or (key == "$exists" and operand is not True)
        or (key == "$not" and not denies_value(operand))
        for key, operand in expected.items()
    )


def find_fields_expected_present(expectations: Iterable[model.Expect]) -> Iterator[str]:
    """Yield the fields of ``form`` and ``flow: {form: …}`` that must exist by *expectations*.

    Fields with a denial, as in ``{$ne: 1}``, are left out; of a cell, its table is yielded.
    """
    for expected in expectations:
        of_flow = expected.flow.get("form") if isinstance(expected.flow, Mapping) else UNSET
        for form in (expected.form, of_flow):
            for name, value in form.items() if isinstance(form, Mapping) else ():
                if not expect.is_operator(name) and not denies_value(value):
                    yield str((parse_form_path(name) or (name,))[0])


def find_maps(
    value: Any, path: Path = (), denied: bool = False
) -> Iterator[tuple[Path, Mapping[str, Any], bool]]:
    """Yield each map with which *value*, an expectation, compares: path, map, whether denied.

    A map is denied if the value must not be like it, as below ``$ne`` or ``$not``. Maps of
    operators are looked into and not yielded; what is inside a yielded map or a list is left out.
    *path* and *denied* are those of *value* itself.
    """
    if isinstance(value, Mapping) and not any(map(expect.is_operator, value)):
        yield path, value, denied
    elif isinstance(value, Mapping):
        for key, operand in value.items():
            if key in expect.NESTING:
                yield from find_maps(operand, (*path, key), denied != (key in expect.DENYING))
