"""Every secret of a session, with all the forms it takes: replace them, and look for them.

Redaction is idempotent: a stand-in maps to itself. `redact_values` does it in values of any shape,
and numbers that are the bytes of a secret (Node's `Buffer`) become text. No value is ever shown.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from functools import cache, lru_cache
from itertools import count, islice
from types import MappingProxyType
from typing import Any, TypeVar

from msgspec import Struct

from bpmax_sim.i18n import Translatable, map_message, msg
from bpmax_sim.messages import ConnectionRoute
from bpmax_sim.secret.decode import Harmless
from bpmax_sim.secret.outgoing_text import Gate
from bpmax_sim.secret.redactor import Secret, SecretTable, parts_of
from bpmax_sim.secret.scan import Finding
from bpmax_sim.secret.standin import is_standin, standin

SHORTEST = 6
"""Values with fewer characters are redacted by place only; elsewhere they are ordinary text."""

_RECOGNISED = 100  # numbers up to which a stand-in of a kind that shows nothing is known again


def weak(real: str, standin: str) -> str:
    """Return why *real* is hidden in its place only, or nothing: elsewhere it is ordinary text."""
    if len(real) < SHORTEST:
        return msg("has fewer than {shortest} characters", shortest=SHORTEST)
    return (
        msg("is a part of what stands for it, {standin!r}", standin=standin)
        if real in standin
        else ""
    )


class Vault:
    """The secrets of one session; safe to use from several threads."""

    def __init__(self) -> None:
        """Start without a secret."""
        self._lock = threading.RLock()
        self._secrets: dict[str, Secret] = {}
        self._numbers: dict[tuple[str, str, str], dict[str, str]] = {}
        self._standins: set[str] = set()
        self._table: SecretTable | None = None
        self._gate: Gate | None = None

    def __repr__(self) -> str:
        return f"<Vault of {len(self._standins)} stand-ins>"

    @property
    def is_empty(self) -> bool:
        """Return whether there is nothing to replace."""
        return not self._secrets

    @property
    def size(self) -> int:
        """Return how many values are replaced; none is ever taken out."""
        return len(self._secrets)

    def add(self, real: str, standin: str, *, name: str) -> None:
        """Register *real* and the parts of it that are secret by themselves.

        Left to its place are a stand-in, and what is `weak`.
        """
        with self._lock:
            self._standins.add(standin)
            if is_standin(real) or weak(real, standin):
                return
            self._register(real, standin, name)
            for part, twin in parts_of(real, standin):
                if len(part) >= SHORTEST:
                    self._register(part, twin, name)

    def has_standin(self, standin: str) -> bool:
        """Return whether *standin* stands for something already."""
        return standin in self._standins

    def absorb(self, other: Vault) -> None:
        """Look for what *other* looks for, too."""
        with self._lock:
            for real, secret in other._secrets.copy().items():
                if self._secrets.setdefault(real, secret) is secret:
                    self._table = None

    def pair(self, real: str, standin: str, *, name: str) -> None:
        """Register a text that was derived from secrets, such as a whole header value."""
        known = self._secrets.get(real)
        if real != standin and (known is None or known.standin != standin):
            self.add(real, standin, name=name)

    def address(self, live: str, declared: str) -> None:
        """Replace the address *live* by *declared*; it is no secret, so it is not looked for."""
        if live and live != declared:
            with self._lock:
                self._standins.add(declared)
                self._register(live, declared, "")

    def register_issued(
        self, platform: str, instance: str, name: str, value: str, kind: str = "text"
    ) -> str:
        """Register a secret that the third party made, and return its stand-in.

        The same value has the same stand-in; a stand-in is its own.
        """
        with self._lock:
            secret = self.issue(platform, instance, name, value, kind)
            self.add(value, secret, name=f"{platform}.{instance}.{name}")
        return secret

    def issue(self, platform: str, instance: str, name: str, value: str, kind: str = "text") -> str:
        """Return the stand-in of *value*, which is not replaced anywhere yet."""

        def numbered(number: int) -> str:
            return standin(
                kind=kind,
                platform=platform,
                instance=instance,
                name=name,
                number=number,
                like=value,
            )

        with self._lock:
            known = self._numbers.setdefault((platform, instance, name), {})
            if value not in known:
                numbers = map(numbered, range(1, _RECOGNISED))
                own = value in self._standins or is_standin(value)
                own = own or (kind != "text" and value in numbers)
                known[value] = value if own else _next_unused(numbered, known)
            return known[value]

    def anchors_since(self, since: int = 0) -> tuple[str, ...]:
        """Return a part of each secret after the first *since*, to look back with.

        A text without it does not hold the secret as itself, in whatever spelling.
        """
        if since == len(self._secrets):
            return ()
        with self._lock:
            fresh = islice(self._secrets.values(), since, None)
            return tuple(secret.anchor or secret.real for secret in fresh)

    def redact_text(self, text: str) -> str:
        """Return *text* with every form of every secret replaced by that of its stand-in."""
        return map_message(text, self._current_table().clean)

    def redact_for_output(self, text: str) -> str:
        """Return *text* as it may leave the process anywhere but in a cassette, which is refused.

        That is `redact_text`, and a marker for each encoded run in which `scan` finds a secret.
        """
        gate = self._gate
        if gate is None:
            if self.is_empty:
                return text
            with self._lock:
                gate = self._gate = _gate_of(tuple(self._secrets.values()))
        return map_message(text, gate.redact)

    def keeps(self, texts: Iterable[str], *bodies: bytes) -> bool:
        """Return whether all of these surely are the same when redacted, looked at as one."""
        try:
            parts = [text.encode("utf-8", "surrogateescape") for text in texts]
        except UnicodeEncodeError:  # half a character
            return False
        return self._current_table().keeps(*parts, *bodies)

    def redact(self, data: bytes) -> bytes:
        """Return *data* redacted; bytes that are no UTF-8 are kept."""
        if self._current_table().keeps(data):
            return data
        text = data.decode("utf-8", "surrogateescape")
        clean = self._current_table().clean(text)
        return data if clean == text else clean.encode("utf-8", "surrogateescape")

    def scan(self, data: bytes) -> tuple[Finding, ...]:
        """Return every place of *data* that holds a secret, after undoing encodings too."""
        return self._current_table().search.find(data)

    @property
    def harmless(self) -> Harmless:
        """Return what was found to hold no secret that is known by now."""
        return self._current_table().harmless

    def _register(self, real: str, standin: str, name: str) -> None:
        if real not in self._secrets and real != standin and real not in self._standins:
            self._secrets[real] = Secret(real, standin, name)
            self._table = self._gate = None

    def _current_table(self) -> SecretTable:
        """Return the table of all that is registered; one call uses one table throughout."""
        table = self._table
        if table is None:
            with self._lock:
                table = self._table = _table_of(tuple(self._secrets.values()))
        return table


@lru_cache(maxsize=16)
def _table_of(secrets: tuple[Secret, ...]) -> SecretTable:
    """Return the table of *secrets*; runs that have the same share what was found harmless."""
    return SecretTable(secrets)


@lru_cache(maxsize=16)
def _gate_of(secrets: tuple[Secret, ...]) -> Gate:
    return Gate(_table_of(secrets), secrets)


def _next_unused(numbered: Callable[[int], str], known: Mapping[str, str]) -> str:
    """Return the next stand-in; a recorded one that was met before keeps its number."""
    taken = set(known.values())
    candidates = map(numbered, count(len(taken) + 1))
    return next(
        candidate for candidate in candidates if candidate not in taken or not _differs(numbered)
    )


def _differs(numbered: Callable[[int], str]) -> bool:
    """Return whether the kind has more than one stand-in; the test keys have not."""
    return numbered(1) != numbered(2)


T = TypeVar("T")
Redact = Callable[[str], str]


_PLAIN = frozenset({bool, int, float, type(None)})
_LISTS = frozenset({list, tuple, set, frozenset})


def redact_values(value: T, redact: Redact) -> T:
    """Return *value* with *redact* applied to every text in it.

    Texts, bytes, mappings, lists, tuples, sets, structs and dataclasses are looked into; all else
    is kept, and so is a struct in which nothing changes.
    """
    shown: T = _redact_value(value, redact)
    return shown


def _redact_value(value: Any, redact: Redact) -> Any:
    kind: Any = type(value)
    if kind is str:
        return redact(value)
    if kind is Translatable:
        return map_message(value, redact)
    if kind in _PLAIN:
        return value
    return _redact_items(value, redact) if kind in _LISTS else _redact_other(value, redact)


def _redact_items(value: Any, redact: Redact) -> Any:
    if type(value) is list and value and all(type(item) is int for item in value):
        text = str(value)
        shown = redact(text)
        return value if shown == text else shown
    return type(value)([_redact_value(item, redact) for item in value])


def _redact_other(value: Any, redact: Redact) -> Any:
    if isinstance(value, bytes):
        text = value.decode("utf-8", "surrogateescape")
        return redact(text).encode("utf-8", "surrogateescape")
    if isinstance(value, str):
        shown = redact(str(value))
        return value if shown == value else shown
    if isinstance(value, Mapping):
        return {
            _redact_value(name, redact): _redact_value(item, redact) for name, item in value.items()
        }
    kind: Any = type(value)
    return _redact_fields(value, redact) if field_names(kind) else value


def _redact_fields(value: Any, redact: Redact) -> Any:
    kind: Any = type(value)
    values, changed = {}, False
    for name in field_names(kind):
        before = getattr(value, name)
        values[name] = after = _redact_value(before, redact)
        changed = changed or (after is not before and after != before)
    return kind(**values) if changed else value


@cache
def field_names(kind: Any) -> tuple[str, ...]:
    """Return the names of the fields of a struct or a dataclass, of any other type none."""
    if issubclass(kind, Struct):
        names: tuple[str, ...] = kind.__struct_fields__
        return names
    return tuple(field.name for field in fields(kind)) if is_dataclass(kind) else ()


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
        hosts: live and declared address of each further host, by its name in templates; *real* and
            *standins* have them as well.
        route: how requests get to the address.
    """

    def __init__(
        self,
        *credentials: Credential,
        live: str = "",
        declared: str = "",
        route: ConnectionRoute | None = None,
        hosts: Mapping[str, tuple[str, str]] = MappingProxyType({}),
    ) -> None:
        """Keep *credentials* by name."""
        self._all = {credential.name: credential for credential in credentials}
        self.hosts = hosts
        live_hosts: dict[str, Value] = {name: pair[0] for name, pair in hosts.items()}
        declared_hosts: dict[str, Value] = {name: pair[1] for name, pair in hosts.items()}
        self.real: Mapping[str, Value] = live_hosts | {c.name: c.real for c in credentials}
        self.standins: Mapping[str, Value] = declared_hosts | {
            c.name: c.standin for c in credentials
        }
        self.live = live
        self.declared = declared or live
        self.route = route or ConnectionRoute()

    def __iter__(self) -> Iterator[Credential]:
        return iter(self._all.values())

    def __getitem__(self, name: str) -> Credential:
        return self._all[name]

    @property
    def recorded_values(self) -> dict[str, str]:
        """Return the values that stand in recordings, by name."""
        return {credential.name: str(credential.real) for credential in self if credential.recorded}

    def __repr__(self) -> str:
        return f"<Credentials {', '.join(self._all) or 'none'}>"
