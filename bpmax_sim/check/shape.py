"""What an answer looks like, values aside, and how two shapes differ.

Null stands for a value that is not there. Items of a list share one shape, the union of all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, Final, Literal

import msgspec

from bpmax_sim.cassette.bodies import media_type, read_body
from bpmax_sim.cassette.paths import Path, Wild, format_path
from bpmax_sim.messages import Response

Tier = Literal["info", "warning", "error"]
What = Literal["added", "removed", "type", "status"]
Shape = Mapping[Path, frozenset[str]]
"""The types that occur at each path; a path that never occurs is not in it."""

NULL: Final = "null"
_TIERS: Final[Mapping[What, Tier]] = {
    "added": "info",
    "removed": "warning",
    "type": "error",
    "status": "error",
}
_TYPES: Final[tuple[tuple[type | tuple[type, ...], str], ...]] = (
    (bool, "boolean"),
    (str, "text"),
    ((int, float, Decimal), "number"),
    (dict, "object"),
    (list, "list"),
)


class Change(msgspec.Struct, frozen=True):
    """One difference: *was* and *now* are types or a status, never values."""

    what: What
    path: str
    was: str = ""
    now: str = ""

    @property
    def tier(self) -> Tier:
        """Return how bad it is."""
        return _TIERS[self.what]

    def __str__(self) -> str:
        """Return it as a phrase, such as ``body.data.name: text became number``."""
        told = {"added": f"is new ({self.now})", "removed": f"is gone (was {self.was})"}
        return f"{self.path}: {told.get(self.what) or f'{self.was} became {self.now}'}"


def shape_of(response: Response) -> Shape:
    """Return the shape of an answer's body."""
    content_type = response.header("content-type") or ""
    body = read_body(response.body, content_type)
    found: dict[Path, set[str]] = {}
    if body.kind in {"json", "form"}:
        _look(body.value, ("body",), found)
    elif body.kind != "none":
        found["body",] = {media_type(content_type) or body.kind}
    return {path: frozenset(types) for path, types in found.items()}


def _look(value: Any, path: Path, found: dict[Path, set[str]]) -> None:
    kind = next((name for types, name in _TYPES if isinstance(value, types)), NULL)
    found.setdefault(path, set()).add(kind)
    if isinstance(value, dict):
        for name, item in value.items():
            _look(item, (*path, name), found)
    elif isinstance(value, list):
        for item in value:
            _look(item, (*path, Wild.ALL), found)


def unsteady(first: Response, second: Response) -> frozenset[Path]:
    """Return the places whose value or presence differs between two answers to one request."""
    one, two = _leaves(first), _leaves(second)
    return frozenset(path for path in one.keys() | two.keys() if one.get(path) != two.get(path))


def _leaves(response: Response) -> dict[Path, list[Any]]:
    body = read_body(response.body, response.header("content-type") or "")
    found: dict[Path, list[Any]] = {}
    _collect(body.value, ("body",), found)
    return found


def _collect(value: Any, path: Path, found: dict[Path, list[Any]]) -> None:
    if isinstance(value, dict):
        for name, item in value.items():
            _collect(item, (*path, name), found)
    elif isinstance(value, list):
        for item in value:
            _collect(item, (*path, Wild.ALL), found)
    else:
        found.setdefault(path, []).append((isinstance(value, bool), value))  # True is not 1


def changes(
    recorded: Response, live: Response, volatile: frozenset[Path] = frozenset()
) -> Iterator[Change]:
    """Yield how *live* differs from *recorded* by status and shape, *volatile* places aside.

    Only the outermost place of what was added or removed is told.
    """
    if recorded.status != live.status:
        yield Change("status", "status", str(recorded.status), str(live.status))
        return
    was, now = shape_of(recorded), shape_of(live)
    for path in sorted({*was, *now}, key=format_path):
        if _is_told(path, was, now) and not _is_volatile(path, volatile):
            yield from _change(path, was.get(path, frozenset()), now.get(path, frozenset()))


def _is_told(path: Path, was: Shape, now: Shape) -> bool:
    """Return whether *path* stands on both sides, or is a member of an object on both.

    An item of a list that is empty on the other side tells nothing.
    """
    if (path in was and path in now) or len(path) == 1:
        return True
    around = was.get(path[:-1], frozenset()) & now.get(path[:-1], frozenset())
    return path[-1] is not Wild.ALL and "object" in around


def _is_volatile(path: Path, volatile: frozenset[Path]) -> bool:
    return any(path[: len(place)] == place for place in volatile)


def _change(path: Path, was: frozenset[str], now: frozenset[str]) -> Iterator[Change]:
    before, after = was - {NULL}, now - {NULL}
    place = format_path(path)
    if before and after and not after <= before:
        yield Change("type", place, _named(before), _named(after))
    elif after and not before:
        yield Change("added", place, now=_named(after))
    elif before and not after:
        yield Change("removed", place, was=_named(before))
    elif not before and not after and was != now:
        yield Change("added" if now else "removed", place, _named(was), _named(now))


def _named(types: frozenset[str]) -> str:
    return " or ".join(sorted(types))
