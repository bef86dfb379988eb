# ruff: noqa: E501 - scenarios, one a line
"""What checks of a file tell where only one half of a condition holds."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.scenario.findings_of_a_file import examine

FILES = {
    "开.js": "form.金额 = 1\n// 自己 备注兰\n",
    "流程.yaml": """\
flow: 报销
start: 审批
nodes:
  审批: {owners: [wangwu], approve: 结束}
  结束: {end: true}
""",
    "合同.yaml": """\
flow: 合同
start: 审批
nodes:
  审批: {owners: [wangwu], approve: 用章}
  用章: {subflow: {flow: 用印, form: {事由说明: 客户}}, approve: 存档}
  存档: {subflow: {flow: 归档, form: {档案编号: 客户}, back: {客户: 归还日期}}, approve: 结束}
  结束: {end: true}
""",
    "用印.yaml": """\
flow: 用印
start: 盖章
nodes:
  盖章: {owners: [lisi], form: {fields: {备注栏: editable}}, approve: 完成}
  完成: {end: true}
""",
}
CASES: dict[str, tuple[str, Mapping[str, str], list[str]]] = {
    "a change of a column of a form that declares no field": (
        """\
scenario: 单
form: {scripts: {open: 开.js, change.明细.数量: 开.js, change.金额: 开.js}}
steps: [{open: {}, expect: {form: {金额: 1}}}]
""",
        {},
        [],
    ),
    "an operand of an expected call that nothing can be compared with": (
        """\
scenario: 单
form: {fields: {金额: 0}, scripts: {open: 开.js}}
steps:
  - {open: {}, expect: {form: {金额: {$exists: true}}, proxy: [{call: crm.x, body: {$in: 5}}]}}
  - {open: {}, expect: {form: {金额: {$exists: true}}, proxy: [{call: crm.x, body: {$in: [5]}}]}}
""",
        {},
        [
            "4:83 ! $in needs a list, got 5",
            '5:32 empty! {"$exists": true} holds whatever happens; say what has to be there, or take it away',
        ],
    ),
    "silence beside a step that ends in an error": (
        """\
scenario: 单
form: {fields: {金额: 0}, scripts: {open: 开.js}}
steps: [{js: form.金额 = 2, expect: {messages: []}}, {js: throw 1, expect_error: {code: X}}]
""",
        {},
        [],
    ),
    "silence of a form without scripts": (
        """\
scenario: 单
form: {fields: {金额: 0}}
steps: [{set: {金额: 1}, expect: {messages: []}}]
""",
        {},
        [
            "1:1 empty all that is expected is that nothing is shown, and no script shows anything; expect what the scripts do, too",
        ],
    ),
    "a preview with one value that is submitted and one that is not": (
        """\
scenario: 单
flow: {definition: 流程.yaml}
form: {fields: {金额: 0, 客户: ''}}
steps:
  - {preview: {form: {金额: 1, 客户: 甲}}, expect: {preview: {end: 结束}}}
  - {advance: 1s}
  - {submit: {form: {金额: 1, 客户: 乙}}, expect: {flow: {at: 审批}}}
""",
        {},
        [
            "5:16 empty what is submitted later has other values than this preview; take the preview of what is submitted",
        ],
    ),
    "a field that is called form, live mode without a cassette, and a secret behind one of a variable": (
        """\
scenario: 单
form: {fields: {form: {金额: 0}, 金额: 0}}
vars: {密: a}
secrets: [vars.密, env.A_KEZ]
proxy: {mode: live}
steps: [{set: {form: {金额: '5'}}, expect: {form: {金额: 0}}}]
""",
        {},
        [
            "4:19 rule nothing reads the environment variable 'A_KEZ', so nothing is hidden",
        ],
    ),
    "values of another kind that may be meant, and fields that are called like keys": (
        """\
scenario: 单
form: {fields: {金额: 0, 加急: false, at: 0, to: 0, table: '', row: {}, 明细: [], 有头: [{物料名: 1}]}, scripts: {open: 行.js}}
vars: {headers: {Retry-Afer: '5'}, 表: {金额: 1}}
steps:
  - {open: {}, expect: {form: {金额: 1}}}
  - {set: {金额: 'no', 加急: '5'}, expect: {form: {金额: '${vars.表.金额}', at: '${vars.headers}'}}}
  - {set: {at: 1, to: 1}}
  - {set: {table: 明细, row: {物料各: 1}}}
  - {add_row: {table: 明细, row: {物料名: a, 单价额: 1}}}
  - {add_row: {table: 明细, row: {物料名: a, 单价额: 1, 单价颖: 1}}}
  - {add_row: {table: 有头, row: {物料名: a}}}
  - {add_row: {table: 有头, row: {物料名: a}}}
  - {add_row: {table: 有头, row: {物料各: a}}}
  - {move_row: 5}
