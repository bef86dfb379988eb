# ruff: noqa: E501 - scenarios, one a line
"""What the checks of actions tell: of each kind of value, each key, and each name in it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.scenario.findings_of_a_file import examine

FILES = {
    "流程.yaml": """\
flow: 报销
start: 部门审批
admins: [无此人]
nodes:
  部门审批: {owners: [wangwu], approve: 会签, reject: 结束}
  会签: {parallel: [甲, 乙], join: 汇合}
  甲: {owners: [ceo], approve: 汇合}
  乙: {subflow: {flow: 用印}, approve: 汇合}
  汇合: {owners: [ceo], approve: 结束}
  结束: {end: true}
""",
    "用印.yaml": """\
flow: 用印
start: 盖章
nodes:
  盖章: {owners: [lisi], approve: 完成}
  完成: {end: true}
""",
    "开.js": """\
form.金额 = 1
""",
}
CASES: dict[str, tuple[str, Mapping[str, str], list[str]]] = {
    "open set and rows": (
        """\
scenario: 单
form: {fields: {金额: 0, 明细: [{量: 1}]}, scripts: {open: 开.js, click.查: 开.js, change.金额: 开.js}}
vars: {值: 1}
expect: {form: {金额: 1}}
steps:
  - {open: 5}
  - {open: {金类: 1}}
  - {open: null}
  - {open: ''}
  - {open: '${vars.值}'}
  - {set: [1]}
  - {set: 甲}
  - {set: 'x ${vars.值}'}
  - {set: {金额: 1, 金类: 2, 明细: [{料: 1}]}}
  - {add_row: {table: 明细, row: 5}}
  - {add_row: {table: 明细, row: {}}}
  - {add_row: {table: 明细, row: ''}}
  - {add_row: {table: 明细, row: []}}
  - {add_row: {table: 明细, row: '${vars.值}'}}
  - {add_row: 5}
  - {add_row: {table: 明细, row: {料: 1}, att: 1}}
  - {add_row: {table: 明细, row: null}}
  - {copy_row: {table: 明细}}
  - {move_row: {table: 明细, at: 0}}
  - {remove_row: {table: 明系, at: -1}}
""",
        {},
        [
            "2:61 never_ran no step clicks 查, so that its script never runs here; click it, or take it away",
            "6:6 ! expected a map of fields and values",
            "7:13 name! no field '金类'; did you mean '金额'?",
            "9:6 ! expected a map of fields and values",
            "11:6 ! expected a map of fields and values",
            "12:6 ! expected a map of fields and values",
            "13:6 ! expected a map of fields and values",
            "14:19 name! no field '金类'; did you mean '金额'?",
            "14:32 name! 明细 has no column '料'; there is 量",
            "15:27 ! expected a map of fields and values",
            "17:27 ! expected a map of fields and values",
            "18:27 ! expected a map of fields and values",
            "20:6 ! expected a map of table, row, at",
            "21:33 name! 明细 has no column '料'; there is 量",
            "21:40 ! unknown key 'att'; did you mean 'at'?",
            "23:6 ! expected at: the number of a row, from 0",
            "24:6 ! expected to: the number of a row, from 0",
            "25:19 ! no field '明系'; did you mean '明细'?",
            "25:30 ! expected the number of a row, from 0, got -1",
        ],
    ),
    "click submit and fire": (
        """\
scenario: 单
form: {fields: {金额: 0, 明细: [{量: 1}]}, scripts: {open: 开.js, click.查: 开.js, change.金额: 开.js}}
vars: {值: 1}
expect: {form: {金额: 1}}
steps:
  - {click: 5}
  - {click: 差}
  - {click: '${vars.值}'}
  - {click: 查}
  - {click: '差${vars.值}'}
  - {submit: {}}
  - {submit: true}
  - {submit: null}
  - {submit: false}
  - {submit: {by: a}}
  - {submit: x}
  - {fire: 5}
  - {fire: opne}
  - {fire: change.金额}
  - {fire: change.金類}
  - {fire: '${vars.值}'}
  - {fire: approve.甲}
  - {advance: 1s}
  - {advance: 0}
  - {advance: true}
  - {advance: -1}
  - {advance: x}
  - {advance: [1]}
  - {advance: '${vars.值}s'}
  - {approve: {}}
  - {withdraw: null}
