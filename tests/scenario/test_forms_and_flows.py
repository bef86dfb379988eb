"""A form and its flow in one scenario: creation, the forms of nodes, sub-flows, time, calls."""

from __future__ import annotations

import json

import pytest

from tests.scenario.door import PROXY, STUBS, Door, steps

FLOW = """\
flow: 报销
start: 主管
nodes:
  主管:
    title: 主管审批
    owners: [李主管]
    approve: 财务
    reject: 结束
    form: {fields: {事由: readonly, 发票号: hidden}}
  财务:
    owners: [赵会计]
    approve: 结束
    form:
      fields: {事由: readonly, 发票号: required}
      scripts: {change.发票号: 发票.js}
  结束: {end: true}
"""
HEAD = """\
version: 1
scenario: 报销
form:
  scripts: {change.明细.金额: 合计.js, submit: 提交.js}
  fields: {事由: "", 合计: 0, 发票号: "", 发票抬头: "", 明细: [], 编号: "", 大写: "", 备注: ""}
flow:
  definition: 流程.yaml
  scripts: {create: 创建.js, task_title: 标题.js, visibility: 可见.js, computed: 计算.js}
user: 张三
"""
FILES = {
    "流程.yaml": FLOW,
    "合计.js": "form.合计 = form.明细.reduce((a, b) => a + b.金额, 0)",
    "提交.js": "if (!form.事由) { form.$message = '请填写事由'; return false }",
    "创建.js": "form.编号 = `BX-${ctx.userInfo.id}`",
    "标题.js": "return `${ctx.step.name}：${ctx.form.事由}`",
    "可见.js": "return {主管: true, 财务: ctx.form.合计 > 100}",
    "计算.js": "return {大写: `${ctx.form.合计}元`}",
    "发票.js": (
        "const {data} = await $proxy('crm_system').getCustomerDetail(form.发票号);\n"
        "form.发票抬头 = data.name"
    ),
}


def test_the_form_creates_the_project_and_each_node_has_its_own(door: Door) -> None:
    text = (
        HEAD
        + PROXY
        + steps(
            "open: {}",
            "{submit: {}, expect: {messages: [请填写事由], flow: {status: new}}}",
            "{set: {事由: 出差}}",
            "{add_row: {table: 明细, row: {金额: 80}}, expect: {form: {合计: 80}}}",
            '{set: {"明细[0].金额": 180}, expect: {form: {合计: 180}, flow: {status: new}}}',
            "submit: {}\n    expect:\n      flow: {at: 主管, task_title: 主管审批：出差, "
            "visibility: {财务: true}, form: {编号: BX-张三, 大写: 180元}}\n"
            "      fields: {事由: {readonly: true}, 发票号: {visible: false}}",
            "{set: {事由: 改}, expect_error: {message: {$contains: 事由 is read-only}}}",
            "approve: {by: 李主管}\n    expect: {flow: {at: 财务, task_title: 财务：出差}, "
            "fields: {发票号: {visible: true, required: true}}}",
            "{approve: {by: 赵会计}, expect_error: {message: required and empty is 发票号}}",
            "set: {发票号: '12345'}\n    expect: {form: {发票抬头: 张三}, "
            "proxy: [{call: crm_system.get_customer_detail}]}",
            "{approve: {by: 赵会计}, expect: {flow: {status: finished}}}",
        )
    )

    ended = door.run(text, FILES)
    assert ended.code == 0, ended.text


