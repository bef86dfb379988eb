"""A small CRM on a free loopback port: OAuth 2.0 client credentials, then customers by id.

Its client secret is made at start and its tokens are random, so that what a recording hides
is really secret.
"""

from __future__ import annotations

import json
import secrets
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import msgspec

CUSTOMERS: Mapping[str, Mapping[str, str]] = {
    "12345": {
        "name": "张三",
        "phone": "13800138000",
        "email": "zhangsan@crm.example.test",
        "address": "上海市浦东新区世纪大道 1 号",
    },
    "12346": {
        "name": "李四",
        "phone": "13900139000",
        "email": "lisi@crm.example.test",
        "address": "北京市海淀区中关村大街 2 号",
    },
}


class Crm(msgspec.Struct, frozen=True):
    """A running CRM.

    Attributes:
        url: its address.
        client_id, client_secret: what a client logs in with.
        tokens: the access tokens it has handed out.
    """

    url: str
    client_id: str
    client_secret: str
    tokens: list[str] = msgspec.field(default_factory=list)

    @property
    def environment(self) -> dict[str, str]:
        """Return the variables that the demonstration's instance file names."""
        return {
            "CRM_URL": self.url,
            "CRM_CLIENT_ID": self.client_id,
            "CRM_CLIENT_SECRET": self.client_secret,
        }


@contextmanager
def running_crm() -> Iterator[Crm]:
    """Serve the CRM until the block ends."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    crm = Crm(
        url=f"http://127.0.0.1:{server.server_address[1]}",
        client_id="bpmax-demo",
        client_secret=secrets.token_urlsafe(24),
    )
    server.crm = crm  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield crm
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    @property
    def crm(self) -> Crm:
        crm: Crm = self.server.crm  # type: ignore[attr-defined]
        return crm

    def do_POST(self) -> None:
        form = parse_qs(self.rfile.read(int(self.headers.get("content-length", 0))).decode())
        if urlsplit(self.path).path != "/oauth/token":
            self._answer(404, {"error": "not_found"})
        elif form.get("client_secret") != [self.crm.client_secret]:
            self._answer(401, {"error": "invalid_client"})
        else:
            self.crm.tokens.append(secrets.token_urlsafe(24))
            token = self.crm.tokens[-1]
            self._answer(200, {"access_token": token, "token_type": "Bearer", "expires_in": 7200})

    def do_GET(self) -> None:
        token = self.headers.get("authorization", "").removeprefix("Bearer ")
        path = urlsplit(self.path).path
        if token not in self.crm.tokens:
            self._answer(401, {"code": 401, "message": "令牌无效"})
        elif not path.startswith("/api/customers/"):
            self._answer(404, {"code": 404, "message": "没有这个接口"})
        else:
            self._answer(200, _customer(unquote(path.rpartition("/")[2])))

    def _answer(self, status: int, body: Mapping[str, Any]) -> None:
        data = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its signature
        """Print nothing: the demonstration tells its own story."""


def _customer(number: str) -> dict[str, Any]:
    found = CUSTOMERS.get(number)
    if found is None:
        return {"code": 404, "message": f"客户 {number} 不存在", "data": None}
    return {"code": 200, "message": "ok", "data": found}
