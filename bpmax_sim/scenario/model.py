"""What a scenario file declares, as frozen values, and the JSON Schemas generated from these types.

Values typed ``Any`` may hold ``${…}``, so their shape is judged when a step runs. The actions of a
step are those of `actions`, the events those of `subject.hooks`.
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
from bpmax_sim.scenario.actions import ACTIONS, action_texts, declared_actions
from bpmax_sim.scenario.expect import OPERATORS, operator_names
from bpmax_sim.scenario.flow_actions import FlowAction
from bpmax_sim.session.options import Mode, Severity, Unawaited, Unused
from bpmax_sim.subject.definition import Definition
from bpmax_sim.subject.hooks import SubjectKind, hooks_of
from bpmax_sim.yamlfile import (
    Seconds,
    add_descriptions,
    help_text,
    json_schema,
    read_hover,
    with_description,
)
from bpmax_sim.yamlfile.schema import DIALECT, REFERENCE, Texts
from bpmax_sim.yamlfile.shapes import shape_of

Status = Annotated[int, Meta(ge=100, le=599)]


class FormSpec(Model, frozen=True, kw_only=True):
    """The form that is driven: event -> script files, library files, fields and first values.

    Attributes:
        definition: the file that says the rest; `FormSpec` has it all when it is loaded.
    """

    definition: str = ""
    scripts: Mapping[str, tuple[str, ...]] = {}
    libraries: tuple[str, ...] = ()
    fields: Mapping[str, Any] = {}


class FormFile(Model, frozen=True, kw_only=True):
    """A form in a file of its own; *form* is what people call it."""

    form: str = ""
    scripts: Mapping[str, tuple[str, ...]] = {}
    libraries: tuple[str, ...] = ()
    fields: Mapping[str, Any] = {}


class SubFlowSpec(Model, frozen=True, kw_only=True):
    """A flow that nodes start as a project of its own; or, with *result*, what stands in for it.

    Attributes:
        result: fields of its form that it ends with at once; nothing of it is run.
        status: how it ends then.
    """

    definition: str = ""
    result: Mapping[str, Any] | UnsetType = UNSET
    status: Literal["finished", "rejected"] = "finished"
    scripts: Mapping[str, tuple[str, ...]] = {}
    libraries: tuple[str, ...] = ()


class FlowSpec(Model, frozen=True, kw_only=True):
    """The flow that is driven.

    Attributes:
        subflows: the flows that nodes start, by the name that nodes give them.
        definition: the file of nodes and transitions; without it nothing can be said of nodes.
        at: the node where the scenario starts; without it the project is not created yet.
    """

    scripts: Mapping[str, tuple[str, ...]] = {}
    libraries: tuple[str, ...] = ()
    definition: str = ""
    at: str = ""
    project: Mapping[str, Any] = {}
    form: Mapping[str, Any] = {}
    subflows: Mapping[str, SubFlowSpec] = {}


class Drip(Model, frozen=True, kw_only=True):
    """A response that arrives in *chunks* equal pieces over *over* seconds."""

    chunks: Annotated[int, Meta(ge=1)] = 4
    over: Seconds = 0


class FaultAction(Model, frozen=True, kw_only=True):
    """What happens to a call: a response, an error, a bad token, or a slow response.

    Attributes:
        executed: whether the third party does what it is asked for, and its response is lost.
    """

    status: Status | UnsetType = UNSET
    headers: Mapping[str, str] = {}
    body: Any = UNSET
    error: (
        Literal["timeout", "reset", "dns", "connect", "tls", "truncated", "invalid_json"]
        | UnsetType
    ) = UNSET
    after: int = 0
    token: Literal["expired", "revoked"] | UnsetType = UNSET
    delay: Seconds | UnsetType = UNSET
    drip: Drip | UnsetType = UNSET
    executed: bool = False


class FaultRule(Model, frozen=True, kw_only=True):
    """Fault injection: which calls (``call: 2`` or ``1-2``, counted from 1), and what.

    Attributes:
        attempts: how many sendings of such a call; by default the first alone where *call* counts.
    """

    on: str
    call: int | str | UnsetType = UNSET
    attempts: Annotated[int, Meta(ge=1)] | UnsetType = UNSET
    do: FaultAction


class StubRequest(Model, frozen=True, kw_only=True):
    """Which requests a stub answers, as ``expect: proxy`` compares them."""

    path: Any = UNSET
    query: Any = UNSET
    header: Any = UNSET
    body: Any = UNSET


class Stub(Model, frozen=True, kw_only=True):
    """A fixed response in front of the cassette, for calls that no one recorded.

    Attributes:
        request: which requests of these calls; by default all.
        answers: what is answered in turn instead, one a request; then it lets through.
    """

    on: str
    request: StubRequest = StubRequest()
    answers: tuple[FaultAction, ...] = ()
    status: Status = 200
    headers: Mapping[str, str] = {}
    body: Any = UNSET
    delay: Seconds = 0


class ProxySpec(Model, frozen=True, kw_only=True):
    """Where the third parties are declared and how their responses are recorded and matched.

    Attributes:
        platforms: a folder or file, or several of which a later one wins.
        unused: what recordings are that no call played.
        unawaited: what calls are whose promise nobody took; they complete all the same. By
            default they fail, while a chain that was only built warns.
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
    def platform_names(self) -> tuple[str, ...]:
        """Return the folders and files of platforms that it names."""
        names = (self.platforms,) if isinstance(self.platforms, str) else self.platforms
        return tuple(name for name in names if name)


