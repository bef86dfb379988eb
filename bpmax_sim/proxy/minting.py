"""Secrets that an answer holds become known to the vault the moment it arrives."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bpmax_sim.messages import Request, Response
from bpmax_sim.proxy.body import Body, read_body
from bpmax_sim.proxy.environment import Secrets
from bpmax_sim.proxy.reading import ABSENT, as_text, finder


def learn(request: Request, response: Response, vault: Secrets) -> None:
    """Register what stands at the sensitive places of the answer to *request*."""
    call = request.call
    if call is None or not request.sensitive:
        return
    body = read_body(response)
    for place in request.sensitive:
        for value in _values(place.path, response, body):
            if isinstance(value, str | int | float) and not isinstance(value, bool):
                vault.minted(call.platform, call.instance, place.name, as_text(value), place.kind)


def _values(path: str, response: Response, body: Body) -> Iterator[Any]:
    """Yield what stands at *path*; ``body.a.b`` is ``$.a.b``, and ``[*]`` every item."""
    spelled = f"${path.removeprefix('body')}" if path.startswith("body") else path
    if "*" in spelled:
        yield from _all(spelled, body)
        return
    value = finder(spelled)(response, body)
    if value is not ABSENT and value is not None:
        yield value


def _all(path: str, body: Body) -> Iterator[Any]:
    import jsonpath  # noqa: PLC0415 - slow to import, and few paths need it

    if isinstance(body.rules_see, dict | list):
        yield from jsonpath.findall(path, body.rules_see)