@pytest.mark.parametrize("start", ["", "at: 主管, "])
@pytest.mark.parametrize(
    ("fields", "begun", "seen"),
    [
        ("{事由: 出差, 金额: 100}", "{金额: 200}", '{"事由":"出差","金额":200}'),
        ("{事由: 出差, 金额: 100}", "{金额: 0, 事由: ''}", '{"事由":"","金额":0}'),
        ("{事由: 出差, 加急: true}", "{加急: false}", '{"事由":"出差","加急":false}'),
        ("{事由: 出差, 金额: 100}", "{金额: null}", '{"事由":"出差","金额":null}'),
        ("{明细: [{科目: 机票, 金额: 1}]}", "{明细: [{金额: 2}]}", '{"明细":[{"金额":2}]}'),
        ("{明细: [{科目: 机票}]}", "{明细: []}", '{"明细":[]}'),
        ("{上限: '${vars.限额}', 金额: 1}", "{金额: '${vars.限额}'}", '{"上限":5000,"金额":5000}'),
        ("{事由: 出差}", "{编号: BX-1}", '{"事由":"出差","编号":"BX-1"}'),
        ("{事由: 出差}", "{}", '{"事由":"出差"}'),
        ("", "{编号: BX-1}", '{"编号":"BX-1"}'),
    ],
)
def test_a_project_begins_with_the_values_of_its_flow_before_those_of_the_form(
    door: Door, fields: str, begun: str, seen: str, start: str
) -> None:
    text = (
        "version: 1\nscenario: 报销\nvars: {限额: 5000}\n"
        + (f"form: {{fields: {fields}}}\n" if fields else "")
        + f"flow: {{definition: 流程.yaml, {start}form: {begun}}}\nuser: 张三\n"
        + PROXY
        + steps(
            f"{{js: 'return JSON.stringify(form)', expect: {{result: '{seen}'}}}}",
            *([] if start else ["submit: {}"]),
            f"{{js: 'return JSON.stringify(form)', expect: {{result: '{seen}', "
            f"flow: {{at: 主管, form: {seen}}}}}}}",
        )
    )
    flow = "flow: 报销\nstart: 主管\nnodes:\n  主管: {owners: [李主管], approve: 结束}\n"

    ended = door.run(text, {"流程.yaml": f"{flow}  结束: {{end: true}}\n"})
    assert ended.code == 0, ended.text


def test_who_approves_fills_in_what_the_node_shows(door: Door) -> None:
    text = (
        HEAD
        + PROXY
        + steps(
            "{set: {事由: 出差}}",
            "submit: {}",
            "approve: {by: 李主管, form: {发票号: 1}}\n    "
            "expect_error: {message: {$contains: hidden}}",
            "{approve: {by: 李主管}, expect: {flow: {at: 财务}}}",
            "{approve: {form: {发票号: '7'}}, expect: {flow: {form: {发票抬头: 张三}}}}",
        )
    )

    ended = door.run(text, FILES)
    assert ended.headlines == [
        "step 5/5 approve: NOT_OWNER: 张三 is not an owner of '财务'; its owners: 赵会计"
    ]


def test_what_a_person_does_while_a_call_is_in_flight(door: Door) -> None:
    form = """\
version: 1
scenario: 双击提交
form: {scripts: {click.查: 查.js, change.客户: 变.js}, fields: {客户: 甲, 名称: "", 次数: 0}}
"""
    look = """\
const 问 = form.客户;
form.次数++;
const {data} = await $proxy('crm_system').getCustomerDetail(问);
if (form.客户 === 问) form.名称 = data.name;
"""
    text = (
        form
        + PROXY
        + steps(
            "click: 查\n    during: {call: crm_system.get_customer_detail, steps: ["
            "{set: {客户: 乙}, expect: {form: {名称: '', 次数: 1}}}, {click: 查}]}\n"
            "    expect: {form: {名称: 张三, 次数: 2, 客户: 乙}, proxy: [{call: "
            "crm_system.get_customer_detail, path: {id: 甲}}, "
            "{call: crm_system.get_customer_detail, path: {id: 乙}}]}",
        )
    )

    ended = door.run(text, {"查.js": look, "变.js": "form.名称 = ''"})
    assert ended.code == 0, ended.text

    more = text.replace(
        "{click: 查}]}",
        "{click: 查}, {advance: 10ms}, {js: 'return form.次数', expect: {result: 2}}]}",
    )
    ended = door.run(more, {"查.js": look, "变.js": "form.名称 = ''"})
    assert ended.code == 0, ended.text

    wrong = text.replace(
        "during: {call: crm_system.get_customer_detail", "during: {call: crm_system.create_order"
    )
    ended = door.run(wrong, {"查.js": look, "变.js": ""})
    assert "no call of crm_system.create_order was made meanwhile" in ended.text
    inner = text.replace("expect: {form: {名称: '', 次数: 1}}", "expect: {form: {次数: 7}}")
    ended = door.run(inner, {"查.js": look, "变.js": ""})
    assert ended.headlines == ["step 1/1 click > set: form.次数 expected 7, got 1"]


