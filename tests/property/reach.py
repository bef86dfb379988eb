"""``python -m tests.property.reach [--draws N] [--seed N]``: how often each corner is drawn.

A corner is a rule of `$proxy` that a call meets, or a way to declare a platform. What a draw meets
is judged from the drawn case alone. It ends with 1 where a share is below one in a hundred.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from math import isfinite
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings

from bpmax_sim.js_values import UNDEFINED, BigInt
from bpmax_sim.platform.model import Auth
from bpmax_sim.strategies.platforms import PRESETS
from tests.property.credentials import owned, preset_of, puts
from tests.property.rounds import OF_A_ROUND
from tests.property.world import Case, both

LEAST = 0.01
PLACES = ("path", "query", "header", "body")
HOSTILE = ("{{", "${")


class ScanInput:
    """A drawn case, and what its first call says."""

    def __init__(self, case: Case) -> None:
        self.case, self.program = case, case.program
        self.api, self.auth = case.api(case.program), case.auth(case.program)
        self.instance, self.platform = case.instance(case.program), case.platform
        self.steps = self.program.steps
        self.args = self.program.args

    def said(self, setter: str) -> list[Mapping[str, Any]]:
        """Return the objects that *setter* is called with, in order."""
        return [v for name, v in self.steps if name == setter and isinstance(v, dict)]

    def bodies(self) -> list[Any]:
        return [v for name, v in self.steps if name == "body" and v is not UNDEFINED]

    def values(self, setter: str) -> Iterator[Any]:
        for said in self.said(setter):
            yield from said.values()
        for one, value in self.pairs():
            if one == setter:
                yield value

    def pairs(self) -> Iterator[tuple[str, Any]]:
        """Yield place and value of each argument of a direct call."""
        for one, value in zip(self.api.parameters, self.args or (), strict=False):
            yield one.place, value

    def names(self, setter: str) -> list[str]:
        return [name for said in self.said(setter) for name in said]

    def defaults(self, place: str) -> list[set[str]]:
        """Return the lower-case names of the defaults of platform, instance and API."""
        levels = (self.platform, self.instance, self.api)
        return [{name.lower() for name in getattr(one, place)} for one in levels]

    def holes(self) -> list[str]:
        return re.findall(r"\{([^}]+)\}", self.api.path.partition("?")[0])

    def claimed(self, place: str) -> bool:
        """Return whether a setter claims a name that auth owns at *place*."""
        own = {n.lower() for where, n, _ in puts(self.auth, self.api.method) if where == place}
        own |= owned(self.auth).get(place, frozenset())
        if place == "cookie":
            told = [str(v) for said in self.said("header") for v in said.values()]
            return any(f"{name}=" in text.lower() for name in own for text in told)
        heads = {name.partition(".")[0] for name in own}
        return any(name.lower() in heads for name in self.names(place))


def leaves(value: Any) -> Iterator[Any]:
    """Yield every value within *value*, itself first."""
    yield value
    for one in (
        value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    ):
        yield from leaves(one)


def _texts(look: ScanInput) -> Iterator[str]:
    drawn = [*look.bodies(), *look.values("query"), *look.values("path"), *(look.args or ())]
    return (one for value in drawn for one in leaves(value) if isinstance(one, str))


def _in_body(look: ScanInput, holds: Callable[[Any], bool]) -> bool:
    drawn = [*look.bodies(), *(value for place, value in look.pairs() if place == "body")]
    return any(holds(one) for value in drawn for one in leaves(value))


def _meets(look: ScanInput, place: str, setter: str, value: Callable[[Any], bool]) -> bool:
    known = set().union(*look.defaults(place))
    said = [(name, v) for one in look.said(setter) for name, v in one.items()]
    return any(name.lower() in known and value(v) for name, v in said)


def _twice(look: ScanInput, setter: str) -> bool:
    counts = Counter(name.lower() for name in look.names(setter))
    return max(counts.values(), default=0) > 1


def _beats(look: ScanInput, place: str, weak: int, strong: int) -> bool:
    levels = look.defaults(place)
    return bool(levels[weak] & levels[strong])


def _replaced(look: ScanInput, first: bool, second: bool) -> bool:
    kinds = [isinstance(look.api.body, dict)] if isinstance(look.api.body, dict | str) else []
    kinds += [isinstance(one, dict) for one in look.bodies()]
    return (first, second) in pairwise(kinds)


def _encoding(name: str) -> Callable[[ScanInput], bool]:
    return lambda look: (
        look.api.encoding == name and (bool(look.bodies()) or isinstance(look.api.body, dict | str))
    )


def _preset(name: str) -> Callable[[ScanInput], bool]:
    return lambda look: preset_of(look.auth) == name


def _argument_in(place: str) -> Callable[[ScanInput], bool]:
    return lambda look: any(one == place for one, _ in look.pairs())


def _is_odd_case(look: ScanInput) -> bool:
    known = {name for one in (look.platform, look.instance, look.api) for name in one.headers}
    lower = {name.lower() for name in known}
    return any(name not in known and name.lower() in lower for name in look.names("header"))


CORNERS: Mapping[str, Callable[[ScanInput], bool]] = {
    # Shape and names
    "setters in another order": lambda look: (
        [n for n, _ in look.steps] != sorted((n for n, _ in look.steps), key="path query header body".index)
    ),
    "the same setter again": lambda look: len({n for n, _ in look.steps}) < len(look.steps),
    "an unknown instance": lambda look: look.program.options.get("instance_key") == "prd",
    "a second instance": lambda look: look.program.options.get("instance_key") == "prod",
    "a caller": lambda look: isinstance(look.program.options.get("caller"), str),
    "the twin of a name": lambda look: look.program.api != look.api.key
    and look.program.api not in look.api.aliases,
    "an alias": lambda look: look.program.api in look.api.aliases,
    "strict, with extra arguments": lambda look: look.platform.strict
    and len(look.args or ()) > len(look.api.parameters),
    # Merging
    "one path name twice": lambda look: _twice(look, "path"),
    "one query name twice": lambda look: _twice(look, "query"),
    "one header twice": lambda look: _twice(look, "header"),
    "one header twice in two cases": lambda look: (
        len({n.lower() for n in look.names("header")}) < len({*look.names("header")})
    ),
    "an object over an object": lambda look: _replaced(look, True, True),
    "an object after another body": lambda look: _replaced(look, False, True),
    "another body after an object": lambda look: _replaced(look, True, False),
    "a query of the instance over the platform's": lambda look: _beats(look, "query", 0, 1),
    "a query of the API over the instance's": lambda look: _beats(look, "query", 1, 2),
    "a header of the instance over the platform's": lambda look: _beats(look, "headers", 0, 1),
    "a header of the API over the instance's": lambda look: _beats(look, "headers", 1, 2),
    "a query over a default": lambda look: _meets(look, "query", "query", lambda v: v is not None),
    "a header over a default in another case": _is_odd_case,
    "null on a default of the query": lambda look: _meets(look, "query", "query", lambda v: v is None),
    "null on a default header": lambda look: _meets(look, "headers", "header", lambda v: v is None),
    "undefined on a default": lambda look: _meets(look, "query", "query", lambda v: v is UNDEFINED)
    or _meets(look, "headers", "header", lambda v: v is UNDEFINED),
    "undefined for a setter": lambda look: any(v is UNDEFINED for _, v in look.steps),
    "null in a body": lambda look: _in_body(look, lambda v: v is None),
    "null in a path": lambda look: None in look.values("path"),
    "a header that auth owns": lambda look: look.claimed("header"),
    "a query that auth owns": lambda look: look.claimed("query"),
    "a cookie that auth owns": lambda look: look.claimed("cookie"),
    "a body that auth owns": lambda look: look.claimed("body"),
    "an Authorization of its own": lambda look: look.auth == Auth()
    and "authorization" in {n.lower() for n in look.names("header")},
    # Building the request
    "a segment that has to be encoded": lambda look: any(
        isinstance(v, str) and re.search(r"[/?#% ]", v) for v in look.values("path")
    ),
    "a segment of dots": lambda look: any(v in {".", ".."} for v in look.values("path") if isinstance(v, str)),
    "a placeholder that stays unfilled": lambda look: bool(
        {*look.holes()} - {*look.names("path")} - {n for p, n, _ in puts(look.auth, "GET") if p == "path"}
    )
    and look.args is None,
    "an unknown path name": lambda look: bool({*look.names("path")} - {*look.holes()}),
    "two placeholders in a segment": lambda look: re.search(r"\}[-.]\{", look.api.path) is not None,
    "a query of the path beside another": lambda look: "?" in look.api.path
    and (bool(look.names("query")) or any(look.defaults("query"))),
    "a number in the query": lambda look: any(
        isinstance(v, int | float) and not isinstance(v, bool) for v in look.values("query")
    ),
    "a large or small number": lambda look: any(
        isinstance(v, float) and isfinite(v) and v and not 1e-6 <= abs(v) < 1e21
        for v in (*look.values("query"), *(one for b in look.bodies() for one in leaves(b)))
    ),
    "a boolean in the query": lambda look: any(isinstance(v, bool) for v in look.values("query")),
    "an array in the query": lambda look: any(isinstance(v, list) and len(v) > 1 for v in look.values("query")),
    "an object in the query": lambda look: any(
        isinstance(one, dict) for v in look.values("query") for one in (v if isinstance(v, list) else [v])
    ),
    "a space or a plus in the query": lambda look: any(
        isinstance(v, str) and re.search(r"[ +]", v) for v in look.values("query")
    ),
    "a body on GET": lambda look: look.api.method == "GET" and bool(look.bodies()),
    "a text for a body": lambda look: any(isinstance(v, str) for v in look.bodies()),
    "an array for a body": lambda look: any(isinstance(v, list) for v in look.bodies()),
    "bytes for a body": lambda look: any(isinstance(v, bytes) for v in look.bodies()),
    "a date in a body": lambda look: _in_body(look, lambda v: isinstance(v, datetime)),
    "NaN in a body": lambda look: _in_body(look, lambda v: isinstance(v, float) and not isfinite(v)),
    "undefined in a body": lambda look: _in_body(look, lambda v: v is UNDEFINED),
    "a BigInt in a body": lambda look: _in_body(look, lambda v: isinstance(v, BigInt)),
    "half a character": lambda look: any(re.search("[\ud800-\udfff]", one) for one in _texts(look)),
    "a header that cannot be sent": lambda look: any(
        isinstance(v, str) and not re.fullmatch(r"[\t -~]*", v) for v in look.values("header")
    ),
    "a form": _encoding("form"),
    "a multipart form": _encoding("multipart"),
    "XML": _encoding("xml"),
    "text": _encoding("text"),
    "a content type of its own": lambda look: "content-type" in {n.lower() for n in look.names("header")},
    **{f"an argument in the {place}": _argument_in(place) for place in PLACES},
    "an object for one argument": lambda look: any(isinstance(v, dict) for v in look.args or ()),
    "extra arguments": lambda look: len(look.args or ()) > len(look.api.parameters),
    "undefined for an argument": lambda look: UNDEFINED in (look.args or ()),
    "a required argument left out": lambda look: look.args is not None
    and any(p.required for p in look.api.parameters[len(look.args) :]),
    "a template in a text": lambda look: any(mark in one for one in _texts(look) for mark in HOSTILE),
    # Auth
    "auth of the API": lambda look: isinstance(look.api.auth, Auth),
    "two credentials put in": lambda look: not preset_of(look.auth) and len(look.auth.apply) > 1,
    "a login": lambda look: look.auth.acquire is not None,
    "a login in two steps": lambda look: look.auth.acquire is not None and len(look.auth.acquire.steps) > 1,
    "a signature": lambda look: look.auth.sign is not None,
    "an address of the instance": lambda look: bool(look.instance.base_url),
    **{f"preset {name}": _preset(name) for name in PRESETS},
}  # fmt: skip
"""Corners, and whether a draw is in one."""


def shares(draws: int, number: int) -> dict[str, float]:
    """Return how many of *draws* are in each corner, as a share."""
    met: Counter[str] = Counter()
    total = 0

    def draw(case: Case) -> None:
        nonlocal total
        total += 1
        look = ScanInput(case)
        met.update(name for name, holds in CORNERS.items() if holds(look))

    how = settings(
        max_examples=OF_A_ROUND,
        database=None,
        deadline=None,
        derandomize=False,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    for turn in range(draws // OF_A_ROUND):
        seed(number * 1_000_000 + turn)(how(given(both())(draw)))()
    return {name: met[name] / total for name in CORNERS}


def main(arguments: Sequence[str]) -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.property.reach")
    parser.add_argument("--draws", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args(arguments)
    found = shares(asked.draws, asked.seed)
    for name, share in sorted(found.items(), key=lambda one: one[1]):
        sys.stdout.write(f"{share:6.1%}  {name}{'' if share >= LEAST else '  TOO RARE'}\n")
    few = [name for name, share in found.items() if share < LEAST]
    told = f"{len(found)} corners in {asked.draws} draws of seed {asked.seed}"
    sys.stdout.write(f"{told}; {len(few)} below {LEAST:.0%}\n")
    return int(bool(few))


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
