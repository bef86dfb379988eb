# ruff: noqa: E501 - scenarios, one a line
"""Everything that is told of a scenario file at load, with its lines: two faults side by side."""

from __future__ import annotations

from pathlib import Path

import pytest

from bpmax_sim.errors import ConfigError
from bpmax_sim.scenario.load import load_items, load_items_checking_variables
from tests.files import write_files

FORM = "form: {scripts: {open: 开.js}, fields: {金额: 0, 客户: '', 明细: [{数量: 1}, {数量: 2}]}}"
PLAIN = "form: {fields: {金额: 0, 客户: '', 明细: [{数量: 1}, {数量: 2}]}}"
FLOW = "flow: {definition: 流程.yaml, at: 部门审批, form: {金额: 1}}"
OPEN = "{open: {}, expect: {form: {金额: 1}}}"
SET = "{set: {金额: 1}, expect: {form: {金额: 1}}}"
APPROVE = "{approve: {by: wangwu}, expect: {flow: {at: 总经理}}}"
DEFINITION = """\
flow: 报销
start: 部门审批
nodes:
  部门审批: {owners: [wangwu], approve: 总经理, reject: 结束}
  总经理: {owners: [ceo], approve: 结束, reject: 结束}
  结束: {end: true}
"""
COMMON = """\
vars: {共用: 1}
fault_sets: {共用断网: [{on: crm.查客户, do: {error: connect}}]}
steps:
  填写: [{set: {金额: "${vars.数额}"}, expect: {form: {金额: "${vars.数额}"}}}]
"""
CIRCLE = """\
steps:
  甲: [{run: 乙}]
  乙: [{run: 丙}]
  丙: [{run: 乙}]
  丁: [{run: 丁}]
  戊: [{set: {金额: 1}, expect: {form: {金额: 1}}}]
"""

REFUSED = """\
steps:
  越权: [{approve: {by: ceo}, expect_error: {code: {$in: [NOT_OWNER, NOT_AT_NODE]}}}]
"""
OTHER = "fault_sets: {慢: [{on: '*', do: {delay: 1s}}]}\nvars: {别的: 1}\n"


def tell(folder: Path, text: str, subject: str = FORM) -> list[str]:
    """Return line, path and message of all that is told of a scenario, of warnings too."""
    files = {
        "开.js": "form.金额 = 1",
        "流程.yaml": DEFINITION,
        "公共.yaml": COMMON,
        "另外.yaml": OTHER,
        "循环.yaml": CIRCLE,
        "越权.yaml": REFUSED,
        "platforms/crm.yaml": "platform_key: crm\nbase_url: https://crm.example.test\n"
        "apis: {查客户: {path: /c}, 建单: {method: POST, path: /o}}\n",
        "单.scenario.yaml": f"scenario: 报销单\n{subject}\n{text}\n",
    }
    for name, content in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(content, encoding="utf-8")
    try:
        items = load_items(folder / "单.scenario.yaml", environ={"有": "x"}, root=folder)
    except ConfigError as error:
        return [
            f"{one.place.line if one.place else 0}: {one.path}: {one.message}".replace(
                f"{folder}/", ""
            )
            for one in error.problems
        ]
    found = dict.fromkeys(one for item in items for one in item.warnings)
    return [
        f"{one.place.line if one.place else 0}: {one.message}".replace(f"{folder}/", "")
        for one in found
    ]


