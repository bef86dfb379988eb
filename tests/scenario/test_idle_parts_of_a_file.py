# ruff: noqa: E501 - scenarios, one a line
"""What a scenario file alone shows to be idle: flags, results, values, buttons, names and rows."""

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
  部门审批: {owners: [wangwu], deadline: 2h, approve: 总经理, reject: 结束}
  总经理: {owners: [ceo], deadline: 61m, approve: 结束, reject: 结束}
  结束: {end: true}
""",
    "开.js": """\
form.金额 = 1
setTimeout(() => { f([1, 2], '),') }, 300); window.setTimeout(g, 400)
setInterval(g /* , 5 */, 250, 7); mysetTimeout(g, 600); setTimeout(g)
setTimeout(g, 500 + 1); setTimeout(g, 0x10); setTimeout(g, 350, x)""",
}
CASES: dict[str, tuple[str, Mapping[str, str], list[str]]] = {
    "flags that mean no and references read too early": (
        """\
scenario: 单
skip: ' No '
xfail: 否
was: ['${vars.a}', 单, 旧单]
tags: ['${case.x}', 急]
form: {fields: {金额: 0, 客户: "", 加急: false, 附件: [], 地址: {}, 明细: [], 空: null}, scripts: {open: 开.js}}
steps: [{open: {}, expect: {form: {金额: 1}}}]
""",
        {},
        [
            "2:1 ! skip: ' No ' is taken for the reason; write skip: false, or leave it out",
            "3:1 ! xfail: '否' is taken for the reason; write xfail: false, or leave it out",
            "4:1 unfit! was: a ${…} is not filled in here, which is read before anything runs",
            "4:20 rule this is the present name; write the one that it was recorded under",
            "5:1 unfit! tags: a ${…} is not filled in here, which is read before anything runs",
        ],
    ),
    "flags with a reference": (
        """\
scenario: 单
skip: '${vars.a}'
xfail: '${vars.a}'
vars: {a: 1}
form: {fields: {金额: 0, 客户: "", 加急: false, 附件: [], 地址: {}, 明细: [], 空: null}, scripts: {open: 开.js}}
steps: [{open: {}, expect: {form: {金额: 1}}}]
""",
        {},
        [
            "2:1 unfit! skip: a ${…} is not filled in here, which is read before anything runs; a column skip of a table says it for each row",
            "3:1 unfit! xfail: a ${…} is not filled in here, which is read before anything runs; a column xfail of a table says it for each row",
        ],
    ),
    "flags with reasons": (
        """\
scenario: 单
skip: 不用了
xfail: true
was: 单子
form: {fields: {金额: 0, 客户: "", 加急: false, 附件: [], 地址: {}, 明细: [], 空: null}, scripts: {open: 开.js}}
steps: [{open: {}, expect: {form: {金额: 1}}}]
""",
        {},
        [
        ],
    ),
    "cells that mean false": (
        """\
scenario: 单
form: {fields: {金额: 0, 客户: "", 加急: false, 附件: [], 地址: {}, 明细: [], 空: null}, scripts: {open: 开.js}}
cases: [{id: 甲, 急: ' FALSE '}, {id: 乙, 急: 是}, {id: 丙, 急: 否}, {id: 丁, 急: 0}]
steps:
  - {open: {}, if: "${case.急}", expect: {form: {金额: 1}}}
  - {set: {金额: 2}, if: "${case.急} == 否", expect: {form: {金额: 2}}}
""",
        {},
        [
            "3:17 unfit 急 is the text ' FALSE ' in the row '甲', and any text is true; write true or false, in the head of a table 急:boolean",
            "3:55 unfit 急 is the text '否' in the row '丙', and any text is true; write true or false, in the head of a table 急:boolean",
        ],
    ),
    "cells of a table that mean false": (
        """\
scenario: 单
form: {fields: {金额: 0, 客户: "", 加急: false, 附件: [], 地址: {}, 明细: [], 空: null}, scripts: {open: 开.js}}
cases: {from: 表.csv}
steps: [{open: {}, if: "${case.急}", expect: {form: {金额: 1}}}]
""",
        {"表.csv": """\
