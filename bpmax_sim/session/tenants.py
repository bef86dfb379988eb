"""Credentials and address of each instance that is asked for; the vault knows them by then."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from bpmax_sim.cassette.model import Values
from bpmax_sim.errors import ConfigError
from bpmax_sim.messages import Request
from bpmax_sim.platform.model import Instance, Platform
from bpmax_sim.platform.platforms import Platforms
from bpmax_sim.platform.secrecy import declared_clear
from bpmax_sim.secret.credentials import Credentials
from bpmax_sim.secret.vault import Vault
from bpmax_sim.session.opening import Opening
from bpmax_sim.session.outside import know
from bpmax_sim.session.settings import Settings
from bpmax_sim.session.weak import warn_of_weak


class Tenants:
    """The instances of a session that were asked for.

    Attributes:
        platforms: what is declared.
    """

    def __init__(
        self, platforms: Platforms, settings: Settings, start: Opening, vault: Vault
    ) -> None:
        """Start with none; *vault* gets what they hold."""
        self.platforms = platforms
        self._settings = settings
        self._start = start
        self._vault = vault
        self._found: dict[tuple[str, str], Credentials] = {}
        self._recorded: Values | None = None

    def __iter__(self) -> Iterator[tuple[tuple[str, str], Credentials]]:
        return iter(self._found.copy().items())

    def of(self, platform: Platform, instance: Instance) -> Credentials:
        """Return what the calls of an instance are made with, stand-ins where nothing is sent.

        Raises:
            ConfigError: something of it is not set, and it is needed.
        """
        key = (platform.platform_key, instance.instance_key)
        if key not in self._found:
            recorded = self._recorded_values(platform, ".".join(key))
            is_closed = self._start.is_closed
            found = self.platforms.credentials(
                platform,
                instance,
                environ=self._settings.environ,
                closed=is_closed,
                recorded=recorded if is_closed else None,
            )
            if not is_closed:
                self._refuse_another(found, recorded, ".".join(key))
            know(found, key, self._vault)
            warn_of_weak(found, ".".join(key))
            self._vault.address(found.live, found.declared)
            self._found[key] = found
        return self._found[key]

    def values(self, request: Request) -> Values:
        """Return the credentials behind *request* that are recorded as they are."""
        call = request.call
        found = self._found.get((call.platform, call.instance)) if call else None
        own = found.recorded if found else {}
        return {f"{call.platform}.{call.instance}": own} if call and own else {}

    def _recorded_values(self, platform: Platform, instance: str) -> Mapping[str, str]:
        """Return the values that this owner's recording was made with, where it is played."""
        start, owner = self._start, self._settings.owner
        cassette = start.seat.shared.cassette
        adds = start.mode == "record" and self._settings.record == "new"
        if cassette is None or not (adds or start.mode == "replay"):
            return {}
        if not any(map(declared_clear, platform.credentials.values())):
            return {}
        if self._recorded is None:
            self._recorded = cassette.values(owner)
        return self._recorded.get(instance, {})

    def _refuse_another(
        self, found: Credentials, recorded: Mapping[str, str], instance: str
    ) -> None:
        """Let a recording be added to only with the credentials that it was made with."""
        for name, value in recorded.items():
            now = found.recorded.get(name, value)
            if now != value:
                raise ConfigError(
                    f"{self._settings.cassette}: recorded with {name} {value!r} of {instance}, "
                    f"which is {now!r} now; set it to {value!r}, or record afresh"
                )
