"""A live BPMAX may echo, wrap and spell otherwise: which differences mean something and which not.

Every run here is our own, with the echoes in it changed as another third party writes them.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from bpmax_sim.i18n import translate
from bpmax_sim.live.calibrate import ask_our_engine
from bpmax_sim.live.console import CapturedRun
from bpmax_sim.live.judge import CalibrationResult, find_echo, judge_run

Change = Callable[[str, dict[str, Any]], Any]
SLOW = {"overlap": {"value": [1000, 1000, 1000]}}
"""Virtual time takes none."""


def judge_changed(change: Change, **records: Any) -> CalibrationResult:
    """Return what a run shows whose echoes are as *change* makes them, given probe and echo."""

    def changed(name: str, value: Any) -> Any:
        if isinstance(value, list):
            return [changed(name, one) for one in value]
        return change(name, value) if find_echo(value) else value

    told = []
    for record in ask_our_engine().records:
        name = record.get("name", "")
        more = {**record, **{**SLOW, **records}.get(name, {})}
        told.append({**more, "value": changed(name, more["value"])} if "value" in more else more)
    return judge_run(CapturedRun(name="r-1", records=tuple(told)))


def list_not_confirmed(result: CalibrationResult) -> list[str]:
    """Return the rules that do not hold, but those that no script can see."""
    unseen = {"business", "redirects", "one_login", "auth_last"}
    return sorted(
        f"{key} {mark.mark}"
        for key, mark in result.rules.items()
        if mark.mark != "confirmed" and key not in unseen
    )


def with_headers(change: Callable[[str, str], tuple[str, Any]]) -> Change:
    return lambda _name, echo: {
        **echo,
        "headers": dict(change(name, value) for name, value in echo["headers"].items()),
    }


def reverse_query(_name: str, echo: dict[str, Any]) -> Any:
    path, mark, query = echo["url"].partition("?")
    return {**echo, "url": f"{path}{mark}{'&'.join(reversed(query.split('&')))}"}


def read_json(name: str, echo: dict[str, Any]) -> Any:
    """Echo a JSON body parsed, under another name, beside an empty one."""
    body = echo["body"]
    if not body.startswith(("{", "[")) or name in {"body_json", "body_get"}:
        return echo
    return {**echo, "body": {}, "data": "", "json": json.loads(body)}


@pytest.mark.parametrize(
    "change",
    [
        lambda _, echo: echo,
        lambda _, echo: {**echo, "url": f"https://echo.example.test/v1{echo['url']}"},
        reverse_query,
        with_headers(lambda name, value: (name.upper(), value)),
        with_headers(lambda name, value: (name, [value])),
        lambda _, echo: {**echo, "headers": {**echo["headers"], "Host": "x", "X-Request-Id": "1"}},
        lambda _, echo: {**echo, "body": echo["body"] or None},
        lambda _, echo: {**echo, "body": {}, "rawBody": echo["body"]},
        read_json,
        with_headers(
            lambda name, value: (
                (
                    name,
                    value.replace("; charset", " ;charset")
                    if "charset" in value
                    else f"{value};v=1",
                )
                if name == "content-type"
                else (name, value)
            )
        ),
    ],
)
def test_what_a_third_party_spells_otherwise_changes_no_rule(change: Change) -> None:
    assert list_not_confirmed(judge_changed(change)) == []


def wrap(**around: Any) -> Change:
    return lambda _name, echo: {**around, "data": echo}


def test_results_are_compared_below_what_wraps_them() -> None:
    empty = {"code": 0, "message": "", "data": None}

    wrapped = judge_changed(wrap(code=0, message=""), status_empty={"value": empty})
    bare = judge_changed(wrap(code=0, message=""))
    other = judge_changed(wrap(code=0), status_empty={"value": {"other": None}})
    assert (wrapped.result, list_not_confirmed(wrapped)) == ("envelope", [])
    assert (bare.result, list_not_confirmed(bare)) == ("envelope", [])  # null as it is
    assert list_not_confirmed(other) == ["empty_result refuted", "result refuted"]


@pytest.mark.parametrize(
    ("change", "refuted"),
    [
        (
            lambda _, echo: {**echo, "url": echo["url"].replace("a=1&a=2", "a=1%2C2")},
            ["query_array refuted"],
        ),
        (
            lambda _, echo: {**echo, "url": echo["url"].replace("%20", "+")},
            ["path_segment refuted", "query_encoding refuted"],
        ),
        (
            lambda _, echo: {**echo, "body": echo["body"].replace('{"a"', '{ "a"')},
            ["body_get refuted"],  # elsewhere JSON is what it means
        ),
        (
            with_headers(lambda name, value: (name, value.replace("text/plain", "text/html"))),
            ["body_text refuted"],
        ),
        (
            with_headers(lambda name, value: (name, value.replace("3", "4"))),
            ["chain_value refuted"],
        ),
        (
            lambda name, echo: {**echo, "body": "0"} if name == "null_body" else echo,
            ["null_body refuted"],
        ),
        (
            lambda name, echo: {**echo, "body": ""} if name == "body_get" else echo,
            ["body_get refuted"],
        ),
    ],
)
def test_what_a_script_sends_is_compared_to_the_letter(change: Change, refuted: list[str]) -> None:
    assert list_not_confirmed(judge_changed(change)) == refuted


@pytest.mark.parametrize("instead", ["", "preset=10", "preset=", "xpreset=1"])
def test_a_platform_without_the_default_tells_nothing_of_defaults(instead: str) -> None:
    def change(name: str, echo: dict[str, Any]) -> Any:
        path, _, query = echo["url"].partition("?")
        rest = [pair for pair in query.split("&") if pair and not pair.startswith("preset=")]
        left = [*([instead] if instead and "POST" not in echo["method"] else []), *rest]
        return {**echo, "url": f"{path}?{'&'.join(left)}" if left else path}

    found = judge_changed(change)
    marks = {key: found.rules[key].mark for key in ("precedence", "undefined_value", "status")}
    assert marks == {
        "precedence": "unknown",
        "undefined_value": "refuted" if instead == "xpreset=1" else "confirmed",
        "status": "confirmed",
    }


def test_a_default_that_is_kept_otherwise_refutes_no_other_rule() -> None:
    def drop(name: str, echo: dict[str, Any]) -> Any:
        is_of_it = name in {"keeps_default", "undefined_default"}
        return {**echo, "url": echo["url"].replace("preset=1", "")} if is_of_it else echo

    assert list_not_confirmed(judge_changed(drop)) == ["precedence refuted"]


@pytest.mark.parametrize(
    ("probe", "rule", "more", "there"),
    [
        ("merge_header", "merge_named", {"headers": {"X-A": "0", "x-a": "1"}}, "/7 x-a: 0, 1"),
        ("merge_header", "merge_named", {"headers": {"x-a": "0", "X-A": "1"}}, "/7 x-a: 0, 1"),
        ("merge_header", "merge_named", {"headers": {"X-A": ["1", "2", 3]}}, "/7 x-a: 1, 2, 3"),
        ("null_body", "null_body", {"body": "0"}, "/7 0"),
        ("null_body", "null_body", {"body": [False]}, "/7 [false]"),
        ("null_body", "null_body", {"body": "", "data": "x"}, "/7 x"),
        ("null_body", "null_body", {"body": None}, "/7"),
    ],
)
def test_what_came_is_shown_as_it_was_sent(
    probe: str, rule: str, more: dict[str, Any], there: str
) -> None:
    found = judge_changed(lambda name, echo: {**echo, **more} if name == probe else echo)
    seen = found.rules[rule].seen

    ours = {"merge_header": "/7 x-a: 1 x-b: 2", "null_body": '/7 {"a": null, "b": "1"}'}[probe]
    assert {name: (one.ours, one.there) for name, one in seen.items()} == {probe: (ours, there)}


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (["threw"], '"threw"'),
        ([None, True, "客户"], 'null, true, "客户"'),
        ({"a": 1}, '{"a": 1}'),
        ("x" * 158, f'"{"x" * 158}"'),
        ("x" * 159, f'"{"x" * 158}…'),
        ([], ""),
    ],
)
def test_a_result_without_an_echo_is_shown_as_json(value: Any, shown: str) -> None:
    rule = judge_changed(lambda _, echo: echo, caller={"value": value}).rules["caller"]

    assert [(one.ours, one.there) for one in rule.seen.values()] == [("false", shown)]


@pytest.mark.parametrize("end", ["rejected", "threw"])
def test_a_call_that_fails_is_shown_as_one_that_fails(end: str) -> None:
    found = judge_changed(lambda _, echo: echo, caller={"end": end}).rules["caller"]
    fails = judge_changed(lambda _, echo: echo, path_dots={"end": end}).rules["path_dots"]

    assert translate(found.seen["caller"].there) == "the call fails"
    assert fails.mark == "confirmed"


@pytest.mark.parametrize(
    ("changed", "there"),
    [
        ({"thrown": {"错": 1}}, 'throw {"错": 1}'),
        (
            {"isError": False, "own": ["zone", "code", "area", "stack", "line"]},
            (
                "Object {code: HTTP_STATUS, platform_key: string, instance_key: string, "
                "api: string, status: 404, response: {body, headers, status}, area, zone}"
            ),
        ),
        (
            {"own": [], "members": {"api": "", "code": "http_status", "status": "404"}},
            "Error {code: string, api: string, status: string}",
        ),
        ({"own": [], "members": {}}, "Error {}"),
    ],
)
def test_an_error_is_shown_by_its_kind_members_and_constants(changed: Any, there: str) -> None:
    status = next(one for one in ask_our_engine().records if one.get("name") == "status")
    error = {**status["error"], **changed}
    rule = judge_changed(lambda _, echo: echo, status={"error": error}).rules["error_members"]

    assert rule.seen["status"].there == there


def test_the_outermost_echo_counts() -> None:
    inner = {"url": "/x", "headers": {}}
    outer = {"url": "/y", "headers": {}, "body": inner}

    assert find_echo({"a": {"b": inner}, "c": outer}) == (("c",), outer)
    assert find_echo({"a": {"b": inner}, "c": {"d": outer}}) == (("a", "b"), inner)
    assert find_echo([inner]) is None
    assert find_echo({"url": "/x"}) is None
