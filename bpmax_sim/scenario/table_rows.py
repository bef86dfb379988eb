"""The rows of a table, variables from a command line, and `ScenarioDraft`, the input of checks.

A table is inline or a CSV file; each row becomes an item of its own. CSV is read as UTF-8 with or
without BOM, else as GB18030, which Chinese Excel writes. Cells are text unless the header has a
type: ``金额:number``.
"""

from __future__ import annotations

import codecs
import csv
import io
import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec import UNSET

from bpmax_sim.errors import (
    WARNINGS,
    ConfigError,
    LimitedProblems,
    Place,
    Problem,
    suggest_nearest,
    suggest_or_list,
)
from bpmax_sim.i18n import fill_if_values, msg
from bpmax_sim.js_values import (
    TOO_LARGE,
    has_finite_numbers,
    loads_as_javascript,
    parse_whole_number,
)
from bpmax_sim.platform.response_shapes import Kind, find_kind
from bpmax_sim.project import Strictness
from bpmax_sim.scenario import model, references
from bpmax_sim.scenario.expected_literals import find_fields_expected_present
from bpmax_sim.scenario.names import ScenarioNames, describe_finding
from bpmax_sim.scenario.source import RunWarning, Spot
from bpmax_sim.subject.definition import Definition, NodeForm
from bpmax_sim.subject.hooks import SubjectKind
from bpmax_sim.yamlfile import Node, decode, format_steps, to_display_path
from bpmax_sim.yamlfile.file_reads import note_read
from bpmax_sim.yamlfile.node import UnreliableNumberError, resolve_scalar

RESERVED = ("id", "faults", "skip", "xfail", "tags")
_FROM_KEYS = model.list_file_keys(model.Table)
EMPTY = (None, "", "-")
"""Cells by which a row says that it has no such value."""
_SHOWN = 40
_WHOLE = re.compile(r"[-+]?[0-9]+")
_GROUPED = re.compile(r"[-+]?[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]*)?")
_BOOLEANS: Mapping[str, bool] = {
    "true": True,
    "false": False,
    "是": True,
    "否": False,
    "1": True,
    "0": False,
}


class Row(msgspec.Struct, frozen=True):
    """One row of a table.

    Attributes:
        id: names the row in the scenario's name, ``name[id]``.
        values: column -> value.
        place: line of the row.
        spot: for a row in the scenario file; None for one in a CSV file.
        missing: columns at the end of a CSV table for which the line has no cells.
    """

    id: str
    values: Mapping[str, Any]
    place: Place
    spot: Spot | None = None
    missing: tuple[str, ...] = ()


def read_case_rows(spot: Spot, problems: list[Problem]) -> tuple[Row, ...]:
    """Return the rows of ``cases`` at *spot*; append what is wrong to *problems*."""
    node = spot.source.root.find_at(spot.steps)
    assert node is not None
    if not node.items and not node.elements:
        problems.append(Problem(msg("expected rows, or {from: a CSV file}"), spot.place, "cases"))
    rows = tuple(
        _read_csv_rows(node, spot, problems)
        if node.items
        else _read_inline_rows(node, spot, problems)
    )
    first: dict[str, Place] = {}
    for row in rows:
        line = first.setdefault(row.id, row.place).line
        if first[row.id] is not row.place:
            message = msg(
                "the id {row_id!r} is used twice, first in line {line}", row_id=row.id, line=line
            )
            problems.append(Problem(message, row.place, "cases"))
    return rows


def _read_inline_rows(node: Node, spot: Spot, problems: list[Problem]) -> Iterator[Row]:
    for index, child in enumerate(node.elements):
        values = {key: value.to_plain() for key, value in child.items.items()}
        if not isinstance(child.value, dict):
            wrong = msg("expected a row such as {id: 正常}")
        elif not _is_row_id(values.get("id")):
            wrong = msg("a row needs an id")
        else:
            yield Row(str(values["id"]), values, child.place, spot.at(index))
            continue
        problems.append(Problem(wrong, child.place, f"cases[{index}]"))


