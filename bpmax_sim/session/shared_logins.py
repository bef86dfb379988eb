"""Log in once for all sessions of a run: the response to a login is also used by the next session.

Each session sees the shared exchange as its own and records it. A session that logs in for the
second time, as its token has expired or was refused, asks the third party. A login is shared only
for the first half of its life, so that hardly any token expires earlier than its session expects.

With ``share: process_lock`` on a platform, all processes of the machine share logins as one run. A
login is stored in a file that is encrypted with a key derived from its credentials, and locked
until the login has yielded all its values. A process that logs in again gets the login made since
then, if there is one.
"""

from __future__ import annotations

import hashlib
import math
import os
import tempfile
import threading
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import msgspec
from msgspec.structs import replace

from bpmax_sim.errors import ConfigError
from bpmax_sim.file_system import BINARY, close_and_unlock, find_user, open_fork_safe, try_lock
from bpmax_sim.messages import Request, Response
from bpmax_sim.transport.protocol import Transport


class _KnownLogin(msgspec.Struct):
    """A response to a login, and until when sessions may share it.

    Attributes:
        at, until: instants of arrival and of the end; monotonic time in memory, POSIX time in a
            file.
        stamp: POSIX time of arrival, to the bit the same in every process, so that a process
            recognises the login that it has used already.
    """

    response: Response
    at: float
    until: float = 0.0
    stamp: float = 0.0

    def move_by(self, seconds: float) -> _KnownLogin:
        """Return the same login with its instants *seconds* later, as another clock has them."""
        return replace(self, at=self.at + seconds, until=self.until + seconds)


_READ, _PAUSE = 1 << 16, 0.02
_PATIENCE = 60.0  # seconds that a login takes at most, or those who wait ask for themselves
# 16 MB for each try (128 * r * n; RFC 7914, 2): who gets at the file has to guess credentials so.
_COST = {"n": 2**14, "r": 8, "p": 1}


class _SharedLoginFile:
    """The file by which all processes with equal credentials share a login, encrypted.

    Its lock is held from `lock_and_read` to `release`, so that only one process logs in.
    """

    def __init__(self, secret: str) -> None:
        self._secret = secret
        self._descriptor = -1

    @cached_property
    def _cipher_key(self) -> bytes:
        text = self._secret.encode("utf-8", "surrogatepass")
        # The salt is fixed: each process has to compute the same key from the credentials alone.
        return hashlib.scrypt(text, salt=b"bpmax_sim login", dklen=48, **_COST)

    @cached_property
    def _cipher(self) -> Any:
        from cryptography.fernet import Fernet  # noqa: PLC0415 - takes long to import

        return Fernet(urlsafe_b64encode(self._cipher_key[16:]))

    @property
    def is_held(self) -> bool:
        return self._descriptor >= 0

    def lock_and_read(self) -> _KnownLogin | None:
        """Wait for the lock and return the login in the file; None if there is no usable one.

        None, and the lock is not held, if another process keeps it for more than a minute.

        Raises:
            ConfigError: if the file cannot be created.
        """
        # Only who knows the credentials can compute the name; the folder is only this user's.
        path = Path(
            tempfile.gettempdir(), f"bpmax-sim-{find_user() or 0}", self._cipher_key[:16].hex()
        )
        flags = os.O_CREAT | os.O_RDWR | BINARY
        try:
            path.parent.mkdir(mode=0o700, exist_ok=True)
            self._descriptor = open_fork_safe(lambda: os.open(path, flags, 0o600))
        except OSError as error:
            raise ConfigError(
                "{path}: share: process_lock needs this file ({strerror}); "
                "set TMPDIR to a folder that can be written",
                path=path,
                strerror=error.strerror,
            ) from None
        until = time.monotonic() + _PATIENCE
        while not try_lock(self._descriptor):
            # A process that was stopped (in a debugger, for example) would hold up all others.
            if time.monotonic() >= until:
                self.release()
                return None
            time.sleep(_PAUSE)
        from cryptography.fernet import InvalidToken  # noqa: PLC0415

        os.lseek(self._descriptor, 0, os.SEEK_SET)
        data = b"".join(iter(lambda: os.read(self._descriptor, _READ), b""))
        try:
            known = msgspec.json.decode(self._cipher.decrypt(data), type=_KnownLogin)
        except (InvalidToken, msgspec.MsgspecError):
            return None  # new, cut off, or of another version
        # Monotonic clocks differ between processes, so the file has times of day.
        since = time.monotonic() - time.time()
        return known.move_by(since)

    def store(self, known: _KnownLogin) -> None:
        """Write *known* for the other processes."""
        since = time.time() - time.monotonic()
        os.lseek(self._descriptor, 0, os.SEEK_SET)
        # Written in place, not replaced by a new file: the lock is on this one.
        os.ftruncate(self._descriptor, 0)
        os.write(self._descriptor, self._cipher.encrypt(msgspec.json.encode(known.move_by(since))))

    def release(self) -> None:
        """Release the lock."""
        if self.is_held:
            descriptor, self._descriptor = self._descriptor, -1
            close_and_unlock(descriptor)


