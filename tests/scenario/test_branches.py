"""Branches that run by themselves: what each shows, where one returns to, and what others do."""

from __future__ import annotations

import pytest

from tests.scenario.door import PROXY, Door, steps

FLOW = """\
flow: 合同会审
start: 部门
nodes:
  部门: {owners: [李经理], approve: 会审}
  会审: {parallel: [法务, 财务], join: 归档}
  法务:
    owners: [陈律师]
    approve: 法务复核
    form: {fields: {财务意见: readonly, 法务意见: required}}
  法务复核: {owners: [郑律师], approve: 归档}
  财务:
    owners: [赵会计]
    approve: 归档
    form: {fields: {法务意见: readonly, 财务意见: required}}
  归档: {owners: [吴助理], approve: 结束}
  结束: {end: true}
"""
HEAD = (
    "version: 1\nscenario: 合同会审\nuser: 张三\n"
    'form: {fields: {法务意见: "", 财务意见: "", 明细: []}}\n'
)
TO_BRANCHES = ("submit: {}", "approve: {by: 李经理}")
BOTH = (
    *TO_BRANCHES,
    "approve: {by: 陈律师, form: {法务意见: 可}}",
    "approve: {by: 赵会计, form: {财务意见: 可}}",
    "approve: {by: 郑律师}",
)


def flow(more: str = "") -> str:
    return f"{HEAD}flow: {{definition: 会审.yaml{more}}}\n{PROXY}"


def test_each_branch_shows_the_form_in_its_own_way(door: Door) -> None:
    text = flow() + steps(
        *TO_BRANCHES,
        "{set: {财务意见: 可}, expect_error: {message: {$contains: with at}}}",
        "{at: 财务, set: {财务意见: 可}, expect: {fields: {财务意见: {required: true}}}}",
        "{at: 法务, set: {财务意见: 否}, expect_error: {message: {$contains: is read-only}}}",
        "{at: 法务, js: form.$visible.明细 = false, expect: {fields: {明细: {visible: false}}}}",
        "{at: 财务, add_row: {table: 明细}, expect: {fields: {明细: {visible: true}}}}",
        "{at: 法务, expect: {fields: {法务意见: {required: true}, 明细: {visible: false}}}}",
        "{approve: {by: 陈律师}, expect_error: {message: 'required and empty is 法务意见'}}",
        "{approve: {by: 赵会计}, expect: {flow: {at: 法务}, fields: {法务意见: {required: true}}}}",
    )

    ended = door.run(text, {"会审.yaml": FLOW})
    assert ended.code == 0, ended.text


def test_an_event_is_fired_at_the_form_of_one_branch(door: Door) -> None:
    scripted = FLOW.replace("required}}", "required}, scripts: {click.查: 查.js}}")
    text = flow() + steps(
        *TO_BRANCHES,
        "{at: 财务, fire: click.查, expect: {form: {明细: [财务意见]}}}",
        "{at: 法务, fire: click.查, expect: {form: {明细: [法务意见]}}}",
    )
    script = "form.明细 = ['法务意见', '财务意见'].filter(one => form.$required[one])"

    ended = door.run(text, {"会审.yaml": scripted, "查.js": script})
    assert ended.code == 0, ended.text


def test_where_the_project_does_not_stand_nothing_is_seen(door: Door) -> None:
    text = flow() + steps(*TO_BRANCHES, "{at: 归档, expect: {form: {法务意见: ''}}}")

    (headline,) = door.run(text, {"会审.yaml": FLOW}).headlines
    assert "cannot see the form at '归档': it is at '法务' and '财务'" in headline


@pytest.mark.parametrize(
    ("step", "problem"),
    [
        ("{at: 财物, set: {法务意见: 可}}", "steps[0].at: no node '财物'; did you mean '财务'?"),
        ("{at: 财务, approve: {}}", "steps[0].at: approve is not done at a form"),
    ],
)
def test_a_node_that_a_step_cannot_look_at_is_told_at_load(
    door: Door, step: str, problem: str
) -> None:
    assert problem in door.run(flow() + steps(step), {"会审.yaml": FLOW}).text


def test_one_branch_decides_again_and_the_other_stands(door: Door) -> None:
    text = flow() + steps(
        *BOTH,
        "{return: {by: 吴助理, to: 法务}, expect: {flow: {at: 法务, tasks: "
        "{财务: {赵会计: passed}, 法务复核: {$exists: false}}}}}",
        "{approve: {by: 陈律师}, expect: {flow: {at: 法务复核}}}",
        "{approve: {by: 郑律师}, expect: {flow: {at: 归档}}}",
    )

    ended = door.run(text, {"会审.yaml": FLOW})
    assert ended.code == 0, ended.text


