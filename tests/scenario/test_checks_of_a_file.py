# ruff: noqa: E501 - scenarios, one a line
"""What the checks of a scenario file tell of its head, its parts, and each key of its steps."""

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
  部门审批: {owners: [wangwu], approve: 总经理, reject: 结束}
  总经理: {owners: [ceo], approve: 结束, reject: 结束}
  结束: {end: true}
""",
    "开.js": """\
form.金额 = 1
form.客户 = '甲'
""",
}
CASES: dict[str, tuple[str, Mapping[str, str], list[str]]] = {
    "names people and members of the head": (
        """\
scenario: "  "
clock: 昨天
user: {id: wangwu, nmae: 王五, departmnet: 财务}
people:
  wangwu: {nme: 王五, name: 王五, idd: 1}
  ceo: {}
flow: {definition: 流程.yaml, at: 结束, project: {statsu: 1, 预算: 2, name: 合同}}
expect: {flow: {att: 1}}
always: {flow: {statsu: 1}}
never: [{flow: {at: 无此}}, {flow: {at: {$in: 5}}}]
steps: [{approve: {by: wangwu}, user: [1], expect: {flow: {at: 总经理}}}]
""",
        {},
        [
            "1:1 ! a scenario needs a name",
            "2:1 ! '昨天' is not an ISO 8601 time with a zone, such as 2026-03-02T09:00:00+08:00",
            "3:20 name 'nmae' is no member that scripts see; did you mean 'name'?",
            "5:12 name 'nme' is no member that scripts see; did you mean 'name'?",
            "5:31 name 'idd' is no member that scripts see; did you mean 'id'?",
            "7:29 ! the flow has ended at '结束'; nothing is left to do",
            "7:47 name 'statsu' is no member that scripts see; did you mean 'status'?",
            "8:17 ! a flow has no 'att'; did you mean 'at'?",
            "9:17 ! a flow has no 'statsu'; did you mean 'status'?",
            "10:17 ! no node '无此'; there are 部门审批, 总经理, 结束",
            "10:40 ! $in needs a list, got 5",
            "11:33 ! expected an id, or a map such as {id: lisi}",
        ],
    ),
    "a node that there is not and a user of no list": (
        """\
scenario: 单
flow: {definition: 流程.yaml, at: 部门审皮}
people: {wangwu: {}}
user: 5
steps: [{approve: {by: wangwu}, expect: {flow: {at: 总经理}}}]
""",
        {},
        [
            "2:29 ! no node '部门审皮'; did you mean '部门审批'?",
            "4:1 name! people has no '5'; there is wangwu",
            "流程.yaml:5:18 name! people has no 'ceo'; there is wangwu",
        ],
    ),
    "a user who is a list": (
        """\
scenario: 单
user: [甲]
form: {fields: {金额: 0}, scripts: {open: 开.js}}
steps: [{open: {}, expect: {form: {金额: 1}}}]
""",
        {},
        [
            "2:1 ! expected an id, or a map such as {id: lisi}",
        ],
    ),
    "names near to inherited ones": (
        """\
scenario: 单
people: {zhangsna: {}, 王五: {}}
form: {fields: {合同全额: 1, 备注: '', 客户名称: 甲, 合同额: 2}}
steps: [{js: form.备注 = 1, expect: {form: {备注: 1}}}]
""",
        {"defaults.yaml": """\
people: {zhangsan: {}, 李四同学: {}, zhangsam: {}}
form: {fields: {合同金额: 1, 客户名称: ''}}
"""},
        [
            "2:10 name 'zhangsna' is added to what is inherited; did you mean 'zhangsan'?",
            "3:17 name '合同全额' is added to what is inherited; did you mean '合同金额'?",
            "3:43 name '合同额' is added to what is inherited; did you mean '合同金额'?",
        ],
    ),
    "stubs that never answer and paths that are none": (
        """\
scenario: 单
proxy:
  ignore: [query.页, body..x, cookie.a]
  stubs:
    - {on: crm.a, body: '  {"a": 1}'}
    - {on: crm.b, body: "[1]", request: {query: {页: {$in: 5}}}}
    - {on: crm.c, body: "x{", request: {body: {a: "${form.金额}"}}}
    - {on: crm.b, request: {query: {页: {$in: 5}}}, body: "${steps.甲.result}"}
    - {on: crm, headers: {x: "${flow.at}"}, body: "${vars.额}"}
    - {on: crm.d, answers: [{status: 503}, {token: expired, status: 1}], body: 1}
    - {on: crm.c, body: {}}
    - {on: crm.b, body: {}}
