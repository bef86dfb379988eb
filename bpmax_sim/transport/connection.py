"""Open connections: direct, forwarded or tunnelled by a proxy, with the TLS files of an instance.

Environment variables have the meaning that they have in httpx; an instance's own route wins. An
exchange has one deadline, however slowly a server sends: httpx limits each read and each write but
not their sum. httpcore accepts a network backend for that:
https://www.encode.io/httpcore/network-backends/
"""

from __future__ import annotations

import math
import os
import re
import ssl
import threading
import time
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import httpcore
import httpx

# Private, and the one place that knows NO_PROXY and the systems' own settings as httpx does.
from httpx._utils import get_environment_proxies

from bpmax_sim.errors import ConfigError
from bpmax_sim.i18n import join_messages, msg
from bpmax_sim.messages import ConnectionRoute
from bpmax_sim.platform.check import PROXY, is_proxy_address

_LEAST: Final = 0.001  # seconds; none at all would mean not to wait, which is another error
_STOPPED_WITHIN: Final = 0.25  # seconds that a read waits before it looks whether to go on
_PROXY_AUTHENTICATION_REQUIRED: Final = 407
_SOCKS: Final = ("socks5", "socks5h")


@dataclass(slots=True)
class ConnectionProgress:
    """Progress of the exchange on this thread.

    Attributes:
        until: deadline, by `time.monotonic`.
        proxy: origin of the proxy in use; empty for a direct connection.
        handshakes: TLS handshakes begun since the request was passed to the transport.
        is_shaking: whether a handshake is running.
        stop: event that ends all waiting when set; None if the exchange cannot be stopped.
    """

    until: float
    proxy: str = ""
    handshakes: int = 0
    is_shaking: bool = False
    stop: threading.Event | None = None


PROGRESS: ContextVar[ConnectionProgress | None] = ContextVar("PROGRESS", default=None)


class Address(httpx.URL):
    """A URL whose request target is sent unchanged, where httpx would normalise it.

    httpx passes it to `httpcore.URL`, which makes the origin-form (RFC 9112, 3.2.1) for a server or
    a tunnel, and the absolute-form (3.2.2) for a forwarding proxy. httpcore's extension ``target``
    cannot be used: it would also replace the authority-form of CONNECT (3.2.3).
    """

    def __init__(self, url: str) -> None:
        """Take *url*, which is already percent-encoded."""
        super().__init__(url)
        # the origin-form; an empty path is sent as ``/`` (RFC 9112, 3.2.1)
        target = re.sub(r"\A[^/]*//[^/?]*", "", url.partition("#")[0])
        self._target = (target if target.startswith("/") else f"/{target}").encode("ascii")

    @property
    def raw_path(self) -> bytes:
        """Return path and query as bytes, unchanged."""
        return self._target


def open_transports(
    route: ConnectionRoute,
) -> tuple[httpx.BaseTransport, dict[str, httpx.BaseTransport | None]]:
    """Return the transport for direct connections, and transports by httpx URL pattern for proxies.

    None for a pattern means a direct connection.

    Raises:
        ConfigError: if a file of the route or an environment variable cannot be used.
    """
    context = _make_tls_context(route, *_read_certificate_paths())
    proxies = {"all://": route.proxy} if route.proxy else get_environment_proxies()
    mounts: dict[str, httpx.BaseTransport | None] = dict.fromkeys(proxies)
    for pattern, proxy in proxies.items():
        if proxy is not None:
            mounts[pattern] = DeadlineTransport(context, _parse_proxy(proxy, pattern, route))
    return DeadlineTransport(context), mounts


