"""The calling side of a session: who answers in its mode, what was called, and what was missed.

A mode is a transport around a transport (`_answering`); faults and stubs stand in front of all.
Nothing here refers back to the session, so one that is over goes away at once, with its files.
"""

from __future__ import annotations

import time
from contextlib import AbstractContextManager, ExitStack
from functools import partial
from itertools import count
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec.structs import replace

from bpmax_sim.cassette.matching import Difference
from bpmax_sim.clock import SeededChance, SystemChance
from bpmax_sim.errors import CassetteError, ConfigError, NoMatchError
from bpmax_sim.i18n import join_messages
from bpmax_sim.messages import Call, Exchange, Request, Response
from bpmax_sim.platform.load import Platforms
from bpmax_sim.platform.matcher import ApiMatcher
from bpmax_sim.proxy.auth import is_signed
from bpmax_sim.proxy.builder import CallSpec
from bpmax_sim.proxy.client import TokenStore, build_request, drive, run_call
from bpmax_sim.proxy.compiled_api import compile_api
from bpmax_sim.proxy.environment import Environment
from bpmax_sim.proxy.response import CallRecord
from bpmax_sim.proxy.result import register_issued_secrets
from bpmax_sim.proxy.signing import trust_of
from bpmax_sim.secret.vault import Vault
from bpmax_sim.session import credentials
from bpmax_sim.session.credentials import Tenants
from bpmax_sim.session.recordings import Opening, SessionRecordings
from bpmax_sim.session.settings import Settings
from bpmax_sim.session.shared_logins import SharedLogins, SharingLogins
from bpmax_sim.session.witness import Undeclared, Witness
from bpmax_sim.simulator.model import bad_token
from bpmax_sim.traffic.external_clients import ExternalClients
from bpmax_sim.transport.faults import Faults
from bpmax_sim.transport.name_net import NameNet
from bpmax_sim.transport.protocol import OWN, Handler, RoutableTransport, Stubs, Transport
from bpmax_sim.transport.record import RecordingTransport, ReplayTransport
from bpmax_sim.transport.redaction import redact_request, register_cookies

if TYPE_CHECKING:
    from bpmax_sim.simulator.simulator import Simulators


_PLACEHOLDER = b"redacted."


class Capturing(msgspec.Struct, frozen=True):
    """Make known what a response issues before anyone can show it."""

    inner: Transport
    vault: Vault
    net: NameNet

    def handle(self, request: Request) -> Response:
        """Return the response of the inner transport."""
        response = self.inner.handle(request)
        register_issued_secrets(request, response, self.vault)
        register_cookies(request, response, self.vault)
        self.net.register_response(request, response)
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


_DAY = 86400.0


