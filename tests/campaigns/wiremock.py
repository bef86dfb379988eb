"""``python -m tests.campaigns.wiremock [CASSETTE …]``: WireMock itself answers what we export.

Every cassette of the repository, and one with the bodies that are told apart worst, is written as
mappings; each recorded request is sent as it was, and has to be answered as it was. WireMock comes
from npm, or is the file that ``WIREMOCK_JAR`` names; Java runs it.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from bpmax_sim.cassette.file import Cassette
from bpmax_sim.messages import Exchange, Request, Response
from bpmax_sim.traffic.formats import write_foreign

ROOT = Path(__file__).parents[2]
_VERSION = "3"
_PORT = re.compile(r"^port:\s+(\d+)", re.MULTILINE)


def _jar(folder: Path) -> Path:
    """Return WireMock."""
    if given := os.environ.get("WIREMOCK_JAR"):
        return Path(given)
    command = ["npm", "install", "--no-audit", "--no-fund", f"wiremock@{_VERSION}"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return next(folder.rglob("wiremock-standalone-*.jar"))


@contextmanager
def _running(jar: Path, folder: Path) -> Iterator[httpx.Client]:
    java = shutil.which("java") or "java"
    command = [java, "-jar", str(jar), "--port", "0", "--root-dir", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            told = ""
            while not (found := _PORT.search(told)):
                told += server.stdout.readline()
                assert server.poll() is None, told
            with httpx.Client(
                base_url=f"http://127.0.0.1:{found[1]}", trust_env=False, timeout=60
            ) as client:
                yield client
        finally:
            server.terminate()


def _awkward() -> list[Exchange]:
    """Return what mappings have lost before: charsets, bytes, equal requests, failures of text."""
    json, text = "application/json; charset=UTF-8", "text/plain; charset=utf-8"
    bodies = [
        (json, '{"名称":"张三","b":1.50}'.encode()),
        (text, "备注：第一行\r\n第二行\n".encode()),
        (text, "备注：第一行\r\n第二行\n".encode()),
        ("application/x-www-form-urlencoded", b"a=1&b=%E5%BC%A0"),
        ("application/octet-stream", bytes(range(256))),
        ("application/xml;charset=utf-8", "<单据><编号>7</编号></单据>".encode()),
        ("text/plain", b"x" * 5_000_000),
    ]
    return [
        Exchange(
            request=Request(
                method="POST",
                url="https://erp.example.test/a%2Fb/%E5%BC%A0?q=%E4%B8%89&q=2",
                headers=(("Content-Type", media), ("X-Trace", f"第{n}".encode().hex())),
                body=body,
            ),
            outcome=Response(status=201 + n % 2, headers=(("X-N", str(n)),), body=body[::-1]),
            order=n,
        )
        for n, (media, body) in enumerate(bodies, 1)
    ]


def _wrong(client: httpx.Client, exchanges: Sequence[Exchange]) -> Iterator[str]:
    """Yield what WireMock answers otherwise than it was recorded."""
    told, _ = write_foreign(exchanges, "wiremock")
    client.post("/__admin/reset").raise_for_status()
    client.delete("/__admin/mappings").raise_for_status()
    client.post("/__admin/mappings/import", content=told).raise_for_status()
    for one in exchanges:
        parts = urlsplit(one.request.url)
        target = f"{parts.path}?{parts.query}" if parts.query else parts.path
        asked = client.build_request(
            one.request.method, "/", headers=[*one.request.headers], content=one.request.body
        )
        asked.extensions["target"] = target.encode()
        if not isinstance(one.outcome, Response):
            continue
        came = client.send(asked)
        if (came.status_code, came.content) != (one.outcome.status, one.outcome.body):
            place = f"[{one.order}] {one.request.method} {target}"
            yield f"{place}: {came.status_code} {came.text[:900]}"


def main(paths: Sequence[str]) -> int:
    """Return 1 if WireMock answers anything otherwise."""
    if not (shutil.which("java") and ("WIREMOCK_JAR" in os.environ or shutil.which("npm"))):
        sys.exit("java and npm are needed: apt-get install default-jre-headless npm")
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        jar = _jar(folder)
        found = [Path(path) for path in paths] or sorted((ROOT / "cassettes").rglob("*.yaml"))
        cases = {str(path): list(Cassette.load(path).exchanges()) for path in found}
        cases["awkward bodies"] = _awkward()
        number = wrong = 0
        with _running(jar, folder) as client:
            for name, exchanges in cases.items():
                number += len(exchanges)
                for line in _wrong(client, exchanges):
                    wrong += 1
                    print(f"{name}: {line}")  # noqa: T201
        print(f"{len(cases)} recordings, {number} exchanges, {wrong} answered otherwise")  # noqa: T201
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
