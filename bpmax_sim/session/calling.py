"""What a call needs of its session, and where it is noted.

Nothing here refers back to the session, so one that is over goes away at once, with its files.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

from bpmax_sim.cassette.matching import Difference
from bpmax_sim.clock import SeededChance, SystemChance
from bpmax_sim.errors import NoMatchError
from bpmax_sim.messages import Call, Request
from bpmax_sim.proxy.environment import Environment
from bpmax_sim.proxy.record import CallRecord
from bpmax_sim.secret.vault import Vault
from bpmax_sim.session.opening import Opening
from bpmax_sim.session.rules import with_personal
from bpmax_sim.session.tenants import Tenants
from bpmax_sim.session.tracks import Tracks
from bpmax_sim.transport.redaction import redact_request


def environment(
    tenants: Tenants,
    tracks: Tracks,
    start: Opening,
    *,
    calls: list[CallRecord],
    misses: list[NoMatchError],
) -> Environment:
    """Return the session's side of calls; *calls* and *misses* get what comes of them."""
    settings, vault = tracks.settings, tracks.vault
    chance, numbers = SeededChance(settings.seed), count(1)
    return Environment(
        platforms=tenants.platforms,
        tenant=tenants.of,
        vault=vault,
        clock=start.clock,
        auth_clock=start.auth_clock,
        chance=chance,
        auth_chance=chance if start.is_closed else SystemChance(),
        separate=start.mode == "record",
        synthesise_login=_synthesised(tracks, start.mode),
        log=calls.append,
        serial=lambda: next(numbers),
        default_instance=settings.instance,
        let_in=tracks.let_in,
        hide=_hidden(settings.redact, vault),
        missed=_missed(tracks, misses),
    )


def _synthesised(tracks: Tracks, mode: str) -> Callable[[str, str], bool]:
    if mode != "replay":
        return lambda _platform, _instance: False
    return lambda platform, instance: not tracks.has_login(platform, instance)


def _hidden(personal: tuple[str, ...], vault: Vault) -> Callable[[Request], Request]:
    return lambda request: redact_request(with_personal(request, personal), vault)


def _missed(
    tracks: Tracks, misses: list[NoMatchError]
) -> Callable[[Call, tuple[Difference, ...]], NoMatchError]:
    def missed(call: Call, differences: tuple[Difference, ...]) -> NoMatchError:
        error = tracks.signed_otherwise(call, differences)
        misses.append(error)
        return error

    return missed
