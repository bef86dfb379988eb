"""Draw requests, responses, exchanges, cassettes, scripts, and scenario files that run these."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache, lru_cache
from itertools import count
from typing import Any, Final
from urllib.parse import quote

from hypothesis import strategies as st
from msgspec.structs import replace

from bpmax_sim.cassette.format import dump_exchanges
from bpmax_sim.cassette.matching import MatchingRules, compute_matching_key, request_to_parts
from bpmax_sim.clock import Instant
from bpmax_sim.messages import FORM, Call, Exchange, FailedExchange, Outcome, Request, Response
from bpmax_sim.proxy.builder import CallSpec
from bpmax_sim.proxy.encode import DOTS
from bpmax_sim.script.failure import Script
from bpmax_sim.secret.vault import redact_values
from bpmax_sim.strategies.platforms import HEADER_NAMES, METHODS, PLACE_NAMES
from bpmax_sim.strategies.programs import chains, direct_calls, javascript, to_js_literal
from bpmax_sim.strategies.values import BUSINESS, header_values, identifiers, json_values, texts

START: Final = Instant.parse("2026-03-02T09:00:00+08:00")

RULES: Final = MatchingRules()
"""Under these every place counts."""

_BASE = "https://crm.example.test"
_TOKEN = ("Authorization", "Bearer redacted.crm_system.test.token.1")
_JSON = "application/json"


# Made once: to check a strategy that is made in every draw costs more than to draw from it.
_SEGMENTS = st.lists(texts(max_size=6).filter(lambda text: text not in {"", *DOTS}), max_size=3)
_QUERIES = st.lists(st.tuples(st.sampled_from(PLACE_NAMES), texts()), max_size=3)
_HEADERS = st.lists(
    st.tuples(st.sampled_from(HEADER_NAMES), header_values()),
    max_size=2,
    unique_by=lambda pair: pair[0],
)
_INSTANCES = st.sampled_from(("test", "prod"))
_APIS = st.sampled_from(("get_customer_detail", "create_contract"))
_METHODS = st.sampled_from(METHODS)


@st.composite
def requests(draw: st.DrawFn) -> Request:
    """Draw requests of ``$proxy`` calls as they are recorded, with stand-ins for credentials."""
    path = "".join(f"/{quote(part, safe='')}" for part in draw(_SEGMENTS))
    query = draw(_QUERIES)
    headers = draw(_HEADERS)
    kind, body = draw(_draw_bodies())
    if body is not None:
        headers.append(("Content-Type", kind))
    call = Call(
        platform="crm_system",
        instance=draw(_INSTANCES),
        api=draw(_APIS),
        method=draw(_METHODS),
        path=path,
        query=tuple(query),
        headers=tuple(headers),
        body=body,
        serial=1,
    )
    pairs = _encode_query(query)
    is_authorised = draw(st.booleans())
    return Request(
        method=call.method,
        url=f"{_BASE}{path}{f'?{pairs}' if pairs else ''}",
        headers=(*call.headers, *([_TOKEN] if is_authorised else [])),
        body=body,
        call=call,
        base=_BASE,
        injected=("header.authorization",) if is_authorised else (),
    )


@cache
def _draw_bodies() -> st.SearchStrategy[tuple[str, bytes | None]]:
    names = st.sampled_from(PLACE_NAMES)
    objects = st.dictionaries(names, json_values(), max_size=3) | json_values()
    as_json = objects.map(lambda value: (_JSON, _encode_json(value)))
    pairs = st.lists(st.tuples(names, texts()), min_size=1, max_size=3)
    return st.one_of(
        st.just(("", None)),
        as_json,
        as_json,
        pairs.map(lambda drawn: (FORM, _encode_query(drawn).encode())),
        texts().filter(bool).map(lambda text: ("text/plain", text.encode())),
        st.binary(min_size=1, max_size=12).map(lambda data: ("application/octet-stream", data)),
    )


def _encode_json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def _encode_query(pairs: list[tuple[str, str]]) -> str:
    return "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in pairs)


@cache
def responses() -> st.SearchStrategy[Response]:
    """Draw responses of any status; bodies are usually JSON, else text, bytes or empty."""
    kinds = st.one_of(
        json_values().map(lambda value: (_JSON, _encode_json(value))),
        texts().map(lambda text: ("text/plain; charset=utf-8", text.encode())),
        st.binary(max_size=16).map(lambda data: ("application/octet-stream", data)),
    )
    return st.builds(
        lambda kind, status, ms, more: Response(
            status=status,
            reason="OK" if status == 200 else "",  # noqa: PLR2004 - the one that has it
            headers=(("content-type", kind[0]), *more),
            body=kind[1],
            elapsed=ms / 1000,
        ),
        kinds,
        st.sampled_from((200, 200, 201, 302, 400, 401, 404, 429, 500, 503)),
        st.integers(0, 40_000),
        st.lists(
            st.tuples(st.sampled_from(("x-request-id", "retry-after")), header_values()), max_size=2
        ),
    )


def failures() -> st.SearchStrategy[FailedExchange]:
    """Draw failures of exchanges that got no response, such as a time-out or a reset."""
    return st.builds(
        FailedExchange,
        code=st.sampled_from(("CONNECT", "TIMEOUT", "TLS", "RESET")),
        message=texts(),
        elapsed=st.integers(0, 40_000).map(lambda ms: ms / 1000),
        sent=st.booleans(),
    )


def exchanges(
    *, rules: MatchingRules = RULES, owner: st.SearchStrategy[str] | None = None
) -> st.SearchStrategy[Exchange]:
    """Draw exchanges recorded by *owner*, with matching keys computed under *rules*.

    *owner* draws names of scenarios or tests, by default two. A matching key is the digest of the
    parts of a call that count for replay.
    """

    def exchange(request: Request, outcome: Outcome, by: str, second: int) -> Exchange:
        return Exchange(
            request=request,
            outcome=outcome,
            key=compute_matching_key(request_to_parts(request), rules),
            owner=by,
            at=START.seconds + second,
        )

    owners = st.sampled_from(("选择客户", "提交合同[正常]")) if owner is None else owner
    return st.builds(exchange, requests(), responses() | failures(), owners, st.integers(0, 3600))


def cassettes(*, rules: MatchingRules = RULES, max_size: int = 5) -> st.SearchStrategy[bytes]:
    """Draw the content of cassette files with up to *max_size* exchanges.

    Matching keys are computed under *rules*.
    """
    return st.lists(exchanges(rules=rules), max_size=max_size).map(
        lambda drawn: dump_exchanges(
            number_exchanges_per_owner(drawn), rules=rules, zone=START.offset
        )
    )


def number_exchanges_per_owner(exchanges: list[Exchange]) -> list[Exchange]:
    """Return *exchanges* numbered in their order, from 1 for each owner."""
    counts = defaultdict[str, Iterator[int]](lambda: count(1))
    return [replace(exchange, order=next(counts[exchange.owner])) for exchange in exchanges]


_NOT_YAML = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
_CAUGHT = "try { %s } catch (e) { console.warn(e.code, e.message); }"
_STATEMENTS = st.sampled_from(
    (
        "const {name} = await {call}; console.log({name});",
        "await {call};",
        "(await Promise.allSettled([{call}, {call}])).forEach((one) => console.log(one.status));",
        "await new Promise((done) => setTimeout(done, 20)); await {call};",
    )
)
_FIELDS = st.dictionaries(st.sampled_from(BUSINESS), json_values(max_leaves=3), max_size=3)
_TITLES = texts().map(str.strip).filter(bool)
_SEEDS = st.integers(0, 99)
_RESULTS = json_values(max_leaves=3)


def yaml_text(document: Any, /) -> str:
    """Return *document*, plain values, as one line that is both JSON and YAML.

    JSON allows some characters unescaped that YAML does not; these are escaped.
    """
    text = json.dumps(document, ensure_ascii=False)
    return _NOT_YAML.sub(lambda match: f"\\u{ord(match[0]):04x}", text) + "\n"


_CALLS = chains() | direct_calls()


@lru_cache(maxsize=512)
def _draw_several(programs: st.SearchStrategy[CallSpec]) -> st.SearchStrategy[list[CallSpec]]:
    return st.lists(programs, max_size=4)


@st.composite
def scripts(draw: st.DrawFn, *, programs: st.SearchStrategy[CallSpec] | None = None) -> Script:
    """Draw scripts that make up to four calls from *programs*.

    Calls are awaited, made twice concurrently, or made after a timer; some are in ``try``.
    """
    lines = []
    for number, program in enumerate(draw(_draw_several(_CALLS if programs is None else programs))):
        pattern = draw(_STATEMENTS)
        line = pattern.replace("{name}", f"r{number}").replace("{call}", javascript(program))
        lines.append(_CAUGHT % line if draw(st.booleans()) else line)
    lines.append(f"return {to_js_literal(draw(_RESULTS))};")
    return Script("\n".join(lines), "抽取.js")


@st.composite
def scenarios(
    draw: st.DrawFn, *, programs: st.SearchStrategy[CallSpec] | None = None, platforms: str = ""
) -> dict[str, Any]:
    """Draw scenarios as plain values; `yaml_text` converts them to a file.

    They drive a form without script files: fields are set, calls made by ``proxy`` and ``js``
    steps, time passes, variables are saved and compared.

    Args:
        draw: passed by Hypothesis.
        programs: the calls that are made.
        platforms: the folder of platform files, relative to the scenario; empty for none.
    """
    fields = draw(_FIELDS)
    document: dict[str, Any] = {
        "version": 1,
        "scenario": _break_up_expressions(draw(_TITLES)),
        "form": {"fields": _break_up_expressions(fields)},
        "clock": "2026-03-02T09:00:00+08:00",
        "seed": draw(_SEEDS),
        "steps": draw(_draw_steps(_CALLS if programs is None else programs, tuple(fields))),
    }
    if platforms:
        document["proxy"] = {"platforms": platforms}
    return document


@lru_cache(maxsize=512)
def _draw_steps(
    programs: st.SearchStrategy[CallSpec], fields: tuple[str, ...]
) -> st.SearchStrategy[list[dict[str, Any]]]:
    kinds: list[st.SearchStrategy[dict[str, Any]]] = [
        programs.map(lambda program: {"proxy": {"call": f"{program.platform}.{program.api}"}}),
        scripts(programs=programs).map(lambda script: {"js": _break_up_expressions(script.source)}),
        st.integers(0, 600).map(lambda seconds: {"advance": f"{seconds}s"}),
    ]
    if fields:
        values = st.dictionaries(st.sampled_from(fields), json_values(max_leaves=2), min_size=1)
        sets = st.tuples(values, identifiers())
        kinds.append(
            sets.map(lambda drawn: {"set": _break_up_expressions(drawn[0]), "save": {drawn[1]: 1}})
        )
    return st.lists(st.one_of(kinds), min_size=1, max_size=4)


def _break_up_expressions(value: Any) -> Any:
    """Return *value* with each ``${`` broken up, since a scenario would evaluate it."""
    return redact_values(value, lambda text: text.replace("${", "$ {"))