""",
        {"行.js": "form.金额 = 1; r.单价颖"},
        [
            "9:41 name no other row of 明细 has a column '单价额'; did you mean '单价颖'?",
            "13:33 name! 有头 has no column '物料各'; did you mean '物料名'?",
            "14:6 ! expected a map of table, at, to",
        ],
    ),
    "an empty list as a result": (
        """\
scenario: 单
steps: [{js: 'return []', expect: {result: []}}]
""",
        {},
        [],
    ),
    "a preview of what a variable has": (
        """\
scenario: 单
flow: {definition: 流程.yaml}
form: {fields: {金额: 0, 客户: ''}}
vars: {表: {金额: 2}}
steps:
  - {preview: {form: {金额: 1}}, expect: {preview: {end: 结束}}}
  - {submit: {form: '${vars.表}'}, expect: {flow: {at: 审批}}}
""",
        {},
        [],
    ),
    "states of no kind in a form without scripts, and a result that comes late": (
        """\
scenario: 单
form: {fields: {金额: 0}}
steps:
  - {set: {金额: 1}, expect: {fields: {金额: {options: null}}}}
  - {js: 'const a = 1; return a'}
""",
        {},
        [
            "5:6 empty nothing looks at what this returns; expect its result, or return nothing",
        ],
    ),
    "pairs of fields that this project has on either side": (
        """\
scenario: 单
form: {fields: {金额: 0, 客户: ''}, scripts: {open: 开.js}}
flow: {definition: 换.yaml, subflows: {用印: {definition: 用印.yaml}}}
steps: [{submit: {}, expect: {flow: {at: 用章}}}]
""",
        {"换.yaml": "flow: 换\nstart: 用章\nnodes: {用章: {subflow: {flow: 用印, form: {客户: 金额}, back: {金额: 客户}}, approve: 完}, 完: {end: true}}\n"},
        [],
    ),
    "conditions of what is called like a field of the form": (
        """\
scenario: 单
form: {fields: {金额: 0, 客户: ''}, scripts: {open: 开.js}}
flow: {definition: 路.yaml, project: {金额: 高}}
steps: [{submit: {}, expect: {flow: {at: 审批}}}]
""",
        {"路.yaml": """\
flow: 路
start: 审批
nodes:
  审批:
    owners: [wangwu]
    approve:
      - {when: "ctx.project.金额 > '高'", to: 完}
      - {when: "ctx.form.客户.金额 === '9'", to: 完}
      - {when: "ctx.form.客户.金额 > '高'", to: 完}
      - {when: "ctx.form.金额 > '高'", to: 完}
      - {to: 再}
  再: {owners: [ceo], approve: 完}
  完: {end: true}
"""},
        [
            "路.yaml:10:10 script '高' is no number, so that no number is above or below it; compare with a number",
        ],
    ),
    "columns that are read below, calls of a variable, and arguments of a function": (
        """\
scenario: 单
form: {fields: {金额: 0, 客户: ''}, scripts: {open: 开.js}}
flow: {definition: 流程.yaml, at: 审批}
vars: {接口: 查}
cases: [{id: a, 列: {深: 1}}, {id: b, 列: {深: 2}}]
steps:
  - {open: {金额: '${case.列.深}'}, expect: {form: {金额: 1}}}
  - {proxy: {call: 'crm.${vars.接口}'}}
  - {resubmit: null}
  - {resubmit: 5}
  - {js: {file: 开.js, call: f, args: {a b: 1}}}
""",
        {},
        [
            "10:6 ! expected a map of project, by, comment, form",
            "11:32 ! a function takes a list of arguments",
        ],
    ),
    "people who are denied where all are listed": (
        """\
scenario: 单
flow: {definition: 流程.yaml, at: 审批}
people: {wangwu: {}, lisi: {}}
steps:
  - approve: {by: wangwu}
    expect: {flow: {owners: {$not: {$contains: 孙七}}, status: finished}}
""",
        {},
        [
            "6:37 name! people has no '孙七'; there are wangwu, lisi",
        ],
    ),
    "people who are denied where none are listed": (
        """\
