# ruff: noqa: E501 - scenarios, one a line
"""What the checks of flow definitions tell: events, people, deadlines, conditions and field pairs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.scenario.findings_of_a_file import examine

FILES = {
    "开.js": """\
form.金额 = 1
""",
    "用印.yaml": """\
flow: 用印
start: 盖章
nodes:
  盖章: {owners: [lisi, 无名], form: {fields: {别栏: editable}, scripts: {change.别栏: 开.js, change.别栏.深: 开.js, change.金额.深: 开.js}}, approve: 完成}
  完成: {end: true}
""",
}
CASES: dict[str, tuple[str, Mapping[str, str], list[str]]] = {
    "events that can never occur": (
        """\
scenario: 单
form: {fields: {金额: 0, 客户: '', 急: false, 附件: [], 印章号: '', 明细: [{数量: 1}], 空: null, 变: '${vars.a}', 地址: {省: 1}, '金额.c': 1}, scripts: {open: 开.js, change.金类: 开.js, change.明细.数量: 开.js, change.明细.数最: 开.js, change.明细.数量.深: 开.js, change.客户.a: 开.js, change.客户.a.b: 开.js, change.金额.a: 开.js, change.金额.c: 开.js, change.流额.a: 开.js, change.附件.b: 开.js, change.空.a: 开.js, change.变.a: 开.js, change.变.a.b: 开.js, change.地址.省: 开.js, change: 开.js, approve.审批: 开.js}}
flow: {definition: 流程.yaml, at: 审批, form: {流额: 1}, scripts: {approve.审批: 开.js, reject.审批: 开.js, approve.自动: 开.js, before_next.无: 开.js, owners.自动: 开.js, owners.审批: 开.js, jump: 开.js, aprove.审批: 开.js, task_title: 开.js, visibility: 开.js, approve.结束: 开.js}}
people: {wangwu: {}, ceo: {}, lisi: {}}
vars: {a: 1}
expect: {vars: {a: 1}}
steps: [{approve: {by: wangwu}, expect: {flow: {at: 结束}}}]
""",
        {"流程.yaml": """\
flow: 报销
start: 审批
nodes:
  审批: {owners: [wangwu], approve: 自动}
  自动: {approve: 结束}
  结束: {end: true}
"""},
        [
            "2:145 ! change.金类: no field '金类'; did you mean '金额'?",
            "2:182 ! 明细 has no column '数最'; did you mean '数量'?",
            "2:202 never_ran! a change is one of a field, or of a column of a table, so that this never runs; write change.明细.数量",
            "2:243 never_ran! a change is one of a field, or of a column of a table, so that this never runs; write change.客户.a",
            "2:264 never_ran! a change is one of a field, or of a column of a table, so that this never runs; write change.金额",
            "2:302 never_ran! a change is one of a field, or of a column of a table, so that this never runs; write change.流额",
            "2:376 never_ran! a change is one of a field, or of a column of a table, so that this never runs; write change.变.a",
            "2:396 never_ran! a change is one of a field, or of a column of a table, so that this never runs; write change.地址",
            "2:415 ! write change.<field>, not 'change'",
            "2:429 ! a form has no event 'approve.审批'; there is open, change.<field>, click.<button>, submit",
            "3:80 never_ran! node '审批' has no reject, so this never runs; it has approve",
            "3:115 ! before_next.无: no node '无'; there are 审批, 自动, 结束",
            "3:182 ! a flow has no event 'aprove.审批'; did you mean 'approve'?",
            "3:235 never_ran! node '结束' has no approve, so this never runs; it has end",
            "6:17 empty! no step changes the variable 'a', so this holds whatever happens; expect what is made of it, such as form",
        ],
    ),
    "events of shown forms where there is no form": (
        """\
scenario: 单
seed: 1
flow: {definition: 流程.yaml, at: 审批, scripts: {task_title: 开.js, visibility: 开.js, approve.审批: 开.js}}
people: {wangwu: {}, ceo: {}, lisi: {}}
vars: {a: 1}
expect: {vars: {a: 1}}
steps: [{approve: {by: wangwu}, expect: {flow: {at: 结束}}}]
""",
        {"流程.yaml": """\
flow: 报销
start: 审批
nodes:
  审批: {owners: [wangwu], approve: 结束}
  结束: {end: true}