vars: {额: 1}
steps: [{id: 甲, js: return 1, expect: {result: 1}}]
""",
        {},
        [
            "3:21 ! 'body..x' is not a path; write path, query.<name>, header.<name> or body.<name>, such as body.items[*].ts",
            "3:30 ! 'cookie.a' is not a path; write path, query.<name>, header.<name> or body.<name>, such as body.items[*].ts",
            "5:19 rule this body is sent as a text; write the map or list itself for JSON",
            "6:19 rule this body is sent as a text; write the map or list itself for JSON",
            "6:54 ! $in needs a list, got 5",
            "7:48 ! a stub knows case, vars, env, now and uuid only, not ${form.金额}",
            "8:7 rule! the stub crm.b can never answer: the one in line 6 answers all its calls; put this one before it, or give that one a request: of its own",
            "8:41 ! $in needs a list, got 5",
            "8:52 ! a stub knows case, vars, env, now and uuid only, not ${steps.甲.result}",
            "9:7 ! on: expected platform.api or platform.*, got 'crm'",
            "9:27 ! a stub knows case, vars, env, now and uuid only, not ${flow.at}",
            "10:19 ! answers is all that is answered; it excludes status, headers, body and delay",
            "10:69 ! expected a whole number of at least 100 and at most 599, got 1",
        ],
    ),
    "rows of tables that only steps change": (
        """\
scenario: 单
form: {fields: {明细: [{量: 1}, {量: 2}], 附表: [], 金额: 0}}
steps:
  - {set: {'明细[1].量': 1, '明细[2].量': 1, '附表[0]': 1}}
  - {add_row: {table: 明细, at: 3}}
  - {add_row: {table: 明细, at: 3}}
  - {remove_row: {table: 明细, at: 4}}
  - {copy_row: {table: 明细, at: 2}}
  - {move_row: {table: 明细, at: 3, to: 4}}
  - {set: {明细: [{量: 1}]}}
  - {copy_row: {table: 明细, at: 1}}
  - {copy_row: {table: 明细, at: 1}}
  - {remove_row: {table: 附表, at: 0}}
  - {expect: {form: {金额: 0}}}
  - {add_row: {table: 附表}}
  - {set: {明细: "${vars.表}"}}
  - {copy_row: {table: 明细, at: 9}}
  - {copy_row: {table: 附表, at: 1}}
vars: {表: []}
""",
        {},
        [
            "4:26 ! 明细: no row 2 here; there are 2, counted from 0; add_row adds one",
            "4:40 ! 附表: no row 0 here; there are 0, counted from 0; add_row adds one",
            "5:27 ! 明细: no row 3 here; there are 2, counted from 0; add_row adds one",
            "7:30 ! 明细: no row 4 here; there are 4, counted from 0; add_row adds one",
            "9:35 ! 明细: no row 4 here; there are 4, counted from 0; add_row adds one",
            "11:28 ! 明细: no row 1 here; there are 1, counted from 0; add_row adds one",
            "13:30 ! 附表: no row 0 here; there are 0, counted from 0; add_row adds one",
        ],
    ),
    "rows that are not counted a": (
        """\
scenario: 单
form: {fields: {明细: [], 金额: 0}}
cases: [{id: 甲}, {id: 乙}]
steps:
  - {if: '${form.金额}', set: {金额: 1}}
  - {copy_row: {table: 明细, at: 7}, expect: {form: {金额: 1}}}
""",
        {},
        [
        ],
    ),
    "rows that are not counted b": (
        """\
scenario: 单
form: {fields: {明细: [], 金额: 0}}
cases: [{id: 甲}, {id: 乙}]
steps:
  - {set: {金额: 1}, expect_error: {code: READ_ONLY}}
  - {copy_row: {table: 明细, at: 7}, expect: {form: {金额: 1}}}
""",
        {},
        [
        ],
    ),
    "rows that are not counted c": (
        """\
scenario: 单
form: {fields: {明细: [], 金额: 0}}
cases: [{id: 甲}, {id: 乙}]
steps:
  - {set: {金额: 1}, retry: {tries: 2}, expect: {form: {金额: 1}}}
  - {copy_row: {table: 明细, at: 7}, expect: {form: {金额: 1}}}
