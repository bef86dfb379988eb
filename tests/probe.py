"""A third party that echoes and mints secrets, and the folder in which it is recorded."""

from __future__ import annotations

import base64
import gzip
import json
import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bpmax_sim.session.session import Session
from tests.leaks import folder, leaks
from tests.loopback import Loopback

CREDENTIAL = "s3cr+et/Key&<\"%e y'=\\z~" + secrets.token_urlsafe(6)
MINTED = ("token", "refresh", "cookie", "ticket", "code", "header")
ROOT = Path(__file__).parents[1]
DATA = ROOT / "tests/data/leaks"
JSON = "content-type: application/json\r\n"


def whole(body: bytes, headers: str = JSON, status: str = "200 OK") -> bytes:
    return f"HTTP/1.1 {status}\r\n{headers}content-length: {len(body)}\r\n\r\n".encode() + body


@dataclass
class ThirdParty:
    """Echoes each request in several codings, and mints six secrets."""

    minted: dict[str, str] = field(
        default_factory=lambda: {name: f"m-{name}+/{secrets.token_urlsafe(9)}" for name in MINTED}
    )
    before_answer: Callable[[], None] = lambda: None

    def answer(self, request: bytes) -> bytes | Iterator[bytes]:
        self.before_answer()
        path = request.split(b" ", 2)[1].partition(b"?")[0].decode()
        make: Any = getattr(self, path.strip("/").partition("/")[0], self.echo)
        found: bytes | Iterator[bytes] = make(request)
        return found

    def login(self, request: bytes) -> bytes:
        said = {"access_token": self.minted["token"], "refresh_token": self.minted["refresh"]}
        cookie = f"set-cookie: sid={self.minted['cookie']}; HttpOnly\r\n"
        return whole(json.dumps({**said, "echo": request.decode()}).encode(), JSON + cookie)

    def ticket(self, _request: bytes) -> bytes:
        said = {"data": {"ticket": self.minted["ticket"]}, "again": f"<{self.minted['ticket']}>"}
        headers = f"{JSON}x-ticket: {self.minted['header']}\r\n"
        return whole(json.dumps(said).encode(), headers)

    def go(self, _request: bytes) -> bytes:
        target = f"https://other.example.test/back?code={self.minted['code']}&state=ok"
        headers = f"{JSON}location: {target}\r\n"
        return whole(json.dumps({"to": target}).encode(), headers, "302 Found")

    def echo(self, request: bytes) -> bytes:
        text = request.decode()
        said = {
            "raw": text,
            "base64": base64.b64encode(request).decode(),
            "basic": base64.b64encode(f"u:{CREDENTIAL}".encode()).decode(),
            "hex": CREDENTIAL.encode().hex(),
            "minted": [f"{name}={value}" for name, value in self.minted.items()],
            "xml": f"<k>{text.replace('&', '&amp;').replace('<', '&lt;')}</k>",
        }
        return whole(json.dumps(said, ensure_ascii=False).encode())

    def zipped(self, request: bytes) -> bytes:
        body = gzip.compress(request.partition(b"\r\n\r\n")[2])
        return whole(body, f"{JSON}content-encoding: gzip\r\n")

    def file(self, request: bytes) -> bytes:
        headers = "content-type: application/octet-stream\r\n"
        return whole(gzip.compress(request), headers)

    def refuse(self, request: bytes) -> bytes:
        return whole(self.echo(request).partition(b"\r\n\r\n")[2], JSON, "403 Forbidden")

    def broken(self, request: bytes) -> bytes:
        return whole(b"{" + request)

    def reset(self, request: bytes) -> Iterator[bytes]:
        yield b"HTTP/1.1 200 OK\r\ncontent-length: 9999\r\n\r\n" + request

    def short(self, _request: bytes) -> bytes:
        return whole(b'"abc"')

    def stream(self, _request: bytes) -> Iterator[bytes]:
        yield b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"
        yield b"transfer-encoding: chunked\r\n\r\n"
        told = f"data: {CREDENTIAL}\n\ndata: {self.minted['token']}\n\n".encode()
        for at in range(0, len(told), 7):
            piece = told[at : at + 7]
            yield b"%x\r\n%b\r\n" % (len(piece), piece)
        yield b"0\r\n\r\n"


@dataclass
class Probe:
    """A folder with declarations, and a third party on loopback."""

    root: Path
    server: Loopback
    third: ThirdParty

    @property
    def secrets(self) -> dict[str, str]:
        return {"credential": CREDENTIAL, **self.third.minted}

    @property
    def environ(self) -> dict[str, str]:
        return {"CRM_URL": self.server.url, "CRM_KEY": CREDENTIAL, "CRM_SHORT": "abc"}

    def open(self, **options: Any) -> Session:
        return Session.open(
            DATA / "platforms",
            cassette=self.root / "cassettes/探针.yaml",
            **{"mode": "record", "owner": "探针", "environ": self.environ} | options,
        )

    def files(self) -> dict[str, bytes]:
        return folder(self.root / "cassettes")

    def found(self, artefacts: Mapping[str, bytes]) -> list[str]:
        return leaks(artefacts, self.secrets)
