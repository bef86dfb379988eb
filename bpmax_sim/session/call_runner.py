"""Make the calls of one session: faults and stubs first, then whatever answers in its mode.

    builder -> CallRunner.run -> the call, as a generator -> CallRunner.handle
      -> [Faults -> Stubs ->] ReplayMode | RecordMode | LiveMode | SimulateMode

`build_session_components` is the only place where these are put together.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from bpmax_sim.cassette.matching import MatchingRules
from bpmax_sim.errors import CassetteError, NoMatchError
from bpmax_sim.i18n import join_messages
from bpmax_sim.messages import Request, Response
from bpmax_sim.platform.load import Platforms
from bpmax_sim.proxy.builder import CallSpec
from bpmax_sim.proxy.client import TokenStore, build_request, run_blocking, run_call
from bpmax_sim.proxy.result import find_not_secret_texts
from bpmax_sim.secret.vault import Vault
from bpmax_sim.session.credentials import (
    SessionCredentials,
    SessionSecretRegistry,
    add_personal_places,
    check_personal_places,
    collect_not_secret_places,
    get_matching_rules,
    make_not_secret_places_reader,
    register_secret_texts,
)
from bpmax_sim.session.environment import SessionEnvironment
from bpmax_sim.session.live import LiveMode, SimulateMode
from bpmax_sim.session.record import RecordMissingMode, RecordMode
from bpmax_sim.session.replay import ReplayMode
from bpmax_sim.session.sending_log import SendingAnswerLog
from bpmax_sim.session.settings import Settings
from bpmax_sim.session.start import SessionStart
from bpmax_sim.transport.faults import BadToken, Fault, Faults
from bpmax_sim.transport.protocol import Stub, StubTransport, Transport
from bpmax_sim.transport.suspicious_names import SecretByNameRegistrar

SessionMode = ReplayMode | RecordMode | RecordMissingMode | LiveMode | SimulateMode


class CallRunner:
    """Makes the calls of a session in its mode (replay, record …).

    Safe to use from several threads.

    Attributes:
        environment: what calls need of the session, such as its platforms and credentials.
        tokens: the results of logins (`Grant`) that calls of the session use.
    """

    def __init__(
        self,
        environment: SessionEnvironment,
        mode: SessionMode,
        start: SessionStart,
        log: SendingAnswerLog,
        secrets: SessionSecretRegistry,
    ) -> None:
        """Make calls that *mode* answers (a recording, a simulator or the network).

        *start* decides whether waits pass in real time; each injected fault is added to *log*;
        *secrets* learns the secrets in requests and in the responses of stubs.
        """
        self._register_request = secrets.net.register_request
        self.environment, self.tokens = environment, TokenStore()
        # While the network is closed, virtual time has passed already.
        self._sleep: Callable[[float], None] = _skip_wait if start.is_network_closed else time.sleep
        self._stubs = StubTransport(mode, secrets.register_response_secrets)
        # Layers of an answer, outermost first: faults, stubs, mode (recording, simulator or
        # network). A fault so also strikes what a stub answers, and neither of the two is recorded.
        self._faults = Faults(
            self._stubs,
            partial(make_bad_token_response, environment.platforms),
            log.note_fault,
            environment.platforms.list_names_with_aliases,
        )
        self._mode = mode
        self._answer: Callable[[Request], Response] = mode.handle

    def run(self, spec: CallSpec) -> Any:
        """Make the call of *spec* on this thread and return its value.

        Raises:
            CallError: if the call is rejected.
            NoMatchError: if replay has no response.
        """
        return run_blocking(
            run_call(spec, self.environment),
            tokens=self.tokens,
            clock=self.environment.clock,
            sleep=self._sleep,
            handle=self.handle,
        ).value

    def build_before_auth(self, spec: CallSpec) -> Request:
        """Return the request of *spec* without what auth adds to it; nothing is sent.

        Raises:
            CallError: if the request cannot be built.
        """
        self.environment.refuse_closed()
        return build_request(spec, self.environment)

    def handle(
        self, request: Request, answer: Callable[[Request], Response] | None = None
    ) -> Response:
        """Return the response to *request*, from *answer* if given, else from the session's mode.

        If replay has no response, the call is also added to the session's misses, in case that the
        caller swallows the error.

        Raises:
            TransportError: if the exchange fails.
            NoMatchError: if replay has no response.
        """
        environment = self.environment
        environment.refuse_closed()
        # Before anything is redacted or sent: from here on, a password that only its name tells is
        # known.
        self._register_request(request)
        if environment.personal:
            request = add_personal_places(request, environment.personal)
        try:
            return (answer or self._answer)(request)
        except NoMatchError as error:
            environment.misses.append(error)
            raise

    def activate_faults(self, rules: Sequence[Fault]) -> None:
        """Activate *rules*, before those already active; their counts start at 0."""
        self._faults.activate(rules)
        self._update_overlays()

    def deactivate_and_get_unfired(self, rules: Sequence[Fault]) -> tuple[Fault, ...]:
        """Deactivate *rules* and return those that never fired."""
        silent = self._faults.deactivate_and_list_unfired(rules)
        self._update_overlays()
        return silent

    def count_firings(self, rule: Fault) -> int:
        """Return how often *rule*, which must be active, has fired."""
        return self._faults.count_firings(rule)

    def add_stub(self, stub: Stub) -> None:
        """Ask *stub*, a function of a test, for the response to each request from now on.

        If it returns None, the stub that was added before it is asked, and after the first stub the
        session's mode.
        """
        self._stubs.add(stub)
        self._update_overlays()

    def _update_overlays(self) -> None:
        """Let faults and stubs, if there are any, answer before the session's mode does.

        Stubs are functions of a test that answer; the mode answers from a recording, a simulator or
        the network.
        """
        front = self._stubs if self._stubs.has_stubs else self._mode
        self._answer = (self._faults if self._faults.has_active_rules else front).handle


def _skip_wait(_seconds: float) -> None:
    """Wait not at all, as in replay, where only virtual time passes."""


def make_bad_token_response(platforms: Platforms, request: Request, token: BadToken) -> Response:
    """Return what *request*'s platform answers to *token*; for fault injection."""
    from bpmax_sim.simulator import simulator  # noqa: PLC0415 - only faults need it

    assert request.call is not None
    platform = platforms.platform(request.call.platform)
    api = platforms.api(platform, request.call.api)
    return simulator.make_bad_token_response(platform, api, token.state)


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionComponents:
    """The parts of one session.

    Attributes:
        calls: makes the calls.
        settings: options of the session.
        start: clock, effective mode and shared recording.
        tenants: credentials of the instances that were called.
        secrets: known secrets, and the rules by which more are found.
        log: for each request that was sent, the fault or recorded exchange that answered it.
        replay: the recording. It always exists, but answers only in replay mode, and in record mode
            when only missing calls are recorded.
        live, simulate, record: what sends requests to third parties or simulators, and what records
            exchanges; None in modes that do not use it.
    """

    calls: CallRunner
    settings: Settings
    start: SessionStart
    tenants: SessionCredentials
    secrets: SessionSecretRegistry
    log: SendingAnswerLog
    replay: ReplayMode
    live: LiveMode | None = None
    simulate: SimulateMode | None = None
    record: RecordMode | None = None

    def close_and_seal(self, *, failed: bool) -> None:
        """Close the session; the last open session of an owner writes the recording (seals it).

        The owner is the scenario or test to which the recording belongs. The files are then
        uploaded if they came from a URL; local copies stay. The recording of a *failed* run is set
        aside for review.

        Raises:
            LeakError: if a secret would have been written.
            CassetteError: if a file cannot be written (the old one stays whole) or uploaded, or if
                replay could not find what was recorded, which is set aside for review then.
        """
        record, session = self.record, self.start.owner_session
        session.is_closed = True
        # Before sealing: a recording that replay cannot match must not replace the old one.
        unplayable = join_messages("\n", record.standins.unplayable_call_messages) if record else ""
        is_wrong = True
        try:
            # Logins first: a cassette without its logins could not be replayed.
            logins = record.seal_logins(failed=failed or bool(unplayable)) if record else ()
            self._upload_recordings({*self.replay.list_used_login_files(), *logins})
            is_wrong = failed or bool(unplayable)
        finally:
            try:
                session.recording.close_session(
                    session, self.secrets.vault, self._seal_recording, failed=is_wrong
                )
            finally:  # also where a secret was found and nothing is written
                if self.live is not None:
                    self.live.close()
        if unplayable and not failed:
            raise CassetteError(unplayable)

    def _seal_recording(self, failed: bool) -> None:
        if self.record is not None:
            self.record.seal_or_set_aside(self.calls.environment.renewed, failed=failed)
        self._upload_recordings([self.settings.cassette])

    def _upload_recordings(self, paths: Iterable[Path | None]) -> None:
        if self.settings.remote is None or self.settings.mode != "record":
            return
        for path in paths:
            if path is not None and path.exists():
                self.settings.remote.upload_if_changed(path)


