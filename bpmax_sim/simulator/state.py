"""Everything that a simulator remembers, as one frozen value, and the knobs that bend its rules."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

Struct = msgspec.Struct


class Grant(Struct, frozen=True, kw_only=True):
    """A token that was issued, to one instance.

    Attributes:
        values: everything that the login yielded, by name; ``token`` is the first.
        expires: the instant of the third party's clock at which it ends.
        revoked: whether it was taken back before that.
    """

    instance: str
    values: Mapping[str, str]
    issued: float
    expires: float
    revoked: bool = False

    def __repr__(self) -> str:
        return f"<Grant of {self.instance!r}, to {self.expires:.0f}>"

    def is_live(self, now: float) -> bool:
        """Return whether it is accepted at *now*."""
        return not self.revoked and now < self.expires


class Message(Struct, frozen=True, kw_only=True):
    """Something that was sent to one receiver.

    Attributes:
        route: ``METHOD /path``.
        dropped: why it never arrived, though the sender was told that all is well.
    """

    at: float
    route: str
    to: str
    body: Any
    dropped: str = ""


class Seen(Struct, frozen=True, kw_only=True):
    """A key that counts once: until when, and the answer that it had."""

    until: float
    answer: Any = None


class Knobs(Struct, frozen=True, kw_only=True):
    """What is bent on purpose; None leaves the table's own rule.

    Attributes:
        skew: seconds by which the third party's clock is ahead.
        life, overlap: seconds, see `bpmax_sim.simulator.model.Tokens`.
        renewal: ``same`` token while it is valid, a ``new`` one each time, or ``extend``.
        limit: requests and seconds, for every API.
        drops: connections that break, each with how many requests go through before it does.
    """

    skew: float = 0.0
    life: float | None = None
    overlap: float | None = None
    renewal: Literal["same", "new", "extend"] | None = None
    limit: tuple[int, float] | None = None
    drops: tuple[Literal["before", "after"], ...] = ()


class State(Struct, frozen=True, kw_only=True):
    """The whole of it.

    Attributes:
        serial: how many ids and tokens were made; each is made of its number and the seed.
        grants: the oldest first.
        counts: of limits, by key: the start of the window and the requests in it.
        blocked: until when, by key.
        seen: nonces, idempotency keys and messages, by key.
        spent: refresh tokens that were replaced.
        rows: records added to the table's own.
    """

    serial: int = 0
    grants: tuple[Grant, ...] = ()
    counts: Mapping[str, tuple[float, int]] = {}
    blocked: Mapping[str, float] = {}
    seen: Mapping[str, Seen] = {}
    spent: frozenset[str] = frozenset()
    messages: tuple[Message, ...] = ()
    rows: Mapping[str, tuple[Mapping[str, Any], ...]] = {}
    knobs: Knobs = Knobs()
