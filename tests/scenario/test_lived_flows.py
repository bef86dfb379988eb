"""Flows as people live them: who says no, who may act, what ctx tells, and no half action."""

from __future__ import annotations

import pytest

from tests.scenario.door import PROXY, Door, steps

DEFINITION = """\
flow: 采购审批
start: 部门审批
nodes:
  部门审批:
    title: 部门负责人审批
    owners: [wangwu, 7]
    approve: [{when: "ctx.form.金额 > 100000 && ctx.action === 'approve'", to: 总经理}, {to: 财务}]
    reject: 结束
  总经理: {owners: [ceo], approve: 财务}
  财务: {owners: [zhaoliu], approve: 结束}
  结束: {end: true}
"""


def flow(scripts: str, *, start: str = "at: 部门审批", more: str = "") -> str:
    return f"""\
version: 1
scenario: 采购审批
flow:
  definition: 流程.yaml
  scripts: {{{scripts}}}
  form: {{金额: 100}}
  {start}
{more}{PROXY}"""


def files(script: str, definition: str = DEFINITION, **others: str) -> dict[str, str]:
    return {"流程.yaml": definition, "脚本.js": script, **others}


CHECK = "before_next.部门审批: 脚本.js"


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("return false", "before_next.部门审批 refused"),
        ("return '请先填写附件'", "请先填写附件"),
        ("throw new Error('请先填写附件')", "请先填写附件"),
        ("throw '请先填写附件'", "请先填写附件"),
        ("class 校验 extends Error {}; throw new 校验('请先填写附件')", "请先填写附件"),
        ("throw Object.assign(new Error('请先填写附件'), {code: 'ATTACH'})", "请先填写附件"),
        (
            (
                "try { await $proxy('crm_system').getCustomerDetail('1'); "
                "await $proxy('crm_system').get_customer_detail() } "
                "catch (e) { throw new Error('请先填写附件', {cause: e}) }"
            ),
            "请先填写附件",
        ),
    ],
)
def test_a_script_says_no_in_these_ways(door: Door, script: str, message: str) -> None:
    call = "call: crm_system.get_customer_detail"
    calls = f"[{{{call}}}, {{{call}, error: MISSING_PARAMETER}}]" if "$proxy" in script else "[]"
    text = flow(CHECK) + steps(
        f"""approve: {{by: wangwu, form: {{金额: 5}}}}
    expect:
      {{messages: [{message}], flow: {{at: 部门审批, form: {{金额: 100}}}}, proxy: {calls}}}"""
    )

    assert door.run(text, files(script)).text.count("1 passed") == 1


@pytest.mark.parametrize(
    ("script", "essence"),
    [
        ("await $proxy('crm_system').getCustomerDetial('1')", "has no API 'getCustomerDetial'"),
        ("await $proxy('crm_system').createOrder({})", "(from crm_system.create_order)"),
        (
            "try { await $proxy('crm_system').createOrder({}) } catch (e) { throw e }",
            "(from crm_system.create_order)",
        ),
        ("$proxy('')", "the key must be a non-empty text"),
        ("return 0", "before_next.部门审批 returned 0, which neither refuses nor agrees"),
        ("return {ok: false}", "returned {'ok': false}, which neither refuses nor agrees"),
        ("return ''", "returned '', which neither refuses nor agrees"),
        ("没有定义()", "ReferenceError: 没有定义 is not defined"),
    ],
)
def test_what_is_no_refusal_fails_the_step(door: Door, script: str, essence: str) -> None:
    fault = "faults: [{on: crm_system.createOrder, do: {error: timeout}}]"
    faults = f"\n    {fault}" if "createOrder" in script else ""
    text = flow(CHECK) + steps(f"approve: {{by: wangwu}}{faults}")

    ended = door.run(text, files(script))

    assert ended.code == 1
    (headline,) = ended.headlines
    assert essence in headline


@pytest.mark.parametrize("script", ["", "return true", "return null", "return undefined"])
def test_a_script_that_agrees_lets_the_project_go_on(door: Door, script: str) -> None:
    text = flow(CHECK) + steps("{approve: {by: wangwu}, expect: {flow: {at: 财务}}}")

    assert door.run(text, files(script)).code == 0