"""},
        [
            "3:47 never_ran task_title runs where a form is shown; this scenario has none, so it never runs",
            "3:65 never_ran visibility runs where a form is shown; this scenario has none, so it never runs",
            "6:17 empty! no step changes the variable 'a', so this holds whatever happens; expect what is made of it, such as form",
        ],
    ),
    "events that a step fires": (
        """\
scenario: 单
form: {fields: {金额: 0, 客户: '', 急: false, 附件: [], 印章号: '', 明细: [{数量: 1}], 空: null, 变: '${vars.a}', 地址: {省: 1}, '金额.c': 1}, scripts: {change.金额.a: 开.js, change.金额.b: 开.js}}
flow: {definition: 流程.yaml, at: 审批, scripts: {task_title: 开.js}}
people: {wangwu: {}, ceo: {}, lisi: {}}
vars: {a: 1}
expect: {vars: {a: 1}}
steps: [{fire: change.金额.a, expect: {form: {金额: 1}}}, {js: change.金额.b}, {set: {金额: 2}}]
""",
        {"流程.yaml": """\
flow: 报销
start: 审批
nodes:
  审批: {owners: [wangwu], approve: 结束}
  结束: {end: true}
"""},
        [
            "2:152 never_ran! a change is one of a field, or of a column of a table, so that this never runs; write change.金额",
            "6:17 empty! no step changes the variable 'a', so this holds whatever happens; expect what is made of it, such as form",
        ],
    ),
    "events that a step fires where there is no form": (
        """\
scenario: 单
seed: 1
flow: {definition: 流程.yaml, at: 审批, scripts: {task_title: 开.js, visibility: 开.js}}
people: {wangwu: {}, ceo: {}, lisi: {}}
vars: {a: 1}
expect: {vars: {a: 1}}
steps: [{fire: task_title}]
""",
        {"流程.yaml": """\
flow: 报销
start: 审批
nodes:
  审批: {owners: [wangwu], approve: 结束}
  结束: {end: true}
"""},
        [
            "3:65 never_ran visibility runs where a form is shown; this scenario has none, so it never runs",
            "6:17 empty! no step changes the variable 'a', so this holds whatever happens; expect what is made of it, such as form",
        ],
    ),
    "people fields and deadlines": (
        """\
scenario: 单
form: {fields: {金额: 0, 客户: '', 急: false, 附件: [], 印章号: '', 明细: [{数量: 1}], 空: null, 变: '${vars.a}', 地址: {省: 1}, '金额.c': 1}, scripts: {}}
flow: {definition: 流程.yaml, at: 审批}
people: {wangwu: {}, ceo: {}, lisi: {}}
vars: {a: 1}
expect: {vars: {a: 1}}
steps: [{approve: {by: wangwu}, expect: {flow: {at: 结束}}}]
""",
        {"流程.yaml": """\
flow: 报销
start: 审批
admins: [wangwu, 管]
nodes:
  审批: {owners: [wangwu, 王五], form: {fields: {金类: editable, 明细.数量: readonly, 明细.数最: readonly}, scripts: {change.金类: 开.js, open: 开.js}}, deadline: {after: 30, notify: [赵六, ceo]}, approve: 复核}
  复核: {owners: [ceo], deadline: [{after: 59.9, notify: 钱七}, {after: 60}, {after: 5s, notify: [lisi, 孙八]}], approve: 再审}
  再审: {owners: [ceo], deadline: 59, approve: 末审}
  末审: {owners: 孤, deadline: 60, approve: 结束}
  结束: {end: true}
"""},
        [
            "6:17 empty! no step changes the variable 'a', so this holds whatever happens; expect what is made of it, such as form",
            "流程.yaml:3:18 name! people has no '管'; there are wangwu, ceo, lisi",
            "流程.yaml:5:25 name! people has no '王五'; there are wangwu, ceo, lisi",
            "流程.yaml:5:46 ! no field '金类'; did you mean '金额'?",
            "流程.yaml:5:77 ! 明细 has no column '数最'; did you mean '数量'?",
            "流程.yaml:5:105 ! change.金类: no field '金类'; did you mean '金额'?",
            "流程.yaml:5:147 unfit 30 is in seconds, which is no time for a person; write its unit: 30h or 30d, or 30s where that is meant",
            "流程.yaml:5:167 name! people has no '赵六'; there are wangwu, ceo, lisi",
            "流程.yaml:6:35 unfit 59.9 is in seconds, which is no time for a person; write its unit: 59.9h or 59.9d, or 59.9s where that is meant",
            "流程.yaml:6:48 name! people has no '钱七'; there are wangwu, ceo, lisi",
            "流程.yaml:6:75 ! each deadline is later than the one before",
            "流程.yaml:6:101 name! people has no '孙八'; there are wangwu, ceo, lisi",
            "流程.yaml:7:23 unfit 59 is in seconds, which is no time for a person; write its unit: 59h or 59d, or 59s where that is meant",
            "流程.yaml:8:8 name! people has no '孤'; there are wangwu, ceo, lisi",
        ],
    ),
    "conditions of routes": (
        """\
