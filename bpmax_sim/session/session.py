"""A run: platforms, one virtual clock, one vault, one transport, and what was called.

What callers hand in as scripts and objects -> what the runtime takes.

What came of a script -> the same, with secrets replaced in all that it printed and threw.

Recordings that nothing asked for, and values in them that nobody declared, told on one line.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol, Self, TypeVar

from msgspec.structs import replace

from bpmax_sim.clock import Instant
from bpmax_sim.errors import (
    BpmaxError,
    ConfigError,
    ExpectationError,
    Place,
    ScriptError,
    UnawaitedWarning,
)
from bpmax_sim.guard import NetworkGuard, hosts_of
from bpmax_sim.messages import Exchange, Request, Response
from bpmax_sim.platform.load import Platforms, load_platforms
from bpmax_sim.proxy.builder import Proxy
from bpmax_sim.script.context import LiveObject
from bpmax_sim.script.failure import Script
from bpmax_sim.script.limits import Limits
from bpmax_sim.script.outbox import Outcome
from bpmax_sim.script.runtime import Runtime, engine_of
from bpmax_sim.script.scheduler import Scheduler
from bpmax_sim.secret.vault import Redact, redacted
from bpmax_sim.session.network import Network
from bpmax_sim.session.recordings import opening
from bpmax_sim.session.settings import Settings, logins_beside
from bpmax_sim.transport.faults import Fault
from bpmax_sim.transport.protocol import Stub, Transport
from bpmax_sim.yamlfile import shown

if TYPE_CHECKING:
    from bpmax_sim.simulator.simulator import Simulator


class ScriptText(Protocol):
    """A script by value."""

    @property
    def name(self) -> str:
        """Return the file name of its stacks."""
        ...

    @property
    def source(self) -> str:
        """Return the JavaScript."""
        ...


ScriptLike = ScriptText | str | os.PathLike[str]
ObjectLike = LiveObject | dict[str, Any]


class LiveValues:
    """A plain mapping as a live object: scripts read and write it."""

    def __init__(self, values: dict[str, Any]) -> None:
        """Share *values*; what a script writes stands in it afterwards."""
        self.values = values

    def snapshot(self) -> Mapping[str, Any]:
        """Return the present members."""
        return self.values

    def write(self, field: str, value: Any, _place: Place | None, /) -> None:
        """Take a member that the script set."""
        self.values[field] = value


def read_script(path: str | os.PathLike[str]) -> Script:
    """Return the script in a file; its name in stacks is the path as given.

    Raises:
        ConfigError: if the file cannot be read or is not UTF-8.
    """
    name = os.fspath(path)
    try:
        source = Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"{name}: the script cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{name}: the script is not UTF-8 text; save it as UTF-8") from error
    return Script(name, source.removeprefix("\ufeff"))


def as_script(given: ScriptText | str | os.PathLike[str]) -> Script:
    """Return *given* as a script: a path is read, a text by value is taken as it is."""
    if isinstance(given, Script):
        return given
    if isinstance(given, str | os.PathLike):
        return read_script(given)
    return Script(given.name, given.source)


def as_live(given: LiveObject | dict[str, Any]) -> LiveObject:
    """Return *given* as a live object."""
    return LiveValues(given) if isinstance(given, dict) else given


def within(limits: Limits | None, settings: Settings) -> Limits:
    """Return *limits* with the stack that the settings ask for."""
    chosen = limits or Limits()
    return chosen if settings.stack is None else replace(chosen, stack=settings.stack)


def judged(outcome: Outcome, unawaited: str) -> Outcome:
    """Return *outcome*; of calls that nobody awaited it warns, or the first is its error."""
    if unawaited == "warn":
        for one in outcome.unawaited:
            told = f"{one}; await it, or open the session with unawaited='allow'"
            warnings.warn(told, UnawaitedWarning, stacklevel=3)
    if unawaited != "fail" or not outcome.unawaited or outcome.error is not None:
        return outcome
    first = outcome.unawaited[0]
    told = f"{first.call} was not awaited; await it, or open the session with unawaited='allow'"
    return replace(outcome, error=ScriptError(told, name="Unawaited", place=first.place))


def shown_outcome(outcome: Outcome, redact: Redact) -> Outcome:
    """Return *outcome* as it may be shown; the value that it returned stays as it is."""
    return replace(
        outcome,
        error=_error(outcome.error, redact),
        console=redacted(outcome.console, redact),
        unawaited=redacted(outcome.unawaited, redact),
        unhandled=tuple(shown_error(error, redact) for error in outcome.unhandled),
    )


def _error(error: BpmaxError | None, redact: Redact) -> BpmaxError | None:
    return shown_error(error, redact) if isinstance(error, ScriptError) else error


def shown_error(error: ScriptError, redact: Redact) -> ScriptError:
    """Return a script's error, and the script's errors behind it, as they may be shown."""
    shown = type(error)(
        redact(error.message),
        name=redact(error.name),
        place=error.place,
        stack=redacted(error.stack, redact),
        fields=redacted(error.fields, redact),
    )
    cause = error.__cause__
    shown.__cause__ = shown_error(cause, redact) if isinstance(cause, ScriptError) else cause
    return shown


_SHOWN = 5


def told_unplayed(left: Sequence[Exchange], cassette: Path | None, command: str = "") -> str:
    """Return which recordings of *cassette* were not played, and what to do.

    *command* records everything afresh.
    """
    afresh = f"record afresh with `{command}`" if command else "record afresh"
    path = shown(cassette) if cassette else ""
    told = ", ".join(f"[{one.order}] {_told(one)}" for one in left)
    return (
        f"{path}: {len(left)} recorded "
        f"exchange{'s were' if len(left) > 1 else ' was'} not played: {told}; "
        f"{afresh}, or write proxy: {{unused: warn}}"
    )


def told_unrecognised(places: Sequence[str]) -> str:
    """Return where values look like secrets, and what to do."""
    more = f" and {len(places) - _SHOWN} more" if len(places) > _SHOWN else ""
    return (
        f"recorded as it is, and looks like a secret: {', '.join(places[:_SHOWN])}{more}; if it is "
        "one, declare its place with `secret:` in the platform file and record again"
    )


def _told(exchange: Exchange) -> str:
    call = exchange.request.call
    name = f"{call.name} " if call and call.platform else ""
    return f"{name}{exchange.request.method} {exchange.request.url}"


T = TypeVar("T")


class Session:
    """An open run; use `Session.open`, and close it.

    Attributes:
        calls: a record of each call and login, redacted when read.
        misses: every call that replay had no answer for, whatever the script did with it.
        clock: what scripts see.
    """

    def __init__(
        self,
        platforms: Platforms,
        settings: Settings,
        *,
        faults: Sequence[Fault] = (),
        transport: Transport | None = None,
        limits: Limits | None = None,
    ) -> None:
        """Wire everything; nothing is sent yet.

        Args:
            platforms: what is declared.
            settings: what was asked for.
            faults: trouble for the whole run.
            transport: who answers in record and live mode; None for the network.
            limits: of each script.

        Raises:
            CassetteError: if the cassette cannot be used.
        """
        self.platforms = platforms
        self.settings = settings
        self._is_closed = False
        start = opening(settings)
        self.mode = start.mode
        self.clock = start.clock
        self._network = Network(platforms, settings, start, transport=transport)
        self.calls = self._network.calls
        self.misses = self._network.misses
        self.arm(faults)
        self._scheduler = Scheduler(
            self.clock,
            self._network.handle,
            self._network.tokens,
            live=not start.is_closed,
        )
        self._runtime = Runtime(
            self._scheduler,
            self._network.begin,
            limits=within(limits, settings),
            seed=settings.seed,
            zone=start.zone.total_seconds(),
            engine=engine_of(settings.engine),
        )
        self._guard = _guard_of(settings) if start.is_closed else None
        if self._guard is not None:
            self._guard.enter()  # at the end: what is remote was fetched before

    @classmethod
    def open(  # noqa: PLR0913 - the options of a run
        cls,
        platforms: str | os.PathLike[str] | None = None,
        *,
        instances: str | os.PathLike[str] | None = None,
        mode: str = "replay",
        against: str = "live",
        record: str = "once",
        cassette: str | os.PathLike[str] | None = None,
        clock: str | None = None,
        seed: int = 0,
        ignore: Iterable[str] = (),
        redact: Iterable[str] = (),
        unused: str = "fail",
        faults: Sequence[Fault] = (),
        owner: str = "",
        repeat: bool = False,
        default_instance: str | None = None,
        environ: Mapping[str, str] | None = None,
        transport: Transport | None = None,
        limits: Limits | None = None,
        guard: bool | NetworkGuard = False,
        allow_hosts: str | Iterable[str] = (),
        **more: Any,
    ) -> Session:
        """Open a run over the platform files in *platforms*; see `Settings` for the options.

        Raises:
            ConfigError: a file or an option is wrong.
            CassetteError: the cassette cannot be used.
        """
        path = cassette if cassette is None or isinstance(cassette, Path) else Path(cassette)
        settings = Settings(
            mode=mode,
            against=against,
            record=record,
            cassette=path,
            logins=more.pop("logins") if "logins" in more else logins_beside(path),
            clock=None if clock is None else Instant.parse(clock),
            seed=seed,
            ignore=tuple(ignore),
            redact=tuple(redact),
            unused=unused,
            owner=owner,
            repeat=repeat,
            instance=default_instance,
            environ=os.environ if environ is None else environ,
            guard=guard,
            allow_hosts=hosts_of(allow_hosts),
            **more,
        )
        loaded = load_platforms(platforms, instances=instances)
        return cls(loaded, settings, faults=faults, transport=transport, limits=limits)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            self.close(failed=error is not None)
        except BpmaxError:
            if error is None:
                raise

    @property
    def is_closed(self) -> bool:
        """Return whether the network is closed: answers are recorded or simulated."""
        return self._network.is_closed

    def __repr__(self) -> str:
        return f"<Session {self.mode}, {len(self.calls)} calls>"

    def proxy(self, platform: str, /, **options: Any) -> Proxy:
        """Return the interface proxy of a platform, ``$proxy(platform, options)`` for Python.

        Raises:
            CallError: BAD_ARGUMENT.
        """
        self._network.refuse_closed()
        return Proxy(platform, options, run=self._network.run, build=self._network.build)

    def handle(self, request: Request, /) -> Response:
        """Answer a request of another client, in the session's mode.

        It is recorded and matched as the call of the API that its address, method and path belong
        to, or by method, address and body where there is none.

        Raises:
            TransportError: the exchange did not complete.
            NoMatchError: replay has no answer.
        """
        return self._network.relay(request)

    def listen(self) -> AbstractContextManager[object]:
        """Return a context that records and replays what other HTTP clients send in it, too."""
        return self._network.beside().listening(self.settings.owner)

    def run_script(
        self,
        script: ScriptLike,
        *,
        form: ObjectLike | None = None,
        ctx: ObjectLike | None = None,
        libraries: Sequence[ScriptLike] = (),
    ) -> Outcome:
        """Run *script* and all that it starts, and return what came of it.

        Args:
            script: a path, or a script by value.
            form: the script's ``form``; a dict holds what the script wrote afterwards.
            ctx: the script's ``ctx``.
            libraries: scripts run before in the global scope.

        A call that nobody awaited is a warning, unless the session was opened otherwise.

        Raises:
            ConfigError: a file cannot be read, or this is not the session's thread.
        """
        outcomes: list[Outcome] = []
        self.start_script(script, outcomes.append, form=form, ctx=ctx, libraries=libraries)
        self._runtime.settle()
        return judged(outcomes[0], self.settings.unawaited)

    def start_script(
        self,
        script: ScriptLike,
        done: Callable[[Outcome], None],
        *,
        form: ObjectLike | None = None,
        ctx: ObjectLike | None = None,
        libraries: Sequence[ScriptLike] = (),
    ) -> None:
        """Start *script* beside those that run; *done* gets what came of it.

        What the script printed and threw is redacted, the value that it returned is as it is.
        """
        self._network.refuse_closed()
        given = {"form": form, "ctx": ctx}
        self._runtime.start(
            as_script(script),
            lambda outcome: done(shown_outcome(outcome, self.redact)),
            libraries=[as_script(library) for library in libraries],
            bindings={name: as_live(value) for name, value in given.items() if value is not None},
        )

    def advance(self, seconds: float, /) -> None:
        """Move virtual time on; what falls due on the way happens at its instant.

        That waits for real in record and live mode; the time that nothing needs is skipped.
        """
        self._network.refuse_closed()
        until = self.clock.now() + seconds
        self._runtime.settle(until)
        self.clock.move_to(until)

    def drain(self) -> list[Outcome]:
        """Return what came of intervals since the last time, after their scripts had ended."""
        return [shown_outcome(outcome, self.redact) for outcome in self._runtime.drain()]

    def wait(self, seconds: float, /) -> None:
        """Let virtual time pass, in record and live mode as real time."""
        self._network.refuse_closed()
        until = self.clock.now() + seconds
        self._scheduler.at(until, lambda: None)
        self._runtime.settle(until)

    def redact(self, text: str, /) -> str:
        """Return *text* with every secret that the session knows replaced by its stand-in."""
        return self._network.redact(text)

    def shown(self, value: T, /) -> T:
        """Return *value* with every text in it redacted."""
        return self._network.shown(value)

    def simulator(self, platform: str, /) -> Simulator:
        """Return the stand-in of a platform, with its knobs, where third parties are simulated.

        Raises:
            ConfigError: the mode is another one.
            CallError: UNKNOWN_PLATFORM.
        """
        return self._network.simulator(platform)

    def template(self, platform: str, api: str, /) -> str:
        """Return the API's path with its placeholders, or nothing if it is not known."""
        return self.platforms.template(platform, api)

    def arm(self, rules: Sequence[Fault], /) -> None:
        """Let *rules* strike from now on, in front of those already there; they count anew."""
        self._network.refuse_closed()
        self._network.faults.arm(rules)

    def disarm(self, rules: Sequence[Fault], /) -> Sequence[Fault]:
        """Take *rules* away and return those of them that never fired."""
        return self._network.faults.disarm(rules)

    def stub(self, stub: Stub, /) -> None:
        """Let *stub* answer before anything but faults does; what it answers None to goes on."""
        self._network.refuse_closed()
        self._network.stubs.add(stub)

    @property
    def unplayed(self) -> tuple[Exchange, ...]:
        """Return what was recorded and not played, where recordings are played at all."""
        return self._network.unplayed

    @property
    def unrecognised(self) -> tuple[str, ...]:
        """Return where values were recorded that look like secrets and are not known as such."""
        return self._network.unrecognised

    @property
    def undeclared(self) -> tuple[str, ...]:
        """Return which responses were recorded with a stand-in that need not be one."""
        return self._network.undeclared

    def close(self, *, failed: bool = False) -> None:
        """End the run; *failed* says that it failed already, so its recording is set aside.

        What was recorded is sealed, and what was not played judged, with the owner's last session
        of the run. A session that is closed already stays so.

        Raises:
            NoMatchError: a call had no answer in the recording.
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
        self._scheduler.close()
        self._network.finish(failed=failed or bool(self.misses))
        if self.misses and not failed:
            raise self.misses[0]
        if not failed:
            self.judge_unplayed()

    def judge_unplayed(self) -> None:
        """Judge what was not played, if this is due: at the end of the owner's last session.

        Raises:
            ExpectationError: a recording was not played, and that fails the run.
        """
        strict = self.mode == "replay" and self.settings.unused == "fail"
        if strict and self._is_closed and self._network.is_over and self.unplayed:
            raise ExpectationError(self.told_unplayed())

    def told_unplayed(self) -> str:
        """Return which recordings were not played, on one line."""
        return told_unplayed(self.unplayed, self.settings.cassette, self.settings.rewriting)


def _guard_of(settings: Settings) -> NetworkGuard | None:
    """Return what closes the network to the run, if that is asked for."""
    guard = settings.guard
    if guard is True:
        who = f"the session of {settings.owner or settings.cassette or 'no cassette'}"
        guard = NetworkGuard(who, allow='Session.open(allow_hosts=["{}"])', closed=False)
    if guard:
        guard.close(settings.allow_hosts)
    return guard or None
