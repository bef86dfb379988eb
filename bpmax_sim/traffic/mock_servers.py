"""Stub mappings of WireMock, read and written, and simulations of Hoverfly (schema v5), read.

Both are rules and no recordings: only what names one request exactly can be carried over. A mapping
has no address of its own, so the caller gives one.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator
from functools import partial
from typing import Any, Final
from urllib.parse import quote, urlsplit

from bpmax_sim.cassette.format import grouped
from bpmax_sim.errors import CassetteError
from bpmax_sim.i18n import msg
from bpmax_sim.messages import Exchange, Failed, Headers, Response, media_type
from bpmax_sim.secret.http_auth import SECRET_HEADERS
from bpmax_sim.traffic import known_keys
from bpmax_sim.traffic.imported import (
    Imported,
    NotCarried,
    each,
    from_base64,
    grouped_pairs,
    listed,
    not_said,
    numbered,
    parse_json,
    pieces_lost,
    request,
    response,
    text,
)

WIREMOCK: Final = msg("stub mappings of WireMock")
NOWHERE: Final = "http://localhost:8080"

_STARTED: Final = "Started"
_OURS: Final = "bpmax_sim"
"""What WireMock calls metadata: the address, which a mapping lacks, and what auth put in."""
_OF_CLIENTS: Final = SECRET_HEADERS | {
    "accept", "accept-encoding", "connection", "content-length", "host", "transfer-encoding",
    "user-agent",
}  # fmt: skip
"""Headers that a client puts in by itself: no rule of a mapping, where no builder says which."""
_FAULTS: Final = {
    "CONNECTION_RESET_BY_PEER": msg("the connection was reset by the peer"),
    "EMPTY_RESPONSE": msg("the server answered nothing"),
    "MALFORMED_RESPONSE_CHUNK": msg("the answer ended in a malformed chunk"),
    "RANDOM_DATA_THEN_CLOSE": msg("the answer is not HTTP"),
}


def read_wiremock(data: bytes, *, address: str = NOWHERE) -> Imported:
    """Return what mappings hold, as if their server stood at *address*.

    Raises:
        CassetteError: if they are none.
    """
    tree = parse_json(data, WIREMOCK)
    if isinstance(tree, dict) and "request" in tree:
        tree = [tree]
    mappings = tree if isinstance(tree, list) else listed(tree, "mappings", what=WIREMOCK)
    return each(
        _in_order(mappings), partial(_wiremock_exchange, address.rstrip("/")), known_keys.WIREMOCK
    )


def _in_order(mappings: list[Any]) -> list[tuple[int, Any]]:
    """Return the mappings with those of one scenario in the order of its states."""
    placed = numbered(mappings)
    names = {_scenario(mapping) for mapping in mappings} - {""}
    chains = {
        name: iter(_chain([pair for pair in placed if _scenario(pair[1]) == name]))
        for name in names
    }
    return [next(chains[_scenario(p[1])]) if _scenario(p[1]) else p for p in placed]


def _scenario(mapping: Any) -> str:
    return str(mapping.get("scenarioName") or "") if isinstance(mapping, dict) else ""


def _chain(left: list[tuple[int, Any]]) -> list[tuple[int, Any]]:
    state, found = _STARTED, []
    while left:
        due = (p for p in left if p[1].get("requiredScenarioState") in {state, None})
        step = next(due, left[0])
        left.remove(step)
        found.append(step)
        state = step[1].get("newScenarioState") or state
    return found


def _wiremock_exchange(address: str, mapping: Any) -> Exchange:
    asked = mapping["request"]
    method = text(asked.get("method") or "ANY")
    if method == "ANY":
        raise NotCarried(msg("it answers any method"))
    body, media = _expected_body(asked)
    headers = tuple(_wiremock_headers(asked, media if body else ""))
    ours = (mapping.get("metadata") or {}).get(_OURS) or {}
    base = text(ours.get("address") or address)
    return Exchange(
        request=request(method, base + _target(asked), headers, body, ours.get("injected") or ()),
        outcome=_outcome(mapping["response"]),
    )


def _target(asked: Any) -> str:
    if isinstance(asked.get("url"), str):
        target: str = asked["url"]
        return target
    path = asked.get("urlPath")
    if not isinstance(path, str):
        raise NotCarried(msg("its address is a pattern"))
    pairs = [
        (name, value)
        for name, rule in (asked.get("queryParameters") or {}).items()
        for value in _values(rule, msg("the query parameter {name!r}", name=name))
    ]
    query = "&".join(f"{quote(n, safe='-._~')}={quote(v, safe='-._~')}" for n, v in pairs)
    return f"{path}?{query}" if query else path


def _values(rule: Any, what: str) -> Iterator[str]:
    if isinstance(rule, dict) and isinstance(rule.get("equalTo"), str):
        yield rule["equalTo"]
    elif isinstance(rule, dict) and isinstance(rule.get("hasExactly"), list):
        for one in rule["hasExactly"]:
            yield from _values(one, what)
    else:
        raise NotCarried(msg("{what} is a pattern", what=what))


def _wiremock_headers(asked: Any, media: str) -> Iterator[tuple[str, str]]:
    """Yield the headers that are known exactly; a pattern leaves its header out, nothing fails."""
    names = set()
    for name, rule in (asked.get("headers") or {}).items():
        if isinstance(rule, dict) and isinstance(rule.get("equalTo"), str):
            names.add(name.lower())
            yield name, rule["equalTo"]
    if media and "content-type" not in names:
        yield "content-type", media


def _expected_body(asked: Any) -> tuple[bytes | None, str]:
    """Return the body that the mapping asks for, and its media type where the rule tells it."""
    patterns = asked.get("bodyPatterns") or []
    if not patterns:
        return None, ""
    if len(patterns) > 1:
        raise NotCarried(msg("its body has to fit several patterns"))
    (rule,) = patterns
    if "equalToJson" in rule:
        said = rule["equalToJson"]
        return (said if isinstance(said, str) else _json(said)).encode(), "application/json"
    if isinstance(rule.get("equalToXml"), str):
        return rule["equalToXml"].encode(), "application/xml"
    if isinstance(rule.get("equalTo"), str):
        return rule["equalTo"].encode(), ""
    if isinstance(rule.get("binaryEqualTo"), str):
        return from_base64(rule["binaryEqualTo"]), ""
    raise NotCarried(msg("its body is a pattern"))


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _outcome(came: Any) -> Response | Failed:
    delay = float(came.get("fixedDelayMilliseconds") or 0) / 1000
    if came.get("fault"):
        message = _FAULTS.get(came["fault"], str(came["fault"]))
        return Failed(code="RESET", message=message, elapsed=delay)
    if came.get("proxyBaseUrl"):
        raise NotCarried(msg("it hands requests on to another server"))
    if "response-template" in (came.get("transformers") or ()):
        raise NotCarried(msg("its answer is a template"))
    headers = grouped_pairs(came.get("headers"))
    body = _body(came)
    return response(
        int(came.get("status") or 200),
        str(came.get("statusMessage") or ""),
        headers,
        body,
        elapsed=delay,
    )


def _body(came: Any) -> bytes:
    if came.get("bodyFileName"):
        raise NotCarried(
            msg(
                "its body is in the file {bodyfilename!r}; put it into `body`",
                bodyfilename=came["bodyFileName"],
            )
        )
    if "jsonBody" in came:
        return _json(came["jsonBody"]).encode()
    if came.get("base64Body"):
        return from_base64(came["base64Body"])
    return text(came.get("body") or "").encode()


def write_wiremock(exchanges: Iterable[Exchange]) -> tuple[bytes, tuple[str, ...]]:
    """Return mappings that answer *exchanges*, and what they could not carry.

    Equal requests become the states of a scenario, so that they are answered in their order.
    """
    every = list(exchanges)
    notes = [*pieces_lost(every)]
    mappings = [_mapping(exchange, notes) for exchange in every]
    for same in _equal(mappings):
        _number(same)
    told = json.dumps({"mappings": mappings}, ensure_ascii=False, indent=2)
    return told.encode() + b"\n", tuple(notes)


def _equal(mappings: list[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    groups: dict[str, list[dict[str, Any]]] = {}
    for mapping in mappings:
        groups.setdefault(json.dumps(mapping["request"], sort_keys=True), []).append(mapping)
    return (group for group in groups.values() if len(group) > 1)


def _number(same: list[dict[str, Any]]) -> None:
    asked = same[0]["request"]
    name = f"{asked['method']} {asked['url']}"
    for number, mapping in enumerate(same):
        mapping["scenarioName"] = name
        mapping["requiredScenarioState"] = (
            msg("played {number}", number=number) if number else _STARTED
        )
        if number < len(same) - 1:
            mapping["newScenarioState"] = msg("played {number}", number=number + 1)


def _mapping(exchange: Exchange, notes: list[str]) -> dict[str, Any]:
    asked, came = exchange.request, exchange.outcome
    parts = urlsplit(asked.url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    expected: dict[str, Any] = {"method": asked.method, "url": target}
    content_type = Headers(asked.headers).content_type
    rules: dict[str, Any] = {}
    for name, value in asked.call.headers if asked.call else asked.headers:
        if asked.call or name.lower() not in _OF_CLIENTS:
            rules.setdefault(name, _header(name, value))
    if rules:
        expected["headers"] = rules
    if asked.body:
        expected["bodyPatterns"] = [_pattern(asked.body, content_type)]
    if isinstance(came, Failed):
        if came.code != "RESET":
            notes.append(
                msg(
                    "exchange {order}: {code} became a reset connection",
                    order=exchange.order,
                    code=came.code,
                )
            )
        told: dict[str, Any] = {"fault": "CONNECTION_RESET_BY_PEER"}
    else:
        told = _told(came)
    if came.elapsed:
        told["fixedDelayMilliseconds"] = round(came.elapsed * 1000)
    ours = {"address": f"{parts.scheme}://{parts.netloc}", "injected": not_said(exchange)}
    return {"request": expected, "response": told, "metadata": {_OURS: ours}}


def _header(name: str, value: str) -> dict[str, Any]:
    """Return the rule for a header that the caller chose; what auth puts in is left out.

    WireMock writes the charset of a text body in capitals before it compares (RFC 9110, section
    8.3.2: its case has no meaning).
    """
    if name.lower() == "content-type":
        return {"equalTo": value, "caseInsensitive": True}
    return {"equalTo": value}


def _pattern(body: bytes, content_type: str) -> dict[str, Any]:
    try:
        said = body.decode()
    except UnicodeDecodeError:
        return {"binaryEqualTo": base64.b64encode(body).decode()}
    return {"equalToJson" if media_type(content_type) == "application/json" else "equalTo": said}


def _told(came: Response) -> dict[str, Any]:
    values = {n: v[0] if len(v) == 1 else v for n, v in grouped(came.headers)}
    told: dict[str, Any] = {"status": came.status, "headers": values}
    if came.reason:
        told["statusMessage"] = came.reason
    try:
        told["body"] = came.body.decode()
    except UnicodeDecodeError:
        told["base64Body"] = base64.b64encode(came.body).decode()
    return told


HOVERFLY: Final = msg("a simulation of Hoverfly")
_EXACT: Final = frozenset({"exact", "json", "xml", "form"})
_SEQUENCE: Final = "sequence:"


def read_hoverfly(data: bytes) -> Imported:
    """Return what a simulation holds.

    Raises:
        CassetteError: if it is none, or not of schema v5.
    """
    tree = parse_json(data, HOVERFLY)
    pairs = listed(tree, "data", "pairs", what=HOVERFLY)
    version = str((tree.get("meta") or {}).get("schemaVersion", ""))
    if not version.startswith("v5"):
        raise CassetteError(
            msg(
                "not {hoverfly} of schema v5 but {version}; export it again",
                hoverfly=HOVERFLY,
                version=(version or msg("of none")),
            )
        )
    ordered = sorted(numbered(pairs), key=lambda pair: _turn(pair[1]))
    found = each(ordered, _hoverfly_exchange, known_keys.HOVERFLY)
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
        yield msg("global delays: write them as faults of a scenario")


def _hoverfly_exchange(pair: Any) -> Exchange:
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
            tuple(_hoverfly_headers(asked.get("headers") or {})),
            body.encode() or None,
        ),
        outcome=_answer(came),
    )


def _refuse_states(asked: Any) -> None:
    states = [n for n in asked.get("requiresState") or {} if not n.startswith(_SEQUENCE)]
    if states:
        raise NotCarried(msg("it depends on the state {states!r}", states=states[0]))


def _one(matchers: Any, what: str, otherwise: str | None = None) -> str:
    """Return the one text that *matchers* accept.

    Raises:
        NotCarried: if there is more than one.
    """
    if not matchers:
        if otherwise is None:
            raise NotCarried(msg("it accepts any {what}", what=what))
        return otherwise
    if len(matchers) > 1 or matchers[0].get("matcher", "exact") not in _EXACT:
        raise NotCarried(msg("its {what} is a pattern", what=what))
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
        values = (
            matchers[0]["value"] if several else [_one(matchers, msg("query {name!r}", name=name))]
        )
        pairs += [(name, text(value)) for value in values]
    return _encoded(pairs)


def _encoded(pairs: Iterable[tuple[str, str]]) -> str:
    return "&".join(f"{quote(n, safe='-._~')}={quote(v, safe='-._~')}" for n, v in pairs)


def _hoverfly_headers(headers: Any) -> Iterator[tuple[str, str]]:
    """Yield the headers that are known exactly; a pattern leaves its header out, nothing fails."""
    for name, matchers in headers.items():
        try:
            yield name, _one(matchers, msg("header {name!r}", name=name), "")
        except NotCarried:
            continue


def _answer(came: Any) -> Response:
    if came.get("templated"):
        raise NotCarried(msg("its answer is a template"))
    if came.get("bodyFile"):
        raise NotCarried(
            msg(
                "its body is in the file {bodyfile!r}; put it into `body`",
                bodyfile=came["bodyFile"],
            )
        )
    said = text(came.get("body") or "")
    body = from_base64(said) if came.get("encodedBody") else said.encode()
    delay = float(came.get("fixedDelay") or 0) / 1000
    return response(
        int(came["status"]), "", grouped_pairs(came.get("headers")), body, elapsed=delay
    )
