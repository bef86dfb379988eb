"""Sessions of one run log in once: the response to a login serves the next, too.

Each session sees the shared exchange as its own, and records it. Whoever asks for the second time,
since its token has expired or was refused, asks the third party. A login is shared until half of
its life is over, so that hardly any token ends earlier than its session expects.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Any

import msgspec

from bpmax_sim.messages import Request, Response
from bpmax_sim.transport.protocol import Transport


class _Answered(msgspec.Struct):
    """A response, the instant it came, and until when it is shared."""

    response: Response
    at: float
    until: float = 0.0


class SharedLogins:
    """The logins of a run; safe to use from several threads."""

    def __init__(self) -> None:
        """Start without any."""
        self._lock = threading.Lock()
        self._locks: dict[str, threading.Lock] = {}
        self._answers: dict[str, _Answered] = {}
        self._transports: list[object] = []

    def over(
        self,
        inner: Transport,
        *,
        network: object,
        real: Callable[[Request], Mapping[str, Any]],
    ) -> SharingLogins:
        """Return *inner* for one session.

        *network* tells whom it asks, as an equal one of another session does, and *real* returns
        the credentials behind a request.
        """
        with self._lock:
            known = [n for n, transport in enumerate(self._transports) if transport == network]
            if not known:
                known = [len(self._transports)]
                self._transports.append(network)
        return SharingLogins(inner, self, known[0], real)

    def obtain(self, key: str, ask: Callable[[], Response], *, again: bool) -> Response:
        """Return what was answered already, or else, or *again*, what *ask* returns."""
        with self._lock:
            lock = self._locks.setdefault(key, threading.Lock())
        with lock:
            known = self._answers.get(key)
            if known is not None and not again and time.monotonic() < known.until:
                return known.response
            response = ask()
            self._answers[key] = _Answered(response, time.monotonic())
            return response

    def granted(self, key: str, life: float) -> None:
        """Share a login, which has yielded what it has to and lives for *life* seconds."""
        known = self._answers.get(key)
        if known is not None and not known.until:
            known.until = known.at + life / 2


class SharingLogins:
    """A transport that asks once for the logins of several sessions."""

    def __init__(
        self,
        inner: Transport,
        shared: SharedLogins,
        network: int,
        real: Callable[[Request], Mapping[str, Any]],
    ) -> None:
        """Ask *inner* for all else."""
        self._inner = inner
        self._shared = shared
        self._network = network
        self._real = real
        self._logins: dict[str, tuple[str, str]] = {}

    def handle(self, request: Request) -> Response:
        """Return the response to *request*, to a login that of another session if there is one.

        Raises:
            TransportError: the exchange did not complete.
        """
        call = request.call
        if call is None or not request.is_login:
            return self._inner.handle(request)
        key = self._key(request)
        again = key in self._logins
        self._logins[key] = call.platform, call.instance
        return self._shared.obtain(key, lambda: self._inner.handle(request), again=again)

    def granted(self, platform: str, instance: str, life: float) -> None:
        """Share the logins of an instance, which have yielded what they have to."""
        for key, call in self._logins.items():
            if call == (platform, instance):
                self._shared.granted(key, life)

    def _key(self, request: Request) -> str:
        """Return what two logins have in common that ask for the same, also at another time."""
        call = request.call
        assert call is not None
        sent: tuple[object, ...] = request.method, request.url, request.headers, request.body
        if request.injected:  # the time and a nonce make each another
            facts = (call.method, call.path, call.query, call.headers, call.body)
            sent = request.base, facts, sorted(self._real(request).items(), key=repr)
        text = repr((self._network, call.platform, call.instance, sent))
        return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
