"""What `expect: new` is replaced by: the effects of a step, without secrets and mistakes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bpmax_sim.js_values import UNDEFINED
from bpmax_sim.scenario.calls import CallMade
from bpmax_sim.scenario.events import Event
from bpmax_sim.scenario.expect_new import has_other_failure, report_new_expect
from bpmax_sim.scenario.failure_report import FailureReporter
from bpmax_sim.scenario.source import Failure
from tests.scenario.test_doubts_of_a_run import load, write

SECRET = "redacted.crm.test.token.1"


def draft(folder: Path, *events: Event, step: str = "open: {}", **parts: Any) -> Failure:
    """Return the failure of a step that came to *parts*."""
    item = load(folder, f'clock: "2026-03-02T09:00:00+08:00"\nsteps: [{{{step}}}]')
    reporter = FailureReporter(item=item, located=item.steps[0], number=1, total=1)
    usual: dict[str, Any] = {"form": {}, "messages": [], "proxy": [], "flow": {}, "result": None}
    state = {name: lambda value=value: value for name, value in {**usual, **parts}.items()}
    return report_new_expect(reporter, state, events, parts.get("proxy", ()))


def keys(failure: Failure) -> Any:
    return failure.update and failure.update.edit.keys["expect"]


def notes(failure: Failure) -> list[str]:
    return [one.message for one in failure.update.edit.notes]


FIELDS = {"金额": 5, "客户": "甲", "明细": [{"数量": 1}], "备注": None, "无": UNDEFINED}


@pytest.mark.parametrize(
    ("written", "form"),
    [
        (["金额"], {"金额": 5}),
        (["客户", "金额", "客户"], {"客户": "甲", "金额": 5}),
        (["备注"], {"备注": None}),
        (["明细"], {"明细": [{"数量": 1}]}),
        (["明细[0].数量"], {"明细[0].数量": 1}),
        (["合同/金额"], None),
        (["没有"], None),
        ([], None),
    ],
)
def test_fields_that_scripts_wrote_are_expected(
    tmp_path: Path, written: list[str], form: Any
) -> None:
    entered = write("客户", "乙", by="user")

    made = keys(draft(tmp_path, entered, *(write(name, 1) for name in written), form=FIELDS))

    assert made == (form and {"form": form})


def line(text: Any, kind: str = "info") -> dict[str, Any]:
    return {"text": text, "type": kind, "code": "X"}


@pytest.mark.parametrize(
    ("lines", "messages", "left"),
    [
        ([line("已提交")], [{"text": "已提交", "type": "info"}], []),
        ([line("已提交"), line("请补", "warning"), line("完", "success")],
         [{"text": "已提交", "type": "info"}, {"text": "请补", "type": "warning"},
          {"text": "完", "type": "success"}], []),
        ([line("已提交"), line("第三"), line(f"口令 {SECRET}")], None,
         ["messages[2] is left out: it holds a secret"]),
        ([line(""), line("已提交")], None,
         ['messages[0] is left out: "" looks like a mistake of the script']),
        ([line("共 ${n} 元")], [{"text": "共 $${n} 元", "type": "info"}], []),
    ],
)  # fmt: skip
def test_messages_are_expected_all_or_none(
    tmp_path: Path, lines: list[Any], messages: Any, left: list[str]
) -> None:
    failure = draft(tmp_path, messages=lines, result=True)

    assert keys(failure) == {**({"messages": messages} if messages else {}), "result": True}
    assert notes(failure) == left


def test_calls_are_expected_with_what_was_sent(tmp_path: Path) -> None:
    calls = [
        CallMade(number=1, call="crm.$token", body={"a": 1}),
        CallMade(number=2, call="crm.查客户", path={"id": "1"}, query={}, status=200),
        CallMade(number=3, call="crm.下单", body={"额": 5, "密": SECRET}, error="TIMEOUT"),
        CallMade(number=4, call="crm.下单", body={"密": SECRET}, query={"$x": "1"}, status=0),
    ]  # fmt: skip

    failure = draft(tmp_path, proxy=calls)

    assert keys(failure) == {
        "proxy": [
            {"call": "crm.查客户", "path": {"id": "1"}, "status": 200},
            {"call": "crm.下单", "body": {"额": 5}, "error": "TIMEOUT"},
            {"call": "crm.下单"},
        ]
    }
    assert notes(failure) == [
        "proxy[1].body.密 is left out: it holds a secret",
        "proxy[2].query is left out: its keys look like operators",
        "proxy[2].body.密 is left out: it holds a secret",
    ]


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ({"flow": {"at": "审批", "status": "processing", "pending": ["甲"], "owners": ["甲"]}},
         {"flow": {"at": "审批", "pending": ["甲"]}}),
        ({"flow": {"at": "", "status": "finished", "pending": []}},
         {"flow": {"status": "finished", "pending": []}}),
        ({"flow": None}, None),
        ({"result": "好"}, {"result": "好"}),
        ({"result": {"ok": False, "n": 0}}, {"result": {"ok": False, "n": 0}}),
        ({"result": [1, 2, 3]}, {"result": [1, 2, 3]}),
        ({"result": [1, 2, ""]}, None),
        ({"result": 0}, {"result": 0}),
        ({"result": False}, {"result": False}),
        ({"result": {}}, None),
        ({"result": []}, None),
        ({"result": ""}, None),
        ({"result": float("nan")}, None),
        ({"result": {"a": UNDEFINED, "b": {"c": 1, "d": "undefined"}}},
         {"result": {"b": {"c": 1}}}),
    ],
)  # fmt: skip
def test_what_a_flow_and_a_result_come_to(
    tmp_path: Path, parts: dict[str, Any], expected: Any
) -> None:
    assert keys(draft(tmp_path, **parts)) == expected


def test_a_step_without_an_action_has_no_result_of_its_own(tmp_path: Path) -> None:
    checks = "expect: new"

    assert keys(draft(tmp_path, step=checks, result="早先的")) is None
    assert keys(draft(tmp_path, step=f"js: 'return 1', {checks}", result="好")) == {"result": "好"}


def test_that_nothing_is_expected_yet_is_no_other_failure(tmp_path: Path) -> None:
    something, nothing = draft(tmp_path, result=1), draft(tmp_path)
    other = Failure(kind="error", essence="坏了")

    assert [one.essence.partition(" the ")[0] for one in (something, nothing)] == [
        something.essence,
        "nothing is expected yet, and",
    ]
    assert not has_other_failure([])
    assert not has_other_failure([something, nothing])
    assert has_other_failure([something, nothing, other])