id,急
甲,no
乙,y
"""},
        [
            "4:20 unfit 急 is the text 'no' in the row '甲', and any text is true; write true or false, in the head of a table 急:boolean",
        ],
    ),
    "results that nothing reads": (
        """\
scenario: 单
form: {fields: {金额: 0, 客户: "", 加急: false, 附件: [], 地址: {}, 明细: [], 空: null}, scripts: {open: 开.js}}
steps:
  - {js: return 1}
  - {js: "if (a) return; x"}
  - {js: "x.return 1; return}"}
  - {js: return 2}
  - {expect: {form: {金额: 0}}}
  - {expect: {result: 2}}
  - {js: return 3}
  - {set: {金额: 1}, expect: {result: 3}}
  - {js: return 4, save: {a: "${steps.甲.result}"}, id: 戊}
  - {js: return 5, id: 甲}
  - {js: return 6, id: 乙}
  - {js: return 7, expect_error: {code: X}}
  - {js: return 8, retry: {until: {result: 8}}}
  - {js: return 9, retry: {tries: 2}}
  - {js: return 10, expect: {messages: []}}
  - {js: "return '${vars.a}'"}
""",
        {},
        [
            "4:6 empty nothing looks at what this returns; expect its result, or return nothing",
            "10:6 empty nothing looks at what this returns; expect its result, or return nothing",
            "14:6 empty nothing looks at what this returns; expect its result, or return nothing",
            "17:6 empty nothing looks at what this returns; expect its result, or return nothing",
            "19:6 empty nothing looks at what this returns; expect its result, or return nothing",
        ],
    ),
    "results that the scenario reads": (
        """\
scenario: 单
form: {fields: {金额: 0, 客户: "", 加急: false, 附件: [], 地址: {}, 明细: [], 空: null}, scripts: {open: 开.js}}
steps: [{js: return 1}]
expect: {result: 1}
""",
        {},
        [
        ],
    ),
    "nothing expected but silence a": (
        """\
scenario: 单
form: {fields: {金额: 0, 客户: "", 加急: false, 附件: [], 地址: {}, 明细: [], 空: null}, scripts: {open: 开.js}}
steps: [{js: form.金额 = 2, expect: {messages: [], proxy: []}}, {open: {}, expect: {console: []}}]
""",
        {},
        [
            "1:1 empty all that is expected is that nothing is shown, and no script shows anything; expect what the scripts do, too",
        ],
    ),
    "nothing expected but silence b": (
        """\
scenario: 单
form: {fields: {金额: 0, 客户: "", 加急: false, 附件: [], 地址: {}, 明细: [], 空: null}, scripts: {open: 开.js}}
steps: [{js: form.金额 = 2, expect: {messages: [], proxy: []}}, {open: {}, expect: {console: []}}]
always: {messages: []}
""",
        {},
        [
            "1:1 empty all that is expected is that nothing is shown, and no script shows anything; expect what the scripts do, too",
        ],
    ),
    "nothing expected but silence c": (
        """\
scenario: 单
form: {fields: {金额: 0, 客户: "", 加急: false, 附件: [], 地址: {}, 明细: [], 空: null}, scripts: {open: 开.js}}
steps: [{js: form.金额 = 2, expect: {messages: [], proxy: []}}, {open: {}, expect: {console: []}}]
expect: {messages: []}
""",
        {},
        [
            "1:1 empty all that is expected is that nothing is shown, and no script shows anything; expect what the scripts do, too",
        ],
    ),
    "nothing expected but silence d": (
        """\
scenario: 单
form: {fields: {金额: 0, 客户: "", 加急: false, 附件: [], 地址: {}, 明细: [], 空: null}, scripts: {open: 开.js}}
steps: [{js: form.金额 = 2, expect: {messages: [], proxy: []}}, {open: {}, expect: {console: []}}]
expect: {form: {金额: 2}}
""",
        {},
        [
        ],
    ),
    "nothing expected but silence e": (
        """\