""",
        {},
        [
            "6:6 ! expected the name of a button",
            "7:6 ! no script for click.差; there is 查",
            "14:6 ! expected {}",
            "15:6 ! expected {}",
            "16:6 ! expected {}",
            "17:6 ! expected an event such as change.customerId",
            "18:6 ! a form has no event 'opne'; did you mean 'open'?",
            "20:6 ! no script for change.金類; did you mean 'change.金额'?",
            "22:6 ! a form has no event 'approve.甲'; there is open, change.<field>, click.<button>, submit",
            "25:6 ! expected a duration such as 30s or 1m30s, got true",
            "26:6 ! expected a duration such as 30s or 1m30s, got -1",
            "27:6 ! expected a duration such as 30s or 1m30s, got 'x'",
            "28:6 ! expected a duration such as 30s or 1m30s, got [1]",
            "30:6 ! approve needs a flow in the scenario",
            "31:6 ! withdraw needs a flow in the scenario",
        ],
    ),
    "calls without a script": (
        """\
scenario: 单
form: {fields: {金额: 0, 明细: [{量: 1}]}, scripts: {open: 开.js, click.查: 开.js, change.金额: 开.js}}
vars: {值: 1}
expect: {form: {金额: 1}}
steps:
  - {proxy: 5}
  - {proxy: {call: crm}}
  - {proxy: {call: crm.a.b}}
  - {proxy: {call: crm.查, args: 5}}
  - {proxy: {call: crm.查, args: []}}
  - {proxy: {call: crm.查, args: [1], body: null}}
  - {proxy: {call: crm.查, args: [], path: {}}}
  - {proxy: {call: crm.查, args: [], header: {}}}
  - {proxy: {call: crm.查, args: [], query: {}}}
  - {proxy: {call: '${vars.值}', args: '${vars.值}'}}
  - {proxy: {call: crm.查, args: '${vars.值} x'}}
  - {proxy: {call: crm.查, args: null}}
  - {proxy: {cal: crm.查}}
  - {proxy: '${vars.值}'}
""",
        {},
        [
            "2:61 never_ran no step clicks 查, so that its script never runs here; click it, or take it away",
            "6:6 ! expected a map of call, args, path, query, header, body, instance, caller",
            "7:14 ! expected call: platform.api, got 'crm'",
            "8:14 ! expected call: platform.api, got 'crm.a.b'",
            "9:27 ! expected a list of arguments",
            "11:27 ! args is a direct call; it excludes path, query, header, body",
            "12:27 ! args is a direct call; it excludes path, query, header, body",
            "13:27 ! args is a direct call; it excludes path, query, header, body",
            "14:27 ! args is a direct call; it excludes path, query, header, body",
            "16:27 ! expected a list of arguments",
            "17:27 ! expected a list of arguments",
            "18:6 ! expected call: platform.api, got null",
            "18:14 ! unknown key 'cal'; did you mean 'call'?",
        ],
    ),
    "scripts and functions": (
        """\
scenario: 单
form: {fields: {金额: 0, 明细: [{量: 1}]}, scripts: {open: 开.js, click.查: 开.js, change.金额: 开.js}}
vars: {值: 1}
expect: {form: {金额: 1}}
steps:
  - {js: 5}
  - {js: {}}
  - {js: {file: ''}}
  - {js: {file: 开.js, call: a b}}
  - {js: {file: 开.js, call: 算, args: {a: 1}}}
  - {js: {file: 开.js, call: 算, args: [1]}}
  - {js: {file: 开.js, args: [1]}}
  - {js: {file: 开.js, args: {a: 1, 金额: 2, 1a: 3, 'b-c': 4, $d: 5}}}
  - {js: {file: 开.js, call: '${vars.值}', args: '${vars.值}'}}
  - {js: {file: 开.js, call: 5}}
  - {js: {file: 开.js, args: 'x ${vars.值}'}}
  - {js: '${vars.值}'}
  - {python: 5}
  - {python: m}
  - {python: m:f}
  - {python: a.b.c:f}
  - {python: 'm:f.g'}
  - {python: {call: m, args: 5}}
  - {python: {call: 'm:f', args: {}}}
  - {python: {call: '${vars.值}', args: '${vars.值}'}}
  - {python: {cal: 1}}
  - {python: '模块:函数'}
  - {python: '1m:f'}
