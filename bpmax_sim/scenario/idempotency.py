"""Idempotency keys of requests: two requests with the same key have one effect together.

The key is the parameter that the platform file declares, else one with a usual name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

_USUAL_NAME: Final = re.compile(
    r"idempot|dedup|client_?token|out_?(trade|biz|order|request)_?no|"
    r"(^|x-)((request|req|biz)[-_]?(id|no|key)|(msg|message)[-_]?(id|no))$|^uuid$|"
    r"幂等|请求号|流水号",
    re.IGNORECASE,
)
"""``msgKey`` is none: with DingTalk it names the template."""


def is_key_name(name: str, declared: str = "") -> bool:
    """Return whether a parameter called *name* holds an idempotency key.

    It does if it is the *declared* parameter of the platform file, or is named like one.
    """
    is_declared = bool(declared) and name.lower() == declared.lower()
    return is_declared or bool(_USUAL_NAME.search(name))


def is_possible_key_value(value: Any) -> bool:
    """Return whether *value* can be an idempotency key: a text or number that is not empty."""
    return isinstance(value, str | int | float) and not isinstance(value, bool) and value != ""


def find_keys_with_names(value: Any, declared_key_name: str = "") -> Iterator[str]:
    """Yield ``name=value`` of each idempotency key in *value*, at any depth of maps and lists.

    *declared_key_name* is the name of the parameter that the platform file declares as key, or "".
    """
    if isinstance(value, list):
        for inner in value:
            yield from find_keys_with_names(inner, declared_key_name)
    elif isinstance(value, Mapping):
        for name, inner in value.items():
            if is_possible_key_value(inner) and is_key_name(str(name), declared_key_name):
                yield f"{name}={inner}"
            else:
                yield from find_keys_with_names(inner, declared_key_name)
