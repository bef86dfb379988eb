"""Requests of users' own clients: told apart by address, method and path, and made safe to keep."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from msgspec.structs import replace

from bpmax_sim.cassette.identify import Addresses, Identifier, hidden
from bpmax_sim.cassette.injected import unbuilt
from bpmax_sim.errors import BpmaxError
from bpmax_sim.messages import Call, Request, Response
from bpmax_sim.platform.model import Source
from bpmax_sim.platform.platforms import Platforms
from bpmax_sim.proxy.effects import Effect, Send
from bpmax_sim.proxy.environment import Environment
from bpmax_sim.proxy.record import CallRecord
from bpmax_sim.secret.credentials import Credentials
from bpmax_sim.secret.vault import Vault


def addresses_in(platforms: Platforms, environ: Mapping[str, str]) -> Addresses:
    """Return the addresses that instances take from *environ*, as far as they are set."""
    found: dict[tuple[str, str], str] = {}
    for entries in platforms.entries.values():
        for entry in entries:
            one, given = entry.instance, entry.instance.base_url
            if isinstance(given, Source) and isinstance(given.env, str) and environ.get(given.env):
                found[one.platform, one.instance_key] = environ[given.env]
    return found


def know(found: Credentials, tenant: tuple[str, str], vault: Vault) -> None:
    """Make the credentials of a tenant (platform key and instance key) known to *vault*."""
    for one in found:
        vault.add(str(one.real), str(one.standin), name=".".join((*tenant, one.name)))


@dataclass(slots=True)
class Outside:
    """Makes the requests of other clients into calls of the session."""

    platforms: Platforms
    environ: Mapping[str, str] = field(repr=False)
    env: Environment
    vault: Vault
    _identifier: Identifier | None = field(default=None, init=False)

    def call(self, request: Request) -> Generator[Effect, Any, Response]:
        """Send *request* as a call that is recorded and logged like a builder's.

        Raises:
            TransportError: the exchange did not complete.
            NoMatchError: replay has no answer.
        """
        known = self.known(request, serial=self.env.serial())
        start = self.env.clock.now(), self.env.clock.tick()
        try:
            response: Response = yield Send(known)
        except BpmaxError as error:
            self.env.log(_record(known, self.env, start, error=error))
            raise
        self.env.log(_record(known, self.env, start, received=response))
        return response

    def known(self, request: Request, *, serial: int = 0) -> Request:
        """Return *request* as the call of the API that it belongs to, with its stand-in twin."""
        if self._identifier is None:
            live = addresses_in(self.platforms, self.environ)
            self._identifier = Identifier(self.platforms, live)
            self._know_everyone()
        named = self._identifier.identify(request)
        call = replace(named.call or unbuilt(named), serial=serial)
        if named.call is None:
            return replace(named, call=call)
        self._know_tenant(call)
        named = replace(named, call=call)
        return replace(named, standin=hidden(named, self.platforms, self.vault))

    def _know_everyone(self) -> None:
        """Where something is written down, make the credentials of all instances known.

        A client may send one where no declared API expects it.
        """
        if not self.env.separate:
            return
        for entries in self.platforms.entries.values():
            for entry in entries:
                one = entry.instance
                with suppress(BpmaxError):  # what is not set cannot be sent
                    platform = self.platforms.platform(one.platform)
                    found = self.platforms.credentials(
                        platform, one, environ=self.environ, closed=False
                    )
                    know(found, (one.platform, one.instance_key), self.vault)

    def _know_tenant(self, call: Call) -> None:
        """Make the instance's own credentials known, where it has them."""
        try:
            instance = self.platforms.instance(call.platform, call.instance)
            self.env.tenant(self.platforms.platform(call.platform), instance)
        except BpmaxError:
            pass  # a client of its own has credentials of its own


def _record(
    request: Request, env: Environment, start: tuple[float, int], **came: Any
) -> CallRecord:
    at, began = start
    call = request.call
    assert call is not None
    return CallRecord(
        platform=call.platform or urlsplit(request.url).hostname or "",
        instance=call.instance,
        api=call.api or call.method,
        at=at,
        duration=env.clock.now() - at,
        began=began,
        ended=env.clock.tick(),
        attempts=1,
        call=call,
        sent=request,
        redact=env.redact,
        **came,
    )