""",
        {},
        [
            "6:6 ! expected a map of file, call, args",
            "7:6 ! expected a script, or {file: path of a script}",
            "8:6 ! expected a script, or {file: path of a script}",
            "9:6 ! a function takes a list of arguments",
            "9:23 ! expected the name of a function, got 'a b'",
            "10:32 ! a function takes a list of arguments",
            "12:23 ! a script takes arguments by name, such as {金额: 800}; a list belongs to call:",
            "13:43 ! '1a' is not a valid script name",
            "13:50 ! 'b-c' is not a valid script name",
            "15:6 ! a function takes a list of arguments",
            "15:23 ! expected the name of a function, got 5",
            "16:23 ! a script takes arguments by name, such as {金额: 800}; a list belongs to call:",
            "18:6 ! expected module:function, got 5",
            "19:6 ! expected module:function, got 'm'",
            "22:6 ! expected module:function, got 'm:f.g'",
            "23:6 ! expected module:function, got 'm'",
            "23:24 ! expected a map of arguments",
            "26:6 ! expected module:function, got null",
            "26:15 ! unknown key 'cal'; did you mean 'call'?",
            "28:6 ! expected module:function, got '1m:f'",
        ],
    ),
    "named steps": (
        """\
scenario: 单
use: 片.yaml
form: {fields: {金额: 0}}
cases: [{id: a, 组: 填}]
expect: {form: {金额: 1}}
steps:
  - {run: 填}
  - {run: 填写}
  - {run: {steps: 填, with: 5}}
  - {run: {steps: 填, with: null}}
  - {run: {steps: 天}}
  - {run: {step: 填}}
  - {run: 5}
  - {run: '${case.组}'}
  - {run: '${vars.值}'}
  - {run: 'x ${case.组}'}
""",
        {"片.yaml": """\
vars: {值: 1}
steps: {填: [{set: {金额: 1}}]}
"""},
        [
            "8:6 ! no steps '填写'; did you mean '填'?",
            "9:22 ! expected a map of variables",
            "10:22 ! expected a map of variables",
            "11:6 ! no steps '天'; there is 填",
            "12:6 ! expected the name of steps, ${case.column}, or {steps: a name, with: variables}",
            "12:12 ! unknown key 'step'; did you mean 'steps'?",
            "13:6 ! expected the name of steps, ${case.column}, or {steps: a name, with: variables}",
            "15:6 ! expected the name of steps, ${case.column}, or {steps: a name, with: variables}",
            "16:6 ! expected the name of steps, ${case.column}, or {steps: a name, with: variables}",
        ],
    ),
    "named steps without fragments": (
        """\
scenario: 单
form: {fields: {金额: 0}}
steps: [{run: 填}]
""",
        {},
        [
            "3:10 ! no steps '填'; named steps come from the files of use",
        ],
    ),
    "keys of actions of people": (
        """\