def test_a_miss_is_that_of_the_step_whose_call_was_in_flight(door: Door) -> None:
    text = (
        "version: 1\nscenario: 双击提交\nform: {scripts: {click.查: 查.js}, fields: {客户: 甲}}\n"
        "proxy: {platforms: platforms, instances: instances.yaml, cassette: 无}\n"
        + steps(
            "click: 查\n    during: {call: crm_system.get_customer_detail, steps: ["
            "{js: 'throw new Error(1)', expect_error: {message: '1'}}]}"
        )
    )

    ended = door.run(text, {"查.js": "await $proxy('crm_system').getCustomerDetail(form.客户);"})

    (headline,) = ended.headlines
    assert headline.startswith("step 1/1 click: no cassette: crm_system.get_customer_detail")


def test_what_a_script_writes_while_a_call_is_in_flight_is_told_in_its_order(door: Door) -> None:
    text = (
        "version: 1\nscenario: 双击提交\nform: {scripts: {click.查: 查.js}, fields: {客户: 甲}}\n"
        + PROXY.replace("body: {code", "delay: 10ms, body: {code")
        + steps(
            "click: 查\n    during: {call: crm_system.get_customer_detail, steps: [{js: "
            "'console.log(`等待 ${1 + 1}`); throw new Error(`不能改`)', "
            "expect_error: {message: 不能改}, expect: {console: [等待 2]}}]}\n"
            "    expect: {console: [查, 等待 2, 好]}"
        )
    )
    look = "console.log('查'); await $proxy('crm_system').getCustomerDetail(1); console.log('好');"

    ended = door.run(text, {"查.js": look}, "--trace=on")

    assert ended.code == 0, ended.text
    (trace,) = (door.folder / ".bpmax/trace").rglob("*.ndjson")
    told = [json.loads(line) for line in trace.read_text(encoding="utf-8").splitlines()]
    assert [one["message"] for one in told if one["event"] == "ErrorThrown"] == ["不能改"]


def test_a_deadline_reminds_or_sends_to_somebody_else(door: Door) -> None:
    flow = FLOW.replace("    title: 主管审批\n", "    deadline: {after: 2d}\n").replace(
        "    approve: 结束\n    form",
        "    approve: 结束\n    deadline: {after: 1h, to: 主管}\n    form",
    )
    text = (
        HEAD
        + PROXY.replace(STUBS, "  unused: fail")
        + steps(
            "{set: {事由: 出差}}",
            "submit: {}",
            "{advance: 47h59m59.999s, expect: {flow: {at: 主管, notified: []}}}",
            "{advance: 1ms, expect: {flow: {notified: [{kind: deadline, to: [李主管]}]}}}",
            "{approve: {by: 李主管}, expect: {flow: {at: 财务}}}",
            "{advance: 0, expect: {flow: {at: 财务}}}",
            "{advance: 59m59s, expect: {flow: {at: 财务}}}",
            "{advance: 1s, expect: {flow: {at: 主管, pending: [李主管]}}}",
        )
    )

    ended = door.run(text, {**FILES, "流程.yaml": flow})
    assert ended.code == 0, ended.text


@pytest.mark.parametrize("spans", [["2d"], ["1d", "24h"], ["0", "2d"], ["3d"]])
def test_a_deadline_at_the_very_end_of_a_span_is_over(door: Door, spans: list[str]) -> None:
    flow = FLOW.replace("    title: 主管审批\n", "    deadline: {after: 2d}\n")
    lines = [f"advance: {span}" for span in spans[:-1]]
    text = (
        HEAD
        + PROXY.replace(STUBS, "  unused: fail")
        + steps(
            "{set: {事由: 出差}}",
            "submit: {}",
            *lines,
            f"{{advance: {spans[-1]}, expect: {{flow: {{notified: [{{kind: deadline}}]}}}}}}",
        )
    )

    ended = door.run(text, {**FILES, "流程.yaml": flow})
    assert ended.code == 0, ended.text