class DeadlineTransport(httpx.HTTPTransport):
    """An httpx transport over sockets that keeps deadlines and records its progress."""

    def __init__(self, context: ssl.SSLContext, proxy: httpx.Proxy | None = None) -> None:
        """Connect with *context*, through *proxy* if given."""
        super().__init__(verify=context, proxy=proxy, trust_env=False)
        pool: Any = self._pool  # httpx has no argument for its network
        pool._network_backend = _DeadlineBackend(pool._network_backend)  # noqa: SLF001
        # without user and password, which are no part of a netloc in httpx
        self._proxy = f"{proxy.url.scheme}://{proxy.url.netloc.decode()}" if proxy else ""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Return the response.

        Raises:
            httpx.TransportError: if the exchange fails, or a forwarding proxy itself refuses the
                request.
        """
        progress = PROGRESS.get()
        if progress is not None:
            progress.proxy, progress.handshakes, progress.is_shaking = self._proxy, 0, False
        response = super().handle_request(request)
        # For a tunnel httpcore raises this error itself; a forwarded request has a response like
        # any other.
        # RFC 9110, 15.5.8: of a proxy, not of the API, where the request was forwarded
        refused = response.status_code == _PROXY_AUTHENTICATION_REQUIRED
        if refused and self._proxy and request.url.scheme == "http":
            response.close()
            raise httpx.ProxyError(f"{response.status_code} {response.reason_phrase}")
        return response


def _parse_proxy(text: str, pattern: str, route: ConnectionRoute) -> httpx.Proxy:
    """Return the proxy at the address *text*.

    No message quotes *text*, since it may hold a password. The address is that of *route*, or else
    comes from an environment variable, which *pattern* (``https://``) tells.

    Raises:
        ConfigError: if *text* is not the address of a proxy, or needs a package for SOCKS.
    """
    name = "proxy" if route.proxy else f"{pattern.partition(':')[0].upper()}_PROXY"
    scheme = text.partition(":")[0].lower()
    proxy = None
    with suppress(httpx.InvalidURL, ValueError):
        if is_proxy_address(text):
            context = (
                _make_tls_context(ConnectionRoute(), *_read_certificate_paths())
                if scheme == "https"
                else None
            )
            proxy = httpx.Proxy(text, ssl_context=context)
    if proxy is None:
        raise ConfigError("{name}: expected {proxy}, got other text", name=name, proxy=PROXY)
    if scheme in _SOCKS and not find_spec("socksio"):
        raise ConfigError(
            '{name}: {scheme} needs the package socksio; pip install "httpx[socks]"',
            name=name,
            scheme=scheme,
        )
    return proxy


def _read_certificate_paths() -> tuple[str, str]:
    """Return ``SSL_CERT_FILE`` and ``SSL_CERT_DIR``: file and folder of trusted CA certificates."""
    return os.environ.get("SSL_CERT_FILE", ""), os.environ.get("SSL_CERT_DIR", "")


# Reading the trusted CAs takes some 50 ms, more than most requests.
@lru_cache(maxsize=64)
def _make_tls_context(route: ConnectionRoute, file: str, folder: str) -> ssl.SSLContext:
    """Return a TLS context with the route's CA and client certificate.

    *file* and *folder* come from the environment. They are arguments so that the cache sees
    changes.
    """
    try:
        context = _trust_only(route.ca) if route.ca else httpx.create_ssl_context()
    except OSError as error:
        named = msg("SSL_CERT_FILE {file}", file=(file or folder))
        if route.ca:
            named = msg("tls.ca {ca}", ca=route.ca)
        raise ConfigError(
            "{named}: no certificates can be read: {strerror}",
            named=named,
            strerror=error.strerror,
        ) from error
    if route.cert:
        try:
            # Without a password OpenSSL would ask for one on the terminal, and wait for ever.
            context.load_cert_chain(route.cert, route.key or None, password=_raise_for_key_password)
        except (OSError, ValueError) as error:
            names = join_messages(
                " and ", filter(None, (msg("tls.cert {cert}", cert=route.cert), route.key))
            )
            raise ConfigError(
                "{names}: expected a certificate and its key without a password, as PEM",
                names=names,
            ) from error
    return context


def _raise_for_key_password() -> str:
    """Raise instead of letting OpenSSL ask for the key's password on the terminal."""
    raise ValueError(msg("the key has a password"))


def _trust_only(ca: str) -> ssl.SSLContext:
    if Path(ca).is_dir():
        return ssl.create_default_context(capath=ca)
    return ssl.create_default_context(cafile=ca)


def _limit_to_deadline(timeout: float | None) -> float | None:
    """Return *timeout* limited to the time until the deadline, in seconds.

    Unchanged if no exchange runs on this thread; None is no limit.

    Raises:
        httpcore.ReadTimeout: if the deadline has passed.
    """
    progress = PROGRESS.get()
    if progress is None:
        return timeout
    left = progress.until - time.monotonic()
    if left <= 0:
        raise httpcore.ReadTimeout(msg("the time for the whole exchange is over"))
    return max(_LEAST, left if timeout is None else min(timeout, left))


class _DeadlineBackend(httpcore.NetworkBackend):
    """Wraps a network backend; its connections keep the deadline."""

    def __init__(self, inner: httpcore.NetworkBackend) -> None:
        self._inner = inner

    def connect_tcp(
        self, host: str, port: int, timeout: float | None = None, *args: Any, **options: Any
    ) -> httpcore.NetworkStream:
        return _DeadlineStream(
            self._inner.connect_tcp(host, port, _limit_to_deadline(timeout), *args, **options)
        )

    def sleep(self, seconds: float) -> None:
        self._inner.sleep(seconds)


class _DeadlineStream(httpcore.NetworkStream):
    """Wraps a connection; every read, write and handshake keeps the deadline."""

    def __init__(self, inner: httpcore.NetworkStream) -> None:
        self._inner = inner

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        progress, left = PROGRESS.get(), _limit_to_deadline(timeout)
        if progress is None or progress.stop is None:
            return self._inner.read(max_bytes, left)
        # No event ends a read that waits, so it waits in slices and looks at `stop` between them.
        ends = math.inf if left is None else time.monotonic() + left
        while True:
            try:
                return self._inner.read(max_bytes, min(_STOPPED_WITHIN, left or math.inf))
            except httpcore.ReadTimeout:
                if progress.stop.is_set():
                    raise httpcore.ReadError(msg("it was stopped here")) from None
                if time.monotonic() >= ends:
                    raise

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, _limit_to_deadline(timeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        progress = PROGRESS.get() or ConnectionProgress(0.0)
        progress.handshakes += 1
        # Reset after success only: where the handshake raises, it stays set, and that tells a
        # failed handshake (the request was not sent) from a TLS error on an open connection.
        progress.is_shaking = True
        secured = self._inner.start_tls(ssl_context, server_hostname, _limit_to_deadline(timeout))
        progress.is_shaking = False
        return _DeadlineStream(secured)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)
