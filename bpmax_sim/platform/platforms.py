"""Everything that is declared, and the look-ups that a call begins with."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from bpmax_sim.errors import CallError, listed, near
from bpmax_sim.platform.credentials import resolve
from bpmax_sim.platform.instances import Entry
from bpmax_sim.platform.model import Api, Instance, Platform
from bpmax_sim.platform.spelling import snake
from bpmax_sim.secret.credentials import Credentials


@dataclass(frozen=True, slots=True)
class Platforms:
    """The platforms of a folder over the built-in ones, with their instances.

    Attributes:
        own: the user's platforms by key.
        built_in: returns a shipped platform by key, or None.
        built_in_keys: the keys of the shipped platforms.
        entries: the instances of each platform, in file order.
        folder: where platform files belong, and *instances* where instances do, for messages.
    """

    own: Mapping[str, Platform] = field(default_factory=dict)
    built_in: Callable[[str], Platform | None] = lambda _key: None
    built_in_keys: tuple[str, ...] = ()
    entries: Mapping[str, tuple[Entry, ...]] = field(default_factory=dict)
    folder: str = "scenarios/platforms"
    instances: str = "scenarios/instances.yaml"
    _closed: dict[tuple[str, str], tuple[Instance, Credentials]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    @property
    def keys(self) -> tuple[str, ...]:
        """Return every platform key, sorted."""
        return tuple(sorted({*self.own, *self.built_in_keys}))

    def __iter__(self) -> Iterator[Platform]:
        return (self.platform(key) for key in self.keys)

    def with_entries(self, entries: Iterable[Entry]) -> Platforms:
        """Return the same platforms with *entries* as their instances."""
        grouped: dict[str, tuple[Entry, ...]] = {}
        for entry in entries:
            key = entry.instance.platform
            grouped[key] = (*grouped.get(key, ()), entry)
        return replace(self, entries=grouped)

    def find(self, key: str) -> Platform | None:
        """Return the platform of *key*, or None."""
        return self.own.get(key) or self.built_in(key)

    def platform(self, key: str) -> Platform:
        """Return the platform of *key*.

        Raises:
            CallError: UNKNOWN_PLATFORM, with a near name or all there are.
        """
        found = self.own.get(key) or self.built_in(key)
        if found is None:
            known = f"; there are {listed(self.keys)}; declare it in {self.folder}"
            told = f"there is no platform {key!r}{near(key, self.keys) or known}"
            raise CallError(told, code="UNKNOWN_PLATFORM", platform=key)
        return found

    def instance(self, platform_key: str, instance_key: str | None = None) -> Instance:
        """Return the instance of *instance_key*, or the default one.

        The default is the one that says so, else the only one. Disabled instances do not count.

        Raises:
            CallError: UNKNOWN_INSTANCE, with a near name.
        """
        return self.entry(platform_key, instance_key).instance

    def entry(self, platform_key: str, instance_key: str | None = None) -> Entry:
        """Return an instance with its origin; see `instance`."""
        entries = self.entries.get(platform_key, ())
        enabled = [entry for entry in entries if entry.instance.enabled]
        if instance_key is None:
            return self._default(platform_key, enabled)
        for entry in entries:
            if entry.instance.instance_key == instance_key:
                return self._enabled(entry)
        keys = [entry.instance.instance_key for entry in enabled]
        hint = near(str(instance_key), keys) or (f"; it has {listed(keys)}" if keys else "")
        told = f"{platform_key!r} has no instance {instance_key!r}{hint}; see {self.instances}"
        raise self._unknown(told, platform_key, str(instance_key))

    def _default(self, platform_key: str, enabled: list[Entry]) -> Entry:
        flagged = [entry for entry in enabled if entry.instance.default] or enabled
        if len(flagged) == 1:
            return flagged[0]
        if not flagged:
            told = f"{platform_key!r} has no instance; add one to {self.instances}"
            line = f"- {{platform: {platform_key}, instance_key: default, credentials: {{…}}}}"
            raise self._unknown(f"{told}: {line}", platform_key, "")
        keys = ", ".join(entry.instance.instance_key for entry in flagged)
        told = f"{platform_key!r} has no default among its instances {keys}"
        hint = f"pass instance_key, or write default: true in {self.instances}"
        raise self._unknown(f"{told}; {hint}", platform_key, "")

    def _enabled(self, entry: Entry) -> Entry:
        instance = entry.instance
        if instance.enabled:
            return entry
        place = entry.origin.node.key_place("enabled")
        told = f"instance {instance.instance_key!r} of {instance.platform!r} is disabled"
        hint = f"remove enabled: false at {place}"
        raise self._unknown(f"{told}; {hint}", instance.platform, instance.instance_key)

    def _unknown(self, message: str, platform: str, instance: str) -> CallError:
        return CallError(message, code="UNKNOWN_INSTANCE", platform=platform, instance=instance)

    def api(self, platform: Platform, name: str) -> Api:
        """Return the API of *name*: the exact key, else its twin in the other style, else an alias.

        Raises:
            CallError: UNKNOWN_API, with a near name.
        """
        exact = platform.apis.get(name)
        if exact is not None:
            return exact
        key = platform.spellings.get(snake(name))
        if key is not None:
            return platform.apis[key]
        known = [*platform.apis, *(one for api in platform.apis.values() for one in api.aliases)]
        hint = near(name, known) or f"; there are {listed(platform.apis) or 'none'}"
        told = f"{platform.platform_key!r} has no API {name!r}{hint}"
        raise CallError(told, code="UNKNOWN_API", platform=platform.platform_key, api=name)

    def template(self, platform_key: str, name: str) -> str:
        """Return the path of an API with its placeholders, or nothing if it is not known."""
        try:
            return self.api(self.platform(platform_key), name).path
        except CallError:
            return ""

    def credentials(
        self,
        platform: Platform,
        instance: Instance,
        *,
        environ: Mapping[str, str],
        closed: bool,
        recorded: Mapping[str, str] | None = None,
    ) -> Credentials:
        """Return the credentials and the address of *instance*; see `resolve`.

        Those of replay hang on nothing but what was *recorded*, so they are worked out once.

        Raises:
            ConfigError: if a value cannot be read.
        """
        key = (platform.platform_key, instance.instance_key)
        is_common = closed and not recorded
        kept = self._closed.get(key) if is_common else None
        if kept is not None and kept[0] is instance:
            return kept[1]
        entries = self.entries.get(platform.platform_key, ())
        origin = next((one.origin for one in entries if one.instance is instance), None)
        found = resolve(
            platform,
            instance,
            environ=environ,
            closed=closed,
            origin=origin,
            recorded=recorded or {},
        )
        if is_common:
            self._closed[key] = (instance, found)
        return found
