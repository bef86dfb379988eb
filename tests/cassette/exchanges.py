from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from bpmax_sim.cassette.matching import (
    MatchingRules,
    RequestParts,
    compute_matching_key,
    request_to_parts,
)
from bpmax_sim.cassette.miss import UnmatchedCallContext
from bpmax_sim.cassette.player import Player
from bpmax_sim.clock import Instant
from bpmax_sim.messages import Call, Exchange, Request, Response

START = Instant.parse("2026-03-02T09:00:00+08:00")
ZONE = START.offset
OWNER = "选择客户回填[正常]"
BASE = "https://crm.example.test"
RULES = MatchingRules()


def detail(number: int = 12345, **changes: Any) -> Exchange:
    """Return the recorded look-up of a customer."""
    said = Call(
        platform="crm_system",
        instance="test",
        api="get_customer_detail",
        method="GET",
        path=f"/customers/{number}",
        query=(("fields", "name,phone"),),
    )
    request = Request(
        method="GET",
        url=f"{BASE}/customers/{number}?fields=name%2Cphone",
        headers=(("authorization", "Bearer redacted.crm_system.test.token.1"),),
        call=said,
        base=BASE,
        injected=("header.authorization",),
    )
    return keyed(
        Exchange(request=request, outcome=answer(), owner=OWNER, at=START.seconds), **changes
    )


def answer(text: str = '{"code":200,"message":"ok","data":{"name":"张三"}}') -> Response:
    return Response(
        status=200,
        reason="OK",
        headers=(("content-type", "application/json; charset=utf-8"),),
        body=text.encode(),
        elapsed=0.012,
    )


def order(body: bytes, **changes: Any) -> Exchange:
    """Return a recorded order."""
    said = Call(
        platform="crm_system",
        instance="test",
        api="create_order",
        method="POST",
        path="/orders",
        headers=(("content-type", "application/json"),),
        body=body,
    )
    request = Request(
        method="POST",
        url=f"{BASE}/orders",
        headers=said.headers,
        body=body,
        call=said,
        base=BASE,
    )
    return keyed(
        Exchange(request=request, outcome=answer(), owner=OWNER, at=START.seconds), **changes
    )


def keyed(exchange: Exchange, rules: MatchingRules = RULES, **changes: Any) -> Exchange:
    """Return *exchange* with *changes* and the key of its call."""
    changed = replace(exchange, **changes)
    return replace(changed, key=compute_matching_key(request_to_parts(changed.request), rules))


def numbered(*exchanges: Exchange) -> tuple[Exchange, ...]:
    """Return *exchanges* in this order of issue."""
    return tuple(replace(exchange, order=n) for n, exchange in enumerate(exchanges, 1))


def taken(
    playing: Player,
    parts: RequestParts,
    context: UnmatchedCallContext = UnmatchedCallContext(),  # noqa: B008
) -> Exchange:
    """Return the next recorded exchange of the call *parts*."""
    cassette, number = playing.take_next(parts, context)
    return cassette.exchange(number)
