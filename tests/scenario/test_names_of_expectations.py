# ruff: noqa: E501 - scenarios, one a line
"""What the checks of expectations tell: sections, operators, names and denials, each beside right ones."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.scenario.findings_of_a_file import examine

FILES = {
    "流程.yaml": """\
flow: 报销
start: 部门审批
nodes:
  部门审批: {owners: [wangwu], approve: 总经理, reject: 结束, form: {fields: {金额: editable}}}
  总经理: {owners: [ceo], approve: 用章, reject: 结束}
  用章: {subflow: {flow: 用印, form: {事由: 客户}, back: {印章号: 编号}}, approve: 结束}
  结束: {end: true}
""",
    "用印.yaml": """\
flow: 用印
start: 盖章
nodes:
  盖章: {owners: [lisi], form: {fields: {备注栏: editable}}, approve: 完成}
  完成: {end: true}
""",
    "开.js": """\
form.金额 = 1
// 甲 warn $message 别人做 自己
ctx.project.预算 = 1
""",
}
CASES: dict[str, tuple[str, Mapping[str, str], list[str]]] = {
    "parts of the name of a node": (
        """\
scenario: 单
form: {fields: {金额: 0, 客户: "", 印章号: ""}}
flow: {definition: 流程.yaml, at: 部门审批, subflows: {用印: {definition: 用印.yaml}}}
steps:
  - approve: {by: wangwu}
    expect: {flow: {history: {$contains: {node: {$contains: 部门}, by: wangwu}}, notified: {$not: {$contains: {node: {$contains: 经理}}}}}}
  - preview: {}
    expect: {preview: {branches: {总经理: {$contains: 结}}, end: 结束}}
  - approve: {by: ceo}
    expect: {flow: {history: {$contains: {node: {$contains: 部们}}}, notified: {$contains: {node: {$not: {$contains: 监理}}}}}}
  - preview: {}
    expect: {preview: {branches: {总经理: {$contains: 完结}}, end: 结束}}
""",
        {},
        [
            "10:50 ! no node '部们'; there are 部门审批, 总经理, 用章, 结束",
            "10:105 ! no node '监理'; there are 部门审批, 总经理, 用章, 结束",
            "12:41 ! no node '完结'; there are 部门审批, 总经理, 用章, 结束",
        ],
    ),
    "sections that need a subject": (
        """\
scenario: 单
steps:
  - {js: return 1, expect: {result: 1, form: {a: 1}, fields: {a: {visible: true}}, flow: {at: x}, preview: {end: x}}}
""",
        {},
        [
            "3:40 ! form needs a form or a flow in the scenario",
            "3:54 ! fields needs a form or a flow in the scenario",
            "3:67 empty no script sets $visible, so that each field is visible: true whatever happens; expect what the scripts do",
            "3:84 ! flow needs a flow in the scenario",
            "3:99 ! preview needs a flow in the scenario",
        ],
    ),
    "a flow alone has a form": (
        """\
scenario: 单
flow: {at: 审批, form: {甲: 1}}
steps:
  - {js: ctx.x, expect: {form: {甲: 1}, fields: {甲: {visible: false}}, flow: {at: 审批, form: {甲: 1}, status: x, project: {a: 1}}, preview: {end: 审批}}}
""",
        {},
        [
            "4:78 ! at needs flow.definition; without it nothing moves",
            "4:100 ! status needs flow.definition; without it nothing moves",
        ],
    ),
    "sections of another type": (
        """\
scenario: 单
form: {fields: {金额: 0, 客户: "", 印章号: "", 明细: [{物料: a, 数量: 1}]}, scripts: {open: 开.js}}
flow: {definition: 流程.yaml, at: 部门审批, project: {级别: 1}, subflows: {用印: {definition: 用印.yaml}}}
people: {wangwu: {}, ceo: {}, lisi: {}}
vars: {额: 1}
steps:
  - {set: {金额: 1}, expect: {form: 1, fields: [], vars: x, flow: [1], preview: 5, messages: 1, console: true, trace: 5, result: 5}}
  - {set: {金额: 2}, expect: {form: '${vars.额}', messages: '${vars.额}', trace: '${vars.额}', vars: '${vars.额}'}}
  - {set: {金额: 3}, expect: {form: {金额: {$gtt: 1}, 客户: {$in: 甲}, 明细: {a: 1, $ne: 2}}, vars: {额: {$ne: {$gt: 1}}}}}
