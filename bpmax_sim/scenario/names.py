"""The names of a scenario: what a reference can mean, wherever it stands and whenever it is known.

A value that stands in the file is held against them before anything runs, one that comes from a
row or a variable when it is filled in, what scripts read and write when they do. Of what nobody
declares (the fields of a form without ``fields``, the columns of a table that starts empty)
nothing is known, so nothing is wrong with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol

import msgspec

from bpmax_sim.errors import nearest_name, suggest
from bpmax_sim.i18n import msg
from bpmax_sim.platform.load import Platforms
from bpmax_sim.platform.model import names_api
from bpmax_sim.scenario.source import Spot
from bpmax_sim.subject.definition import Definition
from bpmax_sim.subject.form import EXTENSIONS, path_steps
from bpmax_sim.subject.hooks import SubjectKind


class ScenarioNames(msgspec.Struct, frozen=True, kw_only=True):
    """What there is to name; an empty collection is one of which nothing is known.

    Attributes:
        fields: those that the form declares.
        guessed_fields: where no form declares any, those that the flow's values name.
        columns: table -> the columns of the rows that it starts with.
        variables: those of the file, of its fragments, and those that steps save.
        scripts: events of form and flow -> script files.
        definition: of the main flow.
        subflows: the flows that nodes can start, by name.
        people: who is named anywhere; nobody where hooks may name others.
        lists_people: whether the scenario says itself who there is.
        named_steps: names of the steps of fragments.
        platforms: None as long as nobody has read their files.
    """

    subject_kinds: tuple[SubjectKind, ...] = ()
    fields: tuple[str, ...] = ()
    guessed_fields: tuple[str, ...] = ()
    columns: Mapping[str, tuple[str, ...]] = msgspec.field(default_factory=dict)
    variables: tuple[str, ...] = ()
    scripts: Mapping[str, Sequence[str]] = msgspec.field(default_factory=dict)
    definition: Definition | None = None
    subflows: Mapping[str, Definition] = msgspec.field(default_factory=dict)
    people: tuple[str, ...] = ()
    lists_people: bool = False
    named_steps: tuple[str, ...] = ()
    platforms: Platforms | None = None

    @property
    def nodes(self) -> tuple[str, ...]:
        """Return the nodes of the main flow, as far as it is defined."""
        return tuple(self.definition.nodes) if self.definition else ()

    @property
    def buttons(self) -> list[str]:
        """Return the buttons that have a script."""
        return [event[6:] for event in self.scripts if event.startswith("click.")]

    def field_problem(self, name: str) -> str | None:
        """Return what is wrong with *name* as a field, a cell ``明细[0].数量`` or ``明细.数量``."""
        if not self.fields or name in self.fields:
            return None
        base, *rest = path_steps(name) or (name,)
        if base not in self.fields:
            return msg("no field {name!r}{near}", name=name, near=suggest(name, self.fields))
        column = next((step for step in rest if isinstance(step, str)), None)
        return None if column is None else self.column_problem(str(base), column)

    def column_problem(self, table: str, column: str) -> str | None:
        """Return what is wrong with *column* of *table*."""
        known = self.columns.get(table, ())
        if not known or column in known:
            return None
        hint = suggest(column, known)
        return msg("{table} has no column {column!r}{hint}", table=table, column=column, hint=hint)

    def value_problems(self, name: str, value: Any) -> Iterator[tuple[tuple[str | int, ...], str]]:
        """Yield what is wrong with the columns of *value*, which is put into the field *name*."""
        if not self.columns.get(name) or not isinstance(value, list | tuple):
            return
        for number, row in enumerate(value):
            for column in row if isinstance(row, Mapping) else ():
                if wrong := self.column_problem(name, str(column)):
                    yield (number, str(column)), wrong

    def read_problem(self, owner: str, name: str) -> str | None:
        """Return what is doubtful where a script reads the absent *name* of *owner*.

        *owner* is as the script calls it: ``form``, ``ctx.form``, ``form.$visible``, ``ctx``.
        """
        object_name, _, state = owner.partition("$")
        if object_name.rstrip(".") not in {"form", "ctx.form"}:
            return None
        known = self.fields or self.guessed_fields
        if name in known or not known or name in EXTENSIONS or (state and name in self.buttons):
            return None
        if not state and name.startswith("$"):
            hint = suggest(name, EXTENSIONS)
            return msg("the script reads {owner}.{name}{hint}", owner=owner, name=name, hint=hint)
        if wrong := self.field_problem(name):
            return msg(
                "the script reads {owner}.{name}: {wrong}", owner=owner, name=name, wrong=wrong
            )
        if not self.fields and (hint := nearest_name(name, known)):
            return msg("the script reads {owner}.{name}{hint}", owner=owner, name=name, hint=hint)
        return None

    def call_problem(self, call: str) -> str | None:
        """Return what is wrong with ``platform.api`` *call*, ``*`` for any characters of either."""
        platform, _, api = call.partition(".")
        if self.platforms is None or platform in {"*", *self.platforms.broken} or "${" in call:
            return None  # calls of a broken one say what is wrong with it
        known = self.platforms.keys
        if "*" in platform:
            is_any = any(names_api(f"{platform}.*", f"{key}.x") for key in known)
            return None if is_any else msg("no platform is like {platform!r}", platform=platform)
        declared = self.platforms.find(platform)
        if declared is None:
            return msg("no platform {name!r}{hint}", name=platform, hint=suggest(platform, known))
        if not api or api.startswith("$"):
            return None
        apis = [*declared.apis, *(a for one in declared.apis.values() for a in one.aliases)]
        if any(names_api(call, f"{platform}.{name}") for name in apis):
            return None
        hint = suggest(api, apis)
        return msg("{platform} has no API {api!r}{hint}", platform=platform, api=api, hint=hint)


class CheckContext(Protocol):
    """What a check looks at, and where it reports what it finds."""

    @property
    def names(self) -> ScenarioNames:
        """Return the names that references are held against."""
        ...

    def tell(
        self,
        spot: Spot,
        message: str,
        /,
        known: Iterable[str] | None = None,
        kind: str = "",
        **values: Any,
    ) -> None:
        """Report that something is wrong at *spot*; with *values* a template, as `msg` takes it.

        With *known* its ``{hint}`` names those of them that are like the first of *values*. Of a
        *kind* of `WARNINGS` it is only said where the scenario's folder is lenient.
        """
        ...
