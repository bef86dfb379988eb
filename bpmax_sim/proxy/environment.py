"""What a call needs from its session, as one frozen value."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from bpmax_sim.cassette.matching import Difference
from bpmax_sim.cassette.miss import signature_mismatch
from bpmax_sim.clock import Chance, Clock, VirtualClock
from bpmax_sim.errors import NoMatchError
from bpmax_sim.messages import Call, Request
from bpmax_sim.platform.load import Platforms
from bpmax_sim.platform.model import Instance, Platform
from bpmax_sim.proxy.compiled_api import CompiledApi
from bpmax_sim.proxy.effects import Grant
from bpmax_sim.proxy.response import CallRecord
from bpmax_sim.secret.vault import Credentials, Vault


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """The session's side of a call.

    Attributes:
        tenant: credentials and address of an instance; called once a call, so it should cache.
        clock: what scripts see, and what stand-in signatures are dated with.
        auth_clock: real time in live and record mode, else *clock* itself.
        chance: seeded; the source of what is written down.
        auth_chance: the system's in live and record mode, else *chance* itself.
        separate: whether each request is also made with stand-ins, as record mode needs.
        synthesise_login: whether the login of (platform key, instance key) is made of stand-ins
            without sending.
        refuse_closed: raises a ConfigError once the session is over; asked before each call.
        log: takes each finished call.
        serial: the next number of issue, from 1.
        default_instance: preferred where a script names no instance and the platform has it.
        resolved: what calls have named so far, by platform, instance and API as they were written.
        redact: hides every known secret in a text.
        hide: returns a request of stand-ins as it may be written down, before it is signed.
        on_mismatch: takes a call whose signature is not the recorded one, and where the two differ;
            returns the error to raise.
        renewed: the latest grant by login key, for what a login replaces, such as a refresh token.
        on_login: takes the platform key and instance key of each login at its end, and the seconds
            that what it yielded lives: 0 where nobody knows, None where it yielded nothing.
    """

    platforms: Platforms
    tenant: Callable[[Platform, Instance], Credentials]
    vault: Vault
    clock: VirtualClock
    auth_clock: Clock
    chance: Chance
    auth_chance: Chance
    separate: bool = False
    synthesise_login: Callable[[str, str], bool] = lambda _platform, _instance: False
    refuse_closed: Callable[[], None] = lambda: None
    log: Callable[[CallRecord], None] = lambda _record: None
    serial: Callable[[], int] = lambda: 0
    default_instance: str | None = None
    resolved: dict[tuple[str, object, str], CompiledApi] = field(default_factory=dict, repr=False)
    hide: Callable[[Request], Request] = lambda request: request
    on_mismatch: Callable[[Call, tuple[Difference, ...]], NoMatchError] = signature_mismatch
    renewed: dict[str, Grant] = field(default_factory=dict, repr=False)
    on_login: Callable[[str, str, float | None], None] = lambda _platform, _instance, _life: None
    redact: Callable[[str], str] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Bind the vault's method once, for the records of all calls."""
        object.__setattr__(self, "redact", self.vault.redact_for_output)

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
        self.log(CallRecord(**(known | fields)))
