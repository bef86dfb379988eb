"""Which format some bytes are in, and one table of all that can be read and written."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any, Final

import msgspec
from msgspec import UNSET

from bpmax_sim.errors import CassetteError, ConfigError, near
from bpmax_sim.field_path import member
from bpmax_sim.i18n import msg, series
from bpmax_sim.messages import Exchange
from bpmax_sim.traffic.curl import write_curl
from bpmax_sim.traffic.har import Attachment, no_attachment, read_har, write_har
from bpmax_sim.traffic.imported import Imported, parse_json
from bpmax_sim.traffic.mock_servers import NOWHERE, read_hoverfly, read_wiremock, write_wiremock
from bpmax_sim.traffic.vcr import read_betamax, read_cassetter, read_vcrpy, write_vcrpy

Writer = Callable[[Iterable[Exchange]], tuple[bytes, tuple[str, ...]]]


class ForeignSource(msgspec.Struct, frozen=True, kw_only=True):
    """What a foreign file does not tell by itself.

    Attributes:
        address: of the server whose WireMock mappings are read.
        attachment: gives the files that Playwright puts beside an archive, or None.
    """

    address: str = NOWHERE
    attachment: Attachment = no_attachment


_READERS: Final[dict[str, Callable[[bytes, ForeignSource], Imported]]] = {
    "vcrpy": lambda data, _source: read_vcrpy(data),
    "cassetter": lambda data, _source: read_cassetter(data),
    "betamax": lambda data, _source: read_betamax(data),
    "har": lambda data, source: read_har(data, attachment=source.attachment),
    "wiremock": lambda data, source: read_wiremock(data, address=source.address),
    "hoverfly": lambda data, _source: read_hoverfly(data),
}
_WRITERS: Final[dict[str, Writer]] = {
    "curl": write_curl,
    "har": write_har,
    "vcrpy": write_vcrpy,
    "wiremock": write_wiremock,
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
    is_json = start[:1] in {b"{", b"["} and not _TOML.search(start)
    name = _json_format(start) if is_json else _text_format(start)
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


def _json_format(data: bytes) -> str:
    tree = parse_json(data, "a recording")
    return next((name for name, fits in _TRAITS if fits(tree)), "")


def _text_format(data: bytes) -> str:
    if _TOML.search(data) or _TYPED_BODY.search(data):
        return "cassetter"
    return "vcrpy" if re.search(rb"(?m)^interactions:", data) else ""


def read_foreign(data: bytes, *, kind: str = "", source: ForeignSource | None = None) -> Imported:
    """Return the exchanges of a foreign recording, as they were; *kind* is found out if empty.

    Nothing is redacted yet.

    Raises:
        CassetteError: if it cannot be read.
        ConfigError: if there is no such *kind*.
    """
    name = kind or format_of(data)
    return _READERS[_known(name, READABLE)](data, source or ForeignSource())


def write_foreign(exchanges: Iterable[Exchange], kind: str) -> tuple[bytes, tuple[str, ...]]:
    """Return *exchanges* in another tool's format, and what it cannot carry, one sentence each.

    Raises:
        ConfigError: if there is no such *kind*.
    """
    return _WRITERS[_known(kind, WRITABLE)](exchanges)


def _known(name: str, names: tuple[str, ...]) -> str:
    if name not in names:
        hint = near(name, names) or msg("; there are {all}", all=series(names))
        raise ConfigError("format: there is no {name!r}{hint}", name=name, hint=hint)
    return name
