"""A failure says where the wrong value came from, and why the flow went elsewhere."""

from __future__ import annotations

import pytest

from bpmax_sim.errors import Place
from bpmax_sim.scenario.provenance import (
    LastAssignment,
    describe_origin,
    describe_routes_to_wrong_node,
)
from bpmax_sim.subject.hooks import UNDO, FieldChanged, FieldReassigned, RouteEvaluated
from tests.scenario.door import PROXY, Door, steps

FORM = f"""\
version: 1
scenario: 报价
form:
  scripts: {{change.客户: 客户.js}}
  fields: {{客户: "", 折扣: 1, 备注: null, 说明: ""}}
{PROXY}"""
SCRIPT = "// 选客户\nform.折扣 = form.客户 === '贵宾' ? 0.9 : 1;\n"


@pytest.mark.parametrize(
    ("setting", "expected", "line"),
    [
        ('{客户: "贵宾"}', "折扣: 0.8", "form.折扣: last written by 客户.js:2:23"),
        (
            '{客户: "普通"}',
            "折扣: 0.8",
            "form.折扣: last written by 客户.js:2:23, with the value it already had",
        ),
        (
            '{客户: "普通"}',
            '客户: "贵宾"',
            "form.客户: last set by the scenario, at 场景.scenario.yaml",
        ),
        (
            '{客户: "普通"}',
            '说明: "急"',
            "form.说明: never written since its initial value, at 场景.scenario.yaml:5:37",
        ),
    ],
)
def test_a_wrong_value_names_who_wrote_it_last(
    door: Door, setting: str, expected: str, line: str
) -> None:
    text = FORM + steps(f"{{set: {setting}, expect: {{form: {{{expected}}}}}}}")

    ended = door.run(text, {"客户.js": SCRIPT})

    assert ended.code == 1
    assert f"\n  {line}" in ended.text


SHARED = "version: 1\nsteps:\n  填: [{set: {备注: 急}}, {set: {说明: 加急}}]\n"


@pytest.mark.parametrize(
    ("expected", "place"),
    [
        ("备注: 缓", "共享.yaml:3:7"),
        ("说明: 缓", "共享.yaml:3:23"),
        ("客户: 缓", "场景.scenario.yaml:12:5"),
        ("折扣: 2", "场景.scenario.yaml:14:5"),
    ],
)
def test_a_value_that_a_step_inside_another_set_has_the_place_of_that_step(
    door: Door, expected: str, place: str
) -> None:
    text = FORM.replace("form:\n", "use: [共享.yaml]\nform:\n") + steps(
        "{set: {客户: 普通}}",
        "{run: 填}",
        f"{{set: {{折扣: 1}}, expect: {{form: {{{expected}}}}}}}",
    )

    ended = door.run(text, {"客户.js": "", "共享.yaml": SHARED})

    field = expected.partition(":")[0]
    assert f"\n  form.{field}: last set by the scenario, at {place}" in ended.text


FLOW = """\
flow: 合同
start: 部门
nodes:
  部门:
    owners: [王五]
    approve:
      - {when: "ctx.form.金额 > 1000000 && ctx.form.级别 !== 'A'", to: 总经理}
      - {to: 财务}
    reject: 结束
  总经理: {owners: [老总], approve: 财务}
  财务: {owners: [赵六], approve: 结束}
  结束: {end: true}
"""
OTHER_WAY = [
    (
        "  route not taken  部门 → 总经理: ctx.form.金额 > 1000000 && ctx.form.级别 !== 'A', with "
        "ctx.form.金额 = 260000, ctx.form.级别 = undefined   流程.yaml:7:17"
    ),
    "  route taken      部门 → 财务   流程.yaml:8:9",
]