""",
        {},
        [
        ],
    ),
    "rows that are not counted d": (
        """\
scenario: 单
form: {fields: {明细: [], 金额: 0}}
cases: [{id: 甲}, {id: 乙}]
steps:
  - {set: {金额: 1}, only: [甲]}
  - {copy_row: {table: 明细, at: 7}, expect: {form: {金额: 1}}}
""",
        {},
        [
        ],
    ),
    "rows that are not counted e": (
        """\
scenario: 单
form: {fields: {明细: [], 金额: 0}}
cases: [{id: 甲}, {id: 乙}]
steps:
  - {js: 'form.金额 = 1'}
  - {copy_row: {table: 明细, at: 7}, expect: {form: {金额: 1}}}
""",
        {},
        [
        ],
    ),
    "rows of a file with fragments are not counted": (
        """\
scenario: 单
use: 片.yaml
form: {fields: {明细: [], 金额: 0}}
steps:
  - {copy_row: {table: 明细, at: 7}}
""",
        {"片.yaml": """\
vars: {a: 1}
"""},
        [
            "2:1 rule nothing of 片.yaml is used here",
        ],
    ),
    "variables of a file are used by another, and not by a longer name": (
        """\
scenario: 单
use: [值.yaml, 长.yaml, 步.yaml, 己.yaml]
vars: {额度: 1}
form: {fields: {金额: 0}, scripts: {open: 开.js}}
steps: [{open: {金额: "${vars.额度}"}, expect: {form: {金额: 1}}}, {run: 填}]
""",
        {
            "值.yaml": "vars: {限: 5}\n", "长.yaml": "vars: {额: 5}\n",
            "步.yaml": "steps: {填: [{set: {金额: '${vars.限}'}}]}\n",
            "己.yaml": "vars: {己: 1}\nsteps: {空: [{set: {金额: '${vars.己}'}}]}\n",
        },
        [
            "2:1 rule nothing of 己.yaml is used here",
            "2:1 rule nothing of 长.yaml is used here",
        ],
    ),
    "what is declared has to be used": (
        """\
scenario: 单
description: "${case.说}"
use: [片.yaml, 空.yaml, 错.yaml, 表.yaml, 名.yaml]
secrets: [vars.密]
vars: {甲: 1, 乙: 2, 丙: 3, 丁: 4, 密: 5, 路: {深: 1}, 末: 1}
fault_sets: {断: [{on: crm.a, do: {status: 503}}], 慢: [{on: crm.a, do: {status: 504}}], 行: [{on: crm.b, do: {status: 504}}], 步: [{on: crm.b, do: {status: 505}}], 坏: [{on: crm, do: {}}]}
faults: [断, 无此错]
form: {fields: {金额: 0}, scripts: {open: 开.js}}
cases:
  - {id: 一, 列: 1, 闲: 2, 备注: x, faluts: 3, faults: [行], 名称: n, 说: 1}
  - {id: 二, 列: 2, 闲: 3, 备注: y, faluts: 4, 名称: m, 说: 2, tags: [a, {b: 1}], skip: [1], xfail: {a: 1}}
steps:
  - {open: {金额: "${ vars.甲 }"}, faults: 步, save: {存: 1, 用: 2, 望: 3}, expect: {form: {金额: "${case.列}"}}}
  - {run: {steps: 填, with: {额: 1, 數: 2}}}
  - {set: {金额: "${vars.用}"}, expect: {form: {金额: "${vars.路.深}"}, vars: {丁: 4}}}
  - {set: {金额: 9}, retry: {until: {vars: {望: 3}}}, expect: {form: {金额: 9}}}
  - {run: {steps: 填, with: {额: 1, 率: 2}}, name: "${case.说}"}
always: {vars: {丙: 3}}
""",
        {"片.yaml": """\