CASES: list[tuple[str, str, list[str]]] = [
    # what a scenario needs
    (FORM, "clock: gestern\nsteps: [" + OPEN + "]", [
        "3: clock: 'gestern' is not an ISO 8601 time with a zone, such as 2026-03-02T09:00:00+08:00",
    ]),
    (FORM, "user: [a]\nsteps: [" + OPEN + "]", [
        "3: user: expected an id, or a map such as {id: lisi}",
    ]),
    (FORM, "steps: []", [
        "3: steps: a scenario needs a step",
    ]),
    (FORM, "", [
        "1: steps: a scenario needs a step",
    ]),
    (FORM, "script: 开.js\nsteps: [" + OPEN + "]", [
        "3: script: script is a scenario's only step; write js: in a step beside others",
    ]),
    (FLOW.replace("部门审批", "结束"), "steps: [" + APPROVE + "]", [
        "2: flow.at: the flow has ended at '结束'; nothing is left to do",
    ]),
    (FLOW.replace("部门审批", "部门审核"), "steps: [" + APPROVE + "]", [
        "2: flow.at: no node '部门审核'; did you mean '部门审批'?",
    ]),
    ("flow: {definition: 没有.yaml}", "steps: [" + APPROVE + "]", [
        "2: flow.definition: 没有.yaml cannot be used; see the problem in that file",
        "3: steps[0].expect.flow.at: at needs flow.definition; without it nothing moves",
        "0: : cannot be read: No such file or directory; check the path and its permissions",
    ]),
    # members and names
    (FLOW, "user: {id: a, nmae: 张三, dept: 1}\npeople: {wangwu: {idd: 1}, ceo: {department: x}, a: {}}\nsteps: [" + APPROVE + "]", [
        "3: 'nmae' is no member that scripts see; did you mean 'name'?",
        "4: 'idd' is no member that scripts see; did you mean 'id'?",
    ]),
    (FLOW.replace("form:", "project: {nam: x, name: y, 别的: z}, form:"), "steps: [" + APPROVE + "]", [
        "2: 'nam' is no member that scripts see; did you mean 'name'?",
    ]),
    # stubs
    (FORM, "proxy: {stubs: [{on: crm.查客户, body: ' [1]'}, {on: crm.查客户}, {on: crm.建单, body: x}, {on: crm.*, body: {a: '${steps.x.result}', b: '${form.金额}', c: '${now}', d: '${env.有}'}}]}\nsteps: [" + OPEN + "]", [
        "3: proxy.stubs[1]: the stub crm.查客户 can never answer: the one in line 3 answers all its calls; put this one before it, or give that one a request: of its own",
        "3: proxy.stubs[3].body.a: a stub knows case, vars, env, now and uuid only, not ${steps.x.result}",
        "3: proxy.stubs[3].body.a: ${steps.x.result} is not defined",
        "3: proxy.stubs[3].body.b: a stub knows case, vars, env, now and uuid only, not ${form.金额}",
    ]),
    (FORM, "proxy: {ignore: [body.a, bodi.b, 'query.[', header.X]}\nsteps: [" + OPEN + "]", [
        "3: proxy.ignore[1]: 'bodi.b' is not a path; write path, query.<name>, header.<name> or body.<name>, such as body.items[*].ts",
        "3: proxy.ignore[2]: 'query.[' is not a path; write path, query.<name>, header.<name> or body.<name>, such as body.items[*].ts",
    ]),
    # cells
    (FORM, "cases: [{id: 1, tags: [a, b], skip: '', xfail: 坏}, {id: 2, tags: {a: 1}, skip: [x], xfail: {}}, {id: 3, tags: [a, [b]]}]\nsteps: [" + OPEN + "]", [
        "3: cases: tags: expected text",
        "3: cases: skip: expected text",
        "3: cases: xfail: expected text",
        "3: cases: tags: expected text",
    ]),
    (FORM, "secrets: [env.X, vars.密, vars.没有, case.编号, form.金额, 密码, '']\nvars: {密: 1}\ncases: [{id: 1, 编号: 2}]\nsteps: [{set: {金额: '${vars.密}${case.编号}'}, expect: {form: {金额: '12'}}}]", [
        "3: secrets[2]: ${vars.没有} is not defined; there is 密",
        "3: secrets[4]: expected env.X, vars.x or case.x, got 'form.金额'",
        "3: secrets[5]: expected env.X, vars.x or case.x, got '密码'",
        "3: secrets[6]: expected env.X, vars.x or case.x, got ''",
    ]),
    # rows of a table
    (PLAIN, "steps: [{set: {'明细[1].数量': 5}, expect: {form: {金额: 0}}}, {set: {'明细[2].数量': 5}, expect: {form: {金额: 0}}}]", [
        '3: steps[1].set["明细[2].数量"]: 明细: no row 2 here; there are 2, counted from 0; add_row adds one',
    ]),
    (PLAIN, "steps: [{add_row: {table: 明细}, expect: {form: {金额: 0}}}, {set: {'明细[2].数量': 5}, expect: {form: {金额: 0}}}, {set: {'明细[3].数量': 5}, expect: {form: {金额: 0}}}]", [
        '3: steps[2].set["明细[3].数量"]: 明细: no row 3 here; there are 3, counted from 0; add_row adds one',
    ]),
    (PLAIN, "steps: [{remove_row: {table: 明细, at: 1}, expect: {form: {金额: 0}}}, {remove_row: {table: 明细, at: 1}, expect: {form: {金额: 0}}}]", [
        "3: steps[1].remove_row.at: 明细: no row 1 here; there are 1, counted from 0; add_row adds one",
    ]),
    (PLAIN, "steps: [{set: {明细: []}, expect: {form: {金额: 0}}}, {set: {'明细[0].数量': 5}, expect: {form: {金额: 0}}}]", [
        '3: steps[1].set["明细[0].数量"]: 明细: no row 0 here; there are 0, counted from 0; add_row adds one',
    ]),
    (PLAIN, "steps: [{add_row: {table: 明细, at: 2}, expect: {form: {金额: 0}}}, {add_row: {table: 明细, at: 4}, expect: {form: {金额: 0}}}]", [
        "3: steps[1].add_row.at: 明细: no row 4 here; there are 3, counted from 0; add_row adds one",
    ]),
    (PLAIN, "steps: [{add_row: {table: 明细}, retry: {tries: 3, until: {form: {明细: {$length: 4}}}}}, {set: {'明细[3].数量': 5}, expect: {form: {'明细[3].数量': 5}}}]", []),
    (PLAIN, "cases: [{id: 甲}, {id: 乙}]\nsteps: [{only: [甲], remove_row: {table: 明细, at: 1}}, {only: [乙], set: {'明细[1].数量': 5}, expect: {form: {'明细[1].数量': 5}}}]", []),
    (PLAIN, "steps: [{if: '${env.有}', set: {'明细[1].数量': 5}}, {set: {'明细[9].数量': 5}, expect: {form: {金额: 0}}}]", []),
    # faults
    (FORM, "faults: [断网, 慢了]\nfault_sets: {断网: [{on: crm.查客户, do: {error: connect}}], 慢: [{on: crm.查客户, do: {}}], 没用: []}\nsteps: [{open: {}, faults: [断往], expect: {form: {金额: 1}}}]", [
        "3: faults[1]: no fault set '慢了'; did you mean '慢'?",
        "4: fault_sets.慢[0]: do: expected one of status, body, error, token, delay, drip",
        "5: steps[0].faults[0]: no fault set '断往'; did you mean '断网'?",
    ]),
    (FORM, "faults: [{on: crm.查客户, do: {error: connect}}, 5, {on: crm.查客户, do: {}}, {do: {error: connect}}]\nsteps: [" + OPEN + "]", [
        "3: faults[1]: expected a mapping, got a number",
        "3: faults: do: expected one of status, body, error, token, delay, drip",
        "3: faults[3]: the key 'on' is missing; add it",
    ]),
    (FORM, "faults: ['${case.错}']\nfault_sets: {断网: [{on: crm.查客户, do: {error: connect}}], 甲: [{on: '*', do: {delay: 1s}}], 乙: [{on: '*', do: {delay: 1s}}]}\ncases: [{id: 1, 错: 断网}, {id: 2, 错: '甲, 断往'}, {id: 3, 错: ''}, {id: 4, 错: [{on: '*', do: {error: tls}}]}, {id: 5, 错: [{on: '*', do: {}}]}]\nsteps: [" + OPEN + "]", [
        "3: : no fault set '断往'; did you mean '断网'?",
        "5: faults: do: expected one of status, body, error, token, delay, drip",
    ]),
    (FORM, "faults: ['${case.错}']\nfault_sets: {断网: [{on: crm.查客户, do: {error: connect}}], 甲: [{on: '*', do: {delay: 1s}}], 乙: [{on: '*', do: {delay: 1s}}], 丙: [{on: '*', do: {delay: 1s}}]}\ncases: [{id: 1, 错: 断网}, {id: 2, 错: '甲, 乙'}]\nsteps: [" + OPEN + "]", [
        "4: nothing names the fault set '丙'",
    ]),
    (FORM, "cases: [{id: 1, 用处: 一}, {id: 2, 用处: 二}]\nsteps: [{name: '${case.用处}', open: {}, expect: {form: {金额: 1}}}]\nfinally: [{name: '${case.用处}', set: {金额: 1}}]", [
        "3: the row '2' differs from the row '1' only in 用处, which no more than a name reads; fill it in where it is meant",
    ]),
    (FORM, "fault_sets: {断网: [{on: crm.查客户, do: {error: connect}}]}\ncases: [{id: 1, faults: 断网}, {id: 2, faults: '断网, 断往'}, {id: 3, faults: }]\nsteps: [" + OPEN + "]", [
        "4: cases: no fault set '断往'; did you mean '断网'?",
    ]),
    (FORM, "faults: [{on: crm.查客户, do: {status: '${form.金额}'}}, {on: crm.查客户, do: {status: '${vars.码}'}}]\nvars: {码: abc}\nsteps: [" + OPEN + "]", [
        "3: faults: a fault knows case, vars and env only, not ${form.金额}",
        "3: faults: status: expected a whole number of at least 100 and at most 599, got text (from ${vars.码})",
    ]),
    (FORM, "faults: [{on: crm.查客户, do: {status: '${vars.码}'}}, {on: crm.查客户, do: {status: '${vars.好}'}}]\nvars: {码: abc, 好: 503}\nsteps: [" + OPEN + "]", [
        "3: faults: status: expected a whole number of at least 100 and at most 599, got text (from ${vars.码})",
    ]),
    # what nothing uses
    (FORM, "fault_sets: {断网: [{on: crm.查客户, do: {error: connect}}], 慢: [{on: crm.查客户, do: {delay: 1s}}]}\nproxy: {stubs: [{on: crm.查客户, body: ' {}'}, {on: crm.建单, body: x}]}\nsteps: [{open: {}, retry: {tries: 1}, faults: [慢], expect: {form: {金额: 1}}}, {open: {}, retry: {tries: 2}, expect: new}]", [
        "4: this body is sent as a text; write the map or list itself for JSON",
        "3: nothing names the fault set '断网'",
        "5: tries: 1 repeats nothing; write 2 or more, or leave retry out",
        "5: nothing is expected yet; `bpmax-sim run FILE --update` (pytest: --bpmax-update) writes what was got",
    ]),
    (FORM, "vars: {甲: 1, 乙: 2}\nsteps: [{set: {金额: '${vars.甲}'}, save: {丙: '${form.金额}', 丁: '${form.金额}'}, expect: {form: {金额: 1}}}, {if: '${vars.丁}', set: {金额: 2}, expect: {form: {金额: 2}}}]", [
        "3: nothing reads the variable '乙'",
        "4: nothing reads the variable '丙'",
    ]),
    (FORM, "steps: [{set: {金额: 1}, save: {甲: '${form.金额}', 乙: '${form.金额}', 丙: '${form.金额}', 丁: '${form.金额}', 戊: '${form.金额}'}}, {set: {金额: 2}, retry: {tries: 2, until: {vars: {甲: 1}}}, expect: {form: {金额: 2}, vars: {$not: {乙: 2}}}}]\nalways: {vars: {丙: {$exists: true}}}\nnever: [{form: {金额: 9}}, {vars: {丁: 2}}]", [
        "3: nothing reads the variable '戊'",
    ]),
    (FORM, "vars: {甲: 1, 乙: 2, 丙: 3, 丁: {戊: 5}}\nsecrets: [vars.丙]\ncases: [{id: 1, 错: '${vars.乙}'}]\nsteps: [{set: {金额: '${vars.甲}', 客户: '${ vars.丁.戊 }'}, expect: {form: {金额: 1}}}]", [
        "5: nothing reads the column '错'",
    ]),
    (FORM, "vars: {甲: 1, 乙: 2, 丙: 3}\nsteps: [{set: {金额: '${vars.甲}'}, save: {乙: '${form.金额}', 丁: '${form.金额}'}, expect: {form: {金额: 1}, vars: {丙: 3}}}]", [
        "4: steps[0].expect.vars.丙: no step changes the variable '丙', so this holds whatever happens; expect what is made of it, such as form",
    ]),
    (FORM, "cases: [{id: 一, 金额: 1, 备注: x, 标签: y, tag: z}, {id: 二, 金额: 2, 备注: x, 标签: y, tag: z}]\nsteps: [{set: {金额: '${case.金额}'}, expect: {form: {金额: '${case.金额}'}}}]", [
        "3: nothing reads the column '标签'",
        "3: nothing reads the column 'tag'; did you mean 'tags'?",
    ]),
    (FORM, "use: 公共.yaml\nsteps: [" + SET + "]", [
        "4: steps.填写[0].set.金额: ${vars.数额} is not defined; there is 共用",
        "4: steps.填写[0].expect.form.金额: ${vars.数额} is not defined; there is 共用",
    ]),
    (FORM, "use: [公共.yaml, 另外.yaml]\nfaults: [慢]\nsteps: [" + SET + "]", [
        "4: steps.填写[0].set.金额: ${vars.数额} is not defined; there are 共用, 别的",
        "4: steps.填写[0].expect.form.金额: ${vars.数额} is not defined; there are 共用, 别的",
    ]),
    (FORM, "use: [公共.yaml, 另外.yaml]\nsteps: [{run: {steps: 填写, with: {数额: 5}}, expect: {form: {金额: 5}}}]", [
        "3: nothing of 另外.yaml is used here",
    ]),
    (FORM, "use: [公共.yaml, 另外.yaml]\nfaults: ['${case.错}']\ncases: [{id: 1, 错: ''}, {id: 2, 错: 共用断网}]\nsteps: [{run: {steps: 填写, with: {数额: 5}}, expect: {form: {金额: 5}}}]", []),
    (FORM, "use: [公共.yaml, 另外.yaml]\ncases: [{id: 1}, {id: 2, faults: 慢}]\nsteps: [{run: {steps: 填写, with: {数额: '${vars.共用}'}}, expect: {form: {金额: 1}}}]", []),
    (FORM, "use: 公共.yaml\nsteps: [{run: {steps: 填写, with: {数额: 5, 数量: 3}}, expect: {form: {金额: 5}}}]", [
        "4: steps[0].run.with.数量: no step reads ${vars.数量}; did you mean '数额'?",
    ]),
    (FORM, "use: 循环.yaml\nsteps: [{run: 甲}]", [
        "3: steps.乙[0]: steps '乙' call themselves recursively",
        "4: steps.丙[0]: steps '丙' call themselves recursively",
        "5: steps.丁[0]: steps '丁' call themselves recursively",
    ]),
    # steps
    (FORM, "steps: [{open: {}, set: {金额: 1}, click: x}, {retry: {tries: 3}, expect: {form: {金额: 1}}}]", [
        "3: steps[0].set: a step has one action, not 3: open, set, click",
        "3: steps[1].retry: retry repeats an action; this step has none",
    ]),
    (FLOW, "people: {wangwu: {}, ceo: {}}\nsteps: [{at: 部门审批, approve: {by: wangwu}, expect: {flow: {at: 总经理}}}, {at: 总经里, expect: {flow: {at: 总经理}}}, {advance: 1h, at: 总经理, expect: {flow: {at: 总经理}}}]", [
        "4: steps[0].at: approve is not done at a form",
        "4: steps[1].at: no node '总经里'; did you mean '总经理'?",
        "4: steps[2].at: advance is not done at a form",
    ]),
    (FORM, "steps: [{open: {}, user: a, expect: {form: {金额: 1}}}, {open: {}, user: [a], expect: {form: {金额: 1}}}, {open: {}, by: a, expect: {form: {金额: 1}}}]", [
        "3: steps[0].user: user says who acts in a flow; there is no flow",
        "3: steps[1].user: expected an id, or a map such as {id: lisi}",
        "3: steps[2].by: by says who has the task at a node; there is no flow",
    ]),
    (FLOW, "people: {wangwu: {}, ceo: {}}\nsteps: [{approve: {}, by: wangwu, expect: {flow: {at: 总经理}}}, {advance: 1h, by: ceo, expect: {flow: {at: 总经理}}}, {set: {金额: 1}, by: ceoo, user: wangw, expect: {form: {金额: 1}}}, {set: {金额: 2}, by: '', expect: {form: {金额: 2}}}]", [
        "4: steps[0].by: by belongs to set, click, open and actions on rows; write approve: {by: wangwu}",
        "4: steps[1].by: by belongs to set, click, open and actions on rows",
        "4: steps[2].by: people has no 'ceoo'; did you mean 'ceo'?",
        "4: steps[2].user: people has no 'wangw'; did you mean 'wangwu'?",
        "4: steps[3].by: expected by: Who; has to be allowed to",
    ]),
    # expectations
    (FORM, "steps: [{open: {}, retry: {tries: 1}, expect: {form: {金额: 1}}}, {open: {}, retry: {tries: 2, until: {form: {金鹅: 1}}}, expect: new}]", [
        "3: steps[1].retry.until.form.金鹅: no field '金鹅'; did you mean '金额'? (if it is a field, declare it in form.fields)",
    ]),
    (FORM, "steps: [{open: {}, expect_error: boom}, {open: {}, expect_error: '${case.错}'}, {expect_error: {code: X}}, {open: {}, expect_error: {}}]\ncases: [{id: 1, 错: {code: A}}]", [
        "3: steps[0].expect_error: expected a map, or the value of a row or variable alone",
        "3: steps[2].expect_error: only an action can end in an error; this step has none",
        "3: steps[3].expect_error: expect_error says nothing; write what the error says, such as message: {$contains: …}",
    ]),
    (FORM, "steps: [{open: {}, expect_error: {code: {$in: [A, B]}, status: {$in: [1]}, type: {$in: [E, F]}}}]", [
        '3: a scenario ends in the same error each time; write the one that comes, such as code: "A"',
        '3: a scenario ends in the same error each time; write the one that comes, such as type: "E"',
    ]),
    (FLOW, "use: 越权.yaml\nsteps: [{run: 越权}]", []),
    (FORM, "steps: [{open: {}, during: {call: crm.查客户, steps: []}, expect: {form: {金额: 1}}}, {during: {call: crm, steps: [{set: {金额: 1}}, {play: {}}]}, expect: {form: {金额: 1}}}]", [
        "3: steps[0].during: during: steps says nothing; name a step, or leave it out",
        "3: steps[1].during: nothing goes on meanwhile: this step has no action",
        "3: steps[1].during.call: expected call: platform.api, got 'crm'",
        "3: steps[1].during.steps[1].play: play lets time pass, so it does not go into during; make it a step",
        "3: steps[1].during.steps[1].play: play needs a flow in the scenario",
    ]),
    # references
    (FORM, "vars: {甲: {乙: 1}}\nsteps: [{id: 一, set: {金额: '${vars.甲.乙}${vars.已}${case.x}${env.没}${env.有}${steps.一.result}${steps.二.result}${form.金鹅}${flow.status}${now}${uuid}'}, expect: {form: {金额: 1}}}]", [
        "4: steps[0].set.金额: ${vars.已} is not defined; there is 甲",
        "4: steps[0].set.金额: ${case.x} is not defined; the scenario has no cases",
        "4: steps[0].set.金额: ${env.没} is not defined; set the environment variable 没",
        "4: steps[0].set.金额: ${steps.二.result} is not defined; there is 一",
        "4: steps[0].set.金额: ${form.金鹅} is not defined; did you mean '金额'?",
        "4: steps[0].set.金额: ${flow.status} is not defined; the scenario has no flow",
    ]),
    ("", "script: 开.js\nvars: {甲: '${form.金额}${steps.x.result}${vars.乙}'}", [
        "4: vars.甲: ${form.金额} is not defined; the scenario has no form",
        "4: vars.甲: ${steps.x.result} is not defined",
        "4: vars.甲: ${vars.乙} is not defined; there is 甲",
    ]),
    (PLAIN, "cases: [{id: 1, 行: [{数量: 1}, {数量: 2}, {数量: 3}]}, {id: 2, 行: []}]\nsteps: [{set: {明细: '${case.行}'}}, {set: {'明细[2].数量': 9}, expect: {form: {'明细[2].数量': 9}}}]", []),
    ("form: {fields: {description: '', use: '${vars.无}', 金额: 0}}\nflow: {form: {scripts: '${vars.无}'}, project: {use: '${vars.无}'}}\ndescription: '${vars.x}'", "steps: [{set: {description: '${case.数}', use: '${vars.无}', 金额: 1}, expect: {form: {金额: 1, description: '${form.金额}'}}}]", [
        "2: form.fields.use: ${vars.无} is not defined",
        "3: flow.form.scripts: ${vars.无} is not defined",
        "3: flow.project.use: ${vars.无} is not defined",
        "5: steps[0].set.description: ${case.数} is not defined; the scenario has no cases",
        "5: steps[0].set.use: ${vars.无} is not defined",
    ]),
    (FORM, "never: {form: {金额: {$in: 5}}}\nalways: {form: {客户: {$near: 甲}}}\nsteps: [{open: {}, expect: {form: {金额: {$in: 5}}, result: {$type: 5}}}]", [
        "3: never.form.金额.$in: $in needs a list, got 5",
        '4: always.form.客户.$near: $near needs a number or {value: …, within: …}, no tolerance below 0, got "甲"',
        "5: steps[0].expect.form.金额.$in: $in needs a list, got 5",
        "5: steps[0].expect.result.$type: $type needs one of text, number, integer, boolean, null, list, map, got 5",
    ]),
    (FLOW, "steps: [{approve: {by: wangwu}, expect: {flow: {status: {$in: 5}, at: {$near: 甲}}}}]", [
        "3: steps[0].expect.flow.status.$in: $in needs a list, got 5",
        '3: steps[0].expect.flow.at.$near: $near needs a number or {value: …, within: …}, no tolerance below 0, got "甲"',
    ]),
    (FORM, "steps: [{open: {}, expect_error: {code: {$not: {$in: 5}}, message: {$in: true}}}]", [
        "3: steps[0].expect_error.code.$not.$in: $in needs a list, got 5",
        "3: steps[0].expect_error.message.$in: $in needs a list, got true",
    ]),
    (FORM, "steps: [{open: {}, expect: {proxy: [{call: crm.查客户, error: {a: 1}, instance: b, times: {$in: 5}}]}}]", [
        "3: steps[0].expect.proxy[0].times.$in: $in needs a list, got 5",
    ]),
    (PLAIN, "steps: [{set: {明细: null}}, {set: {'明细[2].数量': 9}, expect: {form: {'明细[2].数量': 9}}}]", []),
    (PLAIN, "steps: [{set: {明细: [{数量: 1}, {数量: 2}, {数量: 3}], '明细[2].数量': 9, '明细[3].数量': 9}, expect: {form: {'明细[2].数量': 9}}}]", [
        '3: steps[0].set["明细[3].数量"]: 明细: no row 3 here; there are 3, counted from 0; add_row adds one',
    ]),
    (FORM, "description: '${case.用处}'\ncases: [{id: 一, 金额: 1, 用处: x}, {id: 二, 金额: 1, 用处: y}, {id: 三, 金额: 2, 用处: x}]\nsteps: [{name: '${case.用处}', set: {金额: '${case.金额}'}, expect: {form: {金额: '${case.金额}'}}}]", [
        "4: the row '二' differs from the row '一' only in 用处, which no more than a name reads; fill it in where it is meant",
    ]),
    (FORM, "steps: [{open: {}, expect: {form: {金额: {$near: {value: 1, within: 0.1}}}}}, {open: {}, expect: {form: {金额: {$near: {value: 1, tolerance: 0.1}}}}}]", [
        '3: steps[1].expect.form.金额.$near: $near needs a number or {value: …, within: …}, no tolerance below 0, got {"value": 1, "tolerance": 0.1}',
    ]),
    (FORM, "cases: [{id: 1, 甲: 1}, {id: 2, 乙: 2}, {id: 3}]\nsteps: [{set: {金额: '${case.甲}${case.乙}${case.丙}${case.甲.x}'}, expect: {form: {金额: 1}}}]", [
        "3: cases: row '1' has no '乙', which ${case.乙} names",
        "3: cases: row '2' has no '甲', which ${case.甲} names",
        "3: cases: row '2' has no '甲', which ${case.甲.x} names",
        "3: cases: row '3' has no '甲', which ${case.甲} names",
        "3: cases: row '3' has no '乙', which ${case.乙} names",
        "3: cases: row '3' has no '甲', which ${case.甲.x} names",
        "4: steps[0].set.金额: ${case.丙} is not defined; there are id, 甲, 乙",
    ]),
    (FORM, "proxy: {cassette: '${case.名}/${steps.x.id}'}\ncases: [{id: 1, 名: a}]\nsteps: [" + OPEN + "]", [
        "3: proxy.cassette: ${steps.x.id} is not defined",
        "3: proxy.cassette: a cassette's name knows case, vars and env only, not ${steps.x.id}",
    ]),
]  # fmt: skip


