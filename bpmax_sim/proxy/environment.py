"""What a call needs from its session."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from bpmax_sim.cassette.matching import Difference
from bpmax_sim.cassette.miss import signature_mismatch
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
class CredentialRenewal:
    """Credentials that a login replaces, such as a refresh token; this one keeps none of them.

    Attributes:
        values: the newest ones by name, of those that an earlier login has replaced.
        source: where they are kept.
    """

    values: dict[str, str] = field(default_factory=dict, init=False)
    source: str = field(default="", init=False)

    def try_open(self) -> bool:
        """Read the newest, unless another process logs in; return whether none does."""
        return True

    def keep(self, values: Mapping[str, str]) -> None:
        """Keep *values*, which a response has just brought, before anything else is sent."""

    def close(self) -> None:
        """Let other processes log in."""


@dataclass(kw_only=True, eq=False, repr=False)
class Environment:
    """The session's side of a call; a session overrides the methods.

    Attributes:
        tenant: credentials and address of an instance; called once a call, so it should cache.
        refuse_closed: raises a ConfigError once the session is over; asked before each call.
        clock: what scripts see, and what stand-in signatures are dated with.
        auth_clock: real time in live and record mode, else *clock* itself.
        chance: seeded; the source of what is written down.
        auth_chance: the system's in live and record mode, else *chance* itself.
        separate: whether each request is also made with stand-ins, as record mode needs.
        default_instance: preferred where a script names no instance and the platform has it.
        calls: a record of each finished call and login.
        resolved: what calls have named so far, by platform, instance and API as they were written.
        renewed: the latest grant by login key, for what a login replaces, such as a refresh token.
        redact: hides every known secret in a text; `Vault.redact_for_output`, bound once.
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
        """Return the next number of issue, from 1."""
        return next(self._serials)

    def synthesises_login(self, _platform: str, _instance: str, /) -> bool:
        """Return whether the login of an instance is made of stand-ins, without sending.

        The arguments are its platform key and instance key.
        """
        return False

    def open_renewal(
        self, _recipe: CompiledApi, _tenant: Credentials, _names: Iterable[str], /
    ) -> CredentialRenewal:
        """Return the renewal of the credentials *names*, which a login of *tenant* replaces."""
        return CredentialRenewal()

    def end_login(self, _platform: str, _instance: str, _life: float | None, /) -> None:
        """Take the end of a login of platform key and instance key.

        What it yielded lives for *life* seconds: 0 where nobody knows, None if it yielded nothing.
        """

    def hide(self, request: Request) -> Request:
        """Return *request*, made of stand-ins, as it may be written down, before it is signed."""
        return request

    def signs_anew(
        self,
        _request: Request,
        _again: Callable[[], Request],
        *,
        differs: bool,  # noqa: ARG002 - a session asks
    ) -> bool:
        """Return whether a recorded request is to be signed again, which is no mistake then.

        The arguments are what is sent, what signs it at the recorded instant, and whether that
        differs from the recording.
        """
        return False

    def mismatch_error(self, call: Call, differences: tuple[Difference, ...]) -> NoMatchError:
        """Return the error for a call whose signature is not the recorded one."""
        return signature_mismatch(call, differences)

    def record(self, sent: Request, call: Call, begun: tuple[float, int], **fields: Any) -> None:
        """Log a call that is one sending, which *begun* at an instant of its order."""
        known: dict[str, Any] = {
            "platform": call.platform,
            "instance": call.instance,
            "at": begun[0],
            "duration": self.clock.now() - begun[0],
            "began": begun[1],
            "ended": self.clock.tick(),
            "attempts": 1,
            "sent": sent,
            "call": sent.call,
            "redact": self.redact,
        }
        self.calls.append(CallRecord(**(known | fields)))
