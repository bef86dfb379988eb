"""Load a scenario file into its items, one for each row; report all problems of the file at once.

Scripts, fragments, definitions and tables are read here; no code of the file is run. An item is a
scenario, or one row of its table, with everything that it needs to run.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import Any, Literal, TypeVar

import msgspec
from msgspec import UNSET
from msgspec.structs import replace

from bpmax_sim.clock import Instant
from bpmax_sim.errors import (
    ConfigError,
    LimitedProblems,
    Place,
    Problem,
    get_place_sort_key,
    suggest_or_list,
)
from bpmax_sim.file_names import RelativeFileNameRewriter, build_cassette_name
from bpmax_sim.file_system import shell_quote
from bpmax_sim.i18n import DataValue, join_messages, msg
from bpmax_sim.platform.model import Model
from bpmax_sim.project import (
    Strictness,
    find_root,
    find_strictness,
    join_to_file,
    to_absolute_path,
)
from bpmax_sim.scenario import model, references
from bpmax_sim.scenario.check import check_scenario
from bpmax_sim.scenario.declarations import read_declarations, read_shared
from bpmax_sim.scenario.faults import fill_fault, find_fault_problem, to_transport_fault
from bpmax_sim.scenario.header import ItemHeader
from bpmax_sim.scenario.names import ScenarioNames
from bpmax_sim.scenario.reference_check import check_references
from bpmax_sim.scenario.shared_names import find_named_instances, find_platforms_of_scenario
from bpmax_sim.scenario.source import RunWarning, ScenarioSource, Spot, read_script
from bpmax_sim.scenario.table_rows import (
    Row,
    ScenarioDraft,
    find_run_column,
    list_nonsecret_cli_variables,
    parse_flag_or_reason,
    read_case_rows,
    split_names_cell,
)
from bpmax_sim.script.failure import Script
from bpmax_sim.session.options import list_option_words
from bpmax_sim.subject.definition import (
    Definition,
    FlowParts,
    LoadedNodeForm,
    NodeForm,
    RouteKey,
    SubFlowResult,
)
from bpmax_sim.transport.faults import Fault
from bpmax_sim.yamlfile import decode, format_steps, to_display_path

M = TypeVar("M", bound=Model)


class LocatedStep(msgspec.Struct, frozen=True):
    """A step with its spot in the file, its fault rules, and the steps that it contains.

    Attributes:
        faults: rules of the fault sets that it names, and rules written in it.
        during: steps performed while a call of this one is in flight.
        inner: for ``run: ${case.column}``, the steps in that cell of the row; else None.
        fills: keys that contain a ``${…}``, whose names can be checked only during the run.
    """

    step: model.Step
    spot: Spot
    faults: tuple[Fault, ...] = ()
    during: tuple[LocatedStep, ...] = ()
    inner: tuple[LocatedStep, ...] | None = None
    fills: frozenset[str] = frozenset()

    def walk(self) -> Iterator[LocatedStep]:
        """Yield the step itself, its ``during`` steps, and the steps of its row's cell."""
        yield self
        for located in (*self.during, *(self.inner or ())):
            yield from located.walk()