scenario: 单
flow: {definition: 流程.yaml, at: 部门审批, subflows: {用印: {definition: 用印.yaml}}}
form: {fields: {金额: 0}}
people: {wangwu: {}, ceo: {}, lisi: {}, 5: {}}
vars: {值: 1}
expect: {form: {金额: 1}}
steps:
  - {approve: null}
  - {approve: ok}
  - {approve: 5}
  - {approve: {att: 1}}
  - {approve: {by: '', at: ' ', project: null}}
  - {approve: {by: [a], at: {a: 1}}}
  - {approve: {by: wang, at: 部门, form: {金类: 1}}}
  - {approve: {by: 5, at: 部门审批, form: 5}}
  - {reject: {at: 甲, by: ceo}}
  - {reject: {at: '${vars.值}', by: '${vars.值}'}}
  - {approve: {at: 结束}}
  - {approve: {project: 用印, at: 盖章, form: {金类: 1}}}
  - {approve: {project: '用印#2', at: 部门审批}}
  - {approve: {project: 用银, at: 甲, by: 无}}
  - {approve: {project: '${vars.值}', at: 盖章}}
  - {hand_over: null}
  - {hand_over: {}}
  - {hand_over: {to: ''}}
  - {hand_over: {to: lis}}
  - {hand_over: {to: 5, by: wangwu}}
  - {add_owner: {to: [lisi, '']}}
  - {add_owner: {to: [lisi, wang], where: befor, complete: 0}}
  - {add_owner: {to: lisi, where: after, complete: any}}
  - {add_owner: {to: lisi, where: '${vars.值}', complete: '${vars.值}'}}
  - {add_owner: {to: lisi, where: null, complete: ''}}
  - {add_owner: {to: []}}
  - {add_owner: 5}
  - {forward: {to: [lisi, ceo]}}
  - {forward: {to: lis, comment: a}}
  - {comment: 同意}
  - {comment: 5}
  - {comment: {comment: a, by: lis}}
  - {remind: null}
  - {remind: x}
  - {remind: {at: 部门}}
  - {withdraw: {at: 部门审批}}
  - {withdraw: {by: lisi}}
  - {return: {to: start}}
  - {return: {to: 部门}}
  - {return: {to: 部门审批, project: 用印}}
  - {return: {to: ''}}
  - {return: {to: '${vars.值}'}}
  - {return: null}
  - {resubmit: {form: {金类: 1}, by: lis}}
  - {resubmit: {project: 用印, form: {金类: 1}}}
  - {terminate: {by: ''}}
  - {submit: {by: lis, form: {金类: 1}, x: 1}}
  - {submit: {by: '', form: x}}
  - {submit: {by: [a]}}
  - {approve: ''}
  - {remind: 0}
  - {submit: x}
  - {submit: {}}
  - {fire: approve.部门审批}
  - {fire: 'x${vars.值}'}
""",
        {},
        [
            "9:6 ! expected a map of project, by, comment, at, form",
            "10:6 ! expected a map of project, by, comment, at, form",
            "11:16 ! unknown key 'att'; did you mean 'at'?",
            "12:16 empty by names nothing; fill it in, or leave it out",
            "12:16 name! expected by: Who; has to be allowed to",
            "12:24 name! expected at: Node",
            "12:33 name! expected project: Sub-flow whose project it is; by default the main one",
            "13:16 name! expected by: Who; has to be allowed to",
            "13:25 name! expected at: Node",
            "14:16 name! people has no 'wang'; did you mean 'wangwu'?",
            "14:26 ! no node '部门'; did you mean '部门审批'?",
            "14:41 name! no field '金类'; did you mean '金额'?",
            "15:33 ! expected a map of fields and values",
            "16:15 ! node '甲' does not offer reject; it offers approve",
            "18:16 ! node '结束' does not offer approve; it offers no action",
            "20:33 ! no node '部门审批'; there are 盖章, 完成",
            "21:16 ! no sub-flow '用银'; did you mean '用印'?",
            "22:38 ! no node '盖章'; there are 部门审批, 会签, 甲, 乙, 汇合, 结束",
            "23:6 ! expected a map of project, by, comment, at, to",
            "24:6 ! expected to: who",
            "25:18 ! expected to: who",
            "25:18 empty to names nothing; fill it in, or leave it out",
            "26:18 name! people has no 'lis'; did you mean 'lisi'?",
            "28:18 ! expected to: who",
            "29:18 name! people has no 'wang'; did you mean 'wangwu'?",
            "29:36 ! expected one of before, after, beside, got 'befor'",
            "29:50 ! expected at least one owner, got 0",
            "32:28 ! expected one of before, after, beside, got null",
            "32:41 ! expected any, all, in_order, a number of owners or a share such as 60%, got ''",
            "33:18 ! expected to: who",
            "34:6 ! expected a map of project, by, comment, at, to, where, complete",
            "36:16 name! people has no 'lis'; did you mean 'lisi'?",
            "38:6 ! expected a map of project, by, comment, at",
            "39:28 name! people has no 'lis'; did you mean 'lisi'?",
            "41:6 ! expected a map of project, by, comment, at",
            "42:15 ! no node '部门'; did you mean '部门审批'?",
            "43:17 ! unknown key 'at'; there are project, by, comment",
            "46:15 ! no node '部门'; did you mean '部门审批'?",
            "47:15 ! no node '部门审批'; there are 盖章, 完成, start",
            "48:15 ! expected to: the node",
            "48:15 empty to names nothing; fill it in, or leave it out",
            "50:6 ! expected a map of project, by, comment, at, to",
            "51:24 name! no field '金类'; did you mean '金额'?",
            "51:32 name! people has no 'lis'; did you mean 'lisi'?",
            "53:18 empty by names nothing; fill it in, or leave it out",
            "53:18 name! expected by: Who; has to be allowed to",
            "54:15 name! people has no 'lis'; did you mean 'lisi'?",
            "54:31 name! no field '金类'; did you mean '金额'?",
            "54:39 ! unknown key 'x'; there are by, comment, form",
            "55:15 empty by names nothing; fill it in, or leave it out",
            "55:15 name! expected by: Who; has to be allowed to",
            "55:23 ! expected a map of fields and values",
            "56:15 name! expected by: Who; has to be allowed to",
            "56:15 name! people has no 'a'; there are wangwu, ceo, lisi, 5",
            "57:6 ! expected a map of project, by, comment, at, form",
            "58:6 ! expected a map of project, by, comment, at",
            "59:6 ! expected {}",
            "61:6 ! no script for approve.部门审批",
            "流程.yaml:3:10 name! people has no '无此人'; there are wangwu, ceo, lisi, 5",
        ],
    ),
    "plays and previews": (
        """\
