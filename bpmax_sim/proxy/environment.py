"""The interface between a call and its session."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from bpmax_sim.cassette.matching import Difference
from bpmax_sim.cassette.miss import make_signature_mismatch_error
from bpmax_sim.clock import Clock, RandomSource, VirtualClock
from bpmax_sim.errors import NoMatchError
from bpmax_sim.messages import Call, Request
from bpmax_sim.platform.load import Platforms
from bpmax_sim.platform.model import Instance, Platform
from bpmax_sim.proxy.call_effects import Grant
from bpmax_sim.proxy.compiled_api import CompiledApi
from bpmax_sim.proxy.response import CallRecord
from bpmax_sim.secret.vault import Credentials, Vault


@dataclass(slots=True, repr=False)
class RenewableCredentialStore:
    """The storage of credentials that a login replaces, such as a refresh token.

    This base class stores nothing and has no lock.

    Attributes:
        values: newest values by name, for credentials that an earlier login has replaced.
        source: where they are stored, for messages.
    """

    values: dict[str, str] = field(default_factory=dict, init=False)
    source: str = field(default="", init=False)

    def try_lock_and_read(self) -> bool:
        """Lock and read the newest values; return False if another process holds the lock."""
        return True

    def store(self, values: Mapping[str, str]) -> None:
        """Store *values* from a login's response, before the next request is sent.

        Otherwise a new refresh token would be lost if the process ended in between.
        """

    def release_lock(self) -> None:
        """Release the lock, so that other processes can log in."""


@dataclass(kw_only=True, eq=False, repr=False)
class Environment:
    """What a call needs of its session: credentials, clocks, random sources and log.

    A session overrides the methods.

    Attributes:
        tenant: function that returns credentials and address of an instance. It is called once for
            each call and should cache.
        refuse_closed: function that raises a ConfigError if the session is closed; called before
            each call.
        clock: virtual clock: what scripts see, and the time in recorded signatures.
        auth_clock: real time in live and record mode, else *clock*.
        chance: seeded random source of the values that are recorded.
        auth_chance: random source of the system in live and record mode, else *chance*.
        separate: whether each request is also made with stand-ins, as record mode needs.
        default_instance: key preferred if a script names no instance and the platform has this one.
        calls: a record of each finished call and login.
        resolved: compiled declarations of the APIs called so far, by platform, instance and API as
            scripts wrote them.
        renewed: latest grant by login key, for logins that replace credentials.
        redact: function that hides every known secret in a text (`Vault.redact_for_output`).
    """

    platforms: Platforms
    tenant: Callable[[Platform, Instance], Credentials]
    vault: Vault
    clock: VirtualClock
    auth_clock: Clock
    chance: RandomSource
    auth_chance: RandomSource
    refuse_closed: Callable[[], None] = lambda: None
    separate: bool = False
    default_instance: str | None = None
    calls: list[CallRecord] = field(default_factory=list)
    resolved: dict[tuple[str, object, str], CompiledApi] = field(default_factory=dict)
    renewed: dict[str, Grant] = field(default_factory=dict)
    redact: Callable[[str], str] = field(init=False)
    _serials: Iterator[int] = field(default_factory=lambda: count(1), init=False)

    def __post_init__(self) -> None:
        self.redact = self.vault.redact_for_output

    def next_serial(self) -> int:
        """Take the next number for a call, in the order in which calls are issued, from 1."""
        return next(self._serials)

    def synthesises_login(self, _platform: str, _instance: str, /) -> bool:
        """Return whether the login of an instance is not sent but made up; here never.

        Stand-ins (texts that replace secrets) are then what the login yields. The arguments are
        the platform key and the instance key.
        """
        return False

    def find_credential_store(
        self, _recipe: CompiledApi, _tenant: Credentials, _names: Iterable[str], /
    ) -> RenewableCredentialStore:
        """Return where the credentials *names* are stored, which a login of *tenant* replaces.

        The login locks it (`try_lock_and_read`) before its first request, and releases it at its
        end (`release_lock`).
        """
        return RenewableCredentialStore()

    def finish_login_attempt(self, _platform: str, _instance: str, _life: float | None, /) -> None:
        """Do what a session does at the end of a login, such as share its grant; here nothing.

        The arguments are platform key, instance key, and seconds for which the grant is valid: 0 if
        unknown, None if the login failed.
        """

    def hide_secrets_as_recorded(self, request: Request) -> Request:
        """Return *request*, whose credentials are stand-ins already, with other secrets hidden too.

        It is called before signing, so that the signature covers what is recorded.
        """
        return request

    def propose_new_signature(
        self,
        _request: Request,
        _again: Callable[[], Request],
        *,
        differs: bool,  # noqa: ARG002 - a session asks
    ) -> bool:
        """Return whether a signature that differs from the recorded one is accepted; here never.

        A session accepts it in a migration, which writes the new signature into the recording. The
        arguments are the request that is sent, a function that signs it at the recorded instant,
        and whether the signature differs from the recorded one.
        """
        return False

    def note_signature_mismatch(
        self, call: Call, differences: tuple[Difference, ...]
    ) -> NoMatchError:
        """Return the error for a call whose signature is not the recorded one.

        *differences* are the places that differ. Here nothing is noted; a session may do so.
        """
        return make_signature_mismatch_error(call, differences)

    def log_login_request(
        self, sent: Request, call: Call, begun: tuple[float, int], **fields: Any
    ) -> None:
        """Add a log record for the login request *sent*, made for *call*.

        *begun* is the virtual instant of its start and its number in the order of events; *fields*
        are further attributes of the `CallRecord`.
        """
        known: dict[str, Any] = {
            "platform": call.platform,
            "instance": call.instance,
            "at": begun[0],
            "duration": self.clock.now() - begun[0],
            "began": begun[1],
            "ended": self.clock.next_seq(),
            "attempts": 1,
            "sent": sent,
            "call": sent.call,
            "redact": self.redact,
        }
        self.calls.append(CallRecord(**(known | fields)))
