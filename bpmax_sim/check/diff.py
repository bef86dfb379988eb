"""Compare two cassettes by meaning: which exchanges both contain, and where these differ.

Paths are written as in the explanation of a miss. Times, durations and volatile fields are ignored.
"""

from __future__ import annotations

import re
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, Final, Literal

import msgspec
from msgspec import UNSET

from bpmax_sim.cassette import matching
from bpmax_sim.cassette.alignment import PASSING, PlacesOf, to_comparable_outcome
from bpmax_sim.cassette.file import Cassette
from bpmax_sim.cassette.matching import (
    Difference,
    MatchingRules,
    RequestParts,
    compute_matching_key,
    find_differences,
)
from bpmax_sim.errors import Place
from bpmax_sim.field_path import FieldPath, without_paths
from bpmax_sim.messages import Exchange

Kind = Literal["same", "changed", "removed", "added"]
_MOST_TRIED: Final = 50  # candidates for the nearest, of which the one that differs least is taken


class NumberedExchange(msgspec.Struct, frozen=True):
    """An exchange, its cassette, and its number in the cassette, from 0."""

    cassette: Cassette
    number: int
    exchange: Exchange

    @property
    def place(self) -> Place:
        """Return the file and line of the exchange."""
        return self.cassette.place(self.number)

    @property
    def name(self) -> str:
        """Return ``platform.api``, or method and address for other HTTP clients."""
        call = self.exchange.request.call
        if call and call.platform:
            return call.name
        return f"{self.exchange.request.method} {self.exchange.request.url.partition('?')[0]}"


class ExchangePair(msgspec.Struct, frozen=True, kw_only=True):
    """An exchange of one cassette and its counterpart in the other, if there is one.

    Attributes:
        old, new: exchange in each cassette; None if it has no counterpart.
        request, response: differences between the requests, and between the responses.
    """

    old: NumberedExchange | None = None
    new: NumberedExchange | None = None
    request: tuple[Difference, ...] = ()
    response: tuple[Difference, ...] = ()

    @property
    def kind(self) -> Kind:
        """Return ``added``, ``removed``, ``changed`` or ``same``."""
        if self.old is None or self.new is None:
            return "added" if self.old is None else "removed"
        return "changed" if self.request or self.response else "same"

    @property
    def old_or_new_exchange(self) -> NumberedExchange:
        """Return the old exchange, or the new one if there is no old one."""
        side = self.old or self.new
        assert side is not None
        return side


def compare_cassettes(
    old: Cassette, new: Cassette, rules: MatchingRules, volatile: PlacesOf
) -> Iterator[tuple[str, ExchangePair]]:
    """Yield every exchange of two cassettes as its owner, and the exchange with its counterpart.

    Of each owner (scenario, row or test), exchanges that only *new* has come last. If each cassette
    has a single owner, the two are compared even under different names. *rules* say which parts of
    requests count; *volatile* returns the volatile fields of an API's responses, which do not
    count.

    Raises:
        CassetteError: if one of them cannot be read.
    """
    owners = [(owner, owner) for owner in dict.fromkeys([*old.owners, *new.owners])]
    if len(old.owners) == len(new.owners) == 1:
        owners = [(old.owners[0], new.owners[0])]
    for before, after in owners:
        for pair in _pair_exchanges(
            _number_exchanges(old, before), _number_exchanges(new, after), rules, volatile
        ):
            yield before, pair


def pair_added_exchanges(new: Cassette) -> Iterator[tuple[str, ExchangePair]]:
    """Yield every exchange of *new* as added: its owner, and a pair that has no old exchange.

    An owner is the scenario, row or test that recorded it.

    Raises:
        CassetteError: if it cannot be read.
    """
    for owner in new.owners:
        yield from (
            (owner, ExchangePair(new=numbered)) for numbered in _number_exchanges(new, owner)
        )


def _number_exchanges(cassette: Cassette, owner: str) -> list[NumberedExchange]:
    numbers = cassette.index.list_exchange_numbers(owner) if owner in cassette.owners else ()
    return [NumberedExchange(cassette, number, cassette.exchange(number)) for number in numbers]