scenario: 单
form: {fields: {金额: 0, 客户: "", 加急: false, 附件: [], 地址: {}, 明细: [], 空: null}, scripts: {open: 开.js}}
steps: [{js: form.金额 = 2, expect: {messages: [], proxy: []}}, {open: {}, expect: {console: []}}]
never: {form: {金额: 3}}
""",
        {},
        [
        ],
    ),
    "nothing expected but silence f": (
        """\
scenario: 单
form: {fields: {金额: 0, 客户: "", 加急: false, 附件: [], 地址: {}, 明细: [], 空: null}, scripts: {open: 开.js}}
steps: [{js: form.金额 = 2, expect: {messages: [], proxy: []}}, {open: {}, expect: {console: []}}]
skip: 以后
""",
        {},
        [
        ],
    ),
    "a message expected of scripts that show none": (
        """\
scenario: 单
form: {fields: {金额: 0}, scripts: {open: 开.js}}
steps: [{open: {}, expect: {messages: [完成], console: []}}]
""",
        {},
        [],
    ),
    "silence expected of scripts that show something": (
        """\
scenario: 单
form: {fields: {金额: 0, 客户: "", 加急: false, 附件: [], 地址: {}, 明细: [], 空: null}, scripts: {open: 开.js}}
steps: [{js: "form.$message('x')", expect: {messages: []}}]
""",
        {},
        [
        ],
    ),
    "silence expected of a step that calls": (
        """\
scenario: 单
form: {fields: {金额: 0, 客户: "", 加急: false, 附件: [], 地址: {}, 明细: [], 空: null}, scripts: {open: 开.js}}
steps: [{proxy: {call: crm.a}, expect: {proxy: []}}]
""",
        {},
        [
        ],
    ),
    "silence and an error": (
        """\
scenario: 单
form: {fields: {金额: 0, 客户: "", 加急: false, 附件: [], 地址: {}, 明细: [], 空: null}, scripts: {open: 开.js}}
steps: [{js: form.金额 = 2, expect: {messages: []}, expect_error: {code: X}}]
""",
        {},
        [
        ],
    ),
    "silence and a retry": (
        """\
scenario: 单
form: {fields: {金额: 0, 客户: "", 加急: false, 附件: [], 地址: {}, 明细: [], 空: null}, scripts: {open: 开.js}}
steps: [{js: form.金额 = 2, expect: {messages: []}, retry: {tries: 2}}]
""",
        {},
        [
        ],
    ),
    "silence and python": (
        """\
scenario: 单
form: {fields: {金额: 0, 客户: "", 加急: false, 附件: [], 地址: {}, 明细: [], 空: null}, scripts: {open: 开.js}}
steps: [{js: form.金额 = 2, expect: {messages: []}}, {python: 'm:f'}]
""",
        {},
        [
        ],
    ),
    "advances as long as a timer": (
        """\
scenario: 单
form: {fields: {金额: 0, 客户: "", 加急: false, 附件: [], 地址: {}, 明细: [], 空: null}, scripts: {open: 开.js}}
steps:
  - {open: {}, expect: {form: {金额: 1}}}
  - {advance: 300}
  - {advance: 300s}
  - {advance: 400}
  - {advance: 250.0}
  - {advance: 600}
  - {advance: 500}
  - {advance: 7}
  - {advance: 16}
  - {advance: 350}
""",
        {},
        [
            "5:6 unfit 300 are seconds here, and a script waits for 300 milliseconds; write 300ms, or 300s where that is meant",
            "7:6 unfit 400 are seconds here, and a script waits for 400 milliseconds; write 400ms, or 400s where that is meant",
            "8:6 unfit 250.0 are seconds here, and a script waits for 250.0 milliseconds; write 250.0ms, or 250.0s where that is meant",
            "13:6 unfit 350 are seconds here, and a script waits for 350 milliseconds; write 350ms, or 350s where that is meant",
        ],
    ),
    "advances far below a deadline": (
        """\
scenario: 单
flow: {definition: 流程.yaml, at: 部门审批}
steps:
  - {approve: {by: wangwu}, expect: {flow: {at: 总经理}}}
  - {advance: 60}
  - {advance: 61}
  - {advance: 0}
  - {advance: 60.0}
  - {advance: 60s}
