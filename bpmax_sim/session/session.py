"""`Session`: platforms, one virtual clock, one vault, one transport, and the calls made so far.

`record` and `replay` are the usual ways to open one. Wrong arguments raise ConfigError before
anything runs. What scripts print and throw is redacted when it is returned.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self, TypeVar, Unpack, cast

from msgspec.structs import replace

from bpmax_sim.cassette.recorder import Outage
from bpmax_sim.clock import Instant, MultiSeedRandomSource, RandomSource
from bpmax_sim.errors import (
    BpmaxError,
    ConfigError,
    ExpectationError,
    Place,
    UncalledWarning,
    find_frame_outside,
)
from bpmax_sim.file_system import shell_quote
from bpmax_sim.guard import NetworkGuard, split_hosts
from bpmax_sim.i18n import SHOWN_BY, join_list, msg, plural
from bpmax_sim.keywords import refuse_unknown_keywords
from bpmax_sim.messages import Exchange, Request, Response
from bpmax_sim.platform.load import Platforms, load_usable_platforms
from bpmax_sim.proxy.builder import Builder, CallSpec, Proxy
from bpmax_sim.proxy.client import run_call
from bpmax_sim.script.channel import LiveObject
from bpmax_sim.script.limits import Limits
from bpmax_sim.script.runtime import Page, Runtime, describe_engine, select_engine
from bpmax_sim.script.scheduler import Scheduler
from bpmax_sim.script.turn_result import Outcome, PendingTimer, UnawaitedCall
from bpmax_sim.secret.vault import AddressPair, redact_values
from bpmax_sim.session import scripts
from bpmax_sim.session.call_runner import build_session_components
from bpmax_sim.session.client_relay import ClientRelay
from bpmax_sim.session.credentials import find_volatile_places
from bpmax_sim.session.options import Names, check_option_value, check_text_list, list_options_for
from bpmax_sim.session.scripts import PACKAGE, ObjectLike, ScriptLike
from bpmax_sim.session.sending_log import InjectedFault, RecordingMatch
from bpmax_sim.session.settings import (
    EverydayOptions,
    FilePath,
    OpeningOptions,
    Settings,
    find_logins_folder,
)
from bpmax_sim.session.shared_logins import SharedLogins
from bpmax_sim.session.shared_recording import RunRecordings
from bpmax_sim.session.start import start_session
from bpmax_sim.session.unread_call_errors import UnreadCallErrors
from bpmax_sim.subject.hooks import FieldChanged
from bpmax_sim.transport.faults import Fault
from bpmax_sim.transport.protocol import Stub, TransportLike, as_transport
from bpmax_sim.yamlfile import to_display_path

if TYPE_CHECKING:
    from bpmax_sim.simulator.simulator import Simulator


_SHOWN = 5


def describe_possible_secrets(places: Sequence[str]) -> str:
    """Return a message with the places of possible secrets, and what to do."""
    left = len(places) - _SHOWN
    more = msg(" and {places_count} more", places_count=left) if left > 0 else ""
    options = " ".join(f"--not-secret {shell_quote(place)}" for place in places[:_SHOWN])
    return plural(
        len(places),
        "recorded as it is, and looks like a secret: {names}{more}; if it is one, "
        "declare its place with `secret:` in the platform file and record again{answer}",
        "recorded as they are, and look like secrets: {names}{more}; if they are, "
        "declare their places with `secret:` in the platform file and record again{answer}",
        names=join_list(places[:_SHOWN]),
        more=more,
        answer=msg(", else answer with `bpmax-sim review {options}`", options=options),
    )


def _describe_exchange(exchange: Exchange) -> str:
    call = exchange.request.call
    name = f"{call.name} " if call and call.platform else ""
    return f"{name}{exchange.request.method} {exchange.request.url}"


T = TypeVar("T")
_DEFAULTS: Final = {
    option.session_keyword: option.default for option in list_options_for("session").values()
}
_HANDED_ON: Final = frozenset(_DEFAULTS) - {"mode", "platforms"}


class Session:
    """An open run of scripts: their calls, the mode that answers these, and one virtual clock.

    Use `Session.open` to open it, and close it.

    Attributes:
        calls: a record of each call and login, redacted when read.
        misses: every call for which replay had no response, even if the script caught the error.
        dropped_chains: message and place of each call that Python code built and never sent by
            ``call()``.
        clock: the virtual clock, which scripts see.
    """

    def __init__(
        self,
        platforms: Platforms,
        settings: Settings,
        *,
        faults: Sequence[Fault] = (),
        transport: TransportLike | None = None,
        limits: Limits | None = None,
    ) -> None:
        """Build the session; nothing is sent yet.

        Args:
            platforms: the declared platforms.
            settings: the options.
            faults: faults for the whole run.
            transport: answers in record and live mode; None for the network.
            limits: limits of each script.

        Raises:
            ConfigError: if an argument has the wrong type.
            CassetteError: if the cassette cannot be used.
        """
        self.platforms = platforms
        self.settings = settings
        self._is_closed = False
        self._start = start = start_session(settings, partial(find_volatile_places, platforms))
        self.mode = start.mode
        self.clock = start.clock
        self._hearers: list[Callable[[Outcome | FieldChanged], None]] = []
        self._unread, self._unread_of_calls = scripts.UnreadScriptErrors(), UnreadCallErrors()
        self.dropped_chains: list[tuple[str, Place | None]] = []
        others = None if transport is None else as_transport(transport)
        self._wiring = wiring = build_session_components(platforms, settings, start, others)
        self._calls, self.relay = wiring.calls, ClientRelay(wiring)
        environment = wiring.calls.environment
        self._refuse_closed = environment.refuse_closed
        self.calls, self.misses = environment.calls, environment.misses
        self.arm(faults)
        limits = limits or Limits()
        self._scheduler = Scheduler(
            self.clock,
            self._calls.handle,
            self._calls.tokens,
            live=not start.is_network_closed,
            patience=limits.wait,
        )
        self._runtime = Runtime(
            self._scheduler,
            partial(run_call, env=environment),
            limits=limits if settings.stack is None else replace(limits, stack=settings.stack),
            seed_ranges_of=start.owner_session.get_seeds_with_draw_ends,
            on_draw=start.owner_session.note_draw,
            zone=start.zone.total_seconds(),
            engine=select_engine(settings.engine),
            hits=settings.hits,
        )
        if SHOWN_BY:
            SHOWN_BY[-1](wiring.secrets.vault.redact_for_output)
        self._guard = _close_network_if_asked(settings) if start.is_network_closed else None
        if self._guard is not None:
            self._guard.enter()  # at the end: what is remote was fetched before

    @classmethod
    @refuse_unknown_keywords(_HANDED_ON | {"mode"})
    def open(
        cls,
        platforms: FilePath | Sequence[FilePath] | None = None,
        **options: Unpack[OpeningOptions],
    ) -> Session:
        """Open a run over the platform files in *platforms*, folders or files.

        A mistake in a platform file stops only calls of that platform. *instances* is by default
        ``instances.yaml`` beside them. *transport* answers in record and live mode, such as a
        function of a `Request`; None for the network. *faults* hold for the whole run, *limits* for
        each script. `Settings` describes the other options.

        Raises:
            ConfigError: if a file or an option is wrong.
            CassetteError: if the cassette cannot be used.
        """
        passed: dict[str, Any] = _DEFAULTS | options
        check_option_value("allow_hosts", str | Names, passed["allow_hosts"])
        for name, kind, form in _OBJECTS:
            if not isinstance(passed[name], kind):
                raise ConfigError(
                    "{name}: expected {kinds}, got {value!r}",
                    name=name,
                    kinds=form,
                    value=passed[name],
                )
        path, logins = (
            _as_path("cassette", passed["cassette"]),
            _as_path("logins", passed["logins"]),
        )
        passed |= {
            "cassette": path,
            "logins": find_logins_folder(path) if logins is None else logins,
            "clock": _parse_clock(passed["clock"]),
            "environ": os.environ if passed["environ"] is None else passed["environ"],
            "allow_hosts": split_hosts(passed["allow_hosts"]),
            **{
                name: check_text_list(name, passed[name])
                for name in ("ignore", "redact", "secrets")
            },
        }
        _refuse_other_than_paths("platforms", platforms)
        _refuse_other_than_paths("instances", passed["instances"])
        settings = Settings(**{name: passed[name] for name in Settings.__dataclass_fields__})
        loaded = load_usable_platforms(platforms, instances=passed["instances"])
        own = {name: passed[name] for name in ("faults", "transport", "limits")}
        return cls(loaded, settings, **own)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        try:
            self.close(failed=error is not None)
        # What closing finds, such as exchanges that were not played, mostly follows from the error
        # of the block; that one is shown.
        except BpmaxError:
            if error is None:
                raise

    @property
    def is_closed(self) -> bool:
        """Return whether nothing reaches the network: all responses are recorded or simulated."""
        return self._start.is_network_closed

    def __repr__(self) -> str:
        return f"<Session {self.mode}, {len(self.calls)} calls>"

    @refuse_unknown_keywords()
    def proxy(
        self, platform: str, /, *, instance_key: str | None = None, caller: str | None = None
    ) -> Proxy:
        """Return the interface proxy of a platform, ``$proxy(platform, options)`` for Python.

        *instance_key* is the instance to call. *caller* is a text that says where the call comes
        from; it is noted in the record of the call and not sent.

        Raises:
            CallError: if an argument is wrong (code BAD_ARGUMENT).
        """
        self._refuse_closed()
        named = {"instance_key": instance_key, "caller": caller}
        options = {name: value for name, value in named.items() if value is not None}
        run: Callable[[CallSpec], Any] = self._calls.run
        build: Callable[[CallSpec], Request] = self._calls.build_before_auth
        if self.settings.unawaited != "allow":  # a scenario looks at its calls itself
            track = self._unread_of_calls.track_errors_of
            run, build = track(run), track(build)
        return Proxy(
            platform,
            options,
            run=run,
            build=build,
            drop=self._note_unsent_call,
        )

    def _note_unsent_call(self, chain: Builder) -> None:
        """Note a call that Python code built and never sent by ``call()``.

        Also warn of it if the option *unawaited* is ``warn``; scenarios have a warning of their
        own.
        """
        if self._is_closed:
            return
        frame = find_frame_outside(PACKAGE)
        place = (
            Place(to_display_path(Path(frame.f_code.co_filename)), frame.f_lineno)
            if frame
            else None
        )
        message = msg("{chain} was built and never called; add .call()", chain=chain)
        self.dropped_chains.append((message, place))
        if self.settings.unawaited == "warn" and place is not None:
            warnings.warn_explicit(message, UncalledWarning, place.file, place.line)

    def handle(self, request: Request, /) -> Response:
        """Return the response to a request of another HTTP client, in the session's mode.

        It is recorded and matched as a call of the API with its address, method and path; without
        such an API by method, address and body.

        Raises:
            TransportError: if the exchange fails.
            NoMatchError: if replay has no response.
        """
        return self.relay.relay(request)

    def listen(self) -> AbstractContextManager[object]:
        """Return a context in which requests of other HTTP clients are recorded and replayed."""
        return self.relay.intercept(self.settings.owner)

    def chance(self) -> RandomSource:
        """Return the source of random values for everything but scripts; recorded and replayed."""
        session = self._start.owner_session
        return MultiSeedRandomSource(
            partial(session.get_seeds_with_draw_ends, 0), partial(session.note_draw, 0)
        )

    @refuse_unknown_keywords()
    def run_script(
        self,
        script: ScriptLike,
        *,
        form: ObjectLike | None = None,
        ctx: ObjectLike | None = None,
        libraries: Sequence[ScriptLike] = (),
        page: Page | None = None,
    ) -> Outcome:
        """Run *script* and everything that it starts, and return the outcome.

        Args:
            script: a path, or a script by value: ``bs.Script("…")``.
            form: the script's ``form``; a dict holds what the script wrote afterwards.
            ctx: the script's ``ctx``.
            libraries: scripts that run before it in the global scope.
            page: JavaScript context shared with other scripts; timers that are due later stay in
                it.

        A call that nobody awaited is a warning, unless the session was opened with another
        *unawaited*.

        Raises:
            ConfigError: if a file cannot be read, or this is not the session's thread.
        """
        self._refuse_closed()
        body, shared = scripts.read_script_if_path(script), scripts.read_scripts_if_paths(libraries)
        is_test = self.settings.unawaited != "allow"  # a scenario has its own warnings
        fields = tuple(form) if is_test and isinstance(form, dict) else ()
        made = len(self.calls)
        if is_test:
            scripts.warn_of_inexact_powers((body, *shared))
        outcome = self._runtime.run(
            body,
            libraries=shared,
            bindings=self._make_script_bindings(form, ctx),
            page=page,
        )
        judged = scripts.judge_unawaited_and_collation(
            self._redact_and_publish(outcome), self.settings.unawaited
        )
        if is_test:
            scripts.warn_of_misspelt_names(judged, self.calls[made:], form, fields)
            judged = self._unread.track_reading(judged)
        return judged

    @refuse_unknown_keywords()
    def start_script(
        self,
        script: ScriptLike,
        done: Callable[[Outcome], None],
        *,
        form: ObjectLike | None = None,
        ctx: ObjectLike | None = None,
        libraries: Sequence[ScriptLike] = (),
        page: Page | None = None,
    ) -> None:
        """Start *script* beside running ones; call *done* with its outcome when it has ended.

        What the script printed and threw is redacted; the value that it returned is not. *form* and
        *ctx* are the script's globals of these names; *libraries* run before it in the global
        scope, and *page* is a JavaScript context shared with other scripts.
        """
        self._refuse_closed()
        self._runtime.start(
            scripts.read_script_if_path(script),
            lambda outcome: done(self._redact_and_publish(outcome)),
            libraries=scripts.read_scripts_if_paths(libraries),
            bindings=self._make_script_bindings(form, ctx),
            page=page,
        )

    def advance(self, seconds: float, /) -> None:
        """Advance virtual time by *seconds*.

        Timers and responses that become due happen at their instants.

        In record and live mode responses are awaited in real time; time in which nothing is due is
        skipped.
        """
        self._refuse_closed()
        until = self.clock.now() + seconds
        self._runtime.run_until_idle(until)
        self.clock.move_to(until)

    def drain(self) -> list[Outcome]:
        """Return the outcomes of timers that have fired since the last call of `drain`.

        An outcome is of a timer that fires after its script has ended.
        """
        return [
            self._redact_and_publish(outcome)
            for outcome in self._runtime.take_outcomes_of_late_timers()
        ]

    def hear(self, listener: Callable[[Outcome | FieldChanged], None], /) -> None:
        """From now on call *listener* with each script's outcome, and each write to a dict.

        Such a dict is one that was given as ``form``.
        """
        self._hearers.append(listener)

    def _redact_and_publish(self, outcome: Outcome) -> Outcome:
        shown = scripts.redact_outcome_except_value(outcome, self.redact)
        self._tell_listeners(shown)
        return shown

    def _tell_listeners(self, event: Outcome | FieldChanged) -> None:
        for hearer in self._hearers:
            hearer(event)

    def _make_script_bindings(
        self, form: ObjectLike | None, ctx: ObjectLike | None
    ) -> dict[str, LiveObject]:
        """Return the globals ``form`` and ``ctx`` of a script, as objects that it can change."""
        objects = {"form": form, "ctx": ctx}
        return {
            name: scripts.to_live_object(
                name, value, self._tell_listeners if self._hearers else None
            )
            for name, value in objects.items()
            if value is not None
        }

    def watch(self, call: str, act: Callable[[], None], /) -> None:
        """Call *act* each time a script makes the call *call*; an empty name ends it.

        Args:
            call: ``platform.api``, as scripts or the platform's file spell it.
            act: function that is called at the instant at which the call begins.
        """
        self._runtime.watch(call, act)

    def is_forgotten(self, call: UnawaitedCall, /) -> bool:
        """Return whether no script has used the promise of *call* (``await``, ``then``) so far."""
        return self._runtime.is_promise_unused_by_page(call)

    def pending_timers(self) -> list[PendingTimer]:
        """Return the timers (``setTimeout``) that will fire when virtual time advances."""
        return self._runtime.list_pending_timers()

    def wait(self, seconds: float, /) -> None:
        """Let *seconds* of virtual time pass; in record and live mode in real time."""
        self._refuse_closed()
        until = self.clock.now() + seconds
        self._scheduler.call_at(until, lambda: None)
        self._runtime.run_until_idle(until)

    def redact(self, text: str, /) -> str:
        """Return *text* with every secret that the session knows replaced by its stand-in."""
        return self._wiring.secrets.vault.redact_for_output(text)

    def redact_value(self, value: T, /) -> T:
        """Return *value* with every text in it redacted."""
        vault = self._wiring.secrets.vault
        return value if vault.is_empty else redact_values(value, vault.redact_for_output)

    def simulator(self, platform: str, /) -> Simulator:
        """Return the simulator of a platform, whose settings (knobs) tests may change.

        Raises:
            ConfigError: if the session does not simulate.
            CallError: if there is no such platform (code UNKNOWN_PLATFORM).
        """
        simulate = self._wiring.simulate
        if simulate is None:
            raise ConfigError(
                'nothing is simulated in mode {mode}; open the session with mode="simulate", '
                'or record with against="simulator"',
                mode=self.mode,
            )
        return simulate.simulators.get_simulator(platform)

    def template(self, platform: str, api: str, /) -> str:
        """Return the declared path of an API, such as ``/orders/{id}``.

        Empty if the API is unknown.
        """
        return self.platforms.get_api_path_template(platform, api)

    def arm(self, rules: Sequence[Fault], /) -> None:
        """Activate *rules*, before those already active; their counts start at 0."""
        self._refuse_closed()
        several: object = rules  # who is not checked by types may pass anything
        if not (isinstance(several, list | tuple) and all(isinstance(r, Fault) for r in several)):
            raise ConfigError(
                "faults: expected a list of bs.Fault(…), got {faults!r}", faults=rules
            )
        self._calls.activate_faults(rules)

    def disarm(self, rules: Sequence[Fault], /) -> Sequence[Fault]:
        """Deactivate *rules* and return those that never fired.

        Raises:
            ConfigError: if one is not active; then all others stay active.
        """
        return self._calls.deactivate_and_get_unfired(rules)

    def strikes_of(self, rule: Fault, /) -> int:
        """Return how often the active *rule* has fired.

        Raises:
            ConfigError: if it is not active.
        """
        return self._calls.count_firings(rule)

    @property
    def engine(self) -> str:
        """Return package and version of the JavaScript engine, such as ``quickjs-ng 0.17.0.2``."""
        return describe_engine(self.settings.engine)

    @property
    def injected_faults(self) -> Sequence[InjectedFault]:
        """Return every fault injected so far, in order."""
        return self._wiring.log.faults

    def recording_match(self, serial: int, attempt: int, /) -> RecordingMatch | None:
        """Return which recorded exchange answered a request, or was nearest to it; None if none.

        *serial* is the number of the call in the session, from 1, *attempt* that of its sending,
        from 0.
        """
        return self._wiring.log.find_recording_match(serial, attempt)

    def stub(self, stub: Stub, /) -> None:
        """Ask the function *stub* for responses, after faults but before recordings and the like.

        If it returns None, the request goes on.

        Raises:
            ConfigError: if *stub* is no function.
        """
        self._refuse_closed()
        if not callable(stub):
            raise ConfigError("stub: expected a function of a Request, got {stub!r}", stub=stub)
        self._calls.add_stub(stub)

    @property
    def recorded_owner(self) -> str:
        """Return the name under which the cassette holds what this session plays.

        It is the name of the session's owner (the scenario or test), or the one that the owner had
        before it was renamed.
        """
        return self._start.owner_session.recording.owner

    @property
    def unplayed_exchanges(self) -> tuple[Exchange, ...]:
        """Return the recorded exchanges that were not played; empty in modes that play none."""
        is_new = self.mode == "record" and self.settings.record == "new"
        player = self._wiring.replay.player
        return player.list_unplayed_exchanges() if is_new or self.mode == "replay" else ()

    @property
    def possible_secrets(self) -> tuple[str, ...]:
        """Return the places of recorded values that look like secrets and are undeclared."""
        return (
            self._wiring.record.possible_secrets.find_undeclared_places()
            if self._wiring.record
            else ()
        )

    @property
    def standin_notes(self) -> tuple[str, ...]:
        """Return messages about values that are hidden or were found without being declared.

        Each says what to declare in the platform file. They are about stand-ins in recorded
        responses, values that were hidden because of their names, requests of other HTTP clients
        that fit several APIs, credentials from environment variables that no file names, and where
        credentials are stored that logins replaced.
        """
        record = self._wiring.record
        own = (
            (
                *record.standins.response_standin_notes,
                *self._wiring.secrets.net.describe_hidden_places(),
            )
            if record
            else ()
        )
        keeper = self._wiring.live.keeper if self._wiring.live else None
        kept = keeper.notes if keeper else ()
        return (
            *own,
            *self.relay.clients.notes,
            *self._wiring.tenants.conventional_variable_notes,
            *kept,
        )

    def find_instance_addresses(self, platform: str, instance: str, /) -> dict[str, AddressPair]:
        """Return the addresses of an instance that was called, the live ones included.

        They are by host: "" for the platform's own, else the host's name in templates. Empty if the
        instance was not called.
        """
        return self._wiring.tenants.get_addresses(platform, instance)

    @refuse_unknown_keywords()
    def close(self, *, failed: bool = False) -> None:
        """End the run; *failed* says that it failed already, so that its recording is set aside.

        An owner is the scenario or test that a recording belongs to. The last of its sessions in
        this run seals what was recorded, and judges what was not played. Closing a session twice
        does nothing.

        Raises:
            NoMatchError: if a call had no response in the recording.
            ExpectationError: if a recorded exchange was not played.
            LeakError: if a secret would have been written.
            CassetteError: if the recording could not be written.
        """
        if self._is_closed:
            return
        self._is_closed = True
        if self._guard is not None:
            self._guard.leave()
        # In this order: outcomes of late timers are taken while the engine lives, and nothing can
        # answer or record any more when the recording is sealed.
        late = [] if failed else self.drain()
        self._runtime.close()
        if self.settings.hits is not None:
            self.settings.hits.redact_script_texts(self.redact)
        self._scheduler.close()
        # A miss fails the run, whatever the script did with its error.
        self._wiring.close_and_seal(failed=failed or bool(self.misses))
        if self.misses and not failed:
            raise self.misses[0]
        if not failed:
            self.judge_unplayed()
            self._unread.warn_of_unread(late)
            self._unread_of_calls.warn_of_unread()

    def unserved_calls(self) -> tuple[Outage, ...]:
        """Return recorded calls to which the third party gave an error or no response.

        Calls that the last recording has without response, too, are left out.
        """
        record = self._wiring.record
        found = record.find_new_or_worse_outages() if record is not None else ()
        return tuple(outage for outage in found if not outage.is_known)

    def judge_unplayed(self) -> None:
        """Raise if recorded exchanges were not played.

        Nothing is judged before the last session of the same owner (the scenario or test that is
        played) has closed.

        Raises:
            ExpectationError: if an exchange was not played while replaying with ``unused: fail``.
        """
        strict = self.mode == "replay" and self.settings.unused == "fail"
        if (
            strict
            and self._is_closed
            and self._start.owner_session.recording.is_over
            and self.unplayed_exchanges
        ):
            raise ExpectationError(self.describe_unplayed())

    def describe_unplayed(self) -> str:
        """Return one line that lists the recorded exchanges that were not played.

        It is meant for sessions that have some (`unplayed_exchanges`).
        """
        settings, left = self.settings, self.unplayed_exchanges
        afresh = msg("record afresh")
        if settings.rewrite_command:
            afresh = msg("record afresh with `{command}`", command=settings.rewrite_command)
        advice = afresh
        if settings.unused == "fail":
            advice = msg("{afresh}, or write proxy: {{unused: warn}}", afresh=afresh)
        return plural(
            len(left),
            "{path}: {number} recorded exchange was not played: {names}; {advice}",
            "{path}: {number} recorded exchanges were not played: {names}; {advice}",
            path=to_display_path(settings.cassette) if settings.cassette else "",
            names=join_list(
                f"[{exchange.order}] {_describe_exchange(exchange)}" for exchange in left
            ),
            advice=advice,
        )


def _as_path(name: str, path: FilePath | None) -> Path | None:
    return None if path is None else _to_path(name, path)


def _to_path(name: str, path: object) -> Path:
    if isinstance(path, Path):
        return path
    if isinstance(path, str | os.PathLike):
        return Path(path)
    raise ConfigError("{name}: expected a path, got {path!r}", name=name, path=path)


def _refuse_other_than_paths(name: str, paths: object) -> None:
    several = isinstance(paths, Collection) and not isinstance(paths, str | bytes)
    for path in cast("Collection[object]", paths) if several else (paths,):
        if path is not None or several:
            _to_path(name, path)


def _parse_clock(clock: str | None) -> Instant | None:
    check_option_value("clock", str | None, clock)
    try:
        return None if clock is None else Instant.parse(clock)
    except ValueError as error:
        raise ConfigError("clock: {error}", error=error) from None


_OBJECTS: Final = (
    ("environ", Mapping | None, msg("a mapping")),
    ("guard", bool | NetworkGuard, msg("True, False or a NetworkGuard")),
    ("limits", Limits | None, "bs.Limits(…)"),
    ("run", RunRecordings | None, "bs.RunRecordings()"),
    ("shared_logins", SharedLogins | None, "bs.SharedLogins()"),
)
"""What the table of options leaves to its class."""


def _close_network_if_asked(settings: Settings) -> NetworkGuard | None:
    """Close the network to this process if *settings* ask for it, and return the guard.

    Else None.
    """
    guard = settings.guard
    if guard is True:
        who = msg(
            "the session of {owner}",
            owner=(settings.owner or settings.cassette or msg("no cassette")),
        )
        guard = NetworkGuard(who, allow='Session.open(allow_hosts=["{}"])', closed=False)
    if guard:
        guard.close(settings.allow_hosts)
    return guard or None


@refuse_unknown_keywords(_HANDED_ON)
def replay(
    platforms: FilePath | None = None, *, cassette: FilePath, **options: Unpack[EverydayOptions]
) -> Session:
    """Open a session that answers ``$proxy`` from a recording.

    ``with bs.replay("scenarios/platforms", cassette="cassettes/crm/客户.yaml") as session: …``

    Args:
        platforms: the folder of platform files.
        cassette: the file of the recording.
        options: all the others of `Session.open` but ``mode``.

    Raises:
        ConfigError: if a file or an option is wrong.
        CassetteError: if the cassette cannot be used.
    """
    return Session.open(platforms, mode="replay", cassette=cassette, **options)


@refuse_unknown_keywords(_HANDED_ON)
def record(
    platforms: FilePath | None = None, *, cassette: FilePath, **options: Unpack[EverydayOptions]
) -> Session:
    """Open a session that sends requests to the third parties and records their responses.

    ``with bs.record("scenarios/platforms", cassette="cassettes/crm/客户.yaml") as session: …`` By
    default only what has no recording is recorded; ``record="rewrite"`` records afresh.

    Args:
        platforms: the folder of platform files.
        cassette: the file of the recording.
        options: all the others of `Session.open` but ``mode``.

    Raises:
        ConfigError: if a file or an option is wrong, or ``CI`` is set.
        CassetteError: if the cassette cannot be used.
    """
    return Session.open(platforms, mode="record", cassette=cassette, **options)