""",
        {},
        [
            "7:29 ! expected a map of names and values, or operators, got 1",
            "7:38 ! expected a map of names and values, or operators, got []",
            '7:50 ! expected a map of names and values, or operators, got "x"',
            "7:59 ! expected a map of names and values, or operators, got [1]",
            "7:70 ! expected a map of names and values, or operators, got 5",
            "7:82 ! expected a text, a list of them, or operators, got 1",
            "7:95 ! expected a text, a list of them, or operators, got true",
            "7:110 ! expected a digest, or operators, got 5",
            "9:41 ! unknown operator $gtt; did you mean '$gt'?",
            '9:56 ! $in needs a list, got "甲"',
            "9:76 ! operator $ne cannot be mixed with plain keys; use a separate mapping",
            '9:97 ! $ne takes {"$gt": 1} literally, which nothing equals; write $not: {"$gt": 1}',
        ],
    ),
    "digests that no run has": (
        """\
scenario: 单
form: {fields: {金额: 0, 客户: "", 印章号: "", 明细: [{物料: a, 数量: 1}]}, scripts: {open: 开.js}}
flow: {definition: 流程.yaml, at: 部门审批, project: {级别: 1}, subflows: {用印: {definition: 用印.yaml}}}
people: {wangwu: {}, ceo: {}, lisi: {}}
vars: {额: 1}
steps:
  - {set: {金额: 1}, expect: {trace: abc}}
  - {set: {金额: 2}, expect: {trace: {$in: [new, 'v3-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', v4-xyz]}}}
  - {set: {金额: 3}, expect: {trace: {$contains: abc}}}
  - {set: {金额: 4}, expect: {trace: {$not: '${vars.额}'}}}
  - {set: {金额: 5}, expect: {trace: new}}
""",
        {},
        [
            "7:29 ! 'abc' is no digest, which is v4- and 64 digits and letters; write trace: new, and run --update writes it",
            "8:119 ! 'v4-xyz' is no digest, which is v4- and 64 digits and letters; write trace: new, and run --update writes it",
        ],
    ),
    "names of a flow": (
        """\
scenario: 单
form: {fields: {金额: 0, 客户: "", 印章号: "", 明细: [{物料: a, 数量: 1}]}, scripts: {open: 开.js}}
flow: {definition: 流程.yaml, at: 部门审批, project: {级别: 1}, subflows: {用印: {definition: 用印.yaml}}}
people: {wangwu: {}, ceo: {}, lisi: {}}
vars: {额: 1}
steps:
  - {set: {金额: 1}, expect: {flow: {att: 1, at: 部门, status: finishd, owners: [wang, {$ne: ce}], pending: [lsi, 7], form: {金类: {$ne: 1}, 金额: 1}}}}
  - {set: {金额: 2}, expect: {flow: {$not: {at: 总经, statsu: 1}, visibility: {部门: [a], $each: 1}, task_title: x, delay_level: 1}}}
  - {set: {金额: 3}, expect: {flow: {at: {$contains: 经理}, passed: [部门审批, 总经]}}}
  - {set: {金额: 4}, expect: {flow: {at: {$contains: 没有}, passed: {部门审批: 1, 总经: 2}}}}
  - {set: {金额: 5}, expect: {flow: {passed: {$not: {$contains: 总监}}, history: [{action: aprove, node: 部门, by: wang, to: ce}, {action: repeated}, {action: {$ne: deadlin}, 备注: 1}]}}}
  - {set: {金额: 6}, expect: {flow: {history: {$not: {$contains: {by: 孙七}}}, notified: [{kind: remindd, to: [wang], node: 部门, text: x, when: 1}]}}}
  - {set: {金额: 7}, expect: {flow: {notified: {$not: {$contains: {to: ceoo, kind: deadline}}}, tasks: {部门: {wang: opne, wangwu: {$in: [open, donne]}, $length: 1}, 总经理: '${vars.额}'}}}}
  - {set: {金额: 8}, expect: {flow: {project: {statsu: {$ne: 1}, 预算: {$ne: 1}, 自己: {$ne: 2}, 名字: 1, 级别: {$ne: 1}, 深: {statsu: {$ne: 1}}}}}}
  - {set: {金额: 9}, expect: {flow: {projects: {用印: {at: 盖章, form: {备注烂: {$ne: 1}, 事由: {$ne: 1}, 编好: {$ne: 1}, 事油: {$ne: 1}, 新栏: {$ne: 1}, 甲: {$ne: 2}}}, '用印#2': {at: 部门审批, statsu: 1}, 用银: {at: 1}, $length: 2}}}}
  - {set: {金额: 10}, expect: {flow: {tasks: {部门审批: {$length: 2, wang: untreated}}}}}
  - {set: {金额: 11}, expect: {flow: {projects: {用印: {form: {编号: 1, 备注蓝: 1, 深: {备注烂: {$ne: 1}}}, owners: [盖]}}, at: '', status: '${vars.额}'}}}