@pytest.mark.parametrize(
    "step",
    [
        "{approve: {at: 总经理, by: 老总}}",
        "{advance: 1s, expect: {flow: {at: 总经理}}}",
        "{advance: 1s, expect: {flow: {passed: [部门, 总经理]}}}",
    ],
)
def test_a_node_that_is_not_reached_shows_the_condition_its_values_and_its_place(
    door: Door, step: str
) -> None:
    head = "version: 1\nscenario: 合同\nflow:\n  definition: 流程.yaml\n  at: 部门\n"
    text = f"{head}  form: {{金额: 260000}}\n{PROXY}" + steps("approve: {by: 王五}", step)

    ended = door.run(text, {"流程.yaml": FLOW})

    assert ended.code == 1
    shown = [line for line in ended.text.splitlines() if line.startswith("  route ")]
    assert shown == OTHER_WAY
    assert "script:" not in ended.text  # none is behind it


def routes(*tried: str) -> list[RouteEvaluated]:
    """Return routes, each as `node > target`: with a star where it was taken, and perhaps ``!``.

    The mark is for one by which the node was rejected.
    """
    parts = [one.strip("*!").split(">") for one in tried]
    return [
        RouteEvaluated(
            node=node, action="reject" if "!" in one else "approve", to=to, taken="*" in one
        )
        for one, (node, to) in zip(tried, parts, strict=True)
    ]


@pytest.mark.parametrize(
    ("tried", "shown"),
    [
        (["部门>总经理", "部门>财务*"], 2),
        (["部门>财务*", "部门>总经理", "部门>财务*"], 2),  # he came back
        (["甲>总经理", "部门>总经理", "部门>财务*"], 2),  # nothing held at the other node
        (["部门>总经理", "乙>财务*"], 1),
        (["部门>总经理!", "部门>总经理", "部门>财务*"], 2),
        (["部门>总经理", "部门>结束!*"], 1),
        (["部门>主管", "部门>总经理", "部门>副总", "部门>财务*"], 4),
        (["部门>主管*", "部门>财务", "部门>主管*"], 2),  # no route leads there: the last decision
        (["部门>总经理*"], 1),
        ([], 0),
    ],
)
def test_of_all_routes_those_of_one_decision_are_shown(tried: list[str], shown: int) -> None:
    assert len([*describe_routes_to_wrong_node(routes(*tried), ["总经理"])]) == shown


AT = Place("单.scenario.yaml", 7, 5)
LINE = Place("报价.js", 3, 9)


def write(by: str, place: Place | None = None) -> FieldChanged:
    return FieldChanged(field="折扣", old=1, new=0.9, by=by, place=place)


def rewrite(by: str, place: Place | None = None) -> FieldReassigned:
    return FieldReassigned(field="折扣", by=by, place=place)


@pytest.mark.parametrize(
    ("event", "step", "initial", "told"),
    [
        (None, None, None, "never written, and without an initial value"),
        (None, None, AT, "never written since its initial value, at 单.scenario.yaml:7:5"),
        (write("user"), AT, None, "last set by the scenario, at 单.scenario.yaml:7:5"),
        (write("user", LINE), AT, AT, "last set by the scenario, at 单.scenario.yaml:7:5"),
        (write(UNDO), AT, None, "restored when the step at 单.scenario.yaml:7:5 failed"),
        (write("change.客户", LINE), AT, None, "last written by 报价.js:3:9"),
        (write("change.客户"), AT, None, "last written by change.客户"),
        (
            rewrite("change.客户", LINE), AT, None,
            "last written by 报价.js:3:9, with the value it already had",
        ),
        (rewrite("user"), AT, None, "last set by the scenario, at 单.scenario.yaml:7:5"),
    ],
)  # fmt: skip
def test_a_value_came_from_whatever_wrote_it_last(
    event: FieldChanged | FieldReassigned | None,
    step: Place | None,
    initial: Place | None,
    told: str,
) -> None:
    last = LastAssignment(event, step) if event else None

    assert describe_origin("form.折扣", last, initial) == f"form.折扣: {told}"
