"""What a flow is made of, its scripts and files read in."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import msgspec

from bpmax_sim.errors import Place, SubjectError, near, suggestion
from bpmax_sim.i18n import msg
from bpmax_sim.js_values import Undefined
from bpmax_sim.script.failure import Script
from bpmax_sim.subject.definition import Definition, NodeForm


class NodeScreen(msgspec.Struct, frozen=True, kw_only=True):
    """What a node shows of the form: field -> states, and the scripts that run there."""

    states: Mapping[str, Mapping[str, Any]] = msgspec.field(default_factory=dict)
    scripts: Mapping[str, tuple[Script, ...]] = msgspec.field(default_factory=dict)
    libraries: tuple[Script, ...] = ()

    @classmethod
    def of(
        cls,
        form: NodeForm,
        scripts: Mapping[str, tuple[Script, ...]],
        libraries: tuple[Script, ...],
    ) -> NodeScreen:
        """Return what a node declares, with its scripts read in."""
        states = {
            name: {
                "visible": state != "hidden",
                "readonly": state == "readonly",
                "required": state == "required",
            }
            for name, state in form.fields.items()
        }
        return cls(states=states, scripts=scripts, libraries=libraries)


class FlowParts(msgspec.Struct, frozen=True, kw_only=True):
    """What a flow is made of: its definition, with the scripts of flow and nodes.

    Attributes:
        conditions: where each ``when`` stands in its file, by node, action and number of the route.
        screens: node -> what it shows of the form.
    """

    definition: Definition | None = None
    conditions: Mapping[tuple[str, str, int], Place] = msgspec.field(default_factory=dict)
    scripts: Mapping[str, Script | tuple[Script, ...]] = msgspec.field(default_factory=dict)
    libraries: tuple[Script, ...] = ()
    screens: Mapping[str, NodeScreen] = msgspec.field(default_factory=dict)

    @property
    def handlers(self) -> list[Script]:
        """Return the scripts of all events, of forms, too."""
        result: list[Script] = []
        for scripts in (self.scripts, *(screen.scripts for screen in self.screens.values())):
            for several in scripts.values():
                result += (several,) if isinstance(several, Script) else several
        return result

    @property
    def all_libraries(self) -> list[Script]:
        """Return the libraries, of forms, too."""
        more = [script for screen in self.screens.values() for script in screen.libraries]
        return [*self.libraries, *more]


def first_node(definition: Definition | None, jump: Any) -> str:
    """Return the first node: what the hook ``jump`` gave, else where the definition starts.

    Raises:
        SubjectError: if there is no such node.
    """
    if definition is None:
        return jump if isinstance(jump, str) else ""
    if jump is None or isinstance(jump, Undefined):
        return definition.start
    if jump not in definition.nodes:
        hint = suggestion(str(jump), definition.nodes)
        raise SubjectError("jump returned {jump!r}, which is no node{hint}", jump=jump, hint=hint)
    return str(jump)


def check_returned(hook: str, value: Any, nodes: Collection[str]) -> None:
    """Check that a hook gave what it is for; nothing is always right.

    Raises:
        SubjectError: it gave something else, which would be lost without a word.
    """
    if hook not in _GIVES or value is None or isinstance(value, Undefined):
        return
    kind, what = _GIVES[hook]
    if not isinstance(value, kind):
        raise SubjectError(
            "{hook} must return {what}, got {value!r}", hook=hook, what=what, value=value
        )
    is_map = hook == "visibility" and isinstance(value, Mapping)
    shown: Mapping[str, Any] = value if is_map else {}
    for node, is_shown in shown.items():
        if not isinstance(is_shown, bool) or (nodes and node not in nodes):
            raise SubjectError(
                "visibility returned {node!r}: {shown!r}; it takes nodes, and true or false{hint}",
                node=node,
                shown=is_shown,
                hint="" if node in nodes else near(str(node), nodes),
            )


_GIVES: Mapping[str, tuple[type[Any], str]] = {
    "project_name": (str, msg("a text")),
    "task_title": (str, msg("a text")),
    "computed": (Mapping, msg("an object of fields and values")),
    "visibility": (Mapping, msg("an object of nodes, each true or false")),
}
