"""The content of a scenario file as frozen values, and the JSON Schemas made from these types.

Members of type ``Any`` may contain ``${…}``, so their type is checked only when a step runs. The
actions of a step are defined in `actions`, the events in `subject.hooks`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType, field

from bpmax_sim.i18n import msg
from bpmax_sim.platform.model import Model
from bpmax_sim.scenario.action import Action
from bpmax_sim.scenario.actions import ACTIONS, collect_action_texts, list_declared_actions
from bpmax_sim.scenario.expect import OPERATORS, list_operator_names
from bpmax_sim.scenario.flow_actions import FlowAction
from bpmax_sim.session.options import Mode, Severity, Unawaited, Unused
from bpmax_sim.subject.definition import Definition
from bpmax_sim.subject.hooks import SubjectKind, list_hooks
from bpmax_sim.yamlfile import (
    FILLABLE,
    Seconds,
    add_descriptions,
    attach_description,
    join_languages,
    make_json_schema,
    read_hover_texts,
)
from bpmax_sim.yamlfile.schema import DIALECT, REFERENCE, Texts
from bpmax_sim.yamlfile.shapes import build_shape

Status = Annotated[int, Meta(ge=100, le=599)]
ErrorName = Literal["timeout", "reset", "dns", "connect", "tls", "truncated", "invalid_json"]
TokenState = Literal["expired", "revoked"]
FillableStatus = Annotated[Status | str, FILLABLE]
FillableSeconds = Annotated[Seconds | str, FILLABLE]


class FormSpec(Model, frozen=True, kw_only=True):
    """A form: event -> script files, library files, initial values of its fields.

    Attributes:
        definition: file with the other keys; at load its content is merged into this struct.
    """

    definition: str = ""
    scripts: Mapping[str, tuple[str, ...]] = {}
    libraries: tuple[str, ...] = ()
    fields: Mapping[str, Any] = {}


class FormFile(Model, frozen=True, kw_only=True):
    """A form in a file of its own, named by ``definition``; *form* is its name for readers."""

    form: str = ""
    scripts: Mapping[str, tuple[str, ...]] = {}
    libraries: tuple[str, ...] = ()
    fields: Mapping[str, Any] = {}


class SubFlowSpec(Model, frozen=True, kw_only=True):
    """A flow that nodes start as a separate project; with *result*, a stand-in for it.

    Attributes:
        result: form fields with which a stand-in ends at once; nothing of the sub-flow is run.
        status: final status of the stand-in.
    """

    definition: str = ""
    result: Mapping[str, Any] | UnsetType = UNSET
    status: Literal["finished", "rejected"] = "finished"
    scripts: Mapping[str, tuple[str, ...]] = {}
    libraries: tuple[str, ...] = ()


class FlowSpec(Model, frozen=True, kw_only=True):
    """The flow that a scenario drives.

    Attributes:
        subflows: flows started by nodes, by the name that the nodes use.
        definition: file with nodes and transitions; without it names of nodes cannot be checked.
        at: node where the scenario starts; without it the project does not exist yet.
    """

    scripts: Mapping[str, tuple[str, ...]] = {}
    libraries: tuple[str, ...] = ()
    definition: str = ""
    at: str = ""
    project: Mapping[str, Any] = {}
    form: Mapping[str, Any] = {}
    subflows: Mapping[str, SubFlowSpec] = {}


class Drip(Model, frozen=True, kw_only=True):
    """A response body that arrives in *chunks* equal pieces over *over* seconds of virtual time."""

    chunks: Annotated[int, Meta(ge=1)] = 4
    over: Seconds = 0


class FaultAction(Model, frozen=True, kw_only=True):
    """The effect of a fault: another response, an error, a bad token, or a slow response.

    Attributes:
        executed: whether the third party executes the request although its response is lost.
    """

    status: FillableStatus | UnsetType = UNSET
    headers: Mapping[str, str] = {}
    body: Any = UNSET
    error: Annotated[ErrorName | str, FILLABLE] | UnsetType = UNSET
    after: int = 0
    token: Annotated[TokenState | str, FILLABLE] | UnsetType = UNSET
    delay: FillableSeconds | UnsetType = UNSET
    drip: Drip | UnsetType = UNSET
    executed: bool = False


class FaultRule(Model, frozen=True, kw_only=True):
    """A rule of fault injection: which calls are affected, and what happens to them.

    Attributes:
        on: affected API, ``platform.api``; ``platform.*``, ``platform.get_*`` or ``*`` for several.
        call: affected calls of it by number from 1, ``2`` or ``1-2``; by default all.
        attempts: number of affected sendings of such a call; by default only the first if *call* is
            given.
        do: the effect.
    """

    on: str
    call: int | str | UnsetType = UNSET
    attempts: Annotated[int, Meta(ge=1)] | UnsetType = UNSET
    do: FaultAction


class StubRequest(Model, frozen=True, kw_only=True):
    """The conditions on a request for a stub to respond: expected values, or operators.

    They are compared as expected calls are: a map may have further members, a text must be equal.
    """

    path: Any = UNSET
    query: Any = UNSET
    header: Any = UNSET
    body: Any = UNSET


class Stub(Model, frozen=True, kw_only=True):
    """A fixed response that takes precedence over the cassette, for calls that were not recorded.

    Attributes:
        request: conditions on the request; by default none.
        answers: responses for one request each, in turn; after the last one, requests pass through.
    """

    on: str
    request: StubRequest = StubRequest()
    answers: Annotated[tuple[FaultAction, ...], Meta(min_length=1)] = ()
    status: FillableStatus = 200
    headers: Mapping[str, str] = {}
    body: Any = UNSET
    delay: FillableSeconds = 0


class ProxySpec(Model, frozen=True, kw_only=True):
    """The declarations of third parties, and how their responses are recorded and matched.

    Attributes:
        platforms: folder or file, or several, of which later ones win.
        unused: how recordings are judged that no call replayed.
        unawaited: how calls are judged whose promise was not awaited; they complete anyway. By
            default they fail, while a call that was built and never sent is a warning.
    """

    platforms: str | tuple[str, ...] = ()
    instance: str = ""
    instances: str = ""
    cassette: str = ""
    mode: Mode | UnsetType = UNSET
    ignore: tuple[str, ...] = ()
    redact: tuple[str, ...] = ()
    unused: Unused = "fail"
    unawaited: Unawaited | UnsetType = UNSET
    repeat: bool = False
    stubs: tuple[Stub, ...] = ()

    @property
    def platform_paths(self) -> tuple[str, ...]:
        """Return the folders and files of platforms, also if only one is given.

        An empty text in a list is one of them, which the check of the file reports.
        """
        if isinstance(self.platforms, str):
            return (self.platforms,) if self.platforms else ()
        return self.platforms


class ExpectedCall(Model, frozen=True, kw_only=True):
    """One expected call; with *times*, how many calls must match.

    *call* is ``platform.api``, and the other keys are expected values of request, response or
    error. With *once_per_key*, calls that carry the same idempotency key (by which a server knows a
    repeated request) count once.
    """

    call: str
    path: Any = UNSET
    query: Any = UNSET
    header: Any = UNSET
    body: Any = UNSET
    status: Any = UNSET
    response: Any = UNSET
    source: Any = UNSET
    instance: Any = UNSET
    caller: Any = UNSET
    error: Any = UNSET
    times: Any = UNSET
    once_per_key: bool | UnsetType = UNSET


class Expect(Model, frozen=True, kw_only=True):
    """Conditions after a step, or after the whole scenario; absent sections are not checked."""

    form: Any = UNSET
    fields: Any = UNSET
    messages: Any = UNSET
    flow: Any = UNSET
    preview: Any = UNSET
    proxy: tuple[ExpectedCall, ...] | UnsetType = UNSET
    console: Any = UNSET
    result: Any = UNSET
    vars: Any = UNSET
    trace: Any = UNSET


class NewExpect(Expect, frozen=True, kw_only=True):
    """``expect: new``: nothing is expected yet.

    ``run --update`` writes the step's actual values.
    """


NOTHING_YET = msg(
    "nothing is expected yet; `bpmax-sim run FILE --update` (pytest: --bpmax-update) writes what "
    "was got"
)


class ExpectedError(Model, frozen=True, kw_only=True):
    """The error with which a step must end; an empty map accepts any.

    Attributes:
        type: class of the error, such as ``TypeError``.
        source: key ``from``: ``script``, ``form``, ``flow``, ``python``, a platform, or
            ``platform.api``.
    """

    type: Any = UNSET
    code: Any = UNSET
    message: Any = UNSET
    source: Any = field(default=UNSET, name="from")
    status: Any = UNSET


class Retry(Model, frozen=True, kw_only=True):
    """Repetition of a step's action until its expectation holds.

    Attributes:
        tries: maximum number of runs.
        every: seconds of virtual time between two runs.
        until: expectation that ends it; by default the step's ``expect``.
    """

    tries: Annotated[int, Meta(ge=1, le=100)] = 3
    every: Seconds = 1
    until: Expect | UnsetType = UNSET


class During(Model, frozen=True, kw_only=True):
    """What a person does while a call of the step's scripts is in flight.

    Attributes:
        call: ``platform.api`` of that call; the first one counts.
        steps: steps that are performed then.
    """

    call: str
    steps: tuple[Step, ...]


class _StepBase(Model, frozen=True, kw_only=True, dict=True):
    """The keys of a step besides its action.

    Attributes:
        at: node whose form the step uses, if the project is at several nodes.
        by: person who fills in, opens or clicks; the node must allow that.
        user: acting person if the action names none, and the user that scripts see; by default that
            of the scenario.
        condition: key ``if``; the step is skipped where it does not hold.
        only: ids of the rows for which the step runs; it is skipped for others.
        faults: names of fault sets, or fault rules, that apply during this step.
        save: variable -> value after the step, such as ``${steps.a.result.id}``.
    """

    id: str = ""
    name: str = ""
    at: str = ""
    by: str | int = ""
    user: Any = UNSET
    condition: Any = field(default=True, name="if")
    only: tuple[str | int, ...] | UnsetType = UNSET
    faults: tuple[Any, ...] = ()
    save: Mapping[str, Any] = {}
    retry: Retry | UnsetType = UNSET
    during: During | UnsetType = UNSET
    expect: Annotated[Expect, Meta(extra={"word": ("new", NewExpect())})] = Expect()
    expect_error: ExpectedError | str | UnsetType = UNSET

    @cached_property
    def action(self) -> str:
        """Return the key of the action; "" for a step that only checks."""
        return next(list_declared_actions(self), "")

    @cached_property
    def value(self) -> Any:
        """Return the value of the action as in the file; None for a step that only checks."""
        action = self.action
        return getattr(self, action) if action else None

    @cached_property
    def kind(self) -> type[Action] | None:
        """Return the subclass of `Action` for the step's action.

        None for a step that only checks.
        """
        return ACTIONS.get(self.action)

    @property
    def expectations(self) -> tuple[Expect, ...]:
        """Return all that must hold after the step: ``expect``, and ``until`` of ``retry``."""
        until = self.retry.until if isinstance(self.retry, Retry) else UNSET
        return (self.expect, until) if isinstance(until, Expect) else (self.expect,)

    @property
    def title(self) -> str:
        """Return the title for readers: the first of name, id, action and ``check`` that exists."""
        return self.name or self.id or self.action or "check"


if TYPE_CHECKING:

    class Step(_StepBase, frozen=True, kw_only=True):
        """One step: at most one action, then its expectations."""

else:  # one key an action
    Step = msgspec.defstruct(
        "Step",
        [(name, Any, UNSET) for name in ACTIONS],
        bases=(_StepBase,),
        namespace={"__doc__": msg("One step: at most one action, then what must be true.")},
        module=__name__,
        frozen=True,
        kw_only=True,
    )


class _PolicyBase(Model, frozen=True, kw_only=True):
    """The keys of a policy (what a person does with each task during ``play``) besides its action.

    Attributes:
        at: node, also of a sub-flow; ``*`` for any, ``start`` for a project back at its starter.
        by: owner; by default every owner. For ``withdraw`` and the like: the person who does it.
        after: time between the arrival of the task and the action.
        project: sub-flow that has the node; needed if main flow and sub-flow have one of that name.
        times: how often the policy may be applied in one run; by default without limit.
        only: ids of the rows for which the policy exists.
    """

    at: str
    by: str | int = ""
    project: str = ""
    after: Seconds = 0
    times: Annotated[int, Meta(ge=1)] | UnsetType = UNSET
    only: tuple[str | int, ...] | UnsetType = UNSET
    condition: Any = field(default=True, name="if")


POLICY_ACTIONS: Mapping[str, type[FlowAction]] = {
    name: action for name, action in ACTIONS.items() if issubclass(action, FlowAction)
}
"""What a policy can do: everything that people do with a project."""


if TYPE_CHECKING:

    class Policy(_PolicyBase, frozen=True, kw_only=True):
        """An action that a person performs on any task that matches.

        The first matching policy wins.
        """

else:  # one key an action
    Policy = msgspec.defstruct(
        "Policy",
        [(name, Any, UNSET) for name in POLICY_ACTIONS],
        bases=(_PolicyBase,),
        namespace={"__doc__": msg("What somebody does by himself when he has a task.")},
        module=__name__,
        frozen=True,
        kw_only=True,
    )


def is_for_row(part: Step | Policy, row_id: str) -> bool:
    """Return whether the step or policy *part* applies to the row with the id *row_id*.

    It does if its ``only`` lists the row, or it has none.
    """
    return part.only is UNSET or row_id in map(str, part.only)


def find_named_steps(step: Step) -> tuple[str, Mapping[str, Any]] | None:
    """Return name and variables of the named steps that *step* runs, or None if it runs none."""
    kind = step.kind
    return kind.find_named_steps(step.value) if kind else None


class Fragment(Model, frozen=True, kw_only=True):
    """The content that scenarios share by ``use``; as ``defaults.yaml``, all below its folder."""

    version: Literal[1] = 1
    description: str = ""
    use: tuple[str, ...] = ()
    form: FormSpec | UnsetType = UNSET
    flow: FlowSpec | UnsetType = UNSET
    proxy: ProxySpec = ProxySpec()
    vars: Mapping[str, Any] = {}
    secrets: tuple[str, ...] = ()
    user: Any = UNSET
    people: Mapping[str, Any] = {}
    clock: str = ""
    seed: int | UnsetType = UNSET
    policies: tuple[Policy, ...] = ()
    fault_sets: Mapping[str, tuple[FaultRule, ...]] = {}
    steps: Mapping[str, tuple[Step, ...]] = {}


class ExploreSpec(Model, frozen=True, kw_only=True):
    """The severity of each verdict of `bpmax-sim explore` on this scenario: verdict -> severity.

    A verdict, such as ``crash``, says how scripts take a changed response or a fault. One that is
    not set has the severity given in the documentation of ``explore``.
    """

    crash: Severity | UnsetType = UNSET
    silent: Severity | UnsetType = UNSET
    partial: Severity | UnsetType = UNSET
    duplicate: Severity | UnsetType = UNSET
    differs: Severity | UnsetType = UNSET
    stale: Severity | UnsetType = UNSET
    endless: Severity | UnsetType = UNSET
    invariant: Severity | UnsetType = UNSET
    unrecorded: Severity | UnsetType = UNSET


class Scenario(Model, frozen=True, kw_only=True):
    """A scenario file: a form or flow, its third parties, the steps that drive it, and its rows.

    Attributes:
        script: script that runs alone; at load it becomes the only step.
    """

    scenario: str
    was: tuple[str, ...] = ()
    version: Literal[1] = 1
    description: str = ""
    tags: tuple[str, ...] = ()
    skip: bool | str = False
    xfail: bool | str = False
    use: tuple[str, ...] = ()
    script: Any = UNSET
    form: FormSpec | UnsetType = UNSET
    flow: FlowSpec | UnsetType = UNSET
    proxy: ProxySpec = ProxySpec()
    vars: Mapping[str, Any] = {}
    secrets: tuple[str, ...] = ()
    user: Any = UNSET
    people: Mapping[str, Any] = {}
    clock: str = ""
    seed: int | UnsetType = UNSET
    faults: tuple[Any, ...] = ()
    fault_sets: Mapping[str, tuple[FaultRule, ...]] = {}
    cases: Any = UNSET
    policies: tuple[Policy, ...] = ()
    steps: tuple[Step, ...] = ()
    cleanup: tuple[Step, ...] = field(default=(), name="finally")
    expect: Expect = Expect()
    always: Expect = Expect()
    never: Expect | tuple[Expect, ...] = ()
    explore: ExploreSpec = ExploreSpec()

    @property
    def invariants(self) -> Iterator[tuple[tuple[str | int, ...], Expect]]:
        """Yield path in the file and value of ``always`` and of each ``never``, if there are any.

        ``never`` may be one expectation or a list of them.
        """
        if self.always != _NOTHING:
            yield ("always",), self.always
        if isinstance(self.never, Expect):
            yield ("never",), self.never
            return
        for number, one in enumerate(self.never):
            yield ("never", number), one


_NOTHING = Expect()


class Table(Model, frozen=True, kw_only=True):
    """The rows of a scenario taken from a CSV file; *id* is the column with their ids."""

    source: str = field(name="from")
    id: str = "id"


def get_initial_form(scenario: Scenario) -> dict[str, Any]:
    """Return the fields of *scenario*'s form with the values that they have before a script runs.

    A flow that is begun sends values of its own, which win over those that the form declares.
    """
    form, flow = scenario.form, scenario.flow
    return {
        **(form.fields if isinstance(form, FormSpec) else {}),
        **(flow.form if isinstance(flow, FlowSpec) else {}),
    }


def list_declared_fields(scenario: Scenario) -> tuple[str, ...]:
    """Return the fields that the form of *scenario* declares; empty without a form or fields."""
    form = scenario.form
    has_fields = isinstance(form, FormSpec) and form.fields
    return tuple(get_initial_form(scenario)) if has_fields else ()


def list_file_keys(model: type[Model]) -> tuple[str, ...]:
    """Return the keys of *model* as they are spelled in files."""
    return model.__struct_encode_fields__


Schema = dict[str, Any]
HOVER = Path(__file__).with_name("hover.yaml")
_EXPECTED = {"$ref": f"{REFERENCE}Expected"}


def collect_hover_texts() -> Texts:
    """Return the texts that editors show for each key of a scenario file.

    They are a map: structure -> key -> English and Chinese text.
    """
    texts, own = read_hover_texts(HOVER), collect_action_texts()
    return {name: {**texts.get(name, {}), **own.get(name, {})} for name in {**texts, **own}}


def make_scenario_schema() -> Schema:
    """Return the schema of ``*.scenario.yaml``."""
    texts = collect_hover_texts()
    schema = make_json_schema(Scenario, title="bpmax-sim scenario", hover=texts)
    _refine_schema(schema, texts)
    _replace_key_schema(schema, "cases", _make_cases_schema(schema, texts))
    script = _make_type_schema(ACTIONS["js"].get_value_type(), schema["definitions"], texts)
    _replace_key_schema(schema, "script", script)
    schema["anyOf"] = [{"required": ["steps"]}, {"required": ["script"]}]
    return schema


def _make_events_schema(subject: SubjectKind) -> Schema:
    """Return the schema of the ``scripts`` of *subject*; other keys than its events are invalid."""
    patterns = [rf"{hook.name}\..+" if hook.named else hook.name for hook in list_hooks(subject)]
    return {"pattern": f"^({'|'.join(patterns)})$"}


def make_fragment_schema() -> Schema:
    """Return the schema of the files that ``use`` names."""
    texts = collect_hover_texts()
    schema = make_json_schema(Fragment, title="bpmax-sim fragment", hover=texts)
    _refine_schema(schema, texts)
    return schema


def make_form_schema() -> Schema:
    """Return the schema of the files that ``form`` names."""
    schema = make_json_schema(FormFile, title="bpmax-sim form", hover=collect_hover_texts())
    schema["properties"]["scripts"]["propertyNames"] = _make_events_schema("form")
    return schema


def make_people_schema() -> Schema:
    """Return the schema of the files that ``people`` names."""
    person = {"type": ["string", "integer", "object"]}
    text = join_languages(collect_hover_texts()["Scenario"]["people"])
    return {
        "$schema": DIALECT,
        "title": "bpmax-sim people",
        "description": text,
        "type": "object",
        "additionalProperties": person,
    }


def make_flow_schema() -> Schema:
    """Return the schema of flow definitions."""
    schema = make_json_schema(Definition, title="bpmax-sim flow", hover=collect_hover_texts())
    schema["properties"]["scripts"]["propertyNames"] = _make_events_schema("flow")
    return schema


def _refine_schema(schema: Schema, texts: Texts) -> None:
    """Add to *schema*, made from the Python types, what these types cannot express.

    For example the value of each action, ``${…}`` in conditions, and the operators of ``expect``.
    """
    definitions = schema["definitions"]
    step = definitions["Step"]
    for place in filter(None, (step, definitions.get("Policy"))):
        for name in ACTIONS.keys() & place["properties"].keys():
            action = ACTIONS[name]
            value = action.make_value_schema() or _make_type_schema(
                action.get_value_type(), definitions, texts
            )
            _replace_key_schema(place, name, value)
        _replace_key_schema(place, "if", {"type": ["string", "boolean"]})
    fault = {"anyOf": [{"type": "string"}, _make_type_schema(FaultRule, definitions, texts)]}
    for place in (schema, step):
        if "faults" in place["properties"]:
            _replace_key_schema(
                place, "faults", {"anyOf": [{"type": "array", "items": fault}, fault]}
            )
    _refine_subjects(schema)
    definitions["Expected"] = _make_expected_schema(texts)
    for model in (Expect, ExpectedCall, ExpectedError):
        for key in {*list_file_keys(model)} - {"call", "proxy"}:
            _replace_key_schema(definitions[model.__name__], key, _EXPECTED)
    schema["definitions"] = dict(sorted(definitions.items()))


def _refine_subjects(schema: Schema) -> None:
    """Restrict *schema* to the events that a form or flow has, and allow more types for some keys.

    ``form``, ``flow``, ``people`` and sub-flows may also be file names; ``user`` may be an id.
    """
    definitions = schema["definitions"]
    _replace_key_schema(schema, "user", {"type": ["string", "integer", "object"]})
    subjects: tuple[SubjectKind, ...] = ("form", "flow")
    for subject in subjects:
        definition = definitions[f"{subject.title()}Spec"]
        definition["properties"]["scripts"]["propertyNames"] = _make_events_schema(subject)
    for key in (*subjects, "people"):  # or the file that says it
        _replace_key_schema(schema, key, {"anyOf": [{"type": "string"}, schema["properties"][key]]})
    flows = definitions["FlowSpec"]["properties"]["subflows"]["additionalProperties"]
    definitions["FlowSpec"]["properties"]["subflows"]["additionalProperties"] = {
        "anyOf": [{"type": "string"}, flows]
    }


def _make_type_schema(type_: Any, definitions: Schema, texts: Texts) -> Schema:
    """Return the schema of *type_* with descriptions.

    Add the structures it uses to *definitions*.
    """
    result: Schema = {}
    schema = build_shape(type_).to_json_schema(result)
    for name, definition in result.items():
        if name not in definitions:
            add_descriptions(definition, texts.get(name, {}))
            definitions[name] = definition
    return schema


def _make_expected_schema(texts: Texts) -> Schema:
    """Return the schema of a value in ``expect``, in which keys with ``$`` must be known operators.

    It names no JSON type: each keyword applies only to values of its own type (objects, arrays).
    """
    operators = "|".join(re.escape(name.removeprefix("$")) for name in list_operator_names())
    return {
        "description": join_languages(texts["Expected"]["_"]),
        "propertyNames": {"pattern": rf"^(?!\$)|^\$({operators})$"},
        "properties": {
            name: {"description": join_languages(texts["Expected"][name])} for name in OPERATORS
        },
        "additionalProperties": _EXPECTED,
        "items": _EXPECTED,
    }


def _make_cases_schema(schema: Schema, texts: Texts) -> Schema:
    row = {
        "type": "object",
        "properties": {"id": {"type": ["string", "integer"], "minLength": 1}},
        "required": ["id"],
    }
    add_descriptions(row, texts["Row"])
    table = _make_type_schema(Table, schema["definitions"], texts)
    return {"anyOf": [{"type": "array", "minItems": 1, "items": row}, table]}


def _replace_key_schema(definition: Schema, key: str, value: Schema) -> None:
    """Replace the schema of *key* in *definition*, keeping the description it has there."""
    words = definition["properties"][key].get("description")
    definition["properties"][key] = attach_description(value, words) if words else value
