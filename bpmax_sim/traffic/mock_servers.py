"""Read and write stub mappings of WireMock; read simulations of Hoverfly (schema v5).

Both are rules, not recordings: only those that match exactly one request can be converted. A
mapping has no address, so the caller gives one.
"""

from __future__ import annotations

import base64
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import partial
from typing import Any, Final
from urllib.parse import quote, urlencode, urlsplit

from msgspec import UNSET

from bpmax_sim.cassette.format import group_headers
from bpmax_sim.cassette.model import decode_json
from bpmax_sim.errors import CassetteError
from bpmax_sim.field_path import get_nested
from bpmax_sim.i18n import msg
from bpmax_sim.messages import Exchange, FailedExchange, Headers, Response
from bpmax_sim.platform.encodings import to_json
from bpmax_sim.secret.http_auth import SECRET_HEADERS
from bpmax_sim.traffic import imported, known_keys
from bpmax_sim.traffic.imported import (
    NOWHERE,
    ForeignExchanges,
    ForeignFormat,
    NotConvertibleError,
    has_member,
)

WIREMOCK: Final = msg("stub mappings of WireMock")
_encoded: Final = partial(urlencode, quote_via=quote)

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
    "MALFORMED_RESPONSE_CHUNK": msg("the response ended in a malformed chunk"),
    "RANDOM_DATA_THEN_CLOSE": msg("the response is not HTTP"),
}


def read_wiremock(data: bytes, *, address: str = NOWHERE) -> ForeignExchanges:
    """Return the exchanges of WireMock mappings; *address* is the base URL of the stubbed server.

    Raises:
        CassetteError: if *data* are not WireMock mappings.
    """
    tree = imported.parse_json(data, WIREMOCK)
    if isinstance(tree, dict) and "request" in tree:
        tree = [tree]
    mappings = (
        tree if isinstance(tree, list) else imported.require_list(tree, "mappings", what=WIREMOCK)
    )
    read = partial(_read_wiremock_exchange, address.rstrip("/"))
    return imported.read_items(_order_by_scenario(mappings), read, known_keys.WIREMOCK)


def _order_by_scenario(mappings: list[Any]) -> list[tuple[int, Any]]:
    """Return *mappings* with their numbers in the file, in the order in which they answer.

    Mappings of one WireMock scenario exchange places, so that they are in the order of its states.
    """
    placed = list(enumerate(mappings, 1))
    scenarios: dict[str, list[tuple[int, Any]]] = {}
    for pair in placed:
        scenarios.setdefault(_get_scenario_name(pair[1]), []).append(pair)
    chains = {
        name: iter(_sort_by_scenario_state(pairs)) for name, pairs in scenarios.items() if name
    }
    return [next(chains.get(_get_scenario_name(pair[1]), iter([pair]))) for pair in placed]


def _get_scenario_name(mapping: Any) -> str:
    return str(mapping.get("scenarioName") or "") if isinstance(mapping, dict) else ""


def _sort_by_scenario_state(remaining: list[tuple[int, Any]]) -> list[tuple[int, Any]]:
    # A WireMock scenario is a state machine that begins in `Started`: a mapping answers in its
    # required state, and may move to a new one.
    state, result = _STARTED, []
    while remaining:
        due = (p for p in remaining if p[1].get("requiredScenarioState") in (state, None))
        # A state that nothing reaches: the order of the file, rather than nothing.
        step = next(due, remaining[0])
        remaining.remove(step)
        result.append(step)
        state = step[1].get("newScenarioState") or state
    return result


def _read_wiremock_exchange(address: str, mapping: Any) -> Exchange:
    matcher = mapping["request"]
    method = imported.require_text(matcher.get("method") or "ANY")
    if method == "ANY":
        raise NotConvertibleError("it matches any method")
    body, media = _read_wiremock_expected_body(matcher)
    # those that are known exactly: a pattern leaves its header out, nothing fails
    rules = (matcher.get("headers") or {}).items()
    headers = {name: rule["equalTo"] for name, rule in rules if _is_exact_match_rule(rule)}
    if body and media and "content-type" not in {name.lower() for name in headers}:
        headers["content-type"] = media
    ours = (mapping.get("metadata") or {}).get(_OURS) or {}
    url = imported.require_text(ours.get("address") or address) + _read_wiremock_target(matcher)
    places = ours.get("injected") or ()
    return Exchange(
        request=imported.make_foreign_request(method, url, tuple(headers.items()), body, places),
        outcome=_read_wiremock_outcome(mapping["response"]),
    )


