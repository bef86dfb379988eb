"""The options of a session, checked once against the table of options."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, dataclass, field, fields
from functools import lru_cache
from operator import attrgetter
from pathlib import Path
from typing import Final, TypedDict

from bpmax_sim.cassette.recorder import Replays
from bpmax_sim.cassette.remote import RemoteStorage
from bpmax_sim.clock import Instant
from bpmax_sim.errors import ConfigError
from bpmax_sim.guard import NetworkGuard
from bpmax_sim.script.hits import ScriptHits
from bpmax_sim.script.limits import Limits
from bpmax_sim.session import options
from bpmax_sim.session.migration import RecordingMoves
from bpmax_sim.session.shared_logins import SharedLogins
from bpmax_sim.session.shared_recording import RunRecordings
from bpmax_sim.transport.faults import Fault
from bpmax_sim.transport.protocol import TransportLike

FilePath = str | os.PathLike[str]
Adopts = Callable[[Sequence[str]], str]
"""Given the owners in a cassette that has none of this name, returns whose recording is played."""


class _Options(TypedDict, total=False):
    """Keywords common to `Session.open`, `record`, `replay` and `run_scenario`.

    `Settings` describes them.
    """

    instances: FilePath | None
    against: options.Against
    record: options.RecordMode
    clock: str | None
    seed: int | None
    ignore: options.Names
    redact: options.Names
    unused: options.Unused
    unawaited: options.Unawaited
    owner: str
    repeat: bool
    default_instance: str | None
    secrets: options.Names
    transport: TransportLike | None
    limits: Limits | None
    engine: options.EngineName
    stack: int | None
    allow_ci: bool
    extra: bool
    guard: bool | NetworkGuard
    allow_hosts: str | options.Names
    run: RunRecordings | None
    shared_logins: SharedLogins | None
    hits: ScriptHits | None
    logins: FilePath | None
    remote: RemoteStorage | None
    replays: Replays | None
    adopts: Adopts | None
    moves: RecordingMoves | None
    command: str
    command_rewrite: str
    command_new: str
    command_extra: str


class EverydayOptions(_Options, total=False):
    """Keywords that `bpmax_sim.record` and `bpmax_sim.replay` accept but do not list themselves."""

    faults: Sequence[Fault]
    environ: Mapping[str, str] | None


class OpeningOptions(EverydayOptions, total=False):
    """The keywords of `Session.open` beside the platform files."""

    cassette: FilePath | None
    mode: options.Mode


class ScenarioOptions(_Options, total=False):
    """Keywords that `bpmax_sim.run_scenario` accepts but does not list itself."""

    platforms: FilePath | Sequence[FilePath] | None
    cassette: FilePath | None
    mode: options.Mode


class SessionOptions(OpeningOptions, total=False):
    """All keywords of `Session.open`."""

    platforms: FilePath | Sequence[FilePath] | None


_JUDGED: Final = tuple(
    (option.session_keyword, option.type, option.choices)
    for option in options.list_options_for("session").values()
    if option.type is not object and option.session_keyword != "clock"
)
"""The rest is of a class of its own, or was made into one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The options of a session.

    Attributes:
        mode: ``replay`` (the network is closed), ``record``, ``live``, or ``simulate`` (built-in
            simulators answer, and the network is closed too).
        against: who answers in record mode: the ``live`` third parties, or their ``simulator``.
        record: in record mode ``once`` (only if this owner has no recording), ``new`` (also calls
            that its recording lacks) or ``rewrite`` (everything afresh).
        cassette: the file; None for a session that neither plays nor records.
        logins: the folder of login recordings.
        clock: instant at which virtual time starts; None for that of the recording.
        seed: seed of the random values of scripts; None for the recorded one, and for a new one
            where a live system answers.
        ignore, redact: places that matching ignores, and places with personal data.
        unused: result of recordings that were not played: ``fail``, ``warn`` or ``ignore``.
        unawaited: result of calls that no script awaited: ``warn``, ``fail`` or ``allow``.
        engine: the JavaScript engine, ``quickjs`` or ``v8``.
        stack: bytes of stack for scripts; None for half of the thread's, at most 4 MB.
        owner: name under which the session records and plays in a cassette that several share.
        repeat: whether a recording may be played more than once.
        default_instance: instance that is preferred where a script names none.
        allow_ci: whether recording is allowed although ``CI`` is set.
        extra: whether recording what is new also records one more response of a call whose
            recordings are all played.
        command: the command that records, for messages; *command_rewrite*, *command_new* and
            *command_extra* are its options that record everything afresh, what is missing, and one
            more response of a call.
        secrets: texts to hide in recordings and output, in addition to credentials.
        environ: environment variables that platform files and instances may name.
        guard: whether the process may use the network only by ``$proxy`` while recordings or
            simulators answer, from opening to closing; or a `bpmax_sim.guard.NetworkGuard` to use
            for that.
        allow_hosts: hosts that the guard leaves open: names, addresses, or patterns with ``*``.
        remote: the storage of the files, if they are local copies of files at a URL.
        replays: function that returns whether the recording in a file replays; called before bytes
            of an old recording are reused in a new one.
        adopts: function that returns the earlier name under which a cassette, given its owners,
            holds the exchanges of *owner*; "" for none.
        moves: where `bpmax-sim migrate`, which adapts a recording to changed declarations, collects
            how it would have to change to be found; None for any other run.
        run: recordings of a run, in which all sessions of one owner share one; None to share only
            with sessions that are open at the same time.
        shared_logins: logins that the sessions of a run share; None for logins of its own.
        hits: counters of executed code; None runs scripts without counters.
    """

    mode: options.Mode = "replay"
    against: options.Against = "live"
    record: options.RecordMode = "once"
    cassette: Path | None = None
    logins: Path | None = None
    clock: Instant | None = None
    seed: int | None = None
    ignore: tuple[str, ...] = ()
    redact: tuple[str, ...] = ()
    unused: options.Unused = "fail"
    unawaited: options.Unawaited = "warn"
    engine: options.EngineName = "quickjs"
    stack: int | None = None
    owner: str = ""
    repeat: bool = False
    default_instance: str | None = None
    allow_ci: bool = False
    extra: bool = False
    command: str = ""
    command_rewrite: str = "--record=rewrite"
    command_new: str = "--record=new"
    command_extra: str = "--record=new --record-extra"
    secrets: tuple[str, ...] = field(default=(), repr=False)
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ, repr=False)
    remote: RemoteStorage | None = None
    replays: Replays | None = None
    adopts: Adopts | None = field(default=None, repr=False)
    moves: RecordingMoves | None = field(default=None, repr=False)
    guard: bool | NetworkGuard = False
    allow_hosts: tuple[str, ...] = ()
    run: RunRecordings | None = field(default=None, repr=False)
    shared_logins: SharedLogins | None = field(default=None, repr=False)
    hits: ScriptHits | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        for (argument, kind, choices), value, usual in zip(
            _JUDGED, _values_of(self), _USUAL, strict=True
        ):
            # Most options of most sessions are the defaults, and a run opens many sessions.
            if value is not usual and value not in choices:
                options.check_option_value(argument, kind, value)
        if self.allow_hosts and self.guard is False:
            raise ConfigError("allow_hosts opens nothing where nothing is closed; add guard=True")
        if self.mode == "record" and self.environ.get("CI") and not self.allow_ci:
            raise ConfigError(options.CI_REFUSES)

    @property
    def rewrite_command(self) -> str:
        """Return the shell command that records everything again, for messages.

        Empty if unknown.
        """
        return f"{self.command} {self.command_rewrite}".strip() if self.command else ""

    @property
    def seed_or_default(self) -> int:
        """Return the seed for stand-ins and other values that are the same in every recording."""
        return self.seed or 0

    @property
    def is_simulated(self) -> bool:
        """Return whether simulators answer instead of the live third parties."""
        return self.mode == "simulate" or (self.mode == "record" and self.against == "simulator")


_DEFAULTS = {option.name: option.default for option in fields(Settings)}
_values_of = attrgetter(*(argument for argument, _, _ in _JUDGED))
_USUAL = tuple(_DEFAULTS.get(argument, MISSING) for argument, _, _ in _JUDGED)


@lru_cache(maxsize=256)  # asked by every session of a run, mostly of the same
def find_logins_folder(cassette: Path | None) -> Path | None:
    """Return the folder of login recordings: ``auth`` in the nearest folder ``cassettes``.

    It is ``auth`` beside *cassette* if no folder around it has that name. None without *cassette*.
    """
    if cassette is None:
        return None
    return (_find_nearest_cassettes_folder(cassette) or cassette.parent) / "auth"


def is_login_recording(path: Path, cassettes: Path | None = None) -> bool:
    """Return whether the cassette at *path* is of logins: it lies below ``auth`` in *cassettes*.

    That is the folder of all cassettes; by default the nearest folder ``cassettes``. If no folder
    around *path* has that name, any folder ``auth`` has logins.
    """
    whole = path.absolute()
    root = cassettes.absolute() if cassettes else _find_nearest_cassettes_folder(whole)
    return whole.parent.name == "auth" if root is None else root / "auth" in whole.parents


def _find_nearest_cassettes_folder(path: Path) -> Path | None:
    return next((folder for folder in path.parents if folder.name == "cassettes"), None)
