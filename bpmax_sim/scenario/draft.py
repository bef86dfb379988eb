"""A scenario file while it is checked: everything it names, and what is wrong so far."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bpmax_sim.errors import Problem, listed, near
from bpmax_sim.scenario.cases import Row
from bpmax_sim.scenario.given import meant
from bpmax_sim.scenario.model import FaultRule, FlowSpec, FormSpec, Fragment, Scenario, Step
from bpmax_sim.scenario.source import Spot
from bpmax_sim.subject.definition import Definition
from bpmax_sim.subject.hooks import Subject
from bpmax_sim.yamlfile import join


@dataclass(frozen=True, slots=True)
class Loaded:
    """A fragment and where it stands."""

    fragment: Fragment
    spot: Spot


@dataclass(slots=True, kw_only=True)
class Draft:
    """What the checks look at; `tell` takes what they find.

    Attributes:
        variables: given from outside, such as on the command line.
        environ: what ``${env.X}`` may name.
    """

    spot: Spot
    scenario: Scenario
    fragments: tuple[Loaded, ...] = ()
    definition: Definition | None = None
    rows: tuple[Row, ...] = ()
    variables: Mapping[str, Any] = field(default_factory=dict)
    environ: Mapping[str, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    _steps: tuple[tuple[Step, Spot], ...] = field(default=(), init=False)

    def tell(self, spot: Spot, message: str) -> None:
        """Note that something is wrong at *spot*."""
        self.problems.append(Problem(message, spot.place, join(spot.steps)))

    @property
    def subject(self) -> Subject | None:
        """Return what is driven."""
        if isinstance(self.scenario.form, FormSpec):
            return "form"
        return "flow" if isinstance(self.scenario.flow, FlowSpec) else None

    @property
    def spec(self) -> FormSpec | FlowSpec | None:
        """Return the declaration of the subject."""
        for spec in (self.scenario.form, self.scenario.flow):
            if isinstance(spec, FormSpec | FlowSpec):
                return spec
        return None

    @property
    def scripts(self) -> Mapping[str, str]:
        """Return event -> script file."""
        return self.spec.scripts if self.spec else {}

    @property
    def nodes(self) -> tuple[str, ...]:
        """Return the nodes of the flow, as far as it is defined."""
        return tuple(self.definition.nodes) if self.definition else ()

    @property
    def fields(self) -> tuple[str, ...]:
        """Return the declared fields of the form."""
        form = self.scenario.form
        return tuple(form.fields) if isinstance(form, FormSpec) else ()

    def steps(self) -> Sequence[tuple[Step, Spot]]:
        """Return every step of the file and of its fragments, once those are read."""
        self._steps = self._steps or tuple(self._all_steps())
        return self._steps

    def _all_steps(self) -> Iterator[tuple[Step, Spot]]:
        for key, steps in (("steps", self.scenario.steps), ("finally", self.scenario.cleanup)):
            for index, step in enumerate(steps):
                yield step, element(self.spot.at(key), index)
        for loaded in self.fragments:
            for name, steps in loaded.fragment.steps.items():
                for index, step in enumerate(steps):
                    yield step, element(loaded.spot.at("steps", name), index)

    def fault_sets(self) -> dict[str, tuple[tuple[FaultRule, Spot], ...]]:
        """Return the named fault sets; those of the file win over those of fragments."""
        found: dict[str, tuple[tuple[FaultRule, Spot], ...]] = {}
        sources = [(loaded.fragment.fault_sets, loaded.spot) for loaded in self.fragments]
        for sets, spot in (*sources, (self.scenario.fault_sets, self.spot)):
            for name, rules in sets.items():
                below = spot.at("fault_sets", name)
                found[name] = tuple(
                    (rule, element(below, index)) for index, rule in enumerate(rules)
                )
        return found

    def declared_vars(self) -> dict[str, Any]:
        """Return variables, weakest first: fragments, the file, what is given from outside."""
        found: dict[str, Any] = {}
        for loaded in self.fragments:
            found |= loaded.fragment.vars
        found |= self.scenario.vars
        return {**found, **meant(self.variables, found)}

    def named_steps(self) -> dict[str, tuple[tuple[Step, Spot], ...]]:
        """Return the named steps of the fragments."""
        return {
            name: tuple(
                (step, element(loaded.spot.at("steps", name), index))
                for index, step in enumerate(steps)
            )
            for loaded in self.fragments
            for name, steps in loaded.fragment.steps.items()
        }


def element(spot: Spot, index: int) -> Spot:
    """Return the element of a list, or the value itself where it stands for a list of one."""
    node = spot.source.root.at(spot.steps)
    return spot.at(index) if node is not None and node.elements else spot


def hint(name: str, known: Any) -> str:
    """Return the near name, else all of them."""
    names = list(known)
    return near(name, names) or (f"; there is {listed(names)}" if names else "")
