"""Paths into a request, as an ``ignore:`` line writes them and as a miss prints them.

``path``, ``query.fields``, ``header.x-a``, ``body.items[0].qty``; a name with a dot or a bracket is
quoted, ``body["a.b"]``; ``[*]`` and ``*`` stand for every index and every name.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from enum import Enum
from functools import lru_cache
from typing import Any

import msgspec

from bpmax_sim.errors import ConfigError


class Wild(Enum):
    """Every name, or every index."""

    ALL = "*"


Segment = str | int | Wild
Path = tuple[Segment, ...]

ROOTS = ("path", "query", "header", "body")
_NAME = re.compile(r"[^\s.\[\]\"*]+")
_TOKEN = re.compile(
    r"""\.?(?:(?P<name>[^\s.\[\]"*]+)|(?P<star>\*)|\[(?:(?P<all>\*)|(?P<index>\d+)|(?P<quoted>"(?:[^"\\]|\\.)*"))\])"""
)


@lru_cache(maxsize=4096)
def parse_path(text: str) -> Path:
    """Return the segments of *text*; header names in lower case.

    Raises:
        ConfigError: if *text* is not a path that starts with path, query, header or body.
    """
    segments: list[Segment] = []
    at = 0
    while at < len(text):
        token = _TOKEN.match(text, at)
        if token is None or (at > 0 and text[at] not in ".[") or (at == 0 and text[0] in ".["):
            break
        segments.append(_segment(token))
        at = token.end()
    if at < len(text) or not segments or segments[0] not in ROOTS:
        raise ConfigError(
            f"ignore: {text!r} is not a path; write path, query.<name>, header.<name> or "
            "body.<name>, such as body.items[*].ts"
        )
    if segments[0] == "header":
        segments[1:] = [s.lower() if isinstance(s, str) else s for s in segments[1:]]
    return tuple(segments)


def _segment(token: re.Match[str]) -> Segment:
    if token["name"] is not None:
        return token["name"]
    if token["index"] is not None:
        return int(token["index"])
    if token["quoted"] is not None:
        return _unquoted(token["quoted"])
    return Wild.ALL


def _unquoted(quoted: str) -> str:
    try:
        return str(json.loads(quoted, strict=False))
    except ValueError:
        raise ConfigError(f"ignore: {quoted} is not a name in quotes as JSON has them") from None


def format_path(path: Iterable[Segment]) -> str:
    """Return the text that `parse_path` reads back."""
    text = ""
    for segment in path:
        if isinstance(segment, int):
            text += f"[{segment}]"
        elif isinstance(segment, Wild):
            text += "[*]"
        elif _NAME.fullmatch(segment):
            text += f".{segment}" if text else segment
        else:
            text += f"[{json.dumps(segment, ensure_ascii=False)}]"
    return text


class Taken(msgspec.Struct, frozen=True):
    """What is left of a value without some places; *empty* when nothing of it is left."""

    value: Any
    empty: bool = False


def without(value: Any, paths: Iterable[Path], *, prune: bool = False) -> Any:
    """Return *value* without the places that *paths* name; *value* itself is not changed.

    With *prune*, a container that loses its last item goes too, and the result may be None.
    """
    for path in paths:
        left = _without(value, path, prune=prune)
        value = None if left.empty else left.value
    return value


def _without(value: Any, path: Path, *, prune: bool) -> Taken:
    if not path:
        return Taken(None, empty=True)
    head, rest = path[0], path[1:]
    if isinstance(value, dict):
        pairs = {
            name: _without(item, rest, prune=prune) if _fits(head, name) else Taken(item)
            for name, item in value.items()
        }
        kept: Any = {name: taken.value for name, taken in pairs.items() if not taken.empty}
    elif isinstance(value, list):
        takens = [
            _without(item, rest, prune=prune) if _fits(head, index) else Taken(item)
            for index, item in enumerate(value)
        ]
        # One index leaves a gap, or every later item would move to another path.
        kept = [t.value for t in takens if not (t.empty and (prune or head is Wild.ALL))]
    else:
        return Taken(value)
    return Taken(kept, empty=prune and not kept and bool(value))


def _fits(segment: Segment, key: str | int) -> bool:
    return segment is Wild.ALL or segment == key
