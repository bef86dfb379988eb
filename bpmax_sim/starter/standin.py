"""Who answers while a new project's first cassette is recorded: no network, made-up secrets."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from typing import Any

from bpmax_sim.messages import Request, Response
from bpmax_sim.starter.wish import Wish

_CUSTOMER = {"code": 200, "message": "ok", "data": {"name": "张三", "phone": "13800138000"}}


def answer(request: Request) -> Response:
    """Return a token for a login, and one customer for everything else."""
    told: Mapping[str, Any] = _login() if request.is_login else _CUSTOMER
    return Response(
        status=200,
        reason="OK",
        headers=(("content-type", "application/json; charset=utf-8"),),
        body=json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode(),
        elapsed=0.012,
        source="simulated",
    )


def _login() -> dict[str, Any]:
    """Return the answers of every kind of login that a new project can begin with, in one."""
    token, ttl = secrets.token_urlsafe(24), 7200
    oauth = {"access_token": token, "token_type": "Bearer", "expires_in": ttl}
    return {**oauth, "data": {"token": token, "expires_in": ttl}}


def environment(wish: Wish) -> dict[str, str]:
    """Return what the variables of *wish* hold meanwhile."""
    found = {variable: secrets.token_urlsafe(24) for variable in wish.environment.values()}
    return {**found, wish.environment["url"]: wish.address}
