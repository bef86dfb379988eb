"""Sessions of one run log in once: the response to a login serves the next, too.

Each session sees the shared exchange as its own, and records it. Whoever asks for the second time,
since its token has expired or was refused, asks the third party. A login is shared until half of
its life is over, so that hardly any token ends earlier than its session expects.

Where a platform says ``share: process_lock``, all processes of the machine are one such run: a
login is in a file that can only be read with the credentials it was got for, and locked until it
is known to have yielded what it has to. Whoever asks again gets what came since, if anything did.
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

from bpmax_sim.errors import ConfigError
from bpmax_sim.file_system import BINARY, close_fork_safe, find_user, open_fork_safe, try_lock
from bpmax_sim.messages import Request, Response
from bpmax_sim.transport.protocol import Transport


class _KnownLogin(msgspec.Struct):
    """A response, the instant it came, and until when it is shared."""

    response: Response
    at: float
    until: float = 0.0


_READ, _PAUSE = 1 << 16, 0.02
_PATIENCE = 60.0  # seconds that a login takes at most, or those who wait ask for themselves
_COST = {"n": 2**14, "r": 8, "p": 1}


class _SharedFile:
    """The login of all processes with the same credentials; locked from `take` to `release`."""

    def __init__(self, secret: str) -> None:
        self._secret = secret
        self._descriptor = -1

    @cached_property
    def _cipher_key(self) -> bytes:
        text = self._secret.encode("utf-8", "surrogatepass")
        return hashlib.scrypt(text, salt=b"bpmax_sim login", dklen=48, **_COST)

    @cached_property
    def _box(self) -> Any:
        from cryptography.fernet import Fernet  # noqa: PLC0415 - takes long to import

        return Fernet(urlsafe_b64encode(self._cipher_key[16:]))

    @property
    def is_held(self) -> bool:
        return self._descriptor >= 0

    def take(self) -> _KnownLogin | None:
        """Wait for the file, and return what is in it.

        Raises:
            ConfigError: there is no place for it.
        """
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
        while not try_lock(self._descriptor):
            time.sleep(_PAUSE)
        from cryptography.fernet import InvalidToken  # noqa: PLC0415

        os.lseek(self._descriptor, 0, os.SEEK_SET)
        data = b"".join(iter(lambda: os.read(self._descriptor, _READ), b""))
        try:
            known = msgspec.json.decode(self._box.decrypt(data), type=_KnownLogin)
        except (InvalidToken, msgspec.MsgspecError):
            return None  # new, cut off, or of another version
        since = time.monotonic() - time.time()
        return _KnownLogin(known.response, known.at + since, known.until + since)

    def store(self, known: _KnownLogin) -> None:
        """Let the others have it."""
        since = time.time() - time.monotonic()
        stamped = _KnownLogin(known.response, known.at + since, known.until + since)
        os.lseek(self._descriptor, 0, os.SEEK_SET)
        os.ftruncate(self._descriptor, 0)
        os.write(self._descriptor, self._box.encrypt(msgspec.json.encode(stamped)))

    def release(self) -> None:
        """Let others take it."""
        if self.is_held:
            descriptor, self._descriptor = self._descriptor, -1
            close_fork_safe(descriptor)


class SharedLogins:
    """The logins of a run; safe to use from several threads."""

    def __init__(self) -> None:
        """Start without any."""
        self._changed = threading.Condition()
        self._holders: dict[str, object] = {}
        self._answers: dict[str, _KnownLogin] = {}
        self._files: dict[str, _SharedFile] = {}
        self._transports: list[object] = []

    def wrap_transport(
        self,
        inner: Transport,
        *,
        network: object,
        real: Callable[[Request], Mapping[str, Any]],
        across: Container[str] = (),
    ) -> SharedLoginTransport:
        """Return *inner* for one session.

        *network* tells whom it asks, as an equal one of another session does, and *real* returns
        the credentials behind a request. All processes share the logins of the platforms *across*.
        """
        with self._changed:
            if network not in self._transports:
                self._transports.append(network)
            number = self._transports.index(network)
        return SharedLoginTransport(inner, self, number, real, across)

    def obtain(
        self,
        key: str,
        ask: Callable[[], Response],
        *,
        holder: object,
        after: float,
        across: str = "",
    ) -> _KnownLogin:
        """Return what was answered *after* an instant, or else what *ask* returns.

        Who asks holds the login until it is granted or let go, and the others wait that long.
        *across* is what all processes that share it know, the credentials among it.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._holders.get(key, holder) is holder, _PATIENCE)
            self._holders[key] = holder
            file = self._files.setdefault(key, _SharedFile(across)) if across else None
        try:
            known = self._answers.get(key)
            if file is not None and not file.is_held:
                known = file.take() or known
            if known is None or known.at <= after or time.monotonic() >= known.until:
                self._answers[key] = known = _KnownLogin(ask(), time.monotonic())
                return known
        except BaseException:
            self.release(key, holder)
            raise
        self._answers[key] = known
        self.release(key, holder)
        return known

    def share_grant(self, key: str, holder: object, life: float) -> None:
        """Share a login of *holder*, which has yielded what it has to and lives *life* seconds."""
        known, file = self._answers.get(key), self._files.get(key)
        if self._holders.get(key) is holder and known is not None:
            known.until = known.at + life / 2
            if file is not None and file.is_held:
                file.store(known)
        self.release(key, holder)

    def release(self, key: str, holder: object) -> None:
        """Let others ask, if *holder* keeps them from it."""
        with self._changed:
            if self._holders.get(key) is not holder:
                return
            del self._holders[key]
            if (file := self._files.get(key)) is not None:
                file.release()
            self._changed.notify_all()


