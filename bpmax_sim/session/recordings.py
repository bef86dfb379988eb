"""The recordings of one session: its own, and one for the logins of each instance.

Also what a session starts from: the mode in force and the start of virtual time.
"""

from __future__ import annotations

import threading
import time
import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from functools import lru_cache, partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import msgspec

from bpmax_sim.cassette import file, matching
from bpmax_sim.cassette.alignment import IsSigned, PlacesOf, no_places
from bpmax_sim.cassette.file import Cassette
from bpmax_sim.cassette.journal import LeakCheck, find_interrupted
from bpmax_sim.cassette.matching import Difference, Rules
from bpmax_sim.cassette.merge import recover
from bpmax_sim.cassette.miss import MissContext, signature_mismatch
from bpmax_sim.cassette.model import Values
from bpmax_sim.cassette.player import Player
from bpmax_sim.cassette.recorder import Recorder, has_forked
from bpmax_sim.clock import Clock, DrawnSequences, Instant, SystemClock, VirtualClock, new_seed
from bpmax_sim.errors import ConfigError, InterruptedWarning, NoMatchError, shell_quote
from bpmax_sim.file_names import namesake
from bpmax_sim.i18n import msg
from bpmax_sim.messages import Call, Exchange, FailedExchange, Outcome, Request, Response
from bpmax_sim.platform.target import CLIENT
from bpmax_sim.secret.secret_names import VERSION
from bpmax_sim.secret.vault import Vault
from bpmax_sim.session.settings import Settings
from bpmax_sim.session.sharing import OPEN, Seat, Shared
from bpmax_sim.session.witness import Unrecognised, Witness
from bpmax_sim.transport.redaction import redact_exchange, redact_request
from bpmax_sim.yamlfile import display_path

Key = tuple[str, str]
_STANDIN = "redacted."


def load(path: Path | None) -> Cassette | None:
    """Return the cassette at *path*, or None if there is none.

    Raises:
        CassetteError: if it cannot be used.
    """
    try:
        return file.load_shared(display_path(path)) if path else None
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


def login_values(settings: Settings, owner: str) -> Values:
    """Return the credentials that are no secrets with which the login of an instance was recorded.

    Raises:
        CassetteError: it cannot be read.
    """
    folder = settings.logins
    cassette = load(folder / f"{owner}.yaml") if folder else None
    return cassette.values(owner) if cassette else {}


