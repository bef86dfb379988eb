"""Credentials and address of each instance that is asked for; the vault knows them by then."""

from __future__ import annotations

from bpmax_sim.platform.model import Instance, Platform
from bpmax_sim.platform.platforms import Platforms
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
        self._environ = settings.environ
        self._is_closed = start.is_closed
        self._vault = vault
        self._found: dict[tuple[str, str], Credentials] = {}

    def of(self, platform: Platform, instance: Instance) -> Credentials:
        """Return what the calls of an instance are made with, stand-ins where nothing is sent.

        Raises:
            ConfigError: something of it is not set, and it is needed.
        """
        key = (platform.platform_key, instance.instance_key)
        if key not in self._found:
            found = self.platforms.credentials(
                platform, instance, environ=self._environ, closed=self._is_closed
            )
            know(found, key, self._vault)
            warn_of_weak(found, ".".join(key))
            self._vault.address(found.live, found.declared)
            self._found[key] = found
        return self._found[key]