def _build_matching_rules(platforms: Platforms, settings: Settings) -> MatchingRules:
    """Return the rules by which calls are matched with recordings.

    While ``bpmax-sim migrate`` adapts a recording to changed declarations, they also contain the
    former names of platforms and APIs that it was given (``settings.moves``).
    """
    rules = get_matching_rules(platforms, settings.ignore)
    if settings.moves is None:
        return rules
    return replace(rules, former=rules.former.merge_with(settings.moves.former))


def build_session_components(
    platforms: Platforms, settings: Settings, start: SessionStart, network: Transport | None
) -> SessionComponents:
    """Build the parts of a session; nothing is sent yet.

    *network* answers instead of the third parties in record and live mode; None for the real
    network.

    Raises:
        ConfigError: if an option names a place that a request cannot have.
    """
    vault = Vault()
    register_secret_texts(settings.secrets, start.owner_session.recording.owner, vault)
    opened = partial(
        collect_not_secret_places, platforms, make_not_secret_places_reader(settings.cassette)
    )
    # An older recording keeps the rules that it was made with: newer ones would hide more, and its
    # requests would not be found any more.
    net_version = start.owner_session.recording.net
    net = SecretByNameRegistrar(
        vault, opened, partial(find_not_secret_texts, platforms), net_version
    )
    secrets = SessionSecretRegistry(vault, net)
    tenants = SessionCredentials(platforms, settings, start, vault)
    rules = _build_matching_rules(platforms, settings)
    check_personal_places("redact", settings.redact, rules.templates.values())
    log = SendingAnswerLog(rules, start.clock)

    replay = ReplayMode(platforms, settings, start, log, rules, secrets)
    live = simulate = record = None
    mode: SessionMode = replay
    if start.simulated:
        mode = simulate = SimulateMode(platforms, settings, start, tenants, secrets)
    elif start.mode != "replay":
        mode = live = LiveMode(platforms, settings, tenants, network, secrets)
    if start.mode == "record":
        third_party = live or simulate
        assert third_party is not None
        mode = record = RecordMode(platforms, settings, start, rules, tenants, third_party)
        if settings.record == "new":
            mode = RecordMissingMode(replay, record, extra=settings.extra)

    environment = SessionEnvironment(settings, start, tenants, replay, record, live)
    return SessionComponents(
        calls=CallRunner(environment, mode, start, log, secrets),
        settings=settings,
        start=start,
        tenants=tenants,
        secrets=secrets,
        log=log,
        replay=replay,
        live=live,
        simulate=simulate,
        record=record,
    )