""",
        {},
        [
            "7:36 ! a flow has no 'att'; did you mean 'at'?",
            "7:44 ! no node '部门'; did you mean '部门审批'?",
            "7:52 name! no project is ever 'finishd'; did you mean 'finished'?",
            "7:78 name! people has no 'wang'; did you mean 'wangwu'?",
            "7:85 name! people has no 'ce'; did you mean 'ceo'?",
            "7:106 name! people has no 'lsi'; did you mean 'lisi'?",
            "7:111 name! people has no '7'; there are wangwu, ceo, lisi",
            "7:122 name! no field '金类'; did you mean '金额'? (if it is a field, declare it in form.fields)",
            "8:36 ! operator $not cannot be mixed with plain keys; use a separate mapping",
            "8:43 ! no node '总经'; did you mean '总经理'?",
            "8:51 ! a flow has no 'statsu'; did you mean 'status'?",
            "8:85 ! operator $each cannot be mixed with plain keys; use a separate mapping",
            "9:72 ! no node '总经'; did you mean '总经理'?",
            "10:41 ! no node '没有'; there are 部门审批, 总经理, 用章, 结束",
            "10:75 ! no node '总经'; did you mean '总经理'?",
            "11:52 ! no node '总监'; there are 部门审批, 总经理, 用章, 结束",
            "11:80 name! there is no 'aprove'; did you mean 'approve'?",
            "11:96 ! no node '部门'; did you mean '部门审批'?",
            "11:106 name! people has no 'wang'; did you mean 'wangwu'?",
            "11:116 name! people has no 'ce'; did you mean 'ceo'?",
            "11:155 name! there is no 'deadlin'; did you mean 'deadline'?",
            "12:65 name! people has no '孙七'; there are wangwu, ceo, lisi",
            "12:88 name! there is no 'remindd'; did you mean 'remind'?",
            "12:108 name! people has no 'wang'; did you mean 'wangwu'?",
            "12:115 ! no node '部门'; did you mean '部门审批'?",
            "12:134 name! a notice has no 'when'; there are kind, to, node, text",
            "13:66 name! people has no 'ceoo'; did you mean 'ceo'?",
            "13:103 ! no node '部门'; did you mean '部门审批'?",
            "13:108 name! no task is ever 'opne'; there are untreated, passed, refused",
            "13:108 name! people has no 'wang'; did you mean 'wangwu'?",
            "13:135 name! no task is ever 'open'; there are untreated, passed, refused",
            "13:141 name! no task is ever 'donne'; there are untreated, passed, refused",
            "13:150 ! operator $length cannot be mixed with plain keys; use a separate mapping",
            "14:46 name! a project has no 'statsu', and no script writes it; did you mean 'status'?",
            "15:67 name the sub-flow has no field '备注烂'; did you mean '备注栏'?",
            "15:96 name the sub-flow has no field '编好'; did you mean '编号'?",
            "15:110 name the sub-flow has no field '事油'; did you mean '事由'?",
            "15:162 ! no node '部门审批'; there are 盖章, 完成",
            "15:172 ! a flow has no 'statsu'; did you mean 'status'?",
            "15:184 name! no sub-flow '用银'; did you mean '用印'?",
            "15:197 ! operator $length cannot be mixed with plain keys; use a separate mapping",
            "16:52 ! operator $length cannot be mixed with plain keys; use a separate mapping",
            "16:64 name! people has no 'wang'; did you mean 'wangwu'?",
            "17:105 name! people has no '盖'; there are wangwu, ceo, lisi",
        ],
    ),
    "names of a flow whose people are not listed": (
        """\