vars: {片量: 1}
steps: {填: [{set: {金额: '${vars.额}'}}]}
""", "空.yaml": """\
vars: {空量: 1}
fault_sets: {空错: []}
steps: {别: [{advance: 1s}]}
""", "错.yaml": """\
fault_sets: {断网: [{on: crm.a, do: {status: 500}}]}
""", "表.yaml": """\
user: 张三
""", "名.yaml": """\
vars: {未用: 1, 末: 2}
"""},
        [
            "3:1 rule nothing of 名.yaml is used here",
            "3:1 rule nothing of 空.yaml is used here",
            "3:1 rule nothing of 错.yaml is used here",
            "5:14 rule nothing reads the variable '乙'",
            "5:49 rule nothing reads the variable '末'",
            "6:51 rule nothing names the fault set '慢'",
            "6:162 rule nothing names the fault set '坏'",
            "6:166 ! on: expected platform.api, platform.get_*, platform.* or *, got 'crm'",
            "7:13 ! no fault set '无此错'; there are 空错, 断网, 断, 慢, 行, 步, 坏",
            "10:19 rule nothing reads the column '闲'",
            "10:32 rule nothing reads the column 'faluts'; did you mean 'faults'?",
            "11:5 ! skip: expected text",
            "11:5 ! tags: expected text",
            "11:5 ! xfail: expected text",
            "13:51 rule nothing reads the variable '存'",
            "14:35 name! no step reads ${vars.數}",
            "15:73 empty! no step changes the variable '丁', so this holds whatever happens; expect what is made of it, such as form",
            "17:35 name! no step reads ${vars.率}",
            "18:17 empty! no step changes the variable '丙', so this holds whatever happens; expect what is made of it, such as form",
            "空.yaml:2:14 empty the fault set '空错' has no fault, so who names it injects none",
        ],
    ),
    "fault sets that a row or a variable names": (
        """\
scenario: 单
use: [错.yaml, 断.yaml]
vars: {错: [慢], 别: 断网}
fault_sets: {慢: [{on: crm.a, do: {status: 503}}], 行: [{on: crm.a, do: {status: 504}}], 闲: [{on: crm.a, do: {status: 505}}]}
cases: [{id: 一, faults: ["${vars.错}"], 列: 行}, {id: 二, faults: '', 列: -}]
steps: [{js: return 1, expect: {result: 1}, name: "${case.列}"}]
""",
        {"错.yaml": """\
fault_sets: {断网: [{on: crm.a, do: {status: 500}}]}
""", "断.yaml": """\
vars: {x: 1}
"""},
        [
            "2:1 rule nothing of 断.yaml is used here",
            "3:16 rule nothing reads the variable '别'",
            "4:88 rule nothing names the fault set '闲'",
        ],
    ),
    "a column with the ids of a table": (
        """\
scenario: 单
cases: {from: 表.csv, id: 编号}
steps: [{js: return 1, expect: {result: '${case.额}'}}]
""",
        {"表.csv": """\
编号,额:number,多余,名称
甲,1,2,x
乙,2,3,y
"""},
        [
            "2:1 rule nothing reads the column '多余'",
        ],
    ),
    "steps that call themselves": (
        """\
scenario: 单
use: 片.yaml
steps: [{run: 甲}, {js: return 1, expect: {result: 1}}]
""",
        {"片.yaml": """\
steps: {甲: [{advance: 1s}, {run: 乙}], 乙: [{run: 丙}], 丙: [{advance: 2s}, {run: 甲}], 丁: [{run: 丁}], 戊: [{run: 丁}]}
"""},
        [
            "片.yaml:1:13 ! steps '甲' call themselves recursively",
            "片.yaml:1:43 ! steps '乙' call themselves recursively",
            "片.yaml:1:58 ! steps '丙' call themselves recursively",
            "片.yaml:1:88 ! steps '丁' call themselves recursively",
        ],
    ),
    "a script beside steps": (
        """\
scenario: 单
script: 开.js
steps: [{js: return 1, expect: {result: 1}}]
""",
        {},
        [
            "2:1 ! script is a scenario's only step; write js: in a step beside others",
        ],
    ),
    "no steps": (
        """\
scenario: 单
steps: []
""",
        {},
        [
            "2:1 ! a scenario needs a step",
        ],
    ),
    "each key of a step": (
        """\
