"""The texts that a captured run becomes, whole: script, scenario, flow and platform file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from bpmax_sim.live.console import CapturedRun
from bpmax_sim.platform.load import Platforms, load_platforms
from bpmax_sim.starter.capture_draft import (
    RunDraftTitleAndPaths,
    draft_captured_platforms,
    draft_run,
)

FILES = RunDraftTitleAndPaths("审批", "scripts/a.js", "flows/a.yaml")
PLATFORM = """\
platform_key: erp
base_url: https://erp.example.test
apis:
  get_order: {path: "/orders/{id}"}
  cancel: {method: POST, path: /cancel, aliases: [作废]}
"""
EVENTS: tuple[Mapping[str, Any], ...] = (
    {"e": "get", "of": "form", "name": "单号", "value": "DD-1"},
    {
        "e": "ask", "id": 1, "platform": "erp", "api": "getOrder",
        "args": ["DD-1", {"$": "date", "value": "2026-11-30"}],
    },
    {"e": "ok", "id": 1, "value": {"code": 0}, "ms": 12},
    {"e": "set", "of": "form", "name": "金额", "value": {"$": "bigint", "value": "8"}},
    {"e": "set", "of": "form", "name": "$visible", "value": False},
    {"e": "set", "of": "ctx", "name": "x", "value": False},
    {
        "e": "ask", "id": 2, "platform": "erp", "api": "作废",
        "steps": [["path", {"id": 7}], ["body", {"原因": "重复"}]],
    },
    {
        "e": "throw", "id": 2,
        "error": {"code": "HTTP_STATUS", "status": 404, "response": {"body": {"m": "无"}}},
    },
    {"e": "ask", "id": 3, "platform": "erp", "api": "getOrder"},
    {"e": "throw", "id": 3, "error": {"code": "TIMEOUT"}},
    {"e": "set", "of": "form", "name": "备注", "value": "失败"},
)  # fmt: skip
SEEN = "# Drafted by bpmax-sim init --from, of a run in a live BPMAX.\n"
NEEDS_MORE = (
    "# The script needs what is not here, such as a library or a later event: this one does again "
    "what was seen, and the script stands above it.\n"
)
OF_FORM = """\
# Guess: a button starts the script; hang it on the event that it has in BPMAX.
version: 1
scenario: 审批
form:
  scripts: {click.调用: scripts/a.js}
  fields: {单号: DD-1, 金额: null, 备注: null}
clock: "2025-12-31T23:59:59+08:00"
proxy:
  platforms: platforms/
  stubs:
    - {"on": erp.get_order, answers: [{body: {code: 0}, delay: "12ms"}]}
    - {"on": erp.cancel, answers: [{status: 404, body: {m: 无}}]}
faults:
  - {"on": erp.get_order, call: 2, do: {error: timeout}}
steps:
  - click: 调用
    expect:
      form: {金额: "8", 备注: 失败}
      proxy:
        - {call: erp.get_order, status: 200}
        - {call: erp.cancel, status: 404}
        - {call: erp.get_order, error: TIMEOUT}
"""
AGAIN = """\
// | // 张三
// |
// | x();
// What was seen of the script: its calls, and what it wrote.
await $proxy("erp").getOrder("DD-1", "2026-11-30").catch(() => null);
form["金额"] = "8";
await $proxy("erp").$api("作废").$path({"id": 7}).$body({"原因": "重复"}).$call().catch(() => null);
await $proxy("erp").$api("getOrder").$call().catch(() => null);
form["备注"] = "失败";
"""
OF_FLOW = """\
version: 1
scenario: 审批
flow:
  definition: flows/a.yaml
  scripts: {approve.s1: scripts/a.js}
  at: s1
  project: {name: 采购}
  form: {单号: DD-1}
user:
  id: li
  name: 李四
clock: "1970-01-01T08:00:00+08:00"
proxy:
  platforms: platforms/
  stubs:
    - {"on": erp.get_order, answers: [{body: {code: 0}, delay: "12ms"}]}
steps:
  - {approve: {at: s1, by: li}, expect: {proxy: [{call: erp.get_order, status: 200}]}}
"""
FLOW = """\
# Drafted by bpmax-sim init --from, of the nodes in which scripts ran.
# Not seen: what leads to s1, what follows 复核, where a rejection goes.
flow: 审批
start: s1
nodes:
  s1: {owners: ["7", li], approve: 复核}
  复核: {end: true}