@dataclass(slots=True, eq=False, repr=False)
class SharedLoginTransport:
    """A transport that asks once for the logins of several sessions.

    Attributes:
        renewing: platform and instance keys whose logins replace a credential, so that each sends
            another.
    """

    inner: Transport
    shared: SharedLogins
    network: int
    real: Callable[[Request], Mapping[str, Any]]
    across: Container[str]
    renewing: Container[tuple[str, str]] = ()
    _logins: dict[str, tuple[str, str]] = field(default_factory=dict, init=False)
    _taken: dict[str, float] = field(default_factory=dict, init=False)

    def handle(self, request: Request) -> Response:
        """Return the response to *request*, to a login that of another session if there is one.

        Raises:
            TransportError: the exchange did not complete.
            ConfigError: processes are to share a login and have no place for it.
        """
        call = request.call
        if call is None or not request.is_login:
            return self.inner.handle(request)
        text = self._identify(request)
        key = hashlib.sha256(f"{self.network}{text}".encode("utf-8", "surrogatepass")).hexdigest()
        self._logins[key] = call.platform, call.instance
        is_across = call.platform in self.across
        # What another got since the last one here may be dead, too. But where an account has one
        # token, it is the one that may live.
        taken = self._taken.get(key, -math.inf)
        answered = self.shared.obtain(
            key,
            lambda: self.inner.handle(request),
            holder=self,
            after=taken if is_across or key not in self._taken else math.inf,
            across=text if is_across else "",
        )
        self._taken[key] = answered.at
        return answered.response

    def end_login(self, platform: str, instance: str, life: float | None) -> None:
        """Share the logins of an instance, which live for *life* seconds; None: they yield nothing.

        Until then nobody else asks for them.
        """
        for key, call in self._logins.items():
            if call == (platform, instance):
                if life is None:
                    self.shared.release(key, self)
                else:
                    self.shared.share_grant(key, self, life)

    def close(self) -> None:
        """Let others log in where a login here has not come to its end."""
        for key in self._logins:
            self.shared.release(key, self)

    def _identify(self, request: Request) -> str:
        """Return what two logins have in common that ask for the same, also at another time."""
        call = request.call
        assert call is not None
        sent: tuple[object, ...] = request.method, request.url, request.headers, request.body
        key = call.platform, call.instance
        if request.injected or key in self.renewing:  # time, nonce or newest make each another
            facts = (call.method, call.path, call.query, call.headers, call.body)
            sent = request.base, facts, sorted(self.real(request).items(), key=repr)
        return repr((call.platform, call.instance, sent))
