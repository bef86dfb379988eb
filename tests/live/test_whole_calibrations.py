# ruff: noqa: E501 - results, one a line
"""Whole results of calibrations: what stands in the file of a BPMAX that differs in many ways."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from bpmax_sim.i18n import translate
from bpmax_sim.live import rules
from bpmax_sim.live.calibrate import ask_our_engine
from bpmax_sim.live.calibration_file import render_rule_marks
from bpmax_sim.live.console import CapturedRun
from bpmax_sim.live.judge import (
    CalibrationDifference,
    CalibrationResult,
    RuleMark,
    describe_workaround,
    find_echo,
    is_calibration,
    judge_run,
    list_refuted_rules,
)
from bpmax_sim.live.rules import RULES

REJECTED = {"end": "rejected", "error": {"isError": True, "members": {"message": "no"}}}


def echo(url: str, body: Any = "", **headers: Any) -> dict[str, Any]:
    return {"method": "GET", "url": url, "headers": headers, "body": body}


SWITCH = "there is no switch for it yet; to have scripts run alike in both: "

CHANGED: Mapping[str, Any] = {
    "setter_order": {"value": echo("/anything/7?tag=o&preset=1", **{"X-Tag": ["h"], "X-Other": "1"})},
    "chain_value": {"value": [echo("/anything/7?x=2"), echo("/anything/7?x=2")]},
    "chain_copies": REJECTED,
    "merge_header": {"value": echo("/anything/7", **{"X-A": "1", "x-a": "3", "x-b": "2"})},
    "merge_body": {"value": {"url": "/anything/7", "headers": {}, "data": {}, "json": {"n": {"y": "2"}, "b": "2", "a": "1"}}},
    "replace_body": {"value": {"url": "/anything/7", "headers": {}, "body": None, "rawBody": '["1", "2"]'}},
    "null_default": {"value": echo("/anything/7?preset=1")},
    "null_query": {"value": echo("/anything/7?a=&b=1")},
    "null_path": {"end": "resolved", "value": echo("/anything/null")},
    "query_encoding": {"value": echo("/anything/7?" + "a=" + "b" * 300)},
    "query_object": None,
    "body_json": {"value": echo("/anything/7", '{"s": 1}', **{"Content-Type": "Application/JSON ; charset=utf-8"})},
    "body_get": {"end": None, "skipped": "stopped"},
    "body_text": {"end": "threw", "error": {"thrown": "x"}},
    "undefined_default": {"value": echo("/anything/7")},
    "caller": {"value": True},
    "status_empty": {"value": ""},
    "never_api": {"value": [True, "undefined", "undefined", "undefined", "function"]},
    "status": {"error": {"isError": False, "own": ["stack", "status", "errno", "at"], "members": {"status": 500, "code": "HTTP", "response": {"b": 1, "a": 2}, "message": "x"}}},
    "overlap": {"value": [1000, 2000, 3040]},
    "timeout": {"end": "rejected", "ms": 10_020},
    "auth_last": {"value": True},
}  # fmt: skip


def wrap(value: Any) -> Any:
    """Return *value* with each echo below ``answer.data``."""
    if isinstance(value, list):
        return [wrap(one) for one in value]
    return {"answer": {"data": value}} if isinstance(value, dict) and "url" in value else value


def change_records(changed: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for record in ask_our_engine().records:
        more = changed.get(record.get("name", "begin"), {})
        if more is None:
            continue
        one = {**record, **more}
        if one.get("end", "") is None:
            del one["end"]
        yield {**one, "value": wrap(one["value"])} if "value" in one else one


def judge(**changed: Any) -> CalibrationResult:
    return judge_run(CapturedRun(name="r-1", records=tuple(change_records(changed))))


def test_the_file_of_a_bpmax_that_differs_has_each_difference() -> None:
    engine = {"agent": "Mozilla/5.0 Chrome/126.0 Edg/126.9", "stack": "v8"}
    begin = {"at": 1767225599000, "zone": "Asia/Shanghai", "engine": engine, "globals": {"a": 1}}
    found = judge(begin=begin, **CHANGED)

    assert translate(render_rule_marks(found, {}), "en") == DIFFERS
    assert found.keys == {"timeout": "10s"}
    assert (found.failure, found.offsets, dict(found.globals)) == ("", (480, 480), {"a": 1})
    hints = [
        translate(describe_workaround(key, found), "en") for key, _ in list_refuted_rules(found)
    ]
    assert [hint.removeprefix(SWITCH) for hint in hints] == [
        "build each chain anew from $proxy(…), and change nothing that was passed",
        "set each of them once, with all its members",
        "await only the direct call and $call()",
        "leave out members that have no value",
        "leave out members that have no value",
        "check the value before the call",
        "keep spaces and signs out of what a query holds",
        "pass a text that is made in the script: JSON.stringify(body)",
        "pass an object",
        "leave it out",
        "no setting emulates it yet",
        "ask `result?.data`, which holds in each case",
        "use error.message alone, which every error has",
        "`timeout: 10s` of the platform does the same",
        "do not rely on the order in which concurrent calls are sent",
    ]
    assert is_calibration(CapturedRun(name="r", records=tuple(change_records({}))))


DIFFERS = """\
# What a live BPMAX does, as it told `bpmax-sim calibrate`. Commit it.
asked: "2025-12-31"
engine: "V8 (Edg 126)"
zone: Asia/Shanghai
result: answer.data
timeout: 10.0
rules:
  setter_order: {mark: confirmed}
  chain_value:
    mark: refuted
    seen:
      chain_value: {ours: "/7?x=1, /7?x=2, /7?x=1 x-a: 3", there: "/7?x=2, /7?x=2"}
      chain_copies: {ours: "/7?x=1", there: the call fails}
  merge_named:
    mark: refuted
    seen: {merge_header: {ours: "/7 x-a: 1 x-b: 2", there: "/7 x-a: 1, 3 x-b: 2"}}
  merge_body: {mark: confirmed}
  precedence: {mark: confirmed}
  name_twin: {mark: confirmed}
  never_api:
    mark: refuted
    seen:
      never_api:
        ours: "true, \\"undefined\\", \\"undefined\\", \\"undefined\\", \\"undefined\\""
        there: "true, \\"undefined\\", \\"undefined\\", \\"undefined\\", \\"function\\""
  awaited_chain: {mark: confirmed}
  bad_type: {mark: confirmed}
  unknown_name: {mark: confirmed}
  undefined_value: {mark: refuted, seen: {undefined_default: {ours: "/7?preset=1", there: /7}}}
  null_default:
    mark: refuted
    seen:
      null_query: {ours: "/7?b=1", there: "/7?a=&b=1"}
      null_default: {ours: /7, there: "/7?preset=1"}
  null_body: {mark: confirmed}
  null_path: {mark: refuted, seen: {null_path: {ours: the call fails, there: /null}}}
  path_segment: {mark: confirmed}
  path_dots: {mark: confirmed}
  path_names: {mark: confirmed}
  query_array: {mark: confirmed}
  query_object: {mark: unknown, why: it was not asked}
  query_plain: {mark: confirmed}
  query_encoding:
    mark: refuted
    seen:
      query_encoding:
        ours: "/7?%E5%BC%A0=%E4%B8%89%20%F0%9F%98%80&a=b%20c%2Bd%26e%3Df%2F%3F%3A%40%21%27%28%29%2A%2C%3B%24%5B%5D~%2520"
        there: "/7?a=bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb…"
  no_template: {mark: confirmed}
  body_json:
    mark: refuted
    seen:
      body_json:
        ours: "/7 content-type: application/json {\\"s\\":\\"张\\\\\\"\\\\n\\",\\"t\\":true,\\"z\\":null,\\"n\\":null,\\"i\\":null,\\"f\\":1.5,\\"b\\":1e+21,\\"d\\":\\"1970-01-01T00:00:00.000Z\\",\\"a\\":[1,null],\\"o\\":{}}"
        there: "/7 content-type: application/json {\\"s\\": 1}"
  body_text:
    mark: refuted
    seen: {body_text: {ours: "/7 content-type: text/plain plain 张 {{ x }}", there: the call fails}}
  body_get: {mark: unknown, why: a call was refused before}
  argument_order: {mark: confirmed}
  argument_extra: {mark: confirmed}
  argument_missing: {mark: confirmed}
  argument_object: {mark: confirmed}
  auth_last: {mark: unknown, why: the interface that echoes has no auth in a header}
  caller: {mark: refuted, seen: {caller: {ours: "false", there: "true"}}}
  result:
    mark: refuted
    seen: {first: {ours: "body, envelope", there: "answer, of which answer.data is the body"}}
  empty_result: {mark: refuted, seen: {status_empty: {ours: "null", there: "\\"\\""}}}
  status: {mark: confirmed}
  business: {mark: unknown, why: a script cannot see it}
  error_members:
    mark: refuted
    seen:
      status:
        ours: "Error {code: HTTP_STATUS, platform_key: string, instance_key: string, api: string, status: 404, response: {body, headers, status}}"
        there: "Object {code: HTTP, status: 500, response: {a, b}, at, errno}"
  timeout: {mark: refuted, seen: {timeout: {ours: "30 s", there: "10 s"}}}
  redirects: {mark: unknown, why: a script cannot see it}
  overlap:
    mark: refuted
    seen:
      overlap:
        ours: three calls of 1 s take 1 s
        there: "three calls of 1 s took 1.0 s, 2.0 s, 3.0 s"
  one_login: {mark: unknown, why: a script cannot see it}
