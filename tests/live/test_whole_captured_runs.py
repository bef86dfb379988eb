# ruff: noqa: E501 - records, one a line
"""A captured run that has a bit of everything, and all files that are drafted from it."""

from __future__ import annotations

import msgspec

from bpmax_sim.platform.load import Platforms
from bpmax_sim.platform.model import Platform
from bpmax_sim.starter.capture_draft import (
    RunDraftTitleAndPaths,
    draft_captured_platforms,
    draft_run,
)
from tests.live.test_capture_draft import NONE, asked, ran

RUN = ran(
    asked(1, args=["7", {"a": 1}]), {"e": "ok", "id": 1, "value": {"no": 1}},
    {"e": "get", "of": "form", "name": "客户", "value": "甲"}, {"e": "get", "of": "form", "name": "$visible", "value": {}},
    asked(2, "save", steps=[["query", {"id": 1, "a.b": 1, " ": 2}], ["body", [1]], ["header", {"id": 2}], ["path", {"no": 3}]]),
    {"e": "throw", "id": 2, "error": {"code": "TIMEOUT"}},
    asked(3, "save", steps=[["path", {"id": 3}], ["body", {"id": 4}]]), {"e": "ok", "id": 3, "value": 0, "ms": 20},
    asked(4, "save", steps=[]), {"e": "throw", "id": 4, "error": {"code": "RESET"}},
    asked(5, "getOrder", args=[[1], 2]), {"e": "throw", "id": 5, "error": {"code": "HTTP_STATUS", "response": {"status": 404, "body": {"m": "无"}}}},
    {"e": "set", "of": "form", "name": "金额", "value": 5}, {"e": "set", "of": "form", "name": "$readonly", "value": {}},
    {"e": "set", "of": "ctx", "name": "描述", "value": 5},
    script="\n  form.金额 = 5\n\n", form={"金额": 1, "$visible": {}}, ctx={"userInfo": {"id": 0, "name": "张三"}},
)  # fmt: skip


def test_the_platform_has_each_parameter_that_was_passed_once() -> None:
    texts = draft_captured_platforms([RUN, ran(asked(1, "get_order", args=[1, 2, 3]))], NONE)
    assert {key: text.splitlines() for key, text in texts.items()} == {
        "erp": [
            "# Drafted by bpmax-sim init --from, of what a script called.",
            "# Only results of $proxy are known: address, auth, methods and paths are made up.",
            "platform_key: erp",
            "title: erp",
            "base_url: https://erp.example.test",
            "auth: none",
            "apis:",
            "  getOrder:",
            "    method: POST",
            "    path: /getOrder",
            "    parameters:",
            "      - {name: arg_1, in: body}",
            "      - {name: arg_2, in: body}",
            "      - {name: query_arg_1, in: query, to: arg_1}",
            "      - {name: query_arg_2, in: query, to: arg_2}",
            "      - {name: arg_3, in: query}",
            "  save:",
            "    method: POST",
            "    path: /save/{no}/{id}",
            "    parameters:",
            "      - {name: id, in: query}",
            "      - {name: header_id, in: header, to: id}",
            '      - {name: "no", in: path, required: true}',
            "      - {name: path_id, in: path, required: true, to: id}",
            "      - {name: body_id, in: body, to: id}",
        ]
    }


DECLARED = {
    "platform_key": "erp", "base_url": "https://erp.example.test",
    "apis": {"getOrder": {"key": "getOrder", "path": "/o"}, "save": {"key": "save", "method": "POST", "path": "/s"}},
}  # fmt: skip


def test_the_scenario_has_the_responses_in_their_order() -> None:
    known = Platforms({"erp": msgspec.convert(DECLARED, Platform)})
    files = RunDraftTitleAndPaths("报价", "scripts/报价.js", "flows/报价.yaml")
    drafts = draft_run(RUN, known, files, "form.别的 = 1")
    assert drafts[0].scenario.splitlines() == [
        "# Drafted by bpmax-sim init --from, of a run in a live BPMAX.",
        "# Guess: a button starts the script; hang it on the event that it has in BPMAX.",
        "version: 1",
        "scenario: 报价",
        "form:",
        "  scripts: {click.调用: scripts/报价.js}",
        "  fields: {金额: 1, 客户: 甲}",
        "user:",
        "  id: 0",
        "  name: 张三",
        'clock: "1970-01-01T08:00:00+08:00"',
        "proxy:",
        "  platforms: platforms/",
        "  stubs:",
        '    - {"on": erp.getOrder, answers: [{body: {"no": 1}}, {status: 404, body: {m: 无}}]}',
        '    - {"on": erp.save, answers: [{body: 0, delay: "20ms"}]}',
        "faults:",
        '  - {"on": erp.save, call: 1, do: {error: timeout}}',
        '  - {"on": erp.save, call: 3, do: {error: reset}}',
        "steps:",
        "  - click: 调用",
        "    expect:",
        "      form: {金额: 5}",
        "      proxy:",
        "        - {call: erp.getOrder, status: 200}",
        "        - {call: erp.save, error: TIMEOUT}",
        "        - {call: erp.save, status: 200}",
        "        - {call: erp.save, error: RESET}",
        "        - {call: erp.getOrder, status: 404}",
    ]
    ends = [draft.scenario.splitlines()[-1].rpartition("]")[2] for draft in drafts]
    assert ends == [
        "        - {call: erp.getOrder, status: 404}",
        "    expect_error: {code: HTTP_STATUS}",
        "    expect_error: {code: RESET}",
        "    expect_error: {code: TIMEOUT}",
        "        - {call: erp.getOrder, status: 404}",
    ]
    assert [draft.script.splitlines() for draft in drafts[-2:]] == [
        ["  form.金额 = 5"],
        [
            "// |   form.金额 = 5",
            "// What was seen of the script: its calls, and what it wrote.",
            'await $proxy("erp").getOrder("7", {"a": 1}).catch(() => null);',
            (
                'await $proxy("erp").$api("save").$query({"id": 1, "a.b": 1, " ": '
                '2}).$body([1]).$header({"id": 2}).$path({"no": 3}).$call().catch(() => null);'
            ),
            (
                'await $proxy("erp").$api("save").$path({"id": 3}).$body({"id": 4}).$call().catch(() '
                "=> null);"
            ),
            'await $proxy("erp").$api("save").$call().catch(() => null);',
            'await $proxy("erp").getOrder([1], 2).catch(() => null);',
            'form["金额"] = 5;',
        ],
    ]
    plain = draft_run(ran(form={}), known, files, "form.a = 1\n")
    assert [draft.script for draft in plain][:1] == ["form.a = 1\n"]
    assert "proxy: {platforms" not in plain[0].scenario
