"""A user's platform on the bench: whom its calls reach, and what was sent, as it was sent."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from bpmax_sim.clock import Instant
from bpmax_sim.errors import ConfigError
from bpmax_sim.messages import Request
from bpmax_sim.platform.check import is_address
from bpmax_sim.platform.credentials import Origin
from bpmax_sim.platform.instances import Entry
from bpmax_sim.platform.model import Api, Auth, Instance, Platform
from bpmax_sim.platform.platforms import Platforms
from bpmax_sim.session import Session, Settings

if TYPE_CHECKING:
    from bpmax_sim.transport.httpx.live import Live

SIMULATE: Final = "simulate"
START: Final = Instant.parse("2026-03-02T09:00:00+08:00")


@dataclass(frozen=True, slots=True)
class Target:
    """One platform, and who answers its calls.

    Attributes:
        key: the platform's.
        against: ``simulate`` for its stand-in, or the address of a system that may be called.
    """

    platforms: Platforms
    key: str
    against: str = SIMULATE

    @property
    def platform(self) -> Platform:
        """Return what its file declares."""
        return self.platforms.platform(self.key)

    def auth(self, api: Api) -> Auth:
        """Return the auth of *api*."""
        return api.auth if isinstance(api.auth, Auth) else self.platform.auth

    @contextmanager
    def session(self, **more: Any) -> Iterator[tuple[Session, Witness]]:
        """Open a session, and note what it sends."""
        settings: dict[str, Any] = {"mode": SIMULATE, "environ": {}}
        transport = None
        if self.against != SIMULATE:
            settings, transport = {"mode": "live", "environ": os.environ}, _live()
        settings |= {"clock": START, "unawaited": "allow", **more}
        with Session(self.platforms, Settings(**settings), transport=transport) as session:
            witness = Witness()
            session.stub(witness.note)
            yield session, witness


def target_of(platforms: Platforms, key: str, against: str = SIMULATE) -> Target:
    """Return *key* of *platforms* as a target; one without an instance is given one.

    Raises:
        ConfigError: *against* is neither ``simulate`` nor an address.
    """
    check_address(against)
    entries = [entry for found in platforms.entries.values() for entry in found]
    if not any(one.instance.platform == key and one.instance.enabled for one in entries):
        entries.append(Entry(Instance(platform=key, instance_key="default"), Origin()))
    if against != SIMULATE:
        entries = [_moved(entry, against) for entry in entries]
    return Target(platforms.with_entries(entries), key, against)


def check_address(against: str) -> None:
    """Judge who is to answer.

    Raises:
        ConfigError: *against* is neither ``simulate`` nor an address.
    """
    if against != SIMULATE and not (is_address(against) and "{" not in against):
        raise ConfigError(
            f"--against {against}: expected simulate, or an address such as http://127.0.0.1:8080"
        )


def reach(address: str) -> None:
    """See that something answers at *address*, whatever it says.

    Raises:
        TransportError: nothing does.
    """
    try:
        _live().handle(Request(method="HEAD", url=address))
    finally:
        hang_up()


def hang_up() -> None:
    """Close the connections of this process; the next request opens new ones."""
    _live().close()


def _moved(entry: Entry, address: str) -> Entry:
    return Entry(replace(entry.instance, base_url=address), entry.origin)


@cache
def _live() -> Live:
    """Return the connections of this process, which its sessions share."""
    from bpmax_sim.transport.httpx.live import Live  # noqa: PLC0415 - a stand-in needs no client

    return Live()


@dataclass(slots=True)
class Witness:
    """Sees every request, and answers none.

    Attributes:
        requests: the calls' own.
        logins: how many logins there were.
    """

    requests: list[Request] = field(default_factory=list)
    logins: int = 0

    def note(self, request: Request) -> None:
        """Keep *request*, so that somebody else answers it."""
        if request.is_login:
            self.logins += 1
        else:
            self.requests.append(request)


def declared_places(auth: Auth) -> Mapping[tuple[str, str], str]:
    """Return what auth puts in: the template by place and name; names that are templates aside."""
    emitted = auth.sign.emit if auth.sign else ()
    found = {(one.place, one.name): one.value for one in (*auth.apply, *emitted)}
    return {place: value for place, value in found.items() if "{{" not in place[1]}
