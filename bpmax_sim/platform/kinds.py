"""Whether a credential's value is of its declared kind."""

from __future__ import annotations

import re

from bpmax_sim.platform.model import Kind
from bpmax_sim.platform.octets import FilterError, decode_base64, decode_hex

_INTEGER = re.compile(r"\s*-?[0-9]{1,18}\s*")
_CODED = {"base64": decode_base64, "hex": decode_hex}


def misfit(kind: Kind, text: str) -> str:
    """Return what is wrong with a text that should be of *kind*, or nothing; never the text.

    Keys and tokens are judged where something is signed with them.
    """
    if kind == "integer":
        return "" if _INTEGER.fullmatch(text) else "expected a whole number, got text"
    read = _CODED.get(kind)
    try:
        if read:
            read(text)
    except FilterError:
        return f"expected {kind}, got other text"
    return ""
