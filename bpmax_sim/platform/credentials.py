"""An instance's declared values -> the credentials and the address of its calls.

What is secret has a stand-in (`secrecy` says what is); what is not stands for itself. In replay
nothing outside is read: what would be real is the recorded value, or else the stand-in.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType, to_builtins

from bpmax_sim.errors import ConfigError, Problem
from bpmax_sim.platform.check import ADDRESS, is_address
from bpmax_sim.platform.kinds import misfit
from bpmax_sim.platform.model import CredentialSpec, Instance, Platform, Scalar, Source
from bpmax_sim.platform.secrecy import declared_clear, is_clear
from bpmax_sim.platform.template import names_in
from bpmax_sim.secret.credentials import Credential, Credentials
from bpmax_sim.secret.source import read_env, read_file, read_keyring
from bpmax_sim.secret.standin import standin
from bpmax_sim.secret.vault import SHORTEST
from bpmax_sim.yamlfile import Node


class Origin(msgspec.Struct, frozen=True):
    """Where an instance was declared, for messages and for ``{file: path}``."""

    node: Node = msgspec.field(default_factory=lambda: Node({}))
    folder: Path = msgspec.field(default_factory=Path)

    def problem(self, message: str, *steps: str) -> Problem:
        """Return a problem of the value at *steps*, without a place where none is known."""
        node = self.node.nearest(steps)
        return Problem(message, node.place if node.file else None, ".".join(steps))


def resolve(
    platform: Platform,
    instance: Instance,
    *,
    environ: Mapping[str, str],
    closed: bool,
    origin: Origin | None = None,
    recorded: Mapping[str, str] = MappingProxyType({}),
) -> Credentials:
    """Return the credentials and the address of *instance*.

    Args:
        platform: declares names and kinds.
        instance: holds the values, or says where they are.
        environ: environment variables by name.
        closed: for replay and simulation: nothing outside is read, stand-ins are used instead.
        origin: where *instance* was declared.
        recorded: values out of a recording, for those that are declared to be no secrets.

    Raises:
        ConfigError: if a value cannot be read, all of them at once.
    """
    resolver = _Resolver(platform, instance, environ, closed, recorded, origin or Origin(), [])
    credentials = tuple(resolver.credentials())
    resolver.distinct(credentials)
    declared, live = resolver.addresses()
    resolver.needed({credential.name for credential in credentials})
    if resolver.problems:
        raise ConfigError(*sorted(resolver.problems, key=_position))
    return Credentials(*credentials, live=live, declared=declared)


@dataclass(frozen=True, slots=True)
class _Resolver:
    platform: Platform
    instance: Instance
    environ: Mapping[str, str] = field(repr=False)
    closed: bool
    recorded: Mapping[str, str]
    origin: Origin
    problems: list[Problem]

    def credentials(self) -> Iterator[Credential]:
        for name, spec in self.platform.credentials.items():
            given = self.instance.credentials.get(name, spec.default)
            if given is UNSET and not self.closed:
                continue
            found = self._credential(name, spec, None if isinstance(given, UnsetType) else given)
            if found is not None:
                yield found

    def _credential(
        self, name: str, spec: CredentialSpec, given: Scalar | Source | None
    ) -> Credential | None:
        if is_clear(self.platform, name, given):
            return self._clear(name, spec, given)
        if given == "":  # an optional one that is not used
            return self._made(name, spec, given, given)
        if self.closed:
            value = self._standin(name, spec, "")
            return self._made(name, spec, value, value)
        real = self._read(given, name, spec) if isinstance(given, Source) else given
        if real is None:
            return None
        return self._made(name, spec, real, self._standin(name, spec, str(real)))

    def _clear(
        self, name: str, spec: CredentialSpec, given: Scalar | Source | None
    ) -> Credential | None:
        """Return a credential that stands for itself."""
        value: Scalar | None = self.recorded.get(name) if declared_clear(spec) else None
        if value is None and not isinstance(given, Source):
            value = given
        if value is None and isinstance(given, Source) and not self.closed:
            value = self._read(given, name, spec)
        if value is not None:
            return self._made(name, spec, value, value, recorded=declared_clear(spec))
        if not self.closed:
            return None
        shown = self._standin(name, spec, "")
        return self._made(name, spec, shown, shown)

    def _made(
        self,
        name: str,
        spec: CredentialSpec,
        real: Scalar,
        standin: Scalar,
        *,
        recorded: bool = False,
    ) -> Credential:
        return Credential(
            name=name,
            kind=spec.kind,
            secret=spec.secret is True,
            recorded=recorded,
            real=real,
            standin=standin,
        )

    def distinct(self, credentials: Sequence[Credential]) -> None:
        """Tell of a value that would be written down and is that of a secret as well."""
        if self.closed:
            return
        secrets = {str(one.real): one.name for one in credentials if one.real != one.standin}
        for one in credentials:
            other = secrets.get(str(one.real)) if one.real == one.standin else None
            if other is not None and len(str(one.real)) >= SHORTEST:
                told = f"{one.name!r} is no secret, but its value is that of the secret {other!r}"
                self._tell(f"{told}; take another one ({self._who()})", "credentials", one.name)

    def _standin(self, name: str, spec: CredentialSpec, like: str) -> Scalar:
        text = standin(
            kind=spec.kind,
            platform=self.platform.platform_key,
            instance=self.instance.instance_key,
            name=name,
            like=like,
        )
        return int(text) if spec.kind == "integer" else text

    def _read(self, source: Source, name: str, spec: CredentialSpec) -> Scalar | None:
        text = self._outside(source, "credentials", name)
        if text is None:
            return None
        told = misfit(spec.kind, text)
        if told:
            self._tell(told, "credentials", name)
            return None
        return int(text) if spec.kind == "integer" else text

    def _outside(self, source: Source, *steps: str) -> str | None:
        try:
            return _value(source, self.environ, self.origin.folder)
        except ConfigError as error:
            self._tell(f"{error} ({self._who()})", *steps)
            return None

    def addresses(self) -> tuple[str, str]:
        """Return the declared address and the live one."""
        given = self.instance.base_url
        if not isinstance(given, Source):
            address = given or self.platform.base_url
            return address, address
        declared = self.platform.base_url
        live = None if self.closed else self._outside(given, "base_url")
        if live is not None and not is_address(live):
            self._tell(f"expected {ADDRESS}, got other text ({self._who()})", "base_url")
        return declared, declared if live is None else live

    def needed(self, names: set[str]) -> None:
        """Tell of credentials that every call needs and the instance lacks."""
        if self.closed:
            return
        for name in sorted(_named(self.platform) - names - self.instance.credentials.keys()):
            self._tell(f"{self._who()} lacks {name!r}; add it", "credentials")

    def _who(self) -> str:
        return f"instance {self.instance.instance_key!r} of {self.platform.platform_key!r}"

    def _tell(self, message: str, *steps: str) -> None:
        self.problems.append(self.origin.problem(message, *steps))


def _position(problem: Problem) -> tuple[int, int]:
    place = problem.place
    return (place.line, place.column) if place else (0, 0)


def _value(source: Source, environ: Mapping[str, str], folder: Path) -> str:
    if isinstance(source.env, str):
        return read_env(source.env, environ)
    if isinstance(source.file, str):
        return read_file(source.file, folder)
    return read_keyring(str(source.keyring))


def _named(platform: Platform) -> set[str]:
    """Return the credentials that the platform's own auth and address name."""
    texts = _texts([platform.base_url, to_builtins(platform.auth)])
    return {name for text in texts for name in names_in(text)} & platform.credentials.keys()


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list | tuple):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _texts(item)
