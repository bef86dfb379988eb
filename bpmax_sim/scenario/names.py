"""The names of a scenario: what a reference can mean, wherever it stands and whenever it is known.

A value that stands in the file is held against them before anything runs, one that comes from a
row or a variable when it is filled in, what scripts read and write when they do.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

import msgspec

from bpmax_sim.scenario.source import Spot
from bpmax_sim.subject.definition import Definition
from bpmax_sim.subject.hooks import SubjectKind


class ScenarioNames(msgspec.Struct, frozen=True, kw_only=True):
    """What there is to name; an empty collection is one of which nothing is known.

    Attributes:
        fields: those that the form declares.
        scripts: events of form and flow -> script files.
        definition: of the main flow.
        subflows: the flows that nodes can start, by name.
        people: who is named anywhere; nobody where hooks may name others.
        lists_people: whether the scenario says itself who there is.
        named_steps: names of the steps of fragments.
    """

    subject_kinds: tuple[SubjectKind, ...] = ()
    fields: tuple[str, ...] = ()
    scripts: Mapping[str, Sequence[str]] = msgspec.field(default_factory=dict)
    definition: Definition | None = None
    subflows: Mapping[str, Definition] = msgspec.field(default_factory=dict)
    people: tuple[str, ...] = ()
    lists_people: bool = False
    named_steps: tuple[str, ...] = ()

    @property
    def nodes(self) -> tuple[str, ...]:
        """Return the nodes of the main flow, as far as it is defined."""
        return tuple(self.definition.nodes) if self.definition else ()

    @property
    def buttons(self) -> list[str]:
        """Return the buttons that have a script."""
        return [event[6:] for event in self.scripts if event.startswith("click.")]


class CheckContext(Protocol):
    """What a check looks at, and where it reports what it finds."""

    @property
    def names(self) -> ScenarioNames:
        """Return the names that references are held against."""
        ...

    def tell(
        self, spot: Spot, message: str, /, known: Iterable[str] | None = None, **values: Any
    ) -> None:
        """Report that something is wrong at *spot*; with *values* a template, as `msg` takes it.

        With *known* its ``{hint}`` names those of them that are like the first of *values*.
        """
        ...
