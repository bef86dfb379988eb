"""`Session`: platforms, one virtual clock, one vault, one transport, and what was called.

`record` and `replay` are its everyday doors. What a caller hands in wrongly is a ConfigError before
anything runs; what scripts printed and threw is redacted when it is handed out.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self, TypeVar, Unpack

from msgspec.structs import replace

from bpmax_sim.cassette.recorder import Outage
from bpmax_sim.clock import CountedRandomSource, Instant, RandomSource
from bpmax_sim.errors import BpmaxError, ConfigError, ExpectationError, shell_quote
from bpmax_sim.guard import NetworkGuard, split_hosts
from bpmax_sim.i18n import SHOWN_BY, msg, plural, series
from bpmax_sim.keywords import refuse_unknown_keywords
from bpmax_sim.messages import Exchange, Request, Response
from bpmax_sim.platform.load import Platforms, load_usable_platforms
from bpmax_sim.proxy.builder import Proxy
from bpmax_sim.proxy.client import run_call
from bpmax_sim.script.channel import LiveObject
from bpmax_sim.script.limits import Limits
from bpmax_sim.script.runtime import Page, Runtime, describe_engine, select_engine
from bpmax_sim.script.scheduler import Scheduler
from bpmax_sim.script.turn_result import Outcome, PendingTimer, UnawaitedCall
from bpmax_sim.secret.vault import redact_values
from bpmax_sim.session import scripts
from bpmax_sim.session.call_runner import build_session_parts
from bpmax_sim.session.client_relay import ClientRelay
from bpmax_sim.session.credentials import volatile_places
from bpmax_sim.session.options import Names, check_option_value, options_of, read_texts
from bpmax_sim.session.scripts import ObjectLike, ScriptLike
from bpmax_sim.session.sending_log import InjectedFault, RecordingMatch
from bpmax_sim.session.settings import (
    EverydayOptions,
    FilePath,
    OpeningOptions,
    Settings,
    logins_for,
)
from bpmax_sim.session.shared_logins import SharedLogins
from bpmax_sim.session.shared_recording import RunRecordings
from bpmax_sim.session.start import start_session
from bpmax_sim.subject.hooks import FieldChanged
from bpmax_sim.transport.faults import Fault
from bpmax_sim.transport.protocol import Stub, TransportLike, as_transport
from bpmax_sim.yamlfile import display_path

if TYPE_CHECKING:
    from bpmax_sim.simulator.simulator import Simulator


_SHOWN = 5


def describe_possible_secrets(places: Sequence[str]) -> str:
    """Return where values look like secrets, and what to do."""
    left = len(places) - _SHOWN
    more = msg(" and {places_count} more", places_count=left) if left > 0 else ""
    options = " ".join(f"--not-secret {shell_quote(place)}" for place in places[:_SHOWN])
    return msg(
        "recorded as it is, and looks like a secret: {names}{more}; if it is one, "
        "declare its place with `secret:` in the platform file and record again{answer}",
        names=series(places[:_SHOWN]),
        more=more,
        answer=msg(", else answer with `bpmax-sim review {options}`", options=options),
    )


def _redact_exchange(exchange: Exchange) -> str:
    call = exchange.request.call
    name = f"{call.name} " if call and call.platform else ""
    return f"{name}{exchange.request.method} {exchange.request.url}"


T = TypeVar("T")
_DEFAULTS: Final = {option.argument: option.default for option in options_of("session").values()}
_HANDED_ON: Final = frozenset(_DEFAULTS) - {"mode", "platforms"}


class Session:
    """An open run; use `Session.open`, and close it.

    Attributes:
        calls: a record of each call and login, redacted when read.
        console: what scripts wrote to it so far, redacted.
        misses: every call that replay had no response for, whatever the script did with it.
        clock: what scripts see.
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
        """Wire everything; nothing is sent yet.

        Args:
            platforms: what is declared.
            settings: what was asked for.
            faults: faults for the whole run.
            transport: who answers in record and live mode; None for the network.
            limits: of each script.

        Raises:
            ConfigError: one of them is of another type.
            CassetteError: if the cassette cannot be used.
        """
        self.platforms = platforms
        self.settings = settings
        self._is_closed = False
        self._start = start = start_session(settings, partial(volatile_places, platforms))
        self.mode = start.mode
        self.clock = start.clock
        self._hearers: list[Callable[[Outcome | FieldChanged], None]] = []
        others = None if transport is None else as_transport(transport)
        self._wiring = wiring = build_session_parts(platforms, settings, start, others)
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
            live=not start.is_closed,
            patience=limits.wait,
        )
        self._runtime = Runtime(
            self._scheduler,
            partial(run_call, env=environment),
            limits=limits if settings.stack is None else replace(limits, stack=settings.stack),
            parts=start.owner_session.seed_parts,
            on_draw=start.owner_session.note_draw,
            zone=start.zone.total_seconds(),
            engine=select_engine(settings.engine),
            hits=settings.hits,
        )
        if SHOWN_BY:
            SHOWN_BY[-1](wiring.secrets.vault.redact_for_output)
        self._guard = _guard_of(settings) if start.is_closed else None
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
        function of a `Request`; None for the network. *faults* hold for the whole run, *limits*
        for each script. `Settings` describes the other options.

        Raises:
            ConfigError: a file or an option is wrong.
            CassetteError: the cassette cannot be used.
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
            "logins": logins_for(path) if logins is None else logins,
            "clock": _parse_clock(passed["clock"]),
            "environ": os.environ if passed["environ"] is None else passed["environ"],
            "allow_hosts": split_hosts(passed["allow_hosts"]),
            **{name: read_texts(name, passed[name]) for name in ("ignore", "redact", "secrets")},
        }
        settings = Settings(**{name: passed[name] for name in Settings.__dataclass_fields__})
        loaded = load_usable_platforms(platforms, instances=passed["instances"])
        own = {name: passed[name] for name in ("faults", "transport", "limits")}
        return cls(loaded, settings, **own)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        try:
            self.close(failed=error is not None)
        except BpmaxError:
            if error is None:
                raise

    @property
    def is_closed(self) -> bool:
        """Return whether the network is closed: answers are recorded or simulated."""
        return self._start.is_closed

    def __repr__(self) -> str:
        return f"<Session {self.mode}, {len(self.calls)} calls>"

    @refuse_unknown_keywords()
    def proxy(
        self, platform: str, /, *, instance_key: str | None = None, caller: str | None = None
    ) -> Proxy:
        """Return the interface proxy of a platform, ``$proxy(platform, options)`` for Python.

        Raises:
            CallError: BAD_ARGUMENT.
        """
        self._refuse_closed()
        named = {"instance_key": instance_key, "caller": caller}
        options = {name: value for name, value in named.items() if value is not None}
        return Proxy(platform, options, run=self._calls.run, build=self._calls.build)

    def handle(self, request: Request, /) -> Response:
        """Answer a request of another client, in the session's mode.

        It is recorded and matched as the call of the API that its address, method and path belong
        to, or by method, address and body where there is none.

        Raises:
            TransportError: the exchange did not complete.
            NoMatchError: replay has no response.
        """
        return self.relay.relay(request)

    def listen(self) -> AbstractContextManager[object]:
        """Return a context that records and replays what other HTTP clients send in it, too."""
        return self.relay.intercept(self.settings.owner)

    def chance(self) -> RandomSource:
        """Return what is drawn from beside scripts."""
        session = self._start.owner_session
        return CountedRandomSource(partial(session.seed_parts, 0), partial(session.note_draw, 0))

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
        """Run *script* and all that it starts, and return what came of it.

        Args:
            script: a path, or a script by value: ``bs.Script("…")``.
            form: the script's ``form``; a dict holds what the script wrote afterwards.
            ctx: the script's ``ctx``.
            libraries: scripts run before in the global scope.
            page: the context to run in with others; what it plans for later then stays.

        A call that nobody awaited is a warning, unless the session was opened otherwise.

        Raises:
            ConfigError: a file cannot be read, or this is not the session's thread.
        """
        self._refuse_closed()
        body, shared = scripts.as_script(script), scripts.as_scripts(libraries)
        if self.settings.unawaited != "allow":  # as a scenario does, which has its own warnings
            scripts.warn_of_powers((body, *shared))
        outcome = self._runtime.run(
            body,
            libraries=shared,
            bindings=self._script_bindings(form, ctx),
            page=page,
        )
        return scripts.judge_outcome(self._note_outcome(outcome), self.settings.unawaited)

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
        """Start *script* beside those that run; *done* gets what came of it.

        What the script printed and threw is redacted, the value that it returned is as it is.
        """
        self._refuse_closed()
        self._runtime.start(
            scripts.as_script(script),
            lambda outcome: done(self._note_outcome(outcome)),
            libraries=scripts.as_scripts(libraries),
            bindings=self._script_bindings(form, ctx),
            page=page,
        )

    def advance(self, seconds: float, /) -> None:
        """Move virtual time on; what falls due on the way happens at its instant.

        That waits for real in record and live mode; the time that nothing needs is skipped.
        """
        self._refuse_closed()
        until = self.clock.now() + seconds
        self._runtime.settle(until)
        self.clock.move_to(until)

    def drain(self) -> list[Outcome]:
        """Return what came of timers since the last time, after their scripts had ended."""
        return [self._note_outcome(outcome) for outcome in self._runtime.drain()]

    def hear(self, listener: Callable[[Outcome | FieldChanged], None], /) -> None:
        """Let *listener* get what comes of scripts from now on, and what they write to a dict."""
        self._hearers.append(listener)

    def _note_outcome(self, outcome: Outcome) -> Outcome:
        shown = scripts.redact_outcome(outcome, self.redact)
        self._tell(shown)
        return shown

    def _tell(self, event: Outcome | FieldChanged) -> None:
        for hearer in self._hearers:
            hearer(event)

    def _script_bindings(
        self, form: ObjectLike | None, ctx: ObjectLike | None
    ) -> dict[str, LiveObject]:
        """Return the globals of a script that are live objects."""
        objects = {"form": form, "ctx": ctx}
        return {
            name: scripts.as_live(name, value, self._tell if self._hearers else None)
            for name, value in objects.items()
            if value is not None
        }

    def watch(self, call: str, act: Callable[[], None], /) -> None:
        """Let *act* be done each time *call* of a script is in flight; with no name, no more.

        Args:
            call: ``platform.api``, as scripts or the platform's file spell it.
            act: called at the instant at which the call begins.
        """
        self._runtime.watch(call, act)

    def is_forgotten(self, call: UnawaitedCall, /) -> bool:
        """Return whether nobody has taken the promise of *call* by now, such as a later script."""
        return self._runtime.is_forgotten(call)

    def pending_timers(self) -> list[PendingTimer]:
        """Return the timers that wait until somebody lets time pass."""
        return self._runtime.pending_timers()

    def wait(self, seconds: float, /) -> None:
        """Let virtual time pass, in record and live mode as real time."""
        self._refuse_closed()
        until = self.clock.now() + seconds
        self._scheduler.call_at(until, lambda: None)
        self._runtime.settle(until)

    def redact(self, text: str, /) -> str:
        """Return *text* with every secret that the session knows replaced by its stand-in."""
        return self._wiring.secrets.vault.redact_for_output(text)

    def redact_value(self, value: T, /) -> T:
        """Return *value* with every text in it redacted."""
        vault = self._wiring.secrets.vault
        return value if vault.is_empty else redact_values(value, vault.redact_for_output)

    def simulator(self, platform: str, /) -> Simulator:
        """Return the stand-in of a platform, with its knobs, where third parties are simulated.

        Raises:
            ConfigError: the mode is another one.
            CallError: UNKNOWN_PLATFORM.
        """
        simulate = self._wiring.simulate
        if simulate is None:
            raise ConfigError(
                'nothing is simulated in mode {mode}; open the session with mode="simulate", '
                'or record with against="simulator"',
                mode=self.mode,
            )
        return simulate.simulators.simulator(platform)

    def template(self, platform: str, api: str, /) -> str:
        """Return the API's path with its placeholders, or nothing if it is not known."""
        return self.platforms.template(platform, api)

    def arm(self, rules: Sequence[Fault], /) -> None:
        """Let *rules* strike from now on, in front of those already there; they count anew."""
        self._refuse_closed()
        several: object = rules  # who is not checked by types may pass anything
        if not (isinstance(several, list | tuple) and all(isinstance(r, Fault) for r in several)):
            raise ConfigError(
                "faults: expected a list of bs.Fault(…), got {faults!r}", faults=rules
            )
        self._calls.arm(rules)

    def disarm(self, rules: Sequence[Fault], /) -> Sequence[Fault]:
        """Take *rules* away and return those of them that never fired."""
        return self._calls.disarm(rules)

    def strikes_of(self, rule: Fault, /) -> int:
        """Return how often *rule*, which is in force, has struck."""
        return self._calls.strikes_of(rule)

    @property
    def engine(self) -> str:
        """Return the package and version of what runs scripts, such as ``quickjs-ng 0.17.0.2``."""
        return describe_engine(self.settings.engine)

    @property
    def injected_faults(self) -> Sequence[InjectedFault]:
        """Return every fault that was injected so far, in order."""
        return self._wiring.log.faults

    def recording_match(self, serial: int, attempt: int, /) -> RecordingMatch | None:
        """Return the recording behind one sending of a call, if one is."""
        return self._wiring.log.recording_match(serial, attempt)

    def stub(self, stub: Stub, /) -> None:
        """Let *stub* answer before anything but faults does; what it answers None to goes on."""
        self._refuse_closed()
        self._calls.add_stub(stub)

    @property
    def recorded_owner(self) -> str:
        """Return in whose name the cassette holds what this session plays."""
        return self._start.owner_session.recording.owner

    @property
    def unplayed_exchanges(self) -> tuple[Exchange, ...]:
        """Return what was recorded and not played, where recordings are played at all."""
        is_new = self.mode == "record" and self.settings.record == "new"
        player = self._wiring.replay.player
        return player.unplayed_exchanges() if is_new or self.mode == "replay" else ()

    @property
    def possible_secrets(self) -> tuple[str, ...]:
        """Return where values were recorded that look like secrets and are not known as such."""
        return self._wiring.record.possible_secrets.places() if self._wiring.record else ()

    @property
    def standin_notes(self) -> tuple[str, ...]:
        """Return which responses were recorded with a stand-in that need not be one."""
        record = self._wiring.record
        own = (*record.standins.notes, *self._wiring.secrets.net.notes()) if record else ()
        keeper = self._wiring.live.keeper if self._wiring.live else None
        kept = keeper.notes if keeper else ()
        return (*own, *self.relay.clients.notes, *self._wiring.tenants.notes, *kept)

    @refuse_unknown_keywords()
    def close(self, *, failed: bool = False) -> None:
        """End the run; *failed* says that it failed already, so its recording is set aside.

        What was recorded is sealed, and what was not played judged, with the owner's last session
        of the run. A session that is closed already stays so.

        Raises:
            NoMatchError: a call had no response in the recording.
            ExpectationError: a recording was not played.
            LeakError: a secret would have been written.
            CassetteError: the recording could not be written.
        """
        if self._is_closed:
            return
        self._is_closed = True
        if self._guard is not None:
            self._guard.leave()
        self._runtime.close()
        if self.settings.hits is not None:
            self.settings.hits.hide(self.redact)
        self._scheduler.close()
        self._wiring.finish(failed=failed or bool(self.misses))
        if self.misses and not failed:
            raise self.misses[0]
        if not failed:
            self.judge_unplayed()

    def unserved_calls(self) -> tuple[Outage, ...]:
        """Return the calls that a third party did not serve while this recorded them first."""
        record = self._wiring.record
        found = record.unserved_calls() if record is not None else ()
        return tuple(outage for outage in found if not outage.is_known)

    def judge_unplayed(self) -> None:
        """Judge what was not played, if this is due: at the end of the owner's last session.

        Raises:
            ExpectationError: a recording was not played, and that fails the run.
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
        """Return which recordings were not played, on one line."""
        settings, left = self.settings, self.unplayed_exchanges
        afresh = msg("record afresh")
        if settings.rewrite_command:
            afresh = msg("record afresh with `{command}`", command=settings.rewrite_command)
        return plural(
            len(left),
            "{path}: {number} recorded exchange was not played: {names}; {afresh}, "
            "or write proxy: {{unused: warn}}",
            "{path}: {number} recorded exchanges were not played: {names}; {afresh}, "
            "or write proxy: {{unused: warn}}",
            path=display_path(settings.cassette) if settings.cassette else "",
            names=series(f"[{exchange.order}] {_redact_exchange(exchange)}" for exchange in left),
            afresh=afresh,
        )


def _as_path(name: str, path: FilePath | None) -> Path | None:
    if path is None or isinstance(path, Path):
        return path
    if isinstance(path, str | os.PathLike):
        return Path(path)
    raise ConfigError("{name}: expected a path, got {path!r}", name=name, path=path)


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


def _guard_of(settings: Settings) -> NetworkGuard | None:
    """Return what closes the network to the run, if that is asked for."""
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
        ConfigError: a file or an option is wrong.
        CassetteError: the cassette cannot be used.
    """
    return Session.open(platforms, mode="replay", cassette=cassette, **options)


@refuse_unknown_keywords(_HANDED_ON)
def record(
    platforms: FilePath | None = None, *, cassette: FilePath, **options: Unpack[EverydayOptions]
) -> Session:
    """Open a session that asks the third parties and records what they answer.

    ``with bs.record("scenarios/platforms", cassette="cassettes/crm/客户.yaml") as session: …``
    By default only what has no recording is recorded; ``record="rewrite"`` records afresh.

    Args:
        platforms: the folder of platform files.
        cassette: the file of the recording.
        options: all the others of `Session.open` but ``mode``.

    Raises:
        ConfigError: a file or an option is wrong, or ``CI`` is set.
        CassetteError: the cassette cannot be used.
    """
    return Session.open(platforms, mode="record", cassette=cassette, **options)
