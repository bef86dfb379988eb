"""Expectations of what is certain, part by part, and errors that are told by what they are not."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.scenario.door import Door
from tests.scenario.test_mistakes_of_a_file import DAYS, FLOW, FORM, count, tell

HOLDS = "holds whatever happens"
DENIES = "says only what the error is not"


@pytest.mark.parametrize(
    ("expected", "is_told"),
    [
        ("{status: {$exists: true}}", True),
        ("{status: {$type: text}}", True),
        ("{status: {$ne: new}}", True),
        ("{status: {$ne: processing}}", False),
        ("{at: {$exists: true}}", True),
        ("{owners: {$type: list}}", True),
        ("{pending: {$type: list}}", True),
        ("{notified: {$type: list}}", True),
        ("{notified: {$exists: true}}", True),
        ("{notified: {$length: {$gte: 0}}}", True),
        ("{notified: {$length: {$gte: 1}}}", False),
        ("{notified: []}", False),
        ("{passed: {$exists: true}}", False),
        ("{history: {$type: list}}", True),
        ("{history: [{action: {$type: text}, by: wangwu}]}", True),
        ("{history: [{action: approve, node: {$type: text}}]}", True),
        ("{history: [{action: approve, by: {$type: text}}]}", True),
        ("{history: [{action: approve, comment: {$type: text}}]}", False),
        ("{tasks: {部门审批: {wangwu: {$exists: true}}}}", False),
        ("{tasks: {部门审批: {$exists: true}}}", False),
        ("{tasks: {总经理: {ceo: {$in: [untreated, passed, refused]}}}}", False),
        ("{tasks: {$type: map}}", True),
        ("{project: {name: {$exists: true}}}", False),
        ("{project: {id: {$exists: true}, status: {$exists: true}}}", False),
        ("{project: {user_id: {$exists: true}}}", False),
        ("{project: {$exists: true}}", True),
        ("{projects: {$exists: true}}", True),
        ("{delay_level: {$gte: 0}}", True),
        ("{delay_level: {$gt: 0}}", False),
        ("{form: {金额: {$exists: true}}}", False),
    ],
)
def test_what_is_certain_of_a_flow_is_told(tmp_path: Path, expected: str, *, is_told: bool) -> None:
    step = f"{{approve: {{by: wangwu}}, expect: {{flow: {expected}}}}}"
    told = tell(tmp_path, f"steps: [{step}]", subject=FLOW)

    assert count(told, HOLDS) == is_told


def test_fields_of_a_flow_have_their_states_and_columns_have_them_at_their_node(door: Door) -> None:
    states = "{金额: {visible: {$exists: true}}, 明细.数量: {readonly: {$exists: true}}}"
    step = f"steps: [{{approve: {{by: wangwu}}, expect: {{fields: {states}}}}}]"
    screen = "form: {fields: {明细.数量: readonly}}"
    flow = DAYS.replace("deadline: 1h", f"deadline: 1h, {screen}")
    text = door.run(f"version: 1\nscenario: 报销单\n{FLOW}\n{step}\n", {"流程.yaml": flow}).text

    assert text.count(HOLDS) == 1
    assert f":5:{step.index('visible') + 1}: steps[0].expect.fields.金额.visible: " in text


@pytest.mark.parametrize(
    ("expected", "is_told"),
    [
        ("fields: {金额: {visible: {$in: [true, false]}}}", True),
        ("fields: {金额: {required: {$exists: true}}}", True),
        ("fields: {金额: {readonly: {$type: boolean}}}", True),
        ("fields: {金额: {visible: {$in: [true]}}}", False),
        ("fields: {金额: {options: {$exists: true}}}", False),
        ("fields: {金额: {$exists: true}}", True),
        ("fields: {明细.数量: {visible: {$exists: true}}}", False),
        ("form: {金额: {$exists: true}}", True),
        ("form: {金额: {$type: number}}", False),
        ("messages: [{text: {$type: text}}]", True),
        ("messages: [{type: {$type: text}}]", True),
        ("console: [{text: {$type: text}}]", True),
        ("console: [{level: {$type: text}}]", True),
        ("messages: {$type: list}", True),
        ("console: {$length: {$gte: 0}}", True),
        ("messages: {$length: {$gt: 0}}", False),
        ("result: {$exists: true}", True),
        ("result: {$type: text}", False),
        ("trace: {$type: text}", True),
        ("trace: {$contains: ''}", True),
        ("trace: {$contains: 付款}", False),
        ("vars: {单号: {$exists: true}}", True),
        ("vars: {单号: {$type: text}}", False),
    ],
)
def test_what_is_certain_of_a_form_is_told(tmp_path: Path, expected: str, *, is_told: bool) -> None:
    step = f"{{open: {{}}, save: {{单号: '${{form.客户}}'}}, expect: {{{expected}}}}}"
    told = tell(tmp_path, f"steps: [{step}]", subject=f"vars: {{单号: ''}}\n{FORM}")

    assert count(told, HOLDS) == is_told


@pytest.mark.parametrize(
    ("expected", "is_told"),
    [
        ("times: {$gte: 0}", True),
        ("times: {$gte: 1}", False),
        ("source: {$type: text}", True),
        ("instance: {$type: text}", True),
        ("error: {$type: text}", True),
        ("error: {$exists: false}", False),
        ("query: {页: {$exists: true}}", False),
        ("header: {X-单号: {$exists: true}}", False),
        ("body: {$exists: true}", False),
        ("response: {$exists: true}", False),
        ("status: {$exists: true}", False),
        ("caller: {$exists: true}", False),
    ],
)
def test_what_is_certain_of_a_call_is_told(tmp_path: Path, expected: str, *, is_told: bool) -> None:
    step = f"{{open: {{}}, expect: {{proxy: [{{call: crm.查客户, {expected}}}]}}}}"
    told = tell(tmp_path, f"steps: [{step}]", "await $proxy('crm').查客户()")

    assert count(told, HOLDS) == is_told


@pytest.mark.parametrize(
    ("expected", "holds", "denies"),
    [
        ("{code: READ_ONLY}", 0, 0),
        ("{code: {$in: [READ_ONLY]}}", 0, 0),
        ("{code: {$ne: HIDDEN}}", 0, 1),
        ("{code: {$not: HIDDEN}}", 0, 1),
        ("{code: {$exists: true}}", 0, 1),
        ("{code: {$exists: false}}", 0, 1),
        ("{code: {$type: text}}", 0, 1),
        ("{code: {$exists: true, $type: text, $ne: HIDDEN}}", 0, 1),
        ("{code: {$exists: true, $in: [READ_ONLY]}}", 0, 0),
        ("{code: {$ne: HIDDEN}, message: {$contains: 只读}}", 0, 0),
        ("{code: {$exists: true}, message: {$not: 超时}}", 0, 1),
        ("{type: {$exists: true}}", 1, 1),
        ("{message: {$type: text}}", 1, 1),
        ("{from: {$type: text}}", 1, 1),
        ("{message: {$matches: '.*'}}", 1, 0),
    ],
)
def test_an_error_is_told_by_what_it_is(
    tmp_path: Path, expected: str, holds: int, denies: int
) -> None:
    told = tell(tmp_path, f"steps: [{{set: {{金额: 5}}, expect_error: {expected}}}]")

    assert (count(told, HOLDS), count(told, DENIES)) == (holds, denies)
