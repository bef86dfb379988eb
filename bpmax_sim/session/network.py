"""The calling side of a run: who answers, what is secret, what was called and missed."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from bpmax_sim.clock import Clock
from bpmax_sim.errors import CassetteError, ConfigError, NoMatchError
from bpmax_sim.messages import Exchange, Request, Response
from bpmax_sim.platform.platforms import Platforms
from bpmax_sim.proxy.answer import Answer
from bpmax_sim.proxy.client import build, call
from bpmax_sim.proxy.driver import drive
from bpmax_sim.proxy.effects import Effect
from bpmax_sim.proxy.program import Program
from bpmax_sim.proxy.record import CallRecord
from bpmax_sim.proxy.refusal import bad_token
from bpmax_sim.proxy.signing import trust_of
from bpmax_sim.proxy.tokens import TokenStore
from bpmax_sim.secret.values import redacted
from bpmax_sim.secret.vault import Vault
from bpmax_sim.session.beside import Beside
from bpmax_sim.session.calling import environment
from bpmax_sim.session.opening import Opening
from bpmax_sim.session.outside import Outside
from bpmax_sim.session.rules import matching_rules, volatile_places, with_personal
from bpmax_sim.session.settings import Settings
from bpmax_sim.session.signatures import still_signed
from bpmax_sim.session.stack import Learning, Parts, stack
from bpmax_sim.session.tenants import Tenants
from bpmax_sim.session.tracks import Tracks
from bpmax_sim.session.undeclared import Undeclared
from bpmax_sim.transport.faults import Faults
from bpmax_sim.transport.protocol import Transport
from bpmax_sim.transport.stubs import Stubs

if TYPE_CHECKING:
    from bpmax_sim.simulator.simulator import Simulator
    from bpmax_sim.simulator.simulators import Simulators

T = TypeVar("T")


class Network:
    """Makes calls in one mode; safe to use from several threads.

    Attributes:
        calls: a record of each call and login.
        misses: every call that replay had no answer for.
        tokens: the grants of the run.
        faults: trouble on purpose, in front of everything.
        stubs: fixed answers, in front of everything else.
    """

    def __init__(
        self,
        platforms: Platforms,
        settings: Settings,
        start: Opening,
        *,
        transport: Transport | None,
    ) -> None:
        """Wire the transports of the mode in force; nothing is sent yet."""
        self.calls: list[CallRecord] = []
        self.misses: list[NoMatchError] = []
        self.tokens = TokenStore()
        self._platforms = platforms
        self._settings = settings
        self._start = start
        self._clock = start.clock
        self._vault = vault = Vault()
        for secret in settings.secrets:
            vault.minted("scenario", settings.owner, "secret", secret)
        self._tenants = Tenants(platforms, settings, start, vault)
        self._resources = ExitStack()
        self._simulators = self._simulate() if start.simulated else None
        rules = matching_rules(platforms, settings.ignore)
        passing = partial(volatile_places, platforms)
        self._undeclared = Undeclared(platforms, self._tenants)
        self._tracks = Tracks(
            settings,
            rules,
            vault,
            start.seat,
            start.zone,
            passing,
            values=self._tenants.values,
            watch=self._undeclared.add,
        )
        self._environment = environment(
            self._tenants, self._tracks, start, calls=self.calls, misses=self.misses
        )
        others = transport if self._simulators is None else self._simulators
        parts = self._parts = Parts(
            live=_live(others, self._resources),
            tracks=self._tracks,
            vault=vault,
            clock=start.clock,
            extra=settings.extra,
            trust=_trust(start.auth_clock),
        )
        inner = stack(start.mode, settings.record, parts)
        self.stubs = Stubs(inner, lambda transport: Learning(transport, vault))
        self.faults = Faults(self.stubs, partial(_bad_token, platforms))
        self._outside = Outside(platforms, settings.environ, self._environment, vault)

    @property
    def is_closed(self) -> bool:
        """Return whether the network is closed."""
        return self._start.is_closed

    @property
    def unplayed(self) -> tuple[Exchange, ...]:
        """Return what was recorded and not played, in replay and in recording what is new."""
        mode = self._start.mode
        plays = mode == "replay" or (mode == "record" and self._settings.record == "new")
        return self._tracks.unplayed() if plays else ()

    @property
    def unrecognised(self) -> tuple[str, ...]:
        """Return where values were recorded that look like secrets and are not known as such."""
        return self._tracks.unrecognised()

    @property
    def undeclared(self) -> tuple[str, ...]:
        """Return which responses were recorded with a stand-in that need not be one."""
        return tuple(self._undeclared.notes)

    def simulator(self, platform: str) -> Simulator:
        """Return what stands in for a platform.

        Raises:
            ConfigError: nothing is simulated.
            CallError: UNKNOWN_PLATFORM.
        """
        if self._simulators is None:
            raise ConfigError(
                f"nothing is simulated in mode {self._start.mode}; open the session with "
                'mode="simulate", or record with against="simulator"'
            )
        return self._simulators.simulator(platform)

    def begin(self, program: Program) -> Generator[Effect, Any, Answer]:
        """Return the call of *program*, for a scheduler to drive."""
        self._tracks.refuse_closed()
        return call(program, self._environment)

    def run(self, program: Program) -> Any:
        """Make the call of *program* on this thread and return its value.

        Raises:
            CallError: it was rejected.
            NoMatchError: replay has no answer.
        """
        return self._drive(self.begin(program)).value

    def relay(self, request: Request, inner: Transport | None = None) -> Response:
        """Make a request of another client on this thread and return its answer.

        *inner* answers it; None for who answers everything else.

        Raises:
            TransportError: the exchange did not complete.
            NoMatchError: replay has no answer.
        """
        self._tracks.refuse_closed()
        return self._drive(self._outside.call(request), inner)

    def beside(self) -> Beside:
        """Return what is done about clients that send for themselves."""
        self._tracks.refuse_closed()
        return Beside(
            mode=self._start.mode,
            record=self._settings.record,
            parts=self._parts,
            relay=self.relay,
            knows=lambda request: self._tracks.knows(self._outside.known(request)),
        )

    def _drive(self, call: Generator[Effect, Any, T], inner: Transport | None = None) -> T:
        sleep = _no_sleep if self._start.is_closed else time.sleep
        return drive(
            call,
            handle=partial(self.handle, inner=inner or self.faults),
            tokens=self.tokens,
            clock=self._clock,
            sleep=sleep,
        )

    def build(self, program: Program) -> Request:
        """Return the request of *program* before auth; nothing is sent.

        Raises:
            CallError: it cannot be built.
        """
        self._tracks.refuse_closed()
        return build(program, self._environment)

    def handle(self, request: Request, inner: Transport | None = None) -> Response:
        """Answer *request*, by *inner* if it is given; a miss is remembered in any case.

        Raises:
            TransportError: the exchange did not complete.
            NoMatchError: replay has no answer.
        """
        self._tracks.refuse_closed()
        try:
            return (inner or self.faults).handle(with_personal(request, self._settings.redact))
        except NoMatchError as error:
            self.misses.append(error)
            raise

    def refuse_closed(self) -> None:
        """Let nothing happen any more once the session is closed.

        Raises:
            ConfigError: it is.
        """
        self._tracks.refuse_closed()

    @property
    def is_over(self) -> bool:
        """Return whether this was the last session of its owner in the run."""
        return self._start.seat.shared.is_over

    def redact(self, text: str) -> str:
        """Return *text* as it may leave the process, with a stand-in for every secret."""
        return self._vault.shown(text)

    def shown(self, value: T) -> T:
        """Return *value* with every text in it redacted; as it is where no secret is known."""
        return value if self._vault.is_empty else redacted(value, self.redact)

    def finish(self, *, failed: bool) -> None:
        """Write what was recorded and close the connections; a failed run's is set aside.

        Raises:
            LeakError: a secret would have been written.
            CassetteError: a file could not be written, and the old one is whole; or no replay could
                find what was recorded, which is then set aside.
        """
        unplayable = "\n".join(self._undeclared.unplayable)
        with self._resources:
            self._tracks.finish(failed=failed or bool(unplayable), is_signed=self._is_signed)
        if self._settings.mode == "record":
            self._tracks.upload()
        if unplayable and not failed:
            raise CassetteError(unplayable)

    def _simulate(self) -> Simulators:
        from bpmax_sim.session.simulated import simulators  # noqa: PLC0415 - replay needs none

        return simulators(self._platforms, self._tenants.of, self._clock, self._settings.seed)

    def _is_signed(self, exchange: Exchange) -> bool:
        granted = self._environment.renewed
        return still_signed(exchange.request, self._platforms, self._tenants.of, granted)


def _live(given: Transport | None, resources: ExitStack) -> Callable[[], Transport]:
    """Return what gives the third parties: *given*, or else the network, which it closes later."""

    def live() -> Transport:
        if given is not None:
            return given
        from bpmax_sim.transport.httpx.live import Live  # noqa: PLC0415 - replay needs no client

        return resources.enter_context(Live())

    return live


def _trust(clock: Clock) -> Callable[[Request, Response], str]:
    return lambda request, response: trust_of(request, response, clock.now())


def _bad_token(platforms: Platforms, request: Request) -> Response:
    assert request.call is not None
    platform = platforms.platform(request.call.platform)
    return bad_token(platform, platforms.api(platform, request.call.api))


def _no_sleep(_seconds: float) -> None:
    """Virtual time has passed already."""
