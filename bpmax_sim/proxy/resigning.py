"""Whether a call is signed as it was when it was recorded.

A recording holds the signature that the stand-in key gave, and the instant and nonce it was made
at. Replay signs the call again with them; what then differs is a fault of the signing. Only where
the calls themselves differ, in places that are ignored or in spelling, the recorded request is
signed again instead of the one at hand.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl

from bpmax_sim.cassette.bodies import decode_json, media_type
from bpmax_sim.cassette.injected import call_behind, split_query
from bpmax_sim.cassette.matching import ABSENT, Difference, Rules, differences, parts_of
from bpmax_sim.messages import Call, Request, Signed
from bpmax_sim.proxy.authorise import put_places, signed_at, standin_made
from bpmax_sim.proxy.effects import Grant
from bpmax_sim.proxy.environment import Environment, Tenant
from bpmax_sim.proxy.plan import Plan
from bpmax_sim.proxy.recipe import Recipe

_EVERYTHING = Rules()
_FORM = "application/x-www-form-urlencoded"


def signed_otherwise(
    planned: Plan, grant: Grant | None, env: Environment, sent: Request, asked: Request
) -> tuple[Difference, ...]:
    """Return where *sent*, signed when *asked* was, differs from it; nothing if it is the same.

    Args:
        planned: the call.
        grant: what a login yielded, where one was due.
        env: the session.
        sent: the request of this attempt.
        asked: the recorded request that answered it.
    """
    stamp = asked.signed
    if stamp is None:
        return ()
    places = _places(planned.recipe, sent, asked)
    found = _differences(places, asked, sent)
    if not found:
        return ()
    again = standin_made(planned, grant, env, stamp, attempt=sent.attempt)
    found = _differences(places, asked, again)
    if not found or planned.recipe.auth.sign is None or _says_the_same(asked, again):
        return found
    return _differences(
        places, asked, signed_at(asked, planned.recipe, planned.tenant, grant, stamp)
    )


def is_signed(asked: Request, recipe: Recipe, tenant: Tenant, grant: Grant | None) -> bool:
    """Return whether a recorded request is signed as its platform would sign it today."""
    stamp: Signed | None = asked.signed
    if stamp is None or recipe.auth.sign is None:
        return (stamp is None) == (recipe.auth.sign is None)
    again = signed_at(asked, recipe, tenant, grant, stamp)
    return not _differences(_places(recipe, again, asked), asked, again)


def _places(recipe: Recipe, *requests: Request) -> tuple[str, ...]:
    """Return where signing put something in; what else auth puts in may have been renewed."""
    others = put_places(recipe)
    found = dict.fromkeys(place for request in requests for place in request.injected)
    return tuple(place for place in found if place not in others)


def _differences(places: tuple[str, ...], asked: Request, made: Request) -> tuple[Difference, ...]:
    pairs = ((place, _at(place, asked), _at(place, made)) for place in places)
    return tuple(Difference(place, was, now) for place, was, now in pairs if was != now)


def _at(place: str, request: Request) -> Any:
    """Return what stands at *place*, such as ``header.authorization``."""
    root, _, name = place.partition(".")
    found = list(_values(root, name, request))
    return ABSENT if not found else found[0] if len(found) == 1 else found


def _values(root: str, name: str, request: Request) -> Iterator[Any]:
    if root == "header":
        yield from (value for key, value in request.headers if key.lower() == name.lower())
    elif root == "query":
        yield from (value for key, value in split_query(request.url)[1] if key == name)
    elif root == "cookie":
        lines = (value for key, value in request.headers if key.lower() == "cookie")
        crumbs = (crumb.strip().partition("=") for line in lines for crumb in line.split(";"))
        yield from (value for key, _, value in crumbs if key == name)
    elif root == "body":
        yield from _members(name, request)


def _members(name: str, request: Request) -> Iterator[Any]:
    kind = next((value for key, value in request.headers if key.lower() == "content-type"), "")
    body = request.body or b""
    if media_type(kind) == _FORM:
        pairs = parse_qsl(body.decode(errors="replace"), keep_blank_values=True)
        yield from (value for key, value in pairs if key == name)
        return
    try:
        found = decode_json(body)
    except ValueError:
        return
    for member in name.split("."):
        if not isinstance(found, dict) or member not in found:
            return
        found = found[member]
    yield found


def _says_the_same(asked: Request, made: Request) -> bool:
    """Return whether two requests are the same, to the byte of their bodies, less what was put."""
    nobody = Call(platform="", instance="", api="", method="", path="")
    was, now = (call_behind(request, nobody) for request in (asked, made))
    return was.body == now.body and not differences(parts_of(was), parts_of(now), _EVERYTHING)