def test_a_return_to_the_gateway_asks_all_branches_again(door: Door) -> None:
    text = flow() + steps(
        *BOTH,
        "{return: {by: 吴助理, to: 会审}, expect: {flow: {pending: [陈律师, 赵会计], "
        "tasks: {法务: {陈律师: untreated}, 部门: {李经理: passed}}}}}",
        "{return: {by: 赵会计, to: 会审}, expect: {flow: {at: [法务, 财务]}}}",
    )

    ended = door.run(text, {"会审.yaml": FLOW})
    assert ended.code == 0, ended.text


def test_a_return_leads_into_no_other_branch(door: Door) -> None:
    text = flow() + steps(*BOTH[:3], "return: {by: 郑律师, to: 财务}")

    (headline,) = door.run(text, {"会审.yaml": FLOW}).headlines
    assert "'财务' lies in another branch than '法务复核'" in headline


SLOW = "await $proxy('crm_system').getCustomerDetail('1')"


@pytest.mark.parametrize(
    ("meanwhile", "status"),
    [("withdraw: {}", "cancelled"), ("approve: {by: 李经理}", "processing")],
)
def test_what_somebody_does_while_an_action_runs_stays_done(
    door: Door, meanwhile: str, status: str
) -> None:
    script = f"if (!ctx.form.法务意见) {{ form.法务意见 = '在办'; {SLOW}; }}"
    text = flow(", scripts: {approve.部门: 慢.js}") + steps(
        "submit: {}",
        f"""approve: {{by: 李经理}}
    during: {{call: crm_system.get_customer_detail, steps: [{{{meanwhile}}}]}}
    expect_error: {{message: {{$contains: "cannot approve at '部门': meanwhile the project"}}}}
    expect: {{flow: {{status: {status}}}, form: {{法务意见: 在办}}}}""",
    )

    ended = door.run(text, {"会审.yaml": FLOW, "慢.js": script})
    assert ended.code == 0, ended.text


def test_a_second_press_of_submit_creates_no_second_project(door: Door) -> None:
    text = flow(", scripts: {create: 慢.js}") + steps(
        """submit: {}
    during: {call: crm_system.get_customer_detail, steps: [{submit: {}}]}
    expect_error: {message: {$contains: the project is already created}}
    expect: {flow: {at: 部门, history: [{action: submit}]}}"""
    )

    ended = door.run(text, {"会审.yaml": FLOW, "慢.js": SLOW})
    assert ended.code == 0, ended.text


MIDDLE = """\
flow: 用印
start: 申请
nodes:
  申请: {owners: [李经理], approve: 盖章, deadline: {after: 1d, to: 盖章}}
  盖章: {subflow: 盖, approve: 会审}
  会审: {parallel: [法务, 财务], join: 完}
  法务: {owners: [陈律师], approve: 完}
  财务: {owners: [赵会计], approve: 完}
  完: {end: true}
"""
CHILD = "flow: 盖\nstart: 章\nnodes: {章: {owners: [印章员], approve: 好}, 好: {end: true}}\n"


@pytest.mark.parametrize(
    ("at", "lines"),
    [
        (
            "申请",
            (
                "{expect: {flow: {pending: [李经理]}}}",
                "{advance: 23h, expect: {flow: {at: 申请}}}",
                "{advance: 1h, expect: {flow: {at: 盖章}}}",
            ),
        ),
        (
            "盖章",
            (
                "{expect: {flow: {projects: {盖: {pending: [印章员]}}}}}",
                "{approve: {project: 盖, by: 印章员}, expect: {flow: {at: [法务, 财务]}}}",
            ),
        ),
        ("会审", ("{approve: {by: 陈律师}, expect: {flow: {at: 财务}}}",)),
    ],
)
def test_what_starts_in_the_middle_has_just_come_there(
    door: Door, at: str, lines: tuple[str, ...]
) -> None:
    head = "version: 1\nscenario: 用印\nuser: 张三\n"
    flows = f"{{definition: 用印.yaml, at: {at}, subflows: {{盖: {{definition: 盖.yaml}}}}}}"
    text = f"{head}flow: {flows}\n"

    ended = door.run(text + PROXY + steps(*lines), {"用印.yaml": MIDDLE, "盖.yaml": CHILD})
    assert ended.code == 0, ended.text


LATE = """\
flow: 付款
start: 出纳
nodes:
  出纳:
    owners: [周出纳]
    approve: 结束
    deadline: [{after: 1d}, {after: 2d, notify: [吴主管]}, {after: 3d, to: 主管}]
  主管: {owners: [吴主管], approve: 结束}
  结束: {end: true}
"""
TIMES = "console.log(ctx.step.plan_start_time, ctx.step.plan_end_time, ctx.step.delay_level)"