class ExpectedCall(Model, frozen=True, kw_only=True):
    """One expected call; with *times* it counts the matching calls instead."""

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


class Expect(Model, frozen=True, kw_only=True):
    """What must be true after a step, or after the whole scenario; what is absent is unchecked."""

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
    """``expect: new``: nothing is expected yet, ``run --update`` writes what the step came to."""


NOTHING_YET = msg(
    "nothing is expected yet; `bpmax-sim run FILE --update` (pytest: --bpmax-update) writes what "
    "was got"
)


class ExpectedError(Model, frozen=True, kw_only=True):
    """The error that a step must end with; an empty map takes any.

    Attributes:
        source: ``script``, ``flow``, a platform, or ``platform.api`` (``from`` in the file).
    """

    type: Any = UNSET
    code: Any = UNSET
    message: Any = UNSET
    source: Any = field(default=UNSET, name="from")
    status: Any = UNSET


class Retry(Model, frozen=True, kw_only=True):
    """Repeat the action: at most *tries* times, *every* seconds of virtual time, until it holds."""

    tries: Annotated[int, Meta(ge=1, le=100)] = 3
    every: Seconds = 1
    until: Expect | UnsetType = UNSET


class During(Model, frozen=True, kw_only=True):
    """What a person does while a call of the step's scripts is in flight."""

    call: str
    steps: tuple[Step, ...]


class _StepHead(Model, frozen=True, kw_only=True, dict=True):
    """The keys of a step beside its action.

    Attributes:
        at: the node at whose form the step is done, where a project stands at several.
        by: who fills in, opens or clicks; has to be allowed to, as the node says.
        user: who acts in the step where it does not say by, and whom scripts see; for the others
            the scenario's holds.
        only: ids of the rows for which it is done; in the others it is skipped.
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
    expect_error: ExpectedError | UnsetType = UNSET

    @cached_property
    def action(self) -> str:
        """Return the name of the action, or nothing for a pure check."""
        return next(declared_actions(self), "")

    @property
    def value(self) -> Any:
        """Return what the action takes, as the file has it; None for a pure check."""
        action = self.action
        return getattr(self, action) if action else None

    @cached_property
    def kind(self) -> type[Action] | None:
        """Return the class of the action; None for a pure check."""
        return ACTIONS.get(self.action)

    @property
    def title(self) -> str:
        """Return what a reader calls the step: its name, else its id, action or ``check``."""
        return self.name or self.id or self.action or "check"


if TYPE_CHECKING:

    class Step(_StepHead, frozen=True, kw_only=True):
        """One step: at most one action, then what must be true."""

else:  # one key an action
    Step = msgspec.defstruct(
        "Step",
        [(name, Any, UNSET) for name in ACTIONS],
        bases=(_StepHead,),
        namespace={"__doc__": msg("One step: at most one action, then what must be true.")},
        module=__name__,
        frozen=True,
        kw_only=True,
    )


class _PolicyHead(Model, frozen=True, kw_only=True):
    """The keys of a policy beside its action.

    Attributes:
        at: the node, of a sub-flow, too; ``*`` for any, ``start`` where it is with who started it.
        by: who, where it is not for all who are to act; of a ``withdraw`` and its like who does it.
        after: how long after the task came to him.
        times: how often at most in one run.
        only: ids of the rows for which it is there.
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

    class Policy(_PolicyHead, frozen=True, kw_only=True):
        """What somebody does by himself when he has a task; the first policy that fits wins."""

