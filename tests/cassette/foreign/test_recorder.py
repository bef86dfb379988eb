from __future__ import annotations

import gzip
import json
import re
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from bpmax_sim.cassette.foreign.recorder import safe_vcr
from bpmax_sim.errors import LeakError
from bpmax_sim.messages import Request
from bpmax_sim.secret.vault import Vault
from bpmax_sim.transport.redaction import redact_request, redact_response
from tests.leaks import folder, leaks
from tests.loopback import Loopback, loopback

SECRET = "sdk-secret-0123456789"
COOKIE_NAME = "http.any.cookie-sid"
COOKIE = "session-of-the-server-42"


def answer(request: bytes) -> bytes:
    path = request.split(b" ")[1]
    said = {"姓名": "张三", "you": request.decode(), "cookie": COOKIE}
    body = json.dumps(said, ensure_ascii=False).encode()
    headers = "content-type: application/json"
    if path == b"/packed":
        body, headers = gzip.compress(body), f"{headers}\r\ncontent-encoding: gzip"
    if path == b"/file":
        body = gzip.compress(body)
    head = f"HTTP/1.1 200 OK\r\n{headers}\r\nset-cookie: sid={COOKIE}; Path=/\r\n"
    return f"{head}content-length: {len(body)}\r\n\r\n".encode() + body


def recorder(vault: Vault, root: Path, **options: Any) -> Any:
    asked = Request(method="GET", url="https://sdk.test/")
    return safe_vcr(
        partial(redact_request, vault=vault),
        lambda response: redact_response(response, asked, vault),
        vault.scan,
        cassette_library_dir=str(root),
        **options,
    )


def known() -> Vault:
    vault = Vault()
    vault.add(SECRET, "redacted.sdk.test.key.1", name="sdk.test.key")
    return vault


def use(server: Loopback, key: str, paths: tuple[str, ...] = ("/a", "/packed")) -> list[Any]:
    headers = {"Authorization": f"Bearer {key}"}
    with httpx.Client(base_url=server.url, headers=headers, params={"k": key}) as client:
        posted = client.post("/order", json={"客户": "李四", "key": key})
        return [posted.json(), *(client.get(path).json() for path in paths)]


def test_an_sdk_is_recorded_without_its_secrets_and_replayed(tmp_path: Path) -> None:
    with loopback(answer) as server:
        with recorder(known(), tmp_path).use_cassette("sdk.yaml"):
            live = use(server, SECRET)
        asked = len(server.received)
        with recorder(known(), tmp_path, record_mode="none").use_cassette("sdk.yaml"):
            again = use(server, SECRET)

    assert leaks(folder(tmp_path), {"key": SECRET, "cookie": COOKIE}) == []
    assert len(server.received) == asked
    assert [one["姓名"] for one in again] == [one["姓名"] for one in live]
    assert again[0]["cookie"] == "redacted.http.any.cookie-sid.1"


def test_a_cassette_with_a_secret_in_it_is_not_written(tmp_path: Path) -> None:
    with (
        loopback(answer) as server,
        pytest.raises(LeakError) as caught,
        recorder(known(), tmp_path).use_cassette("sdk.yaml"),
        httpx.Client(base_url=server.url) as client,
    ):
        client.get("/file", headers={"X-Key": SECRET})

    told = re.sub(r"\d+$", "N", str(caught.value).removesuffix(")"))
    places = [f"({name} (raw) inside gzip at byte N" for name in ("sdk.test.key", COOKIE_NAME)]
    assert told in {
        f"{tmp_path}/sdk.yaml: not written, a secret was found in it {p}" for p in places
    }
    assert [path.name for path in tmp_path.iterdir() if path.suffix == ".yaml"] == []
