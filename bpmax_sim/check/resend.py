"""A recorded call as a builder's call again, so that it is authorised and signed afresh."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final, Protocol
from urllib.parse import unquote

from bpmax_sim.cassette.bodies import by_name, media_type
from bpmax_sim.messages import Call, Request
from bpmax_sim.numeric import loads
from bpmax_sim.platform.platforms import Platforms
from bpmax_sim.proxy.builder import Builder, Proxy

_STANDIN: Final = "redacted."
_PLACEHOLDER: Final = re.compile(r"\{([^{}]+)\}")


class Proxies(Protocol):
    """What makes calls: a session."""

    @property
    def platforms(self) -> Platforms:
        """Return what is declared."""
        ...

    def proxy(self, platform: str, /, **options: Any) -> Proxy:
        """Return the proxy of a platform."""
        ...


def carries_standin(request: Request) -> bool:
    """Return whether a stand-in is in what the script said; auth puts in real values itself."""
    call = request.call
    if call is None:
        texts = [request.url, *(value for _, value in request.headers)]
        return any(_STANDIN in text for text in texts) or _in_body(request.body)
    said = [call.path, *(value for _, value in (*call.query, *call.headers))]
    return any(_STANDIN in text for text in said) or _in_body(call.body)


def _in_body(body: bytes | None) -> bool:
    return _STANDIN.encode() in (body or b"")


def builder(session: Proxies, call: Call) -> Builder:
    """Return the call of a script that said *call*."""
    platform = session.platforms.platform(call.platform)
    template = session.platforms.api(platform, call.api).path
    made = session.proxy(call.platform, instance_key=call.instance).api(call.api)
    made = made.path(_path_values(template, call.path))
    made = made.query(by_name(call.query))
    made = made.header(dict(call.headers))
    if call.body is None:
        return made
    content_type = next((v for n, v in call.headers if n.lower() == "content-type"), "")
    return made.body(_said(call.body, media_type(content_type)))


def _path_values(template: str, path: str) -> Mapping[str, str]:
    pieces = _PLACEHOLDER.split(template.partition("?")[0])
    names, literals = pieces[1::2], [unquote(piece) for piece in pieces[::2]]
    found = re.fullmatch("([^/]+)".join(map(re.escape, literals)), _readable(path))
    values = found.groups() if found else ()
    return {name: unquote(value) for name, value in zip(names, values, strict=False)}


def _readable(path: str) -> str:
    """Return *path* decoded but for the slashes and percent signs that belong to values."""
    kept = re.sub(r"%(25|2[fF])", r"%25\1", path)
    return unquote(kept)


def _said(body: bytes, media: str) -> Any:
    """Return JSON as its value, so that it merges with declared defaults; all else as bytes."""
    if not media.endswith("json"):
        return body
    try:
        return loads(body)
    except ValueError:
        return body