else:  # one key an action
    Policy = msgspec.defstruct(
        "Policy",
        [(name, Any, UNSET) for name in POLICY_ACTIONS],
        bases=(_PolicyHead,),
        namespace={"__doc__": msg("What somebody does by himself when he has a task.")},
        module=__name__,
        frozen=True,
        kw_only=True,
    )


def is_for_row(part: Step | Policy, row_id: str) -> bool:
    """Return whether a step or a policy is for the row, or where there are no rows."""
    return part.only is UNSET or row_id in map(str, part.only)


def inner_steps(step: Step) -> tuple[str, Mapping[str, Any]] | None:
    """Return the named steps that *step* runs, and the variables they get."""
    kind = step.kind
    return kind.named_steps(step.value) if kind else None


class Fragment(Model, frozen=True, kw_only=True):
    """What scenarios share: through ``use``, or as ``defaults.yaml`` all those below its folder."""

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
    """What each verdict of `bpmax-sim explore` is to the scenario; by default as the page says."""

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
    """One file: a subject, its third parties, the steps that drive it, and the rows of a table.

    Attributes:
        script: a script that is run alone; *steps* has it as its only step.
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
        """Yield ``always`` and each of ``never`` with its path, as far as they are given."""
        if self.always != _NOTHING:
            yield ("always",), self.always
        if isinstance(self.never, Expect):
            yield ("never",), self.never
            return
        for number, one in enumerate(self.never):
            yield ("never", number), one


_NOTHING = Expect()


class Table(Model, frozen=True, kw_only=True):
    """Rows from a CSV file."""

    source: str = field(name="from")
    id: str = "id"


def declared_fields(scenario: Scenario) -> tuple[str, ...]:
    """Return the fields that the form of *scenario* declares; none if it has or declares none."""
    form, flow = scenario.form, scenario.flow
    if not isinstance(form, FormSpec) or not form.fields:
        return ()
    return tuple({**form.fields, **(flow.form if isinstance(flow, FlowSpec) else {})})


def keys_of(model: type[Model]) -> tuple[str, ...]:
    """Return the keys of *model* as a file spells them."""
    return model.__struct_encode_fields__


Schema = dict[str, Any]
HOVER = Path(__file__).with_name("hover.yaml")
_EXPECTED = {"$ref": f"{REFERENCE}Expected"}


def hover_texts() -> Texts:
    """Return what an editor shows of each key: structure -> key -> English, Chinese."""
    texts, own = read_hover(HOVER), action_texts()
    return {name: {**texts.get(name, {}), **own.get(name, {})} for name in {**texts, **own}}


def scenario_schema() -> Schema:
    """Return the schema of ``*.scenario.yaml``."""
    texts = hover_texts()
    schema = json_schema(Scenario, title="bpmax-sim scenario", hover=texts)
    _refine(schema, texts)
    _replace(schema, "cases", _cases_schema(schema, texts))
    script = _of_type(ACTIONS["js"].value_type(), schema["definitions"], texts)
    _replace(schema, "script", script)
    schema["anyOf"] = [{"required": ["steps"]}, {"required": ["script"]}]
    return schema


def _events_schema(subject: SubjectKind) -> Schema:
    """Return the schema of a key of the scripts of *subject*: its events and nothing else."""
    patterns = [rf"{hook.name}\..+" if hook.named else hook.name for hook in hooks_of(subject)]
    return {"pattern": f"^({'|'.join(patterns)})$"}


def fragment_schema() -> Schema:
    """Return the schema of the files that ``use`` names."""
    texts = hover_texts()
    schema = json_schema(Fragment, title="bpmax-sim fragment", hover=texts)
    _refine(schema, texts)
    return schema


def form_schema() -> Schema:
    """Return the schema of the files that ``form`` names."""
    schema = json_schema(FormFile, title="bpmax-sim form", hover=hover_texts())
    schema["properties"]["scripts"]["propertyNames"] = _events_schema("form")
    return schema


def people_schema() -> Schema:
    """Return the schema of the files that ``people`` names."""
    person = {"type": ["string", "integer", "object"]}
    text = help_text(hover_texts()["Scenario"]["people"])
    return {
        "$schema": DIALECT,
        "title": "bpmax-sim people",
        "description": text,
        "type": "object",
        "additionalProperties": person,
    }


def flow_schema() -> Schema:
    """Return the schema of flow definitions."""
    schema = json_schema(Definition, title="bpmax-sim flow", hover=hover_texts())
    schema["properties"]["scripts"]["propertyNames"] = _events_schema("flow")
    return schema


def _refine(schema: Schema, texts: Texts) -> None:
    """Say what the values are that the types leave open."""
    definitions = schema["definitions"]
    step = definitions["Step"]
    for place in filter(None, (step, definitions.get("Policy"))):
        for name in ACTIONS.keys() & place["properties"].keys():
            action = ACTIONS[name]
            value = action.value_schema() or _of_type(action.value_type(), definitions, texts)
            _replace(place, name, value)
        _replace(place, "if", {"type": ["string", "boolean"]})
    fault = {"anyOf": [{"type": "string"}, _of_type(FaultRule, definitions, texts)]}
    for place in (schema, step):
        if "faults" in place["properties"]:
            _replace(place, "faults", {"anyOf": [{"type": "array", "items": fault}, fault]})
    _refine_subjects(schema)
    definitions["Expected"] = _expected_schema(texts)
    for model in (Expect, ExpectedCall, ExpectedError):
        for key in {*keys_of(model)} - {"call", "proxy"}:
            _replace(definitions[model.__name__], key, _EXPECTED)
    schema["definitions"] = dict(sorted(definitions.items()))


def _refine_subjects(schema: Schema) -> None:
    """Say which scripts a subject has, and that a file may stand for a subject or for people."""
    definitions = schema["definitions"]
    _replace(schema, "user", {"type": ["string", "integer", "object"]})
    subjects: tuple[SubjectKind, ...] = ("form", "flow")
    for subject in subjects:
        definition = definitions[f"{subject.title()}Spec"]
        definition["properties"]["scripts"]["propertyNames"] = _events_schema(subject)
    for key in (*subjects, "people"):  # or the file that says it
        _replace(schema, key, {"anyOf": [{"type": "string"}, schema["properties"][key]]})
    flows = definitions["FlowSpec"]["properties"]["subflows"]["additionalProperties"]
    definitions["FlowSpec"]["properties"]["subflows"]["additionalProperties"] = {
        "anyOf": [{"type": "string"}, flows]
    }


def _of_type(type_: Any, definitions: Schema, texts: Texts) -> Schema:
    """Return the schema of *type_*; what it defines is explained and added."""
    result: Schema = {}
    schema = shape_of(type_).schema(result)
    for name, definition in result.items():
        if name not in definitions:
            add_descriptions(definition, texts.get(name, {}))
            definitions[name] = definition
    return schema


def _expected_schema(texts: Texts) -> Schema:
    """Return the schema of a value of ``expect``: plain, or a map of operators and of nothing else.

    None of its keywords says what type a value has, so each applies where it can.
    """
    operators = "|".join(re.escape(name.removeprefix("$")) for name in operator_names())
    return {
        "description": help_text(texts["Expected"]["_"]),
        "propertyNames": {"pattern": rf"^(?!\$)|^\$({operators})$"},
        "properties": {
            name: {"description": help_text(texts["Expected"][name])} for name in OPERATORS
        },
        "additionalProperties": _EXPECTED,
        "items": _EXPECTED,
    }


def _cases_schema(schema: Schema, texts: Texts) -> Schema:
    row = {
        "type": "object",
        "properties": {"id": {"type": ["string", "integer"], "minLength": 1}},
        "required": ["id"],
    }
    add_descriptions(row, texts["Row"])
    table = _of_type(Table, schema["definitions"], texts)
    return {"anyOf": [{"type": "array", "minItems": 1, "items": row}, table]}


def _replace(definition: Schema, key: str, value: Schema) -> None:
    """Let *key* be *value*, with the words that it has already."""
    words = definition["properties"][key].get("description")
    definition["properties"][key] = with_description(value, words) if words else value
