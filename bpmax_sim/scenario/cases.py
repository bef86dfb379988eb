"""The rows of a table, inline or from a CSV file; each row becomes an item of its own.

CSV is read as UTF-8 with or without BOM, else as GB18030, which Chinese Excel writes. Cells are
text unless the header says otherwise: ``金额:number``.

Variables given on a command line, ``NAME=VALUE``: their texts, and what these mean in a file.

A scenario file while it is checked: everything it names, and what is wrong so far.
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from bpmax_sim.errors import ConfigError, Place, Problem, Problems, near, suggestion
from bpmax_sim.i18n import msg, worded
from bpmax_sim.js_values import TOO_LARGE, is_bounded, loads, whole
from bpmax_sim.scenario.model import (
    During,
    FaultRule,
    FlowSpec,
    FormSpec,
    Fragment,
    Scenario,
    Step,
    Table,
    declared_fields,
    keys_of,
)
from bpmax_sim.scenario.source import ScenarioSource, Spot
from bpmax_sim.subject.definition import Definition, NodeForm
from bpmax_sim.subject.hooks import SubjectKind
from bpmax_sim.yamlfile import Node, join, shown
from bpmax_sim.yamlfile.node import ScalarError, resolve

RESERVED = ("id", "faults", "skip", "xfail", "tags")
_FROM_KEYS = keys_of(Table)
_SHOWN = 40
_WHOLE = re.compile(r"[-+]?[0-9]+")
_BOOLEANS: Mapping[str, bool] = {
    "true": True,
    "false": False,
    "是": True,
    "否": False,
    "1": True,
    "0": False,
}


class Row(msgspec.Struct, frozen=True):
    """One row: its id, its values by column, and where it stands."""

    id: str
    values: Mapping[str, Any]
    place: Place


def rows_of(spot: Spot, problems: list[Problem]) -> tuple[Row, ...]:
    """Return the rows of ``cases`` at *spot*; what is wrong goes to *problems*."""
    node = spot.source.root.at(spot.steps)
    assert node is not None
    if node.items:
        rows = list(_from_file(node, spot, problems))
    elif node.elements:
        rows = list(_inline(node, problems))
    else:
        problems.append(Problem(msg("expected rows, or {from: a CSV file}"), spot.place, "cases"))
        return ()
    _check_ids(rows, problems)
    return tuple(rows)


def _inline(node: Node, problems: list[Problem]) -> Iterator[Row]:
    for index, child in enumerate(node.elements):
        path = f"cases[{index}]"
        if not isinstance(child.value, dict):
            problems.append(Problem(msg("expected a row such as {id: 正常}"), child.place, path))
            continue
        values = {key: value.plain() for key, value in child.items.items()}
        if not isinstance(values.get("id"), str | int) or values["id"] == "":
            problems.append(Problem(msg("a row needs an id"), child.place, path))
            continue
        yield Row(str(values["id"]), values, child.place)


def _check_ids(rows: list[Row], problems: list[Problem]) -> None:
    first: dict[str, Place] = {}
    for row in rows:
        if row.id in first:
            message = msg(
                "the id {row_id!r} is used twice, first in line {line}",
                row_id=row.id,
                line=first[row.id].line,
            )
            problems.append(Problem(message, row.place, "cases"))
        first.setdefault(row.id, row.place)


def _from_file(node: Node, spot: Spot, problems: list[Problem]) -> Iterator[Row]:
    for key in node.items:
        if key not in _FROM_KEYS:
            hint = near(key, _FROM_KEYS) or msg("; known are from, id")
            problems.append(
                Problem(
                    msg("unknown key {key!r}{hint}", key=key, hint=hint),
                    node.key_place(key),
                    "cases",
                )
            )
    name = node.items.get("from")
    if name is None or not isinstance(name.value, str):
        problems.append(Problem(msg("from: expected the path of a CSV file"), spot.place, "cases"))
        return
    id_node = node.items.get("id")
    id_column = str(id_node.value) if id_node else "id"
    try:
        yield from read_table(spot.source.path.parent / name.value, id_column)
    except ConfigError as error:
        problems += [
            problem if problem.place else Problem(problem.message, name.place, "cases.from")
            for problem in error.problems
        ]


def read_table(path: Path, id_column: str = "id") -> tuple[Row, ...]:
    """Return the rows of a CSV file.

    Raises:
        ConfigError: if it cannot be read, is empty, or has a cell that is not of its column's
            type; every problem at once.
    """
    file = shown(path)
    reader = csv.reader(io.StringIO(_text(path, file), newline=""))
    problems: list[Problem] = Problems()
    columns = _columns(next(_lines(reader, file, problems), []), file, problems)
    if not problems and id_column not in columns:
        hint = suggestion(id_column, columns)
        problems.append(
            Problem(
                msg("no column {id_column!r}{hint}", id_column=id_column, hint=hint), Place(file, 1)
            )
        )
    if problems:
        raise ConfigError(*problems)
    rows: list[Row] = []
    line = 2
    for cells in _lines(reader, file, problems):
        place, line = Place(file, line), reader.line_num + 1
        if any(cell.strip() for cell in cells):
            rows += _row(cells, columns, id_column, place, problems)
    if not rows and not problems:
        problems.append(Problem(msg("the table has no rows"), Place(file)))
    if problems:
        raise ConfigError(*problems)
    return tuple(rows)


def _lines(reader: Any, file: str, problems: list[Problem]) -> Iterator[list[str]]:
    """Yield the lines of a table up to one that cannot be read, such as with a quote left open."""
    try:
        yield from reader
    except csv.Error as error:
        message = msg("not a table: {error}; look for a quote that is not closed", error=error)
        problems.append(Problem(message, Place(file, reader.line_num)))


def _text(path: Path, file: str) -> str:
    try:
        data = path.read_bytes()
    except OSError as error:
        reason = error.strerror
        raise ConfigError(
            "table {file} cannot be read: {reason}; check the path", file=file, reason=reason
        ) from None
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    message = msg("this is neither UTF-8 nor GB18030; save the table as CSV UTF-8")
    raise ConfigError(Problem(message, Place(file)))


def _columns(header: list[str], file: str, problems: list[Problem]) -> dict[str, str]:
    """Return column names and their types, in order."""
    columns: dict[str, str] = {}
    for number, cell in enumerate(header, 1):
        name, _, kind = cell.strip().rpartition(":") if ":" in cell else (cell.strip(), "", "text")
        place = Place(file, 1, number)
        if not name:
            problems.append(Problem(msg("column {number} has no name", number=number), place))
        elif name in columns:
            problems.append(Problem(msg("column {name!r} is there twice", name=name), place))
        if kind not in TYPES:
            hint = suggestion(kind, TYPES)
            problems.append(
                Problem(
                    msg(
                        "column {name!r}: unknown type {kind!r}{hint}",
                        name=name,
                        kind=kind,
                        hint=hint,
                    ),
                    place,
                )
            )
        columns[name] = kind
    if not header:
        problems.append(
            Problem(msg("the table is empty; its first line names the columns"), Place(file))
        )
    return columns


def _row(
    cells: list[str], columns: dict[str, str], id_column: str, place: Place, problems: list[Problem]
) -> Iterator[Row]:
    if len(cells) > len(columns):
        message = msg(
            "{cells_count} cells for {columns_count} columns",
            cells_count=len(cells),
            columns_count=len(columns),
        )
        problems.append(Problem(message, place))
        return
    padded = [*cells, *([""] * (len(columns) - len(cells)))]
    values: dict[str, Any] = {}
    for (name, kind), cell in zip(columns.items(), padded, strict=True):
        try:
            values[name] = TYPES[kind](cell)
        except (ValueError, RecursionError):
            shown_cell = cell if len(cell) <= _SHOWN else f"{cell[:_SHOWN]}…"
            problems.append(
                Problem(
                    msg(
                        "column {name!r}: {shown_cell!r} is not a {kind}",
                        name=name,
                        shown_cell=shown_cell,
                        kind=kind,
                    ),
                    place,
                )
            )
    row_id = str(values.get(id_column, "")).strip()
    if not row_id:
        problems.append(
            Problem(
                msg("column {id_column!r} is empty; a row needs an id", id_column=id_column), place
            )
        )
        return
    yield Row(row_id, {**values, "id": row_id}, place)


def _number(cell: str) -> int | float | None:
    text = cell.strip().replace(",", "")
    if not text:
        return None
    if _WHOLE.fullmatch(text):
        return whole(text)
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(text)
    return number


def _boolean(cell: str) -> bool | None:
    text = cell.strip().lower()
    if text and text not in _BOOLEANS:
        raise ValueError(text)
    return _BOOLEANS.get(text)


def _json(cell: str) -> Any:
    value = loads(cell) if cell.strip() else None
    if not is_bounded(value):
        raise ValueError(TOO_LARGE)
    return value


TYPES: Mapping[str, Callable[[str], Any]] = {
    "text": str,
    "number": _number,
    "boolean": _boolean,
    "json": _json,
}
"""Column types; an empty number, boolean or json cell is null."""


def names_in_cell(value: Any) -> tuple[Any, ...]:
    """Return the entries of a reserved cell: a list as it is, a text split at commas."""
    if value is None or value == "":
        return ()
    if isinstance(value, str):
        parts = value.replace("，", ",").replace("、", ",").replace(";", ",").split(",")
        return tuple(part.strip() for part in parts if part.strip())
    return tuple(value) if isinstance(value, list | tuple) else (value,)


def flag(value: Any) -> bool | str:
    """Return a ``skip`` or ``xfail`` cell: a reason, or whether it holds at all."""
    if isinstance(value, str):
        text = value.strip()
        return _BOOLEANS.get(text.lower(), text) if text else False
    return bool(value)


class CliText(str):
    """The text of a variable as somebody typed it."""

    __slots__ = ()


def cli_variables(texts: Iterable[str]) -> dict[str, CliText]:
    """Return the variables that *texts* give, ``NAME=VALUE`` each; the last of a name wins.

    Raises:
        ValueError: with a text that is something else.
    """
    variables: dict[str, CliText] = {}
    for text in texts:
        name, equals, written = text.partition("=")
        if not equals or not name.strip():
            raise ValueError(text)
        variables[name.strip()] = CliText(written.strip())
    return variables


def meant(variables: Mapping[str, Any], declared: Mapping[str, Any]) -> dict[str, Any]:
    """Return *variables* with the values that their texts mean.

    A variable that the file declares as text stays text, such as a telephone number; any other is
    read as a plain value of the file would be.
    """
    return {
        name: _meant(value, declared.get(name)) if isinstance(value, CliText) else value
        for name, value in variables.items()
    }


def _meant(text: str, declared: Any) -> Any:
    if isinstance(declared, str) and "${" not in declared:
        return str(text)
    try:
        return resolve(text) if text else ""
    except ScalarError:
        return str(text)  # a number with leading zeros is the text that it looks like


def repeated(option: str, variables: Mapping[str, Any], secrets: Iterable[str]) -> tuple[str, ...]:
    """Return the words that give *variables* again, without those that *secrets* names."""
    hidden = {name.removeprefix("vars.").partition(".")[0] for name in secrets}
    return tuple(
        word
        for name, value in variables.items()
        if isinstance(value, CliText) and name not in hidden
        for word in (option, f"{name}={value}")
    )


@dataclass(frozen=True, slots=True)
class Loaded:
    """A fragment and where it stands."""

    fragment: Fragment
    spot: Spot


@dataclass(slots=True, kw_only=True)
class ScenarioDraft:
    """What the checks look at; `tell` takes what they find.

    Attributes:
        variables: given from outside, such as on the command line.
        environ: what ``${env.X}`` may name.
    """

    spot: Spot
    scenario: Scenario
    fragments: tuple[Loaded, ...] = ()
    definition: Definition | None = None
    definition_source: ScenarioSource | None = None
    children: Mapping[str, tuple[Definition, ScenarioSource]] = field(default_factory=dict)
    rows: tuple[Row, ...] = ()
    variables: Mapping[str, Any] = field(default_factory=dict)
    environ: Mapping[str, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    _steps: tuple[tuple[Step, Spot], ...] = field(default=(), init=False)

    def tell(self, spot: Spot, message: str, /, **values: object) -> None:
        """Note that something is wrong at *spot*; with *values* a template, as `msg` takes it."""
        self.problems.append(Problem(worded(message, values), spot.place, join(spot.steps)))

    @property
    def subjects(self) -> tuple[SubjectKind, ...]:
        """Return what is driven: a form, a flow, or both in one: a flow with its forms."""
        form = isinstance(self.scenario.form, FormSpec) or bool(self.node_forms)
        flow = isinstance(self.scenario.flow, FlowSpec)
        return (*(("form",) if form else ()), *(("flow",) if flow else ()))

    @property
    def specs(self) -> Mapping[SubjectKind, FormSpec | FlowSpec]:
        """Return the declarations of what is driven."""
        form, flow = self.scenario.form, self.scenario.flow
        specs: dict[SubjectKind, FormSpec | FlowSpec] = {}
        if isinstance(form, FormSpec):
            specs["form"] = form
        if isinstance(flow, FlowSpec):
            specs["flow"] = flow
        return specs

    @property
    def node_forms(self) -> Mapping[str, NodeForm]:
        """Return the forms of the flow's nodes."""
        nodes = self.definition.nodes if self.definition else {}
        return {n: node.form for n, node in nodes.items() if isinstance(node.form, NodeForm)}

    @property
    def scripts(self) -> Mapping[str, tuple[str, ...]]:
        """Return event -> script files, of forms and flow."""
        specs = (*self.node_forms.values(), *self.specs.values())
        return {event: files for spec in specs for event, files in spec.scripts.items()}

    @property
    def nodes(self) -> tuple[str, ...]:
        """Return the nodes of the flow, as far as it is defined."""
        return tuple(self.definition.nodes) if self.definition else ()

    @property
    def fields(self) -> tuple[str, ...]:
        """Return the declared fields of the form."""
        return declared_fields(self.scenario)

    @property
    def subflows(self) -> Mapping[str, Definition]:
        """Return the flows that nodes can start, by name."""
        return {name: child for name, (child, _) in self.children.items()}

    @property
    def lists_people(self) -> bool:
        """Return whether the scenario lists all people."""
        return bool(self.scenario.people)

    @property
    def people(self) -> tuple[str, ...]:
        """Return who is named anywhere; nobody where hooks may name others."""
        if self.scenario.people:
            return tuple(self.scenario.people)
        if any(event.partition(".")[0] == "owners" for event in self.scripts):
            return ()
        flows = (*((self.definition,) if self.definition else ()), *self.subflows.values())
        owners = [owner for flow in flows for node in flow.nodes.values() for owner in node.owners]
        admins = [admin for flow in flows for admin in flow.admins]
        user = self.scenario.user
        acting = [user.get("id", "")] if isinstance(user, Mapping) else [user]
        return tuple(dict.fromkeys(str(person) for person in (*owners, *admins, *acting) if person))

    def steps(self) -> Sequence[tuple[Step, Spot]]:
        """Return every step of the file and of its fragments, once those are read."""
        self._steps = self._steps or tuple(self._all_steps())
        return self._steps

    def _all_steps(self) -> Iterator[tuple[Step, Spot]]:
        for key, steps in (("steps", self.scenario.steps), ("finally", self.scenario.cleanup)):
            yield from _each(steps, self.spot.at(key))
        for loaded in self.fragments:
            for name, steps in loaded.fragment.steps.items():
                yield from _each(steps, loaded.spot.at("steps", name))

    def fault_sets(self) -> dict[str, tuple[tuple[FaultRule, Spot], ...]]:
        """Return the named fault sets; those of the file win over those of fragments."""
        by_name: dict[str, tuple[tuple[FaultRule, Spot], ...]] = {}
        sources = [(loaded.fragment.fault_sets, loaded.spot) for loaded in self.fragments]
        for sets, spot in (*sources, (self.scenario.fault_sets, self.spot)):
            for name, rules in sets.items():
                by_name[name] = tuple(elements(spot.at("fault_sets", name), rules))
        return by_name

    def declared_vars(self) -> dict[str, Any]:
        """Return variables, weakest first: fragments, the file, what is given from outside."""
        variables: dict[str, Any] = {}
        for loaded in self.fragments:
            variables |= loaded.fragment.vars
        variables |= self.scenario.vars
        return {**variables, **meant(self.variables, variables)}

    def named_steps(self) -> dict[str, tuple[tuple[Step, Spot], ...]]:
        """Return the named steps of the fragments."""
        return {
            name: tuple(elements(loaded.spot.at("steps", name), steps))
            for loaded in self.fragments
            for name, steps in loaded.fragment.steps.items()
        }


def _each(steps: Sequence[Step], spot: Spot) -> Iterator[tuple[Step, Spot]]:
    """Yield each step with its spot, and those that are done meanwhile."""
    for step, where in elements(spot, steps):
        yield step, where
        if isinstance(step.during, During):
            yield from _each(step.during.steps, where.at("during", "steps"))


T = TypeVar("T")


def elements(spot: Spot, values: Iterable[T]) -> Iterator[tuple[T, Spot]]:
    """Yield each of *values*, a list at *spot*, and where it stands."""
    return ((value, element(spot, index)) for index, value in enumerate(values))


def element(spot: Spot, index: int) -> Spot:
    """Return the element of a list, or the value itself where it stands for a list of one."""
    node = spot.source.root.at(spot.steps)
    return spot.at(index) if node is not None and node.elements else spot
