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
from bpmax_sim.platform.encodings import to_json
from bpmax_sim.secret.http_auth import SECRET_HEADERS
from bpmax_sim.traffic import known_keys
from bpmax_sim.traffic.imported import (
    Imported,
    NotCarried,
    each,
    from_base64,
    grouped_pairs,
    injected_headers,
    listed,
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
    state, result = _STARTED, []
    while left:
        due = (p for p in left if p[1].get("requiredScenarioState") in {state, None})
        step = next(due, left[0])
        left.remove(step)
        result.append(step)
        state = step[1].get("newScenarioState") or state
    return result


def _wiremock_exchange(address: str, mapping: Any) -> Exchange:
    matcher = mapping["request"]
    method = text(matcher.get("method") or "ANY")
    if method == "ANY":
        raise NotCarried("it answers any method")
    body, media = _expected_body(matcher)
    headers = tuple(_wiremock_headers(matcher, media if body else ""))
    ours = (mapping.get("metadata") or {}).get(_OURS) or {}
    base = text(ours.get("address") or address)
    return Exchange(
        request=request(method, base + _target(matcher), headers, body, ours.get("injected") or ()),
        outcome=_outcome(mapping["response"]),
    )


def _target(request: Any) -> str:
    if isinstance(request.get("url"), str):
        target: str = request["url"]
        return target
    path = request.get("urlPath")
    if not isinstance(path, str):
        raise NotCarried("its address is a pattern")
    pairs = [
        (name, value)
        for name, rule in (request.get("queryParameters") or {}).items()
        for value in _values(rule, msg("the query parameter {name!r}", name=name))
    ]
    query = "&".join(f"{quote(n, safe='-._~')}={quote(v, safe='-._~')}" for n, v in pairs)
    return f"{path}?{query}" if query else path


def _values(rule: Any, what: str) -> Iterator[str]:
    if isinstance(rule, dict) and isinstance(rule.get("equalTo"), str):
        yield rule["equalTo"]
    elif isinstance(rule, dict) and isinstance(rule.get("hasExactly"), list):
        for value in rule["hasExactly"]:
            yield from _values(value, what)
    else:
        raise NotCarried("{what} is a pattern", what=what)


def _wiremock_headers(request: Any, media: str) -> Iterator[tuple[str, str]]:
    """Yield the headers that are known exactly; a pattern leaves its header out, nothing fails."""
    names = set()
    for name, rule in (request.get("headers") or {}).items():
        if isinstance(rule, dict) and isinstance(rule.get("equalTo"), str):
            names.add(name.lower())
            yield name, rule["equalTo"]
    if media and "content-type" not in names:
        yield "content-type", media


def _expected_body(request: Any) -> tuple[bytes | None, str]:
    """Return the body that the mapping asks for, and its media type where the rule tells it."""
    patterns = request.get("bodyPatterns") or []
    if not patterns:
        return None, ""
    if len(patterns) > 1:
        raise NotCarried("its body has to fit several patterns")
    (rule,) = patterns
    if "equalToJson" in rule:
        text = rule["equalToJson"]
        return (text if isinstance(text, str) else to_json(text)).encode(), "application/json"
    if isinstance(rule.get("equalToXml"), str):
        return rule["equalToXml"].encode(), "application/xml"
    if isinstance(rule.get("equalTo"), str):
        return rule["equalTo"].encode(), ""
    if isinstance(rule.get("binaryEqualTo"), str):
        return from_base64(rule["binaryEqualTo"]), ""
    raise NotCarried("its body is a pattern")


def _outcome(reply: Any) -> Response | Failed:
    delay = float(reply.get("fixedDelayMilliseconds") or 0) / 1000
    if reply.get("fault"):
        message = _FAULTS.get(reply["fault"], str(reply["fault"]))
        return Failed(code="RESET", message=message, elapsed=delay)
    if reply.get("proxyBaseUrl"):
        raise NotCarried("it hands requests on to another server")
    if "response-template" in (reply.get("transformers") or ()):
        raise NotCarried("its answer is a template")
    headers = grouped_pairs(reply.get("headers"))
    body = _body(reply)
    return response(
        int(reply.get("status") or 200),
        str(reply.get("statusMessage") or ""),
        headers,
        body,
        elapsed=delay,
    )


def _body(response: Any) -> bytes:
    if response.get("bodyFileName"):
        raise NotCarried(
            "its body is in the file {bodyfilename!r}; put it into `body`",
            bodyfilename=response["bodyFileName"],
        )
    if "jsonBody" in response:
        return to_json(response["jsonBody"]).encode()
    if response.get("base64Body"):
        return from_base64(response["base64Body"])
    return text(response.get("body") or "").encode()


def write_wiremock(exchanges: Iterable[Exchange]) -> tuple[bytes, tuple[str, ...]]:
    """Return mappings that answer *exchanges*, and what they could not carry.

    Equal requests become the states of a scenario, so that they are answered in their order.
    """
    every = list(exchanges)
    notes = [*pieces_lost(every)]
    mappings = [_mapping(exchange, notes) for exchange in every]
    for same in _equal(mappings):
        _number(same)
    text = json.dumps({"mappings": mappings}, ensure_ascii=False, indent=2)
    return text.encode() + b"\n", tuple(notes)


def _equal(mappings: list[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    groups: dict[str, list[dict[str, Any]]] = {}
    for mapping in mappings:
        groups.setdefault(json.dumps(mapping["request"], sort_keys=True), []).append(mapping)
    return (group for group in groups.values() if len(group) > 1)


def _number(same: list[dict[str, Any]]) -> None:
    request = same[0]["request"]
    name = f"{request['method']} {request['url']}"
    for number, mapping in enumerate(same):
        mapping["scenarioName"] = name
        mapping["requiredScenarioState"] = (
            msg("played {number}", number=number) if number else _STARTED
        )
        if number < len(same) - 1:
            mapping["newScenarioState"] = msg("played {number}", number=number + 1)


def _mapping(exchange: Exchange, notes: list[str]) -> dict[str, Any]:
    request, outcome = exchange.request, exchange.outcome
    parts = urlsplit(request.url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    expected: dict[str, Any] = {"method": request.method, "url": target}
    content_type = Headers(request.headers).content_type
    rules: dict[str, Any] = {}
    for name, value in request.call.headers if request.call else request.headers:
        if request.call or name.lower() not in _OF_CLIENTS:
            rules.setdefault(name, _header(name, value))
    if rules:
        expected["headers"] = rules
    if request.body:
        expected["bodyPatterns"] = [_pattern(request.body, content_type)]
    if isinstance(outcome, Failed):
        if outcome.code != "RESET":
            notes.append(
                msg(
                    "exchange {order}: {code} became a reset connection",
                    order=exchange.order,
                    code=outcome.code,
                )
            )
        data: dict[str, Any] = {"fault": "CONNECTION_RESET_BY_PEER"}
    else:
        data = _response_data(outcome)
    if outcome.elapsed:
        data["fixedDelayMilliseconds"] = round(outcome.elapsed * 1000)
    ours = {"address": f"{parts.scheme}://{parts.netloc}", "injected": injected_headers(exchange)}
    return {"request": expected, "response": data, "metadata": {_OURS: ours}}


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
        text = body.decode()
    except UnicodeDecodeError:
        return {"binaryEqualTo": base64.b64encode(body).decode()}
    return {"equalToJson" if media_type(content_type) == "application/json" else "equalTo": text}


def _response_data(response: Response) -> dict[str, Any]:
    values = {n: v[0] if len(v) == 1 else v for n, v in grouped(response.headers)}
    data: dict[str, Any] = {"status": response.status, "headers": values}
    if response.reason:
        data["statusMessage"] = response.reason
    try:
        data["body"] = response.body.decode()
    except UnicodeDecodeError:
        data["base64Body"] = base64.b64encode(response.body).decode()
    return data


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
            "not {hoverfly} of schema v5 but {version}; export it again",
            hoverfly=HOVERFLY,
            version=(version or msg("of none")),
        )
    ordered = sorted(numbered(pairs), key=lambda pair: _turn(pair[1]))
    imported = each(ordered, _hoverfly_exchange, known_keys.HOVERFLY)
    return Imported(imported.exchanges, (*imported.notes, *_lost(tree["data"])))


def _turn(pair: Any) -> int:
    """Return the place in the sequence of responses to one request, as Hoverfly records them."""
    request = pair.get("request") if isinstance(pair, dict) else None
    states = (request.get("requiresState") or {}) if isinstance(request, dict) else {}
    turns = [value for name, value in states.items() if name.startswith(_SEQUENCE)]
    return int(turns[0]) if turns and str(turns[0]).isdigit() else 0


def _lost(data: Any) -> Iterator[str]:
    actions = data.get("globalActions") or {}
    if actions.get("delays") or actions.get("delaysLogNormal"):
        yield msg("global delays: write them as faults of a scenario")


def _hoverfly_exchange(pair: Any) -> Exchange:
    matchers, response = pair["request"], pair["response"]
    _refuse_states(matchers)
    scheme = _single(matchers.get("scheme"), "scheme", "http")
    host = _single(matchers.get("destination"), "destination")
    path = _single(matchers.get("path"), "path", "/")
    query = _query(matchers)
    body = _single(matchers.get("body"), "body", "")
    return Exchange(
        request=request(
            _single(matchers.get("method"), "method"),
            f"{scheme}://{host}{path}{'?' if query else ''}{query}",
            tuple(_hoverfly_headers(matchers.get("headers") or {})),
            body.encode() or None,
        ),
        outcome=_answer(response),
    )


def _refuse_states(request: Any) -> None:
    states = [n for n in request.get("requiresState") or {} if not n.startswith(_SEQUENCE)]
    if states:
        raise NotCarried("it depends on the state {states!r}", states=states[0])


def _single(matchers: Any, what: str, otherwise: str | None = None) -> str:
    """Return the one text that *matchers* accept.

    Raises:
        NotCarried: if there is more than one.
    """
    if not matchers:
        if otherwise is None:
            raise NotCarried("it accepts any {what}", what=what)
        return otherwise
    if len(matchers) > 1 or matchers[0].get("matcher", "exact") not in _EXACT:
        raise NotCarried("its {what} is a pattern", what=what)
    value = matchers[0].get("value")
    if isinstance(value, dict):  # a form: matchers by name
        pairs = [(name, _single(rules, f"{what} {name!r}", "")) for name, rules in value.items()]
        return _encoded(pairs)
    return text(value)


def _query(request: Any) -> str:
    if request.get("deprecatedQuery"):
        return _single(request["deprecatedQuery"], "query", "")
    pairs = []
    for name, matchers in (request.get("query") or {}).items():
        several = len(matchers) == 1 and matchers[0].get("matcher") == "array"
        values = (
            matchers[0]["value"]
            if several
            else [_single(matchers, msg("query {name!r}", name=name))]
        )
        pairs += [(name, text(value)) for value in values]
    return _encoded(pairs)


def _encoded(pairs: Iterable[tuple[str, str]]) -> str:
    return "&".join(f"{quote(n, safe='-._~')}={quote(v, safe='-._~')}" for n, v in pairs)


def _hoverfly_headers(headers: Any) -> Iterator[tuple[str, str]]:
    """Yield the headers that are known exactly; a pattern leaves its header out, nothing fails."""
    for name, matchers in headers.items():
        try:
            yield name, _single(matchers, msg("header {name!r}", name=name), "")
        except NotCarried:
            continue


def _answer(reply: Any) -> Response:
    if reply.get("templated"):
        raise NotCarried("its answer is a template")
    if reply.get("bodyFile"):
        raise NotCarried(
            "its body is in the file {bodyfile!r}; put it into `body`",
            bodyfile=reply["bodyFile"],
        )
    content = text(reply.get("body") or "")
    body = from_base64(content) if reply.get("encodedBody") else content.encode()
    delay = float(reply.get("fixedDelay") or 0) / 1000
    return response(
        int(reply["status"]), "", grouped_pairs(reply.get("headers")), body, elapsed=delay
    )