class Subjects(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """The code that all rows of a file share: scripts, flow definitions, named steps.

    Attributes:
        scripts: event of the form -> scripts in the order in which they run.
        flow: what a run needs of the main flow: definition, scripts, libraries, forms of nodes.
        subflows: the same of each sub-flow, by name.
        flow_files: files of flows, in whose lines errors may have their place.
        inline: path of a ``js:`` file as spelled in the step -> script.
        named: name -> steps of fragments.
        names_run_by_cells: those of these names whose steps the cells of some row run.
    """

    scripts: Mapping[str, tuple[Script, ...]] = msgspec.field(default_factory=dict)
    libraries: tuple[Script, ...] = ()
    inline: Mapping[str, Script] = msgspec.field(default_factory=dict)
    flow: FlowParts = FlowParts()
    subflows: Mapping[str, FlowParts] = msgspec.field(default_factory=dict)
    flow_files: tuple[Script, ...] = ()
    named: Mapping[str, tuple[LocatedStep, ...]] = msgspec.field(default_factory=dict)
    names_run_by_cells: tuple[str, ...] = ()

    @cached_property
    def handlers(self) -> tuple[Script, ...]:
        """Return the scripts of all events."""
        handlers = [script for scripts in self.scripts.values() for script in scripts]
        for flow in (self.flow, *self.subflows.values()):
            handlers += flow.handlers
        return tuple(dict.fromkeys(handlers))

    @cached_property
    def all_libraries(self) -> tuple[Script, ...]:
        """Return the libraries of form, flow, sub-flows and forms of nodes, each once."""
        flows = (self.flow, *self.subflows.values())
        more = (script for flow in flows for script in flow.all_libraries)
        return tuple(dict.fromkeys((*self.libraries, *more)))

    @cached_property
    def script_and_flow_files(self) -> tuple[Script, ...]:
        """Return all code in files of its own: scripts, libraries and flow definitions."""
        own = (*self.handlers, *self.inline.values(), *self.all_libraries)
        return (*own, *self.flow_files)


class ScenarioItem(msgspec.Struct, frozen=True, kw_only=True):
    """A scenario, or one row of its table, ready to run.

    Attributes:
        root: project folder.
        row: row of the table; None without a table.
        place: place of the scenario's name, or of the row.
        skip, xfail: reason, or a bool without one.
        vars: variables by name, weakest source first; their ``${…}`` are not replaced yet.
        cli_variables: variables given from outside, as they were given.
        cli_options: (name, text) of other options of the command line that change what happens.
        faults: fault rules for the whole item.
        cassette: name below the cassettes folder, without suffix.
        platforms: folders or files of the platforms; later ones win.
        instances: file of the instances, if the scenario names one.
        names: names of fields, nodes, people and so on, against which values are checked that a
            ``${…}`` gets only in the run.
        strictness: setting of the scenario's folder: which doubts are failures.
        warnings: problems of the file that are only warnings in its folder.
        fills: keys of the scenario that contain a ``${…}``.
        rows: number of rows in the file; 0 without a table.
    """

    root: Path
    path: Path
    spot: Spot
    scenario: model.Scenario
    subjects: Subjects
    steps: tuple[LocatedStep, ...]
    cleanup: tuple[LocatedStep, ...] = ()
    row: Row | None = None
    place: Place
    tags: tuple[str, ...] = ()
    skip: bool | str = False
    xfail: bool | str = False
    vars: Mapping[str, Any] = msgspec.field(default_factory=dict)
    cli_variables: Mapping[str, Any] = msgspec.field(default_factory=dict)
    cli_options: tuple[tuple[str, str], ...] = ()
    faults: tuple[Fault, ...] = ()
    cassette: str
    platforms: tuple[Path, ...]
    instances: Path | None = None
    names: ScenarioNames = ScenarioNames()
    strictness: Strictness = "normal"
    warnings: tuple[RunWarning, ...] = ()
    fills: frozenset[str] = frozenset()
    rows: int = 0

    @property
    def clock(self) -> Instant:
        """Return the start of virtual time with its zone; by default 1970-01-01 in UTC."""
        return Instant.parse(self.scenario.clock) if self.scenario.clock else Instant(0.0)

    @property
    def name(self) -> str:
        """Return ``name[row]``, or the name alone without a table, exactly as in the file.

        `one_line_name` is the same in one line.
        """
        return f"{self.scenario.scenario}[{self.row.id}]" if self.row else self.scenario.scenario

    @property
    def row_id(self) -> str:
        """Return the id of the row of ``cases:`` that this item is, or "" without a table."""
        return self.row.id if self.row else ""

    @property
    def header(self) -> ItemHeader:
        """Return what is needed to select and list this item, without its steps and scripts."""
        return ItemHeader(
            root=self.root,
            path=self.path,
            file=self.spot.source.file,
            title=self.scenario.scenario,
            was=self.scenario.was,
            row_id=self.row_id,
            place=self.place,
            tags=self.tags,
            skip=self.skip,
            xfail=self.xfail,
            cassette=self.cassette,
            platforms=self.platforms,
            instances=self.instances,
            steps=len(self.steps),
        )

    def walk_steps(self) -> Iterator[LocatedStep]:
        """Yield every step that may run, including those of fragments and of ``during``."""
        named = chain.from_iterable(self.subjects.named.values())
        for located in (*self.steps, *self.cleanup, *named):
            yield from located.walk()

    @property
    def one_line_name(self) -> str:
        """Return the name in one line, as pytest's node id needs it."""
        return self.header.one_line_name

    @property
    def node_id(self) -> str:
        """Return the pytest node id, which selects the item on the command line."""
        return self.header.node_id

    @property
    def trace_file_names(self) -> RelativeFileNameRewriter:
        """Return the object that writes file names in traces relative to the scenario's folder."""
        bodies = self.subjects.script_and_flow_files
        names = (self.spot.source.file, *[body.name for body in bodies])
        return RelativeFileNameRewriter(os.path.dirname(to_absolute_path(self.path)), names)  # noqa: PTH120 - faster

    @property
    def file_texts(self) -> Mapping[str, str]:
        """Return the text of each file of the item: scenario, fragments, scripts and flows."""
        own = self.spot.source
        steps = self.walk_steps()
        files = [own, *own.others.values(), *(located.spot.source for located in steps)]
        return {
            **{file.file: file.text for file in files},
            **{body.name: body.source for body in self.subjects.script_and_flow_files},
        }

    @property
    def selection_arguments(self) -> str:
        """Return the arguments of `bpmax-sim run` that select this item, with options of the run.

        They are one text, quoted for a shell.
        """
        name = self.node_id if self.row else self.spot.source.file
        return join_messages(" ", map(shell_quote, (name, *self.make_option_arguments("cli"))))

    @property
    def rerun_command(self) -> str:
        """Return the shell command that runs this item alone, with the same options."""
        return msg("bpmax-sim run {target}", target=self.selection_arguments)

    def make_option_arguments(self, source: Literal["cli", "pytest"]) -> tuple[str, ...]:
        """Return the words that pass the same options and variables on a command line.

        *source* is the command line, `bpmax-sim` or pytest; options that it lacks are left out.
        """
        variables = [("var", typed) for typed in self.cli_variable_assignments]
        return tuple(list_option_words(source, (*self.cli_options, *variables)))

    @property
    def cli_variable_assignments(self) -> tuple[str, ...]:
        """Return ``name=value`` of each variable of the command line that is not declared secret.

        Variables given as other values than texts, by a caller in Python, are left out.
        """
        return list_nonsecret_cli_variables(self.cli_variables, self.scenario.secrets)

    @property
    def owner_name_in_cassette(self) -> str:
        """Return the name by which a cassette says that an exchange was recorded for this item."""
        return self.name


def load_items(
    path: str | Path,
    *,
    variables: Mapping[str, Any] | None = None,
    environ: Mapping[str, str] = os.environ,
    root: Path | None = None,
    is_checked: bool = False,
) -> list[ScenarioItem]:
    """Return the items of a scenario file: one for each row, or a single one without a table.

    Args:
        path: scenario file.
        variables: values from outside; stronger than those of the file.
        environ: environment that ``${env.X}`` reads.
        root: project folder, if it is known already.
        is_checked: whether this very content has passed all checks before, which are then skipped.

    Raises:
        ConfigError: if anything is wrong with the file or the files it names; all problems at once.
    """
    problems: list[Problem] = LimitedProblems()
    path = path if isinstance(path, Path) else Path(path)
    home = root or find_root(path)
    declared = read_declarations(path, home, problems)
    scenario, source = _decode_scenario(declared.source, problems), declared.source
    draft = ScenarioDraft(
        spot=Spot(source),
        scenario=scenario,
        fragments=declared.fragments,
        used=declared.used_fragment_count,
        variables=variables or {},
        environ=environ,
        problems=problems,
    )
    try:
        draft.strictness = find_strictness(source.path, home)
    except ValueError as error:
        problems.append(Problem(str(error), Place(to_display_path(home / "pyproject.toml"))))
    draft.flows = dict(_load_flows(draft))
    draft.rows = (
        read_case_rows(draft.spot.at("cases"), problems) if scenario.cases is not UNSET else ()
    )
    subjects = _load_subjects(draft)
    draft.texts = _collect_sources_unless_python(draft, subjects)
    if not is_checked:
        check_scenario(draft)
        check_references(draft)
    loaded = [_build_item(draft, subjects, row, home) for row in draft.rows or (None,)]
    if problems:
        # Each once: what is wrong in a fragment or in a step is found for each row that is built.
        raise ConfigError(*sorted(dict.fromkeys(problems), key=get_place_sort_key))
    return loaded


def _decode_scenario(source: ScenarioSource, problems: list[Problem]) -> model.Scenario:
    """Return the scenario in *source*; *problems* are those of the files that it is merged from.

    Raises:
        ConfigError: if there are any, or the scenario cannot be decoded; all of them, each once.
    """
    found: list[Problem] = LimitedProblems()
    scenario = decode(source.root, model.Scenario, found)
    if scenario is not None and not problems:
        problems += found
        return scenario
    # Where a list goes on after that of another file, its elements have other numbers here.
    told = {(one.place, one.message) for one in problems}
    problems += [one for one in found if (one.place, one.message) not in told]
    raise ConfigError(*sorted(dict.fromkeys(problems), key=get_place_sort_key))


def load_items_checking_variables(
    variables: Mapping[str, Any], path: Path, environ: Mapping[str, str]
) -> list[ScenarioItem]:
    """Load the items of the scenario file *path* and make sure that it reads each of *variables*.

    A misspelled variable on the command line would otherwise have no effect.

    Raises:
        ConfigError: if nothing reads one of *variables*, or the file cannot be loaded.
    """
    items = load_items(path, variables=variables, environ=environ)
    check_variables_read(variables, items)
    return items


def check_variables_read(variables: Iterable[str], items: Iterable[ScenarioItem]) -> None:
    """Make sure that one of *items* at least reads each of *variables*, names of a command line.

    Raises:
        ConfigError: if nothing reads one of them, which is probably misspelt.
    """
    for text in find_unread_variables(variables, items):
        raise ConfigError(text)


def find_unread_variables(variables: Iterable[str], items: Iterable[ScenarioItem]) -> list[str]:
    """Return a message for each of *variables*, names of a command line, that no item reads."""
    sources = {id(item.spot.source): item for item in items}.values()
    declared = dict.fromkeys(name for item in sources for name in item.scenario.vars)
    written = "\n".join([item.spot.source.text_of_all_files for item in sources])
    return [
        msg(
            "nothing reads the variable {name!r}{hint}",
            name=name,
            hint=suggest_or_list(name, declared),
        )
        for name in variables
        if sources
        and name not in declared
        and not re.search(rf"vars\.{re.escape(name)}(?![\w-])", written)
    ]


def _collect_sources_unless_python(
    draft: ScenarioDraft, subjects: Subjects
) -> tuple[str, ...] | None:
    """Return the text of each script, flow definition and ``js:`` step of the scenario.

    None if a step may run Python, which can name anything. *subjects* are the loaded files.
    """
    values = [(getattr(step, "python"), getattr(step, "js")) for step, _ in draft.steps]  # noqa: B009
    if any(python is not UNSET for python, _ in values):
        return None
    files = (body.source for body in subjects.script_and_flow_files)
    return (*files, *(js for _, js in values if isinstance(js, str)))


def _load_flows(draft: ScenarioDraft) -> Iterator[tuple[str | None, tuple[Definition, Spot]]]:
    """Yield name, definition and spot of each flow; first the main flow, whose name is None."""
    for flow, (spec, spot) in draft.flow_specs.items():
        if flow is None and not spec.definition:
            continue
        if isinstance(spec, model.SubFlowSpec) and not spec.definition:
            yield flow, (Definition(flow=str(flow), start="", nodes={}), spot)
            continue
        named = spot.at("definition")
        try:
            file = read_shared(named.resolve_file_name(spec.definition), Definition)
        except ConfigError as error:
            draft.problems += error.problems
            draft.tell(
                named, "{name} cannot be used; see the problem in that file", name=spec.definition
            )
            continue
        draft.problems += file.problems
        if file.value is None:
            continue
        unread = [f"{problem.path}." for problem in file.problems]
        for path, message in file.value.find_mistakes():
            # What could not be read is not missing as well.
            inside = f"{format_steps(path)}.", f"{format_steps(path)}["
            if not any(there.startswith(inside) for there in unread):
                draft.tell(Spot(file.source).at(*path), message)
        yield flow, (file.value, Spot(file.source))


def _load_subjects(draft: ScenarioDraft) -> Subjects:
    spec = draft.scenario.form
    form = spec if isinstance(spec, model.FormSpec) else model.FormSpec()
    scripts, libraries = _load_code(draft, form, draft.spot.at("form"))
    names = [name for name in draft.flow_specs if name is None or name in draft.flows]
    flows = {name: _load_flow_parts(draft, name) for name in names}
    files = [file.source for _, file in draft.flows.values()]
    sources = [source for source in files if source is not draft.spot.source]
    named_files = (
        (name, spot.at(step.action, "file"))
        for step, spot in draft.steps
        if step.kind and (name := step.kind.find_script_file(step.value))
    )
    return Subjects(
        scripts=scripts,
        libraries=libraries,
        inline=dict(_load_scripts(draft, named_files)),
        flow=flows.get(None, FlowParts()),
        subflows={name: parts for name, parts in flows.items() if name is not None},
        flow_files=tuple(Script(source.text, source.file) for source in sources),
        named={
            name: tuple(_locate_step(draft, step, where, None) for step, where in steps)
            for name, steps in draft.fragment_steps_by_name.items()
        },
        names_run_by_cells=draft.names_run_by_cells,
    )


def _load_flow_parts(draft: ScenarioDraft, flow: str | None) -> FlowParts:
    """Return what a run needs of a flow: definition, scripts, libraries, forms of nodes.

    *flow* is the name of a sub-flow; None means the main flow. If the definition could not be read,
    it is left out. Of a stand-in, which only ends with a given result instead of a sub-flow, there
    are neither routes nor forms of nodes.
    """
    scripts, libraries = _load_code(draft, *draft.flow_specs[flow])
    parts = FlowParts(scripts=scripts, libraries=libraries)
    if flow not in draft.flows:
        return parts
    definition, file = draft.flows[flow]
    spec = draft.flow_specs[flow][0]
    if isinstance(spec, model.SubFlowSpec) and isinstance(spec.result, Mapping):
        stand_in = SubFlowResult(result=spec.result, status=spec.status)
        return replace(parts, definition=definition, stand_in=stand_in)
    screens = {}
    for name, node in definition.nodes.items():
        if isinstance(node.form, NodeForm):
            scripts, libraries = _load_code(draft, node.form, file.at("nodes", name, "form"))
            states = node.form.states
            screens[name] = LoadedNodeForm(states=states, scripts=scripts, libraries=libraries)
    places = _find_route_condition_places(definition, file.source)
    return replace(parts, definition=definition, route_places=places, screens=screens)


_ScriptOwner = model.FormSpec | model.FlowSpec | model.SubFlowSpec | NodeForm


def _find_route_condition_places(
    definition: Definition, source: ScenarioSource
) -> dict[RouteKey, Place]:
    """Return where the condition of each route is written; a route without one has its own place.

    If a condition is quoted, its place is the character after the quotation mark, so that a column
    inside the condition can be added to it.
    """
    places: dict[RouteKey, Place] = {}
    for name, node in definition.nodes.items():
        for action, number, path, route in node.list_routes_with_paths():
            value = source.root.find_at(("nodes", name, *path, *(["when"] if route.when else ())))
            if value is not None:
                place = value.place
                line = source.lines[place.line - 1] if place.line <= len(source.lines) else ""
                # Errors count from the first character of the condition, which stands behind the
                # quote.
                quoted = line[place.column - 1 : place.column] in {"'", '"'}
                key = RouteKey(name, action, number)
                places[key] = replace(place, column=place.column + quoted)
    return places


def _load_code(
    draft: ScenarioDraft, owner: _ScriptOwner, spot: Spot
) -> tuple[dict[str, tuple[Script, ...]], tuple[Script, ...]]:
    """Return the scripts of each event, and the libraries, of the form or flow *owner*.

    *owner* may also be a sub-flow or the form of a node; *spot* is its place in the scenario.
    """
    events = {
        event: spot.at("scripts", event).locate_elements(n) for event, n in owner.scripts.items()
    }
    scripts = {event: _load_scripts(draft, names) for event, names in events.items()}
    libraries = dict(_load_scripts(draft, spot.at("libraries").locate_elements(owner.libraries)))
    handlers = {event: tuple(script for _, script in named) for event, named in scripts.items()}
    return handlers, tuple(libraries.values())


def _load_scripts(
    draft: ScenarioDraft, names: Iterable[tuple[str, Spot]]
) -> Iterator[tuple[str, Script]]:
    """Yield each of *names*, file names of scripts with their spots, with the script in the file.

    A name is relative to the file that contains it. A script that cannot be read is left out and
    reported.
    """
    for name, spot in names:
        try:
            place = spot.place
            yield name, read_script(join_to_file(place.file, name), place)
        except ConfigError as error:
            draft.problems += error.problems


def _build_item(
    draft: ScenarioDraft, subjects: Subjects, row: Row | None, root: Path
) -> ScenarioItem:
    scenario, source = draft.scenario, draft.spot.source
    values = row.values if row else {}
    faults = [*_load_fault_rules(draft, scenario.faults, draft.spot.at("faults"), row)]
    if row:
        named = split_names_cell(values.get("faults"))
        spot = row.spot.at("faults") if row.spot else draft.spot.at("cases")
        faults += _load_fault_rules(draft, named, spot, row, is_row_cell=True)
    return ScenarioItem(
        root=root,
        path=source.path,
        spot=draft.spot,
        scenario=replace(scenario, proxy=_fill_instance(draft, row)),
        subjects=subjects,
        steps=_locate_steps(draft, draft.spot.at("steps"), scenario.steps, row),
        cleanup=_locate_steps(draft, draft.spot.at("finally"), scenario.cleanup, row),
        row=row,
        place=row.place if row else draft.spot.at("scenario").place,
        tags=(*scenario.tags, *map(str, split_names_cell(values.get("tags")))),
        skip=parse_flag_or_reason(values.get("skip")) or scenario.skip,
        xfail=parse_flag_or_reason(values.get("xfail")) or scenario.xfail,
        vars=draft.declared_vars,
        cli_variables=draft.variables,
        faults=tuple(faults),
        cassette=_resolve_cassette_name(draft, row, root),
        platforms=_find_platforms(draft, root),
        instances=find_named_instances(draft),
        names=draft.names,
        strictness=draft.strictness,
        warnings=tuple(draft.warnings),
        fills=draft.find_keys_with_references(draft.spot),
        rows=len(draft.rows),
    )


def _find_platforms(draft: ScenarioDraft, root: Path) -> tuple[Path, ...]:
    spots = draft.spot.at("proxy", "platforms")
    for name, spot in spots.locate_elements(draft.scenario.proxy.platform_paths):
        if not name:
            wrong = msg("an empty text names no folder or file; take it away, or name one")
            draft.tell(spot, wrong)
    try:
        return find_platforms_of_scenario(draft, root)
    except ValueError as error:
        draft.problems.append(Problem(str(error), Place(to_display_path(root / "pyproject.toml"))))
        return ()


def _resolve_cassette_name(draft: ScenarioDraft, row: Row | None, root: Path) -> str:
    declared = draft.scenario.proxy.cassette
    try:
        own_file = row.id if row and not _names_row(declared) else ""
        name = _resolve_before_run(draft, row, declared, msg("a cassette's name"))
    except ValueError as error:
        draft.tell(draft.spot.at("proxy", "cassette"), str(error))
        return ""
    return build_cassette_name(root, draft.spot.source.path, str(name), own_file)


def _names_row(text: str) -> bool:
    """Return whether *text* contains a ``${case.…}``, which differs from row to row.

    Raises:
        UndefinedValueError: if a ``${`` in it is not closed or does not start with a known root.
    """
    parts = references.split_references(text)
    return any(isinstance(part, references.Reference) and part.root == "case" for part in parts)


def _fill_instance(draft: ScenarioDraft, row: Row | None) -> model.ProxySpec:
    """Return ``proxy`` of the scenario with every ``${…}`` in its ``instance`` replaced.

    What is wrong with them is reported.
    """
    proxy = draft.scenario.proxy
    if "${" not in proxy.instance:
        return proxy
    try:
        name = _resolve_before_run(draft, row, proxy.instance, msg("an instance's name"))
    except ValueError as error:
        if not _is_told_by_check(error):
            draft.tell(draft.spot.at("proxy", "instance"), str(error))
        return proxy
    return replace(proxy, instance=references.to_text_or_empty(name))


def _resolve_before_run(draft: ScenarioDraft, row: Row | None, text: str, what: str) -> Any:
    """Return *text* with ``${…}`` replaced from the row, variables and environment.

    Used at load for keys such as ``cassette``, which must be known before the run. *row* is the row
    of the table, and *what* says in the error what the text is, such as ``a cassette's name``.

    Raises:
        ValueError: if it names a value that exists only in the run.
        UndefinedValueError: if it names one that does not exist; UnfitValueError: if only a member
            of it does not.
    """
    roots = {"case": row.values if row else {}, "vars": draft.declared_vars, "env": draft.environ}

    def lookup(ref: references.Reference) -> Any:
        if ref.root not in roots:
            raise ValueError(
                msg(
                    "{what} knows case, vars and env only, not ${{{ref_text}}}",
                    what=what,
                    ref_text=ref.text,
                )
            )
        try:
            return references.follow_path(roots[ref.root], ref)
        except references.UndefinedValueError as error:
            if str(ref.path[0]) not in roots[ref.root]:
                raise
            # The check of all references looks at first names alone, not at what is below them.
            raise references.UnfitValueError("{error}", error=error) from None

    return references.resolve(text, lookup)


def _locate_steps(
    draft: ScenarioDraft, spot: Spot, steps: tuple[model.Step, ...], row: Row | None
) -> tuple[LocatedStep, ...]:
    return tuple(
        _locate_step(draft, step, where, row) for step, where in spot.locate_elements(steps)
    )


def _locate_step(
    draft: ScenarioDraft, step: model.Step, spot: Spot, row: Row | None
) -> LocatedStep:
    meanwhile = step.during.steps if isinstance(step.during, model.During) else ()
    runs_row = row is not None and spot.steps[0] != "cases"  # or a row would run itself for ever
    cell = draft.steps_in_cells.get((row.id, find_run_column(step))) if row and runs_row else None
    return LocatedStep(
        step,
        spot,
        tuple(_load_fault_rules(draft, step.faults, spot.at("faults"), row)),
        _locate_steps(draft, spot.at("during", "steps"), meanwhile, row),
        None if cell is None else tuple(_locate_step(draft, *inner, row) for inner in cell),
        draft.find_keys_with_references(spot),
    )


def _load_fault_rules(
    draft: ScenarioDraft,
    faults: tuple[Any, ...],
    spot: Spot,
    row: Row | None,
    *,
    is_row_cell: bool = False,
) -> Iterator[Fault]:
    """Yield the rules of *faults*: names of fault sets, or rules written out.

    A name may be ``${case.column}``; then the cell names the sets or has the rules. *is_row_cell*
    is true for a row's own ``faults`` cell, which has its place in the table.
    """
    sets = draft.fault_sets
    for fault, where in spot.locate_elements(faults):
        if not isinstance(fault, str):
            yield from _load_inline_fault(draft, fault, where, row)
            continue
        place = row.place if is_row_cell and row else where.place
        names = _parse_fault_set_names(draft, fault, row, where, place)
        if not all(isinstance(name, str) for name in names):
            column = references.find_referenced_column(fault)
            cell = row.spot.at(column) if row and row.spot and column else where
            for rule, at in cell.locate_elements(names):
                yield from _load_inline_fault(draft, rule, at, row)
            continue
        for name in names:
            for rule, rule_spot in sets.get(name, ()):
                yield from _fill_fault(draft, rule, rule_spot, row)
            if name not in sets and (is_row_cell or names != (fault,)):
                hint = suggest_or_list(name, sets)
                message = msg("no fault set {name!r}{hint}", name=name, hint=hint)
                draft.problems.append(Problem(message, place, "cases" if is_row_cell else ""))


def _parse_fault_set_names(
    draft: ScenarioDraft, text: str, row: Row | None, spot: Spot, place: Place
) -> tuple[Any, ...]:
    """Return the names of fault sets in *text*: itself, or those in the cell that it refers to.

    The cell of ``${case.faults}`` in *row* may have several names, or fault rules written out,
    which are returned as maps. Empty if the cell or variable cannot be read: that is reported at
    *place*, except a ``${…}`` that is not defined, which another check reports. *spot* is that of
    the name, and *row* is None without a table and in named steps, which all rows share.
    """
    if "${" not in text:
        return (text,)
    try:
        return split_names_cell(
            _resolve_before_run(draft, row, text, msg("the name of a fault set"))
        )
    except ValueError as error:
        _report_unfilled_fault(draft, error, row, spot, place)
        return ()


def _report_unfilled_fault(
    draft: ScenarioDraft, error: ValueError, row: Row | None, spot: Spot, place: Place
) -> None:
    """Report at *place* the *error* of a ``${…}`` in a fault at *spot*.

    One that is not defined is left to the check of all references, unless it stands in the steps of
    a fragment: these have no *row*.
    """
    if not _is_told_by_check(error):
        draft.problems.append(Problem(str(error), place, "faults"))
    elif row is None and spot.source is not draft.spot.source:
        message = msg(
            "{error}; a fault in steps of a fragment knows the variables of the scenario and "
            "env only, since all rows share it",
            error=error,
        )
        draft.problems.append(Problem(message, place, "faults"))


def _is_told_by_check(error: ValueError) -> bool:
    """Return whether *error*, of a ``${…}``, is reported where all references are checked."""
    return isinstance(error, references.UndefinedValueError)


def _fill_fault(
    draft: ScenarioDraft, rule: model.FaultRule, spot: Spot, row: Row | None
) -> Iterator[Fault]:
    """Yield *rule* with every ``${…}`` replaced, as transport fault; nothing if it is invalid then.

    What is wrong is reported, except an undefined ``${…}`` that the check of all references
    reports. *row* is None in named steps, which all rows share.
    """
    try:
        filled = fill_fault(
            rule, lambda value: _resolve_before_run(draft, row, value, msg("a fault"))
        )
    except ValueError as error:
        _report_unfilled_fault(draft, error, row, spot, spot.place)
        return
    if wrong := find_fault_problem(filled):
        draft.problems.append(Problem(wrong, spot.place, "faults"))
    else:
        yield to_transport_fault(filled, spot.place)


def _load_inline_fault(
    draft: ScenarioDraft, fault: Any, spot: Spot, row: Row | None
) -> Iterator[Fault]:
    """Yield the rule written out at *spot* in a list of faults; nothing if it is invalid.

    What is wrong with it is reported. *fault* is what the file has there, for the message; *row*
    has the values of ``${case.…}`` in it, and is None in named steps.
    """
    problems: list[Problem] = []
    node = spot.source.root.find_at(spot.steps)
    rule = decode(node, model.FaultRule, problems, steps=spot.steps) if node is not None else None
    draft.problems += problems
    if rule and not problems:
        yield from _fill_fault(draft, rule, spot, row)
    elif not problems:
        message = msg("expected a fault, got {fault!r}", fault=DataValue(fault))
        draft.problems.append(Problem(message, spot.place, "faults"))
