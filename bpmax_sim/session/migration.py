"""Find out how a recording would have to change so that today's calls find it, and why.

A replay with `RecordingMoves` answers a call without recording by the nearest recording not yet
played, as a proposal. Nothing is written here; the user sees the causes and decides. Each move
holds today's request in its recorded form.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, Literal

import msgspec
from msgspec import UNSET
from msgspec.structs import replace

from bpmax_sim.cassette.file import Cassette
from bpmax_sim.cassette.format import render_exchange
from bpmax_sim.cassette.former_names import FormerNames
from bpmax_sim.cassette.matching import (
    MatchingRules,
    RequestParts,
    compute_matching_key,
    exchange_to_parts,
    find_differences,
    request_to_parts,
)
from bpmax_sim.cassette.model import Entry, encode_sorted
from bpmax_sim.cassette.reader import split_exchange
from bpmax_sim.i18n import label_message, msg
from bpmax_sim.messages import Exchange, Request, Response

Kind = Literal["owner", "platform", "api", "path", "place", "signature"]
NOTHING: Final = "-"
_WIDTH: Final = 60


class MoveCause(msgspec.Struct, frozen=True, order=True):
    """Why a recorded exchange is not found any more: a difference to the call that is made today.

    Attributes:
        kind: what differs, such as the name of an API or the value of a parameter.
        name: ``platform.api`` if the cause concerns one API only, else empty.
        place: place of the difference, such as ``query.lang``.
        was: recorded value.
        now: today's value.
    """

    kind: Kind
    name: str = ""
    place: str = ""
    was: str = ""
    now: str = ""

    @property
    def text_for_recording(self) -> str:
        """Return the text that notes this cause in the recording: ``query.lang - → "zh"``.

        Unlike a message, it is the same in every language.
        """
        return f"{self.place or self.kind} {self.was} → {self.now}".strip()

    def __str__(self) -> str:
        """Return ``crm.get_customer: query.lang absent → "zh"``."""
        was, now = (msg("absent") if text == NOTHING else text for text in (self.was, self.now))
        text = msg("{place} {was} → {now}", place=self.place or _KINDS[self.kind], was=was, now=now)
        if self.kind == "signature":
            text = msg("signed anew with the placeholder key")
        return label_message(self.name, text) if self.name else text


_KINDS: Final = {
    "owner": msg("scenario"),
    "platform": msg("platform"),
    "api": msg("API"),
    "path": msg("path"),
    "signature": "",
    "place": "",
}


class ProposedMove(msgspec.Struct, frozen=True):
    """A proposed change of one recorded exchange, after which today's call would find it.

    Attributes:
        causes: differences between the recorded and today's call.
        fresh: today's request and its index line (the line of a cassette that describes an
            exchange), as they would be recorded.
    """

    causes: tuple[MoveCause, ...]
    fresh: Entry

    def apply(self, old: Entry) -> Entry:
        """Return *old* with today's request; the causes are noted in its index line (``moved``)."""
        line, now = old.line, self.fresh.line
        request = split_exchange(self.fresh.text)[0]
        _, mark, outcome = split_exchange(old.text)
        marks = (*line.moved, *(cause.text_for_recording for cause in self.causes))
        moved = replace(
            line,
            key=now.key,
            call=now.call,
            instance=now.instance,
            base=now.base,
            host=now.host,
            injected=now.injected,
            signed=now.signed,
            rules=now.rules,
            extra=now.extra,
            sent_in=now.sent_in,
            moved=tuple(dict.fromkeys(marks)),
        )
        return Entry(moved, f"{request}{mark}{outcome}")


