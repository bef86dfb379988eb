# ruff: noqa: E501 - entries
"""Files of traffic as people have them: an archive of a browser, a captured console."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from itertools import count
from pathlib import Path
from typing import Any

CRM = "https://crm.huayuan.com.cn"
TOKEN = "tk_9f8e7d6c5b4a39281706f5e4d3c2b1a0"
BEARER = {"Authorization": f"Bearer {TOKEN}"}
Entry = dict[str, Any]
_numbers = count()


def entry(  # noqa: PLR0913 - what an entry has
    method: str,
    url: str,
    answer: Any = None,
    *,
    status: int = 200,
    body: Any = None,
    headers: Mapping[str, str] | None = None,
    kind: str = "application/json",
    sent: str = "application/json",
) -> Entry:
    """Return an entry of an archive, as Chromium's DevTools save it."""
    at = next(_numbers)
    text = answer if isinstance(answer, str) else json.dumps(answer, ensure_ascii=False)
    given = {"User-Agent": "Mozilla/5.0", "Accept": "*/*", **(headers or {})}
    request: Entry = {"method": method, "url": url, "httpVersion": "HTTP/2", "queryString": []}
    if body is not None:
        given["Content-Type"] = sent
        posted = body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)
        request["postData"] = {"mimeType": sent, "text": posted}
    request["headers"] = [{"name": name, "value": value} for name, value in given.items()]
    return {
        "startedDateTime": f"2026-11-02T10:{at // 60 % 60:02d}:{at % 60:02d}.000+08:00",
        "time": 30,
        "request": request,
        "response": {
            "status": status,
            "statusText": "",
            "headers": [{"name": "Content-Type", "value": kind}],
            "content": {"size": len(text), "mimeType": kind, "text": text},
        },
    }


def good(data: Any) -> Any:
    """Return the body of a success."""
    return {"code": 0, "message": "ok", "data": data}


def ten_calls() -> list[Entry]:
    """Return a page, a login and ten calls."""
    api = f"{CRM}/api/v1"
    zhang = {"id": 12345, "name": "张三", "phone": "13800138000"}
    return [
        entry("GET", f"{CRM}/index.html", "<html>", kind="text/html"),
        entry(
            "POST", f"{CRM}/auth/login", good({"token": TOKEN, "expires_in": 7200}),
            body={"username": "zhangsan", "password": "Zs@20261102!"},
        ),
        entry("GET", f"{api}/customers?page=1&size=20", good([zhang]), headers=BEARER),
        entry("GET", f"{api}/customers/12345", good(zhang), headers=BEARER),
        entry("GET", f"{api}/customers/12346", good({**zhang, "name": "李四"}), headers=BEARER),
        entry("GET", f"{api}/customers/99999", {"code": 40401, "message": "没有", "data": None}, headers=BEARER),
        entry(
            "POST", f"{api}/customers/12345/orders", good({"orderNo": "DD-2026-0007"}), status=201,
            body={"sku": "M-1", "quantity": 20, "note": "加急"}, headers=BEARER,
        ),
        entry("GET", f"{api}/orders/DD-2026-0007", good({"orderNo": "DD-2026-0007"}), headers=BEARER),
        entry(
            "PUT", f"{api}/orders/DD-2026-0007", good({}), body="quantity=30&note=%E5%8A%A0%E6%80%A5",
            sent="application/x-www-form-urlencoded", headers=BEARER,
        ),
        entry("DELETE", f"{api}/orders/DD-2026-0008", {"code": 404}, status=404, headers=BEARER),
        entry("GET", f"{api}/orders/search?q=%E5%BC%A0%E4%B8%89&status=a&status=b", good([]), headers=BEARER),
        entry("GET", f"{api}/customers/12345", good(zhang), headers=BEARER),
    ]  # fmt: skip


def write_archive(path: Path, entries: Sequence[Entry]) -> Path:
    """Write *entries* as an archive at *path*."""
    log = {
        "version": "1.2",
        "creator": {"name": "WebInspector", "version": "537"},
        "entries": [*entries],
    }
    path.write_text(json.dumps({"log": log}, ensure_ascii=False), encoding="utf-8")
    return path
