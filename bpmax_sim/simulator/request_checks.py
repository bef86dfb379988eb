"""The checks of a rule table: each reads the request, and refuses it or adds what it found.

Also the messages that were sent; some are dropped although the sender gets a success.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from typing import Any, Final

from msgspec import UNSET, UnsetType

from bpmax_sim.i18n import format_number
from bpmax_sim.proxy.response import to_comparable_text
from bpmax_sim.simulator import auth, model
from bpmax_sim.simulator.state import (
    CountingWindow,
    Message,
    Refusal,
    Repetition,
    RequestContext,
    is_missing,
    pick_id_types,
    select_rows,
)


def deliver_message(ctx: RequestContext, rule: model.Delivery) -> None:
    """Note the message of this request in the simulator's state, once for each receiver.

    One beyond the limits of *rule* is noted as dropped, with the reason.
    """
    body = None if ctx.scope["body"] is UNSET else ctx.scope["body"]
    for receiver in ctx.receivers or ("",):
        key = f"deliver/{ctx.instance}/{receiver}"
        if rule.count and _count_request(ctx, key, rule.per).request_count > rule.count:
            why = f"more than {rule.count} in {format_number(rule.per)} s"
        else:
            why = _find_drop_reason(ctx, rule, receiver, body)
        message = Message(at=ctx.now, route=ctx.route, to=receiver, body=body, dropped=why)
        ctx.update_state(messages=(*ctx.state.messages, message))


def _count_request(ctx: RequestContext, key: str, per: float) -> CountingWindow:
    """Count a request for *key* in the current window of *per* seconds; return that window.

    *key* identifies what is limited, such as an API or a receiver.
    """
    # Fixed windows at whole multiples of *per*, not sliding ones: a start and a number are all that
    # has to be remembered.
    start = math.floor(ctx.now / per) * per
    known = ctx.state.counts.get(key)
    before = known.request_count if known is not None and known.start == start else 0
    window = CountingWindow(start, before + 1)
    ctx.update_state(counts={**ctx.state.counts, key: window})
    return window


def _find_drop_reason(
    ctx: RequestContext, rule: model.Delivery, receiver: str, body: object
) -> str:
    if not rule.same:
        return ""
    # What makes two messages the same is the message, not whom else it goes to. Each instance has
    # people of its own.
    content = body.get("msg", body) if isinstance(body, dict) else body
    parts = ["deliver", ctx.instance, ctx.route, receiver, content]
    key = json.dumps(parts, ensure_ascii=False, sort_keys=True)
    if ctx.find_seen_key(key):
        return f"the same message within {format_number(rule.same)} s"
    ctx.remember(key, ctx.now + rule.same)
    return ""


def perform_check(check: model.RouteCheck, ctx: RequestContext) -> None:
    """Perform the check of the request that is set in *check*.

    Raises:
        Refusal: if the third party refuses the request.
        Repetition: if the same request was answered before, with that response.
    """
    for name, function in _CHECKS.items():
        rule = getattr(check, name)
        if rule is not UNSET:
            function(ctx, rule)


def _check_login_and_issue_token(
    ctx: RequestContext, rule: tuple[model.LoginCredentialCheck, ...]
) -> None:
    for item in rule:
        if is_missing(ctx.get_value_at(item.at)):
            raise Refusal(item.missing)
    fitting = ctx.tenants
    for item in rule:
        value = ctx.get_value_at(item.at)
        fitting = tuple(
            t for t in fitting if _is_same_credential(t.credentials.get(item.name), value)
        )
        if not fitting:
            raise Refusal(item.wrong)
    ctx.set_tenant(fitting[0])
    auth.issue_login_values_into_scope(ctx, fitting[0], "token")


def _is_same_credential(credential: Any, value: Any) -> bool:
    has_both = credential is not None and isinstance(value, str | int)
    return has_both and to_comparable_text(credential) == to_comparable_text(value)


def _check_body_is_object(ctx: RequestContext, error: str) -> None:
    if not isinstance(ctx.parsed.body, dict):
        raise Refusal(error)


def _check_parameter_names(ctx: RequestContext, rule: model.KnownParameters) -> None:
    token = ctx.table.tokens.at
    body = ctx.scope["body"]
    for place, names, present in (
        ("query", rule.query, ctx.parsed.query),
        ("body", rule.body, body if isinstance(body, dict) else {}),
    ):
        for name in present:
            if name not in names and f"{place}.{name}" != token:
                raise Refusal(rule.error, f"{place}.{name} is not a parameter that is simulated")


def _check_presence(ctx: RequestContext, rule: model.PresenceCheck) -> None:
    empty = [is_missing(ctx.get_value_at(place)) for place in rule.at]
    if all(empty) if rule.any_of else any(empty):
        raise Refusal(rule.error)


def _check_equality(ctx: RequestContext, rule: model.EqualityCheck) -> None:
    value = ctx.get_value_at(rule.at)
    if value is UNSET and rule.optional:
        return
    allowed = (ctx.get_value_at(rule.to),) if rule.to else rule.values
    kind, _, name = rule.to.partition(".")
    if kind == "credential" and allowed[0] is UNSET:
        # An instance without such a credential has nothing to compare with.
        if ctx.tenant is None:
            _authenticate_by_credential(ctx, name, value, rule.error)
    elif isinstance(value, UnsetType | dict | list) or to_comparable_text(value) not in map(
        to_comparable_text, allowed
    ):
        raise Refusal(rule.error)


def _authenticate_by_credential(ctx: RequestContext, name: str, value: Any, error: str) -> None:
    """Let the instance whose credential *name* has *value* be that of the request.

    Such a credential is a key that only this instance has, and that requests carry, as a robot's.

    Raises:
        Refusal: with *error*, if no instance has that value.
    """
    owners = [t for t in ctx.tenants if _is_same_credential(t.credentials.get(name), value)]
    if not owners:
        raise Refusal(error)
    ctx.set_tenant(owners[0])


def _check_text_size_and_json(ctx: RequestContext, rule: model.TextSizeAndJsonCheck) -> None:
    value = ctx.get_value_at(rule.at)
    if value is UNSET:
        return
    if not isinstance(value, str) or len(value.encode("utf-8", "replace")) > rule.most:
        raise Refusal(rule.error)
    if rule.json:
        try:
            json.loads(value)
        except (ValueError, RecursionError):
            raise Refusal(rule.error) from None


def _check_and_store_record(ctx: RequestContext, rule: model.RecordExistsCheck) -> None:
    value = ctx.get_value_at(rule.at)
    if rule.optional and value is UNSET:
        return
    if isinstance(value, str | int) and to_comparable_text(value) in rule.root:
        return
    by = (
        _choose_field_named_by_request(ctx, rule.kind, rule.by, rule.by[:1])
        if rule.kind
        else rule.by
    )
    row = ctx.find_row_ignoring_case(rule.rows, by, value)
    if row is None:
        raise Refusal(rule.error)
    ctx.scope[rule.name] = pick_id_types(row, rule.spell, ctx)


def _choose_field_named_by_request(
    ctx: RequestContext, place: str, by: model.Places, default: model.Places
) -> model.Places:
    """Return the field of *by* that the request names at *place*, or *default* if it names none."""
    kind = ctx.get_value_at(place)
    return default if kind is UNSET else tuple(field for field in by if field == kind)


def _check_and_select_page(ctx: RequestContext, rule: model.PageSelection) -> None:
    size = _read_count(ctx, rule.size, rule.default, rule.error)
    start = _read_count(ctx, rule.start, 0, rule.error)
    if not 0 < size <= rule.most:
        raise Refusal(rule.error, f"{rule.size} is not in 1..{rule.most}")
    node = {"where": rule.where, "like": rule.like, "pick": rule.pick, "spell": rule.spell}
    items = select_rows({"$rows": rule.rows, **node}, ctx)
    end = start + size
    page = {"items": items[start:end], "total": len(items), "has_more": end < len(items)}
    ctx.scope[rule.name] = page | ({"next": end} if end < len(items) else {})


def _read_count(ctx: RequestContext, place: str, default: int, error: str) -> int:
    value = ctx.get_value_at(place)
    if value is UNSET or value == "":
        return default
    text = to_comparable_text(value) if isinstance(value, str | int) else ""
    if not (text.isascii() and text.isdigit()):
        raise Refusal(error, f"{place} is not a number")
    # Cut: Python converts no text of more than 4,300 digits, and no list is as long.
    return int(text[:10])


def _check_and_find_receivers(ctx: RequestContext, rule: model.ReceiverCheck) -> None:
    by = _choose_field_named_by_request(ctx, rule.kind, rule.by, rule.by) if rule.kind else rule.by
    names = _parse_receiver_names(ctx.get_value_at(rule.at), rule)
    if rule.everybody in names and rule.everybody:
        ctx.receivers = tuple(str(row.get(rule.by[0])) for row in ctx.get_rows(rule.rows))
        names = []
    known = [name for name in names if ctx.find_row_ignoring_case(rule.rows, by, name)]
    unknown = [name.lower() if rule.lower else name for name in names if name not in known]
    members = rule.members
    if members is not UNSET:
        rows = (row for row in ctx.get_rows(members.rows) if _is_member(row, members, known))
        known = [str(row.get(members.id)) for row in rows]
    ctx.receivers = tuple(dict.fromkeys((*ctx.receivers, *known)))
    ctx.scope[rule.name] = rule.split.join(unknown) if rule.split else unknown
    if not ctx.receivers and rule.error:
        raise Refusal(rule.error)


def _is_member(row: model.Row, members: model.GroupMemberLookup, groups: list[str]) -> bool:
    own = row.get(members.by)
    return any(
        to_comparable_text(key) in groups
        for key in (own if isinstance(own, list | tuple) else [own])
    )


def _parse_receiver_names(value: Any, rule: model.ReceiverCheck) -> list[str]:
    if isinstance(value, list):
        return [to_comparable_text(item) for item in value if isinstance(item, str | int)]
    text = to_comparable_text(value) if isinstance(value, str | int) else ""
    parts = text.split(rule.split) if rule.split else [text]
    return [part.strip() for part in parts if part.strip()]


def count_and_check_limit(ctx: RequestContext, rule: model.Limit) -> None:
    """Count the request for the rate limit *rule*, and refuse it if there were too many.

    Raises:
        Refusal: if so; templates of its response find ``wait``, the seconds to wait.
    """
    places = (to_comparable_text(ctx.get_value_at(place)) for place in rule.by)
    key = "/".join((ctx.route, f"{rule.count} in {rule.per:g}", *places))
    until = ctx.state.blocked.get(key, 0.0)
    if ctx.now >= until:
        window = _count_request(ctx, key, rule.per)
        if window.request_count <= rule.count:
            return
        until = ctx.now + rule.block if rule.block else window.start + rule.per
        if rule.block:
            ctx.update_state(blocked={**ctx.state.blocked, key: until})
    ctx.scope["wait"] = max(math.ceil(until - ctx.now), 1)
    raise Refusal(rule.error)


def check_repeated_idempotency_key(ctx: RequestContext, rule: model.IdempotencyCheck) -> None:
    """Check whether the request repeats an earlier one, by its idempotency key.

    If not, its response will be kept under the key.

    Raises:
        Refusal: if it does, and the rule has an error for that.
        Repetition: if it does, with the first response.
    """
    values = [ctx.get_value_at(place) for place in rule.at]
    if any(map(is_missing, values)) or (
        rule.when and to_comparable_text(ctx.get_value_at(rule.when)) not in {"1", "true"}
    ):
        return
    key = json.dumps([ctx.instance, ctx.route, *values], ensure_ascii=False, sort_keys=True)
    if seen := ctx.find_seen_key(key):
        raise Refusal(rule.error) if rule.error else Repetition(seen.response)
    window = rule.window if rule.default is UNSET else float(rule.default)
    requested = ctx.get_value_at(rule.window_at) if rule.window_at else UNSET
    if isinstance(requested, int | float) and not isinstance(requested, bool):
        window = min(max(float(requested), 0.0), rule.window)
    ctx.idempotency_key, ctx.until = key, ctx.now + window


_CHECKS: Final[Mapping[str, Callable[[RequestContext, Any], object]]] = {
    "token": auth.authenticate_by_token,
    "login": _check_login_and_issue_token,
    "grants": auth.grant_token,
    "object": _check_body_is_object,
    "known": _check_parameter_names,
    "need": _check_presence,
    "equal": _check_equality,
    "text": _check_text_size_and_json,
    "find": _check_and_store_record,
    "page": _check_and_select_page,
    "receivers": _check_and_find_receivers,
    "limit": count_and_check_limit,
    "once": check_repeated_idempotency_key,
    "deliver": deliver_message,
    "signed": auth.check_signature_as_declared,
}