def test_a_script_that_fails_in_a_sub_flow_leaves_all_as_it_was(door: Door) -> None:
    main = """\
flow: 合同
start: 用印
nodes:
  用印: {subflow: {flow: 盖章, form: {编号: 合同号}, back: {印: 印}}, approve: 结束, reject: 结束}
  结束: {end: true}
"""
    child = """\
flow: 盖章
start: 盖
nodes:
  盖: {owners: [印章员], approve: 完, reject: 完}
  完: {end: true}
"""
    text = (
        """\
version: 1
scenario: 合同
flow:
  definition: 流程.yaml
  scripts: {approve.用印: 坏.js}
  subflows: {盖章: {definition: 盖章.yaml, scripts: {approve.盖: 盖.js}}}
  form: {合同号: HT-1}
user: 张三
"""
        + PROXY
        + steps(
            "submit: {}\n    expect:\n"
            "      flow: {at: 用印, projects: {盖章: {at: 盖, form: {编号: HT-1}}}}",
            "approve: {project: 盖章, by: 印章员}\n    expect_error: {message: 归档系统没有开}\n"
            "    expect: {flow: {at: 用印, form: {印: {$exists: false}}, projects: {盖章: {at: 盖, "
            "pending: [印章员]}}}}",
            "{approve: {}, expect_error: {message: {$contains: the project waits for 盖章}}}",
            "{reject: {project: 盖章, by: 印章员}, expect: {flow: {status: rejected}}}",
        )
    )

    files = {"流程.yaml": main, "盖章.yaml": child, "盖.js": "form.印 = 1"}
    ended = door.run(text, {**files, "坏.js": "throw new Error('归档系统没有开')"})
    assert ended.code == 0, ended.text


PYTHON = """
def 核对(session, form, flow):
    assert session.clock.now() > 0
    assert flow.at == "主管" and flow.status == "processing" and flow.pending == ["李主管"]
    assert form["事由"] == "出差" and form.states["事由"]["readonly"] is True
    form.set(备注="线下核对过")
    return [*form, flow.facts["form"]["备注"], flow.project]


def 旧的(session, 金额):
    return 金额
"""


def test_a_python_step_sees_form_and_flow_if_it_asks(door: Door) -> None:
    text = (
        HEAD
        + PROXY.replace(STUBS, "  unused: fail")
        + steps(
            "{set: {事由: 出差}}",
            "submit: {}",
            "python: 'checks:核对'\n    expect:\n"
            "      result: {$contains: 线下核对过}\n      form: {备注: 线下核对过}",
            "{python: {call: 'checks:旧的', args: {金额: 7}}, expect: {result: 7}}",
            "{python: 'checks:出错', expect_error: {message: {$contains: 事由 is read-only}}}",
        )
    )
    wrong = "\n\ndef 出错(session, form):\n    form.set(事由='改')\n"

    ended = door.run(text, {**FILES, "checks.py": PYTHON + wrong})
    assert ended.code == 0, ended.text


BRANCHES = """\
flow: 会审
start: 起草
resubmit: back
repeated: adjacent
nodes:
  起草: {owners: [甲], approve: 会审, reject: 结束}
  会审: {parallel: [法务, 财务], join: 总裁}
  法务: {owners: [乙, 丙, 丁], complete: 60%, approve: 内审, reject: 起草}
  内审: {parallel: [内甲, 内乙], join: 总裁}
  内甲: {owners: [戊], approve: 总裁}
  内乙: {owners: [己], approve: 总裁}
  财务: {owners: [庚], deadline: {after: 1h, then: approve}, approve: 总裁, reject: 结束}
  总裁: {owners: [庚, 辛], complete: in_order, approve: 无人, reject: 结束}
  无人: {empty: approve, approve: 结束}
  结束: {end: true}
"""
REVIEW = "version: 1\nscenario: 会审\nflow: {definition: 流程.yaml}\nuser: 甲\n"


def test_branches_within_branches_meet_at_one_join(door: Door) -> None:
    text = (
        REVIEW
        + PROXY
        + steps(
            "submit: {}",
            "{approve: {}, expect: {flow: {at: [法务, 财务]}}}",
            "{approve: {by: 乙}, expect: {flow: {at: [法务, 财务]}}}",
            "{approve: {by: 丙}, expect: {flow: {at: [财务, 内甲, 内乙]}}}",
            "approve: {by: 戊}",
            "{approve: {by: 己}, expect: {flow: {at: 财务}}}",
            "{advance: 1h, expect: {flow: {at: 总裁, pending: [庚]}}}",
            "{approve: {by: 庚}, expect: {flow: {pending: [辛]}}}",
            "{approve: {by: 辛}, expect: {flow: {at: 结束, status: finished}}}",
        )
    )

    ended = door.run(text, {"流程.yaml": BRANCHES})
    assert ended.code == 0, ended.text