def _is_exact_match_rule(rule: Any) -> bool:
    return isinstance(rule, dict) and isinstance(rule.get("equalTo"), str)


def _read_wiremock_target(request: Any) -> str:
    if isinstance(request.get("url"), str):
        target: str = request["url"]
        return target
    path = request.get("urlPath")
    if not isinstance(path, str):
        raise NotConvertibleError("its address is a pattern")
    pairs = [
        (name, value)
        for name, rule in (request.get("queryParameters") or {}).items()
        for value in _read_wiremock_values(rule, msg("the query parameter {name!r}", name=name))
    ]
    return f"{path}?{_encoded(pairs)}" if pairs else path


def _read_wiremock_values(rule: Any, what: str) -> Iterator[str]:
    if _is_exact_match_rule(rule):
        yield rule["equalTo"]
    elif isinstance(rule, dict) and isinstance(rule.get("hasExactly"), list):
        for value in rule["hasExactly"]:
            yield from _read_wiremock_values(value, what)
    else:
        raise NotConvertibleError("{what} is a pattern", what=what)


def _read_wiremock_expected_body(request: Any) -> tuple[bytes | None, str]:
    """Return the body that a mapping requires of a request, None if any will do, and its type.

    That is the media type, if the kind of the rule implies one, else "".

    Raises:
        NotConvertibleError: if more than one body fits.
    """
    patterns = request.get("bodyPatterns") or []
    if not patterns:
        return None, ""
    if len(patterns) > 1:
        raise NotConvertibleError("its body has to fit several patterns")
    (rule,) = patterns
    if "equalToJson" in rule:
        text = rule["equalToJson"]
        return (text if isinstance(text, str) else to_json(text)).encode(), "application/json"
    if isinstance(rule.get("equalToXml"), str):
        return rule["equalToXml"].encode(), "application/xml"
    if isinstance(rule.get("equalTo"), str):
        return rule["equalTo"].encode(), ""
    if isinstance(rule.get("binaryEqualTo"), str):
        return imported.from_base64(rule["binaryEqualTo"]), ""
    raise NotConvertibleError("its body is a pattern")


def _read_wiremock_outcome(reply: Any) -> Response | FailedExchange:
    delay = float(reply.get("fixedDelayMilliseconds") or 0) / 1000
    if reply.get("fault"):
        message = _FAULTS.get(reply["fault"], str(reply["fault"]))
        return FailedExchange(code="RESET", message=message, elapsed=delay)
    if reply.get("proxyBaseUrl"):
        raise NotConvertibleError("it hands requests on to another server")
    if "response-template" in (reply.get("transformers") or ()):
        raise NotConvertibleError("its response is a template")
    return imported.make_decompressed_response(
        int(reply.get("status") or 200),
        str(reply.get("statusMessage") or ""),
        imported.flatten_header_groups(reply.get("headers")),
        _read_wiremock_body(reply),
        elapsed=delay,
    )


def _read_wiremock_body(response: Any) -> bytes:
    if response.get("bodyFileName"):
        raise NotConvertibleError(
            "its body is in the file {bodyfilename!r}; put it into `body`",
            bodyfilename=response["bodyFileName"],
        )
    if "jsonBody" in response:
        return to_json(response["jsonBody"]).encode()
    if response.get("base64Body"):
        return imported.from_base64(response["base64Body"])
    return imported.require_text(response.get("body") or "").encode()


def write_wiremock(exchanges: Iterable[Exchange]) -> tuple[bytes, tuple[str, ...]]:
    """Return WireMock mappings that answer the requests of *exchanges*, and sentences about losses.

    Equal requests become the states of a scenario, so that they are answered in their order.
    """
    every = list(exchanges)
    notes = [*imported.describe_lost_piece_times(every)]
    mappings = [_write_mapping(exchange, notes) for exchange in every]
    equal: dict[str, list[dict[str, Any]]] = {}
    for mapping in mappings:
        equal.setdefault(json.dumps(mapping["request"], sort_keys=True), []).append(mapping)
    # Of equal mappings WireMock would always choose the same one. As states of a scenario they
    # answer in recorded order; the last leads nowhere and repeats.
    names = Counter[str]()
    for same in (group for group in equal.values() if len(group) > 1):
        name = f"{same[0]['request']['method']} {same[0]['request']['url']}"
        names[name] += 1
        # Mappings of one name have one state: other bodies at an address need another name.
        scenario = name if names[name] == 1 else f"{name} ({names[name]})"
        states = [_STARTED, *(msg("played {number}", number=n) for n in range(1, len(same)))]
        for number, mapping in enumerate(same):
            mapping["scenarioName"] = scenario
            mapping["requiredScenarioState"] = states[number]
            if mapping is not same[-1]:
                mapping["newScenarioState"] = states[number + 1]
    text = json.dumps({"mappings": mappings}, ensure_ascii=False, indent=2)
    return text.encode() + b"\n", tuple(notes)


