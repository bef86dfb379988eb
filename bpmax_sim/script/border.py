"""The JSON that goes into an engine and comes out of it.

`msgspec` takes a fifth of the time of `json`, which is left with what only it can: half a character
(a lone surrogate, which UTF-8 cannot hold) and numbers beyond all floats.
"""

from __future__ import annotations

import json
from typing import Any

import msgspec

from bpmax_sim import numeric

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode
_encode_any = json.JSONEncoder(separators=(",", ":")).encode


def dumps(value: Any) -> str:
    """Return compact JSON."""
    try:
        return _encode(value).decode()
    except UnicodeEncodeError:
        return _encode_any(value)


def loads(text: str) -> Any:
    """Return the value of JSON.

    Raises:
        ValueError: it is none.
    """
    try:
        return _decode(text)
    except (msgspec.MsgspecError, UnicodeEncodeError):
        return numeric.loads(text)
