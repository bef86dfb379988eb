"""What flow scripts see as ``ctx``, beside the project's values.

The members follow the product's API where that is known; the nesting names ``project``, ``step``
and ``form`` are this simulator's.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from bpmax_sim.errors import Place, SubjectError
from bpmax_sim.script.channel import LiveObject
from bpmax_sim.subject.hooks import FlowMove


class ContextView(msgspec.Struct, frozen=True):
    """``ctx`` of one running script; of it only form and project outlive the script."""

    members: Mapping[str, Any]
    links: Mapping[str, LiveObject]

    def snapshot(self) -> Mapping[str, Any]:
        """Return the members beside form and project."""
        return self.members

    def write(self, field: str, value: Any, place: Place | None, /) -> None:
        """Take what the script wrote; it is the script's own.

        Raises:
            SubjectError: for a form or a project that is no object.
        """
        del value, place
        if field in self.links:
            raise SubjectError("ctx.{field} takes an object of names and values", field=field)


def context_of(
    move: FlowMove,
    step: Mapping[str, Any],
    target: str,
    user: Mapping[str, Any],
    people: Mapping[str, Any],
) -> dict[str, Any]:
    """Return the members of ``ctx`` beside project and form."""
    return {
        "action": move.action,
        "step_id": step["id"],
        "target_step": target,
        "description": move.comment,
        "postData": dict(move.form),
        "step": step,
        "userInfo": _person(move.by, step["owner"], user, people),
    }


def _person(
    by: str,
    owners: list[dict[str, Any]],
    user: Mapping[str, Any],
    people: Mapping[str, Any],
) -> dict[str, Any]:
    """Return who acts: the user whole, or another person, as far as he is known."""
    if not by or str(user.get("id", "")) == by:
        return dict(user)
    ids = (item.get("owner_id") for item in owners)
    known = people.get(by)
    more = known if isinstance(known, Mapping) else {"name": known} if known else {}
    return {"id": next((key for key in ids if str(key) == by), by), **more}
