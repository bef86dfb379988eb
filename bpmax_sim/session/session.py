"""A run: platforms, one virtual clock, one vault, one transport, and what was called."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from bpmax_sim.cassette.file import Cassette
from bpmax_sim.cassette.matching import Rules
from bpmax_sim.clock import Instant, SeededChance, SystemChance, SystemClock, VirtualClock
from bpmax_sim.errors import BpmaxError, CallError, ExpectationError, NoMatchError
from bpmax_sim.messages import Exchange, Request, Response
from bpmax_sim.platform.load import load_platforms
from bpmax_sim.platform.model import Instance, Platform
from bpmax_sim.platform.platforms import Platforms
from bpmax_sim.proxy.answer import Answer
from bpmax_sim.proxy.builder import Proxy
from bpmax_sim.proxy.client import build, call
from bpmax_sim.proxy.driver import drive
from bpmax_sim.proxy.effects import Effect
from bpmax_sim.proxy.environment import Environment
from bpmax_sim.proxy.program import Program
from bpmax_sim.proxy.record import CallRecord
from bpmax_sim.proxy.refusal import bad_token
from bpmax_sim.proxy.tokens import TokenStore
from bpmax_sim.script.limits import Limits
from bpmax_sim.script.mirror import LiveObject
from bpmax_sim.script.outcome import Outcome
from bpmax_sim.script.runtime import SHANGHAI, Runtime
from bpmax_sim.script.scheduler import Scheduler
from bpmax_sim.secret.credentials import Credentials
from bpmax_sim.secret.vault import Vault
from bpmax_sim.session.scripts import ScriptText, as_live, as_script
from bpmax_sim.session.settings import Settings
from bpmax_sim.session.stack import Parts, stack
from bpmax_sim.session.tracks import Tracks, load
from bpmax_sim.transport.faults import Fault, Faults
from bpmax_sim.transport.protocol import Transport

NEVER_RECORDED = Instant.parse("2026-01-01T00:00:00+08:00")
"""Where virtual time starts in replay when nothing says otherwise."""

ScriptLike = ScriptText | str | os.PathLike[str]
ObjectLike = LiveObject | dict[str, Any]


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
        self.calls: list[CallRecord] = []
        self.misses: list[NoMatchError] = []
        self._vault = Vault()
        self._tenants: dict[tuple[str, str], Credentials] = {}
        self._resources = ExitStack()
        self._transport = transport
        cassette = load(settings.cassette)
        self.mode = _mode(settings, cassette)
        start = _start(settings, cassette, self.mode)
        self.clock = VirtualClock(start.seconds)
        self._tracks = self._make_tracks(cassette, start.offset)
        self._tokens = TokenStore()
        self._faults = self._make_faults(faults)
        self._environment = self._make_environment()
        self._scheduler = Scheduler(
            self.clock, self._handle, self._tokens, live=self.mode != "replay"
        )
        self._resources.callback(self._scheduler.close)
        zone = start.offset.total_seconds() if settings.clock or cassette else SHANGHAI
        self._runtime = Runtime(
            self._scheduler, self._begin, limits=limits, seed=settings.seed, zone=zone
        )

    @classmethod
    def open(  # noqa: PLR0913 - the options of a run
        cls,
        platforms: str | os.PathLike[str] | None = None,
        *,
        instances: str | os.PathLike[str] | None = None,
        mode: str = "replay",
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
        **more: Any,
    ) -> Session:
        """Open a run over the platform files in *platforms*; see `Settings` for the options.

        Raises:
            ConfigError: a file or an option is wrong.
            CassetteError: the cassette cannot be used.
        """
        path = None if cassette is None else Path(cassette)
        settings = Settings(
            mode=mode,
            record=record,
            cassette=path,
            logins=more.pop("logins", _logins(path)),
            clock=None if clock is None else Instant.parse(clock),
            seed=seed,
            ignore=tuple(ignore),
            redact=tuple(redact),
            unused=unused,
            owner=owner,
            repeat=repeat,
            instance=default_instance,
            environ=os.environ if environ is None else environ,
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

    def __repr__(self) -> str:
        return f"<Session {self.mode}, {len(self.calls)} calls>"

    def proxy(self, platform: str, /, **options: Any) -> Proxy:
        """Return the interface proxy of a platform, ``$proxy(platform, options)`` for Python.

        Raises:
            CallError: BAD_ARGUMENT.
        """
        return Proxy(
            platform,
            options,
            run=self._run,
            build=lambda program: build(program, self._environment),
        )

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

        Raises:
            ConfigError: a file cannot be read, or this is not the session's thread.
        """
        outcomes: list[Outcome] = []
        self.start_script(script, outcomes.append, form=form, ctx=ctx, libraries=libraries)
        self._runtime.settle()
        return outcomes[0]

    def start_script(
        self,
        script: ScriptLike,
        done: Callable[[Outcome], None],
        *,
        form: ObjectLike | None = None,
        ctx: ObjectLike | None = None,
        libraries: Sequence[ScriptLike] = (),
    ) -> None:
        """Start *script* beside those that run; *done* gets what came of it."""
        given = {"form": form, "ctx": ctx}
        self._runtime.start(
            as_script(script),
            done,
            libraries=[as_script(library) for library in libraries],
            bindings={name: as_live(value) for name, value in given.items() if value is not None},
        )

    def advance(self, seconds: float, /) -> None:
        """Let virtual time pass, with everything that is due in it."""
        self._scheduler.at(self.clock.now() + seconds, lambda: None)
        self._scheduler.run()

    def template(self, platform: str, api: str, /) -> str:
        """Return the API's path with its placeholders, or nothing if it is not known."""
        try:
            return self.platforms.api(self.platforms.platform(platform), api).path
        except CallError:
            return ""

    def arm(self, rules: Sequence[Fault], /) -> None:
        """Let *rules* strike from now on, in front of those already there; they count anew."""
        self._faults.arm(rules)

    def disarm(self, rules: Sequence[Fault], /) -> Sequence[Fault]:
        """Take *rules* away and return those of them that never fired."""
        return self._faults.disarm(rules)

    @property
    def unplayed(self) -> tuple[Exchange, ...]:
        """Return what was recorded and not played, in replay."""
        return self._tracks.unplayed() if self.mode == "replay" else ()

    def close(self, *, failed: bool = False) -> None:
        """End the run; *failed* says that it failed already, so its recording is set aside.

        Raises:
            NoMatchError: a call had no answer in the recording.
            ExpectationError: a recording was not played.
            LeakError: a secret would have been written.
            CassetteError: the recording could not be written.
        """
        with self._resources:
            lost = failed or bool(self.misses)
            if self.mode == "record":
                self._tracks.finish(failed=lost, volatile=self._volatile)
            if failed:
                return
            if self.misses:
                raise self.misses[0]
            if self.settings.unused == "fail" and self.unplayed:
                raise ExpectationError(self.told_unplayed())

    def told_unplayed(self) -> str:
        """Return which recordings were not played, on one line."""
        left = self.unplayed
        told = ", ".join(f"[{one.order}] {_told(one)}" for one in left)
        return (
            f"{self.settings.cassette}: {len(left)} recorded "
            f"exchange{'s were' if len(left) > 1 else ' was'} not played: {told}; "
            "record afresh, or write proxy: {unused: warn}"
        )

    def _begin(self, program: Program) -> Generator[Effect, Any, Answer]:
        return call(program, self._environment)

    def _run(self, program: Program) -> Any:
        sleep = _no_sleep if self.mode == "replay" else time.sleep
        answer = drive(
            call(program, self._environment),
            handle=self._handle,
            tokens=self._tokens,
            clock=self.clock,
            sleep=sleep,
        )
        return answer.value

    def _handle(self, request: Request) -> Response:
        try:
            return self._faults.handle(self._personal(request))
        except NoMatchError as error:
            self.misses.append(error)
            raise

    def _personal(self, request: Request) -> Request:
        """Return *request* with the scenario's own places of personal data."""
        places = self.settings.redact
        if not places:
            return request
        twin = request.standin
        return replace(
            request,
            personal=(*request.personal, *places),
            standin=None if twin is None else self._personal(twin),
        )

    def _tenant(self, platform: Platform, instance: Instance) -> Credentials:
        key = (platform.platform_key, instance.instance_key)
        if key not in self._tenants:
            found = self.platforms.credentials(
                platform,
                instance,
                environ=self.settings.environ,
                closed=self.mode == "replay",
            )
            for one in found:
                self._vault.add(str(one.real), str(one.standin), name=".".join((*key, one.name)))
            self._vault.address(found.live, found.declared)
            self._tenants[key] = found
        return self._tenants[key]

    def _make_tracks(self, cassette: Cassette | None, zone: timedelta) -> Tracks:
        scoped = [(p.platform_key, (*p.ignore, *p.volatile)) for p in self.platforms]
        scoped += [
            (f"{p.platform_key}.{name}", (*api.ignore, *api.volatile))
            for p in self.platforms
            for name, api in p.apis.items()
        ]
        rules = Rules(self.settings.ignore, tuple((name, paths) for name, paths in scoped if paths))
        return Tracks(self.settings, rules, self._vault.scan, cassette, zone)

    def _volatile(self, name: str) -> tuple[str, ...]:
        platform_key, _, api_name = name.partition(".")
        platform = self.platforms.find(platform_key)
        api = platform.apis.get(api_name) if platform else None
        return (*(platform.volatile if platform else ()), *(api.volatile if api else ()))

    def _make_faults(self, rules: Sequence[Fault]) -> Faults:
        parts = Parts(live=self._live, tracks=self._tracks, vault=self._vault, clock=self.clock)
        faults = Faults(stack(self.mode, self.settings.record, parts), self._bad_token)
        faults.arm(rules)
        return faults

    def _live(self) -> Transport:
        if self._transport is not None:
            return self._transport
        from bpmax_sim.transport.httpx.live import Live  # noqa: PLC0415 - replay needs no client

        return self._resources.enter_context(Live())

    def _bad_token(self, request: Request) -> Response:
        assert request.call is not None
        platform = self.platforms.platform(request.call.platform)
        return bad_token(platform, self.platforms.api(platform, request.call.api))

    def _make_environment(self) -> Environment:
        closed = self.mode == "replay"
        chance = SeededChance(self.settings.seed)
        numbers = count(1)
        return Environment(
            platforms=self.platforms,
            tenant=self._tenant,
            vault=self._vault,
            clock=self.clock,
            auth_clock=self.clock if closed else SystemClock(),
            chance=chance,
            auth_chance=chance if closed else SystemChance(),
            separate=self.mode == "record",
            synthesise_login=self._synthesise if closed else _never,
            log=self.calls.append,
            serial=lambda: next(numbers),
            default_instance=self.settings.instance,
        )

    def _synthesise(self, platform: str, instance: str) -> bool:
        return not self._tracks.has_login(platform, instance)


