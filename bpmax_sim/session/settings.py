"""What a session was asked for, checked once."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Final

from bpmax_sim.cassette.remote import Remote
from bpmax_sim.clock import Instant
from bpmax_sim.errors import ConfigError, near
from bpmax_sim.guard import NetworkGuard
from bpmax_sim.script.runtime import ENGINES
from bpmax_sim.session.sharing import Run

MODES: Final = ("replay", "record", "live", "simulate")
AGAINST: Final = ("live", "simulator")
RECORDS: Final = ("once", "new", "rewrite")
UNUSED: Final = ("fail", "warn", "ignore")
UNAWAITED: Final = ("warn", "fail", "allow")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The options of a session.

    Attributes:
        mode: ``replay`` (the network is closed), ``record``, ``live``, or ``simulate`` (built-in
            stand-ins answer, and the network is closed too).
        against: whom record mode asks: the ``live`` third parties, or their ``simulator``.
        record: in record mode ``once`` (only what this owner has no recording of), ``new`` (also
            identities that it lacks) or ``rewrite`` (everything afresh).
        cassette: the file; None for a session that neither plays nor records.
        logins: the folder of login recordings.
        clock: where virtual time starts; None for where the recording does.
        ignore, redact: places that do not count, and places with personal data.
        unused: what recordings that were not played are: ``fail``, ``warn`` or ``ignore``.
        unawaited: what calls are that no script awaited: ``warn``, ``fail`` or ``allow``.
        engine: who runs JavaScript: ``quickjs`` or ``v8``.
        stack: bytes of stack for scripts; None for half of the thread's, at most 4 MB.
        owner: who records and plays, in a cassette that several share.
        repeat: whether a recording may be played more than once.
        instance: preferred where a script names none.
        allow_ci: whether recording is allowed although ``CI`` is set.
        extra: whether recording what is new also records one more of a call that was played.
        command: the command that records, for messages; *command_rewrite*, *command_new* and
            *command_extra* are its options that record everything afresh, what is missing, and
            one more of a call that was played.
        guard: whether nothing goes out beside ``$proxy`` while recordings or stand-ins answer, from
            opening to closing; or a guard with names of its own. See `bpmax_sim.guard` for what it
            sees.
        allow_hosts: what stays open all the same: names, addresses, or patterns with ``*``.
        remote: where the files come from and go to, when they are the mirror of a URL.
        run: sessions of one owner in one run are one recording; None for those that are open at
            the same time as this one.
        zone: seconds east of Greenwich, for scripts; None for that of *clock*.
    """

    mode: str = "replay"
    against: str = "live"
    record: str = "once"
    cassette: Path | None = None
    logins: Path | None = None
    clock: Instant | None = None
    seed: int = 0
    ignore: tuple[str, ...] = ()
    redact: tuple[str, ...] = ()
    unused: str = "fail"
    unawaited: str = "warn"
    engine: str = "quickjs"
    stack: int | None = None
    owner: str = ""
    repeat: bool = False
    instance: str | None = None
    allow_ci: bool = False
    extra: bool = False
    command: str = ""
    command_rewrite: str = ""
    command_new: str = "--record=new"
    command_extra: str = "--record=new --record-extra"
    secrets: tuple[str, ...] = field(default=(), repr=False)
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ, repr=False)
    remote: Remote | None = None
    guard: bool | NetworkGuard = False
    allow_hosts: tuple[str, ...] = ()
    run: Run | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        _one_of("mode", self.mode, MODES)
        _one_of("against", self.against, AGAINST)
        _one_of("record", self.record, RECORDS)
        _one_of("unused", self.unused, UNUSED)
        _one_of("unawaited", self.unawaited, UNAWAITED)
        _one_of("engine", self.engine, ENGINES)
        if self.allow_hosts and self.guard is False:
            raise ConfigError("allow_hosts opens nothing where nothing is closed; add guard=True")
        if self.mode == "record" and self.environ.get("CI") and not self.allow_ci:
            raise ConfigError(
                "CI is set, so nothing is recorded; replay, or ask twice: "
                "--bpmax-mode=record --bpmax-allow-ci-record"
            )

    @property
    def rewriting(self) -> str:
        """Return the command that records everything afresh; empty where none is known."""
        return f"{self.command} {self.command_rewrite}".strip() if self.command else ""

    @property
    def is_simulated(self) -> bool:
        """Return whether stand-ins answer instead of the live third parties."""
        return self.mode == "simulate" or (self.mode == "record" and self.against == "simulator")


def _one_of(name: str, value: str, allowed: Sequence[str]) -> None:
    if value not in allowed:
        hint = near(value, allowed) or f"; choose one of {', '.join(allowed)}"
        raise ConfigError(f"{name}: there is no {value!r}{hint}")


@lru_cache(maxsize=256)
@lru_cache(maxsize=256)  # asked by every session of a run, mostly of the same
def logins_beside(cassette: Path | None) -> Path | None:
    """Return the folder of login recordings: ``auth`` in the nearest folder ``cassettes``."""
    if cassette is None:
        return None
    parts = cassette.parts[:-1]
    while parts and parts[-1] != "cassettes":
        parts = parts[:-1]
    return Path(*(parts or cassette.parts[:-1]), "auth")