@dataclass(slots=True)
class SessionRecordings:
    """Plays and records; each login belongs to the track of its instance.

    Attributes:
        witness: notes which recording answered.
        passing: names the fields of an API's responses that have no meaning.
        named: names the headers of an API's responses that its platform reads.
        answered: names the places of an API that are declared to be no secrets.
        values: tells the credentials behind a request that are no secrets.
        watch: is shown each exchange that is recorded.
        synthesise: makes the response to a client's login that was not recorded, where it can.
        player: plays what this owner recorded.
        unrecognised: knows where values were recorded that look like secrets.
        let_in: the instances whose login yielded what it has to, so that it is kept even if the run
            fails. The status alone does not say so: many third parties refuse a login with 200.
    """

    settings: Settings
    rules: Rules
    vault: Vault
    seat: Seat
    witness: Witness
    zone: timedelta
    passing: PlacesOf
    named: PlacesOf
    answered: PlacesOf
    values: Callable[[Request], Values]
    watch: Callable[[Exchange], None]
    synthesise: Callable[[Request], Response | None]
    player: Player = field(init=False)
    unrecognised: Unrecognised = field(init=False)
    let_in: set[Key] = field(default_factory=set, init=False)
    _check: LeakCheck = field(init=False)
    _is_closed: bool = field(default=False, init=False)
    _logins: dict[Key, Player | None] = field(default_factory=dict, init=False)
    _login_recorders: dict[Key, Recorder] = field(default_factory=dict, init=False)
    _answered_logins: set[tuple[str, int, bytes]] = field(default_factory=set, init=False)
    _known: int = field(default=0, init=False)
    _late: bool = field(default=False, init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)

    def __post_init__(self) -> None:
        settings = self.settings
        shared, vault = self.seat.shared, self.vault
        path = (
            display_path(settings.cassette) if settings.cassette and shared.cassette is None else ""
        )
        self.player = Player(
            shared.cassette,
            self.rules,
            settings.owner,
            path=path,
            repeat=settings.repeat,
            playback=shared.playback,
            session=self.seat.number,
        )
        self._check = LeakCheck(vault.scan, lambda: vault.size, lambda: vault.harmless)
        self.unrecognised = Unrecognised(
            self.vault, self.passing, self.answered, settings.cassette or Path()
        )

    def answer(self, request: Request) -> Outcome:
        """Return what came of a redacted request when it was recorded.

        Raises:
            NoMatchError: there is none.
        """
        context = self._context(request.call)
        key = _login_key(request)
        player = (self._login_player(key) if key else None) or self.player
        parts = matching.parts_of_request(request)
        if key is not None and not player.knows(parts):
            alike = nearest_login(request, player.logins(*key), self.rules)
            if alike is not None:
                parts = matching.parts_of_request(alike.request)
            elif is_of_client(request) and (synthesised := self.synthesise(request)) is not None:
                return synthesised
        try:
            turn = player.next(parts, context)
        except NoMatchError as error:
            self.witness.miss(request, error.nearest, parts)
            raise
        self.witness.answer(request, turn, parts)
        return player.outcome(*turn)

    def knows(self, request: Request) -> bool:
        """Return whether a request was recorded at all, played or not."""
        if (key := _login_key(request)) and self.has_login(*key):
            return True
        return self.player.knows(matching.parts_of_request(redact_request(request, self.vault)))

    def signed_otherwise(self, call: Call, differences: tuple[Difference, ...]) -> NoMatchError:
        """Return the error for a call that is signed otherwise than it was recorded."""
        return signature_mismatch(call, differences, self._context(call))

    def _context(self, call: Call | None) -> MissContext:
        settings = self.settings
        return MissContext(
            position=call.position if call else None,
            record=settings.command,
            new=settings.command_new,
            extra=settings.command_extra,
            rewrite=settings.command_rewrite,
        )

    def keep(self, exchange: Exchange) -> None:
        """Record a redacted exchange; it is on disk when this returns.

        Raises:
            CassetteError: if it cannot be kept.
            ConfigError: if the session is closed.
        """
        self.refuse_closed()
        self._look_back()
        if not self._is_repeated_login(exchange):
            key = _login_key(exchange.request) if self.settings.logins else None
            with self._lock:
                recorder = self._login_recorder(key) if key else self._own()
            values = self.values(exchange.request)
            if key:
                recorder.append(exchange, values=values)
            else:
                session = self.seat.number
                recorder.append(exchange, session=session, check=self._check, values=values)
        if not exchange.request.is_login:
            self.unrecognised.add(exchange)
            self.watch(exchange)

    def refuse_closed(self) -> None:
        """Let nothing happen any more once the session is closed.

        Raises:
            ConfigError: it is.
        """
        if self._is_closed:
            raise ConfigError(
                "the session is closed, so it neither calls nor records any more; use it "
                "inside its `with` block, or open another one"
            )

    def _look_back(self) -> None:
        """Redact anew what was recorded before a secret in it became known."""
        if self._known == self.vault.size:
            return
        with self._lock:
            fresh = self.vault.anchors_since(self._known)
            self._known += len(fresh)
            recorders = self._recorders()
        if fresh and recorders:
            self._late = True
            for recorder in recorders:
                recorder.mend(self._redact, holding=fresh)

    def _recorders(self) -> list[Recorder]:
        own = [self.seat.shared.recorder] if self.seat.shared.recorder else []
        return [*self._login_recorders.values(), *own]

    def _redact(self, exchange: Exchange) -> Exchange:
        return redact_exchange(exchange, self.vault)

    def has_login(self, platform: str, instance: str) -> bool:
        """Return whether the logins of an instance were recorded."""
        return self._login_player((platform, instance)) is not None

    def finish(self, *, failed: bool, is_signed: IsSigned) -> None:
        """End the session, and with its owner's last one seal what was recorded.

        A failed run's recording is set aside for review.

        Raises:
            LeakError: a secret would have been written.
            CassetteError: a file could not be written, and the old one is whole; or not put where
                the files come from.
        """
        self._is_closed, wrong = True, True
        shared = self.seat.shared
        try:
            if shared.mode == "record":
                self._redact_late()
                for key, recorder in self._login_recorders.items():
                    if failed and key not in self.let_in:
                        recorder.discard()
                    else:
                        recorder.seal(volatile=self.passing, named=self.named)
            self._upload(map(self._login_path, {**self._logins, **self._login_recorders}))
            wrong = failed
        finally:
            seal = partial(self._seal, is_signed=is_signed)
            shared.leave(self.seat, self.vault, seal, failed=wrong)

    def _redact_late(self) -> None:
        if self._late or self.vault.anchors_since(self._known):
            for recorder in self._login_recorders.values():
                recorder.mend(self._redact)
            if self.seat.shared.recorder:
                self.seat.shared.recorder.mend(self._redact, session=self.seat.number)

    def _seal(self, failed: bool, *, is_signed: IsSigned) -> None:
        """Seal what the sessions of the owner recorded, and put it where the files come from."""
        shared, owner = self.seat.shared, self.settings.owner
        if shared.mode == "record":
            # What was recorded before, and nothing calls any more, is not recorded any more.
            known = shared.cassette is not None and owner in shared.cassette.owners
            is_emptied = self.settings.record == "rewrite" and known
            if shared.recorder is None and not failed and (is_emptied or has_forked()):
                self._own()
            if shared.recorder is not None and failed:
                shared.recorder.set_aside()
            elif shared.recorder is not None:
                shared.recorder.seal(
                    volatile=self.passing,
                    named=self.named,
                    is_signed=is_signed,
                    replays=self.settings.replays,
                )
            shared.recorder = None
        self._upload([self.settings.cassette])

    def _upload(self, paths: Iterable[Path | None]) -> None:
        """Put what was recorded, now or before, where the files come from; it stays here, too."""
        remote = self.settings.remote
        if remote is None or self.settings.mode != "record":
            return
        for path in paths:
            if path is not None and path.exists():
                remote.upload(path)

    def _login_player(self, key: Key) -> Player | None:
        with self._lock:
            if key not in self._logins:
                cassette = load(self._login_path(key))
                self._logins[key] = (
                    Player(cassette, self.rules, ".".join(key), repeat=True) if cassette else None
                )
            return self._logins[key]

    def _is_repeated_login(self, exchange: Exchange) -> bool:
        """Return whether the same login was answered the same before: its recording repeats."""
        outcome = exchange.outcome
        if not exchange.request.is_login or isinstance(outcome, FailedExchange):
            return False
        who = matching.identity(matching.parts_of_request(exchange.request), self.rules)
        answered = (who, outcome.status, outcome.body)
        with self._lock:
            repeated = answered in self._answered_logins
            self._answered_logins.add(answered)
        return repeated and self.settings.logins is not None

    def _login_path(self, key: Key) -> Path | None:
        folder = self.settings.logins
        return _login_file(folder, key) if folder else None

    def _login_recorder(self, key: Key) -> Recorder:
        if key not in self._login_recorders:
            path = self._login_path(key)
            assert path is not None
            self._login_recorders[key] = self._make(path, ".".join(key), repeating=True)
        return self._login_recorders[key]

    def _own(self) -> Recorder:
        settings, shared = self.settings, self.seat.shared
        with shared.lock:
            if shared.recorder is None:
                if settings.cassette is None:
                    raise ConfigError("record: no cassette is named; pass cassette=")
                shared.recorder = self._make(
                    settings.cassette,
                    settings.owner,
                    adding=settings.record == "new",
                    name=shared.name,
                    parent=shared.parent,
                    net=shared.net,
                )
                shared.recorder.drawn = (
                    shared.drawn.without_unused_seed() if shared.has_drawn else None
                )
            return shared.recorder

    def _make(self, path: Path, owner: str, **how: Any) -> Recorder:
        vault = self.vault
        if self.settings.remote:
            self.settings.remote.fetch(path, recording=True)
        other = namesake(path)
        if other is not None:
            raise ConfigError(
                "{path} and {other} are one file on Windows and macOS, so nothing is recorded; "
                "rename one of them, by what it is named after: a scenario, a test, a row's id "
                "or a key",
                path=display_path(path),
                other=display_path(other),
            )
        return Recorder(
            path,
            rules=self.rules,
            owner=owner,
            scan=vault.scan,
            known=lambda: vault.size,
            zone=self.zone,
            **how,
        )