""",
        {},
        [
            "5:6 unfit 60 are seconds, and the shortest deadline is 1h1m; write 60h, or 60s where that is meant",
        ],
    ),
    "empty lists of steps that do nothing": (
        """\
scenario: 单
form: {fields: {金额: 0, 客户: "", 加急: false, 附件: [], 地址: {}, 明细: [], 空: null}, scripts: {open: 开.js}}
steps:
  - {open: {}, expect: {form: {金额: 1}, messages: [], proxy: []}}
  - {expect: {messages: [], console: [], proxy: []}}
  - {expect: {messages: {$length: 0}, form: {金额: 1}}}
  - {save: {a: 1}}
  - {faults: [断]}
  - {name: 空}
  - {set: {}}
fault_sets: {断: [], 慢: [{on: crm.a, do: {status: 503}}]}
faults: 慢
vars: {b: "${vars.a}"}
expect: {vars: {b: 1}}
proxy:
  stubs:
    - {on: crm.a, request: {}}
    - {on: crm.b, request: {query: {}, body: {a: 1}}}
    - {on: crm.c, request: {query: {a: 1}, header: {}}}
    - {on: crm.d, request: {query: {a: 1}}}
""",
        {},
        [
            "5:15 empty this step does nothing, so that this holds whatever happens; expect it in the step that acts",
            "5:29 empty this step does nothing, so that this holds whatever happens; expect it in the step that acts",
            "5:42 empty this step does nothing, so that this holds whatever happens; expect it in the step that acts",
            "9:5 empty this step does nothing and expects nothing",
            "10:6 empty nothing is filled in here; name a field",
            "11:14 empty the fault set '断' has no fault, so who names it injects none",
            "17:19 empty this asks for nothing, so that the stub answers every request; say which, or leave it out",
            "18:29 empty this asks for nothing, so that the stub answers every request; say which, or leave it out",
            "19:44 empty this asks for nothing, so that the stub answers every request; say which, or leave it out",
        ],
    ),
    "states that no script sets": (
        """\
scenario: 单
form: {fields: {金额: 0, 客户: "", 加急: false, 附件: [], 地址: {}, 明细: [], 空: null}, scripts: {open: 开.js}}
steps:
  - {open: {}, expect: {fields: {金额: {visible: true, required: false, readonly: false}, 客户: {visible: false, required: true, options: []}, 加急: {visible: 1, readonly: 0}}}}
  - {set: {金额: 2}, expect: {fields: {客户: {readonly: false}}}}
""",
        {},
        [
            "4:39 empty no script sets $visible, so that each field is visible: true whatever happens; expect what the scripts do",
            "4:54 empty no script sets $required, so that each field is required: false whatever happens; expect what the scripts do",
            "4:71 empty no script sets $readonly, so that each field is readonly: false whatever happens; expect what the scripts do",
            "5:43 empty no script sets $readonly, so that each field is readonly: false whatever happens; expect what the scripts do",
        ],
    ),
    "states that a script sets": (
        """\
scenario: 单
form: {fields: {金额: 0, 客户: "", 加急: false, 附件: [], 地址: {}, 明细: [], 空: null}, scripts: {open: 标.js}}
steps:
  - {open: {}, expect: {fields: {金额: {visible: true, required: false, readonly: false}, 客户: {visible: false, required: true, options: []}, 加急: {visible: 1, readonly: 0}}}}
  - {set: {金额: 2}, expect: {fields: {客户: {readonly: false}}}}
""",
        {"标.js": "form.$visible.客户 = false; form.$required.客户 = true"},
        [
            "4:71 empty no script sets $readonly, so that each field is readonly: false whatever happens; expect what the scripts do",
            "5:43 empty no script sets $readonly, so that each field is readonly: false whatever happens; expect what the scripts do",
        ],
    ),
    "states of a flow without a definition": (
        """\
scenario: 单
form: {fields: {金额: 0, 客户: "", 加急: false, 附件: [], 地址: {}, 明细: [], 空: null}, scripts: {open: 开.js}}
flow: {at: 审批}
steps:
  - {open: {}, expect: {fields: {金额: {visible: true, required: false, readonly: false}, 客户: {visible: false, required: true, options: []}, 加急: {visible: 1, readonly: 0}}}}
  - {set: {金额: 2}, expect: {fields: {客户: {readonly: false}}}}