def _is_row_id(value: Any) -> bool:
    """Return whether *value* can be the id of a row: a text not blank, or a whole number."""
    is_text_or_number = isinstance(value, str | int) and not isinstance(value, bool)
    return is_text_or_number and bool(str(value).strip())


def _read_csv_rows(node: Node, spot: Spot, problems: list[Problem]) -> Iterator[Row]:
    for key in node.items:
        if key not in _FROM_KEYS:
            hint = suggest_nearest(key, _FROM_KEYS) or msg("; known are from, id")
            message = msg("unknown key {key!r}{hint}", key=key, hint=hint)
            problems.append(Problem(message, node.find_key_place(key), "cases"))
    name, id_column = node.items.get("from"), node.items.get("id")
    if name is None or not isinstance(name.value, str):
        problems.append(Problem(msg("from: expected the path of a CSV file"), spot.place, "cases"))
        return
    path = spot.source.path.parent / name.value
    try:
        yield from read_table(path, str(id_column.value) if id_column else "id")
    except ConfigError as error:
        problems += [
            problem if problem.place else Problem(problem.message, name.place, "cases.from")
            for problem in error.problems
        ]


def read_table(path: Path, id_column: str = "id") -> tuple[Row, ...]:
    """Return the rows of a CSV file; *id_column* is the column with their ids.

    Raises:
        ConfigError: if it cannot be read, is empty, or has a cell of the wrong type; all problems
            at once.
    """
    table = _TableReader(path, id_column)
    rows = tuple(table.read_rows())
    if not rows and not table.problems:
        table.tell(Place(table.file), msg("the table has no rows"))
    if table.problems:
        raise ConfigError(*table.problems)
    return rows


class _TableReader:
    """The reader of a CSV file: its columns with their types, and the problems so far."""

    def __init__(self, path: Path, id_column: str) -> None:
        self.file = to_display_path(path)
        self.id_column = id_column
        # `newline=""`: a line break inside of quotes is part of its cell (Python's csv, footnote
        # 1).
        text = io.StringIO(decode_table(path, self.file)[0], newline="")
        self.reader = csv.reader(text, strict=True)
        self.columns: dict[str, str] = {}
        self.problems: list[Problem] = LimitedProblems()

    def tell(self, place: Place, message: str, /, **values: object) -> None:
        self.problems.append(Problem(fill_if_values(message, values), place))

    def read_rows(self) -> Iterator[Row]:
        self._read_header(next(self._read_lines(), []))
        line = 2
        for cells in () if self.problems else self._read_lines():
            # Where the record begins: a cell in quotes may have several lines, and the reader
            # counts these.
            place, line = Place(self.file, line), self.reader.line_num + 1
            if any(cell.strip() for cell in cells):
                yield from self._read_row(cells, place)

    def _read_lines(self) -> Iterator[list[str]]:
        """Yield the records up to one that cannot be read, such as with an open quotation mark."""
        begin = self.reader.line_num + 1
        try:
            for cells in self.reader:
                yield cells
                begin = self.reader.line_num + 1
        except csv.Error as error:
            # Where the record begins: what follows an open quote is read as a part of it.
            place = Place(self.file, begin)
            self.tell(
                place, "not a table: {error}; look for a quote that is not closed", error=error
            )

    def _read_header(self, header: list[str]) -> None:
        """Read the names of the columns and their types, in order."""
        for number, cell in enumerate(header, 1):
            head, colon, tail = cell.strip().rpartition(":")
            name, kind = (head, tail) if colon else (tail, "text")
            place = Place(self.file, 1, number)
            if not name:
                self.tell(place, "column {number} has no name", number=number)
            elif name in self.columns:
                self.tell(place, "column {name!r} is there twice", name=name)
            if kind not in TYPES:
                self.tell(
                    place,
                    "column {name!r}: unknown type {kind!r}{hint}",
                    name=name,
                    kind=kind,
                    hint=suggest_or_list(kind, TYPES),
                )
            self.columns[name] = kind
        if not header:
            self.tell(Place(self.file), msg("the table is empty; its first line names the columns"))
        if not self.problems and self.id_column not in self.columns:
            hint = suggest_or_list(self.id_column, self.columns)
            place = Place(self.file, 1)
            self.tell(place, "no column {id_column!r}{hint}", id_column=self.id_column, hint=hint)

    def _read_row(self, cells: list[str], place: Place) -> Iterator[Row]:
        missing = len(self.columns) - len(cells)
        if missing < 0:
            self.tell(
                place,
                "{cells_count} cells for {columns_count} columns",
                cells_count=len(cells),
                columns_count=len(self.columns),
            )
            return
        values: dict[str, Any] = {}
        # Spreadsheets leave out empty cells at the end of a line.
        for (name, kind), cell in zip(self.columns.items(), cells + [""] * missing, strict=True):
            try:
                values[name] = TYPES[kind](cell)
            except (ValueError, KeyError, RecursionError):
                self.tell(
                    place,
                    "column {name!r}: {shown_cell!r} is not a {kind}",
                    name=name,
                    shown_cell=cell if len(cell) <= _SHOWN else f"{cell[:_SHOWN]}…",
                    kind=kind,
                )
        row_id = str(values.get(self.id_column, "")).strip()
        if row_id:
            left_out = tuple(self.columns)[len(cells) :]
            yield Row(row_id, {**values, "id": row_id}, place, missing=left_out)
        else:
            self.tell(
                place, "column {id_column!r} is empty; a row needs an id", id_column=self.id_column
            )