scenario: 单
form: {fields: {金额: 0, 客户: '', 急: false, 附件: [], 印章号: '', 明细: [{数量: 1}], 空: null, 变: '${vars.a}', 地址: {省: 1}, '金额.c': 1}, scripts: {}}
flow: {definition: 流程.yaml, at: 审批}
people: {wangwu: {}, ceo: {}, lisi: {}}
vars: {a: 1}
expect: {vars: {a: 1}}
steps: [{approve: {by: wangwu}, expect: {flow: {at: 结束}}}]
""",
        {"流程.yaml": """\
flow: 报销
start: 审批
nodes:
  审批: {owners: [wangwu], approve: [{when: "ctx.form.金额 === '5'", to: 复核}, {when: "ctx.form.金额 > '甲'", to: 结束}, {when: "ctx.form.客户 === 5", to: 复核}, {when: "ctx.form.急 === 'true'", to: 结束}, {to: 复核}], reject: [{when: ctx.form.金额, to: 结束}, {to: 结束}]}
  复核: {owners: [ceo], approve: [{when: 'ctx.form.附件 === 5', to: 再审}, {when: 'ctx.form.金额 = 5', to: 结束}, {when: "ctx.form.金额 > '5'", to: 再审}, {to: 结束}], reject: [{when: 'ctx.form.金额 > 1', to: 结束}, {when: 'ctx.form.金额 > 2', to: 结束}, {to: 审批}]}
  再审: {owners: [ceo], approve: [{when: "ctx.user.金额 === '5'", to: 结束}, {when: "ctx.金额 === '5'", to: 结束}, {when: "ctx.form.客户 > '甲'", to: 结束}, {when: "ctx.form.金额 == '5'", to: 结束}, {when: 'ctx.form.金额 > 3', to: 结束}, {to: 结束}], reject: [{when: 'ctx.form.金额 > 1', to: 结束}, {when: 'ctx.form.金额 <= 1', to: 结束}]}
  结束: {end: true}
"""},
        [
            "6:17 empty! no step changes the variable 'a', so this holds whatever happens; expect what is made of it, such as form",
            "流程.yaml:4:37 script ctx.form.金额 is a number and never equals '5', which is a text",
            "流程.yaml:4:76 script '甲' is no number, so that no number is above or below it; compare with a number",
            "流程.yaml:4:150 script ctx.form.急 is true or false and never equals 'true', which is a text",
            "流程.yaml:4:210 script all routes lead to '结束', so that no condition decides anything",
            "流程.yaml:5:34 script ctx.form.附件 is a list and never equals 5, which is a number",
            "流程.yaml:5:71 ! a condition compares with ===; a single = would write what it reads",
            "流程.yaml:5:198 script this is never true here, since all of it goes to ctx.form.金额 > 1 before; ask for the narrower one first",
            "流程.yaml:6:33 script all routes lead to '结束', so that no condition decides anything",
        ],
    ),
    "fields that a subflow gets and returns": (
        """\
scenario: 单
form: {fields: {金额: 0, 客户: '', 急: false, 附件: [], 印章号: '', 明细: [{数量: 1}], 空: null, 变: '${vars.a}', 地址: {省: 1}, '金额.c': 1}, scripts: {}}
flow: {definition: 流程.yaml, at: 审批, subflows: {用印: {definition: 用印.yaml}}}
people: {wangwu: {}, ceo: {}, lisi: {}}
vars: {a: 1}
expect: {vars: {a: 1}}
steps: [{approve: {by: wangwu}, expect: {flow: {at: 结束}}}]
""",
        {"流程.yaml": """\
flow: 报销
start: 审批
nodes:
  审批: {owners: [wangwu], approve: 用章}
  用章: {subflow: {flow: 用印, form: {别栏: 金额, 客户: 事由, 新栏: 金类}, back: {印章号: 编号, 章类: 印章号, 金類: 盖期}, wait: false}, approve: 再用}
  再用: {subflow: {flow: 用印, form: {别栏: 客户}, back: {印章号: 编号}}, approve: 三用}
  三用: {subflow: {flow: 用印, wait: false}, approve: 结束}
  结束: {end: true}
