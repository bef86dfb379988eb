"""What flow scripts see: ``ctx``, and the project's ``form``.

The members follow the product's API where that is known; the nesting names ``project``, ``step``
and ``form`` are this simulator's.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import msgspec

from bpmax_sim.errors import Place
from bpmax_sim.proxy.values import UNDEFINED
from bpmax_sim.subject.stage import same

_SHARED = ("form", "project")


class Project(Protocol):
    """The part of a flow that scripts may write."""

    form: dict[str, Any]
    project: dict[str, Any]

    def store(
        self, part: str, values: Mapping[str, Any], by: str, place: Place | None = None
    ) -> None:
        """Merge *values* into ``form`` or ``project``."""
        ...


class Move(msgspec.Struct, frozen=True, kw_only=True):
    """Someone acts at a node: what a step says of it."""

    at: str = ""
    by: str = ""
    comment: str = ""
    form: Mapping[str, Any] = msgspec.field(default_factory=dict)


@dataclass(slots=True)
class Members:
    """``form`` or ``ctx`` of one running script, over the flow's own maps.

    ``ctx.form`` is written whole, so only what differs from what the script was given counts:
    a value that someone else wrote meanwhile stays.
    """

    flow: Project
    event: str
    whole: Mapping[str, Any] | None = None
    _given: dict[str, Mapping[str, Any]] = field(default_factory=dict, init=False)

    def snapshot(self) -> Mapping[str, Any]:
        """Return the project's form, or the whole context."""
        if self.whole is None:
            return dict(self.flow.form)
        self._given = {part: copy.deepcopy(getattr(self.flow, part)) for part in _SHARED}
        return {**self.whole, **self._given}

    def write(self, field: str, value: Any, place: Place | None, /) -> None:
        """Take what the script wrote; of ``ctx`` only form and project outlive the script."""
        if self.whole is None:
            self.flow.store("form", {field: value}, self.event, place)
        elif field in _SHARED and isinstance(value, Mapping):
            changes = _changes(self._given.get(field, {}), value)
            self.flow.store(field, changes, self.event, place)
            self._given[field] = copy.deepcopy(dict(value))


def _changes(given: Mapping[str, Any], value: Mapping[str, Any]) -> dict[str, Any]:
    changed = {
        name: item
        for name, item in value.items()
        if name not in given or not same(given[name], item)
    }
    return {**changed, **{name: UNDEFINED for name in given if name not in value}}


def context_of(
    event: str,
    move: Move,
    node: str,
    owners: list[dict[str, Any]],
    user: Mapping[str, Any],
) -> dict[str, Any]:
    """Return the members of ``ctx`` beside project and form."""
    return {
        "action": event.partition(".")[0],
        "step_id": node,
        "description": move.comment,
        "postData": dict(move.form),
        "step": {"id": node, "name": node, "flow_step_id": node, "owner": owners},
        "userInfo": {**user, **({"id": move.by} if move.by else {})},
    }
