"""Which places of calls and answers do not count, of all that a session's platforms declare."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from bpmax_sim.cassette.matching import Rules
from bpmax_sim.messages import Request
from bpmax_sim.platform.platforms import Platforms

_MOST = 256
_kept: dict[tuple[int, tuple[str, ...]], tuple[Platforms, Rules]] = {}


def matching_rules(platforms: Platforms, ignore: Iterable[str]) -> Rules:
    """Return which places do not count: those of the scenario, each platform's and each API's.

    They are kept for the process, by the identity of the platforms.
    """
    key = (id(platforms), tuple(ignore))
    found = _kept.get(key)
    if found is None:
        if len(_kept) >= _MOST:
            _kept.clear()
        # The platforms are kept with them, so the id cannot come to mean another object.
        found = _kept[key] = (platforms, _collected(platforms, key[1]))
    return found[1]


def volatile_places(platforms: Platforms, name: str) -> tuple[str, ...]:
    """Return the passing fields that are declared for the API *name*, ``platform.api``."""
    platform_key, _, api_name = name.partition(".")
    platform = platforms.find(platform_key)
    api = platform.apis.get(api_name) if platform else None
    return (*(platform.volatile if platform else ()), *(api.volatile if api else ()))


def _collected(platforms: Platforms, ignore: tuple[str, ...]) -> Rules:
    scoped = [(one.platform_key, (*one.ignore, *one.volatile)) for one in platforms]
    scoped += [
        (f"{one.platform_key}.{name}", (*api.ignore, *api.volatile))
        for one in platforms
        for name, api in one.apis.items()
    ]
    return Rules(ignore, tuple((name, paths) for name, paths in scoped if paths))


def with_personal(request: Request, places: tuple[str, ...]) -> Request:
    """Return *request* with further places of personal data."""
    if not places:
        return request
    twin = request.standin
    return replace(
        request,
        personal=(*request.personal, *places),
        standin=None if twin is None else with_personal(twin, places),
    )