def _pair_exchanges(
    old: Sequence[NumberedExchange],
    new: Sequence[NumberedExchange],
    rules: MatchingRules,
    volatile: PlacesOf,
) -> Iterator[ExchangePair]:
    """Yield pairs of equal requests in their order, or else of one API that differ least.

    What is left without a partner has None for it. *volatile* returns the fields of an API's
    responses that do not count as differences.
    """
    parts = {id(side): matching.exchange_to_parts(side.exchange) for side in (*old, *new)}
    left = defaultdict[str, dict[int, NumberedExchange]](
        dict
    )  # what has no partner yet, by its name
    by_key = defaultdict[str, deque[NumberedExchange]](deque)
    for side in new:
        left[side.name][side.number] = side
        by_key[compute_matching_key(parts[id(side)], rules)].append(side)
    # Equal requests go first: an exchange that only moved must not take the place of a changed one.
    partners: dict[int, NumberedExchange] = {}
    for side in old:
        if equal := by_key.get(compute_matching_key(parts[id(side)], rules)):
            partner = partners[side.number] = equal.popleft()
            del left[partner.name][partner.number]
    changed = [side for side in old if side.number not in partners]
    partners |= _find_least_different_partners(changed, left, parts, rules)
    for side in old:
        mine = parts[id(side)]
        nearest = partners.get(side.number) or next(iter(left[side.name].values()), None)
        if nearest is None:
            yield ExchangePair(old=side)
            continue
        left[side.name].pop(nearest.number, None)
        request = find_differences(mine, parts[id(nearest)], rules)
        yield ExchangePair(
            old=side,
            new=nearest,
            request=request,
            response=_compare_responses(side, nearest, volatile),
        )
    rest = chain.from_iterable(group.values() for group in left.values())
    for side in sorted(rest, key=lambda side: side.exchange.order):
        yield ExchangePair(new=side)


def _find_least_different_partners(
    old: Sequence[NumberedExchange],
    left: Mapping[str, dict[int, NumberedExchange]],
    parts: Mapping[int, RequestParts],
    rules: MatchingRules,
) -> Mapping[int, NumberedExchange]:
    """Return number of an exchange in *old* -> the most similar one in *left* of the same API.

    *left* has the exchanges without a partner, by name of the API and number; partners are removed
    from it. *parts* has the parts of each request by ``id()`` of its exchange. The pairs that
    differ least are formed first: if partners were chosen in the order of *old*, an exchange that
    was removed would take the partner of the next one, and so would all behind it.
    """
    by_name = defaultdict[str, list[NumberedExchange]](list)
    for side in old:
        by_name[side.name].append(side)
    ranked: list[tuple[int, int, int, str]] = []
    for name, sides in by_name.items():
        others = list(left[name].values())
        for rank, side in enumerate(sides):
            begin = max(0, min(rank, len(others)) - _MOST_TRIED // 2)
            ranked += (
                (len(find_differences(parts[id(side)], parts[id(other)], rules)), side.number,
                 other.number, name)
                for other in others[begin : begin + _MOST_TRIED]
            )  # fmt: skip
    partners: dict[int, NumberedExchange] = {}
    for _, number, other, name in sorted(ranked):
        if number not in partners and other in left[name]:
            partners[number] = left[name].pop(other)
    return partners


_DIGITS = re.compile(r"[0-9]")
_LETTERS = re.compile(r"[A-Za-z]")
_SHORTEST_DRAWN: Final = 4  # of fewer letters and digits nobody can say that they were drawn


def is_random_only(old: Cassette, new: Cassette, pairs: Iterable[tuple[str, ExchangePair]]) -> bool:
    """Return whether *pairs* differ only in random values drawn, because the seeds were different.

    Each old value and its new one must be alike but for digits and hexadecimal letters, and an old
    value that occurs again must again have the same new one.
    """
    became: dict[str, str] = {}
    owners = set[str]()
    for owner, pair in pairs:
        if pair.kind not in {"same", "changed"}:
            return False
        for place in (*pair.request, *pair.response):
            owners.add(owner)
            before, after = place.recorded, place.sent
            form = _mask_random_characters(before)
            if not form or form != _mask_random_characters(after):
                return False
            if became.setdefault(str(before), str(after)) != str(after):
                return False
    drawn = [(old.drawn_sequences(owner), new.drawn_sequences(owner)) for owner in owners]
    return bool(drawn) and all(
        before and after and before.seeds != after.seeds for before, after in drawn
    )


def _mask_random_characters(value: Any) -> str:
    """Return *value* with the characters that a random value varies replaced by ``#``.

    These are digits, and letters in a hexadecimal text. A float becomes ``number``, whatever its
    digits. "" if the value is too short to be random.
    """
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
        without_paths(to_comparable_outcome(side.exchange.outcome), passing) for side in (old, new)
    )
    if before.get("kind") != after.get("kind"):  # text that was JSON before differs as a whole
        before["body"], after["body"] = (
            _combine_body_kind_and_content(before),
            _combine_body_kind_and_content(after),
        )
    return tuple(
        difference
        for name in dict.fromkeys([*before, *after])
        if name != "kind"
        for difference in matching.find_value_differences(
            (name,), before.get(name, UNSET), after.get(name, UNSET)
        )
    )


def _combine_body_kind_and_content(comparable_parts: dict[str, Any]) -> Any:
    """Return kind (such as json) and content of a body as one text; `UNSET` without body.

    *comparable_parts* has both by name, among other parts of a response. The result serves to
    compare bodies of different kinds, whose members have nothing in common.
    """
    kind = comparable_parts.get("kind", "bytes")
    return UNSET if kind == "none" else f"{kind} {comparable_parts.get('body')}"
