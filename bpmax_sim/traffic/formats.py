"""Which format some bytes are in, and one table of all that can be read and written."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any, Final

from msgspec import UNSET

from bpmax_sim.errors import CassetteError, ConfigError, nearest_name
from bpmax_sim.field_path import member
from bpmax_sim.i18n import msg, series
from bpmax_sim.messages import Exchange
from bpmax_sim.traffic import curl, har, mock_servers, vcr
from bpmax_sim.traffic.imported import ForeignExchanges, parse_json

_READERS: Final[dict[str, Callable[..., ForeignExchanges]]] = {
    "vcrpy": vcr.read_vcrpy,
    "cassetter": vcr.read_cassetter,
    "betamax": vcr.read_betamax,
    "har": har.read_har,
    "wiremock": mock_servers.read_wiremock,
    "hoverfly": mock_servers.read_hoverfly,
}
_WRITERS: Final[dict[str, Callable[[Iterable[Exchange]], tuple[bytes, tuple[str, ...]]]]] = {
    "curl": curl.write_curl,
    "har": har.write_har,
    "vcrpy": vcr.write_vcrpy,
    "wiremock": mock_servers.write_wiremock,
}
READABLE: Final = tuple(sorted(_READERS))
WRITABLE: Final = tuple(sorted(_WRITERS))

_OPENAPI: Final = re.compile(rb"""(?m)^[\s{]*["']?(?:openapi|swagger)["']?\s*:""")
_TOML: Final = re.compile(rb"(?m)^\[\[interactions\]\]")
_TYPED_BODY: Final = re.compile(rb"(?m)^\s+body:\s*\n\s+type: (?:none|json|text|binary)\s*$")
_TRAITS: Final[tuple[tuple[str, Callable[[Any], bool]], ...]] = (
    ("har", lambda tree: _has(tree, "log", "entries")),
    ("hoverfly", lambda tree: _has(tree, "data", "pairs")),
    ("betamax", lambda tree: _has(tree, "http_interactions")),
    ("vcrpy", lambda tree: _has(tree, "interactions")),
    ("wiremock", lambda tree: _has(tree, "mappings") or _has(tree, "request", "method")),
    ("wiremock", lambda tree: isinstance(tree, list) and _has(tree[:1] and tree[0], "request")),
    ("wiremock", lambda tree: _has(tree, "request") and _has(tree, "response")),
)


def _has(tree: Any, *path: str) -> bool:
    return member(tree, path) is not UNSET


def format_of(data: bytes) -> str:
    """Return the name of the format that *data* is in.

    Raises:
        CassetteError: if it is in none that can be read.
        ConfigError: if it is no recording at all.
    """
    start = data.removeprefix(b"\xef\xbb\xbf").lstrip()
    name = ""
    if start[:1] in {b"{", b"["} and not _TOML.search(start):
        tree = parse_json(start, "a recording")
        name = next((name for name, fits in _TRAITS if fits(tree)), "")
    elif _TOML.search(start) or _TYPED_BODY.search(start):
        name = "cassetter"
    elif re.search(rb"(?m)^interactions:", start):
        name = "vcrpy"
    if not name and _OPENAPI.search(start[:65_536]):
        raise ConfigError(
            "this is an OpenAPI document and no recording; make a platform of it with "
            "`bpmax-sim import openapi <file>`"
        )
    if not name:
        raise CassetteError(
            "not a recording that can be imported; there are {all}", all=series(READABLE)
        )
    return name


def read_foreign(
    data: bytes,
    *,
    kind: str = "",
    address: str = mock_servers.NOWHERE,
    attachment: har.Attachment = lambda _name: None,
) -> ForeignExchanges:
    """Return the exchanges of a foreign recording, as they were; nothing is redacted yet.

    Args:
        data: the whole file.
        kind: its format, or empty to find it out.
        address: of the server whose WireMock mappings these are.
        attachment: gives the files that Playwright puts beside an archive, or None.

    Raises:
        CassetteError: if it cannot be read.
        ConfigError: if there is no such *kind*.
    """
    name = _require_format(kind or format_of(data), READABLE)
    options: dict[str, dict[str, Any]] = {
        "har": {"attachment": attachment},
        "wiremock": {"address": address},
    }
    return _READERS[name](data, **options.get(name, {}))


def write_foreign(exchanges: Iterable[Exchange], kind: str) -> tuple[bytes, tuple[str, ...]]:
    """Return *exchanges* in another tool's format, and what it cannot carry, one sentence each.

    Raises:
        ConfigError: if there is no such *kind*.
    """
    return _WRITERS[_require_format(kind, WRITABLE)](exchanges)


def _require_format(name: str, names: tuple[str, ...]) -> str:
    if name not in names:
        hint = nearest_name(name, names) or msg("; there are {all}", all=series(names))
        raise ConfigError("format: there is no {name!r}{hint}", name=name, hint=hint)
    return name
