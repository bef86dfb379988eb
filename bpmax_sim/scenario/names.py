"""The names of a scenario: what a reference can mean, wherever it stands and whenever it is known.

A value that stands in the file is held against them before anything runs, one that comes from a
row or a variable when it is filled in, what scripts read and write when they do. Of what nobody
declares (the fields of a form without ``fields``, the columns of a table that starts empty)
nothing is known, so nothing is wrong with it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol

import msgspec

from bpmax_sim.errors import CODES, CallError, nearest_name, suggest
from bpmax_sim.i18n import fill_message, msg
from bpmax_sim.platform.load import Platforms
from bpmax_sim.platform.model import Api, Platform, names_api
from bpmax_sim.platform.response_shapes import Kind
from bpmax_sim.scenario.source import Spot
from bpmax_sim.subject.definition import Definition
from bpmax_sim.subject.form import EXTENSIONS, MESSAGE, MESSAGE_TYPES, path_steps
from bpmax_sim.subject.hooks import SubjectKind
from bpmax_sim.subject.project import CONTEXT_MEMBERS

_MESSAGE_WORDS: Mapping[str, tuple[str, ...]] = {
    "form.$message": MESSAGE,
    "form.$message.type": MESSAGE_TYPES,
}

_CODE = re.compile(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)*")


class ScenarioNames(msgspec.Struct, frozen=True, kw_only=True):
    """What there is to name; an empty collection is one of which nothing is known.

    Attributes:
        fields: those that the form declares.
        initial_fields: where no form declares any, those that the flow's values name.
        field_kinds: the kind that each starts with, such as a text; not of one that is filled in.
        columns: table -> the columns of the rows that it starts with.
        declared_variables: those that a file declares, which are always there.
        constants: those of them that no step changes: the file says them itself.
        variables: those of the file, of its fragments, and those that steps save.
        scripts: events of form and flow -> script files.
        definition: of the main flow.
        subflows: the flows that nodes can start, by name.
        people: who is named anywhere; nobody where hooks may name others.
        lists_people: whether the scenario says itself who there is.
        mentioned_people: who is named by flows, user and steps; nobody where rows or hooks may
            name others, too.
        person_members: what people are declared to have; empty where they have but names.
        project_members: of ``project``, those that the scenario writes.
        texts: the sources of scripts, which may name what else there is; None where Python may.
        named_steps: names of the steps of fragments.
        platforms: None as long as nobody has read their files.
    """

    subject_kinds: tuple[SubjectKind, ...] = ()
    fields: tuple[str, ...] = ()
    initial_fields: tuple[str, ...] = ()
    field_kinds: Mapping[str, Kind] = msgspec.field(default_factory=dict)
    columns: Mapping[str, tuple[str, ...]] = msgspec.field(default_factory=dict)
    declared_variables: tuple[str, ...] = ()
    constants: frozenset[str] = frozenset()
    variables: tuple[str, ...] = ()
    scripts: Mapping[str, Sequence[str]] = msgspec.field(default_factory=dict)
    definition: Definition | None = None
    subflows: Mapping[str, Definition] = msgspec.field(default_factory=dict)
    people: tuple[str, ...] = ()
    lists_people: bool = False
    mentioned_people: tuple[str, ...] = ()
    person_members: tuple[str, ...] = ()
    project_members: tuple[str, ...] = ()
    texts: tuple[str, ...] | None = None
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

    def field_doubt(self, name: str) -> str | None:
        """Return what is doubtful of *name* as a field where no form declares any: a near name."""
        known = () if self.fields else self.initial_fields
        if name in known or not (hint := nearest_name(name, known)):
            return None
        return msg("no field {name!r}{near}", name=name, near=hint)

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

        *owner* is as the script calls it: ``form``, ``ctx.form``, ``form.$visible``, ``ctx``,
        ``ctx.step``, or a table, ``form.明细``.
        """
        if wrong := self._read_problem(owner, name):
            return msg(
                "the script reads {owner}.{name}{wrong}", owner=owner, name=name, wrong=wrong
            )
        return None

    def _read_problem(self, owner: str, name: str) -> str | None:
        root, _, rest = owner.removeprefix("ctx.").partition(".")
        if root != "form":
            return self._context_problem(owner, name)
        if rest and not rest.startswith("$"):
            wrong = self.column_problem(rest, name)
            return wrong and msg(": {wrong}", wrong=wrong)
        known = self.fields or self.initial_fields
        if name in known or not known or name in EXTENSIONS or (rest and name in self.buttons):
            return None
        if not rest and name.startswith("$"):
            return suggest(name, EXTENSIONS)
        if wrong := self.field_problem(name):
            return msg(": {wrong}", wrong=wrong)
        return None if self.fields else nearest_name(name, known) or None

    def _context_problem(self, owner: str, name: str) -> str | None:
        """Return what is doubtful where a script reads *name* of ``ctx`` or of what that has.

        Of a person and of a project the product may know more than is said here, so that a name
        is doubtful there only where it resembles one that is known.
        """
        if owner == "ctx.postData":
            known = self.fields or self.initial_fields
            return None if name in known else nearest_name(name, known) or None
        members = CONTEXT_MEMBERS.get(owner)
        is_closed = owner in {"ctx", "ctx.step"}
        if owner == "ctx.userInfo" and self.person_members:
            members, is_closed = tuple(dict.fromkeys(("id", "name", *self.person_members))), True
        if members is None or name in members:
            return None
        return suggest(name, members) if is_closed else nearest_name(name, members) or None

    def write_problem(self, owner: str, member: str) -> tuple[str, bool] | None:
        """Return what is wrong where a script writes *member* of *owner*, and whether for certain.

        *owner* is ``form.$visible`` and its like, ``form.$message``, its ``type``, or ``ctx``.
        """
        if owner in _MESSAGE_WORDS:
            known, is_member = _MESSAGE_WORDS[owner], owner == "form.$message"
            hint = suggest(member, known) if is_member else nearest_name(member, known)
            wrong = msg("there is no {name!r}{hint}", name=member, hint=hint)
            return None if member in known or not hint else (wrong, is_member)
        known = CONTEXT_MEMBERS["ctx"] if owner == "ctx" else self.fields or self.initial_fields
        if member in known or (owner != "ctx" and member in self.buttons):
            return None
        if owner != "ctx" and self.fields:
            wrong = self.field_problem(member) or ""
            return (wrong, True) if wrong else None
        hint = nearest_name(member, known)
        return (msg("there is no {name!r}{hint}", name=member, hint=hint), False) if hint else None

    def is_in_scripts(self, word: str) -> bool:
        """Return whether a script has *word* in it, or may have."""
        return self.texts is None or any(word in text for text in self.texts)

    def code_problem(self, code: str) -> str | None:
        """Return what is wrong with *code*, if it is like one of ours and in no script."""
        if code in CODES or not _CODE.fullmatch(code) or self.is_in_scripts(code):
            return None
        hint = nearest_name(code, CODES)
        return msg("there is no code {code!r}{hint}", code=code, hint=hint) if hint else None

    def instance_problem(self, key: str, platform: str = "") -> str | None:
        """Return what is wrong with the instance *key*, of one platform or of any."""
        if self.platforms is None or not key or "${" in key:
            return None
        entries = self.platforms.entries
        known = {
            entry.instance.instance_key
            for name, of_platform in entries.items()
            if platform in ("", name)
            for entry in of_platform
        }
        if key in {*known, "default"} or (not known and not entries):
            return None
        hint = suggest(key, sorted(known))
        return msg("no platform has an instance {key!r}{hint}", key=key, hint=hint)

    def api_of(self, call: str) -> tuple[Platform, Api] | None:
        """Return platform and API of ``platform.api``, if that names one that is declared."""
        platform_key, _, name = call.partition(".")
        platform = self.platforms.find(platform_key) if self.platforms is not None else None
        if platform is None or self.platforms is None or not name or "*" in call or name[0] == "$":
            return None
        try:
            return platform, self.platforms.api(platform, name)
        except CallError:
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


def describe_finding(
    message: str, values: Mapping[str, object], known: Iterable[str] | None
) -> str:
    """Return what `CheckContext.tell` is to report."""
    if known is not None:
        values = {**values, "hint": suggest(str(next(iter(values.values()))), known)}
    return fill_message(message, values)


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
        fails: bool = True,
        **values: Any,
    ) -> None:
        """Report that something is wrong at *spot*; with *values* a template, as `msg` takes it.

        With *known* its ``{hint}`` names those of them that are like the first of *values*. Of a
        *kind* of `WARNINGS` it is only said where the scenario's folder is lenient, and everywhere
        if it does not *fail*, but where the folder is strict.
        """
        ...
