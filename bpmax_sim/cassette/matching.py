"""What makes two calls the same: two calls match when `differences` finds none.

`identity` digests exactly what `differences` compares, so the key and the explanation cannot
disagree. The address, auth and signatures are no part of it: a `Call` is what the builder said.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import msgspec

from bpmax_sim.cassette.bodies import Body, by_name, encode_sorted, media_type, read_body
from bpmax_sim.cassette.injected import unbuilt
from bpmax_sim.cassette.paths import Path, Segment, format_path, parse_path, without
from bpmax_sim.messages import Call, Exchange, Request

_VERSION = "1"
_NOT_COMPARED = frozenset({"content-length", "host"})  # they follow from body and address
PARTS = ("platform", "instance", "api", "method", "path", "query", "header", "body")


@dataclass(frozen=True)
class Rules:
    """Which places do not count.

    Attributes:
        ignore: paths that count for no call.
        scoped: further paths for one platform (``crm_system``) or API (``crm_system.get``).
    """

    ignore: tuple[str, ...] = ()
    scoped: tuple[tuple[str, tuple[str, ...]], ...] = ()

    @cached_property
    def digest(self) -> str:
        """Return 16 hexadecimal digits that change when a key might."""
        scoped = sorted((name, sorted({*paths})) for name, paths in self.scoped if paths)
        said = [_VERSION, sorted({*self.ignore}), scoped]
        return hashlib.blake2b(msgspec.json.encode(said), digest_size=8).hexdigest()

    def paths(self, platform: str, api: str) -> tuple[Path, ...]:
        """Return the places that do not count for one API.

        Raises:
            ConfigError: if one of them is not a path.
        """
        found = self._paths.get((platform, api))
        if found is None:
            found = self._paths[platform, api] = self._parsed(platform, api)
        return found

    @cached_property
    def _paths(self) -> dict[tuple[str, str], tuple[Path, ...]]:
        return {}

    def _parsed(self, platform: str, api: str) -> tuple[Path, ...]:
        names = {platform, f"{platform}.{api}"}
        scoped = (path for name, paths in self.scoped if name in names for path in paths)
        return tuple(map(parse_path, (*self.ignore, *scoped)))


class Parts(msgspec.Struct, frozen=True, kw_only=True):
    """What a call says, part by part, spelling aside.

    Attributes:
        path: percent-encoded; for traffic without a builder the address without its query.
        query, header: value by name, a list of values where a name comes more than once.
    """

    platform: str
    instance: str
    api: str
    method: str
    path: str
    query: Mapping[str, Any]
    header: Mapping[str, Any]
    body: Body

    @property
    def name(self) -> str:
        """Return ``platform.api``, or nothing for traffic without a builder."""
        return f"{self.platform}.{self.api}" if self.platform or self.api else ""


class Absent(msgspec.Struct, frozen=True):
    """Stands for the value of a place that one side does not have."""

    def __repr__(self) -> str:
        return "nothing"


ABSENT = Absent()


class Difference(msgspec.Struct, frozen=True):
    """A place where a recorded and a sent call differ, and both values there."""

    path: str
    recorded: Any
    sent: Any


def parts_of(call: Call) -> Parts:
    """Return what *call* says, in the form in which calls are compared."""
    headers, content_type = [], ""
    for spelled, value in call.headers:
        name = spelled.lower()
        if name == "content-type":
            content_type = content_type or value
            headers.append((name, media_type(value)))
        elif name not in _NOT_COMPARED:
            headers.append((name, value))
    return Parts(
        platform=call.platform,
        instance=call.instance,
        api=call.api,
        method=call.method.upper(),
        path=call.path,
        query=by_name(call.query),
        header=by_name(headers),
        body=read_body(call.body, content_type),
    )


def parts_of_request(request: Request) -> Parts:
    """Return the parts of the call behind *request*; without a builder, of what was sent."""
    return parts_of(request.call or unbuilt(request))


def parts_of_exchange(exchange: Exchange) -> Parts:
    """Return the parts of the call that was recorded."""
    return parts_of_request(exchange.request)


def identity(parts: Parts, rules: Rules) -> str:
    """Return the key of a call, 32 hexadecimal digits, under *rules*."""
    seen = _seen(parts, rules)
    return hashlib.blake2b(encode_sorted(seen), digest_size=16).hexdigest()


def differences(recorded: Parts, sent: Parts, rules: Rules) -> tuple[Difference, ...]:
    """Return every place that counts under *rules* and where *sent* is not as *recorded*."""
    old, new = _seen(recorded, rules), _seen(sent, rules)
    found = [compare((name,), old.get(name, ABSENT), new.get(name, ABSENT)) for name in PARTS]
    different = tuple(difference for part in found for difference in part)
    if different or old.get("kind") == new.get("kind"):
        return different
    return (Difference("body", _as_kind(recorded.body), _as_kind(sent.body)),)


def _as_kind(body: Body) -> str:
    return body.kind if body.kind == "none" else f"{body.kind} {body.value}"


def _seen(parts: Parts, rules: Rules) -> dict[str, Any]:
    """Return the parts that count as one value; a body says its kind, so JSON "1" is not text 1."""
    seen = {
        "platform": parts.platform,
        "instance": parts.instance,
        "api": parts.api,
        "method": parts.method,
        "path": parts.path,
        "query": parts.query,
        "header": parts.header,
        "body": parts.body.value,
        "kind": parts.body.kind,
    }
    paths = rules.paths(parts.platform, parts.api)
    if not paths:
        return seen
    left: dict[str, Any] = without(seen, paths)
    if "body" not in left:
        left.pop("kind", None)
    return left


def compare(path: tuple[Segment, ...], old: Any, new: Any) -> Iterator[Difference]:
    """Yield every place below *path* where two values differ; of a place that is new, it alone."""
    if isinstance(old, dict) and isinstance(new, dict):
        for name in {**old, **new}:
            yield from compare((*path, name), old.get(name, ABSENT), new.get(name, ABSENT))
    elif isinstance(old, list) and isinstance(new, list):
        for index in range(max(len(old), len(new))):
            yield from compare((*path, index), _item(old, index), _item(new, index))
    elif not _same(old, new):
        yield Difference(format_path(path), old, new)


def _item(values: list[Any], index: int) -> Any:
    return values[index] if index < len(values) else ABSENT


def _same(old: Any, new: Any) -> bool:
    """Compare as the key does: True is not 1."""
    return type(old) is type(new) and bool(old == new)