class SharedLogins:
    """The logins of a run; safe to use from several threads.

    The states of a login key::

        free ── obtain, nothing to share ──▶ held by a session ── share_grant ──▶ free, and shared
                                                │                                 for half its life
                                                └─ release, or a minute passes ──▶ free
    """

    def __init__(self) -> None:
        """Start without logins."""
        self._changed = threading.Condition()
        self._holders: dict[str, object] = {}
        self._answers: dict[str, _KnownLogin] = {}
        self._files: dict[str, _SharedLoginFile] = {}
        self._transports: list[object] = []

    def wrap_transport(
        self,
        inner: Transport,
        *,
        third_parties: object,
        credentials_of: Callable[[Request], Mapping[str, Any]],
        machine_wide_platforms: Container[str] = (),
    ) -> SharedLoginTransport:
        """Return a transport for one session that sends by *inner*, but shares logins with others.

        Args:
            inner: transport to the third parties.
            third_parties: sessions share only if this is equal: a transport of their own, None for
                the real third parties.
            credentials_of: function that returns the credentials of a request.
            machine_wide_platforms: platforms whose logins all processes of the machine share.
        """
        with self._changed:
            if third_parties not in self._transports:
                self._transports.append(third_parties)
            number = self._transports.index(third_parties)
        return SharedLoginTransport(inner, self, number, credentials_of, machine_wide_platforms)

    def obtain(
        self,
        key: str,
        ask: Callable[[], Response],
        *,
        holder: object,
        after: float,
        file_secret: str = "",
    ) -> _KnownLogin:
        """Return the login *key* if it was received *after* an instant, else log in by ``ask()``.

        *after* is the stamp of the login that the session used before.

        After a new login *holder*, the transport of the session, holds it until `share_grant` or
        `release`, and others wait for it. *file_secret* encrypts the file by which processes share,
        and contains what they all know, the credentials included; empty if only this process
        shares.
        """
        with self._changed:
            # Whoever holds a login for longer than that is taken to be stuck, and is passed over.
            self._changed.wait_for(lambda: self._holders.get(key, holder) is holder, _PATIENCE)
            self._holders[key] = holder
            file = None
            if file_secret:
                file = self._files.setdefault(key, _SharedLoginFile(file_secret))
        try:
            known = self._answers.get(key)
            if file is not None and not file.is_held:
                known = file.lock_and_read() or known
            if known is None or known.stamp <= after or time.monotonic() >= known.until:
                self._answers[key] = known = _KnownLogin(ask(), time.monotonic(), stamp=time.time())
                return known
        # Ctrl-C too: the others would wait for a login that nobody makes.
        except BaseException:
            self.release(key, holder)
            raise
        self._answers[key] = known
        self.release(key, holder)
        return known

    def share_grant(self, key: str, holder: object, life: float) -> None:
        """Share the login *key* for half of *life*, its grant's life in seconds.

        *holder* is the transport of the session that logged in; of any other, nothing is shared.
        Another session counts the life from its own start, and so needs the other half as margin.
        """
        known, file = self._answers.get(key), self._files.get(key)
        if self._holders.get(key) is holder and known is not None:
            # The other session starts its own count of the token's life later; the second half is
            # its margin.
            known.until = known.at + life / 2
            if file is not None and file.is_held:
                file.store(known)
        self.release(key, holder)

    def release(self, key: str, holder: object) -> None:
        """Let other sessions log in under *key*, if *holder* holds that login.

        The holder is the transport of the session that logs in.
        """
        with self._changed:
            if self._holders.get(key) is not holder:
                return
            del self._holders[key]
            if (file := self._files.get(key)) is not None:
                file.release()
            self._changed.notify_all()