def nearest_login(request: Request, recorded: Iterable[Exchange], rules: Rules) -> Exchange | None:
    """Return the recorded login that answers *request*, which was not recorded just so, or None.

    What a client sends to log in depends on its version and on who runs it, so of the same request
    of the login the one counts that yielded a token and differs least. A builder's login differs
    from a builder's only where its declaration has changed.
    """
    login_call = request.call
    assert login_call is not None
    fitting = [
        exchange
        for exchange in recorded
        if (call := exchange.request.call) is not None
        and (call.method, call.path) == (login_call.method, login_call.path)
        and (is_of_client(request) or is_of_client(exchange.request))
    ]
    parts = matching.parts_of_request(request)

    def distance(exchange: Exchange) -> tuple[bool, int]:
        return not _yields(exchange), len(
            matching.differences(matching.parts_of_exchange(exchange), parts, rules)
        )

    return min(fitting, key=distance, default=None)


def _yields(login: Exchange) -> bool:
    """Return whether a recorded login was granted: what it minted has a stand-in."""
    outcome = login.outcome
    if isinstance(outcome, FailedExchange):
        return False
    texts = [outcome.body.decode(errors="replace"), *(value for _, value in outcome.headers)]
    return any(_STANDIN in text for text in texts)


def is_of_client(login: Request) -> bool:
    """Return whether a login is one of a client of its own, and no builder's."""
    return CLIENT in login.injected