class Network:
    """Makes calls in one mode; safe to use from several threads.

    Attributes:
        calls: a record of each call and login.
        misses: every call that replay had no response for.
        environment: what calls need of the session; a scheduler drives `run_call` with it.
        tokens: the grants of the run.
        faults: fault-injection layer, outermost.
        stubs: fixed responses, in front of everything else.
        witness: notes what stood behind each sending.
        vault: knows every secret of the session.
        net: makes known to it what is named like a secret and declared by nobody.
        recordings: what is played and recorded.
        simulators: what stands in for the third parties, where anything does.
        undeclared: knows what was recorded with a stand-in that need not be one.
        clients: knows other HTTP clients, and what they sent that could be of several APIs.
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
        self.vault = vault = Vault()
        for secret in settings.secrets:
            vault.register_issued("scenario", settings.owner, "secret", secret)
        self.net = _name_net(platforms, settings, start, vault)
        self._tenants = tenants = Tenants(platforms, settings, start, vault)
        credentials.check_paths("redact", settings.redact)
        rules = credentials.matching_rules(platforms, settings.ignore)
        self._resources = ExitStack()
        self.simulators = self._simulate() if start.simulated else None
        self.undeclared = Undeclared(platforms, tenants)
        self.witness = Witness(rules, start.clock)
        self.recordings = SessionRecordings(
            settings,
            rules,
            vault,
            start.seat,
            self.witness,
            start.zone,
            passing=partial(credentials.volatile_places, platforms),
            named=partial(credentials.read_headers, platforms),
            answered=partial(credentials.open_places, platforms),
            values=tenants.values,
            watch=self.undeclared.add,
            synthesise=partial(_synthesised_login, platforms),
        )
        self._sharing: list[SharingLogins] = []  # one, where logins are shared
        self.environment = self._environment()
        self._replay = ReplayTransport(self.recordings.answer, vault)
        inner = self._answering(transport if self.simulators is None else self.simulators)
        self.stubs = Stubs(inner, partial(Capturing, vault=vault, net=self.net))
        self.faults = Faults(self.stubs, partial(_bad_token, platforms), self.witness.strike)
        self.clients = ExternalClients(
            platforms,
            settings.environ,
            self.environment,
            vault,
            start.clock,
            is_live=not start.is_closed,
            is_recorded=partial(_is_recorded, self.net, self.recordings),
        )

    def _environment(self) -> Environment:
        """Return the session's side of calls, which refers to this by nothing.

        A session that is over would else wait for the garbage collector.
        """
        settings, start, recordings = self._settings, self._start, self.recordings
        vault, misses, sharing = self.vault, self.misses, self._sharing
        chance, numbers = SeededChance(settings.seeded), count(1)

        def missed(call: Call, differences: tuple[Difference, ...]) -> NoMatchError:
            error = recordings.signed_otherwise(call, differences)
            misses.append(error)
            return error

        def settled(platform: str, instance: str, life: float | None) -> None:
            if life is not None:
                recordings.let_in.add((platform, instance))
            for sharer in sharing:
                sharer.settled(platform, instance, life)

        return Environment(
            platforms=self._platforms,
            tenant=self._tenants.of,
            vault=vault,
            clock=start.clock,
            auth_clock=start.auth_clock,
            chance=chance,
            auth_chance=chance if start.is_closed else SystemChance(),
            separate=start.mode == "record",
            synthesise_login=lambda *of: start.mode == "replay" and not recordings.has_login(*of),
            refuse_closed=recordings.refuse_closed,
            log=self.calls.append,
            serial=lambda: next(numbers),
            default_instance=settings.default_instance,
            on_login=settled,
            hide=lambda request: redact_request(
                credentials.with_personal(request, settings.redact), vault
            ),
            on_mismatch=missed,
        )

    def _answering(self, others: Transport | None) -> Transport:
        """Return who answers in the mode in force; *others* stand for the network."""
        if self._start.mode == "replay":
            return self._replay
        live = Capturing(self._third_parties(others), self.vault, self.net)
        if self._start.mode != "record":
            return live
        recorded = self._recording(live)
        if self._settings.record == "new":
            return Missing(self._replay, recorded, self._settings.extra)
        return recorded

    def _third_parties(self, others: Transport | None) -> Transport:
        """Return who is asked; a login that another session of the run has made is not repeated."""
        live, route = others, self._tenants.route
        if live is None:
            from bpmax_sim.transport.live import Live  # noqa: PLC0415 - replay needs no client

            live = self._resources.enter_context(Live())
        live = live.with_routes(route) if isinstance(live, RoutableTransport) else live
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

    def run(self, spec: CallSpec) -> Any:
        """Make the call of *spec* on this thread and return its value.

        Raises:
            CallError: it was rejected.
            NoMatchError: replay has no response.
        """
        return drive(
            run_call(spec, self.environment),
            tokens=self.tokens,
            clock=self._start.clock,
            # While the network is closed, virtual time has passed already.
            sleep=(lambda _seconds: None) if self._start.is_closed else time.sleep,
            handle=self.handle,
        ).value

    def relay(self, request: Request, inner: Transport | None = None) -> Response:
        """Make a request of another client on this thread and return its response.

        *inner* answers it; None for who answers everything else.

        Raises:
            TransportError: the exchange did not complete.
            NoMatchError: replay has no response.
        """
        self.recordings.refuse_closed()
        return self.clients.call(request, partial(self.handle, inner=inner))

    def listening(self, name: str) -> AbstractContextManager[object]:
        """Return a context in which the clients that vcrpy knows are listened to."""
        from bpmax_sim.traffic.intercept import intercept_clients  # noqa: PLC0415 - few need vcrpy

        self.recordings.refuse_closed()
        return intercept_clients(self, name)

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
        if self._start.mode != "record" or self.clients.is_redirected(patient):
            return self.relay(patient)
        if self._settings.record != "new":
            return None
        known = self.clients.to_call(patient)
        # What is new is recorded beside this one, which is played; no login is.
        if not known.is_login and _is_recorded(self.net, self.recordings, known):
            try:
                return self.relay(patient, self._replay)
            except NoMatchError as error:
                if error.case == "already played" and not self._settings.extra:
                    raise
        refuse_placeholder(request)
        return None

    def keep(self, request: Request, response: Response, /) -> None:
        """Record what the client was answered; it is on the disk when this returns."""
        answered = Capturing(Handler(lambda _: response), self.vault, self.net)
        witness = self._recording(answered)
        self.relay(replace(request, timeout=_DAY), witness)

    def _recording(self, inner: Transport) -> Transport:
        clock = self._start.auth_clock
        return RecordingTransport(
            inner=inner,
            keep=self.recordings.keep,
            vault=self.vault,
            clock=self._start.clock,
            trust=lambda request, response: trust_of(request, response, clock.now()),
        )

    def build(self, program: CallSpec) -> Request:
        """Return the request of *program* before auth; nothing is sent.

        Raises:
            CallError: it cannot be built.
        """
        self.recordings.refuse_closed()
        return build_request(program, self.environment)

    def handle(self, request: Request, inner: Transport | None = None) -> Response:
        """Answer *request*, by *inner* if it is given; a miss is remembered in any case.

        Raises:
            TransportError: the exchange did not complete.
            NoMatchError: replay has no response.
        """
        self.recordings.refuse_closed()
        self.net.register_request(request)
        try:
            return (inner or self.faults).handle(
                credentials.with_personal(request, self._settings.redact)
            )
        except NoMatchError as error:
            self.misses.append(error)
            raise

    def finish(self, *, failed: bool) -> None:
        """Write what was recorded and close the connections; a failed run's is set aside.

        Raises:
            LeakError: a secret would have been written.
            CassetteError: a file could not be written, and the old one is whole; or no replay could
                find what was recorded, which is then set aside.
        """
        unplayable = join_messages("\n", self.undeclared.unplayable)
        with self._resources:
            self.recordings.finish(failed=failed or bool(unplayable), is_signed=self._is_signed)
        if unplayable and not failed:
            raise CassetteError(unplayable)

    def _simulate(self) -> Simulators:
        from bpmax_sim.simulator.simulator import Simulators  # noqa: PLC0415 - replay needs none

        clock, seed = self._start.clock, self._settings.seeded
        return Simulators(self._platforms, self._tenants.of, clock=clock, seed=seed)

    def _is_signed(self, exchange: Exchange) -> bool:
        """Return whether a recorded request is signed as it would be today."""
        call = exchange.request.call
        platform = self._platforms.find(call.platform) if call else None
        if call is None or platform is None or call.api not in platform.apis:
            return False
        instance = self._platforms.instance(call.platform, call.instance)
        recipe = compile_api(platform, instance, platform.apis[call.api])
        own = f"{call.platform}/{call.instance}/"
        granted = self.environment.renewed.items()
        grant = next((grant for key, grant in granted if key.startswith(own)), None)
        return is_signed(exchange.request, recipe, self._tenants.of(platform, instance), grant)


def _name_net(platforms: Platforms, settings: Settings, start: Opening, vault: Vault) -> NameNet:
    of_project = credentials.project_places(settings.cassette)
    opened = partial(credentials.open_places_of, platforms, of_project)
    return NameNet(vault, opened, start.net_version)


def _is_recorded(net: NameNet, recordings: SessionRecordings, request: Request) -> bool:
    net.register_request(request)
    return recordings.knows(request)


def _synthesised_login(platforms: Platforms, request: Request) -> Response | None:
    """Return what a client's own login yields where none was recorded, all of it stand-ins."""
    from bpmax_sim.simulator.auth import login_response  # noqa: PLC0415 - replay needs none

    match, call = ApiMatcher(platforms).match(request), request.call
    if match is None or match.target.login is None or call is None:
        return None
    return login_response(match.target.platform, call.instance, match.target.login)


def _bad_token(platforms: Platforms, request: Request) -> Response:
    assert request.call is not None
    platform = platforms.platform(request.call.platform)
    return bad_token(platform, platforms.api(platform, request.call.api))