scenario: 单
flow: {definition: 流程.yaml, at: 审批}
vars: {谁: 孙七}
steps:
  - approve: {by: wangwu}
    expect: {flow: {owners: {$not: {$contains: '${vars.谁}'}}, pending: {$not: {$contains: 孙七}}, status: finished}}
""",
        {},
        [
            "6:80 name nobody in this scenario is called '孙七', so that this always holds; there is wangwu",
        ],
    ),
    "callers and options that are denied": (
        """\
scenario: 单
form: {fields: {金额: 0, 客户: ''}, scripts: {open: 开.js}}
vars: {谁: a}
steps:
  - open: {}
    expect:
      form: {金额: 1}
      proxy:
        - {call: crm.a, caller: {$ne: 5}}
        - {call: crm.a, caller: {$ne: ''}}
        - {call: crm.a, caller: {$ne: '${vars.谁}'}}
        - {call: crm.a, caller: {$ne: 别人}}
        - {call: crm.a, caller: 别人}
        - {call: crm.a, caller: 别人, times: 0}
        - {call: crm.a, caller: {$ne: 自己}}
  - {set: {客户: 甲}, expect: {fields: {客户: {options: {$not: {$contains: ''}}}}}}
  - {set: {客户: 乙}, expect: {fields: {客户: {options: {$not: {$contains: 5}}}}}}
  - {set: {客户: 丙}, expect: {fields: {客户: {options: {$not: {$contains: '${vars.谁}'}}}}}}
  - {set: {客户: 丁}, expect: {fields: {客户: {options: {$not: {$contains: 戊己}}}}}}
  - {set: {客户: 戊}, expect: {form: {金额: {$ne: '5'}}, messages: [{text: 完成, type: error}, {type: wrong}]}}
""",
        {},
        [
            "12:34 name no script calls as '别人', so that this always holds",
            "14:25 name no script calls as '别人', so that this always holds",
            "19:60 name no script offers the option '戊己', so that this always holds",
            "20:90 name! there is no 'wrong'; did you mean 'warning'?",
        ],
    ),
    "facts of sub-flows and operators beside them": (
        """\
scenario: 单
form: {fields: {金额: 0, 客户: ''}, scripts: {open: 开.js}}
flow: {definition: 合同.yaml, at: 审批, subflows: {用印: {definition: 用印.yaml}, 归档: {definition: 归档.yaml}}}
vars: {态: open, 表: {金额: 1}}
steps:
  - approve: {by: wangwu}
    expect:
      flow:
        form: '${vars.表}'
        project: {name: {$ne: 合同}, 预其: {$ne: 1}}
        projects:
          用印: {form: {备注拦: {$ne: 1}, 备注兰: {$ne: 1}, 备注栏: {$ne: 1}, 事由说名: {$ne: 1}, 档案编码: {$ne: 1}, 栏: {备注拦: {$ne: 1}}, 事由说朋: 1}}
          归档: {form: {档案编码: {$ne: 1}, 归还日朝: {$ne: 1}}}
          用章: {at: 盖章}
        passed: {$length: 2, $not: {审皮: 1}}
        visibility: {$length: 2}
        tasks: {审批: {wangwu: '${vars.态}'}, 用章: 5}
        history: {$contains: {by: 赵六, action: approve}}
  - approve: {by: lisi, project: 用印}
    expect: {flow: {projects: {$not: {用印: {at: 盖章}}}, tasks: {用章: {$length: 1}}}}
""",
        {"归档.yaml": "flow: 归档\nstart: 收\nnodes: {收: {owners: [lisi], approve: 完}, 完: {end: true}}\n"},
        [
            "10:36 name! a project has no '预其', and no script writes it; there are id, name, status, user_id, create_time, real_start_time, real_end_time",
            "12:23 name the sub-flow has no field '备注拦'; did you mean '备注栏'?",
            "12:68 name the sub-flow has no field '事由说名'; did you mean '事由说明'?",
            "13:23 name the sub-flow has no field '档案编码'; did you mean '档案编号'?",
            "13:39 name the sub-flow has no field '归还日朝'; did you mean '归还日期'?",
            "14:11 name! no sub-flow '用章'; did you mean '用印'?",
            "15:37 ! no node '审皮'; did you mean '审批'?",
        ],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("text", "files", "told"), CASES.values(), ids=CASES)
def test_each_mistake_is_told_at_its_place_and_nothing_else(
    tmp_path: Path, text: str, files: Mapping[str, str], told: list[str]
) -> None:
    assert examine(tmp_path, text, {**FILES, **files}) == told
