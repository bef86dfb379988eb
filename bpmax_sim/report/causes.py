"""What failures of one cause have in common, whatever their scenario and their values."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import reduce
from typing import TypeVar

import msgspec

from bpmax_sim.i18n import common_message, label_message, plain_text
from bpmax_sim.scenario.source import Failure

_Owner = TypeVar("_Owner")


class FailureCause(msgspec.Struct, frozen=True):
    """One cause.

    Attributes:
        kind: of the failure, see `Failure.kind`.
        template: what the essence is made of; the essence itself where there is no place.
        where: the script's line, or else the key that failed, such as ``form.discount``.
    """

    kind: str
    template: str
    where: str


def cause_of_failure(failure: Failure) -> FailureCause:
    """Return the cause of *failure*; equal for failures that one change is likely to mend."""
    key = next((check.label for check in failure.checks if not check.ok), "")
    where = f"{failure.script.file}:{failure.script.line}" if failure.script else key
    words = getattr(failure.essence, "template", "") if where else ""
    return FailureCause(failure.kind, words or plain_text(failure.essence), where)


def group_by_cause(
    failed: Iterable[tuple[_Owner, Failure]],
) -> dict[FailureCause, list[tuple[_Owner, Failure]]]:
    """Return *failed*, whatever owns a failure and the failure, by cause; in their order."""
    groups: dict[FailureCause, list[tuple[_Owner, Failure]]] = {}
    for owner, failure in failed:
        groups.setdefault(cause_of_failure(failure), []).append((owner, failure))
    return groups


def describe_cause(failures: Sequence[Failure]) -> str:
    """Return what *failures* of one cause say alike, the line of a script in front of it."""
    essence = reduce(common_message, (failure.essence for failure in failures))
    script = failures[0].script
    return label_message(f"{script.file}:{script.line}", essence) if script else essence