@pytest.mark.parametrize(("subject", "text", "told"), CASES)
def test_all_that_a_file_shows_is_told(
    tmp_path: Path, subject: str, text: str, told: list[str]
) -> None:
    assert tell(tmp_path, text, subject) == told


def write_project(folder: Path, files: dict[str, str]) -> None:
    write_files(folder, {"pyproject.toml": "[tool.bpmax_sim]\n", **files})


@pytest.mark.parametrize(
    ("rule", "problem"),
    [
        ("{on: '*', do: {status: 503}}", ""),
        ("{on: '*', do: {status: '${vars.码}'}}", ""),
        (
            "{on: '*', do: {status: '${vars.字}'}}",
            "3: faults: status: expected a whole number of at least 100 and at most 599, got text (from ${vars.字})",
        ),
        (
            "{on: '*', do: {status: '${case.码}'}}",
            "3: faults: ${case.码} is not defined; a fault in steps of a fragment knows the variables of the scenario and env only, since all rows share it",
        ),
        (
            "{on: '*', do: {status: '${vars.深.没有}'}}",
            "3: faults: ${vars.深.没有} is not defined; did you mean '有'?",
        ),
    ],
)
def test_a_fault_of_named_steps_knows_no_row(tmp_path: Path, rule: str, problem: str) -> None:
    write_project(tmp_path, {
        "公共.yaml": f"steps:\n  打开:\n  - {{set: {{金额: 1}}, faults: [{rule}], expect: {{form: {{金额: 1}}}}}}\n",
        "单.scenario.yaml": "scenario: 单\nform: {fields: {金额: 0}}\nuse: 公共.yaml\nvars: {码: 503, 字: abc, 深: {有: 1}}\n"
        "cases: [{id: 1, 码: 500}]\nsteps: [{run: 打开}]\n",
    })  # fmt: skip
    try:
        load_items(tmp_path / "单.scenario.yaml", environ={})
        told = []
    except ConfigError as error:
        told = [
            f"{one.place.line if one.place else 0}: {one.path}: {one.message}"
            for one in error.problems
        ]

    assert told == ([problem] if problem else [])


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({}, ""),
        ({"金额": "1"}, ""),
        ({"客户": "1"}, ""),
        ({"金鹅": "1"}, "nothing reads the variable '金鹅'; did you mean '金额'?"),
        ({"客户": "1", "zzz": "", "aaa": ""}, "nothing reads the variable 'zzz'; there is 金额"),
        ({"aaa": "", "zzz": ""}, "nothing reads the variable 'aaa'; there is 金额"),
        ({"单": ""}, "nothing reads the variable '单'; there is 金额"),  # only a word of the file
        ({"客": ""}, "nothing reads the variable '客'; there is 金额"),
        ({"户": ""}, "nothing reads the variable '户'; there is 金额"),
        ({"客户名": ""}, "nothing reads the variable '客户名'; there is 金额"),
        ({"客户.": ""}, "nothing reads the variable '客户.'; there is 金额"),
    ],
)
def test_the_first_variable_that_nothing_reads_is_refused(
    tmp_path: Path, variables: dict[str, str], message: str
) -> None:
    write_project(tmp_path, {
        "单.scenario.yaml": "scenario: 单\nform: {fields: {金额: 0, 客户: ''}}\nvars: {金额: 1}\n"
        "steps: [{set: {金额: '${vars.金额}'}, expect: {form: {金额: 1}}}, {if: '${vars.客户}', set: {客户: 甲}, expect: {form: {客户: 甲}}}]\n",
    })  # fmt: skip
    path = tmp_path / "单.scenario.yaml"
    given = {"客户": "", **variables}
    if not message:
        assert len(load_items_checking_variables(given, path, {})) == 1
        return
    with pytest.raises(ConfigError) as caught:
        load_items_checking_variables(given, path, {})
    assert str(caught.value) == message


