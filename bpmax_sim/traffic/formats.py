"""Detect the format of recorded traffic; list the formats that can be imported and exported.

All of them are entry points of ``bpmax_sim.formats``, ours too, so that vcrpy is imported only
where its files are read or written.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable
from typing import Any, Final

from bpmax_sim.errors import CassetteError, ConfigError, ExtensionWarning
from bpmax_sim.extensions import ExtensionPoint
from bpmax_sim.i18n import join_list, msg
from bpmax_sim.messages import Exchange
from bpmax_sim.traffic.imported import ForeignExchanges, ForeignFormat, ReadOptions, parse_json

FORMATS: Final = ExtensionPoint("bpmax_sim.formats", ForeignFormat)

_NO_OPTIONS: Final = ReadOptions()
_OPENAPI: Final = re.compile(rb"""(?m)^[ \t{]*["']?(?:openapi|swagger)["']?\s*:""")
_TOML_TABLE: Final = re.compile(rb"(?m)^\[\[\w+\]\]")
"""A table of TOML begins like a list of JSON."""


def list_readable_formats() -> tuple[str, ...]:
    """Return the names of the formats that can be imported, sorted."""
    return tuple(
        sorted(name for name, form in FORMATS.load_usable_parts() if form.read is not None)
    )


def list_writable_formats() -> tuple[str, ...]:
    """Return the names of the formats that can be exported, sorted."""
    return tuple(
        sorted(name for name, form in FORMATS.load_usable_parts() if form.write is not None)
    )


def detect_format(data: bytes) -> str:
    """Return the name of the format that *data* is in.

    Raises:
        CassetteError: if no importable format recognises it.
        ConfigError: if it is an OpenAPI document.
    """
    text = data.removeprefix(b"\xef\xbb\xbf").lstrip()
    tree: Any = None
    if text[:1] in {b"{", b"["} and not _TOML_TABLE.search(text):
        tree = parse_json(text, msg("a recording"))
    for name, _ in FORMATS.load_usable_parts():
        if _recognises_format(name, text, tree):
            return name
    if _OPENAPI.search(text[:65_536]):
        raise ConfigError(
            "this is an OpenAPI document and no recording; make a platform of it with "
            "`bpmax-sim import openapi <file>`"
        )
    raise CassetteError(
        "not a recording that can be imported; there are {all}",
        all=join_list(list_readable_formats()),
    )


def _recognises_format(name: str, text: bytes, tree: Any) -> bool:
    try:
        return bool(FORMATS.call(name, text, tree, member="recognise"))
    except ConfigError as error:  # of another distribution; the others are asked all the same
        warnings.warn(str(error), ExtensionWarning, stacklevel=2)
        return False


def read_foreign(
    data: bytes, *, kind: str = "", options: ReadOptions = _NO_OPTIONS
) -> ForeignExchanges:
    """Return the exchanges of a recording by another tool, unchanged and not yet redacted.

    Args:
        data: content of the file.
        kind: name of its format; empty to detect it.
        options: additional input of the reader, such as files beside this one.

    Raises:
        CassetteError: if it cannot be read.
        ConfigError: if there is no format *kind*.
    """
    name = kind or detect_format(data)
    form = FORMATS.require(name, msg("format"))
    if form.read is None:
        raise ConfigError(
            "format: {name!r} can only be written; there are {all}",
            name=name,
            all=join_list(list_readable_formats()),
        )
    read: ForeignExchanges = FORMATS.call(name, data, options, member="read")
    return read


def write_foreign(exchanges: Iterable[Exchange], kind: str) -> tuple[bytes, tuple[str, ...]]:
    """Return *exchanges* as a file in the format *kind*, and a sentence for each loss.

    Raises:
        ConfigError: if there is no such *kind*.
    """
    form = FORMATS.require(kind, msg("format"))
    if form.write is None:
        raise ConfigError(
            "format: {name!r} can only be read; there are {all}",
            name=kind,
            all=join_list(list_writable_formats()),
        )
    written: tuple[bytes, tuple[str, ...]] = FORMATS.call(kind, exchanges, member="write")
    return written
