"""Messages that were sent; some never arrive although the sender is told that all is well."""

from __future__ import annotations

import json
import math

from bpmax_sim.simulator.asked import ABSENT
from bpmax_sim.simulator.model import Delivery
from bpmax_sim.simulator.state import Message, Seen
from bpmax_sim.simulator.turn import Turn


def deliver(turn: Turn, rule: Delivery) -> None:
    """Keep the message of this request, once for each of its receivers."""
    body = None if turn.asked.body is ABSENT else turn.asked.body
    for receiver in turn.receivers or ("",):
        why = _over_quota(turn, rule, receiver) or _repeated(turn, rule, receiver, body)
        message = Message(at=turn.now, route=turn.route, to=receiver, body=body, dropped=why)
        turn.change(messages=(*turn.state.messages, message))


def _over_quota(turn: Turn, rule: Delivery, receiver: str) -> str:
    if not rule.count:
        return ""
    key = f"deliver/{turn.tenant.instance if turn.tenant else ''}/{receiver}"
    start = math.floor(turn.now / rule.per) * rule.per
    begun, count = turn.state.counts.get(key, (start, 0))
    count = count + 1 if begun == start else 1
    turn.change(counts={**turn.state.counts, key: (start, count)})
    return "" if count <= rule.count else f"more than {rule.count} in {rule.per:g} s"


def _repeated(turn: Turn, rule: Delivery, receiver: str, body: object) -> str:
    if not rule.same:
        return ""
    text = json.dumps([turn.route, receiver, _content(body)], ensure_ascii=False, sort_keys=True)
    seen = turn.state.seen.get(text)
    if seen is not None and turn.now < seen.until:
        return f"the same message within {rule.same:g} s"
    turn.change(seen={**turn.state.seen, text: Seen(until=turn.now + rule.same)})
    return ""


def _content(body: object) -> object:
    """Return what makes two messages the same: the message, not whom else it goes to."""
    return body.get("msg", body) if isinstance(body, dict) else body
