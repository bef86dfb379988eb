"""The names that exist in a scenario, against which references are checked wherever they occur.

Values of the file are checked before the run, those from a row or variable when they are filled in,
and names in scripts when they are read or written. Where nothing is declared (a form without
``fields``, a table that starts empty) nothing is known, so nothing is reported.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import msgspec

from bpmax_sim.errors import (
    CODES,
    WRONG_CALLS,
    CallError,
    ConfigError,
    suggest_nearest,
    suggest_or_list,
)
from bpmax_sim.i18n import fill_if_values, msg
from bpmax_sim.platform.load import Platforms, load_platforms
from bpmax_sim.platform.model import Api, Platform, matches_api
from bpmax_sim.platform.response_shapes import Kind
from bpmax_sim.scenario.source import Spot
from bpmax_sim.subject.definition import Definition
from bpmax_sim.subject.form import EXTENSIONS, MESSAGE, MESSAGE_TYPES, parse_form_path
from bpmax_sim.subject.hooks import SubjectKind
from bpmax_sim.subject.project import CONTEXT_MEMBERS

_MESSAGE_WORDS: Mapping[str, tuple[str, ...]] = {
    "form.$message": MESSAGE,
    "form.$message.type": MESSAGE_TYPES,
}

_DIGITS = re.compile(r"\d+")
_CODE = re.compile(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)*")


def find_unknown_instance_problem(
    key: str, files: Iterable[tuple[Sequence[Path], Path | None]]
) -> str | None:
    """Return what is wrong if no platform of a run has an instance *key*, or None.

    *files* are folders of platforms and the file of instances (None for the usual one) of each
    scenario or test of the run. With none, or if one has mistakes, which the run tells, nothing is
    known.
    """
    known, disabled, places = set[str](), "", list[str]()
    for folders, instances in {(tuple(folders), instances) for folders, instances in files}:
        try:
            platforms = load_platforms(folders, instances=instances)
        except ConfigError:
            return None
        places.append(platforms.instances)
        for platform, entries in platforms.entries.items():
            for entry in entries:
                if entry.instance.enabled:
                    known.add(entry.instance.instance_key)
                elif entry.instance.instance_key == key:
                    disabled = msg(
                        "instance {key!r} of {platform!r} is disabled; remove enabled: false at "
                        "{place}",
                        key=key,
                        platform=platform,
                        place=entry.origin.node.find_key_place("enabled"),
                    )
    if not places or key in {*known, "default"}:
        return None
    return disabled or msg(
        "{wrong}; leave the option out, or declare it in {instances}",
        wrong=_describe_unknown_instance(key, known),
        instances=min(places),
    )


def _describe_unknown_instance(key: str, known: Collection[str]) -> str:
    hint = suggest_or_list(key, sorted(known)) or msg("; none is declared")
    return msg("no platform has an instance {key!r}{hint}", key=key, hint=hint)


class ScenarioNames(msgspec.Struct, frozen=True, kw_only=True):
    """The names that exist in a scenario, by kind; an empty collection means that none is known.

    Attributes:
        fields: fields that the form declares.
        subject_kinds: what is driven: ``form``, ``flow`` or both.
        fields_named_by_flow: without declared fields, those that the flow's values, forms of its
            nodes, and expectations name. There may be others, so only near names of them are wrong.
        initial_value_kinds: field -> kind of its initial value, such as ``text``; without those
            that contain a ``${…}``.
        initial_table_columns: table -> columns of its initial rows.
        entered_columns: table -> columns of the rows that steps enter.
        declared_variables: variables declared in files, which always exist.
        constants: declared variables that no step changes.
        variables: variables of the file, of its fragments, and those that steps save.
        scripts: events of form and flow -> script files.
        definition: definition of the main flow.
        subflows: flows that nodes can start, by name.
        all_named_people: the listed people, else those named by flows and the scenario's user;
            empty if a script of the event ``owners`` may name others.
        lists_people: whether the scenario lists all people there are.
        mentioned_people: if there is no list, people named by flows, user, steps and policies;
            empty if rows, variables or a script of ``owners`` may name others.
        person_members: members that people are declared to have; empty if they only have names.
        project_members: members of ``project`` that the scenario writes.
        texts: script sources, which may create further names; None if Python code may do so.
        named_steps: names of the steps of fragments.
        platforms: declared platforms; None until their files have been read.
    """

    subject_kinds: tuple[SubjectKind, ...] = ()
    fields: tuple[str, ...] = ()
    fields_named_by_flow: tuple[str, ...] = ()
    initial_value_kinds: Mapping[str, Kind] = msgspec.field(default_factory=dict)
    initial_table_columns: Mapping[str, tuple[str, ...]] = msgspec.field(default_factory=dict)
    entered_columns: Mapping[str, tuple[str, ...]] = msgspec.field(default_factory=dict)
    declared_variables: tuple[str, ...] = ()
    constants: frozenset[str] = frozenset()
    variables: tuple[str, ...] = ()
    scripts: Mapping[str, Sequence[str]] = msgspec.field(default_factory=dict)
    definition: Definition | None = None
    subflows: Mapping[str, Definition] = msgspec.field(default_factory=dict)
    all_named_people: tuple[str, ...] = ()
    lists_people: bool = False
    mentioned_people: tuple[str, ...] = ()
    person_members: tuple[str, ...] = ()
    project_members: tuple[str, ...] = ()
    texts: tuple[str, ...] | None = None
    named_steps: tuple[str, ...] = ()
    platforms: Platforms | None = None

    @property
    def main_flow_nodes(self) -> tuple[str, ...]:
        """Return the nodes of the main flow; empty without a definition."""
        return tuple(self.definition.nodes) if self.definition else ()

    @property
    def scripted_buttons(self) -> list[str]:
        """Return the buttons for which there is a ``click`` script, in any form of the scenario."""
        return [event[6:] for event in self.scripts if event.startswith("click.")]

    def find_field_problem(self, name: str) -> str | None:
        """Return what is wrong with the field *name* if the form declares no such field.

        None if nothing is wrong, or if the form declares no fields at all. *name* may also be a
        cell, ``明细[0].数量``, or a column, ``明细.数量``.
        """
        known = self.fields or self.fields_named_by_flow
        if not known or name in known:
            return None
        base, *rest = parse_form_path(name) or (name,)
        if base not in known:
            near = (
                suggest_or_list(name, known)
                if self.fields
                else self._suggest_initial_field(str(base))
            )
            return msg("no field {name!r}{near}", name=name, near=near) if near else None
        column = next((step for step in rest if isinstance(step, str)), None)
        return None if column is None else self.find_column_problem(str(base), column)

    def _suggest_initial_field(self, name: str) -> str:
        """Return the hint "did you mean …" with a field of a name near *name*, or "".

        It is one of `fields_named_by_flow`. If one of them differs from *name* only in digits,
        there is no hint: 附件1 and 附件2 are two fields.
        """
        stem = _DIGITS.sub("", name)
        is_one_of_many = any(_DIGITS.sub("", one) == stem for one in self.fields_named_by_flow)
        return "" if is_one_of_many else suggest_nearest(name, self.fields_named_by_flow)

    def add_declaration_hint(self, wrong: str) -> str:
        """Return the message *wrong*, that a field is unknown, with the key that would declare it.

        That is ``form.fields``, or ``flow.form`` if no form declares fields.
        """
        where = "form.fields" if self.fields else "flow.form"
        return msg("{wrong} (if it is a field, declare it in {where})", wrong=wrong, where=where)

    @property
    def tables_with_known_columns(self) -> tuple[str, ...]:
        """Return the tables of which columns are known."""
        return tuple(dict.fromkeys((*self.initial_table_columns, *self.entered_columns)))

    def find_column_problem(self, table: str, column: str) -> str | None:
        """Return what is wrong with *column* if no known row of *table* has it, or None."""
        known = self.initial_table_columns.get(table, ())
        if not known or column in known:
            return None
        hint = suggest_or_list(column, known)
        return msg("{table} has no column {column!r}{hint}", table=table, column=column, hint=hint)

    def find_unknown_columns(
        self, name: str, value: Any
    ) -> Iterator[tuple[tuple[str | int, ...], str]]:
        """Yield each unknown column in *value*, the new value of field *name*, with its path."""
        if not self.initial_table_columns.get(name) or not isinstance(value, list | tuple):
            return
        for number, row in enumerate(value):
            for column in row if isinstance(row, Mapping) else ():
                if wrong := self.find_column_problem(name, str(column)):
                    yield (number, str(column)), wrong

    def find_script_read_problem(self, owner: str, name: str) -> str | None:
        """Return the message if a script's read of *name* of *owner* is doubtful, or None.

        It is doubtful if *owner* has no such member. *owner* is as the script writes it: ``form``,
        ``ctx.form``, ``form.$visible``, ``ctx``, ``ctx.step``, or a table, ``form.明细``.
        """
        if wrong := self._describe_wrong_read(owner, name):
            return msg(
                "the script reads {owner}.{name}{wrong}", owner=owner, name=name, wrong=wrong
            )
        return None

    def _describe_wrong_read(self, owner: str, name: str) -> str | None:
        root, _, rest = owner.removeprefix("ctx.").partition(".")
        if root != "form":
            return self._find_ctx_read_problem(owner, name)
        if rest and not rest.startswith("$"):
            wrong = self.find_column_problem(rest, name)
            near = (
                () if self.initial_table_columns.get(rest) else self.entered_columns.get(rest, ())
            )
            return msg(": {wrong}", wrong=wrong) if wrong else self._suggest_if_unknown(name, near)
        known = self.fields or self.fields_named_by_flow
        if (
            name in known
            or not known
            or name in EXTENSIONS
            or (rest and name in self.scripted_buttons)
        ):
            return None
        if not rest and name.startswith("$"):
            return suggest_or_list(name, EXTENSIONS)
        wrong = self.find_field_problem(name)
        return msg(": {wrong}", wrong=wrong) if wrong else None

    def _suggest_if_unknown(self, name: str, known: Collection[str]) -> str | None:
        return None if name in known else suggest_nearest(name, known) or None

    def _find_ctx_read_problem(self, owner: str, name: str) -> str | None:
        """Return what is doubtful in a script's read of *name* in *owner*, or None.

        *owner* is ``ctx`` or a part of it, such as ``ctx.userInfo``. ``ctx`` and ``ctx.step`` have
        fixed members. A person and a project may have further ones in the product, so there a name
        is doubtful only if it resembles a known one, unless the scenario declares the members of
        people.
        """
        if owner == "ctx.postData":
            known = self.fields or self.fields_named_by_flow
            return self._suggest_if_unknown(name, known)
        members = CONTEXT_MEMBERS.get(owner)
        is_closed = owner in {"ctx", "ctx.step"}
        if owner == "ctx.userInfo" and self.person_members:
            members, is_closed = tuple(dict.fromkeys(("id", "name", *self.person_members))), True
        if members is None or name in members:
            return None
        return (
            suggest_or_list(name, members) if is_closed else suggest_nearest(name, members) or None
        )

    def find_script_write_problem(self, owner: str, member: str) -> tuple[str, bool] | None:
        """Return what is wrong with a script's write to *member* of *owner*, or None.

        The bool is true for an error and false for a doubt. *owner* is a state such as
        ``form.$visible``, ``form.$message`` or its ``type``, or ``ctx``.
        """
        if owner in _MESSAGE_WORDS:
            known, is_member = _MESSAGE_WORDS[owner], owner == "form.$message"
            hint = suggest_or_list(member, known) if is_member else suggest_nearest(member, known)
            wrong = msg("there is no {name!r}{hint}", name=member, hint=hint)
            return None if member in known or not hint else (wrong, is_member)
        known = (
            CONTEXT_MEMBERS["ctx"] if owner == "ctx" else self.fields or self.fields_named_by_flow
        )
        if member in known or (owner != "ctx" and member in self.scripted_buttons):
            return None
        if owner != "ctx":
            wrong = self.find_field_problem(member) or ""
            return (wrong, True) if wrong else None
        hint = suggest_nearest(member, known)
        return (msg("there is no {name!r}{hint}", name=member, hint=hint), False) if hint else None

    def occurs_in_scripts(self, word: str) -> bool:
        """Return whether a script contains *word*.

        Also true if the scenario has a ``python`` step, whose code may write anything.
        """
        return self.texts is None or any(word in text for text in self.texts)

    def find_misspelt_code_problem(self, code: str) -> str | None:
        """Return what is wrong with *code* if it is near an error code of this package, or None.

        A code that occurs in a script is never wrong.
        """
        if code in CODES or not _CODE.fullmatch(code) or self.occurs_in_scripts(code):
            return None
        hint = suggest_nearest(code, CODES)
        return msg("there is no code {code!r}{hint}", code=code, hint=hint) if hint else None

    def find_instance_problem(self, key: str, platform: str = "") -> str | None:
        """Return what is wrong if *platform* has no instance *key*, or None.

        An instance is a tenant of the platform. With "" as *platform*, an instance of any platform
        will do, and *platform* may have ``*`` as wildcard. Of a platform that is not declared,
        or whose file cannot be used, nothing is known.
        """
        if self.platforms is None or not key or "${" in f"{platform}{key}":
            return None
        entries = self.platforms.entries
        pattern = f"{platform or '*'}.*"
        among = [name for name in self.platforms.keys if matches_api(pattern, f"{name}.x")]
        known = {entry.instance.instance_key for name in among for entry in entries.get(name, ())}
        is_unknown = not among or not self.platforms.broken.keys().isdisjoint(among)
        if is_unknown or key in {*known, "default"} or (not known and not entries):
            return None
        if platform in among:
            return msg("{platform} has no instance {key!r}{hint}", platform=platform, key=key,
                       hint=suggest_or_list(key, sorted(known)))  # fmt: skip
        return _describe_unknown_instance(key, known)

    def find_api(self, call: str) -> tuple[Platform, Api] | None:
        """Return platform and API of ``platform.api`` if both are declared, else None."""
        platform_key, _, name = call.partition(".")
        platform = self.platforms.find(platform_key) if self.platforms is not None else None
        if platform is None or self.platforms is None or not name or "*" in call or name[0] == "$":
            return None
        try:
            return platform, self.platforms.api(platform, name)
        except CallError:
            return None

    def find_call_problem(self, call: str) -> str | None:
        """Return what is wrong with *call*, ``platform.api`` with ``*`` as wildcard, or None."""
        platform, _, api = call.partition(".")
        if self.platforms is None or platform in {"*", *self.platforms.broken} or "${" in call:
            return None  # calls of a broken one say what is wrong with it
        known = self.platforms.keys
        if "*" in platform:
            is_any = any(matches_api(f"{platform}.*", f"{key}.x") for key in known)
            return None if is_any else msg("no platform is like {platform!r}", platform=platform)
        declared = self.platforms.find(platform)
        if declared is None:
            return msg(
                "no platform {name!r}{hint}", name=platform, hint=suggest_or_list(platform, known)
            )
        if not api or api.startswith("$"):
            return None
        apis = [*declared.apis, *(a for one in declared.apis.values() for a in one.aliases)]
        if any(matches_api(call, f"{platform}.{name}") for name in apis):
            return None
        hint = suggest_or_list(api, apis)
        return msg("{platform} has no API {api!r}{hint}", platform=platform, api=api, hint=hint)


def expects_invalid_call(spot: Spot) -> bool:
    """Return whether the step whose action is at *spot* expects the code of a wrong call.

    An example is ``expect_error: {code: UNKNOWN_API}``.
    """
    node = spot.source.root.find_at((*spot.steps[:-1], "expect_error", "code"))
    return node is not None and isinstance(node.value, str) and node.value in WRONG_CALLS


def describe_finding(
    message: str, values: Mapping[str, object], known: Iterable[str] | None
) -> str:
    """Return the template *message* with *values* filled in.

    Its ``{hint}`` becomes those of *known*, the right names, that resemble the first of *values*.
    """
    if known is not None:
        values = {**values, "hint": suggest_or_list(str(next(iter(values.values()))), known)}
    return fill_if_values(message, values)


class CheckContext(Protocol):
    """What a check needs: the names that exist, and a method that takes its findings.

    A check runs at load with a `ScenarioDraft`, and again in the run, with a `FilledValueContext`,
    if its values contain ``${…}``.
    """

    @property
    def names(self) -> ScenarioNames:
        """Return the names that exist in the scenario, to check others against them."""
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
        """Report a problem at *spot*.

        Args:
            spot: place of the wrong value.
            message: what is wrong; with *values*, a template for them as in `msg`.
            known: names that would be right; the template's ``{hint}`` lists those similar to the
                first of *values*.
            kind: a key of `WARNINGS` makes it a warning in lenient folders; "" is always a failure.
            fails: false makes it a warning except in strict folders.
            values: values for the template.
        """
        ...
