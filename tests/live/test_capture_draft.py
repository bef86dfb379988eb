"""What a captured run becomes: each kind of value, outcome, place and person, and the third too."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
import pytest

from bpmax_sim.live.console import CapturedRun
from bpmax_sim.platform.load import Platforms
from bpmax_sim.platform.model import Platform
from bpmax_sim.starter.capture_draft import (
    CapturedCall,
    RunDraftTitleAndPaths,
    decode_captured_value,
    draft_captured_platforms,
    draft_run,
    draft_stubs_and_faults,
    group_runs_by_shared_nodes,
    hide_secret_literals,
    list_calls,
)
from bpmax_sim.yamlfile import read_yaml


@pytest.mark.parametrize(
    ("captured", "value"),
    [
        (None, None), (0, 0), (False, False), ("", ""), ([], []), ({}, {}),
        ({"$": "date", "value": "2026-11-30"}, "2026-11-30"),
        ({"$": "bigint", "value": "12"}, "12"), ({"$": "cut", "value": "长"}, "长"),
        ({"$": "map", "value": {"a": {"$": "date", "value": "x"}}}, {"a": "x"}),
        ({"$": "set", "value": [1, {"$": "function"}, 3]}, [1, None, 3]),
        ({"$": "undefined"}, None), ({"$": "error", "value": "x"}, None), ({"$": "set"}, None),
        ({"$secret": "crm.send[0].password"}, "not-recorded"),
        ({"$secret": "", "$": "date", "value": 1}, "not-recorded"),
        ({"$$": 1, "a$$b": 2, "$$c": 3}, {"$": 1, "a$$b": 2, "$$c": 3}),
        ([{"a": [{"$": "date", "value": 0}]}], [{"a": [0]}]),
    ],
)  # fmt: skip
def test_what_json_cannot_hold_becomes_its_value_or_nothing(captured: Any, value: Any) -> None:
    assert decode_captured_value(captured) == value


NONE = Platforms({})


def plain(text: str) -> Any:
    return read_yaml(text).to_plain()


def ran(*records: Mapping[str, Any], **begin: Any) -> CapturedRun:
    return CapturedRun(name="run", records=({"e": "begin", "at": 0, **begin}, *records))


def asked(number: int, api: str = "getOrder", **more: Any) -> dict[str, Any]:
    return {"e": "ask", "id": number, "platform": "erp", "api": api, **more}


def test_calls_keep_their_order_whichever_response_came_first() -> None:
    run = ran(
        asked(1), asked(2), {"e": "throw", "id": 3, "error": {}}, {"e": "ok", "id": 1, "value": 1},
        asked(3), {"e": "set", "of": "form", "name": "a", "value": 1},
    )  # fmt: skip

    assert [
        (one.call_record["id"], (one.outcome_record or {}).get("e")) for one in list_calls(run)
    ] == [(1, "ok"), (2, None), (3, "throw")]


OK = {"e": "ok", "id": 1}


@pytest.mark.parametrize(
    ("outcome", "stub", "fault"),
    [
        (None, {"body": ""}, None),
        ({**OK, "value": None}, {"body": ""}, None),
        ({**OK, "value": 0}, {"body": 0}, None),
        ({**OK, "value": False, "ms": 0}, {"body": False}, None),
        ({**OK, "value": "", "ms": 1}, {"body": "", "delay": "1ms"}, None),
        ({**OK, "value": {"$": "undefined"}}, {"body": ""}, None),
        ({"e": "throw", "error": {}}, {"status": 500, "body": ""}, None),
        ({"e": "throw", "error": "x"}, {"status": 500, "body": ""}, None),
        ({"e": "throw"}, {"status": 500, "body": ""}, None),
        (
            {"e": "throw", "error": {"code": "HTTP_STATUS", "status": 404}},
            {"status": 404, "body": ""}, None,
        ),
        ({"e": "throw", "error": {"status": "404"}}, {"status": 500, "body": ""}, None),
        (
            {"e": "throw", "error": {"response": {"status": 409, "body": [0]}}},
            {"status": 409, "body": [0]}, None,
        ),
        (
            {"e": "throw", "error": {"status": 400, "response": {"status": 409, "body": 0}}},
            {"status": 400, "body": 0}, None,
        ),
        (
            {"e": "throw", "error": {"response": "x"}, "ms": 5},
            {"status": 500, "body": "", "delay": "5ms"}, None,
        ),
        *(
            ({"e": "throw", "error": {"code": code}}, None, code.lower())
            for code in ("TIMEOUT", "CONNECT", "RESET", "TLS")
        ),
        ({"e": "throw", "error": {"code": "timeout"}}, {"status": 500, "body": ""}, None),
    ],
)  # fmt: skip
def test_an_outcome_is_answered_by_a_stub_or_is_a_fault(
    outcome: Mapping[str, Any] | None, stub: dict[str, Any] | None, fault: str | None
) -> None:
    good = CapturedCall(call_record=asked(1), outcome_record={**OK, "value": 1})
    call = CapturedCall(call_record=asked(1), outcome_record=outcome)
    stubs, faults = draft_stubs_and_faults([good, good, call], {("erp", "getOrder"): "erp.get"})

    assert stubs == [{"on": "erp.get", "answers": [{"body": 1}] * 2 + ([stub] if stub else [])}]
    assert faults == ([{"on": "erp.get", "call": 3, "do": {"error": fault}}] if fault else [])


@pytest.mark.parametrize(
    ("calls", "api"),
    [
        ([{}], {"method": "GET", "path": "/getOrder"}),
        ([{"args": []}], {"method": "GET", "path": "/getOrder"}),
        ([{"args": [0, "", None]}], {
            "method": "GET", "path": "/getOrder", "parameters": [
                {"name": "arg_1", "in": "query"}, {"name": "arg_2", "in": "query"},
                {"name": "arg_3", "in": "query"}]}),
        ([{"args": [1, 2, {}]}], {
            "method": "POST", "path": "/getOrder", "parameters": [
                {"name": "arg_1", "in": "body"}, {"name": "arg_2", "in": "body"},
                {"name": "arg_3", "in": "body"}]}),
        ([{"args": [{"$": "date", "value": "x"}]}], {
            "method": "GET", "path": "/getOrder",
            "parameters": [{"name": "arg_1", "in": "query"}]}),
        ([{"steps": [["path", {"id": 7, "line": 1}], ["query", {"id": 1, "a.b": 1, " ": 1}]]}], {
            "method": "GET", "path": "/getOrder/{id}/{line}", "parameters": [
                {"name": "id", "in": "path", "required": True},
                {"name": "line", "in": "path", "required": True},
                {"name": "query_id", "in": "query", "to": "id"}]}),
        ([{"steps": [["body", "text"]]}], {"method": "GET", "path": "/getOrder"}),
        ([{"steps": [["header", "text"]]}], {"method": "GET", "path": "/getOrder"}),
        ([{}, {"steps": [["query", {"a": 1}]]},
          {"steps": [["body", {"a": 1}], ["query", {"b": 1}]]}], {
            "method": "POST", "path": "/getOrder", "parameters": [
                {"name": "a", "in": "query"}, {"name": "body_a", "in": "body", "to": "a"},
                {"name": "b", "in": "query"}]}),
    ],
)  # fmt: skip
def test_an_api_that_nobody_declares_is_made_of_what_was_passed(
    calls: list[dict[str, Any]], api: dict[str, Any]
) -> None:
    run = ran(*(asked(number, **one) for number, one in enumerate(calls)))
    texts = draft_captured_platforms([run], NONE)

    assert [*texts] == ["erp"]
    assert plain(texts["erp"])["apis"] == {"getOrder": api}


def test_the_spellings_of_one_api_are_one_api() -> None:
    apis = ("get-order/1", "getOrder", "get_order", "GetOrder", "cancel")
    run = ran(*(asked(number, api) for number, api in enumerate(apis)))
    platform = plain(draft_captured_platforms([run], NONE)["erp"])

    assert {name: one["path"] for name, one in platform["apis"].items()} == {
        "get-order/1": "/get-order_1", "getOrder": "/getOrder", "cancel": "/cancel",
    }  # fmt: skip


def approved(node: str, target: str | None = None, **ctx: Any) -> CapturedRun:
    ctx = {"step": {"name": node}, "target_step": target, **ctx}
    return ran(ctx=ctx, script="form.a = 1;", form={"a": 0})


@pytest.mark.parametrize(
    ("runs", "groups"),
    [
        ([], []),
        (["甲>乙"], ["甲"]),
        (["甲>乙", "乙>丙", "丙>"], ["甲乙丙"]),
        (["甲>乙", "丙>丁", "乙>丙"], ["甲丙乙"]),
        (["甲>结束", "乙>结束", "丙>"], ["甲", "乙", "丙"]),
        (["甲>乙", ">", "丙>丁", "甲>丁"], ["甲丙甲"]),
        (["甲>", "甲>", "乙>"], ["甲甲", "乙"]),
    ],
)
def test_runs_that_share_a_node_are_of_one_flow(runs: list[str], groups: list[str]) -> None:
    pairs = [one.partition(">") for one in runs]
    found = group_runs_by_shared_nodes(approved(node, to or None) for node, _, to in pairs)

    assert [
        "".join(run.begin_record["ctx"]["step"]["name"] for run in group) for group in found
    ] == groups


FILES = RunDraftTitleAndPaths("审批", "scripts/a.js", "flows/a.yaml")


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("TIMEOUT", {"error": "TIMEOUT"}), ("BUSINESS", {"status": 500}), (None, {"status": 500}),
        ({"name": "TIMEOUT"}, {"status": 500}), (["TIMEOUT"], {"status": 500}),
    ],
)  # fmt: skip
def test_a_call_that_was_thrown_is_expected_by_its_code(code: Any, expected: Any) -> None:
    """A script may throw anything, so a code may be of any kind."""
    head = {"platform_key": "erp", "base_url": "https://erp.example.test"}
    declared = {**head, "apis": {"getOrder": {"key": "getOrder", "path": "/o"}}}
    known = Platforms({"erp": msgspec.convert(declared, Platform)})
    run = ran(asked(1), {"e": "throw", "id": 1, "error": {"code": code}}, script="x")

    [step] = plain(draft_run(run, known, FILES)[0].scenario)["steps"]
    assert step["expect"]["proxy"] == [{"call": "erp.getOrder", **expected}]


@pytest.mark.parametrize(
    ("owners", "user", "named", "by"),
    [
        (None, None, [], None),
        ([], {}, [], None),
        ([{"id": 0}], {"id": 0}, ["0"], 0),
        ([{"id": 7}, {"owner_id": 8}, "9"], {"id": "甲"}, ["7", "8", "9", "甲"], "甲"),
        ([{"id": None, "owner_id": 0}], {"id": None}, ["0"], None),
        ([{"id": 7, "owner_id": 8}], {"id": 7, "name": "张三"}, ["7"], 7),
        ("甲", {"id": ""}, [], None),
        (["甲", "甲", "乙"], {"id": "乙"}, ["甲", "乙"], "乙"),
    ],
)
def test_people_are_those_of_the_node_and_who_ran_the_script(
    owners: Any, user: Any, named: list[str], by: Any
) -> None:
    run = approved("初审", "复审", step={"name": "初审", "owner": owners}, userInfo=user)
    draft = draft_run(run, NONE, FILES)[0]

    nodes = plain(draft.flow)["nodes"]
    assert nodes["初审"] == {"owners": named, "approve": "复审"}
    scenario = plain(draft.scenario)
    assert scenario.get("user") == (None if by is None else user)
    [step] = scenario["steps"]
    assert step["approve"] == {"at": "初审"} | ({} if by is None else {"by": by})


@pytest.mark.parametrize(
    ("ways", "start", "nodes"),
    [
        (["甲>乙"], "甲", "甲>乙 乙"),
        (["甲>"], "甲", "甲>结束 结束"),
        (["乙>丙", "甲>乙"], "甲", "甲>乙 乙>丙 丙"),
        (["丙>丁", "乙>丙", "甲>乙"], "甲", "甲>乙 乙>丙 丙>丁 丁"),
        (["甲>甲"], "甲", "甲>结束 结束"),
        (["甲>乙", "乙>甲"], "乙", "乙>甲 甲>结束 结束"),
        (["甲>乙", "甲>丙", "丙>丁"], "甲", "甲>乙 乙"),
    ],
)
def test_a_flow_goes_from_its_first_node_along_what_was_seen(
    ways: list[str], start: str, nodes: str
) -> None:
    runs = [approved(node, to or None) for node, _, to in (one.partition(">") for one in ways)]
    flow = draft_run(runs[0], NONE, FILES, others=runs)[0].flow
    definition = plain(flow)

    assert definition["start"] == start
    assert (
        " ".join(
            name if one.get("end") else f"{name}>{one['approve']}"
            for name, one in definition["nodes"].items()
        )
        == nodes
    )
    left = [way for way in ways if f" {way} " not in f" {nodes} " and not way.endswith(">")]
    assert ("Seen too, and not in here" in flow) == bool(left)


@pytest.mark.parametrize("number", [2**53, 2**53 + 2, -(2**60), 10**20, 1e30, 0.1])
def test_what_a_script_had_for_a_number_it_gets_again(number: float) -> None:
    events: list[dict[str, Any]] = [
        {"e": "ask", "id": 1, "platform": "erp", "api": "getOrder", "args": [number]},
        {"e": "ask", "id": 2, "platform": "erp", "api": "a", "steps": [["query", {"页": number}]]},
        {"e": "set", "of": "form", "name": "金额", "value": number},
    ]
    value: dict[str, Any] = {"platform_key": "erp", "base_url": "https://erp.example.test"}
    value["apis"] = {"getOrder": {"path": "/o"}, "a": {"path": "/a"}}
    known = Platforms({"erp": msgspec.convert(value, Platform)})
    again = draft_run(ran(*events, script="x"), known, FILES)[-1]

    assert again.script.splitlines()[2:] == [
        f'await $proxy("erp").getOrder({number}).catch(() => null);',
        f'await $proxy("erp").$api("a").$query({{"页": {number}}}).$call().catch(() => null);',
        f'form["金额"] = {number};',
    ]
    assert plain(again.scenario)["steps"][0]["expect"]["form"] == {"金额": number}


def test_of_a_form_each_field_that_was_read_or_written_is_there() -> None:
    events: list[dict[str, Any]] = [
        {"e": "get", "of": "form", "name": "客户", "value": "张三"},
        {"e": "set", "of": "form", "name": "金额", "value": 0},
        {"e": "set", "of": "form", "name": "$visible", "value": {}},
        {"e": "get", "of": "ctx", "name": "step", "value": 1},
        {"e": "set", "of": "form", "name": "备注", "value": ""},
        {"e": "set", "of": "form", "name": "金额", "value": 8},
        {"e": "get", "of": "form", "name": "金额", "value": 8},
    ]
    run = ran(*events, form={"备注": "旧", "$message": 1}, script="x")
    scenario = plain(draft_run(run, NONE, FILES)[0].scenario)

    assert scenario["form"]["fields"] == {"备注": "旧", "客户": "张三", "金额": None}
    assert scenario["steps"][0]["expect"]["form"] == {"金额": 8, "备注": ""}
    assert scenario["clock"] == "1970-01-01T08:00:00+08:00"


@pytest.mark.parametrize(
    ("script", "hidden"),
    [
        ("password = 'abcdef'", True), ("password = 'abcde'", False),
        ('{"appSecret": "Zx9kLmQ2"}', True), ("name = 'Zx9kLmQ2'", False),
        ("password = '<secret x>'", False), ("const token = `Zx9kLmQ2`", True),
        ("'Bearer abcdef'", True), ("'Bearer abcde'", False), ("Basic  YTpiYzp4", True),
        ("x = 'eyJhbGci.eyJ1.s'", True), ("x = 'eyJhbG.eyJ1.s'", False),
        ("x = 'eyJhbGci.eyJ1.'", True),
        ("密码: 'Zx9kLmQ2'", True), ("password = 'abc\"def'", True),
        ('const 口令 = "it\'s`me"', True), (r"password = 'ab\'cdef'", True),
        (r"password = 'ab\'c'", False), ("password = 'abcdef\"", False),
        ("body = '{\"appSecret\": \"Zx9kLmQ2\"}'", True),
        (r'body = "{\"appSecret\": \"Zx9kLmQ2\", \"name\": \"\"}"', True),
        (r'body = "{\"appSecret\": \"Zx9kL\"}"', False),
        ("title = \"don't ask, password = 'Zx9kLmQ2'\"", True),
    ],
)  # fmt: skip
def test_a_literal_with_the_name_of_a_secret_is_hidden(script: str, *, hidden: bool) -> None:
    text = hide_secret_literals(f"{script};\n{script}")

    assert (text.count("<secret script") == 2) == hidden
    assert (text == f"{script};\n{script}") != hidden
