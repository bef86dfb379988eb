"""What a script said, as one frozen value, and the argument checks that throw at once.

Only types are judged here: whether a platform, an instance or an API exists is known when the
call is made.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, NoReturn

from msgspec import field

from bpmax_sim.errors import CallError, Place
from bpmax_sim.proxy.hidden import Hidden
from bpmax_sim.proxy.values import UNDEFINED, kind_of

Setter = Literal["path", "query", "header", "body"]
SETTERS: tuple[Setter, ...] = ("path", "query", "header", "body")
OPTIONS = ("instance_key", "caller")
NEVER_APIS = frozenset({"then", "catch", "finally", "toJSON"})


class Program(Hidden, frozen=True, kw_only=True):
    """One ``$proxy`` call, direct or chained, before anything is looked up.

    Attributes:
        platform: the platform key.
        options: what the script passed as second argument.
        api: the name as the script wrote it.
        steps: setters and their values, in the order of calling.
        args: the arguments of a direct call; None for a chained one.
        position: the script line that made the call, where it is known.
    """

    platform: str
    options: Mapping[str, Any] = field(default_factory=dict)
    api: str = ""
    steps: tuple[tuple[Setter, Any], ...] = ()
    args: tuple[Any, ...] | None = None
    position: Place | None = None


def is_api_name(name: object) -> bool:
    """Return whether a property of a proxy may name an API.

    ``then`` and its like, ``$``-names and names with a leading underscore never do, so that
    awaiting, printing or copying a proxy sends nothing.
    """
    return isinstance(name, str) and name[:1] not in {"", "$", "_"} and name not in NEVER_APIS


def check_proxy(platform: object, options: object = UNDEFINED) -> None:
    """Judge the arguments of ``$proxy``.

    Raises:
        CallError: BAD_ARGUMENT, for an argument of the wrong type.
    """
    if not isinstance(platform, str) or not platform:
        _refuse("$proxy(platform_key): the key must be a non-empty text", platform)
    if options is UNDEFINED:
        return
    if not isinstance(options, Mapping):
        _refuse(f"$proxy({platform!r}, options): options must be an object", options, platform)
    for name in OPTIONS:
        value = options.get(name, UNDEFINED)
        if value is not UNDEFINED and (not isinstance(value, str) or not value):
            _refuse(f"$proxy({platform!r}): {name} must be a non-empty text", value, platform)


def check_api(platform: str, name: object) -> None:
    """Judge the argument of ``$api``.

    Raises:
        CallError: BAD_ARGUMENT, if it is not a non-empty text.
    """
    if not isinstance(name, str) or not name:
        _refuse("$api(name): the name must be a non-empty text", name, platform)


def check_setter(platform: str, api: str, setter: str, value: object) -> None:
    """Judge the argument of ``$path``, ``$query`` or ``$header``; ``$body`` takes anything.

    Raises:
        CallError: BAD_ARGUMENT, if it is neither a plain object nor undefined.
    """
    if setter != "body" and value is not UNDEFINED and not isinstance(value, Mapping):
        _refuse(f"${setter}(values): expected an object of names and values", value, platform, api)


def _refuse(rule: str, got: object, platform: object = "", api: str = "") -> NoReturn:
    known = platform if isinstance(platform, str) else ""
    raise CallError(f"{rule}, got {kind_of(got)}", platform=known, api=api)
