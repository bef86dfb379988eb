"""Simulations of Hoverfly, schema v5.

A pair is a rule, not a recording: only pairs whose matchers name one request exactly are carried
over.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final
from urllib.parse import quote

from bpmax_sim.cassette.foreign.imported import (
    Imported,
    NotCarried,
    each,
    from_base64,
    grouped_pairs,
    listed,
    numbered,
    parse_json,
    request,
    response,
    text,
)
from bpmax_sim.errors import CassetteError
from bpmax_sim.messages import Exchange, Response

WHAT: Final = "a simulation of Hoverfly"
_EXACT: Final = frozenset({"exact", "json", "xml", "form"})
_SEQUENCE: Final = "sequence:"


def read_hoverfly(data: bytes) -> Imported:
    """Return what a simulation holds.

    Raises:
        CassetteError: if it is none, or not of schema v5.
    """
    tree = parse_json(data, WHAT)
    pairs = listed(tree, "data", "pairs", what=WHAT)
    version = str((tree.get("meta") or {}).get("schemaVersion", ""))
    if not version.startswith("v5"):
        raise CassetteError(f"not {WHAT} of schema v5 but {version or 'of none'}; export it again")
    found = each(sorted(numbered(pairs), key=lambda pair: _turn(pair[1])), _exchange)
    return Imported(found.exchanges, (*found.notes, *_lost(tree["data"])))


def _turn(pair: Any) -> int:
    """Return the place in the sequence of answers to one request, as Hoverfly records them."""
    asked = pair.get("request") if isinstance(pair, dict) else None
    states = (asked.get("requiresState") or {}) if isinstance(asked, dict) else {}
    turns = [value for name, value in states.items() if name.startswith(_SEQUENCE)]
    return int(turns[0]) if turns and str(turns[0]).isdigit() else 0


def _lost(data: Any) -> Iterator[str]:
    actions = data.get("globalActions") or {}
    if actions.get("delays") or actions.get("delaysLogNormal"):
        yield "global delays: write them as faults of a scenario"


def _exchange(pair: Any) -> Exchange:
    asked, came = pair["request"], pair["response"]
    _refuse_states(asked)
    scheme = _one(asked.get("scheme"), "scheme", "http")
    host = _one(asked.get("destination"), "destination")
    path = _one(asked.get("path"), "path", "/")
    query = _query(asked)
    body = _one(asked.get("body"), "body", "")
    return Exchange(
        request=request(
            _one(asked.get("method"), "method"),
            f"{scheme}://{host}{path}{'?' if query else ''}{query}",
            tuple(_headers(asked.get("headers") or {})),
            body.encode() or None,
        ),
        outcome=_answer(came),
    )


def _refuse_states(asked: Any) -> None:
    states = [n for n in asked.get("requiresState") or {} if not n.startswith(_SEQUENCE)]
    if states:
        raise NotCarried(f"it depends on the state {states[0]!r}")


def _one(matchers: Any, what: str, otherwise: str | None = None) -> str:
    """Return the one text that *matchers* accept.

    Raises:
        NotCarried: if there is more than one.
    """
    if not matchers:
        if otherwise is None:
            raise NotCarried(f"it accepts any {what}")
        return otherwise
    if len(matchers) > 1 or matchers[0].get("matcher", "exact") not in _EXACT:
        raise NotCarried(f"its {what} is a pattern")
    value = matchers[0].get("value")
    if isinstance(value, dict):  # a form: matchers by name
        pairs = [(name, _one(rules, f"{what} {name!r}", "")) for name, rules in value.items()]
        return _encoded(pairs)
    return text(value)


def _query(asked: Any) -> str:
    if asked.get("deprecatedQuery"):
        return _one(asked["deprecatedQuery"], "query", "")
    pairs = []
    for name, matchers in (asked.get("query") or {}).items():
        several = len(matchers) == 1 and matchers[0].get("matcher") == "array"
        values = matchers[0]["value"] if several else [_one(matchers, f"query {name!r}")]
        pairs += [(name, text(value)) for value in values]
    return _encoded(pairs)


def _encoded(pairs: Iterable[tuple[str, str]]) -> str:
    return "&".join(f"{quote(n, safe='-._~')}={quote(v, safe='-._~')}" for n, v in pairs)


def _headers(headers: Any) -> Iterator[tuple[str, str]]:
    """Yield the headers that are known exactly; a pattern leaves its header out, nothing fails."""
    for name, matchers in headers.items():
        try:
            yield name, _one(matchers, f"header {name!r}", "")
        except NotCarried:
            continue


def _answer(came: Any) -> Response:
    if came.get("templated"):
        raise NotCarried("its answer is a template")
    if came.get("bodyFile"):
        raise NotCarried(f"its body is in the file {came['bodyFile']!r}; put it into `body`")
    said = text(came.get("body") or "")
    body = from_base64(said) if came.get("encodedBody") else said.encode()
    delay = float(came.get("fixedDelay") or 0) / 1000
    return response(
        int(came["status"]), "", grouped_pairs(came.get("headers")), body, elapsed=delay
    )