"""


@pytest.fixture(scope="module", name="known")
def declared(tmp_path_factory: pytest.TempPathFactory) -> Platforms:
    folder: Path = tmp_path_factory.mktemp("platforms")
    (folder / "erp.yaml").write_text(PLATFORM, "utf-8")
    return load_platforms(folder)


def ran(*records: Mapping[str, Any], **begin: Any) -> CapturedRun:
    return CapturedRun(name="run", records=({"e": "begin", "at": 0, **begin}, *records))


def test_a_run_of_a_form_is_drafted_with_each_error_that_may_have_ended_it(
    known: Platforms,
) -> None:
    begin = {"at": 1_767_196_799_999, "form": {"单号": "DD-1", "$s": 1}}
    run = ran(*EVENTS, script="\n// 张三\n\nx();\n", **begin)

    drafts = draft_run(run, known, FILES, "无()")

    assert [(one.script, one.scenario) for one in drafts] == [
        *(
            ("// 张三\n\nx();\n", f"{SEEN}{OF_FORM}{ending}")
            for ending in (
                "", "    expect_error: {code: TIMEOUT}\n", "    expect_error: {code: HTTP_STATUS}\n"
            )
        ),
        (AGAIN, f"{SEEN}{NEEDS_MORE}{OF_FORM}"),
    ]  # fmt: skip
    assert {one.flow for one in drafts} == {""}


def test_a_run_at_a_node_is_drafted_with_its_flow_each_time(known: Platforms) -> None:
    ctx = {
        "step": {"id": "s1", "owner": [{"id": 7}]}, "step_id": "s0", "target_step": "复核",
        "project": {"name": "采购", "id": 1}, "userInfo": {"id": "li", "name": "李四"},
    }  # fmt: skip
    drafts = draft_run(ran(*EVENTS[:3], script="", ctx=ctx), known, FILES, "y();\n")

    again = "".join([*AGAIN.splitlines(keepends=True)[3:5]])
    assert [(one.script, one.scenario, one.flow) for one in drafts] == [
        ("y();\n", f"{SEEN}{OF_FLOW}", FLOW),
        (f"// | y();\n{again}", f"{SEEN}{NEEDS_MORE}{OF_FLOW}", FLOW),
    ]


def test_a_run_whose_script_was_not_told_has_one_draft(known: Platforms) -> None:
    [draft] = draft_run(ran(ctx={"step_id": 7}), known, FILES)

    assert draft.script == "// What was seen of the script: its calls, and what it wrote.\n"
    assert draft.scenario == (
        f"{SEEN}# The script's text was not told: this one does again what was seen.\n"
        "version: 1\nscenario: 审批\nflow:\n  definition: flows/a.yaml\n"
        '  scripts: {approve.7: scripts/a.js}\n  at: "7"\n  form: {}\n'
        'clock: "1970-01-01T08:00:00+08:00"\n'
        'steps:\n  - {approve: {at: "7"}, expect: {proxy: []}}\n'
    )
    assert draft.flow.partition("flow: ")[2] == (
        '审批\nstart: "7"\nnodes:\n  "7": {owners: [], approve: 结束}\n  结束: {end: true}\n'
    )


@pytest.mark.parametrize(
    ("step", "named"),
    [
        ({"step": {"id": "s1", "name": "初审"}, "step_id": "s0"}, "初审"),
        ({"step": {"id": "s1", "name": ""}, "step_id": "s0"}, "s1"),
        ({"step": {"id": None}, "step_id": "s0"}, "s0"),
        ({"step": "初审", "step_id": None}, None),
        ({}, None),
    ],
)
def test_the_node_of_a_run_is_named_by_what_was_captured(
    known: Platforms, step: Mapping[str, Any], named: str | None
) -> None:
    draft = draft_run(ran(script="x()", ctx={**step, "target_step": "复核"}), known, FILES)[0]

    assert (f"\n  at: {named}\n" in draft.scenario) == (named is not None)
    assert (f"start: {named}\n" in draft.flow) == (named is not None)
    assert ("Guess: a button" in draft.scenario) == (named is None) == (draft.flow == "")


@pytest.mark.parametrize(
    ("call", "chain"),
    [
        ({"api": "getOrder", "args": []}, ".getOrder()"),
        ({"api": "作废", "args": [0, "", None]}, '.作废(0, "", null)'),
        ({"api": "get-order/1", "args": [1]}, '["get-order/1"](1)'),
        ({"api": "get-order/1"}, '.$api("get-order/1").$call()'),
        ({"api": "cancel", "steps": []}, '.$api("cancel").$call()'),
        (
            {"api": "cancel", "steps": [["query", {"a": {"$secret": "x"}}], ["body", [1]]]},
            '.$api("cancel").$query({"a": "not-recorded"}).$body([1]).$call()',
        ),
    ],
)  # fmt: skip
def test_a_call_is_done_again_as_it_was_written(call: Mapping[str, Any], chain: str) -> None:
    run = ran({"e": "ask", "id": 1, "platform": "我的-erp", **call}, script="")
    text = draft_captured_platforms([run], Platforms({}))["我的-erp"]
    known = load_text(text)

    [draft] = draft_run(run, known, FILES)
    assert draft.script.splitlines()[1:] == [f'await $proxy("我的-erp"){chain}.catch(() => null);']


def load_text(text: str) -> Platforms:
    with TemporaryDirectory() as folder:
        (Path(folder) / "a.yaml").write_text(text, "utf-8")
        return load_platforms(folder)


@pytest.mark.parametrize(
    ("key", "host"),
    [
        ("erp", "erp"), ("CRM_System2", "crm-system2"), ("_用友_U8_", "u8"), ("客户", "platform"),
        ("a__b", "a-b"),
    ],
)  # fmt: skip
def test_a_platform_that_nobody_declares_has_an_invented_address(key: str, host: str) -> None:
    run = ran({"e": "ask", "id": 1, "platform": key, "api": "find"})

    assert draft_captured_platforms([run, run], Platforms({})) == {
        key: "# Drafted by bpmax-sim init --from, of what a script called.\n"
        "# Only results of $proxy are known: address, auth, methods and paths are made up.\n"
        f"platform_key: {key}\ntitle: {key}\nbase_url: https://{host}.example.test\nauth: none\n"
        "apis:\n  find:\n    method: GET\n    path: /find\n"
    }


def test_a_platform_that_is_known_is_not_drafted(known: Platforms) -> None:
    calls = [
        {"e": "ask", "id": 1, "platform": key, "api": "find"} for key in ("crm8", "erp", "oms8")
    ]

    assert [*draft_captured_platforms([ran(*calls)], known)] == ["crm8", "oms8"]