scenario: 单
flow: {definition: 流程.yaml, at: 部门审批, subflows: {用印: {definition: 用印.yaml}}}
form: {fields: {金额: 0}}
people: {wangwu: {}, ceo: {}, lisi: {}, 5: {}}
vars: {值: 1}
expect: {form: {金额: 1}}
steps:
  - {play: null}
  - {play: {until: 部门}}
  - {play: {until: start}}
  - {play: {until: strat}}
  - {play: {until: 会签}}
  - {play: {until: 5}}
  - {play: {until: '${vars.值}'}}
  - {play: {til: 甲}}
  - {play: {until: 汇合}}
  - {play: x}
  - {preview: null}
  - {preview: {by: lis, form: {金类: 1}}}
  - {preview: {by: '', form: 5}}
  - {preview: {x: 1}}
  - {preview: 5}
""",
        {},
        [
            "9:13 ! no node '部门'; did you mean '部门审批'?",
            "11:13 ! no node 'strat'; did you mean 'start'?",
            "12:13 ! no project stays at '会签', where branches begin; name one of their nodes, or the join '汇合'",
            "13:13 ! expected the name of a node",
            "15:13 ! unknown key 'til'; did you mean 'until'?",
            "17:6 ! expected a map of until",
            "19:16 name! people has no 'lis'; did you mean 'lisi'?",
            "19:32 name! no field '金类'; did you mean '金额'?",
            "20:16 empty by names nothing; fill it in, or leave it out",
            "20:16 name! expected by: Who; has to be allowed to",
            "20:24 ! expected a map of fields and values",
            "21:16 ! unknown key 'x'; there are by, form",
            "22:6 ! expected a map of by, form",
            "流程.yaml:3:10 name! people has no '无此人'; there are wangwu, ceo, lisi, 5",
        ],
    ),
    "plays and previews without a definition": (
        """\
scenario: 单
flow: {at: 审批}
form: {fields: {金额: 0}}
expect: {form: {金额: 1}}
steps: [{play: null}, {play: {until: x}}, {preview: null}, {approve: {at: x, by: y}}, {return: {to: x}}]
""",
        {},
        [
            "5:10 ! play needs flow.definition; without it nothing moves",
            "5:24 ! play needs flow.definition; without it nothing moves",
            "5:44 ! preview needs flow.definition; without it nothing moves",
        ],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("text", "files", "told"), CASES.values(), ids=CASES)
def test_each_mistake_is_told_at_its_place_and_nothing_else(
    tmp_path: Path, text: str, files: Mapping[str, str], told: list[str]
) -> None:
    assert examine(tmp_path, text, {**FILES, **files}) == told
