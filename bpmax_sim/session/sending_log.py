"""The log of what answered each sending of a session: an injected fault, or a recording.

Entries are short when they are added and are spelled out only when read, as a scenario does for its
trace. Everything in it is redacted.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import UNSET

from bpmax_sim.cassette.file import Cassette
from bpmax_sim.cassette.matching import (
    Difference,
    MatchingRules,
    RequestParts,
    exchange_to_parts,
    find_differences,
)
from bpmax_sim.clock import VirtualClock
from bpmax_sim.errors import BpmaxError
from bpmax_sim.field_path import format_path
from bpmax_sim.js_values import to_scenario_value
from bpmax_sim.messages import Request, Response
from bpmax_sim.proxy.response import read_body
from bpmax_sim.transport.faults import Fault


class InjectedFault(msgspec.Struct, frozen=True, kw_only=True):
    """A fault that was injected when a call was sent.

    Attributes:
        call: ``platform.api``.
        serial: number of the call in the session, from 1.
        attempt: number of its sending, from 0; a retry is another one.
        at: virtual instant.
        order: number in the order of all events of the session.
    """

    fault: Fault
    call: str
    serial: int
    attempt: int
    at: float
    order: int


class RecordingMatch(msgspec.Struct, frozen=True, kw_only=True):
    """The recorded exchange that answered a request, or the nearest one if none did.

    Attributes:
        file: path of the cassette.
        exchange: number of the exchange in it, from 1.
        line: line of the exchange in the file.
        played: whether it answered; if not, it is the nearest one, and *differs* says why it did
            not.
        ignore: places that matching ignores for this API.
        ignored: differences at these places, each as ``{path, recorded, sent}``.
        request: the recorded request, if anything in it differs.
        status, response: what the nearest exchange would have answered; only if *played* is False.
    """

    file: str
    exchange: int
    line: int
    played: bool
    ignore: tuple[str, ...] = ()
    ignored: tuple[Mapping[str, Any], ...] = ()
    differs: tuple[Mapping[str, Any], ...] = ()
    request: Mapping[str, Any] | None = None
    status: int | None = None
    response: Any = None


class _SendingMatch(msgspec.Struct, frozen=True):
    """Which recorded exchange answered a request (*played*), or was nearest to it.

    Attributes:
        number: number of the exchange in the cassette, from 0.
        sent: parts of the request, to compare them with the recorded ones; None if the exchange
            answered and matching ignores no place, so that they are equal.
    """

    cassette: Cassette
    number: int
    played: bool
    sent: RequestParts | None


class SendingAnswerLog:
    """Logs for each request of a session which fault or recorded exchange answered it.

    It is safe to use from several threads.

    Attributes:
        faults: every injected fault, in order.
    """

    def __init__(self, rules: MatchingRules, clock: VirtualClock) -> None:
        """Start empty."""
        self.faults: list[InjectedFault] = []
        self._rules = rules
        self._clock = clock
        self._notes: dict[tuple[int, int], _SendingMatch] = {}

    def note_fault(self, fault: Fault, request: Request) -> None:
        """Log that *fault* was injected into *request*."""
        if (call := request.call) is not None:
            injected = InjectedFault(
                fault=fault,
                call=call.name,
                serial=call.serial,
                attempt=request.attempt,
                at=self._clock.now(),
                order=self._clock.next_seq(),
            )
            self.faults.append(injected)

    def note_match(
        self, request: Request, played: tuple[Cassette, int], sent: RequestParts
    ) -> None:
        """Log that the recorded exchange *played* (cassette, number from 0) answered *request*.

        *sent* are the parts of the request that were matched.
        """
        counted = not self._rules.get_ignored_paths(sent.platform, sent.api)
        self._store_match(request, _SendingMatch(*played, True, None if counted else sent))

    def note_miss(
        self, request: Request, nearest: tuple[Cassette, int] | None, sent: RequestParts
    ) -> None:
        """Log that no recorded exchange answered *request*, and which one is most similar to it.

        *nearest* is that exchange as (cassette, number from 0); if it is None nothing is logged.
        *sent* are the parts of *request* that were matched, which are compared with it later.
        """
        if nearest is not None:
            self._store_match(request, _SendingMatch(*nearest, False, sent))

    def _store_match(self, request: Request, match: _SendingMatch) -> None:
        if request.call is not None:
            self._notes[request.call.serial, request.attempt] = match

    def find_recording_match(self, serial: int, attempt: int) -> RecordingMatch | None:
        """Return the exchange that was logged for sending *attempt* of call *serial*, or None."""
        answered = self._notes.get((serial, attempt))
        if answered is None:
            return None
        cassette, number = answered.cassette, answered.number
        return RecordingMatch(
            file=str(cassette.path),
            exchange=number + 1,
            line=cassette.line_number(number),
            played=answered.played,
            **(
                {}
                if answered.sent is None
                else self._describe_match_differences(answered, answered.sent)
            ),
        )

    def _describe_match_differences(
        self, match: _SendingMatch, sent: RequestParts
    ) -> dict[str, Any]:
        rules = self._rules
        data: dict[str, Any] = {
            "ignore": tuple(map(format_path, rules.get_ignored_paths(sent.platform, sent.api)))
        }
        try:
            recorded = exchange_to_parts(match.cassette.exchange(match.number))
        except BpmaxError:  # a damaged one is told of when it is played
            return data
        every = find_differences(
            recorded, sent, MatchingRules(templates=rules.templates, former=rules.former)
        )
        counted = () if match.played else find_differences(recorded, sent, rules)
        ignored = [difference for difference in every if difference not in counted]
        data["ignored"] = tuple(map(_difference_to_json, ignored))
        data["differs"] = tuple(map(_difference_to_json, counted))
        if every:
            data["request"] = {
                "method": recorded.method,
                "path": recorded.path,
                "query": dict(recorded.query),
                "header": dict(recorded.header),
                "body": None
                if recorded.body.kind == "none"
                else to_scenario_value(recorded.body.value),
            }
        if not match.played:
            outcome = match.cassette.outcome(match.number)
            if isinstance(outcome, Response):
                data |= {"status": outcome.status, "response": read_body(outcome).display_value}
        return data


def _difference_to_json(difference: Difference) -> dict[str, Any]:
    """Return a difference as JSON values; a side without a value is left out."""
    sides = {"recorded": difference.recorded, "sent": difference.sent}
    return {"path": difference.path} | {
        k: to_scenario_value(v) for k, v in sides.items() if v is not UNSET
    }
