"""A warehouse system on loopback, the one of the tutorial: login, pages, envelope.

Refusals are answered with status 200 and a code, as such systems do.
"""

from __future__ import annotations

import json
import secrets
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

PASSWORD = "wms-Pass-2026"
STOCK: Mapping[str, Mapping[str, Any]] = {
    "SKU-001": {"sku": "SKU-001", "name": "轴承 6204", "qty": 86},
    "SKU-002": {"sku": "SKU-002", "name": "轴承 6206", "qty": 12},
    "SKU-003": {"sku": "SKU-003", "name": "伺服电机 750W", "qty": 3},
}


@dataclass(slots=True)
class Warehouse:
    """A running system: its address, and the tokens that it gave."""

    url: str = ""
    tokens: set[str] = field(default_factory=set)

    @property
    def environment(self) -> dict[str, str]:
        """Return the variables that the project's instance file names."""
        return {"WMS_URL": self.url, "WMS_USERNAME": "zhangsan", "WMS_PASSWORD": PASSWORD}

    def answer(self, method: str, target: str, token: str, body: Any) -> dict[str, Any]:
        """Return the envelope for one request."""
        url = urlsplit(target)
        if url.path == "/api/login":
            return self._login(body)
        if token not in self.tokens:
            return _refused("A0230", "令牌无效")
        if url.path == "/api/stocks":
            return _page(dict(parse_qsl(url.query)))
        if method == "POST" and url.path == "/api/outbounds":
            return _outbound(body)
        one = STOCK.get(url.path.removeprefix("/api/stocks/"))
        return _good(one) if one else _refused("B0404", "物料不存在")

    def _login(self, body: Any) -> dict[str, Any]:
        if body != {"username": "zhangsan", "password": PASSWORD}:
            return _refused("A0210", "用户名或密码错误")
        token = secrets.token_hex(16)
        self.tokens.add(token)
        return _good({"token": token, "expires_in": 7200})


def _good(data: Any) -> dict[str, Any]:
    return {"code": "00000", "message": "ok", "data": data}


def _refused(code: str, message: str) -> dict[str, Any]:
    return {"code": code, "message": message, "data": None}


def _page(asked: Mapping[str, str]) -> dict[str, Any]:
    found = [one for one in STOCK.values() if asked.get("keyword", "") in one["name"]]
    page, size = int(asked.get("page", 1)), int(asked.get("size", 10))
    return _good({"total": len(found), "rows": found[(page - 1) * size : page * size]})


def _outbound(body: Any) -> dict[str, Any]:
    one = STOCK.get(body.get("sku", ""))
    if one is None or one["qty"] < body.get("qty", 0):
        return _refused("B0501", "库存不足")
    return _good({"outboundNo": "CK20260302001", **body})


@contextmanager
def running_warehouse() -> Iterator[Warehouse]:
    """Serve until the block ends."""
    warehouse = Warehouse()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer()

        def do_POST(self) -> None:
            self._answer()

        def _answer(self) -> None:
            text = self.rfile.read(int(self.headers.get("content-length") or 0))
            token = self.headers.get("x-token", "")
            told = warehouse.answer(self.command, self.path, token, json.loads(text or b"{}"))
            data = json.dumps(told, ensure_ascii=False).encode()
            self.send_response(200)
            self.send_header("content-type", "application/json; charset=utf-8")
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    warehouse.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield warehouse
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
