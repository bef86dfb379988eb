"""Walk through the value of an expectation: the maps, names and literals in it, also in operators.

In this module "denied" means that an operator such as ``$ne`` or ``$not`` is above the value.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from msgspec import UNSET

from bpmax_sim.scenario import expect, model
from bpmax_sim.scenario.references import Path
from bpmax_sim.subject.form import parse_form_path

_THROUGH = frozenset({"$eq", "$ne", "$in", "$not", "$contains", "$each", "$unordered", "$exactly"})
_DENYING = frozenset({"$ne", "$not", "$exists"})


def find_member_names(value: Any, path: Path = (), denied: bool = False) -> Iterator[_Named]:
    """Yield each member name in *value*, at any depth, with the path of its map in front.

    The bool is whether the member is denied. It may be absent then, as in ``{code: {$ne: 1}}``, so
    a misspelled name would go unnoticed.
    """
    for inside, members, under in find_maps(value, path, denied):
        for name, expected in members.items():
            yield inside, name, under or accepts_absent_value(expected)
            yield from find_member_names(expected, (*inside, name), under)


_Named = tuple[Path, str, bool]


def find_nested_literals(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Yield the literals that *value* compares with, also in operators, each with its path."""
    for where, literal, _ in find_literals_with_denial(value, path):
        yield where, literal


def find_literals_with_denial(
    value: Any, path: Path = (), denied: bool = False
) -> Iterator[tuple[Path, Any, bool]]:
    """Yield each literal that *value* compares with, its path in front.

    The bool is whether the literal is denied.
    """
    if type(value) is str:
        yield path, value, denied
    elif isinstance(value, Mapping) and any(map(expect.is_operator, value)):
        for key, operand in value.items():
            if key in _THROUGH:
                yield from find_literals_with_denial(
                    operand, (*path, key), denied or key in _DENYING
                )
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from find_literals_with_denial(item, (*path, index), denied)
    elif value is not UNSET:
        yield path, value, denied


def accepts_absent_value(expected: Any) -> bool:
    """Return whether *expected*, such as ``{$ne: 1}``, also holds for an absent value."""
    return isinstance(expected, Mapping) and any(
        key in _DENYING and not (key == "$exists" and operand is True)
        for key, operand in expected.items()
    )


def find_fields_expected_present(expectations: Iterable[model.Expect]) -> Iterator[str]:
    """Yield the fields of ``form`` and ``flow: {form: …}`` that must exist by *expectations*.

    Fields that may be absent, as in ``{$ne: 1}``, are left out; of a cell, its table is yielded.
    """
    for expected in expectations:
        of_flow = expected.flow.get("form") if isinstance(expected.flow, Mapping) else UNSET
        for form in (expected.form, of_flow):
            for name, value in form.items() if isinstance(form, Mapping) else ():
                if not expect.is_operator(name) and not accepts_absent_value(value):
                    yield str((parse_form_path(name) or (name,))[0])


def find_maps(
    value: Any, path: Path = (), denied: bool = False
) -> Iterator[tuple[Path, Mapping[str, Any], bool]]:
    """Yield each map that *value* compares with: its path, the map, and whether it is denied."""
    if isinstance(value, Mapping) and not any(map(expect.is_operator, value)):
        yield path, value, denied
    elif isinstance(value, Mapping):
        for key in _THROUGH & {*value}:
            yield from find_maps(value[key], (*path, key), denied or key in _DENYING)