scenario: 单
flow: {definition: 流程.yaml, at: 部门审批}
people: {wangwu: {}, ceo: {}}
form: {fields: {金额: 0}}
vars: {点: 总经理}
steps:
  - {set: {金额: 1}, advance: 1s, approve: {}}
  - {retry: {tries: 2}, expect: {form: {金额: 0}}}
  - {if: '${form.金额} > > 1', advance: 1s}
  - {at: 部门审批, advance: 1s}
  - {at: 部门, set: {金额: 1}}
  - {at: '${vars.点}', set: {金额: 2}}
  - {at: 总经理, expect: {form: {金额: 2}}}
  - {user: 李四, advance: 1s}
  - {user: {id: ceo}, advance: 1s}
  - {user: {name: a, id: 无此人}, advance: 1s}
  - {user: 7, advance: 1s}
  - {user: ceo, run: 无}
  - {by: wangwu, approve: {}}
  - {by: wangwu, advance: 1s}
  - {by: wang, set: {金额: 1}}
  - {by: '', set: {金额: 1}}
  - {by: ceo, expect: {form: {金额: 1}}}
  - {set: {金额: 4}, during: {call: crm.x, steps: [{play: {}}, {advance: 1s}]}}
  - {set: {金额: 5}, during: {call: crm, steps: []}}
  - {during: {call: crm.x, steps: [{advance: 1s}]}, expect: {form: {金额: 1}}}
  - {set: {金额: 6}, retry: {tries: 1}}
  - {set: {金额: 7}, retry: {tries: 2}, expect: new}
  - {set: {金额: 8}, expect_error: '失败 ${vars.点}'}
  - {set: {金额: 9}, expect_error: '${vars.点}'}
  - {expect_error: {code: A}}
  - {set: {金额: 8}, expect_error: {code: {$in: [A, B]}, type: {$in: [E]}, status: {$in: [1, 2]}, message: {$in: [a, b]}}}
  - {set: {金额: 3}, expect_error: {code: {$in: 5}, type: {$in: [E, F]}, from: flwo}}
  - {set: {金额: 2}, retry: {tries: 3, until: {form: {金类: 1}}}, expect: {messages: [], form: {}}}
  - {set: {金额: 4}, faults: [无, {on: crm, do: {status: 503}}], expect: {proxy: [{call: crm.x, body: {$in: 5}}]}}
  - {set: {金额: 5}, expect: {form: {金额: {$exists: true}}, result: {$in: 4}}}
  - {set: {金额: 6}, expect: {form: {金额: {$exists: true}}}}
""",
        {},
        [
            "7:6 ! a step has one action, not 3: approve, set, advance",
            "8:6 ! retry repeats an action; this step has none",
            "9:6 ! a value is missing; a condition is such as ${case.状态} == 成功 and not ${vars.跳过}",
            "10:6 ! advance is not done at a form",
            "11:6 ! no node '部门'; did you mean '部门审批'?",
            "14:6 name! people has no '李四'; there are wangwu, ceo",
            "16:22 name! people has no '无此人'; there are wangwu, ceo",
            "17:6 name! people has no '7'; there are wangwu, ceo",
            "18:6 ! user is of one action; write it at the steps that run",
            "18:17 ! no steps '无'; named steps come from the files of use",
            "19:6 ! by belongs to set, click, open and actions on rows; write approve: {by: wangwu}",
            "20:6 ! by belongs to set, click, open and actions on rows",
            "21:6 name! people has no 'wang'; did you mean 'wangwu'?",
            "22:6 empty by names nothing; fill it in, or leave it out",
            "22:6 name! expected by: Who; has to be allowed to",
            "23:6 ! by belongs to set, click, open and actions on rows",
            "24:51 ! play lets time pass, so it does not go into during; make it a step",
            "25:20 empty! during: steps says nothing; name a step, or leave it out",
            "25:29 ! expected call: platform.api, got 'crm'",
            "26:6 ! nothing goes on meanwhile: this step has no action",
            "27:20 empty tries: 1 repeats nothing; write 2 or more, or leave retry out",
            "28:39 empty nothing is expected yet; `bpmax-sim run FILE --update` (pytest: --bpmax-update) writes what was got",
            "29:20 ! expected a map, or the value of a row or variable alone",
            "31:5 empty this step does nothing and expects nothing",
            "31:6 ! only an action can end in an error; this step has none",
            '32:35 empty a scenario ends in the same error each time; write the one that comes, such as code: "A"',
            "32:74 empty a scenario ends in the same error each time; write the one that comes, such as status: 1",
            "33:42 ! $in needs a list, got 5",
            '33:51 empty a scenario ends in the same error each time; write the one that comes, such as type: "E"',
            "34:53 name! no field '金类'; did you mean '金额'? (if it is a field, declare it in form.fields)",
            "34:86 empty! form: {} says nothing; name what has to hold, or write form: {$exactly: {}} where nothing may be there",
            "35:29 ! no fault set '无'",
            "35:101 ! $in needs a list, got 5",
            "36:67 ! $in needs a list, got 4",
            '37:36 empty! {"$exists": true} holds whatever happens; say what has to be there, or take it away',
        ],
    ),
    "who acts where there is no flow": (
        """\
