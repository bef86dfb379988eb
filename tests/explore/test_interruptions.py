"""What a person may do while a call is in flight: the next step, or the same press once more."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from msgspec import UNSET

from bpmax_sim.explore.orders import (
    _repeat_action_by_each_person,
    find_interruptions_during_calls,
)
from bpmax_sim.i18n import to_plain_english
from bpmax_sim.scenario.load import LocatedStep
from bpmax_sim.scenario.model import Step
from tests.explore.views import made, seen, step
from tests.scenario.loading import load_text

SCENARIO = """\
version: 1
scenario: 查客户
form: {fields: {编号: "", 客户: ""}, scripts: {change.编号: 查.js, click.查询: 查.js, submit: 查.js}}
fault_sets: {断: [{on: crm.x, do: {error: reset}}]}
steps:
  - {name: 填号, set: {编号: "7"}, expect: {form: {客户: 张三}}}
  - {name: 点查询, click: 查询, expect_error: {code: X}, save: {客: form.客户}, retry: {tries: 2}, faults: 断}
  - {name: 看, js: "form.客户 = '乙'", expect: {form: {客户: 乙}}}
  - {name: 改号, set: {编号: "8"}, during: {call: crm.查客户, steps: [{set: {客户: 丙}}]}}
  - {name: 再改, set: {编号: "9"}}
  - {name: 提交, submit: {}, retry: {tries: 2}}
  - {name: 又交, submit: {}}
  - {name: 等, advance: 1s}
"""  # noqa: E501 - a step, one a line


def test_the_next_step_or_the_same_press_is_tried_once_in_each_step_with_a_call(
    tmp_path: Path,
) -> None:
    [item] = load_text(tmp_path, SCENARIO, {"查.js": "await $proxy('crm').查客户()\n"})
    calls = [
        made("crm.$token", step="1", is_login=True), made(step="1"), made("crm.后来", step="1"),
        made("crm.$token", step="8", is_login=True),
        *(made(step=key, number=int(key)) for key in "234567"), made(step="12"),
    ]  # fmt: skip
    views = [step(str(number), is_skipped=number == 7) for number in range(1, 9)]

    found = [*find_interruptions_during_calls(item, seen(*views, calls=calls))]

    told = [
        (to_plain_english(one.what), one.is_again, " ".join(at.step.title for at in changed.steps))
        for one, changed in found
    ]
    assert told == [
        ("点查询 during crm.查客户", False, "填号 看 改号 再改 提交 又交 等"),
        ("点查询 again during crm.查客户 #2", True, "填号 点查询 看 改号 再改 提交 又交 等"),
        ("改号 during crm.查客户 #3", False, "填号 点查询 看 再改 提交 又交 等"),
        ("提交 during crm.查客户 #5", False, "填号 点查询 看 改号 再改 又交 等"),
        ("提交 again during crm.查客户 #6", True, "填号 点查询 看 改号 再改 提交 又交 等"),
        ("又交 again during crm.查客户 #7", True, "填号 点查询 看 改号 再改 提交 又交 等"),
    ]
    for one, changed in found:
        index = int(one.call.step) - 1
        (inner,) = changed.steps[index].during
        during = changed.steps[index].step.during
        assert during is not UNSET
        assert (during.call, during.steps) == (one.call.name, (inner.step,))
        assert inner.step == Step(name=inner.step.name, **{inner.step.action: inner.step.value})
        assert changed.steps[index].step.expect == item.steps[index].step.expect


def test_an_approval_is_tried_again_by_each_other_one_with_a_task() -> None:
    base = seen(step("1", state={"flow.pending": ["甲", "乙", 3]}), step("2", state={"form.a": 1}))

    def find(step_before: str, **fields: Any) -> list[Any]:
        spot: Any = None
        located = LocatedStep(step=Step(**fields), spot=spot)
        again = [*_repeat_action_by_each_person(located, base, step_before)]
        assert again[0] is located
        return [getattr(one.step, "approve") for one in again[1:]]  # noqa: B009 - an action

    assert find("1", approve={"by": "甲", "opinion": "同意"}) == [
        {"by": "乙", "opinion": "同意"}, {"by": 3, "opinion": "同意"},
    ]  # fmt: skip
    assert find("1", approve={"by": "3"}) == [{"by": "甲"}, {"by": "乙"}]
    assert find("1", approve={}) == [{"by": "甲"}, {"by": "乙"}, {"by": 3}]
    assert find("2", approve={"by": "甲"}) == find("0", approve={"by": "甲"}) == []
    assert find("1", click="下单") == find("1", reject={"by": "甲"}) == []
