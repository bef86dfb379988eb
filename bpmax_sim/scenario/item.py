"""One runnable item: a scenario, or one row of its table, with everything it needs read in."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from bpmax_sim.clock import Instant
from bpmax_sim.errors import Place
from bpmax_sim.scenario.cases import Row
from bpmax_sim.scenario.given import repeated
from bpmax_sim.scenario.homes import Homes
from bpmax_sim.scenario.model import Scenario, Step
from bpmax_sim.scenario.names import node_part
from bpmax_sim.scenario.source import Spot
from bpmax_sim.script.source import Script
from bpmax_sim.subject.definition import Definition
from bpmax_sim.transport.faults import Fault


class LocatedStep(msgspec.Struct, frozen=True):
    """A step, where it stands, and the faults that it names, resolved."""

    step: Step
    spot: Spot
    faults: tuple[Fault, ...] = ()


class Cast(msgspec.Struct, frozen=True, kw_only=True):
    """What all rows of a file share: scripts, flow definition, named steps.

    Attributes:
        scripts: event -> body.
        inline: path of a ``js:`` file as the step spells it -> body.
        named: name -> steps of the fragments.
    """

    scripts: Mapping[str, Script] = msgspec.field(default_factory=dict)
    libraries: tuple[Script, ...] = ()
    inline: Mapping[str, Script] = msgspec.field(default_factory=dict)
    definition: Definition | None = None
    named: Mapping[str, tuple[LocatedStep, ...]] = msgspec.field(default_factory=dict)
    stubs: tuple[Fault, ...] = ()

    @property
    def bodies(self) -> tuple[Script, ...]:
        """Return every script that lies in a file."""
        return (*self.scripts.values(), *self.inline.values(), *self.libraries)


class ScenarioItem(msgspec.Struct, frozen=True, kw_only=True):
    """A scenario, or one row of it, ready to run.

    Attributes:
        root: of the project.
        row: the row, or None where there is no table.
        place: where the scenario's name or the row stands.
        skip, xfail: a reason, or whether it holds at all.
        vars: variables by name, ``${…}`` still in them, weakest first.
        given: those of them that came from outside, as they were given.
        faults: rules that hold for the whole item.
        cassette: name below the cassettes folder, without suffix.
        platforms: folder or file of the platforms.
        instances: file of the instances, where the scenario names one.
        clock: frozen time, where the scenario has one.
    """

    root: Path
    path: Path
    spot: Spot
    scenario: Scenario
    cast: Cast
    steps: tuple[LocatedStep, ...]
    cleanup: tuple[LocatedStep, ...] = ()
    row: Row | None = None
    place: Place
    tags: tuple[str, ...] = ()
    skip: bool | str = False
    xfail: bool | str = False
    vars: Mapping[str, Any] = msgspec.field(default_factory=dict)
    given: Mapping[str, Any] = msgspec.field(default_factory=dict)
    faults: tuple[Fault, ...] = ()
    cassette: str
    platforms: Path
    instances: Path | None = None
    clock: Instant | None = None

    @property
    def name(self) -> str:
        """Return ``name[row]``."""
        return f"{self.scenario.scenario}[{self.row.id}]" if self.row else self.scenario.scenario

    @property
    def row_id(self) -> str:
        """Return the row's id, or nothing."""
        return self.row.id if self.row else ""

    @property
    def node_name(self) -> str:
        """Return the name as it stands in a test's id, on one line."""
        name = node_part(self.scenario.scenario)
        return f"{name}[{node_part(self.row.id)}]" if self.row else name

    @property
    def node_id(self) -> str:
        """Return how the item is named on pytest's command line."""
        return f"{self.spot.source.file}::{self.node_name}"

    @property
    def homes(self) -> Homes:
        """Return how a trace names the files."""
        names = (self.spot.source.file, *(body.name for body in self.cast.bodies))
        return Homes(str(self.path.absolute().parent), names)

    @property
    def rerun(self) -> str:
        """Return the command that runs this item alone, with the same variables."""
        return shlex.join(["pytest", self.node_id, *self.repeated("--bpmax-var")])

    def repeated(self, option: str) -> tuple[str, ...]:
        """Return the words of a command that give the variables again, each behind *option*."""
        return repeated(option, self.given, self.scenario.secrets)

    @property
    def owner(self) -> str:
        """Return whose exchanges these are in a shared cassette."""
        return self.name
