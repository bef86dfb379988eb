"""Two cassettes by meaning: which exchanges are in both, and at which places they differ.

The paths are those that a miss prints. Instants, durations and passing fields do not count.
"""

from __future__ import annotations

import re
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import Any, Final, Literal

import msgspec
from msgspec import UNSET

from bpmax_sim.cassette import matching
from bpmax_sim.cassette.alignment import PASSING, PlacesOf, parts_of_outcome
from bpmax_sim.cassette.file import Cassette
from bpmax_sim.cassette.matching import Difference, Rules, differences, matching_key
from bpmax_sim.errors import Place
from bpmax_sim.field_path import FieldPath, without_paths
from bpmax_sim.messages import Exchange

Kind = Literal["same", "changed", "removed", "added"]
_MOST_TRIED: Final = 50  # candidates for the nearest, of which the one that differs least is taken


class NumberedExchange(msgspec.Struct, frozen=True):
    """An exchange, its cassette, and its number in it, from 0."""

    cassette: Cassette
    number: int
    exchange: Exchange

    @property
    def place(self) -> Place:
        """Return file and line."""
        return self.cassette.place(self.number)

    @property
    def name(self) -> str:
        """Return ``platform.api``, or method and address of traffic without a builder."""
        call = self.exchange.request.call
        if call and call.platform:
            return call.name
        return f"{self.exchange.request.method} {self.exchange.request.url.partition('?')[0]}"


class ExchangePair(msgspec.Struct, frozen=True, kw_only=True):
    """An exchange of one cassette and what it is in the other.

    Attributes:
        request, answer: the places where they differ.
    """

    old: NumberedExchange | None = None
    new: NumberedExchange | None = None
    request: tuple[Difference, ...] = ()
    answer: tuple[Difference, ...] = ()

    @property
    def kind(self) -> Kind:
        """Return whether it is in both, and says the same."""
        if self.old is None or self.new is None:
            return "added" if self.old is None else "removed"
        return "changed" if self.request or self.answer else "same"

    @property
    def either(self) -> NumberedExchange:
        """Return the older one that is there."""
        side = self.old or self.new
        assert side is not None
        return side


def compare_cassettes(
    old: Cassette, new: Cassette, rules: Rules, volatile: PlacesOf
) -> Iterator[tuple[str, ExchangePair]]:
    """Yield every exchange of two cassettes with its owner, what was added at the end.

    *volatile* names passing fields of an API's responses. Where each file has one owner, they are
    compared even if they are called differently.

    Raises:
        CassetteError: if one cannot be read.
    """
    owners = [(owner, owner) for owner in dict.fromkeys([*old.owners, *new.owners])]
    if len(old.owners) == len(new.owners) == 1:
        owners = [(old.owners[0], new.owners[0])]
    for before, after in owners:
        for pair in _pair_exchanges(
            _numbered_exchanges(old, before), _numbered_exchanges(new, after), rules, volatile
        ):
            yield before, pair


def added_exchanges(new: Cassette) -> Iterator[tuple[str, ExchangePair]]:
    """Yield every exchange of a cassette that takes no other's place, with its owner.

    Raises:
        CassetteError: if it cannot be read.
    """
    for owner in new.owners:
        yield from (
            (owner, ExchangePair(new=numbered)) for numbered in _numbered_exchanges(new, owner)
        )


def _numbered_exchanges(cassette: Cassette, owner: str) -> list[NumberedExchange]:
    numbers = cassette.index.numbers(owner) if owner in cassette.owners else ()
    return [NumberedExchange(cassette, number, cassette.exchange(number)) for number in numbers]