def test_what_is_sent_back_out_of_a_branch_is_decided_again_in_all(door: Door) -> None:
    text = (
        REVIEW
        + PROXY
        + steps(
            "submit: {}",
            "approve: {}",
            "{return: {by: 乙, to: 起草}, expect: {flow: {at: 起草, pending: [甲]}}}",
            "{approve: {}, expect: {flow: {pending: [乙, 丙, 丁, 庚]}}}",
            "{return: {by: 庚, to: start}, expect: {flow: {status: returned, pending: []}}}",
            "{approve: {by: 乙}, expect_error: {message: {$contains: resubmit it first}}}",
            "{resubmit: {}, expect: {flow: {at: [法务, 财务]}}}",
            "{reject: {by: 庚}, expect: {flow: {status: rejected, at: 结束, pending: []}}}",
            "{resubmit: {}, expect: {flow: {at: 起草}}}",
        )
    )

    ended = door.run(text, {"流程.yaml": BRANCHES})
    assert ended.code == 0, ended.text


def test_nodes_that_pass_by_themselves_for_ever_are_told(door: Door) -> None:
    flow = """\
flow: 圈
start: 一
nodes:
  一: {empty: approve, approve: 二}
  二: {empty: approve, approve: [{when: "ctx.form.x", to: 完}, {to: 一}]}
  完: {end: true}
"""
    ended = door.run(REVIEW + PROXY + steps("submit: {}"), {"流程.yaml": flow})

    (headline,) = ended.headlines
    assert "ENDLESS: nodes pass by themselves without end" in headline


def test_a_node_that_nobody_owns_goes_to_the_administrators(door: Door) -> None:
    flow = "flow: 空\nstart: 一\nadmins: [管理员]\nnodes:\n  一: {empty: admins, approve: 完}\n"
    text = (
        REVIEW
        + PROXY
        + steps(
            "{submit: {}, expect: {flow: {pending: [管理员]}}}",
            "{approve: {by: 管理员}, expect: {flow: {status: finished}}}",
        )
    )

    files = {"流程.yaml": flow + "  完: {end: true}\n"}
    assert door.run(text, files).code == 0
    files = {"流程.yaml": flow.replace("admins: [管理员]\n", "") + "  完: {end: true}\n"}
    assert "nodes.一.empty: the flow has no admins; declare them" in door.run(text, files).text


def test_scripts_see_the_status_of_each_owner(door: Door) -> None:
    flow = """\
flow: 会签
start: 会签
nodes:
  会签: {owners: [乙, 丙], complete: all, approve: 完}
  完: {end: true}
"""
    head = REVIEW.replace(
        "流程.yaml}", "流程.yaml, scripts: {approve.会签: 看.js, before_next.会签: 查.js}}"
    ).replace("user: 甲", "user: 甲\npeople: {甲: 甲, 乙: {name: 乙某, title: 经理}, 丙: 丙某}")
    text = (
        head
        + PROXY
        + steps(
            "submit: {}",
            "{approve: {by: 乙}, expect: {flow: {form: {看: {$exists: false}}}}}",
            "approve: {by: 丙}\n    expect: {flow: {form: {看: [1, 0], 谁: 丙某, 查: 完}}}",
        )
    )

    look = "form.看 = ctx.step.owner.map(o => o.status); form.谁 = ctx.userInfo.name"
    files = {"流程.yaml": flow, "看.js": look, "查.js": "ctx.form.查 = ctx.target_step"}
    ended = door.run(text, files)
    assert ended.code == 0, ended.text


