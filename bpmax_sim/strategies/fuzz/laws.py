"""What must hold for every call of a user's platform: one table.

A law draws calls of one API, makes them, and raises `LawBroken` where it does not hold. The same
calls break it in the same words, wherever they are made from.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import msgspec
from hypothesis import strategies as st
from msgspec.structs import replace

from bpmax_sim.platform.check import CREDENTIAL
from bpmax_sim.platform.model import Api
from bpmax_sim.strategies.chains import rivals
from bpmax_sim.strategies.derived import parameter_values, valid_calls
from bpmax_sim.strategies.fuzz.checks import (
    Programs,
    accepted,
    answers,
    arrives,
    keeps_segments,
    owns_credential,
    renews,
    same_forms,
    same_languages,
    tells_apart,
)
from bpmax_sim.strategies.fuzz.recordings import check_replay, check_secrets
from bpmax_sim.strategies.fuzz.target import SIMULATE, Target, declared_places

Draw = Callable[[Target, Api], st.SearchStrategy[Programs]]


def _one(target: Target, api: Api) -> st.SearchStrategy[Programs]:
    return st.tuples(valid_calls(target.platforms, target.platform, api))


def _claimed(target: Target, api: Api) -> st.SearchStrategy[Programs]:
    """Draw a call, and the same with setters that claim what is auth's."""
    steps = st.lists(rivals(platform=target.platform, api=api), min_size=1, max_size=2)
    calls = valid_calls(target.platforms, target.platform, api, direct=False)
    return st.builds(
        lambda call, more: (call, replace(call, steps=(*call.steps, *more))), calls, steps
    )


def _changed(target: Target, api: Api) -> st.SearchStrategy[Programs]:
    """Draw two direct calls that differ in the value of one required parameter."""
    needed = [n for n, one in enumerate(api.parameters) if one.required]

    @st.composite
    def pairs(draw: st.DrawFn) -> Programs:
        call = draw(valid_calls(target.platforms, target.platform, api, direct=True))
        index = draw(st.sampled_from(needed))
        args = list(call.args or ())
        args[index] = draw(parameter_values(api.parameters[index]))
        return call, replace(call, args=tuple(args))

    return pairs()


class Law(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that must hold.

    Attributes:
        about: what it says, as a sentence.
        check: makes the calls; raises `LawBroken`.
        draw: the calls of one API that it is tried with.
        applies: whether it says anything of an API.
        live: whether it can be tried against a live system.
    """

    about: str
    check: Callable[[Target, Programs], None]
    draw: Draw = _one
    applies: Callable[[Target, Api], bool] = lambda _target, _api: True
    live: bool = False


def _has_inner_credential(api: Api) -> bool:
    """Return whether a chain may replace a member of the body with a credential inside."""
    members = api.body.values() if isinstance(api.body, Mapping) else ()
    inner = [one for one in members if isinstance(one, Mapping) and CREDENTIAL not in one]
    return any(CREDENTIAL in str(one) for one in inner)


def _has_claims(target: Target, api: Api) -> bool:
    return bool(declared_places(target.auth(api)))


LAWS: Final[dict[str, Law]] = {
    "accepted": Law(
        about="A call that fits what is declared is built, logs in and is accepted.",
        check=accepted,
        live=True,
    ),
    "arrives": Law(
        about="Every value that is given arrives at its place, once and unchanged.",
        check=arrives,
        applies=lambda _target, api: bool(api.parameters),
    ),
    "segments": Law(
        about="No value adds a segment to the path, whatever it holds.",
        check=keeps_segments,
        applies=lambda _target, api: any(one.place == "path" for one in api.parameters),
    ),
    "credential": Law(
        about="What auth puts in is there exactly once, and no script changes it.",
        check=owns_credential,
        draw=_claimed,
        applies=_has_claims,
    ),
    "forms": Law(
        about="The direct call and the chain that says the same send the same request.",
        check=same_forms,
        draw=lambda target, api: st.tuples(
            valid_calls(target.platforms, target.platform, api, direct=True)
        ),
        applies=lambda _target, api: bool(api.parameters) and not _has_inner_credential(api),
    ),
    "languages": Law(
        about="JavaScript and Python send the same bytes.",
        check=same_languages,
    ),
    "renewal": Law(
        about="A token that is revoked or has ended is renewed, and the call succeeds.",
        check=renews,
        applies=lambda target, api: target.auth(api).acquire is not None,
    ),
    "identity": Law(
        about="Calls that differ in a required parameter are recorded as different calls.",
        check=tells_apart,
        draw=_changed,
        applies=lambda _target, api: any(one.required for one in api.parameters),
    ),
    "replay": Law(
        about="What was recorded is replayed the same, without network and credentials.",
        check=check_replay,
    ),
    "secrets": Law(
        about="No credential and no token is in a recording or in the log of calls.",
        check=check_secrets,
        applies=lambda target, api: (
            _has_claims(target, api) or target.auth(api).acquire is not None
        ),
    ),
    "answer": Law(
        about="At an address: the answer is what the API's `answer` declares.",
        check=answers,
        applies=lambda target, api: bool(api.answer) and target.against != SIMULATE,
        live=True,
    ),
}
"""The laws by name."""
