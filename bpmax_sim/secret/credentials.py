"""An instance's credentials, each with the value that is sent and the one that is written down."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

Value = str | int | float | bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """One credential; its representation shows neither value.

    Attributes:
        kind: decides the stand-in.
        secret: whether the file declares it so.
        recorded: whether its value stands in recordings, since it is declared to be no secret.
        real: what is sent; in replay it is the stand-in itself.
        standin: what is written down.
    """

    name: str
    kind: str = "text"
    secret: bool = False
    recorded: bool = False
    real: Value = field(repr=False)
    standin: Value = field(repr=False)


class Credentials:
    """The credentials of one instance, and its address.

    Attributes:
        real: names and the values that are sent.
        standins: the same names with the values that may be written down.
        live: the address that requests go to.
        declared: the address that recordings hold.
    """

    def __init__(self, *credentials: Credential, live: str = "", declared: str = "") -> None:
        """Keep *credentials* by name."""
        self._all = {credential.name: credential for credential in credentials}
        self.real: Mapping[str, Value] = {c.name: c.real for c in credentials}
        self.standins: Mapping[str, Value] = {c.name: c.standin for c in credentials}
        self.live = live
        self.declared = declared or live

    def __iter__(self) -> Iterator[Credential]:
        return iter(self._all.values())

    def __getitem__(self, name: str) -> Credential:
        return self._all[name]

    @property
    def recorded(self) -> dict[str, str]:
        """Return the values that stand in recordings, by name."""
        return {one.name: str(one.real) for one in self if one.recorded}

    def __repr__(self) -> str:
        return f"<Credentials {', '.join(self._all) or 'none'}>"
