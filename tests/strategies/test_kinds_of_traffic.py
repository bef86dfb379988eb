"""Which requests, responses, exchanges, scripts and scenarios are drawn, and which never are."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest
from hypothesis import strategies as st

from bpmax_sim.cassette.matching import MatchingRules, compute_matching_key, request_to_parts
from bpmax_sim.messages import FORM, FailedExchange, Request, Response
from bpmax_sim.proxy.builder import CallSpec
from bpmax_sim.strategies import (
    cassettes,
    exchanges,
    failures,
    requests,
    responses,
    scenarios,
    scripts,
)
from bpmax_sim.strategies.traffic import RULES, START, _break_up_expressions
from tests.strategies.drawing import Has, has_each, require_kinds

OTHER = MatchingRules(ignore=("header.X-Trace", "query.page", "body"))


def parts_of(request: Request) -> list[str]:
    return urlsplit(request.url).path.split("/")[1:]


def kind_of(request: Request) -> str:
    return dict(request.headers).get("Content-Type", "")


def is_told_whole(request: Request) -> bool:
    """Return whether the call says what the address and the headers say."""
    call, headers = request.call, request.headers
    assert call is not None
    parts = urlsplit(request.url)
    token = ("Authorization", "Bearer redacted.crm_system.test.token.1")
    return (
        parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query))
        == [*call.query]
        and re.fullmatch(r"[\w.~%=&-]*", parts.query, re.ASCII) is not None
        and (call.path, call.method, call.body) == (parts.path, request.method, request.body)
        and headers == (*call.headers, *([token] if request.injected else []))
        and (request.base, request.url.endswith("?")) == ("https://crm.example.test", False)
    )


def is_of_its_kind(request: Request) -> bool:
    body, kind = request.body or b"", kind_of(request)
    if kind == "application/json":
        return json.dumps(json.loads(body), ensure_ascii=False).encode() == body
    if kind == FORM:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, strict_parsing=True)
        return 1 <= len(pairs) <= 3
    return bool(body) is bool(kind)


REQUESTS: Mapping[str, Has] = {
    "GET without body": lambda one: one.method == "GET" and one.body is None,
    "JSON": lambda one: kind_of(one) == "application/json",
    "a map": lambda one: kind_of(one) == "application/json" and one.body[:2] == b'{"',
    "a form": lambda one: kind_of(one) == FORM,
    "text": lambda one: kind_of(one) == "text/plain",
    "bytes": lambda one: kind_of(one) == "application/octet-stream",
    "a slash in a part": lambda one: any("/" in unquote(part) for part in parts_of(one)),
    "three parts": lambda one: len(parts_of(one)) == 3,
    "no part": lambda one: urlsplit(one.url).path == "",
    "a name twice": lambda one: len(dict(one.call.query)) < len(one.call.query),
    "an escape": lambda one: any({*text} & {*"%&+/ "} for _, text in one.call.query),
    "two headers": lambda one: len(one.call.headers) - (one.body is not None) == 2,
    "test": lambda one: one.call.instance == "test",
    "prod": lambda one: one.call.instance == "prod",
    "DELETE": lambda one: one.method == "DELETE",
    "PATCH": lambda one: one.method == "PATCH",
    # never
    "more than three parts": lambda one: len(parts_of(one)) > 3,
    "a part of dots": lambda one: {".", "..", ""} & {*map(unquote, one.call.path.split("/")[1:])},
    "a header twice": lambda one: len(dict(one.headers)) < len(one.headers),
    "an address that is not that of the call": lambda one: not is_told_whole(one),
    "a body of another kind": lambda one: not is_of_its_kind(one),
}  # fmt: skip
NEVER = (
    "more than three parts", "a part of dots", "a header twice",
    "an address that is not that of the call", "a body of another kind",
)  # fmt: skip
RESPONSES: Mapping[str, Has] = {
    **has_each("status", (200, 201, 302, 400, 401, 404, 429, 500, 503)),
    "two headers more": lambda one: len(one.headers) == 3,
    "seconds": lambda one: 2 < one.elapsed <= 40,
    "a part of a second": lambda one: one.elapsed % 1,
    "no body": lambda one: one.body == b"",
    "application/json": lambda one: one.headers[0] == ("content-type", "application/json"),
    "text": lambda one: one.headers[0] == ("content-type", "text/plain; charset=utf-8"),
    "bytes": lambda one: one.headers[0] == ("content-type", "application/octet-stream"),
    # never
    "another status": lambda one: str(one.status) not in RESPONSES,
    "another reason": lambda one: one.reason != ("OK" if one.status == 200 else ""),
    "too late": lambda one: one.elapsed > 40,
}  # fmt: skip
FAILURES: Mapping[str, Has] = {
    **has_each("code", ("CONNECT", "TIMEOUT", "TLS", "RESET")),
    "sent": lambda one: one.sent,
    "not sent": lambda one: not one.sent,
    "seconds": lambda one: 2 < one.elapsed <= 40,
    "too late": lambda one: one.elapsed > 40,
    "another code": lambda one: one.code not in FAILURES,
}  # fmt: skip


def exchange_kinds(rules: MatchingRules) -> Mapping[str, Has]:
    return {
        "a response": lambda one: isinstance(one.outcome, Response),
        "a failure": lambda one: isinstance(one.outcome, FailedExchange),
        "选择客户": lambda one: one.owner == "选择客户",
        "提交合同[正常]": lambda one: one.owner == "提交合同[正常]",
        "付款": lambda one: one.owner == "付款",
        "later": lambda one: 0 < one.at - START.seconds <= 3600,
        "another hour": lambda one: not 0 <= one.at - START.seconds <= 3600,
        "another key": lambda one: (
            one.key != compute_matching_key(request_to_parts(one.request), rules)
        ),
    }


EXCHANGES = {"a response", "a failure", "later"}
CALL = CallSpec(platform="crm", api="get", args=("甲",))
TEXT = '$proxy("crm")["get"]("\\u7532")'
SCRIPTS: Mapping[str, Has] = {
    "in a constant": lambda one: f"const r0 = await {TEXT}; console.log(r0);" in one.source,
    "the fourth": lambda one: f"const r3 = await {TEXT}; console.log(r3);" in one.source,
    "for itself": lambda one: f"await {TEXT};" in one.source.splitlines(),
    "twice at once": lambda one: f"Promise.allSettled([{TEXT}, {TEXT}])" in one.source,
    "after a timer": lambda one: f"setTimeout(done, 20)); await {TEXT};" in one.source,
    "caught": lambda one: f"try {{ await {TEXT}; }} catch (e)" in one.source,
    "no call": lambda one: one.source.startswith("return "),
    # never
    "more than four": lambda one: len(one.source.splitlines()) > 5,
    "without end": lambda one: not one.source.splitlines()[-1].startswith("return "),
    "another name": lambda one: one.name != "抽取.js",
    "a gap": lambda one: "{name}" in one.source or "{call}" in one.source,
}


def steps_of(document: Any, action: str) -> list[Any]:
    return [step[action] for step in document["steps"] if action in step]


def is_filled_in(document: Any) -> bool:
    return all({*values} <= {*document["form"]["fields"]} for values in steps_of(document, "set"))


SCENARIOS: Mapping[str, Has] = {
    "a call": lambda one: {"call": "crm.get"} in steps_of(one, "proxy"),
    "a script": lambda one: any("$proxy" in text for text in steps_of(one, "js")),
    "time": lambda one: {*steps_of(one, "advance")} & {f"{n}s" for n in range(1, 601)},
    "no time": lambda one: "0s" in steps_of(one, "advance"),
    "a field": lambda one: any(steps_of(one, "set")) and 1 in steps_of(one, "save")[0].values(),
    "no field": lambda one: not one["form"]["fields"],
    "four steps": lambda one: len(one["steps"]) == 4,
    # never
    "no step or five": lambda one: not 1 <= len(one["steps"]) <= 4,
    "a field that is not there": lambda one: not is_filled_in(one),
    "an empty set": lambda one: not all(steps_of(one, "set")),
    "a title that nobody reads": lambda one: one["scenario"].strip() != one["scenario"]
    or not one["scenario"],
    "an expression": lambda one: "${" in str(one),
    "another head": lambda one: one.keys() - {"steps", "form", "scenario", "seed"}
    != {"version", "clock"} or not 0 <= one["seed"] <= 99,
    "platforms": lambda one: "proxy" in one,
}  # fmt: skip


@pytest.mark.parametrize(
    ("make", "kinds", "there"),
    [
        (requests, REQUESTS, REQUESTS.keys() - NEVER),
        (responses, RESPONSES, [*RESPONSES][:-3]),
        (failures, FAILURES, [*FAILURES][:-2]),
        (
            exchanges,
            exchange_kinds(RULES),
            EXCHANGES | {"选择客户", "提交合同[正常]"},
        ),
        (
            lambda: exchanges(rules=OTHER, owner=st.just("付款")),
            exchange_kinds(OTHER),
            EXCHANGES | {"付款"},
        ),
        (lambda: scripts(programs=st.just(CALL)), SCRIPTS, [*SCRIPTS][:-4]),
        (lambda: scenarios(programs=st.just(CALL)), SCENARIOS, [*SCENARIOS][:-7]),
    ],
    ids=["requests", "responses", "failures", "exchanges", "of one owner", "scripts", "scenarios"],
)
def test_traffic_of_all_kinds_is_drawn_and_no_other(
    make: Callable[[], st.SearchStrategy[Any]], kinds: Mapping[str, Has], there: Collection[str]
) -> None:
    require_kinds(make(), kinds, there, 30)


DIGEST = f'"rules":{{"crm_system":"{OTHER.compute_digest("crm_system")}"}}'.encode()
CASSETTES: Mapping[str, Has] = {
    "none": lambda data: b'"key"' not in data,
    "two of one owner": lambda data: b'"n":2' in data,
    "one of each": lambda data: data.count(b'"n":1') == 2,
    # never
    "three": lambda data: data.count(b'"key"') > 2,
    "other rules": lambda data: b'"key"' in data and DIGEST not in data,
    "another zone": lambda data: b'"at"' in data and b'+08:00"' not in data,
}


def test_the_exchanges_of_a_cassette_are_numbered_under_its_rules() -> None:
    require_kinds(cassettes(rules=OTHER, max_size=2), CASSETTES, [*CASSETTES][:3], 20)


def test_each_expression_in_a_drawn_text_is_broken_up() -> None:
    drawn = {"a": ["${x}-${y}", 1], "b": "$ {{ $x {"}

    assert _break_up_expressions(drawn) == {"a": ["$ {x}-$ {y}", 1], "b": "$ {{ $x {"}