scenario: 单
form: {fields: {金额: 0, 客户: "", 印章号: "", 明细: [{物料: a, 数量: 1}]}, scripts: {open: 开.js}}
flow: {definition: 流程.yaml, at: 部门审批, project: {级别: 1}, subflows: {用印: {definition: 用印.yaml}}}
vars: {额: 1}
steps:
  - {set: {金额: 1}, expect: {flow: {pending: {$not: {$contains: wangwuu}}}}}
  - {set: {金额: 2}, expect: {flow: {owners: [孙七], history: {$not: {$contains: {by: 赵六}}}, notified: {$not: {$contains: {to: 钱八}}}}}}
  - {set: {金额: 3}, expect: {flow: {pending: {$ne: ['']}}}}
  - {set: {金额: 4}, expect: {flow: {pending: {$not: {$contains: wangwu}}}}}
""",
        {},
        [
            "4:8 rule nothing reads the variable '额'",
            "6:53 name nobody in this scenario is called 'wangwuu', so that this always holds; did you mean 'wangwu'?",
            "7:79 name nobody in this scenario is called '赵六', so that this always holds; there are wangwu, ceo, lisi",
            "7:120 name nobody in this scenario is called '钱八', so that this always holds; there are wangwu, ceo, lisi",
        ],
    ),
    "names of a preview": (
        """\
scenario: 单
form: {fields: {金额: 0, 客户: "", 印章号: "", 明细: [{物料: a, 数量: 1}]}, scripts: {open: 开.js}}
flow: {definition: 流程.yaml, at: 部门审批, project: {级别: 1}, subflows: {用印: {definition: 用印.yaml}}}
people: {wangwu: {}, ceo: {}, lisi: {}}
vars: {额: 1}
steps:
  - {preview: {}, expect: {preview: {nodes: [部门审批, 总经], owners: {总经: [ceo], 总经理: [ce], 用印/盖章: [lis]}, branches: {部门: 总经, 总经理: 部门}, end: 结東, status: finishd, way: 1}}}
  - {set: {金额: 2}, expect: {preview: {$not: {end: 结, nodes: {$contains: 无}}, end: {$contains: 束}}}}
""",
        {},
        [
            "5:8 rule nothing reads the variable '额'",
            "7:52 ! no node '总经'; did you mean '总经理'?",
            "7:66 ! no node '总经'; did you mean '总经理'?",
            "7:83 name! people has no 'ce'; did you mean 'ceo'?",
            "7:96 name! people has no 'lis'; did you mean 'lisi'?",
            "7:114 ! no node '总经'; did you mean '总经理'?",
            "7:114 ! no node '部门'; did you mean '部门审批'?",
            "7:122 ! no node '部门'; did you mean '部门审批'?",
            "7:132 ! no node '结東'; did you mean '结束'?",
            "7:141 name! no project is ever 'finishd'; did you mean 'finished'?",
            "7:158 ! a preview has no 'way'; there are nodes, owners, branches, end, status",
            "8:39 ! operator $not cannot be mixed with plain keys; use a separate mapping",
            "8:46 ! no node '结'; did you mean '结束'?",
            "8:62 ! no node '无'; there are 部门审批, 总经理, 用章, 结束",
        ],
    ),
    "fields and columns": (
        """\