""",
        {},
        [
        ],
    ),
    "a preview of what is not submitted": (
        """\
scenario: 单
flow: {definition: 流程.yaml}
form: {fields: {金额: 0, 客户: ''}}
steps:
  - {preview: {form: {金额: 1}}, expect: {preview: {end: 结束}}}
  - {preview: {form: {金额: 2, 客户: 甲}}, expect: {preview: {end: 结束}}}
  - {submit: {form: {金额: 3}}, expect: {flow: {at: 部门审批}}}
  - {submit: {form: {金额: 4}}}
""",
        {},
        [
            "6:16 empty what is submitted later has other values than this preview; take the preview of what is submitted",
        ],
    ),
    "one of two previews of what is submitted": (
        """\
scenario: 单
flow: {definition: 流程.yaml}
form: {fields: {金额: 0, 客户: ''}}
steps:
  - {preview: {form: {金额: 1}}, expect: {preview: {end: 结束}}}
  - {preview: {form: {金额: 2}}, expect: {preview: {end: 结束}}}
  - {submit: {form: {金额: 1, 客户: 甲}}, expect: {flow: {at: 部门审批}}}
  - {approve: {by: wangwu, form: {金额: 9}}, expect: {flow: {at: 总经理}}}
""",
        {},
        [
        ],
    ),
    "a preview after what is submitted": (
        """\
scenario: 单
flow: {definition: 流程.yaml}
form: {fields: {金额: 0, 客户: ''}}
steps:
  - {submit: {form: {金额: 3}}, expect: {flow: {at: 部门审批}}}
  - {preview: {form: {金额: 1}}, expect: {preview: {end: 结束}}}
  - {preview: null}
""",
        {},
        [
        ],
    ),
    "values of another kind": (
        """\
scenario: 单
form: {fields: {金额: 0, 客户: "", 加急: false, 附件: [], 地址: {}, 明细: [], 空: null}, scripts: {open: 开.js}}
cases: [{id: 甲, 额: 5, 急: ''}, {id: 乙, 额: ' 1,200.50 ', 急: YES}, {id: 丙, 额: '7', 急: '1'}]
steps:
  - {open: {金额: '5', 加急: ' Yes ', 附件: a, 地址: [1], 客户: 5, 空: 1}, expect: {form: {客户: 5}}}
  - {set: {金额: "${case.额}", 加急: "${case.急}"}}
  - {set: {金额: 五, 加急: 好, 附件: '', 地址: null}}
  - {set: {金额: '-1,234', 附件: '${vars.a}', 地址: {}}}
  - {set: {金额: '-5.5', 附件: [], 地址: '甲 ${vars.a}'}}
  - {set: {金额: '1,23', 加急: true}}
  - {set: {金额: '5元', 加急: 1, 附件: null}}
  - {set: {金额: '-1,234.5'}}
  - {set: {客户: 5, 空: 1, 加急: 'no'}}
vars: {a: 1}
""",
        {},
        [
            "3:39 unfit ' 1,200.50 ' is a text, and 金额 begins as a number; write the number without quotes, in the head of a table such as amount:number",
            "3:56 unfit 'YES' is a text, and 加急 begins as true or false; write true or false",
            "5:13 unfit '5' is a text, and 金额 begins as a number; write the number without quotes, in the head of a table such as amount:number",
            "5:22 unfit ' Yes ' is a text, and 加急 begins as true or false; write true or false",
            "5:35 unfit 'a' is a text, and 附件 begins as a list; write a list, such as [a]",
            "5:42 unfit [1] is a list, and 地址 begins as an object; write a map",
            "8:12 unfit '-1,234' is a text, and 金额 begins as a number; write the number without quotes, in the head of a table such as amount:number",
            "9:12 unfit '-5.5' is a text, and 金额 begins as a number; write the number without quotes, in the head of a table such as amount:number",
            "12:12 unfit '-1,234.5' is a text, and 金额 begins as a number; write the number without quotes, in the head of a table such as amount:number",
            "13:25 unfit 'no' is a text, and 加急 begins as true or false; write true or false",
        ],
    ),
    "values of another kind in a table and in actions of a flow": (
        """\