scenario: 单
form: {fields: {金额: 0}, scripts: {open: 开.js}}
steps:
  - {open: {}, by: wangwu, expect: {form: {金额: 1}}}
  - {set: {金额: 2}, user: wangwu}
  - {set: {金额: 3}, at: 审批}
""",
        {},
        [
            "4:16 ! by says who has the task at a node; there is no flow",
            "5:20 ! user says who acts in a flow; there is no flow",
            "6:20 ! no node '审批'",
        ],
    ),
    "who acts in a flow without a definition": (
        """\
scenario: 单
form: {fields: {金额: 0}, scripts: {open: 开.js}}
flow: {at: 审批}
steps:
  - {open: {}, by: wangwu, user: lisi, expect: {form: {金额: 1}}}
""",
        {},
        [
        ],
    ),
    "a misspelt person who is refused": (
        """\
scenario: 单
flow: {definition: 流程.yaml, at: 部门审批}
form: {fields: {金额: 0}}
steps:
  - {approve: {by: wangwuu}, expect_error: {code: NOT_OWNER}}
  - {set: {金额: 1}, by: wangww, expect_error: {code: NOT_OWNER}}
  - {approve: {by: lisisi}, expect_error: {code: NOT_OWNER}}
  - {approve: {by: ceoo}, expect_error: {code: NOT_OWNER}}
  - {approve: {by: ceoo}, expect_error: {code: NOT_OWNER}}
  - {reject: {by: wangwi}}
  - {approve: {by: "${vars.x}"}, expect_error: {code: NOT_OWNER}}
vars: {x: wangwa}
""",
        {},
        [
            "5:16 name nothing else names 'wangwuu'; did you mean 'wangwu'? (where another person is meant, list both in people)",
            "6:20 name nothing else names 'wangww'; did you mean 'wangwu'? (where another person is meant, list both in people)",
        ],
    ),
    "a refused person who is filled in": (
        """\
scenario: 单
user: '${vars.申请人}'
flow: {definition: 流程.yaml, at: 部门审批}
steps: [{approve: {by: '${vars.审批人}'}, expect_error: {code: NOT_OWNER}}]
vars: {申请人: 张三, 审批人: 李四}
""",
        {},
        [],
    ),
    "errors of rows may differ": (
        """\
scenario: 单
use: 片.yaml
form: {fields: {金额: 0}}
cases: [{id: 甲}, {id: 乙}]
steps: [{run: 甲}, {set: {金额: 1}, expect_error: {code: {$in: [A, B]}}}]
""",
        {"片.yaml": """\
steps: {甲: [{set: {金额: 2}, expect_error: {code: {$in: [A, B]}}}]}
"""},
        [
        ],
    ),
    "errors of shared steps may differ": (
        """\
scenario: 单
use: 片.yaml
form: {fields: {金额: 0}}
steps: [{run: 甲}, {set: {金额: 1}, expect_error: {code: {$in: [A, B, C]}, type: {$in: [A]}}}]
""",
        {"片.yaml": """\
steps: {甲: [{set: {金额: 2}, expect_error: {code: {$in: [A, B]}}}]}
"""},
        [
            '4:49 empty a scenario ends in the same error each time; write the one that comes, such as code: "A"',
        ],
    ),
    "events of subflows and cells of actions": (
        """\
scenario: 单
flow:
  definition: 流程.yaml
  at: 部门审批
  scripts: {approve.部门: 开.js}
  subflows: {用印: {definition: 用印.yaml, scripts: {approve.盖章: 开.js, approve.部门审批: 开.js}}}
form: {fields: {金额: 0}, scripts: {change.金类: 开.js}}
cases: [{id: 甲, 值: {金额: 1}}, {id: 乙, 值: 5}]
steps:
  - {set: "${case.值}", expect: {form: {金额: 1}}}
""",
        {"用印.yaml": """\