def _login_key(request: Request) -> Key | None:
    """Return whose login *request* is, or None for any other request."""
    call = request.call
    return (call.platform, call.instance) if call is not None and call.is_login else None


@lru_cache(maxsize=256)
def _login_file(folder: Path, key: Key) -> Path:
    return folder / f"{'.'.join(key)}.yaml"


NEVER_RECORDED = Instant.parse("2026-01-01T00:00:00+08:00")
"""Where virtual time starts in replay when nothing says otherwise."""


class Opening(msgspec.Struct, frozen=True, kw_only=True):
    """The start of a run.

    Attributes:
        seat: the session's place among those of its owner.
        zone: offset from UTC of the scripts' local time and of the instants in a recording.
        simulated: whether stand-ins answer.
    """

    seat: Seat
    clock: VirtualClock
    zone: timedelta
    simulated: bool = False

    @property
    def mode(self) -> str:
        """Return the mode in force: recording once what is recorded already is replaying it."""
        return self.seat.shared.mode

    @property
    def net_version(self) -> int:
        """Return the version of the net of names that the recording is or was made under."""
        return self.seat.shared.net

    @property
    def is_closed(self) -> bool:
        """Return whether the network is closed and no real credential is needed."""
        return self.mode == "replay" or self.simulated

    @property
    def auth_clock(self) -> Clock:
        """Return what auth is dated with: real time where it is sent to somebody."""
        return self.clock if self.is_closed else SystemClock()


def opening(settings: Settings, passing: PlacesOf = no_places) -> Opening:
    """Open the recording and set the clock; what a killed recording left is sealed first.

    *passing* names the fields of an API's responses that have no meaning.

    Raises:
        CassetteError: the cassette cannot be used.
    """
    kind = (settings.owner, settings.mode, settings.record)
    seat = (settings.run or OPEN).join(settings.cassette, kind, partial(_begun, settings, passing))
    mode = seat.shared.mode
    start = settings.clock or _recorded_start(settings, seat, mode)
    return Opening(
        seat=seat,
        clock=VirtualClock(start.seconds),
        zone=start.offset,
        simulated=mode != "replay" and settings.is_simulated,
    )


def _begun(settings: Settings, passing: PlacesOf) -> Shared:
    """Open the recording for the first session of its owner."""
    if settings.remote and settings.cassette:
        settings.remote.fetch(settings.cassette, recording=settings.mode == "record")
    if settings.mode == "record" and settings.cassette is not None:
        recover(settings.cassette, volatile=passing)
    cassette = load(settings.cassette)
    once = settings.mode == "record" and settings.record == "once"
    known = cassette is not None and settings.owner in cassette.owners
    mode = "replay" if once and known else settings.mode
    if mode == "replay" and settings.cassette is not None:
        _warn_of_interrupted(settings.cassette)
    if mode == "replay" and cassette is not None:
        fetch_logins(settings, cassette)  # while the network is open
    name = uuid4().hex if mode == "record" else ""
    drawn = _drawn(settings, mode, cassette)
    is_kept = mode == "replay" or settings.record == "new"
    net = cassette.net_of(settings.owner) if cassette and known and is_kept else VERSION
    return Shared(mode=mode, cassette=cassette, name=name, drawn=drawn, net=net)


def _drawn(settings: Settings, mode: str, cassette: Cassette | None) -> DrawnSequences:
    """Return what scripts draw from: the seed that is fixed, else recorded, else a new one.

    What only stand-ins see is the same in every run. What is added to a recording is drawn from a
    new seed, or every such addition would send the same values.
    """
    if settings.seed is not None:
        return DrawnSequences((settings.seed,))
    is_synthetic = mode == "replay" or settings.is_simulated
    adds = mode == "record" and settings.record == "new"
    known = cassette.draws_of(settings.owner) if cassette and (mode == "replay" or adds) else None
    if known is None:
        return DrawnSequences((0 if is_synthetic else new_seed(settings.owner),))
    if is_synthetic or not known.ends:
        return known
    return DrawnSequences((*known.seeds, new_seed(settings.owner)), known.ends)


def _warn_of_interrupted(cassette: Path) -> None:
    for journal in find_interrupted(cassette):
        warnings.warn(
            msg(
                "{journal} holds a recording that was interrupted and is not replayed; seal it "
                "with `bpmax-sim recover {cassette}`",
                journal=display_path(journal),
                cassette=shell_quote(display_path(cassette)),
            ),
            InterruptedWarning,
            stacklevel=2,
        )


def _recorded_start(settings: Settings, seat: Seat, mode: str) -> Instant:
    if mode != "replay":
        return NEVER_RECORDED if settings.is_simulated else NEVER_RECORDED.at(time.time())
    cassette = seat.shared.cassette
    recorded = cassette.start(settings.owner, session=seat.number) if cassette else None
    return recorded or NEVER_RECORDED
