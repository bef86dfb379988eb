"""What a scenario file declares, as frozen values; the JSON Schema is generated from these types.

Values typed ``Any`` may hold ``${…}``, so their shape is judged when a step runs.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, UnsetType, field

from bpmax_sim.platform.model import Model
from bpmax_sim.yamlfile import Seconds

ACTIONS = (
    "open",
    "set",
    "click",
    "submit",
    "fire",
    "approve",
    "reject",
    "proxy",
    "js",
    "python",
    "advance",
    "run",
)


Status = Annotated[int, Meta(ge=100, le=599)]


class FormSpec(Model, frozen=True, kw_only=True):
    """The form that is driven: event -> script file, library files, fields and first values."""

    scripts: Mapping[str, str] = {}
    libraries: tuple[str, ...] = ()
    fields: Mapping[str, Any] = {}


class FlowSpec(Model, frozen=True, kw_only=True):
    """The flow that is driven.

    Attributes:
        definition: the file of nodes and transitions; without it nothing can be said of nodes.
        at: the node where the scenario starts; without it the project is not created yet.
    """

    scripts: Mapping[str, str] = {}
    libraries: tuple[str, ...] = ()
    definition: str = ""
    at: str = ""
    project: Mapping[str, Any] = {}
    form: Mapping[str, Any] = {}


class Drip(Model, frozen=True, kw_only=True):
    """An answer that arrives in *chunks* equal pieces over *over* seconds."""

    chunks: Annotated[int, Meta(ge=1)] = 4
    over: Seconds = 0


class FaultAction(Model, frozen=True, kw_only=True):
    """What happens to a call: an answer, an error, a bad token, or a slow answer."""

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


class FaultRule(Model, frozen=True, kw_only=True):
    """Trouble on purpose: which calls (``call: 2`` or ``1-2``, counted from 1), and what."""

    on: str
    call: int | str | UnsetType = UNSET
    do: FaultAction


class Stub(Model, frozen=True, kw_only=True):
    """A fixed answer in front of the cassette, for calls that no one recorded."""

    on: str
    status: Status = 200
    headers: Mapping[str, str] = {}
    body: Any = UNSET
    delay: Seconds = 0


class ProxySpec(Model, frozen=True, kw_only=True):
    """Where the third parties are declared and how their answers are recorded and matched.

    Attributes:
        unused: what recordings are that no call played.
        unawaited: what calls are that no script awaited; they complete all the same.
    """

    platforms: str = ""
    instance: str = ""
    instances: str = ""
    cassette: str = ""
    mode: Literal["replay", "record", "live", "simulate"] | UnsetType = UNSET
    ignore: tuple[str, ...] = ()
    redact: tuple[str, ...] = ()
    unused: Literal["fail", "warn", "ignore"] = "fail"
    unawaited: Literal["warn", "fail", "allow"] = "warn"
    repeat: bool = False
    stubs: tuple[Stub, ...] = ()


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
    proxy: tuple[ExpectedCall, ...] | UnsetType = UNSET
    console: Any = UNSET
    result: Any = UNSET
    vars: Any = UNSET
    trace: Any = UNSET


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


class Step(Model, frozen=True, kw_only=True):
    """One step: at most one action, then what must be true."""

    id: str = ""
    name: str = ""
    condition: Any = field(default=True, name="if")
    faults: tuple[Any, ...] = ()
    save: Mapping[str, Any] = {}
    retry: Retry | UnsetType = UNSET
    expect: Expect = Expect()
    expect_error: ExpectedError | UnsetType = UNSET
    open: Any = UNSET
    set: Any = UNSET
    click: Any = UNSET
    submit: Any = UNSET
    fire: Any = UNSET
    approve: Any = UNSET
    reject: Any = UNSET
    proxy: Any = UNSET
    js: Any = UNSET
    python: Any = UNSET
    advance: Any = UNSET
    run: Any = UNSET

    @property
    def action(self) -> str:
        """Return the name of the action, or nothing for a pure check."""
        return next((name for name in ACTIONS if getattr(self, name) is not UNSET), "")

    @property
    def title(self) -> str:
        """Return what a reader calls the step."""
        return self.name or self.id or self.action or "check"


class Fragment(Model, frozen=True, kw_only=True):
    """A file that scenarios share through ``use``."""

    version: Literal[1] = 1
    description: str = ""
    vars: Mapping[str, Any] = {}
    fault_sets: Mapping[str, tuple[FaultRule, ...]] = {}
    steps: Mapping[str, tuple[Step, ...]] = {}


class Scenario(Model, frozen=True, kw_only=True):
    """One file: a subject, its third parties, the steps that drive it, and the rows of a table."""

    scenario: str
    version: Literal[1]
    description: str = ""
    tags: tuple[str, ...] = ()
    skip: bool | str = False
    xfail: bool | str = False
    use: tuple[str, ...] = ()
    form: FormSpec | UnsetType = UNSET
    flow: FlowSpec | UnsetType = UNSET
    proxy: ProxySpec = ProxySpec()
    vars: Mapping[str, Any] = {}
    secrets: tuple[str, ...] = ()
    user: Any = UNSET
    clock: str = ""
    seed: int = 0
    faults: tuple[Any, ...] = ()
    fault_sets: Mapping[str, tuple[FaultRule, ...]] = {}
    cases: Any = UNSET
    steps: tuple[Step, ...]
    cleanup: tuple[Step, ...] = field(default=(), name="finally")
    expect: Expect = Expect()