scenario: 单
form: {fields: {金额: 0, 客户: "", 印章号: "", 明细: [{物料: a, 数量: 1}]}, scripts: {open: 开.js}}
flow: {definition: 流程.yaml, at: 部门审批, project: {级别: 1}, subflows: {用印: {definition: 用印.yaml}}}
people: {wangwu: {}, ceo: {}, lisi: {}}
vars: {额: 1}
steps:
  - {set: {金额: 1}, expect: {form: {金类: 1, '明细[0].数最': 1, '明细.数最': 1, '明细[0].数最2': {$ne: 1}, 金额: {$gt: '5'}, 客户: {$gt: '5'}}}}
  - {set: {金额: 2}, expect: {form: {金额: {$not: {$lte: '-1.50', $gte: '1,0', $lt: 5}}, 明细: [{数最: 1, 物科: {$ne: 1}}, {数量: {$exists: false}}]}}}
  - {set: {金额: 3}, expect: {form: {明细: {$not: {$contains: {物科: 1}}}, $not: {金额: 2, 金类: 1, '明细[0].物科': 2}}}}
  - {set: {金额: 4}, expect: {fields: {金类: {visible: true}, 金额: {visibel: true, $not: {a: 1}, options: {$not: {$contains: 乙方}}}, 客户: {options: [甲, {$ne: 丙方}, {$ne: 甲}]}}}}
  - {set: {金额: 5}, expect: {fields: {客户: {options: {$not: {$contains: 丁方}}, required: true}, '明细.数最': {readonly: true}}, vars: {额: 1, 额度: 2, $not: {无此: 1}}}}
  - {set: {金额: 6}, expect: {form: {备: {$ne: 丁方}}}}
  - {set: {金额: 7}, expect: {form: {明细: {$not: {$contains: {物科: 1}}}}}}
  - {set: {金额: 8}, expect: {form: {$not: {明细: [{物科: 1}]}}}}
  - {set: {金额: 9}, expect: {fields: {客户: {options: [仅此项, {$ne: 自己}]}}}}
  - {set: {金额: 10}, expect: {fields: {客户: {options: {$not: {$contains: 庚方}}}}}, name: 写了庚方}
""",
        {},
        [
            "5:8 rule nothing reads the variable '额'",
            "7:36 name! no field '金类'; did you mean '金额'? (if it is a field, declare it in form.fields)",
            "7:70 name! 明细 has no column '数最2'; there are 物料, 数量 (if it is a field, declare it in form.fields)",
            '7:98 unfit $gt compares 金额, a number, with the text "5", which never holds; write 5 without quotes',
            '8:36 empty! {"$not": {"$lte": "-1.50", "$gte": "1,0", "$lt": 5}} holds whatever happens; say what has to be there, or take it away',
            '8:48 unfit $lte compares 金额, a number, with the text "-1.50", which never holds; write -1.50 without quotes',
            "8:99 name! 明细 has no column '物科'; did you mean '物料'?",
            "9:70 ! operator $not cannot be mixed with plain keys; use a separate mapping",
            "9:84 name! no field '金类'; did you mean '金额'? (if it is a field, declare it in form.fields)",
            "9:91 name! 明细 has no column '物科'; did you mean '物料'? (if it is a field, declare it in form.fields)",
            "10:38 ! no field '金类'; did you mean '金额'?",
            "10:64 ! a field has no 'visibel'; did you mean 'visible'?",
            "10:79 ! operator $not cannot be mixed with plain keys; use a separate mapping",
            "10:110 name no script offers the option '乙方', so that this always holds",
            "10:147 name no script offers the option '丙方', so that this always holds",
            "11:94 ! 明细 has no column '数最'; did you mean '数量'?",
            "11:142 ! operator $not cannot be mixed with plain keys; use a separate mapping",
            "11:149 name! no variable '无此'; there is 额",
            "12:36 name! no field '备'; there are 金额, 客户, 印章号, 明细 (if it is a field, declare it in form.fields)",
            "13:60 name! 明细 has no column '物科'; did you mean '物料'?",
            "14:49 name! 明细 has no column '物科'; did you mean '物料'?",
        ],
    ),
    "options that a response may offer": (
        """\
scenario: 单
form: {fields: {金额: 0, 客户: "", 印章号: "", 明细: [{物料: a, 数量: 1}]}, scripts: {open: 叫.js}}
flow: {definition: 流程.yaml, at: 部门审批, project: {级别: 1}, subflows: {用印: {definition: 用印.yaml}}}
people: {wangwu: {}, ceo: {}, lisi: {}}
vars: {额: 1}
steps:
  - {set: {金额: 1}, expect: {fields: {客户: {options: {$not: {$contains: 乙方}}}}}}