scenario: 单
flow: {definition: 流程.yaml, at: 部门审批}
form: {fields: {金额: 0, 附件: []}}
cases: {from: 表.csv}
steps:
  - {approve: {by: wangwu, form: {金额: '5', 附件: b}}, expect: {flow: {at: 总经理}}}
  - {set: {金额: "${case.额}"}}
  - {js: {file: 开.js, args: {form: {金额: '5'}}}}
""",
        {"表.csv": """\
id,额
甲,x
乙,7
"""},
        [
            "6:35 unfit '5' is a text, and 金额 begins as a number; write the number without quotes, in the head of a table such as amount:number",
            "6:44 unfit 'b' is a text, and 附件 begins as a list; write a list, such as [a]",
            "7:12 unfit '7' is a text, and 金额 begins as a number; write the number without quotes, in the head of a table such as amount:number",
        ],
    ),
    "buttons that nobody clicks": (
        """\
scenario: 单
form: {fields: {金额: 0}, scripts: {click.查: 开.js, click.存: 开.js, click.印: 开.js, change.金额: 开.js, open: 开.js}}
steps: [{click: 查, expect: {form: {金额: 1}}}, {fire: click.存}]
""",
        {},
        [
            "2:65 never_ran no step clicks 印, so that its script never runs here; click it, or take it away",
        ],
    ),
    "buttons that scripts name": (
        """\
scenario: 单
form: {fields: {金额: 0}, scripts: {click.查: 显.js, click.存: 开.js, click.印: 开.js, change.金额: 开.js, open: 开.js}}
steps: [{click: 查, expect: {form: {金额: 1}}}]
""",
        {"显.js": "form.$visible.印 = false"},
        [
            "2:50 never_ran no step clicks 存, so that its script never runs here; click it, or take it away",
        ],
    ),
    "buttons of a row": (
        """\
scenario: 单
form: {fields: {金额: 0}, scripts: {click.查: 开.js, click.存: 开.js, click.印: 开.js, change.金额: 开.js, open: 开.js}}
cases: [{id: a, 钮: 查}]
steps: [{click: '${case.钮}', expect: {form: {金额: 1}}}, {click: 存}]
""",
        {},
        [
        ],
    ),
    "buttons of a shared form": (
        """\
scenario: 单
steps: [{open: {}, expect: {form: {金额: 1}}}]
""",
        {"defaults.yaml": """\
form: {fields: {金额: 0}, scripts: {click.查: 开.js, open: 开.js}}
"""},
        [
        ],
    ),
    "names that are empty": (
        """\
scenario: 单
clock: ""
user: ''
proxy: {cassette: "", stubs: [{on: crm.a, body: {at: ""}}]}
flow: {definition: 流程.yaml, at: ""}
steps:
  - {submit: {by: "", comment: ""}, at: "", expect: {flow: {at: ""}}}
  - {play: {until: ''}}
""",
        {},
        [
            "2:1 empty clock names nothing; fill it in, or leave it out",
            "3:1 empty user names nothing; fill it in, or leave it out",
            "4:9 empty cassette names nothing; fill it in, or leave it out",
            "5:29 empty at names nothing; fill it in, or leave it out",
            "7:15 empty by names nothing; fill it in, or leave it out",
            "7:15 name! expected by: Who; has to be allowed to",
            "7:37 empty at names nothing; fill it in, or leave it out",
            "8:13 empty until names nothing; fill it in, or leave it out",
        ],
    ),
    "rows that stay and headers that no client knows": (
        """\
scenario: 单
form: {fields: {明细: [{量: 1}, {量: 2}]}}
faults: [{on: crm.a, do: {status: 503, headers: {Retry-Afer: 5, Retry-After: 6, X-Own: 1}}}]
proxy: {stubs: [{on: crm.a, headers: {"Conten-Type": a, "Content-Length": b, "CONTENT-TYP": c}, body: {headers: {Lcoation: x}}, request: {header: {Lcoation: y}}}]}
steps:
  - {move_row: {table: 明细, at: 1, to: 1}, expect: {form: {明细: [{量: 1}, {量: 2}]}}}
  - {move_row: {table: 明细, at: 0, to: 1}}
