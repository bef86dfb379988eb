"""Auth's names taken out of what a call says, in any case, so that a credential stands alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bpmax_sim.proxy.encode import BadValueError
from bpmax_sim.proxy.kinds import UNDEFINED
from bpmax_sim.proxy.merge import Merged
from bpmax_sim.proxy.recipe import Recipe


def take_out(merged: Merged, recipe: Recipe) -> None:
    """Remove every name that auth puts in, in any case, and note it.

    Raises:
        BadValueError: if auth puts a value into a body that is no object.
    """
    taken = recipe.taken
    if not taken.header.isdisjoint(merged.headers):
        _take(taken.header, merged.headers, "header", merged)
    if taken.query:
        _take_query(taken.query, merged)
    if taken.cookie and "cookie" in merged.headers:
        _take_cookies(merged, taken.cookie)
    if not taken.path.isdisjoint(merged.path):
        _take(taken.path, merged.path, "path", merged)
    for steps in taken.body:
        _take_from_body(merged, steps)


def _take(names: frozenset[str], values: dict[str, Any], place: str, merged: Merged) -> None:
    for name in sorted(names & values.keys()):
        del values[name]
        _note(merged, f"{place}.{name}")


def _take_query(names: frozenset[str], merged: Merged) -> None:
    for name in [name for name in merged.query if name.lower() in names]:
        if merged.query.pop(name) is not None:
            _note(merged, f"query.{name}")


def _note(merged: Merged, place: str) -> None:
    merged.notes.append(f"{place} is set by auth; the call's own value was dropped")


def _take_cookies(merged: Merged, taken: frozenset[str]) -> None:
    spelling, line = merged.headers["cookie"]
    cookies = [cookie.strip() for cookie in line.split(";") if cookie.strip()]
    kept = [cookie for cookie in cookies if cookie.partition("=")[0].lower() not in taken]
    for name in sorted({cookie.partition("=")[0] for cookie in cookies if cookie not in kept}):
        _note(merged, f"cookie.{name}")
    if kept:
        merged.headers["cookie"] = (spelling, "; ".join(kept))
    else:
        del merged.headers["cookie"]


def _take_from_body(merged: Merged, steps: tuple[str, ...]) -> None:
    if merged.body is UNDEFINED or merged.body is None:
        merged.body = {}
    if not isinstance(merged.body, Mapping):
        raise BadValueError(f"auth puts {'.'.join(steps)!r} into the body: pass an object")
    body, found = _without(merged.body, steps)
    if found:
        merged.body = body
        _note(merged, f"body.{'.'.join(steps)}")


def _without(body: Mapping[str, Any], steps: tuple[str, ...]) -> tuple[dict[str, Any], bool]:
    """Return *body* without the path *steps*, in any case, and whether it was there."""
    left: dict[str, Any] = {}
    found = False
    for name, value in body.items():
        if name.lower() != steps[0].lower():
            left[name] = value
        elif len(steps) > 1 and isinstance(value, Mapping):
            left[name], inner = _without(value, steps[1:])
            found = found or inner
        else:
            found = True
    return left, found