def test_owners_of_later_steps_hold_when_the_project_arrives(door: Door) -> None:
    script = "return {财务: [{owner_id: 'sunqi'}], 0: [{owner_id: 1}]}"
    text = flow("owners.部门审批: 脚本.js") + steps(
        "{approve: {by: wangwu}, expect: {flow: {at: 财务, owners: [sunqi], "
        "project: {owner: [{owner_id: 1}]}}}}",
        "{approve: {by: zhaoliu}, expect_error: {message: "
        "\"zhaoliu is not an owner of '财务'; its owners: sunqi\"}}",
        "{approve: {by: sunqi}, expect: {flow: {status: finished}}}",
    )

    ended = door.run(text, files(script))
    assert ended.code == 0, ended.text


def test_a_node_without_owners_refuses_everybody_and_says_so(door: Door) -> None:
    text = flow("") + steps("approve: {by: wangwu}", "approve: {by: zhaoliu}")
    definition = DEFINITION.replace("{owners: [zhaoliu], approve: 结束}", "{approve: 结束}")

    ended = door.run(text, files("", definition))

    assert ended.headlines == [
        (
            "step 2/2 approve: NO_OWNERS: nobody may act at '财务': it has no owners; declare "
            "owners in the definition, or return them from owners.财务"
        )
    ]


@pytest.mark.parametrize(
    ("returned", "wrong"),
    [
        ("'sunqi'", "must return owners such as [{owner_id: 7}], got 'sunqi'"),
        ("7", "must return owners such as [{owner_id: 7}], got 7"),
        ("['sunqi']", "must return owners such as [{owner_id: 7}], got ['sunqi']"),
        ("[{owner_id: 7}, {owner_id: '7'}]", "returned '7' twice"),
        ("[{owner_id: null}]", "must return owners such as [{owner_id: 7}]"),
        ("[{owner_id: ''}]", "must return owners such as [{owner_id: 7}]"),
        ("[{owner_id: 7, status: 9}]", "must return owners such as [{owner_id: 7}]"),
        (
            "{财务部: [{owner_id: 7}]}",
            "returned owners of '财务部', which is not a node; did you mean '财务'?",
        ),
    ],
)
def test_other_owners_are_refused_and_nothing_moves(door: Door, returned: str, wrong: str) -> None:
    text = flow("owners.财务: 脚本.js") + steps(
        f"""approve: {{by: wangwu}}
    expect_error: {{message: {{$contains: "owners.财务 {wrong}"}}}}""",
        "{js: return 1, expect: {flow: {at: 部门审批, owners: [wangwu, 7]}}}",
    )

    ended = door.run(text, files(f"return {returned}"))
    assert ended.code == 0, ended.text


CONTEXT = """\
form.见 = [ctx.action, ctx.target_step, ctx.step.id, ctx.step.name, ctx.description].join('/');
form.谁 = ctx.userInfo;
"""


def test_ctx_tells_the_action_the_title_and_where_it_leads(door: Door) -> None:
    text = flow("approve.部门审批: 脚本.js", more="user: {id: lisi, name: 李四}\n") + steps(
        "{approve: {by: 7, comment: 同意, form: {金额: 128000}}, expect: {flow: {at: 总经理, form: "
        "{见: approve/总经理/部门审批/部门负责人审批/同意, 谁: {$exactly: {id: 7}}}}}}"
    )

    ended = door.run(text, files(CONTEXT))
    assert ended.code == 0, ended.text


def test_the_user_is_one_person(door: Door) -> None:
    text = flow("approve.部门审批: 脚本.js", more="user: {id: wangwu, name: 王五}\n") + steps(
        "{approve: {}, expect: {flow: {form: {谁: {$exactly: {id: wangwu, name: 王五}}}}}}"
    )

    assert door.run(text, files(CONTEXT)).code == 0


def test_the_action_of_every_hook_is_what_the_person_does(door: Door) -> None:
    script = "console.log(ctx.action)"
    hooks = ("before_next.部门审批", "owners.财务", "computed")
    text = flow(", ".join(f"{hook}: 脚本.js" for hook in hooks)) + steps(
        "{approve: {by: wangwu}, expect: {console: [approve, approve, approve]}}"
    )

    assert door.run(text, files(script)).code == 0


