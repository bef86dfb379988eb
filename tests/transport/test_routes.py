"""What a route and the environment say of a connection, before anything is connected."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

import httpcore
import pytest

from bpmax_sim.errors import ConfigError
from bpmax_sim.messages import ConnectionRoute
from bpmax_sim.transport import connection
from bpmax_sim.transport.connection import (
    PROGRESS,
    Address,
    ConnectionProgress,
    _DeadlineStream,
    open_transports,
)

VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR")


@pytest.fixture(autouse=True)
def _no_proxies_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("https://crm.test", "/"), ("https://crm.test/", "/"), ("https://crm.test#a/b", "/"),
        ("https://crm.test?x=/a", "/?x=/a"), ("https://crm.test?", "/?"),
        ("https://crm.test/a?b=c#d?e", "/a?b=c"), ("https://crm.test//a//b", "//a//b"),
        ("https://crm.test/%2F%2e%2E?x=//y/", "/%2F%2e%2E?x=//y/"),
        ("https://u:p@crm.test:81/a", "/a"),
    ],
)  # fmt: skip
def test_a_target_is_what_follows_the_host_and_no_fragment(url: str, target: str) -> None:
    assert Address(url).raw_path == target.encode()


@pytest.mark.parametrize(
    ("route", "variables", "patterns"),
    [
        ("", {}, []), ("http://own.test:8080", {}, ["all://"]),
        ("http://own.test:8080", {"HTTPS_PROXY": "http://p.test:1"}, ["all://"]),
        ("http://own.test:8080", {"NO_PROXY": "crm.test"}, ["all://"]),
        ("", {"HTTPS_PROXY": "http://p.test:1", "NO_PROXY": "crm.test"},
         ["all://*crm.test", "https://"]),
        ("", {"HTTP_PROXY": "http://p.test:1", "ALL_PROXY": "http://p.test:2"},
         ["all://", "http://"]),
    ],
)  # fmt: skip
def test_the_route_of_an_instance_stands_for_all_variables(
    monkeypatch: pytest.MonkeyPatch, route: str, variables: dict[str, str], patterns: list[str]
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    _, mounts = open_transports(ConnectionRoute(proxy=route))

    assert sorted(mounts) == patterns
    assert [name for name, each in mounts.items() if each is None] == [
        name for name in patterns if "crm.test" in name
    ]


@pytest.mark.parametrize(
    ("variable", "address", "told"),
    [
        ("", "socks5://p.test:1080", "proxy: socks5 needs the package socksio"),
        ("", "socks5h://p.test:1080", "proxy: socks5h needs the package socksio"),
        ("ALL_PROXY", "socks5://p.test:1080", "ALL_PROXY: socks5 needs the package socksio"),
        ("HTTPS_PROXY", "socks5h://u:geheim@p.test:1", "HTTPS_PROXY: socks5h needs the package"),
        ("", "ftp://u:geheim@p.test", "proxy: expected "),
        ("HTTP_PROXY", "ftp://u:geheim@p.test", "HTTP_PROXY: expected "),
    ],
)
def test_a_proxy_that_cannot_be_used_is_named_by_where_it_stands(
    monkeypatch: pytest.MonkeyPatch, variable: str, address: str, told: str
) -> None:
    monkeypatch.setattr(connection, "find_spec", lambda _name: None)
    if variable:
        monkeypatch.setenv(variable, address)
    with pytest.raises(ConfigError) as refused:
        open_transports(ConnectionRoute(proxy="" if variable else address))

    assert str(refused.value).startswith(told)
    assert "geheim" not in str(refused.value)


def test_the_trusted_authorities_may_be_a_folder(tmp_path: Path) -> None:
    open_transports(ConnectionRoute(ca=str(tmp_path)))
    with pytest.raises(ConfigError, match=r"tls\.ca .*none\.pem: no certificates can be read"):
        open_transports(ConnectionRoute(ca=str(tmp_path / "none.pem")))


@pytest.mark.parametrize("key", ["", "schluessel.pem"])
def test_a_certificate_that_cannot_be_read_is_named_with_its_key(tmp_path: Path, key: str) -> None:
    cert = tmp_path / "zertifikat.pem"
    cert.write_text("none", encoding="utf-8")
    with pytest.raises(ConfigError) as refused:
        open_transports(ConnectionRoute(cert=str(cert), key=key))

    named = f"tls.cert {cert}{f' and {key}' if key else ''}: expected a certificate and its key"
    assert str(refused.value).startswith(named)


class SilentStream(httpcore.NetworkStream):
    """A connection on which nothing arrives before the *count*-th read."""

    def __init__(self, count: int) -> None:
        self.left = count
        self.timeouts: list[float | None] = []

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        self.timeouts.append(timeout)
        self.left -= 1
        if self.left:
            raise httpcore.ReadTimeout
        return b"1"[:max_bytes]


@pytest.mark.parametrize(
    ("left", "timeout", "stops", "count", "ends", "longest"),
    [
        (60.0, None, None, 1, b"1", 60.0), (60.0, 5.0, None, 1, b"1", 5.0),
        (2.0, 5.0, None, 1, b"1", 2.0), (0.0, None, None, 1, httpcore.ReadTimeout, None),
        (60.0, None, None, 2, httpcore.ReadTimeout, 60.0),
        # one that can be stopped waits in slices
        (60.0, None, False, 1, b"1", 0.25), (60.0, None, False, 5, b"1", 0.25),
        (60.0, 0.1, False, 1, b"1", 0.1), (60.0, None, True, 5, httpcore.ReadError, 0.25),
        (60.0, None, True, 1, b"1", 0.25),  # what has arrived is not thrown away
        (0.02, None, False, 10**9, httpcore.ReadTimeout, 0.02),
    ],
)  # fmt: skip
def test_a_read_ends_at_the_deadline_or_where_it_is_stopped(
    left: float, timeout: float | None, stops: bool | None, count: int, ends: Any, longest: Any
) -> None:
    inner, stop = SilentStream(count), None if stops is None else threading.Event()
    if stop is not None and stops:
        stop.set()
    token = PROGRESS.set(ConnectionProgress(time.monotonic() + left, stop=stop))
    try:
        if isinstance(ends, bytes):
            assert _DeadlineStream(inner).read(9, timeout) == ends
        else:
            with pytest.raises(ends):
                _DeadlineStream(inner).read(9, timeout)
    finally:
        PROGRESS.reset(token)

    waited = [one for one in inner.timeouts if one is not None]
    assert len(waited) == len(inner.timeouts)
    assert (max(waited, default=None) is None) == (longest is None)
    assert longest is None or longest - 1 < max(waited) <= longest
