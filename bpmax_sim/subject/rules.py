"""What may be done with a project, where it goes first, and how its check says no."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bpmax_sim.errors import ScriptError, SubjectError, listed, near
from bpmax_sim.subject.definition import Action, Definition

NEW, PROCESSING, FINISHED, REJECTED = "new", "processing", "finished", "rejected"
ENDS: Mapping[str, str] = {"approve": FINISHED, "reject": REJECTED}


def check_action(definition: Definition, status: str, at: str, action: Action, said: str) -> None:
    """Check that *action* is possible at the present node; *said* is where a step acts.

    Raises:
        SubjectError: if it is not.
    """
    if status != PROCESSING:
        hint = "submit it first, or set flow.at" if status == NEW else "nothing is left"
        raise SubjectError(f"cannot {action}: the project is {status}; {hint}")
    if said and said != at:
        hint = near(said, definition.nodes) if said not in definition.nodes else ""
        raise SubjectError(f"cannot {action} at {said!r}: it stands at {at!r}{hint}")
    offers = definition.nodes[at].offers
    if action not in offers:
        offered = ", ".join(offers) or "no action"
        raise SubjectError(f"node {at!r} does not offer {action}; it offers {offered}")


def first_node(definition: Definition | None, jump: Any) -> str:
    """Return the first node: what the hook ``jump`` gave, else where the definition starts.

    Raises:
        SubjectError: if there is no such node.
    """
    if definition is None:
        return jump if isinstance(jump, str) else ""
    if jump is None:
        return definition.start
    if jump not in definition.nodes:
        hint = near(str(jump), definition.nodes) or f"; there is {listed(definition.nodes)}"
        raise SubjectError(f"jump returned {jump!r}, which is no node{hint}")
    return str(jump)


def refusal(event: str, value: Any, thrown: Exception | None) -> str | None:
    """Return the text with which the check *event* says no, or None where it does not."""
    if isinstance(thrown, ScriptError) and type(thrown) is ScriptError:
        return thrown.message
    if thrown is not None:
        return str(thrown)
    if value is False:
        return f"{event} refused"
    return value if isinstance(value, str) and value else None


def is_meant(thrown: Exception | None) -> bool:
    """Return whether *thrown* is a plain Error, a check's way of saying no, and not a bug."""
    return type(thrown) is ScriptError and thrown.name == "Error"
