"""A simulator with a virtual clock, and requests to it as a client of the vendor's would send."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bpmax_sim.clock import VirtualClock
from bpmax_sim.messages import Request, Response
from bpmax_sim.platform.load import load_platforms
from bpmax_sim.platform.model import Platform
from bpmax_sim.simulator.simulator import Simulator
from bpmax_sim.simulator.state import TenantCredentials

START = 1772413200.0  # 2026-03-02T09:00:00+08:00

CREDENTIALS: Mapping[str, Mapping[str, Any]] = {
    "qywx": {"corpid": "ww1", "corpsecret": "corp-secret", "agentid": 1000002, "robot_key": "rk-1"},
    "feishu": {"app_id": "cli_1", "app_secret": "fs-1", "robot_hook": "h-1", "robot_secret": "r-1"},
    "dingtalk": {"appkey": "dk", "appsecret": "ds-1", "robot_code": "robot-1"},
    "dingtalk_v1": {
        "appkey": "dk",
        "appsecret": "ds-1",
        "agentid": 77,
        "robot_token": "rt-1",
        "robot_secret": "SEC1",
    },
}


@dataclass(slots=True)
class Bench:
    """A simulator, its clock, and the token of the last login."""

    simulator: Simulator
    clock: VirtualClock
    token: str = ""
    headers: dict[str, str] = field(default_factory=dict)

    def send(
        self,
        line: str,
        body: Any = None,
        *,
        headers: Mapping[str, str] | None = None,
        raw: bytes | None = None,
    ) -> Response:
        """Send ``METHOD /path``; ``{token}`` in it is the token."""
        method, _, path = line.replace("{token}", self.token).partition(" ")
        data = raw if body is None else json.dumps(body, ensure_ascii=False).encode()
        base = self.simulator.base
        given = {**self.headers, **(headers or {})}
        return self.simulator.handle(
            Request(method=method, url=base + path, headers=tuple(given.items()), body=data)
        )

    def ask(self, line: str, body: Any = None, **more: Any) -> Any:
        """Return the JSON of an answer."""
        return json.loads(self.send(line, body, **more).body)


def bench(
    platform: str | Platform, credentials: Mapping[str, Any] | None = None, *, seed: int = 0
) -> Bench:
    """Return a simulator of a shipped platform, or of one that a test declares."""
    made = load_platforms(None).platform(platform) if isinstance(platform, str) else platform
    known = CREDENTIALS[made.platform_key] if credentials is None else credentials
    clock = VirtualClock(START)
    tenants = [TenantCredentials("default", known)]
    return Bench(Simulator(made, lambda: tenants, clock=clock, seed=seed), clock)


def logged_in(platform: str, *, seed: int = 0) -> Bench:
    """Return a simulator of a shipped platform that has let us in."""
    made = bench(platform, seed=seed)
    log_in(made)
    return made


def log_in(made: Bench) -> dict[str, Any]:
    """Log in as the platform's own client does, and keep the token."""
    key = made.simulator.platform.platform_key
    line, body, name, header = LOGINS[key]
    answer: dict[str, Any] = made.ask(line, body)
    made.token = answer[name]
    made.headers = {header: f"{PREFIX.get(key, '')}{made.token}"} if header else {}
    return answer


LOGINS: Mapping[str, tuple[str, Any, str, str]] = {
    "qywx": ("GET /cgi-bin/gettoken?corpid=ww1&corpsecret=corp-secret", None, "access_token", ""),
    "feishu": (
        "POST /open-apis/auth/v3/tenant_access_token/internal",
        {"app_id": "cli_1", "app_secret": "fs-1"},
        "tenant_access_token",
        "Authorization",
    ),
    "dingtalk": (
        "POST /v1.0/oauth2/accessToken",
        {"appKey": "dk", "appSecret": "ds-1"},
        "accessToken",
        "x-acs-dingtalk-access-token",
    ),
    "dingtalk_v1": ("GET /gettoken?appkey=dk&appsecret=ds-1", None, "access_token", ""),
}
PREFIX: Mapping[str, str] = {"feishu": "Bearer "}
