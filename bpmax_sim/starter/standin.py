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
    token = {"access_token": secrets.token_urlsafe(24), "token_type": "Bearer", "expires_in": 7200}
    told: Mapping[str, Any] = token if request.is_login else _CUSTOMER
    return Response(
        status=200,
        reason="OK",
        headers=(("content-type", "application/json; charset=utf-8"),),
        body=json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode(),
        elapsed=0.012,
        source="simulated",
    )


def environment(wish: Wish) -> dict[str, str]:
    """Return what the variables of *wish* hold meanwhile."""
    found = {variable: secrets.token_urlsafe(24) for variable in wish.environment.values()}
    return {**found, wish.environment["url"]: wish.address}