def decode_table(path: Path, file: str) -> tuple[str, str]:
    """Return the text of a CSV file and its character set; messages call it *file*.

    Raises:
        ConfigError: if it cannot be read.
    """
    note_read(path)
    try:
        data = path.read_bytes()
    except OSError as error:
        reason = error.strerror
        raise ConfigError(
            "table {file} cannot be read: {reason}; check the path", file=file, reason=reason
        ) from None
    # Chinese Excel saves "CSV" as GBK, a part of GB18030, and without a mark. UTF-8 is tried first:
    # Chinese text in GBK is hardly ever valid UTF-8, while GB18030 accepts most of UTF-8.
    for encoding in ("utf-8-sig", "gb18030"):
        with suppress(UnicodeDecodeError):
            has_mark = data.startswith(codecs.BOM_UTF8)
            return data.decode(encoding), encoding if has_mark else encoding.removesuffix("-sig")
    message = msg("this is neither UTF-8 nor GB18030; save the table as CSV UTF-8")
    raise ConfigError(Problem(message, Place(file)))


def _parse_number(cell: str) -> int | float | None:
    """Return the number in a cell such as ``1,200.5``; None for an empty cell.

    Raises:
        ValueError: if it is not a finite number.
    """
    text = cell.strip()
    if not text:
        return None
    if _GROUPED.fullmatch(text):
        text = text.replace(",", "")
    if _WHOLE.fullmatch(text):
        return parse_whole_number(text)
    number = float(text)
    if not math.isfinite(number) or "_" in text:  # Python also reads 1_000
        raise ValueError(text)
    return number


def _parse_json(cell: str) -> Any:
    value = loads_as_javascript(cell) if cell.strip() else None
    if not has_finite_numbers(value):
        raise ValueError(TOO_LARGE)
    return value


TYPES: Mapping[str, Callable[[str], Any]] = {
    "text": str,
    "number": _parse_number,
    "boolean": lambda cell: _BOOLEANS[cell.strip().lower()] if cell.strip() else None,
    "json": _parse_json,
}
"""Column types; an empty number, boolean or json cell is null."""


def split_names_cell(value: Any) -> tuple[Any, ...]:
    """Return the names in a cell such as that of ``faults`` or ``tags``.

    A list is unchanged; a text is split at commas and semicolons, also Chinese ones.
    """
    if value is None or value == "":
        return ()
    if isinstance(value, str):
        return tuple(part.strip() for part in re.split("[,;，、；]", value) if part.strip())
    return tuple(value) if isinstance(value, list | tuple) else (value,)


NO: Final = frozenset({"no", "n", "off", "false", "0", "none", "null", "否", "不", "无", "-"})
"""Texts that somebody means to be false, and that are true in JavaScript."""
YES: Final = frozenset({"yes", "y", "on", "true", "1", "是"})


