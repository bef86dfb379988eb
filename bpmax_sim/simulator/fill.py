"""Answers of a rule table, filled in.

Texts may hold ``{{ name }}``. A mapping of one of these keys stands for a value with its type:
``{$value: user.name}``, ``{$made: om_, length: 32}`` for a new id, ``{$rows: users, where: {field:
place}, like: {field: place}, pick: [field]}`` for records, and ``{$each: [place], in: users, by:
[field], item: …}`` for one item, with that field, for each element of the list at a place. A member
without a value is left out.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import reduce
from typing import Any, Final

from msgspec import UNSET

from bpmax_sim.messages import Pairs, Response
from bpmax_sim.platform.instants import http_date
from bpmax_sim.platform.template import render
from bpmax_sim.proxy.reading import as_text
from bpmax_sim.simulator.asked import ABSENT
from bpmax_sim.simulator.model import Reply, Row
from bpmax_sim.simulator.turn import Turn

_JSON: Final = "application/json; charset=utf-8"
_SCALAR: Final = (str, int, float)


def respond(turn: Turn, base: Reply, over: Reply, *, data: Any = UNSET) -> Response:
    """Return *over*, with what only *base* says.

    *data* is a body below both that is handed out as it is: what a client sent is no template.
    """
    status = next((one for one in (over.status, base.status) if isinstance(one, int)), 200)
    headers = {**base.headers, **over.headers}
    if isinstance(over.text, str):
        body, kind = render(over.text, _texts(turn)).encode(), "text/plain; charset=utf-8"
    else:
        body, kind = _body(turn, UNSET if over.alone else base.body, over.body, data), _JSON
    pairs: list[tuple[str, str]] = [("date", http_date(turn.now))]
    pairs += [(name, render(value, _texts(turn))) for name, value in headers.items()]
    if body and not any(name.lower() == "content-type" for name in headers):
        pairs.append(("content-type", kind))
    return Response(
        status=status,
        headers=_safe(pairs),
        body=body,
        elapsed=turn.world.table.latency,
        source="simulated",
    )


def fill(node: Any, turn: Turn) -> Any:
    """Return *node* with its texts and ``$`` nodes filled in, or `ABSENT`."""
    if isinstance(node, str):
        return render(node, _texts(turn)) if "{{" in node else node
    if isinstance(node, Mapping):
        for key, function in _NODES.items():
            if key in node:
                return function(node, turn)
        filled = {key: fill(value, turn) for key, value in node.items()}
        return {key: value for key, value in filled.items() if value is not ABSENT}
    if isinstance(node, list | tuple):
        items = (fill(item, turn) for item in node)
        return [item for item in items if item is not ABSENT]
    return node


def _body(turn: Turn, base: Any, over: Any, data: Any) -> bytes:
    layers = [fill(one, turn) for one in (base, over) if one is not UNSET]
    if data is not UNSET:
        layers.insert(0, data)
    if not layers or layers[-1] is None:
        return b""
    text = json.dumps(reduce(merged, layers), ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "replace")


def merged(bottom: Any, top: Any) -> Any:
    """Return *top* over *bottom*, member by member."""
    if not (isinstance(bottom, dict) and isinstance(top, dict)):
        return top
    return {**bottom, **{key: merged(bottom.get(key), value) for key, value in top.items()}}


def _texts(turn: Turn) -> dict[str, Any]:
    return {name: value for name, value in turn.scope.items() if isinstance(value, _SCALAR)}


def _safe(pairs: list[tuple[str, str]]) -> Pairs:
    """Return headers that hold nothing that a header cannot, whatever a client made us echo."""
    return tuple((name, value.encode("ascii", "replace").decode()) for name, value in pairs)


def _value(node: Mapping[str, Any], turn: Turn) -> Any:
    found = turn.look(node["$value"])
    return as_text(found) if node.get("as") == "text" and found is not ABSENT else found


def _made(node: Mapping[str, Any], turn: Turn) -> Any:
    return turn.made(str(node["$made"] or ""), int(node.get("length", 32)))


def _rows(node: Mapping[str, Any], turn: Turn) -> Any:
    kept = [row for row in turn.rows(node["$rows"]) if _is_wanted(row, node, turn)]
    pick = node.get("pick")
    if isinstance(pick, str):
        return [row[pick] for row in kept if pick in row]
    return [{name: row[name] for name in row if not pick or name in pick} for row in kept]


def _is_wanted(row: Row, node: Mapping[str, Any], turn: Turn) -> bool:
    """Return whether a field is, or as a list has, what is asked for; ``like``: has it in it."""
    where = ((row.get(name), turn.look(place)) for name, place in node.get("where", {}).items())
    like = ((row.get(name), turn.look(place)) for name, place in node.get("like", {}).items())
    return all(
        given is ABSENT or as_text(given) in map(as_text, has if isinstance(has, list) else [has])
        for has, given in where
    ) and all(as_text(given) in as_text(has) for has, given in like)


def _each(node: Mapping[str, Any], turn: Turn) -> Any:
    made: list[Any] = []
    for place, field in zip(node["$each"], node["by"], strict=True):
        given = turn.look(place)
        for item in given if isinstance(given, list) else ():
            turn.scope["found"] = turn.row(node["in"], (field,), item) or {}
            made.append({field: item, **fill(node["item"], turn)})
    return made


_NODES: Final[Mapping[str, Callable[[Mapping[str, Any], Turn], Any]]] = {
    "$value": _value,
    "$made": _made,
    "$rows": _rows,
    "$each": _each,
}
