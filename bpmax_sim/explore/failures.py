"""The table of failures: what can go wrong with a call or login, and the fault rule that causes it.

Each is a rule in the syntax of ``faults`` in a scenario file, so that a finding can be written
down.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec
from msgspec import UNSET
from msgspec.structs import replace

from bpmax_sim.explore.members import (
    RecordedResponses,
    apply_member_lack,
    collect_members,
)
from bpmax_sim.explore.reads import ReadMembers
from bpmax_sim.explore.run_view import ObservedCall
from bpmax_sim.i18n import msg
from bpmax_sim.messages import Response
from bpmax_sim.platform.load import Platforms
from bpmax_sim.platform.model import Api, Platform
from bpmax_sim.proxy.response import read_body
from bpmax_sim.scenario.faults import to_transport_fault
from bpmax_sim.scenario.model import FaultAction, FaultRule
from bpmax_sim.simulator.model import make_refusal_with_code
from bpmax_sim.transport.faults import Fault

CODES: Final = msg("codes")
MEMBERS: Final = msg("members")
JSON: Final = {"content-type": "application/json; charset=utf-8"}
EVERY_SENDING: Final = 10
"""As often a rule strikes the same call, whatever the client sends again by itself."""


_DOES_IT: Final = frozenset({"simulated", "stub"})
"""Who does what it is asked for although its response is lost; of a recording that is supposed."""


class FailureKind(msgspec.Struct, frozen=True, kw_only=True):
    """A way in which a call can fail.

    Attributes:
        name: name in matrix and terminal.
        do: what happens to the call, in the words of ``do`` in a scenario's ``faults``.
        is_executed: whether the third party executed the request, as with a lost response.
        for_writes: whether it is tried only on calls whose repetition would have a second effect,
            such as a second order.
    """

    name: str
    do: FaultAction
    is_executed: bool = False
    for_writes: bool = False


KINDS: Final[tuple[FailureKind, ...]] = (
    FailureKind(name=msg("refused"), do=FaultAction(error="connect")),
    FailureKind(name=msg("timeout"), do=FaultAction(error="timeout")),
    FailureKind(
        name=msg("timeout (executed)"),
        do=FaultAction(error="timeout"),
        is_executed=True,
        for_writes=True,
    ),
    FailureKind(name=msg("reset"), do=FaultAction(error="reset", after=20), is_executed=True),
    FailureKind(name="500", do=FaultAction(status=500)),
    FailureKind(name="429", do=FaultAction(status=429)),
    FailureKind(
        name=msg("empty body"), do=FaultAction(status=200, headers=JSON, body=""), is_executed=True
    ),
    FailureKind(name=msg("no JSON"), do=FaultAction(error="invalid_json"), is_executed=True),
    FailureKind(name=msg("half a body"), do=FaultAction(error="truncated"), is_executed=True),
)
"""What can happen to any call."""
_TOKEN_EXPIRED: Final = FailureKind(
    name=msg("token expired"),
    do=FaultAction(token="expired"),  # noqa: S106 - a state, no secret
)
_TOKEN_REVOKED: Final = FailureKind(
    name=msg("token revoked"),
    do=FaultAction(token="revoked"),  # noqa: S106 - a state, no secret
)


class PossibleFailure(msgspec.Struct, frozen=True, kw_only=True):
    """One failure of one call of a run, as the fault rule that causes it.

    Attributes:
        call: call that fails.
        kind: name in matrix and terminal: ``500``, ``code 45009``, ``data.name null``.
        column: column of the matrix of calls and failures in which it is shown.
        rule: fault rule that causes it, as in a scenario file; *fault* is the same for the
            transport.
        is_executed: whether the third party executed the request.
        shown_by: evidence that the response is possible: ``declared``, ``recorded`` or "".
        lacks_member: whether the call succeeds, and its response lacks a member.
        is_refusal: whether the third party itself refuses, with a status or business code.
        is_rejected: false for an empty response with status 200: the request was executed, and
            perhaps nobody needs its result. After any other failure it is a defect if nobody is
            told, even if the run ends like the run without it.
    """

    call: ObservedCall
    kind: str
    column: str
    rule: FaultRule
    fault: Fault
    is_executed: bool = False
    shown_by: str = ""
    lacks_member: bool = False
    is_refusal: bool = False
    is_rejected: bool = True

    def move_to_call(self, call: ObservedCall) -> PossibleFailure:
        """Return the same failure happening to *call* instead."""
        rule = replace(self.rule, on=call.name, call=call.number)
        return replace(self, call=call, rule=rule, fault=to_transport_fault(rule))

    def repeat_until(self, last: int) -> PossibleFailure:
        """Return the same failure for each call of the API, from this one to the *last*-th.

        Calls of an API are counted from 1 in each run.
        """
        rule = replace(self.rule, call=f"{self.call.number}-{last}")
        kind = msg("{kind}, each time", kind=self.kind)
        return replace(self, kind=kind, rule=rule, fault=to_transport_fault(rule))


def find_possible_failures(
    calls: Sequence[ObservedCall],
    platforms: Platforms,
    recorded: RecordedResponses,
    reads: ReadMembers,
) -> Iterator[PossibleFailure]:
    """Yield the possible failures of each of *calls*, in order.

    Args:
        calls: calls of a run without failure.
        platforms: declarations of their APIs.
        recorded: all recorded responses, which show what APIs may return.
        reads: members that scripts read; only these are left out of responses.
    """
    for call in calls:
        if call.is_faulted:
            continue
        platform = platforms.find(call.platform)
        if platform is None:
            continue
        api = platform.apis.get(call.api)
        for kind in _find_failure_kinds(call, platform, api):
            yield _make_failure(call, kind)
        if not call.is_login:
            yield from _find_refusals(call, platform, api, recorded)
        if api is not None:
            yield from _find_missing_member_failures(call, api, recorded, reads)


def _find_failure_kinds(
    call: ObservedCall, platform: Platform, api: Api | None
) -> Iterator[FailureKind]:
    for kind in KINDS:
        if call.has_effect or not kind.for_writes:
            yield kind
    if api is not None and platform.auth_of(api).needs_login(api.method):
        yield _TOKEN_EXPIRED
        yield _TOKEN_REVOKED


def _make_failure(
    call: ObservedCall,
    kind: FailureKind,
    *,
    shown_by: str = "",
    lacks_member: bool = False,
    is_refusal: bool = False,
) -> PossibleFailure:
    # An expired token is refused once: with the token that the client then fetches, the call has to
    # succeed. Any other failure strikes each sending, or the client would hide it by resending.
    once = kind is _TOKEN_EXPIRED
    do = (
        replace(kind.do, executed=True) if kind.is_executed and call.source in _DOES_IT else kind.do
    )
    if call.elapsed and (do.error or do.status) and do.error != "timeout":
        # It comes when the response would have, or what a person does during the call comes after.
        do = replace(do, delay=round(call.elapsed, 6))
    rule = FaultRule(
        on=call.name, call=call.number, attempts=UNSET if once else EVERY_SENDING, do=do
    )
    return PossibleFailure(
        call=call,
        kind=kind.name,
        column=MEMBERS if lacks_member else CODES if is_refusal else kind.name,
        rule=rule,
        fault=to_transport_fault(rule),
        is_executed=kind.is_executed,
        shown_by=shown_by,
        lacks_member=lacks_member,
        is_refusal=is_refusal,
        is_rejected=is_refusal or kind.do.body != "",
    )


def _find_refusals(
    call: ObservedCall, platform: Platform, api: Api | None, recorded: RecordedResponses
) -> Iterator[PossibleFailure]:
    """Yield the declared and the recorded refusals of the third party itself."""
    seen = set[str]()
    for (status, code), response in recorded.find_refusals(call.name).items():
        if status == call.status and read_body(response).value == call.response:
            continue  # it is what comes anyway
        name = msg("code {code}", code=code) if code else str(status)
        seen.add(code or str(status))
        kind = FailureKind(name=name, do=_reply_with(response))
        yield _make_failure(call, kind, shown_by="recorded", is_refusal=True)
    rules = platform.response_of(api)
    for name, group in rules.classes.items():
        for declared in group.code if name != "token" else ():
            if str(declared) in seen:
                continue
            response = make_refusal_with_code(rules, name, declared)
            kind = FailureKind(name=msg("code {code}", code=declared), do=_reply_with(response))
            yield _make_failure(call, kind, is_refusal=True)


def _reply_with(response: Response) -> FaultAction:
    text = response.body.decode("utf-8", "replace")
    content_type = response.header("content-type")
    try:
        body: Any = json.loads(text)
    except ValueError:
        body = text
    headers = {"content-type": content_type} if content_type else {}
    return FaultAction(status=response.status, headers=headers, body=body)


def _find_missing_member_failures(
    call: ObservedCall, api: Api, recorded: RecordedResponses, reads: ReadMembers
) -> Iterator[PossibleFailure]:
    """Yield a failure for each way in which a member that scripts read may be missing.

    Without evidence that it may (declaration or recording), null is tried.
    """
    body = call.response
    if not isinstance(body, Mapping | list) or call.error:
        return
    for member in collect_members(body, api, recorded.get_api_summary(call.name)):
        if not reads.is_read(call, member.steps):
            continue
        for lack, shown_by in member.lacks.items() or (("null", ""),):
            name = f"{member.name} {_LACKS[lack]}"
            changed = apply_member_lack(body, member.steps, lack)
            do = FaultAction(status=call.status or 200, headers=JSON, body=changed)
            kind = FailureKind(name=name, do=do, is_executed=True)
            yield _make_failure(call, kind, shown_by=shown_by, lacks_member=True)


_LACKS: Final[Mapping[str, str]] = {
    "absent": msg("absent"),
    "null": "null",
    "empty": msg("empty"),
}
