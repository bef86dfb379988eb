"""One instant by which all of an exchange is over, however slowly a server drips.

httpx bounds each read and each write, not their sum, and has no door for a network of one's own
but httpcore's: https://www.encode.io/httpcore/network-backends/
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterable
from contextvars import ContextVar
from typing import Any

import httpcore
import httpx

DEADLINE: ContextVar[float | None] = ContextVar("DEADLINE", default=None)
"""When the exchange of this thread has to be over, by `time.monotonic`."""
_LEAST = 0.001  # seconds; none at all would mean not to wait, which is another error


def keep_deadlines(client: httpx.Client) -> None:
    """Let every connection of *client*, through proxies too, be over by `DEADLINE`."""
    for transport in (client._transport, *client._mounts.values()):  # noqa: SLF001 - no other way
        pool: Any = getattr(transport, "_pool", None)
        if pool is not None:
            pool._network_backend = _Backend(pool._network_backend)  # noqa: SLF001


def _left(timeout: float | None) -> float | None:
    """Return how long to wait at most, in seconds.

    Raises:
        httpcore.ReadTimeout: not at all.
    """
    until = DEADLINE.get()
    if until is None:
        return timeout
    left = until - time.monotonic()
    if left <= 0:
        raise httpcore.ReadTimeout("the time for the whole exchange is over")
    return max(_LEAST, left if timeout is None else min(timeout, left))


class _Backend(httpcore.NetworkBackend):
    """Another network, whose connections keep the deadline."""

    def __init__(self, inner: httpcore.NetworkBackend) -> None:
        self._inner = inner

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        made = self._inner.connect_tcp(host, port, _left(timeout), local_address, socket_options)
        return _Stream(made)

    def sleep(self, seconds: float) -> None:
        self._inner.sleep(seconds)


class _Stream(httpcore.NetworkStream):
    """A connection that keeps the deadline."""

    def __init__(self, inner: httpcore.NetworkStream) -> None:
        self._inner = inner

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, _left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, _left(timeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, _left(timeout)))

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)
