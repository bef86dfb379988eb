"""Whether what a step expects says that a form or flow refuses its action."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from msgspec import UNSET

from bpmax_sim.errors import SubjectError
from bpmax_sim.scenario.expect import fulfils, is_operator
from bpmax_sim.scenario.expected_literals import find_literals_with_denial
from bpmax_sim.scenario.model import Expect, NewExpect, Step
from bpmax_sim.scenario.references import InterpolationError
from bpmax_sim.subject.project import PROCESSING


def is_refusal_covered_by_expect(step: Step) -> bool:
    """Return whether an expectation of *step* would fail if form or flow refused the action.

    If not, an unexpected refusal fails the step by itself.
    """
    if isinstance(step.expect, NewExpect):
        return True
    said = (step.expect.messages, step.expect.result, step.expect_error)
    flow = step.expect.flow
    facts = flow if isinstance(flow, Mapping) else {}
    return any(part is not UNSET for part in said) or any(
        fact.startswith("$") or fact in _MOVED or (fact == "status" and value != PROCESSING)
        for fact, value in facts.items()
    )


_MOVED = frozenset({"at", "owners", "pending", "tasks", "history", "delay_level", "projects"})
"""Facts of a flow that are others where an action succeeds."""


def find_expected_message_codes(messages: Any) -> list[Any]:
    """Return the codes that ``messages`` expects, as texts or maps of operators.

    Those in a list, in a single line or in operators such as ``$contains`` are found; not those
    that ``$not`` denies.
    """
    lines = (line for _, line, denied in find_literals_with_denial(messages) if not denied)
    return [line["code"] for line in lines if isinstance(line, Mapping) and "code" in line]


def names_member(expected: Any, member: str = "") -> bool:
    """Return whether *expected* contains a map that names *member*, also in lists and operators.

    With "", any map of members will do.
    """
    if isinstance(expected, list | tuple):
        return any(names_member(item, member) for item in expected)
    if not isinstance(expected, Mapping):
        return False
    if is_map_of_members(expected):
        return not member or member in expected
    return any(names_member(operand, member) for operand in expected.values())


def is_expected_refusal(error: Exception, expected: Expect, resolve: Callable[[Any], Any]) -> bool:
    """Return whether *error* is a refusal by form or flow whose code ``messages`` expects.

    *expected* is the expectation that has ``messages``. *resolve* replaces ``${…}``; if one is not
    defined, False is returned.
    """
    if not isinstance(error, SubjectError):
        return False
    with suppress(InterpolationError):
        messages = UNSET if expected.messages is UNSET else resolve(expected.messages)
        return any(fulfils(code, error.code) for code in find_expected_message_codes(messages))
    return False


def is_map_of_members(expected: Any) -> bool:
    """Return whether *expected* is a map of members, as opposed to one of operators."""
    return isinstance(expected, Mapping) and not any(map(is_operator, expected))
