"""Secrets that an answer holds become known to the vault the moment it arrives."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from bpmax_sim.messages import Request, Response
from bpmax_sim.proxy.body import Body, read_body
from bpmax_sim.proxy.environment import Secrets
from bpmax_sim.proxy.reading import ABSENT, as_text, finder

_PUBLIC: Final = frozenset({"error", "error_description", "error_uri", "expires_in", "token_type"})


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
    if value is ABSENT or value is None:
        return
    yield from _in_address(value) if _is_location(spelled) else [value]


def _is_location(path: str) -> bool:
    return path.lower() in {"header:location", "header:content-location"}


def _in_address(address: str) -> list[str]:
    """Return the values in query and fragment, such as ``code`` (RFC 6749, 4.1.2 and 4.2.2).

    Without any, the address itself is the secret.
    """
    parts = urlsplit(address)
    pairs = parse_qsl(f"{parts.query}&{parts.fragment}")
    return [value for name, value in pairs if name not in _PUBLIC] or [address]


def _all(path: str, body: Body) -> Iterator[Any]:
    import jsonpath  # noqa: PLC0415 - slow to import, and few paths need it

    if isinstance(body.rules_see, dict | list):
        yield from jsonpath.findall(path, body.rules_see)
