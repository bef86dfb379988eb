"""Where a project stands: at one node, or at several in branches that run by themselves.

A `Split` is a gateway that was passed; it ends at its join, once every branch has arrived there,
or when a branch leads out of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import count

import msgspec

from bpmax_sim.subject.owners import OwnersTable


class Split(msgspec.Struct, eq=False):
    """Branches under way.

    Attributes:
        region: first node of each branch -> the nodes on its ways to the join.
        waiting: the branches that have not arrived.
        outer: the split in whose *branch* the gateway lies.
    """

    gateway: str
    join: str
    region: Mapping[str, set[str]]
    waiting: set[str]
    outer: Split | None = None
    branch: str = ""


_SERIAL = count(1)


class Visit(msgspec.Struct, eq=False):
    """A node where the project stands.

    Attributes:
        serial: tells it from later visits of the same node, in copies, too.
        table: who decides there; nobody until that is known.
        split: the branches among which it is one, and in which *branch* it lies.
        arrived: the instant when the project came there, and *plan* when it should leave.
        due: the instant of its next deadline; *level* of them are over.
        child: the sub-flow's project that it waits for.
    """

    node: str
    table: OwnersTable = msgspec.field(default_factory=OwnersTable)
    split: Split | None = None
    branch: str = ""
    arrived: float = 0.0
    plan: float | None = None
    due: float | None = None
    level: int = 0
    child: str = ""
    serial: int = msgspec.field(default_factory=_SERIAL.__next__)


def leave(visits: dict[str, Visit], visit: Visit, target: str) -> tuple[Split | None, str, bool]:
    """Take *visit* away, for *target*; return the split and branch there, and whether it waits.

    At a join it waits for the other branches; where it leads out of branches, they end.
    """
    visits.pop(visit.node, None)
    split, branch = visit.split, visit.branch
    while split is not None:
        if target == split.join:
            split.waiting.discard(branch)
            if split.waiting:
                return split, branch, True
        elif target in split.region.get(branch, ()):
            break
        else:
            for other in [v for v in visits.values() if split in _outwards(v.split)]:
                visits.pop(other.node)
        outer, branch = split.outer, split.branch
        split = outer
    return split, branch, False


def _outwards(split: Split | None) -> Iterator[Split]:
    while split is not None:
        yield split
        split = split.outer
