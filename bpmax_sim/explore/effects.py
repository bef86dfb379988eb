"""What a call does to the third party: whether it has an effect, and when two of them have one.

A request that carries an idempotency key has one effect, however often it is sent with it; with
another key it is another one that asks for the same. A key is what the platform file declares, else
what bears one of the usual names. Values that change each time, such as a time, tell no two apart.
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
    """What a request asks for.

    Attributes:
        request: equal ones ask for the same; neither headers nor *key* are in it.
        key: the idempotency key, or nothing.
        numbers: the values in it under which a thing is looked up.
    """

    request: str
    key: str
    numbers: frozenset[str]


def identify_request(call: CallMade, api: Api | None) -> RequestIdentity:
    """Return what *call* of *api* asks for."""
    declared = api.idempotency if api is not None else None
    name = declared.name if isinstance(declared, Idempotency) else ""
    keys = [f"{n}={v}" for n, v in call.header.items() if _is_key(n, name)]
    numbers = {str(value) for value in call.path.values()}
    rest = [_strip(part, name, keys, numbers) for part in (call.query, call.body)]
    parts = [call.instance, call.method, call.path, *rest]
    text = json.dumps(parts, ensure_ascii=False, sort_keys=True, default=str)
    return RequestIdentity(text, " ".join(sorted(keys)), frozenset(numbers))


def _is_key(name: str, declared: str) -> bool:
    return name.lower() == declared.lower() or bool(_KEY.search(name))


def _strip(value: Any, declared: str, keys: list[str], numbers: set[str]) -> Any:
    """Return *value* without keys, which are added to *keys*, and what changes each time."""
    if isinstance(value, list):
        return [_strip(inner, declared, keys, numbers) for inner in value]
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
            rest[name] = _strip(inner, declared, keys, numbers)
    return rest


def has_effect(api: Api | None, method: str) -> bool:
    """Return whether a second request to *api* would do something once more.

    That is declared, else by method. What `Api.is_idempotent` says is narrower: whether a client
    may send again by itself, with the key that it made; a script that calls again has another.
    """
    if api is not None and isinstance(api.idempotent, bool):
        return not api.idempotent
    return method not in _REPEATABLE


def static_segments(path: str) -> tuple[str, ...]:
    """Return the segments of *path* without placeholders: of what is made or read there."""
    return tuple(part for part in path.split("/") if part and not _PLACEHOLDER.fullmatch(part))
