"""Group failures by cause, independent of their scenario and values."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import reduce
from typing import TypeVar

import msgspec

from bpmax_sim.i18n import generalise_messages, label_message, to_plain_english
from bpmax_sim.scenario.source import Failure

_Owner = TypeVar("_Owner")


class FailureCause(msgspec.Struct, frozen=True):
    """The common cause of several failures: two failures with equal attributes have one cause.

    Attributes:
        kind: kind of the failure, such as ``expect`` or ``miss``.
        template: message with placeholders instead of values; the whole message if *where* is
            empty.
        where: line of the script, or else the key that failed, such as ``form.discount``.
    """

    kind: str
    template: str
    where: str


def find_grouping_cause(failure: Failure) -> FailureCause:
    """Return the cause of *failure*, equal for failures that probably end by the same correction.

    Those have the same script line or ``expect`` key, and the same message apart from values.
    """
    key = next((check.label for check in failure.checks if not check.ok), "")
    where = f"{failure.script.file}:{failure.script.line}" if failure.script else key
    words = getattr(failure.essence, "template", "") if where else ""
    return FailureCause(failure.kind, words or to_plain_english(failure.essence), where)


def group_by_cause(
    failed: Iterable[tuple[_Owner, Failure]],
) -> dict[FailureCause, list[tuple[_Owner, Failure]]]:
    """Group *failed*, pairs of an owner and its failure, by cause; the order is kept.

    An owner is what failed, such as a verdict or a report; it is only passed on.
    """
    groups: dict[FailureCause, list[tuple[_Owner, Failure]]] = {}
    for owner, failure in failed:
        groups.setdefault(find_grouping_cause(failure), []).append((owner, failure))
    return groups


def describe_cause(failures: Sequence[Failure]) -> str:
    """Return what the messages of *failures*, all of one cause, have in common.

    The script line, if any, precedes it, but not for missing configuration: the message itself says
    what is to be set up, and where.
    """
    essence = reduce(generalise_messages, (failure.essence for failure in failures))
    script = failures[0].script if failures[0].kind != "config" else None
    return label_message(f"{script.file}:{script.line}", essence) if script else essence
