"""``diff``: two cassettes by meaning, or one and what waits for review beside it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from bpmax_sim.cassette.bodies import encode_sorted
from bpmax_sim.cassette.file import Cassette
from bpmax_sim.cassette.matching import ABSENT
from bpmax_sim.cassette.merge import new_file
from bpmax_sim.cassette.miss import both
from bpmax_sim.check.difference import Numbered, Pair, difference
from bpmax_sim.cli.options import Json, Platforms
from bpmax_sim.cli.output import say, say_document, tell
from bpmax_sim.cli.places import opened
from bpmax_sim.cli.players import declared
from bpmax_sim.errors import ConfigError
from bpmax_sim.report.exits import ExitCode
from bpmax_sim.session.rules import matching_rules, volatile_places

_KINDS = ("same", "changed", "removed", "added")


class _Found(msgspec.Struct, frozen=True):
    """Both files, and an exchange of either."""

    old: Cassette
    new: Cassette
    owner: str
    pair: Pair

    def place(self) -> str:
        """Return ``file:line`` of the exchange, the older one first."""
        one = self.pair.either
        return (self.old if self.pair.old else self.new).place(one.number)


def diff(
    old: Annotated[Path, typer.Argument(metavar="A", help="A cassette.")],
    new: Annotated[
        Path | None, typer.Argument(metavar="B", help="Another; by default A.new, which waits.")
    ] = None,
    *,
    platforms: Platforms = None,
    json: Json = False,
) -> int:
    """Compare cassettes."""
    before, after = opened(old), opened(_other(old, new))
    known = declared(platforms)
    found = [
        _Found(before, after, owner, pair)
        for owner, pair in difference(
            before, after, matching_rules(known, ()), lambda name: volatile_places(known, name)
        )
    ]
    counts: Counter[str] = Counter(one.pair.kind for one in found)
    if json:
        say_document(
            old=str(before.path),
            new=str(after.path),
            summary={kind: counts[kind] for kind in _KINDS},
            exchanges=[_exchange(one) for one in found if one.pair.kind != "same"],
        )
    else:
        for line in _lines(found):
            say(line)
    tell(", ".join(f"{counts[kind]} {kind}" for kind in _KINDS))
    return ExitCode.FAILED if counts.total() > counts["same"] else ExitCode.PASSED


def _other(old: Path, new: Path | None) -> Path:
    if new is not None:
        return new
    waiting = new_file(old)
    if old.exists() and not waiting.exists():
        raise ConfigError(f"{old}: nothing waits beside it; name the cassette to compare it with")
    return waiting


def _lines(found: Iterable[_Found]) -> Iterator[str]:
    for one in found:
        pair = one.pair
        if pair.kind == "same":
            continue
        marks = {"changed": "~", "removed": "-", "added": "+"}
        told = pair.either
        whose = f" for {one.owner}" if one.owner else ""
        number = told.exchange.order
        yield f"{marks[pair.kind]} {told.name}{whose}, exchange {number} ({one.place()})"
        for side, places in (("request", pair.request), ("answer", pair.answer)):
            for place in places:
                yield "    {} {}: {} -> {}".format(side, place.path, *both(place))


def _exchange(found: _Found) -> dict[str, Any]:
    pair = found.pair
    return {
        "kind": pair.kind,
        "call": pair.either.name,
        "for": found.owner,
        "old": _where(found.old, pair.old),
        "new": _where(found.new, pair.new),
        "differences": [
            {"side": side, "path": one.path, "old": _json(one.recorded), "new": _json(one.sent)}
            for side, places in (("request", pair.request), ("answer", pair.answer))
            for one in places
        ],
    }


def _where(cassette: Cassette, one: Numbered | None) -> dict[str, int]:
    """Return the place of an exchange; of one that is not there, zeros."""
    if one is None:
        return {"order": 0, "line": 0}
    line = int(cassette.place(one.number).rpartition(":")[2])
    return {"order": one.exchange.order, "line": line}


def _json(value: Any) -> str:
    """Return *value* as JSON text; of one that is not there, nothing."""
    return "" if value is ABSENT else encode_sorted(value).decode()