def _pair_exchanges(
    old: Sequence[NumberedExchange],
    new: Sequence[NumberedExchange],
    rules: Rules,
    volatile: PlacesOf,
) -> Iterator[ExchangePair]:
    """Pair equal calls in their order, then those of the same API that differ least."""
    parts = {id(side): matching.parts_of_exchange(side.exchange) for side in (*old, *new)}
    left = defaultdict[str, dict[int, NumberedExchange]](
        dict
    )  # what has no partner yet, by its name
    by_key = defaultdict[str, deque[NumberedExchange]](deque)
    for side in new:
        left[side.name][side.number] = side
        by_key[matching_key(parts[id(side)], rules)].append(side)
    partners: dict[int, NumberedExchange] = {}
    for side in old:
        if equal := by_key.get(matching_key(parts[id(side)], rules)):
            partner = partners[side.number] = equal.popleft()
            del left[partner.name][partner.number]
    for side in old:
        mine = parts[id(side)]
        nearest = partners.get(side.number) or min(
            islice(left[side.name].values(), _MOST_TRIED),
            key=lambda other: (len(differences(mine, parts[id(other)], rules)), other.number),
            default=None,
        )
        if nearest is None:
            yield ExchangePair(old=side)
            continue
        left[side.name].pop(nearest.number, None)
        request = differences(mine, parts[id(nearest)], rules)
        yield ExchangePair(
            old=side,
            new=nearest,
            request=request,
            answer=_compare_responses(side, nearest, volatile),
        )
    rest = chain.from_iterable(group.values() for group in left.values())
    for side in sorted(rest, key=lambda side: side.exchange.order):
        yield ExchangePair(new=side)


_DIGITS = re.compile(r"[0-9]")
_LETTERS = re.compile(r"[A-Za-z]")
_SHORTEST_DRAWN: Final = 4  # of fewer letters and digits nobody can say that they were drawn


def is_random_only(old: Cassette, new: Cassette, pairs: Iterable[tuple[str, ExchangePair]]) -> bool:
    """Return whether *pairs* differ only by what scripts drew, each from a seed of its own.

    A text that was drawn became another of the same form, the same one everywhere.
    """
    became: dict[str, str] = {}
    owners = set[str]()
    for owner, pair in pairs:
        if pair.kind not in {"same", "changed"}:
            return False
        for place in (*pair.request, *pair.answer):
            owners.add(owner)
            before, after = place.recorded, place.sent
            if _common_form(before) != _common_form(after) or not _common_form(before):
                return False
            if became.setdefault(str(before), str(after)) != str(after):
                return False
    drawn = [(old.drawn_sequences(owner), new.drawn_sequences(owner)) for owner in owners]
    return bool(drawn) and all(
        before and after and before.seeds != after.seeds for before, after in drawn
    )


def _common_form(value: Any) -> str:
    """Return what drawn texts of one kind have in common; nothing where it cannot be drawn."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    text = str(value)
    if len(_DIGITS.findall(text) + _LETTERS.findall(text)) < _SHORTEST_DRAWN:
        return ""
    is_hex = re.fullmatch(r"[0-9a-fA-F-]+", text) is not None
    if isinstance(value, float):
        return "number"
    return re.sub(r"[0-9a-zA-Z]" if is_hex else r"[0-9]", "#", text)


def _compare_responses(
    old: NumberedExchange, new: NumberedExchange, volatile: PlacesOf
) -> tuple[Difference, ...]:
    call = old.exchange.request.call
    passing = [
        FieldPath.parse(path, "volatile")
        for path in (*PASSING, *volatile(call.name if call else ""))
    ]
    before, after = (
        without_paths(parts_of_outcome(side.exchange.outcome), passing) for side in (old, new)
    )
    if before.get("kind") != after.get("kind"):  # text that was JSON before differs as a whole
        before["body"], after["body"] = _merge_seen(before), _merge_seen(after)
    return tuple(
        difference
        for name in dict.fromkeys([*before, *after])
        if name != "kind"
        for difference in matching.compare_values(
            (name,), before.get(name, UNSET), after.get(name, UNSET)
        )
    )


def _merge_seen(seen: dict[str, Any]) -> Any:
    kind = seen.get("kind", "bytes")
    return UNSET if kind == "none" else f"{kind} {seen.get('body')}"