class RecordingMoves:
    """Collects, while a scenario is replayed, how its recorded exchanges would have to change.

    `bpmax-sim migrate` shows and applies these changes.

    Attributes:
        former: earlier names of platforms and APIs, in addition to those that platform files
            declare.
        found: moves (proposed changes) by the number of the exchange in its cassette.
        contested: names of calls because of which a move was withdrawn: they need the same exchange
            as another call, unchanged or changed in another way.
        unknown: names of calls to which no recorded exchange is similar.
        owner: scenario or test to which the recording belongs.
        cassette: the recording; None if there is none.
    """

    def __init__(self, former: FormerNames | None = None) -> None:
        """Start without moves; *former* are earlier names that platform files do not declare."""
        self.former = former or FormerNames()
        self.found: dict[int, ProposedMove] = {}
        self.contested: list[str] = []
        self.unknown: list[str] = []
        self.owner = ""
        self.cassette: Cassette | None = None
        self._sent: dict[tuple[int, int], int] = {}

    def note_replayed_exchange(
        self, request: Request, number: int, sent: RequestParts, rules: MatchingRules
    ) -> None:
        """Note that exchange *number* answered *request*, and how the two differ.

        *sent* are the parts of the request that are matched by *rules*. If any differs from the
        recorded one, it is proposed to replace the recorded request by this one (a move). If this
        was proposed already, and with other differences, the proposal is withdrawn.
        """
        assert self.cassette is not None
        if request.call is not None:
            self._sent[request.call.serial, request.attempt] = number
        recorded = exchange_to_parts(self.cassette.exchange(number))
        causes = tuple(dict.fromkeys(_find_causes(recorded, sent, rules)))
        known = self.found.get(number)
        # Two different calls of today cannot both be what this exchange was: guessing would give
        # one of them the other's response, so neither is moved.
        if known is not None and known.causes != causes and known.causes[0].kind != "signature":
            self.withdraw_proposals(sent, [number])
        elif causes:
            self.found[number] = ProposedMove(causes, _make_unanswered_entry(request, rules))

    def find_earlier_proposal(
        self, sent: RequestParts, rules: MatchingRules
    ) -> tuple[Cassette, int] | None:
        """Return the exchange that answered an earlier call like *sent*, as cassette and number.

        The migration proposes to replace the request of that exchange by today's, so it answers
        equal calls from now on. None if there is no such proposal.
        """
        key = compute_matching_key(sent, rules)
        for number, move in self.found.items():
            if move.fresh.line.key == key and self.cassette is not None:
                return self.cassette, number
        return None

    def note_unknown(self, parts: RequestParts) -> None:
        """Note that no recorded exchange is similar to the call *parts*."""
        self.unknown.append(parts.name or parts.path)

    def withdraw_proposals(self, parts: RequestParts, numbers: Iterable[int]) -> None:
        """Withdraw the proposals to change exchanges *numbers*: call *parts* needs them as is."""
        for number in numbers:
            if self.found.pop(number, None) is not None:
                self.contested.append(parts.name or parts.path)

    def note_new_signature_if_needed(
        self,
        request: Request,
        sign_again: Callable[[], Request],
        rules: MatchingRules,
        *,
        differs: bool,
    ) -> None:
        """Propose a new signature for the exchange that answered *request*, if it needs one.

        It does if the signature *differs* from the recorded one, or if another change of the
        recorded request is proposed already. ``sign_again()`` returns the request, signed with
        today's declaration at the recorded instant.
        """
        assert request.call is not None
        number = self._sent.get((request.call.serial, request.attempt))
        if number is None or not (differs or number in self.found):
            return
        causes = self.found[number].causes if number in self.found else ()
        self.found[number] = ProposedMove(
            causes or (MoveCause("signature", request.call.name),),
            _make_unanswered_entry(sign_again(), rules),
        )


_NO_RESPONSE: Final = Response(status=0)


def _make_unanswered_entry(request: Request, rules: MatchingRules) -> Entry:
    key = compute_matching_key(request_to_parts(request), rules)
    return render_exchange(Exchange(request=request, outcome=_NO_RESPONSE, key=key), rules=rules)


def _find_causes(
    recorded: RequestParts, sent: RequestParts, rules: MatchingRules
) -> Iterator[MoveCause]:
    if recorded.platform != sent.platform:
        yield MoveCause("platform", was=recorded.platform, now=sent.platform)
    if recorded.api != sent.api:
        was = f"{sent.platform}.{recorded.api}" if recorded.api else NOTHING
        yield MoveCause("api", was=was, now=sent.name or NOTHING)
    found = find_differences(recorded, sent, rules)
    roots = {difference.path.partition(".")[0] for difference in found}
    # ``path.id`` is another value of a parameter; a difference in any other part of the path is an
    # address that has moved, and is told once and not for each call.
    is_address = "path" in roots and not all(
        difference.path.startswith("path.") for difference in found if difference.path[:4] == "path"
    )
    if is_address:
        yield MoveCause("path", "", "", *_find_differing_path_prefixes(recorded.path, sent.path))
    for difference in found:
        root = difference.path.partition(".")[0].partition("[")[0]
        if root in {"platform", "api"} or (root == "path" and is_address):
            continue
        values = map(_format_value, (difference.recorded, difference.sent))
        yield MoveCause("place", sent.name or sent.path, difference.path, *values)


def _find_differing_path_prefixes(old: str, new: str) -> tuple[str, str]:
    """Return the beginnings of two paths up to the last segment in which they differ.

    ``/v1/orders`` and ``/v2/orders`` give ``/v1`` and ``/v2``.
    """
    was, now = old.split("/"), new.split("/")
    while len(was) > 1 and len(now) > 1 and was[-1] == now[-1]:
        was.pop()
        now.pop()
    return "/".join(was) or "/", "/".join(now) or "/"


def _format_value(value: Any) -> str:
    if value is UNSET:
        return NOTHING
    text = json.dumps(value, ensure_ascii=False) if isinstance(value, str) else ""
    text = text or encode_sorted(value).decode()
    return text if len(text) <= _WIDTH else f"{text[:_WIDTH]}…"
