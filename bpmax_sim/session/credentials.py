"""Credentials and address of each instance that is asked for; the vault knows them by then.

Warnings of secrets that are hidden in their places only.

Which places of calls and answers do not count, of all that a session's platforms declare.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Mapping

from msgspec.structs import replace

from bpmax_sim.cassette.matching import Rules
from bpmax_sim.cassette.model import Values
from bpmax_sim.errors import ConfigError, WeakSecretWarning
from bpmax_sim.messages import Request
from bpmax_sim.platform.load import Platforms
from bpmax_sim.platform.model import Instance, Platform
from bpmax_sim.platform.secrecy import declared_clear
from bpmax_sim.secret.vault import Credentials, Vault, weak
from bpmax_sim.session.recordings import Opening
from bpmax_sim.session.settings import Settings
from bpmax_sim.traffic.external_clients import register_credentials


def warn_of_weak(found: Credentials, instance: str) -> None:
    """Warn of each secret of *instance* that would not be hidden where an answer repeats it."""
    for one in found:
        why = weak(str(one.real), str(one.standin))
        if one.secret and why and one.real != one.standin:
            warnings.warn(
                f"the value of {one.name!r} of {instance} {why}: it is hidden where auth puts it,"
                " but not where an answer repeats it; take a longer one",
                WeakSecretWarning,
                stacklevel=2,
            )


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
            register_credentials(found, key, self._vault)
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


_MOST = 256
_kept: dict[tuple[int, tuple[str, ...]], tuple[Platforms, Rules]] = {}


def matching_rules(platforms: Platforms, ignore: Iterable[str]) -> Rules:
    """Return which places do not count: those of the scenario, each platform's and each API's.

    They are kept for the process, by the identity of the platforms.
    """
    key = (id(platforms), tuple(ignore))
    found = _kept.get(key)
    if found is None:
        if len(_kept) >= _MOST:
            _kept.clear()
        # The platforms are kept with them, so the id cannot come to mean another object.
        found = _kept[key] = (platforms, _collected(platforms, key[1]))
    return found[1]


def volatile_places(platforms: Platforms, name: str) -> tuple[str, ...]:
    """Return the passing fields that are declared for the API *name*, ``platform.api``."""
    platform_key, _, api_name = name.partition(".")
    platform = platforms.find(platform_key)
    api = platform.apis.get(api_name) if platform else None
    return (*(platform.volatile if platform else ()), *(api.volatile if api else ()))


def _collected(platforms: Platforms, ignore: tuple[str, ...]) -> Rules:
    scoped = [(one.platform_key, (*one.ignore, *one.volatile)) for one in platforms]
    scoped += [
        (f"{one.platform_key}.{name}", (*api.ignore, *api.volatile))
        for one in platforms
        for name, api in one.apis.items()
    ]
    return Rules(ignore, tuple((name, paths) for name, paths in scoped if paths))


def with_personal(request: Request, places: tuple[str, ...]) -> Request:
    """Return *request* with further places of personal data."""
    if not places:
        return request
    twin = request.standin
    return replace(
        request,
        personal=(*request.personal, *places),
        standin=None if twin is None else with_personal(twin, places),
    )
