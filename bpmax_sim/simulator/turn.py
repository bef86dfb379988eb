"""One request under way: what is known of it so far, and the state that it leaves."""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec
from msgspec.structs import replace

from bpmax_sim.platform.model import Platform
from bpmax_sim.simulator.asked import ABSENT, Asked, look
from bpmax_sim.simulator.model import Row, Table
from bpmax_sim.simulator.state import State

_LETTERS = str.maketrans("-_", "ab")


@dataclass(frozen=True, slots=True)
class Tenant:
    """An instance of the platform and the credentials that it logs in with."""

    instance: str
    credentials: Mapping[str, Any] = field(repr=False)


class World(msgspec.Struct, frozen=True, kw_only=True):
    """What does not change from request to request."""

    table: Table
    platform: Platform
    tenants: tuple[Tenant, ...]
    base: str
    seed: int = 0


class Refused(Exception):  # noqa: N818 - an answer, not an error of ours
    """The third party refuses, with the error *code* of its table."""

    def __init__(self, code: str, message: str = "") -> None:
        """Refuse; *message* wins over that of the table."""
        super().__init__(code)
        self.code = code
        self.message = message


class Repeated(Exception):  # noqa: N818 - an answer, not an error of ours
    """The same request was answered before: it gets that answer again."""

    def __init__(self, answer: Any) -> None:
        """Hand back *answer*."""
        super().__init__()
        self.answer = answer


class Turn(msgspec.Struct):
    """A request under way.

    Attributes:
        scope: what dotted places name; checks add what they find.
        tenant: whose request it is, as soon as that is known.
        receivers: whom its message goes to.
        key: under which its answer is kept for a repetition.
    """

    world: World
    asked: Asked
    now: float
    route: str
    state: State
    scope: dict[str, Any] = msgspec.field(default_factory=dict)
    tenant: Tenant | None = None
    receivers: tuple[str, ...] = ()
    key: str = ""
    until: float = 0.0

    def __post_init__(self) -> None:
        asked = self.asked
        self.scope |= {
            "query": asked.query,
            "header": asked.headers,
            "cookie": asked.cookies,
            "form": asked.form,
            "body": dict(asked.form) if asked.body is ABSENT and asked.form else asked.body,
            "credential": {},
            "now": self.now,
            "seconds": int(self.now),
            "millis": int(self.now * 1000),
        }

    def look(self, place: str) -> Any:
        """Return what stands at *place*, or `ABSENT`."""
        return look(self.scope, place)

    def belongs_to(self, tenant: Tenant) -> None:
        """Know from now on whose request it is."""
        self.tenant = tenant
        self.scope["credential"] = tenant.credentials

    def change(self, **fields: Any) -> None:
        """Leave another state."""
        self.state = replace(self.state, **fields)

    def rows(self, name: str) -> tuple[Row, ...]:
        """Return the records *name*, those that were added first."""
        return (*self.state.rows.get(name, ()), *self.world.table.rows.get(name, ()))

    def row(self, name: str, by: tuple[str, ...], value: Any) -> Row | None:
        """Return the record of which one of the fields *by* is *value*, in any case."""
        wanted = str(value).casefold()
        for row in self.rows(name):
            if any(str(row.get(field, ABSENT)).casefold() == wanted for field in by):
                return row
        return None

    def made(self, prefix: str = "", length: int = 32) -> str:
        """Return a new id; the same one for the same seed and number of it."""
        number = self.state.serial
        self.change(serial=number + 1)
        start = f"{self.world.seed}/{self.world.platform.platform_key}/{number}"
        text = ""
        while len(text) < length:
            digest = hashlib.sha512(f"{start}/{len(text)}".encode()).digest()
            text += urlsafe_b64encode(digest).decode().rstrip("=").translate(_LETTERS)
        return prefix + text[:length]
