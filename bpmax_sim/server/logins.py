"""Logins while recordings answer: whoever asks is let in, with stand-ins for what is handed out.

Recordings hold no real token, and a replayed call does not depend on one.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from bpmax_sim.messages import Request, Response
from bpmax_sim.platform.model import Auth, LoginStep, Platform
from bpmax_sim.secret.standin import standin
from bpmax_sim.simulator.asked import read
from bpmax_sim.simulator.derived import derived, put
from bpmax_sim.simulator.fill import merged
from bpmax_sim.simulator.naming import flat
from bpmax_sim.simulator.routes import matched

_PLACE = "{{base_url}}"


def let_in(platform: Platform, request: Request, base: str) -> Response | None:
    """Return what a login of *platform* yields, or None if *request* is none.

    Args:
        platform: what is declared.
        request: what came.
        base: the start of its address that stands for the platform's.
    """
    for auth, step in _steps(platform):
        if _is_here(platform, auth, step, request, base):
            return _yielded(platform, auth, step)
    return None


def _steps(platform: Platform) -> Iterator[tuple[Auth, LoginStep]]:
    own = (api.auth for api in platform.apis.values() if isinstance(api.auth, Auth))
    for auth in (platform.auth, *own):
        for step in auth.acquire.steps if auth.acquire else ():
            yield auth, step


def _is_here(platform: Platform, auth: Auth, step: LoginStep, request: Request, base: str) -> bool:
    said = step.request
    address = flat(said.url or said.path, auth.parameters).replace(" ", "")
    path = address.removeprefix(_PLACE).removeprefix(platform.base_url.rstrip("/"))
    if "://" in path:
        path = "/" + path.partition("://")[2].partition("/")[2]
    return matched(said.method, path.partition("?")[0] or "/", read(request, base)) is not None


def _yielded(platform: Platform, auth: Auth, step: LoginStep) -> Response:
    body: dict[str, Any] = {}
    headers = [("content-type", "application/json; charset=utf-8"), ("cache-control", "no-store")]
    for name, rule in step.extract.items():
        value = _value(platform, auth, name, rule.kind)
        kind, _, place = rule.path.partition(":")
        if kind.startswith("$"):
            put(body, rule.path, value)
        elif kind == "header":
            headers.append((place.strip(), str(value)))
        else:
            headers.append(("set-cookie", f"{place.strip() or 'session'}={value}; Path=/"))
    envelope = derived(platform).ok.body
    told = merged(body, envelope if isinstance(envelope, dict) else {})
    return Response(
        status=200,
        headers=tuple(headers),
        body=json.dumps(told, ensure_ascii=False).encode(),
        source="recorded",
    )


def _value(platform: Platform, auth: Auth, name: str, kind: str) -> str | int:
    if name == "ttl":
        assert auth.acquire is not None
        return int(auth.acquire.ttl.default)
    key = platform.platform_key
    return standin(kind=kind, platform=key, instance="default", name=name)
