"""The effect of a call on the third party: whether it has one, and whether two calls share one.

A request with an idempotency key has one effect, however often it is sent; with another key, it is
another request for the same thing. The key is the parameter declared in the platform file, else one
with a usual name. Values that change each time, such as a time, do not distinguish requests.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from bpmax_sim.platform.model import Api, Idempotency
from bpmax_sim.scenario.calls import CallMade

_REPEATABLE: Final = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})
"""Methods of which a second request has no further effect (RFC 9110, 9.2.2)."""
_KEY: Final = re.compile(
    r"idempot|dedup|client_?token|out_?(trade|biz|order|request)_?no|"
    r"(^|x-)((request|req|biz)[-_]?(id|no|key)|(msg|message)[-_]?(id|no))$|^uuid$|"
    r"幂等|请求号|流水号",
    re.IGNORECASE,
)
"""``msgKey`` is none: with DingTalk it names the template."""
_EACH_TIME: Final = re.compile(
    r"nonce|time_?stamp|^ts$|(send|sent|request|create|call)_?(at|time)$|trace_?(id)?$|时间戳",
    re.IGNORECASE,
)
_NUMBER: Final = re.compile(r"(^|[a-z_])(no|number|code|key)$|号$|编码$", re.IGNORECASE)
"""Names under which a thing is looked up."""
_PLACEHOLDER: Final = re.compile(r"\{[^}]*\}")


class RequestIdentity(msgspec.Struct, frozen=True):
    """The meaning of a request.

    Attributes:
        request: equal for requests of the same thing; contains neither headers nor *key*.
        key: idempotency key, or "".
        numbers: values in it that identify a thing, such as an order number.
    """

    request: str
    key: str
    numbers: frozenset[str]


def identify_request(call: CallMade, api: Api | None) -> RequestIdentity:
    """Return the identity of *call*, a call of *api*."""
    declared = api.idempotency if api is not None else None
    name = declared.name if isinstance(declared, Idempotency) else ""
    keys = [f"{n}={v}" for n, v in call.header.items() if _is_key(n, name)]
    numbers = {str(value) for value in call.path.values()}
    rest = [
        _without_idempotency_keys(part, name, keys, numbers) for part in (call.query, call.body)
    ]
    parts = [call.instance, call.method, call.path, *rest]
    text = json.dumps(parts, ensure_ascii=False, sort_keys=True, default=str)
    return RequestIdentity(text, " ".join(sorted(keys)), frozenset(numbers))


def _is_key(name: str, declared: str) -> bool:
    return name.lower() == declared.lower() or bool(_KEY.search(name))


def _without_idempotency_keys(value: Any, declared: str, keys: list[str], numbers: set[str]) -> Any:
    """Return *value* without idempotency keys, which are added to *keys*, and changing values."""
    if isinstance(value, list):
        return [_without_idempotency_keys(inner, declared, keys, numbers) for inner in value]
    if not isinstance(value, Mapping):
        return value
    rest = {}
    for name, inner in value.items():
        is_plain = isinstance(inner, str | int | float) and inner != ""
        is_key = is_plain and _is_key(str(name), declared)
        if is_key:
            keys.append(f"{name}={inner}")
        if is_plain and (is_key or _NUMBER.search(str(name))):
            numbers.add(str(inner))
        if not is_key and not _EACH_TIME.search(str(name)):
            rest[name] = _without_idempotency_keys(inner, declared, keys, numbers)
    return rest


def has_effect(api: Api | None, method: str) -> bool:
    """Return whether a second request to *api* would have a second effect.

    This is declared, else derived from the method. `Api.is_idempotent` is narrower: whether a
    client may resend by itself, with the same key; a script that calls again has another key.
    """
    if api is not None and isinstance(api.idempotent, bool):
        return not api.idempotent
    return method not in _REPEATABLE


def static_segments(path: str) -> tuple[str, ...]:
    """Return the segments of *path* without placeholders, which name the collection."""
    return tuple(part for part in path.split("/") if part and not _PLACEHOLDER.fullmatch(part))