flow: 用印
start: 盖章
nodes: {盖章: {owners: [a], approve: 完}, 完: {end: true}}
"""},
        [
            "5:13 ! approve.部门: no node '部门'; did you mean '部门审批'?",
            "6:14 ! no node starts the sub-flow '用印'",
            "6:68 ! approve.部门审批: no node '部门审批'; there are 盖章, 完",
            "7:35 ! change.金类: no field '金类'; did you mean '金额'?",
            "8:38 ! expected a map of fields and values",
        ],
    ),
    "an always of calls": (
        """\
scenario: 单
form: {fields: {金额: 0}, scripts: {open: 开.js}}
always: {proxy: [{call: crm.查}]}
never: {proxy: [{call: crm.下}]}
steps: [{open: {}, expect: {form: {金额: 1}}}]
""",
        {},
        [
            "4:17 empty a list of calls is compared with all calls of a step, so that one call more does not break this never; write times: {$gte: 1} at each call that may not be made",
        ],
    ),
    "rows of a form with scripts and a field named like a cell": (
        """\
scenario: 单
form: {fields: {金额: 0, 明细: []}, scripts: {open: 开.js}}
steps: [{copy_row: {table: 明细, at: 7}, expect: {form: {金额: 1}}}]
""",
        {},
        [
        ],
    ),
    "a field named like a cell": (
        """\
scenario: 单
form: {fields: {'明细[0]': [], 明细: []}}
steps: [{set: {'明细[0]': [1], '明细[1]': 2}, expect: {form: {明细: []}}}]
""",
        {},
        [
            "3:30 ! 明细: no row 1 here; there are 0, counted from 0; add_row adds one",
        ],
    ),
    "a fault that is told already": (
        """\
scenario: 单
form: {fields: {金额: 0}, scripts: {open: 开.js}}
fault_sets: {断: [{on: crm.a, do: {sttus: 503}}], 慢: [{on: crm, do: {status: 9}}], 坏: [{on: crm, do: {status: 503}}]}
faults: [断, 慢, 坏]
steps: [{open: {}, expect: {form: {金额: 1}}}]
""",
        {},
        [
            "3:35 ! unknown key 'sttus'; did you mean 'status'?",
            "3:77 ! expected a whole number of at least 100 and at most 599, got 9",
            "3:87 ! on: expected platform.api, platform.get_*, platform.* or *, got 'crm'",
        ],
    ),
    "saved values alone": (
        """\
scenario: 单
form: {fields: {金额: 0}, scripts: {open: 开.js}}
steps: [{open: {}, save: {甲: 1, 乙: 2}, expect: {form: {金额: '${vars.乙}'}}}]
""",
        {},
        [
            "3:27 rule nothing reads the variable '甲'",
        ],
    ),
    "what of fragments is used": (
        """\
scenario: 单
use: [一.yaml, 二.yaml, 三.yaml, 四.yaml]
form: {fields: {金额: 0}, scripts: {open: 开.js}}
fault_sets: {行: [{on: crm.a, do: {status: 503}}], 迟: [{on: crm.a, do: {status: 504}}]}
faults: ["${vars.错}", 行]
vars: {错: 迟, 表: 1, 末: 2}
steps:
  - {open: {}, faults: 断, expect: {form: {金额: '${vars.乙}'}}}
  - {run: {steps: 填, with: {金额渡: 1}}}
expect: {vars: {表: 1}}
""",
        {"defaults.yaml": """\
vars: {闲: 1}
fault_sets: {慢: [{on: crm.a, do: {status: 504}}]}
""", "一.yaml": """\
vars: {甲: 1, 乙: 2}
""", "二.yaml": """\
fault_sets: {断: [{on: crm.a, do: {status: 500}}]}
""", "三.yaml": """\
steps: {填: [{set: {金额: '${vars.金额度}'}}]}
vars: {金额度: 1}
""", "四.yaml": """\
vars: {甲: 2}
"""},
        [
            "2:1 rule nothing of 四.yaml is used here",
            "6:20 rule nothing reads the variable '末'",
            "9:29 name! no step reads ${vars.金额渡}; did you mean '金额度'?",
            "10:17 empty! no step changes the variable '表', so this holds whatever happens; expect what is made of it, such as form",
            "defaults.yaml:1:8 rule no scenario below this folder uses '闲'; take it away, or name it",
            "defaults.yaml:2:14 rule no scenario below this folder uses '慢'; take it away, or name it",
        ],
    ),
    "nodes of rows at which the flow begins": (
        """\