@dataclass(slots=True, eq=False, repr=False)
class SharedLoginTransport:
    """A transport that sends each login only once for several sessions.

    Attributes:
        third_parties: number that is equal for all sessions with the same third parties.
        renewing: platform and instance keys whose logins replace a credential, so that each login
            sends another value.
    """

    inner: Transport
    shared: SharedLogins
    third_parties: int
    credentials_of: Callable[[Request], Mapping[str, Any]]
    machine_wide_platforms: Container[str]
    renewing: Container[tuple[str, str]] = ()
    _logins: dict[str, tuple[str, str]] = field(default_factory=dict, init=False)
    _taken: dict[str, float] = field(default_factory=dict, init=False)

    def handle(self, request: Request) -> Response:
        """Return the response to *request*; a login may get that of another session's.

        Raises:
            TransportError: if the exchange fails.
            ConfigError: if processes are to share a login and the file cannot be created.
        """
        call = request.call
        if call is None or not request.is_login:
            return self.inner.handle(request)
        text = self._identify_login(request)
        owner = f"{self.third_parties}{text}"
        key = hashlib.sha256(owner.encode("utf-8", "surrogatepass")).hexdigest()
        self._logins[key] = call.platform, call.instance
        is_machine_wide = call.platform in self.machine_wide_platforms
        # What another got since the last one here may be dead, too. But where an account has one
        # token, it is the one that may live.
        taken = self._taken.get(key, -math.inf)
        answered = self.shared.obtain(
            key,
            lambda: self.inner.handle(request),
            holder=self,
            after=taken if is_machine_wide or key not in self._taken else math.inf,
            file_secret=text if is_machine_wide else "",
        )
        self._taken[key] = answered.stamp
        return answered.response

    def finish_login_attempt(self, platform: str, instance: str, life: float | None) -> None:
        """Share the login of an instance for *life* seconds with others; None releases it.

        Until then no other session sends the same login.
        """
        for key, call in tuple(self._logins.items()):  # other calls of the session log in meanwhile
            if call == (platform, instance):
                if life is None:
                    self.shared.release(key, self)
                else:
                    self.shared.share_grant(key, self, life)

    def close(self) -> None:
        """Release the logins that have not ended, so that others can log in."""
        for key in tuple(self._logins):
            self.shared.release(key, self)

    def _identify_login(self, request: Request) -> str:
        """Return a text by which equal logins are recognised, whatever time or nonce they have."""
        call = request.call
        assert call is not None
        sent: tuple[object, ...] = request.method, request.url, request.headers, request.body
        key = call.platform, call.instance
        if request.injected or key in self.renewing:  # time, nonce or newest make each another
            facts = (call.method, call.path, call.query, call.headers, call.body)
            sent = request.base, facts, sorted(self.credentials_of(request).items(), key=repr)
        return repr((call.platform, call.instance, sent))