""",
        {"叫.js": "$proxy('crm').x()"},
        [
            "5:8 rule nothing reads the variable '额'",
        ],
    ),
    "lines of messages and console": (
        """\
scenario: 单
form: {fields: {金额: 0, 客户: "", 印章号: "", 明细: [{物料: a, 数量: 1}]}, scripts: {open: 开.js}}
flow: {definition: 流程.yaml, at: 部门审批, project: {级别: 1}, subflows: {用印: {definition: 用印.yaml}}}
people: {wangwu: {}, ceo: {}, lisi: {}}
vars: {额: 1}
steps:
  - {set: {金额: 1}, expect: {messages: [{text: a, typ: error, type: eror, code: REQUIRD}, {type: warn}, {code: REQUIRED, level: x}, '文字'], console: [{level: wrn, text: a, type: x}, {level: warn}]}}
  - {set: {金额: 2}, expect: {messages: {$contains: {type: {$in: [error, wrong]}, code: {$ne: HIDEN}}}, console: {$each: {level: {$in: [log, debug, fatal]}}}}}
  - {set: {金额: 3}, expect: {messages: {text: a, type: '${vars.额}', code: '${vars.额}'}}}
""",
        {},
        [
            "7:50 name! a line has no 'typ'; did you mean 'type'?",
            "7:62 name! there is no 'eror'; did you mean 'error'?",
            "7:74 name! there is no code 'REQUIRD'; did you mean 'REQUIRED'?",
            "7:121 name! a line has no 'level'; there are text, type, code",
            "7:150 name! there is no 'wrn'; did you mean 'warn'?",
            "7:171 name! a line has no 'type'; there are text, level",
            "8:72 name! there is no 'wrong'; did you mean 'warning'?",
            "8:88 name! there is no code 'HIDEN'; did you mean 'HIDDEN'?",
            "8:147 name! there is no 'fatal'; there are log, info, debug, warn, error, trace",
        ],
    ),
    "expected calls": (
        """\
scenario: 单
form: {fields: {金额: 0, 客户: "", 印章号: "", 明细: [{物料: a, 数量: 1}]}, scripts: {open: 开.js}}
flow: {definition: 流程.yaml, at: 部门审批, project: {级别: 1}, subflows: {用印: {definition: 用印.yaml}}}
people: {wangwu: {}, ceo: {}, lisi: {}}
vars: {额: 1}
steps:
  - {set: {金额: 1}, expect: {proxy: [{call: crm}, {call: .x}, {call: crm.}, {call: '${vars.额}'}, {call: crm.x, times: -1}, {call: crm.y, once_per_key: true}, {call: crm.z, times: {$gte: 1}, once_per_key: true, body: {$in: 1}}, {call: crm.w, once_per_key: false, error: {$in: 5}}, {call: '${uuid}', times: false}]}}
  - {set: {金额: 2}, expect: {proxy: [{call: crm.x, error: TIMEOT, source: recordd}, {call: crm.y, error: {$in: [RESET, CONECT]}, source: {$in: [live, stub, fualt]}}, {call: crm.z, source: '${vars.额}', header: {x: {$matches: '('}}}]}}
  - {set: {金额: 3}, expect: {proxy: [{call: crm.x, caller: {$ne: 别人做}}, {call: crm.x, caller: {$ne: 没人叫}}, {call: crm.x, caller: 没人喊, times: 0}, {call: crm.x, caller: 没人用}, {call: crm.x, caller: {$not: ''}}, {call: crm.x, caller: {$ne: '${vars.额}'}}]}}