def test_lateness_has_levels_and_scripts_see_the_plan(door: Door) -> None:
    text = (
        "version: 1\nscenario: 付款\nuser: 周出纳\nclock: '2026-03-02T09:00:00+08:00'\n"
        "flow: {definition: 付款.yaml, at: 出纳, scripts: {computed: 时间.js}, form: {a: 0}}\n"
    )
    line = '"2026-03-02 09:00:00 2026-03-03 09:00:00 {level}"'
    told = [f"expect: {{console: [{line.format(level=level)}]}}" for level in (0, 2)]
    lines = (
        f"{{set: {{a: 1}}, {told[0]}}}",
        "{advance: 1d, expect: {flow: {delay_level: 1, notified: [{to: [周出纳]}]}}}",
        "{advance: 1d, expect: {flow: {at: 出纳, notified: {$contains: {to: [吴主管]}}}}}",
        f"{{set: {{a: 2}}, {told[1]}}}",
        "{advance: 1d, expect: {flow: {at: 主管, delay_level: 0}}}",
    )

    ended = door.run(text + PROXY + steps(*lines), {"付款.yaml": LATE, "时间.js": TIMES})
    assert ended.code == 0, ended.text


@pytest.mark.parametrize(
    ("deadline", "problem"),
    [
        ("[{after: 2d}, {after: 1d}]", "deadline[1].after: each deadline is later than the one"),
        ("[{after: 2d}, {after: 2d}]", "deadline[1].after: each deadline is later than the one"),
        (
            "[{after: 1d}, {after: 3d}, {after: 2d}]",
            "deadline[2].after: each deadline is later than the one",
        ),
        ("[{after: 1d, to: 主管}, {after: 2d}]", "deadline[0]: the project leaves the node here"),
        (
            "{after: 1d, to: 主管, notify: [甲]}",
            "deadline.notify: notify goes with a deadline that",
        ),
        ("[{after: 1d}, {after: 2d, to: 主官}]", "deadline[1].to: no node '主官'; did you mean"),
        ("[{after: 0s}]", "deadline[0]: the deadline is over when the project arrives"),
        ("[1d, 2d]", "deadline[0]: expected"),
    ],
)
def test_levels_that_can_never_come_are_told_at_load(
    door: Door, deadline: str, problem: str
) -> None:
    good = "[{after: 1d}, {after: 2d, notify: [吴主管]}, {after: 3d, to: 主管}]"
    text = "version: 1\nscenario: 付款\nflow: {definition: 付款.yaml}\n" + PROXY
    ended = door.run(text + steps("submit: {}"), {"付款.yaml": LATE.replace(good, deadline)})

    assert problem in ended.text


@pytest.mark.parametrize(
    ("hook", "script", "wrong"),
    [
        ("visibility", "return {财物: true}", "visibility returned '财物': true; it takes nodes"),
        ("visibility", "return {财务: 1}", "visibility returned '财务': 1; it takes nodes"),
        ("computed", "return 5", "computed must return an object of fields and values, got 5"),
        ("project_name", "return {}", "project_name must return a text, got {}"),
        ("task_title", "return 7", "task_title must return a text, got 7"),
    ],
)
def test_what_a_hook_gives_in_vain_is_told(door: Door, hook: str, script: str, wrong: str) -> None:
    text = flow(f", scripts: {{{hook}: 钩子.js}}") + steps("submit: {}")

    (headline,) = door.run(text, {"会审.yaml": FLOW, "钩子.js": script}).headlines
    assert f"BAD_RETURN: {wrong}" in headline


def test_fields_of_a_sub_flow_that_the_form_has_not_are_told_at_load(door: Door) -> None:
    main = MIDDLE.replace(
        "subflow: 盖,", "subflow: {flow: 盖, form: {号: 编码}, back: {结论: 果}},"
    )
    head = "version: 1\nscenario: 用印\nform: {fields: {编号: 1}}\n"
    text = head + "flow: {definition: 用印.yaml, subflows: {盖: {definition: 盖.yaml}}}\n" + PROXY
    told = door.run(text + steps("submit: {}"), {"用印.yaml": main, "盖.yaml": CHILD}).text

    assert "nodes.盖章.subflow.form.号: no field '编码'; did you mean '编号'?" in told
    assert "nodes.盖章.subflow.back.结论: no field '结论'; there is 编号" in told


def test_a_refusal_that_nobody_expects_is_red(door: Door) -> None:
    text = flow(", scripts: {before_next.部门: 拒.js}") + steps(
        "submit: {}", "approve: {by: 李经理}"
    )

    ended = door.run(text, {"会审.yaml": FLOW, "拒.js": "return '预算不足'"})
    assert "场景.scenario.yaml:" in ended.text
    assert "approve was refused, and nothing of the kind is expected" in ended.text
