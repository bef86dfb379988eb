"""The recordings of one session: its own track, and one for the logins of each instance."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from bpmax_sim.cassette import shelf
from bpmax_sim.cassette.file import Cassette
from bpmax_sim.cassette.matching import Difference, Rules, identity, parts_of_request
from bpmax_sim.cassette.meaning import IsSigned, Volatile
from bpmax_sim.cassette.merge import nothing_volatile
from bpmax_sim.cassette.miss import MissContext, signed_otherwise
from bpmax_sim.cassette.model import Values
from bpmax_sim.cassette.player import Player
from bpmax_sim.cassette.store import Recorder, no_values
from bpmax_sim.errors import ConfigError, NoMatchError
from bpmax_sim.messages import Call, Exchange, Failed, Outcome, Request
from bpmax_sim.secret.vault import Vault
from bpmax_sim.session.settings import Settings
from bpmax_sim.session.unrecognised import Unrecognised
from bpmax_sim.transport.redaction import redact_exchange, redact_request
from bpmax_sim.yamlfile import shown

Key = tuple[str, str]


def load(path: Path | None) -> Cassette | None:
    """Return the cassette at *path*, or None if there is none.

    Raises:
        CassetteError: if it cannot be used.
    """
    if path is None:
        return None
    try:
        return Cassette.load(shown(path))
    except FileNotFoundError:
        return None


def _load_login(path: Path | None) -> Cassette | None:
    """Return the cassette of logins at *path*, which every session of a run opens."""
    try:
        return shelf.take(shown(path)) if path else None
    except FileNotFoundError:
        return None


def fetch_logins(settings: Settings, cassette: Cassette) -> None:
    """Bring the logins of the instances that a recording names up to date.

    Raises:
        CassetteError: one cannot be read where it lies.
    """
    remote, folder = settings.remote, settings.logins
    if remote is None or folder is None:
        return
    lines = map(cassette.line, cassette.index.numbers(settings.owner))
    for key in {(line.call.partition(".")[0], line.instance) for line in lines}:
        remote.fetch(_login_file(folder, key), recording=settings.mode == "record")


def _unwatched(_exchange: Exchange) -> None:
    """Look at nothing."""


@dataclass(slots=True)
class Tracks:
    """Plays and records; each login belongs to the track of its instance.

    Attributes:
        passing: names the fields of an API's answers that have no meaning.
        values: tells the credentials behind a request that are no secrets.
        watch: is shown each exchange that is recorded.
    """

    settings: Settings
    rules: Rules
    vault: Vault
    cassette: Cassette | None
    zone: timedelta = timedelta(0)
    passing: Volatile = nothing_volatile
    values: Callable[[Request], Values] = no_values
    watch: Callable[[Exchange], None] = _unwatched
    player: Player = field(init=False)
    _recorder: Recorder | None = field(default=None, init=False)
    _logins: dict[Key, Player | None] = field(default_factory=dict, init=False)
    _login_recorders: dict[Key, Recorder] = field(default_factory=dict, init=False)
    _answered_logins: set[tuple[str, int, bytes]] = field(default_factory=set, init=False)
    _let_in: set[Key] = field(default_factory=set, init=False)
    _known: int = field(default=0, init=False)
    _unrecognised: Unrecognised = field(init=False)
    _late: bool = field(default=False, init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)

    def __post_init__(self) -> None:
        said = self.settings
        path = shown(said.cassette) if said.cassette and self.cassette is None else ""
        self.player = Player(self.cassette, self.rules, said.owner, path=path, repeat=said.repeat)
        self._unrecognised = Unrecognised(self.vault, self.passing)

    @property
    def recorded(self) -> bool:
        """Return whether this owner has a recording."""
        return self.cassette is not None and self.settings.owner in self.cassette.owners

    def answer(self, request: Request) -> Outcome:
        """Return what came of a redacted request when it was recorded.

        Raises:
            NoMatchError: there is none.
        """
        context = self._context(request.call)
        key = _login_key(request)
        player = (self._login_player(key) if key else None) or self.player
        return player.answer(parts_of_request(request), context)

    def knows(self, request: Request) -> bool:
        """Return whether a request was recorded at all, played or not."""
        return self.player.knows(parts_of_request(redact_request(request, self.vault)))

    def signed_otherwise(self, call: Call, found: tuple[Difference, ...]) -> NoMatchError:
        """Return the error for a call that is signed otherwise than it was recorded."""
        return signed_otherwise(call, found, self._context(call))

    def _context(self, call: Call | None) -> MissContext:
        said = self.settings
        return MissContext(
            position=call.position if call else None,
            record=said.command,
            new=said.command_new,
            extra=said.command_extra,
            rewrite=said.command_rewrite,
        )

    def keep(self, exchange: Exchange) -> None:
        """Record a redacted exchange; it is on disk when this returns.

        Raises:
            CassetteError: if it cannot be kept.
        """
        self._look_back()
        if not self._is_repeated_login(exchange):
            self._recorder_of(exchange).append(exchange)
        if not exchange.request.is_login:
            self._unrecognised.add(exchange)
            self.watch(exchange)

    def _look_back(self) -> None:
        """Redact anew what was recorded before a secret in it became known."""
        if self._known == self.vault.size:
            return
        with self._lock:
            fresh = self.vault.learned(self._known)
            self._known += len(fresh)
            recorders = self._recorders()
        if fresh and recorders:
            self._late = True
            for recorder in recorders:
                recorder.mend(self._redact, holding=fresh)

    def _recorders(self) -> list[Recorder]:
        own = [self._recorder] if self._recorder else []
        return [*self._login_recorders.values(), *own]

    def _redact(self, exchange: Exchange) -> Exchange:
        return redact_exchange(exchange, self.vault)

    def has_login(self, platform: str, instance: str) -> bool:
        """Return whether the logins of an instance were recorded."""
        return self._login_player((platform, instance)) is not None

    def let_in(self, platform: str, instance: str) -> None:
        """Note that a login yielded what it has to, so that it is kept even if the run fails.

        The status alone does not say so: many third parties refuse a login with 200.
        """
        self._let_in.add((platform, instance))

    def unrecognised(self) -> tuple[str, ...]:
        """Return where values were recorded that look like secrets and are not known as such."""
        return self._unrecognised.places()

    def unplayed(self) -> tuple[Exchange, ...]:
        """Return what this owner recorded and did not play."""
        return self.player.unplayed()

    def finish(self, *, failed: bool, is_signed: IsSigned) -> None:
        """Seal what was recorded; a failed run's recording is set aside for review.

        Raises:
            LeakError: a secret would have been written.
            CassetteError: a file could not be written; the old one is whole.
        """
        if self._late or self.vault.learned(self._known):
            for recorder in self._recorders():
                recorder.mend(self._redact)
        self._finish_logins(failed=failed)
        own = self._recorder
        if own is None and self.settings.record == "rewrite" and self.recorded and not failed:
            own = self._own()  # nothing was called any more, so nothing is recorded any more
        if own is not None and failed:
            own.set_aside()
        elif own is not None:
            own.seal(volatile=self.passing, is_signed=is_signed)

    def upload(self) -> None:
        """Put what was recorded, now or before, where the files come from.

        Raises:
            CassetteError: it cannot be written there; it stays here.
        """
        said = self.settings
        if said.remote is None:
            return
        paths = map(self._login_path, dict.fromkeys((*self._logins, *self._login_recorders)))
        for path in (said.cassette, *paths):
            if path is not None and path.exists():
                said.remote.upload(path)

    def _finish_logins(self, *, failed: bool) -> None:
        """Seal the logins; of a run that failed, only those of instances that were let in."""
        for key, recorder in self._login_recorders.items():
            if failed and key not in self._let_in:
                recorder.discard()
            else:
                recorder.seal(volatile=self.passing)

    def _login_player(self, key: Key) -> Player | None:
        with self._lock:
            if key not in self._logins:
                cassette = _load_login(self._login_path(key))
                self._logins[key] = (
                    Player(cassette, self.rules, _owner(key), repeat=True) if cassette else None
                )
            return self._logins[key]

    def _is_repeated_login(self, exchange: Exchange) -> bool:
        """Return whether the same login was answered the same before: its recording repeats."""
        outcome = exchange.outcome
        if not exchange.request.is_login or isinstance(outcome, Failed):
            return False
        who = identity(parts_of_request(exchange.request), self.rules)
        answered = (who, outcome.status, outcome.body)
        with self._lock:
            repeated = answered in self._answered_logins
            self._answered_logins.add(answered)
        return repeated and self.settings.logins is not None

    def _login_path(self, key: Key) -> Path | None:
        folder = self.settings.logins
        return _login_file(folder, key) if folder else None

    def _recorder_of(self, exchange: Exchange) -> Recorder:
        key = _login_key(exchange.request)
        with self._lock:
            if key and self.settings.logins is not None:
                return self._login_recorder(key)
            return self._own()

    def _login_recorder(self, key: Key) -> Recorder:
        if key not in self._login_recorders:
            path = self._login_path(key)
            assert path is not None
            self._login_recorders[key] = self._make(path, _owner(key), repeating=True)
        return self._login_recorders[key]

    def _own(self) -> Recorder:
        if self._recorder is None:
            if self.settings.cassette is None:
                raise ConfigError("record: no cassette is named; pass cassette=")
            adding = self.settings.record == "new"
            self._recorder = self._make(
                self.settings.cassette, self.settings.owner, adding=adding, values=self.values
            )
        return self._recorder

    def _make(self, path: Path, owner: str, **how: Any) -> Recorder:
        vault = self.vault
        if self.settings.remote:
            self.settings.remote.fetch(path, recording=True)
        return Recorder(
            path,
            rules=self.rules,
            owner=owner,
            scan=vault.scan,
            known=lambda: vault.size,
            zone=self.zone,
            **how,
        )


def _login_key(request: Request) -> Key | None:
    """Return whose login *request* is, or None for any other request."""
    call = request.call
    return (call.platform, call.instance) if call is not None and call.is_login else None


def _owner(key: Key) -> str:
    return ".".join(key)


@lru_cache(maxsize=256)
def _login_file(folder: Path, key: Key) -> Path:
    return folder / f"{_owner(key)}.yaml"