""",
        {},
        [
            "7:38 ! expected platform.api, or platform.$token, got 'crm'",
            "7:51 ! expected platform.api, or platform.$token, got '.x'",
            "7:63 ! expected platform.api, or platform.$token, got 'crm.'",
            "7:111 ! expected a whole number from 0, or operators, got -1",
            "7:137 ! counts calls; write times: beside it",
            "7:217 ! $in needs a list, got 1",
            "7:270 ! $in needs a list, got 5",
            "7:298 ! expected a whole number from 0, or operators, got false",
            "8:51 name! there is no code 'TIMEOT'; did you mean 'TIMEOUT'?",
            "8:66 name! there is no 'recordd'; did you mean 'recorded'?",
            "8:119 name! there is no code 'CONECT'; did you mean 'CONNECT'?",
            "8:156 name! there is no 'fualt'; did you mean 'fault'?",
            '8:214 ! $matches needs a regular expression (missing ), unterminated subpattern at position 0), got "("',
            "9:95 name no script calls as '没人叫', so that this always holds",
            "9:121 name no script calls as '没人喊', so that this always holds",
        ],
    ),
    "expected errors": (
        """\
scenario: 单
form: {fields: {金额: 0, 客户: "", 印章号: "", 明细: [{物料: a, 数量: 1}]}, scripts: {open: 开.js}}
flow: {definition: 流程.yaml, at: 部门审批, project: {级别: 1}, subflows: {用印: {definition: 用印.yaml}}}
people: {wangwu: {}, ceo: {}, lisi: {}}
vars: {额: 1}
steps:
  - {set: {金额: 0}, expect_error: {code: REQUIRD, from: script}}
  - {set: {金额: 1}, expect_error: {code: {$in: [REQUIRED]}, message: {$matches: '['}}}
  - {set: {金额: 2}, expect_error: {code: {$ne: READ_ONYL}, type: {$gtt: 1}, status: {$near: x}}}
  - {set: {金额: 3}, expect_error: {from: subject, code: '${vars.额}'}}
  - {set: {金额: 4}, expect_error: {from: {$in: [form, flow, python, proxy]}, code: Requird}}
  - {set: {金额: 5}, expect_error: {from: '${vars.额}', code: 甲_乙}}
  - {set: {金额: 6}, expect_error: {}}
""",
        {},
        [
            "7:35 name! there is no code 'REQUIRD'; did you mean 'REQUIRED'?",
            '8:70 ! $matches needs a regular expression (unterminated character set at position 0), got "["',
            "9:42 name! there is no code 'READ_ONYL'; did you mean 'READ_ONLY'?",
            "9:66 ! unknown operator $gtt; did you mean '$gt'?",
            '9:85 ! $near needs a number or {value: …, within: …}, no tolerance below 0, got "x"',
            "13:20 empty! expect_error says nothing; write what the error says, such as message: {$contains: …}",
        ],
    ),
    "a watched call": (
        """\
scenario: 单
form: {fields: {金额: 0, 客户: "", 印章号: "", 明细: [{物料: a, 数量: 1}]}, scripts: {open: 开.js}}
flow: {definition: 流程.yaml, at: 部门审批, project: {级别: 1}, subflows: {用印: {definition: 用印.yaml}}}
people: {wangwu: {}, ceo: {}, lisi: {}}
vars: {额: 1}
steps:
  - {set: {金额: 1}, during: {call: crm, steps: [{set: {客户: a}}]}, expect: {form: {金额: 1}}}
  - {set: {金额: 2}, during: {call: crm.x, steps: [{set: {客户: a}}]}, expect: {form: {金额: 2}}}
  - {set: {金额: 3}, during: {call: .x, steps: [{set: {客户: a}}]}, expect: {form: {金额: 3}}}
  - {set: {金额: 4}, during: {call: '${vars.额}', steps: [{set: {客户: a}}]}, expect: {form: {金额: 4}}}
  - {set: {金额: 5}, during: {call: '${uuid}', steps: [{set: {客户: a}}]}, expect: {form: {金额: 5}}}
""",
        {},
        [
            "7:29 ! expected call: platform.api, got 'crm'",
            "9:29 ! expected call: platform.api, got '.x'",
        ],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("text", "files", "told"), CASES.values(), ids=CASES)
def test_each_mistake_is_told_at_its_place_and_nothing_else(
    tmp_path: Path, text: str, files: Mapping[str, str], told: list[str]
) -> None:
    assert examine(tmp_path, text, {**FILES, **files}) == told