"""


def test_what_could_not_be_asked_is_unknown_and_keeps_its_mark() -> None:
    """One mark that was known, one that is asked now, and why each of the others is unknown."""
    found = judge(begin={"at": 0, "zone": None, "engine": None, "offsets": None}, first={"value": {"ok": 1}}, status=None, overlap={"value": [499, 1000]}, timeout={"end": "resolved", "ms": 31_400})  # fmt: skip
    known = {"caller": RuleMark(mark="confirmed", why="甲"), "timeout": RuleMark(mark="refuted", seen={"timeout": CalibrationDifference(ours="30 s", there="9 s")})}  # fmt: skip

    text = translate(render_rule_marks(found, known), "zh")
    lines = text.splitlines()

    assert lines[1:4] == ['asked: "1970-01-01"', 'engine: "?"', "rules:"]
    assert [line for line in lines[4:] if "unknown" not in line] == [
        "  caller: {mark: confirmed, why: 甲}",
        '  timeout: {mark: refuted, seen: {timeout: {ours: "30 s", there: "9 s"}}}',
    ]
    assert {key for key in RULES if f"  {key}: " not in text} == set()
    whys = {key: translate(one.why, "en") for key, one in found.rules.items()}
    assert (found.timeout, found.result, translate(found.failure, "en")) == (
        None,
        "",
        "the interface does not echo",
    )
    assert (whys["error_members"], whys["result"], whys["setter_order"], whys["auth_last"]) == (
        "no call was rejected by its status", "the interface does not echo", "nothing could be asked", "it was not asked",
    )  # fmt: skip
    assert (whys["overlap"], whys["timeout"]) == (
        "the interface did not wait for a second", "no call took longer than the time-out",
    )  # fmt: skip


def test_a_first_call_that_failed_says_why() -> None:
    failures: dict[str, dict[str, Any]] = {
        "message": {"error": {"members": {"message": "没有接口"}, "thrown": "x"}},
        "thrown": {"error": {"thrown": "x", "members": {}}},
        "skipped": {"error": {}, "skipped": "refused"},
        "nothing": {"error": {}},
    }

    assert {
        key: translate(judge(first={"end": "rejected", **one}).failure, "en")
        for key, one in failures.items()
    } == {
        "message": "the first call failed: 没有接口", "thrown": "the first call failed: x",
        "skipped": "the first call failed: refused", "nothing": "the first call failed: it was not made",
    }  # fmt: skip


def test_an_engine_is_named_by_its_version_or_by_the_browser() -> None:
    edge = "Mozilla/5.0 (KHTML) Chrome/126.0 Safari/537.36 Edg/127.1"
    engines = [
        {"versions": {"quickjs": "2025", "v8": "12"}, "agent": edge}, {"versions": {"quickjs": "2025"}},
        {"agent": edge, "stack": "v8"}, {"agent": "Gecko/20100101 Firefox/128.0", "stack": "gecko"},
        {"agent": "Chrome/126.0", "stack": "?"}, {"agent": "Node.js/22", "stack": "v8", "versions": {}}, {"stack": "v8"}, {},
    ]  # fmt: skip

    assert [judge(begin={"engine": one}).engine for one in engines] == [
        "v8 12", "quickjs 2025", "V8 (Edg 127)", "SpiderMonkey / JavaScriptCore (Firefox 128)", "? (Chrome 126)",
        "V8 (Node.js 22)", "V8", "?",
    ]  # fmt: skip


def test_an_echo_is_the_outermost_one() -> None:
    inner = {"url": "/b", "headers": {}}
    outer = {"url": "/a", "headers": {}, "body": inner}
    values = [
        {"x": {"y": inner}, "data": outer}, {"a": {"url": 1, "headers": {}, "b": inner}}, {"url": "/a", "headers": [], "c": {"d": inner}},
        [inner], {"a": [inner]}, None, outer,
    ]  # fmt: skip

    assert [find_echo(value) for value in values] == [
        (("data",), outer), (("a", "b"), inner), (("c", "d"), inner), None, None, None, ((), outer),
    ]  # fmt: skip


def judge_as_it_is(**changed: Any) -> CalibrationResult:
    """Return what a BPMAX shows whose results are ours, but for the records *changed*."""
    records = tuple(
        {**record, **changed.get(record.get("name", "begin"), {})}
        for record in ask_our_engine().records
    )
    return judge_run(CapturedRun(name="r-1", records=records))


def test_a_result_is_the_body_an_envelope_or_a_path() -> None:
    one = echo("/anything/7?preset=1")
    values = [
        one,
        {"code": 0, "message": "", "data": one},
        {"code": 0, "message": "", "data": one, "x": 1},
        {"data": one},
        {"code": 0, "message": "", "d": one},
    ]
    found = [judge_as_it_is(first={"value": value}) for value in values]

    assert [(each.result, each.keys.get("result"), each.rules["result"].mark, each.failure) for each in found] == [
        ("body", "body", "confirmed", ""), ("envelope", "envelope", "confirmed", ""), ("envelope", "envelope", "confirmed", ""),
        ("data", None, "refuted", ""), ("d", None, "refuted", ""),
    ]  # fmt: skip
    assert find_echo({"data": one, "x": {"y": echo("/b")}}) == (("data",), one)


def test_defaults_are_compared_only_where_the_platform_there_has_them() -> None:
    none = echo("/anything/7")
    defaults = ("precedence", "keeps_default", "undefined_default", "null_default")
    without = judge_as_it_is(first={"value": none}, **{name: {"value": none} for name in defaults})
    other = judge_as_it_is(keeps_default={"value": none}, undefined_default={"value": none})
    alone = judge_as_it_is(undefined_default={"value": none})
    marks = [
        [found.rules[key].mark for key in ("precedence", "undefined_value", "null_default")]
        for found in (without, other, alone)
    ]

    assert marks == [
        ["unknown", "confirmed", "confirmed"], ["refuted", "confirmed", "confirmed"], ["confirmed", "refuted", "confirmed"],
    ]  # fmt: skip


def test_auth_an_error_and_a_long_text_are_judged_at_their_edges() -> None:
    signed = {"value": echo("/anything/7?preset=1", AUTHORIZATION="Bearer x")}
    auth = [
        judge_as_it_is(first=signed, auth_last={"value": value}).rules["auth_last"]
        for value in (True, False)
    ] + [judge_as_it_is(auth_last={"value": value}).rules["auth_last"] for value in (True, False)]
    seen = [[(diff.ours, diff.there) for diff in one.seen.values()] for one in auth]
    own, dropped = "the script's own header arrives", "the script's own header is dropped"

    assert [one.mark for one in auth] == ["refuted", "confirmed", "unknown", "refuted"]
    assert seen == [[(dropped, own)], [], [], [(own, dropped)]]
    assert judge_as_it_is(status={"end": "threw"}).rules["error_members"].mark == "confirmed"
    lengths = [
        judge_as_it_is(caller={"value": "a" * size}).rules["caller"].seen["caller"].there
        for size in (157, 158, 159)
    ]
    assert [(len(text), text[-1]) for text in lengths] == [(159, '"'), (160, '"'), (160, "…")]


def test_a_mark_is_kept_only_for_what_was_not_asked() -> None:
    found = judge_as_it_is(caller={"value": True})
    seen = {"x": CalibrationDifference(ours="1", there="2")}
    known = {
        "caller": RuleMark(mark="confirmed"),
        "business": RuleMark(mark="refuted", why="甲", seen=seen),
        "status": RuleMark(mark="refuted"),
    }

    lines = render_rule_marks(found, known).splitlines()

    assert [line for line in lines if "mark: refuted" in line or "  status" in line] == [
        '  caller: {mark: refuted, seen: {caller: {ours: "false", there: "true"}}}', "  status: {mark: confirmed}",
        '  business: {mark: refuted, why: 甲, seen: {x: {ours: "1", there: "2"}}}',
    ]  # fmt: skip


def test_each_question_is_asked_for_a_rule_and_each_rule_asks_what_there_is() -> None:
    script = Path(rules.__file__).with_name("calibrate.js").read_text(encoding="utf-8")
    asked = set(re.findall(r"probe\('(\w+)'", script))
    answered = {name for rule in RULES.values() for name in rule.probes}

    assert asked == answered