scenario: 单
flow: {definition: 流程.yaml, at: '${case.点}'}
cases:
  - {id: 甲, 点: 部门审批}
  - {id: 乙, 点: 部门审皮}
  - {id: 丙, 点: 结束}
  - {id: 丁, 点: ''}
  - {id: 戊, 点: 7}
  - {id: 己, 点: [结束]}
  - {id: 庚, 点: '${vars.点}'}
vars: {点: 部门审批}
steps: [{js: "1", expect: {flow: {status: processing}}}]
""",
        {},
        [
            "5:13 ! no node '部门审皮'; did you mean '部门审批'?",
            "6:13 ! the flow has ended at '结束'; nothing is left to do",
            "8:13 ! no node 7; there are 部门审批, 总经理, 结束",
            "9:13 ! no node ['结束']; there are 部门审批, 总经理, 结束",
        ],
    ),
    "nodes of a CSV table at which the flow begins": (
        """\
scenario: 单
flow: {definition: 流程.yaml, at: '${case.点}'}
cases: {from: 表.csv, id: 单号}
steps: [{js: "1", expect: {flow: {status: processing}}}]
""",
        {"表.csv": "单号,点\n甲,部门审批\n乙,部门审皮\n"},
        [
            "2:29 ! no node '部门审皮'; did you mean '部门审批'?",
        ],
    ),
    "rows that differ only for the reader": (
        """\
scenario: 单
description: '${case.甲}'
form: {fields: {金额: 0}, scripts: {open: 开.js}}
cases: [{id: a, 甲: 1, 乙: 1}, {id: b, 甲: 2, 乙: 2}]
steps: [{open: {}, name: '${case.乙}', expect: {form: {金额: 1}}}]
""",
        {},
        [
            "4:30 rule the row 'b' differs from the row 'a' only in 乙, 甲, which no more than names read; fill them in where they are meant",
        ],
    ),
    "rows that differ in a name of a body": (
        """\
scenario: 单
form: {fields: {金额: 0}, scripts: {open: 开.js}}
cases: [{id: a, 甲: 1}, {id: b, 甲: 2}]
proxy: {stubs: [{on: crm.a, body: [{name: '${case.甲}'}]}]}
steps: [{open: {}, expect: {form: {金额: 1}}}]
""",
        {},
        [
        ],
    ),
    "rows that differ in the name of a step to clean up": (
        """\
scenario: 单
form: {fields: {金额: 0}, scripts: {open: 开.js}}
cases: [{id: a, 甲: 1}, {id: b, 甲: 2}]
steps: [{open: {}, expect: {form: {金额: 1}}}]
finally: [{name: '${case.甲}', set: {金额: 2}}]
""",
        {},
        [
            "3:24 rule the row 'b' differs from the row 'a' only in 甲, which no more than a name reads; fill it in where it is meant",
        ],
    ),
    "a fault set that a step names": (
        """\
scenario: 单
use: [二.yaml]
form: {fields: {金额: 0}, scripts: {open: 开.js}}
steps: [{open: {}, faults: 断, expect: {form: {金额: 1}}}]
""",
        {"defaults.yaml": """\
vars: {闲: 1}
""", "二.yaml": """\
fault_sets: {断: [{on: crm.a, do: {status: 500}}]}
"""},
        [
            "defaults.yaml:1:8 rule no scenario below this folder uses '闲'; take it away, or name it",
        ],
    ),
    "steps in the cells of rows": (
        """\
scenario: 单
form: {fields: {金额: 0}, scripts: {open: 开.js}}
cases: [{id: a, 做: [{open: {}}]}, {id: b, 做: [{set: {金额: 1}}]}]
steps: [{run: '${case.做}'}]
expect: {form: {金额: 1}}
""",
        {},
        [
        ],
    ),
    "a misspelt person of a list who is refused": (
        """\
scenario: 单
flow: {definition: 流程.yaml, at: 部门审批}
people: {wangwu: {}, ceo: {}}
steps: [{approve: {by: wangwuu}, expect_error: {code: NOT_OWNER}}]
""",
        {},
        [
            "4:20 name! people has no 'wangwuu'; did you mean 'wangwu'?",
        ],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("text", "files", "told"), CASES.values(), ids=CASES)
def test_each_mistake_is_told_at_its_place_and_nothing_else(
    tmp_path: Path, text: str, files: Mapping[str, str], told: list[str]
) -> None:
    assert examine(tmp_path, text, {**FILES, **files}) == told
