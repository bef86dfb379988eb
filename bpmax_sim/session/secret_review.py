"""Find undeclared secrets in what a session recorded, and stand-ins that hide no secret.

A script that writes a credential's value into a call writes it in replay too, where the value is
not replaced by the stand-in that was recorded: that recording could never be replayed. In a
response the stand-in is what scripts see.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bpmax_sim.cassette.alignment import PlacesOf
from bpmax_sim.i18n import msg
from bpmax_sim.messages import Call, Exchange, Response
from bpmax_sim.platform.check import find_credential_references
from bpmax_sim.platform.load import Platforms
from bpmax_sim.platform.secrecy import explain_always_secret
from bpmax_sim.project import find_root, read_not_secret_places
from bpmax_sim.secret.vault import Credential, Credentials, Vault
from bpmax_sim.transport.redaction import UndeclaredSecret, find_undeclared_secrets

Key = tuple[str, str]


_MOST_FRESH = 256
"""Exchanges that wait to be looked at; a recording of many must not hold them all."""


def _pop_all(waiting: deque[Exchange]) -> Iterator[Exchange]:
    """Yield the waiting exchanges; several threads never get the same one."""
    with suppress(IndexError):
        while True:
            yield waiting.popleft()


class UnplayableStandins:
    """Finds calls into which a script itself wrote a credential, which was recorded as a stand-in.

    In replay the script writes the value again, and nothing replaces it by the stand-in, so the
    call would not be found. Exchanges may be added on any thread; they are searched when the result
    is read.
    """

    def __init__(self, platforms: Platforms, tenants: Iterable[tuple[Key, Credentials]]) -> None:
        """Search for the credentials of *tenants*, to which instances may be added later."""
        self._platforms = platforms
        self._tenants = tenants
        self._fresh: deque[Exchange] = deque()
        self._unplayable: dict[str, None] = {}
        self._notes: dict[str, None] = {}
        self._received: set[tuple[Key, str]] = set()

    def add(self, exchange: Exchange) -> None:
        """Add a recorded *exchange*; it is examined later whether a stand-in hinders its replay."""
        self._fresh.append(exchange)
        if len(self._fresh) > _MOST_FRESH:
            self._examine_waiting()

    @property
    def unplayable_call_messages(self) -> tuple[str, ...]:
        """Return a message for each call that replay could not find, with what to declare."""
        self._examine_waiting()
        return tuple(self._unplayable)

    @property
    def response_standin_notes(self) -> tuple[str, ...]:
        """Return a message for each credential in a response that may not have to be hidden."""
        self._examine_waiting()
        return tuple(self._notes)

    def _examine_waiting(self) -> None:
        for exchange in _pop_all(self._fresh):
            call = exchange.request.call
            if call is None or call.is_login or not call.api:
                continue  # a client that logs in by itself sends what its variables hold
            for key, credentials in self._tenants:
                for credential in credentials:
                    if credential.kind == "text" and credential.real != credential.standin:
                        self._examine(exchange, call, key, credential)

    def _examine(self, exchange: Exchange, call: Call, key: Key, credential: Credential) -> None:
        shown, outcome = str(credential.standin), exchange.outcome
        place = next((place for place, text in _split_call_texts(call) if shown in text), "")
        received = isinstance(outcome, Response) and (
            shown.encode() in outcome.body or any(shown in value for _, value in outcome.headers)
        )
        name = credential.name
        # What a response had before, the script may have from there: in replay it gets the stand-in
        # there, writes it again, and the call is found.
        is_new = place and (key, name) not in self._received
        if is_new and not self._is_in_declared_default(call, name):
            self._unplayable[self._describe_unplayable_call(call, place, key, credential)] = None
        if received:
            self._received.add((key, name))
            if not self._is_secret(key, credential):
                note = msg(
                    "{call_name}: the response holds the value of {name!r} of {names}, and is "
                    "recorded with its stand-in; if it is no secret, {line}",
                    call_name=call.name,
                    name=name,
                    names=".".join(key),
                    line=self._suggest_non_secret_declaration(key, credential),
                )
                self._notes[note] = None

    def _is_in_declared_default(self, call: Call, name: str) -> bool:
        """Return whether a declared default of query or body contains the credential *name*.

        Then *call* replays although the script sent a secret: replay puts the stand-in there too.
        """
        platform = self._platforms.find(call.platform)
        api = platform.apis.get(call.api) if platform else None
        if platform is None or api is None:
            return False
        instance = self._platforms.instance(call.platform, call.instance)
        declared: tuple[Any, ...] = (platform.query, instance.query, api.query, api.body)
        return any(name == used.name for used in find_credential_references(declared))

    def _is_secret(self, key: Key, credential: Credential) -> bool:
        """Return whether a credential is secret: declared so, or always, as a signing key is."""
        platform = self._platforms.platform(key[0])
        return credential.secret or bool(explain_always_secret(platform, credential.name))

    def _describe_unplayable_call(
        self, call: Call, place: str, key: Key, credential: Credential
    ) -> str:
        message = msg(
            "{call_name}: the {place} says the value of {name!r} of {names} itself",
            call_name=call.name,
            place=place,
            name=credential.name,
            names=".".join(key),
        )
        where = f" ({call.position})" if call.position else ""
        if self._is_secret(key, credential):
            hint = msg(
                "leave a secret to auth, or put it in with {$credential: …} in the platform file"
            )
        else:
            hint = msg(
                "if it is no secret, {line}",
                line=self._suggest_non_secret_declaration(key, credential),
            )
        return msg(
            "{message}{where}, which replay cannot, as only its stand-in is recorded; {hint}",
            message=message,
            where=where,
            hint=hint,
        )

    def _suggest_non_secret_declaration(self, key: Key, credential: Credential) -> str:
        return msg(
            "write `{name}: {{secret: false}}` under credentials of platform {key!r} "
            "({folder}) and record again",
            name=credential.name,
            key=key[0],
            folder=self._platforms.folder,
        )


def _split_call_texts(call: Call) -> Iterator[tuple[str, str]]:
    yield "path", call.path
    yield "query", "\n".join(text for pair in call.query for text in pair)
    yield "header", "\n".join(value for _, value in call.headers)
    yield "body", (call.body or b"").decode(errors="replace")


@dataclass(frozen=True, slots=True)
class SecretReview:
    """Searches recorded exchanges for values that look like secrets and that nobody has declared.

    They are collected on any thread, and searched when the result is read, so that no script waits.

    Attributes:
        vault: the secrets known so far.
        volatile: function that returns the volatile response fields of an API: they are new in each
            response, such as a server's time, and are no secrets.
        not_secret: function that returns the places of an API declared not to be secret.
        cassette: file whose project may declare further such places.
    """

    vault: Vault
    volatile: PlacesOf
    not_secret: PlacesOf
    cassette: Path
    _fresh: deque[Exchange] = field(default_factory=deque, init=False)
    _secrets: dict[UndeclaredSecret, None] = field(default_factory=dict, init=False)

    def add(self, exchange: Exchange) -> None:
        """Add a redacted *exchange*; undeclared secrets are looked for later, in batches."""
        self._fresh.append(exchange)
        if len(self._fresh) > _MOST_FRESH:
            self._examine_waiting()

    def _examine_waiting(self) -> None:
        for exchange in _pop_all(self._fresh):
            call = exchange.request.call
            name = call.name if call else ""
            secrets = find_undeclared_secrets(exchange, self.volatile(name), self.not_secret(name))
            self._secrets.update(dict.fromkeys(secrets))

    def find_undeclared_places(self) -> tuple[str, ...]:
        """Return the places of values that look like secrets and are still unknown to the vault.

        Those that the project declares not to be secret are left out.
        """
        self._examine_waiting()
        still = dict.fromkeys(
            p for p, value in self._secrets if self.vault.redact_text(value) == value
        )
        not_secret_places = read_not_secret_places(find_root(self.cassette)) if still else ()
        return tuple(place for place in still if place not in not_secret_places)