""",
        {},
        [
            "4:39 name no client knows the header 'Conten-Type'; did you mean 'content-type'?",
            "4:78 name no client knows the header 'CONTENT-TYP'; did you mean 'content-type'?",
            "6:35 empty row 1 moves to where it is, so that nothing happens; write another number",
        ],
    ),
    "a cassette of live mode": (
        """\
scenario: 单
form: {fields: {金额: 0, 客户: "", 加急: false, 附件: [], 地址: {}, 明细: [], 空: null}, scripts: {open: 开.js}}
proxy: {mode: live, cassette: 录}
steps: [{open: {}, expect: {form: {金额: 1}}}]
""",
        {},
        [
            "3:21 rule mode: live never reads a recording; write mode: replay, or leave the cassette out",
        ],
    ),
    "a cassette of defaults in live mode": (
        """\
scenario: 单
form: {fields: {金额: 0, 客户: "", 加急: false, 附件: [], 地址: {}, 明细: [], 空: null}, scripts: {open: 开.js}}
proxy: {mode: live}
steps: [{open: {}, expect: {form: {金额: 1}}}]
""",
        {"defaults.yaml": """\
proxy: {cassette: 录}
"""},
        [
        ],
    ),
    "a cassette of replay": (
        """\
scenario: 单
form: {fields: {金额: 0, 客户: "", 加急: false, 附件: [], 地址: {}, 明细: [], 空: null}, scripts: {open: 开.js}}
proxy: {mode: replay, cassette: 录}
steps: [{open: {}, expect: {form: {金额: 1}}}]
""",
        {},
        [
        ],
    ),
    "secrets of variables that nothing reads": (
        """\
scenario: 单
form: {fields: {金额: 0, 客户: "", 加急: false, 附件: [], 地址: {}, 明细: [], 空: null}, scripts: {open: 开.js}}
secrets: [env.CRM_TOKNE, env.HOME_X, vars.a]
vars: {a: '${env.CRM_TOKEN}'}
steps: [{open: {金额: '${vars.a}'}, expect: {form: {金额: 1}}}]
""",
        {},
        [
            "3:11 rule nothing reads the environment variable 'CRM_TOKNE', so nothing is hidden; did you mean 'CRM_TOKEN'?",
            "3:26 rule nothing reads the environment variable 'HOME_X', so nothing is hidden",
        ],
    ),
    "near columns of added rows": (
        """\
scenario: 单
form: {fields: {金额: 0, 客户: "", 加急: false, 附件: [], 地址: {}, 明细: [], 空: null}, scripts: {open: 开.js}}
steps:
  - {add_row: {table: 明细, row: {物料名: a, 数量: 1}}, expect: {form: {金额: 0}}}
  - {add_row: {table: 明细, row: {物料名: b, 数量: 1}}}
  - {add_row: {table: 明细, row: {物料各: c, 数最: 2, 备注: x}}}
  - {add_row: {table: 附件, row: {物料各: c, 单价额: 1}}}
  - {add_row: {table: 附件, row: {单价颖: 2}}}
""",
        {},
        [
            "6:33 name no other row of 明细 has a column '物料各'; did you mean '物料名'?",
            "6:41 name no other row of 明细 has a column '数最'; did you mean '数量'?",
        ],
    ),
    "near columns of added rows that scripts know": (
        """\
scenario: 单
form: {fields: {明细: [], 有头: [{物料名: 1}]}, scripts: {open: 行.js}}
steps:
  - {open: {}, expect: {form: {明细: []}}}
  - {add_row: {table: 明细, row: {物料各: c, 单价颖: 1, 数最: 3}}}
  - {add_row: {table: 有头, row: {物料各: c}}}
""",
        {"行.js": "r.单价额; r.单价颖; r.数量"},
        [
            "6:33 name! 有头 has no column '物料各'; did you mean '物料名'?",
        ],
    ),
    "a former name that is a part of the present one": (
        """\