def parse_flag_or_reason(value: Any) -> bool | str:
    """Return a ``skip`` or ``xfail`` cell: a text as the reason; True or False without a reason.

    Texts such as ``yes`` and ``no`` mean a bool, and an empty cell means False.
    """
    if not isinstance(value, str):
        return bool(value)
    text = value.strip()
    is_flag = not text or text.lower() in NO | YES
    return text.lower() in YES if is_flag else text


class CliText(str):
    """A variable's value as typed on a command line; its type is not decided yet."""

    __slots__ = ()


def parse_cli_variables(texts: Iterable[str]) -> dict[str, CliText]:
    """Return the variables of *texts*, each ``NAME=VALUE``; the last value of a name wins.

    Raises:
        ValueError: if a text has another form; the message contains it.
    """
    variables: dict[str, CliText] = {}
    for text in texts:
        name, equals, written = text.partition("=")
        if not equals or not name.strip():
            raise ValueError(text)
        variables[name.strip()] = CliText(written.strip())
    return variables


def parse_cli_variable(value: Any, declared: Any) -> Any:
    """Return the value of a variable, of which a command line knows only text.

    A *value* that is no `CliText` is returned unchanged. A variable *declared* as text in the file
    stays text, so that a telephone number keeps its zeros; any other is read like a plain YAML
    value.
    """
    if not isinstance(value, CliText):
        return value
    if isinstance(declared, str) and "${" not in declared:
        return str(value)
    try:
        return resolve_scalar(str(value)) if value else ""
    except UnreliableNumberError:
        return str(value)  # a number with leading zeros is the text that it looks like


def list_nonsecret_cli_variables(
    variables: Mapping[str, Any], secrets: Iterable[str]
) -> tuple[str, ...]:
    """Return ``name=value`` of each variable typed on the command line, except those in *secrets*.

    They are shown to say how to repeat a run.
    """
    hidden = {name.split(".")[1] for name in secrets if name.startswith("vars.")}
    return tuple(
        f"{name}={value}"
        for name, value in variables.items()
        if isinstance(value, CliText) and name not in hidden
    )