def _never(_platform: str, _instance: str) -> bool:
    return False


def _no_sleep(_seconds: float) -> None:
    """Virtual time has passed already."""


def _mode(settings: Settings, cassette: Cassette | None) -> str:
    """Return the mode in force: recording once what is recorded already is replaying it."""
    once = settings.mode == "record" and settings.record == "once"
    known = cassette is not None and settings.owner in cassette.owners
    return "replay" if once and known else settings.mode


def _start(settings: Settings, cassette: Cassette | None, mode: str) -> Instant:
    recorded = cassette.start(settings.owner) if cassette and mode == "replay" else None
    first = settings.clock or recorded
    if first is not None:
        return first
    return NEVER_RECORDED if mode == "replay" else NEVER_RECORDED.at(time.time())


def _logins(cassette: Path | None) -> Path | None:
    """Return the folder of login recordings: ``auth`` in the nearest folder ``cassettes``."""
    if cassette is None:
        return None
    roots = [folder for folder in cassette.parents if folder.name == "cassettes"]
    return (roots[0] if roots else cassette.parent) / "auth"


def _told(exchange: Exchange) -> str:
    call = exchange.request.call
    name = f"{call.name} " if call and call.platform else ""
    return f"{name}{exchange.request.method} {exchange.request.url}"