def _write_mapping(exchange: Exchange, notes: list[str]) -> dict[str, Any]:
    request, outcome = exchange.request, exchange.outcome
    parts = urlsplit(request.url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    expected: dict[str, Any] = {"method": request.method, "url": target}
    rules: dict[str, Any] = {}
    # those that the caller chose; what auth puts in is left out
    for name, value in request.call.headers if request.call else request.headers:
        if request.call or name.lower() not in _OF_CLIENTS:
            # WireMock writes the charset of a text body in capitals before it compares: its case
            # has no meaning (RFC 9110, section 8.3.2).
            case = {"caseInsensitive": True} if name.lower() == "content-type" else {}
            rules.setdefault(name, {"equalTo": value, **case})
    if rules:
        expected["headers"] = rules
    if request.body:
        expected["bodyPatterns"] = [
            _make_body_pattern(request.body, Headers(request.headers).media_type)
        ]
    if isinstance(outcome, FailedExchange):
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
        data = _write_wiremock_response(outcome)
    if outcome.elapsed:
        data["fixedDelayMilliseconds"] = round(outcome.elapsed * 1000)
    ours = {
        "address": f"{parts.scheme}://{parts.netloc}",
        "injected": imported.list_injected_header_places(exchange),
    }
    return {"request": expected, "response": data, "metadata": {_OURS: ours}}


def _make_body_pattern(body: bytes, media: str) -> dict[str, str]:
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return {"binaryEqualTo": base64.b64encode(body).decode()}
    # WireMock refuses a whole file of mappings if the text of an `equalToJson` is no JSON.
    with suppress(ValueError):
        if media == "application/json":
            decode_json(body)
            return {"equalToJson": text}
    return {"equalTo": text}


def _write_wiremock_response(response: Response) -> dict[str, Any]:
    values = {n: v[0] if len(v) == 1 else v for n, v in group_headers(response.headers)}
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
_GLOBAL_DELAYS: Final = ("delays", "delaysLogNormal")


def read_hoverfly(data: bytes) -> ForeignExchanges:
    """Return the exchanges of a Hoverfly simulation.

    Raises:
        CassetteError: if *data* is not a simulation of schema v5.
    """
    tree = imported.parse_json(data, HOVERFLY)
    pairs = imported.require_list(tree, "data", "pairs", what=HOVERFLY)
    version = str(get_nested(tree, ("meta", "schemaVersion")) or "")
    if not version.startswith("v5"):
        raise CassetteError(
            "not {hoverfly} of schema v5 but {version}; export it again",
            hoverfly=HOVERFLY,
            version=(version or msg("of none")),
        )
    # Hoverfly's capture puts responses of equal requests into states `sequence:<n>`, which count
    # from 1.
    ordered = sorted(enumerate(pairs, 1), key=lambda pair: _get_sequence_number(pair[1]))
    result = imported.read_items(ordered, _read_hoverfly_exchange, known_keys.HOVERFLY)
    delays = [get_nested(tree, ("data", "globalActions", name)) for name in _GLOBAL_DELAYS]
    if any(delay not in (UNSET, None, []) for delay in delays):
        lost = msg("global delays: write them as faults of a scenario")
        return ForeignExchanges(result.exchanges, (*result.notes, lost))
    return result


def _get_sequence_number(pair: Any) -> int:
    """Return the position of the response in *pair* among those recorded for the same request.

    *pair* is a request of a Hoverfly simulation with its response.
    """
    request = pair.get("request") if isinstance(pair, dict) else None
    states = request.get("requiresState") if isinstance(request, dict) else None
    if not isinstance(states, dict):
        return 0  # what is wrong with it is said where the exchange is read
    turns = [value for name, value in states.items() if name.startswith(_SEQUENCE)]
    return int(turns[0]) if turns and str(turns[0]).isdecimal() else 0


def _read_hoverfly_exchange(pair: Any) -> Exchange:
    matchers = pair["request"]
    states = [n for n in matchers.get("requiresState") or {} if not n.startswith(_SEQUENCE)]
    if states:
        raise NotConvertibleError("it depends on the state {states!r}", states=states[0])
    scheme = _read_hoverfly_required_text(matchers.get("scheme"), "scheme", "http")
    host = _read_hoverfly_required_text(matchers.get("destination"), "destination")
    path = _read_hoverfly_required_text(matchers.get("path"), "path", "/")
    query = _read_hoverfly_query(matchers)
    body = _read_hoverfly_required_text(matchers.get("body"), "body", "")
    headers = []
    for name, rules in (matchers.get("headers") or {}).items():
        with suppress(NotConvertibleError):  # a pattern leaves its header out, nothing fails
            headers.append(
                (name, _read_hoverfly_required_text(rules, msg("header {name!r}", name=name), ""))
            )
    return Exchange(
        request=imported.make_foreign_request(
            _read_hoverfly_required_text(matchers.get("method"), "method"),
            f"{scheme}://{host}{path}{'?' if query else ''}{query}",
            tuple(headers),
            body.encode() or None,
        ),
        outcome=_read_hoverfly_response(pair["response"]),
    )


def _read_hoverfly_required_text(matchers: Any, what: str, otherwise: str | None = None) -> str:
    """Return the text that *matchers* of Hoverfly require exactly; *otherwise* if there are none.

    Raises:
        NotConvertibleError: if they accept more than one text; *what* names its place.
    """
    if not matchers:
        if otherwise is None:
            raise NotConvertibleError("it accepts any {what}", what=what)
        return otherwise
    if len(matchers) > 1 or matchers[0].get("matcher", "exact") not in _EXACT:
        raise NotConvertibleError("its {what} is a pattern", what=what)
    value = matchers[0].get("value")
    if isinstance(value, dict):  # a form: matchers by name
        pairs = [
            (name, _read_hoverfly_required_text(rules, f"{what} {name!r}", ""))
            for name, rules in value.items()
        ]
        return _encoded(pairs)
    return imported.require_text(value)


def _read_hoverfly_query(request: Any) -> str:
    if request.get("deprecatedQuery"):
        return _read_hoverfly_required_text(request["deprecatedQuery"], "query", "")
    pairs = []
    for name, matchers in (request.get("query") or {}).items():
        if len(matchers) == 1 and matchers[0].get("matcher") == "array":
            pairs += [(name, imported.require_text(value)) for value in matchers[0]["value"]]
        else:
            pairs.append(
                (name, _read_hoverfly_required_text(matchers, msg("query {name!r}", name=name)))
            )
    return _encoded(pairs)


def _read_hoverfly_response(reply: Any) -> Response:
    if reply.get("templated"):
        raise NotConvertibleError("its response is a template")
    if reply.get("bodyFile"):
        raise NotConvertibleError(
            "its body is in the file {bodyfile!r}; put it into `body`",
            bodyfile=reply["bodyFile"],
        )
    content = imported.require_text(reply.get("body") or "")
    body = imported.from_base64(content) if reply.get("encodedBody") else content.encode()
    delay = float(reply.get("fixedDelay") or 0) / 1000
    headers = imported.flatten_header_groups(reply.get("headers"))
    return imported.make_decompressed_response(
        int(reply["status"]), "", headers, body, elapsed=delay
    )


def _is_wiremock(_text: bytes, tree: Any) -> bool:
    if isinstance(tree, list):
        return has_member(tree[:1] and tree[0], "request")
    return (
        has_member(tree, "mappings")
        or has_member(tree, "request", "method")
        or (has_member(tree, "request") and has_member(tree, "response"))
    )


WIREMOCK_FORMAT: Final = ForeignFormat(
    read=lambda data, options: read_wiremock(data, address=options.address),
    recognise=_is_wiremock,
    write=write_wiremock,
)
HOVERFLY_FORMAT: Final = ForeignFormat(
    read=lambda data, _options: read_hoverfly(data),
    recognise=lambda _text, tree: has_member(tree, "data", "pairs"),
)