def test_form_and_ctx_form_are_one_object(door: Door) -> None:
    script = """\
ctx.form.订单号 = 'SO1';
form.状态 = form.订单号 + '已建';
ctx.form.明细 = [{数量: 1}];
form.明细[0].数量 = 2;
ctx.form = {...ctx.form, 合计: ctx.form.明细[0].数量};
const 副本 = JSON.parse(JSON.stringify(ctx));
return [form === ctx.form, Object.keys(ctx).includes('form'), 副本.form.状态];
"""
    text = flow("approve.部门审批: 脚本.js") + steps(
        "{approve: {by: wangwu}, expect: {result: [true, true, SO1已建], flow: {form: {$exactly: "
        "{金额: 100, 订单号: SO1, 状态: SO1已建, 明细: [{数量: 2}], 合计: 2}}}}}"
    )

    ended = door.run(text, files(script))
    assert ended.code == 0, ended.text


def test_the_form_of_a_flow_shows_messages_and_states(door: Door) -> None:
    script = """\
ctx.form.$message = {text: '金额偏大', type: 'warning'};
ctx.form.$visible.备注 = false;
ctx.form.$required = {附件: true};
return [ctx.form.$visible.备注, ctx.form.$visible.金额, ctx.form.$required.附件];
"""
    text = flow(CHECK.replace("before_next", "approve")) + steps(
        "{approve: {by: wangwu}, expect: {result: [false, true, true], messages: "
        "[{text: 金额偏大, type: warning}], "
        "fields: {备注: {visible: false}, 附件: {required: true}}}}"
    )

    ended = door.run(text, files(script))
    assert ended.code == 0, ended.text


@pytest.mark.parametrize("hook", ["approve.部门审批", "computed", "owners.财务"])
def test_a_hook_that_throws_leaves_everything_as_it_was(door: Door, hook: str) -> None:
    script = """\
ctx.form.金额 = 5; ctx.project.状态 = '半'; ctx.form.$visible.金额 = false;
throw new Error('CRM 不可用')"""
    text = flow(f"{hook}: 脚本.js") + steps(
        """approve: {by: wangwu, form: {备注: 急}}
    expect_error: {message: CRM 不可用}
    expect:
      flow:
        {at: 部门审批, status: processing, owners: [wangwu, 7], project: {$exactly: {}},
         form: {$exactly: {金额: 100}}}
      fields: {金额: {visible: true}}"""
    )

    ended = door.run(text, files(script))
    assert ended.code == 0, ended.text


def test_a_creation_that_fails_creates_nothing(door: Door) -> None:
    text = flow("computed: 脚本.js", start="project: {}") + steps(
        """submit: {by: lisi, form: {金额: 8}}
    expect_error: {message: 算不出}
    expect: {flow: {status: new, form: {金额: 100}}}"""
    )

    ended = door.run(text, files("throw new Error('算不出')"))
    assert ended.code == 0, ended.text


def test_an_action_that_is_taken_back_covers_no_transition(door: Door) -> None:
    failing = files("if (ctx.action === 'approve') throw new Error('不可用')")
    refused = "{approve: {by: wangwu}, expect_error: {message: 不可用}}"
    moved = flow("owners.财务: 脚本.js") + steps("{approve: {by: wangwu}}")
    text = flow("owners.财务: 脚本.js") + steps(refused)

    covered = door.call("coverage", moved, files("")).text
    taken_back = door.call("coverage", text, failing).text
    route = "采购审批: 部门审批 approve -> 财务"
    assert (route in covered, route in taken_back) == (False, True)  # it lists what is not covered


def test_a_condition_that_throws_names_its_place_in_the_flow(door: Door) -> None:
    definition = DEFINITION.replace("ctx.form.金额 > 100000", "ctx.form.明细.length > 3")
    text = flow("") + steps("approve: {by: wangwu}")

    ended = door.run(text, files("", definition))

    assert ended.headlines[0].startswith("step 1/1 approve: TypeError: ")
    assert "script: 流程.yaml:7:" in ended.text
    assert "approve: [{when:" in ended.text


@pytest.mark.parametrize(
    ("when", "message"),
    [
        ("form.金额 > 1", "a condition sees ctx alone; write ctx.form where form is written"),
        ("ctx.form.金额 >", "unexpected end of the condition"),
        ("ctx.form.金额 = = 3", "unexpected token"),
    ],
)
def test_a_wrong_condition_is_found_by_lint(door: Door, when: str, message: str) -> None:
    definition = DEFINITION.replace("ctx.form.金额 > 100000 && ctx.action === 'approve'", when)
    ended = door.call("lint", flow("") + steps("approve: {by: wangwu}"), files("", definition))

    assert ended.code == 2
    assert "流程.yaml:7:" in ended.text
    assert message in ended.text