"""},
        [
            "6:17 empty! no step changes the variable 'a', so this holds whatever happens; expect what is made of it, such as form",
            "流程.yaml:5:43 ! no field '事由'; there are 金额, 客户, 急, 附件, 印章号, 明细, 空, 变, 地址, 金额.c",
            "流程.yaml:5:43 name '客户' is a field of this project, and '事由' is none; form is written as field of the sub-flow: field of this project, so write 事由: 客户",
            "流程.yaml:5:51 ! no field '金类'; did you mean '金额'?",
            "流程.yaml:5:76 ! no field '章类'; there are 金额, 客户, 急, 附件, 印章号, 明细, 空, 变, 地址, 金额.c",
            "流程.yaml:5:76 name '印章号' is a field of this project, and '章类' is none; back is written as field of this project: field of the sub-flow, so write 印章号: 章类",
            "流程.yaml:5:85 ! no field '金類'; did you mean '金额'?",
            "流程.yaml:5:94 rule wait: false goes on at once, so that nothing ever comes back; take back away, or wait",
            "用印.yaml:4:23 name! people has no '无名'; there are wangwu, ceo, lisi",
        ],
    ),
    "fields of a flow that nothing declares": (
        """\
scenario: 单
seed: 1
flow: {definition: 流程.yaml, at: 审批, subflows: {用印: {definition: 用印.yaml}}}
people: {wangwu: {}, ceo: {}, lisi: {}}
vars: {a: 1}
expect: {vars: {a: 1}}
steps: [{approve: {by: wangwu}, expect: {flow: {at: 结束}}}]
""",
        {"流程.yaml": """\
flow: 报销
start: 审批
nodes:
  审批: {owners: [wangwu], form: {fields: {合同金额: editable, 客户名称: editable}}, approve: 用章}
  用章: {subflow: {flow: 用印, form: {客户名称: 事由, 别栏: 合同全额}, back: {合同金颖: 编号}}, approve: 结束}
  结束: {end: true}
"""},
        [
            "6:17 empty! no step changes the variable 'a', so this holds whatever happens; expect what is made of it, such as form",
            "流程.yaml:5:35 name '客户名称' is a field of this project, and '事由' is none; form is written as field of the sub-flow: field of this project, so write 事由: 客户名称",
            "流程.yaml:5:45 name no field '合同全额'; did you mean '合同金额'?",
            "流程.yaml:5:63 name no field '合同金颖'; did you mean '合同金额'?",
            "用印.yaml:4:23 name! people has no '无名'; there are wangwu, ceo, lisi",
        ],
    ),
    "fields of a subflow of a subflow": (
        """\
scenario: 单
form: {fields: {金额: 0, 客户: '', 急: false, 附件: [], 印章号: '', 明细: [{数量: 1}], 空: null, 变: '${vars.a}', 地址: {省: 1}, '金额.c': 1}, scripts: {}}
flow: {definition: 流程.yaml, at: 审批, subflows: {甲流: {definition: 甲流.yaml}, 用印: {definition: 用印.yaml}}}
people: {wangwu: {}, ceo: {}, lisi: {}}
vars: {a: 1}
expect: {vars: {a: 1}}
steps: [{approve: {by: wangwu}, expect: {flow: {at: 结束}}}]
""",
        {"流程.yaml": """\
flow: 报销
start: 审批
nodes:
  审批: {owners: [wangwu], approve: 用章}
  用章: {subflow: {flow: 甲流}, approve: 结束}
  结束: {end: true}
""", "甲流.yaml": """\
flow: 甲流
start: 一
nodes:
  一: {subflow: {flow: 用印, form: {x: 无此栏}, back: {没这栏: y}}, approve: 完}
  完: {end: true}
"""},
        [
            "6:17 empty! no step changes the variable 'a', so this holds whatever happens; expect what is made of it, such as form",
            "用印.yaml:4:23 name! people has no '无名'; there are wangwu, ceo, lisi",
        ],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("text", "files", "told"), CASES.values(), ids=CASES)
def test_each_mistake_is_told_at_its_place_and_nothing_else(
    tmp_path: Path, text: str, files: Mapping[str, str], told: list[str]
) -> None:
    assert examine(tmp_path, text, {**FILES, **files}) == told
