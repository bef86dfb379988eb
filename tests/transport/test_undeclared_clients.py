"""Requests beside $proxy that no platform declares, by real clients: at once, and with credentials.

Each test records against a server in this process, and replays with the same code.
"""

from __future__ import annotations

import json
import ssl
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Literal
from urllib.parse import unquote

import pytest
import requests
import urllib3

from bpmax_sim.cassette.file import Cassette
from bpmax_sim.session.session import Session
from tests.loopback import Loopback, answer_json, loopback
from tests.proxies import authority


def opened(folder: Path, mode: Literal["record", "replay"] = "replay", **options: Any) -> Session:
    cassette = folder / "cassettes/客户端.yaml"
    return Session.open(cassette=cassette, owner="客户端", mode=mode, environ={}, **options)


def entries(folder: Path) -> list[str]:
    """Return the text of each recorded exchange, in the order of the file."""
    cassette = Cassette.load(folder / "cassettes/客户端.yaml")
    return [entry.text for entry in cassette.entries()]


def record_and_replay(folder: Path, ask: Callable[[], Any]) -> tuple[Any, Any]:
    """Return what *ask* returns while it is recorded, and in replay."""
    with opened(folder, "record") as session, session.listen():
        recorded = ask()
    with opened(folder) as session, session.listen():
        return recorded, ask()


def say_the_path(raw: bytes) -> bytes:
    return answer_json(json.dumps({"path": unquote(raw.split(b" ")[1].decode())}))


@pytest.fixture(name="server")
def running() -> Iterator[Loopback]:
    with loopback(say_the_path) as server:
        yield server


@pytest.fixture(name="tls_server")
def running_with_tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Loopback]:
    ca = authority(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(ca.file))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(ca.file))
    with loopback(say_the_path, ca.server()) as server:
        yield server


def with_urllib(url: str) -> Any:
    with urllib.request.urlopen(url) as answer:
        return json.loads(answer.read())


def with_requests(url: str) -> Any:
    return requests.get(url, timeout=9).json()


def with_urllib3(url: str) -> Any:
    pool = urllib3.PoolManager(ssl_context=ssl.create_default_context())
    return json.loads(pool.request("GET", url).data)


@pytest.mark.parametrize("get", [with_urllib, with_requests, with_urllib3])
@pytest.mark.parametrize("scheme", ["server", "tls_server"])
def test_requests_of_threads_are_all_recorded_and_none_goes_past_the_recording(
    tmp_path: Path, request: pytest.FixtureRequest, scheme: str, get: Callable[[str], Any]
) -> None:
    server: Loopback = request.getfixturevalue(scheme)
    numbers = range(16)

    def ask() -> list[Any]:
        with ThreadPoolExecutor(8) as pool:
            return list(pool.map(lambda number: get(f"{server.url}/{number}"), numbers))

    recorded, replayed = record_and_replay(tmp_path, ask)

    assert recorded == replayed == [{"path": f"/{number}"} for number in numbers]
    assert (len(entries(tmp_path)), len(server.received)) == (16, 16)


def test_threads_share_the_connections_of_a_session(tmp_path: Path, server: Loopback) -> None:
    def ask() -> list[Any]:
        with requests.Session() as client, ThreadPoolExecutor(8) as pool:
            paths = [f"{server.url}/{number}" for number in range(24)]
            return list(pool.map(lambda path: client.get(path, timeout=9).json(), paths))

    recorded, replayed = record_and_replay(tmp_path, ask)

    assert recorded == replayed == [{"path": f"/{number}"} for number in range(24)]
    assert len(entries(tmp_path)) == 24