@pytest.mark.parametrize(
    ("span", "node"), [("0s", "主管"), ("23h", "主管"), ("1d", "财务"), ("25h", "财务")]
)
def test_a_deadline_that_time_comes_to_while_a_call_is_in_flight_is_over(
    door: Door, span: str, node: str
) -> None:
    flow = FLOW.replace(
        "    approve: 财务\n", "    approve: 财务\n    deadline: {after: 1d, to: 财务}\n", 1
    )
    text = (
        HEAD.replace("流程.yaml\n", "流程.yaml\n  at: 主管\n")
        + PROXY
        + steps(
            "js: await $proxy('crm_system').getCustomerDetail('7')\n"
            "    during: {call: crm_system.get_customer_detail, steps: "
            f"[{{advance: {span}, expect: {{flow: {{at: {node}}}}}}}]}}"
        )
    )

    ended = door.run(text, {**FILES, "流程.yaml": flow})
    assert ended.code == 0, ended.text


LOOK_UP = """\
scenario: 查客户
form: {scripts: {click.查: 查.js}, fields: {客户: 甲, 名称: ""}}
"""
LOOK = (
    "const {data} = await $proxy('crm_system').getCustomerDetail(form.客户); form.名称 = data.name;"
)


@pytest.mark.parametrize(
    ("call", "told"),
    [
        ("${vars.接口}", []),
        ("crm_system.${steps.名.result}", []),
        (
            "${steps.名.result.x}",
            ["${steps.名.result.x} is not defined: no 'x' in \"get_customer_detail\""],
        ),
        ("${steps.名.result}", ["expected call: platform.api, got 'get_customer_detail'"]),
        (
            "crm_system.${vars.词}",
            ["crm_system has no API 'get_customer'; did you mean 'get_customer_detail'?"],
        ),
    ],
)
def test_the_call_during_which_somebody_acts_may_come_from_a_variable(
    door: Door, call: str, told: list[str]
) -> None:
    variables = "vars: {接口: crm_system.get_customer_detail, 词: get_customer}\n"
    meanwhile = f'during: {{call: "{call}", steps: [{{set: {{客户: 乙}}}}]}}'
    text = (
        LOOK_UP
        + (variables if "vars" in call else "")
        + PROXY
        + "steps:\n  - {id: 名, js: 'return `get_customer_detail`', "
        + "expect: {result: get_customer_detail}}\n"
        + f"  - {{click: 查, {meanwhile}, expect: {{form: {{客户: 乙, 名称: 张三}}}}}}\n"
    )

    ended = door.run(text, {"查.js": LOOK})

    expected = [f"step 2/2 click: {message}" for message in told]
    assert (ended.code, ended.headlines) == (len(told), expected), ended.text


def test_each_try_of_a_step_looks_for_the_call_during_which_somebody_acts(door: Door) -> None:
    meanwhile = "during: {call: crm_system.get_customer_detail, steps: [{set: {客户: 乙}}]}"
    text = (
        LOOK_UP
        + PROXY
        + f"steps: [{{click: 查, {meanwhile}, retry: {{tries: 2}}, "
        + "expect: {form: {客户: 乙}}}]\n"
    )
    look = f"form.次数 = (form.次数 ?? 0) + 1;\nif (form.次数 > 1) {{ {LOOK} }}"

    ended = door.run(text.replace("名称:", "次数: 0, 名称:"), {"查.js": look})

    assert (ended.code, ended.headlines) == (0, []), ended.text


@pytest.mark.parametrize(
    ("instance", "code", "told"),
    [
        ("${vars.租户}", 0, ""),
        ("${case.id}", 0, ""),
        ("${env.没有的}", 2, "${env.没有的} is not defined"),
        ("${form.客户}", 2, "an instance's name knows case, vars and env only, not ${form.客户}"),
        ("${case.id}1", 1, "no platform has an instance 'test1'; did you mean 'test'?"),
    ],
)
def test_the_instance_of_a_scenario_may_come_from_a_variable_or_a_row(
    door: Door, instance: str, code: int, told: str
) -> None:
    text = (
        LOOK_UP
        + ("vars: {租户: test}\n" if "vars" in instance else "")
        + PROXY.replace("proxy:\n", f'proxy:\n  instance: "{instance}"\n')
        + "cases: [{id: test}]\n"
        + "steps: [{click: 查, expect: {form: {名称: 张三}, proxy: [{call: "
        + "crm_system.get_customer_detail, instance: test}]}}]\n"
    )

    ended = door.run(text, {"查.js": LOOK})

    assert (ended.code, "warning" in ended.text) == (code, False), ended.text
    assert told in ended.text
