"""A project of a team under Git, and the CRM that it records, whose every response is a bit new."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.loopback import serving

PLATFORM = """\
platform_key: crm
base_url: https://crm.example.test
credentials: {username: {}, password: {secret: true}}
auth: basic
apis:
  get_customer:
    method: GET
    path: /api/v1/customers/{id}
    volatile: [body.trace_id]
    parameters: [{name: id, in: path, required: true}]
  list_orders:
    method: GET
    path: /api/v1/orders
    volatile: [body.trace_id]
    parameters: [{name: by, in: query}]
"""
INSTANCES = """\
- platform: crm
  instance_key: default
  default: true
  base_url: {env: CRM_URL}
  credentials: {username: {env: CRM_USER}, password: {env: CRM_PASSWORD}}
"""
CALL = "await $proxy('crm').$api('get_customer').$path({{id: '{0}'}}).$call()"


@dataclass
class Crm:
    """The third party: what it says, and what it said so far."""

    url: str = ""
    names: dict[str, str] = field(default_factory=dict)
    status: int = 200
    failures: int = 0
    tells_account: bool = False
    code: int = 0
    hangs_up: bool = False
    calls: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def respond(self, path: str, account: str = "") -> tuple[int, dict[str, str], bytes]:
        """Return a response that is never the same in date, ids and etag."""
        with self.lock:
            self.calls += 1
            failing = self.status != 200 or self.failures > 0
            self.failures -= self.failures > 0
        serial = f"{self.calls:032x}"
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "ETag": f'"{serial}"',
            "Date": f"Mon, 02 Mar 2026 09:{self.calls % 60:02d}:00 GMT",
            "X-Request-ID": serial,
            "X-Served-By": f"crm-{self.calls}",
        }
        if failing:
            status = self.status if self.status != 200 else 503
            return status, headers, b'{"code":"UNAVAILABLE","message":"\\u7ef4\\u62a4\\u4e2d"}'
        number = path.partition("?")[0].rpartition("/")[2]
        data = {
            "id": number,
            "name": self.names.get(number, "张三"),
            "phone": "13800138000",
            "level": "贵宾客户",
            "address": {"city": "上海", "street": "南京东路 100 号"},
        }
        if self.tells_account:
            data["viewed_by"] = f"account:{account}"
        body = {"code": self.code, "message": "ok", "data": data, "trace_id": serial}
        return 200, headers, json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


@contextmanager
def serve_crm() -> Iterator[Crm]:
    """Serve it on loopback until the block ends."""
    crm = Crm()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            if crm.hangs_up:
                self.close_connection = True
                return
            _, _, digits = self.headers.get("Authorization", "").partition("Basic ")
            account = base64.b64decode(digits).decode().partition(":")[0]
            status, headers, body = crm.respond(self.path, account)
            self.send_response_only(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with serving(ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as crm.url:
        yield crm


@dataclass(frozen=True)
class TeamProject:
    """A project below *root*, whose cassette all scenarios share."""

    root: Path

    @property
    def cassette(self) -> Path:
        return self.root / "cassettes/crm.yaml"

    def scenario(self, name: str, *numbers: object, calls: str = "", more: str = "") -> Path:
        """Write a scenario that looks up the customers *numbers*, and return its file."""
        path = self.root / f"scenarios/{name}.scenario.yaml"
        lines = "\n".join(f"      {CALL.format(number)}" for number in numbers)
        path.write_text(
            f"version: 1\nscenario: {name}\nproxy:\n  cassette: crm\n{more}"
            f"steps:\n- name: 查询\n  js: |\n{lines or calls}\n",
            encoding="utf-8",
        )
        return path

    def git(self, *arguments: str, code: int | None = 0) -> str:
        """Run Git, and return what it says."""
        done = subprocess.run(
            ["git", *arguments], cwd=self.root, capture_output=True, encoding="utf-8", check=False
        )
        if code is not None:
            assert done.returncode == code, (arguments, done.stdout, done.stderr)
        return done.stdout + (done.stderr if done.returncode else "")

    def commit(self, message: str) -> None:
        self.git("add", "-A")
        self.git("commit", "-q", "-m", message)


def make_project(root: Path) -> TeamProject:
    """Write the files of a project below *root*, under Git."""
    (root / "scenarios/platforms").mkdir(parents=True)
    (root / "scenarios/platforms/crm.yaml").write_text(PLATFORM, encoding="utf-8")
    (root / "scenarios/instances.yaml").write_text(INSTANCES, encoding="utf-8")
    (root / "pyproject.toml").write_text("[tool.pytest.ini_options]\n", encoding="utf-8")
    (root / ".gitignore").write_text(".bpmax/\n*.journal\n*.yaml.new\n", encoding="utf-8")
    project = TeamProject(root)
    assert shutil.which("git")
    project.git("init", "-q", "-b", "main")
    for name, value in (("user.name", "zhang"), ("user.email", "zhang@example.test")):
        project.git("config", name, value)
    return project