scenario: 单据
was: [单, 单据]
form: {fields: {金额: 0, 客户: "", 加急: false, 附件: [], 地址: {}, 明细: [], 空: null}, scripts: {open: 开.js}}
steps: [{open: {}, expect: {form: {金额: 1}}}]
""",
        {},
        [
            "2:10 rule this is the present name; write the one that it was recorded under",
        ],
    ),
    "silence where people act by policies": (
        """\
scenario: 单
flow: {definition: 流程.yaml, at: 部门审批}
policies: [{at: 部门审批, approve: {}}]
steps: [{play: null, expect: {messages: []}}]
""",
        {},
        [
        ],
    ),
    "silence of a flow whose people act by themselves": (
        """\
scenario: 单
flow: {definition: 流程.yaml, at: 部门审批}
steps: [{approve: {by: wangwu}, expect: {messages: []}}]
""",
        {},
        [
            "1:1 empty all that is expected is that nothing is shown, and no script shows anything; expect what the scripts do, too",
        ],
    ),
    "buttons where people act by policies": (
        """\
scenario: 单
flow: {definition: 流程.yaml, at: 部门审批}
form: {fields: {金额: 0}, scripts: {click.查: 开.js}}
policies: [{at: 部门审批, approve: {}}]
steps: [{play: null, expect: {flow: {status: finished}}}]
""",
        {},
        [
        ],
    ),
    "a button that is a map": (
        """\
scenario: 单
form: {fields: {金额: 0}, scripts: {click.查: 开.js, click.存: 开.js, click.印: 开.js, change.金额: 开.js, open: 开.js}}
steps: [{click: {button: 查}, expect: {form: {金额: 1}}}]
""",
        {},
        [
            "2:50 never_ran no step clicks 存, so that its script never runs here; click it, or take it away",
            "2:65 never_ran no step clicks 印, so that its script never runs here; click it, or take it away",
            "3:10 ! expected the name of a button",
        ],
    ),
    "a name that is empty alone": (
        """\
scenario: 单
form: {fields: {金额: 0}, scripts: {open: 开.js}}
user: ''
steps: [{open: {}, expect: {form: {金额: 1}}}]
""",
        {},
        [
            "3:1 empty user names nothing; fill it in, or leave it out",
        ],
    ),
    "secrets of defaults": (
        """\
scenario: 单
form: {fields: {金额: 0, 客户: "", 加急: false, 附件: [], 地址: {}, 明细: [], 空: null}, scripts: {open: 开.js}}
steps: [{open: {}, expect: {form: {金额: 1}}}]
""",
        {"defaults.yaml": """\
secrets: [env.NOBODY_READS]
"""},
        [
        ],
    ),
    "columns of which scripts know the first": (
        """\
scenario: 单
form: {fields: {明细: []}, scripts: {open: 行.js}}
steps:
  - {open: {}, expect: {form: {明细: []}}}
  - {add_row: {table: 明细, row: {单价额: 1, 物料名: a}}}
  - {add_row: {table: 明细, row: {单价额: 1, 物料名: a}}}
  - {add_row: {table: 明细, row: {单价额: 1, 物料各: b}}}
""",
        {"行.js": "r.单价额"},
        [
            "7:41 name no other row of 明细 has a column '物料各'; did you mean '物料名'?",
        ],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("text", "files", "told"), CASES.values(), ids=CASES)
def test_each_mistake_is_told_at_its_place_and_nothing_else(
    tmp_path: Path, text: str, files: Mapping[str, str], told: list[str]
) -> None:
    assert examine(tmp_path, text, {**FILES, **files}) == told


def test_a_secret_that_the_environment_has_is_known(tmp_path: Path) -> None:
    text = "scenario: 单\nsecrets: [env.A_KEY, env.A_KEZ]\nform: {fields: {金额: 0}, scripts: {open: 开.js}}\nsteps: [{open: {}, expect: {form: {金额: 1}}}]\n"
    found = examine(tmp_path, text, FILES, environ={"A_KEY": "k"})

    assert found == [
        "2:22 rule nothing reads the environment variable 'A_KEZ', so nothing is hidden",
    ]
