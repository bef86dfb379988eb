"""The environment of a script in scenarios: platforms, fields, nodes, libraries."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain

import msgspec
from msgspec.structs import replace

from bpmax_sim.platform.load import Platforms
from bpmax_sim.scenario.load import LocatedStep, ScenarioItem
from bpmax_sim.scenario.model import get_initial_form
from bpmax_sim.script.failure import Script
from bpmax_sim.subject.definition import Definition


class ScriptContext(msgspec.Struct, frozen=True, kw_only=True):
    """A script and everything against which its names are checked.

    Attributes:
        platforms: platforms of the scenarios that run it.
        fields: fields of all forms that it runs with; None if it runs without one.
        buttons: buttons of all these forms; they have states as fields do.
        nodes: nodes of all flows that it runs with.
        libraries: scripts that run before it.
        arguments: globals that ``js`` steps pass to it by ``args``.
        field_kinds: kinds of fields whose initial value is a number, list or boolean in all forms.
        is_library: whether it runs before other scripts itself.
        hooks: events that run it, such as ``approve.审批``; empty if something else runs it too.
        people: all people there are, if its scenarios list them.
        declared_members: owner and name of members that its scenarios give people and the project:
            ``ctx.userInfo`` and ``ctx.project``.
        lacks_deadlines: whether its flows are known and no node of them has a deadline.
    """

    script: Script
    platforms: Platforms
    fields: frozenset[str] | None = None
    buttons: frozenset[str] = frozenset()
    nodes: frozenset[str] = frozenset()
    libraries: tuple[Script, ...] = ()
    arguments: frozenset[str] = frozenset()
    field_kinds: frozenset[tuple[str, str]] = frozenset()
    is_library: bool = False
    hooks: frozenset[str] = frozenset()
    people: frozenset[str] = frozenset()
    declared_members: frozenset[tuple[str, str]] = frozenset()
    lacks_deadlines: bool = False

    @property
    def hook_nodes(self) -> frozenset[str]:
        """Return the nodes at which the script runs; empty unless all its events name one."""
        bound = [hook.partition(".") for hook in self.hooks]
        known = all(event in _AT_NODES and node for event, _, node in bound)
        return frozenset(node for _, _, node in bound) if known else frozenset()


_AT_NODES = frozenset({"approve", "reject", "before_next"})
"""Events whose target is the present node."""


def collect_script_contexts(
    items: Iterable[ScenarioItem], platforms_of: Callable[[ScenarioItem], Platforms | None]
) -> Iterator[ScriptContext]:
    """Yield the context of each script of *items* once, with the fields of all its forms.

    *platforms_of* returns the platforms of an item; an item for which it returns None is left out.
    A script that is used with different platforms has a context for each.
    """
    grouped: dict[tuple[Script, int], ScriptContext] = {}
    for item in items:
        platforms = platforms_of(item)
        if platforms is None:
            continue
        subjects, fields, kinds = (
            item.subjects,
            find_declared_fields(item),
            _find_non_text_field_kinds(item),
        )
        libraries, flows = subjects.all_libraries, [*item.names.subflows.values()]
        flows += [item.names.definition] if item.names.definition else []
        arguments = frozenset(chain.from_iterable(map(_find_script_arguments, item.walk_steps())))
        hooks = _find_hooks(item)
        members = {"ctx.userInfo": item.names.person_members}
        members["ctx.project"] = item.names.project_members
        declared = frozenset((owner, name) for owner in members for name in members[owner])
        people = frozenset(item.names.all_named_people if item.names.lists_people else ())
        for script in dict.fromkeys((*subjects.handlers, *subjects.inline.values(), *libraries)):
            context = ScriptContext(
                script=script,
                platforms=platforms,
                fields=fields,
                buttons=frozenset(item.names.scripted_buttons),
                nodes=frozenset().union(*map(_list_node_names, flows)),
                libraries=libraries,
                arguments=arguments if script in subjects.inline.values() else frozenset(),
                field_kinds=kinds,
                is_library=script in libraries,
                hooks=frozenset(hooks.get(script, ())),
                people=people,
                declared_members=declared,
                lacks_deadlines=bool(flows) and not any(map(_has_deadlines, flows)),
            )
            key = (script, id(platforms))
            grouped[key] = _merge_contexts(grouped[key], context) if key in grouped else context
    yield from grouped.values()


def _merge_contexts(first: ScriptContext, second: ScriptContext) -> ScriptContext:
    """Return the combined context of a script that two scenarios run."""
    # A finding has to be right in every scenario of the script: what one of them has is there
    # (union), what only one knows for certain is not certain (intersection), and what is unknown in
    # one is unknown.
    unknown = first.fields is None or second.fields is None
    return replace(
        first,
        fields=None if unknown else (first.fields or frozenset()) | (second.fields or frozenset()),
        buttons=first.buttons | second.buttons,
        nodes=first.nodes | second.nodes,
        libraries=tuple(dict.fromkeys((*first.libraries, *second.libraries))),
        arguments=first.arguments | second.arguments,
        field_kinds=first.field_kinds & second.field_kinds,
        is_library=first.is_library or second.is_library,
        hooks=first.hooks | second.hooks if first.hooks and second.hooks else frozenset(),
        lacks_deadlines=first.lacks_deadlines and second.lacks_deadlines,
        declared_members=first.declared_members | second.declared_members,
        people=first.people | second.people if first.people and second.people else frozenset(),
    )


def _find_hooks(item: ScenarioItem) -> dict[Script, list[str]]:
    """Return script -> the events that run it; without scripts that a ``js`` step runs too."""
    subjects = item.subjects
    flows = (subjects.flow, *subjects.subflows.values())
    tables = [subjects.scripts, *(flow.scripts for flow in flows)]
    tables += [screen.scripts for flow in flows for screen in flow.screens.values()]
    hooks: dict[Script, list[str]] = {}
    for event, scripts in chain.from_iterable(table.items() for table in tables):
        for script in scripts:
            hooks.setdefault(script, []).append(event)
    stepped = {*subjects.inline.values()}
    return {script: events for script, events in hooks.items() if script not in stepped}


def _find_script_arguments(located: LocatedStep) -> Iterable[str]:
    """Return the names of the globals that a ``js`` step passes to its script file by ``args``."""
    value = located.step.value if located.step.action == "js" else None
    args = value.get("args") if isinstance(value, Mapping) else None
    return args if isinstance(args, Mapping) else ()


def _has_deadlines(flow: Definition) -> bool:
    return any(node.deadlines for node in flow.nodes.values())


def _list_node_names(flow: Definition) -> Iterable[str]:
    titles = (node.title for node in flow.nodes.values() if node.title)
    return (*flow.nodes, *titles)


def find_declared_fields(item: ScenarioItem) -> frozenset[str] | None:
    """Return the declared fields of the form; None if unknown: without form, or with sub-flows."""
    if item.scenario.form is msgspec.UNSET:
        return None  # a flow alone says what it begins with, not what there is
    names = frozenset(get_initial_form(item.scenario))
    return names if names and not item.subjects.subflows else None


def _find_non_text_field_kinds(item: ScenarioItem) -> frozenset[tuple[str, str]]:
    """Return (field, kind) for each field whose initial value is a number, list or boolean.

    A text says nothing, as it may stand for anything.
    """
    kinds = item.names.initial_value_kinds if not item.subjects.subflows else {}
    known = {"number", "boolean", "list"}
    return frozenset((name, kind) for name, kind in kinds.items() if kind in known)
