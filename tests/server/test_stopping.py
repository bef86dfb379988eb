"""A process that serves is stopped, at any moment: it ends at once, with 0 and without a word."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from urllib.parse import urlsplit

import httpx
import pytest

from tests.cli.project import ROOT
from tests.systems import needs_signals

pytestmark = needs_signals
SIGNALS = (signal.SIGINT, signal.SIGTERM)
HALF = (
    b"GET /x HTTP/1.1\r\nHost: a\r\n",
    b"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc",
    b"POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
    b"",
)


@contextmanager
def serving() -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """Run ``bpmax-sim simulate`` and yield it as soon as it has said where."""
    process = subprocess.Popen(
        [sys.executable, "-m", "bpmax_sim", "simulate", "qywx", "--json"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        yield process, json.loads(process.stdout.readline())["url"]
    finally:
        process.kill()
        process.communicate()


def ended(process: subprocess.Popen[bytes]) -> tuple[int, list[str], float]:
    """Return the exit code, the lines of standard error, and the seconds that it took."""
    started = time.monotonic()
    _, err = process.communicate(timeout=20)
    return process.returncode, err.decode().splitlines(), time.monotonic() - started


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_in_the_moment_after_the_address_is_not_lost(number: signal.Signals) -> None:
    with serving() as (process, _url):
        process.send_signal(number)

        code, told, _ = ended(process)

    assert (code, told) == (0, ["Ctrl-C ends it", "stopped"])


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_while_clients_are_in_the_middle_of_something_ends_it_at_once(
    number: signal.Signals,
) -> None:
    with serving() as (process, url), httpx.Client() as client, ExitStack() as stack:
        assert client.get(f"{url}/cgi-bin/gettoken").json()["errcode"] != 0  # as soon as it is said
        parts = urlsplit(url)
        for half in HALF * 75:  # more than there is room for
            other = socket.create_connection((parts.hostname, parts.port), timeout=5)
            stack.enter_context(other).sendall(half)
        client.get(f"{url}/cgi-bin/gettoken")  # the others have arrived
        process.send_signal(number)

        code, told, seconds = ended(process)

    assert (code, told) == (0, ["Ctrl-C ends it", "stopped"])
    assert seconds < 10
