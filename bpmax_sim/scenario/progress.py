"""The state of one run: subject, values, log, failures; shared by its steps."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, TypeVar

from msgspec import UNSET
from msgspec.structs import replace

from bpmax_sim.clock import Instant, SeededChance, new_uuid
from bpmax_sim.scenario.actions import Performer, Subject
from bpmax_sim.scenario.bench import Bench
from bpmax_sim.scenario.blame import Scene
from bpmax_sim.scenario.failure import Failure
from bpmax_sim.scenario.item import ScenarioItem
from bpmax_sim.scenario.judge import State
from bpmax_sim.scenario.log import START, Log, Mark
from bpmax_sim.scenario.model import FlowSpec, FormSpec
from bpmax_sim.scenario.observed import fields_of, flow_of, form_of
from bpmax_sim.scenario.plain import plain
from bpmax_sim.scenario.scope import Scope
from bpmax_sim.scenario.values import UndefinedValueError
from bpmax_sim.subject.flow import FlowSubject
from bpmax_sim.subject.form import FormSubject

T = TypeVar("T")


class Progress:
    """What the steps of one run work on.

    Attributes:
        faults: whether the scenario's faults are armed.
        failures: in the order they were found.
        result: what the latest action gave.
        missed: how many misses have been told.
    """

    def __init__(
        self, item: ScenarioItem, bench: Bench, environ: Mapping[str, str], *, faults: bool
    ) -> None:
        """Start before the first step."""
        self.item = item
        self.bench = bench
        self.faults = faults
        self.bodies = item.cast.bodies
        self.log = Log(bench, item.homes)
        self.failures: list[Failure] = []
        self.result: Any = None
        self.missed = 0
        self.subject: Subject = None
        self.scope = self._scope(environ)
        self.performer = Performer(
            bench=bench,
            subject=None,
            path=item.path,
            inline=item.cast.inline,
            libraries=item.cast.libraries,
        )

    def _scope(self, environ: Mapping[str, str]) -> Scope:
        clock = self.bench.clock
        zone = self.item.clock or Instant(0.0)
        chance = SeededChance(self.item.scenario.seed)
        return Scope(
            case=self.item.row.values if self.item.row else {},
            environ=environ,
            now=lambda: str(zone.at(clock.now())),
            uuid=lambda: new_uuid(chance),
        )

    def prepare(self) -> bool:
        """Fill in variables and set up the subject; a value that is not defined is a failure."""
        path: tuple[str, ...] = ()
        try:
            for name, value in self.item.vars.items():
                path = ("vars", name)
                self.scope.vars[name] = self.scope.resolve(value)
            path = ("flow",) if self.item.scenario.form is UNSET else ("form",)
            self.subject = self._subject()
        except UndefinedValueError as error:
            self.failures.append(self.scene().failure("value", str(error), path))
            return False
        self.scope.form = partial(form_of, self.subject)
        self.scope.flow = partial(flow_of, self.subject)
        self.performer = replace(self.performer, subject=self.subject)
        return True

    def _subject(self) -> Subject:
        scenario, scripts = self.item.scenario, self.item.cast.scripts
        libraries, resolve = self.item.cast.libraries, self.scope.resolve
        if isinstance(scenario.form, FormSpec):
            return FormSubject(
                stage=self.bench,
                tell=self.log.tell,
                scripts=scripts,
                libraries=libraries,
                fields=resolve(scenario.form.fields),
            )
        if not isinstance(scenario.flow, FlowSpec):
            return None
        user = {} if scenario.user is UNSET else resolve(scenario.user)
        return FlowSubject(
            stage=self.bench,
            tell=self.log.tell,
            scripts=scripts,
            libraries=libraries,
            definition=self.item.cast.definition,
            at=resolve(scenario.flow.at),
            project=resolve(scenario.flow.project),
            form=resolve(scenario.flow.form),
            user=user if isinstance(user, Mapping) else {"id": user},
        )

    def scene(self, since: Mark = START, **details: Any) -> Scene:
        """Return where failures since *since* belong."""
        log = self.log
        return Scene(
            item=self.item,
            calls=tuple(log.calls[since.calls :]),
            writers=dict(log.writers),
            bodies=self.bodies,
            redact=self.bench.redact,
            **details,
        )

    def state(self, since: Mark = START) -> State:
        """Return what there is to compare with, redacted: the same in record and in replay."""
        log = self.log
        return {
            "form": lambda: self.shown(form_of(self.subject)),
            "fields": lambda: self.shown(fields_of(self.subject)),
            "flow": lambda: self.shown(flow_of(self.subject)),
            "proxy": lambda: log.calls[since.calls :],
            "messages": lambda: log.messages[since.messages :],
            "console": lambda: log.console[since.console :],
            "result": lambda: self.shown(self.result),
            "vars": lambda: self.shown(self.scope.vars),
            "trace": log.digest,
        }

    def shown(self, value: T) -> T:
        """Return *value* as it may be shown."""
        return self.bench.shown(value)

    def wanted(self, value: Any) -> Any:
        """Return an expectation with its ``${…}`` filled in, redacted as what it is held against.

        Raises:
            UndefinedValueError: if one of them is not defined.
        """
        return self.shown(self.scope.resolve(value))

    def remember(self, step_id: str, value: Any, error: Mapping[str, Any] | None) -> None:
        """Keep what a step gave, for ``${steps.<id>.result}`` and ``expect: result``."""
        self.result = plain(value)
        if step_id:
            self.scope.steps[step_id] = {"result": self.result, "error": error}
