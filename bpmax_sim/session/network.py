"""The calling side of a session: who answers in its mode, what was called, and what was missed.

A mode is a transport around a transport (`_answering`); faults and stubs stand in front of all.
Nothing here refers back to the session, so one that is over goes away at once, with its files.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack
from functools import partial
from itertools import count
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
from msgspec.structs import replace

from bpmax_sim.cassette.matching import Difference, Rules
from bpmax_sim.clock import Clock, SeededChance, SystemChance
from bpmax_sim.errors import CassetteError, ConfigError, NoMatchError
from bpmax_sim.i18n import joined
from bpmax_sim.messages import Call, ConnectionRoute, Exchange, Request, Response
from bpmax_sim.platform.load import Platforms
from bpmax_sim.platform.matcher import ApiMatcher
from bpmax_sim.proxy.builder import CallSpec
from bpmax_sim.proxy.client import TokenStore, build, call, drive
from bpmax_sim.proxy.environment import Environment
from bpmax_sim.proxy.response import CallRecord
from bpmax_sim.proxy.result import capture
from bpmax_sim.proxy.signing import trust_of
from bpmax_sim.secret.vault import Redact, Vault, redacted
from bpmax_sim.session.credentials import (
    Tenants,
    check_paths,
    matching_rules,
    open_places,
    volatile_places,
    with_personal,
)
from bpmax_sim.session.recordings import Opening, SessionRecordings, still_signed
from bpmax_sim.session.settings import Settings
from bpmax_sim.session.shared_logins import SharedLogins, SharingLogins
from bpmax_sim.session.undeclared import Undeclared
from bpmax_sim.session.witness import Witness
from bpmax_sim.simulator.model import bad_token
from bpmax_sim.traffic.external_clients import ExternalClients
from bpmax_sim.transport.faults import Faults
from bpmax_sim.transport.protocol import OWN, Handler, Routed, Stubs, Transport
from bpmax_sim.transport.record import RecordingTransport, Replay
from bpmax_sim.transport.redaction import capture_cookies, redact_request

if TYPE_CHECKING:
    from bpmax_sim.simulator.simulator import Simulator, Simulators


def _synthesised(tracks: SessionRecordings, mode: str) -> Callable[[str, str], bool]:
    if mode != "replay":
        return lambda _platform, _instance: False
    return lambda platform, instance: not tracks.has_login(platform, instance)


def _hidden(personal: tuple[str, ...], vault: Vault) -> Callable[[Request], Request]:
    return lambda request: redact_request(with_personal(request, personal), vault)


def _missed(
    tracks: SessionRecordings, misses: list[NoMatchError]
) -> Callable[[Call, tuple[Difference, ...]], NoMatchError]:
    def missed(call: Call, differences: tuple[Difference, ...]) -> NoMatchError:
        error = tracks.signed_otherwise(call, differences)
        misses.append(error)
        return error

    return missed


_PLACEHOLDER = b"redacted."


class Capturing(msgspec.Struct, frozen=True):
    """Make known what a response issues before anyone can show it."""

    inner: Transport
    vault: Vault

    def handle(self, request: Request) -> Response:
        """Return the response of the inner transport."""
        response = self.inner.handle(request)
        capture(request, response, self.vault)
        capture_cookies(request, response, self.vault)
        return response


class Missing(msgspec.Struct, frozen=True):
    """Answer from recordings; send and record what was never recorded.

    With *extra*, a call that was played already is recorded once more.
    """

    replay: Transport
    record: Transport
    extra: bool = False

    def handle(self, request: Request) -> Response:
        """Return the recorded response, else the live one.

        Raises:
            NoMatchError: the call was recorded and is played already.
            ConfigError: the live request would carry a stand-in from a recorded response.
        """
        if request.is_login:
            return self.record.handle(request)
        try:
            return self.replay.handle(request)
        except NoMatchError as error:
            if error.case == "already played" and not self.extra:
                raise
        refuse_placeholder(request)
        return self.record.handle(request)


def refuse_placeholder(request: Request) -> None:
    """Let no stand-in out.

    Raises:
        ConfigError: *request* carries one.
    """
    sent = [request.url, *(value for _, value in request.headers)]
    if any(_PLACEHOLDER in text.encode() for text in sent) or _PLACEHOLDER in (request.body or b""):
        name = request.call.name if request.call else request.method
        raise ConfigError(
            "{name}: the live request would carry a value that a recorded answer only "
            "stands in for; record afresh: bpmax-sim record, or pytest with "
            "--bpmax-record=rewrite",
            name=name,
        )


Recording = Callable[[Transport], Transport]
"""Makes a transport that records what the one below it answers."""


def _answering(
    start: Opening,
    settings: Settings,
    *,
    replay: Transport,
    recording: Recording,
    live: Callable[[], Transport],
) -> Transport:
    """Return who answers in the mode in force; *live* is made only where something is sent."""
    if start.mode == "replay":
        return replay
    if start.mode != "record":
        return live()
    recorded = recording(live())
    return Missing(replay, recorded, settings.extra) if settings.record == "new" else recorded


_DAY = 86400.0


T = TypeVar("T")


class Network:
    """Makes calls in one mode; safe to use from several threads.

    Attributes:
        calls: a record of each call and login.
        misses: every call that replay had no response for.
        environment: what calls need of the session; a scheduler drives `call` with it.
        tokens: the grants of the run.
        faults: fault-injection layer, outermost.
        stubs: fixed responses, in front of everything else.
        witness: notes what stood behind each sending.
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
        self._platforms, self._settings, self._start = platforms, settings, start
        self._vault = vault = _vault_of(settings)
        self._tenants = Tenants(platforms, settings, start, vault)
        check_paths("redact", settings.redact)
        rules = matching_rules(platforms, settings.ignore)
        self._resources = ExitStack()
        self._simulators = self._simulate() if start.simulated else None
        self._undeclared = Undeclared(platforms, self._tenants)
        self.witness = Witness(rules, start.clock)
        self._tracks = self._recordings(rules)
        self._sharing: list[SharingLogins] = []  # one, where logins are shared
        self.environment = self._environment()
        others = transport if self._simulators is None else self._simulators
        self._replay = Replay(self._tracks.answer, vault)
        inner = _answering(
            start,
            settings,
            replay=self._replay,
            recording=self._recording,
            live=lambda: Capturing(self._third_parties(others), vault),
        )
        self.stubs = Stubs(inner, lambda transport: Capturing(transport, vault))
        self.faults = Faults(self.stubs, partial(_bad_token, platforms), self.witness.strike)
        self._clients = ExternalClients(
            platforms,
            settings.environ,
            self.environment,
            vault,
            start.clock,
            is_live=not start.is_closed,
            is_recorded=self._tracks.knows,
        )
        self._driven = partial(
            drive,
            tokens=self.tokens,
            clock=start.clock,
            sleep=_no_sleep if start.is_closed else time.sleep,
        )

    def _environment(self) -> Environment:
        """Return the session's side of calls, which refers to this by nothing."""
        settings, start, tracks = self._settings, self._start, self._tracks
        chance, numbers = SeededChance(settings.seeded), count(1)
        return Environment(
            platforms=self._platforms,
            tenant=self._tenants.of,
            vault=self._vault,
            clock=start.clock,
            auth_clock=start.auth_clock,
            chance=chance,
            auth_chance=chance if start.is_closed else SystemChance(),
            separate=start.mode == "record",
            synthesise_login=_synthesised(tracks, start.mode),
            refuse_closed=tracks.refuse_closed,
            log=self.calls.append,
            serial=lambda: next(numbers),
            default_instance=settings.default_instance,
            on_login=partial(_settled, tracks, self._sharing),
            hide=_hidden(settings.redact, self._vault),
            on_mismatch=_missed(tracks, self.misses),
        )

    def _recordings(self, rules: Rules) -> SessionRecordings:
        platforms, start = self._platforms, self._start
        return SessionRecordings(
            self._settings,
            rules,
            self._vault,
            start.seat,
            self.witness,
            start.zone,
            partial(volatile_places, platforms),
            partial(open_places, platforms),
            values=self._tenants.values,
            watch=self._undeclared.add,
            synthesise=partial(_synthesised_login, platforms),
        )

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
        """Return what was recorded otherwise than a declaration could have it, and what to write.

        Those are stand-ins that need not be any, and requests that could be of several APIs.
        """
        return (*self._undeclared.notes, *self._clients.notes)

    def _third_parties(self, others: Transport | None) -> Transport:
        """Return who is asked; a login that another session of the run has made is not repeated."""
        live = _live(others, self._resources, self._tenants.route)
        locked = {k for k, p in self._platforms.own.items() if p.share == "process_lock"}
        shared = self._settings.shared_logins or (SharedLogins() if locked else None)
        if shared is None or self._start.simulated:
            return live
        sharing = shared.over(
            live,
            network=others,
            real=self._tenants.real,
            across=locked if others is None else (),
        )
        self._sharing.append(sharing)
        self._resources.callback(sharing.close)
        return sharing

    def simulator(self, platform: str) -> Simulator:
        """Return what stands in for a platform.

        Raises:
            ConfigError: nothing is simulated.
            CallError: UNKNOWN_PLATFORM.
        """
        if self._simulators is None:
            raise ConfigError(
                'nothing is simulated in mode {mode}; open the session with mode="simulate", '
                'or record with against="simulator"',
                mode=self._start.mode,
            )
        return self._simulators.simulator(platform)

    def run(self, spec: CallSpec) -> Any:
        """Make the call of *spec* on this thread and return its value.

        Raises:
            CallError: it was rejected.
            NoMatchError: replay has no response.
        """
        return self._driven(call(spec, self.environment), handle=self.handle).value

    def relay(self, request: Request, inner: Transport | None = None) -> Response:
        """Make a request of another client on this thread and return its response.

        *inner* answers it; None for who answers everything else.

        Raises:
            TransportError: the exchange did not complete.
            NoMatchError: replay has no response.
        """
        self._tracks.refuse_closed()
        handle = self.handle if inner is None else partial(self.handle, inner=inner)
        return self._clients.call(request, handle)

    def listening(self, name: str) -> AbstractContextManager[object]:
        """Return a context in which the clients that vcrpy knows are listened to."""
        from bpmax_sim.traffic.intercept import listening  # noqa: PLC0415 - few need vcrpy

        self._tracks.refuse_closed()
        return listening(self, name)

    def passes(self) -> bool:
        """Return whether the request under way is the session's own, or nothing is recorded."""
        return OWN.get() or self._start.mode == "live"

    def answer(self, request: Request, /) -> Response | None:
        """Return the recorded response, or None where the client has to ask for itself.

        Raises:
            NoMatchError: replay has no response; the session remembers that.
            ConfigError: the request would carry a stand-in from a recorded response.
        """
        patient = replace(request, timeout=_DAY)  # how long it waits is the client's own affair
        if self._start.mode != "record" or self._clients.is_redirected(patient):
            return self.relay(patient)
        if self._settings.record != "new":
            return None
        if self._plays(patient):
            try:
                return self.relay(patient, self._replay)
            except NoMatchError as error:
                if error.case == "already played" and not self._settings.extra:
                    raise
        refuse_placeholder(request)
        return None

    def keep(self, request: Request, response: Response, /) -> None:
        """Record what the client was answered; it is on the disk when this returns."""
        witness = self._recording(Handler(lambda _: response))
        self.relay(replace(request, timeout=_DAY), witness)

    def _plays(self, request: Request) -> bool:
        """Return whether what is new is recorded beside this one, which is played; no login is."""
        known = self._clients.known(request)
        return not known.is_login and self._tracks.knows(known)

    def _recording(self, inner: Transport) -> Transport:
        return RecordingTransport(
            inner=inner,
            keep=self._tracks.keep,
            vault=self._vault,
            clock=self._start.clock,
            trust=_trust(self._start.auth_clock),
        )

    def build(self, program: CallSpec) -> Request:
        """Return the request of *program* before auth; nothing is sent.

        Raises:
            CallError: it cannot be built.
        """
        self._tracks.refuse_closed()
        return build(program, self.environment)

    def handle(self, request: Request, inner: Transport | None = None) -> Response:
        """Answer *request*, by *inner* if it is given; a miss is remembered in any case.

        Raises:
            TransportError: the exchange did not complete.
            NoMatchError: replay has no response.
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

    @property
    def redact(self) -> Redact:
        """Return what makes a text fit to leave the process, with a stand-in for every secret."""
        return self._vault.shown

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
        unplayable = joined("\n", self._undeclared.unplayable)
        with self._resources:
            self._tracks.finish(failed=failed or bool(unplayable), is_signed=self._is_signed)
        if unplayable and not failed:
            raise CassetteError(unplayable)

    def _simulate(self) -> Simulators:
        from bpmax_sim.simulator.simulator import Simulators  # noqa: PLC0415 - replay needs none

        clock, seed = self._start.clock, self._settings.seeded
        return Simulators(self._platforms, self._tenants.of, clock=clock, seed=seed)

    def _is_signed(self, exchange: Exchange) -> bool:
        granted = self.environment.renewed
        return still_signed(exchange.request, self._platforms, self._tenants.of, granted)


def _vault_of(settings: Settings) -> Vault:
    """Return a vault that knows the secrets that the settings name."""
    vault = Vault()
    for secret in settings.secrets:
        vault.register_issued("scenario", settings.owner, "secret", secret)
    return vault


def _live(
    transport: Transport | None, resources: ExitStack, route: Callable[[Request], ConnectionRoute]
) -> Transport:
    """Return the third parties: *transport*, or else the network, which *resources* closes."""
    if transport is None:
        from bpmax_sim.transport.live import Live  # noqa: PLC0415 - replay needs no client

        return resources.enter_context(Live()).routed(route)
    return transport.routed(route) if isinstance(transport, Routed) else transport


def _synthesised_login(platforms: Platforms, request: Request) -> Response | None:
    """Return what a client's own login yields where none was recorded, all of it stand-ins."""
    from bpmax_sim.simulator.auth import login_response  # noqa: PLC0415 - replay needs none

    match, call = ApiMatcher(platforms).match(request), request.call
    if match is None or match.target.login is None or call is None:
        return None
    return login_response(match.target.platform, call.instance, match.target.login)


def _trust(clock: Clock) -> Callable[[Request, Response], str]:
    return lambda request, response: trust_of(request, response, clock.now())


def _bad_token(platforms: Platforms, request: Request) -> Response:
    assert request.call is not None
    platform = platforms.platform(request.call.platform)
    return bad_token(platform, platforms.api(platform, request.call.api))


def _no_sleep(_seconds: float) -> None:
    """Virtual time has passed already."""


def _settled(
    tracks: SessionRecordings,
    sharing: Sequence[SharingLogins],
    platform: str,
    instance: str,
    life: float | None,
) -> None:
    """Note a login for replay and for other sessions of the run.

    No method of the session, which would then wait for the garbage collector.
    """
    if life is not None:
        tracks.let_in(platform, instance)
    for sharer in sharing:
        sharer.settled(platform, instance, life)
