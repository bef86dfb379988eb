"""The registry of a session's secrets: replaces them by stand-ins, and finds them in bytes.

Every secret is known in all forms in which it may travel: encoded, compressed, in parts. Redaction
is idempotent, because a stand-in is never replaced. `redact_values` redacts values of any shape; a
list of numbers that spells the bytes of a secret (Node's `Buffer`) becomes text. Representations
never show a value.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from functools import cache, lru_cache
from itertools import count, islice
from types import MappingProxyType
from typing import Any, NamedTuple, TypeVar

from msgspec import Struct

from bpmax_sim.i18n import TranslatableText, change_english_text, msg
from bpmax_sim.messages import ConnectionRoute, normalize_origin
from bpmax_sim.secret.decode import HarmlessParts
from bpmax_sim.secret.outgoing_text import OutputRedactor
from bpmax_sim.secret.redactor import Secret, SecretTable, pair_pem_and_jwt_parts
from bpmax_sim.secret.scan import Finding
from bpmax_sim.secret.standin import is_recognisable_standin, make_standin

SHORTEST = 6
"""Values with fewer characters are redacted by place only; elsewhere they are ordinary text."""

_RECOGNISED = 100  # numbers up to which a stand-in of a kind that shows nothing is known again


def explain_local_redaction_only(real: str, standin: str) -> str:
    """Return why *real* may be replaced only where it was found, or "" if everywhere.

    A short value, or one that its stand-in contains, also occurs in ordinary text.
    """
    if len(real) < SHORTEST:
        return msg("has fewer than {shortest} characters", shortest=SHORTEST)
    return (
        msg("is a part of what stands for it, {standin!r}", standin=standin)
        if real in standin
        else ""
    )


class Vault:
    """All secrets of one session, with the stand-ins that replace them in files and output.

    It may be used from several threads.

    Attributes:
        is_empty: whether no secret is registered; none is ever taken out.
    """

    def __init__(self) -> None:
        self.is_empty = True
        self._lock = threading.RLock()
        self._secrets: dict[str, Secret] = {}
        self._numbers: dict[tuple[str, str, str], dict[str, str]] = {}
        self._standins: set[str] = set()
        self._table: SecretTable | None = None
        self._gate: OutputRedactor | None = None

    def __repr__(self) -> str:
        return f"<Vault of {len(self._standins)} stand-ins>"

    @property
    def size(self) -> int:
        """Return the number of registered values; it never decreases."""
        return len(self._secrets)

    def add(self, real: str, standin: str, *, name: str) -> None:
        """Register the secret *real*, and those parts of it that are secret on their own.

        They will be replaced wherever they occur, except a value that is itself a stand-in, is too
        short, or is a part of *standin*: these would also occur in ordinary text. *name* names it
        in findings.
        """
        with self._lock:
            self._standins.add(standin)
            if is_recognisable_standin(real) or explain_local_redaction_only(real, standin):
                return
            self._register_secret_if_new(real, standin, name)
            # Code passes on the claims of a JWT, or the lines of a key without those around them.
            for part, twin in pair_pem_and_jwt_parts(real, standin):
                if len(part) >= SHORTEST:
                    self._register_secret_if_new(part, twin, name)

    def has_standin(self, standin: str) -> bool:
        """Return whether *standin* is the stand-in of some value already."""
        return standin in self._standins

    def add_all(self, other: Vault) -> None:
        """Register all secrets of *other* as well."""
        with self._lock:
            for real, secret in other._secrets.copy().items():
                if real not in self._secrets:
                    self._insert_secret(secret)

    def register_derived(self, real: str, standin: str, *, name: str) -> None:
        """Register a text that contains a secret in encoded form, such as a Basic header.

        *standin* is the text that replaces it.
        """
        known = self._secrets.get(real)
        if real != standin and (known is None or known.standin != standin):
            self.add(real, standin, name=name)

    def register_address_replacement(self, live: str, declared: str) -> None:
        """Replace the real URL *live* by the URL *declared* in redacted texts from now on.

        It is not a secret, so `scan` does not report it. Third parties write their own address in
        the normal form, so that is replaced too. A slash at the end of either is left out.
        """
        live, declared = live.rstrip("/"), declared.rstrip("/")
        for spelling in dict.fromkeys((live, normalize_origin(live))):
            if spelling and spelling != declared:
                with self._lock:
                    self._standins.add(declared)
                    self._register_secret_if_new(spelling, declared, "")

    def register_issued(
        self, platform: str, instance: str, name: str, value: str, kind: str = "text"
    ) -> str:
        """Register a secret that the third party issued, such as a token; return its stand-in.

        Equal values get equal stand-ins; a value that is a stand-in is returned as it is. *name* is
        the credential's, *kind* the format of the stand-in, such as ``jwt``.
        """
        with self._lock:
            secret = self.make_unregistered_standin(platform, instance, name, value, kind)
            self.add(value, secret, name=f"{platform}.{instance}.{name}")
        return secret

    def make_unregistered_standin(
        self, platform: str, instance: str, name: str, value: str, kind: str = "text"
    ) -> str:
        """Return the stand-in of *value*, which a third party issued, without registering it.

        So only the place where it was found is redacted. *name* is the credential's, *kind* the
        format of the stand-in, such as ``jwt``.
        """

        def numbered(number: int) -> str:
            return make_standin(
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
                # Replayed responses issue stand-ins: they come back as values, and with stand-ins
                # of their own they would no longer match the recording.
                own = value in self._standins or is_recognisable_standin(value)
                own = own or (kind != "text" and value in numbers)
                known[value] = value if own else _find_unused_standin(numbered, known)
            return known[value]

    def list_anchors_since(self, since: int = 0) -> tuple[str, ...]:
        """Return an unchanging part of each secret registered after the first *since* ones.

        Text written earlier that contains none of these parts does not contain the secrets in plain
        or escaped form. Journals use this to decide what has to be redacted again.
        """
        if since == len(self._secrets):
            return ()
        with self._lock:
            fresh = islice(self._secrets.values(), since, None)
            return tuple([secret.anchor or secret.real for secret in fresh])

    def redact_text(self, text: str) -> str:
        """Return *text* with all secrets, in all their forms, replaced by their stand-ins."""
        return change_english_text(text, self._get_current_table().replace_secrets)

    def redact_for_output(self, text: str) -> str:
        """Return *text* safe for terminals, logs and reports.

        It is redacted like `redact_text`, and each encoded run in which `scan` still finds a secret
        is replaced by a marker. (A cassette with such a run is refused instead of being changed.)
        """
        gate = self._gate
        if gate is None:
            if self.is_empty:
                return text
            with self._lock:
                gate = self._gate = _get_output_redactor(tuple(self._secrets.values()))
        return change_english_text(text, gate.redact)

    def certainly_leaves_unchanged(self, texts: Iterable[str], *bodies: bytes) -> bool:
        """Return whether *texts* and *bodies* certainly have no secret, so nothing is redacted.

        They are searched together, also inside encodings, which costs less than one by one. False
        may also mean that it is not known.
        """
        try:
            parts = [text.encode("utf-8", "surrogateescape") for text in texts]
        except UnicodeEncodeError:  # half a character
            return False
        return self._get_current_table().certainly_leaves_unchanged(*parts, *bodies)

    def redact(self, data: bytes) -> bytes:
        """Return *data* redacted; bytes that are not UTF-8 are preserved."""
        if self._get_current_table().certainly_leaves_unchanged(data):
            return data
        text = data.decode("utf-8", "surrogateescape")
        clean = self._get_current_table().replace_secrets(text)
        return data if clean == text else clean.encode("utf-8", "surrogateescape")

    def scan(self, data: bytes) -> tuple[Finding, ...]:
        """Return every occurrence of a secret in *data*, including inside encodings."""
        return self._get_current_table().search.find(data)

    @property
    def cached_parts_without_secret(self) -> HarmlessParts:
        """Return the cache of byte strings in which no secret registered so far was found.

        Callers do not search these again, and add what they have searched without a finding. A new
        secret starts a new cache.
        """
        return self._get_current_table().harmless

    def _register_secret_if_new(self, real: str, standin: str, name: str) -> None:
        if real not in self._secrets and real != standin and real not in self._standins:
            self._insert_secret(Secret(real, standin, name))

    def _insert_secret(self, secret: Secret) -> None:
        self._secrets[secret.real] = secret
        self._table = self._gate = None
        self.is_empty = False

    def _get_current_table(self) -> SecretTable:
        """Return the table of all registered secrets.

        It is immutable, so one call sees one state.
        """
        table = self._table
        if table is None:
            with self._lock:
                table = self._table = _get_secret_table(tuple(self._secrets.values()))
        return table


@lru_cache(maxsize=16)
def _get_secret_table(secrets: tuple[Secret, ...]) -> SecretTable:
    """Return the table of *secrets*, cached, because runs with equal secrets share its caches."""
    return SecretTable(secrets)


@lru_cache(maxsize=16)
def _get_output_redactor(secrets: tuple[Secret, ...]) -> OutputRedactor:
    return OutputRedactor(_get_secret_table(secrets), secrets)


def _find_unused_standin(make_numbered: Callable[[int], str], known: Mapping[str, str]) -> str:
    """Return the first stand-in, by number, that no value has yet.

    *make_numbered* returns the stand-in with a number. *known* maps values to stand-ins,
    including those of a recording that is extended.
    """
    taken = set(known.values())
    candidates = map(make_numbered, count(len(taken) + 1))
    return next(
        candidate
        for candidate in candidates
        if candidate not in taken or not _has_several_standins(make_numbered)
    )


def _has_several_standins(make_numbered: Callable[[int], str]) -> bool:
    """Return whether stand-ins depend on their number.

    Those of RSA and EC keys are always the same.
    """
    return make_numbered(1) != make_numbered(2)


T = TypeVar("T")
Redact = Callable[[str], str]


_PLAIN = frozenset({bool, int, float, type(None)})
_LISTS = frozenset({list, tuple, set, frozenset})


def redact_values(value: T, redact: Redact) -> T:
    """Return *value* with *redact* applied to every text in it.

    Texts, bytes, mappings, lists, tuples, sets, structs and dataclasses are searched recursively. A
    list of integers is redacted as its text, and becomes a text if that changes. Everything else is
    returned as it is, and so is a struct in which nothing changes.
    """
    shown: T = _redact_value(value, redact)
    return shown


def _redact_value(value: Any, redact: Redact) -> Any:
    kind: Any = type(value)
    if kind is str:
        return redact(value)
    if kind is TranslatableText:
        return change_english_text(value, redact)
    if kind in _PLAIN:
        return value
    if kind is dict:
        return _redact_members(value, redact)
    return _redact_elements(value, redact) if kind in _LISTS else _redact_other(value, redact)


def _redact_elements(value: Any, redact: Redact) -> Any:
    """Return the list, tuple or set *value* redacted.

    One of a subclass, such as a named tuple, is returned itself if nothing in it changes. What
    other classes may be made of is not known, so these become a list, tuple or set.
    """
    kind, before = type(value), [*value]
    if isinstance(value, list) and before and all(type(item) is int for item in before):
        text = str(before)
        shown = redact(text)
        return value if shown == text else shown
    items = [_redact_value(item, redact) for item in before]
    if kind in _LISTS:
        return kind(items)
    if items == before:
        return value
    plain = next(one for one in kind.__mro__ if one in _LISTS)
    return getattr(value, "_make", plain)(items)


def _redact_members(value: Mapping[Any, Any], redact: Redact) -> dict[Any, Any]:
    return {
        _redact_value(name, redact): _redact_value(item, redact) for name, item in value.items()
    }


def _redact_other(value: Any, redact: Redact) -> Any:
    if isinstance(value, bytes):
        text = value.decode("utf-8", "surrogateescape")
        return redact(text).encode("utf-8", "surrogateescape")
    if isinstance(value, str):
        shown = redact(str(value))
        return value if shown == value else shown
    if isinstance(value, Mapping):
        return _redact_members(value, redact)
    if isinstance(value, list | tuple | set | frozenset):
        return _redact_elements(value, redact)
    kind: Any = type(value)
    return _redact_fields(value, redact) if list_field_names_of_type(kind) else value


def _redact_fields(value: Any, redact: Redact) -> Any:
    kind: Any = type(value)
    values, changed = {}, False
    for name in list_field_names_of_type(kind):
        before = getattr(value, name)
        values[name] = after = _redact_value(before, redact)
        changed = changed or (after is not before and after != before)
    return kind(**values) if changed else value


@cache
def list_field_names_of_type(kind: Any) -> tuple[str, ...]:
    """Return the field names of a struct or dataclass type; an empty tuple for other types."""
    if issubclass(kind, Struct):
        names: tuple[str, ...] = kind.__struct_fields__
        return names
    return tuple(field.name for field in fields(kind)) if is_dataclass(kind) else ()


Value = str | int | float | bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """One credential of an instance, such as a password or key; `repr` shows neither value.

    Attributes:
        kind: format of the stand-in, such as ``text``, ``jwt`` or ``rsa``.
        secret: whether the platform file declares it as secret.
        is_in_recordings: whether recordings contain its value, because it is declared ``secret:
            false``.
        real: the value that is sent; in replay, the stand-in.
        standin: the value that is written to files.
    """

    name: str
    kind: str = "text"
    secret: bool = False
    is_in_recordings: bool = False
    real: Value = field(repr=False)
    standin: Value = field(repr=False)


class AddressPair(NamedTuple):
    """An address of a platform: as recordings contain it, and where requests are sent.

    Attributes:
        declared: that of the platform file, or of the instance if it is written there; recorded.
        live: the address that requests are sent to; not recorded if it comes from outside of the
            files, such as from an environment variable.
    """

    declared: str
    live: str


class Credentials:
    """The credentials and addresses of one instance, each as it is sent and as it is recorded.

    Attributes:
        real: values that are sent, by name.
        standins: values that may be written to files, by name.
        live: base URL that requests are sent to.
        declared: base URL that recordings contain.
        hosts: addresses of each further host, by its name in templates; *real* and
            *standins* contain them too.
        route: proxy, TLS and resolver settings for the connection.
    """

    def __init__(
        self,
        *credentials: Credential,
        live: str = "",
        declared: str = "",
        route: ConnectionRoute | None = None,
        hosts: Mapping[str, AddressPair] = MappingProxyType({}),
    ) -> None:
        """Index *credentials* by name."""
        self._all = {credential.name: credential for credential in credentials}
        self.hosts = hosts
        live_hosts: dict[str, Value] = {name: pair.live for name, pair in hosts.items()}
        declared_hosts: dict[str, Value] = {name: pair.declared for name, pair in hosts.items()}
        self.real: Mapping[str, Value] = live_hosts | {c.name: c.real for c in credentials}
        self.standins: Mapping[str, Value] = declared_hosts | {
            c.name: c.standin for c in credentials
        }
        self.live = live
        self.declared = declared or live
        self.route = route or ConnectionRoute()

    @property
    def addresses(self) -> tuple[AddressPair, ...]:
        """Return the base URL and the addresses of further hosts."""
        return AddressPair(self.declared, self.live), *self.hosts.values()

    def __iter__(self) -> Iterator[Credential]:
        return iter(self._all.values())

    def __getitem__(self, name: str) -> Credential:
        return self._all[name]

    @property
    def nonsecret_values(self) -> dict[str, str]:
        """Return the values that recordings contain (``secret: false``), by name."""
        return {
            credential.name: str(credential.real)
            for credential in self
            if credential.is_in_recordings
        }

    def __repr__(self) -> str:
        return f"<Credentials {', '.join(self._all) or 'none'}>"
