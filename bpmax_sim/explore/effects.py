"""The effect of a call on the third party: whether it has one, and whether two calls share one.

A request with an idempotency key has one effect, however often it is sent; with another key, it is
another request for the same thing. Values that change each time, such as a time, do not distinguish
requests.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from bpmax_sim.platform.model import Api
from bpmax_sim.scenario.calls import CallMade
from bpmax_sim.scenario.idempotency import is_key_name, is_possible_key_value

_REPEATABLE: Final = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})
"""Methods of which a second request has no further effect (RFC 9110, 9.2.2)."""
_EACH_TIME: Final = re.compile(
    r"nonce|time_?stamp|^ts$|(sen[dt]|request(ed)?|created?|call(ed)?)_?(at|time)$|trace_?(id)?$|"
    r"时间戳|(发送|请求|创建|调用)时间$",
    re.IGNORECASE,
)
_NUMBER: Final = re.compile(r"(^|[a-z_])(no|number|code|key)$|号$|编码$", re.IGNORECASE)
"""Names under which a thing is looked up."""
_PLACEHOLDER: Final = re.compile(r"\{[^}]*\}")


class RequestIdentity(msgspec.Struct, frozen=True):
    """What a request asks for, so that the repetition of a request is recognised.

    Attributes:
        request: text that is equal for requests for the same thing; without headers, idempotency
            key and times.
        key: idempotency key, or "".
        numbers: values in the request that identify a thing, such as an order number: those of
            the path, the idempotency key, and members named like a number, code or key.
    """

    request: str
    key: str
    numbers: frozenset[str]


def identify_request(call: CallMade) -> RequestIdentity:
    """Return what *call* asks for, to compare it with other calls.

    Left out are values that are new at each sending: idempotency key, times, nonces.
    """
    numbers = {str(value) for value in call.path.values()}
    rest = [
        _drop_values_new_each_time(part, call.key_name, numbers) for part in (call.query, call.body)
    ]
    parts = [call.instance, call.method, call.path, *rest]
    text = json.dumps(parts, ensure_ascii=False, sort_keys=True, default=str)
    return RequestIdentity(text, call.idempotency_key, frozenset(numbers))


def _drop_values_new_each_time(value: Any, key_name: str, found_numbers: set[str]) -> Any:
    """Return *value* without idempotency keys, times and nonces, at any depth.

    Values of members named like numbers of things (``orderNo``) and the keys are added to
    *found_numbers*. *key_name* is the declared name of the idempotency key.
    """
    if isinstance(value, list):
        return [_drop_values_new_each_time(inner, key_name, found_numbers) for inner in value]
    if not isinstance(value, Mapping):
        return value
    rest = {}
    for name, inner in value.items():
        is_plain = is_possible_key_value(inner)
        is_key = is_plain and is_key_name(str(name), key_name)
        if is_plain and (is_key or _NUMBER.search(str(name))):
            found_numbers.add(str(inner))
        if not is_key and not _EACH_TIME.search(str(name)):
            rest[name] = _drop_values_new_each_time(inner, key_name, found_numbers)
    return rest


def has_effect_when_repeated(api: Api | None, method: str) -> bool:
    """Return whether a second request to *api* would have a second effect, such as a second order.

    This is declared, else derived from the method. `Api.is_idempotent` is narrower: whether a
    client may resend by itself, with the same key; a script that calls again has another key.
    """
    if api is not None and isinstance(api.idempotent, bool):
        return not api.idempotent
    return method not in _REPEATABLE


def find_static_segments(path: str) -> tuple[str, ...]:
    """Return the segments of an API's *path* that are no placeholders.

    ``/orders/{id}`` gives ``("orders",)``. Calls whose paths begin alike are about the same kind of
    thing.
    """
    return tuple(part for part in path.split("/") if part and not _PLACEHOLDER.fullmatch(part))