def test_what_defaults_declare_is_used_by_some_file_below(tmp_path: Path) -> None:
    scenario = "scenario: 单\nform: {fields: {金额: 0}}\nsteps: [{set: {金额: '${vars.甲}'}, expect: {form: {金额: 1}}}]\n"
    write_project(tmp_path, {
        "scenarios/defaults.yaml": "vars: {甲: 1, 乙-1: 2, 丙: 3, 丁: 4, 戊: 5, 甲 含税: 6, 丙.丁: 7}\nfault_sets: {断网: [{on: '*', do: {error: connect}}], 慢: [{on: '*', do: {delay: 1s}}]}\n",
        "scenarios/单.scenario.yaml": scenario,
        "scenarios/深/行.csv": "id,丙\n1,2\n",
        "scenarios/深/钩子.py": "# 丁 断网\n",
        "scenarios/深/说明.txt": "戊\n",
        "scenarios/深/乙.yaml": "a: 乙-1\n",
    })  # fmt: skip
    (item,) = load_items(tmp_path / "scenarios/单.scenario.yaml", environ={})

    assert [(one.place and one.place.line, one.message) for one in item.warnings] == [
        (1, "no scenario below this folder uses '戊'; take it away, or name it"),
        (1, "no scenario below this folder uses '甲 含税'; take it away, or name it"),
        (2, "no scenario below this folder uses '慢'; take it away, or name it"),
    ]