@dataclass(kw_only=True)
class ScenarioDraft:
    """A scenario that has been read but not checked: the input of all checks, and their result.

    Attributes:
        fragments: defaults and fragments that it inherits from, weakest first.
        used: how many of *fragments*, the last ones, the scenario's own ``use`` names; those before
            them come from ``defaults.yaml`` and the like.
        flows: flow name -> definition, as far as it could be read; the main flow's name is None.
        variables: values from outside, such as from the command line.
        environ: environment that ``${env.X}`` reads.
        problems: what the checks found; any of them keeps the scenario from running.
        warnings: problems that are not failures in a lenient folder.
        texts: sources of all scripts; None if Python code may run, which can name anything.
    """

    spot: Spot
    scenario: model.Scenario
    fragments: Sequence[tuple[model.Fragment, Spot]] = ()
    used: int = 0
    flows: Mapping[str | None, tuple[Definition, Spot]] = field(default_factory=dict)
    rows: tuple[Row, ...] = ()
    variables: Mapping[str, Any] = field(default_factory=dict)
    environ: Mapping[str, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    warnings: list[RunWarning] = field(default_factory=list)
    strictness: Strictness = "normal"
    texts: tuple[str, ...] | None = None
    _filled_keys: dict[tuple[str, references.Path], frozenset[str]] = field(default_factory=dict)

    def tell(
        self,
        spot: Spot,
        message: str,
        /,
        known: Iterable[str] | None = None,
        kind: str = "",
        fails: bool = True,
        **values: object,
    ) -> None:
        """Record that the value at *spot* is wrong, as a failure or a warning.

        *message* is a template for *values*, whose ``{hint}`` lists names of *known* like the first
        value. A *kind* of `WARNINGS` is a warning in a lenient folder, and with *fails* false in a
        normal one, too.
        """
        words = describe_finding(message, values, known)
        if kind in WARNINGS and (not fails or self.strictness == "lenient"):
            self.warnings.append(RunWarning(kind, words, spot.place, fails))
        else:
            self.problems.append(Problem(words, spot.place, format_steps(spot.steps)))

    def find_keys_with_references(self, spot: Spot) -> frozenset[str]:
        """Return the keys of the map at *spot* whose values contain a ``${…}``; cached."""
        place = (spot.source.file, spot.steps)
        if place not in self._filled_keys:
            may_have = spot.source is not self.spot.source or self.may_have_references
            node = spot.source.root.find_at(spot.steps) if may_have else None
            self._filled_keys[place] = references.find_keys_with_references(node)
        return self._filled_keys[place]

    @cached_property
    def may_have_references(self) -> bool:
        """Return whether any line of the scenario's own tree may spell a ``${…}``.

        Lines are searched far faster than nodes are walked, and a file without any is common.
        """
        text = self.spot.source.text_of_all_files
        return "${" in text or "\\" in text  # or it is spelled with an escape

    @cached_property
    def names(self) -> ScenarioNames:
        """Return all names that exist in the scenario, against which checks compare others."""
        return ScenarioNames(
            subject_kinds=self.subject_kinds,
            fields=self.declared_fields,
            fields_named_by_flow=() if self.declared_fields else self.fields_named_by_flow,
            initial_value_kinds=self.initial_value_kinds,
            initial_table_columns=self.initial_table_columns,
            entered_columns=self.entered_columns,
            declared_variables=tuple(self.declared_vars),
            constants=self.constants,
            variables=self.all_variable_names,
            scripts=self.scripts,
            definition=self.definition,
            subflows=self.subflows,
            all_named_people=self.all_named_people,
            lists_people=bool(self.scenario.people),
            person_members=self.person_members,
            mentioned_people=self.mentioned_people,
            project_members=self.project_members,
            texts=self.texts,
            named_steps=tuple(self.fragment_steps_by_name),
        )

    @cached_property
    def subject_kinds(self) -> tuple[SubjectKind, ...]:
        """Return what is driven, ``form`` or ``flow``; both for a flow that has forms."""
        form = isinstance(self.scenario.form, model.FormSpec) or bool(self.node_forms)
        return (*(("form",) if form else ()), *(("flow",) if self.flow_specs else ()))

    @cached_property
    def flow_specs(self) -> Mapping[str | None, tuple[model.FlowSpec | model.SubFlowSpec, Spot]]:
        """Return name -> declaration and spot of each flow; the main flow's name is None."""
        flow, spot = self.scenario.flow, self.spot.at("flow")
        if not isinstance(flow, model.FlowSpec):
            return {}
        subflows = flow.subflows.items()
        return {
            None: (flow, spot),
            **{name: (spec, spot.at("subflows", name)) for name, spec in subflows},
        }

    @cached_property
    def definition(self) -> Definition | None:
        """Return the definition of the main flow; None without flow, or if it could not be read."""
        return self.flows[None][0] if None in self.flows else None

    @cached_property
    def node_forms(self) -> Mapping[str, NodeForm]:
        """Return node -> form of the nodes of the main flow that have one."""
        nodes = self.definition.nodes if self.definition else {}
        return {n: node.form for n, node in nodes.items() if isinstance(node.form, NodeForm)}

    @cached_property
    def scripts(self) -> Mapping[str, tuple[str, ...]]:
        """Return event -> script files, of forms and flow together."""
        specs = (*self.node_forms.values(), self.scenario.form, self.scenario.flow)
        declared = [spec for spec in specs if spec is not UNSET]
        return {event: files for spec in declared for event, files in spec.scripts.items()}

    @cached_property
    def main_flow_nodes(self) -> tuple[str, ...]:
        """Return the nodes of the main flow; empty without a definition."""
        return tuple(self.definition.nodes) if self.definition else ()

    @cached_property
    def declared_fields(self) -> tuple[str, ...]:
        """Return the fields that the scenario's form declares; empty without any."""
        return model.list_declared_fields(self.scenario)

    @cached_property
    def fields_named_by_flow(self) -> tuple[str, ...]:
        """Return the fields that a flow names; if the form declares none, there may be others.

        They are those of its initial values, of the forms of its nodes, and, if there are any such,
        of expectations.
        """
        flow = self.scenario.flow
        expected = (one for step, _ in self.steps for one in step.expectations)
        of_flow = flow.form if isinstance(flow, model.FlowSpec) else ()
        of_nodes = chain.from_iterable(form.fields for form in self.node_forms.values())
        known = dict.fromkeys((*of_flow, *of_nodes))
        said = find_fields_expected_present((self.scenario.expect, *expected)) if known else ()
        return (*known, *(field for field in said if field not in known))

    @cached_property
    def initial_value_kinds(self) -> Mapping[str, Kind]:
        """Return the kind of each form field's initial value, except values with ``${…}``."""
        kinds = {
            name: find_kind(value)
            for name, value in model.get_initial_form(self.scenario).items()
            if not isinstance(value, str) or "${" not in value
        }
        return {name: kind for name, kind in kinds.items() if kind is not None and kind != "null"}

    @cached_property
    def person_members(self) -> tuple[str, ...]:
        """Return the members that people are declared to have.

        Empty if none has more than a name.
        """
        user = self.scenario.user
        users = [user, *(step.user for step, _ in self.steps)]
        known = [*self.scenario.people.values(), *users]
        members = dict.fromkeys(
            str(name) for one in known if isinstance(one, Mapping) for name in one
        )
        return tuple(members) if members.keys() - {"id", "name"} else ()

    @cached_property
    def initial_table_columns(self) -> Mapping[str, tuple[str, ...]]:
        """Return table -> columns, for each table of the form with initial rows.

        They are those of the form's rows, and of those with which a flow begins instead.
        """
        form, flow = self.scenario.form, self.scenario.flow
        tables = form.fields.items() if isinstance(form, model.FormSpec) else ()
        started = flow.form if isinstance(flow, model.FlowSpec) else {}
        both = ((table, rows, started.get(table, rows)) for table, rows in tables)
        return {
            table: tuple(dict.fromkeys(name for row in chain(rows, begun) for name in row))
            for table, rows, begun in both
            if _are_rows(rows) and _are_rows(begun)
        }

    @cached_property
    def entered_columns(self) -> Mapping[str, tuple[str, ...]]:
        """Return table -> columns of the rows that steps add or set."""
        found: dict[str, dict[str, None]] = {}
        for step, _ in self.steps:
            value = step.value if isinstance(step.value, Mapping) else {}
            rows = {str(value.get("table")): [value.get("row")]} if step.action == "add_row" else {}
            values = value if step.action in {"set", "open"} else rows
            for table, entered in values.items():
                for row in entered if isinstance(entered, list | tuple) else ():
                    names = row if isinstance(row, Mapping) else ()
                    found.setdefault(table, {}).update(dict.fromkeys(names))
        return {table: tuple(names) for table, names in found.items() if names}

    @cached_property
    def all_variable_names(self) -> tuple[str, ...]:
        """Return every variable that exists at some time of the run."""
        return tuple(sorted({*self.declared_vars, *self._variables_changed_by_steps}))

    @cached_property
    def constants(self) -> frozenset[str]:
        """Return the variables with a value in the file that no step changes."""
        said = {k for k, value in self.declared_vars.items() if "${" not in references.show(value)}
        return frozenset(said - self._variables_changed_by_steps - self.variables.keys())

    @cached_property
    def _variables_changed_by_steps(self) -> set[str]:
        """Return the variables that steps save or pass to named steps."""
        steps = [step for step, _ in self.steps]
        variables = {name for step in steps for name in step.save}
        for step in steps:
            if inner := model.find_named_steps(step):
                variables |= inner[1].keys()
        return variables

    @cached_property
    def subflows(self) -> Mapping[str, Definition]:
        """Return the flows that nodes can start, by name."""
        return {name: flow for name, (flow, _) in self.flows.items() if name is not None}

    @cached_property
    def all_named_people(self) -> tuple[str, ...]:
        """Return the people that the scenario lists, else those that flows and ``user`` name.

        Without a list it is empty if a script of the event ``owners`` may name others.
        """
        if self.scenario.people:
            return tuple(self.scenario.people)
        if any(event.partition(".")[0] == "owners" for event in self.scripts):
            return ()
        flows = [flow for flow, _ in self.flows.values()]
        owners = [owner for flow in flows for node in flow.nodes.values() for owner in node.owners]
        admins = [admin for flow in flows for admin in flow.admins]
        user = self.scenario.user
        acting = [user.get("id", "")] if isinstance(user, Mapping) else [user]
        return tuple(dict.fromkeys(str(person) for person in (*owners, *admins, *acting) if person))

    @cached_property
    def mentioned_people(self) -> tuple[str, ...]:
        """Return the people named by flows, user, steps and policies, if the scenario lists none.

        Empty with a list, without a flow, if a name contains ``${…}``, or if a script of the event
        ``owners`` may name others.
        """
        if self.scenario.people or not self.flows or not self.all_named_people:
            return ()
        names = self.people_names_with_repeats
        if any("${" in name for name in names):
            return ()
        return tuple(dict.fromkeys((*self.all_named_people, *names)))

    @cached_property
    def people_names_with_repeats(self) -> Sequence[str]:
        """Return the people named by user, steps, policies and deadlines, once for each mention.

        So a check can count mentions: a name with a single one may be a misprint.
        """
        acting: list[Any] = [self.scenario.user if self.scenario.user is not UNSET else ""]
        for step, _ in self.steps:
            value = step.value if isinstance(step.value, Mapping) else {}
            acting += [step.by, value.get("by", ""), value.get("to", "")]
        for policy in self.scenario.policies:
            values = (getattr(policy, action) for action in model.POLICY_ACTIONS)
            named = [value.get("to", "") for value in values if isinstance(value, Mapping)]
            acting += [policy.by, *named]
        flows = [flow for flow, _ in self.flows.values()]
        acting += [
            late.notify for flow in flows for node in flow.nodes.values() for late in node.deadlines
        ]
        return [str(name) for one in acting for name in _to_id_list(one) if name]

    @cached_property
    def project_members(self) -> tuple[str, ...]:
        """Return the members that ``flow: project`` gives the project; empty without."""
        flow = self.scenario.flow
        return tuple(flow.project) if isinstance(flow, model.FlowSpec) else ()

    @cached_property
    def steps(self) -> LocatedSteps:
        """Return all steps of file, rows and fragments, including those of ``during``."""
        return (*self.steps_shared_by_rows, *chain.from_iterable(self.steps_by_row.values()))

    @cached_property
    def own_steps(self) -> LocatedSteps:
        """Return the steps under ``steps`` and ``finally``, and those in the ``during`` of these.

        Steps of fragments, and those in cells of a row, are left out.
        """
        own = {"steps": self.scenario.steps, "finally": self.scenario.cleanup}
        lists = (self.spot.at(key).locate_elements(steps) for key, steps in own.items())
        return tuple(_walk_steps(chain.from_iterable(lists)))

    @cached_property
    def steps_shared_by_rows(self) -> LocatedSteps:
        """Return the scenario's own steps and those of fragments; steps in cells are left out."""
        named = chain.from_iterable(self.fragment_steps_by_name.values())
        return (*self.own_steps, *_walk_steps(named))

    @cached_property
    def steps_by_row(self) -> Mapping[str, LocatedSteps]:
        """Return row id -> steps in the row's own cells."""
        by_row: dict[str, LocatedSteps] = {}
        for (row, _), steps in self.steps_in_cells.items():
            own = (entry for entry in steps if entry[1].steps[0] == "cases")
            by_row[row] = (*by_row.get(row, ()), *_walk_steps(own))
        return by_row

    @cached_property
    def steps_in_cells(self) -> Mapping[tuple[str, str], LocatedSteps]:
        """Return (row id, column) -> steps of each cell that ``run: ${case.column}`` runs.

        A cell that holds the name of a fragment's steps stands for these. Problems of a cell are
        reported.
        """
        if not self.rows:
            return {}
        runs = [(step, spot) for step, spot in self.own_steps if step.action == "run"]
        columns = {column: spot for step, spot in runs if (column := find_run_column(step))}
        cells = ((row, column) for column in columns for row in self.rows)
        return {
            (row.id, column): self._read_steps_cell(row, column)
            for row, column in cells
            if column in row.values
        }

    @cached_property
    def names_run_by_cells(self) -> tuple[str, ...]:
        """Return the names of the fragments' steps that cells of rows name, or whose steps run."""
        cells = [
            row.values[column]
            for row in self.rows
            for row_id, column in self.steps_in_cells
            if row_id == row.id
        ]
        own = chain.from_iterable(self.steps_by_row.values())
        run = [found[0] for step, _ in own if (found := model.find_named_steps(step))]
        return tuple(dict.fromkeys((*(one for one in cells if isinstance(one, str)), *run)))

    def _read_steps_cell(self, row: Row, column: str) -> LocatedSteps:
        """Return the steps in cell *column* of *row*: written out in it, or those that it names.

        Empty if it has neither; that is reported.
        """
        value = row.values[column]
        if isinstance(value, str) and value in self.fragment_steps_by_name:
            return self.fragment_steps_by_name[value]
        before = len(self.problems)
        spot = row.spot.at(column) if row.spot else None
        node = spot.source.root.find_at(spot.steps) if spot and isinstance(value, list) else None
        if spot is not None and node is not None:
            steps = decode(node, tuple[model.Step, ...], self.problems, steps=spot.steps)
            if steps is not None:
                return tuple(spot.locate_elements(steps))
        if len(self.problems) == before:
            named = (
                suggest_or_list(value, self.fragment_steps_by_name)
                if isinstance(value, str)
                else ""
            )
            message = msg(
                "row {row!r}: {column} names no steps, got {value}; write a list of steps, or the "
                "name of steps of a fragment{hint}",
                row=row.id,
                column=column,
                value=references.show(value),
                hint=named,
            )
            self.problems.append(Problem(message, spot.place if spot else row.place, "cases"))
        return ()

    @cached_property
    def fault_sets(self) -> Mapping[str, tuple[tuple[model.FaultRule, Spot], ...]]:
        """Return the named fault sets; those of the file win over inherited ones."""
        sets = self.scenario.fault_sets.items()
        spot = self.spot.at("fault_sets")
        return {name: tuple(spot.at(name).locate_elements(rules)) for name, rules in sets}

    @cached_property
    def declared_vars(self) -> Mapping[str, Any]:
        """Return variable -> value: inherited ones, those of the file, those from outside.

        If several declare one variable, the last in this order wins.
        """
        declared, outside = self.scenario.vars, self.variables.items()
        return {
            **declared,
            **{name: parse_cli_variable(value, declared.get(name)) for name, value in outside},
        }

    def is_in_own_file(self, spot: Spot) -> bool:
        """Return whether the value at *spot* is in the scenario file itself, not inherited."""
        return spot.place.file == self.spot.source.file

    @cached_property
    def fragment_steps_by_name(self) -> Mapping[str, tuple[tuple[model.Step, Spot], ...]]:
        """Return name -> steps of the fragments that the scenario uses, each step with its spot."""
        return {
            name: tuple(spot.at("steps", name).locate_elements(steps))
            for fragment, spot in self.fragments
            for name, steps in fragment.steps.items()
        }


LocatedSteps = tuple[tuple[model.Step, Spot], ...]


def find_run_column(step: model.Step) -> str:
    """Return the column that ``run: ${case.column}`` of *step* names; "" if it does not."""
    inner = model.find_named_steps(step)
    return references.find_referenced_column(inner[0]) if inner else ""


def _are_rows(value: Any) -> bool:
    """Return whether *value* is a list of rows, with one at least."""
    is_list = isinstance(value, list | tuple) and bool(value)
    return is_list and all(isinstance(row, Mapping) for row in value)


def _to_id_list(value: Any) -> Sequence[Any]:
    if type(value) is dict:
        return (value.get("id", ""),)
    return value if type(value) in {list, tuple} else (value,)


def _walk_steps(steps: Iterable[tuple[model.Step, Spot]]) -> Iterator[tuple[model.Step, Spot]]:
    """Yield each step with its spot, followed by its ``during`` steps."""
    for step, spot in steps:
        yield step, spot
        if isinstance(step.during, model.During):
            yield from _walk_steps(spot.at("during", "steps").locate_elements(step.during.steps))
